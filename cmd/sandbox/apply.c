/* $apply: filter(...)/groupby((columns),aggregate(...)) and aggregate(...). */
#include <stdio.h>
#include <string.h>

#include "filter_priv.h"
#include "msxops/mem.h"
#include "plan.h"
#include "service.h"

#define MAX_SOURCE_ROWS 50000
#define MAX_ITEMS       24
#define FORMATTED       "OData.Community.Display.V1.FormattedValue"

struct item {
    const char *expr;
    const char *name;
    const struct sb_attr *attr; /* grouped column; NULL for an aggregate */
};

struct apply {
    struct sb_call *c;
    const struct sb_table *t;
    struct sb_sql sql;
    struct item item[MAX_ITEMS];
    size_t n_groups; /* first in item */
    size_t n;
};

static bool bad(struct apply *a, const char *text)
{
    return sb_fail(&a->c->e, 400, "0x80060888", "Syntax error in $apply at '%.200s'.", text);
}

/* The text inside "word( ... )" when text is exactly that: in the arena, or NULL. */
static const char *inside(struct apply *a, const char *text, const char *word)
{
    size_t k = strlen(word), n = strlen(text);

    if (strncmp(text, word, k) != 0 || text[k] != '(' || n < k + 2 || text[n - 1] != ')')
        return NULL;
    return sb_arena_text(&a->c->arena, text + k + 1, n - k - 2);
}

static bool add_item(struct apply *a, const char *expr, const char *name,
                     const struct sb_attr *attr)
{
    if (a->n == MAX_ITEMS)
        return sb_fail(&a->c->e, 400, "0x80060888", "$apply has too many columns.");
    a->item[a->n++] = (struct item){ expr, name, attr };
    return true;
}

static const char *text_of(struct apply *a, struct msx_buf *b)
{
    const char *text = sb_arena_text(&a->c->arena, b->data, b->len);

    msx_buf_release(b);
    return text;
}

static bool add_aggregate(struct apply *a, const char *text)
{
    static const struct {
        const char *word, *sql;
    } methods[] = {
        { "sum", "sum(%s)" },
        { "min", "min(%s)" },
        { "max", "max(%s)" },
        { "average", "avg(%s)" },
        { "countdistinct", "count(DISTINCT %s)" },
    };
    const char *with = strstr(text, " with "), *as = strstr(text, " as ");
    const struct sb_attr *attr = NULL;
    const char *column;
    struct msx_buf b;

    if (!as || !as[4])
        return bad(a, text);
    if (strncmp(text, "$count as ", 10) == 0)
        return add_item(a, "count(*)", as + 4, NULL);
    if (!with || with > as)
        return bad(a, text);
    column = sb_sql_path(&a->sql, a->t, 0, sb_arena_text(&a->c->arena, text, (size_t)(with - text)),
                         &attr, &a->c->e);
    if (!column)
        return false;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        size_t k = strlen(methods[i].word);
        const char *head = methods[i].sql;

        if (strncmp(with + 6, methods[i].word, k) != 0 || with[6 + k] != ' ')
            continue;
        msx_buf_init(&b, 2000);
        msx_buf_add(&b, head, strcspn(head, "%"));
        msx_buf_addf(&b, "%s)", column);
        return add_item(a, text_of(a, &b), as + 4, NULL);
    }
    return bad(a, text);
}

static bool add_aggregates(struct apply *a, const char *text)
{
    const char **part;
    size_t n = sb_split(&a->c->arena, text, ',', &part);

    for (size_t i = 0; i < n; i++)
        if (!add_aggregate(a, part[i]))
            return false;
    return true;
}

static bool add_groups(struct apply *a, const char *text)
{
    const char **part, **column;
    size_t n = sb_split(&a->c->arena, text, ',', &part);
    size_t len = strlen(part[0]), k;
    const char *aggregates;

    if (n > 2 || len < 3 || part[0][0] != '(' || part[0][len - 1] != ')')
        return bad(a, text);
    k = sb_split(&a->c->arena, sb_arena_text(&a->c->arena, part[0] + 1, len - 2), ',', &column);
    for (size_t i = 0; i < k; i++) {
        const struct sb_attr *attr = NULL;
        const char *expr = sb_sql_path(&a->sql, a->t, 0, column[i], &attr, &a->c->e);

        if (!expr)
            return false;
        if (attr->type == SB_DATETIME)
            return sb_fail(&a->c->e, 400, "0x80060888",
                           "Grouping by the date and time '%s' is not supported.", attr->name);
        if (!add_item(a, expr, column[i], attr))
            return false;
    }
    a->n_groups = a->n;
    if (n == 1)
        return true;
    aggregates = inside(a, part[1], "aggregate");
    return aggregates ? add_aggregates(a, aggregates) : bad(a, part[1]);
}

