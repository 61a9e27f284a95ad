/* The check of a plan document: every member typed, sizes bounded, ids unique, dependencies sound.
 * Members that this version does not know are left alone. Messages name the operation and the
 * member. */
#include <string.h>

#include "msxops/config.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "plan/plan_priv.h"

#define TEXT_MAX       ((size_t)256 << 10) /* bytes of one text value */
#define NAME_MAX_BYTES ((size_t)4096)
#define COLUMNS_MAX    200
#define LIST_MAX       MSX_PLAN_MAX_OPS /* an undo may wait for all others */

static enum msx_code bad(struct msx_error *err, const char *name, const char *member,
                         const char *want)
{
    return msx_fail(err, MSX_E_INVALID, "%s: '%s' must be %s", name, member, want);
}

/* A text of at most max bytes that shows as it is: JSON allows a NUL inside, which would hide the
 * rest from the reader. */
static bool text_of(const json_t *v, size_t max)
{
    return json_is_string(v) && json_string_length(v) <= max &&
           strlen(json_string_value(v)) == json_string_length(v);
}

static bool short_text(const json_t *v)
{
    return text_of(v, NAME_MAX_BYTES);
}

/* Absent, null, or a short text. */
static bool text_or_none(const json_t *obj, const char *key)
{
    const json_t *v = json_object_get(obj, key);

    return !v || json_is_null(v) || short_text(v);
}

static bool canonical_guid(const char *s)
{
    char g[MSX_GUID_LEN + 1];

    return s && msx_guid_parse(s, g) && strcmp(s, g) == 0;
}

/* {id, number, name, url} as far as they are there. */
static enum msx_code check_named(const json_t *v, const char *name, const char *member,
                                 struct msx_error *err)
{
    static const char *const keys[] = { "id", "number", "name", "url", "tpid" };

    if (!v || json_is_null(v))
        return MSX_OK;
    if (short_text(v))
        return MSX_OK;
    if (!json_is_object(v))
        return bad(err, name, member, "an object with id and name");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (!text_or_none(v, keys[i]))
            return msx_fail(err, MSX_E_INVALID, "%s: '%s.%s' must be a text of at most %zu bytes",
                            name, member, keys[i], NAME_MAX_BYTES);
    }
    return MSX_OK;
}

static enum msx_code check_target(const json_t *op, const struct plan_type *t, const char *name,
                                  struct msx_error *err)
{
    const json_t *target = json_object_get(op, "target");
    const char *set = msx_json_str(target, "entitySet");
    enum msx_code rc;

    if (!json_is_object(target))
        return bad(err, name, "target", "an object");
    if (!set || strcmp(set, t->set) != 0)
        return msx_fail(err, MSX_E_INVALID, "%s: 'target.entitySet' must be '%s' for %s", name,
                        t->set, t->name);
    if (!canonical_guid(msx_json_str(target, "id")))
        return bad(err, name, "target.id", "a GUID in lower case without braces");
    rc = check_named(target, name, "target", err);
    return rc;
}

static enum msx_code check_context(const json_t *op, const char *name, struct msx_error *err)
{
    static const char *const keys[] = { "customer", "opportunity", "milestone" };
    const json_t *context = json_object_get(op, "context");

    if (!context || json_is_null(context))
        return MSX_OK;
    if (!json_is_object(context))
        return bad(err, name, "context", "an object");
    for (size_t i = 0; i < 3; i++) {
        enum msx_code rc = check_named(json_object_get(context, keys[i]), name, keys[i], err);

        if (rc)
            return rc;
    }
    return MSX_OK;
}

/* One value of before or after: no objects or arrays, texts bounded. */
static bool plain_value(const json_t *v)
{
    return text_of(v, TEXT_MAX) || json_is_null(v) || json_is_boolean(v) || json_is_number(v);
}

/* The column part of "column" or "column@annotation" into out. */
static bool column_of(const char *key, char out[160])
{
    size_t n = strcspn(key, "@");

    if (n == 0 || n >= 160)
        return false;
    memcpy(out, key, n);
    out[n] = '\0';
    return true;
}

