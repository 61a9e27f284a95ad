/* The planning tools: build an operation and hand it to the plan. Nothing is sent to the CRM. */
#include "crm/op_priv.h"

#include <string.h>

#define WHY_PARAMS                                                                                 \
    { "why", MSX_P_STRING, false, NULL, "the reason, shown to the person who approves" },          \
        { "impact", MSX_P_STRING, false, NULL, "expected effect, shown likewise" },                \
        { "risk", MSX_P_STRING, false, NULL, "what could go wrong, shown likewise" },              \
    {                                                                                              \
        .name = NULL                                                                               \
    }

static const struct msx_param create_task_params[] = {
    { "milestoneId", MSX_P_GUID, true, NULL, "the milestone that the task is about" },
    { "subject", MSX_P_STRING, true, NULL, "what is to be done, at most 200 characters" },
    { "category", MSX_P_CHOICE, false, NULL, "task category, label or code" },
    { "dueDate", MSX_P_DATE, false, NULL, "due date" },
    { "ownerId", MSX_P_GUID, false, NULL, "who does it; without it: you" },
    { "description", MSX_P_STRING, false, NULL, "details" },
    WHY_PARAMS,
};
static const struct msx_param update_task_params[] = {
    { "taskId", MSX_P_GUID, true, NULL, "the task" },
    { "subject", MSX_P_STRING, false, NULL, "new subject" },
    { "dueDate", MSX_P_DATE, false, NULL, "new due date" },
    { "description", MSX_P_STRING, false, NULL, "new description; replaces the present one" },
    { "statusCode", MSX_P_CHOICE, false, NULL, "open status, label or code" },
    { "ownerId", MSX_P_GUID, false, NULL, "new owner" },
    { "category", MSX_P_CHOICE, false, NULL, "task category, label or code" },
    { "fields", MSX_P_OBJECT, false, NULL, "further columns by name" },
    WHY_PARAMS,
};
static const struct msx_param close_task_params[] = {
    { "taskId", MSX_P_GUID, true, NULL, "the task" },
    { "statusCode", MSX_P_CHOICE, true, NULL, "completed (5) or cancelled (6)" },
    { "subject", MSX_P_STRING, false, NULL, "new subject" },
    WHY_PARAMS,
};
static const struct msx_param update_milestone_params[] = {
    { "milestoneId", MSX_P_GUID, true, NULL, "the milestone" },
    { "milestoneDate", MSX_P_DATE, false, NULL, "new date" },
    { "monthlyUse", MSX_P_NUMBER, false, NULL, "new monthly use in USD" },
    { "forecastComments", MSX_P_STRING, false, NULL, "new comments; replace the present ones" },
    { "milestoneStatus", MSX_P_CHOICE, false, NULL, "new status, label or code" },
    { "commitmentRecommendation", MSX_P_CHOICE, false, NULL, "committed or uncommitted" },
    { "ownerId", MSX_P_GUID, false, NULL, "new owner" },
    { "name", MSX_P_STRING, false, NULL, "new name" },
    { "milestoneCategory", MSX_P_CHOICE, false, NULL, "new category, label or code" },
    { "workloadId", MSX_P_GUID, false, NULL, "new workload" },
    { "fields", MSX_P_OBJECT, false, NULL, "further columns by name" },
    WHY_PARAMS,
};
static const struct msx_param create_milestone_params[] = {
    { "opportunityId", MSX_P_GUID, true, NULL, "the opportunity that it belongs to" },
    { "name", MSX_P_STRING, true, NULL, "its name" },
    { "milestoneDate", MSX_P_DATE, false, NULL, "its date" },
    { "monthlyUse", MSX_P_NUMBER, false, NULL, "monthly use in USD" },
    { "milestoneCategory", MSX_P_CHOICE, false, NULL, "category, label or code" },
    { "commitmentRecommendation", MSX_P_CHOICE, false, NULL, "committed or uncommitted" },
    { "milestoneStatus", MSX_P_CHOICE, false, NULL, "status, label or code" },
    { "workloadId", MSX_P_GUID, false, NULL, "its workload" },
    { "ownerId", MSX_P_GUID, false, NULL, "its owner; without it: you" },
    { "transactionCurrencyId", MSX_P_GUID, false, NULL, "currency of its amounts" },
    { "forecastComments", MSX_P_STRING, false, NULL, "comments" },
    WHY_PARAMS,
};

