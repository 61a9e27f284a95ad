/* Guardrails of skills/shared/guardrails.yaml over operations on the records of catalog 0.5: each
 * rule at its boundary, what is read for them, overrides, and reads that fail. */
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
    int64_t now;
};

/* ---- a CRM in memory ---- */

static int64_t now_s(void *user)
{
    return ((const struct gx *)user)->now;
}

static bool code_known(void *user, const char *logical, const char *column, json_int_t code)
{
    (void)user;
    if (strcmp(logical, "task") == 0 && strcmp(column, "statecode") == 0)
        return code >= 0 && code <= 2;
    return (code >= 861980000 && code <= 861980008) || (code >= 2 && code <= 7);
}

static json_t *rows_of(const struct gx *x, const char *set)
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

static json_t *query(const struct gx *x, const json_t *params)
{
    const char *set = msx_json_str(params, "entitySet"), *filter = msx_json_str(params, "filter");
    json_t *out = json_array(), *row;
    char column[64];
    size_t i, n = strcspn(filter + 1, " ");

    assert_true(n < sizeof column);
    memcpy(column, filter + 1, n);
    column[n] = '\0';
    json_array_foreach(rows_of(x, set), i, row)
    {
        if (strstr(filter, msx_json_str(row, column)))
            json_array_append(out, row);
    }
    return json_pack("{s:I, s:o}", "count", (json_int_t)json_array_size(out), "value", out);
}

static json_t *activities(const struct gx *x, const json_t *params)
{
    json_t *by = json_object(), *id, *t;
    size_t i, k;

    json_array_foreach(msx_json_arr(params, "milestoneIds"), i, id)
    {
        json_t *list = json_array();

        json_array_foreach(x->f.tasks, k, t)
        {
            if (json_equal(json_object_get(t, "_regardingobjectid_value"), id))
                json_array_append(list, t);
        }
        json_object_set_new(by, json_string_value(id), list);
    }
    return json_pack("{s:o}", "byMilestone", by);
}

static enum msx_code call_tool(void *user, struct msx_crm *crm, const char *tool,
                               const json_t *params, json_t **result, struct msx_error *err)
{
    struct gx *x = user;
    bool tasks = strcmp(tool, "get_milestone_activities") == 0;
    const char *what = tasks ? "tasks" : msx_json_str(params, "entitySet");
    enum msx_code rc = MSX_OK;

    (void)crm;
    pthread_mutex_lock(&x->lock);
    x->calls++;
    if (x->fail_what && strcmp(x->fail_what, what) == 0)
        rc = msx_fail(err, x->fail_code, "no %s", what);
    else
        *result = tasks ? activities(x, params) : query(x, params);
    pthread_mutex_unlock(&x->lock);
    return rc;
}

static void gx_open(struct gx *x, const char *me)
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

static void gx_close(struct gx *x)
{
    json_decref(x->plan);
    msx_skill_guard_free(x->guard);
    fx_close(&x->f);
    pthread_mutex_destroy(&x->lock);
}

/* ---- operations ---- */

static json_t *record_of(json_t *list, const char *key, const char *id)
{
    json_t *r;
    size_t i;

    json_array_foreach(list, i, r)
    {
        if (strcmp(msx_json_str_or(r, key, ""), id) == 0)
            return r;
    }
    return NULL;
}

/* after: JSON text. milestone: GOOD-C or GOOD-U. task: of update and close, NULL for others. */
static json_t *make_op(struct gx *x, const char *type, const char *milestone, const char *task,
                       const char *after)
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

static void check(struct gx *x, json_t *op, const json_t *fresh)
{
    struct msx_error err = MSX_ERROR_INIT;

    if (x->guard->check(x->guard->user, x->plan, op, fresh, &err))
        fail_msg("%s", err.msg);
}

/* Adds to the plan and checks, as planning does. Borrowed. */
static json_t *plan(struct gx *x, json_t *op)
{
    json_array_append_new(msx_json_arr(x->plan, "operations"), op);
    check(x, op, NULL);
    return op;
}

static const json_t *row(const json_t *op, const char *id)
{
    json_t *r;
    size_t i;

    json_array_foreach(msx_json_arr(op, "guardrails"), i, r)
    {
        if (strcmp(msx_json_str_or(r, "id", ""), id) == 0)
            return r;
    }
    return NULL;
}

