/* Device codes, and the page where a person (or the program that holds the control key) decides
 * about one. */
#include "identity_priv.h"

#include "msxops/mem.h"
#include "msxops/text.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#define USER_CODE_LEN 9

void sb_device_free(struct sb_device *d)
{
    if (!d)
        return;
    msx_free(d->device_code);
    msx_free(d->user_code);
    msx_free(d->client_id);
    sb_scope_release(&d->scope);
    json_decref(d->user);
    msx_free(d);
}

/* Nine characters that cannot be taken for one another: 32 of them, so every byte is fair. */
static char *make_user_code(void)
{
    static const char set[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    unsigned char bytes[USER_CODE_LEN];
    char code[USER_CODE_LEN + 1];

    if (RAND_bytes(bytes, sizeof bytes) != 1)
        sb_die("the system gives no random numbers");
    for (size_t i = 0; i < USER_CODE_LEN; i++)
        code[i] = set[bytes[i] & 31];
    code[USER_CODE_LEN] = '\0';
    return sb_dup(code);
}

struct sb_device *sb_device_new(struct sb_identity *id)
{
    struct sb_device *d = sb_alloc(sizeof *d);
    char code[44];

    sb_random_b64(code);
    d->device_code = sb_dup(code);
    d->user_code = make_user_code();
    d->expires_s = sb_identity_now(id) + id->device_ttl_s;
    d->interval_s = id->device_interval_s;
    if (id->n_devices == SB_DEVICE_MAX) {
        sb_device_free(id->devices[0]);
        id->n_devices--;
        for (size_t i = 0; i < id->n_devices; i++)
            id->devices[i] = id->devices[i + 1];
    }
    id->devices[id->n_devices++] = d;
    return d;
}

struct sb_device *sb_device_by_code(struct sb_identity *id, const char *device_code)
{
    for (size_t i = 0; i < id->n_devices; i++) {
        if (!strcmp(id->devices[i]->device_code, device_code))
            return id->devices[i];
    }
    return NULL;
}

static struct sb_device *by_user_code(struct sb_identity *id, const char *user_code)
{
    for (size_t i = 0; i < id->n_devices; i++) {
        if (msx_ieq(id->devices[i]->user_code, user_code))
            return id->devices[i];
    }
    return NULL;
}

int sb_device_decide(struct sb_identity *id, const char *user_code, const char *user, bool approve,
                     const char **message_out)
{
    struct sb_device *d = by_user_code(id, user_code);

    if (!d) {
        *message_out = "no such code";
        return 404;
    }
    if (d->state != SB_DEVICE_PENDING) {
        *message_out = "this code was decided before";
        return 409;
    }
    if (sb_identity_now(id) >= d->expires_s) {
        *message_out = "this code has expired";
        return 410;
    }
    if (approve) {
        d->user = id->users.find(id->users.ctx, user && *user ? user : NULL);
        if (!d->user) {
            *message_out = "no such user";
            return 404;
        }
    }
    d->state = approve ? SB_DEVICE_APPROVED : SB_DEVICE_DECLINED;
    *message_out = approve ? "signed in" : "declined";
    return 200;
}

/* ---- the page ---- */

static void add_html(struct msx_buf *b, const char *s)
{
    for (; s && *s; s++) {
        switch (*s) {
        case '&':
            msx_buf_adds(b, "&amp;");
            break;
        case '<':
            msx_buf_adds(b, "&lt;");
            break;
        case '>':
            msx_buf_adds(b, "&gt;");
            break;
        case '"':
            msx_buf_adds(b, "&quot;");
            break;
        case '\'':
            msx_buf_adds(b, "&#39;");
            break;
        default:
            msx_buf_addc(b, *s);
        }
    }
}

static void page_html(struct sb_response *r, int status, const char *content)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT((size_t)256 << 10);

    msx_buf_adds(&b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<title>Sandbox sign-in</title></head><body><h1>Sandbox sign-in</h1>\n");
    msx_buf_adds(&b, content);
    msx_buf_adds(&b, "</body></html>\n");
    sb_response_text(r, status, "text/html; charset=utf-8", b.data);
    sb_response_header(r, "Content-Security-Policy",
                       "default-src 'none'; form-action 'self'; frame-ancestors 'none'");
}

/* The form carries a proof that this page was read here, so that no other site can decide. */
static void show_form(struct sb_identity *id, const char *user_code, struct sb_response *r)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT((size_t)128 << 10);
    MSX_AUTO(msx_json_free_p) json_t *users = NULL;
    struct sb_device *d = user_code ? by_user_code(id, user_code) : NULL;
    const json_t *u;
    char proof[44];
    size_t i;

    if (!d) {
        msx_buf_adds(&b, user_code ? "<p>No such code.</p>\n" : "");
        msx_buf_adds(&b, "<form method=\"get\" action=\"/devicelogin\"><label>Code <input "
                         "name=\"user_code\" autofocus></label> <button>Next</button></form>\n");
        page_html(r, user_code ? 404 : 200, b.data);
        return;
    }
    sb_hmac_b64(id, "devicelogin", d->user_code, proof);
    msx_buf_adds(&b, "<form method=\"post\" action=\"/devicelogin\"><p>Code <b>");
    add_html(&b, d->user_code);
    msx_buf_adds(&b, "</b> for application ");
    add_html(&b, d->client_id);
    msx_buf_adds(&b, "</p><input type=\"hidden\" name=\"user_code\" value=\"");
    add_html(&b, d->user_code);
    msx_buf_addf(&b, "\"><input type=\"hidden\" name=\"proof\" value=\"%s\">", proof);
    msx_buf_adds(&b, "<label>Sign in as <select name=\"user\">\n");
    users = id->users.list(id->users.ctx);
    json_array_foreach(users, i, u) {
        msx_buf_adds(&b, "<option value=\"");
        add_html(&b, msx_json_str_or(u, "systemuserid", ""));
        msx_buf_adds(&b, "\">");
        add_html(&b, msx_json_str_or(u, "fullname", "?"));
        msx_buf_adds(&b, " (");
        add_html(&b, msx_json_str_or(u, "domainname", ""));
        msx_buf_adds(&b, ")</option>\n");
    }
    msx_buf_adds(&b, "</select></label> <button name=\"decision\" value=\"approve\">Sign in"
                     "</button> <button name=\"decision\" value=\"decline\">Decline</button>"
                     "</form>\n");
    page_html(r, 200, b.data);
}

