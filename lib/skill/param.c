/* Parameters of flows: declared with type and default, given as JSON or as text from a command
 * line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/flow.h"

static enum msx_code bad(struct msx_error *err, const char *name, const char *wants)
{
    return msx_fail(err, MSX_E_USAGE, "parameter '%s' wants %s", name, wants);
}

static enum msx_code made(json_t *j, json_t **out, struct msx_error *err)
{
    if (!j)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = j;
    return MSX_OK;
}

static enum msx_code number(const char *name, const json_t *given, bool whole, json_t **out,
                            struct msx_error *err)
{
    const char *s = json_string_value(given), *wants = whole ? "a whole number" : "a number";
    MSX_AUTO(msx_json_free_p) json_t *parsed = NULL;

    if (s) {
        parsed = json_loads(s, JSON_DECODE_ANY, NULL);
        given = parsed;
    }
    if (whole ? !json_is_integer(given) : !json_is_number(given))
        return bad(err, name, wants);
    return made(json_copy((json_t *)(uintptr_t)given), out, err);
}

static enum msx_code choice(const char *name, const json_t *decl, const json_t *given, json_t **out,
                            struct msx_error *err)
{
    const json_t *one_of = msx_json_arr(decl, "one_of");
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(4096);
    const char *s = json_string_value(given);

    for (size_t i = 0; i < json_array_size(one_of); i++) {
        const char *allowed = json_string_value(json_array_get(one_of, i));

        if (s && allowed && msx_ieq(s, allowed))
            return made(json_string(allowed), out, err);
        msx_buf_addf(&b, "%s%s", i ? ", " : "one of ", allowed ? allowed : "?");
    }
    return bad(err, name, b.data);
}

static enum msx_code date(const char *name, const json_t *given, msx_day today, json_t **out,
                          struct msx_error *err)
{
    const char *s = json_string_value(given);
    char text[11];
    enum msx_code rc;
    msx_day day;

    if (!s)
        return bad(err, name, "a date");
    rc = msx_day_resolve(s, today, &day, err);
    if (rc)
        return msx_wrap(err, rc, "parameter '%s'", name);
    msx_day_format(day, text);
    return made(json_string(text), out, err);
}

static enum msx_code add_item(json_t *list, const char *name, const char *s, size_t n, bool guid,
                              struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *item = NULL;
    char id[MSX_GUID_LEN + 1];

    while (n && (*s == ' ' || *s == '\t')) {
        s++;
        n--;
    }
    while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        n--;
    if (!n)
        return MSX_OK;
    item = msx_strndup(s, n);
    if (!item)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (guid && !msx_guid_parse(item, id))
        return msx_fail(err, MSX_E_USAGE, "parameter '%s' wants ids, '%s' is none", name, item);
    if (json_array_append_new(list, json_string(guid ? id : item)) != 0)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return MSX_OK;
}

/* An array of texts, or one text with commas. */
static enum msx_code list(const char *name, const json_t *given, bool guid, json_t **out,
                          struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *items = json_array();
    const char *s = json_string_value(given);
    enum msx_code rc = MSX_OK;

    if (!items)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (!s && !json_is_array(given) && !json_is_integer(given))
        return bad(err, name, "a list");
    while (!rc && s) {
        const char *comma = strchr(s, ',');

        rc = add_item(items, name, s, comma ? (size_t)(comma - s) : strlen(s), guid, err);
        s = comma ? comma + 1 : NULL;
    }
    for (size_t i = 0; !rc && i < (json_is_array(given) ? json_array_size(given) : 1); i++) {
        const json_t *item = json_is_array(given) ? json_array_get(given, i) : given;
        char digits[32];

        if (json_is_integer(item)) {
            int n = snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(item));

            rc = add_item(items, name, digits, n > 0 ? (size_t)n : 0, guid, err);
        } else if (json_is_string(item) && json_is_array(given)) {
            rc =
                add_item(items, name, json_string_value(item), json_string_length(item), guid, err);
        } else if (json_is_array(given)) {
            rc = bad(err, name, "a list of texts");
        }
    }
    if (rc)
        return rc;
    *out = MSX_STEAL(items);
    return MSX_OK;
}

static enum msx_code yes_or_no(const char *name, const json_t *given, json_t **out,
                               struct msx_error *err)
{
    const char *s = json_string_value(given);

