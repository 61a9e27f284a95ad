/* What the files of lib/odata share. */
#ifndef LIB_ODATA_ODATA_H
#define LIB_ODATA_ODATA_H

#include <pthread.h>

#include "msxops/mem.h"
#include "msxops/odata.h"
#include "msxops/text.h"

#define ODATA_DEFAULT_PAGE  5000L
#define ODATA_MAX_URL       ((size_t)30000) /* the service takes 32,768; longer goes in a $batch */
#define ODATA_MAX_BATCH_URL ((size_t)65000) /* of a request inside a $batch: 65,536 */
#define ODATA_MAX_SEGMENT   ((size_t)260)   /* a longer path segment is refused as invalid */
#define ODATA_IDS_PER_PART  ((size_t)100)
#define ODATA_IDS_MAX_URL   ((size_t)16000)
#define ODATA_BATCH_PARTS   ((size_t)20) /* requests in one $batch; more batches run side by side */

struct msx_meta;

struct msx_odata {
    const struct msx_ctx *ctx;
    char *org, *base;
    struct msx_http *http;
    struct msx_meta *meta;
};

/* query.c */
void odata_encode(struct msx_buf *b,
                  const char *s); /* for a query value; keeps what is legal there */
enum msx_code odata_query_check(const struct msx_query *q, struct msx_error *err) MSX_MUST_CHECK;
/* URL of the query; ids_filter is and-ed with q->filter, may be NULL. */
enum msx_code odata_query_url(const struct msx_odata *o, const struct msx_query *q,
                              const char *ids_filter, struct msx_buf *url,
                              struct msx_error *err) MSX_MUST_CHECK;
/* "Prefer: ..." for every page of the query. */
char *odata_query_prefer(const struct msx_query *q);
/* Whether path has no space, control character or overlong segment. */
enum msx_code odata_path_check(const char *path, struct msx_error *err) MSX_MUST_CHECK;

/* page.c: one page of an answer. */
struct odata_page {
    json_t *doc;      /* owned */
    const char *next; /* borrowed from doc; NULL on the last page */
};
/* MSX_E_SERVER when it is not what the service would send. listing: an object with "value". */
enum msx_code odata_page_parse(const char *body, size_t len, bool listing, json_t **doc_out,
                               struct msx_error *err) MSX_MUST_CHECK;
/* The next page's URL, checked: new string in *next_out, NULL when doc is the last page. */
enum msx_code odata_next_link(const struct msx_odata *o, const json_t *doc, char **next_out,
                              struct msx_error *err) MSX_MUST_CHECK;
uint64_t odata_hash(const char *s);

/* batch.c */
/* Body of a $batch of n GETs for absolute paths ("/api/data/..."); headers may be NULL. */
enum msx_code odata_batch_build(const char *const *paths, size_t n, const char *prefer,
                                const char *boundary, struct msx_buf *out,
                                struct msx_error *err) MSX_MUST_CHECK;
struct odata_part {
    int status;
    const char *body; /* borrowed from the text that was parsed; not terminated */
    size_t body_len;
    char request_id[80];
};
/* Take the answer of a $batch apart. content_type: of the answer. MSX_E_SERVER: not multipart, not
 * whole, or not exactly n parts unless the last one is an error. *got_out: parts found. */
enum msx_code odata_batch_parse(const char *content_type, const char *body, size_t len,
                                struct odata_part *parts, size_t n, size_t *got_out,
                                struct msx_error *err) MSX_MUST_CHECK;

/* meta.c */
enum msx_code odata_meta_new(struct msx_odata *o, struct msx_error *err) MSX_MUST_CHECK;
void odata_meta_free(struct msx_meta *m);

#endif
