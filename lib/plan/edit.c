/* Changing what one operation writes. The new values go the way of the planning tools: checked and
 * resolved against CRM as it is, so that a label, a date or a name may be typed as on the command
 * line. An override was given for the operation as it was, and ends. */
#include <string.h>

#include "msxops/file.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "plan/plan_priv.h"

/* Parameter of a create tool for each column that it writes. */
static const struct {
    const char *column, *param;
} names[] = {
    { "subject", "subject" },
    { "description", "description" },
    { "scheduledend", "dueDate" },
    { "msp_taskcategory", "category" },
    { "_ownerid_value", "ownerId" },
    { "msp_name", "name" },
    { "msp_milestonedate", "milestoneDate" },
    { "msp_monthlyuse", "monthlyUse" },
    { "msp_milestonecategory", "milestoneCategory" },
    { "msp_commitmentrecommendation", "commitmentRecommendation" },
    { "msp_milestonestatus", "milestoneStatus" },
    { "_msp_workloadlkid_value", "workloadId" },
    { "msp_forecastcomments", "forecastComments" },
};

static const char *param_of(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].column, name) == 0 || strcmp(names[i].param, name) == 0)
            return names[i].param;
    return NULL;
}

/* text with each <<name>> replaced. New, NULL when it has none. */
static char *filled(const char *text, const json_t *fill)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(MSX_PLAN_MAX_BYTES);
    bool any = false;

    while (*text) {
        const char *open = strstr(text, "<<");
        const char *close = open ? strstr(open, ">>") : NULL;
        MSX_AUTO(msx_free_p) char *name = NULL;
        const char *value;

        if (!close) {
            msx_buf_adds(&b, text);
            break;
        }
        name = msx_strndup(open + 2, (size_t)(close - open - 2));
        value = name ? msx_json_str(fill, name) : NULL;
        msx_buf_add(&b, text, (size_t)(open - text));
        if (value)
            msx_buf_adds(&b, value);
        else
            msx_buf_add(&b, open, (size_t)(close + 2 - open));
        any = any || value;
        text = close + 2;
    }
    return any ? msx_buf_take(&b) : NULL;
}

/* What is to be written: the fields given, and texts of the operation with their blanks filled.
 * New. */
