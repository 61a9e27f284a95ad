/* The identity provider's door: making it, which path goes where, metadata, checking tokens, and
 * the control actions. */
#include "identity_priv.h"

#include "msxops/b64.h"
#include "msxops/date.h"
#include "msxops/file.h"
#include "msxops/mem.h"
#include "msxops/text.h"

#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#define TOKEN_TTL_S       3600
#define DEVICE_TTL_S      900
#define DEVICE_INTERVAL_S 5
#define MAX_SECONDS       (3660LL * 86400)

static int64_t wall_clock(void *user)
{
    (void)user;
    return sb_now_ms() / 1000;
}

/* "http://localhost:PORT" for "http://127.0.0.1:PORT": a resource by either name is this server. */
static char *loopback_alias(const char *base)
{
    static const char number[] = "http://127.0.0.1";
    size_t n = sizeof number - 1;
    char *alias;

    if (strncmp(base, number, n))
        return sb_dup(base);
    alias = msx_asprintf("http://localhost%s", base + n);
    if (!alias)
        sb_die("out of memory");
    return alias;
}

enum msx_code sb_identity_new(const struct sb_identity_config *config, struct sb_identity **out,
                              struct msx_error *err)
{
    struct sb_identity *id = sb_alloc(sizeof *id);
    char *path = msx_path_join(config->state_dir, "identity-key.pem");
    enum msx_code rc;

    if (!path || pthread_mutex_init(&id->lock, NULL))
        sb_die("out of memory");
    id->state_dir = sb_dup(config->state_dir);
    id->base = sb_dup(config->base);
    id->alias = loopback_alias(config->base);
    id->control_key = config->control_key ? sb_dup(config->control_key) : NULL;
    id->users = config->users;
    id->now_s = config->now_s ? config->now_s : wall_clock;
    id->now_user = config->now_user;
    id->token_ttl_s = config->token_ttl_s > 0 ? config->token_ttl_s : TOKEN_TTL_S;
    id->device_ttl_s = DEVICE_TTL_S;
    id->device_interval_s = DEVICE_INTERVAL_S;
    rc = sb_key_open(path, &id->key, err);
    msx_free(path);
    if (!rc)
        rc = sb_state_load(id, err);
    if (!rc)
        rc = sb_clients_load(id, err);
    if (rc) {
        sb_identity_free(id);
        return rc;
    }
    *out = id;
    return MSX_OK;
}

void sb_identity_free(struct sb_identity *id)
{
    if (!id)
        return;
    for (size_t i = 0; i < id->n_devices; i++)
        sb_device_free(id->devices[i]);
    msx_free(id->state_dir);
    msx_free(id->base);
    msx_free(id->alias);
    msx_free_secret(id->control_key);
    sb_key_free(id->key);
    msx_free(id->tenant);
    msx_wipe(id->secret, sizeof id->secret);
    json_decref(id->revoked);
    json_decref(id->clients);
    pthread_mutex_destroy(&id->lock);
    msx_free(id);
}

const char *sb_identity_tenant(const struct sb_identity *id)
{
    return id->tenant;
}

int64_t sb_identity_now(const struct sb_identity *id)
{
    return id->now_s(id->now_user);
}

static void b64_32(const unsigned char bytes[32], char out[44])
{
    struct msx_buf b = MSX_BUF_INIT(64);

    msx_b64url_add(&b, bytes, 32);
    if (b.len != 43)
        sb_die("out of memory");
    memcpy(out, b.data, 44);
    msx_buf_release(&b);
}

void sb_hmac_b64(const struct sb_identity *id, const char *purpose, const char *text, char out[44])
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(SB_JWT_MAX);
    unsigned char mac[32];
    unsigned len = sizeof mac;

    msx_buf_adds(&b, purpose);
    msx_buf_addc(&b, '\n');
    msx_buf_adds(&b, text);
    if (msx_buf_finish(&b, "text", NULL) || !HMAC(EVP_sha256(), id->secret, sizeof id->secret,
                                                  (const unsigned char *)b.data, b.len, mac, &len))
        sb_die("cannot compute a digest");
    b64_32(mac, out);
}

