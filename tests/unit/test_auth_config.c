/* config.yaml: what it may say, which profile it gives, and that a change keeps the rest. */
#include "test.h"

#include "alloc_fail.h"
#include "auth_fx.h"

static struct msx_config *load(struct fx *x, const char *text)
{
    struct msx_config *c = NULL;

    if (text)
        fx_write(x, "config.yaml", text, 0600);
    if (msx_config_load(x->dir, &c, &x->err))
        fail_msg("%s", x->err.msg);
    return c;
}

static void no_file_is_empty(void **state)
{
    struct fx *x = *state;
    struct msx_config *c = load(x, NULL);

    assert_int_equal(json_object_size(msx_config_all(c)), 0);
    assert_null(msx_config_get(c, "default_profile"));
    assert_int_equal(msx_config_profile(c, NULL, NULL, &x->profile, &x->err), MSX_OK);
    assert_string_equal(x->profile.name, "default");
    assert_null(x->profile.url);
    assert_string_equal(x->profile.authority, "https://login.microsoftonline.com");
    assert_true(json_is_object(x->profile.extra));
    msx_config_free(c);
}

static void several_profiles_want_a_default(void **state)
{
    struct fx *x = *state;
    struct msx_config *c = load(x, "profiles: {a: {url: a.test}, b: {url: b.test}}\n");

    assert_int_equal(msx_config_profile(c, NULL, NULL, &x->profile, &x->err), MSX_E_USAGE);
    assert_non_null(strstr(x->err.msg, "none is the default: a, b"));
    assert_non_null(strstr(x->err.hint, "default_profile"));
    assert_int_equal(msx_config_profile(c, NULL, "https://c.test", &x->profile, &x->err), MSX_OK);
    assert_string_equal(x->profile.name, "default");
    assert_string_equal(x->profile.url, "https://c.test");
    msx_config_free(c);
}

static const char two[] = "# mine\n"
                          "default_profile: work\n"
                          "theme: dark   # not known here\n"
                          "profiles:\n"
                          "  work:\n"
                          "    url: https://Org.api.crm.dynamics.com/  # the real one\n"
                          "    tenant: contoso.com\n"
                          "    auth: az\n"
                          "    role: specialist\n"
                          "    later_key: 7\n"
                          "  test:\n"
                          "    url: 'https://test.crm.dynamics.com'\n"
                          "    user: \"ana@contoso.com\"\n";

static void profiles_resolve(void **state)
{
    struct fx *x = *state;
    struct msx_config *c = load(x, two);
    json_int_t n;

    assert_int_equal(msx_config_profile(c, NULL, NULL, &x->profile, &x->err), MSX_OK);
    assert_string_equal(x->profile.name, "work");
    assert_string_equal(x->profile.url, "https://org.crm.dynamics.com");
    assert_string_equal(x->profile.tenant, "contoso.com");
    assert_string_equal(x->profile.auth, "az");
    assert_string_equal(x->profile.role, "specialist");
    assert_true(msx_json_int(x->profile.extra, "later_key", &n) && n == 7);
    msx_profile_release(&x->profile);

    assert_int_equal(
        msx_config_profile(c, "test", "other.crm.dynamics.com/x", &x->profile, &x->err), MSX_OK);
    assert_string_equal(x->profile.url, "https://other.crm.dynamics.com");
    assert_string_equal(x->profile.user_hint, "ana@contoso.com");
    msx_profile_release(&x->profile);

    assert_int_equal(msx_config_profile(c, "tset", NULL, &x->profile, &x->err), MSX_E_USAGE);
    assert_non_null(strstr(x->err.msg, "work, test"));
    assert_int_equal(msx_config_profile(c, "work", "http://foreign.test", &x->profile, &x->err),
                     MSX_E_USAGE);
    assert_null(x->profile.name);
    assert_string_equal(json_string_value(msx_config_get(c, "profiles.test.user")),
                        "ana@contoso.com");
    assert_null(msx_config_get(c, "profiles.test.user.x"));
    msx_config_free(c);
}

static void the_only_profile_is_the_default(void **state)
{
    struct fx *x = *state;
    struct msx_config *c = load(x, "profiles: {solo: {url: solo.crm.dynamics.com}}\n");

    assert_int_equal(msx_config_profile(c, NULL, NULL, &x->profile, &x->err), MSX_OK);
    assert_string_equal(x->profile.name, "solo");
    assert_string_equal(msx_config_default_name(c), "solo");
    msx_config_free(c);
}

