/* May a request be sent at all? The rules that protect the user's token and the user's data:
 * origin, write capability, headers that only the engine sets, and batches that only read. */
#include <string.h>

#include "http/engine.h"
#include "http/write_cap.h"
#include "msxops/text.h"

/* Length of name when the line is "name: value" for it, else 0. */
static size_t header_is(const char *line, const char *name)
{
    size_t n = strlen(name);

    if (msx_ascii_ncasecmp(line, name, n) != 0)
        return 0;
    return line[n] == ':' ? n : 0;
}

const char *msx_header_in(const char *const *headers, const char *name)
{
    for (; headers && *headers; headers++) {
        size_t n = header_is(*headers, name);

        if (n)
            return *headers + n + 1 + strspn(*headers + n + 1, " \t");
    }
    return NULL;
}

static enum msx_code check_headers(const struct msx_http_request *req, struct msx_error *err)
{
    static const char *const engine_only[] = { "host",       "cookie",         "content-length",
                                               "connection", "authorization",  "transfer-encoding",
                                               "expect",     "accept-encoding" };

    for (const char *const *h = req->headers; h && *h; h++) {
        size_t name = strcspn(*h, ":");

        if (name == 0 || (*h)[name] != ':')
            return msx_fail(err, MSX_E_INVALID, "header '%.60s' has no name or no colon", *h);
        for (const char *p = *h; *p; p++)
            if ((unsigned char)*p < 0x20 || *p == 0x7f || (p < *h + name && *p == ' '))
                return msx_fail(err, MSX_E_INVALID, "header '%.*s' holds a control character",
                                (int)(name < 60 ? name : 60), *h);
        for (size_t i = 0; i < sizeof(engine_only) / sizeof(*engine_only); i++)
            if (header_is(*h, engine_only[i]))
                return msx_fail(err, MSX_E_INVALID, "header '%s' is set by the engine alone",
                                engine_only[i]);
    }
    if (msx_header_in(req->headers, "if-match") && msx_header_in(req->headers, "if-none-match"))
        return msx_fail(err, MSX_E_INVALID, "a request cannot have If-Match and If-None-Match");
    return MSX_OK;
}

static enum msx_code check_url_text(const char *url, struct msx_error *err)
{
    if (strlen(url) > HTTP_MAX_URL_BYTES)
        return msx_fail(err, MSX_E_INVALID, "the request's URL is longer than %zu bytes",
                        HTTP_MAX_URL_BYTES);
    for (const char *p = url; *p; p++) {
        unsigned char c = (unsigned char)*p;

        /* curl would silently drop what follows '#': a filter must not shrink that way */
        if (c <= 0x20 || c == 0x7f || c == '#' || c == '\\')
            return msx_fail(err, MSX_E_INVALID, "the request's URL is not percent-encoded");
    }
    return MSX_OK;
}

/* One line of the batch: up to CRLF. False at the end or for a bare CR or LF. */
static bool take_line(const char **p, const char *end, const char **line, size_t *len)
{
    const char *s = *p;
    const char *nl = memchr(s, '\n', (size_t)(end - s));

    if (!nl || nl == s || nl[-1] != '\r' || memchr(s, '\r', (size_t)(nl - s - 1)))
        return false;
    *line = s;
    *len = (size_t)(nl - s) - 1;
    *p = nl + 1;
    return true;
}

static bool line_is_get(const char *line, size_t len)
{
    static const char tail[] = " HTTP/1.1";
    const size_t tail_len = sizeof(tail) - 1;

    if (len < 5 + tail_len || memcmp(line, "GET /", 5) != 0)
        return false;
    if (memcmp(line + len - tail_len, tail, tail_len) != 0)
        return false;
    return !memchr(line + 4, ' ', len - 4 - tail_len);
}

/* One part after its boundary line: MIME headers (application/http and nothing nested), an empty
 * line, "GET /path HTTP/1.1", headers, an empty line; no body. */
