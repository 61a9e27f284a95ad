/* Stage gates of an opportunity (catalog 1.6): criteria, and the stage that evidence supports. */
#include "skill/facts.h"

#include <string.h>

#define GATES 5 /* the last is the exit gate, which no stage counts */

struct criterion {
    const char *id;
    int gate; /* 1: from stage 1 to 2 ... */
    bool text;
    enum msx_tri (*met)(struct msx_rec *o);
    int signal; /* offset of the signal that gives the evidence, -1: none */
};

static enum msx_tri not_null(struct msx_rec *o, const char *field)
{
    if (o->unread && !json_object_get(o->raw, field))
        return MSX_UNKNOWN;
    return msx_tri_of(!msx_rec_blank(o, field));
}

/* Is there a milestone like this? Not read counts as may be. */
static enum msx_tri any_milestone(struct msx_rec *o, bool (*which)(struct msx_rec *m))
{
    for (size_t i = 0; i < o->nchildren; i++)
        if (which(o->children[i]))
            return MSX_YES;
    return o->milestones_failed ? MSX_UNKNOWN : MSX_NO;
}

static bool cancelled(struct msx_rec *m)
{
    return !strcmp(msx_fact_str(m, M_STATUS), "cancelled");
}
static bool kept(struct msx_rec *m)
{
    return !cancelled(m);
}
static bool committed(struct msx_rec *m)
{
    return msx_fact_yes(m, M_COMMITTED) && !cancelled(m);
}
static bool committed_undated(struct msx_rec *m)
{
    return committed(m) && msx_fact_day(m, M_DATE) == MSX_DAY_NONE;
}
static bool committed_done(struct msx_rec *m)
{
    return msx_fact_yes(m, M_COMMITTED) && !strcmp(msx_fact_str(m, M_STATUS), "completed");
}
static bool committed_open(struct msx_rec *m)
{
    return msx_fact_yes(m, M_COMMITTED) && msx_fact_yes(m, M_ACTIVE);
}
static bool still_delivering(struct msx_rec *m)
{
    const char *category = msx_fact_str(m, M_CATEGORY);

    return committed_open(m) && (!strcmp(category, "production") || !strcmp(category, "other") ||
                                 !strcmp(category, "none"));
}
static bool has_baseline(struct msx_rec *m)
{
    return msx_fact_yes(m, M_COMMITTED) && msx_rec_sig(m, m->w->sx.metrics_baseline) == MSX_SIG_YES;
}
static bool baseline_unread(struct msx_rec *m)
{
    return msx_fact_yes(m, M_COMMITTED) &&
           msx_rec_sig_yes(m, m->w->sx.metrics_baseline) == MSX_UNKNOWN;
}

static enum msx_tri qualified(struct msx_rec *o)
{
    json_int_t state;

    if (o->unread && !json_object_get(o->raw, "statecode"))
        return MSX_UNKNOWN;
    return msx_tri_of(!msx_rec_code(o, "statecode", &state) || state == 0);
}
static enum msx_tri play_selected(struct msx_rec *o)
{
    return not_null(o, "msp_salesplay");
}
static enum msx_tri needs_defined(struct msx_rec *o)
{
    return msx_tri_or(msx_rec_sig_yes(o, o->w->sx.need),
                      msx_rec_sig_yes(o, o->w->sx.success_definition));
}
static enum msx_tri play_confirmed(struct msx_rec *o)
{
    return msx_tri_and(play_selected(o), any_milestone(o, kept));
}
static enum msx_tri business_value(struct msx_rec *o)
{
    return msx_rec_sig_yes(o, o->w->sx.business_value);
}
static enum msx_tri success_plan(struct msx_rec *o)
{
    return msx_rec_sig_yes(o, o->w->sx.success_plan);
}
static enum msx_tri resources_aligned(struct msx_rec *o)
{
    return msx_tri_and(any_milestone(o, committed),
                       msx_tri_not(any_milestone(o, committed_undated)));
}
static enum msx_tri agreement(struct msx_rec *o)
{
    return msx_rec_sig_yes(o, o->w->sx.agreement);
}
static enum msx_tri baseline_metrics(struct msx_rec *o)
{
    enum msx_tri met = any_milestone(o, has_baseline);

    return met == MSX_NO && any_milestone(o, baseline_unread) == MSX_YES ? MSX_UNKNOWN : met;
}
static enum msx_tri delivered(struct msx_rec *o)
{
    return msx_tri_and(any_milestone(o, committed_done),
                       msx_tri_not(any_milestone(o, still_delivering)));
}
static enum msx_tri value_tracking(struct msx_rec *o)
{
    static const char field[] = "msp_consumptionconsumedrecurring";
    double consumed;

