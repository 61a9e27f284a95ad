/* POST, PATCH, PUT and DELETE on records, and the rules of the tables. */
#include <stdio.h>
#include <string.h>

#include "bind.h"
#include "body.h"
#include "msxops/json.h"
#include "msxops/mem.h"
#include "options.h"
#include "related.h"
#include "rules.h"

static void add_effect(struct sb_call *c, const char *verb, const struct sb_table *t,
                       const char *id)
{
    struct sb_effect *e;

    c->effects->item = sb_grow(c->effects->item, c->effects->n + 1, sizeof *c->effects->item);
    e = &c->effects->item[c->effects->n++];
    memset(e, 0, sizeof *e);
    (void)snprintf(e->verb, sizeof e->verb, "%s", verb);
    (void)snprintf(e->id, sizeof e->id, "%s", id);
    e->table = t;
}

static bool writable(struct sb_call *c, const struct sb_table *t)
{
    if (!(t->flags & SB_TABLE_READ_ONLY))
        return true;
    return sb_fail(&c->e, 405, "0x80040315", "The entity '%s' does not support this operation.",
                   t->name);
}

static void stamp(struct sb_call *c, const struct sb_table *t, struct sb_row *row, bool create)
{
    char now[21];

    sb_service_now(c->svc, now);
    if (create) {
        sb_row_set(t, row, "createdon", sb_value_text(now));
        sb_row_set(t, row, "createdby", sb_value_text(c->user));
    }
    sb_row_set(t, row, "modifiedon", sb_value_text(now));
    sb_row_set(t, row, "modifiedby", sb_value_text(c->user));
    sb_row_set(t, row, "versionnumber", sb_value_int(sb_store_next(c->conn, "version")));
}

/* 204 with the record's address, or the record itself. */
static bool answer_written(struct sb_call *c, const struct sb_table *t, const char *id,
                           bool created)
{
    struct sb_query q;

    if (c->prefer.representation) {
        if (!sb_query_parse(&c->arena, t, &c->options, &q, &c->e))
            return false;
        if (strcmp(c->q->method, "POST") != 0)
            q.n_expand = 0; /* an update's answer heeds $select only */
        return sb_answer_record(c, t, id, &q, created ? 201 : 200);
    }
    c->r->status = 204;
    sb_response_header(c->r, "OData-EntityId", "%s%s(%s)", c->api, t->set, id);
    if (created)
        sb_response_header(c->r, "Location", "%s%s(%s)", c->api, t->set, id);
    return true;
}

/* --- create --- */

bool sb_write_new(struct sb_call *c, const struct sb_table *t, const json_t *body, const char *key,
                  const struct sb_link *link, char id[37])
{
    struct sb_row row = { 0 };
    const struct sb_value *pk;
    int found;
    bool ok = writable(c, t) && sb_body_to_row(c, t, body, true, key, &row);

    if (ok) {
        pk = sb_row_get(t, &row, t->pk);
        if (key)
            memmove(id, key, 37); /* often the same buffer */
        else if (pk && pk->kind == SB_TEXT)
            (void)snprintf(id, 37, "%s", pk->s);
        else
            sb_guid(id);
        found = sb_row_exists(c->conn, t, id, &c->e);
        if (found > 0)
            ok = sb_fail(&c->e, 412, "0x80040237",
                         "A record with matching key values already exists.");
        else
            ok = found == 0;
    }
    if (ok) {
        sb_row_set(t, &row, t->pk, sb_value_text(id));
        if (link)
            sb_body_point(t, link->r.attr, link->r.parent, link->id, &row);
        ok = sb_rules_create(c, t, id, &row);
    }
    if (ok) {
        stamp(c, t, &row, true);
        ok = sb_row_insert(c->conn, t, &row, &c->e);
    }
    if (ok)
        add_effect(c, "create", t, id);
    sb_row_release(&row);
    return ok && sb_related_below(c, t, id, body);
}

/* link: the record in whose collection the new one is born, or NULL. */
static bool create_answered(struct sb_call *c, const struct sb_table *t, const struct sb_link *link)
{
    json_auto_t *body = NULL;
    char id[37];

    if (!writable(c, t) || !(body = sb_body_parse(c)) || !sb_write_new(c, t, body, NULL, link, id))
        return false;
    c->table = t; /* what "$1" of a batch stands for */
    memcpy(c->id, id, sizeof id);
    c->has_id = true;
    return answer_written(c, t, id, true);
}

bool sb_write_create(struct sb_call *c)
{
    return create_answered(c, c->table, NULL);
}

/* --- update --- */

