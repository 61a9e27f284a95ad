/* Talking to a running sandbox: its state file and its control endpoint. */
#include "sandbox_ctl.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "msxops/file.h"
#include "msxops/http.h"
#include "msxops/json.h"
#include "msxops/mem.h"

#define STATE_MAX ((size_t)64 << 10)

static enum msx_code read_state(const char *dir, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *path = msx_path_join(dir, "sandbox.json");
    enum msx_code rc;

    if (!path)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_json_load(path, STATE_MAX, out, err);
    if (rc == MSX_E_NOTFOUND && err) {
        rc = msx_fail(err, MSX_E_NOTFOUND, "no sandbox is running in '%s'", dir);
        msx_hint(err, "msxops sandbox start");
    }
    return rc;
}

static bool alive(const json_t *info)
{
    json_int_t pid;

    return msx_json_int(info, "pid", &pid) && pid > 1 && pid < 0x7fffffff &&
           (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

bool sandbox_running(const char *dir, json_t **info_out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *info = NULL;

    if (read_state(dir, &info, err))
        return false;
    if (!alive(info)) {
        (void)msx_fail(err, MSX_E_NOTFOUND, "the sandbox of '%s' is not running", dir);
        msx_hint(err, "msxops sandbox start");
        return false;
    }
    if (info_out)
        *info_out = MSX_STEAL(info);
    return true;
}

/* What the program said when it could not start, without its own prefix. */
static enum msx_code start_failed(const char *log, enum msx_code rc, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(STATE_MAX);
    static const char prefix[] = "msxops-sandbox: error: ";
    const char *said;

    if (msx_file_read(log, &b, NULL) == MSX_OK && b.len) {
        b.data[strcspn(b.data, "\n")] = '\0';
        said = b.data;
        if (strncmp(said, prefix, sizeof prefix - 1) == 0)
            said += sizeof prefix - 1;
        return msx_fail(err, rc, "the sandbox did not start: %s", said);
    }
    return msx_fail(err, rc, "the sandbox did not start");
}

enum msx_code sandbox_wait_ready(struct app *app, const char *dir, const char *log, pid_t pid,
                                 struct msx_error *err)
{
    int status = 0;

    /* the program returns when its server listens; loading a large set of records takes a while */
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return msx_fail_errno(err, errno, "cannot wait for the sandbox");
        if (msx_cancelled(&app->ctx)) {
            (void)kill(pid, SIGTERM);
            return msx_fail(err, MSX_E_CANCELLED, "cancelled");
        }
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return start_failed(
            log, WIFEXITED(status) && WEXITSTATUS(status) == 2 ? MSX_E_INVALID : MSX_E_SERVER, err);
    return sandbox_running(dir, NULL, err) ? MSX_OK : MSX_E_SERVER;
}

enum msx_code sandbox_stop(struct app *app, const char *dir, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *info = NULL;
    pid_t pid;

    if (!sandbox_running(dir, &info, err)) {
        app_say(app, "not running");
        return MSX_OK;
    }
    pid = (pid_t)json_integer_value(json_object_get(info, "pid"));
    if (kill(pid, SIGTERM) < 0 && errno != ESRCH)
        return msx_fail_errno(err, errno, "cannot stop process %d", (int)pid);
    for (int i = 0; i < 2000; i++) {
        (void)waitpid(pid, NULL, WNOHANG);
        if (!alive(info))
            return MSX_OK;
        (void)poll(NULL, 0, 10);
    }
    return msx_fail(err, MSX_E_SERVER, "process %d does not end", (int)pid);
}

enum msx_code sandbox_control(struct app *app, const char *dir, const char *path, const char *body,
                              size_t len, json_t **answer_out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *info = NULL;
    MSX_AUTO(msx_free_p) char *url = NULL;
    MSX_AUTO(msx_free_p) char *key = NULL;
    struct msx_http *http = NULL;
    struct msx_http_future *f = NULL;
    struct msx_http_response r;
    struct msx_ctx ctx = app->ctx;
    enum msx_code rc;

    if (!sandbox_running(dir, &info, err))
        return MSX_E_NOTFOUND;
    url = msx_asprintf("%s%s", msx_json_str_or(info, "url", ""), path);
    key = msx_asprintf("X-Sandbox-Key: %s", msx_json_str_or(info, "controlKey", ""));
    if (!url || !key)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    ctx.retries = 0;
    rc = msx_http_new(&ctx, NULL, NULL, &http, err);
    if (rc)
        return rc;
    rc = msx_http_start(
        http,
        &(struct msx_http_request){
            .kind = MSX_HTTP_AUTH,
            .method = "POST",
            .url = url,
            .headers = (const char *const[]){ key, "Content-Type: application/json", NULL },
            .body = body,
            .body_len = len,
            .timeout_ms = 600000 },
        &f, err);
    if (!rc)
        rc = msx_http_wait(f, &r, err);
    if (!rc && r.status / 100 != 2) {
        json_t *answer = NULL;
        const char *said = NULL;

        if (msx_json_parse(r.body, r.body_len, "answer", &answer, NULL) == MSX_OK)
            said = msx_json_str(answer, "error");
        rc = msx_fail(err, r.status == 400 ? MSX_E_INVALID : MSX_E_REJECTED,
                      "the sandbox refused: %s", said ? said : "no reason given");
        json_decref(answer);
    }
    if (!rc && r.body_len)
        rc = msx_json_parse(r.body, r.body_len, "the sandbox's answer", answer_out, err);
    else if (!rc)
        *answer_out = json_object();
    msx_http_future_free(f);
    msx_http_free(http);
    return rc;
}
