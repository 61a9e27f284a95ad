/* JSON: parsing with names in messages, canonical form, getters that tolerate everything. */
#include "test.h"

#include <string.h>

#include "alloc_fail.h"
#include "msxops/json.h"

static enum msx_code parse(const char *text, json_t **out, struct msx_error *err)
{
    return msx_json_parse(text, strlen(text), "plan 'x'", out, err);
}

static void parses_and_refuses(void **state)
{
    static const char *const bad[] = { "",       "{",    "[1,]",     "{\"a\":1,\"a\":2}",
                                       "1 2",    "{} x", "\"\xFF\"", "nul",
                                       "[1e999]" };
    struct msx_error err = MSX_ERROR_INIT;
    json_t *j = NULL;

    (void)state;
    assert_int_equal(parse("\xEF\xBB\xBF{\"a\":[1,2]}", &j, &err), MSX_OK);
    assert_int_equal(json_array_size(msx_json_arr(j, "a")), 2);
    json_decref(j);
    j = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(parse(bad[i], &j, &err), MSX_E_INVALID);
        assert_null(j);
        assert_memory_equal(err.msg, "plan 'x': line ", 15);
    }
}

static void canonical_is_sorted_and_compact(void **state)
{
    json_t *j = NULL;
    char *s;

    (void)state;
    assert_int_equal(
        parse("{ \"b\": [1.0, 2.5, -3.0, 1e300, true, null],\n \"a\": {\"z\": \"\\u00e9\\n\","
              " \"Z\": {}} }",
              &j, NULL),
        MSX_OK);
    s = msx_json_canonical_str(j);
    assert_non_null(s);
    assert_memory_equal(s, "{\"a\":{\"Z\":{},\"z\":\"\xC3\xA9\\n\"},\"b\":[1,2.5,-3,1", 40);
    msx_free(s);
    json_decref(j);
}

static void order_of_keys_does_not_matter(void **state)
{
    json_t *a = NULL, *b = NULL;
    char *x, *y;

    (void)state;
    assert_int_equal(parse("{\"k\":1,\"l\":{\"m\":2,\"n\":3}}", &a, NULL), MSX_OK);
    assert_int_equal(parse("{\"l\":{\"n\":3,\"m\":2.0},\"k\":1}", &b, NULL), MSX_OK);
    x = msx_json_canonical_str(a);
    y = msx_json_canonical_str(b);
    assert_string_equal(x, y);
    msx_free(x);
    msx_free(y);
    json_decref(a);
    json_decref(b);
}

static void getters_tolerate_anything(void **state)
{
    json_t *j = NULL;
    json_int_t i = 7;
    double d = 7;

    (void)state;
    assert_int_equal(
        parse("{\"s\":\"x\",\"i\":3,\"r\":2.5,\"b\":true,\"o\":{},\"n\":null}", &j, NULL), MSX_OK);
    assert_string_equal(msx_json_str(j, "s"), "x");
    assert_null(msx_json_str(j, "i"));
    assert_null(msx_json_str(NULL, "s"));
    assert_string_equal(msx_json_str_or(j, "n", "d"), "d");
    assert_true(msx_json_int(j, "i", &i) && i == 3);
    assert_false(msx_json_int(j, "r", &i));
    assert_true(msx_json_num(j, "i", &d) && d == 3.0);
    assert_false(msx_json_num(j, "s", &d));
    assert_true(msx_json_bool_or(j, "b", false));
    assert_true(msx_json_bool_or(j, "s", true));
    assert_null(msx_json_arr(j, "o"));
    assert_non_null(msx_json_obj(j, "o"));
    assert_int_equal(msx_json_set_str(j, "s", NULL), 0);
    assert_true(json_is_null(json_object_get(j, "s")));
    json_decref(j);
}

static void sha256_of_abc(void **state)
{
    char hex[65];

    (void)state;
    msx_sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static enum msx_code parse_and_print(void)
{
    MSX_AUTO(msx_json_free_p) json_t *j = NULL;
    MSX_AUTO(msx_free_p) char *s = NULL;
    enum msx_code rc = parse("{\"a\":[1,{\"b\":\"text\"},2.5],\"c\":{\"d\":null}}", &j, NULL);

    if (rc) /* out of memory inside a token looks like a syntax error to jansson */
        return rc == MSX_E_INVALID ? MSX_E_NOMEM : rc;
    s = msx_json_canonical_str(j);
    if (!s)
        return MSX_E_NOMEM;
    assert_string_equal(s, "{\"a\":[1,{\"b\":\"text\"},2.5],\"c\":{\"d\":null}}");
    return MSX_OK;
}

static void survives_every_failed_allocation(void **state)
{
    enum msx_code rc;

    (void)state;
    FOR_EACH_FAILED_ALLOCATION(rc, rc = parse_and_print());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_and_refuses),
        cmocka_unit_test(canonical_is_sorted_and_compact),
        cmocka_unit_test(order_of_keys_does_not_matter),
        cmocka_unit_test(getters_tolerate_anything),
        cmocka_unit_test(sha256_of_abc),
        cmocka_unit_test(survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
