/* $filter, $select, $expand, $orderby and $apply of the sandbox. */
#include "sandbox_fixture.h"

#define MILESTONES "msp_engagementmilestones?$select=msp_name&$filter="

static void patterns_match_like_sql_server(void **state)
{
    (void)state;
    assert_true(sb_like("%live%", "Go LIVE now"));
    assert_true(sb_like("go%", "Go live"));
    assert_true(sb_like("%live", "Go live"));
    assert_true(sb_like("G_ live", "go live"));
    assert_false(sb_like("G_live", "go live"));
    assert_true(sb_like("%50[%][_]%", "at 50%_done"));
    assert_false(sb_like("%50[%][_]%", "at 50 done"));
    assert_true(sb_like("[a-c]at", "Bat"));
    assert_false(sb_like("[^a-c]at", "Bat"));
    assert_true(sb_like("[^a-c]at", "rat"));
    assert_true(sb_like("%[[]x%", "a[x]"));
    assert_false(sb_like("[abc", "a"));                     /* a set without an end */
    assert_true(sb_like("%\xc3\xa4rger%", "\xc3\x84RGER")); /* beyond ASCII too */
    assert_true(sb_like("", ""));
    assert_false(sb_like("", "x"));
    assert_true(sb_like("%%", ""));
    assert_true(sb_like("%a%b%c%", "xxaxxbxbxc"));
    assert_false(sb_like("%a%b%c", "xxaxxbxbx"));
}

