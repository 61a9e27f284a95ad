/* Growing byte buffer with a ceiling. data is never NULL and always NUL-terminated (the NUL is not
 * counted in len). The first failure (no memory, ceiling) sticks: later appends do nothing, and
 * msx_buf_finish() reports it once. */
#ifndef MSXOPS_BUF_H
#define MSXOPS_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "msxops/error.h"

struct msx_buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max; /* ceiling of len, bytes */
    enum msx_code failed;
};

extern char msx_buf_empty[1];
/* clang-format off */
#define MSX_BUF_INIT(max_bytes) { msx_buf_empty, 0, 0, (max_bytes), MSX_OK }
/* clang-format on */

void msx_buf_init(struct msx_buf *b, size_t max_bytes);
void msx_buf_release(struct msx_buf *b); /* for MSX_AUTO too; leaves an empty usable buffer */
void msx_buf_clear(struct msx_buf *b);   /* len 0, memory kept, failure forgotten */
void msx_buf_add(struct msx_buf *b, const void *data, size_t n);
void msx_buf_adds(struct msx_buf *b, const char *s);
void msx_buf_addc(struct msx_buf *b, char c);
void msx_buf_addf(struct msx_buf *b, const char *fmt, ...) MSX_PRINTF(2, 3);
void msx_buf_truncate(struct msx_buf *b, size_t len);

/* MSX_OK, MSX_E_NOMEM or MSX_E_LIMIT ("what" is over its limit of N bytes). */
enum msx_code msx_buf_finish(struct msx_buf *b, const char *what,
                             struct msx_error *err) MSX_MUST_CHECK;
/* Move the text out (caller frees with msx_free); NULL when the buffer has failed. */
char *msx_buf_take(struct msx_buf *b);

#endif
