/* Error reporting: a small caller-owned struct, one line of text, one optional hint. */
#ifndef MSXOPS_ERROR_H
#define MSXOPS_ERROR_H

#include <stdarg.h>
#include <stdint.h>

#if defined(__GNUC__)
#define MSX_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define MSX_MUST_CHECK   __attribute__((warn_unused_result))
#define MSX_AUTO(fn)     __attribute__((cleanup(fn)))
#define MSX_UNUSED       __attribute__((unused))
#else
#error "libmsxops needs gcc or clang"
#endif

/* Defines free_fn##_p(type **) for use with MSX_AUTO on a local of type 'type *'. */
#define MSX_DEFINE_AUTO(type, free_fn)                                                             \
    static inline MSX_UNUSED void free_fn##_p(type **p)                                            \
    {                                                                                              \
        free_fn(*p);                                                                               \
    }
/* Moves a pointer out of an owning local. */
#define MSX_STEAL(p)                                                                               \
    (__extension__({                                                                               \
        __typeof__(p) t_ = (p);                                                                    \
        (p) = NULL;                                                                                \
        t_;                                                                                        \
    }))

/* Codes are few: each asks for a different reaction. msx_exit_status() maps them to cli.md's exit
 * status, in one exhaustive switch. */
enum msx_code {
    MSX_OK = 0,
    MSX_E_USAGE,      /* bad command line or bad tool argument -> 2 */
    MSX_E_INVALID,    /* a file (plan, flow, configuration) or a value is not valid -> 2 */
    MSX_E_AMBIGUOUS,  /* a name fits several records; msg lists candidates -> 2 */
    MSX_E_AUTH,       /* not signed in, token refused and not renewable -> 3 */
    MSX_E_DENIED,     /* signed in, but not allowed (403) -> 3 */
    MSX_E_NOTFOUND,   /* no such record or file named as a record -> 4 */
    MSX_E_CONFLICT,   /* record changed since planned; confirmation does not match -> 6 */
    MSX_E_PARTIAL,    /* some operations done, at least one not -> 7 */
    MSX_E_REFUSED,    /* refused by a guardrail -> 8 */
    MSX_E_INCOMPLETE, /* answer incomplete and allowed to be (--allow-partial) -> 9 */
    MSX_E_UNKNOWN,    /* the outcome of a write is unknown -> 10 */
    MSX_E_CANCELLED,  /* SIGINT or the user said no -> 130 */
    MSX_E_NETWORK,    /* no (whole) answer: connect, timeout, TLS, truncated -> 1 */
    MSX_E_SERVER,     /* the service failed or answered nonsense (5xx, not JSON) -> 1 */
    MSX_E_THROTTLED,  /* 429 and retries used up -> 1 */
    MSX_E_REJECTED,   /* the service refused the request itself (400, 405, 412 ...) -> 1 */
    MSX_E_IO,         /* local file, disk full -> 1 */
    MSX_E_LIMIT,      /* a size or depth limit of ours was hit -> 1 */
    MSX_E_NOMEM,      /* out of memory -> 1 */
};

struct msx_error { /* caller-owned, usually on the stack; nothing to free; {0} is "no error" */
    enum msx_code code;
    int sys_errno;       /* errno value, 0 when no system call failed */
    int http_status;     /* 100..599, 0 when no response arrived */
    uint32_t crm_code;   /* Dataverse error code such as 0x80040217, 0 when none */
    char request_id[80]; /* x-ms-service-request-id of the answer, or "" */
    char msg[600];       /* one line of UTF-8, lower case start, no final full stop */
    char hint[300];      /* what to do, ideally a command to run; "" when there is none */
};

/* clang-format off */
#define MSX_ERROR_INIT { .code = MSX_OK }
/* clang-format on */

/**
 * Fill err (may be NULL) and return code, so that a caller writes `return msx_fail(...)`.
 * Control characters in the message are replaced. Overlong text is cut with "...".
 */
enum msx_code msx_fail(struct msx_error *err, enum msx_code code, const char *fmt, ...)
    MSX_PRINTF(3, 4);

/* As msx_fail() with MSX_E_IO (MSX_E_NOMEM for ENOMEM), ": strerror" appended, sys_errno set. */
enum msx_code msx_fail_errno(struct msx_error *err, int errnum, const char *fmt, ...)
    MSX_PRINTF(3, 4);

/* Put "context: " before the message of err (when not NULL); returns rc unchanged. */
enum msx_code msx_wrap(struct msx_error *err, enum msx_code rc, const char *fmt, ...)
    MSX_PRINTF(3, 4);

#ifdef __clang_analyzer__ /* tells the static analyser that a failure is never MSX_OK */
#define msx_fail(err, code, ...)                                                                   \
    (__extension__({                                                                               \
        enum msx_code c_ = (code);                                                                 \
        (void)(msx_fail)(err, c_, __VA_ARGS__);                                                    \
        c_;                                                                                        \
    }))
#define msx_fail_errno(err, errnum, ...)                                                           \
    (__extension__({                                                                               \
        enum msx_code c_ = (msx_fail_errno)(err, errnum, __VA_ARGS__);                             \
        c_ ? c_ : MSX_E_IO;                                                                        \
    }))
#endif

/* Set the hint of err (may be NULL); an earlier hint is replaced. */
void msx_hint(struct msx_error *err, const char *fmt, ...) MSX_PRINTF(2, 3);

/* Stable lower-case name of a code ("not_found"), for JSON errors. Never NULL. */
const char *msx_code_name(enum msx_code code);

/* Process exit status of a code, cli.md section 2. */
int msx_exit_status(enum msx_code code);

#endif
