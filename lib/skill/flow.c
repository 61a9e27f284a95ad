/* Finding, loading and checking flow files. */
#include "skill/flow.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/file.h"
#include "msxops/jq.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "msxops/yaml.h"

#define MAX_FLOWS 1000

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

void msx_flow_where(const struct msx_flow *f, const char *ptr, char *buf, size_t size)
{
    const json_t *line = json_object_get(f->lines, ptr);

    if (line)
        (void)snprintf(buf, size, "flow '%s' line %lld", f->path,
                       (long long)json_integer_value(line));
    else
        (void)snprintf(buf, size, "flow '%s'", f->path);
}

/* Names in a folder that begin with no dot, sorted; an array of strings. A folder that is not there
 * is empty. */
static enum msx_code names_in(const char *dir, json_t *out, struct msx_error *err)
{
    const struct dirent *e;
    enum msx_code rc = MSX_OK;
    DIR *d = opendir(dir);

    if (!d)
        return errno == ENOENT || errno == ENOTDIR
                   ? MSX_OK
                   : msx_fail_errno(err, errno, "cannot read folder '%s'", dir);
    while (!rc && (e = readdir(d)))
        if (e->d_name[0] != '.' && json_array_append_new(out, json_string(e->d_name)) != 0)
            rc = no_memory(err);
    (void)closedir(d);
    return rc;
}

static bool ends_in(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);

    return n > m && strcmp(s + n - m, suffix) == 0;
}

/* Adds every flow file below dir/skills to the object: id (file name without .yaml) -> path. */
static enum msx_code find_flows(const char *dir, json_t *found, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *skills = json_array();
    MSX_AUTO(msx_free_p) char *root = msx_path_join(dir, "skills");
    enum msx_code rc;

    if (!skills || !root)
        return no_memory(err);
    rc = names_in(root, skills, err);
    for (size_t i = 0; !rc && i < json_array_size(skills) && i < MAX_FLOWS; i++) {
        const char *skill = json_string_value(json_array_get(skills, i));
        MSX_AUTO(msx_free_p) char *flows = msx_asprintf("%s/%s/flows", root, skill);
        MSX_AUTO(msx_json_free_p) json_t *files = json_array();

        if (!flows || !files)
            return no_memory(err);
        rc = names_in(flows, files, err);
        for (size_t j = 0; !rc && j < json_array_size(files) && j < MAX_FLOWS; j++) {
            const char *file = json_string_value(json_array_get(files, j));
            MSX_AUTO(msx_free_p) char *id = NULL;
            MSX_AUTO(msx_free_p) char *path = NULL;

            if (!ends_in(file, ".yaml"))
                continue;
            id = msx_strndup(file, strlen(file) - 5);
            path = msx_asprintf("%s/%s", flows, file);
            if (!id || !path || json_object_set_new(found, id, json_string(path)) != 0)
                return no_memory(err);
        }
    }
    return rc;
}

static enum msx_code all_flows(const struct msx_ctx *ctx, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *found = json_object();
    enum msx_code rc;

    if (!found)
        return no_memory(err);
    rc = find_flows(ctx->data_dir, found, err);
    if (!rc && ctx->config_dir)
        rc = find_flows(ctx->config_dir, found, err);
    if (!rc)
        *out = MSX_STEAL(found);
    return rc;
}

static enum msx_code flow_path(const struct msx_ctx *ctx, const char *flow, char **out,
                               struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *found = NULL;
    MSX_AUTO(msx_free_p) const char **names = NULL;
    const char *id, *path = NULL, *near;
    enum msx_code rc;
    json_t *value;
    size_t n = 0;

    if (strchr(flow, '/') || ends_in(flow, ".yaml")) {
        *out = msx_strdup(flow);
        return *out ? MSX_OK : no_memory(err);
    }
    rc = all_flows(ctx, &found, err);
    if (rc)
        return rc;
    names = msx_calloc(json_object_size(found) + 1, sizeof *names);
    if (!names)
        return no_memory(err);
    json_object_foreach(found, id, value) {
        names[n++] = id;
        if (strcmp(id, flow) == 0)
            path = json_string_value(value);
    }
    if (path) {
        *out = msx_strdup(path);
        return *out ? MSX_OK : no_memory(err);
    }
    near = msx_nearest(flow, names, n);
    (void)msx_fail(err, MSX_E_NOTFOUND, "no flow '%s'", flow);
    if (near)
        msx_hint(err, "did you mean '%s'? 'msxops skill list' shows all", near);
    else
        msx_hint(err, "'msxops skill list' shows all flows");
    return MSX_E_NOTFOUND;
}

/* ---- shape of the document ---- */

static enum msx_code invalid(const struct msx_flow *f, const char *ptr, struct msx_error *err,
                             const char *what, const char *name)
{
    char where[400];

    msx_flow_where(f, ptr, where, sizeof where);
    return msx_fail(err, MSX_E_INVALID, "%s: %s%s%s%s", where, what, name ? " '" : "",
                    name ? name : "", name ? "'" : "");
}

