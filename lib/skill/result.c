/* The result document of catalog 3.1. */
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/run.h"
#include "skill/world_int.h"

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

json_t *msx_user_json(const struct msx_rec *u)
{
    struct msx_value role;

    if (!u)
        return json_null();
    (void)msx_fact_named(u, "role", &role);
    return json_pack("{s:s, s:s?, s:s}", "id", msx_rec_id(u), "name", msx_rec_str(u, "fullname"),
                     "role", role.type == MSX_V_STR ? role.u.str : "unknown");
}

json_t *msx_run_record_json(const struct msx_run *r, const struct msx_rec *rec)
{
    const char *url = msx_rec_str(rec, "recordUrl");
    MSX_AUTO(msx_free_p) char *made = NULL;

    if (!url && r->crm->profile && r->crm->profile->url) {
        made = msx_record_url(r->crm->profile->url, msx_rec_entity(rec), msx_rec_id(rec));
        url = made;
    }
    return json_pack("{s:s, s:s, s:s?, s:s?, s:s?}", "entity", msx_rec_entity(rec), "id",
                     msx_rec_id(rec), "number",
                     msx_rec_its_milestone(rec) ? msx_rec_number(msx_rec_its_milestone(rec)) : NULL,
                     "name", msx_rec_name(rec), "url", url);
}

/* By when the accountable role should act. */
static json_t *due_json(const struct msx_run *r, const struct msx_finding *f)
{
    const json_t *row =
        json_array_get(msx_json_arr(r->flow->shared.ranking, "severities"), f->severity);
    json_int_t days;
    char text[11];

    if (!msx_json_int(row, "due_days", &days))
        return json_null();
    msx_day_format(msx_world_due(r->world, (int)days, f->milestone), text);
    return json_string(text);
}

/* Rule and record, so that weeks can be compared. */
static json_t *fingerprint(const struct msx_finding *f)
{
    MSX_AUTO(msx_free_p) char *text = msx_asprintf("%s %s", f->rule->id, msx_rec_id(f->rec));
    char hex[65];

    if (!text)
        return NULL;
    msx_sha256_hex(text, strlen(text), hex);
    hex[16] = '\0';
    return json_string(hex);
}

json_t *msx_finding_json(const struct msx_run *r, const struct msx_finding *f)
{
    const struct msx_rec *owner = msx_rec_owner(f->rec);
    json_t *out;

    if (!owner && f->milestone)
        owner = msx_rec_owner(f->milestone);
    out = json_pack("{s:s, s:s, s:s, s:o, s:s, s:O, s:s, s:o, s:o, s:I, s:b, s:O, s:o}", "id",
                    f->id, "rule", f->rule->id, "severity",
                    msx_rank_severity_id(r->flow->shared.ranking, f->severity), "record",
                    msx_run_record_json(r, f->rec), "reason", f->reason, "evidence", f->evidence,
                    "accountable_role", f->role, "owner", msx_user_json(owner), "due",
                    due_json(r, f), "score", f->score, "escalate", f->escalate, "operations",
                    f->operations, "fingerprint", fingerprint(f));
    if (out && r->opts->explain && json_object_set(out, "trace", f->trace) != 0) {
        json_decref(out);
        return NULL;
    }
    return out;
}

/* ---- parts ---- */

