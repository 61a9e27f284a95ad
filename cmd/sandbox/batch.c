/* $batch: parts in order, change sets as transactions. */
#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "multipart.h"
#include "service.h"

#define MAX_PARTS 1000

struct batch {
    struct sb_service *svc;
    const struct sb_request *outer;
    const char *user;
    const char *request_id;
    char api_path[64];
    struct sb_content_ids ids;
    struct msx_buf out;
    char boundary[64];
    bool go_on;
    int failed; /* status of the part that stopped the batch, or 0 */
};

static void add_http(struct msx_buf *b, const struct sb_response *r, const char *content_id)
{
    msx_buf_adds(b, "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n");
    if (content_id)
        msx_buf_addf(b, "Content-ID: %s\r\n", content_id);
    msx_buf_addf(b, "\r\nHTTP/1.1 %d %s\r\n", r->status, sb_status_text(r->status));
    for (size_t i = 0; i < r->headers.n; i++)
        msx_buf_addf(b, "%s: %s\r\n", r->headers.item[i].name, r->headers.item[i].value);
    msx_buf_adds(b, "\r\n");
    msx_buf_add(b, r->body.data, r->body.len);
    msx_buf_adds(b, "\r\n");
}

static void add_response(struct batch *b, const struct sb_response *r, const char *content_id)
{
    msx_buf_addf(&b->out, "--%s\r\n", b->boundary);
    add_http(&b->out, r, content_id);
}

static void part_error(struct sb_response *r, int status, const char *code, const char *text)
{
    struct sb_error e;

    (void)sb_fail(&e, status, code, "%s", text);
    sb_answer_error(&e, "", r);
}

/* The request of a part; false with an error in r. */
static bool read_inner(struct batch *b, const struct sb_part *part, struct sb_inner *inner,
                       struct sb_request *q, struct sb_response *r)
{
    const char *id = NULL;

    if (!sb_inner_parse(part->body, part->len, b->api_path, inner)) {
        part_error(r, 400, "0x80060888", "The request line of a batch part is malformed.");
        return false;
    }
    *q = (struct sb_request){ .method = inner->method,
                              .path = inner->path,
                              .query = inner->query,
                              .headers = inner->headers,
                              .body = inner->body,
                              .body_len = inner->body_len,
                              .remote = b->outer->remote,
                              .base = b->outer->base };
    if (strstr(inner->path, "/$batch")) {
        part_error(r, 400, "0x80060888", "A batch cannot stand inside a batch.");
        return false;
    }
    for (size_t i = 0; i < part->headers.n && !id; i++)
        if (msx_ieq(part->headers.item[i].name, "Content-ID"))
            id = part->headers.item[i].value;
    if (id && !sb_request_header(q, "Content-ID")) {
        sb_headers_add(&inner->headers, "Content-ID", id);
        q->headers = inner->headers;
    }
    return true;
}

static void run_single(struct batch *b, const struct sb_part *part)
{
    struct sb_effects effects = { NULL, 0 };
    struct sb_inner inner = { 0 };
    struct sb_request q;
    struct sb_response r;
    struct sb_conn *conn;
    bool ok = false, writes;

    sb_response_init(&r);
    if (read_inner(b, part, &inner, &q, &r)) {
        writes = sb_method_writes(q.method);
        conn = writes ? sb_store_writer(b->svc->store) : sb_store_reader(b->svc->store);
        ok = sb_service_call(b->svc, conn, &q, b->user, b->request_id, &effects, &b->ids, &r);
        if (!writes)
            sb_store_release(b->svc->store, conn);
        else if (!sb_store_finish(b->svc->store, conn, ok) && ok)
            part_error(&r, 500, "0x80044150", "The transaction could not be committed.");
        else if (ok && b->svc->on_effects)
            b->svc->on_effects(b->svc->arg, &effects, b->request_id);
    }
    add_response(b, &r,
                 sb_request_header(&(struct sb_request){ .headers = inner.headers }, "Content-ID"));
    if (r.status >= 400)
        b->failed = r.status;
    msx_free(effects.item);
    sb_inner_release(&inner);
    sb_response_release(&r);
}

static bool run_member(struct batch *b, struct sb_conn *conn, const struct sb_part *part,
                       struct sb_effects *effects, const char *boundary, struct msx_buf *out,
                       struct sb_response *r)
{
    struct sb_inner inner = { 0 };
    struct sb_request q;
    bool ok = read_inner(b, part, &inner, &q, r);

    if (ok && !sb_method_writes(q.method)) {
        part_error(r, 400, "0x80060888", "A change set cannot hold a GET request.");
        ok = false;
    }
    if (ok)
        ok = sb_service_call(b->svc, conn, &q, b->user, b->request_id, effects, &b->ids, r);
    if (ok) {
        msx_buf_addf(out, "--%s\r\n", boundary);
        add_http(out, r, sb_request_header(&q, "Content-ID"));
    }
    sb_inner_release(&inner);
    return ok;
}

