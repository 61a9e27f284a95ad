/* Required columns, state and status, closed tasks, milestones and their opportunities. */
#include "rules.h"

#include <stdio.h>
#include <string.h>

#include "options.h"

static bool is_null(const struct sb_value *v)
{
    return !v || v->kind == SB_NULL;
}

static void set_default(const struct sb_table *t, struct sb_row *row, const char *name,
                        struct sb_value v)
{
    if (is_null(sb_row_get(t, row, name)))
        sb_row_set(t, row, name, v);
    else
        sb_value_release(&v);
}

static bool required(struct sb_call *c, const struct sb_table *t, const struct sb_row *row,
                     bool create)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct sb_attr *a = &t->attr[i];

        if (a->need != SB_REQUIRED || (!create && !row->present[i]))
            continue;
        if (row->v[i].kind == SB_NULL || (row->v[i].kind == SB_TEXT && !*row->v[i].s))
            return sb_fail(&c->e, 400, "0x80040265", "'%s' (%s) is required on %s.", a->label,
                           a->name, t->label);
    }
    return true;
}

/* --- state and status --- */

static const char *state_name(const struct sb_attr *state, int value)
{
    const struct sb_option *o = sb_option_by_value(state->set, value);

    if (!o)
        return "Unknown";
    return strcmp(o->label, "Cancelled") == 0 ? "Canceled" : o->label;
}

static bool bad_pair(struct sb_call *c, const struct sb_table *t, const struct sb_attr *state,
                     int state_value, int status_value, const char *id)
{
    return sb_fail(&c->e, 400, "0x80048408",
                   "%d is not a valid status code for state code %sState.%s on %s with Id %s.",
                   status_value, t->schema, state_name(state, state_value), t->name, id);
}

static bool pair_fits(const struct sb_attr *status, int state_value, int status_value)
{
    const struct sb_option *o = sb_option_by_value(status->set, status_value);

    return o && o->state == state_value;
}

/* A record is born in its first state; what the body says about the state is not heard. */
static bool born_open(struct sb_call *c, const struct sb_table *t, const char *id,
                      struct sb_row *row)
{
    const struct sb_attr *state = sb_attr_by_name(t, "statecode");
    const struct sb_attr *status = sb_attr_by_name(t, "statuscode");
    const struct sb_value *given = sb_row_get(t, row, "statuscode");

    if (!state || !status)
        return true;
    if (!is_null(given) && !pair_fits(status, 0, (int)given->i))
        return bad_pair(c, t, state, 0, (int)given->i, id);
    sb_row_set(t, row, "statecode", sb_value_int(0));
    set_default(t, row, "statuscode", sb_value_int(sb_option_by_value(state->set, 0)->state));
    return true;
}

static bool change_state(struct sb_call *c, const struct sb_table *t, const char *id,
                         const struct sb_row *old, struct sb_row *row)
{
    const struct sb_attr *state = sb_attr_by_name(t, "statecode");
    const struct sb_attr *status = sb_attr_by_name(t, "statuscode");
    const struct sb_value *new_state = sb_row_get(t, row, "statecode");
    const struct sb_value *new_status = sb_row_get(t, row, "statuscode");
    const struct sb_option *o;
    int value;

    if (!state || !status || (!new_state && !new_status))
        return true;
    if ((new_state && is_null(new_state)) || (new_status && is_null(new_status)))
        return sb_fail(&c->e, 400, "0x80048408", "State and status of %s cannot be empty.",
                       t->name);
    value = new_state ? (int)new_state->i : (int)sb_row_get(t, old, "statecode")->i;
    if (t == &sb_table_opportunity && value != (int)sb_row_get(t, old, "statecode")->i)
        return sb_fail(&c->e, 400, "0x80048408",
                       "The state of an opportunity is changed by WinOpportunity and "
                       "LoseOpportunity, not by an update (opportunity with Id %s).",
                       id);
    if (new_status && !pair_fits(status, value, (int)new_status->i))
        return bad_pair(c, t, state, value, (int)new_status->i, id);
    if (!new_status) {
        o = sb_option_by_value(state->set, value);
        sb_row_set(t, row, "statuscode", sb_value_int(o ? o->state : 1));
    }
    return true;
}

/* --- tasks --- */

static bool only_state(const struct sb_table *t, const struct sb_row *row)
{
    for (size_t i = 0; i < t->n; i++)
        if (row->present[i] && t->attr[i].type != SB_STATE && t->attr[i].type != SB_STATUS)
            return false;
    return true;
}

