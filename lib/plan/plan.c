/* Plan files: made, read, kept, and cut. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "msxops/date.h"
#include "msxops/file.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "plan/plan_priv.h"

#define LOCK_WAIT_MS 15000

enum msx_code plan_doc_new(const char *org, const json_t *me, const char *role, const char *tool,
                           int64_t now_s, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;
    char id[MSX_GUID_LEN + 1], user[MSX_GUID_LEN + 1], at[21];
    MSX_AUTO(msx_free_p) char *program = msx_asprintf("msxops %s", tool ? tool : "");
    enum msx_code rc;

    if (!msx_guid_parse(msx_json_str_or(me, "systemuserid", ""), user))
        return msx_fail(err, MSX_E_SERVER, "the service did not say who is signed in");
    rc = msx_guid_new(id, err);
    if (rc)
        return rc;
    msx_time_format(now_s, at);
    if (!program)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    doc = json_pack("{s:s, s:i, s:s, s:s, s:{s:s, s:s?, s:s?}, s:s?, s:s, s:s, s:i, s:[]}",
                    "format", PLAN_FORMAT, "version", PLAN_VERSION, "planId", id, "org", org,
                    "user", "id", user, "name", msx_json_str(me, "fullname"), "email",
                    msx_json_str(me, "internalemailaddress"), "role", role, "created", at, "tool",
                    program, "nextId", 1, "operations");
    if (!doc)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = MSX_STEAL(doc);
    return MSX_OK;
}

enum msx_code msx_plan_load(const char *path, struct msx_plan **out, struct msx_error *err)
{
    MSX_AUTO(msx_plan_free_p) struct msx_plan *p = msx_calloc(1, sizeof *p);
    enum msx_code rc;

    if (!p)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    p->path = msx_strdup(path);
    if (!p->path)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_json_load(path, MSX_PLAN_MAX_BYTES, &p->doc, err);
    if (rc)
        return rc;
    rc = msx_plan_check(p->doc, err);
    if (rc)
        return msx_wrap(err, rc, "plan '%s'", path);
    *out = MSX_STEAL(p);
    return MSX_OK;
}

enum msx_code plan_doc_save(const char *path, const json_t *doc, struct msx_error *err)
{
    char *text = json_dumps(doc, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    enum msx_code rc;
    size_t n;

    if (!text)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    n = strlen(text);
    if (n >= MSX_PLAN_MAX_BYTES) {
        rc = msx_fail(err, MSX_E_LIMIT, "plan '%s' would be over its limit of %zu bytes", path,
                      MSX_PLAN_MAX_BYTES);
    } else {
        text[n++] = '\n'; /* in the place of the terminator: the length is given */
        rc = msx_file_replace(path, text, n, 0600, err);
    }
    msx_free(text);
    return rc;
}

enum msx_code msx_plan_save(const struct msx_plan *p, struct msx_error *err)
{
    enum msx_code rc;

    if (!p->path)
        return msx_fail(err, MSX_E_USAGE, "the plan has no file");
    rc = msx_plan_check(p->doc, err);
    if (rc)
        return msx_wrap(err, rc, "plan '%s'", p->path);
    return plan_doc_save(p->path, p->doc, err);
}

void msx_plan_free(struct msx_plan *p)
{
    if (!p)
        return;
    msx_free(p->path);
    json_decref(p->doc);
    msx_free(p);
}

enum msx_code msx_plan_default_path(const struct msx_ctx *ctx, char **out, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *dir = msx_path_join(ctx->state_dir, "plans");
    char day[11];
    enum msx_code rc;

    if (!dir)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_mkdirs(dir, 0700, err);
    if (rc)
        return rc;
    msx_day_format(ctx->today, day);
    for (int n = 1; n < 100000; n++) {
        MSX_AUTO(msx_free_p) char *path = msx_asprintf("%s/%s-%d.plan.json", dir, day, n);
        struct stat st;

        if (!path)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        if (lstat(path, &st) == 0)
            continue;
        if (errno != ENOENT)
            return msx_fail_errno(err, errno, "cannot look for '%s'", path);
        *out = MSX_STEAL(path);
        return MSX_OK;
    }
    return msx_fail(err, MSX_E_LIMIT, "too many plans of this day in '%s'", dir);
}

