/* plan list, show, drop, edit, and diff. */
#include "commands.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "msxops/cards.h"
#include "msxops/file.h"
#include "msxops/mem.h"
#include "msxops/plan.h"
#include "msxops/text.h"
#include "stage.h"

/* ---- plan list ---- */

static const struct msx_column plan_cols[] = {
    { "plan", "Plan", MSX_CELL_TEXT, 20 },
    { "created", "Created", MSX_CELL_DAY, 0 },
    { "operations", "Operations", MSX_CELL_NUM, 0 },
    { "org", "Organisation", MSX_CELL_TEXT, 16 },
    { NULL, NULL, MSX_CELL_TEXT, 0 },
};

static int by_path(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum msx_code plan_paths(const char *dir, char ***out, size_t *n, struct msx_error *err)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    char **v = NULL;
    size_t count = 0;

    if (!d && errno == ENOENT)
        goto done;
    if (!d)
        return msx_fail_errno(err, errno, "cannot read '%s'", dir);
    while ((e = readdir(d))) {
        size_t len = strlen(e->d_name);
        char **more;

        if (len < 10 || strcmp(e->d_name + len - 10, ".plan.json") != 0)
            continue;
        more = msx_realloc(v, (count + 1) * sizeof *v);
        if (more) {
            v = more;
            v[count] = msx_path_join(dir, e->d_name);
        }
        if (!more || !v[count]) {
            for (size_t i = 0; i < count; i++)
                msx_free(v[i]);
            msx_free(v);
            (void)closedir(d);
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        }
        count++;
    }
    (void)closedir(d);
    if (count)
        qsort(v, count, sizeof *v, by_path);
done:
    *out = v;
    *n = count;
    return MSX_OK;
}

static enum msx_code run_list(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *dir = msx_path_join(app->state_dir, "plans");
    MSX_AUTO(msx_json_free_p) json_t *plans = json_array();
    MSX_AUTO(msx_json_free_p) json_t *result = NULL;
    char **paths = NULL;
    size_t n = 0;
    enum msx_code rc = plan_paths(dir ? dir : "", &paths, &n, err);

    (void)opts, (void)args, (void)nargs;
    if (rc)
        return rc;
    for (size_t i = 0; i < n; i++) {
        MSX_AUTO(msx_plan_free_p) struct msx_plan *p = NULL;
        struct msx_error why = MSX_ERROR_INIT;
        json_t *row = json_pack("{s:s}", "plan", paths[i]);

        if (msx_plan_load(paths[i], &p, &why) == MSX_OK) {
            json_object_set(row, "created", json_object_get(p->doc, "created"));
            json_object_set(row, "org", json_object_get(p->doc, "org"));
            json_object_set_new(
                row, "operations",
                json_integer((json_int_t)json_array_size(json_object_get(p->doc, "operations"))));
        } else {
            json_object_set_new(row, "error", json_string(why.msg));
        }
        json_array_append_new(plans, row);
        msx_free(paths[i]);
    }
    msx_free(paths);
    result = json_pack("{s:i, s:O}", "count", (int)n, "plans", plans);
    return out_result(app, result, &(struct view){ "plans", plan_cols, "no plans" }, err);
}

const struct cmd cmd_plan_list = {
    .path = "plan list",
    .summary = "list the plan files in the state folder",
    .about = "Print the plan files that msxops made where no file was named.",
    .args = "",
    .effect = CMD_READS,
    .examples = (const char *const[]){ "msxops plan list", NULL },
    .run = run_list,
};

/* ---- cards: plan show and diff ---- */

static enum msx_code print_cards(struct app *app, const json_t *cards, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(MSX_JSON_MAX_BYTES);
    enum msx_code rc;
    bool people = !app->g.jq && strcmp(out_format(app), "table") == 0;

    if (!people)
        return out_result(app, cards, &(struct view){ "cards", NULL, NULL }, err);
    msx_render_cards(&b, cards, out_width(app), app->color);
    rc = msx_buf_finish(&b, "output", err);
    return rc ? rc : out_text(app, b.data, b.len, err);
}

static const struct msx_column op_cols[] = {
    { "id", "Op", MSX_CELL_TEXT, 0 },
    { "type", "Type", MSX_CELL_TEXT, 0 },
    { "record.number", "Number", MSX_CELL_TEXT, 0 },
    { "record.name", "Record", MSX_CELL_TEXT, 20 },
    { "customer.name", "Customer", MSX_CELL_TEXT, 10 },
    { NULL, NULL, MSX_CELL_TEXT, 0 },
};