static enum msx_code wanted(const json_t *op, const json_t *fields, const json_t *fill,
                            json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *all = json_object();
    json_t *v;
    const char *key;

    json_object_foreach(msx_json_obj(op, "after"), key, v) {
        MSX_AUTO(msx_free_p)
        char *text =
            json_is_string(v) && plan_is_column(key) ? filled(json_string_value(v), fill) : NULL;

        if (text && msx_json_set_str(all, key, text) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    json_object_foreach((json_t *)(uintptr_t)fields, key, v) {
        if (json_object_set(all, key, v) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    if (!json_object_size(all))
        return msx_fail(err, MSX_E_USAGE, "%s has no blank of that name", plan_op_id(op));
    *out = MSX_STEAL(all);
    return MSX_OK;
}

/* Parameters of the planning tool that would make this operation anew with the wanted values. */
static enum msx_code remake_params(const json_t *op, const json_t *want, json_t **out,
                                   struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    const struct plan_type *t = plan_op_type(op);
    const json_t *context = msx_json_obj(op, "context");
    json_t *v;
    const char *key;
    int rc = plan_type_is_task(t)
                 ? json_object_set(p, "milestoneId",
                                   json_object_get(msx_json_obj(context, "milestone"), "id"))
                 : json_object_set(p, "opportunityId",
                                   json_object_get(msx_json_obj(context, "opportunity"), "id"));

    json_object_foreach(msx_json_obj(op, "after"), key, v) {
        const char *param = plan_is_column(key) && !json_is_null(v) ? param_of(key) : NULL;

        if (param)
            rc |= json_object_set(p, param, v);
    }
    json_object_foreach((json_t *)(uintptr_t)want, key, v) {
        const char *param = param_of(key);

        if (!param)
            return msx_fail(err, MSX_E_USAGE, "%s cannot set '%.80s'", t->name, key);
        rc |= json_object_set(p, param, v);
    }
    if (rc)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = MSX_STEAL(p);
    return MSX_OK;
}

/* A create: the operation keeps its number and the GUID that the record will have. */
static enum msx_code remake(struct msx_crm *crm, struct msx_plan *p, json_t *op, const json_t *want,
                            const struct msx_guard *guard, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *params = NULL;
    MSX_AUTO(msx_json_free_p) json_t *made = NULL;
    enum msx_code rc = remake_params(op, want, &params, err);
    json_t *target = msx_json_obj(op, "target");

    if (!rc)
        rc = msx_op_build(crm, msx_json_str_or(op, "type", ""), params, &made, err);
    if (rc)
        return rc;
    if (json_object_set(op, "after", json_object_get(made, "after")) < 0 ||
        json_object_set(target, "name", json_object_get(msx_json_obj(made, "target"), "name")) <
            0 ||
        json_object_set_new(op, "guardrails", json_array()) < 0 ||
        json_object_set_new(op, "rows", plan_rows(op)) < 0)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = guard ? guard->check(guard->user, p->doc, op, NULL, err) : MSX_OK;
    return rc ? rc : msx_plan_save(p, err);
}

/* An update: planned again on the same record, which the plan merges into the operation. */
static enum msx_code replan(struct msx_crm *crm, const char *path, const json_t *op,
                            const json_t *want, const struct msx_guard *guard,
                            struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *params = NULL;
    MSX_AUTO(msx_json_free_p) json_t *result = NULL;
    const char *key = plan_type_is_task(plan_op_type(op)) ? "taskId" : "milestoneId";
    json_t *made = NULL;
    struct msx_stage *stage = NULL;
    enum msx_code rc;

    params = json_pack("{s:s, s:O}", key, plan_target_id(op), "fields", (json_t *)(uintptr_t)want);
    if (!params)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_op_build(crm, msx_json_str_or(op, "type", ""), params, &made, err);
    if (rc)
        return rc;
    /* who planned it and why does not change with a value */
    (void)json_object_del(made, "why");
    (void)json_object_del(made, "impact");
    (void)json_object_del(made, "risk");
    (void)json_object_del(made, "source");
    rc = msx_plan_stage_new(crm, path, guard, &stage, err);
    if (rc) {
        json_decref(made);
        return rc;
    }
    rc = stage->add(stage->user, made, &result, err);
    msx_plan_stage_free(stage);
    return rc;
}

enum msx_code msx_plan_edit(struct msx_crm *crm, const char *path, const char *id,
                            const json_t *fields, const json_t *fill, const struct msx_guard *guard,
                            struct msx_error *err)
{
    MSX_AUTO(msx_plan_free_p) struct msx_plan *p = NULL;
    MSX_AUTO(msx_json_free_p) json_t *want = NULL;
    MSX_AUTO(msx_lock_release_p) int lock = -1;
    json_t *op = NULL;
    enum msx_code rc = msx_plan_lock(crm->ctx, path, &lock, err);

    if (!rc)
        rc = msx_plan_load(path, &p, err);
    if (!rc)
        rc = plan_check_owner(crm, p->doc, err);
    if (!rc)
        rc = plan_get(p->doc, id, &op, err);
    if (rc)
        return rc;
    if (strcmp(msx_json_str_or(op, "type", ""), "close_task") == 0)
        return msx_fail(err, MSX_E_USAGE, "%s closes a task: there is no value to edit", id);
    rc = wanted(op, fields, fill, &want, err);
    if (rc)
        return rc;
    if (plan_op_type(op)->create)
        return remake(crm, p, op, want, guard, err);
    msx_lock_release(lock); /* the stage takes it */
    lock = -1;
    return replan(crm, path, op, want, guard, err);
}
