/* From environment and global options to an open session with the organisation. */
#include "app.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "msxops/file.h"
#include "msxops/guard.h"
#include "msxops/mem.h"
#include "msxops/skill.h"
#include "msxops/text.h"

static const char *env(const char *name)
{
    const char *v = getenv(name);

    return v && *v ? v : NULL;
}

static int64_t clock_now(void *user)
{
    (void)user;
    return (int64_t)time(NULL);
}

static void log_line(void *user, enum msx_log_level level, const char *line)
{
    struct app *app = user;

    if (app->trace)
        fprintf(app->trace, "%s\n", line);
    if ((app->g.verbose && level <= MSX_LOG_DEBUG) || (level <= MSX_LOG_WARN && !app->g.quiet))
        fprintf(stderr, "msxops: %s%s\n", level == MSX_LOG_WARN ? "warning: " : "", line);
}

/* $XDG_x_HOME/msxops, else ~/fallback/msxops; MSXOPS_HOME puts all under one folder. */
static enum msx_code place(const char *xdg, const char *fallback, const char *leaf, char **out,
                           struct msx_error *err)
{
    const char *home = env("MSXOPS_HOME");
    const char *base = env(xdg);

    if (home)
        *out = msx_path_join(home, leaf);
    else if (base && base[0] == '/')
        *out = msx_path_join(base, "msxops");
    else if (env("HOME"))
        *out = msx_asprintf("%s/%s/msxops", env("HOME"), fallback);
    else
        return msx_fail(err, MSX_E_INVALID, "neither HOME nor %s is set", xdg);
    return *out ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

/* Folder that holds skills/: that of the build tree or the installed one, else what was compiled
 * in. */
static char *find_data(void)
{
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    /* build/msxops, build/san/msxops, PREFIX/bin/msxops */
    static const char *const near[] = { "/..", "/../..", "/../share/msxops" };

    if (env("MSXOPS_DATA"))
        return msx_strdup(env("MSXOPS_DATA"));
    if (n > 0) {
        char *slash;

        exe[n] = '\0';
        slash = strrchr(exe, '/');
        if (slash)
            *slash = '\0';
        for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
            char *dir = msx_asprintf("%s%s", exe, near[i]);
            char *probe = dir ? msx_path_join(dir, "skills/shared/lexicon.yaml") : NULL;
            bool ok = probe && access(probe, R_OK) == 0;

            msx_free(probe);
            if (ok)
                return dir;
            msx_free(dir);
        }
    }
    return msx_strdup(MSXOPS_DATADIR);
}

enum msx_code app_set_time(struct app *app, const char *zone, struct msx_error *err)
{
    const char *today = app->g.today ? app->g.today : env("MSXOPS_TODAY");
    struct msx_tz *tz = NULL;
    enum msx_code rc = msx_tz_open(zone, &tz, err);
    msx_day clock_day;

    if (rc)
        return rc;
    msx_tz_free(app->tz);
    app->tz = tz;
    app->ctx.tz = app->tz;
    app->ctx.now_s = clock_now;
    clock_day = msx_tz_day(app->tz, clock_now(NULL));
    app->ctx.today = clock_day;
    if (today) {
        rc = msx_day_resolve(today, clock_day, &app->ctx.today, err);
        if (rc)
            return msx_wrap(err, rc, "%s", app->g.today ? "--today" : "MSXOPS_TODAY");
    }
    return MSX_OK;
}

enum msx_code app_prepare(struct app *app, struct msx_error *err)
{
    struct msx_ctx *c = &app->ctx;
    enum msx_code rc = app_set_time(app, getenv("TZ"), err);
    const char *no_color = env("NO_COLOR");
    const char *force = env("CLICOLOR_FORCE");

