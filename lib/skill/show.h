/* Parts of a result as people read them, in Markdown and on a terminal alike. */
#ifndef MSXOPS_SKILL_SHOW_H
#define MSXOPS_SKILL_SHOW_H

#include "msxops/skill.h"

/* Appends text of the CRM, made safe for where it goes. */
typedef void (*msx_add_fn)(struct msx_buf *b, const char *text);

/* What people know a record by before its name: its number, or what it is. Borrowed. */
const char *msx_show_label(const json_t *record);
/* A value; null is "-". */
void msx_show_value(struct msx_buf *b, const json_t *v, msx_add_fn add);
/* What stands in after behind the text of before (may be NULL); after when it does not go on from
 * it. */
const char *msx_show_added(const char *before, const char *after);
/* "update milestone" */
void msx_show_type(struct msx_buf *b, const json_t *op);
/* One field of an operation as "Label: before -> after", or what is added to a text. */
void msx_show_field(struct msx_buf *b, const json_t *result, const json_t *op, const char *name,
                    const json_t *value, msx_add_fn add);
/* One predicate of a trace: its outcome, its text, what was read and where. */
void msx_show_trace(struct msx_buf *b, const json_t *t, msx_add_fn add);

#endif
