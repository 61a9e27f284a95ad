/* Plan documents: what is accepted, what a confirmation covers, dropping, merging, comparing; and
 * the chain of the audit log. */
#include "plan_sim.h"

static struct sim *S;
static struct msx_plan *P;
static struct msx_error E;

static int setup(void **state)
{
    (void)state;
    S = sim_new();
    P = sim_plan();
    sim_fill(S);
    sim_update(S, P, "update_milestone", 1, json_pack("{s:s}", "msp_milestonedate", "2026-12-15"));
    sim_create_task(P, 201, "unblock");
    sim_depends(sim_create_task(P, 202, "follow up"), "OP-2");
    E = (struct msx_error)MSX_ERROR_INIT;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    msx_plan_free(P);
    sim_free(S);
    return 0;
}

/* Sets the value at a dotted path (numbers index arrays), checks that the plan is refused and that
 * the message names what is asked. value NULL removes. */
static void refuse(const char *path, json_t *value, const char *says)
{
    json_t *doc = json_deep_copy(P->doc), *at = doc;
    char part[64];
    struct msx_error err = MSX_ERROR_INIT;
    const char *dot;

    while ((dot = strchr(path, '/')) != NULL) {
        snprintf(part, sizeof part, "%.*s", (int)(dot - path), path);
        at = json_is_array(at) ? json_array_get(at, (size_t)atol(part)) : json_object_get(at, part);
        assert_non_null(at);
        path = dot + 1;
    }
    if (value)
        json_object_set_new(at, path, value);
    else
        json_object_del(at, path);
    if (msx_plan_check(doc, &err) != MSX_E_INVALID)
        fail_msg("'%s' was accepted", path);
    if (!strstr(err.msg, says))
        fail_msg("'%s' does not say '%s'", err.msg, says);
    json_decref(doc);
}

static void accepts_what_is_right(void **state)
{
    (void)state;
    assert_int_equal(msx_plan_check(P->doc, &E), MSX_OK);
    json_object_set_new(P->doc, "ourOwn", json_pack("[i]", 1));
    json_object_set_new(plan_find(P->doc, "OP-1"), "ticket", json_string("T-1"));
    assert_int_equal(msx_plan_check(P->doc, &E), MSX_OK);
}

static void refuses_a_bad_head(void **state)
{
    (void)state;
    refuse("format", json_string("terraform"), "not a plan");
    refuse("format", NULL, "not a plan");
    refuse("version", json_integer(0), "'version'");
    refuse("version", json_string("1"), "'version'");
    refuse("version", json_integer(2), "newer");
    refuse("org", json_string("not a url at all"), "'org'");
    refuse("org", json_string("https://contoso.crm.dynamics.com/main.aspx"), "'org'");
    refuse("org", NULL, "'org'");
    refuse("user", json_string("ann"), "'user'");
    refuse("user/id", json_string("ann"), "'user'");
    refuse("planId", json_string("x"), "'planId'");
    refuse("operations", json_object(), "'operations'");
    refuse("nextId", json_integer(0), "'nextId'");
    refuse("nextId", json_integer(3), "OP-3");
    refuse("role", json_integer(3), "'role'");
    assert_int_equal(msx_plan_check(NULL, &E), MSX_E_INVALID);
}

