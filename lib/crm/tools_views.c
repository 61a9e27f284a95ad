/* Views: a milestone timeline, the cost trend of an opportunity, and the diff of staged changes. */
#include "crm/priv.h"

#include <string.h>

/* ---- timeline ---- */

static const char *const status_filters[] = { "active", "all", NULL };
static const char *const commitments[] = { "committed", "uncommitted", NULL };

static const struct msx_param timeline_params[] = {
    { "ownerId", MSX_P_GUID, false, NULL, "milestones of this owner" },
    { "opportunityId", MSX_P_GUID, false, NULL, "milestones of this opportunity" },
    { "fromDate", MSX_P_DATE, false, NULL, "not before" },
    { "toDate", MSX_P_DATE, false, NULL, "not after" },
    { "opportunityIds", MSX_P_GUIDS, false, NULL, "milestones of these opportunities" },
    { "customerKeyword", MSX_P_STRING, false, NULL, "customers whose name holds this text" },
    { "customerKeywords", MSX_P_STRINGS, false, NULL, "customers, any of several texts" },
    { "opportunityKeyword", MSX_P_STRING, false, NULL, "opportunities whose name holds this text" },
    { "milestoneNumbers", MSX_P_STRINGS, false, NULL, "the milestones with these numbers" },
    { "milestoneIds", MSX_P_GUIDS, false, NULL, "these milestones" },
    { "mine", MSX_P_BOOL, false, NULL, "my milestones" },
    { "statusFilter", MSX_P_STRING, false, status_filters, "active or all (default all)" },
    { "status", MSX_P_CHOICE, false, NULL, "only this status, label or code" },
    { "commitment", MSX_P_STRING, false, commitments, "only committed or uncommitted ones" },
    { "keyword", MSX_P_STRING, false, NULL, "text in name, opportunity or workload" },
    { .name = NULL },
};

/* The value of a column, null when it is absent; new reference. */
static json_t *value_of(const json_t *rec, const char *field)
{
    json_t *v = json_object_get(rec, field);

    return v ? json_incref(v) : json_null();
}

static json_t *day_json(struct msx_crm *crm, const json_t *rec, const char *field)
{
    msx_day day = msx_crm_day(crm, rec, field);
    char text[11];

    if (day == MSX_DAY_NONE)
        return json_null();
    msx_day_format(day, text);
    return json_string(text);
}

static json_t *event(struct msx_crm *crm, const json_t *m)
{
    return json_pack(
        "{s:o,s:o,s:o,s:o,s:s?,s:s?,s:o,s:o,s:s?,s:s?}", "id", value_of(m, msx_crm_milestones.key),
        "date", day_json(crm, m, "msp_milestonedate"), "title", value_of(m, "msp_name"),
        "milestoneNumber", value_of(m, "msp_milestonenumber"), "status", msx_json_str(m, "status"),
        "commitment", msx_json_str(m, "commitment"), "monthlyUse", value_of(m, "msp_monthlyuse"),
        "opportunityId", value_of(m, "_msp_opportunityid_value"), "opportunityName",
        msx_crm_label(m, "_msp_opportunityid_value"), "recordUrl", msx_json_str(m, "recordUrl"));
}

static enum msx_code timeline(struct msx_crm *crm, const json_t *params, json_t **result,
                              struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *notes = json_object();
    MSX_AUTO(msx_json_free_p) json_t *milestones = NULL;
    MSX_AUTO(msx_json_free_p) json_t *events = json_array();
    json_t *out, *m;
    size_t i;
    enum msx_code rc;

    if (!notes || !events)
        return msx_crm_oom(err);
    if (!msx_crm_scope_given(params))
        return msx_fail(err, MSX_E_USAGE,
                        "view_milestone_timeline needs 'ownerId' or 'opportunityId'");
    rc = msx_crm_milestones_of(crm, params, notes, &milestones, err);
    if (rc)
        return rc;
    json_array_foreach(milestones, i, m) {
        if (json_array_append_new(events, event(crm, m)))
            return msx_crm_oom(err);
    }
    out = json_pack("{s:I,s:O,s:{s:s,s:{s:s,s:s},s:s,s:s,s:s,s:s}}", "count",
                    (json_int_t)json_array_size(events), "events", events, "renderHints", "view",
                    "timeline", "defaultSort", "field", "date", "direction", "asc", "dateField",
                    "date", "titleField", "title", "laneField", "opportunityName", "statusField",
                    "status");
    if (!out || json_object_update(out, notes)) {
        json_decref(out);
        return msx_crm_oom(err);
    }
    *result = out;
    return MSX_OK;
}

