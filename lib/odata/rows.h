/* A read under way: one or more parts that run side by side, each a chain of pages. */
#ifndef LIB_ODATA_ROWS_H
#define LIB_ODATA_ROWS_H

#include "odata/odata.h"

enum rows_mode {
    ROWS_LIST,   /* pages of records */
    ROWS_OBJECT, /* one object; should it be a listing, all its pages */
    ROWS_BATCH,  /* one object for each path */
};

struct part {
    struct msx_rows *rows;
    char *url;    /* of the page that is being read; NULL for ROWS_BATCH */
    char **paths; /* ROWS_BATCH: absolute paths, owned */
    size_t n_paths;
    struct msx_http_future *future; /* under way */
    json_t *doc;                    /* the answer just parsed; engine's thread only */
    json_t *got;                    /* LIST, BATCH: array; OBJECT: the object */
    uint64_t *seen;                 /* hashes of the URLs read so far */
    size_t n_seen, cap_seen;
    char *next; /* streaming: the page after the one in got */
    bool ended;
    unsigned dropped; /* optional columns left out, see optional.c */
};

struct msx_rows {
    struct msx_odata *o;
    enum rows_mode mode;
    bool streaming; /* one part that stops after each page until it is taken */
    char *prefer;   /* header line, "" = none */
    long top;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under the lock: */
    size_t refs; /* the caller's and one for each request under way */
    size_t open; /* parts not ended */
    bool abandoned, merged;
    enum msx_code rc;
    struct msx_error err;
    json_t *result;
    json_int_t count;
    bool capped, more;
    size_t n_parts;
    struct part *parts;
};

/* New with n parts without URL, not started. */
enum msx_code rows_new(struct msx_odata *o, enum rows_mode mode, size_t n, struct msx_rows **out,
                       struct msx_error *err) MSX_MUST_CHECK;
/* Start all parts; on failure r is freed. */
enum msx_code rows_start(struct msx_rows *r, struct msx_error *err) MSX_MUST_CHECK;
/* Read part->url (or part->paths) now. With the lock held. */
enum msx_code rows_request(struct part *p, struct msx_error *err) MSX_MUST_CHECK;
void rows_release_part(struct part *p);

/* optional.c: err refuses p for a column that is never required: take it out of p->url. */
bool odata_drop_optional(struct part *p, const struct msx_error *err);
/* Null for what was left out, in every record of the answer. -1: out of memory. */
int odata_fill_optional(const struct part *p, json_t *doc);

/* request.c: hooks of the engine */
enum msx_code rows_check(void *user, const struct msx_http_future *f,
                         const struct msx_http_response *res, struct msx_error *err);
/* The error of an answer that is not 2xx. */
enum msx_code rows_refused(const struct part *p, const struct msx_http_future *f,
                           const struct msx_http_response *res, struct msx_error *err);

#endif
