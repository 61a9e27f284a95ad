/* The token cache and the token from the environment, without any network. */
#include "test.h"

#include <fcntl.h>

#include "alloc_fail.h"
#include "auth_fx.h"

#define URL "https://org.crm.dynamics.com"

/* The cache as an earlier run left it. Strings may be NULL. */
static void put_cache(struct fx *x, const char *token, int64_t expires, const char *refresh,
                      const char *url, const char *method)
{
    json_t *j =
        json_pack("{s:s, s:{s:s, s:n, s:n, s:s, s:n}, s:s?, s:s?, s:s, s:I}", "format",
                  "msxops.token/1", "for", "url", url, "tenant", "client_id", "authority",
                  "https://login.microsoftonline.com", "user", "access_token", token,
                  "refresh_token", refresh, "method", method, "expires_on", (json_int_t)expires);
    char *dir = fx_path(x, "tokens"), *text;

    assert_non_null(j);
    assert_int_equal(msx_mkdirs(dir, 0700, NULL), MSX_OK);
    text = json_dumps(j, 0);
    assert_non_null(text);
    fx_write(x, "tokens/work.json", text, 0600);
    msx_free(text);
    msx_free(dir);
    json_decref(j);
}

/* Every source but environment and cache is out of reach. */
static void ready(struct fx *x, const char *method, const char *env_token)
{
    fx_profile(x, URL, method);
    fx_auth(x, env_token);
    msx_auth_set_az(x->auth, "/nonexistent/az", NULL);
    x->err = (struct msx_error)MSX_ERROR_INIT;
}

static void expect_token(struct fx *x, const char *want)
{
    char *token = NULL;

    if (msx_auth_token(x->auth, &token, &x->err))
        fail_msg("%s", x->err.msg);
    assert_string_equal(token, want);
    msx_free_secret(token);
}

static void expect_none(struct fx *x, enum msx_code code, const char *says)
{
    char *token = NULL;

    x->err = (struct msx_error)MSX_ERROR_INIT;
    assert_int_equal(msx_auth_token(x->auth, &token, &x->err), code);
    assert_null(token);
    if (!strstr(x->err.msg, says))
        fail_msg("'%s' does not say '%s'", x->err.msg, says);
    assert_true(strlen(x->err.hint) > 0);
}

static void cached_token_is_given(void **state)
{
    struct fx *x = *state;

    put_cache(x, "cached-1", FX_NOW + 3600, NULL, URL, "az");
    ready(x, NULL, NULL);
    expect_token(x, "cached-1");
    ready(x, "az", NULL);
    expect_token(x, "cached-1");
}

static void a_token_about_to_expire_is_not(void **state)
{
    static const struct {
        int64_t left;
        int skew; /* -1: the default of 60 */
        bool good;
    } rows[] = {
        { 61, -1, true }, { 60, -1, true },    { 59, -1, false },
        { 0, -1, false }, { -1, 0, false },    { 0, 0, false },
        { 1, 0, true },   { 299, 300, false }, { 300, 300, true },
    };
    struct fx *x = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_cache(x, "cached-1", FX_NOW + rows[i].left, NULL, URL, "az");
        fx_profile(x, URL, NULL);
        if (rows[i].skew >= 0)
            json_object_set_new(x->profile.extra, "token_skew_seconds", json_integer(rows[i].skew));
        fx_auth(x, NULL);
        msx_auth_set_az(x->auth, "/nonexistent/az", NULL);
        if (rows[i].good)
            expect_token(x, "cached-1");
        else
            expect_none(x, MSX_E_AUTH, "not signed in");
    }
}

static void a_refused_token_is_never_given_again(void **state)
{
    struct fx *x = *state;
    const struct msx_token_source *s;
    char *token = NULL;

    put_cache(x, "cached-1", FX_NOW + 3600, NULL, URL, "az");
    ready(x, NULL, NULL);
    s = msx_auth_source(x->auth);
    assert_int_equal(s->get(s->user, NULL, &token, &x->err), MSX_OK);
    msx_free_secret(token);
    token = NULL;
    assert_int_equal(s->get(s->user, "cached-1", &token, &x->err), MSX_E_AUTH);
    assert_int_equal(s->get(s->user, "another", &token, &x->err), MSX_E_AUTH);
    assert_int_equal(s->get(s->user, NULL, &token, &x->err), MSX_E_AUTH);
    assert_null(token);
    /* another program renewed it meanwhile */
    put_cache(x, "cached-2", FX_NOW + 3600, NULL, URL, "az");
    expect_token(x, "cached-2");
}

static void other_purposes_do_not_get_it(void **state)
{
    struct fx *x = *state;

    put_cache(x, "cached-1", FX_NOW + 3600, NULL, "https://other.crm.dynamics.com", "az");
    ready(x, NULL, NULL);
    expect_none(x, MSX_E_AUTH, "not signed in");
    put_cache(x, "cached-1", FX_NOW + 3600, NULL, URL, "sandbox");
    ready(x, "az", NULL);
    expect_none(x, MSX_E_AUTH, "not signed in");
    put_cache(x, "cached-1", FX_NOW + 3600, NULL, URL, "az");
    ready(x, "az", NULL);
    x->profile.tenant = msx_strdup("fabrikam.com");
    expect_none(x, MSX_E_AUTH, "not signed in");
}

