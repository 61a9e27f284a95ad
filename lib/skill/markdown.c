/* A result for people: Markdown, and plain text for a terminal. CRM text is escaped for its place.
 */
#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/skill.h"
#include "msxops/text.h"

bool msx_result_at_least(const json_t *result, const char *severity)
{
    const json_t *counts = msx_json_obj(msx_json_obj(result, "stats"), "findings");
    const char *name;
    json_t *n;

    json_object_foreach((json_t *)(uintptr_t)counts, name, n) /* worst first */
    {
        if (strcmp(name, "total") != 0 && json_integer_value(n) > 0)
            return true;
        if (strcmp(name, severity) == 0)
            return false;
    }
    return false;
}

/* ---- Markdown ---- */

/* One line of text: nothing in it is markup, HTML or the end of a table's cell. */
static void add_md(struct msx_buf *b, const char *s)
{
    for (; s && *s; s++) {
        if (strchr("\\`*_{}[]<>#|~!&", *s)) {
            msx_buf_addc(b, '\\');
            msx_buf_addc(b, *s);
        } else if (*s == '\n' || *s == '\r' || *s == '\t') {
            msx_buf_addc(b, ' ');
        } else if ((unsigned char)*s >= 0x20 && *s != 0x7F) {
            msx_buf_addc(b, *s);
        }
    }
}

static const char *label_of(const json_t *record)
{
    const char *number = msx_json_str(record, "number");

    /* people know it by its name; its id is in the JSON */
    return number ? number : msx_json_str_or(record, "entity", "");
}

static void md_findings(struct msx_buf *b, const json_t *result)
{
    const json_t *list = msx_json_arr(result, "findings");

    msx_buf_adds(b, "\n## Findings\n\n");
    if (!json_array_size(list)) {
        msx_buf_adds(b, "None.\n");
        return;
    }
    msx_buf_adds(b, "| # | Severity | Record | Finding | Who | By |\n"
                    "|--:|----------|--------|---------|-----|----|\n");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *f = json_array_get(list, i), *record = msx_json_obj(f, "record");

        msx_buf_addf(b, "| %zu | %s%s | ", i + 1, msx_json_str_or(f, "severity", ""),
                     msx_json_bool_or(f, "escalate", false) ? " (escalate)" : "");
        add_md(b, label_of(record));
        msx_buf_addc(b, ' ');
        add_md(b, msx_json_str(record, "name"));
        msx_buf_adds(b, " | ");
        add_md(b, msx_json_str(f, "rule"));
        msx_buf_adds(b, ": ");
        add_md(b, msx_json_str(f, "reason"));
        msx_buf_addf(b, " | %s | %s |\n", msx_json_str_or(f, "accountable_role", ""),
                     msx_json_str_or(f, "due", ""));
    }
}

static void md_evidence(struct msx_buf *b, const json_t *result)
{
    const json_t *list = msx_json_arr(result, "findings");
    bool any = false;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *f = json_array_get(list, i), *evidence = msx_json_arr(f, "evidence");

        for (size_t j = 0; j < json_array_size(evidence); j++) {
            const json_t *e = json_array_get(evidence, j);

            if (!any)
                msx_buf_adds(b, "\n## Evidence\n\n");
            any = true;
            msx_buf_adds(b, "- ");
            add_md(b, msx_json_str(f, "id"));
            msx_buf_adds(b, ": \"");
            add_md(b, msx_json_str(e, "excerpt"));
            msx_buf_adds(b, "\" (");
            add_md(b, msx_json_str_or(e, "source", ""));
            if (msx_json_str(e, "date"))
                msx_buf_addf(b, ", %s", msx_json_str(e, "date"));
            msx_buf_adds(b, ")\n");
        }
    }
}

static void add_value(struct msx_buf *b, const json_t *v,
                      void (*add)(struct msx_buf *, const char *))
{
    MSX_AUTO(msx_free_p) char *text = NULL;

    if (json_is_string(v)) {
        add(b, json_string_value(v));
    } else if (!v || json_is_null(v)) {
        msx_buf_addc(b, '-');
    } else {
        text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
        add(b, text);
    }
}

