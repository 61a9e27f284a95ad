/* Talking to a running sandbox: its state file and its control endpoint. */
#ifndef MSXOPS_SANDBOX_CTL_H
#define MSXOPS_SANDBOX_CTL_H

#include <fcntl.h>
#include <sys/types.h>

#include "cmd.h"

/* True when the sandbox of dir runs; info_out (may be NULL) gets its state file, new. err says why
 * not. */
bool sandbox_running(const char *dir, json_t **info_out, struct msx_error *err);
/* When the profile in use is that of a sandbox which does not run, let the hint say how to start
 * it. */
void sandbox_hint(struct app *app, struct msx_error *err);
/* Wait until the program pid, started for dir with its messages in log, says that it listens. */
enum msx_code sandbox_wait_ready(struct app *app, const char *dir, const char *log, pid_t pid,
                                 struct msx_error *err) MSX_MUST_CHECK;
/* Stop it and wait until it is gone. */
enum msx_code sandbox_stop(struct app *app, const char *dir, struct msx_error *err) MSX_MUST_CHECK;
/* POST body to a path of the control endpoint. answer_out: new. */
enum msx_code sandbox_control(struct app *app, const char *dir, const char *path, const char *body,
                              size_t len, json_t **answer_out,
                              struct msx_error *err) MSX_MUST_CHECK;

#endif
