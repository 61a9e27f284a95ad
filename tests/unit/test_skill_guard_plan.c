/* Guardrails of a whole plan: what is read and when, overrides, reads that fail. */
#include "guard_fx.h"

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
    /* an organisation without deal teams is one where they cannot be read; other tables are there
     */
    for (size_t i = 0; i < 2; i++) {
        one_open(&t, FX_SE, "create_task", FX_GOOD_U, NULL, TASK(DUE));
        t.x.fail_what = rows[i].what;
        t.x.fail_code = MSX_E_REJECTED;
        t.x.fail_status = 404;
        if (i == 1) {
            plan(&t.x, t.op);
            is(t.op, "GX-13", "warn");
        } else {
            assert_int_equal(t.x.guard->check(t.x.guard->user, t.x.plan, t.op, NULL, &err),
                             MSX_E_REJECTED);
            json_decref(t.op);
        }
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
        cmocka_unit_test(a_milestone_that_is_gone),
        cmocka_unit_test(bulk_is_said_of_all),
        cmocka_unit_test(overrides),
        cmocka_unit_test(reads_are_shared_and_renewed),
        cmocka_unit_test(many_are_read_in_batches),
        cmocka_unit_test(what_cannot_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
