/* The journal of a plan's applies: state_dir/journal/<key>.jsonl.
 *
 * Lines, by "t":
 *   apply    a run begins: confirmation, plan (SHA-256 of the document), org, user, only, at
 *   intent   op, digest, try, etag, request (SHA-256): durable before the request leaves
 *   outcome  op, digest, outcome, verified, ...: durable before it is shown
 *   end      the run is over: undo, outcomes
 * A line that a crash has torn is no JSON and is skipped: a torn intent is of a request that never
 * left; a torn outcome leaves its intent open, and the record itself is asked. */
#include <string.h>

#include "msxops/file.h"
#include "msxops/mem.h"
#include "plan/journal.h"
#include "plan/plan_priv.h"

#define JOURNAL_MAX ((size_t)256 << 20)

struct plan_journal {
    struct msx_appender *file;
    struct plan_queue *queue;
    json_t *header, *end;
    bool unfinished; /* the last run has no end line */
    json_t *known;   /* digest -> {intent, outcome, tries} */
};

static enum msx_code digest_of(json_t *what, char out[65], struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(2 * MSX_PLAN_MAX_BYTES);
    enum msx_code rc;

    if (!what)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    msx_json_canonical(&b, what);
    json_decref(what);
    rc = msx_buf_finish(&b, "operation", err);
    if (rc)
        return rc;
    msx_sha256_hex(b.data, b.len, out);
    return MSX_OK;
}

enum msx_code plan_op_digest(const json_t *op, char out[65], struct msx_error *err)
{
    const json_t *before = msx_json_obj(op, "before");
    json_t *after = msx_json_obj(op, "after"), *v;
    json_t *sent = json_object();
    const char *key;

    /* labels are not sent: a plan read with other labels does the same */
    json_object_foreach(after, key, v) {
        if (sent && plan_is_column(key) && json_object_set(sent, key, v) < 0) {
            json_decref(sent);
            sent = NULL;
        }
    }
    if (!sent)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return digest_of(json_pack("{s:s, s:s, s:s?, s:o}", "type", msx_json_str_or(op, "type", ""),
                               "target", plan_target_id(op), "etag",
                               msx_json_str(before, PLAN_ETAG), "after", sent),
                     out, err);
}

/* A plan carries its own id. One written by hand has none: then its records and what is done to
 * them name it. */
enum msx_code plan_journal_key(const json_t *doc, char out[33], struct msx_error *err)
{
    const char *id = msx_json_str(doc, "planId");
    json_t *ops = NULL, *op;
    enum msx_code rc;
    char sha[65];
    size_t i;

    if (!id) {
        ops = json_array();
        json_array_foreach(msx_json_arr(doc, "operations"), i, op) {
            char digest[65];

            rc = plan_op_digest(op, digest, err);
            if (!rc && json_array_append_new(ops, json_string(digest)) < 0)
                rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
            if (rc) {
                json_decref(ops);
                return rc;
            }
        }
    }
    rc = digest_of(json_pack("{s:s, s:s, s:s?, s:o?}", "org", msx_json_str_or(doc, "org", ""),
                             "user", msx_json_str_or(msx_json_obj(doc, "user"), "id", ""), "plan",
                             id, "operations", ops),
                   sha, err);
    if (rc)
        return rc;
    memcpy(out, sha, 32);
    out[32] = '\0';
    return MSX_OK;
}

/* ---- reading ---- */

static int keep_intent(struct plan_journal *j, const char *digest, json_t *line)
{
    json_t *old = json_object_get(j->known, digest);
    json_int_t tries = 0, t = 1;

    (void)msx_json_int(old, "tries", &tries);
    (void)msx_json_int(line, "try", &t);
    return json_object_set_new(
        j->known, digest,
        json_pack("{s:O, s:I}", "intent", line, "tries", t > tries ? t : tries + 1));
}

static int keep_outcome(struct plan_journal *j, const char *digest, json_t *line)
{
    json_t *old = json_object_get(j->known, digest);

    if (old)
        return json_object_set(old, "outcome", line);
    return json_object_set_new(j->known, digest,
                               json_pack("{s:O, s:i}", "outcome", line, "tries", 0));
}

