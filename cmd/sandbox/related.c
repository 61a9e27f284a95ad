/* Deep insert: records above and below a new one, in its transaction. */
#include "related.h"

#include <string.h>

#include "body.h"
#include "msxops/json.h"
#include "msxops/mem.h"

static const char *node_kind(const json_t *value)
{
    return json_is_object(value)  ? "StartObject"
           : json_is_array(value) ? "StartArray"
                                  : "PrimitiveValue";
}

bool sb_related_check(struct sb_call *c, const struct sb_table *t, const char *nav,
                      const json_t *value)
{
    if (json_is_array(value))
        return true;
    return sb_fail_payload(&c->e, t,
                           "A '%s' node was found when trying to read the contents of the "
                           "navigation property '%.200s'; however, a 'StartArray' node was "
                           "expected.",
                           node_kind(value), nav);
}

static bool create(struct sb_call *c, const struct sb_table *t, const json_t *body,
                   const struct sb_link *link, char id[37])
{
    bool ok;

    if (c->level >= SB_MAX_LEVELS)
        return sb_fail(&c->e, 400, "0x80060888",
                       "Related records can be created together with a record over at most %d "
                       "levels.",
                       SB_MAX_LEVELS);
    c->level++;
    ok = sb_write_new(c, t, body, NULL, link, id);
    c->level--;
    return ok;
}

/* --- above --- */

/* The table of the object in a lookup: the only one possible, or what "@odata.type" says. */
static const struct sb_table *type_of(struct sb_call *c, const struct sb_table *t,
                                      const struct sb_attr *a, const struct sb_target *target,
                                      const char *nav, const json_t *value)
{
    static const char prefix[] = "Microsoft.Dynamics.CRM.";
    const char *type = msx_json_str(value, "@odata.type"), *name;

    if (!type && target)
        return sb_table_by_name(target->table);
    if (!type) {
        (void)sb_fail_payload(&c->e, t,
                              "The type of the record in '%.100s' is abstract: "
                              "'@odata.type' must name it.",
                              nav);
        return NULL;
    }
    name = type + (*type == '#');
    name += strncmp(name, prefix, sizeof prefix - 1) == 0 ? sizeof prefix - 1 : 0;
    for (size_t i = 0; i < a->n_targets; i++)
        if ((!target || target == &a->target[i]) && strcmp(a->target[i].table, name) == 0)
            return sb_table_by_name(name);
    (void)sb_fail_payload(&c->e, t,
                          "A record of the type '%.100s' was found in the navigation property "
                          "'%.100s', which does not take it.",
                          type, nav);
    return NULL;
}

static bool not_for_clients(struct sb_call *c, const struct sb_table *t, const char *nav)
{
    return sb_fail_payload(&c->e, t, "The navigation property '%.100s' is set by the service only.",
                           nav);
}

bool sb_related_above(struct sb_call *c, const struct sb_table *t, const struct sb_attr *a,
                      const struct sb_target *target, const char *nav, const json_t *value,
                      struct sb_row *row)
{
    const struct sb_table *to;
    char id[37];

    if (a->flags & SB_NO_CREATE)
        return not_for_clients(c, t, nav);
    to = type_of(c, t, a, target, nav, value);
    if (!to || !create(c, to, value, NULL, id))
        return false;
    sb_body_point(t, a, to, id, row);
    return true;
}

/* --- below --- */

static bool create_each(struct sb_call *c, const struct sb_table *t, const char *nav,
                        const json_t *list, const struct sb_link *link)
{
    char id[37];

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *body = json_array_get(list, i);

        if (!json_is_object(body))
            return sb_fail_payload(&c->e, t,
                                   "A '%s' node was found in the navigation property '%.200s'; "
                                   "however, a 'StartObject' node was expected.",
                                   node_kind(body), nav);
        if (!create(c, link->r.child, body, link, id))
            return false;
    }
    return true;
}

static bool take_each(struct sb_call *c, const struct sb_table *t, const char *nav,
                      const json_t *list, const struct sb_link *link)
{
    struct sb_ref ref;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (!text)
            return sb_fail_payload(&c->e, t, "Every value in '%.200s@odata.bind' must be a string.",
                                   nav);
        if (!sb_body_ref(c, t, text, &ref))
            return false;
        if (ref.table != link->r.child)
            return sb_fail_payload(&c->e, t,
                                   "The record '%s(%s)' cannot be bound to the navigation property "
                                   "'%.100s'.",
                                   ref.table->set, ref.id, nav);
        if (!sb_write_link(c, ref.id, link))
            return false;
    }
    return true;
}

bool sb_related_below(struct sb_call *c, const struct sb_table *t, const char *id,
                      const json_t *body)
{
    bool ok = true;

    for (void *it = json_object_iter((json_t *)(uintptr_t)body); it && ok;
         it = json_object_iter_next((json_t *)(uintptr_t)body, it)) {
        const char *key = json_object_iter_key(it), *at = strchr(key, '@');
        MSX_AUTO(msx_free_p)
        char *nav = sb_ndup(key, at ? (size_t)(at - key) : strlen(key));
        const json_t *list = json_object_iter_value(it);
        struct sb_link link = { .id = id };

        if (!json_is_array(list) || !sb_nav_collection(t, nav, &link.r))
            continue;
        if (link.r.attr->flags & SB_NO_CREATE)
            ok = not_for_clients(c, t, nav);
        else if (!at)
            ok = create_each(c, t, nav, list, &link);
        else if (strcmp(at, "@odata.bind") == 0)
            ok = take_each(c, t, nav, list, &link);
    }
    return ok;
}
