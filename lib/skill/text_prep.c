/* Text preparation of catalog 2.2: lines and what stands in front of them, folding, sentences,
 * tokens, clauses. Everything keeps the way back to the original bytes, for excerpts and names. */
#include "skill/signal_priv.h"

#include <string.h>

#include "msxops/text.h"
#include "skill/unicode.h"

#define PLACEHOLDER '\x01' /* stands in folded text for <<...>>; no pattern of ours matches it */

/* ---- characters ---- */

uint32_t text_fold_char(uint32_t cp)
{
    if (cp < 0x80)
        return cp == '`' ? '\'' : cp == PLACEHOLDER ? ' ' : msx_u_lower(cp);
    switch (cp) {
    case 0x2018:
    case 0x2019:
    case 0x201A:
    case 0x201B:
    case 0x2032:
    case 0x00B4:
    case 0x02BC:
        return '\'';
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0x201F:
    case 0x2033:
    case 0x00AB:
    case 0x00BB:
        return '"';
    case 0x2212:
        return '-';
    case 0x00A0:
    case 0x202F:
    case 0x3000:
        return ' ';
    default:
        break;
    }
    if (cp >= 0x2010 && cp <= 0x2015)
        return '-';
    if (cp >= 0x2000 && cp <= 0x200A)
        return ' ';
    return msx_u_lower(cp);
}

size_t blank_at(const char *text, size_t at, size_t end)
{
    const char *p = text + at;
    uint32_t cp;

    if (at >= end)
        return 0;
    if ((unsigned char)*p < 0x80)
        return *p == ' ' || (*p >= '\t' && *p <= '\r');
    cp = msx_utf8_next(&p, text + end);
    return text_fold_char(cp) == ' ' ? (size_t)(p - text) - at : 0;
}

bool text_token_char(uint32_t cp)
{
    if (cp < 0x80)
        return (cp | 32) - 'a' < 26 || cp - '0' < 10 || (cp && strchr("%$+#'", (int)cp));
    return msx_u_class(cp) != 0;
}

bool token_is(const struct token *t, const char *word)
{
    return !t->barrier && strlen(word) == t->len && !memcmp(t->s, word, t->len);
}

size_t placeholder_end(const char *text, size_t at, size_t *end)
{
    if (at + 4 > *end || text[at] != '<' || text[at + 1] != '<')
        return 0;
    for (size_t i = at + 2; i + 1 < *end; i++)
        if (text[i] == '>' && text[i + 1] == '>')
            return i + 2;
    *end = at; /* none further on either: a row of "<<<<" is looked through once */
    return 0;
}

/* ---- lines ---- */

/* Bytes of the line end at `at`, 0 if there is none. */
static size_t newline_at(const char *text, size_t at)
{
    const unsigned char *p = (const unsigned char *)text + at;

    if (*p == '\n' || *p == '\v' || *p == '\f')
        return 1;
    if (*p == '\r')
        return p[1] == '\n' ? 2 : 1;
    if (*p == 0xC2 && p[1] == 0x85)
        return 2;
    return *p == 0xE2 && p[1] == 0x80 && (p[2] == 0xA8 || p[2] == 0xA9) ? 3 : 0;
}

static msx_day day_at(const char *text, size_t at, size_t end)
{
    char day[11];

    if (end - at < 10)
        return MSX_DAY_NONE;
    memcpy(day, text + at, 10);
    day[10] = '\0';
    return text[at + 10] >= '0' && text[at + 10] <= '9' ? MSX_DAY_NONE : msx_day_parse(day);
}

static size_t skip_blanks(const char *text, size_t at, size_t end)
{
    size_t n;

    while ((n = blank_at(text, at, end)) > 0)
        at += n;
    return at;
}

static size_t skip_bullet(const char *text, size_t at, size_t end)
{
    size_t n = 0;

    if (at < end && (text[at] == '-' || text[at] == '*'))
        n = 1;
    else if (end - at > 3 && !memcmp(text + at, "\xE2\x80\xA2", 3))
        n = 3;
    if (!n || !blank_at(text, at + n, end))
        return at;
    return skip_blanks(text, at + n, end);
}

