/* Tool calls of a run: many at the same time, each with its own time limit, none made twice. */
#ifndef MSX_SKILL_CALLS_H
#define MSX_SKILL_CALLS_H

#include "msxops/skill.h"

struct msx_call {
    const char *tool; /* borrowed */
    json_t *args;     /* owned */
    json_t *ids;      /* owned: what the call is about, or NULL */
    void *step;       /* the caller's */
    long timeout_ms;
    enum msx_code rc;
    json_t *result; /* owned; NULL when it failed */
    struct msx_error err;
};
void msx_call_release(struct msx_call *c);

struct msx_caller; /* the threads of one run */
enum msx_code msx_caller_new(struct msx_crm *crm, const struct msx_run_options *opts,
                             struct msx_caller **out, struct msx_error *err) MSX_MUST_CHECK;
/* Waits for calls that were given up as too slow. */
void msx_caller_free(struct msx_caller *c);
/**
 * Make the calls, as many at the same time as the context allows, and wait. Each call's rc, result
 * and err are set. A call whose limit passes is given up with MSX_E_NETWORK; its late answer is
 * dropped. Equal calls (tool and arguments) are made once, also across calls of this function.
 * @return MSX_OK, MSX_E_CANCELLED, MSX_E_NOMEM
 */
enum msx_code msx_caller_run(struct msx_caller *c, struct msx_call *calls, size_t n,
                             struct msx_error *err) MSX_MUST_CHECK;
/* Calls really made so far, by tool: borrowed object. */
const json_t *msx_caller_counts(const struct msx_caller *c);

#endif
