/* The parts of an operation around its change: context, guard, rows, inverse and texts. */
#include "crm/op_priv.h"

#include <string.h>

/* State that a task's status reason belongs to, and the label of the status. */
enum msx_code msx_op_state_of(struct msx_crm *crm, json_int_t status, json_int_t *state,
                              struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *options = NULL;
    json_t *o;
    size_t i;
    enum msx_code rc = msx_crm_options(crm, "task", "statuscode", &options, err);

    if (rc)
        return rc;
    *state = status == 5 ? 1 : status == 6 ? 2 : 0;
    json_array_foreach(options, i, o) {
        json_int_t value;

        if (msx_json_int(o, "value", &value) && value == status)
            msx_json_int(o, "state", state);
    }
    return MSX_OK;
}

enum msx_code msx_op_set_state(struct msx_crm *crm, json_int_t state, json_int_t status,
                               json_t *after, struct msx_error *err)
{
    enum msx_code rc = msx_op_set_code(crm, &msx_crm_tasks, "statecode", state, after, err);

    return rc ? rc : msx_op_set_code(crm, &msx_crm_tasks, "statuscode", status, after, err);
}

static json_t *context_of(const struct msx_op_kind *k, const struct msx_op_around *a,
                          const char *id)
{
    json_t *customer, *opportunity, *milestone;
    const char *customer_id = msx_json_str(a->opportunity, "_parentaccountid_value");
    const char *name = msx_json_str(a->account, "name");

    if (!name)
        name = msx_crm_label(a->opportunity, "_parentaccountid_value");
    customer = json_pack("{s:s?,s:s?,s:s?}", "id", customer_id, "name", name, "tpid",
                         msx_json_str(a->account, "msp_mstopparentid"));
    opportunity = json_pack("{s:s?,s:s?}", "id", msx_json_str(a->opportunity, "opportunityid"),
                            "name", msx_json_str(a->opportunity, "name"));
    if (k->type == MSX_OP_CREATE_MILESTONE)
        milestone =
            json_pack("{s:s,s:n,s:s?}", "id", id, "number", "name", msx_json_str(a->args, "name"));
    else
        milestone =
            json_pack("{s:s?,s:s?,s:s?}", "id", msx_json_str(a->milestone, msx_crm_milestones.key),
                      "number", msx_json_str(a->milestone, "msp_milestonenumber"), "name",
                      msx_json_str(a->milestone, "msp_name"));
    return json_pack("{s:o,s:o,s:o}", "customer", customer, "opportunity", opportunity, "milestone",
                     milestone);
}

static json_t *guard_of(const struct msx_op_kind *k, const json_t *after)
{
    json_t *guard = json_array();
    const char *key;
    json_t *v;
    int bad = !guard;

    if (k->creates)
        return guard;
    json_object_foreach((json_t *)(uintptr_t)after, key, v) {
        if (!strchr(key, '@'))
            bad |= json_array_append_new(guard, json_string(key));
    }
    /* whether a task may be changed rests on its being open (or, to reopen it, closed) */
    if (k->table == &msx_crm_tasks && !json_object_get(after, "statecode"))
        bad |= json_array_append_new(guard, json_string("statecode"));
    if (bad) {
        json_decref(guard);
        return NULL;
    }
    return guard;
}

/* The record as read. Dates get the day as their label: the service's own depends on its locale. */
static json_t *before_of(struct msx_crm *crm, const struct msx_op_kind *k, const json_t *record)
{
    MSX_AUTO(msx_json_free_p) json_t *before = record ? json_deep_copy(record) : json_object();
    size_t n;
    const struct msx_op_field *f = msx_op_fields(k->table, &n);

    for (size_t i = 0; before && i < n; i++) {
        msx_day day = msx_crm_day(crm, before, f[i].column);
        char text[11];

        if (f[i].kind != MSX_OV_DATE || day == MSX_DAY_NONE)
            continue;
        msx_day_format(day, text);
        if (msx_crm_set_label(before, f[i].column, text))
            return NULL;
    }
    return MSX_STEAL(before);
}

