/* Signing in and renewing against a small identity provider on loopback: the sandbox's flow,
 * rotation, refusals, garbage, and many programs at once. */
#include "test.h"

#include <sys/wait.h>

#include "auth_fx.h"
#include "fake_server.h"

struct idp { /* what the server does and saw */
    struct fx *x;
    struct fake server;
    int devicecode, approvals, polls, refreshes;
    const char *raw; /* the answer to every token request, as it is */
    int raw_status;
    const char *refuse; /* error of a token request, e.g. "invalid_grant" */
    long expires_in;
    bool no_rotation;
    long delay_ms;
    char last_body[4096], last_path[256], last_key[128];
};

static void tokens(struct idp *s, struct fake_res *res, int n)
{
    char body[600], rotated[60] = "";

    if (!s->no_rotation)
        snprintf(rotated, sizeof rotated, "\"refresh_token\":\"refresh-%d\",", n);
    snprintf(body, sizeof body,
             "{\"token_type\":\"Bearer\",%s\"expires_in\":%ld,\"access_token\":\"access-%d\"}",
             rotated, s->expires_in, n);
    fake_reply(res, 200, "", body);
}

static void refused(struct fake_res *res, const char *error)
{
    char body[600];

    snprintf(body, sizeof body,
             "{\"error\":\"%s\",\"error_description\":\"AADSTS70000: Refused here. Trace ID: "
             "1-2 Correlation ID: 3\",\"error_codes\":[70000]}",
             error);
    fake_reply(res, 400, "", body);
}

static void play(void *user, const struct fake_req *req, struct fake_res *res)
{
    struct idp *s = user;

    snprintf(s->last_path, sizeof s->last_path, "%s", req->path);
    snprintf(s->last_body, sizeof s->last_body, "%.*s", (int)req->body_len, req->body);
    res->delay_ms = s->delay_ms;
    if (!strcmp(req->path, "/devicelogin")) {
        s->approvals++;
        fake_header(req, "X-Sandbox-Key", s->last_key, sizeof s->last_key);
        fake_reply(res, strstr(s->last_body, "user=nobody") ? 404 : 200, "",
                   "{\"message\":\"no such user\"}");
    } else if (strstr(req->path, "/devicecode")) {
        s->devicecode++;
        fake_reply(res, 200, "",
                   "{\"device_code\":\"dc-1\",\"user_code\":\"UC1\",\"interval\":5,"
                   "\"expires_in\":900,\"verification_uri\":\"x\"}");
    } else if (strstr(req->path, "/token")) {
        bool refresh = strstr(s->last_body, "grant_type=refresh_token") != NULL;

        refresh ? s->refreshes++ : s->polls++;
        if (s->raw)
            fake_reply(res, s->raw_status, "", s->raw);
        else if (s->refuse)
            refused(res, s->refuse);
        else
            tokens(s, res, s->refreshes + s->polls);
    } else {
        fake_reply(res, 401,
                   "WWW-Authenticate: Bearer authorization_uri=https://login.test/t-1/oauth2/"
                   "authorize, resource_id=https://org.test/\r\n",
                   "{}");
    }
}

static int setup(void **state)
{
    struct idp *s = calloc(1, sizeof *s);

    assert_non_null(s);
    assert_int_equal(fx_setup((void **)&s->x), 0);
    s->expires_in = 3600;
    fake_start(&s->server, play, s);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct idp *s = *state;

    msx_auth_free(s->x->auth);
    s->x->auth = NULL;
    fake_stop(&s->server);
    assert_int_equal(fx_teardown((void **)&s->x), 0);
    free(s);
    return 0;
}

static void ready(struct idp *s, const char *url)
{
    struct fx *x = s->x;
    char text[200];

    fx_profile(x, url, "sandbox");
    json_object_set_new(x->profile.extra, "sandbox_dir", json_string(x->dir));
    snprintf(text, sizeof text, "{\"url\":\"%s\",\"controlKey\":\"key-1\",\"pid\":1}",
             s->server.url);
    fx_write(x, "sandbox.json", text, 0600);
    fx_auth(x, NULL);
    x->err = (struct msx_error)MSX_ERROR_INIT;
}

