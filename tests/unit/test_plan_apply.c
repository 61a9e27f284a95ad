/* What apply does when somebody else was there, when the service fails, and when it may not go on.
 */
#include "plan_sim.h"

#include "msxops/text.h"

static struct sim *S;
static struct msx_plan *P;
static json_t *R; /* the last report */
static struct msx_error E;

static int setup(void **state)
{
    (void)state;
    S = sim_new();
    P = sim_plan();
    sim_fill(S);
    R = NULL;
    E = (struct msx_error)MSX_ERROR_INIT;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sim_armed = false;
    sim_fail_at = 0;
    json_decref(R);
    msx_plan_free(P);
    sim_free(S);
    return 0;
}

static void start_again(void **state)
{
    teardown(state);
    setup(state);
}

static enum msx_code apply(struct msx_apply_options *o)
{
    json_decref(R);
    R = NULL;
    E = (struct msx_error)MSX_ERROR_INIT;
    return sim_apply(S, P, o, &R, &E);
}

static const char *message(const char *id)
{
    return msx_json_str_or(sim_row(R, id), "message", "");
}

static int effects(void)
{
    json_t *e = sim_effects(S), *v;
    const char *key;
    int n = (int)json_object_size(e);

    json_object_foreach(e, key, v)
        assert_int_equal(json_integer_value(v), 1);
    json_decref(e);
    return n;
}

static void redate(int n)
{
    sim_update(S, P, "update_milestone", n, json_pack("{s:s}", "msp_milestonedate", "2026-12-15"));
}

/* ---- other people ---- */

static void unrelated_edit_goes_on(void **state)
{
    (void)state;
    redate(1);
    sim_edit(S, sim_guid(1), "msp_forecastcomments", json_string("another comment"));
    assert_int_equal(apply(NULL), MSX_OK);
    assert_string_equal(sim_outcome(R, "OP-1"), "applied");
    assert_true(msx_json_bool_or(sim_row(R, "OP-1"), "rebased", false));
    assert_int_equal(effects(), 1);
}

static void touched_column_is_a_conflict(void **state)
{
    (void)state;
    redate(1);
    sim_edit(S, sim_guid(1), "msp_milestonedate", json_string("2026-05-05"));
    assert_int_equal(apply(NULL), MSX_E_CONFLICT);
    assert_string_equal(sim_outcome(R, "OP-1"), "conflict");
    /* column, planned before and after, present value, who and when */
    assert_non_null(strstr(message("OP-1"), "msp_milestonedate"));
    assert_non_null(strstr(message("OP-1"), "2026-02-01"));
    assert_non_null(strstr(message("OP-1"), "2026-12-15"));
    assert_non_null(strstr(message("OP-1"), "2026-05-05"));
    assert_non_null(strstr(message("OP-1"), "Kim Other"));
    assert_non_null(strstr(message("OP-1"), "2026-03-02T10:00:00Z"));
    assert_int_equal(S->total_sends, 0);
}

/* However long and odd the texts are, the person learns who to ask. */
static void a_conflict_of_long_texts_names_who_and_when(void **state)
{
    char was[700], will[700], is[700];

    (void)state;
    for (size_t i = 0; i < 699; i++) {
        was[i] = i % 3 ? 'a' : '\x02';
        will[i] = i % 3 ? 'b' : '\x03';
        is[i] = i % 3 ? 'c' : '\x04';
    }
    was[699] = will[699] = is[699] = '\0';
    sim_edit(S, sim_guid(1), "msp_forecastcomments", json_string(was));
    sim_update(S, P, "update_milestone", 1, json_pack("{s:s}", "msp_forecastcomments", will));
    sim_edit(S, sim_guid(1), "msp_forecastcomments", json_string(is));
    assert_int_equal(apply(NULL), MSX_E_CONFLICT);
    assert_non_null(strstr(message("OP-1"), "msp_forecastcomments"));
    assert_non_null(strstr(message("OP-1"), "Kim Other"));
    assert_non_null(strstr(message("OP-1"), "2026-03-02T10:00:00Z"));
}

static void touched_guard_is_a_conflict_unless_rebased(void **state)
{
    struct msx_apply_options rebase = { .on_conflict = MSX_CONFLICT_REBASE };
    json_t *op;

    (void)state;
    redate(1);
    op = plan_find(P->doc, "OP-1");
    json_array_append_new(json_object_get(op, "guard"), json_string("msp_monthlyuse"));
    sim_edit(S, sim_guid(1), "msp_monthlyuse", json_integer(5));
    assert_int_equal(apply(NULL), MSX_E_CONFLICT);
    assert_non_null(strstr(message("OP-1"), "the plan rests on '1000"));
    assert_int_equal(apply(&rebase), MSX_OK);
    assert_int_equal(effects(), 1);
}

