/* The reading tools over a CRM in memory: scopes, orders, filters, requests, gaps. */
#include "test.h"

#include "crm_world.h"

static void opportunities_drop_long_completed_ones_and_sort_by_name(void **state)
{
    json_t *r = call("list_opportunities", "{\"accountIds\":[\"" A1 "\"]}");
    json_t *list = json_object_get(r, "opportunities");

    (void)state;
    /* 30 days past stays, 31 days past goes; the lost one is not open */
    assert_int_equal(json_integer_value(json_object_get(r, "count")), 1);
    assert_string_equal(id_at(list, 0, "opportunityid"), O1);
    assert_string_equal(id_at(list, 0, "recordUrl"),
                        "https://org.crm.dynamics.com/main.aspx?etn=opportunity&id=" O1
                        "&pagetype=entityrecord");
    assert_null(json_object_get(json_array_get(list, 0), "@odata.etag"));
    json_decref(r);
    r = call("list_opportunities", "{\"customerKeyword\":\"conTOSO\",\"includeCompleted\":true}");
    list = json_object_get(r, "opportunities");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(id_at(list, 0, "name"), "alpha platform");
    json_decref(r);
}

static void an_unknown_customer_is_said_and_reads_no_further(void **state)
{
    json_t *r = call("list_opportunities", "{\"customerKeyword\":\"nobody\"}");

    (void)state;
    assert_int_equal(json_array_size(json_object_get(r, "opportunities")), 0);
    assert_int_equal(json_array_size(json_object_get(r, "notes")), 1);
    assert_int_equal(fake_requests("opportunities"), 0);
    json_decref(r);
}

static void accounts_come_by_tpid_or_name(void **state)
{
    struct msx_error e;
    json_t *r = call("list_accounts_by_tpid", "{\"tpids\":[7654321,\"1234567\"]}");

    (void)state;
    assert_int_equal(json_array_size(json_object_get(r, "accounts")), 2);
    assert_string_equal(id_at(json_object_get(r, "accounts"), 0, "accountid"), A1);
    json_decref(r);
    r = call("list_accounts_by_tpid", "{\"name\":\"\xc3\xa4PFEL o'b\"}");
    assert_int_equal(json_array_size(json_object_get(r, "accounts")), 1);
    json_decref(r);
    assert_int_equal(call_error("list_accounts_by_tpid", "{\"tpids\":[\"1 or 1 eq 1\"]}", &e),
                     MSX_E_USAGE);
    assert_int_equal(call_error("list_accounts_by_tpid", "{}", &e), MSX_E_USAGE);
}

static void my_opportunities_join_ownership_and_deal_team(void **state)
{
    json_t *r = call("get_my_active_opportunities", "{}");
    json_t *list = json_object_get(r, "opportunities");

    (void)state;
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(id_at(list, 0, "relationship"), "deal-team");
    assert_string_equal(id_at(list, 1, "relationship"), "owner");
    assert_string_equal(id_at(list, 0, "customer"), "Contoso");
    assert_null(json_object_get(r, "gaps"));
    assert_int_equal(json_array_size(fake.log), 4); /* who, owned, teams, team's opportunities */
    json_decref(r);
}

static void without_deal_teams_milestones_stand_in_and_it_is_said(void **state)
{
    json_t *r, *list;

    (void)state;
    fake.missing_table = "msp_dealteams";
    json_object_set_new(json_array_get(json_object_get(fake.tables, "msp_engagementmilestones"), 2),
                        "_ownerid_value", json_string(ME));
    r = call("get_my_active_opportunities", "{\"customerKeyword\":\"CONTOSO\"}");
    list = json_object_get(r, "opportunities");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(id_at(list, 0, "relationship"), "milestone-owner");
    assert_string_equal(id_at(json_object_get(r, "gaps"), 0, "kind"), "dealteam_unavailable");
    assert_int_equal(json_array_size(json_object_get(r, "notes")), 1);
    json_decref(r);
}

