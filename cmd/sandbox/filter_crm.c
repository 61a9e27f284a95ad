/* The service's query functions: Microsoft.Dynamics.CRM.In, Between, LastXDays, EqualUserId, ... */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter_priv.h"
#include "msxops/date.h"
#include "msxops/text.h"

struct context {
    struct sb_sql *s;
    const struct sb_node *n;
    const struct sb_attr *a;
    const char *col;
    struct sb_error *e;
};

static bool bad_value(struct context *c, const char *text)
{
    return sb_fail(c->e, 400, "0x80040203",
                   "The value '%.100s' of the condition on '%s' cannot be read as its type.", text,
                   c->a->name);
}

/* A parameter's text as a value of the column. */
static bool typed(struct context *c, const char *text, struct sb_value *out)
{
    struct sb_operand o = { .type = SB_LIT_STRING, .text = text };
    char stamp[21], *end = NULL;

    switch (c->a->type) {
    case SB_STRING:
    case SB_MEMO:
    case SB_MULTI:
    case SB_GUID:
    case SB_LOOKUP:
    case SB_OWNER:
    case SB_CUSTOMER:
        break;
    case SB_INTEGER:
    case SB_BIGINT:
    case SB_PICKLIST:
    case SB_STATE:
    case SB_STATUS:
        errno = 0;
        o.type = SB_LIT_INT;
        o.integer = strtoll(text, &end, 10);
        if (errno || end == text || *end)
            return bad_value(c, text);
        break;
    case SB_DECIMAL:
    case SB_DOUBLE:
    case SB_MONEY:
        o.type = SB_LIT_REAL;
        o.real = strtod(text, &end);
        if (end == text || *end)
            return bad_value(c, text);
        break;
    case SB_BOOLEAN:
        o.type = SB_LIT_BOOL;
        o.integer = msx_ieq(text, "true") || strcmp(text, "1") == 0;
        break;
    case SB_DATE:
    case SB_DATETIME:
        if (!sb_datetime_normal(text, stamp))
            return bad_value(c, text);
        o.type = SB_LIT_DATETIME;
        o.text = stamp;
        break;
    }
    return sb_literal_value(c->a, &o, out) || bad_value(c, text);
}

static bool bind_typed(struct context *c, const char *text)
{
    struct sb_value v;

    if (!typed(c, text, &v))
        return false;
    sb_sql_bind_value(c->s, v);
    return true;
}

static bool need_values(struct context *c, size_t least, size_t most)
{
    if (c->n->n_values >= least && c->n->n_values <= most)
        return true;
    return sb_fail(c->e, 400, "0x80060888",
                   "The query function '%s' has a wrong number of property values.", c->n->name);
}

static bool in(struct context *c, bool negate)
{
    if (!need_values(c, 1, 20000))
        return false;
    /* the plain form may use an index */
    msx_buf_addf(&c->s->where, negate ? "NOT ifnull(%s IN (" : "%s IN (", c->col);
    for (size_t i = 0; i < c->n->n_values; i++) {
        if (i)
            msx_buf_addc(&c->s->where, ',');
        if (!bind_typed(c, c->n->value[i]))
            return false;
    }
    msx_buf_adds(&c->s->where, negate ? "), 0)" : ")");
    return true;
}

static bool between(struct context *c, bool negate)
{
    if (!need_values(c, 2, 2))
        return false;
    msx_buf_addf(&c->s->where, negate ? "NOT ifnull(%s BETWEEN " : "(%s BETWEEN ", c->col);
    if (!bind_typed(c, c->n->value[0]))
        return false;
    msx_buf_adds(&c->s->where, " AND ");
    if (!bind_typed(c, c->n->value[1]))
        return false;
    msx_buf_adds(&c->s->where, negate ? ", 0)" : ")");
    return true;
}

