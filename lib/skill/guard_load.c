/* The rules of skills/shared/guardrails.yaml: checked and compiled once. */
#include <stdio.h>
#include <string.h>

#include "msxops/file.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "msxops/yaml.h"
#include "skill/guard_int.h"

#define RULES_MAX 200

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

/* The user's file when there is one, else the shipped one. */
static enum msx_code load_doc(struct guard *g, struct msx_error *err)
{
    const char *dirs[] = { g->ctx->config_dir, g->ctx->data_dir };
    enum msx_code rc = MSX_E_NOTFOUND;

    for (size_t i = 0; i < 2 && rc == MSX_E_NOTFOUND; i++) {
        if (!dirs[i])
            continue;
        msx_free(g->path);
        g->path = msx_asprintf("%s/skills/shared/guardrails.yaml", dirs[i]);
        if (!g->path)
            return no_memory(err);
        rc = msx_yaml_load(g->path, &g->doc, &g->lines, i ? err : NULL);
        if (rc && rc != MSX_E_NOTFOUND && !i)
            rc = msx_yaml_load(g->path, &g->doc, &g->lines, err);
    }
    return rc == MSX_E_NOTFOUND ? MSX_E_IO : rc;
}

/* Where in the file, for messages. */
static void where(const struct guard *g, size_t rule, const char *member, char *buf, size_t size)
{
    char ptr[64];
    const json_t *line;

    (void)snprintf(ptr, sizeof ptr, "/guardrails/%zu%s%s", rule, member ? "/" : "",
                   member ? member : "");
    line = json_object_get(g->lines, ptr);
    (void)snprintf(buf, size, "'%.300s' line %lld", g->path,
                   (long long)(line ? json_integer_value(line) : 1));
}

static enum msx_code invalid(const struct guard *g, size_t rule, const char *member,
                             const char *what, struct msx_error *err)
{
    char at[400];

    where(g, rule, member, at, sizeof at);
    return msx_fail(err, MSX_E_INVALID, "%s: %s", at, what);
}

static enum msx_code check_names(const struct guard *g, size_t rule, const json_t *def,
                                 struct msx_error *err)
{
    static const char *const known[] = { "id",      "name",       "block",    "warn",
                                         "message", "cleared_by", "override", "of" };
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)def, key, v) {
        size_t i = 0;

        while (i < sizeof known / sizeof *known && strcmp(known[i], key) != 0)
            i++;
        if (i == sizeof known / sizeof *known)
            return invalid(g, rule, key, "a guardrail has no such member", err);
    }
    return MSX_OK;
}

static enum msx_code condition(const struct guard *g, size_t i, const json_t *def,
                               const char *member, const struct msx_cond_schema *schema,
                               struct msx_cond **out, struct msx_error *err)
{
    const json_t *v = json_object_get(def, member);
    char at[400];

    if (!v)
        return MSX_OK;
    if (!json_is_string(v))
        return invalid(g, i, member, "a condition is wanted", err);
    where(g, i, member, at, sizeof at);
    return msx_cond_compile(json_string_value(v), at, schema, out, err);
}

static enum msx_code text(const struct guard *g, size_t i, const json_t *def, const char *member,
                          const struct msx_cond_schema *schema, struct msx_choice *out,
                          struct msx_error *err)
{
    char at[400];

    if (!json_object_get(def, member))
        return invalid(g, i, NULL, "message and cleared_by are wanted", err);
    where(g, i, member, at, sizeof at);
    return msx_choice_compile(json_object_get(def, member), at, schema, NULL, out, err);
}

static enum msx_code load_rule(const struct guard *g, size_t i,
                               const struct msx_cond_schema *schema, struct guard_rule *r,
                               struct msx_error *err)
{
    static const char *const overrides[] = { "never", "reason", "evidence" };
    const json_t *def = json_array_get(msx_json_arr(g->doc, "guardrails"), i);
    const char *override = msx_json_str_or(def, "override", "");
    const char *of = msx_json_str_or(def, "of", "operation");
    size_t k = 0;
    enum msx_code rc = check_names(g, i, def, err);

