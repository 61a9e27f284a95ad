/* $batch: what is sent, and the many forms of what comes back. */
#include "test.h"

#include "msxops/mem.h"
#include "odata/odata.h"
#include "odata_fixture.h"

#define CT "multipart/mixed; boundary=b1"
#define PART(status, body)                                                                         \
    "--b1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"          \
    "HTTP/1.1 " status "\r\nREQ_ID: r-1\r\nContent-Type: application/json\r\n\r\n" body "\r\n"

static void what_is_sent(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(100000);
    const char *const paths[] = { "/api/data/v9.2/tasks?$top=1", "/api/data/v9.2/WhoAmI" };
    const char *const evil[] = { "/x HTTP/1.1\r\nHost: y" };
    const char *const relative[] = { "x" };

    (void)state;
    assert_int_equal(odata_batch_build(paths, 2, "Prefer: a", "b1", &b, NULL), MSX_OK);
    assert_string_equal(
        b.data,
        "--b1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        "GET /api/data/v9.2/tasks?$top=1 HTTP/1.1\r\nAccept: application/json\r\n"
        "OData-MaxVersion: 4.0\r\nOData-Version: 4.0\r\nIf-None-Match: null\r\nPrefer: a\r\n\r\n\r\n"
        "--b1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        "GET /api/data/v9.2/WhoAmI HTTP/1.1\r\nAccept: application/json\r\n"
        "OData-MaxVersion: 4.0\r\nOData-Version: 4.0\r\nIf-None-Match: null\r\nPrefer: a\r\n\r\n\r\n"
        "--b1--\r\n");
    msx_buf_clear(&b);
    assert_int_equal(odata_batch_build(evil, 1, NULL, "b1", &b, NULL), MSX_E_INVALID);
    assert_int_equal(odata_batch_build(relative, 1, NULL, "b1", &b, NULL), MSX_E_INVALID);
}

static enum msx_code parse(const char *type, const char *body, struct odata_part *parts, size_t n,
                           size_t *got)
{
    struct msx_error err = MSX_ERROR_INIT;

    return odata_batch_parse(type, body, strlen(body), parts, n, got, &err);
}

static void what_comes_back(void **state)
{
    static const char two[] = PART("200 OK", "{\"a\":1}") PART("404 Not Found", "{}") "--b1--\r\n";
    static const char *const types[] = { CT, "multipart/mixed; boundary=\"b1\"",
                                         "Multipart/Mixed;boundary=b1; charset=utf-8" };
    static const char *const not_types[] = { NULL, "application/json", "multipart/mixed",
                                             "multipart/mixed; boundary=" };
    static const char lf[] = "preamble\n--b1\nContent-Type: application/http; msgtype=response\n\n"
                             "HTTP/1.1 204 No Content\n\n--b1--";
    struct odata_part parts[3];
    size_t got = 0;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        memset(parts, 0, sizeof(parts));
        assert_int_equal(parse(types[i], two, parts, 2, &got), MSX_OK);
        assert_int_equal(got, 2);
        assert_int_equal(parts[0].status, 200);
        assert_memory_equal(parts[0].body, "{\"a\":1}", 7);
        assert_string_equal(parts[0].request_id, "r-1");
        assert_int_equal(parts[1].status, 404);
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(parse(not_types[i], two, parts, 2, &got), MSX_E_SERVER);
    assert_int_equal(parse(CT, lf, parts, 1, &got), MSX_OK);
    assert_int_equal(got, 1);
    assert_int_equal(parts[0].status, 204);
    /* more than was asked, parts that are no HTTP */
    assert_int_equal(parse(CT, two, parts, 1, &got), MSX_E_SERVER);
    assert_int_equal(parse(CT, "--b1\r\n\r\nx\r\n--b1--\r\n", parts, 1, &got), MSX_E_SERVER);
    /* cut anywhere before its last line it is no answer */
    for (size_t len = 0; len < sizeof(two) - 3; len++) {
        struct msx_error err = MSX_ERROR_INIT;

        assert_int_equal(odata_batch_parse(CT, two, len, parts, 3, &got, &err), MSX_E_SERVER);
    }
}

/* ---- over the wire ---- */

struct fx {
    struct fake server;
    struct msx_ctx ctx;
    struct msx_odata *o;
    int asked, inner_429, outer_400, json_error;
    bool next_link, one_missing;
    char last[600000];
};

