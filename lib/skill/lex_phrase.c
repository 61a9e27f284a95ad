/* The phrase language of catalog 2.4: `word`, `word*`, `(a/b c/d*)`, `~n`. A phrase is matched as a
 * set of positions, one bit for each token from its start, so that the work is bounded by its own
 * length. */
#include "skill/signal_priv.h"

#include <string.h>

#include "msxops/text.h"

bool grow(void *items_p, size_t n, size_t *cap, size_t size)
{
    size_t want = *cap ? *cap * 2 : 8;
    void *items, *p;

    if (n < *cap)
        return true;
    memcpy(&items, items_p, sizeof items);
    p = msx_realloc(items, want * size);
    if (!p)
        return false;
    memcpy(items_p, &p, sizeof p);
    *cap = want;
    return true;
}

void phrases_release(struct phrases *ps)
{
    for (size_t i = 0; i < ps->n; i++)
        msx_free(ps->list[i].text);
    msx_free(ps->words);
    msx_free(ps->alts);
    msx_free(ps->items);
    msx_free(ps->list);
    *ps = (struct phrases){ 0 };
}

static char *fold_text(const char *text)
{
    struct msx_buf b = MSX_BUF_INIT(4096);
    const char *end = text + strlen(text);

    while (text < end)
        msx_utf8_add(&b, text_fold_char(msx_utf8_next(&text, end)));
    return b.len ? msx_buf_take(&b) : NULL;
}

struct reader {
    struct phrases *ps;
    const char *p;
    const char *why; /* what is wrong */
    size_t span;     /* longest match so far, in tokens */
};

/* One word; false with r->why. */
static bool read_word(struct reader *r)
{
    const char *beg = r->p, *end = beg + strlen(beg);
    struct phrases *ps = r->ps;
    struct word *w;

    while (r->p < end) {
        const char *next = r->p;

        if (!text_token_char(msx_utf8_next(&next, end)))
            break;
        r->p = next;
    }
    if (r->p == beg) {
        r->why = *beg && !strchr(" /()*~", *beg) ? "has a sign that no word holds" : "lacks a word";
        return false;
    }
    if (!grow(&ps->words, ps->n_words, &ps->cap_words, sizeof *ps->words)) {
        r->why = "";
        return false;
    }
    w = &ps->words[ps->n_words++];
    *w = (struct word){ .s = beg, .len = (unsigned short)(r->p - beg), .prefix = *r->p == '*' };
    r->p += w->prefix;
    if (*r->p && !strchr(" /)", *r->p)) {
        r->why = "has a sign that no word holds";
        return false;
    }
    return true;
}

/* Words up to / or ) or, outside a group, one word. */
static bool read_alt(struct reader *r, bool group, size_t *longest)
{
    struct phrases *ps = r->ps;
    unsigned first = (unsigned)ps->n_words;

    if (!grow(&ps->alts, ps->n_alts, &ps->cap_alts, sizeof *ps->alts)) {
        r->why = "";
        return false;
    }
    do {
        r->p += *r->p == ' ';
        if (!read_word(r))
            return false;
    } while (group && *r->p == ' ');
    ps->alts[ps->n_alts++] = (struct alt){ first, (unsigned)ps->n_words - first };
    if (ps->n_words - first > *longest)
        *longest = ps->n_words - first;
    return true;
}

static bool read_group(struct reader *r, size_t *longest)
{
    do {
        r->p++; /* the parenthesis or stroke */
        if (!read_alt(r, true, longest))
            return false;
    } while (*r->p == '/');
    if (*r->p != ')') {
        r->why = "lacks a )";
        return false;
    }
    r->p++;
    if (*r->p && *r->p != ' ') {
        r->why = "lacks a blank after )";
        return false;
    }
    return true;
}

static bool read_gap(struct reader *r, struct item *it)
{
    unsigned n = 0;

    r->p++;
    while (*r->p >= '0' && *r->p <= '9' && n < 100)
        n = n * 10 + (unsigned)(*r->p++ - '0');
    if (n < 1 || n > 20 || (*r->p && *r->p != ' ')) {
        r->why = "wants a number from 1 to 20 after ~";
        return false;
    }
    it->gap = n;
    return true;
}

