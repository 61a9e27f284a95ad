/* The documents that all flows share: skills/shared, and what the user put beside them. */
#include <string.h>

#include "msxops/file.h"
#include "msxops/mem.h"
#include "msxops/yaml.h"
#include "skill/flow.h"

#define PRELUDE_MAX ((size_t)256 << 10)

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

/* New path "dir/skills/shared/name". */
static char *shared_path(const char *dir, const char *name)
{
    return msx_asprintf("%s/skills/shared/%s", dir, name);
}

static enum msx_code load_one(const char *dir, const char *name, json_t **out,
                              struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *path = shared_path(dir, name);

    return path ? msx_yaml_load(path, out, NULL, err) : no_memory(err);
}

/* The user's document when there is one, else the shipped one. */
static enum msx_code load(const struct msx_ctx *ctx, const char *name, json_t **out,
                          struct msx_error *err)
{
    enum msx_code rc = MSX_E_NOTFOUND;

    if (ctx->config_dir)
        rc = load_one(ctx->config_dir, name, out, err);
    return rc == MSX_E_NOTFOUND ? load_one(ctx->data_dir, name, out, err) : rc;
}

/* A document of the user's that may be missing: *out stays NULL then. */
static enum msx_code load_own(const struct msx_ctx *ctx, const char *name, json_t **out,
                              struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *path = NULL;
    enum msx_code rc;

    if (!ctx->config_dir)
        return MSX_OK;
    path = msx_path_join(ctx->config_dir, name);
    if (!path)
        return no_memory(err);
    rc = msx_yaml_load(path, out, NULL, NULL);
    if (rc == MSX_E_NOTFOUND)
        return MSX_OK;
    return rc ? msx_yaml_load(path, out, NULL, err) : MSX_OK;
}

/* users.yaml: {users: {...}} or the map itself, over the users of roles.yaml. */
static enum msx_code merge_users(const struct msx_ctx *ctx, json_t *roles, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *own = NULL;
    json_t *users = msx_json_obj(roles, "users"), *map;
    enum msx_code rc = load_own(ctx, "users.yaml", &own, err);

    if (rc || !own)
        return rc;
    map = msx_json_obj(own, "users");
    if (!map && json_is_object(own))
        map = own;
    if (!map)
        return msx_fail(err, MSX_E_INVALID, "'%s/users.yaml': a map of user to role is wanted",
                        ctx->config_dir);
    if (!users) {
        users = json_object();
        if (!users || json_object_set_new(roles, "users", users) != 0)
            return no_memory(err);
    }
    return json_object_update(users, map) == 0 ? MSX_OK : no_memory(err);
}

enum msx_code msx_shared_roles(const struct msx_ctx *ctx, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *roles = NULL;
    enum msx_code rc = load(ctx, "roles.yaml", &roles, err);

    if (!rc)
        rc = merge_users(ctx, roles, err);
    if (!rc)
        *out = MSX_STEAL(roles);
    return rc;
}

static enum msx_code load_lexicon(const struct msx_ctx *ctx, struct msx_lexicon **out,
                                  struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *shipped = NULL;
    MSX_AUTO(msx_json_free_p) json_t *own = NULL;
    const char *names[2] = { "skills/shared/lexicon.yaml", "lexicon.yaml" };
    const json_t *docs[2];
    enum msx_code rc = load_one(ctx->data_dir, "lexicon.yaml", &shipped, err);

    if (!rc)
        rc = load_own(ctx, "lexicon.yaml", &own, err);
    if (rc)
        return rc;
    docs[0] = shipped;
    docs[1] = own;
    return msx_lexicon_new(docs, names, own ? 2 : 1, out, err);
}

static enum msx_code load_prelude(const struct msx_ctx *ctx, char **out, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *path = shared_path(ctx->data_dir, "prelude.jq");
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(PRELUDE_MAX);
    enum msx_code rc;

    if (!path)
        return no_memory(err);
    rc = msx_file_read(path, &b, err);
    if (rc)
        return rc;
    *out = msx_buf_take(&b);
    return *out ? MSX_OK : no_memory(err);
}

enum msx_code msx_shared_load(const struct msx_ctx *ctx, struct msx_shared *out,
                              struct msx_error *err)
{
    struct msx_shared s = { 0 };
    const struct {
        const char *name;
        json_t **doc;
    } files[] = {
        { "params.yaml", &s.params },       { "steps.yaml", &s.steps },
        { "ranking.yaml", &s.ranking },     { "categories.yaml", &s.categories },
        { "remedies.yaml", &s.remedies },   { "customer-phrases.yaml", &s.phrases },
        { "readiness.yaml", &s.readiness }, { "roles.yaml", &s.roles },
    };
    enum msx_code rc = MSX_OK;

    for (size_t i = 0; !rc && i < sizeof files / sizeof *files; i++)
        rc = load(ctx, files[i].name, files[i].doc, err);
    if (!rc)
        rc = merge_users(ctx, s.roles, err);
    if (!rc)
        rc = load_own(ctx, "stages.yaml", &s.stages, err);
    if (!rc)
        rc = load_lexicon(ctx, &s.lexicon, err);
    if (!rc)
        rc = load_prelude(ctx, &s.prelude, err);
    if (rc) {
        msx_shared_release(&s);
        if (rc == MSX_E_NOTFOUND)
            msx_hint(err, "the shipped skills are looked for in '%s/skills'", ctx->data_dir);
        return rc == MSX_E_NOTFOUND ? MSX_E_IO : rc;
    }
    *out = s;
    return MSX_OK;
}

void msx_shared_release(struct msx_shared *s)
{
    json_decref(s->params);
    json_decref(s->steps);
    json_decref(s->ranking);
    json_decref(s->categories);
    json_decref(s->remedies);
    json_decref(s->phrases);
    json_decref(s->readiness);
    json_decref(s->roles);
    json_decref(s->stages);
    msx_lexicon_free(s->lexicon);
    msx_free(s->prelude);
    *s = (struct msx_shared){ 0 };
}
