/* The plan that takes a plan back: the inverse of each operation that is done, in reverse order,
 * guarded by the state that the apply has left. It is reviewed and applied like any other plan. */
#include <stdio.h>
#include <string.h>

#include "msxops/date.h"
#include "msxops/mem.h"
#include "plan/exec.h"

struct undo {
    const struct plan_run *x;
    json_t *records; /* id -> columns as the whole run has left them */
    json_t *ids;     /* id of an operation -> id of its inverse */
    json_t *ops;
    json_t *left; /* [{op, reason}] that cannot be taken back */
};

static size_t depth_of(const struct plan_run *x, size_t i)
{
    size_t depth = 0;

    while (x->ops[i].earlier != PLAN_NONE) {
        i = x->ops[i].earlier;
        depth++;
    }
    return depth;
}

/* The states of all operations on a record laid over each other, in the order in which they ran. */
static int final_states(struct undo *u)
{
    bool more = true;

    for (size_t depth = 0; more; depth++) {
        more = false;
        for (size_t i = 0; i < u->x->n; i++) {
            const struct plan_op *r = &u->x->ops[i];
            json_t *all = json_object_get(u->records, plan_target_id(r->op));

            if (depth_of(u->x, i) != depth)
                continue;
            more = true;
            if (!all) {
                all = json_object();
                if (json_object_set_new(u->records, plan_target_id(r->op), all) < 0)
                    return -1;
            }
            if (r->state && json_object_update(all, r->state) < 0)
                return -1;
        }
    }
    return 0;
}

/* The inverse of an operation of this plan, when it was this plan that did it; else NULL. */
static json_t *inverse_of(struct undo *u, const struct plan_op *r, int *failed)
{
    MSX_AUTO(msx_json_free_p) json_t *inverse = NULL;
    const json_t *state = json_object_get(u->records, plan_target_id(r->op));
    const char *none = NULL;
    json_t *given = msx_json_obj(r->op, "inverse");

    if (!plan_is_done(r->outcome) || !r->ours)
        return NULL;
    inverse = given ? json_incref(given) : plan_inverse(r->op, -1);
    if (!inverse) {
        *failed = -1;
        return NULL;
    }
    if (!msx_json_str(state, PLAN_ETAG))
        none = "the state that it left could not be read";
    else if (!msx_json_obj(inverse, "after") || !plan_type_find(msx_json_str(inverse, "type")))
        none = msx_json_str_or(inverse, "none", "the plan names no inverse");
    if (!none)
        return MSX_STEAL(inverse);
    if (json_array_append_new(
            u->left, json_pack("{s:s, s:s}", "operation", plan_op_id(r->op), "reason", none)) < 0)
        *failed = -1;
    return NULL;
}

/* Columns that the inverse rests on: those that it writes and those that the operation wrote. */
static json_t *guard_of(const json_t *op, const json_t *inverse)
{
    MSX_AUTO(msx_json_free_p) json_t *guard = json_array();
    json_t *after = msx_json_obj(inverse, "after");
    const char *key;
    json_t *v;

    json_object_foreach(after, key, v) {
        if (!guard || (plan_is_column(key) && json_array_append_new(guard, json_string(key)) < 0))
            return NULL;
    }
    json_object_foreach(msx_json_obj(op, "after"), key, v) {
        if (!guard || (plan_is_column(key) && !json_object_get(after, key) &&
                       json_array_append_new(guard, json_string(key)) < 0))
            return NULL;
    }
    return MSX_STEAL(guard);
}

/* A date has the user's day beside it, as in any plan: the service's own label follows its locale.
 */
static int label_day(const struct undo *u, json_t *before, const char *column)
{
    const struct msx_tz *tz = u->x->ctx->tz;
    const char *label = plan_label(before, column);
    MSX_AUTO(msx_free_p) char *key = msx_asprintf("%s" PLAN_LABEL, column);
    bool bad = false;
    msx_day day = label && tz ? msx_day_of(msx_json_str(before, column), tz, &bad) : MSX_DAY_NONE;
    char text[11];

    if (day == MSX_DAY_NONE)
        return 0;
    msx_day_format(day, text);
    return key ? msx_json_set_str(before, key, text) : -1;
}

