/* jq programs over JSON, confined: they run in a short-lived child process that has no environment,
 * can open no file and load no module, and is ended when it takes too long or too much memory. */
#ifndef MSXOPS_JQ_H
#define MSXOPS_JQ_H

#include <signal.h>
#include <stddef.h>

#include "msxops/json.h"

struct msx_jq_limits {
    long time_ms;        /* wall clock; 0 = 10 s */
    size_t memory_bytes; /* beyond what the process has; 0 = 1 GiB */
    size_t output_bytes; /* of all results together as JSON text; 0 = MSX_JSON_MAX_BYTES */
    const volatile sig_atomic_t *cancelled; /* may be NULL */
};

/**
 * Run a jq program.
 *
 * The whole program is compiled once (15-20 ms): put several expressions into one program rather
 * than calling often. `env` and `$ENV` are empty, `input` has nothing to read, `halt` and modules
 * are errors. Numbers are doubles.
 *
 * @param program  jq text
 * @param input    the value of `.`; NULL is null
 * @param vars     object whose members are the program's global variables ($name), or NULL
 * @param limits   NULL for the defaults
 * @param out      on success a new array of the results, in order
 * @return MSX_OK; MSX_E_USAGE (the program does not compile, or ended with an error: message);
 *         MSX_E_LIMIT (time, memory, output); MSX_E_CANCELLED; MSX_E_IO (no process); MSX_E_NOMEM
 */
enum msx_code msx_jq_run(const char *program, const json_t *input, const json_t *vars,
                         const struct msx_jq_limits *limits, json_t **out,
                         struct msx_error *err) MSX_MUST_CHECK;

/* Does the program compile with these variable names? MSX_E_USAGE with jq's message. */
enum msx_code msx_jq_check(const char *program, const json_t *vars,
                           struct msx_error *err) MSX_MUST_CHECK;

#endif
