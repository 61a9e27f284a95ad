/* /__sandbox/...: faults, counters, data, for those who hold the key of sandbox.json. */
#include <stdio.h>
#include <string.h>

#include "msxops/date.h"
#include "msxops/json.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "options.h"
#include "plan.h"
#include "server.h"
#include "store_priv.h"

static const char *const size_names[] = { "small", "medium", "large" };

bool sb_size_parse(const char *text, enum sb_size *out)
{
    for (size_t i = 0; text && i < COUNT(size_names); i++) {
        if (strcmp(size_names[i], text) != 0)
            continue;
        *out = (enum sb_size)i;
        return true;
    }
    return false;
}

const char *sb_size_name(enum sb_size size)
{
    return size_names[size];
}

/* --- data --- */

/* What a restart must know beside the records. */
static enum msx_code remember(struct sb_server *s, const char *fixed, const char *size,
                              struct msx_error *err)
{
    struct sb_conn *c = sb_store_writer(s->store);
    bool ok = sb_meta_set(c, "fixed_today", fixed) && sb_meta_set(c, "size", size);

    if (!sb_store_finish(s->store, c, ok))
        return msx_fail(err, MSX_E_IO, "cannot store the settings of the sandbox");
    sb_server_set_today(s, fixed);
    return MSX_OK;
}

static void loading_day(struct sb_server *s, const char *today, char out[11])
{
    if (*today)
        (void)snprintf(out, 11, "%s", today);
    else
        sb_server_today(s, out);
}

enum msx_code sb_reset(struct sb_server *s, enum sb_size size, const char *today,
                       struct msx_error *err)
{
    char day[11];
    enum msx_code rc, ended;

    loading_day(s, today, day);
    rc = sb_store_load_begin(s->store, day, err);
    if (rc)
        return rc;
    rc = sb_sample_load(s->store, day, size, err);
    ended = sb_store_load_end(s->store, rc == MSX_OK, rc ? NULL : err);
    if (rc || ended)
        return rc ? rc : ended;
    s->size = size;
    return remember(s, today, sb_size_name(size), err);
}

static enum msx_code load_sets(struct sb_server *s, const json_t *doc, struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    for (void *it = json_object_iter((json_t *)(uintptr_t)doc); it && !rc;
         it = json_object_iter_next((json_t *)(uintptr_t)doc, it)) {
        const char *set = json_object_iter_key(it);
        const json_t *list = json_object_iter_value(it);

        if (strcmp(set, "whoami") == 0 || strcmp(set, "today") == 0 || *set == '$' || *set == '@')
            continue;
        if (!sb_table_by_set(set))
            return msx_fail(err, MSX_E_INVALID, "'%s' is no entity set of the sandbox", set);
        if (!json_is_array(list))
            return msx_fail(err, MSX_E_INVALID, "'%s' is not an array of records", set);
        for (size_t i = 0; i < json_array_size(list) && !rc; i++)
            rc = sb_store_insert(s->store, set, json_array_get(list, i), err);
    }
    return rc;
}

enum msx_code sb_load_document(struct sb_server *s, const json_t *doc, const char *today,
                               struct msx_error *err)
{
    const char *whoami = msx_json_str(doc, "whoami");
    char day[11];
    enum msx_code rc, ended;

    if (!json_is_object(doc))
        return msx_fail(err, MSX_E_INVALID, "the document is not a JSON object of entity sets");
    if (!*today && msx_day_parse(msx_json_str_or(doc, "today", "")) != MSX_DAY_NONE)
        today = msx_json_str(doc, "today");
    loading_day(s, today, day);
    rc = sb_store_load_begin(s->store, day, err);
    if (rc)
        return rc;
    if (whoami)
        rc = sb_store_set_whoami(s->store, whoami, err);
    if (!rc)
        rc = load_sets(s, doc, err);
    ended = sb_store_load_end(s->store, rc == MSX_OK, rc ? NULL : err);
    return rc ? rc : ended ? ended : remember(s, today, "loaded", err);
}

static bool dump_set(struct sb_call *c, const struct sb_table *t, struct msx_buf *b)
{
    struct sb_query q = { .t = t, .all = true, .top = -1, .n_select = t->n };
    struct sb_plan *p = NULL;
    bool ok, first = true;
    int rc = SQLITE_ERROR;

    for (size_t i = 0; i < t->n; i++)
        q.select[i] = &t->attr[i];
    ok = sb_plan_build(c, &q, SB_PLAN_ALL, NULL, NULL, &p) && sb_plan_start(c, p, NULL, -1, 0);
    msx_buf_addf(b, ",\"%s\":[", t->set);
    while (ok && (rc = sqlite3_step(p->st)) == SQLITE_ROW) {
        if (!first)
            msx_buf_addc(b, ',');
        first = false;
        ok = sb_plan_add_row(c, p, NULL, b);
    }
    msx_buf_addc(b, ']');
    sb_plan_free(p);
    return ok && rc == SQLITE_DONE;
}

