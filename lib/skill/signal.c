/* Value of a signal over the analyses of a pool of records, catalog 2.1: set by hand, then markers,
 * then the lexicon, then derived. */
#include "skill/signal_priv.h"

#include <stdlib.h>
#include <string.h>

#define CONFLICT_DAYS 30
#define EVIDENCE_MAX  5

struct cand { /* a lexicon match or a marker's effect, with the text it comes from */
    const struct msx_analysis *a;
    const struct match *m;
    const struct effect *e;
    const struct mark *k;
    const struct msx_text *t;
};

struct found { /* of one signal; sorted, the deciding one first */
    struct cand *list;
    size_t n, cap;
    bool failed;
};

/* ---- order ---- */

static int text_order(const char *a, const char *b) /* NULL last */
{
    if (!a || !b)
        return (!a) - (!b);
    return strcmp(a, b);
}

static int rank(enum msx_field f)
{
    switch (f) {
    case MSX_F_MC:
    case MSX_F_MJ:
        return 1;
    case MSX_F_TS:
    case MSX_F_TD:
        return 2;
    case MSX_F_WL:
    case MSX_F_TC:
        return 3;
    case MSX_F_MN:
        return 4;
    case MSX_F_ON:
    case MSX_F_SP:
        return 5;
    case MSX_F_WQ:
        return 6;
    }
    return 7;
}

/* MSX_DAY_NONE is the smallest day: newest first puts it last. */
static int newest_first(msx_day a, msx_day b)
{
    return (a < b) - (a > b);
}

static int match_order(const void *pa, const void *pb)
{
    const struct cand *a = pa, *b = pb;
    int o = newest_first(a->m->date, b->m->date);

    if (!o)
        o = a->m->yes - b->m->yes;
    if (!o)
        o = rank(a->t->field) - rank(b->t->field);
    if (!o)
        o = text_order(a->t->number, b->t->number);
    if (!o)
        o = text_order(a->t->id, b->t->id);
    if (!o)
        o = (int)a->t->field - (int)b->t->field; /* subject before description */
    return o ? o : (a->m->pos > b->m->pos) - (a->m->pos < b->m->pos);
}

static int field_rank(enum msx_field f)
{
    return f == MSX_F_MC ? 0 : f == MSX_F_MJ ? 1 : 2;
}

/* Newest first; of equal dates the later position first: comments, JSON field, tasks by id. */
static int mark_order(const struct mark *a, const struct msx_text *ta, const struct mark *b,
                      const struct msx_text *tb)
{
    int o = newest_first(a->date, b->date);

    if (!o)
        o = field_rank(tb->field) - field_rank(ta->field);
    if (!o && ta->field != MSX_F_TD)
        o = text_order(tb->number, ta->number);
    if (!o)
        o = text_order(tb->id, ta->id);
    return o ? o : (a->pos < b->pos) - (a->pos > b->pos);
}

static int effect_order(const void *pa, const void *pb)
{
    const struct cand *a = pa, *b = pb;
    int o = mark_order(a->k, a->t, b->k, b->t);

    return o ? o : (a->e < b->e) - (a->e > b->e);
}

static void add(struct found *f, const struct cand *c)
{
    if (f->failed || !grow(&f->list, f->n, &f->cap, sizeof *f->list)) {
        f->failed = true;
        return;
    }
    f->list[f->n++] = *c;
}

static void find_matches(int index, const struct msx_analysis *const *pool, size_t n,
                         unsigned fields, struct found *f)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; pool[i] && k < pool[i]->n_matches; k++) {
            struct cand c = { .a = pool[i], .m = &pool[i]->matches[k] };

            if (c.m->sig != index)
                continue;
            c.t = c.a->src[c.m->src].of;
            if (MSX_FIELD_BIT(c.t->field) & fields)
                add(f, &c);
        }
    if (f->n > 1)
        qsort(f->list, f->n, sizeof *f->list, match_order);
}

