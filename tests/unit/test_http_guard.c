/* What protects the user: where tokens and requests may go, writes sent once, secrets out of logs.
 */
#include "test.h"

#include "http_fixture.h"

static void conditional_requests_keep_their_condition(void **state)
{
    struct fx *x = *state;
    static const char *const etag[] = { "If-None-Match: W/\"1\"", NULL };
    static const char *const star[] = { "if-match: *", NULL };
    static const char *const both[] = { "If-Match: *", "If-None-Match: *", NULL };
    char url[128];
    struct msx_http_request req = { .method = "GET", .url = url, .headers = etag };
    struct msx_http_future *f = NULL;
    struct msx_http_response res;

    snprintf(url, sizeof(url), "%s/x", x->server.url);
    assert_int_equal(msx_http_start(x->h, &req, &f, NULL), MSX_OK);
    assert_int_equal(msx_http_wait(f, &res, NULL), MSX_OK);
    msx_http_future_free(f);
    assert_non_null(strstr(x->script.last_head, "If-None-Match: W/\"1\""));
    assert_null(strstr(x->script.last_head, "If-None-Match: null"));
    req.headers = star;
    assert_int_equal(msx_http_start(x->h, &req, &f, NULL), MSX_OK);
    assert_int_equal(msx_http_wait(f, &res, NULL), MSX_OK);
    msx_http_future_free(f);
    assert_null(strstr(x->script.last_head, "If-None-Match"));
    req.headers = both;
    assert_int_equal(msx_http_start(x->h, &req, &f, NULL), MSX_E_INVALID);
}

static void many_401_ask_for_one_new_token(void **state)
{
    struct fx *x = *state;
    struct msx_http_future *f[8];
    struct msx_http_response res;

    x->script.n = 8;
    x->script.gather = 8; /* all eight are under way with the old one */
    for (int i = 0; i < 8; i++)
        x->script.status[i] = 401;
    for (int i = 0; i < 8; i++)
        f[i] = start(x, MSX_HTTP_READ, "GET", NULL);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(msx_http_wait(f[i], &res, NULL), MSX_OK);
        assert_int_equal(res.status, 200);
        assert_int_equal(res.attempts, 2);
        msx_http_future_free(f[i]);
    }
    assert_int_equal(x->gets, 2);
    assert_string_equal(x->script.tokens[15], "Bearer token-2");
}

static void a_second_401_is_the_end(void **state)
{
    struct fx *x = *state;
    struct msx_http_response res;
    struct msx_error err = MSX_ERROR_INIT;

    x->script.forever = 401;
    assert_int_equal(once(x, MSX_HTTP_WRITE, &res, &err), MSX_E_AUTH);
    assert_int_equal(res.attempts, 2);
    assert_false(res.sent);
    assert_int_equal(x->gets, 2);
    assert_int_equal(err.http_status, 401);
}

static void a_source_without_another_token_is_asked_once(void **state)
{
    struct fx *x = *state;
    struct msx_http_future *f[6];
    struct msx_http_response res;
    struct msx_error err = MSX_ERROR_INIT;

    x->stuck = true;
    x->script.forever = 401;
    x->script.gather = 6;
    for (int i = 0; i < 6; i++)
        f[i] = start(x, MSX_HTTP_READ, "GET", NULL);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(msx_http_wait(f[i], &res, &err), MSX_E_AUTH);
        assert_string_equal(err.msg, "no other token");
        msx_http_future_free(f[i]);
    }
    assert_int_equal(x->gets, 2);
}

static enum msx_code give_lines(void *user, const char *refused, char **out, struct msx_error *err)
{
    (void)user, (void)refused, (void)err;
    *out = msx_strdup("token\r\nX-Evil: 1");
    return *out ? MSX_OK : MSX_E_NOMEM;
}

static enum msx_code give_nothing(void *user, const char *refused, char **out,
                                  struct msx_error *err)
{
    (void)user, (void)refused, (void)err;
    *out = msx_strdup("");
    return *out ? MSX_OK : MSX_E_NOMEM;
}

