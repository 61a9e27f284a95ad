/* Conversion and formatting of column values. */
#include "value.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/date.h"
#include "msxops/mem.h"
#include "msxops/text.h"

#define HELP_LINK "https://go.microsoft.com/fwlink/?linkid=2195293"

MSX_PRINTF(4, 0)
MSX_PRINTF(4, 0)
static void vfail(struct sb_error *e, int status, const char *code, const char *fmt, va_list ap)
{
    e->status = status;
    (void)snprintf(e->code, sizeof e->code, "%s", code);
    (void)vsnprintf(e->msg, sizeof e->msg, fmt, ap); /* a long message is cut */
    if (!msx_utf8_valid(e->msg, strlen(e->msg))) {
        for (char *p = e->msg; *p; p++)
            if ((unsigned char)*p >= 0x80)
                *p = '?';
    }
}

void sb_fail_set(struct sb_error *e, int status, const char *code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfail(e, status, code, fmt, ap);
    va_end(ap);
}

void sb_fail_set_payload(struct sb_error *e, const struct sb_table *t, const char *fmt, ...)
{
    struct sb_error inner = { 0 };
    va_list ap;

    va_start(ap, fmt);
    vfail(&inner, 400, "", fmt, ap);
    va_end(ap);
    sb_fail_set(e, 400, "0x80048d19",
                "Error identified in Payload provided by the user for Entity :'%s', For more "
                "information on this error please follow this help link %s  ---->  InnerException "
                ": Microsoft.OData.ODataException: %.1500s",
                t ? t->set : "", HELP_LINK, inner.msg);
}

void sb_fail_set_property(struct sb_error *e, const struct sb_table *t, const char *name)
{
    sb_fail_set(e, 400, "0x80060888",
                "Could not find a property named '%.200s' on type 'Microsoft.Dynamics.CRM.%s'.",
                name, t->name);
}

void sb_fail_set_missing(struct sb_error *e, const struct sb_table *t, const char *id)
{
    sb_fail_set(e, 404, "0x80040217", "%s With Id = %s Does Not Exist", t->name, id);
}

void sb_fail_set_sql(struct sb_error *e, sqlite3 *db)
{
    sb_fail_set(e, 500, "0x80044150", "Generic SQL error: %s", sqlite3_errmsg(db));
}

void sb_value_release(struct sb_value *v)
{
    msx_free(v->s);
    *v = (struct sb_value){ .kind = SB_NULL };
}

struct sb_value sb_value_text(const char *s)
{
    return (struct sb_value){ .kind = s ? SB_TEXT : SB_NULL, .s = sb_dup(s) };
}

struct sb_value sb_value_int(int64_t i)
{
    return (struct sb_value){ .kind = SB_INT, .i = i };
}

int sb_value_bind(sqlite3_stmt *st, int at, const struct sb_value *v)
{
    switch (v->kind) {
    case SB_NULL:
        return sqlite3_bind_null(st, at);
    case SB_INT:
        return sqlite3_bind_int64(st, at, v->i);
    case SB_REAL:
        return sqlite3_bind_double(st, at, v->r);
    case SB_TEXT:
        return sqlite3_bind_text(st, at, v->s, -1, SQLITE_TRANSIENT);
    }
    return SQLITE_MISUSE;
}

size_t sb_utf16_len(const char *s)
{
    const char *end = s + strlen(s);
    size_t n = 0;

    while (s < end)
        n += msx_utf8_next(&s, end) > 0xffff ? 2 : 1;
    return n;
}

void sb_number_text(double r, char out[40])
{
    for (int digits = 6; digits <= 17; digits++) {
        (void)snprintf(out, 40, "%.*g", digits, r);
        if (strtod(out, NULL) == r)
            break;
    }
    if (strchr(out, 'e') && fabs(r) < 1e15)
        (void)snprintf(out, 40, "%.0f", r); /* 1e+06 is legal JSON, and surprises people */
}

bool sb_datetime_normal(const char *s, char out[21])
{
    int64_t unix_s;

    if (msx_day_parse(s) != MSX_DAY_NONE) {
        (void)snprintf(out, 21, "%.10sT00:00:00Z", s);
        return true;
    }
    if (!msx_time_parse(s, &unix_s))
        return false;
    msx_time_format(unix_s, out);
    return true;
}

