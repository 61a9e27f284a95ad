/* Facts of an operation: what it is, what it changes, and how that fits the records. No judgement:
 * that is in the rules. */
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "plan/plan_priv.h"
#include "skill/guard_int.h"

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

/* ---- helpers ---- */

static const char *type_of(const json_t *op)
{
    return msx_json_str_or(op, "type", "");
}

bool guard_on_task(const json_t *op)
{
    return strstr(type_of(op), "task") != NULL;
}

bool guard_creates(const json_t *op)
{
    return strncmp(type_of(op), "create_", 7) == 0;
}

static bool context_id(const json_t *op, const char *what, char out[37])
{
    return msx_guid_parse(
        msx_json_str_or(msx_json_obj(msx_json_obj(op, "context"), what), "id", ""), out);
}

bool guard_milestone_id(const json_t *op, char out[37])
{
    if (strcmp(type_of(op), "update_milestone") == 0)
        return msx_guid_parse(msx_json_str_or(msx_json_obj(op, "target"), "id", ""), out);
    return guard_on_task(op) && context_id(op, "milestone", out);
}

bool guard_opportunity_id(const json_t *op, char out[37])
{
    return context_id(op, "opportunity", out);
}

static const char *role_text(const json_t *v)
{
    const char *s = json_is_object(v) ? msx_json_str(v, "name") : json_string_value(v);

    return s && *s && strcmp(s, "unknown") != 0 ? s : NULL;
}

const char *guard_role(const struct guard *g, const json_t *plan, const json_t *op)
{
    const char *role = role_text(json_object_get(op, "role"));

    if (!role)
        role = role_text(json_object_get(plan, "role"));
    if (!role && g->crm->profile)
        role = g->crm->profile->role && *g->crm->profile->role ? g->crm->profile->role : NULL;
    return role;
}

const json_t *guard_field(const struct guard *g, const json_t *op, const char *column)
{
    return json_object_get(msx_json_obj(msx_json_obj(g->doc, "fields"),
                                        guard_on_task(op) ? "tasks" : "msp_engagementmilestones"),
                           column);
}

static const char *field_label(const struct guard *g, const json_t *op, const char *column)
{
    return msx_json_str_or(guard_field(g, op, column), "label", column);
}

static int push(json_t *list, const char *s)
{
    size_t i;
    json_t *v;

    json_array_foreach(list, i, v)
    {
        if (strcmp(json_string_value(v), s) == 0)
            return 0;
    }
    return json_array_append_new(list, json_string(s));
}

static json_t *list(struct guard_case *c, const char *name)
{
    json_t *v = json_object_get(c->facts, name);

    if (!v) {
        v = json_array();
        if (json_object_set_new(c->facts, name, v) != 0)
            return NULL;
    }
    return v;
}

static size_t characters(const char *s)
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
               !(msx_json_int(f, "max", &max) && (json_int_t)characters(s) > max);
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

        if (!name || push(list(c, "placeholders"), name) != 0)
            return -1;
        any = true;
        s = end + 2;
    }
    return any;
}

static int column_facts(struct guard_case *c, const char *column, const json_t *value)
{
    const struct guard *g = c->g;
    const char *label = field_label(g, c->op, column), *s = json_string_value(value);
    int blanks = add_placeholders(c, s);

    if (blanks < 0)
        return -1;
    if (!plan_value_same(value, json_object_get(c->now, column))) {
        if (push(list(c, "changed"), column) != 0 || push(list(c, "labels"), label) != 0)
            return -1;
        if (msx_json_bool_or(guard_field(g, c->op, column), "governed", false) &&
            push(list(c, "governed"), label) != 0)
            return -1;
    }
    if (!blanks && !valid(g, c->op, column, value))
        return push(list(c, "invalid"), label);
    return 0;
}

static int field_facts(struct guard_case *c)
{
    static const char *const lists[] = { "changed",      "labels",  "governed",
                                         "placeholders", "invalid", NULL };
    const char *column;
    json_t *value;

    for (size_t i = 0; lists[i]; i++)
        if (!list(c, lists[i]))
            return -1;
    json_object_foreach(msx_json_obj(c->op, "after"), column, value)
    {
        if (plan_is_column(column) && column_facts(c, column, value) != 0)
            return -1;
    }
    /* a task that is made without a subject says nothing at all about it */
    if (strcmp(type_of(c->op), "create_task") == 0 &&
        !json_object_get(msx_json_obj(c->op, "after"), "subject"))
        return push(list(c, "invalid"), field_label(c->g, c->op, "subject"));
    return 0;
}

