/* Planning: what an operation holds, what is refused, and the request that carries it out. */
#include "test.h"

#include "crm_world.h"

static json_t *staged;

static enum msx_code add(void *user, json_t *op, json_t **result, struct msx_error *err)
{
    (void)user, (void)err;
    json_decref(staged);
    staged = op;
    *result = json_pack("{s:s,s:s,s:[]}", "operationId", "OP-1", "plan", "p.json", "guardrails");
    return MSX_OK;
}

static enum msx_code list(void *user, json_t **ops, struct msx_error *err)
{
    (void)user, (void)err;
    *ops = staged ? json_pack("[O]", staged) : json_array();
    return MSX_OK;
}

static enum msx_code cancel(void *user, const char *id, json_t **result, struct msx_error *err)
{
    (void)user, (void)err;
    *result = json_pack("{s:[s?]}", "cancelled", id);
    return MSX_OK;
}

static const char *path(void *user)
{
    (void)user;
    return "it's.json";
}

static const struct msx_stage stage = { .add = add, .list = list, .cancel = cancel, .path = path };

static int plan_setup(void **state)
{
    setup(state);
    crm.stage = &stage;
    staged = NULL;
    return 0;
}

static int plan_teardown(void **state)
{
    json_decref(staged);
    return teardown(state);
}

/* The metadata of tasks, whole: with its key, and without the columns that it does not name. */
static void know_all_task_columns(void)
{
    json_t *list = msx_json_arr(json_object_get(fake.meta, "task"), "properties");

    json_t *more = json_pack("[{s:s}, {s:s}]", "name", "activityid", "name", "ownerid");

    assert_int_equal(json_array_extend(list, more), 0);
    json_decref(more);
}

static json_t *request(void)
{
    struct msx_error e = MSX_ERROR_INIT;
    json_t *req = NULL;

    if (msx_op_request(&crm, staged, &req, &e))
        fail_msg("%s", e.msg);
    return req;
}

static bool guards(const char *column)
{
    json_t *v;
    size_t i;

    json_array_foreach(json_object_get(staged, "guard"), i, v) {
        if (!strcmp(json_string_value(v), column))
            return true;
    }
    return false;
}

static void an_update_holds_only_what_changes(void **state)
{
    json_t *r = call("update_milestone",
                     "{\"milestoneId\":\"" M1 "\",\"milestoneDate\":\"+7d\",\"monthlyUse\":10000,"
                     "\"milestoneStatus\":\"at risk\",\"forecastComments\":\"\",\"why\":\"late\"}");
    json_t *after = json_object_get(staged, "after"), *req = request();
    json_t *body = json_object_get(req, "body");
    json_t *row = json_array_get(json_object_get(staged, "rows"), 1);

    (void)state;
    assert_true(json_is_true(json_object_get(r, "staged")));
    assert_string_equal(msx_json_str(r, "operationId"), "OP-1");
    assert_string_equal(msx_json_str(after, "msp_milestonedate"), "2026-03-09");
    assert_int_equal(json_integer_value(json_object_get(after, "msp_milestonestatus")), 861980001);
    assert_string_equal(msx_json_str(after, "msp_milestonestatus" F), "At Risk");
    assert_null(json_object_get(after, "msp_monthlyuse"));       /* equal */
    assert_null(json_object_get(after, "msp_forecastcomments")); /* empty and null are the same */
    assert_true(guards("msp_milestonedate") && guards("msp_milestonestatus"));
    assert_int_equal(json_array_size(json_object_get(staged, "guard")), 2);
    assert_string_equal(msx_json_str(row, "before"), "On Track");
    assert_string_equal(msx_json_str(row, "after"), "At Risk");
    assert_int_equal(json_integer_value(json_object_get(row, "afterValue")), 861980001);
    assert_string_equal(msx_json_str(staged, "why"), "late");
    assert_string_equal(msx_json_str(req, "path"), "msp_engagementmilestones(" M1 ")");
    assert_string_equal(msx_json_str(json_object_get(req, "headers"), "If-Match"), "W/\"7\"");
    assert_int_equal(json_object_size(body), 2);
    assert_string_equal(
        msx_json_str(json_object_get(json_object_get(staged, "context"), "customer"), "tpid"),
        "1234567");
    assert_string_equal(msx_json_str(json_object_get(json_object_get(staged, "inverse"), "after"),
                                     "msp_milestonedate"),
                        "2026-05-29");
    assert_int_equal(fake_requests("msp_dealteams"), 0); /* the owner needs none */
    json_decref(req);
    json_decref(r);
}

