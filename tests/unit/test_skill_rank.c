/* Ranking of findings: catalog 3.3, its tests R1 to R5. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/yaml.h"
#include "skill/run.h"

struct fixture {
    struct msx_flow flow;
    struct msx_world *world;
    struct msx_tz *tz;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    MSX_AUTO(msx_json_free_p) json_t *roles = json_object();
    MSX_AUTO(msx_json_free_p)
    json_t *params =
        json_pack("{s:i, s:i, s:i}", "urgent_days", 14, "near_days", 30, "watch_days", 60);
    struct msx_world_config cfg = { .roles = roles, .params = params };
    struct msx_error err = MSX_ERROR_INIT;

    if (!f || msx_tz_open("UTC", &f->tz, NULL))
        return -1;
    cfg.tz = f->tz;
    cfg.today = msx_day_parse("2026-03-02");
    *state = f;
    if (msx_yaml_load("skills/shared/ranking.yaml", &f->flow.shared.ranking, NULL, &err))
        return -1;
    return msx_world_new(&cfg, &f->world, &err) ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    msx_world_free(f->world);
    json_decref(f->flow.shared.ranking);
    msx_tz_free(f->tz);
    free(f);
    return 0;
}

static const char opp_id[] = "dddddddd-0000-4000-8000-000000000001";

/* A milestone with this date (NULL: none), use (negative: none), commitment and number. */
static void milestone(struct fixture *f, const char *number, const char *date, double use,
                      bool committed)
{
    char id[37];
    json_t *list;

    (void)snprintf(id, sizeof id, "ffffffff-0000-4000-8000-%012d", (int)strtol(number, NULL, 10));
    list = json_pack("[{s:s, s:s, s:s, s:s?, s:i, s:i, s:o}]", "msp_engagementmilestoneid", id,
                     "_msp_opportunityid_value", opp_id, "msp_milestonenumber", number,
                     "msp_milestonedate", date, "msp_milestonestatus", 861980000,
                     "msp_commitmentrecommendation", committed ? 861980001 : 861980000,
                     "msp_monthlyuse", use < 0 ? json_null() : json_real(use));
    assert_int_equal(msx_world_add(f->world, MSX_K_MILESTONE, list, NULL), MSX_OK);
    json_decref(list);
}

static const struct msx_rec *found(struct fixture *f, const char *number)
{
    const struct msx_rec *const *all;
    size_t n;

    all = msx_world_all(f->world, MSX_K_MILESTONE, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(msx_rec_number(all[i]), number) == 0)
            return all[i];
    fail_msg("no milestone %s", number);
    return NULL;
}

static const struct msx_rule rule_a = { .id = "A" }, rule_b = { .id = "B" };

static struct msx_finding finding(struct fixture *f, const char *number, const char *severity,
                                  const struct msx_rule *rule)
{
    struct msx_run r = { .flow = &f->flow, .world = f->world };
    struct msx_finding made = { .rule = rule, .rec = found(f, number), .id = msx_strdup(number) };

    made.milestone = made.rec;
    made.severity = (size_t)msx_rank_severity(f->flow.shared.ranking, severity);
    assert_int_equal(msx_rank_score(&r, &made, NULL), MSX_OK);
    return made;
}

static json_int_t score(struct fixture *f, const char *number, const char *severity)
{
    struct msx_finding made = finding(f, number, severity, &rule_a);
    json_int_t s = made.score;

    msx_finding_release(&made);
    return s;
}

