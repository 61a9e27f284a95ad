/* Guardrails over the records of catalog 0.5, with tools answered from memory: a plan, operations
 * of it, and what fired. Include it once in a test program. */
#ifndef TESTS_UNIT_GUARD_FX_H
#define TESTS_UNIT_GUARD_FX_H

#include "fixture_catalog.h"

#include <pthread.h>

#include "msxops/mem.h"
#include "skill/guard_int.h"

#define NEW_ID   "f1000000-0000-4000-8000-000000000001"
#define OTHER_ID "f1000000-0000-4000-8000-000000000002"

struct gx {
    struct fx f;
    struct msx_ctx ctx;
    struct msx_profile profile;
    struct msx_crm crm;
    struct msx_guard *guard;
    json_t *plan;
    pthread_mutex_t lock;
    int calls;
    const char *fail_what; /* entity set or "tasks" whose reads fail */
    enum msx_code fail_code;
    int fail_status; /* HTTP */
    int64_t now;
};

/* ---- a CRM in memory ---- */

static MSX_UNUSED int64_t now_s(void *user)
{
    return ((const struct gx *)user)->now;
}

static MSX_UNUSED bool code_known(void *user, const char *logical, const char *column,
                                  json_int_t code)
{
    (void)user;
    if (strcmp(logical, "task") == 0 && strcmp(column, "statecode") == 0)
        return code >= 0 && code <= 2;
    return (code >= 861980000 && code <= 861980008) || (code >= 2 && code <= 7);
}

static MSX_UNUSED json_t *rows_of(const struct gx *x, const char *set)
{
    if (strcmp(set, "msp_engagementmilestones") == 0)
        return x->f.milestones;
    if (strcmp(set, "opportunities") == 0)
        return x->f.opps;
    if (strcmp(set, "msp_dealteams") == 0)
        return x->f.team;
    assert_string_equal(set, "systemusers");
    return x->f.users;
}

static MSX_UNUSED json_t *query(const struct gx *x, const json_t *params)
{
    const char *set = msx_json_str(params, "entitySet"), *filter = msx_json_str(params, "filter");
    json_t *out = json_array(), *row;
    char column[64];
    size_t i, n = strcspn(filter + 1, " ");

    assert_true(n < sizeof column);
    memcpy(column, filter + 1, n);
    column[n] = '\0';
    json_array_foreach(rows_of(x, set), i, row) {
        if (strstr(filter, msx_json_str(row, column)))
            json_array_append(out, row);
    }
    return json_pack("{s:I, s:o}", "count", (json_int_t)json_array_size(out), "value", out);
}

static MSX_UNUSED json_t *activities(const struct gx *x, const json_t *params)
{
    json_t *by = json_object(), *id, *t;
    size_t i, k;

    json_array_foreach(msx_json_arr(params, "milestoneIds"), i, id) {
        json_t *list = json_array();

        json_array_foreach(x->f.tasks, k, t) {
            if (json_equal(json_object_get(t, "_regardingobjectid_value"), id))
                json_array_append(list, t);
        }
        json_object_set_new(by, json_string_value(id), list);
    }
    return json_pack("{s:o}", "byMilestone", by);
}

static MSX_UNUSED enum msx_code call_tool(void *user, struct msx_crm *crm, const char *tool,
                                          const json_t *params, json_t **result,
                                          struct msx_error *err)
{
    struct gx *x = user;
    bool tasks = strcmp(tool, "get_milestone_activities") == 0;
    const char *what = tasks ? "tasks" : msx_json_str(params, "entitySet");
    enum msx_code rc = MSX_OK;

    (void)crm;
    pthread_mutex_lock(&x->lock);
    x->calls++;
    if (x->fail_what && strcmp(x->fail_what, what) == 0) {
        rc = msx_fail(err, x->fail_code, "no %s", what);
        if (err)
            err->http_status = x->fail_status;
    } else
        *result = tasks ? activities(x, params) : query(x, params);
    pthread_mutex_unlock(&x->lock);
    return rc;
}

static MSX_UNUSED void gx_open(struct gx *x, const char *me)
{
    const struct msx_guard_hooks hooks = {
        .call_tool = call_tool, .call_user = x, .code_known = code_known, .code_user = x
    };
    struct msx_error err = MSX_ERROR_INIT;

    *x = (struct gx){ .now = 1772409600 };
    pthread_mutex_init(&x->lock, NULL);
    fx_open(&x->f);
    x->ctx = (struct msx_ctx){ .today = x->f.today,
                               .tz = x->f.tz,
                               .config_dir = "/nonexistent",
                               .data_dir = ".",
                               .concurrency = 4,
                               .now_s = now_s,
                               .now_user = x };
    x->crm = (struct msx_crm){ .ctx = &x->ctx, .profile = &x->profile };
    if (msx_guard_open(&x->crm, &hooks, &x->guard, &err))
        fail_msg("%s", err.msg);
    x->plan = json_pack("{s:{s:s}, s:[]}", "user", "id", me, "operations");
}

