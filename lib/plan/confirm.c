/* The confirmation ID and the approval cards: what a person sees and says yes to. */
#include <string.h>

#include "msxops/mem.h"
#include "plan/plan_priv.h"

/* Every member of the document but the operations (those in scope are added) and the counter of
 * ids, which is neither sent nor shown. */
static json_t *scope(const json_t *doc, const char *const *ids, size_t n)
{
    MSX_AUTO(msx_json_free_p) json_t *all = json_deep_copy(doc);
    json_t *ops = msx_json_arr(all, "operations");

    if (!all)
        return NULL;
    (void)json_object_del(all, "nextId"); /* may be absent */
    for (size_t i = json_array_size(ops); i > 0; i--) {
        if (!plan_in(ids, n, plan_op_id(json_array_get(ops, i - 1))) &&
            json_array_remove(ops, i - 1) < 0)
            return NULL;
    }
    return MSX_STEAL(all);
}

enum msx_code msx_plan_confirmation(const json_t *doc, const char *const *ids, size_t n,
                                    char out[13], struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *all = NULL;
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(2 * MSX_PLAN_MAX_BYTES);
    enum msx_code rc;
    char sha[65];

    for (size_t i = 0; ids && i < n; i++) {
        rc = plan_get(doc, ids[i], NULL, err);
        if (rc)
            return rc;
    }
    all = scope(doc, ids, n);
    if (!all)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    msx_json_canonical(&b, all);
    rc = msx_buf_finish(&b, "plan", err);
    if (rc)
        return rc;
    msx_sha256_hex(b.data, b.len, sha);
    memcpy(out, sha, 12);
    out[12] = '\0';
    return MSX_OK;
}

/* Copy of a member, null when it is absent. */
static json_t *member(const json_t *obj, const char *key)
{
    json_t *v = json_object_get(obj, key);

    return v ? json_incref(v) : json_null();
}

/* Different records of the plan. */
static enum msx_code count_records(const json_t *doc, size_t *n, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *seen = json_object();
    json_t *op;
    size_t i;

    json_array_foreach(msx_json_arr(doc, "operations"), i, op) {
        if (!seen || json_object_set_new(seen, plan_target_id(op), json_true()) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    *n = json_object_size(seen);
    return MSX_OK;
}

/* What a person still has to fill in: names of <<...>> in the values, or null. New. */
static json_t *blanks(const json_t *op)
{
    MSX_AUTO(msx_buf_release) struct msx_buf names = MSX_BUF_INIT(65536);

    return plan_placeholders(op, &names) ? json_string(names.data) : json_null();
}

static json_t *card(const json_t *doc, const json_t *op, size_t at, size_t records)
{
    const json_t *context = msx_json_obj(op, "context");
    const json_t *role = json_object_get(op, "role");
    MSX_AUTO(msx_json_free_p) json_t *rows = NULL;
    MSX_AUTO(msx_json_free_p) json_t *guardrails = NULL;

    /* made afresh from what will be sent: rows in the file could say something else */
    rows = plan_rows(op);
    guardrails = json_array();
    if (!rows || !guardrails ||
        (msx_json_arr(op, "guardrails") &&
         json_array_extend(guardrails, msx_json_arr(op, "guardrails")) < 0))
        return NULL;
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:O, s:o, s:o, s:o, s:O, s:o, s:o, s:o, "
        "s:o, s:o, s:o}",
        "id", plan_op_id(op), "type", member(op, "type"), "role",
        role ? json_incref(json_object_get(op, "role")) : member(doc, "role"), "customer",
        member(context, "customer"), "opportunity", member(context, "opportunity"), "milestone",
        member(context, "milestone"), "record", member(op, "target"), "rows", rows, "why",
        member(op, "why"), "impact", member(op, "impact"), "risk", member(op, "risk"), "guardrails",
        guardrails, "origin", member(op, "origin"), "source", member(op, "source"), "inverse",
        member(op, "inverse"), "dependsOn", member(op, "dependsOn"), "blanks", blanks(op), "set",
        json_pack("{s:I, s:I, s:I}", "n", (json_int_t)at + 1, "of",
                  (json_int_t)json_array_size(msx_json_arr(doc, "operations")), "otherRecords",
                  (json_int_t)records - 1));
}

enum msx_code msx_plan_cards(const struct msx_plan *p, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *cards = json_array();
    MSX_AUTO(msx_json_free_p) json_t *all = NULL;
    char confirmation[13];
    json_t *op;
    enum msx_code rc;
    size_t i, records = 0;

    if (!cards)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_plan_confirmation(p->doc, NULL, 0, confirmation, err);
    if (!rc)
        rc = count_records(p->doc, &records, err);
    if (rc)
        return rc;
    json_array_foreach(msx_json_arr(p->doc, "operations"), i, op) {
        if (json_array_append_new(cards, card(p->doc, op, i, records)) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    all = json_pack("{s:s?, s:o, s:o, s:o, s:I, s:O, s:s}", "plan", p->path, "org",
                    member(p->doc, "org"), "user", member(p->doc, "user"), "role",
                    member(p->doc, "role"), "count", (json_int_t)json_array_size(cards), "cards",
                    cards, "confirmation", confirmation);
    if (!all)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = MSX_STEAL(all);
    return MSX_OK;
}