static json_t *before_of(const struct undo *u, const json_t *state, const json_t *guard)
{
    MSX_AUTO(msx_json_free_p) json_t *before = json_object();
    json_t *v;
    size_t i;

    if (!before || msx_json_set_str(before, PLAN_ETAG, msx_json_str(state, PLAN_ETAG)) < 0)
        return NULL;
    json_array_foreach(guard, i, v) {
        if (plan_copy_column(before, state, json_string_value(v)) < 0 ||
            label_day(u, before, json_string_value(v)) < 0)
            return NULL;
    }
    return MSX_STEAL(before);
}

/* Inverses of what came after this one: of its dependants, and of the next on the record. */
static json_t *depends_of(struct undo *u, size_t at)
{
    MSX_AUTO(msx_json_free_p) json_t *list = json_array();

    for (size_t i = 0; list && i < u->x->n; i++) {
        const struct plan_op *r = &u->x->ops[i];
        const json_t *id = json_object_get(u->ids, plan_op_id(r->op));
        bool after = r->earlier == at;

        for (size_t k = 0; k < r->n_deps; k++)
            after = after || r->deps[k] == at;
        if (after && id && json_array_append_new(list, json_string(json_string_value(id))) < 0)
            return NULL;
    }
    return MSX_STEAL(list);
}

static json_t *member(const json_t *obj, const char *key)
{
    json_t *v = json_object_get(obj, key);

    return v ? json_incref(v) : json_null();
}

/* obj, a record that an operation names, under the name that the run has left. New. */
static json_t *named_as_left(const struct undo *u, const json_t *obj, const char *column)
{
    const json_t *state = json_object_get(u->records, msx_json_str_or(obj, "id", ""));
    const char *name = msx_json_str(state, column);
    json_t *copy = obj ? json_deep_copy(obj) : json_null();

    if (copy && name && msx_json_set_str(copy, "name", name) < 0) {
        json_decref(copy);
        return NULL;
    }
    return copy;
}

static json_t *context_as_left(const struct undo *u, const struct plan_op *r)
{
    const json_t *context = msx_json_obj(r->op, "context");
    json_t *copy = context ? json_copy((json_t *)(uintptr_t)context) : json_null();

    if (copy && msx_json_obj(context, "milestone") &&
        json_object_set_new(copy, "milestone",
                            named_as_left(u, msx_json_obj(context, "milestone"), "msp_name")) < 0) {
        json_decref(copy);
        return NULL;
    }
    return copy;
}

static int add_op(struct undo *u, size_t at, const json_t *inverse)
{
    const struct plan_op *r = &u->x->ops[at];
    const char *of = plan_op_id(r->op);
    MSX_AUTO(msx_json_free_p) json_t *guard = guard_of(r->op, inverse);
    MSX_AUTO(msx_json_free_p) json_t *op = NULL;
    json_t *before =
        guard ? before_of(u, json_object_get(u->records, plan_target_id(r->op)), guard) : NULL;
    MSX_AUTO(msx_free_p)
    char *why = msx_asprintf("takes back %s (%s)", of, msx_json_str_or(r->op, "type", ""));

    op = json_pack("{s:O, s:O, s:o, s:o, s:{s:s}, s:o, s:O, s:O, s:s, s:s, s:s, s:{s:{s:s?, s:s}}, "
                   "s:[], s:o}",
                   "id", json_object_get(u->ids, of), "type", json_object_get(inverse, "type"),
                   "target",
                   named_as_left(u, msx_json_obj(r->op, "target"),
                                 plan_type_is_task(r->type) ? "subject" : "msp_name"),
                   "context", context_as_left(u, r), "origin", "by", "undo", "before", before,
                   "guard", guard, "after", json_object_get(inverse, "after"), "why",
                   why ? why : "", "impact", "the record is as it was before", "risk",
                   "what was done since on the strength of the change is not taken back", "source",
                   "undo", "plan", msx_json_str(u->x->doc, "planId"), "operation", of, "guardrails",
                   "dependsOn", depends_of(u, at));
    if (!op || !why ||
        json_object_set_new(op, "inverse",
                            json_pack("{s:o, s:o}", "type", member(r->op, "type"), "after",
                                      member(r->op, "after"))) < 0 ||
        json_object_set_new(op, "rows", plan_rows(op)) < 0)
        return -1;
    /* a record is made once: making it again is a new plan */
    if (r->type->create &&
        json_object_set_new(op, "inverse",
                            json_pack("{s:s}", "none", "the record would not be as it was")) < 0)
        return -1;
    return json_array_append(u->ops, op);
}

