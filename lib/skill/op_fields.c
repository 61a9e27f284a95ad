/* Fields of operations: where their present value is, what an operation intends, what it leaves
 * open. */
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "skill/ops.h"

static const struct msx_op_column milestone_columns[] = {
    { "milestoneDate", "msp_milestonedate", false },
    { "monthlyUse", "msp_monthlyuse", false },
    { "forecastComments", "msp_forecastcomments", false },
    { "status", "msp_milestonestatus", true },
    { "commitment", "msp_commitmentrecommendation", true },
    { "ownerId", "_ownerid_value", true },
};
static const struct msx_op_column task_columns[] = {
    { "subject", "subject", false },         { "dueDate", "scheduledend", false },
    { "description", "description", false }, { "statusCode", "statuscode", false },
    { "ownerId", "_ownerid_value", true },
};

const struct msx_op_column *msx_op_column(bool of_task, const char *field)
{
    const struct msx_op_column *rows = of_task ? task_columns : milestone_columns;
    size_t n = of_task ? sizeof task_columns / sizeof *task_columns
                       : sizeof milestone_columns / sizeof *milestone_columns;

    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].field, field) == 0)
            return &rows[i];
    return NULL;
}

json_t *msx_op_before(const struct msx_rec *target, const char *field)
{
    bool of_task = msx_rec_kind(target) == MSX_K_TASK;
    const struct msx_op_column *c = msx_op_column(of_task, field);
    bool is_date = strcmp(field, "milestoneDate") == 0 || strcmp(field, "dueDate") == 0;
    const json_t *raw = c ? json_object_get(msx_rec_raw(target), c->column) : NULL;
    struct msx_value v;
    char day[11];

    if (!raw || json_is_null(raw))
        return json_null();
    if (is_date && msx_fact_named(target, of_task ? "due" : "date", &v) && v.type == MSX_V_DATE) {
        msx_day_format(v.u.day, day);
        return json_string(day);
    }
    return json_deep_copy(raw);
}

/* ---- lines ---- */

struct line {
    json_int_t rule;
    size_t at;
    const char *text;
};

static int by_rule(const void *a, const void *b)
{
    const struct line *x = a, *y = b;

    if (x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

char *msx_op_lines(const json_t *lines)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT((size_t)1 << 20);
    MSX_AUTO(msx_free_p) struct line *list = NULL;
    size_t n = json_array_size(lines);

    list = msx_calloc(n + 1, sizeof *list);
    if (!list)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const json_t *l = json_array_get(lines, i);

        list[i] = (struct line){ json_integer_value(json_array_get(l, 0)), i,
                                 json_string_value(json_array_get(l, 1)) };
    }
    qsort(list, n, sizeof *list, by_rule);
    for (size_t i = 0; i < n; i++) {
        bool have = false;

        for (size_t j = 0; j < i; j++)
            have |= strcmp(list[j].text, list[i].text) == 0;
        if (!have)
            msx_buf_addf(&b, "%s%s", b.len ? "\n" : "", list[i].text);
    }
    return msx_buf_take(&b);
}

/* ---- placeholders ---- */

static int add_names(json_t *out, const char *s)
{
    const char *open;

    while (s && (open = strstr(s, "<<"))) {
        const char *close = strstr(open + 2, ">>");
        MSX_AUTO(msx_free_p) char *name = NULL;
        bool have = false;

        if (!close)
            return 0;
        name = msx_strndup(open + 2, (size_t)(close - open - 2));
        if (!name)
            return -1;
        for (size_t i = 0; i < json_array_size(out); i++)
            have |= strcmp(json_string_value(json_array_get(out, i)), name) == 0;
        if (!have && json_array_append_new(out, json_string(name)) != 0)
            return -1;
        s = close + 2;
    }
    return 0;
}

json_t *msx_op_placeholders(const struct msx_draft *d)
{
    json_t *out = json_array(), *value;
    const char *name;
    int failed = 0;

    /* what stands in the record already is not the operation's: look at the added lines alone */
    json_object_foreach(d->fields, name, value) {
        if (!failed && strcmp(name, "forecastComments") != 0 && strcmp(name, "description") != 0)
            failed = add_names(out, json_string_value(value));
    }
    for (size_t i = 0; out && !failed && i < json_array_size(d->lines); i++)
        failed = add_names(out, json_string_value(json_array_get(json_array_get(d->lines, i), 1)));
    if (failed) {
        json_decref(out);
        return NULL;
    }
    return out;
}

/* ---- intent ---- */

static json_int_t code(const json_t *fields, const char *name)
{
    json_int_t v = -1;

    (void)msx_json_int(fields, name, &v);
    return v;
}

const char *msx_op_intent(const struct msx_draft *d, const json_t *before)
{
    enum { ON_TRACK = 861980000, AT_RISK, BLOCKED, COMPLETED };
    enum { UNCOMMITTED = 861980000, COMMITTED };
    const json_t *f = d->fields;
    json_int_t status = code(f, "status"), was = code(before, "status");

    if (d->type == MSX_TYPE_CREATE_TASK)
        return d->intent;
    if (d->type == MSX_TYPE_UPDATE_TASK)
        return "task_update";
    if (d->type == MSX_TYPE_CLOSE_TASK)
        return "task_close";
    if (code(f, "commitment") == COMMITTED)
        return "commit";
    if (code(f, "commitment") == UNCOMMITTED)
        return "uncommit";
    if ((was == AT_RISK || was == BLOCKED) && (status == ON_TRACK || status == COMPLETED))
        return "risk_close";
    if (json_object_get(f, "status"))
        return "status_change";
    if (json_object_get(f, "ownerId"))
        return "owner_change";
    if (json_object_get(f, "milestoneDate"))
        return "date_change";
    if (json_object_get(f, "monthlyUse"))
        return "usage_change";
    return "note";
}
