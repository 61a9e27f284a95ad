/* GUIDs, UTF-8, hostile text, nearest names, redaction. */
#include "test.h"

#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

static void guids(void **state)
{
    static const char *const bad[] = { "",
                                       "0F8FAD5B-D9CB-469F-A165-70867728950",
                                       "0F8FAD5B-D9CB-469F-A165-70867728950Ex",
                                       "{0F8FAD5B-D9CB-469F-A165-70867728950E",
                                       "0F8FAD5BD9CB-469F-A165-70867728950E-",
                                       "zz" };
    char out[37] = "same", a[37], b[37];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(msx_guid_parse(bad[i], out));
    assert_false(msx_guid_parse(NULL, out));
    assert_string_equal(out, "same");
    assert_true(msx_guid_parse("{0F8FAD5B-D9CB-469F-A165-70867728950E}", out));
    assert_string_equal(out, "0f8fad5b-d9cb-469f-a165-70867728950e");
    assert_true(msx_guid_eq(out, "0F8FAD5B-D9CB-469F-A165-70867728950E"));
    assert_false(msx_guid_eq(NULL, NULL));
    assert_int_equal(msx_guid_new(a, NULL), MSX_OK);
    assert_int_equal(msx_guid_new(b, NULL), MSX_OK);
    assert_true(msx_guid_parse(a, out));
    assert_string_equal(a, out);
    assert_string_not_equal(a, b);
    assert_int_equal(a[14], '4');
    assert_true(strchr("89ab", a[19]) != NULL);
}

static void utf8(void **state)
{
    static const char *const bad[] = {
        "\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
        "\xC3", "\xE2\x82", "\xFF"
    };
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(100);
    const char *good = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBF\xBD", *p = good;

    (void)state;
    assert_true(msx_utf8_valid(good, strlen(good)));
    while (*p)
        msx_utf8_add(&b, msx_utf8_next(&p, good + strlen(good)));
    assert_string_equal(b.data, good);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        p = bad[i];
        assert_false(msx_utf8_valid(bad[i], strlen(bad[i])));
        assert_int_equal(msx_utf8_next(&p, bad[i] + strlen(bad[i])), 0xFFFD);
        assert_ptr_equal(p, bad[i] + 1);
    }
}

static size_t width(const char *s)
{
    return msx_utf8_width(s, strlen(s));
}

static void widths(void **state)
{
    (void)state;
    assert_int_equal(width("abc"), 3);
    assert_int_equal(width("e\xCC\x81"), 1);
    assert_int_equal(width("\xE6\x97\xA5\xE6\x9C\xAC"), 4);
    assert_int_equal(width("\xF0\x9F\x98\x80"), 2);
    assert_int_equal(width("\xEF\xBD\xB1"), 1); /* half-width kana */
    assert_int_equal(width("\xEF\xBC\xA1"), 2); /* full-width A */
    assert_int_equal(width(""), 0);
}

static void hostile_text_is_shown(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1000);
    const char *s = "a\033]0;x\007\tb\nc\x7F\xC2\x9B"
                    "d\xE2\x80\xAE"
                    "e\xE2\x80\xA8"
                    "f\xFF\xC3\xA9";

    (void)state;
    msx_add_visible(&b, s, strlen(s));
    assert_string_equal(b.data,
                        "a\\x1b]0;x\\x07 b\\nc\\x7f\\x9bd\\u202ee\\u2028f\xEF\xBF\xBD\xC3\xA9");
}

static void names(void **state)
{
    static const char *const known[] = { "milestones", "opportunities", "tasks", "plan" };

    (void)state;
    assert_string_equal(msx_nearest("milestone", known, 4), "milestones");
    assert_string_equal(msx_nearest("tsaks", known, 4), "tasks");
    assert_string_equal(msx_nearest("PLAN", known, 4), "plan");
    assert_null(msx_nearest("zebra", known, 4));
    assert_null(msx_nearest("", known, 4));
    assert_null(msx_nearest(NULL, known, 4));
    assert_true(msx_ieq("On Track", "ON TRACK"));
    assert_false(msx_ieq(NULL, NULL));
    assert_true(msx_ascii_casecmp("a", "B") < 0);
}

static void secrets_are_hidden(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        { "Authorization: Bearer abc.def\r\nAccept: */*", "Authorization: ***\r\nAccept: */*" },
        { "got bearer abc-123 here", "got bearer *** here" },
        { "{\"access_token\":\"a\\\"b\",\"expires_in\":3599}",
          "{\"access_token\":\"***\",\"expires_in\":3599}" },
        { "{\"token_type\":\"Bearer\"}", "{\"token_type\":\"Bearer\"}" },
        { "grant_type=x&client_secret=hunter2&scope=s", "grant_type=x&client_secret=***&scope=s" },
        { "code=0.AX&state=1", "code=***&state=1" },
        { "statuscode=3", "statuscode=3" },
        { "x eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln y", "x *** y" },
        { "{\"password\": \"p w\"}", "{\"password\": \"***\"}" },
        { "set-cookie: a=b; c=d", "set-cookie: ***" },
        { "the token is lost", "the token is lost" },
        { "{\"tokens\":[1]}", "{\"tokens\":[1]}" },
        { "", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1000);

        msx_redact(&b, rows[i].in, strlen(rows[i].in));
        assert_string_equal(b.data, rows[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guids),  cmocka_unit_test(utf8),
        cmocka_unit_test(widths), cmocka_unit_test(hostile_text_is_shown),
        cmocka_unit_test(names),  cmocka_unit_test(secrets_are_hidden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
