/* The world as conditions see it: names at compile time, values and functions at run time. */
#include "skill/facts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

/* ---- names ---- */
enum run_fact { RUN_TODAY, RUN_USER_ID, RUN_USER, RUN_EMAIL, RUN_ROLE };
static const char *const run_names[] = { "today", "user_id", "user", "email", "role" };

enum func {
    FN_READY,
    FN_READY_CSAM,
    FN_RECORDED,
    FN_DUE,
    FN_ROLE,
    FN_OWNER_FOR,
    FN_OVERLAP,
    FN_MATCHES,
    FN_ISSUE,
};
struct func_row {
    const char *name;
    enum func fn;
    size_t argc;
};
static const struct func_row funcs[] = {
    { "rd", FN_READY, 2 },           { "ready", FN_READY, 2 },
    { "rd_csam", FN_READY_CSAM, 2 }, { "ready_csam", FN_READY_CSAM, 2 },
    { "recorded", FN_RECORDED, 2 },  { "due", FN_DUE, 2 },
    { "role", FN_ROLE, 1 },          { "owner_for", FN_OWNER_FOR, 2 },
    { "overlap", FN_OVERLAP, 2 },    { "matches", FN_MATCHES, 2 },
    { "issue", FN_ISSUE, 1 },
};
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static int find_name(const char *const *names, size_t n, const char *name, const char **near_out)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(names[i], name))
            return (int)i;
    *near_out = msx_nearest(name, names, n);
    return -1;
}

static int path_index(void *user, char root, const char *dotted, const char **near_out)
{
    const struct msx_world *w = user;

    switch (root) {
    case 'o':
        return msx_fact_index(MSX_K_OPP, dotted, near_out);
    case 'm':
        return msx_fact_index(MSX_K_MILESTONE, dotted, near_out);
    case 't':
        return msx_fact_index(MSX_K_TASK, dotted, near_out);
    case 'u':
        return msx_fact_index(MSX_K_USER, dotted, near_out);
    case 'd':
        return M_DAYS_TO_DATE;
    case 'p':
        return find_name(w->param_names, w->nparams, dotted, near_out);
    case 'r':
        return find_name(run_names, COUNT(run_names), dotted, near_out);
    default:
        return -1;
    }
}

static int func_index(void *user, const char *name, size_t argc, const char **near_out)
{
    const char *names[COUNT(funcs)];

    (void)user;
    for (size_t i = 0; i < COUNT(funcs); i++) {
        names[i] = funcs[i].name;
        if (!strcmp(name, names[i])) {
            *near_out = names[i];
            return funcs[i].argc == argc ? (int)i : -1;
        }
    }
    *near_out = msx_nearest(name, names, COUNT(names));
    return -1;
}

static int sig_index(void *user, const char *id, const char **near_out)
{
    const struct msx_world *w = user;
    size_t n = w->lexicon ? msx_lexicon_count(w->lexicon) : 0;
    int index = w->lexicon ? msx_lexicon_find(w->lexicon, id) : -1;
    const char **names;

    if (index >= 0 || n == 0)
        return index;
    names = msx_calloc(n, sizeof *names);
    for (size_t i = 0; names && i < n; i++)
        names[i] = msx_lexicon_id(w->lexicon, (int)i);
    if (names)
        *near_out = msx_nearest(id, names, n);
    msx_free(names);
    return -1;
}

void msx_world_schema(const struct msx_world *w, struct msx_cond_schema *out)
{
    *out = (struct msx_cond_schema){
        .path = path_index, .func = func_index, .sig = sig_index, .user = (void *)(uintptr_t)w
    };
}

/* ---- values ---- */
static struct msx_world *world_of(const struct msx_cond_scope *s)
{
    return s->user;
}

/* The record that a root names: the bound one, else the one that a bound child belongs to. */
static struct msx_rec *bound(const struct msx_cond_scope *s, char root)
{
    const struct msx_rec *r = NULL;

    switch (root) {
    case 't':
        r = s->t;
        break;
    case 'm':
    case 'd':
        r = s->m ? s->m : s->t ? s->t->milestone : NULL;
        break;
    case 'o':
        r = s->o ? s->o : s->m ? s->m->opp : s->t ? s->t->opp : NULL;
        break;
    case 'u':
        r = s->u ? s->u : world_of(s)->me;
        break;
    }
    return r ? r->self : NULL;
}

