/* The stage of the planning tools: adds operations to a plan file. Each call locks the plan, reads
 * it, changes it and replaces it durably, so that several programs can plan into one file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "msxops/date.h"
#include "msxops/file.h"
#include "msxops/mem.h"
#include "plan/plan_priv.h"

#define ID_MAX 999999999

struct stage {
    struct msx_stage base; /* first: it is what callers hold */
    struct msx_crm *crm;
    const struct msx_guard *guard;
    char *path;
};

/* The file of the first add, locked; nobody else can have chosen it too. */
static enum msx_code choose_path(struct stage *s, int *fd, struct msx_error *err)
{
    for (;;) {
        MSX_AUTO(msx_free_p) char *path = NULL;
        struct stat st;
        enum msx_code rc = msx_plan_default_path(s->crm->ctx, &path, err);

        if (!rc)
            rc = msx_plan_lock(s->crm->ctx, path, fd, err);
        if (rc)
            return rc;
        if (lstat(path, &st) != 0 && errno == ENOENT) {
            s->path = MSX_STEAL(path);
            return MSX_OK;
        }
        msx_lock_release(*fd); /* taken while we waited: the next number */
        *fd = -1;
    }
}

static enum msx_code open_plan(struct stage *s, struct msx_plan **p, struct msx_error *err)
{
    enum msx_code rc = msx_plan_load(s->path, p, err);

    if (rc == MSX_E_NOTFOUND)
        return msx_plan_new(s->crm, s->path, p, err);
    return rc ? rc : plan_check_owner(s->crm, (*p)->doc, err);
}

/* ---- what an operation gets when it enters the plan ---- */

static enum msx_code next_id(json_t *doc, char out[24], struct msx_error *err)
{
    json_int_t next = 0;
    json_t *op;
    size_t i;

    if (!msx_json_int(doc, "nextId", &next)) {
        next = 1;
        json_array_foreach(msx_json_arr(doc, "operations"), i, op) {
            json_int_t n = (json_int_t)plan_id_number(plan_op_id(op));

            next = n >= next ? n + 1 : next;
        }
    }
    if (next < 1 || next > ID_MAX)
        return msx_fail(err, MSX_E_LIMIT, "the plan has no operation numbers left");
    (void)snprintf(out, 24, "OP-%lld", (long long)next);
    if (json_object_set_new(doc, "nextId", json_integer(next + 1)) < 0)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return MSX_OK;
}

/* A task is closed only after what is planned on it before. */
static enum msx_code add_dependencies(const json_t *doc, json_t *op, struct msx_error *err)
{
    json_t *list = msx_json_arr(op, "dependsOn"), *other;
    size_t i;

