/* Signals over records: precedence, order of candidates, conflict, evidence, task state, scope. */
#include "shipped_lexicon.h"

#include <stdlib.h>

static const char fmb[] = "[2026-02-25] BANT: B=yes A=yes N=yes T=yes\n"
                          "Delivery: Partner\n"
                          "DeliveryOwner: Northwind Services\n"
                          "Capacity: confirmed\n"
                          "Env: ready\n"
                          "Metrics: baseline=120 target=400 unit=users\n"
                          "Outcome: 400 active users by 2026-06-30\n"
                          "Architecture: hub and spoke landing zone with private endpoints\n"
                          "Constraints: data stays in the EU\n"
                          "Dependencies: network circuit ordered\n"
                          "Deliverables: landing zone and two migrated workloads\n"
                          "Risks: short cutover window; mitigation rehearsal 2026-03-18\n"
                          "Blockers: none\n"
                          "Readiness: CSA=yes CSAM=yes\n"
                          "Proof: done artifact=sharepoint\n"
                          "Agreement: signed 2026-02-20\n"
                          "WhyBought: datacenter lease ends\n"
                          "Success: two workloads live, lease cancelled\n"
                          "Promised: migration of two workloads\n"
                          "OutOfScope: mainframe\n"
                          "Cadence: weekly Thursday; stakeholders=CIO; escalation=CSU manager\n"
                          "Priority: datacenter exit\n"
                          "Fit: funded programme\n"
                          "CSP: linked\n"
                          "BVA: complete";

/* GOOD-C of the catalogue: what all its flows rest on. */
static void good_c_has_every_signal(void **state)
{
    static const char *const yes[] = {
        "bant.budget",
        "bant.authority",
        "bant.need",
        "bant.timeline",
        "delivery.partner",
        "delivery.owner",
        "capacity.confirmed",
        "environment.ready",
        "metrics.baseline",
        "metrics.target",
        "metrics.any",
        "success_definition",
        "architecture.decision",
        "constraint",
        "dependency.stated",
        "deliverable",
        "risk.stated",
        "readiness.csa",
        "readiness.csam",
        "proof.done",
        "proof.artifact",
        "agreement",
        "why_bought",
        "promised",
        "out_of_scope",
        "cadence",
        "stakeholder",
        "escalation_path",
        "priority",
        "commercial_fit",
        "success_plan",
        "business_value",
    };
    static const char *const no[] = { "delivery.isd",      "delivery.unified", "delivery.csa",
                                      "delivery.customer", "blocker",          "proof.failed" };
    struct record r = { 0 };

    (void)state;
    add(&r, MSX_F_MN, "Landing zone production rollout", NULL);
    add(&r, MSX_F_MC, fmb, "2026-02-25");
    add(&r, MSX_F_TS, "Weekly delivery checkpoint", "2026-02-27")->task_state = MSX_TASK_OPEN;
    add(&r, MSX_F_TD, "Done when: checkpoint notes are posted", "2026-02-27")->task_state =
        MSX_TASK_OPEN;
    for (size_t i = 0; i < msx_lexicon_count(lx); i++) {
        const char *id = msx_lexicon_id(lx, (int)i), *want = "unknown", *got;

        for (size_t k = 0; k < sizeof yes / sizeof *yes; k++)
            want = !strcmp(yes[k], id) ? "yes" : want;
        for (size_t k = 0; k < sizeof no / sizeof *no; k++)
            want = !strcmp(no[k], id) ? "no" : want;
        got = value_of(lx, &r, id);
        if (!strncmp(id, "issue.", 6))
            continue; /* topics read the values of markers as text */
        if (strcmp(got, want) != 0)
            fail_msg("%s is %s, wanted %s", id, got, want);
    }
    done(&r);
}

/* ---- precedence ---- */

static struct msx_signal eval(struct record *r, const char *id, const char *set, const char *reason,
                              enum msx_sigval derived)
{
    const struct msx_analysis *a = analyse(lx, r);
    const struct msx_sigset by_hand = { set, reason };
    struct msx_signal s = { .value = MSX_SIG_UNKNOWN };
    int i = index_of(lx, id);

