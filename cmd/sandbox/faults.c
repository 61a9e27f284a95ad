/* Rules of faults and the server's counters, behind one lock. */
#include "faults.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "msxops/json.h"
#include "msxops/mem.h"

#define MAX_RECENT 500
#define MAX_WRITES 200000

struct rule {
    char method[12];
    char path[200];
    long every;
    long nth;
    double probability; /* below 0: always */
    uint64_t random;
    long count; /* fires left; below 0: no end */
    long seen;
    long fired;
    struct sb_fault_plan plan;
    json_t *text;
};

struct sb_faults {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct rule *rule;
    size_t n;
    long latency_ms;
    bool stopping;
    uint64_t generation; /* of releases */
    long held;
    /* counters */
    long requests, in_flight, max_in_flight, faults;
    json_t *by_path;
    json_t *recent;
    json_t *writes;
    long n_writes;
};

struct sb_faults *sb_faults_new(long latency_ms)
{
    struct sb_faults *f = sb_alloc(sizeof *f);
    pthread_condattr_t attr;

    (void)pthread_mutex_init(&f->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&f->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    f->latency_ms = latency_ms;
    f->by_path = json_object();
    f->recent = json_array();
    f->writes = json_array();
    return f;
}

static void drop_rules(struct sb_faults *f)
{
    for (size_t i = 0; i < f->n; i++)
        json_decref(f->rule[i].text);
    msx_free(f->rule);
    f->rule = NULL;
    f->n = 0;
}

void sb_faults_free(struct sb_faults *f)
{
    if (!f)
        return;
    drop_rules(f);
    json_decref(f->by_path);
    json_decref(f->recent);
    json_decref(f->writes);
    (void)pthread_mutex_destroy(&f->lock);
    (void)pthread_cond_destroy(&f->wake);
    msx_free(f);
}

/* --- rules --- */

static bool read_type(const char *type, enum sb_fault *out)
{
    static const struct {
        const char *name;
        enum sb_fault fault;
    } types[] = {
        { "latency", SB_FAULT_NONE },
        { "status", SB_FAULT_STATUS },
        { "close-before", SB_FAULT_CLOSE_BEFORE },
        { "close-after", SB_FAULT_CLOSE_AFTER },
        { "truncate", SB_FAULT_TRUNCATE },
        { "slow", SB_FAULT_SLOW },
        { "malformed-json", SB_FAULT_MALFORMED },
        { "foreign-next-link", SB_FAULT_FOREIGN_LINK },
        { "hold", SB_FAULT_HOLD },
        { "hold-before", SB_FAULT_HOLD_BEFORE },
    };

    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].name, type) != 0)
            continue;
        *out = types[i].fault;
        return true;
    }
    return false;
}

static long number(const json_t *j, const char *key, long dflt)
{
    json_int_t n;

    return msx_json_int(j, key, &n) && n >= 0 && n < 1000000000 ? (long)n : dflt;
}

static const char *known_keys(const json_t *j, const char *const *keys)
{
    for (void *it = json_object_iter((json_t *)(uintptr_t)j); it;
         it = json_object_iter_next((json_t *)(uintptr_t)j, it)) {
        const char *key = json_object_iter_key(it);
        size_t i = 0;

        while (keys[i] && strcmp(keys[i], key) != 0)
            i++;
        if (!keys[i])
            return key;
    }
    return NULL;
}

