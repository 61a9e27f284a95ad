/* Shared by the tests of conditions: a schema of a few names, records that are rows of values, an
 * opportunity with two milestones. */
#ifndef TESTS_UNIT_COND_FIXTURE_H
#define TESTS_UNIT_COND_FIXTURE_H

#include "test.h"

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/cond.h"

#include <string.h>

/* A record is a row of values in the order of the names below. */
struct msx_rec {
    const char *id;
    struct msx_value v[8];
    const struct msx_rec *const *kids;
    size_t n_kids;
    enum msx_tri kids_read;
};

static const char *const m_names[] = { "days_to_date", "date",  "status", "overdue",
                                       "paths",        "value", "name",   NULL };
static const char *const t_names[] = { "blocker", "due", "owner_role", NULL };
static const char *const o_names[] = { "stage", "stage_gap", NULL };
static const char *const p_names[] = { "near_days", "forecast_date", "commit", "milestone", NULL };
static const char *const r_names[] = { "today", NULL };
static const char *const sig_names[] = { "blocker", "capacity.confirmed", NULL };
static struct msx_value params[4];

static const char *const *names_of(char root)
{
    return root == 'm'   ? m_names
           : root == 't' ? t_names
           : root == 'o' ? o_names
           : root == 'p' ? p_names
           : root == 'r' ? r_names
                         : NULL;
}

static int lookup(const char *const *names, const char *name, const char **near)
{
    size_t n = 0;

    for (; names && names[n]; n++)
        if (!strcmp(names[n], name))
            return (int)n;
    if (names)
        *near = msx_nearest(name, names, n);
    return -1;
}

static int path(void *user, char root, const char *dotted, const char **near)
{
    (void)user;
    return root == 'd' ? 0 : lookup(names_of(root), dotted, near);
}

static int func(void *user, const char *name, size_t argc, const char **near)
{
    (void)user;
    if (!strcmp(name, "rd") && argc == 2)
        return 0;
    if (!strcmp(name, "role") && argc == 1)
        return 1;
    if (!strcmp(name, "rd") || !strcmp(name, "rdd"))
        *near = "rd";
    return -1;
}

static int sig(void *user, const char *id, const char **near)
{
    (void)user;
    return lookup(sig_names, id, near);
}

static void get(const struct msx_cond_scope *s, char root, int index, struct msx_value *out,
                struct msx_source *src)
{
    const struct msx_rec *r = root == 'o' ? s->o : root == 't' ? s->t : s->m;

    assert_int_equal(out->type, MSX_V_NULL);
    if (root == 'p') {
        *out = params[index];
    } else if (root == 'r') {
        out->type = MSX_V_DATE;
        out->u.day = msx_day_parse("2026-03-02");
    } else if (r) {
        *out = r->v[index];
        src->entity = root == 't' ? "task" : "msp_engagementmilestone";
        src->id = r->id;
        src->field = names_of(root == 'd' ? 'm' : root)[index];
    }
}

static void get_sig(const struct msx_cond_scope *s, char root, int index, struct msx_value *out,
                    struct msx_source *src)
{
    assert_true(root == 'm' || root == 'o');
    if (!s->m)
        return;
    out->type = MSX_V_STR;
    out->u.str = index == 0 ? "no" : "unknown";
    src->entity = "msp_engagementmilestone";
    src->id = s->m->id;
    src->field = sig_names[index];
}

static int calls;
static void call(const struct msx_cond_scope *s, int index, const struct msx_value *args,
                 size_t argc, struct msx_value *out, struct msx_source *src)
{
    (void)src;
    calls++;
    out->type = MSX_V_STR;
    if (index == 0) {
        assert_int_equal(argc, 2);
        assert_int_equal(args[0].type, MSX_V_REC);
        assert_ptr_equal(args[0].u.rec, s->m);
        out->u.str = !strcmp(args[1].u.str, "RD-CAP") ? "yes" : "no";
    } else {
        out->u.str = "csam";
    }
}

