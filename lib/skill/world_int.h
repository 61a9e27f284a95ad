/* What the files behind world.h share: the record, the arena, cached facts and signals. Functions
 * here that need memory answer with an unknown value when there is none and note it in the world;
 * msx_world_failed() reports it once. */
#ifndef MSX_SKILL_WORLD_INT_H
#define MSX_SKILL_WORLD_INT_H

#include "skill/world.h"

#define MSX_KINDS 5

struct msx_chunk;

/* A signal of a record, computed once. */
struct msx_sig_node {
    struct msx_sig_node *next;
    int index;
    struct msx_signal signal;
};

struct msx_rec {
    struct msx_rec *self; /* this record, writable: callers hold const pointers */
    struct msx_world *w;
    enum msx_kind kind;
    const char *id;
    json_t *raw; /* owned reference */
    struct msx_rec *opp, *milestone, *owner, *account;
    struct msx_rec *
        *children; /* opportunity: milestones, milestone: tasks, account: opportunities */
    size_t nchildren;
    const char *const *team; /* opportunity: user ids of its deal team, sorted */
    size_t nteam;
    bool tasks_read, tasks_failed; /* milestone */
    bool unread;                   /* reading the record itself failed */
    bool milestones_failed;        /* opportunity */
    bool team_failed;              /* opportunity */
    bool analysed;
    struct msx_value *facts;
    unsigned char *known; /* which facts are computed */
    struct msx_analysis *analysis;
    const struct msx_analysis **pool; /* what signals of this record look at */
    size_t npool;
    struct msx_sig_node *signals;
    const char *comments; /* milestone: joined text, see msx_rec_comments() */
    msx_day json_date;
    bool comments_known;
};

struct msx_added { /* one record as it came in */
    const char *id;
    size_t seq;
    json_t *raw;
};
struct msx_failed_read {
    char what;      /* t m u d o: first letter of the word */
    const char *id; /* NULL = all of them */
};
struct msx_team_row {
    const char *opp, *user;
};
struct msx_option { /* a label from metadata */
    const char *field;
    json_int_t code;
    const char *label;
};

/* Numbers of the run's parameters that facts compare with; NAN when not given, so that the
 * comparison is false. */
struct msx_thresholds {
    double urgent, near, watch, stale_task, comment_stale, commit_window, dispatch_lead,
        unified_lead;
    bool strict_gates;
};

/* Lexicon indices of the signals that facts name; -1 when the lexicon lacks one. */
#define MSX_FACT_SIGNALS(X)                                                                        \
    X(blocker, "blocker")                                                                          \
    X(mitigation, "mitigation")                                                                    \
    X(done_claim, "done_claim")                                                                    \
    X(completion_condition, "completion_condition")                                                \
    X(partner, "delivery.partner")                                                                 \
    X(isd, "delivery.isd")                                                                         \
    X(unified, "delivery.unified")                                                                 \
    X(csa, "delivery.csa")                                                                         \
    X(customer, "delivery.customer")                                                               \
    X(delivery_owner, "delivery.owner")                                                            \
    X(influence, "influence.se")                                                                   \
    X(dependency, "dependency")                                                                    \
    X(commit_intent, "commit_intent")                                                              \
    X(metrics_target, "metrics.target")                                                            \
    X(metrics_baseline, "metrics.baseline")                                                        \
    X(metrics_any, "metrics.any")                                                                  \
    X(unified_dependency, "unified.dependency")                                                    \
    X(adoption, "adoption")                                                                        \
    X(ownership_mixed, "ownership.mixed")                                                          \
    X(priority, "priority")                                                                        \
    X(commercial_fit, "commercial_fit")                                                            \
    X(budget, "bant.budget")                                                                       \
    X(need, "bant.need")                                                                           \
    X(authority, "bant.authority")                                                                 \
    X(stakeholder, "stakeholder")                                                                  \
    X(success_definition, "success_definition")                                                    \
    X(business_value, "business_value")                                                            \
    X(success_plan, "success_plan")                                                                \
    X(agreement, "agreement")                                                                      \
    X(health_metrics, "health_metrics")                                                            \
    X(expansion, "expansion")                                                                      \
    X(next_needs, "next_needs")
struct msx_fact_signals {
#define X(name, id) int name;
    MSX_FACT_SIGNALS(X)
#undef X
};

struct msx_ready_item; /* ready.c */

struct msx_world {
    const struct msx_lexicon *lexicon;
    json_t *roles, *stages, *readiness, *params, *state, *set; /* owned references */
    msx_day today;
    const struct msx_tz *tz;
    struct msx_thresholds p;
    struct msx_fact_signals sx;
    const char **param_names; /* sorted; index of a parameter in conditions */
    size_t nparams;
    struct msx_value *param_values; /* in the arena, or NULL */

    struct msx_added *added[MSX_KINDS];
    size_t nadded[MSX_KINDS], capadded[MSX_KINDS];
    struct msx_failed_read *failures;
    size_t nfailures, capfailures;
    const char **tasks_read; /* milestone ids */
    size_t ntasks_read, captasks_read;
    struct msx_team_row *team;
    size_t nteam, capteam;
    bool team_known;
    struct msx_option *options;
    size_t noptions, capoptions;
    const char *me_id;
    const char *forced_role;

