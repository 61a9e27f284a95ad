/* Related records that are created together with a record: one POST, one transaction. */
#include "sandbox_fixture.h"

#define OPEN_MILESTONE "\"msp_milestonecategory\":861980000,\"msp_milestonedate\":\"2026-05-01\""

static const struct header representation[] = { { "Prefer", "return=representation" },
                                                { NULL, NULL } };
static const struct header if_any[] = { { "If-Match", "*" }, { NULL, NULL } };

static long rows(struct fixture *f, const char *set)
{
    char target[100];

    (void)snprintf(target, sizeof target, "%s/$count", set);
    assert_int_equal(get(f, target), 200);
    return strtol(f->r.body.data + 3, NULL, 10);
}

static size_t found(struct fixture *f, const char *target)
{
    assert_int_equal(get(f, target), 200);
    return json_array_size(msx_json_arr(f->json, "value"));
}

static void a_lookup_creates_the_record_that_it_names(void **state)
{
    struct fixture *f = *state;
    size_t effects = f->effects.n;

    assert_int_equal(
        ask(f, "POST", "tasks",
            "{\"subject\":\"up\",\"regardingobjectid_opportunity_task\":{\"name\":\"Born above\","
            "\"parentaccountid\":{\"name\":\"Two above\"}}}",
            NULL),
        204);
    assert_memory_equal(sb_response_get(&f->r, "OData-EntityId"),
                        "http://sandbox.example/api/data/v9.2/tasks(", 43);
    assert_int_equal(f->effects.n, effects + 3);
    assert_int_equal(
        found(f, "tasks?$filter=regardingobjectid_opportunity_task/name eq 'Born above'"), 1);
    assert_int_equal(
        found(f, "opportunities?$filter=parentaccountid/name eq 'Two above'&$select=name"), 1);
}

static void a_list_creates_the_records_below(void **state)
{
    struct fixture *f = *state;
    size_t effects = f->effects.n;

    assert_int_equal(
        ask(f, "POST", "accounts",
            "{\"name\":\"Whole tree\",\"opportunity_parent_account\":[{\"name\":\"Left\"},"
            "{\"name\":\"Right\",\"msp_eststartdate\":\"2026-01-01\","
            "\"msp_opportunity_msp_engagementmilestone_OpportunityId\":[{\"msp_name\":\"Deep\"," OPEN_MILESTONE
            ",\"msp_engagementmilestone_Tasks\":[{\"subject\":\"Deepest\"}]}]}],\"Account_Tasks\":[]}",
            NULL),
        204);
    assert_memory_equal(sb_response_get(&f->r, "OData-EntityId"),
                        "http://sandbox.example/api/data/v9.2/accounts(", 46);
    assert_int_equal(f->effects.n, effects + 5);
    assert_int_equal(found(f, "opportunities?$filter=parentaccountid/name eq 'Whole tree'"), 2);
    assert_int_equal(
        found(f, "tasks?$filter=regardingobjectid_msp_engagementmilestone_task/msp_name eq 'Deep'"),
        1);
    assert_string_equal(msx_json_str_or(json_array_get(msx_json_arr(f->json, "value"), 0),
                                        "_ownerid_value", "(none)"),
                        ANA);
}

static void a_list_of_references_takes_records_that_exist(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, "POST",
                         "accounts?$select=name&$expand=Account_Tasks($select=subject),"
                         "parentaccountid($select=name)",
                         "{\"name\":\"Taker\",\"Account_Tasks@odata.bind\":[\"/tasks(" TASK1
                         ")\"],\"parentaccountid\":{\"name\":\"Above\"}}",
                         representation),
                     201);
    assert_string_equal(msx_json_str(msx_json_obj(f->json, "parentaccountid"), "name"), "Above");
    assert_int_equal(json_array_size(msx_json_arr(f->json, "Account_Tasks")), 1);
    assert_string_equal(
        msx_json_str(json_array_get(msx_json_arr(f->json, "Account_Tasks"), 0), "activityid"),
        TASK1);
    assert_int_equal(
        ask(f, "POST", "accounts",
            "{\"name\":\"Wrong\",\"Account_Tasks@odata.bind\":[\"/accounts(" ACCOUNT ")\"]}", NULL),
        400);
    assert_string_equal(error_code(f), "0x80048d19");
    assert_int_equal(ask(f, "POST", "accounts",
                         "{\"name\":\"Wrong\",\"Account_Tasks@odata.bind\":\"/tasks(" TASK1 ")\"}",
                         NULL),
                     400);
    assert_int_equal(found(f, "accounts?$filter=name eq 'Wrong'"), 0);
}

