/* Evidence signals: catalog section 2. Text preparation, markers, lexicon, precedence. Works on
 * pools of text sources; knows nothing of CRM beyond field codes. */
#ifndef MSX_SKILL_SIGNAL_H
#define MSX_SKILL_SIGNAL_H

#include "msxops/date.h"
#include "msxops/json.h"

/* ---- lexicon (data: skills/lexicon.yaml, merged with user files by signal id) ---- */
struct msx_lexicon;
/* docs: parsed YAML documents, first the default, then user files. MSX_E_INVALID names signal and
 * phrase. The lexicon is read-only afterwards and may be shared by threads. */
enum msx_code msx_lexicon_new(const json_t *const *docs, const char *const *names, size_t n,
                              struct msx_lexicon **out, struct msx_error *err) MSX_MUST_CHECK;
void msx_lexicon_free(struct msx_lexicon *lx);
const char *msx_lexicon_sha256(const struct msx_lexicon *lx); /* 64 hex digits of canonical form */
/* Index of a signal id, -1 when unknown; ids include those that only markers give (2.3). */
int msx_lexicon_find(const struct msx_lexicon *lx, const char *id);
size_t msx_lexicon_count(const struct msx_lexicon *lx);
const char *msx_lexicon_id(const struct msx_lexicon *lx, int index);
bool msx_lexicon_is_opp(const struct msx_lexicon *lx, int index); /* scope: opp */

/* ---- text sources ---- */
/* MJ: text is the raw field; its objects become texts of their own, dated by the object (2.2), and
 * by `date` where the object has none. Markers are read in MC, MJ and TD. */
enum msx_field {
    MSX_F_MN,
    MSX_F_MC,
    MSX_F_MJ /* comments JSON field */,
    MSX_F_WL,
    MSX_F_TS,
    MSX_F_TD,
    MSX_F_TC,
    MSX_F_ON,
    MSX_F_SP,
    MSX_F_WQ
};
enum msx_task_state { MSX_TASK_NONE, MSX_TASK_OPEN, MSX_TASK_COMPLETED, MSX_TASK_CANCELLED };
#define MSX_FIELD_BIT(f) (1u << (f))
struct msx_text { /* one text of one record; borrowed until its analysis is freed */
    enum msx_field field;
    const char *text;
    const char *entity;    /* "msp_engagementmilestone", "task", ... */
    const char *id;        /* record id */
    const char *number;    /* milestone number or NULL */
    const char *crm_field; /* "msp_forecastcomments", "subject", ... for the evidence object */
    msx_day date; /* t.touched for tasks, m.comment_date for wholly undated comments, sentence
                   * date for WQ; MSX_DAY_NONE = undated */
    enum msx_task_state task_state;
};

/* Texts of one record analysed once: markers and all lexicon matches. Regular expressions see the
 * first MSX_ERE_MAX_BYTES of a sentence; a sentence of more than MSX_SENTENCE_MAX_TOKENS is cut
 * into several. The array t is copied, its strings are borrowed. */
#define MSX_ERE_MAX_BYTES       4096
#define MSX_SENTENCE_MAX_TOKENS 1000
struct msx_analysis;
enum msx_code msx_text_analyse(const struct msx_lexicon *lx, const struct msx_text *t, size_t n,
                               const struct msx_tz *tz, struct msx_analysis **out,
                               struct msx_error *err) MSX_MUST_CHECK;
void msx_analysis_free(struct msx_analysis *a);

enum msx_sigval { MSX_SIG_UNKNOWN, MSX_SIG_YES, MSX_SIG_NO };
enum msx_sigvia { MSX_VIA_NONE, MSX_VIA_SET, MSX_VIA_MARKER, MSX_VIA_LEXICON, MSX_VIA_DERIVED };
struct msx_signal { /* one signal of one record; text and evidence owned, release when done */
    enum msx_sigval value;
    enum msx_sigvia via;
    bool conflict;
    bool m365_only;   /* source: "m365" of 2.1 */
    char *text;       /* delivery owner's name, recovery date text ...; or NULL */
    json_t *evidence; /* array of evidence objects (2.4), at most 5: msx_signal_explain() */
};
/* --set parameters of this record: text NULL = not set. */
struct msx_sigset {
    const char *value; /* yes, no or text; NULL = not set */
    const char *reason;
};
/**
 * Value of one signal over a pool of analyses (2.1 levels 1-3; derived evidence is the caller's:
 * pass its value in `derived`).
 */
enum msx_code msx_signal_eval(const struct msx_lexicon *lx, int index,
                              const struct msx_analysis *const *pool, size_t n,
                              const struct msx_sigset *set, enum msx_sigval derived,
                              struct msx_signal *out, struct msx_error *err) MSX_MUST_CHECK;
void msx_signal_release(struct msx_signal *s);
/* Fill s->evidence (does nothing when it is there): same arguments as msx_signal_eval(). In the
 * order of precedence: set, markers newest first, lexicon candidates, derived. Eval leaves it NULL
 * because most values are only compared. */
