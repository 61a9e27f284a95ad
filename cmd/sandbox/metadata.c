/* Metadata requests: tables, columns, option sets, relationships, service document, CSDL. */
#include <stdio.h>
#include <string.h>

#include "meta_json.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "options.h"
#include "service.h"

#define NAMESPACE "Microsoft.Dynamics.CRM."

/* --- narrowing: $select, $filter, $expand on JSON objects --- */

/* startswith, contains and their like are not there for metadata. */
static bool refuse_functions(struct sb_call *c, const struct sb_node *n)
{
    if (!n)
        return true;
    if (n->kind == SB_FUNCTION || n->kind == SB_CRM || n->kind == SB_LAMBDA)
        return sb_fail(&c->e, 501, "0x8006088a",
                       "The \"%s\" function isn't supported for Metadata Entities.", n->name);
    return refuse_functions(c, n->left) && refuse_functions(c, n->right);
}

/* "RequiredLevel/Value" of an object: borrowed, or NULL. */
static const json_t *at_path(const json_t *j, const char *path)
{
    while (j) {
        size_t n = strcspn(path, "/");
        MSX_AUTO(msx_free_p) char *key = sb_ndup(path, n);

        j = json_object_get(j, key);
        if (!path[n])
            return j;
        path += n + 1;
    }
    return NULL;
}

static bool equals(const json_t *j, const struct sb_operand *o)
{
    switch (o->type) {
    case SB_LIT_NULL:
        return !j || json_is_null(j);
    case SB_LIT_STRING:
    case SB_LIT_GUID:
    case SB_LIT_DATE:
    case SB_LIT_DATETIME:
        return json_is_string(j) && msx_ieq(json_string_value(j), o->text);
    case SB_LIT_BOOL:
        return json_is_boolean(j) && json_is_true(j) == (o->integer != 0);
    case SB_LIT_INT:
        return json_is_integer(j) && json_integer_value(j) == o->integer;
    case SB_LIT_REAL:
        return json_is_number(j) && json_number_value(j) == o->real;
    }
    return false;
}

static bool matches(struct sb_call *c, const json_t *j, const struct sb_node *n, bool *out)
{
    bool right = false;
    const json_t *value;

    switch (n->kind) {
    case SB_AND:
    case SB_OR:
        if (!matches(c, j, n->left, out) || !matches(c, j, n->right, &right))
            return false;
        *out = n->kind == SB_AND ? *out && right : *out || right;
        return true;
    case SB_NOT:
        if (!matches(c, j, n->left, out))
            return false;
        *out = !*out;
        return true;
    case SB_CONSTANT:
        *out = n->truth;
        return true;
    case SB_COMPARE:
        if (!n->a.is_path || n->b.is_path || (n->op != SB_EQ && n->op != SB_NE))
            return sb_fail(&c->e, 501, "0x8006088a",
                           "Only eq and ne with a value are supported for Metadata Entities.");
        value = at_path(j, n->a.path);
        if (!value && !strchr(n->a.path, '/'))
            return sb_fail(&c->e, 400, "0x80060888",
                           "Could not find a property named '%.200s' on the metadata type.",
                           n->a.path);
        *out = equals(value, &n->b) == (n->op == SB_EQ);
        return true;
    case SB_FUNCTION:
    case SB_CRM:
    case SB_LAMBDA:
        break;
    }
    return false;
}

/* AttributeTypeCode'Picklist' and its like are strings to the filter's parser. */
static char *plain_enums(const char *filter)
{
    size_t n = strlen(filter), o = 0;
    char *out = sb_alloc(n + 1);

    for (size_t i = 0; i < n; i++) {
        size_t k = strncmp(filter + i, NAMESPACE, sizeof NAMESPACE - 1) == 0
                       ? strcspn(filter + i, "' )")
                       : 0;

        if (k && filter[i + k] == '\'')
            i += k;
        out[o++] = filter[i];
    }
    return out;
}

/* Keep what $select names (and MetadataId, and @ members). Expanded members come beside. */
static bool narrow(struct sb_call *c, json_t *j, const char *select)
{
    const char **name;
    size_t n;
    void *tmp;
    const char *key;
    json_t *value;

    if (!select)
        return true;
    n = sb_split(&c->arena, select, ',', &name);
    for (size_t i = 0; i < n; i++)
        if (!json_object_get(j, name[i]))
            return sb_fail(&c->e, 400, "0x80060888",
                           "Could not find a property named '%.200s' on the metadata type.",
                           name[i]);
    json_object_foreach_safe(j, tmp, key, value) {
        bool keep = strcmp(key, "MetadataId") == 0 || *key == '@';

        for (size_t i = 0; i < n && !keep; i++)
            keep = strcmp(name[i], key) == 0;
        if (!keep)
            (void)json_object_del(j, key);
    }
    return true;
}

