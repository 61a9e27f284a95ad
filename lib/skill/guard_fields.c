/* Facts of an operation about its values and its identity: what changes, what cannot be, what is
 * not there or not the same any more. */
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "plan/plan_priv.h"
#include "skill/guard_int.h"

size_t guard_characters(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

/* ---- fields ---- */

static bool code_valid(const struct guard *g, const json_t *op, const char *column,
                       const json_t *value)
{
    return json_is_integer(value) &&
           g->code_known(g->code_user, guard_on_task(op) ? "task" : "msp_engagementmilestone",
                         column, json_integer_value(value));
}

static bool valid(const struct guard *g, const json_t *op, const char *column, const json_t *value)
{
    const json_t *f = guard_field(g, op, column);
    const char *kind = msx_json_str_or(f, "kind", ""), *s = json_string_value(value);
    bool required = msx_json_bool_or(f, "required", false), bad = false;
    char guid[MSX_GUID_LEN + 1];
    json_int_t max;

    if (!f)
        return false;
    if (json_is_null(value))
        return !required;
    if (strcmp(kind, "text") == 0)
        return s && !(required && !s[strspn(s, " \t\r\n")]) &&
               !(msx_json_int(f, "max", &max) && (json_int_t)guard_characters(s) > max);
    if (strcmp(kind, "number") == 0)
        return json_is_number(value) && json_number_value(value) >= 0;
    if (strcmp(kind, "date") == 0)
        return s && msx_day_of(s, g->ctx->tz, &bad) != MSX_DAY_NONE && !bad;
    if (strcmp(kind, "code") == 0)
        return code_valid(g, op, column, value);
    return s && msx_guid_parse(s, guid);
}

static int add_placeholders(struct guard_case *c, const char *s)
{
    const char *end;
    bool any = false;

    while (s && (s = strstr(s, "<<")) != NULL && (end = strstr(s + 2, ">>")) != NULL) {
        MSX_AUTO(msx_free_p) char *name = msx_strndup(s, (size_t)(end + 2 - s));

        if (!name || guard_push(guard_list(c, "placeholders"), name) != 0)
            return -1;
        any = true;
        s = end + 2;
    }
    return any;
}

static int column_facts(struct guard_case *c, const char *column, const json_t *value)
{
    const struct guard *g = c->g;
    const char *label = guard_field_label(g, c->op, column);
    int blanks = add_placeholders(c, plan_added_text(c->op, column));

    if (blanks < 0)
        return -1;
    if (!plan_value_same(value, json_object_get(c->now, column))) {
        if (guard_push(guard_list(c, "changed"), column) != 0 ||
            guard_push(guard_list(c, "labels"), label) != 0)
            return -1;
        if (msx_json_bool_or(guard_field(g, c->op, column), "governed", false) &&
            guard_push(guard_list(c, "governed"), label) != 0)
            return -1;
    }
    if (!blanks && !valid(g, c->op, column, value))
        return guard_push(guard_list(c, "invalid"), label);
    return 0;
}

int guard_field_facts(struct guard_case *c)
{
    static const char *const lists[] = { "changed",      "labels",  "governed",
                                         "placeholders", "invalid", NULL };
    const char *column;
    json_t *value;

    for (size_t i = 0; lists[i]; i++)
        if (!guard_list(c, lists[i]))
            return -1;
    json_object_foreach(msx_json_obj(c->op, "after"), column, value) {
        if (plan_is_column(column) && column_facts(c, column, value) != 0)
            return -1;
    }
    /* a task that is made without a subject says nothing at all about it */
    if (strcmp(msx_json_str_or(c->op, "type", ""), "create_task") == 0 &&
        !json_object_get(msx_json_obj(c->op, "after"), "subject"))
        return guard_push(guard_list(c, "invalid"), guard_field_label(c->g, c->op, "subject"));
    return 0;
}

/* ---- identity ---- */

static bool text_in(const json_t *obj, const char *key)
{
    const char *s = msx_json_str(obj, key);

    return s && s[strspn(s, " \t\r\n")];
}

static int missing_facts(struct guard_case *c)
{
    const json_t *context = msx_json_obj(c->op, "context"), *target = msx_json_obj(c->op, "target");
    const json_t *o = msx_json_obj(context, "opportunity"), *m = msx_json_obj(context, "milestone"),
                 *customer = msx_json_obj(context, "customer");
    json_t *missing = guard_list(c, "missing");
    bool task = guard_on_task(c->op);
    int failed = missing ? 0 : -1;

    if (!text_in(customer, "name") && !text_in(customer, "id"))
        failed |= guard_push(missing, "customer");
    if (!text_in(o, "name"))
        failed |= guard_push(missing, "opportunity name");
    if (!text_in(o, "id"))
        failed |= guard_push(missing, "opportunity id");
    if (task && !text_in(m, "id"))
        failed |= guard_push(missing, "milestone id");
    if (task && !text_in(m, "name"))
        failed |= guard_push(missing, "milestone name");
    if (!text_in(target, "name"))
        failed |= guard_push(missing, task ? "task name" : "milestone name");
    return failed;
}

/* Does the plan itself give the record this value? */
static bool plan_gives(const json_t *plan, const char *id, const char *column, const char *value)
{
    const json_t *ops = msx_json_arr(plan, "operations");

    for (size_t i = 0; i < json_array_size(ops); i++) {
        const json_t *op = json_array_get(ops, i);
        const char *gives = msx_json_str(msx_json_obj(op, "after"), column);

        if (gives && strcmp(gives, value) == 0 &&
            msx_guid_eq(msx_json_str(msx_json_obj(op, "target"), "id"), id))
            return true;
    }
    return false;
}

static bool differs(const struct guard_case *c, const char *id, const char *planned,
                    const json_t *record, const char *column)
{
    const char *now = msx_json_str(record, column);

    return planned && now && strcmp(planned, now) != 0 && !plan_gives(c->plan, id, column, now);
}

static int renamed_facts(struct guard_case *c)
{
    const json_t *target = msx_json_obj(c->op, "target");
    const json_t *m = msx_json_obj(msx_json_obj(c->op, "context"), "milestone"), *now;
    json_t *renamed = guard_list(c, "renamed");
    char id[MSX_GUID_LEN + 1];
    int failed = renamed ? 0 : -1;

    if (guard_on_task(c->op) && c->fresh &&
        differs(c, msx_json_str_or(target, "id", ""), msx_json_str(target, "name"), c->fresh,
                "subject"))
        failed |= guard_push(renamed, "task name");
    if (!guard_milestone_id(c->op, id))
        return failed;
    now =
        guard_on_task(c->op) || !c->fresh ? json_object_get(c->g->cache.milestones, id) : c->fresh;
    if (!guard_on_task(c->op))
        m = target;
    if (!json_is_object(now))
        return failed | (guard_on_task(c->op) ? guard_push(renamed, "milestone") : 0);
    if (differs(c, id, msx_json_str(m, "name"), now, "msp_name"))
        failed |= guard_push(renamed, "milestone name");
    if (differs(c, id, msx_json_str(m, "number"), now, "msp_milestonenumber"))
        failed |= guard_push(renamed, "milestone number");
    return failed;
}

int guard_identity_facts(struct guard_case *c)
{
    return missing_facts(c) || renamed_facts(c) ? -1 : 0;
}
