/* JSON helpers over jansson. json_t may cross the API; ownership words are jansson's: new,
 * borrowed, stolen. All getters accept NULL and wrong types, and then answer "absent". */
#ifndef MSXOPS_JSON_H
#define MSXOPS_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "msxops/buf.h"
#include "msxops/error.h"

#define MSX_JSON_MAX_BYTES ((size_t)256 << 20)

/* Parse len bytes (a UTF-8 BOM is skipped; duplicate keys and trailing text are refused; depth is
 * jansson's 2048). name is used in messages ("plan 'x'"). Errors: MSX_E_INVALID, MSX_E_NOMEM. */
enum msx_code msx_json_parse(const char *text, size_t len, const char *name, json_t **out,
                             struct msx_error *err) MSX_MUST_CHECK;
/* Read and parse a file: also MSX_E_NOTFOUND, MSX_E_IO, MSX_E_LIMIT (over max bytes). */
enum msx_code msx_json_load(const char *path, size_t max, json_t **out,
                            struct msx_error *err) MSX_MUST_CHECK;

/* Append compact JSON, keys in insertion order. */
void msx_json_dump(struct msx_buf *b, const json_t *j);
/* The same with indent blanks a level (0: compact), handed over in pieces of some 32 KB. 0, or -1:
 * write() did not answer 0, or out of memory. */
int msx_json_write(const json_t *j, int indent,
                   int (*write)(const char *text, size_t len, void *user), void *user);
/* Append canonical JSON: compact, keys sorted by bytes; the same value always gives the same bytes.
 * Reals that hold whole numbers below 2^53 print as integers. */
void msx_json_canonical(struct msx_buf *b, const json_t *j);
/* New malloc'd canonical text, or NULL when out of memory. */
char *msx_json_canonical_str(const json_t *j);

const char *msx_json_str(const json_t *obj, const char *key); /* borrowed; NULL if not a string */
const char *msx_json_str_or(const json_t *obj, const char *key, const char *dflt);
bool msx_json_int(const json_t *obj, const char *key, json_int_t *out); /* false if not integer */
bool msx_json_num(const json_t *obj, const char *key, double *out);
bool msx_json_bool_or(const json_t *obj, const char *key, bool dflt);
json_t *msx_json_arr(const json_t *obj, const char *key); /* borrowed; NULL if not an array */
json_t *msx_json_obj(const json_t *obj, const char *key); /* borrowed; NULL if not an object */

/* Set key to a copy of the string, JSON null when s is NULL. 0 or -1 (out of memory). */
int msx_json_set_str(json_t *obj, const char *key, const char *s);

/* For MSX_AUTO(msx_json_free_p) json_t *x = NULL; */
void msx_json_free_p(json_t **j);

/* Lower-case hexadecimal SHA-256 of the bytes. */
void msx_sha256_hex(const void *data, size_t len, char out[65]);

#endif
