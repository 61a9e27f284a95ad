/* Rows as JSON text, with annotations and expanded records; paging cookies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/json.h"
#include "msxops/mem.h"
#include "options.h"
#include "plan.h"

static const char *text_at(sqlite3_stmt *st, int at)
{
    return at < 0 ? NULL : (const char *)sqlite3_column_text(st, at);
}

static const struct sb_target *target_of(const struct sb_column *col, sqlite3_stmt *st)
{
    const char *type = text_at(st, col->type_at);

    for (size_t i = 0; type && i < col->attr->n_targets; i++)
        if (strcmp(col->attr->target[i].table, type) == 0)
            return &col->attr->target[i];
    return col->attr->target;
}

static void add_annotation(struct msx_buf *b, const char *key, const char *value, size_t n)
{
    msx_buf_adds(b, key);
    sb_add_json_string(b, value, n);
}

static void add_annotations(struct sb_plan *p, const struct sb_column *col, const json_t *own,
                            struct msx_buf *b)
{
    const char *label = own ? json_string_value(json_object_get(own, col->attr->name)) : NULL;
    const struct sb_target *target;

    if (sqlite3_column_type(p->st, col->at) == SQLITE_NULL)
        return;
    if (col->label_key) {
        msx_buf_clear(&p->label);
        if (label)
            add_annotation(b, col->label_key, label, strlen(label));
        else if (sb_add_label(&p->label, col->attr, p->st, col->at, text_at(p->st, col->name_at)))
            add_annotation(b, col->label_key, p->label.data, p->label.len);
    }
    if (!col->nav_key && !col->type_key)
        return;
    target = target_of(col, p->st);
    if (col->nav_key)
        add_annotation(b, col->nav_key, target->nav, strlen(target->nav));
    if (col->type_key)
        add_annotation(b, col->type_key, target->table, strlen(target->table));
}

static void add_columns(struct sb_plan *p, struct msx_buf *b)
{
    const char *labels = text_at(p->st, 2);
    json_auto_t *own = labels ? json_loads(labels, 0, NULL) : NULL;

    for (size_t i = 0; i < p->n_columns; i++) {
        const struct sb_column *col = &p->column[i];

        if (!col->key)
            continue;
        msx_buf_adds(b, col->key);
        sb_add_column(b, col->attr, p->st, col->at);
        add_annotations(p, col, own, b);
    }
}

static bool add_single(struct sb_call *c, struct sb_plan *p, struct sb_subplan *sub,
                       struct msx_buf *b)
{
    const char *key = text_at(p->st, sub->key_at);
    const char *type = text_at(p->st, sub->type_at);
    struct sb_plan *to = NULL;
    int rc;

    msx_buf_addf(b, ",\"%s\":", sub->x->nav);
    for (size_t i = 0; key && i < sub->n; i++)
        if (!type || strcmp(sub->to[i]->name, type) == 0)
            to = sub->plan[i];
    if (!to) {
        msx_buf_adds(b, "null");
        return true;
    }
    if (sub->x->ref) {
        msx_buf_addf(b, "{\"@odata.id\":\"%s%s(%s)\"}", c->api, to->q->t->set, key);
        return true;
    }
    if (!sb_plan_start(c, to, key, 1, 0))
        return false;
    rc = sqlite3_step(to->st);
    if (rc == SQLITE_ROW)
        return sb_plan_add_row(c, to, NULL, b);
    msx_buf_adds(b, "null");
    return rc == SQLITE_DONE ? true : sb_fail_sql(&c->e, c->conn->db);
}

/* The children's own query: as it was asked for, options joined by '&'. */
static void add_child_link(struct sb_call *c, const struct sb_plan *p, const struct sb_expand *x,
                           const json_t *position, struct msx_buf *b)
{
    MSX_AUTO(msx_buf_release) struct msx_buf link = MSX_BUF_INIT((size_t)1 << 20);
    char separator = '?';

    msx_buf_addf(&link, "%s%s(%s)/%s", c->api, p->q->t->set, text_at(p->st, 0), x->nav);
    if (*x->options) {
        const char **option;
        size_t n = sb_split(&c->arena, x->options, ';', &option);

        for (size_t i = 0; i < n; i++) {
            const char *eq = strchr(option[i], '=');
            size_t len = eq ? (size_t)(eq - option[i]) : 0;

            msx_buf_addc(&link, separator);
            msx_buf_add(&link, option[i], len);
            msx_buf_addc(&link, '=');
            sb_percent_encode(&link, option[i] + len + 1, strlen(option[i] + len + 1));
            separator = '&';
        }
    }
    if (position) {
        msx_buf_addf(&link, "%c$skiptoken=", separator);
        sb_skiptoken_add(&link, 2, position, 0);
    }
    msx_buf_addf(b, ",\"%s@odata.nextLink\":", x->nav);
    sb_add_json_string(b, link.data, link.len);
}

static bool add_collection(struct sb_call *c, struct sb_plan *p, struct sb_subplan *sub,
                           struct msx_buf *b)
{
    struct sb_plan *to = sub->plan[0];
    long limit = SB_MAX_PAGE, n = 0;
    json_t *position = NULL;
    int rc;

