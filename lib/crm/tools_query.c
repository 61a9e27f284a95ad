/* The general tools: any entity set, any record, any table's columns. */
#include "crm/priv.h"

#include <string.h>

static const struct msx_param query_params[] = {
    { "entitySet", MSX_P_STRING, true, NULL, "entity set, e.g. msp_engagementmilestones" },
    { "filter", MSX_P_STRING, false, NULL, "OData $filter" },
    { "select", MSX_P_FIELDS, false, NULL, "columns to read" },
    { "orderby", MSX_P_STRING, false, NULL, "OData $orderby" },
    { "top", MSX_P_INT, false, NULL, "at most this many records over all pages" },
    { "expand", MSX_P_STRING, false, NULL, "OData $expand" },
    { "count", MSX_P_BOOL, false, NULL, "also ask how many records match in all (total)" },
    { "includeEtag", MSX_P_BOOL, false, NULL, "keep @odata.etag in the records" },
    { .name = NULL },
};

static enum msx_code check_set(const char *set, struct msx_error *err)
{
    const char *right = msx_crm_right_name(NULL, set);
    const char *near = NULL;

    if (msx_odata_is_name(set) && !right && !msx_crm_table_of_logical(set))
        return MSX_OK;
    msx_fail(err, MSX_E_USAGE, "there is no entity set '%.80s'", set);
    near = right ? right : msx_crm_near_set(set);
    if (near)
        msx_hint(err, "use %s", near);
    return MSX_E_USAGE;
}

/* Nearest to word among the columns that the tools know of a table. */
static void suggest_column(const struct msx_crm_table *t, const char *word, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *columns = json_array();
    const char *names[64];
    const char *near;
    size_t n = 0;

    for (const char *p = t->select; *p && n < sizeof names / sizeof names[0];) {
        size_t len = strcspn(p, ",");

        if (!json_array_append_new(columns, json_stringn(p, len)))
            names[n++] = json_string_value(json_array_get(columns, json_array_size(columns) - 1));
        p += len + (p[len] == ',');
    }
    near = msx_nearest(word, names, n);
    if (near && strcmp(near, word))
        msx_hint(err, "did you mean %s?", near);
}

/* The set is not there: said as check_set() says it, with what the service answered. */
static enum msx_code no_such_set(const char *set, struct msx_error *err)
{
    const struct msx_error was = *err;
    const char *near = msx_crm_near_set(set);

    *err = (struct msx_error)MSX_ERROR_INIT;
    (void)msx_fail(err, MSX_E_USAGE, "there is no entity set '%.80s'", set);
    err->http_status = was.http_status;
    err->crm_code = was.crm_code;
    memcpy(err->request_id, was.request_id, sizeof err->request_id);
    if (near)
        msx_hint(err, "did you mean %s?", near);
    return MSX_E_USAGE;
}

/* A wrong set or column that only the service could know: suggest the nearest known one. */
static enum msx_code explain(enum msx_code rc, const char *set, struct msx_error *err)
{
    const struct msx_crm_table *t = msx_crm_table_of_set(set);
    MSX_AUTO(msx_free_p) char *column = NULL;

    if (!rc || !err)
        return rc;
    column = t ? msx_crm_missing_column(err) : NULL;
    if (column)
        suggest_column(t, column, err);
    else if (!t && rc != MSX_E_DENIED && msx_crm_table_missing(err))
        return no_such_set(set, err);
    return rc;
}

/* The primary key for a stable order; for a table that only metadata knows it is asked for when it
 * is needed (the service's own order is by key already). */
static enum msx_code key_of(struct msx_crm *crm, const char *set, bool ordered, const char **key,
                            struct msx_error *err)
{
    const struct msx_crm_table *t = msx_crm_table_of_set(set);
    const char *logical = NULL;

    *key = t ? t->key : NULL;
    if (t || !ordered)
        return MSX_OK;
    return msx_meta_set(crm->odata, set, &logical, key, err);
}

static enum msx_code check_query(const json_t *params, struct msx_error *err)
{
    static const char *const texts[] = { "select", "filter", "orderby", "expand" };
    const char *set = msx_json_str(params, "entitySet");
    json_int_t top = 1;
    enum msx_code rc = check_set(set, err);

    for (size_t i = 0; !rc && i < sizeof texts / sizeof texts[0]; i++)
        rc = msx_crm_check_names(set, texts[i], msx_json_str(params, texts[i]), err);
    if (rc)
        return rc;
    msx_json_int(params, "top", &top);
    if (top < 1 || top > 10000000)
        return msx_fail(err, MSX_E_USAGE, "'top' must be at least 1");
    return MSX_OK;
}

