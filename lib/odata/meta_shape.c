/* From the service's metadata (EntityDefinitions) to the short form that callers read. */
#include <string.h>

#include "odata/meta.h"

/* UserLocalizedLabel may be null: then the first of LocalizedLabels. */
static const char *label_of(const json_t *label)
{
    const json_t *user = msx_json_obj(label, "UserLocalizedLabel");
    const char *text = msx_json_str(user, "Label");

    if (!text)
        text = msx_json_str(json_array_get(msx_json_arr(label, "LocalizedLabels"), 0), "Label");
    return text;
}

static int add_option(json_t *list, const json_t *option)
{
    MSX_AUTO(msx_json_free_p) json_t *o = json_object();
    json_int_t value, state;

    if (!o || !msx_json_int(option, "Value", &value))
        return o ? 0 : -1; /* an option without a value cannot be written nor met */
    if (json_object_set_new(o, "value", json_integer(value)) ||
        msx_json_set_str(o, "label", label_of(msx_json_obj(option, "Label"))))
        return -1;
    if (msx_json_int(option, "State", &state) &&
        json_object_set_new(o, "state", json_integer(state)))
        return -1;
    return json_array_append(list, o);
}

json_t *meta_shape_options(const json_t *attribute)
{
    const json_t *set = msx_json_obj(attribute, "OptionSet");
    MSX_AUTO(msx_json_free_p) json_t *list = json_array();
    json_t *options;
    size_t i;
    json_t *option;

    if (!list)
        return NULL;
    if (!set)
        set = msx_json_obj(attribute, "GlobalOptionSet");
    options = msx_json_arr(set, "Options");
    json_array_foreach(options, i, option) {
        if (add_option(list, option))
            return NULL;
    }
    if (!options) { /* yes/no columns */
        const json_t *no = msx_json_obj(set, "FalseOption");
        const json_t *yes = msx_json_obj(set, "TrueOption");

        if ((no && add_option(list, no)) || (yes && add_option(list, yes)))
            return NULL;
    }
    return MSX_STEAL(list);
}

const json_t *meta_find_attribute(const json_t *list, const char *column)
{
    size_t i;
    const json_t *a;

    json_array_foreach(list, i, a) {
        const char *name = msx_json_str(a, "LogicalName");

        if (name && strcmp(name, column) == 0)
            return a;
    }
    return NULL;
}

/* {"Value": x} of a managed or required-level property, or the plain value. */
static const json_t *value_of(const json_t *obj, const char *key)
{
    const json_t *v = json_object_get(obj, key);

    return json_is_object(v) ? json_object_get(v, "Value") : v;
}

static int add_details(json_t *p, const char *name, json_t *const raw[META_SECTIONS])
{
    static const enum meta_section with_options[] = { META_PICKLIST, META_MULTISELECT, META_STATUS,
                                                      META_STATE, META_BOOLEAN };
    const json_t *a = meta_find_attribute(raw[META_LOOKUP], name);
    json_t *targets = msx_json_arr(a, "Targets");
    json_int_t max;

    if (json_object_set_new(p, "lookupTargets", targets ? json_copy(targets) : json_array()))
        return -1;
    a = NULL;
    for (size_t i = 0; !a && i < sizeof(with_options) / sizeof(*with_options); i++)
        a = meta_find_attribute(raw[with_options[i]], name);
    if (json_object_set_new(p, "options", a ? meta_shape_options(a) : json_array()))
        return -1;
    a = meta_find_attribute(raw[META_DATE], name);
    if (a) {
        const char *behavior = json_string_value(value_of(a, "DateTimeBehavior"));

        if (behavior && msx_json_set_str(p, "dateBehavior", behavior))
            return -1;
    }
    a = meta_find_attribute(raw[META_STRING], name);
    if (!a)
        a = meta_find_attribute(raw[META_MEMO], name);
    if (msx_json_int(a, "MaxLength", &max) &&
        json_object_set_new(p, "maxLength", json_integer(max)))
        return -1;
    return 0;
}

