/* One token at a time: from the environment, the cache, the cached refresh token, or the profile's
 * way to sign in, under a lock so that programs running side by side renew once. */
#include "msxops/auth.h"

#include <string.h>

#include "auth_priv.h"
#include "msxops/file.h"
#include "msxops/json.h"
#include "msxops/mem.h"
#include "msxops/text.h"

#define SKEW_S 60 /* renewed when it lives no longer; profiles may say token_skew_seconds */

static enum msx_code source_get(void *user, const char *refused, char **token_out,
                                struct msx_error *err);

static int64_t now_s(const struct msx_auth *a)
{
    return a->ctx->now_s(a->ctx->now_user);
}

/* ---- making ---- */

enum msx_code msx_auth_new(const struct msx_ctx *ctx, const struct msx_profile *profile,
                           const char *env_token, struct msx_auth **out, struct msx_error *err)
{
    struct msx_auth *a = msx_calloc(1, sizeof *a);
    const char *name = profile->name ? profile->name : "default";
    json_int_t skew = SKEW_S;

    if (!a)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (pthread_mutex_init(&a->lock, NULL) != 0) {
        msx_free(a);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    a->ctx = ctx;
    a->profile = profile;
    a->az = "az";
    if (msx_json_int(profile->extra, "token_skew_seconds", &skew) && (skew < 0 || skew > 3600))
        skew = SKEW_S;
    a->skew_s = skew;
    a->source = (struct msx_token_source){ source_get, a };
    a->env_token = env_token && *env_token ? msx_strdup(env_token) : NULL;
    a->dir = msx_path_join(ctx->config_dir, "tokens");
    a->path = msx_asprintf("%s/tokens/%s.json", ctx->config_dir, name);
    a->lock_path = msx_asprintf("%s/tokens/.%s.lock", ctx->config_dir, name);
    if ((env_token && *env_token && !a->env_token) || !a->dir || !a->path || !a->lock_path) {
        msx_auth_free(a);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    *out = a;
    return MSX_OK;
}

void msx_auth_free(struct msx_auth *a)
{
    if (!a)
        return;
    msx_http_free(a->http);
    msx_free_secret(a->env_token);
    msx_free(a->dir);
    msx_free(a->path);
    msx_free(a->lock_path);
    msx_free(a->refused);
    pthread_mutex_destroy(&a->lock);
    msx_free(a);
}

const struct msx_token_source *msx_auth_source(struct msx_auth *a)
{
    return &a->source;
}

void msx_auth_set_az(struct msx_auth *a, const char *program, char *const *environment)
{
    a->az = program;
    a->az_env = environment;
}

/* ---- which tokens may be given ---- */

static bool was_refused(const struct msx_auth *a, const char *token)
{
    char hex[65];

    if (!a->n_refused)
        return false;
    msx_sha256_hex(token, strlen(token), hex);
    for (size_t i = 0; i < a->n_refused; i++) {
        if (!memcmp(hex, a->refused[i], sizeof hex))
            return true;
    }
    return false;
}

static enum msx_code note_refused(struct msx_auth *a, const char *token, struct msx_error *err)
{
    char(*more)[65];

    if (was_refused(a, token))
        return MSX_OK;
    more = msx_realloc(a->refused, (a->n_refused + 1) * sizeof *more);
    if (!more)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    a->refused = more;
    msx_sha256_hex(token, strlen(token), a->refused[a->n_refused++]);
    return MSX_OK;
}

static bool usable(const struct msx_auth *a, const struct msx_cred *c)
{
    return c->access_token && c->expires_s - now_s(a) >= a->skew_s && c->expires_s > now_s(a) &&
           !was_refused(a, c->access_token);
}

/* A token for another organisation would be shown to this one. Audiences that are no address (an
 * application id) say nothing. */
static enum msx_code check_audience(const struct msx_auth *a, const json_t *claims,
                                    struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *origin = NULL;
    const char *aud = msx_json_str(claims, "aud");

    if (!aud || strncmp(aud, "http", 4) != 0 || msx_org_url(aud, &origin, NULL) ||
        !strcmp(origin, a->profile->url))
        return MSX_OK;
    return msx_fail(err, MSX_E_AUTH, "the token in MSXOPS_TOKEN is for '%.200s', not for '%.200s'",
                    origin, a->profile->url);
}

static enum msx_code from_environment(const struct msx_auth *a, char **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *claims = NULL;
    enum msx_code rc = MSX_OK;
    json_int_t exp;

    claims = msx_jwt_claims(a->env_token);
    if (!msx_token_ok(a->env_token))
        rc = msx_fail(err, MSX_E_AUTH, "MSXOPS_TOKEN does not hold an access token");
    else if (was_refused(a, a->env_token))
        rc = msx_fail(err, MSX_E_AUTH, "the service refused the token in MSXOPS_TOKEN");
    else if (msx_json_int(claims, "exp", &exp) && exp <= now_s(a))
        rc = msx_fail(err, MSX_E_AUTH, "the token in MSXOPS_TOKEN has expired");
    else
        rc = check_audience(a, claims, err);
    if (rc) {
        msx_hint(err, "give a new one, or unset MSXOPS_TOKEN to use the profile's own sign-in");
        return rc;
    }
    *out = msx_strdup(a->env_token);
    return *out ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

/* ---- getting one ---- */

static enum msx_code give(const struct msx_cred *c, char **out, struct msx_error *err)
{
    *out = msx_strdup(c->access_token);
    return *out ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

static int copy_missing(char **to, const char *from)
{
    if (*to || !from)
        return 0;
    *to = msx_strdup(from);
    return *to ? 0 : -1;
}

/* What a renewed credential keeps of the one that it came from. */
static enum msx_code inherit(struct msx_cred *c, const struct msx_cred *was, struct msx_error *err)
{
    if (copy_missing(&c->refresh_token, was->refresh_token) ||
        copy_missing(&c->method, was->method) || copy_missing(&c->url, was->url) ||
        copy_missing(&c->authority, was->authority) || copy_missing(&c->tenant, was->tenant) ||
        copy_missing(&c->client_id, was->client_id) ||
        copy_missing(&c->login_user, was->login_user))
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return MSX_OK;
}

/* By refresh token: MSX_OK with out filled; MSX_E_AUTH when it is no longer good. */
static enum msx_code renew(struct msx_auth *a, struct msx_cred *was, struct msx_cred *out,
                           struct msx_error *err)
{
    struct msx_cred c = { 0 };
    bool revoked = false;
    enum msx_code rc = msx_oauth_refresh(a, was, &c, &revoked, err);

    if (!rc && was_refused(a, c.access_token))
        rc = msx_fail(err, MSX_E_AUTH, "the identity provider gave a token that was refused");
    if (!rc)
        rc = inherit(&c, was, err);
    if (rc) {
        msx_cred_release(&c);
        if (revoked) {
            msx_free_secret(was->refresh_token);
            was->refresh_token = NULL;
        }
        return rc;
    }
    *out = c;
    return MSX_OK;
}

static enum msx_code acquire_by(struct msx_auth *a, const struct msx_auth_method *m,
                                const struct msx_cred *was, struct msx_cred *out,
                                struct msx_error *err)
{
    struct msx_cred c = { 0 };
    enum msx_code rc = m->acquire(a, was, &c, err);

    if (!rc && was_refused(a, c.access_token)) {
        rc = msx_fail(err, MSX_E_AUTH, "the service refused the token that '%s' gives", m->name);
        msx_hint(err, "%s again", m->sign_in_hint);
    }
    if (!rc && c.expires_s <= now_s(a))
        rc = msx_fail(err, MSX_E_AUTH, "the token that '%s' gives has expired", m->name);
    if (!rc && (copy_missing(&c.method, m->name) || copy_missing(&c.url, a->profile->url)))
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (rc) {
        msx_cred_release(&c);
        return rc;
    }
    *out = c;
    return MSX_OK;
}

static enum msx_code not_signed_in(const struct msx_auth *a, const char *hint,
                                   struct msx_error *err)
{
    enum msx_code rc = msx_fail(err, MSX_E_AUTH, "not signed in to '%.200s'", a->profile->url);

    msx_hint(err, "%s", hint);
    return rc;
}

/* By the profile's method, else by each automatic one; the last one's error stands. */
static enum msx_code acquire(struct msx_auth *a, const struct msx_cred *was, struct msx_cred *out,
                             struct msx_error *err)
{
    const char *want = a->profile->auth;
    const struct msx_auth_method *m = msx_auth_method_find(want);
    enum msx_code rc;

    if (want && !m)
        return msx_fail(err, MSX_E_INVALID, "this version does not know the sign-in method '%.64s'",
                        want);
    if (m && !m->acquire)
        return not_signed_in(a, m->sign_in_hint, err);
    if (m)
        return acquire_by(a, m, was, out, err);
    rc = not_signed_in(a, "run `az login`, or put an access token into MSXOPS_TOKEN", err);
    for (size_t i = 0; rc && (m = msx_auth_method_at(i)); i++) {
        if (m->automatic)
            rc = acquire_by(a, m, was, out, err);
    }
    return rc;
}

/* A cache that cannot be written costs time, not the run. */
static void store(struct msx_auth *a, const struct msx_cred *c)
{
    struct msx_error why = MSX_ERROR_INIT;

    if (msx_cache_store(a, c, &why))
        msx_log(a->ctx, MSX_LOG_WARN, "the token is not kept: %s", why.msg);
}

/* With the lock held (or without one, when no lock can be had). */
static enum msx_code renew_or_acquire(struct msx_auth *a, char **out, struct msx_error *err)
{
    MSX_AUTO(msx_cred_release) struct msx_cred was = { 0 };
    MSX_AUTO(msx_cred_release) struct msx_cred fresh = { 0 };
    struct msx_error why = MSX_ERROR_INIT;
    enum msx_code rc = msx_cache_load(a, &was, err);

    if (rc)
        return rc;
    if (usable(a, &was)) /* another program was faster */
        return give(&was, out, err);
    rc = MSX_E_AUTH;
    if (was.refresh_token && was.authority && was.client_id) {
        rc = renew(a, &was, &fresh, &why);
        if (rc && rc != MSX_E_AUTH) {
            if (err)
                *err = why;
            return rc;
        }
        if (rc)
            msx_log(a->ctx, MSX_LOG_INFO, "the cached sign-in is no longer good: %s", why.msg);
    }
    if (rc)
        rc = acquire(a, &was, &fresh, err);
    if (rc)
        return rc;
    store(a, &fresh);
    return give(&fresh, out, err);
}

static enum msx_code get_locked(struct msx_auth *a, char **out, struct msx_error *err)
{
    MSX_AUTO(msx_cred_release) struct msx_cred c = { 0 };
    struct msx_error why = MSX_ERROR_INIT;
    enum msx_code rc;
    int lock = -1;

    if (!a->profile->url) {
        rc = msx_fail(err, MSX_E_USAGE, "no organisation is configured for profile '%.64s'",
                      a->profile->name ? a->profile->name : "default");
        msx_hint(err, "msxops config set profiles.%.64s.url https://ORG.crm.dynamics.com",
                 a->profile->name ? a->profile->name : "default");
        return rc;
    }
    if (a->env_token)
        return from_environment(a, out, err);
    rc = msx_cache_load(a, &c, err);
    if (rc)
        return rc;
    if (usable(a, &c))
        return give(&c, out, err);
    rc = msx_cache_lock(a, &lock, &why);
    if (rc == MSX_E_IO) {
        msx_log(a->ctx, MSX_LOG_WARN, "no token cache: %s", why.msg);
    } else if (rc) {
        if (err)
            *err = why;
        return rc;
    }
    rc = renew_or_acquire(a, out, err);
    msx_lock_release(lock);
    return rc;
}

static enum msx_code source_get(void *user, const char *refused, char **token_out,
                                struct msx_error *err)
{
    struct msx_auth *a = user;
    char *token = NULL;
    enum msx_code rc = MSX_OK;

    pthread_mutex_lock(&a->lock);
    if (refused)
        rc = note_refused(a, refused, err);
    if (!rc)
        rc = get_locked(a, &token, err);
    pthread_mutex_unlock(&a->lock);
    if (!rc)
        *token_out = token;
    return rc;
}

enum msx_code msx_auth_token(struct msx_auth *a, char **out, struct msx_error *err)
{
    return source_get(a, NULL, out, err);
}

enum msx_code msx_auth_sandbox_login(struct msx_auth *a, const char *user, struct msx_error *err)
{
    MSX_AUTO(msx_cred_release) struct msx_cred fresh = { 0 };
    struct msx_cred was = { 0 };
    int lock = -1;
    enum msx_code rc;

    if (!a->profile->url)
        return msx_fail(err, MSX_E_USAGE, "no organisation is configured for this profile");
    was.login_user = user ? msx_strdup(user) : NULL;
    if (user && !was.login_user)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    pthread_mutex_lock(&a->lock);
    rc = msx_cache_lock(a, &lock, err);
    if (!rc)
        rc = acquire_by(a, msx_auth_method_find("sandbox"), &was, &fresh, err);
    if (!rc)
        rc = msx_cache_store(a, &fresh, err);
    msx_lock_release(lock);
    pthread_mutex_unlock(&a->lock);
    msx_cred_release(&was);
    return rc;
}

enum msx_code msx_auth_forget(struct msx_auth *a, struct msx_error *err)
{
    struct msx_error why = MSX_ERROR_INIT;
    enum msx_code rc;
    int lock = -1;

    pthread_mutex_lock(&a->lock);
    /* a folder with wrong permissions must not keep anybody from signing out */
    if (msx_cache_lock(a, &lock, &why))
        msx_log(a->ctx, MSX_LOG_WARN, "%s", why.msg);
    rc = msx_cache_remove(a, err);
    msx_lock_release(lock);
    pthread_mutex_unlock(&a->lock);
    return rc;
}

/* ---- status ---- */

static const char *user_of(const json_t *claims)
{
    static const char *const names[] = { "upn", "unique_name", "preferred_username", "appid" };
    const char *v = NULL;

    for (size_t i = 0; i < sizeof names / sizeof *names && !v; i++)
        v = msx_json_str(claims, names[i]);
    return v;
}

static int fill_status(const struct msx_auth *a, const struct msx_cred *c, json_t *s)
{
    MSX_AUTO(msx_json_free_p) json_t *claims = NULL;
    const char *token = a->env_token ? a->env_token : c->access_token;
    const char *method = a->env_token ? "env" : c->method ? c->method : a->profile->auth;
    int64_t expires = a->env_token ? msx_jwt_expiry(token) : c->expires_s;
    bool renewable = !a->env_token && c->refresh_token;
    bool alive = token && (expires ? expires > now_s(a) : a->env_token != NULL);
    char when[21] = "";

    claims = token ? msx_jwt_claims(token) : NULL;
    if (token && expires)
        msx_time_format(expires, when);
    return msx_json_set_str(s, "profile", a->profile->name) |
           msx_json_set_str(s, "url", a->profile->url) | msx_json_set_str(s, "method", method) |
           json_object_set_new(s, "signedIn", json_boolean(alive || renewable)) |
           msx_json_set_str(s, "expiresOn", *when ? when : NULL) |
           json_object_set_new(s, "renewable", json_boolean(renewable)) |
           msx_json_set_str(s, "user", user_of(claims)) |
           msx_json_set_str(s, "tenant",
                            claims && msx_json_str(claims, "tid") ? msx_json_str(claims, "tid")
                                                                  : a->profile->tenant) |
           msx_json_set_str(s, "storage",
                            a->env_token ? "environment"
                            : token      ? a->path
                                         : NULL) |
           msx_json_set_str(s, "protection",
                            a->env_token ? "none: the environment of this process"
                            : token      ? "file mode 0600 in a folder of mode 0700"
                                         : NULL);
}

enum msx_code msx_auth_status(struct msx_auth *a, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_cred_release) struct msx_cred c = { 0 };
    MSX_AUTO(msx_json_free_p) json_t *s = json_object();
    enum msx_code rc = MSX_OK;

    pthread_mutex_lock(&a->lock);
    if (!a->env_token)
        rc = msx_cache_load(a, &c, err);
    pthread_mutex_unlock(&a->lock);
    if (rc)
        return rc;
    if (!s || fill_status(a, &c, s))
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = MSX_STEAL(s);
    return MSX_OK;
}
