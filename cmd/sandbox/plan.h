/* A query made ready to run: one statement, and one for each $expand below it. */
#ifndef SANDBOX_PLAN_H
#define SANDBOX_PLAN_H

#include "service.h"

enum sb_plan_mode {
    SB_PLAN_ALL,    /* the entity set */
    SB_PLAN_KEY,    /* one record: bound by sb_plan_start() */
    SB_PLAN_PARENT, /* children of a record: likewise */
};

struct sb_column {
    const struct sb_attr *attr;
    int at;      /* index in the statement */
    int name_at; /* name of the record that it points to, or -1 */
    int type_at; /* which table, or -1 */
    /* what stands before its value and its annotations; NULL: not shown */
    const char *key, *label_key, *nav_key, *type_key;
};

struct sb_plan;

struct sb_subplan {
    const struct sb_expand *x;
    int key_at;              /* value of the lookup, or the own key of a collection */
    int type_at;             /* -1: one target */
    struct sb_plan *plan[3]; /* by target; a collection has one */
    const struct sb_table *to[3];
    size_t n;
};

struct sb_sort {
    const char *expr;
    bool descending;
    int at;
};

struct sb_plan {
    const struct sb_query *q;
    enum sb_plan_mode mode;
    sqlite3_stmt *st;
    struct sb_sql sql;
    struct sb_column column[SB_MAX_ATTRS + 1];
    size_t n_columns;
    struct sb_sort sort[16];
    size_t n_sort;
    bool unique; /* the order ends with the key: pages are cut by values */
    struct sb_subplan *sub;
    size_t n_sub;
    int limit_at; /* parameter of LIMIT; OFFSET follows */
    bool paged_children;
    struct msx_buf label; /* room for one */
};

/* relation: for SB_PLAN_PARENT. after: values of the last row of the page before (JSON array), or
 * NULL. On failure c->e is filled and *out is NULL. */
bool sb_plan_build(struct sb_call *c, const struct sb_query *q, enum sb_plan_mode mode,
                   const struct sb_relation *relation, const json_t *after, struct sb_plan **out);
void sb_plan_free(struct sb_plan *p);
/* Bind: key may be NULL in SB_PLAN_ALL. */
bool sb_plan_start(struct sb_call *c, struct sb_plan *p, const char *key, long limit, long offset);
/* Append the current row as a JSON object; context: "@odata.context" value or NULL. */
bool sb_plan_add_row(struct sb_call *c, struct sb_plan *p, const char *context, struct msx_buf *b);
/* Values of the sort columns of the current row: new. */
json_t *sb_plan_position(const struct sb_plan *p);
/* WHERE with the filter only, for counting: statement is new. */
sqlite3_stmt *sb_plan_count(struct sb_call *c, const struct sb_query *q,
                            const struct sb_relation *relation, const char *key, long cap);

/* Paging cookies: text of a $skiptoken (percent-encoded for a URL), and back. */
void sb_skiptoken_add(struct msx_buf *b, long page, const json_t *position, long offset);
bool sb_skiptoken_parse(const char *token, long *page, json_t **position, long *offset,
                        struct sb_error *e);

#endif