static bool read_item(struct reader *r, struct phrase *ph)
{
    struct phrases *ps = r->ps;
    struct item it = { .first = (unsigned)ps->n_alts };
    bool after_gap = ps->n_items > ph->first && ps->items[ps->n_items - 1].gap;
    size_t longest = 0;

    if (*r->p == '~') {
        if (ps->n_items == ph->first || after_gap) {
            r->why = after_gap ? "has two ~ in a row" : "begins with ~";
            return false;
        }
        if (!read_gap(r, &it))
            return false;
        longest = it.gap;
    } else if (*r->p == '(' ? !read_group(r, &longest) : !read_alt(r, false, &longest)) {
        return false;
    }
    it.n = (unsigned)ps->n_alts - it.first;
    r->span += longest;
    if (ps->n_items - ph->first == PHRASE_MAX_ITEMS || r->span > PHRASE_MAX_SPAN) {
        r->why = "is too long";
        return false;
    }
    if (!grow(&ps->items, ps->n_items, &ps->cap_items, sizeof *ps->items)) {
        r->why = "";
        return false;
    }
    ps->items[ps->n_items++] = it;
    return true;
}

enum msx_code phrases_add(struct phrases *ps, const char *text, struct msx_error *err)
{
    struct phrase ph = { .name = text, .first = (unsigned)ps->n_items };
    struct reader r = { .ps = ps };

    if (!*text)
        return msx_fail(err, MSX_E_INVALID, "a phrase is empty");
    if (strlen(text) > 1000 || !msx_utf8_valid(text, strlen(text)))
        return msx_fail(err, MSX_E_INVALID, "a phrase is too long or no UTF-8");
    ph.text = fold_text(text);
    if (!ph.text || !grow(&ps->list, ps->n, &ps->cap, sizeof *ps->list)) {
        msx_free(ph.text);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    r.p = ph.text;
    while (!r.why && *r.p) {
        if (read_item(&r, &ph) && *r.p == ' ' && !*++r.p)
            r.why = "ends with a blank";
    }
    if (!r.why && ps->items[ps->n_items - 1].gap)
        r.why = "ends with ~";
    if (r.why) {
        msx_free(ph.text);
        if (!*r.why)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        return msx_fail(err, MSX_E_INVALID, "phrase '%s' %s", text, r.why);
    }
    ph.n = (unsigned)ps->n_items - ph.first;
    ps->list[ps->n++] = ph;
    return MSX_OK;
}

bool word_matches(const struct word *w, const struct token *t)
{
    return !t->barrier && (w->prefix ? t->len >= w->len : t->len == w->len) &&
           !memcmp(w->s, t->s, w->len);
}

static bool alt_matches(const struct phrases *ps, const struct alt *a, const struct token *tok,
                        size_t n, size_t at)
{
    if (at + a->n > n)
        return false;
    for (unsigned i = 0; i < a->n; i++)
        if (!word_matches(&ps->words[a->first + i], &tok[at + i]))
            return false;
    return true;
}

/* Positions after item `it` for each position before it. */
static uint64_t step(const struct phrases *ps, const struct item *it, uint64_t from,
                     const struct token *tok, size_t n, size_t start)
{
    uint64_t to = 0;

    if (it->gap) {
        for (unsigned g = 0; g <= it->gap; g++)
            to |= from << g;
        return to;
    }
    for (unsigned at = 0; from; at++, from >>= 1) {
        if (!(from & 1) || start + at >= n)
            continue;
        for (unsigned a = 0; a < it->n; a++)
            if (alt_matches(ps, &ps->alts[it->first + a], tok, n, start + at))
                to |= (uint64_t)1 << (at + ps->alts[it->first + a].n);
    }
    return to;
}

/* Goes back from `end` through the items and marks the tokens that words matched. */
static uint64_t own_tokens(const struct phrases *ps, const struct phrase *p, const uint64_t *sets,
                           const struct token *tok, size_t n, size_t start, unsigned end)
{
    uint64_t own = 0;

    for (unsigned k = p->n; k-- > 0;) {
        const struct item *it = &ps->items[p->first + k];
        unsigned from = end, words = 0;

        if (it->gap) {
            while (from > 0 && !(sets[k] >> from & 1)) /* the smallest gap */
                from--;
            end = from;
            continue;
        }
        for (unsigned a = 0; a < it->n && !words; a++) {
            const struct alt *alt = &ps->alts[it->first + a];

            if (alt->n <= end && sets[k] >> (end - alt->n) & 1 &&
                alt_matches(ps, alt, tok, n, start + end - alt->n))
                words = alt->n;
        }
        for (unsigned i = 0; i < words; i++)
            own |= (uint64_t)1 << --end;
    }
    return own;
}

size_t phrase_match(const struct phrases *ps, const struct phrase *p, const struct token *tok,
                    size_t n, size_t start, uint64_t *own)
{
    uint64_t sets[PHRASE_MAX_ITEMS + 1] = { 1 };
    unsigned end = 0;

    for (unsigned k = 0; k < p->n; k++) {
        sets[k + 1] = step(ps, &ps->items[p->first + k], sets[k], tok, n, start);
        if (!sets[k + 1])
            return 0;
    }
    while (!(sets[p->n] >> end & 1))
        end++;
    *own = own_tokens(ps, p, sets, tok, n, start, end);
    return end;
}
