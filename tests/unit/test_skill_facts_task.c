/* Task facts of catalog 1.6 at their boundaries. */
#include "fixture_catalog.h"

/* One task fact of GT after a change, in a fresh world. */
static const char *gt(struct fx *f, const char *fact)
{
    fx_build(f);
    return fx_fact(fx_rec(f, MSX_K_TASK, FX_GT), fact);
}
#define gt_is(f, fact, want) assert_string_equal(gt((f), (fact)), (want))

static void state_follows_statecode_then_statuscode(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    gt_is(&f, "state", "open");
    fx_int(f.gt, "statecode", 1);
    gt_is(&f, "state", "completed");
    fx_int(f.gt, "statecode", 2);
    gt_is(&f, "state", "cancelled");
    fx_int(f.gt, "statuscode", 5);
    gt_is(&f, "state", "cancelled"); /* statecode decides while there is one */
    json_object_set_new(f.gt, "statecode", json_null());
    gt_is(&f, "state", "completed");
    fx_int(f.gt, "statuscode", 6);
    gt_is(&f, "state", "cancelled");
    fx_int(f.gt, "statuscode", 4);
    gt_is(&f, "state", "open");
    json_object_del(f.gt, "statuscode");
    gt_is(&f, "open", "yes");
    fx_close(&f);
}

static void due_today_is_live_and_not_overdue(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_str(f.gt, "scheduledend", "2026-03-02T00:00:00Z");
    gt_is(&f, "overdue", "no");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "days_to_due", "0");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "live", "yes");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "overdue_days", "-");
    fx_str(f.gt, "scheduledend", "2026-03-01");
    gt_is(&f, "overdue", "yes");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "overdue_days", "1");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "live", "no");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "stale", "yes");
    fx_int(f.gt, "statecode", 1);
    gt_is(&f, "overdue", "no");
    fx_close(&f);
}

static void day_of_a_timestamp_depends_on_the_zone(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_str(f.gt, "scheduledend", "2026-03-01T23:30:00Z");
    gt_is(&f, "overdue", "yes");
    msx_tz_free(f.tz);
    assert_int_equal(msx_tz_open("Europe/Berlin", &f.tz, NULL), MSX_OK);
    gt_is(&f, "due", "2026-03-02");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "overdue", "no");
    fx_close(&f);
}

static void without_due_or_owner(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_str(f.gt, "scheduledend", NULL);
    gt_is(&f, "no_due", "yes");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "days_to_due", "-");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "overdue", "no");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "live", "no");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "no_owner", "no");
    fx_str(f.gt, "_ownerid_value", "");
    gt_is(&f, "no_owner", "yes");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "owner_role", "unknown");
    fx_str(f.gt, "_ownerid_value", FX_CSAM);
    json_object_set_new(json_array_get(f.users, 3), "isdisabled", json_true());
    gt_is(&f, "no_owner", "yes");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "owner_role", "csam");
    fx_int(f.gt, "statecode", 1);
    gt_is(&f, "no_owner", "no");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "no_due", "no");
    fx_close(&f);
}

static void a_bad_date_is_null_and_a_gap(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_str(f.gt, "scheduledend", "2026-02-30");
    gt_is(&f, "due", "-");
    assert_int_equal(fx_gaps(&f, "bad_date", "scheduledend", FX_GT), 1);
    fx_int(f.good_c, "msp_milestonedate", 20260302);
    gt_is(&f, "due", "-");
    assert_int_equal(fx_gaps(&f, "bad_date", "msp_milestonedate", "7-100000001"), 1);
    assert_int_equal(fx_gaps(&f, "bad_date", NULL, NULL), 2);
    fx_close(&f);
}

static void touched_is_the_latest_date(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    gt_is(&f, "touched", "2026-02-27");
    fx_str(f.gt, "createdon", "2026-02-28T12:00:00Z");
    gt_is(&f, "touched", "2026-02-28");
    fx_str(f.gt, "actualend", "2026-03-01T12:00:00Z");
    gt_is(&f, "touched", "2026-03-01");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "idle_days", "1");
    json_object_del(f.gt, "createdon");
    json_object_del(f.gt, "actualend");
    json_object_del(f.gt, "modifiedon");
    gt_is(&f, "touched", "-");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "idle_days", "-");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "idle", "no");
    fx_close(&f);
}

static void idle_needs_more_than_fourteen_days(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_str(f.gt, "modifiedon", "2026-02-16T10:00:00Z");
    gt_is(&f, "idle_days", "14");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "idle", "no");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "stale", "no");
    fx_str(f.gt, "modifiedon", "2026-02-15T10:00:00Z");
    gt_is(&f, "idle", "yes");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "stale", "yes");
    fx_int(f.params, "stale_task_days", 15);
    gt_is(&f, "idle", "no");
    fx_close(&f);
}

