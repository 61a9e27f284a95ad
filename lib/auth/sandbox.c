/* Sign in at msxops-sandbox: the device flow, approved by ourselves with the key that the running
 * sandbox keeps in its state folder. */
#include <string.h>

#include "auth_priv.h"
#include "msxops/file.h"
#include "msxops/json.h"
#include "msxops/mem.h"

/* The public client that the sandbox's identity provider knows as ours. */
#define SANDBOX_CLIENT     "5a4db0c5-0000-4000-8000-c11e47000001"
#define SANDBOX_JSON_BYTES ((size_t)64 << 10)
#define TENANT             "organizations"

struct running { /* sandbox.json */
    char *url, *key;
};

static void running_release(struct running *r)
{
    msx_free(r->url);
    msx_free_secret(r->key);
}

static enum msx_code no_sandbox(struct msx_error *err, const char *why, const char *dir)
{
    enum msx_code rc =
        msx_fail(err, MSX_E_AUTH, "cannot sign in at the sandbox: %s%s", why, dir ? dir : "");

    if (dir)
        msx_hint(err, "msxops sandbox start --dir '%s'", dir);
    else
        msx_hint(err, "msxops sandbox start");
    return rc;
}

static enum msx_code find_running(const struct msx_auth *a, struct running *out,
                                  struct msx_error *err)
{
    const char *dir = msx_json_str(a->profile->extra, "sandbox_dir");
    MSX_AUTO(msx_free_p) char *path = dir ? msx_path_join(dir, "sandbox.json") : NULL;
    MSX_AUTO(msx_json_free_p) json_t *j = NULL;
    MSX_AUTO(running_release) struct running r = { NULL, NULL };
    const char *url, *key;
    enum msx_code rc;

    if (!dir)
        return no_sandbox(err, "the profile names no sandbox_dir", NULL);
    if (!path)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_json_load(path, SANDBOX_JSON_BYTES, &j, err);
    if (rc == MSX_E_NOTFOUND)
        return no_sandbox(err, "none is running with state folder ", dir);
    if (rc)
        return rc;
    url = msx_json_str(j, "url");
    key = msx_json_str(j, "controlKey");
    if (!url || !key)
        return no_sandbox(err, "its sandbox.json names no url and controlKey, in ", dir);
    rc = msx_org_url(url, &r.url, err);
    if (rc)
        return rc;
    if (strcmp(r.url, a->profile->url) != 0)
        return msx_fail(err, MSX_E_AUTH,
                        "the profile is for '%.100s', its sandbox runs at '%.100s'",
                        a->profile->url, r.url);
    r.key = msx_strdup(key);
    if (!r.key)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    out->url = MSX_STEAL(r.url);
    out->key = MSX_STEAL(r.key);
    return MSX_OK;
}

static const char *client_id(const struct msx_auth *a)
{
    return a->profile->client_id ? a->profile->client_id : SANDBOX_CLIENT;
}

static enum msx_code ask_codes(struct msx_auth *a, const struct running *r, json_t **codes,
                               struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf form = MSX_BUF_INIT(8192);
    MSX_AUTO(msx_free_p) char *url = msx_asprintf("%s/" TENANT "/oauth2/v2.0/devicecode", r->url);
    MSX_AUTO(msx_free_p)
    char *scope = msx_asprintf("%s/user_impersonation offline_access", r->url);
    MSX_AUTO(msx_json_free_p) json_t *answer = NULL;
    int status = 0;
    enum msx_code rc;

    if (!url || !scope)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    msx_form_add(&form, "client_id", client_id(a));
    msx_form_add(&form, "scope", scope);
    rc = msx_oauth_post(a, url, &form, NULL, &status, &answer, err);
    if (rc)
        return rc;
    if (status != 200)
        return msx_oauth_refusal(answer, status, err);
    if (!msx_json_str(answer, "device_code") || !msx_json_str(answer, "user_code"))
        return msx_fail(err, MSX_E_SERVER, "the sandbox answered without a device code");
    *codes = MSX_STEAL(answer);
    return MSX_OK;
}

static enum msx_code approve(struct msx_auth *a, const struct running *r, const char *user_code,
                             const char *user, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf form = MSX_BUF_INIT(8192);
    MSX_AUTO(msx_free_p) char *url = msx_asprintf("%s/devicelogin", r->url);
    MSX_AUTO(msx_free_secret_p) char *header = msx_asprintf("X-Sandbox-Key: %s", r->key);
    MSX_AUTO(msx_json_free_p) json_t *answer = NULL;
    int status = 0;
    enum msx_code rc;

    if (!url || !header)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    msx_form_add(&form, "user_code", user_code);
    msx_form_add(&form, "decision", "approve");
    if (user)
        msx_form_add(&form, "user", user);
    rc = msx_oauth_post(a, url, &form, header, &status, &answer, err);
    if (rc || status == 200)
        return rc;
    return msx_fail(err, MSX_E_AUTH, "the sandbox did not let '%.100s' sign in (%d): %.200s",
                    user ? user : "its default user", status,
                    msx_json_str_or(answer, "message", "no reason given"));
}

enum msx_code msx_auth_sandbox(struct msx_auth *a, const struct msx_cred *was, struct msx_cred *out,
                               struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf form = MSX_BUF_INIT(8192);
    MSX_AUTO(running_release) struct running r = { NULL, NULL };
    MSX_AUTO(msx_json_free_p) json_t *codes = NULL;
    MSX_AUTO(msx_cred_release) struct msx_cred c = { 0 };
    const char *user = was->login_user ? was->login_user : a->profile->user_hint;
    enum msx_code rc = find_running(a, &r, err);

    if (!rc)
        rc = ask_codes(a, &r, &codes, err);
    if (!rc)
        rc = approve(a, &r, msx_json_str(codes, "user_code"), user, err);
    if (rc)
        return rc;
    msx_form_add(&form, "grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    msx_form_add(&form, "client_id", client_id(a));
    msx_form_add(&form, "device_code", msx_json_str(codes, "device_code"));
    rc = msx_oauth_token(a, r.url, TENANT, &form, &c, NULL, err);
    if (rc)
        return rc;
    c.authority = msx_strdup(r.url);
    c.tenant = msx_strdup(TENANT);
    c.client_id = msx_strdup(client_id(a));
    c.login_user = msx_strdup(user);
    if (!c.authority || !c.tenant || !c.client_id || (user && !c.login_user))
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = c;
    c = (struct msx_cred){ 0 };
    return MSX_OK;
}
