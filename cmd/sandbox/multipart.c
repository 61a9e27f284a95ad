/* Parsing of multipart bodies. */
#include "multipart.h"

#include <string.h>

#include "msxops/mem.h"

char *sb_boundary(const char *content_type)
{
    const char *at, *end;

    if (!content_type || strncmp(content_type, "multipart/", 10) != 0)
        return NULL;
    at = strstr(content_type, "boundary=");
    if (!at)
        return NULL;
    at += 9;
    if (*at == '"') {
        end = strchr(++at, '"');
        return end ? sb_ndup(at, (size_t)(end - at)) : NULL;
    }
    end = at + strcspn(at, "; \t");
    return end > at ? sb_ndup(at, (size_t)(end - at)) : NULL;
}

/* Length of the line at s (n bytes left) with its end. */
static size_t line_len(const char *s, size_t n)
{
    const char *nl = n ? memchr(s, '\n', n) : NULL;

    return nl ? (size_t)(nl - s) + 1 : n;
}

/* Without the line end. */
static size_t text_len(const char *s, size_t n)
{
    if (n && s[n - 1] == '\n')
        n--;
    if (n && s[n - 1] == '\r')
        n--;
    return n;
}

static void add_header(struct sb_headers *h, const char *s, size_t n)
{
    const char *colon = memchr(s, ':', n);
    char *name, *value;
    size_t from;

    if (!colon)
        return;
    name = sb_ndup(s, (size_t)(colon - s));
    from = (size_t)(colon - s) + 1;
    while (from < n && (s[from] == ' ' || s[from] == '\t'))
        from++;
    while (n > from && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        n--;
    value = sb_ndup(s + from, n - from);
    sb_headers_add(h, name, value);
    msx_free(name);
    msx_free(value);
}

/* Headers up to the empty line; the number of bytes they take. */
static size_t take_headers(const char *s, size_t n, struct sb_headers *out)
{
    size_t at = 0;

    while (at < n) {
        size_t len = line_len(s + at, n - at), text = text_len(s + at, len);

        at += len;
        if (!text)
            break;
        add_header(out, s + at - len, text);
    }
    return at;
}

static void add_part(struct sb_parts *p, const char *s, size_t n)
{
    struct sb_part *part;
    size_t skip;

    n = text_len(s, n); /* the line end before a boundary belongs to the boundary */
    p->item = sb_grow(p->item, p->n + 1, sizeof *p->item);
    part = &p->item[p->n++];
    memset(part, 0, sizeof *part);
    skip = take_headers(s, n, &part->headers);
    part->body = s + skip;
    part->len = n - skip;
}

bool sb_multipart_parse(const char *text, size_t len, const char *boundary, struct sb_parts *out)
{
    size_t at = 0, from = 0, b = strlen(boundary);
    bool inside = false, found = false;

    memset(out, 0, sizeof *out);
    while (at < len && !out->closed) {
        size_t n = line_len(text + at, len - at), t = text_len(text + at, n);
        const char *line = text + at;

        while (t && (line[t - 1] == ' ' || line[t - 1] == '\t'))
            t--;
        if (t >= b + 2 && line[0] == '-' && line[1] == '-' && memcmp(line + 2, boundary, b) == 0 &&
            (t == b + 2 || (t == b + 4 && line[b + 2] == '-' && line[b + 3] == '-'))) {
            found = true;
            if (inside)
                add_part(out, text + from, at - from);
            inside = true;
            from = at + n;
            out->closed = t == b + 4;
        }
        at += n;
    }
    if (inside && !out->closed && from < len) /* the last boundary is often forgotten */
        add_part(out, text + from, len - from);
    return found;
}

void sb_parts_release(struct sb_parts *p)
{
    for (size_t i = 0; i < p->n; i++)
        sb_headers_release(&p->item[i].headers);
    msx_free(p->item);
    memset(p, 0, sizeof *p);
}

/* Absolute URL, absolute path or a path below the service root: always the absolute path. */
static char *absolute_path(const char *url, size_t n, const char *api_path)
{
    const char *slash;

    if (n > 8 && (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0)) {
        slash = memchr(url + 8, '/', n - 8);
        return slash ? sb_ndup(slash, n - (size_t)(slash - url)) : sb_dup("/");
    }
    if (n && *url == '/' && !(n > 1 && url[1] == '$'))
        return sb_ndup(url, n);
    if (n && *url == '/') {
        url++;
        n--;
    }
    return msx_asprintf("%s%.*s", api_path, (int)n, url);
}

bool sb_inner_parse(const char *text, size_t len, const char *api_path, struct sb_inner *out)
{
    size_t at = 0, n, t, method, end;
    const char *line, *url, *query;

    memset(out, 0, sizeof *out);
    do { /* empty lines before the request line */
        line = text + at;
        n = line_len(line, len - at);
        t = text_len(line, n);
        at += n;
    } while (!t && at < len);
    method = 0;
    while (method < t && line[method] >= 'A' && line[method] <= 'Z')
        method++;
    end = t;
    if (end > 9 && memcmp(line + end - 9, " HTTP/1.1", 9) == 0)
        end -= 9;
    else
        return false;
    if (!method || method >= end || line[method] != ' ')
        return false;
    url = line + method + 1;
    if (memchr(url, ' ', end - method - 1))
        return false;
    out->method = sb_ndup(line, method);
    query = memchr(url, '?', end - method - 1);
    out->path = absolute_path(url, query ? (size_t)(query - url) : end - method - 1, api_path);
    out->query = query ? sb_ndup(query + 1, (size_t)(line + end - query - 1)) : sb_dup("");
    if (!out->path)
        sb_die("out of memory");
    at += take_headers(text + at, len - at, &out->headers);
    out->body = text + at;
    out->body_len = len - at;
    while (out->body_len &&
           (out->body[out->body_len - 1] == '\n' || out->body[out->body_len - 1] == '\r'))
        out->body_len--;
    return true;
}

void sb_inner_release(struct sb_inner *r)
{
    msx_free(r->method);
    msx_free(r->path);
    msx_free(r->query);
    sb_headers_release(&r->headers);
    memset(r, 0, sizeof *r);
}

const char *sb_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } names[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 204, "No Content" },
        { 304, "Not Modified" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 412, "Precondition Failed" },
        { 413, "Payload Too Large" },
        { 414, "URI Too Long" },
        { 429, "Too Many Requests" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 503, "Service Unavailable" },
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].status == status)
            return names[i].text;
    return "Status";
}
