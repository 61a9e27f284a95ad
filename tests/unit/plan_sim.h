/* A simulated service for the executor's tests: records in a file, so that they outlive a process
 * that dies in the middle; conditional writes as the real service has them; faults on demand; and a
 * count of what took effect. Also the file calls of this program, interposed, so that it can die
 * before any of them. */
#ifndef TESTS_UNIT_PLAN_SIM_H
#define TESTS_UNIT_PLAN_SIM_H

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "msxops/file.h"
#include "msxops/mem.h"
#include "plan/exec.h"

#define SIM_ME "11111111-1111-4111-8111-111111111111"

/* ---- dying on purpose ---- */

#define SIM_DIED 77
static bool sim_armed;   /* count events, and die at sim_die_at */
static bool sim_torn;    /* a write that dies leaves half of its bytes */
static long sim_die_at;  /* number of the event before which the process ends; 0 never */
static long sim_fail_at; /* number of the event that fails with ENOSPC, and all after; 0 never */
static long sim_events;
static pthread_mutex_t sim_event_mutex = PTHREAD_MUTEX_INITIALIZER;

/* True: fail this call. fd and data are of a write that may be torn. */
static MSX_UNUSED bool sim_event(int fd, const void *data, size_t n)
{
    bool fail;

    if (!sim_armed)
        return false;
    pthread_mutex_lock(&sim_event_mutex);
    sim_events++;
    if (sim_die_at && sim_events == sim_die_at) {
        if (fd >= 0 && sim_torn && syscall(SYS_write, fd, data, n / 2) < 0)
            _exit(SIM_DIED + 1);
        _exit(SIM_DIED); /* with the mutex held: no other thread gets any further */
    }
    fail = sim_fail_at && sim_events >= sim_fail_at;
    pthread_mutex_unlock(&sim_event_mutex);
    return fail;
}

ssize_t write(int fd, const void *data, size_t n)
{
    if (fd > 2 && sim_event(fd, data, n)) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_write, fd, data, n);
}

int fsync(int fd)
{
    (void)fd; /* the page cache outlives the process, and a test need not wait for the disk */
    if (sim_event(-1, NULL, 0)) {
        errno = ENOSPC;
        return -1;
    }
    return 0;
}

int rename(const char *from, const char *to)
{
    if (sim_event(-1, NULL, 0)) {
        errno = ENOSPC;
        return -1;
    }
    return (int)syscall(SYS_rename, from, to);
}

/* ---- the service ---- */

enum sim_fault {
    SIM_OK,
    SIM_429,          /* refused before execution, retries used up */
    SIM_500,          /* answered 500, not executed */
    SIM_503_AFTER,    /* executed, answered 503 */
    SIM_LOST_BEFORE,  /* connection lost, not executed */
    SIM_LOST_AFTER,   /* executed, connection lost */
    SIM_REFUSED_CONN, /* connection never made */
    SIM_400,
    SIM_401,
    SIM_403,
};

struct sim {
    char dir[64]; /* state_dir of msxops; the service's file lies beside it */
    char store[80];
    pthread_mutex_t mutex;
    enum sim_fault (*fault)(struct sim *s, const char *op, int nth); /* NULL: none */
    enum sim_fault (*read_fault)(struct sim *s, const char *op, int nth);
    void (*before_send)(struct sim *s, const char *op, int nth); /* somebody else acts */
    void (*after_commit)(struct sim *s, const char *op, json_t *record);
    json_t *sends, *reads; /* op -> count, in this process */
    long total_sends, total_reads, pauses;
    struct msx_ctx ctx;
    volatile sig_atomic_t cancelled;
};

static json_t *sim_load(struct sim *s)
{
    json_t *db = json_load_file(s->store, 0, NULL);

    assert_non_null(db);
    return db;
}

/* Not through the interposed calls, and whole or not at all: the service does not die with the
 * client. */
static void sim_save(struct sim *s, const json_t *db)
{
    char *text = json_dumps(db, 0);
    char tmp[sizeof s->store + 8];
    size_t n = strlen(text);
    int fd;

    snprintf(tmp, sizeof tmp, "%s.new", s->store);
    fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(syscall(SYS_write, fd, text, n), (long)n);
    close(fd);
    assert_int_equal(syscall(SYS_rename, tmp, s->store), 0);
    free(text);
}

static MSX_UNUSED json_t *sim_record(struct sim *s, const char *id) /* new or NULL */
{
    json_t *db = sim_load(s), *r = json_object_get(json_object_get(db, "records"), id);

    json_incref(r);
    json_decref(db);
    return r;
}