/* ---- cost trend ---- */

static const struct msx_param trend_params[] = {
    { "opportunityId", MSX_P_GUID, true, NULL, "the opportunity" },
    { "includeMilestones", MSX_P_BOOL, false, NULL,
      "sum the monthly use of its milestones by month (default true)" },
    { .name = NULL },
};

static json_t *number_json(double v)
{
    /* whole amounts stay integers, so that the same answer always prints the same */
    if (v >= -9e15 && v <= 9e15 && (double)(json_int_t)v == v)
        return json_integer((json_int_t)v);
    return json_real(v);
}

/* Sums by month of the milestones' dates, months ascending (the milestones are sorted by date). */
static enum msx_code points_of(struct msx_crm *crm, const json_t *milestones, json_t *points,
                               double *total, struct msx_error *err)
{
    double sum = 0;
    char month[8] = "";
    json_t *m;
    size_t i;

    *total = 0;
    json_array_foreach(milestones, i, m) {
        msx_day day = msx_crm_day(crm, m, "msp_milestonedate");
        double use = 0;
        char text[11];

        msx_json_num(m, "msp_monthlyuse", &use);
        if (day == MSX_DAY_NONE)
            continue;
        msx_day_format(day, text);
        text[7] = '\0';
        if (*month && strcmp(month, text)) {
            if (json_array_append_new(points, json_pack("{s:s,s:o}", "month", month,
                                                        "plannedMonthlyUse", number_json(sum))))
                return msx_crm_oom(err);
            sum = 0;
        }
        memcpy(month, text, sizeof month);
        sum += use;
        *total += use;
    }
    if (*month && json_array_append_new(points, json_pack("{s:s,s:o}", "month", month,
                                                          "plannedMonthlyUse", number_json(sum))))
        return msx_crm_oom(err);
    return MSX_OK;
}

static enum msx_code trend_milestones(struct msx_crm *crm, const json_t *params, json_t **out,
                                      struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p)
    json_t *scope = json_pack("{s:O}", "opportunityId", json_object_get(params, "opportunityId"));
    MSX_AUTO(msx_json_free_p) json_t *notes = json_object();

    if (!scope || !notes)
        return msx_crm_oom(err);
    return msx_crm_milestones_of(crm, scope, notes, out, err);
}

static json_t *trend_result(struct msx_crm *crm, const json_t *opp, const json_t *points,
                            json_t *total, json_t *latest)
{
    return json_pack(
        "{s:{s:o,s:o,s:o,s:o,s:o},s:O,s:{s:o,s:o,s:o},s:{s:s,s:s,s:[s],s:s,s:s,s:b}}",
        "opportunity", "id", value_of(opp, "opportunityid"), "name", value_of(opp, "name"),
        "estimatedCloseDate", day_json(crm, opp, "estimatedclosedate"), "estimatedCompletionDate",
        day_json(crm, opp, "msp_estcompletiondate"), "consumedRecurring",
        value_of(opp, "msp_consumptionconsumedrecurring"), "points", points, "kpis",
        "consumedRecurring", value_of(opp, "msp_consumptionconsumedrecurring"),
        "totalPlannedMonthlyUse", total, "latestPlannedMonthlyUse", latest, "renderHints", "view",
        "timeseries", "xField", "month", "yFields", "plannedMonthlyUse", "currency", "USD",
        "defaultChart", "line", "showTable", 1);
}

