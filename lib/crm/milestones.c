/* Which milestones: the scope (customers, opportunities, owner, numbers, ids) and filters shared by
 * get_milestones, the views and the composite tools, with one round of parallel reads a level. */
#include "crm/priv.h"

#include <string.h>

static const char *const scope_params[] = {
    "customerKeyword", "customerKeywords", "opportunityKeyword", "opportunityId", "opportunityIds",
    "milestoneNumber", "milestoneNumbers", "milestoneId",        "milestoneIds",  "ownerId",
};

bool msx_crm_scope_given(const json_t *params)
{
    for (size_t i = 0; i < sizeof scope_params / sizeof scope_params[0]; i++)
        if (json_object_get(params, scope_params[i]))
            return true;
    return msx_json_bool_or(params, "mine", false);
}

struct scope {
    json_t *opportunities; /* ids, NULL = not limited by opportunity */
    json_t *ids;           /* milestone ids, or NULL */
    json_t *numbers;       /* milestone numbers, or NULL */
    const char *owner;     /* borrowed, or NULL */
    bool by_id, by_number;
};

static void scope_release(struct scope *s)
{
    json_decref(s->opportunities);
    json_decref(s->ids);
    json_decref(s->numbers);
}

/* Keep the ids that are also in other. */
static void intersect(json_t *ids, const json_t *other)
{
    for (size_t i = json_array_size(ids); i-- > 0;)
        if (!msx_crm_has_id(other, json_string_value(json_array_get(ids, i))))
            json_array_remove(ids, i);
}

/* Opportunities with field in ids (NULL: all) and a keyword (NULL: any) in their name. */
static enum msx_code opportunities_like(struct msx_crm *crm, const char *field, const json_t *ids,
                                        const char *keyword, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf filter = MSX_BUF_INIT(MSX_FILTER_MAX);
    MSX_AUTO(msx_json_free_p) json_t *records = NULL;
    enum msx_code rc;

    if (keyword) {
        msx_buf_adds(&filter, "contains(name,");
        msx_odata_add_pattern(&filter, keyword);
        msx_buf_addc(&filter, ')');
    }
    rc = msx_buf_finish(&filter, "the filter", err);
    if (!rc)
        rc = msx_crm_list(crm,
                          &(struct msx_crm_query){ .table = &msx_crm_opportunities,
                                                   .select = "opportunityid",
                                                   .filter = filter.data,
                                                   .field = field,
                                                   .ids = ids },
                          &records, err);
    if (rc)
        return rc;
    *out = msx_crm_ids_of(records, "opportunityid");
    return *out ? MSX_OK : msx_crm_oom(err);
}

static enum msx_code customer_opportunities(struct msx_crm *crm, const json_t *keywords,
                                            const char *opportunity, json_t *notes, json_t **ids,
                                            struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *found = NULL;
    MSX_AUTO(msx_json_free_p) json_t *accounts = json_array();
    json_t *group;
    size_t i;
    enum msx_code rc;

    if (!accounts)
        return msx_crm_oom(err);
    rc = msx_crm_accounts_like(crm, keywords, &found, err);
    if (rc)
        return rc;
    json_array_foreach(found, i, group) {
        if (!json_array_size(group) && msx_crm_note(notes, "no account has '%.100s' in its name",
                                                    json_string_value(json_array_get(keywords, i))))
            return msx_crm_oom(err);
        if (json_array_extend(accounts, group))
            return msx_crm_oom(err);
    }
    return opportunities_like(crm, "_parentaccountid_value", accounts, opportunity, ids, err);
}

/* The opportunities that customers, an opportunity name and given ids select together. */
static enum msx_code opportunity_scope(struct msx_crm *crm, const json_t *params, json_t *notes,
                                       json_t **out, struct msx_error *err)
{
    const char *name = msx_json_str(params, "opportunityKeyword");
    bool customers, given;
    MSX_AUTO(msx_json_free_p)
    json_t *keywords =
        msx_crm_one_or_many(params, "customerKeyword", "customerKeywords", &customers);
    MSX_AUTO(msx_json_free_p)
    json_t *ids = msx_crm_one_or_many(params, "opportunityId", "opportunityIds", &given);
    MSX_AUTO(msx_json_free_p) json_t *found = NULL;
    enum msx_code rc = MSX_OK;

    if (!keywords || !ids)
        return msx_crm_oom(err);
    if (customers)
        rc = customer_opportunities(crm, keywords, name, notes, &found, err);
    else if (name)
        rc = opportunities_like(crm, "opportunityid", given ? ids : NULL, name, &found, err);
    if (rc)
        return rc;
    if (found && given) {
        intersect(ids, found);
        *out = MSX_STEAL(ids);
    } else if (found) {
        *out = MSX_STEAL(found);
    } else if (given) {
        *out = MSX_STEAL(ids);
    }
    return MSX_OK;
}

