/* Running the tests of a flow: each case twice, the second time with its records in another order,
 * and its expectations one by one. */
#include "skill/scenario.h"

#include <stdio.h>
#include <string.h>

#include "msxops/jq.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "msxops/yaml.h"
#include "skill/flow.h"

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

struct runner {
    const struct msx_ctx *ctx; /* the caller's */
    const json_t *fixtures;
    const char *flow;
    const struct msx_flow *loaded;
    json_t *report; /* {flow, name, ok, problems[]} */
    struct msx_error *err;
};

static void no_sleep(void *user, long ms)
{
    (void)user, (void)ms;
}

static int64_t no_clock(void *user)
{
    (void)user;
    return 0;
}

/* ---- one run ---- */

static enum msx_code run_once(const struct runner *k, const json_t *test, struct msx_scene *scene,
                              json_t **result, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *empty = json_object();
    struct msx_ctx ctx = *k->ctx;
    struct msx_profile profile = { 0 };
    struct msx_crm crm = { .ctx = &ctx, .profile = &profile };
    struct msx_run_options opts = { .params = msx_json_obj(test, "params"),
                                    .set = msx_json_arr(test, "set"),
                                    .role = msx_json_str(test, "role"),
                                    .call_tool = msx_scene_call,
                                    .call_user = scene,
                                    .sleep_ms = no_sleep };
    const char *today = msx_json_str_or(test, "today", msx_json_str_or(k->fixtures, "today", ""));
    struct msx_tz *tz = NULL;
    enum msx_code rc;

    if (!empty)
        return no_memory(err);
    opts.state = json_object_get(test, "state") ? json_object_get(test, "state") : empty;
    ctx.today = msx_day_parse(today);
    ctx.now_s = no_clock;
    ctx.log = NULL;
    if (ctx.today == MSX_DAY_NONE)
        return msx_fail(err, MSX_E_INVALID, "'%s' is not a date", today);
    rc = msx_tz_open(msx_json_str_or(test, "tz", msx_json_str_or(k->fixtures, "tz", "UTC")), &tz,
                     err);
    if (rc)
        return rc;
    ctx.tz = tz;
    rc = msx_skill_run(&crm, k->flow, &opts, result, err);
    msx_tz_free(tz);
    return rc;
}

/* ---- expectations ---- */

static void problem(json_t *problems, const char *fmt, ...) MSX_PRINTF(2, 3);
static void problem(json_t *problems, const char *fmt, ...)
{
    char text[1000];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void)json_array_append_new(problems, json_string(text));
}

/* "RULE severity" of every finding above info, in rank order. */
static void describe(struct msx_buf *b, const json_t *result)
{
    const json_t *list = msx_json_arr(result, "findings");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *f = json_array_get(list, i);

        msx_buf_addf(b, "%s%s %s (%s)", i ? ", " : "", msx_json_str_or(f, "rule", ""),
                     msx_json_str_or(f, "severity", ""), msx_json_str_or(f, "reason", ""));
    }
}

static bool has_finding(const json_t *result, const char *rule, const char *severity)
{
    const json_t *list = msx_json_arr(result, "findings");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *f = json_array_get(list, i);

        if (strcmp(msx_json_str_or(f, "rule", ""), rule) == 0 &&
            (!severity || strcmp(msx_json_str_or(f, "severity", ""), severity) == 0))
            return true;
    }
    return false;
}

/* "05", "05 high" -> rule (after the common beginning of the flow's ids) and severity. */
static void check_findings(const struct runner *k, const json_t *expect, const json_t *result,
                           json_t *problems)
{
    const char *prefix = msx_json_str_or(expect, "prefix", "");
    const json_t *only = msx_json_arr(expect, "only"), *has = msx_json_arr(expect, "has");
    const json_t *not = msx_json_arr(expect, "not"), *found = msx_json_arr(result, "findings");
    const json_t *wanted = only ? only : has;
    MSX_AUTO(msx_buf_release) struct msx_buf all = MSX_BUF_INIT(65536);
    size_t above = 0;

    (void)k;
    describe(&all, result);
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        const char *w = json_string_value(json_array_get(wanted, i)), *space = strchr(w, ' ');
        MSX_AUTO(msx_free_p)
        char *rule =
            msx_asprintf("%s%.*s", prefix, (int)(space ? (size_t)(space - w) : strlen(w)), w);

        if (rule && !has_finding(result, rule, space ? space + 1 : NULL))
            problem(problems, "%s did not fire; findings: %s", w, all.data);
    }
    for (size_t i = 0; i < json_array_size(not ); i++) {
        MSX_AUTO(msx_free_p)
        char *rule = msx_asprintf("%s%s", prefix, json_string_value(json_array_get(not, i)));

        if (rule && has_finding(result, rule, NULL))
            problem(problems, "%s fired; findings: %s", rule, all.data);
    }
    for (size_t i = 0; i < json_array_size(found); i++)
        above += strcmp(msx_json_str_or(json_array_get(found, i), "severity", ""), "info") != 0;
    if (only && above != json_array_size(only))
        problem(problems, "%zu findings above info instead of %zu: %s", above,
                json_array_size(only), all.data);
}

