/* The condition language: grammar, null rule, Kleene logic, lists, functions, errors, trace. */
#include "test.h"

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/cond.h"

#include <string.h>
#include <time.h>

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

static void comparisons(void **state)
{
    (void)state;
    YES("d = 14");
    NO("d != 14");
    YES("d <= 14");
    NO("d < 14");
    YES("d >= 14");
    NO("d > 14");
    YES("m.value < 5000");
    YES("m.value = 4999.99");
    YES("o.stage_gap < -1");
    NO("o.stage_gap < -2");
    YES("o.stage_gap >= -p.near_days");
    YES("m.status = on_track");
    YES("m.status = \"on_track\"");
    YES("m.status = 'on_track'");
    NO("m.status = blocked");
    YES("m.status != blocked");
    YES("m.date = 2026-03-16");
    YES("m.date > 2026-03-15");
    YES("m.date > p.forecast_date"); /* text that is a date */
    YES("m.overdue = no");
    NO("m.overdue = yes");
    NO("m.overdue");
    YES("not m.overdue");
    YES("p.commit");
    YES("p.commit = true");
    NO("m.name"); /* text other than yes is not a truth */
    YES("m.paths");
    NO("m.name = 3"); /* of different kinds: not equal */
    YES("m.name != 3");
    NO("m.name < 3");
}

static void precedence(void **state)
{
    (void)state;
    YES("d = 14 or d = 1 and d = 2");
    NO("(d = 14 or d = 1) and d = 2");
    YES("not d = 1");
    YES("not d = 1 and not d = 2");
    YES("not not d = 14");
    NO("not (d = 14)");
    YES("(d = 14) = yes");
    YES("d=14 and m.date=2026-03-16");
}

static void nulls_are_never_compared(void **state)
{
    (void)state;
    mile[0].v[0] = null;
    NO("d = 14");
    NO("d != 14");
    NO("d < 5");
    NO("d >= -1000");
    NO("d in [14]");
    NO("d in [null]");
    NO("null < 5");
    NO("null != 1");
    NO("d = null");
    YES("not d = 14");
    YES("d is null");
    NO("d is not null");
    YES("d is empty");
    NO("d is not empty");
    NO("d");
    NO("t.due is not null"); /* no task is bound */
    NO("3 in p.milestone");
    NO("-d < 5");
    mile[0].v[0] = num(0);
    YES("d is not null");
    NO("d is empty");
    NO("d");
}

static void what_was_not_read_is_unknown(void **state)
{
    (void)state;
    mile[0].v[0] = unread;
    UNKNOWN("d = 14");
    UNKNOWN("d != 14");
    UNKNOWN("not d = 14");
    UNKNOWN("d is null");
    UNKNOWN("d is not null");
    UNKNOWN("d is empty");
    UNKNOWN("d in [1, 2]");
    UNKNOWN("-d = 1");
    UNKNOWN("days(m.date, d) = 1");
    UNKNOWN("d");
    NO("d = 14 and m.overdue");
    UNKNOWN("d = 14 and m.paths");
    YES("d = 14 or m.paths");
    UNKNOWN("d = 14 or m.overdue");
    NO("m.overdue and d = 14");
    NO("d = null"); /* false whatever d is */
    YES("14 in [d, 14]");
    UNKNOWN("15 in [d, 14]");
}

static void sets(void **state)
{
    (void)state;
    YES("m.status in [at_risk, on_track]");
    NO("m.status in [at_risk, \"blocked\"]");
    NO("m.status in []");
    YES("partner in m.paths");
    NO("unified in m.paths");
    YES("d in [p.near_days, 14]");
    NO("\"7-1\" in p.milestone");
    NO("partner in m.name"); /* not a list */
    NO("m.paths is empty");
    YES("m.paths is not empty");
    mile[0].v[4].u.list.n = 0;
    YES("m.paths is empty");
    NO("m.paths is null");
    mile[0].v[6] = str(" \t");
    YES("m.name is empty");
}

