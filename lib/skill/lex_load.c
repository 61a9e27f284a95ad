/* Compiling the lexicon: phrases, regular expressions, and the index from a token to the phrases
 * that can begin with it. */
#include "skill/signal_priv.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define ERE_MAX_BYTES 500

const char *const marker_sig_ids[MS_COUNT] = {
    [MS_BUDGET] = "bant.budget",
    [MS_AUTHORITY] = "bant.authority",
    [MS_NEED] = "bant.need",
    [MS_TIMELINE] = "bant.timeline",
    [MS_PARTNER] = "delivery.partner",
    [MS_ISD] = "delivery.isd",
    [MS_UNIFIED] = "delivery.unified",
    [MS_CSA] = "delivery.csa",
    [MS_CUSTOMER] = "delivery.customer",
    [MS_OWNER] = "delivery.owner",
    [MS_CAPACITY] = "capacity.confirmed",
    [MS_ENVIRONMENT] = "environment.ready",
    [MS_BASELINE] = "metrics.baseline",
    [MS_TARGET] = "metrics.target",
    [MS_METRICS] = "metrics.any",
    [MS_SUCCESS] = "success_definition",
    [MS_INFLUENCE] = "influence.se",
    [MS_READY_CSA] = "readiness.csa",
    [MS_READY_CSAM] = "readiness.csam",
    [MS_DEPENDENCY_U] = "unified.dependency",
    [MS_ELIGIBILITY] = "unified.eligibility",
    [MS_ACCREDITATION] = "unified.accreditation",
    [MS_DISPATCH] = "unified.dispatch",
    [MS_CONTINGENCY] = "contingency",
    [MS_BLOCKER] = "blocker",
    [MS_AGREEMENT] = "agreement",
    [MS_VALUE] = "business_value",
    [MS_PLAN] = "success_plan",
    [MS_HEALTH] = "health_metrics",
    [MS_PROOF_DONE] = "proof.done",
    [MS_PROOF_FAILED] = "proof.failed",
    [MS_ARTIFACT] = "proof.artifact",
    [MS_ARCHITECTURE] = "architecture.decision",
    [MS_CONSTRAINT] = "constraint",
    [MS_DEPENDENCY] = "dependency.stated",
    [MS_DELIVERABLE] = "deliverable",
    [MS_RISK] = "risk.stated",
    [MS_EXPANSION] = "expansion",
    [MS_ALIGNED] = "expansion.csam_aligned",
    [MS_ROUTED] = "expansion.routed",
    [MS_PRIORITY] = "priority",
    [MS_FIT] = "commercial_fit",
    [MS_WHY] = "why_bought",
    [MS_PROMISED] = "promised",
    [MS_OUT_OF_SCOPE] = "out_of_scope",
    [MS_CADENCE] = "cadence",
    [MS_STAKEHOLDER] = "stakeholder",
    [MS_ESCALATION] = "escalation_path",
};

bool marker_sig_opp(enum marker_sig s)
{
    switch (s) {
    case MS_SUCCESS:
    case MS_AGREEMENT:
    case MS_VALUE:
    case MS_PLAN:
    case MS_HEALTH:
    case MS_PRIORITY:
    case MS_FIT:
    case MS_WHY:
    case MS_PROMISED:
    case MS_OUT_OF_SCOPE:
    case MS_CADENCE:
    case MS_STAKEHOLDER:
    case MS_ESCALATION:
        return true;
    default:
        return false;
    }
}

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

unsigned lex_hash(const char *s, size_t len, bool prefix)
{
    unsigned h = 2166136261u ^ prefix;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)s[i]) * 16777619u;
    return h;
}

/* ---- regular expressions ---- */

static bool add_literal(struct ere *e, const char *s, size_t n)
{
    if (n < 2 || e->n_lits == sizeof e->lits / sizeof *e->lits)
        return false;
    memcpy(e->lits[e->n_lits++], s, n < sizeof *e->lits ? n : sizeof *e->lits - 1);
    return true;
}

/* Has the expression alternatives outside of all groups? */
static bool top_alternatives(const char *p)
{
    int depth = 0;

    for (; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
        } else if (*p == '[') {
            p += p[1] == '^' ? 2 : 1; /* a ] that comes first is an ordinary one */
            if (*p)
                p++;
            while (*p && *p != ']')
                p++;
            if (!*p)
                return true;
        } else if (*p == '(' || *p == ')') {
            depth += *p == '(' ? 1 : -1;
        } else if (*p == '|' && depth == 0) {
            return true;
        }
    }
    return false;
}

