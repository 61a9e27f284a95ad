/* Every command row; the order is in commands.c. */
#ifndef MSXOPS_COMMANDS_H
#define MSXOPS_COMMANDS_H

#include "cmd.h"

extern const struct cmd cmd_whoami;
extern const struct cmd cmd_accounts_list;
extern const struct cmd cmd_opportunities_list;
extern const struct cmd cmd_milestones_list;
extern const struct cmd cmd_milestones_show;
extern const struct cmd cmd_milestones_create;
extern const struct cmd cmd_milestones_update;
extern const struct cmd cmd_tasks_list;
extern const struct cmd cmd_tasks_statuses;
extern const struct cmd cmd_tasks_create;
extern const struct cmd cmd_tasks_update;
extern const struct cmd cmd_tasks_close;
extern const struct cmd cmd_get;
extern const struct cmd cmd_query;
extern const struct cmd cmd_schema;
extern const struct cmd cmd_skill_list;
extern const struct cmd cmd_skill_run;
extern const struct cmd cmd_plan_list;
extern const struct cmd cmd_plan_show;
extern const struct cmd cmd_plan_drop;
extern const struct cmd cmd_plan_edit;
extern const struct cmd cmd_diff;
extern const struct cmd cmd_apply;
extern const struct cmd cmd_auth_status;
extern const struct cmd cmd_auth_token;
extern const struct cmd cmd_auth_logout;
extern const struct cmd cmd_config_list;
extern const struct cmd cmd_config_get;
extern const struct cmd cmd_config_set;
extern const struct cmd cmd_config_path;
extern const struct cmd cmd_sandbox_start;
extern const struct cmd cmd_sandbox_stop;
extern const struct cmd cmd_sandbox_status;
extern const struct cmd cmd_sandbox_reset;
extern const struct cmd cmd_sandbox_load;
extern const struct cmd cmd_introspect;
extern const struct cmd cmd_version;
extern const struct cmd cmd_help;

#endif
