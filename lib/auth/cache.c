/* The token cache: one file a profile, 0600 in a 0700 folder. A file that somebody else could have
 * read or written is refused instead of repaired: its tokens must count as known. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth_priv.h"
#include "msxops/file.h"
#include "msxops/json.h"
#include "msxops/mem.h"

#define FORMAT       "msxops.token/1"
#define LOCK_WAIT_MS 150000 /* longer than the slowest source may take */

static void close_p(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static enum msx_code refuse(const char *path, const char *why, const char *mode,
                            struct msx_error *err)
{
    enum msx_code rc =
        msx_fail(err, MSX_E_AUTH, "refused to use the token cache: '%s' %s", path, why);

    if (mode)
        msx_hint(err, "chmod %s '%.200s', and sign in anew if somebody may have read it", mode,
                 path);
    return rc;
}

/* The folder may be missing. */
static enum msx_code check_folder(const struct msx_auth *a, struct msx_error *err)
{
    struct stat st;

    if (lstat(a->dir, &st) != 0) {
        if (errno == ENOENT)
            return MSX_OK;
        return msx_fail_errno(err, errno, "cannot look at '%s'", a->dir);
    }
    if (!S_ISDIR(st.st_mode))
        return refuse(a->dir, "is not a folder", NULL, err);
    if (st.st_uid != geteuid())
        return refuse(a->dir, "belongs to another user", NULL, err);
    if (st.st_mode & 077)
        return refuse(a->dir, "is open to other users", "700", err);
    return MSX_OK;
}

static enum msx_code check_file(const char *path, int fd, struct msx_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return msx_fail_errno(err, errno, "cannot look at '%s'", path);
    if (!S_ISREG(st.st_mode))
        return refuse(path, "is not a file", NULL, err);
    if (st.st_uid != geteuid())
        return refuse(path, "belongs to another user", NULL, err);
    if (st.st_mode & 077)
        return refuse(path, "is open to other users", "600", err);
    return MSX_OK;
}

/* Append the file; the permissions of the very descriptor that is read are checked. *found is false
 * when there is none. */
static enum msx_code read_file(const struct msx_auth *a, struct msx_buf *b, bool *found,
                               struct msx_error *err)
{
    MSX_AUTO(close_p) int fd = open(a->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    char chunk[4096];
    enum msx_code rc;
    ssize_t n;

    *found = fd >= 0;
    if (fd < 0) {
        if (errno == ENOENT)
            return MSX_OK;
        if (errno == ELOOP)
            return refuse(a->path, "is a link", NULL, err);
        return msx_fail_errno(err, errno, "cannot open '%s'", a->path);
    }
    rc = check_file(a->path, fd, err);
    if (rc)
        return rc;
    do {
        n = read(fd, chunk, sizeof chunk);
        if (n > 0)
            msx_buf_add(b, chunk, (size_t)n);
    } while (n > 0 || (n < 0 && errno == EINTR));
    msx_wipe(chunk, sizeof chunk);
    if (n < 0)
        return msx_fail_errno(err, errno, "cannot read '%s'", a->path);
    return msx_buf_finish(b, a->path, err);
}

/* What a cached entry was made for; another answer of the configuration makes it useless. */
static json_t *purpose(const struct msx_profile *p)
{
    return json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?}", "url", p->url, "tenant", p->tenant,
                     "client_id", p->client_id, "authority", p->authority, "user", p->user_hint);
}

static int put(json_t *j, const char *name, const char *value)
{
    return value ? msx_json_set_str(j, name, value) : 0;
}

static int take(const json_t *j, const char *name, char **to)
{
    const char *v = msx_json_str(j, name);

    *to = msx_strdup(v);
    return v && !*to ? -1 : 0;
}

/* jansson frees without wiping; a cached token passes through it only here and on its way in. */
static void wipe_string(json_t *obj, const char *name)
{
    json_t *s = json_object_get(obj, name);

    if (json_is_string(s))
        msx_wipe((char *)(uintptr_t)json_string_value(s), json_string_length(s));
}

static void wipe_tokens(json_t **j)
{
    wipe_string(*j, "access_token");
    wipe_string(*j, "refresh_token");
    json_decref(*j);
}

