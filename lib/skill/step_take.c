/* What the answers of steps hold, and where it goes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/steps.h"

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

/* The records of an answer: its array under `name` or `value`, the answer itself when it is an
 * array or one record with this key. Borrowed, or new in *own. */
static const json_t *records(const json_t *result, const char *name, const char *key, json_t **own)
{
    const json_t *list = msx_json_arr(result, name);

    *own = NULL;
    if (!list)
        list = msx_json_arr(result, "value");
    if (!list && json_is_array(result))
        list = result;
    if (!list && json_object_get(result, key))
        list = *own = json_pack("[O]", result);
    return list;
}

/* An answer that says there are more rows than it holds. */
static enum msx_code check_whole(struct msx_run *r, const struct msx_step *step,
                                 const json_t *result, const json_t *list, struct msx_error *err)
{
    json_int_t count;

    if (!msx_json_int(result, "count", &count) || count <= (json_int_t)json_array_size(list))
        return MSX_OK;
    return msx_run_gap(r, "truncated", step->gap_id, "run",
                       "the answer holds fewer rows than it counts", err);
}

static enum msx_code take_auth(struct msx_run *r, const json_t *result, struct msx_error *err)
{
    const char *id = msx_json_str(result, "userId");

    if (!id)
        id = msx_json_str(result, "UserId");
    if (json_is_false(json_object_get(result, "authenticated"))) {
        (void)msx_fail(err, MSX_E_AUTH, "not signed in");
        msx_hint(err, "run 'msxops auth login'");
        return MSX_E_AUTH;
    }
    if (id) {
        msx_free(r->user_id);
        r->user_id = msx_strdup(id);
        if (!r->user_id)
            return no_memory(err);
        msx_world_me(r->world, r->user_id, r->opts->role);
    }
    return MSX_OK;
}

/* Tasks name their milestone; an answer by milestone may leave that out. */
static enum msx_code take_task_list(struct msx_run *r, const char *milestone, json_t *list,
                                    struct msx_error *err)
{
    json_t *task;
    size_t i;

    json_array_foreach(list, i, task) {
        if (!milestone || json_is_string(json_object_get(task, "_regardingobjectid_value")))
            continue;
        if (msx_json_set_str(task, "_regardingobjectid_value", milestone) != 0)
            return no_memory(err);
    }
    return msx_world_add(r->world, MSX_K_TASK, list, err);
}

static enum msx_code take_tasks(struct msx_run *r, const struct msx_step *step,
                                const struct msx_call *call, struct msx_error *err)
{
    json_t *by = msx_json_obj(call->result, "byMilestone"), *own, *list;
    enum msx_code rc = MSX_OK;
    const char *id;

    if (by) {
        json_object_foreach(by, id, list)
            if (!rc)
                rc = take_task_list(r, id, list, err);
    } else {
        const json_t *rows = records(call->result, "tasks", "activityid", &own);
        const char *only = json_array_size(call->ids) == 1
                               ? json_string_value(json_array_get(call->ids, 0))
                               : NULL;

        rc = take_task_list(r, only, (json_t *)(uintptr_t)rows, err);
        if (!rc)
            rc = check_whole(r, step, call->result, rows, err);
        json_decref(own);
    }
    for (size_t i = 0; !rc && i < json_array_size(call->ids); i++)
        msx_world_tasks_read(r->world, json_string_value(json_array_get(call->ids, i)));
    return rc;
}

static enum msx_code remember_opp(struct msx_run *r, const char *id, struct msx_error *err)
{
    char guid[MSX_GUID_LEN + 1];

    if (!msx_guid_parse(id, guid))
        return MSX_OK;
    for (size_t i = 0; i < json_array_size(r->scope_opps); i++)
        if (strcmp(json_string_value(json_array_get(r->scope_opps, i)), guid) == 0)
            return MSX_OK;
    return json_array_append_new(r->scope_opps, json_string(guid)) == 0 ? MSX_OK : no_memory(err);
}

/* Rows that give the run its opportunities: open ones only; milestones name theirs. */
static enum msx_code scope_rows(struct msx_run *r, const json_t *rows, const char *field,
                                struct msx_error *err)
{
    enum msx_code rc = MSX_OK;
    json_int_t state;

    for (size_t i = 0; !rc && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);

        if (msx_json_int(row, "statecode", &state) && state != 0)
            continue;
        rc = remember_opp(r, msx_json_str(row, field), err);
    }
    return rc;
}

static bool is_scope(const struct msx_step *step)
{
    return strcmp(step->gap_id, "SCOPE") == 0;
}

/* Milestones of opportunities that are not in scope (a tool that answers too much) stay out. */
static enum msx_code take_rows(struct msx_run *r, const struct msx_step *step,
                               const struct msx_call *call, const char *name, const char *key,
                               enum msx_kind kind, struct msx_error *err)
{
    json_t *own;
    const json_t *rows = records(call->result, name, key, &own);
    enum msx_code rc;

    if (!rows)
        return msx_fail(err, MSX_E_SERVER, "the answer of %s holds no %s", call->tool, name);
    rc = check_whole(r, step, call->result, rows, err);
    if (!rc && is_scope(step) && kind == MSX_K_OPP)
        rc = scope_rows(r, rows, "opportunityid", err);
    if (!rc && is_scope(step) && kind == MSX_K_MILESTONE)
        rc = scope_rows(r, rows, "_msp_opportunityid_value", err);
    if (!rc)
        rc = msx_world_add(r->world, kind, rows, err);
    json_decref(own);
    return rc;
}

