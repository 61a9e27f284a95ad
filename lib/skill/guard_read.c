/* What guardrails look at around an operation: milestone, tasks, opportunity, deal team, people.
 * Read for all operations of a plan at once, and kept for as long as one planning or one apply goes
 * on. */
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/guard_int.h"

#define BATCH      25
#define KEEP_S     120 /* what is older is read again */
#define TIMEOUT_MS 600000

#define MILESTONE_SELECT                                                                           \
    "msp_engagementmilestoneid,msp_milestonenumber,msp_name,_msp_workloadlkid_value,"              \
    "msp_commitmentrecommendation,msp_milestonecategory,msp_monthlyuse,msp_milestonedate,"         \
    "msp_milestonestatus,_ownerid_value,_msp_opportunityid_value,msp_forecastcomments,"            \
    "msp_forecastcommentsjsonfield,createdon,modifiedon,_createdby_value"
#define OPPORTUNITY_SELECT                                                                         \
    "opportunityid,name,estimatedclosedate,msp_estcompletiondate,_ownerid_value,"                  \
    "_parentaccountid_value,msp_salesplay,statecode,activestageid,createdon,modifiedon"
#define USER_SELECT "systemuserid,fullname,internalemailaddress,title,isdisabled"
#define TEAM_SELECT "_msp_dealteamuserid_value,_msp_parentopportunityid_value"

enum kind { MILESTONES, TASKS, OPPORTUNITIES, TEAMS, USERS, KINDS };
static const struct kind_row {
    const char *what; /* as msx_world_not_read() calls it */
    const char *set, *key, *select, *also;
} kinds[KINDS] = {
    [MILESTONES] = { "milestone", "msp_engagementmilestones", "msp_engagementmilestoneid",
                     MILESTONE_SELECT, NULL },
    [TASKS] = { "tasks", NULL, NULL, NULL, NULL },
    [OPPORTUNITIES] = { "opportunity", "opportunities", "opportunityid", OPPORTUNITY_SELECT, NULL },
    [TEAMS] = { "dealteam", "msp_dealteams", "_msp_parentopportunityid_value", TEAM_SELECT,
                "statecode eq 0" },
    [USERS] = { "users", "systemusers", "systemuserid", USER_SELECT, NULL },
};

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

void guard_cache_drop(struct guard *g)
{
    json_decref(g->cache.milestones);
    json_decref(g->cache.opportunities);
    json_decref(g->cache.users);
    json_decref(g->cache.tasks);
    json_decref(g->cache.teams);
    json_decref(g->cache.unread);
    json_decref(g->cache.applied);
    g->cache = (struct guard_cache){ 0 };
}

bool guard_cache_open(struct guard *g)
{
    struct guard_cache *c = &g->cache;
    int64_t now = g->ctx->now_s(g->ctx->now_user);

    if (c->unread && (now < c->since_s || now - c->since_s > KEEP_S)) {
        json_t *applied = json_incref(c->applied);

        guard_cache_drop(g);
        c->applied = applied;
    }
    if (c->unread)
        return true;
    c->since_s = now;
    c->milestones = json_object();
    c->opportunities = json_object();
    c->users = json_object();
    c->tasks = json_object();
    c->teams = json_object();
    c->unread = json_object();
    return c->milestones && c->opportunities && c->users && c->tasks && c->teams && c->unread;
}

static json_t *map_of(struct guard_cache *c, enum kind k)
{
    switch (k) {
    case MILESTONES:
        return c->milestones;
    case TASKS:
        return c->tasks;
    case OPPORTUNITIES:
        return c->opportunities;
    case TEAMS:
        return c->teams;
    case USERS:
    case KINDS:
        break;
    }
    return c->users;
}

/* One round of reads: ids wanted of each kind, and the calls that fetch them. */
struct round {
    json_t *want[KINDS];
    struct msx_call *calls;
    enum kind *of;
    size_t n, cap;
};

static void round_release(struct round *r)
{
    for (size_t k = 0; k < KINDS; k++)
        json_decref(r->want[k]);
    for (size_t i = 0; i < r->n; i++)
        msx_call_release(&r->calls[i]);
    msx_free(r->calls);
    msx_free(r->of);
}