static void open_files_are_refused(void **state)
{
    struct fx *x = *state;
    char *file = fx_path(x, "tokens/work.json"), *dir = fx_path(x, "tokens");
    char *other = fx_path(x, "elsewhere");

    put_cache(x, "cached-1", FX_NOW + 3600, NULL, URL, "az");
    ready(x, NULL, NULL);
    for (mode_t bit = 1; bit <= 040; bit <<= 1) {
        assert_int_equal(chmod(file, 0600 | bit), 0);
        expect_none(x, MSX_E_AUTH, "open to other users");
        assert_non_null(strstr(x->err.hint, "chmod 600"));
    }
    assert_int_equal(chmod(file, 0600), 0);
    assert_int_equal(chmod(dir, 0750), 0);
    expect_none(x, MSX_E_AUTH, "open to other users");
    assert_non_null(strstr(x->err.hint, "chmod 700"));
    assert_int_equal(chmod(dir, 0700), 0);
    expect_token(x, "cached-1");
    assert_int_equal(rename(file, other), 0);
    assert_int_equal(symlink(other, file), 0);
    x->err = (struct msx_error)MSX_ERROR_INIT;
    assert_int_equal(msx_auth_token(x->auth, &(char *){ NULL }, &x->err), MSX_E_AUTH);
    assert_non_null(strstr(x->err.msg, "is a link"));
    msx_free(file);
    msx_free(dir);
    msx_free(other);
}

static void garbage_is_no_sign_in(void **state)
{
    static const char *const rows[] = {
        "",
        "{",
        "null",
        "[]",
        "{}",
        "{\"format\":\"msxops.token/9\",\"access_token\":\"t\"}",
        "{\"format\":\"msxops.token/1\",\"access_token\":5,\"method\":\"az\"}",
        "\xff\xfe\x01\x02",
    };
    struct fx *x = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_cache(x, "t", FX_NOW + 3600, NULL, URL, "az");
        fx_write(x, "tokens/work.json", rows[i], 0600);
        ready(x, NULL, NULL);
        expect_none(x, MSX_E_AUTH, "not signed in");
    }
    /* a token that would break the header line */
    put_cache(x, "a\r\nX-Evil: 1", FX_NOW + 3600, NULL, URL, "az");
    ready(x, NULL, NULL);
    expect_none(x, MSX_E_AUTH, "not signed in");
}

static void environment_wins(void **state)
{
    struct fx *x = *state;
    char *jwt = fx_jwt("{\"aud\":\"https://org.api.crm.dynamics.com/\",\"exp\":1792000100}");

    put_cache(x, "cached-1", FX_NOW + 3600, NULL, URL, "az");
    ready(x, "az", "opaque-token");
    expect_token(x, "opaque-token");
    ready(x, NULL, jwt);
    expect_token(x, jwt);
    x->now += 100;
    expect_none(x, MSX_E_AUTH, "MSXOPS_TOKEN has expired");
    msx_free(jwt);
    jwt = fx_jwt("{\"aud\":\"https://evil.crm.dynamics.com\",\"exp\":1792009999}");
    ready(x, NULL, jwt);
    expect_none(x, MSX_E_AUTH, "is for 'https://evil.crm.dynamics.com'");
    msx_free(jwt);
    jwt = fx_jwt("{\"aud\":\"00000007-0000-0000-c000-000000000000\"}");
    ready(x, NULL, jwt);
    expect_token(x, jwt);
    msx_free(jwt);
    ready(x, NULL, "two words");
    expect_none(x, MSX_E_AUTH, "does not hold an access token");
    ready(x, "env", NULL);
    expect_none(x, MSX_E_AUTH, "not signed in");
    assert_non_null(strstr(x->err.hint, "MSXOPS_TOKEN"));
}

static void refused_environment_token(void **state)
{
    struct fx *x = *state;
    const struct msx_token_source *s;
    char *token = NULL;

    ready(x, NULL, "opaque-token");
    s = msx_auth_source(x->auth);
    assert_int_equal(s->get(s->user, "opaque-token", &token, &x->err), MSX_E_AUTH);
    assert_non_null(strstr(x->err.msg, "refused the token in MSXOPS_TOKEN"));
    assert_null(strstr(x->err.msg, "opaque-token"));
    assert_null(token);
}

static void no_organisation(void **state)
{
    struct fx *x = *state;

    fx_profile(x, NULL, NULL);
    fx_auth(x, "token");
    expect_none(x, MSX_E_USAGE, "no organisation is configured");
}