/* The code of a choice with this label, if there is one. */
static bool code_of(struct msx_crm *crm, const struct msx_crm_table *t, const char *column,
                    const char *label, json_int_t *code)
{
    return !msx_label_code(crm, t->logical, column, label, code, NULL);
}

static json_t *no_inverse(const char *why)
{
    return json_pack("{s:s}", "none", why);
}

/* The former value of every column that is written, labels included. */
static json_t *former_values(const json_t *before, const json_t *after)
{
    MSX_AUTO(msx_json_free_p) json_t *former = json_object();
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)after, key, v) {
        json_t *was = json_object_get(before, key);
        char guid[MSX_GUID_LEN + 1];
        bool id;

        if (!was && strchr(key, '@'))
            continue;
        /* a service may write the IDs of its lookups in capitals */
        id = key[0] == '_' && json_is_string(was) && msx_guid_parse(json_string_value(was), guid);
        if (json_object_set_new(former, key,
                                id    ? json_string(guid)
                                : was ? json_incref(was)
                                      : json_null()))
            return NULL;
    }
    return MSX_STEAL(former);
}

static json_t *inverse_of(struct msx_crm *crm, const struct msx_op_kind *k, const json_t *before,
                          const json_t *after)
{
    MSX_AUTO(msx_json_free_p) json_t *undo = json_object();
    json_int_t code, state;
    enum msx_code rc = MSX_OK;

    if (!undo)
        return NULL;
    switch (k->type) {
    case MSX_OP_CREATE_TASK:
        if (!code_of(crm, k->table, "statuscode", "Cancelled", &code) ||
            msx_op_state_of(crm, code, &state, NULL))
            return no_inverse("tasks cannot be cancelled in this organisation");
        rc = msx_op_set_state(crm, state, code, undo, NULL);
        return rc ? NULL : json_pack("{s:s,s:O}", "type", "close_task", "after", undo);
    case MSX_OP_CREATE_MILESTONE:
        if (!code_of(crm, k->table, "msp_milestonestatus", "Cancelled", &code))
            return no_inverse("this organisation has no milestone status Cancelled");
        rc = msx_op_set_code(crm, k->table, "msp_milestonestatus", code, undo, NULL);
        return rc ? NULL : json_pack("{s:s,s:O}", "type", "update_milestone", "after", undo);
    case MSX_OP_CLOSE_TASK:
    case MSX_OP_UPDATE_TASK:
        return json_pack("{s:s,s:o}", "type",
                         json_integer_value(json_object_get(before, "statecode")) ? "close_task"
                                                                                  : "update_task",
                         "after", former_values(before, after));
    case MSX_OP_UPDATE_MILESTONE:
        return json_pack("{s:s,s:o}", "type", "update_milestone", "after",
                         former_values(before, after));
    }
    return NULL;
}

/* ---- texts ---- */

/* Which record, not which fields: those are in rows, and may grow when operations are merged. */
static char *description_of(const struct msx_op_kind *k, const struct msx_op_around *a)
{
    const char *name = msx_json_str_or(a->record, k->table->name, "-");
    const char *number = msx_json_str(a->milestone, "msp_milestonenumber");

    switch (k->type) {
    case MSX_OP_CREATE_TASK:
        return msx_asprintf("create task '%s' on milestone %s",
                            msx_json_str_or(a->args, "subject", ""),
                            number ? number : msx_json_str_or(a->milestone, "msp_name", "-"));
    case MSX_OP_CREATE_MILESTONE:
        return msx_asprintf("create milestone '%s' on opportunity '%s'",
                            msx_json_str_or(a->args, "name", ""),
                            msx_json_str_or(a->opportunity, "name", "-"));
    case MSX_OP_CLOSE_TASK:
        return msx_asprintf("close task '%s'", name);
    case MSX_OP_UPDATE_TASK:
        return msx_asprintf("update task '%s'", name);
    case MSX_OP_UPDATE_MILESTONE:
        return msx_asprintf("update milestone %s '%s'", number ? number : "", name);
    }
    return NULL;
}

