/* $batch: the request text and the answer's text. Only GETs are ever put into a batch. */
#include <string.h>

#include "odata/odata.h"

enum msx_code odata_batch_build(const char *const *paths, size_t n, const char *prefer,
                                const char *boundary, struct msx_buf *out, struct msx_error *err)
{
    for (size_t i = 0; i < n; i++) {
        /* one blank more and a path could smuggle in a request of its own */
        for (const char *p = paths[i]; *p; p++)
            if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f)
                return msx_fail(err, MSX_E_INVALID, "a request path is not percent-encoded");
        if (paths[i][0] != '/')
            return msx_fail(err, MSX_E_INVALID, "a request path is not absolute");
        msx_buf_addf(out,
                     "--%s\r\nContent-Type: application/http\r\n"
                     "Content-Transfer-Encoding: binary\r\n\r\nGET ",
                     boundary);
        msx_buf_adds(out, paths[i]);
        msx_buf_adds(out, " HTTP/1.1\r\nAccept: application/json\r\nOData-MaxVersion: 4.0\r\n"
                          "OData-Version: 4.0\r\nIf-None-Match: null\r\n");
        if (prefer && *prefer) {
            msx_buf_adds(out, prefer);
            msx_buf_adds(out, "\r\n");
        }
        msx_buf_adds(out, "\r\n\r\n");
    }
    msx_buf_addf(out, "--%s--\r\n", boundary);
    return msx_buf_finish(out, "a batch", err);
}

struct cursor {
    const char *p, *end;
};

/* The next line without its CRLF or LF; false at the end of the text. */
static bool next_line(struct cursor *c, const char **line, size_t *len)
{
    const char *nl;

    if (c->p >= c->end)
        return false;
    nl = memchr(c->p, '\n', (size_t)(c->end - c->p));
    *line = c->p;
    *len = (size_t)((nl ? nl : c->end) - c->p);
    c->p = nl ? nl + 1 : c->end;
    if (*len && (*line)[*len - 1] == '\r')
        (*len)--;
    return true;
}

static bool starts(const char *s, size_t len, const char *prefix)
{
    size_t n = strlen(prefix);

    return len >= n && msx_ascii_ncasecmp(s, prefix, n) == 0;
}

/* "multipart/mixed; boundary=x" or boundary="x" into out; false when it is something else. */
static bool find_boundary(const char *type, char *out, size_t size)
{
    const char *p;
    size_t n;

    if (!type || !starts(type, strlen(type), "multipart/mixed"))
        return false;
    for (p = type; *p && !starts(p, strlen(p), "boundary="); p++)
        ;
    if (!*p)
        return false;
    p += strlen("boundary=");
    if (*p == '"') {
        p++;
        n = strcspn(p, "\"");
    } else {
        n = strcspn(p, "; \t");
    }
    if (n == 0 || n >= size)
        return false;
    memcpy(out, p, n);
    out[n] = '\0';
    return true;
}

/* 0: another line; 1: "--boundary"; 2: "--boundary--" */
static int boundary_line(const char *line, size_t len, const char *boundary)
{
    size_t n = strlen(boundary);

    while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
        len--;
    if (len < n + 2 || memcmp(line, "--", 2) != 0 || memcmp(line + 2, boundary, n) != 0)
        return 0;
    if (len == n + 2)
        return 1;
    return len == n + 4 && memcmp(line + n + 2, "--", 2) == 0 ? 2 : 0;
}

static int parse_status(const char *line, size_t len)
{
    if (len < 12 || !starts(line, len, "http/1.") || line[8] != ' ')
        return 0;
    for (int i = 9; i < 12; i++)
        if (line[i] < '0' || line[i] > '9')
            return 0;
    return (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
}

/* The better id of two wins: x-ms-service-request-id, REQ_ID, x-ms-request-id. */
static void note_request_id(struct odata_part *part, int *rank, const char *line, size_t len)
{
    static const char *const names[] = { "x-ms-service-request-id:", "req_id:",
                                         "x-ms-request-id:" };

    for (int i = 0; i < *rank; i++) {
        size_t n = strlen(names[i]);

        if (!starts(line, len, names[i]))
            continue;
        while (n < len && line[n] == ' ')
            n++;
        len -= n;
        if (len >= sizeof(part->request_id))
            len = sizeof(part->request_id) - 1;
        memcpy(part->request_id, line + n, len);
        part->request_id[len] = '\0';
        *rank = i;
        return;
    }
}

/* A part's text, between two boundary lines: MIME headers, status line, headers, body. */
static enum msx_code parse_part(const char *text, size_t len, struct odata_part *part,
                                struct msx_error *err)
{
    struct cursor c = { text, text + len };
    const char *line;
    size_t n;
    bool is_http = false;
    int rank = 3;

    while (next_line(&c, &line, &n) && n)
        if (starts(line, n, "content-type:") && memchr(line, '/', n)) {
            const char *v = line + strlen("content-type:");
            size_t left = n - strlen("content-type:");

            while (left && *v == ' ') {
                v++;
                left--;
            }
            is_http = starts(v, left, "application/http");
        }
    if (!is_http || !next_line(&c, &line, &n) || !(part->status = parse_status(line, n)))
        return msx_fail(err, MSX_E_SERVER, "a part of the service's batch answer is not HTTP");
    while (next_line(&c, &line, &n) && n)
        note_request_id(part, &rank, line, n);
    part->body = c.p;
    part->body_len = (size_t)(c.end - c.p);
    return MSX_OK;
}

enum msx_code odata_batch_parse(const char *content_type, const char *body, size_t len,
                                struct odata_part *parts, size_t n, size_t *got_out,
                                struct msx_error *err)
{
    struct cursor c = { body, body + len };
    char boundary[100];
    const char *line, *begin = NULL;
    size_t line_len, got = 0;
    int kind = 0;

    if (!find_boundary(content_type, boundary, sizeof(boundary)))
        return msx_fail(err, MSX_E_SERVER, "the service's answer to a batch is not a batch");
    while (next_line(&c, &line, &line_len)) {
        kind = boundary_line(line, line_len, boundary);
        if (!kind)
            continue;
        if (begin) {
            enum msx_code rc;

            if (got == n)
                return msx_fail(err, MSX_E_SERVER, "the service answered more than was asked");
            rc = parse_part(begin, (size_t)(line - begin), &parts[got], err);
            if (rc)
                return rc;
            got++;
        }
        begin = c.p;
        if (kind == 2)
            break;
    }
    if (kind != 2)
        return msx_fail(err, MSX_E_SERVER, "the service's answer to a batch is cut off");
    *got_out = got;
    return MSX_OK;
}
