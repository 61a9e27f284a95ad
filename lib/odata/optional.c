/* Columns that are read where an organisation has them and are never required: a read that is
 * refused for one of them is repeated without it, and its rows hold null there. */
#include <string.h>

#include "odata/rows.h"

static const char *const optional[] = {
    "activestageid",    "actualend",
    "createdon",        "isdisabled",
    "modifiedon",       "msp_forecastcommentsjsonfield",
    "msp_taskcategory", "_businessunitid_value",
    "_createdby_value", "_modifiedby_value",
};

/* Where column stands in the list that starts at p and ends at '&' or the end; NULL when not. */
static char *find(char *p, const char *column)
{
    size_t n = strlen(column);

    for (;;) {
        size_t len = strcspn(p, ",&");

        if (len == n && strncmp(p, column, n) == 0)
            return p;
        if (p[len] != ',')
            return NULL;
        p += len + 1;
    }
}

/* Take column out of the $select of url; false when it is not there, or alone. */
static bool unselect(char *url, const char *column)
{
    char *list = strstr(url, "$select=");
    char *at;
    size_t n = strlen(column);

    if (!list)
        return false;
    list += strlen("$select=");
    at = find(list, column);
    if (!at || (at == list && at[n] != ','))
        return false;
    if (at[n] == ',')
        n++;
    else
        at--, n++; /* the last one goes with the comma before it */
    memmove(at, at + n, strlen(at + n) + 1);
    return true;
}

bool odata_drop_optional(struct part *p, const struct msx_error *err)
{
    static const char marker[] = "property named '";
    const char *name = err->http_status == 400 ? strstr(err->msg, marker) : NULL;
    size_t n;

    if (!name || !p->url || p->got)
        return false;
    name += sizeof(marker) - 1;
    n = strcspn(name, "'");
    for (size_t i = 0; i < sizeof(optional) / sizeof(*optional); i++) {
        const char *o = optional[i];

        if (strlen(o) != n || strncmp(o, name, n) != 0 || !unselect(p->url, o))
            continue;
        p->dropped |= 1u << i;
        msx_log(p->rows->o->ctx, MSX_LOG_INFO,
                "this organisation has no column '%s'; going on without", o);
        return true;
    }
    return false;
}

static int add_nulls(unsigned dropped, json_t *row)
{
    for (size_t i = 0; i < sizeof(optional) / sizeof(*optional); i++)
        if ((dropped & 1u << i) && !json_object_get(row, optional[i]) &&
            json_object_set_new(row, optional[i], json_null()))
            return -1;
    return 0;
}

int odata_fill_optional(const struct part *p, json_t *doc)
{
    json_t *rows = msx_json_arr(doc, "value"), *row;
    size_t i;

    if (!p->dropped)
        return 0;
    if (!rows)
        return add_nulls(p->dropped, doc);
    json_array_foreach(rows, i, row) {
        if (add_nulls(p->dropped, row))
            return -1;
    }
    return 0;
}
