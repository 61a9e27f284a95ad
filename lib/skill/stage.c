/* From a result's operations to operations of a plan: built anew from the records as they are now,
 * with why they are proposed; blanks that only a person can fill stay in them. */
#include <string.h>

#include "msxops/mem.h"
#include "msxops/skill.h"
#include "msxops/text.h"

#define LABEL   "OData.Community.Display.V1.FormattedValue"
#define LOGICAL "Microsoft.Dynamics.CRM.lookuplogicalname"

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

/* Field of an operation -> parameter of the planning tool, and the column of typed fields whose
 * value may be a blank. */
static const struct {
    const char *field, *param, *column;
} fields[] = {
    { "subject", "subject", NULL },
    { "category", "category", NULL },
    { "dueDate", "dueDate", "scheduledend" },
    { "description", "description", NULL },
    { "statusCode", "statusCode", NULL },
    { "ownerId", "ownerId", NULL },
    { "milestoneDate", "milestoneDate", "msp_milestonedate" },
    { "monthlyUse", "monthlyUse", "msp_monthlyuse" },
    { "forecastComments", "forecastComments", NULL },
    { "status", "milestoneStatus", NULL },
    { "commitment", "commitmentRecommendation", NULL },
};
#define NFIELDS (sizeof fields / sizeof *fields)

static bool is_blank(const json_t *value, size_t field)
{
    const char *s = json_string_value(value);

    return fields[field].column && s && strstr(s, "<<");
}

/* Something to build with where every value is a blank; taken out again afterwards. */
static const char stand_in[] = "msxops: to be filled in";

static json_t *params_of(struct msx_crm *crm, const json_t *op)
{
    const char *type = msx_json_str_or(op, "op", ""),
               *id = msx_json_str(msx_json_obj(op, "target"), "id");
    const json_t *values = msx_json_obj(op, "fields");
    json_t *p = json_object();
    size_t set = 0;
    int failed;

    failed = msx_json_set_str(
        p,
        strcmp(type, "create_task") == 0 || strcmp(type, "update_milestone") == 0 ? "milestoneId"
                                                                                  : "taskId",
        id);
    for (size_t i = 0; !failed && i < NFIELDS; i++) {
        json_t *v = json_object_get(values, fields[i].field);

        if (!v || is_blank(v, i))
            continue;
        /* some organisations have no categories of tasks: the task matters more */
        if (strcmp(fields[i].field, "category") == 0 &&
            msx_crm_lacks(crm, "task", "msp_taskcategory"))
            continue;
        failed = json_object_set(p, fields[i].param, v);
        set++;
    }
    if (!failed && !set)
        failed = msx_json_set_str(p, "forecastComments", stand_in);
    if (failed) {
        json_decref(p);
        return NULL;
    }
    return p;
}

static void drop_column(json_t *after, const char *column)
{
    MSX_AUTO(msx_free_p) char *label = msx_asprintf("%s@%s", column, LABEL);
    MSX_AUTO(msx_free_p) char *logical = msx_asprintf("%s@%s", column, LOGICAL);

    (void)json_object_del(after, column);
    if (label)
        (void)json_object_del(after, label);
    if (logical)
        (void)json_object_del(after, logical);
}

static void unguard(json_t *guard, const char *column)
{
    for (size_t i = json_array_size(guard); i-- > 0;)
        if (msx_ieq(json_string_value(json_array_get(guard, i)), column))
            (void)json_array_remove(guard, i);
}

static int guard_also(json_t *plan_op, const char *column)
{
    json_t *guard = msx_json_arr(plan_op, "guard");

    if (!guard || !json_object_get(msx_json_obj(plan_op, "before"), column))
        return 0; /* only what was read can be compared */
    for (size_t i = 0; i < json_array_size(guard); i++)
        if (msx_ieq(json_string_value(json_array_get(guard, i)), column))
            return 0;
    return json_array_append_new(guard, json_string(column));
}

