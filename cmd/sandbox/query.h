/* OData query options: from text to a tree, from the tree to SQL. */
#ifndef SANDBOX_QUERY_H
#define SANDBOX_QUERY_H

#include "db.h"
#include "sb.h"
#include "schema.h"
#include "value.h"

/* Memory of one request's tree: freed at once. */
struct sb_arena {
    struct sb_chunk *first;
};
void *sb_arena_alloc(struct sb_arena *a, size_t n); /* zeroed */
char *sb_arena_text(struct sb_arena *a, const char *s, size_t n);
void sb_arena_release(struct sb_arena *a);

/* The options of a URL, decoded; text lives in the arena. */
struct sb_option_text {
    const char *name;
    const char *value;
};
struct sb_options {
    struct sb_option_text *item;
    size_t n;
};
bool sb_options_parse(struct sb_arena *a, const char *query, struct sb_options *out,
                      struct sb_error *e);
const char *sb_options_get(const struct sb_options *o, const char *name);

/* --- $filter --- */

enum sb_literal_type {
    SB_LIT_NULL,
    SB_LIT_STRING,
    SB_LIT_INT,
    SB_LIT_REAL,
    SB_LIT_BOOL,
    SB_LIT_GUID,
    SB_LIT_DATE,
    SB_LIT_DATETIME,
};

struct sb_operand {
    bool is_path;
    const char *path; /* "name", "msp_OpportunityId/name" */
    enum sb_literal_type type;
    const char *text; /* string, GUID (lower case), date, date-time (stored form) */
    double real;
    int64_t integer; /* integers and booleans */
};

enum sb_node_kind {
    SB_AND,
    SB_OR,
    SB_NOT,
    SB_COMPARE,
    SB_FUNCTION,
    SB_CRM,
    SB_LAMBDA,
    SB_CONSTANT
};
enum sb_compare { SB_EQ, SB_NE, SB_GT, SB_GE, SB_LT, SB_LE };

struct sb_node {
    enum sb_node_kind kind;
    enum sb_compare op;
    struct sb_node *left, *right; /* SB_NOT, SB_LAMBDA: left (NULL: any()) */
    struct sb_operand a, b;
    const char *name;         /* function, or collection path of a lambda */
    const char *variable;     /* lambda */
    bool all;                 /* lambda: all(), not any() */
    bool truth;               /* SB_CONSTANT */
    const char *const *value; /* CRM functions: PropertyValues as text */
    size_t n_values;
};

bool sb_filter_parse(struct sb_arena *a, const char *text, const struct sb_options *aliases,
                     struct sb_node **out, struct sb_error *e);

/* --- a whole query --- */

struct sb_order {
    const char *path;
    bool descending;
};

struct sb_expand;

struct sb_query {
    const struct sb_table *t;
    const struct sb_attr *select[SB_MAX_ATTRS];
    size_t n_select;
    bool all; /* no $select */
    struct sb_node *filter;
    struct sb_order *order;
    size_t n_order;
    long top; /* -1: none */
    bool count;
    const char *apply;
    const char *skiptoken;
    struct sb_expand *expand;
    size_t n_expand;
};

struct sb_expand {
    const char *nav;
    const char *options;            /* text between the parentheses, "" when none */
    const struct sb_attr *attr;     /* lookup side; NULL for a collection */
    const struct sb_target *target; /* NULL: every target (ownerid) */
    struct sb_relation relation;    /* collection side */
    bool ref;                       /* nav/$ref */
    struct sb_query q;
};

/* What an entity set's URL may carry. */
bool sb_query_parse(struct sb_arena *a, const struct sb_table *t, const struct sb_options *o,
                    struct sb_query *out, struct sb_error *e);
/* Some expand stands inside another one. */
bool sb_query_nested(const struct sb_query *q);
/* Split at separators outside quotes and parentheses; items trimmed, in the arena. */
size_t sb_split(struct sb_arena *a, const char *text, char separator, const char ***out);

/* --- SQL --- */

#define SB_MAX_JOINS 24

struct sb_join {
    const char *path;
    const struct sb_table *t;
    int alias;
    int outer; /* alias that it hangs on */
};

/* A statement under construction. */
struct sb_sql {
    struct sb_arena *arena;
    struct msx_buf where;
    struct sb_value *bind; /* in order of appearance in where */
    size_t n_bind;
    struct sb_join join[SB_MAX_JOINS];
    size_t n_join;
    int next_alias;
    const char *user;  /* caller's systemuserid */
    const char *today; /* "YYYY-MM-DD" */
};

void sb_sql_init(struct sb_sql *s, struct sb_arena *arena, const char *user, const char *today);
void sb_sql_release(struct sb_sql *s);
/* Append the condition of a tree on rows of t under alias (no joins of other aliases are touched).
 */
bool sb_sql_filter(struct sb_sql *s, const struct sb_table *t, int alias, const struct sb_node *n,
                   struct sb_error *e);
/* SQL expression of a column path ("t1.\"name\""), in the arena; joins are added as needed. */
const char *sb_sql_path(struct sb_sql *s, const struct sb_table *t, int alias, const char *path,
                        const struct sb_attr **attr, struct sb_error *e);
/* Expression that a lookup sorts by: the name of the record it points to. */
const char *sb_sql_lookup_name(struct sb_sql *s, const struct sb_attr *a, const char *col);
/* Append " LEFT JOIN ..." for the joins from index `from` on. */
void sb_sql_add_joins(const struct sb_sql *s, size_t from, struct msx_buf *b);
/* Bind from index at on; the next free index, or -1. */
int sb_sql_bind(const struct sb_sql *s, sqlite3_stmt *st, int at);
void sb_sql_bind_text(struct sb_sql *s, const char *text); /* "?" is appended to where */

#endif
