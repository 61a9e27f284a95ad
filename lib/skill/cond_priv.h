/* Shared by cond_lex.c, cond_parse.c and cond_eval.c: tokens and the compiled form. */
#ifndef MSX_SKILL_COND_PRIV_H
#define MSX_SKILL_COND_PRIV_H

#include "msxops/mem.h"
#include "skill/cond.h"

enum tok {
    TOK_END,
    TOK_BAD,
    TOK_NUM,
    TOK_DATE,
    TOK_STR,
    TOK_NAME, /* with its dots: m.days_to_date */
    TOK_LPAREN,
    TOK_RPAREN,
    TOK_LIST,
    TOK_LIST_END,
    TOK_COMMA,
    TOK_MINUS,
    TOK_EQ, /* the comparisons stay together: TOK_EQ..TOK_GE */
    TOK_NE,
    TOK_LT,
    TOK_LE,
    TOK_GT,
    TOK_GE,
};

struct lexer {
    const char *text, *pos;
    enum tok tok;
    const char *beg, *end; /* of the token, quotes included */
    const char *bad;       /* TOK_BAD: what is wrong */
    double num;
    msx_day day;
};

void cond_lex_init(struct lexer *lx, const char *text);
void cond_lex_next(struct lexer *lx);
/* Is the token the name w? */
bool cond_lex_is(const struct lexer *lx, const char *w);
size_t cond_column(const char *text, const char *at); /* 1-based, in characters */

enum node_kind {
    N_CONST, /* v */
    N_WORD,  /* v: a bare word */
    N_PATH,  /* root, index */
    N_SIG,   /* root, index */
    N_CALL,  /* index, args */
    N_FN,    /* op is an enum builtin, args */
    N_REC,   /* root: the bound record */
    N_ITEM,  /* `it` */
    N_KIDS,  /* root is the child kind: m.tasks 't', o.milestones 'm' */
    N_LIST,  /* args */
    N_NEG,   /* args[0] */
    N_AND,
    N_OR,
    N_NOT,
    N_CMP, /* op is the token; args[0], args[1] */
    N_IN,
    N_NULL,  /* op: 1 = is not null */
    N_EMPTY, /* op: 1 = is not empty */
    N_ANY,   /* args[0] list, args[1] condition when argc is 2 */
    N_ALL,
    N_COUNT,
};

enum builtin { FN_LEN, FN_DAYS, FN_MIN, FN_MAX, FN_TODAY, FN_BD, FN_PLUS, FN_CONTAINS };

#define COND_MAX_ARGS 8

struct node {
    unsigned char kind, op;
    char root;
    int index;
    unsigned args, argc; /* children: numbers of nodes in msx_cond.args */
    unsigned beg, end;   /* source range */
    const char *name;    /* dotted name, function, signal id */
    struct msx_value v;
};

struct msx_cond {
    char *text;
    char *pool; /* strings of the nodes */
    size_t pool_used;
    struct node *nodes;
    size_t n, cap;
    unsigned *args;
    size_t n_args, cap_args;
    struct msx_value *items; /* of constant lists */
    size_t n_items;
    const char **sigs;
    size_t n_sigs;
    unsigned top;
    int today;      /* index of run.today, -1 */
    unsigned needs; /* bits of "omtu" */
};

/* ---- values, cond_value.c ---- */

enum msx_tri cond_tri(bool b);
enum msx_tri cond_truth(const struct msx_value *v);
enum msx_tri cond_compare(enum tok op, const struct msx_value *a, const struct msx_value *b);
enum msx_tri cond_is_empty(const struct msx_value *v);
enum msx_tri cond_negate(enum msx_tri t);
struct msx_value cond_of_tri(enum msx_tri t);
double cond_to_num(const struct msx_value *v);  /* NAN if it is none */
void cond_num(struct msx_value *out, double x); /* null for NAN and infinities */
msx_day cond_day(const struct msx_value *v);    /* also of text */
void cond_builtin(enum builtin fn, const struct msx_value *v, size_t argc, msx_day today,
                  struct msx_value *out);

/* ---- the parser, in three files: cond_build.c nodes and errors, cond_call.c calls, cond_parse.c
 * ---- */

#define NONE ((unsigned)-1) /* no node: an error has been recorded */

struct parser {
    struct lexer lx;
    struct msx_cond *c;
    const struct msx_cond_schema *schema;
    const char *name;
    struct msx_error *err;
    enum msx_code rc;
    unsigned *stack; /* children of nodes that are not finished */
    size_t n_stack, cap_stack;
    int depth, loops;
    int bound_m, bound_t, items; /* enclosing any/all/count that bind m, t, it */
};

unsigned cond_fail_at(struct parser *p, const char *at, const char *what, const char *word,
                      size_t len, const char *near);
unsigned cond_fail_here(struct parser *p, const char *what);
unsigned cond_bare_word(struct parser *p, const char *beg, const char *word);
unsigned cond_no_memory(struct parser *p);
bool cond_push(struct parser *p, unsigned child);
unsigned cond_node(struct parser *p, enum node_kind kind, const char *beg, size_t base);
unsigned cond_constant(struct parser *p, struct msx_value v);
const char *cond_keep(struct parser *p, const char *s, size_t len);
const char *cond_unquoted(struct parser *p);
struct msx_value cond_str(const char *s);
void cond_note_root(struct parser *p, char root);
bool cond_check_condition(struct parser *p, unsigned n);
bool cond_check_value(struct parser *p, unsigned n);
bool cond_expect(struct parser *p, enum tok tok, const char *what);
const char *cond_record_word(const struct parser *p);
unsigned cond_parse_or(struct parser *p);
unsigned cond_parse_term(struct parser *p);
unsigned cond_parse_call(struct parser *p, const char *beg, size_t len);

/* Fills c from c->text; c->pool and c->sigs are large enough for it. */
enum msx_code cond_parse(struct msx_cond *c, const char *name, const struct msx_cond_schema *schema,
                         struct msx_error *err);

#endif
