/* Fields that operations write: which parameter is which column, and how its value is checked,
 * resolved and labelled. */
#include "crm/op_priv.h"

#include <stdlib.h>
#include <string.h>

static const struct msx_op_field task_fields[] = {
    { "subject", "subject", NULL, MSX_OV_TEXT, 200, true },
    { "description", "description", NULL, MSX_OV_TEXT, 2000, false },
    { "dueDate", "scheduledend", NULL, MSX_OV_DATE, 0, false },
    { "category", "msp_taskcategory", NULL, MSX_OV_CHOICE, 0, false },
    { "statusCode", "statuscode", NULL, MSX_OV_CHOICE, 0, true },
    { "ownerId", "_ownerid_value", "systemuser", MSX_OV_LOOKUP, 0, true },
};
static const struct msx_op_field milestone_fields[] = {
    { "name", "msp_name", NULL, MSX_OV_TEXT, 200, true },
    { "milestoneDate", "msp_milestonedate", NULL, MSX_OV_DATE, 0, false },
    { "monthlyUse", "msp_monthlyuse", NULL, MSX_OV_NUMBER, 0, false },
    { "forecastComments", "msp_forecastcomments", NULL, MSX_OV_TEXT, 0, false },
    { "milestoneStatus", "msp_milestonestatus", NULL, MSX_OV_CHOICE, 0, true },
    { "commitmentRecommendation", "msp_commitmentrecommendation", NULL, MSX_OV_CHOICE, 0, true },
    { "milestoneCategory", "msp_milestonecategory", NULL, MSX_OV_CHOICE, 0, false },
    { "ownerId", "_ownerid_value", "systemuser", MSX_OV_LOOKUP, 0, true },
    { "workloadId", "_msp_workloadlkid_value", NULL, MSX_OV_LOOKUP, 0, false },
    { "transactionCurrencyId", "_transactioncurrencyid_value", "transactioncurrency", MSX_OV_LOOKUP,
      0, false },
};

const struct msx_op_field *msx_op_fields(const struct msx_crm_table *t, size_t *n)
{
    if (t == &msx_crm_tasks) {
        *n = sizeof task_fields / sizeof task_fields[0];
        return task_fields;
    }
    *n = sizeof milestone_fields / sizeof milestone_fields[0];
    return milestone_fields;
}

/* "_msp_workloadlkid_value" -> "msp_workloadlkid"; new string. */
static char *lookup_column(const char *read_name)
{
    size_t n = strlen(read_name);

    return n > 7 ? msx_strndup(read_name + 1, n - 7) : NULL;
}

const struct msx_op_field *msx_op_field_of(const struct msx_crm_table *t, const char *name)
{
    size_t n;
    const struct msx_op_field *f = msx_op_fields(t, &n);

    for (size_t i = 0; i < n; i++) {
        MSX_AUTO(msx_free_p)
        char *plain = f[i].kind == MSX_OV_LOOKUP ? lookup_column(f[i].column) : NULL;

        if (!strcmp(f[i].param, name) || !strcmp(f[i].column, name) ||
            (plain && !strcmp(plain, name)))
            return &f[i];
    }
    return NULL;
}

/* The column's metadata, borrowed; NULL when the table has no such column. */
static const json_t *property_in(const json_t *table, const char *column)
{
    json_t *p;
    size_t i;

    json_array_foreach(msx_json_arr(table, "properties"), i, p) {
        if (!strcmp(msx_json_str_or(p, "name", ""), column))
            return p;
    }
    return NULL;
}

/* NULL also when the service does not tell. */
static const json_t *property(struct msx_crm *crm, const struct msx_crm_table *t,
                              const char *column)
{
    json_t *table = NULL;

    return msx_meta_table(crm->odata, t->logical, &table, NULL) ? NULL : property_in(table, column);
}

bool msx_crm_lacks(struct msx_crm *crm, const char *logical, const char *column)
{
    json_t *table = NULL;

    return msx_meta_table(crm->odata, logical, &table, NULL) == MSX_OK &&
           property_in(table, msx_json_str_or(table, "primaryId", "")) &&
           !property_in(table, column);
}

