/* The Web API of the sandbox: one call (a request or a part of a $batch) and what answers it. */
#ifndef SANDBOX_SERVICE_H
#define SANDBOX_SERVICE_H

#include "db.h"
#include "query.h"
#include "sb.h"
#include "store.h"
#include "value.h"

#define SB_MAX_PAGE      5000
#define SB_MAX_SEGMENT   260
#define SB_MAX_URL       32768
#define SB_MAX_BATCH_URL 65536

/* A write that took effect; they are counted when their transaction is committed. */
struct sb_effect {
    char verb[8]; /* create, update, delete */
    const struct sb_table *table;
    char id[37];
};
struct sb_effects {
    struct sb_effect *item;
    size_t n;
};

struct sb_service {
    struct sb_store *store;
    long max_page;
    char today[11];
    /* Told of every committed write; may be NULL. */
    void (*on_effects)(void *arg, const struct sb_effects *effects, const char *request_id);
    void *arg;
};

struct sb_prefer {
    bool representation;
    bool continue_on_error;
    bool track_changes;
    long max_page; /* 0: not asked for */
    char annotations[600];
};

/* Content-IDs of a batch: what "$1" stands for. */
struct sb_content_id {
    char name[64];
    struct sb_table const *table;
    char id[37];
};
struct sb_content_ids {
    struct sb_content_id *item;
    size_t n;
};

/* The record that a record hangs below, through a lookup of the latter. */
struct sb_link {
    struct sb_relation r;
    const char *id;
};

struct sb_call {
    struct sb_service *svc;
    struct sb_conn *conn;
    const struct sb_request *q;
    struct sb_response *r;
    const char *user;       /* systemuserid of the caller */
    const char *request_id; /* of the outer request */
    struct sb_arena arena;
    struct sb_options options;
    struct sb_prefer prefer;
    char api[200]; /* "http://127.0.0.1:PORT/api/data/v9.2/" */
    struct sb_error e;
    struct sb_effects *effects;
    struct sb_content_ids *ids; /* inside a change set, else NULL */
    int level;                  /* of related records that are created with the first one */
    /* what the path names */
    const struct sb_table *table;
    char id[37];
    const char *rest[4]; /* segments behind the first, decoded */
    size_t n_rest;
    bool has_id;
};

/* Answer a request to the Web API; its path begins with /api/data/. The caller is signed in. */
void sb_service_handle(struct sb_service *svc, const struct sb_request *q, const char *user,
                       const char *request_id, struct sb_response *r);
/* One request on a given connection, inside a transaction where it writes; false (and r holds the
 * error) when it failed, so that the transaction must not be kept. */
bool sb_service_call(struct sb_service *svc, struct sb_conn *conn, const struct sb_request *q,
                     const char *user, const char *request_id, struct sb_effects *effects,
                     struct sb_content_ids *ids, struct sb_response *r);
bool sb_method_writes(const char *method);
/* The service's error body and headers. */
void sb_answer_error(const struct sb_error *e, const char *annotations, struct sb_response *r);
void sb_prefer_parse(const char *header, struct sb_prefer *out);
/* Does an include-annotations list ("*", "Microsoft.*", names) ask for the annotation? */
bool sb_wants(const char *annotations, const char *name);
/* What happens at: now in UTC, its day replaced by the service's today. */
void sb_service_now(const struct sb_service *svc, char out[21]);

/* read.c */
bool sb_read_set(struct sb_call *c);
bool sb_read_record(struct sb_call *c);
bool sb_read_count(struct sb_call *c);
bool sb_read_segment(struct sb_call *c); /* set(id)/property, /nav, /nav/$ref ... */
/* The record as return=representation and single GETs show it; false when it is missing. */
bool sb_answer_record(struct sb_call *c, const struct sb_table *t, const char *id,
                      const struct sb_query *q, int status);
/* Status and headers of a JSON answer; paged: odata.maxpagesize was heeded. */
void sb_answer_json(struct sb_call *c, int status, bool paged);
bool sb_apply(struct sb_call *c, const struct sb_query *q); /* apply.c */
/* write.c */
bool sb_write_create(struct sb_call *c);
bool sb_write_patch(struct sb_call *c);
bool sb_write_delete(struct sb_call *c);
/* PUT or DELETE of a property or a reference, POST of a reference or into a collection */
bool sb_write_segment(struct sb_call *c);
bool sb_write_close_opportunity(struct sb_call *c, bool won);
/* Create a record of t, with those that body holds above and below it. key: the URL's, or NULL;
 * link: what it hangs below, or NULL. id receives the key. */
bool sb_write_new(struct sb_call *c, const struct sb_table *t, const json_t *body, const char *key,
                  const struct sb_link *link, char id[37]);
/* Hang an existing record below another one. */
bool sb_write_link(struct sb_call *c, const char *id, const struct sb_link *link);
/* Change a record as a given user, outside of any request's rules on headers. */
bool sb_write_update(struct sb_call *c, const struct sb_table *t, const char *id,
                     const json_t *body);
/* multiple.c: POST set/Microsoft.Dynamics.CRM.CreateMultiple, UpdateMultiple, UpsertMultiple;
 * known is false when action is none of them, or none that the table has. */
bool sb_write_multiple(struct sb_call *c, const char *action, bool *known);
/* metadata.c */
bool sb_metadata(struct sb_call *c, const char *first);
bool sb_service_document(struct sb_call *c);
bool sb_metadata_document(struct sb_call *c);
/* batch.c */
void sb_batch(struct sb_service *svc, const struct sb_request *q, const char *user,
              const char *request_id, struct sb_response *r);

#endif
