/* Files: bounded reads, durable atomic replacement, locks, append-only lines. */
#include "msxops/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "msxops/mem.h"
#include "msxops/text.h"

static void close_p(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

enum msx_code msx_file_read(const char *path, struct msx_buf *b, struct msx_error *err)
{
    MSX_AUTO(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
    char chunk[16384];

    if (fd < 0) {
        int e = errno;

        if (e == ENOENT || e == ENOTDIR)
            return msx_fail(err, MSX_E_NOTFOUND, "cannot open '%s': no such file", path);
        return msx_fail_errno(err, e, "cannot open '%s'", path);
    }
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return msx_fail_errno(err, errno, "cannot read '%s'", path);
        if (n == 0)
            break;
        msx_buf_add(b, chunk, (size_t)n);
        if (b->failed)
            break;
    }
    return msx_buf_finish(b, path, err);
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);

        if (n < 0) {
            if (errno == EINTR)
                continue;
            return false;
        }
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* New string: the folder part of path ("." when there is none, "/" kept). */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return msx_strdup(".");
    if (slash == path)
        return msx_strdup("/");
    return msx_strndup(path, (size_t)(slash - path));
}

static enum msx_code sync_folder(const char *path, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *dir = folder_of(path);
    MSX_AUTO(close_p) int fd = -1;

    if (!dir)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return msx_fail_errno(err, errno, "cannot open folder '%s'", dir);
    /* Some file systems cannot sync a folder; then there is nothing more to do. */
    if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)
        return msx_fail_errno(err, errno, "cannot sync folder '%s'", dir);
    return MSX_OK;
}

static enum msx_code write_temp(int fd, const char *tmp, const void *data, size_t len, mode_t mode,
                                struct msx_error *err)
{
    if (fchmod(fd, mode) != 0)
        return msx_fail_errno(err, errno, "cannot set the mode of '%s'", tmp);
    if (!write_all(fd, data, len))
        return msx_fail_errno(err, errno, "cannot write '%s'", tmp);
    if (fsync(fd) != 0)
        return msx_fail_errno(err, errno, "cannot sync '%s'", tmp);
    return MSX_OK;
}

enum msx_code msx_file_replace(const char *path, const void *data, size_t len, mode_t mode,
                               struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *tmp = NULL;
    char id[MSX_GUID_LEN + 1];
    enum msx_code rc;
    int fd;

    rc = msx_guid_new(id, err);
    if (rc)
        return rc;
    tmp = msx_asprintf("%s.%.8s.tmp", path, id);
    if (!tmp)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return msx_fail_errno(err, errno, "cannot create '%s'", tmp);
    rc = write_temp(fd, tmp, data, len, mode, err);
    if (close(fd) != 0 && !rc)
        rc = msx_fail_errno(err, errno, "cannot close '%s'", tmp);
    if (!rc && rename(tmp, path) != 0)
        rc = msx_fail_errno(err, errno, "cannot replace '%s'", path);
    if (rc) {
        (void)unlink(tmp);
        return rc;
    }
    return sync_folder(path, err);
}

enum msx_code msx_mkdirs(const char *path, mode_t mode, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *p = msx_strdup(path);
    struct stat st;

    if (!p)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    for (char *s = p + 1; p[0]; s++) {
        char c = *s;

        if (c != '/' && c != '\0')
            continue;
        *s = '\0';
        if (mkdir(p, mode) != 0 && errno != EEXIST) {
            int e = errno;

            /* a read-only parent that exists is fine */
            if (stat(p, &st) != 0 || !S_ISDIR(st.st_mode))
                return msx_fail_errno(err, e, "cannot make folder '%s'", p);
        }
        if (c == '\0')
            break;
        *s = c;
    }
    if (stat(path, &st) != 0)
        return msx_fail_errno(err, errno, "cannot make folder '%s'", path);
    if (!S_ISDIR(st.st_mode))
        return msx_fail_errno(err, ENOTDIR, "cannot make folder '%s'", path);
    return MSX_OK;
}

