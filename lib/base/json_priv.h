/* Inside base: reading JSON at the speed at which it arrives. */
#ifndef BASE_JSON_PRIV_H
#define BASE_JSON_PRIV_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Behind the bytes that stand for themselves in a JSON string: printable ASCII but for the quote
 * and the backslash. Eight at a time; a byte of the eight is odd when its high bit is set in odd.
 */
static inline const char *msx_json_skip_ascii(const char *p, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);

    while (end - p >= 8) {
        uint64_t w, quote, slash, odd;

        memcpy(&w, p, sizeof w);
        quote = w ^ (ones * '"');
        slash = w ^ (ones * '\\');
        odd = (w - ones * 0x20) | (quote - ones) | (slash - ones) | w;
        if (odd & highs)
            break;
        p += 8;
    }
    while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' &&
           *p != '\\')
        p++;
    return p;
}

/* Reads what services send: no doubt, no surprise. NULL for anything else, right or wrong (jansson
 * has the last word on it, and the words to say why), or when out of memory: then *oom is set. */
json_t *msx_json_read_plain(const char *text, size_t len, bool *oom);

#endif
