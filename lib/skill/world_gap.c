/* What was missing or doubtful: gaps (catalog 3.1), each once. */
#include "skill/facts.h"

#include <string.h>

#include "msxops/mem.h"

json_t *msx_world_gaps(struct msx_world *w)
{
    return w->gaps;
}

enum msx_code msx_world_gap(struct msx_world *w, const char *kind, const char *what,
                            const char *where, const char *effect)
{
    MSX_AUTO(msx_free_p) char *key = msx_asprintf("%s\x1f%s\x1f%s", kind, what, where);
    json_t *gap;

    if (!key)
        return MSX_E_NOMEM;
    if (json_object_get(w->gap_keys, key))
        return MSX_OK;
    gap = json_pack("{s:s,s:s,s:s,s:s}", "kind", kind, "what", what, "where", where, "effect",
                    effect);
    if (!gap || json_array_append_new(w->gaps, gap) ||
        json_object_set_new(w->gap_keys, key, json_true()))
        return MSX_E_NOMEM;
    return MSX_OK;
}

void msx_world_gap_note(struct msx_world *w, const char *kind, const char *what, const char *where,
                        const char *effect)
{
    if (msx_world_gap(w, kind, what, where, effect))
        w->failed = MSX_E_NOMEM;
}

static const char *const date_fields[MSX_KINDS][6] = {
    [MSX_K_OPP] = { "estimatedclosedate", "msp_estcompletiondate", "createdon", "modifiedon" },
    [MSX_K_MILESTONE] = { "msp_milestonedate", "createdon", "modifiedon" },
    [MSX_K_TASK] = { "scheduledend", "createdon", "modifiedon", "actualend" },
};

static void bad_dates(struct msx_world *w, const struct msx_rec *r)
{
    for (size_t i = 0; i < 6 && date_fields[r->kind][i]; i++) {
        const char *field = date_fields[r->kind][i];
        const json_t *v = json_object_get(r->raw, field);
        bool bad = v && !json_is_null(v) && !json_is_string(v);

        if (json_is_string(v))
            (void)msx_day_of(json_string_value(v), w->tz, &bad);
        if (bad)
            msx_world_gap_note(w, "bad_date", field, msx_rec_where(r),
                               "the value is not a date and was left out");
    }
}

static void milestone_gaps(struct msx_world *w, struct msx_rec *m)
{
    static const char status[] = "msp_milestonestatus";
    bool conflict, generic;

    (void)msx_status_class(m, &conflict, &generic);
    if (conflict)
        msx_world_gap_note(w, "label_conflict", status, msx_rec_where(m),
                           "label and code disagree; the label was taken");
    if (generic)
        msx_world_gap_note(w, "label_generic", status, "run",
                           "a generic label says nothing; the code was taken");
    if (m->tasks_read && m->nchildren > 0 && msx_fact(m, M_LAST_ACTIVITY)->type == MSX_V_NULL)
        msx_world_gap_note(w, "activity_dates_missing", "tasks", msx_rec_where(m),
                           "no task has a date; activity is not known");
    if (m->owner)
        msx_user_role_gaps(m->owner);
    for (size_t i = 0; m->tasks_read && i < m->nchildren; i++)
        if (m->children[i]->owner && msx_fact_yes(m->children[i], T_OPEN))
            msx_user_role_gaps(m->children[i]->owner);
}

static void opp_gaps(struct msx_world *w, struct msx_rec *o)
{
    if (!msx_rec_blank(o, "activestageid") && msx_fact(o, O_DECLARED_STAGE)->type == MSX_V_NULL)
        msx_world_gap_note(w, "stage_unmapped", "activestageid", msx_rec_where(o),
                           "the stage is not known by its label; evidence was taken");
    if (o->team_failed)
        msx_world_gap_note(w, "dealteam_unavailable", "msp_dealteams", msx_rec_where(o),
                           "owners of the milestones stand for the deal team");
    if (o->owner)
        msx_user_role_gaps(o->owner);
    for (size_t i = 0; i < o->nteam; i++) {
        struct msx_rec *u = msx_world_lookup(w, MSX_K_USER, o->team[i]);

        if (u)
            msx_user_role_gaps(u);
    }
}

/* Gaps cover everything read in scope, whether or not a rule looks at it. */
void msx_world_record_gaps(struct msx_world *w)
{
    static const enum msx_kind dated[] = { MSX_K_OPP, MSX_K_MILESTONE, MSX_K_TASK };

    for (size_t k = 0; k < sizeof dated / sizeof dated[0]; k++)
        for (size_t i = 0; i < w->nrecs[dated[k]]; i++)
            bad_dates(w, &w->recs[dated[k]][i]);
    for (size_t i = 0; i < w->nrecs[MSX_K_MILESTONE]; i++)
        milestone_gaps(w, &w->recs[MSX_K_MILESTONE][i]);
    for (size_t i = 0; i < w->nrecs[MSX_K_OPP]; i++)
        opp_gaps(w, &w->recs[MSX_K_OPP][i]);
    if (w->me)
        msx_user_role_gaps(w->me);
}
