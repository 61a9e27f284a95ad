/* Flow files: what is refused, and that the message leads to the place; every shipped flow is
 * clean. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc_fail.h"
#include "msxops/file.h"
#include "msxops/skill.h"

struct fixture {
    char dir[64];
    char path[128];
    struct msx_tz *tz;
    struct msx_ctx ctx;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    const char *data = getenv("MSXOPS_DATA_DIR");

    if (!f)
        return -1;
    (void)snprintf(f->dir, sizeof f->dir, "/tmp/msx-flow-XXXXXX");
    if (!mkdtemp(f->dir) || msx_tz_open("UTC", &f->tz, NULL))
        return -1;
    (void)snprintf(f->path, sizeof f->path, "%s/x.yaml", f->dir);
    f->ctx = (struct msx_ctx){ .data_dir = data ? data : ".",
                               .config_dir = f->dir,
                               .tz = f->tz,
                               .today = msx_day_parse("2026-03-02") };
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    (void)unlink(f->path);
    (void)rmdir(f->dir);
    msx_tz_free(f->tz);
    free(f);
    return 0;
}

static const char head[] = "id: x\ntitle: X\nrole: csam\nsteps: [BASE, MS]\n";
static const char rule[] =
    "rules:\n  - {id: A, when: 'd < 3', severity: low, message: m, role: se}\n";
static const char tail[] = "outputs: {a: '1'}\n";

/* Loads and checks the text; the code, with the message in err. */
static enum msx_code check(struct fixture *f, const char *a, const char *b, const char *c,
                           struct msx_error *err)
{
    MSX_AUTO(msx_flow_free_p) struct msx_flow *flow = NULL;
    MSX_AUTO(msx_free_p) char *text = msx_asprintf("%s%s%s", a, b, c);
    enum msx_code rc;

    assert_int_equal(msx_file_replace(f->path, text, strlen(text), 0600, NULL), MSX_OK);
    rc = msx_flow_load(&f->ctx, f->path, &flow, err);
    return rc ? rc : msx_flow_lint(&f->ctx, flow, err);
}