static json_t *shape_property(const json_t *a, const char *name, json_t *const raw[META_SECTIONS])
{
    MSX_AUTO(msx_json_free_p) json_t *p = json_object();
    const char *level = json_string_value(value_of(a, "RequiredLevel"));
    bool required = level && (strcmp(level, "ApplicationRequired") == 0 ||
                              strcmp(level, "SystemRequired") == 0);
    const char *type = msx_json_str_or(a, "AttributeType", "");

    /* multi-select choices and files say "Virtual" here; what they are is in their cast */
    if (strcmp(type, "Virtual") == 0 && meta_find_attribute(raw[META_MULTISELECT], name))
        type = "MultiSelectPicklist";
    if (!p || msx_json_set_str(p, "name", name) || msx_json_set_str(p, "type", type) ||
        msx_json_set_str(p, "displayName", label_of(msx_json_obj(a, "DisplayName"))) ||
        json_object_set_new(p, "required", json_boolean(required)) ||
        json_object_set_new(p, "createable",
                            json_boolean(msx_json_bool_or(a, "IsValidForCreate", false))) ||
        json_object_set_new(p, "updateable",
                            json_boolean(msx_json_bool_or(a, "IsValidForUpdate", false))) ||
        add_details(p, name, raw))
        return NULL;
    return MSX_STEAL(p);
}

struct column {
    const char *name; /* borrowed from the service's answer */
    json_t *shaped;
};

static int by_name(const void *a, const void *b)
{
    const struct column *x = a;
    const struct column *y = b;

    return strcmp(x->name, y->name);
}

/* All readable columns, ordered by name. */
static json_t *shape_properties(json_t *const raw[META_SECTIONS])
{
    size_t n = json_array_size(raw[META_ATTRIBUTES]);
    MSX_AUTO(msx_free_p) struct column *items = msx_calloc(n ? n : 1, sizeof(*items));
    json_t *list = json_array();
    bool bad = !items || !list;
    size_t kept = 0, i;
    const json_t *a;

    json_array_foreach(raw[META_ATTRIBUTES], i, a) {
        const char *name = msx_json_str(a, "LogicalName");

        /* the text twins of lookups and choices ("owneridname") cannot be asked for */
        if (bad || !name || !msx_json_bool_or(a, "IsValidForRead", true) ||
            msx_json_str(a, "AttributeOf"))
            continue;
        items[kept].name = name;
        items[kept].shaped = shape_property(a, name, raw);
        bad = !items[kept].shaped;
        kept += !bad;
    }
    if (!bad)
        qsort(items, kept, sizeof(*items), by_name);
    for (i = 0; i < kept; i++) {
        if (bad)
            json_decref(items[i].shaped);
        else
            bad = json_array_append_new(list, items[i].shaped) != 0;
    }
    if (bad) {
        json_decref(list);
        return NULL;
    }
    return list;
}

json_t *meta_shape_table(json_t *const raw[META_SECTIONS])
{
    const json_t *core = raw[META_CORE];
    MSX_AUTO(msx_json_free_p) json_t *t = json_object();

    if (!t || msx_json_set_str(t, "logicalName", msx_json_str(core, "LogicalName")) ||
        msx_json_set_str(t, "entitySetName", msx_json_str(core, "EntitySetName")) ||
        msx_json_set_str(t, "primaryId", msx_json_str(core, "PrimaryIdAttribute")) ||
        msx_json_set_str(t, "primaryName", msx_json_str(core, "PrimaryNameAttribute")) ||
        json_object_set_new(
            t, "optimisticConcurrency",
            json_boolean(msx_json_bool_or(core, "IsOptimisticConcurrencyEnabled", false))) ||
        json_object_set_new(t, "properties", shape_properties(raw)))
        return NULL;
    return MSX_STEAL(t);
}
