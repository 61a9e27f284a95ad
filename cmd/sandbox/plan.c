/* Building and running the statements of a query. */
#include "plan.h"

#include <stdio.h>
#include <string.h>

#include "filter_priv.h"
#include "msxops/mem.h"

#define SQL_MAX      ((size_t)8 << 20)
#define LABEL_MAX    ((size_t)4 << 20)
#define FORMATTED    "OData.Community.Display.V1.FormattedValue"
#define LOGICAL_NAME "Microsoft.Dynamics.CRM.lookuplogicalname"
#define NAV_NAME     "Microsoft.Dynamics.CRM.associatednavigationproperty"

static bool wants_labels(const struct sb_call *c)
{
    return sb_wants(c->prefer.annotations, FORMATTED);
}

/* --- SELECT list --- */

struct builder {
    struct sb_call *c;
    struct sb_plan *p;
    struct msx_buf list;
    int n;
};

static int add_item(struct builder *b, const char *expr)
{
    if (b->n)
        msx_buf_addc(&b->list, ',');
    msx_buf_adds(&b->list, expr);
    return b->n++;
}

static const char *own_column(struct builder *b, const char *name, const char *suffix)
{
    char text[300];
    int n = snprintf(text, sizeof text, "t0.\"%s%s\"", name, suffix);

    return sb_arena_text(&b->c->arena, text, n > 0 ? (size_t)n : 0);
}

/* ,"property@annotation": - the same in all rows. */
static const char *row_key(struct builder *b, const char *property, const char *annotation)
{
    char text[300];
    int n =
        snprintf(text, sizeof text, ",\"%s%s%s\":", property, *annotation ? "@" : "", annotation);

    return n > 0 && (size_t)n < sizeof text ? sb_arena_text(&b->c->arena, text, (size_t)n) : NULL;
}

static void add_keys(struct builder *b, struct sb_column *col)
{
    const char *wanted = b->c->prefer.annotations;
    char property[140];

    if (!sb_property_name(col->attr, property, sizeof property))
        return;
    col->key = row_key(b, property, "");
    if (sb_wants(wanted, FORMATTED))
        col->label_key = row_key(b, property, FORMATTED);
    if (sb_is_lookup(col->attr) && sb_wants(wanted, NAV_NAME))
        col->nav_key = row_key(b, property, NAV_NAME);
    if (sb_is_lookup(col->attr) && sb_wants(wanted, LOGICAL_NAME))
        col->type_key = row_key(b, property, LOGICAL_NAME);
}

static void add_column(struct builder *b, const struct sb_attr *a)
{
    struct sb_column *col = &b->p->column[b->p->n_columns++];
    const char *expr = own_column(b, a->name, "");
    char fixed[140];

    *col = (struct sb_column){ .attr = a, .name_at = -1, .type_at = -1 };
    add_keys(b, col);
    if (a->flags & SB_VIRTUAL) {
        (void)snprintf(fixed, sizeof fixed, "'%s'", a->fixed);
        col->at = add_item(b, fixed);
        return;
    }
    col->at = add_item(b, expr);
    if (a->n_targets && wants_labels(b->c))
        col->name_at = add_item(b, sb_sql_lookup_name(&b->p->sql, a, expr));
    if (sb_needs_target_column(a))
        col->type_at = add_item(b, own_column(b, a->name, "__t"));
}

static bool selects(const struct sb_plan *p, const char *name)
{
    for (size_t i = 0; i < p->n_columns; i++)
        if (strcmp(p->column[i].attr->name, name) == 0)
            return true;
    return false;
}

static void add_columns(struct builder *b)
{
    const struct sb_query *q = b->p->q;
    const struct sb_attr *currency = sb_attr_by_name(q->t, "transactioncurrencyid");
    bool money = false;

    (void)add_item(b, own_column(b, q->t->pk, ""));
    (void)add_item(b, own_column(b, "versionnumber", ""));
    (void)add_item(b, "t0.labels");
    for (size_t i = 0; i < q->n_select; i++) {
        money = money || q->select[i]->type == SB_MONEY;
        add_column(b, q->select[i]);
    }
    if (money && currency && !selects(b->p, currency->name))
        add_column(b, currency);
    if (!selects(b->p, q->t->pk))
        add_column(b, sb_attr_by_name(q->t, q->t->pk));
}