static void serve(void *user, const struct fake_req *req, struct fake_res *res)
{
    struct fx *x = user;
    static char body[400000];
    size_t n = 0;
    int i = 0;

    x->asked++;
    assert_string_equal(req->method, "POST");
    assert_string_equal(req->path, "/api/data/v9.2/$batch");
    snprintf(x->last, sizeof(x->last), "%.*s", (int)req->body_len, req->body);
    if (x->json_error) {
        fake_reply(res, x->json_error, "",
                   "{\"error\":{\"code\":\"0x80048d19\",\"message\":\"bad\"}}");
        return;
    }
    for (const char *p = x->last; (p = strstr(p, "\r\nGET ")); p++, i++) {
        const char *status = "200 OK";
        char doc[200];

        snprintf(doc, sizeof(doc), "{\"n\":\"%.*s\"%s,\"value\":[{\"id\":%d}]}",
                 (int)(strcspn(p + 6, " ?") < 60 ? strcspn(p + 6, " ?") : 60), p + 6,
                 x->next_link ? ",\"@odata.nextLink\":\"http://127.0.0.1/x\"" : "", i);
        if (x->inner_429 && i == 1) {
            x->inner_429--;
            status = "429 Too Many Requests";
            snprintf(doc, sizeof(doc),
                     "{\"error\":{\"code\":\"0x80072322\",\"message\":\"slow\"}}");
        }
        if (x->outer_400 && i == 1) {
            status = "404 Not Found";
            snprintf(doc, sizeof(doc),
                     "{\"error\":{\"code\":\"0x80040217\",\"message\":\"gone\"}}");
        }
        if (x->one_missing && i == 1)
            break;
        n += (size_t)snprintf(body + n, sizeof(body) - n,
                              "--b1\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 %s\r\n"
                              "Content-Type: application/json\r\n\r\n%s\r\n",
                              status, doc);
    }
    snprintf(body + n, sizeof(body) - n, "--b1--\r\n");
    fake_reply(res, x->outer_400 == 2 ? 400 : 200, "Content-Type: " CT "\r\n", body);
}

static int setup(void **state)
{
    struct fx *x = calloc(1, sizeof(*x));

    assert_non_null(x);
    fake_start(&x->server, serve, x);
    fake_ctx(&x->ctx);
    x->o = odata_on(&x->server, &x->ctx);
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fx *x = *state;

    msx_odata_free(x->o);
    fake_stop(&x->server);
    free(x);
    return 0;
}

static enum msx_code ask(struct fx *x, size_t n, struct msx_rows **r, struct msx_error *err)
{
    static const char *paths[45];
    static char text[45][40];
    enum msx_code rc;

    for (size_t i = 0; i < n; i++) {
        snprintf(text[i], sizeof(text[i]), "things(%zu)", i);
        paths[i] = text[i];
    }
    rc = msx_odata_batch_get(x->o, paths, n, r, err);
    return rc ? rc : msx_rows_wait(*r, err);
}

static void many_answers_in_order(void **state)
{
    struct fx *x = *state;
    struct msx_rows *r = NULL;
    struct msx_error err = MSX_ERROR_INIT;
    char want[60];

    x->inner_429 = 1; /* the batch is asked for again */
    assert_int_equal(ask(x, 45, &r, &err), MSX_OK);
    assert_int_equal(json_array_size(msx_rows_array(r)), 45);
    for (size_t i = 0; i < 45; i++) {
        snprintf(want, sizeof(want), "/api/data/v9.2/things(%zu)", i);
        assert_string_equal(msx_json_str(json_array_get(msx_rows_array(r), i), "n"), want);
    }
    assert_int_equal(x->asked, 4);
    msx_rows_free(r);
    assert_int_equal(ask(x, 0, &r, &err), MSX_OK);
    assert_int_equal(json_array_size(msx_rows_array(r)), 0);
    msx_rows_free(r);
}

