/* Metadata: each table in sections, each loaded once for all threads that want it, kept in memory
 * for the life of the organisation and in a file for a day. */
#include "odata/meta.h"

#include <string.h>

#define ATTRIBUTES(cast, options)                                                                  \
    "/Attributes/Microsoft.Dynamics.CRM." cast "AttributeMetadata?$select=LogicalName" options

static const char *const section_paths[META_SECTIONS] = {
    [META_CORE] = "?$select=LogicalName,SchemaName,EntitySetName,PrimaryIdAttribute,"
                  "PrimaryNameAttribute,IsOptimisticConcurrencyEnabled,IsActivity",
    [META_ATTRIBUTES] = "/Attributes?$select=LogicalName,AttributeType,AttributeOf,DisplayName,"
                        "RequiredLevel,IsValidForCreate,IsValidForUpdate,IsValidForRead",
    [META_PICKLIST] = ATTRIBUTES("Picklist", "&$expand=OptionSet,GlobalOptionSet"),
    [META_MULTISELECT] = ATTRIBUTES("MultiSelectPicklist", "&$expand=OptionSet,GlobalOptionSet"),
    [META_STATUS] = ATTRIBUTES("Status", "&$expand=OptionSet"),
    [META_STATE] = ATTRIBUTES("State", "&$expand=OptionSet"),
    [META_BOOLEAN] = ATTRIBUTES("Boolean", "&$expand=OptionSet"),
    [META_LOOKUP] = ATTRIBUTES("Lookup", ",Targets"),
    [META_DATE] = ATTRIBUTES("DateTime", ",DateTimeBehavior"),
    [META_STRING] = ATTRIBUTES("String", ",MaxLength"),
    [META_MEMO] = ATTRIBUTES("Memo", ",MaxLength"),
    [META_NAV] = "/ManyToOneRelationships?$select=SchemaName,ReferencedEntity,"
                 "ReferencingAttribute,ReferencingEntityNavigationPropertyName",
};

enum msx_code odata_meta_new(struct msx_odata *o, struct msx_error *err)
{
    struct msx_meta *m = msx_calloc(1, sizeof(*m));

