/* Reads over one table: many in flight, whole or an error, and repeated without the columns that an
 * organisation lacks. */
#include "crm/priv.h"

#include <string.h>

/* Columns of a table that a retry can leave out at most. */
#define MAX_DROPS 32

struct msx_crm_read {
    struct msx_crm *crm;
    const struct msx_crm_table *table;
    char *select; /* as asked, before dropping */
    char *filter, *field;
    json_t *ids;           /* array of strings, or NULL */
    char *sent;            /* the select of the request under way */
    struct msx_rows *rows; /* NULL: nothing to ask */
};

void msx_crm_read_free(struct msx_crm_read *r)
{
    if (!r)
        return;
    if (r->rows)
        msx_rows_free(r->rows);
    msx_free(r->select);
    msx_free(r->filter);
    msx_free(r->field);
    msx_free(r->sent);
    json_decref(r->ids);
    msx_free(r);
}

/* r->select without the columns known to be missing. */
static enum msx_code present_columns(struct msx_crm_read *r, char **out, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(MSX_FILTER_MAX);
    const char *p = r->select;
    enum msx_code rc;

    while (*p) {
        size_t n = strcspn(p, ",");
        MSX_AUTO(msx_free_p) char *column = msx_strndup(p, n);

        if (!column)
            return msx_crm_oom(err);
        if (!msx_crm_column_gone(r->crm, r->table->set, column)) {
            if (b.len)
                msx_buf_addc(&b, ',');
            msx_buf_adds(&b, column);
        }
        p += n + (p[n] == ',');
    }
    rc = msx_buf_finish(&b, "the list of columns", err);
    if (rc)
        return rc;
    *out = msx_buf_take(&b);
    return *out ? MSX_OK : msx_crm_oom(err);
}

static enum msx_code send(struct msx_crm_read *r, struct msx_error *err)
{
    struct msx_query q = { .set = r->table->set, .filter = r->filter };
    const char **ids = NULL;
    size_t n = json_array_size(r->ids);
    enum msx_code rc;

    if (r->rows)
        msx_rows_free(MSX_STEAL(r->rows));
    msx_free(MSX_STEAL(r->sent));
    rc = present_columns(r, &r->sent, err);
    if (rc)
        return rc;
    q.select = r->sent;
    q.primary_key = r->table->key;
    if (!r->field)
        return msx_odata_list(r->crm->odata, &q, &r->rows, err);
    if (!n)
        return MSX_OK;
    ids = msx_calloc(n, sizeof *ids);
    if (!ids)
        return msx_crm_oom(err);
    for (size_t i = 0; i < n; i++)
        ids[i] = json_string_value(json_array_get(r->ids, i));
    rc = msx_odata_list_ids(r->crm->odata, &q, r->field, ids, n, &r->rows, err);
    msx_free(ids);
    return rc;
}

enum msx_code msx_crm_start(struct msx_crm *crm, const struct msx_crm_query *q,
                            struct msx_crm_read **out, struct msx_error *err)
{
    MSX_AUTO(msx_crm_read_free_p) struct msx_crm_read *r = msx_calloc(1, sizeof *r);
    enum msx_code rc;

    if (!r)
        return msx_crm_oom(err);
    r->crm = crm;
    r->table = q->table;
    r->select = msx_strdup(q->select ? q->select : q->table->select);
    r->filter = q->filter && *q->filter ? msx_strdup(q->filter) : NULL;
    r->field = q->ids ? msx_strdup(q->field) : NULL;
    r->ids = q->ids ? json_deep_copy(q->ids) : NULL;
    if (!r->select || (q->filter && *q->filter && !r->filter) || (q->ids && (!r->field || !r->ids)))
        return msx_crm_oom(err);
    rc = send(r, err);
    if (rc)
        return rc;
    *out = MSX_STEAL(r);
    return MSX_OK;
}

char *msx_crm_missing_column(const struct msx_error *err)
{
    static const char marker[] = "property named '";
    const char *p = strstr(err->msg, marker);
    size_t n;

    if (!p || err->http_status != 400)
        return NULL;
    p += sizeof marker - 1;
    n = strcspn(p, "'");
    return n && p[n] == '\'' ? msx_strndup(p, n) : NULL;
}

static bool selects(const char *select, const char *column)
{
    size_t n = strlen(column);

    for (const char *p = select; *p; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == n && !strncmp(p, column, n))
            return true;
    return false;
}

/* The same when it is one of those that an organisation may lack and this read asked for it. */
static char *droppable_column(const struct msx_crm_read *r, const struct msx_error *e)
{
    char *column = msx_crm_missing_column(e);

    if (column && selects(r->sent, column) &&
        (!strcmp(column, "activestageid") || !strncmp(column, "msp_", 4) ||
         !strncmp(column, "_msp_", 5)))
        return column;
    msx_free(column);
    return NULL;
}

/* A record that is changed while its list is read may come on two pages. 0 or -1 (no memory). */
static int drop_repeated(json_t *records, const char *key)
{
    MSX_AUTO(msx_json_free_p) json_t *seen = json_object();

    for (size_t i = 0; seen && i < json_array_size(records);) {
        const char *id = msx_json_str(json_array_get(records, i), key);

        if (id && json_object_get(seen, id)) {
            if (json_array_remove(records, i) < 0)
                return -1;
            continue;
        }
        if (id && json_object_set_new(seen, id, json_true()) < 0)
            return -1;
        i++;
    }
    return seen ? 0 : -1;
}

enum msx_code msx_crm_finish(struct msx_crm_read *r, json_t **records, struct msx_error *err)
{
    struct msx_error e = MSX_ERROR_INIT;
    enum msx_code rc = MSX_OK;

