/* Inside of the evidence signals: prepared text, compiled lexicon, markers, analyses. */
#ifndef MSX_SKILL_SIGNAL_PRIV_H
#define MSX_SKILL_SIGNAL_PRIV_H

#include <regex.h>

#include "msxops/buf.h"
#include "msxops/mem.h"
#include "skill/signal.h"

/* ---- text_prep.c: lines, folding, sentences, tokens, clauses (2.2) ---- */

struct token {
    const char *s; /* folded; not terminated */
    unsigned len;
    unsigned fbeg;     /* byte of the folded text */
    unsigned beg, end; /* bytes of the original */
    unsigned short clause;
    bool barrier;       /* a placeholder or words taken out: matches nothing */
    bool removed;       /* by the cancel list: no negator */
    unsigned char role; /* lex_match.c: negator, imperative ... */
};

struct sentence {
    const char
        *folded; /* of the sentence, terminated, leading blanks and its own line date left out */
    size_t len;
    size_t from;        /* where it begins in the folded text; tokens' fbeg count from there too */
    const unsigned *at; /* original byte of each folded byte */
    unsigned beg, end;  /* original bytes of the whole sentence, for excerpts */
    struct token *tok;
    size_t n;
    bool question;
};

struct line {
    size_t beg, end; /* without leading and trailing blanks */
    size_t body;     /* after a bullet and [YYYY-MM-DD] or [YYYY-MM-DD msxops ...] */
    msx_day day;     /* of a leading [YYYY-MM-DD, MSX_DAY_NONE without */
    bool quoted;     /* begins with "> " */
    bool tool;       /* begins with [YYYY-MM-DD msxops */
    bool tag;        /* is [msxops:<rule id>] */
};

struct prep { /* buffers, used again for each sentence */
    char *folded;
    unsigned *at;
    size_t len, cap;
    struct token *tok;
    bool failed; /* out of memory */
};

void prep_release(struct prep *p);
/* The next line of the text from *pos on; false at the end. */
bool text_line(const char *text, size_t *pos, struct line *out);
/* Bullet and date in front of a line or segment: where its text begins. */
size_t text_lead(const char *text, size_t beg, size_t end, struct line *out);
/* Position after the last line that the tool wrote into a task description, 0 without. */
size_t text_tool_end(const char *text);
/* Calls fn for each sentence of the bytes body..end; the first one's excerpt begins at beg. */
void text_sentences(struct prep *p, const char *text, size_t beg, size_t body, size_t end,
                    void (*fn)(void *ctx, struct sentence *s), void *ctx);
/* Calls fn for each token of the folded text, without sentences; placeholders are barriers. */
void text_tokens(struct prep *p, const char *text, void (*fn)(void *ctx, const struct token *t),
                 void *ctx);
bool token_is(const struct token *t, const char *word);
/* One blank for each run of white space; at most max characters around byte `match`. New string. */
char *text_excerpt(const char *text, unsigned beg, unsigned end, unsigned match);
uint32_t text_fold_char(uint32_t cp);
bool text_token_char(uint32_t cp);
/* End of the placeholder that begins at `at`, 0 if none does; *end is where to stop looking. */
size_t placeholder_end(const char *text, size_t at, size_t *end);
size_t blank_at(const char *text, size_t at, size_t end); /* bytes of one blank, 0: none */

/* ---- lex_phrase.c: the phrase language ---- */

#define PHRASE_MAX_ITEMS 16
#define PHRASE_MAX_SPAN  63 /* tokens, so that a set of positions is one 64-bit word */

struct word {
    const char *s;
    unsigned short len;
    bool prefix;
};

struct alt { /* words of one alternative */
    unsigned first, n;
};

struct item {
    unsigned gap;      /* > 0: up to so many tokens in between */
    unsigned first, n; /* alternatives */
};

struct phrase {
    char *text;        /* folded; words point into it */
    const char *name;  /* as written, for messages and evidence; borrowed */
    unsigned first, n; /* items */
};

struct phrases { /* words, alternatives and items of all phrases */
    struct word *words;
    struct alt *alts;
    struct item *items;
    struct phrase *list;
    size_t n_words, cap_words, n_alts, cap_alts, n_items, cap_items, n, cap;
};

void phrases_release(struct phrases *ps);
/* Adds a phrase; its number is ps->n - 1. MSX_E_INVALID says what is wrong with it. */
enum msx_code phrases_add(struct phrases *ps, const char *text, struct msx_error *err);
/* Tokens from `start` that phrase p matches, the fewest; 0 when none. own gets a bit for each token
 * (from start) that one of the phrase's own words matched. */
size_t phrase_match(const struct phrases *ps, const struct phrase *p, const struct token *tok,
                    size_t n, size_t start, uint64_t *own);
bool word_matches(const struct word *w, const struct token *t);
/* Room for one more element of a growing array. */
bool grow(void *items_p, size_t n, size_t *cap, size_t size);

/* ---- lex_load.c: the lexicon ---- */

