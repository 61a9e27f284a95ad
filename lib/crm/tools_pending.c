/* Operations that wait in the plan: list them, take them out, and say how a person carries them
 * out. No tool writes to the CRM: nothing that a model sends can stand for a person's approval. */
#include "crm/op_priv.h"

#include <string.h>

static const struct msx_param no_params[] = { { .name = NULL } };
static const struct msx_param id_params[] = {
    { "id", MSX_P_STRING, true, NULL, "operation, e.g. OP-1" },
    { .name = NULL },
};

/* Operations of the plan; new array. */
static enum msx_code pending(struct msx_crm *crm, json_t **ops, struct msx_error *err)
{
    if (!crm->stage)
        return msx_fail(err, MSX_E_USAGE, "there is no plan");
    return crm->stage->list(crm->stage->user, ops, err);
}

static json_t *text_or_null(const json_t *op, const char *key)
{
    const char *s = msx_json_str(op, key);

    return s ? json_string(s) : json_null();
}

static enum msx_code list_pending(struct msx_crm *crm, const json_t *params, json_t **result,
                                  struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *ops = NULL;
    json_t *rows = json_array();
    json_t *op;
    size_t i;
    enum msx_code rc = rows ? pending(crm, &ops, err) : msx_crm_oom(err);

    (void)params;
    json_array_foreach(ops, i, op) {
        json_t *after = json_object_get(op, "after");

        if (json_array_append_new(rows, json_pack("{s:o,s:o,s:o,s:o,s:o,s:O?}", "id",
                                                  text_or_null(op, "id"), "type",
                                                  text_or_null(op, "type"), "description",
                                                  text_or_null(op, "description"), "stagedAt",
                                                  text_or_null(op, "stagedAt"), "before",
                                                  msx_op_changed_before(op), "after", after)))
            rc = msx_crm_oom(err);
    }
    if (rc) {
        json_decref(rows);
        return rc;
    }
    *result = msx_crm_list_result("operations", rows);
    return *result ? MSX_OK : msx_crm_oom(err);
}

static enum msx_code cancel(struct msx_crm *crm, const json_t *params, json_t **result,
                            struct msx_error *err)
{
    if (!crm->stage)
        return msx_fail(err, MSX_E_USAGE, "there is no plan");
    return crm->stage->cancel(crm->stage->user, msx_json_str(params, "id"), result, err);
}

/* The exact command that applies the plan, or one operation of it. New string. */
static char *apply_command(const struct msx_crm *crm, const char *id)
{
    const char *path = crm->stage->path ? crm->stage->path(crm->stage->user) : NULL;
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(64 << 10);

    msx_buf_adds(&b, "msxops apply '");
    for (const char *p = path ? path : "PLAN"; *p; p++) { /* for a shell: ' ends, \' is one */
        if (*p == '\'')
            msx_buf_adds(&b, "'\\''");
        else
            msx_buf_addc(&b, *p);
    }
    msx_buf_addc(&b, '\'');
    if (id)
        msx_buf_addf(&b, " --only %s", id);
    return msx_buf_take(&b);
}

static const json_t *find_op(const json_t *ops, const char *id)
{
    json_t *op;
    size_t i;

    json_array_foreach(ops, i, op) {
        if (msx_ieq(msx_json_str(op, "id"), id))
            return op;
    }
    return NULL;
}

static enum msx_code execute_one(struct msx_crm *crm, const json_t *params, json_t **result,
                                 struct msx_error *err)
{
    const char *id = msx_json_str(params, "id");
    MSX_AUTO(msx_json_free_p) json_t *ops = NULL;
    MSX_AUTO(msx_free_p) char *command = NULL;
    const json_t *op;
    enum msx_code rc = pending(crm, &ops, err);

    if (rc)
        return rc;
    op = find_op(ops, id);
    if (!op)
        return msx_fail(err, MSX_E_NOTFOUND, "the plan has no operation '%.40s'", id);
    command = apply_command(crm, msx_json_str(op, "id"));
    *result = command ? json_pack("{s:b,s:b,s:o,s:o,s:s,s:s}", "success", 0, "executed", 0, "type",
                                  text_or_null(op, "type"), "description",
                                  text_or_null(op, "description"), "command", command, "message",
                                  "a person applies it: run the command in a terminal")
                      : NULL;
    return *result ? MSX_OK : msx_crm_oom(err);
}

static enum msx_code execute_all(struct msx_crm *crm, const json_t *params, json_t **result,
                                 struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *ops = NULL;
    MSX_AUTO(msx_free_p) char *command = NULL;
    enum msx_code rc = pending(crm, &ops, err);

    (void)params;
    if (rc)
        return rc;
    command = apply_command(crm, NULL);
    *result = command
                  ? json_pack("{s:i,s:i,s:[],s:I,s:s,s:s}", "executed", 0, "failed", 0, "results",
                              "pending", (json_int_t)json_array_size(ops), "command", command,
                              "message", "a person applies them: run the command in a terminal")
                  : NULL;
    return *result ? MSX_OK : msx_crm_oom(err);
}

const struct msx_tool msx_tool_list_pending_operations = {
    .name = "list_pending_operations",
    .title = "List planned operations",
    .doc = "Operations that wait in the plan for a person's approval.",
    .effect = MSX_TOOL_READS,
    .params = no_params,
    .result = "{count, operations: [{id, type, description, stagedAt, before, after}]}",
    .fn = list_pending,
};
const struct msx_tool msx_tool_execute_operation = {
    .name = "execute_operation",
    .title = "Apply a planned operation",
    .doc = "Answer with the command by which a person applies one operation of the plan; writes "
           "nothing itself.",
    .effect = MSX_TOOL_EXECUTES,
    .params = id_params,
    .result = "{success, executed, type, description, command, message}",
    .fn = execute_one,
};
const struct msx_tool msx_tool_execute_all = {
    .name = "execute_all",
    .title = "Apply the plan",
    .doc = "Answer with the command by which a person applies the plan; writes nothing itself.",
    .effect = MSX_TOOL_EXECUTES,
    .params = no_params,
    .result = "{executed, failed, results[], pending, command, message}",
    .fn = execute_all,
};
const struct msx_tool msx_tool_cancel_operation = {
    .name = "cancel_operation",
    .title = "Take an operation out of the plan",
    .doc = "Take one operation, and what depends on it, out of the plan.",
    .effect = MSX_TOOL_PLANS,
    .params = id_params,
    .result = "{cancelled, remaining, plan}",
    .fn = cancel,
};
const struct msx_tool msx_tool_cancel_all = {
    .name = "cancel_all",
    .title = "Empty the plan",
    .doc = "Take all operations out of the plan.",
    .effect = MSX_TOOL_PLANS,
    .params = no_params,
    .result = "{cancelled, remaining, plan}",
    .fn = cancel,
};
