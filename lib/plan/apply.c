/* The apply executor: carries out a plan so that each operation takes effect at most once, and says
 * what became of each.
 *
 * What it rests on:
 * - A create is an upsert of the GUID chosen in the plan under "If-None-Match: *", an update a
 * PATCH under the ETag of the record as it was just compared. The service itself executes at most
 * one of two equal requests; there is no unconditional write and no force.
 * - state_dir/apply/<key>.lock is held from before the journal is read until the end: one apply of
 * a plan at a time. The key comes from the plan's own id (or, in a plan written by hand, from what
 * it does), so that a copy of the file is the same plan.
 * - state_dir/journal/<key>.jsonl: an intent is durable before its request leaves, an outcome
 * before it is shown. Operations are known there by what they do (type, record, ETag, values), so
 * an operation that was edited is a new one.
 * - The journal alone only ever says "this is done". Everything else is decided from the record:
 * see op.c. Therefore a crash anywhere, a lost answer, a torn or lost journal line and a second
 * apply all end with one effect.
 * - The audit log comes first of all: when it, the lock or the journal cannot be written, nothing
 * is sent.
 * - --resume needs no confirmation because the journal holds the one that the person gave; it must
 *   still fit the plan, so an edited plan is confirmed again.
 * - A write that cannot be verified stops the plan: what runs is settled, nothing more is started.
 * - Cancelling stops new requests; those under way are settled and written down. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "msxops/date.h"
#include "msxops/file.h"
#include "msxops/mem.h"
#include "plan/exec.h"

struct scope { /* what the run is about: --only, or on resume that of the earlier apply */
    const char **ids;
    size_t n;
};

/* ---- the lock ---- */

static enum msx_code take_lock(const struct msx_ctx *ctx, const char *key, int *fd,
                               struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *dir = msx_path_join(ctx->state_dir, "apply");
    MSX_AUTO(msx_free_p) char *path = dir ? msx_asprintf("%s/%s.lock", dir, key) : NULL;
    MSX_AUTO(msx_buf_release) struct msx_buf holder = MSX_BUF_INIT(64);
    char pid[24];
    enum msx_code rc;
    int n;

    if (!path)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_mkdirs(dir, 0700, err);
    if (!rc)
        rc = msx_lock_acquire(path, 0, fd, err);
    if (rc == MSX_E_CONFLICT) {
        if (msx_file_read(path, &holder, NULL) == MSX_OK && holder.len > 0)
            (void)msx_fail(err, MSX_E_CONFLICT, "this plan is being applied by process %.20s",
                           holder.data);
        else
            (void)msx_fail(err, MSX_E_CONFLICT, "this plan is being applied by another process");
        msx_hint(err, "wait until it has ended");
    }
    if (rc)
        return rc;
    n = snprintf(pid, sizeof pid, "%ld", (long)getpid());
    if (ftruncate(*fd, 0) != 0 || pwrite(*fd, pid, (size_t)n, 0) != n)
        return msx_fail_errno(err, errno, "cannot write '%s'", path);
    return MSX_OK;
}

/* ---- what was confirmed ---- */

/* The operation ids of an earlier apply; NULL and 0 for "all". */
static enum msx_code scope_of(const json_t *header, struct scope *s, struct msx_error *err)
{
    json_t *list = msx_json_arr(header, "only"), *v;
    size_t i;

    if (!list)
        return MSX_OK;
    s->ids = msx_calloc(json_array_size(list) + 1, sizeof *s->ids);
    if (!s->ids)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    json_array_foreach(list, i, v) {
        if (json_is_string(v))
            s->ids[s->n++] = json_string_value(v);
    }
    return MSX_OK;
}

static enum msx_code refuse_unconfirmed(const char *why, struct msx_error *err)
{
    (void)msx_fail(err, MSX_E_CONFLICT, "%s", why);
    msx_hint(err, "msxops diff PLAN shows the plan and its confirmation ID; then msxops apply PLAN "
                  "--confirm ID");
    return MSX_E_CONFLICT;
}

/* now is the ID of what is to be applied. Who has confirmed the whole plan, which is the ID that
 * `diff` prints, has confirmed each part of it. */
