/* Rules over records: what holds becomes a finding, what was not read is counted, what is
 * suppressed is withheld and said so. */
#include <stdio.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "skill/run.h"
#include "skill/world_int.h"

#define MAX_EVIDENCE 5

static enum msx_code no_memory(struct msx_error *err)
{
    return msx_fail(err, MSX_E_NOMEM, "out of memory");
}

void msx_finding_release(struct msx_finding *f)
{
    msx_free(f->id);
    msx_free(f->reason);
    msx_free(f->role);
    json_decref(f->missing);
    json_decref(f->evidence);
    json_decref(f->trace);
    json_decref(f->operations);
}

/* ---- readiness items of a rule ---- */

const struct msx_remedy *msx_run_remedy(const struct msx_run *r, const char *id)
{
    for (size_t i = 0; i < r->code.nremedies; i++)
        if (strcmp(r->code.remedies[i].id, id) == 0)
            return &r->code.remedies[i];
    return NULL;
}

/* Items not met, in the rule's order. Yes when there is one, unknown when one could not be read. */
static enum msx_tri missing_items(const struct msx_rule *rule, const struct msx_rec *m,
                                  json_t *missing, json_t *trace)
{
    enum msx_tri any = MSX_NO;

    for (size_t i = 0; i < json_array_size(rule->readiness); i++) {
        const char *item = json_string_value(json_array_get(rule->readiness, i));
        enum msx_tri met = msx_rec_ready(m, item, rule->csam_readiness, NULL);

        if (met == MSX_UNKNOWN && any == MSX_NO)
            any = MSX_UNKNOWN;
        if (met == MSX_NO) {
            any = MSX_YES;
            (void)json_array_append_new(missing, json_string(item));
        }
        if (trace)
            (void)json_array_append_new(
                trace, json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:s}", "expr", item, "value",
                                 met == MSX_YES  ? "met"
                                 : met == MSX_NO ? "not met"
                                                 : "not read",
                                 "op", "=", "threshold", "not met", "result", met == MSX_NO,
                                 "entity", msx_rec_entity(m), "id", msx_rec_id(m), "field", item));
    }
    return any;
}

char *msx_run_missing(const struct msx_run *r, const json_t *missing)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(4096);

    for (size_t i = 0; i < json_array_size(missing); i++) {
        const struct msx_remedy *m =
            msx_run_remedy(r, json_string_value(json_array_get(missing, i)));

        msx_buf_addf(&b, "%s%s", i ? "; " : "",
                     m ? m->missing : json_string_value(json_array_get(missing, i)));
    }
    return msx_buf_take(&b);
}

/* ---- evidence ---- */

static void add_evidence(json_t *out, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list) && json_array_size(out) < MAX_EVIDENCE; i++) {
        json_t *e = json_array_get(list, i);
        bool have = false;

        for (size_t j = 0; j < json_array_size(out); j++)
            have |= json_equal(json_array_get(out, j), e);
        if (!have)
            (void)json_array_append(out, e);
    }
}

static void item_evidence(const struct msx_rec *m, const char *item, bool csam, json_t *out)
{
    const struct msx_signal *s = NULL;

    (void)msx_rec_ready(m, item, csam, &s);
    if (s)
        add_evidence(out, s->evidence);
}

struct call_evidence {
    const struct msx_rec *m;
    json_t *out;
};

static void call_evidence(void *user, const char *func, const char *const *args, size_t argc)
{
    const struct call_evidence *c = user;

    if (argc == 2 && args[1] && c->m &&
        (strncmp(func, "rd", 2) == 0 || strncmp(func, "ready", 5) == 0))
        item_evidence(c->m, args[1], strstr(func, "csam") != NULL, c->out);
}

/* Evidence of the signals that the condition names, then of its readiness items. */
static json_t *evidence(const struct msx_run *r, const struct msx_rule *rule,
                        const struct msx_rec *rec, const json_t *missing)
{
    const struct msx_rec *m = msx_rec_its_milestone(rec);
    struct call_evidence c = { m, json_array() };
    const char *const *ids;
    size_t n = 0;

    if (!c.out)
        return NULL;
    ids = rule->when ? msx_cond_signals(rule->when, &n) : NULL;
    for (size_t i = 0; i < n; i++) {
        int index = msx_lexicon_find(r->flow->shared.lexicon, ids[i]);
        const struct msx_signal *s =
            index < 0 ? NULL : msx_rec_signal(m ? m : msx_rec_its_opp(rec), index);

        if (s)
            add_evidence(c.out, s->evidence);
    }
    if (rule->when)
        msx_cond_calls(rule->when, call_evidence, &c);
    for (size_t i = 0; m && i < json_array_size(missing); i++)
        item_evidence(m, json_string_value(json_array_get(missing, i)), rule->csam_readiness,
                      c.out);
    return c.out;
}

/* ---- suppression ---- */

struct suppress {
    const char *rule;
    msx_day today;
    bool found, active;
};