static void strip(struct msx_crm *crm, const json_t *params, const char *set, json_t *records)
{
    const struct msx_crm_table *t = msx_crm_table_of_set(set);
    bool keep = msx_json_bool_or(params, "includeEtag", false);
    json_t *rec;
    size_t i;

    json_array_foreach(records, i, rec) {
        json_t *etag = keep ? json_incref(json_object_get(rec, "@odata.etag")) : NULL;

        if (msx_crm_tidy_one(crm, t, rec))
            msx_log(crm->ctx, MSX_LOG_WARN, "out of memory");
        if (etag)
            json_object_set_new(rec, "@odata.etag", etag);
    }
}

/* The query that checked params ask for; its strings are params'. */
static enum msx_code query_of(struct msx_crm *crm, const json_t *params, struct msx_query *q,
                              struct msx_error *err)
{
    json_int_t top = 0;
    enum msx_code rc = check_query(params, err);

    if (rc)
        return rc;
    *q = (struct msx_query){
        .set = msx_json_str(params, "entitySet"),
        .select = msx_json_str(params, "select"),
        .filter = msx_json_str(params, "filter"),
        .orderby = msx_json_str(params, "orderby"),
        .expand = msx_json_str(params, "expand"),
        .count = msx_json_bool_or(params, "count", false),
    };
    if (msx_json_int(params, "top", &top))
        q->top = (long)top;
    return key_of(crm, q->set, q->orderby != NULL, &q->primary_key, err);
}

/* {count, value[], total?, totalIsMinimum?, more?} of a finished read. */
static json_t *query_result(struct msx_crm *crm, const json_t *params, const struct msx_query *q,
                            struct msx_rows *rows)
{
    json_int_t total = msx_rows_count(rows);
    json_t *value = msx_crm_array_copy(msx_rows_array(rows));
    MSX_AUTO(msx_json_free_p) json_t *out = NULL;

    if (!value)
        return NULL;
    strip(crm, params, q->set, value);
    out = msx_crm_list_result("value", value);
    if (!out)
        return NULL;
    if (q->count && total >= 0) {
        if (json_object_set_new(out, "total", json_integer(total)) ||
            (msx_rows_count_capped(rows) &&
             json_object_set_new(out, "totalIsMinimum", json_true())))
            return NULL;
    }
    if (msx_rows_more(rows) && json_object_set_new(out, "more", json_true()))
        return NULL;
    return MSX_STEAL(out);
}

static enum msx_code query(struct msx_crm *crm, const json_t *params, json_t **result,
                           struct msx_error *err)
{
    struct msx_query q;
    struct msx_rows *rows = NULL;
    json_t *out = NULL;
    enum msx_code rc = query_of(crm, params, &q, err);

    if (rc)
        return rc;
    rc = msx_odata_list(crm->odata, &q, &rows, err);
    if (!rc)
        rc = msx_rows_wait(rows, err);
    if (!rc) {
        out = query_result(crm, params, &q, rows);
        if (!out)
            rc = msx_crm_oom(err);
    }
    msx_rows_free(rows);
    if (rc)
        return explain(rc, q.set, err);
    *result = out;
    return MSX_OK;
}

struct page_user {
    struct msx_crm *crm;
    const json_t *params;
    const char *set;
    msx_page_fn fn;
    void *user;
};

static enum msx_code on_page(void *user, json_t *rows, struct msx_error *err)
{
    const struct page_user *p = user;

    strip(p->crm, p->params, p->set, rows);
    return p->fn(p->user, rows, err);
}

enum msx_code msx_crm_query_each(struct msx_crm *crm, const json_t *params, msx_page_fn fn,
                                 void *user, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *args = NULL;
    struct page_user p = { .crm = crm, .fn = fn, .user = user };
    struct msx_query q;
    enum msx_code rc = msx_crm_args(&msx_tool_crm_query, params, crm->ctx, &args, err);

    if (!rc)
        rc = query_of(crm, args, &q, err);
    if (rc)
        return rc;
    p.params = args;
    p.set = q.set;
    return explain(msx_odata_each_page(crm->odata, &q, on_page, &p, err), q.set, err);
}

static const struct msx_param record_params[] = {
    { "entitySet", MSX_P_STRING, true, NULL, "entity set, e.g. opportunities" },
    { "id", MSX_P_GUID, true, NULL, "the record's primary key" },
    { "select", MSX_P_FIELDS, false, NULL, "columns to read" },
    { "expand", MSX_P_STRING, false, NULL, "OData $expand" },
    { "includeEtag", MSX_P_BOOL, false, NULL, "keep @odata.etag in the record" },
    { .name = NULL },
};