static void nothing_to_change_is_refused(void **state)
{
    struct msx_error e;

    (void)state;
    assert_int_equal(call_error("update_milestone",
                                "{\"milestoneId\":\"" M1 "\",\"milestoneDate\":\"2026-05-29\","
                                "\"commitmentRecommendation\":\"Committed\"}",
                                &e),
                     MSX_E_USAGE);
    assert_non_null(strstr(e.msg, "nothing to change"));
    assert_null(staged);
}

static void strangers_are_denied_and_team_members_are_not(void **state)
{
    struct msx_error e;
    json_t *r = call("update_milestone", "{\"milestoneId\":\"" M3 "\",\"monthlyUse\":1}");

    (void)state;
    assert_string_equal(msx_json_str(staged, "access"), "deal-team");
    json_decref(r);
    assert_int_equal(
        call_error("update_milestone", "{\"milestoneId\":\"" M4 "\",\"monthlyUse\":2}", &e),
        MSX_E_DENIED);
    fake.missing_table = "msp_dealteams";
    assert_int_equal(
        call_error("update_milestone", "{\"milestoneId\":\"" M3 "\",\"monthlyUse\":2}", &e),
        MSX_E_DENIED);
    assert_non_null(strstr(e.msg, "deal teams cannot be read"));
    json_object_set_new(json_array_get(json_object_get(fake.tables, "opportunities"), 1),
                        "_ownerid_value", json_string(ME));
    r = call("update_milestone", "{\"milestoneId\":\"" M3 "\",\"monthlyUse\":2}");
    assert_string_equal(msx_json_str(staged, "access"), "opportunity-owner");
    json_decref(r);
}

static void a_new_task_has_its_key_and_binds_its_milestone(void **state)
{
    json_t *r =
        call("create_task", "{\"milestoneId\":\"" M4
                            "\",\"subject\":\"Unblock\",\"category\":\"blocker escalation\","
                            "\"dueDate\":\"2026-03-09\",\"ownerId\":\"" OTHER "\"}");
    json_t *req = request(), *body = json_object_get(req, "body");
    const char *id = msx_json_str(json_object_get(staged, "target"), "id");
    char guid[37];

    (void)state;
    assert_true(msx_guid_parse(id, guid));
    assert_non_null(strstr(msx_json_str(req, "path"), id));
    assert_string_equal(msx_json_str(json_object_get(req, "headers"), "If-None-Match"), "*");
    assert_string_equal(
        msx_json_str(body, "regardingobjectid_msp_engagementmilestone_task@odata.bind"),
        "/msp_engagementmilestones(" M4 ")");
    assert_string_equal(msx_json_str(body, "ownerid@odata.bind"), "/systemusers(" OTHER ")");
    assert_string_equal(msx_json_str(body, "scheduledend"), "2026-03-09T12:00:00Z");
    assert_int_equal(json_integer_value(json_object_get(body, "msp_taskcategory")), 861980006);
    assert_int_equal(json_object_size(body), 5);
    assert_int_equal(json_array_size(json_object_get(staged, "guard")), 0);
    assert_string_equal(msx_json_str(json_object_get(staged, "inverse"), "type"), "close_task");
    assert_string_equal(msx_json_str(r, "description"),
                        "create task 'Unblock' on milestone 7-100000004");
    json_decref(req);
    json_decref(r);
}

