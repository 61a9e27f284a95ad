/* Fuzz target: what a service may answer. Batches, errors and pages of any bytes are either taken
 * apart within their bounds or refused; whatever passes as the organisation's URL is on its host.
 */
#include "odata/odata.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t no_time(void *user)
{
    (void)user;
    return 0;
}

static void take_batch(const char *body, size_t len)
{
    static const char *const types[] = { "multipart/mixed; boundary=b", "multipart/mixed; "
                                                                        "boundary=\"b\"" };
    struct odata_part parts[4];
    size_t got = 0;

    for (size_t t = 0; t < 2; t++) {
        memset(parts, 0, sizeof(parts));
        if (odata_batch_parse(types[t], body, len, parts, 4, &got, NULL))
            continue;
        if (got > 4)
            abort();
        for (size_t i = 0; i < got; i++) {
            if (parts[i].status < 100 && parts[i].status != 0)
                continue;
            if (parts[i].body < body || parts[i].body + parts[i].body_len > body + len)
                abort();
            (void)msx_odata_error(parts[i].status, parts[i].body, parts[i].body_len,
                                  parts[i].request_id, NULL);
        }
    }
}

static void take_page(const char *body, size_t len, const struct msx_http *http)
{
    struct msx_error err = MSX_ERROR_INIT;
    json_t *doc = NULL;
    const char *link;

    if (odata_page_parse(body, len, len % 2, &doc, &err))
        return;
    link = msx_json_str(doc, "@odata.nextLink");
    if (link && msx_http_same_origin(http, link) &&
        msx_ascii_ncasecmp(link, "https://org.crm4.dynamics.com", 29) != 0 &&
        msx_ascii_ncasecmp(link, "https://org.api.crm4.dynamics.com", 33) != 0 &&
        !strchr(link, '%')) /* curl reads an encoded host, too */
        abort();
    json_decref(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct msx_ctx ctx = { .concurrency = 1, .now_s = no_time };
    static struct msx_http *http;
    struct msx_error err = MSX_ERROR_INIT;
    char *text = malloc(size + 1);

    if (!http && msx_http_new(&ctx, "https://org.crm4.dynamics.com", NULL, &http, NULL))
        abort();
    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    take_batch(text, size);
    take_page(text, size, http);
    if (msx_odata_error(400, text, size, text, &err) == MSX_OK || !err.msg[0])
        abort();
    free(text);
    return 0;
}
