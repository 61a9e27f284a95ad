/* tasks list, statuses, create, update, close. */
#include "commands.h"

#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "stage.h"

static const struct msx_column task_cols[] = {
    { "subject", "Task", MSX_CELL_TEXT, 20 },
    { "statuscode", "Status", MSX_CELL_LABEL, 0 },
    { "scheduledend", "Due", MSX_CELL_DAY, 0 },
    { "msp_taskcategory", "Category", MSX_CELL_LABEL, 10 },
    { "_ownerid_value", "Owner", MSX_CELL_LABEL, 8 },
    { "_regardingobjectid_value", "Milestone", MSX_CELL_LABEL, 10 },
    { "activityid", "ID", MSX_CELL_TEXT, 8 },
    { NULL, NULL, MSX_CELL_TEXT, 0 },
};

/* ---- list ---- */

struct list_opts {
    struct strlist milestones;
    bool mine, open;
};
#define OPTS struct list_opts
static const struct opt list_opts[] = {
    OPT_LIST(0, "milestone", milestones, "REF", "tasks of milestone REF; - reads IDs"),
    OPT_ON(0, "mine", mine, "tasks that you own"),
    OPT_ON(0, "open", open, "only open tasks"),
    OPT_END,
};
#undef OPTS

static enum msx_code run_list(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    const struct list_opts *o = opts;
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    MSX_AUTO(msx_json_free_p) json_t *ids = NULL;
    MSX_AUTO(msx_json_free_p) json_t *result = NULL;
    struct view view = { "tasks", task_cols, "no tasks" };
    json_t *by = NULL;
    json_t *flat;
    const char *key;
    json_t *rows;
    enum msx_code rc = MSX_OK;

    (void)args, (void)nargs;
    if (!o->milestones.n && !o->mine)
        return msx_fail(err, MSX_E_USAGE, "say whose tasks: --milestone REF or --mine");
    if (o->milestones.n && o->mine)
        return msx_fail(err, MSX_E_USAGE, "--mine and --milestone do not go together");
    if (o->milestones.n) {
        rc = cmd_refs(app, MSX_REF_MILESTONE, o->milestones.v, o->milestones.n, &ids, err);
        if (rc)
            return rc;
        if (json_array_size(ids) == 1)
            json_object_set(p, "milestoneId", json_array_get(ids, 0));
        else
            json_object_set(p, "milestoneIds", ids);
    }
    if (o->mine)
        json_object_set_new(p, "mine", json_true());
    if (o->open)
        json_object_set_new(p, "open", json_true());
    rc = msx_tool_call(&app->crm, "get_milestone_activities", p, &result, err);
    if (rc)
        return rc;
    by = msx_json_obj(result, "byMilestone");
    /* people and spreadsheets want one list; JSON keeps the tool's shape */
    if (!by || strcmp(out_format(app), "json") == 0)
        return out_result(app, result, &view, err);
    flat = json_array();
    json_object_foreach(by, key, rows)
        json_array_extend(flat, rows);
    json_object_set_new(result, "tasks", flat);
    return out_result(app, result, &view, err);
}

const struct cmd cmd_tasks_list = {
    .path = "tasks list",
    .summary = "list the tasks of milestones, or yours",
    .about = "Print tasks, the newest first.",
    .args = "",
    CMD_CALLS("get_milestone_activities", list_opts, struct list_opts),
    .examples = (const char *const[]){ "msxops tasks list --milestone 7-123456789 --open",
                                       "msxops tasks list --mine --open", NULL },
    .run = run_list,
};

/* ---- statuses ---- */

static const struct msx_column status_cols[] = {
    { "value", "Value", MSX_CELL_NUM, 0 },
    { "label", "Label", MSX_CELL_TEXT, 10 },
    { "stateCode", "State", MSX_CELL_NUM, 0 },
    { NULL, NULL, MSX_CELL_TEXT, 0 },
};

static enum msx_code run_statuses(struct app *app, const void *opts, char **args, size_t nargs,
                                  struct msx_error *err)
{
    (void)opts, (void)args, (void)nargs;
    return cmd_tool(app, "get_task_status_options", json_object(),
                    &(struct view){ NULL, status_cols, "no statuses" }, err);
}

const struct cmd cmd_tasks_statuses = {
    .path = "tasks statuses",
    .summary = "list the status values of tasks",
    .about = "Print the status reasons of tasks with the state that each belongs to, from the "
             "service's own metadata.",
    .args = "",
    .needs = CMD_NEEDS_LOGIN,
    .effect = CMD_READS,
    .tool = "get_task_status_options",
    .examples = (const char *const[]){ "msxops tasks statuses", NULL },
    .run = run_statuses,
};

/* ---- create, update, close ---- */

struct edit_opts {
    const char *milestone, *subject, *category, *due, *owner, *description, *status, *plan;
};
static const char *const closings[] = { "completed", "cancelled", NULL };

