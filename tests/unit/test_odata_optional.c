/* Columns that an organisation may lack: left out and null, and nothing else is. */
#include "test.h"

#include "msxops/mem.h"
#include "odata_fixture.h"

struct org {
    const char *missing[4]; /* columns that the server does not know */
    char path[16][4000];
    int asked;
};

/* Whether a $select or a filter of the path names the column. */
static bool names(const char *path, const char *column)
{
    size_t n = strlen(column);

    for (const char *p = path; (p = strstr(p, column)) != NULL; p += n)
        if (strchr("=,(", p[-1]) && strchr(",&%", p[n]))
            return true;
    return false;
}

static void serve(void *user, const struct fake_req *req, struct fake_res *res)
{
    struct org *org = user;
    char body[300];

    assert_true(org->asked < 16);
    (void)snprintf(org->path[org->asked++], sizeof(org->path[0]), "%s", req->path);
    for (size_t i = 0; i < 4 && org->missing[i]; i++)
        if (names(req->path, org->missing[i])) {
            (void)snprintf(body, sizeof(body),
                           "{\"error\":{\"code\":\"0x80060888\",\"message\":\"Could not find a "
                           "property named '%s' on type 'Microsoft.Dynamics.CRM.x'.\"}}",
                           org->missing[i]);
            fake_reply(res, 400, "", body);
            return;
        }
    if (strstr(req->path, "/x("))
        fake_reply(res, 200, "", "{\"id\":1}");
    else
        fake_reply(res, 200, "",
                   "{\"value\":[{\"id\":1},{\"id\":2,\"createdon\":\"2026-01-01\"}]}");
}

struct fx {
    struct fake server;
    struct org org;
    struct msx_ctx ctx;
    struct msx_odata *o;
};

static int setup(void **state)
{
    struct fx *x = calloc(1, sizeof(*x));

    assert_non_null(x);
    fake_start(&x->server, serve, &x->org);
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

static enum msx_code list(struct fx *x, const char *select, const char *filter, struct msx_rows **r,
                          struct msx_error *err)
{
    const struct msx_query q = {
        .set = "x", .select = select, .filter = filter, .primary_key = "id"
    };
    enum msx_code rc;

    x->org.asked = 0;
    rc = msx_odata_list(x->o, &q, r, err);
    return rc ? rc : msx_rows_wait(*r, err);
}

static void optional_columns_are_left_out_and_null(void **state)
{
    static const struct {
        const char *select, *missing[3], *sent;
    } rows[] = {
        { "actualend,id,name", { "actualend" }, "$select=id,name&" },
        { "id,isdisabled,name", { "isdisabled" }, "$select=id,name&" },
        { "id,name,_createdby_value", { "_createdby_value" }, "$select=id,name&" },
        { "id,actualend,name,activestageid", { "actualend", "activestageid" }, "$select=id,name&" },
        { "id,actualendx,actualend", { "actualend" }, "$select=id,actualendx&" },
    };
    struct fx *x = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct msx_rows *r = NULL;
        int n = 0;

        memcpy(x->org.missing, rows[i].missing, sizeof(rows[i].missing));
        while (rows[i].missing[n])
            n++;
        assert_int_equal(list(x, rows[i].select, NULL, &r, NULL), MSX_OK);
        assert_int_equal(json_array_size(msx_rows_array(r)), 2);
        assert_int_equal(x->org.asked, n + 1);
        assert_non_null(strstr(x->org.path[n], rows[i].sent));
        for (int k = 0; k < n; k++)
            for (size_t row = 0; row < 2; row++)
                assert_true(json_is_null(
                    json_object_get(json_array_get(msx_rows_array(r), row), rows[i].missing[k])));
        msx_rows_free(r);
    }
}

static void what_an_answer_holds_stays(void **state)
{
    struct fx *x = *state;
    struct msx_rows *r = NULL;

    x->org.missing[0] = "actualend";
    assert_int_equal(list(x, "id,actualend,createdon", NULL, &r, NULL), MSX_OK);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(msx_rows_array(r), 1), "createdon")),
        "2026-01-01");
    assert_null(json_object_get(json_array_get(msx_rows_array(r), 0), "createdon"));
    msx_rows_free(r);
}

static void others_are_an_error(void **state)
{
    static const struct {
        const char *select, *filter, *missing;
        int asked;
    } rows[] = {
        { "id,name", NULL, "name", 1 },                            /* not optional */
        { "actualend", NULL, "actualend", 1 },                     /* nothing would be left */
        { "id,actualend", "(actualend eq null)", "actualend", 2 }, /* a condition on it */
        { "id,name", "(actualend eq null)", "actualend", 1 },
    };
    struct fx *x = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct msx_error err = MSX_ERROR_INIT;
        struct msx_rows *r = NULL;

        x->org.missing[0] = rows[i].missing;
        assert_int_equal(list(x, rows[i].select, rows[i].filter, &r, &err), MSX_E_REJECTED);
        assert_non_null(strstr(err.msg, rows[i].missing));
        assert_int_equal(x->org.asked, rows[i].asked);
        msx_rows_free(r);
    }
}

static void one_record_and_id_lists_too(void **state)
{
    static const char *const ids[] = { "11111111-1111-4111-8111-111111111111" };
    const struct msx_query q = { .set = "x", .select = "id,isdisabled", .primary_key = "id" };
    struct fx *x = *state;
    struct msx_rows *r = NULL;

    x->org.missing[0] = "isdisabled";
    assert_int_equal(msx_odata_get(x->o, "x", ids[0], "id,isdisabled", NULL, &r, NULL), MSX_OK);
    assert_int_equal(msx_rows_wait(r, NULL), MSX_OK);
    assert_true(json_is_null(json_object_get(msx_rows_object(r), "isdisabled")));
    msx_rows_free(r);
    assert_int_equal(msx_odata_list_ids(x->o, &q, "id", ids, 1, &r, NULL), MSX_OK);
    assert_int_equal(msx_rows_wait(r, NULL), MSX_OK);
    msx_rows_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(optional_columns_are_left_out_and_null),
        T(what_an_answer_holds_stays),
        T(others_are_an_error),
        T(one_record_and_id_lists_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
