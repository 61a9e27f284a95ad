/* Compiling a flow's conditions and texts against the vocabulary of a world. */
#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/flow.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *const rule_vars[] = { "missing", NULL };

struct compiler {
    const struct msx_flow *f;
    struct msx_cond_schema schema;
    const char *what; /* for messages: "rule 'X'" or "remedies.yaml" */
    char where[500];
    struct msx_error *err;
};

static enum msx_code no_memory(struct compiler *c)
{
    return msx_fail(c->err, MSX_E_NOMEM, "out of memory");
}

static enum msx_code wrong(struct compiler *c, const char *what, const char *name)
{
    return msx_fail(c->err, MSX_E_INVALID, "%s: %s '%s'", c->where, what, name ? name : "");
}

static enum msx_code cond(struct compiler *c, const json_t *obj, const char *key,
                          struct msx_cond **out)
{
    const json_t *text = json_object_get(obj, key);

    if (!text)
        return MSX_OK;
    if (!json_is_string(text))
        return wrong(c, "a condition is wanted for", key);
    return msx_cond_compile(json_string_value(text), c->where, &c->schema, out, c->err);
}

static enum msx_code choice(struct compiler *c, const json_t *obj, const char *key,
                            struct msx_choice *out)
{
    const json_t *def = json_object_get(obj, key);

    return def ? msx_choice_compile(def, c->where, &c->schema, rule_vars, out, c->err) : MSX_OK;
}

/* ---- operations ---- */

static const struct {
    const char *key;
    enum msx_op_kind kind;
} op_kinds[] = {
    { "create_task", MSX_OP_CREATE_TASK },
    { "update_task", MSX_OP_UPDATE_TASK },
    { "close_task", MSX_OP_CLOSE_TASK },
    { "update_milestone", MSX_OP_UPDATE_MILESTONE },
    { "note", MSX_OP_NOTE },
    { "mark", MSX_OP_MARK },
    { "remedy", MSX_OP_REMEDY },
};

static enum msx_code field_value(struct compiler *c, const json_t *def, struct msx_op_field *out)
{
    const json_t *append = json_object_get(def, "append");

    if (json_is_number(def)) {
        out->number = def;
        return MSX_OK;
    }
    if (append) {
        out->append = true;
        return msx_choice_compile(append, c->where, &c->schema, rule_vars, &out->text, c->err);
    }
    if (json_object_get(def, "due"))
        return choice(c, def, "due", &out->due);
    if (json_object_get(def, "owner_for"))
        return choice(c, def, "owner_for", &out->owner);
    return msx_choice_compile(def, c->where, &c->schema, rule_vars, &out->text, c->err);
}

static enum msx_code fields(struct compiler *c, const json_t *def, struct msx_op_def *op)
{
    static const char *const task[] = { "subject",    "dueDate", "description",
                                        "statusCode", "ownerId", NULL };
    static const char *const milestone[] = { "milestoneDate", "monthlyUse", "status",
                                             "commitment",    "ownerId",    NULL };
    const char *const *known = op->kind == MSX_OP_UPDATE_MILESTONE ? milestone : task;
    const char *name;
    json_t *value;

    if (!json_is_object(def))
        return wrong(c, "a map of fields is wanted in", op_kinds[op->kind].key);
    op->fields = msx_calloc(json_object_size(def) + 1, sizeof *op->fields);
    if (!op->fields)
        return no_memory(c);
    json_object_foreach((json_t *)(uintptr_t)def, name, value) {
        struct msx_op_field *field = &op->fields[op->nfields++];
        enum msx_code rc;
        size_t i = 0;

        while (known[i] && strcmp(known[i], name) != 0)
            i++;
        if (!known[i])
            return wrong(c, "operations have no field", name);
        field->name = name;
        rc = field_value(c, value, field);
        if (rc)
            return rc;
    }
    return MSX_OK;
}

