/* Reading references to records. */
#include "bind.h"

#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

static bool bad(const char *text, struct sb_error *e)
{
    return sb_fail(e, 400, "0x80060888", "Bad Request - Error in query syntax: '%.200s'.", text);
}

/* The part behind /api/data/vX.Y/ of an absolute URL; the text itself when it is relative. */
static const char *relative(const char *text)
{
    const char *api;

    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
        return *text == '/' ? text + 1 : text;
    api = strstr(text, "/api/data/v");
    if (!api)
        return text;
    api = strchr(api + 11, '/');
    return api ? api + 1 : text;
}

bool sb_ref_parse(const char *text, const struct sb_table *t, struct sb_ref *out,
                  struct sb_error *e)
{
    const char *p = relative(text);
    const char *open = strchr(p, '('), *close = open ? strchr(open, ')') : NULL;
    MSX_AUTO(msx_free_p) char *set = NULL;
    MSX_AUTO(msx_free_p) char *key = NULL;
    const char *id;

    (void)t;
    if (strncmp(p, "api/data/v", 10) == 0) {
        p = strchr(p + 10, '/');
        if (!p)
            return bad(text, e);
        p++;
    }
    if (!open || !close || close[1] || open < p)
        return bad(text, e);
    set = sb_ndup(p, (size_t)(open - p));
    key = sb_ndup(open + 1, (size_t)(close - open - 1));
    out->table = sb_table_by_set(set);
    if (!out->table)
        return sb_fail(e, 404, "0x8006088a", "Resource not found for the segment '%.200s'.", set);
    id = strchr(key, '=');
    if (id) { /* the key's name may be written out */
        if (strlen(out->table->pk) != (size_t)(id - key) ||
            strncmp(key, out->table->pk, (size_t)(id - key)) != 0)
            return bad(text, e);
        id++;
    } else {
        id = key;
    }
    if (*id == '{' || !msx_guid_parse(id, out->id))
        return bad(text, e);
    return true;
}
