/* Metadata of tables, in sections that are loaded only when needed. */
#ifndef LIB_ODATA_META_H
#define LIB_ODATA_META_H

#include "odata/odata.h"

enum meta_section {
    META_CORE,
    META_ATTRIBUTES,
    META_PICKLIST,
    META_MULTISELECT,
    META_STATUS,
    META_STATE,
    META_BOOLEAN,
    META_LOOKUP,
    META_DATE,
    META_STRING,
    META_MEMO,
    META_NAV,
    META_SECTIONS,
};

#define META_BIT(s) (1u << (s))
#define META_TABLE                                                                                 \
    (META_BIT(META_CORE) | META_BIT(META_ATTRIBUTES) | META_BIT(META_PICKLIST) |                   \
     META_BIT(META_MULTISELECT) | META_BIT(META_STATUS) | META_BIT(META_STATE) |                   \
     META_BIT(META_BOOLEAN) | META_BIT(META_LOOKUP) | META_BIT(META_DATE) |                        \
     META_BIT(META_STRING) | META_BIT(META_MEMO))

struct meta_table {
    struct meta_table *next;
    char *logical;
    unsigned loading;           /* sections that some thread is loading */
    json_t *raw[META_SECTIONS]; /* object or array as the service gave it, NULL = not loaded */
    int64_t at[META_SECTIONS];  /* when it was loaded, Unix seconds */
    json_t *table;              /* msx_meta_table()'s answer */
    json_t *options;            /* column -> array, msx_meta_options()'s answers */
};

struct meta_set {
    struct meta_set *next;
    char *set;
    char *logical, *primary_id; /* NULL: not loaded, or no such set */
    int64_t at;
    bool loading, known; /* known: asked, whatever the answer was */
};

struct msx_meta {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct meta_table *tables;
    struct meta_set *sets;
    bool sets_file_read;
    char *dir; /* $cache_dir/<host>, NULL = no file cache */
};

extern const char *const meta_section_names[META_SECTIONS];

/* meta_shape.c: the service's raw answers as ours. NULL when out of memory. */
json_t *meta_shape_table(json_t *const raw[META_SECTIONS]);
json_t *meta_shape_options(const json_t *attribute); /* of a Picklist..., Status... attribute */
const json_t *meta_find_attribute(const json_t *list, const char *column);

/* meta_cache.c; failures only mean that nothing was cached. With the lock held. */
void meta_cache_read(const struct msx_odata *o, struct meta_table *t);
void meta_cache_write(const struct msx_odata *o, const struct meta_table *t);
void meta_cache_read_sets(const struct msx_odata *o);
void meta_cache_write_sets(const struct msx_odata *o);
char *meta_cache_dir(const struct msx_odata *o);
struct meta_set *meta_add_set(struct msx_meta *m, const char *set); /* NULL: out of memory */
bool meta_fill_set(struct meta_set *s, const char *logical, const char *primary_id, int64_t at);

#endif
