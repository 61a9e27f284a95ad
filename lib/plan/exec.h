/* One run of the executor: the operations, what is known of each, and the transport. */
#ifndef MSX_PLAN_EXEC_H
#define MSX_PLAN_EXEC_H

#include <pthread.h>

#include "plan/journal.h"
#include "plan/plan_priv.h"

#define PLAN_NONE ((size_t)-1)

/* What the executor needs of the world. Called from several threads at once. */
struct plan_sent {
    int http_status;     /* 0: no answer */
    char request_id[80]; /* of the answer, "" when there is none */
    bool maybe;          /* after a failure: the request may have been executed all the same */
};
struct plan_io {
    void *user;
    /* The request that carries op out, with op.before's ETag. New {method, path, headers, body}. */
    enum msx_code (*request)(void *user, const json_t *op, json_t **req, struct msx_error *err);
    /* Send it once. MSX_OK: answered 2xx. */
    enum msx_code (*send)(void *user, const json_t *op, const json_t *req, struct plan_sent *sent,
                          struct msx_error *err);
    /* The record that op is about as it is now, new; *record NULL and MSX_OK when it is not there.
     */
    enum msx_code (*read)(void *user, const json_t *op, json_t **record, struct msx_error *err);
    void (*pause)(void *user, long ms);
};

enum plan_outcome {
    PLAN_PENDING,
    PLAN_APPLIED,
    PLAN_ALREADY,
    PLAN_CONFLICT,
    PLAN_REFUSED,
    PLAN_FAILED,
    PLAN_SKIPPED,
    PLAN_UNKNOWN,
    PLAN_OUTCOMES /* how many */
};
const char *plan_outcome_name(enum plan_outcome o); /* "already-applied" */
static inline bool plan_is_done(enum plan_outcome o)
{
    return o == PLAN_APPLIED || o == PLAN_ALREADY;
}

struct plan_op {
    const json_t *op; /* as in the document */
    const struct plan_type *type;
    char digest[65];
    bool in_scope; /* false: left out by --only; its outcome is then what an earlier apply left */
    size_t *deps;  /* indices of the operations it depends on */
    size_t n_deps;
    size_t earlier;         /* the operation before it on the same record, or PLAN_NONE */
    bool running, finished; /* under the run's mutex; the rest belongs to the thread that runs it,
                             * and to everybody once finished */

    json_t *live;       /* copy that the guard fills and whose ETag moves */
    json_t *expect;     /* what the record should hold before the write */
    bool open;          /* a request left whose effect is not settled */
    int sends, rebases; /* in this run */
    json_int_t tries;   /* over all runs */

    enum plan_outcome outcome;
    int verified;      /* 1 read back and as asked, 0 not, -1 nothing was written */
    bool recovered;    /* found done after a crash or a lost answer */
    bool rebased;      /* went on with a newer ETag */
    bool from_journal; /* known from an earlier apply; not written again */
    bool ours;         /* a request of this plan did it, now or earlier: it can be taken back */
    bool lost;         /* failed, with a request under way whose effect was not seen */
    int http_status;
    enum msx_code code;
    bool retryable;
    char request_id[80];
    char message[600];
    char hint[300];
    json_t *details; /* touched columns of a conflict, or what a failed verification saw */
    json_t *state;   /* written and guarded columns as the operation left them, with the ETag */
};

struct plan_run {
    const struct msx_ctx *ctx;
    const struct plan_io *io;
    const json_t *doc;
    const struct msx_apply_options *opts;
    struct plan_journal *journal;
    struct plan_audit *audit;
    const char *confirmation;
    const char *plan_sha; /* of the whole document */
    struct plan_op *ops;
    size_t n;

    pthread_mutex_t mutex; /* holds running and finished of all, and stop */
    pthread_cond_t moved;
    pthread_mutex_t guard; /* one guard check at a time */
    bool stop;             /* start nothing more */
    enum msx_code stop_code;
    char stop_why[400];
    bool has_locks;
};

/* ---- exec.c ---- */
/* Fill x->ops from x->doc, opts->only and the journal. */
enum msx_code plan_run_init(struct plan_run *x, struct msx_error *err) MSX_MUST_CHECK;
/* Carry out all operations in scope; every one has an outcome afterwards. */
void plan_run_all(struct plan_run *x);
void plan_run_release(struct plan_run *x);
/* Start nothing more; the first reason stays. */
void plan_run_stop(struct plan_run *x, enum msx_code code, const char *fmt, ...) MSX_PRINTF(3, 4);
bool plan_run_stopped(struct plan_run *x, struct msx_error *why);

/* ---- op.c ---- */
void plan_op_carry_out(struct plan_run *x, struct plan_op *r);

/* ---- settle.c: outcomes and what is written down of them ---- */
void plan_op_end(struct plan_op *r, enum plan_outcome outcome, const struct msx_error *e);
/* Keep the columns of record that the operation wrote or rested on. */
enum msx_code plan_op_keep_state(struct plan_op *r, const json_t *record,
                                 struct msx_error *err) MSX_MUST_CHECK;
void plan_op_conflict(struct plan_run *x, struct plan_op *r, struct plan_compare *cmp,
                      const json_t *now);
enum msx_code plan_op_intent(struct plan_run *x, struct plan_op *r, const json_t *req,
                             struct msx_error *err) MSX_MUST_CHECK;
/* Journal and audit log; a failure stops the run. */
void plan_op_write_down(struct plan_run *x, struct plan_op *r);

/* ---- report.c ---- */
json_t *plan_op_row(const struct plan_op *r); /* new; NULL when out of memory */
/* {counts, operations} of the operations in scope. New; NULL when out of memory. */
json_t *plan_run_report(const struct plan_run *x);
/* The code of the whole run, with one line about it. */
enum msx_code plan_run_code(const struct plan_run *x, struct msx_error *err);

/* ---- undo.c ---- */
/* A plan that takes back what is done; NULL document when nothing can be taken back. */
enum msx_code plan_undo_doc(const struct plan_run *x, json_t **out,
                            struct msx_error *err) MSX_MUST_CHECK;

/* ---- apply.c ---- */
/* msx_plan_apply() over any transport. undo_path_out: new string or NULL. */
enum msx_code plan_apply(const struct msx_ctx *ctx, const struct plan_io *io,
                         const struct msx_plan *p, const struct msx_apply_options *opts,
                         json_t **report_out, struct msx_error *err) MSX_MUST_CHECK;

#endif
