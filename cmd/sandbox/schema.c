/* Look-ups in the table descriptions. */
#include "schema.h"

#include <stdio.h>
#include <string.h>

#include "msxops/text.h"

const struct sb_table *sb_table_by_set(const char *set)
{
    for (size_t i = 0; set && i < sb_n_tables; i++)
        if (strcmp(sb_tables[i]->set, set) == 0)
            return sb_tables[i];
    return NULL;
}

const struct sb_table *sb_table_by_name(const char *name)
{
    for (size_t i = 0; name && i < sb_n_tables; i++)
        if (strcmp(sb_tables[i]->name, name) == 0)
            return sb_tables[i];
    return NULL;
}

const struct sb_attr *sb_attr_by_name(const struct sb_table *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->attr[i].name, name) == 0)
            return &t->attr[i];
    return NULL;
}

bool sb_is_lookup(const struct sb_attr *a)
{
    return a->type == SB_LOOKUP || a->type == SB_OWNER || a->type == SB_CUSTOMER;
}

bool sb_is_choice(const struct sb_attr *a)
{
    return a->type == SB_PICKLIST || a->type == SB_STATE || a->type == SB_STATUS ||
           a->type == SB_BOOLEAN || a->type == SB_MULTI;
}

bool sb_property_name(const struct sb_attr *a, char *out, size_t size)
{
    int n = sb_is_lookup(a) ? snprintf(out, size, "_%s_value", a->name)
                            : snprintf(out, size, "%s", a->name);

    return n > 0 && (size_t)n < size;
}

const struct sb_attr *sb_attr_by_property(const struct sb_table *t, const char *property)
{
    char name[128];

    for (size_t i = 0; i < t->n; i++)
        if (sb_property_name(&t->attr[i], name, sizeof name) && strcmp(name, property) == 0)
            return &t->attr[i];
    return NULL;
}

const struct sb_attr *sb_nav_single(const struct sb_table *t, const char *nav,
                                    const struct sb_target **target)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct sb_attr *a = &t->attr[i];

        if (!sb_is_lookup(a))
            continue;
        for (size_t k = 0; k < a->n_targets; k++) {
            const struct sb_target *g = &a->target[k];

            if (strcmp(g->nav, nav) != 0 && (!g->alias || strcmp(g->alias, nav) != 0))
                continue;
            *target = a->type == SB_OWNER ? NULL : g;
            return a;
        }
    }
    return NULL;
}

bool sb_relation_at(size_t i, struct sb_relation *out)
{
    size_t at = 0;

    for (size_t t = 0; t < sb_n_tables; t++) {
        for (size_t k = 0; k < sb_tables[t]->n; k++) {
            const struct sb_attr *a = &sb_tables[t]->attr[k];

            if (!sb_is_lookup(a))
                continue;
            if (i >= at + a->n_targets) {
                at += a->n_targets;
                continue;
            }
            *out = (struct sb_relation){ .child = sb_tables[t],
                                         .attr = a,
                                         .target = &a->target[i - at],
                                         .parent = sb_table_by_name(a->target[i - at].table) };
            return true;
        }
    }
    return false;
}

bool sb_nav_collection(const struct sb_table *t, const char *nav, struct sb_relation *out)
{
    struct sb_relation r;

    for (size_t i = 0; sb_relation_at(i, &r); i++) {
        if (r.parent != t || strcmp(r.target->collection, nav) != 0)
            continue;
        *out = r;
        return true;
    }
    return false;
}

const struct sb_option *sb_option_by_value(const struct sb_optionset *set, int value)
{
    for (size_t i = 0; set && i < set->n; i++)
        if (set->option[i].value == value)
            return &set->option[i];
    return NULL;
}

const struct sb_option *sb_option_by_label(const struct sb_optionset *set, const char *label)
{
    for (size_t i = 0; set && i < set->n; i++)
        if (msx_ieq(set->option[i].label, label))
            return &set->option[i];
    return NULL;
}

const char *sb_edm_type(const struct sb_attr *a)
{
    switch (a->type) {
    case SB_STRING:
    case SB_MEMO:
    case SB_MULTI:
        return "Edm.String";
    case SB_INTEGER:
    case SB_PICKLIST:
    case SB_STATE:
    case SB_STATUS:
        return "Edm.Int32";
    case SB_BIGINT:
        return "Edm.Int64";
    case SB_DECIMAL:
    case SB_MONEY:
        return "Edm.Decimal";
    case SB_DOUBLE:
        return "Edm.Double";
    case SB_BOOLEAN:
        return "Edm.Boolean";
    case SB_DATE:
        return "Edm.Date";
    case SB_DATETIME:
        return "Edm.DateTimeOffset";
    case SB_GUID:
    case SB_LOOKUP:
    case SB_OWNER:
    case SB_CUSTOMER:
        return "Edm.Guid";
    }
    return "Edm.String";
}