    if (json_is_boolean(given))
        return made(json_boolean(json_is_true(given)), out, err);
    if (msx_ieq(s, "yes") || msx_ieq(s, "true"))
        return made(json_true(), out, err);
    if (msx_ieq(s, "no") || msx_ieq(s, "false"))
        return made(json_false(), out, err);
    return bad(err, name, "yes or no");
}

enum msx_code msx_flow_param_value(const char *name, const json_t *decl, const json_t *given,
                                   msx_day today, json_t **out, struct msx_error *err)
{
    const char *type = msx_json_str_or(decl, "type", "string");
    MSX_AUTO(msx_json_free_p) json_t *parsed = NULL;

    if (!given || json_is_null(given))
        return made(json_null(), out, err);
    if (strcmp(type, "int") == 0 || strcmp(type, "number") == 0)
        return number(name, given, type[0] == 'i', out, err);
    if (strcmp(type, "choice") == 0)
        return choice(name, decl, given, out, err);
    if (strcmp(type, "date") == 0)
        return date(name, given, today, out, err);
    if (strcmp(type, "strings") == 0 || strcmp(type, "guids") == 0)
        return list(name, given, type[0] == 'g', out, err);
    if (strcmp(type, "bool") == 0)
        return yes_or_no(name, given, out, err);
    if (strcmp(type, "object") == 0) {
        if (json_is_string(given)) {
            parsed = json_loads(json_string_value(given), 0, NULL);
            given = parsed;
        }
        if (!json_is_object(given))
            return bad(err, name, "a JSON object");
        return made(json_deep_copy(given), out, err);
    }
    if (!json_is_string(given))
        return bad(err, name, "a text");
    return made(json_copy((json_t *)(uintptr_t)given), out, err);
}

/* Declarations of both documents; the flow's may be a plain default for a shared parameter. */
static enum msx_code declarations(const struct msx_flow *f, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p)
    json_t *all = json_deep_copy(msx_json_obj(f->shared.params, "params"));
    const json_t *own = msx_json_obj(f->doc, "params");
    const char *name;
    json_t *decl;

    if (!all)
        return msx_fail(err, MSX_E_INVALID, "shared parameters: 'params' is missing");
    json_object_foreach((json_t *)(uintptr_t)own, name, decl) {
        json_t *known = json_object_get(all, name);
        int failed;

        if (known && !json_is_object(decl))
            failed = json_object_set(known, "default", decl);
        else
            failed = json_object_set(all, name, decl);
        if (failed)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    *out = MSX_STEAL(all);
    return MSX_OK;
}

static enum msx_code check_names(const json_t *decls, const json_t *given, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) const char **names = NULL;
    const char *name, *near;
    json_t *value;
    size_t n = 0;

    names = msx_calloc(json_object_size(decls) + 1, sizeof *names);
    if (!names)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    json_object_foreach((json_t *)(uintptr_t)decls, name, value)
        names[n++] = name;
    json_object_foreach((json_t *)(uintptr_t)given, name, value) {
        if (json_object_get(decls, name))
            continue;
        near = msx_nearest(name, names, n);
        (void)msx_fail(err, MSX_E_USAGE, "the flow has no parameter '%s'", name);
        if (near)
            msx_hint(err, "did you mean '%s'?", near);
        return MSX_E_USAGE;
    }
    return MSX_OK;
}

enum msx_code msx_flow_params(const struct msx_flow *f, const json_t *given, msx_day today,
                              json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *params = json_object();
    MSX_AUTO(msx_json_free_p) json_t *decls = NULL;
    enum msx_code rc;
    const char *name;
    json_t *decl;

    if (!params)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = declarations(f, &decls, err);
    if (!rc)
        rc = check_names(decls, given, err);
    if (rc)
        return rc;
    json_object_foreach(decls, name, decl) {
        const json_t *value = json_object_get(given, name);
        json_t *made_value = NULL;

        if (!value || json_is_null(value))
            value = json_object_get(decl, "default");
        if (!value && msx_json_bool_or(decl, "required", false))
            return msx_fail(err, MSX_E_USAGE, "the flow needs parameter '%s'", name);
        rc = msx_flow_param_value(name, decl, value, today, &made_value, err);
        if (rc)
            return rc;
        if (json_object_set_new(params, name, made_value) != 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    *out = MSX_STEAL(params);
    return MSX_OK;
}
