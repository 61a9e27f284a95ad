/* What the files of the identity provider share. */
#ifndef SANDBOX_IDENTITY_PRIV_H
#define SANDBOX_IDENTITY_PRIV_H

#include <pthread.h>

#include "identity.h"
#include "jwt.h"

/* Device codes remembered at most: the oldest gives way. */
#define SB_DEVICE_MAX 256

enum sb_device_state { SB_DEVICE_PENDING, SB_DEVICE_APPROVED, SB_DEVICE_DECLINED, SB_DEVICE_USED };

struct sb_scope { /* what a scope parameter asks for */
    bool crm;     /* this organisation; otherwise another resource that is known here */
    bool offline, openid;
    char *text; /* as granted */
};

struct sb_device {
    char *device_code, *user_code, *client_id;
    struct sb_scope scope;
    int64_t expires_s, last_poll_s, interval_s;
    enum sb_device_state state;
    json_t *user; /* who approved it */
};

struct sb_identity {
    pthread_mutex_t lock; /* around everything below that changes */
    char *state_dir, *base, *control_key;
    char *alias; /* base with the other name of loopback */
    struct sb_directory users;
    int64_t (*now_s)(void *user);
    void *now_user;
    struct sb_key *key;
    /* identity.json */
    char *tenant;
    unsigned char secret[32]; /* authenticates refresh tokens and the sign-in form */
    json_int_t epoch;         /* of access tokens */
    json_int_t refresh_epoch;
    json_t *revoked; /* families of refresh tokens, oldest first */
    /* clients.json */
    json_t *clients; /* client_id -> its row */
    int64_t token_ttl_s, device_ttl_s, device_interval_s;
    struct sb_device *devices[SB_DEVICE_MAX];
    size_t n_devices;
};

/* One way to refuse, as the identity platform words it. */
struct sb_refusal {
    int status;
    const char *error; /* "invalid_grant" */
    int code;          /* the number behind AADSTS */
};

int64_t sb_identity_now(const struct sb_identity *id);
/* Set the error answer; the text follows "AADSTSnnnnn: ". */
void sb_refuse(struct sb_identity *id, struct sb_response *r, struct sb_refusal why,
               const char *fmt, ...) MSX_PRINTF(4, 5);
void sb_hmac_b64(const struct sb_identity *id, const char *purpose, const char *text, char out[44]);
void sb_random_b64(char out[44]); /* 256 bits */

/* identity_state.c */
enum msx_code sb_state_load(struct sb_identity *id, struct msx_error *err) MSX_MUST_CHECK;
enum msx_code sb_state_save(struct sb_identity *id, struct msx_error *err) MSX_MUST_CHECK;
enum msx_code sb_clients_load(struct sb_identity *id, struct msx_error *err) MSX_MUST_CHECK;
enum msx_code sb_clients_add(struct sb_identity *id, const json_t *row,
                             struct msx_error *err) MSX_MUST_CHECK;
const json_t *sb_client(const struct sb_identity *id, const char *client_id); /* NULL: unknown */

/* identity_grant.c: the two POST endpoints. tenant is as asked ("common", a GUID). */
void sb_grant_device(struct sb_identity *id, const struct sb_request *q, struct sb_response *r);
void sb_grant_token(struct sb_identity *id, const char *tenant, const struct sb_request *q,
                    struct sb_response *r);

/* identity_client.c: prove who the client of a client_credentials request is; false: refused. */
bool sb_client_proves(struct sb_identity *id, const char *tenant, const json_t *client,
                      const struct sb_request *q, struct sb_response *r);

/* identity_issue.c */
bool sb_scope_parse(struct sb_identity *id, const char *text, struct sb_scope *out,
                    struct sb_response *r); /* false: refused */
void sb_scope_release(struct sb_scope *s);
/* Set the token answer. app: the application acts for itself, as user (which may then be NULL: no
 * user of the organisation). family NULL: a new one, when the scope has offline_access. */
void sb_issue(struct sb_identity *id, struct sb_response *r, const char *client_id,
              const json_t *user, bool app, const struct sb_scope *scope, const char *family);
struct sb_refresh { /* what a refresh token says */
    char *family, *client_id, *user_id, *scope;
    int64_t issued_s;
    json_int_t epoch;
};
bool sb_refresh_parse(const struct sb_identity *id, const char *token, struct sb_refresh *out);
void sb_refresh_release(struct sb_refresh *t);
void sb_refresh_revoke(struct sb_identity *id, const char *family);
bool sb_refresh_revoked(const struct sb_identity *id, const struct sb_refresh *t);

/* identity_device.c */
struct sb_device *sb_device_new(struct sb_identity *id); /* borrowed; kept until it gives way */
struct sb_device *sb_device_by_code(struct sb_identity *id, const char *device_code);
/* Decide a pending code. Returns an HTTP status: 200; 404 no such (pending) code or user; 409 it
 * was decided before; 410 it expired. message_out: one line, static. */
int sb_device_decide(struct sb_identity *id, const char *user_code, const char *user, bool approve,
                     const char **message_out);
void sb_device_free(struct sb_device *d);
void sb_device_page(struct sb_identity *id, const struct sb_request *q, struct sb_response *r);

#endif
