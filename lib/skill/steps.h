/* Steps of a flow between their data (skills/shared/steps.yaml, the flow) and the calls they make.
 */
#ifndef MSX_SKILL_STEPS_H
#define MSX_SKILL_STEPS_H

#include "skill/run.h"

struct msx_step {
    char *id;              /* "MS", or "SCOPE/1" for a part of it */
    const char *gap_id;    /* what a failure is called: "SCOPE"; part of id's memory or of def */
    json_t *def;           /* owned: the macro with the flow's changes over it */
    struct msx_cond *when; /* which records it is made for, or NULL */
    bool done, failed;
    size_t calls;
    char error[600];
};
struct msx_steps {
    struct msx_step *items;
    size_t n, cap;
    const char *route, *route_gap; /* of the scope; borrowed from steps.yaml */
};
/* params NULL: only check (no route is taken). */
enum msx_code msx_steps_load(const struct msx_flow *f, const struct msx_world *w,
                             const json_t *params, struct msx_steps *out,
                             struct msx_error *err) MSX_MUST_CHECK;
void msx_steps_release(struct msx_steps *s);

/* step_args.c */
/* Is anybody looking at what it reads? (used_by) */
bool msx_step_wanted(const struct msx_run *r, const struct msx_step *step);
/* Ids the step is made for, sorted: new array. */
enum msx_code msx_step_ids(const struct msx_run *r, const struct msx_step *step, json_t **out,
                           struct msx_error *err) MSX_MUST_CHECK;
/* Arguments of one call: new object. */
enum msx_code msx_step_args(const struct msx_run *r, const struct msx_step *step, const json_t *ids,
                            json_t **out, struct msx_error *err) MSX_MUST_CHECK;
long msx_step_timeout(const struct msx_run *r, const struct msx_step *step, size_t count);

/* step_take.c */
enum msx_code msx_step_take(struct msx_run *r, struct msx_step *step, const struct msx_call *call,
                            struct msx_error *err) MSX_MUST_CHECK;
void msx_step_not_read(struct msx_run *r, const struct msx_step *step, const json_t *ids);
/* After the last answer of a step. */
enum msx_code msx_step_finish(struct msx_run *r, struct msx_step *step,
                              struct msx_error *err) MSX_MUST_CHECK;

#endif