static void mistakes_name_the_line(void **state)
{
    static const struct {
        const char *text, *line, *says;
    } rows[] = {
        { "- a\n", "line 1", "keys and values" },
        { "profiles:\n  w:\n    url: http://foreign.test\n", "line 3", "plain http" },
        { "profiles:\n  w:\n    url: https://a.test/path\n", "line 3", "no path" },
        { "profiles:\n  w:\n    url: [a]\n", "line 3", "wants text" },
        { "profiles:\n  w:\n    tenant: 5\n", "line 3", "wants text" },
        { "profiles:\n  w:\n    auth: magic\n", "line 3", "env, az" },
        { "profiles:\n  w:\n    a: 1\n    client_secret: x\n", "line 4", "secret" },
        { "profiles:\n  w:\n    a: 1\n    tenant: --help\n", "line 4", "tenant" },
        { "profiles:\n  a/b: {}\n", "line 2", "letters" },
        { "profiles:\n  w: text\n", "line 2", "keys and values" },
        { "\nprofiles: 5\n", "line 2", "names of profiles" },
        { "\n\ndefault_profile: [1]\n", "line 3", "name of a profile" },
        { "profiles:\n  w:\n    url: a\n    url: b\n", "line 4", "twice" },
        { "a: b: c\n", "line 1", "" },
    };
    struct fx *x = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct msx_config *c = NULL;

        fx_write(x, "config.yaml", rows[i].text, 0600);
        x->err = (struct msx_error)MSX_ERROR_INIT;
        if (msx_config_load(x->dir, &c, &x->err) != MSX_E_INVALID)
            fail_msg("accepted: %s", rows[i].text);
        if (!strstr(x->err.msg, rows[i].line) || !strstr(x->err.msg, rows[i].says) ||
            !strstr(x->err.msg, "config.yaml"))
            fail_msg("%s -> %s", rows[i].text, x->err.msg);
        assert_null(c);
    }
}

static void set_changes_one_line(void **state)
{
    struct fx *x = *state;
    struct msx_config *c = load(x, two);
    char *text;

    assert_int_equal(msx_config_set(c, "profiles.work.url", "new.crm.dynamics.com", &x->err),
                     MSX_OK);
    text = fx_read(x, "config.yaml");
    assert_non_null(strstr(text, "    url: https://new.crm.dynamics.com  # the real one\n"));
    assert_non_null(strstr(text, "# mine\n"));
    assert_non_null(strstr(text, "theme: dark   # not known here\n"));
    msx_free(text);
    assert_int_equal(fx_mode(x, "config.yaml"), 0600);

    assert_int_equal(msx_config_set(c, "profiles.work.role", NULL, &x->err), MSX_OK);
    assert_int_equal(msx_config_set(c, "profiles.work.user", "true", &x->err), MSX_OK);
    assert_int_equal(msx_config_set(c, "profiles.third.url", "https://third.test", &x->err),
                     MSX_OK);
    assert_int_equal(msx_config_set(c, "default_profile", "third", &x->err), MSX_OK);
    assert_string_equal(json_string_value(msx_config_get(c, "profiles.work.user")), "true");
    text = fx_read(x, "config.yaml");
    assert_string_equal(text, "# mine\n"
                              "default_profile: third\n"
                              "theme: dark   # not known here\n"
                              "profiles:\n"
                              "  work:\n"
                              "    url: https://new.crm.dynamics.com  # the real one\n"
                              "    tenant: contoso.com\n"
                              "    auth: az\n"
                              "    later_key: 7\n"
                              "    user: \"true\"\n"
                              "  test:\n"
                              "    url: 'https://test.crm.dynamics.com'\n"
                              "    user: \"ana@contoso.com\"\n"
                              "  third:\n"
                              "    url: https://third.test\n");
    msx_free(text);
    assert_int_equal(msx_config_set(c, "profiles.test", NULL, &x->err), MSX_OK);
    assert_null(msx_config_get(c, "profiles.test"));
    assert_non_null(msx_config_get(c, "profiles.third.url"));
    assert_string_equal(json_string_value(msx_config_get(c, "theme")), "dark");
    msx_config_free(c);
}

static void set_starts_a_file(void **state)
{
    struct fx *x = *state;
    char *sub = fx_path(x, "new/folder"), *text;
    struct msx_config *c = NULL;

    assert_int_equal(msx_config_load(sub, &c, &x->err), MSX_OK);
    assert_int_equal(msx_config_set(c, "profiles.a.url", "a.crm.dynamics.com", &x->err), MSX_OK);
    assert_int_equal(msx_config_set(c, "profiles.a.role", "it's: #1 \"of\" \xc3\xa4ll", &x->err),
                     MSX_OK);
    assert_int_equal(msx_config_set(c, "profiles.b.tenant", "123", &x->err), MSX_OK);
    text = fx_read(x, "new/folder/config.yaml");
    assert_string_equal(text, "profiles:\n"
                              "  a:\n"
                              "    url: https://a.crm.dynamics.com\n"
                              "    role: \"it's: #1 \\\"of\\\" \xc3\xa4ll\"\n"
                              "  b:\n"
                              "    tenant: \"123\"\n");
    msx_free(text);
    assert_int_equal(fx_mode(x, "new/folder"), 0700);
    msx_free(sub);
    msx_config_free(c);
}

