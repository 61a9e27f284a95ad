/* One page of an answer: is it what the service would send, and where is the next one? */
#include <string.h>

#include "odata/odata.h"

static enum msx_code check_rows(const json_t *rows, struct msx_error *err)
{
    size_t i;
    const json_t *row;

    if (!json_is_array(rows))
        return msx_fail(err, MSX_E_SERVER, "the service's answer has no list of records");
    json_array_foreach(rows, i, row) {
        if (!json_is_object(row))
            return msx_fail(err, MSX_E_SERVER, "record %zu of the service's answer is none", i + 1);
    }
    return MSX_OK;
}

enum msx_code odata_page_parse(const char *body, size_t len, bool listing, json_t **doc_out,
                               struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;
    struct msx_error why = MSX_ERROR_INIT;
    const json_t *link;
    enum msx_code rc = msx_json_parse(body, len, "answer", &doc, &why);

    if (rc == MSX_E_NOMEM)
        return msx_fail(err, rc, "out of memory");
    if (rc)
        return msx_fail(err, MSX_E_SERVER, "the service's answer is not JSON: %s", why.msg);
    if (!json_is_object(doc))
        return msx_fail(err, MSX_E_SERVER, "the service's answer is not an object");
    if (listing) {
        rc = check_rows(json_object_get(doc, "value"), err);
        if (rc)
            return rc;
    }
    link = json_object_get(doc, "@odata.nextLink");
    if (link && !json_is_null(link) && (!json_is_string(link) || !json_string_length(link)))
        return msx_fail(err, MSX_E_SERVER, "the service's next-page link is not a URL");
    *doc_out = MSX_STEAL(doc);
    return MSX_OK;
}

/* The link as it came, but for bytes that no request line can carry. */
static char *sendable(const char *link)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(ODATA_MAX_BATCH_URL * 2);

    for (; *link; link++) {
        if ((unsigned char)*link <= 0x20 || (unsigned char)*link >= 0x7f)
            msx_url_encode(&b, link, 1);
        else
            msx_buf_addc(&b, *link);
    }
    return msx_buf_take(&b);
}

enum msx_code odata_next_link(const struct msx_odata *o, const json_t *doc, char **next_out,
                              struct msx_error *err)
{
    const char *link = msx_json_str(doc, "@odata.nextLink");
    char *next;

    if (!link) {
        *next_out = NULL;
        return MSX_OK;
    }
    if (!msx_http_same_origin(o->http, link)) {
        MSX_AUTO(msx_free_p) char *origin = msx_http_origin_of(link);

        /* none: relative, or plain http to another machine */
        return msx_fail(err, MSX_E_SERVER,
                        "the next-page link of '%s' leads to '%.*s': refused, nothing was sent "
                        "there",
                        o->org, origin ? 200 : (int)strcspn(link, "?#"), origin ? origin : link);
    }
    if (strpbrk(link, "#\\"))
        return msx_fail(err, MSX_E_SERVER, "the service's next-page link is not a URL");
    next = sendable(link);
    if (!next)
        return msx_fail(err, MSX_E_LIMIT, "the service's next-page link is too long");
    *next_out = next;
    return MSX_OK;
}

uint64_t odata_hash(const char *s) /* FNV-1a */
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
    return h;
}