    assert_int_equal(msx_signal_eval(lx, i, &a, 1, &by_hand, derived, &s, NULL), MSX_OK);
    assert_int_equal(msx_signal_explain(lx, i, &a, 1, &by_hand, &s, NULL), MSX_OK);
    return s;
}

#define IS(s, value_, via_)                                                                        \
    do {                                                                                           \
        assert_string_equal(value_name((s).value), value_);                                        \
        assert_int_equal((s).via, via_);                                                           \
    } while (0)

static void set_then_marker_then_lexicon_then_derived(void **state)
{
    struct record r = { 0 };
    struct msx_signal s;

    (void)state;
    add(&r, MSX_F_MC, "[2026-02-01] Capacity: confirmed\nThere is no capacity", NULL);
    s = eval(&r, "capacity.confirmed", "no", "told so", MSX_SIG_YES);
    IS(s, "no", MSX_VIA_SET);
    assert_null(s.text);
    assert_false(s.conflict);
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 0), "source"), "param");
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 0), "via"), "set");
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 0), "excerpt"), "told so");
    msx_signal_release(&s);
    s = eval(&r, "capacity.confirmed", "yes", NULL, MSX_SIG_NO);
    IS(s, "yes", MSX_VIA_SET);
    assert_null(s.text);
    msx_signal_release(&s);
    s = eval(&r, "delivery.owner", "Ana Silva", NULL, MSX_SIG_UNKNOWN);
    IS(s, "yes", MSX_VIA_SET); /* other text is yes with that text */
    assert_string_equal(s.text, "Ana Silva");
    msx_signal_release(&s);
    s = eval(&r, "capacity.confirmed", NULL, NULL, MSX_SIG_NO);
    IS(s, "yes", MSX_VIA_MARKER);
    assert_true(s.conflict); /* the lexicon says no on the same day */
    msx_signal_release(&s);
    done(&r);
    add(&r, MSX_F_MC, "There is no capacity", NULL);
    s = eval(&r, "capacity.confirmed", NULL, NULL, MSX_SIG_YES);
    IS(s, "no", MSX_VIA_LEXICON);
    msx_signal_release(&s);
    s = eval(&r, "influence.se", NULL, NULL, MSX_SIG_YES);
    IS(s, "yes", MSX_VIA_DERIVED);
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 0), "source"), "derived");
    msx_signal_release(&s);
    s = eval(&r, "influence.se", NULL, NULL, MSX_SIG_UNKNOWN);
    IS(s, "unknown", MSX_VIA_NONE);
    assert_int_equal(json_array_size(s.evidence), 0);
    msx_signal_release(&s);
    done(&r);
}

static void marker_against_lexicon(void **state)
{
    static const struct {
        const char *text;
        bool conflict;
    } t[] = {
        { "[2026-02-10] Capacity: confirmed\n[2026-02-10] no capacity", true },
        { "[2026-02-10] Capacity: confirmed\n[2026-02-11] no capacity", true },
        { "[2026-02-10] Capacity: confirmed\n[2026-02-09] no capacity", false },
        { "no capacity\n[2026-02-10] Capacity: confirmed", true }, /* the match is undated */
        { "Capacity: confirmed\n[2026-02-10] no capacity", true }, /* the marker is undated */
        { "[2026-02-10] Capacity: confirmed\n[2026-02-11] resources assigned", false },
        { "[2026-02-10] Capacity: confirmed\n[2026-02-09] Capacity: open", false }, /* markers */
    };

    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct record r = { 0 };
        struct msx_signal s;

        add(&r, MSX_F_MC, t[i].text, NULL);
        s = signal_of(lx, &r, "capacity.confirmed");
        IS(s, "yes", MSX_VIA_MARKER);
        if (s.conflict != t[i].conflict)
            fail_msg("conflict of %s", t[i].text);
        msx_signal_release(&s);
        done(&r);
    }
}

/* ---- order of lexicon candidates ---- */