static bool add_expand(struct builder *b, const struct sb_expand *x, struct sb_subplan *sub)
{
    struct sb_call *c = b->c;

    sub->x = x;
    sub->type_at = -1;
    if (!x->attr) {
        sub->key_at = 0;
        sub->n = 1;
        sub->plan[0] = NULL;
        return sb_plan_build(c, &x->q, SB_PLAN_PARENT, &x->relation, NULL, &sub->plan[0]);
    }
    sub->key_at = add_item(b, own_column(b, x->attr->name, ""));
    if (sb_needs_target_column(x->attr))
        sub->type_at = add_item(b, own_column(b, x->attr->name, "__t"));
    for (size_t i = 0; i < x->attr->n_targets && sub->n < 3; i++) {
        struct sb_query *q;

        if (x->target && x->target != &x->attr->target[i])
            continue;
        q = sb_arena_alloc(&c->arena, sizeof *q);
        *q = x->q;
        sub->to[sub->n] = q->t = sb_table_by_name(x->attr->target[i].table);
        for (size_t k = 0; k < q->n_select; k++) /* the same column of another table */
            q->select[k] = sb_attr_by_name(q->t, x->q.select[k]->name);
        if (!sb_plan_build(c, q, SB_PLAN_KEY, NULL, NULL, &sub->plan[sub->n]))
            return false;
        sub->n++;
    }
    return true;
}

static bool add_expands(struct builder *b)
{
    const struct sb_query *q = b->p->q;

    if (!q->n_expand)
        return true;
    b->p->sub = sb_alloc(q->n_expand * sizeof *b->p->sub);
    for (size_t i = 0; i < q->n_expand; i++) {
        b->p->n_sub = i + 1;
        if (!add_expand(b, &q->expand[i], &b->p->sub[i]))
            return false;
    }
    return true;
}

/* --- ORDER BY --- */

static bool add_sort(struct builder *b, const char *path, bool descending)
{
    struct sb_plan *p = b->p;
    const struct sb_attr *a = NULL;
    const char *expr = sb_sql_path(&p->sql, p->q->t, 0, path, &a, &b->c->e);

    if (!expr)
        return false;
    if (p->n_sort == sizeof p->sort / sizeof *p->sort)
        return sb_fail(&b->c->e, 400, "0x80060888", "$orderby has too many columns.");
    if (sb_is_lookup(a)) {
        MSX_AUTO(msx_buf_release) struct msx_buf text_of = MSX_BUF_INIT(8000);

        msx_buf_addf(&text_of, "(%s) COLLATE CI", sb_sql_lookup_name(&p->sql, a, expr));
        expr = sb_arena_text(&b->c->arena, text_of.data, text_of.len);
    }
    if (strcmp(a->name, p->q->t->pk) == 0 && !strchr(path, '/'))
        p->unique = true;
    p->sort[p->n_sort].expr = expr;
    p->sort[p->n_sort].descending = descending;
    p->sort[p->n_sort++].at = add_item(b, expr);
    return true;
}

static bool add_sorts(struct builder *b)
{
    const struct sb_query *q = b->p->q;

    for (size_t i = 0; i < q->n_order && !b->p->unique; i++) /* behind the key nothing matters */
        if (!add_sort(b, q->order[i].path, q->order[i].descending))
            return false;
    return q->n_order ? true : add_sort(b, q->t->pk, false);
}

static struct sb_value value_of(const json_t *j)
{
    if (json_is_string(j))
        return sb_value_text(json_string_value(j));
    if (json_is_integer(j))
        return sb_value_int(json_integer_value(j));
    if (json_is_real(j))
        return (struct sb_value){ .kind = SB_REAL, .r = json_real_value(j) };
    return (struct sb_value){ .kind = SB_NULL };
}

