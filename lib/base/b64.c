/* base64url without padding. */
#include "msxops/b64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void msx_b64url_add(struct msx_buf *b, const void *data, size_t len)
{
    const unsigned char *p = data;
    uint32_t bits = 0;
    unsigned have = 0;

    for (size_t i = 0; i < len; i++) {
        bits = (bits << 8 | p[i]) & 0xffff;
        have += 8;
        while (have >= 6) {
            have -= 6;
            msx_buf_addc(b, alphabet[bits >> have & 63]);
        }
    }
    if (have)
        msx_buf_addc(b, alphabet[bits << (6 - have) & 63]);
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

bool msx_b64url_decode(struct msx_buf *b, const char *s, size_t len)
{
    size_t before = b->len;
    uint32_t bits = 0;
    unsigned have = 0;

    if (len % 4 == 1)
        return false;
    for (size_t i = 0; i < len; i++) {
        int v = value_of(s[i]);

        if (v < 0) {
            msx_buf_truncate(b, before);
            return false;
        }
        bits = (bits << 6 | (uint32_t)v) & 0xffff;
        have += 6;
        if (have >= 8) {
            have -= 8;
            msx_buf_addc(b, (char)(unsigned char)(bits >> have & 0xff));
        }
    }
    /* two spellings of one value would let a token be altered without breaking its signature */
    if (bits & ((1U << have) - 1)) {
        msx_buf_truncate(b, before);
        return false;
    }
    return true;
}