/* --- from JSON --- */

static const char *edm_of(const json_t *j)
{
    switch (json_typeof(j)) {
    case JSON_STRING:
        return "Edm.String";
    case JSON_INTEGER:
        return "Edm.Int32";
    case JSON_REAL:
        return "Edm.Decimal";
    case JSON_TRUE:
    case JSON_FALSE:
        return "Edm.Boolean";
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_NULL:
        break;
    }
    return "Edm.Untyped";
}

static bool mismatch(const struct sb_table *t, const struct sb_attr *a, const json_t *j,
                     struct sb_error *e)
{
    if (json_is_object(j) || json_is_array(j))
        return sb_fail_payload(e, t,
                               "A node of type '%s' was read from the JSON reader when trying to "
                               "read the contents of the property '%s'; however, a "
                               "'PrimitiveValue' node was expected.",
                               json_is_object(j) ? "StartObject" : "StartArray", a->name);
    if (json_is_string(j) && a->type != SB_STRING && a->type != SB_MEMO)
        return sb_fail_payload(e, t,
                               "Cannot convert the literal '%.100s' to the expected type '%s'.",
                               json_string_value(j), sb_edm_type(a));
    return sb_fail_payload(e, t,
                           "Cannot convert a value of type '%s' to the expected target type '%s'.",
                           edm_of(j), sb_edm_type(a));
}

static bool text_from(const struct sb_table *t, const struct sb_attr *a, const json_t *j,
                      struct sb_value *out, struct sb_error *e)
{
    const char *s = json_string_value(j);

    if (!s)
        return mismatch(t, a, j, e);
    if (a->max && sb_utf16_len(s) > (size_t)a->max)
        return sb_fail(e, 400, "0x80044331",
                       "A validation error occurred. The length of the '%s' attribute of the '%s' "
                       "entity exceeded the maximum allowed length of '%d'.",
                       a->name, t->name, a->max);
    *out = sb_value_text(s);
    return true;
}

static bool out_of_range(const struct sb_table *t, const struct sb_attr *a, json_int_t value,
                         struct sb_error *e)
{
    char known[600] = "";
    size_t n = 0;

    for (size_t i = 0; i < a->set->n && n < sizeof known - 16; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%d", i ? "," : "",
                              a->set->option[i].value);
    return sb_fail(
        e, 400, "0x8004431A",
        "A validation error occurred. The value %" JSON_INTEGER_FORMAT
        " of '%s' on record of type '%s' is outside the valid range. Accepted Values: %s",
        value, a->name, t->name, known);
}

static bool choice_from(const struct sb_table *t, const struct sb_attr *a, const json_t *j,
                        enum sb_strictness how, struct sb_value *out, struct sb_error *e)
{
    if (how == SB_FROM_FILE && json_is_string(j)) {
        const struct sb_option *o = sb_option_by_label(a->set, json_string_value(j));

        if (!o)
            return sb_fail(e, 400, "0x8004431A", "'%.100s' is no option of %s.%s",
                           json_string_value(j), t->name, a->name);
        *out = sb_value_int(o->value);
        return true;
    }
    if (!json_is_integer(j))
        return mismatch(t, a, j, e);
    if (json_integer_value(j) < INT32_MIN || json_integer_value(j) > INT32_MAX)
        return mismatch(t, a, j, e);
    if (!sb_option_by_value(a->set, (int)json_integer_value(j)) &&
        (how == SB_FROM_CLIENT || a->type != SB_PICKLIST))
        return out_of_range(t, a, json_integer_value(j), e);
    *out = sb_value_int(json_integer_value(j));
    return true;
}

static bool multi_from(const struct sb_table *t, const struct sb_attr *a, const json_t *j,
                       struct sb_value *out, struct sb_error *e)
{
    const char *s = json_string_value(j);

    if (!s)
        return mismatch(t, a, j, e);
    for (const char *p = s; *p;) {
        char *end = NULL;
        long v;

        errno = 0;
        v = strtol(p, &end, 10);
        if (errno || end == p || (*end && *end != ',') || (*end == ',' && !end[1]))
            return mismatch(t, a, j, e);
        if (v < INT32_MIN || v > INT32_MAX || !sb_option_by_value(a->set, (int)v))
            return out_of_range(t, a, v, e);
        p = *end ? end + 1 : end;
    }
    *out = *s ? sb_value_text(s) : (struct sb_value){ .kind = SB_NULL };
    return true;
}

