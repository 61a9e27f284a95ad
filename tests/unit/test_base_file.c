/* Files: whole reads, atomic replacement, locks, append-only lines. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc_fail.h"
#include "msxops/file.h"
#include "msxops/json.h"

static char dir[] = "/tmp/msx-file-XXXXXX";

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    const char *const argv[] = { "rm", "-rf", dir, NULL };
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        execvp("rm", (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static char *in_dir(const char *name)
{
    char *p = msx_path_join(dir, name);

    assert_non_null(p);
    return p;
}

static void content_is(const char *path, const char *text)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(100000);

    assert_int_equal(msx_file_read(path, &b, NULL), MSX_OK);
    assert_string_equal(b.data, text);
}

static void replaces_and_reads(void **state)
{
    MSX_AUTO(msx_free_p) char *path = in_dir("a");
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(4);
    struct msx_error err = MSX_ERROR_INIT;
    struct stat st;

    (void)state;
    assert_int_equal(msx_file_read(path, &b, &err), MSX_E_NOTFOUND);
    assert_int_equal(msx_file_replace(path, "12345", 5, 0600, &err), MSX_OK);
    assert_int_equal(msx_file_replace(path, "hello", 5, 0640, &err), MSX_OK);
    content_is(path, "hello");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(msx_file_read(path, &b, &err), MSX_E_LIMIT);
    assert_int_equal(msx_file_read(dir, &b, &err), MSX_E_IO);
}

static void failed_replace_leaves_the_old(void **state)
{
    MSX_AUTO(msx_free_p) char *path = in_dir("full");
    MSX_AUTO(msx_free_p) char *nowhere = in_dir("no/such/file");
    MSX_AUTO(msx_free_p) char *busy = in_dir("busy");
    MSX_AUTO(msx_free_p) char *inner = in_dir("busy/inner");
    struct msx_error err = MSX_ERROR_INIT;

    (void)state;
    assert_int_equal(msx_file_replace(path, "old", 3, 0600, &err), MSX_OK);
    assert_int_equal(msx_file_replace(nowhere, "x", 1, 0600, &err), MSX_E_IO);
    /* a folder in the way: rename fails, the temporary file is gone again */
    assert_int_equal(msx_mkdirs(inner, 0700, &err), MSX_OK);
    assert_int_equal(msx_file_replace(busy, "x", 1, 0600, &err), MSX_E_IO);
    assert_non_null(strstr(err.msg, "cannot replace"));
    assert_int_equal(rmdir(inner), 0);
    assert_int_equal(rmdir(busy), 0);
    content_is(path, "old");
}

static void folders_and_joins(void **state)
{
    static const struct {
        const char *dir, *name, *joined;
    } rows[] = {
        { "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "a//", "/b", "a/b" },
        { "/", "b", "/b" },  { "", "b", "b" },     { "a/b", "c/d", "a/b/c/d" },
    };
    MSX_AUTO(msx_free_p) char *deep = in_dir("x/y//z/");
    MSX_AUTO(msx_free_p) char *file = in_dir("plain");
    MSX_AUTO(msx_free_p) char *under = in_dir("plain/sub");
    struct stat st;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *p = msx_path_join(rows[i].dir, rows[i].name);

        assert_string_equal(p, rows[i].joined);
        msx_free(p);
    }
    assert_int_equal(msx_mkdirs(deep, 0700, NULL), MSX_OK);
    assert_int_equal(msx_mkdirs(deep, 0700, NULL), MSX_OK);
    assert_int_equal(stat(deep, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(msx_file_replace(file, "", 0, 0600, NULL), MSX_OK);
    assert_int_equal(msx_mkdirs(file, 0700, NULL), MSX_E_IO);
    assert_int_equal(msx_mkdirs(under, 0700, NULL), MSX_E_IO);
}

static void lock_is_exclusive(void **state)
{
    MSX_AUTO(msx_free_p) char *path = in_dir("lock");
    struct msx_error err = MSX_ERROR_INIT;
    int a = -1, b = -1;

    (void)state;
    assert_int_equal(msx_lock_acquire(path, 0, &a, &err), MSX_OK);
    assert_int_equal(fcntl(a, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(msx_lock_acquire(path, 0, &b, &err), MSX_E_CONFLICT);
    assert_int_equal(b, -1);
    msx_lock_release(a);
    assert_int_equal(msx_lock_acquire(path, 100, &b, &err), MSX_OK);
    msx_lock_release(b);
    msx_lock_release(-1);
}

static void appender_completes_torn_lines(void **state)
{
    MSX_AUTO(msx_free_p) char *path = in_dir("log");
    struct msx_appender *a = NULL;
    FILE *f;

    (void)state;
    assert_int_equal(msx_appender_open(path, &a, NULL), MSX_OK);
    assert_int_equal(msx_appender_line(a, "{\"n\":1}", 7, NULL), MSX_OK);
    f = fopen(path, "ae");
    assert_non_null(f);
    assert_true(fputs("{\"n\":", f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(msx_appender_line(a, "{\"n\":3}", 7, NULL), MSX_OK);
    msx_appender_close(a);
    content_is(path, "{\"n\":1}\n{\"n\":\n{\"n\":3}\n");
    assert_int_equal(msx_appender_open(dir, &a, NULL), MSX_E_IO);
    msx_appender_close(NULL);
}

static enum msx_code load(const char *path)
{
    MSX_AUTO(msx_json_free_p) json_t *j = NULL;

    enum msx_code rc = msx_json_load(path, 1000, &j, NULL);

    /* out of memory inside a token looks like a syntax error to jansson */
    return rc == MSX_E_INVALID ? MSX_E_NOMEM : rc;
}

static void loader_survives_every_failed_allocation(void **state)
{
    MSX_AUTO(msx_free_p) char *path = in_dir("j.json");
    enum msx_code rc;

    (void)state;
    assert_int_equal(msx_file_replace(path, "{\"a\":[1,2]}", 11, 0600, NULL), MSX_OK);
    FOR_EACH_FAILED_ALLOCATION(rc, rc = load(path));
    FOR_EACH_FAILED_ALLOCATION(rc, rc = msx_file_replace(path, "{}", 2, 0600, NULL));
    content_is(path, "{}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_and_reads),
        cmocka_unit_test(failed_replace_leaves_the_old),
        cmocka_unit_test(folders_and_joins),
        cmocka_unit_test(lock_is_exclusive),
        cmocka_unit_test(appender_completes_torn_lines),
        cmocka_unit_test(loader_survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
