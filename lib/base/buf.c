/* The growing byte buffer. */
#include "msxops/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"

char msx_buf_empty[1] = ""; /* shared by all empty buffers; only ever holds the NUL */

void msx_buf_init(struct msx_buf *b, size_t max_bytes)
{
    *b = (struct msx_buf)MSX_BUF_INIT(max_bytes);
}

void msx_buf_release(struct msx_buf *b)
{
    if (b->data != msx_buf_empty)
        msx_free(b->data);
    msx_buf_init(b, b->max);
}

void msx_buf_clear(struct msx_buf *b)
{
    b->len = 0;
    b->failed = MSX_OK;
    if (b->cap)
        b->data[0] = '\0';
}

/* Room for n more bytes and the NUL. */
static bool grow(struct msx_buf *b, size_t n)
{
    size_t need, cap;
    char *p;

    if (b->failed)
        return false;
    if (n > b->max || b->len > b->max - n || b->len > SIZE_MAX - 1 - n) {
        b->failed = MSX_E_LIMIT;
        return false;
    }
    need = b->len + n + 1;
    if (need <= b->cap)
        return true;
    cap = b->cap ? b->cap : 64;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    if (cap > b->max && need <= b->max)
        cap = b->max + 1 ? b->max + 1 : b->max;
    p = msx_realloc(b->cap ? b->data : NULL, cap);
    if (!p) {
        b->failed = MSX_E_NOMEM;
        return false;
    }
    b->data = p;
    b->cap = cap;
    return true;
}

void msx_buf_add(struct msx_buf *b, const void *data, size_t n)
{
    if (!n || !grow(b, n))
        return;
    memcpy(b->data + b->len, data, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void msx_buf_adds(struct msx_buf *b, const char *s)
{
    msx_buf_add(b, s, strlen(s));
}

void msx_buf_addc(struct msx_buf *b, char c)
{
    msx_buf_add(b, &c, 1);
}

void msx_buf_addf(struct msx_buf *b, const char *fmt, ...)
{
    size_t room = b->cap ? b->cap - b->len : 0;
    va_list ap;
    int n;

    if (b->failed)
        return;
    va_start(ap, fmt);
    n = vsnprintf(room ? b->data + b->len : NULL, room, fmt, ap);
    va_end(ap);
    if (n < 0) {
        b->failed = MSX_E_LIMIT;
    } else if (!n) {
        return;
    } else if ((size_t)n < room && b->len + (size_t)n <= b->max) { /* it fitted at once */
        b->len += (size_t)n;
        return;
    } else if (grow(b, (size_t)n)) {
        va_start(ap, fmt);
        (void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
        va_end(ap);
        b->len += (size_t)n;
        return;
    }
    if (room)
        b->data[b->len] = '\0';
}

void msx_buf_truncate(struct msx_buf *b, size_t len)
{
    assert(len <= b->len);
    if (len == b->len)
        return;
    b->len = len;
    b->data[len] = '\0';
}

enum msx_code msx_buf_finish(struct msx_buf *b, const char *what, struct msx_error *err)
{
    if (b->failed == MSX_E_LIMIT)
        return msx_fail(err, MSX_E_LIMIT, "%s is over its limit of %zu bytes", what, b->max);
    if (b->failed)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return MSX_OK;
}

char *msx_buf_take(struct msx_buf *b)
{
    char *p;

    if (b->failed)
        return NULL;
    p = b->cap ? b->data : msx_strdup("");
    if (!p)
        return NULL;
    msx_buf_init(b, b->max);
    return p;
}
