/* Records as the service gives them: labels, links, order, grouping, and the shape of answers. */
#include "crm/priv.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* field + suffix in a bounded buffer; column names of Dataverse have at most 128 characters. */
#define KEY_MAX 300

static const char *annotation(const json_t *rec, const char *field, const char *suffix)
{
    char key[KEY_MAX];
    int n = snprintf(key, sizeof key, "%s%s", field, suffix);

    if (n < 0 || (size_t)n >= sizeof key)
        return NULL;
    return msx_json_str(rec, key);
}

json_t *msx_crm_array_copy(const json_t *array)
{
    json_t *copy = json_array();

    if (copy && json_is_array(array) && json_array_extend(copy, (json_t *)(uintptr_t)array)) {
        json_decref(copy);
        return NULL;
    }
    return copy;
}

json_t *msx_crm_object_copy(const json_t *object)
{
    json_t *copy = json_object();

    if (copy && json_is_object(object) && json_object_update(copy, (json_t *)(uintptr_t)object)) {
        json_decref(copy);
        return NULL;
    }
    return copy;
}

const char *msx_crm_label(const json_t *rec, const char *field)
{
    return annotation(rec, field, MSX_FMT);
}

const char *msx_crm_lookup_table(const json_t *rec, const char *field)
{
    return annotation(rec, field, MSX_LOGICAL);
}

const char *msx_crm_shown(const json_t *rec, const char *field)
{
    const char *label = msx_crm_label(rec, field);

    return label ? label : msx_json_str(rec, field);
}

int msx_crm_set_label(json_t *rec, const char *field, const char *label)
{
    MSX_AUTO(msx_free_p) char *key = msx_asprintf("%s" MSX_FMT, field);

    if (!key)
        return -1;
    if (!label) {
        json_object_del(rec, key);
        return 0;
    }
    return msx_json_set_str(rec, key, label);
}

char *msx_record_url(const char *org, const char *logical, const char *id)
{
    return msx_asprintf("%s/main.aspx?etn=%s&id=%s&pagetype=entityrecord", org, logical, id);
}

int msx_crm_tidy_one(struct msx_crm *crm, const struct msx_crm_table *t, json_t *record)
{
    const char *id = t ? msx_json_str(record, t->key) : NULL;
    MSX_AUTO(msx_free_p) char *url = NULL;

    json_object_del(record, "@odata.etag");
    json_object_del(record, "@odata.context");
    if (!id || !t->linked)
        return 0;
    url = msx_record_url(msx_odata_org(crm->odata), t->logical, id);
    return url ? msx_json_set_str(record, "recordUrl", url) : -1;
}

int msx_crm_tidy(struct msx_crm *crm, const struct msx_crm_table *t, json_t *records)
{
    json_t *rec;
    size_t i;

    json_array_foreach(records, i, rec) {
        if (msx_crm_tidy_one(crm, t, rec))
            return -1;
    }
    return 0;
}

json_t *msx_crm_ids_of(const json_t *records, const char *column)
{
    MSX_AUTO(msx_json_free_p) json_t *seen = json_object();
    MSX_AUTO(msx_json_free_p) json_t *ids = json_array();
    json_t *rec;
    size_t i;

    if (!seen || !ids)
        return NULL;
    json_array_foreach(records, i, rec) {
        const char *raw = msx_json_str(rec, column);
        char id[MSX_GUID_LEN + 1];

        if (!raw || !msx_guid_parse(raw, id) || json_object_get(seen, id))
            continue;
        if (json_object_set_new(seen, id, json_true()) ||
            json_array_append_new(ids, json_string(id)))
            return NULL;
    }
    return MSX_STEAL(ids);
}

json_t *msx_crm_group(const json_t *records, const char *column, const json_t *ids)
{
    MSX_AUTO(msx_json_free_p) json_t *groups = json_object();
    json_t *item;
    size_t i;

    if (!groups)
        return NULL;
    json_array_foreach(ids, i, item) {
        const char *id = json_string_value(item);

        if (id && !json_object_get(groups, id) && json_object_set_new(groups, id, json_array()))
            return NULL;
    }
    json_array_foreach(records, i, item) {
        const char *raw = msx_json_str(item, column);
        char id[MSX_GUID_LEN + 1];
        json_t *group;

        if (!raw || !msx_guid_parse(raw, id))
            continue;
        group = json_object_get(groups, id);
        if (group && json_array_append(group, item))
            return NULL;
    }
    return MSX_STEAL(groups);
}