static void lists_of_records(void **state)
{
    (void)state;
    YES("any(m.tasks, t.blocker)");
    NO("all(m.tasks, t.blocker)");
    YES("count(m.tasks, t.blocker) = 1");
    YES("count(m.tasks) = 3");
    YES("len(m.tasks) = 3");
    YES("any(m.tasks)");
    NO("m.tasks is empty");
    NO("any(m.tasks, t.owner_role = csa)");
    YES("any(m.tasks, t.owner_role = se and t.due is null)");
    YES("all(m.tasks, t.owner_role in [se, csam])");
    YES("any(o.milestones, any(m.tasks, t.blocker))");
    NO("all(o.milestones, any(m.tasks, t.blocker))");
    YES("count(o.milestones, d is null) = 1");
    YES("count(o.milestones, count(m.tasks) = 0) = 1");
    YES("count(o.milestones, d <= 14) = 1 and d = 14"); /* m is bound again outside */
    scope.m = &mile[1];
    NO("any(m.tasks, t.blocker)");
    NO("any(m.tasks)");
    YES("all(m.tasks, t.blocker)");
    YES("m.tasks is empty");
}

static void lists_not_read_or_left_out(void **state)
{
    (void)state;
    mile[0].kids_read = MSX_UNKNOWN;
    UNKNOWN("any(m.tasks, t.blocker)");
    UNKNOWN("not any(m.tasks, t.blocker)");
    UNKNOWN("count(m.tasks) = 0");
    UNKNOWN("m.tasks is empty");
    NO("any(m.tasks, t.blocker) and m.overdue");
    mile[0].kids_read = MSX_NO; /* the flow reads no tasks: nothing fires, nothing is counted */
    NO("any(m.tasks, t.blocker)");
    NO("not any(m.tasks, t.blocker)");
    NO("all(m.tasks, t.blocker)");
    NO("count(m.tasks) = 0");
    NO("not count(m.tasks) = 0");
    NO("m.tasks is empty");
    YES("m.paths or any(m.tasks, t.blocker)");
    mile[0].kids_read = MSX_YES;
    task[0].v[0] = unread;
    YES("any(m.tasks, t.blocker)"); /* another one decides */
    NO("all(m.tasks, t.blocker)");
    UNKNOWN("count(m.tasks, t.blocker) = 1");
    task[1].v[0] = boolean(false);
    UNKNOWN("any(m.tasks, t.blocker)");
}

static void plain_lists(void **state)
{
    (void)state;
    YES("any(m.paths, it = partner)");
    NO("all(m.paths, it = partner)");
    YES("all(m.paths, it in [partner, isd, unified])");
    YES("count(m.paths) >= 2");
    YES("count(m.paths, it != partner) = 1");
    YES("any([partner, unified], it in m.paths)");
    NO("all([partner, unified], it in m.paths)");
    YES("any(m.paths)");
    NO("any(p.milestone, it = 3)");
    YES("all(p.milestone, it = 3)");
    YES("count([p.near_days, d], it > 20) = 1");
    YES("any(m.tasks, any(m.paths, it = isd) and t.blocker)");
}

