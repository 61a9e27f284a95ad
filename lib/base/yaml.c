/* YAML to JSON over libyaml's events: one document, no aliases, bounded depth, lines remembered. */
#include "msxops/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "msxops/file.h"
#include "msxops/mem.h"

#define MAX_DEPTH 64

struct reader {
    yaml_parser_t parser;
    const char *name;
    json_t *lines; /* borrowed, NULL when nobody asked */
    struct msx_buf path;
    struct msx_error *err;
};

static enum msx_code no_memory(struct reader *r)
{
    return msx_fail(r->err, MSX_E_NOMEM, "out of memory");
}

static enum msx_code bad(struct reader *r, const yaml_mark_t *at, const char *what)
{
    return msx_fail(r->err, MSX_E_INVALID, "%s line %zu: %s", r->name, at->line + 1, what);
}

static enum msx_code next(struct reader *r, yaml_event_t *ev)
{
    if (yaml_parser_parse(&r->parser, ev))
        return MSX_OK;
    if (r->parser.error == YAML_MEMORY_ERROR)
        return no_memory(r);
    if (r->parser.error == YAML_READER_ERROR)
        return msx_fail(r->err, MSX_E_INVALID, "%s: %s at byte %zu", r->name, r->parser.problem,
                        r->parser.problem_offset);
    return bad(r, &r->parser.problem_mark, r->parser.problem ? r->parser.problem : "not YAML");
}

static bool all_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < '0' || s[i] > '9')
            return false;
    return n > 0;
}

/* Decimal integers without needless zeros, and 0x...; the rest is for real_of() or text. */
static bool integer_of(const char *s, long long *out)
{
    const char *digits = s + (*s == '-' || *s == '+');
    size_t n = strlen(digits);
    long long v;
    int base = 10;
    char *end;

    if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) {
        if (!digits[2] || strspn(digits + 2, "0123456789abcdefABCDEF") != n - 2)
            return false;
        base = 16;
    } else if (!all_digits(digits, n) || (n > 1 && digits[0] == '0')) {
        return false;
    }
    errno = 0;
    v = strtoll(s, &end, base);
    if (errno || *end)
        return false;
    *out = v;
    return true;
}

/* Reals are converted by jansson, which does not depend on the locale. */
static json_t *real_of(const char *s)
{
    const char *p = s + (*s == '-' || *s == '+');
    size_t whole = strspn(p, "0123456789"), frac = 0;
    char text[64];
    json_t *j;
    int n;

    if (whole > 1 && p[0] == '0')
        return NULL;
    if (p[whole] == '.')
        frac = strspn(p + whole + 1, "0123456789");
    if (!frac && (p[whole] == '.' || !whole))
        return NULL;
    if (!strpbrk(p, ".eE") || strspn(p, "0123456789.eE+-") != strlen(p))
        return NULL;
    n = snprintf(text, sizeof text, "%s%s%s", *s == '-' ? "-" : "", whole ? "" : "0", p);
    if (n < 0 || (size_t)n >= sizeof text)
        return NULL;
    j = json_loads(text, JSON_DECODE_ANY, NULL);
    if (!json_is_real(j)) {
        json_decref(j);
        return NULL;
    }
    return j;
}

static bool one_of(const char *s, const char *a, const char *b, const char *c)
{
    return strcmp(s, a) == 0 || strcmp(s, b) == 0 || strcmp(s, c) == 0;
}

static json_t *plain(const char *s)
{
    long long n;
    json_t *j;

    if (!*s || strcmp(s, "~") == 0 || one_of(s, "null", "Null", "NULL"))
        return json_null();
    if (one_of(s, "true", "True", "TRUE"))
        return json_true();
    if (one_of(s, "false", "False", "FALSE"))
        return json_false();
    if (integer_of(s, &n))
        return json_integer(n);
    j = real_of(s);
    return j ? j : json_string(s);
}

static enum msx_code scalar(struct reader *r, const yaml_event_t *ev, json_t **out)
{
    const char *s = (const char *)ev->data.scalar.value;
    const char *tag = (const char *)ev->data.scalar.tag;
    bool text = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    json_t *j;

    if (tag && strcmp(tag, YAML_STR_TAG) != 0 && strcmp(tag, "!") != 0)
        return bad(r, &ev->start_mark, "tags are not supported");
    if (strlen(s) != ev->data.scalar.length)
        return bad(r, &ev->start_mark, "a NUL character in a text");
    j = text || tag ? json_string(s) : plain(s);
    if (!j)
        return no_memory(r);
    *out = j;
    return MSX_OK;
}

static enum msx_code node(struct reader *r, const yaml_event_t *ev, int depth, json_t **out);

static enum msx_code sequence(struct reader *r, int depth, json_t **out)
{
    MSX_AUTO(msx_json_free_p) json_t *arr = json_array();
    size_t base = r->path.len;
    enum msx_code rc = MSX_OK;

    if (!arr)
        return no_memory(r);
    for (size_t i = 0; !rc; i++) {
        json_t *item = NULL;
        yaml_event_t ev;

        rc = next(r, &ev);
        if (rc)
            return rc;
        if (ev.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&ev);
            *out = MSX_STEAL(arr);
            return MSX_OK;
        }
        if (r->lines)
            msx_buf_addf(&r->path, "/%zu", i);
        rc = node(r, &ev, depth, &item);
        yaml_event_delete(&ev);
        msx_buf_truncate(&r->path, base);
        if (!rc && json_array_append_new(arr, item) != 0)
            rc = no_memory(r);
    }
    return rc;
}

static void add_pointer_part(struct msx_buf *b, const char *key)
{
    msx_buf_addc(b, '/');
    for (; *key; key++) {
        if (*key == '~')
            msx_buf_adds(b, "~0");
        else if (*key == '/')
            msx_buf_adds(b, "~1");
        else
            msx_buf_addc(b, *key);
    }
}

