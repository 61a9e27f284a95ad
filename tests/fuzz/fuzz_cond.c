/* Fuzz target: any text either compiles or is refused, and what compiles ends with one of the three
 * values, the same with and without a trace. Every name is known to the schema. */
#include "msxops/mem.h"
#include "skill/cond.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int any_path(void *user, char root, const char *dotted, const char **near)
{
    (void)user;
    *near = "near";
    return (root + (int)strlen(dotted)) % 8 - 1;
}

static int any_func(void *user, const char *name, size_t argc, const char **near)
{
    (void)user;
    *near = name;
    return argc > 4 ? -1 : (int)argc;
}

static int any_sig(void *user, const char *id, const char **near)
{
    (void)user;
    *near = "near";
    return (int)strlen(id) % 4 - 1;
}

static void get(const struct msx_cond_scope *s, char root, int index, struct msx_value *out,
                struct msx_source *src)
{
    static const struct msx_value items[] = { { .type = MSX_V_NUM, .u.num = 14 },
                                              { .type = MSX_V_STR, .u.str = "x" },
                                              { .type = MSX_V_NULL } };

    (void)s;
    (void)root;
    src->field = "f";
    switch (index) {
    case 0:
        return;
    case 1:
        *out = items[0];
        return;
    case 2:
        *out = items[1];
        return;
    case 3:
        out->type = MSX_V_LIST;
        out->u.list.items = items;
        out->u.list.n = 3;
        return;
    case 4:
        out->type = MSX_V_DATE;
        out->u.day = 20514;
        return;
    default:
        out->type = MSX_V_UNKNOWN;
    }
}

static void call(const struct msx_cond_scope *s, int func, const struct msx_value *args,
                 size_t argc, struct msx_value *out, struct msx_source *src)
{
    (void)s;
    (void)src;
    if (argc && func)
        *out = args[argc - 1];
}

static enum msx_tri each(const struct msx_cond_scope *s, char child,
                         const struct msx_rec *const **items, size_t *n)
{
    static const struct msx_rec *const none[2];

    (void)s;
    *items = none;
    *n = 2;
    return child == 't' ? MSX_YES : MSX_UNKNOWN;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct msx_cond_schema schema = { any_path, any_func, any_sig, NULL };
    const struct msx_cond_scope scope = { .get = get, .call = call, .sig = get, .each = each };
    struct msx_error err = MSX_ERROR_INIT;
    struct msx_cond *c = NULL;
    char *text = msx_strndup((const char *)data, size);

    if (text && !msx_cond_compile(text, "fuzz", &schema, &c, &err)) {
        struct msx_buf b = MSX_BUF_INIT(1 << 20);
        json_t *trace = json_array();
        enum msx_tri t = msx_cond_eval(c, &scope, NULL);
        struct msx_value v;

        if (t != msx_cond_eval(c, &scope, trace))
            abort();
        json_decref(trace);
        msx_cond_value(c, &scope, &v);
        msx_value_print(&b, &v);
        msx_buf_release(&b);
        msx_cond_free(c);
    } else if (text && !err.msg[0]) {
        abort(); /* refused without a reason */
    }
    msx_free(text);
    return 0;
}
