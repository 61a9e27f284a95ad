/* Structured markers: every row of the table, yes-words and no-words, where a marker may stand,
 * which of several counts. */
#include "shipped_lexicon.h"

/* "signal=value" pairs that a comment of this one line gives, in the order asked for. */
static void gives(const char *line, const char *const *ids, const char *const *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = in_comment(lx, line, ids[i]);

        if (strcmp(got, want[i]) != 0)
            fail_msg("'%s': %s is %s, wanted %s", line, ids[i], got, want[i]);
    }
}

#define LINE(line, wants, ...)                                                                     \
    do {                                                                                           \
        const char *const ids_[] = { __VA_ARGS__ };                                                \
        const char *const want_[] = { UNPACK wants };                                              \
        assert_int_equal(sizeof ids_, sizeof want_);                                               \
        gives(line, ids_, want_, sizeof ids_ / sizeof *ids_);                                      \
    } while (0)
#define UNPACK(...) __VA_ARGS__
#define Y           "yes"
#define NO          "no"
#define U           "unknown"

#define BANT "bant.budget", "bant.authority", "bant.need", "bant.timeline"
static void bant(void **state)
{
    (void)state;
    LINE("BANT: B=yes A=no N=yes T=tbd", (Y, NO, Y, NO), BANT);
    LINE("bant: b=Y, a=n, n=true; t=false", (Y, NO, Y, NO), BANT);
    LINE("BANT: B=maybe A= N=<<yes or no>> B=no", (U, NO, NO, U), BANT); /* the first counts */
    LINE("BANT: yes", (U, U, U, U), BANT);
    LINE("BANT: B=not yet A=not", (NO, NO), "bant.budget", "bant.authority");
}

#define PATHS                                                                                      \
    "delivery.partner", "delivery.isd", "delivery.unified", "delivery.csa", "delivery.customer"
static void delivery(void **state)
{
    (void)state;
    LINE("Delivery: Partner", (Y, NO, NO, NO, NO), PATHS);
    LINE("Delivery: Partner (Northwind), Unified support + CSA", (Y, NO, Y, Y, NO), PATHS);
    LINE("Delivery: isd+customer", (NO, Y, NO, NO, Y), PATHS);
    LINE("Delivery: the partner", (NO, NO, NO, NO, NO), PATHS); /* the first word counts */
    LINE("Delivery: tbd", (NO, NO, NO, NO, NO), PATHS);
    LINE("Delivery: <<Partner, ISD, Unified, CSA or Customer>>", (NO, NO, NO, NO, NO), PATHS);
    LINE("Delivery: CSA, <<Partner>>", (NO, NO, NO, Y, NO), PATHS);
}

static const char *text_of(const char *line, const char *id)
{
    static char kept[200];
    struct record r = { 0 };
    struct msx_signal s;

    add(&r, MSX_F_MC, line, "2026-02-25");
    s = signal_of(lx, &r, id);
    (void)snprintf(kept, sizeof kept, "%s", s.text ? s.text : "(none)");
    msx_signal_release(&s);
    done(&r);
    return kept;
}

static void delivery_owner(void **state)
{
    const char *id = "delivery.owner";

    (void)state;
    LINE("DeliveryOwner: Northwind Services", (Y), id);
    assert_string_equal(text_of("DeliveryOwner:  Northwind Services  ", id), "Northwind Services");
    assert_string_equal(text_of("deliveryowner:ana@contoso.example", id), "ana@contoso.example");
    LINE("DeliveryOwner: Open Systems GmbH", (Y), id); /* a name */
    LINE("DeliveryOwner: No Limits Ltd", (Y), id);
    LINE("DeliveryOwner: open", (NO), id); /* only as the whole value */
    LINE("DeliveryOwner: no", (NO), id);
    LINE("DeliveryOwner: n", (NO), id);
    LINE("DeliveryOwner: false.", (NO), id);
    LINE("DeliveryOwner: tbd by Friday", (NO), id); /* other no-words: the first token decides */
    LINE("DeliveryOwner: not named", (NO), id);
    LINE("DeliveryOwner: <<name>>", (NO), id);
    LINE("DeliveryOwner:", (NO), id);
    assert_string_equal(text_of("DeliveryOwner: tbd", id), "(none)");
}

