/* Plan files: the only way to a write. architecture.md sections 5 and 6, cli.md section 4. */
#ifndef MSXOPS_PLAN_H
#define MSXOPS_PLAN_H

#include "msxops/crm.h"

#define MSX_PLAN_MAX_BYTES ((size_t)16 << 20)
#define MSX_PLAN_MAX_OPS   2000

/* {"format":"msxops-plan","version":1,"planId":GUID,"org":url,"user":{id,name,email},"role":..,
 *  "created":RFC3339,"tool":"msxops 0.1.0","nextId":n,"operations":[...]}; unknown ones survive.
 *
 * An operation, as the planning tools of lib/crm build it and as the file keeps it:
 *   id        "OP-1" (given by the plan)
 *   type      create_task update_task close_task create_milestone update_milestone
 *   target    {entitySet, id, number, name, url}; for a create id is the GUID the record will have
 *   context   {customer:{id,name,tpid}, opportunity:{id,name}, milestone:{id,number,name}}
 *   origin    {"by":"human"|"flow"|"agent", ...}
 *   before    the record as read, by column name: values as the service gives them (lookups as
 *             _x_value), labels as "<column>@OData.Community.Display.V1.FormattedValue", and
 *             "@odata.etag". {} for a create
 *   guard     ["column", ...] that the decision rested on: those written and those a rule read;
 *             each has its value in before
 *   after     only the columns that are written, named and typed as in before (a lookup as
 *             "_x_value":GUID with "_x_value@Microsoft.Dynamics.CRM.lookuplogicalname"), each code
 *             and lookup with its label annotation
 *   rows      msx_op_rows(before, after);  why impact risk  text, or an array or object of it
 *   source    {"command":..} or {skill, flow, rule, evidence[]}
 *   guardrails [{id, outcome, message, override?:{by, reason, at, evidence?}}]
 *   inverse   {type, after{}} or {"none": reason}; filled in by the plan when absent
 *   dependsOn ["OP-n", ...] */
struct msx_plan {
    char *path;  /* NULL when only in memory */
    json_t *doc; /* owned */
};

enum msx_code msx_plan_new(struct msx_crm *crm, const char *path, struct msx_plan **out,
                           struct msx_error *err) MSX_MUST_CHECK;
/* Reads the bytes once. MSX_E_NOTFOUND, MSX_E_INVALID (names operation and member), MSX_E_LIMIT. */
enum msx_code msx_plan_load(const char *path, struct msx_plan **out,
                            struct msx_error *err) MSX_MUST_CHECK;
enum msx_code msx_plan_check(const json_t *doc, struct msx_error *err) MSX_MUST_CHECK;
enum msx_code msx_plan_save(const struct msx_plan *p, struct msx_error *err) MSX_MUST_CHECK;
void msx_plan_free(struct msx_plan *p);
MSX_DEFINE_AUTO(struct msx_plan, msx_plan_free)
/* Keep other writers of the plan file out from before it is loaded until it is saved; waits for
 * them for a while. fd_out: for msx_lock_release(). MSX_E_CONFLICT: it stays in use. */
enum msx_code msx_plan_lock(const struct msx_ctx *ctx, const char *path, int *fd_out,
                            struct msx_error *err) MSX_MUST_CHECK;
/* Default path of a new plan in the state folder; new string. */
enum msx_code msx_plan_default_path(const struct msx_ctx *ctx, char **out,
                                    struct msx_error *err) MSX_MUST_CHECK;

/* Checks of operations that need rules (skills/): given by the layer above; may be absent.
 * Fills op["guardrails"] with [{id, outcome pass|warn|block, message, cleared_by?, override?}] of
 * those that fired. fresh: the record as it is now, or NULL when planning or for a create. When op
 * is one of plan_doc's own (planning), what is said of a plan as a whole is brought up to date in
 * its other operations, too. */
struct msx_guard {
    enum msx_code (*check)(void *user, const json_t *plan_doc, json_t *op, const json_t *fresh,
                           struct msx_error *err);
    void *user;
    /* ops are about to be checked, one after the other: read at once what all of them need. May be
     * NULL. */
    enum msx_code (*prepare)(void *user, const json_t *ops, struct msx_error *err);
};

/* A msx_stage that adds to the plan file at path (made if missing; locked, replaced durably on each
 * add; ids OP-1.. never reused). path NULL: default path on the first add. */
enum msx_code msx_plan_stage_new(struct msx_crm *crm, const char *path,
                                 const struct msx_guard *guard, struct msx_stage **out,
                                 struct msx_error *err) MSX_MUST_CHECK;
