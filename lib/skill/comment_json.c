/* The JSON comments field, catalog 2.2: an array of objects whose keys say what is text and what is
 * a date. Anything else is no comment. */
#include "skill/signal_priv.h"

#include <string.h>

#include "msxops/json.h"

#define MAX_DEPTH 16

static bool key_has(const char *key, const char *part)
{
    size_t n = strlen(part);

    for (; *key; key++) {
        size_t i = 0;

        while (i < n && (key[i] | 32) == part[i])
            i++;
        if (i == n)
            return true;
    }
    return false;
}

static void take_texts(const json_t *v, json_t *texts, int depth)
{
    const char *key;
    json_t *sub;
    size_t i;

    if (json_is_string(v))
        (void)json_array_append(texts, (json_t *)(uintptr_t)v); /* shared, never changed */
    if (depth == MAX_DEPTH)
        return;
    json_array_foreach(v, i, sub)
        take_texts(sub, texts, depth + 1);
    json_object_foreach((json_t *)(uintptr_t)v, key, sub)
        take_texts(sub, texts, depth + 1);
}

static void take_dates(const json_t *v, const struct msx_tz *tz, msx_day *newest, int depth)
{
    const char *key;
    json_t *sub;
    size_t i;

    if (json_is_string(v)) {
        bool bad;
        msx_day day = msx_day_of(json_string_value(v), tz, &bad);

        if (day != MSX_DAY_NONE && day > *newest)
            *newest = day;
    }
    if (depth == MAX_DEPTH)
        return;
    json_array_foreach(v, i, sub)
        take_dates(sub, tz, newest, depth + 1);
    json_object_foreach((json_t *)(uintptr_t)v, key, sub)
        take_dates(sub, tz, newest, depth + 1);
}

static json_t *one_object(const json_t *obj, const struct msx_tz *tz)
{
    json_t *texts = json_array();
    msx_day date = MSX_DAY_NONE;
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)obj, key, v) {
        if (key_has(key, "date") || key_has(key, "modified") || key_has(key, "created"))
            take_dates(v, tz, &date, 0);
        else if (key_has(key, "comment") || key_has(key, "text"))
            take_texts(v, texts, 0);
    }
    return json_pack("{s:o, s:o}", "texts", texts, "date",
                     date == MSX_DAY_NONE ? json_null() : json_integer(date));
}

json_t *comment_objects(const char *json_text, const struct msx_tz *tz)
{
    json_t *out = json_array(), *doc = NULL, *obj;
    enum msx_code rc = MSX_OK;
    bool all = true;
    size_t i;

    if (json_text && *json_text)
        rc = msx_json_parse(json_text, strlen(json_text), "comments", &doc, NULL);
    json_array_foreach(doc, i, obj)
        all = all && json_is_object(obj);
    json_array_foreach(doc, i, obj)
        if (all && json_array_append_new(out, one_object(obj, tz)))
            rc = MSX_E_NOMEM;
    json_decref(doc);
    if (rc == MSX_E_NOMEM) { /* anything else is no comment, and no error */
        json_decref(out);
        return NULL;
    }
    return out;
}

enum msx_code msx_comment_json(const char *json_text, const struct msx_tz *tz, json_t **texts,
                               msx_day *newest, struct msx_error *err)
{
    json_t *objects = comment_objects(json_text, tz), *all = json_array(), *obj;
    msx_day last = MSX_DAY_NONE;
    size_t i;

    if (!objects || !all) {
        json_decref(objects);
        json_decref(all);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    json_array_foreach(objects, i, obj) {
        json_int_t day;

        (void)json_array_extend(all, json_object_get(obj, "texts"));
        if (msx_json_int(obj, "date", &day) && (msx_day)day > last)
            last = (msx_day)day;
    }
    json_decref(objects);
    *texts = all;
    *newest = last;
    return MSX_OK;
}