static void filters_select_the_right_rows(void **state)
{
    static const struct {
        const char *filter, *keys;
    } cases[] = {
        { "msp_milestonestatus eq 861980001", "2" },
        { "861980001 eq msp_milestonestatus", "2" },
        { "msp_name eq 'GO LIVE'", "1" }, /* any case */
        { "msp_name eq 'o''brien''s pilot'", "2" },
        { "msp_name ne 'Go live' and msp_milestonestatus ne 861980001", "3" },
        { "msp_monthlyuse gt 99.5", "1" },
        { "msp_monthlyuse eq null", "23" },
        { "msp_monthlyuse ne null", "1" },
        { "msp_monthlyuse ne 100", "23" }, /* an empty column differs */
        { "not (msp_monthlyuse eq 100)", "23" },
        { "msp_monthlyuse lt 1000", "1" },
        { "_ownerid_value eq " BEN, "2" },
        { "_ownerid_value eq '" BEN "'", "2" }, /* quoted is accepted for lookups */
        { "_ownerid_value eq AAAAAAAA-0000-4000-8000-000000000002", "2" },
        { "msp_nonrecurring eq true", "3" },
        { "msp_milestonedate ge 2026-03-01", "1" },
        { "msp_milestonedate lt 2026-03-20", "2" },
        { "msp_milestonedate le 2026-03-20T00:00:00Z", "12" },
        { "createdon ge 2026-03-02T08:00:00Z", "123" },
        { "createdon ge 2026-03-02T10:00:00%2B02:00", "123" },
        { "createdon gt 2026-03-02T08:00:00Z", "" },
        { "contains(msp_name,'LIVE')", "1" },
        { "startswith(msp_name,'h')", "3" },
        { "endswith(msp_name,'pilot')", "2" },
        { "not contains(msp_name,'live')", "23" },
        { "contains(msp_name,'g_ l')", "1" },
        { "msp_OpportunityId/name eq 'datacenter exit'", "12" },
        { "msp_OpportunityId/parentaccountid/name eq 'contoso'", "12" },
        { "contains(msp_OpportunityId/parentaccountid/name,'toso') and _ownerid_value eq " ANA,
          "1" },
        { "(msp_name eq 'Go live' or msp_name eq 'Handover') and msp_monthlyuse eq 100", "1" },
        { "msp_name eq 'Go live' or msp_name eq 'Handover' and msp_monthlyuse eq 100", "1" },
        { "msp_engagementmilestone_Tasks/any(t:t/statecode eq 0)", "1" },
        { "not msp_engagementmilestone_Tasks/any()", "23" },
        { "msp_engagementmilestone_Tasks/all(t:t/statecode eq 0)", "23" },
        { "msp_engagementmilestone_Tasks/any(t:t/subject eq 'Call' and t/statecode eq 1)", "" },
        { "createdon eq modifiedon", "123" },
        { "Microsoft.Dynamics.CRM.In(PropertyName='msp_milestonestatus',PropertyValues=[\"861980000\",\"861980001\"])",
          "12" },
        { "Microsoft.Dynamics.CRM.NotIn(PropertyName='msp_name',PropertyValues=[\"go live\"])",
          "23" },
        { "Microsoft.Dynamics.CRM.In(PropertyName='msp_name',PropertyValues=[\"O'Brien's pilot\"])",
          "2" },
        { "Microsoft.Dynamics.CRM.Between(PropertyName='msp_monthlyuse',PropertyValues=[\"100\",\"200\"])",
          "1" },
        { "Microsoft.Dynamics.CRM.EqualUserId(PropertyName='ownerid')", "13" },
        { "Microsoft.Dynamics.CRM.NotEqualUserId(PropertyName='ownerid')", "2" },
        { "Microsoft.Dynamics.CRM.ContainValues(PropertyName='msp_milestoneazurecapacitytype',PropertyValues=[\"861980081\"])",
          "1" },
        { "Microsoft.Dynamics.CRM.LastXDays(PropertyName='msp_milestonedate',PropertyValue=10)",
          "2" },
        { "Microsoft.Dynamics.CRM.LastXDays(PropertyName='msp_milestonedate',PropertyValue=9)",
          "" },
        { "Microsoft.Dynamics.CRM.NextXDays(PropertyName='msp_milestonedate',PropertyValue=18)",
          "1" },
        { "Microsoft.Dynamics.CRM.NextXDays(PropertyName='msp_milestonedate',PropertyValue=17)",
          "" },
        { "Microsoft.Dynamics.CRM.Today(PropertyName='createdon')", "123" },
        { "Microsoft.Dynamics.CRM.On(PropertyName='msp_milestonedate',PropertyValue='2026-03-20')",
          "1" },
        { "Microsoft.Dynamics.CRM.OnOrAfter(PropertyName='msp_milestonedate',PropertyValue='2026-03-21')",
          "" },
        { "Microsoft.Dynamics.CRM.OnOrBefore(PropertyName='msp_milestonedate',PropertyValue='2026-02-20')",
          "2" },
        { "Microsoft.Dynamics.CRM.ThisMonth(PropertyName='msp_milestonedate')", "1" },
        { "msp_name eq @p1&@p1='Handover'", "3" },
        { "Microsoft.Dynamics.CRM.In(PropertyName=@p1,PropertyValues=@p2)&@p1='msp_name'&@p2=[\"Go live\"]",
          "1" },
    };
    struct fixture *f = *state;
    char target[1200];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)snprintf(target, sizeof target, MILESTONES "%s", cases[i].filter);
        if (get(f, target) != 200 ||
            strcmp(keys(f, "msp_engagementmilestoneid"), cases[i].keys) != 0)
            fail_msg("%s: %d %s", cases[i].filter, f->r.status, f->r.body.data);
    }
}

