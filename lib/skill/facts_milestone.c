/* Facts of a milestone (catalog 1.6): state, dates, tasks, comments, fields. Who delivers and how
 * it stands: facts_delivery.c. */
#include "skill/facts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/text.h"

void msx_m_status(struct msx_rec *m, struct msx_value *out)
{
    bool conflict, generic;

    msx_v_str(out, msx_status_class(m, &conflict, &generic));
}

void msx_m_status_label(struct msx_rec *m, struct msx_value *out)
{
    msx_v_str(out, msx_rec_label(m, "msp_milestonestatus"));
}

void msx_m_active(struct msx_rec *m, struct msx_value *out)
{
    msx_v_bool(out, msx_status_class_active(msx_fact_str(m, M_STATUS)));
}

void msx_m_closed(struct msx_rec *m, struct msx_value *out)
{
    msx_v_bool(out, !msx_fact_yes(m, M_ACTIVE));
}

void msx_m_committed(struct msx_rec *m, struct msx_value *out)
{
    msx_v_bool(out, msx_commitment_class(m));
}

void msx_m_category(struct msx_rec *m, struct msx_value *out)
{
    msx_v_str(out, msx_category_class(m));
}

void msx_m_category_label(struct msx_rec *m, struct msx_value *out)
{
    msx_v_str(out, msx_rec_label(m, "msp_milestonecategory"));
}

void msx_m_workload(struct msx_rec *m, struct msx_value *out)
{
    msx_v_str(out, msx_rec_label(m, "_msp_workloadlkid_value"));
}

void msx_m_number(struct msx_rec *m, struct msx_value *out)
{
    msx_v_str(out, msx_rec_number(m));
}

/* ---- dates ---- */
void msx_m_date(struct msx_rec *m, struct msx_value *out)
{
    msx_v_day(out, msx_rec_day(m, "msp_milestonedate"));
}

void msx_m_days_to_date(struct msx_rec *m, struct msx_value *out)
{
    msx_v_days(out, m->w->today, msx_fact_day(m, M_DATE));
}

/* Active and at most this many days away; overdue ones are. */
static bool within(struct msx_rec *m, double days)
{
    const struct msx_value *d = msx_fact(m, M_DAYS_TO_DATE);

    return msx_fact_yes(m, M_ACTIVE) && d->type == MSX_V_NUM && d->u.num <= days;
}

void msx_m_overdue(struct msx_rec *m, struct msx_value *out)
{
    msx_v_bool(out, within(m, -1));
}

void msx_m_overdue_days(struct msx_rec *m, struct msx_value *out)
{
    if (msx_fact_yes(m, M_OVERDUE))
        msx_v_num(out, -msx_fact(m, M_DAYS_TO_DATE)->u.num);
}

void msx_m_urgent(struct msx_rec *m, struct msx_value *out)
{
    msx_v_bool(out, within(m, m->w->p.urgent));
}

void msx_m_near(struct msx_rec *m, struct msx_value *out)
{
    msx_v_bool(out, within(m, m->w->p.near));
}

void msx_m_watch(struct msx_rec *m, struct msx_value *out)
{
    msx_v_bool(out, within(m, m->w->p.watch));
}

/* ---- tasks ---- */
void msx_m_tasks(struct msx_rec *m, struct msx_value *out)
{
    struct msx_rec *const *t;
    size_t n;
    enum msx_tasks state = msx_tasks_of(m, &t, &n);
    const char **ids;

    if (state == MSX_TASKS_FAILED)
        out->type = MSX_V_UNKNOWN;
    if (state != MSX_TASKS_READ || !(ids = msx_world_alloc(m->w, (n + 1) * sizeof(char *))))
        return;
    for (size_t i = 0; i < n; i++)
        ids[i] = t[i]->id;
    msx_v_strings(m->w, out, ids, n);
}

void msx_m_tasks_loaded(struct msx_rec *m, struct msx_value *out)
{
    msx_v_bool(out, m->tasks_read);
}

static bool is_open(struct msx_rec *t)
{
    return msx_fact_yes(t, T_OPEN);
}
static bool is_done(struct msx_rec *t)
{
    return !strcmp(msx_fact_str(t, T_STATE), "completed");
}
static bool is_overdue(struct msx_rec *t)
{
    return msx_fact_yes(t, T_OVERDUE);
}
static bool is_live(struct msx_rec *t)
{
    return msx_fact_yes(t, T_LIVE);
}
static bool is_late(struct msx_rec *t)
{
    msx_day due = msx_fact_day(t, T_DUE), date = msx_fact_day(t->milestone, M_DATE);

    return is_open(t) && due != MSX_DAY_NONE && date != MSX_DAY_NONE && due > date;
}

