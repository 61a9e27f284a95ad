/* The lexicon in skills/shared, read once for all tests of a program. */
#ifndef TESTS_UNIT_SHIPPED_LEXICON_H
#define TESTS_UNIT_SHIPPED_LEXICON_H

#include "skill_text.h"

static struct msx_lexicon *lx;

static inline int start(void **state)
{
    (void)state;
    lx = default_lexicon();
    return 0;
}

static inline int stop(void **state)
{
    (void)state;
    msx_lexicon_free(lx);
    msx_tz_free(tz_utc);
    return 0;
}

#endif