enum lex_kind { KIND_STATE, KIND_PRESENCE, KIND_CLAIM, KIND_TOPIC };
enum lex_how { HOW_SAY, HOW_ERE, HOW_DENY };

struct lexsig {
    const char *id; /* in doc */
    enum lex_kind kind;
    unsigned in; /* bits of enum msx_field */
    bool opp;
};

struct use { /* what a phrase is for; parallel to phrases.list */
    unsigned short sig;
    unsigned short rank; /* within the signal */
    bool deny;
};

struct ere {
    regex_t re;
    const char *text; /* in doc */
    unsigned short sig, rank;
    bool ready;
    char lits[8][24]; /* one of them is in every match; none: not known */
    size_t n_lits;
};

struct starter { /* phrases that begin with a word */
    const char *s;
    unsigned len;
    bool prefix;
    unsigned first, n; /* in starts */
};

enum marker_sig { /* signals that markers give */
                  MS_BUDGET,
                  MS_AUTHORITY,
                  MS_NEED,
                  MS_TIMELINE,
                  MS_PARTNER,
                  MS_ISD,
                  MS_UNIFIED,
                  MS_CSA,
                  MS_CUSTOMER,
                  MS_OWNER,
                  MS_CAPACITY,
                  MS_ENVIRONMENT,
                  MS_BASELINE,
                  MS_TARGET,
                  MS_METRICS,
                  MS_SUCCESS,
                  MS_INFLUENCE,
                  MS_READY_CSA,
                  MS_READY_CSAM,
                  MS_DEPENDENCY_U,
                  MS_ELIGIBILITY,
                  MS_ACCREDITATION,
                  MS_DISPATCH,
                  MS_CONTINGENCY,
                  MS_BLOCKER,
                  MS_AGREEMENT,
                  MS_VALUE,
                  MS_PLAN,
                  MS_HEALTH,
                  MS_PROOF_DONE,
                  MS_PROOF_FAILED,
                  MS_ARTIFACT,
                  MS_ARCHITECTURE,
                  MS_CONSTRAINT,
                  MS_DEPENDENCY,
                  MS_DELIVERABLE,
                  MS_RISK,
                  MS_EXPANSION,
                  MS_ALIGNED,
                  MS_ROUTED,
                  MS_PRIORITY,
                  MS_FIT,
                  MS_WHY,
                  MS_PROMISED,
                  MS_OUT_OF_SCOPE,
                  MS_CADENCE,
                  MS_STAKEHOLDER,
                  MS_ESCALATION,
                  MS_COUNT
};

struct msx_lexicon {
    json_t *doc; /* merged; owns ids and texts */
    struct lexsig *sigs;
    size_t n_sigs;
    unsigned short *by_id; /* numbers of signals in the order of their ids */
    struct phrases ps;
    struct use *uses;
    struct ere *eres;
    size_t n_eres;
    unsigned *starts; /* numbers of phrases, grouped by starter */
    struct starter *starters;
    size_t n_starters;
    unsigned *hash; /* 1 + number of a starter, 0 free */
    size_t hash_mask;
    uint64_t prefix_lens; /* bit n: some prefix starter has n bytes */
    int marker[MS_COUNT];
    int issue[5]; /* by enum msx_issue, -1 without */
    char sha256[65];
};

extern const char *const marker_sig_ids[MS_COUNT];
bool marker_sig_opp(enum marker_sig s); /* scope, for lexicons that lack the signal */
unsigned lex_hash(const char *s, size_t len, bool prefix);
/* Merge of all documents into one, {version, signals: [...]}, linted. New. */
enum msx_code lex_merge(const json_t *const *docs, const char *const *names, size_t n, json_t **out,
                        struct msx_error *err);

/* ---- lex_match.c: matches in a sentence and their polarity (2.4) ---- */

enum judge {                /* which steps of 2.4 a text is judged by */
             JUDGE_ALL,     /* 1-6 */
             JUDGE_STATED,  /* 1-4: description of a completed task */
             JUDGE_DONE,    /* subject of a completed task: yes */
             JUDGE_OPEN,    /* subject of an open task: no for kind state, 1-6 otherwise */
             JUDGE_NOTHING, /* polarity does not matter: every match counts once for each phrase */
};

struct hit { /* a match with its polarity */
    unsigned short sig, rank;
    unsigned char how; /* enum lex_how */
    bool yes;
    unsigned number;     /* of the phrase, or of the ere */
    unsigned first, end; /* tokens */
    unsigned tbeg, tend; /* original bytes of a text that the match names, equal without */
};

struct raw { /* a match without its polarity */
    struct hit hit;
    uint64_t own;
};

struct matcher {
    const struct msx_lexicon *lx;
    struct raw *raw;
    size_t n_raw, cap_raw;
    unsigned in; /* field bit; 0 = every signal */
    int only;    /* signal, -1 = all */
    bool topics; /* kind topic only */
    bool no_topics;
    enum judge judge;
    bool failed;
    void (*fn)(void *ctx, const struct sentence *s, const struct hit *h);
    void *ctx;
};

