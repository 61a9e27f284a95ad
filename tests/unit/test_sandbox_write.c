/* Creates, updates and deletes of the sandbox: conditions, bindings, rules. */
#include "sandbox_fixture.h"

#define NEW "ffffffff-0000-4000-8000-000000000009"

static const struct header if_any[] = { { "If-Match", "*" }, { NULL, NULL } };
static const struct header if_none[] = { { "If-None-Match", "*" }, { NULL, NULL } };
static const struct header if_null[] = { { "If-None-Match", "null" }, { NULL, NULL } };
static const struct header representation[] = { { "Prefer", "return=representation" },
                                                { NULL, NULL } };

static const char *etag(struct fixture *f, const char *target)
{
    static char out[60];

    assert_int_equal(get(f, target), 200);
    (void)snprintf(out, sizeof out, "%s", sb_response_get(&f->r, "ETag"));
    assert_string_equal(out, msx_json_str(f->json, "@odata.etag"));
    return out;
}

static void patch_follows_its_conditions(void **state)
{
    struct fixture *f = *state;
    struct header match[] = { { "If-Match", NULL }, { NULL, NULL } };
    char old[60];

    /* row missing */
    assert_int_equal(ask(f, "PATCH", "tasks(" NEW ")", "{\"subject\":\"a\"}", if_any), 404);
    assert_string_equal(error_code(f), "0x80040217");
    assert_int_equal(ask(f, "PATCH", "tasks(" NEW ")", "{\"subject\":\"a\"}", if_none), 204);
    assert_string_equal(sb_response_get(&f->r, "OData-EntityId"),
                        "http://sandbox.example/api/data/v9.2/tasks(" NEW ")");
    assert_int_equal(get(f, "tasks(" NEW ")?$select=subject,_ownerid_value,statuscode"), 200);
    assert_string_equal(msx_json_str(f->json, "_ownerid_value"), ANA);
    /* row there */
    assert_int_equal(ask(f, "PATCH", "tasks(" NEW ")", "{\"subject\":\"b\"}", if_none), 412);
    assert_string_equal(error_code(f), "0x80040237");
    (void)snprintf(old, sizeof old, "%s", etag(f, "tasks(" NEW ")"));
    match[0].value = old;
    assert_int_equal(ask(f, "PATCH", "tasks(" NEW ")", "{\"subject\":\"c\"}", match), 204);
    assert_string_not_equal(etag(f, "tasks(" NEW ")"), old);
    assert_int_equal(ask(f, "PATCH", "tasks(" NEW ")", "{\"subject\":\"d\"}", match), 412);
    assert_string_equal(error_code(f), "0x80060882");
    assert_int_equal(ask(f, "PATCH", "tasks(" NEW ")", "{\"subject\":\"e\"}", if_null), 204);
    assert_int_equal(ask(f, "DELETE", "tasks(" NEW ")", NULL, match), 412);
    assert_int_equal(ask(f, "DELETE", "tasks(" NEW ")", NULL, NULL), 204);
    assert_int_equal(ask(f, "DELETE", "tasks(" NEW ")", NULL, NULL), 404);
    /* plain: update or insert */
    assert_int_equal(ask(f, "PATCH", "tasks(" NEW ")", "{\"subject\":\"f\"}", representation), 201);
    assert_null(sb_response_get(&f->r, "OData-EntityId"));
    assert_int_equal(
        ask(f, "PATCH", "tasks(" NEW ")?$select=subject", "{\"subject\":\"g\"}", representation),
        200);
    assert_string_equal(msx_json_str(f->json, "subject"), "g");
    assert_null(json_object_get(f->json, "description"));
    assert_int_equal(ask(f, "DELETE", "tasks(" NEW ")", NULL, NULL), 204);
}