/* Every key of obj must be one of keys (NULL-terminated). */
static enum msx_code known_keys(const struct msx_flow *f, const char *ptr, const json_t *obj,
                                const char *const *keys, struct msx_error *err)
{
    char at[300];
    const char *key;
    json_t *value;
    size_t n = 0;

    while (keys[n])
        n++;
    if (!json_is_object(obj))
        return invalid(f, ptr, err, "a map is wanted", NULL);
    json_object_foreach((json_t *)(uintptr_t)obj, key, value) {
        const char *near;
        size_t i = 0;

        while (keys[i] && strcmp(keys[i], key) != 0)
            i++;
        if (keys[i])
            continue;
        near = msx_nearest(key, keys, n);
        (void)snprintf(at, sizeof at, "%s/%s", ptr, key);
        (void)invalid(f, at, err, "unknown key", key);
        if (near)
            msx_hint(err, "did you mean '%s'?", near);
        return MSX_E_INVALID;
    }
    return MSX_OK;
}

static enum msx_code check_rules(const struct msx_flow *f, struct msx_error *err)
{
    static const char *const keys[] = { "id",     "each",       "when",         "readiness", "csam",
                                        "groups", "severity",   "escalate",     "message",   "role",
                                        "ops",    "repeatable", "suppressible", NULL };
    const json_t *rules = json_object_get(f->doc, "rules");
    enum msx_code rc;
    char ptr[100];

    if (!json_is_array(rules))
        return invalid(f, "", err, "'rules' is missing", NULL);
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);

        (void)snprintf(ptr, sizeof ptr, "/rules/%zu", i);
        rc = known_keys(f, ptr, rule, keys, err);
        if (rc)
            return rc;
        if (!msx_json_str(rule, "id"))
            return invalid(f, ptr, err, "the rule has no 'id'", NULL);
        if (!json_object_get(rule, "when") && !json_object_get(rule, "readiness"))
            return invalid(f, ptr, err, "no 'when' in rule", msx_json_str(rule, "id"));
        if (!json_object_get(rule, "severity") || !json_object_get(rule, "message") ||
            !json_object_get(rule, "role"))
            return invalid(f, ptr, err, "'severity', 'message' or 'role' is missing in rule",
                           msx_json_str(rule, "id"));
    }
    return MSX_OK;
}

static enum msx_code check_doc(struct msx_flow *f, struct msx_error *err)
{
    static const char *const keys[] = { "version",    "id",     "title",   "role",     "about",
                                        "trigger",    "params", "steps",   "set",      "groups",
                                        "candidates", "rules",  "outputs", "decision", "next",
                                        "names",      "facts",  NULL };
    const json_t *outputs;
    const char *key;
    enum msx_code rc = known_keys(f, "", f->doc, keys, err);
    json_t *value;

    if (rc)
        return rc;
    f->id = msx_json_str(f->doc, "id");
    f->title = msx_json_str(f->doc, "title");
    f->role = msx_json_str(f->doc, "role");
    if (!f->id || !f->title || !f->role)
        return invalid(f, "", err, "'id', 'title' or 'role' is missing", NULL);
    if (!json_is_array(json_object_get(f->doc, "steps")))
        return invalid(f, "", err, "'steps' is missing", NULL);
    outputs = json_object_get(f->doc, "outputs");
    if (!json_is_object(outputs))
        return invalid(f, "", err, "'outputs' is missing", NULL);
    json_object_foreach((json_t *)(uintptr_t)outputs, key, value)
        if (!json_is_string(value))
            return invalid(f, "/outputs", err, "jq text is wanted for output", key);
    return check_rules(f, err);
}

/* Name of the folder above flows/: skills/NAME/flows/x.yaml. */
static char *skill_of(const char *path)
{
    const char *file = strrchr(path, '/'), *dir, *name;

    if (!file || file - path < 7 || strncmp(file - 6, "/flows", 6) != 0)
        return msx_strdup("");
    dir = file - 6;
    name = dir;
    while (name > path && name[-1] != '/')
        name--;
    return msx_strndup(name, (size_t)(dir - name));
}

static enum msx_code load_file(char *path, struct msx_flow **out, struct msx_error *err)
{
    MSX_AUTO(msx_flow_free_p) struct msx_flow *f = msx_calloc(1, sizeof *f);
    enum msx_code rc;

    if (!f) {
        msx_free(path);
        return no_memory(err);
    }
    f->path = path;
    f->skill = skill_of(path);
    if (!f->skill)
        return no_memory(err);
    rc = msx_yaml_load(path, &f->doc, &f->lines, err);
    if (!rc)
        rc = check_doc(f, err);
    if (!rc)
        *out = MSX_STEAL(f);
    return rc;
}