static int build(struct undo *u)
{
    MSX_AUTO(msx_json_free_p) json_t *inverses = json_object();
    int failed = 0, n = 0;

    if (!inverses || final_states(u) < 0)
        return -1;
    for (size_t i = u->x->n; i > 0 && !failed; i--) {
        const char *of = plan_op_id(u->x->ops[i - 1].op);
        json_t *inverse = inverse_of(u, &u->x->ops[i - 1], &failed);
        char id[32];

        if (!inverse)
            continue;
        (void)snprintf(id, sizeof id, "OP-%d", ++n);
        if (json_object_set_new(inverses, of, inverse) < 0 ||
            json_object_set_new(u->ids, of, json_string(id)) < 0)
            return -1;
    }
    for (size_t i = u->x->n; i > 0 && !failed; i--) {
        const json_t *inverse = json_object_get(inverses, plan_op_id(u->x->ops[i - 1].op));

        if (inverse)
            failed = add_op(u, i - 1, inverse);
    }
    return failed;
}

static enum msx_code document(const struct undo *u, json_t **out, struct msx_error *err)
{
    const struct plan_run *x = u->x;
    const json_t *user = msx_json_obj(x->doc, "user");
    MSX_AUTO(msx_json_free_p)
    json_t *me =
        json_pack("{s:s?, s:s?, s:s?}", "systemuserid", msx_json_str(user, "id"), "fullname",
                  msx_json_str(user, "name"), "internalemailaddress", msx_json_str(user, "email"));
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;
    json_int_t n = (json_int_t)json_array_size(u->ops);
    enum msx_code rc;

    rc = plan_doc_new(msx_json_str_or(x->doc, "org", ""), me, NULL, x->ctx->tool_version,
                      x->ctx->now_s(x->ctx->now_user), &doc, err);
    if (rc)
        return rc;
    if (json_object_set_new(doc, "role", member(x->doc, "role")) < 0 ||
        json_object_set_new(doc, "undoes",
                            json_pack("{s:s?, s:s, s:O}", "planId", msx_json_str(x->doc, "planId"),
                                      "confirmation", x->confirmation, "notTakenBack", u->left)) <
            0 ||
        json_object_set_new(doc, "nextId", json_integer(n + 1)) < 0 ||
        json_object_set(doc, "operations", u->ops) < 0)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_plan_check(doc, err);
    if (rc)
        return msx_wrap(err, rc, "undo plan");
    *out = MSX_STEAL(doc);
    return MSX_OK;
}

enum msx_code plan_undo_doc(const struct plan_run *x, json_t **out, struct msx_error *err)
{
    struct undo u = { .x = x,
                      .records = json_object(),
                      .ids = json_object(),
                      .ops = json_array(),
                      .left = json_array() };
    enum msx_code rc = MSX_OK;

    if (!u.records || !u.ids || !u.ops || !u.left || build(&u) < 0)
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    else if (json_array_size(u.ops) > 0)
        rc = document(&u, out, err);
    else
        *out = NULL;
    json_decref(u.records);
    json_decref(u.ids);
    json_decref(u.ops);
    json_decref(u.left);
    return rc;
}
