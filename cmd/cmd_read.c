/* whoami, accounts, opportunities, get, query, schema: the plain reads. */
#include "commands.h"
#include "fields.h"

#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

/* ---- whoami ---- */

static enum msx_code run_whoami(struct app *app, const void *opts, char **args, size_t nargs,
                                struct msx_error *err)
{
    (void)opts, (void)args, (void)nargs;
    return cmd_tool(app, "crm_whoami", json_object(), &(struct view){ 0 }, err);
}

const struct cmd cmd_whoami = {
    .path = "whoami",
    .summary = "show who you are to the CRM, and your role",
    .about = "Print the signed-in user and the role that the user's title stands for.",
    .args = "",
    .needs = CMD_NEEDS_LOGIN,
    .effect = CMD_READS,
    .tool = "crm_whoami",
    .examples = (const char *const[]){ "msxops whoami", "msxops whoami -q .role.name", NULL },
    .run = run_whoami,
};

/* ---- accounts list ---- */

static const struct msx_column account_cols[] = {
    { "name", "Account", MSX_CELL_TEXT, 20 },
    { "msp_mstopparentid", "TPID", MSX_CELL_TEXT, 0 },
    { "_ownerid_value", "Owner", MSX_CELL_LABEL, 12 },
    { "accountid", "ID", MSX_CELL_TEXT, 0 },
    { NULL, NULL, MSX_CELL_TEXT, 0 },
};

struct accounts_opts {
    struct strlist tpids;
    const char *name;
};
#define OPTS struct accounts_opts
static const struct opt accounts_opts[] = {
    OPT_LIST(0, "tpid", tpids, "N", "accounts of top parent N (may be repeated)"),
    OPT_WORD(0, "name", name, "KEYWORD", "accounts with KEYWORD in their name"),
    OPT_END,
};
#undef OPTS

static enum msx_code run_accounts(struct app *app, const void *opts, char **args, size_t nargs,
                                  struct msx_error *err)
{
    const struct accounts_opts *o = opts;
    MSX_AUTO(msx_json_free_p) json_t *tpids = NULL;
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    enum msx_code rc;

    (void)args, (void)nargs;
    if (!o->tpids.n && !o->name)
        return msx_fail(err, MSX_E_USAGE, "say which accounts: --tpid N or --name KEYWORD");
    if (o->tpids.n) {
        rc = cmd_ids(app, o->tpids.v, o->tpids.n,
                     (const char *const[]){ "msp_mstopparentid", NULL }, &tpids, err);
        if (rc)
            return rc;
        json_object_set(p, "tpids", tpids);
    }
    rc = cmd_set_text(p, "name", o->name, err);
    if (rc)
        return rc;
    return cmd_tool(app, "list_accounts_by_tpid", MSX_STEAL(p),
                    &(struct view){ "accounts", account_cols, "no such account" }, err);
}

const struct cmd cmd_accounts_list = {
    .path = "accounts list",
    .summary = "list customer accounts by TPID or name",
    .about = "Print the accounts of the given top parents, or those whose name holds a keyword, "
             "ordered by name.",
    .args = "",
    CMD_CALLS("list_accounts_by_tpid", accounts_opts, struct accounts_opts),
    .examples = (const char *const[]){ "msxops accounts list --tpid 1234567",
                                       "msxops accounts list --name contoso -o csv", NULL },
    .run = run_accounts,
};

/* ---- opportunities list ---- */

static const struct msx_column opp_cols[] = {
    { "name", "Opportunity", MSX_CELL_TEXT, 18 },
    { "_parentaccountid_value", "Customer", MSX_CELL_LABEL, 10 },
    { "estimatedclosedate", "Close", MSX_CELL_DAY, 0 },
    { "msp_estcompletiondate", "Complete", MSX_CELL_DAY, 0 },
    { "msp_consumptionconsumedrecurring", "USD/mo", MSX_CELL_MONEY, 0 },
    { "_ownerid_value", "Owner", MSX_CELL_LABEL, 10 },
    { NULL, NULL, MSX_CELL_TEXT, 0 },
};

struct opps_opts {
    struct strlist accounts;
    const char *customer;
    bool mine, completed;
};
#define OPTS struct opps_opts
static const struct opt opps_opts[] = {
    OPT_LIST(0, "account", accounts, "REF", "opportunities of account REF (may be repeated)"),
    OPT_WORD(0, "customer", customer, "KEYWORD", "of customers with KEYWORD in their name"),
    OPT_ON(0, "mine", mine, "those you own or are on the deal team of (the default)"),
    OPT_ON(0, "include-completed", completed,
           "also those whose estimated completion is over 30 days past"),
    OPT_END,
};
#undef OPTS

