/* Parts of a result as people read them, in Markdown and on a terminal alike. */
#include "skill/show.h"

#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/world.h"

const char *msx_show_label(const json_t *record)
{
    const char *number = msx_json_str(record, "number");

    /* people know it by its name; its id is in the JSON */
    return number ? number : msx_json_str_or(record, "entity", "");
}

void msx_show_value(struct msx_buf *b, const json_t *v, msx_add_fn add)
{
    MSX_AUTO(msx_free_p) char *text = NULL;

    if (json_is_string(v)) {
        add(b, json_string_value(v));
    } else if (!v || json_is_null(v)) {
        msx_buf_addc(b, '-');
    } else {
        text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
        add(b, text);
    }
}

/* What the operation adds to a long text: its last lines are what is new. */
const char *msx_show_added(const char *before, const char *after)
{
    size_t n = before ? strlen(before) : 0;

    if (n && strncmp(before, after, n) == 0) {
        after += n;
        while (*after == '\n')
            after++;
    }
    return after;
}

/* Fields of operations as people call them, and the column whose codes they take. */
static const struct {
    const char *field, *label, *column;
} field_labels[] = {
    { "subject", "Subject", NULL },
    { "category", "Category", "msp_taskcategory" },
    { "ownerId", "Owner", NULL },
    { "dueDate", "Due date", NULL },
    { "description", "Description", NULL },
    { "statusCode", "Status", "statuscode" },
    { "milestoneDate", "Date", NULL },
    { "monthlyUse", "Monthly use", NULL },
    { "forecastComments", "Comments", NULL },
    { "status", "Status", "msp_milestonestatus" },
    { "commitment", "Commitment", "msp_commitmentrecommendation" },
};

/* Name of a user whom the result names elsewhere, NULL when it does not. */
static const char *user_name(const json_t *result, const char *id)
{
    const json_t *list = msx_json_arr(result, "findings");
    const json_t *user = msx_json_obj(msx_json_obj(result, "run"), "user");

    for (size_t i = 0; id && i < json_array_size(list); i++) {
        const json_t *owner = msx_json_obj(json_array_get(list, i), "owner");

        if (msx_guid_eq(id, msx_json_str_or(owner, "id", "")))
            return msx_json_str(owner, "name");
    }
    return id && msx_guid_eq(id, msx_json_str_or(user, "id", "")) ? msx_json_str(user, "name")
                                                                  : NULL;
}

/* The label of a value where it has one, else the value. */
static void add_labelled(struct msx_buf *b, const json_t *result, const char *field,
                         const json_t *v, msx_add_fn add)
{
    const char *label = NULL;

    for (size_t i = 0; i < sizeof field_labels / sizeof *field_labels; i++)
        if (strcmp(field_labels[i].field, field) == 0 && field_labels[i].column &&
            json_is_integer(v))
            label = msx_world_code_label(field_labels[i].column, json_integer_value(v));
    if (strcmp(field, "ownerId") == 0)
        label = user_name(result, json_string_value(v));
    if (label)
        add(b, label);
    else
        msx_show_value(b, v, add);
}

/* One field of an operation as "Label: before -> after", or what is added to a text. */
void msx_show_field(struct msx_buf *b, const json_t *result, const json_t *op, const char *name,
                    const json_t *value, msx_add_fn add)
{
    const json_t *before = msx_json_obj(op, "before");
    const char *s = json_string_value(value), *was = msx_json_str(before, name), *label = name;

    for (size_t i = 0; i < sizeof field_labels / sizeof *field_labels; i++)
        if (strcmp(field_labels[i].field, name) == 0)
            label = field_labels[i].label;
    add(b, label);
    msx_buf_adds(b, ": ");
    if (s && was && msx_show_added(was, s) != s) {
        msx_buf_adds(b, "+ ");
        add(b, msx_show_added(was, s));
        return;
    }
    if (json_object_get(before, name)) {
        add_labelled(b, result, name, json_object_get(before, name), add);
        msx_buf_adds(b, " -> ");
    }
    add_labelled(b, result, name, value, add);
}

/* "update milestone" */
void msx_show_type(struct msx_buf *b, const json_t *op)
{
    for (const char *c = msx_json_str_or(op, "op", ""); *c; c++)
        msx_buf_addc(b, (char)(*c == '_' ? ' ' : *c));
}

/* One predicate: its outcome, its text, what was read and where. */
void msx_show_trace(struct msx_buf *b, const json_t *t, msx_add_fn add)
{
    const json_t *result = json_object_get(t, "result"), *asked = json_object_get(t, "threshold");
    const char *expr = msx_json_str_or(t, "expr", ""), *field = msx_json_str(t, "field");

    add(b, json_is_string(result) ? json_string_value(result)
           : json_is_true(result) ? "yes"
                                  : "no");
    msx_buf_adds(b, ": ");
    add(b, expr);
    msx_buf_adds(b, " (");
    if (field && !strstr(expr, field)) {
        add(b, field);
        msx_buf_adds(b, ": ");
    }
    msx_show_value(b, json_object_get(t, "value"), add);
    if (strstr(expr, "p.") && asked && !json_is_null(asked)) {
        msx_buf_adds(b, ", asked: ");
        msx_show_value(b, asked, add);
    }
    msx_buf_addc(b, ')');
}
