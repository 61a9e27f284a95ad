/* One operation, from what is known of it to its outcome.
 *
 * Nothing is concluded from the journal but "this is done". Everything else is decided by the
 * record itself, read again before each request: is the planned state there, is what was read when
 * planning still there, or something else? So the same steps serve a first apply, a resumed one and
 * a lost answer, and a request leaves only when the record shows that it has not taken effect. A
 * request that is still under way somewhere cannot be doubled by sending it again, because both
 * carry the same condition (If-None-Match: * for a create, the same ETag for an update): the
 * service executes at most one of them. */
#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"
#include "plan/exec.h"

#define REBASE_MAX   5   /* rounds against a record that keeps changing */
#define SETTLE_READS 2   /* reads (each repeated by the engine) to settle a lost answer */
#define PAUSE_MS     250 /* first pause after a failure of the service; doubles */
#define PAUSE_MAX_MS 8000

enum step { STEP_AGAIN, STEP_SEND, STEP_END };

static bool transient(enum msx_code code)
{
    return code == MSX_E_NETWORK || code == MSX_E_SERVER || code == MSX_E_THROTTLED;
}

static void fail_with(struct plan_op *r, enum plan_outcome o, enum msx_code code, const char *text)
{
    struct msx_error e = MSX_ERROR_INIT;

    (void)msx_fail(&e, code, "%s", text);
    plan_op_end(r, o, &e);
}

/* ---- before anything is asked ---- */

static bool known_done(struct plan_run *x, struct plan_op *r)
{
    const json_t *past = plan_journal_outcome(x->journal, r->digest);

    return r->outcome == PLAN_ALREADY && past && msx_json_bool_or(past, "verified", false);
}

/* True when r must not go on because of another operation. */
static bool held_back(struct plan_run *x, struct plan_op *r)
{
    for (size_t i = 0; i < r->n_deps; i++) {
        const struct plan_op *d = &x->ops[r->deps[i]];
        struct msx_error e = MSX_ERROR_INIT;

        if (plan_is_done(d->outcome))
            continue;
        (void)msx_fail(&e, MSX_E_PARTIAL, "depends on %s, which %s", plan_op_id(d->op),
                       d->in_scope ? "was not applied" : "is left out and was not applied before");
        plan_op_end(r, PLAN_SKIPPED, &e);
        return true;
    }
    return false;
}

static bool stopped(struct plan_run *x, struct plan_op *r)
{
    struct msx_error e = MSX_ERROR_INIT;

    if (msx_cancelled(x->ctx))
        (void)msx_fail(&e, MSX_E_CANCELLED, "cancelled before it was sent");
    else if (!plan_run_stopped(x, &e))
        return false;
    plan_op_end(r, PLAN_SKIPPED, &e);
    return true;
}

static bool has_placeholders(struct plan_op *r)
{
    MSX_AUTO(msx_buf_release) struct msx_buf names = MSX_BUF_INIT(400);
    struct msx_error e = MSX_ERROR_INIT;

    if (!plan_placeholders(r->op, &names))
        return false;
    (void)msx_fail(&e, MSX_E_REFUSED, "fill %s", names.data);
    msx_hint(&e, "msxops plan edit PLAN %s", plan_op_id(r->op));
    plan_op_end(r, PLAN_REFUSED, &e);
    return true;
}

/* What the record should hold now: what was read when planning, and over it what the operations
 * before this one on the same record have written. */
static enum msx_code expectation(struct plan_run *x, struct plan_op *r, struct msx_error *err)
{
    size_t chain[MSX_PLAN_MAX_OPS], n = 0;
    json_t *before = msx_json_obj(r->op, "before");

