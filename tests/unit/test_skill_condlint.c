/* Conditions as their authors meet them: errors, limits, trace, placeholders, what a linter asks;
 * and what they cost. */
#include "cond_fixture.h"

#include "alloc_fail.h"

#include <stdlib.h>
#include <time.h>

static void error_is(const char *text, const char *want)
{
    struct msx_error err = MSX_ERROR_INIT;
    struct msx_cond *c = NULL;

    assert_int_equal(msx_cond_compile(text, "rule 'R'", &schema, &c, &err), MSX_E_INVALID);
    assert_null(c);
    if (!strstr(err.msg, want))
        fail_msg("%s\n  gives %s\n  wanted %s", text, err.msg, want);
    assert_int_equal(strncmp(err.msg, "rule 'R': ", 10), 0);
    assert_int_equal(msx_cond_compile(text, "rule", &schema, &c, NULL), MSX_E_INVALID);
}

static void errors_name_column_and_nearest(void **state)
{
    (void)state;
    error_is("m.overdu and d < 3", "column 1: no fact 'm.overdu', did you mean 'm.overdue'?");
    error_is("d < 3 and m.overdu", "column 11: ");
    error_is("m.name = \"\xc3\xa4\" and m.overdu", "column 18: ");
    error_is("run.todax = 1", "did you mean 'run.today'?");
    error_is("x.y = 1", "column 1: no fact (a name begins with o. m. t. u. p. or run.): 'x.y'");
    error_is("sig(m, \"blockr\") = yes", "column 8: no signal 'blockr', did you mean 'blocker'?");
    error_is("rdd(m, \"x\")", "no function 'rdd', did you mean 'rd'?");
    error_is("rd(m)", "wrong number of arguments of 'rd'");
    error_is("cuont(m.tasks) = 1", "no function 'cuont', did you mean 'count'?");
    error_is("days(today()) = 1", "wrong number of arguments of 'days'");
    error_is("overdue", "a word is no condition: 'overdue', did you mean 'm.overdue'?");
    error_is("overdue = yes", "did you mean 'm.overdue'?");
    error_is("m.overdue and on_track", "column 15: a word is no condition");
    error_is("m.tasks", "a list of records needs any, all or count");
    error_is("m.tasks = 3", "a list of records needs");
    error_is("m.paths = [partner]", "a list is compared by 'in'");
    error_is("d == 3", "column 3: '==' is written '='");
    error_is("d < ", "a value is missing before the end");
    error_is("", "a condition is missing before the end");
    error_is("  \n ", "a condition is missing before the end");
    error_is("d < 3 d", "column 7: 'and', 'or' or the end is missing before 'd'");
    error_is("(d < 3", "')' is missing before the end");
    error_is("d < 3)", "column 6");
    error_is("d in 3", "after 'in' comes a list");
    error_is("d in [1 2]", "',' or ']' is missing before '2'");
    error_is("d in [[1]]", "a list inside a list");
    error_is("d is nul", "after 'is' comes null, not null or empty, not 'nul'");
    error_is("d not in [1]", "is written 'not x in [..]'");
    error_is("today() - 30 > m.date", "there is no subtraction");
    error_is("1 < d < 3", "comparisons are joined by 'and'");
    error_is("d = 2026-02-30", "the calendar has no such date '2026-02-30'");
    error_is("d = 3x", "a number ends in letters");
    error_is("d = 3.", "a number ends in letters");
    error_is("m.name = \"x", "the quotation mark is not closed");
    error_is("d & 3", "unexpected character");
    error_is("m = 3", "name a fact of the record 'm'");
    error_is("it = 3", "'it' is the item of");
    error_is("any(m.tasks, it = 3)", "'it' is the item of");
    error_is("any(3, it = 3)", "any, all and count want a list");
    error_is("all(m.paths)", "all wants a list and a condition");
    error_is("sig(x, \"blocker\")", "sig wants o, m, t or u, not 'x'");
    error_is("sig(m, blocker)", "in quotation marks, not 'blocker'");
    error_is("role([d])", "a list given to a function holds constants only");
    error_is("and", "a value is missing before 'and'");
}

