/* Evaluation of a compiled condition: Kleene's three values, the null rule, the trace. Nothing is
 * allocated unless a trace is asked for. */
#include "skill/cond_priv.h"

#include <math.h>
#include <string.h>

#define TRACE_MAX 200 /* predicates in one trace */

struct run {
    const struct msx_cond *c;
    json_t *trace;
    bool unread; /* something was not read, as opposed to left out by design */
};

struct env { /* what names mean at this point */
    const struct msx_cond_scope *s;
    const struct msx_value *it;
};

static enum msx_tri test(struct run *r, const struct env *e, const struct node *nd);
static void value(struct run *r, const struct env *e, const struct node *nd, struct msx_value *out,
                  struct msx_source *src);

static const struct node *arg(const struct run *r, const struct node *nd, size_t i)
{
    return &r->c->nodes[r->c->args[nd->args + i]];
}

/* ---- trace ---- */

static void set(json_t *o, const char *key, const char *text)
{
    (void)json_object_set_new(o, key, text ? json_string(text) : json_null());
}

static void note(struct run *r, const struct node *nd, const struct msx_value *left, const char *op,
                 json_t *threshold, enum msx_tri result, const struct msx_source *src)
{
    static const char *const names[] = { "no", "yes", "unknown" };
    json_t *o;

    if (!r->trace || json_array_size(r->trace) >= TRACE_MAX) {
        json_decref(threshold);
        return;
    }
    o = json_object();
    (void)json_object_set_new(o, "expr", json_stringn(r->c->text + nd->beg, nd->end - nd->beg));
    (void)json_object_set_new(o, "value", msx_value_json(left));
    set(o, "op", op);
    (void)json_object_set_new(o, "threshold", threshold ? threshold : json_null());
    set(o, "result", names[result]);
    set(o, "entity", src->entity);
    set(o, "id", src->id);
    set(o, "field", src->field);
    (void)json_array_append_new(r->trace, o);
}

/* ---- values ---- */

static msx_day today(const struct run *r, const struct env *e, const struct node *nd)
{
    struct msx_value v = { .type = MSX_V_NULL };
    struct msx_source src = { 0 };

    if (nd->op != FN_TODAY && nd->op != FN_BD)
        return MSX_DAY_NONE;
    e->s->get(e->s, 'r', r->c->today, &v, &src);
    return cond_day(&v);
}

static void call(struct run *r, const struct env *e, const struct node *nd, struct msx_value *out,
                 struct msx_source *src)
{
    struct msx_value v[COND_MAX_ARGS];
    struct msx_source ignored = { 0 };

    for (size_t i = 0; i < nd->argc; i++) {
        value(r, e, arg(r, nd, i), &v[i], i ? &ignored : src);
        if (v[i].type == MSX_V_UNKNOWN) {
            out->type = MSX_V_UNKNOWN;
            return;
        }
    }
    if (nd->kind == N_FN)
        cond_builtin((enum builtin)nd->op, v, nd->argc, today(r, e, nd), out);
    else if (e->s->call)
        e->s->call(e->s, nd->index, v, nd->argc, out, src);
}

/* ---- lists ---- */

struct items { /* of any, all, count */
    const struct msx_rec *const *recs;
    struct msx_value list;
    const struct node *literal;
    char child; /* 't', 'm', 0 for a plain list */
    size_t n;
};

/* MSX_YES; MSX_UNKNOWN when there is no list to look at. */
static enum msx_tri items_of(struct run *r, const struct env *e, const struct node *nd,
                             struct items *it, struct msx_source *src)
{
    *it = (struct items){ .list = { .type = MSX_V_NULL } };
    if (nd->kind == N_KIDS) {
        enum msx_tri got = MSX_NO;

        it->child = nd->root;
        if (e->s->each)
            got = e->s->each(e->s, nd->root, &it->recs, &it->n);
        if (got == MSX_UNKNOWN)
            r->unread = true;
        return got == MSX_YES ? MSX_YES : MSX_UNKNOWN;
    }
    if (nd->kind == N_LIST) {
        it->literal = nd;
        it->n = nd->argc;
        return MSX_YES;
    }
    value(r, e, nd, &it->list, src);
    if (it->list.type == MSX_V_UNKNOWN)
        return MSX_UNKNOWN;
    it->n = it->list.type == MSX_V_LIST ? it->list.u.list.n : 0;
    return MSX_YES;
}

static enum msx_tri test_item(struct run *r, const struct env *e, const struct items *it, size_t i,
                              const struct node *body)
{
    struct msx_cond_scope s;
    struct msx_value v = { .type = MSX_V_NULL };
    struct msx_source src = { 0 };
    struct env inner = *e;

    if (it->child) {
        s = *e->s;
        if (it->child == 't') {
            s.t = it->recs[i];
        } else {
            s.m = it->recs[i];
            s.t = NULL;
        }
        inner.s = &s;
        return test(r, &inner, body);
    }
    if (it->literal) {
        value(r, e, arg(r, it->literal, i), &v, &src);
        inner.it = &v;
    } else {
        inner.it = &it->list.u.list.items[i];
    }
    return test(r, &inner, body);
}