enum msx_code msx_flow_load(const struct msx_ctx *ctx, const char *flow, struct msx_flow **out,
                            struct msx_error *err)
{
    MSX_AUTO(msx_flow_free_p) struct msx_flow *f = NULL;
    char *path = NULL;
    enum msx_code rc = flow_path(ctx, flow, &path, err);

    if (!rc)
        rc = load_file(path, &f, err);
    if (!rc)
        rc = msx_shared_load(ctx, &f->shared, err);
    if (!rc)
        *out = MSX_STEAL(f);
    return rc;
}

void msx_flow_free(struct msx_flow *f)
{
    if (!f)
        return;
    msx_shared_release(&f->shared);
    json_decref(f->doc);
    json_decref(f->lines);
    msx_free(f->path);
    msx_free(f->skill);
    msx_free(f);
}

const char *msx_flow_id(const struct msx_flow *f)
{
    return f->id;
}

const json_t *msx_flow_doc(const struct msx_flow *f)
{
    return f->doc;
}

enum msx_code msx_flow_lint(const struct msx_ctx *ctx, const struct msx_flow *f,
                            struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *params = NULL;
    MSX_AUTO(msx_json_free_p) json_t *vars = json_pack("{s:{}}", "ctx");
    MSX_AUTO(msx_free_p) char *jq = msx_flow_jq(f);
    struct msx_world_config cfg = { .lexicon = f->shared.lexicon,
                                    .roles = f->shared.roles,
                                    .readiness = f->shared.readiness,
                                    .today = ctx->today,
                                    .tz = ctx->tz };
    struct msx_flow_code code = { 0 };
    struct msx_world *w = NULL;
    enum msx_code rc;

    if (!jq || !vars)
        return no_memory(err);
    rc = msx_flow_params(f, NULL, ctx->today, &params, err);
    cfg.params = params;
    if (!rc)
        rc = msx_world_new(&cfg, &w, err);
    if (!rc)
        rc = msx_flow_compile(f, w, &code, err);
    if (!rc)
        rc = msx_steps_check(f, w, err);
    if (!rc) {
        rc = msx_jq_check(jq, vars, err);
        if (rc == MSX_E_USAGE && err)
            err->code = MSX_E_INVALID;
        if (rc)
            rc = msx_wrap(err, rc == MSX_E_USAGE ? MSX_E_INVALID : rc, "flow '%s'", f->path);
    }
    msx_flow_code_release(&code);
    msx_world_free(w);
    return rc;
}

/* ---- listing ---- */

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

static json_t *rule_ids(const json_t *doc)
{
    const json_t *rules = msx_json_arr(doc, "rules");
    json_t *ids = json_array();

    for (size_t i = 0; ids && i < json_array_size(rules); i++) {
        json_t *id = json_object_get(json_array_get(rules, i), "id");

        if (json_array_append(ids, id) != 0) {
            json_decref(ids);
            return NULL;
        }
    }
    return ids;
}

static json_t *entry_of(const char *id, const char *path)
{
    MSX_AUTO(msx_flow_free_p) struct msx_flow *f = NULL;
    struct msx_error err = MSX_ERROR_INIT;
    char *own = msx_strdup(path);

    if (!own)
        return NULL;
    if (load_file(own, &f, &err))
        return json_pack("{s:s, s:s, s:s}", "id", id, "path", path, "error", err.msg);
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "id", f->id, "title", f->title, "role", f->role,
        "skill", f->skill, "path", path, "about", msx_json_str_or(f->doc, "about", ""), "params",
        json_object_get(f->doc, "params") ? json_deep_copy(json_object_get(f->doc, "params"))
                                          : json_object(),
        "rules", rule_ids(f->doc));
}

enum msx_code msx_skill_list(const struct msx_ctx *ctx, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *found = NULL;
    MSX_AUTO(msx_json_free_p) json_t *list = json_array();
    MSX_AUTO(msx_json_free_p) json_t *skills = NULL;
    MSX_AUTO(msx_free_p) const char **ids = NULL;
    enum msx_code rc = all_flows(ctx, &found, err);
    const char *id;
    json_t *value;
    size_t n = 0;

    if (rc)
        return rc;
    ids = msx_calloc(json_object_size(found) + 1, sizeof *ids);
    if (!ids || !list)
        return no_memory(err);
    json_object_foreach(found, id, value)
        ids[n++] = id;
    qsort(ids, n, sizeof *ids, by_name);
    for (size_t i = 0; i < n; i++) {
        json_t *e = entry_of(ids[i], json_string_value(json_object_get(found, ids[i])));

        if (!e || json_array_append_new(list, e) != 0)
            return no_memory(err);
    }
    rc = msx_skill_files(ctx, &skills, err);
    if (rc)
        return rc;
    *out = json_pack("{s:i, s:O, s:O}", "count", (int)json_array_size(list), "flows", list,
                     "skills", skills);
    return *out ? MSX_OK : no_memory(err);
}
