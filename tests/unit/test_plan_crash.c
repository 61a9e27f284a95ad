/* The executor dies at every file call and at every request boundary; the apply that follows must
 * end with every operation done once, whatever was lost. */
#include "plan_sim.h"

/* Mixed operations: creates, updates, two on one record, dependants. Returns how many. */
static int make_small(struct sim *s, struct msx_plan *p)
{
    sim_fill(s);
    sim_create_task(p, 201, "unblock firewall");
    sim_update(s, p, "update_milestone", 1, json_pack("{s:s}", "msp_milestonedate", "2026-12-15"));
    sim_update(s, p, "update_task", 101, json_pack("{s:s}", "subject", "call Contoso"));
    sim_depends(sim_update(s, p, "close_task", 101,
                           json_pack("{s:i, s:i}", "statecode", 1, "statuscode", 5)),
                "OP-3");
    sim_add(p, "create_milestone", "msp_engagementmilestones", sim_guid(301), json_object(),
            json_pack("{s:s, s:f}", "msp_name", "Pilot", "msp_monthlyuse", 250.5));
    sim_depends(sim_create_task(p, 202, "kick-off"), "OP-5");
    return 6;
}

static int make_twenty(struct sim *s, struct msx_plan *p)
{
    make_small(s, p);
    for (int i = 2; i <= 6; i++)
        sim_update(s, p, "update_milestone", i, json_pack("{s:f}", "msp_monthlyuse", 10.0 * i));
    for (int i = 102; i <= 106; i++)
        sim_update(s, p, "close_task", i, json_pack("{s:i, s:i}", "statecode", 2, "statuscode", 6));
    for (int i = 203; i <= 206; i++)
        sim_create_task(p, i, "next step");
    return 20;
}

static void check_effects(struct sim *s, int n, long at)
{
    json_t *effects = sim_effects(s), *v;
    const char *key;

    if ((int)json_object_size(effects) != n)
        fail_msg("died at %ld: %zu effects instead of %d", at, json_object_size(effects), n);
    json_object_foreach(effects, key, v) {
        if (json_integer_value(v) != 1)
            fail_msg("died at %ld: %s took effect %d times", at, key, (int)json_integer_value(v));
    }
    json_decref(effects);
}

/* The chain holds, and every operation is in it as done. */
static void check_audit(struct sim *s, const struct msx_plan *p, long at)
{
    MSX_AUTO(msx_free_p) char *path = msx_path_join(s->dir, "audit.jsonl");
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT((size_t)1 << 20);
    struct msx_error err = MSX_ERROR_INIT;
    json_t *op;
    size_t i;

    if (msx_audit_verify(path, NULL, &err) != MSX_OK)
        fail_msg("died at %ld: %s", at, err.msg);
    assert_int_equal(msx_file_read(path, &text, &err), MSX_OK);
    json_array_foreach(json_object_get(p->doc, "operations"), i, op) {
        char want[80];
        const char *line = text.data;
        bool found = false;

        snprintf(want, sizeof want, "\"op\":\"%s\"", plan_op_id(op));
        while (!found && (line = strstr(line, want)) != NULL) {
            const char *end = line + strcspn(line, "\n");
            const char *done = strstr(line, "applied\"");

            found = done && done < end;
            line = end;
        }
        if (!found)
            fail_msg("died at %ld: no audit line says that %s is applied", at, plan_op_id(op));
    }
}

/* The undo plan of the whole must be there and take back everything. */
static void check_undo(const json_t *report, int n, long at)
{
    struct msx_error err = MSX_ERROR_INIT;
    struct msx_plan *undo = NULL;
    const char *path = msx_json_str(report, "undo");

    if (!path || msx_plan_load(path, &undo, &err) != MSX_OK)
        fail_msg("died at %ld: undo plan: %s", at, path ? err.msg : "none");
    /* a milestone that was made stays: there is no status code for it here */
    assert_int_equal(json_array_size(json_object_get(undo->doc, "operations")), n - 1);
    msx_plan_free(undo);
}

