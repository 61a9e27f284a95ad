/* jq programs: results, messages, and what a program cannot reach. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "msxops/jq.h"
#include "msxops/mem.h"

static const struct msx_jq_limits quick = { .time_ms = 3000 };

static void gives(const char *program, const char *input, const char *expected)
{
    MSX_AUTO(msx_json_free_p) json_t *in = json_loads(input, JSON_DECODE_ANY, NULL);
    MSX_AUTO(msx_json_free_p)
    json_t *vars = json_pack("{s:s, s:{s:i}}", "today", "2026-03-02", "ctx", "n", 7);
    MSX_AUTO(msx_json_free_p) json_t *out = NULL;
    MSX_AUTO(msx_free_p) char *text = NULL;
    struct msx_error err = MSX_ERROR_INIT;

    assert_non_null(in);
    if (msx_jq_run(program, in, vars, &quick, &out, &err))
        fail_msg("%s: %s", program, err.msg);
    text = json_dumps(out, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(text, expected);
}

static void results_come_in_order(void **state)
{
    (void)state;
    gives(".a", "{\"a\":1}", "[1]");
    gives(".[] | {b:., a:1}", "[1,\"x\",null]",
          "[{\"b\":1,\"a\":1},{\"b\":\"x\",\"a\":1},{\"b\":null,\"a\":1}]");
    gives("empty", "1", "[]");
    gives("$today, $ctx.n", "null", "[\"2026-03-02\",7]");
    gives("def f(x): x * 2; f(.)", "21", "[42]");
    gives(". # a comment", "861980000", "[861980000]");
    gives("\"\\u0000\\n\"", "1", "[\"\\u0000\\n\"]");
}

static void nothing_of_the_outside_is_seen(void **state)
{
    static const char *const refused[] = {
        "import \"a\" as a; 1", "include \"a\"; 1", "halt", "\"a\" | modulemeta", "input",
    };
    struct msx_error err = MSX_ERROR_INIT;
    json_t *out = NULL;

    (void)state;
    assert_int_equal(setenv("MSX_JQ_SECRET", "s3cret", 1), 0);
    gives("env, $ENV, (env | length)", "1", "[{},{},0]");
    gives("1) | $ENV | (.", "1", "[{}]");
    gives("$ENV.MSX_JQ_SECRET, env.MSX_JQ_SECRET", "1", "[null,null]");
    gives("stderr, debug", "1", "[1,1]");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(msx_jq_run(refused[i], NULL, NULL, &quick, &out, &err), MSX_E_USAGE);
        assert_null(out);
    }
    assert_int_equal(unsetenv("MSX_JQ_SECRET"), 0);
}

static void errors_are_told(void **state)
{
    static const char *const wrong[][2] = {
        { ".foo | (", "jq: the program stops short after '.foo | ('" },
        { ".a |\n map(.b", "jq: the program stops short after ' map(.b'" },
        { "\"abc", "jq: the program stops short after '\"abc'" },
        { ".a ] b", "jq: syntax error, unexpected character in line 1: '.a ] b'" },
        { ".a |\n.b ]\n| .c", "jq: syntax error, unexpected character in line 2: '.b ]'" },
        { ".a b", "jq: syntax error, unexpected word in line 1: '.a b'" },
        { ". | | .", "jq: syntax error, unexpected '|' in line 1: '. | | .'" },
        { "nosuch(1)", "jq: nosuch/1 is not defined in line 1: 'nosuch(1)'" },
        { "@foo", "jq: foo is not a valid format" },
        { "error(\"x at <top-level>, line 9\")", "jq: x at <top-level>, line 9" },
    };
    struct msx_error err = MSX_ERROR_INIT;
    json_t *out = NULL;

    (void)state;
    assert_int_equal(msx_jq_run(".a.b", json_true(), NULL, &quick, &out, &err), MSX_E_USAGE);
    assert_non_null(strstr(err.msg, "Cannot index boolean"));
    assert_int_equal(msx_jq_run(".a[", NULL, NULL, &quick, &out, &err), MSX_E_USAGE);
    assert_memory_equal(err.msg, "jq: ", 4);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        err = (struct msx_error)MSX_ERROR_INIT;
        assert_int_equal(msx_jq_run(wrong[i][0], NULL, NULL, &quick, &out, &err), MSX_E_USAGE);
        assert_string_equal(err.msg, wrong[i][1]);
    }
    err = (struct msx_error)MSX_ERROR_INIT;
    assert_int_equal(msx_jq_run("error(\"x\")", NULL, NULL, &quick, &out, &err), MSX_E_USAGE);
    assert_string_equal(err.msg, "jq: x");
    assert_int_equal(msx_jq_check("$nope", NULL, &err), MSX_E_USAGE);
    assert_non_null(strstr(err.msg, "$nope is not defined"));
    assert_int_equal(msx_jq_check("1 + 1", NULL, &err), MSX_OK);
    assert_null(out);
}

static void limits_hold(void **state)
{
    const struct msx_jq_limits time = { .time_ms = 300 };
    const struct msx_jq_limits output = { .time_ms = 5000, .output_bytes = 1000 };
    volatile sig_atomic_t yes = 1;
    const struct msx_jq_limits cancel = { .time_ms = 5000, .cancelled = &yes };
    struct msx_error err = MSX_ERROR_INIT;
    json_t *out = NULL;

    (void)state;
    assert_int_equal(msx_jq_run("def f: f; f", NULL, NULL, &time, &out, &err), MSX_E_LIMIT);
    assert_non_null(strstr(err.msg, "300 ms"));
    assert_int_equal(msx_jq_run("range(1e6)", NULL, NULL, &output, &out, &err), MSX_E_LIMIT);
    assert_int_equal(msx_jq_run("def f: f; f", NULL, NULL, &cancel, &out, &err), MSX_E_CANCELLED);
    assert_null(out);
#if !defined(__SANITIZE_ADDRESS__)
    {
        const struct msx_jq_limits memory = { .time_ms = 20000, .memory_bytes = (size_t)32 << 20 };

        assert_int_equal(msx_jq_run("[range(1e8)] | length", NULL, NULL, &memory, &out, &err),
                         MSX_E_LIMIT);
        assert_null(out);
    }
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_in_order),
        cmocka_unit_test(nothing_of_the_outside_is_seen),
        cmocka_unit_test(errors_are_told),
        cmocka_unit_test(limits_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
