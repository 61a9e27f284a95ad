/* A machine without a usable libcurl: what needs the network says so, and nothing is called. The
 * loader is built in here, with the name of a library that does not exist. */
#include "test.h"

#define MSX_CURL_SONAME "libmsx-missing.so.4"
#include "http/curl_load.c"

static int64_t now(void *user)
{
    (void)user;
    return 0;
}

static void without_libcurl_there_is_no_engine(void **state)
{
    struct msx_ctx ctx = { .concurrency = 1, .now_s = now };
    struct msx_http *h = NULL;

    (void)state;
    for (int i = 0; i < 2; i++) { /* the second call says the same */
        struct msx_error err = MSX_ERROR_INIT;

        assert_int_equal(msx_http_new(&ctx, "https://org.crm4.dynamics.com", NULL, &h, &err),
                         MSX_E_IO);
        assert_null(h);
        assert_int_equal(err.code, MSX_E_IO);
        assert_non_null(strstr(err.msg, "cannot use libcurl (libmsx-missing.so.4): "));
        assert_non_null(strstr(err.hint, "libcurl4"));
    }
    assert_int_equal(msx_http_new(&ctx, NULL, NULL, &h, NULL), MSX_E_IO);
}

static void without_libcurl_no_url_is_taken_apart(void **state)
{
    struct msx_origin o = { .port = 7 };
    struct msx_error err = MSX_ERROR_INIT;

    (void)state;
    assert_int_equal(msx_origin_parse("https://org.crm4.dynamics.com", &o, &err), MSX_E_IO);
    assert_int_equal(o.port, 7);
    assert_null(msx_http_origin_of("https://org.crm4.dynamics.com"));
}

static void a_library_that_lacks_a_function_is_not_used(void **state)
{
    struct msx_curl_calls calls = { 0 };

    (void)state;
    assert_false(load_from("libm.so.6", &calls));
    assert_string_equal(why, "it has no curl_global_init()");
    assert_true(calls.easy_init == NULL);
}

static void every_function_of_the_real_one_is_found(void **state)
{
    struct msx_curl_calls calls = { 0 };

    (void)state;
    assert_true(load_from("libcurl.so.4", &calls));
#define IS_SET(name) assert_true(calls.name != NULL);
    MSX_CURL_CALLS(IS_SET)
    assert_true(calls.getdate("Thu, 01 Jan 1970 00:00:10 GMT", NULL) == 10);
    assert_string_equal(calls.easy_strerror(CURLE_OK), "No error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_libcurl_there_is_no_engine),
        cmocka_unit_test(without_libcurl_no_url_is_taken_apart),
        cmocka_unit_test(a_library_that_lacks_a_function_is_not_used),
        cmocka_unit_test(every_function_of_the_real_one_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