static int keep_line(struct plan_journal *j, json_t *line)
{
    const char *t = msx_json_str_or(line, "t", "");
    const char *digest = msx_json_str(line, "digest");
    json_t **slot = strcmp(t, "apply") == 0 ? &j->header : strcmp(t, "end") == 0 ? &j->end : NULL;

    if (slot) {
        j->unfinished = slot == &j->header;
        json_decref(*slot);
        *slot = json_incref(line);
        return 0;
    }
    if (digest && strcmp(t, "intent") == 0)
        return keep_intent(j, digest, line);
    if (digest && strcmp(t, "outcome") == 0)
        return keep_outcome(j, digest, line);
    return 0;
}

static enum msx_code read_journal(struct plan_journal *j, const struct msx_ctx *ctx,
                                  const char *path, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(JOURNAL_MAX);
    enum msx_code rc = msx_file_read(path, &text, err);
    const char *p, *end, *nl;

    if (rc == MSX_E_NOTFOUND)
        return MSX_OK;
    if (rc)
        return rc;
    end = text.data + text.len;
    for (p = text.data; p < end; p = nl + 1) {
        MSX_AUTO(msx_json_free_p) json_t *line = NULL;

        nl = memchr(p, '\n', (size_t)(end - p)); /* a power loss may leave zeros in the file */
        if (!nl)
            nl = end - 1;
        rc = msx_json_parse(p, (size_t)(nl + 1 - p), "journal", &line, NULL);
        if (rc == MSX_E_NOMEM)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        if (rc) {
            msx_log(ctx, MSX_LOG_INFO, "journal '%s': a line broken by a crash is skipped", path);
            continue;
        }
        if (keep_line(j, line) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    return MSX_OK;
}

/* ---- adding ---- */

static enum msx_code commit(void *user, json_t *lines, struct msx_error *err)
{
    struct plan_journal *j = user;
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(JOURNAL_MAX);
    enum msx_code rc;
    json_t *line;
    size_t i;

    json_array_foreach(lines, i, line) {
        if (i)
            msx_buf_addc(&b, '\n');
        msx_json_dump(&b, line);
    }
    rc = msx_buf_finish(&b, "journal", err);
    return rc ? rc : msx_appender_line(j->file, b.data, b.len, err);
}

enum msx_code plan_journal_open(const struct msx_ctx *ctx, const char *key,
                                struct plan_journal **out, struct msx_error *err)
{
    MSX_AUTO(plan_journal_close_p) struct plan_journal *j = msx_calloc(1, sizeof *j);
    MSX_AUTO(msx_free_p) char *dir = msx_path_join(ctx->state_dir, "journal");
    MSX_AUTO(msx_free_p) char *path = NULL;
    enum msx_code rc;

    if (!j || !dir)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    j->known = json_object();
    path = msx_asprintf("%s/%s.jsonl", dir, key);
    if (!j->known || !path)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_mkdirs(dir, 0700, err);
    if (!rc)
        rc = read_journal(j, ctx, path, err);
    if (!rc)
        rc = msx_appender_open(path, &j->file, err);
    if (!rc)
        rc = plan_queue_new(commit, j, &j->queue, err);
    if (rc)
        return msx_wrap(err, rc, "journal");
    *out = MSX_STEAL(j);
    return MSX_OK;
}

void plan_journal_close(struct plan_journal *j)
{
    if (!j)
        return;
    plan_queue_free(j->queue);
    msx_appender_close(j->file);
    json_decref(j->header);
    json_decref(j->end);
    json_decref(j->known);
    msx_free(j);
}

const json_t *plan_journal_header(const struct plan_journal *j)
{
    return j->header;
}

const json_t *plan_journal_end(const struct plan_journal *j)
{
    return j->end;
}

bool plan_journal_unfinished(const struct plan_journal *j)
{
    return j->unfinished;
}

const json_t *plan_journal_intent(const struct plan_journal *j, const char *digest)
{
    return msx_json_obj(json_object_get(j->known, digest), "intent");
}

const json_t *plan_journal_outcome(const struct plan_journal *j, const char *digest)
{
    return msx_json_obj(json_object_get(j->known, digest), "outcome");
}

json_int_t plan_journal_tries(const struct plan_journal *j, const char *digest)
{
    json_int_t n = 0;

    (void)msx_json_int(json_object_get(j->known, digest), "tries", &n);
    return n;
}

enum msx_code plan_journal_add(struct plan_journal *j, json_t *line, struct msx_error *err)
{
    enum msx_code rc = plan_queue_add(j->queue, line, err);

    return rc ? msx_wrap(err, rc, "journal") : MSX_OK;
}
