/* The tables that sellers work with: account, opportunity, milestone, task. */
#include "options.h"

/* clang-format off */
OWNER_TO(account_owner, "accounts");
BY(account_created, "accountbase", "createdby");
BY(account_modified, "accountbase", "modifiedby");
static const struct sb_target account_parent[] = {
    { "account", "parentaccountid", NULL, "account_parent_account", "account_parent_account" } };
static const struct sb_target account_currency[] = {
    { "transactioncurrency", "transactioncurrencyid", NULL, "transactioncurrency_account", "transactioncurrency_account" } };

static const struct sb_attr account_attrs[] = {
    KEY("accountid", "AccountId", "Account"),
    TEXT("name", "Name", "Account Name", SB_REQUIRED, 160),
    TEXT("accountnumber", "AccountNumber", "Account Number", SB_OPTIONAL, 20),
    TEXT("msp_mstopparentid", "msp_MSTopParentId", "MS Top Parent ID", SB_OPTIONAL, 100),
    LINK("parentaccountid", "ParentAccountId", "Parent Account", SB_LOOKUP, SB_OPTIONAL, account_parent),
    LINK("ownerid", "OwnerId", "Owner", SB_OWNER, SB_SYSTEM, account_owner),
    CHOICE("industrycode", "IndustryCode", "Industry", SB_PICKLIST, SB_OPTIONAL, sb_set_industry),
    TEXT("websiteurl", "WebSiteURL", "Website", SB_OPTIONAL, 200),
    TEXT("emailaddress1", "EMailAddress1", "Email", SB_OPTIONAL, 100),
    TEXT("telephone1", "Telephone1", "Main Phone", SB_OPTIONAL, 50),
    TEXT("address1_city", "Address1_City", "Address 1: City", SB_OPTIONAL, 80),
    TEXT("address1_country", "Address1_Country", "Address 1: Country/Region", SB_OPTIONAL, 80),
    PLAIN("numberofemployees", "NumberOfEmployees", "Number of Employees", SB_INTEGER),
    { .name = "revenue", .schema = "Revenue", .label = "Annual Revenue", .type = SB_MONEY, .max = 2 },
    LINK("transactioncurrencyid", "TransactionCurrencyId", "Currency", SB_LOOKUP, SB_OPTIONAL, account_currency),
    LONGTEXT("description", "Description", "Description", 2000),
    CHOICE("statecode", "StateCode", "Status", SB_STATE, SB_SYSTEM, sb_set_plain_state),
    CHOICE("statuscode", "StatusCode", "Status Reason", SB_STATUS, SB_OPTIONAL, sb_set_plain_status),
    STAMPS(account_created, account_modified),
};
const struct sb_table sb_table_account = { "account", "accounts", "Account", "Account", "Accounts", "accountid", "name",
    "account", 1, SB_OWNED | SB_CHANGES, account_attrs, COUNT(account_attrs) };

OWNER_TO(opportunity_owner, "opportunities");
BY(opportunity_created, "opportunitybase", "createdby");
BY(opportunity_modified, "opportunitybase", "modifiedby");
static const struct sb_target opportunity_account[] = {
    { "account", "parentaccountid", NULL, "opportunity_parent_account", "opportunity_parent_account" } };
static const struct sb_target opportunity_customer[] = {
    { "account", "customerid_account", NULL, "opportunity_customer_accounts", "opportunity_customer_accounts" } };
static const struct sb_target opportunity_currency[] = {
    { "transactioncurrency", "transactioncurrencyid", NULL, "transactioncurrency_opportunity", "transactioncurrency_opportunity" } };
/* a plain identifier to clients: the stage's name is only its label */
static const struct sb_target opportunity_stage[] = { { "processstage", NULL, NULL, NULL, NULL } };

