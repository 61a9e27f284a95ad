/* Which records a flow evaluates, and their order where findings do not decide (catalog 3.3). */
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/run.h"

const struct msx_rec *msx_rec_its_milestone(const struct msx_rec *rec)
{
    switch (msx_rec_kind(rec)) {
    case MSX_K_MILESTONE:
        return rec;
    case MSX_K_TASK:
        return msx_rec_milestone(rec);
    case MSX_K_ACCOUNT:
    case MSX_K_OPP:
    case MSX_K_USER:
        break;
    }
    return NULL;
}

const struct msx_rec *msx_rec_its_opp(const struct msx_rec *rec)
{
    return msx_rec_kind(rec) == MSX_K_OPP ? rec : msx_rec_opp(rec);
}

bool msx_fact_named(const struct msx_rec *rec, const char *name, struct msx_value *out)
{
    int index = rec ? msx_fact_index(msx_rec_kind(rec), name, NULL) : -1;

    *out = (struct msx_value){ .type = MSX_V_NULL };
    if (index < 0)
        return false;
    msx_fact_get(rec, index, out);
    return out->type != MSX_V_NULL && out->type != MSX_V_UNKNOWN;
}

bool msx_fact_true(const struct msx_rec *rec, const char *name)
{
    struct msx_value v;

    return msx_fact_named(rec, name, &v) && v.type == MSX_V_BOOL && v.u.b;
}

void msx_run_scope(const struct msx_run *r, const struct msx_rec *rec, struct msx_cond_scope *out)
{
    msx_world_scope(r->world, out);
    out->t = msx_rec_kind(rec) == MSX_K_TASK ? rec : NULL;
    out->m = msx_rec_its_milestone(rec);
    out->o = msx_rec_its_opp(rec);
    out->u = r->user_id ? msx_world_find(r->world, MSX_K_USER, r->user_id) : NULL;
}

/* With p.milestone only the named ones are evaluated: by number or id. */
static bool is_named(const struct msx_run *r, const struct msx_rec *m)
{
    const json_t *named = msx_json_arr(r->params, "milestone");
    const char *number = msx_rec_number(m);

    if (!json_array_size(named))
        return true;
    for (size_t i = 0; i < json_array_size(named); i++) {
        const char *s = json_string_value(json_array_get(named, i));

        if ((number && strcmp(s, number) == 0) || msx_guid_eq(s, msx_rec_id(m)))
            return true;
    }
    return false;
}

static bool in_scope(const struct msx_run *r, const struct msx_rec *o)
{
    for (size_t i = 0; o && i < json_array_size(r->scope_opps); i++)
        if (strcmp(json_string_value(json_array_get(r->scope_opps, i)), msx_rec_id(o)) == 0)
            return true;
    return false;
}

bool msx_run_in_set(const struct msx_run *r, const struct msx_rec *m, bool before)
{
    struct msx_cond_scope scope;
    enum msx_tri in;

    if (!is_named(r, m))
        return false;
    if (!r->code.set_milestone)
        return msx_fact_true(m, "active");
    msx_run_scope(r, m, &scope);
    in = msx_cond_eval(r->code.set_milestone, &scope, NULL);
    return in == MSX_YES || (before && in == MSX_UNKNOWN);
}

static int cmp_num(const struct msx_rec *a, const struct msx_rec *b, const char *fact,
                   bool ascending)
{
    struct msx_value x, y;
    bool has_x = msx_fact_named(a, fact, &x) && x.type == MSX_V_NUM;
    bool has_y = msx_fact_named(b, fact, &y) && y.type == MSX_V_NUM;

    if (has_x != has_y)
        return has_x ? -1 : 1; /* null last */
    if (!has_x || x.u.num == y.u.num)
        return 0;
    return (x.u.num < y.u.num) == ascending ? -1 : 1;
}

static int cmp_text(const char *a, const char *b)
{
    if (!a || !b)
        return !a - !b;
    return strcmp(a, b);
}

int msx_rank_records(const struct msx_rec *a, const struct msx_rec *b)
{
    int c = 0;

    if (msx_rec_kind(a) == MSX_K_MILESTONE && msx_rec_kind(b) == MSX_K_MILESTONE) {
        c = msx_fact_true(b, "committed") - msx_fact_true(a, "committed");
        if (!c)
            c = cmp_num(a, b, "days_to_date", true);
        if (!c)
            c = cmp_num(a, b, "monthly_use", false);
        if (!c)
            c = cmp_text(msx_rec_number(a), msx_rec_number(b));
    }
    return c ? c : strcmp(msx_rec_id(a), msx_rec_id(b));
}

static int by_rank(const void *a, const void *b)
{
    const struct msx_rec *const *x = a, *const *y = b;

    return msx_rank_records(*x, *y);
}

const struct msx_rec *msx_run_first_milestone(const struct msx_run *r, const struct msx_rec *opp)
{
    for (size_t i = 0; i < r->nset_m; i++) /* in rank order */
        if (msx_rec_opp(r->set_m[i]) == opp)
            return r->set_m[i];
    return NULL;
}

/* The group outside the set that the milestone belongs to, or NULL. */
static const char *group_of(const struct msx_run *r, const struct msx_rec *m)
{
    struct msx_cond_scope scope;

    if (!is_named(r, m))
        return NULL;
    msx_run_scope(r, m, &scope);
    for (size_t i = 0; i < r->code.ngroups; i++)
        if (msx_cond_eval(r->code.groups[i].when, &scope, NULL) == MSX_YES)
            return r->code.groups[i].name;
    return NULL;
}

static enum msx_code milestone_set(struct msx_run *r, struct msx_error *err)
{
    const struct msx_rec *const *all;
    size_t n;

    all = msx_world_all(r->world, MSX_K_MILESTONE, &n);
    r->set_m = msx_calloc(n + 1, sizeof *r->set_m);
    if (!r->set_m)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const char *group;

        if (!in_scope(r, msx_rec_opp(all[i])))
            continue;
        if (msx_run_in_set(r, all[i], false)) {
            r->set_m[r->nset_m++] = all[i];
            continue;
        }
        group = group_of(r, all[i]);
        if (group && json_object_set_new(r->group_of, msx_rec_id(all[i]), json_string(group)) != 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    qsort(r->set_m, r->nset_m, sizeof *r->set_m, by_rank);
    return MSX_OK;
}

/* Opportunities that the flow names, or those of the milestone set. */
static bool opp_in_set(const struct msx_run *r, const struct msx_rec *o)
{
    struct msx_cond_scope scope;

    if (!in_scope(r, o))
        return false;
    if (!r->code.set_opportunity)
        return msx_run_first_milestone(r, o) != NULL;
    msx_run_scope(r, o, &scope);
    return msx_cond_eval(r->code.set_opportunity, &scope, NULL) == MSX_YES;
}

enum msx_code msx_run_sets(struct msx_run *r, struct msx_error *err)
{
    const struct msx_rec *const *all;
    enum msx_code rc;
    size_t n;

    rc = milestone_set(r, err);
    if (rc)
        return rc;
    all = msx_world_all(r->world, MSX_K_OPP, &n);
    r->set_o = msx_calloc(n + 1, sizeof *r->set_o);
    if (!r->set_o)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        if (opp_in_set(r, all[i]))
            r->set_o[r->nset_o++] = all[i];
    return MSX_OK;
}