static const char *outcome(const json_t *op, const char *id)
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
static void one_open(struct one *t, const char *me, const char *type, const char *milestone,
                     const char *task, const char *after)
{
    gx_open(&t->x, me);
    t->op = make_op(&t->x, type, milestone, task, after);
}
static void expect_one(const char *me, const char *type, const char *milestone, const char *task,
                       const char *after, const char *id, const char *want)
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

/* ---- tests ---- */

static void nothing_fires_on_a_plain_change(void **state)
{
    struct gx x;

    (void)state;
    gx_open(&x, FX_SPEC);
    assert_int_equal(
        json_array_size(msx_json_arr(
            plan(&x, make_op(&x, "create_task", FX_GOOD_U, NULL, TASK(DUE))), "guardrails")),
        0);
    gx_close(&x);
    gx_open(&x, FX_SPEC);
    assert_int_equal(
        json_array_size(msx_json_arr(plan(&x, make_op(&x, "update_milestone", FX_GOOD_U, NULL,
                                                      "{\"msp_milestonedate\":\"2026-04-01\"}")),
                                     "guardrails")),
        0);
    gx_close(&x);
}

static void identity(void **state)
{
    struct one t;

    (void)state;
    one_open(&t, FX_SPEC, "create_task", FX_GOOD_U, NULL, TASK(DUE));
    json_object_del(msx_json_obj(msx_json_obj(t.op, "context"), "opportunity"), "id");
    plan(&t.x, t.op);
    is(t.op, "GX-02", "block");
    says(t.op, "GX-02", "opportunity id missing");
    gx_close(&t.x);

    /* the customer needs a name or an id, not both */
    one_open(&t, FX_SPEC, "create_task", FX_GOOD_U, NULL, TASK(DUE));
    json_object_set_new(msx_json_obj(t.op, "context"), "customer", json_pack("{s:s}", "id", "a"));
    plan(&t.x, t.op);
    is(t.op, "GX-02", "-");
    json_object_set_new(msx_json_obj(t.op, "context"), "customer", json_object());
    check(&t.x, t.op, NULL);
    says(t.op, "GX-02", "customer missing");
    gx_close(&t.x);

    /* renamed by somebody between planning and apply */
    one_open(&t, FX_SPEC, "update_milestone", FX_GOOD_U, NULL, "{\"msp_monthlyuse\":9000}");
    plan(&t.x, t.op);
    is(t.op, "GX-02", "-");
    fx_str(t.x.f.good_u, "msp_name", "Another name");
    check(&t.x, t.op, t.x.f.good_u);
    says(t.op, "GX-02", "milestone name changed since the operation was planned");
    /* unless the plan did it */
    json_array_append_new(msx_json_arr(t.x.plan, "operations"),
                          json_pack("{s:s, s:{s:s}, s:{s:s}}", "type", "update_milestone", "target",
                                    "id", FX_GOOD_U, "after", "msp_name", "Another name"));
    check(&t.x, t.op, t.x.f.good_u);
    is(t.op, "GX-02", "-");
    gx_close(&t.x);
}

static void a_milestone_that_is_gone(void **state)
{
    struct one t;

    (void)state;
    one_open(&t, FX_SPEC, "create_task", FX_GOOD_U, NULL, TASK(DUE));
    json_array_clear(t.x.f.milestones);
    plan(&t.x, t.op);
    says(t.op, "GX-02", "milestone changed since the operation was planned");
    gx_close(&t.x);
}

static void role_unresolved(void **state)
{
    static const char *const title[] = { "CSA/CSAM Manager", "Astronaut" };
    static const char *const message[] = {
        "your role is not clear: your title says csam, csa",
        "your role is not known: your title does not tell it",
    };
    struct one t;

    (void)state;
    for (size_t i = 0; i < 2; i++) { /* P10 */
        one_open(&t, FX_SPEC, "create_task", FX_GOOD_U, NULL, TASK(DUE));
        fx_str(json_array_get(t.x.f.users, 0), "title", title[i]);
        plan(&t.x, t.op);
        is(t.op, "GX-04", "block");
        says(t.op, "GX-04", message[i]);
        assert_non_null(strstr(msx_json_str_or(row(t.op, "GX-04"), "cleared_by", ""),
                               "msxops config set role"));
        /* the plan's role, or the profile's, cures it */
        fx_str(t.x.plan, "role", "csam");
        check(&t.x, t.op, NULL);
        is(t.op, "GX-04", "-");
        json_object_del(t.x.plan, "role");
        t.x.profile.role = (char[]){ "csa" };
        check(&t.x, t.op, NULL);
        is(t.op, "GX-04", "-");
        t.x.profile.role = (char[]){ "king" };
        check(&t.x, t.op, NULL);
        is(t.op, "GX-04", "block");
        gx_close(&t.x);
    }
}

