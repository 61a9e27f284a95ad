/* The options of a query: $select $filter $orderby $top $expand $count $apply. */
#include "query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

#define MAX_EXPANDS 15
#define MAX_NESTING 6

/* --- memory of a request --- */

struct sb_chunk {
    struct sb_chunk *next;
    size_t used;
    size_t size;
    max_align_t data[];
};

void *sb_arena_alloc(struct sb_arena *a, size_t n)
{
    struct sb_chunk *c = a->first;
    void *p;

    n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (!c || c->size - c->used < n) {
        size_t size = n > 8000 ? n : 8000;

        c = sb_alloc(sizeof *c + size);
        c->size = size;
        c->next = a->first;
        a->first = c;
    }
    p = (char *)c->data + c->used;
    c->used += n;
    return p;
}

char *sb_arena_text(struct sb_arena *a, const char *s, size_t n)
{
    char *p = sb_arena_alloc(a, n + 1);

    if (n)
        memcpy(p, s, n);
    return p;
}

void sb_arena_release(struct sb_arena *a)
{
    while (a->first) {
        struct sb_chunk *c = a->first;

        a->first = c->next;
        msx_free(c);
    }
}

/* --- text --- */

bool sb_options_parse(struct sb_arena *a, const char *query, struct sb_options *out,
                      struct sb_error *e)
{
    size_t max = 1;

    for (const char *p = query; *p; p++)
        max += *p == '&';
    out->item = sb_arena_alloc(a, max * sizeof *out->item);
    out->n = 0;
    while (*query) {
        size_t len = strcspn(query, "&");
        const char *eq = memchr(query, '=', len);
        size_t name_len = eq ? (size_t)(eq - query) : len;
        MSX_AUTO(msx_free_p) char *name = sb_percent_decode(query, name_len, true);
        MSX_AUTO(msx_free_p)
        char *value = eq ? sb_percent_decode(eq + 1, len - name_len - 1, true) : sb_dup("");

        if (!name || !value)
            return sb_fail(e, 400, "0x80060888", "The query string is malformed.");
        if (*name) {
            if (sb_options_get(out, name))
                return sb_fail(e, 400, "0x80060888",
                               "Query option '%.100s' was specified more than once, but it must be "
                               "specified at most once.",
                               name);
            out->item[out->n].name = sb_arena_text(a, name, strlen(name));
            out->item[out->n++].value = sb_arena_text(a, value, strlen(value));
        }
        query += len + (query[len] == '&');
    }
    return true;
}

const char *sb_options_get(const struct sb_options *o, const char *name)
{
    for (size_t i = 0; i < o->n; i++)
        if (strcmp(o->item[i].name, name) == 0)
            return o->item[i].value;
    return NULL;
}

static char *trimmed(struct sb_arena *a, const char *s, size_t n)
{
    while (n && (*s == ' ' || *s == '\t')) {
        s++;
        n--;
    }
    while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        n--;
    return sb_arena_text(a, s, n);
}

size_t sb_split(struct sb_arena *a, const char *text, char separator, const char ***out)
{
    size_t n = 0, max = 1, from = 0, i = 0;
    int depth = 0;
    bool quoted = false;

    for (const char *p = text; *p; p++)
        max += *p == separator;
    *out = sb_arena_alloc(a, max * sizeof **out);
    for (;; i++) {
        char c = text[i];

        if (c == '\'')
            quoted = !quoted; /* a doubled quote leaves and enters again */
        else if (!quoted && c == '(')
            depth++;
        else if (!quoted && c == ')')
            depth--;
        if (c && (quoted || depth > 0 || c != separator))
            continue;
        (*out)[n++] = trimmed(a, text + from, i - from);
        from = i + 1;
        if (!c)
            return n;
    }
}

/* --- options --- */

static bool parse_select(struct sb_arena *a, const char *text, struct sb_query *q,
                         struct sb_error *e)
{
    const char **item;
    size_t n = sb_split(a, text, ',', &item);

    q->all = false;
    for (size_t i = 0; i < n; i++) {
        const struct sb_attr *attr = sb_attr_by_property(q->t, item[i]);
        const struct sb_target *target;
        struct sb_relation r;
        bool seen = false;

        if (strcmp(item[i], "*") == 0) {
            q->all = true;
            continue;
        }
        if (!attr &&
            (sb_nav_single(q->t, item[i], &target) || sb_nav_collection(q->t, item[i], &r)))
            return sb_fail(e, 400, "0x80060888",
                           "The navigation property '%.100s' cannot be selected on type "
                           "'Microsoft.Dynamics.CRM.%s'; use $expand.",
                           item[i], q->t->name);
        if (!attr)
            return sb_fail_property(e, q->t, item[i]);
        for (size_t k = 0; k < q->n_select; k++)
            seen = seen || q->select[k] == attr;
        if (!seen)
            q->select[q->n_select++] = attr;
    }
    return true;
}