static MSX_UNUSED void gx_close(struct gx *x)
{
    json_decref(x->plan);
    msx_skill_guard_free(x->guard);
    fx_close(&x->f);
    pthread_mutex_destroy(&x->lock);
}

/* ---- operations ---- */

static MSX_UNUSED json_t *record_of(json_t *list, const char *key, const char *id)
{
    json_t *r;
    size_t i;

    json_array_foreach(list, i, r) {
        if (strcmp(msx_json_str_or(r, key, ""), id) == 0)
            return r;
    }
    return NULL;
}

/* after: JSON text. milestone: GOOD-C or GOOD-U. task: of update and close, NULL for others. */
static MSX_UNUSED json_t *make_op(struct gx *x, const char *type, const char *milestone,
                                  const char *task, const char *after)
{
    const json_t *m = record_of(x->f.milestones, "msp_engagementmilestoneid", milestone);
    const json_t *o =
        record_of(x->f.opps, "opportunityid", msx_json_str_or(m, "_msp_opportunityid_value", ""));
    const json_t *t = task ? record_of(x->f.tasks, "activityid", task) : NULL;
    json_t *values = json_loads(after, 0, NULL), *target, *op;
    bool create = strncmp(type, "create", 6) == 0, on_task = strstr(type, "task") != NULL;

    assert_non_null(values);
    target =
        create ? json_pack("{s:s, s:s?}", "id", NEW_ID, "name",
                           msx_json_str_or(values, on_task ? "subject" : "msp_name", "New"))
        : t    ? json_pack("{s:s, s:s}", "id", task, "name", msx_json_str(t, "subject"))
               : json_pack("{s:s, s:s, s:s}", "id", milestone, "name", msx_json_str(m, "msp_name"),
                           "number", msx_json_str(m, "msp_milestonenumber"));
    op = json_pack(
        "{s:s, s:o, s:{s:{s:s}, s:{s:s, s:s}, s:{s:s, s:s, s:s}}, s:{s:s}, s:o, s:o, "
        "s:[]}",
        "type", type, "target", target, "context", "customer", "name", "Contoso", "opportunity",
        "id", msx_json_str(o, "opportunityid"), "name", msx_json_str(o, "name"), "milestone", "id",
        milestone, "name", msx_json_str(m, "msp_name"), "number",
        msx_json_str(m, "msp_milestonenumber"), "origin", "by", "human", "before",
        create ? json_object() : json_deep_copy(t ? t : m), "after", values, "guardrails");
    assert_non_null(op);
    return op;
}

static MSX_UNUSED void check(struct gx *x, json_t *op, const json_t *fresh)
{
    struct msx_error err = MSX_ERROR_INIT;

    if (x->guard->check(x->guard->user, x->plan, op, fresh, &err))
        fail_msg("%s", err.msg);
}

/* Adds to the plan and checks, as planning does. Borrowed. */
static MSX_UNUSED json_t *plan(struct gx *x, json_t *op)
{
    json_array_append_new(msx_json_arr(x->plan, "operations"), op);
    check(x, op, NULL);
    return op;
}

static MSX_UNUSED const json_t *row(const json_t *op, const char *id)
{
    json_t *r;
    size_t i;

    json_array_foreach(msx_json_arr(op, "guardrails"), i, r) {
        if (strcmp(msx_json_str_or(r, "id", ""), id) == 0)
            return r;
    }
    return NULL;
}

static MSX_UNUSED const char *outcome(const json_t *op, const char *id)
{
    return msx_json_str_or(row(op, id), "outcome", "-");
}
#define is(op, id, want) assert_string_equal(outcome((op), (id)), (want))
#define says(op, id, want)                                                                         \
    assert_string_equal(msx_json_str_or(row((op), (id)), "message", ""), (want))

/* One operation alone in a plan of its own, by this user. */
struct one {
    struct gx x;
    json_t *op;
};
static MSX_UNUSED void one_open(struct one *t, const char *me, const char *type,
                                const char *milestone, const char *task, const char *after)
{
    gx_open(&t->x, me);
    t->op = make_op(&t->x, type, milestone, task, after);
}
static MSX_UNUSED void expect_one(const char *me, const char *type, const char *milestone,
                                  const char *task, const char *after, const char *id,
                                  const char *want)
{
    struct one t;

    one_open(&t, me, type, milestone, task, after);
    plan(&t.x, t.op);
    if (strcmp(outcome(t.op, id), want) != 0) {
        MSX_AUTO(msx_free_p) char *all = msx_json_canonical_str(msx_json_arr(t.op, "guardrails"));

        print_message("%s %s: wanted %s of %s, got %s\n", type, after, want, id, all);
        fail();
    }
    gx_close(&t.x);
}

#define TASK(more) "{\"subject\":\"Agree the plan\",\"_ownerid_value\":\"" FX_SPEC "\"" more "}"
#define DUE        ",\"scheduledend\":\"2026-03-09T12:00:00Z\""

#endif