static void milestones_default_to_mine_ordered_by_date_then_number(void **state)
{
    json_t *r = call("get_milestones", "{}");
    json_t *list = json_object_get(r, "milestones");

    (void)state;
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(id_at(list, 0, "commitment"), "Committed");
    json_decref(r);
    r = call("get_milestones", "{\"opportunityIds\":[\"" O1 "\",\"" O2 "\",\"" O3 "\"]}");
    list = json_object_get(r, "milestones");
    assert_int_equal(json_array_size(list), 4);
    assert_string_equal(id_at(list, 0, "msp_milestonenumber"), "7-100000003");
    assert_string_equal(id_at(list, 1, "msp_milestonenumber"), "7-100000001");
    assert_string_equal(id_at(list, 2, "msp_milestonenumber"), "7-100000002");
    assert_string_equal(id_at(list, 3, "msp_milestonenumber"), "7-100000004"); /* no date: last */
    json_decref(r);
}

static void a_record_on_two_pages_is_one(void **state)
{
    static const char scope[] = "{\"opportunityIds\":[\"" O1 "\",\"" O2 "\",\"" O3 "\"]}";
    json_t *all = json_object_get(fake.tables, "msp_engagementmilestones");
    json_t *r;

    (void)state;
    for (size_t i = json_array_size(all); i > 0; i--)
        assert_int_equal(json_array_append(all, json_array_get(all, i - 1)), 0);
    r = call("get_milestones", scope);
    assert_int_equal(json_array_size(json_object_get(r, "milestones")), 4);
    json_decref(r);
}

static void an_empty_scope_is_empty_not_mine(void **state)
{
    json_t *r = call("get_milestones", "{\"opportunityIds\":[]}");

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(r, "count")), 0);
    assert_int_equal(fake_requests("msp_engagementmilestones"), 0);
    json_decref(r);
}

static void active_goes_by_label_class_on_both_sides(void **state)
{
    const char *params = "{\"opportunityIds\":[\"" O1 "\",\"" O3 "\"],\"statusFilter\":\"active\"}";
    json_t *r = call("get_milestones", params);
    const char *line = json_string_value(json_array_get(fake.log, 0));

    (void)state;
    assert_int_equal(json_array_size(json_object_get(r, "milestones")), 2);
    assert_non_null(strstr(line, "msp_milestonestatus ne 861980003"));
    assert_non_null(strstr(line, "msp_milestonestatus eq null"));
    assert_null(strstr(line, "861980009")); /* a label that only this organisation has is active */
    json_decref(r);
    json_object_del(fake.meta, "msp_engagementmilestone"); /* options cannot be read: filter here */
    r = call("get_milestones", params);
    assert_int_equal(json_array_size(json_object_get(r, "milestones")), 2);
    json_decref(r);
}

static void filters_combine(void **state)
{
    json_t *r = call("get_milestones", "{\"customerKeywords\":[\"contoso\",\"\xc3\xa4pfel\"],"
                                       "\"fromDate\":\"2026-03-20\",\"toDate\":\"2026-05-28\"}");

    (void)state;
    assert_int_equal(json_array_size(json_object_get(r, "milestones")), 1);
    json_decref(r);
    r = call("get_milestones", "{\"customerKeyword\":\"contoso\",\"commitment\":\"uncommitted\","
                               "\"keyword\":\"ZETA\"}");
    assert_int_equal(json_array_size(json_object_get(r, "milestones")), 1);
    assert_string_equal(id_at(json_object_get(r, "milestones"), 0, "msp_name"), "Pilot");
    json_decref(r);
    r = call("get_milestones", "{\"opportunityKeyword\":\"zeta\",\"status\":\"on track\"}");
    assert_int_equal(json_array_size(json_object_get(r, "milestones")), 1);
    json_decref(r);
    r = call("get_milestones",
             "{\"opportunityKeyword\":\"zeta\",\"opportunityIds\":[\"" O1 "\",\"" O2 "\"]}");
    assert_int_equal(json_array_size(json_object_get(r, "milestones")), 2);
    json_decref(r);
    r = call("get_milestones",
             "{\"customerKeyword\":\"contoso\",\"opportunityIds\":[\"" O2 "\",\"" O3 "\"]}");
    assert_int_equal(json_array_size(json_object_get(r, "milestones")), 1);
    json_decref(r);
    r = call("get_milestones", "{\"milestoneNumbers\":[\"7-100000001\",\"7-100000004\"]}");
    assert_int_equal(json_array_size(json_object_get(r, "milestones")), 2);
    json_decref(r);
    r = call("get_milestones",
             "{\"milestoneIds\":[\"" M1 "\",\"" M3 "\"],\"opportunityId\":\"" O2 "\"}");
    assert_int_equal(json_array_size(json_object_get(r, "milestones")), 1);
    json_decref(r);
}

