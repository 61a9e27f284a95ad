/* get_milestones and find_milestones_needing_tasks. */
#include "crm/priv.h"

#include <string.h>

static const char *const status_filters[] = { "active", "all", NULL };
static const char *const formats[] = { "full", "summary", NULL };
static const char *const task_filters[] = { "all", "with-tasks", "without-tasks", NULL };
static const char *const commitments[] = { "committed", "uncommitted", NULL };

static const struct msx_param milestones_params[] = {
    { "customerKeyword", MSX_P_STRING, false, NULL, "customers whose name holds this text" },
    { "opportunityKeyword", MSX_P_STRING, false, NULL, "opportunities whose name holds this text" },
    { "opportunityId", MSX_P_GUID, false, NULL, "milestones of this opportunity" },
    { "opportunityIds", MSX_P_GUIDS, false, NULL, "milestones of these opportunities" },
    { "milestoneNumber", MSX_P_STRING, false, NULL, "the milestone with this number (7-...)" },
    { "milestoneId", MSX_P_GUID, false, NULL, "this milestone; the record alone is answered" },
    { "ownerId", MSX_P_GUID, false, NULL, "milestones of this owner" },
    { "mine", MSX_P_BOOL, false, NULL, "my milestones; the default when no scope is given" },
    { "statusFilter", MSX_P_STRING, false, status_filters, "active or all (default all)" },
    { "keyword", MSX_P_STRING, false, NULL, "text in name, opportunity or workload" },
    { "format", MSX_P_STRING, false, formats, "full (default) or summary" },
    { "taskFilter", MSX_P_STRING, false, task_filters, "only those with or without tasks" },
    { "includeTasks", MSX_P_BOOL, false, NULL, "give each milestone its tasks" },
    { "customerKeywords", MSX_P_STRINGS, false, NULL, "customers, any of several texts" },
    { "milestoneNumbers", MSX_P_STRINGS, false, NULL, "the milestones with these numbers" },
    { "milestoneIds", MSX_P_GUIDS, false, NULL, "these milestones" },
    { "status", MSX_P_CHOICE, false, NULL, "only this status, label or code" },
    { "commitment", MSX_P_STRING, false, commitments, "only committed or uncommitted ones" },
    { "fromDate", MSX_P_DATE, false, NULL, "milestone date not before" },
    { "toDate", MSX_P_DATE, false, NULL, "milestone date not after" },
    { .name = NULL },
};

/* Give milestones their tasks and keep those that the task filter names. */
static enum msx_code with_tasks(struct msx_crm *crm, const json_t *params, json_t *milestones,
                                struct msx_error *err)
{
    const char *which = msx_json_str_or(params, "taskFilter", "all");
    bool include = msx_json_bool_or(params, "includeTasks", false);
    bool wanted = !strcmp(which, "with-tasks");
    MSX_AUTO(msx_json_free_p) json_t *ids = NULL;
    MSX_AUTO(msx_json_free_p) json_t *tasks = NULL;
    enum msx_code rc;

    if (!include && !strcmp(which, "all"))
        return MSX_OK;
    ids = msx_crm_ids_of(milestones, msx_crm_milestones.key);
    if (!ids)
        return msx_crm_oom(err);
    rc = msx_crm_tasks_of(crm, ids, include ? NULL : "activityid,_regardingobjectid_value", false,
                          &tasks, err);
    if (rc)
        return rc;
    for (size_t i = json_array_size(milestones); i-- > 0;) {
        json_t *m = json_array_get(milestones, i);
        char id[MSX_GUID_LEN + 1];
        json_t *own = NULL;

        if (msx_guid_parse(msx_json_str_or(m, msx_crm_milestones.key, ""), id))
            own = json_object_get(tasks, id);
        if (strcmp(which, "all") && wanted != (json_array_size(own) > 0)) {
            if (json_array_remove(milestones, i))
                return msx_crm_oom(err);
        } else if (include && json_object_set(m, "tasks", own)) {
            return msx_crm_oom(err);
        }
    }
    return MSX_OK;
}

static enum msx_code one_milestone(struct msx_crm *crm, const json_t *params, json_t **result,
                                   struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *list = json_array();
    MSX_AUTO(msx_json_free_p) json_t *only = json_object();
    json_t *rec = NULL;
    enum msx_code rc =
        msx_crm_read_one(crm, &msx_crm_milestones, msx_json_str(params, "milestoneId"), &rec, err);

    if (rc)
        return rc;
    if (!list || !only || json_array_append_new(list, rec) || msx_crm_dress_milestones(crm, list))
        return msx_crm_oom(err);
    if (json_is_true(json_object_get(params, "includeTasks"))) {
        if (json_object_set_new(only, "includeTasks", json_true()))
            return msx_crm_oom(err);
        rc = with_tasks(crm, only, list, err);
        if (rc)
            return rc;
    }
    *result = json_incref(json_array_get(list, 0));
    return MSX_OK;
}

