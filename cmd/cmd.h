/* What a command file needs: the rows of the command and option tables, and the application that
 * runs them. Help, completion, introspection and parsing all read the same tables. */
#ifndef MSXOPS_CMD_H
#define MSXOPS_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "msxops/config.h"
#include "msxops/crm.h"
#include "msxops/ctx.h"
#include "msxops/error.h"
#include "msxops/plan.h"
#include "msxops/render.h"

struct app;

/* ---- options ---- */

enum opt_type {
    OPT_T_ON,     /* bool field */
    OPT_T_TEXT,   /* const char * field, borrowed from argv */
    OPT_T_WORD,   /* the same, never empty: what selects records */
    OPT_T_WORDS,  /* struct strlist field of such */
    OPT_T_LIST,   /* struct strlist field: the option may be given several times */
    OPT_T_NUM,    /* long field, lo..hi */
    OPT_T_ONE_OF, /* const char * field, one of values */
    OPT_T_MAYBE,  /* const char * field; value only as --name=VALUE, else fallback */
};

struct strlist { /* items borrowed, array owned by the parser */
    const char **v;
    size_t n;
};

struct opt { /* name NULL ends a table */
    enum opt_type type;
    char letter; /* 0: none */
    const char *name;
    const char *arg;  /* metavariable, NULL for OPT_T_ON */
    const char *help; /* lower case, no full stop */
    size_t offset;
    long lo, hi;
    const char *const *values; /* OPT_T_ONE_OF, OPT_T_MAYBE (may be NULL): NULL-terminated */
    const char *fallback;      /* OPT_T_MAYBE */
};

/* The offset of a field, refused by the compiler when the field has another type. */
#define OPT_AT(type, ctype, field)                                                                 \
    (offsetof(type, field) + 0 * sizeof(&((type *)0)->field == (ctype *)0))
/* clang-format off */
#define OPT_ON(l, n, f, h) { OPT_T_ON, l, n, NULL, h, OPT_AT(OPTS, bool, f), 0, 0, NULL, NULL }
#define OPT_TEXT(l, n, f, a, h)                                                                    \
    { OPT_T_TEXT, l, n, a, h, OPT_AT(OPTS, const char *, f), 0, 0, NULL, NULL }
#define OPT_LIST(l, n, f, a, h)                                                                    \
    { OPT_T_LIST, l, n, a, h, OPT_AT(OPTS, struct strlist, f), 0, 0, NULL, NULL }
#define OPT_WORD(l, n, f, a, h)                                                                    \
    { OPT_T_WORD, l, n, a, h, OPT_AT(OPTS, const char *, f), 0, 0, NULL, NULL }
#define OPT_WORDS(l, n, f, a, h)                                                                   \
    { OPT_T_WORDS, l, n, a, h, OPT_AT(OPTS, struct strlist, f), 0, 0, NULL, NULL }
#define OPT_NUM(l, n, f, a, from, to, h)                                                           \
    { OPT_T_NUM, l, n, a, h, OPT_AT(OPTS, long, f), from, to, NULL, NULL }
#define OPT_ONE_OF(l, n, f, a, vals, h)                                                            \
    { OPT_T_ONE_OF, l, n, a, h, OPT_AT(OPTS, const char *, f), 0, 0, vals, NULL }
#define OPT_MAYBE(l, n, f, a, vals, dflt, h)                                                       \
    { OPT_T_MAYBE, l, n, a, h, OPT_AT(OPTS, const char *, f), 0, 0, vals, dflt }
#define OPT_END { OPT_T_ON, 0, NULL, NULL, NULL, 0, 0, 0, NULL, NULL }
/* clang-format on */

/* ---- commands ---- */

enum cmd_needs {
    CMD_NEEDS_NOTHING,
    CMD_NEEDS_CONFIG, /* configuration file read */
    CMD_NEEDS_LOGIN,  /* profile resolved, session with the organisation opened */
};
enum cmd_effect { CMD_READS, CMD_WRITES_FILES, CMD_WRITES_REMOTE };

