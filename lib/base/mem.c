/* The replaceable allocator. */
#include "msxops/mem.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct msx_alloc system_alloc = { malloc, realloc, free };
static struct msx_alloc current = { malloc, realloc, free };

void msx_set_alloc(const struct msx_alloc *a)
{
    current = a ? *a : system_alloc;
    json_set_alloc_funcs(current.malloc_fn, current.free_fn);
}

void *msx_malloc(size_t n)
{
    return current.malloc_fn(n ? n : 1);
}

void *msx_calloc(size_t count, size_t size)
{
    void *p;

    if (size && count > SIZE_MAX / size)
        return NULL;
    p = msx_malloc(count * size);
    if (p)
        memset(p, 0, count * size);
    return p;
}

void *msx_realloc(void *p, size_t n)
{
    return current.realloc_fn(p, n ? n : 1);
}

char *msx_strdup(const char *s)
{
    return s ? msx_strndup(s, strlen(s)) : NULL;
}

char *msx_strndup(const char *s, size_t n)
{
    size_t len;
    char *p;

    if (!s)
        return NULL;
    len = strnlen(s, n);
    p = msx_malloc(len + 1);
    if (!p)
        return NULL;
    memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

char *msx_asprintf(const char *fmt, ...)
{
    va_list ap;
    char *p;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return NULL;
    p = msx_malloc((size_t)n + 1);
    if (!p)
        return NULL;
    va_start(ap, fmt);
    n = vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    if (n < 0) {
        msx_free(p);
        return NULL;
    }
    return p;
}

void msx_free(void *p)
{
    current.free_fn(p);
}

void msx_free_p(void *pp)
{
    void *p;

    memcpy(&p, pp, sizeof p);
    msx_free(p);
}

void msx_wipe(void *p, size_t n)
{
    volatile unsigned char *v = p;

    while (n--)
        *v++ = 0;
}

void msx_free_secret(char *s)
{
    if (!s)
        return;
    msx_wipe(s, strlen(s));
    msx_free(s);
}

void msx_free_secret_p(char **s)
{
    msx_free_secret(*s);
}
