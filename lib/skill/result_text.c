/* A result as text for a terminal. What CRM text has of control characters is made visible. */
#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/show.h"

static void add_text(struct msx_buf *b, const char *s)
{
    if (s)
        msx_add_visible(b, s, strlen(s));
}

/* A word that is longer than a line, broken between characters. */
static size_t add_long_word(struct msx_buf *b, const char *p, size_t n, size_t width, size_t indent,
                            size_t at)
{
    const char *end = p + n;

    while (p < end) {
        const char *q = p;
        size_t w;

        (void)msx_utf8_next(&q, end);
        w = msx_utf8_width(p, (size_t)(q - p));
        if (at + w > width && at > indent) {
            msx_buf_addf(b, "\n%*s", (int)indent, "");
            at = indent;
        }
        msx_buf_add(b, p, (size_t)(q - p));
        at += w;
        p = q;
    }
    return at;
}

/* Words of s, wrapped at width (0: never) with an indent from the second line on. */
static void add_wrapped(struct msx_buf *b, const char *s, size_t width, size_t indent, size_t at)
{
    const char *p = s;

    width = width > indent + 20 ? width : 0;
    while (*p) {
        const char *end = strchr(p, ' ');
        size_t n = end ? (size_t)(end - p) : strlen(p), w = msx_utf8_width(p, n);

        if (width && p != s && at > indent && at + 1 + w > width) {
            msx_buf_addf(b, "\n%*s", (int)indent, "");
            at = indent;
        } else if (p != s) {
            msx_buf_addc(b, ' ');
            at++;
        }
        if (width && w > width - indent) {
            at = add_long_word(b, p, n, width, indent, at);
        } else {
            msx_buf_add(b, p, n);
            at += w;
        }
        p += n;
        while (*p == ' ')
            p++;
    }
}

/* Text of several lines at column `at`, each wrapped under `indent`. Taken out of line. */
static void add_lines(struct msx_buf *b, struct msx_buf *line, size_t width, size_t at,
                      size_t indent)
{
    msx_buf_addf(b, "%*s", (int)at, "");
    add_wrapped(b, line->data, width, indent, at);
    msx_buf_addc(b, '\n');
    msx_buf_clear(line);
}

static void text_trace(struct msx_buf *b, const json_t *trace, size_t width, size_t at)
{
    MSX_AUTO(msx_buf_release) struct msx_buf line = MSX_BUF_INIT(65536);

    for (size_t i = 0; i < json_array_size(trace); i++) {
        msx_show_trace(&line, json_array_get(trace, i), add_text);
        add_lines(b, &line, width, at, at + 2);
    }
}

static const char *color_of(const char *severity)
{
    if (strcmp(severity, "critical") == 0)
        return "\033[1;31m";
    if (strcmp(severity, "high") == 0)
        return "\033[31m";
    if (strcmp(severity, "medium") == 0)
        return "\033[33m";
    return "\033[2m";
}

static void text_finding(struct msx_buf *b, const json_t *f, size_t width, bool color)
{
    const json_t *record = msx_json_obj(f, "record");
    const char *severity = msx_json_str_or(f, "severity", "");
    MSX_AUTO(msx_buf_release) struct msx_buf line = MSX_BUF_INIT(65536);

    msx_buf_addf(b, "%s%-8s%s  ", color ? color_of(severity) : "", severity,
                 color ? "\033[0m" : "");
    add_text(&line, msx_show_label(record));
    msx_buf_adds(&line, "  ");
    add_text(&line, msx_json_str(record, "name"));
    add_wrapped(b, line.data, width, 10, 10);
    msx_buf_clear(&line);
    add_text(&line, msx_json_str(f, "reason"));
    msx_buf_addf(&line, " (%s; %s", msx_json_str_or(f, "rule", ""),
                 msx_json_str_or(f, "accountable_role", ""));
    if (msx_json_str(f, "due"))
        msx_buf_addf(&line, " by %s", msx_json_str(f, "due"));
    msx_buf_addf(&line, "%s)", msx_json_bool_or(f, "escalate", false) ? "; escalate" : "");
    msx_buf_addc(b, '\n');
    add_lines(b, &line, width, 10, 10);
    text_trace(b, msx_json_arr(f, "trace"), width, 12);
}

/* The lines of a text, one below the other: what is proposed for a person to read. */
static void text_field(struct msx_buf *b, const json_t *result, const json_t *op, const char *name,
                       json_t *value, size_t width)
{
    MSX_AUTO(msx_buf_release) struct msx_buf line = MSX_BUF_INIT((size_t)1 << 20);
    const char *s = json_string_value(value), *was = msx_json_str(msx_json_obj(op, "before"), name);
    const char *rest = s ? strchr(was ? msx_show_added(was, s) : s, '\n') : NULL;
    MSX_AUTO(msx_json_free_p)
    json_t *first = rest ? json_stringn(s, (size_t)(rest - s)) : json_incref(value);

    msx_show_field(&line, result, op, name, first, add_text);
    add_lines(b, &line, width, 4, 6);
    while (rest) {
        const char *end = strchr(++rest, '\n');
        MSX_AUTO(msx_free_p)
        char *more = msx_strndup(rest, end ? (size_t)(end - rest) : strlen(rest));

        add_text(&line, more);
        add_lines(b, &line, width, 6, 6);
        rest = end;
    }
}

