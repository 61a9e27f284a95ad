/* The executor's transport over the real service: the only place that holds the capability to
 * write. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http/write_cap.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "plan/exec.h"

struct live {
    struct msx_crm *crm;
    struct msx_write_cap cap;
    pthread_mutex_t mutex;
    struct msx_ctx calm_ctx; /* as crm's, but never cancelled */
    struct msx_odata
        *calm; /* reads what was written although the run is cancelled; NULL at first */
};

/* ---- reading ---- */

static enum msx_code read_with(struct msx_odata *o, const json_t *op, bool all, json_t **record,
                               struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf select = MSX_BUF_INIT((size_t)32 << 10);
    struct msx_rows *rows = NULL;
    enum msx_code rc;

    plan_select(&select, op, all);
    rc = msx_buf_finish(&select, "column list", err);
    if (!rc)
        rc = msx_odata_get(o, plan_op_type(op)->set, plan_target_id(op), select.data, NULL, &rows,
                           err);
    if (!rc)
        rc = msx_rows_wait(rows, err);
    if (!rc)
        *record = json_incref(msx_rows_object(rows));
    msx_rows_free(rows);
    return rc;
}

static enum msx_code calm_odata(struct live *l, struct msx_odata **out, struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    (void)pthread_mutex_lock(&l->mutex);
    if (!l->calm)
        rc = msx_odata_new(&l->calm_ctx, msx_odata_org(l->crm->odata), l->crm->auth, &l->calm, err);
    *out = l->calm;
    (void)pthread_mutex_unlock(&l->mutex);
    return rc;
}

static enum msx_code live_read(void *user, const json_t *op, json_t **record, struct msx_error *err)
{
    struct live *l = user;
    struct msx_odata *o = l->crm->odata;
    struct msx_error e = MSX_ERROR_INIT;
    json_t *found = NULL;
    enum msx_code rc = read_with(o, op, true, &found, &e);

    /* cancelling stops new requests; what is under way is still settled */
    if (rc == MSX_E_CANCELLED) {
        rc = calm_odata(l, &o, &e);
        if (!rc)
            rc = read_with(o, op, true, &found, &e);
    }
    /* a column that this organisation does not have: those of the operation must be enough */
    if (rc == MSX_E_REJECTED && e.http_status == 400)
        rc = read_with(o, op, false, &found, &e);
    if (rc == MSX_E_NOTFOUND) {
        *record = NULL;
        return MSX_OK;
    }
    if (rc) {
        if (err)
            *err = e;
        return rc;
    }
    *record = found;
    return MSX_OK;
}

/* ---- writing ---- */

static enum msx_code live_request(void *user, const json_t *op, json_t **req, struct msx_error *err)
{
    struct live *l = user;

    return msx_op_request(l->crm, op, req, err);
}

/* What the answer means. maybe: it may have been carried out all the same. */
static enum msx_code judge(const struct msx_http_response *res, struct plan_sent *sent,
                           struct msx_error *err)
{
    struct msx_error e = MSX_ERROR_INIT;
    enum msx_code rc;

    if (res->status >= 200 && res->status < 300)
        return MSX_OK;
    rc = msx_odata_error(res->status, res->body, res->body_len, sent->request_id, &e);
    if (rc == MSX_OK)
        rc = msx_fail(&e, MSX_E_SERVER, "the service answered %d", res->status);
    e.http_status = res->status;
    sent->maybe = res->status == 408 || (res->status >= 500 && res->status != 501) ||
                  res->status < 400 || rc == MSX_E_SERVER;
    if (err)
        *err = e;
    return rc;
}

static enum msx_code send_body(struct live *l, const char *url, const char *condition,
                               const char *body, struct plan_sent *sent, struct msx_error *err)
{
    const char *const headers[] = { condition, "Content-Type: application/json", NULL };
    const struct msx_http_request req = {
        .kind = MSX_HTTP_WRITE,
        .method = "PATCH",
        .url = url,
        .headers = headers,
        .body = body,
        .body_len = strlen(body),
        .cap = &l->cap,
    };
    struct msx_http_response res = { 0 };
    struct msx_http_future *f = NULL;
    enum msx_code rc = msx_http_start(msx_odata_http(l->crm->odata), &req, &f, err);
    const char *id;

    if (rc)
        return rc; /* never left */
    rc = msx_http_wait(f, &res, err);
    sent->http_status = res.status;
    id = msx_http_header(f, "x-ms-service-request-id");
    if (!id)
        id = msx_http_header(f, "REQ_ID");
    (void)snprintf(sent->request_id, sizeof sent->request_id, "%s", id ? id : "");
    if (rc)
        sent->maybe = res.sent;
    else
        rc = judge(&res, sent, err);
    msx_http_future_free(f);
    return rc;
}

/* The condition is set here and not taken from the request: no write leaves without one. */
static enum msx_code live_send(void *user, const json_t *op, const json_t *req,
                               struct plan_sent *sent, struct msx_error *err)
{
    struct live *l = user;
    const struct plan_type *t = plan_op_type(op);
    const char *etag = msx_json_str(msx_json_obj(op, "before"), PLAN_ETAG);
    MSX_AUTO(msx_free_p) char *condition = NULL;
    MSX_AUTO(msx_free_p) char *url = NULL;
    MSX_AUTO(msx_buf_release) struct msx_buf body = MSX_BUF_INIT(MSX_PLAN_MAX_BYTES);
    enum msx_code rc;

    if (!t->create && (!etag || !*etag))
        return msx_fail(err, MSX_E_INVALID, "an update cannot be sent without the record's ETag");
    condition = t->create ? msx_strdup("If-None-Match: *") : msx_asprintf("If-Match: %s", etag);
    url = msx_asprintf("%s%s(%s)", msx_odata_base(l->crm->odata), t->set, plan_target_id(op));
    if (!condition || !url)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    msx_json_dump(&body, json_object_get(req, "body"));
    rc = msx_buf_finish(&body, "request", err);
    return rc ? rc : send_body(l, url, condition, body.data, sent, err);
}

static void live_pause(void *user, long ms)
{
    const struct live *l = user;
    const struct timespec slice = { 0, 50 * 1000000L };

    for (long waited = 0; waited < ms && !msx_cancelled(l->crm->ctx); waited += 50)
        (void)nanosleep(&slice, NULL);
}

enum msx_code msx_plan_apply(struct msx_crm *crm, const struct msx_plan *p,
                             const struct msx_apply_options *opts, json_t **report_out,
                             struct msx_error *err)
{
    struct live l = { .crm = crm, .cap = msx_write_cap_make(), .calm_ctx = *crm->ctx };
    const struct plan_io io = { .user = &l,
                                .request = live_request,
                                .send = live_send,
                                .read = live_read,
                                .pause = live_pause };
    enum msx_code rc = msx_plan_check(p->doc, err);

    if (!rc)
        rc = plan_check_owner(crm, p->doc, err);
    if (rc)
        return rc;
    if (pthread_mutex_init(&l.mutex, NULL) != 0)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    l.calm_ctx.cancelled = NULL;
    rc = plan_apply(crm->ctx, &io, p, opts, report_out, err);
    msx_odata_free(l.calm);
    (void)pthread_mutex_destroy(&l.mutex);
    return rc;
}
