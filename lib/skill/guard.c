/* Guardrails of operations: the rules of guardrails.yaml, evaluated when an operation is planned
 * and again before it is written. What fired is kept with the operation; the executor refuses a
 * block. */
#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/guard_int.h"

#define REASON_MIN 15 /* characters */

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

/* ---- overrides ---- */

static bool has_characters(const char *s, size_t n)
{
    return guard_characters(s + strspn(s, " \t\r\n")) >= n;
}

/* A person's override of this guardrail that still counts: borrowed, or NULL. */
static json_t *override_of(const json_t *op, const struct guard_rule *r)
{
    const json_t *rows = msx_json_arr(op, "guardrails");

    for (size_t i = 0; r->override != GUARD_NEVER && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        json_t *o = msx_json_obj(row, "override");

        if (!o || strcmp(msx_json_str_or(row, "id", ""), r->id) != 0)
            continue;
        if (!msx_json_str(o, "by") || !msx_json_str(o, "at") ||
            !has_characters(msx_json_str_or(o, "reason", ""), REASON_MIN) ||
            (r->override == GUARD_EVIDENCE &&
             !has_characters(msx_json_str_or(o, "evidence", ""), 1)))
            return NULL;
        return o;
    }
    return NULL;
}

/* ---- rules ---- */

/* NULL, "block" or "warn"; *unknown when something that it looks at could not be read. */
static const char *outcome_of(const struct guard_rule *r, const struct msx_cond_scope *s,
                              bool *unknown)
{
    enum msx_tri block = r->block ? msx_cond_eval(r->block, s, NULL) : MSX_NO;
    enum msx_tri warn = MSX_NO;

    *unknown = block == MSX_UNKNOWN;
    if (block != MSX_NO)
        return "block";
    warn = r->warn ? msx_cond_eval(r->warn, s, NULL) : MSX_NO;
    *unknown = warn == MSX_UNKNOWN;
    return warn != MSX_NO ? "warn" : NULL;
}

/* The row of a rule that fired: new; NULL and *failed when there is no memory. */
static json_t *row_of(const struct guard_rule *r, const struct msx_cond_scope *s, const json_t *op,
                      bool *failed)
{
    bool unknown;
    const char *outcome = outcome_of(r, s, &unknown);
    json_t *override = outcome ? override_of(op, r) : NULL;
    MSX_AUTO(msx_free_p) char *message = NULL;
    MSX_AUTO(msx_free_p) char *cleared = NULL;
    json_t *row;

    if (!outcome)
        return NULL;
    message = unknown ? msx_strdup("cannot be checked: not all that it looks at could be read")
                      : msx_choice_text(&r->message, s, NULL, 0);
    cleared = msx_choice_text(&r->cleared_by, s, NULL, 0);
    row = json_pack("{s:s, s:s, s:s}", "id", r->id, "outcome", override ? "warn" : outcome,
                    "message", message ? message : "");
    if (!row || !message || (cleared && msx_json_set_str(row, "cleared_by", cleared) != 0) ||
        (override && json_object_set(row, "override", override) != 0)) {
        json_decref(row);
        *failed = true;
        return NULL;
    }
    return row;
}

static bool holds(const json_t *plan, const json_t *op)
{
    const json_t *ops = msx_json_arr(plan, "operations");

    for (size_t i = 0; i < json_array_size(ops); i++)
        if (json_array_get(ops, i) == op)
            return true;
    return false;
}

/* What is said of every operation of a plan is said of those that were planned earlier, too. */
static int say_to_others(const json_t *plan, const json_t *op, const struct guard_rule *r,
                         json_t *row)
{
    json_t *ops = msx_json_arr(plan, "operations"), *other;
    size_t i;

    json_array_foreach(ops, i, other) {
        json_t *rows = msx_json_arr(other, "guardrails");
        size_t k = 0;

        if (other == op || !rows)
            continue;
        while (k < json_array_size(rows) &&
               strcmp(msx_json_str_or(json_array_get(rows, k), "id", ""), r->id) != 0)
            k++;
        if (k < json_array_size(rows) && json_array_remove(rows, k) != 0)
            return -1;
        if (row && json_array_append(rows, row) != 0)
            return -1;
    }
    return 0;
}

static enum msx_code judge(const struct guard *g, const json_t *plan, json_t *op,
                           const struct msx_cond_scope *s, bool planning, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *rows = json_array();
    bool failed = !rows;

    for (size_t i = 0; !failed && i < g->nrules; i++) {
        const struct guard_rule *r = &g->rules[i];
        MSX_AUTO(msx_json_free_p) json_t *row = row_of(r, s, op, &failed);

        if (!failed && row)
            failed = json_array_append(rows, row) != 0;
        if (!failed && planning && r->of_plan)
            failed = say_to_others(plan, op, r, row) != 0;
    }
    if (failed || json_object_set(op, "guardrails", rows) != 0)
        return no_memory(err);
    return MSX_OK;
}

