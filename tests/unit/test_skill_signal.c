/* Signals over records: precedence, order of candidates, conflict, evidence, task state, scope. */
#include "skill_text.h"

static struct msx_lexicon *lx;

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

static int start(void **state)
{
    (void)state;
    lx = default_lexicon();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    msx_lexicon_free(lx);
    msx_tz_free(tz_utc);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_c_has_every_signal),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
