/* How one page travels: as a GET of its own, or inside a $batch when its URL is too long; and back.
 */
#include <stdio.h>
#include <string.h>

#include "odata/rows.h"

static void on_done(void *user, struct msx_http_future *f, enum msx_code rc,
                    const struct msx_http_response *res, const struct msx_error *err);

static bool in_batch(const struct part *p)
{
    return !p->url || strlen(p->url) > ODATA_MAX_URL;
}

/* "/api/data/..." of an absolute URL. */
static const char *path_of(const char *url)
{
    const char *p = strstr(url, "://");

    p = p ? p + 3 : url;
    return p + strcspn(p, "/");
}

static enum msx_code start_get(struct part *p, struct msx_error *err)
{
    const char *const headers[] = { p->rows->prefer, NULL };
    struct msx_http_request req = {
        .kind = MSX_HTTP_READ,
        .method = "GET",
        .url = p->url,
        .headers = *p->rows->prefer ? headers : NULL,
        .max_bytes = (size_t)256 << 20,
        .hooks = { rows_check, on_done, p },
    };

    return msx_http_start(p->rows->o->http, &req, &p->future, err);
}

static enum msx_code start_batch(struct part *p, struct msx_error *err)
{
    const char *one = p->url ? path_of(p->url) : NULL;
    const char *const *paths = one ? &one : (const char *const *)p->paths;
    MSX_AUTO(msx_buf_release)
    struct msx_buf body = MSX_BUF_INIT(ODATA_BATCH_PARTS * (ODATA_MAX_BATCH_URL + 1024));
    MSX_AUTO(msx_free_p) char *url = msx_asprintf("%s$batch", p->rows->o->base);
    MSX_AUTO(msx_free_p) char *type = NULL;
    char boundary[40];
    enum msx_code rc;

    (void)snprintf(boundary, sizeof(boundary), "batch_%016llx",
                   (unsigned long long)odata_hash(paths[0]));
    type = msx_asprintf("Content-Type: multipart/mixed; boundary=%s", boundary);
    if (!url || !type)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = odata_batch_build(paths, one ? 1 : p->n_paths, p->rows->prefer, boundary, &body, err);
    if (rc)
        return rc;
    {
        const char *const headers[] = { type, "Prefer: odata.continue-on-error", NULL };
        struct msx_http_request req = {
            .kind = MSX_HTTP_READ_BATCH,
            .method = "POST",
            .url = url,
            .headers = headers,
            .body = body.data,
            .body_len = body.len,
            .max_bytes = (size_t)256 << 20,
            .hooks = { rows_check, on_done, p },
        };

        return msx_http_start(p->rows->o->http, &req, &p->future, err);
    }
}

static enum msx_code remember(struct part *p, struct msx_error *err)
{
    uint64_t hash = odata_hash(p->url);

    for (size_t i = 0; i < p->n_seen; i++)
        if (p->seen[i] == hash)
            return msx_fail(err, MSX_E_SERVER,
                            "the service repeats a next-page link: the list "
                            "would never end");
    if (p->n_seen == p->cap_seen) {
        size_t cap = p->cap_seen ? p->cap_seen * 2 : 8;
        uint64_t *more = msx_realloc(p->seen, cap * sizeof(*more));

        if (!more)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        p->seen = more;
        p->cap_seen = cap;
    }
    p->seen[p->n_seen++] = hash;
    return MSX_OK;
}

enum msx_code rows_request(struct part *p, struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    if (p->url) {
        rc = remember(p, err);
        if (!rc && strlen(p->url) > ODATA_MAX_BATCH_URL)
            rc = msx_fail(err, MSX_E_LIMIT, "a query of %zu bytes is too long for the service",
                          strlen(p->url));
    }
    if (!rc)
        rc = in_batch(p) ? start_batch(p, err) : start_get(p, err);
    if (!rc)
        p->rows->refs++;
    return rc;
}

static bool is_passing(int status)
{
    return status == 408 || status == 429 || (status >= 500 && status != 501);
}

