/* The run: which operation may go when, and the threads that carry them out.
 *
 * An operation waits for those it depends on and for the one before it on the same record; the
 * order on a record follows the dependencies first and the plan second, so that no two can wait for
 * each other. */
#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"
#include "plan/exec.h"

#define THREADS_MAX 52

void plan_run_stop(struct plan_run *x, enum msx_code code, const char *fmt, ...)
{
    struct msx_error e = MSX_ERROR_INIT;
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void)msx_fail(&e, code, "%s", text);
    (void)pthread_mutex_lock(&x->mutex);
    if (!x->stop) {
        x->stop = true;
        x->stop_code = code;
        (void)snprintf(x->stop_why, sizeof x->stop_why, "%.399s", e.msg);
    }
    (void)pthread_mutex_unlock(&x->mutex);
}

bool plan_run_stopped(struct plan_run *x, struct msx_error *why)
{
    bool stop;

    (void)pthread_mutex_lock(&x->mutex);
    stop = x->stop;
    if (stop)
        (void)msx_fail(why, x->stop_code, "not started: %s", x->stop_why);
    (void)pthread_mutex_unlock(&x->mutex);
    return stop;
}

/* ---- setting up ---- */

static enum msx_code find_deps(struct plan_run *x, const json_t *index, struct plan_op *r,
                               struct msx_error *err)
{
    json_t *list = msx_json_arr(r->op, "dependsOn"), *v;
    size_t i;

    r->deps = msx_calloc(json_array_size(list) + 1, sizeof *r->deps);
    if (!r->deps)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    json_array_foreach(list, i, v) {
        json_int_t at = json_integer_value(json_object_get(index, json_string_value(v)));

        if (at < 0 || (size_t)at >= x->n)
            return msx_fail(err, MSX_E_INVALID, "%s: 'dependsOn' is not valid", plan_op_id(r->op));
        r->deps[r->n_deps++] = (size_t)at;
    }
    return MSX_OK;
}

static bool all_placed(const struct plan_op *r, const bool *placed)
{
    for (size_t i = 0; i < r->n_deps; i++) {
        if (!placed[r->deps[i]])
            return false;
    }
    return true;
}

/* The operation before each on its record, in an order that dependencies allow. */
static enum msx_code chain_records(struct plan_run *x, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *last = json_object();
    MSX_AUTO(msx_free_p) bool *placed = msx_calloc(x->n + 1, sizeof *placed);
    size_t count = 0, before;

    if (!last || !placed)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    do {
        before = count;
        for (size_t i = 0; i < x->n; i++) {
            struct plan_op *r = &x->ops[i];
            const char *id = plan_target_id(r->op);
            const json_t *at = json_object_get(last, id);

            if (placed[i] || !all_placed(r, placed))
                continue;
            r->earlier = at ? (size_t)json_integer_value(at) : PLAN_NONE;
            if (json_object_set_new(last, id, json_integer((json_int_t)i)) < 0)
                return msx_fail(err, MSX_E_NOMEM, "out of memory");
            placed[i] = true;
            count++;
        }
    } while (count > before);
    if (count < x->n)
        return msx_fail(err, MSX_E_INVALID, "'dependsOn' goes round in a circle");
    return MSX_OK;
}

/* What an earlier apply has done is done; it is not looked at again. */
static void recall(struct plan_run *x, struct plan_op *r)
{
    const json_t *past = plan_journal_outcome(x->journal, r->digest);
    const char *was = msx_json_str_or(past, "outcome", "");
    json_int_t status = 0;

    r->verified = -1;
    if (strcmp(was, "applied") != 0 && strcmp(was, "already-applied") != 0) {
        if (!r->in_scope) {
            r->outcome = PLAN_SKIPPED;
            r->finished = true;
        }
        return;
    }
    r->outcome = PLAN_ALREADY;
    r->from_journal = true;
    r->ours = strcmp(was, "applied") == 0 || msx_json_bool_or(past, "ours", false);
    r->finished = !r->in_scope;
    r->verified = msx_json_bool_or(past, "verified", false) ? 1 : 0;
    (void)msx_json_int(past, "httpStatus", &status);
    r->http_status = status > 0 && status < 1000 ? (int)status : 0;
    (void)snprintf(r->request_id, sizeof r->request_id, "%s",
                   msx_json_str_or(past, "requestId", ""));
    (void)snprintf(r->message, sizeof r->message, "%s", msx_json_str_or(past, "message", ""));
    r->state = json_incref(msx_json_obj(past, "state"));
}

