/* The vocabulary of catalog 1.6: one row a fact, in the order of its enum. Rows: enum name, name in
 * conditions, function, CRM field for the trace (NULL when it is made of several). */
#ifndef MSX_SKILL_FACTS_H
#define MSX_SKILL_FACTS_H

#include "skill/world_int.h"

#define MSX_TASK_FACTS(X)                                                                          \
    X(T_STATE, "state", msx_t_state, "statecode")                                                  \
    X(T_OPEN, "open", msx_t_open, "statecode")                                                     \
    X(T_DUE, "due", msx_t_due, "scheduledend")                                                     \
    X(T_DAYS_TO_DUE, "days_to_due", msx_t_days_to_due, "scheduledend")                             \
    X(T_OVERDUE, "overdue", msx_t_overdue, "scheduledend")                                         \
    X(T_OVERDUE_DAYS, "overdue_days", msx_t_overdue_days, "scheduledend")                          \
    X(T_NO_DUE, "no_due", msx_t_no_due, "scheduledend")                                            \
    X(T_NO_OWNER, "no_owner", msx_t_no_owner, "_ownerid_value")                                    \
    X(T_TOUCHED, "touched", msx_t_touched, "modifiedon")                                           \
    X(T_IDLE_DAYS, "idle_days", msx_t_idle_days, "modifiedon")                                     \
    X(T_IDLE, "idle", msx_t_idle, "modifiedon")                                                    \
    X(T_STALE, "stale", msx_t_stale, NULL)                                                         \
    X(T_LIVE, "live", msx_t_live, NULL)                                                            \
    X(T_WAITING, "waiting", msx_t_waiting, "statuscode")                                           \
    X(T_BLOCKER, "blocker", msx_t_blocker, NULL)                                                   \
    X(T_BLOCKER_TEXT, "blocker_text", msx_t_blocker_text, "description")                           \
    X(T_DONE_WHEN, "done_when", msx_t_done_when, "description")                                    \
    X(T_DONE_CLAIM, "done_claim", msx_t_done_claim, NULL)                                          \
    X(T_ISSUE, "issue", msx_t_issue, NULL)                                                         \
    X(T_MITIGATION, "mitigation", msx_t_mitigation, NULL)                                          \
    X(T_OWNER_ROLE, "owner_role", msx_t_owner_role, "_ownerid_value")                              \
    X(T_OWNER, "owner", msx_x_owner, "_ownerid_value")                                             \
    X(T_NUMBER, "number", msx_t_number, NULL)                                                      \
    X(T_STATUS_LABEL, "status_label", msx_t_status_label, "statuscode")                            \
    X(T_CATEGORY_LABEL, "category_label", msx_t_category_label, "msp_taskcategory")

