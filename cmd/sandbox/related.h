/* Records that are created together with the record of a body ("deep insert"): those that a lookup
 * holds as an object come first, those that a collection holds as a list come after it. */
#ifndef SANDBOX_RELATED_H
#define SANDBOX_RELATED_H

#include "service.h"

#define SB_MAX_LEVELS 10 /* records above or below the first one */

/* Create the record that a lookup of t holds as an object, and point row to it. */
bool sb_related_above(struct sb_call *c, const struct sb_table *t, const struct sb_attr *a,
                      const struct sb_target *target, const char *nav, const json_t *value,
                      struct sb_row *row);
/* A collection's member must be a list; what is in it is read after the record is there. */
bool sb_related_check(struct sb_call *c, const struct sb_table *t, const char *nav,
                      const json_t *value);
/* Create ("nav": [{..}]) or take ("nav@odata.bind": [".."]) the records below one that was just
 * created from body. */
bool sb_related_below(struct sb_call *c, const struct sb_table *t, const char *id,
                      const json_t *body);

#endif