static void rebase_never_overwrites(void **state)
{
    struct msx_apply_options rebase = { .on_conflict = MSX_CONFLICT_REBASE };

    (void)state;
    redate(1);
    sim_edit(S, sim_guid(1), "msp_milestonedate", json_string("2026-05-05"));
    assert_int_equal(apply(&rebase), MSX_E_CONFLICT);
    assert_int_equal(S->total_sends, 0);
}

static void skip_reports_skipped(void **state)
{
    struct msx_apply_options skip = { .on_conflict = MSX_CONFLICT_SKIP };

    (void)state;
    redate(1);
    redate(2);
    sim_edit(S, sim_guid(1), "msp_milestonedate", json_string("2026-05-05"));
    assert_int_equal(apply(&skip), MSX_E_PARTIAL);
    assert_string_equal(sim_outcome(R, "OP-1"), "skipped");
    assert_string_equal(sim_outcome(R, "OP-2"), "applied");
}

static void same_change_by_somebody_else(void **state)
{
    (void)state;
    redate(1);
    sim_edit(S, sim_guid(1), "msp_milestonedate", json_string("2026-12-15T00:00:00Z"));
    assert_int_equal(apply(NULL), MSX_OK);
    assert_string_equal(sim_outcome(R, "OP-1"), "already-applied");
    assert_int_equal(S->total_sends, 0);
    assert_null(msx_json_str(R, "undo")); /* it was not this plan that did it */
}

/* Between the look and the write. */
static void edit_in_between(struct sim *s, const char *op, int nth)
{
    (void)op;
    if (nth == 1)
        sim_edit(s, sim_guid(1), "msp_forecastcomments", json_string("just now"));
}

static void rival_in_between(struct sim *s, const char *op, int nth)
{
    (void)op;
    if (nth == 1)
        sim_edit(s, sim_guid(1), "msp_milestonedate", json_string("2026-07-07"));
}

static void keeps_changing(struct sim *s, const char *op, int nth)
{
    (void)op;
    sim_edit(s, sim_guid(1), "msp_monthlyuse", json_integer(nth));
}

static void edit_between_look_and_write(void **state)
{
    (void)state;
    redate(1);
    S->before_send = edit_in_between;
    assert_int_equal(apply(NULL), MSX_OK);
    assert_int_equal(S->total_sends, 2);
    assert_int_equal(effects(), 1);
}

static void rival_between_look_and_write(void **state)
{
    (void)state;
    redate(1);
    S->before_send = rival_in_between;
    assert_int_equal(apply(NULL), MSX_E_CONFLICT);
    assert_non_null(strstr(message("OP-1"), "2026-07-07"));
    assert_int_equal(effects(), 0);
}

static void record_that_never_rests(void **state)
{
    (void)state;
    redate(1);
    S->before_send = keeps_changing;
    assert_int_equal(apply(NULL), MSX_E_CONFLICT);
    assert_true(S->total_sends < 10);
    assert_int_equal(effects(), 0);
}

static void record_is_gone(void **state)
{
    (void)state;
    redate(1);
    sim_delete(S, sim_guid(1));
    assert_int_equal(apply(NULL), MSX_E_NOTFOUND);
    assert_string_equal(sim_outcome(R, "OP-1"), "failed");
    assert_int_equal(S->total_sends, 0); /* an update never makes a record */
}

static void foreign_record_under_our_id(void **state)
{
    (void)state;
    sim_create_task(P, 201, "unblock");
    sim_edit(S, sim_guid(201), "subject", json_string("something else"));
    assert_int_equal(apply(NULL), MSX_E_CONFLICT);
    assert_non_null(strstr(message("OP-1"), "something else"));
    assert_int_equal(S->total_sends, 0);
}

/* ---- failing service ---- */

static enum sim_fault fault_of_first = SIM_OK, fault_of_all = SIM_OK, fault_of_reads = SIM_OK;

static enum sim_fault on_first(struct sim *s, const char *op, int nth)
{
    (void)s;
    (void)op;
    return nth == 1 ? fault_of_first : SIM_OK;
}

static enum sim_fault on_all(struct sim *s, const char *op, int nth)
{
    (void)s;
    (void)op;
    (void)nth;
    return fault_of_all;
}

static enum sim_fault on_reads(struct sim *s, const char *op, int nth)
{
    (void)s, (void)op, (void)nth;
    return fault_of_reads;
}

