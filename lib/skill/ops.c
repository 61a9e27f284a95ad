/* Proposed operations of a run: drafts of all findings merged, checked against what is there, put
 * in order and numbered (catalog 4.0.3). */
#include "skill/ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/world_int.h"

#define COMMENT_MAX 2000

static const char *const type_names[] = { "create_task", "update_task", "close_task",
                                          "update_milestone" };

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

static void release(struct msx_draft *d)
{
    msx_free(d->key);
    json_decref(d->findings);
    json_decref(d->fields);
    json_decref(d->lines);
    msx_free(d->subject);
    msx_free(d->intent);
    msx_free(d->owner_role);
    *d = (struct msx_draft){ 0 };
}

void msx_drafts_release(struct msx_drafts *d)
{
    for (size_t i = 0; i < d->n; i++)
        release(&d->items[i]);
    msx_free(d->items);
    *d = (struct msx_drafts){ 0 };
}

/* ---- merging ---- */

static enum msx_code merge_fields(struct msx_run *r, struct msx_draft *into,
                                  const struct msx_draft *from, struct msx_error *err)
{
    const char *number = msx_rec_number(into->target), *name;
    json_t *value;

    json_object_foreach(from->fields, name, value) {
        const json_t *have = json_object_get(into->fields, name);
        enum msx_code rc = MSX_OK;

        if (!have) {
            if (json_object_set(into->fields, name, value) != 0)
                return no_memory(err);
        } else if (!json_equal(have, value) && strcmp(name, "subject") != 0) {
            rc = msx_world_gap(r->world, "field_conflict", name,
                               msx_rec_kind(into->target) == MSX_K_MILESTONE && number
                                   ? number
                                   : msx_rec_id(into->target),
                               "two rules propose different values: the higher-ranked one counts");
        }
        if (rc)
            return rc;
    }
    return MSX_OK;
}

/* Drafts come in rank order of their findings: the first of equal ones is the best. */
static enum msx_code merge(struct msx_run *r, struct msx_drafts *d, struct msx_error *err)
{
    size_t kept = 0;
    enum msx_code rc = MSX_OK;

    for (size_t i = 0; i < d->n; i++) {
        struct msx_draft *from = &d->items[i];
        size_t j = 0;

        while (j < kept && strcmp(d->items[j].key, from->key) != 0)
            j++;
        if (j == kept) {
            struct msx_draft moved = *from;

            *from = (struct msx_draft){ 0 };
            d->items[kept++] = moved;
            continue;
        }
        if (!rc)
            rc = merge_fields(r, &d->items[j], from, err);
        if (!rc && json_array_extend(d->items[j].lines, from->lines) != 0)
            rc = no_memory(err);
        for (size_t k = 0; !rc && k < json_array_size(from->findings); k++) {
            json_t *id = json_array_get(from->findings, k);
            bool have = false;

            for (size_t m = 0; m < json_array_size(d->items[j].findings); m++)
                have |= json_equal(json_array_get(d->items[j].findings, m), id);
            if (!have && json_array_append(d->items[j].findings, id) != 0)
                rc = no_memory(err);
        }
        release(from);
    }
    d->n = kept;
    return rc;
}

/* ---- finishing ---- */

static json_int_t comment_max(const struct msx_run *r)
{
    json_int_t max = COMMENT_MAX;

    (void)msx_json_int(r->params, "comment_max", &max);
    return max;
}

