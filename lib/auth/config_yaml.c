/* Writing the configuration back. People write this file by hand, so a change touches one line when
 * it can: the edited text is read again, and unless it says exactly what was wanted the file is
 * written anew from its values. */
#include <string.h>

#include "config_priv.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "msxops/yaml.h"

/* ---- from values ---- */

/* Text that needs no quotes: cannot be read as anything but this string. */
static bool is_plain(const char *s)
{
    static const char *const words[] = { "null", "true", "false", "yes", "no", "on",
                                         "off",  "y",    "n",     "nan", "inf" };
    size_t n = strlen(s);

    if (!n || !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz/", s[0]) ||
        s[n - 1] == ' ' || s[n - 1] == ':')
        return false;
    if (strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@+- ") != n ||
        strstr(s, ": "))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (msx_ieq(s, words[i]))
            return false;
    }
    return true;
}

static void emit_string(struct msx_buf *b, const char *s)
{
    MSX_AUTO(msx_json_free_p) json_t *j = NULL;

    if (is_plain(s)) {
        msx_buf_adds(b, s);
        return;
    }
    j = json_string(s); /* a JSON string is a YAML string too */
    if (j)
        msx_json_dump(b, j);
    else
        b->failed = MSX_E_NOMEM;
}

static void emit(struct msx_buf *b, const json_t *j, int depth);

static void emit_member(struct msx_buf *b, const json_t *v, int depth)
{
    bool block = json_object_size(v) || json_array_size(v);

    msx_buf_addc(b, block ? '\n' : ' ');
    emit(b, v, depth);
}

static void emit(struct msx_buf *b, const json_t *j, int depth)
{
    const char *name;
    json_t *v;
    size_t i;

    if (json_object_size(j)) {
        json_object_foreach((json_t *)(uintptr_t)j, name, v) {
            msx_buf_addf(b, "%*s", depth * 2, "");
            emit_string(b, name);
            msx_buf_addc(b, ':');
            emit_member(b, v, depth + 1);
        }
        return;
    }
    if (json_array_size(j)) {
        json_array_foreach(j, i, v) {
            msx_buf_addf(b, "%*s-", depth * 2, "");
            emit_member(b, v, depth + 1);
        }
        return;
    }
    if (json_is_string(j))
        emit_string(b, json_string_value(j));
    else
        msx_json_dump(b, j);
    msx_buf_addc(b, '\n');
}

void msx_config_emit(struct msx_buf *b, const json_t *j)
{
    if (!json_is_null(j) && (json_object_size(j) || json_array_size(j) || !json_is_object(j)))
        emit(b, j, 0);
}

/* ---- in the text ---- */

struct edit {
    const char *text;
    size_t len;
    const json_t *lines;
    const char *const *key; /* NULL-terminated */
    size_t n;               /* names in key */
};

static const char *line_start(const struct edit *e, json_int_t line)
{
    const char *p = e->text, *end = e->text + e->len;

    while (--line > 0 && p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));

        p = nl ? nl + 1 : end;
    }
    return p;
}

/* What follows the first n names of the key in a JSON pointer; NULL when it begins otherwise. Names
 * hold neither '/' nor '~'. */
static const char *behind(const struct edit *e, size_t n, const char *pointer)
{
    for (size_t i = 0; i < n && e->key[i]; i++) {
        size_t len = strlen(e->key[i]);

        if (*pointer != '/' || strncmp(pointer + 1, e->key[i], len) != 0)
            return NULL;
        pointer += len + 1;
    }
    return *pointer == '\0' || *pointer == '/' ? pointer : NULL;
}

/* Line of the value at the first n names of the key; 0 when there is none. */
static json_int_t line_of(const struct edit *e, size_t n)
{
    const char *name;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)e->lines, name, v) {
        const char *rest = behind(e, n, name);

        if (rest && !*rest)
            return json_integer_value(v);
    }
    return 0;
}

/* Last line of anything below the first n names. */
static json_int_t last_line_under(const struct edit *e, size_t n)
{
    json_int_t last = 0;
    const char *name;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)e->lines, name, v) {
        const char *rest = behind(e, n, name);

        if (rest && *rest && json_integer_value(v) > last)
            last = json_integer_value(v);
    }
    return last;
}