static void refuses_bad_operations(void **state)
{
    (void)state;
    refuse("operations/0/id", json_string("OP-01"), "operation 1: 'id'");
    refuse("operations/0/id", json_string("OP-2"), "OP-2: 'id' is there twice");
    refuse("operations/0/id", json_string("OP-1234567890"), "'id'");
    refuse("operations/0/type", json_string("delete_task"), "OP-1: 'type'");
    refuse("operations/0/type", NULL, "OP-1: 'type'");
    refuse("operations/0/target/entitySet", json_string("tasks"), "OP-1: 'target.entitySet'");
    refuse("operations/0/target/id", json_string("{00000000-0000-4000-8000-000000000001}"),
           "OP-1: 'target.id'");
    refuse("operations/0/target/name", json_integer(1), "'target.name'");
    refuse("operations/0/context", json_string("x"), "'context'");
    refuse("operations/0/before", json_null(), "OP-1: 'before'");
    refuse("operations/0/before/@odata.etag", NULL, "@odata.etag");
    refuse("operations/0/before/@odata.etag", json_string("W/\"1\"\r\nX: y"), "@odata.etag");
    refuse("operations/0/after", json_object(), "nothing to write");
    refuse("operations/0/after/modifiedon", json_string("2026-01-01"), "cannot write 'modifiedon'");
    refuse("operations/0/after/statecode", json_integer(1), "cannot write 'statecode'");
    refuse("operations/0/after/ownerid@odata.bind", json_string("/systemusers(x)"),
           "no value beside it");
    refuse("operations/0/after/msp_x@note", json_string("label"), "no value beside it");
    refuse("operations/0/after/msp_x", json_array(), "'after.msp_x'");
    refuse("operations/0/after/msp_x", json_stringn("a\0b", 3), "'after.msp_x'");
    refuse("operations/0/after/_ownerid_value", json_string("ann"), "'after._ownerid_value'");
    refuse("operations/1/after/statuscode", json_integer(5), "cannot write 'statuscode'");
    refuse("operations/0/guard", json_pack("[i]", 1), "'guard'");
    refuse("operations/0/guardrails", json_pack("[{s:s}]", "id", "GX-01"), "'guardrails'");
    refuse("operations/0/dependsOn", json_pack("[s]", "OP-9"), "'OP-9'");
    refuse("operations/0/dependsOn", json_pack("[s]", "OP-1"), "circle");
    refuse("operations/1/dependsOn", json_pack("[s]", "OP-3"), "circle");
    refuse("operations/2/target/id", json_string("00000000-0000-4000-8000-000000000201"),
           "made by another");
    refuse("operations/0/why", json_integer(1), "'why'");
}

static void limits(void **state)
{
    json_t *ops = json_object_get(P->doc, "operations"), *all;
    char *big = malloc((256 << 10) + 2);

    (void)state;
    assert_non_null(big);
    memset(big, 'x', (256 << 10) + 1);
    big[(256 << 10) + 1] = '\0';
    refuse("operations/0/after/msp_forecastcomments", json_string(big), "msp_forecastcomments");
    big[256 << 10] = '\0';
    json_object_set_new(json_object_get(plan_find(P->doc, "OP-1"), "after"), "msp_forecastcomments",
                        json_string(big));
    assert_int_equal(msx_plan_check(P->doc, &E), MSX_OK);
    free(big);
    for (int i = (int)json_array_size(ops); i < MSX_PLAN_MAX_OPS; i++)
        sim_depends(sim_create_task(P, 1000 + i, "t"), "OP-3");
    assert_int_equal(msx_plan_check(P->doc, &E), MSX_OK);
    /* one for which all others wait is taken back after all of them */
    all = json_array();
    for (int i = 1; i < MSX_PLAN_MAX_OPS; i++)
        json_array_append_new(all, json_sprintf("OP-%d", i));
    json_object_set_new(json_array_get(ops, MSX_PLAN_MAX_OPS - 1), "dependsOn", all);
    assert_int_equal(msx_plan_check(P->doc, &E), MSX_OK);
    sim_create_task(P, 9999, "one too many");
    assert_int_equal(msx_plan_check(P->doc, &E), MSX_E_INVALID);
}

static void deep_dependencies(void **state)
{
    (void)state;
    for (int i = 4; i <= MSX_PLAN_MAX_OPS; i++) {
        char before[24];

        snprintf(before, sizeof before, "OP-%d", i - 1);
        sim_depends(sim_create_task(P, 1000 + i, "t"), before);
    }
    assert_int_equal(msx_plan_check(P->doc, &E), MSX_OK);
    sim_depends(plan_find(P->doc, "OP-2"), "OP-2000");
    assert_int_equal(msx_plan_check(P->doc, &E), MSX_E_INVALID);
}

