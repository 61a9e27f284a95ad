/* A session with one organisation: who the user is (read once), and what the organisation lacks. */
#include "crm/priv.h"

#include <pthread.h>
#include <string.h>

#include "msxops/file.h"

#define GONE_TTL_S     ((int64_t)24 * 3600)
#define GONE_MAX_BYTES ((size_t)64 << 10)

struct msx_crm_cache {
    pthread_mutex_t who_lock; /* held while WhoAmI and the user are read, so that it happens once */
    pthread_mutex_t gone_lock; /* short */
    json_t *who;               /* WhoAmI's answer */
    json_t *me;
    json_t *gone; /* {set: {column: true}} */
    char *gone_path;
    json_t *(*role_fn)(void *user, const json_t *me);
    void *role_user;
};

static void cache_free(struct msx_crm_cache *c)
{
    if (!c)
        return;
    json_decref(c->who);
    json_decref(c->me);
    json_decref(c->gone);
    msx_free(c->gone_path);
    pthread_mutex_destroy(&c->who_lock);
    pthread_mutex_destroy(&c->gone_lock);
    msx_free(c);
}

/* The file of columns that this organisation lacks; anything unreadable is as if it were not there:
 * the worst that follows is one refused request. */
static void gone_load(struct msx_crm_cache *c, const struct msx_ctx *ctx, const char *org)
{
    MSX_AUTO(msx_free_p) char *name = NULL;
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;
    json_int_t saved = 0;
    json_t *columns;
    char hash[65];

    if (!ctx->cache_dir)
        return;
    msx_sha256_hex(org, strlen(org), hash);
    name = msx_asprintf("columns-%.16s.json", hash);
    if (!name)
        return;
    c->gone_path = msx_path_join(ctx->cache_dir, name);
    if (!c->gone_path || ctx->no_cache)
        return;
    if (msx_json_load(c->gone_path, GONE_MAX_BYTES, &doc, NULL))
        return;
    columns = msx_json_obj(doc, "gone");
    if (columns && msx_json_int(doc, "saved", &saved) &&
        ctx->now_s(ctx->now_user) - saved < GONE_TTL_S && saved <= ctx->now_s(ctx->now_user))
        json_object_update(c->gone, columns);
}

enum msx_code msx_crm_open(const struct msx_ctx *ctx, const struct msx_profile *profile,
                           struct msx_auth *auth, struct msx_crm *out, struct msx_error *err)
{
    struct msx_crm_cache *c;
    struct msx_odata *odata = NULL;
    enum msx_code rc;

    if (!profile->url) {
        msx_fail(err, MSX_E_USAGE, "profile '%s' has no organisation URL", profile->name);
        msx_hint(err, "msxops config set profiles.%s.url https://ORG.crm.dynamics.com",
                 profile->name);
        return MSX_E_USAGE;
    }
    c = msx_calloc(1, sizeof *c);
    if (!c)
        return msx_crm_oom(err);
    pthread_mutex_init(&c->who_lock, NULL);
    pthread_mutex_init(&c->gone_lock, NULL);
    c->gone = json_object();
    if (!c->gone) {
        cache_free(c);
        return msx_crm_oom(err);
    }
    rc = msx_odata_new(ctx, profile->url, auth, &odata, err);
    if (rc) {
        cache_free(c);
        return rc;
    }
    gone_load(c, ctx, profile->url);
    *out = (struct msx_crm){
        .ctx = ctx, .profile = profile, .auth = auth, .odata = odata, .cache = c
    };
    return MSX_OK;
}

void msx_crm_close(struct msx_crm *crm)
{
    if (!crm)
        return;
    if (crm->odata)
        msx_odata_free(crm->odata);
    cache_free(crm->cache);
    *crm = (struct msx_crm){ 0 };
}

void msx_crm_set_role_fn(struct msx_crm *crm, json_t *(*fn)(void *user, const json_t *me),
                         void *user)
{
    crm->cache->role_fn = fn;
    crm->cache->role_user = user;
}

json_t *msx_crm_role(struct msx_crm *crm, const json_t *me)
{
    json_t *role = NULL;

    if (crm->cache->role_fn)
        role = crm->cache->role_fn(crm->cache->role_user, me);
    return role ? role : json_null();
}

