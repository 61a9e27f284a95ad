/* Log lines through the context's callback. */
#include <stdarg.h>
#include <stdio.h>

#include "msxops/buf.h"
#include "msxops/ctx.h"
#include "msxops/mem.h"

void msx_log(const struct msx_ctx *ctx, enum msx_log_level level, const char *fmt, ...)
{
    char line[2000];
    va_list ap;
    int n;

    if (!ctx || !ctx->log)
        return;
    va_start(ap, fmt);
    n = vsnprintf(line, sizeof line, fmt,
                  ap); /* a longer line is cut; nothing depends on its tail */
    va_end(ap);
    if (n >= 0)
        ctx->log(ctx->log_user, level, line);
}
