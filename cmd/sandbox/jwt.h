/* RSA keys, certificates and signed JSON Web Tokens of the sandbox's identity provider. */
#ifndef SANDBOX_JWT_H
#define SANDBOX_JWT_H

#include <stdbool.h>
#include <stdint.h>

#include "msxops/json.h"

/* Longest token that is looked at, in characters. */
#define SB_JWT_MAX ((size_t)16 << 10)

struct sb_key;  /* the provider's signing key */
struct sb_cert; /* a client's registered certificate */

/* Read the private key at path (PEM), or make a 2048-bit RSA key there (mode 0600).
 * MSX_E_INVALID (not a private RSA key), MSX_E_IO, MSX_E_NOMEM. */
enum msx_code sb_key_open(const char *path, struct sb_key **out,
                          struct msx_error *err) MSX_MUST_CHECK;
void sb_key_free(struct sb_key *k);
MSX_DEFINE_AUTO(struct sb_key, sb_key_free)
/* The public half as a JSON Web Key: kty, use, kid, alg, n, e. New object; NULL: out of memory. */
json_t *sb_key_jwk(const struct sb_key *k);

/* Sign claims with RS256. New string. */
enum msx_code sb_jwt_sign(const struct sb_key *k, const json_t *claims, char **out,
                          struct msx_error *err) MSX_MUST_CHECK;

/* A token taken apart; nothing is verified yet. */
struct sb_jwt {
    json_t *header;
    json_t *claims;
    const char *text;   /* borrowed: the token */
    size_t signed_len;  /* characters that the signature covers */
    struct msx_buf sig; /* its bytes */
};
#define SB_JWT_INIT                                                                                \
    {                                                                                              \
        NULL, NULL, NULL, 0, MSX_BUF_INIT(1024)                                                    \
    }
/* MSX_E_INVALID: not three base64url parts with JSON objects in the first two, or too long. */
enum msx_code sb_jwt_parse(const char *text, struct sb_jwt *out,
                           struct msx_error *err) MSX_MUST_CHECK;
void sb_jwt_release(struct sb_jwt *t);

/* True when the token is signed by the key (RS256 and the key's id only). */
bool sb_jwt_by_key(const struct sb_jwt *t, const struct sb_key *k);
/* True when the token is signed by the certificate's key: RS256 or PS256, and x5t#S256 or x5t names
 * this certificate. */
bool sb_jwt_by_cert(const struct sb_jwt *t, const struct sb_cert *c);

/* A certificate in PEM. MSX_E_INVALID: not one, or its key is not RSA of 2048 bits or more. */
enum msx_code sb_cert_parse(const char *pem, struct sb_cert **out,
                            struct msx_error *err) MSX_MUST_CHECK;
void sb_cert_free(struct sb_cert *c);
MSX_DEFINE_AUTO(struct sb_cert, sb_cert_free)
bool sb_cert_valid_at(const struct sb_cert *c, int64_t unix_s);

#endif