    if (sub->x->q.top >= 0 && sub->x->q.top < limit)
        limit = sub->x->q.top;
    if (p->paged_children && c->prefer.max_page < limit)
        limit = c->prefer.max_page;
    if (!sb_plan_start(c, to, text_at(p->st, 0), limit + 1, 0))
        return false;
    msx_buf_addf(b, ",\"%s\":[", sub->x->nav);
    while ((rc = sqlite3_step(to->st)) == SQLITE_ROW && n < limit) {
        if (n++)
            msx_buf_addc(b, ',');
        if (!sb_plan_add_row(c, to, NULL, b)) {
            json_decref(position);
            return false;
        }
        if (p->paged_children && n == limit)
            position = sb_plan_position(to);
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        json_decref(position);
        return sb_fail_sql(&c->e, c->conn->db);
    }
    msx_buf_addc(b, ']');
    if (!p->paged_children)
        add_child_link(c, p, sub->x, NULL, b); /* leads to the same rows once more */
    else if (rc == SQLITE_ROW)
        add_child_link(c, p, sub->x, position, b);
    json_decref(position);
    return true;
}

bool sb_plan_add_row(struct sb_call *c, struct sb_plan *p, const char *context, struct msx_buf *b)
{
    msx_buf_addc(b, '{');
    if (context) {
        msx_buf_adds(b, "\"@odata.context\":");
        sb_add_json_string(b, context, strlen(context));
        msx_buf_addc(b, ',');
    }
    msx_buf_addf(b, "\"@odata.etag\":\"W/\\\"%lld\\\"\"",
                 (long long)sqlite3_column_int64(p->st, 1));
    add_columns(p, b);
    if (p->mode == SB_PLAN_KEY && p->q->t == &sb_table_systemuser && !context)
        msx_buf_addf(b, ",\"ownerid\":\"%s\"", text_at(p->st, 0));
    for (size_t i = 0; i < p->n_sub; i++)
        if (p->sub[i].x->attr ? !add_single(c, p, &p->sub[i], b)
                              : !add_collection(c, p, &p->sub[i], b))
            return false;
    msx_buf_addc(b, '}');
    return true;
}

/* --- paging cookies --- */

static void add_hex(struct msx_buf *b, const char *s)
{
    for (; *s; s++)
        msx_buf_addf(b, "%02x", (unsigned char)*s);
}

void sb_skiptoken_add(struct msx_buf *b, long page, const json_t *position, long offset)
{
    MSX_AUTO(msx_buf_release) struct msx_buf cookie = MSX_BUF_INIT(64 << 10);
    MSX_AUTO(msx_buf_release) struct msx_buf once = MSX_BUF_INIT(256 << 10);
    MSX_AUTO(msx_buf_release) struct msx_buf xml = MSX_BUF_INIT(1 << 20);
    MSX_AUTO(msx_buf_release) struct msx_buf json = MSX_BUF_INIT(32 << 10);

    if (position)
        msx_json_dump(&json, position);
    msx_buf_addf(&cookie, "<cookie page=\"%ld\"><row offset=\"%ld\" last=\"", page - 1, offset);
    add_hex(&cookie, json.data);
    msx_buf_adds(&cookie, "\" /></cookie>");
    sb_percent_encode(&once, cookie.data, cookie.len);
    msx_buf_addf(&xml, "<cookie pagenumber=\"%ld\" pagingcookie=\"", page);
    sb_percent_encode(&xml, once.data, once.len);
    msx_buf_adds(&xml, "\" istracking=\"False\" />");
    sb_percent_encode(b, xml.data, xml.len);
}

/* Text between `before` and the next double quote: new, or NULL. */
static char *between(const char *text, const char *before)
{
    const char *at = strstr(text, before);
    const char *end = at ? strchr(at + strlen(before), '"') : NULL;

    return end ? sb_ndup(at + strlen(before), (size_t)(end - at) - strlen(before)) : NULL;
}

static json_t *from_hex(const char *hex)
{
    size_t n = strlen(hex) / 2;
    MSX_AUTO(msx_free_p) char *text = sb_alloc(n + 1);

    for (size_t i = 0; i < n; i++) {
        char two[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

        text[i] = (char)strtol(two, NULL, 16);
    }
    return json_loads(text, 0, NULL);
}

bool sb_skiptoken_parse(const char *token, long *page, json_t **position, long *offset,
                        struct sb_error *e)
{
    MSX_AUTO(msx_free_p) char *number = between(token, "pagenumber=\"");
    MSX_AUTO(msx_free_p) char *twice = between(token, "pagingcookie=\"");
    MSX_AUTO(msx_free_p) char *once = twice ? sb_percent_decode(twice, strlen(twice), false) : NULL;
    MSX_AUTO(msx_free_p) char *cookie = once ? sb_percent_decode(once, strlen(once), false) : NULL;
    MSX_AUTO(msx_free_p) char *last = cookie ? between(cookie, "last=\"") : NULL;
    MSX_AUTO(msx_free_p) char *skip = cookie ? between(cookie, "offset=\"") : NULL;

    if (!number || !last || !skip)
        return sb_fail(e, 400, "0x80040203", "Malformed XML in the Paging Cookie");
    *page = strtol(number, NULL, 10);
    *offset = strtol(skip, NULL, 10);
    *position = *last ? from_hex(last) : NULL;
    if (*page < 2 || *offset < 0 || (*last && !json_is_array(*position))) {
        json_decref(*position);
        *position = NULL;
        return sb_fail(e, 400, "0x80040203", "Malformed XML in the Paging Cookie");
    }
    return true;
}
