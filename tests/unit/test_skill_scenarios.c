/* The flows' own tests: skills/NAME/tests/FLOW.yaml, every case of every flow. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/skill.h"

static const char *data_dir(void)
{
    const char *dir = getenv("MSXOPS_DATA_DIR");

    return dir ? dir : ".";
}

static void run(const char *flow)
{
    struct msx_tz *tz = NULL;
    struct msx_ctx ctx = { .data_dir = data_dir(), .concurrency = 4, .tool_version = "test" };
    MSX_AUTO(msx_json_free_p) json_t *report = NULL;
    struct msx_error err = MSX_ERROR_INIT;
    size_t failed = 0;

    assert_int_equal(msx_tz_open("UTC", &tz, NULL), MSX_OK);
    ctx.tz = tz;
    ctx.today = msx_day_parse("2026-03-02");
    if (msx_skill_test(&ctx, flow, &report, &err))
        fail_msg("%s", err.msg);
    for (size_t i = 0; i < json_array_size(report); i++) {
        const json_t *c = json_array_get(report, i), *problems = msx_json_arr(c, "problems");

        if (json_is_true(json_object_get(c, "ok")))
            continue;
        failed++;
        for (size_t j = 0; j < json_array_size(problems); j++)
            print_error("%s: %s: %s\n", msx_json_str(c, "flow"), msx_json_str(c, "name"),
                        json_string_value(json_array_get(problems, j)));
    }
    msx_tz_free(tz);
    assert_true(json_array_size(report) > 0);
    assert_int_equal(failed, 0);
}

static void health_review(void **state)
{
    (void)state;
    run("csam-health-review");
}

static void hygiene_triage(void **state)
{
    (void)state;
    run("spec-hygiene-triage");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_review),
        cmocka_unit_test(hygiene_triage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