/* ev is the key's event. */
static enum msx_code pair(struct reader *r, const yaml_event_t *ev, int depth, json_t *obj)
{
    const char *key = (const char *)ev->data.scalar.value;
    size_t base = r->path.len;
    json_t *value = NULL;
    yaml_event_t value_ev;
    enum msx_code rc;

    if (ev->type == YAML_ALIAS_EVENT)
        return bad(r, &ev->start_mark, "aliases are not supported");
    if (ev->type != YAML_SCALAR_EVENT || strlen(key) != ev->data.scalar.length)
        return bad(r, &ev->start_mark, "a key must be a plain text");
    if (json_object_get(obj, key))
        return msx_fail(r->err, MSX_E_INVALID, "%s line %zu: key '%s' is given twice", r->name,
                        ev->start_mark.line + 1, key);
    rc = next(r, &value_ev);
    if (rc)
        return rc;
    if (r->lines)
        add_pointer_part(&r->path, key);
    rc = node(r, &value_ev, depth, &value);
    yaml_event_delete(&value_ev);
    msx_buf_truncate(&r->path, base);
    if (!rc && json_object_set_new(obj, key, value) != 0)
        rc = no_memory(r);
    return rc;
}

static enum msx_code mapping(struct reader *r, int depth, json_t **out)
{
    MSX_AUTO(msx_json_free_p) json_t *obj = json_object();
    enum msx_code rc = MSX_OK;

    if (!obj)
        return no_memory(r);
    while (!rc) {
        yaml_event_t ev;

        rc = next(r, &ev);
        if (rc)
            return rc;
        if (ev.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&ev);
            *out = MSX_STEAL(obj);
            return MSX_OK;
        }
        rc = pair(r, &ev, depth, obj);
        yaml_event_delete(&ev);
    }
    return rc;
}

static enum msx_code node(struct reader *r, const yaml_event_t *ev, int depth, json_t **out)
{
    const char *tag = NULL;

    if (depth > MAX_DEPTH)
        return bad(r, &ev->start_mark, "nested too deeply");
    if (r->path.failed)
        return no_memory(r);
    if (r->lines && json_object_set_new(r->lines, r->path.data,
                                        json_integer((json_int_t)ev->start_mark.line + 1)) != 0)
        return no_memory(r);
    switch (ev->type) {
    case YAML_SCALAR_EVENT:
        return scalar(r, ev, out);
    case YAML_SEQUENCE_START_EVENT:
        tag = (const char *)ev->data.sequence_start.tag;
        return tag ? bad(r, &ev->start_mark, "tags are not supported")
                   : sequence(r, depth + 1, out);
    case YAML_MAPPING_START_EVENT:
        tag = (const char *)ev->data.mapping_start.tag;
        return tag ? bad(r, &ev->start_mark, "tags are not supported") : mapping(r, depth + 1, out);
    case YAML_ALIAS_EVENT:
        return bad(r, &ev->start_mark, "aliases are not supported");
    default:
        return bad(r, &ev->start_mark, "not YAML");
    }
}

/* The stream: start, at most one document, end. */
static enum msx_code stream(struct reader *r, json_t **out)
{
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;
    bool inside = false, done = false;
    enum msx_code rc = MSX_OK;

    while (!rc && !done) {
        yaml_event_t ev;

        rc = next(r, &ev);
        if (rc)
            return rc;
        if (ev.type == YAML_STREAM_END_EVENT)
            done = true;
        else if (ev.type == YAML_DOCUMENT_START_EVENT && doc)
            rc = bad(r, &ev.start_mark, "a second document");
        else if (ev.type == YAML_DOCUMENT_START_EVENT)
            inside = true;
        else if (ev.type == YAML_DOCUMENT_END_EVENT)
            inside = false;
        else if (inside)
            rc = node(r, &ev, 1, &doc);
        yaml_event_delete(&ev);
    }
    if (rc)
        return rc;
    *out = doc ? MSX_STEAL(doc) : json_null();
    return MSX_OK;
}

enum msx_code msx_yaml_parse(const char *text, size_t len, const char *name, json_t **out,
                             json_t **lines_out, struct msx_error *err)
{
    struct reader r = { .name = name, .err = err };
    json_t *lines = NULL, *doc = NULL;
    enum msx_code rc;

    if (len > MSX_YAML_MAX_BYTES)
        return msx_fail(err, MSX_E_LIMIT, "%s is over its limit of %zu bytes", name,
                        MSX_YAML_MAX_BYTES);
    if (lines_out) {
        lines = json_object();
        if (!lines)
            return no_memory(&r);
    }
    if (!yaml_parser_initialize(&r.parser)) {
        json_decref(lines);
        return no_memory(&r);
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        len -= 3;
    }
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
    r.lines = lines;
    msx_buf_init(&r.path, MSX_YAML_MAX_BYTES);
    rc = stream(&r, &doc);
    yaml_parser_delete(&r.parser);
    msx_buf_release(&r.path);
    if (rc) {
        json_decref(lines);
        return rc;
    }
    *out = doc;
    if (lines_out)
        *lines_out = lines;
    return MSX_OK;
}

enum msx_code msx_yaml_load(const char *path, json_t **out, json_t **lines_out,
                            struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(MSX_YAML_MAX_BYTES);
    MSX_AUTO(msx_free_p) char *name = NULL;
    enum msx_code rc;

    rc = msx_file_read(path, &text, err);
    if (rc)
        return rc;
    name = msx_asprintf("'%s'", path);
    if (!name)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return msx_yaml_parse(text.data, text.len, name, out, lines_out, err);
}
