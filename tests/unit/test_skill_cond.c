/* The condition language: comparisons, null rule, Kleene logic, lists, functions. */
#include "cond_fixture.h"

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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
