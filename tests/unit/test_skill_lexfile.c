/* Lexicon files: merge of user entries, lint, failed allocations, speed. */
#include "shipped_lexicon.h"

#include "alloc_fail.h"

#include <stdlib.h>
#include <time.h>

/* ---- files ---- */

static enum msx_code load(const char *first, const char *second, struct msx_lexicon **out,
                          struct msx_error *err)
{
    const char *texts[2] = { first, second }, *names[2] = { "default", "user.yaml" };
    json_t *parsed[2] = { NULL, NULL };
    const json_t *docs[2];
    enum msx_code rc = MSX_OK;
    size_t n = second ? 2 : 1;

    for (size_t i = 0; i < n && !rc; i++) {
        rc = msx_yaml_parse(texts[i], strlen(texts[i]), names[i], &parsed[i], NULL, err);
        docs[i] = parsed[i];
    }
    if (!rc)
        rc = msx_lexicon_new(docs, names, n, out, err);
    json_decref(parsed[0]);
    json_decref(parsed[1]);
    return rc;
}

#define BASE                                                                                       \
    "version: 1\nsignals:\n- {id: s, kind: presence, scope: opp, say: [alpha], deny: [\"no alpha\"]}\n"

static void user_files_are_merged(void **state)
{
    struct msx_lexicon *a = NULL, *b = NULL;

    (void)state;
    assert_int_equal(load(BASE, NULL, &a, NULL), MSX_OK);
    assert_int_equal(strlen(msx_lexicon_sha256(a)), 64);
    assert_true(msx_lexicon_is_opp(a, index_of(a, "s")));
    assert_int_equal(msx_lexicon_find(a, "t"), -1);
    /* lists are appended, other keys replaced, new signals added */
    assert_int_equal(load(BASE,
                          "version: 1\nsignals:\n- {id: s, say: [beta], scope: milestone}\n"
                          "- {id: t, say: [gamma]}\n",
                          &b, NULL),
                     MSX_OK);
    assert_string_equal(in_comment(b, "alpha", "s"), "yes");
    assert_string_equal(in_comment(b, "beta", "s"), "yes");
    assert_string_equal(in_comment(b, "no alpha", "s"), "no");
    assert_string_equal(in_comment(b, "gamma", "t"), "yes");
    assert_false(msx_lexicon_is_opp(b, index_of(b, "s")));
    assert_string_not_equal(msx_lexicon_sha256(a), msx_lexicon_sha256(b));
    msx_lexicon_free(b);
    assert_int_equal(
        load(BASE, "version: 1\nsignals:\n- {id: s, replace: true, say: [beta]}\n", &b, NULL),
        MSX_OK);
    assert_string_equal(in_comment(b, "alpha", "s"), "unknown");
    assert_string_equal(in_comment(b, "beta", "s"), "yes");
    assert_string_equal(in_comment(b, "confirm beta", "s"), "no"); /* kind is replaced too */
    msx_lexicon_free(b);
    assert_int_equal(load(BASE, "version: 1\nsignals:\n- {id: s, off: true}\n", &b, NULL), MSX_OK);
    assert_string_equal(in_comment(b, "alpha", "s"), "unknown");
    assert_true(msx_lexicon_find(b, "s") >= 0); /* conditions that name it still work */
    msx_lexicon_free(b);
    assert_int_equal(load(BASE, "", &b, NULL), MSX_OK); /* an empty file */
    assert_string_equal(msx_lexicon_sha256(a), msx_lexicon_sha256(b));
    msx_lexicon_free(b);
    msx_lexicon_free(a);
}

static void signals_of_markers_are_always_there(void **state)
{
    struct msx_lexicon *a = NULL;

    (void)state;
    assert_int_equal(load(BASE, NULL, &a, NULL), MSX_OK);
    assert_string_equal(in_comment(a, "Capacity: confirmed", "capacity.confirmed"), "yes");
    assert_true(msx_lexicon_is_opp(a, index_of(a, "agreement")));
    assert_false(msx_lexicon_is_opp(a, index_of(a, "bant.budget")));
    assert_string_equal(msx_lexicon_id(a, index_of(a, "s")), "s");
    msx_lexicon_free(a);
}

/* Scope in the code (for lexicons that lack a signal) is the one of the shipped lexicon. */
static void scopes_agree(void **state)
{
    struct msx_lexicon *a = NULL;

    (void)state;
    assert_int_equal(load(BASE, NULL, &a, NULL), MSX_OK);
    for (size_t i = 0; i < msx_lexicon_count(a); i++) {
        const char *id = msx_lexicon_id(a, (int)i);

        if (strcmp(id, "s") != 0 &&
            msx_lexicon_is_opp(a, (int)i) != msx_lexicon_is_opp(lx, index_of(lx, id)))
            fail_msg("scope of %s differs", id);
    }
    msx_lexicon_free(a);
}

