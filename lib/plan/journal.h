/* The two logs of an apply: the journal, from which a later apply goes on, and the audit log, which
 * says who did what. Lines of operations that run at the same time are made durable together. */
#ifndef MSX_PLAN_JOURNAL_H
#define MSX_PLAN_JOURNAL_H

#include "msxops/ctx.h"
#include "msxops/json.h"

/* ---- queue.c: many threads add lines, one of them writes for all ---- */
struct plan_queue;
/* Make the lines (array of objects) durable; called by one thread at a time. */
typedef enum msx_code (*plan_commit_fn)(void *user, json_t *lines, struct msx_error *err);
enum msx_code plan_queue_new(plan_commit_fn fn, void *user, struct plan_queue **out,
                             struct msx_error *err) MSX_MUST_CHECK;
void plan_queue_free(struct plan_queue *q);
/* Returns when line (stolen, NULL is out of memory) is durable. The first failure sticks: nothing
 * is written after it, and every later call answers it. */
enum msx_code plan_queue_add(struct plan_queue *q, json_t *line,
                             struct msx_error *err) MSX_MUST_CHECK;

/* ---- journal.c ---- */
struct plan_journal;
/* Names the journal and the lock of a plan: what it holds, not where the file lies. */
enum msx_code plan_journal_key(const json_t *doc, char out[33],
                               struct msx_error *err) MSX_MUST_CHECK;
/* Names an operation in the journal: what it does, not its number. */
enum msx_code plan_op_digest(const json_t *op, char out[65], struct msx_error *err) MSX_MUST_CHECK;
/* Open for reading and adding; the apply lock must be held. */
enum msx_code plan_journal_open(const struct msx_ctx *ctx, const char *key,
                                struct plan_journal **out, struct msx_error *err) MSX_MUST_CHECK;
void plan_journal_close(struct plan_journal *j);
MSX_DEFINE_AUTO(struct plan_journal, plan_journal_close)
/* The last "apply" line and the last "end" line as found at opening; NULL when there is none. */
const json_t *plan_journal_header(const struct plan_journal *j);
const json_t *plan_journal_end(const struct plan_journal *j);
/* The last run did not come to its end. */
bool plan_journal_unfinished(const struct plan_journal *j);
/* What is known of an operation as found at opening: its last intent and the outcome that followed
 * it; NULL when there is none. Borrowed. */
const json_t *plan_journal_intent(const struct plan_journal *j, const char *digest);
const json_t *plan_journal_outcome(const struct plan_journal *j, const char *digest);
/* Tries so far, over all applies. */
json_int_t plan_journal_tries(const struct plan_journal *j, const char *digest);
/* As plan_queue_add(). */
enum msx_code plan_journal_add(struct plan_journal *j, json_t *line,
                               struct msx_error *err) MSX_MUST_CHECK;

/* ---- audit.c ---- */
struct plan_audit;
enum msx_code plan_audit_open(const struct msx_ctx *ctx, struct plan_audit **out,
                              struct msx_error *err) MSX_MUST_CHECK;
void plan_audit_close(struct plan_audit *a);
MSX_DEFINE_AUTO(struct plan_audit, plan_audit_close)
enum msx_code plan_audit_add(struct plan_audit *a, json_t *line,
                             struct msx_error *err) MSX_MUST_CHECK;

#endif