static bool part_reads_only(const char **p, const char *end)
{
    const char *line;
    size_t len;
    bool is_http = false;

    for (;;) {
        static const char want[] = "Content-Type: application/http";

        if (!take_line(p, end, &line, &len))
            return false;
        if (len == 0)
            break;
        if (len == sizeof(want) - 1 && memcmp(line, want, len) == 0)
            is_http = true;
        else if (header_is(line, "content-type"))
            return false;
    }
    if (!is_http || !take_line(p, end, &line, &len) || !line_is_get(line, len))
        return false;
    do {
        if (!take_line(p, end, &line, &len))
            return false;
        if (len >= 2 && line[0] == '-' && line[1] == '-')
            return false;
    } while (len > 0);
    return true;
}

/* Holds for exactly the text that the batch builder makes: anything else is not sent. */
static bool batch_reads_only(const struct msx_http_request *req)
{
    const char *type = msx_header_in(req->headers, "content-type");
    static const char want[] = "multipart/mixed; boundary=";
    const char *p = req->body ? req->body : "";
    const char *end = req->body ? p + req->body_len : p;
    const char *mark, *line;
    size_t mark_len, len;

    if (!type || strncmp(type, want, sizeof(want) - 1) != 0)
        return false;
    mark = type + sizeof(want) - 1;
    mark_len = strspn(mark, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    if (mark_len == 0 || mark_len > 70 || mark[mark_len])
        return false;
    for (int parts = 0;; parts++) {
        do { /* the empty line that belongs to the boundary */
            if (!take_line(&p, end, &line, &len))
                return false;
        } while (len == 0);
        if (len < mark_len + 2 || memcmp(line, "--", 2) != 0 ||
            memcmp(line + 2, mark, mark_len) != 0)
            return false;
        if (len == mark_len + 4 && memcmp(line + len - 2, "--", 2) == 0)
            return parts > 0 && p == end;
        if (len != mark_len + 2 || !part_reads_only(&p, end))
            return false;
    }
}

static enum msx_code check_kind(const struct msx_http_request *req, struct msx_error *err)
{
    size_t n = strlen(req->url);

    switch (req->kind) {
    case MSX_HTTP_READ:
        if (strcmp(req->method, "GET") != 0 || req->body_len)
            return msx_fail(err, MSX_E_INVALID, "a read is a GET without a body");
        break;
    case MSX_HTTP_READ_BATCH:
        if (strcmp(req->method, "POST") != 0 || n < 7 || strcmp(req->url + n - 7, "/$batch") != 0)
            return msx_fail(err, MSX_E_INVALID, "a batch is a POST to .../$batch");
        if (!batch_reads_only(req))
            return msx_fail(err, MSX_E_INVALID, "a reading batch may hold GET requests only");
        break;
    case MSX_HTTP_WRITE:
        if (!req->cap || req->cap->proof != MSX_WRITE_CAP_PROOF)
            return msx_fail(err, MSX_E_INVALID, "a write was asked for outside of apply");
        if (strcmp(req->method, "POST") != 0 && strcmp(req->method, "PATCH") != 0 &&
            strcmp(req->method, "DELETE") != 0)
            return msx_fail(err, MSX_E_INVALID, "a write is a POST, PATCH or DELETE");
        break;
    case MSX_HTTP_AUTH:
        if (strcmp(req->method, "POST") != 0 && strcmp(req->method, "GET") != 0)
            return msx_fail(err, MSX_E_INVALID, "a sign-in request is a POST or a GET");
        break;
    }
    return MSX_OK;
}

enum msx_code msx_request_check(const struct msx_http *h, const struct msx_http_request *req,
                                const struct msx_origin *target, struct msx_error *err)
{
    enum msx_code rc = check_url_text(req->url, err);

    if (!rc)
        rc = check_headers(req, err);
    if (!rc)
        rc = check_kind(req, err);
    if (rc)
        return rc;
    if (req->kind == MSX_HTTP_AUTH)
        return MSX_OK;
    if (!h->has_origin)
        return msx_fail(err, MSX_E_INVALID, "this connection is for signing in only");
    if (!msx_origin_same(&h->origin, target))
        return msx_fail(err, MSX_E_INVALID,
                        "refused to send a request to '%.200s': signed in at '%.200s'",
                        target->text, h->origin.text);
    return MSX_OK;
}
