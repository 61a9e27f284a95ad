/* The engine against a loopback server that misbehaves on command: answers, repeats, waiting,
 * limits. */
#include "test.h"

#include "http_fixture.h"

static void a_read_asks_as_the_service_wants(void **state)
{
    struct fx *x = *state;
    struct msx_http_future *f = start(x, MSX_HTTP_READ, "GET", NULL);
    struct msx_http_response res;
    const char *h = x->script.last_head;

    assert_int_equal(msx_http_wait(f, &res, NULL), MSX_OK);
    assert_int_equal(res.status, 200);
    assert_string_equal(res.body, "{\"value\":[]}");
    assert_int_equal(res.body_len, 12);
    assert_int_equal(res.attempts, 1);
    assert_string_equal(msx_http_header(f, "content-TYPE"), "application/json");
    assert_null(msx_http_header(f, "Content"));
    assert_non_null(strstr(h, "\r\nAccept: application/json\r\n"));
    assert_non_null(strstr(h, "\r\nOData-Version: 4.0\r\n"));
    assert_non_null(strstr(h, "\r\nOData-MaxVersion: 4.0\r\n"));
    assert_non_null(strstr(h, "\r\nIf-None-Match: null\r\n"));
    assert_non_null(strstr(h, "\r\nAuthorization: Bearer token-1\r\n"));
    assert_non_null(strstr(h, "gzip"));
    assert_null(strstr(h, "Expect:"));
    assert_null(strstr(h, "Cookie:"));
    msx_http_future_free(f);
}

static void reads_survive_transient_failures(void **state)
{
    static const int bad[] = { 408, 500, 502, 503, 504 };
    struct fx *x = *state;
    struct msx_http_response res;
    int base = 0;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        base = x->server.requests;
        x->script.n = base + 2;
        x->script.status[base] = x->script.status[base + 1] = bad[i];
        assert_int_equal(once(x, MSX_HTTP_READ, &res, NULL), MSX_OK);
        assert_int_equal(res.status, 200);
        assert_int_equal(res.attempts, 3);
    }
    base = x->server.requests;
    x->script.n = base + 3;
    x->script.drop[base] = x->script.drop[base + 1] = true;
    x->script.reset[base + 1] = true;
    x->script.cut[base + 2] = 20;
    assert_int_equal(once(x, MSX_HTTP_READ, &res, NULL), MSX_OK);
    assert_int_equal(res.status, 200);
}

static void a_failure_that_stays_is_told(void **state)
{
    struct fx *x = *state;
    struct msx_http_response res;
    struct msx_error err = MSX_ERROR_INIT;

    x->script.forever = 503;
    assert_int_equal(once(x, MSX_HTTP_READ, &res, &err), MSX_OK);
    assert_int_equal(res.status, 503);
    assert_int_equal(res.attempts, 4);
    x->script.forever = 501; /* not transient */
    assert_int_equal(once(x, MSX_HTTP_READ, &res, &err), MSX_OK);
    assert_int_equal(res.attempts, 1);
}

static void an_answer_cut_anywhere_is_no_answer(void **state)
{
    struct fx *x = *state;
    struct msx_http_response res;
    struct msx_error err = MSX_ERROR_INIT;
    struct fake_res whole = { 0 };

    x->ctx.retries = 0;
    fake_reply(&whole, 200, "", "{\"value\":[]}");
    free(whole.raw);
    for (size_t cut = 0; cut < whole.len; cut += cut < 20 ? 5 : 1) {
        int i = x->server.requests % 32;

        if (x->server.requests >= 32) {
            x->server.requests = 0;
            i = 0;
        }
        memset(x->script.cut, 0, sizeof(x->script.cut));
        x->script.n = 32;
        x->script.cut[i] = (long)cut + 1;
        assert_int_equal(once(x, MSX_HTTP_READ, &res, &err), MSX_E_NETWORK);
        assert_int_equal(res.status, 0);
    }
}

static void nobody_listens(void **state)
{
    struct fx *x = *state;
    struct msx_http_request req = { .method = "GET", .url = "http://127.0.0.1:1/x" };
    struct msx_write_cap cap = msx_write_cap_make();
    struct msx_http *h = NULL;
    struct msx_http_future *f = NULL;
    struct msx_http_response res;
    struct msx_error err = MSX_ERROR_INIT;

    assert_int_equal(msx_http_new(&x->ctx, "http://127.0.0.1:1", NULL, &h, NULL), MSX_OK);
    fake_quick(h);
    assert_int_equal(msx_http_start(h, &req, &f, NULL), MSX_OK);
    assert_int_equal(msx_http_wait(f, &res, &err), MSX_E_NETWORK);
    assert_int_equal(res.attempts, 4);
    assert_non_null(strstr(err.msg, "127.0.0.1:1"));
    msx_http_future_free(f);
    /* a write that never left may be tried again, and is known not to have been carried out */
    req = (struct msx_http_request){ .kind = MSX_HTTP_WRITE,
                                     .method = "PATCH",
                                     .url = "http://127.0.0.1:1/x",
                                     .body = "{}",
                                     .body_len = 2,
                                     .cap = &cap };
    assert_int_equal(msx_http_start(h, &req, &f, NULL), MSX_OK);
    assert_int_equal(msx_http_wait(f, &res, &err), MSX_E_NETWORK);
    assert_int_equal(res.attempts, 4);
    assert_false(res.sent);
    msx_http_future_free(f);
    msx_http_free(h);
}