static enum msx_code check_confirmed(const struct msx_apply_options *opts, const json_t *doc,
                                     const json_t *header, const char *now, struct msx_error *err)
{
    const char *then = msx_json_str(header, "confirmation");
    char whole[13];
    enum msx_code rc;

    if (opts->confirm) {
        if (strcmp(opts->confirm, now) == 0)
            return MSX_OK;
        rc = msx_plan_confirmation(doc, NULL, 0, whole, err);
        if (rc)
            return rc;
        if (strcmp(opts->confirm, whole) == 0)
            return MSX_OK;
        return refuse_unconfirmed("the confirmation does not match the plan as it is now", err);
    }
    if (!opts->resume)
        return refuse_unconfirmed("the plan is not confirmed", err);
    if (!then)
        return refuse_unconfirmed("there is nothing to resume: no apply of this plan was started",
                                  err);
    if (strcmp(then, now) != 0)
        return refuse_unconfirmed("the plan was changed since the apply that is to be resumed",
                                  err);
    return MSX_OK;
}

/* ---- beginning and end ---- */

static json_t *begin_line(const struct plan_run *x, const char *at)
{
    const json_t *user = msx_json_obj(x->doc, "user");
    json_t *only = NULL;

    if (x->opts->only) {
        only = json_array();
        for (size_t i = 0; only && i < x->opts->only_n; i++) {
            if (json_array_append_new(only, json_string(x->opts->only[i])) < 0) {
                json_decref(only);
                return NULL;
            }
        }
        if (!only)
            return NULL;
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:{s:s, s:s?}, s:s?, s:b, s:o?}", "t",
                     "apply", "at", at, "confirmation", x->confirmation, "sha256", x->plan_sha,
                     "plan", msx_json_str(x->doc, "planId"), "org", msx_json_str(x->doc, "org"),
                     "user", "id", msx_json_str_or(user, "id", ""), "name",
                     msx_json_str(user, "name"), "tool", x->ctx->tool_version, "resume",
                     x->opts->resume, "only", only);
}

static enum msx_code begin(struct plan_run *x, struct msx_error *err)
{
    enum msx_code rc;
    char at[21];

    msx_time_format(x->ctx->now_s(x->ctx->now_user), at);
    rc = plan_audit_add(x->audit, begin_line(x, at), err);
    return rc ? rc : plan_journal_add(x->journal, begin_line(x, at), err);
}

static json_t *end_line(const struct plan_run *x, const char *at, const char *undo)
{
    MSX_AUTO(msx_json_free_p) json_t *outcomes = json_object();

    for (size_t i = 0; i < x->n; i++) {
        if (!x->ops[i].in_scope)
            continue;
        if (!outcomes || json_object_set_new(outcomes, plan_op_id(x->ops[i].op),
                                             json_string(plan_outcome_name(x->ops[i].outcome))) < 0)
            return NULL;
    }
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:O}", "t", "end", "at", at, "confirmation",
                     x->confirmation, "plan", msx_json_str(x->doc, "planId"), "undo", undo,
                     "outcomes", outcomes);
}

/* The undo plan of all that this plan has done so far. When this run has done nothing, the one of
 * the earlier run stays as it is: the person may be at work on it. */
static enum msx_code write_undo(const struct plan_run *x, const char *key, char **path_out,
                                struct msx_error *err)
{
    const char *before = msx_json_str(plan_journal_end(x->journal), "undo");
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;
    MSX_AUTO(msx_free_p) char *dir = msx_path_join(x->ctx->state_dir, "plans");
    MSX_AUTO(msx_free_p) char *path = NULL;
    bool fresh = false, incomplete = !before || plan_journal_unfinished(x->journal);
    enum msx_code rc;
    char day[11];

    for (size_t i = 0; i < x->n; i++) {
        const struct plan_op *r = &x->ops[i];

        fresh = fresh || (r->ours && plan_is_done(r->outcome) && (!r->from_journal || incomplete));
    }
    if (!fresh) {
        *path_out = msx_strdup(before);
        return before && !*path_out ? msx_fail(err, MSX_E_NOMEM, "out of memory") : MSX_OK;
    }
    rc = plan_undo_doc(x, &doc, err);
    if (rc || !doc)
        return rc;
    msx_day_format(x->ctx->today, day);
    path = dir ? msx_asprintf("%s/undo-%s-%.8s.plan.json", dir, day, key) : NULL;
    if (!path)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_mkdirs(dir, 0700, err);
    if (!rc)
        rc = plan_doc_save(path, doc, err);
    if (!rc)
        *path_out = MSX_STEAL(path);
    return rc;
}

