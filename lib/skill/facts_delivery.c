/* Facts of a milestone (catalog 1.6): who delivers, how it recovers, and how it stands. */
#include "skill/facts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

#define EXEC_DAYS 90 /* a closed task counts for m.exec_roles while touched so recently */

static bool one_of(const char *s, const char *const *words)
{
    for (; *words; words++)
        if (!strcmp(s, *words))
            return true;
    return false;
}

static const char *const csu[] = { "csa", "csam", NULL };
static const char *const delivering[] = { "partner", "isd", "unified", "csa", NULL };

/* ---- delivery paths ---- */
struct path {
    const char *name;
    int signal;
};

static void list_paths(struct msx_rec *m, bool recorded, bool external, struct msx_value *out)
{
    const struct msx_fact_signals *sx = &m->w->sx;
    const struct path paths[] = { { "partner", sx->partner },
                                  { "isd", sx->isd },
                                  { "unified", sx->unified },
                                  { "csa", sx->csa },
                                  { "customer", sx->customer } };
    const char *names[5];
    size_t n = 0, unread = 0;

    for (size_t i = 0; i < (external ? 3 : 5); i++) {
        struct msx_value v = { .type = MSX_V_NULL };

        msx_rec_sig_value(m, paths[i].signal, recorded, &v);
        if (v.type == MSX_V_STR && !strcmp(v.u.str, "yes"))
            names[n++] = paths[i].name;
        unread += v.type == MSX_V_UNKNOWN;
    }
    if (n == 0 && unread > 0)
        out->type = MSX_V_UNKNOWN;
    else
        msx_v_strings(m->w, out, names, n);
}

void msx_m_paths(struct msx_rec *m, struct msx_value *out)
{
    list_paths(m, false, false, out);
}

void msx_m_paths_recorded(struct msx_rec *m, struct msx_value *out)
{
    list_paths(m, true, false, out);
}

void msx_m_external_paths(struct msx_rec *m, struct msx_value *out)
{
    list_paths(m, false, true, out);
}

/* Recorded paths that CSAM flows accept without a named delivery owner. */
void msx_m_accepted_paths(struct msx_rec *m, struct msx_value *out)
{
    const struct msx_value *paths = msx_fact(m, M_PATHS_RECORDED);
    const json_t *accepted = msx_json_arr(m->w->params, "csam_accepted_paths");
    const char *names[5];
    size_t n = 0;

    if (paths->type != MSX_V_LIST) {
        *out = *paths;
        return;
    }
    for (size_t i = 0; i < paths->u.list.n && n < 5; i++)
        for (size_t k = 0; k < json_array_size(accepted); k++)
            if (msx_ieq(json_string_value(json_array_get(accepted, k)),
                        paths->u.list.items[i].u.str)) {
                names[n++] = paths->u.list.items[i].u.str;
                break;
            }
    msx_v_strings(m->w, out, names, n);
}

void msx_m_delivery_owner(struct msx_rec *m, struct msx_value *out)
{
    enum msx_tri named = msx_rec_sig_yes(m, m->w->sx.delivery_owner);

    if (named == MSX_YES)
        msx_v_str(out, msx_rec_signal(m, m->w->sx.delivery_owner)->text);
    else if (named == MSX_UNKNOWN)
        out->type = MSX_V_UNKNOWN;
}

void msx_m_exec_roles(struct msx_rec *m, struct msx_value *out)
{
    const struct msx_value *paths = msx_fact(m, M_PATHS);
    struct msx_rec *const *t;
    const char *names[16];
    size_t ntasks, n = 0;

    if (paths->type != MSX_V_LIST || msx_tasks_of(m, &t, &ntasks) == MSX_TASKS_FAILED) {
        out->type = MSX_V_UNKNOWN;
        return;
    }
    for (; n < paths->u.list.n; n++)
        names[n] = paths->u.list.items[n].u.str;
    for (size_t r = 0; delivering[r]; r++) {
        if (msx_list_has(paths, delivering[r]))
            continue;
        for (size_t i = 0; i < ntasks; i++) {
            msx_day touched = msx_fact_day(t[i], T_TOUCHED);

            if (strcmp(msx_fact_str(t[i], T_OWNER_ROLE), delivering[r]) != 0)
                continue;
            if (msx_fact_yes(t[i], T_OPEN) ||
                (touched != MSX_DAY_NONE && (int64_t)m->w->today - touched <= EXEC_DAYS)) {
                names[n++] = delivering[r];
                break;
            }
        }
    }
    msx_v_strings(m->w, out, names, n);
}