static void bounded(void **state)
{
    char text[MSX_COND_MAX_BYTES + 2];
    struct msx_cond *c = NULL;

    (void)state;
    memset(text, '(', sizeof text);
    text[MSX_COND_MAX_BYTES + 1] = '\0';
    error_is(text, "longer than 8192 bytes");
    text[MSX_COND_MAX_BYTES] = '\0';
    error_is(text, "nested too deep");
    for (size_t i = 0; i + 4 < sizeof text; i += 4)
        memcpy(text + i, "not ", 5);
    error_is(text, "nested too deep");
    memset(text, '-', 4000);
    text[4000] = '\0';
    error_is(text, "nested too deep");
    error_is("any(o.milestones, any(o.milestones, any(o.milestones, any(m.tasks, t.blocker))))",
             "any, all and count are nested too deep");
    YES("any(o.milestones, any(o.milestones, any(m.tasks, t.blocker)))");
    /* a long flat condition is no problem */
    memcpy(text, "d=1", 4);
    for (size_t n = 3; n + 8 < MSX_COND_MAX_BYTES; n += 7)
        memcpy(text + n, " or d=1", 8);
    assert_int_equal(msx_cond_compile(text, "r", &schema, &c, NULL), MSX_OK);
    assert_int_equal(msx_cond_eval(c, &scope, NULL), MSX_NO);
    msx_cond_free(c);
    msx_cond_free(NULL);
}

static json_t *trace_of(const char *text)
{
    struct msx_cond *c = compile(text);
    json_t *trace = json_array();

    (void)msx_cond_eval(c, &scope, trace);
    msx_cond_free(c);
    return trace;
}

#define TRACE(text, want)                                                                          \
    do {                                                                                           \
        json_t *t_ = trace_of(text);                                                               \
        char *s_ = json_dumps(t_, JSON_COMPACT);                                                   \
        assert_string_equal(s_, want);                                                             \
        msx_free(s_);                                                                              \
        json_decref(t_);                                                                           \
    } while (0)

static void trace_of_each_predicate(void **state)
{
    (void)state;
    TRACE("d  <= 14 and not m.overdue",
          "[{\"expr\":\"d  <= 14\",\"value\":14,\"op\":\"<=\",\"threshold\":14,\"result\":\"yes\","
          "\"entity\":\"msp_engagementmilestone\",\"id\":\"m0\",\"field\":\"days_to_date\"},"
          "{\"expr\":\"m.overdue\",\"value\":false,\"op\":\"is yes\",\"threshold\":null,"
          "\"result\":\"no\",\"entity\":\"msp_engagementmilestone\",\"id\":\"m0\","
          "\"field\":\"overdue\"}]");
    TRACE("m.overdue and d < 3", /* what decided; the rest was not looked at */
          "[{\"expr\":\"m.overdue\",\"value\":false,\"op\":\"is yes\",\"threshold\":null,"
          "\"result\":\"no\",\"entity\":\"msp_engagementmilestone\",\"id\":\"m0\","
          "\"field\":\"overdue\"}]");
    TRACE("sig(m, \"blocker\") = yes",
          "[{\"expr\":\"sig(m, \\\"blocker\\\") = yes\",\"value\":\"no\",\"op\":\"=\","
          "\"threshold\":\"yes\",\"result\":\"no\",\"entity\":\"msp_engagementmilestone\","
          "\"id\":\"m0\",\"field\":\"blocker\"}]");
    TRACE("any(m.tasks, t.blocker)", /* of the items only the one that decided */
          "[{\"expr\":\"t.blocker\",\"value\":true,\"op\":\"is yes\",\"threshold\":null,"
          "\"result\":\"yes\",\"entity\":\"task\",\"id\":\"t1\",\"field\":\"blocker\"},"
          "{\"expr\":\"any(m.tasks, t.blocker)\",\"value\":3,\"op\":\"any\",\"threshold\":null,"
          "\"result\":\"yes\",\"entity\":null,\"id\":null,\"field\":null}]");
    mile[0].v[0] = unread;
    TRACE("d in [1, 2]",
          "[{\"expr\":\"d in [1, 2]\",\"value\":\"not read\",\"op\":\"in\",\"threshold\":[1,2],"
          "\"result\":\"unknown\",\"entity\":\"msp_engagementmilestone\",\"id\":\"m0\","
          "\"field\":\"days_to_date\"}]");
    mile[0].v[0] = null;
    TRACE("d is null",
          "[{\"expr\":\"d is null\",\"value\":null,\"op\":\"is null\",\"threshold\":null,"
          "\"result\":\"yes\",\"entity\":\"msp_engagementmilestone\",\"id\":\"m0\","
          "\"field\":\"days_to_date\"}]");
}

static const char *print(const char *text, struct msx_buf *b)
{
    struct msx_cond *c = compile(text);
    struct msx_value v;

    msx_cond_value(c, &scope, &v);
    msx_buf_clear(b);
    msx_value_print(b, &v);
    msx_cond_free(c);
    return b->data;
}