static enum msx_code cost_trend(struct msx_crm *crm, const json_t *params, json_t **result,
                                struct msx_error *err)
{
    const char *id = msx_json_str(params, "opportunityId");
    bool with = msx_json_bool_or(params, "includeMilestones", true);
    MSX_AUTO(msx_json_free_p) json_t *ids = json_pack("[s]", id);
    MSX_AUTO(msx_json_free_p) json_t *found = NULL;
    MSX_AUTO(msx_json_free_p) json_t *milestones = NULL;
    MSX_AUTO(msx_json_free_p) json_t *points = json_array();
    MSX_AUTO(msx_crm_read_free_p) struct msx_crm_read *opp = NULL;
    double total = 0;
    const json_t *last;
    enum msx_code rc;

    if (!ids || !points)
        return msx_crm_oom(err);
    rc = msx_crm_start(crm,
                       &(struct msx_crm_query){
                           .table = &msx_crm_opportunities, .field = "opportunityid", .ids = ids },
                       &opp, err);
    if (!rc && with)
        rc = trend_milestones(crm, params, &milestones, err);
    if (!rc)
        rc = msx_crm_finish(opp, &found, err);
    if (!rc)
        rc = points_of(crm, milestones, points, &total, err);
    if (rc)
        return rc;
    if (!json_array_size(found))
        return msx_fail(err, MSX_E_NOTFOUND, "no opportunity has the id '%s'", id);
    last = json_array_size(points) ? json_array_get(points, json_array_size(points) - 1) : NULL;
    *result =
        trend_result(crm, json_array_get(found, 0), points, with ? number_json(total) : json_null(),
                     last ? value_of(last, "plannedMonthlyUse") : json_null());
    return *result ? MSX_OK : msx_crm_oom(err);
}

/* ---- diff ---- */

static const struct msx_param diff_params[] = {
    { "before", MSX_P_OBJECT, true, NULL, "values as they are" },
    { "after", MSX_P_OBJECT, true, NULL, "values as they will be" },
    { "context", MSX_P_ANY, false, NULL, "given back as it is" },
    { .name = NULL },
};

static enum msx_code changes_diff(struct msx_crm *crm, const json_t *params, json_t **result,
                                  struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p)
    json_t *rows =
        msx_diff_rows(json_object_get(params, "before"), json_object_get(params, "after"));

    (void)crm;
    *result = rows ? json_pack("{s:o,s:{s:I},s:O,s:{s:s,s:[s,s,s,s],s:s}}", "context",
                               value_of(params, "context"), "summary", "changedFieldCount",
                               (json_int_t)json_array_size(rows), "rows", rows, "renderHints",
                               "view", "diffTable", "columns", "field", "before", "after",
                               "changeType", "emphasisField", "changeType")
                   : NULL;
    return *result ? MSX_OK : msx_crm_oom(err);
}

const struct msx_tool msx_tool_view_milestone_timeline = {
    .name = "view_milestone_timeline",
    .title = "Milestone timeline",
    .doc = "Milestones of an owner or opportunity as events by date.",
    .effect = MSX_TOOL_READS,
    .params = timeline_params,
    .result = "{count, events: [{id, date, title, milestoneNumber, status, commitment, "
              "monthlyUse, opportunityId, opportunityName, recordUrl}], renderHints}",
    .fn = timeline,
};

const struct msx_tool msx_tool_view_opportunity_cost_trend = {
    .name = "view_opportunity_cost_trend",
    .title = "Cost trend of an opportunity",
    .doc = "Planned monthly use of an opportunity's milestones by month, beside what is consumed.",
    .effect = MSX_TOOL_READS,
    .params = trend_params,
    .result = "{opportunity{}, points: [{month, plannedMonthlyUse}], kpis{}, renderHints}",
    .fn = cost_trend,
};

const struct msx_tool msx_tool_view_staged_changes_diff = {
    .name = "view_staged_changes_diff",
    .title = "Diff of two states",
    .doc = "Field by field, what differs between two states of a record.",
    .effect = MSX_TOOL_READS,
    .params = diff_params,
    .result = "{context, summary: {changedFieldCount}, rows: [{field, before, after, "
              "changeType}], renderHints}",
    .fn = changes_diff,
};