static void one_that_fails_undoes_all(void **state)
{
    static const struct {
        const char *body, *code, *text;
    } cases[] = {
        { "{\"name\":\"x\",\"opportunity_parent_account\":[{\"name\":\"y\"},{}]}", "0x80040265",
          "name" },
        { "{\"name\":\"x\",\"opportunity_parent_account\":[{\"name\":\"y\",\"nope\":1}]}",
          "0x80090801", "'nope' was found in entity 'Microsoft.Dynamics.CRM.opportunity'" },
        { "{\"name\":\"x\",\"parentaccountid\":{\"name\":\"y\"},\"nope\":1}", "0x80090801",
          "nope" },
        { "{\"name\":\"x\",\"opportunity_parent_account\":{\"name\":\"y\"}}", "0x80048d19",
          "'StartArray'" },
        { "{\"name\":\"x\",\"opportunity_parent_account\":[7]}", "0x80048d19", "'StartObject'" },
        { "{\"name\":\"x\",\"opportunity_parent_account\":null}", "0x80048d19", "'StartArray'" },
        { "{\"name\":\"x\",\"parentaccountid\":[{\"name\":\"y\"}]}", "0x80048d19",
          "'parentaccountid'" },
        { "{\"name\":\"x\",\"parentaccountid\":{\"@odata.type\":\"#Microsoft.Dynamics.CRM.task\","
          "\"subject\":\"y\"}}",
          "0x80048d19", "Microsoft.Dynamics.CRM.task" },
        { "{\"name\":\"x\",\"ownerid\":{\"fullname\":\"y\"}}", "0x80048d19", "@odata.type" },
        { "{\"name\":\"x\",\"createdby\":{\"fullname\":\"y\"}}", "0x80048d19", "createdby" },
        { "{\"name\":\"x\",\"Account_ActivityPointers\":[{\"subject\":\"y\"}]}", "0x80040315",
          "activitypointer" },
        { "{\"name\":\"x\",\"Account_Tasks\":[{\"activityid\":\"" TASK1 "\",\"subject\":\"y\"}]}",
          "0x80040237", "already exists" },
    };
    struct fixture *f = *state;
    long accounts = rows(f, "accounts"), opportunities = rows(f, "opportunities");
    long tasks = rows(f, "tasks");
    size_t effects = f->effects.n;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (ask(f, "POST", "accounts", cases[i].body, NULL) < 400 ||
            strcmp(error_code(f), cases[i].code) != 0 || !strstr(error_text(f), cases[i].text))
            fail_msg("%s: %d %s", cases[i].body, f->r.status, f->r.body.data);
    assert_int_equal(f->effects.n, effects);
    assert_int_equal(rows(f, "accounts"), accounts);
    assert_int_equal(rows(f, "opportunities"), opportunities);
    assert_int_equal(rows(f, "tasks"), tasks);
}

static void an_update_creates_nothing_beside(void **state)
{
    static const char *const bodies[] = {
        "{\"parentaccountid\":{\"name\":\"beside\"}}",
        "{\"Account_Tasks\":[{\"subject\":\"beside\"}]}",
        "{\"Account_Tasks\":[]}",
        "{\"Account_Tasks@odata.bind\":[\"/tasks(" TASK2 ")\"]}",
    };
    struct fixture *f = *state;
    size_t effects = f->effects.n;

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        assert_int_equal(ask(f, "PATCH", "accounts(" ACCOUNT ")", bodies[i], if_any), 400);
        assert_string_equal(error_code(f), "0x80060888");
    }
    assert_int_equal(f->effects.n, effects);
    assert_int_equal(found(f, "tasks?$filter=subject eq 'beside'"), 0);
}

static void nesting_ends_somewhere(void **state)
{
    struct fixture *f = *state;
    struct msx_buf b = MSX_BUF_INIT(1 << 20);
    long before = rows(f, "accounts");

    for (int levels = 10; levels <= 11; levels++) { /* records below or above the first one */
        msx_buf_clear(&b);
        for (int i = 0; i < levels; i++)
            msx_buf_addf(&b, "{\"name\":\"n%d\",\"parentaccountid\":", i);
        msx_buf_adds(&b, "{\"name\":\"last\"}");
        for (int i = 0; i < levels; i++)
            msx_buf_addc(&b, '}');
        assert_int_equal(ask(f, "POST", "accounts", b.data, NULL), levels == 10 ? 204 : 400);
    }
    assert_non_null(strstr(error_text(f), "10 levels"));
    assert_int_equal(rows(f, "accounts"), before + 11);
    msx_buf_release(&b);
}

