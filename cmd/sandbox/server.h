/* The HTTP side: libmicrohttpd in front of the service, the identity provider and the controls. */
#ifndef SANDBOX_SERVER_H
#define SANDBOX_SERVER_H

#include "faults.h"
#include "identity.h"
#include "sample.h"
#include "service.h"
#include "store.h"

struct sb_server {
    struct sb_store *store;
    struct sb_identity *identity;
    struct sb_faults *faults;
    bool no_auth;
    long max_page;
    int port;
    char base[64];
    char control_key[65];
    char today[11]; /* fixed day, or "" for the clock's; under lock */
    _Atomic enum sb_size size;
    struct MHD_Daemon *daemon;
    void (*on_stop)(void); /* asked to end by the control endpoint */
};

/* Listen on 127.0.0.1:port (0: any free one) and fill port and base. Requests that come before
 * sb_server_ready() are answered with 503. */
enum msx_code sb_server_start(struct sb_server *s, int port, struct msx_error *err) MSX_MUST_CHECK;
void sb_server_ready(struct sb_server *s);
void sb_server_stop(struct sb_server *s);
/* Day of this request: the fixed one or the clock's, in UTC. */
void sb_server_today(struct sb_server *s, char out[11]);
bool sb_server_fixed_today(struct sb_server *s, char out[11]);
void sb_server_set_today(struct sb_server *s, const char *today);

/* control.c: /__sandbox/... */
void sb_control(struct sb_server *s, const struct sb_request *q, struct sb_response *r);
/* Replace the data by the sample data of a size, or by a document. today: fixed day or "". */
enum msx_code sb_reset(struct sb_server *s, enum sb_size size, const char *today,
                       struct msx_error *err) MSX_MUST_CHECK;
enum msx_code sb_load_document(struct sb_server *s, const json_t *doc, const char *today,
                               struct msx_error *err) MSX_MUST_CHECK;
bool sb_size_parse(const char *text, enum sb_size *out);
const char *sb_size_name(enum sb_size size);

#endif
