/* Signals of records and readiness items (catalog 2.1, 2.5, 4.0.6), over the shipped lexicon. */
#include "fixture_catalog.h"

static const struct msx_rec *good_c(struct fx *f)
{
    fx_build(f);
    return fx_rec(f, MSX_K_MILESTONE, FX_GOOD_C);
}
static const struct msx_rec *good_u(struct fx *f)
{
    fx_build(f);
    return fx_rec(f, MSX_K_MILESTONE, FX_GOOD_U);
}

/* FMB without some lines, plus one, on both milestones. */
static void comments(struct fx *f, const char *without, const char *more)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(8192);

    fx_str(f->good_c, "msp_forecastcomments", fx_fmb(&b, NULL, without, more));
    fx_str(f->good_u, "msp_forecastcomments", fx_fmb(&b, NULL, without, more));
}

static const char *sig(struct fx *f, const struct msx_rec *r, const char *id)
{
    static const char *const names[] = { "unknown", "yes", "no" };
    int index = msx_lexicon_find(f->lexicon, id);

    if (index < 0)
        fail_msg("no signal '%s'", id);
    return names[msx_rec_signal(r, index)->value];
}
#define sig_is(f, r, id, want) assert_string_equal(sig((f), (r), (id)), (want))

static void signals_of_the_full_block(void **state)
{
    static const char *const yes[] = {
        "bant.budget",      "bant.authority",    "bant.need",          "bant.timeline",
        "delivery.partner", "delivery.owner",    "capacity.confirmed", "environment.ready",
        "metrics.baseline", "metrics.target",    "success_definition", "architecture.decision",
        "constraint",       "dependency.stated", "deliverable",        "risk.stated",
        "readiness.csa",    "readiness.csam",    "proof.done",         "proof.artifact",
        "agreement",        "why_bought",        "promised",           "out_of_scope",
        "cadence",          "stakeholder",       "escalation_path",    "priority",
        "commercial_fit",   "success_plan",      "business_value",
    };
    const struct msx_rec *m;
    struct fx f;

    (void)state;
    fx_open(&f);
    m = good_c(&f);
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        sig_is(&f, m, yes[i], "yes");
    sig_is(&f, m, "blocker", "no");
    sig_is(&f, m, "delivery.isd", "no");
    sig_is(&f, m, "expansion", "unknown");
    fx_is(m, "paths", "partner");
    fx_is(m, "external_paths", "partner");
    fx_is(m, "delivery_owner", "Northwind Services");
    fx_is(m, "exec_roles", "partner");
    fx_is(m, "issue", "none");
    fx_is(m, "influenced", "unknown");
    fx_is(m, "date_realistic", "yes");
    fx_is(m, "unified_dependent", "no");
    fx_is(m, "adoption", "no");
    assert_int_equal(msx_rec_signal(m, msx_lexicon_find(f.lexicon, "agreement"))->via,
                     MSX_VIA_MARKER);
    fx_close(&f);
}

static void opportunity_signals_are_shared(void **state)
{
    const struct msx_rec *m, *x;
    json_t *other;
    struct fx f;

    (void)state;
    fx_open(&f);
    other = fx_milestone(&f, "c0000000-0000-0000-0000-000000000003", "7-100000003", "Second", FX_O1,
                         true);
    fx_str(other, "msp_forecastcomments", "nothing here");
    m = good_c(&f);
    x = fx_rec(&f, MSX_K_MILESTONE, "c0000000-0000-0000-0000-000000000003");
    sig_is(&f, x, "agreement", "yes");
    assert_ptr_equal(msx_rec_signal(x, msx_lexicon_find(f.lexicon, "agreement")),
                     msx_rec_signal(m, msx_lexicon_find(f.lexicon, "agreement")));
    sig_is(&f, x, "capacity.confirmed", "unknown");
    sig_is(&f, fx_rec(&f, MSX_K_OPP, FX_O1), "capacity.confirmed", "yes");
    sig_is(&f, fx_rec(&f, MSX_K_OPP, FX_O1), "agreement", "yes");
    fx_close(&f);
}

