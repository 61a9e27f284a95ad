/* Character classes and simple lower case by binary search in generated tables. */
#include "skill/unicode.h"

#include <stddef.h>

#include "skill/unicode_tables.h"

char msx_u_class(uint32_t cp)
{
    size_t lo = 0, hi = sizeof classes / sizeof *classes;

    if (cp < 0x80)
        return (char)((cp | 32) - 'a' < 26 ? 'L' : cp - '0' < 10 ? 'N' : 0);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (cp < classes[mid].first)
            hi = mid;
        else if (cp > classes[mid].last)
            lo = mid + 1;
        else
            return classes[mid].cls;
    }
    return 0;
}

uint32_t msx_u_lower(uint32_t cp)
{
    size_t lo = 0, hi = sizeof lowers / sizeof *lowers;

    if (cp < 0x80)
        return cp - 'A' < 26 ? cp + 32 : cp;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (cp < lowers[mid].first)
            hi = mid;
        else if (cp > lowers[mid].last)
            lo = mid + 1;
        else if ((cp - lowers[mid].first) % (uint32_t)lowers[mid].step)
            return cp;
        else
            return (uint32_t)((int64_t)cp + lowers[mid].delta);
    }
    return cp;
}
