/* Organisation URLs as people type them, and the 401 challenge. */
#include "test.h"

#include "auth_fx.h"

static void good_urls(void **state)
{
    static const char *const rows[][2] = {
        { "contoso.crm.dynamics.com", "https://contoso.crm.dynamics.com" },
        { "https://contoso.crm.dynamics.com/", "https://contoso.crm.dynamics.com" },
        { "  HTTPS://Contoso.CRM4.Dynamics.com/main.aspx?appid=1#x \n",
          "https://contoso.crm4.dynamics.com" },
        { "https://contoso.api.crm.dynamics.com/api/data/v9.2/accounts",
          "https://contoso.crm.dynamics.com" },
        { "contoso.api.crm11.dynamics.com", "https://contoso.crm11.dynamics.com" },
        { "https://api.contoso.com", "https://api.contoso.com" },
        { "https://a.apix.crm.dynamics.com", "https://a.apix.crm.dynamics.com" },
        { "https://contoso.crm.dynamics.com:443", "https://contoso.crm.dynamics.com" },
        { "https://contoso.crm.dynamics.com:8443/x", "https://contoso.crm.dynamics.com:8443" },
        { "http://127.0.0.1:5000/", "http://127.0.0.1:5000" },
        { "http://localhost:80", "http://localhost" },
        { "localhost:5000", "http://localhost:5000" },
        { "http://[::1]:5000", "http://[::1]:5000" },
        { "https://127.0.0.1:5001", "https://127.0.0.1:5001" },
        { "contoso.crm.dynamics.com?next=http://evil.test", "https://contoso.crm.dynamics.com" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        MSX_AUTO(msx_free_p) char *url = NULL;
        struct msx_error err = MSX_ERROR_INIT;

        if (msx_org_url(rows[i][0], &url, &err))
            fail_msg("'%s': %s", rows[i][0], err.msg);
        assert_string_equal(url, rows[i][1]);
    }
}

static void bad_urls(void **state)
{
    static const char *const rows[] = {
        "",
        "   ",
        "https://",
        "contoso",
        "http://contoso.crm.dynamics.com",
        "http://127.0.0.1.evil.test",
        "http://127.evil.test",
        "http://localhost.evil.test",
        "http://127.0.0.1@evil.test",
        "ftp://contoso.crm.dynamics.com",
        "javascript://contoso.crm.dynamics.com",
        "https://user:pw@contoso.crm.dynamics.com",
        "https://contoso.crm.dynamics.com:0",
        "https://contoso.crm.dynamics.com:65536",
        "https://contoso.crm.dynamics.com:",
        "https://contoso.crm.dynamics.com:80x",
        "https://con toso.crm.dynamics.com",
        "https://contoso..dynamics.com",
        "https://.dynamics.com",
        "https://contoso.crm.dynamics.com.",
        "https://contoso_x.dynamics.com",
        "https://contoso.crm.dynamics.com\\@evil.test/\r\nX: y",
        "https://[::1",
        "https://[zz]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *url = NULL;
        struct msx_error err = MSX_ERROR_INIT;
        enum msx_code rc = msx_org_url(rows[i], &url, &err);

        if (rc != MSX_E_USAGE)
            fail_msg("'%s' was taken as '%s'", rows[i], url);
        assert_null(url);
        assert_true(strlen(err.hint) > 0);
    }
}

static void challenges(void **state)
{
    struct msx_challenge c = { 0 };

    (void)state;
    assert_int_equal(msx_challenge_parse("Bearer authorization_uri=https://login.microsoftonline."
                                         "com/11111111-2222-3333-4444-555555555555/oauth2/"
                                         "authorize, resource_id=https://org.crm.dynamics.com/",
                                         &c, NULL),
                     MSX_OK);
    assert_string_equal(c.authority, "https://login.microsoftonline.com");
    assert_string_equal(c.tenant, "11111111-2222-3333-4444-555555555555");
    assert_string_equal(c.resource, "https://org.crm.dynamics.com");
    msx_challenge_release(&c);
    assert_int_equal(msx_challenge_parse("bearer Resource_ID=\"https://org.crm.dynamics.com/\" ,"
                                         "AUTHORIZATION_URI=\"https://login.partner.test/common/"
                                         "oauth2/authorize\"",
                                         &c, NULL),
                     MSX_OK);
    assert_string_equal(c.tenant, "organizations");
    assert_string_equal(c.authority, "https://login.partner.test");
    assert_string_equal(c.resource, "https://org.crm.dynamics.com");
    msx_challenge_release(&c);
    /* a tenant that could leave the path is none */
    assert_int_equal(
        msx_challenge_parse("Bearer authorization_uri=https://login.test/a%2f../b", &c, NULL),
        MSX_OK);
    assert_null(c.tenant);
    msx_challenge_release(&c);
}

static void bad_challenges(void **state)
{
    static const char *const rows[] = {
        "",
        "Basic realm=x",
        "Bearer",
        "Bearer realm=\"x\", error=",
        "Bearer authorization_uri=http://login.microsoftonline.com/t/oauth2",
        "Bearer authorization_uri=\"",
        "Bearer =,=,=",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct msx_challenge c = { 0 };

        assert_int_equal(msx_challenge_parse(rows[i], &c, NULL), MSX_E_INVALID);
        assert_null(c.authority);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_urls),
        cmocka_unit_test(bad_urls),
        cmocka_unit_test(challenges),
        cmocka_unit_test(bad_challenges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
