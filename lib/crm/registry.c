/* The one list of tools, their JSON Schema, and the one way to call them. To add a tool: declare it
 * beside its function (struct msx_tool) and name it here. */
#include "crm/priv.h"

#include <string.h>

static const struct msx_tool *const tools[] = {
    &msx_tool_crm_auth_status,
    &msx_tool_crm_whoami,
    &msx_tool_crm_query,
    &msx_tool_crm_get_record,
    &msx_tool_crm_list_entity_properties,
    &msx_tool_list_accounts_by_tpid,
    &msx_tool_list_opportunities,
    &msx_tool_get_my_active_opportunities,
    &msx_tool_get_milestones,
    &msx_tool_get_milestone_activities,
    &msx_tool_find_milestones_needing_tasks,
    &msx_tool_get_task_status_options,
    &msx_tool_get_task_categories,
    &msx_tool_view_milestone_timeline,
    &msx_tool_view_opportunity_cost_trend,
    &msx_tool_view_staged_changes_diff,
    &msx_tool_create_task,
    &msx_tool_update_task,
    &msx_tool_close_task,
    &msx_tool_update_milestone,
    &msx_tool_create_milestone,
    &msx_tool_list_pending_operations,
    &msx_tool_execute_operation,
    &msx_tool_execute_all,
    &msx_tool_cancel_operation,
    &msx_tool_cancel_all,
    NULL,
};
#define N_TOOLS (sizeof tools / sizeof tools[0] - 1)

const struct msx_tool *const *msx_tools(void)
{
    return tools;
}

const struct msx_tool *msx_tool_find(const char *name)
{
    for (size_t i = 0; name && i < N_TOOLS; i++)
        if (!strcmp(tools[i]->name, name))
            return tools[i];
    return NULL;
}

static json_t *type_schema(enum msx_param_type type)
{
    switch (type) {
    case MSX_P_STRING:
        return json_pack("{s:s}", "type", "string");
    case MSX_P_INT:
        return json_pack("{s:s}", "type", "integer");
    case MSX_P_NUMBER:
        return json_pack("{s:s}", "type", "number");
    case MSX_P_BOOL:
        return json_pack("{s:s}", "type", "boolean");
    case MSX_P_GUID:
        return json_pack("{s:s,s:s}", "type", "string", "format", "uuid");
    case MSX_P_DATE:
        /* no "format": relative forms are accepted, which a validator would refuse */
        return json_pack("{s:s,s:[s,s]}", "type", "string", "examples", "2026-12-15", "+7d");
    case MSX_P_STRINGS:
        return json_pack("{s:s,s:{s:s}}", "type", "array", "items", "type", "string");
    case MSX_P_GUIDS:
        return json_pack("{s:s,s:{s:s,s:s}}", "type", "array", "items", "type", "string", "format",
                         "uuid");
    case MSX_P_OBJECT:
        return json_pack("{s:s}", "type", "object");
    case MSX_P_CHOICE:
        return json_pack("{s:[s,s]}", "type", "integer", "string");
    case MSX_P_FIELDS:
        return json_pack("{s:[s,s],s:{s:s}}", "type", "string", "array", "items", "type", "string");
    case MSX_P_ANY:
        return json_object();
    }
    return NULL;
}

static json_t *param_schema(const struct msx_param *p)
{
    MSX_AUTO(msx_json_free_p) json_t *s = type_schema(p->type);
    json_t *values;

    if (!s || json_object_set_new(s, "description", json_string(p->doc)))
        return NULL;
    if (!p->one_of)
        return MSX_STEAL(s);
    values = json_array();
    for (size_t i = 0; p->one_of[i]; i++)
        if (json_array_append_new(values, json_string(p->one_of[i]))) {
            json_decref(values);
            return NULL;
        }
    return json_object_set_new(s, "enum", values) ? NULL : MSX_STEAL(s);
}

json_t *msx_tool_schema(const struct msx_tool *t)
{
    MSX_AUTO(msx_json_free_p) json_t *required = json_array();
    MSX_AUTO(msx_json_free_p) json_t *properties = json_object();

    if (!required || !properties)
        return NULL;
    for (const struct msx_param *p = t->params; p->name; p++) {
        if (json_object_set_new(properties, p->name, param_schema(p)))
            return NULL;
        if (p->required && json_array_append_new(required, json_string(p->name)))
            return NULL;
    }
    return json_pack("{s:s,s:s,s:O,s:O,s:b}", "$schema",
                     "https://json-schema.org/draft/2020-12/schema", "type", "object", "properties",
                     properties, "required", required, "additionalProperties", 0);
}

enum msx_code msx_tool_call(struct msx_crm *crm, const char *name, const json_t *params,
                            json_t **result, struct msx_error *err)
{
    const struct msx_tool *t = msx_tool_find(name);
    MSX_AUTO(msx_json_free_p) json_t *args = NULL;
    enum msx_code rc;

    if (!t) {
        const char *names[N_TOOLS];
        const char *near;

        for (size_t i = 0; i < N_TOOLS; i++)
            names[i] = tools[i]->name;
        near = msx_nearest(name ? name : "", names, N_TOOLS);
        msx_fail(err, MSX_E_USAGE, "there is no tool '%s'", name ? name : "");
        if (near)
            msx_hint(err, "did you mean '%s'?", near);
        return MSX_E_USAGE;
    }
    rc = msx_crm_args(t, params, crm->ctx, &args, err);
    return rc ? rc : t->fn(crm, args, result, err);
}
