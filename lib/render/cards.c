/* Approval cards and apply reports for people. Everything that will be written is shown whole:
 * long values wrap, changed lines of long texts are all there, only unchanged lines are counted. */
#include "msxops/cards.h"

#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)

struct pen {
    struct msx_buf *b;
    size_t width;
    bool color;
};

static const char *on(const struct pen *p, const char *code)
{
    return p->color ? code : "";
}

/* Append safe text, wrapped at the pen's width; later lines begin under column `indent`. */
static void wrapped(const struct pen *p, const char *text, size_t indent)
{
    MSX_AUTO(msx_buf_release) struct msx_buf safe = MSX_BUF_INIT(LINE_MAX_BYTES);
    const char *s;
    const char *end;
    size_t room = p->width > indent + 20 ? p->width - indent : 60;
    size_t col = 0;

    msx_add_visible(&safe, text, strlen(text));
    s = safe.data;
    end = safe.data + safe.len;
    while (s < end) {
        size_t blanks = strspn(s, " ");
        size_t n = strcspn(s + blanks, " ");
        size_t w = msx_utf8_width(s + blanks, n);

        if (col && col + blanks + w > room) {
            msx_buf_addf(p->b, "\n%*s", (int)indent, "");
            col = 0;
            s += blanks;
            blanks = 0;
        }
        for (size_t i = 0; i < blanks; i++)
            msx_buf_addc(p->b, ' ');
        col += blanks;
        s += blanks;
        /* a word longer than a line is broken between characters */
        for (const char *we = s + n; s < we;) {
            const char *q = s;
            size_t cw;

            (void)msx_utf8_next(&q, we);
            cw = msx_utf8_width(s, (size_t)(q - s));
            if (col + cw > room) {
                msx_buf_addf(p->b, "\n%*s", (int)indent, "");
                col = 0;
            }
            msx_buf_add(p->b, s, (size_t)(q - s));
            col += cw;
            s = q;
        }
    }
    msx_buf_addc(p->b, '\n');
}

static void labelled(const struct pen *p, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    msx_buf_addf(p->b, "%s%-12s%s ", on(p, "\x1b[2m"), label, on(p, "\x1b[0m"));
    wrapped(p, text, 13);
}

/* A value of a row as text: null is "-". New. */
static char *value_text(const json_t *v)
{
    struct msx_column col = { "v", "v", MSX_CELL_TEXT, 0 };
    MSX_AUTO(msx_json_free_p) json_t *row = json_object();

    if (!v || json_is_null(v))
        return msx_strdup("-");
    if (!row || json_object_set(row, "v", (json_t *)(uintptr_t)v) < 0)
        return NULL;
    return msx_cell_text(row, &col, NULL);
}

static size_t line_len(const char *s)
{
    return strcspn(s, "\n");
}

/* Two texts of several lines: unchanged head and tail are counted, the rest shown with - and +. */
static void line_diff(const struct pen *p, const char *before, const char *after)
{
    const char *a = before;
    const char *b = after;
    size_t same = 0;

    while (*a && *b) {
        size_t la = line_len(a);
        size_t lb = line_len(b);

        if (la != lb || memcmp(a, b, la) != 0)
            break;
        a += la + (a[la] == '\n');
        b += lb + (b[lb] == '\n');
        same++;
    }
    if (same)
        msx_buf_addf(p->b, "      (%zu line%s unchanged)\n", same, same == 1 ? "" : "s");
    for (int side = 0; side < 2; side++) {
        const char *t = side ? b : a;

        while (*t) {
            size_t n = line_len(t);
            char *line = msx_strndup(t, n);

            msx_buf_addf(p->b, "    %s%c%s ", on(p, side ? "\x1b[32m" : "\x1b[31m"),
                         side ? '+' : '-', on(p, "\x1b[0m"));
            wrapped(p, line ? line : "", 6);
            msx_free(line);
            t += n + (t[n] == '\n');
        }
    }
}