static enum msx_code check_column(const json_t *after, const struct plan_type *t, const char *key,
                                  const json_t *v, const char *name, struct msx_error *err)
{
    char column[160];

    if (!column_of(key, column) || !plan_type_allows(t, column))
        return msx_fail(err, MSX_E_INVALID, "%s: %s cannot write '%s'", name, t->name, key);
    if (!plan_is_column(key)) {
        if (!json_object_get(after, column))
            return msx_fail(err, MSX_E_INVALID, "%s: 'after.%s' has no value beside it", name, key);
        if (!json_is_null(v) && !short_text(v))
            return msx_fail(err, MSX_E_INVALID, "%s: 'after.%s' must be a text", name, key);
        return MSX_OK;
    }
    if (!plain_value(v))
        return msx_fail(err, MSX_E_INVALID,
                        "%s: 'after.%s' must be a text of at most %zu bytes, a number, a truth "
                        "value or null",
                        name, key, TEXT_MAX);
    if (key[0] == '_' && !json_is_null(v) && !canonical_guid(json_string_value(v)))
        return msx_fail(err, MSX_E_INVALID,
                        "%s: 'after.%s' must be a GUID in lower case without braces", name, key);
    if ((strcmp(key, "statecode") == 0 || strcmp(key, "statuscode") == 0) && !json_is_integer(v))
        return msx_fail(err, MSX_E_INVALID, "%s: 'after.%s' must be a whole number", name, key);
    return MSX_OK;
}

static enum msx_code check_after(const json_t *op, const struct plan_type *t, const char *name,
                                 struct msx_error *err)
{
    json_t *after = json_object_get(op, "after");
    const char *key;
    json_t *v;
    size_t columns = 0;

    if (!json_is_object(after))
        return bad(err, name, "after", "an object");
    json_object_foreach(after, key, v) {
        enum msx_code rc = check_column(after, t, key, v, name, err);

        if (rc)
            return rc;
        columns += plan_is_column(key);
    }
    if (columns == 0)
        return msx_fail(err, MSX_E_INVALID, "%s: 'after' has nothing to write", name);
    if (t->columns && (!json_is_integer(json_object_get(after, "statecode")) ||
                       !json_is_integer(json_object_get(after, "statuscode"))))
        return msx_fail(err, MSX_E_INVALID,
                        "%s: 'after' of %s must have 'statecode' and 'statuscode'", name, t->name);
    if (columns > COLUMNS_MAX)
        return msx_fail(err, MSX_E_INVALID, "%s: 'after' has more than %d columns", name,
                        COLUMNS_MAX);
    return MSX_OK;
}

static enum msx_code check_before(const json_t *op, const struct plan_type *t, const char *name,
                                  struct msx_error *err)
{
    json_t *before = json_object_get(op, "before");
    const char *etag = msx_json_str(before, PLAN_ETAG);
    const char *key;
    json_t *v;

    if (t->create && (!before || json_is_null(before)))
        return MSX_OK;
    if (!json_is_object(before))
        return bad(err, name, "before", "an object");
    if (json_object_size(before) > (size_t)8 * COLUMNS_MAX)
        return msx_fail(err, MSX_E_INVALID, "%s: 'before' has too many columns", name);
    json_object_foreach(before, key, v) {
        if (strlen(key) > 160 || !plain_value(v))
            return msx_fail(err, MSX_E_INVALID, "%s: 'before' has a value that is not plain: '%s'",
                            name, key);
    }
    if (json_object_get(before, PLAN_ETAG) && (!etag || strlen(etag) > 200 || !*etag))
        return bad(err, name, "before.@odata.etag", "the record's ETag");
    /* goes into a header as it is */
    for (const char *c = etag; c && *c; c++) {
        if (*c < 0x21 || *c > 0x7E)
            return bad(err, name, "before.@odata.etag", "the record's ETag");
    }
    return MSX_OK;
}

static enum msx_code check_names(const json_t *op, const char *member, const char *name,
                                 struct msx_error *err)
{
    json_t *list = json_object_get(op, member), *v;
    size_t i;

    if (!list || json_is_null(list))
        return MSX_OK;
    if (!json_is_array(list) || json_array_size(list) > LIST_MAX)
        return bad(err, name, member, "a list of names");
    json_array_foreach(list, i, v) {
        if (!text_of(v, 128) || json_string_length(v) == 0)
            return bad(err, name, member, "a list of names");
    }
    return MSX_OK;
}

static enum msx_code check_guardrails(const json_t *op, const char *name, struct msx_error *err)
{
    json_t *list = json_object_get(op, "guardrails"), *v;
    size_t i;

    if (!list || json_is_null(list))
        return MSX_OK;
    if (!json_is_array(list) || json_array_size(list) > LIST_MAX)
        return bad(err, name, "guardrails", "a list");
    json_array_foreach(list, i, v) {
        const char *outcome = msx_json_str(v, "outcome");
        const json_t *override = json_object_get(v, "override");

        if (!msx_json_str(v, "id") || !outcome ||
            (strcmp(outcome, "pass") != 0 && strcmp(outcome, "warn") != 0 &&
             strcmp(outcome, "block") != 0))
            return bad(err, name, "guardrails",
                       "a list of {id, outcome pass, warn or block, message}");
        if (!text_or_none(v, "message"))
            return bad(err, name, "guardrails.message", "a text");
        if (override && !json_is_null(override) && !msx_json_str(override, "reason"))
            return bad(err, name, "guardrails.override", "an object with a reason");
    }
    return MSX_OK;
}

