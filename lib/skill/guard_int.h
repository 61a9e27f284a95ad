/* What the files of the guardrails share: rules as data, the records around operations, and what is
 * known of one operation (run.op.NAME in conditions). */
#ifndef MSX_SKILL_GUARD_INT_H
#define MSX_SKILL_GUARD_INT_H

#include <pthread.h>

#include "msxops/guard.h"
#include "skill/calls.h"
#include "skill/flow.h"

enum guard_override { GUARD_NEVER, GUARD_REASON, GUARD_EVIDENCE };
struct guard_rule {
    const char *id;                /* of the document */
    struct msx_cond *block, *warn; /* either may be NULL, not both */
    struct msx_choice message, cleared_by;
    enum guard_override override;
    bool of_plan; /* said of every operation of the plan */
};

/* Records read for operations, by id; null when there is none or it could not be read. */
struct guard_cache {
    json_t *milestones, *opportunities, *users;
    json_t *tasks, *teams; /* milestone id -> its tasks; opportunity id -> its active team rows */
    json_t *unread;        /* "tasks:ID" .. of reads that were denied */
    json_t *applied;       /* the plan that is applied, NULL when planning; owned */
    bool whole;            /* what its operations need was read for all of them */
    int64_t since_s;
};

struct guard {
    struct msx_guard base; /* first: it is what callers hold */
    struct msx_crm *crm;
    const struct msx_ctx *ctx;
    struct msx_run_options calls;
    bool (*code_known)(void *user, const char *logical, const char *column, json_int_t code);
    void *code_user;
    pthread_mutex_t lock;
    struct msx_shared shared;
    json_t *doc, *lines; /* guardrails.yaml */
    char *path;
    json_t *params;
    struct msx_world *vocabulary; /* for names; its facts are never asked */
    struct guard_rule *rules;
    size_t nrules;
    struct guard_cache cache;
};

struct msx_guard_hooks { /* for tests: how tools are called, and which codes there are */
    msx_call_tool_fn call_tool;
    void *call_user;
    bool (*code_known)(void *user, const char *logical, const char *column, json_int_t code);
    void *code_user;
};
/* msx_skill_guard_new() with hooks; hooks may be NULL. */
enum msx_code msx_guard_open(struct msx_crm *crm, const struct msx_guard_hooks *hooks,
                             struct msx_guard **out, struct msx_error *err) MSX_MUST_CHECK;

/* ---- guard_load.c ---- */
enum msx_code guard_load(struct guard *g, struct msx_error *err) MSX_MUST_CHECK;
void guard_unload(struct guard *g);

/* ---- guard_read.c ---- */
void guard_cache_drop(struct guard *g);
/* Ready for use, emptied when it is too old. False: out of memory. */
bool guard_cache_open(struct guard *g);
/* Reads what is missing around these operations, for all of them at once. */
enum msx_code guard_prefetch(struct guard *g, const json_t *plan_doc, const json_t *const *ops,
                             size_t n, struct msx_error *err) MSX_MUST_CHECK;

/* ---- guard_facts.c ---- */
/* One operation and the records that its conditions look at. */
struct guard_case {
    const struct guard *g;
    const json_t *plan, *op, *fresh; /* borrowed */
    json_t *now;                     /* the target as it is: fresh, else as it was read; owned */
    struct msx_world *world;
    json_t *facts; /* run.op.NAME */
    struct msx_cond_scope scope;
    struct msx_cond_scope inner; /* the world's own */
};
enum msx_code guard_case_open(struct guard_case *c, const struct guard *g, const json_t *plan,
                              const json_t *op, const json_t *fresh,
                              struct msx_error *err) MSX_MUST_CHECK;
void guard_case_close(struct guard_case *c);

/* ---- guard_world.c: names and values in conditions ---- */
struct guard_names {
    struct msx_cond_schema inner;
};
void guard_schema(const struct msx_world *w, struct guard_names *n, struct msx_cond_schema *out);
enum msx_code guard_world(struct guard_case *c, struct msx_error *err) MSX_MUST_CHECK;
void guard_scope(struct guard_case *c);
size_t guard_fact_count(void);
const char *guard_fact_name(size_t i);

/* ---- small helpers ---- */
bool guard_on_task(const json_t *op);
bool guard_creates(const json_t *op);
/* Ids in canonical form into out; false when there is none. */
bool guard_milestone_id(const json_t *op, char out[37]);
bool guard_opportunity_id(const json_t *op, char out[37]);
/* What the plan says of its user's role: a text, or NULL. Borrowed. */
const char *guard_role(const struct guard *g, const json_t *plan, const json_t *op);
/* The document's row of a column that may be written, or NULL. */
const json_t *guard_field(const struct guard *g, const json_t *op, const char *column);
const char *guard_field_label(const struct guard *g, const json_t *op, const char *column);
size_t guard_characters(const char *s);
/* The list of texts c->facts has under that name, made when missing; NULL: no memory. Borrowed. */
json_t *guard_list(struct guard_case *c, const char *name);
int guard_push(json_t *list, const char *s); /* once each; 0 or -1 */

/* ---- guard_fields.c: 0 or -1 (no memory) ---- */
int guard_field_facts(struct guard_case *c);
int guard_identity_facts(struct guard_case *c);

#endif
