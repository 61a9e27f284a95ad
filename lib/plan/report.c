/* The report of a run: one row an operation, the counts, and the code of the whole. */
#include <string.h>

#include "msxops/mem.h"
#include "plan/exec.h"

json_t *plan_op_row(const struct plan_op *r)
{
    MSX_AUTO(msx_buf_release) struct msx_buf record = MSX_BUF_INIT((size_t)64 << 10);
    json_t *row;

    plan_record_text(&record, r->op);
    row = json_pack(
        "{s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:s?, s:b, s:s?, s:O?}", "id", plan_op_id(r->op),
        "type", msx_json_str_or(r->op, "type", ""), "record", record.data, "outcome",
        plan_outcome_name(r->outcome), "verified", r->verified == 1, "httpStatus",
        r->http_status ? json_integer(r->http_status) : json_null(), "code",
        r->code ? json_string(msx_code_name(r->code)) : json_null(), "message",
        r->message[0] ? r->message : NULL, "retryable", r->retryable, "requestId",
        r->request_id[0] ? r->request_id : NULL, "target", json_object_get(r->op, "target"));
    if (!row)
        return NULL;
    if ((r->hint[0] && msx_json_set_str(row, "hint", r->hint) < 0) ||
        (r->recovered && json_object_set_new(row, "recovered", json_true()) < 0) ||
        (r->rebased && json_object_set_new(row, "rebased", json_true()) < 0) ||
        (r->details && json_object_set(row, "details", r->details) < 0)) {
        json_decref(row);
        return NULL;
    }
    return row;
}

static void count(const struct plan_run *x, size_t counts[PLAN_OUTCOMES])
{
    memset(counts, 0, PLAN_OUTCOMES * sizeof *counts);
    for (size_t i = 0; i < x->n; i++) {
        if (x->ops[i].in_scope)
            counts[x->ops[i].outcome]++;
    }
}

json_t *plan_run_report(const struct plan_run *x)
{
    MSX_AUTO(msx_json_free_p) json_t *rows = json_array();
    MSX_AUTO(msx_json_free_p) json_t *counts = json_object();
    size_t n[PLAN_OUTCOMES], total = 0;

    if (!rows || !counts)
        return NULL;
    count(x, n);
    for (size_t i = 0; i < x->n; i++) {
        if (!x->ops[i].in_scope)
            continue;
        total++;
        if (json_array_append_new(rows, plan_op_row(&x->ops[i])) < 0)
            return NULL;
    }
    if (json_object_set_new(counts, "total", json_integer((json_int_t)total)) < 0)
        return NULL;
    for (int o = PLAN_APPLIED; o < PLAN_OUTCOMES; o++) {
        if (json_object_set_new(counts, plan_outcome_name((enum plan_outcome)o),
                                json_integer((json_int_t)n[o])) < 0)
            return NULL;
    }
    return json_pack("{s:O, s:O}", "counts", counts, "operations", rows);
}

static const struct plan_op *first_with(const struct plan_run *x, enum plan_outcome o)
{
    for (size_t i = 0; i < x->n; i++) {
        if (x->ops[i].in_scope && x->ops[i].outcome == o)
            return &x->ops[i];
    }
    return NULL;
}

/* One line: how many are not applied, and the first of them with its reason. */
static enum msx_code say(enum msx_code code, const struct plan_op *r, size_t undone, size_t total,
                         struct msx_error *err)
{
    (void)msx_fail(err, code, "%zu of %zu operations not applied; %s (%s): %s", undone, total,
                   plan_op_id(r->op), plan_outcome_name(r->outcome), r->message);
    if (err) {
        err->http_status = r->http_status;
        if (r->hint[0])
            msx_hint(err, "%s", r->hint);
        else if (code == MSX_E_UNKNOWN || r->retryable)
            msx_hint(err, "msxops apply PLAN --resume goes on where this stopped");
    }
    return code;
}

static enum msx_code unverified(const struct plan_run *x, struct msx_error *err)
{
    for (size_t i = 0; i < x->n; i++) {
        const struct plan_op *r = &x->ops[i];

        if (r->in_scope && plan_is_done(r->outcome) && r->verified == 0) {
            (void)msx_fail(err, MSX_E_PARTIAL, "%s %s", plan_op_id(r->op), r->message);
            msx_hint(err, "look at the record; msxops apply PLAN --resume checks it again");
            return MSX_E_PARTIAL;
        }
    }
    return MSX_OK;
}

enum msx_code plan_run_code(const struct plan_run *x, struct msx_error *err)
{
    static const enum plan_outcome order[] = { PLAN_CONFLICT, PLAN_REFUSED, PLAN_FAILED,
                                               PLAN_SKIPPED };
    const struct plan_op *first = NULL;
    size_t n[PLAN_OUTCOMES], total = 0, done, undone;

    count(x, n);
    for (int o = 0; o < PLAN_OUTCOMES; o++)
        total += n[o];
    done = n[PLAN_APPLIED] + n[PLAN_ALREADY];
    undone = total - done;
    if (undone == 0)
        return unverified(x, err);
    if (n[PLAN_UNKNOWN] > 0)
        return say(MSX_E_UNKNOWN, first_with(x, PLAN_UNKNOWN), undone, total, err);
    for (size_t i = 0; i < sizeof order / sizeof order[0] && !first; i++)
        first = first_with(x, order[i]);
    if (!first)
        return msx_fail(err, MSX_E_PARTIAL, "%zu of %zu operations not applied", undone, total);
    if (msx_cancelled(x->ctx)) {
        (void)msx_fail(err, MSX_E_CANCELLED, "cancelled: %zu of %zu operations not applied", undone,
                       total);
        msx_hint(err, "msxops apply PLAN --resume goes on where this stopped");
        return MSX_E_CANCELLED;
    }
    if (done > 0)
        return say(MSX_E_PARTIAL, first, undone, total, err);
    if (first->outcome == PLAN_CONFLICT)
        return say(MSX_E_CONFLICT, first, undone, total, err);
    if (first->outcome == PLAN_REFUSED)
        return say(MSX_E_REFUSED, first, undone, total, err);
    return say(first->code ? first->code : MSX_E_PARTIAL, first, undone, total, err);
}
