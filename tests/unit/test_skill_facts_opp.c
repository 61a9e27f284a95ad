/* Opportunity facts of catalog 1.6. */
#include "fixture_catalog.h"

static const struct msx_rec *opp(struct fx *f, const char *id)
{
    fx_build(f);
    return fx_rec(f, MSX_K_OPP, id);
}
#define o1_is(f, fact, want) assert_string_equal(fx_fact(opp((f), FX_O1), (fact)), (want))
#define o2_is(f, fact, want) assert_string_equal(fx_fact(opp((f), FX_O2), (fact)), (want))

static void dates_and_people(void **state)
{
    const struct msx_rec *o;
    struct fx f;

    (void)state;
    fx_open(&f);
    o = opp(&f, FX_O1);
    fx_is(o, "open", "yes");
    fx_is(o, "days_to_close", "120");
    fx_is(o, "days_to_completion", "212");
    fx_is(o, "owner_role", "specialist");
    fx_is(o, "team", FX_SPEC "," FX_SE "," FX_CSA "," FX_CSAM);
    fx_is(o, "team_roles", "csa,csam,se,specialist");
    fx_is(o, "customer", "Contoso");
    fx_is(o, "missing_fields", "");
    fx_is(o, "value", "10000");
    json_object_del(f.o1, "statecode");
    o1_is(&f, "open", "yes");
    fx_int(f.o1, "statecode", 1);
    o1_is(&f, "open", "no");
    fx_str(f.good_c, "_ownerid_value", FX_PAR);
    o1_is(&f, "involved_roles", "csa,csam,partner,se,specialist");
    fx_code(f.good_c, "msp_milestonestatus", 861980003, NULL);
    o1_is(&f, "value", "0"); /* closed milestones have no value left */
    fx_close(&f);
}

static void a_team_that_cannot_be_read(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_build(&f);
    msx_world_not_read(f.w, "dealteam", NULL);
    assert_int_equal(msx_world_ready(f.w, NULL), MSX_OK);
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O1), "team", FX_CSAM);
    assert_int_equal(fx_gaps(&f, "dealteam_unavailable", "msp_dealteams", FX_O1), 1);
    assert_int_equal(fx_gaps(&f, "dealteam_unavailable", NULL, NULL), 2);
    json_object_set_new(json_array_get(f.team, 0), "statecode", json_integer(1));
    o1_is(&f, "team", FX_SE "," FX_CSA "," FX_CSAM); /* an inactive row is none */
    fx_close(&f);
}

static void missing_fields_of_an_opportunity(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_str(f.o1, "msp_salesplay", " ");
    fx_str(f.o1, "name", "");
    fx_str(f.o1, "_ownerid_value", NULL);
    json_object_del(f.o1, "_parentaccountid_value");
    o1_is(&f, "missing_fields", "_ownerid_value,_parentaccountid_value,msp_salesplay,name");
    fx_close(&f);
}

static void stages_from_labels_and_the_users_map(void **state)
{
    static const char *const labels[][2] = {
        { "Realize Value", "4" },
        { "Empower & Achieve", "3" },
        { "Inspire and Design", "2" },
        { "LISTEN", "1" },
        { "Manage/Optimise", "5" },
        { "Stage 2 - Realize Value", "2" },
        { "stage: 5", "5" },
        { "Stage 12 Design", "2" },
        { "Consultation", "-" },
        { "Stage 7", "-" },
        { "Backstage 3 Achieve", "3" },
        { "3", "-" },
        { "Value: optimize", "5" },
    };
    struct fx f;

    (void)state;
    fx_open(&f);
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        bool none = labels[i][1][0] == '-';

        fx_str(f.o1, "activestageid" FX_LABEL, labels[i][0]);
        o1_is(&f, "declared_stage", labels[i][1]);
        assert_int_equal(fx_gaps(&f, "stage_unmapped", "activestageid", FX_O1), none ? 1 : 0);
        fx_is(fx_rec(&f, MSX_K_OPP, FX_O1), "stage_source", none ? "evidence" : "declared");
    }
    json_object_set_new(f.stages, "F0000000-0000-0000-0000-000000000009", json_integer(2));
    o1_is(&f, "declared_stage", "2");
    fx_str(f.o1, "activestageid", NULL);
    fx_str(f.o1, "activestageid" FX_LABEL, NULL);
    o1_is(&f, "declared_stage", "-");
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O1), "stage", "4");
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O1), "stage_gap", "-");
    assert_int_equal(fx_gaps(&f, "stage_unmapped", NULL, NULL), 0);
    fx_close(&f);
}

