/* Matches of the lexicon in one sentence, and their polarity by the six steps of catalog 2.4. */
#include "skill/signal_priv.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW   4 /* tokens before and after a match in which a negator counts */
#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *const cancelled[][3] = {
    { "not", "only" },
    { "no", "doubt" },
    { "no", "problem", "with" },
    { "no", "problems", "with" },
    { "no", "issues", "with" },
    { "no", "concerns", "with" },
    { "no", "concerns", "about" },
};
static const char *const pre_words[] = {
    "no",     "not",    "never",   "without", "missing",     "pending", "until",
    "unless", "if",     "whether", "unclear", "unconfirmed", "unknown", "tbd",
    "tbc",    "cannot", "can't",   "don't",   "doesn't",     "didn't",  "isn't",
    "aren't", "wasn't", "won't",   "haven't", "hasn't",
};
static const char *const pre_prefixes[] = { "lack", "await" };
static const char *const pre_pairs[][2] = {
    { "yet", "to" },    { "to", "be" },       { "will", "be" },    { "need", "to" },
    { "needs", "to" },  { "waiting", "for" }, { "waiting", "on" }, { "subject", "to" },
    { "no", "longer" }, { "hope", "to" },     { "plan", "to" },
};
static const char *const post_words[] = {
    "not",    "pending",  "tbd",      "tbc",         "missing", "unclear", "unknown", "unconfirmed",
    "denied", "rejected", "declined", "outstanding", "lapsed",  "expired", "needed",  "required",
};
static const char *const post_pairs[][2] = { { "on", "hold" }, { "at", "risk" }, { "to", "be" } };
static const char *const imperatives[] = {
    "confirm", "get",      "obtain", "check",   "verify",  "validate", "request",
    "ask",     "clarify",  "secure", "define",  "agree",   "collect",  "identify",
    "find",    "schedule", "plan",   "prepare", "arrange", "chase",
};
static const char *const urging[] = { "please", "must", "should" };

static bool among(const struct token *t, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (token_is(t, words[i]))
            return true;
    return false;
}

static bool pair_at(const struct token *a, const struct token *b, const char *const (*pairs)[2],
                    size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (token_is(a, pairs[i][0]) && token_is(b, pairs[i][1]))
            return true;
    return false;
}

static bool pre_negator(const struct token *t)
{
    if (among(t, pre_words, COUNT(pre_words)))
        return true;
    for (size_t i = 0; i < COUNT(pre_prefixes); i++) {
        size_t n = strlen(pre_prefixes[i]);

        if (!t->barrier && t->len >= n && !memcmp(t->s, pre_prefixes[i], n))
            return true;
    }
    return false;
}

enum role { PRE = 1, POST = 2, IMPERATIVE = 4, URGING = 8 };

/* What each token may do to a match, looked up once a sentence. */
static void note_roles(struct sentence *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct token *t = &s->tok[i];

        t->role = (unsigned char)((pre_negator(t) ? PRE : 0) |
                                  (among(t, post_words, COUNT(post_words)) ? POST : 0) |
                                  (among(t, imperatives, COUNT(imperatives)) ? IMPERATIVE : 0) |
                                  (among(t, urging, COUNT(urging)) ? URGING : 0));
    }
}

/* Step 2: tokens of "not only", "no doubt" ... inside one clause do not count as negators. */
static void remove_cancelled(struct sentence *s)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t c = 0; c < COUNT(cancelled); c++) {
            size_t n = 0;

            while (n < 3 && cancelled[c][n] && i + n < s->n &&
                   s->tok[i + n].clause == s->tok[i].clause &&
                   token_is(&s->tok[i + n], cancelled[c][n]))
                n++;
            if (n == 3 || !cancelled[c][n])
                for (size_t k = 0; k < n; k++)
                    s->tok[i + k].removed = true;
        }
}

static bool is_own(const struct raw *r, size_t i)
{
    return i >= r->hit.first && i < r->hit.end &&
           (r->hit.how == HOW_ERE || r->own >> (i - r->hit.first) & 1);
}

/* Step 3. */
static bool negated_before(const struct sentence *s, const struct raw *r)
{
    unsigned short clause = s->tok[r->hit.first].clause;
    const struct token *after = NULL;
    size_t i = r->hit.first;

    for (int left = WINDOW; i-- > 0 && left > 0 && s->tok[i].clause == clause;) {
        const struct token *t = &s->tok[i];

        if (t->removed)
            continue;
        if (t->role & PRE || (after && pair_at(t, after, pre_pairs, COUNT(pre_pairs))))
            return true;
        after = t;
        left--;
    }
    after = NULL;
    for (i = r->hit.end; i-- > r->hit.first;) {
        const struct token *t = &s->tok[i];

        if (t->removed || is_own(r, i)) {
            after = NULL;
            continue;
        }
        if (t->role & PRE || (after && pair_at(t, after, pre_pairs, COUNT(pre_pairs))))
            return true;
        after = t;
    }
    return false;
}

