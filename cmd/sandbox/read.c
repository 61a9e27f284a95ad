/* GET: entity sets, single records, properties, references, counts. */
#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "plan.h"
#include "service.h"

#define TOTAL            "Microsoft.Dynamics.CRM.totalrecordcount"
#define EXCEEDED         "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"
#define METADATA_VERSION "Microsoft.Dynamics.CRM.globalmetadataversion"
#define COUNT_CAP        5000

/* --- @odata.context --- */

static void add_context_list(const struct sb_query *q, struct msx_buf *b)
{
    char property[140];
    bool first = true;

    if (q->all && !q->n_expand)
        return;
    msx_buf_addc(b, '(');
    for (size_t i = 0; !q->all && i < q->n_select; i++) {
        if (!sb_property_name(q->select[i], property, sizeof property))
            continue;
        msx_buf_addf(b, "%s%s", first ? "" : ",", property);
        first = false;
    }
    for (size_t i = 0; i < q->n_expand; i++) {
        msx_buf_addf(b, "%s%s", first ? "" : ",", q->expand[i].nav);
        if (q->expand[i].q.all && !q->expand[i].q.n_expand)
            msx_buf_adds(b, "()");
        else
            add_context_list(&q->expand[i].q, b);
        first = false;
    }
    msx_buf_addc(b, ')');
}

static void add_context(const struct sb_call *c, const struct sb_query *q, const char *suffix,
                        struct msx_buf *b)
{
    msx_buf_addf(b, "%s$metadata#%s", c->api, q->t->set);
    add_context_list(q, b);
    msx_buf_adds(b, suffix);
}

/* What was asked for in Prefer and is done, in one header. */
static void preference_applied(struct sb_call *c, bool paged)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(2000);

    if (c->prefer.representation && sb_method_writes(c->q->method))
        msx_buf_adds(&b, "return=representation");
    if (paged && c->prefer.max_page)
        msx_buf_addf(&b, "%sodata.maxpagesize=%ld", b.len ? "," : "", c->prefer.max_page);
    if (*c->prefer.annotations)
        msx_buf_addf(&b, "%sodata.include-annotations=\"%s\"", b.len ? "," : "",
                     c->prefer.annotations);
    if (b.len && !b.failed)
        sb_response_header(c->r, "Preference-Applied", "%s", b.data);
}

void sb_answer_json(struct sb_call *c, int status, bool paged)
{
    c->r->status = status;
    sb_response_header(c->r, "Content-Type", "application/json; odata.metadata=minimal");
    preference_applied(c, paged);
}

/* --- sets --- */

static bool count_rows(struct sb_call *c, const struct sb_query *q, const struct sb_relation *r,
                       const char *key, long cap, long *out)
{
    sqlite3_stmt *st = sb_plan_count(c, q, r, key, cap);
    bool ok;

    if (!st)
        return false;
    ok = sqlite3_step(st) == SQLITE_ROW;
    *out = ok ? (long)sqlite3_column_int64(st, 0) : 0;
    if (!ok)
        (void)sb_fail_sql(&c->e, c->conn->db);
    (void)sqlite3_finalize(st);
    return ok;
}

static bool add_counts(struct sb_call *c, const struct sb_query *q, const struct sb_relation *r,
                       const char *key, struct msx_buf *b)
{
    long n = -1;

    if (q->count && !count_rows(c, q, r, key, COUNT_CAP + 1, &n))
        return false;
    if (q->count)
        msx_buf_addf(b, ",\"@odata.count\":%ld", n > COUNT_CAP ? COUNT_CAP : n);
    if (sb_wants(c->prefer.annotations, TOTAL))
        msx_buf_addf(b, ",\"@" TOTAL "\":%ld", n > COUNT_CAP ? COUNT_CAP : n);
    if (sb_wants(c->prefer.annotations, EXCEEDED))
        msx_buf_addf(b, ",\"@" EXCEEDED "\":%s", n > COUNT_CAP ? "true" : "false");
    if (sb_wants(c->prefer.annotations, METADATA_VERSION))
        msx_buf_adds(b, ",\"@" METADATA_VERSION "\":\"1000001\"");
    return true;
}