static const struct sb_attr opportunity_attrs[] = {
    KEY("opportunityid", "OpportunityId", "Opportunity"),
    TEXT("name", "Name", "Topic", SB_REQUIRED, 300),
    PLAIN("estimatedclosedate", "EstimatedCloseDate", "Est. Close Date", SB_DATE),
    PLAIN("actualclosedate", "ActualCloseDate", "Actual Close Date", SB_DATE),
    PLAIN("msp_eststartdate", "msp_EstStartDate", "Est. Start Date", SB_DATE),
    PLAIN("msp_estcompletiondate", "msp_EstCompletionDate", "Est. Completion Date", SB_DATE),
    { .name = "msp_consumptionconsumedrecurring", .schema = "msp_ConsumptionConsumedRecurring",
      .label = "Consumed Recurring", .type = SB_DECIMAL, .max = 2 },
    { .name = "estimatedvalue", .schema = "EstimatedValue", .label = "Est. Revenue", .type = SB_MONEY, .max = 2 },
    PLAIN("closeprobability", "CloseProbability", "Probability", SB_INTEGER),
    CHOICE("msp_salesplay", "msp_SalesPlay", "Sales Play", SB_PICKLIST, SB_RECOMMENDED, sb_set_sales_play),
    TEXT("msp_activesalesstage", "msp_ActiveSalesStage", "Active Sales Stage", SB_OPTIONAL, 100),
    TEXT("stepname", "StepName", "Pipeline Phase", SB_OPTIONAL, 200),
    { .name = "activestageid", .schema = "ActiveStageId", .label = "Active Stage", .type = SB_GUID,
      .target = opportunity_stage, .n_targets = 1 },
    LINK("parentaccountid", "ParentAccountId", "Account", SB_LOOKUP, SB_OPTIONAL, opportunity_account),
    LINK("customerid", "CustomerId", "Potential Customer", SB_CUSTOMER, SB_OPTIONAL, opportunity_customer),
    LINK("ownerid", "OwnerId", "Owner", SB_OWNER, SB_SYSTEM, opportunity_owner),
    LINK("transactioncurrencyid", "TransactionCurrencyId", "Currency", SB_LOOKUP, SB_OPTIONAL, opportunity_currency),
    LONGTEXT("description", "Description", "Description", 2000),
    CHOICE("statecode", "StateCode", "Status", SB_STATE, SB_SYSTEM, sb_set_opportunity_state),
    CHOICE("statuscode", "StatusCode", "Status Reason", SB_STATUS, SB_OPTIONAL, sb_set_opportunity_status),
    STAMPS(opportunity_created, opportunity_modified),
};
const struct sb_table sb_table_opportunity = { "opportunity", "opportunities", "Opportunity", "Opportunity", "Opportunities",
    "opportunityid", "name", "opportunity", 3, SB_OWNED | SB_CHANGES, opportunity_attrs, COUNT(opportunity_attrs) };

OWNER_TO(milestone_owner, "msp_engagementmilestone");
BY(milestone_created, "msp_engagementmilestone", "createdby");
BY(milestone_modified, "msp_engagementmilestone", "modifiedby");
static const struct sb_target milestone_opportunity[] = {
    { "opportunity", "msp_OpportunityId", NULL, "msp_opportunity_msp_engagementmilestone_OpportunityId",
      "msp_opportunity_msp_engagementmilestone_OpportunityId" } };
static const struct sb_target milestone_workload[] = {
    { "msp_workload", "msp_WorkloadlkId", NULL, "msp_msp_workload_msp_engagementmilestone_WorkloadlkId",
      "msp_msp_workload_msp_engagementmilestone_WorkloadlkId" } };
static const struct sb_target milestone_account[] = {
    { "account", "msp_ParentAccount", NULL, "msp_account_msp_engagementmilestone_ParentAccount",
      "msp_account_msp_engagementmilestone_ParentAccount" } };
static const struct sb_target milestone_currency[] = {
    { "transactioncurrency", "transactioncurrencyid", NULL, "TransactionCurrency_msp_engagementmilestone",
      "TransactionCurrency_msp_engagementmilestone" } };