static void any_failure_fails_the_batch(void **state)
{
    struct fx *x = *state;
    struct msx_rows *r = NULL;
    struct msx_error err = MSX_ERROR_INIT;

    x->outer_400 = 1;
    assert_int_equal(ask(x, 3, &r, &err), MSX_E_NOTFOUND);
    assert_non_null(strstr(err.msg, "things(1)"));
    msx_rows_free(r);
    x->outer_400 = 2; /* the outer status too, and yet multipart */
    assert_int_equal(ask(x, 3, &r, &err), MSX_E_NOTFOUND);
    msx_rows_free(r);
    x->outer_400 = 0;
    x->json_error = 400;
    assert_int_equal(ask(x, 3, &r, &err), MSX_E_REJECTED);
    assert_int_equal(err.crm_code, 0x80048d19);
    msx_rows_free(r);
    x->json_error = 200;
    assert_int_equal(ask(x, 3, &r, &err), MSX_E_SERVER);
    msx_rows_free(r);
    x->json_error = 0;
    x->one_missing = true;
    assert_int_equal(ask(x, 3, &r, &err), MSX_E_SERVER);
    msx_rows_free(r);
    x->one_missing = false;
    x->next_link = true; /* further pages are not lost in silence */
    assert_int_equal(ask(x, 1, &r, &err), MSX_E_LIMIT);
    msx_rows_free(r);
    x->next_link = false;
    x->inner_429 = 100;
    assert_int_equal(ask(x, 3, &r, &err), MSX_E_SERVER);
    msx_rows_free(r);
}

static void what_is_too_long_for_a_url_travels_in_a_batch(void **state)
{
    struct fx *x = *state;
    static char filter[66000];
    const struct msx_query q = { .set = "tasks", .filter = filter };
    struct msx_rows *r = NULL;

    memset(filter, 'a', 40000);
    assert_int_equal(msx_odata_list(x->o, &q, &r, NULL), MSX_OK);
    assert_int_equal(msx_rows_wait(r, NULL), MSX_OK);
    assert_int_equal(json_array_size(msx_rows_array(r)), 1);
    assert_int_equal(x->asked, 1);
    assert_non_null(strstr(x->last, "GET /api/data/v9.2/tasks?$filter=aaa"));
    assert_non_null(strstr(x->last, "odata.maxpagesize=5000"));
    msx_rows_free(r);
    r = NULL;
    memset(filter, 'a', 65900);
    assert_int_equal(msx_odata_list(x->o, &q, &r, NULL), MSX_E_LIMIT);
    assert_null(r);
}

static void only_reads_go_into_a_batch(void **state)
{
    struct fx *x = *state;
    char url[100];
    static const char *const good[] = { "Content-Type: multipart/mixed; boundary=b1", NULL };
    static const char *const bodies[] = {
        "--b1\r\nContent-Type: application/http\r\n\r\nPOST /x HTTP/1.1\r\n\r\n\r\n--b1--\r\n",
        "--b1\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n--b1--\r\n",
        "--b1\r\nContent-Type: application/http\r\n\r\nGET /x HTTP/1.1\r\n\r\nbody\r\n--b1--\r\n",
        "--b1\r\nContent-Type: application/http\r\n\r\nGET /x y HTTP/1.1\r\n\r\n\r\n--b1--\r\n",
        "--b1\r\nContent-Type: application/http\r\n\r\nGET https://e/ HTTP/1.1\r\n\r\n\r\n--b1--\r\n",
        "--b1\nContent-Type: application/http\n\nGET /x HTTP/1.1\n\n\n--b1--\n",
        "--b1\r\nContent-Type: application/http\r\n\r\nGET /x HTTP/1.1\r\n\r\n\r\n--b1--\r\nmore\r\n",
        "--b1\r\nContent-Type: application/http\r\n\r\nGET /x HTTP/1.1\r\n\r\n\r\n",
        "--b1--\r\n",
        "",
    };
    struct msx_http_request req = {
        .kind = MSX_HTTP_READ_BATCH, .method = "POST", .url = url, .headers = good
    };
    struct msx_http_future *f = NULL;

    snprintf(url, sizeof(url), "%s/api/data/v9.2/$batch", x->server.url);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        req.body = bodies[i];
        req.body_len = strlen(bodies[i]);
        assert_int_equal(msx_http_start(msx_odata_http(x->o), &req, &f, NULL), MSX_E_INVALID);
    }
    assert_null(f);
    assert_int_equal(x->asked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        cmocka_unit_test(what_is_sent),
        cmocka_unit_test(what_comes_back),
        T(many_answers_in_order),
        T(any_failure_fails_the_batch),
        T(what_is_too_long_for_a_url_travels_in_a_batch),
        T(only_reads_go_into_a_batch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
