/* Analysis of the texts of one record: every marker and every lexicon match, each once, with the
 * date it counts from. What they say together about a signal is decided in signal.c. */
#include "skill/signal_priv.h"

#include <string.h>

struct analyser {
    struct msx_analysis *a;
    const struct msx_text *t;
    struct walk walk;
    struct matcher matcher;
    unsigned src;
    unsigned pos;
    bool value;     /* the present sentence is a marker's value */
    bool dated;     /* some line of the text is dated */
    msx_day object; /* date of the object in the JSON field */
    bool failed;
};

static msx_day match_date(const struct analyser *z)
{
    switch (z->t->field) {
    case MSX_F_MC:
        return z->dated ? z->walk.day : z->t->date;
    case MSX_F_MJ:
        if (z->walk.day != MSX_DAY_NONE)
            return z->walk.day;
        return z->object != MSX_DAY_NONE ? z->object : z->dated ? MSX_DAY_NONE : z->t->date;
    case MSX_F_TS:
    case MSX_F_TD:
    case MSX_F_WQ:
        return z->t->date;
    case MSX_F_MN:
    case MSX_F_WL:
    case MSX_F_TC:
    case MSX_F_ON:
    case MSX_F_SP:
        break;
    }
    return MSX_DAY_NONE; /* names and labels have no date */
}

static msx_day marker_date(const struct analyser *z)
{
    if (z->t->field == MSX_F_TD)
        return z->walk.day != MSX_DAY_NONE ? z->walk.day : z->t->date;
    return match_date(z);
}

static void on_hit(void *ctx, const struct sentence *s, const struct hit *h)
{
    struct analyser *z = ctx;
    struct msx_analysis *a = z->a;

    if (!grow(&a->matches, a->n_matches, &a->cap_matches, sizeof *a->matches)) {
        z->failed = true;
        return;
    }
    a->matches[a->n_matches++] = (struct match){ .sig = h->sig,
                                                 .how = h->how,
                                                 .yes = h->yes,
                                                 .number = h->number,
                                                 .src = z->src,
                                                 .pos = z->pos++,
                                                 .sbeg = s->beg,
                                                 .send = s->end,
                                                 .beg = s->tok[h->first].beg,
                                                 .tbeg = h->tbeg,
                                                 .tend = h->tend,
                                                 .after = (unsigned)(s->n - h->end),
                                                 .date = match_date(z) };
}

static void on_sentence(void *ctx, struct sentence *s, bool value)
{
    struct analyser *z = ctx;

    z->matcher.topics = value;
    match_sentence(&z->matcher, s);
}

static void on_effect(void *ctx, enum marker_sig sig, bool yes, size_t beg, size_t end)
{
    struct analyser *z = ctx;
    struct msx_analysis *a = z->a;

    if (!grow(&a->effects, a->n_effects, &a->cap_effects, sizeof *a->effects)) {
        z->failed = true;
        return;
    }
    a->effects[a->n_effects++] = (struct effect){ .sig = (unsigned short)a->lx->marker[sig],
                                                  .yes = yes,
                                                  .mark = (unsigned)a->n_marks - 1,
                                                  .tbeg = (unsigned)beg,
                                                  .tend = (unsigned)end };
}

static bool on_marker(void *ctx, enum marker_key key, const char *text, size_t beg, size_t end,
                      size_t value)
{
    struct analyser *z = ctx;
    struct msx_analysis *a = z->a;
    struct mark *m;
    size_t n, stop = end;

    while ((n = blank_at(text, value, end)) > 0)
        value += n;
    while (stop > value && (text[stop - 1] == ' ' || text[stop - 1] == '\t'))
        stop--;
    if (!grow(&a->marks, a->n_marks, &a->cap_marks, sizeof *a->marks)) {
        z->failed = true;
        return false;
    }
    m = &a->marks[a->n_marks];
    *m = (struct mark){ .key = key,
                        .value = msx_strndup(text + value, stop - value),
                        .src = z->src,
                        .pos = z->pos++,
                        .beg = (unsigned)beg,
                        .end = (unsigned)end,
                        .date = marker_date(z) };
    if (!m->value) {
        z->failed = true;
        return false;
    }
    a->n_marks++;
    return !marker_effects(key, m->value, on_effect, z);
}

