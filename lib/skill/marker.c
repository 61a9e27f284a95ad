/* Structured markers of catalog 2.3: which line is one, what its value says about which signal. */
#include "skill/signal_priv.h"

#include <string.h>

#include "msxops/text.h"

const char *const marker_names[MK_COUNT] = {
    [MK_BANT] = "BANT",
    [MK_DELIVERY] = "Delivery",
    [MK_DELIVERY_OWNER] = "DeliveryOwner",
    [MK_CAPACITY] = "Capacity",
    [MK_ENV] = "Env",
    [MK_METRICS] = "Metrics",
    [MK_OUTCOME] = "Outcome",
    [MK_SUCCESS] = "Success",
    [MK_INFLUENCE] = "Influence",
    [MK_READINESS] = "Readiness",
    [MK_UNIFIED] = "Unified",
    [MK_CONTINGENCY] = "Contingency",
    [MK_RECOVERY] = "Recovery",
    [MK_BLOCKER] = "Blocker",
    [MK_BLOCKED_SINCE] = "BlockedSince",
    [MK_COMMITTED] = "Committed",
    [MK_STAGE_SINCE] = "StageSince",
    [MK_AGREEMENT] = "Agreement",
    [MK_BVA] = "BVA",
    [MK_CSP] = "CSP",
    [MK_HEALTH] = "Health",
    [MK_PROOF] = "Proof",
    [MK_ARCHITECTURE] = "Architecture",
    [MK_CONSTRAINTS] = "Constraints",
    [MK_DEPENDENCIES] = "Dependencies",
    [MK_DELIVERABLES] = "Deliverables",
    [MK_RISKS] = "Risks",
    [MK_DECISION] = "Decision",
    [MK_EXPANSION] = "Expansion",
    [MK_PRIORITY] = "Priority",
    [MK_FIT] = "Fit",
    [MK_WHY] = "WhyBought",
    [MK_PROMISED] = "Promised",
    [MK_OUT_OF_SCOPE] = "OutOfScope",
    [MK_CADENCE] = "Cadence",
    [MK_OPP_OWNER] = "OppOwner",
    [MK_ISSUE] = "Issue",
    [MK_DONE_WHEN] = "Done when",
    [MK_SUPPRESS] = "Suppress",
};
#define COUNT(a) (sizeof(a) / sizeof *(a))

typedef void effect_fn(void *ctx, enum marker_sig sig, bool yes, size_t beg, size_t end);

static bool same_ci(const char *a, size_t n, const char *b)
{
    if (strlen(b) != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int x = a[i] >= 'A' && a[i] <= 'Z' ? a[i] + 32 : a[i];
        int y = b[i] >= 'A' && b[i] <= 'Z' ? b[i] + 32 : b[i];

        if (x != y)
            return false;
    }
    return true;
}

enum marker_key marker_find(const char *text, size_t body, size_t end, size_t *value)
{
    size_t colon = body;

    while (colon < end && colon - body < 16 && text[colon] != ':')
        colon++;
    if (colon >= end || text[colon] != ':')
        return MK_COUNT;
    *value = colon + 1;
    for (unsigned k = 0; k < MK_COUNT; k++)
        if (same_ci(text + body, colon - body, marker_names[k]))
            return (enum marker_key)k;
    return same_ci(text + body, colon - body, "Blockers") ? MK_BLOCKER : MK_COUNT;
}

/* ---- yes and no ---- */

static void trim(const char *s, size_t *beg, size_t *end)
{
    size_t n;

    while ((n = blank_at(s, *beg, *end)) > 0)
        *beg += n;
    while (*end > *beg && (s[*end - 1] == ' ' || (s[*end - 1] >= '\t' && s[*end - 1] <= '\r')))
        --*end;
}

/* The first token of the value, folded, cut to the size; *more: there is another one behind it. */
static void first_token(const char *s, size_t beg, size_t end, char out[32], bool *more)
{
    size_t n = 0, tokens = 0;
    bool inside = false;

    out[0] = '\0';
    while (beg < end && tokens < 2) {
        const char *p = s + beg;
        uint32_t cp = text_fold_char(msx_utf8_next(&p, s + end));
        bool part = text_token_char(cp);

        if (part && !inside)
            tokens++;
        inside = part;
        if (part && tokens == 1 && n < 31)
            out[n++] = (char)(cp < 0x80 ? cp : '~'); /* no word of ours is beyond ASCII */
        beg = (size_t)(p - s);
    }
    out[n] = '\0';
    *more = tokens > 1;
}

static bool among(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(word, list[i]))
            return true;
    return false;
}

