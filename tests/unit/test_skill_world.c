/* Records of a run: relations, merging, order, and what conditions see of them. */
#include "fixture_catalog.h"

#include "alloc_fail.h"

static void records_are_linked(void **state)
{
    const struct msx_rec *m, *t, *o, *const *kids;
    size_t n;
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_build(&f);
    m = fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C);
    t = fx_rec(&f, MSX_K_TASK, FX_GT);
    o = fx_rec(&f, MSX_K_OPP, FX_O1);
    assert_ptr_equal(msx_rec_opp(m), o);
    assert_ptr_equal(msx_rec_opp(t), o);
    assert_ptr_equal(msx_rec_milestone(t), m);
    assert_ptr_equal(msx_rec_account(t), fx_rec(&f, MSX_K_ACCOUNT, FX_A1));
    assert_ptr_equal(msx_rec_owner(m), fx_rec(&f, MSX_K_USER, FX_CSAM));
    assert_string_equal(msx_rec_number(t), "7-100000001");
    assert_string_equal(msx_rec_str(m, "msp_name"), "Landing zone production rollout");
    assert_string_equal(msx_rec_label(m, "msp_milestonestatus"), "On Track");
    assert_null(msx_rec_str(m, "msp_monthlyuse"));
    kids = msx_rec_children(m, &n);
    assert_int_equal(n, 1);
    assert_ptr_equal(kids[0], t);
    kids = msx_rec_children(o, &n);
    assert_int_equal(n, 1);
    assert_ptr_equal(kids[0], m);
    assert_null(msx_world_find(f.w, MSX_K_TASK, FX_O1));
    assert_ptr_equal(msx_world_find(f.w, MSX_K_OPP, "{B0000000-0000-0000-0000-000000000001}"), o);
    fx_close(&f);
}

static void lookups_in_other_spellings_and_to_nowhere(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_str(f.gt, "_regardingobjectid_value", "C0000000-0000-0000-0000-000000000001");
    fx_str(f.good_u, "_msp_opportunityid_value", "b0000000-0000-0000-0000-0000000000ff");
    fx_build(&f);
    assert_non_null(msx_rec_milestone(fx_rec(&f, MSX_K_TASK, FX_GT)));
    assert_null(msx_rec_opp(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U)));
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U), "status", "on_track");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U), "paths", "partner");
    fx_close(&f);
}

static void two_reads_of_one_record_merge(void **state)
{
    json_t *more =
        json_pack("{s:s,s:s,s:s,s:n}", "opportunityid", "B0000000-0000-0000-0000-000000000001",
                  "name", "Other name", "createdon", "2026-01-01", "msp_salesplay");
    const struct msx_rec *o;
    size_t n;
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_build(&f);
    assert_int_equal(msx_world_add(f.w, MSX_K_OPP, more, NULL), MSX_OK);
    assert_int_equal(msx_world_ready(f.w, NULL), MSX_OK);
    msx_world_all(f.w, MSX_K_OPP, &n);
    assert_int_equal(n, 2);
    o = fx_rec(&f, MSX_K_OPP, FX_O1);
    fx_is(o, "name", "Contoso datacenter exit"); /* what was there stays */
    fx_is(o, "created", "2026-01-01");
    fx_is(o, "sales_play", "Migrate and Modernize");
    assert_null(msx_json_str(f.o1, "createdon")); /* the caller's record is not touched */
    json_decref(more);
    fx_close(&f);
}

static void a_record_without_id_is_refused(void **state)
{
    json_t *bad = json_pack("[{s:s}]", "subject", "x");
    struct msx_error err = MSX_ERROR_INIT;
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_world(&f);
    assert_int_equal(msx_world_add(f.w, MSX_K_TASK, bad, &err), MSX_E_INVALID);
    assert_non_null(strstr(err.msg, "activityid"));
    json_decref(bad);
    fx_close(&f);
}