/* "Attributes($select=LogicalName;$filter=...)" split into name and options. */
struct expansion {
    char name[64];
    const char *select;
    const char *filter;
    const char *expand;
};

static bool parse_expansion(struct sb_call *c, const char *item, struct expansion *out)
{
    size_t n = strcspn(item, "(");
    const char **option;
    size_t count, len = strlen(item);

    memset(out, 0, sizeof *out);
    (void)snprintf(out->name, sizeof out->name, "%.*s", (int)n, item);
    if (!item[n])
        return true;
    if (item[len - 1] != ')')
        return sb_fail(&c->e, 400, "0x80060888", "Syntax error in $expand at '%.200s'.", item);
    count = sb_split(&c->arena, sb_arena_text(&c->arena, item + n + 1, len - n - 2), ';', &option);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(option[i], "$select=", 8) == 0)
            out->select = option[i] + 8;
        else if (strncmp(option[i], "$filter=", 8) == 0)
            out->filter = option[i] + 8;
        else if (strncmp(option[i], "$expand=", 8) == 0)
            out->expand = option[i] + 8;
        else
            return sb_fail(&c->e, 400, "0x80060888", "The query parameter %.60s is not supported",
                           option[i]);
    }
    return true;
}

static bool filtered(struct sb_call *c, json_t *list, const char *filter)
{
    MSX_AUTO(msx_free_p) char *plain = NULL;
    struct sb_node *n = NULL;

    if (!filter)
        return true;
    plain = plain_enums(filter);
    if (!sb_filter_parse(&c->arena, plain, &c->options, &n, &c->e) || !refuse_functions(c, n))
        return false;
    for (size_t i = json_array_size(list); i-- > 0;) {
        bool keep = false;

        if (!matches(c, json_array_get(list, i), n, &keep))
            return false;
        if (!keep)
            (void)json_array_remove(list, i);
    }
    return true;
}

static json_t *subject(const json_t *j, const struct expansion *x)
{
    const struct sb_table *t =
        sb_table_by_name(json_string_value(json_object_get(j, "LogicalName")));

    if (t && strcmp(x->name, "Attributes") == 0)
        return sb_meta_attributes(t, NULL);
    if (t && strcmp(x->name, "ManyToOneRelationships") == 0)
        return sb_meta_relations(t, NULL);
    if (t && strcmp(x->name, "OneToManyRelationships") == 0)
        return sb_meta_relations(NULL, t);
    if (t && strcmp(x->name, "ManyToManyRelationships") == 0)
        return json_array();
    return NULL;
}

/* Option sets are members of the full object already: an $expand lets them through. */
static bool expand(struct sb_call *c, json_t *j, const json_t *full, const char *text, bool cast)
{
    const char **item;
    size_t n = text ? sb_split(&c->arena, text, ',', &item) : 0;

    for (size_t i = 0; i < n; i++) {
        struct expansion x;
        json_t *value;

        if (!parse_expansion(c, item[i], &x))
            return false;
        value = subject(full, &x);
        if (!value &&
            (strcmp(x.name, "OptionSet") == 0 || strcmp(x.name, "GlobalOptionSet") == 0) && cast &&
            json_object_get(full, x.name))
            value = json_deep_copy(json_object_get(full, x.name));
        if (!value)
            return sb_fail(&c->e, 400, "0x80060888",
                           "Could not find a property named '%.60s' on the metadata type.", x.name);
        sb_set(j, x.name, value);
        if (json_is_array(value)) {
            if (!filtered(c, value, x.filter))
                return false;
            for (size_t k = 0; k < json_array_size(value); k++) {
                json_t *child = json_array_get(value, k);

                (void)json_object_del(child, "OptionSet");
                (void)json_object_del(child, "GlobalOptionSet");
                if (!narrow(c, child, x.select))
                    return false;
            }
        } else if (json_is_object(value) && !narrow(c, value, x.select)) {
            return false;
        }
    }
    return true;
}

static bool shape(struct sb_call *c, json_t *j, bool cast)
{
    json_auto_t *full = json_deep_copy(j);

    (void)json_object_del(j, "OptionSet");
    (void)json_object_del(j, "GlobalOptionSet");
    return narrow(c, j, sb_options_get(&c->options, "$select")) &&
           expand(c, j, full, sb_options_get(&c->options, "$expand"), cast);
}

