/* Shared by the tests of texts and signals: the shipped lexicon, texts of a record, values by name.
 */
#ifndef TESTS_UNIT_SKILL_TEXT_H
#define TESTS_UNIT_SKILL_TEXT_H

#include "test.h"

#include "msxops/mem.h"
#include "msxops/yaml.h"
#include "skill/signal.h"

#include <string.h>

static inline struct msx_lexicon *default_lexicon(void)
{
    struct msx_error err = MSX_ERROR_INIT;
    struct msx_lexicon *lx = NULL;
    json_t *doc = NULL;
    const char *name = "skills/shared/lexicon.yaml";
    const json_t *docs[1];

    if (msx_yaml_load(name, &doc, NULL, &err))
        fail_msg("%s", err.msg);
    docs[0] = doc;
    if (msx_lexicon_new(docs, &name, 1, &lx, &err))
        fail_msg("%s", err.msg);
    json_decref(doc);
    return lx;
}

/* A lexicon of one signal "s" with more keys in YAML flow form. */
static inline struct msx_lexicon *small_lexicon(const char *entry)
{
    struct msx_error err = MSX_ERROR_INIT;
    struct msx_lexicon *lx = NULL;
    char *yaml = msx_asprintf("version: 1\nsignals:\n- {id: s, %s}\n", entry);
    const char *name = "small";
    json_t *doc = NULL;
    const json_t *docs[1];

    if (msx_yaml_parse(yaml, strlen(yaml), name, &doc, NULL, &err))
        fail_msg("%s", err.msg);
    docs[0] = doc;
    if (msx_lexicon_new(docs, &name, 1, &lx, &err))
        fail_msg("%s", err.msg);
    json_decref(doc);
    msx_free(yaml);
    return lx;
}

static struct msx_tz *tz_utc; /* freed at the end of a test program */

static inline const struct msx_tz *utc(void)
{
    if (!tz_utc && msx_tz_open("UTC", &tz_utc, NULL))
        fail_msg("no time zone");
    return tz_utc;
}

#define MAX_TEXTS 16
struct record { /* texts of one analysis */
    struct msx_text t[MAX_TEXTS];
    size_t n;
    struct msx_analysis *a;
};

static inline msx_day day(const char *s)
{
    return s ? msx_day_parse(s) : MSX_DAY_NONE;
}

static inline struct msx_text *add(struct record *r, enum msx_field field, const char *text,
                                   const char *date)
{
    struct msx_text *t = &r->t[r->n++];

    assert_true(r->n <= MAX_TEXTS);
    *t = (struct msx_text){ .field = field, .text = text, .date = day(date) };
    t->entity = field == MSX_F_TS || field == MSX_F_TD || field == MSX_F_TC
                    ? "task"
                    : "msp_engagementmilestone";
    t->id = "m1";
    t->number = "7-100000001";
    t->crm_field = field == MSX_F_TS   ? "subject"
                   : field == MSX_F_TD ? "description"
                   : field == MSX_F_MN ? "msp_name"
                                       : "msp_forecastcomments";
    return t;
}

static inline const struct msx_analysis *analyse(const struct msx_lexicon *lx, struct record *r)
{
    struct msx_error err = MSX_ERROR_INIT;

    if (!r->a && msx_text_analyse(lx, r->t, r->n, utc(), &r->a, &err))
        fail_msg("%s", err.msg);
    return r->a;
}

static inline void done(struct record *r)
{
    msx_analysis_free(r->a);
    *r = (struct record){ 0 };
}

static inline int index_of(const struct msx_lexicon *lx, const char *id)
{
    int i = msx_lexicon_find(lx, id);

    if (i < 0)
        fail_msg("no signal %s", id);
    return i;
}

/* The signal over one record, explained; release it. */
static inline struct msx_signal signal_of(const struct msx_lexicon *lx, struct record *r,
                                          const char *id)
{
    const struct msx_analysis *a = analyse(lx, r);
    struct msx_signal s = { .value = MSX_SIG_UNKNOWN };
    int i = index_of(lx, id);

    assert_int_equal(msx_signal_eval(lx, i, &a, 1, NULL, MSX_SIG_UNKNOWN, &s, NULL), MSX_OK);
    assert_null(s.evidence);
    assert_int_equal(msx_signal_explain(lx, i, &a, 1, NULL, &s, NULL), MSX_OK);
    return s;
}

static inline const char *value_name(enum msx_sigval v)
{
    return v == MSX_SIG_YES ? "yes" : v == MSX_SIG_NO ? "no" : "unknown";
}

static inline const char *value_of(const struct msx_lexicon *lx, struct record *r, const char *id)
{
    struct msx_signal s = signal_of(lx, r, id);
    const char *v = value_name(s.value);

    msx_signal_release(&s);
    return v;
}

/* The signal in one text of a field. */
static inline const char *in_field(const struct msx_lexicon *lx, enum msx_field field,
                                   enum msx_task_state state, const char *text, const char *id)
{
    struct record r = { 0 };
    const char *v;

    add(&r, field, text, "2026-02-25")->task_state = state;
    v = value_of(lx, &r, id);
    done(&r);
    return v;
}

static inline const char *in_comment(const struct msx_lexicon *lx, const char *text, const char *id)
{
    return in_field(lx, MSX_F_MC, MSX_TASK_NONE, text, id);
}

#endif