static enum msx_code fail_silently(void *user, const char *refused, char **out,
                                   struct msx_error *err)
{
    (void)user, (void)refused, (void)out, (void)err;
    return MSX_E_AUTH;
}

static void a_token_that_is_none_is_not_sent(void **state)
{
    enum msx_code (*const gives[])(void *, const char *, char **,
                                   struct msx_error *) = { give_lines, give_nothing,
                                                           fail_silently };
    enum msx_code (*const usual)(void *, const char *, char **, struct msx_error *) = source.get;
    struct fx *x = *state;
    struct msx_http_response res;

    for (size_t i = 0; i < sizeof gives / sizeof *gives; i++) {
        struct msx_error err = MSX_ERROR_INIT;

        source.get = gives[i];
        assert_int_equal(once(x, MSX_HTTP_READ, &res, &err), MSX_E_AUTH);
        assert_non_null(strstr(err.msg, "access token"));
        assert_null(strstr(err.msg, "X-Evil"));
    }
    source.get = usual;
    assert_int_equal(x->server.requests, 0);
}

static void redirects_are_not_followed(void **state)
{
    struct fx *x = *state;
    struct msx_http_response res;
    struct msx_error err = MSX_ERROR_INIT;

    x->script.n = 1;
    x->script.status[0] = 302;
    x->script.headers[0] = "Location: https://evil.example/login?next=secret\r\n";
    assert_int_equal(once(x, MSX_HTTP_READ, &res, &err), MSX_E_SERVER);
    assert_non_null(strstr(err.msg, "'https://evil.example'"));
    assert_null(strstr(err.msg, "secret"));
    assert_int_equal(x->server.requests, 1);
}

static void writes_are_not_repeated_blindly(void **state)
{
    struct fx *x = *state;
    struct msx_http_response res;
    struct msx_error err = MSX_ERROR_INIT;

    /* a first write leaves a kept connection: when it dies under the second one, neither the engine
     * nor curl by itself may send that one again */
    assert_int_equal(once(x, MSX_HTTP_WRITE, &res, &err), MSX_OK);
    assert_true(res.sent);
    assert_string_equal(x->script.last_method, "PATCH");
    assert_string_equal(x->script.last_body, "{}");
    assert_null(strstr(x->script.last_head, "If-None-Match"));
    x->script.n = 2;
    x->script.drop[1] = true;
    assert_int_equal(once(x, MSX_HTTP_WRITE, &res, &err), MSX_E_NETWORK);
    assert_int_equal(x->server.requests, 2);
    assert_int_equal(res.attempts, 1);
    assert_true(res.sent);
    x->script.n = 3;
    x->script.status[2] = 503;
    assert_int_equal(once(x, MSX_HTTP_WRITE, &res, &err), MSX_OK);
    assert_int_equal(res.status, 503);
    assert_int_equal(res.attempts, 1);
    assert_true(res.sent);
    x->script.n = 4;
    x->script.status[3] = 429;
    assert_int_equal(once(x, MSX_HTTP_WRITE, &res, &err), MSX_OK);
    assert_int_equal(res.status, 200);
    assert_int_equal(res.attempts, 2);
    x->script.n = 6;
    x->script.cut[5] = 30;
    assert_int_equal(once(x, MSX_HTTP_WRITE, &res, &err), MSX_E_NETWORK);
    assert_int_equal(x->server.requests, 6);
    assert_true(res.sent);
}

static void a_write_without_a_body_is_not_repeated_either(void **state)
{
    struct fx *x = *state;
    struct msx_http_future *f;
    struct msx_http_response res;

    f = start(x, MSX_HTTP_WRITE, "DELETE", NULL);
    assert_int_equal(msx_http_wait(f, &res, NULL), MSX_OK);
    assert_string_equal(x->script.last_method, "DELETE");
    msx_http_future_free(f);
    x->script.n = 2;
    x->script.drop[1] = true;
    f = start(x, MSX_HTTP_WRITE, "DELETE", NULL);
    assert_int_equal(msx_http_wait(f, &res, NULL), MSX_E_NETWORK);
    assert_int_equal(x->server.requests, 2);
    msx_http_future_free(f);
}

