/* Parser of the condition language: recursive descent with a depth limit, into an array of nodes
 * whose names are already resolved, so that an evaluation neither allocates nor looks anything up.
 */
#include "skill/cond_priv.h"

#include <string.h>

/* "m.x" looks like a path of root m? Returns the root, 0 if it is none. */
static char root_of(const char *s, size_t len, size_t *skip)
{
    if (len > 4 && !memcmp(s, "run.", 4)) {
        *skip = 4;
        return 'r';
    }
    *skip = 2;
    return (char)(len > 2 && s[1] == '.' && strchr("omtup", s[0]) ? s[0] : '\0');
}

static unsigned unknown_path(struct parser *p, const char *beg, size_t len, size_t skip,
                             const char *near)
{
    char full[80];
    size_t n = near ? strlen(near) : 0;

    if (!near || skip + n >= sizeof full)
        return cond_fail_at(p, beg, "no fact", beg, len, NULL);
    memcpy(full, beg, skip);
    memcpy(full + skip, near, n + 1);
    return cond_fail_at(p, beg, "no fact", beg, len, full);
}

static unsigned parse_path(struct parser *p, char root, size_t skip)
{
    const char *beg = p->lx.beg, *near = NULL, *dotted;
    size_t len = (size_t)(p->lx.end - beg);
    char kids = '\0';
    int index = -1;
    unsigned n;

    dotted = cond_keep(p, beg + skip, len - skip);
    if ((root == 'm' && !strcmp(dotted, "tasks")) || (root == 'o' && !strcmp(dotted, "milestones")))
        kids = (char)(root == 'm' ? 't' : 'm');
    else if (p->schema->path)
        index = p->schema->path(p->schema->user, root, dotted, &near);
    if (!kids && index < 0)
        return unknown_path(p, beg, len, skip, near);
    cond_note_root(p, root);
    cond_lex_next(&p->lx);
    n = cond_node(p, kids ? N_KIDS : N_PATH, beg, p->n_stack);
    if (n == NONE)
        return NONE;
    p->c->nodes[n].root = root;
    if (kids)
        p->c->nodes[n].root = kids;
    p->c->nodes[n].index = index;
    p->c->nodes[n].name = dotted;
    return n;
}

static bool keyword(const struct lexer *lx)
{
    static const char *const words[] = { "and", "or", "not", "in", "is" };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (cond_lex_is(lx, words[i]))
            return true;
    return false;
}

static unsigned parse_word(struct parser *p)
{
    struct msx_value v = { .type = MSX_V_NULL };
    const char *beg = p->lx.beg, *word;
    size_t len = (size_t)(p->lx.end - beg), skip;
    char root = root_of(beg, len, &skip);
    unsigned n;

    if (keyword(&p->lx))
        return cond_fail_here(p, "a value is missing before");
    if (root)
        return parse_path(p, root, skip);
    if (cond_lex_is(&p->lx, "d"))
        return parse_path(p, 'd', 1);
    if (cond_lex_is(&p->lx, "null"))
        return cond_constant(p, v);
    if (cond_lex_is(&p->lx, "true") || cond_lex_is(&p->lx, "false")) {
        v.type = MSX_V_BOOL;
        v.u.b = *beg == 't';
        return cond_constant(p, v);
    }
    if (cond_lex_is(&p->lx, "yes") || cond_lex_is(&p->lx, "no") || cond_lex_is(&p->lx, "unknown"))
        return cond_constant(p, cond_str(cond_keep(p, beg, len)));
    if (cond_record_word(p))
        return cond_fail_here(p, "name a fact of the record");
    if (memchr(beg, '.', len))
        return cond_fail_at(p, beg, "no fact (a name begins with o. m. t. u. p. or run.):", beg,
                            len, NULL);
    cond_lex_next(&p->lx);
    if (p->lx.tok == TOK_LPAREN)
        return cond_parse_call(p, beg, len);
    if (len == 2 && !memcmp(beg, "it", 2)) {
        if (!p->items)
            return cond_fail_at(p, beg, "'it' is the item of any, all or count over a list", NULL,
                                0, NULL);
        return cond_node(p, N_ITEM, beg, p->n_stack);
    }
    word = cond_keep(p, beg, len);
    n = cond_node(p, N_WORD, beg, p->n_stack);
    if (n != NONE)
        p->c->nodes[n].v = cond_str(word);
    return n;
}

static unsigned parse_list(struct parser *p)
{
    const char *beg = p->lx.beg;
    size_t base = p->n_stack;

    cond_lex_next(&p->lx);
    while (!p->rc && p->lx.tok != TOK_LIST_END) {
        unsigned n;

        if (p->n_stack > base && !cond_expect(p, TOK_COMMA, "',' or ']' is missing before"))
            return NONE;
        n = cond_parse_term(p);
        if (!cond_check_value(p, n) || !cond_push(p, n))
            return NONE;
        if (p->c->nodes[n].kind == N_LIST)
            return cond_fail_at(p, beg, "a list inside a list", NULL, 0, NULL);
    }
    if (!cond_expect(p, TOK_LIST_END, "']' is missing before"))
        return NONE;
    return cond_node(p, N_LIST, beg, base);
}