static void param_value(struct msx_world *w, const json_t *j, struct msx_value *out)
{
    const char *s = json_string_value(j);
    size_t n = json_array_size(j);

    if (s) {
        msx_v_day(out, msx_day_parse(s));
        if (out->type == MSX_V_NULL)
            msx_v_str(out, s);
    } else if (json_is_number(j)) {
        msx_v_num(out, json_number_value(j));
    } else if (json_is_boolean(j)) {
        msx_v_bool(out, json_is_true(j));
    } else if (json_is_array(j)) {
        struct msx_value *items = msx_world_alloc(w, (n + 1) * sizeof *items);

        if (!items) {
            out->type = MSX_V_UNKNOWN;
            return;
        }
        for (size_t i = 0; i < n; i++) {
            const json_t *item = json_array_get(j, i);

            if (!json_is_array(item))
                param_value(w, item, &items[i]);
        }
        out->type = MSX_V_LIST;
        out->u.list.items = items;
        out->u.list.n = n;
    }
}

/* Parameters as values are made at the first use and kept: lists live in the arena. */
static void get_param(struct msx_world *w, int index, struct msx_value *out)
{
    if (!w->param_values)
        w->param_values = msx_world_alloc(w, (w->nparams + 1) * sizeof *w->param_values);
    if (!w->param_values) {
        out->type = MSX_V_UNKNOWN;
        return;
    }
    if (w->param_values[index].type == MSX_V_NULL)
        param_value(w, json_object_get(w->params, w->param_names[index]), &w->param_values[index]);
    *out = w->param_values[index];
}

static void get_run(struct msx_world *w, int index, struct msx_value *out)
{
    switch ((enum run_fact)index) {
    case RUN_TODAY:
        msx_v_day(out, w->today);
        break;
    case RUN_USER_ID:
        msx_v_str(out, w->me_id);
        break;
    case RUN_USER:
        msx_v_str(out, w->me ? msx_rec_str(w->me, "fullname") : NULL);
        break;
    case RUN_EMAIL:
        msx_v_str(out, w->me ? msx_rec_str(w->me, "internalemailaddress") : NULL);
        break;
    case RUN_ROLE:
        msx_v_str(out, w->me ? msx_user_role(w->me) : w->forced_role ? w->forced_role : "unknown");
        break;
    }
}

static void get(const struct msx_cond_scope *s, char root, int index, struct msx_value *out,
                struct msx_source *src)
{
    struct msx_rec *r;

    if (root == 'p') {
        get_param(world_of(s), index, out);
        return;
    }
    if (root == 'r') {
        get_run(world_of(s), index, out);
        return;
    }
    r = bound(s, root);
    if (!r)
        return;
    msx_fact_get(r, index, out);
    src->entity = msx_rec_entity(r);
    src->id = r->id;
    src->field = msx_fact_field(r->kind, index);
}

static void signal_value(struct msx_rec *r, int index, bool recorded, struct msx_value *out,
                         struct msx_source *src)
{
    static const char *const names[] = { "unknown", "yes", "no" };

    if (!r || (r->kind != MSX_K_TASK && r->kind != MSX_K_MILESTONE && r->kind != MSX_K_OPP))
        return;
    if (r->kind == MSX_K_TASK)
        msx_v_str(out, names[msx_task_sig(r, index)]);
    else
        msx_rec_sig_value(r, index, recorded, out);
    src->entity = msx_rec_entity(r);
    src->id = r->id;
    src->field = index >= 0 && r->w->lexicon ? msx_lexicon_id(r->w->lexicon, index) : NULL;
}

static void sig(const struct msx_cond_scope *s, char root, int index, struct msx_value *out,
                struct msx_source *src)
{
    signal_value(bound(s, root), index, false, out, src);
}

static enum msx_tri each(const struct msx_cond_scope *s, char child,
                         const struct msx_rec *const **items, size_t *n)
{
    struct msx_rec *r = bound(s, child == 't' ? 'm' : 'o');
    struct msx_rec *const *list;
    enum msx_tasks state;

    *items = NULL;
    *n = 0;
    if (!r)
        return MSX_NO;
    if (child == 'm') {
        *items = msx_rec_children(r, n);
        return r->milestones_failed ? MSX_UNKNOWN : MSX_YES;
    }
    state = msx_tasks_of(r, &list, n);
    *items = (const struct msx_rec *const *)list;
    return state == MSX_TASKS_READ ? MSX_YES : state == MSX_TASKS_FAILED ? MSX_UNKNOWN : MSX_NO;
}

/* ---- functions ---- */
static const char *text_arg(const struct msx_value *v)
{
    return v->type == MSX_V_STR ? v->u.str : NULL;
}

