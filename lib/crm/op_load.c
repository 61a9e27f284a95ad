/* The reads that planning needs: level by level, each level in parallel, nothing twice. */
#include "crm/op_priv.h"

#include <string.h>

#define TASK_SELECT                                                                                \
    "activityid,subject,description,scheduledend,statuscode,statecode,_ownerid_value,"             \
    "_regardingobjectid_value,msp_taskcategory,actualend,modifiedon,_modifiedby_value"
#define MILESTONE_SELECT                                                                           \
    "msp_engagementmilestoneid,msp_milestonenumber,msp_name,_msp_workloadlkid_value,"              \
    "msp_commitmentrecommendation,msp_milestonecategory,msp_monthlyuse,msp_milestonedate,"         \
    "msp_milestonestatus,_ownerid_value,_msp_opportunityid_value,msp_forecastcomments,modifiedon," \
    "_modifiedby_value"

const char *msx_op_select(const char *type)
{
    const struct msx_op_kind *k = msx_op_kind_of(type);

    if (!k)
        return NULL;
    return k->table == &msx_crm_tasks ? TASK_SELECT : MILESTONE_SELECT;
}

enum msx_code msx_op_read(struct msx_crm *crm, const char *type, const char *id, json_t **record,
                          struct msx_error *err)
{
    const struct msx_op_kind *k = msx_op_kind_of(type);
    MSX_AUTO(msx_json_free_p) json_t *ids = json_pack("[s]", id);
    MSX_AUTO(msx_json_free_p) json_t *found = NULL;
    enum msx_code rc;

    if (!k)
        return msx_fail(err, MSX_E_INVALID, "'%.40s' is no type of operation", type);
    if (!ids)
        return msx_crm_oom(err);
    rc = msx_crm_list(
        crm,
        &(struct msx_crm_query){
            .table = k->table, .select = msx_op_select(type), .field = k->table->key, .ids = ids },
        &found, err);
    if (rc)
        return rc;
    if (!json_array_size(found))
        return msx_fail(err, MSX_E_NOTFOUND, "no %s has the id '%s'", k->table->what, id);
    *record = json_incref(json_array_get(found, 0));
    return MSX_OK;
}

void msx_op_world_release(struct msx_op_world *w)
{
    json_decref(w->tasks);
    json_decref(w->milestones);
    json_decref(w->opportunities);
    json_decref(w->accounts);
    json_decref(w->users);
    json_decref(w->team);
    *w = (struct msx_op_world){ 0 };
}

json_t *msx_op_world_find(const json_t *map, const char *id)
{
    char guid[MSX_GUID_LEN + 1];

    return id && msx_guid_parse(id, guid) ? json_object_get(map, guid) : NULL;
}

/* One level's read of one table. */
struct level {
    const struct msx_crm_table *table;
    const char *select;
    json_t *ids;  /* owned, distinct */
    json_t *seen; /* the same as keys */
    json_t *map;  /* borrowed: where the records go */
    struct msx_crm_read *read;
};

static int want(struct level *l, const char *id)
{
    char guid[MSX_GUID_LEN + 1];

    if (!id || !msx_guid_parse(id, guid) || json_object_get(l->map, guid))
        return 0;
    if (!l->ids)
        l->ids = json_array();
    if (!l->seen)
        l->seen = json_object();
    if (json_object_get(l->seen, guid))
        return 0;
    return json_object_set_new(l->seen, guid, json_true()) ||
           json_array_append_new(l->ids, json_string(guid));
}

static enum msx_code level_start(struct msx_crm *crm, struct level *l, struct msx_error *err)
{
    if (!json_array_size(l->ids))
        return MSX_OK;
    return msx_crm_start(
        crm,
        &(struct msx_crm_query){
            .table = l->table, .select = l->select, .field = l->table->key, .ids = l->ids },
        &l->read, err);
}

static enum msx_code level_finish(struct level *l, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *records = NULL;
    json_t *rec;
    size_t i;
    enum msx_code rc;

    if (!l->read)
        return MSX_OK;
    rc = msx_crm_finish(l->read, &records, err);
    if (rc)
        return rc;
    json_array_foreach(records, i, rec) {
        char guid[MSX_GUID_LEN + 1];

        if (msx_guid_parse(msx_json_str_or(rec, l->table->key, ""), guid) &&
            json_object_set(l->map, guid, rec))
            return msx_crm_oom(err);
    }
    return MSX_OK;
}

static void level_release(struct level *l)
{
    json_decref(l->ids);
    json_decref(l->seen);
    msx_crm_read_free(l->read);
}

/* Start all, run nothing between, finish all. */
static enum msx_code levels_read(struct msx_crm *crm, struct level *l, size_t n,
                                 struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    for (size_t i = 0; !rc && i < n; i++)
        rc = level_start(crm, &l[i], err);
    for (size_t i = 0; !rc && i < n; i++)
        rc = level_finish(&l[i], err);
    for (size_t i = 0; i < n; i++)
        level_release(&l[i]);
    return rc;
}

static struct level tasks_level(struct msx_op_world *w)
{
    return (struct level){ .table = &msx_crm_tasks, .select = TASK_SELECT, .map = w->tasks };
}

static struct level milestones_level(struct msx_op_world *w)
{
    return (struct level){ .table = &msx_crm_milestones,
                           .select = MILESTONE_SELECT,
                           .map = w->milestones };
}

static struct level opportunities_level(struct msx_op_world *w)
{
    return (struct level){ .table = &msx_crm_opportunities,
                           .select = "opportunityid,name,_ownerid_value,_parentaccountid_value,"
                                     "statecode",
                           .map = w->opportunities };
}