void sb_random_b64(char out[44])
{
    unsigned char bytes[32];

    if (RAND_bytes(bytes, sizeof bytes) != 1)
        sb_die("the system gives no random numbers");
    b64_32(bytes, out);
}

void sb_refuse(struct sb_identity *id, struct sb_response *r, struct sb_refusal why,
               const char *fmt, ...)
{
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(4096);
    MSX_AUTO(msx_json_free_p) json_t *body = json_object();
    json_t *codes = json_array();
    char trace[37], correlation[37], when[21], detail[1024];
    va_list ap;

    va_start(ap, fmt);
    if (vsnprintf(detail, sizeof detail, fmt, ap) < 0)
        detail[0] = '\0';
    va_end(ap);
    sb_guid(trace);
    sb_guid(correlation);
    msx_time_format(sb_identity_now(id), when);
    when[10] = ' '; /* "2026-03-01 23:30:00Z" */
    msx_buf_addf(&text, "AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", why.code,
                 detail, trace, correlation, when);
    sb_set_str(body, "error", why.error);
    sb_set_str(body, "error_description", text.data);
    sb_append(codes, json_integer(why.code));
    sb_set(body, "error_codes", codes);
    sb_set_str(body, "timestamp", when);
    sb_set_str(body, "trace_id", trace);
    sb_set_str(body, "correlation_id", correlation);
    sb_response_json(r, why.status, body);
}

/* ---- which path goes where ---- */

static bool tenant_known(const struct sb_identity *id, const char *tenant)
{
    return msx_ieq(tenant, id->tenant) || msx_ieq(tenant, "organizations") ||
           msx_ieq(tenant, "common") || msx_ieq(tenant, "sandbox.onmicrosoft.com");
}

static void add_link(json_t *doc, const char *name, const char *base, const char *tenant,
                     const char *tail)
{
    char *url = msx_asprintf("%s/%s%s", base, tenant, tail);

    if (!url)
        sb_die("out of memory");
    sb_set_str(doc, name, url);
    msx_free(url);
}

static json_t *strings(const char *const *items)
{
    json_t *arr = json_array();

    for (; *items; items++)
        sb_append(arr, json_string(*items));
    return arr;
}

#define LIST(...) strings((const char *const[]){ __VA_ARGS__, NULL })

static void openid_configuration(struct sb_identity *id, const char *tenant, struct sb_response *r)
{
    MSX_AUTO(msx_json_free_p) json_t *doc = json_object();

    add_link(doc, "issuer", id->base, id->tenant, "/v2.0");
    add_link(doc, "authorization_endpoint", id->base, tenant, "/oauth2/v2.0/authorize");
    add_link(doc, "device_authorization_endpoint", id->base, tenant, "/oauth2/v2.0/devicecode");
    add_link(doc, "token_endpoint", id->base, tenant, "/oauth2/v2.0/token");
    add_link(doc, "jwks_uri", id->base, tenant, "/discovery/v2.0/keys");
    sb_set(doc, "token_endpoint_auth_methods_supported",
           LIST("client_secret_post", "private_key_jwt"));
    sb_set(doc, "token_endpoint_auth_signing_alg_values_supported", LIST("PS256", "RS256"));
    sb_set(doc, "grant_types_supported",
           LIST("urn:ietf:params:oauth:grant-type:device_code", "refresh_token",
                "client_credentials"));
    sb_set(doc, "response_types_supported", LIST("token"));
    sb_set(doc, "subject_types_supported", LIST("pairwise"));
    sb_set(doc, "id_token_signing_alg_values_supported", LIST("RS256"));
    sb_set(doc, "scopes_supported", LIST("openid", "profile", "email", "offline_access"));
    sb_response_json(r, 200, doc);
}

static void keys(struct sb_identity *id, const char *tenant, struct sb_response *r)
{
    MSX_AUTO(msx_json_free_p) json_t *doc = json_object();
    json_t *arr = json_array();

    (void)tenant;
    sb_append(arr, sb_key_jwk(id->key));
    sb_set(doc, "keys", arr);
    sb_response_json(r, 200, doc);
}