static void placeholders_and_fields(void **state)
{
    static const struct {
        const char *type, *after, *invalid; /* invalid: message of GX-07, NULL: passes */
    } rows[] = {
        { "create_task", TASK(DUE), NULL },
        { "create_task", "{\"subject\":\" \",\"scheduledend\":\"2026-03-09\"}", "invalid subject" },
        { "create_task", "{\"scheduledend\":\"2026-03-09\"}", "invalid subject" },
        { "create_task", TASK(",\"scheduledend\":\"2026-02-30\""), "invalid due date" },
        { "create_task", TASK(DUE ",\"msp_taskcategory\":99"), "invalid category" },
        { "create_task", TASK(DUE ",\"msp_taskcategory\":\"Demo\""), "invalid category" },
        { "create_task", TASK(DUE ",\"prioritycode\":1"), "invalid prioritycode" },
        { "update_milestone", "{\"msp_monthlyuse\":-1}", "invalid monthly use" },
        { "update_milestone", "{\"msp_monthlyuse\":0}", NULL },
        { "update_milestone", "{\"msp_monthlyuse\":\"1\"}", "invalid monthly use" },
        { "update_milestone", "{\"msp_milestonedate\":\"soon\"}", "invalid date" },
        { "update_milestone", "{\"_ownerid_value\":\"me\"}", "invalid owner" },
        { "update_milestone", "{\"msp_name\":null}", "invalid name" },
        { "update_milestone", "{\"msp_milestonedate\":null}", NULL },
    };
    struct one t;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        one_open(&t, FX_SPEC, rows[i].type, FX_GOOD_U, NULL, rows[i].after);
        plan(&t.x, t.op);
        is(t.op, "GX-07", rows[i].invalid ? "block" : "-");
        says(t.op, "GX-07", rows[i].invalid ? rows[i].invalid : "");
        is(t.op, "GX-05", "-");
        gx_close(&t.x);
    }
    one_open(&t, FX_SPEC, "update_milestone", FX_GOOD_U, NULL,
             "{\"msp_milestonedate\":\"<<agreed date>>\","
             "\"msp_forecastcomments\":\"Proof: <<link>> and <<link>>\"}");
    plan(&t.x, t.op);
    is(t.op, "GX-05", "block");
    says(t.op, "GX-05", "fill <<agreed date>>, <<link>>");
    is(t.op, "GX-07", "-"); /* a blank is no wrong value */
    gx_close(&t.x);
}

/* A text of n letters in an operation's column. */
static void letters(json_t *op, const char *column, size_t n)
{
    char text[2100];

    assert_true(n < sizeof text);
    memset(text, 'x', n);
    text[n] = '\0';
    fx_str(msx_json_obj(op, "after"), column, text);
}

static void lengths(void **state)
{
    static const struct {
        const char *column, *id;
        size_t most;
    } rows[] = { { "subject", "GX-07", 200 },
                 { "description", "GX-07", 2000 },
                 { "msp_forecastcomments", "GX-20", 2000 } };
    struct one t;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        one_open(&t, FX_SPEC, i < 2 ? "create_task" : "update_milestone", FX_GOOD_U, NULL,
                 i < 2 ? TASK(DUE) : "{}");
        letters(t.op, rows[i].column, rows[i].most);
        plan(&t.x, t.op);
        is(t.op, rows[i].id, "-");
        letters(t.op, rows[i].column, rows[i].most + 1);
        check(&t.x, t.op, NULL);
        is(t.op, rows[i].id, "block");
        gx_close(&t.x);
    }
}