static void functions(void **state)
{
    (void)state;
    YES("days(today(), m.date) = 14");
    YES("days(m.date, run.today) = -14");
    YES("days(run.today, p.forecast_date) <= 7");
    YES("today() = 2026-03-02");
    YES("bd(5) = 2026-03-09");
    YES("plus(today(), -30) = 2026-01-31");
    YES("plus(d, 1) = 15");
    YES("min(d, p.near_days) = 14");
    YES("max(d, p.near_days) = 30");
    YES("min(null, d) = 14");
    NO("min(null, null) = 14");
    YES("max(m.date, today()) = m.date");
    YES("len(m.paths) = 2");
    YES("len(m.name) = 12");
    YES("len(\"\xc3\xa4\xc3\xb6\") = 2");
    YES("len([a, b, c]) = 3");
    YES("contains(m.name, \"ZONE\")");
    NO("contains(m.name, poc)");
    YES("rd(m, \"RD-CAP\")");
    NO("rd(m, \"RD-ENV\")");
    YES("role(\"x\") = csam");
    YES("sig(m, \"blocker\") = no");
    NO("sig(m, \"blocker\")");
    YES("sig(m, \"capacity.confirmed\") != yes");
    YES("sig(m, \"capacity.confirmed\") = unknown");
    NO("days(m.name, today()) = 1");
    NO("bd(0) is not null");
    NO("plus(m.date, 1000000000) is not null");
}

static void shortcut_skips_calls(void **state)
{
    (void)state;
    NO("m.overdue and role(\"x\") = csam");
    assert_int_equal(calls, 0);
    YES("m.paths or role(\"x\") = csam");
    assert_int_equal(calls, 0);
}

static void error_is(const char *text, const char *want)
{
    struct msx_error err = MSX_ERROR_INIT;
    struct msx_cond *c = NULL;

    assert_int_equal(msx_cond_compile(text, "rule 'R'", &schema, &c, &err), MSX_E_INVALID);
    assert_null(c);
    if (!strstr(err.msg, want))
        fail_msg("%s\n  gives %s\n  wanted %s", text, err.msg, want);
    assert_int_equal(strncmp(err.msg, "rule 'R': ", 10), 0);
    assert_int_equal(msx_cond_compile(text, "rule", &schema, &c, NULL), MSX_E_INVALID);
}

static void errors_name_column_and_nearest(void **state)
{
    (void)state;
    error_is("m.overdu and d < 3", "column 1: no fact 'm.overdu', did you mean 'm.overdue'?");
    error_is("d < 3 and m.overdu", "column 11: ");
    error_is("m.name = \"\xc3\xa4\" and m.overdu", "column 18: ");
    error_is("run.todax = 1", "did you mean 'run.today'?");
    error_is("x.y = 1", "column 1: no fact (a name begins with o. m. t. u. p. or run.): 'x.y'");
    error_is("sig(m, \"blockr\") = yes", "column 8: no signal 'blockr', did you mean 'blocker'?");
    error_is("rdd(m, \"x\")", "no function 'rdd', did you mean 'rd'?");
    error_is("rd(m)", "wrong number of arguments of 'rd'");
    error_is("cuont(m.tasks) = 1", "no function 'cuont', did you mean 'count'?");
    error_is("days(today()) = 1", "wrong number of arguments of 'days'");
    error_is("overdue", "a word is no condition: 'overdue', did you mean 'm.overdue'?");
    error_is("overdue = yes", "did you mean 'm.overdue'?");
    error_is("m.overdue and on_track", "column 15: a word is no condition");
    error_is("m.tasks", "a list of records needs any, all or count");
    error_is("m.tasks = 3", "a list of records needs");
    error_is("m.paths = [partner]", "a list is compared by 'in'");
    error_is("d == 3", "column 3: '==' is written '='");
    error_is("d < ", "a value is missing before the end");
    error_is("", "a condition is missing before the end");
    error_is("  \n ", "a condition is missing before the end");
    error_is("d < 3 d", "column 7: 'and', 'or' or the end is missing before 'd'");
    error_is("(d < 3", "')' is missing before the end");
    error_is("d < 3)", "column 6");
    error_is("d in 3", "after 'in' comes a list");
    error_is("d in [1 2]", "',' or ']' is missing before '2'");
    error_is("d in [[1]]", "a list inside a list");
    error_is("d is nul", "after 'is' comes null, not null or empty, not 'nul'");
    error_is("d not in [1]", "is written 'not x in [..]'");
    error_is("today() - 30 > m.date", "there is no subtraction");
    error_is("1 < d < 3", "comparisons are joined by 'and'");
    error_is("d = 2026-02-30", "the calendar has no such date '2026-02-30'");
    error_is("d = 3x", "a number ends in letters");
    error_is("d = 3.", "a number ends in letters");
    error_is("m.name = \"x", "the quotation mark is not closed");
    error_is("d & 3", "unexpected character");
    error_is("m = 3", "name a fact of the record 'm'");
    error_is("it = 3", "'it' is the item of");
    error_is("any(m.tasks, it = 3)", "'it' is the item of");
    error_is("any(3, it = 3)", "any, all and count want a list");
    error_is("all(m.paths)", "all wants a list and a condition");
    error_is("sig(x, \"blocker\")", "sig wants o, m, t or u, not 'x'");
    error_is("sig(m, blocker)", "in quotation marks, not 'blocker'");
    error_is("role([d])", "a list given to a function holds constants only");
    error_is("and", "a value is missing before 'and'");
}

