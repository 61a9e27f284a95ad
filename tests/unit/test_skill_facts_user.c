/* Roles of users, owners and due dates of proposed work (catalog 1.6, 4.0.4, 4.0.5). */
#include "fixture_catalog.h"

static void titles_give_roles(void **state)
{
    static const char *const titles[][2] = {
        { "Digital Specialist", "specialist" },
        { "Senior SOLUTION engineer", "se" },
        { "Technical Specialist", "se" },
        { "Support Specialist", "unknown" },
        { "Azure Technical Specialist, Data", "se" },
        { "Cloud Solution Architect", "csa" },
        { "Principal Cloud Solutions Architect (Apps)", "csa" },
        { "Customer Success Account Manager", "csam" },
        { "Customer Success Manager", "csam" },
        { "Customer Success", "unknown" },
        { "Account Executive", "atu" },
        { "Account Technology Strategist", "atu" },
        { "Senior Consultant", "isd" },
        { "Consultants Lead", "unknown" }, /* whole words only */
        { "Support Engineer", "unified" },
        { "Partner Practice Lead", "partner" },
        { "CSA/CSAM Manager", "unknown" },
        { "csa", "csa" },
        { "CSAs", "unknown" },
        { "", "unknown" },
    };
    struct fx f;

    (void)state;
    fx_open(&f);
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        json_t *r = msx_role_of_title(f.roles, titles[i][0]);

        assert_string_equal(msx_json_str(r, "name"), titles[i][1]);
        json_decref(r);
    }
    fx_close(&f);
}

static void several_rows_are_candidates_in_table_order(void **state)
{
    json_t *r;
    struct fx f;

    (void)state;
    fx_open(&f);
    r = msx_role_of_title(f.roles, "CSA/CSAM Manager");
    assert_string_equal(msx_json_str(r, "confidence"), "low");
    assert_int_equal(json_array_size(msx_json_arr(r, "candidates")), 2);
    assert_string_equal(msx_json_str(json_array_get(msx_json_arr(r, "candidates"), 0), "role"),
                        "csam");
    assert_string_equal(msx_json_str(json_array_get(msx_json_arr(r, "candidates"), 1), "phrase"),
                        "csa");
    json_decref(r);
    r = msx_role_of_title(f.roles, "Digital Specialist");
    assert_string_equal(msx_json_str(r, "confidence"), "high");
    json_decref(r);
    r = msx_role_of_title(f.roles, NULL);
    assert_string_equal(msx_json_str(r, "confidence"), "none");
    json_decref(r);
    fx_close(&f);
}

static void roles_that_are_not_known_are_gaps(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    fx_build(&f);
    assert_int_equal(fx_gaps(&f, "role_unknown", NULL, NULL), 0);
    fx_str(json_array_get(f.users, 3), "title", "CSA/CSAM Manager");
    fx_str(json_array_get(f.users, 1), "title", "Juggler");
    fx_str(json_array_get(f.users, 4), "title", "Nobody asks"); /* owns nothing, on no team */
    fx_build(&f);
    assert_int_equal(fx_gaps(&f, "role_ambiguous", "csam, csa", FX_CSAM), 1);
    assert_int_equal(fx_gaps(&f, "role_unknown", "Juggler", FX_SE), 1);
    assert_int_equal(fx_gaps(&f, "role_unknown", NULL, NULL), 1);
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "owner_role", "unknown");
    f.role = "csam"; /* --role is the running user's */
    fx_build(&f);
    assert_int_equal(fx_gaps(&f, "role_ambiguous", NULL, NULL), 0);
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "owner_role", "csam");
    f.me = FX_SPEC;
    fx_build(&f);
    assert_int_equal(fx_gaps(&f, "role_ambiguous", NULL, NULL), 1);
    fx_is(fx_rec(&f, MSX_K_USER, FX_SPEC), "role", "csam");
    fx_close(&f);
}

static void the_users_file_wins_over_titles(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    json_object_set_new(f.roles, "users",
                        json_pack("{s:s,s:s}", "E0000000-0000-0000-0000-000000000001", "atu",
                                  "u-se@example.com", "csa"));
    fx_build(&f);
    fx_is(fx_rec(&f, MSX_K_USER, FX_SPEC), "role", "atu");
    fx_is(fx_rec(&f, MSX_K_USER, FX_SE), "role", "csa");
    fx_is(fx_rec(&f, MSX_K_USER, FX_CSAM), "role", "csam");
    fx_close(&f);
}

static void users_that_failed_make_roles_not_read(void **state)
{
    struct fx f;

    (void)state;
    fx_open(&f);
    json_array_clear(f.users);
    f.me = NULL;
    fx_build(&f);
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "owner_role", "unknown");
    msx_world_not_read(f.w, "users", NULL);
    assert_int_equal(msx_world_ready(f.w, NULL), MSX_OK);
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "owner_role", "not read");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "missing_owner", "no");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_C), "split", "");
    fx_is(fx_rec(&f, MSX_K_MILESTONE, FX_GOOD_U), "split", "not read");
    fx_close(&f);
}