static void sim_touch(json_t *db, json_t *record)
{
    json_int_t seq = json_integer_value(json_object_get(db, "seq")) + 1;
    char etag[40];

    snprintf(etag, sizeof etag, "W/\"%lld\"", (long long)seq);
    json_object_set_new(db, "seq", json_integer(seq));
    json_object_set_new(record, "@odata.etag", json_string(etag));
}

/* Somebody changes a column, or makes the record. Takes value. */
static MSX_UNUSED void sim_edit(struct sim *s, const char *id, const char *column, json_t *value)
{
    json_t *db = sim_load(s), *records = json_object_get(db, "records");
    json_t *r = json_object_get(records, id);

    if (!r) {
        r = json_object();
        json_object_set_new(records, id, r);
    }
    json_object_set_new(r, column, value);
    json_object_set_new(r, "_modifiedby_value" PLAN_LABEL, json_string("Kim Other"));
    json_object_set_new(r, "modifiedon", json_string("2026-03-02T10:00:00Z"));
    sim_touch(db, r);
    sim_save(s, db);
    json_decref(db);
}

static MSX_UNUSED void sim_delete(struct sim *s, const char *id)
{
    json_t *db = sim_load(s);

    json_object_del(json_object_get(db, "records"), id);
    sim_save(s, db);
    json_decref(db);
}

/* Effects so far: request text -> how often it took effect. New. */
static MSX_UNUSED json_t *sim_effects(struct sim *s)
{
    json_t *db = sim_load(s), *e = json_incref(json_object_get(db, "effects"));

    json_decref(db);
    return e;
}

static int sim_count(json_t *counts, const char *op)
{
    int n = (int)json_integer_value(json_object_get(counts, op)) + 1;

    json_object_set_new(counts, op, json_integer(n));
    return n;
}

static enum msx_code sim_request(void *user, const json_t *op, json_t **req, struct msx_error *err)
{
    const struct plan_type *t = plan_op_type(op);
    const char *etag = msx_json_str(msx_json_obj(op, "before"), PLAN_ETAG), *key;
    json_t *body = json_object(), *v;

    (void)user;
    json_object_foreach(msx_json_obj(op, "after"), key, v) {
        if (plan_is_column(key))
            json_object_set(body, key, v);
    }
    if (!t->create && !etag) {
        json_decref(body);
        return msx_fail(err, MSX_E_INVALID, "an update without an ETag");
    }
    *req = json_pack("{s:s, s:s, s:{s:s}, s:o}", "method", "PATCH", "path", plan_target_id(op),
                     "headers", t->create ? "If-None-Match" : "If-Match", t->create ? "*" : etag,
                     "body", body);
    return MSX_OK;
}

static enum msx_code sim_answer(struct plan_sent *sent, int status, bool maybe, enum msx_code code,
                                const char *text, struct msx_error *err)
{
    sent->http_status = status;
    sent->maybe = maybe;
    snprintf(sent->request_id, sizeof sent->request_id, "%s", status ? "req-1" : "");
    (void)msx_fail(err, code, "%s", text);
    if (err)
        err->http_status = status;
    return code;
}