char *msx_path_join(const char *dir, const char *name)
{
    size_t n = strlen(dir);

    while (n > 1 && dir[n - 1] == '/')
        n--;
    while (*name == '/')
        name++;
    if (n == 0)
        return msx_strdup(name);
    if (n == 1 && dir[0] == '/')
        return msx_asprintf("/%s", name);
    return msx_asprintf("%.*s/%s", (int)n, dir, name);
}

static int take_fd(int *fd)
{
    int taken = *fd;

    *fd = -1;
    return taken;
}

enum msx_code msx_lock_acquire(const char *path, long wait_ms, int *fd_out, struct msx_error *err)
{
    MSX_AUTO(close_p) int fd = -1;

    for (long waited = 0;;) {
        const struct timespec pause = { 0, 20 * 1000000L };
        struct stat a, b;

        if (fd < 0)
            fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
            return msx_fail_errno(err, errno, "cannot open lock '%s'", path);
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            /* The file may have been removed or replaced while we waited: lock what is there now.
             */
            if (fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino &&
                a.st_dev == b.st_dev)
                break;
            (void)close(fd);
            fd = -1;
            continue;
        }
        if (errno != EWOULDBLOCK && errno != EINTR)
            return msx_fail_errno(err, errno, "cannot lock '%s'", path);
        if (waited >= wait_ms)
            return msx_fail(err, MSX_E_CONFLICT, "'%s' is locked by another process", path);
        (void)nanosleep(&pause, NULL);
        waited += 20;
    }
    *fd_out = take_fd(&fd);
    return MSX_OK;
}

void msx_lock_release(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

struct msx_appender {
    char *path;
    int fd;
};

enum msx_code msx_appender_open(const char *path, struct msx_appender **out, struct msx_error *err)
{
    struct msx_appender *a;
    enum msx_code rc;
    bool fresh;
    int fd;

    fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
    fresh = fd < 0 && errno == ENOENT;
    if (fresh)
        fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return msx_fail_errno(err, errno, "cannot open '%s'", path);
    if (fresh) {
        rc = sync_folder(path, err);
        if (rc) {
            (void)close(fd);
            return rc;
        }
    }
    a = msx_malloc(sizeof *a);
    if (!a) {
        (void)close(fd);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    a->path = msx_strdup(path);
    a->fd = fd;
    if (!a->path) {
        msx_appender_close(a);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    *out = a;
    return MSX_OK;
}

enum msx_code msx_appender_line(struct msx_appender *a, const char *line, size_t len,
                                struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *text = NULL;
    size_t n = 0;
    off_t end;
    char last;

    if (len > SIZE_MAX - 2)
        return msx_fail(err, MSX_E_LIMIT, "line is too long");
    text = msx_malloc(len + 2);
    if (!text)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    end = lseek(a->fd, 0, SEEK_END);
    if (end < 0)
        return msx_fail_errno(err, errno, "cannot read '%s'", a->path);
    if (end > 0) {
        if (pread(a->fd, &last, 1, end - 1) != 1)
            return msx_fail_errno(err, errno ? errno : EIO, "cannot read '%s'", a->path);
        if (last != '\n')
            text[n++] = '\n';
    }
    memcpy(text + n, line, len);
    n += len;
    text[n++] = '\n'; /* one write, so that a crash tears at most this line */
    if (!write_all(a->fd, text, n))
        return msx_fail_errno(err, errno, "cannot write '%s'", a->path);
    if (fsync(a->fd) != 0)
        return msx_fail_errno(err, errno, "cannot sync '%s'", a->path);
    return MSX_OK;
}

void msx_appender_close(struct msx_appender *a)
{
    if (!a)
        return;
    (void)close(a->fd);
    msx_free(a->path);
    msx_free(a);
}
