/* Errors: one clean line, cut at whole characters, codes that map to exit statuses. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "msxops/error.h"
#include "msxops/text.h"

static void fail_fills_everything(void **state)
{
    struct msx_error err = { .code = MSX_E_IO, .http_status = 500, .hint = "old" };

    (void)state;
    assert_int_equal(msx_fail(&err, MSX_E_NOTFOUND, "no task '%s'", "a\033[31m\nb\xC2\x9Bz"),
                     MSX_E_NOTFOUND);
    assert_int_equal(err.code, MSX_E_NOTFOUND);
    assert_int_equal(err.http_status, 0);
    assert_string_equal(err.hint, "");
    assert_string_equal(err.msg, "no task 'a?[31m?b??z'");
    assert_int_equal(msx_fail(NULL, MSX_E_IO, "x"), MSX_E_IO);
}

static void long_text_is_cut_at_a_character(void **state)
{
    struct msx_error err = MSX_ERROR_INIT;
    char text[2001];

    (void)state;
    for (size_t i = 0; i < 2000; i += 2)
        memcpy(text + i, "\xC3\xA9", 2);
    text[2000] = '\0';
    for (int shift = 0; shift < 2; shift++) {
        (void)msx_fail(&err, MSX_E_IO, "%s%s", shift ? "x" : "", text);
        assert_true(msx_utf8_valid(err.msg, strlen(err.msg)));
        assert_true(strlen(err.msg) < sizeof err.msg);
        assert_string_equal(err.msg + strlen(err.msg) - 3, "...");
    }
}

/* A format may cut a name in the middle of a character, and a header may hold any bytes. */
static void the_message_is_always_text(void **state)
{
    struct msx_error err = MSX_ERROR_INIT;

    (void)state;
    (void)msx_fail(&err, MSX_E_USAGE, "'%.3s' is no value", "\xC3\xA9\xC3\xA9");
    assert_string_equal(err.msg, "'\xC3\xA9?' is no value");
    (void)msx_fail(&err, MSX_E_SERVER, "%s", "a\xFF\xE2\x82");
    assert_string_equal(err.msg, "a???");
    (void)msx_fail(&err, MSX_E_SERVER, "%s", "a\xE2\x80\xAEgpj.exe\xEF\xBF\xBD");
    assert_string_equal(err.msg, "a???gpj.exe\xEF\xBF\xBD");
    msx_hint(&err, "%.1s", "\xC3\xA9");
    assert_string_equal(err.hint, "?");
}

static void errno_and_wrap(void **state)
{
    struct msx_error err = MSX_ERROR_INIT;

    (void)state;
    assert_int_equal(msx_fail_errno(&err, EACCES, "cannot open '%s'", "x"), MSX_E_IO);
    assert_int_equal(err.sys_errno, EACCES);
    assert_string_equal(err.msg, "cannot open 'x': Permission denied");
    assert_int_equal(msx_wrap(&err, MSX_E_IO, "plan '%s'", "p"), MSX_E_IO);
    assert_string_equal(err.msg, "plan 'p': cannot open 'x': Permission denied");
    msx_hint(&err, "run '%s'", "ls");
    assert_string_equal(err.hint, "run 'ls'");
    assert_int_equal(msx_fail_errno(&err, ENOMEM, "x"), MSX_E_NOMEM);
    assert_int_equal(msx_wrap(&err, MSX_OK, "never"), MSX_OK);
    assert_null(strstr(err.msg, "never"));
    assert_int_equal(msx_wrap(NULL, MSX_E_IO, "x"), MSX_E_IO);
}

static void every_code_has_a_name_and_a_status(void **state)
{
    static const struct {
        enum msx_code code;
        int status;
    } rows[] = {
        { MSX_OK, 0 },
        { MSX_E_USAGE, 2 },
        { MSX_E_INVALID, 2 },
        { MSX_E_AMBIGUOUS, 2 },
        { MSX_E_AUTH, 3 },
        { MSX_E_DENIED, 3 },
        { MSX_E_NOTFOUND, 4 },
        { MSX_E_CONFLICT, 6 },
        { MSX_E_PARTIAL, 7 },
        { MSX_E_REFUSED, 8 },
        { MSX_E_INCOMPLETE, 9 },
        { MSX_E_UNKNOWN, 10 },
        { MSX_E_CANCELLED, 130 },
        { MSX_E_NETWORK, 1 },
        { MSX_E_SERVER, 1 },
        { MSX_E_THROTTLED, 1 },
        { MSX_E_REJECTED, 1 },
        { MSX_E_IO, 1 },
        { MSX_E_LIMIT, 1 },
        { MSX_E_NOMEM, 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(msx_exit_status(rows[i].code), rows[i].status);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(msx_code_name(rows[i].code), msx_code_name(rows[j].code));
    }
    assert_string_equal(msx_code_name(MSX_E_NOTFOUND), "not_found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_fills_everything),
        cmocka_unit_test(long_text_is_cut_at_a_character),
        cmocka_unit_test(the_message_is_always_text),
        cmocka_unit_test(errno_and_wrap),
        cmocka_unit_test(every_code_has_a_name_and_a_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
