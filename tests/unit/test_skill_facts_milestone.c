/* Milestone facts of catalog 1.6 at their boundaries. */
#include "fixture_catalog.h"

static const struct msx_rec *good_c(struct fx *f)
{
    fx_build(f);
    return fx_rec(f, MSX_K_MILESTONE, FX_GOOD_C);
}
#define c_is(f, fact, want) assert_string_equal(fx_fact(good_c(f), (fact)), (want))

static void status_class_by_label_and_code(void **state)
{
    static const struct {
        int code;
        const char *label, *want;
        bool active;
    } cases[] = {
        { 861980000, "On Track", "on_track", true },
        { 861980000, "In progress", "on_track", true },
        { 861980001, NULL, "at_risk", true },
        { 861980002, " blocked ", "blocked", true },
        { 861980005, NULL, "not_started", true },
        { 861980003, "Complete", "completed", false },
        { 861980004, "Canceled", "cancelled", false },
        { 861980007, NULL, "closed_incomplete", false },
        { 861980001, "Active", "at_risk", true },
        { 861980003, "Closed", "completed", false },
        { 77, "Active", "active_unknown", true },
        { 77, "Closed", "closed_unknown", false },
        { 77, "Something", "unknown", true },
    };
    struct fx f;

    (void)state;
    fx_open(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fx_code(f.good_c, "msp_milestonestatus", cases[i].code, cases[i].label);
        c_is(&f, "status", cases[i].want);
        fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "active", cases[i].active ? "yes" : "no");
        fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "closed", cases[i].active ? "no" : "yes");
        assert_int_equal(fx_gaps(&f, "label_conflict", NULL, NULL), 0);
    }
    json_object_set_new(f.good_c, "msp_milestonestatus", json_null());
    fx_str(f.good_c, "msp_milestonestatus" FX_LABEL, NULL);
    c_is(&f, "status", "unknown");
    fx_close(&f);
}

static void labels_that_disagree_are_gaps(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_code(f.good_c, "msp_milestonestatus", 861980000, "Blocked");
    c_is(&f, "status", "blocked");
    assert_int_equal(fx_gaps(&f, "label_conflict", "msp_milestonestatus", "7-100000001"), 1);
    fx_code(f.good_c, "msp_milestonestatus", 861980000, "Open");
    fx_code(f.good_u, "msp_milestonestatus", 861980001, "Active");
    c_is(&f, "status", "on_track");
    assert_int_equal(fx_gaps(&f, "label_generic", "msp_milestonestatus", "run"), 1);
    assert_int_equal(fx_gaps(&f, "label_conflict", NULL, NULL), 0);
    fx_close(&f);
}

static void commitment_and_category_classes(void **state)
{
    static const char *const categories[][2] = {
        { "Proof of Value", "poc_pilot" }, { "PoC/Pilot in Production", "poc_pilot" },
        { "production", "production" },    { "Consumption", "usage" },
        { "Adoption", "usage" },           { "Something", "other" },
    };
    json_t *options = json_pack("[{s:i,s:s}]", "value", 5, "label", "Committed");
    struct fx f;

    (void)state;
    fx_open(&f);
    c_is(&f, "committed", "yes");
    fx_code(f.good_c, "msp_commitmentrecommendation", 861980001, "Maybe");
    c_is(&f, "committed", "yes");
    fx_code(f.good_c, "msp_commitmentrecommendation", 861980001, "Uncommitted");
    c_is(&f, "committed", "no");
    fx_code(f.good_c, "msp_commitmentrecommendation", 5, NULL);
    c_is(&f, "committed", "no");
    /* a code of this organisation, known from its metadata */
    assert_int_equal(msx_world_options(f.w, "msp_commitmentrecommendation", options, NULL), MSX_OK);
    json_decref(options);
    assert_int_equal(msx_world_ready(f.w, NULL), MSX_OK);
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "committed", "yes");
    json_object_del(f.good_c, "msp_commitmentrecommendation");
    c_is(&f, "committed", "no");
    for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++) {
        fx_code(f.good_c, "msp_milestonecategory", 99, categories[i][0]);
        c_is(&f, "category", categories[i][1]);
    }
    fx_code(f.good_c, "msp_milestonecategory", 861980002, NULL);
    c_is(&f, "category", "usage");
    json_object_del(f.good_c, "msp_milestonecategory");
    c_is(&f, "category", "none");
    fx_close(&f);
}

