/* Worker threads for tool calls. The thread that runs the flow hands out copies of everything a
 * worker touches, so a call that is given up can finish in peace. */
#include "skill/calls.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "msxops/mem.h"

#define MAX_THREADS 16

struct msx_memo {
    json_t *results; /* "tool args" -> result */
};

enum msx_code msx_memo_new(struct msx_memo **out, struct msx_error *err)
{
    struct msx_memo *m = msx_calloc(1, sizeof *m);

    if (m)
        m->results = json_object();
    if (!m || !m->results) {
        msx_memo_free(m);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    *out = m;
    return MSX_OK;
}

void msx_memo_free(struct msx_memo *m)
{
    if (!m)
        return;
    json_decref(m->results);
    msx_free(m);
}

/* One call as workers see it. */
struct job {
    struct job *next; /* in the queue, then in the list of all */
    char *tool, *key;
    json_t *args;
    struct msx_call *call; /* whose answer it is; only the flow's thread follows it */
    long timeout_ms;
    int64_t deadline_ms; /* 0: not begun */
    bool begun, done, dropped;
    enum msx_code rc;
    json_t *result;
    struct msx_error err;
};

struct msx_caller {
    struct msx_crm *crm;
    msx_call_tool_fn fn;
    void *user;
    struct msx_memo *memo;
    bool own_memo;
    json_t *counts;

    pthread_mutex_t lock;
    pthread_cond_t work, answer;
    pthread_t threads[MAX_THREADS];
    size_t nthreads, max_threads, idle;
    struct job *queue, *late; /* waiting; given up but still running */
    bool stop;
};

void msx_call_release(struct msx_call *c)
{
    json_decref(c->args);
    json_decref(c->ids);
    json_decref(c->result);
    *c = (struct msx_call){ 0 };
}

static enum msx_code registry_call(void *user, struct msx_crm *crm, const char *tool,
                                   const json_t *params, json_t **result, struct msx_error *err)
{
    (void)user;
    return msx_tool_call(crm, tool, params, result, err);
}

static int64_t now_ms(void)
{
    struct timespec ts = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void free_job(struct job *j)
{
    if (!j)
        return;
    msx_free(j->tool);
    msx_free(j->key);
    json_decref(j->args);
    json_decref(j->result);
    msx_free(j);
}

static void *worker(void *arg)
{
    struct msx_caller *c = arg;

    (void)pthread_mutex_lock(&c->lock);
    for (;;) {
        struct msx_error err = MSX_ERROR_INIT;
        json_t *result = NULL;
        enum msx_code rc;
        struct job *j;

        while (!c->queue && !c->stop) {
            c->idle++;
            (void)pthread_cond_wait(&c->work, &c->lock);
            c->idle--;
        }
        j = c->queue;
        if (!j)
            break;
        c->queue = j->next;
        j->next = NULL;
        j->begun = true;
        j->deadline_ms = now_ms() + j->timeout_ms;
        (void)pthread_mutex_unlock(&c->lock);
        rc = c->fn(c->user, c->crm, j->tool, j->args, &result, &err);
        (void)pthread_mutex_lock(&c->lock);
        j->rc = rc;
        j->result = rc ? NULL : result;
        j->err = err;
        j->done = true;
        (void)pthread_cond_broadcast(&c->answer);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return NULL;
}

enum msx_code msx_caller_new(struct msx_crm *crm, const struct msx_run_options *opts,
                             struct msx_caller **out, struct msx_error *err)
{
    struct msx_caller *c = msx_calloc(1, sizeof *c);
    pthread_condattr_t attr;
    enum msx_code rc = MSX_OK;

    if (!c)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    c->crm = crm;
    c->fn = opts->call_tool ? opts->call_tool : registry_call;
    c->user = opts->call_user;
    c->memo = opts->memo;
    c->max_threads = crm->ctx->concurrency > 0 && crm->ctx->concurrency < MAX_THREADS
                         ? (size_t)crm->ctx->concurrency
                         : MAX_THREADS;
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->work, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&c->answer, &attr);
    (void)pthread_condattr_destroy(&attr);
    c->counts = json_object();
    if (!c->memo) {
        rc = msx_memo_new(&c->memo, err);
        c->own_memo = !rc;
    }
    if (!rc && !c->counts)
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (rc) {
        msx_caller_free(c);
        return rc;
    }
    *out = c;
    return MSX_OK;
}

void msx_caller_free(struct msx_caller *c)
{
    if (!c)
        return;
    (void)pthread_mutex_lock(&c->lock);
    c->stop = true;
    (void)pthread_cond_broadcast(&c->work);
    (void)pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; i < c->nthreads; i++)
        (void)pthread_join(c->threads[i], NULL);
    while (c->late) {
        struct job *j = c->late;

        c->late = j->next;
        free_job(j);
    }
    (void)pthread_mutex_destroy(&c->lock);
    (void)pthread_cond_destroy(&c->work);
    (void)pthread_cond_destroy(&c->answer);
    json_decref(c->counts);
    if (c->own_memo)
        msx_memo_free(c->memo);
    msx_free(c);
}

const json_t *msx_caller_counts(const struct msx_caller *c)
{
    return c->counts;
}

static char *key_of(const struct msx_call *call)
{
    MSX_AUTO(msx_free_p) char *args = msx_json_canonical_str(call->args);

    return args ? msx_asprintf("%s %s", call->tool, args) : NULL;
}

static int count(struct msx_caller *c, const char *tool)
{
    json_int_t n = 0;

    (void)msx_json_int(c->counts, tool, &n);
    return json_object_set_new(c->counts, tool, json_integer(n + 1));
}

/* Answer of an equal call, copied: the flow adds to what it gets. */
static bool from_memo(struct msx_caller *c, const char *key, struct msx_call *call)
{
    const json_t *known = json_object_get(c->memo->results, key);

    if (!known)
        return false;
    call->result = json_deep_copy(known);
    call->rc = call->result ? MSX_OK : msx_fail(&call->err, MSX_E_NOMEM, "out of memory");
    return true;
}

static struct job *new_job(struct msx_call *call, char *key)
{
    struct job *j = msx_calloc(1, sizeof *j);