static void yes_words_and_no_words(void **state)
{
    static const char *const yes[] = {
        "yes",       "y",        "true",      "ok",       "done",           "ready",
        "confirmed", "complete", "completed", "approved", "aligned",        "agreed",
        "linked",    "signed",   "available", "Yes, now", "CONFIRMED (Ana)"
    };
    static const char *const no[] = {
        "no",       "n",           "false", "open", "missing", "pending",     "declined",
        "rejected", "parked",      "tbd",   "tbc",  "?",       "unconfirmed", "none",
        "nothing",  "not ready",   "",      " ",    "<<who>>", "No, not now", "No-go",
        "?? ask",   "Pending: Ana"
    };

    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        char *line = msx_asprintf("Capacity: %s", yes[i]);

        LINE(line, (Y), "capacity.confirmed");
        msx_free(line);
        assert_true(msx_word_is_yes(yes[i]));
        assert_false(msx_word_is_no(yes[i]));
    }
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        char *line = msx_asprintf("Env: %s", no[i]);

        LINE(line, (NO), "environment.ready");
        msx_free(line);
        assert_false(msx_word_is_yes(no[i]));
    }
    assert_true(msx_word_is_no("no"));
    assert_true(msx_word_is_no("tbd later"));
    assert_true(msx_word_is_no("not Ana"));
    assert_true(msx_word_is_no("<<name>>"));
    assert_true(msx_word_is_no(""));
    assert_true(msx_word_is_no(NULL));
    assert_false(msx_word_is_no("Open Systems"));
    assert_false(msx_word_is_no("Ana"));
    assert_false(msx_word_is_no("Notting Hill Ltd"));
    assert_false(msx_word_is_yes(NULL));
    assert_false(msx_word_is_yes("yesterday"));
}

static void capacity_and_env_as_plain_text(void **state)
{
    (void)state;
    LINE("Capacity: two consultants assigned from March", (Y), "capacity.confirmed");
    LINE("Capacity: consultants not yet assigned", (NO), "capacity.confirmed");
    LINE("Capacity: two people", (U), "capacity.confirmed");
    LINE("Env: the subscription was provisioned", (Y), "environment.ready");
    LINE("Capacity: pending. Budget approved", (U), "bant.budget"); /* a marker is not searched */
    LINE("Capacity: Ana. Budget approved", (Y), "bant.budget");     /* plain text is */
}

static void metrics(void **state)
{
#define M "metrics.baseline", "metrics.target", "metrics.any"
    (void)state;
    LINE("Metrics: baseline=120 target=400 unit=users", (Y, Y, Y), M);
    assert_string_equal(text_of("Metrics: baseline=120 h target=400", "metrics.baseline"), "120 h");
    LINE("Metrics: baseline=tbd target=400", (NO, Y, Y), M);
    LINE("Metrics: target=400", (U, Y, Y), M);
    LINE("Metrics: baseline=<<value>> target=<<value>> unit=<<unit>>", (NO, NO, U), M);
    LINE("Metrics: baseline=open tickets", (Y, U, Y), M); /* open: only as the whole value */
    LINE("Metrics: baseline=open", (NO, U, U), M);
    LINE("Metrics: 400 users", (U, U, U), M);
}

