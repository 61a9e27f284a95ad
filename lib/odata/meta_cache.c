/* The file cache of metadata: $cache_dir/<host>/meta-<table>.json and meta-sets.json, good for a
 * day. Whatever is wrong with such a file, it only means asking the service again. */
#include <string.h>

#include "msxops/file.h"
#include "odata/meta.h"

#define GOOD_FOR_S (24LL * 3600)
#define MAX_BYTES  ((size_t)32 << 20)
#define FORMAT     1

const char *const meta_section_names[META_SECTIONS] = {
    [META_CORE] = "core",         [META_ATTRIBUTES] = "attributes",
    [META_PICKLIST] = "picklist", [META_MULTISELECT] = "multiselect",
    [META_STATUS] = "status",     [META_STATE] = "state",
    [META_BOOLEAN] = "boolean",   [META_LOOKUP] = "lookup",
    [META_DATE] = "date",         [META_STRING] = "string",
    [META_MEMO] = "memo",         [META_NAV] = "nav",
};

/* The organisation's host as a folder name: only what a host name needs. */
char *meta_cache_dir(const struct msx_odata *o)
{
    const char *host = strstr(o->org, "://");
    MSX_AUTO(msx_free_p) char *name = NULL;

    if (!o->ctx->cache_dir || !host)
        return NULL;
    name = msx_strdup(host + 3);
    if (!name)
        return NULL;
    for (char *p = name; *p; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
              *p == '-' || (*p == '.' && p > name)))
            *p = '_';
    return msx_path_join(o->ctx->cache_dir, name);
}

static char *file_of(const struct msx_meta *m, const char *what)
{
    MSX_AUTO(msx_free_p) char *name = msx_asprintf("meta-%s.json", what);

    return name && m->dir ? msx_path_join(m->dir, name) : NULL;
}

static int64_t now(const struct msx_odata *o)
{
    return o->ctx->now_s(o->ctx->now_user);
}

static bool is_fresh(const struct msx_odata *o, int64_t at)
{
    int64_t age = now(o) - at;

    return age >= 0 && age < GOOD_FOR_S;
}

/* The document of one cache file, or NULL. */
static json_t *load(const struct msx_odata *o, const char *what)
{
    MSX_AUTO(msx_free_p) char *path = file_of(o->meta, what);
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;
    struct msx_error why = MSX_ERROR_INIT;
    json_int_t format;
    enum msx_code rc;

    if (!path || o->ctx->no_cache)
        return NULL;
    rc = msx_json_load(path, MAX_BYTES, &doc, &why);
    if (rc && rc != MSX_E_NOTFOUND)
        msx_log(o->ctx, MSX_LOG_INFO, "cached metadata is not used: %s", why.msg);
    if (rc || !msx_json_int(doc, "format", &format) || format != FORMAT)
        return NULL;
    return MSX_STEAL(doc);
}

static void store(const struct msx_odata *o, const char *what, const json_t *doc)
{
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(MAX_BYTES);
    MSX_AUTO(msx_free_p) char *path = file_of(o->meta, what);
    struct msx_error why = MSX_ERROR_INIT;

    if (!path || !doc)
        return;
    msx_json_dump(&text, doc);
    if (msx_buf_finish(&text, "cached metadata", &why) || msx_mkdirs(o->meta->dir, 0700, &why) ||
        msx_file_replace(path, text.data, text.len, 0600, &why))
        msx_log(o->ctx, MSX_LOG_INFO, "metadata is not cached: %s", why.msg);
}

static bool right_type(int section, const json_t *data)
{
    return section == META_CORE ? json_is_object(data) : json_is_array(data);
}

void meta_cache_read(const struct msx_odata *o, struct meta_table *t)
{
    MSX_AUTO(msx_json_free_p) json_t *doc = load(o, t->logical);
    const json_t *sections = msx_json_obj(doc, "sections");

    for (int i = 0; sections && i < META_SECTIONS; i++) {
        const json_t *s = msx_json_obj(sections, meta_section_names[i]);
        json_t *data = json_object_get(s, "data");
        json_int_t at;

        if (t->raw[i] || !msx_json_int(s, "at", &at) || !is_fresh(o, at) || !right_type(i, data))
            continue;
        t->raw[i] = json_incref(data);
        t->at[i] = at;
    }
}

void meta_cache_write(const struct msx_odata *o, const struct meta_table *t)
{
    MSX_AUTO(msx_json_free_p) json_t *sections = json_object();
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;

    if (!o->meta->dir)
        return;
    for (int i = 0; sections && i < META_SECTIONS; i++) {
        if (t->raw[i] && json_object_set_new(
                             sections, meta_section_names[i],
                             json_pack("{s:I,s:O}", "at", (json_int_t)t->at[i], "data", t->raw[i])))
            return;
    }
    doc = json_pack("{s:i,s:O}", "format", FORMAT, "sections", sections);
    store(o, t->logical, doc);
}

struct meta_set *meta_add_set(struct msx_meta *m, const char *set)
{
    struct meta_set *s = msx_calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->set = msx_strdup(set);
    if (!s->set) {
        msx_free(s);
        return NULL;
    }
    s->next = m->sets;
    m->sets = s;
    return s;
}

bool meta_fill_set(struct meta_set *s, const char *logical, const char *primary_id, int64_t at)
{
    char *l = msx_strdup(logical);
    char *p = msx_strdup(primary_id);

    if (!l || !p) {
        msx_free(l);
        msx_free(p);
        return false;
    }
    s->logical = l;
    s->primary_id = p;
    s->at = at;
    s->known = true;
    return true;
}

void meta_cache_read_sets(const struct msx_odata *o)
{
    MSX_AUTO(msx_json_free_p) json_t *doc = load(o, "-sets");
    const char *set;
    json_t *item;

    json_object_foreach(msx_json_obj(doc, "sets"), set, item) {
        const char *logical = msx_json_str(item, "logical");
        const char *primary = msx_json_str(item, "primaryId");
        struct meta_set *s;
        json_int_t at;

        if (!logical || !primary || !msx_json_int(item, "at", &at) || !is_fresh(o, at))
            continue;
        s = meta_add_set(o->meta, set);
        if (!s || !meta_fill_set(s, logical, primary, at))
            return;
    }
}

void meta_cache_write_sets(const struct msx_odata *o)
{
    MSX_AUTO(msx_json_free_p) json_t *sets = json_object();
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;

    for (const struct meta_set *s = o->meta->sets; s; s = s->next)
        if (s->logical &&
            json_object_set_new(sets, s->set,
                                json_pack("{s:s,s:s,s:I}", "logical", s->logical, "primaryId",
                                          s->primary_id, "at", (json_int_t)s->at)))
            return;
    doc = json_pack("{s:i,s:O}", "format", FORMAT, "sets", sets);
    store(o, "-sets", doc);
}