static enum msx_code take_team(struct msx_run *r, const struct msx_step *step,
                               const struct msx_call *call, struct msx_error *err)
{
    json_t *own;
    const json_t *rows = records(call->result, "value", "msp_dealteamid", &own);
    enum msx_code rc = check_whole(r, step, call->result, rows, err);

    if (!rc)
        rc = msx_world_dealteams(r->world, rows, err);
    json_decref(own);
    return rc;
}

static enum msx_code keep(json_t *where, const char *name, const json_t *result,
                          struct msx_error *err)
{
    json_t *list = json_object_get(where, name);

    if (!list) {
        list = json_array();
        if (!list || json_object_set_new(where, name, list) != 0)
            return no_memory(err);
    }
    return json_array_append(list, (json_t *)(uintptr_t)result) == 0 ? MSX_OK : no_memory(err);
}

enum msx_code msx_step_take(struct msx_run *r, struct msx_step *step, const struct msx_call *call,
                            struct msx_error *err)
{
    const char *as = msx_json_str_or(step->def, "as", "data");

    if (strcmp(as, "auth") == 0)
        return take_auth(r, call->result, err);
    if (strcmp(as, "users") == 0)
        return take_rows(r, step, call, "users", "systemuserid", MSX_K_USER, err);
    if (strcmp(as, "accounts") == 0)
        return take_rows(r, step, call, "accounts", "accountid", MSX_K_ACCOUNT, err);
    if (strcmp(as, "opportunities") == 0)
        return take_rows(r, step, call, "opportunities", "opportunityid", MSX_K_OPP, err);
    if (strcmp(as, "milestones") == 0)
        return take_rows(r, step, call, "milestones", "msp_engagementmilestoneid", MSX_K_MILESTONE,
                         err);
    if (strcmp(as, "tasks") == 0)
        return take_tasks(r, step, call, err);
    if (strcmp(as, "team") == 0)
        return take_team(r, step, call, err);
    if (strcmp(as, "task_statuses") == 0)
        return msx_world_options(r->world, "statuscode", call->result, err);
    if (strcmp(as, "view") == 0)
        return keep(r->views, msx_json_str_or(step->def, "view", step->id), call->result, err);
    return keep(r->data, step->id, call->result, err);
}

void msx_step_not_read(struct msx_run *r, const struct msx_step *step, const json_t *ids)
{
    static const struct {
        const char *as, *what;
        bool each;
    } rows[] = {
        { "opportunities", "opportunity", true },
        { "milestones", "milestones", true },
        { "tasks", "tasks", true },
        { "users", "users", false },
        { "team", "dealteam", true },
    };
    const char *as = msx_json_str_or(step->def, "as", "data");

    if (is_scope(step) || strcmp(step->id, "ME") == 0 || strcmp(step->id, "XMS") == 0)
        return; /* what else is read says it all */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].as, as) != 0)
            continue;
        for (size_t j = 0; rows[i].each && j < json_array_size(ids); j++)
            msx_world_not_read(r->world, rows[i].what, json_string_value(json_array_get(ids, j)));
        if (!rows[i].each)
            msx_world_not_read(r->world, rows[i].what, NULL);
    }
}

static int by_bytes(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

/* The scope is known: its opportunities sorted, each with at least a record that names it. */
static enum msx_code finish_scope(struct msx_run *r, struct msx_error *err)
{
    const json_t *given = msx_json_arr(r->params, "opportunity");
    MSX_AUTO(msx_free_p) const char **ids = NULL;
    MSX_AUTO(msx_json_free_p) json_t *sorted = json_array();
    MSX_AUTO(msx_json_free_p) json_t *bare = json_array();
    enum msx_code rc = MSX_OK;
    size_t n;

    if (strcmp(r->route, "R2") == 0)
        for (size_t i = 0; !rc && i < json_array_size(given); i++)
            rc = remember_opp(r, json_string_value(json_array_get(given, i)), err);
    if (rc)
        return rc;
    n = json_array_size(r->scope_opps);
    ids = msx_calloc(n + 1, sizeof *ids);
    if (!ids || !sorted || !bare)
        return no_memory(err);
    for (size_t i = 0; i < n; i++)
        ids[i] = json_string_value(json_array_get(r->scope_opps, i));
    qsort(ids, n, sizeof *ids, by_bytes);
    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(sorted, json_string(ids[i])) != 0 ||
            json_array_append_new(bare, json_pack("{s:s}", "opportunityid", ids[i])) != 0)
            return no_memory(err);
    json_decref(r->scope_opps);
    r->scope_opps = MSX_STEAL(sorted);
    return msx_world_add(r->world, MSX_K_OPP, bare, err);
}

/* AUTH may come without the user's id; then whoami tells. */
static enum msx_code finish_auth(struct msx_run *r, struct msx_error *err)
{
    struct msx_call call = { .tool = "crm_whoami", .timeout_ms = 10000 };
    enum msx_code rc;

    if (r->user_id)
        return MSX_OK;
    call.args = json_object();
    rc = call.args ? msx_caller_run(r->caller, &call, 1, err) : no_memory(err);
    if (!rc && call.rc) {
        if (err)
            *err = call.err;
        rc = msx_wrap(err, call.rc, "step 'AUTH'");
    }
    if (!rc)
        rc = take_auth(r, call.result, err);
    msx_call_release(&call);
    return rc;
}

enum msx_code msx_step_finish(struct msx_run *r, struct msx_step *step, struct msx_error *err)
{
    const char *as = msx_json_str_or(step->def, "as", "data");

    if (strcmp(as, "scope") == 0)
        return finish_scope(r, err);
    if (strcmp(as, "auth") == 0)
        return finish_auth(r, err);
    return MSX_OK;
}
