/* The tables of the CRM as the tools read them, and the names that people type in their place. */
#include "crm/priv.h"

#include <ctype.h>
#include <string.h>

const struct msx_crm_table msx_crm_accounts = {
    .set = "accounts",
    .logical = "account",
    .key = "accountid",
    .name = "name",
    .what = "account",
    .select = "accountid,name,msp_mstopparentid,_ownerid_value,_parentaccountid_value",
};
const struct msx_crm_table msx_crm_opportunities = {
    .set = "opportunities",
    .logical = "opportunity",
    .key = "opportunityid",
    .name = "name",
    .what = "opportunity",
    .select = "opportunityid,name,estimatedclosedate,msp_estcompletiondate,"
              "msp_consumptionconsumedrecurring,_ownerid_value,_parentaccountid_value,"
              "msp_salesplay,activestageid,statecode,createdon,modifiedon",
    .linked = true,
};
const struct msx_crm_table msx_crm_milestones = {
    .set = "msp_engagementmilestones",
    .logical = "msp_engagementmilestone",
    .key = "msp_engagementmilestoneid",
    .name = "msp_name",
    .what = "milestone",
    .select = "msp_engagementmilestoneid,msp_milestonenumber,msp_name,_msp_workloadlkid_value,"
              "msp_commitmentrecommendation,msp_milestonecategory,msp_monthlyuse,"
              "msp_milestonedate,msp_milestonestatus,_ownerid_value,_msp_opportunityid_value,"
              "msp_forecastcomments,msp_forecastcommentsjsonfield,createdon,modifiedon,"
              "_createdby_value",
    .linked = true,
};
const struct msx_crm_table msx_crm_tasks = {
    .set = "tasks",
    .logical = "task",
    .key = "activityid",
    .name = "subject",
    .what = "task",
    .select = "activityid,subject,description,scheduledend,statuscode,statecode,_ownerid_value,"
              "_regardingobjectid_value,msp_taskcategory,createdon,modifiedon,actualend",
    .linked = true,
};
const struct msx_crm_table msx_crm_users = {
    .set = "systemusers",
    .logical = "systemuser",
    .key = "systemuserid",
    .name = "fullname",
    .what = "user",
    .select = "systemuserid,fullname,internalemailaddress,title,_businessunitid_value,isdisabled",
};
const struct msx_crm_table msx_crm_dealteams = {
    .set = "msp_dealteams",
    .logical = "msp_dealteam",
    .key = "msp_dealteamid",
    .name = NULL,
    .what = "deal team row",
    .select = "msp_dealteamid,_msp_dealteamuserid_value,_msp_parentopportunityid_value,statecode",
};

static const struct msx_crm_table *const tables[] = {
    &msx_crm_accounts, &msx_crm_opportunities, &msx_crm_milestones,
    &msx_crm_tasks,    &msx_crm_users,         &msx_crm_dealteams,
};
#define N_TABLES (sizeof tables / sizeof tables[0])

/* facts/tools.md lists the first column as names that do not exist. */
static const struct {
    const char *wrong, *right;
    const char *of_milestone; /* the right name in the milestone table, where it is another */
} wrong_names[] = {
    { "msp_milestones", "msp_engagementmilestones", NULL },
    { "msp_milestoneses", "msp_engagementmilestones", NULL },
    { "msp_accounttpid", "msp_mstopparentid", NULL },
    { "msp_solutionplay", "msp_salesplay", NULL },
    { "msp_estimatedcompletiondate", "msp_estcompletiondate", "msp_milestonedate" },
    { "msp_forecastedconsumptionrecurring", "msp_monthlyuse", NULL },
    { "msp_committedconsumptionrecurring", "msp_consumptionconsumedrecurring", "msp_monthlyuse" },
    { "msp_milestonecomments", "msp_forecastcomments", NULL },
    { "taskid", "activityid", NULL },
};

const struct msx_crm_table *msx_crm_table_of_set(const char *set)
{
    for (size_t i = 0; set && i < N_TABLES; i++)
        if (!strcmp(tables[i]->set, set))
            return tables[i];
    return NULL;
}

const struct msx_crm_table *msx_crm_table_of_logical(const char *logical)
{
    for (size_t i = 0; logical && i < N_TABLES; i++)
        if (!strcmp(tables[i]->logical, logical))
            return tables[i];
    return NULL;
}

static const char *right_name_n(const char *set, const char *word, size_t len)
{
    bool milestone = set && !strcmp(set, msx_crm_milestones.set);

    for (size_t i = 0; i < sizeof wrong_names / sizeof wrong_names[0]; i++) {
        const char *w = wrong_names[i].wrong;

        if (strlen(w) == len && !strncmp(w, word, len))
            return milestone && wrong_names[i].of_milestone ? wrong_names[i].of_milestone
                                                            : wrong_names[i].right;
    }
    return NULL;
}

const char *msx_crm_right_name(const char *set, const char *wrong)
{
    return wrong ? right_name_n(set, wrong, strlen(wrong)) : NULL;
}

const char *msx_crm_near_set(const char *set)
{
    const char *names[N_TABLES];

    for (size_t i = 0; i < N_TABLES; i++) {
        names[i] = tables[i]->set;
        if (!strcmp(tables[i]->logical, set))
            return tables[i]->set;
    }
    return msx_nearest(set, names, N_TABLES);
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

enum msx_code msx_crm_check_names(const char *set, const char *option, const char *text,
                                  struct msx_error *err)
{
    const char *p = text;

    while (p && *p) {
        if (*p == '\'') { /* a string literal; a doubled quote just starts the next one */
            p = strchr(p + 1, '\'');
            if (!p)
                return msx_fail(err, MSX_E_USAGE, "%s has a quote that is not closed", option);
            p++;
        } else if (is_word(*p)) {
            const char *start = p;
            const char *right;

            while (is_word(*p))
                p++;
            right = right_name_n(set, start, (size_t)(p - start));
            if (right) {
                msx_fail(err, MSX_E_USAGE, "%s names '%.*s', which does not exist", option,
                         (int)(p - start), start);
                msx_hint(err, "use %s", right);
                return MSX_E_USAGE;
            }
        } else {
            p++;
        }
    }
    return MSX_OK;
}