static void text_operations(struct msx_buf *b, const json_t *result, size_t width)
{
    const json_t *list = msx_json_arr(result, "operations");
    MSX_AUTO(msx_buf_release) struct msx_buf line = MSX_BUF_INIT((size_t)1 << 20);

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *op = json_array_get(list, i), *target = msx_json_obj(op, "target");
        const char *name;
        json_t *value;

        if (!i)
            msx_buf_adds(b, "\nProposed:\n");
        msx_buf_addf(&line, "%s: ", msx_json_str_or(op, "id", ""));
        msx_show_type(&line, op);
        msx_buf_addc(&line, ' ');
        add_text(&line, msx_show_label(target));
        msx_buf_adds(&line, " ");
        add_text(&line, msx_json_str(target, "name"));
        add_lines(b, &line, width, 2, 4);
        json_object_foreach(msx_json_obj(op, "fields"), name, value)
            text_field(b, result, op, name, value, width);
    }
}

static void text_explained(struct msx_buf *b, const json_t *result, size_t width)
{
    const json_t *list = msx_json_arr(result, "explained");
    MSX_AUTO(msx_buf_release) struct msx_buf line = MSX_BUF_INIT(65536);

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *e = json_array_get(list, i), *record = msx_json_obj(e, "record");

        if (!i) {
            msx_buf_addc(b, '\n');
            msx_buf_adds(&line, "Rules on ");
            add_text(&line, msx_show_label(record));
            msx_buf_addc(&line, ' ');
            add_text(&line, msx_json_str(record, "name"));
            msx_buf_addc(&line, ':');
            add_lines(b, &line, width, 0, 2);
        }
        msx_buf_addf(&line, "%s %s: ", msx_json_str_or(e, "rule", ""),
                     msx_json_str_or(e, "result", ""));
        add_text(&line, msx_json_str(e, "when"));
        add_lines(b, &line, width, 2, 4);
        text_trace(b, msx_json_arr(e, "trace"), width, 4);
    }
}

/* "1 milestone", "2 milestones" */
static void add_count(struct msx_buf *b, const json_t *n, const char *one, const char *more)
{
    msx_buf_addf(b, "%lld %s", (long long)json_integer_value(n),
                 json_integer_value(n) == 1 ? one : more);
}

void msx_result_text(struct msx_buf *b, const json_t *result, size_t width, bool color)
{
    const json_t *run = msx_json_obj(result, "run"), *list = msx_json_arr(result, "findings");
    const json_t *next = msx_json_obj(result, "next_action"), *gaps = msx_json_arr(result, "gaps");
    const json_t *evaluated = msx_json_obj(msx_json_obj(result, "scope"), "evaluated");
    MSX_AUTO(msx_buf_release) struct msx_buf line = MSX_BUF_INIT(65536);

    msx_buf_addf(b, "%s%s%s  %s (%s)\n", color ? "\033[1m" : "",
                 msx_json_str_or(result, "title", ""), color ? "\033[0m" : "",
                 msx_json_str_or(run, "today", ""), msx_json_str_or(run, "tz", ""));
    msx_buf_addf(b, "Decision: %s; ",
                 msx_json_str_or(msx_json_obj(result, "decision"), "value", ""));
    add_count(b, json_object_get(evaluated, "opportunities"), "opportunity", "opportunities");
    msx_buf_adds(b, ", ");
    add_count(b, json_object_get(evaluated, "milestones"), "milestone", "milestones");
    msx_buf_adds(b, " looked at\n\n");
    for (size_t i = 0; i < json_array_size(list); i++)
        text_finding(b, json_array_get(list, i), width, color);
    if (!json_array_size(list))
        msx_buf_adds(b, "No findings.\n");
    text_explained(b, result, width);
    text_operations(b, result, width);
    for (size_t i = 0; i < json_array_size(gaps); i++) {
        const json_t *g = json_array_get(gaps, i);

        if (!i)
            msx_buf_adds(b, "\nNot known:\n");
        msx_buf_addf(&line, "%s ", msx_json_str_or(g, "kind", ""));
        add_text(&line, msx_json_str(g, "what"));
        msx_buf_adds(&line, " (");
        add_text(&line, msx_json_str(g, "where"));
        msx_buf_addc(&line, ')');
        add_lines(b, &line, width, 2, 4);
    }
    if (next) {
        msx_buf_addc(b, '\n');
        msx_buf_adds(&line, "Next: ");
        add_text(&line, msx_json_str(next, "text"));
        if (msx_json_str(next, "flow"))
            msx_buf_addf(&line, " (%s)", msx_json_str(next, "flow"));
        add_lines(b, &line, width, 0, 2);
    }
}
