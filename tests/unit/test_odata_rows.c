/* Listings, single records, ID lists and streams against a server that pages, fails and lies. */
#include "test.h"

#include "msxops/mem.h"
#include "odata_fixture.h"

#define ROWS_MAX 1000

/* A table of `total` rows, served page by page as the service does. */
struct table {
    int total, page; /* rows in all; rows in a page (the server's own limit) */
    long cut;        /* cut answer number cut_at at so many bytes; -1 = never */
    int cut_at;
    int status, status_at; /* answer number status_at gets this status */
    const char *body;      /* with it */
    bool null_link;        /* the last page has a link, null */
    const char *foreign;   /* next link of the first page leads there */
    bool same_link, cycle, relative, empty_middle, unframed, malformed_once;
    char paths[64][40000];
    char prefer[64][300];
    char method[64][8];
    int asked;
    int port;
};

static void add_page(struct table *t, const struct fake_req *req, char *out, size_t size)
{
    const char *at = strstr(req->path, "$skiptoken=");
    int from = at ? atoi(at + 11) : 0; /* a test's own link */
    const char *top = strstr(req->path, "$top=");
    const char *max = strstr(t->prefer[t->asked], "maxpagesize=");
    int page = max ? atoi(max + 12) : t->page;
    int total = top && atoi(top + 5) < t->total ? atoi(top + 5) : t->total;
    size_t n;

    if (page > t->page)
        page = t->page;
    n = (size_t)snprintf(out, size, "{\"@odata.context\":\"x\",%s\"value\":[",
                         strstr(req->path, "$count=true") ? "\"@odata.count\":77," : "");
    if (t->empty_middle && from == t->page)
        page = 0;
    for (int i = from; i < from + page && i < total; i++)
        n += (size_t)snprintf(out + n, size - n, "%s{\"id\":%d}", i > from ? "," : "", i);
    n += (size_t)snprintf(out + n, size - n, "]%s",
                          t->null_link && from + page >= total ? ",\"@odata.nextLink\":null" : "");
    if (from + page < total) {
        if (t->empty_middle && page == 0) {
            t->empty_middle = false;
            n += (size_t)snprintf(out + n, size - n,
                                  ",\"@odata.nextLink\":\"http://127.0.0.1:%d/api/data/v9.2/"
                                  "x?$skiptoken=000%d\"",
                                  t->port, from);
        } else if (t->foreign && !at)
            n += (size_t)snprintf(out + n, size - n, ",\"@odata.nextLink\":\"%s\"", t->foreign);
        else if (t->cycle)
            n += (size_t)snprintf(out + n, size - n,
                                  ",\"@odata.nextLink\":\"http://127.0.0.1:%d/api/data/v9.2/"
                                  "x?$skiptoken=%d\"",
                                  t->port, from == 2 ? 4 : 2);
        else
            n += (size_t)snprintf(out + n, size - n,
                                  ",\"@odata.nextLink\":\"http://127.0.0.1:%d/api/data/v9.2/"
                                  "x?a=%%2520b'%%27c&$skiptoken=%d%%253Ccookie%%2520a=%%2522\"",
                                  t->port, t->same_link ? 0 : from + page);
    }
    snprintf(out + n, size - n, "}");
}

static void serve(void *user, const struct fake_req *req, struct fake_res *res)
{
    struct table *t = user;
    static char body[200000];

    assert_true(t->asked < 64);
    snprintf(t->paths[t->asked], sizeof(t->paths[0]), "%s", req->path);
    snprintf(t->method[t->asked], sizeof(t->method[0]), "%s", req->method);
    fake_header(req, "Prefer", t->prefer[t->asked], sizeof(t->prefer[0]));
    if (t->status && t->asked == t->status_at) {
        fake_reply(res, t->status, "REQ_ID: req-1\r\n", t->body ? t->body : "");
        t->asked++;
        return;
    }
    if (t->malformed_once) {
        t->malformed_once = false;
        fake_reply(res, 200, "", "{\"value\":[{\"id\":1},");
        t->asked++;
        return;
    }
    add_page(t, req, body, sizeof(body));
    if (t->unframed) { /* no length: only the end of the connection ends the body */
        size_t n = strlen(body) + 64;

        res->raw = malloc(n);
        assert_non_null(res->raw);
        res->len = (size_t)snprintf(res->raw, n, "HTTP/1.1 200 OK\r\n\r\n%s", body);
        res->close = true;
    } else {
        fake_reply(res, 200, "", body);
    }
    if (t->cut >= 0 && t->asked == t->cut_at)
        res->cut = t->cut;
    t->asked++;
}

