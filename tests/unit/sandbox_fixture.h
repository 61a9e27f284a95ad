/* A service of the sandbox on a small territory, asked without a network. */
#ifndef TESTS_UNIT_SANDBOX_FIXTURE_H
#define TESTS_UNIT_SANDBOX_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msxops/file.h"
#include "msxops/json.h"
#include "msxops/mem.h"
#include "sandbox/service.h"
#include "test.h"

#define ANA     "aaaaaaaa-0000-4000-8000-000000000001"
#define BEN     "aaaaaaaa-0000-4000-8000-000000000002"
#define ACCOUNT "bbbbbbbb-0000-4000-8000-000000000001"
#define OPP1    "cccccccc-0000-4000-8000-000000000001"
#define OPP2    "cccccccc-0000-4000-8000-000000000002"
#define MS1     "dddddddd-0000-4000-8000-000000000001"
#define MS2     "dddddddd-0000-4000-8000-000000000002"
#define MS3     "dddddddd-0000-4000-8000-000000000003"
#define TASK1   "eeeeeeee-0000-4000-8000-000000000001"
#define TASK2   "eeeeeeee-0000-4000-8000-000000000002"

/* One record a line: entity set, JSON. */
static const char *const records[][2] = {
    { "systemusers", "{\"systemuserid\":\"" ANA
                     "\",\"fullname\":\"Ana\",\"internalemailaddress\":\"ana@c.example\"}" },
    { "systemusers", "{\"systemuserid\":\"" BEN
                     "\",\"fullname\":\"Ben\",\"internalemailaddress\":\"ben@c.example\"}" },
    { "accounts",
      "{\"accountid\":\"" ACCOUNT "\",\"name\":\"Contoso\",\"msp_mstopparentid\":\"1234567\"}" },
    { "opportunities",
      "{\"opportunityid\":\"" OPP1
      "\",\"name\":\"Datacenter exit\",\"_parentaccountid_value\":\"" ACCOUNT
      "\",\"activestageid\":\"99999999-0000-4000-8000-000000000001\","
      "\"activestageid@OData.Community.Display.V1.FormattedValue\":\"Realize Value\",\"estimatedvalue\":1234.5}" },
    { "opportunities",
      "{\"opportunityid\":\"" OPP2 "\",\"name\":\"50%_done \\u00c4rger\",\"_ownerid_value\":\"" BEN
      "\",\"msp_salesplay\":\"My own play\",\"msp_eststartdate\":null}" },
    { "msp_engagementmilestones",
      "{\"msp_engagementmilestoneid\":\"" MS1
      "\",\"msp_name\":\"Go live\",\"msp_milestonestatus\":861980000,"
      "\"msp_milestonedate\":\"2026-03-20\",\"msp_monthlyuse\":100,\"_msp_opportunityid_value\":\"" OPP1
      "\",\"msp_milestoneazurecapacitytype\":\"861980081,861980082\"}" },
    { "msp_engagementmilestones",
      "{\"msp_engagementmilestoneid\":\"" MS2
      "\",\"msp_name\":\"O'Brien's pilot\",\"msp_milestonestatus\":861980001,"
      "\"msp_milestonedate\":\"2026-02-20\",\"_ownerid_value\":\"" BEN
      "\",\"_msp_opportunityid_value\":\"" OPP1 "\"}" },
    { "msp_engagementmilestones",
      "{\"msp_engagementmilestoneid\":\"" MS3
      "\",\"msp_name\":\"Handover\",\"msp_milestonestatus\":861980042,"
      "\"msp_milestonestatus@OData.Community.Display.V1.FormattedValue\":\"In Progress\",\"msp_nonrecurring\":true,"
      "\"_msp_opportunityid_value\":\"" OPP2 "\"}" },
    { "tasks",
      "{\"activityid\":\"" TASK1 "\",\"subject\":\"Call\",\"_regardingobjectid_value\":\"" MS1
      "\",\"createdon\":\"2026-02-28T10:00:00Z\"}" },
    { "tasks",
      "{\"activityid\":\"" TASK2 "\",\"subject\":\"Write\",\"_regardingobjectid_value\":\"" MS1
      "\",\"statecode\":1,\"createdon\":\"2026-01-01T10:00:00Z\"}" },
};