/* ---- identity ---- */

static bool text_in(const json_t *obj, const char *key)
{
    const char *s = msx_json_str(obj, key);

    return s && s[strspn(s, " \t\r\n")];
}

static int identity_facts(struct guard_case *c)
{
    const json_t *context = msx_json_obj(c->op, "context"), *target = msx_json_obj(c->op, "target");
    const json_t *o = msx_json_obj(context, "opportunity"), *m = msx_json_obj(context, "milestone"),
                 *customer = msx_json_obj(context, "customer");
    json_t *missing = list(c, "missing");
    bool task = guard_on_task(c->op);
    int failed = missing ? 0 : -1;

    if (!text_in(customer, "name") && !text_in(customer, "id"))
        failed |= push(missing, "customer");
    if (!text_in(o, "name"))
        failed |= push(missing, "opportunity name");
    if (!text_in(o, "id"))
        failed |= push(missing, "opportunity id");
    if (task && !text_in(m, "id"))
        failed |= push(missing, "milestone id");
    if (task && !text_in(m, "name"))
        failed |= push(missing, "milestone name");
    if (!text_in(target, "name"))
        failed |= push(missing, task ? "task name" : "milestone name");
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
    json_t *renamed = list(c, "renamed");
    char id[MSX_GUID_LEN + 1];
    int failed = renamed ? 0 : -1;

    if (guard_on_task(c->op) && c->fresh &&
        differs(c, msx_json_str_or(target, "id", ""), msx_json_str(target, "name"), c->fresh,
                "subject"))
        failed |= push(renamed, "task name");
    if (!guard_milestone_id(c->op, id))
        return failed;
    now =
        guard_on_task(c->op) || !c->fresh ? json_object_get(c->g->cache.milestones, id) : c->fresh;
    if (!guard_on_task(c->op))
        m = target;
    if (!json_is_object(now))
        return failed | (guard_on_task(c->op) ? push(renamed, "milestone") : 0);
    if (differs(c, id, msx_json_str(m, "name"), now, "msp_name"))
        failed |= push(renamed, "milestone name");
    if (differs(c, id, msx_json_str(m, "number"), now, "msp_milestonenumber"))
        failed |= push(renamed, "milestone number");
    return failed;
}

/* ---- intents ---- */

static bool planned_fact(const struct guard_case *c, const char *name, struct msx_value *out)
{
    const struct msx_rec *r = msx_world_find(c->world, MSX_K_MILESTONE, "planned");
    const char *near = NULL;
    int index = msx_fact_index(MSX_K_MILESTONE, name, &near);

    *out = (struct msx_value){ .type = MSX_V_NULL };
    if (r && index >= 0)
        msx_fact_get(r, index, out);
    return out->type == MSX_V_STR || (out->type == MSX_V_BOOL && out->u.b) ||
           out->type == MSX_V_DATE;
}

static const char *status_now(const struct guard_case *c)
{
    struct msx_value v = { .type = MSX_V_NULL };
    const struct msx_rec *m = c->inner.m;
    const char *near = NULL;

    if (m)
        msx_fact_get(m, msx_fact_index(MSX_K_MILESTONE, "status", &near), &v);
    return v.type == MSX_V_STR ? v.u.str : "";
}

static bool one_of(const char *s, const char *a, const char *b)
{
    return strcmp(s, a) == 0 || strcmp(s, b) == 0;
}

static const char *status_intent(const struct guard_case *c)
{
    const char *was = status_now(c);
    struct msx_value v;

    if (one_of(was, "at_risk", "blocked") && planned_fact(c, "status", &v) && v.type == MSX_V_STR &&
        one_of(v.u.str, "on_track", "completed"))
        return "risk_close";
    return "status_change";
}

static bool is_expansion(const struct guard_case *c, const char *text)
{
    static const char *const phrases[] = { "create ~2 opportunity", "open ~2 opportunity",
                                           "raise ~2 opportunity", "new ~2 opportunity" };
    bool found = false;

    (void)c;
    for (size_t i = 0; text && !found && i < sizeof phrases / sizeof *phrases; i++) {
        struct msx_phrase *p = NULL;

        if (msx_phrase_new(phrases[i], &p, NULL) == MSX_OK)
            found = msx_phrase_in(p, text);
        msx_phrase_free(p);
    }
    return found;
}