static enum msx_code task(struct compiler *c, const json_t *def, struct msx_op_def *op)
{
    static const char *const keys[] = {
        "subject", "category", "role", "due", "intent", "done_when"
    };
    struct msx_choice *const parts[] = { &op->subject, &op->category, &op->role,
                                         &op->due,     &op->intent,   &op->done_when };
    enum msx_code rc = MSX_OK;
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)def, name, value) {
        size_t i = 0;

        while (i < COUNT(keys) && strcmp(keys[i], name) != 0)
            i++;
        if (i == COUNT(keys))
            return wrong(c, "create_task has no", name);
    }
    for (size_t i = 0; !rc && i < COUNT(keys); i++)
        rc = choice(c, def, keys[i], parts[i]);
    if (!rc && (!op->subject.n || !op->category.n || !op->due.n))
        rc = wrong(c, "'subject', 'category' or 'due' is missing in", "create_task");
    return rc;
}

static enum msx_code one_op(struct compiler *c, const json_t *def, struct msx_op_def *op)
{
    const json_t *body = NULL;
    enum msx_code rc = MSX_OK;
    const char *key, *on;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)def, key, value) {
        size_t i = 0;

        while (i < COUNT(op_kinds) && strcmp(op_kinds[i].key, key) != 0)
            i++;
        if (i < COUNT(op_kinds)) {
            op->kind = op_kinds[i].kind;
            body = value;
        } else if (strcmp(key, "when") != 0 && strcmp(key, "tasks") != 0 &&
                   strcmp(key, "on") != 0) {
            return wrong(c, "unknown operation or key", key);
        }
    }
    if (!body)
        return wrong(c, "no operation in an entry of", "ops");
    on = msx_json_str(def, "on");
    if (on && strcmp(on, "first_milestone") != 0)
        return wrong(c, "'on' wants first_milestone, not", on);
    op->on_first = on != NULL;
    rc = cond(c, def, "when", &op->when);
    if (!rc)
        rc = cond(c, def, "tasks", &op->tasks);
    if (rc)
        return rc;
    switch (op->kind) {
    case MSX_OP_CREATE_TASK:
        return task(c, body, op);
    case MSX_OP_UPDATE_TASK:
    case MSX_OP_CLOSE_TASK:
    case MSX_OP_UPDATE_MILESTONE:
        return fields(c, body, op);
    case MSX_OP_NOTE:
    case MSX_OP_MARK:
        return msx_choice_compile(body, c->where, &c->schema, rule_vars, &op->text, c->err);
    case MSX_OP_REMEDY:
        return MSX_OK;
    }
    return MSX_OK;
}

static enum msx_code op_list(struct compiler *c, const json_t *defs, struct msx_op_list *out)
{
    enum msx_code rc = MSX_OK;

    if (!defs)
        return MSX_OK;
    if (!json_is_array(defs))
        return wrong(c, "a list is wanted for", "ops");
    out->items = msx_calloc(json_array_size(defs) + 1, sizeof *out->items);
    if (!out->items)
        return no_memory(c);
    for (size_t i = 0; !rc && i < json_array_size(defs); i++)
        rc = one_op(c, json_array_get(defs, i), &out->items[out->n++]);
    return rc;
}

static void release_ops(struct msx_op_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        struct msx_op_def *op = &list->items[i];

        msx_cond_free(op->when);
        msx_cond_free(op->tasks);
        msx_choice_release(&op->subject);
        msx_choice_release(&op->category);
        msx_choice_release(&op->role);
        msx_choice_release(&op->due);
        msx_choice_release(&op->intent);
        msx_choice_release(&op->done_when);
        msx_choice_release(&op->text);
        for (size_t j = 0; j < op->nfields; j++) {
            msx_choice_release(&op->fields[j].text);
            msx_choice_release(&op->fields[j].due);
            msx_choice_release(&op->fields[j].owner);
        }
        msx_free(op->fields);
    }
    msx_free(list->items);
}

/* ---- rules ---- */