/* The request's own URL again, with another $skiptoken. */
static void add_next_link(struct sb_call *c, long page, const json_t *position, long offset,
                          struct msx_buf *b)
{
    MSX_AUTO(msx_buf_release) struct msx_buf link = MSX_BUF_INIT((size_t)1 << 20);
    const char *path = strstr(c->q->path, "/api/data/v");
    const char *q = c->q->query;
    char separator = '?';

    msx_buf_addf(&link, "%s%s", c->q->base, path ? path : c->q->path);
    while (*q) {
        size_t len = strcspn(q, "&");

        if (len && strncmp(q, "$skiptoken=", 11) != 0 && strncmp(q, "%24skiptoken=", 13) != 0) {
            msx_buf_addc(&link, separator);
            msx_buf_add(&link, q, len);
            separator = '&';
        }
        q += len + (q[len] == '&');
    }
    msx_buf_addf(&link, "%c$skiptoken=", separator);
    sb_skiptoken_add(&link, page, position, offset);
    msx_buf_adds(b, ",\"@odata.nextLink\":");
    sb_add_json_string(b, link.data, link.len);
}

struct page {
    long number;
    long offset;   /* rows before it, where pages are cut by counting */
    json_t *after; /* position before it, where they are cut by values */
    long size;     /* rows on it at most */
    bool last;     /* nothing may follow ($top) */
};

/* $top with maxpagesize: $top is ignored. $top alone: that many rows, and no link. */
static bool page_of(struct sb_call *c, const struct sb_query *q, struct page *out)
{
    long before;

    *out = (struct page){ .number = 1, .size = c->svc->max_page };
    if (q->skiptoken &&
        !sb_skiptoken_parse(q->skiptoken, &out->number, &out->after, &out->offset, &c->e))
        return false;
    if (c->prefer.max_page) {
        if (c->prefer.max_page < out->size)
            out->size = c->prefer.max_page;
    } else if (q->top >= 0) {
        before = (out->number - 1) * c->svc->max_page;
        if (q->top - before <= out->size) {
            out->size = q->top > before ? q->top - before : 0;
            out->last = true;
        }
    }
    return true;
}

static bool add_rows(struct sb_call *c, struct sb_plan *p, const struct page *page,
                     struct msx_buf *b)
{
    json_t *position = NULL;
    bool ok = true;
    long n = 0;
    int rc;

    msx_buf_adds(b, ",\"value\":[");
    while ((rc = sqlite3_step(p->st)) == SQLITE_ROW && n < page->size) {
        if (n++)
            msx_buf_addc(b, ',');
        if (!sb_plan_add_row(c, p, NULL, b)) {
            json_decref(position);
            return false;
        }
        if (n == page->size && p->unique)
            position = sb_plan_position(p);
    }
    msx_buf_addc(b, ']');
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        ok = sb_fail_sql(&c->e, c->conn->db);
    else if (rc == SQLITE_ROW && !page->last && n == page->size)
        add_next_link(c, page->number + 1, position, p->unique ? 0 : page->offset + n, b);
    json_decref(position);
    return ok;
}

static bool answer_rows(struct sb_call *c, struct sb_query *q, const struct sb_relation *r,
                        const char *key)
{
    struct msx_buf *b = &c->r->body;
    MSX_AUTO(msx_buf_release) struct msx_buf context = MSX_BUF_INIT(64 << 10);
    struct sb_plan *p = NULL;
    struct page page;
    bool ok;

    if (!page_of(c, q, &page))
        return false;
    ok = sb_plan_build(c, q, r ? SB_PLAN_PARENT : SB_PLAN_ALL, r, page.after, &p);
    if (ok) {
        p->paged_children = c->prefer.max_page && sb_query_nested(q);
        ok = sb_plan_start(c, p, key, page.size + 1, page.offset);
    }
    if (ok) {
        add_context(c, q, "", &context);
        msx_buf_adds(b, "{\"@odata.context\":");
        sb_add_json_string(b, context.data, context.len);
        ok = add_counts(c, q, r, key, b) && add_rows(c, p, &page, b);
        msx_buf_addc(b, '}');
    }
    sb_plan_free(p);
    json_decref(page.after);
    if (!ok)
        return false;
    sb_answer_json(c, 200, true);
    return true;
}