/* Runs apply in a child that dies before event `at`. False when it ended by itself. */
static bool run_and_die(struct sim *s, const struct msx_plan *p, long at, bool torn)
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        struct msx_error err = MSX_ERROR_INIT;

        sim_die_at = at;
        sim_torn = torn;
        sim_armed = true;
        _exit(sim_apply(s, p, NULL, NULL, &err) == MSX_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SIM_DIED)
        return true;
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

static void check_resumed(struct sim *s, const struct msx_plan *p, int n, long at)
{
    struct msx_apply_options resume = { .resume = true };
    struct msx_error err = MSX_ERROR_INIT;
    json_t *report = NULL, *row;
    size_t i;
    long sends;

    if (sim_apply(s, p, &resume, &report, &err) != MSX_OK)
        fail_msg("died at %ld: resume: %s", at, err.msg);
    assert_int_equal(json_array_size(json_object_get(report, "operations")), n);
    assert_int_equal(sim_counted(report, "applied") + sim_counted(report, "already-applied"), n);
    json_array_foreach(json_object_get(report, "operations"), i, row)
        assert_true(msx_json_bool_or(row, "verified", false));
    check_effects(s, n, at);
    check_audit(s, p, at);
    check_undo(report, n, at);
    json_decref(report);

    /* and once more: nothing is sent */
    sends = s->total_sends;
    assert_int_equal(sim_apply(s, p, NULL, &report, &err), MSX_OK);
    assert_int_equal(s->total_sends, sends);
    assert_int_equal(sim_counted(report, "already-applied"), n);
    check_undo(report, n, at);
    json_decref(report);
}

static void die_everywhere(int (*make)(struct sim *, struct msx_plan *), int concurrency, bool torn,
                           long first, long step)
{
    bool died = true;
    long at;

    for (at = first; died; at += step) {
        struct sim *s = sim_new();
        struct msx_plan *p = sim_plan();
        int n = make(s, p);

        assert_true(at < 5000);
        s->ctx.concurrency = concurrency;
        died = run_and_die(s, p, at, torn);
        check_resumed(s, p, n, at);
        msx_plan_free(p);
        sim_free(s);
    }
    assert_true(at > 60); /* it did die on the way */
}

static void one_at_a_time(void **state)
{
    (void)state;
    die_everywhere(make_small, 1, false, 2, 3);
}

static void with_torn_lines(void **state)
{
    (void)state;
    die_everywhere(make_small, 1, true, 1, 1);
}

static void concurrently(void **state)
{
    (void)state;
    die_everywhere(make_small, 6, true, 1, 3);
}

static void twenty_operations(void **state)
{
    (void)state;
    die_everywhere(make_twenty, 16, true, 3, 11);
}

/* Dies again while it resumes. */
static void twice(void **state)
{
    (void)state;
    for (long at = 5; at < 75; at += 13) {
        bool died = true;

        for (long again = 2; died; again += 9) {
            struct sim *s = sim_new();
            struct msx_plan *p = sim_plan();
            int n = make_small(s, p);

            s->ctx.concurrency = 2;
            (void)run_and_die(s, p, at, true);
            died = run_and_die(s, p, again, true);
            check_resumed(s, p, n, at * 1000 + again);
            msx_plan_free(p);
            sim_free(s);
        }
    }
}

/* The whole journal and audit log are gone: the records still tell. */
static void journal_lost(void **state)
{
    struct sim *s = sim_new();
    struct msx_plan *p = sim_plan();
    struct msx_error err = MSX_ERROR_INIT;
    char path[128];
    json_t *report = NULL;
    int n;

    (void)state;
    n = make_twenty(s, p);
    assert_int_equal(sim_apply(s, p, NULL, NULL, &err), MSX_OK);
    snprintf(path, sizeof path, "%s/journal", s->dir);
    sim_remove(path);
    assert_int_equal(sim_apply(s, p, NULL, &report, &err), MSX_OK);
    assert_int_equal(sim_counted(report, "already-applied"), n);
    check_effects(s, n, 0);
    json_decref(report);
    msx_plan_free(p);
    sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_at_a_time), cmocka_unit_test(with_torn_lines),
        cmocka_unit_test(concurrently),  cmocka_unit_test(twenty_operations),
        cmocka_unit_test(twice),         cmocka_unit_test(journal_lost),
    };

    return cmocka_run_group_tests_name("plan_crash", tests, NULL, NULL);
}