static bool read_rule(const json_t *j, struct rule *r, char *message, size_t size)
{
    static const char *const match_keys[] = { "method",      "pathContains", "everyNth", "nth",
                                              "probability", "seed",         "count",    NULL };
    static const char *const action_keys[] = { "type",       "ms",      "status",  "retryAfter",
                                               "html",       "code",    "message", "bytes",
                                               "chunkBytes", "chunkMs", "url",     NULL };
    const json_t *match = msx_json_obj(j, "match"), *action = msx_json_obj(j, "action");
    const char *unknown = known_keys(match, match_keys);

    if (!unknown)
        unknown = known_keys(action, action_keys);
    if (unknown || !read_type(msx_json_str(action, "type"), &r->plan.fault)) {
        (void)snprintf(message, size,
                       unknown ? "unknown key '%.60s'" : "unknown action type '%.60s'",
                       unknown ? unknown : msx_json_str_or(action, "type", ""));
        return false;
    }
    (void)snprintf(r->method, sizeof r->method, "%.11s", msx_json_str_or(match, "method", ""));
    (void)snprintf(r->path, sizeof r->path, "%.199s", msx_json_str_or(match, "pathContains", ""));
    r->every = number(match, "everyNth", 0);
    r->nth = number(match, "nth", 0);
    if (!msx_json_num(match, "probability", &r->probability))
        r->probability = -1;
    r->random = (uint64_t)number(match, "seed", 1) * 2654435769u + 88172645463325252u;
    r->count = number(match, "count", -1);
    r->plan.latency_ms = r->plan.fault == SB_FAULT_NONE ? number(action, "ms", 50) : 0;
    r->plan.status = (int)number(action, "status", 503);
    r->plan.retry_after_s = number(action, "retryAfter", -1);
    r->plan.html = msx_json_bool_or(action, "html", false);
    (void)snprintf(r->plan.code, sizeof r->plan.code, "%.15s", msx_json_str_or(action, "code", ""));
    (void)snprintf(r->plan.message, sizeof r->plan.message, "%.299s",
                   msx_json_str_or(action, "message", ""));
    r->plan.bytes = (size_t)number(action, "bytes", 100);
    r->plan.chunk_bytes = number(action, "chunkBytes", 64);
    r->plan.chunk_ms = number(action, "chunkMs", 20);
    (void)snprintf(r->plan.url, sizeof r->plan.url, "%.199s",
                   msx_json_str_or(action, "url", "https://foreign.example"));
    if (r->plan.status < 200 || r->plan.status > 599 || !r->plan.chunk_bytes) {
        (void)snprintf(message, size, "a number is out of range");
        return false;
    }
    return true;
}

bool sb_faults_add(struct sb_faults *f, const json_t *rules, char *message, size_t size)
{
    const json_t *list = json_is_array(rules) ? rules : msx_json_arr(rules, "rules");
    size_t n = json_array_size(list);
    struct rule *more;

    if (!list) {
        (void)snprintf(message, size, "'rules' is not an array");
        return false;
    }
    more = sb_alloc((n + 1) * sizeof *more);
    for (size_t i = 0; i < n; i++) {
        char why[120];

        if (!read_rule(json_array_get(list, i), &more[i], why, sizeof why)) {
            (void)snprintf(message, size, "rule %zu: %s", i + 1, why);
            msx_free(more);
            return false;
        }
    }
    (void)pthread_mutex_lock(&f->lock);
    f->rule = sb_grow(f->rule, f->n + n, sizeof *f->rule);
    for (size_t i = 0; i < n; i++) {
        more[i].text = json_deep_copy(json_array_get(list, i));
        f->rule[f->n++] = more[i];
    }
    (void)pthread_mutex_unlock(&f->lock);
    msx_free(more);
    return true;
}

json_t *sb_faults_list(struct sb_faults *f)
{
    json_t *body = json_object(), *list = json_array();

    (void)pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->n; i++) {
        json_t *j = json_deep_copy(f->rule[i].text);

        sb_set(j, "seen", json_integer(f->rule[i].seen));
        sb_set(j, "fired", json_integer(f->rule[i].fired));
        sb_append(list, j);
    }
    sb_set(body, "latencyMs", json_integer(f->latency_ms));
    (void)pthread_mutex_unlock(&f->lock);
    sb_set(body, "rules", list);
    return body;
}