static void lists(void **state)
{
    static const char *const keys[][2] = {
        { "Architecture", "architecture.decision" },
        { "Constraints", "constraint" },
        { "Dependencies", "dependency.stated" },
        { "Deliverables", "deliverable" },
        { "Risks", "risk.stated" },
        { "Promised", "promised" },
        { "OutOfScope", "out_of_scope" },
    };
    static const char *const texts[][2] = { { "Outcome", "success_definition" },
                                            { "Success", "success_definition" },
                                            { "WhyBought", "why_bought" } };
    static const struct {
        const char *value;
        bool yes, yes_in_texts;
    } t[] = {
        { "data stays in the EU", true, true },
        { "none", true, false }, /* counts as stated in the first group only */
        { "none known", true, false },
        { "no public endpoints", true, true },
        { "no", false, false },
        { "open", false, false },
        { "open points with legal", true, true },
        { "tbd", false, false },
        { "nothing", false, false },
        { "pending review", false, false },
        { "", false, false },
        { "<<list>>", false, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            char *line = msx_asprintf("%s: %s", keys[k][0], t[i].value);

            LINE(line, (t[i].yes ? Y : NO), keys[k][1]);
            msx_free(line);
        }
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
            char *line = msx_asprintf("%s: %s", texts[k][0], t[i].value);

            LINE(line, (t[i].yes_in_texts ? Y : NO), texts[k][1]);
            msx_free(line);
        }
    }
    assert_string_equal(text_of("Constraints: p95=200 ms; none else", "constraint"),
                        "p95=200 ms; none else");
}

static void references(void **state)
{
    static const char *const keys[][2] = {
        { "Agreement", "agreement" },     { "BVA", "business_value" },
        { "CSP", "success_plan" },        { "Health", "health_metrics" },
        { "Contingency", "contingency" }, { "Priority", "priority" },
        { "Fit", "commercial_fit" }
    };

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        static const char *const yes[] = { "signed 2026-02-20", "yes", "contract 4711" };
        static const char *const no[] = { "no", "open with legal", "none", "pending", "<<date>>" };

        for (size_t k = 0; k < sizeof yes / sizeof *yes; k++) {
            char *line = msx_asprintf("%s: %s", keys[i][0], yes[k]);

            LINE(line, (Y), keys[i][1]);
            msx_free(line);
        }
        for (size_t k = 0; k < sizeof no / sizeof *no; k++) {
            char *line = msx_asprintf("%s: %s", keys[i][0], no[k]);

            LINE(line, (NO), keys[i][1]);
            msx_free(line);
        }
    }
}

static void small_forms(void **state)
{
    (void)state;
    LINE("Influence: SE=yes reason=led pilot", (Y), "influence.se");
    LINE("Influence: se=no", (NO), "influence.se");
    LINE("Influence: SE=<<yes or no>> reason=<<why>>", (NO), "influence.se");
    LINE("Readiness: CSA=yes CSAM=pending", (Y, NO), "readiness.csa", "readiness.csam");
    LINE("Readiness: CSAM=ready", (U, Y), "readiness.csa", "readiness.csam");
    LINE("Unified: dependency=yes eligibility=confirmed accreditation=open dispatch=soon",
         (Y, Y, NO, U), "unified.dependency", "unified.eligibility", "unified.accreditation",
         "unified.dispatch");
}

static void blockers(void **state)
{
    static const char *const no[] = { "none",
                                      "no",
                                      "n",
                                      "n/a",
                                      "nil",
                                      "nothing",
                                      "resolved",
                                      "cleared",
                                      "removed",
                                      "closed",
                                      "None",
                                      "none.",
                                      "<<cause, owner, unblock date>>",
                                      "" };
    static const char *const yes[] = { "firewall",           "no access to the network",
                                       "none of the teams",  "open point",
                                       "<<cause>> firewall", "not known" };

    (void)state;
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        char *a = msx_asprintf("Blocker: %s", no[i]), *b = msx_asprintf("Blockers: %s", no[i]);

        LINE(a, (NO), "blocker");
        LINE(b, (NO), "blocker");
        msx_free(a);
        msx_free(b);
    }
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        char *a = msx_asprintf("Blocker: %s", yes[i]), *b = msx_asprintf("BLOCKERS: %s", yes[i]);

        LINE(a, (Y), "blocker");
        LINE(b, (Y), "blocker");
        msx_free(a);
        msx_free(b);
    }
    assert_string_equal(text_of("Blocker: firewall rule", "blocker"), "firewall rule");
}