static void tasks_are_read_once_for_all_milestones(void **state)
{
    json_t *r = call("get_milestones", "{\"opportunityIds\":[\"" O1 "\",\"" O2
                                       "\"],\"includeTasks\":true,\"taskFilter\":\"with-tasks\"}");
    json_t *list = json_object_get(r, "milestones");
    json_t *tasks = json_object_get(json_array_get(list, 1), "tasks");

    (void)state;
    assert_int_equal(json_array_size(list), 2);
    assert_int_equal(json_array_size(tasks), 2);
    assert_string_equal(id_at(tasks, 0, "subject"), "New");
    assert_non_null(id_at(tasks, 0, "recordUrl"));
    assert_int_equal(json_array_size(fake.log), 2);
    json_decref(r);
    r = call("get_milestones", "{\"opportunityId\":\"" O1 "\",\"taskFilter\":\"without-tasks\"}");
    list = json_object_get(r, "milestones");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(id_at(list, 0, "msp_name"), "Pilot");
    assert_null(json_object_get(json_array_get(list, 0), "tasks"));
    json_decref(r);
}

static void one_milestone_is_the_record_alone(void **state)
{
    struct msx_error e;
    json_t *r = call("get_milestones", "{\"milestoneId\":\"" M1 "\",\"includeTasks\":true}");

    (void)state;
    assert_string_equal(msx_json_str(r, "msp_name"), "Landing zone");
    assert_int_equal(json_array_size(json_object_get(r, "tasks")), 2);
    assert_null(json_object_get(r, "@odata.etag"));
    json_decref(r);
    assert_int_equal(call_error("get_milestones", "{\"milestoneId\":\"" A1 "\"}", &e),
                     MSX_E_NOTFOUND);
}

static void a_summary_counts(void **state)
{
    json_t *r = call("get_milestones", "{\"customerKeyword\":\"contoso\",\"format\":\"summary\"}");

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(r, "count")), 3);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(r, "byStatus"), "Blocked")),
                     1);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(r, "byCommitment"), "Uncommitted")), 2);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(r, "byOpportunity"), "Zeta exit")), 2);
    assert_string_equal(id_at(json_object_get(r, "milestones"), 0, "opportunity"),
                        "alpha platform");
    json_decref(r);
}

static void a_failed_level_fails_the_whole(void **state)
{
    struct msx_error e;

    (void)state;
    fake.failing_table = "tasks";
    assert_int_equal(
        call_error("get_milestones", "{\"opportunityId\":\"" O1 "\",\"includeTasks\":true}", &e),
        MSX_E_NETWORK);
    assert_non_null(strstr(e.msg, "tasks"));
    fake.failing_table = "accounts";
    assert_int_equal(
        call_error("find_milestones_needing_tasks", "{\"customerKeywords\":[\"contoso\"]}", &e),
        MSX_E_NETWORK);
}

