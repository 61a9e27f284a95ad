/* A CRM in memory behind the functions of odata.h, for unit tests of lib/crm: tables, filters,
 * option sets, missing columns and tables, and a count of the requests. Include it once in a test
 * program. */
#ifndef TESTS_UNIT_CRM_FAKE_H
#define TESTS_UNIT_CRM_FAKE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crm/priv.h"

#define ME    "aaaaaaaa-0000-4000-8000-000000000001"
#define OTHER "aaaaaaaa-0000-4000-8000-000000000002"

static struct {
    json_t *tables;             /* {set: [records]} */
    json_t *meta;               /* {logical: {entitySetName, ..., properties[]}} */
    json_t *log;                /* "set|filter|ids" of every request */
    const char *missing_column; /* answers 400 when selected */
    const char *missing_table;  /* answers 404 */
    const char *failing_table;  /* answers a network error */
} fake;

/* The fake itself never fails for lack of memory. */
#ifdef TESTS_UNIT_ALLOC_FAIL_H
#define FAKE_CALM                                                                                  \
    long calm_ __attribute__((cleanup(fake_uncalm), unused)) = alloc_fail_at;                      \
    alloc_fail_at = 0
static inline void fake_uncalm(long *was)
{
    alloc_fail_at = *was;
}
#else
#define FAKE_CALM (void)0
#endif

struct msx_odata {
    const struct msx_ctx *ctx;
};
struct msx_rows {
    json_t *array;
    enum msx_code rc;
    struct msx_error e;
    bool more;
};

enum msx_code msx_odata_new(const struct msx_ctx *ctx, const char *org_url, struct msx_auth *auth,
                            struct msx_odata **out, struct msx_error *err)
{
    (void)org_url, (void)auth, (void)err;
    *out = msx_calloc(1, sizeof **out);
    (*out)->ctx = ctx;
    return MSX_OK;
}
void msx_odata_free(struct msx_odata *o)
{
    msx_free(o);
}
const char *msx_odata_org(const struct msx_odata *o)
{
    (void)o;
    return "https://org.crm.dynamics.com";
}

void msx_odata_add_string(struct msx_buf *b, const char *s)
{
    msx_buf_addc(b, '\'');
    for (; *s; s++)
        msx_buf_addf(b, *s == '\'' ? "''" : "%c", *s);
    msx_buf_addc(b, '\'');
}
void msx_odata_add_pattern(struct msx_buf *b, const char *s)
{
    msx_odata_add_string(b, s);
}
bool msx_odata_is_name(const char *s)
{
    if (!s || !*s || (*s >= '0' && *s <= '9'))
        return false;
    for (; *s; s++)
        if (!((*s | 32) >= 'a' && (*s | 32) <= 'z') && !(*s >= '0' && *s <= '9') && *s != '_')
            return false;
    return true;
}

/* ---- filters: or, and, parentheses, eq, ne, contains ---- */

static bool fake_or(const char **p, const json_t *rec);

static void fake_word(const char **p, char *out, size_t size)
{
    size_t n = 0;

    while (**p == ' ')
        (*p)++;
    if (**p == '\'') {
        for ((*p)++; **p && (**p != '\'' || (*p)[1] == '\''); (*p)++) {
            if (**p == '\'')
                (*p)++;
            if (n + 1 < size)
                out[n++] = **p;
        }
        if (**p)
            (*p)++;
    } else {
        for (; **p && !strchr(" (),", **p); (*p)++)
            if (n + 1 < size)
                out[n++] = **p;
    }
    out[n] = '\0';
}

static bool fake_equal(const json_t *v, const char *word)
{
    char text[64];

    if (!v || json_is_null(v))
        return !strcmp(word, "null");
    if (json_is_string(v))
        return msx_ieq(json_string_value(v), word);
    snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    return !strcmp(text, word);
}