bool sb_write_update(struct sb_call *c, const struct sb_table *t, const char *id,
                     const json_t *body)
{
    struct sb_row row = { 0 }, old = { 0 };
    int found = sb_row_read(c->conn, t, id, &old, &c->e);
    bool any = false, ok;

    if (found <= 0)
        return found < 0 ? false : sb_fail_missing(&c->e, t, id);
    ok = sb_body_to_row(c, t, body, false, id, &row) && sb_rules_update(c, t, id, &old, &row);
    for (size_t i = 0; i < t->n; i++)
        any = any || row.present[i];
    if (ok && any) {
        stamp(c, t, &row, false);
        ok = sb_row_update(c->conn, t, id, &row, &c->e);
        if (ok)
            add_effect(c, "update", t, id);
    }
    sb_row_release(&row);
    sb_row_release(&old);
    return ok;
}

/* What If-Match and If-None-Match say about a record that exists (version) or not (-1). */
static bool conditions_hold(struct sb_call *c, int64_t version)
{
    const char *match = sb_request_header(c->q, "If-Match");
    const char *none = sb_request_header(c->q, "If-None-Match");
    char etag[40];

    if (none && strcmp(none, "*") == 0 && version >= 0)
        return sb_fail(&c->e, 412, "0x80040237",
                       "A record with matching key values already exists.");
    if (!match)
        return true;
    if (version < 0)
        return sb_fail_missing(&c->e, c->table, c->id);
    (void)snprintf(etag, sizeof etag, "W/\"%lld\"", (long long)version);
    if (strcmp(match, "*") == 0 || strcmp(match, etag) == 0)
        return true;
    return sb_fail(&c->e, 412, "0x80060882",
                   "The version of the existing record doesn't match the RowVersion property "
                   "provided.");
}

/* Version of the record: -1 missing, -2 failed. */
static int64_t version_of(struct sb_call *c)
{
    struct sb_row row = { 0 };
    int found = sb_row_read(c->conn, c->table, c->id, &row, &c->e);
    const struct sb_value *v = found > 0 ? sb_row_get(c->table, &row, "versionnumber") : NULL;
    int64_t version = found < 0 ? -2 : v ? v->i : -1;

    sb_row_release(&row);
    return version;
}

bool sb_write_patch(struct sb_call *c)
{
    json_auto_t *body = NULL;
    int64_t version;

    if (!writable(c, c->table) || !(body = sb_body_parse(c)))
        return false;
    version = version_of(c);
    if (version == -2 || !conditions_hold(c, version))
        return false;
    if (version < 0)
        return sb_write_new(c, c->table, body, c->id, NULL, c->id) &&
               answer_written(c, c->table, c->id, true);
    return sb_write_update(c, c->table, c->id, body) && answer_written(c, c->table, c->id, false);
}

/* --- delete --- */

static bool unlink_children(struct sb_call *c, const struct sb_table *t, const char *id)
{
    struct sb_relation r;
    bool ok = true;

    for (size_t i = 0; ok && sb_relation_at(i, &r); i++) {
        MSX_AUTO(msx_buf_release) struct msx_buf sql = MSX_BUF_INIT(2000);
        sqlite3_stmt *st = NULL;

        if (r.parent != t || strcmp(r.child->name, r.child->storage) != 0)
            continue;
        msx_buf_addf(&sql, "UPDATE \"%s\" SET \"%s\" = NULL WHERE \"%s\" = ?", r.child->storage,
                     r.attr->name, r.attr->name);
        ok = sqlite3_prepare_v2(c->conn->db, sql.data, -1, &st, NULL) == SQLITE_OK &&
             sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC) == SQLITE_OK &&
             sqlite3_step(st) == SQLITE_DONE;
        (void)sqlite3_finalize(st);
    }
    return ok || sb_fail_sql(&c->e, c->conn->db);
}

bool sb_write_delete(struct sb_call *c)
{
    int64_t version;

    if (!writable(c, c->table))
        return false;
    version = version_of(c);
    if (version == -2 || !conditions_hold(c, version))
        return false;
    if (version < 0)
        return sb_fail_missing(&c->e, c->table, c->id);
    if (!unlink_children(c, c->table, c->id) || !sb_row_delete(c->conn, c->table, c->id, &c->e))
        return false;
    add_effect(c, "delete", c->table, c->id);
    c->r->status = 204;
    return true;
}

/* --- one property, one reference --- */

static bool update_with(struct sb_call *c, const struct sb_table *t, const char *id,
                        const char *key, json_t *value)
{
    json_auto_t *body = json_object();

    sb_set(body, key, value);
    if (!sb_write_update(c, t, id, body))
        return false;
    c->r->status = 204;
    return true;
}

static bool write_reference(struct sb_call *c, const char *nav, bool clear)
{
    json_auto_t *body = NULL;
    MSX_AUTO(msx_free_p) char *key = NULL;
    const char *id;

    key = msx_asprintf("%s@odata.bind", nav);
    if (!key)
        sb_die("out of memory");
    if (clear)
        return update_with(c, c->table, c->id, key, json_null());
    body = sb_body_parse(c);
    id = msx_json_str(body, "@odata.id");
    if (!id)
        return body ? sb_fail_payload(&c->e, c->table, "'@odata.id' is missing.") : false;
    return update_with(c, c->table, c->id, key, json_string(id));
}

