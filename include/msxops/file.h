/* Files: whole reads with a ceiling, durable atomic replacement, locks. Always O_CLOEXEC. */
#ifndef MSXOPS_FILE_H
#define MSXOPS_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "msxops/buf.h"
#include "msxops/error.h"

/* Append the file to b. path "-" is not special. MSX_E_NOTFOUND, MSX_E_IO, MSX_E_LIMIT, NOMEM. */
enum msx_code msx_file_read(const char *path, struct msx_buf *b,
                            struct msx_error *err) MSX_MUST_CHECK;
/* Replace path durably: temporary file in the same folder, write, fsync, rename, fsync folder. On
 * any failure the old file is untouched and the temporary removed. MSX_E_IO, MSX_E_NOMEM. */
enum msx_code msx_file_replace(const char *path, const void *data, size_t len, mode_t mode,
                               struct msx_error *err) MSX_MUST_CHECK;
/* mkdir -p; folders that exist are left as they are. */
enum msx_code msx_mkdirs(const char *path, mode_t mode, struct msx_error *err) MSX_MUST_CHECK;
/* New "dir/name" joined with one slash; NULL when out of memory. */
char *msx_path_join(const char *dir, const char *name);

/* Exclusive advisory lock on path (created 0600), released on close or death. wait_ms 0 = try once.
 * MSX_E_CONFLICT when somebody else holds it (message says so), MSX_E_IO. */
enum msx_code msx_lock_acquire(const char *path, long wait_ms, int *fd_out,
                               struct msx_error *err) MSX_MUST_CHECK;
void msx_lock_release(int fd);                 /* -1 is fine */
static inline void msx_lock_release_p(int *fd) /* for MSX_AUTO */
{
    msx_lock_release(*fd);
}

/* Append-only file of JSON lines: journal, audit log. */
struct msx_appender;
enum msx_code msx_appender_open(const char *path, struct msx_appender **out,
                                struct msx_error *err) MSX_MUST_CHECK;
/* Write one line and make it durable (fsync) before returning. A torn earlier line is completed
 * with a newline first, so that it never swallows the next one. */
enum msx_code msx_appender_line(struct msx_appender *a, const char *line, size_t len,
                                struct msx_error *err) MSX_MUST_CHECK;
void msx_appender_close(struct msx_appender *a); /* every line is durable already */

#endif
