/* What SQLite lacks of the service's text comparison: case folding beyond ASCII, and LIKE patterns
 * with % _ [set] [^set]. */
#include <string.h>

#include "db.h"
#include "msxops/text.h"

static uint32_t fold(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if (c >= 0xc0 && c <= 0xde && c != 0xd7)
        return c + 32;
    if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177))
        return c | 1;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
        return c & 1 ? c + 1 : c;
    if (c >= 0x391 && c <= 0x3a9)
        return c + 32;
    if (c >= 0x410 && c <= 0x42f)
        return c + 32;
    if (c >= 0x400 && c <= 0x40f)
        return c + 80;
    return c;
}

/* The next folded character; the short way for ASCII, since whole tables go through here. */
static inline uint32_t next_folded(const char **p, const char *end)
{
    unsigned char c = (unsigned char)**p;

    if (c >= 0x80)
        return fold(msx_utf8_next(p, end));
    (*p)++;
    return c >= 'A' && c <= 'Z' ? c + 32u : c;
}

int sb_ci_compare(const char *a, size_t na, const char *b, size_t nb)
{
    const char *ea = a + na, *eb = b + nb;

    while (a < ea && b < eb) {
        uint32_t ca = next_folded(&a, ea);
        uint32_t cb = next_folded(&b, eb);

        if (ca != cb)
            return ca < cb ? -1 : 1;
    }
    return a < ea ? 1 : b < eb ? -1 : 0;
}

static int collate(void *arg, int na, const void *a, int nb, const void *b)
{
    (void)arg;
    return sb_ci_compare(a, (size_t)na, b, (size_t)nb);
}

/* Does c stand in the set that begins at *p (behind '[')? Moves *p behind ']'. A set without an end
 * matches nothing. */
static bool in_set(const char **p, const char *end, uint32_t c)
{
    bool negate = false, hit = false, first = true;
    uint32_t lo, hi;

    if (*p < end && **p == '^') {
        negate = true;
        (*p)++;
    }
    while (*p < end && (first || **p != ']')) {
        first = false;
        lo = hi = next_folded(p, end);
        if (end - *p >= 2 && **p == '-' && (*p)[1] != ']') {
            (*p)++;
            hi = next_folded(p, end);
        }
        if (c >= lo && c <= hi)
            hit = true;
    }
    if (*p >= end)
        return false;
    (*p)++;
    return hit != negate;
}

/* Linear in the usual cases: on a mismatch only the last % is tried again. */
bool sb_like(const char *pattern, const char *text)
{
    const char *p = pattern, *pe = pattern + strlen(pattern);
    const char *t = text, *te = text + strlen(text);
    const char *star = NULL, *retry = NULL;

    while (t < te || p < pe) {
        if (p < pe && *p == '%') {
            star = ++p;
            retry = t;
            continue;
        }
        if (p < pe && t < te) {
            const char *next = t;
            uint32_t c = next_folded(&next, te);
            bool ok;

            if (*p == '_') {
                p++;
                ok = true;
            } else if (*p == '[') {
                p++;
                ok = in_set(&p, pe, c);
            } else {
                ok = next_folded(&p, pe) == c;
            }
            if (ok) {
                t = next;
                continue;
            }
        }
        if (!star || retry >= te)
            return false;
        (void)next_folded(&retry, te);
        t = retry;
        p = star;
    }
    return true;
}

static void fn_like(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
    const char *pattern = (const char *)sqlite3_value_text(arg[0]);
    const char *text = (const char *)sqlite3_value_text(arg[1]);

    (void)n;
    if (pattern && text)
        sqlite3_result_int(ctx, sb_like(pattern, text));
    else
        sqlite3_result_null(ctx);
}

int sb_register_functions(sqlite3 *db)
{
    int rc = sqlite3_create_collation(db, "CI", SQLITE_UTF8, NULL, collate);

    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(db, "sb_like", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                     fn_like, NULL, NULL);
    return rc;
}
