/* The bearer token that the engine holds: asked for once, renewed once for all requests that were
 * refused with it. */
#include <string.h>

#include "http/engine.h"

static void forget(char **token)
{
    msx_free_secret(*token);
    *token = NULL;
}

void msx_bearer_wipe(struct msx_http *h)
{
    forget(&h->token);
    forget(&h->refused);
}

static bool is_sendable(const char *token)
{
    const char *p = token;

    for (; *p; p++)
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f)
            return false;
    return p > token;
}

enum msx_code msx_bearer_ensure(struct msx_http *h, struct msx_http_future *f,
                                struct msx_error *err)
{
    char *token = NULL;
    struct msx_error why = MSX_ERROR_INIT;
    enum msx_code rc;

    if (h->token)
        return MSX_OK;
    /* who was already waiting when the source failed shares its answer: no storm of sign-ins */
    if (h->token_failed_ms && f->born_ms <= h->token_failed_ms) {
        if (err)
            *err = h->token_err;
        return h->token_err.code;
    }
    rc = h->source->get(h->source->user, h->refused, &token, &why);
    if (!rc && (!token || !is_sendable(token)))
        rc = msx_fail(&why, MSX_E_AUTH, "the access token is empty or not one line of text");
    if (!rc && h->refused && strcmp(token, h->refused) == 0)
        rc = msx_fail(&why, MSX_E_AUTH, "the service refused the access token (401)");
    if (rc) {
        msx_free_secret(token);
        if (!why.code)
            (void)msx_fail(&why, rc, "there is no access token");
        h->token_err = why;
        h->token_failed_ms = msx_http_now_ms();
        if (err)
            *err = why;
        return rc;
    }
    forget(&h->refused);
    h->token = token;
    h->token_gen++;
    h->token_failed_ms = 0;
    return MSX_OK;
}

void msx_bearer_refused(struct msx_http *h, const struct msx_http_future *f)
{
    if (!h->token || f->token_gen != h->token_gen)
        return; /* another request's 401 has already brought a newer one */
    forget(&h->refused);
    h->refused = MSX_STEAL(h->token);
}
