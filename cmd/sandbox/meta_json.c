/* Metadata objects, made from the schema on every request. */
#include "meta_json.h"

#include <stdio.h>
#include <string.h>

#include "msxops/json.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "sb.h"

#define ENGLISH 1033

/* A MetadataId that stays: the first half of a hash of the name, in a GUID's clothes. */
static void metadata_id(const char *kind, const char *name, char out[37])
{
    MSX_AUTO(msx_free_p) char *text = msx_asprintf("%s/%s", kind, name);
    char h[65];

    if (!text)
        sb_die("out of memory");
    msx_sha256_hex(text, strlen(text), h);
    (void)snprintf(out, 37, "%.8s-%.4s-4%.3s-8%.3s-%.12s", h, h + 8, h + 12, h + 15, h + 18);
}

static json_t *localized(const char *text)
{
    json_t *l = json_object();

    sb_set_str(l, "Label", text);
    sb_set(l, "LanguageCode", json_integer(ENGLISH));
    sb_set(l, "IsManaged", json_true());
    sb_set(l, "MetadataId", json_null());
    sb_set(l, "HasChanged", json_null());
    return l;
}

/* UserLocalizedLabel is null where the user's language has no label of its own. */
static json_t *label(const char *text, bool no_user_label)
{
    json_t *l = json_object(), *list = json_array();

    if (text)
        sb_append(list, localized(text));
    sb_set(l, "LocalizedLabels", list);
    sb_set(l, "UserLocalizedLabel", text && !no_user_label ? localized(text) : json_null());
    return l;
}

static json_t *managed(bool value, const char *name)
{
    json_t *m = json_object();

    sb_set(m, "Value", json_boolean(value));
    sb_set(m, "CanBeChanged", json_true());
    sb_set_str(m, "ManagedPropertyLogicalName", name);
    return m;
}

/* --- option sets --- */

static json_t *option(const struct sb_optionset *set, const struct sb_option *o,
                      const struct sb_attr *a)
{
    json_t *j = json_object();
    char name[120];

    if (a && (a->type == SB_STATUS || a->type == SB_STATE)) {
        (void)snprintf(name, sizeof name, "#Microsoft.Dynamics.CRM.%sOptionMetadata",
                       a->type == SB_STATUS ? "Status" : "State");
        sb_set_str(j, "@odata.type", name);
    }
    sb_set(j, "Value", json_integer(o->value));
    sb_set(j, "Label", label(o->label, set->no_user_label));
    sb_set(j, "Description", label(NULL, false));
    sb_set(j, "Color", json_null());
    sb_set(j, "IsManaged", json_true());
    sb_set(j, "ExternalValue", json_null());
    sb_set(j, "ParentValues", json_array());
    sb_set(j, "MetadataId", json_null());
    if (a && a->type == SB_STATUS) {
        sb_set(j, "State", json_integer(o->state));
        sb_set(j, "TransitionData", json_null());
    }
    if (a && a->type == SB_STATE) {
        (void)snprintf(name, sizeof name, "%s",
                       strcmp(o->label, "Cancelled") == 0 ? "Canceled" : o->label);
        sb_set(j, "DefaultStatus", json_integer(o->state));
        sb_set_str(j, "InvariantName", name);
    }
    return j;
}

json_t *sb_meta_optionset(const struct sb_optionset *set, const struct sb_attr *a)
{
    json_t *j = json_object(), *list;
    char id[37];

    metadata_id("optionset", set->name, id);
    sb_set_str(j, "MetadataId", id);
    sb_set_str(j, "Name", set->name);
    sb_set(j, "DisplayName", label(set->label, false));
    sb_set(j, "Description", label(NULL, false));
    sb_set(j, "IsGlobal", json_boolean(set->global));
    sb_set(j, "IsCustomOptionSet", json_boolean(set->global));
    sb_set_str(j, "OptionSetType",
               a && a->type == SB_STATUS    ? "Status"
               : a && a->type == SB_STATE   ? "State"
               : a && a->type == SB_BOOLEAN ? "Boolean"
                                            : "Picklist");
    if (a && a->type == SB_BOOLEAN) {
        sb_set(j, "TrueOption", option(set, sb_option_by_value(set, 1), a));
        sb_set(j, "FalseOption", option(set, sb_option_by_value(set, 0), a));
        return j;
    }
    list = json_array();
    for (size_t i = 0; i < set->n; i++)
        sb_append(list, option(set, &set->option[i], a));
    sb_set(j, "Options", list);
    return j;
}