struct fx {
    struct fake server;
    struct table t;
    struct msx_ctx ctx;
    struct msx_odata *o;
};

static int setup(void **state)
{
    struct fx *x = calloc(1, sizeof(*x));

    assert_non_null(x);
    x->t.total = 7;
    x->t.page = 3;
    x->t.cut = -1;
    fake_start(&x->server, serve, &x->t);
    x->t.port = x->server.port;
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

static void assert_ids(const json_t *rows, int n)
{
    assert_int_equal(json_array_size(rows), n);
    for (int i = 0; i < n; i++)
        assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, (size_t)i), "id")),
                         i);
}

static enum msx_code list(struct fx *x, const struct msx_query *q, struct msx_rows **r,
                          struct msx_error *err)
{
    enum msx_code rc = msx_odata_list(x->o, q, r, err);

    return rc ? rc : msx_rows_wait(*r, err);
}

static void all_pages_with_the_same_wish(void **state)
{
    struct fx *x = *state;
    const struct msx_query q = { .set = "x", .select = "id,name", .primary_key = "id" };
    struct msx_rows *r = NULL;

    assert_int_equal(list(x, &q, &r, NULL), MSX_OK);
    assert_ids(msx_rows_array(r), 7);
    assert_int_equal(msx_rows_count(r), -1);
    assert_false(msx_rows_more(r));
    assert_int_equal(x->t.asked, 3);
    assert_string_equal(x->t.paths[0], "/api/data/v9.2/x?$select=id,name&$orderby=id");
    assert_string_equal(x->t.prefer[0],
                        "odata.include-annotations=\"OData.Community.Display.V1.FormattedValue,"
                        "Microsoft.Dynamics.CRM.lookuplogicalname\",odata.maxpagesize=5000");
    assert_string_equal(x->t.prefer[1], x->t.prefer[0]);
    assert_string_equal(x->t.prefer[2], x->t.prefer[0]);
    /* the link byte for byte */
    assert_string_equal(x->t.paths[1],
                        "/api/data/v9.2/x?a=%2520b'%27c&$skiptoken=3%253Ccookie%2520a=%2522");
    msx_rows_free(r);
}

static void an_empty_page_is_not_the_end(void **state)
{
    struct fx *x = *state;
    const struct msx_query q = { .set = "x" };
    struct msx_rows *r = NULL;

    x->t.empty_middle = true;
    assert_int_equal(list(x, &q, &r, NULL), MSX_OK);
    assert_ids(msx_rows_array(r), 7);
    assert_int_equal(x->t.asked, 4);
    msx_rows_free(r);
}

static void a_link_that_is_null_is_none(void **state)
{
    struct fx *x = *state;
    const struct msx_query q = { .set = "x" };
    struct msx_rows *r = NULL;
    struct msx_error err = MSX_ERROR_INIT;

    x->t.null_link = true;
    if (list(x, &q, &r, &err))
        fail_msg("%s", err.msg);
    assert_ids(msx_rows_array(r), 7);
    msx_rows_free(r);
}

static void links_that_lead_astray_are_refused(void **state)
{
    struct fx *x = *state;
    const struct msx_query q = { .set = "x" };
    struct msx_rows *r = NULL;
    struct msx_error err = MSX_ERROR_INIT;

    x->t.foreign = "https://evil.example/api/data/v9.2/x?$skiptoken=3";
    assert_int_equal(list(x, &q, &r, &err), MSX_E_SERVER);
    assert_non_null(strstr(err.msg, "https://evil.example"));
    assert_non_null(strstr(err.msg, x->server.url));
    msx_rows_free(r);
    x->t.foreign = "/api/data/v9.2/x?$skiptoken=3";
    assert_int_equal(list(x, &q, &r, &err), MSX_E_SERVER);
    assert_non_null(strstr(err.msg, "leads to '/api/data/v9.2/x'"));
    msx_rows_free(r);
    x->t.foreign = "http://127.0.0.1.evil.example/x?$skiptoken=3";
    assert_int_equal(list(x, &q, &r, &err), MSX_E_SERVER);
    assert_non_null(strstr(err.msg, "leads to 'http://127.0.0.1.evil.example/x': refused"));
    msx_rows_free(r);
    x->t.foreign = NULL;
    x->t.same_link = true;
    assert_int_equal(list(x, &q, &r, &err), MSX_E_SERVER);
    msx_rows_free(r);
    x->t.same_link = false;
    x->t.cycle = true;
    x->t.total = 100;
    assert_int_equal(list(x, &q, &r, &err), MSX_E_SERVER);
    msx_rows_free(r);
}

