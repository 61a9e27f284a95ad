/* The condition language of skills/catalog.md 0.2: parsed once, evaluated for every record,
 * null-safe, three-valued (Kleene), traced. Knows nothing of facts: names are resolved by a schema
 * at compile time, values by a scope at run time.
 *
 * Beyond the grammar of the catalogue:
 *  - a bare word (at_risk, csam) is that text; a condition that is nothing but a word is an error
 *  - any/all/count(LIST[, EXPR]): LIST is m.tasks (binds t), o.milestones (binds m), or a fact,
 *    parameter or [..] list, whose item is called `it` in EXPR
 *  - sig(R, "id"), R one of o m t u; other functions come from the schema, and a bare o m t u among
 *    their arguments arrives as MSX_V_REC (MSX_V_NULL when none is bound): rd(m, "RD-CAP")
 *  - built in: len(x), days(a, b), min(...), max(...) (nulls left out), today() = run.today, bd(n),
 *    plus(a, n) on dates and numbers, contains(text, part), "is not empty", a minus sign before a
 * term
 *  - alone, a term is true when it is true, yes, a number other than 0, a date or a non-empty list;
 *    any other text, null included, is false
 */
#ifndef MSX_SKILL_COND_H
#define MSX_SKILL_COND_H

#include "msxops/buf.h"
#include "msxops/json.h"
#include "msxops/value.h"

enum msx_tri { MSX_NO, MSX_YES, MSX_UNKNOWN };

/* Bytes of a condition; nesting of parentheses, calls and `not`; any/all/count inside each other.
 */
#define MSX_COND_MAX_BYTES ((size_t)8192)
#define MSX_COND_MAX_DEPTH 48
#define MSX_COND_MAX_LOOPS 3

/* Resolves names while compiling. root is one of o m t u p d r ('d' bare with dotted "", 'r' for
 * run). A member may be NULL: then nothing of its kind exists. */
struct msx_cond_schema {
    /* index >= 0, or -1: no such name; *near_out (may stay NULL) is a borrowed suggestion. dotted
     * is
     * "" for the bare d. Bare o m t u and the lists of children (m.tasks, o.milestones) are known
     * to the language and never asked for. */
    int (*path)(void *user, char root, const char *dotted, const char **near_out);
    int (*func)(void *user, const char *name, size_t argc, const char **near_out);
    int (*sig)(void *user, const char *id, const char **near_out); /* index of a signal id */
    void *user;
};

/* What a value was read from, for the trace; borrowed. */
struct msx_source {
    const char *entity; /* "msp_engagementmilestone" or NULL */
    const char *id;
    const char *field; /* field, or signal id for signals */
};

/* Bound records of one evaluation and the way to their values. any(m.tasks, EXPR) and
 * all/count(m.tasks, EXPR) bind t (or m for o.milestones) to each item through `each`. A bound
 * record may be NULL (rule on another record): get and sig then answer MSX_V_NULL. out is set to
 * MSX_V_NULL and src to zeros before a call. */
struct msx_cond_scope {
    const struct msx_rec *o, *m, *t, *u;
    void (*get)(const struct msx_cond_scope *s, char root, int index, struct msx_value *out,
                struct msx_source *src);
    void (*call)(const struct msx_cond_scope *s, int func, const struct msx_value *args,
                 size_t argc, struct msx_value *out, struct msx_source *src);
    /* value of a signal: the texts yes, no, unknown (MSX_V_UNKNOWN: its records were not read) */
    void (*sig)(const struct msx_cond_scope *s, char root, int index, struct msx_value *out,
                struct msx_source *src);
    /* children of m ('t') or o ('m'), borrowed array: MSX_YES; MSX_UNKNOWN when not read; MSX_NO
     * when the flow leaves them out by design: the condition is then simply not true (0.2) */
    enum msx_tri (*each)(const struct msx_cond_scope *s, char child,
                         const struct msx_rec *const **items, size_t *n);
    void *user;
};

struct msx_cond;
/**
 * @param name  for messages: "flow 'x' rule 'SPEC-TRI-02'"
 * @return MSX_OK; MSX_E_INVALID with column and, for unknown names, the nearest one; MSX_E_NOMEM
 */
enum msx_code msx_cond_compile(const char *text, const char *name,
                               const struct msx_cond_schema *schema, struct msx_cond **out,
                               struct msx_error *err) MSX_MUST_CHECK;
void msx_cond_free(struct msx_cond *c);
/* trace: NULL, or an array that gets one object per predicate evaluated: {expr, value, op,
 * threshold, result, entity, id, field}. What was not read shows as "not read". Of a list only the
 * predicates of the item that decided are kept. */
enum msx_tri msx_cond_eval(const struct msx_cond *c, const struct msx_cond_scope *s, json_t *trace);
/* Value of the expression as a term (for message placeholders such as {d} and severities). */
void msx_cond_value(const struct msx_cond *c, const struct msx_cond_scope *s,
                    struct msx_value *out);
const char *msx_cond_text(const struct msx_cond *c); /* as written; borrowed */
/* Signal ids that appear as sig(x, "id"), in the order named, each once; borrowed array. */
const char *const *msx_cond_signals(const struct msx_cond *c, size_t *n);
/* Calls fn for each path used: root and dotted name (for the linter); m.tasks and o.milestones too.
 */
void msx_cond_paths(const struct msx_cond *c, void (*fn)(void *user, char root, const char *dotted),
                    void *user);
/* Calls fn for each call of a schema function, in the order named: argument texts, NULL for those
 * that are not constants (the evidence of rd(m, "RD-CAP") is that of the item). */
void msx_cond_calls(const struct msx_cond *c,
                    void (*fn)(void *user, const char *func, const char *const *args, size_t argc),
                    void *user);
/* Does the condition read o, m, t or u without binding it by any/all/count? ('d' counts as m) */
bool msx_cond_needs(const struct msx_cond *c, char root);
void msx_value_print(struct msx_buf *b, const struct msx_value *v); /* null prints as "-" */
json_t *msx_value_json(const struct msx_value *v); /* new; MSX_V_UNKNOWN gives "not read" */

#endif
