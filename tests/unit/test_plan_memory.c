/* Every allocation fails once, in loading a plan and in applying one: no crash, no leak, no write
 * without its record, and the apply that follows ends with every operation done once. */
#include "plan_sim.h"

static long fail_at, count;
static _Thread_local int calm; /* inside the simulated service, which has memory enough */

static bool due(void)
{
    return !calm && fail_at && ++count == fail_at;
}

static void *some_malloc(size_t n)
{
    return due() ? NULL : malloc(n);
}

static void *some_realloc(void *p, size_t n)
{
    return due() ? NULL : realloc(p, n);
}

static const struct msx_alloc flaky = { some_malloc, some_realloc, free };

static enum msx_code calm_request(void *user, const json_t *op, json_t **req, struct msx_error *err)
{
    enum msx_code rc;

    calm++;
    rc = sim_request(user, op, req, err);
    calm--;
    return rc;
}

static enum msx_code calm_send(void *user, const json_t *op, const json_t *req,
                               struct plan_sent *sent, struct msx_error *err)
{
    enum msx_code rc;

    calm++;
    rc = sim_send(user, op, req, sent, err);
    calm--;
    return rc;
}

static enum msx_code calm_read(void *user, const json_t *op, json_t **record, struct msx_error *err)
{
    enum msx_code rc;

    calm++;
    rc = sim_read(user, op, record, err);
    calm--;
    return rc;
}

static enum msx_code apply(struct sim *s, const struct msx_plan *p, const char *confirmation,
                           struct msx_error *err)
{
    const struct plan_io io = { s, calm_request, calm_send, calm_read, sim_pause };
    const struct msx_apply_options o = { .confirm = confirmation };
    json_t *report = NULL;
    enum msx_code rc = plan_apply(&s->ctx, &io, p, &o, &report, err);

    json_decref(report);
    return rc;
}

static void apply_survives(void **state)
{
    bool failed = true;
    long n;

    (void)state;
    for (n = 1; failed; n += n < 150 ? 1 : 23) {
        struct sim *s = sim_new();
        struct msx_plan *p = sim_plan();
        struct msx_error err = MSX_ERROR_INIT;
        char confirmation[13];
        json_t *effects, *v;
        const char *key;

        assert_true(n < 100000);
        sim_fill(s);
        s->ctx.concurrency = 1;
        sim_update(s, p, "update_milestone", 1,
                   json_pack("{s:s}", "msp_milestonedate", "2026-12-15"));
        sim_create_task(p, 201, "unblock");
        assert_int_equal(msx_plan_confirmation(p->doc, NULL, 0, confirmation, &err), MSX_OK);
        count = 0;
        fail_at = n;
        (void)apply(s, p, confirmation, &err);
        failed = count >= n;
        fail_at = 0;
        if (apply(s, p, confirmation, &err) != MSX_OK)
            fail_msg("allocation %ld: %s", n, err.msg);
        effects = sim_effects(s);
        assert_int_equal(json_object_size(effects), 2);
        json_object_foreach(effects, key, v)
            assert_int_equal(json_integer_value(v), 1);
        json_decref(effects);
        msx_plan_free(p);
        sim_free(s);
    }
    assert_true(n > 300);
}

static void loading_survives(void **state)
{
    struct sim *s = sim_new();
    struct msx_plan *p = sim_plan();
    char path[128];
    enum msx_code rc = MSX_E_NOMEM;

    (void)state;
    sim_fill(s);
    sim_update(s, p, "update_milestone", 1, json_pack("{s:s}", "msp_milestonedate", "2026-12-15"));
    sim_depends(sim_create_task(p, 201, "unblock"), "OP-1");
    snprintf(path, sizeof path, "%s/a.plan.json", s->dir);
    p->path = msx_strdup(path);
    assert_int_equal(msx_plan_save(p, NULL), MSX_OK);
    for (long n = 1; rc != MSX_OK; n++) {
        struct msx_plan *again = NULL;
        struct msx_error err = MSX_ERROR_INIT;
        json_t *cards = NULL;

        assert_true(n < 10000);
        count = 0;
        fail_at = n;
        rc = msx_plan_load(path, &again, &err);
        /* a failed allocation in jansson's lexer reads as an error of syntax */
        if (rc != MSX_OK && ((rc != MSX_E_NOMEM && rc != MSX_E_INVALID) || again))
            fail_msg("allocation %ld: %s", n, err.msg);
        rc = rc ? MSX_E_NOMEM : MSX_OK;
        if (!rc)
            rc = msx_plan_cards(again, &cards, NULL);
        assert_true(rc == MSX_OK || (rc == MSX_E_NOMEM && !cards));
        if (!rc)
            rc = msx_plan_drop(again, NULL, 0, NULL, NULL);
        assert_true(rc == MSX_OK || rc == MSX_E_NOMEM);
        fail_at = 0;
        json_decref(cards);
        msx_plan_free(again);
    }
    msx_plan_free(p);
    sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading_survives),
        cmocka_unit_test(apply_survives),
    };

    msx_set_alloc(&flaky);
    return cmocka_run_group_tests_name("plan_memory", tests, NULL, NULL);
}