static void bounded(void **state)
{
    char text[MSX_COND_MAX_BYTES + 2];
    struct msx_cond *c = NULL;

    (void)state;
    memset(text, '(', sizeof text);
    text[MSX_COND_MAX_BYTES + 1] = '\0';
    error_is(text, "longer than 8192 bytes");
    text[MSX_COND_MAX_BYTES] = '\0';
    error_is(text, "nested too deep");
    for (size_t i = 0; i + 4 < sizeof text; i += 4)
        memcpy(text + i, "not ", 5);
    error_is(text, "nested too deep");
    memset(text, '-', 4000);
    text[4000] = '\0';
    error_is(text, "nested too deep");
    error_is("any(o.milestones, any(o.milestones, any(o.milestones, any(m.tasks, t.blocker))))",
             "any, all and count are nested too deep");
    YES("any(o.milestones, any(o.milestones, any(m.tasks, t.blocker)))");
    /* a long flat condition is no problem */
    memcpy(text, "d=1", 4);
    for (size_t n = 3; n + 8 < MSX_COND_MAX_BYTES; n += 7)
        memcpy(text + n, " or d=1", 8);
    assert_int_equal(msx_cond_compile(text, "r", &schema, &c, NULL), MSX_OK);
    assert_int_equal(msx_cond_eval(c, &scope, NULL), MSX_NO);
    msx_cond_free(c);
    msx_cond_free(NULL);
}

static json_t *trace_of(const char *text)
{
    struct msx_cond *c = compile(text);
    json_t *trace = json_array();

    (void)msx_cond_eval(c, &scope, trace);
    msx_cond_free(c);
    return trace;
}

#define TRACE(text, want)                                                                          \
    do {                                                                                           \
        json_t *t_ = trace_of(text);                                                               \
        char *s_ = json_dumps(t_, JSON_COMPACT);                                                   \
        assert_string_equal(s_, want);                                                             \
        msx_free(s_);                                                                              \
        json_decref(t_);                                                                           \
    } while (0)

