/* One thread a connection: a slow answer never holds up another one. */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "msxops/date.h"
#include "msxops/mem.h"
#include "msxops/text.h"

#define CONNECTION_MEMORY ((size_t)320 << 10) /* the longest URL and its copies */
#define MAX_UPLOAD        ((size_t)128 << 20)

static pthread_mutex_t today_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool ready;

/* A request while it arrives. */
struct arrival {
    char *url;
    bool seen; /* headers were handed over once */
    struct msx_buf body;
};

/* A body that goes out in pieces, or not whole. */
struct trickle {
    struct sb_server *server;
    char *data;
    size_t len;
    size_t stop_at;
    long chunk_bytes;
    long chunk_ms;
};

/* --- the day --- */

bool sb_server_fixed_today(struct sb_server *s, char out[11])
{
    (void)pthread_mutex_lock(&today_lock);
    (void)snprintf(out, 11, "%s", s->today);
    (void)pthread_mutex_unlock(&today_lock);
    return *out != '\0';
}

void sb_server_set_today(struct sb_server *s, const char *today)
{
    (void)pthread_mutex_lock(&today_lock);
    (void)snprintf(s->today, sizeof s->today, "%s", today);
    (void)pthread_mutex_unlock(&today_lock);
}

void sb_server_today(struct sb_server *s, char out[11])
{
    msx_day day = (msx_day)(sb_now_ms() / 86400000);

    if (!sb_server_fixed_today(s, out))
        msx_day_format(day, out);
}

/* --- answering --- */

static void common_headers(struct sb_response *r, const char *request_id)
{
    sb_response_header(r, "x-ms-service-request-id", "%s", request_id);
    sb_response_header(r, "REQ_ID", "%s", request_id);
    sb_response_header(r, "Cache-Control", "no-cache");
    sb_response_header(r, "x-ms-ratelimit-burst-remaining-xrm-requests", "5999");
    sb_response_header(r, "x-ms-ratelimit-time-remaining-xrm-requests", "1,200.00");
    sb_response_header(r, "x-ms-dop-hint", "16");
    sb_response_header(r, "Set-Cookie",
                       "ARRAffinity=5e4d2b9c7f3a1e8d6c0b5a4f3e2d1c0b9a8f7e6d; path=/; HttpOnly");
}

static void unauthorized(struct sb_server *s, enum sb_auth why, struct sb_response *r)
{
    struct sb_error e;

    if (why == SB_AUTH_EXPIRED) {
        (void)sb_fail(&e, 401, "0x8005F101", "The access token has expired.");
        sb_answer_error(&e, "", r);
    } else {
        sb_response_text(r, 401, "text/plain; charset=utf-8",
                         "HTTP Error 401 - Unauthorized: Access is denied");
    }
    sb_response_header(r, "WWW-Authenticate",
                       "Bearer authorization_uri=%s/%s/oauth2/authorize, resource_id=%s/", s->base,
                       sb_identity_tenant(s->identity), s->base);
}

static bool caller(struct sb_server *s, const struct sb_request *q, char user[37],
                   struct sb_response *r)
{
    const char *other = sb_request_header(q, "MSCRMCallerID");
    struct sb_error e;
    enum sb_auth auth;

    if (s->no_auth) {
        if (other && msx_guid_parse(other, user))
            return true;
        if (sb_store_whoami(s->store, user, NULL) == MSX_OK)
            return true;
        auth = SB_AUTH_BAD;
    } else {
        auth = sb_identity_check(s->identity, sb_request_header(q, "Authorization"), user);
    }
    if (auth == SB_AUTH_OK)
        return true;
    if (auth == SB_AUTH_STRANGER) {
        (void)sb_fail(&e, 403, "0x80040225", "The user is not a member of the organization.");
        sb_answer_error(&e, "", r);
        return false;
    }
    unauthorized(s, auth, r);
    return false;
}

static void on_effects(void *arg, const struct sb_effects *effects, const char *request_id)
{
    sb_faults_effects(arg, effects, request_id);
}

/* The request as it is meant, without any fault. */
static void handle(struct sb_server *s, const struct sb_request *q, const char *request_id,
                   struct sb_response *r)
{
    struct sb_service svc = {
        .store = s->store, .max_page = s->max_page, .on_effects = on_effects, .arg = s->faults
    };
    char user[37] = "";

