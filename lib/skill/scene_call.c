/* Tools answered from the records of a test case. */
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/scenario.h"

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

typedef bool (*keep_fn)(const void *what, const json_t *rec);

/* Copies of the records that fit, in the scene's order or backwards. */
static json_t *pick(const struct msx_scene *s, const json_t *list, keep_fn keep, const void *what)
{
    size_t n = json_array_size(list);
    json_t *out = json_array();

    for (size_t i = 0; out && i < n; i++) {
        const json_t *rec = json_array_get(list, s->backwards ? n - 1 - i : i);

        if (keep && !keep(what, rec))
            continue;
        if (json_array_append_new(out, json_deep_copy(rec)) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static enum msx_code answer(json_t *list, const char *name, json_t **result, struct msx_error *err)
{
    *result =
        list ? json_pack("{s:i, s:o}", "count", (int)json_array_size(list), name, list) : NULL;
    return *result ? MSX_OK : no_memory(err);
}

/* A filter names its column and ids: In(PropertyName='x',PropertyValues=[...]). */
static bool by_filter(const void *what, const json_t *rec)
{
    const char *filter = what, *name = strstr(filter, "PropertyName='");
    MSX_AUTO(msx_free_p) char *column = NULL;
    const char *end, *value;

    if (!name)
        return true;
    name += strlen("PropertyName='");
    end = strchr(name, '\'');
    column = end ? msx_strndup(name, (size_t)(end - name)) : NULL;
    value = column ? msx_json_str(rec, column) : NULL;
    return value && strstr(filter, value);
}

static enum msx_code query(const struct msx_scene *s, const json_t *params, json_t **result,
                           struct msx_error *err)
{
    const char *set = msx_json_str_or(params, "entitySet", "");
    const struct {
        const char *set;
        const json_t *list;
    } sets[] = {
        { "systemusers", s->users },  { "opportunities", s->opportunities },
        { "msp_dealteams", s->team }, { "msp_engagementmilestones", s->milestones },
        { "tasks", s->tasks },        { "accounts", s->accounts },
    };

    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (strcmp(sets[i].set, set) == 0)
            return answer(pick(s, sets[i].list, by_filter, msx_json_str_or(params, "filter", "")),
                          "value", result, err);
    return msx_fail(err, MSX_E_NOTFOUND, "no table '%s'", set);
}

static enum msx_code record(const struct msx_scene *s, const json_t *params, json_t **result,
                            struct msx_error *err)
{
    const char *id = msx_json_str_or(params, "id", "");

    for (size_t i = 0; i < json_array_size(s->users); i++) {
        const json_t *u = json_array_get(s->users, i);

        if (strcmp(msx_json_str_or(u, "systemuserid", ""), id) != 0)
            continue;
        *result = json_deep_copy(u);
        return *result ? MSX_OK : no_memory(err);
    }
    return msx_fail(err, MSX_E_NOTFOUND, "no record '%s'", id);
}

static bool listed(const json_t *ids, const char *id)
{
    for (size_t i = 0; i < json_array_size(ids); i++)
        if (id && msx_ieq(json_string_value(json_array_get(ids, i)), id))
            return true;
    return false;
}

static bool is_wanted(const void *what, const json_t *m)
{
    const json_t *p = what, *ids = msx_json_arr(p, "opportunityIds");
    const char *one = msx_json_str(p, "milestoneId"), *number = msx_json_str(p, "milestoneNumber");
    json_int_t status = 0;

    if (one)
        return msx_ieq(one, msx_json_str(m, "msp_engagementmilestoneid"));
    if (number)
        return msx_ieq(number, msx_json_str(m, "msp_milestonenumber"));
    if (ids && !listed(ids, msx_json_str(m, "_msp_opportunityid_value")))
        return false;
    (void)msx_json_int(m, "msp_milestonestatus", &status);
    return strcmp(msx_json_str_or(p, "statusFilter", "active"), "all") == 0 ||
           (status != 861980003 && status != 861980004 && status != 861980007);
}

static bool is_open(const void *what, const json_t *opp)
{
    json_int_t state = 0;

    (void)what;
    (void)msx_json_int(opp, "statecode", &state);
    return state == 0;
}

static bool of_milestone(const void *what, const json_t *task)
{
    return msx_ieq(what, msx_json_str(task, "_regardingobjectid_value"));
}

static enum msx_code activities(const struct msx_scene *s, const json_t *params, json_t **result,
                                struct msx_error *err)
{
    const json_t *ids = msx_json_arr(params, "milestoneIds");
    json_t *by = json_object();

    for (size_t i = 0; by && i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));

        if (json_object_set_new(by, id, pick(s, s->tasks, of_milestone, id)) != 0) {
            json_decref(by);
            by = NULL;
        }
    }
    *result = by ? json_pack("{s:o}", "byMilestone", by) : NULL;
    return *result ? MSX_OK : no_memory(err);
}

static bool fails(const struct msx_scene *s, const char *tool, const json_t *params)
{
    const char *set = msx_json_str(params, "entitySet");

    for (size_t i = 0; i < json_array_size(s->fail); i++) {
        const char *name = json_string_value(json_array_get(s->fail, i));
        size_t n = strlen(tool);

        if (strncmp(name, tool, n) != 0)
            continue;
        if (!name[n] || (name[n] == ':' && set && strcmp(name + n + 1, set) == 0))
            return true;
    }
    return false;
}

enum msx_code msx_scene_call(void *user, struct msx_crm *crm, const char *tool,
                             const json_t *params, json_t **result, struct msx_error *err)
{
    const struct msx_scene *s = user;

    (void)crm;
    if (fails(s, tool, params))
        return msx_fail(err, MSX_E_SERVER, "the test lets this call fail");
    if (strcmp(tool, "crm_auth_status") == 0 || strcmp(tool, "crm_whoami") == 0) {
        *result = json_pack("{s:b, s:s}", "authenticated", 1, "userId", s->user_id);
        return *result ? MSX_OK : no_memory(err);
    }
    if (strcmp(tool, "crm_query") == 0)
        return query(s, params, result, err);
    if (strcmp(tool, "crm_get_record") == 0)
        return record(s, params, result, err);
    if (strcmp(tool, "get_milestones") == 0)
        return answer(pick(s, s->milestones, is_wanted, params), "milestones", result, err);
    if (strcmp(tool, "get_milestone_activities") == 0)
        return activities(s, params, result, err);
    if (strcmp(tool, "get_my_active_opportunities") == 0 || strcmp(tool, "list_opportunities") == 0)
        return answer(pick(s, s->opportunities, is_open, NULL), "opportunities", result, err);
    if (strcmp(tool, "list_accounts_by_tpid") == 0)
        return answer(pick(s, s->accounts, NULL, NULL), "accounts", result, err);
    return answer(json_array(), "events", result, err);
}
