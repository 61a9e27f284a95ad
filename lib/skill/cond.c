/* Life of a compiled condition, what a linter asks about it, and printing of values. */
#include "skill/cond_priv.h"

#include <math.h>
#include <string.h>

enum msx_code msx_cond_compile(const char *text, const char *name,
                               const struct msx_cond_schema *schema, struct msx_cond **out,
                               struct msx_error *err)
{
    size_t len = strlen(text), sigs = 1;
    struct msx_cond *c;
    enum msx_code rc;

    if (len > MSX_COND_MAX_BYTES)
        return msx_fail(err, MSX_E_INVALID, "%s: the condition is longer than %zu bytes", name,
                        MSX_COND_MAX_BYTES);
    for (const char *p = strstr(text, "sig"); p; p = strstr(p + 3, "sig"))
        sigs++;
    c = msx_calloc(1, sizeof *c);
    if (!c)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    c->text = msx_strdup(text);
    c->pool = msx_malloc(2 * len + 2);
    c->sigs = msx_calloc(sigs, sizeof *c->sigs);
    if (!c->text || !c->pool || !c->sigs)
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    else
        rc = cond_parse(c, name, schema, err);
    if (rc) {
        msx_cond_free(c);
        return rc;
    }
    *out = c;
    return MSX_OK;
}

void msx_cond_free(struct msx_cond *c)
{
    if (!c)
        return;
    msx_free(c->text);
    msx_free(c->pool);
    msx_free(c->nodes);
    msx_free(c->args);
    msx_free(c->items);
    msx_free(c->sigs);
    msx_free(c);
}

const char *msx_cond_text(const struct msx_cond *c)
{
    return c->text;
}

const char *const *msx_cond_signals(const struct msx_cond *c, size_t *n)
{
    *n = c->n_sigs;
    return c->sigs;
}

void msx_cond_paths(const struct msx_cond *c, void (*fn)(void *user, char root, const char *dotted),
                    void *user)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct node *nd = &c->nodes[i];

        if (nd->kind == N_PATH)
            fn(user, nd->root, nd->name);
        else if (nd->kind == N_KIDS)
            fn(user, nd->root == 't' ? 'm' : 'o', nd->name);
    }
}

void msx_cond_calls(const struct msx_cond *c,
                    void (*fn)(void *user, const char *func, const char *const *args, size_t argc),
                    void *user)
{
    for (size_t i = 0; i < c->n; i++) {
        const char *args[COND_MAX_ARGS] = { NULL };
        const struct node *nd = &c->nodes[i];

        if (nd->kind != N_CALL)
            continue;
        for (size_t k = 0; k < nd->argc; k++) {
            const struct node *arg = &c->nodes[c->args[nd->args + k]];

            if (arg->kind <= N_WORD && arg->v.type == MSX_V_STR)
                args[k] = arg->v.u.str;
        }
        fn(user, nd->name, args, nd->argc);
    }
}

bool msx_cond_needs(const struct msx_cond *c, char root)
{
    static const char roots[] = "omtu";
    const char *at = root ? strchr(roots, root) : NULL;

    return at && (c->needs & 1u << (at - roots));
}

static void print_number(struct msx_buf *b, double x)
{
    char text[40];

    if (floor(x) == x && fabs(x) < 1e15) {
        msx_buf_addf(b, "%.0f", x == 0 ? 0.0 : x);
        return;
    }
    /* a decimal comma of the process's locale must not show */
    (void)snprintf(text, sizeof text, "%.15g", x);
    for (char *p = text; *p; p++)
        if (*p == ',')
            *p = '.';
    msx_buf_adds(b, text);
}

void msx_value_print(struct msx_buf *b, const struct msx_value *v)
{
    char day[11];

    switch (v->type) {
    case MSX_V_NULL:
    case MSX_V_REC:
        msx_buf_addc(b, '-');
        return;
    case MSX_V_UNKNOWN:
        msx_buf_adds(b, "unknown");
        return;
    case MSX_V_BOOL:
        msx_buf_adds(b, v->u.b ? "yes" : "no");
        return;
    case MSX_V_NUM:
        print_number(b, v->u.num);
        return;
    case MSX_V_STR:
        msx_buf_adds(b, v->u.str);
        return;
    case MSX_V_DATE:
        msx_day_format(v->u.day, day);
        msx_buf_adds(b, day);
        return;
    case MSX_V_LIST:
        if (!v->u.list.n)
            msx_buf_addc(b, '-');
        for (size_t i = 0; i < v->u.list.n; i++) {
            if (i)
                msx_buf_adds(b, ", ");
            msx_value_print(b, &v->u.list.items[i]);
        }
        return;
    }
}

json_t *msx_value_json(const struct msx_value *v)
{
    char day[11];
    json_t *list;

    switch (v->type) {
    case MSX_V_NULL:
    case MSX_V_REC:
        break;
    case MSX_V_UNKNOWN:
        return json_string("not read");
    case MSX_V_BOOL:
        return json_boolean(v->u.b);
    case MSX_V_NUM:
        if (floor(v->u.num) == v->u.num && fabs(v->u.num) < 1e15)
            return json_integer((json_int_t)v->u.num);
        return json_real(v->u.num);
    case MSX_V_STR:
        return json_string(v->u.str);
    case MSX_V_DATE:
        msx_day_format(v->u.day, day);
        return json_string(day);
    case MSX_V_LIST:
        list = json_array();
        for (size_t i = 0; i < v->u.list.n; i++)
            (void)json_array_append_new(list, msx_value_json(&v->u.list.items[i]));
        return list;
    }
    return json_null();
}
