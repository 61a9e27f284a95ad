/* The records of a test case: fixtures with the case's differences. */
#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/scenario.h"

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

struct builder {
    const json_t *fixtures, *test;
    struct msx_scene *s;
    struct msx_error *err;
};

/* GUID of a fixture by its short name ("U-SE"), or the text itself. */
static const char *resolve(const json_t *fixtures, const char *name)
{
    static const struct {
        const char *kind, *key;
    } kinds[] = { { "users", "systemuserid" },
                  { "accounts", "accountid" },
                  { "opportunities", "opportunityid" } };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const json_t *r = json_object_get(msx_json_obj(fixtures, kinds[i].kind), name);

        if (r)
            return msx_json_str(r, kinds[i].key);
    }
    return name;
}

/* Over a record: each value, lookups by short name. null clears; "~absent" takes the column out. */
static int set_fields(const json_t *fixtures, json_t *rec, const json_t *fields)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)fields, name, value) {
        const char *s = json_string_value(value);
        int failed;

        if (s && strcmp(s, "~absent") == 0)
            failed = json_object_get(rec, name) ? json_object_del(rec, name) : 0;
        else if (s && name[0] == '_' && !strchr(name, '@'))
            failed = msx_json_set_str(rec, name, resolve(fixtures, s));
        else
            failed = json_object_set(rec, name, value);
        if (failed)
            return -1;
    }
    return 0;
}

/* Fixtures of a kind with the test's changes ({NAME: {field: value}}), all of them. */
static enum msx_code build_kind(struct builder *b, const char *kind, json_t **out)
{
    const json_t *changes = msx_json_obj(b->test, kind);
    const char *name;
    json_t *rec;

    *out = json_array();
    json_object_foreach(msx_json_obj(b->fixtures, kind), name, rec) {
        json_t *made = json_object();

        if (!made || set_fields(b->fixtures, made, rec) != 0 ||
            set_fields(b->fixtures, made, json_object_get(changes, name)) != 0 ||
            json_array_append(*out, made) != 0) {
            json_decref(made);
            return no_memory(b->err);
        }
        json_decref(made);
    }
    return *out ? MSX_OK : no_memory(b->err);
}

static enum msx_code build_team(struct builder *b)
{
    const json_t *team = msx_json_arr(b->test, "team");

    if (!team)
        team = msx_json_arr(b->fixtures, "team");
    b->s->team = json_array();
    for (size_t i = 0; i < json_array_size(b->s->opportunities); i++) {
        json_t *opp = json_object_get(json_array_get(b->s->opportunities, i), "opportunityid");

        for (size_t j = 0; j < json_array_size(team); j++) {
            const char *user = resolve(b->fixtures, json_string_value(json_array_get(team, j)));

            if (json_array_append_new(b->s->team,
                                      json_pack("{s:s, s:O, s:i}", "_msp_dealteamuserid_value",
                                                user, "_msp_parentopportunityid_value", opp,
                                                "statecode", 0)) != 0)
                return no_memory(b->err);
        }
    }
    return b->s->team ? MSX_OK : no_memory(b->err);
}

/* ---- comments ---- */

static bool is_dropped(const char *line, size_t n, const json_t *minus)
{
    const char *text = line;

    if (*text == '[') { /* the date before the first marker */
        const char *close = memchr(text, ']', n);

        text = close ? close + 1 : text;
        while (*text == ' ')
            text++;
    }
    for (size_t i = 0; i < json_array_size(minus); i++) {
        const char *key = json_string_value(json_array_get(minus, i));
        size_t len = strlen(key);

        if (strncmp(text, key, len) == 0 && text[len] == ':')
            return true;
    }
    return false;
}

/* The block without the lines named, with another date, and with lines added. */
static char *comments(const json_t *fixtures, const json_t *change)
{
    const char *block = msx_json_str_or(fixtures, "comments", ""), *date;
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(100000);
    const json_t *plus = msx_json_arr(change, "plus"), *minus = msx_json_arr(change, "minus");

    if (json_is_string(change))
        return msx_strdup(json_string_value(change));
    if (msx_json_str(change, "block"))
        block = msx_json_str(change, "block");
    date = msx_json_str(change, "date");
    for (const char *p = block; *p;) {
        size_t n = strcspn(p, "\n");
        const char *text = p;
        size_t len = n;

        if (!is_dropped(p, n, minus)) {
            if (!b.len && *block == '[') { /* the prefix stays on the first remaining line */
                msx_buf_addf(&b, "[%.10s] ", date ? date : block + 1);
                if (*text == '[') {
                    text += 13;
                    len -= 13;
                }
            }
            msx_buf_addf(&b, "%.*s\n", (int)len, text);
        }
        p += n;
        p += *p == '\n';
    }
    for (size_t i = 0; i < json_array_size(plus); i++)
        msx_buf_addf(&b, "%s\n", json_string_value(json_array_get(plus, i)));
    if (b.len && !b.failed)
        msx_buf_truncate(&b, b.len - 1);
    return msx_buf_take(&b);
}

/* ---- milestones and their tasks ---- */

static enum msx_code add_task(struct builder *b, const json_t *test, size_t nth, const char *ms)
{
    const char *name =
        json_is_string(test) ? json_string_value(test) : msx_json_str_or(test, "use", "GT");
    const json_t *base = json_object_get(msx_json_obj(b->fixtures, "tasks"), name);
    json_t *t = json_object();
    char id[MSX_GUID_LEN + 1];
    int failed;

