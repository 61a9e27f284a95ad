/* Templates: {m.name} is an expression of the condition language, everything else is text. */
#include "skill/tmpl.h"

#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

#define MAX_TEXT ((size_t)64 << 10)

struct part {
    char *text;             /* literal text, or the name of a variable */
    struct msx_cond *value; /* expression; NULL for text and variables */
    bool is_var;
};
struct msx_tmpl {
    struct part *parts;
    size_t n, cap;
};

struct msx_choice_item {
    struct msx_cond *when; /* NULL: always */
    struct msx_tmpl *text; /* one of the two */
    struct msx_cond *value;
};

static struct part *add_part(struct msx_tmpl *t)
{
    if (t->n == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 4;
        struct part *p = msx_realloc(t->parts, cap * sizeof *p);

        if (!p)
            return NULL;
        t->parts = p;
        t->cap = cap;
    }
    t->parts[t->n] = (struct part){ 0 };
    return &t->parts[t->n++];
}

static enum msx_code add_text(struct msx_tmpl *t, const char *s, size_t n, struct msx_error *err)
{
    struct part *p;

    if (!n)
        return MSX_OK;
    p = add_part(t);
    if (p)
        p->text = msx_strndup(s, n);
    return p && p->text ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

static enum msx_code add_placeholder(struct msx_tmpl *t, const char *s, size_t n, const char *name,
                                     const struct msx_cond_schema *schema, const char *const *vars,
                                     struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *expr = msx_strndup(s, n);
    struct part *p = expr ? add_part(t) : NULL;

    if (!p)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    for (size_t i = 0; vars && vars[i]; i++) {
        if (strcmp(vars[i], expr) == 0) {
            p->text = MSX_STEAL(expr);
            p->is_var = true;
            return MSX_OK;
        }
    }
    return msx_cond_compile(expr, name, schema, &p->value, err);
}

enum msx_code msx_tmpl_compile(const char *text, const char *name,
                               const struct msx_cond_schema *schema, const char *const *vars,
                               struct msx_tmpl **out, struct msx_error *err)
{
    struct msx_tmpl *t = msx_calloc(1, sizeof *t);
    enum msx_code rc = MSX_OK;

    if (!t)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    while (!rc && *text) {
        const char *open = strchr(text, '{'), *close;

        if (!open) {
            rc = add_text(t, text, strlen(text), err);
            break;
        }
        close = strchr(open, '}');
        if (!close) {
            rc = msx_fail(err, MSX_E_INVALID, "%s: '}' is missing in '%s'", name, text);
            break;
        }
        rc = add_text(t, text, (size_t)(open - text), err);
        if (!rc)
            rc = add_placeholder(t, open + 1, (size_t)(close - open - 1), name, schema, vars, err);
        text = close + 1;
    }
    if (rc) {
        msx_tmpl_free(t);
        return rc;
    }
    *out = t;
    return MSX_OK;
}

void msx_tmpl_free(struct msx_tmpl *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++) {
        msx_free(t->parts[i].text);
        msx_cond_free(t->parts[i].value);
    }
    msx_free(t->parts);
    msx_free(t);
}

static void print_value(struct msx_buf *b, const struct msx_value *v)
{
    if (v->type == MSX_V_LIST) {
        for (size_t i = 0; i < v->u.list.n; i++) {
            if (i)
                msx_buf_adds(b, ", ");
            msx_value_print(b, &v->u.list.items[i]);
        }
    } else if (v->type == MSX_V_UNKNOWN) {
        msx_buf_addc(b, '-');
    } else {
        msx_value_print(b, v);
    }
}

void msx_tmpl_add(struct msx_buf *b, const struct msx_tmpl *t, const struct msx_cond_scope *s,
                  const struct msx_tmpl_var *vars, size_t nvars)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct part *p = &t->parts[i];
        struct msx_value v = { .type = MSX_V_NULL };

        if (p->value) {
            msx_cond_value(p->value, s, &v);
            print_value(b, &v);
        } else if (!p->is_var) {
            msx_buf_adds(b, p->text);
        } else {
            for (size_t j = 0; j < nvars; j++)
                if (strcmp(vars[j].name, p->text) == 0)
                    msx_buf_adds(b, vars[j].value);
        }
    }
}