static void find_effects(int index, const struct msx_analysis *const *pool, size_t n,
                         unsigned fields, struct found *f)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; pool[i] && k < pool[i]->n_effects; k++) {
            struct cand c = { .a = pool[i], .e = &pool[i]->effects[k] };

            if (c.e->sig != index)
                continue;
            c.k = &c.a->marks[c.e->mark];
            c.t = c.a->src[c.k->src].of;
            if (MSX_FIELD_BIT(c.t->field) & fields)
                add(f, &c);
        }
    if (f->n > 1)
        qsort(f->list, f->n, sizeof *f->list, effect_order);
}

/* ---- value ---- */

/* Matches of both polarities dated within 30 days of each other, or one of them undated. */
static bool lexicon_conflict(const struct found *f)
{
    bool seen[2] = { false, false }, undated = false;
    msx_day last[2] = { MSX_DAY_NONE, MSX_DAY_NONE };

    for (size_t i = 0; i < f->n; i++) { /* newest first: the last other one is the nearest */
        const struct match *m = f->list[i].m;
        int yes = m->yes, other = !m->yes;

        undated = undated || m->date == MSX_DAY_NONE;
        if (m->date != MSX_DAY_NONE && last[other] != MSX_DAY_NONE &&
            last[other] - m->date <= CONFLICT_DAYS)
            return true;
        seen[yes] = true;
        last[yes] = m->date;
    }
    return undated && seen[0] && seen[1];
}

static bool marker_conflict(const struct cand *decides, const struct found *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct match *m = f->list[i].m;

        if (m->yes != decides->e->yes && (decides->k->date == MSX_DAY_NONE ||
                                          m->date == MSX_DAY_NONE || m->date >= decides->k->date))
            return true;
    }
    return false;
}

static bool take_text(struct msx_signal *s, const char *text, size_t beg, size_t end)
{
    if (beg >= end)
        return true;
    s->text = msx_strndup(text + beg, end - beg);
    return s->text;
}

static bool by_marker(const struct found *effects, const struct found *matches,
                      struct msx_signal *s)
{
    const struct cand *c = &effects->list[0];

    s->value = c->e->yes ? MSX_SIG_YES : MSX_SIG_NO;
    s->via = MSX_VIA_MARKER;
    s->conflict = marker_conflict(c, matches);
    return take_text(s, c->k->value, c->e->tbeg, c->e->tend);
}

static bool by_lexicon(const struct found *matches, struct msx_signal *s)
{
    const struct cand *c = &matches->list[0];

    s->value = c->m->yes ? MSX_SIG_YES : MSX_SIG_NO;
    s->via = MSX_VIA_LEXICON;
    s->conflict = lexicon_conflict(matches);
    s->m365_only = c->t->field == MSX_F_WQ;
    for (size_t i = 0; i < matches->n; i++)
        if (matches->list[i].m->yes == c->m->yes && matches->list[i].t->field != MSX_F_WQ)
            s->m365_only = false;
    return !c->m->yes || take_text(s, c->a->src[c->m->src].text, c->m->tbeg, c->m->tend);
}

static bool by_hand(const struct msx_sigset *set, struct msx_signal *s)
{
    bool no = !strcmp(set->value, "no");

    s->value = no ? MSX_SIG_NO : MSX_SIG_YES;
    s->via = MSX_VIA_SET;
    return no || !strcmp(set->value, "yes") || take_text(s, set->value, 0, strlen(set->value));
}

static enum msx_code evaluate(int index, const struct msx_analysis *const *pool, size_t n,
                              unsigned fields, const struct msx_sigset *set,
                              enum msx_sigval derived, struct msx_signal *out,
                              struct msx_error *err)
{
    struct found effects = { 0 }, matches = { 0 };
    struct msx_signal s = { .value = MSX_SIG_UNKNOWN };
    bool ok = true;

    if (set && set->value) {
        ok = by_hand(set, &s);
    } else {
        find_effects(index, pool, n, fields, &effects);
        find_matches(index, pool, n, fields, &matches);
        ok = !effects.failed && !matches.failed;
        if (ok && effects.n) {
            ok = by_marker(&effects, &matches, &s);
        } else if (ok && matches.n) {
            ok = by_lexicon(&matches, &s);
        } else if (derived != MSX_SIG_UNKNOWN) {
            s.value = derived;
            s.via = MSX_VIA_DERIVED;
        }
    }
    msx_free(effects.list);
    msx_free(matches.list);
    if (!ok)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = s;
    return MSX_OK;
}

