/* The lexicon: phrase language, polarity of a match step by step, deny, task
 * texts, issue classes. */
#include "shipped_lexicon.h"

/* ---- phrases ---- */

static bool phrase_in(const char *phrase, const char *text)
{
    struct msx_error err = MSX_ERROR_INIT;
    struct msx_phrase *p = NULL;
    bool found;

    if (msx_phrase_new(phrase, &p, &err))
        fail_msg("%s", err.msg);
    found = msx_phrase_in(p, text);
    msx_phrase_free(p);
    return found;
}

#define IN(phrase, text)     assert_true(phrase_in(phrase, text))
#define NOT_IN(phrase, text) assert_false(phrase_in(phrase, text))

static void phrase_language(void **state)
{
    (void)state;
    IN("budget", "The Budget.");
    NOT_IN("budget", "budgets");
    IN("budget*", "budgets");
    IN("budget*", "budget");
    IN("go live", "our go-live date");
    NOT_IN("go live", "go. Live");
    NOT_IN("go live", "go\nlive");
    NOT_IN("go live", "go to live");
    IN("go ~1 live", "go to live");
    IN("go ~1 live", "go live");
    NOT_IN("go ~1 live", "go to the live");
    IN("(red/blue car/gre*) ~2 wheel", "a blue car with a wheel");
    NOT_IN("(red/blue car) wheel", "a blue wheel");
    IN("(red/blue car) wheel", "red wheel");
    IN("a (b/b c) d", "a b c d");
    IN("a (b/b c) d", "a b d");
    IN("Success PLAN", "success plan"); /* folded like the text */
    IN("don't", "Don\xe2\x80\x99t");
    IN("c# code", "C# code");
    NOT_IN("a b", "a <<x>> b"); /* a placeholder stands between */
    IN("a ~1 b", "a <<x>> b");
    NOT_IN("x", "<<x>>");
    NOT_IN("x", "> x");
    NOT_IN("x", "[2026-01-01 msxops A] x");
    NOT_IN("x", "x\n[msxops:A]");
    IN("x", "\n[msxops:A]\nx");
    IN("dispatch*", "is dispatch not possible?"); /* whatever the polarity */
    IN("(create/open/raise/new) ~2 opportunity", "Do not create an opportunity");
}

