/* The context that every layer gets: what the process knows about its user, time, limits and
 * places. The library reads no environment and prints nothing: cmd/ fills this in. */
#ifndef MSXOPS_CTX_H
#define MSXOPS_CTX_H

#include <signal.h>
#include <stdbool.h>

#include "msxops/date.h"
#include "msxops/error.h"

enum msx_log_level { MSX_LOG_ERROR, MSX_LOG_WARN, MSX_LOG_INFO, MSX_LOG_DEBUG, MSX_LOG_TRACE };

struct msx_ctx {
    msx_day today;            /* the date of all relative rules */
    const struct msx_tz *tz;  /* the user's calendar; never NULL */
    const char *config_dir;   /* ~/.config/msxops */
    const char *state_dir;    /* ~/.local/state/msxops: plans, journals, audit log, snapshots */
    const char *cache_dir;    /* ~/.cache/msxops: metadata; may be deleted at any time */
    const char *data_dir;     /* where shipped skills are: a folder holding skills/ */
    const char *tool_version; /* "0.1.0" */
    int concurrency;          /* requests in flight at most, 1..52 */
    long timeout_ms;          /* a request's own limit */
    int retries;              /* repeats of a retryable request */
    bool no_cache;            /* ignore cached metadata */
    const volatile sig_atomic_t *cancelled; /* set by SIGINT; may be NULL */
    int64_t (*now_s)(void *user);           /* wall clock, Unix seconds; never NULL */
    void *now_user;
    void (*log)(void *user, enum msx_log_level level, const char *line); /* may be NULL */
    void *log_user;
    bool trace; /* make MSX_LOG_TRACE lines at all: headers and bodies, secrets removed */
};

void msx_log(const struct msx_ctx *ctx, enum msx_log_level level, const char *fmt, ...)
    MSX_PRINTF(3, 4);
static inline bool msx_cancelled(const struct msx_ctx *ctx)
{
    return ctx->cancelled && *ctx->cancelled;
}

#endif