    if (!m)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (pthread_mutex_init(&m->lock, NULL)) {
        msx_free(m);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    if (pthread_cond_init(&m->changed, NULL)) {
        pthread_mutex_destroy(&m->lock);
        msx_free(m);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    o->meta = m;
    m->dir = meta_cache_dir(o);
    return MSX_OK;
}

void odata_meta_free(struct msx_meta *m)
{
    if (!m)
        return;
    while (m->tables) {
        struct meta_table *t = m->tables;

        m->tables = t->next;
        for (int i = 0; i < META_SECTIONS; i++)
            json_decref(t->raw[i]);
        json_decref(t->table);
        json_decref(t->options);
        msx_free(t->logical);
        msx_free(t);
    }
    while (m->sets) {
        struct meta_set *s = m->sets;

        m->sets = s->next;
        msx_free(s->set);
        msx_free(s->logical);
        msx_free(s->primary_id);
        msx_free(s);
    }
    msx_free(m->dir);
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
    msx_free(m);
}

/* With the lock held; NULL when out of memory. */
static struct meta_table *find_table(struct msx_odata *o, const char *logical)
{
    struct meta_table *t;

    for (t = o->meta->tables; t; t = t->next)
        if (strcmp(t->logical, logical) == 0)
            return t;
    t = msx_calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    t->logical = msx_strdup(logical);
    t->options = json_object();
    if (!t->logical || !t->options) {
        msx_free(t->logical);
        json_decref(t->options);
        msx_free(t);
        return NULL;
    }
    t->next = o->meta->tables;
    o->meta->tables = t;
    meta_cache_read(o, t);
    return t;
}

static unsigned sections_of(const struct meta_table *t)
{
    unsigned have = 0;

    for (int i = 0; i < META_SECTIONS; i++)
        if (t->raw[i])
            have |= META_BIT(i);
    return have;
}

/* Names the table that is nearest to the one that does not exist; never fails itself. */
static void hint_nearest_table(struct msx_odata *o, const char *logical, struct msx_error *err)
{
    struct msx_rows *r = NULL;
    MSX_AUTO(msx_free_p) const char **names = NULL;
    const char *nearest;
    const json_t *list, *t;
    size_t i, n = 0;

    if (!err || msx_odata_get_path(o, "EntityDefinitions?$select=LogicalName", &r, NULL))
        return;
    if (!msx_rows_wait(r, NULL)) {
        list = msx_rows_array(r);
        names = msx_calloc(json_array_size(list) + 1, sizeof(*names));
        json_array_foreach(list, i, t) {
            const char *name = msx_json_str(t, "LogicalName");

            if (names && name)
                names[n++] = name;
        }
        nearest = n ? msx_nearest(logical, names, n) : NULL;
        if (nearest)
            msx_hint(err, "did you mean '%.100s'?", nearest);
    }
    msx_rows_free(r);
}

static enum msx_code explain(struct msx_odata *o, const char *logical, enum msx_code rc,
                             struct msx_error *err)
{
    if (rc == MSX_E_NOTFOUND || (err && err->http_status == 404 && rc == MSX_E_REJECTED) ||
        (err && (err->crm_code == 0x80041102))) {
        rc = msx_fail(err, MSX_E_NOTFOUND, "there is no table '%.100s'", logical);
        hint_nearest_table(o, logical, err);
        return rc;
    }
    return msx_wrap(err, rc, "cannot read the metadata of table '%.100s'", logical);
}

/* What only refines the picture may be missing on an older service. */
static bool is_optional(int section)
{
    return section == META_DATE || section == META_STRING || section == META_MEMO;
}

/* One section's answer into *out. */
static enum msx_code take_section(struct msx_rows *r, int section, json_t **out,
                                  struct msx_error *err)
{
    enum msx_code rc = msx_rows_wait(r, err);
    json_t *got;

    if (rc && !(is_optional(section) && (rc == MSX_E_REJECTED || rc == MSX_E_NOTFOUND)))
        return rc;
    if (rc)
        *out = json_array();
    else if (section == META_CORE)
        *out = json_incref(msx_rows_object(r));
    else if ((got = msx_rows_array(r)))
        *out = json_incref(got);
    else
        return msx_fail(err, MSX_E_SERVER, "the service's answer has no list");
    return *out ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

/* All of wanted at the same time. On failure nothing is left in raw. */
static enum msx_code load_sections(struct msx_odata *o, const char *logical, unsigned wanted,
                                   json_t *raw[META_SECTIONS], struct msx_error *err)
{
    struct msx_rows *reads[META_SECTIONS] = { 0 };
    enum msx_code rc = MSX_OK;

    for (int i = 0; !rc && i < META_SECTIONS; i++) {
        MSX_AUTO(msx_free_p) char *path = NULL;

        if (!(wanted & META_BIT(i)))
            continue;
        path = msx_asprintf("EntityDefinitions(LogicalName='%s')%s", logical, section_paths[i]);
        rc = path ? msx_odata_get_path(o, path, &reads[i], err)
                  : msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    for (int i = 0; !rc && i < META_SECTIONS; i++)
        if (reads[i])
            rc = take_section(reads[i], i, &raw[i], err);
    for (int i = 0; i < META_SECTIONS; i++) {
        msx_rows_free(reads[i]);
        if (rc) {
            json_decref(raw[i]);
            raw[i] = NULL;
        }
    }
    return rc;
}

/* Make sure that table logical has the wanted sections, loading what nobody else is loading. What
 * is in t->raw stays as it is for the life of o, so it may be read without the lock afterwards. */
static enum msx_code need(struct msx_odata *o, const char *logical, unsigned wanted,
                          struct meta_table **out, struct msx_error *err)
{
    struct msx_meta *m = o->meta;
    struct meta_table *t;
    enum msx_code rc = MSX_OK;

    if (!msx_odata_is_name(logical))
        return msx_fail(err, MSX_E_USAGE, "'%.80s' is not the name of a table",
                        logical ? logical : "");
    pthread_mutex_lock(&m->lock);
    t = find_table(o, logical);
    if (!t)
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    while (!rc && (wanted & ~sections_of(t))) {
        json_t *raw[META_SECTIONS] = { 0 };
        struct msx_error why = MSX_ERROR_INIT;
        unsigned mine = wanted & ~sections_of(t) & ~t->loading;

        if (!mine) {
            (void)pthread_cond_wait(&m->changed, &m->lock);
            continue;
        }
        t->loading |= mine;
        pthread_mutex_unlock(&m->lock);
        rc = load_sections(o, logical, mine, raw, &why);
        if (rc) {
            rc = explain(o, logical, rc, &why);
            if (err)
                *err = why;
        }
        pthread_mutex_lock(&m->lock);
        t->loading &= ~mine;
        for (int i = 0; i < META_SECTIONS; i++)
            if (raw[i]) {
                t->raw[i] = raw[i];
                t->at[i] = o->ctx->now_s(o->ctx->now_user);
            }
        if (!rc)
            meta_cache_write(o, t);
        pthread_cond_broadcast(&m->changed);
    }
    pthread_mutex_unlock(&m->lock);
    if (!rc)
        *out = t;
    return rc;
}

enum msx_code msx_meta_table(struct msx_odata *o, const char *logical, json_t **out,
                             struct msx_error *err)
{
    struct meta_table *t = NULL;
    enum msx_code rc = need(o, logical, META_TABLE, &t, err);

    if (rc)
        return rc;
    pthread_mutex_lock(&o->meta->lock);
    if (!t->table)
        t->table = meta_shape_table(t->raw);
    if (t->table)
        *out = t->table;
    else
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    pthread_mutex_unlock(&o->meta->lock);
    return rc;
}

/* The column's description among the sections of mask, NULL when it is in none. */
static enum msx_code find_choice(struct msx_odata *o, const char *logical, const char *column,
                                 unsigned mask, const json_t **out, struct msx_error *err)
{
    struct meta_table *t = NULL;
    enum msx_code rc = need(o, logical, mask, &t, err);

    for (int i = 0; !rc && !*out && i < META_SECTIONS; i++)
        if (mask & META_BIT(i))
            *out = meta_find_attribute(t->raw[i], column);
    return rc;
}

enum msx_code msx_meta_options(struct msx_odata *o, const char *logical, const char *column,
                               json_t **out, struct msx_error *err)
{
    /* most choices are picklists: the rest is only asked for when it is none */
    unsigned first = META_BIT(META_PICKLIST);
    unsigned second = META_BIT(META_MULTISELECT) | META_BIT(META_BOOLEAN);
    struct meta_table *t = NULL;
    const json_t *a = NULL;
    json_t *options = NULL;
    enum msx_code rc;

    if (!msx_odata_is_name(column))
        return msx_fail(err, MSX_E_USAGE, "'%.80s' is not a column name", column ? column : "");
    if (strcmp(column, "statuscode") == 0)
        first = META_BIT(META_STATUS);
    else if (strcmp(column, "statecode") == 0)
        first = META_BIT(META_STATE);
    rc = find_choice(o, logical, column, first, &a, err);
    if (!rc && !a)
        rc = find_choice(o, logical, column, second, &a, err);
    if (!rc && !a)
        rc = msx_fail(err, MSX_E_NOTFOUND, "table '%.100s' has no choice column '%.100s'", logical,
                      column);
    if (!rc)
        rc = need(o, logical, 0, &t, err);
    if (rc)
        return rc;
    pthread_mutex_lock(&o->meta->lock);
    options = json_object_get(t->options, column);
    if (!options) {
        options = meta_shape_options(a);
        if (!options || json_object_set_new(t->options, column, options))
            options = NULL;
    }
    pthread_mutex_unlock(&o->meta->lock);
    if (!options)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = options;
    return MSX_OK;
}

static const char *find_nav(const json_t *relations, const char *column, const char *target)
{
    size_t i;
    const json_t *r;

    json_array_foreach(relations, i, r) {
        const char *nav = msx_json_str(r, "ReferencingEntityNavigationPropertyName");

        if (nav && strcmp(msx_json_str_or(r, "ReferencingAttribute", ""), column) == 0 &&
            strcmp(msx_json_str_or(r, "ReferencedEntity", ""), target) == 0)
            return nav;
    }
    return NULL;
}

enum msx_code msx_meta_nav(struct msx_odata *o, const char *logical, const char *column,
                           const char *target, char **out, struct msx_error *err)
{
    struct meta_table *t = NULL;
    const char *nav;
    char *copy;
    enum msx_code rc;

    if (!msx_odata_is_name(column) || !msx_odata_is_name(target))
        return msx_fail(err, MSX_E_USAGE, "'%.80s' or '%.80s' is not a name", column ? column : "",
                        target ? target : "");
    rc = need(o, logical, META_BIT(META_NAV), &t, err);
    if (rc)
        return rc;
    nav = find_nav(t->raw[META_NAV], column, target);
    if (!nav && strcmp(column, "ownerid") == 0 &&
        (strcmp(target, "systemuser") == 0 || strcmp(target, "team") == 0)) {
        /* users and teams are bound through their common kind */
        nav = find_nav(t->raw[META_NAV], column, "owner");
        nav = nav ? nav : "ownerid";
    }
    if (!nav && strcmp(column, "regardingobjectid") == 0 &&
        strcmp(logical, "activitypointer") != 0) {
        /* activities inherit the lookups of activitypointer */
        rc = need(o, "activitypointer", META_BIT(META_NAV), &t, err);
        if (rc)
            return rc;
        nav = find_nav(t->raw[META_NAV], column, target);
    }
    if (!nav)
        return msx_fail(err, MSX_E_NOTFOUND, "column '%s' of table '%s' cannot hold a '%s'", column,
                        logical, target);
    copy = msx_strdup(nav);
    if (!copy)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = copy;
    return MSX_OK;
}

/* ---- entity sets ---- */

/* The definition of the table behind set into *rows (to be freed) and *def, NULL when there is
 * none. */
static enum msx_code ask_set(struct msx_odata *o, const char *set, struct msx_rows **rows,
                             const json_t **def, struct msx_error *err)
{
    static const char columns[] = "LogicalName,EntitySetName,PrimaryIdAttribute";
    MSX_AUTO(msx_free_p)
    char *one = msx_asprintf("EntityDefinitions?$select=%s&$filter=EntitySetName%%20eq%%20'%s'",
                             columns, set);
    MSX_AUTO(msx_free_p) char *all = msx_asprintf("EntityDefinitions?$select=%s", columns);
    enum msx_code rc;
    size_t i;
    const json_t *d;

    if (!one || !all)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_odata_get_path(o, one, rows, err);
    if (!rc)
        rc = msx_rows_wait(*rows, err);
    if (rc == MSX_E_REJECTED) { /* the filter is not supported everywhere */
        msx_rows_free(*rows);
        *rows = NULL;
        rc = msx_odata_get_path(o, all, rows, err);
        if (!rc)
            rc = msx_rows_wait(*rows, err);
    }
    if (rc)
        return rc;
    json_array_foreach(msx_rows_array(*rows), i, d) {
        if (strcmp(msx_json_str_or(d, "EntitySetName", ""), set) == 0)
            *def = d;
    }
    return MSX_OK;
}

/* With the lock held, which it lets go while the service answers. */
static enum msx_code load_set(struct msx_odata *o, struct meta_set *s, struct msx_error *err)
{
    struct msx_rows *rows = NULL;
    const json_t *def = NULL;
    enum msx_code rc;

    s->loading = true;
    pthread_mutex_unlock(&o->meta->lock);
    rc = ask_set(o, s->set, &rows, &def, err);
    pthread_mutex_lock(&o->meta->lock);
    s->loading = false;
    if (!rc && !def) {
        s->known = true;
    } else if (!rc) {
        const char *logical = msx_json_str(def, "LogicalName");
        const char *primary = msx_json_str(def, "PrimaryIdAttribute");

        if (!logical || !primary)
            rc = msx_fail(err, MSX_E_SERVER, "the definition of '%s' has no names", s->set);
        else if (!meta_fill_set(s, logical, primary, o->ctx->now_s(o->ctx->now_user)))
            rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
        else
            meta_cache_write_sets(o);
    }
    pthread_cond_broadcast(&o->meta->changed);
    msx_rows_free(rows);
    return rc;
}

static struct meta_set *find_set(struct msx_odata *o, const char *set)
{
    struct meta_set *s;

    if (!o->meta->sets_file_read) {
        o->meta->sets_file_read = true;
        meta_cache_read_sets(o);
    }
    for (s = o->meta->sets; s; s = s->next)
        if (strcmp(s->set, set) == 0)
            return s;
    return meta_add_set(o->meta, set);
}

enum msx_code msx_meta_set(struct msx_odata *o, const char *set, const char **logical,
                           const char **primary_id, struct msx_error *err)
{
    struct meta_set *s;
    enum msx_code rc = MSX_OK;

    if (!msx_odata_is_name(set))
        return msx_fail(err, MSX_E_USAGE, "'%.80s' is not the name of an entity set",
                        set ? set : "");
    pthread_mutex_lock(&o->meta->lock);
    s = find_set(o, set);
    if (!s)
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    while (!rc && !s->known) {
        if (s->loading)
            (void)pthread_cond_wait(&o->meta->changed, &o->meta->lock);
        else
            rc = load_set(o, s, err);
    }
    if (!rc) {
        *logical = s->logical;
        *primary_id = s->primary_id;
    }
    pthread_mutex_unlock(&o->meta->lock);
    return rc;
}
