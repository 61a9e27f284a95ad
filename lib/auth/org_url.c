/* The organisation's origin from what a person typed or pasted. */
#include <string.h>

#include "config_priv.h"
#include "msxops/mem.h"
#include "msxops/text.h"

bool msx_host_is_loopback(const char *host, size_t len)
{
    size_t dots = 0, digits = 0;

    if ((len == 9 && !strncmp(host, "localhost", 9)) || (len == 5 && !strncmp(host, "[::1]", 5)))
        return true;
    if (len < 9 || strncmp(host, "127.", 4) != 0)
        return false;
    for (size_t i = 0; i < len; i++) { /* 127.x.y.z, nothing that DNS could answer */
        if (host[i] == '.') {
            if (!digits)
                return false;
            dots++;
            digits = 0;
        } else if (host[i] < '0' || host[i] > '9' || ++digits > 3) {
            return false;
        }
    }
    return dots == 3 && digits;
}

static bool host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static bool host_ok(const char *h, size_t len)
{
    if (len && h[0] == '[') { /* IPv6 */
        if (len < 4 || h[len - 1] != ']')
            return false;
        for (size_t i = 1; i + 1 < len; i++) {
            if (!strchr("0123456789abcdef:.", h[i]))
                return false;
        }
        return true;
    }
    if (!len || len > 253 || h[0] == '.' || h[0] == '-' || h[len - 1] == '.' || h[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!host_char(h[i]) || (h[i] == '.' && h[i + 1] == '.'))
            return false;
    }
    return true;
}

/* "org.api.crm4.dynamics.com" is the same organisation as "org.crm4.dynamics.com". */
static void fold_api(char *host)
{
    char *dot = strchr(host, '.');

    if (dot && !strncmp(dot, ".api.crm", 8))
        memmove(dot, dot + 4, strlen(dot + 4) + 1);
}

/* The port's number behind ':', or 0 when there is none; -1 when it is not one. */
static int port_of(const char *p, size_t len)
{
    int port = 0;

    if (!len)
        return 0;
    if (len < 2 || len > 6)
        return -1;
    for (size_t i = 1; i < len; i++) {
        if (p[i] < '0' || p[i] > '9')
            return -1;
        port = port * 10 + (p[i] - '0');
    }
    return port >= 1 && port <= 65535 ? port : -1;
}

static enum msx_code bad(struct msx_error *err, const char *typed, const char *why)
{
    enum msx_code rc =
        msx_fail(err, MSX_E_USAGE, "'%.200s' is not an organisation URL: %s", typed, why);

    msx_hint(err, "write it like https://contoso.crm.dynamics.com");
    return rc;
}

/* Where the authority (host and port) begins, and whether the scheme is plain http: 1 yes, 0 no,
 * -1 none was given, -2 another scheme. */
static int scheme_of(const char **p)
{
    const char *sep = strstr(*p, "://");
    int plain;

    if (!sep || strcspn(*p, "/?#") < (size_t)(sep - *p))
        return -1;
    if (sep - *p == 5 && !strncmp(*p, "https", 5))
        plain = 0;
    else if (sep - *p == 4 && !strncmp(*p, "http", 4))
        plain = 1;
    else
        return -2;
    *p = sep + 3;
    return plain;
}

enum msx_code msx_org_url(const char *typed, char **out, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *text = NULL;
    MSX_AUTO(msx_free_p) char *host = NULL;
    const char *p = typed + strspn(typed, " \t\r\n");
    size_t len, host_len;
    int plain, port;
    char *url;

    text = msx_strndup(p, strlen(p));
    if (!text)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    len = strlen(text);
    while (len && strchr(" \t\r\n", text[len - 1]))
        text[--len] = '\0';
    /* scheme and host are the part before the path; only they are folded */
    for (size_t i = 0; i < len; i++) {
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] - 'A' + 'a');
    }
    p = text;
    plain = scheme_of(&p);
    if (plain == -2)
        return bad(err, typed, "only https is accepted");
    len = strcspn(p, "/?#");
    if (memchr(p, '@', len))
        return bad(err, typed, "it must not name a user");
    host_len = *p == '[' ? strcspn(p, "]") + 1 : strcspn(p, ":/?#");
    if (host_len > len)
        return bad(err, typed, "its host is not valid");
    host = msx_strndup(p, host_len);
    if (!host)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (!host_ok(host, host_len))
        return bad(err, typed, "its host is not valid");
    port = port_of(p + host_len, len - host_len);
    if (port < 0)
        return bad(err, typed, "its port is not valid");
    if (plain == -1)
        plain = msx_host_is_loopback(host, host_len);
    if (plain && !msx_host_is_loopback(host, host_len))
        return bad(err, typed, "plain http is accepted only for this computer itself");
    if (!strchr(host, '.') && !msx_host_is_loopback(host, host_len) && host[0] != '[')
        return bad(err, typed, "the host is not complete");
    fold_api(host);
    if (port == (plain ? 80 : 443))
        port = 0;
    url = port ? msx_asprintf("%s://%s:%d", plain ? "http" : "https", host, port)
               : msx_asprintf("%s://%s", plain ? "http" : "https", host);
    if (!url)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = url;
    return MSX_OK;
}