static enum sim_fault on_reads_after_a_send(struct sim *s, const char *op, int nth)
{
    (void)op;
    (void)nth;
    return s->total_sends > 0 ? fault_of_reads : SIM_OK;
}

static void lost_answers_are_settled(void **state)
{
    static const enum sim_fault faults[] = { SIM_LOST_BEFORE, SIM_LOST_AFTER, SIM_500,
                                             SIM_503_AFTER };

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        bool executed = faults[i] == SIM_LOST_AFTER || faults[i] == SIM_503_AFTER;

        start_again(state);
        redate(1);
        sim_create_task(P, 201, "unblock");
        S->fault = on_first;
        fault_of_first = faults[i];
        assert_int_equal(apply(NULL), MSX_OK);
        assert_int_equal(sim_counted(R, "applied"), 2);
        assert_int_equal(effects(), 2);
        assert_int_equal(S->total_sends, executed ? 2 : 4);
        assert_int_equal(msx_json_bool_or(sim_row(R, "OP-1"), "recovered", false), executed);
    }
}

static void lost_for_good_is_failed_not_doubled(void **state)
{
    (void)state;
    redate(1);
    S->fault = on_all;
    fault_of_all = SIM_LOST_BEFORE;
    assert_int_equal(apply(NULL), MSX_E_NETWORK);
    assert_string_equal(sim_outcome(R, "OP-1"), "failed");
    assert_true(msx_json_bool_or(sim_row(R, "OP-1"), "retryable", false));
    assert_int_equal(S->total_sends, 1 + S->ctx.retries);
    S->fault = NULL;
    assert_int_equal(apply(NULL), MSX_OK);
    assert_int_equal(effects(), 1);
}

static void unreachable_is_unknown_then_settled(void **state)
{
    struct msx_apply_options resume = { .resume = true };

    (void)state;
    redate(1);
    sim_create_task(P, 201, "unblock");
    S->ctx.concurrency = 1;
    S->fault = on_all;
    fault_of_all = SIM_LOST_AFTER;
    S->read_fault = on_reads_after_a_send;
    fault_of_reads = SIM_LOST_BEFORE;
    assert_int_equal(apply(NULL), MSX_E_UNKNOWN);
    assert_string_equal(sim_outcome(R, "OP-1"), "unknown");
    assert_string_equal(sim_outcome(R, "OP-2"), "failed"); /* could not be read: not sent */
    S->fault = NULL;
    S->read_fault = NULL;
    assert_int_equal(apply(&resume), MSX_OK);
    assert_string_equal(sim_outcome(R, "OP-1"), "applied");
    assert_true(msx_json_bool_or(sim_row(R, "OP-1"), "recovered", false));
    assert_int_equal(effects(), 2);
}

static void written_and_not_read_back_stops_the_plan(void **state)
{
    struct msx_apply_options resume = { .resume = true };

    (void)state;
    redate(1);
    redate(2);
    S->ctx.concurrency = 1;
    S->read_fault = on_reads_after_a_send;
    fault_of_reads = SIM_LOST_BEFORE;
    assert_int_equal(apply(NULL), MSX_E_PARTIAL);
    assert_string_equal(sim_outcome(R, "OP-1"), "applied");
    assert_false(msx_json_bool_or(sim_row(R, "OP-1"), "verified", true));
    assert_non_null(strstr(message("OP-1"), "could not be read back"));
    assert_string_equal(sim_outcome(R, "OP-2"), "skipped");
    /* still out of reach: nothing is written on top of what was not seen */
    assert_int_equal(apply(&resume), MSX_E_PARTIAL);
    assert_string_equal(sim_outcome(R, "OP-1"), "already-applied");
    assert_false(msx_json_bool_or(sim_row(R, "OP-1"), "verified", true));
    assert_int_equal(S->total_sends, 1);
    S->read_fault = NULL;
    assert_int_equal(apply(&resume), MSX_OK);
    assert_true(msx_json_bool_or(sim_row(R, "OP-1"), "verified", false));
    assert_int_equal(effects(), 2);
    assert_int_equal(S->total_sends, 2);
}

static enum sim_fault lost_then_refused(struct sim *s, const char *op, int nth)
{
    (void)s, (void)op;
    return nth == 1 ? SIM_LOST_BEFORE : nth == 2 ? SIM_REFUSED_CONN : SIM_OK;
}

static void a_lost_answer_and_then_no_connection(void **state)
{
    (void)state;
    redate(1);
    sim_create_task(P, 201, "unblock");
    S->fault = lost_then_refused;
    assert_int_equal(apply(NULL), MSX_OK);
    assert_int_equal(effects(), 2);
    assert_int_equal(S->total_sends, 6);
}