static void phrase_errors(void **state)
{
    static const char *const bad[][2] = {
        { "", "a phrase is empty" },
        { "~2 a", "phrase '~2 a' begins with ~" },
        { "a ~2", "ends with ~" },
        { "a ~2 ~2 b", "has two ~ in a row" },
        { "a ~ b", "wants a number from 1 to 20 after ~" },
        { "a ~0 b", "wants a number" },
        { "a ~21 b", "wants a number" },
        { "a ~2b", "wants a number" },
        { "(a/b", "lacks a )" },
        { "(a/) b", "lacks a word" },
        { "() b", "lacks a word" },
        { "(a)b", "lacks a blank after )" },
        { "a*b", "has a sign that no word holds" },
        { "go-live", "has a sign that no word holds" },
        { "* a", "lacks a word" },
        { "a ", "ends with a blank" },
        { "a (b ~2 c)", "lacks a word" },
        { "a ~20 b ~20 c ~20 d ~20 e", "is too long" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct msx_error err = MSX_ERROR_INIT;
        struct msx_phrase *p = NULL;

        assert_int_equal(msx_phrase_new(bad[i][0], &p, &err), MSX_E_INVALID);
        assert_null(p);
        if (!strstr(err.msg, bad[i][1]))
            fail_msg("'%s' gives: %s", bad[i][0], err.msg);
    }
}

/* ---- polarity ---- */

#define C(text, want) assert_string_equal(in_comment(lx, text, id), want)

static void yes_and_no(void **state)
{
    const char *id = "bant.budget";

    (void)state;
    C("Budget was approved", "yes");
    C("The weather is fine", "unknown");
    C("Budget: the CFO approved", "yes");
    C("budget for the first phase of it approved", "unknown"); /* more than three between */
    id = "issue.technical";                                    /* a topic: polarity is ignored */
    C("no latency problems at all", "yes");
}

static void questions_are_ignored(void **state)
{
    const char *id = "bant.budget";

    (void)state;
    C("Is the budget approved?", "unknown");
    C("Is there no budget?", "unknown"); /* deny too */
    C("Why? Budget approved.", "yes");
    C("Budget approved! Really?", "yes");
}

static void cancel_list(void **state)
{
    const char *id = "bant.budget";

    (void)state;
    C("Not only is the budget approved", "yes");
    C("No doubt the budget is approved", "yes");
    C("No problem with budget approved", "yes");
    C("No problems with the budget approved", "yes");
    C("No issues with budget approved", "yes");
    C("No concerns with budget approved", "yes");
    C("No concerns about the budget, approved", "yes");
    C("No problem but not a budget approved", "no"); /* only what the list names is removed */
    C("No, doubt: budget approved", "yes");          /* another clause */
    C("No issues. With budget approved", "yes");
}

static void pre_negators(void **state)
{
    static const char *const words[] = {
        "no",          "not",         "never",      "without",   "lack",    "lacking", "missing",
        "pending",     "await",       "awaiting",   "until",     "unless",  "if",      "whether",
        "unclear",     "unconfirmed", "unknown",    "tbd",       "tbc",     "cannot",  "can't",
        "don't",       "doesn't",     "didn't",     "isn't",     "aren't",  "wasn't",  "won't",
        "haven't",     "hasn't",      "yet to",     "to be",     "will be", "need to", "needs to",
        "waiting for", "waiting on",  "subject to", "no longer", "hope to", "plan to",
    };
    const char *id = "capacity.confirmed";

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char *text = msx_asprintf("%s have resources assigned", words[i]);

        C(text, "no");
        msx_free(text);
        text = msx_asprintf("the team %s assigned", words[i]); /* between the items */
        C(text, "no");
        msx_free(text);
    }
    C("They do not really all have resources assigned", "no");
    C("Not that they really all would have resources assigned", "yes"); /* fifth token before */
    C("not now, resources assigned", "yes");                            /* another clause */
    C("not now and resources assigned", "yes");
    C("resources, not yet, assigned", "no");  /* between its items, whatever the clause */
    C("no not the resources assigned", "no"); /* two still give no */
    C("there is no day without resources assigned", "no");
    C("waiting longer for resources assigned", "yes"); /* half a pair is none */
}

static void own_words_do_not_negate(void **state)
{
    struct msx_lexicon *own = small_lexicon("kind: presence, say: [\"not ~3 pending\", \"to be\"]");
    const char *id = "s";

    (void)state;
    assert_string_equal(in_comment(own, "that is not really pending", id), "yes");
    assert_string_equal(in_comment(own, "that is not never pending", id), "no");
    assert_string_equal(in_comment(own, "free to be", id), "yes");
    msx_lexicon_free(own);
}

static void post_negators(void **state)
{
    static const char *const words[] = {
        "not",         "pending",  "tbd",      "tbc",      "missing",     "unclear", "unknown",
        "unconfirmed", "denied",   "rejected", "declined", "outstanding", "lapsed",  "expired",
        "needed",      "required", "on hold",  "at risk",  "to be",
    };
    const char *id = "capacity.confirmed";

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char *text = msx_asprintf("resources assigned is %s", words[i]);

        C(text, "no");
        msx_free(text);
    }
    C("resources assigned a b c not", "no");
    C("resources assigned a b c d not", "yes");  /* fifth token after */
    C("resources assigned, not now", "yes");     /* clause of the last token */
    C("resources assigned without cost", "yes"); /* no post-negator */
    C("resources assigned on the hold", "yes");
}

