/* A small HTTP/1.1 server on loopback for tests of lib/http and lib/odata. What it answers is
 * decided by a function of the test, called for one request at a time; the server itself knows
 * nothing of OData. It can drop, delay and cut answers at any byte. */
#ifndef TESTS_UNIT_FAKE_SERVER_H
#define TESTS_UNIT_FAKE_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAKE_MAX_CONNS   256
#define FAKE_MAX_REQUEST (512u << 10)

struct fake_req { /* borrowed during the call */
    int index;    /* 0 for the first request of all */
    const char *method, *path, *head, *body;
    size_t body_len;
};

struct fake_res {
    char *raw; /* what goes over the wire; freed by the server */
    size_t len;
    long cut;      /* send only so many bytes, then close; -1 = all */
    bool drop;     /* close without an answer */
    bool reset;    /* with drop: RST instead of FIN */
    bool close;    /* close afterwards */
    long delay_ms; /* before answering */
    int gather;    /* no answer before so many requests of all have arrived */
};

struct fake {
    int fd, port, stop_pipe[2];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_t conn_threads[FAKE_MAX_CONNS];
    int conns;
    int requests, open, max_open; /* open: requests being answered */
    void (*handle)(void *user, const struct fake_req *req, struct fake_res *res);
    void *user;
    char url[64];
};

static inline void fake_bytes(struct fake_res *res, const void *data, size_t len)
{
    res->raw = malloc(len + 1);
    assert_non_null(res->raw);
    memcpy(res->raw, data, len);
    res->len = len;
}

/* headers: complete lines with CRLF, or "" */
static inline void fake_reply(struct fake_res *res, int status, const char *headers,
                              const char *body)
{
    size_t n = strlen(headers) + strlen(body) + 200;

    res->raw = malloc(n);
    assert_non_null(res->raw);
    res->len = (size_t)snprintf(
        res->raw, n,
        "HTTP/1.1 %d Status\r\n%s%s"
        "Content-Length: %zu\r\n\r\n%s",
        status, headers,
        strstr(headers, "Content-Type:") ? "" : "Content-Type: application/json\r\n", strlen(body),
        body);
}

/* The value of a request header into out, "" when absent. */
static inline const char *fake_header(const struct fake_req *req, const char *name, char *out,
                                      size_t size)
{
    size_t n = strlen(name);
    const char *p = req->head;

    out[0] = '\0';
    while ((p = strstr(p, "\r\n"))) {
        p += 2;
        if (strncasecmp(p, name, n) == 0 && p[n] == ':') {
            const char *v = p + n + 1 + strspn(p + n + 1, " ");
            size_t len = strcspn(v, "\r\n");

            assert_true(len < size);
            memcpy(out, v, len);
            out[len] = '\0';
            return out;
        }
    }
    return out;
}

struct fake_conn {
    struct fake *s;
    int fd;
};

/* Wait for bytes; false when the server is being stopped. */
static inline bool fake_wait(struct fake *s, int fd, int timeout_ms)
{
    struct pollfd p[2] = { { .fd = s->stop_pipe[0], .events = POLLIN },
                           { .fd = fd, .events = POLLIN } };

    (void)poll(p, fd >= 0 ? 2 : 1, timeout_ms);
    return !p[0].revents;
}