static void proofs(void **state)
{
#define P "proof.done", "proof.failed", "proof.artifact"
    (void)state;
    LINE("Proof: done artifact=sharepoint", (Y, NO, Y), P);
    LINE("Proof: failed", (NO, Y, U), P);
    LINE("Proof: running", (NO, NO, U), P);
    LINE("Proof: pending", (NO, U, U), P);
    LINE("Proof: done artifact=<<link>>", (Y, NO, NO), P);
    LINE("Proof: done artifact=open issues list", (Y, NO, Y), P);
    LINE("Proof: artifact=https://x.example/a?b=c", (U, U, Y), P);
    LINE("Proof: see the deck", (Y, U, U), P); /* a reference */
    LINE("Proof:", (NO, U, U), P);
}

static void expansions(void **state)
{
#define E "expansion", "expansion.csam_aligned", "expansion.routed"
    (void)state;
    LINE("Expansion: CSAM=aligned timing=Q3 owner=SpecialistA", (Y, Y, Y), E);
    LINE("Expansion: CSAM=pending", (Y, U, U), E);
    LINE("Expansion: CSAM=declined owner=tbd", (Y, NO, NO), E);
    LINE("Expansion: timing=<<when>> owner=<<specialist>>", (Y, U, NO), E);
    LINE("Expansion: second region CSAM=agreed", (Y, Y, U), E);
    LINE("Expansion: none", (NO, U, U), E);
    LINE("Expansion:", (NO, U, U), E);
}

static void cadences(void **state)
{
#define K "cadence", "stakeholder", "escalation_path"
    (void)state;
    LINE("Cadence: weekly Thursday; stakeholders=CIO; escalation=CSU manager", (Y, Y, Y), K);
    assert_string_equal(
        text_of("Cadence: weekly Thursday; stakeholders=CIO; escalation=CSU manager", "cadence"),
        "weekly Thursday");
    assert_string_equal(
        text_of("Cadence: weekly; stakeholders=Ana Silva, Bo; escalation=Cy", "stakeholder"),
        "Ana Silva, Bo");
    LINE("Cadence: <<rhythm>>; stakeholders=<<names>> escalation=<<path>>", (NO, NO, NO), K);
    LINE("Cadence: stakeholders=CIO", (U, Y, U), K);
    LINE("Cadence: none", (NO, U, U), K);
}

/* ---- where a marker may stand ---- */

static void places(void **state)
{
    const char *id = "capacity.confirmed";

    (void)state;
    LINE("- Capacity: confirmed", (Y), id);
    LINE("* Capacity: confirmed", (Y), id);
    LINE("\xe2\x80\xa2 Capacity: confirmed", (Y), id);
    LINE("  [2026-02-25] Capacity: confirmed", (Y), id);
    LINE("- [2026-02-25] capacity: confirmed", (Y), id);
    LINE("[2026-02-25 msxops SPEC-TRI-03] Capacity: confirmed", (Y),
         id); /* markers of ours count */
    LINE("hello | Capacity: confirmed | Env: ready", (Y, Y), id, "environment.ready");
    LINE("Env: ready | - Capacity: pending", (NO), id);
    LINE("Our Capacity: ready", (U), id);
    LINE("> Capacity: confirmed", (U), id);
    LINE("first\nCapacity: confirmed\nlast", (Y), id);
    assert_string_equal(in_field(lx, MSX_F_TD, MSX_TASK_OPEN, "Capacity: confirmed", id), Y);
    assert_string_equal(
        in_field(lx, MSX_F_TD, MSX_TASK_OPEN, "Capacity: confirmed\n[msxops:X]", id), Y);
    assert_string_equal(in_field(lx, MSX_F_TS, MSX_TASK_OPEN, "Capacity: confirmed", id), NO);
    assert_string_equal(in_field(lx, MSX_F_MN, MSX_TASK_NONE, "Capacity: confirmed", id), U);
    assert_string_equal(in_field(lx, MSX_F_WQ, MSX_TASK_NONE, "BANT: B=yes", "bant.budget"), U);
}

