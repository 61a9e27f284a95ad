/* The option sets of the sandbox's tables. */
#include "options.h"

#define SET(var, nm, lb, ...)                                                                      \
    static const struct sb_option var##_options[] = { __VA_ARGS__ };                               \
    const struct sb_optionset sb_set_##var = {                                                     \
        .name = nm, .label = lb, .option = var##_options, .n = COUNT(var##_options)                \
    }
#define GLOBAL(var, nm, lb, bare, ...)                                                             \
    static const struct sb_option var##_options[] = { __VA_ARGS__ };                               \
    const struct sb_optionset sb_set_##var = { .name = nm,                                         \
                                               .label = lb,                                        \
                                               .global = true,                                     \
                                               .no_user_label = bare,                              \
                                               .option = var##_options,                            \
                                               .n = COUNT(var##_options) }

/* clang-format off */
GLOBAL(milestone_status, "msp_milestonestatus", "Milestone Status", false,
    { 861980000, "On Track", 0 }, { 861980001, "At Risk", 0 }, { 861980002, "Blocked", 0 },
    { 861980003, "Completed", 0 }, { 861980004, "Cancelled", 0 }, { 861980005, "Not Started", 0 },
    { 861980007, "Closed as Incomplete", 0 });

SET(commitment, "msp_engagementmilestone_msp_commitmentrecommendation", "Commitment Recommendation",
    { 861980000, "Uncommitted", 0 }, { 861980001, "Committed", 0 });

GLOBAL(milestone_category, "msp_milestonecategory", "Milestone Category", true,
    { 861980000, "POC/Pilot", 0 }, { 861980001, "Production", 0 }, { 861980002, "Usage", 0 });

GLOBAL(capacity_type, "msp_azurecapacitytype", "Azure Capacity Type", false,
    { 861980080, "General purpose compute", 0 }, { 861980081, "Accelerated compute", 0 },
    { 861980082, "Storage", 0 }, { 861980083, "Database", 0 });

SET(nonrecurring, "msp_engagementmilestone_msp_nonrecurring", "Non-recurring",
    { 0, "No", 0 }, { 1, "Yes", 0 });

GLOBAL(task_category, "msp_taskcategory", "Task Category", false,
    { 606820005, "Technical Close/Win Plan", 0 }, { 861980001, "Workshop", 0 },
    { 861980002, "Demo", 0 }, { 861980004, "Architecture Design Session", 0 },
    { 861980005, "PoC/Pilot", 0 }, { 861980006, "Blocker Escalation", 0 },
    { 861980007, "Consumption Plan", 0 }, { 861980008, "Briefing", 0 });

SET(task_state, "task_statecode", "Activity Status",
    { 0, "Open", 2 }, { 1, "Completed", 5 }, { 2, "Cancelled", 6 });
SET(task_status, "task_statuscode", "Status Reason",
    { 2, "Not Started", 0 }, { 3, "In Progress", 0 }, { 4, "Waiting on someone else", 0 },
    { 5, "Completed", 1 }, { 6, "Cancelled", 2 }, { 7, "Deferred", 0 });
SET(priority, "task_prioritycode", "Priority", { 0, "Low", 0 }, { 1, "Normal", 0 }, { 2, "High", 0 });

GLOBAL(sales_play, "msp_salesplay", "Sales Play", false,
    { 861980000, "Migrate and Modernize", 0 }, { 861980001, "Build and Modernize AI Apps", 0 },
    { 861980002, "Unify Your Data Platform", 0 }, { 861980003, "Innovate with Azure AI", 0 },
    { 861980004, "Modern Security Operations", 0 }, { 861980005, "Data Security", 0 },
    { 861980006, "Secure AI Productivity", 0 }, { 861980007, "Business Process Agents", 0 });

SET(opportunity_state, "opportunity_statecode", "Status", { 0, "Open", 1 }, { 1, "Won", 3 }, { 2, "Lost", 4 });
SET(opportunity_status, "opportunity_statuscode", "Status Reason",
    { 1, "In Progress", 0 }, { 2, "On Hold", 0 }, { 3, "Won", 1 }, { 4, "Canceled", 2 },
    { 5, "Out-Sold", 2 });

SET(plain_state, "statecode", "Status", { 0, "Active", 1 }, { 1, "Inactive", 2 });
SET(plain_status, "statuscode", "Status Reason", { 1, "Active", 0 }, { 2, "Inactive", 1 });

SET(industry, "account_industrycode", "Industry",
    { 1, "Accounting", 0 }, { 6, "Business Services", 0 }, { 7, "Consulting", 0 },
    { 11, "Distributors, Dispatchers and Processors", 0 }, { 16, "Financial", 0 },
    { 18, "Insurance", 0 }, { 22, "Outbound Consumer Service", 0 }, { 26, "Service Retail", 0 },
    { 30, "Transportation", 0 }, { 33, "Wholesale", 0 });

SET(disabled, "systemuser_isdisabled", "Status", { 0, "Enabled", 0 }, { 1, "Disabled", 0 });
SET(yes_no, "yes_no", "Yes or No", { 0, "No", 0 }, { 1, "Yes", 0 });
SET(team_type, "team_teamtype", "Team Type", { 0, "Owner", 0 }, { 1, "Access", 0 });
SET(stage_category, "processstage_category", "Stage Category",
    { 0, "Qualify", 0 }, { 1, "Develop", 0 }, { 2, "Propose", 0 }, { 3, "Close", 0 }, { 4, "Identify", 0 },
    { 5, "Research", 0 }, { 6, "Resolve", 0 });
/* clang-format on */

const struct sb_optionset *const sb_global_sets[] = {
    &sb_set_milestone_status, &sb_set_milestone_category, &sb_set_capacity_type,
    &sb_set_task_category,    &sb_set_sales_play,
};
const size_t sb_n_global_sets = COUNT(sb_global_sets);