/* Notes texts of which every match of the expression contains one, so that most sentences need no
 * look at it: the literal characters in front, or a group of literal alternatives in front. */
static void find_literals(struct ere *e)
{
    static const char special[] = "\\[](){}.*+?|^$";
    const char *p = e->text;
    bool group = *p == '(', good = !top_alternatives(p);
    size_t n = 0;

    for (p += group; good; p += n + 1) {
        n = strcspn(p, special);
        if (!group && p[n] && strchr("*?{", p[n]))
            n -= n > 0;
        good = add_literal(e, p, n) && (!group || p[n] == '|' || p[n] == ')');
        if (!group || p[n] != '|')
            break;
    }
    if (!good || (group && p[n + 1] && strchr("*?{", p[n + 1])))
        e->n_lits = 0;
}

static enum msx_code compile_ere(struct ere *e, struct msx_error *err)
{
    char why[100];
    locale_t c, old;
    int bad;

    if (!*e->text || strlen(e->text) > ERE_MAX_BYTES)
        return msx_fail(err, MSX_E_INVALID, "an ere is empty or longer than %d bytes",
                        ERE_MAX_BYTES);
    for (const char *p = e->text; *p; p++)
        if (*p == '\\' && p[1]) {
            if (*++p >= '1' && *p <= '9')
                return msx_fail(err, MSX_E_INVALID, "ere '%s' has a back-reference", e->text);
        }
    /* the pattern is made of bytes, whatever the locale of the process */
    c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c == (locale_t)0)
        return no_memory(err);
    old = uselocale(c);
    bad = regcomp(&e->re, e->text, REG_EXTENDED);
    (void)uselocale(old);
    freelocale(c);
    if (bad) {
        (void)regerror(bad, &e->re, why, sizeof why);
        return msx_fail(err, MSX_E_INVALID, "ere '%s': %s", e->text, why);
    }
    e->ready = true;
    find_literals(e);
    return MSX_OK;
}

/* ---- signals ---- */

static unsigned field_bits(const json_t *in)
{
    static const struct {
        const char *code;
        unsigned bits;
    } codes[] = {
        { "MN", MSX_FIELD_BIT(MSX_F_MN) },
        { "MC", MSX_FIELD_BIT(MSX_F_MC) | MSX_FIELD_BIT(MSX_F_MJ) },
        { "WL", MSX_FIELD_BIT(MSX_F_WL) },
        { "TS", MSX_FIELD_BIT(MSX_F_TS) },
        { "TD", MSX_FIELD_BIT(MSX_F_TD) },
        { "TC", MSX_FIELD_BIT(MSX_F_TC) },
        { "ON", MSX_FIELD_BIT(MSX_F_ON) },
        { "SP", MSX_FIELD_BIT(MSX_F_SP) },
        { "WQ", MSX_FIELD_BIT(MSX_F_WQ) },
    };
    unsigned bits = 0;

    if (!in)
        return MSX_FIELD_BIT(MSX_F_MC) | MSX_FIELD_BIT(MSX_F_MJ) | MSX_FIELD_BIT(MSX_F_TS) |
               MSX_FIELD_BIT(MSX_F_TD) | MSX_FIELD_BIT(MSX_F_WQ);
    for (size_t i = 0; i < json_array_size(in); i++)
        for (size_t k = 0; k < sizeof codes / sizeof *codes; k++)
            if (!strcmp(json_string_value(json_array_get(in, i)), codes[k].code))
                bits |= codes[k].bits;
    return bits;
}

static enum lex_kind kind_of(const json_t *sig)
{
    const char *kind = msx_json_str_or(sig, "kind", "state");

    return *kind == 's'   ? KIND_STATE
           : *kind == 'p' ? KIND_PRESENCE
           : *kind == 'c' ? KIND_CLAIM
                          : KIND_TOPIC;
}

static enum msx_code add_phrases(struct msx_lexicon *lx, size_t sig, const json_t *list, bool deny,
                                 size_t *cap, struct msx_error *err)
{
    const json_t *v;
    size_t i;

    json_array_foreach(list, i, v) {
        enum msx_code rc = phrases_add(&lx->ps, json_string_value(v), err);

        if (rc)
            return rc;
        if (!grow(&lx->uses, lx->ps.n - 1, cap, sizeof *lx->uses))
            return no_memory(err);
        lx->uses[lx->ps.n - 1] = (struct use){ (unsigned short)sig, (unsigned short)i, deny };
    }
    return MSX_OK;
}