    if (!atomic_load(&ready)) {
        sb_response_text(r, 503, "text/plain", "starting");
        return;
    }
    if (strncmp(q->path, "/__sandbox/", 11) == 0) {
        sb_control(s, q, r);
        return;
    }
    if (strncmp(q->path, "/api/data/v", 11) == 0) {
        sb_server_today(s, svc.today);
        if (caller(s, q, user, r))
            sb_service_handle(&svc, q, user, request_id, r);
        common_headers(r, request_id);
        return;
    }
    if (sb_identity_handle(s->identity, q, r))
        return;
    sb_response_text(r, 404, "text/html; charset=utf-8",
                     "<html><head><title>404</title></head><body>Not found</body></html>");
}

/* --- libmicrohttpd --- */

static ssize_t send_some(void *cls, uint64_t pos, char *buf, size_t max)
{
    struct trickle *t = cls;
    size_t n;

    if (pos >= t->stop_at)
        return t->stop_at < t->len ? MHD_CONTENT_READER_END_WITH_ERROR
                                   : MHD_CONTENT_READER_END_OF_STREAM;
    n = t->stop_at - (size_t)pos;
    if (n > max)
        n = max;
    if (t->chunk_bytes && n > (size_t)t->chunk_bytes)
        n = (size_t)t->chunk_bytes;
    if (t->chunk_ms && pos)
        sb_faults_sleep(t->server->faults, t->chunk_ms);
    memcpy(buf, t->data + pos, n);
    return (ssize_t)n;
}

static void free_trickle(void *cls)
{
    struct trickle *t = cls;

    msx_free(t->data);
    msx_free(t);
}

/* The body as it is, without a copy. */
static struct MHD_Response *whole_response(struct sb_response *r)
{
    size_t len = r->body.len;
    char *data = msx_buf_take(&r->body);
    struct MHD_Response *m =
        data ? MHD_create_response_from_buffer_with_free_callback(len, data, msx_free) : NULL;

    if (!m)
        msx_free(data);
    return m;
}

static struct MHD_Response *make_response(struct sb_server *s, const struct sb_fault_plan *plan,
                                          struct sb_response *r)
{
    struct trickle *t;

    if (plan->fault != SB_FAULT_TRUNCATE && plan->fault != SB_FAULT_SLOW)
        return whole_response(r);
    t = sb_alloc(sizeof *t);
    t->server = s;
    t->data = sb_ndup(r->body.data, r->body.len);
    t->len = t->stop_at = r->body.len;
    if (plan->fault == SB_FAULT_TRUNCATE) {
        t->stop_at = plan->bytes < t->len ? plan->bytes : t->len ? t->len - 1 : 0;
    } else {
        t->chunk_bytes = plan->chunk_bytes;
        t->chunk_ms = plan->chunk_ms;
    }
    return MHD_create_response_from_callback(t->len, 16384, send_some, t, free_trickle);
}

static enum MHD_Result send_response(struct sb_server *s, struct MHD_Connection *conn,
                                     const struct sb_fault_plan *plan, struct sb_response *r)
{
    struct MHD_Response *m = make_response(s, plan, r);
    enum MHD_Result rc = MHD_YES;

    if (!m)
        return MHD_NO;
    for (size_t i = 0; i < r->headers.n && rc == MHD_YES; i++)
        rc = MHD_add_response_header(m, r->headers.item[i].name, r->headers.item[i].value);
    if (rc == MHD_YES)
        rc = MHD_queue_response(conn, (unsigned)r->status, m);
    MHD_destroy_response(m);
    return rc;
}

