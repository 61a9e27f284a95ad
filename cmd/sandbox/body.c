/* Reading bodies of creates and updates. */
#include "body.h"

#include <stdio.h>
#include <string.h>

#include "msxops/json.h"
#include "msxops/mem.h"
#include "related.h"

json_t *sb_body_parse(struct sb_call *c)
{
    struct msx_error err = MSX_ERROR_INIT;
    json_t *body = NULL;

    if (!c->q->body_len)
        (void)sb_fail_payload(&c->e, c->table, "Stream was not readable.");
    else if (msx_json_parse(c->q->body, c->q->body_len, "body", &body, &err))
        (void)sb_fail_payload(&c->e, c->table, "Invalid JSON. %s", err.msg);
    if (body && !json_is_object(body)) {
        (void)sb_fail_payload(&c->e, c->table,
                              "A node of type 'StartArray' was read from the JSON reader; however, "
                              "a 'StartObject' node was expected.");
        json_decref(body);
        body = NULL;
    }
    return body;
}

static bool undeclared(struct sb_call *c, const struct sb_table *t, const char *name)
{
    return sb_fail_payload(&c->e, t,
                           "An undeclared property '%.200s' which only has property annotations in "
                           "the payload but no property value was found in the payload. In OData, "
                           "only declared navigation properties and declared named streams can be "
                           "represented as properties without values.",
                           name);
}

static bool by_content_id(struct sb_call *c, const char *text, struct sb_ref *ref)
{
    for (size_t i = 0; c->ids && i < c->ids->n; i++) {
        if (strcmp(c->ids->item[i].name, text + 1) != 0)
            continue;
        ref->table = c->ids->item[i].table;
        (void)snprintf(ref->id, sizeof ref->id, "%s", c->ids->item[i].id);
        return true;
    }
    return sb_fail(&c->e, 400, "0x80060888",
                   "Content-ID Reference: '%.60s' does not exist in the batch context.", text);
}

/* A column that clients cannot set is left alone in silence, as the service does. */
static bool unwritable(const struct sb_attr *a, bool create)
{
    return a->flags & (create ? SB_NO_CREATE : SB_NO_UPDATE);
}

static bool bind_single(struct sb_call *c, const struct sb_table *t, const char *nav,
                        const struct sb_attr *a, const struct sb_target *target, const char *text,
                        struct sb_row *row)
{
    struct sb_ref ref;
    bool fits = false;
    int found;

    if (!sb_body_ref(c, t, text, &ref))
        return false;
    for (size_t i = 0; i < a->n_targets; i++)
        fits = fits || (strcmp(a->target[i].table, ref.table->name) == 0 &&
                        (!target || target == &a->target[i]));
    if (!fits)
        return sb_fail_payload(&c->e, t,
                               "The record '%s(%s)' cannot be bound to the navigation property "
                               "'%.100s'.",
                               ref.table->set, ref.id, nav);
    found = sb_row_exists(c->conn, ref.table, ref.id, &c->e);
    if (found <= 0)
        return found < 0 ? false : sb_fail_missing(&c->e, ref.table, ref.id);
    sb_body_point(t, a, ref.table, ref.id, row);
    return true;
}

bool sb_body_ref(struct sb_call *c, const struct sb_table *t, const char *text, struct sb_ref *ref)
{
    return *text == '$' ? by_content_id(c, text, ref) : sb_ref_parse(text, t, ref, &c->e);
}

void sb_body_point(const struct sb_table *t, const struct sb_attr *a, const struct sb_table *to,
                   const char *id, struct sb_row *row)
{
    sb_row_set(t, row, a->name, sb_value_text(id));
    row->target[sb_attr_index(t, a)] = to;
}

static bool not_on_update(struct sb_call *c, const char *name)
{
    return sb_fail(&c->e, 400, "0x80060888",
                   "An update creates no related records: the navigation property '%.200s' takes "
                   "a reference ('@odata.bind') or null.",
                   name);
}

