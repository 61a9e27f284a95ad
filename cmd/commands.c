/* The one ordered list of commands. Adding one: its file, its line here. */
#include "commands.h"

#include <string.h>

const struct cmd *const commands[] = {
    &cmd_whoami,
    &cmd_accounts_list,
    &cmd_opportunities_list,
    &cmd_milestones_list,
    &cmd_milestones_show,
    &cmd_milestones_create,
    &cmd_milestones_update,
    &cmd_tasks_list,
    &cmd_tasks_statuses,
    &cmd_tasks_create,
    &cmd_tasks_update,
    &cmd_tasks_close,
    &cmd_get,
    &cmd_query,
    &cmd_schema,
    &cmd_skill_list,
    &cmd_skill_run,
    &cmd_plan_list,
    &cmd_plan_show,
    &cmd_plan_drop,
    &cmd_plan_edit,
    &cmd_diff,
    &cmd_apply,
    &cmd_auth_status,
    &cmd_auth_token,
    &cmd_auth_logout,
    &cmd_config_list,
    &cmd_config_get,
    &cmd_config_set,
    &cmd_config_path,
    &cmd_sandbox_start,
    &cmd_sandbox_stop,
    &cmd_sandbox_status,
    &cmd_sandbox_reset,
    &cmd_sandbox_load,
    &cmd_introspect,
    &cmd_version,
    &cmd_help,
    NULL,
};

/* Words of path that argv begins with; 0: not this command. */
static int matches(const char *path, char **words, int n)
{
    int used = 0;

    while (*path) {
        size_t len = strcspn(path, " ");

        if (used >= n || strlen(words[used]) != len || memcmp(words[used], path, len) != 0)
            return 0;
        used++;
        path += len;
        path += *path == ' ';
    }
    return used;
}

const struct cmd *cmd_find(char **words, int n, int *words_out)
{
    const struct cmd *best = NULL;

    for (const struct cmd *const *c = commands; *c; c++) {
        int used = matches((*c)->path, words, n);

        if (used && (!best || used > *words_out)) {
            best = *c;
            *words_out = used;
        }
    }
    return best;
}

bool cmd_is_group(const char *word)
{
    size_t n = strlen(word);

    for (const struct cmd *const *c = commands; *c; c++)
        if (strncmp((*c)->path, word, n) == 0 && (*c)->path[n] == ' ')
            return true;
    return false;
}