/* One for each field that changes, in the order of the catalogue. */
static int milestone_intents(struct guard_case *c, json_t *intents)
{
    static const char *const order[] = { "owner_change", "date_change", "usage_change", "note",
                                         "edit" };
    json_t *changed = list(c, "changed"), *v;
    struct msx_value committed;
    int failed = 0;
    size_t i;

    json_array_foreach(changed, i, v)
    {
        if (strcmp(json_string_value(v), "msp_commitmentrecommendation") == 0)
            failed |=
                push(intents, planned_fact(c, "committed", &committed) ? "commit" : "uncommit");
    }
    json_array_foreach(changed, i, v)
    {
        if (strcmp(json_string_value(v), "msp_milestonestatus") == 0)
            failed |= push(intents, status_intent(c));
    }
    for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
        json_array_foreach(changed, i, v)
        {
            if (strcmp(
                    msx_json_str_or(guard_field(c->g, c->op, json_string_value(v)), "intent", ""),
                    order[k]) == 0)
                failed |= push(intents, order[k]);
        }
    }
    return failed;
}

static int intent_facts(struct guard_case *c, const char *text)
{
    const char *type = type_of(c->op);
    json_t *intents = list(c, "intents");
    int failed = intents ? 0 : -1;

    if (strcmp(type, "create_task") == 0) {
        failed |= push(intents, msx_json_str_or(c->op, "intent", "gap"));
        if (is_expansion(c, text))
            failed |= push(intents, "expansion_create");
    } else if (strcmp(type, "update_task") == 0) {
        failed |= push(intents, "task_update");
    } else if (strcmp(type, "close_task") == 0) {
        failed |= push(intents, "task_close");
    } else if (strcmp(type, "create_milestone") == 0) {
        failed |= push(intents, "milestone_create");
    } else {
        failed |= milestone_intents(c, intents);
    }
    return failed |
           msx_json_set_str(c->facts, "intent", json_string_value(json_array_get(intents, 0)));
}

/* ---- tasks ---- */

/* The rule id in "[msxops:ID]"; new, NULL when there is none. */
static char *tag_of(const char *text)
{
    const char *found = NULL, *end;

    for (const char *p = text; p && (p = strstr(p, "[msxops:")) != NULL; p++)
        found = p;
    end = found ? strchr(found, ']') : NULL;
    return end ? msx_strndup(found + 8, (size_t)(end - found - 8)) : NULL;
}

static bool is_open(const json_t *task)
{
    json_int_t state;

    return !msx_json_int(task, "statecode", &state) || state == 0;
}

static int duplicate_facts(struct guard_case *c, const char *subject, const char *tag)
{
    const char *own = msx_json_str(msx_json_obj(c->op, "target"), "id");
    MSX_AUTO(msx_free_p) char *key = subject ? msx_text_fold_key(subject) : NULL;
    const char *same = NULL, *same_tag = NULL;
    const json_t *tasks;
    char id[MSX_GUID_LEN + 1];
    enum msx_tri read = MSX_YES;

    if (subject && !key)
        return -1;
    if (strcmp(type_of(c->op), "create_task") == 0 && guard_milestone_id(c->op, id)) {
        MSX_AUTO(msx_free_p) char *unread = msx_asprintf("tasks:%s", id);

        read = unread && !json_object_get(c->g->cache.unread, unread) ? MSX_YES : MSX_UNKNOWN;
        tasks = json_object_get(c->g->cache.tasks, id);
        for (size_t i = 0; i < json_array_size(tasks); i++) {
            const json_t *t = json_array_get(tasks, i);
            const char *name = msx_json_str_or(t, "subject", "");
            MSX_AUTO(msx_free_p) char *other = msx_text_fold_key(name);
            MSX_AUTO(msx_free_p) char *other_tag = tag_of(msx_json_str(t, "description"));

            if (!other)
                return -1;
            if (!is_open(t) || msx_guid_eq(msx_json_str(t, "activityid"), own))
                continue;
            if (key && *key && !same && strcmp(key, other) == 0)
                same = name;
            if (tag && other_tag && !same_tag && strcmp(tag, other_tag) == 0)
                same_tag = name;
        }
    }
    if (read == MSX_UNKNOWN)
        return 0; /* what is not there is not known */
    return msx_json_set_str(c->facts, "duplicate", same) |
           msx_json_set_str(c->facts, "tag_duplicate", same_tag);
}

