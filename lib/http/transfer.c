/* One attempt of a request: a curl handle set up, and taken down again. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/engine.h"

/* Idle connections older than this are not used for a write: one that the service has meanwhile
 * closed would leave it unknown whether the write was carried out. */
#define WRITE_MAX_IDLE_S 15L
#define CONNECT_MAX_MS   30000L

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
    struct msx_http_future *f = user;

    (void)size; /* always 1 */
    msx_buf_add(&f->answer, data, n);
    if (f->answer.failed) {
        f->over_limit = true;
        return n ? 0 : 1;
    }
    return n;
}

/* Keeps the header lines of the last answer only (an interim one is forgotten; trailers follow),
 * each ended by NUL instead of CRLF. They go into logs and reports: only plain ASCII is kept. */
static size_t on_header(char *data, size_t size, size_t n, void *user)
{
    struct msx_http_future *f = user;
    size_t len = n;

    (void)size;
    if (n >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        msx_buf_clear(&f->head);
        f->head_whole = false;
    }
    if (n <= 2) /* the empty line; curl takes a connection closed before it for an end */
        f->head_whole = true;
    while (len && (data[len - 1] == '\r' || data[len - 1] == '\n' || data[len - 1] == ' '))
        len--;
    for (size_t i = 0; i < len; i++) {
        bool plain = data[i] == '\t' || (data[i] >= 0x20 && data[i] < 0x7f);

        msx_buf_addc(&f->head, (char)(plain ? data[i] : '?'));
    }
    msx_buf_addc(&f->head, '\0');
    return f->head.failed ? 0 : n;
}

/* curl is about to send the request on an established (and encrypted) connection. It may do so a
 * second time by itself when a kept connection turns out to be dead; a write must not take part. */
static int on_prereq(void *user, char *ip, char *local_ip, int port, int local_port)
{
    struct msx_http_future *f = user;

    (void)ip;
    (void)local_ip;
    (void)port;
    (void)local_port;
    if (f->kind == MSX_HTTP_WRITE && f->prereqs > 0)
        return CURL_PREREQFUNC_ABORT;
    f->prereqs++;
    f->maybe_sent = true;
    return CURL_PREREQFUNC_OK;
}

static bool peer_is_loopback(const struct curl_sockaddr *a)
{
    if (a->family == AF_INET) {
        struct sockaddr_in v4;

        if (a->addrlen < sizeof(v4))
            return false;
        memcpy(&v4, &a->addr, sizeof(v4));
        return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
    }
    if (a->family == AF_INET6) {
        struct sockaddr_in6 v6;

        /* curl_sockaddr ends in a plain sockaddr, behind which curl keeps the rest */
        if (a->addrlen < sizeof(v6))
            return false;
        memcpy(&v6, (const char *)a + offsetof(struct curl_sockaddr, addr), sizeof(v6));
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    }
    return false;
}

/* The last word on plain http: the address that is connected to, not the name that was typed. */
static curl_socket_t on_open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *a)
{
    const struct msx_http_future *f = user;

    (void)purpose;
    if (f->loopback && !peer_is_loopback(a))
        return CURL_SOCKET_BAD;
#ifdef SOCK_CLOEXEC
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
#else
    {
        int fd = socket(a->family, a->socktype, a->protocol);

        if (fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
            (void)close(fd);
            return CURL_SOCKET_BAD;
        }
        return fd;
    }
#endif
}

