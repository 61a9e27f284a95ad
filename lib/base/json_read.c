/* Plain JSON into jansson's values. jansson reads byte by byte, which is most of the work of a
 * large listing; runs of ordinary text are taken whole here. It never accepts what jansson would
 * refuse: at the first doubt it leaves the whole text to jansson. */
#include "base/json_priv.h"

#include <string.h>

#include "msxops/buf.h"
#include "msxops/json.h"
#include "msxops/text.h"

#define PLAIN_DEPTH  100
#define PLAIN_DIGITS 18 /* any number so long fits json_int_t */

struct reader {
    const char *p, *end;
    struct msx_buf scratch; /* a key with its NUL, a string without its escapes */
    bool oom;
};

static json_t *read_value(struct reader *r, int depth);

/* A new value as it is; none means that memory ran out. */
static json_t *made(struct reader *r, json_t *j)
{
    if (!j)
        r->oom = true;
    return j;
}

static void skip_space(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
        r->p++;
}

static bool take(struct reader *r, char c)
{
    skip_space(r);
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

/* Past text that stands for itself. Whether it is valid UTF-8. */
static bool skip_run(struct reader *r)
{
    const char *from = r->p = msx_json_skip_ascii(r->p, r->end);

    while (r->p < r->end && (unsigned char)*r->p >= 0x20 && *r->p != '"' && *r->p != '\\')
        r->p++;
    return r->p == from || msx_utf8_valid(from, (size_t)(r->p - from));
}

static bool read_hex(struct reader *r, uint32_t *out)
{
    uint32_t v = 0;

    if (r->end - r->p < 4)
        return false;
    for (int i = 0; i < 4; i++, r->p++) {
        if (*r->p >= '0' && *r->p <= '9')
            v = v << 4 | (uint32_t)(*r->p - '0');
        else if ((*r->p | 0x20) >= 'a' && (*r->p | 0x20) <= 'f')
            v = v << 4 | (uint32_t)((*r->p | 0x20) - 'a' + 10);
        else
            return false;
    }
    *out = v;
    return true;
}

/* What follows a backslash, into the scratch buffer. */
static bool read_escape(struct reader *r)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *at;
    uint32_t cp, low;

    if (r->p == r->end)
        return false;
    if (*r->p != 'u') {
        at = memchr(from, *r->p++, sizeof from - 1);
        if (at)
            msx_buf_addc(&r->scratch, to[at - from]);
        return at != NULL;
    }
    r->p++;
    if (!read_hex(r, &cp) || !cp || (cp >= 0xdc00 && cp <= 0xdfff))
        return false;
    if (cp >= 0xd800 && cp <= 0xdbff) {
        if (r->end - r->p < 2 || *r->p++ != '\\' || *r->p++ != 'u' || !read_hex(r, &low) ||
            low < 0xdc00 || low > 0xdfff)
            return false;
        cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
    }
    msx_utf8_add(&r->scratch, cp);
    return true;
}

/* Behind the opening quote. */
static json_t *read_string(struct reader *r)
{
    const char *from = r->p;

    if (!skip_run(r) || r->p == r->end)
        return NULL;
    if (*r->p == '"')
        return made(r, json_stringn_nocheck(from, (size_t)(r->p++ - from)));
    msx_buf_clear(&r->scratch);
    while (*r->p == '\\') {
        msx_buf_add(&r->scratch, from, (size_t)(r->p++ - from));
        if (!read_escape(r))
            return NULL;
        from = r->p;
        if (!skip_run(r) || r->p == r->end)
            return NULL;
    }
    if (*r->p != '"')
        return NULL;
    msx_buf_add(&r->scratch, from, (size_t)(r->p++ - from));
    if (r->scratch.failed)
        return made(r, NULL);
    return made(r, json_stringn_nocheck(r->scratch.data, r->scratch.len));
}