    for (int tries = 0; r->rows; tries++) {
        char *column;

        e = (struct msx_error)MSX_ERROR_INIT;
        rc = msx_rows_wait(r->rows, &e);
        if (!rc)
            break;
        column = tries < MAX_DROPS ? droppable_column(r, &e) : NULL;
        if (!column)
            break;
        msx_crm_column_drop(r->crm, r->table->set, column);
        msx_free(column);
        rc = send(r, &e);
        if (rc)
            break;
    }
    if (rc) {
        if (err)
            *err = e;
        return msx_wrap(err, rc, "cannot read %s", r->table->set);
    }
    *records = msx_crm_array_copy(r->rows ? msx_rows_array(r->rows) : NULL);
    if (*records && drop_repeated(*records, r->table->key) < 0) {
        json_decref(*records);
        *records = NULL;
    }
    if (!*records)
        return msx_crm_oom(err);
    if (r->rows)
        msx_rows_free(MSX_STEAL(r->rows));
    return MSX_OK;
}

enum msx_code msx_crm_list(struct msx_crm *crm, const struct msx_crm_query *q, json_t **records,
                           struct msx_error *err)
{
    MSX_AUTO(msx_crm_read_free_p) struct msx_crm_read *r = NULL;
    enum msx_code rc = msx_crm_start(crm, q, &r, err);

    return rc ? rc : msx_crm_finish(r, records, err);
}

static enum msx_code finish_all(struct msx_crm_read *const *reads, size_t n, json_t **lists,
                                struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *all = json_array();
    enum msx_code rc = all ? MSX_OK : msx_crm_oom(err);

    for (size_t i = 0; !rc && i < n; i++) {
        json_t *records = NULL;

        rc = msx_crm_finish(reads[i], &records, err);
        if (!rc && json_array_append_new(all, records))
            rc = msx_crm_oom(err);
    }
    if (!rc)
        *lists = MSX_STEAL(all);
    return rc;
}

enum msx_code msx_crm_list_filters(struct msx_crm *crm, const struct msx_crm_query *q,
                                   const json_t *filters, json_t **lists, struct msx_error *err)
{
    size_t n = json_array_size(filters);
    struct msx_crm_read **reads = msx_calloc(n, sizeof(struct msx_crm_read *));
    enum msx_code rc = reads ? MSX_OK : msx_crm_oom(err);

    for (size_t i = 0; !rc && i < n; i++) {
        struct msx_crm_query one = *q;

        one.filter = json_string_value(json_array_get(filters, i));
        rc = msx_crm_start(crm, &one, &reads[i], err);
    }
    if (!rc)
        rc = finish_all(reads, n, lists, err);
    for (size_t i = 0; reads && i < n; i++)
        msx_crm_read_free(reads[i]);
    msx_free(reads);
    return rc;
}

/* Texts of one request; far below the length that a URL may have. */
#define TEXTS_A_REQUEST 100

static enum msx_code equal_filter(const char *base, const char *column, const json_t *texts,
                                  size_t from, json_t *filters, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(MSX_FILTER_MAX);
    enum msx_code rc;

    if (*base)
        msx_buf_addf(&b, "%s and (", base);
    for (size_t i = from; i < json_array_size(texts) && i < from + TEXTS_A_REQUEST; i++) {
        msx_buf_addf(&b, "%s%s eq ", i > from ? " or " : "", column);
        msx_odata_add_string(&b, json_string_value(json_array_get(texts, i)));
    }
    if (*base)
        msx_buf_addc(&b, ')');
    rc = msx_buf_finish(&b, "the filter", err);
    if (!rc && json_array_append_new(filters, json_string(b.data)))
        rc = msx_crm_oom(err);
    return rc;
}

enum msx_code msx_crm_equal_filters(const char *base, const char *column, const json_t *texts,
                                    json_t **filters, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *all = json_array();
    enum msx_code rc = all ? MSX_OK : msx_crm_oom(err);

    for (size_t i = 0; !rc && i < json_array_size(texts); i += TEXTS_A_REQUEST)
        rc = equal_filter(base, column, texts, i, all, err);
    if (!rc)
        *filters = MSX_STEAL(all);
    return rc;
}

json_t *msx_crm_flatten(const json_t *lists)
{
    json_t *all = json_array();
    json_t *list;
    size_t i;

    json_array_foreach(lists, i, list) {
        if (json_array_extend(all, list)) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}

enum msx_code msx_crm_read_one(struct msx_crm *crm, const struct msx_crm_table *t, const char *id,
                               json_t **record, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *ids = json_pack("[s]", id);
    MSX_AUTO(msx_json_free_p) json_t *found = NULL;
    enum msx_code rc;

    if (!ids)
        return msx_crm_oom(err);
    rc = msx_crm_list(crm, &(struct msx_crm_query){ .table = t, .field = t->key, .ids = ids },
                      &found, err);
    if (rc)
        return rc;
    if (!json_array_size(found)) {
        msx_fail(err, MSX_E_NOTFOUND, "no %s has the id '%s'", t->what, id);
        msx_hint(err, "it may not exist, or you may not be allowed to see it");
        return MSX_E_NOTFOUND;
    }
    *record = json_incref(json_array_get(found, 0));
    return MSX_OK;
}

bool msx_crm_table_missing(const struct msx_error *err)
{
    /* 403 without a code of the service's own is the network's, not the table's */
    if (err->code == MSX_E_DENIED)
        return err->crm_code != 0;
    return err->http_status == 404 &&
           (err->crm_code == 0x8006088au || strstr(err->msg, "not found for the segment"));
}
