/* Skills and flows: what each role does every week, as files under skills/. catalog.md sections
 * 0-4, architecture.md section 7. */
#ifndef MSXOPS_SKILL_H
#define MSXOPS_SKILL_H

#include "msxops/crm.h"

/* {count, flows:[{id, title, role, skill, path}]}: the flows of $data_dir/skills and
 * $config_dir/skills (the latter win by id), by id. New. MSX_E_INVALID names file and line. */
enum msx_code msx_skill_list(const struct msx_ctx *ctx, json_t **out,
                             struct msx_error *err) MSX_MUST_CHECK;

/* Role of a user record {systemuserid, internalemailaddress, title}: {name, confidence,
 * candidates[]}; users.yaml of the configuration folder wins over the title. New. */
enum msx_code msx_skill_role(const struct msx_ctx *ctx, const json_t *me, json_t **out,
                             struct msx_error *err) MSX_MUST_CHECK;

/* A loaded and checked flow. Immutable; may be run by several threads. */
struct msx_flow;
/* flow: an id, or a path (it holds a '/' or ends in .yaml). MSX_E_NOTFOUND (hint: nearest id),
 * MSX_E_INVALID names file, line and what is wrong. */
enum msx_code msx_flow_load(const struct msx_ctx *ctx, const char *flow, struct msx_flow **out,
                            struct msx_error *err) MSX_MUST_CHECK;
/* Everything that can be wrong before a run: conditions, templates, jq, steps, rules.
 * MSX_E_INVALID. */
enum msx_code msx_flow_lint(const struct msx_ctx *ctx, const struct msx_flow *f,
                            struct msx_error *err) MSX_MUST_CHECK;
void msx_flow_free(struct msx_flow *f);
MSX_DEFINE_AUTO(struct msx_flow, msx_flow_free)
const char *msx_flow_id(const struct msx_flow *f);
const json_t *msx_flow_doc(const struct msx_flow *f); /* borrowed: the file as JSON */

typedef enum msx_code (*msx_call_tool_fn)(void *user, struct msx_crm *crm, const char *tool,
                                          const json_t *params, json_t **result,
                                          struct msx_error *err);

/* Reads made so far, by tool and arguments: flows run one after another (a chain) share them. */
struct msx_memo;
enum msx_code msx_memo_new(struct msx_memo **out, struct msx_error *err) MSX_MUST_CHECK;
void msx_memo_free(struct msx_memo *m);
MSX_DEFINE_AUTO(struct msx_memo, msx_memo_free)

struct msx_run_options {
    const json_t *params; /* parameters by name, as JSON or text; checked against the flow */
    const json_t *set;    /* --set values in order: ["key=value", ...]; parameter or signal */
    const char *reason;   /* stored with --set signals; NULL = none */
    const char *role;     /* of the running user, over users.yaml and title; NULL = find out */
    const char *workiq;   /* auto, on, off; NULL = auto */
    bool timing;          /* clock times in the result */
    bool explain;         /* every finding gets its trace */
    const char *explain_record; /* and this record says why each rule did not fire */
    /* How tools are called; NULL = msx_tool_call(). Must be thread-safe. For tests. */
    msx_call_tool_fn call_tool;
    void *call_user;
    double timeout_scale;                  /* of the steps' limits; 0 = 1 */
    struct msx_memo *memo;                 /* may be NULL */
    void (*sleep_ms)(void *user, long ms); /* between retries; NULL = really sleep */
    const json_t *state; /* local state to use instead of the profile's file, which is then
                          * neither read nor written */
};

/* Run a flow: the result document of catalog 3.1. New. MSX_E_NOTFOUND: no such flow (nearest
 * named); MSX_E_USAGE: parameter; MSX_E_INVALID: flow file, with line; what an aborting step failed
 * with. */
enum msx_code msx_skill_run(struct msx_crm *crm, const char *flow,
                            const struct msx_run_options *opts, json_t **result,
                            struct msx_error *err) MSX_MUST_CHECK;

/* Turn the operations of a result into operations of the plan behind crm->stage. Fills
 * result.operations[].guardrails and stats.operations.blocked. staged_out: new array of the stage's
 * answers {operationId, plan, ...}. */
enum msx_code msx_skill_stage(struct msx_crm *crm, json_t *result, json_t **staged_out,
                              struct msx_error *err) MSX_MUST_CHECK;

/* Append the result as Markdown / as text for a terminal of that width. CRM text is escaped. */
void msx_result_markdown(struct msx_buf *b, const json_t *result);
void msx_result_text(struct msx_buf *b, const json_t *result, size_t width, bool color);

/* Run the tests that lie beside a flow (skills/NAME/tests/FLOW.yaml; flow NULL: of all flows)
 * against records of skills/shared/fixtures.yaml, without a server. report: new [{flow, name, ok,
 * problems[]}]. */
enum msx_code msx_skill_test(const struct msx_ctx *ctx, const char *flow, json_t **report,
                             struct msx_error *err) MSX_MUST_CHECK;

/* Is any finding at least as severe ("critical" .. "info")? For --exit-code. */
bool msx_result_at_least(const json_t *result, const char *severity);

#endif