static enum msx_code check_rest(const json_t *op, const char *name, struct msx_error *err)
{
    static const char *const said[] = { "why", "impact", "risk" };
    const json_t *v;
    enum msx_code rc;

    for (size_t i = 0; i < 3; i++) {
        v = json_object_get(op, said[i]);
        if (v && !json_is_null(v) && !json_is_string(v) && !json_is_array(v) && !json_is_object(v))
            return bad(err, name, said[i], "a text, or a list or object of it");
    }
    v = json_object_get(op, "origin");
    if (v && !json_is_null(v) && !json_is_string(v) && !json_is_object(v))
        return bad(err, name, "origin", "an object");
    v = json_object_get(op, "source");
    if (v && !json_is_null(v) && !json_is_string(v) && !json_is_object(v))
        return bad(err, name, "source", "an object");
    v = json_object_get(op, "inverse");
    if (v && !json_is_null(v) && !json_is_string(v) && !json_is_object(v))
        return bad(err, name, "inverse", "an object");
    v = json_object_get(op, "rows");
    if (v && !json_is_null(v) && (!json_is_array(v) || json_array_size(v) > LIST_MAX))
        return bad(err, name, "rows", "a list");
    rc = check_names(op, "guard", name, err);
    if (!rc)
        rc = check_names(op, "dependsOn", name, err);
    return rc ? rc : check_guardrails(op, name, err);
}

enum msx_code plan_check_op(const json_t *op, const char *name, struct msx_error *err)
{
    const char *type = msx_json_str(op, "type");
    const struct plan_type *t = plan_type_find(type);
    enum msx_code rc;

    if (!json_is_object(op))
        return msx_fail(err, MSX_E_INVALID, "%s must be an object", name);
    if (!type)
        return bad(err, name, "type", PLAN_TYPE_NAMES);
    if (!t)
        return msx_fail(err, MSX_E_INVALID, "%s: 'type' must be " PLAN_TYPE_NAMES ", not '%.80s'",
                        name, type);
    rc = check_target(op, t, name, err);
    if (!rc)
        rc = check_context(op, name, err);
    if (!rc)
        rc = check_before(op, t, name, err);
    if (!rc)
        rc = check_after(op, t, name, err);
    return rc ? rc : check_rest(op, name, err);
}

/* ---- the whole document ---- */

static enum msx_code check_head(const json_t *doc, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *org = NULL;
    const json_t *user = json_object_get(doc, "user");
    const char *format = msx_json_str(doc, "format"), *url = msx_json_str(doc, "org");
    static const char *const texts[] = { "created", "tool" };
    const json_t *role = json_object_get(doc, "role");
    enum msx_code rc;
    json_int_t version;

    if (!json_is_object(doc) || !format || strcmp(format, PLAN_FORMAT) != 0)
        return msx_fail(err, MSX_E_INVALID, "not a plan: 'format' must be '" PLAN_FORMAT "'");
    if (!msx_json_int(doc, "version", &version) || version < 1)
        return bad(err, "plan", "version", "a whole number from 1");
    if (version > PLAN_VERSION) {
        (void)msx_fail(err, MSX_E_INVALID,
                       "plan: version %lld is newer than this program knows (%d)",
                       (long long)version, PLAN_VERSION);
        msx_hint(err, "upgrade msxops to work with this plan");
        return MSX_E_INVALID;
    }
    rc = url ? msx_org_url(url, &org, NULL) : MSX_E_USAGE;
    if (rc == MSX_E_NOMEM)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (rc || strcmp(org, url) != 0)
        return bad(err, "plan", "org", "the address of an organisation");
    if (!canonical_guid(msx_json_str(user, "id")) || !text_or_none(user, "name") ||
        !text_or_none(user, "email"))
        return bad(err, "plan", "user", "an object with id (a GUID), name and email");
    if (json_object_get(doc, "planId") && !canonical_guid(msx_json_str(doc, "planId")))
        return bad(err, "plan", "planId", "a GUID in lower case without braces");
    for (size_t i = 0; i < 2; i++) {
        if (!text_or_none(doc, texts[i]))
            return bad(err, "plan", texts[i], "a text");
    }
    if (role && !json_is_null(role) && !short_text(role) && !json_is_object(role))
        return bad(err, "plan", "role", "a text or an object");
    return MSX_OK;
}

/* Follows dependencies from every operation, once each; mark: 0 new, 1 on the path, 2 done. Without
 * recursion, because a plan may be 2000 deep. */
