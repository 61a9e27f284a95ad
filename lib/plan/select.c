/* The columns to read before and after a write. */
#include <string.h>

#include "plan/plan_priv.h"

static bool listed(const char *select, const char *column)
{
    size_t n = strlen(column);

    for (const char *p = select; (p = strstr(p, column)) != NULL; p += n) {
        if ((p == select || p[-1] == ',') && (p[n] == ',' || p[n] == '\0'))
            return true;
    }
    return false;
}

static void add_column(struct msx_buf *b, const char *column)
{
    if (!plan_is_column(column) || !msx_odata_is_name(column) || listed(b->data, column))
        return;
    if (b->len)
        msx_buf_addc(b, ',');
    msx_buf_adds(b, column);
}

void plan_select(struct msx_buf *b, const json_t *op, bool all)
{
    const struct plan_type *t = plan_op_type(op);
    const char *key;
    json_t *v;
    size_t i;

    if (all && msx_op_select(t->name))
        msx_buf_adds(b, msx_op_select(t->name));
    json_object_foreach(msx_json_obj(op, "after"), key, v)
        add_column(b, key);
    json_array_foreach(msx_json_arr(op, "guard"), i, v)
        add_column(b, json_string_value(v) ? json_string_value(v) : "@");
    json_object_foreach(msx_json_obj(msx_json_obj(op, "inverse"), "after"), key, v)
        add_column(b, key);
    if (plan_type_is_task(t)) {
        add_column(b, "statecode");
        add_column(b, "statuscode");
    }
    add_column(b, "modifiedon");
    add_column(b, "_modifiedby_value");
}
