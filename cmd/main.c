/* argv -> table -> exit status. The only exit(), signal and locale set-up. */
#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "app.h"
#include "msxops/file.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "sandbox_ctl.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
    (void)sig;
    if (interrupted) /* the second one ends at once */
        _exit(130);
    interrupted = 1;
}

static void set_up_process(void)
{
    struct sigaction sa;

    /* closed standard descriptors must not be reused for files */
    for (int fd = 0; fd < 3; fd++)
        /* opened the wrong way round: what is read or written there fails and is told */
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
            _exit(1);
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_signal;
    (void)sigaction(SIGINT, &sa, NULL);
    (void)sigaction(SIGTERM, &sa, NULL);
    sa.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &sa, NULL);
#ifdef __linux__
    /* tokens live in memory: no core dumps, no ptrace by others */
    (void)prctl(PR_SET_DUMPABLE, 0);
#endif
#ifdef __GLIBC__
    /* two threads that take turns need one heap; a heap beside the first one grows by a system call
     * a page */
    (void)mallopt(M_ARENA_MAX, 1);
#endif
}

/* Errors of this process, as text or one JSON object. */
static void report(const struct app *app, enum msx_code rc, const struct msx_error *err)
{
    if (app->g.error_format && strcmp(app->g.error_format, "json") == 0) {
        json_t *j = json_pack("{s:s, s:s, s:i}", "error", err->msg, "code", msx_code_name(rc),
                              "status", msx_exit_status(rc));
        char crm[16];
        char *text;

        if (err->hint[0])
            json_object_set_new(j, "hint", json_string(err->hint));
        if (err->http_status)
            json_object_set_new(j, "httpStatus", json_integer(err->http_status));
        if (err->crm_code) {
            (void)snprintf(crm, sizeof crm, "0x%08x", (unsigned)err->crm_code);
            json_object_set_new(j, "crmCode", json_string(crm));
        }
        if (err->request_id[0])
            json_object_set_new(j, "requestId", json_string(err->request_id));
        text = json_dumps(j, JSON_COMPACT);
        fprintf(stderr, "%s\n", text ? text : "{}");
        free(text);
        json_decref(j);
        return;
    }
    fprintf(stderr, "msxops: error: %s\n", err->msg[0] ? err->msg : msx_code_name(rc));
    if (err->hint[0])
        fprintf(stderr, "hint: %s\n", err->hint);
}

static bool is_option(const char *w)
{
    return w[0] == '-' && w[1];
}

/* Global options may stand before the command: words_at is where the command begins. */
static enum msx_code leading_globals(struct globals *g, char **argv, int argc, int *words_at,
                                     struct msx_error *err)
{
    int i = 1;

    while (i < argc && is_option(argv[i])) {
        char *args[2];
        size_t n = 0;
        int take = 1;
        enum msx_code rc;

        if (strcmp(argv[i], "--version") == 0) {
            g->version = true;
            i++;
            continue;
        }
        /* try with the option alone, then with its value */
        rc = opt_parse(NULL, NULL, g, argv + i, 1, args, &n, err);
        if (rc && i + 1 < argc) {
            struct msx_error second = MSX_ERROR_INIT;

            n = 0;
            if (opt_parse(NULL, NULL, g, argv + i, 2, args, &n, &second) == MSX_OK && n == 0) {
                take = 2;
                rc = MSX_OK;
            } else if (second.msg[0]) {
                *err = second;
            }
        }
        if (rc)
            return rc;
        i += take;
    }
    *words_at = i;
    return MSX_OK;
}

/* As git does: msxops-foo in the libexec folder or on PATH. Returns only when there is none. */
static void run_external(char **argv)
{
    MSX_AUTO(msx_free_p) char *name = NULL;
    MSX_AUTO(msx_free_p) char *own = NULL;
    const char *libexec = getenv("MSXOPS_LIBEXEC");

    if (strchr(argv[0], '/'))
        return;
    name = msx_asprintf("msxops-%s", argv[0]);
    own = msx_path_join(libexec && *libexec ? libexec : MSXOPS_LIBEXECDIR, name ? name : "");
    if (!name || !own)
        return;
    execv(own, argv);
    execvp(name, argv);
}

static enum msx_code unknown_command(char **words, int n, struct msx_error *err)
{
    const char *names[256];
    size_t count = 0;
    MSX_AUTO(msx_free_p) char *typed = NULL;
    const char *near;
    enum msx_code rc;