/* Faults, then the request, then faults again. */
static enum MHD_Result respond(struct sb_server *s, struct MHD_Connection *conn,
                               const struct sb_request *q)
{
    bool own = strncmp(q->path, "/__sandbox/", 11) == 0;
    struct sb_fault_plan plan = { .fault = SB_FAULT_NONE };
    int64_t from = sb_clock_ms();
    enum MHD_Result rc = MHD_NO;
    struct sb_response r;
    char request_id[37];

    sb_guid(request_id);
    sb_response_init(&r);
    if (!own)
        sb_faults_enter(s->faults, q, &plan);
    sb_faults_sleep(s->faults, plan.latency_ms);
    if (plan.fault == SB_FAULT_HOLD_BEFORE)
        sb_faults_hold(s->faults);
    if (plan.fault == SB_FAULT_STATUS) {
        sb_fault_answer(&plan, &r);
        common_headers(&r, request_id);
        if (plan.status == 401)
            sb_response_header(&r, "WWW-Authenticate",
                               "Bearer authorization_uri=%s/%s/oauth2/authorize, resource_id=%s/",
                               s->base, sb_identity_tenant(s->identity), s->base);
    } else if (plan.fault != SB_FAULT_CLOSE_BEFORE) {
        handle(s, q, request_id, &r);
        sb_fault_spoil(&plan, s->base, &r);
    }
    if (plan.fault == SB_FAULT_HOLD)
        sb_faults_hold(s->faults);
    if (!own) /* counted before the client can see the answer */
        sb_faults_leave(s->faults, q, r.status, request_id, (long)(sb_clock_ms() - from));
    if (plan.fault != SB_FAULT_CLOSE_BEFORE && plan.fault != SB_FAULT_CLOSE_AFTER)
        rc = send_response(s, conn, &plan, &r);
    sb_response_release(&r);
    return rc;
}

static enum MHD_Result add_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    (void)kind;
    sb_headers_add(cls, name, value ? value : "");
    return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *conn, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state)
{
    struct arrival *a = *state;
    struct sb_server *s = cls;
    struct sb_request q = { .method = method, .base = s->base, .remote = "127.0.0.1" };
    enum MHD_Result rc;
    char *query;

    (void)url;
    (void)version;
    if (!a)
        return MHD_NO;
    if (!a->seen) {
        a->seen = true;
        return MHD_YES;
    }
    if (*size) {
        msx_buf_add(&a->body, data, *size);
        *size = 0;
        return a->body.failed ? MHD_NO : MHD_YES;
    }
    query = strchr(a->url, '?');
    if (query)
        *query++ = '\0';
    q.path = a->url;
    q.query = query ? query : "";
    q.body = a->body.data;
    q.body_len = a->body.len;
    (void)MHD_get_connection_values(conn, MHD_HEADER_KIND, add_header, &q.headers);
    rc = respond(s, conn, &q);
    sb_headers_release(&q.headers);
    return rc;
}

/* The URL as it was sent, before libmicrohttpd decodes it. */
static void *on_url(void *cls, const char *url, struct MHD_Connection *conn)
{
    struct arrival *a = sb_alloc(sizeof *a);
    const char *host = strncmp(url, "http://", 7) == 0 ? strchr(url + 7, '/') : NULL;

    (void)cls;
    (void)conn;
    a->url = sb_dup(host ? host : url);
    msx_buf_init(&a->body, MAX_UPLOAD);
    return a;
}

static void on_done(void *cls, struct MHD_Connection *conn, void **state,
                    enum MHD_RequestTerminationCode why)
{
    struct arrival *a = *state;

    (void)cls;
    (void)conn;
    (void)why;
    if (!a)
        return;
    msx_free(a->url);
    msx_buf_release(&a->body);
    msx_free(a);
    *state = NULL;
}

enum msx_code sb_server_start(struct sb_server *s, int port, struct msx_error *err)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    const union MHD_DaemonInfo *info;

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL,
        (uint16_t)port, NULL, NULL, on_request, s, MHD_OPTION_SOCK_ADDR, &addr,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, 1000u,
        MHD_OPTION_LISTEN_BACKLOG_SIZE, 511u, MHD_OPTION_THREAD_STACK_SIZE, (size_t)2 << 20,
        MHD_OPTION_URI_LOG_CALLBACK, on_url, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL,
        MHD_OPTION_END);
    if (!s->daemon)
        return msx_fail_errno(err, errno, "cannot listen on 127.0.0.1:%d", port);
    info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
    s->port = info ? info->port : port;
    (void)snprintf(s->base, sizeof s->base, "http://127.0.0.1:%d", s->port);
    return MSX_OK;
}

void sb_server_ready(struct sb_server *s)
{
    (void)s;
    atomic_store(&ready, true);
}

void sb_server_stop(struct sb_server *s)
{
    sb_faults_stop(s->faults);
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    s->daemon = NULL;
}