static unsigned parse_minus(struct parser *p)
{
    const char *beg = p->lx.beg;
    size_t base = p->n_stack;
    unsigned n;

    cond_lex_next(&p->lx);
    n = cond_parse_term(p);
    if (!cond_check_value(p, n) || !cond_push(p, n))
        return NONE;
    if (p->c->nodes[n].kind == N_CONST && p->c->nodes[n].v.type == MSX_V_NUM) {
        p->n_stack = base;
        p->c->nodes[n].v.u.num = -p->c->nodes[n].v.u.num;
        p->c->nodes[n].beg = (unsigned)(beg - p->lx.text);
        return n;
    }
    return cond_node(p, N_NEG, beg, base);
}

static unsigned parse_term_inner(struct parser *p)
{
    struct msx_value v = { .type = MSX_V_NUM };
    unsigned n;

    switch (p->lx.tok) {
    case TOK_NUM:
        v.u.num = p->lx.num;
        return cond_constant(p, v);
    case TOK_DATE:
        v.type = MSX_V_DATE;
        v.u.day = p->lx.day;
        return cond_constant(p, v);
    case TOK_STR:
        return cond_constant(p, cond_str(cond_unquoted(p)));
    case TOK_NAME:
        return parse_word(p);
    case TOK_LIST:
        return parse_list(p);
    case TOK_MINUS:
        return parse_minus(p);
    case TOK_LPAREN:
        cond_lex_next(&p->lx);
        n = cond_parse_or(p);
        return cond_expect(p, TOK_RPAREN, "')' is missing before") ? n : NONE;
    default:
        return cond_fail_here(p, "a value is missing before");
    }
}

static bool deeper(struct parser *p)
{
    if (p->depth >= MSX_COND_MAX_DEPTH) {
        cond_fail_at(p, p->lx.beg, "the condition is nested too deep", NULL, 0, NULL);
        return false;
    }
    p->depth++;
    return true;
}

unsigned cond_parse_term(struct parser *p)
{
    unsigned n;

    if (p->rc || !deeper(p))
        return NONE;
    n = parse_term_inner(p);
    p->depth--;
    return p->rc ? NONE : n;
}

/* After "is". */
static unsigned parse_is(struct parser *p, const char *beg, size_t base)
{
    enum node_kind kind = N_NULL;
    bool negated = cond_lex_is(&p->lx, "not");
    unsigned n;

    if (negated)
        cond_lex_next(&p->lx);
    if (cond_lex_is(&p->lx, "empty"))
        kind = N_EMPTY;
    else if (!cond_lex_is(&p->lx, "null"))
        return cond_fail_here(p, "after 'is' comes null, not null or empty, not");
    if (p->c->nodes[p->stack[base]].kind == N_KIDS && kind == N_NULL)
        return cond_fail_here(p, "a list of records is never");
    cond_lex_next(&p->lx);
    n = cond_node(p, kind, beg, base);
    if (n != NONE)
        p->c->nodes[n].op = negated;
    return n;
}

static unsigned parse_in(struct parser *p, const char *beg, size_t base)
{
    unsigned n = cond_parse_term(p);

    if (n == NONE || !cond_check_value(p, p->stack[base]) || !cond_check_value(p, n))
        return NONE;
    switch (p->c->nodes[n].kind) {
    case N_LIST:
    case N_PATH:
    case N_CALL:
    case N_ITEM:
        break;
    default:
        return cond_fail_at(p, p->lx.text + p->c->nodes[n].beg, "after 'in' comes a list", NULL, 0,
                            NULL);
    }
    return cond_push(p, n) ? cond_node(p, N_IN, beg, base) : NONE;
}

static unsigned parse_compare(struct parser *p, const char *beg, size_t base)
{
    enum tok op = p->lx.tok;
    const struct node *left = &p->c->nodes[p->stack[base]];
    unsigned n;

    if (left->kind == N_WORD)
        return cond_bare_word(p, beg, left->v.u.str);
    cond_lex_next(&p->lx);
    n = cond_parse_term(p);
    if (n == NONE || !cond_check_value(p, p->stack[base]) || !cond_check_value(p, n) ||
        !cond_push(p, n))
        return NONE;
    for (size_t i = base; i < p->n_stack; i++)
        if (p->c->nodes[p->stack[i]].kind == N_LIST)
            return cond_fail_at(p, p->lx.text + p->c->nodes[p->stack[i]].beg,
                                "a list is compared by 'in'", NULL, 0, NULL);
    n = cond_node(p, N_CMP, beg, base);
    if (n == NONE)
        return NONE;
    p->c->nodes[n].op = (unsigned char)op;
    if (p->lx.tok >= TOK_EQ && p->lx.tok <= TOK_GE)
        return cond_fail_here(p, "comparisons are joined by 'and', not by");
    return n;
}