static const char *due(struct fx *f, int n, const char *date)
{
    static char out[11];

    fx_str(f->good_c, "msp_milestonedate", date);
    fx_build(f);
    msx_day_format(msx_world_due(f->w, n, fx_rec(f, MSX_K_MILESTONE, FX_GOOD_C)), out);
    return out;
}

static void due_dates(void **state)
{
    static const struct {
        int n;
        const char *date, *want;
    } cases[] = {
        { 1, NULL, "2026-03-03" },         { 2, NULL, "2026-03-04" },
        { 3, NULL, "2026-03-05" },         { 5, NULL, "2026-03-09" },
        { 10, NULL, "2026-03-16" },        { 5, "2026-03-07", "2026-03-06" },
        { 5, "2026-03-08", "2026-03-06" }, { 5, "2026-03-02", "2026-03-09" },
        { 5, "2026-03-01", "2026-03-09" }, { 5, "2026-03-09", "2026-03-09" },
        { 5, "2026-03-04", "2026-03-04" }, { 5, "2026-03-03", "2026-03-03" },
        { 2, "2026-03-20", "2026-03-04" },
    };
    char out[11];
    struct fx f;

    (void)state;
    fx_open(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(due(&f, cases[i].n, cases[i].date), cases[i].want);
    f.today = msx_day_parse("2026-03-06"); /* a Friday; moved back, the date is not after today */
    assert_string_equal(due(&f, 5, "2026-03-07"), "2026-03-09");
    msx_day_format(msx_world_due(f.w, 3, NULL), out);
    assert_string_equal(out, "2026-03-11");
    fx_close(&f);
}

static const char *owner(struct fx *f, const char *role)
{
    const struct msx_rec *u;

    fx_build(f);
    u = msx_world_owner_for(f->w, fx_rec(f, MSX_K_MILESTONE, FX_GOOD_C), role);
    return u ? msx_rec_id(u) : "-";
}

static void owners_step_by_step(void **state)
{
    static const char second[] = "e0000000-0000-0000-0000-000000000014";
    struct fx f;

    (void)state;
    fx_open(&f);
    assert_string_equal(owner(&f, "csa"), FX_CSA); /* 2: the only one on the team */
    assert_string_equal(owner(&f, "partner"), "-");
    assert_int_equal(fx_gaps(&f, "owner_unresolved", "partner", "7-100000001"), 1);
    json_object_set_new(f.set, "", json_pack("{s:s}", "owner.csa", "u-atu@example.com"));
    assert_string_equal(owner(&f, "csa"), FX_ATU); /* 1: --set, by e-mail */
    json_object_set_new(f.set, "7-100000001", json_pack("{s:s}", "owner.csa", FX_PAR));
    assert_string_equal(owner(&f, "csa"), FX_PAR);
    json_object_clear(f.set);
    fx_user(&f, second, "U-CSAM2", "Customer Success Account Manager");
    json_array_append_new(f.team, json_pack("{s:s,s:s}", "_msp_dealteamuserid_value", second,
                                            "_msp_parentopportunityid_value", FX_O1));
    assert_string_equal(owner(&f, "csam"), FX_CSAM); /* 3: two on the team, one owns it */
    fx_str(f.good_c, "_ownerid_value", FX_SPEC);
    f.me = FX_SPEC;
    assert_string_equal(owner(&f, "csam"), "-");
    fx_str(f.o1, "_ownerid_value", second);
    assert_string_equal(owner(&f, "csam"), second); /* 4: the opportunity's owner */
    fx_str(f.o1, "_ownerid_value", FX_SPEC);
    f.me = FX_CSAM;
    assert_string_equal(owner(&f, "csam"), FX_CSAM); /* 5: the running user */
    f.me = FX_SPEC;
    json_object_set_new(json_array_get(f.users, 6), "isdisabled", json_true());
    assert_string_equal(owner(&f, "csam"), FX_CSAM); /* a disabled user is no candidate */
    fx_close(&f);
}

static void an_owner_set_by_guid_needs_no_record(void **state)
{
    static const char guid[] = "e0000000-0000-0000-0000-0000000000ff";
    struct fx f;

    (void)state;
    fx_open(&f);
    json_object_set_new(f.set, "", json_pack("{s:s}", "owner.csa", guid));
    assert_string_equal(owner(&f, "csa"), guid);
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(titles_give_roles),
        cmocka_unit_test(several_rows_are_candidates_in_table_order),
        cmocka_unit_test(roles_that_are_not_known_are_gaps),
        cmocka_unit_test(the_users_file_wins_over_titles),
        cmocka_unit_test(users_that_failed_make_roles_not_read),
        cmocka_unit_test(due_dates),
        cmocka_unit_test(owners_step_by_step),
        cmocka_unit_test(an_owner_set_by_guid_needs_no_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