static void trace_of_each_predicate(void **state)
{
    (void)state;
    TRACE("d  <= 14 and not m.overdue",
          "[{\"expr\":\"d  <= 14\",\"value\":14,\"op\":\"<=\",\"threshold\":14,\"result\":\"yes\","
          "\"entity\":\"msp_engagementmilestone\",\"id\":\"m0\",\"field\":\"days_to_date\"},"
          "{\"expr\":\"m.overdue\",\"value\":false,\"op\":\"is yes\",\"threshold\":null,"
          "\"result\":\"no\",\"entity\":\"msp_engagementmilestone\",\"id\":\"m0\","
          "\"field\":\"overdue\"}]");
    TRACE("m.overdue and d < 3", /* what decided; the rest was not looked at */
          "[{\"expr\":\"m.overdue\",\"value\":false,\"op\":\"is yes\",\"threshold\":null,"
          "\"result\":\"no\",\"entity\":\"msp_engagementmilestone\",\"id\":\"m0\","
          "\"field\":\"overdue\"}]");
    TRACE("sig(m, \"blocker\") = yes",
          "[{\"expr\":\"sig(m, \\\"blocker\\\") = yes\",\"value\":\"no\",\"op\":\"=\","
          "\"threshold\":\"yes\",\"result\":\"no\",\"entity\":\"msp_engagementmilestone\","
          "\"id\":\"m0\",\"field\":\"blocker\"}]");
    TRACE("any(m.tasks, t.blocker)", /* of the items only the one that decided */
          "[{\"expr\":\"t.blocker\",\"value\":true,\"op\":\"is yes\",\"threshold\":null,"
          "\"result\":\"yes\",\"entity\":\"task\",\"id\":\"t1\",\"field\":\"blocker\"},"
          "{\"expr\":\"any(m.tasks, t.blocker)\",\"value\":3,\"op\":\"any\",\"threshold\":null,"
          "\"result\":\"yes\",\"entity\":null,\"id\":null,\"field\":null}]");
    mile[0].v[0] = unread;
    TRACE("d in [1, 2]",
          "[{\"expr\":\"d in [1, 2]\",\"value\":\"not read\",\"op\":\"in\",\"threshold\":[1,2],"
          "\"result\":\"unknown\",\"entity\":\"msp_engagementmilestone\",\"id\":\"m0\","
          "\"field\":\"days_to_date\"}]");
    mile[0].v[0] = null;
    TRACE("d is null",
          "[{\"expr\":\"d is null\",\"value\":null,\"op\":\"is null\",\"threshold\":null,"
          "\"result\":\"yes\",\"entity\":\"msp_engagementmilestone\",\"id\":\"m0\","
          "\"field\":\"days_to_date\"}]");
}

static const char *print(const char *text, struct msx_buf *b)
{
    struct msx_cond *c = compile(text);
    struct msx_value v;

    msx_cond_value(c, &scope, &v);
    msx_buf_clear(b);
    msx_value_print(b, &v);
    msx_cond_free(c);
    return b->data;
}

static void values_for_placeholders(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1000);

    (void)state;
    assert_string_equal(print("d", &b), "14");
    assert_string_equal(print("m.value", &b), "4999.99");
    assert_string_equal(print("-m.value", &b), "-4999.99");
    assert_string_equal(print("m.date", &b), "2026-03-16");
    assert_string_equal(print("m.name", &b), "Landing zone");
    assert_string_equal(print("m.paths", &b), "partner, isd");
    assert_string_equal(print("m.overdue", &b), "no");
    assert_string_equal(print("d < 3", &b), "no");
    assert_string_equal(print("p.milestone", &b), "-");
    assert_string_equal(print("t.due", &b), "-");
    assert_string_equal(print("count(m.tasks)", &b), "3");
    mile[0].v[0] = unread;
    assert_string_equal(print("d", &b), "unknown");
    mile[0].kids_read = MSX_NO;
    assert_string_equal(print("count(m.tasks)", &b), "-");
}

static void note_path(void *user, char root, const char *dotted)
{
    msx_buf_addf(user, "%c:%s ", root, dotted);
}

static void note_call(void *user, const char *name, const char *const *args, size_t argc)
{
    msx_buf_addf(user, "%s/%zu", name, argc);
    for (size_t i = 0; i < argc; i++)
        msx_buf_addf(user, " %s", args[i] ? args[i] : "?");
}