static void role_boundary(void **state)
{
    static const char date[] = "{\"msp_milestonedate\":\"2026-04-01\"}";
    static const char status[] = "{\"msp_milestonestatus\":861980001}";
    static const char note[] = "{\"msp_forecastcomments\":\"Seen\"}";
    static const char commit[] = "{\"msp_commitmentrecommendation\":861980001}";
    static const char uncommit[] = "{\"msp_commitmentrecommendation\":861980000}";
    static const char to_csa[] = "{\"_ownerid_value\":\"" FX_CSA "\"}";
    static const char to_csam[] = "{\"_ownerid_value\":\"" FX_CSAM "\"}";
    static const struct {
        const char *me, *milestone, *after, *want;
    } rows[] = {
        { FX_SE, FX_GOOD_U, date, "warn" },      { FX_SE, FX_GOOD_U, status, "-" },
        { FX_SE, FX_GOOD_U, note, "-" },         { FX_SE, FX_GOOD_U, commit, "warn" },
        { FX_CSA, FX_GOOD_U, date, "-" },        { FX_CSA, FX_GOOD_U, commit, "warn" },
        { FX_CSA, FX_GOOD_C, uncommit, "warn" }, { FX_CSA, FX_GOOD_C, to_csa, "warn" },
        { FX_CSAM, FX_GOOD_U, date, "warn" },    { FX_CSAM, FX_GOOD_U, status, "-" },
        { FX_CSAM, FX_GOOD_C, date, "-" },       { FX_SPEC, FX_GOOD_U, date, "-" },
        { FX_SPEC, FX_GOOD_C, date, "warn" },    { FX_SPEC, FX_GOOD_C, status, "warn" },
        { FX_SPEC, FX_GOOD_C, note, "-" },       { FX_SPEC, FX_GOOD_U, commit, "-" },
        { FX_SPEC, FX_GOOD_U, to_csam, "-" },
    };
    struct one t;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_one(rows[i].me, "update_milestone", rows[i].milestone, NULL, rows[i].after, "GX-06",
                   rows[i].want);
    /* a csa gives ownership away */
    one_open(&t, FX_CSA, "update_milestone", FX_GOOD_C, NULL, to_csam);
    fx_str(t.x.f.good_c, "_ownerid_value", FX_CSA);
    json_object_set(t.op, "before", t.x.f.good_c);
    plan(&t.x, t.op);
    is(t.op, "GX-06", "-");
    gx_close(&t.x);
    one_open(&t, FX_SPEC, "update_milestone", FX_GOOD_C, NULL, date);
    plan(&t.x, t.op);
    says(t.op, "GX-06", "specialist does not own date of a committed milestone; csam should act");
    gx_close(&t.x);
}

static void smallest_change(void **state)
{
    (void)state;
    expect_one(FX_SPEC, "update_milestone", FX_GOOD_U, NULL,
               "{\"msp_milestonedate\":\"2026-03-27T00:00:00Z\",\"msp_monthlyuse\":8000.0}",
               "GX-08", "block");
    expect_one(FX_SPEC, "update_milestone", FX_GOOD_U, NULL,
               "{\"msp_milestonedate\":\"2026-03-27\",\"msp_monthlyuse\":8001}", "GX-08", "-");
    expect_one(FX_SPEC, "update_task", FX_GOOD_U, FX_GT2,
               "{\"subject\":\"Review sizing with customer\"}", "GX-08", "block");
}

static void duplicate_task(void **state)
{
    static const struct {
        const char *subject, *tag, *want;
    } rows[] = {
        { "review  SIZING with customer", "", "block" }, /* P4 */
        { "Review sizing with customers", "", "-" },
        { "Something else", "[msxops:SPEC-TRI-03]", "block" },
        { "Something else", "[msxops:SPEC-TRI-02]", "-" },
        { "Something else", "[msxops:CSA-NOI-02]", "-" }, /* may come again */
    };
    struct one t;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        one_open(&t, FX_SPEC, "create_task", FX_GOOD_U, NULL, TASK(DUE));
        fx_str(t.x.f.gt2, "description", "Why\n[msxops:SPEC-TRI-03]");
        if (strstr(rows[i].tag, "NOI"))
            fx_str(t.x.f.gt2, "description", rows[i].tag);
        fx_str(msx_json_obj(t.op, "after"), "subject", rows[i].subject);
        fx_str(msx_json_obj(t.op, "after"), "description", rows[i].tag);
        plan(&t.x, t.op);
        is(t.op, "GX-09", rows[i].want);
        /* a closed task is no duplicate, nor is the record itself */
        fx_int(t.x.f.gt2, "statecode", 1);
        check(&t.x, t.op, NULL);
        is(t.op, "GX-09", "-");
        fx_int(t.x.f.gt2, "statecode", 0);
        fx_str(t.x.f.gt2, "activityid", NEW_ID);
        check(&t.x, t.op, NULL);
        is(t.op, "GX-09", "-");
        gx_close(&t.x);
    }
}

