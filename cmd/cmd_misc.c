/* introspect, version, help. */
#include "commands.h"

#include <string.h>

#include "msxops/mem.h"

static enum msx_code run_introspect(struct app *app, const void *opts, char **args, size_t nargs,
                                    struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *doc = introspect();

    (void)opts, (void)args, (void)nargs;
    if (!doc)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (!app->g.output)
        app->g.output = "json";
    return out_result(app, doc, &(struct view){ "commands", NULL, NULL }, err);
}

static enum msx_code run_version(struct app *app, const void *opts, char **args, size_t nargs,
                                 struct msx_error *err)
{
    static const char text[] = "msxops " MSXOPS_VERSION "\n";

    (void)opts, (void)args, (void)nargs;
    if (app->g.jq || (app->g.output && strcmp(app->g.output, "json") == 0)) {
        MSX_AUTO(msx_json_free_p) json_t *v = json_pack("{s:s}", "version", MSXOPS_VERSION);

        return out_result(app, v, &(struct view){ 0 }, err);
    }
    return out_text(app, text, sizeof text - 1, err);
}

static enum msx_code run_help(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    int used = 0;
    const struct cmd *c = nargs ? cmd_find(args, (int)nargs, &used) : NULL;

    (void)app, (void)opts;
    if (!nargs)
        help_overview(stdout);
    else if (c && used == (int)nargs)
        help_command(stdout, c);
    else if (nargs == 1 && (cmd_is_group(args[0]) || strcmp(args[0], "options") == 0))
        help_group(stdout, args[0]);
    else {
        enum msx_code rc = msx_fail(err, MSX_E_USAGE, "no help for '%s%s%s'", args[0],
                                    nargs > 1 ? " " : "", nargs > 1 ? args[1] : "");

        msx_hint(err, "msxops help");
        return rc;
    }
    return MSX_OK;
}

const struct cmd cmd_introspect = {
    .path = "introspect",
    .summary = "print all commands and tools as JSON",
    .about = "Print the table of commands with their options and the registry of tools with the "
             "JSON Schema of their parameters.",
    .args = "",
    .effect = CMD_READS,
    .examples = (const char *const[]){ "msxops introspect -q '.tools[].name'", NULL },
    .run = run_introspect,
};
const struct cmd cmd_version = {
    .path = "version",
    .summary = "print the version",
    .about = "Print the version of the program.",
    .args = "",
    .effect = CMD_READS,
    .examples = (const char *const[]){ "msxops version", NULL },
    .run = run_version,
};
const struct cmd cmd_help = {
    .path = "help",
    .summary = "explain a command",
    .about = "Explain a command, a group of commands, or with 'options' the global options.",
    .args = "[COMMAND...]",
    .max_args = -1,
    .effect = CMD_READS,
    .examples = (const char *const[]){ "msxops help milestones update", NULL },
    .run = run_help,
};