static void a_429_makes_everybody_wait_in_full(void **state)
{
    struct fx *x = *state;
    struct msx_http_future *f[4];
    struct msx_http_response res;
    double gap;

    x->script.n = 1;
    x->script.status[0] = 429;
    x->script.headers[0] = "Retry-After: 9\r\n"; /* 90 ms at the test's pace */
    x->ctx.concurrency = 1;
    msx_http_free(x->h);
    assert_int_equal(msx_http_new(&x->ctx, x->server.url, &source, &x->h, NULL), MSX_OK);
    fake_quick(x->h);
    for (int i = 0; i < 4; i++)
        f[i] = start(x, MSX_HTTP_READ, "GET", NULL);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(msx_http_wait(f[i], &res, NULL), MSX_OK);
        assert_int_equal(res.status, 200);
        msx_http_future_free(f[i]);
    }
    gap = x->script.at_ms[1] - x->script.at_ms[0];
    assert_true(gap >= 89);
    assert_true(gap < 1000);
}

static void retry_after_can_be_a_date(void **state)
{
    struct fx *x = *state;
    struct msx_http_response res;

    x->script.n = 1;
    x->script.status[0] = 429;
    x->script.headers[0] = "Retry-After: Wed, 14 Oct 2026 17:46:47 GMT\r\n"; /* now + 7 */
    assert_int_equal(once(x, MSX_HTTP_READ, &res, NULL), MSX_OK);
    assert_int_equal(res.status, 200);
    assert_true(x->script.at_ms[1] - x->script.at_ms[0] >= 69);
}

static void an_overloaded_service_says_when_to_come_back(void **state)
{
    struct fx *x = *state;
    struct msx_http_response res;

    x->script.n = 3;
    x->script.status[0] = x->script.status[2] = 503;
    x->script.headers[0] = "Retry-After: 7\r\n";
    x->script.headers[2] = "Retry-After: 999999999999999999999\r\n";
    assert_int_equal(once(x, MSX_HTTP_READ, &res, NULL), MSX_OK);
    assert_int_equal(res.status, 200);
    assert_true(x->script.at_ms[1] - x->script.at_ms[0] >= 69);
    /* longer than anybody waits: told at once */
    assert_int_equal(once(x, MSX_HTTP_READ, &res, NULL), MSX_OK);
    assert_int_equal(res.status, 503);
    assert_int_equal(res.attempts, 1);
}

static void throttling_that_stays_is_told(void **state)
{
    struct fx *x = *state;
    struct msx_http_response res;
    struct msx_error err = MSX_ERROR_INIT;

    x->script.forever = 429;
    assert_int_equal(once(x, MSX_HTTP_READ, &res, &err), MSX_E_THROTTLED);
    assert_int_equal(res.attempts, 4);
    assert_int_equal(err.http_status, 429);
    x->script.n = x->server.requests + 1;
    x->script.status[x->server.requests] = 429;
    x->script.headers[x->server.requests] = "Retry-After: 86400\r\n";
    assert_int_equal(once(x, MSX_HTTP_WRITE, &res, &err), MSX_E_THROTTLED);
    assert_int_equal(res.attempts, 1);
    assert_false(res.sent);
    assert_non_null(strstr(err.msg, "86400"));
    /* and nobody else bothers the service meanwhile */
    assert_int_equal(once(x, MSX_HTTP_READ, &res, &err), MSX_E_THROTTLED);
    assert_int_equal(res.attempts, 0);
}

static void an_answer_over_its_ceiling_is_refused(void **state)
{
    struct fx *x = *state;
    char url[128];
    struct msx_http_request req = { .method = "GET", .url = url, .max_bytes = 11 };
    struct msx_http_future *f = NULL;
    struct msx_http_response res;
    struct msx_error err = MSX_ERROR_INIT;

    snprintf(url, sizeof(url), "%s/x", x->server.url);
    assert_int_equal(msx_http_start(x->h, &req, &f, NULL), MSX_OK);
    assert_int_equal(msx_http_wait(f, &res, &err), MSX_E_LIMIT);
    assert_int_equal(res.attempts, 1);
    msx_http_future_free(f);
    req.max_bytes = 12;
    assert_int_equal(msx_http_start(x->h, &req, &f, NULL), MSX_OK);
    assert_int_equal(msx_http_wait(f, &res, &err), MSX_OK);
    msx_http_future_free(f);
}