static const struct sb_attr milestone_attrs[] = {
    KEY("msp_engagementmilestoneid", "msp_engagementmilestoneId", "Milestone"),
    { .name = "msp_milestonenumber", .schema = "msp_MilestoneNumber", .label = "Milestone Number", .type = SB_STRING,
      .max = 100, .flags = SB_AUTONUMBER },
    TEXT("msp_name", "msp_Name", "Name", SB_REQUIRED, 300),
    LINK("msp_opportunityid", "msp_OpportunityId", "Opportunity", SB_LOOKUP, SB_REQUIRED, milestone_opportunity),
    LINK("msp_workloadlkid", "msp_WorkloadlkId", "Workload", SB_LOOKUP, SB_RECOMMENDED, milestone_workload),
    LINK("msp_parentaccount", "msp_ParentAccount", "Parent Account", SB_LOOKUP, SB_OPTIONAL, milestone_account),
    CHOICE("msp_commitmentrecommendation", "msp_CommitmentRecommendation", "Customer Commitment", SB_PICKLIST, SB_OPTIONAL, sb_set_commitment),
    CHOICE("msp_milestonecategory", "msp_MilestoneCategory", "Milestone Category", SB_PICKLIST, SB_REQUIRED, sb_set_milestone_category),
    { .name = "msp_monthlyuse", .schema = "msp_MonthlyUse", .label = "Est. Monthly Use", .type = SB_DECIMAL, .max = 2 },
    { .name = "msp_milestonedate", .schema = "msp_MilestoneDate", .label = "Est. Date", .type = SB_DATE, .need = SB_REQUIRED },
    CHOICE("msp_milestonestatus", "msp_MilestoneStatus", "Milestone Status", SB_PICKLIST, SB_OPTIONAL, sb_set_milestone_status),
    LONGTEXT("msp_forecastcomments", "msp_ForecastComments", "Milestone Comments", 100000),
    LONGTEXT("msp_forecastcommentsjsonfield", "msp_ForecastCommentsJsonField", "Milestone Comments History", 1048576),
    CHOICE("msp_nonrecurring", "msp_NonRecurring", "Non-recurring", SB_BOOLEAN, SB_OPTIONAL, sb_set_nonrecurring),
    CHOICE("msp_milestoneazurecapacitytype", "msp_MilestoneAzureCapacityType", "Azure Capacity Type", SB_MULTI, SB_OPTIONAL, sb_set_capacity_type),
    LINK("ownerid", "OwnerId", "Owner", SB_OWNER, SB_SYSTEM, milestone_owner),
    LINK("transactioncurrencyid", "TransactionCurrencyId", "Currency", SB_LOOKUP, SB_OPTIONAL, milestone_currency),
    CHOICE("statecode", "statecode", "Status", SB_STATE, SB_SYSTEM, sb_set_plain_state),
    CHOICE("statuscode", "statuscode", "Status Reason", SB_STATUS, SB_OPTIONAL, sb_set_plain_status),
    STAMPS(milestone_created, milestone_modified),
};
const struct sb_table sb_table_milestone = { "msp_engagementmilestone", "msp_engagementmilestones", "msp_engagementmilestone",
    "Engagement Milestone", "Engagement Milestones", "msp_engagementmilestoneid", "msp_name", "msp_engagementmilestone", 10456,
    SB_OWNED | SB_CHANGES | SB_CUSTOM, milestone_attrs, COUNT(milestone_attrs) };

OWNER_TO(task_owner, "task");
BY(task_created, "task", "createdby");
BY(task_modified, "task", "modifiedby");
static const struct sb_target task_regarding[] = {
    { "msp_engagementmilestone", "regardingobjectid_msp_engagementmilestone_task", "regardingobjectid_msp_engagementmilestone",
      "msp_engagementmilestone_Tasks", "msp_engagementmilestone_Tasks" },
    { "opportunity", "regardingobjectid_opportunity_task", "regardingobjectid_opportunity", "Opportunity_Tasks", "Opportunity_Tasks" },
    { "account", "regardingobjectid_account_task", "regardingobjectid_account", "Account_Tasks", "Account_Tasks" } };