/* Step 4. */
static bool negated_after(const struct sentence *s, const struct raw *r)
{
    unsigned short clause = s->tok[r->hit.end - 1].clause;
    const struct token *before = NULL;
    int left = WINDOW;

    for (size_t i = r->hit.end; i < s->n && left > 0 && s->tok[i].clause == clause; i++) {
        const struct token *t = &s->tok[i];

        if (t->removed)
            continue;
        if (t->role & POST || (before && pair_at(before, t, post_pairs, COUNT(post_pairs))))
            return true;
        before = t;
        left--;
    }
    return false;
}

/* Step 5: the clause asks for what the match speaks of. */
static bool asked_for(const struct sentence *s, const struct raw *r)
{
    unsigned short clause = s->tok[r->hit.first].clause;
    size_t beg = r->hit.first, end = beg;
    const struct token *before = NULL;

    while (beg > 0 && s->tok[beg - 1].clause == clause)
        beg--;
    while (end < s->n && s->tok[end].clause == clause)
        end++;
    for (size_t i = beg; i < end; i++) {
        const struct token *t = &s->tok[i];

        if (t->removed)
            continue;
        if (t->role & IMPERATIVE && !is_own(r, i) && (!before || before->role & URGING))
            return true;
        before = t;
    }
    return false;
}

/* 1 yes, 0 no, -1 ignored. */
static int polarity(const struct matcher *m, const struct sentence *s, const struct raw *r)
{
    enum lex_kind kind = m->lx->sigs[r->hit.sig].kind;

    if (m->judge == JUDGE_NOTHING || kind == KIND_TOPIC)
        return 1;
    if (r->hit.how == HOW_DENY)
        return s->question ? -1 : 0;
    if (m->judge == JUDGE_DONE)
        return 1;
    if (m->judge == JUDGE_OPEN && kind == KIND_STATE)
        return 0;
    if (s->question)
        return -1;
    if (r->hit.tbeg < r->hit.tend && !r->hit.yes) /* the name that it gives is a no-word */
        return 0;
    if (negated_before(s, r) || negated_after(s, r))
        return 0;
    if (m->judge != JUDGE_STATED && kind != KIND_PRESENCE && asked_for(s, r))
        return 0;
    return 1;
}

/* ---- finding ---- */

static void add_raw(struct matcher *m, const struct raw *r)
{
    if (m->failed || !grow(&m->raw, m->n_raw, &m->cap_raw, sizeof *m->raw)) {
        m->failed = true;
        return;
    }
    m->raw[m->n_raw++] = *r;
}

static bool wanted(const struct matcher *m, unsigned sig)
{
    const struct lexsig *s = &m->lx->sigs[sig];

    if (m->only >= 0 && (unsigned)m->only != sig)
        return false;
    if (m->topics != (s->kind == KIND_TOPIC) && (m->topics || m->no_topics))
        return false;
    return !m->in || s->in & m->in;
}

static void try_starter(struct matcher *m, const struct sentence *s, size_t at, size_t len,
                        bool prefix)
{
    const struct msx_lexicon *lx = m->lx;
    const struct token *t = &s->tok[at];

    for (size_t h = lex_hash(t->s, len, prefix) & lx->hash_mask; lx->hash[h];
         h = (h + 1) & lx->hash_mask) {
        const struct starter *g = &lx->starters[lx->hash[h] - 1];

        if (g->len != len || g->prefix != prefix || memcmp(g->s, t->s, len))
            continue;
        for (unsigned i = 0; i < g->n; i++) {
            unsigned number = lx->starts[g->first + i];
            const struct use *u = &lx->uses[number];
            struct raw r = { .hit = { .sig = u->sig,
                                      .rank = u->rank,
                                      .how = u->deny ? HOW_DENY : HOW_SAY,
                                      .number = number,
                                      .first = (unsigned)at } };
            size_t n;

            if (!wanted(m, u->sig))
                continue;
            n = phrase_match(&lx->ps, &lx->ps.list[number], s->tok, s->n, at, &r.own);
            r.hit.end = (unsigned)(at + n);
            if (n)
                add_raw(m, &r);
        }
        return;
    }
}

static void find_phrases(struct matcher *m, const struct sentence *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct token *t = &s->tok[i];
        size_t most = t->len < 62 ? t->len : 62;

        if (t->barrier)
            continue;
        try_starter(m, s, i, t->len, false);
        for (size_t len = 1; len <= most; len++)
            if (m->lx->prefix_lens >> len & 1)
                try_starter(m, s, i, len, true);
    }
}

/* The name that delivery.owner takes from its third group: trimmed original bytes. */
static void take_name(const struct matcher *m, const struct sentence *s, const regmatch_t *g,
                      struct raw *r)
{
    size_t beg = (size_t)g->rm_so, end = (size_t)g->rm_eo;

    (void)m;
    while (beg < end && s->folded[beg] == ' ')
        beg++;
    while (end > beg && s->folded[end - 1] == ' ')
        end--;
    r->hit.tbeg = s->at[s->from + beg];
    r->hit.tend = s->at[s->from + end];
    r->hit.yes = !word_is_no(s->folded, beg, end, true);
}