static enum judge judge_of(const struct msx_text *t)
{
    if (t->field == MSX_F_TS)
        return t->task_state == MSX_TASK_COMPLETED ? JUDGE_DONE : JUDGE_OPEN;
    if (t->field == MSX_F_TD && t->task_state == MSX_TASK_COMPLETED)
        return JUDGE_STATED;
    return JUDGE_ALL;
}

static void add_source(struct analyser *z, const char *text)
{
    struct msx_analysis *a = z->a;
    bool comment = z->t->field == MSX_F_MC || z->t->field == MSX_F_MJ;

    if (!text || !*text)
        return;
    if (!grow(&a->src, a->n_src, &a->cap_src, sizeof *a->src)) {
        z->failed = true;
        return;
    }
    z->src = (unsigned)a->n_src;
    a->src[a->n_src++] = (struct source){ z->t, text };
    z->walk.task = z->t->field == MSX_F_TD;
    z->walk.markers = comment || z->walk.task;
    z->walk.sentence = z->t->task_state == MSX_TASK_CANCELLED ? NULL : on_sentence;
    z->dated = comment && msx_comment_line_date(text) != MSX_DAY_NONE;
    z->matcher.in = MSX_FIELD_BIT(z->t->field);
    z->matcher.judge = judge_of(z->t);
    walk_text(&z->walk, text);
}

static void add_json(struct analyser *z, const struct msx_tz *tz)
{
    json_t *objects = comment_objects(z->t->text, tz), *obj, *text;
    size_t i, k;

    json_array_foreach(objects, i, obj) {
        json_int_t day;

        z->object = msx_json_int(obj, "date", &day) ? (msx_day)day : MSX_DAY_NONE;
        json_array_foreach(json_object_get(obj, "texts"), k, text)
            add_source(z, json_string_value(text));
    }
    if (!z->a->json)
        z->a->json = json_array();
    if (!objects || json_array_append_new(z->a->json, objects)) /* keeps the texts */
        z->failed = true;
}

static void add_text(struct analyser *z, const struct msx_text *t, const struct msx_tz *tz)
{
    z->t = t;
    z->object = MSX_DAY_NONE;
    if (!t->text || strlen(t->text) >= UINT32_MAX / 2)
        return;
    if (t->field == MSX_F_MJ)
        add_json(z, tz);
    else
        add_source(z, t->text);
}

enum msx_code msx_text_analyse(const struct msx_lexicon *lx, const struct msx_text *t, size_t n,
                               const struct msx_tz *tz, struct msx_analysis **out,
                               struct msx_error *err)
{
    struct analyser z = { .walk = { .marker = on_marker },
                          .matcher = { .lx = lx, .only = -1, .fn = on_hit } };
    struct msx_analysis *a = msx_calloc(1, sizeof *a);

    if (!a)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    a->lx = lx;
    a->texts = msx_calloc(n + 1, sizeof *a->texts);
    z.a = a;
    z.walk.ctx = &z;
    z.matcher.ctx = &z;
    z.failed = !a->texts;
    for (size_t i = 0; i < n && !z.failed; i++) {
        a->texts[i] = t[i];
        a->n_texts++;
        add_text(&z, &a->texts[i], tz);
    }
    z.failed = z.failed || z.matcher.failed || z.walk.prep.failed;
    prep_release(&z.walk.prep);
    matcher_release(&z.matcher);
    if (z.failed) {
        msx_analysis_free(a);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    *out = a;
    return MSX_OK;
}

void msx_analysis_free(struct msx_analysis *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->n_marks; i++)
        msx_free(a->marks[i].value);
    msx_free(a->marks);
    msx_free(a->effects);
    msx_free(a->matches);
    msx_free(a->src);
    msx_free(a->texts);
    json_decref(a->json);
    msx_free(a);
}