/* What the parameters name. */
static enum msx_code load_named(struct msx_op_world *w, json_t *const *args, size_t n,
                                struct msx_error *err)
{
    struct level l[] = {
        tasks_level(w),
        milestones_level(w),
        opportunities_level(w),
        { .table = &msx_crm_users,
          .select = "systemuserid,fullname,internalemailaddress,isdisabled",
          .map = w->users },
    };
    int bad = 0;

    for (size_t i = 0; i < n; i++) {
        bad |= want(&l[0], msx_json_str(args[i], "taskId"));
        bad |= want(&l[1], msx_json_str(args[i], "milestoneId"));
        bad |= want(&l[2], msx_json_str(args[i], "opportunityId"));
        bad |= want(&l[3], msx_json_str(args[i], "ownerId"));
    }
    if (bad) {
        for (size_t i = 0; i < sizeof l / sizeof l[0]; i++)
            level_release(&l[i]);
        return msx_crm_oom(err);
    }
    return levels_read(w->crm, l, sizeof l / sizeof l[0], err);
}

/* Parents of what was read. */
static enum msx_code load_parents(struct msx_op_world *w, const json_t *children,
                                  const char *column, struct level l, struct msx_error *err)
{
    json_t *rec;
    const char *id;

    json_object_foreach((json_t *)(uintptr_t)children, id, rec) {
        const char *table = msx_crm_lookup_table(rec, column);

        if (table && strcmp(table, l.table->logical))
            continue; /* a task may regard something other than a milestone */
        if (want(&l, msx_json_str(rec, column))) {
            level_release(&l);
            return msx_crm_oom(err);
        }
    }
    return levels_read(w->crm, &l, 1, err);
}

/* Deal teams of those opportunities that the user does not own, when an update needs them. */
static enum msx_code load_team(struct msx_op_world *w, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *among = json_array();
    json_t *rec;
    const char *id;
    enum msx_code rc;

    json_object_foreach(w->opportunities, id, rec) {
        if (!msx_guid_eq(msx_json_str(rec, "_ownerid_value"), w->me) &&
            json_array_append_new(among, json_string(id)))
            return msx_crm_oom(err);
    }
    if (!json_array_size(among))
        return MSX_OK;
    rc = msx_crm_team_opportunities(w->crm, w->me, among, &w->team, err);
    if (rc != MSX_E_NOTFOUND)
        return rc;
    w->team_missing = true;
    return msx_crm_owned_milestone_opportunities(w->crm, w->me, among, &w->team, err);
}

/* Does any update target a record that the user does not own? Only then are deal teams read. */
static bool team_matters(const struct msx_op_world *w, const struct msx_op_kind *const *kinds,
                         json_t *const *args, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const json_t *task = msx_op_world_find(w->tasks, msx_json_str(args[i], "taskId"));
        const char *mid = task ? msx_json_str(task, "_regardingobjectid_value")
                               : msx_json_str(args[i], "milestoneId");
        const json_t *m = msx_op_world_find(w->milestones, mid);

        if (!kinds[i]->creates && !msx_guid_eq(msx_json_str(task, "_ownerid_value"), w->me) &&
            !msx_guid_eq(msx_json_str(m, "_ownerid_value"), w->me))
            return true;
    }
    return false;
}

enum msx_code msx_op_world_load(struct msx_crm *crm, const struct msx_op_kind *const *kinds,
                                json_t *const *args, size_t n, struct msx_op_world *w,
                                struct msx_error *err)
{
    struct level accounts = { .table = &msx_crm_accounts,
                              .select = "accountid,name,msp_mstopparentid" };
    json_t *rec;
    const char *id;
    enum msx_code rc;

    *w = (struct msx_op_world){ .crm = crm,
                                .tasks = json_object(),
                                .milestones = json_object(),
                                .opportunities = json_object(),
                                .accounts = json_object(),
                                .users = json_object() };
    if (!w->tasks || !w->milestones || !w->opportunities || !w->accounts || !w->users)
        return msx_crm_oom(err);
    rc = msx_crm_my_id(crm, &w->me, err);
    if (!rc)
        rc = load_named(w, args, n, err);
    if (!rc)
        rc = load_parents(w, w->tasks, "_regardingobjectid_value", milestones_level(w), err);
    if (!rc)
        rc =
            load_parents(w, w->milestones, "_msp_opportunityid_value", opportunities_level(w), err);
    if (rc)
        return rc;
    accounts.map = w->accounts;
    json_object_foreach(w->opportunities, id, rec) {
        if (want(&accounts, msx_json_str(rec, "_parentaccountid_value")))
            rc = msx_crm_oom(err);
    }
    if (!rc)
        rc = level_start(crm, &accounts, err);
    if (!rc && team_matters(w, kinds, args, n)) /* while the accounts are on their way */
        rc = load_team(w, err);
    if (!rc)
        rc = level_finish(&accounts, err);
    level_release(&accounts);
    return rc;
}

const char *msx_op_world_access(const struct msx_op_world *w, const char *owner,
                                const json_t *milestone, const json_t *opportunity)
{
    if (msx_guid_eq(owner, w->me))
        return "owner";
    if (msx_guid_eq(msx_json_str(milestone, "_ownerid_value"), w->me))
        return "milestone-owner";
    if (msx_guid_eq(msx_json_str(opportunity, "_ownerid_value"), w->me))
        return "opportunity-owner";
    if (msx_crm_has_id(w->team, msx_json_str(opportunity, "opportunityid")))
        return w->team_missing ? "milestone-owner" : "deal-team";
    return NULL;
}