/* Null when tasks were left out, not read when reading them failed. */
static void count_tasks(struct msx_rec *m, bool (*which)(struct msx_rec *t), struct msx_value *out)
{
    struct msx_rec *const *t;
    size_t n, count = 0;
    enum msx_tasks state = msx_tasks_of(m, &t, &n);

    for (size_t i = 0; i < n; i++)
        count += which(t[i]);
    if (state == MSX_TASKS_READ)
        msx_v_num(out, (double)count);
    else if (state == MSX_TASKS_FAILED)
        out->type = MSX_V_UNKNOWN;
}

void msx_m_open_tasks(struct msx_rec *m, struct msx_value *out)
{
    count_tasks(m, is_open, out);
}
void msx_m_done_tasks(struct msx_rec *m, struct msx_value *out)
{
    count_tasks(m, is_done, out);
}
void msx_m_overdue_tasks(struct msx_rec *m, struct msx_value *out)
{
    count_tasks(m, is_overdue, out);
}
void msx_m_live_tasks(struct msx_rec *m, struct msx_value *out)
{
    count_tasks(m, is_live, out);
}
void msx_m_late_tasks(struct msx_rec *m, struct msx_value *out)
{
    count_tasks(m, is_late, out);
}

void msx_m_next_task(struct msx_rec *m, struct msx_value *out)
{
    struct msx_rec *const *t;
    struct msx_rec *next = NULL;
    size_t n;

    if (msx_tasks_of(m, &t, &n) == MSX_TASKS_FAILED)
        out->type = MSX_V_UNKNOWN;
    for (size_t i = 0; i < n; i++) /* in order of their ids, so the first of equals stays */
        if (is_live(t[i]) && (!next || msx_fact_day(t[i], T_DUE) < msx_fact_day(next, T_DUE)))
            next = t[i];
    if (next)
        msx_v_str(out, next->id);
}

void msx_m_last_activity(struct msx_rec *m, struct msx_value *out)
{
    struct msx_rec *const *t;
    msx_day latest = MSX_DAY_NONE;
    size_t n;

    if (msx_tasks_of(m, &t, &n) == MSX_TASKS_FAILED) {
        out->type = MSX_V_UNKNOWN;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        msx_day d = msx_fact_day(t[i], T_TOUCHED);

        latest = d > latest ? d : latest;
    }
    msx_v_day(out, latest);
}

void msx_m_idle_days(struct msx_rec *m, struct msx_value *out)
{
    if (msx_fact(m, M_LAST_ACTIVITY)->type == MSX_V_UNKNOWN)
        out->type = MSX_V_UNKNOWN;
    else
        msx_v_days(out, msx_fact_day(m, M_LAST_ACTIVITY), m->w->today);
}

/* ---- comments ---- */
void msx_m_comments(struct msx_rec *m, struct msx_value *out)
{
    const char *s = msx_rec_comments(m);

    msx_v_str(out, s[0] ? s : NULL);
}

void msx_m_comment_date(struct msx_rec *m, struct msx_value *out)
{
    msx_v_day(out, msx_rec_comment_date(m));
}

void msx_m_comment_age(struct msx_rec *m, struct msx_value *out)
{
    msx_v_days(out, msx_fact_day(m, M_COMMENT_DATE), m->w->today);
}

void msx_m_comments_missing(struct msx_rec *m, struct msx_value *out)
{
    const char *s = msx_rec_comments(m);

    msx_v_bool(out, s[strspn(s, " \t\r\n\v\f")] == '\0');
}

void msx_m_comments_stale(struct msx_rec *m, struct msx_value *out)
{
    const struct msx_value *age = msx_fact(m, M_COMMENT_AGE);

    msx_v_bool(out, !msx_fact_yes(m, M_COMMENTS_MISSING) && age->type == MSX_V_NUM &&
                        age->u.num > m->w->p.comment_stale);
}

