/* Pages, next links, $top and collections of the sandbox. */
#include "sandbox_fixture.h"

#define LINK "@odata.nextLink"
#define N    23

static const struct header by_five[] = { { "Prefer", "odata.maxpagesize=5" }, { NULL, NULL } };

/* A store with N milestones more, some without a date. */
static int with_more(void **state)
{
    struct fixture *f;
    char body[400];

    assert_int_equal(set_up(state), 0);
    f = *state;
    for (int i = 0; i < N - 3; i++) {
        (void)snprintf(
            body, sizeof body,
            "{\"msp_name\":\"m%d\",\"msp_milestonecategory\":861980001,\"msp_milestonedate\":"
            "\"2026-04-%02d\",\"msp_OpportunityId@odata.bind\":\"/opportunities(" OPP1 ")\"}",
            i % 4, 1 + i % 3);
        assert_int_equal(ask(f, "POST", "msp_engagementmilestones", body, NULL), 204);
    }
    return 0;
}

/* Follow the links; the number of pages. Every key must come once. */
static int walk(struct fixture *f, const char *target, const struct header *headers, size_t *rows)
{
    json_auto_t *seen = json_object();
    char next[4000];
    int pages = 0;

    (void)snprintf(next, sizeof next, "%s", target);
    *rows = 0;
    while (*next) {
        const json_t *list;
        const char *link;

        assert_int_equal(ask(f, "GET", next, NULL, headers), 200);
        list = msx_json_arr(f->json, "value");
        for (size_t i = 0; i < json_array_size(list); i++) {
            const char *id = msx_json_str(json_array_get(list, i), "msp_engagementmilestoneid");

            assert_non_null(id);
            assert_null(json_object_get(seen, id));
            (void)json_object_set_new(seen, id, json_true());
        }
        *rows += json_array_size(list);
        link = msx_json_str(f->json, LINK);
        if (link)
            assert_memory_equal(link, "http://sandbox.example/api/data/v9.2/", 37);
        (void)snprintf(next, sizeof next, "%s", link ? link + 37 : "");
        assert_true(++pages < 50);
    }
    return pages;
}

static void every_row_comes_once_in_any_order(void **state)
{
    static const char *const targets[] = {
        "msp_engagementmilestones?$select=msp_name",
        "msp_engagementmilestones?$select=msp_name&$orderby=msp_milestonedate,msp_engagementmilestoneid",
        "msp_engagementmilestones?$select=msp_name&$orderby=msp_milestonedate desc,msp_name,msp_engagementmilestoneid desc",
        "msp_engagementmilestones?$select=msp_name&$orderby=_ownerid_value,msp_engagementmilestoneid",
        "msp_engagementmilestones?$select=msp_name&$orderby=msp_OpportunityId/name desc,msp_engagementmilestoneid",
        "msp_engagementmilestones?$select=msp_name&$orderby=msp_monthlyuse desc,msp_engagementmilestoneid",
        "msp_engagementmilestones?$orderby=msp_name&$select=msp_name", /* not unique: cut by
                                                                          counting */
    };
    struct fixture *f = *state;
    size_t rows;

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        assert_int_equal(walk(f, targets[i], by_five, &rows), 5);
        assert_int_equal(rows, N);
        assert_int_equal(walk(f, targets[i], NULL, &rows), 1);
        assert_int_equal(rows, N);
    }
}

static void the_page_size_is_not_remembered_by_the_link(void **state)
{
    struct fixture *f = *state;
    const char *link;
    char next[4000], token[2000];

    assert_int_equal(ask(f, "GET", "msp_engagementmilestones?$select=msp_name", NULL, by_five),
                     200);
    link = msx_json_str(f->json, LINK);
    assert_non_null(link);
    (void)snprintf(token, sizeof token, "%s", strstr(link, "$skiptoken="));
    assert_non_null(strstr(link, "&$skiptoken=%3Ccookie%20pagenumber%3D%222%22"));
    (void)snprintf(next, sizeof next, "%s", link + 37);
    assert_int_equal(get(f, next), 200);
    assert_int_equal(json_array_size(msx_json_arr(f->json, "value")), N - 5);
    assert_null(msx_json_str(f->json, LINK));
    assert_int_equal(get(f, "msp_engagementmilestones?$skiptoken=nonsense"), 400);
    /* a cookie of another order does not fit */
    (void)snprintf(next, sizeof next,
                   "msp_engagementmilestones?$orderby=msp_name,msp_engagementmilestoneid&%s",
                   token);
    assert_int_equal(get(f, next), 400);
}