/* Facts, signals and gaps of everything, as text. */
static char *everything(struct fx *f)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT((size_t)8 << 20);

    for (int k = MSX_K_ACCOUNT; k <= MSX_K_USER; k++) {
        size_t n;
        const struct msx_rec *const *all = msx_world_all(f->w, (enum msx_kind)k, &n);

        for (size_t i = 0; i < n; i++) {
            json_t *facts = msx_rec_facts_json(all[i]);
            json_t *signals = msx_rec_signals_json(all[i]);

            assert_non_null(facts);
            assert_non_null(signals);
            if (i > 0)
                assert_true(strcmp(msx_rec_id(all[i - 1]), msx_rec_id(all[i])) < 0);
            msx_buf_addf(&b, "%s ", msx_rec_id(all[i]));
            msx_json_dump(&b, facts);
            msx_json_dump(&b, signals);
            json_decref(facts);
            json_decref(signals);
        }
    }
    /* gaps are sorted where they are printed */
    msx_buf_addf(&b, " %zu gaps", json_array_size(msx_world_gaps(f->w)));
    assert_int_equal(msx_world_failed(f->w, NULL), MSX_OK);
    return msx_buf_take(&b);
}

static void turn_round(json_t *list)
{
    size_t n = json_array_size(list);
    json_t *copy = json_copy(list);

    json_array_clear(list);
    for (size_t i = n; i-- > 0;)
        json_array_append(list, json_array_get(copy, i));
    json_decref(copy);
}

static void order_of_reads_does_not_matter(void **state)
{
    MSX_AUTO(msx_free_p) char *one = NULL;
    MSX_AUTO(msx_free_p) char *two = NULL;
    json_t *m;
    struct fx f;

    (void)state;
    fx_open(&f);
    m = fx_milestone(&f, "c0000000-0000-0000-0000-000000000003", "7-100000000", "Another one",
                     FX_O1, true);
    fx_str(m, "msp_milestonedate", "2026-03-10");
    fx_str(m, "msp_forecastcomments", "[2026-02-25] Delivery: ISD\nBlocked by the vendor");
    fx_task(&f, "d0000000-0000-0000-0000-000000000007", FX_GOOD_C, "Twin", "2026-03-20", FX_CSA);
    fx_task(&f, "d0000000-0000-0000-0000-000000000005", FX_GOOD_C, "Twin", "2026-03-20", FX_CSA);
    fx_build(&f);
    one = everything(&f);
    turn_round(f.opps);
    turn_round(f.milestones);
    turn_round(f.tasks);
    turn_round(f.users);
    turn_round(f.team);
    fx_build(&f);
    two = everything(&f);
    assert_string_equal(one, two);
    fx_close(&f);
}

static void gaps_are_recorded_once(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_build(&f);
    assert_int_equal(msx_world_gap(f.w, "truncated", "MS", "run", "one"), MSX_OK);
    assert_int_equal(msx_world_gap(f.w, "truncated", "MS", "run", "two"), MSX_OK);
    assert_int_equal(msx_world_gap(f.w, "truncated", "ACT", "run", "three"), MSX_OK);
    assert_int_equal(fx_gaps(&f, "truncated", NULL, "run"), 2);
    assert_string_equal(msx_json_str(json_array_get(msx_world_gaps(f.w), 0), "effect"), "one");
    fx_close(&f);
}

static void facts_have_names_and_neighbours(void **state)
{
    const char *near = NULL;

    (void)state;
    for (int k = MSX_K_ACCOUNT; k <= MSX_K_USER; k++)
        for (size_t i = 0; i < msx_fact_count((enum msx_kind)k); i++)
            assert_int_equal(
                msx_fact_index((enum msx_kind)k, msx_fact_name((enum msx_kind)k, (int)i), NULL),
                (int)i);
    assert_int_equal(msx_fact_index(MSX_K_MILESTONE, "live_task", &near), -1);
    assert_string_equal(near, "live_tasks");
}

/* ---- conditions over a world ---- */
static enum msx_tri holds(struct fx *f, const char *text, const struct msx_rec *m)
{
    struct msx_cond_schema schema;
    struct msx_cond_scope scope;
    struct msx_cond *c = NULL;
    struct msx_error err = MSX_ERROR_INIT;
    enum msx_tri t;

