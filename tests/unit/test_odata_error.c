/* What refused requests mean, and literals that hostile text cannot leave. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "msxops/odata.h"
#include "msxops/text.h"

struct sample {
    int status;
    const char *body;
    enum msx_code code;
    uint32_t crm_code;
    const char *in_msg, *in_hint;
};

static const struct sample samples[] = {
    /* the two meanings of 404 */
    { 404, "{\"error\":{\"code\":\"0x80040217\",\"message\":\"task With Id = 0f Does Not Exist\"}}",
      MSX_E_NOTFOUND, 0x80040217, "Does Not Exist", NULL },
    { 404,
      "{\"error\":{\"code\":\"0x8006088a\",\"message\":\"Resource not found for the segment 'x'.\"}}",
      MSX_E_REJECTED, 0x8006088a, "segment 'x'", "schema" },
    { 404, "{\"error\":{\"code\":\"\",\"message\":\"Resource not found for the segment 'x'.\"}}",
      MSX_E_REJECTED, 0, "segment 'x'", NULL },
    { 404, "{\"error\":{\"code\":\"\",\"message\":\"gone\"}}", MSX_E_NOTFOUND, 0, "gone (404)",
      NULL },
    { 404, "", MSX_E_REJECTED, 0, "no such address", "URL" },
    { 404, "{\"error\":{\"code\":\"0x80060891\",\"message\":\"no key\"}}", MSX_E_NOTFOUND,
      0x80060891, "no key", NULL },
    /* 403: privilege, sharing, network */
    { 403, "{\"error\":{\"code\":\"0x80040220\",\"message\":\"missing prvReadTask\"}}",
      MSX_E_DENIED, 0x80040220, "prvReadTask", "role" },
    { 403, "{\"error\":{\"code\":\"0x80048306\",\"message\":\"does not have\"}}", MSX_E_DENIED,
      0x80048306, NULL, "shared" },
    { 403, "<html><body>blocked</body></html>", MSX_E_DENIED, 0, "web page", "VPN" },
    { 403, "", MSX_E_DENIED, 0, "(403)", "VPN" },
    /* codes in any spelling */
    { 400, "{\"error\":{\"code\":\"0X8004e023\",\"message\":\"m\"}}", MSX_E_REJECTED, 0x8004e023,
      "0x8004e023", "50,000" },
    { 429, "{\"error\":{\"code\":\"-2147015902\",\"message\":\"m\"}}", MSX_E_THROTTLED, 0x80072322,
      NULL, NULL },
    { 400, "{\"error\":{\"code\":-2147220715,\"message\":\"m\"}}", MSX_E_REJECTED, 0x80040315, NULL,
      NULL },
    { 400, "{\"error\":{\"code\":\"80048d19\",\"message\":\"m\"}}", MSX_E_REJECTED, 0x80048d19,
      NULL, NULL },
    { 400, "{\"error\":{\"code\":\"0x80048d19zz\",\"message\":\"m\"}}", MSX_E_REJECTED, 0, NULL,
      NULL },
    { 400, "{\"error\":{\"code\":\"0x80040265\",\"message\":\"rule\\r\\nof the house\"}}",
      MSX_E_REJECTED, 0x80040265, "of the house", NULL },
    { 412, "{\"error\":{\"code\":\"0x80060882\",\"message\":\"version\"}}", MSX_E_CONFLICT,
      0x80060882, NULL, NULL },
    { 412, "{\"error\":{\"code\":\"0x80040237\",\"message\":\"dup\"}}", MSX_E_REJECTED, 0x80040237,
      NULL, NULL },
    { 401, "{\"error\":{\"code\":\"0x8005F101\",\"message\":\"expired\"}}", MSX_E_AUTH, 0x8005f101,
      NULL, "login" },
    { 401, "", MSX_E_AUTH, 0, "401", "login" },
    /* other shapes */
    { 500, "{\"Message\":\"An error has occurred.\"}", MSX_E_SERVER, 0, "An error has occurred",
      NULL },
    { 503, "<!DOCTYPE html><h1>Service Unavailable</h1>", MSX_E_SERVER, 0, "(503)", NULL },
    { 502, "", MSX_E_SERVER, 0, "502", NULL },
    { 400, "{\"error\":\"invalid_request\",\"error_description\":\"AADSTS1\"}", MSX_E_REJECTED, 0,
      "AADSTS1", NULL },
    { 400, "[1]", MSX_E_REJECTED, 0, "(400)", NULL },
    { 400, "{\"error\":{\"code\":\"0x80060888\"}}", MSX_E_REJECTED, 0x80060888, "0x80060888",
      "schema" },
    { 501, "{\"error\":{\"code\":\"0x8006088a\",\"message\":\"isn't supported\"}}", MSX_E_REJECTED,
      0x8006088a, NULL, NULL },
    { 405, "", MSX_E_REJECTED, 0, "405", NULL },
};

