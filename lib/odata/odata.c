/* One organisation's Web API: engine, base URL, metadata. */
#include "odata/odata.h"

#include <string.h>

enum msx_code msx_odata_open(const struct msx_ctx *ctx, const char *org_url,
                             const struct msx_token_source *source, struct msx_odata **out,
                             struct msx_error *err)
{
    struct msx_odata *o = msx_calloc(1, sizeof(*o));
    enum msx_code rc;
    size_t n;

    if (!o)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    o->ctx = ctx;
    rc = msx_http_new(ctx, org_url, source, &o->http, err);
    if (rc)
        goto fail;
    n = strlen(org_url);
    o->org = msx_strndup(org_url, n && org_url[n - 1] == '/' ? n - 1 : n);
    o->base = o->org ? msx_asprintf("%s/api/data/v9.2/", o->org) : NULL;
    if (!o->base) {
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
        goto fail;
    }
    rc = odata_meta_new(o, err);
    if (rc)
        goto fail;
    *out = o;
    return MSX_OK;
fail:
    msx_odata_free(o);
    return rc;
}

void msx_odata_free(struct msx_odata *o)
{
    if (!o)
        return;
    msx_http_free(o->http);
    odata_meta_free(o->meta);
    msx_free(o->org);
    msx_free(o->base);
    msx_free(o);
}

const struct msx_ctx *msx_odata_ctx(const struct msx_odata *o)
{
    return o->ctx;
}

const char *msx_odata_org(const struct msx_odata *o)
{
    return o->org;
}

const char *msx_odata_base(const struct msx_odata *o)
{
    return o->base;
}

struct msx_http *msx_odata_http(struct msx_odata *o)
{
    return o->http;
}