/* Customer, opportunity, milestone and target by name and number, for the answer. */
static json_t *identity_of(const json_t *op)
{
    MSX_AUTO(msx_json_free_p) json_t *identity = json_deep_copy(json_object_get(op, "context"));

    if (!identity || json_object_set(identity, "target", json_object_get(op, "target")))
        return NULL;
    return MSX_STEAL(identity);
}

json_t *msx_op_changed_before(const json_t *op)
{
    MSX_AUTO(msx_json_free_p) json_t *was = json_object();
    const json_t *before = json_object_get(op, "before");
    const char *key;
    json_t *v;

    json_object_foreach(json_object_get(op, "after"), key, v) {
        json_t *old = json_object_get(before, key);

        if (old && json_object_set(was, key, old))
            return NULL;
    }
    return MSX_STEAL(was);
}

static json_t *planned(const json_t *op)
{
    return json_pack("{s:b,s:n,s:o,s:o,s:o,s:O,s:O}", "staged", 1, "operationId", "description",
                     json_incref(json_object_get(op, "description")), "identity", identity_of(op),
                     "before", msx_op_changed_before(op), "after", json_object_get(op, "after"),
                     "diff", json_object_get(op, "rows"));
}

/* Hand one operation (stolen) to the plan and make the tool's answer. */
static enum msx_code stage_op(struct msx_crm *crm, json_t *op, json_t **result,
                              struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *out = planned(op);
    MSX_AUTO(msx_json_free_p) json_t *added = NULL;
    MSX_AUTO(msx_free_p) char *message = NULL;
    enum msx_code rc;

    if (!out) {
        json_decref(op);
        return msx_crm_oom(err);
    }
    rc = crm->stage->add(crm->stage->user, op, &added, err);
    if (rc)
        return rc;
    message = msx_asprintf("%s is planned, nothing was sent to CRM; review: msxops diff %s",
                           msx_json_str_or(added, "operationId", "the operation"),
                           msx_json_str_or(added, "plan", "PLAN"));
    if (!message || json_object_update(out, added) || msx_json_set_str(out, "message", message))
        return msx_crm_oom(err);
    *result = MSX_STEAL(out);
    return MSX_OK;
}

/* Parameters of a tool call. A create without owner goes to the user, as the service would do it;
 * said here, so that the person who approves sees it. (A flow that found no owner says so itself.)
 */
static enum msx_code with_owner(struct msx_crm *crm, const struct msx_op_kind *k,
                                const json_t *params, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p)
    json_t *p = msx_crm_object_copy(params);
    const char *me = NULL;
    enum msx_code rc;

    if (!p)
        return msx_crm_oom(err);
    if (k->creates && !msx_json_str(p, "ownerId")) {
        rc = msx_crm_my_id(crm, &me, err);
        if (rc)
            return rc;
        if (msx_json_set_str(p, "ownerId", me))
            return msx_crm_oom(err);
    }
    *out = MSX_STEAL(p);
    return MSX_OK;
}

static enum msx_code plan_op(struct msx_crm *crm, const char *type, const json_t *params,
                             json_t **result, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *p = NULL;
    json_t *op = NULL;
    enum msx_code rc;

    if (!crm->stage)
        return msx_fail(err, MSX_E_USAGE, "%s needs a plan to add to", type);
    rc = with_owner(crm, msx_op_kind_of(type), params, &p, err);
    if (!rc)
        rc = msx_op_build(crm, type, p, &op, err);
    return rc ? rc : stage_op(crm, op, result, err);
}

/* Build all operations; the first that cannot be built fails the whole before anything is staged.
 */
