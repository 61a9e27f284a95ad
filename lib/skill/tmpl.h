/* Texts of flows: templates with {expression} placeholders, and choices between texts by condition.
 */
#ifndef MSX_SKILL_TMPL_H
#define MSX_SKILL_TMPL_H

#include "skill/cond.h"

/* What a template may print besides expressions: names in braces that a rule computed itself. */
struct msx_tmpl_var {
    const char *name;  /* "missing" */
    const char *value; /* borrowed */
};

struct msx_tmpl;
/* name: for messages. vars: NULL-terminated names that are no expressions, or NULL.
 * <<placeholders>> and text outside braces stay as they are. MSX_E_INVALID, MSX_E_NOMEM. */
enum msx_code msx_tmpl_compile(const char *text, const char *name,
                               const struct msx_cond_schema *schema, const char *const *vars,
                               struct msx_tmpl **out, struct msx_error *err) MSX_MUST_CHECK;
void msx_tmpl_free(struct msx_tmpl *t);
/* Appends the text; null prints as "-", lists are joined by ", ". vars may be NULL. */
void msx_tmpl_add(struct msx_buf *b, const struct msx_tmpl *t, const struct msx_cond_scope *s,
                  const struct msx_tmpl_var *vars, size_t nvars);

/* One of several texts. In a flow: a plain text, or a list of {when, is} and {when, value} entries:
 * the first whose condition is true counts; `is` is a template, `value` an expression. */
struct msx_choice {
    struct msx_choice_item *items;
    size_t n;
};
enum msx_code msx_choice_compile(const json_t *def, const char *name,
                                 const struct msx_cond_schema *schema, const char *const *vars,
                                 struct msx_choice *out, struct msx_error *err) MSX_MUST_CHECK;
void msx_choice_release(struct msx_choice *c);
/* Index of the entry that applies, -1 when none does. */
int msx_choice_index(const struct msx_choice *c, const struct msx_cond_scope *s);
/* New string; NULL when no entry applies or its value is null (b untouched), or out of memory. */
char *msx_choice_text(const struct msx_choice *c, const struct msx_cond_scope *s,
                      const struct msx_tmpl_var *vars, size_t nvars);
/* Calls fn for each condition and expression in it (for the linter). */
void msx_choice_conds(const struct msx_choice *c, void (*fn)(void *user, const struct msx_cond *c),
                      void *user);

#endif
