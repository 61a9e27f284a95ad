/* Texts on their own: issue class (2.6), polarity of a signal in a text, a phrase in a text. */
#include "skill/signal_priv.h"

#include <string.h>

/* ---- issue class ---- */

struct name { /* words to take out, folded one after the other */
    struct msx_buf text;
    unsigned *ends; /* of each word in text */
    size_t n, cap;
    bool failed;
};

struct classifier {
    const struct msx_lexicon *lx;
    struct matcher matcher;
    unsigned char *seen; /* by phrase, behind them by ere */
    unsigned counts[5];
    enum msx_issue decided;
    struct name minus; /* without words: nothing is left out */
};

static void note_word(void *ctx, const struct token *t)
{
    struct name *nm = ctx;

    if (!grow(&nm->ends, nm->n, &nm->cap, sizeof *nm->ends)) {
        nm->failed = true;
        return;
    }
    msx_buf_add(&nm->text, t->s, t->len);
    nm->ends[nm->n++] = (unsigned)nm->text.len;
}

static bool name_at(const struct name *nm, const struct sentence *s, size_t at)
{
    if (!nm->n || at + nm->n > s->n)
        return false;
    for (size_t i = 0; i < nm->n; i++) {
        unsigned beg = i ? nm->ends[i - 1] : 0, len = nm->ends[i] - beg;
        const struct token *t = &s->tok[at + i];

        if (t->barrier || t->len != len || memcmp(t->s, nm->text.data + beg, len) != 0)
            return false;
    }
    return true;
}

static void on_topic(void *ctx, const struct sentence *s, const struct hit *h)
{
    struct classifier *c = ctx;
    size_t at = h->number + (h->how == HOW_ERE ? c->lx->ps.n : 0);

    (void)s;
    if (h->how == HOW_DENY || c->seen[at])
        return;
    c->seen[at] = 1;
    for (unsigned i = 1; i < 5; i++)
        c->counts[i] += c->lx->issue[i] == h->sig;
}

static void on_sentence(void *ctx, struct sentence *s, bool value)
{
    struct classifier *c = ctx;

    (void)value;
    for (size_t i = 0; i < s->n; i++)
        if (name_at(&c->minus, s, i))
            for (size_t k = 0; k < c->minus.n; k++)
                s->tok[i + k].barrier = true;
    match_sentence(&c->matcher, s);
}

static bool on_marker(void *ctx, enum marker_key key, const char *text, size_t beg, size_t end,
                      size_t value)
{
    struct classifier *c = ctx;
    char word[32];
    size_t n = end - value < sizeof word - 1 ? end - value : sizeof word - 1;
    enum msx_issue issue;

    (void)beg;
    if (key != MK_ISSUE)
        return false;
    memcpy(word, text + value, n);
    word[n] = '\0';
    issue = marker_issue(word);
    if (issue != MSX_ISSUE_NONE)
        c->decided = issue;
    return false;
}

static void classify(struct classifier *c, const char *const *texts, size_t n, const char *minus)
{
    const struct msx_lexicon *lx = c->lx;
    struct walk w = {
        .markers = true, .task = true, .sentence = on_sentence, .marker = on_marker, .ctx = c
    };

    c->matcher = (struct matcher){
        .lx = lx, .only = -1, .topics = true, .judge = JUDGE_NOTHING, .fn = on_topic, .ctx = c
    };
    c->minus = (struct name){ .text = MSX_BUF_INIT((size_t)1 << 20) };
    c->seen = msx_calloc(lx->ps.n + lx->n_eres + 1, 1);
    if (minus && c->seen) {
        text_tokens(&w.prep, minus, note_word, &c->minus);
        if (c->minus.failed || c->minus.text.failed)
            c->minus.n = 0;
    }
    for (size_t i = 0; i < n && c->seen; i++)
        if (texts[i])
            walk_text(&w, texts[i]);
    msx_free(c->seen);
    msx_free(c->minus.ends);
    msx_buf_release(&c->minus.text);
    prep_release(&w.prep);
    matcher_release(&c->matcher);
}

