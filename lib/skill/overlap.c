/* Text overlap of catalog 1.7: sets of the longer words of two texts. */
#include "skill/signal_priv.h"

#include <string.h>

#include "msxops/text.h"
#include "skill/unicode.h"

struct words { /* a set; the strings stand in the prepared text */
    struct prep prep;
    struct {
        const char *s;
        unsigned len;
    } * slot;
    size_t mask, n;
    bool all; /* short ones too */
    const struct words *without;
};

static size_t slot_of(const struct words *w, const char *s, size_t len)
{
    size_t h = lex_hash(s, len, false) & w->mask;

    while (w->slot[h].s && (w->slot[h].len != len || memcmp(w->slot[h].s, s, len) != 0))
        h = (h + 1) & w->mask;
    return h;
}

static bool holds(const struct words *w, const char *s, size_t len)
{
    return w->slot && w->slot[slot_of(w, s, len)].s;
}

static bool counts(const struct words *w, const struct token *t)
{
    static const char *const stop[] = {
        "with",     "from",      "this",        "that",    "have",  "will",
        "into",     "over",      "under",       "about",   "after", "before",
        "customer", "milestone", "opportunity", "project", "azure", "microsoft",
    };
    const char *p = t->s, *end = t->s + t->len;
    size_t chars = 0;
    bool letter = false;

    while (p < end) {
        letter = msx_u_class(msx_utf8_next(&p, end)) == 'L' || letter;
        chars++;
    }
    if (chars < 4 || !letter)
        return false;
    for (size_t i = 0; i < sizeof stop / sizeof *stop; i++)
        if (token_is(t, stop[i]))
            return false;
    return !w->without || !holds(w->without, t->s, t->len);
}

static void add_word(void *ctx, const struct token *t)
{
    struct words *w = ctx;
    size_t h;

    if (t->barrier || (!w->all && !counts(w, t)))
        return;
    h = slot_of(w, t->s, t->len);
    if (w->slot[h].s)
        return;
    w->slot[h].s = t->s;
    w->slot[h].len = t->len;
    w->n++;
}

static bool take(struct words *w, const char *text)
{
    for (w->mask = 15; w->mask < strlen(text) + 1; w->mask = w->mask * 2 + 1)
        continue; /* words are at most half the bytes: never more than half full */
    w->slot = msx_calloc(w->mask + 1, sizeof *w->slot);
    if (!w->slot)
        return false;
    text_tokens(&w->prep, text, add_word, w);
    return !w->prep.failed;
}

static void release(struct words *w)
{
    prep_release(&w->prep);
    msx_free(w->slot);
}

/* Sizes of the set of a and of what it shares with b. */
static void compare(const char *a, const char *b, const char *account, size_t *of_a, size_t *both)
{
    struct words name = { .all = true }, x = { .without = account ? &name : NULL };
    struct words y = { .without = x.without };

    *of_a = *both = 0;
    if ((!account || take(&name, account)) && take(&x, a) && take(&y, b)) {
        *of_a = x.n;
        for (size_t i = 0; i <= x.mask; i++)
            *both += x.slot[i].s && holds(&y, x.slot[i].s, x.slot[i].len);
    }
    release(&name);
    release(&x);
    release(&y);
}

double msx_text_overlap(const char *a, const char *b, const char *account)
{
    size_t of_a, both;

    compare(a ? a : "", b ? b : "", account, &of_a, &both);
    return of_a ? (double)both / (double)of_a : 0;
}

size_t msx_text_common_words(const char *a, const char *b, const char *account)
{
    size_t of_a, both;

    compare(a ? a : "", b ? b : "", account, &of_a, &both);
    return both;
}