static void a_cancellation_ends_reads_soon_and_lets_sent_writes_end(void **state)
{
    struct fx *x = *state;
    struct msx_http_future *slow, *write;
    struct msx_http_response res;
    struct msx_error err = MSX_ERROR_INIT;
    double t;

    x->script.delay_ms = 250;
    slow = start(x, MSX_HTTP_READ, "GET", NULL);
    write = start(x, MSX_HTTP_WRITE, "PATCH", "{}");
    t = now_ms();
    while (x->server.max_open < 2 && now_ms() - t < 5000)
        (void)poll(NULL, 0, 2);
    t = now_ms();
    x->cancelled = 1;
    assert_int_equal(msx_http_wait(slow, &res, &err), MSX_E_CANCELLED);
    assert_true(now_ms() - t < 220);
    assert_int_equal(msx_http_wait(write, &res, &err), MSX_OK);
    assert_int_equal(res.status, 200);
    msx_http_future_free(slow);
    msx_http_future_free(write);
    assert_int_equal(once(x, MSX_HTTP_WRITE, &res, &err), MSX_E_CANCELLED);
    assert_false(res.sent);
    x->cancelled = 0;
    x->script.delay_ms = 0;
    assert_int_equal(once(x, MSX_HTTP_READ, &res, &err), MSX_OK);
}

static void no_more_at_once_than_allowed(void **state)
{
    struct fx *x = *state;
    struct msx_http_future *f[40];
    struct msx_http_response res;
    struct msx_http_stats stats;

    x->script.delay_ms = 5;
    for (int i = 0; i < 40; i++)
        f[i] = start(x, MSX_HTTP_READ, "GET", NULL);
    for (int i = 39; i >= 0; i--) {
        assert_int_equal(msx_http_wait(f[i], &res, NULL), MSX_OK);
        msx_http_future_free(f[i]);
    }
    msx_http_get_stats(x->h, &stats);
    assert_int_equal(stats.requests, 40);
    assert_int_equal(stats.retries, 0);
    assert_int_equal(stats.max_in_flight, 8);
    assert_true(x->server.max_open <= 8);
    assert_true(x->server.max_open >= 2);
    assert_true(x->server.conns <= 8); /* connections are kept */
}

static void what_nobody_waits_for_goes_away(void **state)
{
    struct fx *x = *state;
    struct msx_http_response res;

    x->script.delay_ms = 30;
    for (int i = 0; i < 20; i++)
        msx_http_future_free(start(x, MSX_HTTP_READ, "GET", NULL));
    assert_int_equal(once(x, MSX_HTTP_READ, &res, NULL), MSX_OK);
    /* these two outlive their engine's stop: teardown frees it while one is under way */
    struct msx_http_future *left = start(x, MSX_HTTP_READ, "GET", NULL);
    msx_http_free(x->h);
    x->h = NULL;
    assert_int_equal(msx_http_wait(left, &res, NULL), MSX_E_CANCELLED);
    msx_http_future_free(left);
}

static const unsigned char zipped[] = { 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                                        0xab, 0x56, 0x2a, 0x4b, 0xcc, 0x29, 0x4d, 0x55, 0xb2, 0x8a,
                                        0x36, 0xd4, 0x31, 0xd2, 0x31, 0x8e, 0xad, 0x05, 0x00, 0x5b,
                                        0x29, 0x11, 0x04, 0x11, 0x00, 0x00, 0x00 };

static void answer_zipped(void *user, const struct fake_req *req, struct fake_res *res)
{
    char head[200];
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
                     sizeof(zipped));

    (void)user;
    (void)req;
    res->len = (size_t)n + sizeof(zipped);
    res->raw = malloc(res->len);
    assert_non_null(res->raw);
    memcpy(res->raw, head, (size_t)n);
    memcpy(res->raw + n, zipped, sizeof(zipped));
}

static void compressed_answers_are_unpacked(void **state)
{
    struct fx *x = *state;
    struct msx_http_future *f;
    struct msx_http_response res;

    x->server.handle = answer_zipped;
    f = start(x, MSX_HTTP_READ, "GET", NULL);
    assert_int_equal(msx_http_wait(f, &res, NULL), MSX_OK);
    assert_string_equal(res.body, "{\"value\":[1,2,3]}");
    msx_http_future_free(f);
}

