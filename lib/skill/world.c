/* The records of a run: how they come in. Adding only collects; world_link.c puts them in order, so
 * that nothing depends on the order in which reads ended. */
#include "skill/world_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

struct msx_chunk {
    struct msx_chunk *next;
    size_t used, cap;
    max_align_t data[];
};

#define CHUNK_BYTES ((size_t)1 << 16)

static void *chunk_alloc(struct msx_world *w, struct msx_chunk **list, size_t n)
{
    size_t need = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct msx_chunk *c = *list;

    if (need < n)
        goto fail;
    if (!c || c->cap - c->used < need) {
        size_t cap = need > CHUNK_BYTES ? need : CHUNK_BYTES;

        if (cap > SIZE_MAX - sizeof *c)
            goto fail;
        c = msx_malloc(sizeof *c + cap);
        if (!c)
            goto fail;
        c->next = *list;
        c->used = 0;
        c->cap = cap;
        *list = c;
    }
    void *p = (char *)c->data + c->used;
    c->used += need;
    return p;
fail:
    w->failed = MSX_E_NOMEM;
    return NULL;
}

static void chunk_free(struct msx_chunk **list)
{
    while (*list) {
        struct msx_chunk *next = (*list)->next;

        msx_free(*list);
        *list = next;
    }
}

void *msx_world_alloc(struct msx_world *w, size_t n)
{
    void *p = chunk_alloc(w, &w->arena, n);

    if (p)
        memset(p, 0, n);
    return p;
}

static char *copy(struct msx_world *w, struct msx_chunk **list, const char *s, size_t n)
{
    char *p = n < SIZE_MAX ? chunk_alloc(w, list, n + 1) : NULL;

    if (p) {
        memcpy(p, s, n);
        p[n] = '\0';
    }
    return p;
}

char *msx_world_strndup(struct msx_world *w, const char *s, size_t n)
{
    return copy(w, &w->arena, s, n);
}

char *msx_world_strdup(struct msx_world *w, const char *s)
{
    return copy(w, &w->arena, s, strlen(s));
}

/* An id as it is compared: canonical when it is a GUID, else as it stands. */
static const char *input_id(struct msx_world *w, const char *id)
{
    char guid[MSX_GUID_LEN + 1];

    if (msx_guid_parse(id, guid))
        id = guid;
    return copy(w, &w->inputs, id, strlen(id));
}

/* Room for one more item; false (and w->failed) when there is none. */
static bool grow(struct msx_world *w, void **items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return true;

    size_t want = *cap ? *cap * 2 : 32;
    void *p = want > SIZE_MAX / 2 / size ? NULL : msx_realloc(*items, want * size);

    if (!p) {
        w->failed = MSX_E_NOMEM;
        return false;
    }
    *items = p;
    *cap = want;
    return true;
}
#define GROW(w, list, n, cap)                                                                      \
    (__extension__({                                                                               \
        void *items_ = (list);                                                                     \
        bool ok_ = grow((w), &items_, (n), &(cap), sizeof *(list));                                \
        (list) = items_;                                                                           \
        ok_;                                                                                       \
    }))

