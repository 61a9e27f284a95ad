/* Inside base: reading JSON at the speed at which it arrives. */
#ifndef BASE_JSON_PRIV_H
#define BASE_JSON_PRIV_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Reads what services send: no doubt, no surprise. NULL for anything else, right or wrong (jansson
 * has the last word on it, and the words to say why), or when out of memory: then *oom is set. */
json_t *msx_json_read_plain(const char *text, size_t len, bool *oom);

#endif
