/* The before/after rows of an operation. */
#include <stdio.h>
#include <string.h>

#include "msxops/date.h"
#include "plan/plan_priv.h"

/* A date is shown as a day beside a day, in whatever form the service keeps it. */
static int show_day(json_t *before, const char *column, const json_t *after)
{
    const char *was = msx_json_str(before, column), *will = json_string_value(after);
    char label[160], day[11];
    int64_t at;

    if (!was || !will || msx_day_parse(will) == MSX_DAY_NONE || !msx_time_parse(was, &at) ||
        strlen(was) < 10 || strlen(column) + sizeof PLAN_LABEL > sizeof label)
        return 0;
    memcpy(day, was, 10);
    day[10] = '\0';
    (void)snprintf(label, sizeof label, "%s" PLAN_LABEL, column);
    return msx_json_set_str(before, label, day);
}

json_t *plan_rows(const json_t *op)
{
    MSX_AUTO(msx_json_free_p) json_t *before = json_object();
    json_t *after = msx_json_obj(op, "after");
    const char *key;
    json_t *v;

    if (!before || !after)
        return NULL;
    /* the record was read wider than what is written: only that is a change */
    json_object_foreach(after, key, v) {
        if (!plan_is_column(key))
            continue;
        if (plan_copy_column(before, msx_json_obj(op, "before"), key) < 0 ||
            show_day(before, key, v) < 0)
            return NULL;
    }
    return msx_diff_rows(before, after);
}
