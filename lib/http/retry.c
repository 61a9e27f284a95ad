/* What an ended attempt means: the answer, an error, or once more after a wait. */
#include <stdlib.h>
#include <string.h>

#include "http/engine.h"

#define MAX_SECONDS (366L * 24 * 3600)

int64_t msx_retry_after_ms(const struct msx_http *h, const char *value)
{
    char *end;
    long s;

    if (!value)
        return -1;
    if (*value >= '0' && *value <= '9') {
        s = strtol(value, &end, 10); /* saturates */
        if (*end)
            return -1;
    } else {
        time_t at = curl_getdate(value, NULL);
        int64_t now = h->ctx->now_s(h->ctx->now_user);

        if (at == (time_t)-1)
            return -1;
        s = (int64_t)at > now ? (long)((int64_t)at - now) : 0;
    }
    if (s > MAX_SECONDS)
        s = MAX_SECONDS;
    return (int64_t)s * h->tune.second_ms;
}

static uint64_t next_random(struct msx_http *h) /* splitmix64 */
{
    uint64_t z = (h->rng += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Full jitter: anything from 0 to the ceiling, which doubles with each repeat. */
static int64_t backoff_ms(struct msx_http *h, int repeats)
{
    int64_t ceiling = h->tune.backoff_base_ms;

    for (int i = 1; i < repeats && ceiling < h->tune.backoff_cap_ms; i++)
        ceiling *= 2;
    if (ceiling > h->tune.backoff_cap_ms)
        ceiling = h->tune.backoff_cap_ms;
    return ceiling > 0 ? (int64_t)(next_random(h) % (uint64_t)(ceiling + 1)) : 0;
}

/* Fewer at once after a 429. Those that were already under way when it shrank say nothing new. */
static void shrink(struct msx_http *h, const struct msx_http_future *f)
{
    if (f->begun_ms <= h->shrunk_ms)
        return;
    h->limit = h->limit > 1 ? h->limit / 2 : 1;
    h->shrunk_ms = msx_http_now_ms();
    h->good_answers = 0;
    msx_log(h->ctx, MSX_LOG_INFO, "throttled: at most %u requests at once now", h->limit);
}

static void grow(struct msx_http *h)
{
    if (h->limit >= h->limit_max)
        return;
    if (++h->good_answers >= 2 * h->limit) {
        h->limit++;
        h->good_answers = 0;
    }
}

static enum verdict done(struct msx_http_future *f, enum msx_code rc)
{
    f->rc = rc;
    return V_DONE;
}

/* Once more after wait_ms, unless all waiting together would be too much. */
static bool may_wait(const struct msx_http *h, const struct msx_http_future *f, int64_t wait_ms)
{
    return wait_ms <= h->tune.max_wait_ms - f->waited_ms;
}

static enum verdict again(struct msx_http_future *f, int64_t wait_ms)
{
    f->waited_ms += wait_ms;
    f->due_ms = msx_http_now_ms() + wait_ms;
    return V_AGAIN;
}

void msx_retry_throttled(const struct msx_http *h, struct msx_http_future *f, int64_t wait_ms)
{
    int64_t s = (wait_ms + h->tune.second_ms - 1) / h->tune.second_ms;

    f->maybe_sent = false;
    f->rc = msx_fail(&f->err, MSX_E_THROTTLED,
                     "the service limits requests (429) and asks to wait %lld s", (long long)s);
    msx_hint(&f->err, "wait that long, or lower --concurrency");
    f->err.http_status = f->status;
}

static enum verdict judge_throttled(struct msx_http *h, struct msx_http_future *f)
{
    int64_t asked = msx_retry_after_ms(h, msx_http_header(f, "Retry-After"));
    int64_t wait = asked;
    int64_t until;

    shrink(h, f);
    f->throttles++;
    f->maybe_sent = false; /* a 429 is refused before it is carried out */
    if (asked <= 0)
        wait = (asked == 0 ? 0 : h->tune.backoff_base_ms) + backoff_ms(h, f->throttles);
    /* everybody waits: the service counts requests sent meanwhile against us */
    until = msx_http_now_ms() + wait;
    if (until > h->pause_until_ms)
        h->pause_until_ms = until;
    if (f->throttles > h->ctx->retries || !may_wait(h, f, wait)) {
        msx_retry_throttled(h, f, asked > 0 ? asked : 0);
        if (asked <= 0) {
            (void)msx_fail(&f->err, MSX_E_THROTTLED,
                           "the service limits requests (429), also after %d tries", f->attempts);
            f->err.http_status = f->status;
        }
        return V_DONE;
    }
    return again(f, wait);
}

static enum verdict judge_unauthorized(struct msx_http *h, struct msx_http_future *f)
{
    f->maybe_sent = false;
    if (!f->auth_repeated) {
        f->auth_repeated = true;
        msx_bearer_refused(h, f);
        return again(f, 0);
    }
    (void)msx_fail(&f->err, MSX_E_AUTH,
                   "the service refused the sign-in (401), also with a new access token");
    msx_hint(&f->err, "run `msxops auth status` to see who is signed in and how");
    f->err.http_status = f->status;
    return done(f, MSX_E_AUTH);
}

static enum verdict judge_redirect(struct msx_http_future *f)
{
    const char *to = msx_http_header(f, "Location");
    MSX_AUTO(msx_free_p) char *origin = to ? msx_http_origin_of(to) : NULL;

    (void)msx_fail(&f->err, MSX_E_SERVER, "the service redirects (%d) to '%.200s', not followed",
                   f->status,
                   origin ? origin
                   : to   ? to
                          : "nowhere");
    msx_hint(&f->err, "check the organisation's URL: `msxops config list`");
    f->err.http_status = f->status;
    return done(f, MSX_E_SERVER);
}

static bool is_transient(int status)
{
    return status == 408 || status == 500 || status == 502 || status == 503 || status == 504;
}

/* A read's transient failure; final_rc is how it ends when no repeat is left. */
static enum verdict repeat_or(struct msx_http *h, struct msx_http_future *f, enum msx_code final_rc)
{
    int64_t asked = f->status ? msx_retry_after_ms(h, msx_http_header(f, "Retry-After")) : -1;
    int64_t wait;

    if (f->failures >= h->ctx->retries)
        return done(f, final_rc);
    f->failures++;
    wait = backoff_ms(h, f->failures);
    if (asked > wait)
        wait = asked;
    if (!may_wait(h, f, wait))
        return done(f, final_rc);
    return again(f, wait);
}

static enum verdict judge_answer(struct msx_http *h, struct msx_http_future *f)
{
    bool repeatable = f->kind != MSX_HTTP_WRITE;
    struct msx_http_response res;
    enum msx_code rc;

    if (f->status == 429)
        return judge_throttled(h, f);
    if (f->status == 401 && f->bearer)
        return judge_unauthorized(h, f);
    if (f->status >= 300 && f->status < 400 && f->status != 304)
        return judge_redirect(f);
    if (is_transient(f->status))
        return repeatable ? repeat_or(h, f, MSX_OK) : done(f, MSX_OK);
    grow(h);
    if (!f->hooks.check || f->status < 200 || f->status > 299)
        return done(f, MSX_OK);
    msx_future_response(f, &res);
    rc = f->hooks.check(f->hooks.user, f, &res, &f->err);
    if (rc == MSX_E_SERVER && repeatable)
        return repeat_or(h, f, rc);
    return done(f, rc);
}

/* Failures that another try cannot mend. */
static bool is_permanent(CURLcode code)
{
    switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return true;
    default: /* curl has a hundred codes: everything else is the network's */
        return false;
    }
}

static void say_network(struct msx_http_future *f, CURLcode code)
{
    MSX_AUTO(msx_free_p) char *origin = msx_http_origin_of(f->url);
    const char *why = f->errbuf[0] ? f->errbuf : curl_easy_strerror(code);

    /* curl wanted to send a write a second time and was not let: see on_prereq */
    if (code == CURLE_ABORTED_BY_CALLBACK && f->kind == MSX_HTTP_WRITE && f->prereqs > 0)
        why = "the connection was closed before the answer";
    if (code == CURLE_OUT_OF_MEMORY)
        (void)msx_fail(&f->err, MSX_E_NOMEM, "out of memory");
    else if (f->attempts > 1)
        (void)msx_fail(&f->err, MSX_E_NETWORK, "no whole answer from '%.200s' in %d tries: %s",
                       origin ? origin : "?", f->attempts, why);
    else
        (void)msx_fail(&f->err, MSX_E_NETWORK, "no whole answer from '%.200s': %s",
                       origin ? origin : "?", why);
}

enum verdict msx_retry_judge(struct msx_http *h, struct msx_http_future *f, CURLcode code)
{
    enum verdict v;
    bool never_sent;

    f->err = (struct msx_error)MSX_ERROR_INIT;
    if (code == CURLE_OK)
        return judge_answer(h, f);
    f->status = 0; /* what arrived was not whole */
    if (f->over_limit) {
        f->rc = f->answer.failed == MSX_E_NOMEM
                    ? msx_fail(&f->err, MSX_E_NOMEM, "out of memory")
                    : msx_fail(&f->err, MSX_E_LIMIT, "an answer is larger than %zu bytes",
                               f->max_bytes);
        return V_DONE;
    }
    never_sent = f->prereqs == 0;
    v = V_DONE;
    if (!is_permanent(code) && (f->kind != MSX_HTTP_WRITE || never_sent))
        v = repeat_or(h, f, MSX_E_NETWORK);
    if (v == V_DONE) {
        say_network(f, code);
        f->rc = f->err.code;
    }
    return v;
}
