/* Records that many clients would have: generated, the same each time, all clean of surprises. */
#ifndef SANDBOX_GENERATE_H
#define SANDBOX_GENERATE_H

#include <jansson.h>

#include "msxops/date.h"
#include "store.h"

/* A GUID that is always the same for the same kind ("user", "milestone" ...) and key. */
void sb_sample_guid(const char *kind, const char *key, char out[37]);
/* Sets msp_salesplay of the opportunity by the play's label. */
void sb_sample_play(json_t *rec, const char *label);
/* Workloads and process stages that the territory and generated records refer to. */
enum msx_code sb_sample_lookups(struct sb_store *store, struct msx_error *err) MSX_MUST_CHECK;
/* Add n opportunities with 8 milestones each and 3 tasks a milestone, of generated customers and
 * sellers who are not those of the territory. For 5,000 opportunities and more the milestones and
 * tasks are kept to the first 2,000, so that a large set still loads in a minute. */
enum msx_code sb_generate(struct sb_store *store, msx_day today, long n,
                          struct msx_error *err) MSX_MUST_CHECK;

#endif