static bool fake_test(const char **p, const json_t *rec)
{
    char field[128], op[16], word[512];
    bool yes;

    while (**p == ' ')
        (*p)++;
    if (**p == '(') {
        (*p)++;
        yes = fake_or(p, rec);
        if (**p == ')')
            (*p)++;
        return yes;
    }
    fake_word(p, field, sizeof field);
    if (**p == '(') {
        assert_string_equal(field, "contains");
        (*p)++;
        fake_word(p, field, sizeof field);
        (*p)++;
        fake_word(p, word, sizeof word);
        (*p)++;
        return msx_crm_contains(msx_json_str(rec, field), word);
    }
    fake_word(p, op, sizeof op);
    fake_word(p, word, sizeof word);
    yes = fake_equal(json_object_get(rec, field), word);
    if (!strcmp(op, "ne"))
        return !yes && json_object_get(rec, field) && !json_is_null(json_object_get(rec, field));
    assert_string_equal(op, "eq");
    return yes;
}

static bool fake_and(const char **p, const json_t *rec)
{
    bool yes = fake_test(p, rec);

    while (!strncmp(*p, " and ", 5)) {
        *p += 5;
        yes = fake_test(p, rec) && yes;
    }
    return yes;
}

static bool fake_or(const char **p, const json_t *rec)
{
    bool yes = fake_and(p, rec);

    while (!strncmp(*p, " or ", 4)) {
        *p += 4;
        yes = fake_and(p, rec) || yes;
    }
    return yes;
}

static bool fake_matches(const char *filter, const json_t *rec)
{
    bool yes;

    if (!filter || !*filter)
        return true;
    yes = fake_or(&filter, rec);
    assert_string_equal(filter, "");
    return yes;
}

/* ---- reads ---- */

static bool fake_selects(const char *select, const char *column)
{
    size_t n = strlen(column);

    for (const char *p = select; p && *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ','))
        if (!strncmp(p, column, n) && (!p[n] || p[n] == ','))
            return true;
    return false;
}

static json_t *fake_project(const json_t *rec, const char *select)
{
    json_t *out = json_object();
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)rec, key, v) {
        char column[128];

        snprintf(column, sizeof column, "%.*s", (int)strcspn(key, "@"), key);
        if (!select || fake_selects(select, column))
            json_object_set_new(out, key, json_deep_copy(v));
    }
    json_object_set_new(out, "@odata.etag", json_string("W/\"7\""));
    return out;
}

static struct msx_rows *fake_rows(const struct msx_query *q, const char *field,
                                  const char *const *ids, size_t n)
{
    FAKE_CALM;
    struct msx_rows *r = msx_calloc(1, sizeof *r);
    json_t *rec;
    size_t i;
    char line[4096];

    snprintf(line, sizeof line, "%s|%s|%s|%zu", q->set, q->filter ? q->filter : "",
             field ? field : "", n);
    json_array_append_new(fake.log, json_string(line));
    r->array = json_array();
    if (fake.failing_table && !strcmp(fake.failing_table, q->set))
        r->rc = msx_fail(&r->e, MSX_E_NETWORK, "connection lost");
    if (fake.missing_table && !strcmp(fake.missing_table, q->set)) {
        r->rc = msx_fail(&r->e, MSX_E_REJECTED, "Resource not found for the segment '%s'.", q->set);
        r->e.http_status = 404;
        r->e.crm_code = 0x8006088au;
    }
    if (fake.missing_column && fake_selects(q->select, fake.missing_column)) {
        r->rc = msx_fail(&r->e, MSX_E_REJECTED,
                         "Could not find a property named '%s' on type 'Microsoft.Dynamics.CRM.x'.",
                         fake.missing_column);
        r->e.http_status = 400;
        r->e.crm_code = 0x80060888u;
    }
    json_array_foreach(json_object_get(fake.tables, q->set), i, rec) {
        bool in = !field;

        for (size_t k = 0; field && k < n; k++)
            in = in || msx_guid_eq(msx_json_str(rec, field), ids[k]);
        if (!in || !fake_matches(q->filter, rec))
            continue;
        if (q->top && json_array_size(r->array) == (size_t)q->top)
            r->more = true;
        else
            json_array_append_new(r->array, fake_project(rec, q->select));
    }
    return r;
}

