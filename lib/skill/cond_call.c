/* Calls in conditions: any, all, count and what they bind; sig; built-in and schema functions. */
#include "skill/cond_priv.h"

#include "msxops/text.h"

#include <string.h>

static const char *const fn_names[] = { "len",  "days",     "min",   "max", "today", "bd",
                                        "plus", "contains", "count", "any", "all",   "sig" };
static const signed char fn_argc[] = { 1, 2, -1, -1, 0, 1, 2, 2 };

/* EXPR of any/all/count with what LIST binds. */
static unsigned parse_body(struct parser *p, unsigned list)
{
    const struct node *nd = &p->c->nodes[list];
    int *bound = nd->kind != N_KIDS ? &p->items : nd->root == 't' ? &p->bound_t : &p->bound_m;
    unsigned n;

    ++*bound;
    n = cond_parse_or(p);
    --*bound;
    return cond_check_condition(p, n) ? n : NONE;
}

static unsigned parse_loop(struct parser *p, enum node_kind kind, const char *beg)
{
    size_t base = p->n_stack;
    unsigned list, body;

    if (p->loops >= MSX_COND_MAX_LOOPS)
        return cond_fail_at(p, beg, "any, all and count are nested too deep", NULL, 0, NULL);
    list = cond_parse_term(p);
    if (!cond_push(p, list))
        return NONE;
    switch (p->c->nodes[list].kind) {
    case N_KIDS:
    case N_LIST:
    case N_PATH:
    case N_CALL:
        break;
    default:
        return cond_fail_at(p, p->lx.text + p->c->nodes[list].beg, "any, all and count want a list",
                            NULL, 0, NULL);
    }
    if (p->lx.tok == TOK_COMMA) {
        cond_lex_next(&p->lx);
        p->loops++;
        body = parse_body(p, list);
        p->loops--;
        if (!cond_push(p, body))
            return NONE;
    } else if (kind == N_ALL) {
        return cond_fail_here(p, "all wants a list and a condition");
    }
    if (!cond_expect(p, TOK_RPAREN, "')' is missing before"))
        return NONE;
    return cond_node(p, kind, beg, base);
}

/* A bare o m t u as an argument: its letter, NULL when the token is none. */
const char *cond_record_word(const struct parser *p)
{
    static const char *const words[] = { "o", "m", "t", "u" };

    for (size_t i = 0; i < 4; i++)
        if (cond_lex_is(&p->lx, words[i]))
            return words[i];
    return NULL;
}

static unsigned parse_sig(struct parser *p, const char *beg)
{
    const char *record = cond_record_word(p), *id, *near = NULL, *at;
    struct msx_cond *c = p->c;
    int index = -1;
    size_t i = 0;
    unsigned n;

    if (!record)
        return cond_fail_here(p, "sig wants o, m, t or u, not");
    cond_note_root(p, *record);
    cond_lex_next(&p->lx);
    if (!cond_expect(p, TOK_COMMA, "sig wants a record and a signal, ',' is missing before"))
        return NONE;
    if (p->lx.tok != TOK_STR)
        return cond_fail_here(p, "sig wants the signal's id in quotation marks, not");
    at = p->lx.beg;
    id = cond_unquoted(p);
    if (p->schema->sig)
        index = p->schema->sig(p->schema->user, id, &near);
    if (index < 0)
        return cond_fail_at(p, at, "no signal", id, strlen(id), near);
    cond_lex_next(&p->lx);
    if (!cond_expect(p, TOK_RPAREN, "')' is missing before"))
        return NONE;
    n = cond_node(p, N_SIG, beg, p->n_stack);
    if (n == NONE)
        return NONE;
    c->nodes[n].root = *record;
    c->nodes[n].index = index;
    c->nodes[n].name = id;
    while (i < c->n_sigs && strcmp(c->sigs[i], id))
        i++;
    if (i == c->n_sigs)
        c->sigs[c->n_sigs++] = id;
    return n;
}