enum msx_code plan_lock_path(const struct msx_ctx *ctx, const char *path, char **out,
                             struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *dir = msx_path_join(ctx->state_dir, "locks");
    MSX_AUTO(msx_free_p) char *folder = NULL;
    MSX_AUTO(msx_buf_release) struct msx_buf full = MSX_BUF_INIT((size_t)64 << 10);
    const char *slash = strrchr(path, '/');
    char sha[65];
    char *real;
    enum msx_code rc;

    folder =
        slash ? msx_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : msx_strdup(".");
    if (!dir || !folder)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    /* the same file by another way is the same lock */
    real = realpath(folder, NULL);
    if (!real)
        return msx_fail_errno(err, errno, "cannot open folder '%s'", folder);
    msx_buf_adds(&full, real);
    free(real); /* realpath's own memory, not msx_malloc's */
    msx_buf_addc(&full, '/');
    msx_buf_adds(&full, slash ? slash + 1 : path);
    rc = msx_buf_finish(&full, "path", err);
    if (!rc)
        rc = msx_mkdirs(dir, 0700, err);
    if (rc)
        return rc;
    msx_sha256_hex(full.data, full.len, sha);
    *out = msx_asprintf("%s/plan-%.24s.lock", dir, sha);
    return *out ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

enum msx_code msx_plan_lock(const struct msx_ctx *ctx, const char *path, int *fd_out,
                            struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *lock = NULL;
    enum msx_code rc = plan_lock_path(ctx, path, &lock, err);

    if (!rc)
        rc = msx_lock_acquire(lock, LOCK_WAIT_MS, fd_out, err);
    if (rc == MSX_E_CONFLICT)
        return msx_fail(err, rc, "plan '%s' is in use by another process", path);
    return rc;
}

/* ---- dropping ---- */

static enum msx_code mark_named(const json_t *doc, const char *const *ids, size_t n, json_t *gone,
                                struct msx_error *err)
{
    for (size_t i = 0; i < n; i++) {
        enum msx_code rc = plan_get(doc, ids[i], NULL, err);

        if (rc)
            return rc;
        if (json_object_set_new(gone, ids[i], json_true()) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    return MSX_OK;
}

/* Also what depends on them, until nothing more is found. */
static int mark_dependants(json_t *ops, json_t *gone)
{
    bool more = true;

    while (more) {
        json_t *op, *dep;
        size_t i, k;

        more = false;
        json_array_foreach(ops, i, op) {
            const char *id = plan_op_id(op);

            if (json_object_get(gone, id))
                continue;
            json_array_foreach(msx_json_arr(op, "dependsOn"), k, dep) {
                if (!json_object_get(gone, json_string_value(dep)))
                    continue;
                if (json_object_set_new(gone, id, json_true()) < 0)
                    return -1;
                more = true;
                break;
            }
        }
    }
    return 0;
}

enum msx_code msx_plan_drop(struct msx_plan *p, const char *const *ids, size_t n, json_t **dropped,
                            struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *gone = json_object();
    MSX_AUTO(msx_json_free_p) json_t *kept = json_array();
    MSX_AUTO(msx_json_free_p) json_t *list = json_array();
    json_t *ops = msx_json_arr(p->doc, "operations"), *op;
    enum msx_code rc;
    size_t i;

    if (!gone || !kept || !list)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (ids) {
        rc = mark_named(p->doc, ids, n, gone, err);
        if (rc)
            return rc;
        if (mark_dependants(ops, gone) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    json_array_foreach(ops, i, op) {
        bool go = !ids || json_object_get(gone, plan_op_id(op));

        if ((go ? json_array_append_new(list, json_string(plan_op_id(op)))
                : json_array_append(kept, op)) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    /* a plan written by hand has no nextId: set it now, so that no number is used again */
    if (!json_object_get(p->doc, "nextId")) {
        unsigned long top = 0;

        json_array_foreach(ops, i, op) {
            unsigned long k = plan_id_number(plan_op_id(op));

            top = k > top ? k : top;
        }
        if (json_object_set_new(p->doc, "nextId", json_integer((json_int_t)top + 1)) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    if (json_object_set(p->doc, "operations", kept) < 0)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (dropped)
        *dropped = MSX_STEAL(list);
    return MSX_OK;
}