static unsigned parse_test(struct parser *p)
{
    const char *beg = p->lx.beg;
    size_t base = p->n_stack;
    unsigned n = cond_parse_term(p);

    if (n == NONE)
        return NONE;
    if (p->lx.tok >= TOK_EQ && p->lx.tok <= TOK_GE)
        return cond_push(p, n) ? parse_compare(p, beg, base) : NONE;
    if (cond_lex_is(&p->lx, "in")) {
        cond_lex_next(&p->lx);
        return cond_push(p, n) ? parse_in(p, beg, base) : NONE;
    }
    if (cond_lex_is(&p->lx, "is")) {
        cond_lex_next(&p->lx);
        return cond_push(p, n) ? parse_is(p, beg, base) : NONE;
    }
    if (cond_lex_is(&p->lx, "not"))
        return cond_fail_here(p, "'x not in [..]' is written 'not x in [..]':");
    if (p->lx.tok == TOK_MINUS)
        return cond_fail_here(p, "there is no subtraction, use days(a, b) or plus(a, -n):");
    return n;
}

static unsigned parse_not(struct parser *p)
{
    const char *beg = p->lx.beg;
    size_t base = p->n_stack;
    unsigned n;

    if (!cond_lex_is(&p->lx, "not"))
        return parse_test(p);
    if (!deeper(p))
        return NONE;
    cond_lex_next(&p->lx);
    n = parse_not(p);
    p->depth--;
    if (!cond_check_condition(p, n) || !cond_push(p, n))
        return NONE;
    return cond_node(p, N_NOT, beg, base);
}

static unsigned parse_chain(struct parser *p, enum node_kind kind)
{
    const char *beg = p->lx.beg, *word = kind == N_AND ? "and" : "or";
    size_t base = p->n_stack;
    unsigned n = kind == N_AND ? parse_not(p) : parse_chain(p, N_AND);

    if (n == NONE || !cond_lex_is(&p->lx, word))
        return n;
    if (!cond_check_condition(p, n) || !cond_push(p, n))
        return NONE;
    while (cond_lex_is(&p->lx, word)) {
        cond_lex_next(&p->lx);
        n = kind == N_AND ? parse_not(p) : parse_chain(p, N_AND);
        if (!cond_check_condition(p, n) || !cond_push(p, n))
            return NONE;
    }
    return cond_node(p, kind, beg, base);
}

unsigned cond_parse_or(struct parser *p)
{
    unsigned n;

    if (p->rc || !deeper(p))
        return NONE;
    n = parse_chain(p, N_OR);
    p->depth--;
    return p->rc ? NONE : n;
}

/* Lists of constants become values, so that functions can take them; other lists stand only after
 * `in` or in any/all/count, which look at their items one by one. */
static bool finish_lists(struct parser *p)
{
    struct msx_cond *c = p->c;
    size_t used = 0;

    c->items = msx_calloc(c->n_args + 1, sizeof *c->items);
    if (!c->items)
        return cond_no_memory(p), false;
    for (size_t i = 0; i < c->n; i++) {
        struct node *nd = &c->nodes[i];
        size_t k = 0;

        if (nd->kind != N_LIST)
            continue;
        nd->v = (struct msx_value){ .type = MSX_V_LIST };
        nd->v.u.list.items = c->items + used;
        nd->v.u.list.n = nd->argc;
        while (k < nd->argc && c->nodes[c->args[nd->args + k]].kind <= N_WORD)
            c->items[used++] = c->nodes[c->args[nd->args + k++]].v;
        nd->op = k == nd->argc; /* constant */
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct node *nd = &c->nodes[i];

        for (size_t k = 0; k < nd->argc && (nd->kind == N_CALL || nd->kind == N_FN); k++) {
            const struct node *arg = &c->nodes[c->args[nd->args + k]];

            if (arg->kind == N_LIST && !arg->op)
                cond_fail_at(p, c->text + arg->beg,
                             "a list given to a function holds constants only", NULL, 0, NULL);
        }
    }
    return !p->rc;
}

enum msx_code cond_parse(struct msx_cond *c, const char *name, const struct msx_cond_schema *schema,
                         struct msx_error *err)
{
    struct parser p = { .c = c, .schema = schema, .name = name, .err = err };
    const char *near = NULL;

    c->today = schema->path ? schema->path(schema->user, 'r', "today", &near) : -1;
    cond_lex_init(&p.lx, c->text);
    if (p.lx.tok == TOK_END)
        cond_fail_here(&p, "a condition is missing before");
    else
        c->top = cond_parse_or(&p);
    if (!p.rc && p.lx.tok != TOK_END)
        cond_fail_here(&p, "'and', 'or' or the end is missing before");
    if (!p.rc && cond_check_condition(&p, c->top))
        (void)finish_lists(&p);
    msx_free(p.stack);
    return p.rc;
}
