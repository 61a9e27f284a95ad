/* Arguments of tools: checked against the table of the tool and brought into one form, so that no
 * tool looks at a raw parameter. */
#include "crm/priv.h"

#include <math.h>
#include <string.h>

#define MAX_PARAMS 64

static const char *type_name(enum msx_param_type type)
{
    switch (type) {
    case MSX_P_STRING:
        return "a string";
    case MSX_P_INT:
        return "a whole number";
    case MSX_P_NUMBER:
        return "a number";
    case MSX_P_BOOL:
        return "true or false";
    case MSX_P_GUID:
        return "a GUID";
    case MSX_P_DATE:
        return "a date";
    case MSX_P_STRINGS:
        return "an array of strings";
    case MSX_P_GUIDS:
        return "an array of GUIDs";
    case MSX_P_OBJECT:
        return "an object";
    case MSX_P_CHOICE:
        return "a label or its code";
    case MSX_P_FIELDS:
        return "column names";
    case MSX_P_ANY:
        return "a value";
    }
    return "a value";
}

static enum msx_code wrong(const struct msx_tool *t, const struct msx_param *p, const json_t *v,
                           struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1 << 20);

    msx_json_dump(&b, v);
    return msx_fail(err, MSX_E_USAGE, "%s: '%s' wants %s, got %.80s", t->name, p->name,
                    type_name(p->type), b.data);
}

static bool blank(const char *s)
{
    return !s[strspn(s, " \t\r\n")];
}

static enum msx_code take_string(const struct msx_tool *t, const struct msx_param *p,
                                 const json_t *v, json_t **out, struct msx_error *err)
{
    const char *s = json_string_value(v);
    size_t n = 0;

    if (!s || strlen(s) != json_string_length(v))
        return wrong(t, p, v, err);
    if (p->required && blank(s))
        return msx_fail(err, MSX_E_USAGE, "%s: '%s' is empty", t->name, p->name);
    for (n = 0; p->one_of && p->one_of[n]; n++)
        if (msx_ieq(p->one_of[n], s)) {
            *out = json_string(p->one_of[n]);
            return *out ? MSX_OK : msx_crm_oom(err);
        }
    if (p->one_of) {
        MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1024);
        const char *near = msx_nearest(s, p->one_of, n);

        for (size_t i = 0; i < n; i++)
            msx_buf_addf(&b, "%s%s", i ? ", " : "", p->one_of[i]);
        msx_fail(err, MSX_E_USAGE, "%s: '%s' is one of %s, not '%.80s'", t->name, p->name, b.data,
                 s);
        if (near)
            msx_hint(err, "did you mean '%s'?", near);
        return MSX_E_USAGE;
    }
    *out = json_string(s);
    return *out ? MSX_OK : msx_crm_oom(err);
}

static enum msx_code take_guid(const struct msx_tool *t, const struct msx_param *p, const json_t *v,
                               json_t **out, struct msx_error *err)
{
    const char *s = json_string_value(v);
    char guid[MSX_GUID_LEN + 1];

    if (!s || !msx_guid_parse(s, guid)) {
        wrong(t, p, v, err);
        if (s && s[0] == '7' && s[1] == '-')
            msx_hint(err, "that looks like a milestone number: use milestoneNumber");
        return MSX_E_USAGE;
    }
    *out = json_string(guid);
    return *out ? MSX_OK : msx_crm_oom(err);
}

static enum msx_code take_date(const struct msx_tool *t, const struct msx_param *p, const json_t *v,
                               const struct msx_ctx *ctx, json_t **out, struct msx_error *err)
{
    const char *s = json_string_value(v);
    char text[11];
    msx_day day;
    enum msx_code rc;

    if (!s)
        return wrong(t, p, v, err);
    rc = msx_day_resolve(s, ctx->today, &day, err);
    if (rc)
        return msx_wrap(err, rc, "%s: '%s'", t->name, p->name);
    msx_day_format(day, text);
    *out = json_string(text);
    return *out ? MSX_OK : msx_crm_oom(err);
}

static enum msx_code take_list(const struct msx_tool *t, const struct msx_param *p, const json_t *v,
                               json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *items = json_array();
    size_t n = json_is_array(v) ? json_array_size(v) : 1;

    if (!items)
        return msx_crm_oom(err);
    if (!json_is_array(v) && !json_is_string(v) && !json_is_integer(v))
        return wrong(t, p, v, err);
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_is_array(v) ? json_array_get(v, i) : v;
        json_t *item = NULL;
        char digits[32];
        enum msx_code rc = MSX_OK;

        if (p->type == MSX_P_GUIDS) {
            rc = take_guid(t, p, one, &item, err);
        } else if (json_is_integer(one)) { /* a TPID that came as a number */
            snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(one));
            item = json_string(digits);
        } else if (!json_is_string(one) || blank(json_string_value(one)) ||
                   strlen(json_string_value(one)) != json_string_length(one)) {
            rc = wrong(t, p, one, err);
        } else {
            item = json_string(json_string_value(one));
        }
        if (rc)
            return rc;
        if (json_array_append_new(items, item))
            return msx_crm_oom(err);
    }
    *out = MSX_STEAL(items);
    return MSX_OK;
}