static void signed_out_before_the_first_read(void **state)
{
    (void)state;
    redate(1);
    redate(2);
    S->ctx.concurrency = 1;
    S->read_fault = on_reads;
    fault_of_reads = SIM_401;
    assert_int_equal(apply(NULL), MSX_E_AUTH);
    assert_string_equal(sim_outcome(R, "OP-1"), "failed");
    assert_string_equal(sim_outcome(R, "OP-2"), "skipped");
    assert_non_null(strstr(message("OP-2"), "not signed in"));
    assert_int_equal(S->total_sends, 0);
}

static void nothing_is_written_over_a_record_without_an_etag(void **state)
{
    json_t *db;

    (void)state;
    redate(1);
    db = sim_load(S);
    json_object_del(json_object_get(json_object_get(db, "records"), sim_guid(1)), PLAN_ETAG);
    sim_save(S, db);
    json_decref(db);
    assert_int_equal(apply(NULL), MSX_E_SERVER);
    assert_non_null(strstr(message("OP-1"), "without its ETag"));
    assert_int_equal(S->total_sends, 0);
}

/* A task of ours was made, the answer lost, and somebody has worked on it before we came back: it
 * is ours all the same, and what differs is said. Without a request of ours it would be a conflict.
 */
static void made_then_edited_by_others(void **state)
{
    (void)state;
    sim_create_task(P, 201, "unblock");
    S->fault = on_all;
    fault_of_all = SIM_LOST_AFTER;
    S->read_fault = on_reads_after_a_send;
    fault_of_reads = SIM_LOST_BEFORE;
    assert_int_equal(apply(NULL), MSX_E_UNKNOWN);
    S->fault = NULL;
    S->read_fault = NULL;
    sim_edit(S, sim_guid(201), "subject", json_string("unblock, urgent"));
    assert_int_equal(apply(NULL), MSX_E_PARTIAL);
    assert_string_equal(sim_outcome(R, "OP-1"), "applied");
    assert_false(msx_json_bool_or(sim_row(R, "OP-1"), "verified", true));
    assert_non_null(strstr(message("OP-1"), "unblock, urgent"));
    assert_int_equal(effects(), 1);
    assert_int_equal(S->total_sends, 1);
}

static void updated_then_touched_elsewhere(void **state)
{
    (void)state;
    redate(1);
    json_array_append_new(json_object_get(plan_find(P->doc, "OP-1"), "guard"),
                          json_string("msp_monthlyuse"));
    S->fault = on_all;
    fault_of_all = SIM_LOST_AFTER;
    S->read_fault = on_reads_after_a_send;
    fault_of_reads = SIM_LOST_BEFORE;
    assert_int_equal(apply(NULL), MSX_E_UNKNOWN);
    S->fault = NULL;
    S->read_fault = NULL;
    sim_edit(S, sim_guid(1), "msp_monthlyuse", json_integer(3));
    assert_int_equal(apply(NULL), MSX_OK);
    assert_true(msx_json_bool_or(sim_row(R, "OP-1"), "recovered", false));
    assert_int_equal(S->total_sends, 1);
}

