/* Loading records in bulk: sample data and the files of `sandbox load`. */
#include <stdio.h>
#include <string.h>

#include "bind.h"
#include "msxops/date.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "options.h"
#include "store_priv.h"

#define FORMATTED     "OData.Community.Display.V1.FormattedValue"
#define LOGICAL_NAME  "Microsoft.Dynamics.CRM.lookuplogicalname"
#define FIRST_VERSION 1000000

enum msx_code sb_store_load_begin(struct sb_store *s, const char *today, struct msx_error *err)
{
    struct sb_conn *c;
    bool ok = true;

    if (msx_day_parse(today) == MSX_DAY_NONE)
        return msx_fail(err, MSX_E_INVALID, "'%s' is not a day (YYYY-MM-DD)", today);
    c = sb_store_writer(s);
    (void)snprintf(s->load_today, sizeof s->load_today, "%s", today);
    s->load_whoami[0] = '\0';
    s->load_version = FIRST_VERSION;
    ok = sb_store_indexes(c, false) && sb_conn_exec(c, "DELETE FROM meta");
    for (size_t i = 0; ok && i < sb_n_tables; i++) {
        char sql[120];

        (void)snprintf(sql, sizeof sql, "DELETE FROM \"%s\"", sb_tables[i]->storage);
        ok = sb_conn_exec(c, sql);
    }
    ok = ok && sb_conn_exec(c, "UPDATE counter SET n = 100000000 WHERE name = 'milestone'") &&
         sb_meta_set(c, "today", today);
    if (ok)
        return MSX_OK;
    (void)msx_fail(err, MSX_E_IO, "cannot clear the sandbox: %s", sqlite3_errmsg(c->db));
    (void)sb_store_finish(s, c, false);
    return MSX_E_IO;
}

enum msx_code sb_store_set_whoami(struct sb_store *s, const char *systemuserid,
                                  struct msx_error *err)
{
    char id[37];

    if (!msx_guid_parse(systemuserid, id))
        return msx_fail(err, MSX_E_INVALID, "whoami '%s' is not a GUID", systemuserid);
    (void)snprintf(s->load_whoami, sizeof s->load_whoami, "%s", id);
    return MSX_OK;
}

/* --- one record --- */

static bool add_label_of(const struct sb_table *t, struct sb_row *row, const char *property,
                         const json_t *value)
{
    const struct sb_attr *a = sb_attr_by_property(t, property);

    if (!a || !json_is_string(value))
        return true; /* a label of a column that is not kept says nothing */
    if (!sb_is_choice(a) && !sb_is_lookup(a) && a->type != SB_GUID)
        return true;
    if (!row->labels)
        row->labels = json_object();
    sb_set(row->labels, a->name, json_string(json_string_value(value)));
    return true;
}

/* A label that the option set lacks gets a code of its own, the same for the same label. */
static int code_of_label(const char *label)
{
    uint32_t h = 2166136261u;

    for (; *label; label++)
        h = (h ^ (unsigned char)*label) * 16777619u;
    return 900000000 + (int)(h % 99999999u);
}

static bool add_annotation(const struct sb_table *t, struct sb_row *row, const char *key,
                           const char *at, const json_t *value, struct sb_error *e)
{
    MSX_AUTO(msx_free_p) char *property = sb_ndup(key, (size_t)(at - key));
    const struct sb_attr *a;

    if (strcmp(at + 1, FORMATTED) == 0)
        return add_label_of(t, row, property, value);
    if (strcmp(at + 1, LOGICAL_NAME) == 0) {
        a = sb_attr_by_property(t, property);
        if (a && sb_is_lookup(a) && json_is_string(value))
            row->target[sb_attr_index(t, a)] = sb_table_by_name(json_string_value(value));
        return true;
    }
    if (strcmp(at + 1, "odata.bind") == 0) {
        const struct sb_target *target = NULL;
        struct sb_ref ref;

        a = sb_nav_single(t, property, &target);
        if (!a)
            return sb_fail(e, 400, "", "'%.200s' is no navigation property of %s", property,
                           t->name);
        if (json_is_null(value))
            return true;
        if (!json_is_string(value) || !sb_ref_parse(json_string_value(value), t, &ref, e))
            return false;
        sb_row_set(t, row, a->name, sb_value_text(ref.id));
        row->target[sb_attr_index(t, a)] = ref.table;
    }
    return true;
}

