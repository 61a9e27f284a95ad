/* Customers and their opportunities. */
#include "crm/priv.h"

#include <string.h>

/* An opportunity whose completion lies further back is dropped from lists of open work. */
#define COMPLETED_GRACE_DAYS 30

static const struct msx_crm_order by_name[] = {
    { .field = "name", .ignore_case = true },
    { .field = "accountid" },
    { .field = "opportunityid" },
    { .field = NULL },
};

/* ---- customers by keyword ---- */

/* Append "contains(name,'keyword')" to an array of filters. */
static enum msx_code add_name_filter(const char *keyword, json_t *filters, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(MSX_FILTER_MAX);
    enum msx_code rc;

    msx_buf_adds(&b, "contains(name,");
    msx_odata_add_pattern(&b, keyword);
    msx_buf_addc(&b, ')');
    rc = msx_buf_finish(&b, "the filter", err);
    if (!rc && json_array_append_new(filters, json_string(b.data)))
        rc = msx_crm_oom(err);
    return rc;
}

enum msx_code msx_crm_accounts_like(struct msx_crm *crm, const json_t *keywords, json_t **out,
                                    struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *filters = json_array();
    MSX_AUTO(msx_json_free_p) json_t *lists = NULL;
    MSX_AUTO(msx_json_free_p) json_t *all = json_array();
    json_t *item;
    size_t i;
    enum msx_code rc = filters && all ? MSX_OK : msx_crm_oom(err);

    json_array_foreach(keywords, i, item) {
        if (!rc)
            rc = add_name_filter(json_string_value(item), filters, err);
    }
    if (!rc)
        rc = msx_crm_list_filters(
            crm, &(struct msx_crm_query){ .table = &msx_crm_accounts, .select = "accountid,name" },
            filters, &lists, err);
    json_array_foreach(lists, i, item) {
        if (!rc && json_array_append_new(all, msx_crm_ids_of(item, "accountid")))
            rc = msx_crm_oom(err);
    }
    if (!rc)
        *out = MSX_STEAL(all);
    return rc;
}

/* ---- list_accounts_by_tpid ---- */

static const struct msx_param accounts_params[] = {
    { "tpids", MSX_P_STRINGS, false, NULL, "top parent IDs (TPID), numbers" },
    { "name", MSX_P_STRING, false, NULL, "instead: accounts whose name holds this text" },
    { .name = NULL },
};

static enum msx_code check_tpids(const json_t *tpids, struct msx_error *err)
{
    json_t *item;
    size_t i;

    json_array_foreach(tpids, i, item) {
        const char *tpid = json_string_value(item);

        if (!*tpid || tpid[strspn(tpid, "0123456789")])
            return msx_fail(err, MSX_E_USAGE, "'%.40s' is no TPID: a TPID is a number", tpid);
    }
    return MSX_OK;
}

static enum msx_code list_accounts(struct msx_crm *crm, const json_t *params, json_t **result,
                                   struct msx_error *err)
{
    const json_t *tpids = json_object_get(params, "tpids");
    const char *keyword = msx_json_str(params, "name");
    MSX_AUTO(msx_json_free_p) json_t *filters = NULL;
    MSX_AUTO(msx_json_free_p) json_t *lists = NULL;
    MSX_AUTO(msx_json_free_p) json_t *records = NULL;
    enum msx_code rc;

    if (!tpids == !keyword)
        return msx_fail(err, MSX_E_USAGE, "list_accounts_by_tpid needs 'tpids' or 'name'");
    if (tpids) {
        rc = check_tpids(tpids, err);
        if (!rc)
            rc = msx_crm_equal_filters("", "msp_mstopparentid", tpids, &filters, err);
    } else {
        filters = json_array();
        rc = filters ? add_name_filter(keyword, filters, err) : msx_crm_oom(err);
    }
    if (!rc)
        rc = msx_crm_list_filters(crm, &(struct msx_crm_query){ .table = &msx_crm_accounts },
                                  filters, &lists, err);
    if (rc)
        return rc;
    records = msx_crm_flatten(lists);
    if (!records || msx_crm_sort(records, by_name) || msx_crm_tidy(crm, &msx_crm_accounts, records))
        return msx_crm_oom(err);
    *result = msx_crm_list_result("accounts", MSX_STEAL(records));
    return *result ? MSX_OK : msx_crm_oom(err);
}

/* ---- list_opportunities ---- */