static bool bind(struct sb_call *c, const struct sb_table *t, const char *property,
                 const json_t *value, bool create, struct sb_row *row)
{
    const struct sb_target *target = NULL;
    const struct sb_attr *a = sb_nav_single(t, property, &target);
    struct sb_relation r;

    if (!a && sb_nav_collection(t, property, &r))
        return create ? sb_related_check(c, t, property, value) : not_on_update(c, property);
    if (!a)
        return undeclared(c, t, property);
    if (!json_is_string(value) && !json_is_null(value))
        return sb_fail_payload(&c->e, t, "The value of '%.200s@odata.bind' must be a string.",
                               property);
    if (unwritable(a, create))
        return true;
    if (json_is_string(value))
        return bind_single(c, t, property, a, target, json_string_value(value), row);
    sb_row_set(t, row, a->name, (struct sb_value){ .kind = SB_NULL });
    return true;
}

static bool annotation(struct sb_call *c, const struct sb_table *t, const char *key, const char *at,
                       const json_t *value, const json_t *body, bool create, struct sb_row *row)
{
    MSX_AUTO(msx_free_p) char *property = sb_ndup(key, (size_t)(at - key));
    const struct sb_target *target;

    if (strcmp(at, "@odata.bind") == 0)
        return bind(c, t, property, value, create, row);
    if (sb_attr_by_property(t, property) || sb_nav_single(t, property, &target) ||
        json_object_get(body, property))
        return true;
    return undeclared(c, t, property);
}

static bool navigation(struct sb_call *c, const struct sb_table *t, const struct sb_attr *a,
                       const struct sb_target *target, const char *key, const json_t *value,
                       bool create, struct sb_row *row)
{
    if (json_is_null(value)) {
        if (!unwritable(a, create))
            sb_row_set(t, row, a->name, (struct sb_value){ .kind = SB_NULL });
        return true;
    }
    if (json_is_object(value))
        return create ? sb_related_above(c, t, a, target, key, value, row) : not_on_update(c, key);
    return sb_fail_payload(&c->e, t,
                           "A '%s' node with non-null value was found when trying to "
                           "read the value of the navigation property '%.200s'; however, a "
                           "'StartObject' node, or a 'PrimitiveValue' node with null value was "
                           "expected.",
                           json_is_array(value) ? "StartArray" : "PrimitiveValue", key);
}

static bool column(struct sb_call *c, const struct sb_table *t, const struct sb_attr *a,
                   const json_t *value, bool create, const char *key, struct sb_row *row)
{
    struct sb_value v = { .kind = SB_NULL };

    if (sb_is_lookup(a))
        return sb_fail(&c->e, 400, "0x80060888",
                       "CRM do not support direct update of Entity Reference properties, Use "
                       "Navigation properties instead.");
    if (!sb_value_from_json(t, a, value, SB_FROM_CLIENT, &v, &c->e))
        return false;
    if (strcmp(a->name, t->pk) == 0) {
        bool same = !key || (v.kind == SB_TEXT && strcmp(v.s, key) == 0);

        if (create && v.kind == SB_TEXT && same)
            sb_row_set(t, row, a->name, v);
        else
            sb_value_release(&v);
        return same ? true
                    : sb_fail(&c->e, 400, "0x80060888",
                              "The key '%s' of the body is not the URL's.", a->name);
    }
    if (unwritable(a, create))
        sb_value_release(&v);
    else
        sb_row_set(t, row, a->name, v);
    return true;
}

bool sb_body_to_row(struct sb_call *c, const struct sb_table *t, const json_t *body, bool create,
                    const char *key, struct sb_row *row)
{
    const struct sb_target *target;
    const struct sb_attr *a;
    struct sb_relation r;
    bool ok = true;

    for (void *it = json_object_iter((json_t *)(uintptr_t)body); it && ok;
         it = json_object_iter_next((json_t *)(uintptr_t)body, it)) {
        const char *name = json_object_iter_key(it);
        const json_t *value = json_object_iter_value(it);
        const char *at = strchr(name, '@');

        if (at == name)
            continue; /* @odata.type, @odata.etag */
        if (at)
            ok = annotation(c, t, name, at, value, body, create, row);
        else if ((a = sb_attr_by_property(t, name)))
            ok = column(c, t, a, value, create, key, row);
        else if ((a = sb_nav_single(t, name, &target)))
            ok = navigation(c, t, a, target, name, value, create, row);
        else if (sb_nav_collection(t, name, &r))
            ok = create ? sb_related_check(c, t, name, value) : not_on_update(c, name);
        else
            ok = sb_fail(&c->e, 400, "0x80090801",
                         "Invalid property '%.200s' was found in entity "
                         "'Microsoft.Dynamics.CRM.%s'.",
                         name, t->name);
    }
    return ok;
}
