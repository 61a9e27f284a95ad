/* References, labels, arguments, schemas and diffs. */
#include "test.h"

#include "crm_world.h"

static enum msx_code resolve(enum msx_ref_kind kind, const char *ref, char out[37],
                             struct msx_error *e)
{
    *e = (struct msx_error)MSX_ERROR_INIT;
    out[0] = '\0';
    return msx_ref_resolve(&crm, kind, ref, out, e);
}

static void references_come_in_every_form(void **state)
{
    struct msx_error e;
    char id[37];

    (void)state;
    assert_int_equal(resolve(MSX_REF_TASK, "{C1000000-0000-4000-8000-000000000001}", id, &e), 0);
    assert_string_equal(id, T1);
    assert_int_equal(json_array_size(fake.log), 0);
    assert_int_equal(resolve(MSX_REF_MILESTONE, "7-100000003", id, &e), 0);
    assert_string_equal(id, M3);
    assert_int_equal(resolve(MSX_REF_OPPORTUNITY, "ZETA EXIT", id, &e), 0);
    assert_string_equal(id, O1);
    assert_int_equal(resolve(MSX_REF_ACCOUNT, "\xc3\x84pfel O'Brien", id, &e), 0);
    assert_string_equal(id, A2);
    assert_int_equal(resolve(MSX_REF_USER, "bo@x.example", id, &e), 0);
    assert_string_equal(id, OTHER);
    assert_int_equal(resolve(MSX_REF_USER, "me", id, &e), 0);
    assert_string_equal(id, ME);
}

static void record_urls_are_of_this_organisation_and_table(void **state)
{
#define URL "https://org.crm.dynamics.com/main.aspx?appid=x&pagetype=entityrecord&etn="
    struct msx_error e;
    char id[37];

    (void)state;
    assert_int_equal(resolve(MSX_REF_MILESTONE,
                             URL "msp_engagementmilestone&id=%7BB1000000-0000-4000-8000-"
                                 "000000000001%7D#x",
                             id, &e),
                     0);
    assert_string_equal(id, M1);
    assert_int_equal(
        resolve(MSX_REF_TASK, "https://org.crm.dynamics.com/api/data/v9.2/tasks(" T1 ")", id, &e),
        0);
    assert_string_equal(id, T1);
    assert_int_equal(resolve(MSX_REF_MILESTONE, URL "task&id=" T1, id, &e), MSX_E_USAGE);
    assert_int_equal(resolve(MSX_REF_TASK, URL "task&id=%7", id, &e), MSX_E_USAGE);
    assert_int_equal(resolve(MSX_REF_TASK, URL "task", id, &e), MSX_E_USAGE);
    assert_int_equal(
        resolve(MSX_REF_TASK, "https://evil.example/main.aspx?etn=task&id=" T1, id, &e),
        MSX_E_USAGE);
    assert_non_null(strstr(e.msg, "another organisation"));
    assert_string_equal(id, "");
}

static void a_name_that_fits_several_is_never_guessed(void **state)
{
    struct msx_error e;
    char id[37];

    (void)state;
    json_object_set_new(json_array_get(json_object_get(fake.tables, "opportunities"), 2), "name",
                        json_string("zeta exit"));
    assert_int_equal(resolve(MSX_REF_OPPORTUNITY, "Zeta exit", id, &e), MSX_E_AMBIGUOUS);
    assert_non_null(strstr(e.msg, O1));
    assert_non_null(strstr(e.msg, O3));
    assert_int_equal(resolve(MSX_REF_OPPORTUNITY, "exit", id, &e), MSX_E_AMBIGUOUS);
    assert_non_null(strstr(e.msg, O3));
    assert_int_equal(resolve(MSX_REF_MILESTONE, "no such thing", id, &e), MSX_E_NOTFOUND);
    assert_int_equal(resolve(MSX_REF_MILESTONE, "7-999", id, &e), MSX_E_NOTFOUND);
    assert_int_equal(resolve(MSX_REF_TASK, "7-999", id, &e), MSX_E_USAGE);
    assert_int_equal(resolve(MSX_REF_TASK, "  ", id, &e), MSX_E_USAGE);
    assert_string_equal(id, "");
    /* a part that only one name has is as good as the name */
    assert_int_equal(resolve(MSX_REF_MILESTONE, "landing", id, &e), MSX_OK);
    assert_string_equal(id, M1);
}

