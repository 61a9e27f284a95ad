/* The sandbox's identity provider: device codes, refresh, client credentials, tokens checked. */
#include "test.h"

#include <dirent.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msxops/b64.h"
#include "msxops/file.h"
#include "msxops/json.h"
#include "msxops/mem.h"
#include "sandbox/identity.h"
#include "sandbox/jwt.h"

#define BASE    "http://127.0.0.1:5000"
#define SCOPE   "http%3A%2F%2F127.0.0.1%3A5000%2Fuser_impersonation%20offline_access"
#define DEFAULT "http%3A%2F%2F127.0.0.1%3A5000%2F.default"
#define CLIENT  "5a4db0c5-0000-4000-8000-c11e47000001"
#define APP     "aaaaaaaa-1111-4222-8333-444444444444"
#define DEVICE  "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=" CLIENT
#define ANA     "11111111-0000-4000-8000-000000000001"
#define BO      "11111111-0000-4000-8000-000000000002"

struct fx {
    char dir[64];
    struct sb_identity *id;
    int64_t now;
    bool bo_is_gone;
    int status; /* of the last call */
    struct sb_response r;
};

static json_t *user(const char *id, const char *name)
{
    return json_pack("{s:s, s:s+, s:s+, s:s}", "systemuserid", id, "azureactivedirectoryobjectid",
                     "oid-", name, "domainname", name, "@contoso.com", "fullname", name);
}

static json_t *find(void *ctx, const char *who)
{
    struct fx *x = ctx;

    if (!who || !strcmp(who, ANA) || !strcmp(who, "ana@contoso.com"))
        return user(ANA, "ana");
    if (!x->bo_is_gone && (!strcmp(who, BO) || !strcmp(who, "bo@contoso.com")))
        return user(BO, "bo");
    return NULL;
}

static json_t *list(void *ctx)
{
    json_t *arr = json_array(), *odd = find(ctx, NULL);

    json_object_set_new(odd, "fullname", json_string("<script>\"Ana\"&'</script>"));
    json_array_append_new(arr, odd);
    return arr;
}

static int64_t now(void *ctx)
{
    return ((struct fx *)ctx)->now;
}

static void start(struct fx *x)
{
    struct sb_identity_config c = { .state_dir = x->dir,
                                    .base = BASE,
                                    .control_key = "the-control-key",
                                    .users = { find, list, x },
                                    .now_s = now,
                                    .now_user = x };
    struct msx_error err = MSX_ERROR_INIT;

    sb_identity_free(x->id);
    x->id = NULL;
    if (sb_identity_new(&c, &x->id, &err))
        fail_msg("%s", err.msg);
}

static int setup(void **state)
{
    struct fx *x = calloc(1, sizeof *x);

    assert_non_null(x);
    strncpy(x->dir, "/tmp/msx-idp-XXXXXX", sizeof x->dir - 1);
    assert_non_null(mkdtemp(x->dir));
    x->now = 1792000000;
    sb_response_init(&x->r);
    start(x);
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    static const char *const files[] = { "identity-key.pem", "identity.json", "clients.json" };
    struct fx *x = *state;

    sb_identity_free(x->id);
    sb_response_release(&x->r);
    for (size_t i = 0; i < 3; i++) {
        char *p = msx_path_join(x->dir, files[i]);

        (void)unlink(p);
        msx_free(p);
    }
    assert_int_equal(rmdir(x->dir), 0);
    free(x);
    return 0;
}

/* ---- calling it ---- */

static void call(struct fx *x, const char *method, const char *path, const char *query,
                 const char *body, const char *key)
{
    struct sb_request q = { .method = method,
                            .path = path,
                            .query = query,
                            .body = body,
                            .body_len = strlen(body),
                            .remote = "127.0.0.1",
                            .base = BASE };

    if (key)
        sb_headers_add(&q.headers, "x-sandbox-key", key);
    sb_response_release(&x->r);
    sb_response_init(&x->r);
    if (!sb_identity_handle(x->id, &q, &x->r))
        fail_msg("%s is not an identity path", path);
    x->status = x->r.status;
    sb_headers_release(&q.headers);
    assert_string_equal(sb_response_get(&x->r, "Cache-Control"), "no-store");
}

static json_t *answer(struct fx *x)
{
    json_t *j = NULL;

    assert_int_equal(msx_json_parse(x->r.body.data, x->r.body.len, "answer", &j, NULL), MSX_OK);
    return j;
}