static enum msx_code scope_of(struct msx_crm *crm, const json_t *params, json_t *notes,
                              struct scope *s, struct msx_error *err)
{
    const json_t *mine = json_object_get(params, "mine");
    bool wanted = mine ? json_is_true(mine) : !msx_crm_scope_given(params);
    json_t *item;
    size_t i;
    enum msx_code rc;

    if (!wanted && !msx_crm_scope_given(params)) {
        msx_fail(err, MSX_E_USAGE, "no scope: whose milestones?");
        msx_hint(err, "give a customer, opportunity, owner or number, or mine: true");
        return MSX_E_USAGE;
    }
    s->owner = msx_json_str(params, "ownerId");
    s->ids = msx_crm_one_or_many(params, "milestoneId", "milestoneIds", &s->by_id);
    s->numbers = msx_crm_one_or_many(params, "milestoneNumber", "milestoneNumbers", &s->by_number);
    if (!s->ids || !s->numbers)
        return msx_crm_oom(err);
    json_array_foreach(s->numbers, i, item) {
        const char *number = json_string_value(item);

        if (strncmp(number, "7-", 2) || !number[2] || number[2 + strspn(number + 2, "0123456789")])
            return msx_fail(err, MSX_E_USAGE, "'%.40s' is no milestone number such as 7-123456789",
                            number);
    }
    if (wanted && s->owner)
        return msx_fail(err, MSX_E_USAGE, "'mine' and 'ownerId' exclude each other");
    if (wanted) {
        rc = msx_crm_my_id(crm, &s->owner, err);
        if (rc)
            return rc;
    }
    return opportunity_scope(crm, params, notes, &s->opportunities, err);
}

/* ---- filters ---- */

struct filter {
    bool active;
    int commitment; /* 1 committed, 0 uncommitted, -1 both */
    bool status_given;
    json_int_t status;
    msx_day from, to;
    const char *keyword;
};

static enum msx_code filter_of(struct msx_crm *crm, const json_t *params, struct filter *f,
                               struct msx_error *err)
{
    const char *which = msx_json_str_or(params, "statusFilter", "all");
    const char *commitment = msx_json_str(params, "commitment");
    const json_t *status = json_object_get(params, "status");

    *f = (struct filter){ .active = !strcmp(which, "active"),
                          .commitment = commitment ? !strcmp(commitment, "committed") : -1,
                          .from = msx_day_parse(msx_json_str_or(params, "fromDate", "")),
                          .to = msx_day_parse(msx_json_str_or(params, "toDate", "")),
                          .keyword = msx_json_str(params, "keyword") };
    if (!status)
        return MSX_OK;
    f->status_given = true;
    return msx_crm_choice(crm, msx_crm_milestones.logical, "msp_milestonestatus", status,
                          &f->status, err);
}

static bool keeps(struct msx_crm *crm, const struct filter *f, const struct scope *s,
                  const json_t *m)
{
    msx_day day = msx_crm_day(crm, m, "msp_milestonedate");
    json_int_t status = 0;

    if (f->active && !msx_crm_milestone_active(m))
        return false;
    if (f->status_given &&
        (!msx_json_int(m, "msp_milestonestatus", &status) || status != f->status))
        return false;
    if (f->commitment >= 0 && msx_crm_committed(m) != (f->commitment == 1))
        return false;
    if (f->from != MSX_DAY_NONE && (day == MSX_DAY_NONE || day < f->from))
        return false;
    if (f->to != MSX_DAY_NONE && (day == MSX_DAY_NONE || day > f->to))
        return false;
    if (f->keyword && !msx_crm_contains(msx_json_str(m, "msp_name"), f->keyword) &&
        !msx_crm_contains(msx_crm_label(m, "_msp_opportunityid_value"), f->keyword) &&
        !msx_crm_contains(msx_crm_label(m, "_msp_workloadlkid_value"), f->keyword))
        return false;
    return !(s->by_id && s->opportunities) ||
           msx_crm_has_id(s->opportunities, msx_json_str(m, "_msp_opportunityid_value"));
}

static int keep(struct msx_crm *crm, const struct filter *f, const struct scope *s, json_t *records)
{
    MSX_AUTO(msx_json_free_p) json_t *kept = json_array();
    json_t *rec;
    size_t i;

    if (!kept)
        return -1;
    json_array_foreach(records, i, rec) {
        if (keeps(crm, f, s, rec) && json_array_append(kept, rec))
            return -1;
    }
    return json_array_clear(records) || json_array_extend(records, kept);
}

/* ---- the read ---- */

static void add_and(struct msx_buf *b)
{
    if (b->len)
        msx_buf_adds(b, " and ");
}