enum msx_code msx_odata_list(struct msx_odata *o, const struct msx_query *q, struct msx_rows **out,
                             struct msx_error *err)
{
    (void)o, (void)err;
    *out = fake_rows(q, NULL, NULL, 0);
    return MSX_OK;
}
enum msx_code msx_odata_list_ids(struct msx_odata *o, const struct msx_query *q, const char *field,
                                 const char *const *ids, size_t n, struct msx_rows **out,
                                 struct msx_error *err)
{
    (void)o, (void)err;
    *out = fake_rows(q, field, ids, n);
    return MSX_OK;
}
enum msx_code msx_odata_get(struct msx_odata *o, const char *set, const char *id,
                            const char *select, const char *expand, struct msx_rows **out,
                            struct msx_error *err)
{
    const struct msx_crm_table *t = msx_crm_table_of_set(set);

    (void)o, (void)expand, (void)err;
    *out = fake_rows(&(struct msx_query){ .set = set, .select = select }, t ? t->key : "id",
                     (const char *const[]){ id }, 1);
    if (!(*out)->rc && !json_array_size((*out)->array))
        (*out)->rc = msx_fail(&(*out)->e, MSX_E_NOTFOUND, "no such record");
    return MSX_OK;
}
enum msx_code msx_odata_get_path(struct msx_odata *o, const char *path, struct msx_rows **out,
                                 struct msx_error *err)
{
    FAKE_CALM;

    (void)o, (void)err;
    assert_string_equal(path, "WhoAmI");
    json_array_append_new(fake.log, json_string("WhoAmI|||0"));
    *out = msx_calloc(1, sizeof **out);
    (*out)->array = json_pack("[{s:s,s:s,s:s}]", "UserId", ME, "BusinessUnitId", OTHER,
                              "OrganizationId", OTHER);
    return MSX_OK;
}
enum msx_code msx_rows_wait(struct msx_rows *r, struct msx_error *err)
{
    if (r->rc && err)
        *err = r->e;
    return r->rc;
}
json_t *msx_rows_array(struct msx_rows *r)
{
    return r->array;
}
json_t *msx_rows_object(struct msx_rows *r)
{
    return json_array_get(r->array, 0);
}
json_int_t msx_rows_count(const struct msx_rows *r)
{
    return (json_int_t)json_array_size(r->array);
}
bool msx_rows_count_capped(const struct msx_rows *r)
{
    (void)r;
    return false;
}
bool msx_rows_more(const struct msx_rows *r)
{
    return r->more;
}
void msx_rows_free(struct msx_rows *r)
{
    if (r)
        json_decref(r->array);
    msx_free(r);
}

enum msx_code msx_odata_each_page(struct msx_odata *o, const struct msx_query *q, msx_page_fn fn,
                                  void *user, struct msx_error *err)
{
    struct msx_rows *r = fake_rows(q, NULL, NULL, 0);
    enum msx_code rc = r->rc;
    json_t *rec;
    size_t i;

    (void)o;
    if (rc && err)
        *err = r->e;
    json_array_foreach(r->array, i, rec) { /* pages of one record */
        json_t *page = json_pack("[O]", rec);

        rc = rc ? rc : fn(user, page, err);
        json_decref(page);
    }
    msx_rows_free(r);
    return rc;
}

/* ---- metadata ---- */