static bool contain_values(struct context *c, bool negate)
{
    if (c->a->type != SB_MULTI)
        return sb_fail(c->e, 400, "0x80041103", "'%s' is not a choices column.", c->a->name);
    if (!need_values(c, 1, 500))
        return false;
    msx_buf_adds(&c->s->where, negate ? "NOT ifnull((" : "ifnull((");
    for (size_t i = 0; i < c->n->n_values; i++) {
        char item[80];

        if (snprintf(item, sizeof item, ",%s,", c->n->value[i]) >= (int)sizeof item)
            return bad_value(c, c->n->value[i]);
        msx_buf_addf(&c->s->where, "%sinstr(',' || %s || ',', ", i ? " OR " : "", c->col);
        sb_sql_bind_text(c->s, item);
        msx_buf_adds(&c->s->where, ") > 0");
    }
    msx_buf_adds(&c->s->where, "), 0)");
    return true;
}

/* first <= column's day <= last; MSX_DAY_NONE is open. */
static bool days(struct context *c, msx_day first, msx_day last)
{
    char text[24];

    if (c->a->type != SB_DATE && c->a->type != SB_DATETIME)
        return sb_fail(c->e, 400, "0x80041103", "'%s' is not a date column.", c->a->name);
    msx_buf_adds(&c->s->where, "(1");
    if (first != MSX_DAY_NONE) {
        msx_day_format(first, text);
        msx_buf_addf(&c->s->where, " AND %s >= ", c->col);
        sb_sql_bind_text(c->s, text);
    }
    if (last != MSX_DAY_NONE) { /* below the next day: times included */
        msx_day_format(last + 1, text);
        msx_buf_addf(&c->s->where, " AND %s < ", c->col);
        sb_sql_bind_text(c->s, text);
    }
    msx_buf_addc(&c->s->where, ')');
    return true;
}

static bool day_value(struct context *c, msx_day *out)
{
    char day[11];

    if (!need_values(c, 1, 1))
        return false;
    (void)snprintf(day, sizeof day, "%.10s", c->n->value[0]);
    *out = msx_day_parse(day);
    return *out != MSX_DAY_NONE || bad_value(c, c->n->value[0]);
}

static bool count_value(struct context *c, long *out)
{
    char *end = NULL;

    if (!need_values(c, 1, 1))
        return false;
    errno = 0;
    *out = strtol(c->n->value[0], &end, 10);
    return (!errno && end != c->n->value[0] && !*end && *out > 0 && *out < 40000) ||
           bad_value(c, c->n->value[0]);
}

static msx_day month_start(msx_day d, int add)
{
    int y, m, dd;

    msx_day_civil(d, &y, &m, &dd);
    m += add;
    while (m > 12) {
        m -= 12;
        y++;
    }
    while (m < 1) {
        m += 12;
        y--;
    }
    return msx_day_from_civil(y, m, 1);
}

/* Functions of the calendar without a parameter. */
static bool period(const char *name, msx_day today, msx_day *first, msx_day *last)
{
    int y, m, d, week = (msx_day_weekday(today) + 1) % 7; /* the service's week begins on Sunday */

    msx_day_civil(today, &y, &m, &d);
    if (strcmp(name, "Today") == 0) {
        *first = *last = today;
    } else if (strcmp(name, "Yesterday") == 0) {
        *first = *last = today - 1;
    } else if (strcmp(name, "Tomorrow") == 0) {
        *first = *last = today + 1;
    } else if (strcmp(name, "ThisWeek") == 0) {
        *first = today - week;
        *last = *first + 6;
    } else if (strcmp(name, "LastWeek") == 0) {
        *first = today - week - 7;
        *last = *first + 6;
    } else if (strcmp(name, "NextWeek") == 0) {
        *first = today - week + 7;
        *last = *first + 6;
    } else if (strcmp(name, "ThisMonth") == 0) {
        *first = month_start(today, 0);
        *last = month_start(today, 1) - 1;
    } else if (strcmp(name, "LastMonth") == 0) {
        *first = month_start(today, -1);
        *last = month_start(today, 0) - 1;
    } else if (strcmp(name, "NextMonth") == 0) {
        *first = month_start(today, 1);
        *last = month_start(today, 2) - 1;
    } else if (strcmp(name, "ThisYear") == 0) {
        *first = msx_day_from_civil(y, 1, 1);
        *last = msx_day_from_civil(y, 12, 31);
    } else if (strcmp(name, "Last7Days") == 0) {
        *first = today - 7;
        *last = today;
    } else if (strcmp(name, "Next7Days") == 0) {
        *first = today;
        *last = today + 7;
    } else {
        return false;
    }
    return true;
}

