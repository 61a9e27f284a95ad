/* What the parser of conditions is built of: nodes, kept strings, errors with column and nearest
 * name. */
#include "skill/cond_priv.h"

#include <string.h>

/* The first error wins: everything after it is a consequence. */
unsigned cond_fail_at(struct parser *p, const char *at, const char *what, const char *word,
                      size_t len, const char *near)
{
    if (p->rc)
        return NONE;
    if (near)
        p->rc = msx_fail(p->err, MSX_E_INVALID, "%s: column %zu: %s '%.*s', did you mean '%s'?",
                         p->name, cond_column(p->lx.text, at), what, (int)len, word, near);
    else if (word)
        p->rc = msx_fail(p->err, MSX_E_INVALID, "%s: column %zu: %s '%.*s'", p->name,
                         cond_column(p->lx.text, at), what, (int)len, word);
    else
        p->rc = msx_fail(p->err, MSX_E_INVALID, "%s: column %zu: %s", p->name,
                         cond_column(p->lx.text, at), what);
    return NONE;
}

unsigned cond_fail_here(struct parser *p, const char *what)
{
    size_t len = (size_t)(p->lx.end - p->lx.beg);

    if (p->lx.tok == TOK_BAD)
        what = p->lx.bad;
    if (p->lx.tok == TOK_END && !p->rc) {
        p->rc = msx_fail(p->err, MSX_E_INVALID, "%s: column %zu: %s the end", p->name,
                         cond_column(p->lx.text, p->lx.beg), what);
        return NONE;
    }
    return cond_fail_at(p, p->lx.beg, what, p->lx.beg, len > 60 ? 60 : len, NULL);
}

unsigned cond_no_memory(struct parser *p)
{
    if (!p->rc)
        p->rc = msx_fail(p->err, MSX_E_NOMEM, "out of memory");
    return NONE;
}

/* Makes room for one more element; false when out of memory. */
static bool room(void **items, size_t n, size_t *cap, size_t size)
{
    size_t want = *cap ? *cap * 2 : 16;
    void *p;

    if (n < *cap)
        return true;
    p = msx_realloc(*items, want * size);
    if (!p)
        return false;
    *items = p;
    *cap = want;
    return true;
}

bool cond_push(struct parser *p, unsigned child)
{
    void *items = p->stack;

    if (child == NONE)
        return false;
    if (!room(&items, p->n_stack, &p->cap_stack, sizeof *p->stack)) {
        cond_no_memory(p);
        return false;
    }
    p->stack = items;
    p->stack[p->n_stack++] = child;
    return true;
}

/* A node whose children are what was pushed since `base`. */
unsigned cond_node(struct parser *p, enum node_kind kind, const char *beg, size_t base)
{
    struct msx_cond *c = p->c;
    const char *end = p->lx.beg; /* the token after the node */
    size_t argc = p->n_stack - base;
    void *items = c->nodes;

    if (p->rc)
        return NONE;
    if (!room(&items, c->n, &c->cap, sizeof *c->nodes))
        return cond_no_memory(p);
    c->nodes = items;
    for (size_t i = 0; i < argc; i++) {
        items = c->args;
        if (!room(&items, c->n_args + i, &c->cap_args, sizeof *c->args))
            return cond_no_memory(p);
        c->args = items;
        c->args[c->n_args + i] = p->stack[base + i];
    }
    while (end > beg && strchr(" \t\r\n", end[-1]))
        end--;
    c->nodes[c->n] = (struct node){ .kind = (unsigned char)kind,
                                    .index = -1,
                                    .args = (unsigned)c->n_args,
                                    .argc = (unsigned)argc,
                                    .beg = (unsigned)(beg - p->lx.text),
                                    .end = (unsigned)(end - p->lx.text) };
    c->n_args += argc;
    p->n_stack = base;
    return (unsigned)c->n++;
}

/* A copy of the bytes that lives as long as the condition. The pool is twice as long as the text,
 * and every token of n bytes takes at most n + 1. */
const char *cond_keep(struct parser *p, const char *s, size_t len)
{
    char *d = p->c->pool + p->c->pool_used;

    memcpy(d, s, len);
    d[len] = '\0';
    p->c->pool_used += len + 1;
    return d;
}

unsigned cond_constant(struct parser *p, struct msx_value v)
{
    const char *beg = p->lx.beg;
    unsigned n;

    cond_lex_next(&p->lx);
    n = cond_node(p, N_CONST, beg, p->n_stack);
    if (n != NONE)
        p->c->nodes[n].v = v;
    return n;
}

struct msx_value cond_str(const char *s)
{
    struct msx_value v = { .type = MSX_V_STR };

    v.u.str = s;
    return v;
}

const char *cond_unquoted(struct parser *p)
{
    char *d = p->c->pool + p->c->pool_used, *start = d;

    for (const char *s = p->lx.beg + 1; s < p->lx.end - 1; s++) {
        if (*s == '\\')
            s++;
        *d++ = *s;
    }
    *d++ = '\0';
    p->c->pool_used += (size_t)(d - start);
    return start;
}

void cond_note_root(struct parser *p, char root)
{
    static const char roots[] = "omtu";
    const char *at;

    if (root == 'd')
        root = 'm';
    at = strchr(roots, root);
    if (!at || (root == 'm' && p->bound_m) || (root == 't' && p->bound_t))
        return;
    p->c->needs |= 1u << (at - roots);
}

/* The suggestion for a word that should have been a fact: the fact of that name on some record. */
unsigned cond_bare_word(struct parser *p, const char *beg, const char *word)
{
    static const char roots[] = "mtoup";
    char full[80];
    size_t len = strlen(word);

    for (const char *r = roots; *r && p->schema->path && len + 3 < sizeof full; r++) {
        const char *near = NULL;

        if (p->schema->path(p->schema->user, *r, word, &near) < 0)
            continue;
        full[0] = *r;
        full[1] = '.';
        memcpy(full + 2, word, len + 1);
        return cond_fail_at(p, beg, "a word is no condition:", word, len, full);
    }
    return cond_fail_at(p, beg, "a word is no condition:", word, len, NULL);
}

/* Node n stands where a condition is asked for. */
bool cond_check_condition(struct parser *p, unsigned n)
{
    const struct node *nd;

    if (n == NONE)
        return false;
    nd = &p->c->nodes[n];
    if (nd->kind == N_WORD)
        cond_bare_word(p, p->lx.text + nd->beg, nd->v.u.str);
    else if (nd->kind == N_KIDS)
        cond_fail_at(p, p->lx.text + nd->beg,
                     "a list of records needs any, all or count:", p->lx.text + nd->beg,
                     nd->end - nd->beg, NULL);
    return !p->rc;
}

/* Node n stands where a value is asked for. */
bool cond_check_value(struct parser *p, unsigned n)
{
    return n != NONE && (p->c->nodes[n].kind != N_KIDS || cond_check_condition(p, n));
}

bool cond_expect(struct parser *p, enum tok tok, const char *what)
{
    if (p->rc)
        return false;
    if (p->lx.tok != tok) {
        cond_fail_here(p, what);
        return false;
    }
    cond_lex_next(&p->lx);
    return true;
}
