/* The reads of a flow: steps and macros as data, run in waves of what does not depend on each
 * other, in batches rather than record by record. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/run.h"
#include "skill/steps.h"

#define MAX_STEPS   64
#define SPLIT_TRIES 3 /* single calls that may fail in a row before the rest is given up */

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

enum msx_code msx_run_gap(struct msx_run *r, const char *kind, const char *what, const char *where,
                          const char *effect, struct msx_error *err)
{
    for (size_t i = 0; i < json_array_size(r->gaps); i++) {
        const json_t *g = json_array_get(r->gaps, i);

        if (strcmp(msx_json_str(g, "kind"), kind) == 0 &&
            strcmp(msx_json_str(g, "what"), what) == 0 &&
            strcmp(msx_json_str(g, "where"), where) == 0)
            return MSX_OK;
    }
    if (json_array_append_new(r->gaps, json_pack("{s:s, s:s, s:s, s:s}", "kind", kind, "what", what,
                                                 "where", where, "effect", effect)) != 0)
        return no_memory(err);
    return MSX_OK;
}

/* ---- waves ---- */

static bool is_done(const struct msx_steps *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->items[i].id, id) == 0 && !s->items[i].done)
            return false;
    return true; /* not part of this flow: nothing to wait for */
}

static bool can_run(const struct msx_steps *s, const struct msx_step *step)
{
    const json_t *needs = msx_json_arr(step->def, "needs");

    if (step->done)
        return false;
    for (size_t i = 0; i < json_array_size(needs); i++)
        if (!is_done(s, json_string_value(json_array_get(needs, i))))
            return false;
    if (!msx_json_str(step->def, "after"))
        return true;
    for (size_t i = 0; i < s->n; i++) /* after everything that does not itself come last */
        if (!s->items[i].done && !msx_json_str(s->items[i].def, "after"))
            return false;
    return true;
}

struct wave {
    struct msx_call *calls;
    size_t n, cap;
};

static void release_wave(struct wave *w)
{
    for (size_t i = 0; i < w->n; i++)
        msx_call_release(&w->calls[i]);
    msx_free(w->calls);
    *w = (struct wave){ 0 };
}

static enum msx_code add_call(struct msx_run *r, struct wave *w, struct msx_step *step, json_t *ids,
                              struct msx_error *err)
{
    size_t count = ids ? json_array_size(ids) : 1;
    struct msx_call call = { .tool = msx_json_str(step->def, "tool"), .ids = ids, .step = step };
    enum msx_code rc = msx_step_args(r, step, ids, &call.args, err);

    call.timeout_ms = msx_step_timeout(r, step, count);
    if (!rc && w->n == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 16;
        struct msx_call *p = msx_realloc(w->calls, cap * sizeof *p);

        if (!p) {
            rc = no_memory(err);
        } else {
            w->calls = p;
            w->cap = cap;
        }
    }
    if (rc) {
        msx_call_release(&call);
        return rc;
    }
    w->calls[w->n++] = call;
    step->calls++;
    return MSX_OK;
}

/* The calls of a step: one, or one a batch of ids. */
static enum msx_code plan_step(struct msx_run *r, struct wave *w, struct msx_step *step,
                               struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *ids = NULL;
    json_int_t batch = 0;
    enum msx_code rc;
    size_t n;

    if (!msx_json_str(step->def, "tool"))
        return MSX_OK;
    if (!msx_json_str(step->def, "over"))
        return msx_step_wanted(r, step) ? add_call(r, w, step, NULL, err) : MSX_OK;
    if (!msx_step_wanted(r, step))
        return MSX_OK;
    rc = msx_step_ids(r, step, &ids, err);
    if (rc)
        return rc;
    (void)msx_json_int(step->def, "batch", &batch);
    n = json_array_size(ids);
    for (size_t i = 0; !rc && i < n;) {
        json_t *part = json_array();
        size_t end = batch > 0 && i + (size_t)batch < n ? i + (size_t)batch : n;

        for (; part && i < end; i++) {
            if (json_array_append(part, json_array_get(ids, i)) != 0) {
                json_decref(part);
                part = NULL;
            }
        }
        rc = part ? add_call(r, w, step, part, err) : no_memory(err);
    }
    return rc;
}

static const char *on_error(const struct msx_call *c)
{
    const struct msx_step *step = c->step;

    return msx_json_str_or(step->def, "onError", "skip");
}