static struct msx_rec *rec_arg(const struct msx_value *v)
{
    return v->type == MSX_V_REC && v->u.rec ? v->u.rec->self : NULL;
}

static void call_ready(const struct msx_value *args, bool csam, struct msx_value *out,
                       struct msx_source *src)
{
    struct msx_rec *m = rec_arg(&args[0]);
    const char *item = text_arg(&args[1]);

    if (!m || m->kind != MSX_K_MILESTONE || !item || !msx_ready_known(m->w, item))
        return;
    msx_v_tri(out, msx_rec_ready(m, item, csam, NULL));
    src->entity = msx_rec_entity(m);
    src->id = m->id;
    src->field = item;
}

static void call_role(struct msx_world *w, const struct msx_value *arg, struct msx_value *out)
{
    struct msx_rec *r = rec_arg(arg);

    if (arg->type == MSX_V_STR)
        r = msx_world_user(w, arg->u.str);
    if (r && r->kind == MSX_K_USER)
        msx_v_str(out, msx_user_role(r));
    else if (r)
        msx_role_of_field(r, "_ownerid_value", out);
    else if (arg->type == MSX_V_STR)
        msx_v_str(out, "unknown");
}

/* The customer whose name does not count in an overlap: that of the record at hand. */
static const char *customer(const struct msx_cond_scope *s)
{
    struct msx_rec *o = bound(s, 'o');
    const char *name = o ? msx_fact_str(o, O_CUSTOMER) : "";

    return name[0] ? name : NULL;
}

static void call_text(const struct msx_cond_scope *s, enum func fn, const char *a, const char *b,
                      struct msx_value *out)
{
    static const char *const names[] = { "unknown", "yes", "no" };
    struct msx_world *w = world_of(s);
    int index;

    if (fn == FN_OVERLAP && a && b) {
        msx_v_num(out, msx_text_overlap(a, b, customer(s)));
    } else if (fn == FN_ISSUE && a && w->lexicon) {
        msx_v_str(out, msx_issue_name(msx_issue_class(w->lexicon, &a, 1, NULL)));
    } else if (fn == FN_MATCHES && a && b && w->lexicon) {
        index = msx_lexicon_find(w->lexicon, a);
        if (index >= 0)
            msx_v_str(out, names[msx_signal_in_text(w->lexicon, index, b)]);
    }
}

static void call(const struct msx_cond_scope *s, int func, const struct msx_value *args,
                 size_t argc, struct msx_value *out, struct msx_source *src)
{
    struct msx_world *w = world_of(s);
    enum func fn = funcs[func].fn;
    const struct msx_rec *u;

    switch (fn) {
    case FN_READY:
    case FN_READY_CSAM:
        call_ready(args, fn == FN_READY_CSAM, out, src);
        break;
    case FN_RECORDED:
        if (rec_arg(&args[0]) && text_arg(&args[1]) && w->lexicon)
            signal_value(rec_arg(&args[0]), msx_lexicon_find(w->lexicon, text_arg(&args[1])), true,
                         out, src);
        break;
    case FN_DUE:
        if (args[0].type == MSX_V_NUM && args[0].u.num >= 1 && args[0].u.num <= 1000)
            msx_v_day(out, msx_world_due(w, (int)args[0].u.num, rec_arg(&args[1])));
        break;
    case FN_ROLE:
        call_role(w, &args[0], out);
        break;
    case FN_OWNER_FOR:
        if (rec_arg(&args[0]) && text_arg(&args[1])) {
            u = msx_world_owner_for(w, rec_arg(&args[0]), text_arg(&args[1]));
            msx_v_str(out, u ? u->id : NULL);
        }
        break;
    case FN_OVERLAP:
    case FN_MATCHES:
    case FN_ISSUE:
        call_text(s, fn, text_arg(&args[0]), argc > 1 ? text_arg(&args[1]) : NULL, out);
        break;
    }
}

void msx_world_scope(const struct msx_world *w, struct msx_cond_scope *out)
{
    *out = (struct msx_cond_scope){
        .u = w->me, .get = get, .call = call, .sig = sig, .each = each, .user = (void *)(uintptr_t)w
    };
}

void msx_world_bind(struct msx_cond_scope *s, const struct msx_rec *r)
{
    s->t = r && r->kind == MSX_K_TASK ? r : NULL;
    s->m = r ? r->milestone : NULL;
    s->o = r ? r->opp : NULL;
    if (r && r->kind == MSX_K_USER)
        s->u = r;
}