static enum msx_code add_eres(struct msx_lexicon *lx, size_t sig, const json_t *list, size_t *cap,
                              struct msx_error *err)
{
    const json_t *v;
    size_t i;

    json_array_foreach(list, i, v) {
        struct ere *e;
        enum msx_code rc;

        if (!grow(&lx->eres, lx->n_eres, cap, sizeof *lx->eres))
            return no_memory(err);
        e = &lx->eres[lx->n_eres];
        *e = (struct ere){ .text = json_string_value(v),
                           .sig = (unsigned short)sig,
                           .rank = (unsigned short)i };
        lx->n_eres++;
        rc = compile_ere(e, err);
        if (rc)
            return rc;
    }
    return MSX_OK;
}

static enum msx_code add_signals(struct msx_lexicon *lx, struct msx_error *err)
{
    size_t cap_uses = 0, cap_eres = 0;
    const char *id;
    json_t *sig;

    lx->sigs = msx_calloc(json_object_size(lx->doc) + MS_COUNT, sizeof *lx->sigs);
    if (!lx->sigs)
        return no_memory(err);
    json_object_foreach(lx->doc, id, sig) {
        size_t n = lx->n_sigs++;
        enum msx_code rc = MSX_OK;

        lx->sigs[n] = (struct lexsig){ .id = id,
                                       .kind = kind_of(sig),
                                       .in = field_bits(json_object_get(sig, "in")),
                                       .opp = !strcmp(msx_json_str_or(sig, "scope", ""), "opp") };
        if (json_is_true(json_object_get(sig, "off")))
            continue;
        rc = add_phrases(lx, n, json_object_get(sig, "say"), false, &cap_uses, err);
        if (!rc)
            rc = add_phrases(lx, n, json_object_get(sig, "deny"), true, &cap_uses, err);
        if (!rc)
            rc = add_eres(lx, n, json_object_get(sig, "ere"), &cap_eres, err);
        if (rc)
            return msx_wrap(err, rc, "lexicon: signal '%s'", id);
    }
    /* markers give their signals whether the lexicon searches for them or not */
    for (unsigned s = 0; s < MS_COUNT; s++)
        if (!json_object_get(lx->doc, marker_sig_ids[s]))
            lx->sigs[lx->n_sigs++] = (struct lexsig){ .id = marker_sig_ids[s],
                                                      .kind = KIND_PRESENCE,
                                                      .opp = marker_sig_opp((enum marker_sig)s) };
    return MSX_OK;
}

/* qsort() takes no context; the ids are sorted by hand, there are about a hundred. */
static enum msx_code sort_ids(struct msx_lexicon *lx, struct msx_error *err)
{
    static const char *const issues[] = { "issue.technical", "issue.delivery", "issue.commercial",
                                          "issue.admin" };

    lx->by_id = msx_calloc(lx->n_sigs + 1, sizeof *lx->by_id);
    if (!lx->by_id)
        return no_memory(err);
    for (size_t i = 0; i < lx->n_sigs; i++) {
        size_t k = i;

        for (; k > 0 && strcmp(lx->sigs[lx->by_id[k - 1]].id, lx->sigs[i].id) > 0; k--)
            lx->by_id[k] = lx->by_id[k - 1];
        lx->by_id[k] = (unsigned short)i;
    }
    for (size_t i = 0; i < MS_COUNT; i++)
        lx->marker[i] = msx_lexicon_find(lx, marker_sig_ids[i]);
    lx->issue[MSX_ISSUE_NONE] = -1;
    for (size_t i = 0; i < 4; i++)
        lx->issue[i + 1] = msx_lexicon_find(lx, issues[i]);
    return MSX_OK;
}

/* ---- index by first word ---- */

struct start {
    const struct word *w;
    unsigned phrase;
};

static int start_order(const void *a, const void *b)
{
    const struct start *x = a, *y = b;
    size_t n = x->w->len < y->w->len ? x->w->len : y->w->len;
    int o = memcmp(x->w->s, y->w->s, n);

    if (!o)
        o = x->w->len != y->w->len         ? (x->w->len < y->w->len ? -1 : 1)
            : x->w->prefix != y->w->prefix ? (x->w->prefix ? 1 : -1)
                                           : (x->phrase > y->phrase) - (x->phrase < y->phrase);
    return o;
}

static bool same_start(const struct word *a, const struct word *b)
{
    return a->len == b->len && a->prefix == b->prefix && !memcmp(a->s, b->s, a->len);
}

