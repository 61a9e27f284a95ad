/* The sandbox's identity provider, in the form of the Microsoft identity platform v2.0: token
 * endpoints beside the CRM on the same port, and the check of the tokens that it issued. All
 * functions may be called from many threads at once. */
#ifndef SANDBOX_IDENTITY_H
#define SANDBOX_IDENTITY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "sb.h"

struct sb_identity;

/* Who may sign in. identity_users.c has the one over the store; tests bring their own. */
struct sb_directory {
    /* The enabled user of that systemuserid, Entra object id, e-mail address, domain name or full
     * name; NULL = the default user. New object {systemuserid, azureactivedirectoryobjectid,
     * domainname, fullname}, or NULL when there is none or more than one. */
    json_t *(*find)(void *ctx, const char *who);
    /* Some users for the sign-in page, default user first: new array of such objects. */
    json_t *(*list)(void *ctx);
    void *ctx;
};

struct sb_store;
/* The enabled users of the store, which must outlive it. */
struct sb_directory sb_store_directory(struct sb_store *store);

struct sb_identity_config {
    const char *state_dir;        /* signing key, clients.json, what outlives a restart */
    const char *base;             /* "http://127.0.0.1:PORT": issuer and resource of this run */
    const char *control_key;      /* whoever sends it as X-Sandbox-Key may decide at /devicelogin */
    struct sb_directory users;    /* ctx borrowed for the identity's life */
    int64_t token_ttl_s;          /* life of an access token; 0 = 3600 */
    int64_t (*now_s)(void *user); /* NULL: the wall clock */
    void *now_user;
};

enum sb_auth {
    SB_AUTH_OK,
    SB_AUTH_MISSING,  /* no Authorization header, or not a bearer */
    SB_AUTH_BAD,      /* not one of ours, wrong audience, bad signature */
    SB_AUTH_EXPIRED,  /* too old, or expired by sb_identity_expire_all() */
    SB_AUTH_STRANGER, /* a good token of somebody who is no (enabled) user of this organisation */
};

/* The configuration is copied. MSX_E_IO, MSX_E_INVALID (a file of the state folder). */
enum msx_code sb_identity_new(const struct sb_identity_config *config, struct sb_identity **out,
                              struct msx_error *err) MSX_MUST_CHECK;
void sb_identity_free(struct sb_identity *id);

/* The tenant's GUID, the same for the life of a state folder. Borrowed. */
const char *sb_identity_tenant(const struct sb_identity *id);

/* Answer a request to an identity path (token, device code, authorize, openid configuration, keys,
 * the sign-in page); false, and nothing done, when the path belongs to somebody else. */
bool sb_identity_handle(struct sb_identity *id, const struct sb_request *q, struct sb_response *r);

/* Check an Authorization header (NULL when there was none). user_id_out: the systemuserid, written
 * only with SB_AUTH_OK. */
enum sb_auth sb_identity_check(struct sb_identity *id, const char *authorization,
                               char user_id_out[37]);

/* From now on no access token issued before is accepted; refresh tokens stay good. */
void sb_identity_expire_all(struct sb_identity *id);

/**
 * Control endpoint: POST /__sandbox/identity/ACTION with a JSON body (may be NULL).
 *
 *   expire-all       {}                                  as sb_identity_expire_all()
 *   revoke           {}                                  every refresh token issued so far
 *   revoke           {refresh_token}                     that one and all that came from it
 *   token-ttl        {seconds}                           life of access tokens issued from now on
 *   device           {expires_in, interval}              of device codes issued from now on
 *   register-client  {client_id, secret, certificate, user, public}   added to clients.json
 *   approve, decline {user_code, user}                   what /devicelogin does
 *
 * Returns the HTTP status and sets *answer (new, or NULL); 404 for an unknown action.
 */
int sb_identity_control(struct sb_identity *id, const char *action, const json_t *body,
                        json_t **answer);

#endif