static void row(const struct pen *p, const json_t *r)
{
    const char *field = msx_json_str_or(r, "field", "?");
    MSX_AUTO(msx_free_p) char *before = value_text(json_object_get(r, "before"));
    MSX_AUTO(msx_free_p) char *after = value_text(json_object_get(r, "after"));
    MSX_AUTO(msx_free_p) char *line = NULL;
    const char *label_b = msx_json_str(r, "beforeLabel");
    const char *label_a = msx_json_str(r, "afterLabel");

    if (!before || !after) {
        p->b->failed = MSX_E_NOMEM;
        return;
    }
    if (strchr(before, '\n') || strchr(after, '\n') || strlen(before) + strlen(after) > 160) {
        msx_buf_addf(p->b, "  %s%s%s (%s)\n", on(p, "\x1b[1m"), field, on(p, "\x1b[0m"),
                     msx_json_str_or(r, "changeType", "updated"));
        line_diff(p, strcmp(before, "-") == 0 ? "" : before, strcmp(after, "-") == 0 ? "" : after);
        return;
    }
    line = msx_asprintf("%s → %s", label_b ? label_b : before, label_a ? label_a : after);
    msx_buf_addf(p->b, "  %s%-24s%s ", on(p, "\x1b[1m"), field, on(p, "\x1b[0m"));
    wrapped(p, line ? line : "", 27);
}

static char *record_line(const json_t *rec)
{
    const char *number = msx_json_str(rec, "number");
    const char *name = msx_json_str_or(rec, "name", "");
    const char *id = msx_json_str_or(rec, "id", "");

    return msx_asprintf("%s%s%s (%s)", number ? number : "", number ? " " : "", name, id);
}

static char *party(const json_t *card, const char *key)
{
    const json_t *v = json_object_get(card, key);
    const char *tpid = msx_json_str(v, "tpid");

    if (json_is_string(v))
        return msx_strdup(json_string_value(v));
    if (!json_is_object(v))
        return NULL;
    if (tpid)
        return msx_asprintf("%s, TPID %s", msx_json_str_or(v, "name", "-"), tpid);
    if (msx_json_str(v, "id"))
        return msx_asprintf("%s (%s)", msx_json_str_or(v, "name", "-"), msx_json_str(v, "id"));
    return msx_strdup(msx_json_str_or(v, "name", "-"));
}

/* why, impact, risk: text, or a list of it. */
static void reasons(const struct pen *p, const char *label, const json_t *v)
{
    size_t i;
    json_t *item;

    if (json_is_string(v)) {
        labelled(p, label, json_string_value(v));
    } else if (json_is_array(v)) {
        json_array_foreach((json_t *)(uintptr_t)v, i, item) {
            MSX_AUTO(msx_free_p)
            char *t = json_is_object(item) && msx_json_str(item, "message")
                          ? msx_strdup(msx_json_str(item, "message"))
                          : value_text(item);

            labelled(p, i ? "" : label, t);
        }
    } else if (json_is_object(v)) {
        MSX_AUTO(msx_free_p) char *t = value_text(v);

        labelled(p, label, t);
    }
}

static bool has(const json_t *list, const json_t *value)
{
    size_t i;
    json_t *v;

    json_array_foreach((json_t *)(uintptr_t)list, i, v)
        if (json_equal(v, value))
            return true;
    return false;
}

/* What warns of the plan as a whole: the warnings that stand on each of several cards. New; NULL
 * when out of memory. */
static json_t *of_all(const json_t *cards)
{
    const json_t *first = json_object_get(json_array_get(cards, 0), "guardrails");
    MSX_AUTO(msx_json_free_p) json_t *out = json_array();
    size_t i;
    size_t k;
    json_t *g;
    json_t *card;

    if (json_array_size(cards) < 2)
        return MSX_STEAL(out);
    json_array_foreach((json_t *)(uintptr_t)first, i, g) {
        bool all = strcmp(msx_json_str_or(g, "outcome", ""), "warn") == 0;

        json_array_foreach((json_t *)(uintptr_t)cards, k, card)
            all = all && has(json_object_get(card, "guardrails"), g);
        if (all && json_array_append(out, g) < 0)
            return NULL;
    }
    return MSX_STEAL(out);
}

