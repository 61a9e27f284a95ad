/* The sandbox's tables as data: columns, types, option sets, lookups. One description drives the
 * SQL tables, the answers to metadata requests, the parsing of queries and the checks of writes. */
#ifndef SANDBOX_SCHEMA_H
#define SANDBOX_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

enum sb_type {
    SB_STRING,
    SB_MEMO,
    SB_INTEGER,
    SB_BIGINT,
    SB_DECIMAL,
    SB_DOUBLE,
    SB_MONEY,
    SB_BOOLEAN,
    SB_PICKLIST,
    SB_MULTI, /* several options: "1,2" */
    SB_STATE,
    SB_STATUS,
    SB_DATE,     /* a day without a time (DateOnly) */
    SB_DATETIME, /* UserLocal, kept in UTC */
    SB_GUID,
    SB_LOOKUP, /* one table */
    SB_OWNER,  /* user or team */
    SB_CUSTOMER,
};

enum sb_need { SB_OPTIONAL, SB_RECOMMENDED, SB_REQUIRED, SB_SYSTEM };

struct sb_option {
    int value;
    const char *label;
    int state; /* status: the state it belongs to; state: its default status */
};

struct sb_optionset {
    const char *name;
    const char *label;
    bool global;
    bool no_user_label; /* labels come only in LocalizedLabels, as some of the service's do */
    const struct sb_option *option;
    size_t n;
};

/* One table that a lookup may point to. */
struct sb_target {
    const char *table;
    const char *nav;        /* ReferencingEntityNavigationPropertyName, exact case */
    const char *alias;      /* an inherited name that works as well, or NULL */
    const char *schema;     /* the relationship's SchemaName */
    const char *collection; /* ReferencedEntityNavigationPropertyName */
};

enum sb_attr_flags {
    SB_NO_CREATE = 1, /* not valid for create: what a client sends is ignored, as in the service */
    SB_NO_UPDATE = 2,
    SB_READ_ONLY = 3,
    SB_AUTONUMBER = 4,
    SB_DATE_FORMAT = 8, /* datetime shown as a date */
    SB_VIRTUAL = 16,    /* no column in SQL: the same for every record */
};

struct sb_attr {
    const char *name;
    const char *schema;
    const char *label;
    enum sb_type type;
    enum sb_need need;
    unsigned flags;
    int max; /* strings: longest, in UTF-16 units; numbers: decimals */
    const struct sb_optionset *set;
    const struct sb_target *target;
    size_t n_targets;
    const char *fixed; /* SB_VIRTUAL: the value */
};

enum sb_table_flags {
    SB_OWNED = 1,
    SB_ACTIVITY = 2,
    SB_TABLE_READ_ONLY = 4,
    SB_CHANGES = 8, /* ChangeTrackingEnabled */
    SB_CUSTOM = 16,
};

struct sb_table {
    const char *name; /* logical name: "task" */
    const char *set;  /* entity set: "tasks" */
    const char *schema;
    const char *label;
    const char *labels; /* plural */
    const char *pk;
    const char *primary; /* name column */
    const char *storage; /* the table that holds its rows */
    int type_code;
    unsigned flags;
    const struct sb_attr *attr;
    size_t n;
};

/* A relationship, seen from either side. */
struct sb_relation {
    const struct sb_table *child; /* referencing */
    const struct sb_attr *attr;
    const struct sb_target *target;
    const struct sb_table *parent; /* referenced */
};

extern const struct sb_table *const sb_tables[];
extern const size_t sb_n_tables;
extern const struct sb_optionset *const sb_global_sets[];
extern const size_t sb_n_global_sets;

const struct sb_table *sb_table_by_set(const char *set);   /* exact case; NULL */
const struct sb_table *sb_table_by_name(const char *name); /* logical name */
const struct sb_attr *sb_attr_by_name(const struct sb_table *t, const char *name);
/* Column of an OData property name: "name", or "_x_value" for a lookup. NULL when there is none
 * (a lookup's plain name is none). */
const struct sb_attr *sb_attr_by_property(const struct sb_table *t, const char *property);
/* Property name of a column ("_ownerid_value") into out; false when it does not fit. */
bool sb_property_name(const struct sb_attr *a, char *out, size_t size);
bool sb_is_lookup(const struct sb_attr *a);
bool sb_is_choice(const struct sb_attr *a); /* picklist, state, status, boolean, multi */

/* Lookup side: navigation property (or its inherited name) of table t. *target may be NULL for the
 * polymorphic "ownerid" itself. */
const struct sb_attr *sb_nav_single(const struct sb_table *t, const char *nav,
                                    const struct sb_target **target);
/* Collection side: false when t has no such collection. */
bool sb_nav_collection(const struct sb_table *t, const char *nav, struct sb_relation *out);
/* The i-th relationship of the whole schema, in a fixed order; false at the end. */
bool sb_relation_at(size_t i, struct sb_relation *out);

const struct sb_option *sb_option_by_value(const struct sb_optionset *set, int value);
const struct sb_option *sb_option_by_label(const struct sb_optionset *set, const char *label);
/* Edm type name: "Edm.String". */
const char *sb_edm_type(const struct sb_attr *a);

#endif