static enum msx_code server_filter(struct msx_crm *crm, const struct filter *f,
                                   const struct scope *s, struct msx_buf *b, struct msx_error *err)
{
    if (s->owner)
        msx_buf_addf(b, "_ownerid_value eq %s", s->owner);
    if (f->status_given) {
        add_and(b);
        msx_buf_addf(b, "msp_milestonestatus eq %" JSON_INTEGER_FORMAT, f->status);
    } else if (f->active) {
        MSX_AUTO(msx_buf_release) struct msx_buf active = MSX_BUF_INIT(MSX_FILTER_MAX);
        enum msx_code rc = msx_crm_active_filter(crm, &active, err);

        if (rc)
            return rc;
        if (active.len) {
            add_and(b);
            msx_buf_add(b, active.data, active.len);
        }
    }
    return msx_buf_finish(b, "the filter", err);
}

/* One read for each part of a long list of numbers, one in all without numbers. */
static enum msx_code read_milestones(struct msx_crm *crm, const struct scope *s, const char *base,
                                     json_t **records, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *filters = NULL;
    MSX_AUTO(msx_json_free_p) json_t *lists = NULL;
    struct msx_crm_query q = { .table = &msx_crm_milestones };
    enum msx_code rc = MSX_OK;

    if (s->by_id) {
        q.field = "msp_engagementmilestoneid";
        q.ids = s->ids;
    } else if (s->opportunities) {
        q.field = "_msp_opportunityid_value";
        q.ids = s->opportunities;
    }
    if (s->by_number) {
        rc = msx_crm_equal_filters(base, "msp_milestonenumber", s->numbers, &filters, err);
    } else {
        filters = json_pack("[s]", base);
        rc = filters ? MSX_OK : msx_crm_oom(err);
    }
    if (!rc)
        rc = msx_crm_list_filters(crm, &q, filters, &lists, err);
    if (rc)
        return rc;
    *records = msx_crm_flatten(lists);
    return *records ? MSX_OK : msx_crm_oom(err);
}

static const char *status_of(const json_t *m)
{
    static const char column[] = "msp_milestonestatus";
    const char *label = msx_crm_label(m, column);
    json_int_t code;

    if (!label && msx_json_int(m, column, &code))
        label = msx_crm_documented_label(msx_crm_milestones.logical, column, code);
    return label;
}

int msx_crm_dress_milestones(struct msx_crm *crm, json_t *milestones)
{
    json_t *m;
    size_t i;

    json_array_foreach(milestones, i, m) {
        const char *commitment = msx_crm_committed(m) ? "Committed" : "Uncommitted";

        if (msx_crm_tidy_one(crm, &msx_crm_milestones, m) ||
            msx_json_set_str(m, "commitment", commitment) ||
            msx_json_set_str(m, "status", status_of(m)))
            return -1;
    }
    return 0;
}

enum msx_code msx_crm_milestones_of(struct msx_crm *crm, const json_t *params, json_t *notes,
                                    json_t **milestones, struct msx_error *err)
{
    MSX_AUTO(scope_release) struct scope s = { 0 };
    MSX_AUTO(msx_buf_release) struct msx_buf base = MSX_BUF_INIT(MSX_FILTER_MAX);
    MSX_AUTO(msx_json_free_p) json_t *records = NULL;
    struct filter f;
    enum msx_code rc = filter_of(crm, params, &f, err);

    if (!rc)
        rc = scope_of(crm, params, notes, &s, err);
    if (!rc)
        rc = server_filter(crm, &f, &s, &base, err);
    if (!rc)
        rc = read_milestones(crm, &s, base.data, &records, err);
    if (rc)
        return rc;
    if (keep(crm, &f, &s, records) || msx_crm_sort(records, msx_crm_by_date) ||
        msx_crm_dress_milestones(crm, records))
        return msx_crm_oom(err);
    *milestones = MSX_STEAL(records);
    return MSX_OK;
}

enum msx_code msx_crm_tasks_of(struct msx_crm *crm, const json_t *milestone_ids, const char *select,
                               bool open_only, json_t **by_milestone, struct msx_error *err)
{
    static const char column[] = "_regardingobjectid_value";
    MSX_AUTO(msx_json_free_p) json_t *records = NULL;
    enum msx_code rc =
        msx_crm_list(crm,
                     &(struct msx_crm_query){ .table = &msx_crm_tasks,
                                              .select = select,
                                              .filter = open_only ? "statecode eq 0" : NULL,
                                              .field = column,
                                              .ids = milestone_ids },
                     &records, err);

    if (rc)
        return rc;
    if (msx_crm_sort(records, msx_crm_newest) || msx_crm_tidy(crm, &msx_crm_tasks, records))
        return msx_crm_oom(err);
    *by_milestone = msx_crm_group(records, column, milestone_ids);
    return *by_milestone ? MSX_OK : msx_crm_oom(err);
}