static int due_fact(struct guard_case *c, const json_t *after)
{
    const char *s = guard_on_task(c->op) ? msx_json_str(after, "scheduledend") : NULL;
    bool bad = false;
    msx_day day = s ? msx_day_of(s, c->g->ctx->tz, &bad) : MSX_DAY_NONE;
    char text[11];

    msx_day_format(day, text);
    return msx_json_set_str(c->facts, "due", day == MSX_DAY_NONE ? NULL : text);
}

static int owner_facts(struct guard_case *c, const json_t *after)
{
    const char *id = msx_json_str(after, "_ownerid_value"), *name;
    const char *role = msx_json_str(c->op, "owner_role");
    struct msx_value v = { .type = MSX_V_NULL };
    char guid[MSX_GUID_LEN + 1];
    int failed;

    if (!id || !*id)
        return msx_json_set_str(c->facts, "owner", NULL) |
               msx_json_set_str(c->facts, "owner_role", role) |
               msx_json_set_str(c->facts, "new_owner_role", NULL);
    name = msx_json_str(after, "_ownerid_value@OData.Community.Display.V1.FormattedValue");
    if (!name && msx_guid_parse(id, guid))
        name = msx_json_str(json_object_get(c->g->cache.users, guid), "fullname");
    failed = msx_json_set_str(c->facts, "owner", name ? name : id);
    (void)planned_fact(c, "owner_role", &v);
    if (v.type == MSX_V_UNKNOWN)
        return failed;
    return failed |
           msx_json_set_str(c->facts, "owner_role", v.type == MSX_V_STR ? v.u.str : "unknown") |
           msx_json_set_str(c->facts, "new_owner_role",
                            guard_creates(c->op)  ? NULL
                            : v.type == MSX_V_STR ? v.u.str
                                                  : "unknown");
}

/* ---- the rest ---- */

static int status_facts(struct guard_case *c, const json_t *after)
{
    const char *notes = msx_json_str(after, "msp_forecastcomments");
    struct msx_value status, owner, date;
    bool sets = json_object_get(after, "msp_milestonestatus") &&
                planned_fact(c, "status", &status) && status.type == MSX_V_STR;
    bool recovery =
        planned_fact(c, "recovery_owner", &owner) & planned_fact(c, "recovery_date", &date);
    json_int_t now = 0, will = -1;
    bool reopens = strcmp(type_of(c->op), "update_task") == 0 &&
                   msx_json_int(after, "statecode", &will) && will == 0 &&
                   msx_json_int(c->now, "statecode", &now) && now != 0;

    return msx_json_set_str(c->facts, "new_status", sets ? status.u.str : NULL) |
           json_object_set_new(c->facts, "recovery", json_boolean(recovery)) |
           json_object_set_new(c->facts, "reopens", json_boolean(reopens)) |
           json_object_set_new(c->facts, "comment_length",
                               notes ? json_integer((json_int_t)characters(notes)) : json_null());
}

/* Which of milestone and opportunity are the user's; left out when that could not be read. */
static int owns_fact(struct guard_case *c)
{
    const char *me = msx_json_str(msx_json_obj(c->plan, "user"), "id");
    const struct msx_rec *m = c->inner.m, *o = c->inner.o;
    char id[MSX_GUID_LEN + 1];
    int failed = 0;

    if (m && msx_guid_eq(msx_rec_str(m, "_ownerid_value"), me))
        failed |= push(list(c, "owns"), "milestone");
    if (o && msx_guid_eq(msx_rec_str(o, "_ownerid_value"), me))
        failed |= push(list(c, "owns"), "opportunity");
    if (!json_object_get(c->facts, "owns") && !(guard_opportunity_id(c->op, id) && !o) &&
        !list(c, "owns"))
        return -1;
    return failed;
}