static void lint(void **state)
{
    static const char *const bad[][2] = {
        { "version: 2\nsignals: []", "'version: 1' is missing" },
        { "signals: []", "'version: 1' is missing" },
        { "version: 1", "'signals' is not a list" },
        { "[]", "it is not a mapping" },
        { "version: 1\nsignal: []\nsignals: []", "unknown key 'signal', did you mean 'signals'?" },
        { "version: 1\nsignals: [{say: [a]}]", "a signal lacks its id" },
        { "version: 1\nsignals: [{id: A.b}]", "an id has lower-case letters" },
        { "version: 1\nsignals: [{id: a}, {id: a}]", "signal 'a' is there twice" },
        { "version: 1\nsignals: [{id: a, says: [b]}]",
          "lexicon 'default': signal 'a': unknown key 'says', did you mean 'say'?" },
        { "version: 1\nsignals: [{id: a, kind: stat}]",
          "unknown kind 'stat', did you mean 'state'?" },
        { "version: 1\nsignals: [{id: a, scope: opportunity}]", "unknown scope" },
        { "version: 1\nsignals: [{id: a, in: [MC, MX]}]", "unknown field 'MX'" },
        { "version: 1\nsignals: [{id: a, in: MC}]", "'in' is not a list" },
        { "version: 1\nsignals: [{id: a, say: b}]", "'say' is not a list" },
        { "version: 1\nsignals: [{id: a, say: [3]}]", "'say' holds something that is not text" },
        { "version: 1\nsignals: [{id: a, off: 1}]", "'off' is neither true nor false" },
        { "version: 1\nsignals: [{id: a, say: [\"b ~2\"]}]",
          "signal 'a': phrase 'b ~2' ends with ~" },
        { "version: 1\nsignals: [{id: a, deny: [\"(b\"]}]", "phrase '(b' lacks a )" },
        { "version: 1\nsignals: [{id: a, ere: [\"(b\"]}]", "ere '(b'" },
        { "version: 1\nsignals: [{id: a, ere: [\"(b)\\\\1\"]}]", "has a back-reference" },
        { "version: 1\nsignals: [{id: a, ere: [\"\"]}]", "an ere is empty" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct msx_error err = MSX_ERROR_INIT;
        struct msx_lexicon *a = NULL;

        assert_int_equal(load(bad[i][0], NULL, &a, &err), MSX_E_INVALID);
        assert_null(a);
        if (!strstr(err.msg, bad[i][1]))
            fail_msg("%s\n gives: %s", bad[i][0], err.msg);
    }
}

/* ---- cost ---- */

static void loading_survives_failed_allocations(void **state)
{
    struct msx_lexicon *a = NULL;
    enum msx_code rc = MSX_E_NOMEM;
    json_t *doc = NULL;
    const json_t *docs[1];
    const char *name = "n", *yaml = BASE "- {id: t, say: [\"(a/b*) ~2 c\"], ere: [\"x[0-9]\"]}\n";

    (void)state;
    assert_int_equal(msx_yaml_parse(yaml, strlen(yaml), name, &doc, NULL, NULL), MSX_OK);
    docs[0] = doc;
    for (alloc_fail_at = 1; rc; alloc_fail_at++) {
        assert_true(alloc_fail_at < 2000);
        alloc_calls = 0;
        msx_set_alloc(&alloc_flaky);
        rc = msx_lexicon_new(docs, &name, 1, &a, NULL);
        msx_set_alloc(NULL);
        assert_true(rc == MSX_OK || (rc == MSX_E_NOMEM && !a));
    }
    msx_lexicon_free(a);
    json_decref(doc);
}

static void analysing_survives_failed_allocations(void **state)
{
    struct record r = { 0 };
    enum msx_code rc = MSX_E_NOMEM;

    (void)state;
    add(&r, MSX_F_MC,
        "[2026-02-25] Capacity: confirmed | blocked by the API quota. target 400 users", NULL);
    add(&r, MSX_F_MJ, "[{\"comment\": \"budget approved\", \"date\": \"2026-02-01\"}]", NULL);
    for (alloc_fail_at = 1; rc; alloc_fail_at++) {
        assert_true(alloc_fail_at < 2000);
        (void)utc();
        alloc_calls = 0;
        msx_set_alloc(&alloc_flaky);
        rc = msx_text_analyse(lx, r.t, r.n, utc(), &r.a, NULL);
        msx_set_alloc(NULL);
        assert_true(rc == MSX_OK || (rc == MSX_E_NOMEM && !r.a));
    }
    done(&r);
}

static void many_texts_are_quick(void **state)
{
    static const char *const texts[] = {
        "Customer confirmed the budget in the steering committee, delivery starts next month",
        "Follow up with the partner on network prerequisites and the landing zone design",
        "Weekly sync held. Next step: send the sizing sheet to the architect by Friday",
        "Go live is planned for June; the team waits for the firewall change from the customer",
        "We want to reduce the cost of the data center by 20 percent, target date is agreed",
        "Adoption is growing, 400 active users, no open blockers, training plan is shared",
    };
    clock_t begin = clock();

    (void)state;
    for (size_t i = 0; i < 24000; i++) {
        struct record r = { 0 };

        add(&r, MSX_F_MC, texts[i % 6], "2026-02-25");
        (void)analyse(lx, &r);
        done(&r);
    }
    print_message("24000 texts: %.2f s\n", (double)(clock() - begin) / CLOCKS_PER_SEC);
    assert_true(clock() - begin < 10 * CLOCKS_PER_SEC); /* about one without sanitizers */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(user_files_are_merged),
        cmocka_unit_test(signals_of_markers_are_always_there),
        cmocka_unit_test(scopes_agree),
        cmocka_unit_test(lint),
        cmocka_unit_test(loading_survives_failed_allocations),
        cmocka_unit_test(analysing_survives_failed_allocations),
        cmocka_unit_test(many_texts_are_quick),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