#define MSX_MILESTONE_FACTS(X)                                                                     \
    X(M_STATUS, "status", msx_m_status, "msp_milestonestatus")                                     \
    X(M_STATUS_LABEL, "status_label", msx_m_status_label, "msp_milestonestatus")                   \
    X(M_ACTIVE, "active", msx_m_active, "msp_milestonestatus")                                     \
    X(M_CLOSED, "closed", msx_m_closed, "msp_milestonestatus")                                     \
    X(M_COMMITTED, "committed", msx_m_committed, "msp_commitmentrecommendation")                   \
    X(M_CATEGORY, "category", msx_m_category, "msp_milestonecategory")                             \
    X(M_CATEGORY_LABEL, "category_label", msx_m_category_label, "msp_milestonecategory")           \
    X(M_DATE, "date", msx_m_date, "msp_milestonedate")                                             \
    X(M_DAYS_TO_DATE, "days_to_date", msx_m_days_to_date, "msp_milestonedate")                     \
    X(M_OVERDUE, "overdue", msx_m_overdue, "msp_milestonedate")                                    \
    X(M_OVERDUE_DAYS, "overdue_days", msx_m_overdue_days, "msp_milestonedate")                     \
    X(M_URGENT, "urgent", msx_m_urgent, "msp_milestonedate")                                       \
    X(M_NEAR, "near", msx_m_near, "msp_milestonedate")                                             \
    X(M_WATCH, "watch", msx_m_watch, "msp_milestonedate")                                          \
    X(M_TASKS, "tasks", msx_m_tasks, NULL)                                                         \
    X(M_TASKS_LOADED, "tasks_loaded", msx_m_tasks_loaded, NULL)                                    \
    X(M_OPEN_TASKS, "open_tasks", msx_m_open_tasks, NULL)                                          \
    X(M_DONE_TASKS, "done_tasks", msx_m_done_tasks, NULL)                                          \
    X(M_OVERDUE_TASKS, "overdue_tasks", msx_m_overdue_tasks, NULL)                                 \
    X(M_LIVE_TASKS, "live_tasks", msx_m_live_tasks, NULL)                                          \
    X(M_LATE_TASKS, "late_tasks", msx_m_late_tasks, NULL)                                          \
    X(M_NEXT_TASK, "next_task", msx_m_next_task, NULL)                                             \
    X(M_LAST_ACTIVITY, "last_activity", msx_m_last_activity, NULL)                                 \
    X(M_IDLE_DAYS, "idle_days", msx_m_idle_days, NULL)                                             \
    X(M_COMMENTS, "comments", msx_m_comments, "msp_forecastcomments")                              \
    X(M_COMMENT_DATE, "comment_date", msx_m_comment_date, "msp_forecastcomments")                  \
    X(M_COMMENT_AGE, "comment_age", msx_m_comment_age, "msp_forecastcomments")                     \
    X(M_COMMENTS_MISSING, "comments_missing", msx_m_comments_missing, "msp_forecastcomments")      \
    X(M_COMMENTS_STALE, "comments_stale", msx_m_comments_stale, "msp_forecastcomments")            \
    X(M_MISSING_OWNER, "missing_owner", msx_m_missing_owner, "_ownerid_value")                     \
    X(M_MISSING_FIELDS, "missing_fields", msx_m_missing_fields, NULL)                              \
    X(M_MONTHLY_USE, "monthly_use", msx_m_monthly_use, "msp_monthlyuse")                           \
    X(M_VALUE, "value", msx_m_value, "msp_monthlyuse")                                             \
    X(M_OWNER, "owner", msx_x_owner, "_ownerid_value")                                             \
    X(M_OWNER_ROLE, "owner_role", msx_m_owner_role, "_ownerid_value")                              \
    X(M_CREATOR_ROLE, "creator_role", msx_m_creator_role, "_createdby_value")                      \
    X(M_PATHS, "paths", msx_m_paths, NULL)                                                         \
    X(M_PATHS_RECORDED, "paths_recorded", msx_m_paths_recorded, NULL)                              \
    X(M_ACCEPTED_PATHS, "accepted_paths", msx_m_accepted_paths, NULL)                              \
    X(M_EXTERNAL_PATHS, "external_paths", msx_m_external_paths, NULL)                              \
    X(M_DELIVERY_OWNER, "delivery_owner", msx_m_delivery_owner, NULL)                              \
    X(M_EXEC_ROLES, "exec_roles", msx_m_exec_roles, NULL)                                          \
    X(M_RECOVERY_OWNER, "recovery_owner", msx_m_recovery_owner, "msp_forecastcomments")            \
    X(M_RECOVERY_DATE, "recovery_date", msx_m_recovery_date, "msp_forecastcomments")               \
    X(M_RECOVERY_PLAN, "recovery_plan", msx_m_recovery_plan, NULL)                                 \
    X(M_OUTCOME_MEASURABLE, "outcome_measurable", msx_m_outcome_measurable, NULL)                  \
    X(M_BLOCKED_SINCE, "blocked_since", msx_m_blocked_since, NULL)                                 \
    X(M_INFLUENCED, "influenced", msx_m_influenced, NULL)                                          \
    X(M_TECHNICAL_DEPENDENCY, "technical_dependency", msx_m_technical_dependency, NULL)            \
    X(M_EXECUTION_STABLE, "execution_stable", msx_m_execution_stable, NULL)                        \
    X(M_CSU_INVOLVED, "csu_involved", msx_m_csu_involved, NULL)                                    \
    X(M_COMMIT_CANDIDATE, "commit_candidate", msx_m_commit_candidate, NULL)                        \
    X(M_COMMIT_DATE, "commit_date", msx_m_commit_date, NULL)                                       \
    X(M_NEWLY_COMMITTED, "newly_committed", msx_m_newly_committed, NULL)                           \
    X(M_LEAD_DAYS, "lead_days", msx_m_lead_days, NULL)                                             \
    X(M_DATE_REALISTIC, "date_realistic", msx_m_date_realistic, NULL)                              \
    X(M_HEALTH, "health", msx_m_health, NULL)                                                      \
    X(M_SPLIT, "split", msx_m_split, NULL)                                                         \
    X(M_UNIFIED_DEPENDENT, "unified_dependent", msx_m_unified_dependent, NULL)                     \
    X(M_ADOPTION, "adoption", msx_m_adoption, NULL)                                                \
    X(M_ISSUE, "issue", msx_m_issue, NULL)                                                         \
    X(M_EARLIER_STATUS, "earlier_status", msx_m_earlier_status, NULL)                              \
    X(M_WORKLOAD, "workload", msx_m_workload, "_msp_workloadlkid_value")                           \
    X(M_NUMBER, "number", msx_m_number, "msp_milestonenumber")