    if (strcmp(msx_json_str_or(op, "type", ""), "close_task") != 0)
        return MSX_OK;
    if (!list) {
        list = json_array();
        if (json_object_set_new(op, "dependsOn", list) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    json_array_foreach(msx_json_arr(doc, "operations"), i, other) {
        if (plan_same_record(op, other) &&
            json_array_append_new(list, json_string(plan_op_id(other))) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    return MSX_OK;
}

static enum msx_code add_inverse(struct stage *s, json_t *op, struct msx_error *err)
{
    const struct plan_type *t = plan_op_type(op);
    json_int_t cancelled = -1;

    if (json_object_get(op, "inverse"))
        return MSX_OK;
    /* without that status a milestone that was made has no inverse, and the plan says so */
    if (t->create && !plan_type_is_task(t) &&
        msx_label_code(s->crm, t->logical, "msp_milestonestatus", "Cancelled", &cancelled, NULL))
        cancelled = -1;
    if (json_object_set_new(op, "inverse", plan_inverse(op, cancelled)) < 0)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return MSX_OK;
}

/* Everything that follows from what the operation does, made or made again. */
static enum msx_code dress(struct stage *s, json_t *doc, json_t *op, struct msx_error *err)
{
    enum msx_code rc = add_inverse(s, op, err);
    char at[21];

    if (rc)
        return rc;
    msx_time_format(s->crm->ctx->now_s(s->crm->ctx->now_user), at);
    if (json_object_set_new(op, "stagedAt", json_string(at)) < 0 ||
        (!json_object_get(op, "rows") && json_object_set_new(op, "rows", plan_rows(op)) < 0) ||
        (!msx_json_arr(op, "guardrails") &&
         json_object_set_new(op, "guardrails", json_array()) < 0))
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return s->guard ? s->guard->check(s->guard->user, doc, op, NULL, err) : MSX_OK;
}

/* Put id before the other members: it is what a reader of the file looks for. */
static int set_id(json_t *op, const char *id)
{
    MSX_AUTO(msx_json_free_p) json_t *rest = json_copy(op);

    if (!rest || json_object_clear(op) < 0 || msx_json_set_str(op, "id", id) < 0)
        return -1;
    (void)json_object_del(rest, "id"); /* may be absent */
    return json_object_update(op, rest);
}

static enum msx_code append_op(struct stage *s, json_t *doc, json_t *op, struct msx_error *err)
{
    json_t *ops = msx_json_arr(doc, "operations");
    enum msx_code rc;
    char id[24];

    if (json_array_size(ops) >= MSX_PLAN_MAX_OPS)
        return msx_fail(err, MSX_E_LIMIT, "a plan holds at most %d operations", MSX_PLAN_MAX_OPS);
    rc = next_id(doc, id, err);
    if (!rc)
        rc = add_dependencies(doc, op, err);
    if (rc)
        return rc;
    if (set_id(op, id) < 0 || json_array_append(ops, op) < 0)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return dress(s, doc, op, err);
}

/* What waited for an operation that is no change any more waits for nothing. */
static void forget(const json_t *doc, const char *id)
{
    json_t *op;
    size_t i;

    json_array_foreach(msx_json_arr(doc, "operations"), i, op) {
        json_t *list = msx_json_arr(op, "dependsOn");

        for (size_t k = json_array_size(list); k > 0; k--) {
            const char *s = json_string_value(json_array_get(list, k - 1));

            if (s && strcmp(s, id) == 0)
                (void)json_array_remove(list, k - 1); /* it is there: this cannot fail */
        }
    }
}

/* ---- the three calls ---- */

static json_t *said(const struct stage *s, const json_t *op, enum plan_merge merge)
{
    MSX_AUTO(msx_json_free_p) json_t *none = json_array();
    json_t *guardrails = msx_json_arr(op, "guardrails");
    json_t *result = json_pack("{s:s, s:s, s:O}", "operationId", plan_op_id(op), "plan", s->path,
                               "guardrails", guardrails ? guardrails : none);

    if (!result || merge == PLAN_MERGE_NONE)
        return result;
    /* the caller has described the operation as it came: say what it has become */
    if (json_object_set_new(result, merge == PLAN_MERGE_EMPTY ? "removed" : "merged", json_true()) <
            0 ||
        json_object_set(result, "after", json_object_get(op, "after")) < 0 ||
        json_object_set_new(result, "diff", plan_rows(op)) < 0) {
        json_decref(result);
        return NULL;
    }
    return result;
}

static enum msx_code put(struct stage *s, struct msx_plan *p, json_t *op, json_t **result,
                         struct msx_error *err)
{
    enum plan_merge merge;
    json_t *into = op;
    enum msx_code rc = plan_merge(p->doc, op, &merge, &into, err);

    if (!rc && merge == PLAN_MERGE_NONE)
        rc = append_op(s, p->doc, op, err);
    if (!rc && merge == PLAN_MERGE_DONE) {
        (void)json_object_del(into, "rows"); /* made again */
        rc = dress(s, p->doc, into, err);
    }
    if (rc)
        return rc;
    json_incref(into); /* it may leave the plan now */
    if (merge == PLAN_MERGE_EMPTY) {
        const char *id = plan_op_id(into);

        forget(p->doc, id);
        rc = msx_plan_drop(p, &id, 1, NULL, err);
    }
    if (!rc)
        rc = msx_plan_save(p, err);
    if (!rc) {
        *result = said(s, into, merge);
        if (!*result)
            rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    json_decref(into);
    return rc;
}

static enum msx_code stage_add(void *user, json_t *op, json_t **result, struct msx_error *err)
{
    struct stage *s = user;
    MSX_AUTO(msx_json_free_p) json_t *own = op;
    MSX_AUTO(msx_plan_free_p) struct msx_plan *p = NULL;
    MSX_AUTO(msx_lock_release_p) int lock = -1;
    enum msx_code rc = plan_check_op(op, "operation", err);

    if (!rc)
        rc = s->path ? msx_plan_lock(s->crm->ctx, s->path, &lock, err) : choose_path(s, &lock, err);
    if (!rc)
        rc = open_plan(s, &p, err);
    return rc ? rc : put(s, p, own, result, err);
}

static enum msx_code stage_coming(void *user, const json_t *ops, struct msx_error *err)
{
    const struct stage *s = user;

    return s->guard && s->guard->prepare ? s->guard->prepare(s->guard->user, ops, err) : MSX_OK;
}

/* flows[] and results[] of a plan hold each flow once, with what it answered last. */
static int name_result(json_t *doc, const json_t *summary)
{
    static const char *const members[] = { "flows", "results" };
    const char *flow = msx_json_str_or(summary, "flow", "");
    json_t *lists[2];
    size_t at = 0;

    for (size_t i = 0; i < 2; i++) {
        if (!msx_json_arr(doc, members[i]) && json_object_set_new(doc, members[i], json_array()))
            return -1;
        lists[i] = msx_json_arr(doc, members[i]);
    }
    while (at < json_array_size(lists[1]) &&
           strcmp(msx_json_str_or(json_array_get(lists[1], at), "flow", ""), flow) != 0)
        at++;
    if (at < json_array_size(lists[1]))
        return json_array_set(lists[1], at, (json_t *)(uintptr_t)summary);
    return json_array_append_new(lists[0], json_string(flow)) ||
           json_array_append(lists[1], (json_t *)(uintptr_t)summary);
}

static enum msx_code stage_result(void *user, const json_t *summary, struct msx_error *err)
{
    struct stage *s = user;
    MSX_AUTO(msx_plan_free_p) struct msx_plan *p = NULL;
    MSX_AUTO(msx_lock_release_p) int lock = -1;
    enum msx_code rc;

    if (!s->path)
        return MSX_OK; /* nothing was added */
    rc = msx_plan_lock(s->crm->ctx, s->path, &lock, err);
    if (!rc)
        rc = msx_plan_load(s->path, &p, err);
    if (rc)
        return rc == MSX_E_NOTFOUND ? MSX_OK : rc;
    rc = plan_check_owner(s->crm, p->doc, err);
    if (!rc && name_result(p->doc, summary))
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    return rc ? rc : msx_plan_save(p, err);
}

static enum msx_code stage_list(void *user, json_t **ops, struct msx_error *err)
{
    const struct stage *s = user;
    MSX_AUTO(msx_plan_free_p) struct msx_plan *p = NULL;
    enum msx_code rc = s->path ? msx_plan_load(s->path, &p, err) : MSX_E_NOTFOUND;

    if (rc && rc != MSX_E_NOTFOUND)
        return rc;
    *ops = rc ? json_array() : json_incref(msx_json_arr(p->doc, "operations"));
    return *ops ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

static enum msx_code stage_cancel(void *user, const char *id, json_t **result,
                                  struct msx_error *err)
{
    struct stage *s = user;
    MSX_AUTO(msx_plan_free_p) struct msx_plan *p = NULL;
    MSX_AUTO(msx_json_free_p) json_t *dropped = NULL;
    MSX_AUTO(msx_lock_release_p) int lock = -1;
    enum msx_code rc;

    if (!s->path)
        return msx_fail(err, MSX_E_NOTFOUND, "there is no plan yet");
    rc = msx_plan_lock(s->crm->ctx, s->path, &lock, err);
    if (!rc)
        rc = msx_plan_load(s->path, &p, err);
    if (!rc)
        rc = plan_check_owner(s->crm, p->doc, err);
    if (!rc)
        rc = msx_plan_drop(p, id ? &id : NULL, id ? 1 : 0, &dropped, err);
    if (!rc)
        rc = msx_plan_save(p, err);
    if (rc)
        return rc;
    *result =
        json_pack("{s:O, s:I, s:s}", "cancelled", dropped, "remaining",
                  (json_int_t)json_array_size(msx_json_arr(p->doc, "operations")), "plan", s->path);
    return *result ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

static const char *stage_path(void *user)
{
    return ((const struct stage *)user)->path;
}

enum msx_code msx_plan_stage_new(struct msx_crm *crm, const char *path,
                                 const struct msx_guard *guard, struct msx_stage **out,
                                 struct msx_error *err)
{
    struct stage *s = msx_calloc(1, sizeof *s);

    if (!s)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *s = (struct stage){
        .base = { .add = stage_add,
                  .list = stage_list,
                  .cancel = stage_cancel,
                  .user = s,
                  .path = stage_path,
                  .coming = stage_coming,
                  .result = stage_result },
        .crm = crm,
        .guard = guard,
        .path = msx_strdup(path),
    };
    if (path && !s->path) {
        msx_free(s);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    *out = &s->base;
    return MSX_OK;
}

const char *msx_plan_stage_path(const struct msx_stage *stage)
{
    return ((const struct stage *)stage->user)->path;
}

void msx_plan_stage_free(struct msx_stage *stage)
{
    struct stage *s = stage ? stage->user : NULL;

    if (!s)
        return;
    msx_free(s->path);
    msx_free(s);
}