static void windows_include_their_last_day(void **state)
{
    static const struct {
        const char *date, *d, *overdue, *urgent, *near, *watch;
    } cases[] = {
        { "2026-03-01", "-1", "yes", "yes", "yes", "yes" },
        { "2026-03-02", "0", "no", "yes", "yes", "yes" },
        { "2026-03-16", "14", "no", "yes", "yes", "yes" },
        { "2026-03-17", "15", "no", "no", "yes", "yes" },
        { "2026-04-01", "30", "no", "no", "yes", "yes" },
        { "2026-04-02", "31", "no", "no", "no", "yes" },
        { "2026-05-01", "60", "no", "no", "no", "yes" },
        { "2026-05-02", "61", "no", "no", "no", "no" },
    };
    struct fx f;

    (void)state;
    fx_open(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct msx_rec *m;

        fx_str(f.good_c, "msp_milestonedate", cases[i].date);
        m = good_c(&f);
        fx_is(m, "days_to_date", cases[i].d);
        fx_is(m, "overdue", cases[i].overdue);
        fx_is(m, "urgent", cases[i].urgent);
        fx_is(m, "near", cases[i].near);
        fx_is(m, "watch", cases[i].watch);
    }
    fx_str(f.good_c, "msp_milestonedate", "2026-02-15");
    c_is(&f, "overdue_days", "15");
    fx_code(f.good_c, "msp_milestonestatus", 861980003, "Completed");
    c_is(&f, "overdue", "no");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "watch", "no");
    fx_str(f.good_c, "msp_milestonedate", NULL);
    c_is(&f, "days_to_date", "-");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "near", "no");
    fx_close(&f);
}

static void task_counts(void **state)
{
    const struct msx_rec *m;
    json_t *t;
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_str(f.good_c, "msp_milestonedate", "2026-03-20");
    fx_task(&f, "d0000000-0000-0000-0000-000000000010", FX_GOOD_C, "Same day", "2026-03-20",
            FX_CSAM);
    fx_task(&f, "d0000000-0000-0000-0000-000000000009", FX_GOOD_C, "Late", "2026-03-21", FX_CSA);
    fx_task(&f, "d0000000-0000-0000-0000-000000000008", FX_GOOD_C, "Overdue", "2026-03-01", FX_CSA);
    t = fx_task(&f, "d0000000-0000-0000-0000-000000000007", FX_GOOD_C, "Done", "2026-02-01",
                FX_CSA);
    fx_int(t, "statecode", 1);
    m = good_c(&f);
    fx_is(m, "open_tasks", "4");
    fx_is(m, "done_tasks", "1");
    fx_is(m, "overdue_tasks", "1");
    fx_is(m, "live_tasks", "3");
    fx_is(m, "late_tasks", "1"); /* a task due on the milestone's date is not late */
    fx_is(m, "next_task", FX_GT);
    fx_is(m, "last_activity", "2026-02-27");
    fx_is(m, "idle_days", "3");
    fx_str(f.good_c, "msp_milestonedate", NULL);
    c_is(&f, "late_tasks", "0");
    fx_close(&f);
}