static const char *decides(struct record *r, const char *id)
{
    static char kept[200];
    struct msx_signal s = signal_of(lx, r, id);

    (void)snprintf(kept, sizeof kept, "%s",
                   msx_json_str_or(json_array_get(s.evidence, 0), "excerpt", "(none)"));
    msx_signal_release(&s);
    return kept;
}

static void the_newest_candidate_decides(void **state)
{
    struct record r = { 0 };

    (void)state;
    add(&r, MSX_F_MC,
        "no capacity early\n[2026-02-01] no capacity\n[2026-02-20] resources assigned", NULL);
    assert_string_equal(value_of(lx, &r, "capacity.confirmed"), "yes");
    assert_string_equal(decides(&r, "capacity.confirmed"), "[2026-02-20] resources assigned");
    done(&r);
    add(&r, MSX_F_MC, "resources assigned", NULL); /* undated is oldest */
    add(&r, MSX_F_TD, "no capacity", "2026-01-01")->id = "t1";
    assert_string_equal(value_of(lx, &r, "capacity.confirmed"), "no");
    done(&r);
    add(&r, MSX_F_MC, "[2026-02-01] resources assigned\nno capacity", NULL);
    assert_string_equal(value_of(lx, &r, "capacity.confirmed"), "no"); /* no before yes */
    done(&r);
}

static void sources_have_a_rank(void **state)
{
    struct record r = { 0 };
    const char *id = "unified.dependency";

    (void)state;
    add(&r, MSX_F_WQ, "unified wq", NULL);
    add(&r, MSX_F_ON, "unified on", NULL);
    add(&r, MSX_F_MN, "unified mn", NULL);
    add(&r, MSX_F_WL, "unified wl", NULL);
    add(&r, MSX_F_TD, "unified td", NULL);
    add(&r, MSX_F_TS, "unified ts", NULL);
    add(&r, MSX_F_MC, "unified mc", NULL);
    assert_string_equal(decides(&r, id), "unified mc"); /* comments */
    r.t[6].text = "-";
    msx_analysis_free(r.a);
    r.a = NULL;
    assert_string_equal(decides(&r, id), "unified ts"); /* task, subject before description */
    r.t[5].text = "-";
    msx_analysis_free(r.a);
    r.a = NULL;
    assert_string_equal(decides(&r, id), "unified td");
    r.t[4].text = NULL;
    msx_analysis_free(r.a);
    r.a = NULL;
    assert_string_equal(decides(&r, id), "unified wl"); /* label, name, opportunity, answer */
    r.t[3].text = "";
    msx_analysis_free(r.a);
    r.a = NULL;
    assert_string_equal(decides(&r, id), "unified mn");
    r.t[2].text = "";
    msx_analysis_free(r.a);
    r.a = NULL;
    assert_string_equal(decides(&r, id), "unified on");
    done(&r);
}

static void then_number_and_id(void **state)
{
    struct record r = { 0 };

    (void)state;
    add(&r, MSX_F_MC, "blocked c", "2026-02-01")->number = NULL;
    add(&r, MSX_F_MC, "blocked b", "2026-02-01")->number = "7-100000002";
    add(&r, MSX_F_MC, "blocked a", "2026-02-01")->id = "m2";
    add(&r, MSX_F_MC, "blocked first. Blocked second", "2026-02-01");
    assert_string_equal(decides(&r, "blocker"), "blocked first."); /* number, id, position */
    done(&r);
    add(&r, MSX_F_TS, "blocked y", "2026-02-01")->id = "t2";
    add(&r, MSX_F_TS, "blocked x", "2026-02-01")->id = "t1";
    assert_string_equal(decides(&r, "blocker"), "blocked x");
    done(&r);
}

