/* skill list, run. */
#include "commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/plan.h"
#include "msxops/skill.h"
#include "msxops/text.h"
#include "stage.h"

static const struct msx_column flow_cols[] = {
    { "id", "Flow", MSX_CELL_TEXT, 0 },      { "role", "Role", MSX_CELL_TEXT, 0 },
    { "title", "Title", MSX_CELL_TEXT, 20 }, { "skill", "Skill", MSX_CELL_TEXT, 10 },
    { NULL, NULL, MSX_CELL_TEXT, 0 },
};

static enum msx_code run_list(struct app *app, const void *opts, char **args, size_t nargs,
                              struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *list = NULL;
    enum msx_code rc = msx_skill_list(&app->ctx, &list, err);

    (void)opts, (void)args, (void)nargs;
    return rc ? rc : out_result(app, list, &(struct view){ "flows", flow_cols, "no flows" }, err);
}

const struct cmd cmd_skill_list = {
    .path = "skill list",
    .summary = "list the flows that can be run",
    .about = "Print the flows of the shipped skills and of your own.",
    .args = "",
    .effect = CMD_READS,
    .examples = (const char *const[]){ "msxops skill list", NULL },
    .run = run_list,
};

/* ---- run ---- */

struct run_opts {
    struct strlist opportunities, milestones, accounts, tpids, set;
    const char *customer, *role, *plan, *explain, *exit_code, *workiq, *reason, *tz, *timeout_scale;
    bool timing, strict;
};
static const char *const severities[] = { "critical", "high", "medium", "low", "info", NULL };
static const char *const roles[] = { "specialist", "se", "csa", "csam", NULL };
static const char *const workiqs[] = { "auto", "on", "off", NULL };

#define OPTS struct run_opts
static const struct opt run_opts[] = {
    OPT_WORD(0, "customer", customer, "KEYWORD", "your opportunities of customers named so"),
    OPT_LIST(0, "opportunity", opportunities, "REF", "only opportunity REF; - reads IDs"),
    OPT_LIST(0, "milestone", milestones, "REF", "only milestone REF; - reads IDs"),
    OPT_LIST(0, "account", accounts, "REF", "the opportunities of account REF"),
    OPT_LIST(0, "tpid", tpids, "N", "the opportunities of top parent N"),
    OPT_ONE_OF(0, "role", role, "ROLE", roles, "your role, where your title does not say"),
    OPT_LIST(0, "set", set, "KEY=VALUE", "a parameter or a signal ([7-NUMBER:]signal=yes)"),
    OPT_TEXT(0, "reason", reason, "TEXT", "why a signal is set by hand"),
    OPT_TEXT(0, "plan", plan, "FILE", "add the proposed operations to this plan file"),
    OPT_MAYBE(0, "explain", explain, "RECORD", NULL, "",
              "show why: each finding's trace; of RECORD "
              "also why each rule did or did not fire"),
    OPT_MAYBE(0, "exit-code", exit_code, "SEVERITY", severities, "low",
              "status 5 when there are findings of SEVERITY or worse"),
    OPT_ONE_OF(0, "workiq", workiq, "WHEN", workiqs,
               "evidence from WorkIQ: auto (when connected), on or off"),
    OPT_TEXT(0, "tz", tz, "ZONE", "time zone of the calendar days, as Europe/Berlin"),
    OPT_TEXT(0, "timeout-scale", timeout_scale, "N", "multiply the time limits of all steps by N"),
    OPT_ON(0, "strict", strict, "status 9 when something could not be seen (gaps)"),
    OPT_ON(0, "timing", timing, "clock times in the result"),
    OPT_END,
};
#undef OPTS

static enum msx_code set_refs(struct app *app, json_t *p, const char *key, enum msx_ref_kind kind,
                              const struct strlist *list, struct msx_error *err)
{
    json_t *ids = NULL;
    enum msx_code rc;

    if (!list->n)
        return MSX_OK;
    rc = cmd_refs(app, kind, list->v, list->n, &ids, err);
    if (!rc)
        json_object_set_new(p, key, ids);
    return rc;
}

