/* A filter's tree as SQL: columns from the schema, every value bound. */
#include <stdio.h>
#include <string.h>

#include "filter_priv.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "query.h"

void sb_sql_init(struct sb_sql *s, struct sb_arena *arena, const char *user, const char *today)
{
    memset(s, 0, sizeof *s);
    s->arena = arena;
    s->user = user;
    s->today = today;
    s->next_alias = 1;
    msx_buf_init(&s->where, (size_t)4 << 20);
}

void sb_sql_release(struct sb_sql *s)
{
    msx_buf_release(&s->where);
    for (size_t i = 0; i < s->n_bind; i++)
        sb_value_release(&s->bind[i]);
    msx_free(s->bind);
    s->bind = NULL;
    s->n_bind = 0;
}

void sb_sql_bind_value(struct sb_sql *s, struct sb_value v)
{
    s->bind = sb_grow(s->bind, s->n_bind + 1, sizeof *s->bind);
    s->bind[s->n_bind++] = v;
    msx_buf_addc(&s->where, '?');
}

void sb_sql_bind_text(struct sb_sql *s, const char *text)
{
    sb_sql_bind_value(s, sb_value_text(text));
}

int sb_sql_bind(const struct sb_sql *s, sqlite3_stmt *st, int at)
{
    for (size_t i = 0; i < s->n_bind; i++)
        if (sb_value_bind(st, at++, &s->bind[i]) != SQLITE_OK)
            return -1;
    return at;
}

static const char *text_of(struct sb_sql *s, struct msx_buf *b)
{
    const char *text = sb_arena_text(s->arena, b->data, b->len);

    msx_buf_release(b);
    return text;
}

static const char *column(struct sb_sql *s, int alias, const char *name)
{
    struct msx_buf b = MSX_BUF_INIT(400);

    msx_buf_addf(&b, "t%d.\"%s\"", alias, name);
    return text_of(s, &b);
}

static int join(struct sb_sql *s, const struct sb_table *t, int alias, const char *nav,
                const struct sb_table **to, struct sb_error *e)
{
    const struct sb_target *target = NULL;
    const struct sb_attr *a = sb_nav_single(t, nav, &target);

    if (!a || !target) {
        if (a)
            (void)sb_fail(e, 400, "0x80060888",
                          "Could not find a property named '%.100s' on type "
                          "'Microsoft.Dynamics.CRM.principal'.",
                          nav);
        else
            (void)sb_fail_property(e, t, nav);
        return -1;
    }
    *to = sb_table_by_name(target->table);
    for (size_t i = 0; i < s->n_join; i++)
        if (s->join[i].outer == alias && strcmp(s->join[i].path, nav) == 0)
            return s->join[i].alias;
    if (s->n_join == SB_MAX_JOINS) {
        (void)sb_fail(e, 400, "0x80060888", "The query joins more than %d tables.", SB_MAX_JOINS);
        return -1;
    }
    s->join[s->n_join++] = (struct sb_join){ .path = sb_arena_text(s->arena, nav, strlen(nav)),
                                             .t = t,
                                             .alias = s->next_alias,
                                             .outer = alias };
    return s->next_alias++;
}

void sb_sql_add_joins(const struct sb_sql *s, size_t from, struct msx_buf *b)
{
    for (size_t i = from; i < s->n_join; i++) {
        const struct sb_join *j = &s->join[i];
        const struct sb_target *target = NULL;
        const struct sb_attr *a = sb_nav_single(j->t, j->path, &target);
        const struct sb_table *to = sb_table_by_name(target->table);

        msx_buf_addf(b, " LEFT JOIN \"%s\" t%d ON t%d.\"%s\" = t%d.\"%s\"", to->storage, j->alias,
                     j->alias, to->pk, j->outer, a->name);
        if (sb_needs_target_column(a))
            msx_buf_addf(b, " AND t%d.\"%s__t\" = '%s'", j->outer, a->name, to->name);
    }
}

const char *sb_sql_path(struct sb_sql *s, const struct sb_table *t, int alias, const char *path,
                        const struct sb_attr **attr, struct sb_error *e)
{
    const char *slash;

    while ((slash = strchr(path, '/'))) {
        const char *nav = sb_arena_text(s->arena, path, (size_t)(slash - path));

        alias = join(s, t, alias, nav, &t, e);
        if (alias < 0)
            return NULL;
        path = slash + 1;
    }
    *attr = sb_attr_by_property(t, path);
    if (!*attr) {
        (void)sb_fail_property(e, t, path);
        return NULL;
    }
    if ((*attr)->flags & SB_VIRTUAL) { /* fixed texts are the schema's own */
        struct msx_buf b = MSX_BUF_INIT(400);

        msx_buf_addf(&b, "'%s'", (*attr)->fixed);
        return text_of(s, &b);
    }
    return column(s, alias, (*attr)->name);
}