static bool add_member(const struct sb_table *t, struct sb_row *row, const char *key,
                       const json_t *value, struct sb_error *e)
{
    const char *at = strchr(key, '@');
    const struct sb_attr *a;
    struct sb_value v;

    if (at == key)
        return true; /* @odata.etag and the like */
    if (at)
        return add_annotation(t, row, key, at, value, e);
    a = sb_attr_by_property(t, key);
    if (!a && (json_is_object(value) || json_is_array(value)))
        return true; /* expanded records of a saved answer */
    if (!a)
        return sb_fail(e, 400, "", "%s has no column '%.200s'", t->name, key);
    if (a->flags & SB_VIRTUAL)
        return true;
    if (a->type == SB_PICKLIST && json_is_string(value) &&
        !sb_option_by_label(a->set, json_string_value(value))) {
        sb_row_set(t, row, a->name, sb_value_int(code_of_label(json_string_value(value))));
        return add_label_of(t, row, key, value);
    }
    if (!sb_value_from_json(t, a, value, SB_FROM_FILE, &v, e))
        return false;
    sb_row_set(t, row, a->name, v);
    return true;
}

static bool is_empty(const struct sb_table *t, const struct sb_row *row, const char *name)
{
    const struct sb_value *v = sb_row_get(t, row, name);

    return !v || v->kind == SB_NULL;
}

static void fill(const struct sb_table *t, struct sb_row *row, const char *name, const char *text)
{
    if (*text && sb_attr_by_name(t, name) && is_empty(t, row, name))
        sb_row_set(t, row, name, sb_value_text(text));
}

/* State and status from each other, or both the first of their kind. */
static void fill_state(const struct sb_table *t, struct sb_row *row)
{
    const struct sb_attr *state = sb_attr_by_name(t, "statecode");
    const struct sb_attr *status = sb_attr_by_name(t, "statuscode");
    const struct sb_option *o;

    if (!state || !status)
        return;
    if (is_empty(t, row, "statecode")) {
        o = is_empty(t, row, "statuscode")
                ? NULL
                : sb_option_by_value(status->set, (int)sb_row_get(t, row, "statuscode")->i);
        sb_row_set(t, row, "statecode", sb_value_int(o ? o->state : 0));
    }
    if (is_empty(t, row, "statuscode")) {
        o = sb_option_by_value(state->set, (int)sb_row_get(t, row, "statecode")->i);
        sb_row_set(t, row, "statuscode", sb_value_int(o ? o->state : 1));
    }
}

static void fill_defaults(struct sb_store *s, const struct sb_table *t, struct sb_row *row)
{
    char guid[37], stamp[21];
    const struct sb_value *created;

    if (is_empty(t, row, t->pk)) {
        sb_guid(guid);
        sb_row_set(t, row, t->pk, sb_value_text(guid));
    }
    (void)snprintf(stamp, sizeof stamp, "%.10sT08:00:00Z", s->load_today);
    fill(t, row, "modifiedon",
         is_empty(t, row, "createdon") ? stamp : sb_row_get(t, row, "createdon")->s);
    created = sb_row_get(t, row, "modifiedon");
    fill(t, row, "createdon",
         created && created->kind == SB_TEXT && strcmp(created->s, stamp) < 0 ? created->s : stamp);
    fill(t, row, "ownerid", s->load_whoami);
    fill(t, row, "createdby",
         is_empty(t, row, "ownerid") ? s->load_whoami : sb_row_get(t, row, "ownerid")->s);
    fill(t, row, "modifiedby",
         is_empty(t, row, "createdby") ? s->load_whoami : sb_row_get(t, row, "createdby")->s);
    if (t == &sb_table_opportunity && !sb_row_get(t, row, "msp_eststartdate")) {
        (void)snprintf(stamp, sizeof stamp, "%.10s", sb_row_get(t, row, "createdon")->s);
        sb_row_set(t, row, "msp_eststartdate", sb_value_text(stamp));
    }
    if (sb_attr_by_name(t, "isdisabled") && is_empty(t, row, "isdisabled"))
        sb_row_set(t, row, "isdisabled", sb_value_int(0));
    if (t == &sb_table_task && is_empty(t, row, "prioritycode"))
        sb_row_set(t, row, "prioritycode", sb_value_int(1));
    fill_state(t, row);
    sb_row_set(t, row, "versionnumber", sb_value_int(++s->load_version));
}

