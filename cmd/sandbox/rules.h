/* The rules of the tables that hold for every write. */
#ifndef SANDBOX_RULES_H
#define SANDBOX_RULES_H

#include "service.h"

/* Check a new record and fill in defaults. */
bool sb_rules_create(struct sb_call *c, const struct sb_table *t, const char *id,
                     struct sb_row *row);
/* Check a change of a record and add what follows from it. */
bool sb_rules_update(struct sb_call *c, const struct sb_table *t, const char *id,
                     const struct sb_row *old, struct sb_row *row);

#endif