/* A short whole number; any other is jansson's to read. */
static json_t *read_number(struct reader *r)
{
    const char *from = r->p, *digits = from + (*from == '-');
    json_error_t je = { .line = -1 };
    json_int_t v = 0;
    json_t *j;

    for (r->p = digits; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++)
        if (r->p - digits < PLAIN_DIGITS)
            v = v * 10 + (*r->p - '0');
    if (r->p == digits || (*digits == '0' && r->p - digits > 1))
        return NULL;
    if (r->p - digits <= PLAIN_DIGITS &&
        (r->p == r->end || (*r->p != '.' && *r->p != 'e' && *r->p != 'E')))
        return made(r, json_integer(*from == '-' ? -v : v));
    while (r->p < r->end && *r->p && strchr("0123456789+-.eE", *r->p))
        r->p++;
    j = json_loadb(from, (size_t)(r->p - from), JSON_DECODE_ANY, &je);
    if (!j && (json_error_code(&je) == json_error_out_of_memory || !je.text[0]))
        r->oom = true;
    return j;
}

static json_t *read_word(struct reader *r)
{
    size_t left = (size_t)(r->end - r->p);

    if (left >= 4 && !memcmp(r->p, "null", 4)) {
        r->p += 4;
        return json_null();
    }
    if (left >= 4 && !memcmp(r->p, "true", 4)) {
        r->p += 4;
        return json_true();
    }
    if (left >= 5 && !memcmp(r->p, "false", 5)) {
        r->p += 5;
        return json_false();
    }
    return NULL;
}

/* One member of an object: a key without escapes that the object does not have yet. */
static bool read_member(struct reader *r, json_t *obj, int depth)
{
    size_t before = json_object_size(obj), n;
    const char *key;
    json_t *value;

    if (!take(r, '"'))
        return false;
    key = r->p;
    if (!skip_run(r) || r->p == r->end || *r->p != '"')
        return false;
    n = (size_t)(r->p++ - key);
    if (!take(r, ':'))
        return false;
    value = read_value(r, depth);
    if (!value)
        return false;
    msx_buf_clear(&r->scratch);
    msx_buf_add(&r->scratch, key, n);
    if (r->scratch.failed) {
        json_decref(value);
        r->oom = true;
    } else if (json_object_set_new_nocheck(obj, r->scratch.data, value)) {
        r->oom = true;
    }
    return !r->oom && json_object_size(obj) > before;
}

static json_t *read_object(struct reader *r, int depth)
{
    MSX_AUTO(msx_json_free_p) json_t *obj = made(r, json_object());

    if (!obj)
        return NULL;
    if (!take(r, '}')) {
        do {
            if (!read_member(r, obj, depth))
                return NULL;
        } while (take(r, ','));
        if (!take(r, '}'))
            return NULL;
    }
    return MSX_STEAL(obj);
}

static json_t *read_array(struct reader *r, int depth)
{
    MSX_AUTO(msx_json_free_p) json_t *list = made(r, json_array());

    if (!list)
        return NULL;
    if (!take(r, ']')) {
        do {
            json_t *item = read_value(r, depth);

            if (!item)
                return NULL;
            if (json_array_append_new(list, item)) {
                r->oom = true;
                return NULL;
            }
        } while (take(r, ','));
        if (!take(r, ']'))
            return NULL;
    }
    return MSX_STEAL(list);
}

static json_t *read_value(struct reader *r, int depth)
{
    if (depth > PLAIN_DEPTH)
        return NULL;
    if (take(r, '"'))
        return read_string(r);
    if (take(r, '{'))
        return read_object(r, depth + 1);
    if (take(r, '['))
        return read_array(r, depth + 1);
    if (r->p < r->end && (*r->p == '-' || (*r->p >= '0' && *r->p <= '9')))
        return read_number(r);
    return read_word(r);
}

json_t *msx_json_read_plain(const char *text, size_t len, bool *oom)
{
    MSX_AUTO(msx_json_free_p) json_t *j = NULL;
    struct reader r = { .p = text, .end = text + len, .scratch = MSX_BUF_INIT(len) };

    j = read_value(&r, 0);
    skip_space(&r);
    msx_buf_release(&r.scratch);
    *oom = r.oom;
    return r.p == r.end ? MSX_STEAL(j) : NULL;
}