static void task_completeness(void **state)
{
    struct one t;

    (void)state;
    expect_one(FX_SPEC, "create_task", FX_GOOD_U, NULL, TASK(""), "GX-10", "block");
    expect_one(FX_SPEC, "create_task", FX_GOOD_U, NULL, TASK(",\"scheduledend\":\"2026-03-01\""),
               "GX-10", "block");
    expect_one(FX_SPEC, "create_task", FX_GOOD_U, NULL, TASK(",\"scheduledend\":\"2026-03-02\""),
               "GX-10", "-");
    expect_one(FX_SPEC, "update_task", FX_GOOD_U, FX_GT2, "{\"scheduledend\":\"2026-03-01\"}",
               "GX-10", "block");
    expect_one(FX_SPEC, "update_task", FX_GOOD_U, FX_GT2, "{\"subject\":\"x\"}", "GX-10", "-");
    /* taking a date back is no new date */
    one_open(&t, FX_SPEC, "update_task", FX_GOOD_U, FX_GT2, "{\"scheduledend\":\"2026-03-01\"}");
    fx_str(msx_json_obj(t.op, "origin"), "by", "undo");
    plan(&t.x, t.op);
    is(t.op, "GX-10", "-");
    gx_close(&t.x);
}

static void task_owner(void **state)
{
    struct one t;

    (void)state;
    expect_one(FX_SPEC, "create_task", FX_GOOD_U, NULL, TASK(DUE), "GX-11", "-");
    one_open(&t, FX_SPEC, "create_task", FX_GOOD_U, NULL,
             "{\"subject\":\"x\",\"scheduledend\":\"2026-03-09\"}");
    plan(&t.x, t.op);
    is(t.op, "GX-11", "warn");
    says(t.op, "GX-11", "owner unresolved");
    fx_str(t.op, "owner_role", "csa");
    check(&t.x, t.op, NULL);
    says(t.op, "GX-11", "owner csa unresolved");
    gx_close(&t.x);
}

static void closed_record(void **state)
{
    static const struct {
        json_int_t status;
        const char *label, *type, *task, *after, *want;
    } rows[] = {
        { 861980003, "Completed", "update_milestone", NULL, "{\"msp_monthlyuse\":1}", "block" },
        { 861980003, "Completed", "update_milestone", NULL, "{\"msp_forecastcomments\":\"Note\"}",
          "warn" },
        { 861980003, "Completed", "create_task", NULL, TASK(DUE), "warn" },
        { 861980004, "Cancelled", "create_task", NULL, TASK(DUE), "block" },
        { 861980004, "Cancelled", "update_task", FX_GT2, "{\"subject\":\"x\"}", "warn" },
        { 861980001, "At Risk", "create_task", NULL, TASK(DUE), "-" },
    };
    struct one t;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        one_open(&t, FX_SPEC, rows[i].type, FX_GOOD_U, rows[i].task, rows[i].after);
        fx_code(t.x.f.good_u, "msp_milestonestatus", rows[i].status, rows[i].label);
        if (!rows[i].task && strcmp(rows[i].type, "update_milestone") == 0)
            json_object_set(t.op, "before", t.x.f.good_u);
        plan(&t.x, t.op);
        is(t.op, "GX-12", rows[i].want);
        gx_close(&t.x);
    }
    /* a closed task: only to open it again */
    one_open(&t, FX_SPEC, "update_task", FX_GOOD_U, FX_GT2, "{\"subject\":\"x\"}");
    fx_int(msx_json_obj(t.op, "before"), "statecode", 1);
    plan(&t.x, t.op);
    is(t.op, "GX-12", "block");
    json_object_set_new(t.op, "after", json_pack("{s:i, s:i}", "statecode", 0, "statuscode", 2));
    check(&t.x, t.op, NULL);
    is(t.op, "GX-12", "-");
    gx_close(&t.x);
}

