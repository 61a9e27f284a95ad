/* For whom a step is called, and with what arguments. */
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/steps.h"

#define PER_TIMEOUT 25 /* records that a step's time limit is meant for */

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

bool msx_step_wanted(const struct msx_run *r, const struct msx_step *step)
{
    const char *view = msx_json_str(step->def, "used_by"), *key;
    const json_t *outputs = json_object_get(r->flow->doc, "outputs");
    json_t *value;

    if (!view)
        return true;
    json_object_foreach((json_t *)(uintptr_t)outputs, key, value) {
        const char *views = strstr(json_string_value(value), "views");

        if (views && strstr(views, view))
            return true;
    }
    return false;
}

long msx_step_timeout(const struct msx_run *r, const struct msx_step *step, size_t count)
{
    const json_t *shared = r->flow->shared.steps;
    const char *tool = msx_json_str(step->def, "tool");
    double scale = r->opts->timeout_scale > 0 ? r->opts->timeout_scale : 1, ms = 5000;
    size_t times = (count + PER_TIMEOUT - 1) / PER_TIMEOUT;

    (void)msx_json_num(shared, "timeout", &ms);
    if (tool)
        (void)msx_json_num(msx_json_obj(shared, "timeouts"), tool, &ms);
    (void)msx_json_num(step->def, "timeout", &ms);
    ms *= scale * (double)times;
    return ms < 1 ? 1 : ms > 86400000.0 ? 86400000L : (long)ms;
}

/* ---- ids ---- */

static int by_bytes(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

struct ids {
    const char **items;
    size_t n, cap;
    bool failed;
};

static void add_id(struct ids *s, const char *id)
{
    if (!id || !*id || s->failed)
        return;
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        const char **p = msx_realloc(s->items, cap * sizeof *p);

        if (!p) {
            s->failed = true;
            return;
        }
        s->items = p;
        s->cap = cap;
    }
    s->items[s->n++] = id;
}

/* Sorted, each once. */
static json_t *id_array(struct ids *s)
{
    json_t *out = s->failed ? NULL : json_array();

    if (s->n)
        qsort(s->items, s->n, sizeof *s->items, by_bytes);
    for (size_t i = 0; out && i < s->n; i++) {
        if (i && strcmp(s->items[i], s->items[i - 1]) == 0)
            continue;
        if (json_array_append_new(out, json_string(s->items[i])) != 0) {
            json_decref(out);
            out = NULL;
        }
    }
    msx_free(s->items);
    return out;
}

/* Does the record have all the fields that the step would read? */
static bool complete(const struct msx_step *step, const struct msx_rec *rec)
{
    const json_t *fields = msx_json_arr(step->def, "fields");

    if (!rec || !json_array_size(fields))
        return false;
    for (size_t i = 0; i < json_array_size(fields); i++)
        if (!json_object_get(msx_rec_raw(rec), json_string_value(json_array_get(fields, i))))
            return false;
    return true;
}

static void add_milestones(const struct msx_run *r, const struct msx_step *step, struct ids *out)
{
    const char *of = msx_json_str_or(step->def, "of", "read");
    const struct msx_rec *const *all;
    size_t n;

    all = msx_world_all(r->world, MSX_K_MILESTONE, &n);
    for (size_t i = 0; i < n; i++) {
        struct msx_cond_scope scope;

        if (strcmp(of, "set") == 0 && !msx_run_in_set(r, all[i], true))
            continue;
        msx_run_scope(r, all[i], &scope);
        if (step->when && msx_cond_eval(step->when, &scope, NULL) == MSX_NO)
            continue;
        if (!complete(step, all[i]))
            add_id(out, msx_rec_id(all[i]));
    }
}

static void add_people_of(const struct msx_run *r, enum msx_kind kind, const char *field,
                          struct ids *out)
{
    const struct msx_rec *const *all;
    size_t n;

    all = msx_world_all(r->world, kind, &n);
    for (size_t i = 0; i < n; i++)
        add_id(out, msx_rec_str(all[i], field));
}

/* Owners of everything read, members of the deal teams. */
static void add_people(const struct msx_run *r, struct ids *out)
{
    const struct msx_rec *const *opps;
    size_t n;

    add_people_of(r, MSX_K_OPP, "_ownerid_value", out);
    add_people_of(r, MSX_K_MILESTONE, "_ownerid_value", out);
    add_people_of(r, MSX_K_TASK, "_ownerid_value", out);
    opps = msx_world_all(r->world, MSX_K_OPP, &n);
    for (size_t i = 0; i < n; i++) {
        struct msx_value team = { .type = MSX_V_NULL };

        if (!msx_fact_named(opps[i], "team", &team) || team.type != MSX_V_LIST)
            continue;
        for (size_t j = 0; j < team.u.list.n; j++)
            if (team.u.list.items[j].type == MSX_V_STR)
                add_id(out, team.u.list.items[j].u.str);
    }
}