static void top_limits_only_without_a_page_size(void **state)
{
    struct fixture *f = *state;
    size_t rows;

    assert_int_equal(get(f, "msp_engagementmilestones?$top=4"), 200);
    assert_int_equal(json_array_size(msx_json_arr(f->json, "value")), 4);
    assert_null(msx_json_str(f->json, LINK));
    assert_int_equal(get(f, "msp_engagementmilestones?$top=0"), 200);
    assert_int_equal(json_array_size(msx_json_arr(f->json, "value")), 0);
    assert_int_equal(walk(f, "msp_engagementmilestones?$select=msp_name&$top=4", by_five, &rows),
                     5);
    assert_int_equal(rows, N); /* ignored */
    f->svc.max_page = 10;
    assert_int_equal(walk(f, "msp_engagementmilestones?$select=msp_name&$top=17", NULL, &rows), 2);
    assert_int_equal(rows, 17);
    f->svc.max_page = SB_MAX_PAGE;
}

static void a_row_inserted_between_pages_moves_nothing(void **state)
{
    static const char body[] =
        "{\"msp_engagementmilestoneid\":\"00000000-0000-4000-8000-000000000000\","
        "\"msp_name\":\"first\",\"msp_milestonecategory\":861980001,\"msp_milestonedate\":"
        "\"2026-01-01\",\"msp_OpportunityId@odata.bind\":\"/opportunities(" OPP1 ")\"}";
    struct fixture *f = *state;
    char next[4000], last[37];
    const json_t *list;

    assert_int_equal(ask(f, "GET", "msp_engagementmilestones?$select=msp_name", NULL, by_five),
                     200);
    list = msx_json_arr(f->json, "value");
    (void)snprintf(last, sizeof last, "%s",
                   msx_json_str(json_array_get(list, 4), "msp_engagementmilestoneid"));
    (void)snprintf(next, sizeof next, "%s", msx_json_str(f->json, LINK) + 37);
    assert_int_equal(ask(f, "POST", "msp_engagementmilestones", body, NULL), 204);
    assert_int_equal(ask(f, "GET", next, NULL, by_five), 200);
    list = msx_json_arr(f->json, "value");
    assert_true(strcmp(msx_json_str(json_array_get(list, 0), "msp_engagementmilestoneid"), last) >
                0);
    assert_int_equal(ask(f, "DELETE",
                         "msp_engagementmilestones(00000000-0000-4000-8000-000000000000)", NULL,
                         NULL),
                     204);
}

static void empty_values_come_first_and_lookups_by_name(void **state)
{
    struct fixture *f = *state;
    const json_t *list;

    assert_int_equal(
        get(f, "msp_engagementmilestones?$select=msp_milestonedate&$orderby=msp_milestonedate"),
        200);
    list = msx_json_arr(f->json, "value");
    assert_true(json_is_null(json_object_get(json_array_get(list, 0), "msp_milestonedate")));
    assert_int_equal(
        get(f,
            "msp_engagementmilestones?$select=_ownerid_value&$orderby=_ownerid_value desc&$top=1"),
        200);
    assert_string_equal(
        msx_json_str(json_array_get(msx_json_arr(f->json, "value"), 0), "_ownerid_value"), BEN);
}

static void children_are_paged_only_below_a_nested_expand(void **state)
{
    struct fixture *f = *state;
    const json_t *row;

    assert_int_equal(ask(f, "GET",
                         "opportunities?$filter=opportunityid eq " OPP1 "&$select=name&$expand="
                         "msp_opportunity_msp_engagementmilestone_OpportunityId($select=msp_name)",
                         NULL, by_five),
                     200);
    row = json_array_get(msx_json_arr(f->json, "value"), 0);
    assert_int_equal(
        json_array_size(msx_json_arr(row, "msp_opportunity_msp_engagementmilestone_OpportunityId")),
        N - 1);
    assert_null(strstr(
        msx_json_str(row, "msp_opportunity_msp_engagementmilestone_OpportunityId@odata.nextLink"),
        "skiptoken"));
    assert_int_equal(ask(f, "GET",
                         "opportunities?$filter=opportunityid eq " OPP1 "&$select=name&$expand="
                         "msp_opportunity_msp_engagementmilestone_OpportunityId($select=msp_name;"
                         "$expand=msp_WorkloadlkId)",
                         NULL, by_five),
                     200);
    row = json_array_get(msx_json_arr(f->json, "value"), 0);
    assert_int_equal(
        json_array_size(msx_json_arr(row, "msp_opportunity_msp_engagementmilestone_OpportunityId")),
        5);
    assert_non_null(strstr(
        msx_json_str(row, "msp_opportunity_msp_engagementmilestone_OpportunityId@odata.nextLink"),
        "skiptoken"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_comes_once_in_any_order),
        cmocka_unit_test(the_page_size_is_not_remembered_by_the_link),
        cmocka_unit_test(top_limits_only_without_a_page_size),
        cmocka_unit_test(a_row_inserted_between_pages_moves_nothing),
        cmocka_unit_test(empty_values_come_first_and_lookups_by_name),
        cmocka_unit_test(children_are_paged_only_below_a_nested_expand),
    };

    return cmocka_run_group_tests(tests, with_more, tear_down);
}
