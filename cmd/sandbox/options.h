/* Option sets and the columns that every table has, for the files that describe tables. */
#ifndef SANDBOX_OPTIONS_H
#define SANDBOX_OPTIONS_H

#include "schema.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

extern const struct sb_optionset sb_set_milestone_status;
extern const struct sb_optionset sb_set_commitment;
extern const struct sb_optionset sb_set_milestone_category;
extern const struct sb_optionset sb_set_capacity_type;
extern const struct sb_optionset sb_set_nonrecurring;
extern const struct sb_optionset sb_set_task_category;
extern const struct sb_optionset sb_set_task_state;
extern const struct sb_optionset sb_set_task_status;
extern const struct sb_optionset sb_set_priority;
extern const struct sb_optionset sb_set_sales_play;
extern const struct sb_optionset sb_set_opportunity_state;
extern const struct sb_optionset sb_set_opportunity_status;
extern const struct sb_optionset sb_set_plain_state;
extern const struct sb_optionset sb_set_plain_status;
extern const struct sb_optionset sb_set_industry;
extern const struct sb_optionset sb_set_disabled;
extern const struct sb_optionset sb_set_yes_no;
extern const struct sb_optionset sb_set_team_type;
extern const struct sb_optionset sb_set_stage_category;

extern const struct sb_table sb_table_account, sb_table_opportunity, sb_table_milestone,
    sb_table_task, sb_table_activitypointer, sb_table_systemuser, sb_table_team,
    sb_table_businessunit, sb_table_dealteam, sb_table_workload, sb_table_currency,
    sb_table_organization, sb_table_processstage, sb_table_appmodule;

/* clang-format off */
#define TEXT(n, s, l, nd, len) { .name = n, .schema = s, .label = l, .type = SB_STRING, .need = nd, .max = len }
#define LONGTEXT(n, s, l, len) { .name = n, .schema = s, .label = l, .type = SB_MEMO, .max = len }
#define PLAIN(n, s, l, t) { .name = n, .schema = s, .label = l, .type = t }
#define CHOICE(n, s, l, t, nd, o) { .name = n, .schema = s, .label = l, .type = t, .need = nd, .set = &(o) }
#define KEY(n, s, l) { .name = n, .schema = s, .label = l, .type = SB_GUID, .need = SB_SYSTEM, .flags = SB_NO_UPDATE }
#define LINK(n, s, l, t, nd, to) { .name = n, .schema = s, .label = l, .type = t, .need = nd, .target = to, .n_targets = COUNT(to) }

/* createdon, modifiedon, createdby, modifiedby, versionnumber; by_targets: two arrays of one target */
#define STAMPS(created, modified)                                                                  \
    { .name = "createdon", .schema = "CreatedOn", .label = "Created On", .type = SB_DATETIME, .flags = SB_READ_ONLY },     \
    { .name = "modifiedon", .schema = "ModifiedOn", .label = "Modified On", .type = SB_DATETIME, .flags = SB_READ_ONLY },  \
    { .name = "createdby", .schema = "CreatedBy", .label = "Created By", .type = SB_LOOKUP, .flags = SB_READ_ONLY, .target = created, .n_targets = 1 }, \
    { .name = "modifiedby", .schema = "ModifiedBy", .label = "Modified By", .type = SB_LOOKUP, .flags = SB_READ_ONLY, .target = modified, .n_targets = 1 }, \
    { .name = "versionnumber", .schema = "VersionNumber", .label = "Version Number", .type = SB_BIGINT, .flags = SB_READ_ONLY }

#define BY(var, table, what)                                                                       \
    static const struct sb_target var[1] = {                                                       \
        { "systemuser", what, NULL, "lk_" table "_" what, "lk_" table "_" what }                   \
    }
#define OWNER_TO(var, table)                                                                       \
    static const struct sb_target var[2] = {                                                       \
        { "systemuser", "ownerid", NULL, "user_" table, "user_" table },                           \
        { "team", "ownerid", NULL, "team_" table, "team_" table },                                 \
    }
/* clang-format on */

#endif