#define MSX_OPP_FACTS(X)                                                                           \
    X(O_OPEN, "open", msx_o_open, "statecode")                                                     \
    X(O_MILESTONES, "milestones", msx_o_milestones, NULL)                                          \
    X(O_CLOSE_DATE, "close_date", msx_o_close_date, "estimatedclosedate")                          \
    X(O_COMPLETION_DATE, "completion_date", msx_o_completion_date, "msp_estcompletiondate")        \
    X(O_DAYS_TO_CLOSE, "days_to_close", msx_o_days_to_close, "estimatedclosedate")                 \
    X(O_DAYS_TO_COMPLETION, "days_to_completion", msx_o_days_to_completion,                        \
      "msp_estcompletiondate")                                                                     \
    X(O_OWNER, "owner", msx_x_owner, "_ownerid_value")                                             \
    X(O_OWNER_ROLE, "owner_role", msx_o_owner_role, "_ownerid_value")                              \
    X(O_TEAM, "team", msx_o_team, NULL)                                                            \
    X(O_TEAM_ROLES, "team_roles", msx_o_team_roles, NULL)                                          \
    X(O_INVOLVED_ROLES, "involved_roles", msx_o_involved_roles, NULL)                              \
    X(O_MISSING_FIELDS, "missing_fields", msx_o_missing_fields, NULL)                              \
    X(O_DECLARED_STAGE, "declared_stage", msx_o_declared_stage, "activestageid")                   \
    X(O_GATES, "gates", msx_o_gates, NULL)                                                         \
    X(O_GATES_OPEN, "gates_open", msx_o_gates_open, NULL)                                          \
    X(O_EVIDENCE_STAGE, "evidence_stage", msx_o_evidence_stage, NULL)                              \
    X(O_STAGE, "stage", msx_o_stage, "activestageid")                                              \
    X(O_STAGE_SOURCE, "stage_source", msx_o_stage_source, "activestageid")                         \
    X(O_STAGE_GAP, "stage_gap", msx_o_stage_gap, "activestageid")                                  \
    X(O_STAGE_SINCE, "stage_since", msx_o_stage_since, NULL)                                       \
    X(O_STAGE_AGE, "stage_age", msx_o_stage_age, NULL)                                             \
    X(O_LAST_ACTIVITY, "last_activity", msx_o_last_activity, NULL)                                 \
    X(O_IDLE_DAYS, "idle_days", msx_o_idle_days, NULL)                                             \
    X(O_VALUE, "value", msx_o_value, NULL)                                                         \
    X(O_MIXED_OWNERSHIP, "mixed_ownership", msx_o_mixed_ownership, NULL)                           \
    X(O_QUALIFICATION, "qualification", msx_o_qualification, NULL)                                 \
    X(O_QUALIFICATION_MISSING, "qualification_missing", msx_o_qualification_missing, NULL)         \
    X(O_DUPLICATE_OF, "duplicate_of", msx_o_duplicate_of, NULL)                                    \
    X(O_ACCOUNTABLE_ROLE, "accountable_role", msx_o_accountable_role, NULL)                        \
    X(O_CUSTOMER, "customer", msx_o_customer, "_parentaccountid_value")                            \
    X(O_SALES_PLAY, "sales_play", msx_o_sales_play, "msp_salesplay")

#define MSX_USER_FACTS(X)                                                                          \
    X(U_ROLE, "role", msx_u_role, "title")                                                         \
    X(U_CANDIDATES, "role_candidates", msx_u_candidates, "title")                                  \
    X(U_DISABLED, "disabled", msx_u_disabled, "isdisabled")