static enum msx_code start_locks(struct plan_run *x, struct msx_error *err)
{
    if (pthread_mutex_init(&x->mutex, NULL) != 0)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (pthread_mutex_init(&x->guard, NULL) != 0) {
        (void)pthread_mutex_destroy(&x->mutex);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    if (pthread_cond_init(&x->moved, NULL) != 0) {
        (void)pthread_mutex_destroy(&x->guard);
        (void)pthread_mutex_destroy(&x->mutex);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    x->has_locks = true;
    return MSX_OK;
}

enum msx_code plan_run_init(struct plan_run *x, struct msx_error *err)
{
    json_t *ops = msx_json_arr(x->doc, "operations"), *op;
    MSX_AUTO(msx_json_free_p) json_t *index = json_object();
    enum msx_code rc;
    size_t i;

    x->ops = msx_calloc(json_array_size(ops) + 1, sizeof *x->ops);
    if (!x->ops || !index)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    x->n = json_array_size(ops);
    json_array_foreach(ops, i, op) {
        struct plan_op *r = &x->ops[i];

        r->op = op;
        r->type = plan_op_type(op);
        r->earlier = PLAN_NONE;
        r->in_scope = plan_in(x->opts->only, x->opts->only_n, plan_op_id(op));
        if (json_object_set_new(index, plan_op_id(op), json_integer((json_int_t)i)) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    for (i = 0; i < x->n; i++) {
        rc = plan_op_digest(x->ops[i].op, x->ops[i].digest, err);
        if (!rc)
            rc = find_deps(x, index, &x->ops[i], err);
        if (rc)
            return rc;
        recall(x, &x->ops[i]);
    }
    rc = chain_records(x, err);
    return rc ? rc : start_locks(x, err);
}

void plan_run_release(struct plan_run *x)
{
    for (size_t i = 0; i < x->n; i++) {
        struct plan_op *r = &x->ops[i];

        msx_free(r->deps);
        json_decref(r->live);
        json_decref(r->expect);
        json_decref(r->details);
        json_decref(r->state);
    }
    msx_free(x->ops);
    x->ops = NULL;
    x->n = 0;
    if (x->has_locks) {
        (void)pthread_cond_destroy(&x->moved);
        (void)pthread_mutex_destroy(&x->guard);
        (void)pthread_mutex_destroy(&x->mutex);
        x->has_locks = false;
    }
}

/* ---- running ---- */

static bool may_start(const struct plan_run *x, const struct plan_op *r)
{
    if (r->running || r->finished)
        return false;
    if (r->earlier != PLAN_NONE && !x->ops[r->earlier].finished)
        return false;
    for (size_t i = 0; i < r->n_deps; i++) {
        if (!x->ops[r->deps[i]].finished)
            return false;
    }
    return true;
}

/* The next operation to carry out, waiting for one if all that is left waits for others; NULL when
 * everything is finished or under way elsewhere. */
static struct plan_op *take_next(struct plan_run *x)
{
    for (;;) {
        bool left = false;

        for (size_t i = 0; i < x->n; i++) {
            struct plan_op *r = &x->ops[i];

            left = left || !r->finished;
            if (may_start(x, r)) {
                r->running = true;
                return r;
            }
        }
        if (!left)
            return NULL;
        (void)pthread_cond_wait(&x->moved, &x->mutex);
    }
}

static void *work(void *arg)
{
    struct plan_run *x = arg;
    struct plan_op *r;

    (void)pthread_mutex_lock(&x->mutex);
    while ((r = take_next(x)) != NULL) {
        (void)pthread_mutex_unlock(&x->mutex);
        plan_op_carry_out(x, r);
        (void)pthread_mutex_lock(&x->mutex);
        if (x->opts->progress) {
            json_t *row = plan_op_row(r);

            if (row)
                x->opts->progress(x->opts->progress_user, row);
            json_decref(row);
        }
        r->running = false;
        r->finished = true;
        (void)pthread_cond_broadcast(&x->moved);
    }
    (void)pthread_mutex_unlock(&x->mutex);
    return NULL;
}

void plan_run_all(struct plan_run *x)
{
    pthread_t threads[THREADS_MAX];
    size_t want = x->ctx->concurrency > 0 ? (size_t)x->ctx->concurrency : 1, started = 0;

    if (want > THREADS_MAX)
        want = THREADS_MAX;
    if (want > x->n)
        want = x->n;
    /* this thread is one of them; with no other it takes longer, that is all */
    while (started + 1 < want && pthread_create(&threads[started], NULL, work, x) == 0)
        started++;
    (void)work(x);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL);
}
