/* The table descriptions as the service's metadata objects. All results are new. */
#ifndef SANDBOX_META_JSON_H
#define SANDBOX_META_JSON_H

#include <jansson.h>

#include "schema.h"

json_t *sb_meta_tables(void);
json_t *sb_meta_table(const struct sb_table *t);
/* cast: "PicklistAttributeMetadata", or NULL for all. Choices carry OptionSet and GlobalOptionSet.
 */
json_t *sb_meta_attributes(const struct sb_table *t, const char *cast);
json_t *sb_meta_attribute(const struct sb_table *t, const struct sb_attr *a);
const char *sb_meta_type(const struct sb_attr *a); /* "PicklistAttributeMetadata" */
/* Relationships with that child and that parent; NULL is any. */
json_t *sb_meta_relations(const struct sb_table *child, const struct sb_table *parent);
/* a: the column it belongs to; its type says how the options are written. NULL: a plain choice. */
json_t *sb_meta_optionset(const struct sb_optionset *set, const struct sb_attr *a);
/* "(guid)": the table with that MetadataId, or NULL. */
const struct sb_table *sb_meta_table_by_id(const char *text);

#endif
