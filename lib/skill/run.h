/* One run of a flow: what its parts share. */
#ifndef MSX_SKILL_RUN_H
#define MSX_SKILL_RUN_H

#include "skill/calls.h"
#include "skill/flow.h"

struct msx_finding {
    const struct msx_rule *rule;
    const struct msx_rec *rec;       /* what it is about */
    const struct msx_rec *milestone; /* of a milestone or task, else NULL */
    const struct msx_rec *opp;
    char *id;
    size_t severity; /* index in ranking.yaml: 0 is the worst */
    char *reason, *role;
    bool escalate;
    bool has_days, has_use; /* D and V of the ranking */
    int days;
    double use;
    json_int_t score;
    json_t *missing; /* ids of readiness items not met, or NULL */
    json_t *evidence, *trace;
    json_t *operations; /* ids, filled when operations are numbered */
};

struct msx_run {
    struct msx_crm *crm;
    const struct msx_ctx *ctx;
    const struct msx_run_options *opts;
    struct msx_flow *flow;
    struct msx_flow_code code;
    struct msx_world *world;
    struct msx_caller *caller;
    json_t *params, *set, *state;
    char *user_id;
    char route[16];     /* of the scope: "R1" .. "R6"; "" before it is known */
    json_t *scope_opps; /* ids, sorted */
    json_t *tpids;
    json_t *gaps;  /* recorded before the world is final: [{kind,what,where,effect}] */
    json_t *steps; /* step id -> {status, error, calls} */
    json_t *views, *data;

    /* after the reads */
    const struct msx_rec **set_m, **set_o;
    size_t nset_m, nset_o;
    json_t *group_of; /* milestone id -> group name, for those outside the set */
    struct msx_finding *findings;
    size_t nfindings, capfindings;
    size_t suppressed, unknown;
    json_t *unknown_of; /* rule ids with what was not known, for explain */
    json_t *explained;  /* of the record asked for */
    json_t *operations;
};

/* steps.c */
enum msx_code msx_run_steps(struct msx_run *r, struct msx_error *err) MSX_MUST_CHECK;
enum msx_code msx_run_gap(struct msx_run *r, const char *kind, const char *what, const char *where,
                          const char *effect, struct msx_error *err) MSX_MUST_CHECK;

/* sets.c: which records the flow evaluates. before: tasks are not read yet, doubt counts as yes */
bool msx_run_in_set(const struct msx_run *r, const struct msx_rec *m, bool before);
enum msx_code msx_run_sets(struct msx_run *r, struct msx_error *err) MSX_MUST_CHECK;
void msx_run_scope(const struct msx_run *r, const struct msx_rec *rec, struct msx_cond_scope *out);
/* Keys alone of 3.3: committed, D, monthly use, number, id. For qsort of records. */
int msx_rank_records(const struct msx_rec *a, const struct msx_rec *b);
/* First-ranked milestone of the set on the opportunity, or NULL. */
const struct msx_rec *msx_run_first_milestone(const struct msx_run *r, const struct msx_rec *opp);

/* rules.c */
enum msx_code msx_run_rules(struct msx_run *r, struct msx_error *err) MSX_MUST_CHECK;
void msx_finding_release(struct msx_finding *f);
const struct msx_remedy *msx_run_remedy(const struct msx_run *r, const char *id);
/* What {missing} prints: new string, NULL when out of memory. */
char *msx_run_missing(const struct msx_run *r, const json_t *missing);

/* rank.c */
enum msx_code msx_rank_score(const struct msx_run *r, struct msx_finding *f,
                             struct msx_error *err) MSX_MUST_CHECK;
void msx_rank_findings(struct msx_run *r);
int msx_rank_severity(const json_t *ranking, const char *id); /* index, -1 unknown */
const char *msx_rank_severity_id(const json_t *ranking, size_t index);

/* ops.c, op_build.c */
enum msx_code msx_run_operations(struct msx_run *r, struct msx_error *err) MSX_MUST_CHECK;

/* result.c */
enum msx_code msx_run_result(struct msx_run *r, json_t **out, struct msx_error *err) MSX_MUST_CHECK;
/* {entity, id, number, name, url}; new. */
json_t *msx_run_record_json(const struct msx_run *r, const struct msx_rec *rec);
json_t *msx_finding_json(const struct msx_run *r, const struct msx_finding *f); /* new */
json_t *msx_user_json(const struct msx_rec *u); /* {id, name, role} or null; new */

/* context.c: what jq sees */
enum msx_code msx_run_context(struct msx_run *r, const json_t *result, json_t **out,
                              struct msx_error *err) MSX_MUST_CHECK;

/* next.c */
enum msx_code msx_run_next(struct msx_run *r, const char *decision, json_t **out,
                           struct msx_error *err) MSX_MUST_CHECK;

/* state.c: the profile's local state */
enum msx_code msx_state_load(const struct msx_crm *crm, json_t **out,
                             struct msx_error *err) MSX_MUST_CHECK;
enum msx_code msx_state_save(const struct msx_run *r, struct msx_error *err) MSX_MUST_CHECK;

/* Milestone a record belongs to, its opportunity; facts by name, for files that are no rules. */
const struct msx_rec *msx_rec_its_milestone(const struct msx_rec *rec);
const struct msx_rec *msx_rec_its_opp(const struct msx_rec *rec);
bool msx_fact_named(const struct msx_rec *rec, const char *name, struct msx_value *out);
bool msx_fact_true(const struct msx_rec *rec, const char *name);

#endif
