/* sandbox start, stop, status, reset, load: the server that ships with the product. */
#include "commands.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "msxops/file.h"
#include "msxops/mem.h"
#include "sandbox_ctl.h"

struct start_opts {
    const char *dir, *size, *load, *user;
    long port, latency;
    bool reset;
};
static const char *const sizes[] = { "small", "medium", "large", NULL };

#define OPTS    struct start_opts
#define DIR_OPT OPT_TEXT(0, "dir", dir, "DIR", "folder of its state (default: in the state folder)")
static const struct opt start_opts[] = {
    DIR_OPT,
    OPT_NUM(0, "port", port, "N", 1, 65535, "listen on this port of the loopback address"),
    OPT_ONE_OF(0, "size", size, "SIZE", sizes, "amount of sample data: small, medium or large"),
    OPT_TEXT(0, "load", load, "FILE", "your own records instead of the sample data"),
    OPT_TEXT(0, "user", user, "USER", "sign in as this user (e-mail address or ID)"),
    OPT_NUM(0, "latency", latency, "MS", 0, 60000, "delay of every answer"),
    OPT_ON(0, "reset", reset, "begin with fresh sample data"),
    OPT_END,
};
static const struct opt dir_opts[] = { DIR_OPT, OPT_END };
#undef OPTS

extern char **environ;

/* msxops-sandbox beside this program, else in the libexec folder, else on PATH. New string. */
static char *find_program(void)
{
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

    if (n > 0) {
        char *slash;

        exe[n] = '\0';
        slash = strrchr(exe, '/');
        if (slash) {
            MSX_AUTO(msx_free_p) char *near = NULL;

            *slash = '\0';
            near = msx_path_join(exe, "msxops-sandbox");
            if (near && access(near, X_OK) == 0)
                return MSX_STEAL(near);
        }
    }
    return msx_strdup("msxops-sandbox");
}

static enum msx_code default_dir(struct app *app, const char *dir, char **out,
                                 struct msx_error *err)
{
    const char *path = dir ? dir : app->state_dir;
    char here[4096] = "/";