static json_t *post(struct fx *x, const char *endpoint, const char *form)
{
    char path[200];

    assert_true(snprintf(path, sizeof path, "/organizations/oauth2/v2.0/%s", endpoint) < 200);
    call(x, "POST", path, "", form, NULL);
    return answer(x);
}

/* The error body as the identity platform has it. */
static void expect_error(struct fx *x, json_t *j, int status, const char *error, int code)
{
    char want[40];
    const char *text = msx_json_str_or(j, "error_description", "");

    snprintf(want, sizeof want, "AADSTS%d: ", code);
    if (x->status != status || strcmp(msx_json_str_or(j, "error", ""), error) != 0 ||
        strncmp(text, want, strlen(want)) != 0)
        fail_msg("%d %s", x->status, x->r.body.data);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(j, "error_codes"), 0)),
                     code);
    assert_int_equal(strlen(msx_json_str_or(j, "trace_id", "")), 36);
    assert_int_equal(strlen(msx_json_str_or(j, "correlation_id", "")), 36);
    assert_int_equal(strlen(msx_json_str_or(j, "timestamp", "")), 20);
    json_decref(j);
}

struct codes {
    char device[64], user[16], poll[400];
};

static struct codes ask(struct fx *x)
{
    struct codes c;
    json_t *j = post(x, "devicecode", "client_id=" CLIENT "&scope=" SCOPE);

    assert_int_equal(x->status, 200);
    assert_string_equal(msx_json_str(j, "verification_uri"), BASE "/devicelogin");
    assert_non_null(strstr(msx_json_str(j, "message"), msx_json_str(j, "user_code")));
    assert_null(json_object_get(j, "verification_uri_complete"));
    assert_int_equal(json_integer_value(json_object_get(j, "expires_in")), 900);
    assert_int_equal(json_integer_value(json_object_get(j, "interval")), 5);
    snprintf(c.device, sizeof c.device, "%s", msx_json_str(j, "device_code"));
    snprintf(c.user, sizeof c.user, "%s", msx_json_str(j, "user_code"));
    snprintf(c.poll, sizeof c.poll, "%s&device_code=%s", DEVICE, c.device);
    json_decref(j);
    return c;
}

static void decide(struct fx *x, const struct codes *c, const char *who, const char *decision,
                   int status)
{
    char form[200];

    snprintf(form, sizeof form, "user_code=%s&user=%s&decision=%s", c->user, who, decision);
    call(x, "POST", "/devicelogin", "", form, "the-control-key");
    assert_int_equal(x->status, status);
}

static json_t *sign_in(struct fx *x, const char *who)
{
    struct codes c = ask(x);
    json_t *j;

    decide(x, &c, who, "approve", 200);
    j = post(x, "token", c.poll);
    if (x->status != 200)
        fail_msg("%s", x->r.body.data);
    return j;
}

static enum sb_auth check(struct fx *x, const char *token, char who[37])
{
    char *header = msx_asprintf("Bearer %s", token);
    enum sb_auth a = sb_identity_check(x->id, header, who);

    msx_free(header);
    return a;
}

/* ---- the tests ---- */

static void device_flow(void **state)
{
    struct fx *x = *state;
    struct codes c = ask(x);
    char who[37] = "";
    json_t *j;

    expect_error(x, post(x, "token", c.poll), 400, "authorization_pending", 70016);
    decide(x, &c, "bo@contoso.com", "approve", 200);
    j = post(x, "token", c.poll);
    assert_int_equal(x->status, 200);
    assert_string_equal(msx_json_str(j, "token_type"), "Bearer");
    assert_int_equal(json_integer_value(json_object_get(j, "expires_in")), 3600);
    assert_non_null(msx_json_str(j, "refresh_token"));
    assert_null(json_object_get(j, "id_token"));
    assert_int_equal(check(x, msx_json_str(j, "access_token"), who), SB_AUTH_OK);
    assert_string_equal(who, BO);
    json_decref(j);
    expect_error(x, post(x, "token", c.poll), 400, "invalid_grant", 54005);
    decide(x, &c, "bo@contoso.com", "approve", 409);
}