static void top_bounds_the_whole(void **state)
{
    struct fx *x = *state;
    struct msx_query q = { .set = "x", .top = 4 };
    struct msx_rows *r = NULL;

    assert_int_equal(list(x, &q, &r, NULL), MSX_OK);
    assert_ids(msx_rows_array(r), 4);
    assert_true(msx_rows_more(r));
    assert_non_null(strstr(x->t.paths[0], "$top=5"));
    assert_null(strstr(x->t.prefer[0], "maxpagesize"));
    msx_rows_free(r);
    q.top = 7;
    assert_int_equal(list(x, &q, &r, NULL), MSX_OK);
    assert_ids(msx_rows_array(r), 7);
    assert_false(msx_rows_more(r));
    msx_rows_free(r);
    q.top = 3;
    q.page_size = 2;
    x->t.asked = 0;
    assert_int_equal(list(x, &q, &r, NULL), MSX_OK);
    assert_ids(msx_rows_array(r), 3);
    assert_true(msx_rows_more(r));
    assert_null(strstr(x->t.paths[0], "$top"));
    assert_non_null(strstr(x->t.prefer[0], "maxpagesize=2"));
    assert_int_equal(x->t.asked, 2);
    msx_rows_free(r);
    q.top = 2;
    q.page_size =
        100; /* no more is asked for than is needed, and one to know whether there is more */
    x->t.asked = 0;
    assert_int_equal(list(x, &q, &r, NULL), MSX_OK);
    assert_ids(msx_rows_array(r), 2);
    assert_true(msx_rows_more(r));
    assert_non_null(strstr(x->t.prefer[0], "maxpagesize=3"));
    assert_int_equal(x->t.asked, 1);
    msx_rows_free(r);
}

static void counts_are_true_when_all_was_read(void **state)
{
    struct fx *x = *state;
    struct msx_query q = { .set = "x", .count = true };
    struct msx_rows *r = NULL;

    assert_int_equal(list(x, &q, &r, NULL), MSX_OK);
    assert_int_equal(msx_rows_count(r), 7);
    msx_rows_free(r);
    q.top = 2;
    assert_int_equal(list(x, &q, &r, NULL), MSX_OK);
    assert_int_equal(msx_rows_count(r), 77);
    msx_rows_free(r);
}

/* For every byte at which each page's answer can end: everything or an error, never less. */
static void a_listing_cut_anywhere_is_whole_or_fails(void **state)
{
    struct fx *x = *state;
    const struct msx_query q = { .set = "x" };

    for (int unframed = 0; unframed < 2; unframed++) {
        x->t.unframed = unframed != 0;
        for (int page = 0; page < 3; page++) {
            for (long cut = 0; cut < 300; cut += unframed ? 3 : 7) {
                struct msx_rows *r = NULL;
                struct msx_error err = MSX_ERROR_INIT;
                enum msx_code rc;

                x->t.asked = 0;
                x->t.cut = cut;
                x->t.cut_at = page;
                x->ctx.retries = cut % 2;
                if (x->server.conns > FAKE_MAX_CONNS - 8) { /* the fake server's own limit */
                    msx_odata_free(x->o);
                    fake_stop(&x->server);
                    fake_start(&x->server, serve, &x->t);
                    x->t.port = x->server.port;
                    x->o = odata_on(&x->server, &x->ctx);
                }
                rc = list(x, &q, &r, &err);
                if (rc == MSX_OK)
                    assert_ids(msx_rows_array(r), 7);
                else
                    assert_true(rc == MSX_E_NETWORK || rc == MSX_E_SERVER);
                if (x->ctx.retries)
                    assert_int_equal(rc, MSX_OK);
                msx_rows_free(r);
            }
        }
    }
}