static enum msx_code rule_kind(struct compiler *c, const json_t *def, struct msx_rule *r)
{
    static const char *const kinds[] = { "milestone", "task", "opportunity" };
    const char *each = msx_json_str_or(def, "each", "milestone");

    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (strcmp(kinds[i], each) == 0) {
            r->each = (enum msx_each)i;
            return MSX_OK;
        }
    }
    return wrong(c, "'each' wants milestone, task or opportunity, not", each);
}

static enum msx_code rule(struct compiler *c, const json_t *def, struct msx_rule *r)
{
    const json_t *escalate = json_object_get(def, "escalate");
    enum msx_code rc;

    r->id = msx_json_str(def, "id");
    r->readiness = msx_json_arr(def, "readiness");
    r->groups = msx_json_arr(def, "groups");
    r->csam_readiness = msx_json_bool_or(def, "csam", false);
    r->repeatable = msx_json_bool_or(def, "repeatable", false);
    r->unsuppressible = !msx_json_bool_or(def, "suppressible", true);
    r->escalates = json_is_true(escalate);
    rc = rule_kind(c, def, r);
    if (!rc)
        rc = cond(c, def, "when", &r->when);
    if (!rc && json_is_string(escalate))
        rc = cond(c, def, "escalate", &r->escalate);
    if (!rc)
        rc = choice(c, def, "severity", &r->severity);
    if (!rc)
        rc = choice(c, def, "message", &r->message);
    if (!rc)
        rc = choice(c, def, "role", &r->role);
    if (!rc)
        rc = op_list(c, json_object_get(def, "ops"), &r->ops);
    return rc;
}

static enum msx_code rules(struct compiler *c, struct msx_flow_code *out)
{
    const json_t *defs = json_object_get(c->f->doc, "rules");
    enum msx_code rc = MSX_OK;
    char ptr[64], line[400];

    out->rules = msx_calloc(json_array_size(defs) + 1, sizeof *out->rules);
    if (!out->rules)
        return no_memory(c);
    for (size_t i = 0; !rc && i < json_array_size(defs); i++) {
        const json_t *def = json_array_get(defs, i);

        (void)snprintf(ptr, sizeof ptr, "/rules/%zu", i);
        msx_flow_where(c->f, ptr, line, sizeof line);
        (void)snprintf(c->where, sizeof c->where, "%s, rule '%.60s'", line,
                       msx_json_str_or(def, "id", ""));
        out->rules[i].index = i;
        out->nrules++;
        rc = rule(c, def, &out->rules[i]);
    }
    return rc;
}

static enum msx_code remedies(struct compiler *c, struct msx_flow_code *out)
{
    const json_t *items = msx_json_arr(c->f->shared.remedies, "items"), *overflow;
    MSX_AUTO(msx_json_free_p) json_t *one = NULL;
    enum msx_code rc = MSX_OK;

    (void)snprintf(c->where, sizeof c->where, "remedies.yaml");
    out->remedies = msx_calloc(json_array_size(items) + 1, sizeof *out->remedies);
    if (!out->remedies)
        return no_memory(c);
    for (size_t i = 0; !rc && i < json_array_size(items); i++) {
        const json_t *def = json_array_get(items, i);
        struct msx_remedy *r = &out->remedies[out->nremedies++];

        r->id = msx_json_str(def, "id");
        r->missing = msx_json_str(def, "missing");
        if (!r->id || !r->missing)
            return wrong(c, "an item wants 'id' and", "missing");
        rc = op_list(c, json_object_get(def, "ops"), &r->ops);
    }
    overflow = json_object_get(c->f->shared.remedies, "comment_overflow");
    if (!rc && overflow) {
        one = json_pack("[O]", overflow);
        rc = one ? op_list(c, one, &out->overflow) : no_memory(c);
    }
    return rc;
}