static const struct msx_param opportunities_params[] = {
    { "accountIds", MSX_P_GUIDS, false, NULL, "only opportunities of these accounts" },
    { "customerKeyword", MSX_P_STRING, false, NULL, "only customers whose name holds this text" },
    { "includeCompleted", MSX_P_BOOL, false, NULL,
      "also those whose completion date lies more than 30 days back (default false)" },
    { "customerKeywords", MSX_P_STRINGS, false, NULL, "likewise, any of several texts" },
    { "opportunityIds", MSX_P_GUIDS, false, NULL, "only these" },
    { "keyword", MSX_P_STRING, false, NULL, "only opportunities whose name holds this text" },
    { "ownerId", MSX_P_GUID, false, NULL, "only those of this owner" },
    { "includeClosed", MSX_P_BOOL, false, NULL, "also won and lost ones (default false)" },
    { .name = NULL },
};

static bool long_completed(struct msx_crm *crm, const json_t *opportunity)
{
    msx_day day = msx_crm_day(crm, opportunity, "msp_estcompletiondate");

    return day != MSX_DAY_NONE && crm->ctx->today - day > COMPLETED_GRACE_DAYS;
}

static enum msx_code opportunity_filter(const json_t *params, struct msx_buf *b,
                                        struct msx_error *err)
{
    const char *keyword = msx_json_str(params, "keyword");
    const char *owner = msx_json_str(params, "ownerId");

    if (!msx_json_bool_or(params, "includeClosed", false))
        msx_buf_adds(b, "statecode eq 0");
    if (keyword) {
        msx_buf_addf(b, "%scontains(name,", b->len ? " and " : "");
        msx_odata_add_pattern(b, keyword);
        msx_buf_addc(b, ')');
    }
    if (owner)
        msx_buf_addf(b, "%s_ownerid_value eq %s", b->len ? " and " : "", owner);
    return msx_buf_finish(b, "the filter", err);
}

/* accountIds and accounts found by keyword, as one list; *given false when neither was asked for.
 */
static enum msx_code account_scope(struct msx_crm *crm, const json_t *params, json_t *notes,
                                   json_t **ids, bool *given, struct msx_error *err)
{
    bool by_keyword;
    MSX_AUTO(msx_json_free_p)
    json_t *keywords =
        msx_crm_one_or_many(params, "customerKeyword", "customerKeywords", &by_keyword);
    MSX_AUTO(msx_json_free_p) json_t *found = NULL;
    MSX_AUTO(msx_json_free_p) json_t *all = json_array();
    json_t *group;
    size_t i;
    enum msx_code rc;

    if (!keywords || !all)
        return msx_crm_oom(err);
    if (json_array_extend(all, json_object_get(params, "accountIds")) &&
        json_object_get(params, "accountIds"))
        return msx_crm_oom(err);
    *given = by_keyword || json_object_get(params, "accountIds");
    if (by_keyword) {
        rc = msx_crm_accounts_like(crm, keywords, &found, err);
        if (rc)
            return rc;
    }
    json_array_foreach(found, i, group) {
        if (!json_array_size(group) && msx_crm_note(notes, "no account has '%.100s' in its name",
                                                    json_string_value(json_array_get(keywords, i))))
            return msx_crm_oom(err);
        if (json_array_extend(all, group))
            return msx_crm_oom(err);
    }
    *ids = MSX_STEAL(all);
    return MSX_OK;
}

static int keep_opportunities(struct msx_crm *crm, const json_t *params, const json_t *accounts,
                              json_t *records)
{
    bool completed = msx_json_bool_or(params, "includeCompleted", false);

    for (size_t i = json_array_size(records); i-- > 0;) {
        const json_t *o = json_array_get(records, i);

        if ((!completed && long_completed(crm, o)) ||
            (accounts && !msx_crm_has_id(accounts, msx_json_str(o, "_parentaccountid_value"))))
            if (json_array_remove(records, i))
                return -1;
    }
    return 0;
}

