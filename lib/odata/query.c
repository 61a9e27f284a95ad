/* Queries as URLs: literals, names, option order, the unique last sort key. */
#include <stdio.h>
#include <string.h>

#include "odata/odata.h"

#define DEFAULT_ANNOTATIONS                                                                        \
    "OData.Community.Display.V1.FormattedValue,Microsoft.Dynamics.CRM.lookuplogicalname"
#define COUNT_ANNOTATIONS ",Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"

void msx_odata_add_string(struct msx_buf *b, const char *s)
{
    msx_buf_addc(b, '\'');
    for (; *s; s++) {
        if (*s == '\'')
            msx_buf_addc(b, '\'');
        msx_buf_addc(b, *s);
    }
    msx_buf_addc(b, '\'');
}

/* In contains(), startswith() and endswith() the wildcards of SQL are live: in brackets they are
 * themselves. A closing bracket needs nothing once no bracket opens. */
void msx_odata_add_pattern(struct msx_buf *b, const char *s)
{
    msx_buf_addc(b, '\'');
    for (; *s; s++) {
        if (*s == '%' || *s == '_' || *s == '[') {
            msx_buf_addc(b, '[');
            msx_buf_addc(b, *s);
            msx_buf_addc(b, ']');
            continue;
        }
        if (*s == '\'')
            msx_buf_addc(b, '\'');
        msx_buf_addc(b, *s);
    }
    msx_buf_addc(b, '\'');
}

enum msx_code msx_odata_add_guid(struct msx_buf *b, const char *s, struct msx_error *err)
{
    char guid[MSX_GUID_LEN + 1];

    if (!s || !msx_guid_parse(s, guid))
        return msx_fail(err, MSX_E_USAGE, "'%.80s' is not a GUID", s ? s : "");
    msx_buf_adds(b, guid);
    return MSX_OK;
}

static size_t name_len(const char *s)
{
    size_t n = 0;

    for (;; n++) {
        char c = s[n];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
              (n && c >= '0' && c <= '9')))
            return n;
    }
}

bool msx_odata_is_name(const char *s)
{
    size_t n = s ? name_len(s) : 0;

    return n && s[n] == '\0';
}

/* Legal in a query as they are; '&', '+', '#', '%' and all that is not ASCII are encoded. */
void odata_encode(struct msx_buf *b, const char *s)
{
    static const char plain[] = "'(),/:@$=*;!?";

    while (*s) {
        size_t n = strspn(s, plain);

        msx_buf_add(b, s, n);
        s += n;
        n = strcspn(s, plain);
        msx_url_encode(b, s, n);
        s += n;
    }
}

static enum msx_code check_select(const char *list, struct msx_error *err)
{
    const char *p = list;

    for (;;) {
        size_t n = name_len(p);

        if (!n || (p[n] && p[n] != ','))
            return msx_fail(err, MSX_E_USAGE, "'%.*s' is not a column name",
                            (int)(strcspn(p, ",") < 80 ? strcspn(p, ",") : 80), p);
        if (!p[n])
            return MSX_OK;
        p += n + 1;
    }
}

