/* base64url without padding (RFC 4648 section 5), as JSON Web Tokens use it. */
#ifndef MSXOPS_B64_H
#define MSXOPS_B64_H

#include <stdbool.h>
#include <stddef.h>

#include "msxops/buf.h"

/* Append the encoding of len bytes. */
void msx_b64url_add(struct msx_buf *b, const void *data, size_t len);
/* Append the decoded bytes of exactly len characters. False (and nothing appended) when a character
 * is not of the alphabet, padding included, the length is impossible, or unused bits are set. A
 * full buffer shows in msx_buf_finish(). */
bool msx_b64url_decode(struct msx_buf *b, const char *s, size_t len);

#endif
