/* The request that carries out an operation. Building it sends nothing: only the executor of
 * lib/plan can write. */
#include "crm/op_priv.h"

#include <string.h>

/* Spellings that hold where metadata does not tell (facts: 4.4, 4.5, 4.7). */
static const struct {
    const char *logical, *column, *target, *nav;
} known_nav[] = {
    { "task", "_regardingobjectid_value", "msp_engagementmilestone",
      "regardingobjectid_msp_engagementmilestone_task" },
    { "msp_engagementmilestone", "_msp_opportunityid_value", "opportunity", "msp_OpportunityId" },
    { "msp_engagementmilestone", "_msp_workloadlkid_value", "msp_workload", "msp_WorkloadlkId" },
    { "msp_engagementmilestone", "_transactioncurrencyid_value", "transactioncurrency",
      "transactioncurrencyid" },
};
static const struct {
    const char *logical, *set;
} known_sets[] = {
    { "systemuser", "systemusers" },
    { "team", "teams" },
    { "msp_workload", "msp_workloads" },
    { "transactioncurrency", "transactioncurrencies" },
};

static const char *known_target(const char *logical, const char *column)
{
    for (size_t i = 0; i < sizeof known_nav / sizeof known_nav[0]; i++)
        if (!strcmp(known_nav[i].logical, logical) && !strcmp(known_nav[i].column, column))
            return known_nav[i].target;
    return strcmp(column, "_ownerid_value") ? NULL : "systemuser";
}

/* Entity set of a table, new string. */
static enum msx_code set_of(struct msx_crm *crm, const char *logical, char **out,
                            struct msx_error *err)
{
    const struct msx_crm_table *t = msx_crm_table_of_logical(logical);
    const char *set = t ? t->set : NULL;
    struct msx_error e = MSX_ERROR_INIT;
    json_t *table = NULL;

    for (size_t i = 0; !set && i < sizeof known_sets / sizeof known_sets[0]; i++)
        if (!strcmp(known_sets[i].logical, logical))
            set = known_sets[i].set;
    if (!set) {
        enum msx_code rc = msx_meta_table(crm->odata, logical, &table, &e);

        if (rc) {
            if (err)
                *err = e;
            return rc;
        }
        set = msx_json_str(table, "entitySetName");
    }
    *out = msx_strdup(set ? set : "");
    return *out ? MSX_OK : msx_crm_oom(err);
}

/* The navigation property of a lookup: metadata of the table, for tasks also of the table that all
 * activities share, else the documented spelling. New string. */
static enum msx_code nav_of(struct msx_crm *crm, const char *logical, const char *column,
                            const char *target, char **out, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *plain = msx_strndup(column + 1, strlen(column) - 7);
    struct msx_error e = MSX_ERROR_INIT;
    const char *fallback = NULL;
    enum msx_code rc;

    if (!plain)
        return msx_crm_oom(err);
    if (!strcmp(plain, "ownerid")) { /* one property for users and teams */
        *out = MSX_STEAL(plain);
        return MSX_OK;
    }
    rc = msx_meta_nav(crm->odata, logical, plain, target, out, &e);
    if (rc == MSX_E_NOTFOUND && !strcmp(logical, "task"))
        rc = msx_meta_nav(crm->odata, "activitypointer", plain, target, out, &e);
    if (!rc)
        return MSX_OK;
    for (size_t i = 0; i < sizeof known_nav / sizeof known_nav[0]; i++)
        if (!strcmp(known_nav[i].logical, logical) && !strcmp(known_nav[i].column, column))
            fallback = known_nav[i].nav;
    if (!fallback || (rc != MSX_E_NOTFOUND && rc != MSX_E_DENIED)) {
        if (err)
            *err = e;
        return rc;
    }
    *out = msx_strdup(fallback);
    return *out ? MSX_OK : msx_crm_oom(err);
}

static bool is_lookup(const char *column)
{
    size_t n = strlen(column);

    return n > 7 && column[0] == '_' && !strcmp(column + n - 6, "_value");
}