static void access_to_the_record(void **state)
{
    static const char note[] = "{\"msp_forecastcomments\":\"Seen\"}";
    struct one t;

    (void)state;
    expect_one(FX_SPEC, "update_milestone", FX_GOOD_U, NULL, note, "GX-13", "-"); /* owns both */
    expect_one(FX_SE, "update_milestone", FX_GOOD_U, NULL, note, "GX-13", "-");   /* deal team */
    expect_one(FX_ATU, "update_milestone", FX_GOOD_U, NULL, note, "GX-13", "warn");
    /* owner of the milestone, on no team */
    one_open(&t, FX_ATU, "update_milestone", FX_GOOD_U, NULL, note);
    fx_str(t.x.f.good_u, "_ownerid_value", FX_ATU);
    json_object_set(t.op, "before", t.x.f.good_u);
    plan(&t.x, t.op);
    is(t.op, "GX-13", "-");
    gx_close(&t.x);
}

static void closing_a_task(void **state)
{
    static const char closed[] = "{\"statecode\":1,\"statuscode\":5}";
    struct one t;

    (void)state;
    expect_one(FX_SPEC, "close_task", FX_GOOD_U, FX_GT2, closed, "GX-14", "-"); /* Done when */
    one_open(&t, FX_SPEC, "close_task", FX_GOOD_U, FX_GT2, closed);
    fx_str(t.x.f.gt2, "description", "nothing");
    fx_str(msx_json_obj(t.op, "before"), "description", "nothing");
    plan(&t.x, t.op);
    is(t.op, "GX-14", "warn");
    gx_close(&t.x);
}

static void closing_a_risk(void **state)
{
    static const char back[] = "{\"msp_milestonestatus\":861980000}";
    static const struct {
        json_int_t status;
        const char *label, *recovery, *note, *want;
    } rows[] = {
        { 861980001, "At Risk", NULL, NULL, "block" }, /* P5 */
        { 861980002, "Blocked", NULL, NULL, "block" },
        { 861980005, "Not Started", NULL, NULL, "-" },
        { 861980001, "At Risk", "Recovery: owner=Ana date=2026-04-01", NULL, "-" },
        { 861980001, "At Risk", "Recovery: owner=Ana", NULL, "block" },
        { 861980001, "At Risk", NULL, "Recovery: owner=Ana date=2026-04-01", "-" },
        { 861980001, "At Risk", NULL, "Recovery: date=2026-04-01", "block" },
    };
    struct one t;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        one_open(&t, FX_SPEC, "update_milestone", FX_GOOD_U, NULL, back);
        fx_code(t.x.f.good_u, "msp_milestonestatus", rows[i].status, rows[i].label);
        fx_str(t.x.f.good_u, "msp_forecastcomments", rows[i].recovery);
        json_object_set(t.op, "before", t.x.f.good_u);
        if (rows[i].note)
            fx_str(msx_json_obj(t.op, "after"), "msp_forecastcomments", rows[i].note);
        plan(&t.x, t.op);
        is(t.op, "GX-15", rows[i].want);
        gx_close(&t.x);
    }
}

static void where_the_evidence_is(void **state)
{
    struct one t;
    json_t *evidence;

    (void)state;
    one_open(&t, FX_SPEC, "create_task", FX_GOOD_U, NULL, TASK(DUE));
    json_object_set_new(t.op, "source", json_pack("{s:[]}", "evidence"));
    evidence = msx_json_arr(msx_json_obj(t.op, "source"), "evidence");
    plan(&t.x, t.op);
    is(t.op, "GX-16", "-");
    json_array_append_new(evidence, json_pack("{s:s}", "source", "m365"));
    check(&t.x, t.op, NULL);
    is(t.op, "GX-16", "warn");
    json_array_append_new(evidence, json_pack("{s:s}", "source", "msx"));
    check(&t.x, t.op, NULL);
    is(t.op, "GX-16", "-");
    gx_close(&t.x);
}