/* All of it or nothing; what fails is answered as one part. */
static void run_change_set(struct batch *b, const struct sb_parts *set)
{
    MSX_AUTO(msx_buf_release) struct msx_buf out = MSX_BUF_INIT(SB_MAX_BODY);
    struct sb_effects effects = { NULL, 0 };
    struct sb_conn *conn = sb_store_writer(b->svc->store);
    size_t known = b->ids.n;
    struct sb_response r;
    char boundary[64], guid[37];
    bool ok = true;

    sb_guid(guid);
    (void)snprintf(boundary, sizeof boundary, "changesetresponse_%s", guid);
    sb_response_init(&r);
    for (size_t i = 0; i < set->n && ok; i++) {
        sb_response_clear(&r);
        ok = run_member(b, conn, &set->item[i], &effects, boundary, &out, &r);
    }
    if (!sb_store_finish(b->svc->store, conn, ok) && ok) {
        part_error(&r, 500, "0x80044150", "The transaction could not be committed.");
        ok = false;
    }
    if (ok) {
        msx_buf_addf(&b->out, "--%s\r\nContent-Type: multipart/mixed; boundary=%s\r\n\r\n",
                     b->boundary, boundary);
        msx_buf_add(&b->out, out.data, out.len);
        msx_buf_addf(&b->out, "--%s--\r\n", boundary);
        if (b->svc->on_effects)
            b->svc->on_effects(b->svc->arg, &effects, b->request_id);
    } else {
        b->ids.n = known; /* what was rolled back cannot be named */
        b->failed = r.status;
        add_response(b, &r, NULL);
    }
    msx_free(effects.item);
    sb_response_release(&r);
}

static const char *type_of(const struct sb_part *p)
{
    const char *type =
        sb_request_header(&(struct sb_request){ .headers = p->headers }, "Content-Type");

    return type ? type : "";
}

static size_t count_requests(const struct sb_parts *parts)
{
    size_t n = 0;

    for (size_t i = 0; i < parts->n; i++) {
        MSX_AUTO(msx_free_p) char *boundary = sb_boundary(type_of(&parts->item[i]));
        struct sb_parts set = { 0 };

        if (boundary)
            (void)sb_multipart_parse(parts->item[i].body, parts->item[i].len, boundary, &set);
        n += boundary ? set.n : 1;
        sb_parts_release(&set);
    }
    return n;
}

static void run_part(struct batch *b, const struct sb_part *part)
{
    MSX_AUTO(msx_free_p) char *boundary = sb_boundary(type_of(part));
    struct sb_parts set = { 0 };

    if (!boundary) {
        run_single(b, part);
        return;
    }
    (void)sb_multipart_parse(part->body, part->len, boundary, &set);
    run_change_set(b, &set);
    sb_parts_release(&set);
}

static void set_api_path(struct batch *b)
{
    const char *version = strstr(b->outer->path, "/api/data/v");
    size_t n = version ? 11 + strcspn(version + 11, "/") + 1 : 0;

    (void)snprintf(b->api_path, sizeof b->api_path, "%.*s", (int)n, version ? version : "");
}

void sb_batch(struct sb_service *svc, const struct sb_request *q, const char *user,
              const char *request_id, struct sb_response *r)
{
    struct batch b = { .svc = svc, .outer = q, .user = user, .request_id = request_id };
    MSX_AUTO(msx_free_p) char *boundary = sb_boundary(sb_request_header(q, "Content-Type"));
    struct sb_parts parts = { 0 };
    struct sb_prefer prefer;
    char guid[37];

    if (strcmp(q->method, "POST") != 0) {
        part_error(r, 405, "0x80060888", "$batch takes POST only.");
        return;
    }
    if (!boundary || !sb_multipart_parse(q->body, q->body_len, boundary, &parts) || !parts.n) {
        sb_parts_release(&parts);
        part_error(r, 400, "0x80060888",
                   "The batch needs a multipart/mixed body whose parts are cut by its boundary.");
        return;
    }
    if (count_requests(&parts) > MAX_PARTS) {
        sb_parts_release(&parts);
        part_error(r, 400, "0x80060888",
                   "The number of operations in the batch exceeds the maximum of 1000.");
        return;
    }
    sb_prefer_parse(sb_request_header(q, "Prefer"), &prefer);
    b.go_on = prefer.continue_on_error;
    sb_guid(guid);
    (void)snprintf(b.boundary, sizeof b.boundary, "batchresponse_%s", guid);
    set_api_path(&b);
    msx_buf_init(&b.out, SB_MAX_BODY);
    for (size_t i = 0; i < parts.n && (b.go_on || !b.failed); i++)
        run_part(&b, &parts.item[i]);
    msx_buf_addf(&b.out, "--%s--\r\n", b.boundary);
    r->status = b.failed && !b.go_on ? b.failed : 200;
    msx_buf_clear(&r->body);
    msx_buf_add(&r->body, b.out.data, b.out.len);
    sb_response_header(r, "Content-Type", "multipart/mixed; boundary=%s", b.boundary);
    sb_response_header(r, "OData-Version", "4.0");
    if (b.go_on)
        sb_response_header(r, "Preference-Applied", "odata.continue-on-error");
    msx_buf_release(&b.out);
    msx_free(b.ids.item);
    sb_parts_release(&parts);
}