static int count_in(json_t *counts, const char *key)
{
    const char *k = key && *key ? key : "(none)";
    json_int_t n = json_integer_value(json_object_get(counts, k));

    return json_object_set_new(counts, k, json_integer(n + 1));
}

static enum msx_code summarize(json_t *milestones, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *status = json_object();
    MSX_AUTO(msx_json_free_p) json_t *opportunity = json_object();
    json_int_t committed = 0;
    json_t *m;
    size_t i;
    int bad = !status || !opportunity;

    json_array_foreach(milestones, i, m) {
        const char *opp = msx_crm_label(m, "_msp_opportunityid_value");

        committed += msx_crm_committed(m);
        bad |= msx_json_set_str(m, "opportunity", opp);
        bad |= count_in(status, msx_json_str(m, "status"));
        bad |= count_in(opportunity, opp);
        if (bad)
            break;
    }
    if (bad)
        return msx_crm_oom(err);
    *out =
        json_pack("{s:I,s:O,s:{s:I,s:I},s:O,s:O}", "count", (json_int_t)json_array_size(milestones),
                  "byStatus", status, "byCommitment", "Committed", committed, "Uncommitted",
                  (json_int_t)json_array_size(milestones) - committed, "byOpportunity", opportunity,
                  "milestones", milestones);
    return *out ? MSX_OK : msx_crm_oom(err);
}

static enum msx_code get_milestones(struct msx_crm *crm, const json_t *params, json_t **result,
                                    struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *notes = json_object();
    MSX_AUTO(msx_json_free_p) json_t *milestones = NULL;
    json_t *out = NULL;
    enum msx_code rc = notes ? MSX_OK : msx_crm_oom(err);

    if (rc)
        return rc;
    if (json_object_get(params, "milestoneId") && !json_object_get(params, "milestoneIds"))
        return one_milestone(crm, params, result, err);
    rc = msx_crm_milestones_of(crm, params, notes, &milestones, err);
    if (!rc)
        rc = with_tasks(crm, params, milestones, err);
    if (rc)
        return rc;
    if (!strcmp(msx_json_str_or(params, "format", "full"), "summary")) {
        rc = summarize(milestones, &out, err);
        if (rc)
            return rc;
    } else {
        out = msx_crm_list_result("milestones", json_incref(milestones));
    }
    if (!out || json_object_update(out, notes)) {
        json_decref(out);
        return msx_crm_oom(err);
    }
    *result = out;
    return MSX_OK;
}

/* ---- find_milestones_needing_tasks ---- */

static const struct msx_param needing_params[] = {
    { "customerKeywords", MSX_P_STRINGS, true, NULL, "customers, each a text that names hold" },
    { "statusFilter", MSX_P_STRING, false, status_filters, "active (default) or all" },
    { .name = NULL },
};

struct needing {           /* what was read for all customers together, level by level */
    json_t *accounts;      /* per keyword: account ids */
    json_t *opportunities; /* records */
    json_t *milestones;    /* records, sorted and dressed */
    json_t *tasks;         /* {milestone: [tasks]} */
};

static void needing_release(struct needing *n)
{
    json_decref(n->accounts);
    json_decref(n->opportunities);
    json_decref(n->milestones);
    json_decref(n->tasks);
}

static enum msx_code read_needing(struct msx_crm *crm, const json_t *params, struct needing *n,
                                  struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *accounts = NULL;
    MSX_AUTO(msx_json_free_p) json_t *ids = NULL;
    MSX_AUTO(msx_json_free_p) json_t *scope = NULL;
    MSX_AUTO(msx_json_free_p) json_t *notes = json_object();
    MSX_AUTO(msx_json_free_p) json_t *milestone_ids = NULL;
    enum msx_code rc =
        msx_crm_accounts_like(crm, json_object_get(params, "customerKeywords"), &n->accounts, err);

    if (rc)
        return rc;
    accounts = msx_crm_flatten(n->accounts);
    if (!accounts || !notes)
        return msx_crm_oom(err);
    rc = msx_crm_list(crm,
                      &(struct msx_crm_query){ .table = &msx_crm_opportunities,
                                               .select = "opportunityid,_parentaccountid_value",
                                               .filter = "statecode eq 0",
                                               .field = "_parentaccountid_value",
                                               .ids = accounts },
                      &n->opportunities, err);
    if (rc)
        return rc;
    ids = msx_crm_ids_of(n->opportunities, "opportunityid");
    scope = ids ? json_pack("{s:O,s:s}", "opportunityIds", ids, "statusFilter",
                            msx_json_str_or(params, "statusFilter", "active"))
                : NULL;
    if (!scope)
        return msx_crm_oom(err);
    rc = msx_crm_milestones_of(crm, scope, notes, &n->milestones, err);
    if (rc)
        return rc;
    milestone_ids = msx_crm_ids_of(n->milestones, msx_crm_milestones.key);
    if (!milestone_ids)
        return msx_crm_oom(err);
    return msx_crm_tasks_of(crm, milestone_ids, "activityid,_regardingobjectid_value", false,
                            &n->tasks, err);
}

