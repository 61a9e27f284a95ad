/* What the files of the auth layer share: a credential, the sources that give one, the cache. */
#ifndef AUTH_AUTH_PRIV_H
#define AUTH_AUTH_PRIV_H

#include <pthread.h>

#include "msxops/auth.h"

#define MSX_TOKEN_MAX_BYTES ((size_t)64 << 10)

/* One access token with what is needed to renew it. Strings owned; NULL = unknown. */
struct msx_cred {
    char *access_token;
    int64_t expires_s;   /* Unix seconds */
    char *refresh_token; /* NULL: not renewable by itself */
    char *method;        /* the source that gave it: "az", "sandbox" */
    char *url;           /* the organisation it is for */
    char *authority;     /* where refresh_token is good */
    char *tenant;
    char *client_id;
    char *login_user; /* as whom the sandbox was asked to sign in */
};
void msx_cred_release(struct msx_cred *c); /* wipes the secrets */

struct msx_auth;

/* How a profile can sign in: one row of the table in methods.c, one file each. */
struct msx_auth_method {
    const char *name;
    bool automatic; /* tried when the profile names no method */
    /* A new credential, without a question to anybody; NULL: only the environment or an earlier
     * sign-in can give one. was: what the cache held for this profile, or an empty one. */
    enum msx_code (*acquire)(struct msx_auth *a, const struct msx_cred *was, struct msx_cred *out,
                             struct msx_error *err);
    const char *sign_in_hint; /* what the user runs to be signed in */
};
const struct msx_auth_method *msx_auth_method_find(const char *name); /* NULL: unknown */
const struct msx_auth_method *msx_auth_method_at(size_t i);           /* NULL: past the last */
bool msx_auth_method_known(const char *name);
void msx_auth_methods(struct msx_buf *b); /* "env, az, ..." appended */

struct msx_auth {
    const struct msx_ctx *ctx;
    const struct msx_profile *profile;
    char *env_token;
    char *dir, *path, *lock_path; /* the cache */
    const char *az;               /* program; "az" looks it up in PATH */
    char *const *az_env;          /* its environment */
    int64_t skew_s;
    pthread_mutex_t lock;
    char (*refused)[65]; /* digests of tokens that the service refused */
    size_t n_refused;
    struct msx_http *http; /* made when first needed */
    struct msx_token_source source;
};

/* cache.c: the file of the profile. A missing file is an empty credential; a file or folder that
 * others may read is MSX_E_AUTH. Only an entry made for the same URL, method, tenant, client and
 * authority is given back. */
enum msx_code msx_cache_load(struct msx_auth *a, struct msx_cred *out,
                             struct msx_error *err) MSX_MUST_CHECK;
enum msx_code msx_cache_store(struct msx_auth *a, const struct msx_cred *c,
                              struct msx_error *err) MSX_MUST_CHECK;
enum msx_code msx_cache_lock(struct msx_auth *a, int *fd_out, struct msx_error *err) MSX_MUST_CHECK;
enum msx_code msx_cache_remove(struct msx_auth *a, struct msx_error *err) MSX_MUST_CHECK;

/* oauth.c. A form field is appended with '&' when needed. */
void msx_form_add(struct msx_buf *form, const char *name, const char *value);
/* POST the form, whatever the status of the JSON answer. extra: one more header or NULL. */
enum msx_code msx_oauth_post(struct msx_auth *a, const char *url, struct msx_buf *form,
                             const char *extra, int *status, json_t **answer,
                             struct msx_error *err) MSX_MUST_CHECK;
/* POST to the token endpoint of authority and tenant; MSX_E_AUTH: refused, *error (when not NULL)
 * then names why ("authorization_pending"). Sets the tokens and their expiry in out. */
enum msx_code msx_oauth_token(struct msx_auth *a, const char *authority, const char *tenant,
                              struct msx_buf *form, struct msx_cred *out, char error[40],
                              struct msx_error *err) MSX_MUST_CHECK;
/* The refusal in answer as an error. */
enum msx_code msx_oauth_refusal(const json_t *answer, int status, struct msx_error *err);
enum msx_code msx_oauth_refresh(struct msx_auth *a, const struct msx_cred *was,
                                struct msx_cred *out, bool *revoked,
                                struct msx_error *err) MSX_MUST_CHECK;

/* claims.c: a JWT's payload, unverified; new object or NULL. */
json_t *msx_jwt_claims(const char *token);
int64_t msx_jwt_expiry(const char *token); /* 0: unknown */
bool msx_token_ok(const char *token);      /* one word that a header can carry */

/* az.c, sandbox.c */
enum msx_code msx_auth_az(struct msx_auth *a, const struct msx_cred *was, struct msx_cred *out,
                          struct msx_error *err);
enum msx_code msx_auth_sandbox(struct msx_auth *a, const struct msx_cred *was, struct msx_cred *out,
                               struct msx_error *err);
/* Parse what az printed. Exposed for tests and fuzzing. */
enum msx_code msx_az_parse(const struct msx_ctx *ctx, const char *text, size_t len,
                           struct msx_cred *out, struct msx_error *err) MSX_MUST_CHECK;

/* child.c: run a program to its end with bounded output; argv[0] without a slash is looked up in
 * PATH. MSX_E_NOTFOUND: no such program; MSX_E_NETWORK: not done in time; MSX_E_LIMIT; MSX_E_IO. */
struct msx_child {
    int exit_status; /* 128 + signal when it was killed */
    struct msx_buf out, err;
};
enum msx_code msx_child_run(const struct msx_ctx *ctx, const char *const *argv, char *const *env,
                            long timeout_ms, struct msx_child *child,
                            struct msx_error *err) MSX_MUST_CHECK;

#endif
