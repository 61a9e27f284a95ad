/* From the names in a flow's `steps` to steps: groups and macros opened, the scope's route chosen.
 */
#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/steps.h"

#define MAX_STEPS 64

struct loader {
    const struct msx_flow *f;
    const struct msx_world *w;
    const json_t *params; /* NULL: check only */
    struct msx_steps *s;
    struct msx_error *err;
};

static enum msx_code no_memory(const struct loader *l)
{
    return msx_fail(l->err, MSX_E_NOMEM, "out of memory");
}

static const char *word(const json_t *item) /* "OPP" or {use: OPP} */
{
    return json_is_string(item) ? json_string_value(item) : msx_json_str(item, "use");
}

static bool known(const struct msx_steps *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->items[i].id, id) == 0)
            return true;
    return false;
}

/* The macro's definition with the flow's changes: args are merged, other keys replaced. */
static json_t *merged(const json_t *macro, const json_t *item)
{
    json_t *def = json_deep_copy(macro), *args;
    const char *key;
    json_t *value;
    int failed = 0;

    json_object_foreach((json_t *)(uintptr_t)item, key, value) {
        if (!def || failed || strcmp(key, "use") == 0)
            continue;
        args = strcmp(key, "args") == 0 ? msx_json_obj(def, "args") : NULL;
        failed = args ? json_object_update(args, value) : json_object_set(def, key, value);
    }
    if (failed) {
        json_decref(def);
        return NULL;
    }
    return def;
}

static enum msx_code add(struct loader *l, const char *id, json_t *def, const char *gap_id)
{
    struct msx_steps *s = l->s;
    struct msx_step *step;
    const char *when = msx_json_str(def, "when");
    struct msx_cond_schema schema;
    char name[300];

    if (!def)
        return no_memory(l);
    if (s->n == MAX_STEPS) {
        json_decref(def);
        return msx_fail(l->err, MSX_E_INVALID, "flow '%s': more than %d steps", l->f->path,
                        MAX_STEPS);
    }
    if (!s->items) {
        s->items = msx_calloc(MAX_STEPS, sizeof *s->items);
        if (!s->items) {
            json_decref(def);
            return no_memory(l);
        }
    }
    step = &s->items[s->n++];
    step->def = def;
    step->id = msx_strdup(id);
    if (!step->id)
        return no_memory(l);
    step->gap_id = gap_id ? gap_id : step->id;
    if (!when)
        return MSX_OK;
    (void)snprintf(name, sizeof name, "flow '%.200s', step '%.40s'", l->f->path, id);
    msx_world_schema(l->w, &schema);
    return msx_cond_compile(when, name, &schema, &step->when, l->err);
}

static bool given(const json_t *params, const char *name)
{
    const json_t *v = json_object_get(params, name);

    return json_array_size(v) > 0 || (json_is_string(v) && *json_string_value(v));
}

/* The first route whose parameter is given; its calls become steps, one after the other, and the
 * scope itself a step that waits for the last. */
static enum msx_code add_scope(struct loader *l, const char *id, json_t *def)
{
    const json_t *routes = msx_json_arr(def, "routes"), *route = NULL, *calls;
    MSX_AUTO(msx_json_free_p) json_t *needs = json_incref(json_object_get(def, "needs"));
    enum msx_code rc = MSX_OK;
    char part[80];

    for (size_t i = 0; !route && i < json_array_size(routes); i++) {
        const json_t *candidate = json_array_get(routes, i);
        const char *param = msx_json_str(candidate, "param");

        if (!param || given(l->params, param))
            route = candidate;
    }
    if (!route) {
        json_decref(def);
        return msx_fail(l->err, MSX_E_INVALID, "steps.yaml: no route of '%s' applies", id);
    }
    l->s->route = msx_json_str(route, "route");
    l->s->route_gap = msx_json_str(route, "gap");
    calls = json_object_get(route, "calls");
    for (size_t i = 0; !rc && i < json_array_size(calls); i++) {
        json_t *call = json_deep_copy(json_array_get(calls, i));

        (void)snprintf(part, sizeof part, "%s/%zu", id, i + 1);
        if (!call || json_object_set(call, "needs", needs) != 0 ||
            json_object_set(call, "onError", json_object_get(def, "onError")) != 0) {
            json_decref(call);
            rc = no_memory(l);
            break;
        }
        rc = add(l, part, call, "SCOPE");
        json_decref(needs);
        needs = json_pack("[s]", part);
        if (!rc && !needs)
            rc = no_memory(l);
    }
    if (!rc && json_object_set(def, "needs", needs) != 0)
        rc = no_memory(l);
    if (rc) {
        json_decref(def);
        return rc;
    }
    return add(l, id, def, NULL);
}

