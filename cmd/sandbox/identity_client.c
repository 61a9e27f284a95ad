/* How a confidential client proves itself: a secret, or a JSON Web Token signed with the key of its
 * registered certificate. */
#include "identity_priv.h"

#include "msxops/mem.h"

#include <openssl/crypto.h>
#include <string.h>

#define REFUSED(code) ((struct sb_refusal){ 401, "invalid_client", (code) })

static bool secret_fits(struct sb_identity *id, const json_t *client, const char *secret,
                        struct sb_response *r)
{
    const char *want = msx_json_str(client, "secret_sha256");
    char hex[65];

    msx_sha256_hex(secret, strlen(secret), hex);
    if (want && strlen(want) == 64 && !CRYPTO_memcmp(hex, want, 64))
        return true;
    sb_refuse(id, r, REFUSED(7000215), "Invalid client secret provided.");
    return false;
}

/* The audience is the token endpoint (or the issuer) of the tenant, by its GUID or as asked. */
static bool audience_fits(const struct sb_identity *id, const char *tenant, const char *aud)
{
    static const char *const tails[] = { "oauth2/v2.0/token", "v2.0" };
    const char *names[] = { id->tenant, tenant };
    bool fits = false;

    for (size_t i = 0; aud && i < 4 && !fits; i++) {
        char *want = msx_asprintf("%s/%s/%s", id->base, names[i / 2], tails[i % 2]);

        if (!want)
            sb_die("out of memory");
        fits = !strcmp(aud, want);
        msx_free(want);
    }
    return fits;
}

static bool claims_fit(struct sb_identity *id, const char *tenant, const json_t *client,
                       const json_t *claims, struct sb_response *r)
{
    const char *me = msx_json_str_or(client, "client_id", "");
    int64_t now = sb_identity_now(id);
    json_int_t exp = 0, nbf = 0;

    if (strcmp(msx_json_str_or(claims, "iss", ""), me) ||
        strcmp(msx_json_str_or(claims, "sub", ""), me)) {
        sb_refuse(id, r, REFUSED(700021), "Client assertion: iss and sub are not the client id.");
    } else if (!audience_fits(id, tenant, msx_json_str(claims, "aud"))) {
        sb_refuse(id, r, REFUSED(700023),
                  "Client assertion audience claim does not match the realm.");
    } else if (!msx_json_str(claims, "jti")) {
        sb_refuse(id, r, REFUSED(50027), "Client assertion has no jti claim.");
    } else if (!msx_json_int(claims, "exp", &exp) || now >= exp ||
               (msx_json_int(claims, "nbf", &nbf) && now + 300 < nbf)) {
        sb_refuse(id, r, REFUSED(700024), "Client assertion is not within its valid time range.");
    } else {
        return true;
    }
    return false;
}

static bool assertion_fits(struct sb_identity *id, const char *tenant, const json_t *client,
                           const char *assertion, struct sb_response *r)
{
    MSX_AUTO(sb_jwt_release) struct sb_jwt t = SB_JWT_INIT;
    MSX_AUTO(sb_cert_free_p) struct sb_cert *cert = NULL;
    const char *pem = msx_json_str(client, "certificate");

    if (sb_jwt_parse(assertion, &t, NULL)) {
        sb_refuse(id, r, REFUSED(50027), "The client assertion is not a JSON Web Token.");
        return false;
    }
    if (!pem || sb_cert_parse(pem, &cert, NULL) || !sb_cert_valid_at(cert, sb_identity_now(id)) ||
        !sb_jwt_by_cert(&t, cert)) {
        sb_refuse(id, r, REFUSED(700027),
                  "The certificate used to sign the client assertion is not registered on the "
                  "application, has expired, or the signature is wrong.");
        return false;
    }
    return claims_fit(id, tenant, client, t.claims, r);
}

bool sb_client_proves(struct sb_identity *id, const char *tenant, const json_t *client,
                      const struct sb_request *q, struct sb_response *r)
{
    char *secret = sb_form_get(q->body, q->body_len, "client_secret");
    char *assertion = sb_form_get(q->body, q->body_len, "client_assertion");
    char *type = sb_form_get(q->body, q->body_len, "client_assertion_type");
    bool ok = false;

    if (assertion) {
        if (type && !strcmp(type, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"))
            ok = assertion_fits(id, tenant, client, assertion, r);
        else
            sb_refuse(id, r, (struct sb_refusal){ 400, "invalid_request", 900144 },
                      "The request body must contain the following parameter: "
                      "'client_assertion_type' with the jwt-bearer type.");
    } else if (secret) {
        ok = secret_fits(id, client, secret, r);
    } else {
        sb_refuse(id, r, REFUSED(7000218),
                  "The request body must contain the following parameter: 'client_assertion' or "
                  "'client_secret'.");
    }
    msx_free_secret(secret);
    msx_free_secret(assertion);
    msx_free(type);
    return ok;
}
