/* The data base file: tables from the schema, a pool of readers, one writer. */
#include "store.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "db.h"
#include "msxops/file.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "store_priv.h"

#define MAX_READERS 8
#define LAYOUT      1 /* PRAGMA user_version; another number is another program's file */

bool sb_conn_exec(struct sb_conn *c, const char *sql)
{
    return sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static void conn_free(struct sb_conn *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < SB_MAX_TABLES; i++)
        (void)sqlite3_finalize(c->insert[i]);
    (void)sqlite3_close(c->db);
    msx_free(c);
}

static struct sb_conn *conn_open(const char *path, struct msx_error *err)
{
    struct sb_conn *c = sb_alloc(sizeof *c);
    int rc = sqlite3_open_v2(
        path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(c->db, 20000);
    if (rc == SQLITE_OK)
        rc = sb_register_functions(c->db);
    if (rc == SQLITE_OK && (!sb_conn_exec(c, "PRAGMA journal_mode=WAL") ||
                            !sb_conn_exec(c, "PRAGMA synchronous=NORMAL") ||
                            !sb_conn_exec(c, "PRAGMA mmap_size=2000000000")))
        rc = SQLITE_ERROR;
    if (rc == SQLITE_OK)
        return c;
    (void)msx_fail(err, MSX_E_IO, "cannot open '%s': %s", path, sqlite3_errmsg(c->db));
    conn_free(c);
    return NULL;
}

static const char *sql_type(const struct sb_attr *a)
{
    switch (a->type) {
    case SB_INTEGER:
    case SB_BIGINT:
    case SB_BOOLEAN:
    case SB_PICKLIST:
    case SB_STATE:
    case SB_STATUS:
        return "INTEGER";
    case SB_DECIMAL:
    case SB_DOUBLE:
    case SB_MONEY:
        return "REAL";
    case SB_STRING:
    case SB_MEMO:
        return "TEXT COLLATE CI";
    case SB_MULTI:
    case SB_DATE:
    case SB_DATETIME:
    case SB_GUID:
    case SB_LOOKUP:
    case SB_OWNER:
    case SB_CUSTOMER:
        return "TEXT";
    }
    return "TEXT";
}

static bool is_indexed(const struct sb_table *t, const struct sb_attr *a)
{
    static const char *const more[] = { "msp_mstopparentid", "msp_milestonenumber", "modifiedon",
                                        "msp_milestonedate", "internalemailaddress" };

    if (sb_is_lookup(a))
        return strcmp(a->name, "createdby") != 0 && strcmp(a->name, "modifiedby") != 0 &&
               strcmp(a->name, "transactioncurrencyid") != 0;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (strcmp(a->name, more[i]) == 0)
            return true;
    return strcmp(a->name, t->primary) == 0;
}

/* Statements that create (or remove) the indexes: loading is faster without them. */
bool sb_store_indexes(struct sb_conn *c, bool create)
{
    char sql[400];

    for (size_t i = 0; i < sb_n_tables; i++) {
        const struct sb_table *t = sb_tables[i];

        if (strcmp(t->name, t->storage) != 0)
            continue;
        for (size_t k = 0; k < t->n; k++) {
            const char *a = t->attr[k].name;

            if (!is_indexed(t, &t->attr[k]))
                continue;
            if (create)
                (void)snprintf(sql, sizeof sql,
                               "CREATE INDEX IF NOT EXISTS \"%s_%s\" ON \"%s\"(\"%s\")", t->name, a,
                               t->name, a);
            else
                (void)snprintf(sql, sizeof sql, "DROP INDEX IF EXISTS \"%s_%s\"", t->name, a);
            if (!sb_conn_exec(c, sql))
                return false;
        }
    }
    return true;
}

static bool create_tables(struct sb_conn *c)
{
    for (size_t i = 0; i < sb_n_tables; i++) {
        MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(64 << 10);
        const struct sb_table *t = sb_tables[i];

        if (strcmp(t->name, t->storage) != 0)
            continue;
        msx_buf_addf(&b, "CREATE TABLE IF NOT EXISTS \"%s\" (", t->name);
        for (size_t k = 0; k < t->n; k++) {
            if (t->attr[k].flags & SB_VIRTUAL)
                continue;
            msx_buf_addf(&b, "\"%s\" %s%s,", t->attr[k].name, sql_type(&t->attr[k]),
                         strcmp(t->attr[k].name, t->pk) == 0 ? " PRIMARY KEY NOT NULL" : "");
            if (sb_needs_target_column(&t->attr[k]))
                msx_buf_addf(&b, "\"%s__t\" TEXT,", t->attr[k].name);
        }
        msx_buf_adds(&b, "labels TEXT)");
        if (b.failed || !sb_conn_exec(c, b.data))
            return false;
    }
    return sb_store_indexes(c, true);
}

static int user_version(struct sb_conn *c)
{
    sqlite3_stmt *st = NULL;
    int v = -1;

    if (sqlite3_prepare_v2(c->db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        v = sqlite3_column_int(st, 0);
    (void)sqlite3_finalize(st);
    return v;
}

static enum msx_code set_up(struct sb_conn *c, const char *path, struct msx_error *err)
{
    int v = user_version(c);

    if (v == LAYOUT)
        return MSX_OK;
    if (v != 0)
        return msx_fail(err, MSX_E_INVALID, "'%s' was made by another version of msxops-sandbox",
                        path);
    if (!sb_conn_exec(c, "BEGIN IMMEDIATE") ||
        !sb_conn_exec(c,
                      "CREATE TABLE meta (k TEXT PRIMARY KEY, v TEXT);"
                      "CREATE TABLE counter (name TEXT PRIMARY KEY, n INTEGER);"
                      "INSERT INTO counter VALUES ('version', 1000000), ('milestone', 100000000);"
                      "PRAGMA user_version=1") ||
        !create_tables(c) || !sb_conn_exec(c, "COMMIT"))
        return msx_fail(err, MSX_E_IO, "cannot set up '%s': %s", path, sqlite3_errmsg(c->db));
    return MSX_OK;
}

enum msx_code sb_store_open(const char *dir, struct sb_store **out, struct msx_error *err)
{
    struct sb_store *s = sb_alloc(sizeof *s);
    enum msx_code rc;

    (void)pthread_mutex_init(&s->pool_lock, NULL);
    (void)pthread_cond_init(&s->pool_free, NULL);
    (void)pthread_mutex_init(&s->write_lock, NULL);
    s->path = msx_path_join(dir, "sandbox.db");
    if (!s->path)
        sb_die("out of memory");
    s->writer = conn_open(s->path, err);
    rc = s->writer ? set_up(s->writer, s->path, err) : MSX_E_IO;
    if (rc) {
        sb_store_close(s);
        return rc;
    }
    *out = s;
    return MSX_OK;
}

void sb_store_close(struct sb_store *s)
{
    if (!s)
        return;
    conn_free(s->writer);
    while (s->readers) {
        struct sb_conn *c = s->readers;

        s->readers = c->next;
        conn_free(c);
    }
    (void)pthread_mutex_destroy(&s->pool_lock);
    (void)pthread_cond_destroy(&s->pool_free);
    (void)pthread_mutex_destroy(&s->write_lock);
    msx_free(s->path);
    msx_free(s);
}

struct sb_conn *sb_store_reader(struct sb_store *s)
{
    struct sb_conn *c;
    struct msx_error err = MSX_ERROR_INIT;

    (void)pthread_mutex_lock(&s->pool_lock);
    while (!s->readers && s->n_readers >= MAX_READERS)
        (void)pthread_cond_wait(&s->pool_free, &s->pool_lock);
    c = s->readers;
    if (c)
        s->readers = c->next;
    else
        s->n_readers++;
    (void)pthread_mutex_unlock(&s->pool_lock);
    if (!c)
        c = conn_open(s->path, &err);
    if (!c)
        sb_die(err.msg);
    return c;
}

void sb_store_release(struct sb_store *s, struct sb_conn *c)
{
    (void)pthread_mutex_lock(&s->pool_lock);
    c->next = s->readers;
    s->readers = c;
    (void)pthread_cond_signal(&s->pool_free);
    (void)pthread_mutex_unlock(&s->pool_lock);
}

struct sb_conn *sb_store_writer(struct sb_store *s)
{
    (void)pthread_mutex_lock(&s->write_lock);
    if (!sb_conn_exec(s->writer, "BEGIN IMMEDIATE"))
        sb_die(sqlite3_errmsg(s->writer->db));
    return s->writer;
}

bool sb_store_finish(struct sb_store *s, struct sb_conn *c, bool commit)
{
    bool done = commit && sb_conn_exec(c, "COMMIT");

    if (!done && !sb_conn_exec(c, "ROLLBACK") && !sqlite3_get_autocommit(c->db))
        sb_die(sqlite3_errmsg(c->db));
    (void)pthread_mutex_unlock(&s->write_lock);
    return done;
}

int64_t sb_store_next(struct sb_conn *c, const char *counter)
{
    sqlite3_stmt *st = NULL;
    int64_t n = 0;

    if (sqlite3_prepare_v2(c->db, "UPDATE counter SET n = n + 1 WHERE name = ? RETURNING n", -1,
                           &st, NULL) == SQLITE_OK &&
        sqlite3_bind_text(st, 1, counter, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        n = sqlite3_column_int64(st, 0);
    (void)sqlite3_finalize(st);
    if (!n)
        sb_die(sqlite3_errmsg(c->db));
    return n;
}

bool sb_meta_get(struct sb_conn *c, const char *key, char *out, size_t size)
{
    sqlite3_stmt *st = NULL;
    bool found = false;
    int n;

    if (sqlite3_prepare_v2(c->db, "SELECT v FROM meta WHERE k = ?", -1, &st, NULL) == SQLITE_OK &&
        sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0)) {
        n = snprintf(out, size, "%s", (const char *)sqlite3_column_text(st, 0));
        found = n >= 0 && (size_t)n < size;
    }
    (void)sqlite3_finalize(st);
    return found;
}

bool sb_meta_set(struct sb_conn *c, const char *key, const char *value)
{
    sqlite3_stmt *st = NULL;
    bool done = sqlite3_prepare_v2(c->db, "INSERT OR REPLACE INTO meta VALUES (?, ?)", -1, &st,
                                   NULL) == SQLITE_OK &&
                sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC) == SQLITE_OK &&
                sqlite3_bind_text(st, 2, value, -1, SQLITE_STATIC) == SQLITE_OK &&
                sqlite3_step(st) == SQLITE_DONE;

    (void)sqlite3_finalize(st);
    return done;
}

bool sb_store_is_empty(struct sb_store *s)
{
    struct sb_conn *c = sb_store_reader(s);
    char ignored[37];
    bool empty = !sb_meta_get(c, "whoami", ignored, sizeof ignored);

    sb_store_release(s, c);
    return empty;
}

enum msx_code sb_store_whoami(struct sb_store *s, char out[37], struct msx_error *err)
{
    struct sb_conn *c = sb_store_reader(s);
    bool found = sb_meta_get(c, "whoami", out, 37);

    sb_store_release(s, c);
    return found ? MSX_OK : msx_fail(err, MSX_E_NOTFOUND, "the sandbox has no user to sign in");
}

bool sb_store_find_user(struct sb_store *s, const char *who, char out[37])
{
    static const char sql[] =
        "SELECT systemuserid FROM systemuser WHERE coalesce(isdisabled, 0) = 0 AND "
        "(systemuserid = ?1 OR azureactivedirectoryobjectid = ?1 OR internalemailaddress = ?2 OR domainname = ?2 OR fullname = ?2) "
        "LIMIT 2";
    struct sb_conn *c = sb_store_reader(s);
    char id[37] = "", found[37] = "";
    sqlite3_stmt *st = NULL;
    int n = 0;

    (void)msx_guid_parse(who, id); /* stays "" for a name */
    if (sqlite3_prepare_v2(c->db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_bind_text(st, 2, who, -1, SQLITE_STATIC) == SQLITE_OK) {
        while (sqlite3_step(st) == SQLITE_ROW)
            if (n++ == 0)
                (void)snprintf(found, sizeof found, "%s", (const char *)sqlite3_column_text(st, 0));
    }
    (void)sqlite3_finalize(st);
    sb_store_release(s, c);
    if (n == 1)
        memcpy(out, found, sizeof found);
    return n == 1;
}
