/* Running a flow from its parameters to the result document. */
#include "skill/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/jq.h"
#include "msxops/mem.h"
#include "msxops/text.h"

#define JQ_TIME_MS 60000

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

static void release(struct msx_run *r)
{
    for (size_t i = 0; i < r->nfindings; i++)
        msx_finding_release(&r->findings[i]);
    msx_free(r->findings);
    msx_free(r->set_m);
    msx_free(r->set_o);
    msx_caller_free(r->caller); /* before the world: late answers */
    msx_flow_code_release(&r->code);
    msx_world_free(r->world);
    json_decref(r->params);
    json_decref(r->set);
    json_decref(r->state);
    json_decref(r->scope_opps);
    json_decref(r->tpids);
    json_decref(r->gaps);
    json_decref(r->steps);
    json_decref(r->views);
    json_decref(r->data);
    json_decref(r->group_of);
    json_decref(r->unknown_of);
    json_decref(r->explained);
    json_decref(r->operations);
    msx_free(r->user_id);
    msx_flow_free(r->flow);
}

/* ---- --set ---- */

static enum msx_code set_one(struct msx_run *r, const char *record, const char *key,
                             const char *value, struct msx_error *err)
{
    json_t *map = json_object_get(r->set, record);

    if (!map) {
        map = json_object();
        if (!map || json_object_set_new(r->set, record, map) != 0)
            return no_memory(err);
    }
    return msx_json_set_str(map, key, value) == 0 ? MSX_OK : no_memory(err);
}

/* A parameter of the flow: text, or one more item of a list. */
static enum msx_code set_param(json_t *given, const json_t *decl, const char *key,
                               const char *value, struct msx_error *err)
{
    const char *type = msx_json_str_or(decl, "type", "string");
    json_t *old = json_object_get(given, key);
    bool list = strcmp(type, "strings") == 0 || strcmp(type, "guids") == 0;

    if (list && json_is_string(old)) { /* given twice: one item more */
        old = json_pack("[O]", old);
        if (!old || json_object_set_new(given, key, old) != 0)
            return no_memory(err);
    }
    if (list && json_is_array(old))
        return json_array_append_new(old, json_string(value)) == 0 ? MSX_OK : no_memory(err);
    return msx_json_set_str(given, key, value) == 0 ? MSX_OK : no_memory(err);
}

static const json_t *declaration(const struct msx_flow *f, const char *name)
{
    const json_t *own = json_object_get(msx_json_obj(f->doc, "params"), name);

    return json_is_object(own) ? own
                               : json_object_get(msx_json_obj(f->shared.params, "params"), name);
}

static bool is_signal(const struct msx_flow *f, const char *key)
{
    return msx_lexicon_find(f->shared.lexicon, key) >= 0 || strncmp(key, "owner.", 6) == 0 ||
           strcmp(key, "propose_commit") == 0;
}

static enum msx_code unknown_key(const struct msx_flow *f, const char *key, struct msx_error *err)
{
    const json_t *own = msx_json_obj(f->doc, "params");
    const json_t *shared = msx_json_obj(f->shared.params, "params");
    size_t n = 0, signals = msx_lexicon_count(f->shared.lexicon);
    MSX_AUTO(msx_free_p) const char **names = NULL;
    const char *name, *near;
    json_t *value;

    names =
        msx_calloc(signals + json_object_size(own) + json_object_size(shared) + 1, sizeof *names);
    if (!names)
        return no_memory(err);
    json_object_foreach((json_t *)(uintptr_t)own, name, value)
        names[n++] = name;
    json_object_foreach((json_t *)(uintptr_t)shared, name, value)
        names[n++] = name;
    for (size_t i = 0; i < signals; i++)
        names[n++] = msx_lexicon_id(f->shared.lexicon, (int)i);
    near = msx_nearest(key, names, n);
    (void)msx_fail(err, MSX_E_USAGE, "--set: '%s' is no parameter of flow '%s' and no signal", key,
                   f->id);
    if (near)
        msx_hint(err, "did you mean '%s'?", near);
    return MSX_E_USAGE;
}

/* "key=value": a parameter, or [number:]signal. */
static enum msx_code take_set(struct msx_run *r, const char *text, json_t *given,
                              struct msx_error *err)
{
    const char *eq = strchr(text, '='), *colon;
    MSX_AUTO(msx_free_p) char *key = eq ? msx_strndup(text, (size_t)(eq - text)) : NULL;
    MSX_AUTO(msx_free_p) char *record = NULL;
    const json_t *decl;

