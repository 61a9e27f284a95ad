/* The engine's face to other threads: made and freed, requests started, waited for and given up. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "http/engine.h"
#include "msxops/text.h"

void msx_http_tuning_default(struct msx_http_tuning *t)
{
    *t = (struct msx_http_tuning){
        .backoff_base_ms = 250,
        .backoff_cap_ms = 20000,
        .max_wait_ms = 600000,
        .write_grace_ms = 3000,
        .second_ms = 1000,
    };
}

void msx_http_tune(struct msx_http *h, const struct msx_http_tuning *t)
{
    pthread_mutex_lock(&h->lock);
    h->new_tune = *t;
    h->has_new_tune = true;
    pthread_mutex_unlock(&h->lock);
}

/* With every signal blocked: they belong to the program's own threads, and a write to a closed
 * connection must not end the program. */
static int start_thread(struct msx_http *h)
{
    sigset_t all, old;
    int rc;

    (void)sigfillset(&all);
    rc = pthread_sigmask(SIG_SETMASK, &all, &old);
    if (rc)
        return rc;
    rc = pthread_create(&h->thread, NULL, msx_http_loop, h);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc;
}

static void free_engine(struct msx_http *h)
{
    if (h->multi)
        curl_multi_cleanup(h->multi);
    msx_bearer_wipe(h);
    msx_origin_release(&h->origin);
    pthread_cond_destroy(&h->done);
    pthread_mutex_destroy(&h->lock);
    msx_free(h);
}

static struct msx_http *new_engine(const struct msx_ctx *ctx)
{
    struct msx_http *h = msx_calloc(1, sizeof(*h));

    if (!h)
        return NULL;
    if (pthread_mutex_init(&h->lock, NULL)) {
        msx_free(h);
        return NULL;
    }
    if (pthread_cond_init(&h->done, NULL)) {
        pthread_mutex_destroy(&h->lock);
        msx_free(h);
        return NULL;
    }
    h->ctx = ctx;
    h->limit_max = ctx->concurrency < 1                    ? 1
                   : ctx->concurrency > HTTP_MAX_IN_FLIGHT ? HTTP_MAX_IN_FLIGHT
                                                           : (unsigned)ctx->concurrency;
    h->limit = h->limit_max;
    msx_http_tuning_default(&h->tune);
    h->rng = (uint64_t)msx_http_now_ms() ^ ((uint64_t)(uintptr_t)h << 20) ^
             (uint64_t)ctx->now_s(ctx->now_user);
    return h;
}

/* What follows the origin in the URL given to msx_http_new(): nothing but a slash. */
static bool is_bare_origin(const char *url)
{
    const char *p = strstr(url, "://");

    if (!p)
        return false;
    p += 3;
    p += strcspn(p, "/?#");
    return *p == '\0' || strcmp(p, "/") == 0;
}

enum msx_code msx_http_new(const struct msx_ctx *ctx, const char *origin,
                           const struct msx_token_source *token, struct msx_http **out,
                           struct msx_error *err)
{
    struct msx_http *h;
    enum msx_code rc = msx_curl_load(err);

    if (rc)
        return rc;
    h = new_engine(ctx);
    if (!h)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    h->source = token;
    if (origin) {
        rc = msx_origin_parse(origin, &h->origin, err);
        if (!rc && !is_bare_origin(origin))
            rc = msx_fail(err, MSX_E_INVALID, "'%.200s' has a path: only the origin is wanted",
                          origin);
        h->has_origin = true;
    }
    if (!rc) {
        h->multi = curl_multi_init();
        if (!h->multi)
            rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
        else
            (void)curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, HTTP_MAX_IN_FLIGHT + 12L);
    }
    if (!rc && start_thread(h))
        rc = msx_fail(err, MSX_E_NOMEM, "cannot start a thread");
    if (rc) {
        free_engine(h);
        return rc;
    }
    *out = h;
    return MSX_OK;
}

void msx_http_free(struct msx_http *h)
{
    if (!h)
        return;
    pthread_mutex_lock(&h->lock);
    h->stop = true;
    pthread_mutex_unlock(&h->lock);
    (void)curl_multi_wakeup(h->multi);
    (void)pthread_join(h->thread, NULL);
    free_engine(h);
}

void msx_future_destroy(struct msx_http_future *f)
{
    if (!f)
        return;
    msx_buf_release(&f->answer);
    msx_buf_release(&f->head);
    if (f->kind == MSX_HTTP_AUTH && f->body)
        msx_wipe(f->body, f->body_len);
    msx_free(f->body);
    msx_free(f->method);
    msx_free(f->url);
    msx_free_secret(f->auth_line);
    curl_slist_free_all(f->headers);
    msx_free(f);
}

/* Adds "line" unless the caller gave that header himself. */
static bool add_default(struct msx_http_future *f, const struct msx_http_request *req,
                        const char *name, const char *line)
{
    struct curl_slist *l;

    if (msx_header_in(req->headers, name))
        return true;
    l = curl_slist_append(f->headers, line);
    if (l)
        f->headers = l;
    return l != NULL;
}

static bool add_headers(struct msx_http_future *f, const struct msx_http_request *req)
{
    bool conditional = msx_header_in(req->headers, "if-match") != NULL;
    bool ok = true;

    for (const char *const *h = req->headers; h && *h; h++) {
        struct curl_slist *l = curl_slist_append(f->headers, *h);

        if (!l)
            return false;
        f->headers = l;
    }
    ok = ok && add_default(f, req, "accept", "Accept: application/json");
    ok = ok && add_default(f, req, "expect", "Expect:");
    if (req->kind == MSX_HTTP_AUTH)
        return ok;
    ok = ok && add_default(f, req, "odata-maxversion", "OData-MaxVersion: 4.0");
    ok = ok && add_default(f, req, "odata-version", "OData-Version: 4.0");
    if (req->kind == MSX_HTTP_READ && !conditional)
        ok = ok && add_default(f, req, "if-none-match", "If-None-Match: null");
    if (req->kind == MSX_HTTP_WRITE && req->body_len)
        ok = ok && add_default(f, req, "content-type", "Content-Type: application/json");
    return ok;
}

