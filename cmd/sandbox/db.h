/* Inside of the store: connections for the parts that run SQL, and records as rows of values. */
#ifndef SANDBOX_DB_H
#define SANDBOX_DB_H

#include <sqlite3.h>

#include "schema.h"
#include "store.h"
#include "value.h"

#define SB_MAX_ATTRS 40

#define SB_MAX_TABLES 16

struct sb_conn {
    sqlite3 *db;
    struct sb_conn *next;
    sqlite3_stmt *insert[SB_MAX_TABLES]; /* kept: loading inserts by the hundred thousand */
};

/* A connection for reading, from the pool: every reader sees the last committed state. Never NULL.
 */
struct sb_conn *sb_store_reader(struct sb_store *s);
void sb_store_release(struct sb_store *s, struct sb_conn *c);
/* The one writing connection, inside a new transaction; waits for other writers. */
struct sb_conn *sb_store_writer(struct sb_store *s);
/* End the transaction; false when the commit failed (then it is rolled back). */
bool sb_store_finish(struct sb_store *s, struct sb_conn *c, bool commit);
/* Part of a transaction that may be undone alone. */
bool sb_conn_exec(struct sb_conn *c, const char *sql);

/* Next value of a named counter, inside a write transaction. */
int64_t sb_store_next(struct sb_conn *c, const char *counter);

/* One record. Columns that are not present are left alone by an update and NULL in an insert. */
struct sb_row {
    struct sb_value v[SB_MAX_ATTRS];
    const struct sb_table *target[SB_MAX_ATTRS]; /* lookups to several tables: which */
    bool present[SB_MAX_ATTRS];
    json_t *labels; /* own labels by column name; owned, or NULL */
};

void sb_row_release(struct sb_row *r);
size_t sb_attr_index(const struct sb_table *t, const struct sb_attr *a);
/* The present value of a column, or NULL. */
const struct sb_value *sb_row_get(const struct sb_table *t, const struct sb_row *r,
                                  const char *name);
/* Set a column (the value is taken) unless t has none of that name. */
void sb_row_set(const struct sb_table *t, struct sb_row *r, const char *name, struct sb_value v);

/* 1 found, 0 no such record, -1 failed (e filled). */
int sb_row_read(struct sb_conn *c, const struct sb_table *t, const char *id, struct sb_row *out,
                struct sb_error *e);
bool sb_row_insert(struct sb_conn *c, const struct sb_table *t, const struct sb_row *r,
                   struct sb_error *e);
bool sb_row_update(struct sb_conn *c, const struct sb_table *t, const char *id,
                   const struct sb_row *r, struct sb_error *e);
bool sb_row_delete(struct sb_conn *c, const struct sb_table *t, const char *id, struct sb_error *e);
/* 1, 0 or -1. */
int sb_row_exists(struct sb_conn *c, const struct sb_table *t, const char *id, struct sb_error *e);
/* Name of a record, new, or NULL. */
char *sb_row_name(struct sb_conn *c, const struct sb_table *t, const char *id);

/* A lookup's column that names the table, "" when there is one target only. */
bool sb_needs_target_column(const struct sb_attr *a);

/* Case folding, collation CI and the function sb_like() on a connection. */
int sb_register_functions(sqlite3 *db);
bool sb_like(const char *pattern, const char *text);
int sb_ci_compare(const char *a, size_t na, const char *b, size_t nb);

#endif
