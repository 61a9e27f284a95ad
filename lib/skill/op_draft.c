/* Operations from rules: tasks, notes and field changes, with their texts filled in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/ops.h"
#include "skill/world_int.h"

#define SUBJECT_MAX  200
#define MAX_EXCERPTS 3

struct maker {
    struct msx_run *r;
    size_t finding;
    const struct msx_op_def *def;
    struct msx_cond_scope scope;
    struct msx_tmpl_var vars[1];
    struct msx_drafts *out;
    struct msx_error *err;
};

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

static const struct msx_finding *finding(const struct maker *k)
{
    return &k->r->findings[k->finding];
}

static char *text(const struct maker *k, const struct msx_choice *c)
{
    return msx_choice_text(c, &k->scope, k->vars, 1);
}

static struct msx_draft *new_draft(struct maker *k, enum msx_op_type type,
                                   const struct msx_rec *target)
{
    struct msx_drafts *all = k->out;
    struct msx_draft *d;

    if (all->n == all->cap) {
        size_t cap = all->cap ? all->cap * 2 : 16;
        struct msx_draft *p = msx_realloc(all->items, cap * sizeof *p);

        if (!p)
            return NULL;
        all->items = p;
        all->cap = cap;
    }
    d = &all->items[all->n++];
    *d = (struct msx_draft){ .type = type, .target = target, .best = k->finding };
    d->fields = json_object();
    d->lines = json_array();
    d->findings = json_pack("[s]", finding(k)->id);
    return d->fields && d->lines && d->findings ? d : NULL;
}

static int add_line(struct msx_draft *d, size_t rule, const char *line)
{
    return json_array_append_new(d->lines, json_pack("[i, s]", (int)rule, line));
}

/* Cut to n characters, whole ones. */
static void cut(char *s, size_t n)
{
    const char *p = s, *end = s + strlen(s);

    while (p < end && n--)
        (void)msx_utf8_next(&p, end);
    s[p - s] = '\0';
}

size_t msx_op_characters(const char *s)
{
    const char *end = s + strlen(s);
    size_t n = 0;

    while (s < end) {
        (void)msx_utf8_next(&s, end);
        n++;
    }
    return n;
}

/* ---- create_task ---- */

bool msx_op_task_exists(const struct msx_rec *m, const char *subject, const struct msx_rule *rule)
{
    MSX_AUTO(msx_free_p) char *want = msx_text_fold_key(subject);
    MSX_AUTO(msx_free_p) char *tag = msx_asprintf("[msxops:%s]", rule->id);
    const struct msx_rec *const *tasks;
    size_t n;

    tasks = msx_rec_children(m, &n);
    for (size_t i = 0; want && tag && i < n; i++) {
        const char *s = msx_rec_str(tasks[i], "subject"), *d = msx_rec_str(tasks[i], "description");
        MSX_AUTO(msx_free_p) char *have = s ? msx_text_fold_key(s) : NULL;

        if (!msx_fact_true(tasks[i], "open"))
            continue;
        if ((have && strcmp(have, want) == 0) || (!rule->repeatable && d && strstr(d, tag)))
            return true;
    }
    return false;
}

static enum msx_code description(struct maker *k, struct msx_draft *d, const json_t *given,
                                 const char *done_when)
{
    const struct msx_finding *f = finding(k);
    size_t rule = f->rule->index, excerpts = 0;
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(65536);
    int failed = given ? 0 : add_line(d, rule, f->reason);

    for (size_t i = 0; !failed && i < json_array_size(given); i++)
        failed = add_line(d, rule, json_string_value(json_array_get(given, i)));
    for (size_t i = 0; !given && !failed && i < json_array_size(f->evidence); i++) {
        const char *excerpt = msx_json_str(json_array_get(f->evidence, i), "excerpt");

        if (!excerpt || !*excerpt || excerpts++ == MAX_EXCERPTS)
            continue;
        msx_buf_clear(&b);
        msx_buf_addf(&b, "> %s", excerpt);
        failed = b.failed ? -1 : add_line(d, rule, b.data);
    }
    if (!failed && d->no_owner) {
        msx_buf_clear(&b);
        msx_buf_addf(&b, "owner: %s", d->owner_role);
        failed = b.failed ? -1 : add_line(d, rule, b.data);
    }
    if (!failed && done_when) {
        msx_buf_clear(&b);
        msx_buf_addf(&b, "Done when: %s", done_when);
        failed = b.failed ? -1 : add_line(d, rule, b.data);
    }
    msx_buf_clear(&b);
    msx_buf_addf(&b, "[msxops:%s]", f->rule->id);
    return failed || b.failed || add_line(d, rule, b.data) ? no_memory(k->err) : MSX_OK;
}

/* Category of the table: its code goes into the fields, its completion text comes back. */
static enum msx_code category(struct maker *k, struct msx_draft *d, const char **done_when)
{
    MSX_AUTO(msx_free_p) char *name = text(k, &k->def->category);
    const json_t *row =
        name ? msx_json_obj(msx_json_obj(k->r->flow->shared.categories, "categories"), name) : NULL;