/* Texts of note lines without their "[... msxops RULE] " heads. */
static json_t *note_texts(const json_t *lines)
{
    json_t *out = json_array();

    for (size_t i = 0; out && i < json_array_size(lines); i++) {
        const char *s = json_string_value(json_array_get(json_array_get(lines, i), 1));
        const char *text = s ? strstr(s, "] ") : NULL;

        if (json_array_append_new(out, json_string(text ? text + 2 : "")) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

/* Notes become the new comment, or a task when the comment would grow too long. */
static enum msx_code finish_notes(struct msx_run *r, struct msx_draft *d, struct msx_drafts *extra,
                                  struct msx_error *err)
{
    const char *old = msx_rec_str(d->target, "msp_forecastcomments");
    MSX_AUTO(msx_free_p) char *lines = NULL;
    MSX_AUTO(msx_free_p) char *comment = NULL;
    MSX_AUTO(msx_json_free_p) json_t *texts = NULL;
    size_t n = old ? strlen(old) : 0;

    if (!json_array_size(d->lines))
        return MSX_OK;
    while (n && (old[n - 1] == '\n' || old[n - 1] == '\r'))
        n--;
    lines = msx_op_lines(d->lines);
    comment = lines ? msx_asprintf("%.*s%s%s", (int)n, old ? old : "", n ? "\n" : "", lines) : NULL;
    if (!comment)
        return no_memory(err);
    if ((json_int_t)msx_op_characters(comment) <= comment_max(r) || !r->code.overflow.n)
        return msx_json_set_str(d->fields, "forecastComments", comment) == 0 ? MSX_OK
                                                                             : no_memory(err);
    texts = note_texts(d->lines);
    if (!texts || json_array_clear(d->lines) != 0)
        return no_memory(err);
    return msx_op_draft_task(r, d->best, &r->code.overflow.items[0], d->target, texts, extra, err);
}

static enum msx_code finish_description(struct msx_draft *d, struct msx_error *err)
{
    const char *old = msx_rec_str(d->target, "description");
    MSX_AUTO(msx_free_p) char *lines = NULL;
    MSX_AUTO(msx_free_p) char *whole = NULL;

    if (!json_array_size(d->lines))
        return MSX_OK;
    lines = msx_op_lines(d->lines);
    if (lines && d->type == MSX_TYPE_UPDATE_TASK && old && *old)
        whole = msx_asprintf("%s\n%s", old, lines);
    else
        whole = MSX_STEAL(lines);
    return whole && msx_json_set_str(d->fields, "description", whole) == 0 ? MSX_OK
                                                                           : no_memory(err);
}

/* Fields that are as they should be already are left out. */
static enum msx_code drop_equal(struct msx_draft *d, json_t *before, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *left = json_object();
    const char *name;
    json_t *value;

    if (!left)
        return no_memory(err);
    json_object_foreach(d->fields, name, value) {
        json_t *have = msx_op_before(d->target, name);

        if (!have)
            return no_memory(err);
        if (json_equal(have, value) || (json_is_number(have) && json_is_number(value) &&
                                        json_number_value(have) == json_number_value(value))) {
            json_decref(have);
            continue;
        }
        if (json_object_set_new(before, name, have) != 0 || json_object_set(left, name, value) != 0)
            return no_memory(err);
    }
    json_decref(d->fields);
    d->fields = MSX_STEAL(left);
    return MSX_OK;
}

static json_t *target_json(const struct msx_rec *t)
{
    const struct msx_rec *o = msx_rec_its_opp(t), *a = o ? msx_rec_account(o) : NULL;
    bool is_task = msx_rec_kind(t) == MSX_K_TASK;
    struct msx_value customer;
    const char *name = a ? msx_rec_str(a, "name") : NULL;

    if (!name && msx_fact_named(o, "customer", &customer) && customer.type == MSX_V_STR)
        name = customer.u.str;
    return json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?}", "entity", msx_rec_entity(t), "id",
                     msx_rec_id(t), "number", msx_rec_number(t), "name",
                     msx_rec_str(t, is_task ? "subject" : "msp_name"), "opportunity_id",
                     o ? msx_rec_id(o) : NULL, "opportunity_name",
                     o ? msx_rec_str(o, "name") : NULL, "customer", name);
}

static bool is_extended(const struct msx_draft *d)
{
    const char *name;
    json_t *value;

    json_object_foreach(d->fields, name, value) {
        const struct msx_op_column *c = msx_op_column(d->type != MSX_TYPE_UPDATE_MILESTONE, name);

        if (c && c->extended && d->type != MSX_TYPE_CREATE_TASK)
            return true;
    }
    return false;
}

static const char *owner_role(const struct msx_draft *d)
{
    struct msx_value v;

    if (d->owner_role)
        return d->owner_role;
    return msx_fact_named(d->target, "owner_role", &v) && v.type == MSX_V_STR ? v.u.str : "unknown";
}

/* Columns of the target that the rules behind the operation looked at: what it rests on. */
static json_t *columns_read(const struct msx_run *r, const struct msx_draft *d)
{
    const json_t *raw = msx_rec_raw(d->target);
    json_t *out = json_array();

    for (size_t i = 0; out && i < r->nfindings; i++) {
        const struct msx_finding *f = &r->findings[i];
        bool of_it = false;

        for (size_t j = 0; j < json_array_size(d->findings); j++)
            of_it |= strcmp(json_string_value(json_array_get(d->findings, j)), f->id) == 0;
        for (size_t j = 0; of_it && j < json_array_size(f->trace); j++) {
            const json_t *t = json_array_get(f->trace, j);
            const char *id = msx_json_str(t, "id"), *field = msx_json_str(t, "field");
            bool have = !id || !field || strcmp(id, msx_rec_id(d->target)) != 0 ||
                        !json_object_get(raw, field);

            for (size_t k = 0; !have && k < json_array_size(out); k++)
                have = strcmp(json_string_value(json_array_get(out, k)), field) == 0;
            if (!have && json_array_append_new(out, json_string(field)) != 0) {
                json_decref(out);
                return NULL;
            }
        }
    }
    return out;
}

/* The operation as the result shows it; id is given later. *out NULL: nothing is left of it. */
static enum msx_code finish(struct msx_run *r, struct msx_draft *d, json_t **out,
                            struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *before = json_object();
    json_t *needs;
    enum msx_code rc = MSX_OK;

    *out = NULL;
    if (!before)
        return no_memory(err);
    if (d->type != MSX_TYPE_UPDATE_MILESTONE)
        rc = finish_description(d, err);
    if (!rc && d->type != MSX_TYPE_CREATE_TASK)
        rc = drop_equal(d, before, err);
    if (rc || !json_object_size(d->fields))
        return rc;
    needs = msx_op_placeholders(d);
    *out = json_pack("{s:n, s:s, s:o, s:O, s:O, s:s, s:s, s:o, s:O, s:s, s:s, s:s, s:[], s:o}",
                     "id", "op", type_names[d->type], "target", target_json(d->target), "fields",
                     d->fields, "before", before, "intent", msx_op_intent(d, before), "capability",
                     is_extended(d) ? "extended" : "core", "needs_input", needs, "findings",
                     d->findings, "role", r->findings[d->best].role, "owner_role", owner_role(d),
                     "dedupe_key", d->key, "guardrails", "reads",
                     d->type == MSX_TYPE_CREATE_TASK ? json_array() : columns_read(r, d));
    return *out ? MSX_OK : no_memory(err);
}

/* ---- order ---- */

static int by_text(const char *a, const char *b)
{
    if (!a || !b)
        return !a - !b;
    return strcmp(a, b);
}

static int by_order(const void *a, const void *b)
{
    const struct msx_draft *x = a, *y = b;
    int c;

    if (x->best != y->best)
        return x->best < y->best ? -1 : 1;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    c = by_text(msx_rec_number(x->target), msx_rec_number(y->target));
    if (!c)
        c = strcmp(msx_rec_id(x->target), msx_rec_id(y->target));
    return c ? c : by_text(x->subject, y->subject);
}

static enum msx_code number(struct msx_run *r, json_t *op, const struct msx_draft *d,
                            struct msx_error *err)
{
    MSX_AUTO(msx_free_p)
    char *id = msx_asprintf("%s-%03zu", r->flow->id, json_array_size(r->operations) + 1);

    if (!id || msx_json_set_str(op, "id", id) != 0)
        return no_memory(err);
    for (size_t i = 0; i < json_array_size(d->findings); i++) {
        const char *finding = json_string_value(json_array_get(d->findings, i));

        for (size_t j = 0; j < r->nfindings; j++)
            if (strcmp(r->findings[j].id, finding) == 0 &&
                json_array_append_new(r->findings[j].operations, json_string(id)) != 0)
                return no_memory(err);
    }
    return json_array_append(r->operations, op) == 0 ? MSX_OK : no_memory(err);
}

static enum msx_code draft_all(struct msx_run *r, struct msx_drafts *d, struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    for (size_t i = 0; !rc && i < r->nfindings; i++) {
        const struct msx_op_list *ops = &r->findings[i].rule->ops;

        for (size_t j = 0; !rc && j < ops->n; j++)
            rc = msx_op_draft(r, i, &ops->items[j], d, err);
    }
    return rc;
}

/* Notes of milestone updates first: they may turn into tasks, which then are merged as well. */
static enum msx_code finish_all_notes(struct msx_run *r, struct msx_drafts *d,
                                      struct msx_error *err)
{
    struct msx_drafts extra = { 0 };
    enum msx_code rc = MSX_OK;

    for (size_t i = 0; !rc && i < d->n; i++)
        if (d->items[i].type == MSX_TYPE_UPDATE_MILESTONE)
            rc = finish_notes(r, &d->items[i], &extra, err);
    if (!rc && extra.n) {
        struct msx_draft *p = msx_realloc(d->items, (d->n + extra.n) * sizeof *p);

        if (p) {
            d->items = p;
            d->cap = d->n + extra.n;
            memcpy(p + d->n, extra.items, extra.n * sizeof *p);
            d->n += extra.n;
            extra.n = 0;
        } else {
            rc = no_memory(err);
        }
    }
    msx_drafts_release(&extra);
    return rc;
}

enum msx_code msx_run_operations(struct msx_run *r, struct msx_error *err)
{
    struct msx_drafts d = { 0 };
    enum msx_code rc = draft_all(r, &d, err);

    if (!rc)
        rc = merge(r, &d, err);
    if (!rc)
        rc = finish_all_notes(r, &d, err);
    if (!rc && d.n)
        qsort(d.items, d.n, sizeof *d.items, by_order);
    if (!rc)
        rc = merge(r, &d, err);
    for (size_t i = 0; !rc && i < d.n; i++) {
        json_t *op = NULL;

        rc = finish(r, &d.items[i], &op, err);
        if (!rc && op)
            rc = number(r, op, &d.items[i], err);
        json_decref(op);
    }
    msx_drafts_release(&d);
    return rc;
}
