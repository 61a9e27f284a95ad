/* RSA keys, certificates and signed JSON Web Tokens, on libcrypto. */
#include "jwt.h"

#include "msxops/b64.h"
#include "msxops/file.h"
#include "msxops/mem.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#define KEY_BITS      2048
#define PEM_MAX_BYTES ((size_t)64 << 10)

struct sb_key {
    EVP_PKEY *pkey;
    char *kid;
};

struct sb_cert {
    X509 *x509;
    char *thumb_sha256; /* base64url of the DER's digest */
    char *thumb_sha1;
};

static void bio_free_p(BIO **b)
{
    BIO_free(*b);
}

static void md_ctx_free_p(EVP_MD_CTX **c)
{
    EVP_MD_CTX_free(*c);
}

static char *b64url_new(const void *data, size_t len)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(4096);

    msx_b64url_add(&b, data, len);
    return msx_buf_take(&b);
}

/* ---- the provider's key ---- */

void sb_key_free(struct sb_key *k)
{
    if (!k)
        return;
    EVP_PKEY_free(k->pkey);
    msx_free(k->kid);
    msx_free(k);
}

static enum msx_code make_key(const char *path, EVP_PKEY **out, struct msx_error *err)
{
    MSX_AUTO(bio_free_p) BIO *bio = BIO_new(BIO_s_secmem());
    EVP_PKEY *pkey = EVP_RSA_gen(KEY_BITS);
    enum msx_code rc;
    char *pem = NULL;
    long len;

    if (!bio || !pkey || !PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL)) {
        EVP_PKEY_free(pkey);
        return msx_fail(err, MSX_E_NOMEM, "cannot make a signing key");
    }
    len = BIO_get_mem_data(bio, &pem);
    rc = msx_file_replace(path, pem, len > 0 ? (size_t)len : 0, 0600, err);
    if (rc) {
        EVP_PKEY_free(pkey);
        return rc;
    }
    *out = pkey;
    return MSX_OK;
}

static enum msx_code read_key(const char *path, EVP_PKEY **out, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf pem = MSX_BUF_INIT(PEM_MAX_BYTES);
    MSX_AUTO(bio_free_p) BIO *bio = NULL;
    EVP_PKEY *pkey = NULL;
    enum msx_code rc = msx_file_read(path, &pem, err);

    if (rc)
        return rc;
    bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    if (bio)
        pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    msx_wipe(pem.data, pem.len);
    if (!pkey || !EVP_PKEY_is_a(pkey, "RSA")) {
        EVP_PKEY_free(pkey);
        return msx_fail(err, MSX_E_INVALID, "'%s' is not an RSA private key", path);
    }
    *out = pkey;
    return MSX_OK;
}

/* The key id is a digest of the public key, so it changes exactly when the key does. */
static char *key_id(EVP_PKEY *pkey)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);

    if (len <= 0)
        return NULL;
    SHA256(der, (size_t)len, digest);
    OPENSSL_free(der);
    return b64url_new(digest, 20);
}

enum msx_code sb_key_open(const char *path, struct sb_key **out, struct msx_error *err)
{
    MSX_AUTO(sb_key_free_p) struct sb_key *k = msx_calloc(1, sizeof *k);
    struct msx_error why = MSX_ERROR_INIT;
    enum msx_code rc;

    if (!k)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = read_key(path, &k->pkey, &why);
    if (rc == MSX_E_NOTFOUND)
        rc = make_key(path, &k->pkey, &why);
    if (rc) {
        if (err)
            *err = why;
        return rc;
    }
    k->kid = key_id(k->pkey);
    if (!k->kid)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = MSX_STEAL(k);
    return MSX_OK;
}