/* Tokens that bytes so..eo of the folded sentence touch; false when there is none. */
static bool touched(const struct sentence *s, size_t so, size_t eo, struct raw *r)
{
    size_t lo = 0, hi = s->n;

    so += s->from;
    eo += s->from;
    while (lo < hi) { /* the first token that ends behind so */
        size_t mid = lo + (hi - lo) / 2;

        if (s->tok[mid].fbeg + s->tok[mid].len > so)
            hi = mid;
        else
            lo = mid + 1;
    }
    r->hit.first = (unsigned)lo;
    while (lo < s->n && s->tok[lo].fbeg < eo) {
        if (s->tok[lo].barrier)
            return false;
        lo++;
    }
    r->hit.end = (unsigned)lo;
    return r->hit.end > r->hit.first;
}

static bool may_match(const struct ere *e, const char *folded)
{
    for (size_t i = 0; i < e->n_lits; i++)
        if (strstr(folded, e->lits[i]))
            return true;
    return e->n_lits == 0;
}

static void find_ere(struct matcher *m, const struct sentence *s, const struct ere *e)
{
    unsigned number = (unsigned)(e - m->lx->eres);
    regmatch_t g[4];
    size_t at = 0;

    while (at <= s->len && !m->failed &&
           !regexec(&e->re, s->folded + at, 4, g, at ? REG_NOTBOL : 0)) {
        struct raw r = { .hit = {
                             .sig = e->sig, .rank = e->rank, .how = HOW_ERE, .number = number } };
        regmatch_t name = g[3];

        if (touched(s, at + (size_t)g[0].rm_so, at + (size_t)g[0].rm_eo, &r)) {
            if ((int)e->sig == m->lx->marker[MS_OWNER] && name.rm_so >= 0) {
                name.rm_so += (regoff_t)at;
                name.rm_eo += (regoff_t)at;
                take_name(m, s, &name, &r);
            }
            add_raw(m, &r);
        }
        at += (size_t)(g[0].rm_eo > 0 ? g[0].rm_eo : 1);
    }
}

static void find_eres(struct matcher *m, struct sentence *s)
{
    char *folded = (char *)(uintptr_t)s->folded, kept = '\0'; /* the buffer is ours, see prep */

    if (s->len > MSX_ERE_MAX_BYTES) {
        kept = folded[MSX_ERE_MAX_BYTES];
        folded[MSX_ERE_MAX_BYTES] = '\0';
    }
    for (size_t i = 0; i < m->lx->n_eres; i++)
        if (wanted(m, m->lx->eres[i].sig) && may_match(&m->lx->eres[i], folded))
            find_ere(m, s, &m->lx->eres[i]);
    if (kept)
        folded[MSX_ERE_MAX_BYTES] = kept;
}

/* By signal, then start, then say, ere, deny, then the order of the lexicon. */
static int raw_order(const void *a, const void *b)
{
    const struct hit *x = &((const struct raw *)a)->hit, *y = &((const struct raw *)b)->hit;

    if (x->sig != y->sig)
        return x->sig < y->sig ? -1 : 1;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    if (x->how != y->how)
        return x->how < y->how ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* The matches of one signal: those that share a token with a `deny` match are dropped, of the rest
 * the first of each polarity counts. */
static void report(struct matcher *m, const struct sentence *s, const struct raw *r, size_t n)
{
    uint64_t denied[MSX_SENTENCE_MAX_TOKENS / 64 + 1] = { 0 };
    bool seen[2] = { false, false }, topic = m->judge == JUDGE_NOTHING;

    topic = topic || m->lx->sigs[r->hit.sig].kind == KIND_TOPIC;
    for (size_t i = 0; i < n && !topic; i++)
        if (r[i].hit.how == HOW_DENY)
            for (unsigned t = r[i].hit.first; t < r[i].hit.end; t++)
                denied[t / 64] |= (uint64_t)1 << t % 64;
    for (size_t i = 0; i < n && !(seen[0] && seen[1]); i++) {
        struct hit hit = r[i].hit;
        bool dropped = false;
        int yes;

        for (unsigned t = hit.first; t < hit.end && hit.how != HOW_DENY; t++)
            dropped = dropped || denied[t / 64] >> t % 64 & 1;
        yes = dropped ? -1 : polarity(m, s, &r[i]);
        if (yes < 0 || seen[yes])
            continue;
        seen[yes] = m->judge != JUDGE_NOTHING;
        hit.yes = yes;
        m->fn(m->ctx, s, &hit);
    }
}

void matcher_release(struct matcher *m)
{
    msx_free(m->raw);
    m->raw = NULL;
    m->n_raw = m->cap_raw = 0;
}

void match_sentence(struct matcher *m, struct sentence *s)
{
    m->n_raw = 0;
    find_phrases(m, s);
    find_eres(m, s);
    if (m->failed || !m->n_raw)
        return;
    note_roles(s);
    remove_cancelled(s);
    qsort(m->raw, m->n_raw, sizeof *m->raw, raw_order);
    for (size_t i = 0, k; i < m->n_raw; i = k) {
        k = i + 1;
        while (k < m->n_raw && m->raw[k].hit.sig == m->raw[i].hit.sig)
            k++;
        report(m, s, m->raw + i, k - i);
    }
}