static void evidence_stage_counts_field_gates(void **state)
{
    const struct msx_rec *o;
    struct fx f;

    (void)state;
    fx_open(&f);
    o = opp(&f, FX_O1);
    fx_is(o, "evidence_stage", "4"); /* nothing delivered yet */
    fx_is(o, "stage_gap", "0");
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O2), "evidence_stage", "3");
    fx_str(f.good_c, "msp_milestonedate", NULL);
    o1_is(&f, "evidence_stage", "3");
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O1), "stage_gap", "1");
    fx_str(f.good_c, "msp_milestonedate", "2026-02-20");
    fx_code(f.good_c, "msp_milestonestatus", 861980003, NULL);
    o1_is(&f, "evidence_stage", "5");
    fx_int(f.o1, "msp_consumptionconsumedrecurring", 0);
    o1_is(&f, "evidence_stage", "4");
    fx_code(f.good_c, "msp_milestonestatus", 861980004, NULL);
    o1_is(&f, "evidence_stage", "2"); /* its only milestone is cancelled */
    fx_str(f.o1, "msp_salesplay", NULL);
    o1_is(&f, "evidence_stage", "1");
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O1), "accountable_role", "csam"); /* declared stage 4 */
    fx_close(&f);
}

static void strict_gates_count_texts_too(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(8192);
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_str(f.params, "gate_mode", "strict");
    o1_is(&f, "evidence_stage", "4");
    fx_str(f.good_c, "msp_forecastcomments", fx_fmb(&b, NULL, "Agreement ", NULL));
    o1_is(&f, "evidence_stage", "3");
    fx_str(f.good_c, "msp_forecastcomments", fx_fmb(&b, NULL, "BVA ", NULL));
    o1_is(&f, "evidence_stage", "2");
    fx_close(&f);
}

static void gates_are_lists_of_criteria(void **state)
{
    json_t *facts, *gate, *c;
    struct fx f;

    (void)state;
    fx_open(&f);
    facts = msx_rec_facts_json(opp(&f, FX_O1));
    assert_int_equal(json_array_size(msx_json_arr(facts, "gates")), 5);
    gate = json_array_get(msx_json_arr(facts, "gates"), 3);
    c = json_array_get(msx_json_arr(gate, "criteria"), 0);
    assert_string_equal(msx_json_str(c, "id"), "delivered");
    assert_string_equal(msx_json_str(c, "kind"), "field");
    assert_true(json_is_false(json_object_get(c, "met")));
    c = json_array_get(msx_json_arr(gate, "criteria"), 1);
    assert_string_equal(msx_json_str(c, "id"), "value_tracking");
    assert_true(json_is_true(json_object_get(c, "met")));
    gate = json_array_get(msx_json_arr(facts, "gates"), 2);
    c = json_array_get(msx_json_arr(gate, "criteria"), 1);
    assert_string_equal(msx_json_str(c, "id"), "agreement");
    assert_true(json_is_true(json_object_get(c, "met")));
    assert_int_equal(json_array_size(msx_json_arr(c, "evidence")), 1);
    json_decref(facts);
    fx_close(&f);
}

static void age_of_a_stage(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(8192);
    struct fx f;

    (void)state;
    fx_open(&f);
    o1_is(&f, "stage_since", "-");
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O1), "stage_age", "-");
    json_decref(f.state);
    f.state =
        json_pack("{s:{s:{s:i,s:s}}}", "opportunities", FX_O1, "stage", 4, "since", "2026-02-20");
    o1_is(&f, "stage_age", "10");
    fx_str(f.good_c, "msp_forecastcomments", fx_fmb(&b, NULL, NULL, "StageSince: 2025-12-31"));
    o1_is(&f, "stage_since", "2025-12-31");
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O1), "stage_age", "61");
    fx_str(f.good_c, "msp_forecastcomments", fx_fmb(&b, NULL, NULL, NULL));
    fx_str(f.o1, "activestageid" FX_LABEL, "Stage 3"); /* another stage than the one seen */
    o1_is(&f, "stage_since", "-");
    fx_close(&f);
}

static void activity_is_that_of_tasks_and_comments(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(8192);
    struct fx f;

    (void)state;
    fx_open(&f);
    o2_is(&f, "last_activity", "2026-02-27");
    fx_str(f.good_u, "msp_forecastcomments", fx_fmb(&b, "2026-01-30", NULL, NULL));
    fx_str(f.gt2, "modifiedon", "2026-01-30T10:00:00Z");
    o2_is(&f, "idle_days", "31");
    f.tasks_read = false;
    o2_is(&f, "idle_days", "31");
    json_array_clear(f.milestones);
    o2_is(&f, "idle_days", "-");
    f.good_u = f.good_c = NULL;
    fx_close(&f);
}

static void milestones_that_failed_are_not_read(void **state)
{
    static const char *const unread[] = { "milestones",     "idle_days",     "value",
                                          "evidence_stage", "qualification", "stage_age" };
    struct fx f;

    (void)state;
    fx_open(&f);
    json_array_clear(f.milestones);
    fx_build(&f);
    msx_world_not_read(f.w, "milestones", FX_O2);
    msx_world_not_read(f.w, "opportunity", "b0000000-0000-0000-0000-000000000077");
    assert_int_equal(msx_world_ready(f.w, NULL), MSX_OK);
    for (size_t i = 0; i < sizeof unread / sizeof unread[0]; i++)
        fx_is(fx_rec(&f, MSX_K_OPP, FX_O2), unread[i], "not read");
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O2), "stage", "3"); /* declared */
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O2), "days_to_close", "120");
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O1), "value", "0");
    fx_is(fx_rec(&f, MSX_K_OPP, "b0000000-0000-0000-0000-000000000077"), "days_to_close",
          "not read");
    fx_is(fx_rec(&f, MSX_K_OPP, "b0000000-0000-0000-0000-000000000077"), "missing_fields",
          "not read");
    fx_is(fx_rec(&f, MSX_K_OPP, "b0000000-0000-0000-0000-000000000077"), "name", "not read");
    fx_close(&f);
}

