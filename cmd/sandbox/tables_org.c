/* The tables around the sellers' work: people, teams, units, currencies, stages, workloads. */
#include "options.h"

/* clang-format off */
BY(user_created, "systemuser", "createdby");
BY(user_modified, "systemuser", "modifiedby");
static const struct sb_target user_unit[] = {
    { "businessunit", "businessunitid", NULL, "business_unit_system_users", "business_unit_system_users" } };
static const struct sb_target user_manager[] = {
    { "systemuser", "parentsystemuserid", NULL, "user_parent_user", "user_parent_user" } };

static const struct sb_attr systemuser_attrs[] = {
    KEY("systemuserid", "SystemUserId", "User"),
    TEXT("fullname", "FullName", "Full Name", SB_REQUIRED, 200),
    TEXT("firstname", "FirstName", "First Name", SB_OPTIONAL, 256),
    TEXT("lastname", "LastName", "Last Name", SB_OPTIONAL, 256),
    TEXT("internalemailaddress", "InternalEMailAddress", "Primary Email", SB_OPTIONAL, 100),
    TEXT("domainname", "DomainName", "User Name", SB_OPTIONAL, 1024),
    TEXT("title", "Title", "Title", SB_OPTIONAL, 128),
    TEXT("jobtitle", "JobTitle", "Job Title", SB_OPTIONAL, 100),
    PLAIN("azureactivedirectoryobjectid", "AzureActiveDirectoryObjectId", "Azure AD Object ID", SB_GUID),
    LINK("businessunitid", "BusinessUnitId", "Business Unit", SB_LOOKUP, SB_OPTIONAL, user_unit),
    LINK("parentsystemuserid", "ParentSystemUserId", "Manager", SB_LOOKUP, SB_OPTIONAL, user_manager),
    CHOICE("isdisabled", "IsDisabled", "Status", SB_BOOLEAN, SB_OPTIONAL, sb_set_disabled),
    STAMPS(user_created, user_modified),
};
const struct sb_table sb_table_systemuser = { "systemuser", "systemusers", "SystemUser", "User", "Users", "systemuserid",
    "fullname", "systemuser", 8, SB_CHANGES, systemuser_attrs, COUNT(systemuser_attrs) };

BY(team_created, "team", "createdby");
BY(team_modified, "team", "modifiedby");
static const struct sb_target team_unit[] = {
    { "businessunit", "businessunitid", NULL, "business_unit_teams", "business_unit_teams" } };
static const struct sb_attr team_attrs[] = {
    KEY("teamid", "TeamId", "Team"),
    TEXT("name", "Name", "Team Name", SB_REQUIRED, 160),
    LONGTEXT("description", "Description", "Description", 2000),
    CHOICE("teamtype", "TeamType", "Team Type", SB_PICKLIST, SB_OPTIONAL, sb_set_team_type),
    LINK("businessunitid", "BusinessUnitId", "Business Unit", SB_LOOKUP, SB_OPTIONAL, team_unit),
    STAMPS(team_created, team_modified),
};
const struct sb_table sb_table_team = { "team", "teams", "Team", "Team", "Teams", "teamid", "name", "team", 9, 0, team_attrs,
    COUNT(team_attrs) };

BY(unit_created, "businessunitbase", "createdby");
BY(unit_modified, "businessunitbase", "modifiedby");
static const struct sb_target unit_parent[] = {
    { "businessunit", "parentbusinessunitid", NULL, "business_unit_parent_business_unit", "business_unit_parent_business_unit" } };
static const struct sb_attr businessunit_attrs[] = {
    KEY("businessunitid", "BusinessUnitId", "Business Unit"),
    TEXT("name", "Name", "Name", SB_REQUIRED, 160),
    LINK("parentbusinessunitid", "ParentBusinessUnitId", "Parent Business", SB_LOOKUP, SB_OPTIONAL, unit_parent),
    STAMPS(unit_created, unit_modified),
};
const struct sb_table sb_table_businessunit = { "businessunit", "businessunits", "BusinessUnit", "Business Unit",
    "Business Units", "businessunitid", "name", "businessunit", 10, 0, businessunit_attrs, COUNT(businessunit_attrs) };