static bool date_function(struct context *c, bool *known)
{
    msx_day today = msx_day_parse(c->s->today), first, last, d = MSX_DAY_NONE;
    const char *name = c->n->name;
    long n = 0;

    *known = true;
    if (period(name, today, &first, &last))
        return days(c, first, last);
    if (strcmp(name, "LastXDays") == 0)
        return count_value(c, &n) && days(c, today - (msx_day)n, today);
    if (strcmp(name, "NextXDays") == 0)
        return count_value(c, &n) && days(c, today, today + (msx_day)n);
    if (strcmp(name, "LastXWeeks") == 0)
        return count_value(c, &n) && days(c, today - 7 * (msx_day)n, today);
    if (strcmp(name, "NextXWeeks") == 0)
        return count_value(c, &n) && days(c, today, today + 7 * (msx_day)n);
    if (strcmp(name, "OlderThanXDays") == 0)
        return count_value(c, &n) && days(c, MSX_DAY_NONE, today - (msx_day)n - 1);
    if (strcmp(name, "On") == 0)
        return day_value(c, &d) && days(c, d, d);
    if (strcmp(name, "OnOrAfter") == 0)
        return day_value(c, &d) && days(c, d, MSX_DAY_NONE);
    if (strcmp(name, "OnOrBefore") == 0)
        return day_value(c, &d) && days(c, MSX_DAY_NONE, d);
    *known = false;
    return false;
}

/* The property may be a column's logical name ("ownerid") or a path to one. */
static bool find_column(struct context *c, const struct sb_table *t, int alias)
{
    const char *name = c->n->a.text;
    const char *slash = strrchr(name, '/');
    const struct sb_attr *plain = slash ? NULL : sb_attr_by_name(t, name);
    char property[140];

    if (plain && sb_property_name(plain, property, sizeof property))
        name = property;
    else if (!slash) /* "_x_value" is no logical name */
        return sb_fail(c->e, 400, "0x80041103",
                       "'%s' entity doesn't contain attribute with Name = '%.100s'.", t->name,
                       name);
    c->col = sb_sql_path(c->s, t, alias, name, &c->a, c->e);
    return c->col != NULL;
}

bool sb_crm_function(struct sb_sql *s, const struct sb_table *t, int alias, const struct sb_node *n,
                     struct sb_error *e)
{
    struct context c = { .s = s, .n = n, .e = e };
    bool known = false, ok;

    if (!find_column(&c, t, alias))
        return false;
    if (strcmp(n->name, "In") == 0 || strcmp(n->name, "NotIn") == 0)
        return in(&c, *n->name == 'N');
    if (strcmp(n->name, "Between") == 0 || strcmp(n->name, "NotBetween") == 0)
        return between(&c, *n->name == 'N');
    if (strcmp(n->name, "ContainValues") == 0 || strcmp(n->name, "DoesNotContainValues") == 0)
        return contain_values(&c, *n->name == 'D');
    if (strcmp(n->name, "EqualUserId") == 0 || strcmp(n->name, "NotEqualUserId") == 0) {
        msx_buf_addf(&s->where, "%s%s", c.col, *n->name == 'N' ? " IS NOT " : " = ");
        sb_sql_bind_text(s, s->user);
        return true;
    }
    ok = date_function(&c, &known);
    if (known)
        return ok;
    return sb_fail(e, 400, "0x80060888",
                   "An unknown function with name 'Microsoft.Dynamics.CRM.%.100s' was found.",
                   n->name);
}
