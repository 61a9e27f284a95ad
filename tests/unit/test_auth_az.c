/* The Azure CLI as a source, played by scripts: what it prints, what it lacks, how it misbehaves.
 */
#include "test.h"

#include "auth/auth_priv.h"
#include "auth_fx.h"

#define URL "https://org.crm.dynamics.com"

static char *const clean_env[] = { (char *)(uintptr_t) "PATH=/usr/bin:/bin", NULL };

/* A program named az that runs this shell text; the profile uses it. */
static void ready(struct fx *x, const char *script)
{
    static char path[128];
    char *text = msx_asprintf("#!/bin/sh\n%s\n", script);

    assert_non_null(text);
    fx_write(x, "az", text, 0700);
    msx_free(text);
    assert_true(snprintf(path, sizeof path, "%s/az", x->dir) < (int)sizeof path);
    if (!x->auth) {
        fx_profile(x, URL, "az");
        fx_auth(x, NULL);
    }
    msx_auth_set_az(x->auth, path, clean_env);
    x->err = (struct msx_error)MSX_ERROR_INIT;
}

static void expect_failure(struct fx *x, enum msx_code code, const char *says)
{
    char *token = NULL;
    enum msx_code rc = msx_auth_token(x->auth, &token, &x->err);

    if (rc != code || !strstr(x->err.msg, says))
        fail_msg("%d: %s", rc, x->err.msg);
    assert_null(token);
}

static void the_command_line_is_exact(void **state)
{
    struct fx *x = *state;
    char *token = NULL, *args;
    char script[512];

    snprintf(script, sizeof script,
             "for a in \"$@\"; do echo \"[$a]\"; done > %s/args; cat >> %s/args; env >> %s/args\n"
             "echo warning >&2\n"
             "echo '{\"accessToken\":\"az-1\",\"expires_on\":%d,\"tokenType\":\"Bearer\"}'",
             x->dir, x->dir, x->dir, FX_NOW + 1000);
    ready(x, script);
    x->profile.tenant = msx_strdup("contoso.com");
    {
        char *const env[] = { (char *)(uintptr_t) "PATH=/usr/bin:/bin",
                              (char *)(uintptr_t) "MSXOPS_TOKEN=hush", NULL };

        msx_auth_set_az(x->auth, x->auth->az, env);
        if (msx_auth_token(x->auth, &token, &x->err))
            fail_msg("%s", x->err.msg);
    }
    assert_string_equal(token, "az-1");
    msx_free_secret(token);
    args = fx_read(x, "args");
    assert_non_null(strstr(args, "[account]\n[get-access-token]\n[--resource]\n[" URL "]\n[-o]\n"
                                 "[json]\n[--tenant]\n[contoso.com]\n"));
    assert_null(strstr(args, "hush")); /* our own secrets are not for children */
    msx_free(args);
}

static void its_token_is_cached_until_it_expires(void **state)
{
    struct fx *x = *state;
    char *token = NULL, *count;
    char script[512];

    snprintf(script, sizeof script,
             "echo x >> %s/count\n"
             "echo '{\"accessToken\":\"az-'$(wc -l < %s/count)'\",\"expires_on\":'$((%d + $(wc -l "
             "< %s/count) * 1000))'}'",
             x->dir, x->dir, FX_NOW, x->dir);
    ready(x, script);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(msx_auth_token(x->auth, &token, &x->err), MSX_OK);
        assert_string_equal(token, "az-1");
        msx_free_secret(token);
    }
    assert_int_equal(fx_mode(x, "tokens/work.json"), 0600);
    assert_int_equal(fx_mode(x, "tokens"), 0700);
    x->now += 941; /* 59 seconds left */
    assert_int_equal(msx_auth_token(x->auth, &token, &x->err), MSX_OK);
    assert_string_equal(token, "az-2");
    msx_free_secret(token);
    count = fx_read(x, "count");
    assert_string_equal(count, "x\nx\n");
    msx_free(count);
}

static void no_az(void **state)
{
    struct fx *x = *state;

    fx_profile(x, URL, NULL);
    fx_auth(x, NULL);
    msx_auth_set_az(x->auth, "/nonexistent/az", clean_env);
    expect_failure(x, MSX_E_AUTH, "there is no Azure CLI");
    assert_non_null(strstr(x->err.hint, "az login"));
    msx_auth_set_az(x->auth, "msxops-no-such-program", clean_env);
    expect_failure(x, MSX_E_AUTH, "there is no Azure CLI");
}

static void az_not_signed_in(void **state)
{
    struct fx *x = *state;

    ready(x, "echo 'WARNING: something' >&2\n"
             "printf 'ERROR: Please run az login to setup \\033[31maccount.\\n' >&2; exit 1");
    expect_failure(x, MSX_E_AUTH, "(status 1): Please run az login");
    assert_null(strchr(x->err.msg, '\033'));
    assert_string_equal(x->err.hint, "run `az login`");
    x->profile.tenant = msx_strdup("contoso.com");
    expect_failure(x, MSX_E_AUTH, "(status 1)");
    assert_string_equal(x->err.hint, "run `az login --tenant contoso.com`");
    ready(x, "exit 7");
    expect_failure(x, MSX_E_AUTH, "gave no token (status 7)");
    ready(x, "kill -9 $$");
    expect_failure(x, MSX_E_AUTH, "(status 137)");
}