/* ---- choices ---- */

static enum msx_code compile_item(const json_t *def, const char *name,
                                  const struct msx_cond_schema *schema, const char *const *vars,
                                  struct msx_choice_item *item, struct msx_error *err)
{
    const char *when = msx_json_str(def, "when"), *is = msx_json_str(def, "is");
    const char *value = msx_json_str(def, "value");
    enum msx_code rc = MSX_OK;

    if (!json_is_object(def) || (!is == !value))
        return msx_fail(err, MSX_E_INVALID, "%s: each entry wants 'is' or 'value', and 'when'",
                        name);
    if (when)
        rc = msx_cond_compile(when, name, schema, &item->when, err);
    if (!rc && is)
        rc = msx_tmpl_compile(is, name, schema, vars, &item->text, err);
    if (!rc && value)
        rc = msx_cond_compile(value, name, schema, &item->value, err);
    return rc;
}

enum msx_code msx_choice_compile(const json_t *def, const char *name,
                                 const struct msx_cond_schema *schema, const char *const *vars,
                                 struct msx_choice *out, struct msx_error *err)
{
    struct msx_choice c = { NULL, 0 };
    enum msx_code rc = MSX_OK;
    char number[32];

    c.n = json_is_array(def) ? json_array_size(def) : 1;
    c.items = msx_calloc(c.n ? c.n : 1, sizeof *c.items);
    if (!c.items)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (json_is_string(def)) {
        rc = msx_tmpl_compile(json_string_value(def), name, schema, vars, &c.items[0].text, err);
    } else if (json_is_integer(def)) {
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(def));
        rc = msx_tmpl_compile(number, name, schema, vars, &c.items[0].text, err);
    } else if (json_is_object(def)) {
        rc = compile_item(def, name, schema, vars, &c.items[0], err);
    } else if (json_is_array(def)) {
        for (size_t i = 0; !rc && i < c.n; i++)
            rc = compile_item(json_array_get(def, i), name, schema, vars, &c.items[i], err);
    } else {
        rc = msx_fail(err, MSX_E_INVALID, "%s: a text or a list of {when, is} is wanted", name);
    }
    if (rc) {
        msx_choice_release(&c);
        return rc;
    }
    *out = c;
    return MSX_OK;
}

void msx_choice_release(struct msx_choice *c)
{
    for (size_t i = 0; c->items && i < c->n; i++) {
        msx_cond_free(c->items[i].when);
        msx_tmpl_free(c->items[i].text);
        msx_cond_free(c->items[i].value);
    }
    msx_free(c->items);
    *c = (struct msx_choice){ NULL, 0 };
}

int msx_choice_index(const struct msx_choice *c, const struct msx_cond_scope *s)
{
    for (size_t i = 0; i < c->n; i++)
        if (!c->items[i].when || msx_cond_eval(c->items[i].when, s, NULL) == MSX_YES)
            return (int)i;
    return -1;
}

char *msx_choice_text(const struct msx_choice *c, const struct msx_cond_scope *s,
                      const struct msx_tmpl_var *vars, size_t nvars)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(MAX_TEXT);
    int i = msx_choice_index(c, s);

    if (i < 0)
        return NULL;
    if (c->items[i].text) {
        msx_tmpl_add(&b, c->items[i].text, s, vars, nvars);
    } else {
        struct msx_value v = { .type = MSX_V_NULL };

        msx_cond_value(c->items[i].value, s, &v);
        if (v.type == MSX_V_NULL || v.type == MSX_V_UNKNOWN)
            return NULL;
        print_value(&b, &v);
    }
    return msx_buf_take(&b);
}

void msx_choice_conds(const struct msx_choice *c, void (*fn)(void *user, const struct msx_cond *c),
                      void *user)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->items[i].when)
            fn(user, c->items[i].when);
        if (c->items[i].value)
            fn(user, c->items[i].value);
        for (size_t j = 0; c->items[i].text && j < c->items[i].text->n; j++)
            if (c->items[i].text->parts[j].value)
                fn(user, c->items[i].text->parts[j].value);
    }
}