static void answer_in_chunks(void *user, const struct fake_req *req, struct fake_res *res)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                               "REQ_ID: a\x1b[31m\xff\r\nTrailer: Server-Timing\r\n\r\n"
                               "c\r\n{\"value\":[]}\r\n0\r\nServer-Timing: db;dur=1\r\n\r\n";

    (void)user;
    (void)req;
    fake_bytes(res, text, sizeof(text) - 1);
}

static void trailers_belong_to_a_whole_answer(void **state)
{
    struct fx *x = *state;
    struct msx_http_future *f;
    struct msx_http_response res;
    struct msx_error err = MSX_ERROR_INIT;

    x->ctx.retries = 0;
    x->server.handle = answer_in_chunks;
    f = start(x, MSX_HTTP_READ, "GET", NULL);
    if (msx_http_wait(f, &res, &err))
        fail_msg("%s", err.msg);
    assert_string_equal(res.body, "{\"value\":[]}");
    /* goes into reports and logs: plain text, whatever the service sent */
    assert_string_equal(msx_http_request_id(f), "a?[31m?");
    msx_http_future_free(f);
}

static enum msx_code say_nonsense(void *user, const struct msx_http_future *f,
                                  const struct msx_http_response *res, struct msx_error *err)
{
    int *calls = user;

    (void)f;
    assert_int_equal(res->status, 200);
    if (++*calls < 3)
        return msx_fail(err, MSX_E_SERVER, "nonsense");
    return MSX_OK;
}

static void an_answer_called_nonsense_is_asked_for_again(void **state)
{
    struct fx *x = *state;
    char url[128];
    int calls = 0;
    struct msx_http_request req = { .method = "GET",
                                    .url = url,
                                    .hooks = { .check = say_nonsense, .user = &calls } };
    struct msx_http_future *f = NULL;
    struct msx_http_response res;
    struct msx_error err = MSX_ERROR_INIT;

    snprintf(url, sizeof(url), "%s/x", x->server.url);
    assert_int_equal(msx_http_start(x->h, &req, &f, NULL), MSX_OK);
    assert_int_equal(msx_http_wait(f, &res, &err), MSX_OK);
    assert_int_equal(res.attempts, 3);
    msx_http_future_free(f);
    x->ctx.retries = 0;
    calls = 0;
    assert_int_equal(msx_http_start(x->h, &req, &f, NULL), MSX_OK);
    assert_int_equal(msx_http_wait(f, &res, &err), MSX_E_SERVER);
    assert_string_equal(err.msg, "nonsense");
    msx_http_future_free(f);
}

static void the_limit_shrinks_and_grows_back(void **state)
{
    struct fx *x = *state;
    struct msx_http_future *f[120];
    struct msx_http_response res;
    struct msx_http_stats stats;

    x->script.n = 1;
    x->script.status[0] = 429;
    assert_int_equal(once(x, MSX_HTTP_READ, &res, NULL), MSX_OK);
    x->script.delay_ms = 4;
    for (int i = 0; i < 8; i++)
        f[i] = start(x, MSX_HTTP_READ, "GET", NULL);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(msx_http_wait(f[i], &res, NULL), MSX_OK);
        msx_http_future_free(f[i]);
    }
    msx_http_get_stats(x->h, &stats);
    assert_true(stats.max_in_flight <= 5); /* 8 / 2, grown once at most */
    for (int i = 0; i < 120; i++)
        f[i] = start(x, MSX_HTTP_READ, "GET", NULL);
    for (int i = 0; i < 120; i++) {
        assert_int_equal(msx_http_wait(f[i], &res, NULL), MSX_OK);
        msx_http_future_free(f[i]);
    }
    msx_http_get_stats(x->h, &stats);
    assert_int_equal(stats.max_in_flight, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_read_asks_as_the_service_wants),
        TEST(reads_survive_transient_failures),
        TEST(a_failure_that_stays_is_told),
        TEST(an_answer_cut_anywhere_is_no_answer),
        TEST(nobody_listens),
        TEST(a_429_makes_everybody_wait_in_full),
        TEST(retry_after_can_be_a_date),
        TEST(an_overloaded_service_says_when_to_come_back),
        TEST(throttling_that_stays_is_told),
        TEST(an_answer_over_its_ceiling_is_refused),
        TEST(a_cancellation_ends_reads_soon_and_lets_sent_writes_end),
        TEST(no_more_at_once_than_allowed),
        TEST(what_nobody_waits_for_goes_away),
        TEST(compressed_answers_are_unpacked),
        TEST(trailers_belong_to_a_whole_answer),
        TEST(an_answer_called_nonsense_is_asked_for_again),
        TEST(the_limit_shrinks_and_grows_back),
    };

    /* a proxy of the environment is never asked for loopback: there is none at this address */
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("https_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