static enum msx_tri each(const struct msx_cond_scope *s, char child,
                         const struct msx_rec *const **items, size_t *n)
{
    const struct msx_rec *r = child == 't' ? s->m : s->o;

    if (!r)
        return MSX_NO;
    *items = r->kids;
    *n = r->n_kids;
    return r->kids_read;
}

static const struct msx_cond_schema schema = { path, func, sig, NULL };

static struct msx_value num(double x)
{
    struct msx_value v = { .type = MSX_V_NUM };

    v.u.num = x;
    return v;
}
static struct msx_value str(const char *s)
{
    struct msx_value v = { .type = MSX_V_STR };

    v.u.str = s;
    return v;
}
static struct msx_value boolean(bool b)
{
    struct msx_value v = { .type = MSX_V_BOOL };

    v.u.b = b;
    return v;
}
static struct msx_value day(const char *s)
{
    struct msx_value v = { .type = MSX_V_DATE };

    v.u.day = msx_day_parse(s);
    return v;
}
static const struct msx_value null = { .type = MSX_V_NULL }, unread = { .type = MSX_V_UNKNOWN };

static struct msx_value path_items[2];
static struct msx_rec task[3], mile[2], opp;
static const struct msx_rec *tasks[3], *miles[2];
static struct msx_cond_scope scope;

/* A milestone on day 14 with three tasks, one of them a blocker; beside it one without tasks. */
static int setup(void **state)
{
    (void)state;
    memset(task, 0, sizeof task);
    memset(mile, 0, sizeof mile);
    path_items[0] = str("partner");
    path_items[1] = str("isd");
    for (size_t i = 0; i < 3; i++) {
        task[i].id = i == 0 ? "t0" : i == 1 ? "t1" : "t2";
        task[i].v[0] = boolean(i == 1);
        task[i].v[1] = i == 2 ? null : day(i ? "2026-03-10" : "2026-03-01");
        task[i].v[2] = str(i ? "se" : "csam");
        tasks[i] = &task[i];
    }
    mile[0] = (struct msx_rec){
        "m0", { num(14), day("2026-03-16"), str("on_track"), boolean(false) }, tasks, 3, MSX_YES
    };
    mile[0].v[4].type = MSX_V_LIST;
    mile[0].v[4].u.list.items = path_items;
    mile[0].v[4].u.list.n = 2;
    mile[0].v[5] = num(4999.99);
    mile[0].v[6] = str("Landing zone");
    mile[1] = mile[0];
    mile[1].id = "m1";
    mile[1].n_kids = 0;
    mile[1].v[0] = null;
    miles[0] = &mile[0];
    miles[1] = &mile[1];
    opp = (struct msx_rec){ "o0", { num(3), num(-2) }, miles, 2, MSX_YES };
    params[0] = num(30);
    params[1] = str("2026-03-09");
    params[2] = str("yes");
    params[3] = null;
    scope = (struct msx_cond_scope){
        .o = &opp, .m = &mile[0], .get = get, .call = call, .sig = get_sig, .each = each
    };
    calls = 0;
    return 0;
}

static struct msx_cond *compile(const char *text)
{
    struct msx_error err = MSX_ERROR_INIT;
    struct msx_cond *c = NULL;

    if (msx_cond_compile(text, "rule", &schema, &c, &err))
        fail_msg("%s: %s", text, err.msg);
    return c;
}

static enum msx_tri eval(const char *text)
{
    struct msx_cond *c = compile(text);
    enum msx_tri t = msx_cond_eval(c, &scope, NULL);
    json_t *trace = json_array();

    assert_int_equal(msx_cond_eval(c, &scope, trace), t);
    assert_true(json_array_size(trace) > 0);
    json_decref(trace);
    msx_cond_free(c);
    return t;
}

#define YES(text)     assert_int_equal(eval(text), MSX_YES)
#define NO(text)      assert_int_equal(eval(text), MSX_NO)
#define UNKNOWN(text) assert_int_equal(eval(text), MSX_UNKNOWN)

#endif