static void bulk_is_said_of_all(void **state)
{
    struct gx x;
    json_t *a, *b;

    (void)state;
    gx_open(&x, FX_SPEC);
    a = plan(&x, make_op(&x, "update_milestone", FX_GOOD_U, NULL, "{\"msp_monthlyuse\":1}"));
    is(a, "GX-17", "-");
    b = plan(&x, make_op(&x, "create_task", FX_GOOD_U, NULL, TASK(DUE)));
    is(a, "GX-17", "warn");
    is(b, "GX-17", "warn");
    says(a, "GX-17", "2 records; each is listed, approve the full set or item by item");
    /* and no more when one is left */
    json_array_remove(msx_json_arr(x.plan, "operations"), 1);
    check(&x, a, NULL);
    is(a, "GX-17", "-");
    gx_close(&x);
}

static void commitment(void **state)
{
    static const char commit[] = "{\"msp_commitmentrecommendation\":861980001}";
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(8192);
    struct one t;

    (void)state;
    expect_one(FX_SPEC, "update_milestone", FX_GOOD_U, NULL, commit, "GX-18", "-"); /* P1 */
    one_open(&t, FX_SPEC, "update_milestone", FX_GOOD_U, NULL, commit);
    fx_str(t.x.f.good_u, "msp_forecastcomments", fx_fmb(&b, NULL, "Readiness ", NULL));
    json_object_set(t.op, "before", t.x.f.good_u);
    plan(&t.x, t.op);
    is(t.op, "GX-18", "block");
    gx_close(&t.x);
}

static void pipeline(void **state)
{
    static const char *const by[] = { "human", "flow", "agent" };
    static const char *const want[] = { "warn", "block", "block" };
    struct one t;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        one_open(&t, FX_SPEC, "create_milestone", FX_GOOD_U, NULL, "{\"msp_name\":\"New\"}");
        fx_str(msx_json_obj(t.op, "origin"), "by", by[i]);
        plan(&t.x, t.op);
        is(t.op, "GX-19", want[i]);
        gx_close(&t.x);
    }
}

static void override_with(json_t *op, const char *id, const char *reason)
{
    json_object_set_new((json_t *)(uintptr_t)row(op, id), "override",
                        json_pack("{s:s, s:s, s:s}", "by", "U-SPEC", "at", "2026-03-02T00:00:00Z",
                                  "reason", reason));
}

static void overrides(void **state)
{
    struct one t;

    (void)state;
    one_open(&t, FX_SPEC, "create_task", FX_GOOD_U, NULL, TASK(DUE));
    fx_str(msx_json_obj(t.op, "after"), "subject", "Review sizing with customer");
    json_object_del(msx_json_obj(t.op, "after"), "scheduledend");
    plan(&t.x, t.op);
    is(t.op, "GX-09", "block");
    override_with(t.op, "GX-09", "ok"); /* P3 */
    check(&t.x, t.op, NULL);
    is(t.op, "GX-09", "block");
    assert_null(json_object_get(row(t.op, "GX-09"), "override"));
    override_with(t.op, "GX-09", "14 characters.");
    check(&t.x, t.op, NULL);
    is(t.op, "GX-09", "block");
    override_with(t.op, "GX-09", "15 characters..");
    check(&t.x, t.op, NULL);
    is(t.op, "GX-09", "warn");
    assert_non_null(json_object_get(row(t.op, "GX-09"), "override"));
    check(&t.x, t.op, NULL); /* and stays */
    is(t.op, "GX-09", "warn");
    /* the date cannot be overridden, however good the reason */
    override_with(t.op, "GX-10", "the customer will tell us the date");
    check(&t.x, t.op, NULL);
    is(t.op, "GX-10", "block");
    gx_close(&t.x);
}

