/* Preloaded into a program under test: kills it at a chosen moment, or fills its disk.
 *
 *   KILLAT=N        SIGKILL before event number N (counted from 1)
 *   KILLAT_TORN=1   when event N is a write to a file, half of its bytes are written first
 *   FAILAT=N        file events from number N on fail with ENOSPC
 *   KILLAT_COUNT=F  at a normal end, write the number of events to file F
 *
 * Events are what a crash can fall between: writes, syncs, renames and truncations of files, and
 * everything sent or received on a socket. Reading files and talking to terminals and pipes are
 * none.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long kill_at, fail_at, events;
static bool torn;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static long number(const char *name)
{
    const char *s = getenv(name);

    return s ? strtol(s, NULL, 10) : 0;
}

__attribute__((constructor)) static void start(void)
{
    kill_at = number("KILLAT");
    fail_at = number("FAILAT");
    torn = number("KILLAT_TORN") != 0;
}

__attribute__((destructor)) static void finish(void)
{
    const char *path = getenv("KILLAT_COUNT");
    char text[32];
    int fd, n;

    if (!path)
        return;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    n = snprintf(text, sizeof text, "%ld\n", events);
    if (fd >= 0 && syscall(SYS_write, fd, text, (size_t)n) == n)
        (void)syscall(SYS_close, fd);
}

static bool is_kind(int fd, mode_t kind)
{
    struct stat st;
    int saved = errno;
    bool is = fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind;

    errno = saved;
    return is;
}

/* Counts an event; does not return when it is the last. True: fail it (file events only). */
static bool event(bool file, int fd, const void *data, size_t n)
{
    bool fail;

    (void)pthread_mutex_lock(&mutex);
    events++;
    if (kill_at && events == kill_at) {
        if (torn && data && n > 1)
            (void)!syscall(SYS_write, fd, data, n / 2);
        (void)kill(getpid(), SIGKILL);
        for (;;) /* with the mutex held: no other thread gets any further */
            (void)pause();
    }
    fail = file && fail_at && events >= fail_at;
    (void)pthread_mutex_unlock(&mutex);
    if (fail)
        errno = ENOSPC;
    return fail;
}

/* The next definition of a function, found once. */
#define REAL(name)                                                                                 \
    static __typeof__(&name) real;                                                                 \
    if (!real)                                                                                     \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

/* ---- files ---- */

int fsync(int fd)
{
    REAL(fsync);
    return event(true, fd, NULL, 0) ? -1 : real(fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    return event(true, fd, NULL, 0) ? -1 : real(fd);
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    return event(true, -1, NULL, 0) ? -1 : real(from, to);
}

int ftruncate(int fd, off_t size)
{
    REAL(ftruncate);
    return event(true, fd, NULL, 0) ? -1 : real(fd, size);
}

/* Without _FILE_OFFSET_BITS=64 the calls above and this one are the same; with it the program asks
 * for the names with 64. */
int ftruncate64(int fd, off64_t size)
{
    REAL(ftruncate64);
    return event(true, fd, NULL, 0) ? -1 : real(fd, size);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    REAL(pwrite);
    if (is_kind(fd, S_IFREG) && event(true, fd, NULL, 0))
        return -1;
    return real(fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
    REAL(pwrite64);
    if (is_kind(fd, S_IFREG) && event(true, fd, NULL, 0))
        return -1;
    return real(fd, data, n, at);
}

ssize_t write(int fd, const void *data, size_t n)
{
    REAL(write);
    if (is_kind(fd, S_IFREG)) {
        if (event(true, fd, data, n))
            return -1;
    } else if (is_kind(fd, S_IFSOCK)) {
        (void)event(false, fd, NULL, 0);
    }
    return real(fd, data, n);
}

/* ---- sockets ---- */

ssize_t send(int fd, const void *data, size_t n, int flags)
{
    REAL(send);
    (void)event(false, fd, NULL, 0);
    return real(fd, data, n, flags);
}

ssize_t sendto(int fd, const void *data, size_t n, int flags, const struct sockaddr *to,
               socklen_t size)
{
    REAL(sendto);
    (void)event(false, fd, NULL, 0);
    return real(fd, data, n, flags, to, size);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    REAL(sendmsg);
    (void)event(false, fd, NULL, 0);
    return real(fd, m, flags);
}

ssize_t recv(int fd, void *data, size_t n, int flags)
{
    REAL(recv);
    (void)event(false, fd, NULL, 0);
    return real(fd, data, n, flags);
}

ssize_t recvfrom(int fd, void *data, size_t n, int flags, struct sockaddr *from, socklen_t *size)
{
    REAL(recvfrom);
    (void)event(false, fd, NULL, 0);
    return real(fd, data, n, flags, from, size);
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
    REAL(recvmsg);
    (void)event(false, fd, NULL, 0);
    return real(fd, m, flags);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
    REAL(writev);
    if (is_kind(fd, S_IFREG)) {
        if (event(true, fd, NULL, 0))
            return -1;
    } else if (is_kind(fd, S_IFSOCK)) {
        (void)event(false, fd, NULL, 0);
    }
    return real(fd, v, n);
}