/* ---- recovery ---- */
/* A sub-value of the newest Recovery: marker, copied into the arena; NULL when it has none. */
static const char *recovery(struct msx_rec *m, const char *name)
{
    struct msx_marker mark;
    MSX_AUTO(msx_free_p) char *value = NULL;

    if (!msx_rec_marker(m, "Recovery", &mark))
        return NULL;
    value = msx_marker_sub(&mark, name);
    return value && value[0] ? msx_world_strdup(m->w, value) : NULL;
}

static bool recovery_may_be_unread(struct msx_rec *m)
{
    struct msx_marker mark;

    return m->tasks_failed && !m->tasks_read && !msx_rec_marker(m, "Recovery", &mark);
}

void msx_m_recovery_owner(struct msx_rec *m, struct msx_value *out)
{
    const char *owner = recovery(m, "owner");

    if (recovery_may_be_unread(m))
        out->type = MSX_V_UNKNOWN;
    else
        msx_v_str(out, owner && !msx_word_is_no(owner) ? owner : NULL);
}

void msx_m_recovery_date(struct msx_rec *m, struct msx_value *out)
{
    const char *date = recovery(m, "date");

    if (recovery_may_be_unread(m))
        out->type = MSX_V_UNKNOWN;
    else
        msx_v_day(out, msx_marker_day(date));
}

void msx_m_recovery_plan(struct msx_rec *m, struct msx_value *out)
{
    msx_day date = msx_fact_day(m, M_RECOVERY_DATE);
    struct msx_rec *const *t;
    size_t n;
    bool plan = msx_fact(m, M_RECOVERY_OWNER)->type == MSX_V_STR && date != MSX_DAY_NONE &&
                date >= m->w->today;
    enum msx_tasks state = msx_tasks_of(m, &t, &n);

    for (size_t i = 0; !plan && i < n; i++)
        plan = msx_fact_yes(t[i], T_MITIGATION) && msx_fact_yes(t[i], T_LIVE);
    msx_v_tri(out, !plan && state == MSX_TASKS_FAILED ? MSX_UNKNOWN : msx_tri_of(plan));
}

/* ---- outcome, influence, dependencies ---- */
void msx_m_outcome_measurable(struct msx_rec *m, struct msx_value *out)
{
    enum msx_tri used = msx_tri_of(msx_fact(m, M_VALUE)->u.num > 0);

    msx_v_tri(out, used == MSX_YES ? used : msx_rec_sig_yes(m, m->w->sx.metrics_target));
}

void msx_m_influenced(struct msx_rec *m, struct msx_value *out)
{
    msx_rec_sig_value(m, m->w->sx.influence, false, out);
}

static enum msx_issue text_issue(struct msx_rec *m, const char *text)
{
    return msx_issue_class(m->w->lexicon, &text, 1, NULL);
}

void msx_m_technical_dependency(struct msx_rec *m, struct msx_value *out)
{
    const struct msx_signal *dep = msx_rec_signal(m, m->w->sx.dependency);
    const char *sentence = msx_json_str(json_array_get(dep->evidence, 0), "excerpt");
    struct msx_rec *const *t;
    size_t n;
    enum msx_tasks state = msx_tasks_of(m, &t, &n);
    bool yes =
        dep->value == MSX_SIG_YES && sentence && text_issue(m, sentence) == MSX_ISSUE_TECHNICAL;

    for (size_t i = 0; !yes && i < n; i++)
        yes = msx_fact_yes(t[i], T_OPEN) && !strcmp(msx_fact_str(t[i], T_ISSUE), "technical");
    msx_v_tri(out, !yes && state == MSX_TASKS_FAILED ? MSX_UNKNOWN : msx_tri_of(yes));
}

void msx_m_unified_dependent(struct msx_rec *m, struct msx_value *out)
{
    msx_v_tri(out, msx_tri_or(msx_rec_sig_yes(m, m->w->sx.unified),
                              msx_rec_sig_yes(m, m->w->sx.unified_dependency)));
}

/* A positive match in the milestone's own texts, whatever its tasks say. */
static bool speaks_of_adoption(struct msx_rec *m)
{
    const struct msx_analysis *own = msx_rec_analysis(m);

    return own && m->w->sx.adoption >= 0 &&
           msx_signal_positive(m->w->sx.adoption, &own, 1,
                               MSX_FIELD_BIT(MSX_F_MN) | MSX_FIELD_BIT(MSX_F_WL) |
                                   MSX_FIELD_BIT(MSX_F_MC) | MSX_FIELD_BIT(MSX_F_MJ));
}