static enum msx_code sets(struct compiler *c, struct msx_flow_code *out)
{
    const json_t *set = json_object_get(c->f->doc, "set");
    const json_t *groups = json_object_get(c->f->doc, "groups");
    enum msx_code rc;
    const char *name;
    json_t *value;

    msx_flow_where(c->f, "/set", c->where, sizeof c->where);
    rc = cond(c, set, "milestone", &out->set_milestone);
    if (!rc)
        rc = cond(c, set, "opportunity", &out->set_opportunity);
    if (rc)
        return rc;
    out->groups = msx_calloc(json_object_size(groups) + 1, sizeof *out->groups);
    if (!out->groups)
        return no_memory(c);
    json_object_foreach((json_t *)(uintptr_t)groups, name, value) {
        struct msx_group *g = &out->groups[out->ngroups++];

        g->name = name;
        rc = cond(c, groups, name, &g->when);
        if (rc)
            return rc;
    }
    return MSX_OK;
}

static enum msx_code next_steps(struct compiler *c, struct msx_flow_code *out)
{
    static const char *const keys[] = {
        "rules", "each", "when", "decision", "flow", "role", "text"
    };
    const json_t *defs = json_object_get(c->f->doc, "next");
    enum msx_code rc = MSX_OK;

    out->next = msx_calloc(json_array_size(defs) + 1, sizeof *out->next);
    if (!out->next)
        return no_memory(c);
    for (size_t i = 0; !rc && i < json_array_size(defs); i++) {
        struct msx_next *n = &out->next[out->nnext++];
        char ptr[64];
        const char *key;
        json_t *value;

        (void)snprintf(ptr, sizeof ptr, "/next/%zu", i);
        msx_flow_where(c->f, ptr, c->where, sizeof c->where);
        n->def = json_array_get(defs, i);
        json_object_foreach((json_t *)(uintptr_t)n->def, key, value) {
            size_t k = 0;

            while (k < COUNT(keys) && strcmp(keys[k], key) != 0)
                k++;
            if (k == COUNT(keys))
                return wrong(c, "unknown key", key);
        }
        rc = cond(c, n->def, "when", &n->when);
        if (!rc)
            rc = choice(c, n->def, "text", &n->text);
    }
    return rc;
}

enum msx_code msx_flow_compile(const struct msx_flow *f, const struct msx_world *w,
                               struct msx_flow_code *out, struct msx_error *err)
{
    struct compiler c = { .f = f, .err = err };
    struct msx_flow_code code = { 0 };
    enum msx_code rc;

    msx_world_schema(w, &c.schema);
    rc = sets(&c, &code);
    if (!rc)
        rc = rules(&c, &code);
    if (!rc)
        rc = remedies(&c, &code);
    if (!rc)
        rc = next_steps(&c, &code);
    if (rc) {
        msx_flow_code_release(&code);
        return rc;
    }
    *out = code;
    return MSX_OK;
}

void msx_flow_code_release(struct msx_flow_code *p)
{
    msx_cond_free(p->set_milestone);
    msx_cond_free(p->set_opportunity);
    for (size_t i = 0; i < p->ngroups; i++)
        msx_cond_free(p->groups[i].when);
    for (size_t i = 0; i < p->nrules; i++) {
        struct msx_rule *r = &p->rules[i];

        msx_cond_free(r->when);
        msx_cond_free(r->escalate);
        msx_choice_release(&r->severity);
        msx_choice_release(&r->message);
        msx_choice_release(&r->role);
        release_ops(&r->ops);
    }
    for (size_t i = 0; i < p->nremedies; i++)
        release_ops(&p->remedies[i].ops);
    release_ops(&p->overflow);
    for (size_t i = 0; i < p->nnext; i++) {
        msx_cond_free(p->next[i].when);
        msx_choice_release(&p->next[i].text);
    }
    msx_free(p->groups);
    msx_free(p->rules);
    msx_free(p->remedies);
    msx_free(p->next);
    *p = (struct msx_flow_code){ 0 };
}