struct cmd {
    const char *path;       /* "tasks list" */
    const char *summary;    /* one line, lower case, no full stop */
    const char *about;      /* a paragraph */
    const char *args;       /* operands for the synopsis, "" for none */
    int min_args, max_args; /* max -1: any number */
    enum cmd_needs needs;
    enum cmd_effect effect;
    const char *tool;       /* the registry's tool whose result this prints, or NULL */
    const struct opt *opts; /* may be NULL */
    size_t opts_size;
    const void *defaults; /* may be NULL: all zero */
    const char *const *examples;
    enum msx_code (*run)(struct app *app, const void *opts, char **args, size_t nargs,
                         struct msx_error *err);
};

/* What commands that call a tool have in common, and those that plan changes for a plan file. */
#define CMD_CALLS(name, table, type)                                                               \
    .needs = CMD_NEEDS_LOGIN, .effect = CMD_READS, .tool = name, .opts = table,                    \
    .opts_size = sizeof(type)
#define CMD_PLANS(name, table, type)                                                               \
    .needs = CMD_NEEDS_LOGIN, .effect = CMD_WRITES_FILES, .tool = name, .opts = table,             \
    .opts_size = sizeof(type)
#define CMD_PLANS_ONLY "Nothing is written to CRM before 'msxops apply'."

extern const struct cmd *const commands[]; /* NULL-terminated, in the order of help */

/* ---- global options ---- */

struct globals {
    const char *profile, *output, *jq, *fields, *today, *color, *progress, *trace, *error_format;
    long concurrency, timeout_s, retries; /* 0 or -1: not given */
    bool no_cache, verbose, quiet, help, version;
};
extern const struct opt global_opts[];

/* ---- parsing ---- */

/**
 * Parse argv (without the program's and the command's words) into dst by opts and global options
 * into g. Operands are moved to args (borrowed). "--" ends options.
 * @return MSX_OK or MSX_E_USAGE (with the nearest known option as hint)
 */
enum msx_code opt_parse(const struct opt *opts, void *dst, struct globals *g, char **argv, int argc,
                        char **args, size_t *nargs, struct msx_error *err) MSX_MUST_CHECK;
void opt_release(const struct opt *opts, void *dst);
/* Check one command's tables: 0, or -1 with the fault in msg. For the unit tests. */
int opt_selfcheck(const struct cmd *c, char *msg, size_t size);

/* Finds the command that argv begins with ("tasks" "list"); words_out: words used. NULL: none. */
const struct cmd *cmd_find(char **words, int n, int *words_out);
bool cmd_is_group(const char *word);

/* ---- help (gen.c) ---- */
void help_overview(FILE *f);
void help_group(FILE *f, const char *group);
void help_command(FILE *f, const struct cmd *c);
json_t *introspect(void); /* both tables, new */

/* ---- the application ---- */

struct app {
    struct globals g;
    struct msx_ctx ctx;
    struct msx_config *config;
    struct msx_profile profile;
    bool has_profile, has_crm;
    struct msx_auth *auth;
    struct msx_crm crm;
    struct msx_guard *guard;
    int status; /* exit status when run() is fine: 0, or 5, 7 ... */
    bool out_tty, err_tty;
    bool color;
    bool reader_gone; /* standard output was a pipe that nobody reads any more */
    char *config_dir, *state_dir, *cache_dir, *data_dir;
    struct msx_tz *tz;
    FILE *trace;
};

/* Load the configuration and choose the profile (both once). */
enum msx_code app_profile(struct app *app, struct msx_error *err) MSX_MUST_CHECK;
/* Count days in this time zone (NULL: the process's own) instead of the one before. */
enum msx_code app_set_time(struct app *app, const char *zone, struct msx_error *err) MSX_MUST_CHECK;
/* Open the session with the organisation (once). */
enum msx_code app_login(struct app *app, struct msx_error *err) MSX_MUST_CHECK;
/* Load the configuration (once). */
enum msx_code app_config(struct app *app, struct msx_error *err) MSX_MUST_CHECK;
/* The guardrails of skills/, for planning and applying (loaded once). Borrowed. */
enum msx_code app_guard(struct app *app, const struct msx_guard **out,
                        struct msx_error *err) MSX_MUST_CHECK;
