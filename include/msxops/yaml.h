/* YAML 1.1 core (libyaml) to JSON. Plain scalars: null ~ true false yes no (booleans only for true/
 * false; yes/no stay strings because flows use them as values), integers, reals; everything else is
 * a string. Aliases are refused, so is a second document; depth at most 64; at most 4 MiB. */
#ifndef MSXOPS_YAML_H
#define MSXOPS_YAML_H

#include "msxops/json.h"

#define MSX_YAML_MAX_BYTES ((size_t)4 << 20)

/**
 * Parse YAML text.
 * @param name       used in messages: "flow 'x.yaml' line 3: ..."
 * @param out        new value; an empty document is JSON null
 * @param lines_out  may be NULL; else a new object mapping JSON pointers ("/rules/0/when") to the
 *                   1-based line on which that value begins
 * @return MSX_OK, MSX_E_INVALID (syntax, duplicate key, alias, depth), MSX_E_LIMIT, MSX_E_NOMEM
 */
enum msx_code msx_yaml_parse(const char *text, size_t len, const char *name, json_t **out,
                             json_t **lines_out, struct msx_error *err) MSX_MUST_CHECK;
/* The same from a file: also MSX_E_NOTFOUND, MSX_E_IO. */
enum msx_code msx_yaml_load(const char *path, json_t **out, json_t **lines_out,
                            struct msx_error *err) MSX_MUST_CHECK;

#endif
