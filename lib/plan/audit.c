/* The audit log, state_dir/audit.jsonl: one JSON object a line, each holding the SHA-256 of the
 * line before it ("prev"), so that a line that was changed, removed or put in shows. Several
 * processes add to it, under a lock. A line torn by a crash stays where it is, as a link of the
 * chain. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msxops/file.h"
#include "msxops/mem.h"
#include "plan/journal.h"
#include "plan/plan_priv.h"

#define LINE_MAX_BYTES ((size_t)16 << 20)
#define LOCK_WAIT_MS   30000

struct plan_audit {
    char *path, *lock_path;
    struct msx_appender *file;
    struct plan_queue *queue;
    off_t size;    /* of the file after our last line; -1 when not known */
    char head[65]; /* SHA-256 of the last line then */
};

static void close_p(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

/* The last line of the file, without its end, into b. */
static enum msx_code last_line(int fd, off_t size, const char *path, struct msx_buf *b,
                               struct msx_error *err)
{
    char chunk[4096], c = 0;
    off_t end = size, start;

    if (size > 0 && pread(fd, &c, 1, size - 1) != 1)
        return msx_fail_errno(err, errno ? errno : EIO, "cannot read '%s'", path);
    if (c == '\n')
        end--;
    for (start = end; start > 0;) {
        size_t n = start > (off_t)sizeof chunk ? sizeof chunk : (size_t)start;

        if (pread(fd, chunk, n, start - (off_t)n) != (ssize_t)n)
            return msx_fail_errno(err, errno ? errno : EIO, "cannot read '%s'", path);
        while (n > 0 && chunk[n - 1] != '\n') {
            n--;
            start--;
        }
        if (n > 0)
            break;
    }
    while (start < end) {
        size_t n = end - start > (off_t)sizeof chunk ? sizeof chunk : (size_t)(end - start);

        if (pread(fd, chunk, n, start) != (ssize_t)n)
            return msx_fail_errno(err, errno ? errno : EIO, "cannot read '%s'", path);
        msx_buf_add(b, chunk, n);
        start += (off_t)n;
    }
    return msx_buf_finish(b, path, err);
}

/* Bring a->head up to the file as it is now; the lock is held. */
static enum msx_code find_head(struct plan_audit *a, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf line = MSX_BUF_INIT(LINE_MAX_BYTES);
    MSX_AUTO(close_p) int fd = open(a->path, O_RDONLY | O_CLOEXEC);
    enum msx_code rc;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return msx_fail_errno(err, errno, "cannot read '%s'", a->path);
    if (st.st_size == a->size)
        return MSX_OK;
    if (st.st_size == 0) {
        memcpy(a->head, PLAN_ZERO_SHA, sizeof a->head);
        return MSX_OK;
    }
    rc = last_line(fd, st.st_size, a->path, &line, err);
    if (rc)
        return rc;
    msx_sha256_hex(line.data, line.len, a->head);
    return MSX_OK;
}

static enum msx_code write_lines(struct plan_audit *a, json_t *lines, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf all = MSX_BUF_INIT(16 * LINE_MAX_BYTES);
    struct stat st;
    enum msx_code rc;
    json_t *line;
    size_t i;

    rc = find_head(a, err);
    if (rc)
        return rc;
    a->size = -1;
    json_array_foreach(lines, i, line) {
        MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(LINE_MAX_BYTES);

        if (json_object_set_new(line, "prev", json_string(a->head)) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        msx_json_dump(&b, line);
        rc = msx_buf_finish(&b, "audit line", err);
        if (rc)
            return rc;
        msx_sha256_hex(b.data, b.len, a->head);
        if (i)
            msx_buf_addc(&all, '\n');
        msx_buf_add(&all, b.data, b.len);
    }
    rc = msx_buf_finish(&all, "audit log", err);
    if (!rc)
        rc = msx_appender_line(a->file, all.data, all.len, err);
    if (!rc && stat(a->path, &st) == 0)
        a->size = st.st_size;
    return rc;
}

static enum msx_code commit(void *user, json_t *lines, struct msx_error *err)
{
    struct plan_audit *a = user;
    enum msx_code rc;
    int lock = -1;

    rc = msx_lock_acquire(a->lock_path, LOCK_WAIT_MS, &lock, err);
    if (rc)
        return rc;
    rc = write_lines(a, lines, err);
    msx_lock_release(lock);
    return rc;
}

enum msx_code plan_audit_open(const struct msx_ctx *ctx, struct plan_audit **out,
                              struct msx_error *err)
{
    MSX_AUTO(plan_audit_close_p) struct plan_audit *a = msx_calloc(1, sizeof *a);
    enum msx_code rc;

    if (!a)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    a->size = -1;
    a->path = msx_path_join(ctx->state_dir, "audit.jsonl");
    a->lock_path = msx_path_join(ctx->state_dir, "audit.lock");
    if (!a->path || !a->lock_path)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_mkdirs(ctx->state_dir, 0700, err);
    if (!rc)
        rc = msx_appender_open(a->path, &a->file, err);
    if (!rc)
        rc = plan_queue_new(commit, a, &a->queue, err);
    if (rc)
        return msx_wrap(err, rc, "audit log");
    *out = MSX_STEAL(a);
    return MSX_OK;
}

void plan_audit_close(struct plan_audit *a)
{
    if (!a)
        return;
    plan_queue_free(a->queue);
    msx_appender_close(a->file);
    msx_free(a->path);
    msx_free(a->lock_path);
    msx_free(a);
}

enum msx_code plan_audit_add(struct plan_audit *a, json_t *line, struct msx_error *err)
{
    enum msx_code rc = plan_queue_add(a->queue, line, err);

    return rc ? msx_wrap(err, rc, "audit log") : MSX_OK;
}

/* ---- the check ---- */

struct chain {
    json_int_t lines, torn, bad; /* bad: number of the first line that does not follow, 0 if none */
    char head[65];
};

static enum msx_code take_line(struct chain *c, const char *text, size_t len, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *line = NULL;
    enum msx_code rc = msx_json_parse(text, len, "audit line", &line, NULL);

    if (rc == MSX_E_NOMEM)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    c->lines++;
    if (rc || !json_is_object(line))
        c->torn++;
    else if (!c->bad && strcmp(msx_json_str_or(line, "prev", ""), c->head) != 0)
        c->bad = c->lines;
    msx_sha256_hex(text, len, c->head);
    return MSX_OK;
}

static void fclose_p(FILE **f)
{
    if (*f)
        (void)fclose(*f); /* only read */
}

static enum msx_code walk(FILE *f, const char *path, struct chain *c, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf line = MSX_BUF_INIT(LINE_MAX_BYTES);
    char chunk[16384];
    enum msx_code rc;
    size_t n;

    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
        const char *p = chunk, *end = chunk + n, *nl;

        while ((nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
            msx_buf_add(&line, p, (size_t)(nl - p));
            rc = msx_buf_finish(&line, path, err);
            if (!rc)
                rc = take_line(c, line.data, line.len, err);
            if (rc)
                return rc;
            msx_buf_clear(&line);
            p = nl + 1;
        }
        msx_buf_add(&line, p, (size_t)(end - p));
    }
    if (ferror(f))
        return msx_fail_errno(err, errno ? errno : EIO, "cannot read '%s'", path);
    rc = msx_buf_finish(&line, path, err);
    if (rc || line.len == 0)
        return rc;
    return take_line(c, line.data, line.len, err);
}

enum msx_code msx_audit_verify(const char *path, json_t **report_out, struct msx_error *err)
{
    struct chain c = { .head = PLAN_ZERO_SHA };
    MSX_AUTO(fclose_p) FILE *f = fopen(path, "re");
    enum msx_code rc;
    json_t *report;

    if (!f && errno == ENOENT)
        return msx_fail(err, MSX_E_NOTFOUND, "cannot open '%s': no such file", path);
    if (!f)
        return msx_fail_errno(err, errno, "cannot open '%s'", path);
    rc = walk(f, path, &c, err);
    if (rc)
        return rc;
    if (report_out) {
        report = json_pack("{s:I, s:I, s:s}", "lines", c.lines, "torn", c.torn, "head", c.head);
        if (!report ||
            (c.bad && json_object_set_new(report, "firstBad", json_integer(c.bad)) < 0)) {
            json_decref(report);
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        }
        *report_out = report;
    }
    if (c.bad)
        return msx_fail(err, MSX_E_INVALID,
                        "audit log '%s': line %lld does not follow from the line before it", path,
                        (long long)c.bad);
    return MSX_OK;
}
