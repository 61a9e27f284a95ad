/* config list, get, set, path. */
#include "commands.h"

#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"

/* A bare key belongs to the profile in use: "url" is "profiles.NAME.url". New string. */
static char *full_key(const struct app *app, const char *key)
{
    const char *env_profile = getenv("MSXOPS_PROFILE");
    const char *name = app->g.profile;

    if (strchr(key, '.') || strcmp(key, "default_profile") == 0)
        return msx_strdup(key);
    if (!name && env_profile && *env_profile)
        name = env_profile;
    if (!name)
        name = msx_config_default_name(app->config);
    return msx_asprintf("profiles.%s.%s", name, key);
}

static enum msx_code run_list(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    (void)opts, (void)args, (void)nargs;
    return out_result(app, msx_config_all(app->config), &(struct view){ 0 }, err);
}

static enum msx_code run_get(struct app *app, const void *opts, char **args, size_t nargs,
                             struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *key = full_key(app, args[0]);
    const json_t *v = key ? msx_config_get(app->config, key) : NULL;
    const char *s;
    enum msx_code rc;

    (void)opts, (void)nargs;
    if (!key)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (!v)
        return msx_fail(err, MSX_E_NOTFOUND, "'%s' is not set", key);
    if (!json_is_string(v) || (app->g.output && strcmp(app->g.output, "json") == 0))
        return out_result(app, v, &(struct view){ 0 }, err);
    s = json_string_value(v);
    rc = out_text(app, s, strlen(s), err);
    return rc ? rc : out_text(app, "\n", 1, err);
}

static enum msx_code run_set(struct app *app, const void *opts, char **args, size_t nargs,
                             struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *key = full_key(app, args[0]);

    (void)opts;
    if (!key)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return msx_config_set(app->config, key, nargs > 1 ? args[1] : NULL, err);
}

static enum msx_code run_path(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    const char *path = msx_config_path(app->config);
    enum msx_code rc = out_text(app, path, strlen(path), err);

    (void)opts, (void)args, (void)nargs;
    return rc ? rc : out_text(app, "\n", 1, err);
}

const struct cmd cmd_config_list = {
    .path = "config list",
    .summary = "print the whole configuration",
    .about = "Print the configuration file as JSON: the default profile and every profile.",
    .args = "",
    .needs = CMD_NEEDS_CONFIG,
    .effect = CMD_READS,
    .examples = (const char *const[]){ "msxops config list", NULL },
    .run = run_list,
};
const struct cmd cmd_config_get = {
    .path = "config get",
    .summary = "print one setting",
    .about = "Print a setting. A key without a dot belongs to the profile in use.",
    .args = "KEY",
    .min_args = 1,
    .max_args = 1,
    .needs = CMD_NEEDS_CONFIG,
    .effect = CMD_READS,
    .examples =
        (const char *const[]){ "msxops config get url", "msxops config get default_profile", NULL },
    .run = run_get,
};
const struct cmd cmd_config_set = {
    .path = "config set",
    .summary = "change or remove one setting",
    .about = "Write a setting to the configuration file. A key without a dot belongs to the "
             "profile in use. Without a value the setting is removed.",
    .args = "KEY [VALUE]",
    .min_args = 1,
    .max_args = 2,
    .needs = CMD_NEEDS_CONFIG,
    .effect = CMD_WRITES_FILES,
    .examples = (const char *const[]){ "msxops config set url https://contoso.crm.dynamics.com",
                                       "msxops --profile cron config set auth az", NULL },
    .run = run_set,
};
const struct cmd cmd_config_path = {
    .path = "config path",
    .summary = "print where the configuration is",
    .about = "Print the path of the configuration file, whether it exists or not.",
    .args = "",
    .needs = CMD_NEEDS_CONFIG,
    .effect = CMD_READS,
    .examples = (const char *const[]){ "msxops config path", NULL },
    .run = run_path,
};