static enum msx_code run_opps(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    const struct opps_opts *o = opts;
    MSX_AUTO(msx_json_free_p) json_t *ids = NULL;
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    bool mine = o->mine || (!o->accounts.n && !o->customer);
    enum msx_code rc = cmd_set_text(p, "customerKeyword", o->customer, err);

    (void)args, (void)nargs;
    if (rc)
        return rc;
    if (mine && o->accounts.n)
        return msx_fail(err, MSX_E_USAGE, "--mine and --account do not go together");
    if (o->accounts.n) {
        rc = cmd_refs(app, MSX_REF_ACCOUNT, o->accounts.v, o->accounts.n, &ids, err);
        if (rc)
            return rc;
        json_object_set(p, "accountIds", ids);
    }
    if (o->completed)
        json_object_set_new(p, "includeCompleted", json_true());
    return cmd_tool(app, mine ? "get_my_active_opportunities" : "list_opportunities", MSX_STEAL(p),
                    &(struct view){ "opportunities", opp_cols, "no open opportunities" }, err);
}

const struct cmd cmd_opportunities_list = {
    .path = "opportunities list",
    .summary = "list open opportunities",
    .about = "Print open opportunities ordered by name: yours, those of given accounts, or those "
             "of customers by keyword.",
    .args = "",
    CMD_CALLS("list_opportunities", opps_opts, struct opps_opts),
    .examples =
        (const char *const[]){ "msxops opportunities list --mine",
                               "msxops opportunities list --customer contoso -o csv", NULL },
    .run = run_opps,
};

/* ---- get ---- */

struct get_opts {
    const char *select, *expand;
};
#define OPTS struct get_opts
static const struct opt get_opts[] = {
    OPT_TEXT(0, "select", select, "A,B,C", "only these columns"),
    OPT_TEXT(0, "expand", expand, "EXPAND", "OData $expand"),
    OPT_END,
};
#undef OPTS

static enum msx_code run_get(struct app *app, const void *opts, char **args, size_t nargs,
                             struct msx_error *err)
{
    const struct get_opts *o = opts;
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    MSX_AUTO(msx_json_free_p) json_t *ids = NULL;
    char guid[MSX_GUID_LEN + 1];
    enum msx_code rc = cmd_ids(app, (const char *const *)args + 1, nargs - 1,
                               (const char *const[]){ "id", NULL }, &ids, err);

    if (!rc && json_array_size(ids) != 1)
        rc = msx_fail(err, MSX_E_USAGE, "'get' wants one ID, got %zu", json_array_size(ids));
    if (!rc && !msx_guid_parse(json_string_value(json_array_get(ids, 0)), guid))
        rc = msx_fail(err, MSX_E_USAGE, "'get' wants a GUID as ID, got '%.80s'",
                      json_string_value(json_array_get(ids, 0)));
    if (!rc)
        rc = cmd_set_text(p, "entitySet", args[0], err);
    if (!rc)
        rc = cmd_set_text(p, "id", json_string_value(json_array_get(ids, 0)), err);
    if (!rc)
        rc = cmd_set_text(p, "select", o->select, err);
    if (!rc)
        rc = cmd_set_text(p, "expand", o->expand, err);
    return rc ? rc : cmd_tool(app, "crm_get_record", MSX_STEAL(p), &(struct view){ 0 }, err);
}

const struct cmd cmd_get = {
    .path = "get",
    .summary = "read one record by its ID",
    .about = "Print one record of any entity set. ID is a GUID, or - to read it from standard "
             "input.",
    .args = "ENTITYSET ID",
    .min_args = 2,
    .max_args = 2,
    CMD_CALLS("crm_get_record", get_opts, struct get_opts),
    .examples = (const char *const[]){ "msxops get accounts 11111111-2222-4333-8444-555555555555 "
                                       "--select name",
                                       NULL },
    .run = run_get,
};

/* ---- query ---- */

struct query_opts {
    const char *filter, *select, *orderby, *expand;
    long top;
    bool count;
};
#define OPTS struct query_opts
static const struct opt query_opts[] = {
    OPT_TEXT(0, "filter", filter, "FILTER", "OData $filter"),
    OPT_TEXT(0, "select", select, "A,B,C", "only these columns"),
    OPT_TEXT(0, "orderby", orderby, "A,B desc", "OData $orderby"),
    OPT_TEXT(0, "expand", expand, "EXPAND", "OData $expand"),
    OPT_NUM(0, "top", top, "N", 1, 10000000, "at most N rows, over all pages"),
    OPT_ON(0, "count", count, "also the service's own count of all rows"),
    OPT_END,
};
static const struct param query_texts[] = {
    PARAM("filter", PARAM_TEXT, filter),
    PARAM("select", PARAM_TEXT, select),
    PARAM("orderby", PARAM_TEXT, orderby),
    PARAM("expand", PARAM_TEXT, expand),
    PARAM_END,
};
#undef OPTS

/* JSON lines go out page by page: memory does not grow with the listing. */
static enum msx_code print_page(void *user, json_t *rows, struct msx_error *err)
{
    struct app *app = user;
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(MSX_JSON_MAX_BYTES);
    enum msx_code rc;

    msx_render_ndjson(&b, rows);
    rc = msx_buf_finish(&b, "a page", err);
    return rc ? rc : out_text(app, b.data, b.len, err);
}

