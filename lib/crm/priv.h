/* What the files of lib/crm share: the tables of the CRM, reads over them, records, choices, the
 * parts of get_milestones that views and composite tools reuse, and the planning of operations. */
#ifndef MSX_CRM_PRIV_H
#define MSX_CRM_PRIV_H

#include "msxops/crm.h"
#include "msxops/mem.h"
#include "msxops/text.h"

#define MSX_FMT        "@OData.Community.Display.V1.FormattedValue"
#define MSX_LOGICAL    "@Microsoft.Dynamics.CRM.lookuplogicalname"
#define MSX_FILTER_MAX ((size_t)256 << 10)

static inline enum msx_code msx_crm_oom(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

/* ---- tables (tables.c) ---- */
struct msx_crm_table {
    const char *set, *logical, *key;
    const char *name;   /* column that names a record */
    const char *what;   /* "milestone", for messages */
    const char *select; /* the columns that tools read */
    bool linked;        /* its records get recordUrl */
};
extern const struct msx_crm_table msx_crm_accounts, msx_crm_opportunities, msx_crm_milestones,
    msx_crm_tasks, msx_crm_users, msx_crm_dealteams;
const struct msx_crm_table *msx_crm_table_of_set(const char *set);
const struct msx_crm_table *msx_crm_table_of_logical(const char *logical);
/* The right name for one that people type but that does not exist, or NULL. set: the entity set
 * that it was meant for, or NULL. */
const char *msx_crm_right_name(const char *set, const char *wrong);
/* MSX_E_USAGE with the right name as hint when text (a filter, a column list ...) holds a name that
 * does not exist; what is inside quotes does not count. text may be NULL. */
enum msx_code msx_crm_check_names(const char *set, const char *option, const char *text,
                                  struct msx_error *err) MSX_MUST_CHECK;
/* Nearest entity set for a wrong one, or NULL. */
const char *msx_crm_near_set(const char *set);

/* ---- session (session.c) ---- */
/* systemuserid of the running user, read once; borrowed for crm's life. */
enum msx_code msx_crm_my_id(struct msx_crm *crm, const char **id,
                            struct msx_error *err) MSX_MUST_CHECK;
/* WhoAmI's answer, read once; borrowed. */
enum msx_code msx_crm_whoami(struct msx_crm *crm, json_t **out,
                             struct msx_error *err) MSX_MUST_CHECK;
json_t *msx_crm_role(struct msx_crm *crm, const json_t *me); /* new; JSON null without a hook */
/* Columns that this organisation does not have, remembered in the cache folder for a day. */
bool msx_crm_column_gone(struct msx_crm *crm, const char *set, const char *column);
void msx_crm_column_drop(struct msx_crm *crm, const char *set, const char *column);

/* ---- reads (read.c) ---- */
struct msx_crm_query {
    const struct msx_crm_table *table;
    const char *select; /* NULL = the table's */
    const char *filter; /* or NULL */
    const char *field;  /* with ids: "field in ids" */
    const json_t *ids;  /* array of GUID strings; empty = no request and no rows */
};
struct msx_crm_read; /* under way */
/* Start a listing; q's strings are copied. */
enum msx_code msx_crm_start(struct msx_crm *crm, const struct msx_crm_query *q,
                            struct msx_crm_read **out, struct msx_error *err) MSX_MUST_CHECK;
/* Wait for all of it: new array of records, unordered, with etags. An optional column that the
 * organisation lacks is dropped and the read repeated. */
enum msx_code msx_crm_finish(struct msx_crm_read *r, json_t **records,
                             struct msx_error *err) MSX_MUST_CHECK;
void msx_crm_read_free(struct msx_crm_read *r);
MSX_DEFINE_AUTO(struct msx_crm_read, msx_crm_read_free)
/* Both at once. */
enum msx_code msx_crm_list(struct msx_crm *crm, const struct msx_crm_query *q, json_t **records,
                           struct msx_error *err) MSX_MUST_CHECK;
/* The same query with each of several filters (array of strings), all at the same time: new array
 * of one array of records a filter. */
enum msx_code msx_crm_list_filters(struct msx_crm *crm, const struct msx_crm_query *q,
                                   const json_t *filters, json_t **lists,
                                   struct msx_error *err) MSX_MUST_CHECK;
/* Filters "column eq 'a' or column eq 'b' ..." over many texts, cut into parts that fit a URL; each
 * is joined to base (may be empty) with "and". New array of strings. */
enum msx_code msx_crm_equal_filters(const char *base, const char *column, const json_t *texts,
                                    json_t **filters, struct msx_error *err) MSX_MUST_CHECK;
/* All items of an array of arrays. New array. */
json_t *msx_crm_flatten(const json_t *lists);
/* One record with the table's columns and its etag, new. MSX_E_NOTFOUND. */
enum msx_code msx_crm_read_one(struct msx_crm *crm, const struct msx_crm_table *t, const char *id,
                               json_t **record, struct msx_error *err) MSX_MUST_CHECK;
/* The column that a 400 says the table does not have; new string or NULL. */
char *msx_crm_missing_column(const struct msx_error *err);
/* The failure says that the organisation has no such table (or hides it from this user). */
bool msx_crm_table_missing(const struct msx_error *err);

/* ---- records (record.c) ---- */
/* Shallow copies; NULL when out of memory. (json_copy() gives a shorter copy then.) NULL or another
 * type gives an empty one. */
json_t *msx_crm_array_copy(const json_t *array);
json_t *msx_crm_object_copy(const json_t *object);
/* Label of a field from its annotation; borrowed or NULL. */
const char *msx_crm_label(const json_t *rec, const char *field);
/* Label, else text, else NULL; borrowed. */
const char *msx_crm_shown(const json_t *rec, const char *field);
/* Set field's annotation to label (removed when NULL). */
int msx_crm_set_label(json_t *rec, const char *field, const char *label);
/* Logical name of the table that a lookup points to, or NULL. */
const char *msx_crm_lookup_table(const json_t *rec, const char *field);
/* Remove the etags and add recordUrl; in place. 0 or -1 (out of memory). */
int msx_crm_tidy(struct msx_crm *crm, const struct msx_crm_table *t, json_t *records);
int msx_crm_tidy_one(struct msx_crm *crm, const struct msx_crm_table *t, json_t *record);
/* New array of the distinct GUIDs (lower case) of a column, in order of first appearance. */
json_t *msx_crm_ids_of(const json_t *records, const char *column);
/* {guid: [records]} by a lookup column; new. Every id of ids has an entry. */
json_t *msx_crm_group(const json_t *records, const char *column, const json_t *ids);
bool msx_crm_has_id(const json_t *ids, const char *id); /* array of GUID strings */
struct msx_crm_order {
    const char *field; /* NULL ends the list */
    bool descending;
    bool ignore_case;
};
/* Sort an array of records in place; absent and null values come last. 0 or -1. */
int msx_crm_sort(json_t *records, const struct msx_crm_order *order);
extern const struct msx_crm_order msx_crm_by_date[]; /* milestones: date, number, id */
extern const struct msx_crm_order msx_crm_newest[];  /* tasks: newest first */
/* Does text hold word, ignoring case? NULL text: no. */
bool msx_crm_contains(const char *text, const char *word);
/* {"count": n, key: records}; records stolen. NULL when out of memory. */
json_t *msx_crm_list_result(const char *key, json_t *records);
/* Append a line to result.notes. */
int msx_crm_note(json_t *result, const char *fmt, ...) MSX_PRINTF(2, 3);
/* Append {kind, what, where, effect} to result.gaps. */
int msx_crm_gap(json_t *result, const char *kind, const char *what, const char *effect);
/* Calendar day of a record's date column in the user's calendar. */
msx_day msx_crm_day(struct msx_crm *crm, const json_t *rec, const char *field);
/* params.one (a string) and params.many (an array) as one new array; *given: was either there? */
json_t *msx_crm_one_or_many(const json_t *params, const char *one, const char *many, bool *given);

/* ---- choices (choice.c) ---- */
/* Options of a choice column [{value,label,state?}]: metadata, else the documented codes. New. */
enum msx_code msx_crm_options(struct msx_crm *crm, const char *logical, const char *column,
                              json_t **out, struct msx_error *err) MSX_MUST_CHECK;
/* Label of a documented code, or NULL; for records that came without annotations. */
const char *msx_crm_documented_label(const char *logical, const char *column, json_int_t code);
/* Code of a parameter that is a code or a label. */
enum msx_code msx_crm_choice(struct msx_crm *crm, const char *logical, const char *column,
                             const json_t *value, json_int_t *code,
                             struct msx_error *err) MSX_MUST_CHECK;
bool msx_crm_closed_status(const char *label, const json_int_t *code); /* catalog 1.3, 1.4 */
bool msx_crm_milestone_active(const json_t *milestone);
bool msx_crm_committed(const json_t *milestone);
/* Append a condition that keeps exactly the active milestones; nothing is appended when the
 * organisation's options cannot be read (the caller filters anyway). */
enum msx_code msx_crm_active_filter(struct msx_crm *crm, struct msx_buf *b,
                                    struct msx_error *err) MSX_MUST_CHECK;

/* ---- customers, opportunities, milestones and tasks in bulk ---- */
/* Accounts whose name holds a keyword: new array (one per keyword) of arrays of ids. */
enum msx_code msx_crm_accounts_like(struct msx_crm *crm, const json_t *keywords, json_t **out,
                                    struct msx_error *err) MSX_MUST_CHECK;
/* Milestones that params' scope and filters select (get_milestones), sorted, with etags removed and
 * recordUrl, status and commitment added. notes: result object that gets notes. */
enum msx_code msx_crm_milestones_of(struct msx_crm *crm, const json_t *params, json_t *notes,
                                    json_t **milestones, struct msx_error *err) MSX_MUST_CHECK;
/* The parameters of that scope, for tools that take the same. */
bool msx_crm_scope_given(const json_t *params);
/* Add status, commitment, recordUrl. */
int msx_crm_dress_milestones(struct msx_crm *crm, json_t *milestones);
/* {milestone guid: [tasks, newest first]} for every id. select NULL = all columns. */
enum msx_code msx_crm_tasks_of(struct msx_crm *crm, const json_t *milestone_ids, const char *select,
                               bool open_only, json_t **by_milestone,
                               struct msx_error *err) MSX_MUST_CHECK;
/* Opportunities on whose deal team the user is: new array of ids. MSX_E_NOTFOUND when the
 * organisation has no deal teams (or hides them). among: only these opportunities, or NULL. */
enum msx_code msx_crm_team_opportunities(struct msx_crm *crm, const char *user_id,
                                         const json_t *among, json_t **ids,
                                         struct msx_error *err) MSX_MUST_CHECK;
/* The stand-in: opportunities with a milestone that the user owns. */
enum msx_code msx_crm_owned_milestone_opportunities(struct msx_crm *crm, const char *user_id,
                                                    const json_t *among, json_t **ids,
                                                    struct msx_error *err) MSX_MUST_CHECK;

/* ---- arguments (args.c) ---- */
/* Checked copy of params (object or NULL): canonical GUIDs, resolved dates, nulls left out. */
enum msx_code msx_crm_args(const struct msx_tool *t, const json_t *params,
                           const struct msx_ctx *ctx, json_t **out,
                           struct msx_error *err) MSX_MUST_CHECK;

/* ---- the tools, each declared beside its function ---- */
extern const struct msx_tool msx_tool_crm_auth_status, msx_tool_crm_whoami, msx_tool_crm_query,
    msx_tool_crm_get_record, msx_tool_crm_list_entity_properties, msx_tool_list_accounts_by_tpid,
    msx_tool_list_opportunities, msx_tool_get_my_active_opportunities, msx_tool_get_milestones,
    msx_tool_get_milestone_activities, msx_tool_find_milestones_needing_tasks,
    msx_tool_get_task_status_options, msx_tool_get_task_categories,
    msx_tool_view_milestone_timeline, msx_tool_view_opportunity_cost_trend,
    msx_tool_view_staged_changes_diff, msx_tool_create_task, msx_tool_update_task,
    msx_tool_close_task, msx_tool_update_milestone, msx_tool_create_milestone,
    msx_tool_list_pending_operations, msx_tool_execute_operation, msx_tool_execute_all,
    msx_tool_cancel_operation, msx_tool_cancel_all;

#endif