static void many_numbers_are_one_request(void **state)
{
    struct msx_error e = MSX_ERROR_INIT;
    json_t *refs = json_pack("[s,s,s,s]", "7-100000003", M4, "7-100000001", "7-100000003");
    json_t *bad = json_pack("[s,s]", "7-100000003", "7-5");
    json_t *guids = NULL;

    (void)state;
    assert_int_equal(msx_ref_resolve_all(&crm, MSX_REF_MILESTONE, refs, &guids, &e), MSX_OK);
    assert_int_equal(json_array_size(fake.log), 1);
    assert_int_equal(json_array_size(guids), 4);
    assert_string_equal(json_string_value(json_array_get(guids, 0)), M3);
    assert_string_equal(json_string_value(json_array_get(guids, 1)), M4);
    assert_string_equal(json_string_value(json_array_get(guids, 2)), M2);
    assert_string_equal(json_string_value(json_array_get(guids, 3)), M3);
    json_decref(guids);
    guids = NULL;
    assert_int_equal(msx_ref_resolve_all(&crm, MSX_REF_MILESTONE, bad, &guids, &e), MSX_E_NOTFOUND);
    assert_non_null(strstr(e.msg, "7-5"));
    assert_null(guids);
    json_decref(refs);
    json_decref(bad);
}

static void labels_and_codes_go_both_ways(void **state)
{
    struct msx_error e = MSX_ERROR_INIT;
    json_int_t code = 0;
    char *label = NULL;

    (void)state;
    assert_int_equal(msx_label_code(&crm, "task", "statuscode", " CANCELLED ", &code, &e), 0);
    assert_int_equal(code, 6); /* this organisation writes Canceled */
    assert_int_equal(msx_label_code(&crm, "task", "statuscode", "3", &code, &e), 0);
    assert_int_equal(code, 3);
    assert_int_equal(msx_label_code(&crm, "task", "statuscode", "99", &code, &e), MSX_E_USAGE);
    assert_int_equal(
        msx_label_code(&crm, "msp_engagementmilestone", "msp_milestonestatus", "activ", &code, &e),
        0);
    assert_int_equal(code, 861980009);
    assert_int_equal(msx_label_code(&crm, "msp_engagementmilestone", "msp_commitmentrecommendation",
                                    "committed", &code, &e),
                     0);
    assert_int_equal(code, 861980001); /* documented, since metadata does not tell */
    assert_int_equal(msx_code_label(&crm, "task", "statuscode", 2, &label, &e), 0);
    assert_string_equal(label, "Not Started");
    msx_free(label);
    assert_int_equal(msx_code_label(&crm, "task", "statuscode", 77, &label, &e), 0);
    assert_string_equal(label, "77");
    msx_free(label);
}

static void arguments_are_checked_against_the_table(void **state)
{
    struct msx_error e;

    (void)state;
    assert_int_equal(call_error("get_milestone", "{}", &e), MSX_E_USAGE);
    assert_non_null(strstr(e.hint, "get_milestones"));
    assert_int_equal(call_error("get_milestones", "{\"customerKeyward\":\"x\"}", &e), MSX_E_USAGE);
    assert_non_null(strstr(e.hint, "customerKeyword"));
    assert_int_equal(call_error("get_milestones", "{\"mine\":\"yes\"}", &e), MSX_E_USAGE);
    assert_int_equal(call_error("get_milestones", "{\"milestoneId\":\"7-100000001\"}", &e),
                     MSX_E_USAGE);
    assert_non_null(strstr(e.hint, "milestoneNumber"));
    assert_int_equal(call_error("get_milestones", "{\"statusFilter\":\"activ\"}", &e), MSX_E_USAGE);
    assert_non_null(strstr(e.hint, "active"));
    assert_int_equal(call_error("get_milestones", "{\"fromDate\":\"2026-02-30\"}", &e),
                     MSX_E_USAGE);
    assert_int_equal(call_error("get_milestones", "{\"mine\":true,\"ownerId\":\"" OTHER "\"}", &e),
                     MSX_E_USAGE);
    assert_int_equal(call_error("get_milestones", "{\"mine\":false}", &e), MSX_E_USAGE);
    assert_int_equal(call_error("crm_get_record", "{\"entitySet\":\"tasks\"}", &e), MSX_E_USAGE);
    assert_non_null(strstr(e.msg, "'id'"));
    assert_int_equal(call_error("get_milestones", "[]", &e), MSX_E_USAGE);
    assert_int_equal(call_error("get_milestones", "{\"milestoneId\":null}", &e), MSX_OK);
    assert_int_equal(call_error("get_milestones", "{\"milestoneNumber\":\"7-1' or 1 eq 1\"}", &e),
                     MSX_E_USAGE);
}