static bool number_from(const struct sb_table *t, const struct sb_attr *a, const json_t *j,
                        struct sb_value *out, struct sb_error *e)
{
    double r, scale;

    if (a->type == SB_INTEGER || a->type == SB_BIGINT) {
        if (!json_is_integer(j) || (a->type == SB_INTEGER && (json_integer_value(j) < INT32_MIN ||
                                                              json_integer_value(j) > INT32_MAX)))
            return mismatch(t, a, j, e);
        *out = sb_value_int(json_integer_value(j));
        return true;
    }
    if (!json_is_number(j))
        return mismatch(t, a, j, e);
    r = json_number_value(j);
    if (!(fabs(r) <= 100000000000.0))
        return sb_fail(e, 400, "0x80044330",
                       "A validation error occurred.  The value of '%s' on record of type '%s' is "
                       "outside the valid range.",
                       a->name, t->name);
    scale = pow(10, a->max);
    *out = (struct sb_value){ .kind = SB_REAL, .r = a->max ? round(r * scale) / scale : r };
    return true;
}

static bool time_from(const struct sb_table *t, const struct sb_attr *a, const json_t *j,
                      enum sb_strictness how, struct sb_value *out, struct sb_error *e)
{
    const char *s = json_string_value(j);
    char text[21];

    if (!s)
        return mismatch(t, a, j, e);
    if (a->type == SB_DATETIME) {
        if (!sb_datetime_normal(s, text))
            return mismatch(t, a, j, e);
    } else if (msx_day_parse(s) != MSX_DAY_NONE) {
        (void)snprintf(text, sizeof text, "%.10s", s);
    } else if (how == SB_FROM_FILE && sb_datetime_normal(s, text)) {
        text[10] = '\0';
    } else {
        return mismatch(t, a, j, e);
    }
    if (strcmp(text, "1753-01-01") < 0)
        return sb_fail(e, 400, "0x80040203",
                       "CrmDateTime is less than minimum value supported by CrmDateTime. Actual "
                       "value: %s, Minimum value supported: 01/01/1753 00:00:00",
                       text);
    *out = sb_value_text(text);
    return true;
}

bool sb_value_from_json(const struct sb_table *t, const struct sb_attr *a, const json_t *j,
                        enum sb_strictness how, struct sb_value *out, struct sb_error *e)
{
    char guid[MSX_GUID_LEN + 1];

    if (json_is_null(j)) {
        *out = (struct sb_value){ .kind = SB_NULL };
        return true;
    }
    switch (a->type) {
    case SB_STRING:
    case SB_MEMO:
        return text_from(t, a, j, out, e);
    case SB_INTEGER:
    case SB_BIGINT:
    case SB_DECIMAL:
    case SB_DOUBLE:
    case SB_MONEY:
        return number_from(t, a, j, out, e);
    case SB_BOOLEAN:
        if (!json_is_boolean(j))
            return mismatch(t, a, j, e);
        *out = sb_value_int(json_is_true(j));
        return true;
    case SB_PICKLIST:
    case SB_STATE:
    case SB_STATUS:
        return choice_from(t, a, j, how, out, e);
    case SB_MULTI:
        return multi_from(t, a, j, out, e);
    case SB_DATE:
    case SB_DATETIME:
        return time_from(t, a, j, how, out, e);
    case SB_GUID:
    case SB_LOOKUP:
    case SB_OWNER:
    case SB_CUSTOMER:
        if (!json_is_string(j) || !msx_guid_parse(json_string_value(j), guid))
            return mismatch(t, a, j, e);
        *out = sb_value_text(guid);
        return true;
    }
    return mismatch(t, a, j, e);
}

/* --- to JSON and to labels --- */