static void round_trip_keeps_everything(void **state)
{
    struct msx_plan *again = NULL;
    char path[128];

    (void)state;
    snprintf(path, sizeof path, "%s/a.plan.json", S->dir);
    P->path = msx_strdup(path);
    json_object_set_new(P->doc, "ourOwn", json_pack("{s:f}", "x", 0.1));
    json_object_set_new(plan_find(P->doc, "OP-2"), "ticket", json_string("T\u00e9"));
    assert_int_equal(msx_plan_save(P, &E), MSX_OK);
    assert_int_equal(msx_plan_load(path, &again, &E), MSX_OK);
    assert_true(json_equal(P->doc, again->doc));
    msx_plan_free(again);
    assert_int_equal(msx_plan_load("/nonexistent/x.json", &again, &E), MSX_E_NOTFOUND);
}

static void cut_files_are_refused(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT((size_t)1 << 20);
    char path[128];

    (void)state;
    snprintf(path, sizeof path, "%s/a.plan.json", S->dir);
    P->path = msx_strdup(path);
    assert_int_equal(msx_plan_save(P, &E), MSX_OK);
    assert_int_equal(msx_file_read(path, &text, &E), MSX_OK);
    for (size_t n = 0; n + 2 < text.len; n += 7) {
        struct msx_plan *cut = NULL;

        assert_int_equal(msx_file_replace(path, text.data, n, 0600, &E), MSX_OK);
        assert_int_equal(msx_plan_load(path, &cut, &E), MSX_E_INVALID);
        assert_null(cut);
    }
}

/* ---- confirmation ---- */

static void confirm(char out[13])
{
    assert_int_equal(msx_plan_confirmation(P->doc, NULL, 0, out, &E), MSX_OK);
}

static void every_edit_changes_the_confirmation(void **state)
{
    static const char *const members[] = { "why", "impact", "risk", "unheard-of" };
    char first[13], now[13];
    json_t *op = plan_find(P->doc, "OP-1");

    (void)state;
    confirm(first);
    assert_int_equal(strlen(first), 12);
    assert_int_equal(strspn(first, "0123456789abcdef"), 12);
    for (size_t i = 0; i < 4; i++) {
        json_object_set_new(op, members[i], json_string("because"));
        confirm(now);
        assert_string_not_equal(first, now);
        json_object_del(op, members[i]);
    }
    json_object_set_new(P->doc, "nextId", json_integer(4)); /* neither sent nor shown */
    confirm(now);
    assert_string_equal(first, now);
    json_object_set_new(P->doc, "org", json_string("https://other.crm.dynamics.com"));
    confirm(now);
    assert_string_not_equal(first, now);
}

static void order_of_members_does_not_matter(void **state)
{
    char first[13], now[13];
    json_t *after = json_object_get(plan_find(P->doc, "OP-2"), "after"), *v;

    (void)state;
    confirm(first);
    v = json_incref(json_object_get(after, "subject"));
    json_object_del(after, "subject");
    json_object_set_new(after, "subject", v);
    confirm(now);
    assert_string_equal(first, now);
}

static void confirmation_of_some(void **state)
{
    const char *const two[] = { "OP-1", "OP-2" }, *const swapped[] = { "OP-2", "OP-1" };
    const char *const none[] = { "OP-7" };
    char all[13], a[13], b[13];

    (void)state;
    confirm(all);
    assert_int_equal(msx_plan_confirmation(P->doc, two, 2, a, &E), MSX_OK);
    assert_int_equal(msx_plan_confirmation(P->doc, swapped, 2, b, &E), MSX_OK);
    assert_string_not_equal(all, a);
    assert_string_equal(a, b);
    json_object_set_new(plan_find(P->doc, "OP-3"), "why", json_string("x"));
    assert_int_equal(msx_plan_confirmation(P->doc, two, 2, b, &E), MSX_OK);
    assert_string_equal(a, b); /* what is not in scope may change */
    assert_int_equal(msx_plan_confirmation(P->doc, none, 1, b, &E), MSX_E_NOTFOUND);
}

