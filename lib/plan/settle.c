/* Outcomes: how an operation ended, in memory, in the journal and in the audit log. */
#include <stdio.h>
#include <string.h>

#include "msxops/date.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "plan/exec.h"

#define WHO_MAX 60 /* bytes of a name in a message */

const char *plan_outcome_name(enum plan_outcome o)
{
    static const char *const names[PLAN_OUTCOMES] = {
        "pending", "applied", "already-applied", "conflict",
        "refused", "failed",  "skipped",         "unknown",
    };

    return names[o];
}

static bool worth_repeating(enum msx_code code)
{
    return code == MSX_E_NETWORK || code == MSX_E_SERVER || code == MSX_E_THROTTLED ||
           code == MSX_E_AUTH || code == MSX_E_IO || code == MSX_E_NOMEM ||
           code == MSX_E_CANCELLED || code == MSX_E_PARTIAL;
}

void plan_op_end(struct plan_op *r, enum plan_outcome outcome, const struct msx_error *e)
{
    r->outcome = outcome;
    r->ours = r->ours || outcome == PLAN_APPLIED;
    r->code = MSX_OK;
    r->message[0] = r->hint[0] = '\0';
    r->retryable = false;
    if (!e)
        return;
    r->code = e->code;
    (void)snprintf(r->message, sizeof r->message, "%s", e->msg);
    (void)snprintf(r->hint, sizeof r->hint, "%s", e->hint);
    if (e->http_status)
        r->http_status = e->http_status;
    if (e->request_id[0])
        (void)snprintf(r->request_id, sizeof r->request_id, "%s", e->request_id);
    r->retryable = !plan_is_done(outcome) && worth_repeating(e->code);
}

enum msx_code plan_op_keep_state(struct plan_op *r, const json_t *record, struct msx_error *err)
{
    static const char *const always[] = { "statecode", "statuscode" };
    MSX_AUTO(msx_json_free_p) json_t *state = json_object();
    const char *key, *etag = msx_json_str(record, PLAN_ETAG);
    json_t *v;
    size_t i;
    bool ok = state != NULL;

    json_object_foreach(msx_json_obj(r->op, "after"), key, v)
        ok = ok && (!plan_is_column(key) || plan_copy_column(state, record, key) == 0);
    json_array_foreach(msx_json_arr(r->op, "guard"), i, v)
        ok = ok &&
             (!json_is_string(v) || plan_copy_column(state, record, json_string_value(v)) == 0);
    /* what taking it back would write */
    json_object_foreach(msx_json_obj(msx_json_obj(r->op, "inverse"), "after"), key, v)
        ok = ok && (!plan_is_column(key) || plan_copy_column(state, record, key) == 0);
    for (i = 0; i < 2; i++)
        ok = ok && (!json_object_get(record, always[i]) ||
                    plan_copy_column(state, record, always[i]) == 0);
    if (etag)
        ok = ok && msx_json_set_str(state, PLAN_ETAG, etag) == 0;
    if (!ok)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    json_decref(r->state);
    r->state = MSX_STEAL(state);
    return MSX_OK;
}

/* Names the column, the planned change, what is there now, and who changed it when. */
void plan_op_conflict(struct plan_run *x, struct plan_op *r, struct plan_compare *cmp,
                      const json_t *now)
{
    const json_t *first = json_array_get(cmp->touched, 0), *row;
    const char *who = plan_label(now, "_modifiedby_value");
    const char *when = msx_json_str(now, "modifiedon");
    const char *after;
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(4096); /* cut when it is said */
    struct msx_error e = MSX_ERROR_INIT;
    size_t i, more;

    /* a column to be written says more than one the decision rested on */
    json_array_foreach(cmp->touched, i, row) {
        if (msx_json_bool_or(row, "written", false)) {
            first = row;
            break;
        }
    }
    after = msx_json_str(first, "after");
    msx_buf_addf(&b, "'%s' is now %s", msx_json_str_or(first, "field", ""),
                 msx_json_str_or(first, "now", ""));
    if (after)
        msx_buf_addf(&b, ", planned %s -> %s", msx_json_str_or(first, "before", ""), after);
    else
        msx_buf_addf(&b, ", the plan rests on %s", msx_json_str_or(first, "before", ""));
    more = json_array_size(cmp->touched) - 1;
    if (more)
        msx_buf_addf(&b, " (and %zu more)", more);
    if (who || when) {
        msx_buf_adds(&b, "; changed");
        if (who) {
            msx_buf_adds(&b, " by ");
            plan_add_short(&b, who, WHO_MAX);
        }
        if (when) {
            msx_buf_adds(&b, " on ");
            plan_add_short(&b, when, WHO_MAX);
        }
    }
    if (r->open)
        msx_buf_adds(&b, "; an earlier try of this operation may have come before that");
    (void)msx_fail(&e, MSX_E_CONFLICT, "%s", b.data);
    msx_hint(&e, "msxops diff --live PLAN shows both; plan the change again or drop %s",
             plan_op_id(r->op));
    json_decref(r->details);
    r->details = MSX_STEAL(cmp->touched);
    if (r->details && (who || when)) {
        json_array_foreach(r->details, i, row) {
            json_t *w = json_array_get(r->details, i);

            if (msx_json_set_str(w, "changedBy", who) < 0 ||
                msx_json_set_str(w, "changedOn", when) < 0)
                break; /* the message says it already */
        }
    }
    plan_op_end(r, x->opts->on_conflict == MSX_CONFLICT_SKIP ? PLAN_SKIPPED : PLAN_CONFLICT, &e);
}

