/* The two endpoints that give something out: device codes, and tokens for the three grants. */
#include "identity_priv.h"

#include "msxops/mem.h"
#include "msxops/text.h"

#include <string.h>

#define REFRESH_TTL_S (90LL * 86400)

#define INVALID_REQUEST(code) ((struct sb_refusal){ 400, "invalid_request", (code) })
#define INVALID_GRANT(code)   ((struct sb_refusal){ 400, "invalid_grant", (code) })
#define INVALID_CLIENT(code)  ((struct sb_refusal){ 401, "invalid_client", (code) })

/* A parameter of the form in the body: new text, or NULL and the refusal. */
static char *need(struct sb_identity *id, const struct sb_request *q, const char *name,
                  struct sb_response *r)
{
    char *v = sb_form_get(q->body, q->body_len, name);

    if (v && *v)
        return v;
    msx_free(v);
    sb_refuse(id, r, INVALID_REQUEST(900144),
              "The request body must contain the following parameter: '%s'.", name);
    return NULL;
}

static const json_t *need_client(struct sb_identity *id, const char *client_id,
                                 struct sb_response *r)
{
    const json_t *client = sb_client(id, client_id);

    if (!client)
        sb_refuse(id, r, (struct sb_refusal){ 400, "unauthorized_client", 700016 },
                  "Application with identifier '%.100s' was not found in the directory.",
                  client_id);
    return client;
}

static bool need_public(struct sb_identity *id, const json_t *client, struct sb_response *r)
{
    if (msx_json_bool_or(client, "public", false))
        return true;
    sb_refuse(id, r, INVALID_CLIENT(7000218),
              "The request body must contain the following parameter: 'client_assertion' or "
              "'client_secret'.");
    return false;
}

/* ---- device codes ---- */

static void device_answer(struct sb_identity *id, const struct sb_device *d, struct sb_response *r)
{
    MSX_AUTO(msx_json_free_p) json_t *answer = json_object();
    MSX_AUTO(msx_free_p) char *uri = msx_asprintf("%s/devicelogin", id->base);
    MSX_AUTO(msx_free_p)
    char *text = msx_asprintf("Open %s in a browser and enter the code %s to sign in.",
                              uri ? uri : "", d->user_code);

    if (!uri || !text)
        sb_die("out of memory");
    sb_set_str(answer, "user_code", d->user_code);
    sb_set_str(answer, "device_code", d->device_code);
    sb_set_str(answer, "verification_uri", uri);
    sb_set(answer, "expires_in", json_integer(d->expires_s - sb_identity_now(id)));
    sb_set(answer, "interval", json_integer(d->interval_s));
    sb_set_str(answer, "message", text);
    sb_response_json(r, 200, answer);
}

void sb_grant_device(struct sb_identity *id, const struct sb_request *q, struct sb_response *r)
{
    MSX_AUTO(msx_free_p) char *client_id = need(id, q, "client_id", r);
    MSX_AUTO(msx_free_p) char *scope_text = client_id ? need(id, q, "scope", r) : NULL;
    const json_t *client = scope_text ? need_client(id, client_id, r) : NULL;
    struct sb_scope scope;
    struct sb_device *d;

    if (!client || !need_public(id, client, r) || !sb_scope_parse(id, scope_text, &scope, r))
        return;
    d = sb_device_new(id);
    d->client_id = sb_dup(client_id);
    d->scope = scope;
    device_answer(id, d, r);
}

/* Polled sooner than asked: the interval grows by five seconds, RFC 8628 section 3.5. */
static bool polls_too_fast(struct sb_device *d, int64_t now)
{
    bool fast = d->last_poll_s && now - d->last_poll_s < d->interval_s;

    d->last_poll_s = now;
    if (fast)
        d->interval_s += 5;
    return fast;
}

static void device_grant(struct sb_identity *id, const char *client_id, const struct sb_request *q,
                         struct sb_response *r)
{
    MSX_AUTO(msx_free_p) char *code = need(id, q, "device_code", r);
    struct sb_device *d = code ? sb_device_by_code(id, code) : NULL;
    int64_t now = sb_identity_now(id);

    if (!code)
        return;
    if (!d || !msx_ieq(d->client_id, client_id)) {
        sb_refuse(id, r, (struct sb_refusal){ 400, "bad_verification_code", 70018 },
                  "The device code is not one that was given to this application.");
    } else if (d->state == SB_DEVICE_USED) {
        sb_refuse(id, r, INVALID_GRANT(54005), "The device code was redeemed before.");
    } else if (d->state == SB_DEVICE_DECLINED) {
        sb_refuse(id, r, (struct sb_refusal){ 400, "authorization_declined", 65004 },
                  "The user declined.");
    } else if (now >= d->expires_s) {
        sb_refuse(id, r, (struct sb_refusal){ 400, "expired_token", 70020 },
                  "The device code has expired.");
    } else if (d->state == SB_DEVICE_APPROVED) {
        d->state = SB_DEVICE_USED;
        sb_issue(id, r, client_id, d->user, false, &d->scope, NULL);
    } else if (polls_too_fast(d, now)) {
        sb_refuse(id, r, (struct sb_refusal){ 400, "slow_down", 50196 },
                  "The application asks more often than the interval allows.");
    } else {
        sb_refuse(id, r, (struct sb_refusal){ 400, "authorization_pending", 70016 },
                  "The user has not finished signing in.");
    }
}