static const char *default_impact(enum msx_op_type type)
{
    switch (type) {
    case MSX_OP_CREATE_TASK:
        return "a new open task on the milestone";
    case MSX_OP_UPDATE_TASK:
        return "the task shows the new values to everyone";
    case MSX_OP_CLOSE_TASK:
        return "the task is closed and read-only";
    case MSX_OP_CREATE_MILESTONE:
        return "a new milestone on the opportunity, counted in its forecast";
    case MSX_OP_UPDATE_MILESTONE:
        return "the milestone shows the new values to everyone";
    }
    return "";
}

static const char *default_risk(const struct msx_op_kind *k, const json_t *inverse)
{
    if (json_object_get(inverse, "none"))
        return "cannot be undone by an inverse operation";
    return k->creates ? "low: undone by cancelling the new record"
                      : "low: undone by setting the former values";
}

/* The reason of an operation for which none was given: at least who thought of it. */
static const char *default_why(const struct msx_crm *crm)
{
    const char *by = msx_json_str_or(crm->origin, "by", "human");

    return strcmp(by, "human") ? strcmp(by, "agent") ? "proposed by a flow" : "proposed by an agent"
                               : "planned by hand";
}

static int add_texts(struct msx_crm *crm, const struct msx_op_kind *k,
                     const struct msx_op_around *a, json_t *op)
{
    MSX_AUTO(msx_free_p) char *text = description_of(k, a);
    const char *command = msx_json_str(crm->origin, "command");

    return !text || msx_json_set_str(op, "description", text) ||
           msx_json_set_str(op, "why", msx_json_str_or(a->args, "why", default_why(crm))) ||
           msx_json_set_str(op, "impact",
                            msx_json_str_or(a->args, "impact", default_impact(k->type))) ||
           msx_json_set_str(
               op, "risk",
               msx_json_str_or(a->args, "risk", default_risk(k, json_object_get(op, "inverse")))) ||
           json_object_set_new(op, "source",
                               command ? json_pack("{s:s,s:s}", "command", command, "tool", k->name)
                                       : json_pack("{s:s}", "tool", k->name)) ||
           (a->access && msx_json_set_str(op, "access", a->access));
}

static json_t *target_of(struct msx_crm *crm, const struct msx_op_kind *k,
                         const struct msx_op_around *a, const char *id)
{
    MSX_AUTO(msx_free_p)
    char *url = msx_record_url(msx_odata_org(crm->odata), k->table->logical, id);
    const char *name = k->creates
                           ? msx_json_str(a->args, k->table == &msx_crm_tasks ? "subject" : "name")
                           : msx_json_str(a->record, k->table->name);

    return json_pack("{s:s,s:s,s:s,s:s?,s:s?,s:s?}", "entitySet", k->table->set, "logicalName",
                     k->table->logical, "id", id, "number",
                     msx_json_str(a->record, "msp_milestonenumber"), "name", name, "url", url);
}

json_t *msx_op_assemble(struct msx_crm *crm, const struct msx_op_kind *k,
                        const struct msx_op_around *a, const char *id, json_t *after)
{
    MSX_AUTO(msx_json_free_p) json_t *before = before_of(crm, k, a->record);
    MSX_AUTO(msx_json_free_p) json_t *op = NULL;

    if (!before)
        return NULL;
    op = json_pack("{s:s,s:o,s:o,s:o,s:O,s:o,s:O,s:o,s:o,s:[],s:[]}", "type", k->name, "target",
                   target_of(crm, k, a, id), "context", context_of(k, a, id), "origin",
                   crm->origin ? json_deep_copy(crm->origin) : json_pack("{s:s}", "by", "human"),
                   "before", before, "guard", guard_of(k, after), "after", after, "rows",
                   msx_op_rows(before, after), "inverse", inverse_of(crm, k, before, after),
                   "guardrails", "dependsOn");
    return op && !add_texts(crm, k, a, op) ? MSX_STEAL(op) : NULL;
}