static void closing_pairs_state_and_status(void **state)
{
    struct msx_error e;
    json_t *r = call("close_task", "{\"taskId\":\"" T1 "\",\"statusCode\":\"cancelled\"}");
    json_t *req = request(), *body = json_object_get(req, "body");
    json_t *undo = json_object_get(json_object_get(staged, "inverse"), "after");

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(body, "statecode")), 2);
    assert_int_equal(json_integer_value(json_object_get(body, "statuscode")), 6);
    assert_int_equal(json_object_size(body), 2);
    assert_int_equal(json_integer_value(json_object_get(undo, "statecode")), 0);
    assert_int_equal(json_integer_value(json_object_get(undo, "statuscode")), 2);
    assert_true(guards("statecode") && guards("statuscode"));
    json_decref(req);
    json_decref(r);
    assert_int_equal(call_error("close_task", "{\"taskId\":\"" T1 "\",\"statusCode\":3}", &e),
                     MSX_E_USAGE);
    assert_int_equal(call_error("close_task", "{\"taskId\":\"" T3 "\",\"statusCode\":5}", &e),
                     MSX_E_USAGE);
    assert_int_equal(call_error("close_task", "{\"taskId\":\"" A1 "\",\"statusCode\":5}", &e),
                     MSX_E_NOTFOUND);
}

static void closed_tasks_are_only_reopened(void **state)
{
    struct msx_error e;
    json_t *r;

    (void)state;
    assert_int_equal(call_error("update_task", "{\"taskId\":\"" T3 "\",\"subject\":\"x\"}", &e),
                     MSX_E_USAGE);
    assert_int_equal(call_error("update_task", "{\"taskId\":\"" T1 "\",\"statusCode\":5}", &e),
                     MSX_E_USAGE);
    assert_non_null(strstr(e.hint, "close_task"));
    r = call("update_task", "{\"taskId\":\"" T3 "\",\"statusCode\":\"In Progress\"}");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(staged, "after"), "statecode")), 0);
    assert_string_equal(msx_json_str(json_object_get(staged, "inverse"), "type"), "close_task");
    json_decref(r);
}

static void dates_compare_and_show_as_days(void **state)
{
    struct msx_error e;
    json_t *r, *row;

    (void)state;
    assert_int_equal(
        call_error("update_task", "{\"taskId\":\"" T1 "\",\"dueDate\":\"2026-03-10\"}", &e),
        MSX_E_USAGE); /* 17:00 on the same day: nothing to change */
    r = call("update_task", "{\"taskId\":\"" T1 "\",\"dueDate\":\"2026-03-11\"}");
    row = json_array_get(json_object_get(r, "diff"), 0);
    assert_string_equal(msx_json_str(row, "before"), "2026-03-10");
    assert_string_equal(msx_json_str(row, "after"), "2026-03-11");
    assert_true(guards("scheduledend") && guards("statecode"));
    json_decref(r);
}

static void what_an_organisation_has_not_cannot_be_planned(void **state)
{
    struct msx_error e;

    (void)state;
    know_all_task_columns();
    assert_int_equal(call_error("create_task",
                                "{\"milestoneId\":\"" M4
                                "\",\"subject\":\"Unblock\",\"category\":\"Demo\"}",
                                &e),
                     MSX_E_USAGE);
    assert_string_equal(e.msg, "'category' cannot be set: this organisation has no column "
                               "task.msp_taskcategory");
    assert_null(staged);
    json_decref(call("create_task", "{\"milestoneId\":\"" M4
                                    "\",\"subject\":\"Unblock\",\"dueDate\":\"2026-03-09\"}"));
    assert_non_null(staged);
}

static void fields_name_columns_and_bad_values_are_refused(void **state)
{
    struct msx_error e;
    char params[400], subject[260];
    json_t *r = call("update_milestone",
                     "{\"milestoneId\":\"" M1 "\",\"fields\":{\"msp_monthlyuse\":\"12.5\"}}");

    (void)state;
    assert_true(json_real_value(
                    json_object_get(json_object_get(staged, "after"), "msp_monthlyuse")) > 12.4);
    json_decref(r);
    assert_int_equal(
        call_error("update_milestone",
                   "{\"milestoneId\":\"" M1 "\",\"fields\":{\"msp_milestonecomments\":\"x\"}}", &e),
        MSX_E_USAGE);
    assert_non_null(strstr(e.hint, "msp_forecastcomments"));
    assert_int_equal(
        call_error("update_milestone", "{\"milestoneId\":\"" M1 "\",\"monthlyUse\":-1}", &e),
        MSX_E_USAGE);
    assert_int_equal(call_error("update_milestone",
                                "{\"milestoneId\":\"" M1 "\",\"milestoneStatus\":\"Blockd\"}", &e),
                     MSX_E_USAGE);
    assert_non_null(strstr(e.hint, "Blocked"));
    assert_int_equal(
        call_error("update_milestone", "{\"milestoneId\":\"" M1 "\",\"ownerId\":\"" A1 "\"}", &e),
        MSX_E_NOTFOUND);
    for (int n = 200; n <= 201; n++) {
        memset(subject, 'x', (size_t)n);
        subject[n] = '\0';
        snprintf(params, sizeof params, "{\"taskId\":\"%s\",\"subject\":\"%s\"}", T1, subject);
        assert_int_equal(call_error("update_task", params, &e), n == 200 ? MSX_OK : MSX_E_USAGE);
    }
}

