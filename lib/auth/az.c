/* Azure CLI as a source of tokens: it signs in, keeps and renews; we ask it for one. */
#include <stdlib.h>
#include <string.h>

#include "auth_priv.h"
#include "msxops/date.h"
#include "msxops/json.h"
#include "msxops/mem.h"
#include "msxops/text.h"

#define AZ_TIMEOUT_MS   60000
#define AZ_OUT_BYTES    ((size_t)256 << 10)
#define AZ_ERR_BYTES    ((size_t)256 << 10)
#define SHORTEST_LIFE_S 300 /* az hands out nothing that lives shorter */

/* "2026-03-02 10:15:00.000000", local time without a zone. 0: not that. Where the clock went back,
 * the earlier of the two readings, so that no token counts as alive that may be dead. */
static int64_t local_time(const struct msx_tz *tz, const char *text)
{
    char stamp[21];
    int64_t naive, a, b;

    if (strlen(text) < 19 || text[10] != ' ')
        return 0;
    memcpy(stamp, text, 19);
    stamp[10] = 'T';
    stamp[19] = 'Z';
    stamp[20] = '\0';
    if (!msx_time_parse(stamp, &naive))
        return 0;
    a = naive - msx_tz_offset_s(tz, naive - 86400);
    b = naive - msx_tz_offset_s(tz, naive + 86400);
    if (a == b)
        return a;
    /* a change of the clock is near: keep the readings that the zone agrees with */
    if (a + msx_tz_offset_s(tz, a) != naive)
        return b;
    if (b + msx_tz_offset_s(tz, b) != naive)
        return a;
    return a < b ? a : b;
}

static int64_t expiry(const struct msx_ctx *ctx, const json_t *j, const char *token)
{
    const json_t *on = json_object_get(j, "expires_on");
    const char *local = msx_json_str(j, "expiresOn");
    const char *digits = json_string_value(on);
    int64_t when = 0;

    if (json_is_integer(on))
        when = json_integer_value(on);
    else if (digits && *digits && strspn(digits, "0123456789") == strlen(digits))
        when = strtoll(digits, NULL, 10);
    if (when <= 0 && local)
        when = local_time(ctx->tz, local);
    if (when <= 0)
        when = msx_jwt_expiry(token);
    return when > 0 ? when : ctx->now_s(ctx->now_user) + SHORTEST_LIFE_S;
}

static void wipe_answer(json_t **j)
{
    json_t *s = json_object_get(*j, "accessToken");

    if (json_is_string(s))
        msx_wipe((char *)(uintptr_t)json_string_value(s), json_string_length(s));
    json_decref(*j);
}

enum msx_code msx_az_parse(const struct msx_ctx *ctx, const char *text, size_t len,
                           struct msx_cred *out, struct msx_error *err)
{
    MSX_AUTO(wipe_answer) json_t *j = NULL;
    const char *token, *tenant, *type;
    enum msx_code rc = msx_json_parse(text, len, "az", &j, NULL);

    if (rc == MSX_E_NOMEM)
        return msx_fail(err, rc, "out of memory");
    token = msx_json_str(j, "accessToken");
    type = msx_json_str_or(j, "tokenType", "Bearer");
    if (rc || !token || !msx_token_ok(token) || !msx_ieq(type, "Bearer")) {
        rc = msx_fail(err, MSX_E_SERVER, "the Azure CLI answered without a usable access token");
        msx_hint(err, "look at the output of `az account get-access-token --resource URL -o json`");
        return rc;
    }
    tenant = msx_json_str(j, "tenant");
    out->access_token = msx_strdup(token);
    out->tenant = msx_strdup(tenant);
    out->expires_s = expiry(ctx, j, token);
    if (!out->access_token || (tenant && !out->tenant)) {
        msx_cred_release(out);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    return MSX_OK;
}

/* What az said in one line: the one that names an error, without its "ERROR: ". */
static void reason(const struct msx_buf *errs, char out[256])
{
    MSX_AUTO(msx_buf_release) struct msx_buf shown = MSX_BUF_INIT((size_t)4 * AZ_ERR_BYTES);
    const char *p = strstr(errs->data, "ERROR: ");

    p = p ? p + 7 : errs->data + strspn(errs->data, "\r\n ");
    msx_redact(&shown, p, strcspn(p, "\r\n"));
    (void)snprintf(out, 256, "%s", shown.data);
}

static enum msx_code az_failed(const struct msx_auth *a, const struct msx_child *child,
                               struct msx_error *err)
{
    const char *tenant = a->profile->tenant;
    char why[256];
    enum msx_code rc;

    reason(&child->err, why);
    if (*why)
        rc = msx_fail(err, MSX_E_AUTH, "the Azure CLI gave no token (status %d): %s",
                      child->exit_status, why);
    else
        rc = msx_fail(err, MSX_E_AUTH, "the Azure CLI gave no token (status %d)",
                      child->exit_status);
    msx_hint(err, "run `az login%s%s`", tenant ? " --tenant " : "", tenant ? tenant : "");
    return rc;
}

static void child_release(struct msx_child *c)
{
    msx_wipe(c->out.data, c->out.len);
    msx_buf_release(&c->out);
    msx_buf_release(&c->err);
}

enum msx_code msx_auth_az(struct msx_auth *a, const struct msx_cred *was, struct msx_cred *out,
                          struct msx_error *err)
{
    MSX_AUTO(child_release)
    struct msx_child child = { 0, MSX_BUF_INIT(AZ_OUT_BYTES), MSX_BUF_INIT(AZ_ERR_BYTES) };
    const char *argv[] = {
        a->az, "account", "get-access-token", "--resource", a->profile->url, "-o", "json", NULL,
        NULL,  NULL
    };
    enum msx_code rc;

    (void)was;
    if (a->profile->tenant) {
        argv[7] = "--tenant";
        argv[8] = a->profile->tenant;
    }
    rc = msx_child_run(a->ctx, argv, a->az_env, AZ_TIMEOUT_MS, &child, err);
    if (rc == MSX_E_NOTFOUND) {
        rc = msx_fail(err, MSX_E_AUTH,
                      "not signed in to '%.200s', and there is no Azure CLI ('%s') to ask",
                      a->profile->url, a->az);
        msx_hint(err, "install the Azure CLI and run `az login`, or put an access token into "
                      "MSXOPS_TOKEN");
        return rc;
    }
    if (rc)
        return rc;
    if (child.exit_status != 0)
        return az_failed(a, &child, err);
    return msx_az_parse(a->ctx, child.out.data, child.out.len, out, err);
}
