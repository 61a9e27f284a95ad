/* Filling struct msx_error: formatting into fixed fields, cut at whole characters, no controls. */
#include "msxops/error.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "msxops/text.h"

/* Cut a text that did not fit: back to a whole UTF-8 character, "..." at the end. */
static void cut(char *s, size_t size)
{
    size_t n = size - 4;

    while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
        n--;
    memcpy(s + n, "...", 4);
}

/* Messages are one line of UTF-8 for a terminal and for JSON: every byte of what is hidden there
 * (controls, bidirectional overrides) or no UTF-8 at all becomes '?'. */
static void clean(char *s)
{
    const char *end = s + strlen(s);

    while (s < end) {
        const char *next = s;
        uint32_t cp = msx_utf8_next(&next, end);
        size_t n = (size_t)(next - s);

        if (msx_utf8_hidden(cp) || (cp == 0xFFFD && n == 1))
            memset(s, '?', n);
        s += n;
    }
}

MSX_PRINTF(3, 0)
static void put(char *dst, size_t size, const char *fmt, va_list ap)
{
    int n = vsnprintf(dst, size, fmt, ap);

    if (n < 0)
        dst[0] = '\0';
    else if ((size_t)n >= size)
        cut(dst, size);
    clean(dst);
}

/* In parentheses: the header has macros of these names for static analysis. */
enum msx_code(msx_fail)(struct msx_error *err, enum msx_code code, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return code;
    *err = (struct msx_error){ .code = code };
    va_start(ap, fmt);
    put(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    return code;
}

enum msx_code(msx_fail_errno)(struct msx_error *err, int errnum, const char *fmt, ...)
{
    enum msx_code code = errnum == ENOMEM ? MSX_E_NOMEM : MSX_E_IO;
    char text[400], why[128];
    va_list ap;

    if (!err)
        return code;
    va_start(ap, fmt);
    put(text, sizeof text, fmt, ap);
    va_end(ap);
    why[0] = '\0';
#if defined(__GLIBC__) && defined(_GNU_SOURCE)
    (void)snprintf(why, sizeof why, "%s", strerror_r(errnum, why, sizeof why));
#else
    if (strerror_r(errnum, why, sizeof why) != 0)
        (void)snprintf(why, sizeof why, "error %d", errnum);
#endif
    (void)msx_fail(err, code, "%s: %s", text, why);
    err->sys_errno = errnum;
    return code;
}

enum msx_code msx_wrap(struct msx_error *err, enum msx_code rc, const char *fmt, ...)
{
    char context[sizeof err->msg], whole[2 * sizeof err->msg + 2];
    va_list ap;
    int n;

    if (!err || rc == MSX_OK)
        return rc;
    va_start(ap, fmt);
    put(context, sizeof context, fmt, ap);
    va_end(ap);
    n = snprintf(whole, sizeof whole, "%s: %s", context, err->msg);
    if (n < 0)
        return rc;
    if ((size_t)n >= sizeof err->msg) {
        memcpy(err->msg, whole, sizeof err->msg);
        cut(err->msg, sizeof err->msg);
    } else {
        memcpy(err->msg, whole, (size_t)n + 1);
    }
    return rc;
}

void msx_hint(struct msx_error *err, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return;
    va_start(ap, fmt);
    put(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
}

const char *msx_code_name(enum msx_code code)
{
    switch (code) {
    case MSX_OK:
        return "ok";
    case MSX_E_USAGE:
        return "usage";
    case MSX_E_INVALID:
        return "invalid";
    case MSX_E_AMBIGUOUS:
        return "ambiguous";
    case MSX_E_AUTH:
        return "auth";
    case MSX_E_DENIED:
        return "denied";
    case MSX_E_NOTFOUND:
        return "not_found";
    case MSX_E_CONFLICT:
        return "conflict";
    case MSX_E_PARTIAL:
        return "partial";
    case MSX_E_REFUSED:
        return "refused";
    case MSX_E_INCOMPLETE:
        return "incomplete";
    case MSX_E_UNKNOWN:
        return "unknown";
    case MSX_E_CANCELLED:
        return "cancelled";
    case MSX_E_NETWORK:
        return "network";
    case MSX_E_SERVER:
        return "server";
    case MSX_E_THROTTLED:
        return "throttled";
    case MSX_E_REJECTED:
        return "rejected";
    case MSX_E_IO:
        return "io";
    case MSX_E_LIMIT:
        return "limit";
    case MSX_E_NOMEM:
        return "out_of_memory";
    }
    return "failed";
}

int msx_exit_status(enum msx_code code)
{
    switch (code) {
    case MSX_OK:
        return 0;
    case MSX_E_USAGE:
    case MSX_E_INVALID:
    case MSX_E_AMBIGUOUS:
        return 2;
    case MSX_E_AUTH:
    case MSX_E_DENIED:
        return 3;
    case MSX_E_NOTFOUND:
        return 4;
    case MSX_E_CONFLICT:
        return 6;
    case MSX_E_PARTIAL:
        return 7;
    case MSX_E_REFUSED:
        return 8;
    case MSX_E_INCOMPLETE:
        return 9;
    case MSX_E_UNKNOWN:
        return 10;
    case MSX_E_CANCELLED:
        return 130;
    case MSX_E_NETWORK:
    case MSX_E_SERVER:
    case MSX_E_THROTTLED:
    case MSX_E_REJECTED:
    case MSX_E_IO:
    case MSX_E_LIMIT:
    case MSX_E_NOMEM:
        return 1;
    }
    return 1;
}