static void post_takes_a_chosen_key_once(void **state)
{
    struct fixture *f = *state;
    size_t before = f->effects.n;

    assert_int_equal(
        ask(f, "POST", "tasks", "{\"activityid\":\"" NEW "\",\"subject\":\"a\"}", NULL), 204);
    assert_int_equal(
        ask(f, "POST", "tasks", "{\"activityid\":\"" NEW "\",\"subject\":\"a\"}", NULL), 412);
    assert_string_equal(error_code(f), "0x80040237");
    assert_int_equal(f->effects.n, before + 1);
    assert_int_equal(ask(f, "POST", "tasks", "{\"subject\":\"b\"}", representation), 201);
    assert_null(sb_response_get(&f->r, "OData-EntityId"));
    assert_int_equal(strlen(msx_json_str(f->json, "activityid")), 36);
    assert_int_equal(ask(f, "DELETE", "tasks(" NEW ")", NULL, NULL), 204);
}

static void bodies_are_checked(void **state)
{
    static const struct {
        const char *set, *body, *code, *text;
    } cases[] = {
        { "tasks", "{\"subject\":\"a\",\"nope\":1}", "0x80090801", "nope" },
        { "tasks", "{\"subject\":\"a\",\"taskid\":\"" NEW "\"}", "0x80090801", "taskid" },
        { "tasks", "{\"subject\":\"a\",\"_ownerid_value\":\"" BEN "\"}", "0x80060888",
          "Navigation properties" },
        { "tasks", "{\"subject\":\"a\",\"ownerid\":\"" BEN "\"}", "0x80048d19", "PrimitiveValue" },
        { "tasks", "{\"subject\":\"a\",\"OwnerId@odata.bind\":\"/systemusers(" BEN ")\"}",
          "0x80048d19", "An undeclared property 'OwnerId' which only has" },
        { "tasks", "{\"subject\":\"a\",\"ownerid@odata.bind\":\"/accounts(" ACCOUNT ")\"}",
          "0x80048d19", "cannot be bound" },
        { "tasks", "{\"subject\":\"a\",\"ownerid@odata.bind\":\"/systemusers(" NEW ")\"}",
          "0x80040217", "Does Not Exist" },
        { "tasks", "{\"subject\":\"a\",\"ownerid@odata.bind\":\"/users(" BEN ")\"}", "0x8006088a",
          "users" },
        { "tasks", "{\"subject\":\"a\",\"ownerid@odata.bind\":\"systemusers{" BEN "}\"}",
          "0x80060888", "" },
        { "tasks", "{\"subject\":7}", "0x80048d19", "Edm.String" },
        { "tasks", "{\"subject\":\"a\",\"statuscode\":\"2\"}", "0x80048d19", "Edm.Int32" },
        { "tasks", "{\"subject\":\"a\",\"prioritycode\":7}", "0x8004431A", "0,1,2" },
        { "tasks", "{\"subject\":\"a\",\"scheduledend\":\"soon\"}", "0x80048d19",
          "Edm.DateTimeOffset" },
        { "tasks", "{\"subject\":\"a\",\"scheduledend\":\"1700-01-01T00:00:00Z\"}", "0x80040203",
          "1753" },
        { "tasks", "{\"subject\":\"a\",\"statecode\":1,\"statuscode\":5}", "0x80048408",
          "TaskState.Open" },
        { "tasks", "{}", "0x80040265", "subject" },
        { "tasks", "[]", "0x80048d19", "" },
        { "tasks", "{", "0x80048d19", "Invalid JSON" },
        { "tasks", "", "0x80048d19", "Stream was not readable" },
        { "msp_engagementmilestones",
          "{\"msp_name\":\"a\",\"msp_milestonecategory\":861980000,\"msp_milestonedate\":\"2026-05-01T00:00:00Z\",\"msp_OpportunityId@odata.bind\":\"opportunities(" OPP1
          ")\"}",
          "0x80048d19", "Edm.Date" },
        { "msp_engagementmilestones",
          "{\"msp_name\":\"a\",\"msp_milestonecategory\":861980000,\"msp_milestonedate\":\"2026-05-01\",\"msp_opportunityid@odata.bind\":\"opportunities(" OPP1
          ")\"}",
          "0x80048d19", "'msp_opportunityid'" },
        { "msp_engagementmilestones",
          "{\"msp_name\":\"a\",\"msp_milestonecategory\":861980000,\"msp_milestonedate\":\"2026-05-01\"}",
          "0x80040265", "msp_opportunityid" },
        { "msp_engagementmilestones",
          "{\"msp_name\":\"a\",\"msp_milestonecategory\":861980000,\"msp_milestonedate\":\"2026-05-01\",\"msp_OpportunityId@odata.bind\":\"opportunities(" OPP2
          ")\"}",
          "0x80040265", "start date" },
        { "msp_engagementmilestones",
          "{\"msp_name\":\"a\",\"msp_milestonecategory\":861980000,\"msp_milestonedate\":\"2026-05-01\",\"msp_milestoneazurecapacitytype\":\"1,2\",\"msp_OpportunityId@odata.bind\":\"opportunities(" OPP1
          ")\"}",
          "0x8004431A", "" },
    };
    struct fixture *f = *state;
    size_t before = f->effects.n;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (ask(f, "POST", cases[i].set, cases[i].body, NULL) < 400 ||
            strcmp(error_code(f), cases[i].code) != 0 || !strstr(error_text(f), cases[i].text))
            fail_msg("%s: %d %s", cases[i].body, f->r.status, f->r.body.data);
    assert_int_equal(f->effects.n, before);
}