static void set_values_win(void **state)
{
    const struct msx_rec *m;
    struct fx f;

    (void)state;
    fx_open(&f);
    json_object_set_new(
        f.set, "",
        json_pack("{s:s,s:s}", "capacity.confirmed", "no", "delivery.owner", "Fabrikam"));
    json_object_set_new(f.set, "7-100000002",
                        json_pack("{s:s,s:s}", "capacity.confirmed", "yes", "agreement", "no"));
    m = good_c(&f);
    sig_is(&f, m, "capacity.confirmed", "no");
    fx_is(m, "delivery_owner", "Fabrikam");
    sig_is(&f, m, "agreement", "yes");
    m = fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U);
    sig_is(&f, m, "capacity.confirmed", "yes");
    sig_is(&f, m, "agreement", "no"); /* a numbered value wins for its milestone */
    assert_int_equal(msx_rec_signal(m, msx_lexicon_find(f.lexicon, "agreement"))->via, MSX_VIA_SET);
    fx_close(&f);
}

static void influence_is_derived_from_proof_work(void **state)
{
    json_t *t;
    struct fx f;

    (void)state;
    fx_open(&f);
    t = fx_task(&f, "d0000000-0000-0000-0000-000000000010", FX_GOOD_C, "Design session",
                "2026-02-10", FX_SE);
    fx_int(t, "msp_taskcategory", 861980004);
    fx_is(good_c(&f), "influenced", "unknown"); /* still open */
    fx_int(t, "statecode", 1);
    fx_is(good_c(&f), "influenced", "yes");
    fx_int(t, "msp_taskcategory", 861980007);
    fx_is(good_c(&f), "influenced", "unknown");
    fx_int(t, "msp_taskcategory", 861980002);
    comments(&f, NULL, "Influence: SE=no reason=none");
    fx_is(good_c(&f), "influenced", "no");
    comments(&f, NULL, NULL);
    f.me = FX_SE;
    fx_is(good_c(&f), "influenced", "yes");
    fx_str(t, "_ownerid_value", FX_CSA);
    fx_is(good_c(&f), "influenced", "unknown");
    fx_close(&f);
}

static void recovery(void **state)
{
    const struct msx_rec *m;
    struct fx f;

    (void)state;
    fx_open(&f);
    comments(&f, NULL, "Recovery: owner=DeliveryLead date=2026-03-02");
    m = good_c(&f);
    fx_is(m, "recovery_owner", "DeliveryLead");
    fx_is(m, "recovery_date", "2026-03-02");
    fx_is(m, "recovery_plan", "yes"); /* today still counts */
    comments(&f, NULL, "Recovery: owner=DeliveryLead date=2026-03-01");
    fx_is(good_c(&f), "recovery_plan", "no");
    comments(&f, NULL, "Recovery: owner=DeliveryLead date=2026-03-20, agreed with the customer.");
    fx_is(good_c(&f), "recovery_date", "2026-03-20");
    fx_is(good_c(&f), "recovery_plan", "yes");
    comments(&f, NULL, "Recovery: owner=DeliveryLead date=2026-03-201");
    fx_is(good_c(&f), "recovery_date", "-");
    comments(&f, NULL, "Recovery: owner=tbd date=2026-03-20");
    fx_is(good_c(&f), "recovery_owner", "-");
    comments(&f, NULL, "Recovery: owner=<<name>> date=<<date>>");
    fx_is(good_c(&f), "recovery_owner", "-");
    fx_is(good_c(&f), "recovery_date", "-");
    comments(&f, NULL, "Recovery: owner=Open Systems GmbH date=2026-03-20");
    fx_is(good_c(&f), "recovery_owner", "Open Systems GmbH");
    comments(&f, NULL, NULL);
    fx_int(f.gt, "msp_taskcategory", 861980006);
    fx_is(good_c(&f), "recovery_plan", "yes");
    fx_str(f.gt, "scheduledend", "2026-03-01"); /* mitigation, but not live */
    fx_is(good_c(&f), "recovery_plan", "no");
    fx_close(&f);
}