static void what_is_asked_for(void **state)
{
    static const char *const verbs[] = { "confirm",  "get",     "obtain",  "check",    "verify",
                                         "validate", "request", "ask",     "clarify",  "secure",
                                         "define",   "agree",   "collect", "identify", "find",
                                         "schedule", "plan",    "prepare", "arrange",  "chase" };
    const char *id = "capacity.confirmed";

    (void)state;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        char *text = msx_asprintf("%s that resources are assigned", verbs[i]);

        C(text, "no");
        msx_free(text);
    }
    C("[2026-02-25] Confirm that resources are assigned", "no");
    C("- check resources assigned", "no");
    C("Please check resources assigned", "no");
    C("You must check resources assigned", "no");
    C("We should check resources assigned", "no");
    C("We check resources assigned", "yes");
    C("Hello, confirm resources assigned", "no"); /* a clause of its own */
    C("Confirm it, resources assigned", "yes");
    id = "contingency"; /* its own word is no imperative */
    C("Plan B stands", "yes");
    id = "done_claim";
    C("Verify the workshop held", "no");
    id = "blocker"; /* presence: not judged by that step */
    C("Check why it is blocked", "yes");
}

static void denies(void **state)
{
    const char *id = "bant.budget";

    (void)state;
    C("There is no budget", "no");
    C("The budget was cut", "no");
    id = "blocker";
    C("The API is unblocked", "no");
    C("no blockers", "no");
    C("The blocker is resolved", "no"); /* `say` shares a token and is dropped */
    C("blocked by legal; the tax blocker is cleared", "no"); /* both: no before yes */
    C("blocked by legal", "yes");
}

static void deny_drops_only_what_it_touches(void **state)
{
    struct msx_lexicon *own = small_lexicon("kind: presence, say: [\"car\"], deny: [\"old car\"]");
    struct record r = { 0 };
    struct msx_signal s;

    (void)state;
    add(&r, MSX_F_MC, "an old car", NULL);
    s = signal_of(own, &r, "s");
    assert_int_equal(s.value, MSX_SIG_NO);
    assert_int_equal(json_array_size(s.evidence), 1);
    msx_signal_release(&s);
    done(&r);
    add(&r, MSX_F_MC, "an old car beside a car", NULL);
    s = signal_of(own, &r, "s");
    assert_int_equal(json_array_size(s.evidence), 2);
    assert_true(s.conflict);
    msx_signal_release(&s);
    done(&r);
    msx_lexicon_free(own);
}

static void first_match_of_a_polarity_counts(void **state)
{
    struct msx_lexicon *own =
        small_lexicon("kind: presence, say: [\"b c\", \"b\", \"a\"], ere: [\"a[ ]b\"]");
    struct record r = { 0 };
    struct msx_signal s;

    (void)state;
    add(&r, MSX_F_MC, "x a b c", NULL);
    s = signal_of(own, &r, "s");
    assert_int_equal(json_array_size(s.evidence), 1);
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 0), "phrase"),
                        "a"); /* say, then ere */
    msx_signal_release(&s);
    done(&r);
    add(&r, MSX_F_MC, "b c", NULL);
    s = signal_of(own, &r, "s");
    assert_string_equal(msx_json_str(json_array_get(s.evidence, 0), "phrase"), "b c");
    msx_signal_release(&s);
    done(&r);
    msx_lexicon_free(own);
}

static void expressions(void **state)
{
    const char *id = "metrics.baseline";

    (void)state;
    C("baseline of users: 120", "yes");
    C("Currently 1,200 users", "yes");
    C("no baseline = 5", "no");
    C("target 120", "unknown");
    id = "metrics.target";
    C("target 400 users", "yes");
    C("We will reduce the cost by 20 %", "yes");
    C("reduce cost", "unknown");
    C("not yet a target: 400", "no");
    C("target \xe2\x80\x93 400", "unknown"); /* a dash is no blank */
    C("target\xc2\xa0"
      "400",
      "yes"); /* a no-break space is one */
    id = "proof.artifact";
    C("see https://contoso.example/report", "yes");
    C("see <<https://contoso.example/report>>", "unknown");
}

