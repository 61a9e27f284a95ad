/* A result as Markdown. CRM text is escaped for its place. */
#include <string.h>

#include "skill/show.h"

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
        add_md(b, msx_show_label(record));
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

static void md_operations(struct msx_buf *b, const json_t *result)
{
    const json_t *list = msx_json_arr(result, "operations");

    msx_buf_adds(b, "\n## Proposed operations\n\n");
    if (!json_array_size(list))
        msx_buf_adds(b, "None.\n");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *op = json_array_get(list, i), *target = msx_json_obj(op, "target");
        const json_t *needs = msx_json_arr(op, "needs_input");
        const char *name;
        json_t *value;

        msx_buf_addf(b, "%zu. **", i + 1);
        msx_show_type(b, op);
        msx_buf_adds(b, "** ");
        add_md(b, msx_show_label(target));
        msx_buf_addc(b, ' ');
        add_md(b, msx_json_str(target, "name"));
        msx_buf_addf(b, " (`%s`", msx_json_str_or(op, "id", ""));
        if (json_array_size(needs))
            msx_buf_addf(b, ", %zu to fill in", json_array_size(needs));
        msx_buf_adds(b, ")\n");
        json_object_foreach(msx_json_obj(op, "fields"), name, value) {
            msx_buf_adds(b, "    - ");
            msx_show_field(b, result, op, name, value, add_md);
            msx_buf_addc(b, '\n');
        }
    }
}

static void md_trace(struct msx_buf *b, const json_t *trace)
{
    for (size_t i = 0; i < json_array_size(trace); i++) {
        msx_buf_adds(b, "    - ");
        msx_show_trace(b, json_array_get(trace, i), add_md);
        msx_buf_addc(b, '\n');
    }
}

/* With --explain: why each finding is there, and of one record why each rule did or did not fire.
 */
static void md_why(struct msx_buf *b, const json_t *result)
{
    const json_t *list = msx_json_arr(result, "findings");
    const json_t *explained = msx_json_arr(result, "explained");
    bool any = false;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *f = json_array_get(list, i);

        if (!msx_json_arr(f, "trace"))
            continue;
        msx_buf_adds(b, any ? "- " : "\n## Why\n\n- ");
        any = true;
        add_md(b, msx_json_str(f, "id"));
        msx_buf_addc(b, '\n');
        md_trace(b, msx_json_arr(f, "trace"));
    }
    for (size_t i = 0; i < json_array_size(explained); i++) {
        const json_t *e = json_array_get(explained, i), *record = msx_json_obj(e, "record");

        if (!i) {
            msx_buf_adds(b, "\n## Rules on ");
            add_md(b, msx_show_label(record));
            msx_buf_addc(b, ' ');
            add_md(b, msx_json_str(record, "name"));
            msx_buf_adds(b, "\n\n");
        }
        msx_buf_adds(b, "- ");
        add_md(b, msx_json_str(e, "rule"));
        msx_buf_addf(b, " %s: ", msx_json_str_or(e, "result", ""));
        add_md(b, msx_json_str(e, "when"));
        msx_buf_addc(b, '\n');
        md_trace(b, msx_json_arr(e, "trace"));
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
    md_why(b, result);
    md_operations(b, result);
    md_gaps(b, result);
}