static void two_units_on_one_opportunity(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(8192);
    struct fx f;

    (void)state;
    fx_open(&f);
    o2_is(&f, "mixed_ownership", "no");
    fx_str(f.o2, "_ownerid_value", FX_ATU);
    o2_is(&f, "mixed_ownership", "yes"); /* a specialist is on the team */
    fx_str(f.o2, "activestageid" FX_LABEL, "Realize Value");
    o2_is(&f, "mixed_ownership", "no"); /* stage 2 and 3 only */
    fx_str(f.o2, "activestageid" FX_LABEL, "Inspire & Design");
    o2_is(&f, "mixed_ownership", "yes");
    fx_str(f.good_u, "msp_forecastcomments", fx_fmb(&b, NULL, NULL, "OppOwner: <<role or name>>"));
    o2_is(&f, "mixed_ownership", "yes"); /* nobody is named */
    fx_str(f.good_u, "msp_forecastcomments", fx_fmb(&b, NULL, NULL, "OppOwner: specialist"));
    o2_is(&f, "mixed_ownership", "no");
    fx_str(f.good_u, "msp_forecastcomments", fx_fmb(&b, NULL, NULL, NULL));
    fx_str(f.o2, "_ownerid_value", FX_SPEC);
    fx_str(f.good_u, "_ownerid_value", FX_ATU);
    o2_is(&f, "mixed_ownership", "yes");
    fx_code(f.good_u, "msp_milestonestatus", 861980003, NULL);
    o2_is(&f, "mixed_ownership", "no");
    fx_str(f.good_u, "msp_forecastcomments",
           fx_fmb(&b, NULL, NULL, "[2026-02-26] There is joint ownership of the deal"));
    o2_is(&f, "mixed_ownership", "yes");
    fx_close(&f);
}

static void qualification_in_steps_of_twenty(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(8192);
    struct fx f;

    (void)state;
    fx_open(&f);
    o2_is(&f, "qualification", "100");
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O2), "qualification_missing", "");
    fx_str(f.good_u, "msp_forecastcomments", fx_fmb(&b, NULL, "Priority ", NULL));
    o2_is(&f, "qualification", "80");
    fx_str(f.good_u, "msp_forecastcomments", fx_fmb(&b, NULL, "Priority Fit ", NULL));
    o2_is(&f, "qualification", "80"); /* BANT: B=yes answers the same question */
    fx_str(f.o2, "msp_salesplay", NULL);
    fx_str(f.good_u, "msp_forecastcomments", "nothing to see");
    o2_is(&f, "qualification", "0");
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O2), "qualification_missing", "Q1,Q2,Q3,Q4,Q5");
    fx_close(&f);
}

static void duplicates_point_at_each_other(void **state)
{
    static const char third[] = "b0000000-0000-0000-0000-000000000003";
    struct fx f;

    (void)state;
    fx_open(&f);
    o1_is(&f, "duplicate_of", "-");
    fx_opp(&f, third, "Contoso analytics platform wave", "Empower & Achieve");
    o2_is(&f, "duplicate_of", third);
    fx_is(fx_rec(&f, MSX_K_OPP, third), "duplicate_of", FX_O2);
    fx_is(fx_rec(&f, MSX_K_OPP, FX_O1), "duplicate_of", "-");
    fx_str(f.o2, "msp_salesplay", "Another play");
    o2_is(&f, "duplicate_of", "-");
    fx_str(f.o2, "msp_salesplay", "Migrate and Modernize");
    fx_int(f.o2, "statecode", 1);
    fx_build(&f);
    fx_is(fx_rec(&f, MSX_K_OPP, third), "duplicate_of", "-");
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_and_people),
        cmocka_unit_test(a_team_that_cannot_be_read),
        cmocka_unit_test(missing_fields_of_an_opportunity),
        cmocka_unit_test(stages_from_labels_and_the_users_map),
        cmocka_unit_test(evidence_stage_counts_field_gates),
        cmocka_unit_test(strict_gates_count_texts_too),
        cmocka_unit_test(gates_are_lists_of_criteria),
        cmocka_unit_test(age_of_a_stage),
        cmocka_unit_test(activity_is_that_of_tasks_and_comments),
        cmocka_unit_test(milestones_that_failed_are_not_read),
        cmocka_unit_test(two_units_on_one_opportunity),
        cmocka_unit_test(qualification_in_steps_of_twenty),
        cmocka_unit_test(duplicates_point_at_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