static void tasks_left_out_contribute_nothing(void **state)
{
    static const char *const nulls[] = { "tasks",         "open_tasks", "done_tasks",
                                         "overdue_tasks", "live_tasks", "late_tasks",
                                         "next_task",     "idle_days",  "last_activity" };
    const struct msx_rec *m;
    struct fx f;

    (void)state;
    fx_open(&f);
    f.tasks_read = false;
    fx_str(f.good_c, "msp_milestonedate", "2026-03-05");
    fx_code(f.good_c, "msp_milestonecategory", 861980000, "POC/Pilot");
    m = good_c(&f);
    fx_is(m, "tasks_loaded", "no");
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        fx_is(m, nulls[i], "-");
    fx_is(m, "recovery_plan", "no");
    fx_is(m, "health", "on_track");         /* "no live task" is not known, so it does not count */
    fx_is(m, "split", "category_mismatch"); /* no_tech_owner needs the tasks */
    assert_int_equal(fx_gaps(&f, "activity_dates_missing", NULL, NULL), 0);
    fx_close(&f);
}

static void tasks_that_failed_are_not_read(void **state)
{
    static const char *const unread[] = { "open_tasks",    "live_tasks", "next_task",
                                          "last_activity", "idle_days",  "recovery_plan",
                                          "health",        "exec_roles", "execution_stable" };
    const struct msx_rec *m;
    struct fx f;

    (void)state;
    fx_open(&f);
    f.tasks_read = false;
    fx_str(f.good_c, "msp_milestonedate", "2026-03-05");
    fx_build(&f);
    msx_world_not_read(f.w, "tasks", FX_GOOD_C);
    assert_int_equal(msx_world_ready(f.w, NULL), MSX_OK);
    m = fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C);
    fx_is(m, "tasks_loaded", "no");
    for (size_t i = 0; i < sizeof unread / sizeof unread[0]; i++)
        fx_is(m, unread[i], "not read");
    fx_is(m, "csu_involved", "yes"); /* its owner tells, whatever the tasks are */
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O1), "idle_days", "not read");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U), "open_tasks", "-");
    fx_str(f.good_c, "msp_milestonestatus" FX_LABEL, "Blocked");
    fx_close(&f);
}

static void dates_missing_on_all_tasks_is_a_gap(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    json_object_del(f.gt, "modifiedon");
    c_is(&f, "last_activity", "-");
    assert_int_equal(fx_gaps(&f, "activity_dates_missing", "tasks", "7-100000001"), 1);
    assert_int_equal(fx_gaps(&f, "activity_dates_missing", NULL, NULL), 1);
    fx_close(&f);
}

static void comment_dates(void **state)
{
    const struct msx_rec *m;
    struct fx f;

    (void)state;
    fx_open(&f);
    m = good_c(&f);
    fx_is(m, "comment_date", "2026-02-25");
    fx_is(m, "comment_age", "5");
    fx_is(m, "comments_missing", "no");
    fx_is(m, "comments_stale", "no");
    fx_str(f.good_c, "msp_forecastcomments", "undated\n[2026-01-30] old\n- [2026-01-31 x] newer");
    c_is(&f, "comment_date", "2026-01-31");
    c_is(&f, "comments_stale", "no"); /* 30 days */
    fx_str(f.good_c, "msp_forecastcomments", "[2026-01-30] old");
    c_is(&f, "comments_stale", "yes");
    fx_str(f.good_c, "msp_forecastcomments", "no date here");
    c_is(&f, "comment_date", "2026-02-27"); /* modifiedon */
    fx_str(f.good_c, "msp_forecastcommentsjsonfield",
           "[{\"comment\":\"hello\",\"modifiedOn\":\"2026-02-28T10:00:00Z\"}]");
    m = good_c(&f);
    fx_is(m, "comment_date", "2026-02-28");
    fx_is(m, "comments", "no date here\nhello");
    fx_str(f.good_c, "msp_forecastcommentsjsonfield", "not json");
    c_is(&f, "comments", "no date here");
    fx_str(f.good_c, "msp_forecastcomments", " \n ");
    c_is(&f, "comments_missing", "yes");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "comments_stale", "no");
    fx_close(&f);
}