void msx_m_adoption(struct msx_rec *m, struct msx_value *out)
{
    msx_v_bool(out, !strcmp(msx_fact_str(m, M_CATEGORY), "usage") || speaks_of_adoption(m));
}

/* ---- execution ---- */
void msx_m_execution_stable(struct msx_rec *m, struct msx_value *out)
{
    static const char *const able[] = { "csa", "csam", "partner", "isd", "unified", NULL };
    const struct msx_value *role = msx_fact(m, M_OWNER_ROLE);
    struct msx_rec *const *t;
    size_t n;
    enum msx_tri moving = MSX_NO, stable;

    if (msx_tasks_of(m, &t, &n) == MSX_TASKS_FAILED)
        moving = MSX_UNKNOWN;
    for (size_t i = 0; i < n; i++) {
        const struct msx_value *r = msx_fact(t[i], T_OWNER_ROLE);
        enum msx_tri fits = r->type == MSX_V_UNKNOWN
                                ? MSX_UNKNOWN
                                : msx_tri_of(msx_role_known(r) && strcmp(r->u.str, "se") != 0);

        moving = msx_tri_or(moving, msx_tri_and(msx_fact_tri(t[i], T_LIVE), fits));
    }
    stable = role->type == MSX_V_UNKNOWN ? MSX_UNKNOWN : msx_tri_of(one_of(role->u.str, able));
    stable = msx_tri_and(stable, moving);
    stable = msx_tri_and(stable, msx_tri_not(msx_any_task(m, T_OVERDUE)));
    stable = msx_tri_and(stable, msx_tri_of(strcmp(msx_fact_str(m, M_STATUS), "blocked") != 0));
    stable = msx_tri_and(stable, msx_tri_not(msx_any_task(m, T_BLOCKER)));
    msx_v_tri(out, stable);
}

static enum msx_tri role_in(const struct msx_value *role, const char *const *words)
{
    if (role->type == MSX_V_UNKNOWN)
        return MSX_UNKNOWN;
    return msx_tri_of(role->type == MSX_V_STR && one_of(role->u.str, words));
}

/* Does an open task have an owner of these roles? */
static enum msx_tri open_task_of(struct msx_rec *m, const char *const *roles)
{
    struct msx_rec *const *t;
    size_t n;
    enum msx_tri any = msx_tasks_of(m, &t, &n) == MSX_TASKS_FAILED ? MSX_UNKNOWN : MSX_NO;

    for (size_t i = 0; i < n; i++)
        if (msx_fact_yes(t[i], T_OPEN))
            any = msx_tri_or(any, role_in(msx_fact(t[i], T_OWNER_ROLE), roles));
    return any;
}

void msx_m_csu_involved(struct msx_rec *m, struct msx_value *out)
{
    msx_v_tri(out, msx_tri_or(role_in(msx_fact(m, M_OWNER_ROLE), csu), open_task_of(m, csu)));
}

void msx_m_lead_days(struct msx_rec *m, struct msx_value *out)
{
    const struct msx_value *paths = msx_fact(m, M_PATHS);
    double lead = msx_list_has(paths, "unified") ? m->w->p.unified_lead : m->w->p.dispatch_lead;

    if (paths->type == MSX_V_UNKNOWN)
        out->type = MSX_V_UNKNOWN;
    else if (!isnan(lead))
        msx_v_num(out, lead);
}

static enum msx_tri none_of(const struct msx_value *count)
{
    if (count->type == MSX_V_UNKNOWN)
        return MSX_UNKNOWN;
    return msx_tri_of(count->type == MSX_V_NUM && count->u.num == 0);
}

static enum msx_tri some_of(const struct msx_value *count)
{
    if (count->type == MSX_V_UNKNOWN)
        return MSX_UNKNOWN;
    return msx_tri_of(count->type == MSX_V_NUM && count->u.num > 0);
}

void msx_m_date_realistic(struct msx_rec *m, struct msx_value *out)
{
    const struct msx_value *d = msx_fact(m, M_DAYS_TO_DATE);
    const struct msx_value *lead = msx_fact(m, M_LEAD_DAYS);
    enum msx_tri in_time;

    if (d->type != MSX_V_NUM || d->u.num > 365) {
        msx_v_bool(out, false);
        return;
    }
    in_time = lead->type == MSX_V_UNKNOWN
                  ? MSX_UNKNOWN
                  : msx_tri_of(lead->type == MSX_V_NUM && d->u.num >= lead->u.num);
    msx_v_tri(out, msx_tri_and(in_time, msx_tri_not(some_of(msx_fact(m, M_LATE_TASKS)))));
}