/* Everything, in the form that load takes. */
static bool dump(struct sb_server *s, struct sb_response *r)
{
    struct sb_service svc = { .store = s->store, .max_page = SB_MAX_PAGE };
    struct sb_request q = { .method = "GET", .path = "", .query = "", .base = s->base };
    struct sb_call c = { .svc = &svc, .q = &q, .r = r, .conn = sb_store_reader(s->store) };
    char user[37] = "";
    bool ok = true;

    sb_server_today(s, svc.today);
    c.user = user;
    (void)snprintf(c.prefer.annotations, sizeof c.prefer.annotations,
                   "OData.Community.Display.V1.FormattedValue,"
                   "Microsoft.Dynamics.CRM.lookuplogicalname");
    (void)sb_conn_exec(c.conn, "BEGIN");
    (void)sb_meta_get(c.conn, "whoami", user, sizeof user);
    msx_buf_addf(&r->body, "{\"whoami\":\"%s\"", user);
    for (size_t i = 0; ok && i < sb_n_tables; i++)
        if (strcmp(sb_tables[i]->name, sb_tables[i]->storage) == 0)
            ok = dump_set(&c, sb_tables[i], &r->body);
    msx_buf_addc(&r->body, '}');
    (void)sb_conn_exec(c.conn, "COMMIT");
    sb_store_release(s->store, c.conn);
    sb_arena_release(&c.arena);
    if (ok && !r->body.failed)
        sb_response_header(r, "Content-Type", "application/json");
    return ok && !r->body.failed;
}

/* A change by somebody else: {"entitySet", "id", "as", "set": {...}}; "as" may be left out. */
static int edit(struct sb_server *s, const json_t *body, struct sb_response *r, char *message,
                size_t size)
{
    struct sb_service svc = { .store = s->store, .max_page = SB_MAX_PAGE };
    struct sb_effects effects = { NULL, 0 };
    struct sb_request q = { .method = "PATCH", .path = "", .query = "", .base = s->base };
    struct sb_call c = { .svc = &svc, .q = &q, .r = r, .effects = &effects };
    const struct sb_table *t = sb_table_by_set(msx_json_str(body, "entitySet"));
    const json_t *set = msx_json_obj(body, "set");
    char id[37], as[37] = "";
    bool ok;

    if (!t || !set || !msx_guid_parse(msx_json_str_or(body, "id", ""), id)) {
        (void)snprintf(message, size, "'entitySet', 'id' and 'set' are needed");
        return 400;
    }
    if (!msx_guid_parse(msx_json_str_or(body, "as", ""), as) &&
        sb_store_whoami(s->store, as, NULL) != MSX_OK)
        as[0] = '\0';
    sb_server_today(s, svc.today);
    c.user = as;
    c.conn = sb_store_writer(s->store);
    ok = sb_write_update(&c, t, id, set);
    if (!sb_store_finish(s->store, c.conn, ok))
        ok = false;
    msx_free(effects.item);
    sb_arena_release(&c.arena);
    if (!ok)
        (void)snprintf(message, size, "%s", c.e.msg);
    return ok ? 204 : c.e.status ? c.e.status : 500;
}

/* --- requests --- */

struct control {
    struct sb_server *s;
    const json_t *body;
    struct sb_response *r;
    char message[2100];
    json_t *answer; /* new, or NULL */
};

static int bad(struct control *c, const char *text)
{
    (void)snprintf(c->message, sizeof c->message, "%s", text);
    return 400;
}

static int from_code(struct control *c, enum msx_code rc, const struct msx_error *err)
{
    if (!rc)
        return 204;
    (void)snprintf(c->message, sizeof c->message, "%s", err->msg);
    return rc == MSX_E_INVALID ? 400 : 500;
}

