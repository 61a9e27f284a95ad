/* Values as text, byte for byte as jansson writes them, but in large pieces. */
#include <stdio.h>
#include <string.h>

#include "base/json_priv.h"
#include "msxops/json.h"
#include "msxops/text.h"

#define PIECE     ((size_t)32 << 10)
#define MAX_DEPTH 10000 /* deeper than anything that was read; a loop ends there */

struct writer {
    struct msx_buf *b;
    int indent; /* blanks a level; 0 = all on one line */
    int (*flush)(const char *text, size_t len, void *user);
    void *user;
};

static void fail(struct writer *w)
{
    if (!w->b->failed)
        w->b->failed = MSX_E_NOMEM;
}

static void flush_piece(struct writer *w)
{
    if (!w->flush || w->b->failed || w->b->len < PIECE)
        return;
    if (w->flush(w->b->data, w->b->len, w->user))
        fail(w);
    else
        msx_buf_clear(w->b);
}

static int to_buf(const char *text, size_t len, void *user)
{
    msx_buf_add(user, text, len);
    return 0;
}

static void add_escape(struct msx_buf *b, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = c ? memchr(from, c, sizeof from - 1) : NULL;
    char text[8];

    if (at)
        (void)snprintf(text, sizeof text, "\\%c", to[at - from]);
    else
        (void)snprintf(text, sizeof text, "\\u%04X", (unsigned)c);
    msx_buf_adds(b, text);
}

static void add_string(struct writer *w, const char *s, size_t len)
{
    const char *end = s + len, *from = s, *p = s;
    bool ascii = true;

    msx_buf_addc(w->b, '"');
    while ((p = msx_json_skip_ascii(p, end)) < end) {
        if ((unsigned char)*p >= 0x80) {
            ascii = false;
            p++;
            continue;
        }
        msx_buf_add(w->b, from, (size_t)(p - from));
        add_escape(w->b, (unsigned char)*p);
        from = ++p;
    }
    msx_buf_add(w->b, from, (size_t)(end - from));
    msx_buf_addc(w->b, '"');
    if (!ascii && !msx_utf8_valid(s, len))
        fail(w);
}

static void new_line(struct writer *w, int depth)
{
    static const char blanks[] = "                                ";
    size_t n = (size_t)w->indent * (size_t)depth;

    if (!w->indent)
        return;
    msx_buf_addc(w->b, '\n');
    for (; n > sizeof blanks - 1; n -= sizeof blanks - 1)
        msx_buf_add(w->b, blanks, sizeof blanks - 1);
    msx_buf_add(w->b, blanks, n);
}

static void add_value(struct writer *w, const json_t *j, int depth);

static void add_object(struct writer *w, const json_t *obj, int depth)
{
    json_t *o = (json_t *)(uintptr_t)obj; /* jansson's iterators want it so; nothing changes */
    bool first = true;

    msx_buf_addc(w->b, '{');
    for (void *it = json_object_iter(o); it && !w->b->failed; it = json_object_iter_next(o, it)) {
        const char *key = json_object_iter_key(it);

        if (!first)
            msx_buf_addc(w->b, ',');
        first = false;
        new_line(w, depth + 1);
        add_string(w, key, strlen(key));
        msx_buf_add(w->b, ": ", w->indent ? 2 : 1);
        add_value(w, json_object_iter_value(it), depth + 1);
    }
    if (!first)
        new_line(w, depth);
    msx_buf_addc(w->b, '}');
}

static void add_array(struct writer *w, const json_t *list, int depth)
{
    size_t n = json_array_size(list);

    msx_buf_addc(w->b, '[');
    for (size_t i = 0; i < n && !w->b->failed; i++) {
        if (i)
            msx_buf_addc(w->b, ',');
        new_line(w, depth + 1);
        add_value(w, json_array_get(list, i), depth + 1);
    }
    if (n)
        new_line(w, depth);
    msx_buf_addc(w->b, ']');
}

static void add_value(struct writer *w, const json_t *j, int depth)
{
    char number[32];

    if (depth > MAX_DEPTH || !j) {
        fail(w);
        return;
    }
    switch (json_typeof(j)) {
    case JSON_OBJECT:
        add_object(w, j, depth);
        break;
    case JSON_ARRAY:
        add_array(w, j, depth);
        break;
    case JSON_STRING:
        add_string(w, json_string_value(j), json_string_length(j));
        break;
    case JSON_INTEGER:
        (void)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(j));
        msx_buf_adds(w->b, number);
        break;
    case JSON_REAL:
        if (json_dump_callback(j, to_buf, w->b, JSON_ENCODE_ANY))
            fail(w);
        break;
    case JSON_TRUE:
        msx_buf_adds(w->b, "true");
        break;
    case JSON_FALSE:
        msx_buf_adds(w->b, "false");
        break;
    case JSON_NULL:
        msx_buf_adds(w->b, "null");
        break;
    }
    flush_piece(w);
}

void msx_json_dump(struct msx_buf *b, const json_t *j)
{
    add_value(&(struct writer){ .b = b }, j, 0);
}

int msx_json_write(const json_t *j, int indent,
                   int (*write)(const char *text, size_t len, void *user), void *user)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(MSX_JSON_MAX_BYTES);
    struct writer w = { &b, indent, write, user };

    add_value(&w, j, 0);
    return b.failed || (b.len && write(b.data, b.len, user)) ? -1 : 0;
}