/* The newest marker of the rule decides. */
static bool look_at_marker(void *user, const struct msx_marker *marker)
{
    struct suppress *s = user;
    MSX_AUTO(msx_free_p) char *rule = msx_marker_sub(marker, "rule");
    MSX_AUTO(msx_free_p) char *until = msx_marker_sub(marker, "until");
    msx_day day;

    if (!rule || !msx_ieq(rule, s->rule))
        return true;
    day = msx_marker_day(until);
    s->found = true;
    s->active = day != MSX_DAY_NONE && s->today <= day;
    return false;
}

static bool is_suppressed(const struct msx_run *r, const struct msx_finding *f)
{
    struct suppress s = { f->rule->id, r->ctx->today, false, false };
    const struct msx_analysis *a;

    if (f->rule->unsuppressible || f->severity == 0 || !f->milestone)
        return false;
    a = msx_rec_analysis(f->rec->self);
    if (a)
        msx_marker_each(&a, 1, "Suppress", look_at_marker, &s);
    return s.active;
}

/* ---- findings ---- */

static char *finding_id(const struct msx_finding *f)
{
    const char *number = f->rec == f->milestone ? msx_rec_number(f->rec) : NULL;

    if (number)
        return msx_asprintf("%s:%s", f->rule->id, number);
    return msx_asprintf("%s:%.8s", f->rule->id, msx_rec_id(f->rec));
}

static enum msx_code describe(struct msx_run *r, struct msx_finding *f,
                              const struct msx_cond_scope *s, struct msx_error *err)
{
    const struct msx_rule *rule = f->rule;
    MSX_AUTO(msx_free_p) char *missing = msx_run_missing(r, f->missing);
    MSX_AUTO(msx_free_p) char *severity = NULL;
    struct msx_tmpl_var vars[] = { { "missing", missing ? missing : "" } };
    int index;

    severity = msx_choice_text(&rule->severity, s, vars, 1);
    index = msx_rank_severity(r->flow->shared.ranking, severity);
    if (index < 0)
        return msx_fail(err, MSX_E_INVALID, "flow '%s', rule '%s': no severity '%s'", r->flow->path,
                        rule->id, severity ? severity : "");
    f->severity = (size_t)index;
    f->escalate =
        rule->escalates || (rule->escalate && msx_cond_eval(rule->escalate, s, NULL) == MSX_YES);
    f->reason = msx_choice_text(&rule->message, s, vars, 1);
    f->role = msx_choice_text(&rule->role, s, vars, 1);
    f->id = finding_id(f);
    f->evidence = evidence(r, rule, f->rec, f->missing);
    f->operations = json_array();
    if (!f->id || !f->evidence || !f->operations || !missing)
        return no_memory(err);
    if (!f->reason)
        f->reason = msx_strdup("");
    if (!f->role)
        f->role = msx_strdup("unknown");
    return f->reason && f->role ? msx_rank_score(r, f, err) : no_memory(err);
}

static enum msx_code keep(struct msx_run *r, struct msx_finding *f, struct msx_error *err)
{
    if (r->nfindings == r->capfindings) {
        size_t cap = r->capfindings ? r->capfindings * 2 : 64;
        struct msx_finding *p = msx_realloc(r->findings, cap * sizeof *p);

        if (!p)
            return no_memory(err);
        r->findings = p;
        r->capfindings = cap;
    }
    r->findings[r->nfindings++] = *f;
    *f = (struct msx_finding){ 0 };
    return MSX_OK;
}

static bool is_explained(const struct msx_run *r, const struct msx_rec *rec)
{
    const char *want = r->opts->explain_record, *number = msx_rec_number(rec);
    const char *name = want ? msx_rec_name(rec) : NULL;

    return want && ((number && strcmp(number, want) == 0 && msx_rec_kind(rec) == MSX_K_MILESTONE) ||
                    msx_guid_eq(want, msx_rec_id(rec)) || (name && msx_ieq(name, want)));
}

static enum msx_code explain(struct msx_run *r, const struct msx_rule *rule,
                             const struct msx_rec *rec, enum msx_tri fired, json_t *trace,
                             struct msx_error *err)
{
    if (json_array_append_new(r->explained,
                              json_pack("{s:s, s:o, s:s, s:s, s:O}", "rule", rule->id, "record",
                                        msx_run_record_json(r, rec), "result",
                                        fired == MSX_YES  ? "fired"
                                        : fired == MSX_NO ? "did not fire"
                                                          : "unknown",
                                        "when", rule->when ? msx_cond_text(rule->when) : "",
                                        "trace", trace)) != 0)
        return no_memory(err);
    return MSX_OK;
}

static enum msx_tri and3(enum msx_tri a, enum msx_tri b)
{
    if (a == MSX_NO || b == MSX_NO)
        return MSX_NO;
    return a == MSX_UNKNOWN || b == MSX_UNKNOWN ? MSX_UNKNOWN : MSX_YES;
}