static void waiting_goes_by_the_label(void **state)
{
    json_t *options = json_pack("[{s:i,s:s}]", "value", 3, "label", "Deferred");
    struct fx f;

    (void)state;
    fx_open(&f);
    gt_is(&f, "waiting", "no");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "status_label", "In Progress");
    fx_int(f.gt, "statuscode", 4);
    gt_is(&f, "waiting", "yes");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "blocker", "yes");
    fx_code(f.gt, "statuscode", 4, " In Progress ");
    gt_is(&f, "waiting", "no");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "status_label", "In Progress");
    fx_code(f.gt, "statuscode", 12, NULL);
    gt_is(&f, "status_label", "12");
    fx_code(f.gt, "statuscode", 3, NULL);
    fx_build(&f);
    assert_int_equal(msx_world_options(f.w, "statuscode", options, NULL), MSX_OK);
    assert_int_equal(msx_world_ready(f.w, NULL), MSX_OK);
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "waiting", "yes");
    json_decref(options);
    fx_close(&f);
}

static void texts_of_a_task(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    gt_is(&f, "done_when", "yes");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "done_claim", "no");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "blocker_text", "no");
    fx_str(f.gt, "description", "Done when: <<condition>>");
    gt_is(&f, "done_when", "no");
    fx_str(f.gt, "description", "Exit criteria are in the plan");
    gt_is(&f, "done_when", "yes");
    fx_str(f.gt, "description", "Blocker: <<cause, owner, unblock date>>");
    gt_is(&f, "blocker_text", "no");
    fx_str(f.gt, "description", "Blocker: ten chars.");
    gt_is(&f, "blocker_text", "yes"); /* ten characters */
    fx_str(f.gt, "description", "Blocker: ten chars");
    gt_is(&f, "blocker_text", "no");
    fx_str(f.gt, "description", "Blocked by the firewall change request");
    gt_is(&f, "blocker_text", "yes");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "blocker", "yes");
    fx_str(f.gt, "description", "Workshop held on 2026-02-27");
    gt_is(&f, "done_claim", "yes");
    fx_int(f.gt, "statecode", 1);
    gt_is(&f, "done_claim", "no");
    fx_close(&f);
}

static void issue_leaves_the_milestone_name_out(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    gt_is(&f, "issue", "none");
    fx_str(f.gt, "subject", "API latency after the network change");
    gt_is(&f, "issue", "technical");
    fx_str(f.gt, "subject", "Agree discount and contract terms");
    gt_is(&f, "issue", "commercial");
    fx_str(f.good_c, "msp_name", "Licence consolidation and contract");
    fx_str(f.gt, "subject", "CSA to confirm readiness of Licence consolidation and contract");
    gt_is(&f, "issue", "none");
    fx_str(f.gt, "description", "Issue: delivery");
    gt_is(&f, "issue", "delivery");
    fx_close(&f);
}

static void mitigation_by_category_or_text(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    gt_is(&f, "mitigation", "no");
    fx_int(f.gt, "msp_taskcategory", 861980006);
    gt_is(&f, "mitigation", "yes");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "category_label", "Blocker Escalation");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "category", "861980006");
    fx_int(f.gt, "statecode", 1);
    gt_is(&f, "mitigation", "no");
    fx_int(f.gt, "statecode", 0);
    fx_int(f.gt, "msp_taskcategory", 861980007);
    fx_str(f.gt, "subject", "Recovery plan for the rollout");
    gt_is(&f, "mitigation", "yes");
    fx_close(&f);
}

static void plain_fields_have_names(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    gt_is(&f, "subject", "Weekly delivery checkpoint");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "number", "7-100000001");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "id", FX_GT);
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "owner", "U-CSAM");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "scheduledend", "2026-03-20");
    fx_is(fx_rec(&f, MSX_K_TASK, FX_GT), "statuscode", "3");
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_follows_statecode_then_statuscode),
        cmocka_unit_test(due_today_is_live_and_not_overdue),
        cmocka_unit_test(day_of_a_timestamp_depends_on_the_zone),
        cmocka_unit_test(without_due_or_owner),
        cmocka_unit_test(a_bad_date_is_null_and_a_gap),
        cmocka_unit_test(touched_is_the_latest_date),
        cmocka_unit_test(idle_needs_more_than_fourteen_days),
        cmocka_unit_test(waiting_goes_by_the_label),
        cmocka_unit_test(texts_of_a_task),
        cmocka_unit_test(issue_leaves_the_milestone_name_out),
        cmocka_unit_test(mitigation_by_category_or_text),
        cmocka_unit_test(plain_fields_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
