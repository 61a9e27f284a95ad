/* Guardrail conditions see the world of flows and, as run.op.NAME, the operation. */
#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/facts.h"
#include "skill/guard_int.h"

#define OP_BASE 1000 /* indices of run.op.* begin here: the world's own are below */

static const struct {
    const char *name;
    bool date;
} names[] = {
    { "op.type", false },         { "op.on", false },
    { "op.by", false },           { "op.intent", false },
    { "op.intents", false },      { "op.creates", false },
    { "op.reopens", false },      { "op.changed", false },
    { "op.labels", false },       { "op.governed", false },
    { "op.missing", false },      { "op.renamed", false },
    { "op.placeholders", false }, { "op.invalid", false },
    { "op.subject", false },      { "op.description", false },
    { "op.text", false },         { "op.tag", false },
    { "op.due", true },           { "op.owner", false },
    { "op.owner_role", false },   { "op.new_owner_role", false },
    { "op.duplicate", false },    { "op.tag_duplicate", false },
    { "op.new_status", false },   { "op.comment_length", false },
    { "op.recovery", false },     { "op.owns", false },
    { "op.sources", false },      { "op.records", false },
};
#define COUNT (sizeof names / sizeof names[0])

size_t guard_fact_count(void)
{
    return COUNT;
}

const char *guard_fact_name(size_t i)
{
    return names[i].name + sizeof "op." - 1;
}

/* ---- names ---- */

static int path_index(void *user, char root, const char *dotted, const char **near_out)
{
    const struct guard_names *n = user;
    const char *known[COUNT];

    if (root != 'r' || strncmp(dotted, "op.", 3) != 0)
        return n->inner.path(n->inner.user, root, dotted, near_out);
    for (size_t i = 0; i < COUNT; i++) {
        known[i] = names[i].name;
        if (strcmp(known[i], dotted) == 0)
            return OP_BASE + (int)i;
    }
    *near_out = msx_nearest(dotted, known, COUNT);
    return -1;
}

static int func_index(void *user, const char *name, size_t argc, const char **near_out)
{
    const struct guard_names *n = user;

    return n->inner.func(n->inner.user, name, argc, near_out);
}

static int sig_index(void *user, const char *id, const char **near_out)
{
    const struct guard_names *n = user;

    return n->inner.sig(n->inner.user, id, near_out);
}

void guard_schema(const struct msx_world *w, struct guard_names *n, struct msx_cond_schema *out)
{
    msx_world_schema(w, &n->inner);
    *out = (struct msx_cond_schema){
        .path = path_index, .func = func_index, .sig = sig_index, .user = n
    };
}

/* ---- values ---- */

/* What binds the records as s does, for the world's own functions. */
static struct msx_cond_scope inside(const struct msx_cond_scope *s)
{
    const struct guard_case *c = s->user;
    struct msx_cond_scope in = c->inner;

    in.o = s->o;
    in.m = s->m;
    in.t = s->t;
    in.u = s->u;
    return in;
}

static void from_json(struct msx_world *w, const json_t *j, bool date, struct msx_value *out)
{
    size_t n = json_array_size(j);

    if (!j) {
        out->type = MSX_V_UNKNOWN;
    } else if (json_is_string(j)) {
        msx_v_str(out, json_string_value(j));
        if (date)
            msx_v_day(out, msx_day_parse(json_string_value(j)));
    } else if (json_is_number(j)) {
        msx_v_num(out, json_number_value(j));
    } else if (json_is_boolean(j)) {
        msx_v_bool(out, json_is_true(j));
    } else if (json_is_array(j)) {
        const char **items = msx_world_alloc(w, (n + 1) * sizeof *items);

        for (size_t i = 0; items && i < n; i++)
            items[i] = json_string_value(json_array_get(j, i));
        if (items)
            msx_v_strings(w, out, items, n);
        else
            out->type = MSX_V_UNKNOWN;
    }
}

static void get(const struct msx_cond_scope *s, char root, int index, struct msx_value *out,
                struct msx_source *src)
{
    const struct guard_case *c = s->user;
    struct msx_cond_scope in = inside(s);

    if (root == 'r' && index >= OP_BASE) {
        size_t i = (size_t)(index - OP_BASE);

        from_json(c->world, json_object_get(c->facts, guard_fact_name(i)), names[i].date, out);
        src->field = names[i].name;
        return;
    }
    in.get(&in, root, index, out, src);
}

static void call(const struct msx_cond_scope *s, int func, const struct msx_value *args,
                 size_t argc, struct msx_value *out, struct msx_source *src)
{
    struct msx_cond_scope in = inside(s);

    in.call(&in, func, args, argc, out, src);
}

static void sig(const struct msx_cond_scope *s, char root, int index, struct msx_value *out,
                struct msx_source *src)
{
    struct msx_cond_scope in = inside(s);

    in.sig(&in, root, index, out, src);
}

static enum msx_tri each(const struct msx_cond_scope *s, char child,
                         const struct msx_rec *const **items, size_t *n)
{
    struct msx_cond_scope in = inside(s);

    return in.each(&in, child, items, n);
}

void guard_scope(struct guard_case *c)
{
    char id[MSX_GUID_LEN + 1];
    const struct msx_rec *target = NULL;

    msx_world_scope(c->world, &c->inner);
    if (guard_milestone_id(c->op, id))
        target = msx_world_find(c->world, MSX_K_MILESTONE, id);
    if (!target && guard_opportunity_id(c->op, id))
        target = msx_world_find(c->world, MSX_K_OPP, id);
    msx_world_bind(&c->inner, target);
    if (guard_on_task(c->op) && !guard_creates(c->op))
        c->inner.t = msx_world_find(c->world, MSX_K_TASK,
                                    msx_json_str_or(msx_json_obj(c->op, "target"), "id", ""));
    c->scope = c->inner;
    c->scope.get = get;
    c->scope.call = call;
    c->scope.sig = sig;
    c->scope.each = each;
    c->scope.user = c;
}