static void what_a_linter_asks(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1000);
    struct msx_cond *c = compile("d < p.near_days and any(m.tasks, t.blocker) and "
                                 "sig(m, \"blocker\") = sig(o, \"capacity.confirmed\") and "
                                 "sig(m, \"blocker\") = no and rd(m, \"RD-CAP\")");
    const char *const *sigs;
    size_t n;

    (void)state;
    sigs = msx_cond_signals(c, &n);
    assert_int_equal(n, 2);
    assert_string_equal(sigs[0], "blocker");
    assert_string_equal(sigs[1], "capacity.confirmed");
    msx_cond_paths(c, note_path, &b);
    assert_string_equal(b.data, "d: p:near_days m:tasks t:blocker ");
    msx_buf_clear(&b);
    msx_cond_calls(c, note_call, &b);
    assert_string_equal(b.data, "rd/2 ? RD-CAP");
    assert_true(msx_cond_needs(c, 'm'));
    assert_true(msx_cond_needs(c, 'o'));
    assert_false(msx_cond_needs(c, 't')); /* bound by any() */
    assert_false(msx_cond_needs(c, 'u'));
    msx_cond_free(c);
    c = compile("any(o.milestones, d < 3)");
    assert_false(msx_cond_needs(c, 'm'));
    assert_true(msx_cond_needs(c, 'o'));
    msx_cond_free(c);
    c = compile("t.blocker");
    assert_true(msx_cond_needs(c, 't'));
    assert_string_equal(msx_cond_text(c), "t.blocker");
    msx_cond_free(c);
}

/* ---- no allocation, out of memory ---- */

static int allocs, fail_at;
static void *counting_malloc(size_t n)
{
    return ++allocs == fail_at ? NULL : malloc(n);
}
static void *counting_realloc(void *p, size_t n)
{
    return ++allocs == fail_at ? NULL : realloc(p, n);
}
static const struct msx_alloc counting = { counting_malloc, counting_realloc, free };

static void evaluation_does_not_allocate(void **state)
{
    struct msx_cond *c =
        compile("any(o.milestones, any(m.tasks, t.blocker and days(today(), t.due) "
                "< 99)) and m.status in [on_track] and rd(m, \"RD-CAP\") and "
                "count(m.paths, it = isd) = 1");
    clock_t begin;

    (void)state;
    msx_set_alloc(&counting);
    allocs = fail_at = 0;
    assert_int_equal(msx_cond_eval(c, &scope, NULL), MSX_YES);
    assert_int_equal(allocs, 0);
    msx_set_alloc(NULL);
    begin = clock();
    for (int i = 0; i < 100000; i++)
        assert_true(msx_cond_eval(c, &scope, NULL) == MSX_YES);
    assert_true(clock() - begin < 2 * CLOCKS_PER_SEC); /* a tenth of it without sanitizers */
    msx_cond_free(c);
}

static void compile_survives_every_failed_allocation(void **state)
{
    const char *text = "any(m.tasks, t.blocker) and d in [1, 2] and rd(m, \"RD-CAP\") and "
                       "sig(m, \"blocker\") = yes";
    enum msx_code rc = MSX_E_NOMEM;

    (void)state;
    msx_set_alloc(&counting);
    for (fail_at = 1; rc != MSX_OK; fail_at++) {
        struct msx_cond *c = NULL;

        assert_true(fail_at < 100);
        allocs = 0;
        rc = msx_cond_compile(text, "r", &schema, &c, NULL);
        assert_true(rc == MSX_OK || (rc == MSX_E_NOMEM && !c));
        msx_cond_free(c);
    }
    msx_set_alloc(NULL);
    assert_true(fail_at > 5);
}

#define T(fn) cmocka_unit_test_setup(fn, setup)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(comparisons),
        T(precedence),
        T(nulls_are_never_compared),
        T(what_was_not_read_is_unknown),
        T(sets),
        T(lists_of_records),
        T(lists_not_read_or_left_out),
        T(plain_lists),
        T(functions),
        T(shortcut_skips_calls),
        T(errors_name_column_and_nearest),
        T(bounded),
        T(trace_of_each_predicate),
        T(values_for_placeholders),
        T(what_a_linter_asks),
        T(evaluation_does_not_allocate),
        T(compile_survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
