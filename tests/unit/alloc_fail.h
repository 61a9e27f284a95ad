/* An allocator that counts its calls and whose n-th call fails: loops over n until the tested
 * function succeeds. */
#ifndef TESTS_UNIT_ALLOC_FAIL_H
#define TESTS_UNIT_ALLOC_FAIL_H

#include <stdbool.h>
#include <stdlib.h>

#include "msxops/error.h"
#include "msxops/mem.h"

static long alloc_calls, alloc_fail_at; /* 0 = never */

static inline bool alloc_refuses(void)
{
    return ++alloc_calls == alloc_fail_at;
}
static inline void *flaky_malloc(size_t n)
{
    return alloc_refuses() ? NULL : malloc(n);
}
static inline void *flaky_realloc(void *p, size_t n)
{
    return alloc_refuses() ? NULL : realloc(p, n);
}

static MSX_UNUSED const struct msx_alloc alloc_flaky = { flaky_malloc, flaky_realloc, free };

/* Runs BODY (which sets 'rc' and frees what it got) with the 1st, 2nd, ... allocation failing until
 * it succeeds; leaks are found by the sanitizer. */
#define FOR_EACH_FAILED_ALLOCATION(rc, body)                                                       \
    do {                                                                                           \
        msx_set_alloc(&alloc_flaky);                                                               \
        (rc) = MSX_E_NOMEM;                                                                        \
        for (alloc_fail_at = 1; (rc) != MSX_OK; alloc_fail_at++) {                                 \
            alloc_calls = 0;                                                                       \
            body;                                                                                  \
            assert_true((rc) == MSX_OK || (rc) == MSX_E_NOMEM);                                    \
            assert_true(alloc_fail_at < 20000);                                                    \
        }                                                                                          \
        assert_true(alloc_fail_at > 2);                                                            \
        alloc_fail_at = 0;                                                                         \
        msx_set_alloc(NULL);                                                                       \
    } while (0)

#endif