static void since_when(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_is(good_c(&f), "blocked_since", "-");
    fx_code(f.good_c, "msp_milestonestatus", 861980002, NULL);
    fx_is(good_c(&f), "blocked_since", "2026-02-25");
    fx_int(f.gt, "statuscode", 4);
    fx_str(f.gt, "modifiedon", "2026-02-20");
    fx_is(good_c(&f), "blocked_since", "2026-02-20");
    comments(&f, NULL, "BlockedSince: 2026-02-01");
    fx_is(good_c(&f), "blocked_since", "2026-02-01");
    comments(&f, NULL, "Committed: 2026-01-31 by mail");
    fx_is(good_c(&f), "newly_committed", "yes"); /* 30 days */
    fx_is(good_u(&f), "newly_committed", "no");  /* not committed at all */
    comments(&f, NULL, "Committed: 2026-01-30");
    fx_is(good_c(&f), "newly_committed", "no");
    fx_close(&f);
}

static void paths_and_lead_times(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    comments(&f, "Delivery ", "Delivery: CSA, Unified + Partner");
    fx_is(good_c(&f), "paths", "partner,unified,csa");
    fx_is(good_c(&f), "external_paths", "partner,unified");
    fx_is(good_c(&f), "accepted_paths", "partner,unified");
    fx_is(good_c(&f), "unified_dependent", "yes");
    fx_str(f.good_u, "msp_milestonedate", "2026-04-01"); /* 30 days: enough for Unified */
    fx_is(good_u(&f), "date_realistic", "yes");
    fx_str(f.good_u, "msp_milestonedate", "2026-03-31");
    fx_is(good_u(&f), "date_realistic", "no");
    comments(&f, NULL, NULL);
    fx_is(good_u(&f), "date_realistic", "yes");
    fx_str(f.good_u, "msp_milestonedate", "2026-03-16"); /* 14 days: enough for dispatch */
    fx_is(good_u(&f), "date_realistic", "yes");
    fx_str(f.good_u, "msp_milestonedate", "2026-03-15");
    fx_is(good_u(&f), "date_realistic", "no");
    fx_str(f.good_u, "msp_milestonedate", "2027-03-02"); /* 365 */
    fx_is(good_u(&f), "date_realistic", "yes");
    fx_str(f.good_u, "msp_milestonedate", "2027-03-03");
    fx_is(good_u(&f), "date_realistic", "no");
    fx_str(f.good_u, "msp_milestonedate", NULL);
    fx_is(good_u(&f), "date_realistic", "no");
    comments(&f, "Delivery DeliveryOwner ", NULL);
    fx_is(good_c(&f), "paths", "");
    fx_is(good_c(&f), "delivery_owner", "-");
    fx_close(&f);
}

static void roles_that_execute(void **state)
{
    json_t *t;
    struct fx f;

    (void)state;
    fx_open(&f);
    t = fx_task(&f, "d0000000-0000-0000-0000-000000000010", FX_GOOD_C, "Build", "2026-03-10",
                FX_CSA);
    fx_is(good_c(&f), "exec_roles", "partner,csa");
    fx_int(t, "statecode", 1);
    fx_str(t, "modifiedon", "2025-12-02"); /* 90 days ago */
    fx_is(good_c(&f), "exec_roles", "partner,csa");
    fx_str(t, "modifiedon", "2025-12-01");
    fx_is(good_c(&f), "exec_roles", "partner");
    fx_close(&f);
}