static void a_record_is_created_inside_a_collection(void **state)
{
    static const char inside[] = "opportunities(" OPP1 ")/Opportunity_Tasks";
    struct fixture *f = *state;

    assert_int_equal(ask(f, "POST", inside, "{\"subject\":\"inside\"}", NULL), 204);
    assert_memory_equal(sb_response_get(&f->r, "OData-EntityId"),
                        "http://sandbox.example/api/data/v9.2/tasks(", 43);
    assert_int_equal(found(f, "tasks?$filter=_regardingobjectid_value eq " OPP1), 1);
    assert_int_equal(
        ask(f, "POST", "opportunities(" OPP1 ")/Opportunity_Tasks?$select=_regardingobjectid_value",
            "{\"subject\":\"inside\"}", representation),
        201);
    assert_string_equal(msx_json_str(f->json, "_regardingobjectid_value"), OPP1);
    assert_int_equal(ask(f, "POST", "opportunities(" TASK1 ")/Opportunity_Tasks",
                         "{\"subject\":\"nowhere\"}", NULL),
                     404);
    assert_int_equal(ask(f, "POST", "opportunities(" OPP1 ")/Opportunity_ActivityPointers",
                         "{\"subject\":\"base\"}", NULL),
                     405);
    assert_int_equal(ask(f, "POST", "opportunities(" OPP1 ")/Nothing", "{\"subject\":\"x\"}", NULL),
                     404);
    assert_int_equal(ask(f, "PATCH", inside, "{\"subject\":\"x\"}", NULL), 404);
}

static void a_change_set_takes_them_too(void **state)
{
    static const struct header type[] = { { "Content-Type", "multipart/mixed; boundary=b" },
                                          { NULL, NULL } };
#define PART(id)                                                                                   \
    "--s\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"               \
    "Content-ID: " id "\r\n\r\n"
#define SET(last)                                                                                                                                                                    \
    "--b\r\nContent-Type: multipart/mixed; boundary=s\r\n\r\n" PART("1") "POST accounts HTTP/1.1\r\n\r\n{\"name\":\"Set\",\"Account_Tasks\":[{\"subject\":\"of a set\"}]}\r\n" PART( \
        "2") "POST tasks HTTP/1.1\r\n\r\n{\"subject\":\"of a set\"" last "}\r\n--s--\r\n--b--\r\n"
    struct fixture *f = *state;
    size_t effects = f->effects.n;

    assert_int_equal(ask(f, "POST", "$batch", SET(",\"nope\":1"), type), 400);
    assert_int_equal(f->effects.n, effects);
    assert_int_equal(found(f, "tasks?$filter=subject eq 'of a set'"), 0);
    assert_int_equal(ask(f, "POST", "$batch",
                         SET(",\"regardingobjectid_account_task@odata.bind\":\"$1\""), type),
                     200);
    assert_int_equal(f->effects.n, effects + 3);
    assert_int_equal(found(f, "tasks?$filter=regardingobjectid_account_task/name eq 'Set'"), 2);
}

static void who_made_a_record_is_not_for_clients(void **state)
{
    static const char body[] =
        "{\"name\":\"mine\",\"createdby@odata.bind\":\"/systemusers(" BEN ")\"}";
    struct fixture *f = *state;

    assert_int_equal(ask(f, "POST", "accounts", body, representation), 201);
    assert_string_equal(msx_json_str(f->json, "_createdby_value"), ANA);
    assert_int_equal(ask(f, "PATCH", "accounts(" ACCOUNT ")", body, representation), 200);
    assert_string_equal(msx_json_str_or(f->json, "_createdby_value", ANA), ANA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_lookup_creates_the_record_that_it_names, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_list_creates_the_records_below, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_list_of_references_takes_records_that_exist, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_that_fails_undoes_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_update_creates_nothing_beside, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nesting_ends_somewhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_is_created_inside_a_collection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_set_takes_them_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_made_a_record_is_not_for_clients, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