/* A text that cannot be edited line by line is written anew, with the same values. */
static void set_falls_back_to_values(void **state)
{
    struct fx *x = *state;
    struct msx_config *c =
        load(x, "{profiles: {w: {url: w.crm.dynamics.com, list: [1, {a: null}],\n"
                "  empty: {}, n: 1.5}}, default_profile: w}\n");
    json_t *before = json_deep_copy(msx_config_get(c, "profiles.w.list"));

    assert_int_equal(msx_config_set(c, "profiles.w.url", "https://x.test", &x->err), MSX_OK);
    msx_config_free(c);
    c = load(x, NULL);
    assert_string_equal(json_string_value(msx_config_get(c, "profiles.w.url")), "https://x.test");
    assert_true(json_equal(before, msx_config_get(c, "profiles.w.list")));
    assert_true(json_is_object(msx_config_get(c, "profiles.w.empty")));
    assert_string_equal(json_string_value(msx_config_get(c, "default_profile")), "w");
    json_decref(before);
    msx_config_free(c);
}

static void set_refuses(void **state)
{
    static const char *const rows[][2] = {
        { "profiles.work.url", "http://foreign.test" },
        { "profiles.work.url", "https://a.crm.dynamics.com/main.aspx" },
        { "profiles.work.client_secret", "hush-hush" },
        { "profiles.work.token", "hush-hush" },
        { "profiles.work.nope", "x" },
        { "profiles.work", "x" },
        { "profiles.wo rk.url", "https://a.test" },
        { "profiles..url", "https://a.test" },
        { "profiles.work.url.x", "https://a.test" },
        { "nope", "x" },
        { "", "x" },
        { "default_profile", "nobody" },
        { "default_profile", "../x" },
        { "profiles.work.auth", "magic" },
        { "profiles.work.sandbox_dir", "relative" },
        { "profiles.work.role", "two\nlines" },
        { "profiles.work.tenant", "../../x" },
    };
    struct fx *x = *state;
    struct msx_config *c = load(x, two);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text;

        x->err = (struct msx_error)MSX_ERROR_INIT;
        if (msx_config_set(c, rows[i][0], rows[i][1], &x->err) != MSX_E_USAGE)
            fail_msg("%s = %s was accepted", rows[i][0], rows[i][1]);
        assert_null(strstr(x->err.msg, "hush-hush"));
        text = fx_read(x, "config.yaml");
        assert_string_equal(text, two);
        msx_free(text);
    }
    msx_config_free(c);
}

/* Two programs that loaded the same file do not undo each other's change. */
static void set_reads_again_first(void **state)
{
    struct fx *x = *state;
    struct msx_config *a = load(x, two), *b = load(x, NULL);

    assert_int_equal(msx_config_set(a, "profiles.work.role", "se", &x->err), MSX_OK);
    assert_int_equal(msx_config_set(b, "profiles.test.role", "csam", &x->err), MSX_OK);
    assert_string_equal(json_string_value(msx_config_get(b, "profiles.work.role")), "se");
    assert_string_equal(json_string_value(msx_config_get(b, "profiles.test.role")), "csam");
    msx_config_free(a);
    msx_config_free(b);
}

static enum msx_code everything(struct fx *x)
{
    struct msx_profile p = { 0 };
    struct msx_config *c = NULL;
    enum msx_code rc = msx_config_load(x->dir, &c, &x->err);

    if (!rc)
        rc = msx_config_profile(c, NULL, "other.crm.dynamics.com", &p, &x->err);
    if (!rc)
        rc = msx_config_set(c, "profiles.work.role", "se", &x->err);
    if (!rc)
        rc = msx_config_set(c, "profiles.new.url", "new.crm.dynamics.com", &x->err);
    msx_profile_release(&p);
    msx_config_free(c);
    return rc;
}

static void no_memory_at_any_point(void **state)
{
    struct fx *x = *state;
    bool failed = true;
    long at;

    for (at = 1; failed && at < 5000; at++) {
        enum msx_code rc;
        char *text;

        fx_write(x, "config.yaml", two, 0600);
        msx_set_alloc(&alloc_flaky);
        alloc_calls = 0;
        alloc_fail_at = at;
        rc = everything(x);
        failed = alloc_calls >= at;
        alloc_fail_at = 0;
        msx_set_alloc(NULL);
        if (rc != MSX_OK && rc != MSX_E_NOMEM)
            fail_msg("allocation %ld: %s", at, x->err.msg);
        text = fx_read(x, "config.yaml"); /* whole, changed or not, comments kept */
        assert_non_null(strstr(text, "# the real one\n"));
        assert_non_null(strstr(text, "    user: \"ana@contoso.com\"\n"));
        msx_free(text);
    }
    assert_true(at > 100 && at < 5000);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fx_setup, fx_teardown)
    const struct CMUnitTest tests[] = {
        T(no_file_is_empty),
        T(profiles_resolve),
        T(the_only_profile_is_the_default),
        T(mistakes_name_the_line),
        T(set_changes_one_line),
        T(set_starts_a_file),
        T(set_refuses),
        T(set_falls_back_to_values),
        T(set_reads_again_first),
        T(several_profiles_want_a_default),
        T(no_memory_at_any_point),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