static void every_tool_has_a_sound_declaration(void **state)
{
    (void)state;
    for (const struct msx_tool *const *t = msx_tools(); *t; t++) {
        json_t *schema = msx_tool_schema(*t);

        assert_non_null(schema);
        assert_ptr_equal(msx_tool_find((*t)->name), *t);
        assert_true((*t)->title && (*t)->doc && (*t)->result && (*t)->fn);
        for (const struct msx_param *p = (*t)->params; p->name; p++) {
            assert_non_null(p->doc);
            assert_non_null(json_object_get(
                json_object_get(json_object_get(schema, "properties"), p->name), "description"));
            for (const struct msx_param *q = p + 1; q->name; q++)
                assert_string_not_equal(p->name, q->name);
        }
        assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
        json_decref(schema);
    }
    assert_null(msx_tool_find("no_such_tool"));
}

static void a_diff_names_what_changes_and_how(void **state)
{
    json_t *r = call("view_staged_changes_diff",
                     "{\"before\":{\"b\":1,\"a\":\"x\",\"gone\":true,\"same\":[1]},"
                     "\"after\":{\"b\":2,\"a\":null,\"new\":0,\"same\":[1]},\"context\":\"why\"}");
    json_t *rows = json_object_get(r, "rows");

    (void)state;
    assert_int_equal(json_array_size(rows), 4);
    assert_string_equal(id_at(rows, 0, "field"), "a");
    assert_string_equal(id_at(rows, 0, "changeType"), "removed");
    assert_string_equal(id_at(rows, 1, "changeType"), "updated");
    assert_string_equal(id_at(rows, 2, "field"), "gone");
    assert_string_equal(id_at(rows, 2, "changeType"), "removed");
    assert_string_equal(id_at(rows, 3, "changeType"), "added");
    assert_string_equal(msx_json_str(r, "context"), "why");
    json_decref(r);
}

static void rows_show_labels_only_where_both_sides_have_them(void **state)
{
    json_t *before = json_pack("{s:i,s:s,s:s,s:s,s:i,s:s,s:i}", "use", 2500, "use" F, "2,500.00",
                               "due", "2026-12-15", "due" F, "12/15/2026", "status", 1, "status" F,
                               "On Track", "other", 1);
    json_t *after = json_pack("{s:i,s:s,s:s,s:i,s:s}", "use", 5, "due", "2026-02-18T12:00:00Z",
                              "due" F, "2/18/2026", "status", 2, "status" F, "At Risk");
    json_t *rows = msx_op_rows(before, after);

    (void)state;
    assert_int_equal(json_array_size(rows), 3); /* "other" is not written */
    assert_string_equal(id_at(rows, 0, "before"), "2026-12-15");
    assert_string_equal(id_at(rows, 0, "after"), "2026-02-18");
    assert_string_equal(id_at(rows, 1, "after"), "At Risk");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 1), "afterValue")), 2);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 2), "before")), 2500);
    assert_null(json_object_get(json_array_get(rows, 2), "beforeValue"));
    json_decref(rows);
    rows = msx_diff_rows(before, after);
    assert_int_equal(json_array_size(rows), 4);
    json_decref(rows);
    json_decref(before);
    json_decref(after);
}

static void search_ignores_case_beyond_ascii(void **state)
{
    (void)state;
    assert_true(msx_crm_contains("M\xc3\x9cLLER \xce\x91\xce\x92", "m\xc3\xbcller \xce\xb1"));
    assert_true(msx_crm_contains("abc", ""));
    assert_true(msx_crm_contains("abc", "C"));
    assert_false(msx_crm_contains("abc", "abcd"));
    assert_false(msx_crm_contains(NULL, "a"));
    assert_true(msx_crm_contains("\xd0\x9c\xd0\x98\xd0\xa0", "\xd0\xbc\xd0\xb8\xd1\x80"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(references_come_in_every_form),
        T(record_urls_are_of_this_organisation_and_table),
        T(a_name_that_fits_several_is_never_guessed),
        T(many_numbers_are_one_request),
        T(labels_and_codes_go_both_ways),
        T(arguments_are_checked_against_the_table),
        T(every_tool_has_a_sound_declaration),
        T(a_diff_names_what_changes_and_how),
        T(rows_show_labels_only_where_both_sides_have_them),
        T(search_ignores_case_beyond_ascii),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
