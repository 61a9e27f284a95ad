/* What a token says about itself, for display and expiry only: nothing here is verified. */
#include <string.h>

#include "auth_priv.h"
#include "msxops/b64.h"
#include "msxops/json.h"
#include "msxops/mem.h"

json_t *msx_jwt_claims(const char *token)
{
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(MSX_TOKEN_MAX_BYTES);
    const char *from = strchr(token, '.');
    const char *to = from ? strchr(from + 1, '.') : NULL;
    json_t *claims = NULL;

    if (!to || !msx_b64url_decode(&text, from + 1, (size_t)(to - from - 1)) ||
        msx_buf_finish(&text, "token", NULL) ||
        msx_json_parse(text.data, text.len, "token", &claims, NULL))
        return NULL;
    if (!json_is_object(claims)) {
        json_decref(claims);
        return NULL;
    }
    return claims;
}

int64_t msx_jwt_expiry(const char *token)
{
    MSX_AUTO(msx_json_free_p) json_t *claims = msx_jwt_claims(token);
    json_int_t exp;

    return msx_json_int(claims, "exp", &exp) && exp > 0 ? exp : 0;
}

bool msx_token_ok(const char *token)
{
    size_t n = strlen(token);

    if (!n || n > MSX_TOKEN_MAX_BYTES)
        return false;
    for (const char *p = token; *p; p++) {
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f)
            return false;
    }
    return true;
}

void msx_cred_release(struct msx_cred *c)
{
    msx_free_secret(c->access_token);
    msx_free_secret(c->refresh_token);
    msx_free(c->method);
    msx_free(c->url);
    msx_free(c->authority);
    msx_free(c->tenant);
    msx_free(c->client_id);
    msx_free(c->login_user);
    *c = (struct msx_cred){ 0 };
}
