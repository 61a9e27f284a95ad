/* The tools (facts/tools.md) and their registry: one entry for commands, flows and the MCP server.
 */
#ifndef MSXOPS_CRM_H
#define MSXOPS_CRM_H

#include "msxops/config.h"
#include "msxops/odata.h"

/* Where planning tools put what they made. lib/plan gives the implementation that writes a file. */
struct msx_stage {
    /* op: a complete operation without "id" (architecture.md section 5), stolen. result: new object
     * {operationId, plan, guardrails[]}. */
    enum msx_code (*add)(void *user, json_t *op, json_t **result, struct msx_error *err);
    /* New array of operations already in the plan (borrowed items); for duplicate checks. */
    enum msx_code (*list)(void *user, json_t **ops, struct msx_error *err);
    enum msx_code (*cancel)(void *user, const char *id /* NULL = all */, json_t **result,
                            struct msx_error *err);
    void *user;
    const char *(*path)(void *user); /* the plan's file, NULL before the first add; may be NULL */
    /* These operations (array, borrowed) are about to be added. May be NULL. */
    enum msx_code (*coming)(void *user, const json_t *ops, struct msx_error *err);
    /* A flow's result (its "flow", "role", "run" and "decision") stands behind what was added: the
     * plan names it. Called after add. May be NULL. */
    enum msx_code (*result)(void *user, const json_t *summary, struct msx_error *err);
};

/* One signed-in session with one organisation. Threads may call tools at the same time. */
struct msx_crm {
    const struct msx_ctx *ctx;
    const struct msx_profile *profile;
    struct msx_auth *auth;
    struct msx_odata *odata;
    const struct msx_stage *stage; /* NULL: planning tools answer MSX_E_USAGE */
    json_t *
        origin; /* "origin" of operations staged through tools: {"by":"human"} or agent; borrowed */
    struct msx_crm_cache *cache; /* whoami and the like; private to lib/crm */
};
enum msx_code msx_crm_open(const struct msx_ctx *ctx, const struct msx_profile *profile,
                           struct msx_auth *auth, struct msx_crm *out,
                           struct msx_error *err) MSX_MUST_CHECK;
void msx_crm_close(struct msx_crm *crm);
/* How crm_whoami learns the running user's role: fn gets msx_crm_me()'s object and gives a new
 * {name, confidence, candidates[]}, or NULL. Without it role is null. Call before the first tool.
 */
void msx_crm_set_role_fn(struct msx_crm *crm, json_t *(*fn)(void *user, const json_t *me),
                         void *user);

enum msx_tool_effect { MSX_TOOL_READS, MSX_TOOL_PLANS, MSX_TOOL_EXECUTES };
enum msx_param_type {
    MSX_P_STRING,
    MSX_P_INT,
    MSX_P_NUMBER,
    MSX_P_BOOL,
    MSX_P_GUID,
    MSX_P_DATE,    /* YYYY-MM-DD or a relative form; tools see YYYY-MM-DD */
    MSX_P_STRINGS, /* array; one string alone is taken as an array of one */
    MSX_P_GUIDS,   /* likewise */
    MSX_P_OBJECT,
    MSX_P_CHOICE, /* code (integer) or label (string) of a choice column */
    MSX_P_FIELDS, /* "a,b" or ["a","b"]; tools see "a,b" */
    MSX_P_ANY,
};
struct msx_param {
    const char *name;
    enum msx_param_type type;
    bool required;
    const char *const *one_of; /* NULL-terminated allowed values, or NULL */
    const char *doc;
};
struct msx_tool {
    const char *name, *title, *doc;
    enum msx_tool_effect effect;
    const struct msx_param *params; /* name NULL ends */
    const char *result;             /* one line: the shape of the answer */
    enum msx_code (*fn)(struct msx_crm *crm, const json_t *params, json_t **result,
                        struct msx_error *err);
};
const struct msx_tool *const *msx_tools(void); /* NULL-terminated, in documented order */
const struct msx_tool *msx_tool_find(const char *name);
json_t *msx_tool_schema(const struct msx_tool *t); /* new JSON Schema 2020-12 of the parameters */
/* Check params (object or NULL) against the table, then run. MSX_E_USAGE: unknown tool or parameter
 * (with nearest name), wrong type, missing. params is not changed. */
enum msx_code msx_tool_call(struct msx_crm *crm, const char *name, const json_t *params,
                            json_t **result, struct msx_error *err) MSX_MUST_CHECK;

/* The same tool for each element of params (array of objects); results is a new array in that
 * order. Planning tools share one round of reads, and when one operation cannot be built nothing at
 * all is staged. When staging itself fails half-way results holds what was staged before. */
enum msx_code msx_tool_call_each(struct msx_crm *crm, const char *name, const json_t *params,
                                 json_t **results, struct msx_error *err) MSX_MUST_CHECK;
