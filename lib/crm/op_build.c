/* Operations: what is to change on which record, from what, to what, and how it could be undone
 * (plan.h describes the members). Nothing here can write to the CRM. */
#include "crm/op_priv.h"

#include <string.h>

static const struct msx_op_kind kinds[] = {
    { "create_task", &msx_tool_create_task, &msx_crm_tasks, MSX_OP_CREATE_TASK, true },
    { "update_task", &msx_tool_update_task, &msx_crm_tasks, MSX_OP_UPDATE_TASK, false },
    { "close_task", &msx_tool_close_task, &msx_crm_tasks, MSX_OP_CLOSE_TASK, false },
    { "create_milestone", &msx_tool_create_milestone, &msx_crm_milestones, MSX_OP_CREATE_MILESTONE,
      true },
    { "update_milestone", &msx_tool_update_milestone, &msx_crm_milestones, MSX_OP_UPDATE_MILESTONE,
      false },
};

const struct msx_op_kind *msx_op_kind_of(const char *name)
{
    for (size_t i = 0; name && i < sizeof kinds / sizeof kinds[0]; i++)
        if (!strcmp(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

static enum msx_code missing(const char *what, const char *id, struct msx_error *err)
{
    msx_fail(err, MSX_E_NOTFOUND, "no %s has the id '%s'", what, id);
    msx_hint(err, "it may not exist, or you may not be allowed to see it");
    return MSX_E_NOTFOUND;
}

static enum msx_code look_around(const struct msx_op_world *w, const struct msx_op_kind *k,
                                 struct msx_op_around *a, struct msx_error *err)
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
                                  struct msx_op_around *a, struct msx_error *err)
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
                                const struct msx_op_around *a, json_t *after, struct msx_error *err)
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

/* Closing: state and status go together. */
static enum msx_code close_values(struct msx_op_world *w, const struct msx_op_around *a,
                                  json_t *after, struct msx_error *err)
{
    json_int_t status, state, now = 0;
    enum msx_code rc = msx_crm_choice(w->crm, "task", "statuscode",
                                      json_object_get(a->args, "statusCode"), &status, err);

    if (!rc)
        rc = msx_op_state_of(w->crm, status, &state, err);
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
    return msx_op_set_state(w->crm, state, status, after, err);
}

/* An open task takes open statuses; a closed one is read-only until it is reopened, alone. */
static enum msx_code check_task_update(struct msx_op_world *w, const struct msx_op_around *a,
                                       json_t *after, struct msx_error *err)
{
    json_int_t now = 0, status, state = 0;
    bool sets_status = msx_json_int(after, "statuscode", &status);
    enum msx_code rc;

    msx_json_int(a->record, "statecode", &now);
    if (sets_status) {
        rc = msx_op_state_of(w->crm, status, &state, err);
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
    return msx_op_set_state(w->crm, 0, status, after, err);
}

static int set_lookup(json_t *after, const char *column, const char *logical, const char *id,
                      const char *label)
{
    MSX_AUTO(msx_free_p) char *key = msx_asprintf("%s" MSX_LOGICAL, column);

    return !key || msx_json_set_str(after, column, id) || msx_json_set_str(after, key, logical) ||
           msx_crm_set_label(after, column, label);
}

static enum msx_code after_of(struct msx_op_world *w, const struct msx_op_kind *k,
                              const struct msx_op_around *a, json_t *after, struct msx_error *err)
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

/* The service refuses a new record without the columns that its table requires: said now, not when
 * the plan is applied. The owner has a default. */
static enum msx_code check_required(struct msx_crm *crm, const struct msx_op_kind *k,
                                    const json_t *after, struct msx_error *err)
{
    json_t *meta = NULL, *p;
    size_t n, i;
    const struct msx_op_field *f = msx_op_fields(k->table, &n);
    enum msx_code rc = msx_meta_table(crm->odata, k->table->logical, &meta, err);

    if (rc)
        return rc;
    json_array_foreach(json_object_get(meta, "properties"), i, p) {
        const char *name = msx_json_str_or(p, "name", "");

        for (size_t j = 0; j < n && msx_json_bool_or(p, "required", false); j++) {
            const char *column = f[j].column;
            bool lookup = f[j].kind == MSX_OV_LOOKUP;

            if (strcmp(column, "_ownerid_value") == 0 || json_object_get(after, column) ||
                (lookup ? strncmp(column + 1, name, strlen(name)) != 0 ||
                              strcmp(column + 1 + strlen(name), "_value") != 0
                        : strcmp(column, name) != 0))
                continue;
            msx_fail(err, MSX_E_USAGE, "a new %s needs '%s' (%s)", k->table->what, f[j].param,
                     msx_json_str_or(p, "displayName", column));
            return MSX_E_USAGE;
        }
    }
    return MSX_OK;
}

enum msx_code msx_op_make(struct msx_op_world *w, const struct msx_op_kind *k, const json_t *args,
                          json_t **op_out, struct msx_error *err)
{
    struct msx_op_around a = { .args = args };
    MSX_AUTO(msx_json_free_p) json_t *after = json_object();
    MSX_AUTO(msx_json_free_p) json_t *op = NULL;
    char id[MSX_GUID_LEN + 1];
    enum msx_code rc = after ? look_around(w, k, &a, err) : msx_crm_oom(err);

    if (!rc)
        rc = check_access(w, k, &a, err);
    if (!rc)
        rc = after_of(w, k, &a, after, err);
    if (!rc && k->creates)
        rc = check_required(w->crm, k, after, err);
    if (rc)
        return rc;
    if (k->creates) {
        rc = msx_guid_new(id, err);
        if (rc)
            return rc;
    } else if (!msx_guid_parse(msx_json_str_or(a.record, k->table->key, ""), id)) {
        return msx_fail(err, MSX_E_SERVER, "the service gave a %s without a key", k->table->what);
    }
    op = msx_op_assemble(w->crm, k, &a, id, after);
    if (!op)
        return msx_crm_oom(err);
    *op_out = MSX_STEAL(op);
    return MSX_OK;
}

/* ---- entry points ---- */

/* "fields" names columns or parameters; each value joins the parameters under its own name. */
static enum msx_code merge_fields(const struct msx_op_kind *k, json_t *args, struct msx_error *err)
{
    json_t *value;
    const char *name;

    json_object_foreach(json_object_get(args, "fields"), name, value) {
        const struct msx_op_field *f = msx_op_field_of(k->table, name);

        if (!f) {
            const char *right = msx_crm_right_name(k->table->set, name);

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

/* Requests that passed the check, and where their results go. */
struct batch {
    const struct msx_op_kind **kinds;
    json_t **args;
    size_t *at;
    size_t n;
};

static void batch_release(struct batch *b)
{
    for (size_t i = 0; b->args && i < b->n; i++)
        json_decref(b->args[i]);
    msx_free(b->kinds);
    msx_free(b->args);
    msx_free(b->at);
}

/* A request that cannot be done: its place in results says so, or everything ends (strict). */
static enum msx_code refuse(const struct msx_error *e, bool strict, json_t *results, size_t at,
                            struct msx_error *err)
{
    if (strict) {
        if (err)
            *err = *e;
        return e->code;
    }
    return json_array_set_new(results, at, error_json(e)) ? msx_crm_oom(err) : MSX_OK;
}

static enum msx_code build_all(struct msx_crm *crm, const json_t *requests, bool strict,
                               json_t **results, struct msx_error *err)
{
    MSX_AUTO(msx_op_world_release) struct msx_op_world w = { 0 };
    MSX_AUTO(batch_release) struct batch b = { 0 };
    MSX_AUTO(msx_json_free_p) json_t *out = json_array();
    size_t n = json_array_size(requests);
    enum msx_code rc = MSX_OK;

    b.kinds = msx_calloc(n, sizeof(struct msx_op_kind *));
    b.args = msx_calloc(n, sizeof(json_t *));
    b.at = msx_calloc(n, sizeof *b.at);
    if (!out || !b.kinds || !b.args || !b.at)
        return msx_crm_oom(err);
    for (size_t i = 0; !rc && i < n; i++) {
        const json_t *r = json_array_get(requests, i);
        struct msx_error e = MSX_ERROR_INIT;

        if (json_array_append_new(out, json_null()))
            return msx_crm_oom(err);
        if (check_request(crm, msx_json_str(r, "type"), json_object_get(r, "params"), &b.kinds[b.n],
                          &b.args[b.n], &e))
            rc = refuse(&e, strict, out, i, err);
        else
            b.at[b.n++] = i;
    }
    if (!rc)
        rc = msx_op_world_load(crm, b.kinds, b.args, b.n, &w, err);
    for (size_t i = 0; !rc && i < b.n; i++) {
        struct msx_error e = MSX_ERROR_INIT;
        json_t *op = NULL;

        if (msx_op_make(&w, b.kinds[i], b.args[i], &op, &e))
            rc = refuse(&e, strict, out, b.at[i], err);
        else if (json_array_set_new(out, b.at[i], op))
            rc = msx_crm_oom(err);
    }
    if (!rc)
        *results = MSX_STEAL(out);
    return rc;
}

enum msx_code msx_op_build_all(struct msx_crm *crm, const json_t *requests, json_t **results,
                               struct msx_error *err)
{
    return build_all(crm, requests, false, results, err);
}

enum msx_code msx_op_build_strict(struct msx_crm *crm, const json_t *requests, json_t **ops,
                                  struct msx_error *err)
{
    return build_all(crm, requests, true, ops, err);
}
