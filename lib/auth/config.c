/* config.yaml: reading, checking, resolving a profile, setting one key. */
#include "msxops/config.h"

#include <stdio.h>
#include <string.h>

#include "config_priv.h"
#include "msxops/file.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "msxops/yaml.h"

#define LOCK_WAIT_MS      5000
#define DEFAULT_AUTHORITY "https://login.microsoftonline.com"

struct msx_config {
    char *dir, *path;
    char *text; /* of the file; "" when there is none */
    size_t text_len;
    json_t *doc;   /* what the file says: an object */
    json_t *lines; /* JSON pointer -> line */
};

void msx_config_free(struct msx_config *c)
{
    if (!c)
        return;
    msx_free(c->dir);
    msx_free(c->path);
    msx_free(c->text);
    json_decref(c->doc);
    json_decref(c->lines);
    msx_free(c);
}

MSX_DEFINE_AUTO(struct msx_config, msx_config_free)

/* ---- checking what the file says ---- */

struct place { /* "/profiles/work/url" */
    const struct msx_config *c;
    const char *profile, *key;
};

static enum msx_code complain(const struct place *at, struct msx_error *err,
                              const struct msx_error *why)
{
    MSX_AUTO(msx_buf_release) struct msx_buf ptr = MSX_BUF_INIT(4096);
    struct msx_error full = *why;
    json_int_t line = 0;

    if (at->profile)
        msx_buf_addf(&ptr, "/profiles/%s%s%s", at->profile, at->key ? "/" : "",
                     at->key ? at->key : "");
    else
        msx_buf_addf(&ptr, "/%s", at->key ? at->key : "");
    if (why->code == MSX_E_NOMEM) {
        if (err)
            *err = *why;
        return MSX_E_NOMEM;
    }
    full.code = MSX_E_INVALID;
    if (msx_json_int(at->c->lines, ptr.data, &line))
        (void)msx_wrap(&full, MSX_E_INVALID, "'%s' line %lld", at->c->path, (long long)line);
    else
        (void)msx_wrap(&full, MSX_E_INVALID, "'%s'", at->c->path);
    if (err)
        *err = full;
    return MSX_E_INVALID;
}

static enum msx_code complain_text(const struct place *at, struct msx_error *err, const char *fmt,
                                   ...) MSX_PRINTF(3, 4);
static enum msx_code complain_text(const struct place *at, struct msx_error *err, const char *fmt,
                                   ...)
{
    struct msx_error why = MSX_ERROR_INIT;
    char line[400];
    va_list ap;

    va_start(ap, fmt);
    if (vsnprintf(line, sizeof line, fmt, ap) < 0)
        line[0] = '\0';
    va_end(ap);
    (void)msx_fail(&why, MSX_E_INVALID, "%s", line);
    return complain(at, err, &why);
}

/* Every text of a profile; unknown keys are left alone, a newer version may know them. */
static enum msx_code check_profile(const struct msx_config *c, const char *name, json_t *profile,
                                   struct msx_error *err)
{
    static const char *const known[] = { "url",  "tenant", "authority", "client_id",
                                         "auth", "role",   "user",      "sandbox_dir" };
    struct place at = { c, name, NULL };
    const char *key;
    json_t *v;

    if (!msx_config_profile_name_ok(name)) {
        at.profile = NULL;
        at.key = "profiles";
        return complain_text(
            &at, err, "profile name '%.100s' may hold letters, digits, '-' and '_' only", name);
    }
    if (!json_is_object(profile))
        return complain_text(&at, err, "profile '%s' wants keys and values", name);
    json_object_foreach(profile, key, v) {
        at.key = key;
        if (msx_config_is_secret(key))
            return complain_text(&at, err, "'%s' is a secret: it does not belong into this file",
                                 key);
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            MSX_AUTO(msx_free_p) char *kept = NULL;
            struct msx_error why = MSX_ERROR_INIT;

            if (strcmp(key, known[i]) != 0 || json_is_null(v))
                continue;
            if (!json_is_string(v))
                return complain_text(&at, err,
                                     "%s wants text (in quotes if it looks like a number)", key);
            if (msx_config_check(key, json_string_value(v), &kept, &why))
                return complain(&at, err, &why);
        }
    }
    return MSX_OK;
}