void sb_add_column(struct msx_buf *b, const struct sb_attr *a, sqlite3_stmt *st, int at)
{
    char number[40];

    switch (sqlite3_column_type(st, at)) {
    case SQLITE_INTEGER:
        if (a->type == SB_BOOLEAN)
            msx_buf_adds(b, sqlite3_column_int(st, at) ? "true" : "false");
        else
            msx_buf_addf(b, "%lld", (long long)sqlite3_column_int64(st, at));
        return;
    case SQLITE_FLOAT:
        sb_number_text(sqlite3_column_double(st, at), number);
        msx_buf_adds(b, number);
        return;
    case SQLITE_TEXT:
        sb_add_json_string(b, (const char *)sqlite3_column_text(st, at),
                           (size_t)sqlite3_column_bytes(st, at));
        return;
    default:
        msx_buf_adds(b, "null");
    }
}

static void add_grouped(struct msx_buf *b, double r, int decimals)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%.*f", decimals, fabs(r));
    int whole = decimals ? n - decimals - 1 : n;

    if (r < 0)
        msx_buf_addc(b, '-');
    for (int i = 0; i < n; i++) {
        if (i && i < whole && (whole - i) % 3 == 0)
            msx_buf_addc(b, ',');
        msx_buf_addc(b, text[i]);
    }
}

/* As the service writes them for a user of the United States in UTC: 3/1/2026 2:30 PM. */
static void add_date(struct msx_buf *b, const char *s, bool with_time)
{
    int y, m, d;
    char day[11];
    msx_day at;

    (void)snprintf(day, sizeof day, "%.10s", s);
    at = msx_day_parse(day);
    if (at == MSX_DAY_NONE) {
        msx_buf_adds(b, s);
        return;
    }
    msx_day_civil(at, &y, &m, &d);
    msx_buf_addf(b, "%d/%d/%d", m, d, y);
    if (with_time && strlen(s) >= 16) {
        int hour = (s[11] - '0') * 10 + (s[12] - '0');

        msx_buf_addf(b, " %d:%.2s %s", hour % 12 ? hour % 12 : 12, s + 14, hour < 12 ? "AM" : "PM");
    }
}

static bool add_option(struct msx_buf *b, const struct sb_optionset *set, int value)
{
    const struct sb_option *o = sb_option_by_value(set, value);

    if (o)
        msx_buf_adds(b, o->label);
    return o != NULL;
}

static void add_multi(struct msx_buf *b, const struct sb_attr *a, const char *s)
{
    size_t from = b->len;

    for (const char *p = s; *p;) {
        char *end = NULL;
        long v = strtol(p, &end, 10);

        if (end == p)
            return;
        if (b->len > from)
            msx_buf_adds(b, "; ");
        (void)add_option(b, a->set, (int)v);
        p = *end ? end + 1 : end;
    }
}

bool sb_add_label(struct msx_buf *b, const struct sb_attr *a, sqlite3_stmt *st, int at,
                  const char *related)
{
    const char *s;

    if (sqlite3_column_type(st, at) == SQLITE_NULL)
        return false;
    if (related) {
        msx_buf_adds(b, related);
        return true;
    }
    switch (a->type) {
    case SB_BOOLEAN:
    case SB_PICKLIST:
    case SB_STATE:
    case SB_STATUS:
        return add_option(b, a->set, sqlite3_column_int(st, at));
    case SB_MULTI:
        add_multi(b, a, (const char *)sqlite3_column_text(st, at));
        return true;
    case SB_INTEGER:
    case SB_BIGINT:
        add_grouped(b, (double)sqlite3_column_int64(st, at), 0);
        return true;
    case SB_DECIMAL:
    case SB_DOUBLE:
        add_grouped(b, sqlite3_column_double(st, at), a->max ? a->max : 2);
        return true;
    case SB_MONEY:
        msx_buf_adds(b, sqlite3_column_double(st, at) < 0 ? "-$" : "$");
        add_grouped(b, fabs(sqlite3_column_double(st, at)), a->max);
        return true;
    case SB_DATE:
    case SB_DATETIME:
        s = (const char *)sqlite3_column_text(st, at);
        add_date(b, s ? s : "", a->type == SB_DATETIME && !(a->flags & SB_DATE_FORMAT));
        return true;
    case SB_STRING:
    case SB_MEMO:
    case SB_GUID:
    case SB_LOOKUP:
    case SB_OWNER:
    case SB_CUSTOMER:
        return false;
    }
    return false;
}