static enum msx_code build_all(struct msx_crm *crm, const struct msx_op_kind *k,
                               const json_t *params, json_t **ops, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *requests = json_array();
    json_t *p;
    size_t i;

    json_array_foreach(params, i, p) {
        json_t *full = NULL;
        enum msx_code rc = with_owner(crm, k, p, &full, err);

        if (rc)
            return rc;
        if (json_array_append_new(requests,
                                  json_pack("{s:s,s:o}", "type", k->name, "params", full)))
            return msx_crm_oom(err);
    }
    return requests ? msx_op_build_strict(crm, requests, ops, err) : msx_crm_oom(err);
}

enum msx_code msx_tool_call_each(struct msx_crm *crm, const char *name, const json_t *params,
                                 json_t **results, struct msx_error *err)
{
    const struct msx_op_kind *k = msx_op_kind_of(name);
    MSX_AUTO(msx_json_free_p) json_t *out = json_array();
    MSX_AUTO(msx_json_free_p) json_t *ops = NULL;
    enum msx_code rc = out ? MSX_OK : msx_crm_oom(err);

    if (!rc && k) {
        rc = crm->stage ? build_all(crm, k, params, &ops, err)
                        : msx_fail(err, MSX_E_USAGE, "%s needs a plan to add to", name);
        if (!rc && crm->stage->coming)
            rc = crm->stage->coming(crm->stage->user, ops, err);
    }
    for (size_t i = 0; !rc && i < json_array_size(params); i++) {
        json_t *result = NULL;

        if (k)
            rc = stage_op(crm, json_incref(json_array_get(ops, i)), &result, err);
        else
            rc = msx_tool_call(crm, name, json_array_get(params, i), &result, err);
        if (!rc && json_array_append_new(out, result))
            rc = msx_crm_oom(err);
    }
    if (!rc || json_array_size(out))
        *results = MSX_STEAL(out);
    return rc;
}

#define PLAN_FN(name)                                                                              \
    static enum msx_code name(struct msx_crm *crm, const json_t *params, json_t **result,          \
                              struct msx_error *err)                                               \
    {                                                                                              \
        return plan_op(crm, #name, params, result, err);                                           \
    }
PLAN_FN(create_task)
PLAN_FN(update_task)
PLAN_FN(close_task)
PLAN_FN(create_milestone)
PLAN_FN(update_milestone)

#define PLAN_RESULT                                                                                \
    "{staged, operationId, description, identity{}, before, after, diff[], guardrails[], plan, "   \
    "message}"

const struct msx_tool msx_tool_create_task = {
    .name = "create_task",
    .title = "Plan a task",
    .doc = "Plan a new task on a milestone. Nothing is written before a person applies the plan.",
    .effect = MSX_TOOL_PLANS,
    .params = create_task_params,
    .result = PLAN_RESULT,
    .fn = create_task,
};
const struct msx_tool msx_tool_update_task = {
    .name = "update_task",
    .title = "Plan changes to a task",
    .doc = "Plan new values of a task. Nothing is written before a person applies the plan.",
    .effect = MSX_TOOL_PLANS,
    .params = update_task_params,
    .result = PLAN_RESULT,
    .fn = update_task,
};
const struct msx_tool msx_tool_close_task = {
    .name = "close_task",
    .title = "Plan the closing of a task",
    .doc = "Plan to complete or cancel a task. Nothing is written before a person applies the "
           "plan.",
    .effect = MSX_TOOL_PLANS,
    .params = close_task_params,
    .result = PLAN_RESULT,
    .fn = close_task,
};
const struct msx_tool msx_tool_update_milestone = {
    .name = "update_milestone",
    .title = "Plan changes to a milestone",
    .doc = "Plan new values of a milestone. Nothing is written before a person applies the plan.",
    .effect = MSX_TOOL_PLANS,
    .params = update_milestone_params,
    .result = PLAN_RESULT,
    .fn = update_milestone,
};
const struct msx_tool msx_tool_create_milestone = {
    .name = "create_milestone",
    .title = "Plan a milestone",
    .doc = "Plan a new milestone on an opportunity. Nothing is written before a person applies "
           "the plan.",
    .effect = MSX_TOOL_PLANS,
    .params = create_milestone_params,
    .result = PLAN_RESULT,
    .fn = create_milestone,
};
