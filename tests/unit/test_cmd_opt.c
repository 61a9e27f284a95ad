/* The option parser, and the self-check of every command's tables. */
#include "test.h"

#include <string.h>

#include "cmd.h"

struct o {
    bool on;
    const char *text, *pick, *maybe;
    struct strlist list;
    long num;
};
static const char *const picks[] = { "one", "two", NULL };
#define OPTS struct o
static const struct opt opts[] = {
    OPT_ON('a', "on", on, "switch"),
    OPT_TEXT('t', "text", text, "TEXT", "a text"),
    OPT_LIST('l', "list", list, "X", "several"),
    OPT_NUM('n', "num", num, "N", -5, 10, "a number"),
    OPT_ONE_OF(0, "pick", pick, "P", picks, "a choice"),
    OPT_MAYBE(0, "maybe", maybe, "M", picks, "one", "with or without value"),
    OPT_END,
};
#undef OPTS

static enum msx_code parse(struct o *o, struct globals *g, const char *const *words, char **args,
                           size_t *n, struct msx_error *err)
{
    char *argv[32];
    int argc = 0;

    memset(o, 0, sizeof *o);
    memset(g, 0, sizeof *g);
    *n = 0;
    for (; words[argc]; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    return opt_parse(opts, o, g, argv, argc, args, n, err);
}
#define PARSE(...) parse(&o, &g, (const char *const[]){ __VA_ARGS__, NULL }, args, &n, &err)
#define LOCALS                                                                                     \
    struct o o;                                                                                    \
    struct globals g;                                                                              \
    char *args[32];                                                                                \
    size_t n = 0;                                                                                  \
    struct msx_error err = MSX_ERROR_INIT

static void forms_of_values(void **state)
{
    LOCALS;

    (void)state;
    assert_int_equal(PARSE("--text=a=b", "-n", "-5", "-aL", "x"), MSX_E_USAGE); /* -L unknown */
    assert_int_equal(PARSE("--text=a=b", "-n", "-5", "-atx", "op", "--pick", "two"), MSX_OK);
    assert_string_equal(o.text, "x"); /* the later one wins */
    assert_int_equal(o.num, -5);
    assert_true(o.on);
    assert_string_equal(o.pick, "two");
    assert_int_equal(n, 1);
    assert_string_equal(args[0], "op");
}

static void lists_collect_and_dash_is_an_operand(void **state)
{
    LOCALS;

    (void)state;
    assert_int_equal(PARSE("-l", "1", "--list", "-", "--list=3", "-", "--", "--on"), MSX_OK);
    assert_int_equal(o.list.n, 3);
    assert_string_equal(o.list.v[1], "-");
    assert_int_equal(n, 2);
    assert_string_equal(args[0], "-");
    assert_string_equal(args[1], "--on");
    assert_false(o.on);
    opt_release(opts, &o);
    assert_int_equal(o.list.n, 0);
}

static void optional_values(void **state)
{
    LOCALS;

    (void)state;
    assert_int_equal(PARSE("--maybe", "two"), MSX_OK);
    assert_string_equal(o.maybe, "one"); /* a value only after = */
    assert_int_equal(n, 1);
    assert_int_equal(PARSE("--maybe=two"), MSX_OK);
    assert_string_equal(o.maybe, "two");
    assert_int_equal(PARSE("--maybe=three"), MSX_E_USAGE);
    assert_string_equal(err.msg, "--maybe wants one or two, got 'three'");
}

static void wrong_values(void **state)
{
    static const char *const bad[] = { "", " 1", "1x", "11", "-6", "99999999999999999999" };
    LOCALS;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memset(&err, 0, sizeof err);
        if (i == 1)
            continue; /* strtol's leading blank is harmless */
        assert_int_equal(PARSE("--num", bad[i]), MSX_E_USAGE);
        assert_non_null(strstr(err.msg, "--num wants a number from -5 to 10, got '"));
    }
    assert_int_equal(PARSE("--on=1"), MSX_E_USAGE);
    assert_string_equal(err.msg, "--on takes no value");
    assert_int_equal(PARSE("--text"), MSX_E_USAGE);
    assert_string_equal(err.msg, "--text wants a value: TEXT");
    assert_int_equal(PARSE("-t"), MSX_E_USAGE);
    assert_int_equal(PARSE("--tex", "x"), MSX_E_USAGE); /* no abbreviations */
    assert_string_equal(err.hint, "did you mean '--text'?");
}

static void globals_anywhere(void **state)
{
    LOCALS;

    (void)state;
    assert_int_equal(PARSE("x", "--today", "2026-03-02", "-ojson", "y", "--quiet"), MSX_OK);
    assert_string_equal(g.today, "2026-03-02");
    assert_string_equal(g.output, "json");
    assert_true(g.quiet);
    assert_int_equal(n, 2);
}

static void every_table_is_sound(void **state)
{
    char msg[200];

    (void)state;
    for (const struct cmd *const *c = commands; *c; c++)
        if (opt_selfcheck(*c, msg, sizeof msg) != 0)
            fail_msg("%s", msg);
    /* the check itself can fail */
    struct cmd broken = *commands[0];
    broken.summary = "A Sentence.";
    assert_int_equal(opt_selfcheck(&broken, msg, sizeof msg), -1);
}

static void no_command_twice_and_each_is_found(void **state)
{
    (void)state;
    for (const struct cmd *const *c = commands; *c; c++) {
        char *words[4];
        char path[64];
        int n = 0;
        int used = 0;
        char *save = NULL;

        assert_true(strlen((*c)->path) < sizeof path);
        memcpy(path, (*c)->path, strlen((*c)->path) + 1);
        for (char *w = strtok_r(path, " ", &save); w && n < 4; w = strtok_r(NULL, " ", &save))
            words[n++] = w;
        assert_ptr_equal(cmd_find(words, n, &used), *c);
        assert_int_equal(used, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_of_values),
        cmocka_unit_test(lists_collect_and_dash_is_an_operand),
        cmocka_unit_test(optional_values),
        cmocka_unit_test(wrong_values),
        cmocka_unit_test(globals_anywhere),
        cmocka_unit_test(every_table_is_sound),
        cmocka_unit_test(no_command_twice_and_each_is_found),
    };

    return cmocka_run_group_tests_name("cmd opt", tests, NULL, NULL);
}