static void wrong_filters_are_refused_like_the_service_does(void **state)
{
    static const struct {
        const char *target, *code, *text;
        int status;
    } cases[] = {
        { "accounts?$select=foo", "0x80060888",
          "Could not find a property named 'foo' on type 'Microsoft.Dynamics.CRM.account'.", 400 },
        { "accounts?$filter=foo eq 1", "0x80060888", "named 'foo' on type", 400 },
        { "tasks?$filter=ownerid eq " ANA, "0x80060888", "named 'ownerid'", 400 },
        { "tasks?$select=owneridname", "0x80060888", "named 'owneridname'", 400 },
        { "tasks?$select=regardingobjectid", "0x80060888", "regardingobjectid", 400 },
        { "tasks?$select=ownerid", "0x80060888", "cannot be selected", 400 },
        { "tasks?$filter=_ownerid_value eq guid'" ANA "'", "0x80060888",
          "Unrecognized 'Edm.String' literal", 400 },
        { "tasks?$filter=_ownerid_value eq {" ANA "}", "0x80060888", "", 400 },
        { "tasks?$filter=statecode eq 'Open'", "0x80060888", "incompatible types", 400 },
        { "tasks?$filter=subject eq 1", "0x80060888", "'Edm.String' and 'Edm.Int32'", 400 },
        { "tasks?$filter=subject eq", "0x80060888", "", 400 },
        { "tasks?$filter=subject eq 'a", "0x80060888", "unterminated", 400 },
        { "tasks?$filter=(subject eq 'a'", "0x80060888", "", 400 },
        { "tasks?$filter=subject eq 'a')", "0x80060888", "", 400 },
        { "tasks?$filter=subject eq @p1", "0x80060888", "alias", 400 },
        { "tasks?$filter=foo(subject,'a')", "0x80060888", "unknown function", 400 },
        { "tasks?$filter=contains(statecode,'a')", "0x80060888", "No function signature", 400 },
        { "tasks?$filter=startswith(subject,'%25a')", "0x80060888", "wildcard", 400 },
        { "tasks?$filter=endswith(subject,'a%25')", "0x80060888", "wildcard", 400 },
        { "tasks?$filter=Microsoft.Dynamics.CRM.Nope(PropertyName='subject')", "0x80060888",
          "unknown function", 400 },
        { "tasks?$filter=Microsoft.Dynamics.CRM.In(PropertyName='_ownerid_value',PropertyValues=[\"a\"])",
          "0x80041103", "_ownerid_value", 400 },
        { "tasks?$filter=ownerid/fullname eq 'Ana'", "0x80060888", "principal", 400 },
        { "tasks?$skip=1", "0x80060888", "$skip", 400 },
        { "tasks?$search=x", "0x80060888", "$search", 400 },
        { "tasks?$Select=subject", "0x80060888", "$Select", 400 },
        { "tasks?$top=-1", "0x80060888", "$top", 400 },
        { "tasks?$orderby=subject up", "0x80060888", "$orderby", 400 },
        { "tasks?$top=1&$top=2", "0x80060888", "more than once", 400 },
        { "msp_milestones", "0x8006088a", "Resource not found for the segment 'msp_milestones'.",
          404 },
        { "Tasks", "0x8006088a", "Resource not found for the segment 'Tasks'.", 404 },
        { "CloseTask", "0x8006088a", "Resource not found", 404 },
        { "tasks(" ANA ")", "0x80040217", "task With Id = " ANA " Does Not Exist", 404 },
        { "tasks(nonsense)", "0x80060888", "", 400 },
        { "tasks?$expand=nope", "0x80060888", "named 'nope'", 400 },
        { "msp_engagementmilestones?$expand=msp_opportunityid", "0x80060888",
          "named 'msp_opportunityid'", 400 },
        { "accounts?$expand=account_parent_account/$ref", "0x80060888", "$ref", 400 },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (get(f, cases[i].target) != cases[i].status ||
            strcmp(error_code(f), cases[i].code) != 0 || !strstr(error_text(f), cases[i].text))
            fail_msg("%s: %d %s", cases[i].target, f->r.status, f->r.body.data);
}

static void long_chains_of_or_are_no_problem(void **state)
{
    struct fixture *f = *state;
    struct msx_buf b = MSX_BUF_INIT(1 << 20);

    msx_buf_adds(&b, MILESTONES "msp_name eq 'Handover'");
    for (int i = 0; i < 1400; i++)
        msx_buf_adds(&b, " or msp_name eq 'x'");
    assert_int_equal(get(f, b.data), 414); /* the URL is too long, not the filter */
    msx_buf_clear(&b);
    msx_buf_adds(&b, MILESTONES "msp_name eq 'Handover'");
    for (int i = 0; i < 1100; i++)
        msx_buf_adds(&b, " or msp_name eq ''");
    assert_int_equal(get(f, b.data), 200);
    assert_string_equal(keys(f, "msp_engagementmilestoneid"), "3");
    msx_buf_release(&b);
}

static void annotations_come_only_when_asked_for(void **state)
{
    static const struct header formatted[] = {
        { "Prefer", "odata.include-annotations=\"OData.Community.Display.V1.FormattedValue\"" },
        { NULL, NULL }
    };
    static const struct header some[] = {
        { "Prefer", "odata.include-annotations=\"Microsoft.Dynamics.CRM.*\"" }, { NULL, NULL }
    };
    static const char target[] =
        "msp_engagementmilestones(" MS3
        ")?$select=msp_milestonestatus,_ownerid_value,_msp_opportunityid_value";
    struct fixture *f = *state;

    assert_int_equal(get(f, target), 200);
    assert_null(strstr(f->r.body.data, "@OData.Community"));
    assert_int_equal(ask(f, "GET", target, NULL, formatted), 200);
    assert_string_equal(
        msx_json_str(f->json, "msp_milestonestatus@OData.Community.Display.V1.FormattedValue"),
        "In Progress"); /* the record's own label for a code that the option set lacks */
    assert_string_equal(
        msx_json_str(f->json, "_ownerid_value@OData.Community.Display.V1.FormattedValue"), "Ana");
    assert_null(strstr(f->r.body.data, "lookuplogicalname"));
    assert_int_equal(ask(f, "GET", target, NULL, some), 200);
    assert_null(strstr(f->r.body.data, "FormattedValue"));
    assert_string_equal(
        msx_json_str(
            f->json,
            "_msp_opportunityid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"),
        "msp_OpportunityId");
    assert_int_equal(ask(f, "GET", "opportunities(" OPP1 ")?$select=activestageid,estimatedvalue",
                         NULL, formatted),
                     200);
    assert_string_equal(
        msx_json_str(f->json, "activestageid@OData.Community.Display.V1.FormattedValue"),
        "Realize Value");
    assert_string_equal(
        msx_json_str(f->json, "estimatedvalue@OData.Community.Display.V1.FormattedValue"),
        "$1,234.50");
    assert_true(json_is_null(json_object_get(f->json, "_transactioncurrencyid_value")));
}

static void expand_follows_lookups_and_collections(void **state)
{
    struct fixture *f = *state;
    const json_t *list;

    assert_int_equal(get(f,
                         "msp_engagementmilestones(" MS1
                         ")?$select=msp_name&$expand=msp_OpportunityId($select=name;$expand="
                         "parentaccountid($select=name)),msp_WorkloadlkId,"
                         "msp_engagementmilestone_Tasks($select=subject;$filter=statecode eq 0)"),
                     200);
    assert_string_equal(
        msx_json_str(msx_json_obj(msx_json_obj(f->json, "msp_OpportunityId"), "parentaccountid"),
                     "name"),
        "Contoso");
    assert_true(json_is_null(json_object_get(f->json, "msp_WorkloadlkId")));
    list = msx_json_arr(f->json, "msp_engagementmilestone_Tasks");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(
        msx_json_str(f->json, "msp_engagementmilestone_Tasks@odata.nextLink"),
        "http://sandbox.example/api/data/v9.2/msp_engagementmilestones(" MS1
        ")/msp_engagementmilestone_Tasks?$select=subject&$filter=statecode%20eq%200");
    assert_int_equal(get(f,
                         "tasks(" TASK1 ")?$select=subject&$expand="
                         "regardingobjectid_msp_engagementmilestone_task($select=msp_name),"
                         "regardingobjectid_account_task($select=name),ownerid($select=createdon)"),
                     200);
    assert_string_equal(
        msx_json_str(msx_json_obj(f->json, "regardingobjectid_msp_engagementmilestone_task"),
                     "msp_name"),
        "Go live");
    assert_true(json_is_null(json_object_get(f->json, "regardingobjectid_account_task")));
    assert_string_equal(msx_json_str(msx_json_obj(f->json, "ownerid"), "ownerid"), ANA);
    assert_int_equal(get(f, "tasks?$expand=ownerid($select=fullname)"), 400);
    assert_int_equal(
        get(f, "msp_engagementmilestones?$expand=msp_OpportunityId($expand=parentaccountid),"
               "msp_engagementmilestone_Tasks($top=1)"),
        400);
}

static void a_loaded_label_without_a_code_is_served(void **state)
{
    static const struct header labels[] = { { "Prefer", "odata.include-annotations=\"*\"" },
                                            { NULL, NULL } };
    struct fixture *f = *state;

    assert_int_equal(ask(f, "GET", "opportunities(" OPP2 ")?$select=msp_salesplay", NULL, labels),
                     200);
    assert_true(json_is_integer(json_object_get(f->json, "msp_salesplay")));
    assert_string_equal(
        msx_json_str(f->json, "msp_salesplay@OData.Community.Display.V1.FormattedValue"),
        "My own play");
}

static void apply_groups_and_sums(void **state)
{
    struct fixture *f = *state;
    const json_t *row;
    json_int_t n = 0;

    assert_int_equal(get(f, "tasks?$apply=filter(statecode eq 0)/aggregate($count as n)"), 200);
    row = json_array_get(msx_json_arr(f->json, "value"), 0);
    assert_true(msx_json_int(row, "n", &n) && n == 1);
    assert_int_equal(get(f, "msp_engagementmilestones?$apply=groupby((_msp_opportunityid_value),"
                            "aggregate(msp_monthlyuse with sum as total))"),
                     200);
    assert_int_equal(json_array_size(msx_json_arr(f->json, "value")), 2);
    assert_int_equal(get(f, "tasks?$apply=groupby((createdon))"), 400);
    assert_int_equal(get(f, "tasks?$apply=nonsense(a)"), 400);
}

static void count_stops_at_its_cap_and_begins_with_a_mark(void **state)
{
    struct fixture *f = *state;
    json_int_t n = 0;

    assert_int_equal(get(f, "tasks/$count"), 200);
    assert_string_equal(f->r.body.data, "\xef\xbb\xbf"
                                        "2");
    assert_string_equal(sb_response_get(&f->r, "Content-Type"), "text/plain");
    assert_int_equal(get(f, "tasks?$count=true&$top=1"), 200);
    assert_true(msx_json_int(f->json, "@odata.count", &n) && n == 2);
}

static void metadata_answers_describe_the_tables(void **state)
{
    struct fixture *f = *state;
    const json_t *option;
    json_int_t n = 0;

    assert_int_equal(
        get(f, "EntityDefinitions(LogicalName='task')?$select=EntitySetName,PrimaryIdAttribute"),
        200);
    assert_string_equal(msx_json_str(f->json, "PrimaryIdAttribute"), "activityid");
    assert_non_null(msx_json_str(f->json, "MetadataId"));
    assert_null(msx_json_str(f->json, "SchemaName"));
    assert_int_equal(
        get(f,
            "EntityDefinitions(LogicalName='task')/Attributes(LogicalName='statuscode')/"
            "Microsoft.Dynamics.CRM.StatusAttributeMetadata?$select=LogicalName&$expand=OptionSet"),
        200);
    option = json_array_get(msx_json_arr(msx_json_obj(f->json, "OptionSet"), "Options"), 3);
    assert_true(msx_json_int(option, "Value", &n) && n == 5);
    assert_true(msx_json_int(option, "State", &n) && n == 1);
    assert_int_equal(
        get(f, "EntityDefinitions(LogicalName='msp_engagementmilestone')/Attributes/"
               "Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&"
               "$filter=LogicalName eq 'msp_milestonecategory'&$expand=OptionSet,GlobalOptionSet"),
        200);
    option = json_array_get(msx_json_arr(f->json, "value"), 0);
    assert_true(json_is_null(json_object_get(option, "OptionSet")));
    option = json_array_get(msx_json_arr(msx_json_obj(option, "GlobalOptionSet"), "Options"), 0);
    assert_true(
        json_is_null(json_object_get(json_object_get(option, "Label"), "UserLocalizedLabel")));
    assert_int_equal(
        get(f, "EntityDefinitions(LogicalName='task')/ManyToOneRelationships?"
               "$select=ReferencingEntityNavigationPropertyName&$filter=ReferencedEntity eq "
               "'msp_engagementmilestone' and ReferencingAttribute eq 'regardingobjectid'"),
        200);
    assert_string_equal(msx_json_str(json_array_get(msx_json_arr(f->json, "value"), 0),
                                     "ReferencingEntityNavigationPropertyName"),
                        "regardingobjectid_msp_engagementmilestone_task");
    assert_int_equal(get(f, "EntityDefinitions?$filter=startswith(LogicalName,'msp')"), 501);
    assert_string_equal(error_code(f), "0x8006088a");
    assert_int_equal(get(f, "EntityDefinitions(LogicalName='nope')"), 404);
    assert_int_equal(get(f, "GlobalOptionSetDefinitions(Name='msp_taskcategory')"), 200);
    assert_int_equal(json_array_size(msx_json_arr(f->json, "Options")), 8);
    assert_int_equal(get(f, "$metadata"), 200);
    assert_non_null(strstr(f->r.body.data, "<NavigationProperty Name=\"msp_OpportunityId\""));
    assert_int_equal(get(f, ""), 200);
    assert_int_equal(get(f, "WhoAmI"), 200);
    assert_string_equal(msx_json_str(f->json, "UserId"), ANA);
}

static void only_odata_options_are_queries(void **state)
{
    static const char *const queries[] = {
        "accounts?fetchXml=<fetch><entity name='account'/></fetch>",
        "accounts?savedQuery=99999999-0000-4000-8000-000000000001",
        "accounts?userQuery=99999999-0000-4000-8000-000000000001",
        "accounts/$count?fetchXml=<fetch/>",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        assert_int_equal(get(f, queries[i]), 501);
        assert_string_equal(error_code(f), "0x80040219");
    }
    assert_int_equal(get(f, "accounts?tag=mine"), 200); /* other people's options are not heard */
}

static void record_counts_take_lists_and_aliases(void **state)
{
    static const char *const calls[] = {
        "RetrieveTotalRecordCount(EntityNames=['account','task'])",
        "RetrieveTotalRecordCount(EntityNames=@p1)?@p1=['account','task']",
        "RetrieveTotalRecordCount(EntityNames=@p1)?@p1=%5B%22account%22,%22task%22%5D",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const json_t *c;

        assert_int_equal(get(f, calls[i]), 200);
        c = msx_json_obj(f->json, "EntityRecordCountCollection");
        assert_string_equal(json_string_value(json_array_get(msx_json_arr(c, "Keys"), 1)), "task");
        assert_int_equal(json_integer_value(json_array_get(msx_json_arr(c, "Values"), 1)), 2);
        assert_int_equal(json_integer_value(json_object_get(c, "Count")), 2);
    }
    assert_int_equal(get(f, "RetrieveTotalRecordCount(EntityNames=@p1)"), 400);
    assert_int_equal(get(f, "RetrieveTotalRecordCount(EntityNames=['nope'])"), 400);
    assert_string_equal(error_code(f), "0x80041102");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_like_sql_server),
        cmocka_unit_test(filters_select_the_right_rows),
        cmocka_unit_test(wrong_filters_are_refused_like_the_service_does),
        cmocka_unit_test(long_chains_of_or_are_no_problem),
        cmocka_unit_test(annotations_come_only_when_asked_for),
        cmocka_unit_test(expand_follows_lookups_and_collections),
        cmocka_unit_test(a_loaded_label_without_a_code_is_served),
        cmocka_unit_test(apply_groups_and_sums),
        cmocka_unit_test(count_stops_at_its_cap_and_begins_with_a_mark),
        cmocka_unit_test(only_odata_options_are_queries),
        cmocka_unit_test(record_counts_take_lists_and_aliases),
        cmocka_unit_test(metadata_answers_describe_the_tables),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