static CURLcode set_connection(CURL *e, const struct msx_http *h, struct msx_http_future *f)
{
    long timeout = f->timeout_ms;
    CURLcode bad = CURLE_OK;

    bad |= curl_easy_setopt(e, CURLOPT_URL, f->url);
    bad |= curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, f->loopback ? "http,https" : "https");
    bad |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    bad |= curl_easy_setopt(e, CURLOPT_PIPEWAIT, f->loopback ? 0L : 1L);
    bad |= curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    bad |= curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, f);
    bad |= curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 128L << 10);
    bad |= curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, timeout);
    bad |= curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
                            timeout < CONNECT_MAX_MS ? timeout : CONNECT_MAX_MS);
    if (f->loopback) /* an empty proxy also turns off the one of the environment */
        bad |= curl_easy_setopt(e, CURLOPT_PROXY, "");
    if (f->kind == MSX_HTTP_WRITE)
        bad |= curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, WRITE_MAX_IDLE_S);
    if (h->ctx->tool_version) {
        MSX_AUTO(msx_free_p) char *agent = msx_asprintf("msxops/%s", h->ctx->tool_version);

        if (!agent)
            return CURLE_OUT_OF_MEMORY;
        bad |= curl_easy_setopt(e, CURLOPT_USERAGENT, agent);
    }
    return bad;
}

static CURLcode set_message(CURL *e, struct msx_http_future *f)
{
    CURLcode bad = CURLE_OK;

    if (strcmp(f->method, "GET") == 0) {
        bad |= curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
    } else if (f->body_len || strcmp(f->method, "DELETE") != 0) {
        bad |= curl_easy_setopt(e, CURLOPT_POST, 1L);
        bad |= curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->body_len);
        bad |= curl_easy_setopt(e, CURLOPT_POSTFIELDS, f->body);
        bad |= curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, f->method);
    } else {
        bad |= curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, f->method);
    }
    bad |= curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "");
    bad |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, f->auth_line ? &f->auth : f->headers);
    bad |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
    bad |= curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    bad |= curl_easy_setopt(e, CURLOPT_HEADERDATA, f);
    bad |= curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_prereq);
    bad |= curl_easy_setopt(e, CURLOPT_PREREQDATA, f);
    bad |= curl_easy_setopt(e, CURLOPT_ERRORBUFFER, f->errbuf);
    bad |= curl_easy_setopt(e, CURLOPT_PRIVATE, f);
    return bad;
}

static enum msx_code set_bearer(struct msx_http *h, struct msx_http_future *f,
                                struct msx_error *err)
{
    enum msx_code rc;

    if (!f->bearer)
        return MSX_OK;
    rc = msx_bearer_ensure(h, f, err);
    if (rc)
        return rc;
    f->auth_line = msx_asprintf("Authorization: Bearer %s", h->token);
    if (!f->auth_line)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    f->auth.data = f->auth_line;
    f->auth.next = f->headers;
    f->token_gen = h->token_gen;
    return MSX_OK;
}

enum msx_code msx_transfer_begin(struct msx_http *h, struct msx_http_future *f,
                                 struct msx_error *err)
{
    enum msx_code rc;

    msx_buf_clear(&f->answer);
    msx_buf_clear(&f->head);
    f->status = 0;
    f->prereqs = 0;
    f->maybe_sent = false;
    f->over_limit = false;
    f->head_whole = false;
    f->errbuf[0] = '\0';
    rc = set_bearer(h, f, err);
    if (rc)
        return rc;
    f->easy = curl_easy_init();
    if (!f->easy || set_connection(f->easy, h, f) || set_message(f->easy, f)) {
        msx_transfer_end(h, f);
        return msx_fail(err, MSX_E_NOMEM, "cannot set up a request");
    }
    f->attempts++;
    f->begun_ms = msx_http_now_ms();
    msx_trace_request(h, f);
    if (curl_multi_add_handle(h->multi, f->easy)) {
        msx_transfer_end(h, f);
        return msx_fail(err, MSX_E_NOMEM, "cannot start a request");
    }
    return MSX_OK;
}

void msx_transfer_end(struct msx_http *h, struct msx_http_future *f)
{
    if (f->easy) {
        /* BADHANDLE-free: removing a handle that was never added is allowed and does nothing */
        curl_multi_remove_handle(h->multi, f->easy);
        curl_easy_cleanup(f->easy);
        f->easy = NULL;
    }
    msx_free_secret(f->auth_line);
    f->auth_line = NULL;
    f->auth = (struct curl_slist){ 0 };
}