/* ---- writing down ---- */

static void stamp(const struct msx_ctx *ctx, char at[21])
{
    msx_time_format(ctx->now_s(ctx->now_user), at);
}

enum msx_code plan_op_intent(struct plan_run *x, struct plan_op *r, const json_t *req,
                             struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *text = msx_json_canonical_str(req);
    const json_t *before = msx_json_obj(r->live, "before");
    char at[21], sha[65];
    enum msx_code rc;

    if (!text)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    msx_sha256_hex(text, strlen(text), sha);
    stamp(x->ctx, at);
    rc = plan_journal_add(
        x->journal,
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:s?, s:s}", "t", "intent", "at", at, "op",
                  plan_op_id(r->op), "digest", r->digest, "try", r->tries + 1, "etag",
                  r->type->create ? NULL : msx_json_str(before, PLAN_ETAG), "request", sha),
        err);
    if (!rc)
        r->tries++;
    return rc;
}

/* Guardrails that a person has overridden, for the audit log. */
static json_t *overrides(const struct plan_op *r)
{
    json_t *list = json_array(), *row;
    size_t i;

    json_array_foreach(msx_json_arr(r->live ? r->live : r->op, "guardrails"), i, row) {
        json_t *o = msx_json_obj(row, "override");

        if (o && (!list || json_array_append_new(list, json_pack("{s:s, s:O}", "guardrail",
                                                                 msx_json_str_or(row, "id", ""),
                                                                 "override", o)) < 0)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *audit_line(struct plan_run *x, const struct plan_op *r, const char *at)
{
    const json_t *user = msx_json_obj(x->doc, "user");
    MSX_AUTO(msx_buf_release) struct msx_buf record = MSX_BUF_INIT((size_t)64 << 10);

    plan_record_text(&record, r->op);
    return json_pack(
        "{s:s, s:s, s:{s:s, s:s?}, s:s?, s:s?, s:s, s:s, s:s?, s:{s:s, s:s, s:s}, s:s, "
        "s:b, s:b, s:i, s:s, s:s, s:o}",
        "t", "operation", "at", at, "user", "id", msx_json_str_or(user, "id", ""), "name",
        msx_json_str(user, "name"), "org", msx_json_str(x->doc, "org"), "plan",
        msx_json_str(x->doc, "planId"), "confirmation", x->confirmation, "op", plan_op_id(r->op),
        "type", msx_json_str(r->op, "type"), "record", "entitySet", r->type->set, "id",
        plan_target_id(r->op), "name", record.data, "outcome", plan_outcome_name(r->outcome),
        "verified", r->verified == 1, "rebased", r->rebased, "httpStatus", r->http_status,
        "requestId", r->request_id, "message", r->message, "overrides", overrides(r));
}

static json_t *journal_line(const struct plan_op *r, const char *at)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:i, s:s, s:s, s:s, s:O?, "
                     "s:O?}",
                     "t", "outcome", "at", at, "op", plan_op_id(r->op), "digest", r->digest,
                     "outcome", plan_outcome_name(r->outcome), "verified", r->verified == 1, "ours",
                     r->ours, "rebased", r->rebased, "lost", r->lost, "httpStatus", r->http_status,
                     "code", r->code ? msx_code_name(r->code) : "", "message", r->message,
                     "requestId", r->request_id, "state", r->state, "details", r->details);
}

/* The audit line comes first: if the process dies between the two, the next apply finds the intent
 * still open, asks the record, and writes the audit line again rather than never. */
void plan_op_write_down(struct plan_run *x, struct plan_op *r)
{
    struct msx_error e = MSX_ERROR_INIT;
    char at[21];

    if (r->outcome == PLAN_SKIPPED && !r->open && r->sends == 0)
        return; /* nothing has happened */
    stamp(x->ctx, at);
    if (plan_audit_add(x->audit, audit_line(x, r, at), &e))
        plan_run_stop(x, e.code, "%s", e.msg);
    if (plan_journal_add(x->journal, journal_line(r, at), &e))
        plan_run_stop(x, e.code, "%s", e.msg);
}