/* Rows of what changes: the columns of after, and what they hold now. */
static int make_rows(json_t *plan_op)
{
    const json_t *after = msx_json_obj(plan_op, "after"), *before = msx_json_obj(plan_op, "before");
    MSX_AUTO(msx_json_free_p) json_t *now = json_object();
    const char *key;
    json_t *value, *have;

    if (!now)
        return -1;
    json_object_foreach((json_t *)(uintptr_t)after, key, value) {
        have = json_object_get(before, key);
        if (have && json_object_set(now, key, have) != 0)
            return -1;
    }
    json_object_foreach((json_t *)(uintptr_t)before, key, value) {
        const char *at = strchr(key, '@');
        MSX_AUTO(msx_free_p) char *column = at ? msx_strndup(key, (size_t)(at - key)) : NULL;

        if (column && json_object_get(after, column) && json_object_set(now, key, value) != 0)
            return -1;
    }
    return json_object_set_new(plan_op, "rows", msx_diff_rows(now, after));
}

/* Blanks go into what will be written; the plan refuses to apply them as they are. */
static int put_blanks(const json_t *op, json_t *plan_op)
{
    const json_t *values = msx_json_obj(op, "fields");
    json_t *after = msx_json_obj(plan_op, "after");
    bool any = false, only = true;

    for (size_t i = 0; i < NFIELDS; i++) {
        json_t *v = json_object_get(values, fields[i].field);

        if (!v)
            continue;
        if (!is_blank(v, i)) {
            only = false;
            continue;
        }
        any = true;
        if (json_object_set(after, fields[i].column, v) != 0 ||
            guard_also(plan_op, fields[i].column) != 0)
            return -1;
    }
    if (!any)
        return 0;
    (void)json_object_del(plan_op, "inverse"); /* the plan makes it from before and after */
    if (only) {
        drop_column(after, "msp_forecastcomments");
        unguard(msx_json_arr(plan_op, "guard"), "msp_forecastcomments");
    }
    return make_rows(plan_op);
}

/* ---- why, impact, risk, source ---- */

static const json_t *finding(const json_t *result, const char *id)
{
    const json_t *all = msx_json_arr(result, "findings");

    for (size_t i = 0; id && i < json_array_size(all); i++) {
        const json_t *f = json_array_get(all, i);

        if (strcmp(msx_json_str_or(f, "id", ""), id) == 0)
            return f;
    }
    return NULL;
}

static json_t *why(const json_t *result, const json_t *op)
{
    const json_t *ids = msx_json_arr(op, "findings");
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(65536);

    for (size_t i = 0; i < json_array_size(ids); i++) {
        const json_t *f = finding(result, json_string_value(json_array_get(ids, i)));

        msx_buf_addf(&b, "%s%s: %s", b.len ? "; " : "", msx_json_str_or(f, "rule", "?"),
                     msx_json_str_or(f, "reason", ""));
    }
    return b.failed ? NULL : json_string(b.data);
}

static json_t *impact(const json_t *result, const json_t *op)
{
    const json_t *ids = msx_json_arr(op, "findings");
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(65536);
    json_int_t total = 0, score;

    for (size_t i = 0; i < json_array_size(ids); i++) {
        const json_t *f = finding(result, json_string_value(json_array_get(ids, i)));

        msx_buf_addf(&b, "%s%s", b.len ? ", " : "works on ", msx_json_str_or(f, "id", "?"));
        if (msx_json_int(f, "score", &score))
            total += score;
    }
    msx_buf_addf(&b, " (score %lld)", (long long)total);
    return b.failed ? NULL : json_string(b.data);
}

static json_t *risk(const json_t *op)
{
    return json_string(strcmp(msx_json_str_or(op, "capability", ""), "extended") == 0
                           ? "changes status, commitment or owner"
                           : "none known");
}

