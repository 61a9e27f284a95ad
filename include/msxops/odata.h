/* OData over the Dataverse Web API: typed queries, paging, ID lists, $batch, metadata, errors.
 * facts/dataverse.md. Reads only; writes go through lib/plan. */
#ifndef MSXOPS_ODATA_H
#define MSXOPS_ODATA_H

#include "msxops/auth.h"
#include "msxops/http.h"
#include "msxops/json.h"

struct msx_odata; /* one organisation: engine, base URL, metadata cache */

/* base is profile->url + "/api/data/v9.2/". auth may be NULL in tests. */
enum msx_code msx_odata_new(const struct msx_ctx *ctx, const char *org_url, struct msx_auth *auth,
                            struct msx_odata **out, struct msx_error *err) MSX_MUST_CHECK;
/* The same with a token source of the caller's (may be NULL: no bearer), which must outlive o. */
enum msx_code msx_odata_open(const struct msx_ctx *ctx, const char *org_url,
                             const struct msx_token_source *source, struct msx_odata **out,
                             struct msx_error *err) MSX_MUST_CHECK;
void msx_odata_free(struct msx_odata *o); /* all msx_rows of o must have been freed before */
const struct msx_ctx *msx_odata_ctx(const struct msx_odata *o);
const char *msx_odata_org(const struct msx_odata *o);  /* "https://org.crm.dynamics.com" */
const char *msx_odata_base(const struct msx_odata *o); /* ".../api/data/v9.2/" */
struct msx_http *msx_odata_http(struct msx_odata *o);

/* ---- literals and conditions, appended unencoded to a filter text ---- */
void msx_odata_add_string(struct msx_buf *b, const char *s);  /* 'O''Brien' */
void msx_odata_add_pattern(struct msx_buf *b, const char *s); /* for contains(): also [%] [_] [[] */
enum msx_code msx_odata_add_guid(struct msx_buf *b, const char *s, struct msx_error *err)
    MSX_MUST_CHECK;                    /* MSX_E_USAGE when it is no GUID */
bool msx_odata_is_name(const char *s); /* ^[A-Za-z_][A-Za-z0-9_]*$ */

struct msx_query {           /* all strings borrowed for the call, unencoded */
    const char *set;         /* entity set */
    const char *select;      /* "a,b,c" or NULL */
    const char *filter;      /* or NULL */
    const char *orderby;     /* or NULL; the primary key is appended when primary_key is given */
    const char *expand;      /* or NULL */
    const char *primary_key; /* for the unique last sort key, e.g. "activityid"; or NULL */
    long top;                /* 0 = all; bounds the total over all pages */
    bool count;              /* ask $count */
    const char *annotations; /* include-annotations; NULL = FormattedValue and lookuplogicalname */
    long page_size;          /* 0 = what the service likes (5000) */
};

struct msx_rows; /* a read under way or done */

/* Start a listing; pages follow by themselves with the same Prefer. MSX_E_USAGE for bad names. */
enum msx_code msx_odata_list(struct msx_odata *o, const struct msx_query *q, struct msx_rows **out,
                             struct msx_error *err) MSX_MUST_CHECK;
/* The same for "field in ids": split into parallel requests so that no URL is too long, each page
 * chained; ids are deduplicated; rows come back in the order of q->orderby only within a part, so
 * sort afterwards. field is e.g. "_ownerid_value"; ids are checked to be GUIDs. q->filter is
 * and-ed. */
enum msx_code msx_odata_list_ids(struct msx_odata *o, const struct msx_query *q, const char *field,
                                 const char *const *ids, size_t n, struct msx_rows **out,
                                 struct msx_error *err) MSX_MUST_CHECK;
/* Start reading one record by key (GUID). */
enum msx_code msx_odata_get(struct msx_odata *o, const char *set, const char *id,
                            const char *select, const char *expand, struct msx_rows **out,
                            struct msx_error *err) MSX_MUST_CHECK;