static void refusals_are_final(void **state)
{
    static const struct {
        enum sim_fault fault;
        enum msx_code code;
        bool retryable;
    } cases[] = {
        { SIM_429, MSX_E_THROTTLED, true },        { SIM_400, MSX_E_REJECTED, false },
        { SIM_403, MSX_E_DENIED, false },          { SIM_401, MSX_E_AUTH, true },
        { SIM_REFUSED_CONN, MSX_E_NETWORK, true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start_again(state);
        redate(1);
        S->fault = on_all;
        fault_of_all = cases[i].fault;
        assert_int_equal(apply(NULL), cases[i].code);
        assert_string_equal(sim_outcome(R, "OP-1"), "failed");
        assert_int_equal(msx_json_bool_or(sim_row(R, "OP-1"), "retryable", false),
                         cases[i].retryable);
        assert_int_equal(S->total_sends, 1);
        S->fault = NULL;
        assert_int_equal(apply(NULL), MSX_OK); /* and may be applied later */
        assert_int_equal(effects(), 1);
    }
}

static void fail_the_first(struct sim *s, const char *op, json_t *record)
{
    (void)s;
    (void)op;
    json_object_set_new(record, "msp_milestonedate", json_string("1999-01-01"));
}

static void wrong_value_stops_the_plan(void **state)
{
    (void)state;
    for (int i = 1; i <= 4; i++)
        redate(i);
    S->ctx.concurrency = 1;
    S->after_commit = fail_the_first; /* a plug-in of the service overwrites the value */
    assert_int_equal(apply(NULL), MSX_E_PARTIAL);
    assert_string_equal(sim_outcome(R, "OP-1"), "applied");
    assert_false(msx_json_bool_or(sim_row(R, "OP-1"), "verified", true));
    assert_non_null(strstr(message("OP-1"), "1999-01-01"));
    assert_string_equal(sim_outcome(R, "OP-2"), "skipped");
    assert_int_equal(effects(), 1);
}

static void unverified_is_looked_at_again(void **state)
{
    (void)state;
    redate(1);
    redate(2);
    S->ctx.concurrency = 1;
    S->after_commit = fail_the_first;
    assert_int_equal(apply(NULL), MSX_E_PARTIAL);
    S->after_commit = NULL;
    assert_int_equal(apply(NULL), MSX_E_PARTIAL); /* still wrong: still nothing more is started */
    assert_string_equal(sim_outcome(R, "OP-1"), "already-applied");
    assert_string_equal(sim_outcome(R, "OP-2"), "skipped");
    assert_int_equal(S->total_sends, 1);
    sim_edit(S, sim_guid(1), "msp_milestonedate", json_string("2026-12-15"));
    assert_int_equal(apply(NULL), MSX_OK);
    assert_int_equal(effects(), 2);
}

static void signed_out_stops_the_plan(void **state)
{
    (void)state;
    for (int i = 1; i <= 4; i++)
        redate(i);
    S->ctx.concurrency = 1;
    S->fault = on_all;
    fault_of_all = SIM_401;
    assert_int_equal(apply(NULL), MSX_E_AUTH);
    assert_int_equal(S->total_sends, 1);
    assert_int_equal(sim_counted(R, "skipped"), 3);
}

/* ---- order, scope, refusals ---- */

static enum sim_fault refuse_op_1(struct sim *s, const char *op, int nth)
{
    (void)s;
    (void)nth;
    return strcmp(op, "OP-1") == 0 ? SIM_400 : SIM_OK;
}

static void failure_stops_dependants_only(void **state)
{
    (void)state;
    redate(1);
    sim_depends(sim_create_task(P, 201, "a"), "OP-1");
    sim_depends(sim_create_task(P, 202, "b"), "OP-2");
    sim_create_task(P, 203, "c");
    S->fault = refuse_op_1;
    assert_int_equal(apply(NULL), MSX_E_PARTIAL);
    assert_string_equal(sim_outcome(R, "OP-1"), "failed");
    assert_string_equal(sim_outcome(R, "OP-2"), "skipped");
    assert_string_equal(sim_outcome(R, "OP-3"), "skipped");
    assert_string_equal(sim_outcome(R, "OP-4"), "applied");
    assert_non_null(strstr(message("OP-2"), "OP-1"));
}

static void only_leaves_out_what_depends(void **state)
{
    const char *const only[] = { "OP-2", "OP-3" };
    struct msx_apply_options o = { .only = only, .only_n = 2 };

    (void)state;
    redate(1);
    sim_depends(sim_create_task(P, 201, "a"), "OP-1");
    sim_create_task(P, 202, "b");
    assert_int_equal(apply(&o), MSX_E_PARTIAL);
    assert_int_equal(json_array_size(json_object_get(R, "operations")), 2);
    assert_string_equal(sim_outcome(R, "OP-2"), "skipped");
    assert_string_equal(sim_outcome(R, "OP-3"), "applied");
    assert_int_equal(apply(NULL), MSX_OK); /* the rest later */
    assert_int_equal(effects(), 3);
}

static void two_operations_on_one_record(void **state)
{
    json_t *close;

    (void)state;
    sim_update(S, P, "update_task", 101, json_pack("{s:s}", "subject", "renamed"));
    close = sim_update(S, P, "close_task", 101,
                       json_pack("{s:i, s:i}", "statecode", 1, "statuscode", 5));
    /* rests on the subject, which the operation before it changes */
    json_array_append_new(json_object_get(close, "guard"), json_string("subject"));
    assert_int_equal(apply(NULL), MSX_OK);
    assert_int_equal(effects(), 2);
    assert_false(msx_json_bool_or(sim_row(R, "OP-2"), "rebased", false));
}

/* The order on a record follows dependencies even against the order of the plan. */
static void dependency_against_the_order(void **state)
{
    (void)state;
    sim_depends(sim_update(S, P, "close_task", 101,
                           json_pack("{s:i, s:i}", "statecode", 1, "statuscode", 5)),
                "OP-2");
    sim_update(S, P, "update_task", 101, json_pack("{s:s}", "subject", "renamed"));
    assert_int_equal(apply(NULL), MSX_OK);
    assert_int_equal(effects(), 2);
}

static void placeholders_are_refused(void **state)
{
    (void)state;
    sim_update(S, P, "update_milestone", 1,
               json_pack("{s:s}", "msp_forecastcomments", "Delivery: <<Partner or ISD>>"));
    assert_int_equal(apply(NULL), MSX_E_REFUSED);
    assert_string_equal(sim_outcome(R, "OP-1"), "refused");
    assert_non_null(strstr(message("OP-1"), "<<Partner or ISD>>"));
    assert_int_equal(S->total_sends, 0);
}

static enum msx_code block_small(void *user, const json_t *doc, json_t *op, const json_t *fresh,
                                 struct msx_error *err)
{
    (void)doc;
    (void)err;
    assert_non_null(fresh);
    if (*(bool *)user)
        json_object_set_new(op, "guardrails",
                            json_pack("[{s:s, s:s, s:s, s:{s:s}}]", "id", "GX-12", "outcome",
                                      "block", "message", "record is closed", "override", "reason",
                                      "agreed with the customer"));
    else
        json_object_set_new(op, "guardrails",
                            json_pack("[{s:s, s:s, s:s}]", "id", "GX-12", "outcome", "block",
                                      "message", "record is closed"));
    return MSX_OK;
}

static void guardrails_run_on_the_live_record(void **state)
{
    bool override = false;
    struct msx_guard guard = { .check = block_small, .user = &override };
    struct msx_apply_options o = { .guard = &guard };

    (void)state;
    redate(1);
    assert_int_equal(apply(&o), MSX_E_REFUSED);
    assert_non_null(strstr(message("OP-1"), "GX-12"));
    assert_int_equal(S->total_sends, 0);
    override = true;
    assert_int_equal(apply(&o), MSX_OK);
}

static void planned_block_holds_without_rules(void **state)
{
    (void)state;
    redate(1);
    json_object_set_new(plan_find(P->doc, "OP-1"), "guardrails",
                        json_pack("[{s:s, s:s, s:s}]", "id", "GX-02", "outcome", "block", "message",
                                  "customer missing"));
    assert_int_equal(apply(NULL), MSX_E_REFUSED);
    assert_int_equal(S->total_sends, 0);
}

static void wrong_confirmation(void **state)
{
    struct msx_apply_options o = { .confirm = "000000000000" };

    (void)state;
    redate(1);
    assert_int_equal(apply(&o), MSX_E_CONFLICT);
    assert_null(R);
    assert_int_equal(S->total_sends + S->total_reads, 0);
}

static void resume_needs_the_plan_that_was_confirmed(void **state)
{
    const struct plan_io io = sim_io(S);
    const struct msx_apply_options resume = { .resume = true };

    (void)state;
    redate(1);
    assert_int_equal(plan_apply(&S->ctx, &io, P, &resume, &R, &E), MSX_E_CONFLICT);
    assert_non_null(strstr(E.msg, "nothing to resume"));
    assert_int_equal(apply(NULL), MSX_OK);
    json_decref(R);
    R = NULL;
    assert_int_equal(plan_apply(&S->ctx, &io, P, &resume, &R, &E), MSX_OK);
    redate(2);
    json_decref(R);
    R = NULL;
    assert_int_equal(plan_apply(&S->ctx, &io, P, &resume, &R, &E), MSX_E_CONFLICT);
    assert_non_null(strstr(E.msg, "changed since"));
    assert_int_equal(effects(), 1);
}

static void empty_plan(void **state)
{
    (void)state;
    assert_int_equal(apply(NULL), MSX_E_INVALID);
}

/* ---- cancelling, disks, rivals ---- */

static void cancel_after_first(struct sim *s, const char *op, int nth)
{
    (void)op;
    (void)nth;
    s->cancelled = 1;
}

static void cancelling_settles_what_runs(void **state)
{
    (void)state;
    for (int i = 1; i <= 5; i++)
        redate(i);
    S->ctx.concurrency = 1;
    S->before_send = cancel_after_first;
    assert_int_equal(apply(NULL), MSX_E_CANCELLED);
    assert_string_equal(sim_outcome(R, "OP-1"), "applied");
    assert_true(msx_json_bool_or(sim_row(R, "OP-1"), "verified", false));
    assert_int_equal(sim_counted(R, "skipped"), 4);
    S->cancelled = 0;
    S->before_send = NULL;
    assert_int_equal(apply(NULL), MSX_OK);
    assert_int_equal(effects(), 5);
}

/* The disk is full from the n-th file call on: what was sent is done once and nothing else is sent;
 * with room again the plan goes on. */
static void full_disk(void **state)
{
    bool failed = true;

    for (long at = 1; failed; at++) {
        long sent;

        assert_true(at < 500);
        start_again(state);
        redate(1);
        sim_create_task(P, 201, "unblock");
        redate(2);
        S->ctx.concurrency = 1;
        sim_events = 0;
        sim_fail_at = at;
        sim_armed = true;
        failed = apply(NULL) != MSX_OK;
        sim_armed = false;
        sent = S->total_sends;
        if (at < 5 && failed) {
            assert_int_equal(sent, 0);
            assert_int_equal(E.code, MSX_E_IO);
            assert_non_null(strstr(E.msg, "No space left"));
        }
        assert_int_equal(effects(), sent);
        assert_true(failed || sent == 3);
        assert_int_equal(apply(NULL), MSX_OK);
        assert_int_equal(effects(), 3);
    }
}

static void read_only_state(void **state)
{
    char path[128];
    FILE *f;

    (void)state;
    redate(1);
    /* a file where the folder should be: also root cannot write there */
    snprintf(path, sizeof path, "%s/journal", S->dir);
    f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(apply(NULL), MSX_E_IO);
    assert_int_equal(S->total_sends, 0);
    assert_null(R);
}

static void audit_log_must_be_writable(void **state)
{
    char path[128];

    (void)state;
    redate(1);
    snprintf(path, sizeof path, "%s/audit.jsonl", S->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(apply(NULL), MSX_E_IO);
    assert_non_null(strstr(E.msg, "audit"));
    assert_int_equal(S->total_sends, 0);
}

struct rival {
    enum msx_code rc;
    struct msx_error err;
};

static void apply_inside(struct sim *s, const char *op, int nth)
{
    struct rival *v = s->ctx.log_user;
    const struct plan_io io = sim_io(s);
    char confirmation[13];
    struct msx_apply_options o = { .confirm = confirmation };
    json_t *report = NULL;

    (void)op;
    (void)nth;
    if (v->rc)
        return;
    assert_int_equal(msx_plan_confirmation(P->doc, NULL, 0, confirmation, NULL), MSX_OK);
    v->rc = plan_apply(&s->ctx, &io, P, &o, &report, &v->err);
    json_decref(report);
}

static void second_apply_at_the_same_time(void **state)
{
    struct rival v = { MSX_OK, MSX_ERROR_INIT };
    char pid[32];

    (void)state;
    redate(1);
    S->ctx.log_user = &v;
    S->before_send = apply_inside;
    assert_int_equal(apply(NULL), MSX_OK);
    assert_int_equal(v.rc, MSX_E_CONFLICT);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    assert_non_null(strstr(v.err.msg, pid));
    assert_int_equal(effects(), 1);
}

/* ---- undo ---- */

static void undo_takes_everything_back(void **state)
{
    struct msx_plan *undo = NULL;
    json_t *was[3], *now;
    const int ids[] = { 1, 101, 102 };

    (void)state;
    for (int i = 0; i < 3; i++)
        was[i] = sim_record(S, sim_guid(ids[i]));
    redate(1);
    sim_update(S, P, "update_task", 101, json_pack("{s:s}", "subject", "renamed"));
    sim_depends(sim_update(S, P, "close_task", 101,
                           json_pack("{s:i, s:i}", "statecode", 1, "statuscode", 5)),
                "OP-2");
    sim_update(S, P, "close_task", 102, json_pack("{s:i, s:i}", "statecode", 2, "statuscode", 6));
    sim_create_task(P, 201, "unblock");
    assert_int_equal(apply(NULL), MSX_OK);
    assert_int_equal(msx_plan_load(msx_json_str(R, "undo"), &undo, &E), MSX_OK);
    msx_plan_free(P);
    P = undo;
    assert_int_equal(json_array_size(json_object_get(P->doc, "operations")), 5);
    if (apply(NULL) != MSX_OK)
        fail_msg("%s", E.msg);
    for (int i = 0; i < 3; i++) {
        static const char *const columns[] = { "msp_milestonedate", "subject", "statecode",
                                               "statuscode" };

        now = sim_record(S, sim_guid(ids[i]));
        for (int k = 0; k < 4; k++)
            assert_true(plan_value_same(json_object_get(was[i], columns[k]),
                                        json_object_get(now, columns[k])));
        json_decref(now);
        json_decref(was[i]);
    }
    now = sim_record(S, sim_guid(201)); /* a task cannot be unmade: it is cancelled */
    assert_int_equal(json_integer_value(json_object_get(now, "statecode")), 2);
    json_decref(now);
}

static void undo_respects_later_edits(void **state)
{
    struct msx_plan *undo = NULL;

    (void)state;
    redate(1);
    assert_int_equal(apply(NULL), MSX_OK);
    assert_int_equal(msx_plan_load(msx_json_str(R, "undo"), &undo, &E), MSX_OK);
    msx_plan_free(P);
    P = undo;
    sim_edit(S, sim_guid(1), "msp_milestonedate", json_string("2027-01-01"));
    assert_int_equal(apply(NULL), MSX_E_CONFLICT);
}

static void edited_operation_is_a_new_one(void **state)
{
    (void)state;
    redate(1);
    assert_int_equal(apply(NULL), MSX_OK);
    /* somebody sets it back; the applied plan does not do it again */
    sim_edit(S, sim_guid(1), "msp_milestonedate", json_string("2026-02-01"));
    assert_int_equal(apply(NULL), MSX_OK);
    assert_string_equal(sim_outcome(R, "OP-1"), "already-applied");
    assert_int_equal(S->total_sends, 1);
    json_object_set_new(json_object_get(plan_find(P->doc, "OP-1"), "after"), "msp_milestonedate",
                        json_string("2026-11-11"));
    assert_int_equal(apply(NULL), MSX_OK);
    assert_string_equal(sim_outcome(R, "OP-1"), "applied");
    assert_int_equal(S->total_sends, 2);
}

/* After a power loss a file may end in zeros: what was added later still counts. */
static void zeros_in_the_journal_hide_nothing(void **state)
{
    static const char zeros[40] = "";
    char path[200], key[33];
    struct msx_apply_options resume = { .resume = true };
    struct plan_io io = sim_io(S);
    FILE *f;

    (void)state;
    redate(1);
    assert_int_equal(plan_journal_key(P->doc, key, NULL), MSX_OK);
    snprintf(path, sizeof path, "%s/journal", S->dir);
    assert_int_equal(msx_mkdirs(path, 0700, NULL), MSX_OK);
    snprintf(path, sizeof path, "%s/journal/%s.jsonl", S->dir, key);
    f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(zeros, 1, sizeof zeros, f), sizeof zeros);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(apply(NULL), MSX_OK);
    /* done is done: somebody has set the date back since, and it stays so */
    sim_edit(S, sim_guid(1), "msp_milestonedate", json_string("2026-02-01"));
    json_decref(R);
    R = NULL;
    assert_int_equal(plan_apply(&S->ctx, &io, P, &resume, &R, &E), MSX_OK);
    assert_string_equal(sim_outcome(R, "OP-1"), "already-applied");
    assert_int_equal(effects(), 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(unrelated_edit_goes_on),
        T(touched_column_is_a_conflict),
        T(a_conflict_of_long_texts_names_who_and_when),
        T(touched_guard_is_a_conflict_unless_rebased),
        T(rebase_never_overwrites),
        T(skip_reports_skipped),
        T(same_change_by_somebody_else),
        T(edit_between_look_and_write),
        T(rival_between_look_and_write),
        T(record_that_never_rests),
        T(record_is_gone),
        T(foreign_record_under_our_id),
        T(lost_answers_are_settled),
        T(lost_for_good_is_failed_not_doubled),
        T(unreachable_is_unknown_then_settled),
        T(written_and_not_read_back_stops_the_plan),
        T(a_lost_answer_and_then_no_connection),
        T(signed_out_before_the_first_read),
        T(nothing_is_written_over_a_record_without_an_etag),
        T(made_then_edited_by_others),
        T(updated_then_touched_elsewhere),
        T(refusals_are_final),
        T(wrong_value_stops_the_plan),
        T(unverified_is_looked_at_again),
        T(signed_out_stops_the_plan),
        T(failure_stops_dependants_only),
        T(only_leaves_out_what_depends),
        T(two_operations_on_one_record),
        T(dependency_against_the_order),
        T(placeholders_are_refused),
        T(guardrails_run_on_the_live_record),
        T(planned_block_holds_without_rules),
        T(wrong_confirmation),
        T(resume_needs_the_plan_that_was_confirmed),
        T(empty_plan),
        T(cancelling_settles_what_runs),
        T(full_disk),
        T(read_only_state),
        T(audit_log_must_be_writable),
        T(second_apply_at_the_same_time),
        T(undo_takes_everything_back),
        T(undo_respects_later_edits),
        T(zeros_in_the_journal_hide_nothing),
        T(edited_operation_is_a_new_one),
    };

    return cmocka_run_group_tests_name("plan_apply", tests, NULL, NULL);
}
