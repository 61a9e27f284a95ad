/* The OAuth 2.0 side that every identity provider of the Microsoft kind shares: posting a form,
 * reading tokens, naming refusals. */
#include <stdlib.h>
#include <string.h>

#include "auth_priv.h"
#include "msxops/json.h"
#include "msxops/mem.h"
#include "msxops/text.h"

#define ANSWER_MAX_BYTES ((size_t)1 << 20)
#define LONGEST_LIFE_S   (30LL * 86400)
#define SHORTEST_LIFE_S  300 /* assumed when nothing says how long a token lives */

MSX_DEFINE_AUTO(struct msx_http_future, msx_http_future_free)

void msx_form_add(struct msx_buf *form, const char *name, const char *value)
{
    if (form->len)
        msx_buf_addc(form, '&');
    msx_buf_adds(form, name);
    msx_buf_addc(form, '=');
    msx_url_encode(form, value, strlen(value));
}

enum msx_code msx_oauth_post(struct msx_auth *a, const char *url, struct msx_buf *form,
                             const char *extra, int *status, json_t **answer, struct msx_error *err)
{
    MSX_AUTO(msx_http_future_free_p) struct msx_http_future *f = NULL;
    const char *const headers[] = { "Content-Type: application/x-www-form-urlencoded",
                                    "Accept: application/json", extra, NULL };
    struct msx_http_request req = { .kind = MSX_HTTP_AUTH,
                                    .method = "POST",
                                    .url = url,
                                    .headers = headers,
                                    .max_bytes = ANSWER_MAX_BYTES };
    struct msx_http_response resp;
    enum msx_code rc = msx_buf_finish(form, "sign-in request", err);

    if (!rc && !a->http)
        rc = msx_http_new(a->ctx, NULL, NULL, &a->http, err);
    if (rc)
        return rc;
    req.body = form->data;
    req.body_len = form->len;
    rc = msx_http_start(a->http, &req, &f, err);
    msx_wipe(form->data, form->len);
    if (!rc)
        rc = msx_http_wait(f, &resp, err);
    if (rc)
        return msx_wrap(err, rc, "cannot sign in");
    *status = resp.status;
    rc = msx_json_parse(resp.body, resp.body_len, "answer", answer, NULL);
    if (rc == MSX_E_NOMEM)
        return msx_fail(err, rc, "out of memory");
    if (!rc && json_is_object(*answer))
        return MSX_OK;
    if (!rc) {
        json_decref(*answer);
        *answer = NULL;
    }
    rc = msx_fail(err, MSX_E_SERVER,
                  "cannot sign in: the identity provider answered %d with something that is not a "
                  "JSON object",
                  resp.status);
    if (err)
        err->http_status = resp.status;
    return rc;
}

/* The first sentence or so of a description: no trace ids, which change from call to call. */
static size_t first_part(const char *text)
{
    const char *stop = strstr(text, " Trace ID:");
    size_t n = strcspn(text, "\r\n");

    if (stop && (size_t)(stop - text) < n)
        n = (size_t)(stop - text);
    while (n && (text[n - 1] == ' ' || text[n - 1] == '.'))
        n--;
    return n > 300 ? 300 : n;
}

enum msx_code msx_oauth_refusal(const json_t *answer, int status, struct msx_error *err)
{
    const char *error = msx_json_str_or(answer, "error", "");
    const char *text = msx_json_str_or(answer, "error_description", error);
    bool later = status >= 500 || !strcmp(error, "temporarily_unavailable");
    enum msx_code rc;

    rc = msx_fail(err, later ? MSX_E_SERVER : MSX_E_AUTH,
                  "the identity provider refused (%d): %.*s", status, (int)first_part(text), text);
    if (err)
        err->http_status = status;
    if (strstr(text, "AADSTS53003") || strstr(text, "AADSTS53000"))
        msx_hint(err, "your organisation blocks this way to sign in: use the Azure CLI (`az "
                      "login`) on a managed device");
    return rc;
}

