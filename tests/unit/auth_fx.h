/* A private folder, a settable clock and a profile for the tests of the auth layer. */
#ifndef TESTS_UNIT_AUTH_FX_H
#define TESTS_UNIT_AUTH_FX_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msxops/auth.h"
#include "msxops/b64.h"
#include "msxops/file.h"
#include "msxops/mem.h"

#define FX_NOW 1792000000 /* 2026-10-14T17:46:40Z */

struct fx {
    char dir[64];
    struct msx_ctx ctx;
    struct msx_tz *tz;
    int64_t now;
    struct msx_profile profile;
    struct msx_auth *auth;
    struct msx_error err;
    char log[8192];
};

static inline int64_t fx_now(void *user)
{
    return ((struct fx *)user)->now;
}

static inline void fx_log(void *user, enum msx_log_level level, const char *line)
{
    struct fx *x = user;
    size_t n = strlen(x->log);

    (void)level;
    snprintf(x->log + n, sizeof x->log - n, "%s\n", line);
}

static inline char *fx_path(const struct fx *x, const char *name)
{
    char *p = msx_path_join(x->dir, name);

    assert_non_null(p);
    return p;
}

static inline void fx_write(const struct fx *x, const char *name, const char *text, mode_t mode)
{
    char *p = fx_path(x, name);
    FILE *f = fopen(p, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(p, mode), 0);
    msx_free(p);
}

static inline char *fx_read(const struct fx *x, const char *name)
{
    struct msx_buf b = MSX_BUF_INIT(1 << 20);
    char *p = fx_path(x, name);

    assert_int_equal(msx_file_read(p, &b, NULL), MSX_OK);
    msx_free(p);
    return msx_buf_take(&b);
}

static inline mode_t fx_mode(const struct fx *x, const char *name)
{
    char *p = fx_path(x, name);
    struct stat st;

    assert_int_equal(lstat(p, &st), 0);
    msx_free(p);
    return st.st_mode & 07777;
}

static inline void fx_remove(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *e;

    while (d && (e = readdir(d))) {
        char *p;

        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        p = msx_path_join(path, e->d_name);
        if (unlink(p) != 0)
            fx_remove(p);
        msx_free(p);
    }
    if (d)
        closedir(d);
    (void)rmdir(path);
}

static inline int fx_setup(void **state)
{
    struct fx *x = calloc(1, sizeof *x);

    assert_non_null(x);
    strncpy(x->dir, "/tmp/msx-auth-XXXXXX", sizeof x->dir - 1);
    assert_non_null(mkdtemp(x->dir));
    assert_int_equal(msx_tz_open("UTC", &x->tz, NULL), MSX_OK);
    x->now = FX_NOW;
    x->ctx = (struct msx_ctx){ .tz = x->tz,
                               .config_dir = x->dir,
                               .concurrency = 4,
                               .timeout_ms = 5000,
                               .now_s = fx_now,
                               .now_user = x,
                               .log = fx_log,
                               .log_user = x };
    *state = x;
    return 0;
}

static inline int fx_teardown(void **state)
{
    struct fx *x = *state;

    msx_auth_free(x->auth);
    msx_profile_release(&x->profile);
    msx_tz_free(x->tz);
    fx_remove(x->dir);
    free(x);
    return 0;
}

/* Strings may be NULL. */
static inline void fx_profile(struct fx *x, const char *url, const char *auth)
{
    msx_profile_release(&x->profile);
    x->profile.name = msx_strdup("work");
    x->profile.url = msx_strdup(url);
    x->profile.auth = msx_strdup(auth);
    x->profile.authority = msx_strdup("https://login.microsoftonline.com");
    x->profile.extra = json_object();
}

static inline void fx_auth(struct fx *x, const char *env_token)
{
    msx_auth_free(x->auth);
    x->auth = NULL;
    assert_int_equal(msx_auth_new(&x->ctx, &x->profile, env_token, &x->auth, &x->err), MSX_OK);
}

/* A token with these claims (JSON text), its signature made up. New. */
static inline char *fx_jwt(const char *claims)
{
    struct msx_buf b = MSX_BUF_INIT(8192);

    msx_buf_adds(&b, "eyJhbGciOiJSUzI1NiJ9.");
    msx_b64url_add(&b, claims, strlen(claims));
    msx_buf_adds(&b, ".c2ln");
    return msx_buf_take(&b);
}

#endif