void sb_faults_clear(struct sb_faults *f)
{
    (void)pthread_mutex_lock(&f->lock);
    drop_rules(f);
    f->generation++;
    (void)pthread_cond_broadcast(&f->wake);
    (void)pthread_mutex_unlock(&f->lock);
}

void sb_faults_set_latency(struct sb_faults *f, long ms)
{
    (void)pthread_mutex_lock(&f->lock);
    f->latency_ms = ms;
    (void)pthread_mutex_unlock(&f->lock);
}

static double next_random(struct rule *r)
{
    r->random ^= r->random << 13;
    r->random ^= r->random >> 7;
    r->random ^= r->random << 17;
    return (double)(r->random >> 11) / 9007199254740992.0;
}

/* A rule without a path is about the Web API alone: signing in stays possible. */
static bool fires(struct rule *r, const struct sb_request *q)
{
    if (*r->method && strcmp(r->method, q->method) != 0)
        return false;
    if (*r->path ? !strstr(q->path, r->path) && !strstr(q->query, r->path)
                 : strncmp(q->path, "/api/", 5) != 0)
        return false;
    r->seen++; /* also where another rule comes first: counts do not depend on other rules */
    if (r->count == 0 || (r->nth && r->seen != r->nth) || (r->every && r->seen % r->every != 0) ||
        (r->probability >= 0 && next_random(r) >= r->probability))
        return false;
    return true;
}

/* "GET /api/data/v9.2/tasks(*)": keys are one path. */
static void route_of(const struct sb_request *q, char *out, size_t size)
{
    int n = snprintf(out, size, "%s ", q->method);
    size_t at = n > 0 ? (size_t)n : 0;
    bool key = false;

    for (const char *p = q->path; *p && at + 4 < size; p++) {
        if (*p == ')')
            key = false;
        if (!key)
            out[at++] = *p;
        if (*p == '(') {
            key = true;
            out[at++] = '*';
        }
    }
    out[at] = '\0';
}

void sb_faults_enter(struct sb_faults *f, const struct sb_request *q, struct sb_fault_plan *out)
{
    char route[300];

    memset(out, 0, sizeof *out);
    route_of(q, route, sizeof route);
    (void)pthread_mutex_lock(&f->lock);
    f->requests++;
    f->in_flight++;
    if (f->in_flight > f->max_in_flight)
        f->max_in_flight = f->in_flight;
    sb_set(f->by_path, route,
           json_integer(json_integer_value(json_object_get(f->by_path, route)) + 1));
    out->latency_ms = strncmp(q->path, "/api/", 5) == 0 ? f->latency_ms : 0;
    for (size_t i = 0; i < f->n; i++) {
        struct rule *r = &f->rule[i];
        long latency = out->latency_ms;
        bool lost = out->fault != SB_FAULT_NONE && r->plan.fault != SB_FAULT_NONE;

        if (!fires(r, q) || lost) /* one fault a request; the first rule wins */
            continue;
        f->faults++;
        r->fired++;
        if (r->count > 0)
            r->count--;
        if (r->plan.fault != SB_FAULT_NONE) {
            *out = r->plan;
            out->latency_ms = latency;
        } else {
            out->latency_ms += r->plan.latency_ms;
        }
    }
    (void)pthread_mutex_unlock(&f->lock);
}

static void copy_header(json_t *line, const char *key, const struct sb_request *q, const char *name)
{
    const char *value = sb_request_header(q, name);
    json_t *text = value ? json_string(value) : NULL;

    if (text)
        sb_set(line, key, text);
}

