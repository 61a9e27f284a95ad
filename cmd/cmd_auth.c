/* auth status, token, logout. */
#include "commands.h"

#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"

static enum msx_code open_auth(struct app *app, struct msx_error *err)
{
    const char *token = getenv("MSXOPS_TOKEN");
    enum msx_code rc = app_profile(app, err);

    if (rc || app->auth)
        return rc;
    return msx_auth_new(&app->ctx, &app->profile, token && *token ? token : NULL, &app->auth, err);
}

#define STATUS_WAIT_MS 3000

/* What is known without the service: it could not be asked, or nobody is signed in. */
static enum msx_code not_asked(json_t *status, json_t **answer, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p)
    json_t *a = json_pack(
        "{s:b, s:n, s:n, s:n, s:O?, s:O?, s:O?, s:O?}", "authenticated",
        msx_json_bool_or(status, "signedIn", false), "userId", "businessUnitId", "organizationId",
        "user", json_object_get(status, "user"), "expiresOn", json_object_get(status, "expiresOn"),
        "crmUrl", json_object_get(status, "url"), "method", json_object_get(status, "method"));

    if (!a)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *answer = MSX_STEAL(a);
    return MSX_OK;
}

static enum msx_code run_status(struct app *app, const void *opts, char **args, size_t nargs,
                                struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *status = NULL;
    MSX_AUTO(msx_json_free_p) json_t *answer = NULL;
    MSX_AUTO(msx_json_free_p) json_t *params = json_object();
    struct msx_error why = MSX_ERROR_INIT;
    enum msx_code rc = app_profile(app, err);

    (void)opts, (void)args, (void)nargs;
    /* the network is asked, never needed: one short try */
    app->ctx.retries = 0;
    if (app->ctx.timeout_ms > STATUS_WAIT_MS)
        app->ctx.timeout_ms = STATUS_WAIT_MS;
    if (!rc)
        rc = app_login(app, err);
    if (!rc)
        rc = msx_auth_status(app->auth, &status, err);
    if (rc)
        return rc;
    /* a token proves nothing before the service took it */
    if (msx_json_bool_or(status, "signedIn", false))
        rc = msx_tool_call(&app->crm, "crm_auth_status", params, &answer, &why);
    if (!answer &&
        (rc == MSX_OK || rc == MSX_E_NETWORK || rc == MSX_E_SERVER || rc == MSX_E_THROTTLED))
        rc = not_asked(status, &answer, err);
    else if (rc && err)
        *err = why;
    if (rc)
        return rc;
    if (json_object_update_missing(answer, status) < 0)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    (void)json_object_del(answer, "signedIn");
    (void)json_object_del(answer, "url");
    rc = out_result(app, answer, &(struct view){ 0 }, err);
    if (!rc && !msx_json_bool_or(answer, "authenticated", false))
        app->status = 3;
    return rc;
}

const struct cmd cmd_auth_status = {
    .path = "auth status",
    .summary = "show how you are signed in",
    .about =
        "Print who is signed in, how, when the token ends and where it is kept. The service is "
        "asked where it answers at once, so that a refused token shows; without it the IDs "
        "are null. Status 3 when nobody is signed in or the token is refused.",
    .args = "",
    .needs = CMD_NEEDS_CONFIG,
    .effect = CMD_READS,
    .tool = "crm_auth_status",
    .examples = (const char *const[]){ "msxops auth status", NULL },
    .run = run_status,
};

static enum msx_code run_token(struct app *app, const void *opts, char **args, size_t nargs,
                               struct msx_error *err)
{
    MSX_AUTO(msx_free_secret_p) char *token = NULL;
    enum msx_code rc = open_auth(app, err);

    (void)opts, (void)args, (void)nargs;
    if (!rc)
        rc = msx_auth_token(app->auth, &token, err);
    if (!rc)
        rc = out_text(app, token, strlen(token), err);
    return rc ? rc : out_text(app, "\n", 1, err);
}

const struct cmd cmd_auth_token = {
    .path = "auth token",
    .summary = "print a valid access token",
    .about = "Print an access token for the organisation, renewed when it must be. It is a secret: "
             "give it to other programs through their environment or standard input.",
    .args = "",
    .needs = CMD_NEEDS_CONFIG,
    .effect = CMD_READS,
    .examples = (const char *const[]){ "MSXOPS_TOKEN=$(msxops auth token) msxops whoami", NULL },
    .run = run_token,
};

static enum msx_code run_logout(struct app *app, const void *opts, char **args, size_t nargs,
                                struct msx_error *err)
{
    enum msx_code rc = open_auth(app, err);

    (void)opts, (void)args, (void)nargs;
    if (!rc)
        rc = msx_auth_forget(app->auth, err);
    if (!rc)
        app_say(app, "forgot the tokens of profile '%s'", app->profile.name);
    return rc;
}

const struct cmd cmd_auth_logout = {
    .path = "auth logout",
    .summary = "forget the tokens of the profile",
    .about = "Remove every cached token of the profile from this machine.",
    .args = "",
    .needs = CMD_NEEDS_CONFIG,
    .effect = CMD_WRITES_FILES,
    .examples = (const char *const[]){ "msxops auth logout", NULL },
    .run = run_logout,
};