static bool check_options(struct sb_call *c, bool list)
{
    for (size_t i = 0; i < c->options.n; i++) {
        const char *name = c->options.item[i].name;

        if (*name != '$' || strcmp(name, "$select") == 0 || strcmp(name, "$expand") == 0 ||
            (list && strcmp(name, "$filter") == 0))
            continue;
        return sb_fail(&c->e, list && strcmp(name, "$top") == 0 ? 501 : 400, "0x8006088a",
                       "The query option %.60s isn't supported for Metadata Entities.", name);
    }
    return true;
}

/* --- answers --- */

static bool answer(struct sb_call *c, json_t *body)
{
    sb_response_json(c->r, 200, body);
    sb_response_header(c->r, "Content-Type", "application/json; odata.metadata=minimal");
    json_decref(body);
    return true;
}

static bool answer_list(struct sb_call *c, json_t *list, const char *type, bool cast)
{
    json_t *body = json_object();
    char context[300];
    bool ok = check_options(c, true) && filtered(c, list, sb_options_get(&c->options, "$filter"));

    (void)snprintf(context, sizeof context, "%s$metadata#%s", c->api, type);
    sb_set_str(body, "@odata.context", context);
    sb_set(body, "value", list);
    for (size_t i = 0; ok && i < json_array_size(list); i++)
        ok = shape(c, json_array_get(list, i), cast);
    if (ok)
        return answer(c, body);
    json_decref(body);
    return false;
}

static bool answer_one(struct sb_call *c, json_t *j, const char *type, bool cast)
{
    json_t *body = json_object();
    char context[300];
    bool ok = check_options(c, false) && shape(c, j, cast);

    (void)snprintf(context, sizeof context, "%s$metadata#%s/$entity", c->api, type);
    sb_set_str(body, "@odata.context", context);
    if (ok && json_object_update(body, j) < 0)
        sb_die("out of memory");
    json_decref(j);
    if (ok)
        return answer(c, body);
    json_decref(body);
    return false;
}

static bool no_segment(struct sb_call *c, const char *name)
{
    return sb_fail(&c->e, 404, "0x8006088a", "Resource not found for the segment '%.200s'.", name);
}

/* "Name(LogicalName='x')" to x; "" for "Name" alone; NULL when malformed. */
static char *key_of(const char *segment, const char *property)
{
    const char *open = strchr(segment, '(');
    size_t k = strlen(property), n;

    if (!open)
        return sb_dup("");
    n = strlen(++open);
    if (n < k + 4 || strncmp(open, property, k) != 0 || strncmp(open + k, "='", 2) != 0 ||
        strcmp(open + n - 2, "')") != 0)
        return NULL;
    return sb_ndup(open + k + 2, n - k - 4);
}

static bool known_cast(const char *cast)
{
    static const char *const types[] = {
        "Picklist",
        "Status",
        "State",
        "MultiSelectPicklist",
        "Boolean",
        "DateTime",
        "String",
        "Lookup",
        "Memo",
        "Integer",
        "BigInt",
        "Decimal",
        "Double",
        "Money",
        "UniqueIdentifier",
    };
    size_t n = strlen(cast);

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t k = strlen(types[i]);

        if (n == k + 17 && strncmp(cast, types[i], k) == 0 &&
            strcmp(cast + k, "AttributeMetadata") == 0)
            return true;
    }
    return false;
}

static bool attributes(struct sb_call *c, const struct sb_table *t)
{
    MSX_AUTO(msx_free_p) char *name = key_of(c->rest[0], "LogicalName");
    const char *cast = c->n_rest > 1 ? c->rest[1] : NULL;
    const struct sb_attr *a;
    json_t *j;

    if (cast && strncmp(cast, NAMESPACE, sizeof NAMESPACE - 1) != 0) {
        if (strcmp(cast, "OptionSet") != 0)
            return no_segment(c, cast);
        return sb_fail(&c->e, 400, "0x80060888",
                       "OptionSet belongs to a typed column: cast the attribute first.");
    }
    cast = cast ? cast + sizeof NAMESPACE - 1 : NULL;
    if (!name || (cast && !known_cast(cast)))
        return sb_fail(&c->e, 400, "0x80060888", "The segment '%.200s' cannot be read.",
                       cast ? cast : c->rest[0]);
    if (!*name)
        return answer_list(c, sb_meta_attributes(t, cast), "EntityDefinitions/Attributes", cast);
    a = sb_attr_by_name(t, name);
    if (!a || (cast && strcmp(sb_meta_type(a), cast) != 0))
        return sb_fail(&c->e, 404, "0x80060888",
                       "Could not find an attribute with specified name %.100s for entity %s", name,
                       t->name);
    j = sb_meta_attribute(t, a);
    if (c->n_rest == 3) { /* .../OptionSet */
        json_t *value = json_incref(json_object_get(j, c->rest[2]));

        json_decref(j);
        if (!value)
            return no_segment(c, c->rest[2]);
        return json_is_null(value) ? (json_decref(value), c->r->status = 204, true)
                                   : answer(c, value);
    }
    return answer_one(c, j, "EntityDefinitions/Attributes", cast != NULL);
}

