/* Guardrails of skills/shared/guardrails.yaml: each rule at its boundary. */
#include "guard_fx.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_fires_on_a_plain_change),
        cmocka_unit_test(identity),
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
        cmocka_unit_test(commitment),
        cmocka_unit_test(pipeline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