static struct msx_http_future *new_future(struct msx_http *h, const struct msx_http_request *req)
{
    struct msx_http_future *f = msx_calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->h = h;
    f->kind = req->kind;
    f->hooks = req->hooks;
    f->max_bytes = req->max_bytes ? req->max_bytes : HTTP_MAX_BODY_BYTES;
    msx_buf_init(&f->answer, f->max_bytes);
    msx_buf_init(&f->head, HTTP_MAX_HEAD_BYTES);
    f->timeout_ms = req->timeout_ms > 0 ? req->timeout_ms : h->ctx->timeout_ms;
    if (f->timeout_ms <= 0)
        f->timeout_ms = 120000;
    f->bearer = req->kind != MSX_HTTP_AUTH && h->source;
    atomic_init(&f->state, JOB_OPEN);
    f->method = msx_strdup(req->method);
    f->url = msx_strdup(req->url);
    f->body_len = req->body_len;
    f->body = msx_malloc(req->body_len + 1);
    if (!f->method || !f->url || !f->body || !add_headers(f, req)) {
        msx_future_destroy(f);
        return NULL;
    }
    if (req->body_len)
        memcpy(f->body, req->body, req->body_len);
    f->body[req->body_len] = '\0';
    f->born_ms = msx_http_now_ms();
    return f;
}

enum msx_code msx_http_start(struct msx_http *h, const struct msx_http_request *req,
                             struct msx_http_future **out, struct msx_error *err)
{
    struct msx_origin target = { 0 };
    struct msx_http_future *f;
    enum msx_code rc;
    bool stop;

    rc = msx_origin_parse(req->url, &target, err);
    if (rc)
        return rc;
    rc = msx_request_check(h, req, &target, err);
    f = rc ? NULL : new_future(h, req);
    if (f)
        f->loopback = target.loopback;
    msx_origin_release(&target);
    if (rc)
        return rc;
    if (!f)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    pthread_mutex_lock(&h->lock);
    stop = h->stop;
    if (!stop) {
        *out = f;
        job_push(&h->incoming, f);
    }
    pthread_mutex_unlock(&h->lock);
    if (stop) {
        msx_future_destroy(f);
        return msx_fail(err, MSX_E_CANCELLED, "cancelled");
    }
    (void)curl_multi_wakeup(h->multi);
    return MSX_OK;
}

void msx_future_response(const struct msx_http_future *f, struct msx_http_response *out)
{
    *out = (struct msx_http_response){
        .status = f->status,
        .body = f->answer.data,
        .body_len = f->answer.len,
        .attempts = f->attempts,
        .sent = f->kind == MSX_HTTP_WRITE && f->maybe_sent,
    };
}

enum msx_code msx_http_wait(struct msx_http_future *f, struct msx_http_response *out,
                            struct msx_error *err)
{
    if (atomic_load(&f->state) != JOB_DONE) {
        struct msx_http *h = f->h;

        pthread_mutex_lock(&h->lock);
        while (atomic_load(&f->state) != JOB_DONE)
            (void)pthread_cond_wait(&h->done, &h->lock);
        pthread_mutex_unlock(&h->lock);
    }
    msx_future_response(f, out);
    if (f->rc && err) {
        *err = f->err;
        if (!err->request_id[0])
            (void)snprintf(err->request_id, sizeof(err->request_id), "%s", msx_http_request_id(f));
    }
    return f->rc;
}

/* The value when line is "name: value" for that name, else NULL. */
static const char *header_value(const char *line, size_t len, const char *name)
{
    size_t n = strlen(name);

    if (len <= n || line[n] != ':' || msx_ascii_ncasecmp(line, name, n) != 0)
        return NULL;
    return line + n + 1 + strspn(line + n + 1, " \t");
}

const char *msx_http_header(const struct msx_http_future *f, const char *name)
{
    const char *p = f->head.data;
    const char *end = p + f->head.len;

    while (p < end) {
        size_t len = strlen(p);
        const char *v = header_value(p, len, name);

        if (v)
            return v;
        p += len + 1;
    }
    return NULL;
}

const char *msx_http_request_id(const struct msx_http_future *f)
{
    static const char *const names[] = { "x-ms-service-request-id", "REQ_ID", "x-ms-request-id" };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *v = msx_http_header(f, names[i]);

        if (v && *v)
            return v;
    }
    return "";
}

void msx_http_future_free(struct msx_http_future *f)
{
    struct msx_http *h;
    bool open;

    if (!f)
        return;
    if (atomic_load(&f->state) == JOB_DONE) {
        msx_future_destroy(f);
        return;
    }
    h = f->h;
    pthread_mutex_lock(&h->lock);
    open = atomic_load(&f->state) != JOB_DONE;
    if (open) {
        f->abandoned = true;
        h->any_abandoned = true;
    }
    pthread_mutex_unlock(&h->lock);
    if (open)
        (void)curl_multi_wakeup(h->multi);
    else
        msx_future_destroy(f);
}

void msx_http_get_stats(struct msx_http *h, struct msx_http_stats *out)
{
    pthread_mutex_lock(&h->lock);
    *out = h->stats;
    pthread_mutex_unlock(&h->lock);
}