struct fixture {
    char dir[64];
    struct sb_service svc;
    struct sb_effects effects;
    struct sb_response r;
    json_t *json; /* the last answer, or NULL */
};

static void count_effects(void *arg, const struct sb_effects *effects, const char *request_id)
{
    struct fixture *f = arg;

    assert_string_equal(request_id, "req");
    f->effects.n += effects->n;
}

static MSX_UNUSED int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct msx_error err = MSX_ERROR_INIT;

    assert_non_null(f);
    (void)snprintf(f->dir, sizeof f->dir, "/tmp/sandbox-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(sb_store_open(f->dir, &f->svc.store, &err), MSX_OK);
    assert_int_equal(sb_store_load_begin(f->svc.store, "2026-03-02", &err), MSX_OK);
    assert_int_equal(sb_store_set_whoami(f->svc.store, ANA, &err), MSX_OK);
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        json_auto_t *j = json_loads(records[i][1], 0, NULL);

        assert_non_null(j);
        if (sb_store_insert(f->svc.store, records[i][0], j, &err))
            fail_msg("%s", err.msg);
    }
    assert_int_equal(sb_store_load_end(f->svc.store, true, &err), MSX_OK);
    f->svc.max_page = SB_MAX_PAGE;
    f->svc.on_effects = count_effects;
    f->svc.arg = f;
    memcpy(f->svc.today, "2026-03-02", 11);
    sb_response_init(&f->r);
    *state = f;
    return 0;
}

static MSX_UNUSED int tear_down(void **state)
{
    static const char *const names[] = { "sandbox.db", "sandbox.db-wal", "sandbox.db-shm" };
    struct fixture *f = *state;

    json_decref(f->json);
    sb_response_release(&f->r);
    sb_store_close(f->svc.store);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = msx_path_join(f->dir, names[i]);

        (void)unlink(path);
        msx_free(path);
    }
    (void)rmdir(f->dir);
    free(f);
    return 0;
}

struct header {
    const char *name, *value;
};

/* Ask: target is the path behind /api/data/v9.2/ with its query, blanks allowed. */
static MSX_UNUSED int ask(struct fixture *f, const char *method, const char *target,
                          const char *body, const struct header *headers)
{
    struct sb_request q = { .method = method,
                            .base = "http://sandbox.example",
                            .remote = "127.0.0.1" };
    struct msx_buf path = MSX_BUF_INIT(1 << 20);
    char *query;

    msx_buf_adds(&path, "/api/data/v9.2/");
    for (const char *p = target; *p; p++) {
        if (*p == ' ')
            msx_buf_adds(&path, "%20");
        else
            msx_buf_addc(&path, *p);
    }
    query = strchr(path.data, '?');
    if (query)
        *query++ = '\0';
    q.path = path.data;
    q.query = query ? query : "";
    q.body = body ? body : "";
    q.body_len = body ? strlen(body) : 0;
    for (; headers && headers->name; headers++)
        sb_headers_add(&q.headers, headers->name, headers->value);
    sb_response_clear(&f->r);
    json_decref(f->json);
    f->json = NULL;
    sb_service_handle(&f->svc, &q, ANA, "req", &f->r);
    sb_headers_release(&q.headers);
    msx_buf_release(&path);
    if (f->r.body.len && f->r.body.data[0] == '{')
        assert_non_null(f->json = json_loadb(f->r.body.data, f->r.body.len, 0, NULL));
    return f->r.status;
}

static MSX_UNUSED int get(struct fixture *f, const char *target)
{
    return ask(f, "GET", target, NULL, NULL);
}

static MSX_UNUSED const char *error_code(const struct fixture *f)
{
    return msx_json_str_or(msx_json_obj(f->json, "error"), "code", "(none)");
}

static MSX_UNUSED const char *error_text(const struct fixture *f)
{
    return msx_json_str_or(msx_json_obj(f->json, "error"), "message", "(none)");
}

/* Last digits of the keys of a list, in order: "13". */
static MSX_UNUSED const char *keys(const struct fixture *f, const char *pk)
{
    static char out[64];
    const json_t *list = msx_json_arr(f->json, "value");
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(list) && n < sizeof out - 1; i++)
        out[n++] = msx_json_str_or(json_array_get(list, i), pk, "?")[35];
    out[n] = '\0';
    return out;
}

#endif