static size_t characters(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static enum msx_code set_text(struct msx_crm *crm, const struct msx_crm_table *t,
                              const struct msx_op_field *f, const json_t *value,
                              const json_t *before, json_t *after, struct msx_error *err)
{
    const char *text = json_string_value(value);
    json_int_t max = f->max_chars;

    if (!text)
        return msx_fail(err, MSX_E_USAGE, "'%s' wants a text", f->param);
    if (f->required && !text[strspn(text, " \t\r\n")])
        return msx_fail(err, MSX_E_USAGE, "'%s' is empty", f->param);
    if (!strcmp(text, msx_json_str_or(before, f->column, "")))
        return MSX_OK;
    msx_json_int(property(crm, t, f->column), "maxLength", &max);
    if (max > 0 && characters(text) > (size_t)max)
        return msx_fail(err, MSX_E_USAGE, "'%s' has %zu characters; %s takes %" JSON_INTEGER_FORMAT,
                        f->param, characters(text), f->column, max);
    return msx_json_set_str(after, f->column, text) ? msx_crm_oom(err) : MSX_OK;
}

/* A date-only column takes the date. A column that the service shows in each reader's own zone gets
 * noon of the user's own day. New string, NULL when out of memory. */
static char *stamp_of(struct msx_crm *crm, const struct msx_crm_table *t, const char *column,
                      msx_day day, const json_t *before)
{
    const json_t *p = property(crm, t, column);
    const char *behavior = msx_json_str(p, "dateBehavior");
    const char *now = msx_json_str(before, column);
    char text[21];

    if (!behavior)
        behavior = t == &msx_crm_tasks || (now && strlen(now) > 10) ? "UserLocal" : "DateOnly";
    if (!strcmp(behavior, "DateOnly"))
        msx_day_format(day, text);
    else if (!strcmp(behavior, "TimeZoneIndependent"))
        msx_time_format((int64_t)day * 86400, text);
    else
        msx_time_format(msx_tz_noon(crm->ctx->tz, day), text);
    return msx_strdup(text);
}

static enum msx_code set_date(struct msx_crm *crm, const struct msx_crm_table *t,
                              const struct msx_op_field *f, const json_t *value,
                              const json_t *before, json_t *after, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *stamp = NULL;
    char text[11];
    msx_day day;
    enum msx_code rc = MSX_OK;

    if (!json_is_string(value))
        return msx_fail(err, MSX_E_USAGE, "'%s' wants a date", f->param);
    rc = msx_day_resolve(json_string_value(value), crm->ctx->today, &day, err);
    if (rc)
        return rc;
    if (msx_crm_day(crm, before, f->column) == day)
        return MSX_OK;
    if (day < msx_day_from_civil(1753, 1, 1))
        return msx_fail(err, MSX_E_USAGE, "'%s': the service knows no dates before 1753", f->param);
    msx_day_format(day, text);
    stamp = stamp_of(crm, t, f->column, day, before);
    if (!stamp || msx_json_set_str(after, f->column, stamp) ||
        msx_crm_set_label(after, f->column, text))
        return msx_crm_oom(err);
    return MSX_OK;
}

static enum msx_code set_number(const struct msx_op_field *f, const json_t *value,
                                const json_t *before, json_t *after, struct msx_error *err)
{
    double number = 0, now = 0;
    json_t *made;

    if (json_is_string(value)) {
        char *end = NULL;

        number = strtod(json_string_value(value), &end);
        if (end == json_string_value(value) || *end)
            return msx_fail(err, MSX_E_USAGE, "'%s' wants a number, got '%.40s'", f->param,
                            json_string_value(value));
    } else if (json_is_number(value)) {
        number = json_number_value(value);
    } else {
        return msx_fail(err, MSX_E_USAGE, "'%s' wants a number", f->param);
    }
    if (!(number >= 0 && number < 1e15))
        return msx_fail(err, MSX_E_USAGE, "'%s' must be a number of at least 0", f->param);
    if (msx_json_num(before, f->column, &now) && number >= now && number <= now)
        return MSX_OK;
    made =
        (double)(json_int_t)number >= number ? json_integer((json_int_t)number) : json_real(number);
    return json_object_set_new(after, f->column, made) ? msx_crm_oom(err) : MSX_OK;
}

enum msx_code msx_op_set_code(struct msx_crm *crm, const struct msx_crm_table *t,
                              const char *column, json_int_t code, json_t *after,
                              struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *label = NULL;
    enum msx_code rc = msx_code_label(crm, t->logical, column, code, &label, err);

    if (rc)
        return rc;
    if (json_object_set_new(after, column, json_integer(code)) ||
        msx_crm_set_label(after, column, label))
        return msx_crm_oom(err);
    return MSX_OK;
}

static enum msx_code set_choice(struct msx_crm *crm, const struct msx_crm_table *t,
                                const struct msx_op_field *f, const json_t *value,
                                const json_t *before, json_t *after, struct msx_error *err)
{
    json_int_t code, now;
    enum msx_code rc;

    if (!json_is_string(value) && !json_is_integer(value))
        return msx_fail(err, MSX_E_USAGE, "'%s' wants a label or a code", f->param);
    rc = msx_crm_choice(crm, t->logical, f->column, value, &code, err);
    if (rc)
        return msx_wrap(err, rc, "'%s'", f->param);
    if (msx_json_int(before, f->column, &now) && now == code)
        return MSX_OK;
    return msx_op_set_code(crm, t, f->column, code, after, err);
}

/* Table that a lookup points to, and the name of the row there. */
static enum msx_code lookup_row(struct msx_op_world *w, const struct msx_crm_table *t,
                                const struct msx_op_field *f, const char *id, char **target,
                                char **label, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *column = lookup_column(f->column);
    const json_t *p = column ? property(w->crm, t, column) : NULL;
    const char *logical = f->target;
    struct msx_rows *rows = NULL;
    json_t *table = NULL;
    enum msx_code rc;

    if (!logical)
        logical = json_string_value(json_array_get(msx_json_arr(p, "lookupTargets"), 0));
    if (!logical)
        return msx_fail(err, MSX_E_NOTFOUND, "cannot tell which table '%s' points to", f->column);
    rc = msx_meta_table(w->crm->odata, logical, &table, err);
    if (!rc)
        rc = msx_odata_get(w->crm->odata, msx_json_str_or(table, "entitySetName", ""), id,
                           msx_json_str(table, "primaryName"), NULL, &rows, err);
    if (!rc)
        rc = msx_rows_wait(rows, err);
    if (!rc) {
        *target = msx_strdup(logical);
        *label = msx_strdup(
            msx_json_str_or(msx_rows_object(rows), msx_json_str_or(table, "primaryName", ""), id));
    }
    msx_rows_free(rows);
    return rc ? msx_wrap(err, rc, "'%s'", f->param) : MSX_OK;
}

static enum msx_code user_row(struct msx_op_world *w, const struct msx_op_field *f, const char *id,
                              char **target, char **label, struct msx_error *err)
{
    const json_t *user = msx_op_world_find(w->users, id);

    if (!user)
        return msx_fail(err, MSX_E_NOTFOUND, "'%s': no user has the id '%s'", f->param, id);
    if (json_is_true(json_object_get(user, "isdisabled")))
        return msx_fail(err, MSX_E_USAGE, "'%s': %s is disabled and cannot own anything", f->param,
                        msx_json_str_or(user, "fullname", id));
    *target = msx_strdup("systemuser");
    *label = msx_strdup(msx_json_str_or(user, "fullname", id));
    return MSX_OK;
}

static enum msx_code set_lookup(struct msx_op_world *w, const struct msx_crm_table *t,
                                const struct msx_op_field *f, const json_t *value,
                                const json_t *before, json_t *after, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *target = NULL;
    MSX_AUTO(msx_free_p) char *label = NULL;
    MSX_AUTO(msx_free_p) char *key = NULL;
    char guid[MSX_GUID_LEN + 1];
    enum msx_code rc;

    if (!json_is_string(value) || !msx_guid_parse(json_string_value(value), guid))
        return msx_fail(err, MSX_E_USAGE, "'%s' wants a GUID", f->param);
    if (msx_guid_eq(msx_json_str(before, f->column), guid))
        return MSX_OK;
    if (f->target && !strcmp(f->target, "systemuser"))
        rc = user_row(w, f, guid, &target, &label, err);
    else
        rc = lookup_row(w, t, f, guid, &target, &label, err);
    if (rc)
        return rc;
    key = msx_asprintf("%s" MSX_LOGICAL, f->column);
    if (!target || !label || !key || msx_json_set_str(after, f->column, guid) ||
        msx_json_set_str(after, key, target) || msx_crm_set_label(after, f->column, label))
        return msx_crm_oom(err);
    return MSX_OK;
}

enum msx_code msx_op_set(struct msx_op_world *w, const struct msx_crm_table *t,
                         const struct msx_op_field *f, const json_t *value, const json_t *before,
                         json_t *after, struct msx_error *err)
{
    MSX_AUTO(msx_free_p)
    char *name = f->kind == MSX_OV_LOOKUP ? lookup_column(f->column) : msx_strdup(f->column);

    if (!name)
        return msx_crm_oom(err);
    if (msx_crm_lacks(w->crm, t->logical, name)) {
        msx_fail(err, MSX_E_USAGE, "'%s' cannot be set: this organisation has no column %s.%s",
                 f->param, t->logical, name);
        msx_hint(err, "if it was made just now: --no-cache");
        return MSX_E_USAGE;
    }
    switch (f->kind) {
    case MSX_OV_TEXT:
        return set_text(w->crm, t, f, value, before, after, err);
    case MSX_OV_DATE:
        return set_date(w->crm, t, f, value, before, after, err);
    case MSX_OV_NUMBER:
        return set_number(f, value, before, after, err);
    case MSX_OV_CHOICE:
        return set_choice(w->crm, t, f, value, before, after, err);
    case MSX_OV_LOOKUP:
        return set_lookup(w, t, f, value, before, after, err);
    }
    return msx_fail(err, MSX_E_INVALID, "'%s' is of no known kind", f->param);
}
