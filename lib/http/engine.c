/* The loop of the engine's thread: takes new requests, keeps as many as allowed under way, repeats
 * what may be repeated, and ends everything on a cancellation or when the engine is freed. */
#include <string.h>
#include <time.h>

#include "http/engine.h"

#define IDLE_POLL_MS 60000
#define BUSY_POLL_MS 100 /* how late a cancellation may be noticed */

int64_t msx_http_now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void job_push(struct job_list *l, struct msx_http_future *f)
{
    f->next = NULL;
    if (l->tail)
        l->tail->next = f;
    else
        l->head = f;
    l->tail = f;
}

static void push_front(struct job_list *l, struct msx_http_future *f)
{
    f->next = l->head;
    l->head = f;
    if (!l->tail)
        l->tail = f;
}

static struct msx_http_future *pop(struct job_list *l)
{
    struct msx_http_future *f = l->head;

    if (f) {
        l->head = f->next;
        if (!l->head)
            l->tail = NULL;
        f->next = NULL;
    }
    return f;
}

static void unlink_job(struct job_list *l, const struct msx_http_future *f)
{
    struct job_list kept = { 0 };
    struct msx_http_future *j;

    while ((j = pop(l)))
        if (j != f)
            job_push(&kept, j);
    *l = kept;
}

/* The request is over: f belongs to its waiter from here on and must not be touched again. */
static void finish(struct msx_http *h, struct msx_http_future *f)
{
    bool abandoned;

    msx_transfer_end(h, f);
    if (f->hooks.done) {
        struct msx_http_response res;

        msx_future_response(f, &res);
        f->hooks.done(f->hooks.user, f, f->rc, &res, &f->err);
    }
    pthread_mutex_lock(&h->lock);
    h->stats.bytes_in += f->answer.len;
    abandoned = f->abandoned;
    atomic_store(&f->state, JOB_DONE);
    pthread_cond_broadcast(&h->done);
    pthread_mutex_unlock(&h->lock);
    if (abandoned)
        msx_future_destroy(f);
}

static void finish_cancelled(struct msx_http *h, struct msx_http_future *f)
{
    f->status = 0;
    f->err = (struct msx_error)MSX_ERROR_INIT;
    f->rc = msx_fail(&f->err, MSX_E_CANCELLED, "cancelled");
    finish(h, f);
}

static void cancel_list(struct msx_http *h, struct job_list *l)
{
    struct job_list all = *l;
    struct msx_http_future *f;

    *l = (struct job_list){ 0 };
    while ((f = pop(&all)))
        finish_cancelled(h, f);
}

/* Ends what is under way, but spares sent writes while grace lasts. */
static void cancel_running(struct msx_http *h, bool grace)
{
    struct job_list all = h->running;
    struct msx_http_future *f;

    h->running = (struct job_list){ 0 };
    while ((f = pop(&all))) {
        if (grace && f->kind == MSX_HTTP_WRITE && f->maybe_sent) {
            job_push(&h->running, f);
            continue;
        }
        h->in_flight--;
        finish_cancelled(h, f);
    }
}

static void drop_abandoned(struct msx_http *h, struct job_list *l)
{
    struct job_list all = *l;
    struct msx_http_future *f;

    *l = (struct job_list){ 0 };
    while ((f = pop(&all))) {
        bool gone;

        pthread_mutex_lock(&h->lock);
        gone = f->abandoned;
        pthread_mutex_unlock(&h->lock);
        if (!gone) {
            job_push(l, f);
            continue;
        }
        if (f->easy)
            h->in_flight--;
        finish_cancelled(h, f);
    }
}

/* New requests and wishes of other threads. Returns whether the engine is being freed. */
static bool take_incoming(struct msx_http *h)
{
    struct msx_http_future *f;
    struct job_list fresh;
    bool stop, abandoned;

    pthread_mutex_lock(&h->lock);
    fresh = h->incoming;
    h->incoming = (struct job_list){ 0 };
    stop = h->stop;
    abandoned = h->any_abandoned;
    h->any_abandoned = false;
    if (h->has_new_tune) {
        h->tune = h->new_tune;
        h->rng = h->tune.seed ? h->tune.seed : h->rng;
        h->has_new_tune = false;
    }
    pthread_mutex_unlock(&h->lock);
    while ((f = pop(&fresh)))
        job_push(&h->ready, f);
    if (abandoned) {
        drop_abandoned(h, &h->ready);
        drop_abandoned(h, &h->delayed);
        drop_abandoned(h, &h->running);
    }
    return stop;
}