/* Rows behind a position: (a > x) or (a = x and b > y) or ... Empty values come first. */
static bool add_position(struct sb_plan *p, const json_t *after, struct sb_error *e)
{
    struct msx_buf *w = &p->sql.where;

    if (json_array_size(after) != p->n_sort)
        return sb_fail(e, 400, "0x80040203", "The paging cookie does not fit the query.");
    msx_buf_adds(w, " AND (0");
    for (size_t i = 0; i < p->n_sort; i++) {
        const json_t *j = json_array_get(after, i);

        msx_buf_adds(w, " OR (1");
        for (size_t k = 0; k < i; k++) {
            msx_buf_addf(w, " AND %s IS ", p->sort[k].expr);
            sb_sql_bind_value(&p->sql, value_of(json_array_get(after, k)));
        }
        if (json_is_null(j)) {
            msx_buf_addf(w, p->sort[i].descending ? " AND 0)" : " AND %s IS NOT NULL)",
                         p->sort[i].expr);
            continue;
        }
        msx_buf_addf(w, " AND (%s %s ", p->sort[i].expr, p->sort[i].descending ? "<" : ">");
        sb_sql_bind_value(&p->sql, value_of(j));
        if (p->sort[i].descending)
            msx_buf_addf(w, " OR %s IS NULL", p->sort[i].expr);
        msx_buf_adds(w, "))");
    }
    msx_buf_addc(w, ')');
    return true;
}

/* --- the statement --- */

static void add_parent(struct sb_sql *s, const struct sb_relation *r)
{
    msx_buf_addf(&s->where, "t0.\"%s\" = ?", r->attr->name);
    if (sb_needs_target_column(r->attr))
        msx_buf_addf(&s->where, " AND t0.\"%s__t\" = '%s'", r->attr->name, r->parent->name);
}

static bool add_where(struct sb_call *c, struct sb_sql *s, const struct sb_query *q,
                      enum sb_plan_mode mode, const struct sb_relation *r)
{
    if (mode == SB_PLAN_ALL)
        msx_buf_adds(&s->where, "1");
    else if (mode == SB_PLAN_KEY)
        msx_buf_addf(&s->where, "t0.\"%s\" = ?", q->t->pk);
    else
        add_parent(s, r);
    if (!q->filter)
        return true;
    msx_buf_adds(&s->where, " AND (");
    if (!sb_sql_filter(s, q->t, 0, q->filter, &c->e))
        return false;
    msx_buf_addc(&s->where, ')');
    return true;
}

static sqlite3_stmt *prepare(struct sb_call *c, const struct msx_buf *sql)
{
    sqlite3_stmt *st = NULL;

    if (sql->failed ||
        sqlite3_prepare_v2(c->conn->db, sql->data, (int)sql->len, &st, NULL) != SQLITE_OK)
        (void)sb_fail_sql(&c->e, c->conn->db);
    return st;
}

static bool finish_sql(struct builder *b)
{
    struct sb_plan *p = b->p;
    MSX_AUTO(msx_buf_release) struct msx_buf sql = MSX_BUF_INIT(SQL_MAX);

    msx_buf_addf(&sql, "SELECT %s FROM \"%s\" t0", b->list.data, p->q->t->storage);
    sb_sql_add_joins(&p->sql, 0, &sql);
    msx_buf_addf(&sql, " WHERE %s", p->sql.where.data);
    for (size_t i = 0; i < p->n_sort && p->mode != SB_PLAN_KEY; i++)
        msx_buf_addf(&sql, "%s%s%s", i ? ", " : " ORDER BY ", p->sort[i].expr,
                     p->sort[i].descending ? " DESC" : "");
    msx_buf_adds(&sql, " LIMIT ? OFFSET ?");
    if (b->list.failed || p->sql.where.failed)
        return sb_fail(&b->c->e, 400, "0x80060888", "The query is too long.");
    p->st = prepare(b->c, &sql);
    return p->st != NULL;
}