/* "a, b" or ["a","b"] -> "a,b"; every part must be a column name. */
static enum msx_code take_fields(const struct msx_tool *t, const struct msx_param *p,
                                 const json_t *v, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(32 << 10);
    size_t n = json_is_array(v) ? json_array_size(v) : 1;
    enum msx_code rc;

    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_is_array(v) ? json_array_get(v, i) : v;
        const char *s = json_string_value(one);

        if (!s)
            return wrong(t, p, one, err);
        while (*s) {
            size_t skip = strspn(s, " ,");
            size_t len = strcspn(s + skip, " ,");
            MSX_AUTO(msx_free_p) char *name = msx_strndup(s + skip, len);

            if (!name)
                return msx_crm_oom(err);
            if (len && !msx_odata_is_name(name))
                return msx_fail(err, MSX_E_USAGE, "%s: '%s': '%.80s' is no column name", t->name,
                                p->name, name);
            if (len)
                msx_buf_addf(&b, "%s%s", b.len ? "," : "", name);
            s += skip + len;
        }
    }
    rc = msx_buf_finish(&b, "the list of columns", err);
    if (rc)
        return rc;
    *out = json_string(b.data);
    return *out ? MSX_OK : msx_crm_oom(err);
}

static enum msx_code take(const struct msx_tool *t, const struct msx_param *p, const json_t *v,
                          const struct msx_ctx *ctx, json_t **out, struct msx_error *err)
{
    bool good = false;
    json_t *made = NULL;

    switch (p->type) {
    case MSX_P_STRING:
        return take_string(t, p, v, out, err);
    case MSX_P_GUID:
        return take_guid(t, p, v, out, err);
    case MSX_P_DATE:
        return take_date(t, p, v, ctx, out, err);
    case MSX_P_STRINGS:
    case MSX_P_GUIDS:
        return take_list(t, p, v, out, err);
    case MSX_P_FIELDS:
        return take_fields(t, p, v, out, err);
    case MSX_P_INT:
        if (json_is_real(v) && fabs(json_real_value(v)) < 9e15 &&
            floor(json_real_value(v)) == json_real_value(v))
            made = json_integer((json_int_t)json_real_value(v));
        good = json_is_integer(v) || made;
        break;
    case MSX_P_NUMBER:
        good = json_is_number(v);
        break;
    case MSX_P_BOOL:
        good = json_is_boolean(v);
        break;
    case MSX_P_OBJECT:
        good = json_is_object(v);
        break;
    case MSX_P_CHOICE:
        good = json_is_integer(v) || (json_is_string(v) && !blank(json_string_value(v)));
        break;
    case MSX_P_ANY:
        good = true;
        break;
    }
    if (!good)
        return wrong(t, p, v, err);
    *out = made ? made : json_deep_copy(v);
    return *out ? MSX_OK : msx_crm_oom(err);
}

static const struct msx_param *find_param(const struct msx_tool *t, const char *name)
{
    for (const struct msx_param *p = t->params; p->name; p++)
        if (!strcmp(p->name, name))
            return p;
    return NULL;
}

static enum msx_code unknown_param(const struct msx_tool *t, const char *name,
                                   struct msx_error *err)
{
    const char *names[MAX_PARAMS];
    const char *near;
    size_t n = 0;

    for (const struct msx_param *p = t->params; p->name && n < MAX_PARAMS; p++)
        names[n++] = p->name;
    near = msx_nearest(name, names, n);
    msx_fail(err, MSX_E_USAGE, "%s has no parameter '%.80s'", t->name, name);
    if (near)
        msx_hint(err, "did you mean '%s'?", near);
    return MSX_E_USAGE;
}

enum msx_code msx_crm_args(const struct msx_tool *t, const json_t *params,
                           const struct msx_ctx *ctx, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *args = json_object();
    const char *key;
    json_t *v;

    if (!args)
        return msx_crm_oom(err);
    if (params && !json_is_object(params) && !json_is_null(params))
        return msx_fail(err, MSX_E_USAGE, "%s: the parameters must be an object", t->name);
    json_object_foreach((json_t *)(uintptr_t)params, key, v) {
        const struct msx_param *p = find_param(t, key);
        json_t *value = NULL;
        enum msx_code rc;

        if (!p)
            return unknown_param(t, key, err);
        if (json_is_null(v) && p->type != MSX_P_ANY)
            continue;
        rc = take(t, p, v, ctx, &value, err);
        if (rc)
            return rc;
        if (json_object_set_new(args, key, value))
            return msx_crm_oom(err);
    }
    for (const struct msx_param *p = t->params; p->name; p++)
        if (p->required && !json_object_get(args, p->name))
            return msx_fail(err, MSX_E_USAGE, "%s needs '%s': %s", t->name, p->name, p->doc);
    *out = MSX_STEAL(args);
    return MSX_OK;
}