const char *msx_plan_stage_path(const struct msx_stage *stage); /* NULL before the first add */
void msx_plan_stage_free(struct msx_stage *stage);

/* Remove operations (ids NULL = all), and what depends on them. Removed ids in *dropped. */
enum msx_code msx_plan_drop(struct msx_plan *p, const char *const *ids, size_t n, json_t **dropped,
                            struct msx_error *err) MSX_MUST_CHECK;

/* Change what operation `id` of the plan file writes. fields: values by column or tool parameter,
 * as text or JSON; fill: values for blanks "<<name>>" in the operation's texts, by name. Both may
 * be NULL. MSX_E_NOTFOUND (operation), MSX_E_USAGE (no such field, blank or value), MSX_E_CONFLICT
 * (the record has changed since it was planned), and what msx_op_build() fails with. */
enum msx_code msx_plan_edit(struct msx_crm *crm, const char *path, const char *id,
                            const json_t *fields, const json_t *fill, const struct msx_guard *guard,
                            struct msx_error *err) MSX_MUST_CHECK;

/* 12 hexadecimal digits of the SHA-256 of the canonical form of everything that will be sent and
 * everything the user is shown. ids NULL = all operations. */
enum msx_code msx_plan_confirmation(const json_t *doc, const char *const *ids, size_t n,
                                    char out[13], struct msx_error *err) MSX_MUST_CHECK;
/* The approval cards: {plan, org, user, count, cards:[{id,type,role,customer,opportunity,record,
 * rows[],why,impact,risk,guardrails[],...}], confirmation}. New object. */
enum msx_code msx_plan_cards(const struct msx_plan *p, json_t **out,
                             struct msx_error *err) MSX_MUST_CHECK;
/* The same, with each card's "live": what differs in CRM now. */
enum msx_code msx_plan_live(struct msx_crm *crm, const struct msx_plan *p, json_t **out,
                            struct msx_error *err) MSX_MUST_CHECK;

enum msx_on_conflict { MSX_CONFLICT_FAIL, MSX_CONFLICT_SKIP, MSX_CONFLICT_REBASE };
struct msx_apply_options {
    const char *confirm;     /* confirmation the person saw; must match (MSX_E_CONFLICT) */
    const char *const *only; /* operation ids, NULL = all */
    size_t only_n;
    bool resume; /* go on with an earlier apply of this plan; the confirmation that
                  * was given then is in the journal, so confirm may be NULL */
    enum msx_on_conflict on_conflict;
    const struct msx_guard *guard;                   /* run again on the live record; may be NULL */
    void (*progress)(void *user, const json_t *row); /* each operation as it ends; may be NULL */
    void *progress_user;
};
/**
 * Carry out a plan, each operation at most once whatever happens (architecture.md section 6).
 * @param report_out new {plan, confirmation, undo, counts{}, operations:[{id,type,record,outcome,
 *   verified,httpStatus,code,message,retryable,requestId}]}; set also when the return is one of
 *   PARTIAL, CONFLICT, REFUSED, UNKNOWN, CANCELLED after the start
 * @return MSX_OK all applied (now or before); MSX_E_PARTIAL; MSX_E_CONFLICT; MSX_E_REFUSED;
 *   MSX_E_UNKNOWN; MSX_E_DENIED (other org or user); MSX_E_IO (audit log or journal cannot be
 *   written: nothing was sent); MSX_E_INVALID; MSX_E_CANCELLED; the first error if nothing was done
 */
enum msx_code msx_plan_apply(struct msx_crm *crm, const struct msx_plan *p,
                             const struct msx_apply_options *opts, json_t **report_out,
                             struct msx_error *err) MSX_MUST_CHECK;

/**
 * Check the hash chain of an audit log (state_dir/audit.jsonl).
 * @param report_out new {lines, torn, head, firstBad?}: head is the SHA-256 of the last line, to be
 *   kept elsewhere by whoever wants to notice a log that was cut; torn counts lines broken by a
 *   crash (they are part of the chain). May be NULL
 * @return MSX_OK; MSX_E_INVALID names the first line that does not follow from the one before;
 *   MSX_E_NOTFOUND, MSX_E_IO, MSX_E_LIMIT, MSX_E_NOMEM
 */
enum msx_code msx_audit_verify(const char *path, json_t **report_out,
                               struct msx_error *err) MSX_MUST_CHECK;

#endif