/* Carry out a conditional PATCH; 204 or 412. */
static int sim_commit(struct sim *s, const json_t *req, json_t *db, const char *op)
{
    const json_t *headers = json_object_get(req, "headers");
    const char *id = msx_json_str(req, "path"), *match = msx_json_str(headers, "If-Match");
    json_t *records = json_object_get(db, "records"), *r = json_object_get(records, id);
    json_t *effects = json_object_get(db, "effects"), *what;
    char *text;

    if (match ? !r || strcmp(match, msx_json_str(r, PLAN_ETAG)) != 0 : r != NULL)
        return 412;
    if (!r) {
        r = json_object();
        json_object_set_new(records, id, r);
    }
    json_object_update(r, json_object_get(req, "body"));
    sim_touch(db, r);
    if (s->after_commit)
        s->after_commit(s, op, r);
    what = json_pack("[s, O]", id, json_object_get(req, "body"));
    text = json_dumps(what, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(what);
    sim_count(effects, text);
    free(text);
    return 204;
}

static enum msx_code sim_send_locked(struct sim *s, const char *op, const json_t *req,
                                     struct plan_sent *sent, struct msx_error *err)
{
    int nth = sim_count(s->sends, op), status;
    enum sim_fault f = s->fault ? s->fault(s, op, nth) : SIM_OK;
    json_t *db;

    s->total_sends++;
    if (s->before_send)
        s->before_send(s, op, nth);
    switch (f) {
    case SIM_429:
        return sim_answer(sent, 429, false, MSX_E_THROTTLED, "too many requests", err);
    case SIM_500:
        return sim_answer(sent, 500, true, MSX_E_SERVER, "internal error", err);
    case SIM_LOST_BEFORE:
        return sim_answer(sent, 0, true, MSX_E_NETWORK, "connection lost", err);
    case SIM_REFUSED_CONN:
        return sim_answer(sent, 0, false, MSX_E_NETWORK, "cannot connect", err);
    case SIM_400:
        return sim_answer(sent, 400, false, MSX_E_REJECTED, "bad value", err);
    case SIM_401:
        return sim_answer(sent, 401, false, MSX_E_AUTH, "token refused", err);
    case SIM_403:
        return sim_answer(sent, 403, false, MSX_E_DENIED, "no privilege", err);
    case SIM_OK:
    case SIM_503_AFTER:
    case SIM_LOST_AFTER:
        break;
    }
    db = sim_load(s);
    status = sim_commit(s, req, db, op);
    sim_save(s, db);
    json_decref(db);
    (void)sim_event(-1, NULL, 0); /* committed, and no answer yet */
    if (f == SIM_503_AFTER)
        return sim_answer(sent, 503, true, MSX_E_SERVER, "unavailable", err);
    if (f == SIM_LOST_AFTER)
        return sim_answer(sent, 0, true, MSX_E_NETWORK, "connection lost", err);
    if (status == 412)
        return sim_answer(sent, 412, false, MSX_E_REJECTED, "version differs", err);
    sent->http_status = status;
    snprintf(sent->request_id, sizeof sent->request_id, "req-%s", op);
    return MSX_OK;
}

static enum msx_code sim_send(void *user, const json_t *op, const json_t *req,
                              struct plan_sent *sent, struct msx_error *err)
{
    struct sim *s = user;
    enum msx_code rc;

    (void)sim_event(-1, NULL, 0); /* before the request leaves */
    pthread_mutex_lock(&s->mutex);
    rc = sim_send_locked(s, plan_op_id(op), req, sent, err);
    pthread_mutex_unlock(&s->mutex);
    return rc;
}

static enum msx_code sim_read(void *user, const json_t *op, json_t **record, struct msx_error *err)
{
    struct sim *s = user;
    enum msx_code rc = MSX_OK;
    enum sim_fault f;
    json_t *db, *r;

    pthread_mutex_lock(&s->mutex);
    s->total_reads++;
    f = s->read_fault ? s->read_fault(s, plan_op_id(op), sim_count(s->reads, plan_op_id(op)))
                      : SIM_OK;
    if (f != SIM_OK) {
        rc = msx_fail(err, f == SIM_401 ? MSX_E_AUTH : MSX_E_NETWORK, "cannot read");
    } else {
        db = sim_load(s);
        r = json_object_get(json_object_get(db, "records"), plan_target_id(op));
        *record = r ? json_deep_copy(r) : NULL;
        json_decref(db);
    }
    pthread_mutex_unlock(&s->mutex);
    return rc;
}

static void sim_pause(void *user, long ms)
{
    struct sim *s = user;

    (void)ms;
    pthread_mutex_lock(&s->mutex);
    s->pauses++;
    pthread_mutex_unlock(&s->mutex);
}

static int64_t sim_now(void *user)
{
    (void)user;
    return INT64_C(1772445600); /* 2026-03-02T10:00:00Z */
}

static MSX_UNUSED struct plan_io sim_io(struct sim *s)
{
    return (struct plan_io){
        .user = s, .request = sim_request, .send = sim_send, .read = sim_read, .pause = sim_pause
    };
}

static MSX_UNUSED void sim_remove(const char *dir)
{
    char command[400];

    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
}

static MSX_UNUSED struct sim *sim_new(void)
{
    struct sim *s = calloc(1, sizeof *s);
    json_t *db = json_pack("{s:{}, s:{}, s:i}", "records", "effects", "seq", 100);

    assert_non_null(s);
    snprintf(s->dir, sizeof s->dir, "/tmp/msxops-plan-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    snprintf(s->store, sizeof s->store, "%s/service.json", s->dir);
    pthread_mutex_init(&s->mutex, NULL);
    s->sends = json_object();
    s->reads = json_object();
    s->ctx = (struct msx_ctx){ .today = msx_day_parse("2026-03-02"),
                               .state_dir = s->dir,
                               .tool_version = "0.1.0",
                               .concurrency = 4,
                               .retries = 3,
                               .cancelled = &s->cancelled,
                               .now_s = sim_now };
    sim_save(s, db);
    json_decref(db);
    return s;
}

static MSX_UNUSED void sim_free(struct sim *s)
{
    sim_remove(s->dir);
    json_decref(s->sends);
    json_decref(s->reads);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

/* ---- plans ---- */

static MSX_UNUSED const char *sim_guid(int n)
{
    static _Thread_local char g[4][37];
    static _Thread_local int k;

    k = (k + 1) % 4;
    snprintf(g[k], sizeof g[k], "00000000-0000-4000-8000-%012d", n);
    return g[k];
}

static MSX_UNUSED struct msx_plan *sim_plan(void)
{
    struct msx_plan *p = msx_calloc(1, sizeof *p);

    p->doc = json_pack("{s:s, s:i, s:s, s:s, s:{s:s, s:s}, s:s, s:[]}", "format", "msxops-plan",
                       "version", 1, "planId", "22222222-2222-4222-8222-222222222222", "org",
                       "https://contoso.crm.dynamics.com", "user", "id", SIM_ME, "name", "Ann",
                       "created", "2026-03-02T10:00:00Z", "operations");
    assert_non_null(p->doc);
    return p;
}

static json_t *sim_add(struct msx_plan *p, const char *type, const char *set, const char *id,
                       json_t *before, json_t *after)
{
    json_t *ops = json_object_get(p->doc, "operations"), *op, *guard = json_array(), *v;
    const char *key;
    char opid[32];

    snprintf(opid, sizeof opid, "OP-%zu", json_array_size(ops) + 1);
    json_object_foreach(after, key, v)
        json_array_append_new(guard, json_string(key));
    op = json_pack("{s:s, s:s, s:{s:s, s:s, s:s}, s:o, s:o, s:o}", "id", opid, "type", type,
                   "target", "entitySet", set, "id", id, "name", id + 24, "before", before, "after",
                   after, "guard", guard);
    assert_non_null(op);
    json_array_append_new(ops, op);
    return op;
}

/* An update of a record that the service has: before is read from it. Takes after. */
static MSX_UNUSED json_t *sim_update(struct sim *s, struct msx_plan *p, const char *type, int n,
                                     json_t *after)
{
    json_t *before = sim_record(s, sim_guid(n));
    bool task = strstr(type, "task") != NULL;

    assert_non_null(before);
    return sim_add(p, type, task ? "tasks" : "msp_engagementmilestones", sim_guid(n), before,
                   after);
}

static MSX_UNUSED json_t *sim_create_task(struct msx_plan *p, int n, const char *subject)
{
    return sim_add(p, "create_task", "tasks", sim_guid(n), json_object(),
                   json_pack("{s:s, s:s}", "subject", subject, "scheduledend", "2026-03-10"));
}

static MSX_UNUSED void sim_depends(json_t *op, const char *on)
{
    json_object_set_new(op, "dependsOn", json_pack("[s]", on));
}

/* Ten milestones and ten tasks to work on. */
static MSX_UNUSED void sim_fill(struct sim *s)
{
    for (int i = 1; i <= 10; i++) {
        sim_edit(s, sim_guid(i), "msp_milestonedate", json_string("2026-02-01"));
        sim_edit(s, sim_guid(i), "msp_monthlyuse", json_real(1000.0));
        sim_edit(s, sim_guid(i), "msp_forecastcomments", json_string("as agreed"));
        sim_edit(s, sim_guid(100 + i), "subject", json_string("call"));
        sim_edit(s, sim_guid(100 + i), "statecode", json_integer(0));
        sim_edit(s, sim_guid(100 + i), "statuscode", json_integer(2));
    }
}

/* Apply with the right confirmation; the report in *report when it is not NULL. */
static MSX_UNUSED enum msx_code sim_apply(struct sim *s, const struct msx_plan *p,
                                          struct msx_apply_options *opts, json_t **report,
                                          struct msx_error *err)
{
    struct msx_apply_options o = opts ? *opts : (struct msx_apply_options){ 0 };
    const struct plan_io io = sim_io(s);
    char confirmation[13];
    json_t *r = NULL;
    enum msx_code rc;

    assert_int_equal(msx_plan_confirmation(p->doc, o.only, o.only_n, confirmation, err), MSX_OK);
    if (!o.confirm)
        o.confirm = confirmation;
    rc = plan_apply(&s->ctx, &io, p, &o, &r, err);
    if (report)
        *report = r;
    else
        json_decref(r);
    return rc;
}

/* Row of an operation in a report; borrowed. */
static MSX_UNUSED json_t *sim_row(const json_t *report, const char *id)
{
    json_t *row;
    size_t i;

    json_array_foreach(json_object_get(report, "operations"), i, row) {
        if (strcmp(msx_json_str_or(row, "id", ""), id) == 0)
            return row;
    }
    return NULL;
}

static MSX_UNUSED const char *sim_outcome(const json_t *report, const char *id)
{
    return msx_json_str_or(sim_row(report, id), "outcome", "(none)");
}

static MSX_UNUSED int sim_counted(const json_t *report, const char *outcome)
{
    return (int)json_integer_value(json_object_get(json_object_get(report, "counts"), outcome));
}

#endif