    if (!base) {
        json_decref(t);
        return msx_fail(b->err, MSX_E_INVALID, "no task fixture '%s'", name);
    }
    failed = set_fields(b->fixtures, t, base);
    if (nth && !failed) { /* one more of the same: another id */
        (void)snprintf(id, sizeof id, "bbbbbbbb-0000-4000-8000-%012zu",
                       json_array_size(b->s->tasks) + 100);
        failed = msx_json_set_str(t, "activityid", id);
    }
    failed = failed || set_fields(b->fixtures, t, msx_json_obj(test, "fields")) ||
             msx_json_set_str(t, "_regardingobjectid_value", ms) ||
             json_array_append(b->s->tasks, t);
    json_decref(t);
    return failed ? no_memory(b->err) : MSX_OK;
}

static enum msx_code add_tasks(struct builder *b, const json_t *base, const json_t *test,
                               const char *ms)
{
    const json_t *tasks = msx_json_arr(test, "tasks");
    enum msx_code rc = MSX_OK;

    if (!tasks)
        tasks = msx_json_arr(base, "tasks");
    for (size_t i = 0; !rc && i < json_array_size(tasks); i++)
        rc = add_task(b, json_array_get(tasks, i), i, ms);
    return rc;
}

static enum msx_code add_milestone(struct builder *b, const json_t *test)
{
    const char *name =
        json_is_string(test) ? json_string_value(test) : msx_json_str_or(test, "use", "");
    const json_t *base = json_object_get(msx_json_obj(b->fixtures, "milestones"), name);
    const json_t *change = json_object_get(test, "comments");
    const char *opp =
        msx_json_str_or(test, "opportunity", msx_json_str_or(base, "opportunity", ""));
    MSX_AUTO(msx_json_free_p) json_t *m = json_object();
    MSX_AUTO(msx_free_p) char *text = NULL;
    int failed;

    if (!base)
        return msx_fail(b->err, MSX_E_INVALID, "no milestone fixture '%s'", name);
    text = comments(b->fixtures, change);
    failed = !m || !text || set_fields(b->fixtures, m, msx_json_obj(base, "fields")) ||
             msx_json_set_str(m, "msp_forecastcomments", *text ? text : NULL) ||
             msx_json_set_str(m, "_msp_opportunityid_value", resolve(b->fixtures, opp)) ||
             json_object_set_new(m, "msp_forecastcommentsjsonfield", json_null()) ||
             set_fields(b->fixtures, m, msx_json_obj(test, "fields")) ||
             json_array_append(b->s->milestones, m);
    if (failed)
        return no_memory(b->err);
    return add_tasks(b, base, test, msx_json_str(m, "msp_engagementmilestoneid"));
}

static enum msx_code build_milestones(struct builder *b)
{
    const json_t *list = msx_json_arr(b->test, "milestones");
    enum msx_code rc = MSX_OK;

    b->s->milestones = json_array();
    b->s->tasks = json_array();
    if (!b->s->milestones || !b->s->tasks)
        return no_memory(b->err);
    for (size_t i = 0; !rc && i < json_array_size(list); i++)
        rc = add_milestone(b, json_array_get(list, i));
    return rc;
}

/* The fixture's scope is the opportunities of its milestones; without any, all of them. */
static enum msx_code only_used(struct builder *b)
{
    json_t *opps = b->s->opportunities;

    for (size_t i = json_array_size(opps); json_array_size(b->s->milestones) && i-- > 0;) {
        const char *id = msx_json_str(json_array_get(opps, i), "opportunityid");
        bool used = false;

        for (size_t j = 0; j < json_array_size(b->s->milestones); j++)
            used |= strcmp(msx_json_str_or(json_array_get(b->s->milestones, j),
                                           "_msp_opportunityid_value", ""),
                           id) == 0;
        if (!used && json_array_remove(opps, i) != 0)
            return no_memory(b->err);
    }
    return MSX_OK;
}

enum msx_code msx_scene_build(const json_t *fixtures, const char *role, const json_t *test,
                              struct msx_scene *out, struct msx_error *err)
{
    struct msx_scene s = { 0 };
    struct builder b = { fixtures, test, &s, err };
    const char *user = msx_json_str_or(
        test, "user", msx_json_str_or(msx_json_obj(fixtures, "user_of_role"), role, "U-SPEC"));
    enum msx_code rc = build_kind(&b, "users", &s.users);

    if (!rc)
        rc = build_kind(&b, "accounts", &s.accounts);
    if (!rc)
        rc = build_kind(&b, "opportunities", &s.opportunities);
    if (!rc)
        rc = build_milestones(&b);
    if (!rc)
        rc = only_used(&b);
    if (!rc)
        rc = build_team(&b);
    if (rc) {
        msx_scene_release(&s);
        return rc;
    }
    s.user_id = resolve(fixtures, user);
    s.fail = msx_json_arr(test, "fail");
    *out = s;
    return MSX_OK;
}

void msx_scene_release(struct msx_scene *s)
{
    json_decref(s->users);
    json_decref(s->accounts);
    json_decref(s->opportunities);
    json_decref(s->milestones);
    json_decref(s->tasks);
    json_decref(s->team);
    *s = (struct msx_scene){ 0 };
}