static enum msx_code add_bind(struct msx_crm *crm, const char *logical, const json_t *after,
                              const char *column, const json_t *value, json_t *body,
                              struct msx_error *err)
{
    const char *target = msx_crm_lookup_table(after, column);
    MSX_AUTO(msx_free_p) char *nav = NULL;
    MSX_AUTO(msx_free_p) char *key = NULL;
    MSX_AUTO(msx_free_p) char *set = NULL;
    MSX_AUTO(msx_free_p) char *row = NULL;
    char guid[MSX_GUID_LEN + 1];
    enum msx_code rc;

    if (!target)
        target = known_target(logical, column);
    if (!target)
        return msx_fail(err, MSX_E_INVALID, "cannot tell which table '%s' points to", column);
    rc = nav_of(crm, logical, column, target, &nav, err);
    if (rc)
        return rc;
    key = msx_asprintf("%s@odata.bind", nav);
    if (!key)
        return msx_crm_oom(err);
    if (json_is_null(value))
        return json_object_set_new(body, key, json_null()) ? msx_crm_oom(err) : MSX_OK;
    if (!json_is_string(value) || !msx_guid_parse(json_string_value(value), guid))
        return msx_fail(err, MSX_E_INVALID, "'%s' is to be set to something that is no GUID",
                        column);
    rc = set_of(crm, target, &set, err);
    if (rc)
        return rc;
    row = msx_asprintf("/%s(%s)", set, guid);
    return row && !msx_json_set_str(body, key, row) ? MSX_OK : msx_crm_oom(err);
}

/* Only the columns that the operation writes; labels and other annotations stay here. */
static enum msx_code body_of(struct msx_crm *crm, const struct msx_op_kind *k, const json_t *op,
                             json_t *body, struct msx_error *err)
{
    const json_t *after = json_object_get(op, "after");
    const char *column;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)after, column, value) {
        enum msx_code rc = MSX_OK;

        if (strchr(column, '@'))
            continue;
        if (!msx_odata_is_name(column))
            return msx_fail(err, MSX_E_INVALID, "'%.80s' is no column name", column);
        if (is_lookup(column))
            rc = add_bind(crm, k->table->logical, after, column, value, body, err);
        else if (json_object_set(body, column, value))
            rc = msx_crm_oom(err);
        if (rc)
            return rc;
    }
    if (!json_object_size(body))
        return msx_fail(err, MSX_E_INVALID, "the operation changes nothing");
    return MSX_OK;
}

enum msx_code msx_op_request(struct msx_crm *crm, const json_t *op, json_t **req,
                             struct msx_error *err)
{
    const struct msx_op_kind *k = msx_op_kind_of(msx_json_str(op, "type"));
    const char *etag = msx_json_str(op, "etag");
    MSX_AUTO(msx_json_free_p) json_t *body = json_object();
    MSX_AUTO(msx_free_p) char *path = NULL;
    char guid[MSX_GUID_LEN + 1];
    enum msx_code rc;

    if (!body)
        return msx_crm_oom(err);
    if (!k)
        return msx_fail(err, MSX_E_INVALID, "'%.40s' is no type of operation",
                        msx_json_str_or(op, "type", ""));
    if (!msx_guid_parse(msx_json_str_or(json_object_get(op, "target"), "id", ""), guid))
        return msx_fail(err, MSX_E_INVALID, "the operation's target has no GUID");
    if (!etag)
        etag = msx_json_str(json_object_get(op, "before"), "@odata.etag");
    if (!k->creates && (!etag || !*etag || strpbrk(etag, "\r\n")))
        return msx_fail(err, MSX_E_INVALID,
                        "the operation has no ETag: without one an update could overwrite unseen "
                        "changes");
    rc = body_of(crm, k, op, body, err);
    if (rc)
        return rc;
    path = msx_asprintf("%s(%s)", k->table->set, guid);
    if (!path)
        return msx_crm_oom(err);
    *req = json_pack("{s:s,s:s,s:{s:s,s:s},s:O}", "method", "PATCH", "path", path, "headers",
                     k->creates ? "If-None-Match" : "If-Match", k->creates ? "*" : etag,
                     "Content-Type", "application/json", "body", body);
    return *req ? MSX_OK : msx_crm_oom(err);
}