static enum msx_code make_table(struct msx_lexicon *lx, const struct start *st, size_t n,
                                struct msx_error *err)
{
    lx->starters = msx_calloc(n + 1, sizeof *lx->starters);
    lx->starts = msx_calloc(n + 1, sizeof *lx->starts);
    for (lx->hash_mask = 15; lx->hash_mask < 2 * n; lx->hash_mask = lx->hash_mask * 2 + 1)
        continue;
    lx->hash = msx_calloc(lx->hash_mask + 1, sizeof *lx->hash);
    if (!lx->starters || !lx->starts || !lx->hash)
        return no_memory(err);
    for (size_t i = 0, used = 0; i < n; i++) {
        const struct word *w = st[i].w;
        struct starter *g;

        if (!i || !same_start(w, st[i - 1].w)) {
            size_t h = lex_hash(w->s, w->len, w->prefix) & lx->hash_mask;

            while (lx->hash[h])
                h = (h + 1) & lx->hash_mask;
            g = &lx->starters[lx->n_starters++];
            *g = (struct starter){ w->s, w->len, w->prefix, (unsigned)used, 0 };
            lx->hash[h] = (unsigned)lx->n_starters;
            if (w->prefix)
                lx->prefix_lens |= (uint64_t)1 << (w->len < 63 ? w->len : 63);
        } else if (st[i].phrase == st[i - 1].phrase) {
            continue; /* (go/go live) */
        }
        g = &lx->starters[lx->n_starters - 1];
        g->n++;
        lx->starts[used++] = st[i].phrase;
    }
    return MSX_OK;
}

static enum msx_code make_index(struct msx_lexicon *lx, struct msx_error *err)
{
    struct start *st = msx_calloc(lx->ps.n_alts + 1, sizeof *st);
    enum msx_code rc;
    size_t n = 0;

    if (!st)
        return no_memory(err);
    for (size_t i = 0; i < lx->ps.n; i++) {
        const struct item *it = &lx->ps.items[lx->ps.list[i].first];

        for (unsigned a = 0; a < it->n; a++)
            st[n++] =
                (struct start){ &lx->ps.words[lx->ps.alts[it->first + a].first], (unsigned)i };
    }
    qsort(st, n, sizeof *st, start_order);
    rc = make_table(lx, st, n, err);
    msx_free(st);
    return rc;
}

/* ---- public ---- */

enum msx_code msx_lexicon_new(const json_t *const *docs, const char *const *names, size_t n,
                              struct msx_lexicon **out, struct msx_error *err)
{
    struct msx_lexicon *lx = msx_calloc(1, sizeof *lx);
    char *canonical;
    enum msx_code rc;

    if (!lx)
        return no_memory(err);
    rc = lex_merge(docs, names, n, &lx->doc, err);
    if (!rc)
        rc = add_signals(lx, err);
    if (!rc)
        rc = sort_ids(lx, err);
    if (!rc)
        rc = make_index(lx, err);
    if (!rc) {
        canonical = msx_json_canonical_str(lx->doc);
        if (canonical)
            msx_sha256_hex(canonical, strlen(canonical), lx->sha256);
        else
            rc = no_memory(err);
        msx_free(canonical);
    }
    if (rc) {
        msx_lexicon_free(lx);
        return rc;
    }
    *out = lx;
    return MSX_OK;
}

void msx_lexicon_free(struct msx_lexicon *lx)
{
    if (!lx)
        return;
    for (size_t i = 0; i < lx->n_eres; i++)
        if (lx->eres[i].ready)
            regfree(&lx->eres[i].re);
    phrases_release(&lx->ps);
    msx_free(lx->sigs);
    msx_free(lx->by_id);
    msx_free(lx->uses);
    msx_free(lx->eres);
    msx_free(lx->starts);
    msx_free(lx->starters);
    msx_free(lx->hash);
    json_decref(lx->doc);
    msx_free(lx);
}

const char *msx_lexicon_sha256(const struct msx_lexicon *lx)
{
    return lx->sha256;
}

int msx_lexicon_find(const struct msx_lexicon *lx, const char *id)
{
    size_t lo = 0, hi = lx->n_sigs;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int o = strcmp(id, lx->sigs[lx->by_id[mid]].id);

        if (!o)
            return lx->by_id[mid];
        if (o < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return -1;
}

size_t msx_lexicon_count(const struct msx_lexicon *lx)
{
    return lx->n_sigs;
}

const char *msx_lexicon_id(const struct msx_lexicon *lx, int index)
{
    return lx->sigs[index].id;
}

bool msx_lexicon_is_opp(const struct msx_lexicon *lx, int index)
{
    return lx->sigs[index].opp;
}
