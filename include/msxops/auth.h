/* Token sources behind one interface and the token cache. architecture.md section 4. Secrets leave
 * this layer only as the token string handed to the HTTP engine or printed by `auth token`. */
#ifndef MSXOPS_AUTH_H
#define MSXOPS_AUTH_H

#include "msxops/config.h"
#include "msxops/http.h"

struct msx_auth;

/* Sources in order, unless profile->auth picks one: the given token (from MSXOPS_TOKEN); a cached
 * token; its refresh token; the sandbox's own sign-in (profile->auth = sandbox); Azure CLI.
 * Cache: $config_dir/tokens/<profile>.json, 0600 in 0700, replaced atomically under a lock so that
 * parallel runs refresh once.
 * @param env_token  token from the environment, or NULL; copied
 * @param profile    borrowed, must outlive it */
enum msx_code msx_auth_new(const struct msx_ctx *ctx, const struct msx_profile *profile,
                           const char *env_token, struct msx_auth **out,
                           struct msx_error *err) MSX_MUST_CHECK;
void msx_auth_free(struct msx_auth *a);
/* The interface for msx_http_new(). Borrowed from a. */
const struct msx_token_source *msx_auth_source(struct msx_auth *a);
/* A valid access token now (refreshing if it must): for `auth token`. Free with msx_free_secret().
 */
enum msx_code msx_auth_token(struct msx_auth *a, char **out, struct msx_error *err) MSX_MUST_CHECK;
/* What is known without the network: {profile, url, method, signedIn, expiresOn, renewable, user,
 * tenant, storage, protection}; times RFC 3339 UTC. New object. Reads claims of a JWT unverified,
 * for display only. */
enum msx_code msx_auth_status(struct msx_auth *a, json_t **out,
                              struct msx_error *err) MSX_MUST_CHECK;
/* Sign in at a sandbox as user (UPN or systemuserid; NULL = its default user), and cache the
 * tokens. Used by `sandbox start`. */
enum msx_code msx_auth_sandbox_login(struct msx_auth *a, const char *user,
                                     struct msx_error *err) MSX_MUST_CHECK;
/* Remove every cached token of the profile. */
enum msx_code msx_auth_forget(struct msx_auth *a, struct msx_error *err) MSX_MUST_CHECK;

/* Which program is the Azure CLI and what its environment is (MSXOPS_ variables are kept from it
 * in any case). Without this call: "az", looked up in PATH, with the process's own environment.
 * Both borrowed. */
void msx_auth_set_az(struct msx_auth *a, const char *program, char *const *environment);

/* What a 401 tells: "Bearer authorization_uri=https://.../TENANT/oauth2/authorize, resource_id=..."
 */
struct msx_challenge { /* strings owned; NULL = not said */
    char *authority;   /* "https://login.microsoftonline.com" */
    char *tenant;      /* "common" reads as "organizations" */
    char *resource;    /* without the final slash */
};
void msx_challenge_release(struct msx_challenge *c);
/* Parse a WWW-Authenticate value. MSX_E_INVALID: not such a challenge. */
enum msx_code msx_challenge_parse(const char *header, struct msx_challenge *out,
                                  struct msx_error *err) MSX_MUST_CHECK;
/* Ask the organisation itself, without a token, which tenant and resource it wants. MSX_E_NETWORK,
 * MSX_E_SERVER (no such challenge in its answer; 403: outside of its network). */
enum msx_code msx_auth_discover(const struct msx_ctx *ctx, const char *url,
                                struct msx_challenge *out, struct msx_error *err) MSX_MUST_CHECK;

#endif
