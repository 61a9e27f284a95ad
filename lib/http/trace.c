/* The request log, secrets removed. One line a request at MSX_LOG_INFO; at MSX_LOG_TRACE, when the
 * context asks for it, also headers and bodies. */
#include <string.h>

#include "http/engine.h"
#include "msxops/text.h"

#define TRACE_BODY_MAX ((size_t)256 << 10)
#define LOG_URL_MAX    ((size_t)160) /* bytes of a URL in a log line */

static void say(const struct msx_http *h, enum msx_log_level level, const char *mark,
                const char *text, size_t len)
{
    MSX_AUTO(msx_buf_release) struct msx_buf line = MSX_BUF_INIT(4 * TRACE_BODY_MAX);

    msx_buf_adds(&line, mark);
    msx_redact(&line, text, len);
    if (!line.failed) /* not msx_log(): it cuts long lines */
        h->ctx->log(h->ctx->log_user, level, line.data);
}

static void say_body(const struct msx_http *h, const struct msx_http_future *f, const char *mark,
                     const char *body, size_t len)
{
    if (len == 0)
        return;
    if (f->kind == MSX_HTTP_AUTH || len > TRACE_BODY_MAX)
        msx_log(h->ctx, MSX_LOG_TRACE, "%s[%zu bytes, not shown]", mark, len);
    else
        say(h, MSX_LOG_TRACE, mark, body, len);
}

void msx_trace_request(const struct msx_http *h, const struct msx_http_future *f)
{
    if (!h->ctx->log || !h->ctx->trace)
        return;
    msx_log(h->ctx, MSX_LOG_TRACE, "> %s", f->method);
    say(h, MSX_LOG_TRACE, "> ", f->url, strlen(f->url));
    if (f->auth_line)
        msx_log(h->ctx, MSX_LOG_TRACE, "> Authorization: Bearer ***");
    for (const struct curl_slist *l = f->headers; l; l = l->next)
        say(h, MSX_LOG_TRACE, "> ", l->data, strlen(l->data));
    say_body(h, f, "> ", f->body, f->body_len);
}

void msx_trace_answer(const struct msx_http *h, const struct msx_http_future *f, CURLcode code)
{
    long long ms = (long long)(msx_http_now_ms() - f->begun_ms);
    MSX_AUTO(msx_buf_release) struct msx_buf line = MSX_BUF_INIT(4 * HTTP_MAX_URL_BYTES);
    size_t url;

    if (!h->ctx->log)
        return;
    msx_buf_addf(&line, "%s ", f->method);
    url = strlen(f->url);
    msx_redact(&line, f->url, url > LOG_URL_MAX ? LOG_URL_MAX : url);
    msx_buf_adds(&line, url > LOG_URL_MAX ? "..." : ""); /* the trace has all of it */
    if (code)
        msx_buf_addf(&line, " failed (%s)", f->errbuf[0] ? f->errbuf : curl_easy_strerror(code));
    else
        msx_buf_addf(&line, " %d, %zu bytes", f->status, f->answer.len);
    msx_buf_addf(&line, ", %lld ms, try %d", ms, f->attempts);
    if (*msx_http_request_id(f))
        msx_buf_addf(&line, ", request id %.80s", msx_http_request_id(f));
    if (!line.failed)
        msx_log(h->ctx, MSX_LOG_INFO, "%s", line.data);
    if (!h->ctx->trace)
        return;
    for (const char *p = f->head.data; p < f->head.data + f->head.len; p += strlen(p) + 1)
        if (strncmp(p, "Set-Cookie", 10) != 0 && strncmp(p, "set-cookie", 10) != 0 && *p)
            say(h, MSX_LOG_TRACE, "< ", p, strlen(p));
    say_body(h, f, "< ", f->answer.data, f->answer.len);
}
