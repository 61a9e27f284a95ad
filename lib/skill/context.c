/* What the jq of a flow sees (catalog 0.3): the result so far, and the records with their facts. */
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "skill/run.h"

struct making {
    struct msx_run *r;
    bool signals, readiness, records; /* does the flow's jq look at them? */
};

/* Facts of a record, or with its raw fields too. */
static json_t *plain_rec(const struct making *k, const struct msx_rec *rec)
{
    json_t *facts = msx_rec_facts_json(rec);

    if (!facts)
        return NULL;
    return json_pack("{s:s, s:O, s:o}", "id", msx_rec_id(rec), "record",
                     k->records ? msx_rec_raw(rec) : json_null(), "facts", facts);
}

static int add_signals(const struct making *k, json_t *out, const struct msx_rec *rec)
{
    return k->signals ? json_object_set_new(out, "signals", msx_rec_signals_json(rec)) : 0;
}

/* {RD-CAP: yes|no|unknown, ...} */
static json_t *readiness(const struct msx_run *r, const struct msx_rec *m)
{
    static const char *const names[] = { "no", "yes", "unknown" };
    const json_t *items = msx_json_arr(r->flow->shared.readiness, "items");
    json_t *out = json_object();

    for (size_t i = 0; out && i < json_array_size(items); i++) {
        const char *id = msx_json_str(json_array_get(items, i), "id");

        if (json_object_set_new(out, id, json_string(names[msx_rec_ready(m, id, false, NULL)])) !=
            0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

/* Ids of the findings on a milestone and its tasks, or on an opportunity alone, best first. */
static json_t *finding_ids(const struct msx_run *r, const struct msx_rec *rec)
{
    json_t *out = json_array();

    for (size_t i = 0; out && i < r->nfindings; i++) {
        const struct msx_finding *f = &r->findings[i];

        if ((f->milestone ? f->milestone : f->rec) != rec)
            continue;
        if (json_array_append_new(out, json_string(f->id)) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static json_t *milestone(const struct making *k, const struct msx_rec *m)
{
    const struct msx_rec *const *tasks;
    const struct msx_rec *o = msx_rec_opp(m);
    json_t *group = json_object_get(k->r->group_of, msx_rec_id(m)), *list = json_array();
    json_t *out = plain_rec(k, m);
    const char *number = msx_rec_number(m);
    size_t n;

    tasks = msx_rec_children(m, &n);
    for (size_t i = 0; list && i < n; i++) {
        if (json_array_append_new(list, plain_rec(k, tasks[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    if (!out || !list || msx_json_set_str(out, "number", number) != 0 ||
        msx_json_set_str(out, "milestone", number ? number : msx_rec_id(m)) != 0 ||
        msx_json_set_str(out, "name", msx_rec_str(m, "msp_name")) != 0 ||
        msx_json_set_str(out, "opportunity", o ? msx_rec_id(o) : NULL) != 0 ||
        json_object_set_new(out, "owner", msx_user_json(msx_rec_owner(m))) != 0 ||
        json_object_set_new(out, "in_set", json_boolean(!group)) != 0 ||
        json_object_set(out, "group", group ? group : json_null()) != 0 ||
        json_object_set_new(out, "findings", finding_ids(k->r, m)) != 0 ||
        add_signals(k, out, m) != 0 ||
        (k->readiness && json_object_set_new(out, "ready", readiness(k->r, m)) != 0) ||
        json_object_set(out, "tasks", list) != 0) {
        json_decref(out);
        out = NULL;
    }
    json_decref(list);
    return out;
}

/* ---- ranked lists: order of the best finding, then the keys alone ---- */

struct ranked {
    const struct msx_rec *rec;
    size_t best;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->best != y->best)
        return x->best < y->best ? -1 : 1;
    return msx_rank_records(x->rec, y->rec);
}

static size_t best_finding(const struct msx_run *r, const struct msx_rec *rec)
{
    for (size_t i = 0; i < r->nfindings; i++)
        if ((r->findings[i].milestone ? r->findings[i].milestone : r->findings[i].rec) == rec)
            return i;
    return SIZE_MAX;
}

/* The set's milestones in rank order, then those of groups. */
static json_t *milestones(const struct making *k)
{
    const struct msx_run *r = k->r;
    MSX_AUTO(msx_free_p) struct ranked *list = NULL;
    size_t n = 0, ngroup = json_object_size(r->group_of);
    json_t *out = json_array(), *group;
    const char *id;

    list = msx_calloc(r->nset_m + ngroup + 1, sizeof *list);
    for (size_t i = 0; list && i < r->nset_m; i++, n++)
        list[n] = (struct ranked){ r->set_m[i], best_finding(r, r->set_m[i]) };
    if (list)
        qsort(list, n, sizeof *list, by_rank);
    json_object_foreach(r->group_of, id, group) {
        const struct msx_rec *m = msx_world_find(r->world, MSX_K_MILESTONE, id);

        if (list && m)
            list[n++] = (struct ranked){ m, best_finding(r, m) };
    }
    if (list && n > r->nset_m)
        qsort(list + r->nset_m, n - r->nset_m, sizeof *list, by_rank);
    for (size_t i = 0; list && out && i < n; i++) {
        if (json_array_append_new(out, milestone(k, list[i].rec)) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return list ? out : NULL;
}

static json_t *opportunities(const struct making *k)
{
    const struct msx_run *r = k->r;
    MSX_AUTO(msx_free_p) struct ranked *list = msx_calloc(r->nset_o + 1, sizeof *list);
    json_t *out = json_array();

    for (size_t i = 0; list && i < r->nset_o; i++)
        list[i] = (struct ranked){ r->set_o[i], best_finding(r, r->set_o[i]) };
    if (list)
        qsort(list, r->nset_o, sizeof *list, by_rank);
    for (size_t i = 0; list && out && i < r->nset_o; i++) {
        json_t *o = plain_rec(k, list[i].rec);

        if (!o || msx_json_set_str(o, "name", msx_rec_str(list[i].rec, "name")) != 0 ||
            json_object_set_new(o, "owner", msx_user_json(msx_rec_owner(list[i].rec))) != 0 ||
            json_object_set_new(o, "findings", finding_ids(r, list[i].rec)) != 0 ||
            add_signals(k, o, list[i].rec) != 0 || json_array_append(out, o) != 0) {
            json_decref(o);
            json_decref(out);
            return NULL;
        }
        json_decref(o);
    }
    return list ? out : NULL;
}

/* Accounts or users, with their names. */
static json_t *all_of(const struct making *k, enum msx_kind kind, const char *name_field)
{
    const struct msx_rec *const *all;
    json_t *out = json_array();
    size_t n;

    all = msx_world_all(k->r->world, kind, &n);
    for (size_t i = 0; out && i < n; i++) {
        json_t *one = plain_rec(k, all[i]);

        if (!one || msx_json_set_str(one, "name", msx_rec_str(all[i], name_field)) != 0 ||
            json_array_append(out, one) != 0) {
            json_decref(one);
            json_decref(out);
            return NULL;
        }
        json_decref(one);
    }
    return out;
}

/* The result's findings with the ids that lists are joined by. */
static json_t *findings(const struct msx_run *r, const json_t *result)
{
    const json_t *given = msx_json_arr(result, "findings");
    json_t *out = json_array();

    for (size_t i = 0; out && i < r->nfindings; i++) {
        const struct msx_finding *f = &r->findings[i];
        json_t *one = json_copy(json_array_get(given, i));

        if (!one ||
            msx_json_set_str(one, "milestone_id", f->milestone ? msx_rec_id(f->milestone) : NULL) ||
            msx_json_set_str(one, "opportunity_id", f->opp ? msx_rec_id(f->opp) : NULL) ||
            json_array_append(out, one) != 0) {
            json_decref(one);
            json_decref(out);
            return NULL;
        }
        json_decref(one);
    }
    return out;
}

static bool jq_names(const struct msx_flow *f, const char *word)
{
    const json_t *outputs = json_object_get(f->doc, "outputs");
    const char *decision = msx_json_str(f->doc, "decision"), *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)outputs, key, value) {
        if (strstr(json_string_value(value), word))
            return true;
    }
    return decision && strstr(decision, word);
}

enum msx_code msx_run_context(struct msx_run *r, const json_t *result, json_t **out,
                              struct msx_error *err)
{
    struct making k = { .r = r,
                        .signals = jq_names(r->flow, "sig(") || jq_names(r->flow, ".signals"),
                        .readiness = jq_names(r->flow, "rd("),
                        .records = jq_names(r->flow, ".record") };
    const struct msx_rec *me = r->user_id ? msx_world_find(r->world, MSX_K_USER, r->user_id) : NULL;
    const json_t *run = msx_json_obj(result, "run");
    json_t *ctx;

    ctx = json_pack(
        "{s:O, s:O, s:O, s:O, s:o, s:o, s:o, s:o, s:o, s:o, s:O, s:O, s:{s:s, s:[]}, "
        "s:O, s:O, s:O, s:{s:O, s:O}, s:s}",
        "today", json_object_get(run, "today"), "tz", json_object_get(run, "tz"), "params",
        r->params, "run", run, "user", me ? plain_rec(&k, me) : json_null(), "accounts",
        all_of(&k, MSX_K_ACCOUNT, "name"), "opportunities", opportunities(&k), "milestones",
        milestones(&k), "users", all_of(&k, MSX_K_USER, "fullname"), "findings",
        findings(r, result), "operations", r->operations, "stats", json_object_get(result, "stats"),
        "workiq", "status", "off", "answers", "views", r->views, "steps", r->steps, "data", r->data,
        "shared", "customer_phrases", r->flow->shared.phrases, "ranking", r->flow->shared.ranking,
        "candidates", msx_json_str_or(r->flow->doc, "candidates", "milestone"));
    if (!ctx)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = ctx;
    return MSX_OK;
}