static enum msx_code add_item(struct loader *l, const json_t *item, int depth)
{
    const json_t *macros = msx_json_obj(l->f->shared.steps, "macros");
    const json_t *groups = msx_json_obj(l->f->shared.steps, "groups"), *group, *macro;
    const char *id = msx_json_str(item, "id"), *name = word(item);
    enum msx_code rc = MSX_OK;
    json_t *def;

    if (!name && id && msx_json_str(item, "tool") && !known(l->s, id))
        return add(l, id, json_deep_copy(item), NULL);
    if (!name)
        return msx_fail(l->err, MSX_E_INVALID,
                        "flow '%s': a step wants the name of a macro, or its own id and tool",
                        l->f->path);
    group = msx_json_arr(groups, name);
    for (size_t i = 0; group && !rc && i < json_array_size(group); i++)
        rc = depth < 4 ? add_item(l, json_array_get(group, i), depth + 1) : MSX_OK;
    if (group || known(l->s, name))
        return rc;
    macro = msx_json_obj(macros, name);
    if (!macro)
        return msx_fail(l->err, MSX_E_INVALID, "flow '%s': no step macro '%s'", l->f->path, name);
    def = merged(macro, json_is_object(item) ? item : NULL);
    return def && msx_json_arr(def, "routes") ? add_scope(l, name, def) : add(l, name, def, NULL);
}

enum msx_code msx_steps_load(const struct msx_flow *f, const struct msx_world *w,
                             const json_t *params, struct msx_steps *out, struct msx_error *err)
{
    const json_t *items = msx_json_arr(f->doc, "steps");
    struct msx_steps s = { 0 };
    struct loader l = { f, w, params, &s, err };
    enum msx_code rc = MSX_OK;

    for (size_t i = 0; !rc && i < json_array_size(items); i++)
        rc = add_item(&l, json_array_get(items, i), 0);
    if (rc) {
        msx_steps_release(&s);
        return rc;
    }
    *out = s;
    return MSX_OK;
}

void msx_steps_release(struct msx_steps *s)
{
    for (size_t i = 0; i < s->n; i++) {
        msx_free(s->items[i].id);
        json_decref(s->items[i].def);
        msx_cond_free(s->items[i].when);
    }
    msx_free(s->items);
    *s = (struct msx_steps){ 0 };
}

static enum msx_code check_one(const struct msx_flow *f, const struct msx_step *step,
                               struct msx_error *err)
{
    const char *tool = msx_json_str(step->def, "tool");
    const char *on = msx_json_str_or(step->def, "onError", "skip");

    if (tool && strcmp(tool, "ask_work_iq") != 0 && !msx_tool_find(tool))
        return msx_fail(err, MSX_E_INVALID, "flow '%s', step '%s': no tool '%s'", f->path, step->id,
                        tool);
    if (tool && msx_tool_find(tool) && msx_tool_find(tool)->effect != MSX_TOOL_READS)
        return msx_fail(err, MSX_E_INVALID, "flow '%s', step '%s': tool '%s' does not only read",
                        f->path, step->id, tool);
    if (strcmp(on, "skip") != 0 && strcmp(on, "abort") != 0 && strcmp(on, "retry") != 0)
        return msx_fail(err, MSX_E_INVALID,
                        "flow '%s', step '%s': onError wants skip, abort or retry, not '%s'",
                        f->path, step->id, on);
    return MSX_OK;
}

enum msx_code msx_steps_check(const struct msx_flow *f, const struct msx_world *w,
                              struct msx_error *err)
{
    struct msx_steps s = { 0 };
    enum msx_code rc = msx_steps_load(f, w, NULL, &s, err);

    for (size_t i = 0; !rc && i < s.n; i++)
        rc = check_one(f, &s.items[i], err);
    msx_steps_release(&s);
    return rc;
}