static void apply_cancellation(struct msx_http *h, bool stop)
{
    int64_t now = msx_http_now_ms();
    bool grace;

    if (!stop && !msx_cancelled(h->ctx)) {
        h->cancelled_ms = 0;
        return;
    }
    if (!h->cancelled_ms)
        h->cancelled_ms = now;
    grace = !stop && now - h->cancelled_ms < h->tune.write_grace_ms;
    cancel_list(h, &h->ready);
    cancel_list(h, &h->delayed);
    cancel_running(h, grace);
}

static void count_start(struct msx_http *h, const struct msx_http_future *f)
{
    pthread_mutex_lock(&h->lock);
    h->stats.requests++;
    if (f->attempts > 1)
        h->stats.retries++;
    if (h->in_flight > h->stats.max_in_flight)
        h->stats.max_in_flight = h->in_flight;
    pthread_mutex_unlock(&h->lock);
}

static void start_ready(struct msx_http *h)
{
    struct job_list due = { 0 };
    struct job_list later = { 0 };
    struct msx_http_future *f;
    int64_t now = msx_http_now_ms();

    while ((f = pop(&h->delayed)))
        job_push(f->due_ms <= now ? &due : &later, f);
    h->delayed = later;
    if (due.tail) { /* repeats first: they have waited */
        due.tail->next = h->ready.head;
        if (!h->ready.tail)
            h->ready.tail = due.tail;
        h->ready.head = due.head;
    }
    while (h->in_flight < h->limit && msx_http_now_ms() >= h->pause_until_ms &&
           !msx_cancelled(h->ctx) && (f = pop(&h->ready))) {
        enum msx_code rc = msx_transfer_begin(h, f, &f->err);

        if (rc) {
            f->rc = rc;
            finish(h, f);
            continue;
        }
        job_push(&h->running, f);
        h->in_flight++;
        count_start(h, f);
    }
}

/* A pause longer than any request may wait: say so at once rather than after it. */
static void fail_overlong_pause(struct msx_http *h)
{
    int64_t wait = h->pause_until_ms - msx_http_now_ms();
    struct job_list all = h->ready;
    struct msx_http_future *f;

    if (wait <= h->tune.max_wait_ms || !all.head)
        return;
    h->ready = (struct job_list){ 0 };
    while ((f = pop(&all))) {
        msx_retry_throttled(h, f, wait);
        finish(h, f);
    }
}

/* Carries transfers on. Returns whether any ended. */
static bool perform(struct msx_http *h)
{
    int running = 0;
    int left = 0;
    bool ended = false;
    CURLMsg *msg;

    (void)curl_multi_perform(h->multi, &running);
    while ((msg = curl_multi_info_read(h->multi, &left))) {
        struct msx_http_future *f = NULL;
        CURLcode code = msg->data.result;
        long status = 0;

        if (msg->msg != CURLMSG_DONE || curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &f) ||
            !f)
            continue;
        if (!curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status))
            f->status = (int)status;
        if (code == CURLE_OK && !f->head_whole)
            code = CURLE_PARTIAL_FILE;
        unlink_job(&h->running, f);
        h->in_flight--;
        ended = true;
        msx_trace_answer(h, f, code);
        if (msx_retry_judge(h, f, code) == V_DONE) {
            finish(h, f);
            continue;
        }
        msx_transfer_end(h, f);
        if (f->due_ms <= msx_http_now_ms())
            push_front(&h->ready, f);
        else
            job_push(&h->delayed, f);
    }
    return ended;
}

static int poll_ms(const struct msx_http *h)
{
    int64_t now = msx_http_now_ms();
    int64_t wait = BUSY_POLL_MS;

    if (!h->running.head && !h->delayed.head && !h->ready.head)
        return IDLE_POLL_MS;
    for (const struct msx_http_future *f = h->delayed.head; f; f = f->next)
        if (f->due_ms - now < wait)
            wait = f->due_ms - now;
    if (h->ready.head && h->in_flight < h->limit && h->pause_until_ms - now < wait)
        wait = h->pause_until_ms - now;
    return wait > 0 ? (int)wait : 0;
}

void *msx_http_loop(void *http)
{
    struct msx_http *h = http;

    for (;;) {
        bool stop = take_incoming(h);

        apply_cancellation(h, stop);
        if (stop && !h->running.head && !h->ready.head && !h->delayed.head) {
            bool more;

            pthread_mutex_lock(&h->lock);
            more = h->incoming.head != NULL;
            pthread_mutex_unlock(&h->lock);
            if (!more)
                return NULL;
            continue;
        }
        if (!stop) {
            fail_overlong_pause(h);
            start_ready(h);
        }
        if (!perform(h))
            (void)curl_multi_poll(h->multi, NULL, 0, poll_ms(h), NULL);
    }
}
