/* What the files of lib/http share: the engine, one request, and the steps between them. Members
 * marked [engine] belong to the engine's thread; those marked [lock] are read and written under
 * h->lock only. */
#ifndef LIB_HTTP_ENGINE_H
#define LIB_HTTP_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "http/curl_load.h"
#include "http/tuning.h"
#include "msxops/http.h"
#include "msxops/mem.h"

#define HTTP_MAX_IN_FLIGHT  52 /* the service refuses more at once */
#define HTTP_MAX_HEAD_BYTES ((size_t)256 << 10)
#define HTTP_MAX_BODY_BYTES ((size_t)64 << 20)
#define HTTP_MAX_URL_BYTES  ((size_t)128 << 10)

struct msx_origin {
    char *scheme; /* "https" */
    char *host;   /* lower case; IPv6 in brackets */
    long port;    /* never 0 */
    char *text;   /* "https://host" or "https://host:8443", for messages */
    bool loopback;
};

/* MSX_E_INVALID: not an absolute http(s) URL, or with user information, or plain http to a host
 * that is not loopback. */
enum msx_code msx_origin_parse(const char *url, struct msx_origin *out,
                               struct msx_error *err) MSX_MUST_CHECK;
void msx_origin_release(struct msx_origin *o);
/* Equal, or one is the other's ".api." twin. */
bool msx_origin_same(const struct msx_origin *a, const struct msx_origin *b);
bool msx_is_loopback_host(const char *host);

enum job_state { JOB_OPEN, JOB_DONE };

struct msx_http_future {
    struct msx_http *h; /* valid until done */
    struct msx_http_future *next;

    /* the request; not changed after the start */
    enum msx_http_kind kind;
    char *method, *url;
    struct curl_slist *headers; /* without Authorization */
    char *body;
    size_t body_len, max_bytes;
    long timeout_ms;
    bool loopback, bearer;
    struct msx_http_hooks hooks;
    int64_t born_ms;

    /* the attempt under way [engine] */
    CURL *easy;
    struct curl_slist auth; /* first node of the list that curl gets: Authorization */
    char *auth_line;
    unsigned token_gen;
    int prereqs; /* times that curl was about to send this attempt's request */
    bool over_limit, head_whole;
    char errbuf[CURL_ERROR_SIZE];
    int64_t begun_ms;

    /* over all attempts [engine] */
    int attempts, failures, throttles;
    bool auth_repeated, maybe_sent;
    int64_t due_ms, waited_ms;

    /* the outcome; for the waiter once state is JOB_DONE */
    struct msx_buf answer, head;
    int status;
    enum msx_code rc;
    struct msx_error err;
    atomic_int state;
    bool abandoned; /* [lock] */
};

struct job_list {
    struct msx_http_future *head, *tail;
};

struct msx_http {
    const struct msx_ctx *ctx;
    struct msx_origin origin;
    bool has_origin;
    const struct msx_token_source *source;
    struct msx_http_tuning tune; /* [engine] */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t done;

    struct job_list incoming;        /* [lock] */
    struct msx_http_tuning new_tune; /* [lock] */
    bool has_new_tune;               /* [lock] */
    bool stop, any_abandoned;        /* [lock] */
    struct msx_http_stats stats;     /* [lock] */

    CURLM *multi;                            /* [engine], but for curl_multi_wakeup() */
    struct job_list ready, delayed, running; /* [engine] */
    unsigned in_flight, limit, limit_max;    /* [engine] */
    unsigned good_answers;                   /* since the limit last changed [engine] */
    int64_t pause_until_ms, shrunk_ms;       /* [engine] */
    int64_t cancelled_ms;                    /* when a cancellation was seen, 0 = not [engine] */
    uint64_t rng;                            /* [engine] */

    /* the bearer token [engine] */
    char *token, *refused;
    unsigned token_gen;
    int64_t
        token_failed_ms; /* when the source last failed: what was begun before shares the error */
    struct msx_error token_err;
};

int64_t msx_http_now_ms(void); /* monotonic */

/* engine.c */
void *msx_http_loop(void *http);
void job_push(struct job_list *l, struct msx_http_future *f);

/* transfer.c: one attempt. begin: MSX_OK when curl has it; else the error that ends the request. */
enum msx_code msx_transfer_begin(struct msx_http *h, struct msx_http_future *f,
                                 struct msx_error *err) MSX_MUST_CHECK;
void msx_transfer_end(struct msx_http *h, struct msx_http_future *f);

/* retry.c: what an ended attempt means. */
enum verdict { V_DONE, V_AGAIN };
/* V_DONE: f->rc and f->err say how it ended. V_AGAIN: f->due_ms says when to try again. */
enum verdict msx_retry_judge(struct msx_http *h, struct msx_http_future *f, CURLcode code);
/* The answer's Retry-After in ms, -1 when there is none (or it is not understood). */
int64_t msx_retry_after_ms(const struct msx_http *h, const char *value);
void msx_retry_throttled(const struct msx_http *h, struct msx_http_future *f, int64_t wait_ms);

/* token.c */
enum msx_code msx_bearer_ensure(struct msx_http *h, struct msx_http_future *f,
                                struct msx_error *err) MSX_MUST_CHECK;
/* The service answered 401 to f's token. */
void msx_bearer_refused(struct msx_http *h, const struct msx_http_future *f);
void msx_bearer_wipe(struct msx_http *h);

/* check.c: may this request be sent at all? */
enum msx_code msx_request_check(const struct msx_http *h, const struct msx_http_request *req,
                                const struct msx_origin *target,
                                struct msx_error *err) MSX_MUST_CHECK;
const char *msx_header_in(const char *const *headers, const char *name); /* value or NULL */

/* trace.c */
void msx_trace_request(const struct msx_http *h, const struct msx_http_future *f);
void msx_trace_answer(const struct msx_http *h, const struct msx_http_future *f, CURLcode code);

/* future.c */
void msx_future_destroy(struct msx_http_future *f);
void msx_future_response(const struct msx_http_future *f, struct msx_http_response *out);

#endif
