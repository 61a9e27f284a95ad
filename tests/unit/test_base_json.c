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

static int to_buf(const char *text, size_t len, void *user)
{
    msx_buf_add(user, text, len);
    return 0;
}

static int refuse(const char *text, size_t len, void *user)
{
    (void)text;
    (void)len;
    (void)user;
    return -1;
}

/* Every kind of token, whole and broken; "@" stands for a quote. */
static const char *const samples[] = {
    "{}",
    "[]",
    " [ ] ",
    "[[],{}]",
    "{@a@:1,@b@:[true,false,null]}",
    "\r\n\t{ @a@ : -0 }",
    "@@",
    "@a\\@",
    "@\\@\\\\\\/\\b\\f\\n\\r\\t@",
    "@\\x@",
    "@\\u00e9\\u20AC\\uFFFF@",
    "@\\ud83d\\ude00!@",
    "@\\ud83d@",
    "@\\ud83dx@",
    "@\\ud83d\\ud83d@",
    "@\\ud83d\\u0041@",
    "@\\ude00@",
    "@\\u0000@",
    "@\\u00g0@",
    "@\\u00@",
    "{@a\\u0041@:1}",
    "{@\\u0000@:1}",
    "{@a@:1,@a@:1}",
    "{@a@:{@a@:1},@b@:{@a@:2}}",
    "{@a@}",
    "{@a@:}",
    "{@a@:1,}",
    "{,}",
    "{a:1}",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1",
    "[",
    "{@a@:1",
    "@a",
    "@a\nb@",
    "@\x01@",
    "@\x7f@",
    "@\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80@",
    "@\xef\xbf\xbd@",
    "@\xc3@",
    "@\xc0\x80@",
    "@\xed\xa0\x80@",
    "@\xf4\x90\x80\x80@",
    "@\xe9@",
    "{@\xc3\xa9@:1}",
    "{@\xc3@:1}",
    "0",
    "-0",
    "-",
    "--1",
    "+1",
    "01",
    "-01",
    "1.",
    ".5",
    "1.5",
    "-2.50e-3",
    "1e5",
    "1E+5",
    "1e",
    "1e999",
    "1.5.5",
    "1-1",
    "999999999999999999",
    "-999999999999999999",
    "1000000000000000000",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "true",
    "truex",
    "tru",
    "nul",
    "nullnull",
    "True",
    "[true false]",
    "1 2",
    "[] x",
    "\xef\xbb\xbf",
    "//",
    "[1]//",
    "\v1",
};

static void reads_and_writes_as_jansson_does(void **state)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
    size_t taken = 0;

    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        MSX_AUTO(msx_json_free_p) json_t *j = NULL, *expected = NULL;
        MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(4096);
        char text[80];
        size_t n = strlen(samples[i]);
        char *compact, *pretty;

        assert_true(n < sizeof text);
        for (size_t k = 0; k <= n; k++)
            text[k] = samples[i][k] == '@' ? '"' : samples[i][k];
        expected = json_loadb(text, n, flags, NULL);
        assert_int_equal(msx_json_parse(text, n, "it", &j, NULL),
                         expected ? MSX_OK : MSX_E_INVALID);
        if (!expected)
            continue;
        taken++;
        assert_true(json_equal(j, expected));
        compact = json_dumps(expected, JSON_COMPACT | JSON_ENCODE_ANY);
        pretty = json_dumps(expected, JSON_INDENT(2) | JSON_ENCODE_ANY);
        msx_json_dump(&b, j);
        assert_false(b.failed);
        assert_string_equal(b.data, compact);
        msx_buf_clear(&b);
        assert_int_equal(msx_json_write(j, 2, to_buf, &b), 0);
        assert_string_equal(b.data, pretty);
        free(compact);
        free(pretty);
    }
    assert_int_equal(taken, 29);
}

/* Deep and long: past where the quick reader gives up, past one piece of output. */
static void reads_and_writes_deep_and_long(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(1 << 20);
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1 << 20);
    MSX_AUTO(msx_buf_release) struct msx_buf indented = MSX_BUF_INIT((size_t)64 << 20);
    MSX_AUTO(msx_json_free_p) json_t *j = NULL;
    char *pretty;

    (void)state;
    for (int i = 0; i < 300; i++)
        msx_buf_adds(&text, "[\"\\n\",");
    for (int i = 0; i < 20000; i++)
        msx_buf_addf(&text, "%d,", i);
    msx_buf_adds(&text, "0");
    for (int i = 0; i < 300; i++)
        msx_buf_adds(&text, "]");
    assert_int_equal(msx_json_parse(text.data, text.len, "it", &j, NULL), MSX_OK);
    msx_json_dump(&b, j);
    assert_string_equal(b.data, text.data);
    pretty = json_dumps(j, JSON_INDENT(3));
    assert_int_equal(msx_json_write(j, 3, to_buf, &indented), 0);
    assert_true(indented.len > 1 << 20);
    assert_string_equal(indented.data, pretty);
    free(pretty);
    assert_int_equal(msx_json_write(j, 2, refuse, NULL), -1);
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
        cmocka_unit_test(reads_and_writes_as_jansson_does),
        cmocka_unit_test(reads_and_writes_deep_and_long),
        cmocka_unit_test(canonical_is_sorted_and_compact),
        cmocka_unit_test(order_of_keys_does_not_matter),
        cmocka_unit_test(getters_tolerate_anything),
        cmocka_unit_test(sha256_of_abc),
        cmocka_unit_test(survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