static enum msx_code scope(struct app *app, const struct run_opts *o, json_t *p,
                           struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *tpids = NULL;
    enum msx_code rc = cmd_set_text(p, "customer", o->customer, err);

    if (!rc)
        rc = set_refs(app, p, "opportunity", MSX_REF_OPPORTUNITY, &o->opportunities, err);
    if (!rc)
        rc = set_refs(app, p, "milestone", MSX_REF_MILESTONE, &o->milestones, err);
    if (!rc)
        rc = set_refs(app, p, "account", MSX_REF_ACCOUNT, &o->accounts, err);
    if (!rc && o->tpids.n) {
        rc = cmd_ids(app, o->tpids.v, o->tpids.n,
                     (const char *const[]){ "msp_mstopparentid", NULL }, &tpids, err);
        if (!rc)
            json_object_set(p, "tpid", tpids);
    }
    return rc;
}

/* Whether the result has a finding at or above the severity. */
static bool has_findings(const json_t *result, const char *severity)
{
    const json_t *counts = json_object_get(json_object_get(result, "stats"), "findings");

    for (const char *const *s = severities; *s; s++) {
        json_int_t n = 0;

        if (msx_json_int(counts, *s, &n) && n > 0)
            return true;
        if (strcmp(*s, severity) == 0)
            return false;
    }
    return false;
}

static enum msx_code read_scale(const char *text, double *out, struct msx_error *err)
{
    char *end = NULL;
    double scale;

    if (!text)
        return MSX_OK;
    scale = strtod(text, &end);
    if (end == text || *end || !(scale > 0 && scale <= 1000))
        return msx_fail(err, MSX_E_USAGE,
                        "--timeout-scale wants a number above 0, at most 1000, got '%s'", text);
    *out = scale;
    return MSX_OK;
}

/* Steps that failed or were cut: a plan is never built on what was not read whole. */
static const char *unread(const json_t *result)
{
    size_t i;
    json_t *g;

    json_array_foreach(json_object_get(result, "gaps"), i, g) {
        const char *kind = msx_json_str_or(g, "kind", "");

        if (strcmp(kind, "step_failed") == 0 || strcmp(kind, "truncated") == 0)
            return msx_json_str_or(g, "what", kind);
    }
    return NULL;
}

/* Nothing was found for the customer: is there one of that name at all? */
static enum msx_code check_customer(struct app *app, const char *keyword, const json_t *results,
                                    struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *p = json_pack("{s:s}", "name", keyword);
    MSX_AUTO(msx_json_free_p) json_t *found = NULL;
    size_t i;
    json_t *r;
    enum msx_code rc;

    json_array_foreach((json_t *)(uintptr_t)results, i, r)
        if (json_array_size(json_object_get(json_object_get(r, "scope"), "opportunity_ids")))
            return MSX_OK;
    if (!p)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_tool_call(&app->crm, "list_accounts_by_tpid", p, &found, err);
    if (rc)
        return rc;
    if (!json_array_size(json_object_get(found, "accounts")))
        return msx_fail(err, MSX_E_NOTFOUND, "there is no customer with '%.100s' in its name",
                        keyword);
    app_say(app, "msxops: no active opportunity of yours is with a customer named '%s'", keyword);
    return MSX_OK;
}

/* A record that no flow looked at has nothing to explain. */
static enum msx_code check_explained(const char *record, const json_t *results,
                                     struct msx_error *err)
{
    size_t i;
    json_t *r;

    json_array_foreach((json_t *)(uintptr_t)results, i, r)
        if (json_array_size(json_object_get(r, "explained")))
            return MSX_OK;
    (void)msx_fail(err, MSX_E_NOTFOUND, "--explain: no rule looked at a record '%.100s'", record);
    msx_hint(err, "name a milestone's number, or an ID or name of a record in scope; a flow looks "
                  "only at the records that it is about");
    return MSX_E_NOTFOUND;
}

static enum msx_code print_results(struct app *app, const json_t *results, const char *plan,
                                   struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(MSX_JSON_MAX_BYTES);
    MSX_AUTO(msx_free_p) char *word = plan ? cmd_shell_word(plan) : NULL;
    const char *format = out_format(app);
    bool md = strcmp(format, "md") == 0;
    size_t i;
    json_t *r;
    enum msx_code rc;

    if (app->g.jq || (!md && strcmp(format, "table") != 0)) {
        static const struct msx_column cols[] = {
            { "severity", "Severity", MSX_CELL_TEXT, 0 },
            { "rule", "Rule", MSX_CELL_TEXT, 0 },
            { "record.number", "Number", MSX_CELL_TEXT, 0 },
            { "record.name", "Record", MSX_CELL_TEXT, 12 },
            { "reason", "Reason", MSX_CELL_TEXT, 12 },
            { NULL, NULL, MSX_CELL_TEXT, 0 },
        };

        return out_result(app, json_array_size(results) == 1 ? json_array_get(results, 0) : results,
                          &(struct view){ "findings", cols, "no findings" }, err);
    }
    json_array_foreach((json_t *)(uintptr_t)results, i, r) {
        if (i)
            msx_buf_addc(&b, '\n');
        if (md)
            msx_result_markdown(&b, r);
        else
            msx_result_text(&b, r, app->out_tty ? out_width(app) : 0, app->color);
    }
    if (word)
        msx_buf_addf(&b,
                     md ? "\nPlan: `%s`. Review it with `msxops diff %s`.\n"
                        : "\nPlan: %s\nReview: msxops diff %s\n",
                     word, word);
    rc = msx_buf_finish(&b, "output", err);
    return rc ? rc : out_text(app, b.data, b.len, err);
}