enum msx_code msx_meta_table(struct msx_odata *o, const char *logical, json_t **out,
                             struct msx_error *err)
{
    (void)o;
    *out = json_object_get(fake.meta, logical);
    return *out ? MSX_OK : msx_fail(err, MSX_E_NOTFOUND, "no table '%s'", logical);
}
enum msx_code msx_meta_options(struct msx_odata *o, const char *logical, const char *column,
                               json_t **out, struct msx_error *err)
{
    json_t *p;
    size_t i;

    (void)o;
    json_array_foreach(msx_json_arr(json_object_get(fake.meta, logical), "properties"), i, p) {
        if (!strcmp(msx_json_str_or(p, "name", ""), column) && json_object_get(p, "options")) {
            *out = json_object_get(p, "options");
            return MSX_OK;
        }
    }
    return msx_fail(err, MSX_E_NOTFOUND, "no options of %s.%s", logical, column);
}
enum msx_code msx_meta_nav(struct msx_odata *o, const char *logical, const char *column,
                           const char *target, char **out, struct msx_error *err)
{
    FAKE_CALM;
    json_t *nav = json_object_get(json_object_get(fake.meta, "nav"), logical);

    (void)o, (void)target;
    if (!msx_json_str(nav, column))
        return msx_fail(err, MSX_E_NOTFOUND, "no navigation property");
    *out = msx_strdup(msx_json_str(nav, column));
    return MSX_OK;
}
enum msx_code msx_meta_set(struct msx_odata *o, const char *set, const char **logical,
                           const char **primary_id, struct msx_error *err)
{
    (void)o, (void)set, (void)err;
    *logical = *primary_id = NULL;
    return MSX_OK;
}
enum msx_code msx_auth_status(struct msx_auth *a, json_t **out, struct msx_error *err)
{
    (void)a, (void)err;
    *out = json_object();
    return MSX_OK;
}
enum msx_code msx_org_url(const char *typed, char **out, struct msx_error *err)
{
    (void)err;
    *out = msx_strdup(typed);
    return MSX_OK;
}

/* ---- the session ---- */

static int64_t fake_clock = 1772442000;
static const char *fake_cache_dir;

static int64_t fake_now(void *user)
{
    (void)user;
    return fake_clock;
}
static struct msx_ctx fake_ctx;
static struct msx_profile fake_profile;
static struct msx_crm crm;

/* text: {"tables": {...}, "meta": {...}} */
static void fake_open(const char *text)
{
    struct msx_error e = MSX_ERROR_INIT;
    json_error_t je;
    json_t *doc = json_loads(text, 0, &je);

    if (!doc)
        fail_msg("fixture: %s at line %d", je.text, je.line);
    memset(&fake, 0, sizeof fake);
    fake.tables = json_incref(json_object_get(doc, "tables"));
    fake.meta = json_incref(json_object_get(doc, "meta"));
    fake.log = json_array();
    json_decref(doc);
    fake_ctx = (struct msx_ctx){ .today = msx_day_parse("2026-03-02"),
                                 .now_s = fake_now,
                                 .cache_dir = fake_cache_dir };
    assert_int_equal(msx_tz_open("UTC", (struct msx_tz **)(uintptr_t)&fake_ctx.tz, &e), MSX_OK);
    fake_profile =
        (struct msx_profile){ .name = (char *)(uintptr_t) "test",
                              .url = (char *)(uintptr_t) "https://org.crm.dynamics.com" };
    assert_int_equal(msx_crm_open(&fake_ctx, &fake_profile, NULL, &crm, &e), MSX_OK);
}

static void fake_close(void)
{
    msx_crm_close(&crm);
    msx_tz_free((struct msx_tz *)(uintptr_t)fake_ctx.tz);
    json_decref(fake.tables);
    json_decref(fake.meta);
    json_decref(fake.log);
}

MSX_UNUSED static size_t fake_requests(const char *set)
{
    size_t n = 0, i;
    json_t *line;

    json_array_foreach(fake.log, i, line) {
        n += !strncmp(json_string_value(line), set, strlen(set)) &&
             json_string_value(line)[strlen(set)] == '|';
    }
    return n;
}

MSX_UNUSED static json_t *call(const char *tool, const char *params)
{
    struct msx_error e = MSX_ERROR_INIT;
    json_t *p = json_loads(params, 0, NULL), *result = NULL;

    assert_non_null(p);
    if (msx_tool_call(&crm, tool, p, &result, &e))
        fail_msg("%s: %s (%s)", tool, e.msg, e.hint);
    json_decref(p);
    return result;
}

MSX_UNUSED static enum msx_code call_error(const char *tool, const char *params,
                                           struct msx_error *e)
{
    json_t *p = json_loads(params, 0, NULL), *result = NULL;
    enum msx_code rc;

    assert_non_null(p);
    *e = (struct msx_error)MSX_ERROR_INIT;
    rc = msx_tool_call(&crm, tool, p, &result, e);
    json_decref(p);
    json_decref(result);
    return rc;
}

#endif