bool sb_read_set(struct sb_call *c)
{
    struct sb_query q;

    if (!sb_query_parse(&c->arena, c->table, &c->options, &q, &c->e))
        return false;
    return q.apply ? sb_apply(c, &q) : answer_rows(c, &q, NULL, NULL);
}

/* A bare number behind a byte order mark. */
static bool answer_count(struct sb_call *c, const struct sb_table *t, const struct sb_relation *r)
{
    struct sb_query q;
    char text[40];
    long n = 0;

    if (!sb_query_parse(&c->arena, t, &c->options, &q, &c->e) ||
        !count_rows(c, &q, r, c->id, COUNT_CAP, &n))
        return false;
    (void)snprintf(text, sizeof text, "\xef\xbb\xbf%ld", n);
    sb_response_text(c->r, 200, "text/plain", text);
    return true;
}

bool sb_read_count(struct sb_call *c)
{
    return answer_count(c, c->table, NULL);
}

/* --- one record --- */

bool sb_answer_record(struct sb_call *c, const struct sb_table *t, const char *id,
                      const struct sb_query *q, int status)
{
    MSX_AUTO(msx_buf_release) struct msx_buf context = MSX_BUF_INIT(64 << 10);
    const char *match = sb_request_header(c->q, "If-None-Match");
    struct sb_plan *p = NULL;
    char etag[40];
    bool ok;
    int rc;

    if (!sb_plan_build(c, q, SB_PLAN_KEY, NULL, NULL, &p))
        return false;
    ok = sb_plan_start(c, p, id, 1, 0);
    rc = ok ? sqlite3_step(p->st) : SQLITE_ERROR;
    if (ok && rc == SQLITE_DONE)
        ok = sb_fail_missing(&c->e, t, id);
    else if (ok && rc != SQLITE_ROW)
        ok = sb_fail_sql(&c->e, c->conn->db);
    if (ok) {
        (void)snprintf(etag, sizeof etag, "W/\"%lld\"", (long long)sqlite3_column_int64(p->st, 1));
        sb_response_header(c->r, "ETag", "%s", etag);
        if (status == 200 && match && strcmp(match, etag) == 0 && !q->n_expand &&
            !*c->prefer.annotations) {
            c->r->status = 304;
        } else {
            add_context(c, q, "/$entity", &context);
            ok = sb_plan_add_row(c, p, context.data, &c->r->body);
            sb_answer_json(c, status, false);
        }
    }
    sb_plan_free(p);
    return ok;
}

bool sb_read_record(struct sb_call *c)
{
    struct sb_query q;

    if (!sb_query_parse(&c->arena, c->table, &c->options, &q, &c->e))
        return false;
    return sb_answer_record(c, c->table, c->id, &q, 200);
}

/* --- what hangs below a record --- */

static bool read_property(struct sb_call *c, const struct sb_attr *a, bool raw)
{
    struct sb_row row = { 0 };
    const struct sb_value *v;
    struct msx_buf *b = &c->r->body;
    char number[40], property[140] = "";
    int found = sb_row_read(c->conn, c->table, c->id, &row, &c->e);

    if (found <= 0)
        return found < 0 ? false : sb_fail_missing(&c->e, c->table, c->id);
    v = &row.v[sb_attr_index(c->table, a)];
    (void)sb_property_name(a, property, sizeof property);
    if (v->kind == SB_NULL) {
        c->r->status = 204;
    } else {
        if (v->kind == SB_TEXT)
            (void)snprintf(number, sizeof number, "text");
        else if (v->kind == SB_INT)
            (void)snprintf(number, sizeof number, "%lld", (long long)v->i);
        else
            sb_number_text(v->r, number);
        if (a->type == SB_BOOLEAN)
            (void)snprintf(number, sizeof number, "%s", v->i ? "true" : "false");
        if (raw) {
            sb_response_text(c->r, 200, "text/plain", v->kind == SB_TEXT ? v->s : number);
        } else {
            msx_buf_addf(b, "{\"@odata.context\":\"%s$metadata#%s(%s)/%s\",\"value\":", c->api,
                         c->table->set, c->id, property);
            if (v->kind == SB_TEXT)
                sb_add_json_string(b, v->s, strlen(v->s));
            else
                msx_buf_adds(b, number);
            msx_buf_addc(b, '}');
            sb_answer_json(c, 200, false);
        }
    }
    sb_row_release(&row);
    return true;
}