static bool parse_orderby(struct sb_arena *a, const char *text, struct sb_query *q,
                          struct sb_error *e)
{
    const char **item;
    size_t n = sb_split(a, text, ',', &item);

    q->order = sb_arena_alloc(a, n * sizeof *q->order);
    for (size_t i = 0; i < n; i++) {
        size_t len = strcspn(item[i], " ");
        const char *rest = item[i] + len + strspn(item[i] + len, " ");

        if (!len || (*rest && strcmp(rest, "asc") != 0 && strcmp(rest, "desc") != 0))
            return sb_fail(e, 400, "0x80060888", "Syntax error in $orderby at '%.200s'.", item[i]);
        q->order[q->n_order].path = sb_arena_text(a, item[i], len);
        q->order[q->n_order++].descending = *rest == 'd';
    }
    return true;
}

static bool parse_top(const char *text, struct sb_query *q, struct sb_error *e)
{
    char *end = NULL;

    errno = 0;
    q->top = strtol(text, &end, 10);
    if (errno || end == text || *end || q->top < 0)
        return sb_fail(e, 400, "0x80060888",
                       "Invalid value '%.60s' for $top query option found. The $top query option "
                       "requires a non-negative integer value.",
                       text);
    return true;
}

static bool parse_query(struct sb_arena *a, const struct sb_options *o, bool nested, int depth,
                        const struct sb_options *aliases, struct sb_query *q, struct sb_error *e);

/* ownerid points to a principal: it has what users and teams share. */
static bool keep_common(struct sb_expand *x, struct sb_error *e)
{
    size_t kept = 0;

    if (x->q.n_expand || x->q.filter || x->q.n_order)
        return sb_fail(e, 400, "0x80060888", "Only $select is supported in $expand of '%s'.",
                       x->nav);
    for (size_t i = 0; i < x->q.n_select; i++) {
        const struct sb_attr *attr = x->q.select[i];
        bool common = true;

        for (size_t k = 1; k < x->attr->n_targets; k++)
            common =
                common && sb_attr_by_name(sb_table_by_name(x->attr->target[k].table), attr->name);
        if (common)
            x->q.select[kept++] = attr;
        else if (!x->q.all)
            return sb_fail(e, 400, "0x80060888",
                           "Could not find a property named '%s' on type "
                           "'Microsoft.Dynamics.CRM.principal'.",
                           attr->name);
    }
    x->q.n_select = kept;
    return true;
}

static bool parse_expand_item(struct sb_arena *a, const struct sb_table *t, const char *item,
                              int depth, struct sb_expand *x, struct sb_error *e)
{
    size_t len = strcspn(item, "(/");
    struct sb_options o = { 0 };
    const char **option;
    const char *close;
    size_t n;

    x->nav = sb_arena_text(a, item, len);
    x->options = "";
    x->attr = sb_nav_single(t, x->nav, &x->target);
    if (!x->attr && !sb_nav_collection(t, x->nav, &x->relation))
        return sb_fail_property(e, t, x->nav);
    item += len;
    if (strncmp(item, "/$ref", 5) == 0) {
        if (!x->attr)
            return sb_fail(e, 400, "0x80060888",
                           "$ref is supported in $expand on single-valued navigation properties "
                           "only.");
        x->ref = true;
        item += 5;
    }
    if (*item == '(') {
        close = strrchr(item, ')');
        if (!close || close[1])
            return sb_fail(e, 400, "0x80060888", "Syntax error in $expand at '%.200s'.", item);
        x->options = sb_arena_text(a, item + 1, (size_t)(close - item - 1));
    } else if (*item) {
        return sb_fail(e, 400, "0x80060888", "Syntax error in $expand at '%.200s'.", item);
    }
    n = *x->options ? sb_split(a, x->options, ';', &option) : 0;
    o.item = sb_arena_alloc(a, (n + 1) * sizeof *o.item);
    for (size_t i = 0; i < n; i++) {
        const char *eq = strchr(option[i], '=');

        if (!eq)
            return sb_fail(e, 400, "0x80060888", "Syntax error in $expand at '%.200s'.", option[i]);
        o.item[o.n].name = trimmed(a, option[i], (size_t)(eq - option[i]));
        o.item[o.n++].value = trimmed(a, eq + 1, strlen(eq + 1));
    }
    /* every target of a polymorphic lookup has the common columns: the first stands for them */
    x->q.t = x->attr ? sb_table_by_name((x->target ? x->target : x->attr->target)->table)
                     : x->relation.child;
    if (!parse_query(a, &o, true, depth + 1, &(struct sb_options){ 0 }, &x->q, e))
        return false;
    return !x->attr || x->target || keep_common(x, e);
}