/* --- columns --- */

static const char *type_code(const struct sb_attr *a)
{
    switch (a->type) {
    case SB_STRING:
        return "String";
    case SB_MEMO:
        return "Memo";
    case SB_INTEGER:
        return "Integer";
    case SB_BIGINT:
        return "BigInt";
    case SB_DECIMAL:
        return "Decimal";
    case SB_DOUBLE:
        return "Double";
    case SB_MONEY:
        return "Money";
    case SB_BOOLEAN:
        return "Boolean";
    case SB_PICKLIST:
        return "Picklist";
    case SB_MULTI:
        return "Virtual";
    case SB_STATE:
        return "State";
    case SB_STATUS:
        return "Status";
    case SB_DATE:
    case SB_DATETIME:
        return "DateTime";
    case SB_GUID:
        return "Uniqueidentifier";
    case SB_LOOKUP:
        return "Lookup";
    case SB_OWNER:
        return "Owner";
    case SB_CUSTOMER:
        return "Customer";
    }
    return "String";
}

const char *sb_meta_type(const struct sb_attr *a)
{
    switch (a->type) {
    case SB_STRING:
        return "StringAttributeMetadata";
    case SB_MEMO:
        return "MemoAttributeMetadata";
    case SB_INTEGER:
        return "IntegerAttributeMetadata";
    case SB_BIGINT:
        return "BigIntAttributeMetadata";
    case SB_DECIMAL:
        return "DecimalAttributeMetadata";
    case SB_DOUBLE:
        return "DoubleAttributeMetadata";
    case SB_MONEY:
        return "MoneyAttributeMetadata";
    case SB_BOOLEAN:
        return "BooleanAttributeMetadata";
    case SB_PICKLIST:
        return "PicklistAttributeMetadata";
    case SB_MULTI:
        return "MultiSelectPicklistAttributeMetadata";
    case SB_STATE:
        return "StateAttributeMetadata";
    case SB_STATUS:
        return "StatusAttributeMetadata";
    case SB_DATE:
    case SB_DATETIME:
        return "DateTimeAttributeMetadata";
    case SB_GUID:
        return "UniqueIdentifierAttributeMetadata";
    case SB_LOOKUP:
    case SB_OWNER:
    case SB_CUSTOMER:
        return "LookupAttributeMetadata";
    }
    return "AttributeMetadata";
}

static json_t *required_level(const struct sb_attr *a)
{
    static const char *const names[] = { "None", "Recommended", "ApplicationRequired",
                                         "SystemRequired" };
    json_t *j = json_object();

    sb_set_str(j, "Value", names[a->need]);
    sb_set(j, "CanBeChanged", json_boolean(a->need != SB_SYSTEM));
    sb_set_str(j, "ManagedPropertyLogicalName", "canmodifyrequirementlevelsettings");
    return j;
}