static bool entity_definitions(struct sb_call *c, const char *first)
{
    MSX_AUTO(msx_free_p) char *name = key_of(first, "LogicalName");
    const struct sb_table *t;

    if (strcspn(first, "(") != 17)
        return no_segment(c, first);
    if (name && !*name)
        return answer_list(c, sb_meta_tables(), "EntityDefinitions", false);
    t = name ? sb_table_by_name(name) : sb_meta_table_by_id(first + 17);
    if (!t)
        return sb_fail(&c->e, 404, "0x80060888",
                       "Could not find an entity with specified entity name: %.200s",
                       name ? name : first);
    if (!c->n_rest)
        return answer_one(c, sb_meta_table(t), "EntityDefinitions", false);
    if (strncmp(c->rest[0], "Attributes", 10) == 0)
        return attributes(c, t);
    if (strcmp(c->rest[0], "ManyToOneRelationships") == 0)
        return answer_list(c, sb_meta_relations(t, NULL),
                           "EntityDefinitions/ManyToOneRelationships", false);
    if (strcmp(c->rest[0], "OneToManyRelationships") == 0)
        return answer_list(c, sb_meta_relations(NULL, t),
                           "EntityDefinitions/OneToManyRelationships", false);
    if (strcmp(c->rest[0], "ManyToManyRelationships") == 0)
        return answer_list(c, json_array(), "EntityDefinitions/ManyToManyRelationships", false);
    return no_segment(c, c->rest[0]);
}

static bool global_option_sets(struct sb_call *c, const char *first)
{
    MSX_AUTO(msx_free_p) char *name = key_of(first, "Name");
    json_t *list;

    if (name && *name) {
        for (size_t i = 0; i < sb_n_global_sets; i++)
            if (strcmp(sb_global_sets[i]->name, name) == 0)
                return answer_one(c, sb_meta_optionset(sb_global_sets[i], NULL),
                                  "GlobalOptionSetDefinitions", true);
        return sb_fail(&c->e, 404, "0x80040217", "Could not find optionset with name %.100s", name);
    }
    if (!name)
        return no_segment(c, first);
    if (sb_options_get(&c->options, "$filter"))
        return sb_fail(&c->e, 501, "0x8006088a",
                       "The query option $filter isn't supported for GlobalOptionSetDefinitions.");
    list = json_array();
    for (size_t i = 0; i < sb_n_global_sets; i++)
        sb_append(list, sb_meta_optionset(sb_global_sets[i], NULL));
    return answer_list(c, list, "GlobalOptionSetDefinitions", true);
}

static bool relationship_definitions(struct sb_call *c, const char *first)
{
    MSX_AUTO(msx_free_p) char *name = key_of(first, "SchemaName");
    json_t *list = sb_meta_relations(NULL, NULL);

    if (name && *name) {
        for (size_t i = 0; i < json_array_size(list); i++) {
            json_t *j = json_array_get(list, i);

            if (strcmp(json_string_value(json_object_get(j, "SchemaName")), name) != 0)
                continue;
            (void)json_incref(j);
            json_decref(list);
            return answer_one(c, j, "RelationshipDefinitions", false);
        }
        json_decref(list);
        return sb_fail(&c->e, 404, "0x80040217", "Could not find relationship %.100s", name);
    }
    if (!name ||
        (c->n_rest && strcmp(c->rest[0], NAMESPACE "OneToManyRelationshipMetadata") != 0)) {
        json_decref(list);
        if (name && strcmp(c->rest[0], NAMESPACE "ManyToManyRelationshipMetadata") == 0)
            return answer_list(c, json_array(), "RelationshipDefinitions", false);
        return no_segment(c, name ? c->rest[0] : first);
    }
    return answer_list(c, list, "RelationshipDefinitions", false);
}

bool sb_metadata(struct sb_call *c, const char *first)
{
    if (*first == 'E')
        return entity_definitions(c, first);
    if (*first == 'G')
        return global_option_sets(c, first);
    return relationship_definitions(c, first);
}
