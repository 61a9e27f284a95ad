/* The condition language of skills/catalog.md 0.2: parsed once, evaluated for every record, null-safe,
 * three-valued (Kleene), traced. Knows nothing of facts: names are resolved by a schema at compile
 * time, values by a scope at run time. */
#ifndef MSX_SKILL_COND_H
#define MSX_SKILL_COND_H

#include "msxops/buf.h"
#include "msxops/json.h"
#include "msxops/value.h"

enum msx_tri { MSX_NO, MSX_YES, MSX_UNKNOWN };

/* Resolves names while compiling. root is one of o m t u p d r ('d' bare, 'r' for run). */
struct msx_cond_schema {
    /* index >= 0, or -1: no such name; *near_out (may stay NULL) is a borrowed suggestion */
    int (*path)(void *user, char root, const char *dotted, const char **near_out);
    int (*func)(void *user, const char *name, size_t argc, const char **near_out);
    void *user;
};

/* What a value was read from, for the trace; borrowed. */
struct msx_source {
    const char *entity; /* "msp_engagementmilestone" or NULL */
    const char *id;
    const char *field;  /* field, or signal id for signals */
};

/* Bound records of one evaluation and the way to their values. any(m.tasks, EXPR) and
 * all/count(m.tasks, EXPR) bind t (or m for o.milestones) to each item through `each`. */
struct msx_cond_scope {
    const struct msx_rec *o, *m, *t, *u;
    void (*get)(const struct msx_cond_scope *s, char root, int index, struct msx_value *out,
                struct msx_source *src);
    void (*call)(const struct msx_cond_scope *s, int func, const struct msx_value *args, size_t argc,
                 struct msx_value *out, struct msx_source *src);
    /* children of m ('t') or o ('m'): borrowed array; false when not read */
    bool (*each)(const struct msx_cond_scope *s, char child, const struct msx_rec *const **items,
                 size_t *n);
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
/* trace: NULL, or an array that gets one object per predicate evaluated: {expr, value, op, threshold,
 * result, entity, id, field}. */
enum msx_tri msx_cond_eval(const struct msx_cond *c, const struct msx_cond_scope *s, json_t *trace);
/* Value of the expression as a term (for message placeholders such as {d} and severities). */
void msx_cond_value(const struct msx_cond *c, const struct msx_cond_scope *s, struct msx_value *out);
/* Signal ids that appear as sig(x, "id"), in the order named; borrowed array. */
const char *const *msx_cond_signals(const struct msx_cond *c, size_t *n);
/* Calls fn for each path used: root and dotted name (for the linter). */
void msx_cond_paths(const struct msx_cond *c, void (*fn)(void *user, char root, const char *dotted),
                    void *user);
void msx_value_print(struct msx_buf *b, const struct msx_value *v); /* null prints as "-" */

#endif