/* Own labels that only repeat what the option set says need not be kept. */
static void drop_plain_labels(const struct sb_table *t, struct sb_row *row)
{
    for (size_t i = 0; row->labels && i < t->n; i++) {
        const char *own = json_string_value(json_object_get(row->labels, t->attr[i].name));
        const struct sb_option *o;

        if (!own || !t->attr[i].set || row->v[i].kind != SB_INT)
            continue;
        o = sb_option_by_value(t->attr[i].set, (int)row->v[i].i);
        if (o && strcmp(o->label, own) == 0)
            (void)json_object_del(row->labels, t->attr[i].name);
    }
}

enum msx_code sb_store_insert(struct sb_store *s, const char *set, const json_t *record,
                              struct msx_error *err)
{
    const struct sb_table *t = sb_table_by_set(set);
    struct sb_row row = { 0 };
    struct sb_error e = { 0 };
    const char *key;
    json_t *value;
    bool ok = true;

    if (!t || strcmp(t->name, t->storage) != 0)
        return msx_fail(err, MSX_E_INVALID, "'%s' is no entity set of the sandbox", set);
    if (!json_is_object(record))
        return msx_fail(err, MSX_E_INVALID, "%s: a record is a JSON object", set);
    for (void *it = json_object_iter((json_t *)(uintptr_t)record); ok && it;
         it = json_object_iter_next((json_t *)(uintptr_t)record, it)) {
        key = json_object_iter_key(it);
        value = json_object_iter_value(it);
        ok = add_member(t, &row, key, value, &e);
    }
    if (ok) {
        fill_defaults(s, t, &row);
        drop_plain_labels(t, &row);
        ok = sb_row_insert(s->writer, t, &row, &e);
    }
    sb_row_release(&row);
    if (ok)
        return MSX_OK;
    return msx_fail(err, MSX_E_INVALID, "%s %s: %s", set,
                    json_string_value(json_object_get(record, t->pk))
                        ? json_string_value(json_object_get(record, t->pk))
                        : "(no key)",
                    e.msg);
}

/* --- the end of a load --- */

/* A lookup to several tables whose record is not in the table assumed is in the one that has it. */
static bool settle_targets(struct sb_conn *c)
{
    for (size_t i = 0; i < sb_n_tables; i++) {
        const struct sb_table *t = sb_tables[i];

        for (size_t k = 0; k < t->n; k++) {
            const struct sb_attr *a = &t->attr[k];

            if (!sb_needs_target_column(a) || strcmp(t->name, t->storage) != 0)
                continue;
            for (size_t g = 1; g < a->n_targets; g++) {
                const struct sb_table *first = sb_table_by_name(a->target[0].table);
                const struct sb_table *other = sb_table_by_name(a->target[g].table);
                char sql[800];

                (void)snprintf(sql, sizeof sql,
                               "UPDATE \"%s\" SET \"%s__t\" = '%s' WHERE \"%s__t\" = '%s' AND "
                               "\"%s\" IN (SELECT \"%s\" FROM \"%s\") AND "
                               "\"%s\" NOT IN (SELECT \"%s\" FROM \"%s\")",
                               t->name, a->name, other->name, a->name, first->name, a->name,
                               other->pk, other->storage, a->name, first->pk, first->storage);
                if (!sb_conn_exec(c, sql))
                    return false;
            }
        }
    }
    return true;
}

static bool any(struct sb_conn *c, const char *table)
{
    char sql[120];
    sqlite3_stmt *st = NULL;
    bool found = false;

    (void)snprintf(sql, sizeof sql, "SELECT 1 FROM \"%s\" LIMIT 1", table);
    if (sqlite3_prepare_v2(c->db, sql, -1, &st, NULL) == SQLITE_OK)
        found = sqlite3_step(st) == SQLITE_ROW;
    (void)sqlite3_finalize(st);
    return found;
}

static enum msx_code add_if_none(struct sb_store *s, const char *table, const char *set,
                                 const char *json, struct msx_error *err)
{
    json_auto_t *record = NULL;

    if (any(s->writer, table))
        return MSX_OK;
    record = json_loads(json, 0, NULL);
    return sb_store_insert(s, set, record, err);
}