    if (cmd_is_group(words[0])) {
        size_t len = strlen(words[0]);

        if (n < 2 || is_option(words[1])) {
            rc = msx_fail(err, MSX_E_USAGE, "'%s' wants a command", words[0]);
            msx_hint(err, "msxops help %s", words[0]);
            return rc;
        }
        for (const struct cmd *const *c = commands; *c && count < 256; c++)
            if (strncmp((*c)->path, words[0], len) == 0 && (*c)->path[len] == ' ')
                names[count++] = (*c)->path;
        typed = msx_asprintf("%s %s", words[0], words[1]);
    } else {
        for (const struct cmd *const *c = commands; *c && count < 256; c++)
            names[count++] = (*c)->path;
        typed = msx_strdup(words[0]);
    }
    rc = msx_fail(err, MSX_E_USAGE, "unknown command '%s'", typed ? typed : words[0]);
    near = typed ? msx_nearest(typed, names, count) : NULL;
    if (near)
        msx_hint(err, "did you mean 'msxops %s'?", near);
    else
        msx_hint(err, "msxops help");
    return rc;
}

static enum msx_code dispatch(struct app *app, const struct cmd *c, char **argv, int argc,
                              struct msx_error *err)
{
    void *opts = msx_calloc(1, c->opts_size ? c->opts_size : 1);
    char **args = msx_calloc((size_t)argc + 1, sizeof *args);
    size_t nargs = 0;
    enum msx_code rc;

    if (!opts || !args) {
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
        goto out;
    }
    if (c->defaults)
        memcpy(opts, c->defaults, c->opts_size);
    rc = opt_parse(c->opts, opts, &app->g, argv, argc, args, &nargs, err);
    if (rc) {
        if (err && !err->hint[0])
            msx_hint(err, "msxops help %s", c->path);
        goto out;
    }
    if (app->g.help) {
        help_command(stdout, c);
        goto out;
    }
    if (nargs < (size_t)c->min_args || (c->max_args >= 0 && nargs > (size_t)c->max_args)) {
        if (nargs < (size_t)c->min_args)
            rc = msx_fail(err, MSX_E_USAGE, "'%s' wants %s", c->path, c->args);
        else
            rc = msx_fail(err, MSX_E_USAGE, "'%s' takes %s, '%s' is too much", c->path,
                          *c->args ? c->args : "no arguments", args[c->max_args]);
        msx_hint(err, "msxops help %s", c->path);
        goto out;
    }
    rc = app_prepare(app, err);
    if (!rc && c->needs >= CMD_NEEDS_CONFIG)
        rc = app_config(app, err);
    if (!rc && c->needs >= CMD_NEEDS_LOGIN)
        rc = app_login(app, err);
    if (!rc)
        rc = c->run(app, opts, args, nargs, err);
out:
    if (opts)
        opt_release(c->opts, opts);
    msx_free(opts);
    msx_free(args);
    return rc;
}

/* help [COMMAND...], --help, --version and commands themselves. */
static enum msx_code run(struct app *app, char **argv, int argc, struct msx_error *err)
{
    int at = 1;
    int used = 0;
    const struct cmd *c;
    enum msx_code rc = leading_globals(&app->g, argv, argc, &at, err);

    if (rc)
        return rc;
    if (app->g.version) {
        printf("msxops %s\n", MSXOPS_VERSION);
        return MSX_OK;
    }
    if (at >= argc || (app->g.help && at >= argc)) {
        help_overview(app->g.help ? stdout : stderr);
        return app->g.help ? MSX_OK : MSX_E_USAGE;
    }
    c = cmd_find(argv + at, argc - at, &used);
    if (c)
        return dispatch(app, c, argv + at + used, argc - at - used, err);
    for (int i = at; i < argc; i++)
        app->g.help = app->g.help || strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
    if (cmd_is_group(argv[at]) && app->g.help) {
        help_group(stdout, argv[at]);
        return MSX_OK;
    }
    if (!cmd_is_group(argv[at]))
        run_external(argv + at);
    return unknown_command(argv + at, argc - at, err);
}

int main(int argc, char **argv)
{
    struct app app = { .g.retries = -1 };
    struct msx_error err = MSX_ERROR_INIT;
    enum msx_code rc;
    int status;

    set_up_process();
    (void)setlocale(LC_ALL, "C");
    app.ctx.cancelled = &interrupted;
    rc = run(&app, argv, argc, &err);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        /* a reader that went away (head) is no failure of ours to shout about */
        if (errno != EPIPE && rc == MSX_OK)
            rc = msx_fail_errno(&err, errno, "cannot write to standard output");
        else if (rc == MSX_OK)
            app.status = 141;
    }
    if (interrupted && rc != MSX_OK && rc != MSX_E_PARTIAL && rc != MSX_E_UNKNOWN)
        rc = err.msg[0] ? MSX_E_CANCELLED : msx_fail(&err, MSX_E_CANCELLED, "cancelled");
    if (rc == MSX_E_IO && app.reader_gone) {
        app.status = 141;
        rc = MSX_OK;
    }
    if (rc == MSX_E_NETWORK && !err.hint[0])
        sandbox_hint(&app, &err);
    if (rc != MSX_OK && err.msg[0])
        report(&app, rc, &err);
    status = rc != MSX_OK ? msx_exit_status(rc) : app.status;
    app_close(&app);
    return status;
}
