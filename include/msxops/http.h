/* The HTTP engine: one curl_multi loop on a thread of its own; requests are values, completions are
 * futures. Any thread may start requests and wait for them. Requests that need no order run at the
 * same time, at most `concurrency` of them. architecture.md section 3. */
#ifndef MSXOPS_HTTP_H
#define MSXOPS_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "msxops/buf.h"
#include "msxops/ctx.h"
#include "msxops/error.h"

struct msx_http;        /* the engine */
struct msx_http_future; /* one request under way or done */

/* Proof that the caller may write. Only lib/plan's executor can make one (lib/http/write_cap.h is
 * included there and nowhere else; `make check-layers` holds that). */
struct msx_write_cap;

/* Gives the bearer token for an origin. Called on the engine's thread, one call at a time, may
 * block. `refused` is the token that the service answered 401 to (NULL at first): the source must
 * then not give the same one again. token_out: new string, freed with msx_free_secret().
 * MSX_E_AUTH when there is none. */
struct msx_token_source {
    enum msx_code (*get)(void *user, const char *refused, char **token_out, struct msx_error *err);
    void *user;
};

enum msx_http_kind {
    MSX_HTTP_READ,       /* GET; repeated on every transient failure */
    MSX_HTTP_READ_BATCH, /* POST .../$batch whose parts are all GET (the engine checks); as READ */
    MSX_HTTP_WRITE,      /* needs cap. Repeated only when provably not executed: connection never
                          * established, or 429. Anything else is reported, see `sent` */
    MSX_HTTP_AUTH,       /* POST to an identity provider; no bearer; repeated like READ */
};

struct msx_http_response { /* borrowed from the future */
    int status;            /* 0 when no answer arrived */
    const char *body;      /* NUL-terminated, never NULL */
    size_t body_len;
    int attempts; /* requests that were sent or tried */
    bool sent;    /* a write may have reached the service (false: certainly not executed) */
};

/* For callers that go on by themselves when an answer arrives, such as paging. Both are called on
 * the engine's thread with no lock held, must be quick and must not wait; they may start and free
 * requests. */
struct msx_http_hooks {
    /* A whole 2xx answer is there. MSX_OK accepts it. MSX_E_SERVER calls it nonsense: a READ or
     * READ_BATCH is repeated like after a 502 while retries last. Any other code ends the request
     * with that code and err. May be NULL. */
    enum msx_code (*check)(void *user, const struct msx_http_future *f,
                           const struct msx_http_response *res, struct msx_error *err);
    /* The request is over, whatever way; called exactly once. May be NULL. */
    void (*done)(void *user, struct msx_http_future *f, enum msx_code rc,
                 const struct msx_http_response *res, const struct msx_error *err);
    void *user;
};

struct msx_http_request {
    enum msx_http_kind kind;
    const char *method;         /* "GET", "POST", "PATCH", "DELETE" */
    const char *url;            /* absolute, already percent-encoded */
    const char *const *headers; /* "Name: value", NULL-terminated; may be NULL. CR/LF refused */
    const void *body;           /* copied */
    size_t body_len;
    const struct msx_write_cap *cap; /* MSX_HTTP_WRITE only */
    size_t max_bytes;                /* ceiling of the answer; 0 = 64 MiB */
    long timeout_ms;                 /* of one attempt; 0 = ctx->timeout_ms */
    struct msx_http_hooks hooks;     /* zero = none */
};

struct msx_http_stats { /* since the engine was made */
    unsigned long requests, retries, bytes_in;
    unsigned max_in_flight;
};

/**
 * @param origin  "https://org.crm.dynamics.com": the only origin (or its .api. twin) that gets the
 *                bearer and that READ and WRITE requests may go to. Plain http only to loopback.
 *                NULL for an engine that only does MSX_HTTP_AUTH
 * @param token   may be NULL (no bearer); must outlive the engine
 * @return MSX_OK, MSX_E_INVALID (bad origin, http to a host that is not loopback), MSX_E_NOMEM
 */
enum msx_code msx_http_new(const struct msx_ctx *ctx, const char *origin,
                           const struct msx_token_source *token, struct msx_http **out,
                           struct msx_error *err) MSX_MUST_CHECK;
void msx_http_free(struct msx_http *h); /* cancels what is under way, joins the thread */

/* Start a request. MSX_E_INVALID: foreign origin, write without cap, bad header or URL;
 * MSX_E_CANCELLED: the engine is being freed. The engine adds Accept, the OData version headers, on
 * READ also "If-None-Match: null" unless the request is conditional by itself; Authorization, Host,
 * Cookie and the like cannot be given. */
enum msx_code msx_http_start(struct msx_http *h, const struct msx_http_request *req,
                             struct msx_http_future **out, struct msx_error *err) MSX_MUST_CHECK;

/**
 * Wait for it. MSX_OK means an HTTP answer of any status arrived whole (look at status);
 * MSX_E_NETWORK none did (after retries); MSX_E_AUTH no token, or 401 also with a fresh token;
 * MSX_E_THROTTLED; MSX_E_LIMIT over max_bytes; MSX_E_CANCELLED. 5xx that outlived the retries are
 * answers (MSX_OK). A redirect is MSX_E_SERVER naming the target's origin.
 *
 * A 429 pauses the whole engine for all of its Retry-After; a request that would have to wait more
 * than ten minutes in all ends as MSX_E_THROTTLED. After a cancellation everything ends within
 * about 100 ms, but a write that was already sent gets three seconds to end, so that its outcome is
 * known.
 *
 * @param out  filled in every case, also on failure: a write's `sent` is then what matters
 */
enum msx_code msx_http_wait(struct msx_http_future *f, struct msx_http_response *out,
                            struct msx_error *err) MSX_MUST_CHECK;
/* Header of the final answer, name case-insensitive; NULL if absent. Borrowed. */
const char *msx_http_header(const struct msx_http_future *f, const char *name);
/* The service's id of the final answer (x-ms-service-request-id, REQ_ID, x-ms-request-id, in this
 * order), "" when there is none. Borrowed. */
const char *msx_http_request_id(const struct msx_http_future *f);
/* Free; a request still under way is cancelled. */
void msx_http_future_free(struct msx_http_future *f);

void msx_http_get_stats(struct msx_http *h, struct msx_http_stats *out);
/* True when url has the engine's origin or its .api. twin. */
bool msx_http_same_origin(const struct msx_http *h, const char *url);
/* "https://host" or "https://host:port" of a URL, for messages; new string, NULL when it is none.
 */
char *msx_http_origin_of(const char *url);
/* Percent-encode for a query value or path segment: everything but A-Za-z0-9-._~ ; appended. */
void msx_url_encode(struct msx_buf *b, const char *s, size_t len);

#endif