static void expect_token(struct idp *s, const char *want)
{
    char *token = NULL;

    if (msx_auth_token(s->x->auth, &token, &s->x->err))
        fail_msg("%s", s->x->err.msg);
    assert_string_equal(token, want);
    msx_free_secret(token);
}

static void expect_failure(struct idp *s, enum msx_code code, const char *says)
{
    char *token = NULL;
    enum msx_code rc = msx_auth_token(s->x->auth, &token, &s->x->err);

    if (rc != code || !strstr(s->x->err.msg, says))
        fail_msg("%d: %s", rc, s->x->err.msg);
    assert_null(token);
    assert_null(strstr(s->x->err.msg, "key-1"));
    assert_null(strstr(s->x->err.msg, "refresh-"));
}

static void sandbox_sign_in(void **state)
{
    struct idp *s = *state;

    ready(s, s->server.url);
    assert_int_equal(msx_auth_sandbox_login(s->x->auth, "bo@contoso.com", &s->x->err), MSX_OK);
    assert_int_equal(s->devicecode, 1);
    assert_int_equal(s->approvals, 1);
    assert_int_equal(s->polls, 1);
    assert_string_equal(s->last_key, "key-1");
    assert_non_null(strstr(s->last_body, "device_code=dc-1"));
    expect_token(s, "access-1"); /* from the cache */
    assert_int_equal(s->polls, 1);
    s->x->now += 3541;
    expect_token(s, "access-2");
    assert_int_equal(s->refreshes, 1);
    assert_non_null(strstr(s->last_body, "refresh_token=refresh-1"));
    s->x->now += 3600;
    expect_token(s, "access-3"); /* with the rotated one */
    assert_non_null(strstr(s->last_body, "refresh_token=refresh-2"));
    s->x->now += 3600;
    s->no_rotation = true;
    expect_token(s, "access-4");
    s->x->now += 3600;
    expect_token(s, "access-5"); /* the old one stays in use */
    assert_non_null(strstr(s->last_body, "refresh_token=refresh-3"));
    assert_int_equal(fx_mode(s->x, "tokens/work.json"), 0600);
}

static void sandbox_signs_in_by_itself(void **state)
{
    struct idp *s = *state;

    ready(s, s->server.url);
    s->x->profile.user_hint = msx_strdup("ana@contoso.com");
    expect_token(s, "access-1");
    assert_int_equal(s->approvals, 1);
    /* a sign-in as somebody else is kept when it must be repeated */
    assert_int_equal(msx_auth_sandbox_login(s->x->auth, "bo@contoso.com", &s->x->err), MSX_OK);
    s->x->now += 3600;
    s->refuse = "invalid_grant";
    expect_failure(s, MSX_E_AUTH, "AADSTS70000: Refused here");
    assert_int_equal(s->refreshes, 1);
    assert_int_equal(s->approvals, 3);
    assert_null(strstr(s->x->err.msg, "Trace ID"));
    s->refuse = NULL;
    expect_token(s, "access-5");
}

static void sandbox_refusals(void **state)
{
    struct idp *s = *state;
    struct fx *x = s->x;

    ready(s, s->server.url);
    assert_int_equal(msx_auth_sandbox_login(x->auth, "nobody@contoso.com", &x->err), MSX_E_AUTH);
    assert_non_null(strstr(x->err.msg, "no such user"));
    assert_int_equal(s->polls, 0);
    ready(s, "http://127.0.0.1:9");
    expect_failure(s, MSX_E_AUTH, "its sandbox runs at");
    ready(s, s->server.url);
    fx_write(x, "sandbox.json", "{}", 0600);
    expect_failure(s, MSX_E_AUTH, "names no url");
    fx_write(x, "sandbox.json", "{", 0600);
    expect_failure(s, MSX_E_INVALID, "sandbox.json");
    fx_write(x, "sandbox.json", "{\"url\":\"http://foreign.test\",\"controlKey\":\"key-1\"}", 0600);
    expect_failure(s, MSX_E_USAGE, "plain http");
    json_object_set_new(x->profile.extra, "sandbox_dir", json_string("/nonexistent"));
    expect_failure(s, MSX_E_AUTH, "none is running");
    assert_non_null(strstr(x->err.hint, "msxops sandbox start"));
    json_object_del(x->profile.extra, "sandbox_dir");
    expect_failure(s, MSX_E_AUTH, "names no sandbox_dir");
}