static void a_write_is_not_sent_before_the_connection_is_secure(void **state)
{
    struct fx *x = *state;
    struct msx_write_cap cap = msx_write_cap_make();
    char url[128];
    struct msx_http_request req = { .kind = MSX_HTTP_WRITE,
                                    .method = "POST",
                                    .url = url,
                                    .body = "{}",
                                    .body_len = 2,
                                    .cap = &cap,
                                    .timeout_ms = 60 };
    struct msx_http *h = NULL;
    struct msx_http_future *f = NULL;
    struct msx_http_response res;
    struct msx_error err = MSX_ERROR_INIT;

    x->ctx.retries = 1;
    snprintf(url, sizeof(url), "https://127.0.0.1:%d", x->server.port);
    assert_int_equal(msx_http_new(&x->ctx, url, &source, &h, NULL), MSX_OK);
    fake_quick(h);
    assert_int_equal(msx_http_start(h, &req, &f, NULL), MSX_OK);
    assert_int_equal(msx_http_wait(f, &res, &err), MSX_E_NETWORK);
    assert_int_equal(res.attempts, 2); /* the other side never answers the handshake */
    assert_false(res.sent);
    assert_int_equal(x->server.requests, 0);
    msx_http_future_free(f);
    msx_http_free(h);
}

static void what_must_not_be_sent_is_not(void **state)
{
    struct fx *x = *state;
    static const char *const urls[] = {
        "https://evil.example/api",
        "http://evil.example/api",
        "ftp://127.0.0.1/x",
        "/api/data/v9.2/x",
        "http://127.0.0.1:1/x",
        "http://localhost/x",
        "http://u:p@127.0.0.1/x",
        "",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1:99999/x",
    };
    static const char *const tails[] = { "/a b", "/a#b", "/a\\b", "/a\rb", "/\x7f" };
    static const char *const bad_headers[] = {
        "Authorization: Bearer x",
        "Cookie: a=b",
        "Host: x",
        "no colon",
        ": empty",
        "A: b\r\nC: d",
        "A: b\n",
        "A b: c",
        "content-length: 1",
    };
    char url[128];
    struct msx_http_request req = { .method = "GET" };
    struct msx_write_cap none = { 0 };
    struct msx_http_future *f = NULL;

    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        req.url = urls[i];
        assert_int_equal(msx_http_start(x->h, &req, &f, NULL), MSX_E_INVALID);
    }
    req.url = url;
    for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
        snprintf(url, sizeof(url), "%s%s", x->server.url, tails[i]);
        assert_int_equal(msx_http_start(x->h, &req, &f, NULL), MSX_E_INVALID);
    }
    snprintf(url, sizeof(url), "%s/x", x->server.url);
    for (size_t i = 0; i < sizeof(bad_headers) / sizeof(*bad_headers); i++) {
        const char *const headers[] = { "Prefer: x", bad_headers[i], NULL };

        req.headers = headers;
        assert_int_equal(msx_http_start(x->h, &req, &f, NULL), MSX_E_INVALID);
    }
    req.headers = NULL;
    req.method = "POST"; /* a read is a GET */
    assert_int_equal(msx_http_start(x->h, &req, &f, NULL), MSX_E_INVALID);
    req.kind = MSX_HTTP_WRITE; /* and a write needs a capability that was made, not zeroed */
    assert_int_equal(msx_http_start(x->h, &req, &f, NULL), MSX_E_INVALID);
    req.cap = &none;
    assert_int_equal(msx_http_start(x->h, &req, &f, NULL), MSX_E_INVALID);
    assert_null(f);
    assert_int_equal(x->server.requests, 0);
}