/* ---- fields ---- */
void msx_m_missing_owner(struct msx_rec *m, struct msx_value *out)
{
    msx_v_bool(out, msx_rec_owner_missing(m));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool field_missing(struct msx_rec *m, const char *field)
{
    if (!strcmp(field, "msp_forecastcomments"))
        return msx_fact_yes(m, M_COMMENTS_MISSING);
    if (!strcmp(field, "msp_monthlyuse") && !strcmp(msx_fact_str(m, M_CATEGORY), "poc_pilot"))
        return false;
    return msx_rec_blank(m, field);
}

void msx_m_missing_fields(struct msx_rec *m, struct msx_value *out)
{
    const json_t *wanted = msx_json_arr(m->w->params, "required_milestone_fields");
    size_t all = json_array_size(wanted), n = 0;
    const char **names = msx_world_alloc(m->w, (all + 1) * sizeof(char *));

    for (size_t i = 0; names && i < all; i++) {
        const char *field = json_string_value(json_array_get(wanted, i));

        if (field && field_missing(m, field))
            names[n++] = field;
    }
    if (!names)
        return;
    if (n > 1)
        qsort(names, n, sizeof *names, by_text);
    msx_v_strings(m->w, out, names, n);
}

void msx_m_monthly_use(struct msx_rec *m, struct msx_value *out)
{
    double use;

    if (msx_rec_num(m, "msp_monthlyuse", &use))
        msx_v_num(out, use);
}

void msx_m_value(struct msx_rec *m, struct msx_value *out)
{
    const struct msx_value *use = msx_fact(m, M_MONTHLY_USE);

    msx_v_num(out, use->type == MSX_V_NUM ? use->u.num : 0);
}

void msx_m_owner_role(struct msx_rec *m, struct msx_value *out)
{
    msx_role_of_field(m, "_ownerid_value", out);
}

void msx_m_creator_role(struct msx_rec *m, struct msx_value *out)
{
    msx_role_of_field(m, "_createdby_value", out);
}

/* ---- commitment ---- */
static bool named_by_parameter(const struct msx_rec *m, const json_t *named)
{
    const char *number = msx_rec_number(m);
    const char *one = json_string_value(named);

    if (one)
        return msx_ieq(one, m->id) || msx_guid_eq(one, m->id) || (number && msx_ieq(one, number));
    for (size_t i = 0; i < json_array_size(named); i++)
        if (named_by_parameter(m, json_array_get(named, i)))
            return true;
    return false;
}

void msx_m_commit_candidate(struct msx_rec *m, struct msx_value *out)
{
    const json_t *named = json_object_get(m->w->params, "milestone");
    const struct msx_value *d = msx_fact(m, M_DAYS_TO_DATE);
    bool open = msx_fact_yes(m, M_ACTIVE) && !msx_fact_yes(m, M_COMMITTED);

    if (!open)
        msx_v_bool(out, false);
    else if (json_is_string(named) || json_array_size(named) > 0)
        msx_v_bool(out, named_by_parameter(m, named));
    else if (d->type == MSX_V_NUM && d->u.num >= 0 && d->u.num <= m->w->p.commit_window)
        msx_v_bool(out, true);
    else
        msx_v_tri(out, msx_rec_sig_yes(m, m->w->sx.commit_intent));
}

static const json_t *earlier(const struct msx_rec *m)
{
    return msx_json_obj(msx_json_obj(m->w->state, "milestones"), m->id);
}

void msx_m_earlier_status(struct msx_rec *m, struct msx_value *out)
{
    msx_v_str(out, msx_json_str(earlier(m), "status"));
}

static msx_day marker_day(struct msx_rec *m, const char *key)
{
    struct msx_marker mark;

    return msx_rec_marker(m, key, &mark) ? msx_marker_day(mark.value) : MSX_DAY_NONE;
}

void msx_m_commit_date(struct msx_rec *m, struct msx_value *out)
{
    const json_t *was = json_object_get(earlier(m), "committed");
    msx_day d;

    if (!msx_fact_yes(m, M_COMMITTED))
        return;
    d = marker_day(m, "Committed");
    if (d == MSX_DAY_NONE && json_is_false(was))
        d = m->w->today;
    msx_v_day(out, d);
}

void msx_m_newly_committed(struct msx_rec *m, struct msx_value *out)
{
    msx_day d = msx_fact_day(m, M_COMMIT_DATE);

    msx_v_bool(out, d != MSX_DAY_NONE && (int64_t)m->w->today - d <= 30);
}

void msx_m_blocked_since(struct msx_rec *m, struct msx_value *out)
{
    struct msx_rec *const *t;
    msx_day d = marker_day(m, "BlockedSince");
    size_t n;

    if (d == MSX_DAY_NONE) {
        if (msx_tasks_of(m, &t, &n) == MSX_TASKS_FAILED) {
            out->type = MSX_V_UNKNOWN;
            return;
        }
        for (size_t i = 0; i < n; i++) {
            msx_day touched = msx_fact_day(t[i], T_TOUCHED);

            if (touched != MSX_DAY_NONE && (d == MSX_DAY_NONE || touched < d) &&
                msx_fact_yes(t[i], T_BLOCKER))
                d = touched;
        }
    }
    if (d == MSX_DAY_NONE && !strcmp(msx_fact_str(m, M_STATUS), "blocked"))
        d = msx_fact_day(m, M_COMMENT_DATE);
    msx_v_day(out, d);
}