static void add_kind(json_t *j, const struct sb_attr *a)
{
    json_t *list, *behavior;

    if (a->type == SB_STRING || a->type == SB_MEMO) {
        sb_set(j, "MaxLength", json_integer(a->max ? a->max : 100));
        sb_set_str(j, "Format", a->type == SB_MEMO ? "TextArea" : "Text");
    } else if (a->type == SB_DATE || a->type == SB_DATETIME) {
        behavior = json_object();
        sb_set_str(behavior, "Value", a->type == SB_DATE ? "DateOnly" : "UserLocal");
        sb_set(j, "DateTimeBehavior", behavior);
        sb_set_str(j, "Format",
                   a->type == SB_DATE || (a->flags & SB_DATE_FORMAT) ? "DateOnly" : "DateAndTime");
    } else if (a->type == SB_DECIMAL || a->type == SB_MONEY || a->type == SB_DOUBLE) {
        sb_set(j, "Precision", json_integer(a->max));
        sb_set(j, "MinValue", json_real(-100000000000.0));
        sb_set(j, "MaxValue", json_real(100000000000.0));
    } else if (a->type == SB_INTEGER) {
        sb_set(j, "MinValue", json_integer(INT32_MIN));
        sb_set(j, "MaxValue", json_integer(INT32_MAX));
    } else if (sb_is_lookup(a)) {
        list = json_array();
        for (size_t i = 0; i < a->n_targets; i++)
            sb_append(list, json_string(a->target[i].table));
        sb_set(j, "Targets", list);
    }
    if (a->set) {
        sb_set(j, "OptionSet", a->set->global ? json_null() : sb_meta_optionset(a->set, a));
        sb_set(j, "GlobalOptionSet", a->set->global ? sb_meta_optionset(a->set, a) : json_null());
    }
}

json_t *sb_meta_attribute(const struct sb_table *t, const struct sb_attr *a)
{
    json_t *j = json_object(), *type = json_object();
    char text[120], id[37];

    (void)snprintf(text, sizeof text, "%s.%s", t->name, a->name);
    metadata_id("attribute", text, id);
    (void)snprintf(text, sizeof text, "#Microsoft.Dynamics.CRM.%s", sb_meta_type(a));
    sb_set_str(j, "@odata.type", text);
    sb_set_str(j, "MetadataId", id);
    sb_set_str(j, "LogicalName", a->name);
    sb_set_str(j, "SchemaName", a->schema);
    sb_set_str(j, "EntityLogicalName", t->name);
    sb_set_str(j, "AttributeType", type_code(a));
    (void)snprintf(text, sizeof text, "%sType",
                   a->type == SB_MULTI ? "MultiSelectPicklist" : type_code(a));
    sb_set_str(type, "Value", text);
    sb_set(j, "AttributeTypeName", type);
    sb_set(j, "AttributeOf", json_null());
    sb_set(j, "DisplayName", label(a->label, a->flags & SB_AUTONUMBER));
    sb_set(j, "Description", label(NULL, false));
    sb_set(j, "RequiredLevel", required_level(a));
    sb_set(j, "IsPrimaryId", json_boolean(strcmp(a->name, t->pk) == 0));
    sb_set(j, "IsPrimaryName", json_boolean(strcmp(a->name, t->primary) == 0));
    sb_set(j, "IsCustomAttribute", json_boolean(strncmp(a->name, "msp_", 4) == 0));
    sb_set(j, "IsValidForRead", json_true());
    sb_set(j, "IsValidForCreate", json_boolean(!(a->flags & SB_NO_CREATE)));
    sb_set(j, "IsValidForUpdate", json_boolean(!(a->flags & SB_NO_UPDATE)));
    sb_set(j, "IsValidForAdvancedFind", managed(true, "canmodifysearchsettings"));
    sb_set(j, "IsValidODataAttribute", json_true());
    add_kind(j, a);
    return j;
}

json_t *sb_meta_attributes(const struct sb_table *t, const char *cast)
{
    json_t *list = json_array();

    for (size_t i = 0; i < t->n; i++)
        if (!cast || strcmp(sb_meta_type(&t->attr[i]), cast) == 0)
            sb_append(list, sb_meta_attribute(t, &t->attr[i]));
    return list;
}

/* --- tables, relationships --- */