enum msx_code msx_signal_eval(const struct msx_lexicon *lx, int index,
                              const struct msx_analysis *const *pool, size_t n,
                              const struct msx_sigset *set, enum msx_sigval derived,
                              struct msx_signal *out, struct msx_error *err)
{
    (void)lx; /* the analyses were made with it */
    return evaluate(index, pool, n, ~0u, set, derived, out, err);
}

void msx_signal_release(struct msx_signal *s)
{
    msx_free(s->text);
    json_decref(s->evidence);
    *s = (struct msx_signal){ .value = MSX_SIG_UNKNOWN };
}

enum msx_sigval msx_signal_in_task(const struct msx_lexicon *lx, int index,
                                   const struct msx_analysis *task)
{
    struct msx_signal s = { .value = MSX_SIG_UNKNOWN };
    enum msx_sigval value = MSX_SIG_UNKNOWN;

    (void)lx;
    if (!evaluate(index, &task, 1, MSX_FIELD_BIT(MSX_F_TS) | MSX_FIELD_BIT(MSX_F_TD), NULL,
                  MSX_SIG_UNKNOWN, &s, NULL))
        value = s.value;
    msx_signal_release(&s);
    return value;
}

bool msx_signal_positive(int index, const struct msx_analysis *const *pool, size_t n,
                         unsigned fields)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; pool[i] && k < pool[i]->n_matches; k++) {
            const struct match *m = &pool[i]->matches[k];

            if (m->sig == index && m->yes && MSX_FIELD_BIT(pool[i]->src[m->src].of->field) & fields)
                return true;
        }
    return false;
}

bool msx_blocker_has_cause(const struct msx_lexicon *lx, const struct msx_analysis *task)
{
    for (size_t k = 0; k < task->n_matches; k++) {
        const struct match *m = &task->matches[k];
        enum msx_field f = task->src[m->src].of->field;

        if (m->sig == lx->marker[MS_BLOCKER] && m->yes && m->after >= 3 &&
            (f == MSX_F_TS || f == MSX_F_TD))
            return true;
    }
    return false;
}

/* ---- evidence ---- */

static json_t *object(const char *source, const char *via, const char *signal, bool yes,
                      const struct msx_text *t)
{
    json_t *o = json_object();

    (void)json_object_set_new(o, "source", json_string(source));
    (void)json_object_set_new(o, "via", json_string(via));
    (void)json_object_set_new(o, "signal", json_string(signal));
    (void)json_object_set_new(o, "polarity", json_string(yes ? "yes" : "no"));
    (void)msx_json_set_str(o, "entity", t ? t->entity : NULL);
    (void)msx_json_set_str(o, "id", t ? t->id : NULL);
    (void)msx_json_set_str(o, "number", t ? t->number : NULL);
    (void)msx_json_set_str(o, "field", t ? t->crm_field : NULL);
    return o;
}

static int finish(json_t *list, json_t *o, const char *excerpt, msx_day date, const char *phrase)
{
    char day[11];

    msx_day_format(date, day);
    (void)msx_json_set_str(o, "excerpt", excerpt);
    (void)msx_json_set_str(o, "date", *day ? day : NULL);
    (void)msx_json_set_str(o, "phrase", phrase);
    return json_array_append_new(list, o);
}

static const char *phrase_of(const struct msx_lexicon *lx, const struct match *m)
{
    return m->how == HOW_ERE ? lx->eres[m->number].text : lx->ps.list[m->number].name;
}

static int add_effect(const struct msx_lexicon *lx, const struct cand *c, const char *id,
                      json_t *list)
{
    char *excerpt = text_excerpt(c->a->src[c->k->src].text, c->k->beg, c->k->end, c->k->beg);
    int bad = !excerpt || finish(list, object("crm", "marker", id, c->e->yes, c->t), excerpt,
                                 c->k->date, marker_names[c->k->key]);

    (void)lx;
    msx_free(excerpt);
    return bad;
}