static void issue_of_a_milestone(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    comments(&f, "Blockers Architecture Constraints Dependencies ",
             "Cutover is blocked by firewall rules");
    fx_is(good_c(&f), "issue", "technical");
    fx_str(f.gt, "subject", "Agree discount and contract terms");
    fx_is(good_c(&f), "issue", "technical"); /* the blocker comes before open tasks */
    comments(&f, NULL, NULL);
    fx_is(good_c(&f), "issue", "commercial");
    fx_int(f.gt, "statecode", 1);
    fx_is(good_c(&f), "issue", "none"); /* marker lines are no free text */
    comments(&f, NULL, "The consultants are late with the training plan");
    fx_is(good_c(&f), "issue", "delivery");
    comments(&f, NULL, "Issue: commercial");
    fx_is(good_c(&f), "issue", "commercial");
    fx_close(&f);
}

static void adoption_in_the_milestone_itself(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_str(f.gt, "subject", "Adoption workshop");
    fx_is(good_c(&f), "adoption", "no"); /* tasks do not make it one */
    fx_str(f.good_c, "msp_name", "Analytics adoption rollout");
    fx_is(good_c(&f), "adoption", "yes");
    fx_str(f.good_c, "msp_name", "Rollout");
    fx_code(f.good_c, "msp_milestonecategory", 861980002, NULL);
    fx_is(good_c(&f), "adoption", "yes");
    fx_close(&f);
}

static void dependencies(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_is(good_c(&f), "technical_dependency", "no");
    fx_str(f.gt, "subject", "API latency tests");
    fx_is(good_c(&f), "technical_dependency", "yes");
    fx_str(f.gt, "subject", "Weekly call");
    comments(&f, NULL, "[2026-02-26] This depends on the firewall change");
    fx_is(good_c(&f), "technical_dependency", "yes");
    comments(&f, NULL, "[2026-02-26] This depends on the discount");
    fx_is(good_c(&f), "technical_dependency", "no");
    fx_close(&f);
}

static void intent_makes_a_candidate(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_str(f.good_u, "msp_milestonedate", "2026-08-01");
    fx_is(good_u(&f), "commit_candidate", "no");
    comments(&f, NULL, "[2026-02-26] The team is ready to commit");
    fx_is(good_u(&f), "commit_candidate", "yes");
    fx_close(&f);
}

/* ---- readiness items ---- */
static enum msx_tri rd(const struct msx_rec *m, const char *item)
{
    return msx_rec_ready(m, item, false, NULL);
}

static void all_items_of_the_good_milestone(void **state)
{
    static const char *const met[] = { "RD-PATH", "RD-CAP",  "RD-DATE", "RD-ENV", "RD-MET",
                                       "RD-CSA",  "RD-CSAM", "RD-TASK", "RD-OWN", "RD-RISK",
                                       "RD-OUT",  "RD-AGR",  "RD-ART" };
    const struct msx_rec *m;
    struct fx f;

    (void)state;
    fx_open(&f);
    m = good_c(&f);
    for (size_t i = 0; i < sizeof met / sizeof met[0]; i++)
        assert_int_equal(rd(m, met[i]), MSX_YES);
    assert_int_equal(rd(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U), "RD-OWN"), MSX_NO);
    assert_int_equal(rd(m, "RD-NONE"), MSX_UNKNOWN);
    fx_close(&f);
}

static void items_fail_one_by_one(void **state)
{
    static const char *const cases[][3] = {
        { "Delivery ", NULL, "RD-PATH" },
        { "Capacity ", NULL, "RD-CAP" },
        { "Capacity ", "Capacity: pending", "RD-CAP" },
        { "Env ", NULL, "RD-ENV" },
        { "Metrics ", NULL, "RD-MET" },
        { "Metrics ", "Metrics: target=400", "RD-MET" },
        { "Readiness ", "Readiness: CSA=no CSAM=yes", "RD-CSA" },
        { "Readiness ", "Readiness: CSA=yes", "RD-CSAM" },
        { "Agreement ", NULL, "RD-AGR" },
        { "Proof ", NULL, "RD-ART" },
    };
    struct fx f;

    (void)state;
    fx_open(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        comments(&f, cases[i][0], cases[i][1]);
        if (rd(good_u(&f), cases[i][2]) != MSX_NO)
            fail_msg("%s is met without %s", cases[i][2], cases[i][0]);
    }
    comments(&f, NULL, NULL);
    fx_str(f.gt2, "scheduledend", "2026-03-01");
    assert_int_equal(rd(good_u(&f), "RD-TASK"), MSX_NO);
    fx_code(f.good_u, "msp_milestonestatus", 77, "Odd");
    assert_int_equal(rd(good_u(&f), "RD-RISK"), MSX_NO);
    comments(&f, "Metrics ", NULL);
    fx_int(f.good_u, "msp_monthlyuse", 0);
    assert_int_equal(rd(good_u(&f), "RD-OUT"), MSX_NO);
    fx_close(&f);
}