static bool parse_expand(struct sb_arena *a, const char *text, int depth, struct sb_query *q,
                         struct sb_error *e)
{
    const char **item;
    size_t n = sb_split(a, text, ',', &item);

    if (n > MAX_EXPANDS || depth > MAX_NESTING)
        return sb_fail(e, 400, "0x80060888", "The query has more than %d $expand options.",
                       MAX_EXPANDS);
    q->expand = sb_arena_alloc(a, n * sizeof *q->expand);
    for (size_t i = 0; i < n; i++)
        if (!parse_expand_item(a, q->t, item[i], depth, &q->expand[q->n_expand++], e))
            return false;
    return true;
}

static bool unsupported(const char *name, struct sb_error *e)
{
    return sb_fail(e, 400, "0x80060888", "The query parameter %.100s is not supported", name);
}

static bool parse_option(struct sb_arena *a, const struct sb_option_text *o, bool nested, int depth,
                         const struct sb_options *aliases, struct sb_query *q, struct sb_error *e)
{
    if (strcmp(o->name, "$select") == 0)
        return parse_select(a, o->value, q, e);
    if (strcmp(o->name, "$filter") == 0)
        return sb_filter_parse(a, o->value, aliases, &q->filter, e);
    if (strcmp(o->name, "$orderby") == 0)
        return parse_orderby(a, o->value, q, e);
    if (strcmp(o->name, "$top") == 0)
        return parse_top(o->value, q, e);
    if (strcmp(o->name, "$expand") == 0)
        return parse_expand(a, o->value, depth, q, e);
    if (nested)
        return unsupported(o->name, e);
    if (strcmp(o->name, "$count") == 0) {
        q->count = strcmp(o->value, "true") == 0;
        if (!q->count && strcmp(o->value, "false") != 0)
            return sb_fail(e, 400, "0x80060888",
                           "Invalid value '%.60s' for $count query option found. Valid values are "
                           "'true' and 'false'.",
                           o->value);
        return true;
    }
    if (strcmp(o->name, "$apply") == 0)
        q->apply = o->value;
    else if (strcmp(o->name, "$skiptoken") == 0)
        q->skiptoken = o->value;
    else if (*o->name == '$')
        return unsupported(o->name, e);
    else if (msx_ieq(o->name, "fetchXml") || msx_ieq(o->name, "savedQuery") ||
             msx_ieq(o->name, "userQuery"))
        return sb_fail(e, 501, "0x80040219",
                       "The sandbox answers queries in OData options only, not '%.60s'.", o->name);
    return true; /* aliases and options of other people's */
}

static bool parse_query(struct sb_arena *a, const struct sb_options *o, bool nested, int depth,
                        const struct sb_options *aliases, struct sb_query *q, struct sb_error *e)
{
    q->top = -1;
    q->all = true;
    for (size_t i = 0; i < o->n; i++)
        if (!parse_option(a, &o->item[i], nested, depth, aliases, q, e))
            return false;
    if (q->all) {
        q->n_select = q->t->n;
        for (size_t i = 0; i < q->t->n; i++)
            q->select[i] = &q->t->attr[i];
    }
    return true;
}

bool sb_query_nested(const struct sb_query *q)
{
    for (size_t i = 0; i < q->n_expand; i++)
        if (q->expand[i].q.n_expand)
            return true;
    return false;
}

static bool check_nested(const struct sb_query *q, struct sb_error *e)
{
    for (size_t i = 0; i < q->n_expand; i++) {
        const struct sb_query *x = &q->expand[i].q;

        if (x->top >= 0 || x->n_order)
            return sb_fail(e, 400, "0x80060888",
                           "$top and $orderby are not supported in $expand when an $expand is "
                           "nested.");
        if (!check_nested(x, e))
            return false;
    }
    return true;
}

bool sb_query_parse(struct sb_arena *a, const struct sb_table *t, const struct sb_options *o,
                    struct sb_query *out, struct sb_error *e)
{
    memset(out, 0, sizeof *out);
    out->t = t;
    if (!parse_query(a, o, false, 0, o, out, e))
        return false;
    return sb_query_nested(out) ? check_nested(out, e) : true;
}