/* The predicates of one item: kept only when the item decides. */
static enum msx_tri test_traced(struct run *r, const struct env *e, const struct items *it,
                                size_t i, const struct node *body, enum msx_tri decides)
{
    json_t *outer = r->trace;
    enum msx_tri t;

    if (!outer)
        return test_item(r, e, it, i, body);
    r->trace = json_array();
    t = test_item(r, e, it, i, body);
    if (t == decides && json_array_size(outer) < TRACE_MAX)
        (void)json_array_extend(outer, r->trace);
    json_decref(r->trace);
    r->trace = outer;
    return t;
}

static enum msx_tri test_loop(struct run *r, const struct env *e, const struct node *nd)
{
    enum msx_tri decides = nd->kind == N_ANY ? MSX_YES : MSX_NO, result = cond_negate(decides), t;
    const struct node *body = nd->argc > 1 ? arg(r, nd, 1) : NULL;
    struct msx_source src = { 0 };
    struct msx_value n = { .type = MSX_V_UNKNOWN };
    struct items it;

    if (items_of(r, e, arg(r, nd, 0), &it, &src) == MSX_UNKNOWN) {
        result = MSX_UNKNOWN;
    } else {
        cond_num(&n, (double)it.n);
        if (!body) /* any(m.tasks): is there one? */
            result = cond_tri(it.n > 0);
        for (size_t i = 0; body && i < it.n && result != decides; i++) {
            t = test_traced(r, e, &it, i, body, decides);
            if (t == decides || t == MSX_UNKNOWN)
                result = t;
        }
    }
    note(r, nd, &n, nd->kind == N_ANY ? "any" : "all", NULL, result, &src);
    return result;
}

static void count(struct run *r, const struct env *e, const struct node *nd, struct msx_value *out,
                  struct msx_source *src)
{
    const struct node *body = nd->argc > 1 ? arg(r, nd, 1) : NULL;
    json_t *outer = r->trace;
    struct items it;
    size_t n = 0;

    out->type = MSX_V_UNKNOWN;
    if (items_of(r, e, arg(r, nd, 0), &it, src) == MSX_UNKNOWN)
        return;
    r->trace = NULL;
    for (size_t i = 0; body && i < it.n; i++) {
        enum msx_tri t = test_item(r, e, &it, i, body);

        if (t == MSX_UNKNOWN) {
            r->trace = outer;
            return;
        }
        n += t == MSX_YES;
    }
    r->trace = outer;
    cond_num(out, (double)(body ? n : it.n));
}

static void record(const struct msx_cond_scope *s, char root, struct msx_value *out)
{
    const struct msx_rec *rec = root == 'o' ? s->o : root == 'm' ? s->m : root == 't' ? s->t : s->u;

    if (rec) {
        out->type = MSX_V_REC;
        out->u.rec = rec;
    }
}

static void value(struct run *r, const struct env *e, const struct node *nd, struct msx_value *out,
                  struct msx_source *src)
{
    out->type = MSX_V_NULL;
    switch ((enum node_kind)nd->kind) {
    case N_CONST:
    case N_WORD:
    case N_LIST:
        *out = nd->v;
        return;
    case N_ITEM:
        if (e->it)
            *out = *e->it;
        return;
    case N_REC:
        record(e->s, nd->root, out);
        return;
    case N_PATH:
        e->s->get(e->s, nd->root, nd->index, out, src);
        break;
    case N_SIG:
        if (e->s->sig)
            e->s->sig(e->s, nd->root, nd->index, out, src);
        break;
    case N_CALL:
    case N_FN:
        call(r, e, nd, out, src);
        break;
    case N_NEG:
        value(r, e, arg(r, nd, 0), out, src);
        if (out->type != MSX_V_UNKNOWN)
            cond_num(out, -cond_to_num(out));
        return;
    case N_COUNT:
        count(r, e, nd, out, src);
        return;
    case N_KIDS:
        return; /* the parser lets it stand only in loops */
    case N_AND:
    case N_OR:
    case N_NOT:
    case N_CMP:
    case N_IN:
    case N_NULL:
    case N_EMPTY:
    case N_ANY:
    case N_ALL:
        *out = cond_of_tri(test(r, e, nd));
        return;
    }
    if (out->type == MSX_V_UNKNOWN)
        r->unread = true;
}

/* ---- conditions ---- */

static enum msx_tri test_cmp(struct run *r, const struct env *e, const struct node *nd)
{
    static const char *const ops[] = { "=", "!=", "<", "<=", ">", ">=" };
    struct msx_value a, b;
    struct msx_source src = { 0 }, src2 = { 0 };
    enum msx_tri t;

