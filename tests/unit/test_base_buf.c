/* The growing buffer: ceiling, sticky failure, taking; and the allocator's edges. */
#include "test.h"

#include <string.h>

#include "alloc_fail.h"
#include "msxops/buf.h"

static void grows_and_terminates(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1000);

    (void)state;
    assert_string_equal(b.data, "");
    for (int i = 0; i < 100; i++)
        msx_buf_addf(&b, "%02d,", i);
    assert_int_equal(msx_buf_finish(&b, "text", NULL), MSX_OK);
    assert_int_equal(b.len, 300);
    assert_int_equal(strlen(b.data), 300);
    msx_buf_truncate(&b, 3);
    assert_string_equal(b.data, "00,");
    msx_buf_truncate(&b, 3);
    msx_buf_clear(&b);
    assert_string_equal(b.data, "");
}

static void ceiling_is_exact_and_sticks(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(5);
    struct msx_error err = MSX_ERROR_INIT;

    (void)state;
    msx_buf_adds(&b, "12345");
    assert_int_equal(msx_buf_finish(&b, "reply", &err), MSX_OK);
    msx_buf_addc(&b, '6');
    assert_string_equal(b.data, "12345");
    msx_buf_truncate(&b, 0);
    msx_buf_adds(&b, "x");
    assert_string_equal(b.data, "");
    assert_int_equal(msx_buf_finish(&b, "reply", &err), MSX_E_LIMIT);
    assert_string_equal(err.msg, "reply is over its limit of 5 bytes");
    assert_null(msx_buf_take(&b));
    msx_buf_clear(&b);
    msx_buf_addf(&b, "%s", "123456");
    assert_int_equal(msx_buf_finish(&b, "reply", &err), MSX_E_LIMIT);
}

static void take_moves_out(void **state)
{
    struct msx_buf b = MSX_BUF_INIT(100);
    char *s;

    (void)state;
    s = msx_buf_take(&b);
    assert_string_equal(s, "");
    msx_free(s);
    msx_buf_adds(&b, "hello");
    s = msx_buf_take(&b);
    assert_string_equal(s, "hello");
    assert_string_equal(b.data, "");
    msx_free(s);
    msx_buf_release(&b);
}

static enum msx_code fill(void)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(100000);

    for (int i = 0; i < 3000; i++)
        msx_buf_addf(&b, "%d ", i);
    return msx_buf_finish(&b, "x", NULL);
}

static void no_memory_is_reported_once(void **state)
{
    enum msx_code rc;

    (void)state;
    FOR_EACH_FAILED_ALLOCATION(rc, rc = fill());
}

static void allocator_edges(void **state)
{
    char *s;

    (void)state;
    assert_null(msx_calloc(SIZE_MAX / 2, 3));
    assert_null(msx_strdup(NULL));
    s = msx_strndup("abcdef", 3);
    assert_string_equal(s, "abc");
    msx_free(s);
    s = msx_asprintf("%s-%d", "x", 7);
    assert_string_equal(s, "x-7");
    msx_free_secret(s);
    msx_free_secret(NULL);
    msx_free(NULL);
}

/* Formatted text that fits, that needs more room, that fills the buffer to its limit and beyond:
 * what was there before stays whole. */
static void formatted_text_keeps_what_was_there(void **state)
{
    (void)state;
    for (size_t max = 1; max < 200; max++) {
        MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(max);
        size_t len = 0;

        while (!b.failed) {
            assert_int_equal(b.len, len);
            assert_int_equal(strlen(b.data), len);
            len += 7;
            msx_buf_addf(&b, "%s-%03d", "abc", 17);
        }
        assert_int_equal(b.failed, MSX_E_LIMIT);
        len -= 7;
        assert_true(len <= max && len + 7 > max);
        assert_int_equal(b.len, len);
        assert_int_equal(strlen(b.data), len);
        assert_true(len < 7 || strncmp(b.data + len - 7, "abc-017", 8) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_terminates),
        cmocka_unit_test(ceiling_is_exact_and_sticks),
        cmocka_unit_test(take_moves_out),
        cmocka_unit_test(no_memory_is_reported_once),
        cmocka_unit_test(allocator_edges),
        cmocka_unit_test(formatted_text_keeps_what_was_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