    if (!j) {
        msx_free(key);
        return NULL;
    }
    j->key = key;
    j->tool = msx_strdup(call->tool);
    j->args = call->args ? json_deep_copy(call->args) : json_object();
    j->call = call;
    j->timeout_ms = call->timeout_ms;
    if (!j->tool || !j->args) {
        free_job(j);
        return NULL;
    }
    return j;
}

/* With the lock held: one more thread when all are busy. */
static void more_threads(struct msx_caller *c, size_t waiting)
{
    while (c->nthreads < c->max_threads && c->idle < waiting) {
        if (pthread_create(&c->threads[c->nthreads], NULL, worker, c) != 0)
            break;
        c->nthreads++;
        waiting--;
    }
}

/* With the lock held: wait until all jobs are done, given up, or the run is cancelled. */
static enum msx_code wait_all(struct msx_caller *c, struct job *const *jobs, size_t n,
                              struct msx_error *err)
{
    for (;;) {
        int64_t now = now_ms();
        bool open = false;
        struct timespec until;

        if (msx_cancelled(c->crm->ctx))
            return msx_fail(err, MSX_E_CANCELLED, "cancelled");
        for (size_t i = 0; i < n; i++) {
            struct job *j = jobs[i];

            if (j->done || j->dropped)
                continue;
            if (j->begun && now >= j->deadline_ms)
                j->dropped = true;
            else
                open = true;
        }
        if (!open)
            return MSX_OK;
        (void)clock_gettime(CLOCK_MONOTONIC, &until); /* look again for cancellation and limits */
        until.tv_nsec += 50 * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_nsec -= 1000000000L;
            until.tv_sec++;
        }
        (void)pthread_cond_timedwait(&c->answer, &c->lock, &until);
    }
}