static void strings_may_be_as_long_as_the_table_says(void **state)
{
    struct fixture *f = *state;
    char body[400] = "{\"subject\":\"";
    size_t n = strlen(body);

    memset(body + n, 'x', 200);
    memcpy(body + n + 200, "\"}", 3);
    assert_int_equal(ask(f, "POST", "tasks", body, NULL), 204);
    memset(body + n, 'x', 201);
    memcpy(body + n + 201, "\"}", 3);
    assert_int_equal(ask(f, "POST", "tasks", body, NULL), 400);
    assert_string_equal(error_code(f), "0x80044331");
}

static void tasks_are_closed_and_opened_by_state(void **state)
{
    struct fixture *f = *state;
    static const char task[] = "tasks(" TASK1 ")";

    assert_int_equal(ask(f, "PATCH", task, "{\"statuscode\":5}", if_any), 400);
    assert_string_equal(error_text(f),
                        "5 is not a valid status code for state code TaskState.Open on task "
                        "with Id " TASK1 ".");
    assert_int_equal(ask(f, "PATCH", task, "{\"statecode\":1,\"statuscode\":6}", if_any), 400);
    assert_string_equal(error_code(f), "0x80048408");
    assert_int_equal(ask(f, "PATCH", task, "{\"statecode\":1,\"statuscode\":5}", if_any), 204);
    assert_int_equal(get(f, "tasks(" TASK1 ")?$select=actualend,statecode,_modifiedby_value"), 200);
    assert_memory_equal(msx_json_str(f->json, "actualend"), "2026-03-02T", 11);
    assert_int_equal(ask(f, "PATCH", task, "{\"subject\":\"late\"}", if_any), 400);
    assert_int_equal(ask(f, "PATCH", task, "{\"statecode\":1,\"statuscode\":5}", if_any),
                     204); /* again */
    assert_int_equal(ask(f, "PATCH", task, "{\"statecode\":2}", if_any), 400);
    assert_int_equal(ask(f, "PATCH", task, "{\"statecode\":0,\"statuscode\":3}", if_any), 204);
    assert_int_equal(ask(f, "PATCH", task, "{\"subject\":\"again\",\"statecode\":2}", if_any), 204);
    assert_int_equal(get(f, "tasks(" TASK1 ")?$select=statuscode,subject"), 200);
    assert_int_equal(json_integer_value(json_object_get(f->json, "statuscode")), 6);
    assert_int_equal(ask(f, "PATCH", task, "{\"statecode\":0}", if_any), 204);
}