size_t text_lead(const char *text, size_t beg, size_t end, struct line *out)
{
    size_t at = skip_bullet(text, beg, end), close;

    out->day = MSX_DAY_NONE;
    out->tool = false;
    if (at >= end || text[at] != '[')
        return at;
    out->day = day_at(text, at + 1, end);
    if (out->day == MSX_DAY_NONE)
        return at;
    close = at + 11;
    if (end - close > 7 && !memcmp(text + close, " msxops", 7) &&
        (text[close + 7] == ' ' || text[close + 7] == ']')) {
        out->tool = true;
        while (close < end && text[close] != ']')
            close++;
    }
    if (close >= end || text[close] != ']')
        return at;
    return skip_bullet(text, skip_blanks(text, close + 1, end), end);
}

bool text_line(const char *text, size_t *pos, struct line *out)
{
    size_t end = *pos, next;

    if (!text[*pos])
        return false;
    while (text[end] && !newline_at(text, end))
        end++;
    next = end + newline_at(text, end);
    out->beg = skip_blanks(text, *pos, end);
    *pos = next;
    while (end > out->beg && (text[end - 1] == ' ' || text[end - 1] == '\t'))
        end--;
    out->end = end;
    out->quoted = end > out->beg && text[out->beg] == '>' &&
                  (out->beg + 1 == end || blank_at(text, out->beg + 1, end));
    out->tag = end - out->beg > 9 && !memcmp(text + out->beg, "[msxops:", 8) &&
               memchr(text + out->beg, ']', end - out->beg) == text + end - 1;
    out->body = text_lead(text, out->beg, end, out);
    return true;
}

size_t text_tool_end(const char *text)
{
    struct line l;
    size_t pos = 0, last = 0;

    while (text_line(text, &pos, &l))
        if (l.tag)
            last = pos;
    return last;
}

msx_day msx_comment_line_date(const char *comments)
{
    msx_day newest = MSX_DAY_NONE;
    struct line l;
    size_t pos = 0;

    while (comments && text_line(comments, &pos, &l))
        if (l.day != MSX_DAY_NONE && l.day > newest)
            newest = l.day;
    return newest;
}

/* ---- folding ---- */

void prep_release(struct prep *p)
{
    msx_free(p->folded);
    msx_free(p->at);
    msx_free(p->tok);
    *p = (struct prep){ 0 };
}

static bool prep_room(struct prep *p, size_t len)
{
    size_t cap = len + len / 2 + 16; /* lower case takes at most half again as many bytes */
    void *folded, *at;

    if (p->failed)
        return false;
    if (!p->tok)
        p->tok = msx_malloc((MSX_SENTENCE_MAX_TOKENS + 1) * sizeof *p->tok);
    if (p->tok && cap <= p->cap)
        return true;
    folded = msx_realloc(p->folded, cap);
    if (folded)
        p->folded = folded;
    at = msx_realloc(p->at, cap * sizeof *p->at);
    if (at)
        p->at = at;
    p->failed = !folded || !at || !p->tok;
    if (!p->failed)
        p->cap = cap;
    return !p->failed;
}

static void put_char(struct prep *p, uint32_t cp, unsigned at)
{
    char b[4];
    size_t n = 0;

    if (cp < 0x80) {
        b[n++] = (char)cp;
    } else if (cp < 0x800) {
        b[n++] = (char)(0xC0 | cp >> 6);
        b[n++] = (char)(0x80 | (cp & 63));
    } else if (cp < 0x10000) {
        b[n++] = (char)(0xE0 | cp >> 12);
        b[n++] = (char)(0x80 | (cp >> 6 & 63));
        b[n++] = (char)(0x80 | (cp & 63));
    } else {
        b[n++] = (char)(0xF0 | cp >> 18);
        b[n++] = (char)(0x80 | (cp >> 12 & 63));
        b[n++] = (char)(0x80 | (cp >> 6 & 63));
        b[n++] = (char)(0x80 | (cp & 63));
    }
    for (size_t i = 0; i < n; i++) {
        p->folded[p->len] = b[i];
        p->at[p->len++] = at;
    }
}

/* Bad bytes become spaces, so that three bytes of U+FFFD never stand for one. */
static bool fold(struct prep *p, const char *text, size_t beg, size_t end)
{
    const char *s = text + beg, *stop = text + end;
    size_t search = end;

    p->len = 0;
    if (!prep_room(p, end - beg))
        return false;
    while (s < stop) {
        unsigned at = (unsigned)(s - text);
        size_t skip = placeholder_end(text, at, &search);
        uint32_t cp;

        if (skip) {
            p->folded[p->len] = PLACEHOLDER;
            p->at[p->len++] = at;
            s = text + skip;
            continue;
        }
        cp = msx_utf8_next(&s, stop);
        put_char(p, cp == 0xFFFD || !cp ? ' ' : text_fold_char(cp), at);
    }
    p->folded[p->len] = '\0';
    p->at[p->len] = (unsigned)end;
    return true;
}

