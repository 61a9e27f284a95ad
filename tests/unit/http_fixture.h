/* What the tests of the engine share: a server that plays a script, an engine with a token source.
 */
#ifndef TESTS_UNIT_HTTP_FIXTURE_H
#define TESTS_UNIT_HTTP_FIXTURE_H

#include <time.h>

#include "fake_server.h"
#include "http/write_cap.h"
#include "msxops/http.h"
#include "msxops/mem.h"

/* ---- the server's script: a function that says what the n-th request gets ---- */
struct script {
    int status[32]; /* 0 = 200 */
    const char *headers[32];
    bool drop[32], reset[32];
    long cut[32]; /* 0 = all, else cut - 1 bytes */
    long delay_ms;
    int gather;  /* as in struct fake_res */
    int forever; /* status of every request after the last scripted one; 0 = 200 */
    int n;
    const char *body;
    char last_head[8192], last_method[16], last_body[4096];
    double at_ms[64];
    char tokens[64][64];
};

static inline double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static inline void play(void *user, const struct fake_req *req, struct fake_res *res)
{
    struct script *s = user;
    int i = req->index;
    bool scripted = i < s->n;
    int status = scripted ? s->status[i] : s->forever;

    snprintf(s->last_head, sizeof(s->last_head), "%s", req->head);
    snprintf(s->last_method, sizeof(s->last_method), "%s", req->method);
    snprintf(s->last_body, sizeof(s->last_body), "%.*s", (int)req->body_len, req->body);
    if (i < 64) {
        s->at_ms[i] = now_ms();
        fake_header(req, "Authorization", s->tokens[i], sizeof(s->tokens[i]));
    }
    res->delay_ms = s->delay_ms;
    res->gather = s->gather;
    if (scripted && s->drop[i]) {
        res->drop = true;
        res->reset = s->reset[i];
        return;
    }
    if (scripted && s->cut[i])
        res->cut = s->cut[i] - 1;
    fake_reply(res, status ? status : 200, scripted && s->headers[i] ? s->headers[i] : "",
               s->body ? s->body : "{\"value\":[]}");
}

struct fx {
    struct fake server;
    struct script script;
    struct msx_ctx ctx;
    struct msx_http *h;
    volatile sig_atomic_t cancelled;
    int gets; /* calls of the token source */
    bool stuck;
};

static inline enum msx_code give_token(void *user, const char *refused, char **out,
                                       struct msx_error *err)
{
    struct fx *x = user;

    (void)refused;
    x->gets++;
    if (x->stuck && x->gets > 1)
        return msx_fail(err, MSX_E_AUTH, "no other token");
    *out = msx_asprintf("token-%d", x->gets);
    return *out ? MSX_OK : MSX_E_NOMEM;
}

static struct msx_token_source source = { give_token, NULL };

static inline int setup(void **state)
{
    struct fx *x = calloc(1, sizeof(*x));

    assert_non_null(x);
    fake_start(&x->server, play, &x->script);
    fake_ctx(&x->ctx);
    x->ctx.cancelled = &x->cancelled;
    source.user = x;
    assert_int_equal(msx_http_new(&x->ctx, x->server.url, &source, &x->h, NULL), MSX_OK);
    fake_quick(x->h);
    *state = x;
    return 0;
}

static inline int teardown(void **state)
{
    struct fx *x = *state;

    msx_http_free(x->h);
    fake_stop(&x->server);
    free(x);
    return 0;
}

static inline struct msx_http_future *start(struct fx *x, enum msx_http_kind kind,
                                            const char *method, const char *body)
{
    static struct msx_write_cap cap;
    struct msx_http_future *f = NULL;
    struct msx_error err = MSX_ERROR_INIT;
    char url[128];
    struct msx_http_request req = { .kind = kind, .method = method, .url = url };

    cap = msx_write_cap_make();
    if (kind == MSX_HTTP_WRITE)
        req.cap = &cap;
    if (body) {
        req.body = body;
        req.body_len = strlen(body);
    }
    snprintf(url, sizeof(url), "%s/api/data/v9.2/x", x->server.url);
    if (msx_http_start(x->h, &req, &f, &err))
        fail_msg("%s", err.msg);
    return f;
}

static inline enum msx_code once(struct fx *x, enum msx_http_kind kind,
                                 struct msx_http_response *res, struct msx_error *err)
{
    struct msx_http_future *f =
        kind == MSX_HTTP_WRITE ? start(x, kind, "PATCH", "{}") : start(x, kind, "GET", NULL);
    enum msx_code rc = msx_http_wait(f, res, err);

    res->body = NULL;
    msx_http_future_free(f);
    return rc;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