enum msx_code msx_signal_explain(const struct msx_lexicon *lx, int index,
                                 const struct msx_analysis *const *pool, size_t n,
                                 const struct msx_sigset *set, struct msx_signal *s,
                                 struct msx_error *err) MSX_MUST_CHECK;
/* Is there a positive lexicon match of the signal in one of the fields (MSX_FIELD_BIT)? */
bool msx_signal_positive(int index, const struct msx_analysis *const *pool, size_t n,
                         unsigned fields);

/* Newest marker of a key ("Recovery", "BlockedSince", "Committed", "StageSince", "OppOwner",
 * "Issue", "Suppress", "Decision", "Done when", "Blocker" ...) over a pool by 2.1's order, or
 * false. text and sub-values are borrowed from the analysis. */
struct msx_marker {
    const char *key;   /* canonical spelling */
    const char *value; /* original text after the colon, trimmed */
    msx_day date;      /* of its line; MSX_DAY_NONE undated */
    const struct msx_text *source;
};
bool msx_marker_newest(const struct msx_analysis *const *pool, size_t n, const char *key,
                       struct msx_marker *out);
/* Calls fn for every marker of the key, newest first. */
void msx_marker_each(const struct msx_analysis *const *pool, size_t n, const char *key,
                     bool (*fn)(void *user, const struct msx_marker *m), void *user);
/* Sub-value "owner" of "owner=Ana date=2026-03-02"; new string or NULL when absent. */
char *msx_marker_sub(const struct msx_marker *m, const char *name);
/* The day that a marker's value or sub-value begins with, as in "2026-02-20 by mail"; value may be
 * NULL. */
msx_day msx_marker_day(const char *value);
/* No-words of 2.3, placeholders and empty included, as for names: "no", "n", "false" and "open"
 * only as the whole value. */
bool msx_word_is_no(const char *value);
bool msx_word_is_yes(const char *value); /* its first token is a yes-word */
bool msx_text_has_placeholder(const char *text);
/* Characters of the text outside placeholders, white space at the ends not counted. */
size_t msx_text_real_chars(const char *text);
/* Newest date of a leading [YYYY-MM-DD of any line of the comments, MSX_DAY_NONE if none. */
msx_day msx_comment_line_date(const char *comments);
/* Texts and newest date found in the JSON comments field (2.2); texts: new array of strings. */
enum msx_code msx_comment_json(const char *json_text, const struct msx_tz *tz, json_t **texts,
                               msx_day *newest, struct msx_error *err) MSX_MUST_CHECK;

/* Polarity of a signal in a given text judged as a comment: matches(signal; text) of 0.4. */
enum msx_sigval msx_signal_in_text(const struct msx_lexicon *lx, int index, const char *text);
/* The same, over one task alone (its markers, else lexicon over subject and description): 1.6. */
enum msx_sigval msx_signal_in_task(const struct msx_lexicon *lx, int index,
                                   const struct msx_analysis *task);
/* t.blocker_text's second half: a positive blocker match followed by >= 3 tokens in its sentence.
 */
bool msx_blocker_has_cause(const struct msx_lexicon *lx, const struct msx_analysis *task);

/* ---- issue class (2.6) and overlap (1.7) ---- */
enum msx_issue {
    MSX_ISSUE_NONE,
    MSX_ISSUE_TECHNICAL,
    MSX_ISSUE_DELIVERY,
    MSX_ISSUE_COMMERCIAL,
    MSX_ISSUE_ADMIN
};
const char *msx_issue_name(enum msx_issue i);
/* minus: name that is taken out of the texts wherever it stands whole (the milestone's), or NULL. A
 * marker `Issue:` in a text decides. Lines written by this tool do not count. */
enum msx_issue msx_issue_class(const struct msx_lexicon *lx, const char *const *texts, size_t n,
                               const char *minus);
/* Distinct phrases of each class (by enum msx_issue) in the texts, markers aside. */
void msx_issue_counts(const struct msx_lexicon *lx, const char *const *texts, size_t n,
                      const char *minus, unsigned counts[5]);
/* Overlap of the word sets of a and b; account: customer name whose tokens do not count, or NULL.
 */
double msx_text_overlap(const char *a, const char *b, const char *account);
size_t msx_text_common_words(const char *a, const char *b, const char *account);
/* A phrase of 2.4 on its own, for rules that name words instead of a signal. */
struct msx_phrase;
enum msx_code msx_phrase_new(const char *text, struct msx_phrase **out,
                             struct msx_error *err) MSX_MUST_CHECK; /* MSX_E_INVALID, NOMEM */
void msx_phrase_free(struct msx_phrase *p);
/* Does it match in a sentence of the text, whatever the polarity? Tool-written lines, quotations
 * and placeholders do not count. */
bool msx_phrase_in(const struct msx_phrase *p, const char *text);
/* Folded as in 2.2 and without white space: for comparing subjects. New string. */
char *msx_text_fold_key(const char *s);

#endif
