/* msxops-sandbox: a Dataverse-like server on loopback, with sample data and faults on demand. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "msxops/date.h"
#include "msxops/file.h"
#include "msxops/json.h"
#include "msxops/mem.h"
#include "options.h"
#include "server.h"
#include "store_priv.h"

struct options {
    const char *dir;
    const char *load;
    const char *today;
    long port;
    long page_size;
    long latency_ms;
    long token_ttl_s;
    enum sb_size size;
    bool size_given;
    bool reset;
    bool foreground;
    bool no_auth;
};

static const char usage[] =
    "usage: msxops-sandbox --dir DIR [--port N] [--today YYYY-MM-DD] [--size small|medium|large]\n"
    "                      [--load FILE] [--reset] [--page-size N] [--latency MS]\n"
    "                      [--token-ttl SECONDS] [--no-auth] [--foreground]\n"
    "\n"
    "Serves a Dataverse-like Web API with an identity provider on 127.0.0.1. DIR keeps the data and\n"
    "sandbox.json (address, process, control key). Without --foreground it returns when it listens.\n"
    "\n"
    "  --dir DIR          state folder, made when missing\n"
    "  --port N           port to listen on; 0, the default, takes a free one\n"
    "  --today DAY        the server's day, for sample data and relative filters\n"
    "  --size SIZE        amount of sample data; small is the default\n"
    "  --load FILE        take the records of a JSON file instead of the sample data\n"
    "  --reset            restore the sample data\n"
    "  --page-size N      rows on a page at most (5000)\n"
    "  --latency MS       wait before every answer of the Web API\n"
    "  --token-ttl N      life of access tokens in seconds\n"
    "  --no-auth          take requests without a token, as the default user\n"
    "  --foreground       stay in the foreground\n";

static _Noreturn void fail(int fd, const char *text, int status)
{
    if (fd >= 0)
        (void)dprintf(fd, "%s", text);
    else
        (void)fprintf(stderr, "msxops-sandbox: error: %s\n", text);
    exit(status);
}

static bool number(const char *text, long low, long high, long *out)
{
    char *end = NULL;

    errno = 0;
    *out = strtol(text, &end, 10);
    return !errno && end != text && !*end && *out >= low && *out <= high;
}

/* One option with a value; false when the value is bad. */
static bool valued(struct options *o, const char *name, const char *value, bool *known)
{
    *known = true;
    if (strcmp(name, "--dir") == 0)
        return *(o->dir = value) != '\0';
    if (strcmp(name, "--load") == 0)
        return *(o->load = value) != '\0';
    if (strcmp(name, "--today") == 0)
        return msx_day_parse(o->today = value) != MSX_DAY_NONE;
    if (strcmp(name, "--size") == 0)
        return (o->size_given = sb_size_parse(value, &o->size));
    if (strcmp(name, "--port") == 0)
        return number(value, 0, 65535, &o->port);
    if (strcmp(name, "--page-size") == 0)
        return number(value, 1, SB_MAX_PAGE, &o->page_size);
    if (strcmp(name, "--latency") == 0)
        return number(value, 0, 600000, &o->latency_ms);
    if (strcmp(name, "--token-ttl") == 0)
        return number(value, 1, 86400, &o->token_ttl_s);
    *known = false;
    return true;
}

static void parse(int argc, char **argv, struct options *o)
{
    char text[200];

    for (int i = 1; i < argc; i++) {
        char *eq = strncmp(argv[i], "--", 2) == 0 ? strchr(argv[i], '=') : NULL;
        const char *value = eq ? eq + 1 : i + 1 < argc ? argv[i + 1] : "";
        bool known;

        if (strcmp(argv[i], "--help") == 0) {
            (void)fputs(usage, stdout);
            exit(fflush(stdout) ? 1 : 0);
        }
        if (strcmp(argv[i], "--reset") == 0) {
            o->reset = true;
        } else if (strcmp(argv[i], "--foreground") == 0) {
            o->foreground = true;
        } else if (strcmp(argv[i], "--no-auth") == 0) {
            o->no_auth = true;
        } else {
            if (eq)
                *eq = '\0';
            if (!valued(o, argv[i], value, &known)) {
                (void)snprintf(text, sizeof text, "%s does not take '%.60s'", argv[i], value);
                fail(-1, text, 2);
            }
            if (!known) {
                (void)snprintf(text, sizeof text, "unknown option '%.60s' (see --help)", argv[i]);
                fail(-1, text, 2);
            }
            i += eq ? 0 : 1;
        }
    }
    if (!o->dir)
        fail(-1, "--dir DIR is needed (see --help)", 2);
}

/* Into the background: the parent waits for one line, "ok" or what went wrong. Returns the pipe. */
static int detach(void)
{
    char line[700] = "";
    int fd[2], null;
    ssize_t n;
    pid_t pid;
    int status;

    /* no other thread yet: nobody can fork between the two calls */
    if (pipe(fd) != 0 || fcntl(fd[0], F_SETFD, FD_CLOEXEC) < 0 ||
        fcntl(fd[1], F_SETFD, FD_CLOEXEC) < 0 || (pid = fork()) < 0)
        fail(-1, strerror(errno), 1);
    if (pid > 0) {
        (void)close(fd[1]);
        n = read(fd[0], line, sizeof line - 1);
        if (n > 0 && strcmp(line, "ok") == 0)
            _exit(0);
        /* it said why, and ends with the status that fits */
        if (n <= 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || !WEXITSTATUS(status))
            status = 1;
        else
            status = WEXITSTATUS(status);
        fail(-1, n > 0 ? line : "the server ended while it started", status);
    }
    (void)close(fd[0]);
    (void)setsid();
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
        fail(fd[1], "cannot open /dev/null", 1);
    if (null > 2)
        (void)close(null);
    return fd[1];
}