static void a_column_that_the_organisation_lacks_is_dropped_once(void **state)
{
    json_t *r;

    (void)state;
    fake.missing_column = "msp_forecastcommentsjsonfield";
    r = call("get_milestones", "{\"opportunityId\":\"" O1 "\"}");
    assert_int_equal(json_array_size(json_object_get(r, "milestones")), 2);
    assert_int_equal(json_array_size(fake.log), 2);
    json_decref(r);
    r = call("get_milestones", "{\"opportunityId\":\"" O1 "\"}");
    assert_int_equal(json_array_size(fake.log), 3);
    json_decref(r);
}

static void a_missing_column_is_remembered_for_a_day(void **state)
{
    char dir[] = "/tmp/msxops-crm-XXXXXX";
    char command[80];
    json_t *r;

    (void)state;
    assert_non_null(mkdtemp(dir));
    fake_close();
    fake_cache_dir = dir;
    fake_open(world);
    fake.missing_column = "activestageid";
    r = call("list_opportunities", "{\"includeCompleted\":true}");
    assert_int_equal(json_array_size(fake.log), 2);
    json_decref(r);
    fake_close();
    fake_open(world); /* another run */
    fake.missing_column = "activestageid";
    r = call("list_opportunities", "{\"includeCompleted\":true}");
    assert_int_equal(json_array_size(fake.log), 1);
    assert_int_equal(json_array_size(json_object_get(r, "opportunities")), 3);
    json_decref(r);
    fake_close();
    fake_clock += 24 * 3600; /* the column may have come by now */
    fake_open(world);
    r = call("list_opportunities", "{\"includeCompleted\":true}");
    assert_non_null(
        json_object_get(json_array_get(json_object_get(r, "opportunities"), 0), "activestageid"));
    json_decref(r);
    fake_cache_dir = NULL;
    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

static void a_standard_column_is_never_dropped(void **state)
{
    struct msx_error e;

    (void)state;
    fake.missing_column = "modifiedon";
    assert_int_equal(call_error("get_milestones", "{\"opportunityId\":\"" O1 "\"}", &e),
                     MSX_E_REJECTED);
}

static void activities_group_by_milestone(void **state)
{
    struct msx_error e;
    json_t *r = call("get_milestone_activities", "{\"milestoneId\":\"" M1 "\"}");

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(r, "count")), 2);
    assert_string_equal(id_at(json_object_get(r, "tasks"), 0, "subject"), "New");
    json_decref(r);
    r = call("get_milestone_activities", "{\"milestoneIds\":[\"" M1 "\",\"" M2 "\",\"" M3 "\"]}");
    assert_int_equal(json_integer_value(json_object_get(r, "count")), 3);
    assert_int_equal(json_array_size(json_object_get(json_object_get(r, "byMilestone"), M2)), 0);
    assert_non_null(json_object_get(json_object_get(r, "byMilestone"), M2));
    json_decref(r);
    r = call("get_milestone_activities", "{\"mine\":true,\"open\":true}");
    assert_int_equal(json_integer_value(json_object_get(r, "count")), 1);
    json_decref(r);
    assert_int_equal(call_error("get_milestone_activities", "{}", &e), MSX_E_USAGE);
}

static void needing_tasks_reports_each_customer(void **state)
{
    json_t *r = call("find_milestones_needing_tasks",
                     "{\"customerKeywords\":[\"contoso\",\"nobody\",\"pfel\"]}");
    json_t *customers = json_object_get(r, "customers");
    json_t *last = json_array_get(json_object_get(json_array_get(customers, 2), "milestones"), 0);

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(r, "totalMilestonesNeedingTasks")), 1);
    assert_int_equal(json_array_size(customers), 3);
    assert_int_equal(
        json_integer_value(json_object_get(json_array_get(customers, 0), "totalMilestones")), 2);
    assert_non_null(id_at(customers, 1, "error"));
    assert_string_equal(msx_json_str(last, "number"), "7-100000004");
    assert_true(json_is_null(json_object_get(last, "date")));
    assert_int_equal(fake_requests("opportunities"), 1);
    assert_int_equal(fake_requests("tasks"), 1);
    json_decref(r);
}