static void nonsense_is_asked_for_again(void **state)
{
    struct fx *x = *state;
    const struct msx_query q = { .set = "x" };
    struct msx_rows *r = NULL;
    struct msx_error err = MSX_ERROR_INIT;

    x->t.malformed_once = true;
    assert_int_equal(list(x, &q, &r, &err), MSX_OK);
    assert_ids(msx_rows_array(r), 7);
    msx_rows_free(r);
    x->ctx.retries = 0;
    x->t.malformed_once = true;
    assert_int_equal(list(x, &q, &r, &err), MSX_E_SERVER);
    assert_non_null(strstr(err.msg, "not JSON"));
    msx_rows_free(r);
    x->t.status = 200;
    x->t.status_at = x->t.asked;
    x->t.body = "{\"value\":[1]}";
    assert_int_equal(list(x, &q, &r, &err), MSX_E_SERVER);
    msx_rows_free(r);
    x->t.status_at = x->t.asked;
    x->t.body = "{\"error\":{\"code\":\"\",\"message\":\"no\"}}";
    assert_int_equal(list(x, &q, &r, &err), MSX_E_SERVER);
    msx_rows_free(r);
}

static void a_failed_page_fails_the_list(void **state)
{
    struct fx *x = *state;
    const struct msx_query q = { .set = "x" };
    struct msx_rows *r = NULL;
    struct msx_error err = MSX_ERROR_INIT;

    x->t.status = 403;
    x->t.status_at = 1;
    x->t.body = "{\"error\":{\"code\":\"0x80040220\",\"message\":\"prvReadTask\"}}";
    assert_int_equal(list(x, &q, &r, &err), MSX_E_DENIED);
    assert_int_equal(err.crm_code, 0x80040220);
    assert_int_equal(err.http_status, 403);
    assert_string_equal(err.request_id, "req-1");
    assert_int_equal(msx_rows_wait(r, &err), MSX_E_DENIED);
    msx_rows_free(r);
}

static void queries_become_urls(void **state)
{
    struct fx *x = *state;
    struct msx_query q = { .set = "msp_milestones",
                           .select = "msp_name",
                           .filter = "contains(msp_name,'50[%]+O''Brien & Söhne #1')",
                           .orderby = "msp_date desc, msp_name",
                           .expand = "msp_OpportunityId($select=name,statecode)",
                           .primary_key = "msp_milestoneid",
                           .count = true };
    struct msx_rows *r = NULL;

    x->t.total = 1;
    assert_int_equal(list(x, &q, &r, NULL), MSX_OK);
    msx_rows_free(r);
    assert_string_equal(
        x->t.paths[0],
        "/api/data/v9.2/msp_milestones?$select=msp_name&$filter=contains(msp_name,'50%5B%25%5D%2B"
        "O''Brien%20%26%20S%C3%B6hne%20%231')&$orderby=msp_date%20desc,%20msp_name,"
        "msp_milestoneid&$expand=msp_OpportunityId($select=name,statecode)&$count=true");
    q.orderby = "msp_milestoneid desc";
    assert_int_equal(list(x, &q, &r, NULL), MSX_OK);
    msx_rows_free(r);
    assert_non_null(strstr(x->t.paths[1], "$orderby=msp_milestoneid%20desc&"));
}

static void bad_names_are_not_sent(void **state)
{
    struct fx *x = *state;
    static const struct msx_query bad[] = {
        { .set = "tasks/../x" },
        { .set = "" },
        { .set = NULL },
        { .set = "tasks", .select = "a,,b" },
        { .set = "1tasks" },
        { .set = "tasks", .select = "a b" },
        { .set = "tasks?x=y" },
        { .set = "tasks", .select = "a,b&c=d" },
        { .set = "t", .filter = "a\nb" },
        { .set = "t", .top = -1 },
        { .set = "t", .primary_key = "a," },
        { .set = "t", .select = "" },
    };
    static const char *const guids[] = { "11111111-2222-3333-4444-55555555555g" };
    static const char *const paths[] = { "/x", "a b", "../x", "a#b", "https://evil/x", "a/../b" };
    struct msx_rows *r = NULL;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(msx_odata_list(x->o, &bad[i], &r, NULL), MSX_E_USAGE);
    assert_int_equal(msx_odata_get(x->o, "tasks", "x'y", NULL, NULL, &r, NULL), MSX_E_USAGE);
    assert_int_equal(
        msx_odata_list_ids(x->o, &(struct msx_query){ .set = "t" }, "_x_value", guids, 1, &r, NULL),
        MSX_E_USAGE);
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        assert_int_equal(msx_odata_get_path(x->o, paths[i], &r, NULL), MSX_E_USAGE);
    assert_null(r);
    assert_int_equal(x->t.asked, 0);
}