static void device_flow_refusals(void **state)
{
    struct fx *x = *state;
    struct codes c = ask(x);

    decide(x, &c, "", "decline", 200);
    expect_error(x, post(x, "token", c.poll), 400, "authorization_declined", 65004);
    expect_error(x, post(x, "token", DEVICE "&device_code=nonsense"), 400, "bad_verification_code",
                 70018);
    c = ask(x);
    x->now += 899;
    expect_error(x, post(x, "token", c.poll), 400, "authorization_pending", 70016);
    x->now += 1;
    expect_error(x, post(x, "token", c.poll), 400, "expired_token", 70020);
    decide(x, &c, "", "approve", 410);
    c = ask(x);
    decide(x, &c, "nobody@contoso.com", "approve", 404);
    decide(x, &c, "", "perhaps", 400);
    /* a code of one application is none for another */
    snprintf(c.poll, sizeof c.poll,
             "grant_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Agrant-type%%3Adevice_code&client_id="
             "51f81489-12ee-4a9e-aaae-a2591f45987d&device_code=%s",
             c.device);
    expect_error(x, post(x, "token", c.poll), 400, "bad_verification_code", 70018);
}

static void polling_too_fast(void **state)
{
    struct fx *x = *state;
    struct codes c = ask(x);

    expect_error(x, post(x, "token", c.poll), 400, "authorization_pending", 70016);
    x->now += 4;
    expect_error(x, post(x, "token", c.poll), 400, "slow_down", 50196);
    x->now += 9; /* ten seconds are wanted now */
    expect_error(x, post(x, "token", c.poll), 400, "slow_down", 50196);
    x->now += 15;
    expect_error(x, post(x, "token", c.poll), 400, "authorization_pending", 70016);
}

static void bad_requests(void **state)
{
    static const struct {
        const char *endpoint, *form, *error;
        int status, code;
    } rows[] = {
        { "devicecode", "", "invalid_request", 400, 900144 },
        { "devicecode", "client_id=" CLIENT, "invalid_request", 400, 900144 },
        { "devicecode", "client_id=x&scope=" SCOPE, "unauthorized_client", 400, 700016 },
        { "devicecode", "client_id=" CLIENT "&scope=openid", "invalid_scope", 400, 70011 },
        { "devicecode", "client_id=" CLIENT "&scope=User.Read", "invalid_scope", 400, 70011 },
        { "devicecode", "client_id=" CLIENT "&scope=https%3A%2F%2Fother.test%2F.default",
          "invalid_resource", 400, 500011 },
        { "devicecode",
          "client_id=" CLIENT "&scope=" SCOPE "+https%3A%2F%2Fgraph.microsoft.com%2F.default",
          "invalid_scope", 400, 28000 },
        { "token", "", "invalid_request", 400, 900144 },
        { "token", "grant_type=password&client_id=" CLIENT, "unsupported_grant_type", 400, 70003 },
        { "token", "grant_type=refresh_token", "invalid_request", 400, 900144 },
        { "token", "grant_type=refresh_token&client_id=" CLIENT, "invalid_request", 400, 900144 },
        { "token", "grant_type=refresh_token&client_id=" CLIENT "&refresh_token=x", "invalid_grant",
          400, 70000 },
        { "token", DEVICE, "invalid_request", 400, 900144 },
    };
    struct fx *x = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_error(x, post(x, rows[i].endpoint, rows[i].form), rows[i].status, rows[i].error,
                     rows[i].code);
    call(x, "GET", "/organizations/oauth2/v2.0/token", "", "", NULL);
    expect_error(x, answer(x), 405, "invalid_request", 900561);
    call(x, "POST", "/fabrikam.com/oauth2/v2.0/token", "", "", NULL);
    expect_error(x, answer(x), 400, "invalid_request", 90002);
}

static void scope_spellings(void **state)
{
    static const char *const good[] = {
        "http%3A%2F%2F127.0.0.1%3A5000%2F%2Fuser_impersonation", /* resource with its slash */
        "http%3A%2F%2Flocalhost%3A5000%2Fuser_impersonation",
        ("openid+profile+offline_access+" DEFAULT),
    };
    struct fx *x = *state;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char form[400];
        json_t *j;

        snprintf(form, sizeof form, "client_id=" CLIENT "&scope=%s", good[i]);
        j = post(x, "devicecode", form);
        assert_int_equal(x->status, 200);
        json_decref(j);
    }
}

