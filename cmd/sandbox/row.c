/* Single records: read, insert, update, delete. Column names come from the schema, never from a
 * request; values are always bound. */
#include <string.h>

#include "db.h"
#include "msxops/json.h"
#include "msxops/mem.h"

#define SQL_MAX ((size_t)64 << 10)

size_t sb_attr_index(const struct sb_table *t, const struct sb_attr *a)
{
    return (size_t)(a - t->attr);
}

bool sb_needs_target_column(const struct sb_attr *a)
{
    return sb_is_lookup(a) && a->n_targets > 1;
}

void sb_row_release(struct sb_row *r)
{
    for (size_t i = 0; i < SB_MAX_ATTRS; i++)
        sb_value_release(&r->v[i]);
    json_decref(r->labels);
    memset(r, 0, sizeof *r);
}

const struct sb_value *sb_row_get(const struct sb_table *t, const struct sb_row *r,
                                  const char *name)
{
    const struct sb_attr *a = sb_attr_by_name(t, name);

    if (!a || !r->present[sb_attr_index(t, a)])
        return NULL;
    return &r->v[sb_attr_index(t, a)];
}

void sb_row_set(const struct sb_table *t, struct sb_row *r, const char *name, struct sb_value v)
{
    const struct sb_attr *a = sb_attr_by_name(t, name);

    if (!a) {
        sb_value_release(&v);
        return;
    }
    sb_value_release(&r->v[sb_attr_index(t, a)]);
    r->v[sb_attr_index(t, a)] = v;
    r->present[sb_attr_index(t, a)] = true;
    if (sb_needs_target_column(a) && !r->target[sb_attr_index(t, a)])
        r->target[sb_attr_index(t, a)] = sb_table_by_name(a->target[0].table);
}

static sqlite3_stmt *prepare(struct sb_conn *c, const struct msx_buf *sql, struct sb_error *e)
{
    sqlite3_stmt *st = NULL;

    if (sql->failed ||
        sqlite3_prepare_v2(c->db, sql->data, (int)sql->len, &st, NULL) != SQLITE_OK) {
        (void)sb_fail_sql(e, c->db);
        return NULL;
    }
    return st;
}

static bool step_done(struct sb_conn *c, sqlite3_stmt *st, struct sb_error *e)
{
    int rc = sqlite3_step(st);

    if (rc != SQLITE_DONE)
        (void)sb_fail_sql(e, c->db);
    (void)sqlite3_finalize(st); /* repeats the error of the step */
    return rc == SQLITE_DONE;
}

/* Append the SQL columns of t: attributes, then target columns, then labels. */
static void add_columns(struct msx_buf *b, const struct sb_table *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (!(t->attr[i].flags & SB_VIRTUAL))
            msx_buf_addf(b, "\"%s\",", t->attr[i].name);
    for (size_t i = 0; i < t->n; i++)
        if (sb_needs_target_column(&t->attr[i]))
            msx_buf_addf(b, "\"%s__t\",", t->attr[i].name);
    msx_buf_adds(b, "labels");
}

static void take_column(sqlite3_stmt *st, int at, struct sb_value *v)
{
    switch (sqlite3_column_type(st, at)) {
    case SQLITE_INTEGER:
        *v = sb_value_int(sqlite3_column_int64(st, at));
        return;
    case SQLITE_FLOAT:
        *v = (struct sb_value){ .kind = SB_REAL, .r = sqlite3_column_double(st, at) };
        return;
    case SQLITE_TEXT:
        *v = sb_value_text((const char *)sqlite3_column_text(st, at));
        return;
    default:
        *v = (struct sb_value){ .kind = SB_NULL };
    }
}

static void take_row(sqlite3_stmt *st, const struct sb_table *t, struct sb_row *out)
{
    const char *labels;
    int at = 0;

    for (size_t i = 0; i < t->n; i++) {
        if (t->attr[i].flags & SB_VIRTUAL)
            continue;
        take_column(st, at++, &out->v[i]);
        out->present[i] = true;
    }
    for (size_t i = 0; i < t->n; i++)
        if (sb_needs_target_column(&t->attr[i]))
            out->target[i] = sb_table_by_name((const char *)sqlite3_column_text(st, at++));
    labels = (const char *)sqlite3_column_text(st, at);
    out->labels = labels ? json_loads(labels, 0, NULL) : NULL;
}