    struct msx_rec *recs[MSX_KINDS];
    const struct msx_rec **all[MSX_KINDS];
    size_t nrecs[MSX_KINDS];
    struct msx_rec **by_account; /* opportunities by (account, id), in the arena; NULL at first */
    struct msx_rec *me;
    bool users_failed;
    struct msx_chunk *inputs; /* lives as long as the world */
    struct msx_chunk *arena;  /* lives until the next msx_world_ready() */

    struct msx_ready_item *ready_items;
    size_t nready_items;

    json_t *gaps;     /* array */
    json_t *gap_keys; /* set of what is in gaps */
    enum msx_code failed;
};

/* ---- memory: from the arena of the world; NULL (and w->failed) when there is none ---- */
void *msx_world_alloc(struct msx_world *w, size_t n);
char *msx_world_strndup(struct msx_world *w, const char *s, size_t n);
char *msx_world_strdup(struct msx_world *w, const char *s);

void msx_world_unlink(struct msx_world *w); /* drop what msx_world_ready() made */

/* ---- raw fields ---- */
const char *msx_rec_entity(const struct msx_rec *r); /* logical name */
bool msx_rec_num(const struct msx_rec *r, const char *field, double *out);
bool msx_rec_code(const struct msx_rec *r, const char *field, json_int_t *out);
bool msx_rec_blank(const struct msx_rec *r, const char *field); /* null, absent or white space */
msx_day msx_rec_day(const struct msx_rec *r, const char *field);
const char *msx_rec_where(const struct msx_rec *r); /* gaps: number, else id */
struct msx_rec *msx_world_lookup(const struct msx_world *w, enum msx_kind kind, const char *id);
/* User by systemuserid or e-mail address. */
struct msx_rec *msx_world_user(const struct msx_world *w, const char *id_or_mail);

/* ---- labels and classes (world_label.c) ---- */
const char *msx_status_class(const struct msx_rec *m, bool *conflict, bool *generic);
bool msx_status_class_active(const char *status_class);
const char *msx_category_class(const struct msx_rec *m);
bool msx_commitment_class(const struct msx_rec *m); /* committed */
/* Stage 1..5 that a label tells, 0 none. */
int msx_stage_of_label(const char *label);

/* ---- signals and texts (world_text.c) ---- */
const struct msx_analysis *msx_rec_analysis(struct msx_rec *r);
const char *msx_rec_comments(struct msx_rec *m); /* "" when blank */
msx_day msx_rec_comment_date(struct msx_rec *m);
enum msx_sigval msx_rec_sig(struct msx_rec *r, int index); /* -1: unknown */
/* As a condition sees it: yes, no, and "unknown" only when all that could tell was read. */
enum msx_tri msx_rec_sig_yes(struct msx_rec *r, int index);
void msx_rec_sig_value(struct msx_rec *r, int index, bool recorded, struct msx_value *out);
enum msx_sigval msx_task_sig(struct msx_rec *t, int index);
bool msx_rec_marker(struct msx_rec *r, const char *key, struct msx_marker *out);
void msx_world_drop_texts(struct msx_world *w);

/* ---- roles (roles.c) ---- */
const char *msx_user_role(struct msx_rec *u);
/* Role of the user that a lookup field names: a role, "unknown", or not read. */
void msx_role_of_field(struct msx_rec *r, const char *field, struct msx_value *out);
void msx_user_role_gaps(struct msx_rec *u);
bool msx_rec_owner_missing(const struct msx_rec *r); /* null, empty, or a disabled user */
bool msx_role_known(const struct msx_value *role);
bool msx_user_disabled(const struct msx_rec *u);

/* ---- readiness (ready.c) ---- */
enum msx_code msx_ready_compile(struct msx_world *w, struct msx_error *err);
void msx_ready_free(struct msx_world *w);
bool msx_ready_known(const struct msx_world *w, const char *id);

/* ---- gates (gates.c) ---- */
int msx_opp_evidence_stage(struct msx_rec *o); /* 1..5, 0: not read */
json_t *msx_opp_gates_json(struct msx_rec *o); /* new */
void msx_opp_gates_value(struct msx_rec *o, bool met, struct msx_value *out);

/* ---- gaps (world_gap.c) ---- */
void msx_world_gap_note(struct msx_world *w, const char *kind, const char *what, const char *where,
                        const char *effect);
void msx_world_record_gaps(struct msx_world *w);

/* ---- three-valued logic ---- */
static inline enum msx_tri msx_tri_and(enum msx_tri a, enum msx_tri b)
{
    if (a == MSX_NO || b == MSX_NO)
        return MSX_NO;
    return a == MSX_UNKNOWN || b == MSX_UNKNOWN ? MSX_UNKNOWN : MSX_YES;
}
static inline enum msx_tri msx_tri_or(enum msx_tri a, enum msx_tri b)
{
    if (a == MSX_YES || b == MSX_YES)
        return MSX_YES;
    return a == MSX_UNKNOWN || b == MSX_UNKNOWN ? MSX_UNKNOWN : MSX_NO;
}
static inline enum msx_tri msx_tri_not(enum msx_tri a)
{
    return a == MSX_UNKNOWN ? MSX_UNKNOWN : a == MSX_YES ? MSX_NO : MSX_YES;
}
static inline enum msx_tri msx_tri_of(bool b)
{
    return b ? MSX_YES : MSX_NO;
}

#endif