static void a_milestone_gets_its_number_and_defaults(void **state)
{
    static const char body[] =
        "{\"msp_name\":\"a\",\"msp_milestonecategory\":861980000,\"msp_milestonedate\":\"2026-05-01\","
        "\"msp_OpportunityId@odata.bind\":\"http://sandbox.example/api/data/v9.2/opportunities(" OPP1
        ")\","
        "\"ownerid@odata.bind\":\"/systemusers(" BEN ")\"}";
    struct fixture *f = *state;
    char first[40];

    assert_int_equal(ask(f, "POST", "msp_engagementmilestones", body, representation), 201);
    (void)snprintf(first, sizeof first, "%s", msx_json_str(f->json, "msp_milestonenumber"));
    assert_memory_equal(first, "7-", 2);
    assert_int_equal(strlen(first), 11);
    assert_string_equal(msx_json_str(f->json, "_ownerid_value"), BEN);
    assert_string_equal(msx_json_str(f->json, "_createdby_value"), ANA);
    assert_string_equal(msx_json_str(f->json, "_msp_parentaccount_value"), ACCOUNT);
    assert_int_equal(ask(f, "POST", "msp_engagementmilestones", body, representation), 201);
    assert_string_not_equal(first, msx_json_str(f->json, "msp_milestonenumber"));
}

static void a_write_drops_the_label_of_what_it_changes(void **state)
{
    static const struct header labels[] = { { "Prefer", "odata.include-annotations=\"*\"" },
                                            { NULL, NULL } };
    struct fixture *f = *state;

    assert_int_equal(ask(f, "PATCH", "msp_engagementmilestones(" MS3 ")",
                         "{\"msp_milestonestatus\":861980002}", if_any),
                     204);
    assert_int_equal(ask(f, "GET", "msp_engagementmilestones(" MS3 ")?$select=msp_milestonestatus",
                         NULL, labels),
                     200);
    assert_string_equal(
        msx_json_str(f->json, "msp_milestonestatus@OData.Community.Display.V1.FormattedValue"),
        "Blocked");
    assert_int_equal(ask(f, "GET", "accounts?$select=foo", NULL, labels), 400);
    assert_non_null(strstr(f->r.body.data, "@Microsoft.PowerApps.CDS.InnerError.Message"));
}

static void single_properties_and_references_are_written(void **state)
{
    static const char regarding[] =
        "tasks(" TASK1 ")/regardingobjectid_msp_engagementmilestone/$ref";
    struct fixture *f = *state;

    assert_int_equal(ask(f, "PUT", "tasks(" TASK1 ")/description", "{\"value\":\"d\"}", NULL), 204);
    assert_int_equal(get(f, "tasks(" TASK1 ")/description"), 200);
    assert_string_equal(msx_json_str(f->json, "value"), "d");
    assert_int_equal(ask(f, "DELETE", "tasks(" TASK1 ")/description", NULL, NULL), 204);
    assert_int_equal(get(f, "tasks(" TASK1 ")/description"), 204);
    assert_int_equal(ask(f, "DELETE", regarding, NULL, NULL), 204);
    assert_int_equal(get(f, regarding), 204);
    assert_int_equal(
        ask(f, "PUT", regarding, "{\"@odata.id\":\"msp_engagementmilestones(" MS2 ")\"}", NULL),
        204);
    assert_int_equal(get(f, "tasks?$filter=_regardingobjectid_value eq " MS2), 200);
    assert_string_equal(keys(f, "activityid"), "1");
    assert_int_equal(ask(f, "POST",
                         "msp_engagementmilestones(" MS1 ")/msp_engagementmilestone_Tasks/$ref",
                         "{\"@odata.id\":\"tasks(" TASK1 ")\"}", NULL),
                     204);
    assert_int_equal(
        get(f, "msp_engagementmilestones(" MS1 ")/msp_engagementmilestone_Tasks?$select=subject"),
        200);
    assert_string_equal(keys(f, "activityid"), "12");
    assert_int_equal(ask(f, "PATCH", "tasks(" TASK1 ")",
                         "{\"regardingobjectid_msp_engagementmilestone_task\":null}", if_any),
                     204);
    assert_int_equal(get(f, "tasks(" TASK1 ")/_regardingobjectid_value"), 204);
}