static int want(struct guard *g, struct round *r, enum kind k, const char *id)
{
    char guid[MSX_GUID_LEN + 1];

    if (!id || !msx_guid_parse(id, guid) || json_object_get(map_of(&g->cache, k), guid))
        return 0;
    if (!r->want[k])
        r->want[k] = json_object();
    return json_object_set_new(r->want[k], guid, json_true());
}

/* "key eq ID or key eq ID", bracketed. */
static json_t *query(const struct kind_row *row, const json_t *ids)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(16384);

    for (size_t i = 0; i < json_array_size(ids); i++)
        msx_buf_addf(&b, "%s%s eq %s", i ? " or " : "(", row->key,
                     json_string_value(json_array_get(ids, i)));
    msx_buf_addc(&b, ')');
    if (row->also)
        msx_buf_addf(&b, " and %s", row->also);
    return b.failed ? NULL
                    : json_pack("{s:s, s:s, s:s}", "entitySet", row->set, "filter", b.data,
                                "select", row->select);
}

static enum msx_code add_call(struct round *r, enum kind k, json_t *ids, struct msx_error *err)
{
    struct msx_call *call;
    json_t *args = k == TASKS ? json_pack("{s:O}", "milestoneIds", ids) : query(&kinds[k], ids);

    if (!args || r->n == r->cap) {
        json_decref(args);
        json_decref(ids);
        return no_memory(err);
    }
    call = &r->calls[r->n];
    *call = (struct msx_call){ .tool = k == TASKS ? "get_milestone_activities" : "crm_query",
                               .args = args,
                               .ids = ids,
                               .timeout_ms = TIMEOUT_MS };
    r->of[r->n++] = k;
    return MSX_OK;
}

static enum msx_code make_calls(struct round *r, struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    for (size_t k = 0; k < KINDS; k++)
        r->cap += json_object_size(r->want[k]) / BATCH + 1;
    r->calls = msx_calloc(r->cap, sizeof *r->calls);
    r->of = msx_calloc(r->cap, sizeof *r->of);
    if (!r->calls || !r->of)
        return no_memory(err);
    for (size_t k = 0; !rc && k < KINDS; k++) {
        json_t *ids = NULL, *v;
        const char *id;

        json_object_foreach(r->want[k], id, v) {
            if (!rc && json_array_size(ids) == BATCH) {
                rc = add_call(r, (enum kind)k, ids, err);
                ids = NULL;
            }
            if (!rc && !ids && !(ids = json_array()))
                rc = no_memory(err);
            if (!rc && json_array_append_new(ids, json_string(id)) != 0)
                rc = no_memory(err);
        }
        if (!rc && ids)
            rc = add_call(r, (enum kind)k, ids, err);
        else
            json_decref(ids);
    }
    return rc;
}

/* ---- answers ---- */

/* Every id of the call has an entry from now on; what the answer does not hold is not there. */
static int note_absent(json_t *map, const json_t *ids, bool lists)
{
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));

        if (!json_object_get(map, id) &&
            json_object_set_new(map, id, lists ? json_array() : json_null()) != 0)
            return -1;
    }
    return 0;
}

static int take_tasks(json_t *map, const struct msx_call *call)
{
    json_t *by = msx_json_obj(call->result, "byMilestone"), *list;
    const char *id;

    if (!by && json_array_size(call->ids) == 1 && (list = msx_json_arr(call->result, "tasks")))
        return json_object_set(map, json_string_value(json_array_get(call->ids, 0)), list);
    json_object_foreach(by, id, list) {
        char guid[MSX_GUID_LEN + 1];

        if (msx_guid_parse(id, guid) && json_object_set(map, guid, list) != 0)
            return -1;
    }
    return 0;
}

static int take_rows(json_t *map, enum kind k, const json_t *rows)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        char guid[MSX_GUID_LEN + 1];

        if (!msx_guid_parse(msx_json_str_or(row, kinds[k].key, ""), guid))
            continue;
        if (k != TEAMS) {
            if (json_object_set(map, guid, row) != 0)
                return -1;
        } else if (json_array_append(json_object_get(map, guid), row) != 0) {
            return -1;
        }
    }
    return 0;
}

/* What may not be read, or is not there: not every organisation has deal teams. */
static bool denied(const struct msx_call *call, enum kind k)
{
    return call->rc == MSX_E_DENIED || call->rc == MSX_E_NOTFOUND || call->rc == MSX_E_USAGE ||
           (k == TEAMS && call->err.http_status == 404);
}