    if (!rc)
        rc = place("XDG_CONFIG_HOME", ".config", "config", &app->config_dir, err);
    if (!rc)
        rc = place("XDG_STATE_HOME", ".local/state", "state", &app->state_dir, err);
    if (!rc)
        rc = place("XDG_CACHE_HOME", ".cache", "cache", &app->cache_dir, err);
    if (rc)
        return rc;
    app->data_dir = find_data();
    if (!app->data_dir)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    app->out_tty = isatty(STDOUT_FILENO) == 1;
    app->err_tty = isatty(STDERR_FILENO) == 1;
    app->color = app->out_tty && !no_color;
    if (force && strcmp(force, "0") != 0)
        app->color = true;
    if (app->g.color && strcmp(app->g.color, "auto") != 0)
        app->color = strcmp(app->g.color, "always") == 0;
    if (app->g.trace) {
        app->trace = fopen(app->g.trace, "we");
        if (!app->trace)
            return msx_fail_errno(err, errno, "cannot open '%s'", app->g.trace);
    }
    c->config_dir = app->config_dir;
    c->state_dir = app->state_dir;
    c->cache_dir = app->cache_dir;
    c->data_dir = app->data_dir;
    c->tool_version = MSXOPS_VERSION;
    c->concurrency = app->g.concurrency ? (int)app->g.concurrency : 16;
    c->timeout_ms = (app->g.timeout_s ? app->g.timeout_s : 60) * 1000;
    c->retries = app->g.retries >= 0 ? (int)app->g.retries : 5;
    c->no_cache = app->g.no_cache;
    c->log = log_line;
    c->log_user = app;
    c->trace = app->trace != NULL;
    return MSX_OK;
}

enum msx_code app_config(struct app *app, struct msx_error *err)
{
    if (app->config)
        return MSX_OK;
    return msx_config_load(app->config_dir, &app->config, err);
}

enum msx_code app_profile(struct app *app, struct msx_error *err)
{
    const char *name = app->g.profile ? app->g.profile : env("MSXOPS_PROFILE");
    const char *url = env("MSXOPS_URL") ? env("MSXOPS_URL") : env("MSX_CRM_URL");
    enum msx_code rc;

    if (app->has_profile)
        return MSX_OK;
    rc = app_config(app, err);
    if (!rc)
        rc = msx_config_profile(app->config, name, url, &app->profile, err);
    if (rc)
        return rc;
    app->has_profile = true;
    if (!app->profile.url) {
        rc = msx_fail(err, MSX_E_AUTH, "no organisation is configured");
        msx_hint(err, "msxops config set url https://YOURORG.crm.dynamics.com, or try: msxops "
                      "sandbox start");
    }
    return rc;
}

static json_t *role_of_me(void *user, const json_t *me)
{
    struct app *app = user;
    json_t *role = NULL;

    /* a role table that cannot be read leaves the role unknown; `skill` commands say why */
    if (msx_skill_role(&app->ctx, me, &role, NULL) != MSX_OK)
        return NULL;
    return role;
}

enum msx_code app_login(struct app *app, struct msx_error *err)
{
    enum msx_code rc;

    if (app->has_crm)
        return MSX_OK;
    rc = app_profile(app, err);
    if (!rc)
        rc = msx_auth_new(&app->ctx, &app->profile, env("MSXOPS_TOKEN"), &app->auth, err);
    if (!rc)
        rc = msx_crm_open(&app->ctx, &app->profile, app->auth, &app->crm, err);
    if (rc)
        return rc;
    msx_crm_set_role_fn(&app->crm, role_of_me, app);
    app->has_crm = true;
    return MSX_OK;
}

enum msx_code app_guard(struct app *app, const struct msx_guard **out, struct msx_error *err)
{
    enum msx_code rc = app->guard ? MSX_OK : msx_skill_guard_new(&app->crm, &app->guard, err);

    if (!rc)
        *out = app->guard;
    return rc;
}

void app_say(struct app *app, const char *fmt, ...)
{
    va_list ap;

    if (app->g.quiet)
        return;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

void app_close(struct app *app)
{
    msx_skill_guard_free(app->guard);
    if (app->has_crm)
        msx_crm_close(&app->crm);
    msx_auth_free(app->auth);
    if (app->has_profile)
        msx_profile_release(&app->profile);
    msx_config_free(app->config);
    msx_tz_free(app->tz);
    if (app->trace)
        (void)fclose(app->trace);
    msx_free(app->config_dir);
    msx_free(app->state_dir);
    msx_free(app->cache_dir);
    msx_free(app->data_dir);
}