static bool parse_args(struct parser *p, bool records)
{
    size_t base = p->n_stack;

    while (!p->rc && p->lx.tok != TOK_RPAREN) {
        const char *record;
        unsigned n;

        if (p->n_stack > base && !cond_expect(p, TOK_COMMA, "',' or ')' is missing before"))
            return false;
        record = cond_record_word(p);
        if (p->n_stack - base == COND_MAX_ARGS) {
            cond_fail_here(p, "too many arguments at");
            return false;
        }
        if (record && records) {
            cond_note_root(p, *record);
            n = cond_constant(p, (struct msx_value){ .type = MSX_V_NULL });
            if (n != NONE) {
                p->c->nodes[n].kind = N_REC;
                p->c->nodes[n].root = *record;
            }
        } else {
            n = cond_parse_or(p);
        }
        if (n == NONE || !cond_push(p, n))
            return false;
    }
    return cond_expect(p, TOK_RPAREN, "')' is missing before");
}

static unsigned parse_builtin(struct parser *p, unsigned fn, const char *beg)
{
    size_t base = p->n_stack, argc;
    bool kids = false;
    unsigned n;

    if (!parse_args(p, false))
        return NONE;
    argc = p->n_stack - base;
    if (fn_argc[fn] >= 0 ? argc != (size_t)fn_argc[fn] : argc < 1) {
        cond_fail_at(p, beg, "wrong number of arguments of", beg, strlen(fn_names[fn]), NULL);
        return NONE;
    }
    for (size_t i = base; i < p->n_stack; i++) {
        if (fn == FN_LEN && p->c->nodes[p->stack[i]].kind == N_KIDS)
            kids = true;
        else if (!cond_check_value(p, p->stack[i]))
            return NONE;
    }
    if ((fn == FN_TODAY || fn == FN_BD) && p->c->today < 0)
        return cond_fail_at(p, beg, "there is no run.today for", beg, strlen(fn_names[fn]), NULL);
    n = cond_node(p, kids ? N_COUNT : N_FN, beg, base);
    if (n != NONE)
        p->c->nodes[n].op = (unsigned char)fn;
    return n;
}

static unsigned parse_user(struct parser *p, const char *beg, size_t len)
{
    const char *name = cond_keep(p, beg, len), *near = NULL;
    size_t base = p->n_stack, argc;
    int index = -1;
    unsigned n;

    if (!parse_args(p, true))
        return NONE;
    argc = p->n_stack - base;
    if (p->schema->func)
        index = p->schema->func(p->schema->user, name, argc, &near);
    if (index < 0) {
        if (!near)
            near = msx_nearest(name, fn_names, sizeof fn_names / sizeof *fn_names);
        return cond_fail_at(
            p, beg, near && !strcmp(near, name) ? "wrong number of arguments of" : "no function",
            beg, len, near && !strcmp(near, name) ? NULL : near);
    }
    for (size_t i = base; i < p->n_stack; i++)
        if (!cond_check_value(p, p->stack[i]))
            return NONE;
    n = cond_node(p, N_CALL, beg, base);
    if (n == NONE)
        return NONE;
    p->c->nodes[n].index = index;
    p->c->nodes[n].name = name;
    return n;
}

unsigned cond_parse_call(struct parser *p, const char *beg, size_t len)
{
    cond_lex_next(&p->lx); /* the opening parenthesis */
    if (len == 5 && !memcmp(beg, "count", 5))
        return parse_loop(p, N_COUNT, beg);
    if (len == 3 && !memcmp(beg, "any", 3))
        return parse_loop(p, N_ANY, beg);
    if (len == 3 && !memcmp(beg, "all", 3))
        return parse_loop(p, N_ALL, beg);
    if (len == 3 && !memcmp(beg, "sig", 3))
        return parse_sig(p, beg);
    for (unsigned i = 0; i < sizeof fn_argc; i++)
        if (strlen(fn_names[i]) == len && !memcmp(beg, fn_names[i], len))
            return parse_builtin(p, i, beg);
    return parse_user(p, beg, len);
}
