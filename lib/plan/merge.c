/* Operations of a plan that are about the same thing become one: two PATCHes under one ETag could
 * never both succeed, and two tasks of the same name on a milestone are a slip. The later value of
 * a column wins; what was read first stays as the value before. */
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "plan/plan_priv.h"

/* Equal without regard to ASCII case and white space. */
static bool same_name(const char *a, const char *b)
{
    static const char blank[] = " \t\r\n";

    if (!a || !b)
        return false;
    for (;;) {
        char x[2] = "", y[2] = "";

        a += strspn(a, blank);
        b += strspn(b, blank);
        x[0] = *a;
        y[0] = *b;
        if (!*a || !*b)
            return !*a && !*b;
        if (msx_ascii_casecmp(x, y) != 0)
            return false;
        a++;
        b++;
    }
}

static bool same_column(const json_t *a, const json_t *b, const char *column)
{
    return plan_value_same(json_object_get(msx_json_obj(a, "after"), column),
                           json_object_get(msx_json_obj(b, "after"), column));
}

static bool same_create(const json_t *a, const json_t *b)
{
    const json_t *x = msx_json_obj(a, "after"), *y = msx_json_obj(b, "after");

    if (!plan_type_is_task(plan_op_type(a)))
        return same_column(a, b, "_msp_opportunityid_value") &&
               same_name(msx_json_str(x, "msp_name"), msx_json_str(y, "msp_name"));
    return same_column(a, b, "_regardingobjectid_value") &&
           same_name(msx_json_str(x, "subject"), msx_json_str(y, "subject"));
}

static bool same_purpose(const json_t *a, const json_t *b)
{
    if (plan_op_type(a) != plan_op_type(b))
        return false;
    return plan_op_type(a)->create ? same_create(a, b) : plan_same_record(a, b);
}

/* ---- putting two into one ---- */

/* The record must not have changed between the two readings where the plan rests on it. */
static enum msx_code check_reading(const json_t *old, const json_t *op, struct msx_error *err)
{
    const json_t *first = msx_json_obj(old, "before"), *now = msx_json_obj(op, "before");
    json_t *v;
    size_t i;

    json_array_foreach(msx_json_arr(old, "guard"), i, v) {
        const char *column = json_string_value(v);

        if (!column || !json_object_get(now, column) ||
            plan_value_same(json_object_get(first, column), json_object_get(now, column)))
            continue;
        (void)msx_fail(err, MSX_E_CONFLICT, "'%s' of this record has changed since %s was planned",
                       column, plan_op_id(old));
        msx_hint(err, "msxops plan drop PLAN %s, then plan both changes again", plan_op_id(old));
        return MSX_E_CONFLICT;
    }
    return MSX_OK;
}

static int take_columns(json_t *old, const json_t *op)
{
    json_t *after = msx_json_obj(old, "after"), *more = msx_json_obj(op, "after"), *v;
    const char *key;

    json_object_foreach(more, key, v) {
        if (plan_is_column(key) && plan_copy_column(after, more, key) < 0)
            return -1;
    }
    return 0;
}

/* Columns that are set back to what they were are no change any more. */
static void drop_unchanged(json_t *old)
{
    json_t *after = msx_json_obj(old, "after"), *before = msx_json_obj(old, "before"), *v;
    const char *key;
    void *tmp;

    json_object_foreach_safe(after, tmp, key, v) {
        char column[160];
        size_t n = strcspn(key, "@");

        if (n >= sizeof column)
            continue;
        memcpy(column, key, n);
        column[n] = '\0';
        if (!key[n] && plan_value_same(v, json_object_get(before, key)))
            (void)json_object_del(after, key); /* it is there: this cannot fail */
    }
    /* labels of columns that are gone */
    json_object_foreach_safe(after, tmp, key, v) {
        char column[160];
        size_t n = strcspn(key, "@");

        if (!key[n] || n >= sizeof column)
            continue;
        memcpy(column, key, n);
        column[n] = '\0';
        if (!json_object_get(after, column))
            (void)json_object_del(after, key);
    }
}

static int take_before(json_t *old, const json_t *op)
{
    json_t *before = msx_json_obj(old, "before"), *more = msx_json_obj(op, "before"), *v;
    const char *key;

    if (!before)
        return 0;
    json_object_foreach(more, key, v) {
        if (strcmp(key, PLAN_ETAG) == 0    ? json_object_set(before, key, v) < 0
            : json_object_get(before, key) ? 0
                                           : json_object_set(before, key, v) < 0)
            return -1;
    }
    return 0;
}