static void dates_of_candidates(void **state)
{
    struct record r = { 0 };
    struct msx_signal s;

    (void)state;
    add(&r, MSX_F_MN, "unified", "2026-02-01"); /* names are undated */
    s = signal_of(lx, &r, "unified.dependency");
    assert_true(json_is_null(json_object_get(json_array_get(s.evidence, 0), "date")));
    msx_signal_release(&s);
    done(&r);
    add(&r, MSX_F_TD, "[2026-02-05] blocked", "2026-02-01"); /* t.touched, not the line */
    s = signal_of(lx, &r, "blocker");
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 0), "date"), "2026-02-01");
    msx_signal_release(&s);
    done(&r);
    add(&r, MSX_F_MC, "[2026-02-05] x\nblocked", "2026-02-01"); /* of the nearest line above */
    s = signal_of(lx, &r, "blocker");
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 0), "date"), "2026-02-05");
    msx_signal_release(&s);
    done(&r);
    add(&r, MSX_F_MC, "blocked", "2026-02-01"); /* no line is dated */
    s = signal_of(lx, &r, "blocker");
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 0), "date"), "2026-02-01");
    msx_signal_release(&s);
    done(&r);
    add(&r, MSX_F_MJ, "[{\"text\":\"blocked\",\"date\":\"2026-02-03\"},{\"text\":\"blocked\"}]",
        "2026-01-01");
    s = signal_of(lx, &r, "blocker");
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 0), "date"), "2026-02-03");
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 1), "date"), "2026-01-01");
    msx_signal_release(&s);
    done(&r);
}

/* ---- conflict ---- */

static void conflict_of_candidates(void **state)
{
    static const struct {
        const char *text;
        bool conflict;
    } t[] = {
        { "[2026-02-01] blocked\n[2026-03-03] no blocker", true },  /* 30 days */
        { "[2026-02-01] blocked\n[2026-03-04] no blocker", false }, /* 31 */
        { "[2026-02-01] blocked\n[2026-02-01] no blocker", true },
        { "blocked\n[2026-03-04] no blocker", true }, /* undated */
        { "[2026-02-01] blocked\n[2026-03-04] blocked", false },
        { "[2026-01-01] blocked\n[2026-02-20] no blocker\n[2026-03-10] blocked", true },
        { "[2025-01-01] blocked\n[2026-02-20] no blocker\n[2025-01-20] no blocker", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct record r = { 0 };
        struct msx_signal s;

        add(&r, MSX_F_MC, t[i].text, NULL);
        s = signal_of(lx, &r, "blocker");
        if (s.conflict != t[i].conflict)
            fail_msg("conflict of %s", t[i].text);
        msx_signal_release(&s);
        done(&r);
    }
}

/* ---- evidence ---- */

static void evidence_objects(void **state)
{
    struct record r = { 0 };
    struct msx_signal s;
    char *text;

    (void)state;
    add(&r, MSX_F_MC, "[2026-02-20] Hello.  The CUTOVER is\tblocked by firewall rules. Bye", NULL);
    s = signal_of(lx, &r, "blocker");
    text = json_dumps(s.evidence, JSON_COMPACT);
    assert_string_equal(text,
                        "[{\"source\":\"crm\",\"via\":\"lexicon\",\"signal\":\"blocker\","
                        "\"polarity\":\"yes\",\"entity\":\"msp_engagementmilestone\","
                        "\"id\":\"m1\",\"number\":\"7-100000001\","
                        "\"field\":\"msp_forecastcomments\","
                        "\"excerpt\":\"The CUTOVER is blocked by firewall rules.\","
                        "\"date\":\"2026-02-20\",\"phrase\":\"block* (by/on/at/because/due)\"}]");
    free(text);
    msx_signal_release(&s);
    done(&r);
    add(&r, MSX_F_MC, "a | [2026-02-20] Blocker:  firewall   rule | b", "2026-02-01");
    s = signal_of(lx, &r, "blocker");
    text = json_dumps(json_array_get(s.evidence, 0), JSON_COMPACT);
    assert_non_null(strstr(text, "\"via\":\"marker\""));
    assert_non_null(strstr(text, "\"excerpt\":\"[2026-02-20] Blocker: firewall rule\""));
    assert_non_null(strstr(text, "\"phrase\":\"Blocker\""));
    assert_string_equal(s.text, "firewall   rule");
    free(text);
    msx_signal_release(&s);
    done(&r);
    add(&r, MSX_F_WQ, "7-100000001 is blocked", "2026-02-20");
    s = signal_of(lx, &r, "blocker");
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 0), "source"), "m365");
    msx_signal_release(&s);
    done(&r);
}