    r->id = msx_json_str(def, "id");
    if (!rc && (!r->id || !msx_json_str(def, "name")))
        rc = invalid(g, i, NULL, "a guardrail has an id and a name", err);
    while (k < 3 && strcmp(overrides[k], override) != 0)
        k++;
    if (!rc && k == 3)
        rc = invalid(g, i, "override", "override is never, reason or evidence", err);
    if (!rc && strcmp(of, "operation") != 0 && strcmp(of, "plan") != 0)
        rc = invalid(g, i, "of", "of is operation or plan", err);
    for (size_t j = 0; !rc && j < i; j++)
        if (strcmp(g->rules[j].id, r->id) == 0)
            rc = invalid(g, i, "id", "this id is used twice", err);
    r->override = (enum guard_override)k;
    r->of_plan = strcmp(of, "plan") == 0;
    if (!rc)
        rc = condition(g, i, def, "block", schema, &r->block, err);
    if (!rc)
        rc = condition(g, i, def, "warn", schema, &r->warn, err);
    if (!rc && !r->block && !r->warn)
        rc = invalid(g, i, NULL, "block or warn is wanted", err);
    if (!rc)
        rc = text(g, i, def, "message", schema, &r->message, err);
    return rc ? rc : text(g, i, def, "cleared_by", schema, &r->cleared_by, err);
}

/* Phrases of intents can be read. */
static enum msx_code check_phrases(const struct guard *g, struct msx_error *err)
{
    const char *intent;
    json_t *phrases;

    json_object_foreach(msx_json_obj(g->doc, "phrases"), intent, phrases) {
        for (size_t i = 0; i < json_array_size(phrases); i++) {
            const char *text = json_string_value(json_array_get(phrases, i));
            struct msx_phrase *p = NULL;
            enum msx_code rc = text ? msx_phrase_new(text, &p, err)
                                    : msx_fail(err, MSX_E_INVALID, "a phrase is a text");

            msx_phrase_free(p);
            if (rc)
                return msx_wrap(err, rc, "'%.300s', phrases of '%.80s'", g->path, intent);
        }
    }
    return MSX_OK;
}

enum msx_code guard_load(struct guard *g, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *none = json_object();
    struct msx_world_config cfg = { .today = g->ctx->today, .tz = g->ctx->tz };
    struct msx_flow flow = { .doc = none };
    struct guard_names names;
    struct msx_cond_schema schema;
    const json_t *list;
    enum msx_code rc = msx_shared_load(g->ctx, &g->shared, err);

    if (!rc)
        rc = load_doc(g, err);
    if (rc)
        return rc;
    list = msx_json_arr(g->doc, "guardrails");
    if (!msx_json_obj(g->doc, "fields") || !json_array_size(list) ||
        json_array_size(list) > RULES_MAX)
        return msx_fail(err, MSX_E_INVALID, "'%s': 'fields' and a list of 'guardrails' are wanted",
                        g->path);
    rc = check_phrases(g, err);
    if (rc)
        return rc;
    flow.shared = g->shared;
    rc = none ? msx_flow_params(&flow, NULL, g->ctx->today, &g->params, err) : no_memory(err);
    cfg.lexicon = g->shared.lexicon;
    cfg.roles = g->shared.roles;
    cfg.stages = g->shared.stages;
    cfg.readiness = g->shared.readiness;
    cfg.params = g->params;
    if (!rc)
        rc = msx_world_new(&cfg, &g->vocabulary, err);
    if (rc)
        return rc;
    guard_schema(g->vocabulary, &names, &schema);
    g->rules = msx_calloc(json_array_size(list), sizeof *g->rules);
    if (!g->rules)
        return no_memory(err);
    for (size_t i = 0; !rc && i < json_array_size(list); i++) {
        g->nrules = i + 1;
        rc = load_rule(g, i, &schema, &g->rules[i], err);
    }
    return rc;
}

void guard_unload(struct guard *g)
{
    for (size_t i = 0; i < g->nrules; i++) {
        msx_cond_free(g->rules[i].block);
        msx_cond_free(g->rules[i].warn);
        msx_choice_release(&g->rules[i].message);
        msx_choice_release(&g->rules[i].cleared_by);
    }
    msx_free(g->rules);
    msx_world_free(g->vocabulary);
    msx_shared_release(&g->shared);
    json_decref(g->params);
    json_decref(g->doc);
    json_decref(g->lines);
    msx_free(g->path);
}