OWNER_TO(dealteam_owner, "msp_dealteam");
BY(dealteam_created, "msp_dealteam", "createdby");
BY(dealteam_modified, "msp_dealteam", "modifiedby");
static const struct sb_target dealteam_user[] = {
    { "systemuser", "msp_DealTeamUserId", NULL, "msp_systemuser_msp_dealteam_DealTeamUserId",
      "msp_systemuser_msp_dealteam_DealTeamUserId" } };
static const struct sb_target dealteam_opportunity[] = {
    { "opportunity", "msp_ParentOpportunityId", NULL, "msp_opportunity_msp_dealteam_ParentOpportunityId",
      "msp_opportunity_msp_dealteam_ParentOpportunityId" } };
static const struct sb_attr dealteam_attrs[] = {
    KEY("msp_dealteamid", "msp_dealteamId", "Deal Team"),
    TEXT("msp_name", "msp_Name", "Name", SB_OPTIONAL, 200),
    LINK("msp_dealteamuserid", "msp_DealTeamUserId", "Deal Team User", SB_LOOKUP, SB_REQUIRED, dealteam_user),
    LINK("msp_parentopportunityid", "msp_ParentOpportunityId", "Opportunity", SB_LOOKUP, SB_REQUIRED, dealteam_opportunity),
    CHOICE("msp_isowner", "msp_IsOwner", "Is Owner", SB_BOOLEAN, SB_OPTIONAL, sb_set_yes_no),
    PLAIN("msp_dateadded", "msp_DateAdded", "Date Added", SB_DATE),
    LINK("ownerid", "OwnerId", "Owner", SB_OWNER, SB_SYSTEM, dealteam_owner),
    CHOICE("statecode", "statecode", "Status", SB_STATE, SB_SYSTEM, sb_set_plain_state),
    CHOICE("statuscode", "statuscode", "Status Reason", SB_STATUS, SB_OPTIONAL, sb_set_plain_status),
    STAMPS(dealteam_created, dealteam_modified),
};
const struct sb_table sb_table_dealteam = { "msp_dealteam", "msp_dealteams", "msp_dealteam", "Deal Team", "Deal Teams",
    "msp_dealteamid", "msp_name", "msp_dealteam", 10460, SB_OWNED | SB_CHANGES | SB_CUSTOM, dealteam_attrs, COUNT(dealteam_attrs) };

BY(workload_created, "msp_workload", "createdby");
BY(workload_modified, "msp_workload", "modifiedby");
static const struct sb_attr workload_attrs[] = {
    KEY("msp_workloadid", "msp_workloadId", "Workload"),
    TEXT("msp_name", "msp_Name", "Name", SB_REQUIRED, 200),
    TEXT("msp_solutionarea", "msp_SolutionArea", "Solution Area", SB_OPTIONAL, 100),
    CHOICE("statecode", "statecode", "Status", SB_STATE, SB_SYSTEM, sb_set_plain_state),
    CHOICE("statuscode", "statuscode", "Status Reason", SB_STATUS, SB_OPTIONAL, sb_set_plain_status),
    STAMPS(workload_created, workload_modified),
};
const struct sb_table sb_table_workload = { "msp_workload", "msp_workloads", "msp_workload", "Workload", "Workloads",
    "msp_workloadid", "msp_name", "msp_workload", 10470, SB_CUSTOM, workload_attrs, COUNT(workload_attrs) };