/* What the operation adds to a long text: its last lines are what is new. */
static const char *added(const char *before, const char *after)
{
    size_t n = before ? strlen(before) : 0;

    if (n && strncmp(before, after, n) == 0) {
        after += n;
        while (*after == '\n')
            after++;
    }
    return after;
}

static void op_fields(struct msx_buf *b, const json_t *op, const char *indent,
                      void (*add)(struct msx_buf *, const char *))
{
    const json_t *before = msx_json_obj(op, "before");
    const char *name;
    json_t *value;

    json_object_foreach(msx_json_obj(op, "fields"), name, value) {
        const char *s = json_string_value(value), *was = msx_json_str(before, name);
        bool grows = s && was && added(was, s) != s;

        msx_buf_addf(b, "%s%s: ", indent, name);
        if (grows) {
            msx_buf_adds(b, "+ ");
            add(b, added(was, s));
        } else {
            if (json_object_get(before, name)) {
                add_value(b, json_object_get(before, name), add);
                msx_buf_adds(b, " -> ");
            }
            add_value(b, value, add);
        }
        msx_buf_addc(b, '\n');
    }
}

static void md_operations(struct msx_buf *b, const json_t *result)
{
    const json_t *list = msx_json_arr(result, "operations");

    msx_buf_adds(b, "\n## Proposed operations\n\n");
    if (!json_array_size(list))
        msx_buf_adds(b, "None.\n");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *op = json_array_get(list, i), *target = msx_json_obj(op, "target");
        const json_t *needs = msx_json_arr(op, "needs_input");

        msx_buf_addf(b, "%zu. **%s** ", i + 1, msx_json_str_or(op, "op", ""));
        add_md(b, label_of(target));
        msx_buf_addc(b, ' ');
        add_md(b, msx_json_str(target, "name"));
        if (json_array_size(needs))
            msx_buf_addf(b, " (%zu to fill in)", json_array_size(needs));
        msx_buf_addc(b, '\n');
        op_fields(b, op, "    - ", add_md);
    }
}

static void md_gaps(struct msx_buf *b, const json_t *result)
{
    const json_t *list = msx_json_arr(result, "gaps");

    if (!json_array_size(list))
        return;
    msx_buf_adds(b, "\n## What is not known\n\n");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *g = json_array_get(list, i);

        msx_buf_addf(b, "- %s (", msx_json_str_or(g, "kind", ""));
        add_md(b, msx_json_str(g, "what"));
        msx_buf_adds(b, ", ");
        add_md(b, msx_json_str(g, "where"));
        msx_buf_adds(b, "): ");
        add_md(b, msx_json_str(g, "effect"));
        msx_buf_addc(b, '\n');
    }
}

void msx_result_markdown(struct msx_buf *b, const json_t *result)
{
    const json_t *run = msx_json_obj(result, "run"), *scope = msx_json_obj(result, "scope");
    const json_t *next = msx_json_obj(result, "next_action");

    msx_buf_adds(b, "# ");
    add_md(b, msx_json_str(result, "title"));
    msx_buf_addf(b, "\n\nFlow `%s` for %s, %s (%s)", msx_json_str_or(result, "flow", ""),
                 msx_json_str_or(result, "role", ""), msx_json_str_or(run, "today", ""),
                 msx_json_str_or(run, "tz", ""));
    if (msx_json_str(scope, "customer")) {
        msx_buf_adds(b, ", ");
        add_md(b, msx_json_str(scope, "customer"));
    }
    msx_buf_addf(b, ".\n\nDecision: **%s**\n",
                 msx_json_str_or(msx_json_obj(result, "decision"), "value", ""));
    if (next) {
        msx_buf_adds(b, "\nNext: ");
        add_md(b, msx_json_str(next, "text"));
        if (msx_json_str(next, "flow"))
            msx_buf_addf(b, " (`%s`, %s)", msx_json_str(next, "flow"),
                         msx_json_str_or(next, "role", ""));
        msx_buf_addc(b, '\n');
    }
    md_findings(b, result);
    md_evidence(b, result);
    md_operations(b, result);
    md_gaps(b, result);
}