static enum msx_code list_opportunities(struct msx_crm *crm, const json_t *params, json_t **result,
                                        struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf filter = MSX_BUF_INIT(MSX_FILTER_MAX);
    MSX_AUTO(msx_json_free_p) json_t *notes = json_object();
    MSX_AUTO(msx_json_free_p) json_t *accounts = NULL;
    MSX_AUTO(msx_json_free_p) json_t *records = NULL;
    const json_t *ids = json_object_get(params, "opportunityIds");
    struct msx_crm_query q = { .table = &msx_crm_opportunities };
    bool scoped = false;
    json_t *out;
    enum msx_code rc = notes ? MSX_OK : msx_crm_oom(err);

    if (!rc)
        rc = account_scope(crm, params, notes, &accounts, &scoped, err);
    if (!rc)
        rc = opportunity_filter(params, &filter, err);
    if (rc)
        return rc;
    q.filter = filter.data;
    if (ids || scoped) {
        q.field = ids ? "opportunityid" : "_parentaccountid_value";
        q.ids = ids ? ids : accounts;
    }
    rc = msx_crm_list(crm, &q, &records, err);
    if (rc)
        return rc;
    if (keep_opportunities(crm, params, ids && scoped ? accounts : NULL, records) ||
        msx_crm_sort(records, by_name) || msx_crm_tidy(crm, &msx_crm_opportunities, records))
        return msx_crm_oom(err);
    out = msx_crm_list_result("opportunities", json_incref(records));
    if (!out || json_object_update(out, notes)) {
        json_decref(out);
        return msx_crm_oom(err);
    }
    *result = out;
    return MSX_OK;
}

/* ---- deal teams ---- */

static enum msx_code opportunities_of_rows(struct msx_crm *crm, const struct msx_crm_query *rows,
                                           const char *column, json_t **ids, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *records = NULL;
    enum msx_code rc = msx_crm_list(crm, rows, &records, err);

    if (rc)
        return rc;
    *ids = msx_crm_ids_of(records, column);
    return *ids ? MSX_OK : msx_crm_oom(err);
}

enum msx_code msx_crm_team_opportunities(struct msx_crm *crm, const char *user_id,
                                         const json_t *among, json_t **ids, struct msx_error *err)
{
    static const char column[] = "_msp_parentopportunityid_value";
    MSX_AUTO(msx_free_p)
    char *filter = msx_asprintf("_msp_dealteamuserid_value eq %s and statecode eq 0", user_id);
    struct msx_error e = MSX_ERROR_INIT;
    enum msx_code rc;

    if (!filter)
        return msx_crm_oom(err);
    rc = opportunities_of_rows(crm,
                               &(struct msx_crm_query){ .table = &msx_crm_dealteams,
                                                        .filter = filter,
                                                        .field = among ? column : NULL,
                                                        .ids = among },
                               column, ids, &e);
    if (rc && err)
        *err = e;
    return rc && msx_crm_table_missing(&e) ? MSX_E_NOTFOUND : rc;
}

enum msx_code msx_crm_owned_milestone_opportunities(struct msx_crm *crm, const char *user_id,
                                                    const json_t *among, json_t **ids,
                                                    struct msx_error *err)
{
    static const char column[] = "_msp_opportunityid_value";
    MSX_AUTO(msx_free_p) char *filter = msx_asprintf("_ownerid_value eq %s", user_id);

    if (!filter)
        return msx_crm_oom(err);
    return opportunities_of_rows(
        crm,
        &(struct msx_crm_query){ .table = &msx_crm_milestones,
                                 .select = "msp_engagementmilestoneid,_msp_opportunityid_value",
                                 .filter = filter,
                                 .field = among ? column : NULL,
                                 .ids = among },
        column, ids, err);
}

/* ---- get_my_active_opportunities ---- */

static const struct msx_param my_params[] = {
    { "customerKeyword", MSX_P_STRING, false, NULL, "only customers whose name holds this text" },
    { "includeCompleted", MSX_P_BOOL, false, NULL,
      "also those whose completion date lies more than 30 days back (default true)" },
    { .name = NULL },
};

struct mine {
    const char *me;
    const char *relation; /* of those that are not owned */
    json_t *owned, *others;
};

static enum msx_code read_mine(struct msx_crm *crm, struct mine *m, json_t *notes,
                               struct msx_error *err)
{
    MSX_AUTO(msx_crm_read_free_p) struct msx_crm_read *owned = NULL;
    MSX_AUTO(msx_json_free_p) json_t *ids = NULL;
    MSX_AUTO(msx_free_p)
    char *filter = msx_asprintf("_ownerid_value eq %s and statecode eq 0", m->me);
    enum msx_code rc;