static void values_for_placeholders(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1000);

    (void)state;
    assert_string_equal(print("d", &b), "14");
    assert_string_equal(print("m.value", &b), "4999.99");
    assert_string_equal(print("-m.value", &b), "-4999.99");
    assert_string_equal(print("m.date", &b), "2026-03-16");
    assert_string_equal(print("m.name", &b), "Landing zone");
    assert_string_equal(print("m.paths", &b), "partner, isd");
    assert_string_equal(print("m.overdue", &b), "no");
    assert_string_equal(print("d < 3", &b), "no");
    assert_string_equal(print("p.milestone", &b), "-");
    assert_string_equal(print("t.due", &b), "-");
    assert_string_equal(print("count(m.tasks)", &b), "3");
    mile[0].v[0] = unread;
    assert_string_equal(print("d", &b), "unknown");
    mile[0].kids_read = MSX_NO;
    assert_string_equal(print("count(m.tasks)", &b), "-");
}

static void note_path(void *user, char root, const char *dotted)
{
    msx_buf_addf(user, "%c:%s ", root, dotted);
}

static void note_call(void *user, const char *name, const char *const *args, size_t argc)
{
    msx_buf_addf(user, "%s/%zu", name, argc);
    for (size_t i = 0; i < argc; i++)
        msx_buf_addf(user, " %s", args[i] ? args[i] : "?");
}

static void what_a_linter_asks(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1000);
    struct msx_cond *c = compile("d < p.near_days and any(m.tasks, t.blocker) and "
                                 "sig(m, \"blocker\") = sig(o, \"capacity.confirmed\") and "
                                 "sig(m, \"blocker\") = no and rd(m, \"RD-CAP\")");
    const char *const *sigs;
    size_t n;

    (void)state;
    sigs = msx_cond_signals(c, &n);
    assert_int_equal(n, 2);
    assert_string_equal(sigs[0], "blocker");
    assert_string_equal(sigs[1], "capacity.confirmed");
    msx_cond_paths(c, note_path, &b);
    assert_string_equal(b.data, "d: p:near_days m:tasks t:blocker ");
    msx_buf_clear(&b);
    msx_cond_calls(c, note_call, &b);
    assert_string_equal(b.data, "rd/2 ? RD-CAP");
    assert_true(msx_cond_needs(c, 'm'));
    assert_true(msx_cond_needs(c, 'o'));
    assert_false(msx_cond_needs(c, 't')); /* bound by any() */
    assert_false(msx_cond_needs(c, 'u'));
    msx_cond_free(c);
    c = compile("any(o.milestones, d < 3)");
    assert_false(msx_cond_needs(c, 'm'));
    assert_true(msx_cond_needs(c, 'o'));
    msx_cond_free(c);
    c = compile("t.blocker");
    assert_true(msx_cond_needs(c, 't'));
    assert_string_equal(msx_cond_text(c), "t.blocker");
    msx_cond_free(c);
}

/* ---- no allocation, out of memory ---- */

static void evaluation_does_not_allocate(void **state)
{
    struct msx_cond *c =
        compile("any(o.milestones, any(m.tasks, t.blocker and days(today(), t.due) "
                "< 99)) and m.status in [on_track] and rd(m, \"RD-CAP\") and "
                "count(m.paths, it = isd) = 1");
    clock_t begin;

    (void)state;
    msx_set_alloc(&alloc_flaky);
    alloc_calls = alloc_fail_at = 0;
    assert_int_equal(msx_cond_eval(c, &scope, NULL), MSX_YES);
    assert_int_equal(alloc_calls, 0);
    msx_set_alloc(NULL);
    begin = clock();
    for (int i = 0; i < 100000; i++)
        assert_true(msx_cond_eval(c, &scope, NULL) == MSX_YES);
    assert_true(clock() - begin < 2 * CLOCKS_PER_SEC); /* a tenth of it without sanitizers */
    msx_cond_free(c);
}

static void compile_survives_every_failed_allocation(void **state)
{
    const char *text = "any(m.tasks, t.blocker) and d in [1, 2] and rd(m, \"RD-CAP\") and "
                       "sig(m, \"blocker\") = yes";
    enum msx_code rc = MSX_E_NOMEM;

    (void)state;
    msx_set_alloc(&alloc_flaky);
    for (alloc_fail_at = 1; rc != MSX_OK; alloc_fail_at++) {
        struct msx_cond *c = NULL;

        assert_true(alloc_fail_at < 100);
        alloc_calls = 0;
        rc = msx_cond_compile(text, "r", &schema, &c, NULL);
        assert_true(rc == MSX_OK || (rc == MSX_E_NOMEM && !c));
        msx_cond_free(c);
    }
    msx_set_alloc(NULL);
    assert_true(alloc_fail_at > 5);
}

#define T(fn) cmocka_unit_test_setup(fn, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(errors_name_column_and_nearest),
        T(bounded),
        T(trace_of_each_predicate),
        T(values_for_placeholders),
        T(what_a_linter_asks),
        T(evaluation_does_not_allocate),
        T(compile_survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