const char *msx_issue_name(enum msx_issue i)
{
    switch (i) {
    case MSX_ISSUE_NONE:
        return "none";
    case MSX_ISSUE_TECHNICAL:
        return "technical";
    case MSX_ISSUE_DELIVERY:
        return "delivery";
    case MSX_ISSUE_COMMERCIAL:
        return "commercial";
    case MSX_ISSUE_ADMIN:
        return "admin";
    }
    return "none";
}

void msx_issue_counts(const struct msx_lexicon *lx, const char *const *texts, size_t n,
                      const char *minus, unsigned counts[5])
{
    struct classifier c = { .lx = lx };

    classify(&c, texts, n, minus);
    memcpy(counts, c.counts, sizeof c.counts);
}

enum msx_issue msx_issue_class(const struct msx_lexicon *lx, const char *const *texts, size_t n,
                               const char *minus)
{
    struct classifier c = { .lx = lx };
    unsigned best = 0;

    classify(&c, texts, n, minus);
    if (c.decided != MSX_ISSUE_NONE)
        return c.decided;
    for (unsigned i = 1; i < 5; i++)
        if (c.counts[i] > c.counts[best])
            best = i;
    return (enum msx_issue)best;
}

/* ---- polarity in a text ---- */

struct judged {
    struct walk walk;
    struct matcher matcher;
    msx_day date; /* of the deciding match */
    enum msx_sigval value;
};

static void on_hit(void *ctx, const struct sentence *s, const struct hit *h)
{
    struct judged *j = ctx;
    enum msx_sigval value = h->yes ? MSX_SIG_YES : MSX_SIG_NO;

    (void)s;
    if (j->value == MSX_SIG_UNKNOWN || j->walk.day > j->date ||
        (j->walk.day == j->date && value == MSX_SIG_NO)) {
        j->value = value;
        j->date = j->walk.day;
    }
}

static void judge_sentence(void *ctx, struct sentence *s, bool value)
{
    struct judged *j = ctx;

    if (!value)
        match_sentence(&j->matcher, s);
}

enum msx_sigval msx_signal_in_text(const struct msx_lexicon *lx, int index, const char *text)
{
    struct judged j = { .walk = { .markers = true, .sentence = judge_sentence },
                        .matcher = { .lx = lx, .only = index, .fn = on_hit },
                        .date = MSX_DAY_NONE };

    j.walk.ctx = j.matcher.ctx = &j;
    if (text)
        walk_text(&j.walk, text);
    prep_release(&j.walk.prep);
    matcher_release(&j.matcher);
    return j.value;
}

/* ---- a phrase in a text ---- */

struct msx_phrase {
    struct phrases ps;
};

enum msx_code msx_phrase_new(const char *text, struct msx_phrase **out, struct msx_error *err)
{
    struct msx_phrase *p = msx_calloc(1, sizeof *p);
    enum msx_code rc;

    if (!p)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = phrases_add(&p->ps, text, err);
    if (rc) {
        msx_phrase_free(p);
        return rc;
    }
    *out = p;
    return MSX_OK;
}

void msx_phrase_free(struct msx_phrase *p)
{
    if (!p)
        return;
    phrases_release(&p->ps);
    msx_free(p);
}

struct seek {
    const struct msx_phrase *p;
    bool found;
};

static void seek_sentence(void *ctx, struct sentence *s, bool value)
{
    struct seek *k = ctx;
    uint64_t own;

    (void)value;
    for (size_t i = 0; i < s->n && !k->found; i++)
        k->found = phrase_match(&k->p->ps, &k->p->ps.list[0], s->tok, s->n, i, &own) > 0;
}

bool msx_phrase_in(const struct msx_phrase *p, const char *text)
{
    struct seek k = { .p = p };
    struct walk w = { .task = true, .sentence = seek_sentence, .ctx = &k };

    walk_text(&w, text);
    prep_release(&w.prep);
    return k.found;
}