    if (!filter)
        return msx_crm_oom(err);
    rc = msx_crm_start(crm,
                       &(struct msx_crm_query){ .table = &msx_crm_opportunities, .filter = filter },
                       &owned, err);
    if (rc)
        return rc;
    m->relation = "deal-team";
    rc = msx_crm_team_opportunities(crm, m->me, NULL, &ids, err);
    if (rc == MSX_E_NOTFOUND) {
        m->relation = "milestone-owner";
        if (msx_crm_gap(notes, "dealteam_unavailable", "msp_dealteams cannot be read here",
                        "opportunities where you own a milestone stand in for your deal teams") ||
            msx_crm_note(notes, "deal teams cannot be read in this organisation: opportunities "
                                "where you own a milestone are shown instead"))
            return msx_crm_oom(err);
        rc = msx_crm_owned_milestone_opportunities(crm, m->me, NULL, &ids, err);
    }
    if (!rc)
        rc = msx_crm_finish(owned, &m->owned, err);
    if (rc)
        return rc;
    for (size_t i = json_array_size(ids); i-- > 0;) { /* no opportunity is read twice */
        json_t *rec;
        size_t k;

        json_array_foreach(m->owned, k, rec) {
            if (msx_guid_eq(json_string_value(json_array_get(ids, i)),
                            msx_json_str(rec, "opportunityid"))) {
                json_array_remove(ids, i);
                break;
            }
        }
    }
    return msx_crm_list(crm,
                        &(struct msx_crm_query){ .table = &msx_crm_opportunities,
                                                 .filter = "statecode eq 0",
                                                 .field = "opportunityid",
                                                 .ids = ids },
                        &m->others, err);
}

static int add_related(struct msx_crm *crm, const json_t *params, json_t *records,
                       const char *relation, json_t *all)
{
    const char *keyword = msx_json_str(params, "customerKeyword");
    bool completed = msx_json_bool_or(params, "includeCompleted", true);
    json_t *rec;
    size_t i;

    json_array_foreach(records, i, rec) {
        const char *customer = msx_crm_label(rec, "_parentaccountid_value");

        if ((keyword && !msx_crm_contains(customer, keyword)) ||
            (!completed && long_completed(crm, rec)))
            continue;
        if (msx_json_set_str(rec, "customer", customer) ||
            msx_json_set_str(rec, "relationship", relation) || json_array_append(all, rec))
            return -1;
    }
    return 0;
}

static enum msx_code my_opportunities(struct msx_crm *crm, const json_t *params, json_t **result,
                                      struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *notes = json_object();
    MSX_AUTO(msx_json_free_p) json_t *all = json_array();
    struct mine m = { 0 };
    json_t *out = NULL;
    enum msx_code rc = notes && all ? MSX_OK : msx_crm_oom(err);

    if (!rc)
        rc = msx_crm_my_id(crm, &m.me, err);
    if (!rc)
        rc = read_mine(crm, &m, notes, err);
    if (!rc && (add_related(crm, params, m.owned, "owner", all) ||
                add_related(crm, params, m.others, m.relation, all) || msx_crm_sort(all, by_name) ||
                msx_crm_tidy(crm, &msx_crm_opportunities, all)))
        rc = msx_crm_oom(err);
    if (!rc) {
        out = msx_crm_list_result("opportunities", json_incref(all));
        if (!out || json_object_update(out, notes)) {
            json_decref(out);
            rc = msx_crm_oom(err);
        }
    }
    json_decref(m.owned);
    json_decref(m.others);
    if (!rc)
        *result = out;
    return rc;
}

const struct msx_tool msx_tool_list_accounts_by_tpid = {
    .name = "list_accounts_by_tpid",
    .title = "List accounts",
    .doc = "Accounts by their top parent IDs (TPID) or by name, ordered by name.",
    .effect = MSX_TOOL_READS,
    .params = accounts_params,
    .result = "{count, accounts[]}",
    .fn = list_accounts,
};

const struct msx_tool msx_tool_list_opportunities = {
    .name = "list_opportunities",
    .title = "List opportunities",
    .doc = "Open opportunities, of given accounts or customers or all, ordered by name.",
    .effect = MSX_TOOL_READS,
    .params = opportunities_params,
    .result = "{count, opportunities[]}",
    .fn = list_opportunities,
};

const struct msx_tool msx_tool_get_my_active_opportunities = {
    .name = "get_my_active_opportunities",
    .title = "My active opportunities",
    .doc = "Open opportunities that the user owns or is on the deal team of, ordered by name.",
    .effect = MSX_TOOL_READS,
    .params = my_params,
    .result = "{count, opportunities[]} each with customer and relationship (owner, deal-team)",
    .fn = my_opportunities,
};
