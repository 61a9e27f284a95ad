/* milestones list, show, create, update. */
#include "commands.h"

#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "stage.h"

static const struct msx_column milestone_cols[] = {
    { "msp_milestonenumber", "Number", MSX_CELL_TEXT, 0 },
    { "msp_name", "Milestone", MSX_CELL_TEXT, 14 },
    { "msp_milestonestatus", "Status", MSX_CELL_LABEL, 0 },
    { "commitment", "Commitment", MSX_CELL_TEXT, 6 },
    { "msp_milestonedate", "Date", MSX_CELL_DAY, 0 },
    { "msp_monthlyuse", "USD/mo", MSX_CELL_MONEY, 0 },
    { "_ownerid_value", "Owner", MSX_CELL_LABEL, 8 },
    { "_msp_opportunityid_value", "Opportunity", MSX_CELL_LABEL, 10 },
    { NULL, NULL, MSX_CELL_TEXT, 0 },
};
static const struct msx_column summary_cols[] = {
    { "msp_milestonenumber", "Number", MSX_CELL_TEXT, 0 },
    { "msp_name", "Milestone", MSX_CELL_TEXT, 14 },
    { "status", "Status", MSX_CELL_TEXT, 0 },
    { "commitment", "Commitment", MSX_CELL_TEXT, 6 },
    { "msp_milestonedate", "Date", MSX_CELL_DAY, 0 },
    { "msp_monthlyuse", "USD/mo", MSX_CELL_MONEY, 0 },
    { "opportunity", "Opportunity", MSX_CELL_TEXT, 10 },
    { NULL, NULL, MSX_CELL_TEXT, 0 },
};

/* ---- list ---- */

struct list_opts {
    struct strlist customers, opportunities, numbers, ids;
    const char *opportunity_name, *owner, *status, *commitment, *keyword, *from, *to;
    bool mine, with_tasks, without_tasks, include_tasks, summary;
};
static const char *const commitments[] = { "committed", "uncommitted", NULL };

#define OPTS struct list_opts
static const struct opt list_opts[] = {
    OPT_ON(0, "mine", mine, "milestones that you own (the default)"),
    OPT_WORDS(0, "customer", customers, "KEYWORD", "of customers with KEYWORD in their name"),
    OPT_LIST(0, "opportunity", opportunities, "REF", "of opportunity REF; - reads IDs"),
    OPT_WORD(0, "opportunity-name", opportunity_name, "KEYWORD", "of opportunities named so"),
    OPT_TEXT(0, "owner", owner, "REF", "owned by user REF"),
    OPT_LIST(0, "number", numbers, "N", "with number N, such as 7-123456789"),
    OPT_LIST(0, "id", ids, "ID", "with this ID; - reads IDs"),
    OPT_TEXT(0, "status", status, "STATUS", "active, all, or a status label such as 'At Risk'"),
    OPT_ONE_OF(0, "commitment", commitment, "WHICH", commitments, "committed or uncommitted"),
    OPT_WORD(0, "keyword", keyword, "TEXT", "with TEXT in name, opportunity or workload"),
    OPT_TEXT(0, "from", from, "DATE", "dated DATE or later"),
    OPT_TEXT(0, "to", to, "DATE", "dated DATE or earlier"),
    OPT_ON(0, "with-tasks", with_tasks, "only milestones that have tasks"),
    OPT_ON(0, "without-tasks", without_tasks, "only milestones that have none"),
    OPT_ON(0, "include-tasks", include_tasks, "with their tasks inline"),
    OPT_ON(0, "summary", summary, "counts and short rows"),
    OPT_END,
};
static const struct param list_texts[] = {
    PARAM("ownerId", PARAM_USER, owner),
    PARAM("opportunityKeyword", PARAM_TEXT, opportunity_name),
    PARAM("fromDate", PARAM_DATE, from),
    PARAM("toDate", PARAM_DATE, to),
    PARAM("keyword", PARAM_TEXT, keyword),
    PARAM("commitment", PARAM_TEXT, commitment),
    PARAM_END,
};
#undef OPTS

static enum msx_code set_scope(struct app *app, const struct list_opts *o, json_t *p,
                               struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *ids = NULL;
    enum msx_code rc = cmd_set_params(app, list_texts, o, p, err);

    if (!rc && o->mine)
        json_object_set_new(p, "mine", json_true());
    if (!rc && o->customers.n) {
        json_t *a = json_array();

        for (size_t i = 0; i < o->customers.n; i++)
            json_array_append_new(a, json_string(o->customers.v[i]));
        json_object_set_new(p, "customerKeywords", a);
    }
    if (!rc && o->numbers.n) {
        rc = cmd_ids(app, o->numbers.v, o->numbers.n,
                     (const char *const[]){ "msp_milestonenumber", NULL }, &ids, err);
        if (!rc)
            json_object_set_new(p, "milestoneNumbers", MSX_STEAL(ids));
    }
    if (!rc && o->ids.n) {
        rc = cmd_refs(app, MSX_REF_MILESTONE, o->ids.v, o->ids.n, &ids, err);
        if (!rc)
            json_object_set_new(p, "milestoneIds", MSX_STEAL(ids));
    }
    if (!rc && o->opportunities.n) {
        rc = cmd_refs(app, MSX_REF_OPPORTUNITY, o->opportunities.v, o->opportunities.n, &ids, err);
        if (!rc)
            json_object_set_new(p, "opportunityIds", MSX_STEAL(ids));
    }
    return rc;
}