static void az_prints_nonsense(void **state)
{
    static const char *const rows[] = {
        ":",
        "echo not json",
        "echo '[]'",
        "echo '{}'",
        "echo '{\"accessToken\":\"\"}'",
        "echo '{\"accessToken\":5}'",
        "echo '{\"accessToken\":\"a b\"}'",
        "echo '{\"accessToken\":\"a\\r\\nX: y\"}'",
        "echo '{\"accessToken\":\"a\",\"tokenType\":\"PoP\"}'",
        "echo '{\"accessToken\":\"a\"'",
    };
    struct fx *x = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ready(x, rows[i]);
        expect_failure(x, MSX_E_SERVER, "without a usable access token");
    }
    ready(x, "echo '{\"accessToken\":\"a\",\"expires_on\":1000}'");
    expect_failure(x, MSX_E_AUTH, "has expired");
}

static void az_prints_too_much(void **state)
{
    struct fx *x = *state;

    ready(x, "while :; do echo 0123456789012345678901234567890123456789; done");
    expect_failure(x, MSX_E_LIMIT, "prints too much");
}

static void az_hangs(void **state)
{
    const char *const argv[] = { "/bin/sh", "-c", "sleep 100 & exec sleep 100", NULL };
    struct msx_child child = { 0, MSX_BUF_INIT(100), MSX_BUF_INIT(100) };
    volatile sig_atomic_t cancelled = 1;
    struct fx *x = *state;

    assert_int_equal(msx_child_run(&x->ctx, argv, clean_env, 50, &child, &x->err), MSX_E_NETWORK);
    assert_non_null(strstr(x->err.msg, "in time"));
    assert_int_equal(child.exit_status, 137);
    x->ctx.cancelled = &cancelled;
    assert_int_equal(msx_child_run(&x->ctx, argv, clean_env, 60000, &child, &x->err),
                     MSX_E_CANCELLED);
    msx_buf_release(&child.out);
    msx_buf_release(&child.err);
}

static void a_refused_token_of_az(void **state)
{
    struct fx *x = *state;
    const struct msx_token_source *s;
    char *token = NULL;

    ready(x, "echo '{\"accessToken\":\"az-same\",\"expires_on\":1799999999}'");
    s = msx_auth_source(x->auth);
    assert_int_equal(s->get(s->user, NULL, &token, &x->err), MSX_OK);
    msx_free_secret(token);
    token = NULL;
    assert_int_equal(s->get(s->user, "az-same", &token, &x->err), MSX_E_AUTH);
    assert_non_null(strstr(x->err.msg, "refused the token that 'az' gives"));
    assert_non_null(strstr(x->err.hint, "az login"));
    assert_null(token);
}

static int64_t expiry_of(struct fx *x, const char *zone, const char *text)
{
    struct msx_cred c = { 0 };
    struct msx_tz *tz = NULL;
    int64_t when;

    assert_int_equal(msx_tz_open(zone, &tz, NULL), MSX_OK);
    x->ctx.tz = tz;
    if (msx_az_parse(&x->ctx, text, strlen(text), &c, &x->err))
        fail_msg("%s", x->err.msg);
    when = c.expires_s;
    msx_cred_release(&c);
    x->ctx.tz = x->tz;
    msx_tz_free(tz);
    return when;
}

#define A "{\"accessToken\":\"t\","

static void expiry_in_all_its_forms(void **state)
{
    struct fx *x = *state;
    char *jwt = fx_jwt("{\"exp\":1792000777}"), *text;

    assert_int_equal(expiry_of(x, "UTC", A "\"expires_on\":1792000123}"), 1792000123);
    assert_int_equal(expiry_of(x, "UTC", A "\"expires_on\":\"1792000124\"}"), 1792000124);
    /* the number counts, not the text */
    assert_int_equal(expiry_of(x, "Europe/Berlin",
                               A "\"expires_on\":1792000123,"
                                 "\"expiresOn\":\"2020-01-01 00:00:00.000000\"}"),
                     1792000123);
    assert_int_equal(expiry_of(x, "UTC", A "\"expiresOn\":\"2026-10-14 17:46:40.000000\"}"),
                     FX_NOW);
    assert_int_equal(
        expiry_of(x, "Europe/Berlin", A "\"expiresOn\":\"2026-10-14 19:46:40.000000\"}"), FX_NOW);
    assert_int_equal(
        expiry_of(x, "America/New_York", A "\"expiresOn\":\"2026-10-14 13:46:40.123456\"}"),
        FX_NOW);
    /* 2026-10-25 02:30 comes twice in Berlin: 00:30Z and 01:30Z; the earlier counts */
    assert_int_equal(
        expiry_of(x, "Europe/Berlin", A "\"expiresOn\":\"2026-10-25 02:30:00.000000\"}"),
        1792888200);
    assert_int_equal(
        expiry_of(x, "Europe/Berlin", A "\"expiresOn\":\"2026-10-25 03:30:00.000000\"}"),
        1792895400);
    assert_int_equal(
        expiry_of(x, "Europe/Berlin", A "\"expiresOn\":\"2026-10-25 01:30:00.000000\"}"),
        1792884600);
    text = msx_asprintf("{\"accessToken\":\"%s\",\"expiresOn\":\"soon\"}", jwt);
    assert_int_equal(expiry_of(x, "UTC", text), 1792000777);
    msx_free(text);
    msx_free(jwt);
    assert_int_equal(expiry_of(x, "UTC", A "\"tenant\":\"t\"}"), FX_NOW + 300);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fx_setup, fx_teardown)
    const struct CMUnitTest tests[] = {
        T(the_command_line_is_exact),
        T(its_token_is_cached_until_it_expires),
        T(no_az),
        T(az_not_signed_in),
        T(az_prints_nonsense),
        T(az_prints_too_much),
        T(az_hangs),
        T(a_refused_token_of_az),
        T(expiry_in_all_its_forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