static void check_decision(const json_t *expect, const json_t *result, json_t *problems)
{
    const char *want = msx_json_str(expect, "decision");
    const char *have = msx_json_str_or(msx_json_obj(result, "decision"), "value", "");

    if (want && strcmp(want, have) != 0)
        problem(problems, "decision '%s' instead of '%s'", have, want);
}

/* jq expressions over the result, each of which must be true. */
static enum msx_code check_jq(const json_t *expect, const json_t *result, json_t *problems,
                              struct msx_error *err)
{
    const json_t *list = msx_json_arr(expect, "jq");
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(65536);
    MSX_AUTO(msx_json_free_p) json_t *answers = NULL;
    enum msx_code rc;

    if (!json_array_size(list))
        return MSX_OK;
    for (size_t i = 0; i < json_array_size(list); i++)
        msx_buf_addf(&b, "%s(%s\n)", i ? ", " : "", json_string_value(json_array_get(list, i)));
    rc = msx_jq_run(b.data, result, NULL, NULL, &answers, err);
    if (rc == MSX_E_USAGE) {
        problem(problems, "%s", err ? err->msg : "jq failed");
        return MSX_OK;
    }
    if (rc)
        return rc;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_true(json_array_get(answers, i)))
            problem(problems, "not true: %s", json_string_value(json_array_get(list, i)));
    return MSX_OK;
}

static void check_gaps(const json_t *expect, const json_t *result, json_t *problems)
{
    const json_t *want = msx_json_arr(expect, "gaps"), *have = msx_json_arr(result, "gaps");

    for (size_t i = 0; i < json_array_size(want); i++) {
        const char *kind = json_string_value(json_array_get(want, i));
        bool found = false;

        for (size_t j = 0; j < json_array_size(have); j++)
            found |= strcmp(msx_json_str_or(json_array_get(have, j), "kind", ""), kind) == 0;
        if (!found)
            problem(problems, "no gap '%s'", kind);
    }
}

/* Outputs have exactly the flow's keys in their order. */
static void check_outputs(const struct runner *k, const json_t *result, json_t *problems)
{
    json_t *want = json_object_get(msx_flow_doc(k->loaded), "outputs");
    json_t *have = json_object_get(result, "outputs");
    void *w = json_object_iter(want), *h = json_object_iter(have);

    while (w && h && strcmp(json_object_iter_key(w), json_object_iter_key(h)) == 0) {
        w = json_object_iter_next(want, w);
        h = json_object_iter_next(have, h);
    }
    if (w || h)
        problem(problems, "outputs are not the flow's keys in their order");
}

/* The same case once more, with the records the other way round: the same bytes. */
static enum msx_code check_same(const struct runner *k, const json_t *test, struct msx_scene *scene,
                                const json_t *result, json_t *problems, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *again = NULL;
    MSX_AUTO(msx_free_p) char *first = json_dumps(result, JSON_COMPACT);
    MSX_AUTO(msx_free_p) char *text = NULL;
    enum msx_code rc;

    scene->backwards = true;
    rc = run_once(k, test, scene, &again, err);
    if (rc)
        return rc;
    text = json_dumps(again, JSON_COMPACT);
    if (!first || !text)
        return no_memory(err);
    if (strcmp(first, text) != 0)
        problem(problems, "other bytes when run again with the records in another order");
    return MSX_OK;
}

/* ---- cases and files ---- */