static json_t *evidence(const json_t *result, const json_t *op)
{
    const json_t *ids = msx_json_arr(op, "findings");
    json_t *out = json_array();

    for (size_t i = 0; out && i < json_array_size(ids); i++) {
        const json_t *f = finding(result, json_string_value(json_array_get(ids, i)));
        json_t *list = msx_json_arr(f, "evidence");

        if (list && json_array_extend(out, list) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static int explain(const json_t *result, const json_t *op, json_t *plan_op)
{
    const json_t *ids = msx_json_arr(op, "findings"), *reads = msx_json_arr(op, "reads");
    const json_t *best = finding(result, json_string_value(json_array_get(ids, 0)));
    json_t *source, *origin;

    for (size_t i = 0; i < json_array_size(reads); i++)
        if (guard_also(plan_op, json_string_value(json_array_get(reads, i))) != 0)
            return -1;
    source = json_pack("{s:s, s:s, s:s, s:s, s:O, s:o}", "skill",
                       msx_json_str_or(msx_json_obj(result, "run"), "skill", ""), "flow",
                       msx_json_str(result, "flow"), "rule", msx_json_str_or(best, "rule", ""),
                       "operation", msx_json_str(op, "id"), "findings", ids, "evidence",
                       evidence(result, op));
    origin = json_pack("{s:s, s:s}", "by", "flow", "flow", msx_json_str(result, "flow"));
    if (json_object_set_new(plan_op, "source", source) != 0 ||
        json_object_set_new(plan_op, "origin", origin) != 0)
        return -1;
    return json_object_set_new(plan_op, "why", why(result, op)) ||
           json_object_set_new(plan_op, "impact", impact(result, op)) ||
           json_object_set_new(plan_op, "risk", risk(op)) ||
           json_object_set(plan_op, "intent", json_object_get(op, "intent")) ||
           json_object_set(plan_op, "capability", json_object_get(op, "capability")) ||
           json_object_set(plan_op, "owner_role", json_object_get(op, "owner_role"));
}

/* ---- staging ---- */

static bool has_block(const json_t *guardrails)
{
    for (size_t i = 0; i < json_array_size(guardrails); i++)
        if (strcmp(msx_json_str_or(json_array_get(guardrails, i), "outcome", ""), "block") == 0)
            return true;
    return false;
}

static enum msx_code stage_one(struct msx_crm *crm, json_t *result, json_t *op, json_t *plan_op,
                               json_t *staged, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *answer = NULL;
    const json_t *error = json_object_get(plan_op, "error");
    json_t *guardrails;
    enum msx_code rc;

    if (error) /* the record changed or is gone since it was read: said, and the others go on */
        return json_array_append_new(staged, json_pack("{s:O, s:O}", "operation",
                                                       json_object_get(op, "id"), "error", error))
                   ? no_memory(err)
                   : MSX_OK;
    if (put_blanks(op, plan_op) != 0 || explain(result, op, plan_op) != 0)
        return no_memory(err);
    rc = crm->stage->add(crm->stage->user, json_incref(plan_op), &answer, err);
    if (rc)
        return rc;
    guardrails = msx_json_arr(answer, "guardrails");
    if ((guardrails && json_object_set(op, "guardrails", guardrails) != 0) ||
        json_object_set(answer, "operation", json_object_get(op, "id")) != 0 ||
        json_array_append(staged, answer) != 0)
        return no_memory(err);
    return MSX_OK;
}

/* Guardrails that look at the whole plan judge each operation anew with every one that is added:
 * what stands in the plan at the end counts. */
static enum msx_code take_guardrails(struct msx_crm *crm, const json_t *ops, const json_t *staged,
                                     struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *planned = NULL;
    enum msx_code rc =
        crm->stage->list ? crm->stage->list(crm->stage->user, &planned, err) : MSX_OK;
    const json_t *answer, *op, *in_plan;
    size_t i, k;

    if (rc)
        return rc;
    json_array_foreach(staged, i, answer) {
        const char *id = msx_json_str_or(answer, "operationId", "");
        const char *mine = msx_json_str_or(answer, "operation", "");
        const json_t *guardrails = NULL;

        json_array_foreach(planned, k, in_plan)
            if (strcmp(msx_json_str_or(in_plan, "id", "?"), id) == 0)
                guardrails = msx_json_arr(in_plan, "guardrails");
        json_array_foreach(ops, k, op)
            if (guardrails && strcmp(msx_json_str_or(op, "id", "?"), mine) == 0 &&
                json_object_set((json_t *)(uintptr_t)op, "guardrails",
                                (json_t *)(uintptr_t)guardrails) != 0)
                return no_memory(err);
    }
    return MSX_OK;
}

/* The lists of operations among the outputs hold the same operations. */
static int copy_guardrails(json_t *output, const json_t *ops)
{
    const char *id = msx_json_str(output, "id");
    const json_t *op;
    const char *key;
    json_t *v;
    size_t i;

    if (json_is_array(output)) {
        json_array_foreach(output, i, v)
            if (copy_guardrails(v, ops))
                return -1;
        return 0;
    }
    if (!json_is_object(output))
        return 0;
    if (id && json_object_get(output, "dedupe_key")) {
        json_array_foreach(ops, i, op)
            if (strcmp(msx_json_str_or(op, "id", "?"), id) == 0)
                return json_object_set(output, "guardrails", json_object_get(op, "guardrails"));
        return 0;
    }
    json_object_foreach(output, key, v)
        if (copy_guardrails(v, ops))
            return -1;
    return 0;
}

/* The plan names the result that its operations came from. */
static enum msx_code name_result(struct msx_crm *crm, const json_t *result, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *summary = NULL;

    if (!crm->stage->result)
        return MSX_OK;
    summary = json_pack("{s:O?, s:O?, s:O?, s:O?}", "flow", json_object_get(result, "flow"), "role",
                        json_object_get(result, "role"), "run", json_object_get(result, "run"),
                        "decision", json_object_get(result, "decision"));
    return summary ? crm->stage->result(crm->stage->user, summary, err) : no_memory(err);
}

enum msx_code msx_skill_stage(struct msx_crm *crm, json_t *result, json_t **staged_out,
                              struct msx_error *err)
{
    const json_t *ops = msx_json_arr(result, "operations");
    json_t *counts = msx_json_obj(msx_json_obj(result, "stats"), "operations");
    MSX_AUTO(msx_json_free_p) json_t *requests = json_array();
    MSX_AUTO(msx_json_free_p) json_t *built = NULL;
    MSX_AUTO(msx_json_free_p) json_t *staged = json_array();
    enum msx_code rc = MSX_OK;
    json_int_t blocked = 0;

    if (!crm->stage)
        return msx_fail(err, MSX_E_USAGE, "there is no plan to add to");
    if (!requests || !staged)
        return no_memory(err);
    for (size_t i = 0; i < json_array_size(ops); i++) {
        const json_t *op = json_array_get(ops, i);

        if (json_array_append_new(requests,
                                  json_pack("{s:s, s:o}", "type", msx_json_str_or(op, "op", ""),
                                            "params", params_of(crm, op))) != 0)
            return no_memory(err);
    }
    if (json_array_size(requests))
        rc = msx_op_build_all(crm, requests, &built, err);
    if (!rc && built && crm->stage->coming)
        rc = crm->stage->coming(crm->stage->user, built, err);
    for (size_t i = 0; !rc && i < json_array_size(ops); i++)
        rc = stage_one(crm, result, json_array_get(ops, i), json_array_get(built, i), staged, err);
    if (!rc && json_array_size(staged))
        rc = take_guardrails(crm, ops, staged, err);
    if (!rc && copy_guardrails(json_object_get(result, "outputs"), ops))
        rc = no_memory(err);
    if (!rc && json_array_size(staged))
        rc = name_result(crm, result, err);
    for (size_t i = 0; i < json_array_size(ops); i++)
        blocked += has_block(json_object_get(json_array_get(ops, i), "guardrails"));
    if (!rc && counts && json_object_set_new(counts, "blocked", json_integer(blocked)) != 0)
        rc = no_memory(err);
    if (!rc && staged_out)
        *staged_out = MSX_STEAL(staged);
    return rc;
}