static void origins_and_their_twins(void **state)
{
    static const char *const same[] = { "https://org.crm4.dynamics.com/x",
                                        "https://ORG.crm4.dynamics.com:443/api?x=y",
                                        "https://org.api.crm4.dynamics.com/x" };
    static const char *const other[] = {
        "http://org.crm4.dynamics.com/x",          "https://org.crm5.dynamics.com/x",
        "https://orx.api.crm4.dynamics.com/x",     "https://org.crm4.dynamics.com:8443/",
        "https://org.crm4.dynamics.com.evil.com/", "https://org.crm4.dynamics.com@evil.com/",
        "https://evil.com/org.crm4.dynamics.com",  "https://org.api.api.crm4.dynamics.com/",
        "https://api.crm4.dynamics.com/",          "https://xorg.crm4.dynamics.com/",
        "https://org.api.crm4x.dynamics.com/",     "//org.crm4.dynamics.com/",
    };
    static const char *const bad[] = { "http://org.crm.dynamics.com", "https://o.example/path",
                                       "https://o.example/?q",        "o.example",
                                       "https://u@o.example",         "" };
    struct fx *x = *state;
    struct msx_http *h = NULL;

    assert_int_equal(msx_http_new(&x->ctx, "https://org.crm4.dynamics.com/", NULL, &h, NULL),
                     MSX_OK);
    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
        assert_true(msx_http_same_origin(h, same[i]));
    for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
        if (msx_http_same_origin(h, other[i]))
            fail_msg("'%s' passes for the organisation", other[i]);
    msx_http_free(h);
    h = NULL;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(msx_http_new(&x->ctx, bad[i], NULL, &h, NULL), MSX_E_INVALID);
    assert_null(h);
    assert_int_equal(msx_http_new(&x->ctx, "http://[::1]:8080", NULL, &h, NULL), MSX_OK);
    assert_true(msx_http_same_origin(h, "http://[::1]:8080/x"));
    assert_false(msx_http_same_origin(h, "https://[::1]:8080/x"));
    assert_false(msx_http_same_origin(h, "http://[::1]:8081/x"));
    assert_false(msx_http_same_origin(h, "http://127.0.0.1:8080/x"));
    msx_http_free(h);
}

static void values_are_percent_encoded(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1000);

    (void)state;
    msx_url_encode(&b, "aZ9-._~ %&+#'/\xc3\xa9", 16);
    assert_string_equal(b.data, "aZ9-._~%20%25%26%2B%23%27%2F%C3%A9");
}

struct heard {
    char text[65536];
};

static void hear(void *user, enum msx_log_level level, const char *line)
{
    struct heard *h = user;
    size_t n = strlen(h->text);

    (void)level;
    snprintf(h->text + n, sizeof(h->text) - n, "%s\n", line);
}

static void the_log_names_requests_and_hides_secrets(void **state)
{
    struct fx *x = *state;
    struct heard *heard = calloc(1, sizeof(*heard));
    struct msx_http_response res;

    assert_non_null(heard);
    x->ctx.log = hear;
    x->ctx.log_user = heard;
    x->ctx.trace = true;
    x->script.n = 1;
    x->script.status[0] = 503;
    x->script.headers[0] = "x-ms-service-request-id: aaaa-bbbb\r\nSet-Cookie: ARRAffinity=f00\r\n";
    assert_int_equal(once(x, MSX_HTTP_READ, &res, NULL), MSX_OK);
    assert_non_null(strstr(heard->text, "GET http://127.0.0.1"));
    assert_non_null(strstr(heard->text, " 503, "));
    assert_non_null(strstr(heard->text, "aaaa-bbbb"));
    assert_non_null(strstr(heard->text, "try 2"));
    assert_null(strstr(heard->text, "token-1"));
    assert_null(strstr(heard->text, "f00"));
    assert_null(strstr(x->script.last_head, "ARRAffinity")); /* no affinity is kept */
    free(heard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(conditional_requests_keep_their_condition),
        TEST(many_401_ask_for_one_new_token),
        TEST(a_second_401_is_the_end),
        TEST(a_source_without_another_token_is_asked_once),
        TEST(a_token_that_is_none_is_not_sent),
        TEST(redirects_are_not_followed),
        TEST(writes_are_not_repeated_blindly),
        TEST(a_write_without_a_body_is_not_repeated_either),
        TEST(a_write_is_not_sent_before_the_connection_is_secure),
        TEST(what_must_not_be_sent_is_not),
        TEST(origins_and_their_twins),
        TEST(values_are_percent_encoded),
        TEST(the_log_names_requests_and_hides_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