/* crm_query page by page, in memory bounded by a page: fn gets each page's records (borrowed, as
 * the tool gives them). params are the tool's. */
enum msx_code msx_crm_query_each(struct msx_crm *crm, const json_t *params, msx_page_fn fn,
                                 void *user, struct msx_error *err) MSX_MUST_CHECK;

/* ---- references and labels, shared by commands and tools ---- */
enum msx_ref_kind {
    MSX_REF_ACCOUNT,
    MSX_REF_OPPORTUNITY,
    MSX_REF_MILESTONE,
    MSX_REF_TASK,
    MSX_REF_USER
};
/* REF of cli.md: GUID, milestone number, record URL, or unique name -> GUID. MSX_E_NOTFOUND,
 * MSX_E_AMBIGUOUS (candidates in msg, at most 5), MSX_E_USAGE (URL of another organisation/table).
 */
enum msx_code msx_ref_resolve(struct msx_crm *crm, enum msx_ref_kind kind, const char *ref,
                              char guid_out[37], struct msx_error *err) MSX_MUST_CHECK;
/* Many at once, milestone numbers in one round: refs is an array of strings, guids a new array in
 * the same order. */
enum msx_code msx_ref_resolve_all(struct msx_crm *crm, enum msx_ref_kind kind, const json_t *refs,
                                  json_t **guids, struct msx_error *err) MSX_MUST_CHECK;
/* Code of a label or number of a choice column, through metadata with the documented codes as
 * fallback; case-insensitive. MSX_E_USAGE names the allowed labels. */
enum msx_code msx_label_code(struct msx_crm *crm, const char *logical, const char *column,
                             const char *label, json_int_t *code_out,
                             struct msx_error *err) MSX_MUST_CHECK;
/* Label of a code, new string, the number as text when unknown. */
enum msx_code msx_code_label(struct msx_crm *crm, const char *logical, const char *column,
                             json_int_t code, char **out, struct msx_error *err) MSX_MUST_CHECK;
/* {org}/main.aspx?etn=..&id=..&pagetype=entityrecord ; new string, NULL when out of memory. */
char *msx_record_url(const char *org, const char *logical, const char *id);
/* {systemuserid, fullname, internalemailaddress, title, businessunitid...}: the running user, read
 * once. Borrowed. */
enum msx_code msx_crm_me(struct msx_crm *crm, json_t **out, struct msx_error *err) MSX_MUST_CHECK;

/* The rows of view_staged_changes_diff: [{field,before,after,changeType}], sorted by field; equal
 * fields left out. New array. */
json_t *msx_diff_rows(const json_t *before, const json_t *after);
/* The same for an operation, whose "before" is the whole record and whose "after" holds only what
 * is written: rows for the fields of after alone. Where a label is shown instead of a code or GUID
 * the row also has beforeValue and afterValue. New array. */
json_t *msx_op_rows(const json_t *before, const json_t *after);

/* The organisation has the table, but not this column of it (metadata name: "ownerid"). False when
 * its metadata cannot be read, or does not even list the table's key. */
bool msx_crm_lacks(struct msx_crm *crm, const char *logical, const char *column);

/* Build an operation as an approved-by-nobody value, the way the planning tools do, without adding
 * it to a plan: type is create_task, update_task, close_task, create_milestone, update_milestone;
 * params are the tool's. For flows. New object; its members are described in plan.h. */
enum msx_code msx_op_build(struct msx_crm *crm, const char *type, const json_t *params, json_t **op,
                           struct msx_error *err) MSX_MUST_CHECK;
/* The request that carries out an operation: {method, path, headers{}, body{}}; used by apply and
 * shown by `plan show --requests`. lookups become @odata.bind. New object. */
enum msx_code msx_op_request(struct msx_crm *crm, const json_t *op, json_t **req,
                             struct msx_error *err) MSX_MUST_CHECK;
/* Many operations with one round of reads: requests is [{type, params}]; results is a new array of
 * the same length, each an operation or {"error": {code, message, hint}} (code as msx_code_name()).
 * A failure of the reads themselves is a failure of the whole. */
enum msx_code msx_op_build_all(struct msx_crm *crm, const json_t *requests, json_t **results,
                               struct msx_error *err) MSX_MUST_CHECK;
/* $select that reads every field an operation's guard and read-back need, for its entity set. NULL
 * for an unknown type. */
const char *msx_op_select(const char *type);
/* Read the target of an operation with those columns and its etag; columns that the organisation
 * lacks are left out. New object. MSX_E_NOTFOUND. */
enum msx_code msx_op_read(struct msx_crm *crm, const char *type, const char *id, json_t **record,
                          struct msx_error *err) MSX_MUST_CHECK;

#endif