static void missing_fields_are_sorted_by_bytes(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    c_is(&f, "missing_fields", "");
    fx_int(f.good_c, "msp_monthlyuse", 0);
    c_is(&f, "missing_fields", "");
    json_object_del(f.good_c, "msp_monthlyuse");
    c_is(&f, "missing_fields", "msp_monthlyuse");
    fx_code(f.good_c, "msp_milestonecategory", 861980000, "POC/Pilot");
    c_is(&f, "missing_fields", "");
    fx_str(f.good_c, "msp_name", "  ");
    fx_str(f.good_c, "_ownerid_value", NULL);
    fx_str(f.good_c, "msp_forecastcomments", "");
    json_object_del(f.good_c, "msp_milestonecategory");
    json_object_del(f.good_c, "msp_milestonecategory" FX_LABEL);
    json_object_del(f.good_c, "_msp_workloadlkid_value");
    c_is(&f, "missing_fields",
         "_msp_workloadlkid_value,_ownerid_value,msp_forecastcomments,msp_milestonecategory,"
         "msp_monthlyuse,msp_name");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "missing_owner", "yes");
    json_object_set_new(f.params, "required_milestone_fields", json_pack("[s]", "msp_name"));
    c_is(&f, "missing_fields", "msp_name");
    fx_close(&f);
}

static void values_of_monthly_use(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    c_is(&f, "monthly_use", "10000");
    json_object_set_new(f.good_c, "msp_monthlyuse", json_real(4999.99));
    c_is(&f, "value", "4999.99");
    json_object_set_new(f.good_c, "msp_monthlyuse", json_null());
    c_is(&f, "monthly_use", "-");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "value", "0");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "outcome_measurable", "yes"); /* Metrics: */
    fx_close(&f);
}

static void commit_candidates(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_build(&f);
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "commit_candidate", "no"); /* committed */
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U), "commit_candidate", "yes");
    fx_str(f.good_u, "msp_milestonedate", "2026-04-01");
    fx_build(&f);
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U), "commit_candidate", "yes");
    fx_str(f.good_u, "msp_milestonedate", "2026-04-02");
    fx_build(&f);
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U), "commit_candidate", "no");
    json_object_set_new(f.params, "milestone", json_pack("[s]", "7-100000002"));
    fx_build(&f);
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U), "commit_candidate", "yes");
    fx_str(f.good_u, "msp_milestonedate", "2026-03-27");
    json_object_set_new(f.params, "milestone", json_pack("[s]", "7-100000009"));
    fx_build(&f);
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U), "commit_candidate", "no");
    json_object_set_new(f.params, "milestone", json_array());
    fx_str(f.good_u, "msp_milestonedate", "2026-03-01");
    fx_build(&f);
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U), "commit_candidate", "no");
    fx_close(&f);
}

static void health_takes_the_first_that_holds(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    c_is(&f, "health", "on_track");
    fx_code(f.good_c, "msp_milestonestatus", 861980002, NULL);
    c_is(&f, "health", "blocked");
    fx_code(f.good_c, "msp_milestonestatus", 861980003, NULL);
    c_is(&f, "health", "completed");
    fx_code(f.good_c, "msp_milestonestatus", 861980001, NULL);
    c_is(&f, "health", "at_risk");
    fx_code(f.good_c, "msp_milestonestatus", 77, "Odd");
    c_is(&f, "health", "unknown");
    fx_code(f.good_c, "msp_milestonestatus", 861980000, NULL);
    fx_str(f.good_c, "msp_milestonedate", "2026-04-01");
    fx_str(f.gt, "scheduledend", "2026-03-01"); /* overdue, and so no live task */
    c_is(&f, "health", "at_risk");
    fx_str(f.good_c, "msp_milestonedate", "2026-04-02");
    c_is(&f, "health", "on_track");
    fx_str(f.good_c, "msp_milestonedate", "2026-03-16");
    c_is(&f, "health", "blocked");
    fx_str(f.good_c, "msp_milestonedate", "2026-03-17");
    c_is(&f, "health", "at_risk");
    fx_str(f.good_c, "msp_milestonedate", "2026-03-20");
    fx_str(f.gt, "scheduledend", "2026-03-21"); /* live, but after the date */
    c_is(&f, "health", "at_risk");
    fx_str(f.good_c, "msp_milestonedate", "2026-03-01");
    c_is(&f, "health", "at_risk"); /* overdue with a live task */
    fx_close(&f);
}