int sb_row_read(struct sb_conn *c, const struct sb_table *t, const char *id, struct sb_row *out,
                struct sb_error *e)
{
    MSX_AUTO(msx_buf_release) struct msx_buf sql = MSX_BUF_INIT(SQL_MAX);
    sqlite3_stmt *st;
    int rc;

    msx_buf_adds(&sql, "SELECT ");
    add_columns(&sql, t);
    msx_buf_addf(&sql, " FROM \"%s\" WHERE \"%s\" = ?", t->storage, t->pk);
    st = prepare(c, &sql, e);
    if (!st)
        return -1;
    (void)sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
    rc = sqlite3_step(st);
    memset(out, 0, sizeof *out);
    if (rc == SQLITE_ROW)
        take_row(st, t, out);
    (void)sqlite3_finalize(st);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        return rc == SQLITE_ROW;
    (void)sb_fail_sql(e, c->db);
    return -1;
}

static void bind_labels(sqlite3_stmt *st, int at, const json_t *labels)
{
    char *text = labels && json_object_size(labels) ? msx_json_canonical_str(labels) : NULL;

    if (text)
        (void)sqlite3_bind_text(st, at, text, -1, SQLITE_TRANSIENT);
    else
        (void)sqlite3_bind_null(st, at);
    msx_free(text);
}

static sqlite3_stmt *insert_statement(struct sb_conn *c, const struct sb_table *t,
                                      struct sb_error *e)
{
    MSX_AUTO(msx_buf_release) struct msx_buf sql = MSX_BUF_INIT(SQL_MAX);
    size_t at = 0;

    while (at < sb_n_tables && sb_tables[at] != t)
        at++;
    if (at >= SB_MAX_TABLES)
        sb_die("more tables than SB_MAX_TABLES");
    if (c->insert[at])
        return c->insert[at];
    msx_buf_addf(&sql, "INSERT INTO \"%s\" (", t->storage);
    add_columns(&sql, t);
    msx_buf_adds(&sql, ") VALUES (?");
    for (size_t i = 0; i < t->n; i++) {
        if (!(t->attr[i].flags & SB_VIRTUAL))
            msx_buf_adds(&sql, ",?");
        if (sb_needs_target_column(&t->attr[i]))
            msx_buf_adds(&sql, ",?");
    }
    msx_buf_adds(&sql, ")");
    c->insert[at] = prepare(c, &sql, e);
    return c->insert[at];
}

bool sb_row_insert(struct sb_conn *c, const struct sb_table *t, const struct sb_row *r,
                   struct sb_error *e)
{
    sqlite3_stmt *st = insert_statement(c, t, e);
    int at = 1, rc;

    if (!st)
        return false;
    for (size_t i = 0; i < t->n; i++)
        if (!(t->attr[i].flags & SB_VIRTUAL))
            (void)sb_value_bind(st, at++, &r->v[i]);
    for (size_t i = 0; i < t->n; i++)
        if (sb_needs_target_column(&t->attr[i]))
            (void)sqlite3_bind_text(st, at++, r->target[i] ? r->target[i]->name : NULL, -1,
                                    SQLITE_STATIC);
    bind_labels(st, at, r->labels);
    rc = sqlite3_step(st);
    if (rc != SQLITE_DONE)
        (void)sb_fail_sql(e, c->db);
    (void)sqlite3_reset(st); /* repeats the error of the step */
    (void)sqlite3_clear_bindings(st);
    return rc == SQLITE_DONE;
}