static void a_refused_token_is_renewed(void **state)
{
    struct idp *s = *state;
    const struct msx_token_source *src;
    char *token = NULL;

    ready(s, s->server.url);
    expect_token(s, "access-1");
    src = msx_auth_source(s->x->auth);
    assert_int_equal(src->get(src->user, "access-1", &token, &s->x->err), MSX_OK);
    assert_string_equal(token, "access-2");
    msx_free_secret(token);
    assert_int_equal(s->refreshes, 1);
    expect_token(s, "access-2");
}

static void a_provider_in_trouble(void **state)
{
    static const struct {
        const char *body, *says;
        int status;
        enum msx_code code;
    } rows[] = {
        { "<html>Bad gateway</html>", "answered 502", 502, MSX_E_SERVER },
        { "", "not a JSON object", 200, MSX_E_SERVER },
        { "[]", "not a JSON object", 200, MSX_E_SERVER },
        { "{}", "without a usable access token", 200, MSX_E_SERVER },
        { "{\"access_token\":\"\"}", "without a usable", 200, MSX_E_SERVER },
        { "{\"access_token\":7}", "without a usable", 200, MSX_E_SERVER },
        { "{\"access_token\":\"a b\"}", "without a usable", 200, MSX_E_SERVER },
        { "{\"access_token\":\"a\\nb\"}", "without a usable", 200, MSX_E_SERVER },
        { "{\"access_token\":\"a\",\"token_type\":\"MAC\"}", "without a usable", 200,
          MSX_E_SERVER },
        { "{\"access_token\":\"a\",\"expires_in\":0}", "life of 0", 200, MSX_E_SERVER },
        { "{\"access_token\":\"a\",\"expires_in\":-5}", "life of -5", 200, MSX_E_SERVER },
        { "{\"access_token\":\"a\",\"expires_in\":1e9}", "life of -1", 200, MSX_E_SERVER },
        { "{\"access_token\":\"a\",\"expires_in\":999999999}", "life of 999999999", 200,
          MSX_E_SERVER },
        { "{\"error\":\"temporarily_unavailable\"}", "temporarily_unavailable", 400, MSX_E_SERVER },
        { "{\"error\":\"server_error\",\"error_description\":\"AADSTS1: x\"}", "AADSTS1", 500,
          MSX_E_SERVER },
        { "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: \\u001b[31mno\\r\\n"
          "second line\"}",
          "AADSTS7000215", 401, MSX_E_AUTH },
        { "{}", "refused (400)", 400, MSX_E_AUTH },
    };
    struct idp *s = *state;

    ready(s, s->server.url);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        s->raw = rows[i].body;
        s->raw_status = rows[i].status;
        expect_failure(s, rows[i].code, rows[i].says);
        assert_null(strchr(s->x->err.msg, '\033'));
        assert_null(strstr(s->x->err.msg, "second line"));
    }
    s->raw = "{\"access_token\":\"text-life\",\"expires_in\":\"120\"}";
    s->raw_status = 200;
    expect_token(s, "text-life");
    s->x->now += 60;
    expect_token(s, "text-life");
}

/* Trouble is no reason to throw the refresh token away; a refusal is. */
static void trouble_keeps_the_refresh_token(void **state)
{
    struct idp *s = *state;

    ready(s, s->server.url);
    expect_token(s, "access-1");
    s->x->now += 3600;
    s->raw = "{}";
    s->raw_status = 503;
    expect_failure(s, MSX_E_SERVER, "503");
    assert_int_equal(s->devicecode, 1);
    s->raw = NULL;
    expect_token(s, "access-3");
    assert_int_equal(s->refreshes, 2);
    assert_int_equal(s->devicecode, 1);
    s->x->now += 3600;
    s->refuse = "invalid_grant";
    expect_failure(s, MSX_E_AUTH, "Refused here");
    assert_int_equal(s->devicecode, 2); /* it tried to sign in anew */
}

static void nobody_listens(void **state)
{
    struct idp *s = *state;
    char url[64];

    ready(s, s->server.url);
    expect_token(s, "access-1");
    s->x->now += 3600;
    /* the sandbox is gone: its port answers nobody */
    snprintf(url, sizeof url, "%s", s->server.url);
    fake_stop(&s->server);
    expect_failure(s, MSX_E_NETWORK, "cannot sign in");
    fake_start(&s->server, play, s);
}