static int set_number(json_t *jwk, const char *name, const EVP_PKEY *pkey, const char *param)
{
    MSX_AUTO(msx_free_p) unsigned char *bytes = NULL;
    MSX_AUTO(msx_free_p) char *text = NULL;
    BIGNUM *n = NULL;
    int len, rc = -1;

    if (!EVP_PKEY_get_bn_param(pkey, param, &n))
        return -1;
    len = BN_num_bytes(n);
    bytes = msx_malloc(len > 0 ? (size_t)len : 1);
    if (bytes && BN_bn2bin(n, bytes) == len)
        text = b64url_new(bytes, (size_t)len);
    if (text)
        rc = msx_json_set_str(jwk, name, text);
    BN_free(n);
    return rc;
}

json_t *sb_key_jwk(const struct sb_key *k)
{
    json_t *jwk = json_pack("{s:s, s:s, s:s, s:s}", "kty", "RSA", "use", "sig", "kid", k->kid,
                            "alg", "RS256");

    if (!jwk || set_number(jwk, "n", k->pkey, OSSL_PKEY_PARAM_RSA_N) ||
        set_number(jwk, "e", k->pkey, OSSL_PKEY_PARAM_RSA_E)) {
        json_decref(jwk);
        return NULL;
    }
    return jwk;
}

/* ---- tokens ---- */

static enum msx_code add_part(struct msx_buf *out, const json_t *j, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(SB_JWT_MAX);
    enum msx_code rc;

    msx_json_dump(&text, j);
    rc = msx_buf_finish(&text, "token", err);
    if (!rc)
        msx_b64url_add(out, text.data, text.len);
    return rc;
}

enum msx_code sb_jwt_sign(const struct sb_key *k, const json_t *claims, char **out,
                          struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(SB_JWT_MAX);
    MSX_AUTO(md_ctx_free_p) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    MSX_AUTO(msx_json_free_p)
    json_t *header = json_pack("{s:s, s:s, s:s}", "typ", "JWT", "alg", "RS256", "kid", k->kid);
    unsigned char sig[KEY_BITS / 4]; /* room for keys of twice the size that is made here */
    size_t sig_len = sizeof sig;
    enum msx_code rc;

    if (!ctx || !header)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = add_part(&text, header, err);
    msx_buf_addc(&text, '.');
    if (!rc)
        rc = add_part(&text, claims, err);
    if (!rc)
        rc = msx_buf_finish(&text, "token", err);
    if (rc)
        return rc;
    if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, k->pkey) != 1 ||
        EVP_DigestSign(ctx, sig, &sig_len, (const unsigned char *)text.data, text.len) != 1)
        return msx_fail(err, MSX_E_NOMEM, "cannot sign a token");
    msx_buf_addc(&text, '.');
    msx_b64url_add(&text, sig, sig_len);
    rc = msx_buf_finish(&text, "token", err);
    if (!rc)
        *out = msx_buf_take(&text);
    return rc;
}

static bool decode_object(const char *s, size_t len, json_t **out)
{
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(SB_JWT_MAX);
    json_t *j = NULL;

    if (!msx_b64url_decode(&text, s, len) || msx_buf_finish(&text, "token", NULL) ||
        msx_json_parse(text.data, text.len, "token", &j, NULL))
        return false;
    if (!json_is_object(j)) {
        json_decref(j);
        return false;
    }
    *out = j;
    return true;
}

enum msx_code sb_jwt_parse(const char *text, struct sb_jwt *out, struct msx_error *err)
{
    const char *dot1 = strchr(text, '.');
    const char *dot2 = dot1 ? strchr(dot1 + 1, '.') : NULL;
    struct sb_jwt t = SB_JWT_INIT;

    if (!dot2 || strchr(dot2 + 1, '.') || strlen(text) > SB_JWT_MAX ||
        !decode_object(text, (size_t)(dot1 - text), &t.header) ||
        !decode_object(dot1 + 1, (size_t)(dot2 - dot1 - 1), &t.claims) ||
        !msx_b64url_decode(&t.sig, dot2 + 1, strlen(dot2 + 1)) ||
        msx_buf_finish(&t.sig, "signature", NULL)) {
        sb_jwt_release(&t);
        return msx_fail(err, MSX_E_INVALID, "not a JSON Web Token");
    }
    t.text = text;
    t.signed_len = (size_t)(dot2 - text);
    *out = t;
    return MSX_OK;
}