static void what_is_not_allowed_is_not_done(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, "PATCH", "opportunities(" OPP1 ")", "{\"statecode\":1}", if_any), 400);
    assert_int_equal(ask(f, "POST", "activitypointers", "{\"subject\":\"a\"}", NULL), 405);
    assert_int_equal(ask(f, "PUT", "tasks(" TASK1 ")", "{}", NULL), 405);
    assert_int_equal(ask(f, "DELETE", "tasks", NULL, NULL), 405);
    assert_int_equal(ask(f, "PATCH", "tasks(" TASK1 ")", "{\"activityid\":\"" TASK2 "\"}", if_any),
                     400);
    assert_int_equal(
        ask(f, "PATCH", "msp_engagementmilestones(" MS1 ")", "{\"msp_name\":null}", if_any), 400);
    assert_int_equal(ask(f, "PATCH", "tasks(" TASK1 ")", "{\"ownerid@odata.bind\":null}", if_any),
                     400);
    assert_int_equal(ask(f, "POST", "CloseTask", "{}", NULL), 404);
    assert_int_equal(
        ask(f, "POST", "WinOpportunity",
            "{\"Status\":4,\"OpportunityClose\":{\"opportunityid@odata.bind\":\"/opportunities(" OPP1
            ")\"}}",
            NULL),
        400);
    assert_int_equal(
        ask(f, "POST", "WinOpportunity",
            "{\"Status\":3,\"OpportunityClose\":{\"opportunityid@odata.bind\":\"/opportunities(" OPP1
            ")\"}}",
            NULL),
        204);
    assert_int_equal(get(f, "opportunities(" OPP1 ")?$select=statecode,actualclosedate"), 200);
    assert_string_equal(msx_json_str(f->json, "actualclosedate"), "2026-03-02");
}

static void conditional_get_answers_not_modified(void **state)
{
    struct fixture *f = *state;
    struct header none[] = { { "If-None-Match", NULL }, { NULL, NULL } };
    char old[60];

    (void)snprintf(old, sizeof old, "%s", etag(f, "accounts(" ACCOUNT ")"));
    none[0].value = old;
    assert_int_equal(ask(f, "GET", "accounts(" ACCOUNT ")", NULL, none), 304);
    assert_int_equal(f->r.body.len, 0);
    assert_int_equal(ask(f, "PATCH", "accounts(" ACCOUNT ")", "{\"name\":\"Contoso Ltd\"}", if_any),
                     204);
    assert_int_equal(ask(f, "GET", "accounts(" ACCOUNT ")", NULL, none), 200);
}

static void every_preference_that_is_heeded_is_named(void **state)
{
    static const struct header both[] = {
        { "Prefer", "return=representation,odata.include-annotations=\"*\"" }, { NULL, NULL }
    };
    struct fixture *f = *state;

    assert_int_equal(ask(f, "POST", "tasks?$select=statuscode", "{\"subject\":\"p\"}", both), 201);
    assert_string_equal(sb_response_get(&f->r, "Preference-Applied"),
                        "return=representation,odata.include-annotations=\"*\"");
    assert_string_equal(
        msx_json_str(f->json, "statuscode@OData.Community.Display.V1.FormattedValue"),
        "Not Started");
    assert_int_equal(ask(f, "GET", "tasks?$select=subject", NULL, representation), 200);
    assert_null(sb_response_get(&f->r, "Preference-Applied"));
}

#define TYPE "\"@odata.type\":\"Microsoft.Dynamics.CRM.account\""

