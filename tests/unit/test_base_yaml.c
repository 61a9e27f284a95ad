/* YAML: scalars, lines, what is refused. */
#include "test.h"

#include <string.h>

#include "alloc_fail.h"
#include "msxops/yaml.h"

static enum msx_code parse(const char *text, json_t **out, json_t **lines, struct msx_error *err)
{
    return msx_yaml_parse(text, strlen(text), "flow 'x.yaml'", out, lines, err);
}

static void scalars(void **state)
{
    static const struct {
        const char *yaml, *json;
    } rows[] = {
        { "yes", "\"yes\"" },
        { "no", "\"no\"" },
        { "true", "true" },
        { "False", "false" },
        { "~", "null" },
        { "", "null" },
        { "null", "null" },
        { "\"\"", "\"\"" },
        { "'true'", "\"true\"" },
        { "12", "12" },
        { "-3", "-3" },
        { "+4", "4" },
        { "0x1F", "31" },
        { "0x", "\"0x\"" },
        { "007", "\"007\"" },
        { "1.5", "1.5" },
        { ".5", "0.5" },
        { "-.5", "-0.5" },
        { "1e3", "1000" },
        { "1.", "\"1.\"" },
        { "1.2.3", "\"1.2.3\"" },
        { ".inf", "\".inf\"" },
        { "1-2", "\"1-2\"" },
        { "2026-03-02", "\"2026-03-02\"" },
        { "99999999999999999999", "\"99999999999999999999\"" },
        { "-", "[null]" },
        { "m.d <= 14", "\"m.d <= 14\"" },
        { "!!str 12", "\"12\"" },
        { "[a, 1]", "[\"a\",1]" },
        { "{a: 1}", "{\"a\":1}" },
        { "|\n  a\n  b\n", "\"a\\nb\\n\"" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct msx_error err = MSX_ERROR_INIT;
        json_t *j = NULL;
        char *s;

        if (parse(rows[i].yaml, &j, NULL, &err))
            fail_msg("'%s': %s", rows[i].yaml, err.msg);
        s = msx_json_canonical_str(j);
        assert_string_equal(s, rows[i].json);
        msx_free(s);
        json_decref(j);
    }
}

static void lines_are_remembered(void **state)
{
    json_t *j = NULL, *lines = NULL;

    (void)state;
    assert_int_equal(
        parse("# c\nrules:\n  - id: A\n    when: d <= 14\n  - id: B\na/b~c: 1\n", &j, &lines, NULL),
        MSX_OK);
    assert_int_equal(json_integer_value(json_object_get(lines, "")), 2);
    assert_int_equal(json_integer_value(json_object_get(lines, "/rules/0/when")), 4);
    assert_int_equal(json_integer_value(json_object_get(lines, "/rules/1")), 5);
    assert_int_equal(json_integer_value(json_object_get(lines, "/a~1b~0c")), 6);
    json_decref(j);
    json_decref(lines);
}

static void refuses(void **state)
{
    static const struct {
        const char *yaml, *says;
    } rows[] = {
        { "a: 1\nb: 2\na: 3\n", "flow 'x.yaml' line 3: key 'a' is given twice" },
        { "a: &x 1\nb: *x\n", "flow 'x.yaml' line 2: aliases are not supported" },
        { "*x : 1\n", "flow 'x.yaml' line 1: aliases are not supported" },
        { "a: 1\n---\nb: 2\n", "flow 'x.yaml' line 2: a second document" },
        { "a: !x 1\n", "flow 'x.yaml' line 1: tags are not supported" },
        { "[a]: 1\n", "flow 'x.yaml' line 1: a key must be a plain text" },
        { "a: [1\n", NULL },
        { "a: \"\\0\"\n", NULL },
        { "a: \xFF\n", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct msx_error err = MSX_ERROR_INIT;
        json_t *j = NULL, *lines = NULL;

        assert_int_equal(parse(rows[i].yaml, &j, &lines, &err), MSX_E_INVALID);
        assert_null(j);
        assert_null(lines);
        if (rows[i].says)
            assert_string_equal(err.msg, rows[i].says);
    }
}

static void depth_is_bounded(void **state)
{
    char text[200] = "";
    json_t *j = NULL;

    (void)state;
    memset(text, '[', 63);
    memset(text + 63, ']', 63);
    assert_int_equal(parse(text, &j, NULL, NULL), MSX_OK);
    json_decref(j);
    j = NULL;
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    assert_int_equal(parse(text, &j, NULL, NULL), MSX_E_INVALID);
    assert_null(j);
}

static enum msx_code parse_all(void)
{
    MSX_AUTO(msx_json_free_p) json_t *j = NULL;
    MSX_AUTO(msx_json_free_p) json_t *lines = NULL;

    return parse("a: [1, 2.5, x]\nb:\n  c: {d: true, e: null}\n", &j, &lines, NULL);
}

static void survives_every_failed_allocation(void **state)
{
    enum msx_code rc;

    (void)state;
    FOR_EACH_FAILED_ALLOCATION(rc, rc = parse_all());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars),
        cmocka_unit_test(lines_are_remembered),
        cmocka_unit_test(refuses),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
