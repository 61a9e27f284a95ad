/* Which keys a profile may have and what their values look like: one row a key. */
#include <string.h>

#include "auth_priv.h"
#include "config_priv.h"
#include "msxops/mem.h"
#include "msxops/text.h"

bool msx_config_profile_name_ok(const char *name)
{
    size_t n = name ? strlen(name) : 0;

    return n >= 1 && n <= 64 && name[0] != '-' &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

bool msx_config_is_secret(const char *key)
{
    static const char *const names[] = { "client_secret", "secret",          "password",
                                         "token",         "access_token",    "refresh_token",
                                         "api_key",       "client_assertion" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (msx_ieq(key, names[i]))
            return true;
    }
    return false;
}

static enum msx_code keep(const char *value, char **out, struct msx_error *err)
{
    char *copy = msx_strdup(value);

    if (!copy)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = copy;
    return MSX_OK;
}

/* An origin; in a file, unlike on a command line, what would be cut off is a mistake. */
static enum msx_code check_url(const char *key, const char *value, char **out,
                               struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *url = NULL;
    const char *host = strstr(value, "://");
    enum msx_code rc = msx_org_url(value, &url, err);

    if (rc)
        return rc;
    host = host ? host + 3 : value;
    host += strcspn(host, "/?#");
    if (*host && strcmp(host, "/") != 0) {
        rc = msx_fail(err, MSX_E_USAGE, "%s wants no path, got '%.200s'", key, value);
        msx_hint(err, "write %.200s", url);
        return rc;
    }
    *out = MSX_STEAL(url);
    return MSX_OK;
}

/* A name in a URL path or an argument: cannot look like an option or a path. */
static enum msx_code check_id(const char *key, const char *value, char **out, struct msx_error *err)
{
    size_t n = strlen(value);

    if (!n || n > 128 || value[0] == '-' || value[0] == '.' ||
        strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-") != n)
        return msx_fail(err, MSX_E_USAGE, "%s wants a GUID or a domain name, got '%.200s'", key,
                        value);
    return keep(value, out, err);
}

static enum msx_code check_method(const char *key, const char *value, char **out,
                                  struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf known = MSX_BUF_INIT(1024);

    if (msx_auth_method_known(value))
        return keep(value, out, err);
    msx_auth_methods(&known);
    return msx_fail(err, MSX_E_USAGE, "%s wants one of %s, got '%.100s'", key, known.data, value);
}

static enum msx_code check_text(const char *key, const char *value, char **out,
                                struct msx_error *err)
{
    if (!*value || strlen(value) > 1024)
        return msx_fail(err, MSX_E_USAGE, "%s wants text of 1 to 1024 bytes", key);
    for (const char *p = value; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return msx_fail(err, MSX_E_USAGE, "%s wants one line of text", key);
    }
    return keep(value, out, err);
}

static enum msx_code check_folder(const char *key, const char *value, char **out,
                                  struct msx_error *err)
{
    if (value[0] != '/')
        return msx_fail(err, MSX_E_USAGE, "%s wants an absolute path, got '%.200s'", key, value);
    return check_text(key, value, out, err);
}

static const struct {
    const char *name;
    enum msx_code (*check)(const char *key, const char *value, char **out, struct msx_error *err);
} keys[] = {
    { "url", check_url },      { "tenant", check_id },          { "authority", check_url },
    { "client_id", check_id }, { "auth", check_method },        { "role", check_text },
    { "user", check_text },    { "sandbox_dir", check_folder },
};

#define N_KEYS (sizeof keys / sizeof *keys)

enum msx_code msx_config_check(const char *key, const char *value, char **out,
                               struct msx_error *err)
{
    const char *names[N_KEYS], *near;
    enum msx_code rc;

    for (size_t i = 0; i < N_KEYS; i++) {
        names[i] = keys[i].name;
        if (!strcmp(key, keys[i].name))
            return keys[i].check(key, value, out, err);
    }
    if (msx_config_is_secret(key)) {
        rc = msx_fail(err, MSX_E_USAGE, "'%s' is a secret: it is not kept in the configuration",
                      key);
        msx_hint(err, "give an access token in MSXOPS_TOKEN, or sign in with the Azure CLI");
        return rc;
    }
    rc = msx_fail(err, MSX_E_USAGE, "a profile has no key '%.100s'", key);
    near = msx_nearest(key, names, N_KEYS);
    if (near)
        msx_hint(err, "did you mean '%s'?", near);
    return rc;
}