static void unqueue(struct msx_caller *c, const struct job *j)
{
    for (struct job **p = &c->queue; *p; p = &(*p)->next) {
        if (*p == j) {
            *p = j->next;
            return;
        }
    }
}

/* With the lock held: answers to their calls; what still runs goes to the list of late ones. */
static enum msx_code collect(struct msx_caller *c, struct job **jobs, size_t n,
                             struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    for (size_t i = 0; i < n; i++) {
        struct job *j = jobs[i];

        if (!j->begun)
            unqueue(c, j);
        if (j->done && !j->dropped) {
            j->call->rc = j->rc;
            j->call->err = j->err;
            j->call->result = MSX_STEAL(j->result);
            if (!j->rc &&
                json_object_set_new(c->memo->results, j->key, json_deep_copy(j->call->result)) != 0)
                rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
        } else {
            j->call->rc =
                msx_fail(&j->call->err, MSX_E_NETWORK, "no answer within %ld ms", j->timeout_ms);
        }
        j->call = NULL;
        if (j->begun && !j->done) {
            j->next = c->late;
            c->late = j;
        } else {
            free_job(j);
        }
        jobs[i] = NULL;
    }
    return rc;
}

/* Make the calls that the memo does not answer; dup[i] is the earlier equal call, or i. */
static enum msx_code make_jobs(struct msx_caller *c, struct msx_call *calls, size_t n,
                               struct job **jobs, size_t *njobs, size_t *dup, struct msx_error *err)
{
    for (size_t i = 0; i < n; i++) {
        char *key = key_of(&calls[i]);
        size_t j = 0;

        if (!key)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        dup[i] = i;
        if (from_memo(c, key, &calls[i])) {
            msx_free(key);
            continue;
        }
        while (j < *njobs && strcmp(jobs[j]->key, key) != 0)
            j++;
        if (j < *njobs) {
            dup[i] = (size_t)(jobs[j]->call - calls);
            msx_free(key);
            continue;
        }
        jobs[*njobs] = new_job(&calls[i], key);
        if (!jobs[*njobs] || count(c, calls[i].tool) != 0) {
            free_job(jobs[*njobs]);
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        }
        (*njobs)++;
    }
    return MSX_OK;
}

enum msx_code msx_caller_run(struct msx_caller *c, struct msx_call *calls, size_t n,
                             struct msx_error *err)
{
    MSX_AUTO(msx_free_p) struct job **jobs = msx_calloc(n + 1, sizeof *jobs);
    MSX_AUTO(msx_free_p) size_t *dup = msx_calloc(n + 1, sizeof *dup);
    enum msx_code rc, collected;
    size_t njobs = 0;

    if (!jobs || !dup)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = make_jobs(c, calls, n, jobs, &njobs, dup, err);
    if (rc) {
        for (size_t i = 0; i < njobs; i++)
            free_job(jobs[i]);
        return rc;
    }
    (void)pthread_mutex_lock(&c->lock);
    for (size_t i = njobs; i-- > 0;) {
        jobs[i]->next = c->queue;
        c->queue = jobs[i];
    }
    more_threads(c, njobs);
    if (njobs && !c->nthreads)
        rc = msx_fail(err, MSX_E_NOMEM, "cannot start a thread");
    (void)pthread_cond_broadcast(&c->work);
    if (!rc)
        rc = wait_all(c, jobs, njobs, err);
    collected = collect(c, jobs, njobs, rc ? NULL : err);
    (void)pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; i < n; i++) {
        const struct msx_call *first = &calls[dup[i]];

        if (dup[i] == i)
            continue;
        calls[i].rc = first->rc;
        calls[i].err = first->err;
        calls[i].result = first->result ? json_deep_copy(first->result) : NULL;
    }
    return rc ? rc : collected;
}