/* ---- terminal ---- */

static void add_text(struct msx_buf *b, const char *s)
{
    if (s)
        msx_add_visible(b, s, strlen(s));
}

/* Words of s, wrapped at width (0: never) with an indent from the second line on. */
static void add_wrapped(struct msx_buf *b, const char *s, size_t width, size_t indent, size_t at)
{
    const char *p = s;

    while (*p) {
        const char *end = strchr(p, ' ');
        size_t n = end ? (size_t)(end - p) : strlen(p), w = msx_utf8_width(p, n);

        if (width && at > indent && at + 1 + w > width) {
            msx_buf_addf(b, "\n%*s", (int)indent, "");
            at = indent;
        } else if (p != s) {
            msx_buf_addc(b, ' ');
            at++;
        }
        msx_buf_add(b, p, n);
        at += w;
        p += n;
        while (*p == ' ')
            p++;
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
    add_text(&line, label_of(record));
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
    msx_buf_addf(b, "\n%*s", 10, "");
    add_wrapped(b, line.data, width, 10, 10);
    msx_buf_addc(b, '\n');
}

static void text_operations(struct msx_buf *b, const json_t *result, size_t width)
{
    const json_t *list = msx_json_arr(result, "operations");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *op = json_array_get(list, i), *target = msx_json_obj(op, "target");
        MSX_AUTO(msx_buf_release) struct msx_buf line = MSX_BUF_INIT((size_t)1 << 20);

        if (!i)
            msx_buf_adds(b, "\nProposed:\n");
        msx_buf_addf(b, "  %s  ", msx_json_str_or(op, "op", ""));
        add_text(b, label_of(target));
        msx_buf_adds(b, "  ");
        add_text(b, msx_json_str(target, "name"));
        msx_buf_addc(b, '\n');
        op_fields(&line, op, "    ", add_text);
        (void)width;
        msx_buf_add(b, line.data, line.len);
    }
}

void msx_result_text(struct msx_buf *b, const json_t *result, size_t width, bool color)
{
    const json_t *run = msx_json_obj(result, "run"), *list = msx_json_arr(result, "findings");
    const json_t *next = msx_json_obj(result, "next_action"), *gaps = msx_json_arr(result, "gaps");
    const json_t *evaluated = msx_json_obj(msx_json_obj(result, "scope"), "evaluated");

    msx_buf_addf(b, "%s%s%s  %s (%s)\n", color ? "\033[1m" : "",
                 msx_json_str_or(result, "title", ""), color ? "\033[0m" : "",
                 msx_json_str_or(run, "today", ""), msx_json_str_or(run, "tz", ""));
    msx_buf_addf(b, "Decision: %s; %lld opportunities, %lld milestones looked at\n\n",
                 msx_json_str_or(msx_json_obj(result, "decision"), "value", ""),
                 (long long)json_integer_value(json_object_get(evaluated, "opportunities")),
                 (long long)json_integer_value(json_object_get(evaluated, "milestones")));
    for (size_t i = 0; i < json_array_size(list); i++)
        text_finding(b, json_array_get(list, i), width, color);
    if (!json_array_size(list))
        msx_buf_adds(b, "No findings.\n");
    text_operations(b, result, width);
    for (size_t i = 0; i < json_array_size(gaps); i++) {
        const json_t *g = json_array_get(gaps, i);

        msx_buf_addf(b, "%s  %s ", i ? "" : "\nNot known:\n", msx_json_str_or(g, "kind", ""));
        add_text(b, msx_json_str(g, "what"));
        msx_buf_adds(b, " (");
        add_text(b, msx_json_str(g, "where"));
        msx_buf_adds(b, ")\n");
    }
    if (next) {
        msx_buf_adds(b, "\nNext: ");
        add_text(b, msx_json_str(next, "text"));
        if (msx_json_str(next, "flow"))
            msx_buf_addf(b, " (%s)", msx_json_str(next, "flow"));
        msx_buf_addc(b, '\n');
    }
}