/* One rule on one record. */
static enum msx_code apply(struct msx_run *r, const struct msx_rule *rule,
                           const struct msx_rec *rec, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *trace = json_array();
    MSX_AUTO(msx_json_free_p) json_t *missing = json_array();
    struct msx_finding f = { .rule = rule, .rec = rec };
    struct msx_cond_scope s;
    enum msx_tri fired = MSX_YES;
    enum msx_code rc = MSX_OK;

    if (!trace || !missing)
        return no_memory(err);
    msx_run_scope(r, rec, &s);
    f.milestone = s.m;
    f.opp = s.o;
    if (rule->when)
        fired = msx_cond_eval(rule->when, &s, NULL);
    if (fired != MSX_NO && rule->readiness && s.m)
        fired = and3(fired, missing_items(rule, s.m, missing, NULL));
    if (is_explained(r, rec) || fired == MSX_YES) {
        /* evaluated again for the trace: most rules do not fire on most records */
        if (rule->when)
            (void)msx_cond_eval(rule->when, &s, trace);
        if (rule->readiness && s.m) {
            (void)json_array_clear(missing);
            (void)missing_items(rule, s.m, missing, trace);
        }
    }
    if (is_explained(r, rec))
        rc = explain(r, rule, rec, fired, trace, err);
    if (fired == MSX_UNKNOWN)
        r->unknown++;
    if (rc || fired != MSX_YES)
        return rc;
    f.trace = MSX_STEAL(trace);
    f.missing = MSX_STEAL(missing);
    rc = describe(r, &f, &s, err);
    if (!rc && is_suppressed(r, &f)) {
        const char *number = rec == f.milestone ? msx_rec_number(rec) : NULL;

        r->suppressed++;
        rc = msx_run_gap(r, "suppressed", rule->id, number ? number : msx_rec_id(rec),
                         "a marker withholds this finding", err);
    } else if (!rc) {
        rc = keep(r, &f, err);
    }
    msx_finding_release(&f);
    return rc;
}

static enum msx_code on_tasks(struct msx_run *r, const struct msx_rule *rule,
                              const struct msx_rec *m, struct msx_error *err)
{
    const struct msx_rec *const *tasks;
    struct msx_cond_scope s;
    enum msx_code rc = MSX_OK;
    size_t n = 0;

    msx_run_scope(r, m, &s);
    switch (s.each(&s, 't', &tasks, &n)) {
    case MSX_NO: /* left out by design */
        return MSX_OK;
    case MSX_UNKNOWN:
        r->unknown++;
        return MSX_OK;
    case MSX_YES:
        break;
    }
    for (size_t i = 0; !rc && i < n; i++)
        rc = apply(r, rule, tasks[i], err);
    return rc;
}

static bool looks_at_group(const struct msx_rule *rule, const char *group)
{
    for (size_t i = 0; i < json_array_size(rule->groups); i++)
        if (strcmp(json_string_value(json_array_get(rule->groups, i)), group) == 0)
            return true;
    return false;
}

static enum msx_code on_groups(struct msx_run *r, const struct msx_rule *rule,
                               struct msx_error *err)
{
    enum msx_code rc = MSX_OK;
    const char *id;
    json_t *group;

    json_object_foreach(r->group_of, id, group) {
        const struct msx_rec *m = msx_world_find(r->world, MSX_K_MILESTONE, id);

        if (!rc && m && looks_at_group(rule, json_string_value(group)))
            rc = rule->each == MSX_EACH_TASK ? on_tasks(r, rule, m, err) : apply(r, rule, m, err);
    }
    return rc;
}

/* Two findings must not share an id (two records whose ids begin alike): the later gets its whole
 * id. */
static enum msx_code unique_ids(struct msx_run *r, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *seen = json_object();

    if (!seen)
        return no_memory(err);
    for (size_t i = 0; i < r->nfindings; i++) {
        struct msx_finding *f = &r->findings[i];

        for (size_t n = 1; json_object_get(seen, f->id); n++) {
            char *id = n == 1 ? msx_asprintf("%s:%s", f->rule->id, msx_rec_id(f->rec))
                              : msx_asprintf("%s:%s:%zu", f->rule->id, msx_rec_id(f->rec), n - 1);

            if (!id)
                return no_memory(err);
            msx_free(f->id);
            f->id = id;
        }
        if (json_object_set_new(seen, f->id, json_true()) != 0)
            return no_memory(err);
    }
    return MSX_OK;
}

enum msx_code msx_run_rules(struct msx_run *r, struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    for (size_t i = 0; !rc && i < r->code.nrules; i++) {
        const struct msx_rule *rule = &r->code.rules[i];

        if (msx_cancelled(r->ctx))
            return msx_fail(err, MSX_E_CANCELLED, "cancelled");
        if (rule->each == MSX_EACH_OPPORTUNITY) {
            for (size_t j = 0; !rc && j < r->nset_o; j++)
                rc = apply(r, rule, r->set_o[j], err);
            continue;
        }
        for (size_t j = 0; !rc && j < r->nset_m; j++)
            rc = rule->each == MSX_EACH_TASK ? on_tasks(r, rule, r->set_m[j], err)
                                             : apply(r, rule, r->set_m[j], err);
        if (!rc && rule->groups)
            rc = on_groups(r, rule, err);
    }
    if (!rc)
        rc = unique_ids(r, err);
    if (!rc)
        msx_rank_findings(r);
    return rc;
}