/* Say something to the person on standard error, unless --quiet. */
void app_say(struct app *app, const char *fmt, ...) MSX_PRINTF(2, 3);

/* ---- output (out.c) ---- */

struct view {                      /* how a result is shown as rows */
    const char *rows;              /* key of the array inside the result; NULL: the result is it */
    const struct msx_column *cols; /* key NULL ends; NULL: all keys of the first row */
    const char *empty;             /* said on a terminal instead of an empty table */
};
/* Format chosen: "json", "table" ... after the rules for terminals and pipes. */
const char *out_format(const struct app *app);
/* Print result (borrowed) as asked by -o, --jq, --fields. */
enum msx_code out_result(struct app *app, const json_t *result, const struct view *view,
                         struct msx_error *err) MSX_MUST_CHECK;
/* Columns of the terminal; 80 where there is none. */
size_t out_width(const struct app *app);
/* Print finished text. */
enum msx_code out_text(struct app *app, const char *text, size_t len,
                       struct msx_error *err) MSX_MUST_CHECK;

/* ---- shared by command files (util.c) ---- */

/* msx_plan_load() of a file that the person named; MSX_E_USAGE when it is not there. */
enum msx_code cmd_plan_load(const char *path, struct msx_plan **out,
                            struct msx_error *err) MSX_MUST_CHECK;
/* A file name as one word of a shell. New string, NULL when out of memory. */
char *cmd_shell_word(const char *s);
/* Where a hint says PLAN, let it name the file. */
void cmd_name_plan(struct msx_error *err, const char *path);
/* The same for the "hint" of each row. */
void cmd_name_plan_in(json_t *rows, const char *path);
/* People typed a command: a message about a tool's parameter does not begin with the tool. */
void cmd_without_tool(struct msx_error *err, const char *tool);
/* Call a tool and print its result. params stolen. */
enum msx_code cmd_tool(struct app *app, const char *tool, json_t *params, const struct view *view,
                       struct msx_error *err) MSX_MUST_CHECK;
/* Operands, where "-" stands for IDs on standard input (lines or JSON with one of the keys). New
 * array of strings. */
enum msx_code cmd_ids(struct app *app, const char *const *words, size_t n, const char *const *keys,
                      json_t **out, struct msx_error *err) MSX_MUST_CHECK;
/* The same, each resolved to a GUID. */
enum msx_code cmd_refs(struct app *app, enum msx_ref_kind kind, const char *const *words, size_t n,
                       json_t **out, struct msx_error *err) MSX_MUST_CHECK;
/* Resolve a typed date into params[key] when text is not NULL. */
enum msx_code cmd_set_date(struct app *app, json_t *params, const char *key, const char *text,
                           struct msx_error *err) MSX_MUST_CHECK;
/* Resolve a reference into params[key] when text is not NULL. */
enum msx_code cmd_set_ref(struct app *app, json_t *params, const char *key, enum msx_ref_kind kind,
                          const char *text, struct msx_error *err) MSX_MUST_CHECK;
/* Options (const char * fields) that become parameters of a tool as they are, or as a date or a
 * user that was resolved. */
enum param_kind { PARAM_TEXT, PARAM_DATE, PARAM_USER };
struct param { /* key NULL ends */
    const char *key;
    enum param_kind kind;
    size_t offset;
};
#define PARAM(key, kind, field)                                                                    \
    {                                                                                              \
        key, kind, OPT_AT(OPTS, const char *, field)                                               \
    }
#define PARAM_END                                                                                  \
    {                                                                                              \
        NULL, PARAM_TEXT, 0                                                                        \
    }
/* Set those that were given. opts: what the rows' offsets point into. */
enum msx_code cmd_set_params(struct app *app, const struct param *rows, const void *opts,
                             json_t *params, struct msx_error *err) MSX_MUST_CHECK;
/* Set params[key] to text when it is not NULL. */
enum msx_code cmd_set_text(json_t *params, const char *key, const char *text,
                           struct msx_error *err) MSX_MUST_CHECK;

#endif