static inline bool fake_send(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* One request from buf[0..have): its whole length when complete, else 0. */
static inline size_t fake_complete(const char *buf, size_t have)
{
    const char *end = strstr(buf, "\r\n\r\n");
    const char *cl = strstr(buf, "Content-Length:");
    size_t head, body = 0;

    if (!end)
        return 0;
    head = (size_t)(end - buf) + 4;
    if (cl && cl < end)
        body = strtoul(cl + 15, NULL, 10);
    return have >= head + body ? head + body : 0;
}

/* false when the server is being stopped first */
static inline bool fake_gather(struct fake *s, int requests)
{
    for (;;) {
        int arrived;

        pthread_mutex_lock(&s->lock);
        arrived = s->requests;
        pthread_mutex_unlock(&s->lock);
        if (arrived >= requests)
            return true;
        if (!fake_wait(s, -1, 1))
            return false;
    }
}

static inline bool fake_answer(struct fake_conn *c, char *buf, size_t len)
{
    struct fake *s = c->s;
    struct fake_req req = { 0 };
    struct fake_res res = { .cut = -1 };
    char *head_end = strstr(buf, "\r\n\r\n");
    char method[16], path[100000];
    bool go_on;

    if (sscanf(buf, "%15s %99999s", method, path) != 2)
        return false;
    head_end[2] = '\0';
    req.method = method;
    req.path = path;
    req.head = buf;
    req.body = head_end + 4;
    req.body_len = len - (size_t)(req.body - buf);
    pthread_mutex_lock(&s->lock);
    req.index = s->requests++;
    if (++s->open > s->max_open)
        s->max_open = s->open;
    s->handle(s->user, &req, &res);
    pthread_mutex_unlock(&s->lock);
    go_on = fake_gather(s, res.gather);
    if (go_on && res.delay_ms)
        go_on = fake_wait(s, -1, (int)res.delay_ms);
    pthread_mutex_lock(&s->lock);
    s->open--;
    pthread_mutex_unlock(&s->lock);
    if (go_on && res.drop) {
        struct linger rst = { .l_onoff = 1 };

        if (res.reset)
            (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &rst, sizeof(rst));
        go_on = false;
    }
    if (go_on) {
        bool cut = res.cut >= 0 && (size_t)res.cut < res.len;

        go_on = fake_send(c->fd, res.raw, cut ? (size_t)res.cut : res.len) && !cut && !res.close;
    }
    free(res.raw);
    return go_on;
}

static inline void *fake_serve(void *arg)
{
    struct fake_conn *c = arg;
    char *buf = malloc(FAKE_MAX_REQUEST + 1);
    size_t have = 0;

    while (buf && fake_wait(c->s, c->fd, -1)) {
        ssize_t n = recv(c->fd, buf + have, FAKE_MAX_REQUEST - have, 0);
        size_t len;

        if (n <= 0)
            break;
        have += (size_t)n;
        buf[have] = '\0';
        len = fake_complete(buf, have);
        if (!len)
            continue;
        if (!fake_answer(c, buf, len))
            break;
        have = 0; /* curl does not pipeline */
    }
    free(buf);
    close(c->fd);
    free(c);
    return NULL;
}

static inline void *fake_accept(void *arg)
{
    struct fake *s = arg;

    while (fake_wait(s, s->fd, -1)) {
        struct fake_conn *c;
        int on = 1;
        int fd = accept(s->fd, NULL, NULL);

        if (fd < 0)
            continue;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        c = malloc(sizeof(*c));
        if (!c || s->conns == FAKE_MAX_CONNS) {
            free(c);
            close(fd);
            continue;
        }
        *c = (struct fake_conn){ s, fd };
        if (pthread_create(&s->conn_threads[s->conns], NULL, fake_serve, c)) {
            free(c);
            close(fd);
            continue;
        }
        s->conns++;
    }
    return NULL;
}

static inline void fake_start(struct fake *s,
                              void (*handle)(void *, const struct fake_req *, struct fake_res *),
                              void *user)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(a);

    memset(s, 0, sizeof(*s));
    s->handle = handle;
    s->user = user;
    assert_int_equal(pthread_mutex_init(&s->lock, NULL), 0);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(s->fd, 128), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &len), 0);
    s->port = ntohs(a.sin_port);
    snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d", s->port);
    assert_int_equal(pipe(s->stop_pipe), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, fake_accept, s), 0);
}

static inline void fake_stop(struct fake *s)
{
    assert_int_equal(write(s->stop_pipe[1], "x", 1), 1);
    pthread_join(s->thread, NULL);
    for (int i = 0; i < s->conns; i++)
        pthread_join(s->conn_threads[i], NULL);
    close(s->fd);
    close(s->stop_pipe[0]);
    close(s->stop_pipe[1]);
    pthread_mutex_destroy(&s->lock);
}

/* ---- a context and engine knobs for quick tests ---- */
#include "http/tuning.h"

static inline int64_t fake_now(void *user)
{
    (void)user;
    return 1792000000; /* 2026-10-14T17:46:40Z */
}

static inline void fake_ctx(struct msx_ctx *ctx)
{
    memset(ctx, 0, sizeof(*ctx));
    ctx->concurrency = 8;
    ctx->timeout_ms = 5000;
    ctx->retries = 3;
    ctx->now_s = fake_now;
    ctx->tool_version = "test";
}

static inline void fake_quick(struct msx_http *h)
{
    struct msx_http_tuning t;

    msx_http_tuning_default(&t);
    t.backoff_base_ms = 2;
    t.backoff_cap_ms = 8;
    t.second_ms = 10;
    t.seed = 1;
    msx_http_tune(h, &t);
}

#endif