static void one_record(void **state)
{
    struct fx *x = *state;
    struct msx_rows *r = NULL;
    struct msx_error err = MSX_ERROR_INIT;

    x->t.status = 200;
    x->t.body = "{\"@odata.etag\":\"W/\\\"5\\\"\",\"subject\":\"A\"}";
    assert_int_equal(msx_odata_get(x->o, "tasks", "{0F0F0F0F-1111-4222-8333-444444444444}",
                                   "subject", "regarding($select=name)", &r, NULL),
                     MSX_OK);
    assert_int_equal(msx_rows_wait(r, &err), MSX_OK);
    assert_string_equal(msx_json_str(msx_rows_object(r), "subject"), "A");
    assert_null(msx_rows_array(r));
    assert_string_equal(x->t.paths[0],
                        "/api/data/v9.2/tasks(0f0f0f0f-1111-4222-8333-444444444444)?$select=subject"
                        "&$expand=regarding($select=name)");
    msx_rows_free(r);
    x->t.status = 404;
    x->t.status_at = x->t.asked;
    x->t.body = "{\"error\":{\"code\":\"0x80040217\",\"message\":\"Does Not Exist\"}}";
    assert_int_equal(msx_odata_get(x->o, "tasks", "0f0f0f0f-1111-4222-8333-444444444444", "subject",
                                   NULL, &r, NULL),
                     MSX_OK);
    assert_int_equal(msx_rows_wait(r, &err), MSX_E_NOTFOUND);
    msx_rows_free(r);
    /* a path that turns out to be a listing brings all its pages */
    assert_int_equal(msx_odata_get_path(x->o, "x?$select=id", &r, NULL), MSX_OK);
    assert_int_equal(msx_rows_wait(r, &err), MSX_OK);
    assert_ids(msx_rows_array(r), 7);
    assert_null(json_object_get(msx_rows_object(r), "@odata.nextLink"));
    msx_rows_free(r);
}

/* ---- ID lists: the server answers one row for each ID that it finds in the filter ---- */

static int count_ids(const char *path)
{
    int n = 0;

    for (const char *p = path; (p = strstr(p, "_o_value%20eq%20")); p++)
        n++;
    return n;
}

static void serve_ids(void *user, const struct fake_req *req, struct fake_res *res)
{
    struct table *t = user;
    static char body[100000];
    size_t n = 0;

    assert_true(t->asked < 64);
    assert_true(strlen(req->path) < 30000);
    snprintf(t->paths[t->asked++], sizeof(t->paths[0]), "%s", req->path);
    n = (size_t)snprintf(body, sizeof(body), "{\"value\":[");
    for (const char *p = req->path; (p = strstr(p, "_o_value%20eq%20")); p++)
        n += (size_t)snprintf(body + n, sizeof(body) - n, "%s{\"o\":\"%.36s\"}",
                              body[n - 1] == '[' ? "" : ",", p + 16);
    snprintf(body + n, sizeof(body) - n, "]}");
    fake_reply(res, 200, "", body);
}