static enum msx_code run_case(struct runner *k, const json_t *test, const json_t *common)
{
    MSX_AUTO(msx_scene_release) struct msx_scene scene = { 0 };
    MSX_AUTO(msx_json_free_p) json_t *result = NULL;
    MSX_AUTO(msx_json_free_p) json_t *problems = json_array();
    MSX_AUTO(msx_json_free_p)
    json_t *expect =
        json_deep_copy(msx_json_obj(test, "expect") ? msx_json_obj(test, "expect") : common);
    struct msx_error err = MSX_ERROR_INIT;
    enum msx_code rc;

    if (!problems || !expect || json_object_update_missing(expect, (json_t *)(uintptr_t)common))
        return no_memory(k->err);
    rc = msx_scene_build(k->fixtures, k->loaded->role, test, &scene, &err);
    if (!rc)
        rc = run_once(k, test, &scene, &result, &err);
    if (!rc) {
        check_decision(expect, result, problems);
        check_findings(k, expect, result, problems);
        check_gaps(expect, result, problems);
        check_outputs(k, result, problems);
        rc = check_jq(expect, result, problems, &err);
    }
    if (!rc)
        rc = check_same(k, test, &scene, result, problems, &err);
    if (rc == MSX_E_NOMEM || rc == MSX_E_CANCELLED)
        return msx_fail(k->err, rc, "%s", err.msg);
    if (rc)
        problem(problems, "%s", err.msg);
    return json_array_append_new(k->report, json_pack("{s:s, s:s, s:b, s:O}", "flow", k->flow,
                                                      "name", msx_json_str_or(test, "name", ""),
                                                      "ok", json_array_size(problems) == 0,
                                                      "problems", problems)) == 0
               ? MSX_OK
               : no_memory(k->err);
}

static enum msx_code run_file(struct runner *k, const char *path)
{
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;
    const json_t *cases, *common;
    enum msx_code rc = msx_yaml_load(path, &doc, NULL, k->err);

    if (rc)
        return rc;
    cases = msx_json_arr(doc, "cases");
    common = msx_json_obj(doc, "expect");
    if (!cases || !common)
        return msx_fail(k->err, MSX_E_INVALID, "'%s': 'cases' or 'expect' is missing", path);
    for (size_t i = 0; !rc && i < json_array_size(cases); i++)
        rc = run_case(k, json_array_get(cases, i), common);
    return rc;
}

/* skills/NAME/flows/x.yaml -> skills/NAME/tests/x.yaml; new string. */
static char *tests_of(const char *flow_path)
{
    const char *file = strrchr(flow_path, '/');

    if (!file || file - flow_path < 6)
        return NULL;
    return msx_asprintf("%.*stests%s", (int)(file - flow_path - 5), flow_path, file);
}

static enum msx_code test_flow(struct runner *k, const char *id)
{
    MSX_AUTO(msx_flow_free_p) struct msx_flow *flow = NULL;
    MSX_AUTO(msx_free_p) char *path = NULL;
    enum msx_code rc = msx_flow_load(k->ctx, id, &flow, k->err);

    if (!rc)
        rc = msx_flow_lint(k->ctx, flow, k->err);
    if (rc)
        return rc;
    path = tests_of(flow->path);
    if (!path)
        return no_memory(k->err);
    k->flow = id;
    k->loaded = flow;
    rc = run_file(k, path);
    return rc;
}

enum msx_code msx_skill_test(const struct msx_ctx *ctx, const char *flow, json_t **report,
                             struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *fixtures = NULL;
    MSX_AUTO(msx_json_free_p) json_t *list = NULL;
    MSX_AUTO(msx_json_free_p) json_t *done = json_array();
    MSX_AUTO(msx_free_p) char *path = msx_asprintf("%s/skills/shared/fixtures.yaml", ctx->data_dir);
    struct runner k = { .ctx = ctx, .report = done, .err = err };
    enum msx_code rc;

    if (!done || !path)
        return no_memory(err);
    rc = msx_yaml_load(path, &fixtures, NULL, err);
    k.fixtures = fixtures;
    if (!rc && flow)
        rc = test_flow(&k, flow);
    if (!rc && !flow)
        rc = msx_skill_list(ctx, &list, err);
    for (size_t i = 0; !rc && i < json_array_size(msx_json_arr(list, "flows")); i++)
        rc = test_flow(&k, msx_json_str(json_array_get(msx_json_arr(list, "flows"), i), "id"));
    if (!rc)
        *report = MSX_STEAL(done);
    return rc;
}
