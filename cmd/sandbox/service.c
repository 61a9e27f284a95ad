/* Routing of the Web API: from a path to the function that answers it, inside a transaction. */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/date.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "options.h"
#include "plan.h"

#define BAD_URL                                                                                         \
    "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"\"http://www.w3.org/TR/html4/strict.dtd\">\r\n" \
    "<HTML><HEAD><TITLE>Bad Request</TITLE></HEAD><BODY><h2>Bad Request - Invalid URL</h2>\r\n"         \
    "<hr><p>HTTP Error 400. The request URL is invalid.</p></BODY></HTML>\r\n"

bool sb_method_writes(const char *method)
{
    return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

void sb_service_now(const struct sb_service *svc, char out[21])
{
    char real[21];

    msx_time_format(sb_now_ms() / 1000, real);
    (void)snprintf(out, 21, "%.10s%.10s", svc->today, real + 10);
}

/* --- headers --- */

static void prefer_item(const char *s, size_t n, struct sb_prefer *out)
{
    static const char size[] = "odata.maxpagesize=", list[] = "odata.include-annotations=";

    while (n && (*s == ' ' || *s == '\t')) {
        s++;
        n--;
    }
    while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        n--;
    if (n == 21 && strncmp(s, "return=representation", n) == 0) {
        out->representation = true;
    } else if (n == 23 && strncmp(s, "odata.continue-on-error", n) == 0) {
        out->continue_on_error = true;
    } else if (n == 19 && strncmp(s, "odata.track-changes", n) == 0) {
        out->track_changes = true;
    } else if (n > sizeof size - 1 && strncmp(s, size, sizeof size - 1) == 0) {
        out->max_page = strtol(s + sizeof size - 1, NULL, 10);
        if (out->max_page < 1 || out->max_page > SB_MAX_PAGE)
            out->max_page = SB_MAX_PAGE;
    } else if (n > sizeof list - 1 && strncmp(s, list, sizeof list - 1) == 0) {
        s += sizeof list - 1;
        n -= sizeof list - 1;
        if (n >= 2 && *s == '"' && s[n - 1] == '"') {
            s++;
            n -= 2;
        }
        (void)snprintf(out->annotations, sizeof out->annotations, "%.*s", (int)n, s);
    }
}

void sb_prefer_parse(const char *header, struct sb_prefer *out)
{
    bool quoted = false;
    size_t from = 0;

    memset(out, 0, sizeof *out);
    for (size_t i = 0; header; i++) {
        if (header[i] == '"')
            quoted = !quoted;
        if (header[i] && (quoted || header[i] != ','))
            continue;
        prefer_item(header + from, i - from, out);
        from = i + 1;
        if (!header[i])
            return;
    }
}

bool sb_wants(const char *annotations, const char *name)
{
    while (*annotations) {
        size_t n = strcspn(annotations, ",");
        const char *s = annotations;
        size_t len = n;

        while (len && *s == ' ') {
            s++;
            len--;
        }
        while (len && s[len - 1] == ' ')
            len--;
        if (len && s[len - 1] == '*' ? strncmp(s, name, len - 1) == 0
                                     : len == strlen(name) && strncmp(s, name, len) == 0)
            return true;
        annotations += n + (annotations[n] == ',');
    }
    return false;
}

void sb_answer_error(const struct sb_error *e, const char *annotations, struct sb_response *r)
{
    static const struct {
        const char *name, *value;
    } details[] = {
        { "Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus", "0" },
        { "Microsoft.PowerApps.CDS.ErrorDetails.SubErrorCode", "2147746581" },
        { "Microsoft.PowerApps.CDS.HelpLink",
          "http://go.microsoft.com/fwlink/?LinkID=398563&error=Microsoft.Crm.CrmException" },
        { "Microsoft.PowerApps.CDS.TraceText", "" },
        { "Microsoft.PowerApps.CDS.InnerError.Message", NULL },
    };
    json_auto_t *body = json_object();
    json_t *error = json_object();
    char key[120];

    sb_response_clear(r);
    sb_set_str(error, "code", e->code);
    sb_set_str(error, "message", e->msg);
    for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
        if (!sb_wants(annotations, details[i].name))
            continue;
        (void)snprintf(key, sizeof key, "@%s", details[i].name);
        sb_set_str(error, key, details[i].value ? details[i].value : e->msg);
    }
    sb_set(body, "error", error);
    sb_response_json(r, e->status ? e->status : 500, body);
    sb_response_header(r, "Content-Type", "application/json; odata.metadata=minimal");
    sb_response_header(r, "OData-Version", "4.0");
}

/* --- functions --- */