static void split_codes_in_order(void **state)
{
    json_t *t;
    struct fx f;

    (void)state;
    fx_open(&f);
    c_is(&f, "split", "");
    fx_str(f.good_c, "msp_name", "Landing zone POC");
    c_is(&f, "split", "category_mismatch");
    fx_str(f.good_c, "msp_name", "Epoch pilots"); /* whole words only */
    c_is(&f, "split", "");
    fx_code(f.good_c, "msp_milestonecategory", 861980000, "POC/Pilot");
    c_is(&f, "split", "no_tech_owner");
    t = fx_task(&f, "d0000000-0000-0000-0000-000000000010", FX_GOOD_C, "Prove it", "2026-03-20",
                FX_SE);
    c_is(&f, "split", "");
    fx_int(t, "statecode", 1);
    c_is(&f, "split", "no_tech_owner");
    fx_str(f.good_c, "msp_name", "Production proof");
    fx_str(f.good_c, "_ownerid_value", NULL);
    fx_code(f.good_c, "msp_commitmentrecommendation", 861980000, NULL);
    c_is(&f, "split", "no_tech_owner,no_owner,category_mismatch");
    fx_str(f.good_c, "_ownerid_value", FX_PAR);
    c_is(&f, "split", "no_tech_owner,structure_owner,category_mismatch");
    fx_close(&f);
}

static void commit_and_earlier_state(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    c_is(&f, "newly_committed", "no");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "earlier_status", "-");
    json_decref(f.state);
    f.state = json_pack("{s:{s:{s:s,s:b,s:s}}}", "milestones", FX_GOOD_C, "status", "at_risk",
                        "committed", 0, "changed", "2026-01-01");
    c_is(&f, "newly_committed", "yes");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "commit_date", "2026-03-02");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "earlier_status", "at_risk");
    json_object_set_new(json_object_get(json_object_get(f.state, "milestones"), FX_GOOD_C),
                        "committed", json_true());
    c_is(&f, "newly_committed", "no");
    fx_close(&f);
}

static void people_of_a_milestone(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_str(f.good_c, "_createdby_value", FX_SPEC);
    c_is(&f, "owner_role", "csam");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "creator_role", "specialist");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "csu_involved", "yes");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "execution_stable", "yes");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U), "csu_involved", "no");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U), "execution_stable", "no");
    fx_str(f.gt2, "_ownerid_value", FX_CSA);
    fx_build(&f);
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U), "csu_involved", "yes");
    fx_str(f.gt, "_ownerid_value", FX_SE); /* nobody but an SE moves it */
    c_is(&f, "execution_stable", "no");
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_class_by_label_and_code),
        cmocka_unit_test(labels_that_disagree_are_gaps),
        cmocka_unit_test(commitment_and_category_classes),
        cmocka_unit_test(windows_include_their_last_day),
        cmocka_unit_test(task_counts),
        cmocka_unit_test(tasks_left_out_contribute_nothing),
        cmocka_unit_test(tasks_that_failed_are_not_read),
        cmocka_unit_test(dates_missing_on_all_tasks_is_a_gap),
        cmocka_unit_test(comment_dates),
        cmocka_unit_test(missing_fields_are_sorted_by_bytes),
        cmocka_unit_test(values_of_monthly_use),
        cmocka_unit_test(commit_candidates),
        cmocka_unit_test(health_takes_the_first_that_holds),
        cmocka_unit_test(split_codes_in_order),
        cmocka_unit_test(commit_and_earlier_state),
        cmocka_unit_test(people_of_a_milestone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