static enum msx_code check_text(const char *what, const char *s, struct msx_error *err)
{
    for (; s && *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return msx_fail(err, MSX_E_USAGE, "%s holds a control character", what);
    return MSX_OK;
}

enum msx_code odata_query_check(const struct msx_query *q, struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    if (!msx_odata_is_name(q->set))
        return msx_fail(err, MSX_E_USAGE, "'%.80s' is not the name of an entity set",
                        q->set ? q->set : "");
    if (q->primary_key && !msx_odata_is_name(q->primary_key))
        return msx_fail(err, MSX_E_USAGE, "'%.80s' is not a column name", q->primary_key);
    if (q->top < 0 || q->page_size < 0)
        return msx_fail(err, MSX_E_USAGE, "a number of rows cannot be negative");
    if (q->annotations && strpbrk(q->annotations, "\"\\"))
        return msx_fail(err, MSX_E_USAGE, "a list of annotations cannot hold quotes");
    if (q->select)
        rc = check_select(q->select, err);
    if (!rc)
        rc = check_text("the filter", q->filter, err);
    if (!rc)
        rc = check_text("the order", q->orderby, err);
    if (!rc)
        rc = check_text("the expand option", q->expand, err);
    if (!rc)
        rc = check_text("the list of annotations", q->annotations, err);
    return rc;
}

static bool sorts_by(const char *orderby, const char *column)
{
    const char *p = orderby;

    for (;;) {
        size_t n;

        p += strspn(p, " ");
        n = strcspn(p, ", ");
        if (n == strlen(column) && memcmp(p, column, n) == 0)
            return true;
        p += strcspn(p, ",");
        if (!*p)
            return false;
        p++;
    }
}

static void add_option(struct msx_buf *url, bool *first, const char *name, const char *value)
{
    msx_buf_addc(url, *first ? '?' : '&');
    msx_buf_adds(url, name);
    msx_buf_addc(url, '=');
    odata_encode(url, value);
    *first = false;
}

static void add_filter(struct msx_buf *url, bool *first, const char *filter, const char *ids)
{
    if (!filter && !ids)
        return;
    msx_buf_adds(url, *first ? "?$filter=" : "&$filter=");
    *first = false;
    if (filter && ids) {
        msx_buf_addc(url, '(');
        odata_encode(url, filter);
        msx_buf_adds(url, ")%20and%20");
    } else if (filter) {
        odata_encode(url, filter);
    }
    if (ids)
        odata_encode(url, ids);
}

static void add_orderby(struct msx_buf *url, bool *first, const struct msx_query *q)
{
    const char *by = q->orderby && *q->orderby ? q->orderby : NULL;

    if (!by && !q->primary_key)
        return;
    msx_buf_adds(url, *first ? "?$orderby=" : "&$orderby=");
    *first = false;
    if (by)
        odata_encode(url, by);
    if (q->primary_key && !(by && sorts_by(by, q->primary_key))) {
        if (by)
            msx_buf_addc(url, ',');
        odata_encode(url, q->primary_key);
    }
}

/* $top and a page size exclude each other: the service would ignore $top. A small top is one page
 * of its own; one row more is asked for, so that it is known whether any was left out. */
static bool uses_top(const struct msx_query *q)
{
    return q->top > 0 && q->top < ODATA_DEFAULT_PAGE && !q->page_size;
}

enum msx_code odata_query_url(const struct msx_odata *o, const struct msx_query *q,
                              const char *ids_filter, struct msx_buf *url, struct msx_error *err)
{
    bool first = true;

    msx_buf_adds(url, o->base);
    msx_buf_adds(url, q->set);
    if (q->select)
        add_option(url, &first, "$select", q->select);
    add_filter(url, &first, q->filter && *q->filter ? q->filter : NULL, ids_filter);
    add_orderby(url, &first, q);
    if (q->expand && *q->expand)
        add_option(url, &first, "$expand", q->expand);
    if (q->count)
        add_option(url, &first, "$count", "true");
    if (uses_top(q))
        msx_buf_addf(url, "%s$top=%ld", first ? "?" : "&", q->top + 1);
    return msx_buf_finish(url, "the request's URL", err);
}

char *odata_query_prefer(const struct msx_query *q)
{
    const char *names = q->annotations ? q->annotations : DEFAULT_ANNOTATIONS;
    long page = q->page_size ? q->page_size : ODATA_DEFAULT_PAGE;
    /* with a page size, nested expansions would be paged too, and their rest lost */
    bool nested = q->expand && strstr(q->expand, "$expand");
    char size[48] = "";

    if (page > ODATA_DEFAULT_PAGE)
        page = ODATA_DEFAULT_PAGE;
    if (q->top > 0 && page > q->top) /* one more than asked, to know whether any is left out */
        page = q->top + 1;
    if (!uses_top(q) && !nested)
        (void)snprintf(size, sizeof(size), "odata.maxpagesize=%ld", page);
    if (!*names)
        return *size ? msx_asprintf("Prefer: %s", size) : msx_strdup("");
    return msx_asprintf("Prefer: odata.include-annotations=\"%s%s\"%s%s", names,
                        q->count ? COUNT_ANNOTATIONS : "", *size ? "," : "", size);
}

enum msx_code odata_path_check(const char *path, struct msx_error *err)
{
    const char *query = path + strcspn(path, "?");
    const char *p = path;

    for (const char *c = path; *c; c++)
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f || *c == '#' || *c == '\\')
            return msx_fail(err, MSX_E_USAGE, "a request path is not percent-encoded");
    if (*path == '/' || strstr(path, "://") == path + strcspn(path, ":/?"))
        return msx_fail(err, MSX_E_USAGE, "a request path begins below the service's base");
    while (p < query) {
        size_t n = strcspn(p, "/?");

        if (n > ODATA_MAX_SEGMENT)
            return msx_fail(err, MSX_E_LIMIT, "a part of a request path is longer than %zu bytes",
                            ODATA_MAX_SEGMENT);
        if ((n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
            return msx_fail(err, MSX_E_USAGE, "a request path cannot hold '..'");
        p += n + (p[n] == '/');
    }
    return MSX_OK;
}