static enum msx_code run_query(struct app *app, const void *opts, char **args, size_t nargs,
                               struct msx_error *err)
{
    const struct query_opts *o = opts;
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    MSX_AUTO(msx_json_free_p) json_t *none = json_array();
    MSX_AUTO(fields_release) struct fields asked = { NULL, NULL, NULL };
    enum msx_code rc = cmd_set_text(p, "entitySet", args[0], err);

    (void)nargs;
    if (!rc)
        rc = cmd_set_params(app, query_texts, o, p, err);
    if (rc)
        return rc;
    if (o->top)
        json_object_set_new(p, "top", json_integer(o->top));
    if (o->count)
        json_object_set_new(p, "count", json_true());
    if (!app->g.jq && !app->g.fields && strcmp(out_format(app), "ndjson") == 0)
        return msx_crm_query_each(&app->crm, p, print_page, app, err);
    if (o->select && strcmp(out_format(app), "csv") == 0) /* the heading when there are no rows */
        rc = fields_cut(o->select, NULL, none, &asked, err);
    return rc ? rc
              : cmd_tool(app, "crm_query", MSX_STEAL(p),
                         &(struct view){ "value", asked.cols, "no rows" }, err);
}

const struct cmd cmd_query = {
    .path = "query",
    .summary = "run an OData query",
    .about = "Print the rows of an entity set that pass a filter, over all pages of the service.",
    .args = "ENTITYSET",
    .min_args = 1,
    .max_args = 1,
    CMD_CALLS("crm_query", query_opts, struct query_opts),
    .examples =
        (const char *const[]){ "msxops query msp_engagementmilestones --filter "
                               "\"msp_milestonestatus eq 861980002\" --select msp_name -o ndjson",
                               NULL },
    .run = run_query,
};

/* ---- schema ---- */

static const struct msx_column prop_cols[] = {
    { "name", "Name", MSX_CELL_TEXT, 16 },
    { "type", "Type", MSX_CELL_TEXT, 8 },
    { "displayName", "Label", MSX_CELL_TEXT, 10 },
    { "required", "Required", MSX_CELL_TEXT, 8 },
    { "lookupTargets", "Targets", MSX_CELL_TEXT, 8 },
    { NULL, NULL, MSX_CELL_TEXT, 0 },
};
static const struct msx_column option_cols[] = {
    { "value", "Value", MSX_CELL_NUM, 0 },
    { "label", "Label", MSX_CELL_TEXT, 10 },
    { NULL, NULL, MSX_CELL_TEXT, 0 },
};

struct schema_opts {
    const char *filter;
};
#define OPTS struct schema_opts
static const struct opt schema_opts[] = {
    OPT_TEXT(0, "filter", filter, "TEXT", "only columns with TEXT in their name or label"),
    OPT_END,
};
#undef OPTS

static enum msx_code run_schema(struct app *app, const void *opts, char **args, size_t nargs,
                                struct msx_error *err)
{
    const struct schema_opts *o = opts;
    const char *dot = strchr(args[0], '.');
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    MSX_AUTO(msx_json_free_p) json_t *table = NULL;
    MSX_AUTO(msx_free_p) char *name = NULL;
    const char *names[2048];
    size_t n = 0;
    size_t i;
    json_t *prop;
    enum msx_code rc;

    (void)nargs;
    name = dot ? msx_strndup(args[0], (size_t)(dot - args[0])) : msx_strdup(args[0]);
    if (!name)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = cmd_set_text(p, "entityLogicalName", name, err);
    if (!rc && !dot)
        rc = cmd_set_text(p, "filter", o->filter, err);
    if (rc)
        return rc;
    if (!dot)
        return cmd_tool(app, "crm_list_entity_properties", MSX_STEAL(p),
                        &(struct view){ "properties", prop_cols, "no such column" }, err);
    rc = msx_tool_call(&app->crm, "crm_list_entity_properties", p, &table, err);
    if (rc)
        return rc;
    json_array_foreach(msx_json_arr(table, "properties"), i, prop) {
        const char *pn = msx_json_str_or(prop, "name", "");

        if (strcmp(pn, dot + 1) == 0)
            return out_result(app, prop, &(struct view){ "options", option_cols, "no options" },
                              err);
        if (n < 2048)
            names[n++] = pn;
    }
    rc = msx_fail(err, MSX_E_NOTFOUND, "table '%s' has no column '%s'", name, dot + 1);
    if (msx_nearest(dot + 1, names, n))
        msx_hint(err, "did you mean '%s.%s'?", name, msx_nearest(dot + 1, names, n));
    return rc;
}

const struct cmd cmd_schema = {
    .path = "schema",
    .summary = "show a table's columns, or a column's options",
    .about = "Print the columns of a table (by its logical name), or with TABLE.COLUMN that "
             "column with its options and labels, from the service's own metadata.",
    .args = "TABLE[.COLUMN]",
    .min_args = 1,
    .max_args = 1,
    CMD_CALLS("crm_list_entity_properties", schema_opts, struct schema_opts),
    .examples =
        (const char *const[]){ "msxops schema task",
                               "msxops schema msp_engagementmilestone.msp_milestonestatus", NULL },
    .run = run_schema,
};
