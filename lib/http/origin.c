/* Origins: what a bearer token is bound to. All URLs are taken apart by curl's own parser, so that
 * what is compared here is what curl will connect to. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "http/engine.h"
#include "msxops/text.h"

bool msx_is_loopback_host(const char *host)
{
    size_t n = strlen(host);
    char plain[64];
    struct in_addr v4;
    struct in6_addr v6;

    if (strcmp(host, "localhost") == 0)
        return true;
    if (n >= 2 && host[0] == '[' && host[n - 1] == ']' && n - 2 < sizeof(plain)) {
        memcpy(plain, host + 1, n - 2);
        plain[n - 2] = '\0';
        return inet_pton(AF_INET6, plain, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
    }
    return inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

void msx_origin_release(struct msx_origin *o)
{
    msx_free(o->scheme);
    msx_free(o->host);
    msx_free(o->text);
    *o = (struct msx_origin){ 0 };
}

static char *part(CURLU *u, CURLUPart what, unsigned flags)
{
    char *text = NULL;
    char *copy;

    if (curl_url_get(u, what, &text, flags))
        return NULL;
    copy = msx_strdup(text);
    curl_free(text);
    return copy;
}

static void lower(char *s)
{
    for (; *s; s++)
        if (*s >= 'A' && *s <= 'Z')
            *s |= 0x20;
}

static enum msx_code take_apart(CURLU *u, const char *url, struct msx_origin *o,
                                struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *user = NULL;
    MSX_AUTO(msx_free_p) char *password = NULL;
    MSX_AUTO(msx_free_p) char *port = NULL;
    bool https;

    if (curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS))
        return msx_fail(err, MSX_E_INVALID, "'%.200s' is not a URL", url);
    user = part(u, CURLUPART_USER, 0);
    password = part(u, CURLUPART_PASSWORD, 0);
    if (user || password)
        return msx_fail(err, MSX_E_INVALID, "a URL must not hold a user name or password");
    o->scheme = part(u, CURLUPART_SCHEME, 0);
    o->host = part(u, CURLUPART_HOST, 0);
    port = part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (!o->scheme || !o->host || !port)
        return msx_fail(err, MSX_E_INVALID, "'%.200s' is not an http or https URL", url);
    lower(o->scheme);
    lower(o->host);
    https = strcmp(o->scheme, "https") == 0;
    if (!https && strcmp(o->scheme, "http") != 0)
        return msx_fail(err, MSX_E_INVALID, "'%.200s' is not an http or https URL", url);
    o->port = strtol(port, NULL, 10);
    o->loopback = msx_is_loopback_host(o->host);
    if (!https && !o->loopback)
        return msx_fail(err, MSX_E_INVALID,
                        "plain http is for this machine only, not for '%.200s': use https",
                        o->host);
    if (o->port == (https ? 443 : 80))
        o->text = msx_asprintf("%s://%s", o->scheme, o->host);
    else
        o->text = msx_asprintf("%s://%s:%ld", o->scheme, o->host, o->port);
    if (!o->text)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return MSX_OK;
}

enum msx_code msx_origin_parse(const char *url, struct msx_origin *out, struct msx_error *err)
{
    struct msx_origin o = { 0 };
    CURLU *u;
    enum msx_code rc = msx_curl_load(err);

    if (rc)
        return rc;
    u = curl_url();
    if (!u)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = take_apart(u, url, &o, err);
    curl_url_cleanup(u);
    if (rc) {
        msx_origin_release(&o);
        return rc;
    }
    *out = o;
    return MSX_OK;
}

/* Length of the first label when host is "<org>.crm[0-9]*.dynamics.com" after taking out an ".api"
 * label, with *rest_out at "crm..."; 0 when it has not that form. */
static size_t dataverse_host(const char *host, const char **rest_out)
{
    size_t label = strcspn(host, ".");
    const char *rest = host + label;
    const char *p;

    if (label == 0 || *rest != '.')
        return 0;
    rest++;
    if (strncmp(rest, "api.", 4) == 0)
        rest += 4;
    if (strncmp(rest, "crm", 3) != 0)
        return 0;
    p = rest + 3;
    p += strspn(p, "0123456789");
    if (strcmp(p, ".dynamics.com") != 0)
        return 0;
    *rest_out = rest;
    return label;
}

bool msx_origin_same(const struct msx_origin *a, const struct msx_origin *b)
{
    const char *rest_a = NULL;
    const char *rest_b = NULL;
    size_t n;

    if (strcmp(a->scheme, b->scheme) != 0 || a->port != b->port)
        return false;
    if (strcmp(a->host, b->host) == 0)
        return true;
    n = dataverse_host(a->host, &rest_a);
    return n > 0 && n == dataverse_host(b->host, &rest_b) && strcmp(rest_a, rest_b) == 0 &&
           memcmp(a->host, b->host, n) == 0;
}

bool msx_http_same_origin(const struct msx_http *h, const char *url)
{
    struct msx_origin o = { 0 };
    bool same;

    if (!h->has_origin || msx_origin_parse(url, &o, NULL))
        return false;
    same = msx_origin_same(&h->origin, &o);
    msx_origin_release(&o);
    return same;
}

char *msx_http_origin_of(const char *url)
{
    struct msx_origin o = { 0 };
    char *text;

    if (msx_origin_parse(url, &o, NULL))
        return NULL;
    text = MSX_STEAL(o.text);
    msx_origin_release(&o);
    return text;
}

void msx_url_encode(struct msx_buf *b, const char *s, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];

        if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
            c == '-' || c == '.' || c == '_' || c == '~') {
            msx_buf_addc(b, (char)c);
        } else {
            char enc[3] = { '%', hex[c >> 4], hex[c & 15] };

            msx_buf_add(b, enc, sizeof(enc));
        }
    }
}