/* ---- tokens and sentences ---- */

/* One token from folded byte *i on; false when none begins there (and *i is one character on). */
static bool next_token(struct prep *p, size_t *i, struct token *t)
{
    const char *s = p->folded + *i, *stop = p->folded + p->len, *q = s;
    bool barrier = *s == PLACEHOLDER;

    if (barrier) {
        q++;
    } else {
        while (q < stop) {
            const char *r = q;

            if (!text_token_char(msx_utf8_next(&r, stop)))
                break;
            q = r;
        }
        if (q == s) {
            (void)msx_utf8_next(&q, stop);
            *i = (size_t)(q - p->folded);
            return false;
        }
    }
    *t = (struct token){
        .s = s, .len = (unsigned)(q - s), .fbeg = (unsigned)*i, .beg = p->at[*i], .barrier = barrier
    };
    *i = (size_t)(q - p->folded);
    t->end = p->at[*i];
    return true;
}

void text_tokens(struct prep *p, const char *text, void (*fn)(void *ctx, const struct token *t),
                 void *ctx)
{
    struct token t;

    if (!fold(p, text, 0, strlen(text)))
        return;
    for (size_t i = 0; i < p->len;)
        if (next_token(p, &i, &t))
            fn(ctx, &t);
}

static bool ends_clause(const struct token *t)
{
    static const char *const words[] = { "and",   "but",    "however", "although", "though",
                                         "while", "except", "whereas", "then" };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (token_is(t, words[i]))
            return true;
    return false;
}

static bool folded_blank(const struct prep *p, size_t i)
{
    return i >= p->len || p->folded[i] == ' ' || (p->folded[i] >= '\t' && p->folded[i] <= '\r');
}

struct cut { /* where the present sentence stands */
    struct prep *p;
    size_t from;  /* folded byte */
    unsigned beg; /* original byte */
    size_t n;
    unsigned short clause;
    void (*fn)(void *ctx, struct sentence *s);
    void *ctx;
};

static void end_sentence(struct cut *c, size_t to)
{
    struct prep *p = c->p;
    size_t end = to, tail;
    char kept;

    while (end > c->from && folded_blank(p, end - 1))
        end--;
    if (c->n) {
        struct sentence s = { .folded = p->folded + c->from,
                              .len = end - c->from,
                              .from = c->from,
                              .at = p->at,
                              .beg = c->beg,
                              .end = p->at[end],
                              .tok = p->tok,
                              .n = c->n };

        for (tail = end;
             tail > c->from && p->folded[tail - 1] && strchr(".;!?", p->folded[tail - 1]); tail--)
            s.question = s.question || p->folded[tail - 1] == '?';
        kept = p->folded[end];
        p->folded[end] = '\0';
        c->fn(c->ctx, &s);
        p->folded[end] = kept;
    }
    while (to < p->len && folded_blank(p, to))
        to++;
    c->from = to;
    c->beg = p->at[to];
    c->n = 0;
    c->clause = 0;
}

void text_sentences(struct prep *p, const char *text, size_t beg, size_t body, size_t end,
                    void (*fn)(void *ctx, struct sentence *s), void *ctx)
{
    struct cut c = { .p = p, .beg = (unsigned)beg, .fn = fn, .ctx = ctx };

    if (body >= end || !fold(p, text, body, end))
        return;
    while (c.from < p->len && folded_blank(p, c.from))
        c.from++;
    for (size_t i = c.from; i < p->len;) {
        struct token *t = &p->tok[c.n];
        char ch = p->folded[i];

        if (next_token(p, &i, t)) {
            t->clause = c.clause;
            if (ends_clause(t))
                c.clause++;
            if (++c.n == MSX_SENTENCE_MAX_TOKENS)
                end_sentence(&c, i);
        } else if (ch == ',' || ch == ':' || ch == '(' || ch == ')') {
            if (c.n && p->tok[c.n - 1].clause == c.clause)
                c.clause++;
        } else if (ch && strchr(".;!?", ch) && folded_blank(p, i)) {
            end_sentence(&c, i);
        }
    }
    end_sentence(&c, p->len);
}
