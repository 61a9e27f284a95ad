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

const char *guard_field_label(const struct guard *g, const json_t *op, const char *column)
{
    return msx_json_str_or(guard_field(g, op, column), "label", column);
}

int guard_push(json_t *list, const char *s)
{
    size_t i;
    json_t *v;

    json_array_foreach(list, i, v) {
        if (strcmp(json_string_value(v), s) == 0)
            return 0;
    }
    return json_array_append_new(list, json_string(s));
}

json_t *guard_list(struct guard_case *c, const char *name)
{
    json_t *v = json_object_get(c->facts, name);

    if (!v) {
        v = json_array();
        if (json_object_set_new(c->facts, name, v) != 0)
            return NULL;
    }
    return v;
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

/* Does the text hold one of the phrases that the document gives this intent? */
static enum msx_tri says_intent(const struct guard_case *c, const char *intent, const char *text)
{
    const json_t *phrases = msx_json_arr(msx_json_obj(c->g->doc, "phrases"), intent);
    enum msx_tri found = MSX_NO;

    for (size_t i = 0; text && found == MSX_NO && i < json_array_size(phrases); i++) {
        struct msx_phrase *p = NULL;

        if (msx_phrase_new(json_string_value(json_array_get(phrases, i)), &p, NULL) != MSX_OK)
            return MSX_UNKNOWN;
        if (msx_phrase_in(p, text))
            found = MSX_YES;
        msx_phrase_free(p);
    }
    return found;
}

/* One for each field that changes, in the order of the catalogue. */
static int milestone_intents(struct guard_case *c, json_t *intents)
{
    static const char *const order[] = { "owner_change", "date_change", "usage_change", "note",
                                         "edit" };
    json_t *changed = guard_list(c, "changed"), *v;
    struct msx_value committed;
    int failed = 0;
    size_t i;

    json_array_foreach(changed, i, v) {
        if (strcmp(json_string_value(v), "msp_commitmentrecommendation") == 0)
            failed |= guard_push(intents,
                                 planned_fact(c, "committed", &committed) ? "commit" : "uncommit");
    }
    json_array_foreach(changed, i, v) {
        if (strcmp(json_string_value(v), "msp_milestonestatus") == 0)
            failed |= guard_push(intents, status_intent(c));
    }
    for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
        json_array_foreach(changed, i, v) {
            if (strcmp(
                    msx_json_str_or(guard_field(c->g, c->op, json_string_value(v)), "intent", ""),
                    order[k]) == 0)
                failed |= guard_push(intents, order[k]);
        }
    }
    return failed;
}

static int intent_facts(struct guard_case *c, const char *text)
{
    const char *type = type_of(c->op);
    json_t *intents = guard_list(c, "intents");
    int failed = intents ? 0 : -1;
    enum msx_tri expansion;

    if (strcmp(type, "create_task") == 0) {
        failed |= guard_push(intents, msx_json_str_or(c->op, "intent", "gap"));
        expansion = says_intent(c, "expansion_create", text);
        if (expansion == MSX_UNKNOWN)
            return -1; /* the phrases were read before: there is no memory */
        if (expansion == MSX_YES)
            failed |= guard_push(intents, "expansion_create");
    } else if (strcmp(type, "update_task") == 0) {
        failed |= guard_push(intents, "task_update");
    } else if (strcmp(type, "close_task") == 0) {
        failed |= guard_push(intents, "task_close");
    } else if (strcmp(type, "create_milestone") == 0) {
        failed |= guard_push(intents, "milestone_create");
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
        planned_fact(c, "recovery_owner", &owner) && planned_fact(c, "recovery_date", &date);
    json_int_t now = 0, will = -1;
    bool reopens = strcmp(type_of(c->op), "update_task") == 0 &&
                   msx_json_int(after, "statecode", &will) && will == 0 &&
                   msx_json_int(c->now, "statecode", &now) && now != 0;

    return msx_json_set_str(c->facts, "new_status", sets ? status.u.str : NULL) |
           json_object_set_new(c->facts, "recovery", json_boolean(recovery)) |
           json_object_set_new(c->facts, "reopens", json_boolean(reopens)) |
           json_object_set_new(c->facts, "comment_length",
                               notes ? json_integer((json_int_t)guard_characters(notes))
                                     : json_null());
}

/* Which of milestone and opportunity are the user's; left out when that could not be read. */
static int owns_fact(struct guard_case *c)
{
    const char *me = msx_json_str(msx_json_obj(c->plan, "user"), "id");
    const struct msx_rec *m = c->inner.m, *o = c->inner.o;
    char id[MSX_GUID_LEN + 1];
    int failed = 0;

    if (m && msx_guid_eq(msx_rec_str(m, "_ownerid_value"), me))
        failed |= guard_push(guard_list(c, "owns"), "milestone");
    if (o && msx_guid_eq(msx_rec_str(o, "_ownerid_value"), me))
        failed |= guard_push(guard_list(c, "owns"), "opportunity");
    if (!json_object_get(c->facts, "owns") && !(guard_opportunity_id(c->op, id) && !o) &&
        !guard_list(c, "owns"))
        return -1;
    return failed;
}

static int add_sources(json_t *sources, const json_t *source)
{
    const json_t *evidence = msx_json_arr(source, "evidence");
    int failed = 0;

    for (size_t i = 0; i < json_array_size(evidence); i++)
        failed |=
            guard_push(sources, msx_json_str_or(json_array_get(evidence, i), "source", "msx"));
    return failed;
}

static int plan_facts(struct guard_case *c)
{
    const json_t *ops = msx_json_arr(c->plan, "operations"),
                 *also = msx_json_arr(c->op, "alsoFrom");
    MSX_AUTO(msx_json_free_p) json_t *seen = json_object();
    json_t *sources = guard_list(c, "sources");
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

    failed = failed || guard_field_facts(c) || guard_identity_facts(c) || intent_facts(c, text) ||
             duplicate_facts(c, subject, tag) || due_fact(c, after) || owner_facts(c, after) ||
             status_facts(c, after) || owns_fact(c) || plan_facts(c);
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