/* Seconds in a number or in a text of digits, as some providers send. -1: neither. */
static int64_t seconds(const json_t *answer, const char *name)
{
    const json_t *v = json_object_get(answer, name);
    const char *s = json_string_value(v);
    char *end;
    long long n;

    if (json_is_integer(v))
        return json_integer_value(v);
    if (!s || !*s)
        return -1;
    n = strtoll(s, &end, 10);
    return *end ? -1 : n;
}

static enum msx_code take_tokens(const struct msx_auth *a, const json_t *answer,
                                 struct msx_cred *out, struct msx_error *err)
{
    const char *access = msx_json_str(answer, "access_token");
    const char *refresh = msx_json_str(answer, "refresh_token");
    const char *type = msx_json_str_or(answer, "token_type", "Bearer");
    int64_t life = seconds(answer, "expires_in");
    int64_t now = a->ctx->now_s(a->ctx->now_user);

    if (!access || !msx_token_ok(access) || !msx_ieq(type, "Bearer"))
        return msx_fail(err, MSX_E_SERVER,
                        "the identity provider answered without a usable access token");
    if (json_object_get(answer, "expires_in") && (life <= 0 || life > LONGEST_LIFE_S))
        return msx_fail(err, MSX_E_SERVER,
                        "the identity provider answered with a life of %lld seconds",
                        (long long)life);
    out->access_token = msx_strdup(access);
    out->refresh_token = refresh && *refresh ? msx_strdup(refresh) : NULL;
    if (!out->access_token || (refresh && *refresh && !out->refresh_token)) {
        msx_cred_release(out);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    out->expires_s = life > 0 ? now + life : msx_jwt_expiry(access);
    if (!out->expires_s)
        out->expires_s = now + SHORTEST_LIFE_S;
    return MSX_OK;
}

static void wipe_answer(json_t **answer)
{
    static const char *const secret[] = { "access_token", "refresh_token", "id_token" };

    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++) {
        json_t *s = json_object_get(*answer, secret[i]);

        if (json_is_string(s))
            msx_wipe((char *)(uintptr_t)json_string_value(s), json_string_length(s));
    }
    json_decref(*answer);
}

enum msx_code msx_oauth_token(struct msx_auth *a, const char *authority, const char *tenant,
                              struct msx_buf *form, struct msx_cred *out, char error[40],
                              struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *url = msx_asprintf("%s/%s/oauth2/v2.0/token", authority, tenant);
    MSX_AUTO(wipe_answer) json_t *answer = NULL;
    int status = 0;
    enum msx_code rc;

    if (error)
        error[0] = '\0';
    if (!url)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_oauth_post(a, url, form, NULL, &status, &answer, err);
    if (rc)
        return rc;
    if (status == 200)
        return take_tokens(a, answer, out, err);
    if (error)
        (void)snprintf(error, 40, "%s", msx_json_str_or(answer, "error", ""));
    return msx_oauth_refusal(answer, status, err);
}

enum msx_code msx_oauth_refresh(struct msx_auth *a, const struct msx_cred *was,
                                struct msx_cred *out, bool *revoked, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf form = MSX_BUF_INIT((size_t)4 * MSX_TOKEN_MAX_BYTES);
    MSX_AUTO(msx_free_p)
    char *scope = msx_asprintf("%s/user_impersonation offline_access", was->url);
    char error[40];
    enum msx_code rc;

    if (!scope)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    msx_form_add(&form, "grant_type", "refresh_token");
    msx_form_add(&form, "client_id", was->client_id);
    msx_form_add(&form, "refresh_token", was->refresh_token);
    msx_form_add(&form, "scope", scope);
    rc = msx_oauth_token(a, was->authority, was->tenant ? was->tenant : "organizations", &form, out,
                         error, err);
    *revoked = rc == MSX_E_AUTH &&
               (!strcmp(error, "invalid_grant") || !strcmp(error, "interaction_required"));
    return rc;
}
