/* Generated records for the medium and large sizes, and the lookup rows of every size. */
#include "generate.h"

#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"
#include "territory.h"

static const char *const plays[] = {
    "Migrate and Modernize",  "Build and Modernize AI Apps", "Unify Your Data Platform",
    "Innovate with Azure AI", "Modern Security Operations",  "Data Security",
    "Secure AI Productivity", "Business Process Agents",
};
static const char *const stages[] = { "Listen & Consult", "Inspire & Design", "Empower & Achieve",
                                      "Realize Value", "Manage & Optimize" };
static const char *const more_workloads[] = { "Azure SQL", "Azure OpenAI", "Azure Backup",
                                              "Microsoft Purview" };
#define COUNT(a) (sizeof(a) / sizeof *(a))
#define TREE_MAX 2000 /* opportunities that get milestones and tasks */

void sb_sample_play(json_t *rec, const char *label)
{
    for (size_t i = 0; i < COUNT(plays); i++)
        if (strcmp(plays[i], label) == 0)
            json_object_set_new(rec, "msp_salesplay", json_integer(861980000 + (json_int_t)i));
}

static enum msx_code put(struct sb_store *store, const char *set, json_t *rec,
                         struct msx_error *err)
{
    enum msx_code rc =
        rec ? sb_store_insert(store, set, rec, err) : msx_fail(err, MSX_E_NOMEM, "out of memory");

    json_decref(rec);
    return rc;
}

static enum msx_code workload(struct sb_store *store, const char *name, json_t *seen,
                              struct msx_error *err)
{
    char id[37];

    if (!name || json_object_get(seen, name))
        return MSX_OK;
    json_object_set_new(seen, name, json_true());
    sb_sample_guid("workload", name, id);
    return put(store, "msp_workloads",
               json_pack("{s:s, s:s}", "msp_workloadid", id, "msp_name", name), err);
}

enum msx_code sb_sample_lookups(struct sb_store *store, struct msx_error *err)
{
    json_t *seen = json_object();
    enum msx_code rc = MSX_OK;

    for (size_t i = 0; i < COUNT(stages) && !rc; i++) {
        char id[37];

        sb_sample_guid("stage", stages[i], id);
        rc = put(store, "processstages",
                 json_pack("{s:s, s:s}", "processstageid", id, "stagename", stages[i]), err);
    }
    for (const struct sb_chapter *const *c = sb_chapters; *c; c++)
        for (const struct sb_step *s = (*c)->steps; s->key && !rc; s++)
            rc = workload(store, s->workload, seen, err);
    for (size_t i = 0; i < COUNT(more_workloads) && !rc; i++)
        rc = workload(store, more_workloads[i], seen, err);
    json_decref(seen);
    return rc;
}

/* A small generator of numbers (xorshift), so that every run makes the same records. */
struct dice {
    uint64_t state;
};

static unsigned roll(struct dice *d, unsigned sides)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 7;
    d->state ^= d->state << 17;
    return (unsigned)(d->state >> 33) % sides;
}

static void guid(const char *kind, long a, long b, long c, char out[37])
{
    char key[100];

    (void)snprintf(key, sizeof key, "%ld/%ld/%ld", a, b, c);
    sb_sample_guid(kind, key, out);
}

static void day(char out[11], msx_day d)
{
    msx_day_format(d, out);
}

#define SELLERS 40

static enum msx_code sellers(struct sb_store *store, struct msx_error *err)
{
    static const char *const titles[] = { "Azure Specialist", "Solution Engineer",
                                          "Cloud Solution Architect",
                                          "Customer Success Account Manager" };
    enum msx_code rc = MSX_OK;

    for (long i = 0; i < SELLERS && !rc; i++) {
        char id[37];
        char name[100];
        char mail[80];

        guid("gen-user", i, 0, 0, id);
        (void)snprintf(name, sizeof name, "Seller %02ld", i + 1);
        (void)snprintf(mail, sizeof mail, "seller%02ld@contoso-sellers.example", i + 1);
        rc = put(store, "systemusers",
                 json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "systemuserid", id, "fullname", name,
                           "title", titles[i % 4], "internalemailaddress", mail, "domainname", mail,
                           "isdisabled", 0),
                 err);
    }
    return rc;
}