void matcher_release(struct matcher *m);
/* Calls fn for each hit: of each signal the first of each polarity in the sentence. */
void match_sentence(struct matcher *m, struct sentence *s);

/* ---- marker.c (2.3) ---- */

enum marker_key {
    MK_BANT,
    MK_DELIVERY,
    MK_DELIVERY_OWNER,
    MK_CAPACITY,
    MK_ENV,
    MK_METRICS,
    MK_OUTCOME,
    MK_SUCCESS,
    MK_INFLUENCE,
    MK_READINESS,
    MK_UNIFIED,
    MK_CONTINGENCY,
    MK_RECOVERY,
    MK_BLOCKER,
    MK_BLOCKED_SINCE,
    MK_COMMITTED,
    MK_STAGE_SINCE,
    MK_AGREEMENT,
    MK_BVA,
    MK_CSP,
    MK_HEALTH,
    MK_PROOF,
    MK_ARCHITECTURE,
    MK_CONSTRAINTS,
    MK_DEPENDENCIES,
    MK_DELIVERABLES,
    MK_RISKS,
    MK_DECISION,
    MK_EXPANSION,
    MK_PRIORITY,
    MK_FIT,
    MK_WHY,
    MK_PROMISED,
    MK_OUT_OF_SCOPE,
    MK_CADENCE,
    MK_OPP_OWNER,
    MK_ISSUE,
    MK_DONE_WHEN,
    MK_SUPPRESS,
    MK_COUNT
};

extern const char *const marker_names[MK_COUNT];
/* Key of the segment body..end, MK_COUNT if it is no marker; *value is where its value begins. */
enum marker_key marker_find(const char *text, size_t body, size_t end, size_t *value);
/* Calls fn for each signal that the marker's value gives; beg..end are bytes of `value`, the text
 * of the signal (empty without). Returns false when the value is neither yes nor no and is to be
 * searched like plain text. */
bool marker_effects(enum marker_key key, const char *value,
                    void (*fn)(void *ctx, enum marker_sig sig, bool yes, size_t beg, size_t end),
                    void *ctx);
enum msx_issue marker_issue(const char *value);
/* Value of a sub-value: its bytes in *beg, *end. False when absent. */
bool marker_sub(const char *value, const char *name, size_t *beg, size_t *end);
/* Is value[beg..end) a no-word? names: no, n, false, open decide only as the whole value. */
bool word_is_no(const char *value, size_t beg, size_t end, bool names);
bool word_is_yes(const char *value, size_t beg, size_t end);

/* ---- text_walk.c: a text taken apart into markers and what the lexicon searches ---- */

struct walk {
    struct prep prep;
    bool markers; /* lines may be markers */
    bool task;    /* what stands above the last line [msxops:<rule id>] was written by the tool */
    /* Of the present line: its own date or that of the nearest line above. */
    msx_day day;
    /* value: a marker's value, which only topics are searched in. NULL: no sentences wanted. */
    void (*sentence)(void *ctx, struct sentence *s, bool value);
    /* Returns true when the segment is to be searched like plain text. May be NULL. */
    bool (*marker)(void *ctx, enum marker_key key, const char *text, size_t beg, size_t end,
                   size_t value);
    void *ctx;
    bool value; /* inside */
};

void walk_text(struct walk *w, const char *text);

/* ---- signal.c ---- */

struct source { /* a text as it was analysed: a field, or one text of the JSON field */
    const struct msx_text *of;
    const char *text;
};

struct match {
    unsigned short sig;
    unsigned char how;
    bool yes;
    unsigned number; /* as in struct hit */
    unsigned src;
    unsigned pos;        /* order within the analysis */
    unsigned sbeg, send; /* sentence, original bytes */
    unsigned beg;        /* where the match begins */
    unsigned tbeg, tend;
    unsigned after; /* tokens of the sentence after the match */
    msx_day date;
};

struct mark {
    enum marker_key key;
    char *value; /* owned */
    unsigned src, pos;
    unsigned beg, end; /* segment, original bytes */
    msx_day date;
};

struct effect { /* of a mark on a signal */
    unsigned short sig;
    bool yes;
    unsigned mark;
    unsigned tbeg, tend; /* bytes of the mark's value */
};

struct msx_analysis {
    const struct msx_lexicon *lx;
    struct msx_text *texts;
    size_t n_texts;
    struct source *src;
    struct match *matches;
    struct mark *marks;
    struct effect *effects;
    size_t n_src, n_matches, n_marks, n_effects;
    size_t cap_src, cap_matches, cap_marks, cap_effects;
    json_t *json; /* texts of the JSON field */
};

/* Objects of the JSON field: {texts: [...], date: day or null} each; NULL when out of memory,
 * an empty array when the field is something else. New. */
json_t *comment_objects(const char *json_text, const struct msx_tz *tz);

#endif