static void task_statuses_come_from_metadata(void **state)
{
    json_t *r = call("get_task_status_options", "{}");

    (void)state;
    assert_int_equal(json_array_size(r), 4);
    assert_string_equal(id_at(r, 0, "label"), "Not Started");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(r, 3), "stateCode")), 2);
    json_decref(r);
    r = call("get_task_categories", "{}"); /* documented codes stand in */
    assert_int_equal(json_array_size(r), 8);
    json_decref(r);
}

static void views_have_their_documented_shape(void **state)
{
    struct msx_error e;
    json_t *r = call("view_milestone_timeline", "{\"opportunityId\":\"" O1 "\"}");

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(r, "count")), 2);
    assert_string_equal(id_at(json_object_get(r, "events"), 0, "date"), "2026-05-29");
    assert_string_equal(id_at(json_object_get(r, "events"), 0, "status"), "Completed");
    json_decref(r);
    assert_int_equal(call_error("view_milestone_timeline", "{}", &e), MSX_E_USAGE);
    r = call("view_opportunity_cost_trend", "{\"opportunityId\":\"" O1 "\"}");
    assert_int_equal(json_array_size(json_object_get(r, "points")), 1);
    assert_string_equal(id_at(json_object_get(r, "points"), 0, "month"), "2026-05");
    assert_true(json_real_value(json_object_get(json_object_get(r, "kpis"),
                                                "totalPlannedMonthlyUse")) > 10500.4);
    json_decref(r);
    r = call("view_opportunity_cost_trend",
             "{\"opportunityId\":\"" O1 "\",\"includeMilestones\":false}");
    assert_true(
        json_is_null(json_object_get(json_object_get(r, "kpis"), "totalPlannedMonthlyUse")));
    json_decref(r);
    assert_int_equal(
        call_error("view_opportunity_cost_trend", "{\"opportunityId\":\"" A1 "\"}", &e),
        MSX_E_NOTFOUND);
}

static void query_suggests_names_that_exist(void **state)
{
    struct msx_error e;
    json_t *r =
        call("crm_query", "{\"entitySet\":\"tasks\",\"select\":[\"subject\",\"activityid\"],"
                          "\"filter\":\"statecode eq 0\",\"top\":1}");

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(r, "count")), 1);
    assert_true(json_is_true(json_object_get(r, "more")));
    json_decref(r);
    r = call("crm_query", "{\"entitySet\":\"tasks\",\"top\":3}");
    assert_int_equal(json_integer_value(json_object_get(r, "count")), 3);
    assert_null(json_object_get(r, "more"));
    json_decref(r);
    assert_int_equal(call_error("crm_query", "{\"entitySet\":\"msp_milestones\"}", &e),
                     MSX_E_USAGE);
    assert_non_null(strstr(e.hint, "msp_engagementmilestones"));
    assert_int_equal(
        call_error("crm_query", "{\"entitySet\":\"tasks\",\"filter\":\"taskid ne null\"}", &e),
        MSX_E_USAGE);
    assert_non_null(strstr(e.hint, "activityid"));
    r = call("crm_query", "{\"entitySet\":\"tasks\",\"filter\":\"subject eq 'taskid'\"}");
    assert_int_equal(json_integer_value(json_object_get(r, "count")), 0);
    json_decref(r);
    fake.missing_column = "subjekt";
    assert_int_equal(
        call_error("crm_query", "{\"entitySet\":\"tasks\",\"select\":\"subjekt\"}", &e),
        MSX_E_REJECTED);
    assert_non_null(strstr(e.hint, "subject"));
    fake.missing_table = "taskz";
    assert_int_equal(call_error("crm_query", "{\"entitySet\":\"taskz\"}", &e), MSX_E_USAGE);
    assert_string_equal(e.msg, "there is no entity set 'taskz'");
    assert_string_equal(e.hint, "did you mean tasks?");
    assert_int_equal(e.http_status, 404);
    assert_int_equal(call_error("crm_query", "{\"entitySet\":\"task\"}", &e), MSX_E_USAGE);
    assert_int_equal(call_error("crm_query", "{\"entitySet\":\"tasks/$count\"}", &e), MSX_E_USAGE);
    assert_int_equal(call_error("crm_query", "{\"entitySet\":\"tasks\",\"top\":0}", &e),
                     MSX_E_USAGE);
}

