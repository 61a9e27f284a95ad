/* Reads: started, waited for, merged; listings, single records, ID lists, streams. */
#include "odata/rows.h"

#include <stdio.h>
#include <string.h>

void rows_release_part(struct part *p)
{
    msx_free(p->url);
    msx_free(p->next);
    msx_free(p->seen);
    for (size_t i = 0; i < p->n_paths; i++)
        msx_free(p->paths[i]);
    msx_free(p->paths);
    json_decref(p->doc);
    json_decref(p->got);
}

enum msx_code rows_new(struct msx_odata *o, enum rows_mode mode, size_t n, struct msx_rows **out,
                       struct msx_error *err)
{
    struct msx_rows *r = msx_calloc(1, sizeof(*r));

    if (!r)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    r->parts = msx_calloc(n, sizeof(*r->parts));
    if (!r->parts || pthread_mutex_init(&r->lock, NULL)) {
        msx_free(r->parts);
        msx_free(r);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    if (pthread_cond_init(&r->changed, NULL)) {
        pthread_mutex_destroy(&r->lock);
        msx_free(r->parts);
        msx_free(r);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    r->o = o;
    r->mode = mode;
    r->n_parts = n;
    r->count = -1;
    r->refs = 1;
    r->open = n;
    for (size_t i = 0; i < n; i++)
        r->parts[i].rows = r;
    *out = r;
    return MSX_OK;
}

enum msx_code rows_start(struct msx_rows *r, struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; !rc && i < r->n_parts; i++)
        rc = rows_request(&r->parts[i], err);
    pthread_mutex_unlock(&r->lock);
    if (rc)
        msx_rows_free(r);
    return rc;
}

/* A read of one part at url (stolen, may be NULL: out of memory). */
static enum msx_code start_one(struct msx_odata *o, enum rows_mode mode, char *url, char *prefer,
                               long top, struct msx_rows **out, struct msx_error *err)
{
    struct msx_rows *r = NULL;
    enum msx_code rc = MSX_OK;

    if (!url || !prefer)
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (!rc)
        rc = rows_new(o, mode, 1, &r, err);
    if (rc) {
        msx_free(url);
        msx_free(prefer);
        return rc;
    }
    r->prefer = prefer;
    r->top = top;
    r->parts[0].url = url;
    rc = rows_start(r, err);
    if (!rc)
        *out = r;
    return rc;
}

enum msx_code msx_odata_list(struct msx_odata *o, const struct msx_query *q, struct msx_rows **out,
                             struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf url = MSX_BUF_INIT(ODATA_MAX_BATCH_URL * 2);
    enum msx_code rc = odata_query_check(q, err);

    if (!rc)
        rc = odata_query_url(o, q, NULL, &url, err);
    if (rc)
        return rc;
    return start_one(o, ROWS_LIST, msx_buf_take(&url), odata_query_prefer(q), q->top, out, err);
}

enum msx_code msx_odata_get(struct msx_odata *o, const char *set, const char *id,
                            const char *select, const char *expand, struct msx_rows **out,
                            struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf url = MSX_BUF_INIT(ODATA_MAX_BATCH_URL * 2);
    const struct msx_query q = { .set = set, .select = select, .expand = expand, .top = 1 };
    enum msx_code rc = odata_query_check(&q, err);

    if (rc)
        return rc;
    msx_buf_addf(&url, "%s%s(", o->base, set);
    rc = msx_odata_add_guid(&url, id, err);
    if (rc)
        return rc;
    msx_buf_addc(&url, ')');
    if (select) {
        msx_buf_adds(&url, "?$select=");
        odata_encode(&url, select);
    }
    if (expand && *expand) {
        msx_buf_adds(&url, select ? "&$expand=" : "?$expand=");
        odata_encode(&url, expand);
    }
    rc = msx_buf_finish(&url, "the request's URL", err);
    if (rc)
        return rc;
    return start_one(o, ROWS_OBJECT, msx_buf_take(&url), odata_query_prefer(&q), 0, out, err);
}

/* Tables' own descriptions have no formatted values. */
static bool is_metadata(const char *path)
{
    return strncmp(path, "EntityDefinitions", 17) == 0 ||
           strncmp(path, "RelationshipDefinitions", 23) == 0 ||
           strncmp(path, "GlobalOptionSetDefinitions", 26) == 0;
}

enum msx_code msx_odata_get_path(struct msx_odata *o, const char *path, struct msx_rows **out,
                                 struct msx_error *err)
{
    /* the path may hold a $top of its own, which a page size would switch off; without one the
     * service's pages are as large as they can be */
    const struct msx_query q = { .annotations = is_metadata(path) ? "" : NULL, .top = 1 };
    enum msx_code rc = odata_path_check(path, err);