static enum msx_code run_run(struct app *app, const void *opts, char **args, size_t nargs,
                             struct msx_error *err)
{
    const struct run_opts *o = opts;
    MSX_AUTO(msx_json_free_p) json_t *params = json_object();
    MSX_AUTO(msx_json_free_p) json_t *set = json_array();
    MSX_AUTO(msx_json_free_p) json_t *results = json_array();
    struct msx_run_options run = { .params = params,
                                   .set = set,
                                   .reason = o->reason,
                                   .role = o->role ? o->role : app->profile.role,
                                   .workiq = o->workiq,
                                   .timing = o->timing,
                                   .explain = o->explain != NULL };
    struct msx_stage *stage = NULL;
    const char *missing = NULL; /* borrowed from results */
    enum msx_code rc = o->tz ? app_set_time(app, o->tz, err) : MSX_OK;

    if (!rc)
        rc = read_scale(o->timeout_scale, &run.timeout_scale, err);
    if (!rc)
        rc = scope(app, o, params, err);
    if (o->explain && *o->explain)
        run.explain_record = o->explain;
    for (size_t i = 0; i < o->set.n; i++)
        json_array_append_new(set, json_string(o->set.v[i]));
    if (!rc && o->plan) {
        rc = stage_open(app, o->plan, &stage, err);
        if (!rc)
            app->crm.stage = stage;
    }
    for (size_t i = 0; i < nargs && !rc; i++) {
        json_t *result = NULL;
        json_t *staged = NULL;

        rc = msx_skill_run(&app->crm, args[i], &run, &result, err);
        if (!rc && stage && !missing)
            missing = unread(result);
        if (!rc && stage && !missing)
            rc = msx_skill_stage(&app->crm, result, &staged, err);
        json_decref(staged);
        if (!rc && o->exit_code && has_findings(result, o->exit_code))
            app->status = 5;
        if (!rc && o->strict && !app->status &&
            json_array_size(json_object_get(result, "gaps")) > 0)
            app->status = 9;
        if (result)
            json_array_append_new(results, result);
    }
    if (!rc && o->customer)
        rc = check_customer(app, o->customer, results, err);
    if (!rc && run.explain_record)
        rc = check_explained(run.explain_record, results, err);
    if (!rc)
        rc = print_results(app, results, stage ? msx_plan_stage_path(stage) : NULL, err);
    if (stage)
        stage_close(app, stage);
    if (!rc && missing) {
        rc = msx_fail(err, MSX_E_SERVER,
                      "step %s could not be read whole: its proposals were not planned", missing);
        msx_hint(err,
                 "run it again when the service answers; the result's gaps say what was missing");
    }
    return rc;
}

const struct cmd cmd_skill_run = {
    .path = "skill run",
    .summary = "run flows over your opportunities",
    .about = "Read the records in scope, evaluate the rules of each flow and print what was found, "
             "with reasons. Without a scope: your active opportunities. With --plan the proposed "
             "changes become operations of a plan file; nothing is written to CRM.",
    .args = "FLOW...",
    .min_args = 1,
    .max_args = -1,
    .needs = CMD_NEEDS_LOGIN,
    .effect = CMD_WRITES_FILES,
    .opts = run_opts,
    .opts_size = sizeof(struct run_opts),
    .examples =
        (const char *const[]){ "msxops skill run spec-hygiene-triage --plan hygiene.plan.json -o "
                               "md",
                               "msxops skill run csam-health-review --exit-code=high -o json | jq "
                               "'.outputs.customer_summary'",
                               NULL },
    .run = run_run,
};
