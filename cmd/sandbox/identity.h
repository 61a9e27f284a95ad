/* The sandbox's identity provider: token endpoints beside the CRM on the same port, and the check
 * of the tokens that it issued. All functions may be called from many threads at once. */
#ifndef SANDBOX_IDENTITY_H
#define SANDBOX_IDENTITY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "sb.h"
#include "store.h"

struct sb_identity;

struct sb_identity_config {
    const char *state_dir;  /* keys and refresh tokens live here, so that they survive restarts */
    const char *base;       /* "http://127.0.0.1:PORT": issuer and resource of this run */
    struct sb_store *store; /* for the users: sb_store_whoami(), sb_store_find_user() */
    int64_t token_ttl_s;    /* life of an access token; 0 = the default */
};

enum sb_auth {
    SB_AUTH_OK,
    SB_AUTH_MISSING, /* no Authorization header, or not a bearer */
    SB_AUTH_BAD,     /* not one of ours, wrong audience, bad signature */
    SB_AUTH_EXPIRED, /* too old, or expired by sb_identity_expire_all() */
};

/* The configuration is copied, the store borrowed for the identity's life. */
enum msx_code sb_identity_new(const struct sb_identity_config *config, struct sb_identity **out,
                              struct msx_error *err) MSX_MUST_CHECK;
void sb_identity_free(struct sb_identity *id);

/* The tenant's GUID, the same for the life of a state folder. Borrowed. */
const char *sb_identity_tenant(const struct sb_identity *id);

/* Answer a request to an identity path (token, device code, authorize, openid configuration, keys,
 * the sign-in page); false, and nothing done, when the path belongs to somebody else. */
bool sb_identity_handle(struct sb_identity *id, const struct sb_request *q, struct sb_response *r);

/* Check an Authorization header (NULL when there was none). user_id_out: the systemuserid. */
enum sb_auth sb_identity_check(struct sb_identity *id, const char *authorization,
                               char user_id_out[37]);

/* From now on no access token issued before is accepted; refresh tokens stay good. */
void sb_identity_expire_all(struct sb_identity *id);

/* Control endpoint: POST /__sandbox/identity/ACTION with a JSON body (may be NULL). Returns the
 * HTTP status and sets *answer (new, or NULL); 404 for an unknown action. */
int sb_identity_control(struct sb_identity *id, const char *action, const json_t *body,
                        json_t **answer);

#endif