    if (rc)
        return rc;
    return start_one(o, ROWS_OBJECT, msx_asprintf("%s%s", o->base, path), odata_query_prefer(&q), 0,
                     out, err);
}

/* ---- ID lists ---- */

static int compare_guids(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Canonical, sorted, each once. */
static enum msx_code tidy_ids(const char *const *ids, size_t n, char (**out)[MSX_GUID_LEN + 1],
                              size_t *n_out, struct msx_error *err)
{
    char(*g)[MSX_GUID_LEN + 1] = msx_calloc(n ? n : 1, sizeof(*g));
    size_t kept = 0;

    if (!g)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        if (!ids[i] || !msx_guid_parse(ids[i], g[i])) {
            msx_free(g);
            return msx_fail(err, MSX_E_USAGE, "'%.80s' is not a GUID", ids[i] ? ids[i] : "");
        }
    }
    qsort(g, n, sizeof(*g), compare_guids);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(g[i], g[kept - 1]) != 0) {
            if (kept != i)
                memcpy(g[kept], g[i], sizeof(*g));
            kept++;
        }
    *out = g;
    *n_out = kept;
    return MSX_OK;
}

/* "(field eq a or field eq b ...)": plain comparisons work on every column and every server. */
static enum msx_code ids_url(const struct msx_odata *o, const struct msx_query *q,
                             const char *field, char (*ids)[MSX_GUID_LEN + 1], size_t n, char **out,
                             struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf url = MSX_BUF_INIT(ODATA_MAX_BATCH_URL * 2);
    MSX_AUTO(msx_buf_release) struct msx_buf filter = MSX_BUF_INIT(ODATA_MAX_BATCH_URL);
    enum msx_code rc;

    msx_buf_addc(&filter, '(');
    for (size_t i = 0; i < n; i++)
        msx_buf_addf(&filter, "%s%s eq %s", i ? " or " : "", field, ids[i]);
    msx_buf_addc(&filter, ')');
    rc = msx_buf_finish(&filter, "the filter", err);
    if (!rc)
        rc = odata_query_url(o, q, filter.data, &url, err);
    if (rc)
        return rc;
    *out = msx_buf_take(&url);
    return *out ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

/* How many IDs a request takes. */
static enum msx_code ids_per_part(const struct msx_odata *o, const struct msx_query *q,
                                  const char *field, char (*ids)[MSX_GUID_LEN + 1], size_t n,
                                  size_t *out, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *url = NULL;
    size_t each = strlen(field) + strlen("%20eq%20") + MSX_GUID_LEN + strlen("%20or%20");
    size_t parts, most;
    enum msx_code rc = ids_url(o, q, field, ids, 1, &url, err);

    if (rc)
        return rc;
    most = strlen(url) < ODATA_IDS_MAX_URL ? 1 + (ODATA_IDS_MAX_URL - strlen(url)) / each : 1;
    if (most > ODATA_IDS_PER_PART)
        most = ODATA_IDS_PER_PART;
    parts = (n + most - 1) / most;
    *out = (n + parts - 1) / parts; /* of about the same size */
    return MSX_OK;
}

/* A read that is over before it began: of no IDs at all. */
static enum msx_code empty_rows(struct msx_odata *o, bool count, struct msx_rows **out,
                                struct msx_error *err)
{
    struct msx_rows *r = NULL;
    enum msx_code rc = rows_new(o, ROWS_LIST, 1, &r, err);

    if (rc)
        return rc;
    r->open = 0;
    r->count = count ? 0 : -1;
    r->parts[0].got = json_array();
    r->prefer = msx_strdup("");
    if (!r->parts[0].got || !r->prefer) {
        msx_rows_free(r);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    *out = r;
    return MSX_OK;
}

enum msx_code msx_odata_list_ids(struct msx_odata *o, const struct msx_query *q, const char *field,
                                 const char *const *ids, size_t n, struct msx_rows **out,
                                 struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char(*g)[MSX_GUID_LEN + 1] = NULL;
    struct msx_rows *r = NULL;
    size_t per = 0, parts;
    enum msx_code rc = odata_query_check(q, err);

    if (!rc && !msx_odata_is_name(field))
        rc = msx_fail(err, MSX_E_USAGE, "'%.80s' is not a column name", field ? field : "");
    if (!rc)
        rc = tidy_ids(ids, n, &g, &n, err);
    if (rc)
        return rc;
    if (n == 0)
        return empty_rows(o, q->count, out, err);
    rc = ids_per_part(o, q, field, g, n, &per, err);
    if (rc)
        return rc;
    parts = (n + per - 1) / per;
    rc = rows_new(o, ROWS_LIST, parts, &r, err);
    if (rc)
        return rc;
    r->top = q->top;
    r->prefer = odata_query_prefer(q);
    if (!r->prefer)
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    for (size_t i = 0; !rc && i < parts; i++) {
        size_t from = i * per;

        rc = ids_url(o, q, field, g + from, n - from < per ? n - from : per, &r->parts[i].url, err);
    }
    if (rc) {
        msx_rows_free(r);
        return rc;
    }
    rc = rows_start(r, err);
    if (!rc)
        *out = r;
    return rc;
}

/* ---- batches ---- */

static enum msx_code fill_batch(struct part *p, const char *base_path, const char *const *paths,
                                size_t n, struct msx_error *err)
{
    p->paths = msx_calloc(n, sizeof(*p->paths));
    if (!p->paths)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    p->n_paths = n;
    for (size_t i = 0; i < n; i++) {
        enum msx_code rc = odata_path_check(paths[i], err);

        if (rc)
            return rc;
        p->paths[i] = msx_asprintf("%s%s", base_path, paths[i]);
        if (!p->paths[i])
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        if (strlen(p->paths[i]) > ODATA_MAX_BATCH_URL)
            return msx_fail(err, MSX_E_LIMIT, "a query of %zu bytes is too long for the service",
                            strlen(p->paths[i]));
    }
    return MSX_OK;
}

enum msx_code msx_odata_batch_get(struct msx_odata *o, const char *const *paths, size_t n,
                                  struct msx_rows **out, struct msx_error *err)
{
    size_t batches = (n + ODATA_BATCH_PARTS - 1) / ODATA_BATCH_PARTS;
    struct msx_rows *r = NULL;
    enum msx_code rc;

    if (n == 0)
        return empty_rows(o, false, out, err);
    rc = rows_new(o, ROWS_BATCH, batches, &r, err);
    if (rc)
        return rc;
    r->prefer = odata_query_prefer(&(struct msx_query){ .top = 1 });
    if (!r->prefer)
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    for (size_t i = 0; !rc && i < batches; i++) {
        size_t from = i * ODATA_BATCH_PARTS;

        rc = fill_batch(&r->parts[i], "/api/data/v9.2/", paths + from,
                        n - from < ODATA_BATCH_PARTS ? n - from : ODATA_BATCH_PARTS, err);
    }
    if (rc) {
        msx_rows_free(r);
        return rc;
    }
    rc = rows_start(r, err);
    if (!rc)
        *out = r;
    return rc;
}

/* ---- results ---- */

static enum msx_code merge(struct msx_rows *r, struct msx_error *err)
{
    r->result = MSX_STEAL(r->parts[0].got);
    for (size_t i = 1; i < r->n_parts; i++) {
        if (json_array_extend(r->result, r->parts[i].got))
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        json_decref(r->parts[i].got);
        r->parts[i].got = NULL;
    }
    if (r->mode == ROWS_OBJECT)
        (void)json_object_del(r->result, "@odata.nextLink"); /* all pages are here */
    if (r->mode != ROWS_LIST)
        return MSX_OK;
    if (r->top > 0 && json_array_size(r->result) > (size_t)r->top) {
        r->more = true;
        while (json_array_size(r->result) > (size_t)r->top)
            if (json_array_remove(r->result, json_array_size(r->result) - 1))
                return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    if (r->count >= 0 && !r->more) {
        r->count = (json_int_t)json_array_size(r->result);
        r->capped = false;
    }
    return MSX_OK;
}

enum msx_code msx_rows_wait(struct msx_rows *r, struct msx_error *err)
{
    enum msx_code rc;

    pthread_mutex_lock(&r->lock);
    while (!r->rc && r->open)
        (void)pthread_cond_wait(&r->changed, &r->lock);
    if (!r->rc && !r->merged) {
        r->merged = true;
        r->rc = merge(r, &r->err);
    }
    rc = r->rc;
    if (rc && err)
        *err = r->err;
    pthread_mutex_unlock(&r->lock);
    return rc;
}

json_t *msx_rows_array(struct msx_rows *r)
{
    return json_is_array(r->result) ? r->result : msx_json_arr(r->result, "value");
}

json_t *msx_rows_object(struct msx_rows *r)
{
    return json_is_object(r->result) ? r->result : NULL;
}

json_int_t msx_rows_count(const struct msx_rows *r)
{
    return r->count;
}

bool msx_rows_count_capped(const struct msx_rows *r)
{
    return r->capped;
}

bool msx_rows_more(const struct msx_rows *r)
{
    return r->more;
}

/* ---- streams ---- */

/* The next page's rows (owned by the caller) while the page after it is already asked for. */
static enum msx_code take_streamed(struct msx_rows *r, bool want_next, json_t **rows,
                                   struct msx_error *err)
{
    struct part *p = &r->parts[0];
    enum msx_code rc;

    pthread_mutex_lock(&r->lock);
    while (!r->rc && !p->got)
        (void)pthread_cond_wait(&r->changed, &r->lock);
    rc = r->rc;
    if (rc && err)
        *err = r->err;
    if (!rc) {
        *rows = MSX_STEAL(p->got);
        if (!p->next || !want_next) {
            p->ended = true;
        } else {
            msx_free(p->url);
            p->url = MSX_STEAL(p->next);
            rc = rows_request(p, err);
        }
    }
    pthread_mutex_unlock(&r->lock);
    return rc;
}

enum msx_code msx_odata_each_page(struct msx_odata *o, const struct msx_query *q, msx_page_fn fn,
                                  void *user, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf url = MSX_BUF_INIT(ODATA_MAX_BATCH_URL * 2);
    struct msx_rows *r = NULL;
    size_t seen = 0;
    enum msx_code rc = odata_query_check(q, err);

    if (!rc)
        rc = odata_query_url(o, q, NULL, &url, err);
    if (!rc)
        rc = rows_new(o, ROWS_LIST, 1, &r, err);
    if (rc)
        return rc;
    r->streaming = true;
    r->prefer = odata_query_prefer(q);
    r->parts[0].url = msx_buf_take(&url);
    if (!r->prefer || !r->parts[0].url) {
        msx_rows_free(r);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    rc = rows_start(r, err);
    if (rc)
        return rc;
    while (!rc && !r->parts[0].ended) {
        MSX_AUTO(msx_json_free_p) json_t *rows = NULL;
        size_t left = q->top > 0 ? (size_t)q->top - seen : SIZE_MAX;

        rc = take_streamed(r, true, &rows, err);
        while (!rc && json_array_size(rows) > left)
            if (json_array_remove(rows, json_array_size(rows) - 1))
                rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
        if (!rc) {
            seen += json_array_size(rows);
            rc = fn(user, rows, err);
        }
        if (q->top > 0 && seen >= (size_t)q->top)
            break;
    }
    msx_rows_free(r);
    return rc;
}
