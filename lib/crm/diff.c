/* Rows of a diff: what changes from one state of a record to another, labels before codes. */
#include "crm/priv.h"

#include <stdlib.h>
#include <string.h>

static bool absent(const json_t *v)
{
    return !v || json_is_null(v);
}

static bool equal(const json_t *a, const json_t *b)
{
    if (absent(a) || absent(b))
        return absent(a) && absent(b);
    if (json_is_number(a) && json_is_number(b))
        return json_number_value(a) >= json_number_value(b) &&
               json_number_value(a) <= json_number_value(b);
    return json_equal(a, b);
}

/* The day of a date-only value, or of a time by which days are written: better than the service's
 * label, which follows its locale. A label that is a day is the user's own, of a time that may be
 * the day before or after in UTC. */
static bool day_of(const char *value, const char *label, char day[11])
{
    size_t n = value ? strlen(value) : 0;
    msx_day utc, own = msx_day_parse(label);

    if (n < 10)
        return false;
    memcpy(day, value, 10);
    day[10] = '\0';
    utc = msx_day_parse(day);
    if (n == 10 || utc == MSX_DAY_NONE)
        return utc != MSX_DAY_NONE;
    if (own != MSX_DAY_NONE && abs(own - utc) <= 1) {
        msx_day_format(own, day);
        return true;
    }
    return !strcmp(value + 10, "T00:00:00Z") || !strcmp(value + 10, "T12:00:00Z");
}

/* What a person sees of a value: its label where there is one. New reference. */
static json_t *shown(const json_t *rec, const char *field, bool labels)
{
    const char *label = labels ? msx_crm_label(rec, field) : NULL;
    json_t *v = json_object_get(rec, field);
    char day[11];

    if (label && day_of(json_string_value(v), label, day))
        return json_string(day);
    if (label && !absent(v))
        return json_string(label);
    return v ? json_incref(v) : json_null();
}

static bool has_label(const json_t *rec, const char *field)
{
    return absent(json_object_get(rec, field)) || msx_crm_label(rec, field);
}

static int add_row(json_t *rows, const json_t *before, const json_t *after, const char *field)
{
    json_t *a = json_object_get(before, field), *b = json_object_get(after, field);
    const char *type = absent(a) ? "added" : absent(b) ? "removed" : "updated";
    /* a label beside a bare value ("2,500.00 -> 5") would not compare */
    bool labels = has_label(before, field) && has_label(after, field);
    json_t *row;

    if (equal(a, b))
        return 0;
    row = json_pack("{s:s,s:o,s:o,s:s}", "field", field, "before", shown(before, field, labels),
                    "after", shown(after, field, labels), "changeType", type);
    /* a label hides the code that is sent: show it too */
    if (row && labels)
        if (json_object_set_new(row, "beforeValue", a ? json_incref(a) : json_null()) ||
            json_object_set_new(row, "afterValue", b ? json_incref(b) : json_null())) {
            json_decref(row);
            return -1;
        }
    return json_array_append_new(rows, row);
}

static const struct msx_crm_order by_field[] = { { .field = "field" }, { .field = NULL } };

static json_t *rows_of(const json_t *before, const json_t *after, bool removed)
{
    MSX_AUTO(msx_json_free_p) json_t *rows = json_array();
    const char *key;
    json_t *v;

    if (!rows)
        return NULL;
    json_object_foreach((json_t *)(uintptr_t)after, key, v) {
        if (!strchr(key, '@') && add_row(rows, before, after, key))
            return NULL;
    }
    if (removed) {
        json_object_foreach((json_t *)(uintptr_t)before, key, v) {
            if (!strchr(key, '@') && !json_object_get(after, key) &&
                add_row(rows, before, after, key))
                return NULL;
        }
    }
    return msx_crm_sort(rows, by_field) ? NULL : MSX_STEAL(rows);
}

json_t *msx_diff_rows(const json_t *before, const json_t *after)
{
    return rows_of(before, after, true);
}

json_t *msx_op_rows(const json_t *before, const json_t *after)
{
    return rows_of(before, after, false);
}