static void pause_ms(const struct msx_run *r, long ms)
{
    struct timespec left = { ms / 1000, (ms % 1000) * 1000000L };

    if (r->opts->sleep_ms) {
        r->opts->sleep_ms(NULL, ms);
        return;
    }
    for (long done = 0; done < ms && !msx_cancelled(r->ctx); done += 100) {
        left = (struct timespec){ 0, (ms - done < 100 ? ms - done : 100) * 1000000L };
        (void)nanosleep(&left, NULL);
    }
}

/* Make the failed calls of retrying steps again, after each pause that steps.yaml gives. */
static enum msx_code retry(struct msx_run *r, struct wave *w, struct msx_error *err)
{
    const json_t *pauses = msx_json_arr(r->flow->shared.steps, "retry_ms");
    enum msx_code rc = MSX_OK;

    for (size_t i = 0; !rc && i < json_array_size(pauses); i++) {
        bool paused = false;

        for (size_t j = 0; !rc && j < w->n; j++) {
            struct msx_call *c = &w->calls[j];

            if (!c->rc || strcmp(on_error(c), "retry") != 0)
                continue;
            if (!paused)
                pause_ms(r, (long)json_integer_value(json_array_get(pauses, i)));
            paused = true;
            rc = msx_caller_run(r->caller, c, 1, err);
        }
    }
    return rc;
}

/* An error that would meet each record alone as well. */
static bool is_general(enum msx_code rc)
{
    return rc == MSX_E_NETWORK || rc == MSX_E_THROTTLED || rc == MSX_E_AUTH ||
           rc == MSX_E_CANCELLED || rc == MSX_E_NOMEM || rc == MSX_E_USAGE;
}

/* A batch that failed is asked for record by record, so that one bad record costs only itself. */
static enum msx_code split(struct msx_run *r, struct wave *w, struct msx_error *err)
{
    size_t n = w->n;
    enum msx_code rc = MSX_OK;

    for (size_t i = 0; !rc && i < n; i++) {
        size_t failed = 0, count = json_array_size(w->calls[i].ids);

        if (!w->calls[i].rc || count < 2 || is_general(w->calls[i].rc) ||
            strcmp(on_error(&w->calls[i]), "abort") == 0)
            continue;
        for (size_t j = 0; !rc && j < count; j++) {
            json_t *one = json_pack("[O]", json_array_get(w->calls[i].ids, j));
            struct msx_call *c;

            rc = one ? add_call(r, w, w->calls[i].step, one, err) : no_memory(err);
            if (rc)
                break;
            c = &w->calls[w->n - 1];
            if (failed >= SPLIT_TRIES) {
                c->rc = w->calls[i].rc;
                c->err = w->calls[i].err;
                continue;
            }
            rc = msx_caller_run(r->caller, c, 1, err);
            failed = c->rc ? failed + 1 : 0;
        }
        if (!rc) { /* the singles stand for it */
            msx_call_release(&w->calls[i]);
        }
    }
    return rc;
}

static enum msx_code failed_step(struct msx_run *r, struct msx_step *step,
                                 const struct msx_call *call, bool all, struct msx_error *err)
{
    char effect[sizeof call->err.msg + 32];
    bool abort_it =
        strcmp(on_error(call), "abort") == 0 || (all && msx_json_str(step->def, "allFail"));

    if (abort_it || call->rc == MSX_E_CANCELLED || call->rc == MSX_E_NOMEM) {
        if (err)
            *err = call->err;
        return msx_wrap(err, call->rc, "step '%s'", step->gap_id);
    }
    (void)snprintf(effect, sizeof effect, "not read: %s", call->err.msg);
    if (!step->error[0])
        (void)snprintf(step->error, sizeof step->error, "%.199s", call->err.msg);
    step->failed = true;
    return msx_run_gap(r, "step_failed", step->gap_id, "run", effect, err);
}

static enum msx_code take_answers(struct msx_run *r, struct msx_step *step, struct wave *w,
                                  struct msx_error *err)
{
    size_t good = 0, bad = 0;
    enum msx_code rc = MSX_OK;

