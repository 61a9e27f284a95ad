/* Run a program to its end: no shell, nothing on its standard input, bounded output, a time limit,
 * and a process group of its own so that what it started ends with it. */
/* pipe2: no other thread's child may inherit these ends */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier): the name is the system's */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "auth_priv.h"
#include "msxops/mem.h"

#define TICK_MS 200 /* how soon a cancelled run is noticed */

static int64_t clock_ms(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        return 0;
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* A pipe whose ends are not 0, 1 or 2, which the child's own descriptors replace. */
static int make_pipe(int ends[2])
{
    for (int i = 0; i < 2; i++)
        ends[i] = -1;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    for (int i = 0; i < 2; i++) {
        int fd = ends[i] > 2 ? ends[i] : fcntl(ends[i], F_DUPFD_CLOEXEC, 3);

        if (fd < 0)
            return errno;
        if (fd != ends[i]) {
            (void)close(ends[i]);
            ends[i] = fd;
        }
    }
    return fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 ? errno : 0;
}

/* The environment without our own variables: they may hold secrets. Array new, strings borrowed. */
static char **clean_environment(char *const *env)
{
    size_t n = 0, kept = 0;
    char **clean;

    while (env[n])
        n++;
    clean = msx_calloc(n + 1, sizeof *clean);
    for (size_t i = 0; clean && i < n; i++) {
        if (strncmp(env[i], "MSXOPS_", 7) != 0)
            clean[kept++] = env[i];
    }
    return clean;
}

static int set_attributes(posix_spawnattr_t *attr)
{
    sigset_t none, dflt;

    if (sigemptyset(&none) || sigemptyset(&dflt) || sigaddset(&dflt, SIGPIPE) ||
        sigaddset(&dflt, SIGINT) || sigaddset(&dflt, SIGTERM) || sigaddset(&dflt, SIGCHLD))
        return EINVAL;
    if (posix_spawnattr_setsigmask(attr, &none) || posix_spawnattr_setsigdefault(attr, &dflt) ||
        posix_spawnattr_setpgroup(attr, 0))
        return EINVAL;
    return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
}

static int start(const char *const *argv, char *const *env, int out, int err, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    int rc = posix_spawn_file_actions_init(&files);

    if (rc)
        return rc;
    rc = posix_spawnattr_init(&attr);
    if (rc) {
        posix_spawn_file_actions_destroy(&files);
        return rc;
    }
    rc = set_attributes(&attr);
    if (!rc)
        rc = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    if (!rc)
        rc = posix_spawn_file_actions_adddup2(&files, out, 1);
    if (!rc)
        rc = posix_spawn_file_actions_adddup2(&files, err, 2);
    if (!rc)
        rc = posix_spawnp(pid, argv[0], &files, &attr, (char *const *)(uintptr_t)argv, env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return rc;
}

/* Read what is there; closes the end at its end. */
static void drain(int *fd, struct msx_buf *b)
{
    char chunk[4096];
    ssize_t n;

    do {
        n = read(*fd, chunk, sizeof chunk);
        if (n > 0)
            msx_buf_add(b, chunk, (size_t)n);
    } while (n > 0 || (n < 0 && errno == EINTR));
    msx_wipe(chunk, sizeof chunk);
    if (n == 0 || errno != EAGAIN)
        close_fd(fd);
}

/* Until both outputs end. */
static enum msx_code listen_to(const struct msx_ctx *ctx, const char *name, int *out, int *err_fd,
                               int64_t until_ms, struct msx_child *child, struct msx_error *err)
{
    while (*out >= 0 || *err_fd >= 0) {
        struct pollfd p[2] = { { *out, POLLIN, 0 }, { *err_fd, POLLIN, 0 } };
        int64_t left = until_ms - clock_ms();

        if (msx_cancelled(ctx))
            return msx_fail(err, MSX_E_CANCELLED, "cancelled");
        if (left <= 0)
            return msx_fail(err, MSX_E_NETWORK, "'%s' did not answer in time", name);
        if (poll(p, 2, left < TICK_MS ? (int)left : TICK_MS) < 0 && errno != EINTR)
            return msx_fail_errno(err, errno, "cannot wait for '%s'", name);
        if (p[0].revents)
            drain(out, &child->out);
        if (p[1].revents)
            drain(err_fd, &child->err);
        if (child->out.failed || child->err.failed)
            return msx_fail(err, MSX_E_LIMIT, "'%s' prints too much", name);
    }
    return MSX_OK;
}

/* The end of a child whose outputs are closed; one that lives on is killed when the time is up. */
static enum msx_code reap(pid_t pid, const char *name, int64_t until_ms, bool kill_now,
                          int *exit_status, struct msx_error *err)
{
    const struct timespec pause = { 0, 5 * 1000000L };
    enum msx_code rc = MSX_OK;
    int status = 0;
    pid_t got;

    for (;;) {
        if (kill_now || clock_ms() >= until_ms) {
            if (!kill_now)
                rc = msx_fail(err, MSX_E_NETWORK, "'%s' did not end in time", name);
            (void)kill(-pid, SIGKILL);
            do
                got = waitpid(pid, &status, 0);
            while (got < 0 && errno == EINTR);
            break;
        }
        got = waitpid(pid, &status, WNOHANG);
        if (got == pid || (got < 0 && errno != EINTR))
            break;
        (void)nanosleep(&pause, NULL);
    }
    if (got == pid && WIFEXITED(status))
        *exit_status = WEXITSTATUS(status);
    else if (got == pid && WIFSIGNALED(status))
        *exit_status = 128 + WTERMSIG(status);
    else if (!rc && !kill_now)
        rc = msx_fail(err, MSX_E_IO, "cannot learn how '%s' ended", name);
    return rc;
}

enum msx_code msx_child_run(const struct msx_ctx *ctx, const char *const *argv, char *const *env,
                            long timeout_ms, struct msx_child *child, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char **clean = clean_environment(env ? env : environ);
    int64_t until_ms = clock_ms() + timeout_ms;
    int out[2] = { -1, -1 }, errs[2] = { -1, -1 };
    enum msx_code rc = MSX_OK, ended;
    pid_t pid = -1;
    int e;

    if (!clean)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    e = make_pipe(out);
    if (!e)
        e = make_pipe(errs);
    if (!e)
        e = start(argv, clean, out[1], errs[1], &pid);
    close_fd(&out[1]);
    close_fd(&errs[1]);
    if (!e) {
        rc = listen_to(ctx, argv[0], &out[0], &errs[0], until_ms, child, err);
        ended = reap(pid, argv[0], until_ms, rc != MSX_OK, &child->exit_status, rc ? NULL : err);
        if (!rc)
            rc = ended;
        /* where the system starts a child before it looks for the program, that is how it tells */
        if (!rc && child->exit_status == 127 && !child->out.len && !child->err.len)
            rc = msx_fail(err, MSX_E_NOTFOUND, "there is no program '%s'", argv[0]);
    } else if (e == ENOENT || e == ENOTDIR || e == EACCES) {
        rc = msx_fail(err, MSX_E_NOTFOUND, "there is no program '%s'", argv[0]);
    } else {
        rc = msx_fail_errno(err, e, "cannot run '%s'", argv[0]);
    }
    close_fd(&out[0]);
    close_fd(&errs[0]);
    return rc;
}