    msx_world_schema(f->w, &schema);
    if (msx_cond_compile(text, "test", &schema, &c, &err))
        fail_msg("%s: %s", text, err.msg);
    msx_world_scope(f->w, &scope);
    msx_world_bind(&scope, m);
    t = msx_cond_eval(c, &scope, NULL);
    msx_cond_free(c);
    return t;
}
#define yes(f, text, m)     assert_int_equal(holds((f), (text), (m)), MSX_YES)
#define no(f, text, m)      assert_int_equal(holds((f), (text), (m)), MSX_NO)
#define unknown(f, text, m) assert_int_equal(holds((f), (text), (m)), MSX_UNKNOWN)

static void conditions_over_records(void **state)
{
    const struct msx_rec *m, *t, *o;
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_str(f.params, "forecast_date", "2026-03-09");
    json_object_set_new(f.params, "names", json_pack("[s,s]", "x", "7-100000001"));
    json_object_set_new(f.params, "nothing", json_null());
    fx_build(&f);
    m = fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C);
    t = fx_rec(&f, MSX_K_TASK, FX_GT);
    o = fx_rec(&f, MSX_K_OPP, FX_O1);
    yes(&f, "m.committed and d = 88 and m.live_tasks = 1", m);
    yes(&f, "o.stage = 4 and o.name = \"Contoso datacenter exit\"", m); /* o of the milestone */
    yes(&f, "m.number = \"7-100000001\" and o.stage = 4 and d = 88", t);
    yes(&f, "any(m.tasks, t.live) and all(m.tasks, t.open)", m);
    yes(&f, "count(o.milestones, m.committed) = 1", o);
    yes(&f, "days(today(), p.forecast_date) = 7", m);
    yes(&f, "m.number in p.names and m.date > p.forecast_date", m);
    no(&f, "p.nothing < 3 or p.nothing >= 3", m);
    yes(&f, "m.missing_fields is empty and m.external_paths is not empty", m);
    yes(&f, "run.role = csam and u.role = csam and run.user = \"U-CSAM\"", m);
    yes(&f, "role(m) = csam and role(u) = csam and role(\"u-se@example.com\") = se", m);
    yes(&f, "due(5, m) = 2026-03-09 and due(5, o) = 2026-03-09", m);
    yes(&f, "owner_for(m, \"csa\") is not null and owner_for(m, \"isd\") is null", m);
    yes(&f, "rd(m, \"RD-CAP\") and rd_csam(m, \"RD-PATH\") and ready(m, \"RD-TASK\")", t);
    yes(&f, "recorded(o, \"agreement\") = yes and sig(o, \"agreement\") = yes", m);
    yes(&f, "t.done_when and sig(t, \"done_claim\") = unknown and sig(m, \"blocker\") = no", t);
    yes(&f, "overlap(\"analytics platform\", \"Contoso analytics tool\") = 0.5", m);
    yes(&f, "overlap(\"Contoso\", \"Contoso\") = 0", m); /* the customer's name does not count */
    yes(&f, "matches(\"blocker\", \"stuck on the firewall\") = yes", m);
    yes(&f, "issue(\"API latency\") = technical", m);
    no(&f, "t.open", m); /* no task is bound: null is not true */
    fx_close(&f);
}

static void tasks_in_conditions_left_out_or_failed(void **state)
{
    const struct msx_rec *m;
    struct fx f;

    (void)state;
    fx_open(&f);
    f.tasks_read = false;
    fx_build(&f);
    m = fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C);
    no(&f, "any(m.tasks, t.open)", m);
    no(&f, "m.live_tasks = 0", m);
    no(&f, "m.live_tasks > 0", m);
    msx_world_not_read(f.w, "tasks", NULL);
    assert_int_equal(msx_world_ready(f.w, NULL), MSX_OK);
    m = fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C);
    unknown(&f, "any(m.tasks, t.open)", m);
    unknown(&f, "m.live_tasks = 0", m);
    yes(&f, "m.live_tasks = 0 or m.committed", m);
    unknown(&f, "not m.recovery_plan", m);
    fx_close(&f);
}