/* The labels that stay: those of columns that are not written now. */
static void keep_labels(struct sb_conn *c, const struct sb_table *t, const char *id,
                        const struct sb_row *r, json_t **out)
{
    struct sb_row old = { 0 };
    struct sb_error ignored;

    *out = NULL;
    if (sb_row_read(c, t, id, &old, &ignored) == 1 && old.labels) {
        for (size_t i = 0; i < t->n; i++)
            if (r->present[i])
                (void)json_object_del(old.labels, t->attr[i].name);
        *out = MSX_STEAL(old.labels);
    }
    sb_row_release(&old);
}

bool sb_row_update(struct sb_conn *c, const struct sb_table *t, const char *id,
                   const struct sb_row *r, struct sb_error *e)
{
    MSX_AUTO(msx_buf_release) struct msx_buf sql = MSX_BUF_INIT(SQL_MAX);
    json_t *labels = NULL;
    sqlite3_stmt *st;
    int at = 1;

    keep_labels(c, t, id, r, &labels);
    msx_buf_addf(&sql, "UPDATE \"%s\" SET labels = ?", t->storage);
    for (size_t i = 0; i < t->n; i++) {
        if (!r->present[i] || (t->attr[i].flags & SB_VIRTUAL))
            continue;
        msx_buf_addf(&sql, ", \"%s\" = ?", t->attr[i].name);
        if (sb_needs_target_column(&t->attr[i]))
            msx_buf_addf(&sql, ", \"%s__t\" = ?", t->attr[i].name);
    }
    msx_buf_addf(&sql, " WHERE \"%s\" = ?", t->pk);
    st = prepare(c, &sql, e);
    if (!st) {
        json_decref(labels);
        return false;
    }
    bind_labels(st, at++, labels);
    json_decref(labels);
    for (size_t i = 0; i < t->n; i++) {
        if (!r->present[i] || (t->attr[i].flags & SB_VIRTUAL))
            continue;
        (void)sb_value_bind(st, at++, &r->v[i]);
        if (sb_needs_target_column(&t->attr[i]))
            (void)sqlite3_bind_text(
                st, at++, r->target[i] && r->v[i].kind != SB_NULL ? r->target[i]->name : NULL, -1,
                SQLITE_STATIC);
    }
    (void)sqlite3_bind_text(st, at, id, -1, SQLITE_STATIC);
    return step_done(c, st, e);
}

bool sb_row_delete(struct sb_conn *c, const struct sb_table *t, const char *id, struct sb_error *e)
{
    MSX_AUTO(msx_buf_release) struct msx_buf sql = MSX_BUF_INIT(SQL_MAX);
    sqlite3_stmt *st;

    msx_buf_addf(&sql, "DELETE FROM \"%s\" WHERE \"%s\" = ?", t->storage, t->pk);
    st = prepare(c, &sql, e);
    if (!st)
        return false;
    (void)sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
    return step_done(c, st, e);
}

int sb_row_exists(struct sb_conn *c, const struct sb_table *t, const char *id, struct sb_error *e)
{
    MSX_AUTO(msx_buf_release) struct msx_buf sql = MSX_BUF_INIT(SQL_MAX);
    sqlite3_stmt *st;
    int rc;

    msx_buf_addf(&sql, "SELECT 1 FROM \"%s\" WHERE \"%s\" = ?", t->storage, t->pk);
    st = prepare(c, &sql, e);
    if (!st)
        return -1;
    (void)sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
    rc = sqlite3_step(st);
    (void)sqlite3_finalize(st);
    return rc == SQLITE_ROW;
}

char *sb_row_name(struct sb_conn *c, const struct sb_table *t, const char *id)
{
    MSX_AUTO(msx_buf_release) struct msx_buf sql = MSX_BUF_INIT(SQL_MAX);
    struct sb_error ignored;
    char *name = NULL;
    sqlite3_stmt *st;

    msx_buf_addf(&sql, "SELECT \"%s\" FROM \"%s\" WHERE \"%s\" = ?", t->primary, t->storage, t->pk);
    st = prepare(c, &sql, &ignored);
    if (!st)
        return NULL;
    (void)sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
    if (sqlite3_step(st) == SQLITE_ROW)
        name = sb_dup((const char *)sqlite3_column_text(st, 0));
    (void)sqlite3_finalize(st);
    return name;
}