void sb_faults_leave(struct sb_faults *f, const struct sb_request *q, int status,
                     const char *request_id, long ms)
{
    json_t *line = json_object();

    sb_set_str(line, "method", q->method);
    sb_set_str(line, "path", q->path);
    sb_set_str(line, "query", q->query);
    sb_set(line, "status", json_integer(status));
    sb_set(line, "ms", json_integer(ms));
    sb_set_str(line, "requestId", request_id);
    copy_header(line, "clientRequestId", q, "x-ms-client-request-id");
    copy_header(line, "prefer", q, "Prefer");
    copy_header(line, "ifMatch", q, "If-Match");
    copy_header(line, "ifNoneMatch", q, "If-None-Match");
    copy_header(line, "cookie", q, "Cookie");
    (void)pthread_mutex_lock(&f->lock);
    f->in_flight--;
    if (json_array_size(f->recent) >= MAX_RECENT)
        (void)json_array_remove(f->recent, 0);
    sb_append(f->recent, line);
    (void)pthread_mutex_unlock(&f->lock);
}

/* --- waiting --- */

void sb_faults_sleep(struct sb_faults *f, long ms)
{
    struct timespec until;

    if (ms <= 0)
        return;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&f->lock);
    while (!f->stopping && pthread_cond_timedwait(&f->wake, &f->lock, &until) != ETIMEDOUT)
        ; /* woken for somebody else */
    (void)pthread_mutex_unlock(&f->lock);
}

void sb_faults_hold(struct sb_faults *f)
{
    uint64_t generation;

    (void)pthread_mutex_lock(&f->lock);
    generation = f->generation;
    f->held++;
    while (!f->stopping && f->generation == generation)
        (void)pthread_cond_wait(&f->wake, &f->lock);
    f->held--;
    (void)pthread_mutex_unlock(&f->lock);
}

void sb_faults_release(struct sb_faults *f)
{
    (void)pthread_mutex_lock(&f->lock);
    f->generation++;
    (void)pthread_cond_broadcast(&f->wake);
    (void)pthread_mutex_unlock(&f->lock);
}

void sb_faults_stop(struct sb_faults *f)
{
    (void)pthread_mutex_lock(&f->lock);
    f->stopping = true;
    (void)pthread_cond_broadcast(&f->wake);
    (void)pthread_mutex_unlock(&f->lock);
}

/* --- counters --- */

void sb_faults_effects(struct sb_faults *f, const struct sb_effects *effects,
                       const char *request_id)
{
    (void)pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < effects->n; i++) {
        json_t *j;

        f->n_writes++;
        if (f->n_writes > MAX_WRITES)
            continue;
        j = json_object();
        sb_set_str(j, "effect", effects->item[i].verb);
        sb_set_str(j, "entitySet", effects->item[i].table->set);
        sb_set_str(j, "id", effects->item[i].id);
        sb_set_str(j, "requestId", request_id);
        sb_append(f->writes, j);
    }
    (void)pthread_mutex_unlock(&f->lock);
}

json_t *sb_faults_state(struct sb_faults *f)
{
    json_t *j = json_object();

    (void)pthread_mutex_lock(&f->lock);
    sb_set(j, "requests", json_integer(f->requests));
    sb_set(j, "inFlight", json_integer(f->in_flight));
    sb_set(j, "maxInFlight", json_integer(f->max_in_flight));
    sb_set(j, "held", json_integer(f->held));
    sb_set(j, "faultsFired", json_integer(f->faults));
    sb_set(j, "latencyMs", json_integer(f->latency_ms));
    sb_set(j, "byPath", json_deep_copy(f->by_path));
    sb_set(j, "writeCount", json_integer(f->n_writes));
    sb_set(j, "writes", json_deep_copy(f->writes));
    sb_set(j, "recent", json_deep_copy(f->recent));
    (void)pthread_mutex_unlock(&f->lock);
    return j;
}

void sb_faults_reset_state(struct sb_faults *f)
{
    (void)pthread_mutex_lock(&f->lock);
    f->requests = f->faults = f->n_writes = 0;
    f->max_in_flight = f->in_flight;
    (void)json_object_clear(f->by_path);
    (void)json_array_clear(f->recent);
    (void)json_array_clear(f->writes);
    (void)pthread_mutex_unlock(&f->lock);
}
