/* Facts of a task (catalog 1.6). */
#include "skill/facts.h"

#include <string.h>

#include "msxops/text.h"

#define CATEGORY_BLOCKER 861980006

void msx_t_state(struct msx_rec *t, struct msx_value *out)
{
    json_int_t state, status;

    if (msx_rec_code(t, "statecode", &state))
        msx_v_str(out, state == 1 ? "completed" : state == 2 ? "cancelled" : "open");
    else if (msx_rec_code(t, "statuscode", &status))
        msx_v_str(out, status == 5 ? "completed" : status == 6 ? "cancelled" : "open");
    else
        msx_v_str(out, "open");
}

void msx_t_open(struct msx_rec *t, struct msx_value *out)
{
    msx_v_bool(out, !strcmp(msx_fact_str(t, T_STATE), "open"));
}

void msx_t_due(struct msx_rec *t, struct msx_value *out)
{
    msx_v_day(out, msx_rec_day(t, "scheduledend"));
}

void msx_t_days_to_due(struct msx_rec *t, struct msx_value *out)
{
    msx_v_days(out, t->w->today, msx_fact_day(t, T_DUE));
}

void msx_t_overdue(struct msx_rec *t, struct msx_value *out)
{
    msx_day due = msx_fact_day(t, T_DUE);

    msx_v_bool(out, msx_fact_yes(t, T_OPEN) && due != MSX_DAY_NONE && due < t->w->today);
}

void msx_t_overdue_days(struct msx_rec *t, struct msx_value *out)
{
    if (msx_fact_yes(t, T_OVERDUE))
        msx_v_days(out, msx_fact_day(t, T_DUE), t->w->today);
}

void msx_t_no_due(struct msx_rec *t, struct msx_value *out)
{
    msx_v_bool(out, msx_fact_yes(t, T_OPEN) && msx_fact_day(t, T_DUE) == MSX_DAY_NONE);
}

void msx_t_no_owner(struct msx_rec *t, struct msx_value *out)
{
    msx_v_bool(out, msx_fact_yes(t, T_OPEN) && msx_rec_owner_missing(t));
}

void msx_t_touched(struct msx_rec *t, struct msx_value *out)
{
    static const char *const fields[] = { "modifiedon", "createdon", "actualend" };
    msx_day latest = MSX_DAY_NONE; /* the smallest number, so that any day is later */

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        msx_day d = msx_rec_day(t, fields[i]);

        latest = d > latest ? d : latest;
    }
    msx_v_day(out, latest);
}

void msx_t_idle_days(struct msx_rec *t, struct msx_value *out)
{
    msx_v_days(out, msx_fact_day(t, T_TOUCHED), t->w->today);
}

void msx_t_idle(struct msx_rec *t, struct msx_value *out)
{
    const struct msx_value *days = msx_fact(t, T_IDLE_DAYS);

    msx_v_bool(out, msx_fact_yes(t, T_OPEN) && days->type == MSX_V_NUM &&
                        days->u.num > t->w->p.stale_task);
}

void msx_t_stale(struct msx_rec *t, struct msx_value *out)
{
    msx_v_bool(out, msx_fact_yes(t, T_OVERDUE) || msx_fact_yes(t, T_IDLE));
}

void msx_t_live(struct msx_rec *t, struct msx_value *out)
{
    msx_day due = msx_fact_day(t, T_DUE);

    msx_v_bool(out, msx_fact_yes(t, T_OPEN) && !msx_fact_yes(t, T_NO_OWNER) &&
                        due != MSX_DAY_NONE && due >= t->w->today);
}

void msx_t_waiting(struct msx_rec *t, struct msx_value *out)
{
    const char *label = msx_fact_str(t, T_STATUS_LABEL);

    msx_v_bool(out, msx_fact_yes(t, T_OPEN) &&
                        (msx_ieq(label, "Waiting on someone else") || msx_ieq(label, "Deferred")));
}

static bool matches(struct msx_rec *t, int signal)
{
    return msx_task_sig(t, signal) == MSX_SIG_YES;
}

void msx_t_blocker(struct msx_rec *t, struct msx_value *out)
{
    msx_v_bool(out, msx_fact_yes(t, T_WAITING) ||
                        (msx_fact_yes(t, T_OPEN) && matches(t, t->w->sx.blocker)));
}

void msx_t_blocker_text(struct msx_rec *t, struct msx_value *out)
{
    struct msx_marker mark;
    bool stated = msx_rec_marker(t, "Blocker", &mark) && msx_text_real_chars(mark.value) >= 10;

    msx_v_bool(out, stated || (t->w->lexicon && msx_rec_analysis(t) &&
                               msx_blocker_has_cause(t->w->lexicon, msx_rec_analysis(t))));
}

void msx_t_done_when(struct msx_rec *t, struct msx_value *out)
{
    struct msx_marker mark;

    msx_v_bool(out,
               (msx_rec_marker(t, "Done when", &mark) && msx_text_real_chars(mark.value) > 0) ||
                   matches(t, t->w->sx.completion_condition));
}

void msx_t_done_claim(struct msx_rec *t, struct msx_value *out)
{
    msx_v_bool(out, msx_fact_yes(t, T_OPEN) && matches(t, t->w->sx.done_claim));
}

void msx_t_issue(struct msx_rec *t, struct msx_value *out)
{
    const char *texts[2] = { msx_rec_str(t, "subject"), msx_rec_str(t, "description") };
    const char *name = t->milestone ? msx_rec_str(t->milestone, "msp_name") : NULL;
    const char *given[2];
    size_t n = 0;

    for (size_t i = 0; i < 2; i++)
        if (texts[i])
            given[n++] = texts[i];
    if (!t->w->lexicon)
        msx_v_str(out, "none");
    else
        msx_v_str(out, msx_issue_name(msx_issue_class(t->w->lexicon, given, n, name)));
}

void msx_t_mitigation(struct msx_rec *t, struct msx_value *out)
{
    json_int_t category;

    msx_v_bool(out, msx_fact_yes(t, T_OPEN) && ((msx_rec_code(t, "msp_taskcategory", &category) &&
                                                 category == CATEGORY_BLOCKER) ||
                                                matches(t, t->w->sx.mitigation)));
}

void msx_t_owner_role(struct msx_rec *t, struct msx_value *out)
{
    msx_role_of_field(t, "_ownerid_value", out);
}

void msx_t_number(struct msx_rec *t, struct msx_value *out)
{
    msx_v_str(out, msx_rec_number(t));
}

void msx_t_status_label(struct msx_rec *t, struct msx_value *out)
{
    msx_v_str(out, msx_rec_label(t, "statuscode"));
}

void msx_t_category_label(struct msx_rec *t, struct msx_value *out)
{
    msx_v_str(out, msx_rec_label(t, "msp_taskcategory"));
}