/* What every organisation has: itself, a unit, a currency, an app, a user. */
static enum msx_code add_basics(struct sb_store *s, struct msx_error *err)
{
    static const struct {
        const char *table, *set, *json;
    } basics[] = {
        { "businessunit", "businessunits",
          "{\"businessunitid\":\"b0000000-0000-4000-8000-000000000001\",\"name\":\"Sandbox\"}" },
        { "organization", "organizations",
          "{\"organizationid\":\"b0000000-0000-4000-8000-000000000002\",\"name\":\"sandbox\","
          "\"languagecode\":1033,\"expirechangetrackingindays\":7}" },
        { "transactioncurrency", "transactioncurrencies",
          "{\"transactioncurrencyid\":\"b0000000-0000-4000-8000-000000000003\","
          "\"currencyname\":\"US Dollar\",\"isocurrencycode\":\"USD\",\"currencysymbol\":\"$\","
          "\"currencyprecision\":2,\"exchangerate\":1}" },
        { "appmodule", "appmodules",
          "{\"appmoduleid\":\"b0000000-0000-4000-8000-000000000004\",\"name\":\"Sales\","
          "\"uniquename\":\"msp_sales\"}" },
        { "systemuser", "systemusers",
          "{\"systemuserid\":\"b0000000-0000-4000-8000-000000000005\",\"fullname\":\"Sandbox User\","
          "\"internalemailaddress\":\"user@sandbox.example\",\"title\":\"Digital Specialist\"}" },
    };
    enum msx_code rc = MSX_OK;

    for (size_t i = 0; !rc && i < COUNT(basics); i++)
        rc = add_if_none(s, basics[i].table, basics[i].set, basics[i].json, err);
    return rc;
}

static enum msx_code settle(struct sb_store *s, struct msx_error *err)
{
    struct sb_conn *c = s->writer;
    sqlite3_stmt *st = NULL;
    enum msx_code rc = add_basics(s, err);
    char text[32];

    if (rc)
        return rc;
    if (!s->load_whoami[0] &&
        sqlite3_prepare_v2(c->db, "SELECT systemuserid FROM systemuser ORDER BY rowid LIMIT 1", -1,
                           &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        (void)snprintf(s->load_whoami, sizeof s->load_whoami, "%s",
                       (const char *)sqlite3_column_text(st, 0));
    (void)sqlite3_finalize(st);
    if (sb_row_exists(c, &sb_table_systemuser, s->load_whoami, &(struct sb_error){ 0 }) != 1)
        return msx_fail(err, MSX_E_INVALID, "whoami '%s' is not among the users", s->load_whoami);
    (void)snprintf(text, sizeof text, "%lld", (long long)s->load_version);
    if (!settle_targets(c) || !sb_meta_set(c, "whoami", s->load_whoami) ||
        !sb_conn_exec(c, "UPDATE systemuser SET businessunitid = (SELECT businessunitid FROM "
                         "businessunit ORDER BY rowid LIMIT 1) WHERE businessunitid IS NULL;"
                         "UPDATE systemuser SET domainname = internalemailaddress WHERE domainname "
                         "IS NULL;"
                         "UPDATE systemuser SET createdby = systemuserid WHERE createdby IS NULL;"
                         "UPDATE systemuser SET modifiedby = createdby WHERE modifiedby IS NULL") ||
        !sb_meta_set(c, "version", text) ||
        !sb_conn_exec(c, "UPDATE counter SET n = max(n, (SELECT CAST(v AS INTEGER) FROM meta WHERE "
                         "k = 'version')) WHERE name = 'version'") ||
        !sb_store_indexes(c, true))
        return msx_fail(err, MSX_E_IO, "cannot finish loading: %s", sqlite3_errmsg(c->db));
    return MSX_OK;
}

enum msx_code sb_store_load_end(struct sb_store *s, bool commit, struct msx_error *err)
{
    enum msx_code rc = commit ? settle(s, err) : MSX_OK;

    if (!sb_store_finish(s, s->writer, commit && !rc) && commit && !rc)
        return msx_fail(err, MSX_E_IO, "cannot store the data");
    /* a log as large as the data would slow every reader down; failing to fold it in is no harm */
    if (commit && !rc)
        (void)sqlite3_wal_checkpoint_v2(s->writer->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                        NULL);
    return rc;
}
