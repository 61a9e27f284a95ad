/* Learning tenant and resource from the organisation's own 401. */
#include <string.h>

#include "auth_priv.h"
#include "msxops/mem.h"
#include "msxops/text.h"

MSX_DEFINE_AUTO(struct msx_http, msx_http_free)
MSX_DEFINE_AUTO(struct msx_http_future, msx_http_future_free)

void msx_challenge_release(struct msx_challenge *c)
{
    msx_free(c->authority);
    msx_free(c->tenant);
    msx_free(c->resource);
    *c = (struct msx_challenge){ 0 };
}

/* The value of a parameter, quoted or not; names are compared without case. New, or NULL. */
static char *parameter(const char *p, const char *name)
{
    size_t n = strlen(name);

    while (*p) {
        size_t len, value_len;
        const char *value;
        bool mine;

        p += strspn(p, " ,\t");
        len = strcspn(p, "= ,\t");
        if (p[len] != '=') {
            p += len;
            continue;
        }
        value = p + len + 1;
        mine = len == n;
        for (size_t i = 0; mine && i < n; i++)
            mine = (p[i] | 0x20) == (name[i] | 0x20);
        if (*value == '"') {
            value_len = strcspn(++value, "\"");
            p = value + value_len + (value[value_len] == '"');
        } else {
            value_len = strcspn(value, ", \t");
            p = value + value_len;
        }
        if (mine)
            return msx_strndup(value, value_len);
    }
    return NULL;
}

/* "https://login.microsoftonline.com/TENANT/oauth2/authorize" -> origin and tenant. */
static enum msx_code split_uri(const char *uri, struct msx_challenge *c, struct msx_error *err)
{
    const char *host = strstr(uri, "://");
    const char *path = host ? strchr(host + 3, '/') : NULL;
    enum msx_code rc = msx_org_url(uri, &c->authority, err);
    size_t n;

    if (rc || !path)
        return rc;
    path++;
    n = strcspn(path, "/?#");
    if (!n || n > 128 ||
        strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-") < n)
        return MSX_OK;
    c->tenant = msx_strndup(path, n);
    if (c->tenant && msx_ieq(c->tenant, "common")) { /* personal accounts have no CRM */
        msx_free(c->tenant);
        c->tenant = msx_strdup("organizations");
    }
    return c->tenant ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

enum msx_code msx_challenge_parse(const char *header, struct msx_challenge *out,
                                  struct msx_error *err)
{
    MSX_AUTO(msx_challenge_release) struct msx_challenge c = { 0 };
    MSX_AUTO(msx_free_p) char *uri = NULL;
    enum msx_code rc;
    size_t n;

    if (strncmp(header, "Bearer", 6) != 0 && strncmp(header, "bearer", 6) != 0)
        return msx_fail(err, MSX_E_INVALID, "not a bearer challenge");
    uri = parameter(header + 6, "authorization_uri");
    c.resource = parameter(header + 6, "resource_id");
    if (!uri)
        return msx_fail(err, MSX_E_INVALID, "the challenge names no authorization_uri");
    rc = split_uri(uri, &c, err);
    if (rc)
        return msx_wrap(err, MSX_E_INVALID, "authorization_uri");
    n = c.resource ? strlen(c.resource) : 0;
    if (n && c.resource[n - 1] == '/')
        c.resource[n - 1] = '\0';
    *out = c;
    c = (struct msx_challenge){ 0 };
    return MSX_OK;
}

enum msx_code msx_auth_discover(const struct msx_ctx *ctx, const char *url,
                                struct msx_challenge *out, struct msx_error *err)
{
    MSX_AUTO(msx_http_free_p) struct msx_http *http = NULL;
    MSX_AUTO(msx_http_future_free_p) struct msx_http_future *f = NULL;
    MSX_AUTO(msx_free_p) char *service = msx_asprintf("%s/api/data/v9.2/", url);
    struct msx_http_request req = { .kind = MSX_HTTP_AUTH, .method = "GET", .url = service };
    struct msx_http_response resp;
    const char *header;
    enum msx_code rc;

    if (!service)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_http_new(ctx, NULL, NULL, &http, err);
    if (!rc)
        rc = msx_http_start(http, &req, &f, err);
    if (!rc)
        rc = msx_http_wait(f, &resp, err);
    if (rc)
        return rc;
    header = msx_http_header(f, "WWW-Authenticate");
    if (resp.status == 401 && header) {
        rc = msx_challenge_parse(header, out, err);
        return rc ? msx_wrap(err, MSX_E_SERVER, "'%.200s'", url) : MSX_OK;
    }
    rc = msx_fail(err, MSX_E_SERVER, "'%.200s' answered %d and does not say where to sign in", url,
                  resp.status);
    if (resp.status == 403)
        msx_hint(err, "it may want you on the company network or VPN");
    if (err)
        err->http_status = resp.status;
    return rc;
}