bool word_is_no(const char *value, size_t beg, size_t end, bool names)
{
    static const char *const weak[] = { "no", "n", "false", "open" };
    static const char *const strong[] = {
        "missing", "pending", "declined",    "rejected", "parked",
        "tbd",     "tbc",     "unconfirmed", "none",     "nothing"
    };
    char word[32];
    bool more;
    size_t stop = end;

    trim(value, &beg, &end);
    if (beg == end || value[beg] == '?' || placeholder_end(value, beg, &stop))
        return true;
    first_token(value, beg, end, word, &more);
    if (!strcmp(word, "not") && (end - beg == 3 || blank_at(value, beg + 3, end)))
        return true;
    if (among(word, weak, COUNT(weak)))
        return !names || !more;
    return among(word, strong, COUNT(strong));
}

bool word_is_yes(const char *value, size_t beg, size_t end)
{
    static const char *const words[] = { "yes",       "y",        "true",      "ok",
                                         "done",      "ready",    "confirmed", "complete",
                                         "completed", "approved", "aligned",   "agreed",
                                         "linked",    "signed",   "available" };
    char word[32];
    bool more;

    first_token(value, beg, end, word, &more);
    return among(word, words, COUNT(words));
}

bool msx_word_is_no(const char *value)
{
    return !value || word_is_no(value, 0, strlen(value), true);
}

bool msx_word_is_yes(const char *value)
{
    return value && word_is_yes(value, 0, strlen(value));
}

static bool is_none(const char *value, size_t beg, size_t end)
{
    char word[32];
    bool more;

    first_token(value, beg, end, word, &more);
    return !strcmp(word, "none");
}

/* ---- sub-values ---- */

/* Length of "name=" at byte i, 0 when none begins there. */
static size_t sub_at(const char *v, size_t i)
{
    size_t n = 0;

    if (i > 0 && v[i - 1] != ' ' && v[i - 1] != '\t' && v[i - 1] != ';')
        return 0;
    while ((v[i + n] | 32) >= 'a' && (v[i + n] | 32) <= 'z')
        n++;
    return n && v[i + n] == '=' ? n + 1 : 0;
}

/* The first sub-value of a name (any when name is NULL): where its name begins and its value's
 * bytes. */
static bool find_sub(const char *v, const char *name, size_t *at, size_t *beg, size_t *end)
{
    for (size_t i = 0; v[i]; i++) {
        size_t n = sub_at(v, i);

        if (!n || (name && !same_ci(v + i, n - 1, name)))
            continue;
        *at = i;
        *beg = i + n;
        for (*end = *beg; v[*end] && v[*end] != ';'; ++*end)
            if (*end > *beg && sub_at(v, *end))
                break;
        trim(v, beg, end);
        while (*end > *beg && v[*end - 1] == ',')
            --*end;
        return true;
    }
    return false;
}

bool marker_sub(const char *value, const char *name, size_t *beg, size_t *end)
{
    size_t at;

    return find_sub(value, name, &at, beg, end);
}

char *msx_marker_sub(const struct msx_marker *m, const char *name)
{
    size_t beg, end;

    if (!marker_sub(m->value, name, &beg, &end))
        return NULL;
    return msx_strndup(m->value + beg, end - beg);
}

msx_day msx_marker_day(const char *value)
{
    char day[11];

    if (!value || strlen(value) < 10 || (value[10] >= '0' && value[10] <= '9'))
        return MSX_DAY_NONE;
    memcpy(day, value, 10);
    day[10] = '\0';
    return msx_day_parse(day);
}

/* What stands before the first sub-value. */
static size_t main_end(const char *value)
{
    size_t end = strlen(value), from = 0, at, beg, stop;

    if (find_sub(value, NULL, &at, &beg, &stop))
        end = at;
    while (end > 0 && (value[end - 1] == ';' || value[end - 1] == ' '))
        end--;
    trim(value, &from, &end);
    return end;
}

/* ---- effects ---- */

struct sub {
    const char *name;
    enum marker_sig sig;
};

/* Sub-values that are yes, no or without effect. */
static void words(const char *v, const struct sub *subs, size_t n, effect_fn *fn, void *ctx)
{
    for (size_t i = 0; i < n; i++) {
        size_t beg, end;

        if (!marker_sub(v, subs[i].name, &beg, &end))
            continue;
        if (word_is_no(v, beg, end, false))
            fn(ctx, subs[i].sig, false, 0, 0);
        else if (word_is_yes(v, beg, end))
            fn(ctx, subs[i].sig, true, 0, 0);
    }
}