    value(r, e, arg(r, nd, 0), &a, &src);
    value(r, e, arg(r, nd, 1), &b, &src2);
    t = cond_compare((enum tok)nd->op, &a, &b);
    if (r->trace)
        note(r, nd, &a, ops[nd->op - TOK_EQ], msx_value_json(&b), t,
             src.entity || src.field ? &src : &src2);
    return t;
}

static enum msx_tri test_in(struct run *r, const struct env *e, const struct node *nd)
{
    const struct node *list = arg(r, nd, 1);
    struct msx_value a, b, item;
    struct msx_source src = { 0 }, ignored = { 0 };
    enum msx_tri t = MSX_NO, eq;

    value(r, e, arg(r, nd, 0), &a, &src);
    if (list->kind == N_LIST) {
        b = list->v;
        for (size_t i = 0; i < list->argc && t != MSX_YES; i++) {
            value(r, e, arg(r, list, i), &item, &ignored);
            eq = cond_compare(TOK_EQ, &a, &item);
            t = eq == MSX_NO ? t : eq;
        }
    } else {
        value(r, e, list, &b, &ignored);
        if (b.type == MSX_V_UNKNOWN && a.type != MSX_V_NULL)
            t = MSX_UNKNOWN;
        for (size_t i = 0; b.type == MSX_V_LIST && i < b.u.list.n && t != MSX_YES; i++) {
            eq = cond_compare(TOK_EQ, &a, &b.u.list.items[i]);
            t = eq == MSX_NO ? t : eq;
        }
    }
    if (r->trace)
        note(r, nd, &a, "in",
             list->kind == N_LIST && !list->op
                 ? json_stringn(r->c->text + list->beg, list->end - list->beg)
                 : msx_value_json(&b),
             t, &src);
    return t;
}

/* is null, is empty, their opposites. */
static enum msx_tri test_is(struct run *r, const struct env *e, const struct node *nd)
{
    static const char *const ops[] = { "is null", "is not null", "is empty", "is not empty" };
    const struct node *of = arg(r, nd, 0);
    struct msx_value a = { .type = MSX_V_UNKNOWN };
    struct msx_source src = { 0 };
    struct items it;
    enum msx_tri t;

    if (of->kind == N_KIDS) {
        t = items_of(r, e, of, &it, &src) == MSX_YES ? cond_tri(it.n == 0) : MSX_UNKNOWN;
        if (t != MSX_UNKNOWN)
            cond_num(&a, (double)it.n);
    } else {
        value(r, e, of, &a, &src);
        t = nd->kind == N_EMPTY       ? cond_is_empty(&a)
            : a.type == MSX_V_UNKNOWN ? MSX_UNKNOWN
                                      : cond_tri(a.type == MSX_V_NULL);
    }
    if (nd->op)
        t = cond_negate(t);
    note(r, nd, &a, ops[(nd->kind == N_EMPTY ? 2 : 0) + nd->op], NULL, t, &src);
    return t;
}

static enum msx_tri test(struct run *r, const struct env *e, const struct node *nd)
{
    enum msx_tri t, part, stop;
    struct msx_value v;
    struct msx_source src = { 0 };

    switch ((enum node_kind)nd->kind) {
    case N_AND:
    case N_OR:
        stop = nd->kind == N_OR ? MSX_YES : MSX_NO;
        t = cond_negate(stop);
        for (size_t i = 0; i < nd->argc && t != stop; i++) {
            part = test(r, e, arg(r, nd, i));
            if (part == stop || part == MSX_UNKNOWN)
                t = part;
        }
        return t;
    case N_NOT:
        return cond_negate(test(r, e, arg(r, nd, 0)));
    case N_CMP:
        return test_cmp(r, e, nd);
    case N_IN:
        return test_in(r, e, nd);
    case N_NULL:
    case N_EMPTY:
        return test_is(r, e, nd);
    case N_ANY:
    case N_ALL:
        return test_loop(r, e, nd);
    default:
        value(r, e, nd, &v, &src);
        t = cond_truth(&v);
        note(r, nd, &v, "is yes", NULL, t, &src);
        return t;
    }
}

enum msx_tri msx_cond_eval(const struct msx_cond *c, const struct msx_cond_scope *s, json_t *trace)
{
    struct run r = { .c = c, .trace = trace };
    const struct env e = { .s = s };
    enum msx_tri t = test(&r, &e, &c->nodes[c->top]);

    /* what the flow left out by design makes a rule not fire; it is not an unknown */
    return t == MSX_UNKNOWN && !r.unread ? MSX_NO : t;
}

void msx_cond_value(const struct msx_cond *c, const struct msx_cond_scope *s, struct msx_value *out)
{
    struct run r = { .c = c };
    const struct env e = { .s = s };
    struct msx_source src = { 0 };

    value(&r, &e, &c->nodes[c->top], out, &src);
    if (out->type == MSX_V_UNKNOWN && !r.unread)
        out->type = MSX_V_NULL;
}
