/* What is made from the tables: help pages and the introspection document. */
#include "cmd.h"

#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

static const struct {
    const char *title;
    const char *groups; /* first words, blank-separated */
} sections[] = {
    { "Read", " whoami accounts opportunities milestones tasks get query schema " },
    { "Judge", " skill " },
    { "Change", " plan diff apply " },
    { "Set up", " auth config sandbox introspect version help " },
};

static bool in_section(size_t s, const char *path)
{
    size_t n = strcspn(path, " ");
    char word[40];

    if (n + 3 > sizeof word)
        return false;
    word[0] = ' ';
    memcpy(word + 1, path, n);
    word[n + 1] = ' ';
    word[n + 2] = '\0';
    return strstr(sections[s].groups, word) != NULL;
}

/* Print text wrapped at width columns, each line indented. */
static void wrapped(FILE *f, const char *text, size_t indent, size_t width)
{
    size_t col = 0;

    while (*text) {
        size_t n = strcspn(text, " ");

        if (col && col + 1 + n > width - indent) {
            fputc('\n', f);
            col = 0;
        }
        if (!col)
            fprintf(f, "%*s", (int)indent, "");
        else
            fputc(' ', f), col++;
        fprintf(f, "%.*s", (int)n, text);
        col += n;
        text += n;
        text += strspn(text, " ");
    }
    fputc('\n', f);
}

void help_overview(FILE *f)
{
    fputs("msxops - read, judge and change your MSX pipeline\n\n"
          "usage: msxops [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGS]\n",
          f);
    for (size_t s = 0; s < sizeof sections / sizeof *sections; s++) {
        fprintf(f, "\n%s\n", sections[s].title);
        for (const struct cmd *const *c = commands; *c; c++)
            if (in_section(s, (*c)->path))
                fprintf(f, "  %-20s  %s\n", (*c)->path, (*c)->summary);
    }
    fputs("\n'msxops help COMMAND' explains a command, 'msxops help options' what all take.\n", f);
}

static void print_opts(FILE *f, const struct opt *opts)
{
    for (const struct opt *o = opts; o && o->name; o++) {
        char left[64];
        int n = 0;

        if (o->letter)
            n = snprintf(left, sizeof left, "  -%c, --%s", o->letter, o->name);
        else
            n = snprintf(left, sizeof left, "      --%s", o->name);
        if (o->arg && n > 0 && (size_t)n < sizeof left) {
            int more = snprintf(left + n, sizeof left - (size_t)n,
                                o->type == OPT_T_MAYBE ? "[=%s]" : " %s", o->arg);

            n += more > 0 ? more : 0;
        }
        if (n <= 30) {
            fprintf(f, "%-32s", left);
            if (strlen(o->help) + 32 <= 80) {
                fprintf(f, "%s\n", o->help);
                continue;
            }
            fputc('\n', f);
        } else {
            fprintf(f, "%s\n", left);
        }
        wrapped(f, o->help, 10, 80);
    }
}

void help_group(FILE *f, const char *group)
{
    size_t n = strlen(group);

    if (strcmp(group, "options") == 0) {
        fputs("Global options, before or after the command:\n\n", f);
        print_opts(f, global_opts);
        return;
    }
    fprintf(f, "usage: msxops %s COMMAND [OPTIONS] [ARGS]\n\n", group);
    for (const struct cmd *const *c = commands; *c; c++)
        if (strncmp((*c)->path, group, n) == 0 && ((*c)->path[n] == ' ' || !(*c)->path[n]))
            fprintf(f, "  %-20s  %s\n", (*c)->path, (*c)->summary);
}

void help_command(FILE *f, const struct cmd *c)
{
    fprintf(f, "msxops %s - %s\n\nusage: msxops %s%s%s%s\n\n", c->path, c->summary, c->path,
            c->opts && c->opts->name ? " [OPTIONS]" : "", *c->args ? " " : "", c->args);
    wrapped(f, c->about, 0, 80);
    if (c->opts && c->opts->name) {
        fputs("\nOptions\n", f);
        print_opts(f, c->opts);
    }
    fputs("\nExamples\n", f);
    for (const char *const *e = c->examples; e && *e; e++)
        fprintf(f, "  %s\n", *e);
    fputs("\n'msxops help options' lists the options that every command takes.\n", f);
}

static const char *type_name(enum opt_type t)
{
    switch (t) {
    case OPT_T_ON:
        return "flag";
    case OPT_T_TEXT:
    case OPT_T_WORD:
        return "text";
    case OPT_T_LIST:
    case OPT_T_WORDS:
        return "list";
    case OPT_T_NUM:
        return "number";
    case OPT_T_ONE_OF:
        return "choice";
    case OPT_T_MAYBE:
        return "optional";
    }
    return "text";
}

static json_t *opts_json(const struct opt *opts)
{
    json_t *a = json_array();

    for (const struct opt *o = opts; o && o->name; o++) {
        json_t *j = json_pack("{s:s, s:s, s:s}", "name", o->name, "type", type_name(o->type),
                              "help", o->help);
        char letter[2] = { o->letter, 0 };

        if (o->letter)
            json_object_set_new(j, "letter", json_string(letter));
        if (o->arg)
            json_object_set_new(j, "arg", json_string(o->arg));
        if (o->type == OPT_T_NUM)
            json_object_set_new(j, "range",
                                json_pack("[I,I]", (json_int_t)o->lo, (json_int_t)o->hi));
        if (o->values) {
            json_t *v = json_array();

            for (const char *const *s = o->values; *s; s++)
                json_array_append_new(v, json_string(*s));
            json_object_set_new(j, "values", v);
        }
        json_array_append_new(a, j);
    }
    return a;
}

static json_t *cmd_json(const struct cmd *c)
{
    static const char *const effects[] = { "reads", "writes-files", "writes-remote" };
    json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:b, s:s}", "command", c->path, "summary",
                          c->summary, "about", c->about, "args", c->args, "minArgs", c->min_args,
                          "maxArgs", c->max_args, "needsLogin", c->needs == CMD_NEEDS_LOGIN,
                          "effect", effects[c->effect]);
    json_t *ex = json_array();

    for (const char *const *e = c->examples; e && *e; e++)
        json_array_append_new(ex, json_string(*e));
    if (c->tool)
        json_object_set_new(j, "tool", json_string(c->tool));
    json_object_set_new(j, "options", opts_json(c->opts));
    json_object_set_new(j, "examples", ex);
    return j;
}

static json_t *tool_json(const struct msx_tool *t)
{
    static const char *const effects[] = { "reads", "plans", "executes" };

    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s}", "name", t->name, "title", t->title,
                     "description", t->doc, "effect", effects[t->effect], "inputSchema",
                     msx_tool_schema(t), "result", t->result ? t->result : "");
}

json_t *introspect(void)
{
    json_t *cmds = json_array();
    json_t *tools = json_array();

    for (const struct cmd *const *c = commands; *c; c++)
        json_array_append_new(cmds, cmd_json(*c));
    for (const struct msx_tool *const *t = msx_tools(); t && *t; t++)
        json_array_append_new(tools, tool_json(*t));
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "schema", "msxops.introspect/1", "version",
                     MSXOPS_VERSION, "globalOptions", opts_json(global_opts), "commands", cmds,
                     "tools", tools);
}