    if (!eq || eq == text)
        return msx_fail(err, MSX_E_USAGE, "--set wants KEY=VALUE, got '%s'", text);
    if (!key)
        return no_memory(err);
    decl = declaration(r->flow, key);
    if (decl)
        return set_param(given, decl, key, eq + 1, err);
    colon = strchr(key, ':');
    record = colon ? msx_strndup(key, (size_t)(colon - key)) : msx_strdup("");
    if (!record)
        return no_memory(err);
    if (!is_signal(r->flow, colon ? colon + 1 : key))
        return unknown_key(r->flow, colon ? colon + 1 : key, err);
    return set_one(r, record, colon ? colon + 1 : key, eq + 1, err);
}

/* ---- the parts of a run ---- */

static enum msx_code read_options(struct msx_run *r, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p)
    json_t *given = r->opts->params ? json_deep_copy(r->opts->params) : json_object();
    enum msx_code rc = MSX_OK;

    r->set = json_object();
    if (!given || !r->set)
        return no_memory(err);
    if (r->opts->workiq && msx_json_set_str(given, "workiq", r->opts->workiq) != 0)
        return no_memory(err);
    for (size_t i = 0; !rc && i < json_array_size(r->opts->set); i++) {
        const char *s = json_string_value(json_array_get(r->opts->set, i));

        rc = s ? take_set(r, s, given, err) : MSX_OK;
    }
    if (!rc)
        rc = msx_flow_params(r->flow, given, r->ctx->today, &r->params, err);
    if (!rc && strcmp(msx_json_str_or(r->params, "workiq", ""), "on") == 0) {
        rc = msx_fail(err, MSX_E_USAGE, "workiq=on: there is no connection to WorkIQ");
        msx_hint(err, "with workiq=auto the flow goes on with what is in MSX alone");
    }
    return rc;
}

static enum msx_code make_world(struct msx_run *r, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *params = json_copy(r->params);
    struct msx_world_config cfg = { .lexicon = r->flow->shared.lexicon,
                                    .roles = r->flow->shared.roles,
                                    .stages = r->flow->shared.stages,
                                    .readiness = r->flow->shared.readiness,
                                    .state = r->state,
                                    .set = r->set,
                                    .today = r->ctx->today,
                                    .tz = r->ctx->tz };
    enum msx_code rc;

    if (!params || (r->opts->reason && msx_json_set_str(params, "reason", r->opts->reason) != 0))
        return no_memory(err);
    cfg.params = params;
    rc = msx_world_new(&cfg, &r->world, err);
    return rc ? rc : msx_flow_compile(r->flow, r->world, &r->code, err);
}

static enum msx_code prepare(struct msx_run *r, const char *flow, struct msx_error *err)
{
    enum msx_code rc = msx_flow_load(r->ctx, flow, &r->flow, err);

    r->scope_opps = json_array();
    r->gaps = json_array();
    r->steps = json_object();
    r->views = json_object();
    r->data = json_object();
    r->group_of = json_object();
    r->explained = json_array();
    r->operations = json_array();
    if (!rc && (!r->scope_opps || !r->gaps || !r->steps || !r->views || !r->data || !r->group_of ||
                !r->explained || !r->operations))
        rc = no_memory(err);
    if (!rc)
        rc = read_options(r, err);
    if (!rc && r->opts->state)
        r->state = json_incref((json_t *)(uintptr_t)r->opts->state);
    else if (!rc)
        rc = msx_state_load(r->crm, &r->state, err);
    if (!rc)
        rc = make_world(r, err);
    return rc ? rc : msx_caller_new(r->crm, r->opts, &r->caller, err);
}

char *msx_flow_jq(const struct msx_flow *f)
{
    const json_t *outputs = json_object_get(f->doc, "outputs");
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT((size_t)4 << 20);
    const char *key;
    json_t *value;

    msx_buf_adds(&b, f->shared.prelude);
    msx_buf_adds(&b, "\n$ctx | [");
    json_object_foreach((json_t *)(uintptr_t)outputs, key, value)
        msx_buf_addf(&b, "one(\"output '%s'\"; %s\n), ", key, json_string_value(value));
    msx_buf_addf(&b, "one(\"decision\"; %s\n)]",
                 msx_json_str_or(f->doc, "decision", "default_decision"));
    return msx_buf_take(&b);
}