static void many_records_are_written_by_one_message(void **state)
{
    struct fixture *f = *state;
    size_t before = f->effects.n;
    char body[400], id[37];

    assert_int_equal(ask(f, "POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple",
                         "{\"Targets\":[{" TYPE ",\"name\":\"m1\"},{" TYPE ",\"name\":\"m2\"}]}",
                         NULL),
                     200);
    assert_int_equal(json_array_size(msx_json_arr(f->json, "Ids")), 2);
    (void)snprintf(id, sizeof id, "%s",
                   json_string_value(json_array_get(msx_json_arr(f->json, "Ids"), 1)));
    assert_int_equal(f->effects.n, before + 2);
    (void)snprintf(body, sizeof body,
                   "{\"Targets\":[{" TYPE ",\"accountid\":\"%s\",\"name\":\"m3\"}]}", id);
    assert_int_equal(ask(f, "POST", "accounts/Microsoft.Dynamics.CRM.UpdateMultiple", body, NULL),
                     204);
    assert_int_equal(get(f, "accounts?$filter=name eq 'm3'"), 200);
    assert_int_equal(json_array_size(msx_json_arr(f->json, "value")), 1);
    assert_int_equal(ask(f, "POST", "accounts/Microsoft.Dynamics.CRM.UpsertMultiple",
                         "{\"Targets\":[{" TYPE ",\"accountid\":\"" NEW "\",\"name\":\"m4\"},{" TYPE
                         ",\"name\":\"m5\"}]}",
                         NULL),
                     204);
    assert_int_equal(get(f, "accounts(" NEW ")?$select=name"), 200);
    assert_string_equal(msx_json_str(f->json, "name"), "m4");
    before = f->effects.n;
    assert_int_equal(ask(f, "POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple",
                         "{\"Targets\":[{" TYPE ",\"name\":\"m6\"},{" TYPE ",\"nope\":1}]}", NULL),
                     400);
    assert_int_equal(ask(f, "POST", "accounts/Microsoft.Dynamics.CRM.UpdateMultiple",
                         "{\"Targets\":[{" TYPE ",\"accountid\":\"" TASK1 "\",\"name\":\"m6\"}]}",
                         NULL),
                     404);
    assert_int_equal(ask(f, "POST", "accounts/Microsoft.Dynamics.CRM.UpdateMultiple",
                         "{\"Targets\":[{" TYPE ",\"name\":\"m6\"}]}", NULL),
                     400);
    assert_int_equal(ask(f, "POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple",
                         "{\"Targets\":[{\"name\":\"m6\"}]}", NULL),
                     400);
    assert_non_null(strstr(error_text(f), "@odata.type"));
    assert_int_equal(
        ask(f, "POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple", "{\"Targets\":[]}", NULL),
        400);
    assert_int_equal(ask(f, "POST", "tasks/Microsoft.Dynamics.CRM.CreateMultiple",
                         "{\"Targets\":[{\"subject\":\"m6\"}]}", NULL),
                     404);
    assert_string_equal(error_code(f), "0x8006088a");
    assert_int_equal(f->effects.n, before);
    assert_int_equal(get(f, "accounts?$filter=name eq 'm6'"), 200);
    assert_int_equal(json_array_size(msx_json_arr(f->json, "value")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patch_follows_its_conditions),
        cmocka_unit_test(post_takes_a_chosen_key_once),
        cmocka_unit_test(bodies_are_checked),
        cmocka_unit_test(strings_may_be_as_long_as_the_table_says),
        cmocka_unit_test(tasks_are_closed_and_opened_by_state),
        cmocka_unit_test(a_milestone_gets_its_number_and_defaults),
        cmocka_unit_test(a_write_drops_the_label_of_what_it_changes),
        cmocka_unit_test(single_properties_and_references_are_written),
        cmocka_unit_test(what_is_not_allowed_is_not_done),
        cmocka_unit_test(conditional_get_answers_not_modified),
        cmocka_unit_test(every_preference_that_is_heeded_is_named),
        cmocka_unit_test(many_records_are_written_by_one_message),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
