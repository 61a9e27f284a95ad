/* What the files of lib/plan share: the kinds of operation, values and their comparison. */
#ifndef MSX_PLAN_PRIV_H
#define MSX_PLAN_PRIV_H

#include "msxops/json.h"
#include "msxops/plan.h"

#define PLAN_FORMAT   "msxops-plan"
#define PLAN_VERSION  1
#define PLAN_ETAG     "@odata.etag"
#define PLAN_LABEL    "@OData.Community.Display.V1.FormattedValue"
#define PLAN_LOOKUP   "@Microsoft.Dynamics.CRM.lookuplogicalname"
#define PLAN_ZERO_SHA "0000000000000000000000000000000000000000000000000000000000000000"

/* ---- types.c: the five kinds of operation ---- */
struct plan_type {
    const char *name;
    const char *set;     /* entity set of the target */
    const char *logical; /* table */
    bool create;
    const char *const *columns; /* the only ones it writes, NULL-terminated; NULL: any ordinary */
};
const struct plan_type *plan_type_find(const char *name); /* NULL when there is no such type */
bool plan_type_is_task(const struct plan_type *t);
bool plan_type_allows(const struct plan_type *t, const char *column);
/* "create_task, update_task, ..." for messages. */
#define PLAN_TYPE_NAMES "create_task, update_task, close_task, create_milestone or update_milestone"

/* ---- value.c: columns, values, comparison ---- */
/* False for annotations ("x@..."). */
bool plan_is_column(const char *key);
/* Label annotation of a column of a record, else NULL. Borrowed. */
const char *plan_label(const json_t *record, const char *column);
/* Copy a column's value with its annotations; absent becomes null. 0 or -1 (no memory). */
int plan_copy_column(json_t *to, const json_t *from, const char *column);
/* The same stored value: null, absent and "" are one; 5 is 5.0; a date is its midnight; GUIDs in
 * any case; line ends in any style. */
bool plan_value_same(const json_t *a, const json_t *b);
/* Append s as a terminal may show it; "..." stands for what is beyond about max bytes of that. */
void plan_add_short(struct msx_buf *b, const char *s, size_t max);
/* The value as a person reads it, label first, at most about 100 bytes, appended. */
void plan_value_text(struct msx_buf *b, const json_t *record, const char *column);
/* Names of the <<...>> placeholders in the values that op would send, joined with ", "; false if
 * there are none. */
bool plan_placeholders(const json_t *op, struct msx_buf *names);
/* The part of a text column's new value that op adds: what follows the lines that it leaves as they
 * are. Borrowed; NULL when op writes no text there. */
const char *plan_added_text(const json_t *op, const char *column);

enum plan_state {
    PLAN_STATE_DONE,    /* every planned value is there */
    PLAN_STATE_AS_READ, /* what was read when planning is still there */
    PLAN_STATE_TOUCHED, /* something else is there */
};
struct plan_compare {
    enum plan_state state;
    bool written_touched; /* one of the columns to be written is among the touched ones */
    json_t *touched;      /* array of {field, before, after?, now} with labels as text; or NULL */
};
/* Three-way comparison of op's guarded and written columns: expect (what should be there), after,
 * and now (the record). MSX_E_NOMEM only. */
enum msx_code plan_compare(const json_t *op, const json_t *expect, const json_t *now,
                           struct plan_compare *out, struct msx_error *err) MSX_MUST_CHECK;
/* Columns of op's after that the record does not show: array of {field, after, now}; empty when the
 * record is as asked. New; NULL when out of memory. */
json_t *plan_not_shown(const json_t *op, const json_t *record);

/* ---- small helpers over the document ---- */
const char *plan_op_id(const json_t *op); /* never NULL */
const struct plan_type *plan_op_type(const json_t *op);
const char *plan_target_id(const json_t *op);
/* "7-123456789 Name", or what of it is known; appended. */
void plan_record_text(struct msx_buf *b, const json_t *op);
bool plan_same_record(const json_t *a, const json_t *b);
/* Operation by id; borrowed, NULL if there is none. */
json_t *plan_find(const json_t *doc, const char *id);
/* The same; MSX_E_NOTFOUND when the plan has no such operation. op_out: borrowed, may be NULL. */
enum msx_code plan_get(const json_t *doc, const char *id, json_t **op_out,
                       struct msx_error *err) MSX_MUST_CHECK;
bool plan_in(const char *const *ids, size_t n, const char *id);
/* The number n of "OP-n", 0 when id has another form. */
unsigned long plan_id_number(const char *id);

/* ---- owner.c ---- */
/* MSX_E_DENIED when the plan is for another organisation or user than crm is signed in with. */
enum msx_code plan_check_owner(struct msx_crm *crm, const json_t *doc,
                               struct msx_error *err) MSX_MUST_CHECK;
/* ---- plan.c ---- */
/* A new empty document. me: the systemuser record. */
enum msx_code plan_doc_new(const char *org, const json_t *me, const char *role, const char *tool,
                           int64_t now_s, json_t **out, struct msx_error *err) MSX_MUST_CHECK;
enum msx_code plan_doc_save(const char *path, const json_t *doc,
                            struct msx_error *err) MSX_MUST_CHECK;
/* Lock file in the state folder for a plan file, so that nothing is left beside it. New string. */
enum msx_code plan_lock_path(const struct msx_ctx *ctx, const char *path, char **out,
                             struct msx_error *err) MSX_MUST_CHECK;

/* ---- check.c ---- */
enum msx_code plan_check_op(const json_t *op, const char *name,
                            struct msx_error *err) MSX_MUST_CHECK;

/* ---- rows.c ---- */
/* msx_diff_rows() over the columns that op writes. New; NULL when out of memory. */
json_t *plan_rows(const json_t *op);

/* ---- select.c ---- */
/* Append the $select list that deciding about op needs; with all, also what guardrails look at. */
void plan_select(struct msx_buf *b, const json_t *op, bool all);

/* ---- inverse.c ---- */
/* {type, after} that takes op back, or {"none": reason}. cancelled: label code of a cancelled
 * milestone, -1 when not known. New; NULL when out of memory. */
json_t *plan_inverse(const json_t *op, json_int_t cancelled);

/* ---- merge.c ---- */
enum plan_merge { PLAN_MERGE_NONE, PLAN_MERGE_DONE, PLAN_MERGE_EMPTY };
/* Put the new operation op into an operation of doc that has the same purpose, if there is one.
 * DONE: *into (borrowed) has been changed; EMPTY: it has nothing left to change and should be
 * removed. MSX_E_CONFLICT when both cannot be in one plan. */
enum msx_code plan_merge(const json_t *doc, const json_t *op, enum plan_merge *result,
                         json_t **into, struct msx_error *err) MSX_MUST_CHECK;

#endif