static void scores(void **state)
{
    struct fixture *f = *state;

    milestone(f, "1", "2026-03-09", 5000, false); /* d = 7 */
    milestone(f, "2", "2026-03-10", 5000, false); /* d = 8 */
    milestone(f, "3", NULL, 5000, false);
    milestone(f, "4", "2026-03-16", 5000, false); /* d = 14 */
    milestone(f, "5", "2026-03-17", 5000, false); /* d = 15 */
    milestone(f, "6", "2026-03-09", 4999.99, false);
    milestone(f, "7", "2026-03-01", 100000, false);    /* overdue */
    milestone(f, "8", "2026-05-31", 0, false);         /* d = 90 */
    milestone(f, "9", "2026-06-01", -1, false);        /* d = 91 */
    milestone(f, "10", "2026-05-01", 0.01, false);     /* d = 60 */
    milestone(f, "11", "2026-05-02", 49999.99, false); /* d = 61 */
    milestone(f, "12", "2026-04-01", 50000, false);    /* d = 30 */
    assert_int_equal(msx_world_ready(f->world, NULL), MSX_OK);
    /* R1, R2, R3 */
    assert_int_equal(score(f, "1", "high"), 90 * 70 * 40);
    assert_int_equal(score(f, "2", "high"), 80 * 70 * 40);
    assert_int_equal(score(f, "3", "high"), 65 * 70 * 40);
    assert_int_equal(score(f, "4", "high"), 224000);
    assert_int_equal(score(f, "5", "high"), 60 * 70 * 40);
    assert_int_equal(score(f, "6", "high"), 90 * 70 * 25);
    assert_int_equal(score(f, "7", "medium"), 400000);
    assert_int_equal(score(f, "8", "low"), 20 * 15 * 15);
    assert_int_equal(score(f, "9", "info"), 10 * 5 * 15);
    assert_int_equal(score(f, "10", "critical"), 40 * 100 * 25);
    assert_int_equal(score(f, "11", "critical"), 20 * 100 * 60);
    assert_int_equal(score(f, "12", "critical"), 60 * 100 * 80);
}

static void order(void **state)
{
    struct fixture *f = *state;
    struct msx_finding list[6];
    struct msx_run r = { .findings = list, .nfindings = 6 };

    milestone(f, "21", "2026-03-09", 6000, false);
    milestone(f, "22", "2026-03-09", 6000, true);  /* R4: committed first */
    milestone(f, "23", "2026-03-09", 6000, false); /* R5: by number */
    milestone(f, "24", "2026-03-09", 5500, false); /* lower use, equal V */
    milestone(f, "25", "2026-03-01", 6000, false); /* overdue, but low */
    milestone(f, "26", "2026-03-08", 5000, false); /* the same P, a smaller D */
    assert_int_equal(msx_world_ready(f->world, NULL), MSX_OK);
    list[0] = finding(f, "25", "low", &rule_a);
    list[1] = finding(f, "24", "high", &rule_a);
    list[2] = finding(f, "23", "high", &rule_a);
    list[3] = finding(f, "21", "high", &rule_b);
    list[4] = finding(f, "26", "high", &rule_a);
    list[5] = finding(f, "22", "high", &rule_a);
    msx_rank_findings(&r);
    /* the nearer date wins over use and number among uncommitted ones */
    assert_string_equal(list[0].id, "22");
    assert_string_equal(list[1].id, "26");
    assert_string_equal(list[2].id, "21");
    assert_string_equal(list[3].id, "23");
    assert_string_equal(list[4].id, "24");
    assert_string_equal(list[5].id, "25");
    for (size_t i = 0; i < 6; i++)
        msx_finding_release(&list[i]);
}

static void same_record_by_rule(void **state)
{
    struct fixture *f = *state;
    struct msx_finding list[2];
    struct msx_run r = { .findings = list, .nfindings = 2 };

    milestone(f, "31", "2026-03-09", 6000, false);
    assert_int_equal(msx_world_ready(f->world, NULL), MSX_OK);
    list[0] = finding(f, "31", "high", &rule_b);
    list[1] = finding(f, "31", "high", &rule_a);
    msx_rank_findings(&r);
    assert_string_equal(list[0].rule->id, "A");
    for (size_t i = 0; i < 2; i++)
        msx_finding_release(&list[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scores, set_up, tear_down),
        cmocka_unit_test_setup_teardown(order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(same_record_by_rule, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