static bool who_am_i(struct sb_call *c)
{
    struct sb_row user = { 0 };
    const struct sb_value *unit;
    sqlite3_stmt *st = NULL;
    json_auto_t *body = json_object();
    char context[280];
    int found = sb_row_read(c->conn, &sb_table_systemuser, c->user, &user, &c->e);

    if (found <= 0)
        return found < 0 ? false
                         : sb_fail(&c->e, 403, "0x80040225", "The user with id %s is not enabled.",
                                   c->user);
    (void)snprintf(context, sizeof context, "%s$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse",
                   c->api);
    sb_set_str(body, "@odata.context", context);
    unit = sb_row_get(&sb_table_systemuser, &user, "businessunitid");
    sb_set_str(body, "BusinessUnitId", unit ? unit->s : NULL);
    sb_set_str(body, "UserId", c->user);
    if (sqlite3_prepare_v2(c->conn->db, "SELECT organizationid FROM organization LIMIT 1", -1, &st,
                           NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        sb_set_str(body, "OrganizationId", (const char *)sqlite3_column_text(st, 0));
    (void)sqlite3_finalize(st);
    sb_row_release(&user);
    sb_response_json(c->r, 200, body);
    sb_response_header(c->r, "Content-Type", "application/json; odata.metadata=minimal");
    return true;
}

static bool add_record_count(struct sb_call *c, const char *name, json_t *keys, json_t *values)
{
    struct sb_query q = { .t = sb_table_by_name(name) };
    sqlite3_stmt *st;

    if (!q.t)
        return sb_fail(&c->e, 400, "0x80041102", "The entity with a name = '%.100s' was not found.",
                       name);
    st = sb_plan_count(c, &q, NULL, NULL, 2000000000);
    if (!st)
        return false;
    sb_append(keys, json_string(name));
    sb_append(values,
              json_integer(sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0));
    (void)sqlite3_finalize(st);
    return true;
}

/* RetrieveTotalRecordCount(EntityNames=['account','task']), or (EntityNames=@p1)?@p1=["account"] */
static bool total_record_count(struct sb_call *c, const char *text)
{
    const char *p = strchr(text, '=');
    json_auto_t *body = json_object();
    json_t *counts = json_object(), *keys = json_array(), *values = json_array();
    MSX_AUTO(msx_free_p) char *alias = NULL;
    bool ok = true;

    sb_set(body, "EntityRecordCountCollection", counts);
    sb_set(counts, "Keys", keys);
    sb_set(counts, "Values", values);
    if (p && p[1] == '@') {
        alias = sb_ndup(p + 1, strcspn(p + 1, ")"));
        p = sb_options_get(&c->options, alias);
    }
    p = p ? strchr(p, '[') : NULL;
    if (!p)
        return sb_fail(&c->e, 400, "0x80060888",
                       "RetrieveTotalRecordCount needs EntityNames, a list of table names.");
    for (p += strcspn(p, "'\""); ok && *p; p += strcspn(p, "'\"")) {
        const char *end = strchr(p + 1, *p);
        MSX_AUTO(msx_free_p) char *name = sb_ndup(p + 1, end ? (size_t)(end - p - 1) : 0);

        ok = add_record_count(c, name, keys, values);
        p = end ? end + 1 : p + strlen(p);
    }
    if (!ok)
        return false;
    sb_set(counts, "Count", json_integer((json_int_t)json_array_size(keys)));
    sb_set(counts, "IsReadOnly", json_false());
    sb_response_json(c->r, 200, body);
    return true;
}

/* --- paths --- */

static bool no_segment(struct sb_call *c, const char *name)
{
    return sb_fail(&c->e, 404, "0x8006088a", "Resource not found for the segment '%.200s'.", name);
}

static bool wrong_method(struct sb_call *c)
{
    return sb_fail(&c->e, 405, "0x80060888",
                   "The requested resource does not support http method '%.20s'.", c->q->method);
}

/* "tasks(guid)" or "tasks(activityid=guid)"; also "tasks" alone. */
static bool resolve(struct sb_call *c, const char *segment)
{
    const char *open = strchr(segment, '('), *key = open ? open + 1 : NULL;
    MSX_AUTO(msx_free_p)
    char *set = sb_ndup(segment, open ? (size_t)(open - segment) : strlen(segment));
    MSX_AUTO(msx_free_p) char *text = NULL;
    const char *eq;
    size_t n;

    c->table = sb_table_by_set(set);
    if (!c->table)
        return no_segment(c, set);
    if (!open)
        return true;
    n = strlen(key);
    if (!n || key[n - 1] != ')')
        return sb_fail(&c->e, 400, "0x80060888", "Bad Request - Error in query syntax.");
    text = sb_ndup(key, n - 1);
    eq = strchr(text, '=');
    if (eq) {
        if (strlen(c->table->pk) != (size_t)(eq - text) ||
            strncmp(text, c->table->pk, (size_t)(eq - text)) != 0)
            return sb_fail(&c->e, 400, "0x80060888",
                           "The specified key properties aren't defined for the %s entity.",
                           c->table->name);
        memmove(text, eq + 1, strlen(eq + 1) + 1);
    }
    if (*text == '{' || !msx_guid_parse(text, c->id))
        return sb_fail(&c->e, 400, "0x80060888",
                       "Error identified in URI: '%.100s' is not a valid key (Guid) of '%s'.", text,
                       c->table->set);
    c->has_id = true;
    return true;
}

static bool resolve_content_id(struct sb_call *c, const char *segment)
{
    for (size_t i = 0; c->ids && i < c->ids->n; i++) {
        if (strcmp(c->ids->item[i].name, segment + 1) != 0)
            continue;
        c->table = c->ids->item[i].table;
        (void)snprintf(c->id, sizeof c->id, "%s", c->ids->item[i].id);
        c->has_id = true;
        return true;
    }
    return sb_fail(&c->e, 400, "0x80060888",
                   "Content-ID Reference: '%.60s' does not exist in the batch context.", segment);
}

static bool dispatch_record(struct sb_call *c)
{
    const char *m = c->q->method;

    if (c->n_rest)
        return sb_method_writes(m) ? sb_write_segment(c) : sb_read_segment(c);
    if (strcmp(m, "GET") == 0 || strcmp(m, "HEAD") == 0)
        return sb_read_record(c);
    if (strcmp(m, "PATCH") == 0)
        return sb_write_patch(c);
    if (strcmp(m, "DELETE") == 0)
        return sb_write_delete(c);
    return wrong_method(c);
}

static bool dispatch_set(struct sb_call *c)
{
    const char *m = c->q->method;
    bool get = strcmp(m, "GET") == 0 || strcmp(m, "HEAD") == 0;

    if (c->n_rest == 1 && strcmp(c->rest[0], "$count") == 0 && get)
        return sb_read_count(c);
    if (c->n_rest == 1 && strcmp(m, "POST") == 0) {
        bool known = true, ok = sb_write_multiple(c, c->rest[0], &known);

        if (known)
            return ok;
    }
    if (c->n_rest)
        return no_segment(c, c->rest[0]);
    if (get)
        return sb_read_set(c);
    if (strcmp(m, "POST") == 0)
        return sb_write_create(c);
    return wrong_method(c);
}

static bool is_metadata(const char *first)
{
    return strncmp(first, "EntityDefinitions", 17) == 0 ||
           strncmp(first, "GlobalOptionSetDefinitions", 26) == 0 ||
           strncmp(first, "RelationshipDefinitions", 23) == 0;
}

static bool dispatch(struct sb_call *c, const char *first)
{
    const char *m = c->q->method;
    bool get = !sb_method_writes(m);

    if (!*first)
        return get ? sb_service_document(c) : wrong_method(c);
    if (strcmp(first, "$metadata") == 0)
        return get ? sb_metadata_document(c) : wrong_method(c);
    if (is_metadata(first))
        return get ? sb_metadata(c, first) : wrong_method(c);
    if (strcmp(first, "WhoAmI") == 0 || strcmp(first, "WhoAmI()") == 0 ||
        strcmp(first, "Microsoft.Dynamics.CRM.WhoAmI()") == 0)
        return get ? who_am_i(c) : wrong_method(c);
    if (strncmp(first, "RetrieveTotalRecordCount(", 25) == 0)
        return get ? total_record_count(c, first) : wrong_method(c);
    if (strcmp(first, "WinOpportunity") == 0 || strcmp(first, "LoseOpportunity") == 0)
        return strcmp(m, "POST") == 0 ? sb_write_close_opportunity(c, *first == 'W')
                                      : wrong_method(c);
    if (*first == '$' ? !resolve_content_id(c, first) : !resolve(c, first))
        return false;
    return c->has_id ? dispatch_record(c) : dispatch_set(c);
}

/* Cut the path behind /api/data/vX.Y/ into decoded segments; quotes and parentheses hold. */
static bool split_path(struct sb_call *c, const char **first)
{
    const char *p = c->q->path, *segments[6];
    const char *version = strstr(p, "/api/data/v");
    size_t n = 0, len;

    p = version ? version + strcspn(version + 11, "/") + 11 : p + strlen(p);
    if (*p == '/')
        p++;
    (void)snprintf(c->api, sizeof c->api, "%s/api/data/%.*s/", c->q->base,
                   version ? (int)strcspn(version + 10, "/") : 0, version ? version + 10 : "");
    do {
        MSX_AUTO(msx_free_p) char *text = NULL;
        int depth = 0;
        bool quoted = false;

        for (len = 0; p[len] && (p[len] != '/' || depth > 0 || quoted); len++) {
            quoted = p[len] == '\'' ? !quoted : quoted;
            depth += quoted ? 0 : p[len] == '(' ? 1 : p[len] == ')' ? -1 : 0;
        }
        text = sb_percent_decode(p, len, false);
        if (!text || n == sizeof segments / sizeof *segments)
            return sb_fail(&c->e, 400, "0x80060888", "The URL is malformed.");
        segments[n++] = sb_arena_text(&c->arena, text, strlen(text));
        p += len + (p[len] == '/');
    } while (*p);
    *first = segments[0];
    c->n_rest = n - 1;
    if (c->n_rest > sizeof c->rest / sizeof *c->rest)
        return no_segment(c, segments[n - 1]);
    for (size_t i = 1; i < n; i++)
        c->rest[i - 1] = segments[i];
    return true;
}

static bool url_fits(const struct sb_request *q, size_t most)
{
    size_t run = 0;

    if (strlen(q->path) + strlen(q->query) + 1 > most)
        return false;
    for (const char *p = q->path;; p++) {
        if (*p && *p != '/') {
            run++;
            continue;
        }
        if (run > SB_MAX_SEGMENT)
            return false;
        run = 0;
        if (!*p)
            return true;
    }
}

static void remember_content_id(struct sb_call *c)
{
    const char *name = sb_request_header(c->q, "Content-ID");
    struct sb_content_id *item;

    if (!name || !c->ids || !c->table || !c->has_id)
        return;
    c->ids->item = sb_grow(c->ids->item, c->ids->n + 1, sizeof *c->ids->item);
    item = &c->ids->item[c->ids->n++];
    (void)snprintf(item->name, sizeof item->name, "%s", name);
    (void)snprintf(item->id, sizeof item->id, "%s", c->id);
    item->table = c->table;
}

bool sb_service_call(struct sb_service *svc, struct sb_conn *conn, const struct sb_request *q,
                     const char *user, const char *request_id, struct sb_effects *effects,
                     struct sb_content_ids *ids, struct sb_response *r)
{
    struct sb_call c = { .svc = svc,
                         .conn = conn,
                         .q = q,
                         .r = r,
                         .user = user,
                         .request_id = request_id,
                         .effects = effects,
                         .ids = ids };
    const char *first = "";
    bool ok;

    if (!url_fits(q, ids ? SB_MAX_BATCH_URL : SB_MAX_URL)) {
        bool long_url =
            strlen(q->path) + strlen(q->query) + 1 > (ids ? SB_MAX_BATCH_URL : SB_MAX_URL);

        sb_response_text(r, long_url ? 414 : 400, "text/html; charset=us-ascii", BAD_URL);
        return false;
    }
    sb_prefer_parse(sb_request_header(q, "Prefer"), &c.prefer);
    ok = split_path(&c, &first) && sb_options_parse(&c.arena, q->query, &c.options, &c.e) &&
         dispatch(&c, first);
    if (ok && r->body.failed)
        ok = sb_fail(&c.e, 500, "0x80044150", "The answer is too large.");
    if (ok) {
        remember_content_id(&c);
        sb_response_header(r, "OData-Version", "4.0");
    } else {
        sb_answer_error(&c.e, c.prefer.annotations, r);
    }
    sb_arena_release(&c.arena);
    return ok;
}

void sb_service_handle(struct sb_service *svc, const struct sb_request *q, const char *user,
                       const char *request_id, struct sb_response *r)
{
    struct sb_effects effects = { NULL, 0 };
    struct sb_error e = { 0 };
    struct sb_conn *conn;
    const char *slash = strrchr(q->path, '/');
    bool ok;

    if (slash && (strcmp(slash, "/$batch") == 0 || strcmp(slash, "/%24batch") == 0)) {
        sb_batch(svc, q, user, request_id, r);
        return;
    }
    if (sb_method_writes(q->method)) {
        conn = sb_store_writer(svc->store);
        ok = sb_service_call(svc, conn, q, user, request_id, &effects, NULL, r);
        if (!sb_store_finish(svc->store, conn, ok) && ok) {
            (void)sb_fail(&e, 500, "0x80044150", "The transaction could not be committed.");
            sb_answer_error(&e, "", r);
        } else if (ok && svc->on_effects) {
            svc->on_effects(svc->arg, &effects, request_id);
        }
        msx_free(effects.item);
        return;
    }
    conn = sb_store_reader(svc->store);
    (void)sb_conn_exec(conn, "BEGIN"); /* one state for all statements of the request */
    (void)sb_service_call(svc, conn, q, user, request_id, &effects, NULL, r);
    (void)sb_conn_exec(conn, "COMMIT");
    sb_store_release(svc->store, conn);
}