static void every_kind_of_refusal(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        const struct sample *s = &samples[i];
        struct msx_error err = MSX_ERROR_INIT;
        enum msx_code rc = msx_odata_error(s->status, s->body, strlen(s->body), "id-1", &err);

        if (rc != s->code || err.code != s->code || err.crm_code != s->crm_code ||
            (s->in_msg && !strstr(err.msg, s->in_msg)) ||
            (s->in_hint && !strstr(err.hint, s->in_hint)))
            fail_msg("sample %zu: code %d, crm 0x%x, '%s', hint '%s'", i, rc, err.crm_code, err.msg,
                     err.hint);
        assert_int_equal(err.http_status, s->status);
        assert_string_equal(err.request_id, "id-1");
        assert_null(strpbrk(err.msg, "\r\n"));
    }
    assert_int_equal(msx_odata_error(404, NULL, 0, NULL, NULL), MSX_E_REJECTED);
}

static void long_text_is_cut_at_a_character(void **state)
{
    char body[4000];
    struct msx_error err = MSX_ERROR_INIT;
    size_t n;

    (void)state;
    n = (size_t)snprintf(body, sizeof(body), "{\"error\":{\"code\":\"\",\"message\":\"x");
    for (int i = 0; i < 500; i++)
        n += (size_t)snprintf(body + n, sizeof(body) - n, "\xc3\xa9");
    n += (size_t)snprintf(body + n, sizeof(body) - n, "\"}}");
    assert_int_equal(msx_odata_error(400, body, n, NULL, &err), MSX_E_REJECTED);
    assert_true(msx_utf8_valid(err.msg, strlen(err.msg)));
    assert_true(strlen(err.msg) <= 420);
}

static void literals_hold_hostile_text(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1000);
    struct msx_error err = MSX_ERROR_INIT;

    (void)state;
    msx_odata_add_string(&b, "O'Brien' or '1' eq '1");
    assert_string_equal(b.data, "'O''Brien'' or ''1'' eq ''1'");
    msx_buf_clear(&b);
    msx_odata_add_pattern(&b, "50%_[a]'s");
    assert_string_equal(b.data, "'50[%][_][[]a]''s'");
    msx_buf_clear(&b);
    msx_odata_add_string(&b, "");
    assert_string_equal(b.data, "''");
    msx_buf_clear(&b);
    assert_int_equal(msx_odata_add_guid(&b, "{AAAAAAAA-0000-4000-8000-000000000001}", &err),
                     MSX_OK);
    assert_string_equal(b.data, "aaaaaaaa-0000-4000-8000-000000000001");
    assert_int_equal(msx_odata_add_guid(&b, "x' or 1", &err), MSX_E_USAGE);
    assert_int_equal(msx_odata_add_guid(&b, NULL, &err), MSX_E_USAGE);
}

static void names_are_names(void **state)
{
    static const char *const bad[] = { "", "1a", "a-b", "a b", "a/b", "\xc3\xa4", "a'", "a;" };

    (void)state;
    assert_true(msx_odata_is_name("_ownerid_value"));
    assert_true(msx_odata_is_name("A9"));
    assert_false(msx_odata_is_name(NULL));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(msx_odata_is_name(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_refusal),
        cmocka_unit_test(long_text_is_cut_at_a_character),
        cmocka_unit_test(literals_hold_hostile_text),
        cmocka_unit_test(names_are_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