static int add_match(const struct msx_lexicon *lx, const struct cand *c, const char *id,
                     json_t *list)
{
    const struct match *m = c->m;
    char *excerpt = text_excerpt(c->a->src[m->src].text, m->sbeg, m->send, m->beg);
    const char *source = c->t->field == MSX_F_WQ ? "m365" : "crm";
    int bad = !excerpt || finish(list, object(source, "lexicon", id, m->yes, c->t), excerpt,
                                 m->date, phrase_of(lx, m));

    msx_free(excerpt);
    return bad;
}

enum msx_code msx_signal_explain(const struct msx_lexicon *lx, int index,
                                 const struct msx_analysis *const *pool, size_t n,
                                 const struct msx_sigset *set, struct msx_signal *s,
                                 struct msx_error *err)
{
    struct found effects = { 0 }, matches = { 0 };
    const char *id = lx->sigs[index].id;
    json_t *list;
    int bad;

    if (s->evidence)
        return MSX_OK;
    list = json_array();
    find_effects(index, pool, n, ~0u, &effects);
    find_matches(index, pool, n, ~0u, &matches);
    bad = !list || effects.failed || matches.failed;
    if (!bad && set && set->value)
        bad = finish(list, object("param", "set", id, strcmp(set->value, "no") != 0, NULL),
                     set->reason ? set->reason : set->value, MSX_DAY_NONE, NULL);
    for (size_t i = 0; i < effects.n && !bad && json_array_size(list) < EVIDENCE_MAX; i++)
        bad = add_effect(lx, &effects.list[i], id, list);
    for (size_t i = 0; i < matches.n && !bad && json_array_size(list) < EVIDENCE_MAX; i++)
        bad = add_match(lx, &matches.list[i], id, list);
    if (!bad && s->via == MSX_VIA_DERIVED)
        bad = finish(list, object("derived", "derived", id, s->value == MSX_SIG_YES, NULL), NULL,
                     MSX_DAY_NONE, NULL);
    msx_free(effects.list);
    msx_free(matches.list);
    if (bad) {
        json_decref(list);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    s->evidence = list;
    return MSX_OK;
}

/* ---- markers ---- */

static enum marker_key key_of(const char *key)
{
    for (unsigned k = 0; k < MK_COUNT; k++)
        if (!strcmp(key, marker_names[k]))
            return (enum marker_key)k;
    return MK_COUNT;
}

static struct msx_marker marker_of(const struct cand *c)
{
    return (struct msx_marker){
        .key = marker_names[c->k->key], .value = c->k->value, .date = c->k->date, .source = c->t
    };
}

/* The newest marker of the key that comes after `last` in the order (NULL: the newest of all). */
static bool next_marker(const struct msx_analysis *const *pool, size_t n, enum marker_key key,
                        const struct cand *last, struct cand *out)
{
    bool got = false;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; pool[i] && k < pool[i]->n_marks; k++) {
            struct cand c = { .a = pool[i], .k = &pool[i]->marks[k] };

            if (c.k->key != key)
                continue;
            c.t = c.a->src[c.k->src].of;
            if (last && mark_order(c.k, c.t, last->k, last->t) <= 0)
                continue;
            if (got && mark_order(c.k, c.t, out->k, out->t) >= 0)
                continue;
            *out = c;
            got = true;
        }
    return got;
}

bool msx_marker_newest(const struct msx_analysis *const *pool, size_t n, const char *key,
                       struct msx_marker *out)
{
    struct cand c;

    if (!next_marker(pool, n, key_of(key), NULL, &c))
        return false;
    *out = marker_of(&c);
    return true;
}

void msx_marker_each(const struct msx_analysis *const *pool, size_t n, const char *key,
                     bool (*fn)(void *user, const struct msx_marker *m), void *user)
{
    struct cand c, last;
    bool more = next_marker(pool, n, key_of(key), NULL, &c);

    while (more) {
        struct msx_marker m = marker_of(&c);

        if (!fn(user, &m))
            return;
        last = c;
        more = next_marker(pool, n, key_of(key), &last, &c);
    }
}