static void drop_known_people(const struct msx_run *r, const struct msx_step *step, struct ids *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n; i++)
        if (!complete(step, msx_world_find(r->world, MSX_K_USER, s->items[i])))
            s->items[kept++] = s->items[i];
    s->n = kept;
}

enum msx_code msx_step_ids(const struct msx_run *r, const struct msx_step *step, json_t **out,
                           struct msx_error *err)
{
    const char *over = msx_json_str(step->def, "over");
    struct ids s = { 0 };
    json_t *made;

    if (strcmp(over, "opportunities") == 0) {
        for (size_t i = 0; i < json_array_size(r->scope_opps); i++) {
            const char *id = json_string_value(json_array_get(r->scope_opps, i));

            if (!complete(step, msx_world_find(r->world, MSX_K_OPP, id)))
                add_id(&s, id);
        }
    } else if (strcmp(over, "milestones") == 0) {
        add_milestones(r, step, &s);
    } else if (strcmp(over, "people") == 0) {
        add_people(r, &s);
        drop_known_people(r, step, &s);
    } else if (strncmp(over, "p.", 2) == 0) {
        const json_t *list = json_object_get(r->params, over + 2);

        for (size_t i = 0; i < json_array_size(list); i++)
            add_id(&s, json_string_value(json_array_get(list, i)));
    } else {
        return msx_fail(err, MSX_E_INVALID, "step '%s': 'over' does not know '%s'", step->id, over);
    }
    made = id_array(&s);
    if (!made)
        return no_memory(err);
    *out = made;
    return MSX_OK;
}

/* ---- arguments ---- */

/* Ids of all accounts read. */
static json_t *account_ids(const struct msx_run *r)
{
    const struct msx_rec *const *all;
    json_t *out = json_array();
    size_t n;

    all = msx_world_all(r->world, MSX_K_ACCOUNT, &n);
    for (size_t i = 0; out && i < n; i++) {
        if (json_array_append_new(out, json_string(msx_rec_id(all[i]))) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

/* "$in(column) and ..." with the ids as comparisons that every service takes. Ids are GUIDs from
 * the service, or were checked as parameters; anything else is left out. */
static json_t *filter_text(const char *s, const json_t *ids)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(MSX_JSON_MAX_BYTES);
    const char *open;

    while ((open = strstr(s, "$in("))) {
        const char *close = strchr(open, ')');
        bool first = true;

        if (!close)
            break;
        msx_buf_add(&b, s, (size_t)(open - s));
        msx_buf_addc(&b, '(');
        for (size_t i = 0; i < json_array_size(ids); i++) {
            char guid[MSX_GUID_LEN + 1];

            if (!msx_guid_parse(json_string_value(json_array_get(ids, i)), guid))
                continue;
            msx_buf_addf(&b, "%s%.*s eq %s", first ? "" : " or ", (int)(close - open - 4), open + 4,
                         guid);
            first = false;
        }
        msx_buf_addc(&b, ')');
        s = close + 1;
    }
    msx_buf_adds(&b, s);
    return b.failed ? NULL : json_string(b.data);
}

/* Value of an argument; NULL with *absent: there is none. */
static json_t *argument(const struct msx_run *r, const json_t *value, const json_t *ids,
                        bool *absent)
{
    const char *s = json_string_value(value);
    json_t *id = json_array_get(ids, 0), *found = NULL;
    char guid[MSX_GUID_LEN + 1];
    bool is_guid = msx_guid_parse(json_string_value(id), guid);

    *absent = false;
    if (!s || !strchr(s, '$'))
        return json_deep_copy(value);
    if (strstr(s, "$in("))
        return filter_text(s, ids);
    if (strcmp(s, "$accounts") == 0)
        return account_ids(r);
    if (strcmp(s, "$user") == 0 && r->user_id)
        return json_string(r->user_id);
    if (strcmp(s, "$ids") == 0)
        found = (json_t *)(uintptr_t)ids;
    else if (strcmp(s, "$id") == 0)
        found = id;
    else if (strcmp(s, "$guid") == 0)
        found = is_guid ? id : NULL;
    else if (strcmp(s, "$other") == 0)
        found = is_guid ? NULL : id;
    else if (strncmp(s, "$p.", 3) == 0)
        found = json_object_get(r->params, s + 3);
    if (!found || json_is_null(found)) {
        *absent = true;
        return NULL;
    }
    return json_deep_copy(found);
}

enum msx_code msx_step_args(const struct msx_run *r, const struct msx_step *step, const json_t *ids,
                            json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *args = json_object();
    const json_t *def = msx_json_obj(step->def, "args");
    const char *key;
    json_t *value;

    if (!args)
        return no_memory(err);
    json_object_foreach((json_t *)(uintptr_t)def, key, value) {
        bool absent;
        json_t *made = argument(r, value, ids, &absent);

        if (absent)
            continue;
        if (json_object_set_new(args, key, made) != 0)
            return no_memory(err);
    }
    *out = MSX_STEAL(args);
    return MSX_OK;
}
