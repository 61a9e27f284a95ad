/* The cards beside the records as they are now. */
#include <string.h>

#include "msxops/mem.h"
#include "plan/plan_priv.h"

struct look { /* one read under way */
    struct msx_rows *rows;
    enum msx_code rc;
    struct msx_error err;
};

static enum msx_code start(struct msx_crm *crm, const json_t *op, struct look *l)
{
    MSX_AUTO(msx_buf_release) struct msx_buf select = MSX_BUF_INIT((size_t)32 << 10);

    plan_select(&select, op, false);
    l->rc = msx_buf_finish(&select, "column list", &l->err);
    if (!l->rc)
        l->rc = msx_odata_get(crm->odata, plan_op_type(op)->set, plan_target_id(op), select.data,
                              NULL, &l->rows, &l->err);
    return l->rc;
}

static const char *state_name(const json_t *op, const json_t *now, const struct plan_compare *cmp)
{
    bool create = plan_op_type(op)->create;

    if (!now)
        return create ? "as-planned" : "missing";
    if (cmp->state == PLAN_STATE_DONE)
        return "applied";
    if (create || cmp->state == PLAN_STATE_TOUCHED)
        return "changed";
    return "as-planned";
}

/* One row of what differs: {field, planned, present, changedBy, changedOn}. */
static json_t *row(const char *field, const char *planned, const char *present, const json_t *now)
{
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?}", "field", field, "planned", planned, "present",
                     present, "changedBy", plan_label(now, "_modifiedby_value"), "changedOn",
                     msx_json_str(now, "modifiedon"));
}

/* card.liveState, and card.live with a row for each column that somebody else has touched. */
static enum msx_code compare(const json_t *op, const json_t *now, json_t *card,
                             struct msx_error *err)
{
    struct plan_compare cmp = { 0 };
    MSX_AUTO(msx_json_free_p) json_t *rows = json_array();
    enum msx_code rc = MSX_OK;
    const char *state;
    json_t *v;
    size_t i;
    bool ok = rows != NULL;

    if (now)
        rc = plan_compare(op, json_object_get(op, "before"), now, &cmp, err);
    if (rc)
        return rc;
    state = state_name(op, now, &cmp);
    if (!now && !plan_op_type(op)->create)
        ok = ok && json_array_append_new(rows, row("record", "there", "not there", NULL)) == 0;
    json_array_foreach(cmp.state == PLAN_STATE_DONE ? NULL : cmp.touched, i, v) {
        ok = ok && json_array_append_new(rows, row(msx_json_str_or(v, "field", ""),
                                                   msx_json_str_or(v, "before", ""),
                                                   msx_json_str_or(v, "now", ""), now)) == 0;
    }
    json_decref(cmp.touched);
    ok = ok && json_object_set(card, "live", rows) == 0 &&
         json_object_set_new(card, "liveState", json_string(state)) == 0;
    return ok ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

static enum msx_code finish(const json_t *op, struct look *l, json_t *card, struct msx_error *err)
{
    json_t *now = NULL;
    enum msx_code rc = msx_rows_wait(l->rows, &l->err);

    if (rc == MSX_OK)
        now = msx_rows_object(l->rows);
    else if (rc != MSX_E_NOTFOUND) {
        if (err)
            *err = l->err;
        return msx_wrap(err, rc, "%s", plan_op_id(op));
    }
    return compare(op, now, card, err);
}

enum msx_code msx_plan_live(struct msx_crm *crm, const struct msx_plan *p, json_t **out,
                            struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *all = NULL;
    MSX_AUTO(msx_free_p) struct look *looks = NULL;
    json_t *ops = msx_json_arr(p->doc, "operations");
    size_t n = json_array_size(ops), started = 0;
    enum msx_code rc = plan_check_owner(crm, p->doc, err);

    if (!rc)
        rc = msx_plan_cards(p, &all, err);
    if (rc)
        return rc;
    looks = msx_calloc(n + 1, sizeof *looks);
    if (!looks)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    while (started < n && !rc) {
        rc = start(crm, json_array_get(ops, started), &looks[started]);
        if (rc && err)
            *err = looks[started].err;
        started++;
    }
    for (size_t i = 0; i < started && !rc; i++)
        rc = finish(json_array_get(ops, i), &looks[i],
                    json_array_get(msx_json_arr(all, "cards"), i), err);
    for (size_t i = 0; i < started; i++)
        msx_rows_free(looks[i].rows);
    if (!rc)
        *out = MSX_STEAL(all);
    return rc;
}
