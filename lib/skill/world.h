/* The records in the scope of a run, their relations, and the facts of catalog 1.6 over them:
 * lazily computed, each once. Facts are vocabulary (C); thresholds come from parameters, roles and
 * lexicon from skills/. */
#ifndef MSX_SKILL_WORLD_H
#define MSX_SKILL_WORLD_H

#include "msxops/json.h"
#include "msxops/value.h"
#include "skill/cond.h"
#include "skill/signal.h"

enum msx_kind { MSX_K_ACCOUNT, MSX_K_OPP, MSX_K_MILESTONE, MSX_K_TASK, MSX_K_USER };

struct msx_world;
struct msx_world_config {
    const struct msx_lexicon *lexicon;
    const json_t *roles;  /* parsed skills/shared/roles.yaml (title table) merged with users.yaml */
    const json_t *stages; /* user's stages.yaml (GUID -> 1..5) or NULL */
    const json_t *readiness; /* parsed skills/shared/readiness.yaml (conditions of RD-*) or NULL */
    const json_t *params;    /* the run's parameters, complete with defaults (urgent_days ...) */
    const json_t *state;     /* local state of the profile (1.6 "Local state") or NULL */
    const json_t *set;       /* --set values: {"": {signal: value}, "7-100..": {...}}, or NULL */
    msx_day today;
    const struct msx_tz *tz;
};
enum msx_code msx_world_new(const struct msx_world_config *cfg, struct msx_world **out,
                            struct msx_error *err) MSX_MUST_CHECK;
void msx_world_free(struct msx_world *w);

/* Add raw CRM records (borrowed; a reference is kept). The same id again merges fields that were
 * absent. Relations are found from lookups. */
enum msx_code msx_world_add(struct msx_world *w, enum msx_kind kind, const json_t *records,
                            struct msx_error *err) MSX_MUST_CHECK;
/* Tasks of these milestones were read whole (also when there are none): m.tasks_loaded. */
void msx_world_tasks_read(struct msx_world *w, const char *milestone_id);
/* A read that failed: facts over it are MSX_V_UNKNOWN. what: "tasks" (id = milestone), "milestones"
 * (id = opportunity), "users", "dealteam", "opportunity" (id). */
void msx_world_not_read(struct msx_world *w, const char *what, const char *id);
enum msx_code msx_world_dealteams(struct msx_world *w, const json_t *rows,
                                  struct msx_error *err) MSX_MUST_CHECK;
/* Labels of a coded field from metadata: [{value, label}]; they come before the built-in table. */
enum msx_code msx_world_options(struct msx_world *w, const char *field, const json_t *options,
                                struct msx_error *err) MSX_MUST_CHECK;
void msx_world_me(struct msx_world *w, const char *user_id, const char *forced_role);
/* Sort, link, and make ready for facts, after the last add. More may be added later and made ready
 * by a second call (a flow's set may decide which tasks are read): every record, value and gap
 * handed out before is then gone. */
enum msx_code msx_world_ready(struct msx_world *w, struct msx_error *err) MSX_MUST_CHECK;
/* MSX_E_NOMEM when some fact could not be computed for want of memory: look once, at the end. */
enum msx_code msx_world_failed(const struct msx_world *w, struct msx_error *err) MSX_MUST_CHECK;
/* Records the gap evidence_conflict for each signal of this milestone whose evidence conflicts. */
void msx_rec_conflict_gaps(const struct msx_rec *m);

/* Records of a kind ordered by id bytes; borrowed. */
const struct msx_rec *const *msx_world_all(const struct msx_world *w, enum msx_kind kind,
                                           size_t *n);
const struct msx_rec *msx_world_find(const struct msx_world *w, enum msx_kind kind, const char *id);
enum msx_kind msx_rec_kind(const struct msx_rec *r);
const char *msx_rec_id(const struct msx_rec *r);
const char *
msx_rec_number(const struct msx_rec *r); /* milestone number (of a task: its milestone's) */
const json_t *msx_rec_raw(const struct msx_rec *r);
const char *msx_rec_str(const struct msx_rec *r, const char *field);   /* borrowed or NULL */
const char *msx_rec_label(const struct msx_rec *r, const char *field); /* label resolution 1.3 */
/* The built-in label of a code, NULL when there is none. */
const char *msx_world_code_label(const char *field, json_int_t code);
const char *msx_rec_name(const struct msx_rec *r); /* as people know it; borrowed or NULL */
const struct msx_rec *msx_rec_opp(const struct msx_rec *r);       /* of a milestone or task */
const struct msx_rec *msx_rec_milestone(const struct msx_rec *r); /* of a task */
const struct msx_rec *msx_rec_owner(const struct msx_rec *r);     /* user or NULL */
const struct msx_rec *msx_rec_account(const struct msx_rec *r);
const struct msx_rec *const *msx_rec_children(const struct msx_rec *r,
                                              size_t *n); /* opp->milestones
                                                           * milestone->tasks */

/* Facts by index. -1: no such fact; near: suggestion. Names are those of 1.6 without prefix. */
int msx_fact_index(enum msx_kind kind, const char *name, const char **near_out);
const char *msx_fact_name(enum msx_kind kind, int index);
size_t msx_fact_count(enum msx_kind kind);
void msx_fact_get(const struct msx_rec *r, int index, struct msx_value *out);
/* {fact: value,...} for jq (0.3); new object. */
json_t *msx_rec_facts_json(const struct msx_rec *r);
/* Signal of a record by lexicon index, computed once; borrowed. sig(o, id) of any signal pools all.
 */
const struct msx_signal *msx_rec_signal(const struct msx_rec *r, int index);
json_t *msx_rec_signals_json(const struct msx_rec *r); /* only those that are not unknown; new */

/* Readiness items of 4.0.6 by id ("RD-CAP"): yes, no, unknown(not read). csam: the CSAM form. */
enum msx_tri msx_rec_ready(const struct msx_rec *m, const char *item, bool csam,
                           const struct msx_signal **evidence_out);

/* Gaps recorded so far: array of {kind, what, where, effect}, not sorted; borrowed. */
json_t *msx_world_gaps(struct msx_world *w);
enum msx_code msx_world_gap(struct msx_world *w, const char *kind, const char *what,
                            const char *where, const char *effect) MSX_MUST_CHECK;

/* due(n; m) of 4.0.4 and owner_for(x; role) of 4.0.5 (NULL: unresolved, gap recorded). */
msx_day msx_world_due(const struct msx_world *w, int n, const struct msx_rec *m);
const struct msx_rec *msx_world_owner_for(struct msx_world *w, const struct msx_rec *x,
                                          const char *role);
/* Role inference from a title alone: {name, confidence, candidates[{role,phrase}]}; new object. */
json_t *msx_role_of_title(const json_t *roles, const char *title);

/* The schema and scope that conditions use over this world. get/call/each are filled in. */
void msx_world_schema(const struct msx_world *w, struct msx_cond_schema *out);
void msx_world_scope(const struct msx_world *w, struct msx_cond_scope *out);
/* Bind a record and those it belongs to (t with its m and o); u stays the running user unless the
 * record is a user. NULL binds none. */
void msx_world_bind(struct msx_cond_scope *s, const struct msx_rec *r);

#endif