bool sb_write_link(struct sb_call *c, const char *id, const struct sb_link *link)
{
    MSX_AUTO(msx_free_p) char *key = msx_asprintf("%s@odata.bind", link->r.target->nav);
    MSX_AUTO(msx_free_p) char *parent = msx_asprintf("%s(%s)", link->r.parent->set, link->id);
    json_auto_t *body = json_object();

    if (!key || !parent)
        sb_die("out of memory");
    sb_set_str(body, key, parent);
    return sb_write_update(c, link->r.child, id, body);
}

/* POST set(id)/collection/$ref: the child's lookup is set. */
static bool add_child(struct sb_call *c, const struct sb_link *link)
{
    json_auto_t *body = sb_body_parse(c);
    const char *text = msx_json_str(body, "@odata.id");
    struct sb_ref ref;

    if (!text)
        return body ? sb_fail_payload(&c->e, c->table, "'@odata.id' is missing.") : false;
    if (!sb_ref_parse(text, c->table, &ref, &c->e))
        return false;
    if (ref.table != link->r.child)
        return sb_fail_payload(&c->e, c->table, "'%.200s' is not a %s.", text, link->r.child->name);
    if (!sb_write_link(c, ref.id, link))
        return false;
    c->r->status = 204;
    return true;
}

bool sb_write_segment(struct sb_call *c)
{
    const char *name = c->rest[0];
    bool ref = c->n_rest == 2 && strcmp(c->rest[1], "$ref") == 0;
    bool put = strcmp(c->q->method, "PUT") == 0, clear = strcmp(c->q->method, "DELETE") == 0;
    const struct sb_target *target;
    const struct sb_attr *a;
    struct sb_link link = { .id = c->id };
    json_t *value;
    int64_t version;

    if (!writable(c, c->table))
        return false;
    version = version_of(c);
    if (version == -2 || !conditions_hold(c, version))
        return false;
    if (version < 0)
        return sb_fail_missing(&c->e, c->table, c->id);
    a = sb_attr_by_property(c->table, name);
    if (a && c->n_rest == 1 && (put || clear)) {
        json_auto_t *body = put ? sb_body_parse(c) : NULL;

        if (put && !body)
            return false;
        value = put ? json_incref(json_object_get(body, "value")) : json_null();
        if (!value)
            return sb_fail_payload(&c->e, c->table, "'value' is missing.");
        return update_with(c, c->table, c->id, name, value);
    }
    if (ref && (put || clear) && sb_nav_single(c->table, name, &target))
        return write_reference(c, name, clear);
    if (strcmp(c->q->method, "POST") == 0 && (ref || c->n_rest == 1) &&
        sb_nav_collection(c->table, name, &link.r))
        return ref ? add_child(c, &link) : create_answered(c, link.r.child, &link);
    return sb_fail(&c->e, 404, "0x8006088a", "Resource not found for the segment '%.200s'.", name);
}

/* --- WinOpportunity, LoseOpportunity --- */

bool sb_write_close_opportunity(struct sb_call *c, bool won)
{
    const struct sb_table *t = &sb_table_opportunity;
    json_auto_t *body = sb_body_parse(c);
    const char *text =
        msx_json_str(msx_json_obj(body, "OpportunityClose"), "opportunityid@odata.bind");
    struct sb_row row = { 0 };
    struct sb_ref ref;
    char today[11];
    json_int_t status = won ? 3 : 4;
    const struct sb_option *o;
    bool ok;

    if (!body)
        return false;
    if (!text)
        return sb_fail_payload(&c->e, t, "'OpportunityClose' names no opportunity.");
    if (!sb_ref_parse(text, t, &ref, &c->e))
        return false;
    if (ref.table != t || sb_row_exists(c->conn, t, ref.id, &c->e) != 1)
        return sb_fail_missing(&c->e, t, ref.id);
    (void)msx_json_int(body, "Status", &status);
    o = sb_option_by_value(&sb_set_opportunity_status, (int)status);
    if (status != -1 && (!o || o->state != (won ? 1 : 2)))
        return sb_fail(&c->e, 400, "0x80048408",
                       "%lld is not a valid status code for state code OpportunityState.%s on "
                       "opportunity with Id %s.",
                       (long long)status, won ? "Won" : "Lost", ref.id);
    (void)snprintf(today, sizeof today, "%s", c->svc->today);
    sb_row_set(t, &row, "statecode", sb_value_int(won ? 1 : 2));
    sb_row_set(t, &row, "statuscode", sb_value_int(status == -1 ? (won ? 3 : 4) : status));
    sb_row_set(t, &row, "actualclosedate", sb_value_text(today));
    stamp(c, t, &row, false);
    ok = sb_row_update(c->conn, t, ref.id, &row, &c->e);
    sb_row_release(&row);
    if (ok)
        add_effect(c, "update", t, ref.id);
    c->r->status = 204;
    return ok;
}