static void cards_show_what_is_sent(void **state)
{
    json_t *cards = NULL, *card, *row;
    char confirmation[13];

    (void)state;
    /* rows in the file that say something else are not believed */
    json_object_set_new(plan_find(P->doc, "OP-1"), "rows",
                        json_pack("[{s:s, s:s, s:s, s:s}]", "field", "msp_milestonedate", "before",
                                  "a", "after", "harmless", "changeType", "updated"));
    confirm(confirmation);
    assert_int_equal(msx_plan_cards(P, &cards, &E), MSX_OK);
    assert_string_equal(msx_json_str(cards, "confirmation"), confirmation);
    assert_int_equal(json_integer_value(json_object_get(cards, "count")), 3);
    card = json_array_get(json_object_get(cards, "cards"), 0);
    assert_int_equal(json_array_size(json_object_get(card, "rows")), 1);
    row = json_array_get(json_object_get(card, "rows"), 0);
    assert_string_equal(msx_json_str(row, "field"), "msp_milestonedate");
    assert_string_equal(msx_json_str(row, "before"), "2026-02-01");
    assert_string_equal(msx_json_str(row, "after"), "2026-12-15");
    json_decref(cards);
}

/* ---- dropping and merging ---- */

static void drop_takes_dependants(void **state)
{
    const char *const two[] = { "OP-2" }, *const unknown[] = { "OP-9" };
    json_t *dropped = NULL;

    (void)state;
    assert_int_equal(msx_plan_drop(P, unknown, 1, &dropped, &E), MSX_E_NOTFOUND);
    assert_null(dropped);
    assert_int_equal(msx_plan_drop(P, two, 1, &dropped, &E), MSX_OK);
    assert_int_equal(json_array_size(dropped), 2);
    assert_int_equal(json_array_size(json_object_get(P->doc, "operations")), 1);
    assert_int_equal(json_integer_value(json_object_get(P->doc, "nextId")), 4); /* not used again */
    json_decref(dropped);
    assert_int_equal(msx_plan_drop(P, NULL, 0, NULL, &E), MSX_OK);
    assert_int_equal(json_array_size(json_object_get(P->doc, "operations")), 0);
    assert_int_equal(msx_plan_check(P->doc, &E), MSX_OK);
}

static enum msx_code merge(struct msx_plan *with, enum plan_merge *m, json_t **into)
{
    json_t *op = json_array_get(json_object_get(with->doc, "operations"), 0);

    return plan_merge(P->doc, op, m, into, &E);
}

static void updates_of_a_record_become_one(void **state)
{
    struct msx_plan *q = sim_plan();
    enum plan_merge m;
    json_t *into = NULL, *after;

    (void)state;
    sim_edit(S, sim_guid(1), "msp_forecastcomments", json_string("changed since"));
    sim_update(S, q, "update_milestone", 1,
               json_pack("{s:s, s:f}", "msp_milestonedate", "2027-01-31", "msp_monthlyuse", 7.0));
    assert_int_equal(merge(q, &m, &into), MSX_OK);
    assert_int_equal(m, PLAN_MERGE_DONE);
    assert_string_equal(plan_op_id(into), "OP-1");
    after = json_object_get(into, "after");
    assert_string_equal(msx_json_str(after, "msp_milestonedate"), "2027-01-31");
    assert_int_equal(json_array_size(json_object_get(into, "guard")), 2);
    /* the newer reading's ETag, the first reading's values */
    assert_string_equal(
        msx_json_str(json_object_get(into, "before"), PLAN_ETAG),
        msx_json_str(json_object_get(plan_find(q->doc, "OP-1"), "before"), PLAN_ETAG));
    assert_string_equal(msx_json_str(json_object_get(into, "before"), "msp_forecastcomments"),
                        "as agreed");
    assert_int_equal(msx_plan_check(P->doc, &E), MSX_OK);
    msx_plan_free(q);
}

static void merge_sees_a_changed_record(void **state)
{
    struct msx_plan *q = sim_plan();
    enum plan_merge m;
    json_t *into = NULL;

    (void)state;
    sim_edit(S, sim_guid(1), "msp_milestonedate", json_string("2026-03-03"));
    sim_update(S, q, "update_milestone", 1, json_pack("{s:f}", "msp_monthlyuse", 7.0));
    assert_int_equal(merge(q, &m, &into), MSX_E_CONFLICT);
    assert_non_null(strstr(E.msg, "OP-1"));
    msx_plan_free(q);
}