/* Start any GET below the base ("WhoAmI", "EntityDefinitions(...)?$select=..."): already encoded.
 */
enum msx_code msx_odata_get_path(struct msx_odata *o, const char *path, struct msx_rows **out,
                                 struct msx_error *err) MSX_MUST_CHECK;

/* Start GETs below the base, sent inside $batch requests: for what is too long for a URL. The array
 * has one answer (an object) a path, in order; a failed one fails the whole and is named. paths are
 * encoded, without spaces. MSX_E_LIMIT when an answer has further pages. */
enum msx_code msx_odata_batch_get(struct msx_odata *o, const char *const *paths, size_t n,
                                  struct msx_rows **out, struct msx_error *err) MSX_MUST_CHECK;

/* Wait for all of it. Failure of any page is failure of the whole: nothing is ever shortened.
 * Codes: as msx_http_wait() plus MSX_E_NOTFOUND, MSX_E_DENIED, MSX_E_REJECTED, MSX_E_SERVER. */
enum msx_code msx_rows_wait(struct msx_rows *r, struct msx_error *err) MSX_MUST_CHECK;
json_t *msx_rows_array(struct msx_rows *r);  /* borrowed array of records, after a good wait */
json_t *msx_rows_object(struct msx_rows *r); /* borrowed single record (get, get_path) */
/* How many records fit the filter: @odata.count, -1 when not asked. The service counts to 5000
 * only; when everything was read this is the true number, else see msx_rows_count_capped(). */
json_int_t msx_rows_count(const struct msx_rows *r);
bool msx_rows_count_capped(const struct msx_rows *r); /* the true count is that or more */
bool msx_rows_more(const struct msx_rows *r);         /* q->top left out at least one row */
void msx_rows_free(struct msx_rows *r);

/* Streaming: called in page order with each page's array (borrowed) as it arrives, in the waiting
 * thread; memory stays bounded by a page. Return non-OK to stop with that code. */
typedef enum msx_code (*msx_page_fn)(void *user, json_t *rows, struct msx_error *err);
enum msx_code msx_odata_each_page(struct msx_odata *o, const struct msx_query *q, msx_page_fn fn,
                                  void *user, struct msx_error *err) MSX_MUST_CHECK;

/* Turn a not-2xx answer into an error: code and message from the body if it is OData, both kinds of
 * 404 told apart, HTML and empty bodies, 403 off the network explained. Returns the code. */
enum msx_code msx_odata_error(int status, const char *body, size_t len, const char *request_id,
                              struct msx_error *err);

/* ---- metadata: memory, then file cache per organisation (24 h), then the service ---- */
/* {logicalName, entitySetName, primaryId, primaryName, optimisticConcurrency,
 *  properties:[{name, type, displayName, required, createable, updateable, lookupTargets[],
 *  options:[{value,label,state?}], dateBehavior?, maxLength?}]}. Borrowed for o's life.
 * MSX_E_NOTFOUND: no such table (hint: nearest). */
enum msx_code msx_meta_table(struct msx_odata *o, const char *logical, json_t **out,
                             struct msx_error *err) MSX_MUST_CHECK;
/* Options of a column [{value,label,state?}], borrowed; MSX_E_NOTFOUND when it has none. */
enum msx_code msx_meta_options(struct msx_odata *o, const char *logical, const char *column,
                               json_t **out, struct msx_error *err) MSX_MUST_CHECK;
/* Navigation property to bind `column` of table `logical` to a row of table `target`
 * ("regardingobjectid_msp_engagementmilestone_task"). New string. MSX_E_NOTFOUND. */
enum msx_code msx_meta_nav(struct msx_odata *o, const char *logical, const char *column,
                           const char *target, char **out, struct msx_error *err) MSX_MUST_CHECK;
/* Entity set -> logical name and primary key, from metadata; NULL when unknown. Borrowed. */
enum msx_code msx_meta_set(struct msx_odata *o, const char *set, const char **logical,
                           const char **primary_id, struct msx_error *err) MSX_MUST_CHECK;

#endif