static void a_new_milestone_binds_its_opportunity(void **state)
{
    json_t *r = call("create_milestone", "{\"opportunityId\":\"" O1
                                         "\",\"name\":\"Next\",\"milestoneDate\":\"2026-06-30\","
                                         "\"milestoneCategory\":\"Production\"}");
    json_t *req = request(), *body = json_object_get(req, "body");

    (void)state;
    assert_string_equal(msx_json_str(body, "msp_OpportunityId@odata.bind"),
                        "/opportunities(" O1 ")");
    assert_string_equal(msx_json_str(body, "msp_milestonedate"), "2026-06-30");
    assert_int_equal(
        json_integer_value(json_object_get(
            json_object_get(json_object_get(staged, "inverse"), "after"), "msp_milestonestatus")),
        861980004);
    json_decref(req);
    json_decref(r);
}

static void many_operations_share_their_reads(void **state)
{
    struct msx_error e = MSX_ERROR_INIT;
    json_t *requests = json_pack(
        "[{s:s,s:{s:s,s:i}},{s:s,s:{s:s,s:s}},{s:s,s:{s:s}},{s:s,s:{s:s,s:i}}]", "type",
        "update_milestone", "params", "milestoneId", M1, "monthlyUse", 1, "type", "update_task",
        "params", "taskId", T2, "subject", "Newer", "type", "update_tusk", "params", "taskId", T2,
        "type", "update_milestone", "params", "milestoneId", M4, "monthlyUse", 5);
    json_t *results = NULL;

    (void)state;
    assert_int_equal(msx_op_build_all(&crm, requests, &results, &e), MSX_OK);
    assert_int_equal(json_array_size(results), 4);
    assert_string_equal(id_at(results, 0, "type"), "update_milestone");
    assert_string_equal(id_at(results, 1, "type"), "update_task");
    assert_string_equal(msx_json_str(json_object_get(json_array_get(results, 2), "error"), "code"),
                        "usage");
    assert_string_equal(msx_json_str(json_object_get(json_array_get(results, 3), "error"), "code"),
                        "denied");
    assert_int_equal(fake_requests("tasks"), 1);
    assert_int_equal(fake_requests("opportunities"), 1);
    assert_int_equal(fake_requests("accounts"), 1);
    json_decref(requests);
    json_decref(results);
}

static void many_calls_stage_all_or_nothing(void **state)
{
    struct msx_error e = MSX_ERROR_INIT;
    json_t *params = json_pack("[{s:s,s:i},{s:s,s:i}]", "milestoneId", M1, "monthlyUse", 1,
                               "milestoneId", M3, "monthlyUse", 2);
    json_t *results = NULL;

    (void)state;
    assert_int_equal(msx_tool_call_each(&crm, "update_milestone", params, &results, &e), MSX_OK);
    assert_int_equal(json_array_size(results), 2);
    assert_int_equal(fake_requests("msp_engagementmilestones"), 1);
    json_decref(results);
    results = NULL;
    json_decref(staged);
    staged = NULL;
    json_array_append_new(params, json_pack("{s:s,s:i}", "milestoneId", M4, "monthlyUse", 2));
    assert_int_equal(msx_tool_call_each(&crm, "update_milestone", params, &results, &e),
                     MSX_E_DENIED);
    assert_null(staged);
    assert_null(results);
    json_decref(params);
}

static void a_create_without_owner_names_the_user(void **state)
{
    json_t *r = call("create_task", "{\"milestoneId\":\"" M1 "\",\"subject\":\"S\"}");

    (void)state;
    assert_string_equal(msx_json_str(json_object_get(staged, "after"), "_ownerid_value"), ME);
    assert_string_equal(msx_json_str(json_object_get(staged, "after"), "_ownerid_value" F), "Ana");
    json_decref(r);
}

