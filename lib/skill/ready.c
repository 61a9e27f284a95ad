/* Readiness items RD-* (catalog 4.0.6): conditions from skills/shared/readiness.yaml. */
#include "skill/facts.h"

#include <string.h>

#include "msxops/mem.h"

#define ITEM_SIGNALS 8

struct msx_ready_item {
    const char *id; /* of the document */
    struct msx_cond *when;
    struct msx_cond *when_csam; /* NULL: as when */
    int signals[ITEM_SIGNALS];  /* lexicon indices: evidence of the item */
    size_t nsignals;
};

static enum msx_code compile_form(struct msx_world *w, const json_t *item, const char *key,
                                  struct msx_cond **out, struct msx_error *err)
{
    const char *text = msx_json_str(item, key), *id = msx_json_str(item, "id");
    struct msx_cond_schema schema;
    MSX_AUTO(msx_free_p) char *name = NULL;

    if (!text)
        return MSX_OK;
    name = msx_asprintf("readiness item '%s' %s", id, key);
    if (!name)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    msx_world_schema(w, &schema);
    return msx_cond_compile(text, name, &schema, out, err);
}

struct collector {
    const struct msx_world *w;
    struct msx_ready_item *item;
};

static void add_signal(struct collector *c, const char *id)
{
    int index = id && c->w->lexicon ? msx_lexicon_find(c->w->lexicon, id) : -1;

    if (index < 0 || c->item->nsignals == ITEM_SIGNALS)
        return;
    for (size_t i = 0; i < c->item->nsignals; i++)
        if (c->item->signals[i] == index)
            return;
    c->item->signals[c->item->nsignals++] = index;
}

static void on_call(void *user, const char *func, const char *const *args, size_t argc)
{
    if (!strcmp(func, "recorded") && argc == 2)
        add_signal(user, args[1]);
}

/* Signals that show why an item stands as it does: those it lists, else those its condition names.
 */
static void find_signals(struct collector *c, const json_t *listed)
{
    const char *const *named;
    size_t n;

    for (size_t i = 0; i < json_array_size(listed); i++)
        add_signal(c, json_string_value(json_array_get(listed, i)));
    if (listed)
        return;
    named = msx_cond_signals(c->item->when, &n);
    for (size_t i = 0; i < n; i++)
        add_signal(c, named[i]);
    msx_cond_calls(c->item->when, on_call, c);
}

enum msx_code msx_ready_compile(struct msx_world *w, struct msx_error *err)
{
    const json_t *items = msx_json_arr(w->readiness, "items");
    size_t n = json_array_size(items);

    w->ready_items = msx_calloc(n + 1, sizeof *w->ready_items);
    if (!w->ready_items)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(items, i);
        struct msx_ready_item *r = &w->ready_items[w->nready_items++];
        enum msx_code rc;

        r->id = msx_json_str(item, "id");
        if (!r->id || !msx_json_str(item, "when"))
            return msx_fail(err, MSX_E_INVALID, "readiness item %zu wants 'id' and 'when'", i + 1);
        rc = compile_form(w, item, "when", &r->when, err);
        if (!rc)
            rc = compile_form(w, item, "when_csam", &r->when_csam, err);
        if (rc)
            return rc;
        find_signals(&(struct collector){ w, r }, msx_json_arr(item, "signals"));
    }
    return MSX_OK;
}

void msx_ready_free(struct msx_world *w)
{
    for (size_t i = 0; i < w->nready_items; i++) {
        msx_cond_free(w->ready_items[i].when);
        msx_cond_free(w->ready_items[i].when_csam);
    }
    msx_free(w->ready_items);
    w->ready_items = NULL;
    w->nready_items = 0;
}

static const struct msx_ready_item *find_item(const struct msx_world *w, const char *id)
{
    for (size_t i = 0; i < w->nready_items; i++)
        if (!strcmp(w->ready_items[i].id, id))
            return &w->ready_items[i];
    return NULL;
}

bool msx_ready_known(const struct msx_world *w, const char *id)
{
    return find_item(w, id) != NULL;
}

/* The signal that shows best why the item stands as it does: the first that was seen in M365 only,
 * else the first with evidence, else the first. */
static const struct msx_signal *item_evidence(const struct msx_ready_item *item,
                                              const struct msx_rec *m)
{
    const struct msx_signal *first = NULL, *seen = NULL;

    for (size_t i = 0; i < item->nsignals; i++) {
        const struct msx_signal *s = msx_rec_signal(m, item->signals[i]);

        if (s->m365_only)
            return s;
        if (!first)
            first = s;
        if (!seen && s->value != MSX_SIG_UNKNOWN)
            seen = s;
    }
    return seen ? seen : first;
}

enum msx_tri msx_rec_ready(const struct msx_rec *m, const char *item, bool csam,
                           const struct msx_signal **evidence_out)
{
    const struct msx_ready_item *r = find_item(m->w, item);
    struct msx_cond_scope scope;

    if (evidence_out)
        *evidence_out = r ? item_evidence(r, m) : NULL;
    if (!r)
        return MSX_UNKNOWN;
    msx_world_scope(m->w, &scope);
    msx_world_bind(&scope, m);
    return msx_cond_eval(csam && r->when_csam ? r->when_csam : r->when, &scope, NULL);
}