static void reads_are_shared_and_renewed(void **state)
{
    struct gx x;
    json_t *a, *copy;
    int planned;

    (void)state;
    gx_open(&x, FX_SPEC);
    a = plan(&x, make_op(&x, "create_task", FX_GOOD_U, NULL, TASK(DUE)));
    planned = x.calls;
    assert_in_range(planned, 1, 5);
    plan(&x, make_op(&x, "update_milestone", FX_GOOD_U, NULL, "{\"msp_monthlyuse\":1}"));
    assert_int_equal(x.calls, planned); /* nothing new to know */
    /* applied: everything anew, once for both */
    fx_task(&x.f, OTHER_ID, FX_GOOD_U, "agree THE plan", NULL, FX_SPEC);
    copy = json_deep_copy(a);
    check(&x, copy, NULL);
    is(copy, "GX-09", "block");
    assert_int_equal(x.calls, 2 * planned);
    check(&x, copy, NULL);
    assert_int_equal(x.calls, 2 * planned);
    /* what is old is not believed */
    x.now += 121;
    check(&x, copy, NULL);
    assert_int_equal(x.calls, 3 * planned);
    json_decref(copy);
    gx_close(&x);
}

static void many_are_read_in_batches(void **state)
{
    MSX_AUTO(msx_json_free_p) json_t *ops = json_array();
    struct msx_error err = MSX_ERROR_INIT;
    struct gx x;
    int before;

    (void)state;
    gx_open(&x, FX_SPEC);
    for (int i = 0; i < 60; i++) {
        char id[37];

        snprintf(id, sizeof id, "c1000000-0000-4000-8000-%012d", i);
        fx_milestone(&x.f, id, "7-1", "One of many", FX_O2, false);
        json_array_append_new(ops, make_op(&x, "update_milestone", id, NULL,
                                           "{\"msp_milestonedate\":\"2026-04-01\"}"));
    }
    assert_int_equal(x.guard->prepare(x.guard->user, ops, &err), MSX_OK);
    before = x.calls;
    assert_in_range(before, 1, 10); /* 3 of milestones, 3 of tasks, opportunity, team, people */
    for (size_t i = 0; i < 60; i++)
        plan(&x, json_incref(json_array_get(ops, i)));
    assert_in_range(x.calls, before, before + 1); /* who you are */
    gx_close(&x);
}

static void what_cannot_be_read(void **state)
{
    static const struct {
        const char *what, *id, *outcome;
    } rows[] = { { "tasks", "GX-09", "block" }, { "msp_dealteams", "GX-13", "warn" } };
    struct msx_error err = MSX_ERROR_INIT;
    struct one t;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        one_open(&t, FX_SE, "create_task", FX_GOOD_U, NULL, TASK(DUE));
        t.x.fail_what = rows[i].what;
        t.x.fail_code = MSX_E_DENIED;
        plan(&t.x, t.op);
        is(t.op, rows[i].id, rows[i].outcome);
        says(t.op, rows[i].id, "cannot be checked: not all that it looks at could be read");
        is(t.op, rows[1 - i].id, "-");
        gx_close(&t.x);
    }
    /* a service that does not answer is not a guardrail that passes */
    one_open(&t, FX_SE, "create_task", FX_GOOD_U, NULL, TASK(DUE));
    t.x.fail_what = "tasks";
    t.x.fail_code = MSX_E_NETWORK;
    assert_int_equal(t.x.guard->check(t.x.guard->user, t.x.plan, t.op, NULL, &err), MSX_E_NETWORK);
    assert_int_equal(json_array_size(msx_json_arr(t.op, "guardrails")), 0);
    json_decref(t.op);
    gx_close(&t.x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_fires_on_a_plain_change),
        cmocka_unit_test(identity),
        cmocka_unit_test(a_milestone_that_is_gone),
        cmocka_unit_test(role_unresolved),
        cmocka_unit_test(placeholders_and_fields),
        cmocka_unit_test(lengths),
        cmocka_unit_test(role_boundary),
        cmocka_unit_test(smallest_change),
        cmocka_unit_test(duplicate_task),
        cmocka_unit_test(task_completeness),
        cmocka_unit_test(task_owner),
        cmocka_unit_test(closed_record),
        cmocka_unit_test(access_to_the_record),
        cmocka_unit_test(closing_a_task),
        cmocka_unit_test(closing_a_risk),
        cmocka_unit_test(where_the_evidence_is),
        cmocka_unit_test(bulk_is_said_of_all),
        cmocka_unit_test(commitment),
        cmocka_unit_test(pipeline),
        cmocka_unit_test(overrides),
        cmocka_unit_test(reads_are_shared_and_renewed),
        cmocka_unit_test(many_are_read_in_batches),
        cmocka_unit_test(what_cannot_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