/* A sub-value that is a text: yes unless it is a no-word. Returns 1 yes, 0 no, -1 absent. */
static int text_sub(const char *v, const char *name, enum marker_sig sig, effect_fn *fn, void *ctx)
{
    size_t beg, end;
    bool yes;

    if (!marker_sub(v, name, &beg, &end))
        return -1;
    yes = !word_is_no(v, beg, end, true);
    fn(ctx, sig, yes, beg, yes ? end : beg);
    return yes;
}

static void whole_text(const char *v, enum marker_sig sig, bool names, bool none, effect_fn *fn,
                       void *ctx)
{
    size_t end = strlen(v);
    bool yes = (none && is_none(v, 0, end)) || !word_is_no(v, 0, end, names);

    fn(ctx, sig, yes, 0, yes ? end : 0);
}

static void delivery(const char *v, effect_fn *fn, void *ctx)
{
    static const struct sub paths[] = { { "partner", MS_PARTNER },
                                        { "isd", MS_ISD },
                                        { "unified", MS_UNIFIED },
                                        { "csa", MS_CSA },
                                        { "customer", MS_CUSTOMER } };
    bool named[COUNT(paths)] = { false }, more;
    char word[32];

    for (size_t beg = 0, end; v[beg]; beg = end + (v[end] != '\0')) {
        size_t text = beg, skip, stop = strlen(v);

        for (end = beg; v[end] && v[end] != ',' && v[end] != '+'; end += skip ? 0 : 1) {
            skip = placeholder_end(v, end, &stop); /* it may hold the names as a reminder */
            if (skip)
                end = text = skip;
        }
        first_token(v, text, end, word, &more);
        for (size_t i = 0; i < COUNT(paths); i++)
            named[i] = named[i] || !strcmp(word, paths[i].name);
    }
    for (size_t i = 0; i < COUNT(paths); i++)
        fn(ctx, paths[i].sig, named[i], 0, 0);
}

static void blocker(const char *v, effect_fn *fn, void *ctx)
{
    static const char *const clear[] = { "none",    "no",       "n",       "n/a",     "nil",
                                         "nothing", "resolved", "cleared", "removed", "closed" };
    size_t end = strlen(v);
    bool yes = msx_text_real_chars(v) > 0;

    while (end > 0 && (v[end - 1] == '.' || v[end - 1] == '!'))
        end--;
    for (size_t i = 0; i < COUNT(clear); i++)
        yes = yes && !same_ci(v, end, clear[i]);
    fn(ctx, MS_BLOCKER, yes, 0, yes ? strlen(v) : 0);
}

static void proof(const char *v, effect_fn *fn, void *ctx)
{
    size_t end = main_end(v);
    char word[32];
    bool more;

    (void)text_sub(v, "artifact", MS_ARTIFACT, fn, ctx);
    if (!end && *v)
        return;
    first_token(v, 0, end, word, &more);
    if (!strcmp(word, "failed") || !strcmp(word, "running")) {
        fn(ctx, MS_PROOF_DONE, false, 0, 0);
        fn(ctx, MS_PROOF_FAILED, *word == 'f', 0, 0);
    } else if (word_is_no(v, 0, end, false)) {
        fn(ctx, MS_PROOF_DONE, false, 0, 0);
    } else {
        fn(ctx, MS_PROOF_DONE, true, 0, end);
        if (word_is_yes(v, 0, end))
            fn(ctx, MS_PROOF_FAILED, false, 0, 0);
    }
}

static void expansion(const char *v, effect_fn *fn, void *ctx)
{
    size_t end = main_end(v), beg, stop;
    bool no = end || !*v ? word_is_no(v, 0, end, false) : false;

    fn(ctx, MS_EXPANSION, !no, 0, no ? 0 : end);
    if (marker_sub(v, "csam", &beg, &stop)) {
        char word[32];
        bool more;

        first_token(v, beg, stop, word, &more);
        if (word_is_yes(v, beg, stop))
            fn(ctx, MS_ALIGNED, true, 0, 0);
        else if (strcmp(word, "pending") && word_is_no(v, beg, stop, false))
            fn(ctx, MS_ALIGNED, false, 0, 0);
    }
    (void)text_sub(v, "owner", MS_ROUTED, fn, ctx);
}

static void cadence(const char *v, effect_fn *fn, void *ctx)
{
    size_t end = main_end(v);
    bool no = word_is_no(v, 0, end, false);

    if (end || !*v)
        fn(ctx, MS_CADENCE, !no, 0, no ? 0 : end);
    (void)text_sub(v, "stakeholders", MS_STAKEHOLDER, fn, ctx);
    (void)text_sub(v, "escalation", MS_ESCALATION, fn, ctx);
}