static enum msx_code set_filters(const struct list_opts *o, json_t *p, struct msx_error *err)
{
    bool word = o->status && (msx_ieq(o->status, "active") || msx_ieq(o->status, "all"));
    enum msx_code rc =
        word ? cmd_set_text(p, "statusFilter", msx_ieq(o->status, "all") ? "all" : "active", err)
             : cmd_set_text(p, "status", o->status, err);

    if (!rc && o->with_tasks && o->without_tasks)
        rc = msx_fail(err, MSX_E_USAGE, "--with-tasks and --without-tasks exclude each other");
    if (!rc && (o->with_tasks || o->without_tasks))
        rc = cmd_set_text(p, "taskFilter", o->with_tasks ? "with-tasks" : "without-tasks", err);
    if (!rc && o->include_tasks)
        json_object_set_new(p, "includeTasks", json_true());
    if (!rc && o->summary)
        rc = cmd_set_text(p, "format", "summary", err);
    return rc;
}

static enum msx_code run_list(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    const struct list_opts *o = opts;
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    enum msx_code rc = set_scope(app, o, p, err);

    (void)args, (void)nargs;
    if (!rc)
        rc = set_filters(o, p, err);
    if (rc)
        return rc;
    return cmd_tool(app, "get_milestones", MSX_STEAL(p),
                    &(struct view){ "milestones", o->summary ? summary_cols : milestone_cols,
                                    "no such milestones" },
                    err);
}

const struct cmd cmd_milestones_list = {
    .path = "milestones list",
    .summary = "list milestones",
    .about = "Print milestones ordered by date and number. Without a scope: those that you own. "
             "Filters combine.",
    .args = "",
    CMD_CALLS("get_milestones", list_opts, struct list_opts),
    .examples =
        (const char *const[]){ "msxops milestones list --mine --status active "
                               "--without-tasks -q '.milestones[].msp_milestonenumber'",
                               "msxops milestones list --customer Contoso -o csv",
                               "msxops milestones list --mine --to +14d --status 'At Risk'", NULL },
    .run = run_list,
};

/* ---- show ---- */

static enum msx_code run_show(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    MSX_AUTO(msx_json_free_p) json_t *ids = NULL;
    enum msx_code rc =
        cmd_refs(app, MSX_REF_MILESTONE, (const char *const *)args, nargs, &ids, err);

    (void)opts;
    if (!rc && json_array_size(ids) != 1)
        rc = msx_fail(err, MSX_E_USAGE, "'milestones show' wants one milestone, got %zu",
                      json_array_size(ids));
    if (rc)
        return rc;
    json_object_set(p, "milestoneId", json_array_get(ids, 0));
    json_object_set_new(p, "includeTasks", json_true());
    return cmd_tool(app, "get_milestones", MSX_STEAL(p), &(struct view){ 0 }, err);
}

const struct cmd cmd_milestones_show = {
    .path = "milestones show",
    .summary = "show one milestone with its tasks",
    .about = "Print one milestone. REF is its number, ID, unique name, its address pasted from the "
             "browser, or - to read one of them from standard input.",
    .args = "REF",
    .min_args = 1,
    .max_args = 1,
    .needs = CMD_NEEDS_LOGIN,
    .effect = CMD_READS,
    .tool = "get_milestones",
    .examples = (const char *const[]){ "msxops milestones show 7-123456789", NULL },
    .run = run_show,
};

/* ---- create and update ---- */

struct edit_opts {
    const char *opportunity, *name, *date, *use, *category, *status, *commitment, *owner, *workload;
    const char *comments, *plan;
    struct strlist set;
};
#define OPTS struct edit_opts
#define EDIT_FIELDS                                                                                \
    OPT_TEXT(0, "name", name, "NAME", "its name"),                                                 \
        OPT_TEXT(0, "date", date, "DATE", "target date: YYYY-MM-DD, +7d, eom, fri"),               \
        OPT_TEXT(0, "monthly-use", use, "N", "monthly use in USD"),                                \
        OPT_TEXT(0, "category", category, "LABEL", "category, by label or code"),                  \
        OPT_TEXT(0, "status", status, "LABEL", "status, by label or code"),                        \
        OPT_TEXT(0, "commitment", commitment, "LABEL", "commitment, by label or code"),            \
        OPT_TEXT(0, "owner", owner, "REF", "owner"),                                               \
        OPT_TEXT(0, "workload", workload, "REF", "workload, by its ID"),                           \
        OPT_TEXT(0, "comments", comments, "TEXT", "forecast comments (replaces what is there)"),   \
        OPT_TEXT(0, "plan", plan, "FILE", "plan file to create or extend")