static enum msx_code whoami_locked(struct msx_crm *crm, json_t **out, struct msx_error *err)
{
    struct msx_crm_cache *c = crm->cache;

    if (!c->who) {
        struct msx_rows *rows = NULL;
        json_t *answer;
        enum msx_code rc = msx_odata_get_path(crm->odata, "WhoAmI", &rows, err);

        if (!rc)
            rc = msx_rows_wait(rows, err);
        if (rc) {
            msx_rows_free(rows);
            return msx_wrap(err, rc, "cannot ask who is signed in");
        }
        answer = json_incref(msx_rows_object(rows));
        msx_rows_free(rows);
        if (!msx_json_str(answer, "UserId")) {
            json_decref(answer);
            return msx_fail(err, MSX_E_SERVER, "WhoAmI answered without a UserId");
        }
        c->who = answer;
    }
    *out = c->who;
    return MSX_OK;
}

enum msx_code msx_crm_whoami(struct msx_crm *crm, json_t **out, struct msx_error *err)
{
    enum msx_code rc;

    pthread_mutex_lock(&crm->cache->who_lock);
    rc = whoami_locked(crm, out, err);
    pthread_mutex_unlock(&crm->cache->who_lock);
    return rc;
}

enum msx_code msx_crm_my_id(struct msx_crm *crm, const char **id, struct msx_error *err)
{
    json_t *who = NULL;
    enum msx_code rc = msx_crm_whoami(crm, &who, err);

    if (rc)
        return rc;
    *id = msx_json_str(who, "UserId");
    return MSX_OK;
}

enum msx_code msx_crm_me(struct msx_crm *crm, json_t **out, struct msx_error *err)
{
    struct msx_crm_cache *c = crm->cache;
    json_t *who = NULL;
    json_t *me = NULL;
    enum msx_code rc = MSX_OK;

    pthread_mutex_lock(&c->who_lock);
    if (!c->me) {
        rc = whoami_locked(crm, &who, err);
        if (!rc)
            rc = msx_crm_read_one(crm, &msx_crm_users, msx_json_str(who, "UserId"), &me, err);
        if (!rc) {
            int bad = msx_crm_tidy_one(crm, &msx_crm_users, me);

            bad |= msx_json_set_str(me, "businessunitid", msx_json_str(who, "BusinessUnitId"));
            bad |= msx_json_set_str(me, "organizationid", msx_json_str(who, "OrganizationId"));
            if (bad) {
                json_decref(me);
                rc = msx_crm_oom(err);
            } else {
                c->me = me;
            }
        }
    }
    if (!rc)
        *out = c->me;
    pthread_mutex_unlock(&c->who_lock);
    return rc;
}

bool msx_crm_column_gone(struct msx_crm *crm, const char *set, const char *column)
{
    bool gone;

    pthread_mutex_lock(&crm->cache->gone_lock);
    gone = json_object_get(json_object_get(crm->cache->gone, set), column) != NULL;
    pthread_mutex_unlock(&crm->cache->gone_lock);
    return gone;
}

void msx_crm_column_drop(struct msx_crm *crm, const char *set, const char *column)
{
    struct msx_crm_cache *c = crm->cache;
    MSX_AUTO(msx_free_p) char *text = NULL;
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;
    json_t *columns;

    msx_log(crm->ctx, MSX_LOG_WARN,
            "this organisation has no column '%s' in '%s'; going on without", column, set);
    pthread_mutex_lock(&c->gone_lock);
    columns = json_object_get(c->gone, set);
    if (!columns) {
        columns = json_object();
        json_object_set_new(c->gone, set, columns);
    }
    json_object_set_new(columns, column, json_true());
    doc = json_pack("{s:I,s:O}", "saved", (json_int_t)crm->ctx->now_s(crm->ctx->now_user), "gone",
                    c->gone);
    text = doc ? msx_json_canonical_str(doc) : NULL;
    /* A cache that cannot be written costs a request next time, nothing else. */
    if (text && c->gone_path && !msx_mkdirs(crm->ctx->cache_dir, 0700, NULL) &&
        msx_file_replace(c->gone_path, text, strlen(text), 0600, NULL))
        msx_log(crm->ctx, MSX_LOG_DEBUG, "cannot write '%s'", c->gone_path);
    pthread_mutex_unlock(&c->gone_lock);
}