bool sb_plan_build(struct sb_call *c, const struct sb_query *q, enum sb_plan_mode mode,
                   const struct sb_relation *relation, const json_t *after, struct sb_plan **out)
{
    struct sb_plan *p = sb_alloc(sizeof *p);
    struct builder b = { .c = c, .p = p };
    bool ok;

    p->q = q;
    p->mode = mode;
    msx_buf_init(&p->label, LABEL_MAX);
    msx_buf_init(&b.list, SQL_MAX);
    sb_sql_init(&p->sql, &c->arena, c->user, c->svc->today);
    add_columns(&b);
    ok = add_expands(&b) && add_sorts(&b) && add_where(c, &p->sql, q, mode, relation) &&
         (!after || add_position(p, after, &c->e)) && finish_sql(&b);
    msx_buf_release(&b.list);
    *out = ok ? p : NULL;
    if (!ok)
        sb_plan_free(p);
    return ok;
}

void sb_plan_free(struct sb_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_sub; i++)
        for (size_t k = 0; k < 3; k++)
            sb_plan_free(p->sub[i].plan[k]);
    msx_free(p->sub);
    (void)sqlite3_finalize(p->st);
    sb_sql_release(&p->sql);
    msx_buf_release(&p->label);
    msx_free(p);
}

bool sb_plan_start(struct sb_call *c, struct sb_plan *p, const char *key, long limit, long offset)
{
    int at = 1;

    (void)sqlite3_reset(p->st);
    if (p->mode != SB_PLAN_ALL && sqlite3_bind_text(p->st, at++, key, -1, SQLITE_TRANSIENT))
        return sb_fail_sql(&c->e, c->conn->db);
    at = sb_sql_bind(&p->sql, p->st, at);
    if (at < 0 || sqlite3_bind_int64(p->st, at, limit) != SQLITE_OK ||
        sqlite3_bind_int64(p->st, at + 1, offset) != SQLITE_OK)
        return sb_fail_sql(&c->e, c->conn->db);
    return true;
}

json_t *sb_plan_position(const struct sb_plan *p)
{
    json_t *out = json_array();

    for (size_t i = 0; i < p->n_sort; i++) {
        int at = p->sort[i].at;

        switch (sqlite3_column_type(p->st, at)) {
        case SQLITE_INTEGER:
            sb_append(out, json_integer(sqlite3_column_int64(p->st, at)));
            break;
        case SQLITE_FLOAT:
            sb_append(out, json_real(sqlite3_column_double(p->st, at)));
            break;
        case SQLITE_TEXT:
            sb_append(out, json_string((const char *)sqlite3_column_text(p->st, at)));
            break;
        default:
            sb_append(out, json_null());
        }
    }
    return out;
}

sqlite3_stmt *sb_plan_count(struct sb_call *c, const struct sb_query *q,
                            const struct sb_relation *relation, const char *key, long cap)
{
    MSX_AUTO(msx_buf_release) struct msx_buf sql = MSX_BUF_INIT(SQL_MAX);
    struct sb_sql s;
    sqlite3_stmt *st = NULL;
    int at = 1;

    sb_sql_init(&s, &c->arena, c->user, c->svc->today);
    if (add_where(c, &s, q, relation ? SB_PLAN_PARENT : SB_PLAN_ALL, relation)) {
        msx_buf_addf(&sql, "SELECT count(*) FROM (SELECT 1 FROM \"%s\" t0", q->t->storage);
        sb_sql_add_joins(&s, 0, &sql);
        msx_buf_addf(&sql, " WHERE %s LIMIT %ld)", s.where.data, cap);
        st = prepare(c, &sql);
    }
    if (st && relation)
        (void)sqlite3_bind_text(st, at++, key, -1, SQLITE_TRANSIENT);
    if (st && sb_sql_bind(&s, st, at) < 0) {
        (void)sb_fail_sql(&c->e, c->conn->db);
        (void)sqlite3_finalize(st);
        st = NULL;
    }
    sb_sql_release(&s);
    return st;
}