static json_t *refresh(struct fx *x, const char *token, const char *more)
{
    char form[4000];

    assert_true(snprintf(form, sizeof form,
                         "grant_type=refresh_token&client_id=" CLIENT "&refresh_token=%s%s", token,
                         more) < 4000);
    return post(x, "token", form);
}

static void refresh_rotates(void **state)
{
    struct fx *x = *state;
    json_t *first = sign_in(x, "bo@contoso.com"), *second, *third;
    const char *r1 = msx_json_str(first, "refresh_token"), *r2;
    char who[37] = "", form[4000];

    second = refresh(x, r1, "");
    assert_int_equal(x->status, 200);
    r2 = msx_json_str(second, "refresh_token");
    assert_non_null(r2);
    assert_string_not_equal(r1, r2);
    assert_string_not_equal(msx_json_str(first, "access_token"),
                            msx_json_str(second, "access_token"));
    assert_int_equal(check(x, msx_json_str(second, "access_token"), who), SB_AUTH_OK);
    assert_string_equal(who, BO);
    /* the old one is not revoked by use */
    third = refresh(x, r1, "");
    assert_int_equal(x->status, 200);
    json_decref(third);
    /* it belongs to one client, and is not to be altered */
    snprintf(form, sizeof form,
             "grant_type=refresh_token&client_id=51f81489-12ee-4a9e-aaae-a2591f45987d&"
             "refresh_token=%s",
             r1);
    expect_error(x, post(x, "token", form), 400, "invalid_grant", 700007);
    snprintf(form, sizeof form, "%s", r1);
    form[20] = form[20] == 'A' ? 'B' : 'A';
    expect_error(x, refresh(x, form, ""), 400, "invalid_grant", 70000);
    /* and survives a restart */
    start(x);
    third = refresh(x, r2, "");
    assert_int_equal(x->status, 200);
    json_decref(third);
    x->now += (int64_t)90 * 86400;
    expect_error(x, refresh(x, r2, ""), 400, "invalid_grant", 700082);
    x->now -= (int64_t)90 * 86400;
    x->bo_is_gone = true;
    expect_error(x, refresh(x, r2, ""), 400, "invalid_grant", 50034);
    json_decref(first);
    json_decref(second);
}

static void revoke_tokens(struct fx *x, const char *token)
{
    json_t *body = token ? json_pack("{s:s}", "refresh_token", token) : json_object(), *a = NULL;

    assert_int_equal(sb_identity_control(x->id, "revoke", body, &a), 200);
    json_decref(body);
    json_decref(a);
}

static void refresh_revoked(void **state)
{
    struct fx *x = *state;
    json_t *one = sign_in(x, "ana@contoso.com"), *two = sign_in(x, "ana@contoso.com");
    json_t *child = refresh(x, msx_json_str(one, "refresh_token"), "");
    char who[37];

    revoke_tokens(x, msx_json_str(one, "refresh_token"));
    start(x);
    expect_error(x, refresh(x, msx_json_str(one, "refresh_token"), ""), 400, "invalid_grant",
                 50173);
    expect_error(x, refresh(x, msx_json_str(child, "refresh_token"), ""), 400, "invalid_grant",
                 50173);
    json_decref(refresh(x, msx_json_str(two, "refresh_token"), ""));
    assert_int_equal(x->status, 200);
    revoke_tokens(x, NULL);
    expect_error(x, refresh(x, msx_json_str(two, "refresh_token"), ""), 400, "invalid_grant",
                 50173);
    /* access tokens live on, as on the real service */
    assert_int_equal(check(x, msx_json_str(two, "access_token"), who), SB_AUTH_OK);
    json_decref(one);
    json_decref(two);
    json_decref(child);
}

static void token_for_another_resource(void **state)
{
    struct fx *x = *state;
    json_t *one = sign_in(x, ""), *two;
    char who[37];

    two = refresh(x, msx_json_str(one, "refresh_token"),
                  "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default");
    assert_int_equal(x->status, 200);
    assert_int_equal(check(x, msx_json_str(two, "access_token"), who), SB_AUTH_BAD);
    json_decref(one);
    json_decref(two);
}