static enum msx_code count_page(void *user, json_t *rows, struct msx_error *err)
{
    size_t *n = user;

    (void)err;
    assert_int_equal(json_array_size(rows), 1);
    assert_non_null(id_at(rows, 0, "recordUrl"));
    assert_null(id_at(rows, 0, "@odata.etag"));
    return ++*n == 2 ? MSX_E_CANCELLED : MSX_OK;
}

static void a_query_streams_page_by_page(void **state)
{
    struct msx_error e = MSX_ERROR_INIT;
    json_t *p = json_pack("{s:s}", "entitySet", "tasks");
    json_t *wrong = json_pack("{s:s}", "entitySet", "msp_milestones");
    size_t n = 0;

    (void)state;
    assert_int_equal(msx_crm_query_each(&crm, p, count_page, &n, &e), MSX_E_CANCELLED);
    assert_int_equal(n, 2);
    assert_int_equal(msx_crm_query_each(&crm, wrong, count_page, &n, &e), MSX_E_USAGE);
    json_decref(p);
    json_decref(wrong);
}

static void properties_are_filtered_by_name_and_label(void **state)
{
    json_t *r = call("crm_list_entity_properties",
                     "{\"entityLogicalName\":\"tasks\",\"filter\":\"REASON\"}");

    (void)state;
    assert_string_equal(msx_json_str(r, "entityLogicalName"), "task");
    assert_int_equal(json_integer_value(json_object_get(r, "count")), 1);
    json_decref(r);
}

static json_t *role(void *user, const json_t *me)
{
    (void)user;
    return json_pack("{s:O}", "name", json_object_get(me, "title"));
}

static void whoami_reads_once_and_takes_the_role_from_above(void **state)
{
    json_t *r = call("crm_whoami", "{}");

    (void)state;
    assert_string_equal(msx_json_str(r, "fullname"), "Ana");
    assert_true(json_is_null(json_object_get(r, "role")));
    json_decref(r);
    msx_crm_set_role_fn(&crm, role, NULL);
    r = call("crm_whoami", "{}");
    assert_string_equal(msx_json_str(json_object_get(r, "role"), "name"), "Specialist");
    json_decref(r);
    r = call("crm_auth_status", "{}");
    assert_true(json_is_true(json_object_get(r, "authenticated")));
    assert_string_equal(msx_json_str(r, "userId"), ME);
    json_decref(r);
    assert_int_equal(json_array_size(fake.log), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(opportunities_drop_long_completed_ones_and_sort_by_name),
        T(an_unknown_customer_is_said_and_reads_no_further),
        T(accounts_come_by_tpid_or_name),
        T(my_opportunities_join_ownership_and_deal_team),
        T(without_deal_teams_milestones_stand_in_and_it_is_said),
        T(milestones_default_to_mine_ordered_by_date_then_number),
        T(a_record_on_two_pages_is_one),
        T(an_empty_scope_is_empty_not_mine),
        T(active_goes_by_label_class_on_both_sides),
        T(filters_combine),
        T(tasks_are_read_once_for_all_milestones),
        T(one_milestone_is_the_record_alone),
        T(a_summary_counts),
        T(a_failed_level_fails_the_whole),
        T(a_column_that_the_organisation_lacks_is_dropped_once),
        T(a_missing_column_is_remembered_for_a_day),
        T(a_standard_column_is_never_dropped),
        T(activities_group_by_milestone),
        T(needing_tasks_reports_each_customer),
        T(task_statuses_come_from_metadata),
        T(views_have_their_documented_shape),
        T(query_suggests_names_that_exist),
        T(a_query_streams_page_by_page),
        T(properties_are_filtered_by_name_and_label),
        T(whoami_reads_once_and_takes_the_role_from_above),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