    if (!row)
        return msx_fail(k->err, MSX_E_INVALID, "flow '%s', rule '%s': no task category '%s'",
                        k->r->flow->path, finding(k)->rule->id, name ? name : "");
    *done_when = msx_json_str(row, "done_when");
    return json_object_set(d->fields, "category", json_object_get(row, "code")) == 0
               ? MSX_OK
               : no_memory(k->err);
}

static enum msx_code owner_and_due(struct maker *k, struct msx_draft *d, const struct msx_rec *m)
{
    MSX_AUTO(msx_free_p) char *due = text(k, &k->def->due);
    const struct msx_rec *owner;
    char day[11];
    long n = due ? strtol(due, NULL, 10) : 0;

    d->owner_role = k->def->role.n ? text(k, &k->def->role) : msx_strdup(finding(k)->role);
    if (!d->owner_role)
        return no_memory(k->err);
    owner = msx_world_owner_for(k->r->world, m, d->owner_role);
    d->no_owner = owner == NULL;
    if (owner && msx_json_set_str(d->fields, "ownerId", msx_rec_id(owner)) != 0)
        return no_memory(k->err);
    msx_day_format(msx_world_due(k->r->world, n > 0 && n < 1000 ? (int)n : 1, m), day);
    return msx_json_set_str(d->fields, "dueDate", day) == 0 ? MSX_OK : no_memory(k->err);
}

static enum msx_code make_task(struct maker *k, const struct msx_rec *m, const json_t *lines)
{
    MSX_AUTO(msx_free_p) char *subject = text(k, &k->def->subject);
    MSX_AUTO(msx_free_p) char *own_done_when = NULL;
    MSX_AUTO(msx_free_p) char *folded = NULL;
    const char *done_when = NULL;
    struct msx_draft *d;
    enum msx_code rc;

    if (!subject)
        return no_memory(k->err);
    cut(subject, SUBJECT_MAX);
    if (msx_op_task_exists(m, subject, finding(k)->rule))
        return MSX_OK;
    d = new_draft(k, MSX_TYPE_CREATE_TASK, m);
    folded = msx_text_fold_key(subject);
    if (!d || !folded || msx_json_set_str(d->fields, "subject", subject) != 0)
        return no_memory(k->err);
    d->key = msx_asprintf("create_task:%s:%s", msx_rec_id(m), folded);
    d->subject = MSX_STEAL(subject);
    d->intent = k->def->intent.n ? text(k, &k->def->intent) : msx_strdup("gap");
    if (!d->key || !d->intent)
        return no_memory(k->err);
    rc = category(k, d, &done_when);
    if (!rc)
        rc = owner_and_due(k, d, m);
    if (!rc && k->def->done_when.n) {
        own_done_when = text(k, &k->def->done_when);
        done_when = own_done_when;
    }
    return rc ? rc : description(k, d, lines, done_when);
}

/* ---- notes ---- */

/* Do the comments hold a line "[... msxops RULE] text" already? */
static bool note_exists(const struct msx_rec *m, const char *rule, const char *note)
{
    const char *p = msx_rec_str(m, "msp_forecastcomments");
    MSX_AUTO(msx_free_p) char *tail = msx_asprintf(" msxops %s] %s", rule, note);
    size_t n = tail ? strlen(tail) : 0;

    while (tail && p && *p) {
        size_t len = strcspn(p, "\r\n");

        if (*p == '[' && len >= n && strncmp(p + len - n, tail, n) == 0)
            return true;
        p += len;
        p += strspn(p, "\r\n");
    }
    return false;
}

static enum msx_code make_note(struct maker *k, const struct msx_rec *m)
{
    MSX_AUTO(msx_free_p) char *note = text(k, &k->def->text);
    MSX_AUTO(msx_free_p) char *line = NULL;
    const struct msx_rule *rule = finding(k)->rule;
    struct msx_draft *d;
    char day[11];

    if (!note)
        return MSX_OK;
    if (note_exists(m, rule->id, note))
        return MSX_OK;
    msx_day_format(k->r->ctx->today, day);
    line = msx_asprintf("[%s msxops %s] %s", day, rule->id, note);
    d = new_draft(k, MSX_TYPE_UPDATE_MILESTONE, m);
    if (!line || !d || add_line(d, rule->index, line) != 0)
        return no_memory(k->err);
    d->key = msx_asprintf("update_milestone:%s", msx_rec_id(m));
    return d->key ? MSX_OK : no_memory(k->err);
}

/* ---- field changes ---- */

