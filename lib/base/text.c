/* GUIDs, UTF-8, showing hostile text, nearest names. */
#include "msxops/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "msxops/mem.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static int lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

bool msx_guid_parse(const char *s, char out[MSX_GUID_LEN + 1])
{
    char text[MSX_GUID_LEN + 1];
    bool brace;

    if (!s)
        return false;
    brace = *s == '{';
    s += brace;
    for (int i = 0; i < MSX_GUID_LEN; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? s[i] != '-' : hex_value(s[i]) < 0)
            return false;
        text[i] = (char)lower((unsigned char)s[i]);
    }
    s += MSX_GUID_LEN;
    if (brace && *s++ != '}')
        return false;
    if (*s)
        return false;
    memcpy(out, text, MSX_GUID_LEN);
    out[MSX_GUID_LEN] = '\0';
    return true;
}

bool msx_guid_eq(const char *a, const char *b)
{
    char x[MSX_GUID_LEN + 1], y[MSX_GUID_LEN + 1];

    return msx_guid_parse(a, x) && msx_guid_parse(b, y) && memcmp(x, y, sizeof x) == 0;
}

static bool random_bytes(unsigned char *p, size_t n)
{
    return getentropy(p, n) == 0;
}

enum msx_code msx_guid_new(char out[MSX_GUID_LEN + 1], struct msx_error *err)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char b[16];
    char *p = out;

    if (!random_bytes(b, sizeof b))
        return msx_fail_errno(err, errno, "cannot get random bytes");
    b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = hex[b[i] >> 4];
        *p++ = hex[b[i] & 15];
    }
    *p = '\0';
    return MSX_OK;
}

uint32_t msx_utf8_next(const char **p, const char *end)
{
    const unsigned char *s = (const unsigned char *)*p;
    size_t left = (size_t)(end - *p), n;
    uint32_t cp, least;

    if (s[0] < 0x80) {
        *p += 1;
        return s[0];
    }
    if (s[0] >= 0xC2 && s[0] <= 0xDF) {
        n = 2;
        cp = s[0] & 0x1F;
        least = 0x80;
    } else if ((s[0] & 0xF0) == 0xE0) {
        n = 3;
        cp = s[0] & 0x0F;
        least = 0x800;
    } else if (s[0] >= 0xF0 && s[0] <= 0xF4) {
        n = 4;
        cp = s[0] & 0x07;
        least = 0x10000;
    } else {
        *p += 1;
        return 0xFFFD;
    }
    for (size_t i = 1; i < n; i++) {
        if (i >= left || (s[i] & 0xC0) != 0x80) {
            *p += 1;
            return 0xFFFD;
        }
        cp = cp << 6 | (s[i] & 0x3F);
    }
    if (cp < least || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) {
        *p += 1;
        return 0xFFFD;
    }
    *p += n;
    return cp;
}

void msx_utf8_add(struct msx_buf *b, uint32_t cp)
{
    char s[4];
    size_t n;

    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        cp = 0xFFFD;
    if (cp < 0x80) {
        s[0] = (char)cp;
        n = 1;
    } else if (cp < 0x800) {
        s[0] = (char)(0xC0 | cp >> 6);
        s[1] = (char)(0x80 | (cp & 0x3F));
        n = 2;
    } else if (cp < 0x10000) {
        s[0] = (char)(0xE0 | cp >> 12);
        s[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        s[2] = (char)(0x80 | (cp & 0x3F));
        n = 3;
    } else {
        s[0] = (char)(0xF0 | cp >> 18);
        s[1] = (char)(0x80 | (cp >> 12 & 0x3F));
        s[2] = (char)(0x80 | (cp >> 6 & 0x3F));
        s[3] = (char)(0x80 | (cp & 0x3F));
        n = 4;
    }
    msx_buf_add(b, s, n);
}

bool msx_utf8_valid(const char *s, size_t len)
{
    const char *end = s + len;

    while (s < end) {
        const char *before = s;

        /* a decoded U+FFFD is three bytes, a bad byte is one */
        if (msx_utf8_next(&s, end) == 0xFFFD && s - before != 3)
            return false;
    }
    return true;
}

bool msx_utf8_hidden(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == 0x061C || cp == 0x200E || cp == 0x200F ||
           (cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069);
}

void msx_add_visible(struct msx_buf *b, const char *s, size_t len)
{
    const char *end = s + len;

    while (s < end) {
        uint32_t cp = msx_utf8_next(&s, end);

        if (cp == '\n')
            msx_buf_adds(b, "\\n");
        else if (cp == '\t')
            msx_buf_addc(b, ' ');
        else if (msx_utf8_hidden(cp) && cp < 0x100)
            msx_buf_addf(b, "\\x%02x", (unsigned)cp);
        else if (msx_utf8_hidden(cp))
            msx_buf_addf(b, "\\u%04x", (unsigned)cp);
        else
            msx_utf8_add(b, cp);
    }
}

int msx_ascii_casecmp(const char *a, const char *b)
{
    const unsigned char *x = (const unsigned char *)a, *y = (const unsigned char *)b;

    while (*x && lower(*x) == lower(*y)) {
        x++;
        y++;
    }
    return lower(*x) - lower(*y);
}

int msx_ascii_ncasecmp(const char *a, const char *b, size_t n)
{
    const unsigned char *x = (const unsigned char *)a, *y = (const unsigned char *)b;

    for (; n && *x && lower(*x) == lower(*y); n--) {
        x++;
        y++;
    }
    return n ? lower(*x) - lower(*y) : 0;
}

bool msx_ieq(const char *a, const char *b)
{
    return a && b && msx_ascii_casecmp(a, b) == 0;
}

#define NEAREST_MAX 64 /* longer words have no useful neighbour */

/* Edit distance (insert, delete, replace, swap neighbours), ASCII case ignored. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t row[3][NEAREST_MAX + 1];
    size_t *before = row[0], *prev = row[1], *cur = row[2];

    for (size_t j = 0; j <= m; j++)
        prev[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *t;

        cur[0] = i;
        for (size_t j = 1; j <= m; j++) {
            bool same = lower((unsigned char)a[i - 1]) == lower((unsigned char)b[j - 1]);
            size_t best = prev[j - 1] + !same;

            if (prev[j] + 1 < best)
                best = prev[j] + 1;
            if (cur[j - 1] + 1 < best)
                best = cur[j - 1] + 1;
            if (i > 1 && j > 1 &&
                lower((unsigned char)a[i - 1]) == lower((unsigned char)b[j - 2]) &&
                lower((unsigned char)a[i - 2]) == lower((unsigned char)b[j - 1]) &&
                before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            cur[j] = best;
        }
        t = before;
        before = prev;
        prev = cur;
        cur = t;
    }
    return prev[m];
}

const char *msx_nearest(const char *word, const char *const *candidates, size_t n)
{
    size_t len = word ? strlen(word) : 0, limit = len / 3 > 1 ? len / 3 : 1, best = limit + 1;
    const char *found = NULL;

    if (!len || len > NEAREST_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t m = strlen(candidates[i]), d;

        if (m > NEAREST_MAX)
            continue;
        d = distance(word, len, candidates[i], m);
        if (d < best) {
            best = d;
            found = candidates[i];
        }
    }
    return found;
}
