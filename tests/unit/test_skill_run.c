/* The runner: how few calls it makes, what it does when they fail, what options do. */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/skill.h"
#include "skill/scenario.h"

/* A scene with `n` opportunities of one milestone each, and what was asked of it. */
struct crm_double {
    struct msx_scene scene;
    pthread_mutex_t lock;
    int calls;
    const char *bad_id;   /* a milestone whose tasks cannot be read, or NULL */
    const char *bad_tool; /* fails the first `failures` times */
    int failures;
    volatile sig_atomic_t cancelled;
};

static const char *data_dir(void)
{
    const char *dir = getenv("MSXOPS_DATA_DIR");

    return dir ? dir : ".";
}

static bool names(const json_t *list, const char *id)
{
    for (size_t i = 0; id && i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), id) == 0)
            return true;
    return false;
}

static enum msx_code call(void *user, struct msx_crm *crm, const char *tool, const json_t *params,
                          json_t **result, struct msx_error *err)
{
    struct crm_double *d = user;
    bool fails;

    (void)pthread_mutex_lock(&d->lock);
    d->calls++;
    fails = d->bad_tool && strcmp(tool, d->bad_tool) == 0 && d->failures-- > 0;
    (void)pthread_mutex_unlock(&d->lock);
    if (fails || (strcmp(tool, "get_milestone_activities") == 0 &&
                  names(msx_json_arr(params, "milestoneIds"), d->bad_id)))
        return msx_fail(err, MSX_E_SERVER, "no luck");
    return msx_scene_call(&d->scene, crm, tool, params, result, err);
}

static void no_sleep(void *user, long ms)
{
    (void)user, (void)ms;
}

static void add(json_t *list, json_t *rec)
{
    assert_int_equal(json_array_append_new(list, rec), 0);
}

static void make(struct crm_double *d, int n)
{
    const char *user = "aaaaaaaa-0000-4000-8000-000000000001";
    char o[37], m[37], t[37], number[20];

    *d = (struct crm_double){ 0 };
    (void)pthread_mutex_init(&d->lock, NULL);
    d->scene = (struct msx_scene){ .users = json_array(),
                                   .accounts = json_array(),
                                   .opportunities = json_array(),
                                   .milestones = json_array(),
                                   .tasks = json_array(),
                                   .team = json_array(),
                                   .user_id = user };
    add(d->scene.users, json_pack("{s:s, s:s, s:s}", "systemuserid", user, "fullname", "Sam",
                                  "title", "Digital Specialist"));
    for (int i = 0; i < n; i++) {
        (void)snprintf(o, sizeof o, "dddddddd-0000-4000-8000-%012d", i);
        (void)snprintf(m, sizeof m, "ffffffff-0000-4000-8000-%012d", i);
        (void)snprintf(t, sizeof t, "bbbbbbbb-0000-4000-8000-%012d", i);
        (void)snprintf(number, sizeof number, "7-%09d", i);
        add(d->scene.opportunities,
            json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:n, s:i, s:i}", "opportunityid", o, "name",
                      o, "estimatedclosedate", "2026-06-30", "msp_estcompletiondate", "2026-09-30",
                      "msp_consumptionconsumedrecurring", 1, "_ownerid_value", user,
                      "_parentaccountid_value", "msp_salesplay", 1, "statecode", 0));
        add(d->scene.milestones,
            json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:s, s:s}", "msp_engagementmilestoneid",
                      m, "_msp_opportunityid_value", o, "msp_milestonenumber", number, "msp_name",
                      "Milestone", "msp_milestonestatus", 861980000, "msp_commitmentrecommendation",
                      861980000, "msp_monthlyuse", 5000, "msp_milestonedate", "2026-03-12",
                      "_ownerid_value", user));
        add(d->scene.tasks, json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "activityid", t, "subject",
                                      "Next", "statecode", 0, "scheduledend", "2026-03-10",
                                      "_ownerid_value", user, "_regardingobjectid_value", m));
    }
}

static enum msx_code run(struct crm_double *d, const char *flow, const json_t *params,
                         const json_t *set, json_t **result, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *state = json_object();
    struct msx_profile profile = { 0 };
    struct msx_tz *tz = NULL;
    struct msx_ctx ctx = { .data_dir = data_dir(), .concurrency = 4, .cancelled = &d->cancelled };
    struct msx_crm crm = { .ctx = &ctx, .profile = &profile };
    struct msx_run_options opts = { .params = params,
                                    .set = set,
                                    .call_tool = call,
                                    .call_user = d,
                                    .sleep_ms = no_sleep,
                                    .state = state };
    enum msx_code rc;

    assert_int_equal(msx_tz_open("UTC", &tz, NULL), MSX_OK);
    ctx.tz = tz;
    ctx.today = msx_day_parse("2026-03-02");
    rc = msx_skill_run(&crm, flow, &opts, result, err);
    msx_tz_free(tz);
    return rc;
}