static enum msx_code take(struct guard *g, const struct msx_call *call, enum kind k,
                          struct msx_error *err)
{
    json_t *map = map_of(&g->cache, k);
    bool lists = k == TASKS || k == TEAMS;
    int failed;

    if (call->rc && !denied(call, k)) {
        if (err)
            *err = call->err;
        return msx_wrap(err, call->rc, "guardrails cannot be checked");
    }
    for (size_t i = 0; call->rc && i < json_array_size(call->ids); i++) {
        MSX_AUTO(msx_free_p)
        char *key =
            msx_asprintf("%s:%s", kinds[k].what, json_string_value(json_array_get(call->ids, i)));

        if (!key || json_object_set_new(g->cache.unread, key, json_true()) != 0)
            return no_memory(err);
    }
    if (call->rc)
        return note_absent(map, call->ids, lists) ? no_memory(err) : MSX_OK;
    if (k == TASKS) {
        failed = take_tasks(map, call) || note_absent(map, call->ids, true);
    } else {
        const json_t *rows = msx_json_arr(call->result, "value");
        json_int_t count;

        if (!rows || (msx_json_int(call->result, "count", &count) &&
                      count > (json_int_t)json_array_size(rows)))
            return msx_fail(err, MSX_E_SERVER,
                            "guardrails cannot be checked: not all of %s was read", kinds[k].set);
        failed = (lists && note_absent(map, call->ids, true)) || take_rows(map, k, rows) ||
                 note_absent(map, call->ids, lists);
    }
    return failed ? no_memory(err) : MSX_OK;
}

static enum msx_code run_round(struct guard *g, struct round *r, struct msx_error *err)
{
    struct msx_caller *caller = NULL;
    enum msx_code rc = make_calls(r, err);

    if (rc || !r->n)
        return rc;
    rc = msx_caller_new(g->crm, &g->calls, &caller, err);
    if (!rc)
        rc = msx_caller_run(caller, r->calls, r->n, err);
    msx_caller_free(caller);
    for (size_t i = 0; !rc && i < r->n; i++)
        rc = take(g, &r->calls[i], r->of[i], err);
    return rc;
}

/* ---- what an operation needs ---- */

static int want_records(struct guard *g, struct round *r, const json_t *op)
{
    char id[MSX_GUID_LEN + 1];
    int failed = 0;

    if (guard_milestone_id(op, id))
        failed |= want(g, r, MILESTONES, id) | want(g, r, TASKS, id);
    if (guard_opportunity_id(op, id))
        failed |= want(g, r, OPPORTUNITIES, id) | want(g, r, TEAMS, id);
    return failed | want(g, r, USERS, msx_json_str(msx_json_obj(op, "after"), "_ownerid_value"));
}

static int want_people(struct guard *g, struct round *r, const json_t *op)
{
    char id[MSX_GUID_LEN + 1];
    int failed = 0;

    if (guard_milestone_id(op, id)) {
        const json_t *m = json_object_get(g->cache.milestones, id);

        failed |= want(g, r, USERS, msx_json_str(m, "_ownerid_value")) |
                  want(g, r, USERS, msx_json_str(m, "_createdby_value"));
    }
    if (guard_opportunity_id(op, id))
        failed |= want(g, r, USERS,
                       msx_json_str(json_object_get(g->cache.opportunities, id), "_ownerid_value"));
    return failed;
}

enum msx_code guard_prefetch(struct guard *g, const json_t *plan_doc, const json_t *const *ops,
                             size_t n, struct msx_error *err)
{
    MSX_AUTO(round_release) struct round first = { 0 };
    MSX_AUTO(round_release) struct round second = { 0 };
    enum msx_code rc;
    int failed = !guard_cache_open(g);

    failed =
        failed || want(g, &first, USERS, msx_json_str(msx_json_obj(plan_doc, "user"), "id")) != 0;
    for (size_t i = 0; !failed && i < n; i++)
        failed = want_records(g, &first, ops[i]);
    rc = failed ? no_memory(err) : run_round(g, &first, err);
    for (size_t i = 0; !rc && !failed && i < n; i++)
        failed = want_people(g, &second, ops[i]);
    if (rc)
        return rc;
    return failed ? no_memory(err) : run_round(g, &second, err);
}