static enum msx_code check_doc(const struct msx_config *c, struct msx_error *err)
{
    json_t *profiles = json_object_get(c->doc, "profiles"), *p;
    const json_t *dflt = json_object_get(c->doc, "default_profile");
    struct place at = { c, NULL, "default_profile" };
    const char *name;

    if (dflt && !json_is_null(dflt) &&
        (!json_is_string(dflt) || !msx_config_profile_name_ok(json_string_value(dflt))))
        return complain_text(&at, err, "%s wants the name of a profile", "default_profile");
    at.key = "profiles";
    if (!profiles || json_is_null(profiles))
        return MSX_OK;
    if (!json_is_object(profiles))
        return complain_text(&at, err, "%s wants names of profiles, each with its settings",
                             "profiles");
    json_object_foreach(profiles, name, p) {
        enum msx_code rc = check_profile(c, name, p, err);

        if (rc)
            return rc;
    }
    return MSX_OK;
}

/* ---- reading ---- */

static enum msx_code read_text(struct msx_config *c, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(MSX_YAML_MAX_BYTES);
    struct msx_error why = MSX_ERROR_INIT;
    enum msx_code rc = msx_file_read(c->path, &b, &why);

    if (rc && rc != MSX_E_NOTFOUND) {
        if (err)
            *err = why;
        return rc;
    }
    if (rc == MSX_E_NOTFOUND)
        msx_buf_clear(&b);
    c->text_len = b.len;
    c->text = msx_strndup(b.data, b.len);
    if (!c->text)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return MSX_OK;
}

static enum msx_code parse_text(struct msx_config *c, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *label = msx_asprintf("'%s'", c->path);
    enum msx_code rc;

    if (!label)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_yaml_parse(c->text, c->text_len, label, &c->doc, &c->lines, err);
    if (rc)
        return rc;
    if (json_is_null(c->doc)) {
        json_decref(c->doc);
        c->doc = json_object();
        if (!c->doc)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    if (!json_is_object(c->doc))
        return msx_fail(err, MSX_E_INVALID, "'%s' line 1: the file wants keys and values", c->path);
    return check_doc(c, err);
}

enum msx_code msx_config_load(const char *config_dir, struct msx_config **out,
                              struct msx_error *err)
{
    MSX_AUTO(msx_config_free_p) struct msx_config *c = msx_calloc(1, sizeof *c);
    enum msx_code rc;

    if (!c)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    c->dir = msx_strdup(config_dir);
    c->path = msx_path_join(config_dir, "config.yaml");
    if (!c->dir || !c->path)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = read_text(c, err);
    if (!rc)
        rc = parse_text(c, err);
    if (!rc)
        *out = MSX_STEAL(c);
    return rc;
}

const json_t *msx_config_all(const struct msx_config *c)
{
    return c->doc;
}

const char *msx_config_path(const struct msx_config *c)
{
    return c->path;
}

const json_t *msx_config_get(const struct msx_config *c, const char *key)
{
    const json_t *j = c->doc;

    while (j && *key) {
        size_t n = strcspn(key, ".");
        MSX_AUTO(msx_free_p) char *name = msx_strndup(key, n);

        j = name ? json_object_get(j, name) : NULL;
        key += n + (key[n] == '.');
    }
    return j;
}

/* ---- a profile ---- */

void msx_profile_release(struct msx_profile *p)
{
    msx_free(p->name);
    msx_free(p->url);
    msx_free(p->tenant);
    msx_free(p->authority);
    msx_free(p->client_id);
    msx_free(p->auth);
    msx_free(p->role);
    msx_free(p->user_hint);
    json_decref(p->extra);
    *p = (struct msx_profile){ 0 };
}

static void list_names(const json_t *profiles, struct msx_buf *b)
{
    const char *k;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)profiles, k, v) {
        (void)v;
        msx_buf_addf(b, "%s%s", b->len ? ", " : "", k);
    }
}

static enum msx_code no_such_profile(const json_t *profiles, const char *name,
                                     struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf known = MSX_BUF_INIT(400);
    enum msx_code rc;

    list_names(profiles, &known);
    if (known.len)
        return msx_fail(err, MSX_E_USAGE, "there is no profile '%.100s'; known: %s", name,
                        known.data);
    rc = msx_fail(err, MSX_E_USAGE, "there is no profile '%.100s': none is configured", name);
    msx_hint(err, "msxops config set profiles.%.64s.url https://ORG.crm.dynamics.com",
             msx_config_profile_name_ok(name) ? name : "NAME");
    return rc;
}