static enum msx_code run_show(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    MSX_AUTO(msx_plan_free_p) struct msx_plan *plan = NULL;
    MSX_AUTO(msx_json_free_p) json_t *cards = NULL;
    enum msx_code rc = cmd_plan_load(args[0], &plan, err);

    (void)opts, (void)nargs;
    if (rc)
        return rc;
    if (strcmp(out_format(app), "json") == 0)
        return out_result(app, plan->doc, &(struct view){ "operations", NULL, NULL }, err);
    rc = msx_plan_cards(plan, &cards, err);
    return rc ? rc : out_result(app, cards, &(struct view){ "cards", op_cols, "empty plan" }, err);
}

const struct cmd cmd_plan_show = {
    .path = "plan show",
    .summary = "show what is in a plan file",
    .about = "Print the plan: as JSON the whole file, on a terminal one line an operation.",
    .args = "PLAN",
    .min_args = 1,
    .max_args = 1,
    .effect = CMD_READS,
    .tool = "list_pending_operations",
    .examples = (const char *const[]){ "msxops plan show week.plan.json", NULL },
    .run = run_show,
};

struct diff_opts {
    const char *before, *after, *live, *exit_code;
};
#define OPTS struct diff_opts
static const struct opt diff_opts[] = {
    OPT_TEXT(0, "live", live, "PLAN", "compare PLAN with CRM as it is now"),
    OPT_TEXT(0, "before", before, "FILE", "compare two JSON files: the earlier one"),
    OPT_TEXT(0, "after", after, "FILE", "and the later one"),
    OPT_MAYBE(0, "exit-code", exit_code, "ANY", NULL, "any", "status 5 when anything differs"),
    OPT_END,
};
#undef OPTS

static const struct msx_column row_cols[] = {
    { "field", "Field", MSX_CELL_TEXT, 12 }, { "before", "Before", MSX_CELL_TEXT, 12 },
    { "after", "After", MSX_CELL_TEXT, 12 }, { "changeType", "Change", MSX_CELL_TEXT, 0 },
    { NULL, NULL, MSX_CELL_TEXT, 0 },
};

static enum msx_code diff_files(struct app *app, const struct diff_opts *o, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *before = NULL;
    MSX_AUTO(msx_json_free_p) json_t *after = NULL;
    MSX_AUTO(msx_json_free_p) json_t *p = NULL;
    MSX_AUTO(msx_json_free_p) json_t *result = NULL;
    enum msx_code rc;

    if (!o->before || !o->after)
        return msx_fail(err, MSX_E_USAGE, "--before and --after go together");
    rc = msx_json_load(o->before, MSX_JSON_MAX_BYTES, &before, err);
    if (!rc)
        rc = msx_json_load(o->after, MSX_JSON_MAX_BYTES, &after, err);
    if (rc)
        return rc;
    p = json_pack("{s:O, s:O}", "before", before, "after", after);
    rc = msx_tool_call(&app->crm, "view_staged_changes_diff", p, &result, err);
    if (!rc)
        rc = out_result(app, result, &(struct view){ "rows", row_cols, "no differences" }, err);
    if (!rc && o->exit_code && json_array_size(json_object_get(result, "rows")))
        app->status = 5;
    return rc;
}

static enum msx_code run_diff(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    const struct diff_opts *o = opts;
    MSX_AUTO(msx_plan_free_p) struct msx_plan *plan = NULL;
    MSX_AUTO(msx_json_free_p) json_t *cards = NULL;
    const char *path = o->live ? o->live : nargs ? args[0] : NULL;
    enum msx_code rc;

    if (o->before || o->after)
        return diff_files(app, o, err);
    if (!path)
        return msx_fail(err, MSX_E_USAGE,
                        "'diff' wants PLAN, --live PLAN, or --before and --after");
    rc = cmd_plan_load(path, &plan, err);
    if (!rc && o->live)
        rc = app_login(app, err);
    if (!rc)
        rc = o->live ? msx_plan_live(&app->crm, plan, &cards, err)
                     : msx_plan_cards(plan, &cards, err);
    if (!rc)
        rc = print_cards(app, cards, err);
    if (!rc && o->exit_code) {
        size_t i;
        json_t *c;

        json_array_foreach(json_object_get(cards, "cards"), i, c)
            if (json_array_size(json_object_get(c, o->live ? "live" : "rows")))
                app->status = 5;
    }
    return rc;
}