static bool parse(struct apply *a, const struct sb_query *q, struct sb_node **filter)
{
    const char **step;
    size_t n = sb_split(&a->c->arena, q->apply, '/', &step), last = n - 1;
    const char *text;

    for (size_t i = 0; i < last; i++) {
        struct sb_node *f = NULL, *both;

        text = inside(a, step[i], "filter");
        if (!text)
            return bad(a, step[i]);
        if (!sb_filter_parse(&a->c->arena, text, &a->c->options, &f, &a->c->e))
            return false;
        if (*filter) {
            both = sb_arena_alloc(&a->c->arena, sizeof *both);
            both->kind = SB_AND;
            both->left = *filter;
            both->right = f;
            f = both;
        }
        *filter = f;
    }
    text = inside(a, step[last], "aggregate");
    if (text)
        return add_aggregates(a, text);
    text = inside(a, step[last], "groupby");
    return text ? add_groups(a, text) : bad(a, step[last]);
}

static void add_value(struct apply *a, const struct item *it, sqlite3_stmt *st, int at,
                      struct msx_buf *b)
{
    static const struct sb_attr number = { .name = "", .type = SB_DECIMAL };

    sb_add_json_string(b, it->name, strlen(it->name));
    msx_buf_addc(b, ':');
    sb_add_column(b, it->attr ? it->attr : &number, st, at);
    if (it->attr && sb_is_choice(it->attr) && sb_wants(a->c->prefer.annotations, FORMATTED) &&
        sqlite3_column_type(st, at) != SQLITE_NULL) {
        MSX_AUTO(msx_buf_release) struct msx_buf label = MSX_BUF_INIT(4000);

        if (sb_add_label(&label, it->attr, st, at, NULL)) {
            msx_buf_addf(b, ",\"%s@" FORMATTED "\":", it->name);
            sb_add_json_string(b, label.data, label.len);
        }
    }
}

static bool run(struct apply *a)
{
    MSX_AUTO(msx_buf_release) struct msx_buf sql = MSX_BUF_INIT((size_t)4 << 20);
    struct msx_buf *b = &a->c->r->body;
    sqlite3_stmt *st = NULL;
    bool first = true;
    int rc;

    for (size_t i = 0; i < a->n; i++)
        msx_buf_addf(&sql, "%s%s", i ? ", " : "SELECT ", a->item[i].expr);
    msx_buf_addf(&sql, " FROM \"%s\" t0", a->t->storage);
    sb_sql_add_joins(&a->sql, 0, &sql);
    msx_buf_addf(&sql, " WHERE %s", a->sql.where.data);
    for (size_t i = 0; i < a->n_groups; i++)
        msx_buf_addf(&sql, "%s%s", i ? ", " : " GROUP BY ", a->item[i].expr);
    if (sql.failed || sqlite3_prepare_v2(a->c->conn->db, sql.data, -1, &st, NULL) != SQLITE_OK ||
        sb_sql_bind(&a->sql, st, 1) < 0) {
        (void)sqlite3_finalize(st);
        return sb_fail_sql(&a->c->e, a->c->conn->db);
    }
    msx_buf_addf(b, "{\"@odata.context\":\"%s$metadata#%s\",\"value\":[", a->c->api, a->t->set);
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        msx_buf_adds(b, first ? "{" : ",{");
        first = false;
        for (size_t i = 0; i < a->n; i++) {
            if (i)
                msx_buf_addc(b, ',');
            add_value(a, &a->item[i], st, (int)i, b);
        }
        msx_buf_addc(b, '}');
    }
    msx_buf_adds(b, "]}");
    (void)sqlite3_finalize(st);
    sb_answer_json(a->c, 200, false);
    return rc == SQLITE_DONE || sb_fail_sql(&a->c->e, a->c->conn->db);
}

static bool small_enough(struct apply *a, const struct sb_node *filter)
{
    struct sb_query q = { .t = a->t };
    sqlite3_stmt *st;
    bool ok;

    q.filter = sb_arena_alloc(&a->c->arena, sizeof *filter);
    if (filter)
        *q.filter = *filter;
    else
        q.filter = NULL;
    st = sb_plan_count(a->c, &q, NULL, NULL, MAX_SOURCE_ROWS + 1);
    if (!st)
        return false;
    ok = sqlite3_step(st) == SQLITE_ROW && sqlite3_column_int64(st, 0) <= MAX_SOURCE_ROWS;
    (void)sqlite3_finalize(st);
    return ok || sb_fail(&a->c->e, 400, "0x8004E023",
                         "The maximum record limit is exceeded. Reduce the number of records.");
}

bool sb_apply(struct sb_call *c, const struct sb_query *q)
{
    struct apply a = { .c = c, .t = q->t };
    struct sb_node *filter = q->filter;
    bool ok;

    sb_sql_init(&a.sql, &c->arena, c->user, c->svc->today);
    ok = parse(&a, q, &filter) && small_enough(&a, filter);
    if (ok && filter)
        ok = sb_sql_filter(&a.sql, a.t, 0, filter, &c->e);
    else
        msx_buf_adds(&a.sql.where, "1");
    ok = ok && run(&a);
    sb_sql_release(&a.sql);
    return ok;
}
