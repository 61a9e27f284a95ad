/* Life of the application: from environment and global options to an open session. For main.c. */
#ifndef MSXOPS_APP_H
#define MSXOPS_APP_H

#include "cmd.h"

#ifndef MSXOPS_LIBEXECDIR
#define MSXOPS_LIBEXECDIR "/usr/local/libexec/msxops"
#endif
#ifndef MSXOPS_DATADIR
#define MSXOPS_DATADIR "/usr/local/share/msxops"
#endif

/* Places, date, zone, limits, terminal: all that commands may ask of the environment. */
enum msx_code app_prepare(struct app *app, struct msx_error *err) MSX_MUST_CHECK;
void app_close(struct app *app);

#endif