const struct cmd cmd_diff = {
    .path = "diff",
    .summary = "show every operation of a plan as an approval card",
    .about = "Print each operation with its record, fields before and after, why, and guardrails, "
             "then the confirmation ID that 'msxops apply' asks for. Any edit of the plan changes "
             "that ID.",
    .args = "[PLAN]",
    .max_args = 1,
    .effect = CMD_READS,
    .tool = "view_staged_changes_diff",
    .opts = diff_opts,
    .opts_size = sizeof(struct diff_opts),
    .examples = (const char *const[]){ "msxops diff week.plan.json",
                                       "msxops diff --live week.plan.json --exit-code",
                                       "msxops diff --before a.json --after b.json", NULL },
    .run = run_diff,
};

/* ---- plan drop and edit ---- */

/* What guardrails say of the plan as a whole (its number of records) follows what is left in it.
 * Dropping works without a network too: then what was said stays until the next look. */
static void check_again(struct app *app, struct msx_plan *plan)
{
    json_t *first = json_array_get(json_object_get(plan->doc, "operations"), 0);
    const struct msx_guard *guard = NULL;

    if (first && app_login(app, NULL) == MSX_OK && app_guard(app, &guard, NULL) == MSX_OK && guard)
        (void)guard->check(guard->user, plan->doc, first, NULL, NULL);
}

static enum msx_code run_drop(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    MSX_AUTO(msx_plan_free_p) struct msx_plan *plan = NULL;
    MSX_AUTO(msx_json_free_p) json_t *dropped = NULL;
    MSX_AUTO(msx_json_free_p) json_t *result = NULL;
    MSX_AUTO(msx_lock_release_p) int lock = -1;
    enum msx_code rc = cmd_plan_load(args[0], &plan, err);

    (void)opts;
    if (!rc)
        rc = msx_plan_lock(&app->ctx, args[0], &lock, err);
    if (!rc) { /* as it is now that nobody else can change it */
        msx_plan_free(plan);
        plan = NULL;
        rc = cmd_plan_load(args[0], &plan, err);
    }
    if (!rc)
        rc = msx_plan_drop(plan, nargs > 1 ? (const char *const *)args + 1 : NULL, nargs - 1,
                           &dropped, err);
    if (rc) {
        cmd_name_plan(err, args[0]);
        return rc;
    }
    check_again(app, plan);
    rc = msx_plan_save(plan, err);
    if (rc)
        return rc;
    result = json_pack("{s:s, s:i, s:O, s:i}", "plan", args[0], "cancelled",
                       (int)json_array_size(dropped), "operations", dropped, "left",
                       (int)json_array_size(json_object_get(plan->doc, "operations")));
    return out_result(app, result, &(struct view){ 0 }, err);
}

const struct cmd cmd_plan_drop = {
    .path = "plan drop",
    .summary = "remove operations from a plan file",
    .about = "Remove the named operations, and those that depend on them; without names all.",
    .args = "PLAN [OP...]",
    .min_args = 1,
    .max_args = -1,
    .effect = CMD_WRITES_FILES,
    .tool = "cancel_operation",
    .examples = (const char *const[]){ "msxops plan drop week.plan.json OP-3", NULL },
    .run = run_drop,
};

struct edit_opts {
    struct strlist set, fill;
};
#define OPTS struct edit_opts
static const struct opt edit_opts[] = {
    OPT_LIST(0, "set", set, "FIELD=VALUE", "write VALUE to FIELD of the record"),
    OPT_LIST(0, "fill", fill, "BLANK=VALUE", "put VALUE where the texts have <<BLANK>>"),
    OPT_END,
};
#undef OPTS

static enum msx_code run_edit(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    const struct edit_opts *o = opts;

    (void)nargs;
    if (!o->set.n && !o->fill.n)
        return msx_fail(err, MSX_E_USAGE,
                        "say what to write: --set FIELD=VALUE or --fill BLANK=VALUE");
    return stage_edit(app, args[0], args[1], &o->set, &o->fill, false, err);
}

const struct cmd cmd_plan_edit = {
    .path = "plan edit",
    .summary = "change a value that an operation writes",
    .about = "Set fields of one operation, for example what stands between << and >> in a "
             "proposal. The plan's confirmation ID changes with it. Labels and dates are resolved "
             "as on the command line.",
    .args = "PLAN OP",
    .min_args = 2,
    .max_args = 2,
    .needs = CMD_NEEDS_LOGIN,
    .effect = CMD_WRITES_FILES,
    .opts = edit_opts,
    .opts_size = sizeof(struct edit_opts),
    .examples = (const char *const[]){ "msxops plan edit week.plan.json OP-2 --set "
                                       "msp_milestonedate=2026-12-15",
                                       "msxops plan edit week.plan.json OP-4 --fill 'owner=Ana "
                                       "Lopez' --fill date=2026-12-15",
                                       NULL },
    .run = run_edit,
};