static bool same(const char *a, const char *b)
{
    size_t n = a ? strlen(a) : 0;

    return a && b && n == strlen(b) && !CRYPTO_memcmp(a, b, n);
}

static void answer_decision(struct sb_response *r, bool json, int status, const char *text)
{
    if (json) {
        MSX_AUTO(msx_json_free_p) json_t *j = json_object();

        sb_set_str(j, "message", text);
        sb_response_json(r, status, j);
    } else {
        MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(4096);

        msx_buf_adds(&b, "<p>");
        add_html(&b, text);
        msx_buf_adds(&b, ".</p>\n");
        page_html(r, status, b.data);
    }
}

static void decide(struct sb_identity *id, const char *form, size_t len, bool keyed,
                   struct sb_response *r)
{
    MSX_AUTO(msx_free_p) char *code = sb_form_get(form, len, "user_code");
    MSX_AUTO(msx_free_p) char *user = sb_form_get(form, len, "user");
    MSX_AUTO(msx_free_p) char *decision = sb_form_get(form, len, "decision");
    MSX_AUTO(msx_free_p) char *proof = sb_form_get(form, len, "proof");
    struct sb_device *d = code ? by_user_code(id, code) : NULL;
    const char *text = "";
    char want[44];
    bool approve = decision && !strcmp(decision, "approve");
    int status;

    if (!code || !decision || (!approve && strcmp(decision, "decline") != 0)) {
        answer_decision(r, keyed, 400, "wants user_code and decision=approve or decline");
        return;
    }
    if (!keyed && d) {
        sb_hmac_b64(id, "devicelogin", d->user_code, want);
        if (!same(proof, want)) {
            answer_decision(r, false, 403, "this form did not come from this server's page");
            return;
        }
    }
    status = sb_device_decide(id, code, user, approve, &text);
    answer_decision(r, keyed, status, text);
}

void sb_device_page(struct sb_identity *id, const struct sb_request *q, struct sb_response *r)
{
    bool keyed = same(sb_request_header(q, "X-Sandbox-Key"), id->control_key);
    size_t query_len = strlen(q->query);
    char *decision, *code;

    if (!strcmp(q->method, "POST")) {
        /* parameters in the address or in the form */
        bool in_body = q->body_len > 0;

        decide(id, in_body ? q->body : q->query, in_body ? q->body_len : query_len, keyed, r);
        return;
    }
    if (strcmp(q->method, "GET") != 0 && strcmp(q->method, "HEAD") != 0) {
        sb_response_text(r, 405, "text/plain; charset=utf-8", "GET or POST\n");
        sb_response_header(r, "Allow", "GET, POST");
        return;
    }
    decision = sb_form_get(q->query, query_len, "decision");
    if (decision && keyed) {
        decide(id, q->query, query_len, true, r);
    } else {
        code = sb_form_get(q->query, query_len, "user_code");
        show_form(id, code && *code ? code : NULL, r);
        msx_free(code);
    }
    msx_free(decision);
}