const char *sb_sql_lookup_name(struct sb_sql *s, const struct sb_attr *a, const char *col)
{
    struct msx_buf b = MSX_BUF_INIT(4000);
    size_t n = strlen(col);

    if (a->n_targets > 1)
        msx_buf_adds(&b, "CASE ");
    for (size_t i = 0; i < a->n_targets; i++) {
        const struct sb_table *to = sb_table_by_name(a->target[i].table);

        if (a->n_targets > 1) /* col is t1."x": its table column is t1."x__t" */
            msx_buf_addf(&b, " WHEN %.*s__t\" = '%s' THEN ", (int)n - 1, col, to->name);
        msx_buf_addf(&b, "(SELECT n.\"%s\" FROM \"%s\" n WHERE n.\"%s\" = %s)", to->primary,
                     to->storage, to->pk, col);
    }
    if (a->n_targets > 1)
        msx_buf_adds(&b, " END");
    return text_of(s, &b);
}

/* --- comparing --- */

static const char *literal_type(const struct sb_operand *o)
{
    static const char *const names[] = { "<null>",      "Edm.String",        "Edm.Int32",
                                         "Edm.Decimal", "Edm.Boolean",       "Edm.Guid",
                                         "Edm.Date",    "Edm.DateTimeOffset" };

    return names[o->type];
}

static const char *const op_names[] = { "Equal",       "NotEqual",
                                        "GreaterThan", "GreaterThanOrEqual",
                                        "LessThan",    "LessThanOrEqual" };

static bool incompatible(const char *left, const char *right, enum sb_compare op,
                         struct sb_error *e)
{
    return sb_fail(e, 400, "0x80060888",
                   "A binary operator with incompatible types was detected. Found operand types "
                   "'%s' and '%s' for operator kind '%s'.",
                   left, right, op_names[op]);
}

/* The literal as a value to compare with column a; false when their types do not go together. */
bool sb_literal_value(const struct sb_attr *a, const struct sb_operand *o, struct sb_value *out)
{
    char text[21];

    switch (a->type) {
    case SB_STRING:
    case SB_MEMO:
    case SB_MULTI:
        if (o->type != SB_LIT_STRING)
            return false;
        *out = sb_value_text(o->text);
        return true;
    case SB_INTEGER:
    case SB_BIGINT:
    case SB_PICKLIST:
    case SB_STATE:
    case SB_STATUS:
    case SB_DECIMAL:
    case SB_DOUBLE:
    case SB_MONEY:
        if (o->type == SB_LIT_INT)
            *out = sb_value_int(o->integer);
        else if (o->type == SB_LIT_REAL)
            *out = (struct sb_value){ .kind = SB_REAL, .r = o->real };
        else
            return false;
        return true;
    case SB_BOOLEAN:
        if (o->type != SB_LIT_BOOL)
            return false;
        *out = sb_value_int(o->integer);
        return true;
    case SB_DATE:
        if (o->type != SB_LIT_DATE && o->type != SB_LIT_DATETIME)
            return false;
        (void)snprintf(text, sizeof text, "%.10s", o->text);
        *out = sb_value_text(text);
        return true;
    case SB_DATETIME:
        if (o->type != SB_LIT_DATE && o->type != SB_LIT_DATETIME)
            return false;
        (void)snprintf(text, sizeof text, o->type == SB_LIT_DATE ? "%.10sT00:00:00Z" : "%.20s",
                       o->text);
        *out = sb_value_text(text);
        return true;
    case SB_GUID:
    case SB_LOOKUP:
    case SB_OWNER:
    case SB_CUSTOMER: {
        char guid[37];

        if (o->type == SB_LIT_GUID ||
            (o->type == SB_LIT_STRING && strlen(o->text) == 36 && msx_guid_parse(o->text, guid))) {
            *out = sb_value_text(o->text);
            for (char *p = out->s; *p; p++)
                if (*p >= 'A' && *p <= 'F')
                    *p = (char)(*p + 32);
            return true;
        }
        return false;
    }
    }
    return false;
}

static enum sb_compare mirrored(enum sb_compare op)
{
    switch (op) {
    case SB_EQ:
    case SB_NE:
        return op;
    case SB_GT:
        return SB_LT;
    case SB_GE:
        return SB_LE;
    case SB_LT:
        return SB_GT;
    case SB_LE:
        return SB_GE;
    }
    return op;
}

/* "ne" holds for empty columns too, as in the service. */
static const char *const sql_ops[] = { " = ", " IS NOT ", " > ", " >= ", " < ", " <= " };