/* One answer inside a $batch; adds its object to docs. */
static enum msx_code take_inner(const struct part *p, size_t i, const struct odata_part *in,
                                json_t *docs, struct msx_error *err)
{
    json_t *doc = NULL;
    enum msx_code rc;

    if (in->status < 200 || in->status > 299) {
        rc = msx_odata_error(in->status, in->body, in->body_len, in->request_id, err);
        /* as a failure of the service it is asked for again */
        if (is_passing(in->status)) {
            rc = MSX_E_SERVER;
            err->code = rc;
        }
    } else if (in->status == 204) {
        doc = json_object();
        rc = doc ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
    } else {
        rc = odata_page_parse(in->body, in->body_len, p->rows->mode == ROWS_LIST, &doc, err);
    }
    if (!rc && p->paths && msx_json_str(doc, "@odata.nextLink")) {
        json_decref(doc);
        rc = msx_fail(err, MSX_E_LIMIT, "it has more than one page");
        doc = NULL;
    }
    if (rc)
        return p->paths ? msx_wrap(err, rc, "'%.120s'", p->paths[i]) : rc;
    if (json_array_append_new(docs, doc))
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return MSX_OK;
}

static enum msx_code take_batch(struct part *p, const struct msx_http_future *f,
                                const struct msx_http_response *res, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *docs = json_array();
    struct odata_part in[ODATA_BATCH_PARTS] = { 0 };
    size_t n = p->paths ? p->n_paths : 1;
    size_t got = 0;
    enum msx_code rc;

    if (!docs)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = odata_batch_parse(msx_http_header(f, "Content-Type"), res->body, res->body_len, in, n,
                           &got, err);
    for (size_t i = 0; !rc && i < got; i++)
        rc = take_inner(p, i, &in[i], docs, err);
    if (!rc && got < n)
        rc = msx_fail(err, MSX_E_SERVER, "the service answered %zu of %zu requests of a batch", got,
                      n);
    if (rc)
        return rc;
    json_decref(p->doc);
    p->doc = p->paths ? json_incref(docs) : json_incref(json_array_get(docs, 0));
    return MSX_OK;
}

enum msx_code rows_check(void *user, const struct msx_http_future *f,
                         const struct msx_http_response *res, struct msx_error *err)
{
    struct part *p = user;
    json_t *doc = NULL;
    enum msx_code rc;

    if (in_batch(p))
        return take_batch(p, f, res, err);
    if (res->status == 204 && p->rows->mode == ROWS_OBJECT) {
        doc = json_object();
        if (!doc)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    } else {
        rc = odata_page_parse(res->body, res->body_len, p->rows->mode == ROWS_LIST, &doc, err);
        if (rc)
            return rc;
    }
    json_decref(p->doc);
    p->doc = doc;
    return MSX_OK;
}

/* A refused batch may still be multipart: the last part says why. */
enum msx_code rows_refused(const struct part *p, const struct msx_http_future *f,
                           const struct msx_http_response *res, struct msx_error *err)
{
    struct odata_part in[ODATA_BATCH_PARTS] = { 0 };
    size_t n = p->paths ? p->n_paths : 1;
    size_t got = 0;

    if (in_batch(p) && !odata_batch_parse(msx_http_header(f, "Content-Type"), res->body,
                                          res->body_len, in, n, &got, NULL))
        for (size_t i = 0; i < got; i++)
            if (in[i].status >= 300)
                return msx_odata_error(in[i].status, in[i].body, in[i].body_len, in[i].request_id,
                                       err);
    return msx_odata_error(res->status, res->body, res->body_len, msx_http_request_id(f), err);
}

/* ---- an answer arrived: keep it, go on to the next page ---- */

static void fail_rows(struct msx_rows *r, enum msx_code rc, const struct msx_error *err)
{
    r->rc = rc;
    r->err = *err;
    for (size_t i = 0; i < r->n_parts; i++) {
        msx_http_future_free(r->parts[i].future); /* its on_done() comes as cancelled */
        r->parts[i].future = NULL;
    }
}