static enum msx_code get_record(struct msx_crm *crm, const json_t *params, json_t **result,
                                struct msx_error *err)
{
    const char *set = msx_json_str(params, "entitySet");
    const char *select = msx_json_str(params, "select");
    const char *expand = msx_json_str(params, "expand");
    const struct msx_crm_table *t = msx_crm_table_of_set(set);
    MSX_AUTO(msx_json_free_p) json_t *list = NULL;
    struct msx_rows *rows = NULL;
    enum msx_code rc = check_set(set, err);

    if (!rc)
        rc = msx_crm_check_names(set, "select", select, err);
    if (!rc)
        rc = msx_crm_check_names(set, "expand", expand, err);
    if (rc)
        return rc;
    if (t && !select && !expand) { /* the columns that the tools know, less those missing here */
        json_t *rec = NULL;

        rc = msx_crm_read_one(crm, t, msx_json_str(params, "id"), &rec, err);
        if (rc)
            return rc;
        list = json_pack("[o]", rec);
    } else {
        rc = msx_odata_get(crm->odata, set, msx_json_str(params, "id"), select, expand, &rows, err);
        if (!rc)
            rc = msx_rows_wait(rows, err);
        if (!rc)
            list = json_pack("[O]", msx_rows_object(rows));
        msx_rows_free(rows);
        if (rc)
            return explain(rc, set, err);
    }
    if (!list)
        return msx_crm_oom(err);
    strip(crm, params, set, list);
    *result = json_incref(json_array_get(list, 0));
    return MSX_OK;
}

static const struct msx_param properties_params[] = {
    { "entityLogicalName", MSX_P_STRING, true, NULL, "table, e.g. msp_engagementmilestone" },
    { "filter", MSX_P_STRING, false, NULL, "only columns whose name or label holds this text" },
    { .name = NULL },
};

static enum msx_code list_properties(struct msx_crm *crm, const json_t *params, json_t **result,
                                     struct msx_error *err)
{
    const char *name = msx_json_str(params, "entityLogicalName");
    const char *filter = msx_json_str(params, "filter");
    const char *right = msx_crm_right_name(NULL, name);
    const struct msx_crm_table *t = msx_crm_table_of_set(right ? right : name);
    MSX_AUTO(msx_json_free_p) json_t *kept = json_array();
    json_t *table = NULL, *p;
    size_t i;
    enum msx_code rc;

    if (!kept)
        return msx_crm_oom(err);
    if (!msx_odata_is_name(name))
        return msx_fail(err, MSX_E_USAGE, "'%.80s' is no table name", name);
    rc = msx_meta_table(crm->odata, t ? t->logical : name, &table, err);
    if (rc)
        return rc;
    json_array_foreach(msx_json_arr(table, "properties"), i, p) {
        if (filter && !msx_crm_contains(msx_json_str(p, "name"), filter) &&
            !msx_crm_contains(msx_json_str(p, "displayName"), filter))
            continue;
        if (json_array_append(kept, p))
            return msx_crm_oom(err);
    }
    *result = json_pack("{s:O,s:O,s:O,s:I,s:O}", "entityLogicalName",
                        json_object_get(table, "logicalName"), "entitySetName",
                        json_object_get(table, "entitySetName"), "primaryId",
                        json_object_get(table, "primaryId"), "count",
                        (json_int_t)json_array_size(kept), "properties", kept);
    return *result ? MSX_OK : msx_crm_oom(err);
}

const struct msx_tool msx_tool_crm_query = {
    .name = "crm_query",
    .title = "Query a table",
    .doc = "Read records of any entity set; all pages, or an error.",
    .effect = MSX_TOOL_READS,
    .params = query_params,
    .result = "{count, value[], total?, more?}: more is true when top left records out",
    .fn = query,
};

const struct msx_tool msx_tool_crm_get_record = {
    .name = "crm_get_record",
    .title = "Get a record",
    .doc = "Read one record by its primary key.",
    .effect = MSX_TOOL_READS,
    .params = record_params,
    .result = "the record",
    .fn = get_record,
};

const struct msx_tool msx_tool_crm_list_entity_properties = {
    .name = "crm_list_entity_properties",
    .title = "List a table's columns",
    .doc = "Columns of a table with types, labels, lookup targets and options.",
    .effect = MSX_TOOL_READS,
    .params = properties_params,
    .result = "{entityLogicalName, entitySetName, primaryId, count, properties: [{name, type, "
              "displayName, required, lookupTargets[], options[]}]}",
    .fn = list_properties,
};