static void an_update_without_etag_makes_no_request(void **state)
{
    struct msx_error e = MSX_ERROR_INIT;
    json_t *r = call("update_milestone", "{\"milestoneId\":\"" M1 "\",\"monthlyUse\":1}");
    json_t *req = NULL;

    (void)state;
    json_object_del(json_object_get(staged, "before"), "@odata.etag");
    assert_int_equal(msx_op_request(&crm, staged, &req, &e), MSX_E_INVALID);
    json_object_set_new(staged, "etag", json_string("W/\"8\""));
    assert_int_equal(msx_op_request(&crm, staged, &req, &e), MSX_OK);
    json_decref(req);
    json_object_set_new(json_object_get(staged, "after"), "x/y", json_true());
    assert_int_equal(msx_op_request(&crm, staged, &req, &e), MSX_E_INVALID);
    json_decref(r);
}

static void without_metadata_the_documented_spelling_serves(void **state)
{
    json_t *r = call("create_task", "{\"milestoneId\":\"" M1 "\",\"subject\":\"S\"}");
    json_t *req;

    (void)state;
    json_object_del(fake.meta, "nav");
    req = request();
    assert_non_null(json_object_get(json_object_get(req, "body"),
                                    "regardingobjectid_msp_engagementmilestone_task@odata.bind"));
    json_decref(req);
    json_decref(r);
}

static void pending_operations_are_listed_and_only_a_person_executes(void **state)
{
    struct msx_error e;
    json_t *r = call("update_milestone", "{\"milestoneId\":\"" M1 "\",\"monthlyUse\":1}");
    json_t *row;

    (void)state;
    json_decref(r);
    msx_json_set_str(staged, "id", "OP-1");
    r = call("list_pending_operations", "{}");
    row = json_array_get(json_object_get(r, "operations"), 0);
    assert_int_equal(json_integer_value(json_object_get(r, "count")), 1);
    assert_int_equal(json_object_size(json_object_get(row, "before")), 1);
    assert_string_equal(msx_json_str(row, "description"),
                        "update milestone 7-100000002 'Landing zone'");
    json_decref(r);
    r = call("execute_operation", "{\"id\":\"op-1\"}");
    assert_true(json_is_false(json_object_get(r, "executed")));
    assert_string_equal(msx_json_str(r, "command"), "msxops apply 'it'\\''s.json' --only OP-1");
    json_decref(r);
    assert_int_equal(call_error("execute_operation", "{\"id\":\"OP-2\"}", &e), MSX_E_NOTFOUND);
    r = call("execute_all", "{}");
    assert_int_equal(json_integer_value(json_object_get(r, "executed")), 0);
    assert_int_equal(json_integer_value(json_object_get(r, "pending")), 1);
    json_decref(r);
    r = call("cancel_operation", "{\"id\":\"OP-1\"}");
    json_decref(r);
}

static void without_a_plan_nothing_is_planned(void **state)
{
    struct msx_error e;

    (void)state;
    crm.stage = NULL;
    assert_int_equal(
        call_error("create_task", "{\"milestoneId\":\"" M1 "\",\"subject\":\"S\"}", &e),
        MSX_E_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, plan_setup, plan_teardown)
        T(an_update_holds_only_what_changes),
        T(nothing_to_change_is_refused),
        T(strangers_are_denied_and_team_members_are_not),
        T(a_new_task_has_its_key_and_binds_its_milestone),
        T(closing_pairs_state_and_status),
        T(closed_tasks_are_only_reopened),
        T(dates_compare_and_show_as_days),
        T(what_an_organisation_has_not_cannot_be_planned),
        T(fields_name_columns_and_bad_values_are_refused),
        T(a_new_milestone_binds_its_opportunity),
        T(many_operations_share_their_reads),
        T(many_calls_stage_all_or_nothing),
        T(a_create_without_owner_names_the_user),
        T(an_update_without_etag_makes_no_request),
        T(without_metadata_the_documented_spelling_serves),
        T(pending_operations_are_listed_and_only_a_person_executes),
        T(without_a_plan_nothing_is_planned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
