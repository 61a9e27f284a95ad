/* Operations: what is to change on which record, from what, to what, and how it could be undone
 * (plan.h describes the members). Nothing here can write to the CRM. */
#include "crm/op_priv.h"

#include <string.h>

static const struct msx_op_kind kinds[] = {
    { MSX_OP_CREATE_TASK, "create_task", &msx_tool_create_task, &msx_crm_tasks, true },
    { MSX_OP_UPDATE_TASK, "update_task", &msx_tool_update_task, &msx_crm_tasks, false },
    { MSX_OP_CLOSE_TASK, "close_task", &msx_tool_close_task, &msx_crm_tasks, false },
    { MSX_OP_CREATE_MILESTONE, "create_milestone", &msx_tool_create_milestone, &msx_crm_milestones,
      true },
    { MSX_OP_UPDATE_MILESTONE, "update_milestone", &msx_tool_update_milestone, &msx_crm_milestones,
      false },
};

const struct msx_op_kind *msx_op_kind_of(const char *name)
{
    for (size_t i = 0; name && i < sizeof kinds / sizeof kinds[0]; i++)
        if (!strcmp(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

/* The records around one operation. */
struct around {
    const json_t *args;
    json_t *record; /* target as it is; NULL for a create */
    const json_t *milestone, *opportunity, *account;
    const char *access;
};

static enum msx_code missing(const char *what, const char *id, struct msx_error *err)
{
    msx_fail(err, MSX_E_NOTFOUND, "no %s has the id '%s'", what, id);
    msx_hint(err, "it may not exist, or you may not be allowed to see it");
    return MSX_E_NOTFOUND;
}

static enum msx_code look_around(const struct msx_op_world *w, const struct msx_op_kind *k,
                                 struct around *a, struct msx_error *err)
{
    const char *task = msx_json_str(a->args, "taskId");
    const char *milestone = msx_json_str(a->args, "milestoneId");
    const char *opportunity = msx_json_str(a->args, "opportunityId");
    json_t *found;

    if (task) {
        a->record = msx_op_world_find(w->tasks, task);
        if (!a->record)
            return missing("task", task, err);
        milestone = msx_json_str(a->record, "_regardingobjectid_value");
    }
    found = msx_op_world_find(w->milestones, milestone);
    a->milestone = found;
    if (!found && milestone && !task)
        return missing("milestone", milestone, err);
    if (k->type == MSX_OP_UPDATE_MILESTONE)
        a->record = found;
    if (found)
        opportunity = msx_json_str(found, "_msp_opportunityid_value");
    a->opportunity = msx_op_world_find(w->opportunities, opportunity);
    if (!a->opportunity && k->type == MSX_OP_CREATE_MILESTONE)
        return missing("opportunity", opportunity, err);
    a->account =
        msx_op_world_find(w->accounts, msx_json_str(a->opportunity, "_parentaccountid_value"));
    return MSX_OK;
}

static enum msx_code check_access(const struct msx_op_world *w, const struct msx_op_kind *k,
                                  struct around *a, struct msx_error *err)
{
    const char *owner = msx_json_str(a->record, "_ownerid_value");

    a->access = msx_op_world_access(w, owner, a->milestone, a->opportunity);
    if (k->creates || a->access)
        return MSX_OK;
    msx_fail(err, MSX_E_DENIED, "you neither own the %s '%.80s' nor share %s", k->table->what,
             msx_json_str_or(a->record, k->table->name, "-"),
             w->team_missing ? "a milestone of its opportunity (deal teams cannot be read here)"
                             : "a deal team with it");
    msx_hint(err, "its owner is %.80s",
             msx_crm_shown(a->record, "_ownerid_value") ? msx_crm_shown(a->record, "_ownerid_value")
                                                        : "unknown");
    return MSX_E_DENIED;
}

/* ---- what changes ---- */

static enum msx_code set_params(struct msx_op_world *w, const struct msx_op_kind *k,
                                const struct around *a, json_t *after, struct msx_error *err)
{
    size_t n;
    const struct msx_op_field *f = msx_op_fields(k->table, &n);

    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_object_get(a->args, f[i].param);
        enum msx_code rc;

        if (!value || (k->type == MSX_OP_CLOSE_TASK && !strcmp(f[i].column, "statuscode")))
            continue;
        rc = msx_op_set(w, k->table, &f[i], value, a->record, after, err);
        if (rc)
            return rc;
    }
    return MSX_OK;
}

/* State that a task's status reason belongs to, and the label of the status. */
static enum msx_code state_of(struct msx_crm *crm, json_int_t status, json_int_t *state,
                              struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *options = NULL;
    json_t *o;
    size_t i;
    enum msx_code rc = msx_crm_options(crm, "task", "statuscode", &options, err);

    if (rc)
        return rc;
    *state = status == 5 ? 1 : status == 6 ? 2 : 0;
    json_array_foreach(options, i, o)
    {
        json_int_t value;

        if (msx_json_int(o, "value", &value) && value == status)
            msx_json_int(o, "state", state);
    }
    return MSX_OK;
}

static enum msx_code set_state(struct msx_crm *crm, json_int_t state, json_int_t status,
                               json_t *after, struct msx_error *err)
{
    enum msx_code rc = msx_op_set_code(crm, &msx_crm_tasks, "statecode", state, after, err);

    return rc ? rc : msx_op_set_code(crm, &msx_crm_tasks, "statuscode", status, after, err);
}

/* Closing: state and status go together. */
static enum msx_code close_values(struct msx_op_world *w, const struct around *a, json_t *after,
                                  struct msx_error *err)
{
    json_int_t status, state, now = 0;
    enum msx_code rc = msx_crm_choice(w->crm, "task", "statuscode",
                                      json_object_get(a->args, "statusCode"), &status, err);

    if (!rc)
        rc = state_of(w->crm, status, &state, err);
    if (rc)
        return rc;
    if (!state) {
        msx_fail(err, MSX_E_USAGE,
                 "a task is closed as completed (5) or cancelled (6), not with "
                 "an open status");
        msx_hint(err, "update_task sets an open status");
        return MSX_E_USAGE;
    }
    msx_json_int(a->record, "statecode", &now);
    if (now)
        return msx_fail(err, MSX_E_USAGE, "nothing to change: the task '%.80s' is closed already",
                        msx_json_str_or(a->record, "subject", "-"));
    return set_state(w->crm, state, status, after, err);
}

/* An open task takes open statuses; a closed one is read-only until it is reopened, alone. */
static enum msx_code check_task_update(struct msx_op_world *w, const struct around *a,
                                       json_t *after, struct msx_error *err)
{
    json_int_t now = 0, status, state = 0;
    bool sets_status = msx_json_int(after, "statuscode", &status);
    enum msx_code rc;

    msx_json_int(a->record, "statecode", &now);
    if (sets_status) {
        rc = state_of(w->crm, status, &state, err);
        if (rc)
            return rc;
    }
    if (sets_status && state) {
        msx_fail(err, MSX_E_USAGE, "update_task takes open statuses only");
        msx_hint(err, "close_task completes or cancels a task");
        return MSX_E_USAGE;
    }
    if (!now || !json_object_size(after))
        return MSX_OK;
    if (!sets_status || json_object_size(after) != 2) { /* the code and its label */
        msx_fail(err, MSX_E_USAGE, "the task '%.80s' is closed and cannot be changed",
                 msx_json_str_or(a->record, "subject", "-"));
        msx_hint(err, "reopen it first: an update of its status alone");
        return MSX_E_USAGE;
    }
    return set_state(w->crm, 0, status, after, err);
}

static int set_lookup(json_t *after, const char *column, const char *logical, const char *id,
                      const char *label)
{
    MSX_AUTO(msx_free_p) char *key = msx_asprintf("%s" MSX_LOGICAL, column);

    return !key || msx_json_set_str(after, column, id) || msx_json_set_str(after, key, logical) ||
           msx_crm_set_label(after, column, label);
}

static enum msx_code after_of(struct msx_op_world *w, const struct msx_op_kind *k,
                              const struct around *a, json_t *after, struct msx_error *err)
{
    enum msx_code rc = set_params(w, k, a, after, err);
    int bad = 0;

    if (rc)
        return rc;
    switch (k->type) {
    case MSX_OP_CREATE_TASK:
        bad = set_lookup(after, "_regardingobjectid_value", msx_crm_milestones.logical,
                         msx_json_str(a->args, "milestoneId"),
                         msx_json_str(a->milestone, "msp_name"));
        break;
    case MSX_OP_CREATE_MILESTONE:
        bad = set_lookup(after, "_msp_opportunityid_value", msx_crm_opportunities.logical,
                         msx_json_str(a->args, "opportunityId"),
                         msx_json_str(a->opportunity, "name"));
        break;
    case MSX_OP_UPDATE_TASK:
        rc = check_task_update(w, a, after, err);
        break;
    case MSX_OP_CLOSE_TASK:
        rc = close_values(w, a, after, err);
        break;
    case MSX_OP_UPDATE_MILESTONE:
        break;
    }
    if (rc || bad)
        return rc ? rc : msx_crm_oom(err);
    if (!json_object_size(after))
        return msx_fail(err, MSX_E_USAGE, "nothing to change: %s '%.80s' has these values already",
                        k->table->what, msx_json_str_or(a->record, k->table->name, "-"));
    return MSX_OK;
}

/* ---- what goes with it ---- */

static json_t *context_of(const struct msx_op_kind *k, const struct around *a, const char *id)
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
    json_object_foreach((json_t *)(uintptr_t)after, key, v)
    {
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

/* Dates are shown as days, whatever form the service keeps them in. */
static json_t *rows_of(struct msx_crm *crm, const struct msx_crm_table *t, const json_t *before,
                       const json_t *after)
{
    MSX_AUTO(msx_json_free_p)
    json_t *shown = before ? json_copy((json_t *)(uintptr_t)before) : json_object();
    size_t n;
    const struct msx_op_field *f = msx_op_fields(t, &n);

    for (size_t i = 0; shown && i < n; i++) {
        msx_day day = msx_crm_day(crm, shown, f[i].column);
        char text[11];

        if (f[i].kind != MSX_OV_DATE || day == MSX_DAY_NONE)
            continue;
        msx_day_format(day, text);
        if (msx_crm_set_label(shown, f[i].column, text))
            return NULL;
    }
    return shown ? msx_op_rows(shown, after) : NULL;
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

    json_object_foreach((json_t *)(uintptr_t)after, key, v)
    {
        json_t *was = json_object_get(before, key);

        if (!was && strchr(key, '@'))
            continue;
        if (json_object_set_new(former, key, was ? json_incref(was) : json_null()))
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
            state_of(crm, code, &state, NULL))
            return no_inverse("tasks cannot be cancelled in this organisation");
        rc = set_state(crm, state, code, undo, NULL);
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

static char *description_of(const struct msx_op_kind *k, const struct around *a, const json_t *rows)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(64 << 10);
    const char *name = msx_json_str_or(a->record, k->table->name, "-");
    const char *number = msx_json_str(a->milestone, "msp_milestonenumber");
    json_t *row;
    size_t i;

    switch (k->type) {
    case MSX_OP_CREATE_TASK:
        msx_buf_addf(&b, "create task '%s' on milestone %s",
                     msx_json_str_or(a->args, "subject", ""),
                     number ? number : msx_json_str_or(a->milestone, "msp_name", "-"));
        return msx_buf_take(&b);
    case MSX_OP_CREATE_MILESTONE:
        msx_buf_addf(&b, "create milestone '%s' on opportunity '%s'",
                     msx_json_str_or(a->args, "name", ""),
                     msx_json_str_or(a->opportunity, "name", "-"));
        return msx_buf_take(&b);
    case MSX_OP_CLOSE_TASK:
        msx_buf_addf(&b, "close task '%s'", name);
        break;
    case MSX_OP_UPDATE_TASK:
        msx_buf_addf(&b, "update task '%s'", name);
        break;
    case MSX_OP_UPDATE_MILESTONE:
        msx_buf_addf(&b, "update milestone %s '%s'", number ? number : "", name);
        break;
    }
    json_array_foreach(rows, i, row)
    {
        msx_buf_addf(&b, "%s %s", i ? "," : ":", msx_json_str_or(row, "field", ""));
    }
    return msx_buf_take(&b);
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

static int add_texts(struct msx_crm *crm, const struct msx_op_kind *k, const struct around *a,
                     json_t *op)
{
    MSX_AUTO(msx_free_p) char *text = description_of(k, a, json_object_get(op, "rows"));
    const char *command = msx_json_str(crm->origin, "command");

    return !text || msx_json_set_str(op, "description", text) ||
           msx_json_set_str(op, "why", msx_json_str_or(a->args, "why", "asked for by the user")) ||
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

static json_t *target_of(struct msx_crm *crm, const struct msx_op_kind *k, const struct around *a,
                         const char *id)
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

enum msx_code msx_op_make(struct msx_op_world *w, const struct msx_op_kind *k, const json_t *args,
                          json_t **out, struct msx_error *err)
{
    struct around a = { .args = args };
    MSX_AUTO(msx_json_free_p) json_t *after = json_object();
    MSX_AUTO(msx_json_free_p) json_t *op = NULL;
    char id[MSX_GUID_LEN + 1];
    enum msx_code rc = after ? look_around(w, k, &a, err) : msx_crm_oom(err);

    if (!rc)
        rc = check_access(w, k, &a, err);
    if (!rc)
        rc = after_of(w, k, &a, after, err);
    if (rc)
        return rc;
    if (k->creates) {
        rc = msx_guid_new(id, err);
        if (rc)
            return rc;
    } else if (!msx_guid_parse(msx_json_str_or(a.record, k->table->key, ""), id)) {
        return msx_fail(err, MSX_E_SERVER, "the service gave a %s without a key", k->table->what);
    }
    op = json_pack(
        "{s:s,s:o,s:o,s:o,s:o,s:o,s:O,s:o,s:o,s:[],s:[]}", "type", k->name, "target",
        target_of(w->crm, k, &a, id), "context", context_of(k, &a, id), "origin",
        w->crm->origin ? json_deep_copy(w->crm->origin) : json_pack("{s:s}", "by", "human"),
        "before", a.record ? json_deep_copy(a.record) : json_object(), "guard", guard_of(k, after),
        "after", after, "rows", rows_of(w->crm, k->table, a.record, after), "inverse",
        inverse_of(w->crm, k, a.record, after), "guardrails", "dependsOn");
    if (!op || add_texts(w->crm, k, &a, op))
        return msx_crm_oom(err);
    *out = MSX_STEAL(op);
    return MSX_OK;
}

/* ---- entry points ---- */

/* "fields" names columns or parameters; each value joins the parameters under its own name. */
static enum msx_code merge_fields(const struct msx_op_kind *k, json_t *args, struct msx_error *err)
{
    json_t *value;
    const char *name;

    json_object_foreach(json_object_get(args, "fields"), name, value)
    {
        const struct msx_op_field *f = msx_op_field_of(k->table, name);

        if (!f) {
            const char *right = msx_crm_right_name(name);

            msx_fail(err, MSX_E_USAGE, "%s cannot set '%.80s'", k->name, name);
            if (right)
                msx_hint(err, "use %s", right);
            return MSX_E_USAGE;
        }
        if (json_object_get(args, f->param))
            return msx_fail(err, MSX_E_USAGE, "'%s' is set twice", f->param);
        if (json_object_set(args, f->param, value))
            return msx_crm_oom(err);
    }
    json_object_del(args, "fields");
    return MSX_OK;
}

static enum msx_code check_request(struct msx_crm *crm, const char *type, const json_t *params,
                                   const struct msx_op_kind **k, json_t **args,
                                   struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *a = NULL;
    enum msx_code rc;

    *k = msx_op_kind_of(type);
    if (!*k)
        return msx_fail(err, MSX_E_USAGE, "'%.40s' is no type of operation", type ? type : "");
    rc = msx_crm_args((*k)->tool, params, crm->ctx, &a, err);
    if (!rc)
        rc = merge_fields(*k, a, err);
    if (!rc)
        *args = MSX_STEAL(a);
    return rc;
}

enum msx_code msx_op_build(struct msx_crm *crm, const char *type, const json_t *params, json_t **op,
                           struct msx_error *err)
{
    MSX_AUTO(msx_op_world_release) struct msx_op_world w = { 0 };
    MSX_AUTO(msx_json_free_p) json_t *args = NULL;
    const struct msx_op_kind *k;
    enum msx_code rc = check_request(crm, type, params, &k, &args, err);

    if (!rc)
        rc = msx_op_world_load(crm, &k, &args, 1, &w, err);
    return rc ? rc : msx_op_make(&w, k, args, op, err);
}

static json_t *error_json(const struct msx_error *e)
{
    return json_pack("{s:{s:s,s:s,s:s}}", "error", "code", msx_code_name(e->code), "message",
                     e->msg, "hint", e->hint);
}

enum msx_code msx_op_build_all(struct msx_crm *crm, const json_t *requests, json_t **results,
                               struct msx_error *err)
{
    MSX_AUTO(msx_op_world_release) struct msx_op_world w = { 0 };
    MSX_AUTO(msx_json_free_p) json_t *out = json_array();
    size_t n = json_array_size(requests), good = 0;
    const struct msx_op_kind **all = msx_calloc(n, sizeof *all);
    json_t **args = msx_calloc(n, sizeof *args);
    size_t *at = msx_calloc(n, sizeof *at);
    enum msx_code rc = out && all && args && at ? MSX_OK : msx_crm_oom(err);

    for (size_t i = 0; !rc && i < n; i++) {
        const json_t *r = json_array_get(requests, i);
        struct msx_error e = MSX_ERROR_INIT;

        at[good] = i;
        if (check_request(crm, msx_json_str(r, "type"), json_object_get(r, "params"), &all[good],
                          &args[good], &e)) {
            if (json_array_append_new(out, error_json(&e)))
                rc = msx_crm_oom(err);
        } else {
            good++;
            if (json_array_append_new(out, json_null()))
                rc = msx_crm_oom(err);
        }
    }
    if (!rc)
        rc = msx_op_world_load(crm, all, args, good, &w, err);
    for (size_t i = 0; !rc && i < good; i++) {
        struct msx_error e = MSX_ERROR_INIT;
        json_t *op = NULL;

        if (msx_op_make(&w, all[i], args[i], &op, &e))
            op = error_json(&e);
        if (json_array_set_new(out, at[i], op))
            rc = msx_crm_oom(err);
    }
    for (size_t i = 0; args && i < n; i++)
        json_decref(args[i]);
    msx_free(all);
    msx_free(args);
    msx_free(at);
    if (!rc)
        *results = MSX_STEAL(out);
    return rc;
}