/* elsewhere (may be NULL): those that are shown in another place. */
static void guardrails(const struct pen *p, const json_t *list, const json_t *elsewhere)
{
    size_t i;
    json_t *g;

    json_array_foreach((json_t *)(uintptr_t)list, i, g) {
        const char *outcome = msx_json_str_or(g, "outcome", "");
        MSX_AUTO(msx_free_p) char *t = NULL;

        if (strcmp(outcome, "pass") == 0 || has(elsewhere, g))
            continue;
        t = msx_asprintf("%s %s: %s", outcome, msx_json_str_or(g, "id", ""),
                         msx_json_str_or(g, "message", ""));
        labelled(p, "Guardrail", t);
        if (strcmp(outcome, "block") == 0)
            labelled(p, "  to clear", msx_json_str(g, "cleared_by"));
    }
}

static void one_card(const struct pen *p, const json_t *card, const json_t *elsewhere)
{
    struct msx_buf *b = p->b;
    MSX_AUTO(msx_free_p) char *customer = party(card, "customer");
    MSX_AUTO(msx_free_p) char *opp = party(card, "opportunity");
    MSX_AUTO(msx_free_p) char *milestone = NULL;
    MSX_AUTO(msx_free_p) char *rec = record_line(json_object_get(card, "record"));
    const json_t *rows = json_object_get(card, "rows");
    const char *type = msx_json_str_or(card, "type", "");
    bool task = strstr(type, "task") != NULL;
    size_t i;
    json_t *r;

    msx_buf_addf(b, "%s%s  ", on(p, "\x1b[1m"), msx_json_str_or(card, "id", ""));
    for (const char *c = type; *c; c++)
        msx_buf_addc(b, (char)(*c == '_' ? ' ' : *c));
    msx_buf_addf(b, "%s\n", on(p, "\x1b[0m"));
    labelled(p, "Customer", customer);
    labelled(p, "Opportunity", opp);
    if (task && json_is_object(json_object_get(card, "milestone"))) {
        milestone = record_line(json_object_get(card, "milestone"));
        labelled(p, "Milestone", milestone);
    }
    labelled(p, task ? "Task" : "Milestone", rec);
    labelled(p, "Role", msx_json_str(card, "role"));
    json_array_foreach((json_t *)(uintptr_t)rows, i, r)
        row(p, r);
    labelled(p, "Fill in", msx_json_str(card, "blanks"));
    reasons(p, "Why", json_object_get(card, "why"));
    reasons(p, "Impact", json_object_get(card, "impact"));
    reasons(p, "Risk", json_object_get(card, "risk"));
    guardrails(p, json_object_get(card, "guardrails"), elsewhere);
    reasons(p, "After", json_object_get(card, "dependsOn"));
    json_array_foreach(json_object_get(card, "live"), i, r) {
        MSX_AUTO(msx_free_p) char *before = value_text(json_object_get(r, "planned"));
        MSX_AUTO(msx_free_p) char *now = value_text(json_object_get(r, "present"));
        MSX_AUTO(msx_free_p)
        char *t =
            msx_asprintf("%s was %s when planned, is now %s", msx_json_str_or(r, "field", "?"),
                         before ? before : "?", now ? now : "?");

        labelled(p, "Changed", t);
    }
}

void msx_render_card(struct msx_buf *b, const json_t *card, size_t width, bool color)
{
    one_card(&(struct pen){ b, width ? width : 80, color }, card, NULL);
}

void msx_render_cards(struct msx_buf *b, const json_t *doc, size_t width, bool color)
{
    const struct pen p = { b, width ? width : 80, color };
    const json_t *cards = json_object_get(doc, "cards");
    MSX_AUTO(msx_json_free_p) json_t *all = of_all(cards);
    size_t i;
    json_t *c;

    json_array_foreach((json_t *)(uintptr_t)cards, i, c) {
        one_card(&p, c, all);
        msx_buf_addc(b, '\n');
    }
    guardrails(&p, all, NULL);
    msx_buf_addf(b, "%zu operation%s for %s\n", json_array_size(cards),
                 json_array_size(cards) == 1 ? "" : "s", msx_json_str_or(doc, "org", "-"));
    msx_buf_addf(b, "Confirmation ID: %s\n", msx_json_str_or(doc, "confirmation", "-"));
}