static enum msx_code no_default(const json_t *profiles, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf known = MSX_BUF_INIT(400);
    enum msx_code rc;

    list_names(profiles, &known);
    rc = msx_fail(err, MSX_E_USAGE, "there are several profiles and none is the default: %s",
                  known.data);
    msx_hint(err, "give --profile NAME, or run `msxops config set default_profile NAME`");
    return rc;
}

const char *msx_config_default_name(const struct msx_config *c)
{
    const char *name = msx_json_str(c->doc, "default_profile");
    json_t *profiles = msx_json_obj(c->doc, "profiles");

    if (!name && json_object_size(profiles) == 1)
        name = json_object_iter_key(json_object_iter(profiles));
    return name ? name : "default";
}

/* The profile's name by the order of rules; *row: its settings or NULL. */
static enum msx_code choose(const struct msx_config *c, const char *name, bool has_url,
                            const char **chosen, json_t **row, struct msx_error *err)
{
    json_t *profiles = msx_json_obj(c->doc, "profiles");
    bool must = name || msx_json_str(c->doc, "default_profile");

    if (!name)
        name = msx_config_default_name(c);
    *row = msx_json_obj(profiles, name);
    if (must && !*row)
        return no_such_profile(profiles, name, err);
    if (!*row && !has_url && json_object_size(profiles) > 1)
        return no_default(profiles, err);
    *chosen = name;
    return MSX_OK;
}

static enum msx_code take(const json_t *row, const char *key, char **to, struct msx_error *err)
{
    const char *v = msx_json_str(row, key);

    return v ? msx_config_check(key, v, to, err) : MSX_OK;
}

static enum msx_code fill(const char *name, json_t *row, const char *env_url, struct msx_profile *p,
                          struct msx_error *err)
{
    const struct {
        const char *key;
        char **to;
    } fields[] = {
        { "url", &p->url },        { "tenant", &p->tenant }, { "authority", &p->authority },
        { "auth", &p->auth },      { "role", &p->role },     { "client_id", &p->client_id },
        { "user", &p->user_hint },
    };
    enum msx_code rc = MSX_OK;

    p->name = msx_strdup(name);
    p->extra = row ? json_deep_copy(row) : json_object();
    for (size_t i = 0; i < sizeof fields / sizeof *fields && !rc; i++)
        rc = take(row, fields[i].key, fields[i].to, err);
    if (rc)
        return rc;
    if (env_url && *env_url) {
        msx_free(p->url);
        p->url = NULL;
        rc = msx_org_url(env_url, &p->url, err);
        if (rc)
            return rc;
    }
    if (!p->authority)
        p->authority = msx_strdup(DEFAULT_AUTHORITY);
    return p->name && p->extra && p->authority ? MSX_OK
                                               : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

enum msx_code msx_config_profile(const struct msx_config *c, const char *name, const char *env_url,
                                 struct msx_profile *out, struct msx_error *err)
{
    struct msx_profile p = { 0 };
    const char *chosen = NULL;
    json_t *row = NULL;
    enum msx_code rc = choose(c, name, env_url && *env_url, &chosen, &row, err);

    if (!rc)
        rc = fill(chosen, row, env_url, &p, err);
    if (rc) {
        msx_profile_release(&p);
        return rc;
    }
    *out = p;
    return MSX_OK;
}

/* ---- setting a key ---- */

#define KEY_PARTS 3

struct key { /* "profiles.work.url" taken apart */
    char *part[KEY_PARTS + 1];
    size_t n;
};

static void key_release(struct key *k)
{
    for (size_t i = 0; i < k->n; i++)
        msx_free(k->part[i]);
}

static enum msx_code unknown_key(const char *key, struct msx_error *err)
{
    enum msx_code rc = msx_fail(err, MSX_E_USAGE, "there is no configuration key '%.200s'", key);

    msx_hint(err, "keys are default_profile and profiles.NAME.url, .tenant, .auth, .client_id, "
                  ".authority, .role, .user, .sandbox_dir");
    return rc;
}

static enum msx_code key_split(const char *key, bool removing, struct key *out,
                               struct msx_error *err)
{
    struct key k = { { NULL }, 0 };
    const char *p = key;
    bool ok;

