/* What takes an operation back. */
#include "plan/plan_priv.h"

/* Codes of the service's own task states (facts of the platform, not of a sales process). */
enum { TASK_OPEN = 0, TASK_CANCELLED = 2, TASK_STATUS_CANCELLED = 6 };

static json_t *none(const char *reason)
{
    return json_pack("{s:s}", "none", reason);
}

/* The written columns as they were before. */
static json_t *as_before(const json_t *op, const char *type)
{
    MSX_AUTO(msx_json_free_p) json_t *after = json_object();
    json_t *before = msx_json_obj(op, "before");
    const char *key;
    json_t *v;

    if (!after)
        return NULL;
    json_object_foreach(msx_json_obj(op, "after"), key, v) {
        if (plan_is_column(key) && plan_copy_column(after, before, key) < 0)
            return NULL;
    }
    return json_pack("{s:s, s:O}", "type", type, "after", after);
}

/* A closed task is opened again with the status that it had. */
static json_t *reopen(const json_t *op)
{
    MSX_AUTO(msx_json_free_p) json_t *inverse = as_before(op, "update_task");
    json_t *after = msx_json_obj(inverse, "after"), *before = msx_json_obj(op, "before");

    if (!after)
        return NULL;
    if (!json_object_get(before, "statecode") || !json_object_get(before, "statuscode"))
        return none("the task's status before it was closed is not known");
    (void)json_object_del(after, "actualend"); /* the service's own, gone with the state */
    if (plan_copy_column(after, before, "statecode") < 0 ||
        plan_copy_column(after, before, "statuscode") < 0)
        return NULL;
    return MSX_STEAL(inverse);
}

json_t *plan_inverse(const json_t *op, json_int_t cancelled)
{
    const char *type = msx_json_str_or(op, "type", "");
    const struct plan_type *t = plan_type_find(type);

    if (!t)
        return none("unknown kind of operation");
    if (t->create && plan_type_is_task(t))
        return json_pack("{s:s, s:{s:i, s:s, s:i, s:s}}", "type", "close_task", "after",
                         "statecode", TASK_CANCELLED, "statecode" PLAN_LABEL, "Canceled",
                         "statuscode", TASK_STATUS_CANCELLED, "statuscode" PLAN_LABEL, "Canceled");
    if (t->create) {
        if (cancelled < 0)
            return none("a milestone cannot be deleted, and this organisation has no status "
                        "'Cancelled'");
        return json_pack("{s:s, s:{s:I, s:s}}", "type", "update_milestone", "after",
                         "msp_milestonestatus", cancelled, "msp_milestonestatus" PLAN_LABEL,
                         "Cancelled");
    }
    if (json_object_get(msx_json_obj(op, "after"), "statecode"))
        return reopen(op);
    return as_before(op, type);
}