    /* the profile and later commands, wherever they run, must find it again */
    if (*path != '/' && !getcwd(here, sizeof here))
        return msx_fail_errno(err, errno, "cannot tell the working folder");
    if (*path != '/') {
        MSX_AUTO(msx_free_p) char *whole = msx_path_join(here, path);

        *out = !whole ? NULL : dir ? MSX_STEAL(whole) : msx_path_join(whole, "sandbox");
    } else {
        *out = dir ? msx_strdup(dir) : msx_path_join(path, "sandbox");
    }
    return *out ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

/* With --dir, the start that the hint names is that of the same sandbox. */
static enum msx_code name_dir(const char *option, const char *dir, enum msx_code rc,
                              struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *word = option && rc == MSX_E_NOTFOUND ? cmd_shell_word(dir) : NULL;

    if (word)
        msx_hint(err, "msxops sandbox start --dir %s", word);
    return rc;
}

void sandbox_hint(struct app *app, struct msx_error *err)
{
    const char *dir = app->has_profile && app->profile.auth ? app->profile.auth : "";
    const char *name = app->has_profile ? app->profile.name : "";
    MSX_AUTO(msx_free_p) char *usual = NULL;
    MSX_AUTO(msx_free_p) char *word = NULL;

    dir = strcmp(dir, "sandbox") == 0 ? msx_json_str(app->profile.extra, "sandbox_dir") : NULL;
    if (!dir || sandbox_running(dir, NULL, NULL) || default_dir(app, NULL, &usual, NULL))
        return;
    word = cmd_shell_word(dir);
    if (!word)
        return;
    msx_hint(err, "the sandbox is not running: msxops%s%s sandbox start%s%s",
             strcmp(name, "sandbox") == 0 ? "" : " --profile ",
             strcmp(name, "sandbox") == 0 ? "" : name, strcmp(dir, usual) == 0 ? "" : " --dir ",
             strcmp(dir, usual) == 0 ? "" : word);
}

#define MAX_WORDS 32
struct argv {
    char *v[MAX_WORDS];
    size_t n;
};

static void push(struct argv *a, const char *word)
{
    if (a->n + 1 < MAX_WORDS) {
        a->v[a->n] = msx_strdup(word);
        a->n += a->v[a->n] != NULL;
    }
}

static void push_num(struct argv *a, const char *option, long n)
{
    MSX_AUTO(msx_free_p) char *text = msx_asprintf("%ld", n);

    if (text) {
        push(a, option);
        push(a, text);
    }
}

/* Start the program, its messages in DIR/sandbox.log; it goes to the background by itself. */
static enum msx_code spawn(struct app *app, const struct start_opts *o, const char *dir,
                           struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *program = find_program();
    MSX_AUTO(msx_free_p) char *log = msx_path_join(dir, "sandbox.log");
    struct argv a = { { NULL }, 0 };
    posix_spawn_file_actions_t acts;
    posix_spawnattr_t attr;
    char today[11];
    pid_t pid;
    int rc;
    enum msx_code code;

    if (!program || !log)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    msx_day_format(app->ctx.today, today);
    push(&a, program);
    push(&a, "--dir");
    push(&a, dir);
    push(&a, "--today");
    push(&a, today);
    if (o->size) {
        push(&a, "--size");
        push(&a, o->size);
    }
    if (o->load) {
        push(&a, "--load");
        push(&a, o->load);
    }
    if (o->port)
        push_num(&a, "--port", o->port);
    if (o->latency)
        push_num(&a, "--latency", o->latency);
    if (o->reset)
        push(&a, "--reset");
    if (posix_spawn_file_actions_init(&acts) || posix_spawnattr_init(&attr))
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    (void)posix_spawn_file_actions_addopen(&acts, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&acts, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    (void)posix_spawn_file_actions_adddup2(&acts, 1, 2);
    /* a group of its own: an interrupt of this command does not end the server */
    (void)posix_spawnattr_setpgroup(&attr, 0);
    (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
    rc = posix_spawnp(&pid, program, &acts, &attr, a.v, environ);
    (void)posix_spawn_file_actions_destroy(&acts);
    (void)posix_spawnattr_destroy(&attr);
    for (size_t i = 0; i < a.n; i++)
        msx_free(a.v[i]);
    if (rc)
        return msx_fail_errno(err, rc, "cannot start '%s'", program);
    code = sandbox_wait_ready(app, dir, log, pid, err);
    return code;
}

/* A person who has a profile already goes on with it: a second one must not make msxops ask which.
 */
static enum msx_code keep_default(struct app *app, const char *name, struct msx_error *err)
{
    json_t *profiles = json_object_get(msx_config_all(app->config), "profiles");
    const char *other = json_object_iter_key(json_object_iter(profiles));

    if (msx_config_get(app->config, "default_profile") || json_object_size(profiles) != 1 ||
        !other || strcmp(other, name) == 0)
        return MSX_OK;
    return msx_config_set(app->config, "default_profile", other, err);
}

/* Make profile "sandbox" (or the one named) point at the server, and sign in. */
static enum msx_code sign_in(struct app *app, const char *dir, const json_t *info, const char *user,
                             struct msx_error *err)
{
    const char *name = app->g.profile ? app->g.profile : "sandbox";
    const char *const pairs[][2] = {
        { "url", msx_json_str(info, "url") },
        { "authority", msx_json_str(info, "url") },
        { "tenant", msx_json_str(info, "tenant") },
        { "auth", "sandbox" },
        { "sandbox_dir", dir },
        { "user", user },
    };
    enum msx_code rc = app_config(app, err);

    if (!rc)
        rc = keep_default(app, name, err);
    for (size_t i = 0; !rc && i < sizeof pairs / sizeof *pairs; i++) {
        MSX_AUTO(msx_free_p) char *key = msx_asprintf("profiles.%s.%s", name, pairs[i][0]);

        if (!key)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        if (pairs[i][1])
            rc = msx_config_set(app->config, key, pairs[i][1], err);
    }
    if (!rc)
        rc = msx_config_profile(app->config, name, NULL, &app->profile, err);
    if (rc)
        return rc;
    app->has_profile = true;
    rc = msx_auth_new(&app->ctx, &app->profile, NULL, &app->auth, err);
    return rc ? rc : msx_auth_sandbox_login(app->auth, user, err);
}

/* The port of the address that the profile has of this folder's sandbox: plans name that address.
 * 0: none. */
static long former_port(struct app *app, const char *dir)
{
    const char *name = app->g.profile ? app->g.profile : "sandbox";
    MSX_AUTO(msx_free_p) char *url_key = msx_asprintf("profiles.%s.url", name);
    MSX_AUTO(msx_free_p) char *dir_key = msx_asprintf("profiles.%s.sandbox_dir", name);
    const char *url;
    const char *of;
    long port;

    if (!url_key || !dir_key || app_config(app, NULL))
        return 0;
    url = json_string_value(msx_config_get(app->config, url_key));
    of = json_string_value(msx_config_get(app->config, dir_key));
    if (!url || !of || strcmp(of, dir) != 0 || !strrchr(url, ':'))
        return 0;
    port = strtol(strrchr(url, ':') + 1, NULL, 10);
    return port > 0 && port <= 65535 ? port : 0;
}

static enum msx_code run_start(struct app *app, const void *opts, char **args, size_t nargs,
                               struct msx_error *err)
{
    const struct start_opts *o = opts;
    MSX_AUTO(msx_free_p) char *dir = NULL;
    MSX_AUTO(msx_json_free_p) json_t *info = NULL;
    const json_t *dflt;
    enum msx_code rc = default_dir(app, o->dir, &dir, err);

    (void)args, (void)nargs;
    if (!rc)
        rc = msx_mkdirs(dir, 0700, err);
    if (rc)
        return rc;
    if (sandbox_running(dir, &info, NULL)) {
        if (o->reset || o->load || o->size) {
            rc = msx_fail(err, MSX_E_CONFLICT, "a sandbox is running already (pid %d)",
                          (int)json_integer_value(json_object_get(info, "pid")));
            msx_hint(err, "msxops sandbox stop, or msxops sandbox reset");
            return rc;
        }
        app_say(app, "already running");
    } else {
        struct start_opts again = *o;

        if (!o->port)
            again.port = former_port(app, dir);
        rc = spawn(app, &again, dir, again.port != o->port ? NULL : err);
        if (rc && again.port != o->port) /* somebody else has it now */
            rc = spawn(app, o, dir, err);
        if (!rc && !sandbox_running(dir, &info, err))
            rc = MSX_E_SERVER;
        if (rc)
            return rc;
    }
    rc = sign_in(app, dir, info, o->user, err);
    if (rc)
        return rc;
    dflt = msx_config_get(app->config, "default_profile");
    if (json_is_string(dflt) && strcmp(json_string_value(dflt), app->profile.name) != 0)
        app_say(app, "use it with --profile %s", app->profile.name);
    json_object_set_new(info, "profile", json_string(app->profile.name));
    json_object_del(info, "controlKey");
    return out_result(app, info, &(struct view){ 0 }, err);
}

const struct cmd cmd_sandbox_start = {
    .path = "sandbox start",
    .summary = "start a local CRM with sample data and sign in",
    .about = "Start the Dataverse-like server on the loopback address, make a profile 'sandbox' "
             "for it and sign in as a sample user. Its records survive a restart.",
    .args = "",
    .needs = CMD_NEEDS_CONFIG,
    .effect = CMD_WRITES_FILES,
    .opts = start_opts,
    .opts_size = sizeof(struct start_opts),
    .examples = (const char *const[]){ "msxops sandbox start",
                                       "msxops sandbox start --size large --latency 50", NULL },
    .run = run_start,
};

/* ---- stop, status, reset, load ---- */

struct dir_opts {
    const char *dir;
};

static enum msx_code run_stop(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    const struct dir_opts *o = opts;
    MSX_AUTO(msx_free_p) char *dir = NULL;
    enum msx_code rc = default_dir(app, o->dir, &dir, err);

    (void)args, (void)nargs;
    if (!rc)
        rc = sandbox_stop(app, dir, err);
    return rc;
}

static enum msx_code run_status(struct app *app, const void *opts, char **args, size_t nargs,
                                struct msx_error *err)
{
    const struct dir_opts *o = opts;
    MSX_AUTO(msx_free_p) char *dir = NULL;
    MSX_AUTO(msx_json_free_p) json_t *info = NULL;
    bool running;
    enum msx_code rc = default_dir(app, o->dir, &dir, err);

    (void)args, (void)nargs;
    if (rc)
        return rc;
    running = sandbox_running(dir, &info, NULL);
    if (!info)
        info = json_object();
    json_object_del(info, "controlKey");
    json_object_set_new(info, "running", json_boolean(running));
    json_object_set_new(info, "dir", json_string(dir));
    rc = out_result(app, info, &(struct view){ 0 }, err);
    if (!rc && !running)
        app->status = 1;
    return rc;
}

static enum msx_code run_reset(struct app *app, const void *opts, char **args, size_t nargs,
                               struct msx_error *err)
{
    const struct dir_opts *o = opts;
    MSX_AUTO(msx_free_p) char *dir = NULL;
    MSX_AUTO(msx_json_free_p) json_t *answer = NULL;
    enum msx_code rc = default_dir(app, o->dir, &dir, err);

    (void)args, (void)nargs;
    if (!rc)
        rc = name_dir(o->dir, dir,
                      sandbox_control(app, dir, "/__sandbox/reset", "{}", 2, &answer, err), err);
    if (!rc)
        app_say(app, "the sample data is as it was at first");
    return rc;
}

static enum msx_code run_load(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    const struct dir_opts *o = opts;
    MSX_AUTO(msx_free_p) char *dir = NULL;
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;
    MSX_AUTO(msx_json_free_p) json_t *answer = NULL;
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(MSX_JSON_MAX_BYTES);
    enum msx_code rc = default_dir(app, o->dir, &dir, err);

    (void)nargs;
    if (!rc)
        rc = msx_json_load(args[0], MSX_JSON_MAX_BYTES, &doc, err);
    if (rc)
        return rc;
    msx_json_dump(&text, doc);
    rc = msx_buf_finish(&text, "the records", err);
    if (!rc)
        rc = name_dir(
            o->dir, dir,
            sandbox_control(app, dir, "/__sandbox/load", text.data, text.len, &answer, err), err);
    return rc ? rc : out_result(app, answer, &(struct view){ 0 }, err);
}

const struct cmd cmd_sandbox_stop = {
    .path = "sandbox stop",
    .summary = "stop the local CRM",
    .about = "Stop the server. Its records stay for the next start.",
    .args = "",
    .effect = CMD_WRITES_FILES,
    .opts = dir_opts,
    .opts_size = sizeof(struct dir_opts),
    .examples = (const char *const[]){ "msxops sandbox stop", NULL },
    .run = run_stop,
};
const struct cmd cmd_sandbox_status = {
    .path = "sandbox status",
    .summary = "show whether the local CRM runs, and where",
    .about = "Print the address and process of the server. Status 1 when it does not run.",
    .args = "",
    .effect = CMD_READS,
    .opts = dir_opts,
    .opts_size = sizeof(struct dir_opts),
    .examples = (const char *const[]){ "msxops sandbox status -q .url", NULL },
    .run = run_status,
};
const struct cmd cmd_sandbox_reset = {
    .path = "sandbox reset",
    .summary = "restore the sample data",
    .about = "Put the sample data back as it was at the first start, around the date of then.",
    .args = "",
    .effect = CMD_WRITES_FILES,
    .opts = dir_opts,
    .opts_size = sizeof(struct dir_opts),
    .examples = (const char *const[]){ "msxops sandbox reset", NULL },
    .run = run_reset,
};
const struct cmd cmd_sandbox_load = {
    .path = "sandbox load",
    .summary = "replace the records by your own",
    .about = "Load a JSON file: an object of arrays of records by entity set, with the field names "
             "of CRM.",
    .args = "FILE",
    .min_args = 1,
    .max_args = 1,
    .effect = CMD_WRITES_FILES,
    .opts = dir_opts,
    .opts_size = sizeof(struct dir_opts),
    .examples = (const char *const[]){ "msxops sandbox load records.json", NULL },
    .run = run_load,
};
