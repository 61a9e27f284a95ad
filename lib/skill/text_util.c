/* Small questions about texts: excerpts, placeholders, keys for comparing. */
#include "skill/signal_priv.h"

#include <string.h>

#include "msxops/text.h"

#define EXCERPT_CHARS  160
#define EXCERPT_BEFORE 40

/* Byte of character number n of s. */
static size_t char_offset(const char *s, size_t n)
{
    size_t i = 0;

    while (s[i] && n) {
        i++;
        while (((unsigned char)s[i] & 0xC0) == 0x80)
            i++;
        n--;
    }
    return i;
}

char *text_excerpt(const char *text, unsigned beg, unsigned end, unsigned match)
{
    struct msx_buf b = MSX_BUF_INIT((size_t)64 << 20);
    size_t chars = 0, before = 0, from, to;
    const char *p = text + beg, *stop = text + end;
    bool gap = false;

    while (p < stop) {
        const char *q = p;
        size_t blank = blank_at(text, (size_t)(p - text), end);
        uint32_t cp;

        if (blank) {
            gap = b.len > 0;
            p += blank;
            continue;
        }
        cp = msx_utf8_next(&q, stop);
        if (gap) {
            msx_buf_addc(&b, ' ');
            chars++;
        }
        gap = false;
        if ((size_t)(p - text) <= match)
            before = chars;
        msx_utf8_add(&b, cp);
        chars++;
        p = q;
    }
    if (chars > EXCERPT_CHARS && !b.failed) {
        from = before > EXCERPT_BEFORE ? before - EXCERPT_BEFORE : 0;
        if (from > chars - EXCERPT_CHARS)
            from = chars - EXCERPT_CHARS;
        to = char_offset(b.data, from + EXCERPT_CHARS);
        from = char_offset(b.data, from);
        memmove(b.data, b.data + from, to - from);
        msx_buf_truncate(&b, to - from);
    }
    if (!b.len && !b.failed)
        return msx_strdup("");
    return msx_buf_take(&b);
}

bool msx_text_has_placeholder(const char *text)
{
    const char *p = text ? strstr(text, "<<") : NULL;

    return p && strstr(p + 2, ">>");
}

size_t msx_text_real_chars(const char *text)
{
    size_t end = text ? strlen(text) : 0, search = end, n = 0, blanks = 0;

    for (size_t i = 0; i < end;) {
        size_t skip = placeholder_end(text, i, &search), blank = blank_at(text, i, end);
        const char *p = text + i;

        if (skip) {
            i = skip;
        } else if (blank) {
            blanks += n > 0;
            i += blank;
        } else {
            n += blanks + 1;
            blanks = 0;
            (void)msx_utf8_next(&p, text + end);
            i = (size_t)(p - text);
        }
    }
    return n;
}

char *msx_text_fold_key(const char *s)
{
    struct msx_buf b = MSX_BUF_INIT((size_t)64 << 20);
    size_t end = strlen(s);

    for (size_t i = 0; i < end;) {
        size_t blank = blank_at(s, i, end);
        const char *p = s + i;

        if (blank) {
            i += blank;
            continue;
        }
        msx_utf8_add(&b, text_fold_char(msx_utf8_next(&p, s + end)));
        i = (size_t)(p - s);
    }
    if (!b.len && !b.failed)
        return msx_strdup("");
    return msx_buf_take(&b);
}
