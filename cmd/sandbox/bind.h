/* References to records in payloads and paths: "/tasks(guid)", absolute, or "$1" of a change set.
 */
#ifndef SANDBOX_BIND_H
#define SANDBOX_BIND_H

#include "value.h"

struct sb_ref {
    const struct sb_table *table;
    char id[37];
};

/* text: "set(guid)", "/set(guid)" or an absolute URL of this service. Errors are those of a payload
 * of table t (may be NULL). */
bool sb_ref_parse(const char *text, const struct sb_table *t, struct sb_ref *out,
                  struct sb_error *e);

#endif