void sb_jwt_release(struct sb_jwt *t)
{
    json_decref(t->header);
    json_decref(t->claims);
    msx_buf_release(&t->sig);
    *t = (struct sb_jwt)SB_JWT_INIT;
}

static bool verify(const struct sb_jwt *t, EVP_PKEY *pkey, bool pss)
{
    MSX_AUTO(md_ctx_free_p) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL; /* owned by ctx */

    if (!ctx || EVP_DigestVerifyInit(ctx, &pctx, EVP_sha256(), NULL, pkey) != 1)
        return false;
    if (pss && (EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) != 1 ||
                EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) != 1))
        return false;
    return EVP_DigestVerify(ctx, (const unsigned char *)t->sig.data, t->sig.len,
                            (const unsigned char *)t->text, t->signed_len) == 1;
}

static bool header_is(const struct sb_jwt *t, const char *name, const char *value)
{
    const char *have = msx_json_str(t->header, name);

    return have && !strcmp(have, value);
}

bool sb_jwt_by_key(const struct sb_jwt *t, const struct sb_key *k)
{
    return header_is(t, "alg", "RS256") && header_is(t, "kid", k->kid) && verify(t, k->pkey, false);
}

bool sb_jwt_by_cert(const struct sb_jwt *t, const struct sb_cert *c)
{
    bool pss = header_is(t, "alg", "PS256");

    if (!pss && !header_is(t, "alg", "RS256"))
        return false;
    if (!header_is(t, "x5t#S256", c->thumb_sha256) && !header_is(t, "x5t", c->thumb_sha1))
        return false;
    return verify(t, X509_get0_pubkey(c->x509), pss);
}

/* ---- certificates ---- */

void sb_cert_free(struct sb_cert *c)
{
    if (!c)
        return;
    X509_free(c->x509);
    msx_free(c->thumb_sha256);
    msx_free(c->thumb_sha1);
    msx_free(c);
}

static char *thumbprint(const X509 *x, const EVP_MD *md)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    return X509_digest(x, md, digest, &len) == 1 ? b64url_new(digest, len) : NULL;
}

enum msx_code sb_cert_parse(const char *pem, struct sb_cert **out, struct msx_error *err)
{
    MSX_AUTO(bio_free_p) BIO *bio = NULL;
    MSX_AUTO(sb_cert_free_p) struct sb_cert *c = msx_calloc(1, sizeof *c);
    size_t len = strlen(pem);
    const EVP_PKEY *key;

    if (!c)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (len > PEM_MAX_BYTES)
        return msx_fail(err, MSX_E_INVALID, "the certificate is too long");
    bio = BIO_new_mem_buf(pem, (int)len);
    if (!bio)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    c->x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    key = c->x509 ? X509_get0_pubkey(c->x509) : NULL;
    if (!key || !EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_get_bits(key) < 2048)
        return msx_fail(err, MSX_E_INVALID,
                        "not a certificate in PEM with an RSA key of 2048 bits or more");
    c->thumb_sha256 = thumbprint(c->x509, EVP_sha256());
    c->thumb_sha1 = thumbprint(c->x509, EVP_sha1());
    if (!c->thumb_sha256 || !c->thumb_sha1)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = MSX_STEAL(c);
    return MSX_OK;
}

bool sb_cert_valid_at(const struct sb_cert *c, int64_t unix_s)
{
    time_t t = (time_t)unix_s;

    return X509_cmp_time(X509_get0_notBefore(c->x509), &t) < 0 &&
           X509_cmp_time(X509_get0_notAfter(c->x509), &t) > 0;
}