static void discovery(void **state)
{
    struct idp *s = *state;
    struct msx_challenge c = { 0 };

    assert_int_equal(msx_auth_discover(&s->x->ctx, s->server.url, &c, &s->x->err), MSX_OK);
    assert_string_equal(s->last_path, "/api/data/v9.2/");
    assert_string_equal(c.tenant, "t-1");
    assert_string_equal(c.authority, "https://login.test");
    assert_string_equal(c.resource, "https://org.test");
    msx_challenge_release(&c);
}

/* ---- many programs at once ---- */

#define PROGRAMS 8

/* One program: waits for the word to go (the end of the pipe), asks for a token, writes it. */
static void program(struct idp *s, int go, int out)
{
    struct fx *x = s->x;
    struct msx_error err = MSX_ERROR_INIT;
    char *token = NULL, *url, c;
    ssize_t n;

    if (read(go, &c, 1) != 0)
        _exit(2);
    url = fx_read(x, "url");
    x->ctx.timeout_ms = 20000;
    fx_profile(x, url, "sandbox");
    fx_auth(x, NULL);
    if (msx_auth_token(x->auth, &token, &err))
        token = msx_strdup(err.msg);
    n = write(out, token, strlen(token) + 1);
    msx_free_secret(token);
    msx_free(url);
    msx_auth_free(x->auth);
    msx_profile_release(&x->profile);
    msx_tz_free(x->tz);
    free(x);
    free(s);
    _exit(n > 0 ? 0 : 1);
}

static void put_expired(struct fx *x, const char *url)
{
    json_t *j =
        json_pack("{s:s, s:{s:s, s:n, s:n, s:s, s:n}, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "format",
                  "msxops.token/1", "for", "url", url, "tenant", "client_id", "authority",
                  "https://login.microsoftonline.com", "user", "access_token", "old",
                  "refresh_token", "refresh-0", "method", "sandbox", "authority", url, "tenant",
                  "organizations", "client_id", "c", "expires_on", (json_int_t)(FX_NOW - 1));
    char *dir = fx_path(x, "tokens"), *text = json_dumps(j, 0);

    assert_non_null(text);
    assert_int_equal(msx_mkdirs(dir, 0700, NULL), MSX_OK);
    fx_write(x, "tokens/work.json", text, 0600);
    msx_free(text);
    msx_free(dir);
    json_decref(j);
}

static void many_programs_refresh_once(void **state)
{
    struct idp *s = calloc(1, sizeof *s);
    int go[2], out[PROGRAMS][2], status;
    pid_t pids[PROGRAMS];

    (void)state;
    assert_non_null(s);
    assert_int_equal(fx_setup((void **)&s->x), 0);
    assert_int_equal(pipe(go), 0);
    for (int i = 0; i < PROGRAMS; i++) { /* before there is a thread in this process */
        assert_int_equal(pipe(out[i]), 0);
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0) {
            close(go[1]);
            program(s, go[0], out[i][1]);
        }
        close(out[i][1]);
    }
    s->expires_in = 3600;
    s->delay_ms = 100; /* long enough that all of them want a token */
    fake_start(&s->server, play, s);
    put_expired(s->x, s->server.url);
    fx_write(s->x, "url", s->server.url, 0600);
    close(go[1]);
    close(go[0]);
    for (int i = 0; i < PROGRAMS; i++) {
        char token[700] = "";

        assert_true(read(out[i][0], token, sizeof token - 1) > 0);
        close(out[i][0]);
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
        assert_string_equal(token, "access-1");
    }
    assert_int_equal(s->refreshes, 1);
    assert_int_equal(s->polls, 0);
    fake_stop(&s->server);
    assert_int_equal(fx_teardown((void **)&s->x), 0);
    free(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_programs_refresh_once), /* forks: first */
        T(sandbox_sign_in),
        T(sandbox_signs_in_by_itself),
        T(sandbox_refusals),
        T(a_refused_token_is_renewed),
        T(a_provider_in_trouble),
        T(trouble_keeps_the_refresh_token),
        T(nobody_listens),
        T(discovery),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