BY(currency_created, "transactioncurrency", "createdby");
BY(currency_modified, "transactioncurrency", "modifiedby");
static const struct sb_attr currency_attrs[] = {
    KEY("transactioncurrencyid", "TransactionCurrencyId", "Transaction Currency"),
    TEXT("currencyname", "CurrencyName", "Currency Name", SB_REQUIRED, 100),
    TEXT("isocurrencycode", "ISOCurrencyCode", "Currency Code", SB_REQUIRED, 5),
    TEXT("currencysymbol", "CurrencySymbol", "Currency Symbol", SB_REQUIRED, 13),
    PLAIN("currencyprecision", "CurrencyPrecision", "Currency Precision", SB_INTEGER),
    { .name = "exchangerate", .schema = "ExchangeRate", .label = "Exchange Rate", .type = SB_DECIMAL, .max = 10 },
    STAMPS(currency_created, currency_modified),
};
const struct sb_table sb_table_currency = { "transactioncurrency", "transactioncurrencies", "TransactionCurrency", "Currency",
    "Currencies", "transactioncurrencyid", "currencyname", "transactioncurrency", 9105, 0, currency_attrs, COUNT(currency_attrs) };

BY(organization_created, "organizationbase", "createdby");
BY(organization_modified, "organizationbase", "modifiedby");
static const struct sb_attr organization_attrs[] = {
    KEY("organizationid", "OrganizationId", "Organization"),
    TEXT("name", "Name", "Organization Name", SB_REQUIRED, 160),
    PLAIN("languagecode", "LanguageCode", "Language", SB_INTEGER),
    PLAIN("expirechangetrackingindays", "ExpireChangeTrackingInDays", "Days to Expire Change Tracking", SB_INTEGER),
    STAMPS(organization_created, organization_modified),
};
const struct sb_table sb_table_organization = { "organization", "organizations", "Organization", "Organization", "Organizations",
    "organizationid", "name", "organization", 1019, SB_TABLE_READ_ONLY, organization_attrs, COUNT(organization_attrs) };

static const struct sb_attr processstage_attrs[] = {
    KEY("processstageid", "ProcessStageId", "Process Stage"),
    TEXT("stagename", "StageName", "Stage Name", SB_REQUIRED, 100),
    CHOICE("stagecategory", "StageCategory", "Stage Category", SB_PICKLIST, SB_OPTIONAL, sb_set_stage_category),
    TEXT("primaryentitytypecode", "PrimaryEntityTypeCode", "Primary Entity", SB_OPTIONAL, 64),
    { .name = "versionnumber", .schema = "VersionNumber", .label = "Version Number", .type = SB_BIGINT, .flags = SB_READ_ONLY },
};
const struct sb_table sb_table_processstage = { "processstage", "processstages", "ProcessStage", "Process Stage", "Process Stages",
    "processstageid", "stagename", "processstage", 4724, SB_TABLE_READ_ONLY, processstage_attrs, COUNT(processstage_attrs) };

static const struct sb_attr appmodule_attrs[] = {
    KEY("appmoduleid", "AppModuleId", "App Module"),
    TEXT("name", "Name", "Name", SB_REQUIRED, 100),
    TEXT("uniquename", "UniqueName", "Unique Name", SB_REQUIRED, 100),
    TEXT("url", "URL", "URL", SB_OPTIONAL, 200),
    LONGTEXT("description", "Description", "Description", 2000),
    { .name = "versionnumber", .schema = "VersionNumber", .label = "Version Number", .type = SB_BIGINT, .flags = SB_READ_ONLY },
};
const struct sb_table sb_table_appmodule = { "appmodule", "appmodules", "AppModule", "Model-driven App", "Model-driven Apps",
    "appmoduleid", "name", "appmodule", 9700, SB_TABLE_READ_ONLY, appmodule_attrs, COUNT(appmodule_attrs) };
/* clang-format on */

const struct sb_table *const sb_tables[] = {
    &sb_table_account,      &sb_table_activitypointer,
    &sb_table_appmodule,    &sb_table_businessunit,
    &sb_table_dealteam,     &sb_table_milestone,
    &sb_table_opportunity,  &sb_table_organization,
    &sb_table_processstage, &sb_table_systemuser,
    &sb_table_task,         &sb_table_team,
    &sb_table_currency,     &sb_table_workload,
};
const size_t sb_n_tables = COUNT(sb_tables);
