/* Tools and planning with every single allocation failing in turn: an error each time, no leak. */
#include "test.h"

#include "alloc_fail.h"
#include "crm_world.h"

static json_t *staged;

static enum msx_code add(void *user, json_t *op, json_t **result, struct msx_error *err)
{
    FAKE_CALM;

    (void)user, (void)err;
    json_decref(staged);
    staged = op;
    *result = json_pack("{s:s}", "operationId", "OP-1");
    return MSX_OK;
}

static const struct msx_stage stage = { .add = add };

/* The tool with failing memory: an error or the whole answer. */
static void survives(const char *tool, const char *params)
{
    json_t *p = json_loads(params, 0, NULL);
    json_t *whole = call(tool, params);
    bool reads = msx_tool_find(tool)->effect == MSX_TOOL_READS;
    enum msx_code rc;

    assert_non_null(p);
    FOR_EACH_FAILED_ALLOCATION(rc, {
        json_t *result = NULL;

        rc = msx_tool_call(&crm, tool, p, &result, NULL);
        assert_true(rc == MSX_OK || !result);
        assert_true(rc != MSX_OK || !reads || json_equal(result, whole));
        json_decref(result);
    });
    json_decref(whole);
    json_decref(p);
}

static void reads_survive(void **state)
{
    (void)state;
    survives("get_milestones", "{\"customerKeyword\":\"contoso\",\"includeTasks\":true,"
                               "\"format\":\"summary\",\"statusFilter\":\"active\"}");
    survives("get_milestones", "{\"milestoneNumbers\":[\"7-100000001\"]}");
    survives("list_opportunities", "{\"customerKeyword\":\"contoso\"}");
    survives("get_my_active_opportunities", "{}");
    survives("find_milestones_needing_tasks", "{\"customerKeywords\":[\"contoso\",\"none\"]}");
    survives("get_milestone_activities", "{\"milestoneIds\":[\"" M1 "\",\"" M2 "\"]}");
    survives("view_opportunity_cost_trend", "{\"opportunityId\":\"" O1 "\"}");
    survives("view_milestone_timeline", "{\"opportunityId\":\"" O1 "\"}");
    survives("crm_query", "{\"entitySet\":\"tasks\",\"select\":\"subject\"}");
    survives("crm_whoami", "{}");
}

static void planning_survives(void **state)
{
    enum msx_code rc;

    (void)state;
    crm.stage = &stage;
    survives("create_task", "{\"milestoneId\":\"" M1 "\",\"subject\":\"S\",\"dueDate\":\"+7d\","
                            "\"category\":\"Demo\"}");
    FOR_EACH_FAILED_ALLOCATION(rc, {
        json_t *req = NULL;

        rc = msx_op_request(&crm, staged, &req, NULL);
        json_decref(req);
    });
    survives("update_milestone", "{\"milestoneId\":\"" M1 "\",\"milestoneStatus\":\"At Risk\","
                                 "\"fields\":{\"msp_monthlyuse\":7}}");
    survives("close_task", "{\"taskId\":\"" T1 "\",\"statusCode\":5}");
    json_decref(staged);
    staged = NULL;
}

static void declarations_survive(void **state)
{
    (void)state;
    for (const struct msx_tool *const *t = msx_tools(); *t; t++) {
        enum msx_code rc;

        FOR_EACH_FAILED_ALLOCATION(rc, {
            json_t *schema = msx_tool_schema(*t);

            rc = schema ? MSX_OK : MSX_E_NOMEM;
            json_decref(schema);
        });
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(reads_survive),
        T(planning_survives),
        T(declarations_survive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