static void note_count(struct msx_rows *r, const json_t *doc)
{
    json_int_t n;

    if (msx_json_int(doc, "@odata.count", &n)) {
        r->count = (r->count < 0 ? 0 : r->count) + n;
        if (msx_json_bool_or(doc, "@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded", false))
            r->capped = true;
    }
}

static enum msx_code keep_page(struct part *p, json_t *doc, struct msx_error *err)
{
    json_t *value = msx_json_arr(doc, "value");
    int bad = 0;

    if (!p->got)
        p->got = json_incref(p->rows->mode == ROWS_LIST ? value : doc);
    else
        bad = json_array_extend(p->rows->mode == ROWS_LIST ? p->got : msx_json_arr(p->got, "value"),
                                value);
    if (bad)
        return value ? msx_fail(err, MSX_E_NOMEM, "out of memory")
                     : msx_fail(err, MSX_E_SERVER, "a further page has no list of records");
    return MSX_OK;
}

static bool enough(const struct part *p)
{
    return p->rows->mode == ROWS_LIST && p->rows->top > 0 && !p->rows->streaming &&
           json_array_size(p->got) > (size_t)p->rows->top;
}

static enum msx_code take_page(struct part *p, json_t *doc, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *next = NULL;
    bool pages = p->rows->mode == ROWS_LIST ||
                 (p->rows->mode == ROWS_OBJECT && (p->got || msx_json_arr(doc, "value")));
    enum msx_code rc = MSX_OK;

    if (odata_fill_optional(p, doc))
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    note_count(p->rows, doc);
    if (pages)
        rc = odata_next_link(p->rows->o, doc, &next, err);
    if (!rc)
        rc = keep_page(p, doc, err);
    if (rc)
        return rc;
    if (p->rows->streaming) {
        p->next = MSX_STEAL(next);
        return MSX_OK;
    }
    if (next && !enough(p)) {
        msx_free(p->url);
        p->url = MSX_STEAL(next);
        return rows_request(p, err);
    }
    if (next)
        p->rows->more = true;
    p->ended = true;
    p->rows->open--;
    return MSX_OK;
}

static void rows_destroy(struct msx_rows *r)
{
    for (size_t i = 0; i < r->n_parts; i++)
        rows_release_part(&r->parts[i]);
    msx_free(r->parts);
    json_decref(r->result);
    msx_free(r->prefer);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    msx_free(r);
}

static void on_done(void *user, struct msx_http_future *f, enum msx_code rc,
                    const struct msx_http_response *res, const struct msx_error *err)
{
    struct part *p = user;
    struct msx_rows *r = p->rows;
    struct msx_error why = err ? *err : (struct msx_error)MSX_ERROR_INIT;
    json_t *doc = MSX_STEAL(p->doc);
    bool mine, last;

    pthread_mutex_lock(&r->lock);
    mine = p->future == f;
    if (mine)
        p->future = NULL;
    if (!r->abandoned && !r->rc) {
        if (rc && !why.request_id[0])
            (void)snprintf(why.request_id, sizeof(why.request_id), "%s", msx_http_request_id(f));
        if (!rc && (res->status < 200 || res->status > 299))
            rc = rows_refused(p, f, res, &why);
        if (!rc)
            rc = take_page(p, doc, &why);
        else if (odata_drop_optional(p, &why))
            rc = rows_request(p, &why);
        if (rc)
            fail_rows(r, rc, &why);
    }
    json_decref(doc);
    if (mine)
        msx_http_future_free(f);
    last = --r->refs == 0;
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    if (last)
        rows_destroy(r);
}

void msx_rows_free(struct msx_rows *r)
{
    bool last;

    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->abandoned = true;
    for (size_t i = 0; i < r->n_parts; i++) {
        msx_http_future_free(r->parts[i].future);
        r->parts[i].future = NULL;
    }
    last = --r->refs == 0;
    pthread_mutex_unlock(&r->lock);
    if (last)
        rows_destroy(r);
}
