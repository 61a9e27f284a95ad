/* Case-insensitive search in names: simple case folding of the scripts that customers' names use
 * (Latin, Greek, Cyrillic, Armenian), independent of the locale. */
#include "crm/priv.h"

#include <string.h>

static uint32_t fold(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3AB && c != 0x3A2) ||
        (c >= 0x410 && c <= 0x42F))
        return c + 32;
    if (c >= 0x400 && c <= 0x40F)
        return c + 80;
    if (c >= 0x531 && c <= 0x556)
        return c + 48;
    if (c == 0x3C2) /* final sigma */
        return 0x3C3;
    if (c == 0x178) /* Y with diaeresis lies outside its block */
        return 0xFF;
    /* Latin Extended-A comes in pairs; upper case is odd in two stretches, even elsewhere. */
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
        return c & 1 ? c + 1 : c;
    if ((c >= 0x100 && c <= 0x137 && c != 0x130 && c != 0x131) || (c >= 0x14A && c <= 0x177) ||
        (c >= 0x460 && c <= 0x481) || (c >= 0x48A && c <= 0x4BF) || (c >= 0x1E00 && c <= 0x1E95) ||
        (c >= 0x1EA0 && c <= 0x1EFF))
        return c & 1 ? c : c + 1;
    return c;
}

static bool starts_with(const char *text, const char *text_end, const char *word)
{
    const char *end = word + strlen(word);

    while (word < end) {
        if (text >= text_end)
            return false;
        if (fold(msx_utf8_next(&text, text_end)) != fold(msx_utf8_next(&word, end)))
            return false;
    }
    return true;
}

bool msx_crm_contains(const char *text, const char *word)
{
    const char *end;

    if (!text || !word)
        return false;
    end = text + strlen(text);
    for (const char *p = text;;) {
        if (starts_with(p, end, word))
            return true;
        if (p >= end)
            return false;
        msx_utf8_next(&p, end);
    }
}