bool msx_crm_has_id(const json_t *ids, const char *id)
{
    json_t *item;
    size_t i;

    json_array_foreach(ids, i, item) {
        if (msx_guid_eq(json_string_value(item), id))
            return true;
    }
    return false;
}

const struct msx_crm_order msx_crm_by_date[] = {
    { .field = "msp_milestonedate" },
    { .field = "msp_milestonenumber" },
    { .field = "msp_engagementmilestoneid" },
    { .field = NULL },
};
const struct msx_crm_order msx_crm_newest[] = {
    { .field = "createdon", .descending = true },
    { .field = "activityid" },
    { .field = NULL },
};

#define ORDER_MAX 4 /* fields that decide an order */

struct sortable {
    json_t *rec;
    const json_t *value[ORDER_MAX]; /* of its fields: looked up once, not at each comparison */
    const struct msx_crm_order *order;
};

static int compare_values(const json_t *x, const json_t *y, const struct msx_crm_order *o)
{
    bool no_x = !x || json_is_null(x), no_y = !y || json_is_null(y);
    int c = 0;

    if (no_x || no_y) /* what has no value stands last in both directions */
        return no_x - no_y;
    if (json_is_number(x) && json_is_number(y)) {
        double dx = json_number_value(x), dy = json_number_value(y);

        c = (dx > dy) - (dx < dy);
    } else if (json_is_string(x) && json_is_string(y)) {
        if (o->ignore_case)
            c = msx_ascii_casecmp(json_string_value(x), json_string_value(y));
        if (!c)
            c = strcmp(json_string_value(x), json_string_value(y));
    }
    return o->descending ? -c : c;
}

static int compare(const void *pa, const void *pb)
{
    const struct sortable *a = pa, *b = pb;

    for (size_t i = 0; a->order[i].field; i++) {
        int c = compare_values(a->value[i], b->value[i], &a->order[i]);

        if (c)
            return c;
    }
    return 0;
}

int msx_crm_sort(json_t *records, const struct msx_crm_order *order)
{
    size_t n = json_array_size(records);
    struct sortable *items;
    json_t *rec;
    size_t i;

    if (n < 2)
        return 0;
    items = msx_calloc(n, sizeof *items);
    if (!items)
        return -1;
    json_array_foreach(records, i, rec) {
        items[i] = (struct sortable){ .rec = json_incref(rec), .order = order };
        for (size_t k = 0; order[k].field; k++) {
            assert(k < ORDER_MAX);
            items[i].value[k] = json_object_get(rec, order[k].field);
        }
    }
    qsort(items, n, sizeof *items, compare);
    for (i = 0; i < n; i++)
        json_array_set_new(records, i, items[i].rec);
    msx_free(items);
    return 0;
}

json_t *msx_crm_list_result(const char *key, json_t *records)
{
    return json_pack("{s:I,s:o}", "count", (json_int_t)json_array_size(records), key, records);
}

static json_t *array_of(json_t *result, const char *key)
{
    json_t *a = json_object_get(result, key);

    if (!a) {
        a = json_array();
        if (!a || json_object_set_new(result, key, a))
            return NULL;
    }
    return a;
}

int msx_crm_note(json_t *result, const char *fmt, ...)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(4096);
    json_t *notes = array_of(result, "notes");
    char text[600];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!notes || n < 0)
        return -1;
    /* a cut may fall inside a character */
    for (const char *p = text, *end = text + strlen(text); p < end;)
        msx_utf8_add(&b, msx_utf8_next(&p, end));
    return json_array_append_new(notes, json_stringn(b.data, b.len));
}

int msx_crm_gap(json_t *result, const char *kind, const char *what, const char *effect)
{
    json_t *gaps = array_of(result, "gaps");

    return gaps ? json_array_append_new(gaps, json_pack("{s:s,s:s,s:n,s:s}", "kind", kind, "what",
                                                        what, "where", "effect", effect))
                : -1;
}

msx_day msx_crm_day(struct msx_crm *crm, const json_t *rec, const char *field)
{
    bool bad = false;

    return msx_day_of(msx_json_str(rec, field), crm->ctx->tz, &bad);
}

json_t *msx_crm_one_or_many(const json_t *params, const char *one, const char *many, bool *given)
{
    const json_t *a = one ? json_object_get(params, one) : NULL;
    const json_t *b = many ? json_object_get(params, many) : NULL;
    json_t *all = msx_crm_array_copy(b);

    *given = a || b;
    if (!all || !a)
        return all;
    if (json_array_append(all, (json_t *)(uintptr_t)a)) {
        json_decref(all);
        return NULL;
    }
    return all;
}