static int data_request(struct control *c, const char *what, const struct sb_request *q)
{
    struct msx_error err = MSX_ERROR_INIT;
    MSX_AUTO(msx_free_p) char *asked = sb_form_get(q->query, strlen(q->query), "today");
    char today[11] = "";
    const char *text = msx_json_str(c->body, "today");
    enum sb_size size = c->s->size;

    if (strcmp(what, "load") == 0)
        text = asked;
    if (!text)
        (void)sb_server_fixed_today(c->s, today);
    else if (*text && msx_day_parse(text) == MSX_DAY_NONE)
        return bad(c, "'today' is not a day (YYYY-MM-DD)");
    else
        (void)snprintf(today, sizeof today, "%.10s", text);
    if (strcmp(what, "load") == 0)
        return from_code(c, sb_load_document(c->s, c->body, today, &err), &err);
    text = msx_json_str(c->body, "size");
    if (text && !sb_size_parse(text, &size))
        return bad(c, "'size' is small, medium or large");
    return from_code(c, sb_reset(c->s, size, today, &err), &err);
}

static int fault_request(struct control *c, const char *what, const char *method)
{
    json_int_t ms;

    if (strcmp(what, "release") == 0 && strcmp(method, "POST") == 0) {
        sb_faults_release(c->s->faults);
        return 204;
    }
    if (strcmp(what, "latency") == 0 && strcmp(method, "POST") == 0) {
        if (!msx_json_int(c->body, "ms", &ms) || ms < 0 || ms > 600000)
            return bad(c, "'ms' is a number of milliseconds");
        sb_faults_set_latency(c->s->faults, (long)ms);
        return 204;
    }
    if (strcmp(what, "faults") != 0)
        return 404;
    if (strcmp(method, "GET") == 0) {
        c->answer = sb_faults_list(c->s->faults);
        return 200;
    }
    if (strcmp(method, "DELETE") == 0) {
        sb_faults_clear(c->s->faults);
        return 204;
    }
    return sb_faults_add(c->s->faults, c->body, c->message, sizeof c->message) ? 204 : 400;
}

static int state_request(struct control *c, const char *method)
{
    char today[11];

    if (strcmp(method, "DELETE") == 0) {
        sb_faults_reset_state(c->s->faults);
        return 204;
    }
    c->answer = sb_faults_state(c->s->faults);
    sb_server_today(c->s, today);
    sb_set_str(c->answer, "today", today);
    sb_set_str(c->answer, "size", sb_size_name(c->s->size));
    sb_set(c->answer, "noAuth", json_boolean(c->s->no_auth));
    return 200;
}

static int route(struct control *c, const struct sb_request *q)
{
    const char *what = q->path + strlen("/__sandbox/"), *m = q->method;
    bool post = strcmp(m, "POST") == 0;

    if (strcmp(what, "state") == 0)
        return state_request(c, m);
    if (strcmp(what, "dump") == 0 && strcmp(m, "GET") == 0)
        return dump(c->s, c->r) ? 0 : 500;
    if (post && (strcmp(what, "reset") == 0 || strcmp(what, "load") == 0))
        return data_request(c, what, q);
    if (post && strcmp(what, "edit") == 0)
        return edit(c->s, c->body, c->r, c->message, sizeof c->message);
    if (post && strcmp(what, "expire-tokens") == 0) {
        sb_identity_expire_all(c->s->identity);
        return 204;
    }
    if (post && strcmp(what, "stop") == 0) {
        c->s->on_stop();
        return 204;
    }
    if (post && strncmp(what, "identity/", 9) == 0)
        return sb_identity_control(c->s->identity, what + 9, c->body, &c->answer);
    return fault_request(c, what, m);
}

/* Takes the same time for every wrong key. */
static bool key_fits(const char *given, const char *key)
{
    unsigned char differ = 0;
    size_t n = strlen(key);

    if (!given || strlen(given) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        differ = (unsigned char)(differ | (given[i] ^ key[i]));
    return differ == 0;
}

void sb_control(struct sb_server *s, const struct sb_request *q, struct sb_response *r)
{
    struct control c = { .s = s, .r = r };
    json_auto_t *body = NULL;
    json_auto_t *error = NULL;
    struct msx_error err = MSX_ERROR_INIT;
    int status;

    if (!key_fits(sb_request_header(q, "X-Sandbox-Key"), s->control_key)) {
        sb_response_text(r, 403, "text/plain", "X-Sandbox-Key is missing or wrong");
        return;
    }
    if (q->body_len && msx_json_parse(q->body, q->body_len, "body", &body, &err)) {
        status = bad(&c, err.msg);
    } else {
        c.body = body;
        status = route(&c, q);
    }
    if (!status) /* answered already */
        return;
    if (c.answer) {
        sb_response_json(r, status, c.answer);
        json_decref(c.answer);
        return;
    }
    sb_response_clear(r);
    r->status = status;
    if (status < 400)
        return;
    error = json_object();
    sb_set_str(error, "error", *c.message ? c.message : "no such control");
    sb_response_json(r, status, error);
}