/* ---- refresh tokens ---- */

static void refresh_checked(struct sb_identity *id, const char *client_id,
                            const struct sb_refresh *t, const struct sb_request *q,
                            struct sb_response *r)
{
    MSX_AUTO(msx_free_p) char *asked = sb_form_get(q->body, q->body_len, "scope");
    MSX_AUTO(msx_json_free_p) json_t *user = NULL;
    struct sb_scope scope;

    if (!msx_ieq(t->client_id, client_id)) {
        sb_refuse(id, r, INVALID_GRANT(700007), "The refresh token was given to another client.");
        return;
    }
    if (sb_refresh_revoked(id, t)) {
        sb_refuse(id, r, INVALID_GRANT(50173), "The refresh token was revoked. Sign in again.");
        return;
    }
    if (sb_identity_now(id) - t->issued_s >= REFRESH_TTL_S) {
        sb_refuse(id, r, INVALID_GRANT(700082),
                  "The refresh token has expired. It was not used for 90 days.");
        return;
    }
    user = id->users.find(id->users.ctx, t->user_id);
    if (!user) {
        sb_refuse(id, r, INVALID_GRANT(50034), "The user does not exist in the directory.");
        return;
    }
    if (!sb_scope_parse(id, asked && *asked ? asked : t->scope, &scope, r))
        return;
    scope.offline = true; /* whoever refreshes goes on being able to */
    sb_issue(id, r, client_id, user, false, &scope, t->family);
    sb_scope_release(&scope);
}

static void refresh_grant(struct sb_identity *id, const char *client_id, const struct sb_request *q,
                          struct sb_response *r)
{
    char *token = need(id, q, "refresh_token", r);
    struct sb_refresh t;

    if (!token)
        return;
    if (sb_refresh_parse(id, token, &t)) {
        refresh_checked(id, client_id, &t, q, r);
        sb_refresh_release(&t);
    } else {
        sb_refuse(id, r, INVALID_GRANT(70000), "The refresh token is malformed or not from here.");
    }
    msx_free_secret(token);
}

/* ---- the application itself ---- */

static void app_grant(struct sb_identity *id, const char *tenant, const json_t *client,
                      const struct sb_request *q, struct sb_response *r)
{
    MSX_AUTO(msx_free_p) char *scope_text = need(id, q, "scope", r);
    MSX_AUTO(msx_json_free_p) json_t *user = NULL;
    const char *acts_as = msx_json_str(client, "user");
    struct sb_scope scope;

    if (!scope_text)
        return;
    if (msx_ieq(tenant, "common") || msx_ieq(tenant, "organizations")) {
        sb_refuse(id, r, INVALID_REQUEST(50059),
                  "An application signs in at its own tenant, not at '%s'.", tenant);
        return;
    }
    if (!sb_client_proves(id, tenant, client, q, r) || !sb_scope_parse(id, scope_text, &scope, r))
        return;
    if (!strstr(scope_text, "/.default") || strchr(scope_text, ' ')) {
        sb_refuse(id, r, (struct sb_refusal){ 400, "invalid_scope", 1002012 },
                  "Client credential flows want one scope that ends in /.default.");
        sb_scope_release(&scope);
        return;
    }
    if (acts_as)
        user = id->users.find(id->users.ctx, acts_as);
    sb_issue(id, r, msx_json_str_or(client, "client_id", ""), user, true, &scope, NULL);
    sb_scope_release(&scope);
}

void sb_grant_token(struct sb_identity *id, const char *tenant, const struct sb_request *q,
                    struct sb_response *r)
{
    MSX_AUTO(msx_free_p) char *grant = need(id, q, "grant_type", r);
    MSX_AUTO(msx_free_p) char *client_id = grant ? need(id, q, "client_id", r) : NULL;
    const json_t *client = client_id ? need_client(id, client_id, r) : NULL;

    if (!client)
        return;
    if (!strcmp(grant, "client_credentials")) {
        app_grant(id, tenant, client, q, r);
    } else if (!strcmp(grant, "refresh_token")) {
        if (need_public(id, client, r))
            refresh_grant(id, client_id, q, r);
    } else if (!strcmp(grant, "urn:ietf:params:oauth:grant-type:device_code")) {
        if (need_public(id, client, r))
            device_grant(id, client_id, q, r);
    } else {
        sb_refuse(id, r, (struct sb_refusal){ 400, "unsupported_grant_type", 70003 },
                  "The app requested an unsupported grant type '%.100s'.", grant);
    }
}