    if (o->unread && !json_object_get(o->raw, field))
        return MSX_UNKNOWN;
    return msx_tri_of(msx_rec_num(o, field, &consumed) && consumed > 0);
}
static enum msx_tri health_metrics(struct msx_rec *o)
{
    return msx_rec_sig_yes(o, o->w->sx.health_metrics);
}
static enum msx_tri outcomes_sustained(struct msx_rec *o)
{
    return msx_tri_and(msx_tri_not(any_milestone(o, committed_open)), value_tracking(o));
}
static enum msx_tri next_needs(struct msx_rec *o)
{
    return msx_tri_or(msx_rec_sig_yes(o, o->w->sx.expansion),
                      msx_rec_sig_yes(o, o->w->sx.next_needs));
}

#define SIGNAL(name) ((int)offsetof(struct msx_fact_signals, name))
static const struct criterion criteria[] = {
    { "qualified", 1, false, qualified, -1 },
    { "play_selected", 1, false, play_selected, -1 },
    { "needs_defined", 1, true, needs_defined, SIGNAL(need) },
    { "play_confirmed", 2, false, play_confirmed, -1 },
    { "business_value", 2, true, business_value, SIGNAL(business_value) },
    { "success_plan", 2, true, success_plan, SIGNAL(success_plan) },
    { "resources_aligned", 3, false, resources_aligned, -1 },
    { "agreement", 3, true, agreement, SIGNAL(agreement) },
    { "baseline_metrics", 3, true, baseline_metrics, SIGNAL(metrics_baseline) },
    { "delivered", 4, false, delivered, -1 },
    { "value_tracking", 4, false, value_tracking, -1 },
    { "health_metrics", 4, true, health_metrics, SIGNAL(health_metrics) },
    { "outcomes_sustained", GATES, false, outcomes_sustained, -1 },
    { "next_needs", GATES, true, next_needs, SIGNAL(next_needs) },
};
#define NCRITERIA (sizeof criteria / sizeof criteria[0])

int msx_opp_evidence_stage(struct msx_rec *o)
{
    int stage = 1;

    for (int gate = 1; gate < GATES; gate++) {
        enum msx_tri open = MSX_YES;

        for (size_t i = 0; i < NCRITERIA; i++)
            if (criteria[i].gate == gate && (!criteria[i].text || o->w->p.strict_gates))
                open = msx_tri_and(open, criteria[i].met(o));
        if (open == MSX_UNKNOWN)
            return 0;
        if (open == MSX_NO)
            break;
        stage++;
    }
    return stage;
}

static const json_t *evidence(struct msx_rec *o, const struct criterion *c)
{
    int index;

    if (c->signal < 0)
        return NULL;
    memcpy(&index, (const char *)&o->w->sx + c->signal, sizeof index);
    return msx_rec_signal(o, index)->evidence;
}

/* [{gate, criteria: [{id, kind, met, evidence}]}]; met is null when it could not be read. */
json_t *msx_opp_gates_json(struct msx_rec *o)
{
    json_t *gates = json_array();

    for (int gate = 1; gates && gate <= GATES; gate++) {
        json_t *list = json_array();
        json_t *entry = json_pack("{s:i,s:o}", "gate", gate, "criteria", list);

        for (size_t i = 0; entry && i < NCRITERIA; i++) {
            const struct criterion *c = &criteria[i];
            enum msx_tri met = c->gate == gate ? c->met(o) : MSX_NO;
            const json_t *seen = c->gate == gate ? evidence(o, c) : NULL;
            json_t *row;

            if (c->gate != gate)
                continue;
            row = json_pack("{s:s,s:s,s:o,s:o}", "id", c->id, "kind", c->text ? "text" : "field",
                            "met", met == MSX_UNKNOWN ? json_null() : json_boolean(met == MSX_YES),
                            "evidence", seen ? json_deep_copy(seen) : json_array());
            if (json_array_append_new(list, row)) {
                json_decref(entry);
                entry = NULL;
            }
        }
        if (json_array_append_new(gates, entry)) {
            json_decref(gates);
            gates = NULL;
        }
    }
    return gates;
}

/* In conditions: ids of the criteria that are met, or of those that are not. */
void msx_opp_gates_value(struct msx_rec *o, bool met, struct msx_value *out)
{
    const char *ids[NCRITERIA];
    size_t n = 0;

    for (size_t i = 0; i < NCRITERIA; i++)
        if (criteria[i].met(o) == (met ? MSX_YES : MSX_NO))
            ids[n++] = criteria[i].id;
    msx_v_strings(o->w, out, ids, n);
}