static enum msx_code finish(struct plan_run *x, const struct msx_plan *p, const char *key,
                            json_t **report_out, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *undo = NULL;
    MSX_AUTO(msx_json_free_p) json_t *report = plan_run_report(x);
    struct msx_error e = MSX_ERROR_INIT, undo_err = MSX_ERROR_INIT;
    enum msx_code rc, undo_rc = write_undo(x, key, &undo, &undo_err);
    char at[21];

    msx_time_format(x->ctx->now_s(x->ctx->now_user), at);
    rc = plan_audit_add(x->audit, end_line(x, at, undo), &e);
    if (!rc)
        rc = plan_journal_add(x->journal, end_line(x, at, undo), &e);
    if (!report ||
        json_object_set_new(report, "plan", p->path ? json_string(p->path) : json_null()) < 0 ||
        msx_json_set_str(report, "confirmation", x->confirmation) < 0 ||
        msx_json_set_str(report, "undo", undo) < 0 ||
        (undo_rc && msx_json_set_str(report, "undoError", undo_err.msg) < 0))
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    /* the outcome of the operations says more than what could not be written about them */
    if (plan_run_code(x, err) != MSX_OK) {
        *report_out = MSX_STEAL(report);
        return plan_run_code(x, NULL);
    }
    *report_out = MSX_STEAL(report);
    if (undo_rc) {
        if (err)
            *err = undo_err;
        return msx_wrap(err, undo_rc, "all operations are applied, but not the undo plan written");
    }
    if (rc) {
        if (err)
            *err = e;
        return msx_wrap(err, rc, "all operations are applied");
    }
    return MSX_OK;
}

static enum msx_code hash_plan(const json_t *doc, char sha[65], struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(2 * MSX_PLAN_MAX_BYTES);
    enum msx_code rc;

    msx_json_canonical(&b, doc);
    rc = msx_buf_finish(&b, "plan", err);
    if (!rc)
        msx_sha256_hex(b.data, b.len, sha);
    return rc;
}

/* With the lock held and the logs open. */
static enum msx_code run(struct plan_run *x, const struct msx_plan *p, const char *key,
                         json_t **report_out, struct msx_error *err)
{
    enum msx_code rc = plan_run_init(x, err);

    if (!rc)
        rc = begin(x, err);
    if (!rc) {
        plan_run_all(x);
        rc = finish(x, p, key, report_out, err);
    }
    plan_run_release(x);
    return rc;
}

enum msx_code plan_apply(const struct msx_ctx *ctx, const struct plan_io *io,
                         const struct msx_plan *p, const struct msx_apply_options *opts,
                         json_t **report_out, struct msx_error *err)
{
    struct msx_apply_options used = *opts;
    struct plan_run x = { .ctx = ctx, .io = io, .doc = p->doc, .opts = &used };
    struct scope scope = { NULL, 0 };
    MSX_AUTO(msx_lock_release_p) int lock = -1;
    MSX_AUTO(plan_journal_close_p) struct plan_journal *journal = NULL;
    MSX_AUTO(plan_audit_close_p) struct plan_audit *audit = NULL;
    char key[33], confirmation[13], sha[65];
    enum msx_code rc = msx_plan_check(p->doc, err);

    if (!rc && json_array_size(msx_json_arr(p->doc, "operations")) == 0)
        rc = msx_fail(err, MSX_E_INVALID, "the plan has no operations");
    if (!rc)
        rc = plan_journal_key(p->doc, key, err);
    if (!rc)
        rc = hash_plan(p->doc, sha, err);
    if (!rc)
        rc = take_lock(ctx, key, &lock, err);
    if (!rc)
        rc = plan_audit_open(ctx, &audit, err);
    if (!rc)
        rc = plan_journal_open(ctx, key, &journal, err);
    if (!rc && opts->resume && !opts->only && !opts->confirm) {
        rc = scope_of(plan_journal_header(journal), &scope, err);
        used.only = scope.ids;
        used.only_n = scope.n;
    }
    if (!rc)
        rc = msx_plan_confirmation(p->doc, used.only, used.only_n, confirmation, err);
    if (!rc)
        rc = check_confirmed(opts, p->doc, plan_journal_header(journal), confirmation, err);
    if (!rc) {
        x.journal = journal;
        x.audit = audit;
        x.confirmation = confirmation;
        x.plan_sha = sha;
        rc = run(&x, p, key, report_out, err);
    }
    msx_free(scope.ids);
    return rc;
}
