/* Small text helpers: GUIDs, UTF-8, escaping of hostile text, nearest names, redaction. */
#ifndef MSXOPS_TEXT_H
#define MSXOPS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msxops/buf.h"
#include "msxops/error.h"

#define MSX_GUID_LEN 36
/* Canonical lower-case GUID of s (optional braces, any case) into out[37]; false if it is none. */
bool msx_guid_parse(const char *s, char out[MSX_GUID_LEN + 1]);
bool msx_guid_eq(const char *a, const char *b); /* case-insensitive; false for NULL */
/* Random version-4 GUID. MSX_E_IO when the system gives no randomness. */
enum msx_code msx_guid_new(char out[MSX_GUID_LEN + 1], struct msx_error *err) MSX_MUST_CHECK;

/* Decode one code point at *p (end exclusive), advance *p; U+FFFD for bad bytes (one at a time). */
uint32_t msx_utf8_next(const char **p, const char *end);
void msx_utf8_add(struct msx_buf *b, uint32_t cp);
bool msx_utf8_valid(const char *s, size_t len);
/* A terminal acts on it instead of showing it: C0, DEL, C1, bidi marks, line separators. */
bool msx_utf8_hidden(uint32_t cp);
/* Terminal columns of the text: 0 for combining, 2 for East Asian wide and emoji. Locale-free. */
size_t msx_utf8_width(const char *s, size_t len);

/* Append s for a terminal line: control characters (C0 but tab as blank, DEL, C1, bidi overrides,
 * line and paragraph separators) made visible as "\x1b" / "\u202e"; newlines as "\n". */
void msx_add_visible(struct msx_buf *b, const char *s, size_t len);

/* ASCII only, locale-free. */
int msx_ascii_casecmp(const char *a, const char *b);
int msx_ascii_ncasecmp(const char *a, const char *b, size_t n); /* of n characters at most */
bool msx_ieq(const char *a, const char *b); /* equal ignoring ASCII case; NULL never equal */

/* The candidate nearest to word (edit distance <= max(1, len/3)), or NULL. */
const char *msx_nearest(const char *word, const char *const *candidates, size_t n);

/* Copy s into b with secrets replaced by "***": bearer tokens, JWTs, values of keys that look like
 * secrets (password, secret, token, assertion, code ...) in JSON, forms and headers. */
void msx_redact(struct msx_buf *b, const char *s, size_t len);

#endif
