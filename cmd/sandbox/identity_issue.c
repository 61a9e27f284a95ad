/* Scopes, and the tokens that are given out for them. */
#include "identity_priv.h"

#include "msxops/b64.h"
#include "msxops/mem.h"

#include <openssl/crypto.h>
#include <string.h>

/* Families that are remembered as revoked at most. */
#define REVOKED_MAX 1000
/* Another resource, so that a token with a foreign audience can be had. */
#define OTHER_RESOURCE "https://graph.microsoft.com"
#define REFRESH_PREFIX "1.SB."

void sb_scope_release(struct sb_scope *s)
{
    msx_free(s->text);
    *s = (struct sb_scope){ false, false, false, NULL };
}

/* "RESOURCE/user_impersonation" or "RESOURCE/.default"; the resource may end in a slash of its own,
 * as the resource_id of the 401 challenge does. */
static bool names_resource(const char *scope, size_t len, const char *resource)
{
    static const char *const permissions[] = { "user_impersonation", ".default" };
    size_t n = strlen(resource);

    if (len <= n + 1 || strncmp(scope, resource, n) || scope[n] != '/')
        return false;
    scope += n + 1;
    len -= n + 1;
    if (*scope == '/') {
        scope++;
        len--;
    }
    for (size_t i = 0; i < 2; i++) {
        if (len == strlen(permissions[i]) && !strncmp(scope, permissions[i], len))
            return true;
    }
    return false;
}

bool sb_scope_parse(struct sb_identity *id, const char *text, struct sb_scope *out,
                    struct sb_response *r)
{
    struct sb_scope s = { false, false, false, NULL };
    bool other = false;
    size_t len;

    for (const char *p = text; *p; p += len) {
        p += strspn(p, " ");
        len = strcspn(p, " ");
        if (!len)
            break;
        if (len == 14 && !strncmp(p, "offline_access", len)) {
            s.offline = true;
        } else if (len == 6 && !strncmp(p, "openid", len)) {
            s.openid = true;
        } else if ((len == 7 && !strncmp(p, "profile", len)) ||
                   (len == 5 && !strncmp(p, "email", len))) {
            continue;
        } else if (names_resource(p, len, id->base) || names_resource(p, len, id->alias)) {
            s.crm = true;
        } else if (names_resource(p, len, OTHER_RESOURCE)) {
            other = true;
        } else if (strstr(p, "://") && strstr(p, "://") < p + len) {
            sb_refuse(id, r, (struct sb_refusal){ 400, "invalid_resource", 500011 },
                      "The resource principal named %.*s was not found in the tenant.",
                      (int)(len > 300 ? 300 : len), p);
            return false;
        } else {
            sb_refuse(id, r, (struct sb_refusal){ 400, "invalid_scope", 70011 },
                      "The provided value for the input parameter 'scope' is not valid: %.*s.",
                      (int)(len > 300 ? 300 : len), p);
            return false;
        }
    }
    if (s.crm == other) { /* none, or both */
        sb_refuse(id, r, (struct sb_refusal){ 400, "invalid_scope", s.crm ? 28000 : 70011 },
                  s.crm ? "The scopes of one request name more than one resource."
                        : "The scope names no resource: ask for %s/user_impersonation.",
                  id->base);
        return false;
    }
    s.text = sb_dup(text);
    *out = s;
    return true;
}

/* ---- refresh tokens: what they say, authenticated; only revocations are stored ---- */

static void field(json_t *j, const char *name, char **out)
{
    *out = sb_dup(msx_json_str_or(j, name, ""));
}

bool sb_refresh_parse(const struct sb_identity *id, const char *token, struct sb_refresh *out)
{
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(8192);
    MSX_AUTO(msx_json_free_p) json_t *j = NULL;
    MSX_AUTO(msx_free_p) char *said = NULL;
    const char *dot;
    char mac[44];
    json_int_t issued, epoch;

    if (strncmp(token, REFRESH_PREFIX, sizeof REFRESH_PREFIX - 1) || strlen(token) > 8192)
        return false;
    token += sizeof REFRESH_PREFIX - 1;
    dot = strchr(token, '.');
    if (!dot || strlen(dot + 1) != 43)
        return false;
    said = sb_ndup(token, (size_t)(dot - token));
    sb_hmac_b64(id, "refresh", said, mac);
    if (CRYPTO_memcmp(mac, dot + 1, 43) != 0)
        return false;
    if (!msx_b64url_decode(&text, said, strlen(said)) || msx_buf_finish(&text, "token", NULL) ||
        msx_json_parse(text.data, text.len, "token", &j, NULL) ||
        !msx_json_int(j, "iat", &issued) || !msx_json_int(j, "epoch", &epoch))
        return false;
    field(j, "family", &out->family);
    field(j, "client", &out->client_id);
    field(j, "user", &out->user_id);
    field(j, "scope", &out->scope);
    out->issued_s = issued;
    out->epoch = epoch;
    return true;
}

void sb_refresh_release(struct sb_refresh *t)
{
    msx_free(t->family);
    msx_free(t->client_id);
    msx_free(t->user_id);
    msx_free(t->scope);
}

void sb_refresh_revoke(struct sb_identity *id, const char *family)
{
    sb_append(id->revoked, json_string(family));
    while (json_array_size(id->revoked) > REVOKED_MAX)
        (void)json_array_remove(id->revoked, 0);
}