static void metrics(const char *v, effect_fn *fn, void *ctx)
{
    int base = text_sub(v, "baseline", MS_BASELINE, fn, ctx);
    int target = text_sub(v, "target", MS_TARGET, fn, ctx);

    if (base > 0 || target > 0)
        fn(ctx, MS_METRICS, true, 0, 0);
}

static bool yes_no_or_plain(const char *v, enum marker_sig sig, effect_fn *fn, void *ctx)
{
    size_t end = strlen(v);
    bool no = word_is_no(v, 0, end, false);

    if (!no && !word_is_yes(v, 0, end))
        return false;
    fn(ctx, sig, !no, 0, 0);
    return true;
}

bool marker_effects(enum marker_key key, const char *v, effect_fn *fn, void *ctx)
{
    static const struct sub bant[] = {
        { "b", MS_BUDGET }, { "a", MS_AUTHORITY }, { "n", MS_NEED }, { "t", MS_TIMELINE }
    };
    static const struct sub readiness[] = { { "csa", MS_READY_CSA }, { "csam", MS_READY_CSAM } };
    static const struct sub unified[] = { { "dependency", MS_DEPENDENCY_U },
                                          { "eligibility", MS_ELIGIBILITY },
                                          { "accreditation", MS_ACCREDITATION },
                                          { "dispatch", MS_DISPATCH } };
    static const struct sub influence[] = { { "se", MS_INFLUENCE } };
    static const struct { /* the whole value is one text */
        bool is, names, none;
        enum marker_sig sig;
    } whole[MK_COUNT] = {
        [MK_DELIVERY_OWNER] = { true, true, false, MS_OWNER },
        [MK_OUTCOME] = { true, true, false, MS_SUCCESS },
        [MK_SUCCESS] = { true, true, false, MS_SUCCESS },
        [MK_CONTINGENCY] = { true, false, false, MS_CONTINGENCY },
        [MK_AGREEMENT] = { true, false, false, MS_AGREEMENT },
        [MK_BVA] = { true, false, false, MS_VALUE },
        [MK_CSP] = { true, false, false, MS_PLAN },
        [MK_HEALTH] = { true, false, false, MS_HEALTH },
        [MK_ARCHITECTURE] = { true, true, true, MS_ARCHITECTURE },
        [MK_CONSTRAINTS] = { true, true, true, MS_CONSTRAINT },
        [MK_DEPENDENCIES] = { true, true, true, MS_DEPENDENCY },
        [MK_DELIVERABLES] = { true, true, true, MS_DELIVERABLE },
        [MK_RISKS] = { true, true, true, MS_RISK },
        [MK_PRIORITY] = { true, false, false, MS_PRIORITY },
        [MK_FIT] = { true, false, false, MS_FIT },
        [MK_WHY] = { true, true, false, MS_WHY },
        [MK_PROMISED] = { true, true, true, MS_PROMISED },
        [MK_OUT_OF_SCOPE] = { true, true, true, MS_OUT_OF_SCOPE },
    };

    if (whole[key].is) {
        whole_text(v, whole[key].sig, whole[key].names, whole[key].none, fn, ctx);
        return true;
    }
    switch (key) {
    case MK_BANT:
        words(v, bant, COUNT(bant), fn, ctx);
        break;
    case MK_READINESS:
        words(v, readiness, COUNT(readiness), fn, ctx);
        break;
    case MK_UNIFIED:
        words(v, unified, COUNT(unified), fn, ctx);
        break;
    case MK_INFLUENCE:
        words(v, influence, COUNT(influence), fn, ctx);
        break;
    case MK_DELIVERY:
        delivery(v, fn, ctx);
        break;
    case MK_CAPACITY:
        return yes_no_or_plain(v, MS_CAPACITY, fn, ctx);
    case MK_ENV:
        return yes_no_or_plain(v, MS_ENVIRONMENT, fn, ctx);
    case MK_METRICS:
        metrics(v, fn, ctx);
        break;
    case MK_BLOCKER:
        blocker(v, fn, ctx);
        break;
    case MK_PROOF:
        proof(v, fn, ctx);
        break;
    case MK_EXPANSION:
        expansion(v, fn, ctx);
        break;
    case MK_CADENCE:
        cadence(v, fn, ctx);
        break;
    default: /* read by facts and flows, not by signals */
        break;
    }
    return true;
}

enum msx_issue marker_issue(const char *value)
{
    static const char *const names[] = { "technical", "delivery", "commercial", "admin" };
    char word[32];
    bool more;

    first_token(value, 0, strlen(value), word, &more);
    for (unsigned i = 0; i < COUNT(names); i++)
        if (!strcmp(word, names[i]))
            return (enum msx_issue)(i + 1);
    return MSX_ISSUE_NONE;
}