    r->expect = before ? json_copy(before) : json_object();
    r->live = json_deep_copy(r->op);
    if (!r->expect || !r->live)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    for (size_t i = r->earlier; i != PLAN_NONE && n < MSX_PLAN_MAX_OPS; i = x->ops[i].earlier)
        chain[n++] = i;
    while (n > 0) {
        const struct plan_op *e = &x->ops[chain[--n]];

        if (!plan_is_done(e->outcome))
            continue;
        if (json_object_update(r->expect, msx_json_obj(e->op, "after")) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        if (e->state && msx_json_str(e->state, PLAN_ETAG) &&
            msx_json_set_str(r->expect, PLAN_ETAG, msx_json_str(e->state, PLAN_ETAG)) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    return MSX_OK;
}

/* ---- reading ---- */

static enum msx_code read_record(struct plan_run *x, struct plan_op *r, int rounds, json_t **now,
                                 struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    for (int i = 0; i < rounds; i++) {
        if (i)
            x->io->pause(x->io->user, PAUSE_MS << i);
        rc = x->io->read(x->io->user, r->live, now, err);
        if (!transient(rc))
            break;
    }
    return rc;
}

/* The state that the write has left, or that was found. */
static void finish_done(struct plan_run *x, struct plan_op *r, enum plan_outcome outcome,
                        const json_t *now)
{
    MSX_AUTO(msx_json_free_p) json_t *missing = plan_not_shown(r->op, now);
    struct msx_error e = MSX_ERROR_INIT;

    r->open = false;
    if (!missing || plan_op_keep_state(r, now, &e)) {
        (void)msx_fail(&e, MSX_E_NOMEM, "out of memory");
        r->verified = 0;
    } else if (json_array_size(missing) > 0) {
        const json_t *first = json_array_get(missing, 0);

        r->verified = 0;
        (void)msx_fail(&e, MSX_E_PARTIAL,
                       "was written, but the record does not show it: '%s' is %s, not %s",
                       msx_json_str_or(first, "field", ""), msx_json_str_or(first, "now", ""),
                       msx_json_str_or(first, "after", ""));
        r->details = MSX_STEAL(missing);
    } else {
        r->verified = 1;
    }
    plan_op_end(r, outcome, r->verified == 1 ? NULL : &e);
    if (r->verified == 0)
        plan_run_stop(x, MSX_E_PARTIAL, "%s could not be verified: nothing more was started",
                      plan_op_id(r->op));
}

/* ---- deciding from the record ---- */

static enum step decide_create(struct plan_run *x, struct plan_op *r, const json_t *now)
{
    MSX_AUTO(msx_json_free_p) json_t *missing = NULL;
    struct msx_error e = MSX_ERROR_INIT;
    const json_t *first;

    if (!now)
        return STEP_SEND;
    missing = plan_not_shown(r->op, now);
    if (!missing) {
        fail_with(r, PLAN_FAILED, MSX_E_NOMEM, "out of memory");
        return STEP_END;
    }
    /* Nobody else knows the id: a request of ours has made it, whatever has become of it since. */
    if (json_array_size(missing) == 0 || r->open) {
        r->recovered = r->open;
        finish_done(x, r, r->open ? PLAN_APPLIED : PLAN_ALREADY, now);
        return STEP_END;
    }
    first = json_array_get(missing, 0);
    (void)msx_fail(&e, MSX_E_CONFLICT,
                   "the record exists already with other values: '%s' is %s, planned %s",
                   msx_json_str_or(first, "field", ""), msx_json_str_or(first, "now", ""),
                   msx_json_str_or(first, "after", ""));
    r->details = MSX_STEAL(missing);
    plan_op_end(r, x->opts->on_conflict == MSX_CONFLICT_SKIP ? PLAN_SKIPPED : PLAN_CONFLICT, &e);
    return STEP_END;
}

static enum step decide_update(struct plan_run *x, struct plan_op *r, const json_t *now)
{
    struct plan_compare cmp = { 0 };
    struct msx_error e = MSX_ERROR_INIT;
    const char *etag, *expected;

    if (!now) {
        (void)msx_fail(&e, MSX_E_NOTFOUND, "the record is not there any more");
        plan_op_end(r, PLAN_FAILED, &e);
        return STEP_END;
    }
    if (plan_compare(r->op, r->expect, now, &cmp, &e)) {
        plan_op_end(r, PLAN_FAILED, &e);
        return STEP_END;
    }
    if (cmp.state == PLAN_STATE_DONE) {
        json_decref(cmp.touched);
        r->recovered = r->open;
        finish_done(x, r, r->open ? PLAN_APPLIED : PLAN_ALREADY, now);
        return STEP_END;
    }
    if (cmp.state == PLAN_STATE_TOUCHED &&
        (cmp.written_touched || x->opts->on_conflict != MSX_CONFLICT_REBASE)) {
        plan_op_conflict(x, r, &cmp, now);
        return STEP_END;
    }
    json_decref(r->details);
    r->details = cmp.touched; /* what --on-conflict rebase has passed over, or NULL */
    etag = msx_json_str(now, PLAN_ETAG);
    expected = msx_json_str(r->expect, PLAN_ETAG);
    if (!etag) {
        fail_with(r, PLAN_FAILED, MSX_E_SERVER, "the service gave the record without its ETag");
        return STEP_END;
    }
    r->rebased = expected && strcmp(etag, expected) != 0;
    return STEP_SEND;
}

/* ---- sending ---- */

/* Guardrails on the record as it is now. True when the operation may go on. */
static bool guard_passes(struct plan_run *x, struct plan_op *r, const json_t *now)
{
    const struct msx_guard *g = x->opts->guard;
    struct msx_error e = MSX_ERROR_INIT;
    json_t *row;
    size_t i;

    if (g) {
        enum msx_code rc;

        (void)pthread_mutex_lock(&x->guard);
        rc = g->check(g->user, x->doc, r->live, now, &e);
        (void)pthread_mutex_unlock(&x->guard);
        if (rc) {
            plan_op_end(r, rc == MSX_E_REFUSED ? PLAN_REFUSED : PLAN_FAILED, &e);
            return false;
        }
    }
    json_array_foreach(msx_json_arr(r->live, "guardrails"), i, row) {
        const char *id = msx_json_str_or(row, "id", "");

        if (strcmp(msx_json_str_or(row, "outcome", ""), "block") != 0 ||
            msx_json_obj(row, "override"))
            continue;
        /* "needs approval": the confirmation that this apply was started with is that approval */
        if (strcmp(id, "GX-01") == 0)
            continue;
        (void)msx_fail(&e, MSX_E_REFUSED, "%s: %s", id, msx_json_str_or(row, "message", "blocked"));
        msx_hint(&e, "msxops plan show PLAN tells what would clear it");
        plan_op_end(r, PLAN_REFUSED, &e);
        return false;
    }
    return true;
}

static enum msx_code make_request(struct plan_run *x, struct plan_op *r, const json_t *now,
                                  json_t **req, struct msx_error *err)
{
    json_t *before = msx_json_obj(r->live, "before");

    if (now) {
        if (!before) {
            before = json_object();
            if (json_object_set_new(r->live, "before", before) < 0)
                return msx_fail(err, MSX_E_NOMEM, "out of memory");
        }
        if (msx_json_set_str(before, PLAN_ETAG, msx_json_str(now, PLAN_ETAG)) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    return x->io->request(x->io->user, r->live, req, err);
}

static void pause_before_repeat(struct plan_run *x, const struct plan_op *r)
{
    long ms = PAUSE_MS;

    for (int i = 1; i < r->sends && ms < PAUSE_MAX_MS; i++)
        ms *= 2;
    if (!msx_cancelled(x->ctx))
        x->io->pause(x->io->user, ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS);
}

/* What a failed request means for the next step. */
static enum step after_failure(struct plan_run *x, struct plan_op *r, const struct plan_sent *sent,
                               const struct msx_error *e)
{
    if (sent->http_status == 412 && r->rebases++ < REBASE_MAX) {
        plan_op_end(r, PLAN_PENDING, e);
        return STEP_AGAIN; /* somebody was faster, or an earlier request of ours has won: look */
    }
    if (sent->http_status == 412 && !r->type->create) {
        fail_with(r, PLAN_CONFLICT, MSX_E_CONFLICT, "the record keeps changing");
        return STEP_END;
    }
    if (sent->maybe) {
        r->open = true;
        /* keep what went wrong: it is the outcome if the record does not show the write */
        plan_op_end(r, PLAN_PENDING, e);
        pause_before_repeat(x, r);
        return STEP_AGAIN;
    }
    if (r->open && transient(e->code) && r->sends <= x->ctx->retries) {
        pause_before_repeat(x, r); /* an earlier request may have been executed: look */
        return STEP_AGAIN;
    }
    plan_op_end(r, PLAN_FAILED, e);
    if (e->code == MSX_E_AUTH)
        plan_run_stop(x, MSX_E_AUTH, "not signed in any more: nothing more was started");
    return STEP_END;
}

static enum step send_once(struct plan_run *x, struct plan_op *r, const json_t *now)
{
    MSX_AUTO(msx_json_free_p) json_t *req = NULL;
    MSX_AUTO(msx_json_free_p) json_t *back = NULL;
    struct msx_error e = MSX_ERROR_INIT;
    struct plan_sent sent = { 0 };

    if (make_request(x, r, now, &req, &e)) {
        plan_op_end(r, PLAN_FAILED, &e);
        return STEP_END;
    }
    if (stopped(x, r))
        return STEP_END;
    if (plan_op_intent(x, r, req, &e)) {
        plan_op_end(r, PLAN_FAILED, &e);
        plan_run_stop(x, e.code, "%s", e.msg);
        return STEP_END;
    }
    r->sends++;
    if (x->io->send(x->io->user, r->live, req, &sent, &e)) {
        r->http_status = sent.http_status;
        if (sent.request_id[0])
            (void)snprintf(r->request_id, sizeof r->request_id, "%s", sent.request_id);
        return after_failure(x, r, &sent, &e);
    }
    r->http_status = sent.http_status;
    (void)snprintf(r->request_id, sizeof r->request_id, "%s", sent.request_id);
    r->open = true; /* until it is read back */
    if (read_record(x, r, SETTLE_READS, &back, &e)) {
        r->verified = 0;
        (void)msx_wrap(&e, e.code, "was written, but could not be read back");
        plan_op_end(r, PLAN_APPLIED, &e);
        plan_run_stop(x, e.code, "%s could not be verified: nothing more was started",
                      plan_op_id(r->op));
        return STEP_END;
    }
    finish_done(x, r, PLAN_APPLIED, back);
    return STEP_END;
}

/* One look at the record, and a request if it shows that one is needed. */
static enum step look_and_act(struct plan_run *x, struct plan_op *r)
{
    MSX_AUTO(msx_json_free_p) json_t *now = NULL;
    struct msx_error e = MSX_ERROR_INIT;
    enum step step;

    if (!r->open && stopped(x, r))
        return STEP_END;
    if (read_record(x, r, r->open ? SETTLE_READS : 1, &now, &e)) {
        if (r->open)
            (void)msx_wrap(&e, e.code,
                           "not known whether it took effect: the record cannot be read");
        plan_op_end(r, r->open ? PLAN_UNKNOWN : PLAN_FAILED, &e);
        if (e.code == MSX_E_AUTH)
            plan_run_stop(x, MSX_E_AUTH, "not signed in any more: nothing more was started");
        return STEP_END;
    }
    step = r->type->create ? decide_create(x, r, now) : decide_update(x, r, now);
    if (step != STEP_SEND)
        return step;
    if (r->sends > x->ctx->retries + r->rebases) { /* the last failure is kept in r */
        r->outcome = PLAN_FAILED;
        return STEP_END;
    }
    if (held_back(x, r) || stopped(x, r))
        return STEP_END;
    if (!guard_passes(x, r, now))
        return STEP_END;
    return send_once(x, r, now);
}

void plan_op_carry_out(struct plan_run *x, struct plan_op *r)
{
    const json_t *intent = plan_journal_intent(x->journal, r->digest);
    const json_t *past = plan_journal_outcome(x->journal, r->digest);
    const char *was = msx_json_str_or(past, "outcome", "");
    struct msx_error e = MSX_ERROR_INIT;

    if (known_done(x, r))
        return;
    r->tries = plan_journal_tries(x->journal, r->digest);
    r->open = intent && !plan_is_done(r->outcome) &&
              (!past || strcmp(was, "unknown") == 0 || msx_json_bool_or(past, "lost", false));
    if (expectation(x, r, &e)) {
        plan_op_end(r, PLAN_FAILED, &e);
    } else if (r->outcome == PLAN_ALREADY) {
        MSX_AUTO(msx_json_free_p) json_t *now = NULL;

        /* done earlier, but not seen then: look again, write nothing */
        if (read_record(x, r, SETTLE_READS, &now, &e) == MSX_OK)
            finish_done(x, r, PLAN_ALREADY, now);
        else
            plan_run_stop(x, e.code, "%s could not be verified: nothing more was started",
                          plan_op_id(r->op));
    } else if (r->open || (!held_back(x, r) && !stopped(x, r) && !has_placeholders(r))) {
        /* an open request is settled even if nothing may be sent any more */
        while (look_and_act(x, r) == STEP_AGAIN)
            ;
    }
    r->lost = r->open && !plan_is_done(r->outcome);
    plan_op_write_down(x, r);
}