/* {value, reasons} of what the flow's decision gives: a text alone has all rules as its reasons. */
static json_t *decision_part(const struct msx_run *r, const json_t *made)
{
    json_t *reasons;

    if (json_is_object(made))
        return json_deep_copy(made);
    reasons = json_array();
    for (size_t i = 0; reasons && i < r->nfindings; i++) {
        json_t *id = json_string(r->findings[i].rule->id);
        bool have = false;

        for (size_t j = 0; j < json_array_size(reasons); j++)
            have |= json_equal(json_array_get(reasons, j), id);
        if (!have)
            (void)json_array_append(reasons, id);
        json_decref(id);
    }
    return json_pack("{s:O, s:o}", "value", made, "reasons", reasons);
}

/* Outputs, decision and next action, which look at the rest of the result. */
static enum msx_code conclude(struct msx_run *r, json_t *result, struct msx_error *err)
{
    const struct msx_jq_limits limits = { .time_ms = JQ_TIME_MS, .cancelled = r->ctx->cancelled };
    const json_t *names = json_object_get(r->flow->doc, "outputs"), *made;
    MSX_AUTO(msx_json_free_p) json_t *vars = NULL;
    MSX_AUTO(msx_json_free_p) json_t *answers = NULL;
    MSX_AUTO(msx_json_free_p) json_t *outputs = json_object();
    MSX_AUTO(msx_free_p) char *jq = msx_flow_jq(r->flow);
    json_t *ctx = NULL, *decision, *next = NULL, *value;
    const char *name;
    enum msx_code rc;
    size_t i = 0;

    if (!jq || !outputs)
        return no_memory(err);
    rc = msx_run_context(r, result, &ctx, err);
    if (rc)
        return rc;
    vars = json_pack("{s:o}", "ctx", ctx);
    if (!vars)
        return no_memory(err);
    rc = msx_jq_run(jq, NULL, vars, &limits, &answers, err);
    if (rc)
        return msx_wrap(err, rc == MSX_E_USAGE ? MSX_E_INVALID : rc, "flow '%s'", r->flow->path);
    made = json_array_get(answers, 0);
    json_object_foreach((json_t *)(uintptr_t)names, name, value) {
        if (json_object_set(outputs, name, json_array_get(made, i++)) != 0)
            return no_memory(err);
    }
    decision = decision_part(r, json_array_get(made, i));
    if (!decision || json_object_set_new(result, "decision", decision) != 0 ||
        json_object_set(result, "outputs", outputs) != 0)
        return no_memory(err);
    rc = msx_run_next(r, msx_json_str_or(decision, "value", ""), &next, err);
    if (!rc && json_object_set_new(result, "next_action", next) != 0)
        rc = no_memory(err);
    return rc;
}

static enum msx_code timing(const struct msx_run *r, json_t *result, int64_t began,
                            struct msx_error *err)
{
    char from[21], to[21];

    if (!r->opts->timing)
        return MSX_OK;
    msx_time_format(began, from);
    msx_time_format(r->ctx->now_s(r->ctx->now_user), to);
    return json_object_set_new(json_object_get(result, "run"), "timing",
                               json_pack("{s:s, s:s}", "started", from, "finished", to)) == 0
               ? MSX_OK
               : no_memory(err);
}

static enum msx_code run_all(struct msx_run *r, const char *flow, json_t **result,
                             struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;
    int64_t began = r->ctx->now_s ? r->ctx->now_s(r->ctx->now_user) : 0;
    enum msx_code rc = prepare(r, flow, err);

    if (!rc)
        rc = msx_run_steps(r, err);
    if (!rc)
        rc = msx_run_sets(r, err);
    if (!rc)
        rc = msx_run_rules(r, err);
    if (!rc)
        rc = msx_run_operations(r, err);
    if (!rc)
        rc = msx_run_result(r, &doc, err);
    if (!rc)
        rc = conclude(r, doc, err);
    if (!rc)
        rc = timing(r, doc, began, err);
    if (!rc)
        rc = msx_world_failed(r->world, err);
    if (!rc && !r->opts->state)
        rc = msx_state_save(r, err);
    if (!rc)
        *result = MSX_STEAL(doc);
    return rc;
}

enum msx_code msx_skill_run(struct msx_crm *crm, const char *flow,
                            const struct msx_run_options *opts, json_t **result,
                            struct msx_error *err)
{
    static const struct msx_run_options defaults = { 0 };
    struct msx_run r = { .crm = crm, .ctx = crm->ctx, .opts = opts ? opts : &defaults };
    enum msx_code rc = run_all(&r, flow, result, err);

    release(&r);
    return rc;
}