static enum msx_code check_cycles(const json_t *ops, const json_t *index, struct msx_error *err)
{
    size_t n = json_array_size(ops), depth;
    MSX_AUTO(msx_free_p) unsigned char *mark = msx_calloc(n + 1, 1);
    MSX_AUTO(msx_free_p) size_t *path = msx_calloc(n + 1, sizeof *path);
    MSX_AUTO(msx_free_p) size_t *next = msx_calloc(n + 1, sizeof *next);

    if (!mark || !path || !next)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    for (size_t start = 0; start < n; start++) {
        if (mark[start])
            continue;
        depth = 1;
        path[0] = start;
        mark[start] = 1;
        while (depth > 0) {
            size_t at = path[depth - 1], to;
            const json_t *op = json_array_get(ops, at);
            const json_t *dep = json_array_get(msx_json_arr(op, "dependsOn"), next[at]);

            if (!dep) {
                mark[at] = 2;
                depth--;
                continue;
            }
            next[at]++;
            to = (size_t)json_integer_value(json_object_get(index, json_string_value(dep)));
            if (mark[to] == 1)
                return msx_fail(err, MSX_E_INVALID, "%s: 'dependsOn' goes round in a circle (%s)",
                                plan_op_id(op), json_string_value(dep));
            if (mark[to] == 0) {
                mark[to] = 1;
                path[depth++] = to;
            }
        }
    }
    return MSX_OK;
}

/* An update needs the ETag it was planned on, unless an operation before it makes the record. */
static enum msx_code check_etag(const json_t *op, const json_t *made, struct msx_error *err)
{
    const struct plan_type *t = plan_op_type(op);

    if (t->create || msx_json_str(msx_json_obj(op, "before"), PLAN_ETAG) ||
        json_object_get(made, plan_target_id(op)))
        return MSX_OK;
    return bad(err, plan_op_id(op), "before.@odata.etag", "the record's ETag");
}

static enum msx_code check_ids(const json_t *doc, const json_t *ops, json_t *index, json_t *made,
                               struct msx_error *err)
{
    json_int_t next;
    json_t *op;
    size_t i;
    bool has_next = msx_json_int(doc, "nextId", &next);

    if (json_object_get(doc, "nextId") && (!has_next || next < 1))
        return bad(err, "plan", "nextId", "a whole number from 1");
    json_array_foreach(ops, i, op) {
        const char *id = msx_json_str(op, "id");
        char place[40];
        enum msx_code rc;

        (void)snprintf(place, sizeof place, "operation %zu", i + 1);
        if (!id || plan_id_number(id) == 0)
            return bad(err, place, "id", "'OP-' and a number");
        if (json_object_get(index, id))
            return msx_fail(err, MSX_E_INVALID, "%s: 'id' is there twice", id);
        if (has_next && plan_id_number(id) >= (unsigned long)next)
            return msx_fail(err, MSX_E_INVALID, "%s: 'id' is not below the plan's 'nextId'", id);
        rc = plan_check_op(op, id, err);
        if (!rc)
            rc = check_etag(op, made, err);
        if (rc)
            return rc;
        if (json_object_set_new(index, id, json_integer((json_int_t)i)) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        if (!plan_op_type(op)->create)
            continue;
        if (json_object_get(made, plan_target_id(op)))
            return msx_fail(err, MSX_E_INVALID, "%s: 'target.id' is made by another operation too",
                            id);
        if (json_object_set_new(made, plan_target_id(op), json_true()) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    return MSX_OK;
}

enum msx_code msx_plan_check(const json_t *doc, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *index = json_object();
    MSX_AUTO(msx_json_free_p) json_t *made = json_object();
    json_t *ops = json_object_get(doc, "operations"), *op, *dep;
    enum msx_code rc;
    size_t i, k;

    if (!index || !made)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = check_head(doc, err);
    if (rc)
        return rc;
    if (!json_is_array(ops))
        return bad(err, "plan", "operations", "a list");
    if (json_array_size(ops) > MSX_PLAN_MAX_OPS)
        return msx_fail(err, MSX_E_INVALID, "plan: more than %d operations", MSX_PLAN_MAX_OPS);
    rc = check_ids(doc, ops, index, made, err);
    if (rc)
        return rc;
    json_array_foreach(ops, i, op) {
        json_array_foreach(msx_json_arr(op, "dependsOn"), k, dep) {
            if (!json_object_get(index, json_string_value(dep)))
                return msx_fail(err, MSX_E_INVALID,
                                "%s: 'dependsOn' names '%.80s', which is not in the plan",
                                plan_op_id(op), json_string_value(dep));
        }
    }
    return check_cycles(ops, index, err);
}