static json_t *status_of(struct fx *x)
{
    json_t *s = NULL;

    if (msx_auth_status(x->auth, &s, &x->err))
        fail_msg("%s", x->err.msg);
    return s;
}

static void status_tells(void **state)
{
    struct fx *x = *state;
    char *jwt = fx_jwt("{\"upn\":\"ana@contoso.com\",\"tid\":\"t-1\",\"exp\":1792003600}");
    json_t *s;

    ready(x, NULL, NULL);
    s = status_of(x);
    assert_false(msx_json_bool_or(s, "signedIn", true));
    assert_true(json_is_null(json_object_get(s, "expiresOn")));
    assert_true(json_is_null(json_object_get(s, "storage")));
    json_decref(s);

    put_cache(x, jwt, FX_NOW + 3600, NULL, URL, "az");
    s = status_of(x);
    assert_true(msx_json_bool_or(s, "signedIn", false));
    assert_false(msx_json_bool_or(s, "renewable", true));
    assert_string_equal(msx_json_str(s, "method"), "az");
    assert_string_equal(msx_json_str(s, "user"), "ana@contoso.com");
    assert_string_equal(msx_json_str(s, "tenant"), "t-1");
    assert_string_equal(msx_json_str(s, "expiresOn"), "2026-10-14T18:46:40Z");
    assert_string_equal(msx_json_str(s, "url"), URL);
    assert_non_null(strstr(msx_json_str(s, "storage"), "tokens/work.json"));
    json_decref(s);

    put_cache(x, jwt, FX_NOW - 1, "r", URL, "az");
    s = status_of(x);
    assert_true(msx_json_bool_or(s, "signedIn", false)); /* it can be renewed */
    assert_true(msx_json_bool_or(s, "renewable", false));
    json_decref(s);
    put_cache(x, jwt, FX_NOW - 1, NULL, URL, "az");
    s = status_of(x);
    assert_false(msx_json_bool_or(s, "signedIn", true));
    json_decref(s);

    ready(x, NULL, jwt);
    s = status_of(x);
    assert_string_equal(msx_json_str(s, "method"), "env");
    assert_string_equal(msx_json_str(s, "storage"), "environment");
    json_decref(s);
    msx_free(jwt);
}

static void forget_removes(void **state)
{
    struct fx *x = *state;
    char *file = fx_path(x, "tokens/work.json"), *dir = fx_path(x, "tokens");

    put_cache(x, "cached-1", FX_NOW + 3600, "r", URL, "az");
    ready(x, NULL, NULL);
    assert_int_equal(msx_auth_forget(x->auth, &x->err), MSX_OK);
    assert_int_equal(access(file, F_OK), -1);
    assert_int_equal(msx_auth_forget(x->auth, &x->err), MSX_OK); /* nothing there */
    put_cache(x, "cached-1", FX_NOW + 3600, "r", URL, "az");
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(msx_auth_forget(x->auth, &x->err), MSX_OK);
    assert_int_equal(access(file, F_OK), -1);
    msx_free(file);
    msx_free(dir);
}

static enum msx_code token_and_status(struct fx *x)
{
    struct msx_auth *a = NULL;
    json_t *s = NULL;
    char *token = NULL;
    enum msx_code rc = msx_auth_new(&x->ctx, &x->profile, NULL, &a, &x->err);

    if (!rc)
        rc = msx_auth_token(a, &token, &x->err);
    if (!rc)
        rc = msx_auth_status(a, &s, &x->err);
    if (!rc)
        assert_string_equal(token, "cached-1");
    msx_free_secret(token);
    json_decref(s);
    msx_auth_free(a);
    return rc;
}

/* Our own allocations only: jansson 2.14 crashes on some failures of its own. */
static void no_memory_at_any_point(void **state)
{
    struct fx *x = *state;
    bool failed = true;
    long at;

    put_cache(x, "cached-1", FX_NOW + 3600, "r", URL, "az");
    fx_profile(x, URL, NULL);
    for (at = 1; failed && at < 5000; at++) {
        enum msx_code rc;

        msx_set_alloc(&alloc_flaky);
        json_set_alloc_funcs(malloc, free);
        alloc_calls = 0;
        alloc_fail_at = at;
        rc = token_and_status(x);
        failed = alloc_calls >= at;
        alloc_fail_at = 0;
        msx_set_alloc(NULL);
        if (rc != MSX_OK && rc != MSX_E_NOMEM)
            fail_msg("allocation %ld: %s", at, x->err.msg);
    }
    assert_true(at > 10 && at < 5000);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fx_setup, fx_teardown)
    const struct CMUnitTest tests[] = {
        T(cached_token_is_given),
        T(a_token_about_to_expire_is_not),
        T(a_refused_token_is_never_given_again),
        T(other_purposes_do_not_get_it),
        T(open_files_are_refused),
        T(garbage_is_no_sign_in),
        T(environment_wins),
        T(refused_environment_token),
        T(no_organisation),
        T(status_tells),
        T(forget_removes),
        T(no_memory_at_any_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