static const struct sb_attr task_attrs[] = {
    KEY("activityid", "ActivityId", "Task"),
    TEXT("subject", "Subject", "Subject", SB_REQUIRED, 200),
    LONGTEXT("description", "Description", "Description", 2000),
    PLAIN("scheduledstart", "ScheduledStart", "Start Date", SB_DATETIME),
    PLAIN("scheduledend", "ScheduledEnd", "Due Date", SB_DATETIME),
    { .name = "actualend", .schema = "ActualEnd", .label = "Actual End", .type = SB_DATETIME, .flags = SB_DATE_FORMAT },
    CHOICE("msp_taskcategory", "msp_TaskCategory", "Task Category", SB_PICKLIST, SB_OPTIONAL, sb_set_task_category),
    TEXT("category", "Category", "Category", SB_OPTIONAL, 250),
    TEXT("subcategory", "Subcategory", "Sub-Category", SB_OPTIONAL, 250),
    CHOICE("prioritycode", "PriorityCode", "Priority", SB_PICKLIST, SB_OPTIONAL, sb_set_priority),
    PLAIN("percentcomplete", "PercentComplete", "Percent Complete", SB_INTEGER),
    LINK("regardingobjectid", "RegardingObjectId", "Regarding", SB_LOOKUP, SB_OPTIONAL, task_regarding),
    LINK("ownerid", "OwnerId", "Owner", SB_OWNER, SB_SYSTEM, task_owner),
    CHOICE("statecode", "StateCode", "Activity Status", SB_STATE, SB_SYSTEM, sb_set_task_state),
    CHOICE("statuscode", "StatusCode", "Status Reason", SB_STATUS, SB_OPTIONAL, sb_set_task_status),
    { .name = "activitytypecode", .schema = "ActivityTypeCode", .label = "Activity Type", .type = SB_STRING,
      .flags = SB_READ_ONLY | SB_VIRTUAL, .fixed = "task" },
    STAMPS(task_created, task_modified),
};
const struct sb_table sb_table_task = { "task", "tasks", "Task", "Task", "Tasks", "activityid", "subject", "task", 4212,
    SB_OWNED | SB_CHANGES | SB_ACTIVITY, task_attrs, COUNT(task_attrs) };

/* the base of every activity: here, of tasks only */
OWNER_TO(pointer_owner, "activity");
BY(pointer_created, "activitypointer", "createdby");
BY(pointer_modified, "activitypointer", "modifiedby");
static const struct sb_target pointer_regarding[] = {
    { "msp_engagementmilestone", "regardingobjectid_msp_engagementmilestone", NULL,
      "msp_engagementmilestone_ActivityPointers", "msp_engagementmilestone_ActivityPointers" },
    { "opportunity", "regardingobjectid_opportunity", NULL, "Opportunity_ActivityPointers", "Opportunity_ActivityPointers" },
    { "account", "regardingobjectid_account", NULL, "Account_ActivityPointers", "Account_ActivityPointers" } };

static const struct sb_attr pointer_attrs[] = {
    KEY("activityid", "ActivityId", "Activity"),
    TEXT("subject", "Subject", "Subject", SB_REQUIRED, 400),
    LONGTEXT("description", "Description", "Description", 2000),
    PLAIN("scheduledstart", "ScheduledStart", "Start Date", SB_DATETIME),
    PLAIN("scheduledend", "ScheduledEnd", "Due Date", SB_DATETIME),
    PLAIN("actualend", "ActualEnd", "Actual End", SB_DATETIME),
    CHOICE("prioritycode", "PriorityCode", "Priority", SB_PICKLIST, SB_OPTIONAL, sb_set_priority),
    LINK("regardingobjectid", "RegardingObjectId", "Regarding", SB_LOOKUP, SB_OPTIONAL, pointer_regarding),
    LINK("ownerid", "OwnerId", "Owner", SB_OWNER, SB_SYSTEM, pointer_owner),
    CHOICE("statecode", "StateCode", "Activity Status", SB_STATE, SB_SYSTEM, sb_set_task_state),
    CHOICE("statuscode", "StatusCode", "Status Reason", SB_STATUS, SB_OPTIONAL, sb_set_task_status),
    { .name = "activitytypecode", .schema = "ActivityTypeCode", .label = "Activity Type", .type = SB_STRING,
      .flags = SB_READ_ONLY | SB_VIRTUAL, .fixed = "task" },
    STAMPS(pointer_created, pointer_modified),
};
const struct sb_table sb_table_activitypointer = { "activitypointer", "activitypointers", "ActivityPointer", "Activity",
    "Activities", "activityid", "subject", "task", 4200, SB_OWNED | SB_ACTIVITY | SB_TABLE_READ_ONLY, pointer_attrs,
    COUNT(pointer_attrs) };
/* clang-format on */