/* ---- which one counts ---- */

static const char *newest(struct record *r, const char *key)
{
    const struct msx_analysis *a = analyse(lx, r);
    struct msx_marker m;

    return msx_marker_newest(&a, 1, key, &m) ? m.value : "(none)";
}

static void newest_date_wins(void **state)
{
    struct record r = { 0 };

    (void)state;
    add(&r, MSX_F_MC,
        "Capacity: open\n[2026-02-01] Capacity: confirmed\n[2026-01-01] Capacity: tbd",
        "2026-03-01");
    assert_string_equal(newest(&r, "Capacity"), "confirmed"); /* above the first date: undated */
    assert_string_equal(value_of(lx, &r, "capacity.confirmed"), Y);
    done(&r);
    add(&r, MSX_F_MC, "[2026-02-01] x\nCapacity: confirmed\nCapacity: pending", NULL);
    assert_string_equal(newest(&r, "Capacity"), "pending"); /* equal dates: the later position */
    done(&r);
    add(&r, MSX_F_MC, "Capacity: confirmed", "2026-02-01"); /* no line is dated: m.comment_date */
    add(&r, MSX_F_TD, "Capacity: pending", "2026-02-02")->id = "t1"; /* t.touched */
    assert_string_equal(newest(&r, "Capacity"), "pending");
    assert_string_equal(value_of(lx, &r, "capacity.confirmed"), NO);
    done(&r);
    add(&r, MSX_F_TD, "Capacity: pending", "2026-02-02")->id = "t1";
    add(&r, MSX_F_MC, "Capacity: confirmed", "2026-02-03");
    assert_string_equal(newest(&r, "Capacity"), "confirmed");
    done(&r);
    add(&r, MSX_F_TD, "Capacity: a\n[2026-02-05] Capacity: b", "2026-02-02")->id = "t1";
    add(&r, MSX_F_MC, "Capacity: c", "2026-02-04");
    assert_string_equal(newest(&r, "Capacity"), "b"); /* a dated line of a description */
    done(&r);
    /* equal dates: comments, JSON field, then tasks by id */
    add(&r, MSX_F_TD, "Capacity: c", "2026-02-02")->id = "t2";
    add(&r, MSX_F_TD, "Capacity: b", "2026-02-02")->id = "t1";
    add(&r, MSX_F_MJ, "[{\"comment\":\"Capacity: a\",\"date\":\"2026-02-02\"}]", NULL);
    add(&r, MSX_F_MC, "Capacity: 0", "2026-02-02");
    assert_string_equal(newest(&r, "Capacity"), "c");
    done(&r);
    add(&r, MSX_F_MJ,
        "[{\"comment\":\"Capacity: a\",\"date\":\"2026-02-02\"},"
        "{\"comment\":\"[2026-02-04] Capacity: b\",\"date\":\"2026-02-02\"}]",
        NULL);
    add(&r, MSX_F_MC, "Capacity: 0", "2026-02-03");
    assert_string_equal(newest(&r, "Capacity"), "b"); /* the line's date, else the object's */
    done(&r);
    assert_string_equal(newest(&r, "Capacity"), "(none)");
    done(&r);
}

static bool collect(void *user, const struct msx_marker *m)
{
    struct msx_buf *b = user;
    char d[11];

    msx_day_format(m->date, d);
    msx_buf_addf(b, "%s@%s ", m->value, d);
    return b->len < 60;
}

