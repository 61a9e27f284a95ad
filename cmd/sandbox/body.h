/* A client's JSON body as the columns that it sets. */
#ifndef SANDBOX_BODY_H
#define SANDBOX_BODY_H

#include "bind.h"
#include "service.h"

/* Parse the request's body as a JSON object: new, or NULL with c->e filled. */
json_t *sb_body_parse(struct sb_call *c);
/* Read the members into row (zeroed); columns that a client cannot set are left out in silence, as
 * the service does. key: the key that the URL names, or NULL on a create. */
bool sb_body_to_row(struct sb_call *c, const struct sb_table *t, const json_t *body, bool create,
                    const char *key, struct sb_row *row);
/* The record that a reference names: "/accounts(guid)", or "$1" of a batch. */
bool sb_body_ref(struct sb_call *c, const struct sb_table *t, const char *text, struct sb_ref *ref);
/* Set a lookup of row to a record. */
void sb_body_point(const struct sb_table *t, const struct sb_attr *a, const struct sb_table *to,
                   const char *id, struct sb_row *row);

#endif