static void unknown_names_are_errors_with_a_neighbour(void **state)
{
    static const char *const bad[][2] = {
        { "m.live_task = 0", "live_tasks" },       { "p.near_day = 1", "near_days" },
        { "duee(1, m) is null", "due" },           { "run.rol = x", "role" },
        { "sig(m, \"blocke\") = yes", "blocker" }, { "due(1) is null", "arguments" },
    };
    struct msx_cond_schema schema;
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_build(&f);
    msx_world_schema(f.w, &schema);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct msx_cond *c = NULL;
        struct msx_error err = MSX_ERROR_INIT;

        assert_int_equal(msx_cond_compile(bad[i][0], "test", &schema, &c, &err), MSX_E_INVALID);
        if (!strstr(err.msg, bad[i][1]) && !strstr(err.hint, bad[i][1]))
            fail_msg("'%s' does not name %s: %s", bad[i][0], bad[i][1], err.msg);
    }
    fx_close(&f);
}

/* A world with facts computed, as far as memory allows; frees all it got. */
static enum msx_code build_and_ask(struct fx *f)
{
    struct msx_world_config cfg = { .lexicon = f->lexicon,
                                    .roles = f->roles,
                                    .readiness = f->readiness,
                                    .params = f->params,
                                    .today = f->today,
                                    .tz = f->tz };
    struct msx_world *w = NULL;
    enum msx_code rc = msx_world_new(&cfg, &w, NULL);
    json_t *facts = NULL;

    if (!rc)
        rc = msx_world_add(w, MSX_K_OPP, f->opps, NULL);
    if (!rc)
        rc = msx_world_add(w, MSX_K_MILESTONE, f->milestones, NULL);
    if (!rc)
        rc = msx_world_add(w, MSX_K_MILESTONE, f->milestones, NULL); /* to be merged */
    if (!rc)
        rc = msx_world_add(w, MSX_K_TASK, f->tasks, NULL);
    if (!rc)
        rc = msx_world_add(w, MSX_K_USER, f->users, NULL);
    if (!rc)
        rc = msx_world_dealteams(w, f->team, NULL);
    if (!rc) {
        msx_world_tasks_read(w, FX_GOOD_C);
        msx_world_not_read(w, "tasks", FX_GOOD_U);
        msx_world_me(w, FX_PAR, NULL);
        rc = msx_world_ready(w, NULL);
    }
    if (!rc) {
        facts = msx_rec_facts_json(msx_world_find(w, MSX_K_MILESTONE, FX_GOOD_C));
        json_decref(facts);
        rc = facts ? msx_world_failed(w, NULL) : MSX_E_NOMEM;
    }
    if (!rc && msx_rec_ready(msx_world_find(w, MSX_K_MILESTONE, FX_GOOD_C), "RD-RISK", false,
                             NULL) != MSX_YES)
        rc = MSX_E_INVALID;
    msx_world_free(w);
    return rc;
}

static void memory_may_end_anywhere(void **state)
{
    enum msx_code rc;
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_str(json_array_get(f.users, 5), "title", "CSA/CSAM Manager"); /* a gap to be written */
    FOR_EACH_FAILED_ALLOCATION(rc, rc = build_and_ask(&f));
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_linked),
        cmocka_unit_test(lookups_in_other_spellings_and_to_nowhere),
        cmocka_unit_test(two_reads_of_one_record_merge),
        cmocka_unit_test(a_record_without_id_is_refused),
        cmocka_unit_test(order_of_reads_does_not_matter),
        cmocka_unit_test(gaps_are_recorded_once),
        cmocka_unit_test(facts_have_names_and_neighbours),
        cmocka_unit_test(conditions_over_records),
        cmocka_unit_test(tasks_in_conditions_left_out_or_failed),
        cmocka_unit_test(unknown_names_are_errors_with_a_neighbour),
        cmocka_unit_test(memory_may_end_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