/* ---- the calls ---- */

/* What was read for planning does not serve an apply, nor what one apply has read another. */
static void use_cache(struct guard *g, const json_t *applied)
{
    if (g->cache.applied == applied)
        return;
    guard_cache_drop(g);
    g->cache.applied = json_incref((json_t *)(uintptr_t)applied);
}

/* The records around the operation. While a plan is applied they are read anew, for all of its
 * operations at the first; what was read for planning is not used then. */
static enum msx_code read_around(struct guard *g, const json_t *plan, const json_t *op,
                                 bool planning, struct msx_error *err)
{
    const json_t *list = msx_json_arr(plan, "operations");
    MSX_AUTO(msx_free_p) const json_t **ops = msx_calloc(json_array_size(list) + 1, sizeof *ops);
    size_t n = 0;
    enum msx_code rc;

    use_cache(g, planning ? NULL : plan);
    if (!ops || !guard_cache_open(g))
        return no_memory(err);
    while (!planning && !g->cache.whole && n < json_array_size(list)) {
        ops[n] = json_array_get(list, n);
        n++;
    }
    ops[n] = op;
    rc = guard_prefetch(g, plan, ops, n + 1, err);
    if (!rc && !planning)
        g->cache.whole = true;
    return rc;
}

static enum msx_code check(void *user, const json_t *plan, json_t *op, const json_t *fresh,
                           struct msx_error *err)
{
    struct guard *g = user;
    bool planning = !fresh && holds(plan, op);
    struct guard_case c = { 0 };
    enum msx_code rc;

    (void)pthread_mutex_lock(&g->lock);
    rc = read_around(g, plan, op, planning, err);
    if (!rc)
        rc = guard_case_open(&c, g, plan, op, fresh, err);
    if (!rc)
        rc = judge(g, plan, op, &c.scope, planning, err);
    if (!rc)
        rc = msx_world_failed(c.world, err);
    guard_case_close(&c);
    (void)pthread_mutex_unlock(&g->lock);
    return rc;
}

static enum msx_code prepare(void *user, const json_t *list, struct msx_error *err)
{
    struct guard *g = user;
    size_t n = json_array_size(list);
    MSX_AUTO(msx_free_p) const json_t **ops = msx_calloc(n + 1, sizeof *ops);
    enum msx_code rc;

    if (!ops)
        return no_memory(err);
    for (size_t i = 0; i < n; i++)
        ops[i] = json_array_get(list, i);
    (void)pthread_mutex_lock(&g->lock);
    use_cache(g, NULL);
    rc = guard_prefetch(g, NULL, ops, n, err);
    (void)pthread_mutex_unlock(&g->lock);
    return rc;
}

/* ---- making ---- */

/* A code has a label of its own; one that metadata does not know is shown as the number. */
static bool code_known(void *user, const char *logical, const char *column, json_int_t code)
{
    MSX_AUTO(msx_free_p) char *label = NULL;
    char number[24];

    if (msx_code_label(user, logical, column, code, &label, NULL) != MSX_OK)
        return true; /* the service will tell */
    (void)snprintf(number, sizeof number, "%lld", (long long)code);
    return strcmp(label, number) != 0;
}

enum msx_code msx_guard_open(struct msx_crm *crm, const struct msx_guard_hooks *hooks,
                             struct msx_guard **out, struct msx_error *err)
{
    struct guard *g = msx_calloc(1, sizeof *g);
    enum msx_code rc;

    if (!g)
        return no_memory(err);
    g->base = (struct msx_guard){ .check = check, .user = g, .prepare = prepare };
    g->crm = crm;
    g->ctx = crm->ctx;
    g->code_known = code_known;
    g->code_user = crm;
    if (hooks && hooks->call_tool) {
        g->calls.call_tool = hooks->call_tool;
        g->calls.call_user = hooks->call_user;
    }
    if (hooks && hooks->code_known) {
        g->code_known = hooks->code_known;
        g->code_user = hooks->code_user;
    }
    if (pthread_mutex_init(&g->lock, NULL) != 0) {
        msx_free(g);
        return no_memory(err);
    }
    rc = guard_load(g, err);
    if (rc) {
        msx_skill_guard_free(&g->base);
        return rc;
    }
    *out = &g->base;
    return MSX_OK;
}

enum msx_code msx_skill_guard_new(struct msx_crm *crm, struct msx_guard **out,
                                  struct msx_error *err)
{
    return msx_guard_open(crm, NULL, out, err);
}

void msx_skill_guard_free(struct msx_guard *guard)
{
    struct guard *g = guard ? guard->user : NULL;

    if (!g)
        return;
    guard_cache_drop(g);
    guard_unload(g);
    (void)pthread_mutex_destroy(&g->lock);
    msx_free(g);
}