static double param_number(const json_t *params, const char *name)
{
    double d;

    return msx_json_num(params, name, &d) ? d : (double)NAN;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool name_params(struct msx_world *w)
{
    size_t n = json_object_size(w->params);
    const char *key;
    json_t *value;

    w->param_names = msx_calloc(n + 1, sizeof *w->param_names);
    if (!w->param_names)
        return false;
    json_object_foreach(w->params, key, value)
        w->param_names[w->nparams++] = key;
    qsort(w->param_names, w->nparams, sizeof *w->param_names, by_text);
    return true;
}

/* A private copy of a document, {} for NULL: callers keep theirs and may change it. */
static json_t *document(const json_t *j)
{
    return json_is_object(j) ? json_deep_copy(j) : json_object();
}

static void find_signals(struct msx_world *w)
{
#define X(name, id) w->sx.name = w->lexicon ? msx_lexicon_find(w->lexicon, id) : -1;
    MSX_FACT_SIGNALS(X)
#undef X
}

enum msx_code msx_world_new(const struct msx_world_config *cfg, struct msx_world **out,
                            struct msx_error *err)
{
    struct msx_world *w = msx_calloc(1, sizeof *w);

    if (!w)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    w->lexicon = cfg->lexicon;
    w->today = cfg->today;
    w->tz = cfg->tz;
    w->roles = document(cfg->roles);
    w->stages = document(cfg->stages);
    w->readiness = document(cfg->readiness);
    w->params = document(cfg->params);
    w->state = document(cfg->state);
    w->set = document(cfg->set);
    w->gaps = json_array();
    w->gap_keys = json_object();
    if (!w->roles || !w->stages || !w->readiness || !w->params || !w->state || !w->set ||
        !w->gaps || !w->gap_keys || !name_params(w)) {
        msx_world_free(w);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    w->p = (struct msx_thresholds){
        .urgent = param_number(w->params, "urgent_days"),
        .near = param_number(w->params, "near_days"),
        .watch = param_number(w->params, "watch_days"),
        .stale_task = param_number(w->params, "stale_task_days"),
        .comment_stale = param_number(w->params, "comment_stale_days"),
        .commit_window = param_number(w->params, "commit_window_days"),
        .dispatch_lead = param_number(w->params, "dispatch_lead_days"),
        .unified_lead = param_number(w->params, "unified_lead_days"),
        .strict_gates = msx_ieq(msx_json_str_or(w->params, "gate_mode", "crm"), "strict"),
    };
    find_signals(w);

    enum msx_code rc = msx_ready_compile(w, err);

    if (rc) {
        msx_world_free(w);
        return rc;
    }
    *out = w;
    return MSX_OK;
}

void msx_world_unlink(struct msx_world *w)
{
    msx_world_drop_texts(w);
    for (int k = 0; k < MSX_KINDS; k++) {
        for (size_t i = 0; i < w->nrecs[k]; i++)
            json_decref(w->recs[k][i].raw);
        msx_free(w->recs[k]);
        msx_free(w->all[k]);
        w->recs[k] = NULL;
        w->all[k] = NULL;
        w->nrecs[k] = 0;
    }
    w->me = NULL;
    w->by_account = NULL;
    w->param_values = NULL;
    chunk_free(&w->arena);
}

void msx_world_free(struct msx_world *w)
{
    if (!w)
        return;
    msx_world_unlink(w);
    msx_ready_free(w);
    for (int k = 0; k < MSX_KINDS; k++) {
        for (size_t i = 0; i < w->nadded[k]; i++)
            json_decref(w->added[k][i].raw);
        msx_free(w->added[k]);
    }
    msx_free(w->failures);
    msx_free(w->tasks_read);
    msx_free(w->team);
    msx_free(w->options);
    msx_free(w->param_names);
    chunk_free(&w->inputs);
    json_decref(w->roles);
    json_decref(w->stages);
    json_decref(w->readiness);
    json_decref(w->params);
    json_decref(w->state);
    json_decref(w->set);
    json_decref(w->gaps);
    json_decref(w->gap_keys);
    msx_free(w);
}

static const char *const id_fields[MSX_KINDS] = {
    [MSX_K_ACCOUNT] = "accountid",
    [MSX_K_OPP] = "opportunityid",
    [MSX_K_MILESTONE] = "msp_engagementmilestoneid",
    [MSX_K_TASK] = "activityid",
    [MSX_K_USER] = "systemuserid",
};

static enum msx_code add_one(struct msx_world *w, enum msx_kind kind, const json_t *record,
                             struct msx_error *err)
{
    const char *id = msx_json_str(record, id_fields[kind]);

    if (!id || !id[0])
        return msx_fail(err, MSX_E_INVALID, "a record was read without its '%s'", id_fields[kind]);
    id = input_id(w, id);
    if (!id || !GROW(w, w->added[kind], w->nadded[kind], w->capadded[kind]))
        return msx_fail(err, MSX_E_NOMEM, "out of memory");

    struct msx_added *a = &w->added[kind][w->nadded[kind]];

    /* Counting a reference wants a writable value; the record itself is never changed. */
    a->raw = json_incref((json_t *)(uintptr_t)record);
    a->id = id;
    a->seq = w->nadded[kind]++;
    return MSX_OK;
}

enum msx_code msx_world_add(struct msx_world *w, enum msx_kind kind, const json_t *records,
                            struct msx_error *err)
{
    if (json_is_object(records))
        return add_one(w, kind, records, err);
    for (size_t i = 0; i < json_array_size(records); i++) {
        enum msx_code rc = add_one(w, kind, json_array_get(records, i), err);

        if (rc)
            return rc;
    }
    return MSX_OK;
}

void msx_world_tasks_read(struct msx_world *w, const char *milestone_id)
{
    const char *id = input_id(w, milestone_id);

    if (id && GROW(w, w->tasks_read, w->ntasks_read, w->captasks_read))
        w->tasks_read[w->ntasks_read++] = id;
}

void msx_world_not_read(struct msx_world *w, const char *what, const char *id)
{
    if (id && !(id = input_id(w, id)))
        return;
    if (GROW(w, w->failures, w->nfailures, w->capfailures))
        w->failures[w->nfailures++] = (struct msx_failed_read){ .what = what[0], .id = id };
}

enum msx_code msx_world_dealteams(struct msx_world *w, const json_t *rows, struct msx_error *err)
{
    w->team_known = true;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *opp = msx_json_str(row, "_msp_parentopportunityid_value");
        const char *user = msx_json_str(row, "_msp_dealteamuserid_value");
        json_int_t state;

        if (!opp || !user || (msx_json_int(row, "statecode", &state) && state != 0))
            continue;
        opp = input_id(w, opp);
        user = input_id(w, user);
        if (!opp || !user || !GROW(w, w->team, w->nteam, w->capteam))
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        w->team[w->nteam++] = (struct msx_team_row){ .opp = opp, .user = user };
    }
    return MSX_OK;
}

enum msx_code msx_world_options(struct msx_world *w, const char *field, const json_t *options,
                                struct msx_error *err)
{
    for (size_t i = 0; i < json_array_size(options); i++) {
        const json_t *row = json_array_get(options, i);
        const char *label = msx_json_str(row, "label");
        json_int_t code;

        if (!label || !msx_json_int(row, "value", &code))
            continue;

        const char *f = copy(w, &w->inputs, field, strlen(field));
        const char *l = copy(w, &w->inputs, label, strlen(label));

        if (!f || !l || !GROW(w, w->options, w->noptions, w->capoptions))
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        w->options[w->noptions++] = (struct msx_option){ .field = f, .code = code, .label = l };
    }
    return MSX_OK;
}

void msx_world_me(struct msx_world *w, const char *user_id, const char *forced_role)
{
    w->me_id = user_id ? input_id(w, user_id) : NULL;
    w->forced_role = forced_role ? copy(w, &w->inputs, forced_role, strlen(forced_role)) : NULL;
}

enum msx_code msx_world_failed(const struct msx_world *w, struct msx_error *err)
{
    return w->failed ? msx_fail(err, w->failed, "out of memory") : MSX_OK;
}