static void ask_to_stop(void)
{
    (void)kill(getpid(), SIGTERM);
}

/* What the last run knew: the fixed day and the size of the data. */
static void recall(struct sb_server *s)
{
    struct sb_conn *c = sb_store_reader(s->store);
    enum sb_size size;
    char text[32];

    if (sb_meta_get(c, "fixed_today", text, sizeof text) && strlen(text) == 10)
        sb_server_set_today(s, text);
    if (sb_meta_get(c, "size", text, sizeof text) && sb_size_parse(text, &size))
        s->size = size;
    sb_store_release(s->store, c);
}

static enum msx_code fill(struct sb_server *s, const struct options *o, struct msx_error *err)
{
    char today[11] = "";
    json_auto_t *doc = NULL;
    enum msx_code rc;

    recall(s);
    if (o->size_given)
        s->size = o->size;
    if (o->today)
        sb_server_set_today(s, o->today);
    (void)sb_server_fixed_today(s, today);
    if (o->load) {
        rc = msx_json_load(o->load, MSX_JSON_MAX_BYTES, &doc, err);
        return rc ? rc : sb_load_document(s, doc, today, err);
    }
    if (o->reset || sb_store_is_empty(s->store))
        return sb_reset(s, s->size, today, err);
    return MSX_OK;
}

static enum msx_code write_info(const struct sb_server *s, const char *path, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(16 << 10);
    json_auto_t *j = json_object();
    struct sb_server *shared = (struct sb_server *)(uintptr_t)s;
    char started[21], today[11];

    msx_time_format(sb_now_ms() / 1000, started);
    sb_server_today(shared, today);
    sb_set_str(j, "url", s->base);
    sb_set(j, "pid", json_integer(getpid()));
    sb_set(j, "port", json_integer(s->port));
    sb_set_str(j, "controlKey", s->control_key);
    sb_set_str(j, "tenant", sb_identity_tenant(s->identity));
    sb_set_str(j, "today", today);
    sb_set_str(j, "size", sb_size_name(s->size));
    sb_set(j, "noAuth", json_boolean(s->no_auth));
    sb_set_str(j, "started", started);
    msx_json_dump(&b, j);
    msx_buf_addc(&b, '\n');
    if (b.failed)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return msx_file_replace(path, b.data, b.len, 0600, err);
}

static enum msx_code start(struct sb_server *s, const struct options *o, struct msx_error *err)
{
    struct sb_identity_config config = { .state_dir = o->dir, .token_ttl_s = o->token_ttl_s };
    char a[37], b[37];
    enum msx_code rc = sb_store_open(o->dir, &s->store, err);

    if (!rc)
        rc = fill(s, o, err);
    if (!rc)
        rc = sb_server_start(s, (int)o->port, err);
    if (rc)
        return rc;
    sb_guid(a);
    sb_guid(b);
    (void)snprintf(s->control_key, sizeof s->control_key, "%.8s%.4s%.12s%.8s", a, a + 9, b + 24, b);
    config.base = s->base;
    config.control_key = s->control_key;
    config.users = sb_store_directory(s->store);
    return sb_identity_new(&config, &s->identity, err);
}

static void wait_for_end(void)
{
    sigset_t set;
    int sig;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    while (sigwait(&set, &sig) != 0)
        ;
}

static void block_signals(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        fail(-1, "cannot set up signals", 1);
}

static void stop(struct sb_server *s)
{
    sb_server_stop(s);
    sb_identity_free(s->identity);
    sb_store_close(s->store);
    sb_faults_free(s->faults);
}

int main(int argc, char **argv)
{
    struct options o = { .page_size = SB_MAX_PAGE };
    struct sb_server s = { .size = SB_SIZE_SMALL, .on_stop = ask_to_stop };
    struct msx_error err = MSX_ERROR_INIT;
    MSX_AUTO(msx_free_p) char *lock_path = NULL;
    MSX_AUTO(msx_free_p) char *info_path = NULL;
    int lock = -1, parent;
    enum msx_code rc;

    parse(argc, argv, &o);
    (void)umask(077);
    if (msx_mkdirs(o.dir, 0700, &err))
        fail(-1, err.msg, 1);
    parent = o.foreground ? -1 : detach();
    block_signals();
    lock_path = msx_path_join(o.dir, "sandbox.lock");
    info_path = msx_path_join(o.dir, "sandbox.json");
    if (!lock_path || !info_path)
        sb_die("out of memory");
    if (msx_lock_acquire(lock_path, 0, &lock, &err))
        fail(parent, "another msxops-sandbox runs on this folder", 1);
    s.no_auth = o.no_auth;
    s.max_page = o.page_size;
    s.faults = sb_faults_new(o.latency_ms);
    rc = start(&s, &o, &err);
    if (!rc)
        rc = write_info(&s, info_path, &err);
    if (rc) {
        stop(&s);
        fail(parent, err.msg, rc == MSX_E_INVALID ? 2 : 1);
    }
    sb_server_ready(&s);
    if (parent >= 0) {
        (void)dprintf(parent, "ok");
        (void)close(parent);
    } else {
        (void)fprintf(stderr, "msxops-sandbox: %s\n", s.base);
    }
    wait_for_end();
    (void)unlink(info_path);
    stop(&s);
    msx_lock_release(lock);
    return 0;
}