static void authorize(struct sb_identity *id, const char *tenant, struct sb_response *r)
{
    (void)id;
    (void)tenant;
    sb_response_text(r, 400, "text/plain; charset=utf-8",
                     "This identity provider signs people in with device codes only: ask "
                     "/oauth2/v2.0/devicecode for one and decide at /devicelogin.\n");
}

static const struct page {
    const char *tail; /* what follows /{tenant} */
    void (*get)(struct sb_identity *id, const char *tenant, struct sb_response *r);
} pages[] = {
    { "/v2.0/.well-known/openid-configuration", openid_configuration },
    { "/discovery/v2.0/keys", keys },
    { "/oauth2/authorize", authorize },
    { "/oauth2/v2.0/authorize", authorize },
};

static void post_only(struct sb_identity *id, const char *tenant, bool device,
                      const struct sb_request *q, struct sb_response *r)
{
    if (strcmp(q->method, "POST")) {
        sb_refuse(id, r, (struct sb_refusal){ 405, "invalid_request", 900561 },
                  "The endpoint only accepts POST requests. Received a %s request.", q->method);
        sb_response_header(r, "Allow", "POST");
    } else if (!tenant_known(id, tenant)) {
        sb_refuse(id, r, (struct sb_refusal){ 400, "invalid_request", 90002 },
                  "Tenant '%s' not found.", tenant);
    } else if (device) {
        sb_grant_device(id, q, r);
    } else {
        sb_grant_token(id, tenant, q, r);
    }
}

static bool route(struct sb_identity *id, const struct sb_request *q, struct sb_response *r)
{
    const char *tail;
    char *tenant;
    bool mine = true, device;

    if (!strcmp(q->path, "/devicelogin")) {
        sb_device_page(id, q, r);
        return true;
    }
    tail = q->path[0] == '/' ? strchr(q->path + 1, '/') : NULL;
    if (!tail)
        return false;
    tenant = sb_percent_decode(q->path + 1, (size_t)(tail - q->path - 1), false);
    if (!tenant)
        return false;
    device = !strcmp(tail, "/oauth2/v2.0/devicecode");
    if (device || !strcmp(tail, "/oauth2/v2.0/token")) {
        post_only(id, tenant, device, q, r);
    } else {
        const struct page *p = pages, *end = pages + sizeof pages / sizeof *pages;

        while (p < end && strcmp(tail, p->tail))
            p++;
        mine = p < end;
        if (mine && !tenant_known(id, tenant))
            sb_refuse(id, r, (struct sb_refusal){ 400, "invalid_tenant", 90002 },
                      "Tenant '%s' not found.", tenant);
        else if (mine)
            p->get(id, tenant, r);
    }
    msx_free(tenant);
    return mine;
}

bool sb_identity_handle(struct sb_identity *id, const struct sb_request *q, struct sb_response *r)
{
    bool mine;

    pthread_mutex_lock(&id->lock);
    mine = route(id, q, r);
    pthread_mutex_unlock(&id->lock);
    if (mine) {
        sb_response_header(r, "Cache-Control", "no-store");
        sb_response_header(r, "Pragma", "no-cache");
    }
    return mine;
}

/* ---- checking tokens ---- */

/* The audience must be this server; a trailing slash is fine. */
static bool audience_fits(const struct sb_identity *id, const char *aud)
{
    size_t n = strlen(id->base);

    return aud && !strncmp(aud, id->base, n) && (!aud[n] || !strcmp(aud + n, "/"));
}

static enum sb_auth check_claims(struct sb_identity *id, const json_t *claims, json_int_t epoch,
                                 char user_id_out[37])
{
    const char *who = msx_json_str(claims, "xms_systemuserid");
    int64_t now = sb_identity_now(id);
    json_int_t exp = 0, nbf = 0, issued_in = 0;
    json_t *user;

    if (!audience_fits(id, msx_json_str(claims, "aud")) || !msx_json_int(claims, "exp", &exp) ||
        !msx_json_int(claims, "nbf", &nbf) || !msx_json_int(claims, "xms_epoch", &issued_in))
        return SB_AUTH_BAD;
    if (now >= exp || issued_in != epoch)
        return SB_AUTH_EXPIRED;
    if (now + 300 < nbf) /* clocks of one machine differ only when somebody sets them */
        return SB_AUTH_BAD;
    user = who ? id->users.find(id->users.ctx, who) : NULL;
    who = msx_json_str(user, "systemuserid");
    if (!who || !msx_guid_parse(who, user_id_out)) {
        json_decref(user);
        return SB_AUTH_STRANGER;
    }
    json_decref(user);
    return SB_AUTH_OK;
}

