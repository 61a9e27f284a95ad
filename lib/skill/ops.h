/* Proposed operations while they are put together: made from findings, merged, then finished. */
#ifndef MSX_SKILL_OPS_H
#define MSX_SKILL_OPS_H

#include "skill/run.h"

enum msx_op_type {
    MSX_TYPE_CREATE_TASK,
    MSX_TYPE_UPDATE_TASK,
    MSX_TYPE_CLOSE_TASK,
    MSX_TYPE_UPDATE_MILESTONE
};

struct msx_draft { /* one operation */
    enum msx_op_type type;
    const struct msx_rec *target; /* milestone (also of a new task), or task */
    char *key;                    /* dedupe key: equal ones are merged */
    size_t best;                  /* index of its best finding */
    json_t *findings;             /* ids */
    json_t *fields;               /* name -> value, as they will be proposed */
    json_t *lines;                /* [[rule index, line]...]: notes, or lines of the description */
    char *subject, *intent, *owner_role;
    bool no_owner;
};
struct msx_drafts {
    struct msx_draft *items;
    size_t n, cap;
};
void msx_drafts_release(struct msx_drafts *d);

/* What one operation of a rule becomes for the finding at index: one draft, one a task, or none.
 * op_draft.c */
enum msx_code msx_op_draft(struct msx_run *r, size_t index, const struct msx_op_def *def,
                           struct msx_drafts *out, struct msx_error *err) MSX_MUST_CHECK;
/* A task from a definition, with these lines instead of message and evidence (NULL: those of the
 * finding). */
enum msx_code msx_op_draft_task(struct msx_run *r, size_t index, const struct msx_op_def *def,
                                const struct msx_rec *m, const json_t *lines,
                                struct msx_drafts *out, struct msx_error *err) MSX_MUST_CHECK;

/* Is the operation proposed already, or done: an open task of that subject or tag, a note that is
 * there? op_draft.c */
bool msx_op_task_exists(const struct msx_rec *m, const char *subject, const struct msx_rule *rule);

/* Field of an operation: CRM column of its present value, and whether only our own tools take it.
 */
struct msx_op_column {
    const char *field, *column;
    bool extended;
};
const struct msx_op_column *msx_op_column(bool of_task, const char *field);
/* The present value as an operation shows it; new. */
json_t *msx_op_before(const struct msx_rec *target, const char *field);

size_t msx_op_characters(const char *s); /* code points */
/* Lines in rule order, equal ones once, joined by newlines; new string. */
char *msx_op_lines(const json_t *lines);
/* Names in <<...>> that the operation adds; new array. */
json_t *msx_op_placeholders(const struct msx_draft *d);
const char *msx_op_intent(const struct msx_draft *d, const json_t *before);

#endif