/* "  key: value  # why": where the value begins and ends. False when the line looks otherwise. */
static bool value_in_line(const struct edit *e, const char *line, const char **from,
                          const char **to)
{
    const char *end = memchr(line, '\n', (size_t)(e->text + e->len - line));
    const char *name = e->key[e->n - 1], *p = line;
    size_t n = strlen(name);

    if (!end)
        end = e->text + e->len;
    while (p < end && *p == ' ')
        p++;
    if ((size_t)(end - p) < n + 2 || strncmp(p, name, n) != 0 || p[n] != ':' || p[n + 1] != ' ')
        return false;
    p += n + 1;
    while (p < end && *p == ' ')
        p++;
    *from = p;
    if (p < end && (*p == '"' || *p == '\'')) {
        const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));

        *to = close ? close + 1 : end;
        return close != NULL;
    }
    while (p < end && !(*p == '#' && p[-1] == ' '))
        p++;
    while (p > *from && (p[-1] == ' ' || p[-1] == '\r'))
        p--;
    *to = p;
    return true;
}

static bool change_line(const struct edit *e, const char *value, struct msx_buf *out)
{
    json_int_t line = line_of(e, e->n);
    const char *start = line_start(e, line), *from, *to, *next;

    if (!line || !value_in_line(e, start, &from, &to))
        return false;
    if (value) {
        msx_buf_add(out, e->text, (size_t)(from - e->text));
        emit_string(out, value);
        msx_buf_add(out, to, (size_t)(e->text + e->len - to));
    } else {
        next = line_start(e, line + 1);
        msx_buf_add(out, e->text, (size_t)(start - e->text));
        msx_buf_add(out, next, (size_t)(e->text + e->len - next));
    }
    return true;
}

static int indent_of(const char *line, const char *end)
{
    int n = 0;

    while (line + n < end && line[n] == ' ' && n < 64)
        n++;
    return n;
}

/* Add what is missing of the key below its deepest part that exists. */
static bool add_lines(const struct edit *e, const char *value, struct msx_buf *out)
{
    const char *end = e->text + e->len, *at;
    size_t have = e->n - 1;
    json_int_t last;
    int indent = 0;

    while (have && !last_line_under(e, have))
        have--;
    if (have) {
        last = last_line_under(e, have);
        at = line_start(e, last + 1);
        indent = indent_of(line_start(e, line_of(e, have)), end);
    } else {
        at = end;
    }
    msx_buf_add(out, e->text, (size_t)(at - e->text));
    if (out->len && out->data[out->len - 1] != '\n')
        msx_buf_addc(out, '\n');
    for (size_t i = have; i < e->n; i++, indent += 2) {
        msx_buf_addf(out, "%*s%s:", indent, "", e->key[i]);
        msx_buf_addc(out, i + 1 < e->n ? '\n' : ' ');
    }
    emit_string(out, value);
    msx_buf_addc(out, '\n');
    msx_buf_add(out, at, (size_t)(end - at));
    return true;
}

/* Whether the text says what is wanted; an edit that went wrong says something else or nothing. */
static enum msx_code compare(struct msx_buf *text, const json_t *want, bool *same,
                             struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *now = NULL;
    enum msx_code rc = msx_buf_finish(text, "configuration", err);

    if (rc)
        return rc;
    rc = msx_yaml_parse(text->data, text->len, "", &now, NULL, NULL);
    if (rc == MSX_E_NOMEM)
        return msx_fail(err, rc, "out of memory");
    *same = !rc && json_equal(now, want);
    return MSX_OK;
}

enum msx_code msx_config_edit(const char *text, size_t len, const json_t *lines,
                              const char *const *key, const char *value, const json_t *want,
                              struct msx_buf *out, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf edited = MSX_BUF_INIT(MSX_YAML_MAX_BYTES);
    struct edit e = { text, len, lines, key, 0 };
    bool same = false;
    enum msx_code rc;

    while (key[e.n])
        e.n++;
    if (line_of(&e, e.n) ? change_line(&e, value, &edited)
                         : value && add_lines(&e, value, &edited)) {
        rc = compare(&edited, want, &same, err);
        if (rc)
            return rc;
    }
    if (same) {
        msx_buf_add(out, edited.data, edited.len);
    } else {
        msx_buf_adds(out, "# Written by msxops config set; edit it as you like.\n");
        msx_config_emit(out, want);
    }
    return msx_buf_finish(out, "configuration", err);
}