#define MSX_ACCOUNT_FACTS(X) X(A_OPPORTUNITIES, "opportunities", msx_a_opportunities, NULL)

#define X(sym, name, fn, field) sym,
enum msx_task_fact { MSX_TASK_FACTS(X) T_COUNT };
enum msx_milestone_fact { MSX_MILESTONE_FACTS(X) M_COUNT };
enum msx_opp_fact { MSX_OPP_FACTS(X) O_COUNT };
enum msx_user_fact { MSX_USER_FACTS(X) U_COUNT };
enum msx_account_fact { MSX_ACCOUNT_FACTS(X) A_COUNT };
#undef X

/* The functions behind the rows; msx_x_owner serves several kinds. */
void msx_x_owner(struct msx_rec *r, struct msx_value *out);
#define X(sym, name, fn, field) void fn(struct msx_rec *r, struct msx_value *out);
MSX_TASK_FACTS(X)
MSX_MILESTONE_FACTS(X)
MSX_OPP_FACTS(X)
MSX_USER_FACTS(X)
MSX_ACCOUNT_FACTS(X)
#undef X

/* Value of a fact of the table above, computed at the first call. Borrowed. */
const struct msx_value *msx_fact(struct msx_rec *r, int index);
const char *msx_fact_field(enum msx_kind kind, int index); /* CRM field, or NULL */

/* ---- small readers: a fact as C sees it ---- */
static inline enum msx_tri msx_fact_tri(struct msx_rec *r, int index)
{
    const struct msx_value *v = msx_fact(r, index);

    if (v->type == MSX_V_UNKNOWN)
        return MSX_UNKNOWN;
    return msx_tri_of(v->type == MSX_V_BOOL && v->u.b);
}
static inline bool msx_fact_yes(struct msx_rec *r, int index)
{
    return msx_fact_tri(r, index) == MSX_YES;
}
static inline const char *msx_fact_str(struct msx_rec *r, int index) /* "" when it is no text */
{
    const struct msx_value *v = msx_fact(r, index);

    return v->type == MSX_V_STR ? v->u.str : "";
}
static inline msx_day msx_fact_day(struct msx_rec *r, int index)
{
    const struct msx_value *v = msx_fact(r, index);

    return v->type == MSX_V_DATE ? v->u.day : MSX_DAY_NONE;
}

/* ---- makers of values ---- */
static inline void msx_v_tri(struct msx_value *out, enum msx_tri t)
{
    out->type = t == MSX_UNKNOWN ? MSX_V_UNKNOWN : MSX_V_BOOL;
    out->u.b = t == MSX_YES;
}
static inline void msx_v_bool(struct msx_value *out, bool b)
{
    msx_v_tri(out, msx_tri_of(b));
}
static inline void msx_v_num(struct msx_value *out, double n)
{
    out->type = MSX_V_NUM;
    out->u.num = n;
}
static inline void msx_v_str(struct msx_value *out, const char *s) /* NULL gives null */
{
    out->type = s ? MSX_V_STR : MSX_V_NULL;
    out->u.str = s;
}
static inline void msx_v_day(struct msx_value *out, msx_day d) /* MSX_DAY_NONE gives null */
{
    out->type = d == MSX_DAY_NONE ? MSX_V_NULL : MSX_V_DATE;
    out->u.day = d;
}
static inline void msx_v_days(struct msx_value *out, msx_day a, msx_day b) /* from a to b */
{
    if (a != MSX_DAY_NONE && b != MSX_DAY_NONE)
        msx_v_num(out, (double)b - (double)a);
}
/* A list of n texts, copied into the arena (the texts themselves are borrowed). */
void msx_v_strings(struct msx_world *w, struct msx_value *out, const char *const *items, size_t n);
bool msx_list_has(const struct msx_value *list, const char *s);

/* Tasks of a milestone, as facts may look at them. */
enum msx_tasks { MSX_TASKS_READ, MSX_TASKS_OUT, MSX_TASKS_FAILED };
enum msx_tasks msx_tasks_of(struct msx_rec *m, struct msx_rec *const **items, size_t *n);
/* Has any task this yes/no fact? Left out: no. */
enum msx_tri msx_any_task(struct msx_rec *m, int fact);

#endif