enum sb_auth sb_identity_check(struct sb_identity *id, const char *authorization,
                               char user_id_out[37])
{
    MSX_AUTO(sb_jwt_release) struct sb_jwt t = SB_JWT_INIT;
    json_int_t epoch;

    if (!authorization || strlen(authorization) < 8)
        return SB_AUTH_MISSING;
    for (int i = 0; i < 7; i++) {
        if ((authorization[i] | 0x20) != ("bearer "[i] | 0x20))
            return SB_AUTH_MISSING;
    }
    if (sb_jwt_parse(authorization + 7, &t, NULL) || !sb_jwt_by_key(&t, id->key))
        return SB_AUTH_BAD;
    pthread_mutex_lock(&id->lock);
    epoch = id->epoch;
    pthread_mutex_unlock(&id->lock);
    return check_claims(id, t.claims, epoch, user_id_out);
}

void sb_identity_expire_all(struct sb_identity *id)
{
    pthread_mutex_lock(&id->lock);
    id->epoch++;
    /* should the disk refuse, the running server is right all the same */
    (void)!sb_state_save(id, NULL);
    pthread_mutex_unlock(&id->lock);
}

/* ---- control ---- */

static json_t *message(const char *text)
{
    json_t *j = json_object();

    sb_set_str(j, "message", text);
    return j;
}

static int control_revoke(struct sb_identity *id, const json_t *body, json_t **answer)
{
    const char *token = msx_json_str(body, "refresh_token");
    struct sb_refresh t;

    if (!token) {
        id->refresh_epoch++;
    } else if (sb_refresh_parse(id, token, &t)) {
        sb_refresh_revoke(id, t.family);
        sb_refresh_release(&t);
    } else {
        *answer = message("not a refresh token of this sandbox");
        return 400;
    }
    (void)!sb_state_save(id, NULL);
    return 200;
}

static bool set_seconds(const json_t *body, const char *name, int64_t *to)
{
    json_int_t n;

    if (!json_object_get(body, name))
        return true;
    if (!msx_json_int(body, name, &n) || n < 0 || n > MAX_SECONDS)
        return false;
    *to = n;
    return true;
}

static int control(struct sb_identity *id, const char *action, const json_t *body, json_t **answer)
{
    struct msx_error err = MSX_ERROR_INIT;

    if (!strcmp(action, "revoke"))
        return control_revoke(id, body, answer);
    if (!strcmp(action, "token-ttl") || !strcmp(action, "device")) {
        if (set_seconds(body, "seconds", &id->token_ttl_s) &&
            set_seconds(body, "expires_in", &id->device_ttl_s) &&
            set_seconds(body, "interval", &id->device_interval_s))
            return 200;
        *answer = message("wants whole numbers of seconds");
        return 400;
    }
    if (!strcmp(action, "register-client")) {
        if (!sb_clients_add(id, body, &err))
            return 200;
        *answer = message(err.msg);
        return err.code == MSX_E_IO ? 500 : 400;
    }
    if (!strcmp(action, "approve") || !strcmp(action, "decline")) {
        const char *text = NULL;
        int status = sb_device_decide(id, msx_json_str_or(body, "user_code", ""),
                                      msx_json_str(body, "user"), action[0] == 'a', &text);

        *answer = message(text);
        return status;
    }
    *answer = message("no such identity action");
    return 404;
}

int sb_identity_control(struct sb_identity *id, const char *action, const json_t *body,
                        json_t **answer)
{
    int status;

    *answer = NULL;
    if (!strcmp(action, "expire-all")) {
        sb_identity_expire_all(id);
        return 200;
    }
    pthread_mutex_lock(&id->lock);
    status = control(id, action, body, answer);
    pthread_mutex_unlock(&id->lock);
    return status;
}