/* ---- health ---- */
void msx_m_health(struct msx_rec *m, struct msx_value *out)
{
    const char *status = msx_fact_str(m, M_STATUS);
    enum msx_tri idle = none_of(msx_fact(m, M_LIVE_TASKS));
    enum msx_tri late =
        msx_tri_or(some_of(msx_fact(m, M_OVERDUE_TASKS)), some_of(msx_fact(m, M_LATE_TASKS)));
    enum msx_tri blocked = msx_tri_or(msx_tri_of(!strcmp(status, "blocked")),
                                      msx_tri_and(msx_fact_tri(m, M_URGENT), idle));
    enum msx_tri risk = msx_tri_or(msx_tri_of(!strcmp(status, "at_risk")),
                                   msx_tri_and(msx_fact_tri(m, M_NEAR), msx_tri_or(idle, late)));

    risk = msx_tri_or(risk, msx_fact_tri(m, M_OVERDUE));
    if (!strcmp(status, "completed"))
        msx_v_str(out, "completed");
    else if (blocked == MSX_YES)
        msx_v_str(out, "blocked");
    else if (blocked == MSX_UNKNOWN || risk == MSX_UNKNOWN)
        out->type = MSX_V_UNKNOWN;
    else if (risk == MSX_YES)
        msx_v_str(out, "at_risk");
    else
        msx_v_str(out, !strcmp(status, "unknown") ? "unknown" : "on_track");
}

/* ---- accountability split ---- */
static bool has_token(const char *text, const char *token)
{
    size_t n = strlen(token);

    for (size_t i = 0; text && text[i];) {
        size_t len = 0, same = 0;

        while (text[i + len] &&
               ((text[i + len] | 32) >= 'a' ? (text[i + len] | 32) <= 'z'
                                            : text[i + len] >= '0' && text[i + len] <= '9')) {
            same += len < n && (text[i + len] | 32) == token[len];
            len++;
        }
        if (len == n && same == n)
            return true;
        i += len ? len : 1;
    }
    return false;
}

static bool category_mismatch(struct msx_rec *m)
{
    const char *category = msx_fact_str(m, M_CATEGORY), *name = msx_rec_str(m, "msp_name");

    if (!strcmp(category, "none"))
        return true;
    if (!strcmp(category, "production"))
        return has_token(name, "poc") || has_token(name, "pilot");
    return !strcmp(category, "poc_pilot") && has_token(name, "production");
}

void msx_m_split(struct msx_rec *m, struct msx_value *out)
{
    static const char *const se[] = { "se", NULL };
    static const char *const others[] = { "csa", "csam", "partner", "isd", "unified", "atu", NULL };
    const struct msx_value *role = msx_fact(m, M_OWNER_ROLE);
    const char *codes[4];
    size_t n = 0;
    enum msx_tri no_tech = msx_tri_of(!strcmp(msx_fact_str(m, M_CATEGORY), "poc_pilot"));
    enum msx_tri structure =
        msx_tri_and(msx_tri_not(msx_fact_tri(m, M_COMMITTED)), role_in(role, others));

    /* needs the tasks: left out, it says nothing */
    no_tech = msx_tri_and(no_tech, msx_tri_of(m->tasks_read || m->tasks_failed));
    if (no_tech == MSX_YES) {
        enum msx_tri owner = role->type == MSX_V_UNKNOWN
                                 ? MSX_UNKNOWN
                                 : msx_tri_of(msx_role_known(role) && strcmp(role->u.str, "se"));

        no_tech = msx_tri_and(msx_tri_or(msx_fact_tri(m, M_MISSING_OWNER), owner),
                              msx_tri_not(open_task_of(m, se)));
    }
    if (no_tech == MSX_UNKNOWN || structure == MSX_UNKNOWN) {
        out->type = MSX_V_UNKNOWN;
        return;
    }
    if (no_tech == MSX_YES)
        codes[n++] = "no_tech_owner";
    if (structure == MSX_YES)
        codes[n++] = "structure_owner";
    if (msx_fact_yes(m, M_MISSING_OWNER))
        codes[n++] = "no_owner";
    if (category_mismatch(m))
        codes[n++] = "category_mismatch";
    msx_v_strings(m->w, out, codes, n);
}