static void five_at_most_in_candidate_order(void **state)
{
    struct record r = { 0 };
    struct msx_signal s;

    (void)state;
    add(&r, MSX_F_MC,
        "[2026-02-01] blocked\n[2026-02-02] blocked\n[2026-02-07] blocked\n[2026-02-04] Blockers: none\n"
        "[2026-02-05] blocked\n[2026-02-06] no blocker",
        NULL);
    s = signal_of(lx, &r, "blocker");
    assert_string_equal(value_name(s.value), "no");
    assert_true(s.conflict);
    assert_int_equal(json_array_size(s.evidence), 5);
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 0), "via"), "marker");
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 1), "date"), "2026-02-07");
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 2), "polarity"), "no");
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 4), "date"), "2026-02-02");
    assert_int_equal(msx_signal_explain(lx, 0, NULL, 0, NULL, &s, NULL), MSX_OK); /* is there */
    assert_int_equal(json_array_size(s.evidence), 5);
    msx_signal_release(&s);
    done(&r);
}

static void seen_in_m365_only(void **state)
{
    struct record r = { 0 };
    struct msx_signal s;

    (void)state;
    add(&r, MSX_F_WQ, "budget approved", "2026-02-20");
    s = signal_of(lx, &r, "bant.budget");
    assert_true(s.m365_only);
    msx_signal_release(&s);
    done(&r);
    add(&r, MSX_F_WQ, "budget approved", "2026-02-20");
    add(&r, MSX_F_MC, "[2026-01-01] budget approved", NULL); /* CRM says the same */
    s = signal_of(lx, &r, "bant.budget");
    assert_false(s.m365_only);
    msx_signal_release(&s);
    done(&r);
    add(&r, MSX_F_WQ, "budget approved", "2026-02-20");
    add(&r, MSX_F_MC, "[2026-01-01] no budget", NULL); /* CRM says something else */
    s = signal_of(lx, &r, "bant.budget");
    assert_true(s.m365_only);
    assert_false(s.conflict); /* 50 days apart */
    msx_signal_release(&s);
    done(&r);
    add(&r, MSX_F_WQ, "budget approved", "2026-01-01");
    add(&r, MSX_F_MC, "[2026-02-01] budget confirmed", NULL);
    s = signal_of(lx, &r, "bant.budget");
    assert_false(s.m365_only);
    msx_signal_release(&s);
    done(&r);
}

/* ---- pools and tasks ---- */

static void a_pool_of_records(void **state)
{
    struct record a = { 0 }, b = { 0 };
    const struct msx_analysis *pool[3] = { NULL, NULL, NULL };
    struct msx_signal s = { .value = MSX_SIG_UNKNOWN };
    int i = index_of(lx, "agreement");

    (void)state;
    assert_true(msx_lexicon_is_opp(lx, i));
    assert_false(msx_lexicon_is_opp(lx, index_of(lx, "blocker")));
    add(&a, MSX_F_MC, "[2026-02-01] Agreement: signed", NULL);
    add(&b, MSX_F_MC, "[2026-02-02] Agreement: open", NULL)->id = "m2";
    pool[0] = analyse(lx, &a);
    pool[2] = analyse(lx, &b); /* a hole is allowed */
    assert_int_equal(msx_signal_eval(lx, i, pool, 3, NULL, MSX_SIG_UNKNOWN, &s, NULL), MSX_OK);
    IS(s, "no", MSX_VIA_MARKER);
    msx_signal_release(&s);
    assert_int_equal(msx_signal_eval(lx, i, pool, 0, NULL, MSX_SIG_UNKNOWN, &s, NULL), MSX_OK);
    IS(s, "unknown", MSX_VIA_NONE);
    msx_signal_release(&s);
    done(&a);
    done(&b);
}