static void setting_back_leaves_nothing(void **state)
{
    struct msx_plan *q = sim_plan();
    enum plan_merge m;
    json_t *into = NULL;

    (void)state;
    sim_update(S, q, "update_milestone", 1,
               json_pack("{s:s, s:s}", "msp_milestonedate", "2026-02-01",
                         "msp_milestonedate" PLAN_LABEL, "1 February"));
    assert_int_equal(merge(q, &m, &into), MSX_OK);
    assert_int_equal(m, PLAN_MERGE_EMPTY);
    msx_plan_free(q);
}

static void same_task_twice_is_one(void **state)
{
    struct msx_plan *q = sim_plan();
    enum plan_merge m;
    json_t *into = NULL;

    (void)state;
    sim_create_task(q, 777, " UN block");
    assert_int_equal(merge(q, &m, &into), MSX_OK);
    assert_int_equal(m, PLAN_MERGE_DONE);
    assert_string_equal(plan_target_id(into), sim_guid(201)); /* the id that was chosen first */
    msx_plan_free(q);
    q = sim_plan();
    sim_create_task(q, 778, "unblocked");
    assert_int_equal(merge(q, &m, &into), MSX_OK);
    assert_int_equal(m, PLAN_MERGE_NONE);
    msx_plan_free(q);
}

static void no_change_after_closing(void **state)
{
    struct msx_plan *q = sim_plan();
    enum plan_merge m;
    json_t *into = NULL;

    (void)state;
    sim_update(S, P, "close_task", 101, json_pack("{s:i, s:i}", "statecode", 1, "statuscode", 5));
    sim_update(S, q, "update_task", 101, json_pack("{s:s}", "subject", "x"));
    assert_int_equal(merge(q, &m, &into), MSX_E_CONFLICT);
    assert_non_null(strstr(E.msg, "OP-4"));
    msx_plan_free(q);
}

/* ---- values ---- */

static void same(const char *a, const char *b, bool want)
{
    json_t *x = json_loads(a, JSON_DECODE_ANY, NULL), *y = json_loads(b, JSON_DECODE_ANY, NULL);

    assert_non_null(x);
    assert_non_null(y);
    if (plan_value_same(x, y) != want || plan_value_same(y, x) != want)
        fail_msg("%s and %s are %sthe same", a, b, want ? "not " : "");
    json_decref(x);
    json_decref(y);
}

static void values(void **state)
{
    (void)state;
    same("null", "\"\"", true);
    same("null", "0", false);
    same("5", "5.0", true);
    same("5", "6", false);
    same("0.1", "0.1", true);
    same("1000.01", "1000.02", false);
    same("true", "1", false);
    same("\"a\\r\\nb\"", "\"a\\nb\"", true);
    same("\"a\\nb\"", "\"a b\"", false);
    same("\"a\"", "\"a \"", false);
    same("\"2026-12-15\"", "\"2026-12-15T00:00:00Z\"", true);
    same("\"2026-12-15\"", "\"2026-12-15T00:00:01Z\"", false);
    same("\"2026-12-15T01:00:00+01:00\"", "\"2026-12-15T00:00:00Z\"", true);
    same("\"2026-12-15\"", "\"2026-12-16\"", false);
    same("\"AAAAAAAA-0000-4000-8000-000000000001\"", "\"aaaaaaaa-0000-4000-8000-000000000001\"",
         true);
    same("\"5\"", "5", false);
}

/* ---- audit log ---- */

static enum msx_code verify(const char *text, size_t n, json_t **report)
{
    char path[128];

    snprintf(path, sizeof path, "%s/other.jsonl", S->dir);
    assert_int_equal(msx_file_replace(path, text, n, 0600, &E), MSX_OK);
    return msx_audit_verify(path, report, &E);
}

