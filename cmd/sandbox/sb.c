/* Requests, responses, form decoding and the give-up allocation of msxops-sandbox. */
#include "sb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "msxops/json.h"
#include "msxops/mem.h"
#include "msxops/text.h"

_Noreturn void sb_die(const char *what)
{
    (void)fprintf(stderr, "msxops-sandbox: error: %s\n", what);
    _exit(1);
}

void *sb_alloc(size_t n)
{
    void *p = msx_calloc(1, n ? n : 1);

    if (!p)
        sb_die("out of memory");
    return p;
}

void *sb_grow(void *p, size_t count, size_t size)
{
    void *q;

    if (size && count > SIZE_MAX / size)
        sb_die("out of memory");
    q = msx_realloc(p, count && size ? count * size : 1);
    if (!q)
        sb_die("out of memory");
    return q;
}

char *sb_ndup(const char *s, size_t n)
{
    char *p = sb_alloc(n + 1);

    if (n)
        memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *sb_dup(const char *s)
{
    return s ? sb_ndup(s, strlen(s)) : NULL;
}

void sb_set(json_t *obj, const char *key, json_t *value)
{
    if (!value || json_object_set_new(obj, key, value) < 0)
        sb_die("out of memory");
}

void sb_set_str(json_t *obj, const char *key, const char *s)
{
    /* text that is not UTF-8 cannot come from the store, which refuses it at the border */
    json_t *v = s ? json_string(s) : json_null();

    sb_set(obj, key, v ? v : json_string("?"));
}

void sb_append(json_t *arr, json_t *value)
{
    if (!value || json_array_append_new(arr, value) < 0)
        sb_die("out of memory");
}

int64_t sb_now_ms(void)
{
    struct timespec ts = { 0, 0 };

    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t sb_clock_ms(void)
{
    struct timespec ts = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void sb_guid(char out[37])
{
    if (msx_guid_new(out, NULL))
        sb_die("no randomness");
}

/* --- headers, requests, responses --- */

void sb_headers_add(struct sb_headers *h, const char *name, const char *value)
{
    h->item = sb_grow(h->item, h->n + 1, sizeof *h->item);
    h->item[h->n].name = sb_dup(name);
    h->item[h->n].value = sb_dup(value);
    h->n++;
}

void sb_headers_release(struct sb_headers *h)
{
    for (size_t i = 0; i < h->n; i++) {
        msx_free(h->item[i].name);
        msx_free(h->item[i].value);
    }
    msx_free(h->item);
    *h = (struct sb_headers){ NULL, 0 };
}

static const char *find(const struct sb_headers *h, const char *name)
{
    for (size_t i = 0; i < h->n; i++)
        if (msx_ieq(h->item[i].name, name))
            return h->item[i].value;
    return NULL;
}

const char *sb_request_header(const struct sb_request *q, const char *name)
{
    return find(&q->headers, name);
}

const char *sb_response_get(const struct sb_response *r, const char *name)
{
    return find(&r->headers, name);
}

void sb_response_init(struct sb_response *r)
{
    r->status = 200;
    r->headers = (struct sb_headers){ NULL, 0 };
    msx_buf_init(&r->body, SB_MAX_BODY);
}

void sb_response_release(struct sb_response *r)
{
    sb_headers_release(&r->headers);
    msx_buf_release(&r->body);
}

void sb_response_clear(struct sb_response *r)
{
    sb_headers_release(&r->headers);
    msx_buf_clear(&r->body);
    r->status = 200;
}

void sb_response_header(struct sb_response *r, const char *name, const char *fmt, ...)
{
    MSX_AUTO(msx_free_p) char *text = NULL;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        sb_die("out of memory");
    text = sb_alloc((size_t)n + 1);
    va_start(ap, fmt);
    (void)vsnprintf(text, (size_t)n + 1, fmt, ap); /* measured just above */
    va_end(ap);
    for (size_t i = 0; i < r->headers.n; i++) {
        if (!msx_ieq(r->headers.item[i].name, name))
            continue;
        msx_free(r->headers.item[i].value);
        r->headers.item[i].value = MSX_STEAL(text);
        return;
    }
    sb_headers_add(&r->headers, name, text);
}

void sb_response_text(struct sb_response *r, int status, const char *type, const char *text)
{
    r->status = status;
    msx_buf_clear(&r->body);
    msx_buf_adds(&r->body, text);
    sb_response_header(r, "Content-Type", "%s", type);
}

void sb_response_json(struct sb_response *r, int status, const json_t *body)
{
    r->status = status;
    msx_buf_clear(&r->body);
    msx_json_dump(&r->body, body);
    sb_response_header(r, "Content-Type", "application/json; charset=utf-8");
}

/* --- text --- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

char *sb_percent_decode(const char *s, size_t n, bool plus)
{
    char *out = sb_alloc(n + 1);
    size_t o = 0;

    for (size_t i = 0; i < n; i++) {
        char c = s[i];

        if (c == '%') {
            int hi = i + 2 < n ? hex(s[i + 1]) : -1;
            int lo = i + 2 < n ? hex(s[i + 2]) : -1;

            if (hi < 0 || lo < 0 || hi + lo == 0) {
                msx_free(out);
                return NULL;
            }
            c = (char)(hi * 16 + lo);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        out[o++] = c;
    }
    out[o] = '\0';
    return out;
}

void sb_percent_encode(struct msx_buf *b, const char *s, size_t n)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            c == '-' || c == '_' || c == '.' || c == '~') {
            msx_buf_addc(b, (char)c);
        } else {
            msx_buf_addc(b, '%');
            msx_buf_addc(b, digits[c >> 4]);
            msx_buf_addc(b, digits[c & 15]);
        }
    }
}

char *sb_form_get(const char *form, size_t len, const char *name)
{
    size_t at = 0;

    while (at < len) {
        const char *amp = memchr(form + at, '&', len - at);
        size_t end = amp ? (size_t)(amp - form) : len;
        const char *eq = memchr(form + at, '=', end - at);
        size_t key_end = eq ? (size_t)(eq - form) : end;
        char *key = sb_percent_decode(form + at, key_end - at, true);
        bool same = key && strcmp(key, name) == 0;

        msx_free(key);
        if (same)
            return eq ? sb_percent_decode(eq + 1, end - key_end - 1, true) : sb_dup("");
        at = end + 1;
    }
    return NULL;
}

void sb_add_json_string(struct msx_buf *b, const char *s, size_t n)
{
    size_t from = 0;

    msx_buf_addc(b, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        msx_buf_add(b, s + from, i - from);
        from = i + 1;
        if (c == '"' || c == '\\')
            msx_buf_addf(b, "\\%c", c);
        else if (c == '\n')
            msx_buf_adds(b, "\\n");
        else if (c == '\r')
            msx_buf_adds(b, "\\r");
        else if (c == '\t')
            msx_buf_adds(b, "\\t");
        else
            msx_buf_addf(b, "\\u%04x", c);
    }
    msx_buf_add(b, s + from, n - from);
    msx_buf_addc(b, '"');
}
