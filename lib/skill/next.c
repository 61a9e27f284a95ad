/* The next step that a flow recommends: the first entry of `next` that applies. */
#include <string.h>

#include "msxops/mem.h"
#include "skill/run.h"

static bool list_has(const json_t *list, const char *s)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (s && strcmp(json_string_value(json_array_get(list, i)), s) == 0)
            return true;
    return false;
}

/* First finding of one of the rules, or NULL. */
static const struct msx_finding *fired(const struct msx_run *r, const json_t *rules)
{
    for (size_t i = 0; i < r->nfindings; i++)
        if (list_has(rules, r->findings[i].rule->id))
            return &r->findings[i];
    return NULL;
}

/* Does the condition hold for any record of the set, or for the run? */
static bool holds(const struct msx_run *r, const struct msx_next *n)
{
    const char *each = msx_json_str_or(n->def, "each", "milestone");
    bool of_opps = strcmp(each, "opportunity") == 0;
    size_t count = of_opps ? r->nset_o : r->nset_m;

    if (!n->when)
        return true;
    for (size_t i = 0; i < count; i++) {
        struct msx_cond_scope s;

        msx_run_scope(r, of_opps ? r->set_o[i] : r->set_m[i], &s);
        if (msx_cond_eval(n->when, &s, NULL) == MSX_YES)
            return true;
    }
    return false;
}

static bool applies(const struct msx_run *r, const struct msx_next *n, const char *decision)
{
    const json_t *rules = msx_json_arr(n->def, "rules"), *on = msx_json_arr(n->def, "decision");

    return (!rules || fired(r, rules)) && (!on || list_has(on, decision)) && holds(r, n);
}

enum msx_code msx_run_next(struct msx_run *r, const char *decision, json_t **out,
                           struct msx_error *err)
{
    const struct msx_next *n = NULL;
    const struct msx_finding *f;
    struct msx_cond_scope s;
    MSX_AUTO(msx_free_p) char *text = NULL;
    const char *role;

    for (size_t i = 0; i < r->code.nnext; i++) {
        if (applies(r, &r->code.next[i], decision)) {
            n = &r->code.next[i];
            break;
        }
    }
    if (!n) {
        *out = json_null();
        return MSX_OK;
    }
    f = fired(r, msx_json_arr(n->def, "rules"));
    role = msx_json_str(n->def, "role");
    if (!role)
        role = !msx_json_str(n->def, "flow") && f ? f->role : r->flow->role;
    msx_world_scope(r->world, &s);
    text = n->text.n ? msx_choice_text(&n->text, &s, NULL, 0) : msx_strdup("");
    if (!text)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = json_pack("{s:s?, s:s, s:s, s:{s:O}, s:b}", "flow", msx_json_str(n->def, "flow"), "role",
                     role, "text", text, "params", "opportunity", r->scope_opps, "engage",
                     strcmp(role, r->flow->role) != 0);
    return *out ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}
