/* Allocation through one replaceable set of functions, so that tests can make each call fail. */
#ifndef MSXOPS_MEM_H
#define MSXOPS_MEM_H

#include <stddef.h>

#include "msxops/error.h"

struct msx_alloc {
    void *(*malloc_fn)(size_t n);
    void *(*realloc_fn)(void *p, size_t n);
    void (*free_fn)(void *p);
};

/* Replace the allocator, of jansson too; NULL restores the default. Not thread-safe: call first. */
void msx_set_alloc(const struct msx_alloc *a);

/* All may return NULL. n = 0 is allowed and gives a unique pointer. */
void *msx_malloc(size_t n);
void *msx_calloc(size_t count, size_t size); /* zeroed; checks the product */
void *msx_realloc(void *p, size_t n);        /* p stays valid on failure */
char *msx_strdup(const char *s);             /* NULL in, NULL out */
char *msx_strndup(const char *s, size_t n);
char *msx_asprintf(const char *fmt, ...) MSX_PRINTF(1, 2);
void msx_free(void *p);

/* For MSX_AUTO(msx_free_p) on any pointer local: `MSX_AUTO(msx_free_p) char *s = NULL;` */
void msx_free_p(void *pp);

/* Overwrite n bytes in a way the compiler keeps; for secrets. */
void msx_wipe(void *p, size_t n);
/* Wipe and free a secret string; NULL is fine. */
void msx_free_secret(char *s);
void msx_free_secret_p(char **s);

#endif