static void names_of_delivery_owners(void **state)
{
    struct record r = { 0 };
    struct msx_signal s;

    (void)state;
    add(&r, MSX_F_MC, "So the Delivery Owner is  Ana M\xc3\xbcller . Done", NULL);
    s = signal_of(lx, &r, "delivery.owner");
    assert_int_equal(s.value, MSX_SIG_YES);
    assert_string_equal(s.text, "Ana M\xc3\xbcller");
    msx_signal_release(&s);
    done(&r);
    add(&r, MSX_F_MC, "delivery lead: Northwind Services, Paris", NULL);
    s = signal_of(lx, &r, "delivery.owner");
    assert_string_equal(s.text, "Northwind Services");
    msx_signal_release(&s);
    done(&r);
    assert_string_equal(in_comment(lx, "delivery owner is missing", "delivery.owner"), "no");
    assert_string_equal(in_comment(lx, "delivery owner is not known", "delivery.owner"), "no");
    assert_string_equal(in_comment(lx, "delivery owner: tbd", "delivery.owner"), "no");
    assert_string_equal(in_comment(lx, "delivery owner is <<name of it>>", "delivery.owner"),
                        "unknown");
    assert_string_equal(
        in_field(lx, MSX_F_TS, MSX_TASK_OPEN, "delivery owner is Ana", "delivery.owner"),
        "unknown"); /* comments and task descriptions only */
}

/* ---- texts of tasks ---- */

#define S(state_, text, want) assert_string_equal(in_field(lx, MSX_F_TS, state_, text, id), want)
#define D(state_, text, want) assert_string_equal(in_field(lx, MSX_F_TD, state_, text, id), want)

static void task_state(void **state)
{
    const char *id = "capacity.confirmed"; /* kind state */

    (void)state;
    S(MSX_TASK_OPEN, "Resources assigned", "no"); /* the subject names work to do */
    S(MSX_TASK_OPEN, "Resources assigned?", "no");
    S(MSX_TASK_COMPLETED, "Resources assigned", "yes");
    S(MSX_TASK_COMPLETED, "Confirm resources not assigned?", "yes"); /* what it names was done */
    S(MSX_TASK_COMPLETED, "There are no resources", "no");           /* but deny stays no */
    S(MSX_TASK_CANCELLED, "Resources assigned", "unknown");
    D(MSX_TASK_OPEN, "Resources assigned", "yes");
    D(MSX_TASK_OPEN, "Confirm resources assigned", "no");
    D(MSX_TASK_COMPLETED, "Confirm resources assigned", "yes"); /* steps 1-4 */
    D(MSX_TASK_COMPLETED, "Resources not assigned", "no");
    D(MSX_TASK_COMPLETED, "Resources assigned?", "unknown");
    D(MSX_TASK_CANCELLED, "Resources assigned", "unknown");
    id = "blocker"; /* presence */
    S(MSX_TASK_OPEN, "Find out why it is blocked", "yes");
    S(MSX_TASK_OPEN, "Is it blocked?", "unknown");
    S(MSX_TASK_OPEN, "Not blocked", "no");
    id = "done_claim"; /* claim */
    S(MSX_TASK_OPEN, "Workshop held", "yes");
    S(MSX_TASK_OPEN, "Confirm workshop held", "no");
    D(MSX_TASK_OPEN, "Workshop held on 2026-02-27", "yes");
}

static void fields(void **state)
{
    (void)state;
    assert_string_equal(in_field(lx, MSX_F_MN, MSX_TASK_NONE, "budget approved", "bant.budget"),
                        "unknown"); /* default in: MC TS TD WQ */
    assert_string_equal(in_field(lx, MSX_F_WQ, MSX_TASK_NONE, "budget approved", "bant.budget"),
                        "yes");
    assert_string_equal(
        in_field(lx, MSX_F_MN, MSX_TASK_NONE, "Unified onboarding", "unified.dependency"), "yes");
    assert_string_equal(in_field(lx, MSX_F_TC, MSX_TASK_OPEN, "Unified", "unified.dependency"),
                        "unknown");
    assert_string_equal(in_comment(lx, "next step agreed", "action_item"), "unknown");
    assert_int_equal(msx_signal_in_text(lx, index_of(lx, "action_item"), "next step: call"),
                     MSX_SIG_YES); /* a text judged as a comment, whatever its field */
}