static void one_task_alone(void **state)
{
    struct record r = { 0 };
    int done_when, blocked = index_of(lx, "blocker");

    (void)state;
    done_when = index_of(lx, "completion_condition");
    add(&r, MSX_F_TS, "Sort out the firewall", "2026-02-01")->task_state = MSX_TASK_OPEN;
    add(&r, MSX_F_TD, "Done when traffic flows. Blocked by the network team of the bank",
        "2026-02-01")
        ->task_state = MSX_TASK_OPEN;
    assert_int_equal(msx_signal_in_task(lx, done_when, analyse(lx, &r)), MSX_SIG_YES);
    assert_int_equal(msx_signal_in_task(lx, blocked, r.a), MSX_SIG_YES);
    assert_int_equal(msx_signal_in_task(lx, index_of(lx, "mitigation"), r.a), MSX_SIG_UNKNOWN);
    assert_true(msx_blocker_has_cause(lx, r.a));
    done(&r);
    add(&r, MSX_F_TD, "We are blocked by them", NULL);
    assert_false(msx_blocker_has_cause(lx, analyse(lx, &r))); /* one token more */
    done(&r);
    add(&r, MSX_F_TD, "It is not blocked by the network team", NULL);
    assert_false(msx_blocker_has_cause(lx, analyse(lx, &r)));
    done(&r);
    add(&r, MSX_F_TS, "blocked", NULL);
    add(&r, MSX_F_TD, "Blockers: none", NULL); /* its marker first */
    assert_int_equal(msx_signal_in_task(lx, blocked, analyse(lx, &r)), MSX_SIG_NO);
    done(&r);
    add(&r, MSX_F_MC, "blocked", NULL); /* other texts do not count */
    assert_int_equal(msx_signal_in_task(lx, blocked, analyse(lx, &r)), MSX_SIG_UNKNOWN);
    done(&r);
}

static void positive_in_some_fields(void **state)
{
    struct record r = { 0 };
    const struct msx_analysis *a;
    int i = index_of(lx, "adoption");

    (void)state;
    add(&r, MSX_F_TS, "adoption call", NULL);
    add(&r, MSX_F_MC, "no adoption", NULL);
    a = analyse(lx, &r);
    assert_true(msx_signal_positive(i, &a, 1, MSX_FIELD_BIT(MSX_F_TS)));
    assert_false(msx_signal_positive(i, &a, 1, MSX_FIELD_BIT(MSX_F_MC) | MSX_FIELD_BIT(MSX_F_MN)));
    done(&r);
}

static void good_u_without_bant(void **state)
{
    struct record r = { 0 };

    (void)state;
    add(&r, MSX_F_MC, "[2026-02-25] Delivery: Partner\nBudget is not yet approved", "2026-02-25");
    assert_string_equal(value_of(lx, &r, "bant.budget"), "no");
    assert_string_equal(value_of(lx, &r, "bant.need"), "unknown");
    assert_string_equal(value_of(lx, &r, "delivery.partner"), "yes");
    done(&r);
    /* FMB without Blockers, and with it: the marker wins, but the text disagrees */
    add(&r, MSX_F_MC, "[2026-02-25] Env: ready\nCutover is blocked by firewall rules",
        "2026-02-25");
    assert_string_equal(value_of(lx, &r, "blocker"), "yes");
    done(&r);
    add(&r, MSX_F_MC, "[2026-02-25] Blockers: none\nCutover is blocked by firewall rules",
        "2026-02-25");
    assert_string_equal(value_of(lx, &r, "blocker"), "no");
    done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_c_has_every_signal),
        cmocka_unit_test(good_u_without_bant),
        cmocka_unit_test(set_then_marker_then_lexicon_then_derived),
        cmocka_unit_test(marker_against_lexicon),
        cmocka_unit_test(the_newest_candidate_decides),
        cmocka_unit_test(sources_have_a_rank),
        cmocka_unit_test(then_number_and_id),
        cmocka_unit_test(dates_of_candidates),
        cmocka_unit_test(conflict_of_candidates),
        cmocka_unit_test(evidence_objects),
        cmocka_unit_test(five_at_most_in_candidate_order),
        cmocka_unit_test(seen_in_m365_only),
        cmocka_unit_test(a_pool_of_records),
        cmocka_unit_test(one_task_alone),
        cmocka_unit_test(positive_in_some_fields),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