static json_t *needing_row(struct msx_crm *crm, const json_t *m)
{
    msx_day day = msx_crm_day(crm, m, "msp_milestonedate");
    char date[11] = "";

    if (day != MSX_DAY_NONE)
        msx_day_format(day, date);
    return json_pack(
        "{s:O,s:o?,s:o?,s:s?,s:s,s:s?,s:s?,s:s?,s:s?}", "id",
        json_object_get(m, msx_crm_milestones.key), "number",
        json_incref(json_object_get(m, "msp_milestonenumber")), "name",
        json_incref(json_object_get(m, "msp_name")), "status", msx_json_str(m, "status"),
        "commitment", msx_json_str(m, "commitment"), "date", *date ? date : NULL, "opportunity",
        msx_crm_label(m, "_msp_opportunityid_value"), "workload",
        msx_crm_label(m, "_msp_workloadlkid_value"), "recordUrl", msx_json_str(m, "recordUrl"));
}

static json_t *customer_row(struct msx_crm *crm, const struct needing *n, const char *keyword,
                            const json_t *accounts)
{
    MSX_AUTO(msx_json_free_p) json_t *own = json_array();
    MSX_AUTO(msx_json_free_p) json_t *rows = json_array();
    json_t *row, *rec;
    json_int_t total = 0;
    size_t i;

    json_array_foreach(n->opportunities, i, rec) {
        if (msx_crm_has_id(accounts, msx_json_str(rec, "_parentaccountid_value")) &&
            json_array_append(own, json_object_get(rec, "opportunityid")))
            return NULL;
    }
    json_array_foreach(n->milestones, i, rec) {
        char id[MSX_GUID_LEN + 1];

        if (!msx_crm_has_id(own, msx_json_str(rec, "_msp_opportunityid_value")) ||
            !msx_guid_parse(msx_json_str_or(rec, msx_crm_milestones.key, ""), id))
            continue;
        total++;
        if (!json_array_size(json_object_get(n->tasks, id)) &&
            json_array_append_new(rows, needing_row(crm, rec)))
            return NULL;
    }
    row =
        json_pack("{s:s,s:I,s:I,s:O}", "customer", keyword, "milestonesNeedingTasks",
                  (json_int_t)json_array_size(rows), "totalMilestones", total, "milestones", rows);
    if (row && !json_array_size(accounts) &&
        msx_json_set_str(row, "error", "no account has this text in its name")) {
        json_decref(row);
        return NULL;
    }
    return row;
}

static enum msx_code needing_tasks(struct msx_crm *crm, const json_t *params, json_t **result,
                                   struct msx_error *err)
{
    MSX_AUTO(needing_release) struct needing n = { 0 };
    MSX_AUTO(msx_json_free_p) json_t *customers = json_array();
    json_int_t total = 0;
    json_t *keyword, *m;
    const char *id;
    size_t i;
    enum msx_code rc = read_needing(crm, params, &n, err);

    if (rc)
        return rc;
    json_array_foreach(json_object_get(params, "customerKeywords"), i, keyword) {
        if (json_array_append_new(customers, customer_row(crm, &n, json_string_value(keyword),
                                                          json_array_get(n.accounts, i))))
            return msx_crm_oom(err);
    }
    json_object_foreach(n.tasks, id, m) { /* two keywords may find the same customer */
        total += json_array_size(m) == 0;
    }
    *result = json_pack("{s:I,s:O}", "totalMilestonesNeedingTasks", total, "customers", customers);
    return *result ? MSX_OK : msx_crm_oom(err);
}

const struct msx_tool msx_tool_get_milestones = {
    .name = "get_milestones",
    .title = "Get milestones",
    .doc = "Milestones of customers, opportunities, an owner or by number, ordered by date; with "
           "their tasks if asked.",
    .effect = MSX_TOOL_READS,
    .params = milestones_params,
    .result = "full: {count, milestones[]}; summary: {count, byStatus{}, byCommitment{}, "
              "byOpportunity{}, milestones[]}; one milestoneId: the record",
    .fn = get_milestones,
};

const struct msx_tool msx_tool_find_milestones_needing_tasks = {
    .name = "find_milestones_needing_tasks",
    .title = "Milestones without tasks",
    .doc = "Milestones on open opportunities of given customers that have no task.",
    .effect = MSX_TOOL_READS,
    .params = needing_params,
    .result = "{totalMilestonesNeedingTasks, customers: [{customer, milestonesNeedingTasks, "
              "totalMilestones, milestones: [{id, number, name, status, commitment, date, "
              "opportunity, workload, recordUrl}], error?}]}",
    .fn = needing_tasks,
};