static enum msx_code task(struct sb_store *store, struct dice *d, msx_day today, long o, long m,
                          long t, const char *milestone, const char *owner, struct msx_error *err)
{
    char id[37];
    char due[11];
    char subject[100];

    guid("gen-task", o, m, t, id);
    day(due, today + 3 + (msx_day)roll(d, 40));
    (void)snprintf(subject, sizeof subject, "Step %ld of %ld-%ld", t + 1, o + 1, m + 1);
    return put(store, "tasks",
               json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:o}", "activityid", id,
                         "subject", subject, "_regardingobjectid_value", milestone,
                         "_regardingobjectid_value@Microsoft.Dynamics.CRM.lookuplogicalname",
                         "msp_engagementmilestone", "_ownerid_value", owner, "statecode", 0,
                         "statuscode", 3, "msp_taskcategory", 861980007, "scheduledend",
                         json_sprintf("%sT00:00:00Z", due)),
               err);
}

static enum msx_code milestone(struct sb_store *store, struct dice *d, msx_day today, long o,
                               long m, const char *opportunity, const char *owner,
                               struct msx_error *err)
{
    char id[37];
    char work[37];
    char date[11];
    char name[100];
    enum msx_code rc;

    guid("gen-milestone", o, m, 0, id);
    sb_sample_guid("workload", more_workloads[m % 4], work);
    day(date, today + 10 + (msx_day)roll(d, 300));
    (void)snprintf(name, sizeof name, "Milestone %ld-%ld", o + 1, m + 1);
    rc = put(store, "msp_engagementmilestones",
             json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:s, s:s}",
                       "msp_engagementmilestoneid", id, "msp_milestonenumber",
                       json_sprintf("7-%09ld", 200000000 + o * 8 + m), "msp_name", name,
                       "_msp_opportunityid_value", opportunity, "_ownerid_value", owner,
                       "_msp_workloadlkid_value", work, "msp_milestonestatus",
                       m % 8 == 7 ? 861980003 : 861980000, "msp_milestonecategory",
                       861980000 + (int)roll(d, 3), "msp_commitmentrecommendation",
                       861980000 + (int)roll(d, 2), "msp_monthlyuse", 500 + (int)roll(d, 40000),
                       "msp_milestonedate", date, "msp_forecastcomments",
                       "Delivery: Partner\nCapacity: confirmed\nBlockers: none"),
             err);
    for (long t = 0; t < 3 && !rc; t++)
        rc = task(store, d, today, o, m, t, id, owner, err);
    return rc;
}

static enum msx_code opportunity(struct sb_store *store, struct dice *d, msx_day today, long o,
                                 struct msx_error *err)
{
    char id[37];
    char account[37];
    char owner[37];
    char team[37];
    char mate[37];
    char close[11];
    char complete[11];
    char name[100];
    json_t *rec;
    enum msx_code rc;

    guid("gen-opportunity", o, 0, 0, id);
    guid("gen-account", o / 10, 0, 0, account);
    guid("gen-user", (long)roll(d, SELLERS / 4) * 4, 0, 0, owner);
    guid("gen-user", (long)roll(d, SELLERS), 0, 0, mate);
    guid("gen-dealteam", o, 0, 0, team);
    day(close, today + 30 + (msx_day)roll(d, 200));
    day(complete, today + 60 + (msx_day)roll(d, 300));
    (void)snprintf(name, sizeof name, "Opportunity %06ld", o + 1);
    rec = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i}", "opportunityid", id, "name", name,
                    "_ownerid_value", owner, "_parentaccountid_value", account,
                    "estimatedclosedate", close, "msp_estcompletiondate", complete,
                    "msp_consumptionconsumedrecurring", (int)roll(d, 9000), "statecode", 0);
    sb_sample_play(rec, plays[roll(d, COUNT(plays))]);
    rc = put(store, "opportunities", rec, err);
    if (!rc)
        rc = put(store, "msp_dealteams",
                 json_pack("{s:s, s:s, s:s, s:i}", "msp_dealteamid", team,
                           "_msp_dealteamuserid_value", mate, "_msp_parentopportunityid_value", id,
                           "statecode", 0),
                 err);
    for (long m = 0; m < 8 && !rc && o < TREE_MAX; m++)
        rc = milestone(store, d, today, o, m, id, owner, err);
    return rc;
}

enum msx_code sb_generate(struct sb_store *store, msx_day today, long n, struct msx_error *err)
{
    struct dice d = { 0x9e3779b97f4a7c15u };
    enum msx_code rc = sellers(store, err);

    for (long a = 0; a < (n + 9) / 10 && !rc; a++) {
        char id[37];
        char name[100];

        guid("gen-account", a, 0, 0, id);
        (void)snprintf(name, sizeof name, "Customer %05ld", a + 1);
        rc = put(store, "accounts",
                 json_pack("{s:s, s:s, s:o}", "accountid", id, "name", name, "msp_mstopparentid",
                           json_sprintf("%ld", 20000000 + a)),
                 err);
    }
    for (long o = 0; o < n && !rc; o++)
        rc = opportunity(store, &d, today, o, err);
    return rc;
}
