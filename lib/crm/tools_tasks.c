/* Tasks of milestones, and the values that their choice columns take. */
#include "crm/priv.h"

#include <string.h>

static const struct msx_param activities_params[] = {
    { "milestoneId", MSX_P_GUID, false, NULL, "tasks of this milestone" },
    { "milestoneIds", MSX_P_GUIDS, false, NULL, "tasks of these milestones, grouped" },
    { "mine", MSX_P_BOOL, false, NULL, "instead: my own tasks on milestones" },
    { "ownerId", MSX_P_GUID, false, NULL, "instead: this user's tasks on milestones" },
    { "open", MSX_P_BOOL, false, NULL, "only open tasks" },
    { .name = NULL },
};

/* Tasks of a user that belong to a milestone. */
static enum msx_code tasks_of_user(struct msx_crm *crm, const char *user, bool open_only,
                                   json_t **tasks, struct msx_error *err)
{
    MSX_AUTO(msx_free_p)
    char *filter =
        msx_asprintf("_ownerid_value eq %s%s", user, open_only ? " and statecode eq 0" : "");
    MSX_AUTO(msx_json_free_p) json_t *records = NULL;
    enum msx_code rc;

    if (!filter)
        return msx_crm_oom(err);
    rc = msx_crm_list(crm, &(struct msx_crm_query){ .table = &msx_crm_tasks, .filter = filter },
                      &records, err);
    if (rc)
        return rc;
    for (size_t i = json_array_size(records); i-- > 0;) {
        const json_t *t = json_array_get(records, i);
        const char *table = msx_crm_lookup_table(t, "_regardingobjectid_value");

        if (!msx_json_str(t, "_regardingobjectid_value") ||
            (table && strcmp(table, msx_crm_milestones.logical)))
            json_array_remove(records, i);
    }
    if (msx_crm_sort(records, msx_crm_newest) || msx_crm_tidy(crm, &msx_crm_tasks, records))
        return msx_crm_oom(err);
    *tasks = MSX_STEAL(records);
    return MSX_OK;
}

static enum msx_code activities(struct msx_crm *crm, const json_t *params, json_t **result,
                                struct msx_error *err)
{
    const char *one = msx_json_str(params, "milestoneId");
    const char *owner = msx_json_str(params, "ownerId");
    bool mine = msx_json_bool_or(params, "mine", false);
    bool open_only = msx_json_bool_or(params, "open", false);
    bool given;
    MSX_AUTO(msx_json_free_p)
    json_t *ids = msx_crm_one_or_many(params, "milestoneId", "milestoneIds", &given);
    MSX_AUTO(msx_json_free_p) json_t *groups = NULL;
    json_t *tasks = NULL;
    json_t *group;
    const char *id;
    json_int_t count = 0;
    enum msx_code rc;

    if (!ids)
        return msx_crm_oom(err);
    if (given + mine + (owner != NULL) != 1)
        return msx_fail(err, MSX_E_USAGE,
                        "get_milestone_activities needs one of milestoneId, milestoneIds, mine, "
                        "ownerId");
    if (!given) {
        rc = mine ? msx_crm_my_id(crm, &owner, err) : MSX_OK;
        if (!rc)
            rc = tasks_of_user(crm, owner, open_only, &tasks, err);
        if (rc)
            return rc;
        *result = msx_crm_list_result("tasks", tasks);
        return *result ? MSX_OK : msx_crm_oom(err);
    }
    rc = msx_crm_tasks_of(crm, ids, NULL, open_only, &groups, err);
    if (rc)
        return rc;
    json_object_foreach(groups, id, group) {
        count += (json_int_t)json_array_size(group);
    }
    if (one && json_array_size(ids) == 1)
        *result = json_pack("{s:I,s:O}", "count", count, "tasks", json_object_get(groups, one));
    else
        *result = json_pack("{s:I,s:O}", "count", count, "byMilestone", groups);
    return *result ? MSX_OK : msx_crm_oom(err);
}

/* ---- options ---- */

static const struct msx_param no_params[] = { { .name = NULL } };

static const struct msx_crm_order by_state[] = {
    { .field = "stateCode" },
    { .field = "value" },
    { .field = NULL },
};

static enum msx_code option_list(struct msx_crm *crm, const char *column, bool with_state,
                                 json_t **result, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *options = NULL;
    MSX_AUTO(msx_json_free_p) json_t *out = json_array();
    json_t *o;
    size_t i;
    enum msx_code rc = msx_crm_options(crm, msx_crm_tasks.logical, column, &options, err);

    if (rc)
        return rc;
    json_array_foreach(options, i, o) {
        json_t *row = json_pack("{s:O,s:O}", "value", json_object_get(o, "value"), "label",
                                json_object_get(o, "label"));
        json_t *state = json_object_get(o, "state");

        if (row && with_state &&
            json_object_set_new(row, "stateCode", state ? json_incref(state) : json_null()))
            row = NULL;
        if (!out || json_array_append_new(out, row))
            return msx_crm_oom(err);
    }
    if (!out || msx_crm_sort(out, by_state))
        return msx_crm_oom(err);
    *result = MSX_STEAL(out);
    return MSX_OK;
}

static enum msx_code status_options(struct msx_crm *crm, const json_t *params, json_t **result,
                                    struct msx_error *err)
{
    (void)params;
    return option_list(crm, "statuscode", true, result, err);
}

static enum msx_code categories(struct msx_crm *crm, const json_t *params, json_t **result,
                                struct msx_error *err)
{
    (void)params;
    return option_list(crm, "msp_taskcategory", false, result, err);
}

const struct msx_tool msx_tool_get_milestone_activities = {
    .name = "get_milestone_activities",
    .title = "Tasks of milestones",
    .doc = "Tasks of one milestone or of many, or a user's own, newest first.",
    .effect = MSX_TOOL_READS,
    .params = activities_params,
    .result = "one milestone, mine, ownerId: {count, tasks[]}; many: {count, byMilestone: {guid: "
              "[tasks]}}",
    .fn = activities,
};

const struct msx_tool msx_tool_get_task_status_options = {
    .name = "get_task_status_options",
    .title = "Task statuses",
    .doc = "The status reasons of tasks with the state that each belongs to.",
    .effect = MSX_TOOL_READS,
    .params = no_params,
    .result = "[{value, label, stateCode}]",
    .fn = status_options,
};

const struct msx_tool msx_tool_get_task_categories = {
    .name = "get_task_categories",
    .title = "Task categories",
    .doc = "The categories of tasks.",
    .effect = MSX_TOOL_READS,
    .params = no_params,
    .result = "[{value, label}]",
    .fn = categories,
};