static void the_csam_form_wants_an_accepted_path_or_a_name(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    comments(&f, "Delivery DeliveryOwner ", "Delivery: CSA");
    assert_int_equal(msx_rec_ready(good_u(&f), "RD-PATH", false, NULL), MSX_YES);
    assert_int_equal(msx_rec_ready(good_u(&f), "RD-PATH", true, NULL), MSX_NO);
    comments(&f, "Delivery ", "Delivery: CSA");
    assert_int_equal(msx_rec_ready(good_u(&f), "RD-PATH", true, NULL), MSX_YES);
    comments(&f, "DeliveryOwner ", NULL);
    assert_int_equal(msx_rec_ready(good_u(&f), "RD-PATH", true, NULL), MSX_YES);
    assert_int_equal(msx_rec_ready(good_u(&f), "RD-CAP", true, NULL), MSX_YES);
    fx_close(&f);
}

static void items_over_unread_tasks_are_unknown(void **state)
{
    const struct msx_signal *evidence = NULL;
    const struct msx_rec *m;
    struct fx f;

    (void)state;
    fx_open(&f);
    f.tasks_read = false;
    comments(&f, "Capacity ", NULL);
    fx_build(&f);
    msx_world_not_read(f.w, "tasks", NULL);
    assert_int_equal(msx_world_ready(f.w, NULL), MSX_OK);
    m = fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U);
    assert_int_equal(rd(m, "RD-TASK"), MSX_UNKNOWN);
    assert_int_equal(rd(m, "RD-CAP"), MSX_UNKNOWN); /* a task might have told */
    assert_int_equal(msx_rec_ready(m, "RD-ENV", false, &evidence), MSX_YES);
    assert_non_null(evidence);
    assert_int_equal(json_array_size(evidence->evidence), 1);
    fx_close(&f);
}

static void conflicts_become_gaps(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    comments(&f, NULL, "[2026-02-26] Cutover is blocked by firewall rules");
    msx_rec_conflict_gaps(good_c(&f));
    assert_int_equal(fx_gaps(&f, "evidence_conflict", "blocker", "7-100000001"), 1);
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "issue", "technical");
    sig_is(&f, fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "blocker", "no");
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_of_the_full_block),
        cmocka_unit_test(opportunity_signals_are_shared),
        cmocka_unit_test(set_values_win),
        cmocka_unit_test(influence_is_derived_from_proof_work),
        cmocka_unit_test(recovery),
        cmocka_unit_test(since_when),
        cmocka_unit_test(paths_and_lead_times),
        cmocka_unit_test(roles_that_execute),
        cmocka_unit_test(issue_of_a_milestone),
        cmocka_unit_test(adoption_in_the_milestone_itself),
        cmocka_unit_test(dependencies),
        cmocka_unit_test(intent_makes_a_candidate),
        cmocka_unit_test(all_items_of_the_good_milestone),
        cmocka_unit_test(items_fail_one_by_one),
        cmocka_unit_test(the_csam_form_wants_an_accepted_path_or_a_name),
        cmocka_unit_test(items_over_unread_tasks_are_unknown),
        cmocka_unit_test(conflicts_become_gaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
