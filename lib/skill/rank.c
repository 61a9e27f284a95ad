/* Scores and order of findings: catalog 3.3, with the numbers of skills/shared/ranking.yaml. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "skill/run.h"

int msx_rank_severity(const json_t *ranking, const char *id)
{
    const json_t *list = msx_json_arr(ranking, "severities");

    for (size_t i = 0; id && i < json_array_size(list); i++) {
        const char *s = msx_json_str(json_array_get(list, i), "id");

        if (s && strcmp(s, id) == 0)
            return (int)i;
    }
    return -1;
}

const char *msx_rank_severity_id(const json_t *ranking, size_t index)
{
    return msx_json_str_or(json_array_get(msx_json_arr(ranking, "severities"), index), "id", "");
}

static json_int_t weight(const json_t *row)
{
    json_int_t w = 0;

    (void)msx_json_int(row, "weight", &w);
    return w;
}

static json_int_t proximity(const json_t *ranking, const struct msx_finding *f)
{
    const json_t *rows = msx_json_arr(ranking, "proximity");
    json_int_t to, none = 0;

    (void)msx_json_int(ranking, "proximity_no_date", &none);
    if (!f->has_days)
        return none;
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (!msx_json_int(json_array_get(rows, i), "to", &to) || f->days <= to)
            return weight(json_array_get(rows, i));
    return 0;
}

static json_int_t value(const json_t *ranking, const struct msx_finding *f)
{
    const json_t *rows = msx_json_arr(ranking, "value");
    double limit;
    json_int_t none = 0;

    for (size_t i = 0; f->has_use && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);

        if (msx_json_num(row, "from", &limit)
                ? f->use >= limit
                : msx_json_num(row, "above", &limit) && f->use > limit)
            return weight(row);
    }
    (void)msx_json_int(ranking, "value_none", &none);
    return none;
}

static void nearer(struct msx_finding *f, const struct msx_rec *rec, const char *fact)
{
    struct msx_value v;

    if (!msx_fact_named(rec, fact, &v) || v.type != MSX_V_NUM)
        return;
    if (!f->has_days || (int)v.u.num < f->days)
        f->days = (int)v.u.num;
    f->has_days = true;
}

/* D of 3.3 and the money that V looks at. */
static void measure(struct msx_finding *f)
{
    const struct msx_rec *const *children;
    struct msx_value v;
    size_t n;

    if (f->milestone) {
        if (f->rec != f->milestone)
            nearer(f, f->rec, "days_to_due");
        nearer(f, f->milestone, "days_to_date");
        f->has_use = msx_fact_named(f->milestone, "monthly_use", &v) && v.type == MSX_V_NUM;
    } else {
        nearer(f, f->rec, "days_to_close");
        children = msx_rec_children(f->rec, &n);
        for (size_t i = 0; i < n; i++)
            if (msx_fact_true(children[i], "active"))
                nearer(f, children[i], "days_to_date");
        f->has_use = msx_fact_named(f->rec, "value", &v) && v.type == MSX_V_NUM;
    }
    f->use = f->has_use ? v.u.num : 0;
}

enum msx_code msx_rank_score(const struct msx_run *r, struct msx_finding *f, struct msx_error *err)
{
    const json_t *ranking = r->flow->shared.ranking;
    const json_t *row = json_array_get(msx_json_arr(ranking, "severities"), f->severity);

    if (!row)
        return msx_fail(err, MSX_E_INVALID, "ranking.yaml: no such severity");
    measure(f);
    f->score = proximity(ranking, f) * weight(row) * value(ranking, f);
    return MSX_OK;
}

static int by_text(const char *a, const char *b) /* null last */
{
    if (!a || !b)
        return !a - !b;
    return strcmp(a, b);
}

static int commitment(const struct msx_finding *f) /* committed, uncommitted, none */
{
    if (!f->milestone)
        return 2;
    return msx_fact_true(f->milestone, "committed") ? 0 : 1;
}

static const char *number_of(const struct msx_finding *f)
{
    return f->milestone ? msx_rec_number(f->milestone) : NULL;
}

static int compare(const void *a, const void *b)
{
    const struct msx_finding *x = a, *y = b;
    int c;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    if (x->severity != y->severity)
        return x->severity < y->severity ? -1 : 1;
    c = commitment(x) - commitment(y);
    if (c)
        return c;
    if (x->has_days != y->has_days)
        return x->has_days ? -1 : 1;
    if (x->has_days && x->days != y->days)
        return x->days < y->days ? -1 : 1;
    if (x->has_use != y->has_use)
        return x->has_use ? -1 : 1;
    if (x->has_use && x->use != y->use)
        return x->use > y->use ? -1 : 1;
    c = by_text(number_of(x), number_of(y));
    if (!c)
        c = strcmp(msx_rec_id(x->rec), msx_rec_id(y->rec));
    if (!c)
        c = strcmp(x->rule->id, y->rule->id);
    return c ? c : strcmp(x->id, y->id);
}

void msx_rank_findings(struct msx_run *r)
{
    if (r->nfindings)
        qsort(r->findings, r->nfindings, sizeof *r->findings, compare);
}