static void release(struct crm_double *d)
{
    msx_scene_release(&d->scene);
    (void)pthread_mutex_destroy(&d->lock);
}

static size_t gaps(const json_t *result, const char *kind)
{
    const json_t *list = msx_json_arr(result, "gaps");
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(list); i++)
        n += strcmp(msx_json_str(json_array_get(list, i), "kind"), kind) == 0;
    return n;
}

static void many_records_take_few_calls(void **state)
{
    MSX_AUTO(msx_json_free_p) json_t *result = NULL;
    struct msx_error err = MSX_ERROR_INIT;
    struct crm_double d;

    (void)state;
    make(&d, 250);
    if (run(&d, "spec-hygiene-triage", NULL, NULL, &result, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(
        json_integer_value(json_object_get(msx_json_obj(result, "stats"), "milestones_total")),
        250);
    assert_int_equal(
        json_integer_value(json_object_get(msx_json_obj(result, "stats"), "tasks_total")), 250);
    /* auth, me, scope, milestones, tasks, three parts of the deal teams, people */
    assert_true(d.calls <= 9);
    release(&d);
}

static void one_bad_record_costs_only_itself(void **state)
{
    MSX_AUTO(msx_json_free_p) json_t *result = NULL;
    struct msx_error err = MSX_ERROR_INIT;
    struct crm_double d;
    const json_t *stats;

    (void)state;
    make(&d, 5);
    d.bad_id = "ffffffff-0000-4000-8000-000000000003";
    if (run(&d, "spec-hygiene-triage", NULL, NULL, &result, &err))
        fail_msg("%s", err.msg);
    stats = msx_json_obj(result, "stats");
    assert_int_equal(json_integer_value(json_object_get(stats, "tasks_total")), 4);
    assert_true(json_integer_value(json_object_get(stats, "unknown")) > 0);
    assert_int_equal(gaps(result, "step_failed"), 1);
    release(&d);
}

static void a_step_is_tried_again(void **state)
{
    MSX_AUTO(msx_json_free_p) json_t *result = NULL;
    struct msx_error err = MSX_ERROR_INIT;
    struct crm_double d;

    (void)state;
    make(&d, 2);
    d.bad_tool = "get_milestone_activities";
    d.failures = 2; /* the third time works */
    if (run(&d, "spec-hygiene-triage", NULL, NULL, &result, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(
        json_integer_value(json_object_get(msx_json_obj(result, "stats"), "tasks_total")), 2);
    assert_int_equal(gaps(result, "step_failed"), 0);
    release(&d);
}

static void what_a_run_cannot_do_without_ends_it(void **state)
{
    static const char *const tools[] = { "crm_auth_status", "get_my_active_opportunities",
                                         "get_milestones" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct msx_error err = MSX_ERROR_INIT;
        struct crm_double d;
        json_t *result = NULL;

        make(&d, 2);
        d.bad_tool = tools[i];
        d.failures = 1000;
        assert_int_equal(run(&d, "spec-hygiene-triage", NULL, NULL, &result, &err), MSX_E_SERVER);
        assert_null(result);
        assert_memory_equal(err.msg, "step '", 6);
        release(&d);
    }
}

static void every_tpid_is_named(void **state)
{
    MSX_AUTO(msx_json_free_p) json_t *params = json_pack("{s:[]}", "tpid");
    MSX_AUTO(msx_json_free_p) json_t *result = NULL;
    struct msx_error err = MSX_ERROR_INIT;
    struct crm_double d;
    const json_t *tpids;
    char text[20];

    (void)state;
    make(&d, 1);
    for (int i = 0; i < 600; i++) {
        (void)snprintf(text, sizeof text, "%07d", (599 - i) % 300); /* each twice */
        add(json_object_get(params, "tpid"), json_string(text));
    }
    if (run(&d, "spec-hygiene-triage", params, NULL, &result, &err))
        fail_msg("%s", err.msg);
    tpids = msx_json_arr(msx_json_obj(result, "scope"), "tpids");
    assert_int_equal(json_array_size(tpids), 300);
    for (size_t i = 0; i < 300; i++) {
        (void)snprintf(text, sizeof text, "%07d", (int)i);
        assert_string_equal(json_string_value(json_array_get(tpids, i)), text);
    }
    release(&d);
}

static void cancelling_ends_it(void **state)
{
    struct msx_error err = MSX_ERROR_INIT;
    struct crm_double d;
    json_t *result = NULL;

    (void)state;
    make(&d, 2);
    d.cancelled = 1;
    assert_int_equal(run(&d, "spec-hygiene-triage", NULL, NULL, &result, &err), MSX_E_CANCELLED);
    assert_null(result);
    release(&d);
}

static void options_are_checked(void **state)
{
    static const struct {
        const char *flow, *set, *says;
        enum msx_code code;
    } rows[] = {
        { "spec-hygiene-triage", "topp=3", "--set: 'topp' is no parameter", MSX_E_USAGE },
        { "spec-hygiene-triage", "top=many", "parameter 'top' wants a whole number", MSX_E_USAGE },
        { "spec-hygiene-triage", "top", "--set wants KEY=VALUE", MSX_E_USAGE },
        { "csam-health-review", "cadence=daily", "parameter 'cadence' wants one of weekly, monthly",
          MSX_E_USAGE },
        { "spec-hygiene-triage", "forecast_date=soon", "parameter 'forecast_date': 'soon' is not",
          MSX_E_USAGE },
        { "spec-hygiene-triage", "7-000000000:capacity.confirm=yes", "--set: 'capacity.confirm'",
          MSX_E_USAGE },
        { "spec-hygiene-triag", "top=3", "no flow 'spec-hygiene-triag'", MSX_E_NOTFOUND },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        MSX_AUTO(msx_json_free_p) json_t *set = json_pack("[s]", rows[i].set);
        struct msx_error err = MSX_ERROR_INIT;
        struct crm_double d;
        json_t *result = NULL;

        make(&d, 1);
        assert_int_equal(run(&d, rows[i].flow, NULL, set, &result, &err), rows[i].code);
        assert_memory_equal(err.msg, rows[i].says, strlen(rows[i].says));
        assert_null(result);
        assert_int_equal(d.calls, 0);
        release(&d);
    }
}

static void set_reaches_parameters_and_signals(void **state)
{
    MSX_AUTO(msx_json_free_p)
    json_t *set = json_pack("[s, s, s, s]", "top=1", "7-000000001:delivery.partner=yes",
                            "milestone=7-000000001", "milestone=7-000000000");
    MSX_AUTO(msx_json_free_p) json_t *result = NULL;
    struct msx_error err = MSX_ERROR_INIT;
    struct crm_double d;
    const json_t *findings;
    bool without = false;

    (void)state;
    make(&d, 3);
    if (run(&d, "spec-hygiene-triage", NULL, set, &result, &err))
        fail_msg("%s", err.msg);
    assert_string_equal(msx_json_str(msx_json_obj(result, "scope"), "route"), "R1");
    assert_int_equal(json_integer_value(json_object_get(
                         msx_json_obj(msx_json_obj(result, "scope"), "evaluated"), "milestones")),
                     2);
    assert_int_equal(json_array_size(msx_json_arr(msx_json_obj(result, "outputs"), "exceptions")),
                     1);
    findings = msx_json_arr(result, "findings");
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *f = json_array_get(findings, i);
        const char *reason = msx_json_str(f, "reason");

        if (strcmp(msx_json_str(f, "rule"), "SPEC-TRI-15") != 0)
            continue;
        /* the signal was set for one of the two */
        if (strcmp(msx_json_str(msx_json_obj(f, "record"), "number"), "7-000000001") == 0)
            assert_null(strstr(reason, "no delivery path"));
        else
            without = strstr(reason, "no delivery path") != NULL;
    }
    assert_true(without);
    release(&d);
}

static void hostile_text_stays_text(void **state)
{
    MSX_AUTO(msx_json_free_p) json_t *result = NULL;
    MSX_AUTO(msx_buf_release) struct msx_buf md = MSX_BUF_INIT(1 << 20);
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(1 << 20);
    struct msx_error err = MSX_ERROR_INIT;
    struct crm_double d;

    (void)state;
    make(&d, 1);
    assert_int_equal(json_object_set_new(json_array_get(d.scene.milestones, 0), "msp_name",
                                         json_string("a | <b> \033[31m {m.number} [x](y) \\(1)")),
                     0);
    if (run(&d, "spec-hygiene-triage", NULL, NULL, &result, &err))
        fail_msg("%s", err.msg);
    assert_true(msx_result_at_least(result, "medium"));
    assert_false(msx_result_at_least(result, "critical"));
    msx_result_markdown(&md, result);
    msx_result_text(&text, result, 80, false);
    assert_null(strchr(md.data, '\033'));
    assert_null(strchr(text.data, '\033'));
    assert_non_null(strstr(md.data, "a \\| \\<b\\>"));
    assert_non_null(strstr(md.data, "\\{m.number\\}"));
    assert_non_null(strstr(text.data, "\\x1b[31m"));
    release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_records_take_few_calls),
        cmocka_unit_test(one_bad_record_costs_only_itself),
        cmocka_unit_test(a_step_is_tried_again),
        cmocka_unit_test(what_a_run_cannot_do_without_ends_it),
        cmocka_unit_test(every_tpid_is_named),
        cmocka_unit_test(cancelling_ends_it),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(set_reaches_parameters_and_signals),
        cmocka_unit_test(hostile_text_stays_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
