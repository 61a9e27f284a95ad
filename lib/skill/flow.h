/* A flow as the runner sees it: the checked document, and its conditions and texts compiled against
 * a world. */
#ifndef MSX_SKILL_FLOW_H
#define MSX_SKILL_FLOW_H

#include "msxops/skill.h"
#include "skill/tmpl.h"
#include "skill/world.h"

/* Documents of skills/shared, loaded once with a flow; a user's file of the same name in
 * $config_dir/skills/shared comes instead (roles, lexicon: is merged). */
struct msx_shared {
    json_t *params, *steps, *ranking, *categories, *remedies, *phrases, *readiness, *roles;
    json_t *stages; /* $config_dir/stages.yaml or NULL */
    char *prelude;  /* jq text */
    struct msx_lexicon *lexicon;
};
enum msx_code msx_shared_load(const struct msx_ctx *ctx, struct msx_shared *out,
                              struct msx_error *err) MSX_MUST_CHECK;
/* roles.yaml with the user's users.yaml in it: new. */
enum msx_code msx_shared_roles(const struct msx_ctx *ctx, json_t **out,
                               struct msx_error *err) MSX_MUST_CHECK;
void msx_shared_release(struct msx_shared *s);

struct msx_flow {
    char *path;
    char *skill;                   /* folder's name */
    const char *id, *title, *role; /* of doc */
    json_t *doc;
    json_t *lines; /* JSON pointer -> line */
    struct msx_shared shared;
};
/* "flow 'x' line 12" for messages; ptr is a JSON pointer into the document. */
void msx_flow_where(const struct msx_flow *f, const char *ptr, char *buf, size_t size);

/* Parameters of a run: declared ones (shared and the flow's) with the given values over the
 * defaults. New object in the order of declaration. MSX_E_USAGE. */
enum msx_code msx_flow_params(const struct msx_flow *f, const json_t *given, msx_day today,
                              json_t **out, struct msx_error *err) MSX_MUST_CHECK;
/* The same for declarations that are not a flow's (a chain's). */
enum msx_code msx_flow_param_value(const char *name, const json_t *decl, const json_t *given,
                                   msx_day today, json_t **out,
                                   struct msx_error *err) MSX_MUST_CHECK;

enum msx_each { MSX_EACH_MILESTONE, MSX_EACH_TASK, MSX_EACH_OPPORTUNITY };
enum msx_op_kind {
    MSX_OP_CREATE_TASK,
    MSX_OP_UPDATE_TASK,
    MSX_OP_CLOSE_TASK,
    MSX_OP_UPDATE_MILESTONE,
    MSX_OP_NOTE,
    MSX_OP_MARK,
    MSX_OP_REMEDY, /* the remedies of the rule's readiness items that are not met */
};

struct msx_op_field {
    const char *name;        /* tool-like name: dueDate, status, ... */
    struct msx_choice text;  /* value as text, or */
    const json_t *number;    /* a literal number, or */
    struct msx_choice due;   /* weekdays, or */
    struct msx_choice owner; /* role to find the owner by */
    bool append;             /* text is a line to add */
};
struct msx_op_def {
    enum msx_op_kind kind;
    struct msx_cond *when;  /* may be NULL */
    struct msx_cond *tasks; /* update/close each task of the milestone for which this holds */
    bool on_first;          /* on the opportunity's first-ranked milestone of the set */
    struct msx_choice subject, category, role, due, intent, done_when; /* create_task */
    struct msx_choice text;                                            /* note, mark */
    struct msx_op_field *fields;
    size_t nfields;
};
struct msx_op_list {
    struct msx_op_def *items;
    size_t n;
};

struct msx_rule {
    const char *id;
    size_t index; /* position in the file */
    enum msx_each each;
    struct msx_cond *when; /* may be NULL with readiness items */
    struct msx_cond *escalate;
    bool escalates;  /* always */
    bool repeatable; /* may fire more than once on a milestone */
    bool unsuppressible;
    bool csam_readiness;
    const json_t *readiness; /* array of item ids, or NULL */
    const json_t *groups;    /* array of further record groups it looks at, or NULL */
    struct msx_choice severity, message, role;
    struct msx_op_list ops;
};
struct msx_remedy {
    const char *id, *missing;
    struct msx_op_list ops;
};
struct msx_group { /* milestones beside the set that some rules and outputs look at */
    const char *name;
    struct msx_cond *when;
};
struct msx_next {
    const json_t *def;
    struct msx_cond *when;
    struct msx_choice text;
};

/* Conditions and texts of a flow, compiled for a world's vocabulary. */
struct msx_flow_code {
    struct msx_cond *set_milestone, *set_opportunity; /* NULL: m.active / those of the set */
    struct msx_group *groups;
    size_t ngroups;
    struct msx_rule *rules;
    size_t nrules;
    struct msx_remedy *remedies;
    size_t nremedies;
    struct msx_op_list overflow;
    struct msx_next *next;
    size_t nnext;
};
enum msx_code msx_flow_compile(const struct msx_flow *f, const struct msx_world *w,
                               struct msx_flow_code *out, struct msx_error *err) MSX_MUST_CHECK;
void msx_flow_code_release(struct msx_flow_code *p);
/* The flow's steps and macros are known, their conditions compile, needs are not circular. */
enum msx_code msx_steps_check(const struct msx_flow *f, const struct msx_world *w,
                              struct msx_error *err) MSX_MUST_CHECK;
/* The skills (folders with a SKILL.md): [{name, description, path}] ordered by name. New array. */
enum msx_code msx_skill_files(const struct msx_ctx *ctx, json_t **out,
                              struct msx_error *err) MSX_MUST_CHECK;
/* Text of the jq program that makes outputs, and then the decision; new string. */
char *msx_flow_jq(const struct msx_flow *f);

#endif