static void all_of_a_key(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1000);
    struct record r = { 0 }, q = { 0 };
    const struct msx_analysis *pool[2];

    (void)state;
    add(&r, MSX_F_MC, "Suppress: a\n[2026-02-01] Suppress: b\n[2026-02-03] Suppress: c", NULL);
    add(&q, MSX_F_MC, "[2026-02-02] Suppress: d | Suppress: e\nIssue: delivery", NULL)->id = "m2";
    pool[0] = analyse(lx, &r);
    pool[1] = analyse(lx, &q);
    msx_marker_each(pool, 2, "Suppress", collect, &b);
    assert_string_equal(b.data, "c@2026-02-03 e@2026-02-02 d@2026-02-02 b@2026-02-01 a@ ");
    msx_buf_clear(&b);
    msx_marker_each(pool, 2, "No such key", collect, &b);
    assert_string_equal(b.data, "");
    done(&r);
    done(&q);
}

static void sub_values(void **state)
{
    struct record r = { 0 };
    const struct msx_analysis *a;
    struct msx_marker m;
    char *s;

    (void)state;
    add(&r, MSX_F_MC,
        "[2026-02-25] Recovery: owner=Ana Silva, date=2026-03-20; OWNER=Bo note=a=b x = y\n"
        "Decision: domain=technical owner=csa text=use hub, not mesh\n"
        "Suppress: rule=SPEC-TRI-06 until=2026-04-01 reason=agreed with Ana\n"
        "Done when: notes are posted | OppOwner: specialist | StageSince: 2026-01-01 | "
        "Committed: 2026-02-01 | BlockedSince: 2026-02-02",
        NULL);
    a = analyse(lx, &r);
    assert_true(msx_marker_newest(&a, 1, "Recovery", &m));
    assert_string_equal(m.key, "Recovery");
    assert_int_equal(m.date, day("2026-02-25"));
    assert_ptr_equal(m.source->text, r.t[0].text);
#define SUB(name, want)                                                                            \
    do {                                                                                           \
        s = msx_marker_sub(&m, name);                                                              \
        assert_non_null(s);                                                                        \
        assert_string_equal(s, want);                                                              \
        msx_free(s);                                                                               \
    } while (0)
    SUB("owner", "Ana Silva");
    SUB("date", "2026-03-20");
    SUB("note", "a=b x = y");
    assert_null(msx_marker_sub(&m, "x"));
    assert_null(msx_marker_sub(&m, "own"));
    assert_true(msx_marker_newest(&a, 1, "Decision", &m));
    SUB("domain", "technical");
    SUB("text", "use hub, not mesh");
    assert_true(msx_marker_newest(&a, 1, "Suppress", &m));
    SUB("rule", "SPEC-TRI-06");
    SUB("until", "2026-04-01");
    SUB("reason", "agreed with Ana");
    assert_string_equal(newest(&r, "Done when"), "notes are posted");
    assert_string_equal(newest(&r, "OppOwner"), "specialist");
    assert_string_equal(newest(&r, "StageSince"), "2026-01-01");
    assert_string_equal(newest(&r, "Committed"), "2026-02-01");
    assert_string_equal(newest(&r, "BlockedSince"), "2026-02-02");
    done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bant),
        cmocka_unit_test(delivery),
        cmocka_unit_test(delivery_owner),
        cmocka_unit_test(yes_words_and_no_words),
        cmocka_unit_test(capacity_and_env_as_plain_text),
        cmocka_unit_test(metrics),
        cmocka_unit_test(lists),
        cmocka_unit_test(references),
        cmocka_unit_test(small_forms),
        cmocka_unit_test(blockers),
        cmocka_unit_test(proofs),
        cmocka_unit_test(expansions),
        cmocka_unit_test(cadences),
        cmocka_unit_test(places),
        cmocka_unit_test(newest_date_wins),
        cmocka_unit_test(all_of_a_key),
        cmocka_unit_test(sub_values),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
