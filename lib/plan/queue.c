/* Lines from many threads, made durable by whichever of them comes first: while it writes and
 * syncs, the others gather for the next round, so that 16 operations cost two syncs and not 16. */
#include <pthread.h>

#include "msxops/mem.h"
#include "plan/journal.h"

struct plan_queue {
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    plan_commit_fn fn;
    void *user;
    json_t *waiting;           /* lines of the next round */
    unsigned long added, kept; /* lines handed in, lines durable */
    bool writing;
    struct msx_error failed; /* code MSX_OK while all is well */
};

enum msx_code plan_queue_new(plan_commit_fn fn, void *user, struct plan_queue **out,
                             struct msx_error *err)
{
    struct plan_queue *q = msx_calloc(1, sizeof *q);

    if (!q)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    q->fn = fn;
    q->user = user;
    q->waiting = json_array();
    if (!q->waiting || pthread_mutex_init(&q->mutex, NULL) != 0) {
        json_decref(q->waiting);
        msx_free(q);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    if (pthread_cond_init(&q->moved, NULL) != 0) {
        (void)pthread_mutex_destroy(&q->mutex);
        json_decref(q->waiting);
        msx_free(q);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    *out = q;
    return MSX_OK;
}

void plan_queue_free(struct plan_queue *q)
{
    if (!q)
        return;
    (void)pthread_cond_destroy(&q->moved);
    (void)pthread_mutex_destroy(&q->mutex);
    json_decref(q->waiting);
    msx_free(q);
}

/* Write what has gathered. Called and returns with the mutex held. */
static void write_round(struct plan_queue *q)
{
    json_t *lines = q->waiting;
    unsigned long upto = q->added;
    struct msx_error e = MSX_ERROR_INIT;
    enum msx_code rc;

    q->waiting = json_array();
    q->writing = true;
    (void)pthread_mutex_unlock(&q->mutex);
    rc = q->fn(q->user, lines, &e);
    json_decref(lines);
    (void)pthread_mutex_lock(&q->mutex);
    q->writing = false;
    if (rc) {
        q->failed = e;
        q->failed.code = rc;
    } else {
        q->kept = upto;
    }
    if (!q->waiting && !q->failed.code)
        (void)msx_fail(&q->failed, MSX_E_NOMEM, "out of memory");
    (void)pthread_cond_broadcast(&q->moved);
}

enum msx_code plan_queue_add(struct plan_queue *q, json_t *line, struct msx_error *err)
{
    enum msx_code rc = MSX_OK;
    unsigned long mine;

    if (!line)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    (void)pthread_mutex_lock(&q->mutex);
    if (!q->failed.code && json_array_append(q->waiting, line) < 0)
        (void)msx_fail(&q->failed, MSX_E_NOMEM, "out of memory");
    mine = ++q->added;
    while (q->kept < mine && !q->failed.code) {
        if (q->writing)
            (void)pthread_cond_wait(&q->moved, &q->mutex);
        else
            write_round(q);
    }
    if (q->kept < mine) {
        rc = q->failed.code;
        if (err)
            *err = q->failed;
    }
    (void)pthread_mutex_unlock(&q->mutex);
    json_decref(line);
    return rc;
}
