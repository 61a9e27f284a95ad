/* Planning commands: tool calls that add operations to a plan file, and how they are shown. */
#include "stage.h"

#include <string.h>

#include "msxops/cards.h"
#include "msxops/mem.h"
#include "msxops/plan.h"

enum msx_code stage_open(struct app *app, const char *plan, struct msx_stage **out,
                         struct msx_error *err)
{
    const struct msx_guard *guard = NULL;
    enum msx_code rc = app_guard(app, &guard, err);

    return rc ? rc : msx_plan_stage_new(&app->crm, plan, guard, out, err);
}

void stage_close(struct app *app, struct msx_stage *stage)
{
    app->crm.stage = NULL;
    msx_plan_stage_free(stage);
}

/* The cards of the operations that were added, from the plan as it is on disk. */
static enum msx_code print_added(struct app *app, const char *path, const json_t *results,
                                 struct msx_error *err)
{
    MSX_AUTO(msx_plan_free_p) struct msx_plan *plan = NULL;
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(MSX_JSON_MAX_BYTES);
    size_t i;
    size_t k;
    json_t *r;
    json_t *card;
    MSX_AUTO(msx_free_p) char *word = cmd_shell_word(path);
    enum msx_code rc = msx_plan_load(path, &plan, err);

    if (!rc)
        rc = msx_plan_cards(plan, &doc, err);
    if (!rc && !word)
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (rc)
        return rc;
    json_array_foreach(results, i, r)
        json_array_foreach(json_object_get(doc, "cards"), k, card)
            if (strcmp(msx_json_str_or(card, "id", ""), msx_json_str_or(r, "operationId", "?")) ==
                0) {
                msx_render_card(&b, card, out_width(app), app->color);
                msx_buf_addc(&b, '\n');
            }
    msx_buf_addf(&b, "Plan: %s (%zu operation%s). Nothing is written yet.\n", word,
                 json_array_size(json_object_get(doc, "cards")),
                 json_array_size(json_object_get(doc, "cards")) == 1 ? "" : "s");
    msx_buf_addf(&b, "Review: msxops diff %s\n", word);
    rc = msx_buf_finish(&b, "output", err);
    return rc ? rc : out_text(app, b.data, b.len, err);
}

static enum msx_code print_results(struct app *app, const struct msx_stage *stage, json_t *results,
                                   bool one, struct msx_error *err)
{
    if (strcmp(out_format(app), "table") == 0 && !app->g.jq)
        return print_added(app, msx_plan_stage_path(stage), results, err);
    return out_result(app, one ? json_array_get(results, 0) : results, &(struct view){ 0 }, err);
}

enum msx_code stage_call(struct app *app, const char *plan, const char *tool, const json_t *params,
                         struct msx_error *err)
{
    struct msx_stage *stage = NULL;
    MSX_AUTO(msx_json_free_p) json_t *result = NULL;
    MSX_AUTO(msx_json_free_p) json_t *results = json_array();
    enum msx_code rc = stage_open(app, plan, &stage, err);

    if (rc)
        return rc;
    app->crm.stage = stage;
    rc = msx_tool_call(&app->crm, tool, params, &result, err);
    if (!rc) {
        json_array_append(results, result);
        rc = print_results(app, stage, results, true, err);
    }
    if (rc) {
        cmd_without_tool(err, tool);
        cmd_name_plan(err, msx_plan_stage_path(stage));
    }
    stage_close(app, stage);
    return rc;
}

enum msx_code stage_each(struct app *app, const char *plan, const char *tool, const char *key,
                         const json_t *ids, json_t *params, struct msx_error *err)
{
    struct msx_stage *stage = NULL;
    MSX_AUTO(msx_json_free_p) json_t *results = NULL;
    MSX_AUTO(msx_json_free_p) json_t *all = json_array();
    size_t i;
    json_t *id;
    enum msx_code rc;

    if (json_array_size(ids) == 0)
        return msx_fail(err, MSX_E_USAGE, "no records were named");
    rc = stage_open(app, plan, &stage, err);
    if (rc)
        return rc;
    app->crm.stage = stage;
    json_array_foreach((json_t *)(uintptr_t)ids, i, id) {
        json_t *one = json_copy(params);

        if (!one || json_object_set(one, key, id) || json_array_append_new(all, one)) {
            rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
            break;
        }
    }
    /* one round of reads for all of them */
    if (!rc)
        rc = msx_tool_call_each(&app->crm, tool, all, &results, err);
    /* all or none: what was added before the failure is taken out again */
    for (i = json_array_size(results); rc && i > 0; i--) {
        json_t *dropped = NULL;
        const char *op = msx_json_str(json_array_get(results, i - 1), "operationId");

        if (stage->cancel(stage->user, op, &dropped, NULL) != MSX_OK)
            app_say(app, "msxops: warning: %s stays in the plan", op ? op : "an operation");
        json_decref(dropped);
    }
    if (!rc)
        rc = print_results(app, stage, results, json_array_size(ids) == 1, err);
    if (rc) {
        cmd_without_tool(err, tool);
        cmd_name_plan(err, msx_plan_stage_path(stage));
    }
    stage_close(app, stage);
    return rc;
}

/* {"NAME": "VALUE"} of the words. */
static enum msx_code pairs(const char *option, const struct strlist *list, json_t **out,
                           struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *o = json_object();

    for (size_t i = 0; list && i < list->n; i++) {
        const char *eq = strchr(list->v[i], '=');
        MSX_AUTO(msx_free_p) char *key = NULL;
        enum msx_code rc;

        if (!eq || eq == list->v[i])
            return msx_fail(err, MSX_E_USAGE, "%s wants NAME=VALUE, got '%s'", option, list->v[i]);
        key = msx_strndup(list->v[i], (size_t)(eq - list->v[i]));
        if (!key)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        rc = cmd_set_text(o, key, eq + 1, err);
        if (rc)
            return rc;
    }
    *out = MSX_STEAL(o);
    return MSX_OK;
}

enum msx_code stage_edit(struct app *app, const char *plan, const char *op,
                         const struct strlist *set, const struct strlist *fill, bool quiet,
                         struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *fields = NULL;
    MSX_AUTO(msx_json_free_p) json_t *blanks = NULL;
    MSX_AUTO(msx_json_free_p) json_t *results = json_pack("[{s:s}]", "operationId", op);
    MSX_AUTO(msx_plan_free_p) struct msx_plan *there = NULL;
    const struct msx_guard *guard = NULL;
    enum msx_code rc = pairs("--set", set, &fields, err);

    if (!rc)
        rc = pairs("--fill", fill, &blanks, err);
    if (!rc)
        rc = cmd_plan_load(plan, &there, err);
    if (!rc)
        rc = app_guard(app, &guard, err);
    if (!rc)
        rc = msx_plan_edit(&app->crm, plan, op, fields, blanks, guard, err);
    if (rc)
        cmd_name_plan(err, plan);
    return rc || quiet ? rc : print_added(app, plan, results, err);
}