static bool read_single_nav(struct sb_call *c, const struct sb_attr *a,
                            const struct sb_target *target, bool ref)
{
    struct sb_row row = { 0 };
    struct sb_query q;
    const struct sb_table *to;
    const struct sb_value *v;
    char id[37] = "";
    int found = sb_row_read(c->conn, c->table, c->id, &row, &c->e);

    if (found <= 0)
        return found < 0 ? false : sb_fail_missing(&c->e, c->table, c->id);
    v = &row.v[sb_attr_index(c->table, a)];
    to = row.target[sb_attr_index(c->table, a)];
    if (!to)
        to = sb_table_by_name(a->target[0].table);
    if (v->kind == SB_TEXT && (!target || strcmp(target->table, to->name) == 0))
        (void)snprintf(id, sizeof id, "%s", v->s);
    sb_row_release(&row);
    if (!*id) {
        c->r->status = 204;
        return true;
    }
    if (ref) {
        msx_buf_addf(&c->r->body,
                     "{\"@odata.context\":\"%s$metadata#$ref\",\"@odata.id\":\"%s%s(%s)\"}", c->api,
                     c->api, to->set, id);
        sb_answer_json(c, 200, false);
        return true;
    }
    return sb_query_parse(&c->arena, to, &c->options, &q, &c->e) &&
           sb_answer_record(c, to, id, &q, 200);
}

static bool read_collection(struct sb_call *c, const struct sb_relation *r, const char *more)
{
    struct sb_query q;
    int found = sb_row_exists(c->conn, c->table, c->id, &c->e);

    if (found <= 0)
        return found < 0 ? false : sb_fail_missing(&c->e, c->table, c->id);
    if (more && strcmp(more, "$count") == 0)
        return answer_count(c, r->child, r);
    if (!sb_query_parse(&c->arena, r->child, &c->options, &q, &c->e))
        return false;
    if (more && strcmp(more, "$ref") == 0) { /* the keys alone */
        q.all = false;
        q.n_select = 1;
        q.select[0] = sb_attr_by_name(q.t, q.t->pk);
    }
    return answer_rows(c, &q, r, c->id);
}

bool sb_read_segment(struct sb_call *c)
{
    const char *name = c->rest[0], *more = c->n_rest > 1 ? c->rest[1] : NULL;
    const struct sb_attr *a = sb_attr_by_property(c->table, name);
    const struct sb_target *target = NULL;
    struct sb_relation r;

    if (c->n_rest > 2)
        return sb_fail(&c->e, 404, "0x8006088a", "Resource not found for the segment '%.200s'.",
                       c->rest[2]);
    if (a && (!more || strcmp(more, "$value") == 0))
        return read_property(c, a, more != NULL);
    a = sb_nav_single(c->table, name, &target);
    if (a && (!more || strcmp(more, "$ref") == 0))
        return read_single_nav(c, a, target, more != NULL);
    if (sb_nav_collection(c->table, name, &r) &&
        (!more || strcmp(more, "$ref") == 0 || strcmp(more, "$count") == 0))
        return read_collection(c, &r, more);
    return sb_fail(&c->e, 404, "0x8006088a", "Resource not found for the segment '%.200s'.",
                   more ? more : name);
}