static void good_flows_pass(void **state)
{
    struct fixture *f = *state;
    struct msx_error err = MSX_ERROR_INIT;
    MSX_AUTO(msx_json_free_p) json_t *list = NULL;
    const json_t *flows;

    if (check(f, head, rule, tail, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(msx_skill_list(&f->ctx, &list, &err), MSX_OK);
    flows = msx_json_arr(list, "flows");
    assert_true(json_array_size(flows) >= 2);
    assert_true(json_array_size(msx_json_arr(list, "skills")) >= 2);
    for (size_t i = 0; i < json_array_size(flows); i++) {
        MSX_AUTO(msx_flow_free_p) struct msx_flow *flow = NULL;
        const char *id = msx_json_str(json_array_get(flows, i), "id");

        assert_null(msx_json_str(json_array_get(flows, i), "error"));
        if (msx_flow_load(&f->ctx, id, &flow, &err) || msx_flow_lint(&f->ctx, flow, &err))
            fail_msg("%s", err.msg);
        assert_string_equal(msx_flow_id(flow), id);
    }
}

static void bad_flows_are_refused_by_line(void **state)
{
    static const struct {
        const char *a, *b, *c, *says;
    } rows[] = {
        { "id: x\n", rule, tail, "'id', 'title' or 'role' is missing" },
        { head, "rules: []\nruls: []\n", tail, "line 6: unknown key 'ruls'" },
        { head, rule, "outputs: [1]\n", "'outputs' is missing" },
        { head, rule, "outputs: {a: '1 +'}\n", "jq: " },
        { head, rule, "outputs: {a: '$nope'}\n", "$nope is not defined" },
        { head, "rules:\n  - {id: A, severity: low, message: m, role: se}\n", tail,
          "line 6: no 'when' in rule 'A'" },
        { head, "rules:\n  - {id: A, when: 'm.urgnt', severity: low, message: m, role: se}\n", tail,
          "line 6, rule 'A'" },
        { head, "rules:\n  - {id: A, when: 'd <', severity: low, message: m, role: se}\n", tail,
          "line 6, rule 'A'" },
        { head, "rules:\n  - {id: A, when: 'd < 3', severity: low, message: '{m.nam}', role: se}\n",
          tail, "line 6, rule 'A'" },
        { head, "rules:\n  - {id: A, when: 'd < 3', severity: low, message: '{d', role: se}\n",
          tail, "'}' is missing" },
        { head,
          "rules:\n  - {id: A, when: 'd < 3', severity: low, message: m, role: se, ops: [{creat: 1}]}\n",
          tail, "unknown operation or key 'creat'" },
        { head,
          "rules:\n  - {id: A, when: 'd < 3', severity: low, message: m, role: se, ops: "
          "[{update_milestone: {name: x}}]}\n",
          tail, "operations have no field 'name'" },
        { "id: x\ntitle: X\nrole: csam\nsteps: [BASE, NOPE]\n", rule, tail,
          "no step macro 'NOPE'" },
        { "id: x\ntitle: X\nrole: csam\nsteps: [{id: w, tool: close_task}]\n", rule, tail,
          "does not only read" },
        { "id: x\ntitle: X\nrole: csam\nsteps: [{id: w, tool: crm_qery}]\n", rule, tail,
          "no tool 'crm_qery'" },
        { "id: x\nid: y\n", rule, tail, "key 'id' is given twice" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct msx_error err = MSX_ERROR_INIT;

        assert_int_equal(check(f, rows[i].a, rows[i].b, rows[i].c, &err), MSX_E_INVALID);
        if (!strstr(err.msg, rows[i].says))
            fail_msg("row %zu: %s", i, err.msg);
    }
}

static void a_missing_file_is_said(void **state)
{
    struct fixture *f = *state;
    struct msx_error err = MSX_ERROR_INIT;
    struct msx_flow *flow = NULL;

    assert_int_equal(msx_flow_load(&f->ctx, "csam-health-reviw", &flow, &err), MSX_E_NOTFOUND);
    assert_non_null(strstr(err.hint, "csam-health-review"));
    assert_int_equal(msx_flow_load(&f->ctx, "/no/such/flow.yaml", &flow, &err), MSX_E_NOTFOUND);
    assert_null(flow);
}

static void roles_of_users(void **state)
{
    static const struct {
        const char *title, *role;
    } rows[] = { { "Customer Success Account Manager", "csam" },
                 { "Digital Specialist", "specialist" },
                 { "Specialist Account Executive", NULL },
                 { "Gardener", NULL } };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        MSX_AUTO(msx_json_free_p) json_t *me = json_pack("{s:s}", "title", rows[i].title);
        MSX_AUTO(msx_json_free_p) json_t *role = NULL;
        const char *name;

        assert_int_equal(msx_skill_role(&f->ctx, me, &role, NULL), MSX_OK);
        name = msx_json_str(role, "name");
        if (rows[i].role)
            assert_string_equal(name, rows[i].role);
        else
            assert_true(!name || strcmp(name, "unknown") == 0);
    }
}

static enum msx_code load_once(struct fixture *f)
{
    MSX_AUTO(msx_flow_free_p) struct msx_flow *flow = NULL;
    enum msx_code rc = msx_flow_load(&f->ctx, f->path, &flow, NULL);

    /* out of memory inside a parser may look like a mistake in the file */
    return rc && rc != MSX_OK ? MSX_E_NOMEM : rc;
}

static void loading_survives_failed_allocations(void **state)
{
    struct fixture *f = *state;
    struct msx_error err = MSX_ERROR_INIT;

    if (check(f, head, rule, tail, &err))
        fail_msg("%s", err.msg);
    msx_set_alloc(&alloc_flaky);
    for (long at = 1; at < 40000; at += at < 300 ? 1 : at < 3000 ? 97 : 1511) {
        alloc_fail_at = at;
        alloc_calls = 0;
        (void)load_once(f); /* sound or refused; leaks are found by the sanitizer */
    }
    alloc_fail_at = 0;
    msx_set_alloc(NULL);
    assert_int_equal(load_once(f), MSX_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_flows_pass, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_flows_are_refused_by_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_file_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(roles_of_users, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loading_survives_failed_allocations, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