static void claims_and_keys(void **state)
{
    struct fx *x = *state;
    json_t *j = sign_in(x, "ana@contoso.com"), *doc;
    struct sb_jwt t = SB_JWT_INIT;

    assert_int_equal(sb_jwt_parse(msx_json_str(j, "access_token"), &t, NULL), MSX_OK);
    assert_string_equal(msx_json_str(t.claims, "aud"), BASE);
    assert_string_equal(msx_json_str(t.claims, "tid"), sb_identity_tenant(x->id));
    assert_string_equal(msx_json_str(t.claims, "oid"), "oid-ana");
    assert_string_equal(msx_json_str(t.claims, "upn"), "ana@contoso.com");
    assert_string_equal(msx_json_str(t.claims, "name"), "ana");
    assert_string_equal(msx_json_str(t.claims, "appid"), CLIENT);
    assert_int_equal(json_integer_value(json_object_get(t.claims, "iat")), x->now);
    assert_int_equal(json_integer_value(json_object_get(t.claims, "exp")), x->now + 3600);
    call(x, "GET", "/common/discovery/v2.0/keys", "", "", NULL);
    doc = answer(x);
    assert_string_equal(msx_json_str(json_array_get(json_object_get(doc, "keys"), 0), "kid"),
                        msx_json_str(t.header, "kid"));
    assert_int_equal(strlen(msx_json_str(json_array_get(json_object_get(doc, "keys"), 0), "n")),
                     342);
    json_decref(doc);
    call(x, "GET", "/organizations/v2.0/.well-known/openid-configuration", "", "", NULL);
    doc = answer(x);
    assert_string_equal(msx_json_str(doc, "issuer"), msx_json_str(t.claims, "iss"));
    assert_string_equal(msx_json_str(doc, "token_endpoint"),
                        BASE "/organizations/oauth2/v2.0/token");
    json_decref(doc);
    sb_jwt_release(&t);
    json_decref(j);
}

static void bad_tokens(void **state)
{
    struct fx *x = *state;
    json_t *j = sign_in(x, "bo@contoso.com"), *a = NULL;
    char *token = msx_strdup(msx_json_str(j, "access_token")), who[37] = "", *dot;

    assert_int_equal(sb_identity_check(x->id, NULL, who), SB_AUTH_MISSING);
    assert_int_equal(sb_identity_check(x->id, "", who), SB_AUTH_MISSING);
    assert_int_equal(sb_identity_check(x->id, "Basic abc=====", who), SB_AUTH_MISSING);
    assert_int_equal(check(x, "", who), SB_AUTH_MISSING);
    assert_int_equal(check(x, "x.y.z", who), SB_AUTH_BAD);
    assert_int_equal(check(x, "eyJhbGciOiJub25lIn0.e30.", who), SB_AUTH_BAD);
    dot = strchr(token, '.');
    dot[10] = dot[10] == 'A' ? 'B' : 'A'; /* other claims, same signature */
    assert_int_equal(check(x, token, who), SB_AUTH_BAD);
    msx_free(token);
    assert_string_equal(who, "");
    x->now += 3599;
    assert_int_equal(check(x, msx_json_str(j, "access_token"), who), SB_AUTH_OK);
    x->now += 1;
    assert_int_equal(check(x, msx_json_str(j, "access_token"), who), SB_AUTH_EXPIRED);
    x->now -= 100;
    x->bo_is_gone = true;
    assert_int_equal(check(x, msx_json_str(j, "access_token"), who), SB_AUTH_STRANGER);
    x->bo_is_gone = false;
    assert_int_equal(sb_identity_control(x->id, "expire-all", NULL, &a), 200);
    assert_int_equal(check(x, msx_json_str(j, "access_token"), who), SB_AUTH_EXPIRED);
    start(x); /* and stays so */
    assert_int_equal(check(x, msx_json_str(j, "access_token"), who), SB_AUTH_EXPIRED);
    json_decref(j);
}

static void token_of_another_sandbox(void **state)
{
    struct fx *x = *state;
    struct fx *other;
    void *s = NULL;
    json_t *j;
    char who[37];

    assert_int_equal(setup(&s), 0);
    other = s;
    j = sign_in(other, "");
    assert_int_equal(check(x, msx_json_str(j, "access_token"), who), SB_AUTH_BAD);
    json_decref(j);
    assert_int_equal(teardown(&s), 0);
}