static bool holds(const json_t *list, const json_t *value)
{
    json_t *v;
    size_t i;

    json_array_foreach(list, i, v) {
        if (json_equal(v, value))
            return true;
    }
    return false;
}

/* Union of two lists of names. */
static int take_names(json_t *old, const json_t *op, const char *member)
{
    json_t *list = msx_json_arr(old, member), *v;
    size_t i;

    if (!msx_json_arr(op, member))
        return 0;
    if (!list) {
        list = json_array();
        if (json_object_set_new(old, member, list) < 0)
            return -1;
    }
    json_array_foreach(msx_json_arr(op, member), i, v) {
        if (!holds(list, v) && json_array_append(list, v) < 0)
            return -1;
    }
    return 0;
}

/* Both reasons, as a list when they differ. */
static int take_said(json_t *old, const json_t *op, const char *member)
{
    json_t *a = json_object_get(old, member), *b = json_object_get(op, member), *list;

    if (!b || json_is_null(b) || (a && json_equal(a, b)))
        return 0;
    if (!a || json_is_null(a))
        return json_object_set(old, member, b);
    if (json_is_array(a))
        return holds(a, b)        ? 0
               : json_is_array(b) ? json_array_extend(a, json_object_get(op, member))
                                  : json_array_append(a, b);
    list = json_pack("[O]", a);
    if (!list || (json_is_array(b) ? json_array_extend(list, json_object_get(op, member))
                                   : json_array_append(list, b)) < 0) {
        json_decref(list);
        return -1;
    }
    return json_object_set_new(old, member, list);
}

static enum msx_code put_into(json_t *old, const json_t *op, struct msx_error *err)
{
    static const char *const said[] = { "why", "impact", "risk" };
    bool ok = take_columns(old, op) == 0 && take_before(old, op) == 0 &&
              take_names(old, op, "guard") == 0 && take_names(old, op, "dependsOn") == 0;

    for (size_t i = 0; i < 3; i++)
        ok = ok && take_said(old, op, said[i]) == 0;
    if (json_object_get(op, "source") &&
        !json_equal(json_object_get(op, "source"), json_object_get(old, "source"))) {
        json_t *also = msx_json_arr(old, "alsoFrom");

        if (!also) {
            also = json_array();
            ok = ok && json_object_set_new(old, "alsoFrom", also) == 0;
        }
        ok = ok && json_array_append(also, json_object_get(op, "source")) == 0;
    }
    /* an override was given for the operation as it was, and what it takes back has changed */
    ok = ok && json_object_set_new(old, "guardrails", json_array()) == 0;
    if (!plan_op_type(old)->create)
        (void)json_object_del(old, "inverse");
    return ok ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

/* An open task is changed before it is closed; a closed one is not changed at all. */
static enum msx_code check_closed(const json_t *doc, const json_t *op, struct msx_error *err)
{
    json_t *other;
    size_t i;

    if (strcmp(msx_json_str_or(op, "type", ""), "update_task") != 0)
        return MSX_OK;
    json_array_foreach(msx_json_arr(doc, "operations"), i, other) {
        if (strcmp(msx_json_str_or(other, "type", ""), "close_task") != 0 ||
            !plan_same_record(other, op))
            continue;
        (void)msx_fail(err, MSX_E_CONFLICT, "%s of this plan closes the task", plan_op_id(other));
        msx_hint(err, "msxops plan drop PLAN %s, plan this change, then close the task again",
                 plan_op_id(other));
        return MSX_E_CONFLICT;
    }
    return MSX_OK;
}

enum msx_code plan_merge(const json_t *doc, const json_t *op, enum plan_merge *result,
                         json_t **into, struct msx_error *err)
{
    json_t *old;
    enum msx_code rc;
    size_t i;

    *result = PLAN_MERGE_NONE;
    json_array_foreach(msx_json_arr(doc, "operations"), i, old) {
        if (!same_purpose(old, op))
            continue;
        rc = plan_op_type(op)->create ? MSX_OK : check_reading(old, op, err);
        if (!rc)
            rc = put_into(old, op, err);
        if (rc)
            return rc;
        if (!plan_op_type(op)->create)
            drop_unchanged(old);
        *into = old;
        *result = json_object_size(msx_json_obj(old, "after")) ? PLAN_MERGE_DONE : PLAN_MERGE_EMPTY;
        return MSX_OK;
    }
    return check_closed(doc, op, err);
}
