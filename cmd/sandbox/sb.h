/* What the parts of msxops-sandbox share: a request, its response, the helpers on both, and the
 * program's way with memory: a server for trials gives up when there is none left. */
#ifndef SANDBOX_SB_H
#define SANDBOX_SB_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msxops/buf.h"
#include "msxops/error.h"

#define SB_MAX_BODY ((size_t)256 << 20)

struct sb_header {
    char *name;
    char *value;
};

struct sb_headers {
    struct sb_header *item;
    size_t n;
};

/* One HTTP request, or one part of a $batch. Everything is borrowed for the time of the call. */
struct sb_request {
    const char *method;        /* "GET" */
    const char *path;          /* as sent (still percent-encoded), from '/' to before '?' */
    const char *query;         /* as sent, behind '?'; "" when there is none */
    struct sb_headers headers; /* use sb_request_header() */
    const char *body;          /* body_len bytes and a NUL */
    size_t body_len;
    const char *remote; /* "127.0.0.1" */
    const char *base;   /* "http://127.0.0.1:PORT", what absolute links begin with */
};

struct sb_response {
    int status;
    struct sb_headers headers;
    struct msx_buf body;
};

/* Value of the first header of that name (any case), or NULL. */
const char *sb_request_header(const struct sb_request *q, const char *name);

void sb_headers_add(struct sb_headers *h, const char *name, const char *value);
void sb_headers_release(struct sb_headers *h);

void sb_response_init(struct sb_response *r); /* status 200, no header, empty body */
void sb_response_release(struct sb_response *r);
void sb_response_clear(struct sb_response *r);
/* Set (replacing one of that name) a header; the value is formatted. */
void sb_response_header(struct sb_response *r, const char *name, const char *fmt, ...)
    MSX_PRINTF(3, 4);
const char *sb_response_get(const struct sb_response *r, const char *name); /* borrowed or NULL */
/* Whole answers: they replace the body and set Content-Type. */
void sb_response_text(struct sb_response *r, int status, const char *type, const char *text);
void sb_response_json(struct sb_response *r, int status, const json_t *body); /* borrowed */

/* Value of a parameter in an application/x-www-form-urlencoded text (a query, a form), decoded;
 * new, freed with msx_free(), or NULL when absent. */
char *sb_form_get(const char *form, size_t len, const char *name);
/* Percent-decode n bytes ('+' stays unless plus) into new text; NULL when it is malformed or holds
 * a NUL byte. */
char *sb_percent_decode(const char *s, size_t n, bool plus);
void sb_percent_encode(struct msx_buf *b, const char *s, size_t n);

/* Allocation that ends the program when memory runs out. */
void *sb_alloc(size_t n); /* zeroed */
void *sb_grow(void *p, size_t count, size_t size);
char *sb_dup(const char *s);
char *sb_ndup(const char *s, size_t n);
/* json_object_set_new() that cannot fail; value is stolen. */
void sb_set(json_t *obj, const char *key, json_t *value);
void sb_set_str(json_t *obj, const char *key, const char *s); /* null when s is NULL */
void sb_append(json_t *arr, json_t *value);

/* Strings, JSON in text form. */
void sb_add_json_string(struct msx_buf *b, const char *s, size_t n);

int64_t sb_now_ms(void);    /* wall clock */
int64_t sb_clock_ms(void);  /* monotonic */
void sb_guid(char out[37]); /* random; gives up without randomness */
_Noreturn void sb_die(const char *what);

#endif