static const struct opt create_opts[] = {
    OPT_TEXT(0, "opportunity", opportunity, "REF", "the opportunity it belongs to"),
    EDIT_FIELDS,
    OPT_END,
};
static const struct opt update_opts[] = {
    EDIT_FIELDS,
    OPT_LIST(0, "set", set, "FIELD=VALUE", "any other field, by its name"),
    OPT_END,
};
static const struct param edit_texts[] = {
    PARAM("name", PARAM_TEXT, name),
    PARAM("milestoneDate", PARAM_DATE, date),
    PARAM("milestoneCategory", PARAM_TEXT, category),
    PARAM("milestoneStatus", PARAM_TEXT, status),
    PARAM("commitmentRecommendation", PARAM_TEXT, commitment),
    PARAM("ownerId", PARAM_USER, owner),
    PARAM("workloadId", PARAM_TEXT, workload),
    PARAM("forecastComments", PARAM_TEXT, comments),
    PARAM_END,
};
#undef OPTS

static enum msx_code set_number(json_t *p, const char *key, const char *text, struct msx_error *err)
{
    char *end;
    double v;

    if (!text)
        return MSX_OK;
    v = strtod(text, &end);
    if (end == text || *end || !(v >= 0 && v < 1e15))
        return msx_fail(err, MSX_E_USAGE, "%s wants a number of 0 or more, got '%s'", key, text);
    json_object_set_new(p, key, json_real(v));
    return MSX_OK;
}

static enum msx_code edit_params(struct app *app, const struct edit_opts *o, json_t *p,
                                 struct msx_error *err)
{
    enum msx_code rc = cmd_set_params(app, edit_texts, o, p, err);

    return rc ? rc : set_number(p, "monthlyUse", o->use, err);
}

static enum msx_code run_create(struct app *app, const void *opts, char **args, size_t nargs,
                                struct msx_error *err)
{
    const struct edit_opts *o = opts;
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    enum msx_code rc;

    (void)args, (void)nargs;
    if (!o->opportunity)
        return msx_fail(err, MSX_E_USAGE, "--opportunity REF is missing");
    if (!o->name)
        return msx_fail(err, MSX_E_USAGE, "--name NAME is missing");
    rc = cmd_set_ref(app, p, "opportunityId", MSX_REF_OPPORTUNITY, o->opportunity, err);
    if (!rc)
        rc = edit_params(app, o, p, err);
    return rc ? rc : stage_call(app, o->plan, "create_milestone", p, err);
}

static enum msx_code run_update(struct app *app, const void *opts, char **args, size_t nargs,
                                struct msx_error *err)
{
    const struct edit_opts *o = opts;
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    MSX_AUTO(msx_json_free_p) json_t *ids = NULL;
    enum msx_code rc = edit_params(app, o, p, err);

    for (size_t i = 0; !rc && i < o->set.n; i++) {
        const char *eq = strchr(o->set.v[i], '=');
        MSX_AUTO(msx_free_p) char *key = NULL;
        json_t *fields = msx_json_obj(p, "fields");

        if (!eq || eq == o->set.v[i])
            return msx_fail(err, MSX_E_USAGE, "--set wants FIELD=VALUE, got '%s'", o->set.v[i]);
        key = msx_strndup(o->set.v[i], (size_t)(eq - o->set.v[i]));
        if (!key)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        if (!fields) {
            fields = json_object();
            json_object_set_new(p, "fields", fields);
        }
        rc = cmd_set_text(fields, key, eq + 1, err);
    }
    if (!rc)
        rc = cmd_refs(app, MSX_REF_MILESTONE, (const char *const *)args, nargs, &ids, err);
    return rc ? rc : stage_each(app, o->plan, "update_milestone", "milestoneId", ids, p, err);
}

const struct cmd cmd_milestones_create = {
    .path = "milestones create",
    .summary = "plan a new milestone",
    .about = "Add the creation of a milestone to a plan file. " CMD_PLANS_ONLY,
    .args = "",
    CMD_PLANS("create_milestone", create_opts, struct edit_opts),
    .examples = (const char *const[]){ "msxops milestones create --opportunity 'Contoso analytics' "
                                       "--name 'Pilot' --date eoq --category POC/Pilot",
                                       NULL },
    .run = run_create,
};

const struct cmd cmd_milestones_update = {
    .path = "milestones update",
    .summary = "plan changes to milestones",
    .about = "Add changes to a plan file and print them with their present values. " CMD_PLANS_ONLY,
    .args = "REF...",
    .min_args = 1,
    .max_args = -1,
    CMD_PLANS("update_milestone", update_opts, struct edit_opts),
    .examples = (const char *const[]){ "msxops milestones update 7-123456789 --date 2026-12-15 "
                                       "--comments 'Re-dated with customer' --plan week.plan.json",
                                       NULL },
    .run = run_update,
};
