/* Planning: what the files that build operations share. One round of reads serves any number of
 * operations: tasks, milestones, opportunities, accounts, users, each level read once in parallel.
 */
#ifndef MSX_CRM_OP_PRIV_H
#define MSX_CRM_OP_PRIV_H

#include "crm/priv.h"

enum msx_op_type {
    MSX_OP_CREATE_TASK,
    MSX_OP_UPDATE_TASK,
    MSX_OP_CLOSE_TASK,
    MSX_OP_CREATE_MILESTONE,
    MSX_OP_UPDATE_MILESTONE,
};
struct msx_op_kind {
    const char *name;
    const struct msx_tool *tool;
    const struct msx_crm_table *table; /* of the target */
    enum msx_op_type type;
    bool creates;
};
const struct msx_op_kind *msx_op_kind_of(const char *name); /* NULL: no such type */

enum msx_op_value { MSX_OV_TEXT, MSX_OV_DATE, MSX_OV_NUMBER, MSX_OV_CHOICE, MSX_OV_LOOKUP };
struct msx_op_field {
    const char *param;  /* of the tool */
    const char *column; /* as read: lookups "_x_value" */
    const char *target; /* logical name a lookup points to, NULL: metadata knows */
    enum msx_op_value kind;
    int max_chars; /* when metadata does not say; 0 = not limited */
    bool required; /* may not become empty */
};
const struct msx_op_field *msx_op_fields(const struct msx_crm_table *t, size_t *n);
const struct msx_op_field *msx_op_field_of(const struct msx_crm_table *t, const char *name);

/* Records by lower-case GUID. */
struct msx_op_world {
    struct msx_crm *crm;
    const char *me;
    json_t *tasks, *milestones, *opportunities, *accounts, *users;
    json_t *team;      /* ids of opportunities on whose deal team the user is */
    bool team_missing; /* team stands for ownership of a milestone instead */
};
void msx_op_world_release(struct msx_op_world *w);
/* Read what the operations need. kinds and args run in parallel, n of each. */
enum msx_code msx_op_world_load(struct msx_crm *crm, const struct msx_op_kind *const *kinds,
                                json_t *const *args, size_t n, struct msx_op_world *w,
                                struct msx_error *err) MSX_MUST_CHECK;
json_t *msx_op_world_find(const json_t *map, const char *id); /* borrowed or NULL */
/* May the user change a record of this owner, milestone and opportunity (each may be NULL)? How, in
 * one word, or NULL. */
const char *msx_op_world_access(const struct msx_op_world *w, const char *owner,
                                const json_t *milestone, const json_t *opportunity);

/* Put the field's new value and label into after, unless before has it already. */
enum msx_code msx_op_set(struct msx_op_world *w, const struct msx_crm_table *t,
                         const struct msx_op_field *f, const json_t *value, const json_t *before,
                         json_t *after, struct msx_error *err) MSX_MUST_CHECK;
enum msx_code msx_op_set_code(struct msx_crm *crm, const struct msx_crm_table *t,
                              const char *column, json_int_t code, json_t *after,
                              struct msx_error *err) MSX_MUST_CHECK;
/* The records around one operation; all borrowed. */
struct msx_op_around {
    const json_t *args;
    json_t *record; /* target as it is; NULL for a create */
    const json_t *milestone, *opportunity, *account;
    const char *access; /* why the user may change it */
};
/* State that a task's status reason belongs to. */
enum msx_code msx_op_state_of(struct msx_crm *crm, json_int_t status, json_int_t *state,
                              struct msx_error *err) MSX_MUST_CHECK;
enum msx_code msx_op_set_state(struct msx_crm *crm, json_int_t state, json_int_t status,
                               json_t *after, struct msx_error *err) MSX_MUST_CHECK;
/* The whole operation around what changes. New object, NULL when out of memory. */
json_t *msx_op_assemble(struct msx_crm *crm, const struct msx_op_kind *k,
                        const struct msx_op_around *a, const char *id, json_t *after);
/* One operation from records that the world has. New object. */
enum msx_code msx_op_make(struct msx_op_world *w, const struct msx_op_kind *k, const json_t *args,
                          json_t **op_out, struct msx_error *err) MSX_MUST_CHECK;

/* What the columns that an operation writes hold before it, labels included. New object. */
json_t *msx_op_changed_before(const json_t *op);
/* As msx_op_build_all(), but the first operation that cannot be built fails the whole. */
enum msx_code msx_op_build_strict(struct msx_crm *crm, const json_t *requests, json_t **ops,
                                  struct msx_error *err) MSX_MUST_CHECK;

#endif