static void short_lives(void **state)
{
    struct fx *x = *state;
    json_t *body = json_pack("{s:i}", "seconds", 10), *a = NULL, *j;
    char who[37];

    assert_int_equal(sb_identity_control(x->id, "token-ttl", body, &a), 200);
    json_decref(body);
    j = sign_in(x, "");
    assert_int_equal(json_integer_value(json_object_get(j, "expires_in")), 10);
    x->now += 10;
    assert_int_equal(check(x, msx_json_str(j, "access_token"), who), SB_AUTH_EXPIRED);
    json_decref(j);
    body = json_pack("{s:i}", "seconds", -1);
    assert_int_equal(sb_identity_control(x->id, "token-ttl", body, &a), 400);
    json_decref(body);
    json_decref(a);
    assert_int_equal(sb_identity_control(x->id, "no-such", NULL, &a), 404);
    json_decref(a);
}

static void files_are_private(void **state)
{
    static const char *const names[] = { "identity-key.pem", "identity.json" };
    struct fx *x = *state;

    for (size_t i = 0; i < 2; i++) {
        char *p = msx_path_join(x->dir, names[i]);
        struct stat st;

        assert_int_equal(stat(p, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        msx_free(p);
    }
}

static void the_page_wants_its_own_form(void **state)
{
    struct fx *x = *state;
    struct codes c = ask(x);
    char query[64], form[300], *proof;

    snprintf(query, sizeof query, "user_code=%s", c.user);
    snprintf(form, sizeof form, "user_code=%s&decision=approve", c.user);
    call(x, "POST", "/devicelogin", "", form, NULL);
    assert_int_equal(x->status, 403);
    call(x, "POST", "/devicelogin", "", form, "wrong-key");
    assert_int_equal(x->status, 403);
    call(x, "GET", "/devicelogin", form, "", NULL); /* reading decides nothing */
    expect_error(x, post(x, "token", c.poll), 400, "authorization_pending", 70016);
    call(x, "GET", "/devicelogin", query, "", NULL);
    assert_int_equal(x->status, 200);
    assert_non_null(strstr(x->r.body.data, "&lt;script&gt;&quot;Ana&quot;&amp;&#39;"));
    assert_null(strstr(x->r.body.data, "<script>"));
    proof = strstr(x->r.body.data, "name=\"proof\" value=\"");
    assert_non_null(proof);
    snprintf(form, sizeof form, "user_code=%s&decision=approve&user=" BO "&proof=%.43s", c.user,
             proof + 20);
    call(x, "POST", "/devicelogin", "", form, NULL);
    assert_int_equal(x->status, 200);
    json_decref(post(x, "token", c.poll));
    assert_int_equal(x->status, 200);
    call(x, "GET", "/devicelogin", "", "", NULL);
    assert_int_equal(x->status, 200);
    call(x, "GET", "/devicelogin", "user_code=%3Cb%3E", "", NULL);
    assert_int_equal(x->status, 404);
    assert_null(strstr(x->r.body.data, "<b>"));
}

static void many_codes(void **state)
{
    struct fx *x = *state;
    struct codes first = ask(x), second = ask(x);

    for (int i = 0; i < 255; i++)
        (void)ask(x);
    expect_error(x, post(x, "token", first.poll), 400, "bad_verification_code", 70018);
    expect_error(x, post(x, "token", second.poll), 400, "authorization_pending", 70016);
}

static void foreign_paths(void **state)
{
    static const char *const rows[] = { "/",  "",     "/api/data/v9.2/accounts",
                                        "/x", "/x/y", "/%zz/oauth2/v2.0/token" };
    struct fx *x = *state;
    struct sb_request q = { .method = "GET", .query = "", .body = "", .base = BASE };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        q.path = rows[i];
        assert_false(sb_identity_handle(x->id, &q, &x->r));
    }
}

/* ---- client credentials ---- */

static int add_client(struct fx *x, json_t *row)
{
    json_t *a = NULL;
    int status = sb_identity_control(x->id, "register-client", row, &a);

    json_decref(row);
    json_decref(a);
    return status;
}

static json_t *app_token(struct fx *x, const char *proof)
{
    char form[6000], path[100];

    snprintf(path, sizeof path, "/%s/oauth2/v2.0/token", sb_identity_tenant(x->id));
    assert_true(snprintf(form, sizeof form,
                         "grant_type=client_credentials&client_id=%s&scope=%s&%s", APP, DEFAULT,
                         proof) < 6000);
    call(x, "POST", path, "", form, NULL);
    return answer(x);
}

static void client_secret(void **state)
{
    struct fx *x = *state;
    char who[37] = "", *text;
    struct msx_buf b = MSX_BUF_INIT(65536);
    json_t *j;

    assert_int_equal(add_client(x, json_pack("{s:s, s:s, s:s}", "client_id", APP, "secret",
                                             "s3cret&", "user", "bo@contoso.com")),
                     200);
    j = app_token(x, "client_secret=s3cret%26");
    assert_int_equal(x->status, 200);
    assert_null(json_object_get(j, "refresh_token"));
    assert_int_equal(check(x, msx_json_str(j, "access_token"), who), SB_AUTH_OK);
    assert_string_equal(who, BO);
    json_decref(j);
    expect_error(x, app_token(x, "client_secret=s3cret"), 401, "invalid_client", 7000215);
    expect_error(x, app_token(x, "x=y"), 401, "invalid_client", 7000218);
    expect_error(x,
                 post(x, "token",
                      "grant_type=client_credentials&client_id=" APP
                      "&client_secret=s3cret%26&scope=" DEFAULT),
                 400, "invalid_request", 50059);
    expect_error(x, post(x, "devicecode", "client_id=" APP "&scope=" SCOPE), 401, "invalid_client",
                 7000218);
    start(x); /* clients.json is read again, and holds no secret */
    json_decref(app_token(x, "client_secret=s3cret%26"));
    assert_int_equal(x->status, 200);
    text = msx_path_join(x->dir, "clients.json");
    assert_int_equal(msx_file_read(text, &b, NULL), MSX_OK);
    assert_null(strstr(b.data, "s3cret"));
    msx_free(text);
    msx_buf_release(&b);
    /* an application that is no user of the organisation gets a token that opens nothing */
    assert_int_equal(add_client(x, json_pack("{s:s, s:s}", "client_id", APP, "secret", "t")), 200);
    j = app_token(x, "client_secret=t");
    assert_int_equal(x->status, 200);
    assert_int_equal(check(x, msx_json_str(j, "access_token"), who), SB_AUTH_STRANGER);
    json_decref(j);
    assert_int_equal(add_client(x, json_pack("{s:s}", "client_id", "nope")), 400);
    assert_int_equal(add_client(x, json_pack("{s:s, s:s}", "client_id", APP, "certificate", "x")),
                     400);
}

/* A key with a self-signed certificate. */
struct cert {
    EVP_PKEY *key;
    X509 *x509;
    char *pem;
};

static struct cert make_cert(int64_t from)
{
    struct cert c = { EVP_RSA_gen(2048), X509_new(), NULL };
    BIO *bio = BIO_new(BIO_s_mem());
    time_t t = (time_t)from;
    char *data;
    long n;

    assert_true(c.key && c.x509 && bio);
    ASN1_INTEGER_set(X509_get_serialNumber(c.x509), 1);
    X509_time_adj_ex(X509_getm_notBefore(c.x509), 0, 0, &t);
    X509_time_adj_ex(X509_getm_notAfter(c.x509), 1, 0, &t);
    X509_set_pubkey(c.x509, c.key);
    assert_true(X509_sign(c.x509, c.key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509(bio, c.x509), 1);
    n = BIO_get_mem_data(bio, &data);
    c.pem = msx_strndup(data, (size_t)n);
    BIO_free(bio);
    return c;
}

static void free_cert(struct cert *c)
{
    EVP_PKEY_free(c->key);
    X509_free(c->x509);
    msx_free(c->pem);
}

static void add_json(struct msx_buf *b, json_t *j)
{
    char *text = json_dumps(j, JSON_COMPACT);

    msx_b64url_add(b, text, strlen(text));
    msx_free(text);
    json_decref(j);
}

/* "client_assertion_type=...&client_assertion=JWT"; new. */
static char *assertion(const struct cert *c, const char *alg, const char *thumb, const char *aud,
                       const char *iss, int64_t nbf, int64_t exp)
{
    struct msx_buf b = MSX_BUF_INIT(8192), th = MSX_BUF_INIT(100);
    unsigned char digest[EVP_MAX_MD_SIZE], sig[256];
    unsigned n = 0;
    size_t sig_len = sizeof sig;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    char *out;

    X509_digest(c->x509, !strcmp(thumb, "x5t") ? EVP_sha1() : EVP_sha256(), digest, &n);
    msx_b64url_add(&th, digest, n);
    add_json(&b, json_pack("{s:s, s:s, s:s}", "alg", alg, "typ", "JWT", thumb, th.data));
    msx_buf_addc(&b, '.');
    add_json(&b, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "aud", aud, "iss", iss, "sub", iss,
                           "jti", "j1", "nbf", (json_int_t)nbf, "exp", (json_int_t)exp));
    assert_int_equal(EVP_DigestSignInit(ctx, &pctx, EVP_sha256(), NULL, c->key), 1);
    if (!strcmp(alg, "PS256")) {
        EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
    }
    assert_int_equal(EVP_DigestSign(ctx, sig, &sig_len, (unsigned char *)b.data, b.len), 1);
    msx_buf_addc(&b, '.');
    msx_b64url_add(&b, sig, sig_len);
    out = msx_asprintf("client_assertion_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Aclient-assertion-"
                       "type%%3Ajwt-bearer&client_assertion=%s",
                       b.data);
    EVP_MD_CTX_free(ctx);
    msx_buf_release(&b);
    msx_buf_release(&th);
    return out;
}

static void client_certificate(void **state)
{
    struct fx *x = *state;
    struct cert mine = make_cert(x->now - 3600), other = make_cert(x->now - 3600);
    char aud[120];
    const struct {
        const struct cert *cert;
        const char *alg, *thumb, *aud, *iss;
        int from, to, code; /* 0: accepted */
    } rows[] = {
        { &mine, "PS256", "x5t#S256", aud, APP, -10, 300, 0 },
        { &mine, "RS256", "x5t#S256", aud, APP, -10, 300, 0 },
        { &mine, "RS256", "x5t", aud, APP, -10, 300, 0 },
        { &mine, "PS256", "kid", aud, APP, -10, 300, 700027 },
        { &other, "PS256", "x5t#S256", aud, APP, -10, 300, 700027 },
        { &mine, "none", "x5t#S256", aud, APP, -10, 300, 700027 },
        { &mine, "PS256", "x5t#S256", "https://login.microsoftonline.com/x", APP, -10, 300,
          700023 },
        { &mine, "PS256", "x5t#S256", aud, CLIENT, -10, 300, 700021 },
        { &mine, "PS256", "x5t#S256", aud, APP, -600, 0, 700024 },
        { &mine, "PS256", "x5t#S256", aud, APP, 301, 600, 700024 },
    };
    char who[37] = "";

    snprintf(aud, sizeof aud, BASE "/%s/oauth2/v2.0/token", sb_identity_tenant(x->id));
    assert_int_equal(add_client(x, json_pack("{s:s, s:s, s:s}", "client_id", APP, "certificate",
                                             mine.pem, "user", BO)),
                     200);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *proof = assertion(rows[i].cert, rows[i].alg, rows[i].thumb, rows[i].aud, rows[i].iss,
                                x->now + rows[i].from, x->now + rows[i].to);
        json_t *j = app_token(x, proof);

        msx_free(proof);
        if (rows[i].code) {
            expect_error(x, j, 401, "invalid_client", rows[i].code);
            continue;
        }
        if (x->status != 200)
            fail_msg("row %zu: %s", i, x->r.body.data);
        assert_int_equal(check(x, msx_json_str(j, "access_token"), who), SB_AUTH_OK);
        assert_string_equal(who, BO);
        json_decref(j);
    }
    expect_error(x, app_token(x, "client_assertion=a.b.c"), 400, "invalid_request", 900144);
    x->now += 2 * 86400; /* the certificate is past its end */
    {
        char *proof = assertion(&mine, "PS256", "x5t#S256", aud, APP, x->now - 10, x->now + 300);

        expect_error(x, app_token(x, proof), 401, "invalid_client", 700027);
        msx_free(proof);
    }
    free_cert(&mine);
    free_cert(&other);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(device_flow),
        T(device_flow_refusals),
        T(polling_too_fast),
        T(bad_requests),
        T(scope_spellings),
        T(refresh_rotates),
        T(refresh_revoked),
        T(token_for_another_resource),
        T(claims_and_keys),
        T(bad_tokens),
        T(token_of_another_sandbox),
        T(short_lives),
        T(files_are_private),
        T(the_page_wants_its_own_form),
        T(many_codes),
        T(foreign_paths),
        T(client_secret),
        T(client_certificate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