    for (size_t i = 0; i < w->n; i++)
        if (w->calls[i].step == step && w->calls[i].tool)
            w->calls[i].rc ? bad++ : good++;
    for (size_t i = 0; !rc && i < w->n; i++) {
        struct msx_call *c = &w->calls[i];

        if (c->step != step || !c->tool)
            continue;
        if (c->rc) {
            rc = failed_step(r, step, c, !good && bad, err);
            if (!rc)
                msx_step_not_read(r, step, c->ids);
        } else {
            rc = msx_step_take(r, step, c, err);
            if (rc)
                rc = msx_wrap(err, rc, "step '%s'", step->gap_id);
        }
    }
    if (rc)
        return rc;
    step->done = true;
    return msx_step_finish(r, step, err);
}

static enum msx_code run_wave(struct msx_run *r, struct msx_steps *s, struct msx_error *err)
{
    struct msx_step *ready[MAX_STEPS];
    struct wave w = { 0 };
    size_t n = 0;
    enum msx_code rc = msx_world_ready(r->world, err);

    for (size_t i = 0; i < s->n && n < MAX_STEPS; i++)
        if (can_run(s, &s->items[i]))
            ready[n++] = &s->items[i];
    if (!rc && !n)
        rc = msx_fail(err, MSX_E_INVALID, "flow '%s': steps need each other", r->flow->path);
    for (size_t i = 0; !rc && i < n; i++)
        rc = plan_step(r, &w, ready[i], err);
    if (!rc && w.n)
        rc = msx_caller_run(r->caller, w.calls, w.n, err);
    if (!rc)
        rc = retry(r, &w, err);
    if (!rc)
        rc = split(r, &w, err);
    for (size_t i = 0; !rc && i < n; i++)
        rc = take_answers(r, ready[i], &w, err);
    release_wave(&w);
    return rc;
}

/* {id: {status, error, calls}} for outputs. */
static enum msx_code report(struct msx_run *r, const struct msx_steps *s, struct msx_error *err)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct msx_step *step = &s->items[i];

        if (json_object_set_new(r->steps, step->id,
                                json_pack("{s:s, s:s?, s:i}", "status",
                                          step->failed  ? "failed"
                                          : step->calls ? "ok"
                                                        : "skipped",
                                          "error", step->error[0] ? step->error : NULL, "calls",
                                          (int)step->calls)) != 0)
            return no_memory(err);
    }
    return MSX_OK;
}

/* Customers that no step read are known by id and name from their opportunities. */
static enum msx_code add_customers(struct msx_run *r, struct msx_error *err)
{
    static const char label[] = "_parentaccountid_value@OData.Community.Display.V1.FormattedValue";
    MSX_AUTO(msx_json_free_p) json_t *names = json_array();
    const struct msx_rec *const *opps;
    enum msx_code rc;
    size_t n;

    if (!names)
        return no_memory(err);
    opps = msx_world_all(r->world, MSX_K_OPP, &n);
    for (size_t i = 0; i < n; i++) {
        const char *id = msx_rec_str(opps[i], "_parentaccountid_value");
        const char *name = msx_rec_str(opps[i], label);

        if (!id || msx_world_find(r->world, MSX_K_ACCOUNT, id))
            continue;
        if (json_array_append_new(names,
                                  name ? json_pack("{s:s, s:s}", "accountid", id, "name", name)
                                       : json_pack("{s:s}", "accountid", id)) != 0)
            return no_memory(err);
    }
    rc = msx_world_add(r->world, MSX_K_ACCOUNT, names, err);
    return rc ? rc : msx_world_ready(r->world, err);
}

enum msx_code msx_run_steps(struct msx_run *r, struct msx_error *err)
{
    struct msx_steps s = { 0 };
    enum msx_code rc = msx_steps_load(r->flow, r->world, r->params, &s, err);

    if (!rc && s.route) {
        (void)snprintf(r->route, sizeof r->route, "%.15s", s.route);
        if (s.route_gap)
            rc = msx_run_gap(r, s.route_gap, s.route, "run",
                             "no customer or record was named: your active opportunities", err);
    }
    while (!rc) {
        size_t open = 0;

        for (size_t i = 0; i < s.n; i++)
            open += !s.items[i].done;
        if (!open)
            break;
        rc = run_wave(r, &s, err);
    }
    if (!rc)
        rc = msx_world_ready(r->world, err);
    if (!rc)
        rc = add_customers(r, err);
    if (!rc)
        rc = report(r, &s, err);
    msx_steps_release(&s);
    return rc;
}