/* ---- the records ---- */

static bool unread(const struct guard *g, const char *what, const char *id)
{
    MSX_AUTO(msx_free_p) char *key = msx_asprintf("%s:%s", what, id);

    return !key || json_object_get(g->cache.unread, key);
}

static enum msx_code add(struct msx_world *w, enum msx_kind kind, const json_t *record,
                         struct msx_error *err)
{
    return json_is_object(record) ? msx_world_add(w, kind, record, err) : MSX_OK;
}

static enum msx_code add_milestone(struct guard_case *c, const char *id, struct msx_error *err)
{
    const struct guard *g = c->g;
    const json_t *m = json_object_get(g->cache.milestones, id),
                 *tasks = json_object_get(g->cache.tasks, id);
    enum msx_code rc = add(c->world, MSX_K_MILESTONE, m, err);

    for (size_t i = 0; !rc && i < json_array_size(tasks); i++) {
        json_t *t = json_array_get(tasks, i);

        /* grouped by milestone, a task may leave out whose it is */
        if (!msx_json_str(t, "_regardingobjectid_value") &&
            msx_json_set_str(t, "_regardingobjectid_value", id) != 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        rc = msx_world_add(c->world, MSX_K_TASK, t, err);
    }
    if (unread(g, "tasks", id))
        msx_world_not_read(c->world, "tasks", id);
    else
        msx_world_tasks_read(c->world, id);
    return rc;
}

static enum msx_code add_opportunity(struct guard_case *c, const char *id, struct msx_error *err)
{
    const struct guard *g = c->g;
    enum msx_code rc = add(c->world, MSX_K_OPP, json_object_get(g->cache.opportunities, id), err);

    if (!rc && unread(g, "opportunity", id))
        msx_world_not_read(c->world, "opportunity", id);
    if (!rc && unread(g, "dealteam", id))
        msx_world_not_read(c->world, "dealteam", id);
    else if (!rc)
        rc = msx_world_dealteams(c->world, json_object_get(g->cache.teams, id), err);
    /* only this milestone of it is looked at: what is said of all of them is not known */
    msx_world_not_read(c->world, "milestones", id);
    return rc;
}

/* What the milestone will have, as a record beside it that belongs to nothing. */
static enum msx_code add_planned(struct guard_case *c, struct msx_error *err)
{
    const json_t *after = msx_json_obj(c->op, "after");
    MSX_AUTO(msx_json_free_p)
    json_t *planned = json_copy((json_t *)(uintptr_t)after);
    MSX_AUTO(msx_buf_release) struct msx_buf notes = MSX_BUF_INIT(MSX_PLAN_MAX_BYTES);
    const json_t *ops = msx_json_arr(c->plan, "operations");
    char id[MSX_GUID_LEN + 1], other[MSX_GUID_LEN + 1];
    size_t n = guard_milestone_id(c->op, id) ? json_array_size(ops) : 0;

    if (!planned)
        planned = json_object();
    for (size_t i = 0; i < n; i++) {
        const json_t *op = json_array_get(ops, i);
        const char *text = msx_json_str(msx_json_obj(op, "after"), "msp_forecastcomments");

        if (text && guard_milestone_id(op, other) && strcmp(id, other) == 0)
            msx_buf_addf(&notes, "%s\n", text);
    }
    if (!planned || notes.failed ||
        msx_json_set_str(planned, "msp_engagementmilestoneid", "planned") != 0 ||
        msx_json_set_str(planned, "msp_forecastcomments", notes.data) != 0)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    (void)json_object_del(planned, "_msp_opportunityid_value"); /* it may have none */
    return msx_world_add(c->world, MSX_K_MILESTONE, planned, err);
}

enum msx_code guard_world(struct guard_case *c, struct msx_error *err)
{
    const struct guard *g = c->g;
    struct msx_world_config cfg = { .lexicon = g->shared.lexicon,
                                    .roles = g->shared.roles,
                                    .stages = g->shared.stages,
                                    .readiness = g->shared.readiness,
                                    .params = g->params,
                                    .today = g->ctx->today,
                                    .tz = g->ctx->tz };
    const char *who = msx_json_str(msx_json_obj(c->plan, "user"), "id");
    char id[MSX_GUID_LEN + 1];
    const char *key;
    json_t *user;
    enum msx_code rc = msx_world_new(&cfg, &c->world, err);

    if (!rc && c->now) /* first: what was read before does not replace it */
        rc = msx_world_add(c->world, guard_on_task(c->op) ? MSX_K_TASK : MSX_K_MILESTONE, c->now,
                           err);
    if (!rc && guard_milestone_id(c->op, id))
        rc = add_milestone(c, id, err);
    if (!rc && guard_opportunity_id(c->op, id))
        rc = add_opportunity(c, id, err);
    json_object_foreach(g->cache.users, key, user)
        if (!rc)
            rc = add(c->world, MSX_K_USER, user, err);
    if (!rc)
        rc = add_planned(c, err);
    if (rc)
        return rc;
    msx_world_not_read(c->world, "users", NULL); /* those of others, that is */
    msx_world_me(c->world, who, guard_role(g, c->plan, c->op));
    return msx_world_ready(c->world, err);
}