json_t *sb_meta_table(const struct sb_table *t)
{
    json_t *j = json_object();
    char id[37];

    metadata_id("entity", t->name, id);
    sb_set_str(j, "MetadataId", id);
    sb_set_str(j, "LogicalName", t->name);
    sb_set_str(j, "SchemaName", t->schema);
    sb_set_str(j, "EntitySetName", t->set);
    sb_set_str(j, "LogicalCollectionName", t->set);
    sb_set_str(j, "CollectionSchemaName", t->schema);
    sb_set_str(j, "PrimaryIdAttribute", t->pk);
    sb_set_str(j, "PrimaryNameAttribute", t->primary);
    sb_set(j, "ObjectTypeCode", json_integer(t->type_code));
    sb_set(j, "DisplayName", label(t->label, false));
    sb_set(j, "DisplayCollectionName", label(t->labels, false));
    sb_set(j, "Description", label(NULL, false));
    sb_set_str(j, "OwnershipType", t->flags & SB_OWNED ? "UserOwned" : "OrganizationOwned");
    sb_set_str(j, "TableType", "Standard");
    sb_set(j, "IsActivity", json_boolean(t->flags & SB_ACTIVITY));
    sb_set(j, "IsCustomEntity", json_boolean(t->flags & SB_CUSTOM));
    sb_set(j, "IsManaged", json_true());
    sb_set(j, "IsIntersect", json_false());
    sb_set(j, "IsLogicalEntity", json_false());
    sb_set(j, "IsValidForAdvancedFind", json_true());
    sb_set(j, "IsOptimisticConcurrencyEnabled", json_true());
    sb_set(j, "ChangeTrackingEnabled", json_boolean(t->flags & SB_CHANGES));
    sb_set(j, "CanCreateAttributes", managed(true, "cancreateattributes"));
    return j;
}

json_t *sb_meta_tables(void)
{
    json_t *list = json_array();

    for (size_t i = 0; i < sb_n_tables; i++)
        sb_append(list, sb_meta_table(sb_tables[i]));
    return list;
}

const struct sb_table *sb_meta_table_by_id(const char *text)
{
    char wanted[40], id[37];
    int n = snprintf(wanted, sizeof wanted, "%s", text);

    if (n != 38 || wanted[0] != '(' || wanted[37] != ')')
        return NULL;
    wanted[37] = '\0';
    for (size_t i = 0; i < sb_n_tables; i++) {
        metadata_id("entity", sb_tables[i]->name, id);
        if (msx_guid_eq(wanted + 1, id))
            return sb_tables[i];
    }
    return NULL;
}

static json_t *relation(const struct sb_relation *r)
{
    json_t *j = json_object();
    char id[37];

    metadata_id("relationship", r->target->schema, id);
    sb_set_str(j, "MetadataId", id);
    sb_set_str(j, "SchemaName", r->target->schema);
    sb_set_str(j, "RelationshipType", "OneToManyRelationship");
    sb_set_str(j, "ReferencedEntity", r->parent->name);
    sb_set_str(j, "ReferencedAttribute", r->parent->pk);
    sb_set_str(j, "ReferencingEntity", r->child->name);
    sb_set_str(j, "ReferencingAttribute", r->attr->name);
    sb_set_str(j, "ReferencingEntityNavigationPropertyName", r->target->nav);
    sb_set_str(j, "ReferencedEntityNavigationPropertyName", r->target->collection);
    sb_set(j, "IsCustomRelationship", json_boolean(r->child->flags & SB_CUSTOM));
    sb_set(j, "IsManaged", json_true());
    sb_set(j, "IsHierarchical", json_false());
    sb_set(j, "IsValidForAdvancedFind", json_true());
    return j;
}

json_t *sb_meta_relations(const struct sb_table *child, const struct sb_table *parent)
{
    json_t *list = json_array();
    struct sb_relation r;

    for (size_t i = 0; sb_relation_at(i, &r); i++)
        if ((!child || r.child == child) && (!parent || r.parent == parent))
            sb_append(list, relation(&r));
    return list;
}