    for (; k.n < KEY_PARTS; p++) {
        size_t n = strcspn(p, ".");

        k.part[k.n] = msx_strndup(p, n);
        if (!k.part[k.n]) {
            key_release(&k);
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        }
        k.n++;
        p += n;
        if (!*p)
            break;
    }
    ok = !*p && ((k.n == 1 && !strcmp(k.part[0], "default_profile")) ||
                 (k.n >= 2 && !strcmp(k.part[0], "profiles") &&
                  msx_config_profile_name_ok(k.part[1]) && (k.n == 3 || removing)));
    if (!ok) {
        key_release(&k);
        return unknown_key(key, err);
    }
    *out = k;
    return MSX_OK;
}

/* The value as it is kept, checked against its key; NULL stays NULL. */
static enum msx_code check_value(const struct key *k, const char *value, const json_t *doc,
                                 char **out, struct msx_error *err)
{
    if (!value) /* anything that is there may be removed */
        return MSX_OK;
    if (k->n == 3)
        return msx_config_check(k->part[2], value, out, err);
    if (!msx_config_profile_name_ok(value))
        return msx_fail(err, MSX_E_USAGE, "'%.100s' cannot be the name of a profile", value);
    if (!msx_json_obj(msx_json_obj(doc, "profiles"), value))
        return no_such_profile(msx_json_obj(doc, "profiles"), value, err);
    *out = msx_strdup(value);
    return *out ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

/* doc with the key set or removed. New, or NULL when out of memory. */
static json_t *changed(const json_t *doc, const struct key *k, const char *value)
{
    json_t *want = json_deep_copy(doc), *at = want;

    for (size_t i = 0; at && i + 1 < k->n; i++) {
        json_t *below = msx_json_obj(at, k->part[i]);

        if (!below && !value)
            return want;
        if (!below) {
            below = json_object();
            if (json_object_set_new(at, k->part[i], below))
                below = NULL;
        }
        at = below;
    }
    if (at && !value)
        (void)json_object_del(at, k->part[k->n - 1]);
    if (!at || (value && msx_json_set_str(at, k->part[k->n - 1], value))) {
        json_decref(want);
        return NULL;
    }
    return want;
}

/* Under the lock: the file as it is now, changed, back to disk; c then says the same. */
static enum msx_code rewrite(struct msx_config *c, const struct key *k, const char *value,
                             struct msx_error *err)
{
    MSX_AUTO(msx_config_free_p) struct msx_config *now = NULL;
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(MSX_YAML_MAX_BYTES);
    MSX_AUTO(msx_json_free_p) json_t *want = NULL;
    MSX_AUTO(msx_free_p) char *kept = NULL;
    struct msx_config swap;
    enum msx_code rc = msx_config_load(c->dir, &now, err);

    if (rc || !now)
        return rc;
    rc = check_value(k, value, now->doc, &kept, err);
    if (rc)
        return rc;
    want = changed(now->doc, k, kept);
    if (!want)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_config_edit(now->text, now->text_len, now->lines, (const char *const *)k->part, kept,
                         want, &text, err);
    if (!rc)
        rc = msx_file_replace(c->path, text.data, text.len, 0600, err);
    msx_config_free(now);
    now = NULL;
    if (!rc)
        rc = msx_config_load(c->dir, &now, err);
    if (rc || !now)
        return rc;
    swap = *c;
    *c = *now;
    *now = swap;
    return MSX_OK;
}

enum msx_code msx_config_set(struct msx_config *c, const char *key, const char *value,
                             struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *lock_path = msx_path_join(c->dir, ".config.lock");
    MSX_AUTO(key_release) struct key k = { { NULL }, 0 };
    int lock = -1;
    enum msx_code rc;

    if (!lock_path)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = key_split(key, value == NULL, &k, err);
    if (!rc)
        rc = msx_mkdirs(c->dir, 0700, err);
    if (!rc)
        rc = msx_lock_acquire(lock_path, LOCK_WAIT_MS, &lock, err);
    if (rc)
        return rc;
    rc = rewrite(c, &k, value, err);
    msx_lock_release(lock);
    return rc;
}