static void wipe_buf(struct msx_buf *b)
{
    msx_wipe(b->data, b->len);
    msx_buf_release(b);
}

static bool applies(const struct msx_auth *a, const json_t *j, const json_t *now)
{
    const char *method = msx_json_str(j, "method");
    const char *want = a->profile->auth;

    return method && json_equal(now, json_object_get(j, "for")) && (!want || !strcmp(want, method));
}

enum msx_code msx_cache_load(struct msx_auth *a, struct msx_cred *out, struct msx_error *err)
{
    MSX_AUTO(wipe_buf) struct msx_buf text = MSX_BUF_INIT((size_t)4 * MSX_TOKEN_MAX_BYTES);
    MSX_AUTO(wipe_tokens) json_t *j = NULL;
    MSX_AUTO(msx_json_free_p) json_t *now = NULL;
    struct msx_cred c = { 0 };
    json_int_t expires = 0;
    bool found = false;
    enum msx_code rc = check_folder(a, err);

    if (!rc)
        rc = read_file(a, &text, &found, err);
    if (rc)
        return rc;
    if (!found) {
        *out = c;
        return MSX_OK;
    }
    rc = msx_json_parse(text.data, text.len, "token cache", &j, NULL);
    if (rc == MSX_E_NOMEM)
        return msx_fail(err, rc, "out of memory");
    /* a cache that cannot be read is no reason to fail: it is made anew */
    if (rc || strcmp(msx_json_str_or(j, "format", ""), FORMAT) != 0) {
        msx_log(a->ctx, MSX_LOG_WARN, "token cache '%s' is not readable and will be replaced",
                a->path);
        *out = c;
        return MSX_OK;
    }
    now = purpose(a->profile);
    if (!now)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (!applies(a, j, now)) {
        *out = c;
        return MSX_OK;
    }
    if (take(j, "access_token", &c.access_token) || take(j, "refresh_token", &c.refresh_token) ||
        take(j, "method", &c.method) || take(j, "authority", &c.authority) ||
        take(j, "tenant", &c.tenant) || take(j, "client_id", &c.client_id) ||
        take(j, "login_user", &c.login_user) || take(json_object_get(j, "for"), "url", &c.url)) {
        msx_cred_release(&c);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    if (msx_json_int(j, "expires_on", &expires))
        c.expires_s = expires;
    if (c.access_token && !msx_token_ok(c.access_token)) {
        msx_free_secret(c.access_token);
        c.access_token = NULL;
    }
    *out = c;
    return MSX_OK;
}

enum msx_code msx_cache_store(struct msx_auth *a, const struct msx_cred *c, struct msx_error *err)
{
    MSX_AUTO(wipe_buf) struct msx_buf text = MSX_BUF_INIT((size_t)4 * MSX_TOKEN_MAX_BYTES);
    MSX_AUTO(wipe_tokens) json_t *j = json_object();
    enum msx_code rc;

    if (!j || json_object_set_new(j, "for", purpose(a->profile)) || put(j, "format", FORMAT) ||
        put(j, "access_token", c->access_token) || put(j, "refresh_token", c->refresh_token) ||
        put(j, "method", c->method) || put(j, "authority", c->authority) ||
        put(j, "tenant", c->tenant) || put(j, "client_id", c->client_id) ||
        put(j, "login_user", c->login_user) ||
        json_object_set_new(j, "expires_on", json_integer(c->expires_s)))
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    msx_json_dump(&text, j);
    msx_buf_addc(&text, '\n');
    rc = msx_buf_finish(&text, "token cache", err);
    if (!rc)
        rc = msx_file_replace(a->path, text.data, text.len, 0600, err);
    return rc;
}

enum msx_code msx_cache_lock(struct msx_auth *a, int *fd_out, struct msx_error *err)
{
    enum msx_code rc = msx_mkdirs(a->dir, 0700, err);

    if (!rc)
        rc = check_folder(a, err);
    if (!rc)
        rc = msx_lock_acquire(a->lock_path, LOCK_WAIT_MS, fd_out, err);
    return rc;
}

enum msx_code msx_cache_remove(struct msx_auth *a, struct msx_error *err)
{
    if (unlink(a->path) != 0 && errno != ENOENT)
        return msx_fail_errno(err, errno, "cannot remove '%s'", a->path);
    return MSX_OK;
}