static bool compare_columns(struct sb_sql *s, const struct sb_table *t, int alias,
                            const struct sb_node *n, struct sb_error *e)
{
    const struct sb_attr *a = NULL, *b = NULL;
    const char *left = sb_sql_path(s, t, alias, n->a.path, &a, e);
    const char *right = left ? sb_sql_path(s, t, alias, n->b.path, &b, e) : NULL;

    if (!right)
        return false;
    if (strcmp(sb_edm_type(a), sb_edm_type(b)) != 0)
        return incompatible(sb_edm_type(a), sb_edm_type(b), n->op, e);
    msx_buf_addf(&s->where, "%s%s%s", left, sql_ops[n->op], right);
    return true;
}

static bool compare(struct sb_sql *s, const struct sb_table *t, int alias, const struct sb_node *n,
                    struct sb_error *e)
{
    const struct sb_operand *path = n->a.is_path ? &n->a : &n->b;
    const struct sb_operand *literal = n->a.is_path ? &n->b : &n->a;
    enum sb_compare op = n->a.is_path ? n->op : mirrored(n->op);
    const struct sb_attr *a = NULL;
    const char *col;
    struct sb_value v;

    if (n->a.is_path && n->b.is_path)
        return compare_columns(s, t, alias, n, e);
    if (!path->is_path)
        return sb_fail(e, 400, "0x80060888", "A comparison needs a column on one side.");
    col = sb_sql_path(s, t, alias, path->path, &a, e);
    if (!col)
        return false;
    if (literal->type == SB_LIT_NULL) {
        if (op == SB_EQ || op == SB_NE)
            msx_buf_addf(&s->where, "%s IS %sNULL", col, op == SB_EQ ? "" : "NOT ");
        else
            msx_buf_adds(&s->where, "0");
        return true;
    }
    if (!sb_literal_value(a, literal, &v))
        return incompatible(sb_edm_type(a), literal_type(literal), op, e);
    msx_buf_addf(&s->where, "%s%s", col, sql_ops[op]);
    sb_sql_bind_value(s, v);
    return true;
}

static bool text_function(struct sb_sql *s, const struct sb_table *t, int alias,
                          const struct sb_node *n, struct sb_error *e)
{
    MSX_AUTO(msx_buf_release) struct msx_buf pattern = MSX_BUF_INIT(64 << 10);
    const struct sb_attr *a = NULL;
    const char *col;
    bool starts = strcmp(n->name, "startswith") == 0, ends = strcmp(n->name, "endswith") == 0;

    if (!n->a.is_path || n->b.is_path || n->b.type != SB_LIT_STRING)
        return sb_fail(e, 400, "0x80060888",
                       "No function signature for the function with name '%s' matches the "
                       "specified arguments.",
                       n->name);
    col = sb_sql_path(s, t, alias, n->a.path, &a, e);
    if (!col)
        return false;
    if (a->type != SB_STRING && a->type != SB_MEMO)
        return sb_fail(e, 400, "0x80060888",
                       "No function signature for the function with name '%s' matches the "
                       "specified arguments. The function signatures considered are: "
                       "%s(Edm.String Nullable=true, Edm.String Nullable=true).",
                       n->name, n->name);
    if ((starts && *n->b.text == '%') ||
        (ends && *n->b.text && n->b.text[strlen(n->b.text) - 1] == '%'))
        return sb_fail(e, 400, "0x80060888",
                       "A wildcard at that end of a %s pattern is not supported.", n->name);
    msx_buf_addf(&pattern, "%s%s%s", starts ? "" : "%", n->b.text, ends ? "" : "%");
    if (pattern.failed)
        return sb_fail(e, 400, "0x80060888", "The pattern is too long.");
    msx_buf_adds(&s->where, "sb_like(");
    sb_sql_bind_text(s, pattern.data);
    msx_buf_addf(&s->where, ", %s)", col);
    return true;
}

static struct sb_node *without_variable(struct sb_sql *s, const struct sb_node *n, const char *var);

static void strip_path(struct sb_operand *o, const char *var)
{
    size_t k = strlen(var);

    if (o->is_path && strncmp(o->path, var, k) == 0 && o->path[k] == '/')
        o->path += k + 1;
}

/* A copy of the tree in which the range variable's prefix is gone. */
static struct sb_node *without_variable(struct sb_sql *s, const struct sb_node *n, const char *var)
{
    struct sb_node *copy;
    size_t k = strlen(var);

    if (!n)
        return NULL;
    copy = sb_arena_alloc(s->arena, sizeof *copy);
    *copy = *n;
    copy->left = without_variable(s, n->left, var);
    copy->right = without_variable(s, n->right, var);
    strip_path(&copy->a, var);
    strip_path(&copy->b, var);
    if (n->kind == SB_LAMBDA && strncmp(n->name, var, k) == 0 && n->name[k] == '/')
        copy->name = n->name + k + 1;
    return copy;
}

