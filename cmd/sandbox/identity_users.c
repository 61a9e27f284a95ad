/* Who may sign in: the enabled users of the store. */
#include "identity.h"
#include "store_priv.h"

#define USER_COLUMNS                                                                               \
    "SELECT systemuserid, azureactivedirectoryobjectid, domainname, fullname FROM systemuser "     \
    "WHERE coalesce(isdisabled, 0) = 0 "

static json_t *user_of(sqlite3_stmt *st)
{
    static const char *const names[] = { "systemuserid", "azureactivedirectoryobjectid",
                                         "domainname", "fullname" };
    json_t *j = json_object();

    for (int i = 0; i < 4; i++)
        sb_set_str(j, names[i], (const char *)sqlite3_column_text(st, i));
    if (sqlite3_column_type(st, 1) == SQLITE_NULL) /* an id of its own makes a fine object id */
        sb_set_str(j, names[1], (const char *)sqlite3_column_text(st, 0));
    return j;
}

static json_t *find_user(void *ctx, const char *who)
{
    struct sb_store *s = ctx;
    char id[37];
    struct sb_conn *c;
    sqlite3_stmt *st = NULL;
    json_t *user = NULL;

    if (who ? !sb_store_find_user(s, who, id) : sb_store_whoami(s, id, NULL) != MSX_OK)
        return NULL;
    c = sb_store_reader(s);
    if (sqlite3_prepare_v2(c->db, USER_COLUMNS "AND systemuserid = ?", -1, &st, NULL) ==
            SQLITE_OK &&
        sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        user = user_of(st);
    (void)sqlite3_finalize(st);
    sb_store_release(s, c);
    return user;
}

static json_t *list_users(void *ctx)
{
    struct sb_store *s = ctx;
    struct sb_conn *c = sb_store_reader(s);
    sqlite3_stmt *st = NULL;
    json_t *list = json_array();

    if (sqlite3_prepare_v2(c->db,
                           USER_COLUMNS "ORDER BY systemuserid <> (SELECT v FROM meta WHERE k = "
                                        "'whoami'), fullname, systemuserid LIMIT 50",
                           -1, &st, NULL) == SQLITE_OK)
        while (sqlite3_step(st) == SQLITE_ROW)
            sb_append(list, user_of(st));
    (void)sqlite3_finalize(st);
    sb_store_release(s, c);
    return list;
}

struct sb_directory sb_store_directory(struct sb_store *store)
{
    return (struct sb_directory){ .find = find_user, .list = list_users, .ctx = store };
}