bool sb_refresh_revoked(const struct sb_identity *id, const struct sb_refresh *t)
{
    const json_t *row;
    size_t i;

    json_array_foreach(id->revoked, i, row) {
        if (!strcmp(json_string_value(row), t->family))
            return true;
    }
    return t->epoch != id->refresh_epoch;
}

static char *refresh_token(struct sb_identity *id, const char *client_id, const json_t *user,
                           const struct sb_scope *scope, const char *family)
{
    MSX_AUTO(msx_buf_release) struct msx_buf plain = MSX_BUF_INIT(4096);
    MSX_AUTO(msx_buf_release) struct msx_buf said = MSX_BUF_INIT(8192);
    MSX_AUTO(msx_json_free_p) json_t *j = json_object();
    char fresh[44], mac[44];
    char *token;

    sb_random_b64(fresh);
    sb_set_str(j, "family", family ? family : fresh);
    sb_random_b64(fresh);
    sb_set_str(j, "nonce", fresh); /* every one is another */
    sb_set_str(j, "client", client_id);
    sb_set_str(j, "user", msx_json_str(user, "systemuserid"));
    sb_set_str(j, "scope", scope->text);
    sb_set(j, "iat", json_integer(sb_identity_now(id)));
    sb_set(j, "epoch", json_integer(id->refresh_epoch));
    msx_json_dump(&plain, j);
    msx_b64url_add(&said, plain.data, plain.len);
    sb_hmac_b64(id, "refresh", said.data, mac);
    token = msx_asprintf(REFRESH_PREFIX "%s.%s", said.data, mac);
    if (!token || said.failed || plain.failed)
        sb_die("out of memory");
    return token;
}

/* ---- access and id tokens ---- */

static json_t *common_claims(struct sb_identity *id, const char *audience, int64_t now)
{
    json_t *c = json_object();
    char *issuer = msx_asprintf("%s/%s/v2.0", id->base, id->tenant);
    char unique[44];

    if (!issuer)
        sb_die("out of memory");
    sb_random_b64(unique);
    sb_set_str(c, "aud", audience);
    sb_set_str(c, "iss", issuer);
    sb_set(c, "iat", json_integer(now));
    sb_set(c, "nbf", json_integer(now));
    sb_set(c, "exp", json_integer(now + id->token_ttl_s));
    sb_set_str(c, "tid", id->tenant);
    sb_set_str(c, "uti", unique);
    msx_free(issuer);
    return c;
}

static void sign_into(struct sb_identity *id, json_t *answer, const char *name, json_t *claims)
{
    char *jwt = NULL;

    if (sb_jwt_sign(id->key, claims, &jwt, NULL))
        sb_die("cannot sign a token");
    sb_set_str(answer, name, jwt);
    msx_free_secret(jwt);
    json_decref(claims);
}

static json_t *access_claims(struct sb_identity *id, const char *client_id, const json_t *user,
                             bool app, const struct sb_scope *scope, int64_t now)
{
    json_t *c = common_claims(id, scope->crm ? id->base : OTHER_RESOURCE, now);
    const char *oid = msx_json_str(user, "azureactivedirectoryobjectid");

    sb_set_str(c, "appid", client_id);
    sb_set_str(c, "oid", oid ? oid : client_id);
    sb_set_str(c, "sub", oid ? oid : client_id);
    sb_set_str(c, "idtyp", app ? "app" : "user");
    if (!app) {
        sb_set_str(c, "upn", msx_json_str(user, "domainname"));
        sb_set_str(c, "name", msx_json_str(user, "fullname"));
        sb_set_str(c, "scp", "user_impersonation");
    }
    if (user)
        sb_set_str(c, "xms_systemuserid", msx_json_str(user, "systemuserid"));
    sb_set(c, "xms_epoch", json_integer(id->epoch));
    return c;
}

void sb_issue(struct sb_identity *id, struct sb_response *r, const char *client_id,
              const json_t *user, bool app, const struct sb_scope *scope, const char *family)
{
    MSX_AUTO(msx_json_free_p) json_t *answer = json_object();
    int64_t now = sb_identity_now(id);

    sb_set_str(answer, "token_type", "Bearer");
    sb_set_str(answer, "scope", scope->text);
    sb_set(answer, "expires_in", json_integer(id->token_ttl_s));
    sb_set(answer, "ext_expires_in", json_integer(id->token_ttl_s));
    sign_into(id, answer, "access_token", access_claims(id, client_id, user, app, scope, now));
    if (!app && scope->offline) {
        char *token = refresh_token(id, client_id, user, scope, family);

        sb_set_str(answer, "refresh_token", token);
        msx_free_secret(token);
    }
    if (!app && scope->openid) {
        json_t *c = common_claims(id, client_id, now);

        sb_set_str(c, "oid", msx_json_str(user, "azureactivedirectoryobjectid"));
        sb_set_str(c, "sub", msx_json_str(user, "azureactivedirectoryobjectid"));
        sb_set_str(c, "preferred_username", msx_json_str(user, "domainname"));
        sb_set_str(c, "name", msx_json_str(user, "fullname"));
        sign_into(id, answer, "id_token", c);
    }
    sb_response_json(r, 200, answer);
}