static enum msx_code set_field(struct maker *k, struct msx_draft *d,
                               const struct msx_op_field *field)
{
    const struct msx_rec *m = msx_rec_its_milestone(d->target);
    const struct msx_rec *owner;
    MSX_AUTO(msx_free_p) char *s = NULL;
    char day[11];

    if (field->number)
        return json_object_set(d->fields, field->name, (json_t *)(uintptr_t)field->number) == 0
                   ? MSX_OK
                   : no_memory(k->err);
    if (field->due.n) {
        s = text(k, &field->due);
        msx_day_format(msx_world_due(k->r->world, s ? (int)strtol(s, NULL, 10) : 1, m), day);
        return msx_json_set_str(d->fields, field->name, day) == 0 ? MSX_OK : no_memory(k->err);
    }
    if (field->owner.n) {
        s = text(k, &field->owner);
        owner = s ? msx_world_owner_for(k->r->world, d->target, s) : NULL;
        if (!owner)
            return MSX_OK; /* left out, the gap is noted */
        return msx_json_set_str(d->fields, field->name, msx_rec_id(owner)) == 0 ? MSX_OK
                                                                                : no_memory(k->err);
    }
    s = text(k, &field->text);
    if (!s)
        return MSX_OK;
    if (field->append)
        return add_line(d, finding(k)->rule->index, s) == 0 ? MSX_OK : no_memory(k->err);
    return msx_json_set_str(d->fields, field->name, s) == 0 ? MSX_OK : no_memory(k->err);
}

static enum msx_code make_change(struct maker *k, enum msx_op_type type,
                                 const struct msx_rec *target)
{
    static const char *const names[] = { "create_task", "update_task", "close_task",
                                         "update_milestone" };
    struct msx_draft *d = new_draft(k, type, target);
    enum msx_code rc = MSX_OK;

    if (!d)
        return no_memory(k->err);
    d->key = msx_asprintf("%s:%s", names[type], msx_rec_id(target));
    if (!d->key)
        return no_memory(k->err);
    for (size_t i = 0; !rc && i < k->def->nfields; i++)
        rc = set_field(k, d, &k->def->fields[i]);
    return rc;
}

/* On the task at hand, or on each task of the milestone for which `tasks` holds. */
static enum msx_code on_tasks(struct maker *k, enum msx_op_type type)
{
    const struct msx_rec *const *tasks;
    enum msx_code rc = MSX_OK;
    size_t n = 0;

    if (!k->def->tasks)
        return k->scope.t ? make_change(k, type, k->scope.t) : MSX_OK;
    if (k->scope.each(&k->scope, 't', &tasks, &n) != MSX_YES)
        return MSX_OK;
    for (size_t i = 0; !rc && i < n; i++) {
        k->scope.t = tasks[i];
        if (msx_cond_eval(k->def->tasks, &k->scope, NULL) == MSX_YES)
            rc = make_change(k, type, tasks[i]);
    }
    k->scope.t = NULL;
    return rc;
}

static enum msx_code remedies(struct maker *k)
{
    const json_t *missing = finding(k)->missing;
    enum msx_code rc = MSX_OK;

    for (size_t i = 0; !rc && i < json_array_size(missing); i++) {
        const struct msx_remedy *m =
            msx_run_remedy(k->r, json_string_value(json_array_get(missing, i)));

        for (size_t j = 0; m && !rc && j < m->ops.n; j++)
            rc = msx_op_draft(k->r, k->finding, &m->ops.items[j], k->out, k->err);
    }
    return rc;
}

static enum msx_code maker(struct msx_run *r, size_t index, const struct msx_op_def *def,
                           struct msx_drafts *out, struct maker *k, char **missing,
                           struct msx_error *err)
{
    const struct msx_finding *f = &r->findings[index];

    *k = (struct maker){ .r = r, .finding = index, .def = def, .out = out, .err = err };
    *missing = msx_run_missing(r, f->missing);
    if (!*missing)
        return no_memory(err);
    k->vars[0] = (struct msx_tmpl_var){ "missing", *missing };
    msx_run_scope(r, f->rec, &k->scope);
    if (def->on_first)
        k->scope.m = msx_run_first_milestone(r, f->opp);
    return MSX_OK;
}

enum msx_code msx_op_draft_task(struct msx_run *r, size_t index, const struct msx_op_def *def,
                                const struct msx_rec *m, const json_t *lines,
                                struct msx_drafts *out, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *missing = NULL;
    struct maker k;
    enum msx_code rc = maker(r, index, def, out, &k, &missing, err);

    if (rc)
        return rc;
    k.scope.m = m;
    return make_task(&k, m, lines);
}

enum msx_code msx_op_draft(struct msx_run *r, size_t index, const struct msx_op_def *def,
                           struct msx_drafts *out, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *missing = NULL;
    struct maker k;
    enum msx_code rc = maker(r, index, def, out, &k, &missing, err);

    if (rc)
        return rc;
    if (!k.scope.m || (def->when && msx_cond_eval(def->when, &k.scope, NULL) != MSX_YES))
        return MSX_OK;
    switch (def->kind) {
    case MSX_OP_CREATE_TASK:
        return make_task(&k, k.scope.m, NULL);
    case MSX_OP_UPDATE_TASK:
        return on_tasks(&k, MSX_TYPE_UPDATE_TASK);
    case MSX_OP_CLOSE_TASK:
        return on_tasks(&k, MSX_TYPE_CLOSE_TASK);
    case MSX_OP_UPDATE_MILESTONE:
        return make_change(&k, MSX_TYPE_UPDATE_MILESTONE, k.scope.m);
    case MSX_OP_NOTE:
    case MSX_OP_MARK:
        return make_note(&k, k.scope.m);
    case MSX_OP_REMEDY:
        return remedies(&k);
    }
    return MSX_OK;
}