static void many_ids_go_side_by_side(void **state)
{
    struct fx *x = *state;
    static char text[450][40];
    static const char *ids[451];
    const struct msx_query q = { .set = "tasks",
                                 .select = "subject",
                                 .filter = "a eq 1 or b eq 2" };
    struct msx_rows *r = NULL;
    size_t most = 0;

    x->server.handle = serve_ids;
    for (int i = 0; i < 450; i++) {
        snprintf(text[i], sizeof(text[i]), "00000000-0000-4000-8000-%012d", i);
        ids[i] = text[i];
    }
    ids[450] = "{00000000-0000-4000-8000-000000000007}"; /* once more */
    assert_int_equal(msx_odata_list_ids(x->o, &q, "_o_value", ids, 451, &r, NULL), MSX_OK);
    assert_int_equal(msx_rows_wait(r, NULL), MSX_OK);
    assert_int_equal(json_array_size(msx_rows_array(r)), 450);
    for (size_t i = 0; i < 450; i++)
        assert_string_equal(msx_json_str(json_array_get(msx_rows_array(r), i), "o"), text[i]);
    assert_int_equal(x->t.asked, 5);
    for (int i = 0; i < x->t.asked; i++) {
        assert_non_null(strstr(x->t.paths[i], "$filter=(a%20eq%201%20or%20b%20eq%202)%20and%20("));
        most = strlen(x->t.paths[i]) > most ? strlen(x->t.paths[i]) : most;
        assert_int_equal(count_ids(x->t.paths[i]), 90);
    }
    assert_true(most < 16500);
    msx_rows_free(r);
    x->t.asked = 0;
    assert_int_equal(msx_odata_list_ids(x->o, &q, "_o_value", ids, 0, &r, NULL), MSX_OK);
    assert_int_equal(msx_rows_wait(r, NULL), MSX_OK);
    assert_int_equal(json_array_size(msx_rows_array(r)), 0);
    assert_int_equal(x->t.asked, 0);
    msx_rows_free(r);
}

/* ---- streams ---- */

struct sink {
    int rows, pages;
    int stop_after;
};

static enum msx_code take(void *user, json_t *rows, struct msx_error *err)
{
    struct sink *s = user;
    size_t i;
    const json_t *row;

    json_array_foreach(rows, i, row) {
        assert_int_equal(json_integer_value(json_object_get(row, "id")), s->rows);
        s->rows++;
    }
    s->pages++;
    if (s->pages == s->stop_after)
        return msx_fail(err, MSX_E_IO, "disk full");
    return MSX_OK;
}

static void streams_come_page_by_page(void **state)
{
    struct fx *x = *state;
    struct msx_query q = { .set = "x" };
    struct sink s = { 0 };
    struct msx_error err = MSX_ERROR_INIT;

    assert_int_equal(msx_odata_each_page(x->o, &q, take, &s, NULL), MSX_OK);
    assert_int_equal(s.rows, 7);
    assert_int_equal(s.pages, 3);
    s = (struct sink){ .stop_after = 2 };
    assert_int_equal(msx_odata_each_page(x->o, &q, take, &s, &err), MSX_E_IO);
    assert_string_equal(err.msg, "disk full");
    assert_int_equal(s.rows, 6);
    s = (struct sink){ 0 };
    q.top = 5;
    assert_int_equal(msx_odata_each_page(x->o, &q, take, &s, NULL), MSX_OK);
    assert_int_equal(s.rows, 5);
    s = (struct sink){ 0 };
    q.top = 0;
    x->t.status = 400;
    x->t.status_at = x->t.asked + 2;
    assert_int_equal(msx_odata_each_page(x->o, &q, take, &s, &err), MSX_E_REJECTED);
    assert_true(s.pages <= 2);
}

static void reads_can_be_given_up(void **state)
{
    struct fx *x = *state;
    const struct msx_query q = { .set = "x" };

    for (int i = 0; i < 10; i++) {
        struct msx_rows *r = NULL;

        assert_int_equal(msx_odata_list(x->o, &q, &r, NULL), MSX_OK);
        if (i % 2)
            (void)poll(NULL, 0, i);
        msx_rows_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(all_pages_with_the_same_wish),
        T(an_empty_page_is_not_the_end),
        T(a_link_that_is_null_is_none),
        T(links_that_lead_astray_are_refused),
        T(top_bounds_the_whole),
        T(counts_are_true_when_all_was_read),
        T(a_listing_cut_anywhere_is_whole_or_fails),
        T(nonsense_is_asked_for_again),
        T(a_failed_page_fails_the_list),
        T(queries_become_urls),
        T(bad_names_are_not_sent),
        T(one_record),
        T(many_ids_go_side_by_side),
        T(streams_come_page_by_page),
        T(reads_can_be_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