static void tampering_shows(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT((size_t)1 << 20);
    char path[128], *second, *third;
    json_t *report = NULL;

    (void)state;
    assert_int_equal(sim_apply(S, P, NULL, NULL, &E), MSX_OK);
    snprintf(path, sizeof path, "%s/audit.jsonl", S->dir);
    assert_int_equal(msx_audit_verify(path, &report, &E), MSX_OK);
    assert_int_equal(json_integer_value(json_object_get(report, "lines")), 5); /* begin 3 ops end */
    json_decref(report);
    assert_int_equal(msx_file_read(path, &text, &E), MSX_OK);
    assert_non_null(strstr(text.data, "\"requestId\":\"req-OP-1\""));
    second = strchr(text.data, '\n') + 1;
    third = strchr(second, '\n') + 1;

    report = NULL; /* a byte of the second line */
    second[30] ^= 1;
    assert_int_equal(verify(text.data, text.len, &report), MSX_E_INVALID);
    assert_int_equal(json_integer_value(json_object_get(report, "firstBad")), 3);
    json_decref(report);
    second[30] ^= 1;

    /* the second line gone */
    memmove(second, third, strlen(third) + 1);
    assert_int_equal(verify(text.data, strlen(text.data), NULL), MSX_E_INVALID);
    assert_non_null(strstr(E.msg, "line 2"));
    assert_int_equal(msx_audit_verify("/nonexistent", NULL, &E), MSX_E_NOTFOUND);
}

/* A crash tears the last line; the chain goes on over it. */
static void torn_line_is_a_link(void **state)
{
    char path[128];
    json_t *report = NULL;
    struct msx_plan *q = sim_plan();
    FILE *f;

    (void)state;
    assert_int_equal(sim_apply(S, P, NULL, NULL, &E), MSX_OK);
    snprintf(path, sizeof path, "%s/audit.jsonl", S->dir);
    f = fopen(path, "a");
    assert_non_null(f);
    fputs("{\"t\":\"operat", f);
    fclose(f);
    sim_update(S, q, "update_milestone", 2, json_pack("{s:f}", "msp_monthlyuse", 1.0));
    assert_int_equal(sim_apply(S, q, NULL, NULL, &E), MSX_OK);
    assert_int_equal(msx_audit_verify(path, &report, &E), MSX_OK);
    assert_int_equal(json_integer_value(json_object_get(report, "torn")), 1);
    json_decref(report);
    msx_plan_free(q);
}

static void a_blank_of_long_ago_is_not_this_operations(void **state)
{
    static const struct {
        const char *before, *after, *names;
    } rows[] = {
        { NULL, "due <<date>>", "<<date>>" },
        { "old <<name>>", "old <<name>>\nnew", "" },
        { "old <<name>>", "old <<name>>\nnew <<name>>", "<<name>>" },
        { "old <<name>>\nb", "old <<name>>\nb <<x>> and <<y>>", "<<x>>, <<y>>" },
        { "<<a", "<<a>>", "<<a>>" },                    /* it became one */
        { "same <<a>>", "same <<a>> longer", "<<a>>" }, /* the line is written anew */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1000);
        MSX_AUTO(msx_json_free_p)
        json_t *op = json_pack("{s:{s:s?}, s:{s:s}}", "before", "c", rows[i].before, "after", "c",
                               rows[i].after);

        assert_int_equal(plan_placeholders(op, &b), *rows[i].names != '\0');
        assert_string_equal(b.data, rows[i].names);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(accepts_what_is_right),
        T(refuses_a_bad_head),
        T(refuses_bad_operations),
        T(limits),
        T(deep_dependencies),
        T(round_trip_keeps_everything),
        T(cut_files_are_refused),
        T(every_edit_changes_the_confirmation),
        T(order_of_members_does_not_matter),
        T(confirmation_of_some),
        T(cards_show_what_is_sent),
        T(drop_takes_dependants),
        T(updates_of_a_record_become_one),
        T(merge_sees_a_changed_record),
        T(setting_back_leaves_nothing),
        T(same_task_twice_is_one),
        T(no_change_after_closing),
        T(values),
        T(a_blank_of_long_ago_is_not_this_operations),
        T(tampering_shows),
        T(torn_line_is_a_link),
    };

    return cmocka_run_group_tests_name("plan_file", tests, NULL, NULL);
}