static void polarity_in_a_text(void **state)
{
    int i = index_of(lx, "bant.budget");

    (void)state;
    assert_int_equal(msx_signal_in_text(lx, i, "Budget approved."), MSX_SIG_YES);
    assert_int_equal(msx_signal_in_text(lx, i, "Budget approved. There is no budget."), MSX_SIG_NO);
    assert_int_equal(
        msx_signal_in_text(lx, i, "[2026-02-01] no budget\n[2026-02-02] budget approved"),
        MSX_SIG_YES);
    assert_int_equal(msx_signal_in_text(lx, i, "Confirm budget approved"), MSX_SIG_NO);
    assert_int_equal(msx_signal_in_text(lx, i, "hello"), MSX_SIG_UNKNOWN);
    assert_int_equal(msx_signal_in_text(lx, i, NULL), MSX_SIG_UNKNOWN);
}

/* ---- sentences of the catalogue's tests ---- */

static void sentences_of_the_catalogue(void **state)
{
    static const struct {
        const char *text, *id, *want;
    } t[] = {
        { "Budget is not yet approved", "bant.budget", "no" },
        { "CFO approved the budget on 2026-02-24", "bant.budget", "yes" },
        { "CFO approved the budget on 2026-02-24", "bant.authority", "yes" },
        { "7-100000002: the pilot passed and the report was shared on 2026-02-20", "proof.done",
          "yes" },
        { "7-100000002: the pilot passed and the report was shared on 2026-02-20", "proof.artifact",
          "yes" },
        { "The pilot of 7-100000002 is blocked by the firewall change", "blocker", "yes" },
        { "Next step: the partner will send the network diagram for 7-100000002", "action_item",
          "yes" },
        { "Cutover is blocked by firewall rules", "blocker", "yes" },
        { "7-100000001: weekly call held 2026-02-26, partner team assigned", "capacity.confirmed",
          "yes" },
        { "7-100000001: no capacity on the partner side", "capacity.confirmed", "no" },
        { "Customer wants to extend the rollout to the new business unit", "expansion", "yes" },
        { "right sizing gives cost savings", "optimization", "yes" },
        { "right sizing gives cost savings", "expansion", "unknown" },
        { "partner delivery agreed", "delivery.partner", "yes" },
        { "customer need confirmed in the workshop on 2026-02-20", "bant.need", "yes" },
        { "budget confirmed by finance on 2026-02-20", "bant.budget", "yes" },
        { "they want to roll out to other regions", "expansion", "yes" },
        { "budget approved for the analytics platform", "bant.budget", "yes" },
        { "Hold the API cutover for a redesign", "direction.hold", "yes" },
        { "Proceed with the API cutover", "direction.proceed", "yes" },
        { "CSA says stop, CSAM wants to continue", "authority.conflict", "yes" },
        { "Enablement session delivered", "done_claim", "yes" },
        { "target 400 users", "metrics.target", "yes" },
        { "target 400 users", "metrics.baseline", "unknown" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        const char *got = in_field(lx, MSX_F_WQ, MSX_TASK_NONE, t[i].text, t[i].id);

        if (strcmp(got, t[i].want) != 0)
            fail_msg("%s in '%s' is %s", t[i].id, t[i].text, got);
    }
}

static enum msx_issue issue(const char *text)
{
    return msx_issue_class(lx, &text, 1, NULL);
}

static void issue_classes(void **state)
{
    const char *two[] = { "Latency in the API", "latency again, discount" };
    unsigned counts[5];

    (void)state;
    assert_int_equal(issue("please update the owner field"), MSX_ISSUE_ADMIN);
    assert_int_equal(issue("latency above target in the API"), MSX_ISSUE_TECHNICAL);
    assert_int_equal(issue("API latency after the network change"), MSX_ISSUE_TECHNICAL);
    assert_int_equal(issue("Partner consultants not available until April"), MSX_ISSUE_DELIVERY);
    assert_int_equal(issue("Discount and contract terms still open"), MSX_ISSUE_COMMERCIAL);
    assert_int_equal(issue("firewall rule and project plan slip"), MSX_ISSUE_DELIVERY); /* 1 : 2 */
    assert_int_equal(issue("nothing specific"), MSX_ISSUE_NONE);
    assert_int_equal(issue("Any latency?"), MSX_ISSUE_TECHNICAL);      /* polarity is ignored */
    assert_int_equal(issue("latency, discount"), MSX_ISSUE_TECHNICAL); /* ties: this order */
    assert_int_equal(issue("discount, consultants"), MSX_ISSUE_DELIVERY);
    assert_int_equal(issue("Issue: commercial | latency in the API"), MSX_ISSUE_COMMERCIAL);
    assert_int_equal(issue("Issue: strange | latency in the API"), MSX_ISSUE_TECHNICAL);
    assert_int_equal(issue("Blocker: latency in the API"), MSX_ISSUE_TECHNICAL); /* value as text */
    assert_int_equal(issue("[2026-03-01 msxops A] latency\nnothing"), MSX_ISSUE_NONE);
    assert_int_equal(issue("latency\n[msxops:A]\nnothing"), MSX_ISSUE_NONE);
    assert_int_equal(issue("> latency"), MSX_ISSUE_NONE);
    assert_int_equal(issue("<<latency>>"), MSX_ISSUE_NONE);
    msx_issue_counts(lx, two, 2, NULL, counts);
    assert_int_equal(counts[MSX_ISSUE_TECHNICAL], 2); /* distinct phrases of all texts */
    assert_int_equal(counts[MSX_ISSUE_COMMERCIAL], 1);
    assert_int_equal(counts[MSX_ISSUE_DELIVERY], 0);
    assert_string_equal(msx_issue_name(MSX_ISSUE_ADMIN), "admin");
    assert_string_equal(msx_issue_name(MSX_ISSUE_NONE), "none");
}

static void the_milestones_name_is_no_issue(void **state)
{
    const char *text = "Next step for Network design (wave 2)", *other = "Network latency";

    (void)state;
    assert_int_equal(msx_issue_class(lx, &text, 1, NULL), MSX_ISSUE_TECHNICAL);
    assert_int_equal(msx_issue_class(lx, &text, 1, "NETWORK  design"), MSX_ISSUE_NONE);
    assert_int_equal(msx_issue_class(lx, &other, 1, "Network design"), MSX_ISSUE_TECHNICAL);
    assert_int_equal(msx_issue_class(lx, &text, 1, ""), MSX_ISSUE_TECHNICAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phrase_language),
        cmocka_unit_test(phrase_errors),
        cmocka_unit_test(yes_and_no),
        cmocka_unit_test(questions_are_ignored),
        cmocka_unit_test(cancel_list),
        cmocka_unit_test(pre_negators),
        cmocka_unit_test(own_words_do_not_negate),
        cmocka_unit_test(post_negators),
        cmocka_unit_test(what_is_asked_for),
        cmocka_unit_test(denies),
        cmocka_unit_test(deny_drops_only_what_it_touches),
        cmocka_unit_test(first_match_of_a_polarity_counts),
        cmocka_unit_test(expressions),
        cmocka_unit_test(names_of_delivery_owners),
        cmocka_unit_test(task_state),
        cmocka_unit_test(fields),
        cmocka_unit_test(polarity_in_a_text),
        cmocka_unit_test(sentences_of_the_catalogue),
        cmocka_unit_test(issue_classes),
        cmocka_unit_test(the_milestones_name_is_no_issue),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