static json_t *findings_json(const struct msx_run *r)
{
    json_t *out = json_array();

    for (size_t i = 0; out && i < r->nfindings; i++) {
        if (json_array_append_new(out, msx_finding_json(r, &r->findings[i])) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static json_t *user_part(const struct msx_run *r)
{
    const struct msx_rec *me = r->user_id ? msx_world_find(r->world, MSX_K_USER, r->user_id) : NULL;
    const json_t *users = msx_json_obj(r->flow->shared.roles, "users");
    const char *mail = me ? msx_rec_str(me, "internalemailaddress") : NULL, *via = "title";
    struct msx_value role = { .type = MSX_V_NULL };

    if (me)
        (void)msx_fact_named(me, "role", &role);
    if (r->opts->role)
        via = "given";
    else if ((r->user_id && json_object_get(users, r->user_id)) ||
             (mail && json_object_get(users, mail)))
        via = "mapped";
    return json_pack("{s:s?, s:s?, s:s?, s:s, s:s}", "id", r->user_id, "name",
                     me ? msx_rec_str(me, "fullname") : NULL, "email", mail, "role",
                     role.type == MSX_V_STR ? role.u.str
                     : r->opts->role        ? r->opts->role
                                            : "unknown",
                     "role_via", via);
}

static json_t *run_part(const struct msx_run *r)
{
    char today[11];

    msx_day_format(r->ctx->today, today);
    return json_pack("{s:s, s:s, s:o, s:O, s:s, s:s, s:s}", "today", today, "tz",
                     msx_tz_name(r->ctx->tz), "user", user_part(r), "params", r->params,
                     "lexicon_sha256", msx_lexicon_sha256(r->flow->shared.lexicon),
                     "engine_version", r->ctx->tool_version ? r->ctx->tool_version : "", "skill",
                     r->flow->skill);
}

static int append_id(json_t *list, const char *id)
{
    return id ? json_array_append_new(list, json_string(id)) : 0;
}

/* Ids of all records of a kind, in order. */
static json_t *ids_of(const struct msx_run *r, enum msx_kind kind)
{
    const struct msx_rec *const *all;
    json_t *out = json_array();
    size_t n;

    all = msx_world_all(r->world, kind, &n);
    for (size_t i = 0; out && i < n; i++) {
        if (append_id(out, msx_rec_id(all[i])) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

/* Accounts of the opportunities in scope, in order of id; name of the only one. */
static json_t *accounts_of(const struct msx_run *r, const char **only)
{
    json_t *out = json_array();
    const struct msx_rec *const *all;
    size_t n, count = 0;

    *only = NULL;
    all = msx_world_all(r->world, MSX_K_ACCOUNT, &n);
    for (size_t i = 0; out && i < n; i++) {
        if (append_id(out, msx_rec_id(all[i])) != 0) {
            json_decref(out);
            return NULL;
        }
        *only = ++count == 1 ? msx_rec_str(all[i], "name") : NULL;
    }
    if (out && count == 1 && !*only) { /* the name stands on its opportunities alone */
        all = msx_world_all(r->world, MSX_K_OPP, &n);
        for (size_t i = 0; i < n && !*only; i++) {
            struct msx_value v;

            if (msx_fact_named(all[i], "customer", &v) && v.type == MSX_V_STR)
                *only = v.u.str;
        }
    }
    return out;
}

static int by_bytes(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

/* TPIDs asked for and those of the accounts read, sorted. */
static json_t *tpids_of(const struct msx_run *r)
{
    const json_t *given = msx_json_arr(r->params, "tpid");
    MSX_AUTO(msx_free_p) const char **list = NULL;
    const struct msx_rec *const *all;
    json_t *out = json_array();
    size_t n, asked = json_array_size(given), count = 0;

    all = msx_world_all(r->world, MSX_K_ACCOUNT, &n);
    list = msx_calloc(asked + n + 1, sizeof *list);
    for (size_t i = 0; list && i < asked; i++)
        list[count++] = json_string_value(json_array_get(given, i));
    for (size_t i = 0; list && i < n; i++)
        if (msx_rec_str(all[i], "msp_mstopparentid"))
            list[count++] = msx_rec_str(all[i], "msp_mstopparentid");
    if (list)
        qsort(list, count, sizeof *list, by_bytes);
    for (size_t i = 0; list && out && i < count; i++) {
        if ((i == 0 || strcmp(list[i - 1], list[i]) != 0) && append_id(out, list[i]) != 0) {
            json_decref(out);
            out = NULL;
        }
    }
    if (!list) {
        json_decref(out);
        return NULL;
    }
    return out;
}

static size_t tasks_of_set(const struct msx_run *r)
{
    size_t total = 0, n;

    for (size_t i = 0; i < r->nset_m; i++) {
        (void)msx_rec_children(r->set_m[i], &n);
        total += n;
    }
    return total;
}

static json_t *scope_part(const struct msx_run *r)
{
    const char *customer = NULL;
    json_t *accounts = accounts_of(r, &customer);

    return json_pack("{s:o, s:o, s:O, s:o, s:s?, s:s?, s:{s:i, s:i, s:i}}", "tpids", tpids_of(r),
                     "account_ids", accounts, "opportunity_ids", r->scope_opps, "milestone_ids",
                     ids_of(r, MSX_K_MILESTONE), "customer", customer, "route",
                     r->route[0] ? r->route : NULL, "evaluated", "opportunities", (int)r->nset_o,
                     "milestones", (int)r->nset_m, "tasks", (int)tasks_of_set(r));
}

/* ---- gaps ---- */

static int by_place(const void *a, const void *b)
{
    static const char *const keys[] = { "kind", "where", "what" };
    const json_t *const *x = a, *const *y = b;

    for (size_t i = 0; i < 3; i++) {
        int c = strcmp(msx_json_str_or(*x, keys[i], ""), msx_json_str_or(*y, keys[i], ""));

        if (c)
            return c;
    }
    return 0;
}

static json_t *gaps_part(const struct msx_run *r)
{
    const json_t *gaps = msx_world_gaps(r->world);
    MSX_AUTO(msx_free_p) const json_t **list = NULL;
    size_t n = json_array_size(gaps);
    json_t *out = json_array();

    list = msx_calloc(n + 1, sizeof *list);
    for (size_t i = 0; list && i < n; i++)
        list[i] = json_array_get(gaps, i);
    if (list)
        qsort(list, n, sizeof *list, by_place);
    for (size_t i = 0; out && list && i < n; i++) {
        if (json_array_append(out, (json_t *)(uintptr_t)list[i]) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return list ? out : NULL;
}

/* ---- statistics ---- */

static json_t *finding_counts(const struct msx_run *r)
{
    const json_t *severities = msx_json_arr(r->flow->shared.ranking, "severities");
    json_t *out = json_object();
    int failed = out ? 0 : -1;

    for (size_t i = 0; !failed && i < json_array_size(severities); i++) {
        int n = 0;

        for (size_t j = 0; j < r->nfindings; j++)
            n += r->findings[j].severity == i;
        failed = json_object_set_new(out, msx_rank_severity_id(r->flow->shared.ranking, i),
                                     json_integer(n));
    }
    if (!failed)
        failed = json_object_set_new(out, "total", json_integer((json_int_t)r->nfindings));
    if (failed) {
        json_decref(out);
        return NULL;
    }
    return out;
}

static json_t *operation_counts(const struct msx_run *r)
{
    static const char *const types[] = { "create_task", "update_task", "close_task",
                                         "update_milestone" };
    int count[4] = { 0 }, needs = 0;

    for (size_t i = 0; i < json_array_size(r->operations); i++) {
        const json_t *op = json_array_get(r->operations, i);

        for (size_t t = 0; t < 4; t++)
            count[t] += strcmp(msx_json_str(op, "op"), types[t]) == 0;
        needs += json_array_size(json_object_get(op, "needs_input")) > 0;
    }
    return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i}", types[0], count[0], types[1], count[1],
                     types[2], count[2], types[3], count[3], "total",
                     (int)json_array_size(r->operations), "blocked", 0, "needs_input", needs);
}

static json_t *sorted_copy(const json_t *obj)
{
    MSX_AUTO(msx_free_p) const char **keys = NULL;
    json_t *out = json_object(), *value;
    const char *key;
    size_t n = 0;

    keys = msx_calloc(json_object_size(obj) + 1, sizeof *keys);
    if (!keys) {
        json_decref(out);
        return NULL;
    }
    json_object_foreach((json_t *)(uintptr_t)obj, key, value)
        keys[n++] = key;
    qsort(keys, n, sizeof *keys, by_bytes);
    for (size_t i = 0; out && i < n; i++) {
        if (json_object_set(out, keys[i], json_object_get(obj, keys[i])) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static json_t *stats_part(const struct msx_run *r, size_t gaps)
{
    const struct msx_rec *const *ms, *const *ts;
    size_t n_ms, n_ts, n_opp, active = 0, committed = 0, open = 0;

    (void)msx_world_all(r->world, MSX_K_OPP, &n_opp);
    ms = msx_world_all(r->world, MSX_K_MILESTONE, &n_ms);
    for (size_t i = 0; i < n_ms; i++) {
        active += msx_fact_true(ms[i], "active");
        committed += msx_fact_true(ms[i], "committed");
    }
    ts = msx_world_all(r->world, MSX_K_TASK, &n_ts);
    for (size_t i = 0; i < n_ts; i++)
        open += msx_fact_true(ts[i], "open");
    return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:o, s:o, s:i, s:i, s:i, s:o, s:[s]}",
                     "opportunities", (int)json_array_size(r->scope_opps), "milestones_total",
                     (int)n_ms, "milestones_active", (int)active, "milestones_committed",
                     (int)committed, "milestones_evaluated", (int)r->nset_m, "tasks_total",
                     (int)n_ts, "tasks_open", (int)open, "findings", finding_counts(r),
                     "operations", operation_counts(r), "gaps", (int)gaps, "suppressed",
                     (int)r->suppressed, "unknown", (int)r->unknown, "tool_calls",
                     sorted_copy(msx_caller_counts(r->caller)), "mediums", "crm");
}

enum msx_code msx_run_result(struct msx_run *r, json_t **out, struct msx_error *err)
{
    json_t *findings, *gaps, *doc;

    for (size_t i = 0; i < r->nset_m; i++)
        msx_rec_conflict_gaps(r->set_m[i]);
    for (size_t i = 0; i < json_array_size(r->gaps); i++) {
        const json_t *g = json_array_get(r->gaps, i);
        enum msx_code rc = msx_world_gap(r->world, msx_json_str(g, "kind"), msx_json_str(g, "what"),
                                         msx_json_str(g, "where"), msx_json_str(g, "effect"));

        if (rc)
            return msx_fail(err, rc, "out of memory");
    }
    findings = findings_json(r); /* may note gaps: before they are collected */
    gaps = gaps_part(r);
    doc = json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:{}, s:o, s:O, s:o, s:n, s:n, s:o}",
                    "result_version", 1, "flow", r->flow->id, "title", r->flow->title, "role",
                    r->flow->role, "run", run_part(r), "scope", scope_part(r), "outputs",
                    "findings", findings, "operations", r->operations, "gaps", gaps, "decision",
                    "next_action", "stats", stats_part(r, json_array_size(gaps)));
    if (!doc)
        return no_memory(err);
    if (r->opts->explain_record && json_object_set(doc, "explained", r->explained) != 0) {
        json_decref(doc);
        return no_memory(err);
    }
    *out = doc;
    return MSX_OK;
}