#define OPTS     struct edit_opts
#define PLAN_OPT OPT_TEXT(0, "plan", plan, "FILE", "plan file to create or extend")
static const struct opt create_opts[] = {
    OPT_TEXT(0, "milestone", milestone, "REF", "the milestone it is about"),
    OPT_TEXT(0, "subject", subject, "TEXT", "what is to be done"),
    OPT_TEXT(0, "category", category, "LABEL", "category, by label or code"),
    OPT_TEXT(0, "due", due, "DATE", "due date: YYYY-MM-DD, +7d, eom, fri"),
    OPT_TEXT(0, "owner", owner, "REF", "who does it (default: you)"),
    OPT_TEXT(0, "description", description, "TEXT", "details"),
    PLAN_OPT,
    OPT_END,
};
static const struct opt update_opts[] = {
    OPT_TEXT(0, "subject", subject, "TEXT", "what is to be done"),
    OPT_TEXT(0, "due", due, "DATE", "due date"),
    OPT_TEXT(0, "description", description, "TEXT", "details (replaces what is there)"),
    OPT_TEXT(0, "status", status, "LABEL", "status, by label or code"),
    OPT_TEXT(0, "owner", owner, "REF", "who does it"),
    PLAN_OPT,
    OPT_END,
};
static const struct opt close_opts[] = {
    OPT_ONE_OF(0, "status", status, "HOW", closings, "completed or cancelled"),
    PLAN_OPT,
    OPT_END,
};
static const struct param edit_texts[] = {
    /* category: of creates alone */
    PARAM("subject", PARAM_TEXT, subject),         PARAM("dueDate", PARAM_DATE, due),
    PARAM("description", PARAM_TEXT, description), PARAM("ownerId", PARAM_USER, owner),
    PARAM("category", PARAM_TEXT, category),       PARAM_END,
};
#undef OPTS

static enum msx_code status_code(struct app *app, json_t *p, const char *label,
                                 struct msx_error *err)
{
    json_int_t code;
    enum msx_code rc;

    if (!label)
        return MSX_OK;
    rc = msx_label_code(&app->crm, "task", "statuscode", label, &code, err);
    if (!rc)
        json_object_set_new(p, "statusCode", json_integer(code));
    return rc;
}

static enum msx_code run_create(struct app *app, const void *opts, char **args, size_t nargs,
                                struct msx_error *err)
{
    const struct edit_opts *o = opts;
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    enum msx_code rc;

    (void)args, (void)nargs;
    if (!o->milestone)
        return msx_fail(err, MSX_E_USAGE, "--milestone REF is missing");
    if (!o->subject)
        return msx_fail(err, MSX_E_USAGE, "--subject TEXT is missing");
    rc = cmd_set_ref(app, p, "milestoneId", MSX_REF_MILESTONE, o->milestone, err);
    if (!rc)
        rc = cmd_set_params(app, edit_texts, o, p, err);
    return rc ? rc : stage_call(app, o->plan, "create_task", p, err);
}

static enum msx_code run_update(struct app *app, const void *opts, char **args, size_t nargs,
                                struct msx_error *err)
{
    const struct edit_opts *o = opts;
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    MSX_AUTO(msx_json_free_p) json_t *ids = NULL;
    enum msx_code rc = cmd_set_params(app, edit_texts, o, p, err);

    if (!rc)
        rc = status_code(app, p, o->status, err);
    if (!rc)
        rc = cmd_refs(app, MSX_REF_TASK, (const char *const *)args, nargs, &ids, err);
    return rc ? rc : stage_each(app, o->plan, "update_task", "taskId", ids, p, err);
}

static enum msx_code run_close(struct app *app, const void *opts, char **args, size_t nargs,
                               struct msx_error *err)
{
    const struct edit_opts *o = opts;
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    MSX_AUTO(msx_json_free_p) json_t *ids = NULL;
    /* 5 and 6 are the platform's own codes (facts: task states) */
    bool cancelled = o->status && strcmp(o->status, "cancelled") == 0;
    enum msx_code rc = cmd_refs(app, MSX_REF_TASK, (const char *const *)args, nargs, &ids, err);

    json_object_set_new(p, "statusCode", json_integer(cancelled ? 6 : 5));
    return rc ? rc : stage_each(app, o->plan, "close_task", "taskId", ids, p, err);
}

const struct cmd cmd_tasks_create = {
    .path = "tasks create",
    .summary = "plan a new task on a milestone",
    .about = "Add the creation of a task to a plan file. " CMD_PLANS_ONLY,
    .args = "",
    CMD_PLANS("create_task", create_opts, struct edit_opts),
    .examples =
        (const char *const[]){ "msxops tasks create --milestone 7-123456789 --subject 'Unblock "
                               "firewall' --category 'Blocker Escalation' --due +7d --plan "
                               "week.plan.json",
                               NULL },
    .run = run_create,
};

const struct cmd cmd_tasks_update = {
    .path = "tasks update",
    .summary = "plan changes to tasks",
    .about = "Add changes of tasks to a plan file. " CMD_PLANS_ONLY,
    .args = "ID...",
    .min_args = 1,
    .max_args = -1,
    CMD_PLANS("update_task", update_opts, struct edit_opts),
    .examples = (const char *const[]){ "msxops tasks update "
                                       "0f0f0f0f-1111-4222-8333-444444444444 --due +3d",
                                       NULL },
    .run = run_update,
};

const struct cmd cmd_tasks_close = {
    .path = "tasks close",
    .summary = "plan the closing of tasks",
    .about = "Add the closing of tasks to a plan file. " CMD_PLANS_ONLY,
    .args = "ID...",
    .min_args = 1,
    .max_args = -1,
    CMD_PLANS("close_task", close_opts, struct edit_opts),
    .examples = (const char *const[]){ "msxops tasks close 0f0f0f0f-1111-4222-8333-444444444444",
                                       "msxops tasks list --mine -o json | jq -r "
                                       "'.tasks[].activityid' | msxops tasks close -",
                                       NULL },
    .run = run_close,
};