/* A closed task can be opened again, and nothing else. */
static bool closed_task(struct sb_call *c, const struct sb_table *t, const char *id,
                        const struct sb_row *old, const struct sb_row *row)
{
    const struct sb_value *state = sb_row_get(t, row, "statecode");
    int before = (int)sb_row_get(t, old, "statecode")->i;

    if (before == 0)
        return true;
    if (only_state(t, row) && (!state || state->i == 0 || state->i == before))
        return true;
    return sb_fail(&c->e, 400, "0x80040203",
                   "The task with Id %s is %s and read-only; open it again before you change it.",
                   id, before == 1 ? "completed" : "canceled");
}

static void actual_end(struct sb_call *c, const struct sb_table *t, const struct sb_row *old,
                       struct sb_row *row)
{
    const struct sb_value *state = sb_row_get(t, row, "statecode");
    int before = (int)sb_row_get(t, old, "statecode")->i;
    char now[21];

    if (!state || state->i == before)
        return;
    if (state->i == 0) {
        sb_row_set(t, row, "actualend", (struct sb_value){ .kind = SB_NULL });
    } else {
        sb_service_now(c->svc, now);
        set_default(t, row, "actualend", sb_value_text(now));
    }
}

/* --- milestones --- */

static bool number_taken(struct sb_call *c, const char *number)
{
    sqlite3_stmt *st = NULL;
    bool taken = sqlite3_prepare_v2(c->conn->db,
                                    "SELECT 1 FROM msp_engagementmilestone WHERE "
                                    "msp_milestonenumber = ?",
                                    -1, &st, NULL) == SQLITE_OK &&
                 sqlite3_bind_text(st, 1, number, -1, SQLITE_STATIC) == SQLITE_OK &&
                 sqlite3_step(st) == SQLITE_ROW;

    (void)sqlite3_finalize(st);
    return taken;
}

static bool new_milestone(struct sb_call *c, const struct sb_table *t, struct sb_row *row)
{
    const struct sb_table *o = &sb_table_opportunity;
    const struct sb_value *parent = sb_row_get(t, row, "msp_opportunityid");
    struct sb_row opportunity = { 0 };
    char number[40];
    bool ok = true;

    if (sb_row_read(c->conn, o, parent->s, &opportunity, &c->e) != 1)
        return sb_fail_missing(&c->e, o, parent->s);
    if (is_null(sb_row_get(o, &opportunity, "msp_eststartdate")))
        ok = sb_fail(&c->e, 400, "0x80040265",
                     "The opportunity of a milestone needs an estimated start date.");
    if (!is_null(sb_row_get(o, &opportunity, "parentaccountid")))
        set_default(t, row, "msp_parentaccount",
                    sb_value_text(sb_row_get(o, &opportunity, "parentaccountid")->s));
    if (!is_null(sb_row_get(o, &opportunity, "transactioncurrencyid")))
        set_default(t, row, "transactioncurrencyid",
                    sb_value_text(sb_row_get(o, &opportunity, "transactioncurrencyid")->s));
    sb_row_release(&opportunity);
    set_default(t, row, "msp_milestonestatus", sb_value_int(861980005));
    set_default(t, row, "msp_commitmentrecommendation", sb_value_int(861980000));
    if (is_null(sb_row_get(t, row, "msp_milestonenumber"))) {
        do
            (void)snprintf(number, sizeof number, "7-%09lld",
                           (long long)sb_store_next(c->conn, "milestone"));
        while (number_taken(c, number));
        sb_row_set(t, row, "msp_milestonenumber", sb_value_text(number));
    }
    return ok;
}

/* --- all --- */

static void set_owner(struct sb_call *c, const struct sb_table *t, struct sb_row *row)
{
    const struct sb_attr *a = sb_attr_by_name(t, "ownerid");

    if (!a || !is_null(sb_row_get(t, row, "ownerid")))
        return;
    sb_row_set(t, row, "ownerid", sb_value_text(c->user));
    row->target[sb_attr_index(t, a)] = &sb_table_systemuser;
}

bool sb_rules_create(struct sb_call *c, const struct sb_table *t, const char *id,
                     struct sb_row *row)
{
    if (!required(c, t, row, true) || !born_open(c, t, id, row))
        return false;
    set_owner(c, t, row);
    if (t == &sb_table_task)
        set_default(t, row, "prioritycode", sb_value_int(1));
    return t == &sb_table_milestone ? new_milestone(c, t, row) : true;
}

bool sb_rules_update(struct sb_call *c, const struct sb_table *t, const char *id,
                     const struct sb_row *old, struct sb_row *row)
{
    const struct sb_value *owner = sb_row_get(t, row, "ownerid");

    if (owner && owner->kind == SB_NULL)
        return sb_fail(&c->e, 400, "0x80040203", "The owner of %s cannot be empty.", t->name);
    if (!required(c, t, row, false))
        return false;
    if (t == &sb_table_task && !closed_task(c, t, id, old, row))
        return false;
    if (!change_state(c, t, id, old, row))
        return false;
    if (t == &sb_table_task)
        actual_end(c, t, old, row);
    return true;
}
