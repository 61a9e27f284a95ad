/* The before/after rows of an operation. */
#include "plan/plan_priv.h"

json_t *plan_rows(const json_t *op)
{
    MSX_AUTO(msx_json_free_p) json_t *before = json_object();
    json_t *after = msx_json_obj(op, "after");
    const char *key;
    json_t *v;

    if (!before || !after)
        return NULL;
    /* the record was read wider than what is written: only that is a change */
    json_object_foreach(after, key, v)
    {
        if (plan_is_column(key) && plan_copy_column(before, msx_json_obj(op, "before"), key) < 0)
            return NULL;
    }
    return msx_diff_rows(before, after);
}