static bool lambda(struct sb_sql *s, const struct sb_table *t, int alias, const struct sb_node *n,
                   struct sb_error *e)
{
    struct sb_relation r;
    struct sb_sql inner;
    MSX_AUTO(msx_buf_release) struct msx_buf joins = MSX_BUF_INIT(64 << 10);
    int child = s->next_alias++;
    bool ok = true;

    if (strchr(n->name, '/'))
        return sb_fail(e, 400, "0x80060888",
                       "Lambda operators are not supported on collections of a related record.");
    if (!sb_nav_collection(t, n->name, &r))
        return sb_fail_property(e, t, n->name);
    sb_sql_init(&inner, s->arena, s->user, s->today);
    inner.next_alias = s->next_alias;
    if (n->left)
        ok = sb_sql_filter(&inner, r.child, child, without_variable(s, n->left, n->variable), e);
    s->next_alias = inner.next_alias;
    sb_sql_add_joins(&inner, 0, &joins);
    msx_buf_addf(&s->where, "%sEXISTS (SELECT 1 FROM \"%s\" t%d%s WHERE t%d.\"%s\" = t%d.\"%s\"",
                 n->all ? "NOT " : "", r.child->storage, child, joins.data, child, r.attr->name,
                 alias, t->pk);
    if (sb_needs_target_column(r.attr))
        msx_buf_addf(&s->where, " AND t%d.\"%s__t\" = '%s'", child, r.attr->name, t->name);
    if (n->left) {
        msx_buf_addf(&s->where, n->all ? " AND NOT ifnull((%s), 0)" : " AND (%s)",
                     inner.where.data);
        for (size_t i = 0; i < inner.n_bind; i++) {
            s->bind = sb_grow(s->bind, s->n_bind + 1, sizeof *s->bind);
            s->bind[s->n_bind++] = inner.bind[i];
        }
        inner.n_bind = 0; /* moved */
    }
    msx_buf_addc(&s->where, ')');
    sb_sql_release(&inner);
    return ok;
}

/* --- the tree --- */

static size_t count_terms(const struct sb_node *n, enum sb_node_kind kind)
{
    return n->kind == kind ? count_terms(n->left, kind) + count_terms(n->right, kind) : 1;
}

static void collect(const struct sb_node *n, enum sb_node_kind kind, const struct sb_node **out,
                    size_t *at)
{
    if (n->kind == kind) {
        collect(n->left, kind, out, at);
        collect(n->right, kind, out, at);
    } else {
        out[(*at)++] = n;
    }
}

/* A long chain in balanced parentheses: SQLite bounds the depth of an expression, not its length.
 */
static bool chain(struct sb_sql *s, const struct sb_table *t, int alias,
                  const struct sb_node *const *term, size_t n, const char *word, struct sb_error *e)
{
    if (n == 1)
        return sb_sql_filter(s, t, alias, term[0], e);
    msx_buf_addc(&s->where, '(');
    if (!chain(s, t, alias, term, n / 2, word, e))
        return false;
    msx_buf_adds(&s->where, word);
    if (!chain(s, t, alias, term + n / 2, n - n / 2, word, e))
        return false;
    msx_buf_addc(&s->where, ')');
    return true;
}

bool sb_sql_filter(struct sb_sql *s, const struct sb_table *t, int alias, const struct sb_node *n,
                   struct sb_error *e)
{
    const struct sb_node **term;
    size_t count, at = 0;
    bool ok;

    switch (n->kind) {
    case SB_AND:
    case SB_OR:
        count = count_terms(n, n->kind);
        term = sb_arena_alloc(s->arena, count * sizeof(const struct sb_node *));
        collect(n, n->kind, term, &at);
        return chain(s, t, alias, term, count, n->kind == SB_AND ? " AND " : " OR ", e);
    case SB_NOT: /* an empty column meets the negation */
        msx_buf_adds(&s->where, "NOT ifnull((");
        ok = sb_sql_filter(s, t, alias, n->left, e);
        msx_buf_adds(&s->where, "), 0)");
        return ok;
    case SB_COMPARE:
        return compare(s, t, alias, n, e);
    case SB_FUNCTION:
        return text_function(s, t, alias, n, e);
    case SB_CRM:
        return sb_crm_function(s, t, alias, n, e);
    case SB_LAMBDA:
        return lambda(s, t, alias, n, e);
    case SB_CONSTANT:
        msx_buf_adds(&s->where, n->truth ? "1" : "0");
        return true;
    }
    return false;
}