static int add_sources(json_t *sources, const json_t *source)
{
    const json_t *evidence = msx_json_arr(source, "evidence");
    int failed = 0;

    for (size_t i = 0; i < json_array_size(evidence); i++)
        failed |= push(sources, msx_json_str_or(json_array_get(evidence, i), "source", "msx"));
    return failed;
}

static int plan_facts(struct guard_case *c)
{
    const json_t *ops = msx_json_arr(c->plan, "operations"),
                 *also = msx_json_arr(c->op, "alsoFrom");
    MSX_AUTO(msx_json_free_p) json_t *seen = json_object();
    json_t *sources = list(c, "sources");
    int failed = seen && sources ? 0 : -1;

    for (size_t i = 0; !failed && i < json_array_size(ops); i++) {
        const char *id = msx_json_str(msx_json_obj(json_array_get(ops, i), "target"), "id");
        char guid[MSX_GUID_LEN + 1];

        if (id)
            failed |= json_object_set_new(seen, msx_guid_parse(id, guid) ? guid : id, json_true());
    }
    failed |= add_sources(sources, msx_json_obj(c->op, "source"));
    for (size_t i = 0; !failed && i < json_array_size(also); i++)
        failed |= add_sources(sources, json_array_get(also, i));
    return failed | json_object_set_new(c->facts, "records",
                                        json_integer((json_int_t)json_object_size(seen)));
}

static enum msx_code facts(struct guard_case *c, struct msx_error *err)
{
    const json_t *after = msx_json_obj(c->op, "after");
    const char *by = msx_json_str(msx_json_obj(c->op, "origin"), "by");
    const char *subject = guard_on_task(c->op) ? msx_json_str(after, "subject") : NULL;
    const char *description = guard_on_task(c->op) ? msx_json_str(after, "description") : NULL;
    MSX_AUTO(msx_free_p) char *tag = tag_of(description);
    MSX_AUTO(msx_free_p)
    char *text = subject || description ? msx_asprintf("%s\n%s", subject ? subject : "",
                                                       description ? description : "")
                                        : NULL;
    int failed = msx_json_set_str(c->facts, "type", type_of(c->op)) |
                 msx_json_set_str(c->facts, "on", guard_on_task(c->op) ? "task" : "milestone") |
                 msx_json_set_str(c->facts, "by", by ? by : "human") |
                 json_object_set_new(c->facts, "creates", json_boolean(guard_creates(c->op))) |
                 msx_json_set_str(c->facts, "subject", subject) |
                 msx_json_set_str(c->facts, "description", description) |
                 msx_json_set_str(c->facts, "text", text) | msx_json_set_str(c->facts, "tag", tag);

    failed = failed || field_facts(c) || identity_facts(c) || renamed_facts(c) ||
             intent_facts(c, text) || duplicate_facts(c, subject, tag) || due_fact(c, after) ||
             owner_facts(c, after) || status_facts(c, after) || owns_fact(c) || plan_facts(c);
    return failed ? no_memory(err) : MSX_OK;
}

/* The record as it is, with its key. New; NULL for a create. */
static enum msx_code record_now(struct guard_case *c, struct msx_error *err)
{
    const json_t *from = c->fresh ? c->fresh : msx_json_obj(c->op, "before");

    if (guard_creates(c->op))
        return MSX_OK;
    c->now = from ? json_copy((json_t *)(uintptr_t)from) : json_object();
    if (!c->now ||
        json_object_set(c->now, guard_on_task(c->op) ? "activityid" : "msp_engagementmilestoneid",
                        json_object_get(msx_json_obj(c->op, "target"), "id")) != 0)
        return no_memory(err);
    return MSX_OK;
}

enum msx_code guard_case_open(struct guard_case *c, const struct guard *g, const json_t *plan,
                              const json_t *op, const json_t *fresh, struct msx_error *err)
{
    enum msx_code rc;

    *c = (struct guard_case){ .g = g, .plan = plan, .op = op, .fresh = fresh };
    c->facts = json_object();
    if (!c->facts)
        return no_memory(err);
    rc = record_now(c, err);
    if (!rc)
        rc = guard_world(c, err);
    if (rc)
        return rc;
    guard_scope(c);
    rc = facts(c, err);
    return rc ? rc : msx_world_failed(c->world, err);
}

void guard_case_close(struct guard_case *c)
{
    msx_world_free(c->world);
    json_decref(c->facts);
    json_decref(c->now);
}
