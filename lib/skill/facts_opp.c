/* Facts of an opportunity (catalog 1.6): dates, people, stage, activity, qualification. Its gates:
 * gates.c. */
#include "skill/facts.h"

#include <stdlib.h>
#include <string.h>

#include "msxops/text.h"

/* Was the field left unread because reading the opportunity failed? Then out says so. */
static bool not_read(const struct msx_rec *o, const char *field, struct msx_value *out)
{
    if (!o->unread || json_object_get(o->raw, field))
        return false;
    out->type = MSX_V_UNKNOWN;
    return true;
}

void msx_o_open(struct msx_rec *o, struct msx_value *out)
{
    json_int_t state;

    msx_v_bool(out, !msx_rec_code(o, "statecode", &state) || state == 0);
}

void msx_o_milestones(struct msx_rec *o, struct msx_value *out)
{
    const char **ids = msx_world_alloc(o->w, (o->nchildren + 1) * sizeof(char *));

    if (o->milestones_failed || !ids) {
        out->type = MSX_V_UNKNOWN;
        return;
    }
    for (size_t i = 0; i < o->nchildren; i++)
        ids[i] = o->children[i]->id;
    msx_v_strings(o->w, out, ids, o->nchildren);
}

static void date_of(struct msx_rec *o, const char *field, struct msx_value *out)
{
    if (!not_read(o, field, out))
        msx_v_day(out, msx_rec_day(o, field));
}

void msx_o_close_date(struct msx_rec *o, struct msx_value *out)
{
    date_of(o, "estimatedclosedate", out);
}

void msx_o_completion_date(struct msx_rec *o, struct msx_value *out)
{
    date_of(o, "msp_estcompletiondate", out);
}

static void days_until(struct msx_rec *o, int fact, struct msx_value *out)
{
    if (msx_fact(o, fact)->type == MSX_V_UNKNOWN)
        out->type = MSX_V_UNKNOWN;
    else
        msx_v_days(out, o->w->today, msx_fact_day(o, fact));
}

void msx_o_days_to_close(struct msx_rec *o, struct msx_value *out)
{
    days_until(o, O_CLOSE_DATE, out);
}

void msx_o_days_to_completion(struct msx_rec *o, struct msx_value *out)
{
    days_until(o, O_COMPLETION_DATE, out);
}

void msx_o_customer(struct msx_rec *o, struct msx_value *out)
{
    const char *name = o->account ? msx_rec_str(o->account, "name") : NULL;

    msx_v_str(out, name ? name : msx_rec_label(o, "_parentaccountid_value"));
}

void msx_o_sales_play(struct msx_rec *o, struct msx_value *out)
{
    if (!not_read(o, "msp_salesplay", out))
        msx_v_str(out, msx_rec_label(o, "msp_salesplay"));
}

/* ---- people ---- */
void msx_o_owner_role(struct msx_rec *o, struct msx_value *out)
{
    msx_role_of_field(o, "_ownerid_value", out);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Where deal teams cannot be read, the owners of the milestones stand for the team. */
void msx_o_team(struct msx_rec *o, struct msx_value *out)
{
    const char **ids;
    size_t n = 0, kept = 0;

    if (!o->team_failed) {
        if (o->w->team_known)
            msx_v_strings(o->w, out, o->team, o->nteam);
        return;
    }
    ids = msx_world_alloc(o->w, (o->nchildren + 1) * sizeof(char *));
    if (!ids || o->milestones_failed) {
        out->type = MSX_V_UNKNOWN;
        return;
    }
    for (size_t i = 0; i < o->nchildren; i++) {
        const char *owner = msx_rec_str(o->children[i], "_ownerid_value");
        const struct msx_rec *u = o->children[i]->owner;

        if (owner && owner[0])
            ids[n++] = u ? u->id : owner;
    }
    if (n > 1)
        qsort(ids, n, sizeof *ids, by_text);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(ids[kept - 1], ids[i]) != 0)
            ids[kept++] = ids[i];
    msx_v_strings(o->w, out, ids, kept);
}

/* A small set of role names, in the order of first mention. */
struct roles {
    const char *names[32];
    size_t n;
    bool unread;
};

static void add_role(struct roles *r, const struct msx_value *role)
{
    if (role->type == MSX_V_UNKNOWN)
        r->unread = true;
    if (!msx_role_known(role) || r->n == sizeof r->names / sizeof r->names[0])
        return;
    for (size_t i = 0; i < r->n; i++)
        if (!strcmp(r->names[i], role->u.str))
            return;
    r->names[r->n++] = role->u.str;
}

static void add_team_roles(struct msx_rec *o, struct roles *r)
{
    const struct msx_value *team = msx_fact(o, O_TEAM);

    if (team->type == MSX_V_UNKNOWN || o->w->users_failed)
        r->unread = true;
    for (size_t i = 0; team->type == MSX_V_LIST && i < team->u.list.n; i++) {
        struct msx_rec *u = msx_world_lookup(o->w, MSX_K_USER, team->u.list.items[i].u.str);

        if (u)
            add_role(r, msx_fact(u, U_ROLE));
    }
}

static void roles_value(struct msx_rec *o, struct roles *r, struct msx_value *out)
{
    if (r->unread && r->n == 0) {
        out->type = MSX_V_UNKNOWN;
        return;
    }
    if (r->n > 1)
        qsort(r->names, r->n, sizeof r->names[0], by_text);
    msx_v_strings(o->w, out, r->names, r->n);
}

void msx_o_team_roles(struct msx_rec *o, struct msx_value *out)
{
    struct roles r = { .n = 0 };

    if (msx_fact(o, O_TEAM)->type == MSX_V_NULL)
        return;
    add_team_roles(o, &r);
    roles_value(o, &r, out);
}

void msx_o_involved_roles(struct msx_rec *o, struct msx_value *out)
{
    struct roles r = { .n = 0, .unread = o->milestones_failed };

    add_role(&r, msx_fact(o, O_OWNER_ROLE));
    add_team_roles(o, &r);
    for (size_t i = 0; i < o->nchildren; i++) {
        struct msx_rec *const *t;
        size_t n;

        add_role(&r, msx_fact(o->children[i], M_OWNER_ROLE));
        msx_tasks_of(o->children[i], &t, &n);
        for (size_t k = 0; k < n; k++)
            if (msx_fact_yes(t[k], T_OPEN))
                add_role(&r, msx_fact(t[k], T_OWNER_ROLE));
    }
    roles_value(o, &r, out);
}

void msx_o_missing_fields(struct msx_rec *o, struct msx_value *out)
{
    static const char *const fields[] = { /* by bytes */
                                          "_ownerid_value",     "_parentaccountid_value",
                                          "estimatedclosedate", "msp_estcompletiondate",
                                          "msp_salesplay",      "name"
    };
    const char *names[6];
    size_t n = 0;

    for (size_t i = 0; i < 6; i++) {
        if (not_read(o, fields[i], out))
            return;
        if (msx_rec_blank(o, fields[i]))
            names[n++] = fields[i];
    }
    msx_v_strings(o->w, out, names, n);
}

/* ---- stage ---- */
static int mapped_stage(const struct msx_world *w, const char *id)
{
    const json_t *map = w->stages;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)map, key, value) {
        json_int_t n = json_integer_value(value);

        if ((msx_ieq(key, id) || msx_guid_eq(key, id)) && n >= 1 && n <= 5)
            return (int)n;
    }
    return 0;
}

void msx_o_declared_stage(struct msx_rec *o, struct msx_value *out)
{
    const char *id = msx_rec_str(o, "activestageid");
    int stage = id ? mapped_stage(o->w, id) : 0;

    if (not_read(o, "activestageid", out))
        return;
    if (!stage)
        stage = msx_stage_of_label(msx_rec_label(o, "activestageid"));
    if (stage)
        msx_v_num(out, stage);
}

void msx_o_gates(struct msx_rec *o, struct msx_value *out)
{
    msx_opp_gates_value(o, true, out);
}

void msx_o_gates_open(struct msx_rec *o, struct msx_value *out)
{
    msx_opp_gates_value(o, false, out);
}

void msx_o_evidence_stage(struct msx_rec *o, struct msx_value *out)
{
    int stage = msx_opp_evidence_stage(o);

    if (stage)
        msx_v_num(out, stage);
    else
        out->type = MSX_V_UNKNOWN;
}

void msx_o_stage(struct msx_rec *o, struct msx_value *out)
{
    const struct msx_value *declared = msx_fact(o, O_DECLARED_STAGE);

    *out = declared->type == MSX_V_NULL ? *msx_fact(o, O_EVIDENCE_STAGE) : *declared;
}

void msx_o_stage_source(struct msx_rec *o, struct msx_value *out)
{
    switch (msx_fact(o, O_DECLARED_STAGE)->type) {
    case MSX_V_UNKNOWN:
        out->type = MSX_V_UNKNOWN;
        break;
    case MSX_V_NULL:
        msx_v_str(out, "evidence");
        break;
    default:
        msx_v_str(out, "declared");
    }
}

void msx_o_stage_gap(struct msx_rec *o, struct msx_value *out)
{
    const struct msx_value *declared = msx_fact(o, O_DECLARED_STAGE);
    const struct msx_value *evidence;

    if (declared->type == MSX_V_NULL)
        return;
    evidence = msx_fact(o, O_EVIDENCE_STAGE);
    if (declared->type == MSX_V_UNKNOWN || evidence->type == MSX_V_UNKNOWN)
        out->type = MSX_V_UNKNOWN;
    else
        msx_v_num(out, declared->u.num - evidence->u.num);
}

/* The newest StageSince: of any milestone comment; tasks do not count. */
static msx_day stage_marker(struct msx_rec *o)
{
    const struct msx_analysis **pool =
        msx_world_alloc(o->w, (o->nchildren + 1) * sizeof(const struct msx_analysis *));
    struct msx_marker mark;
    size_t n = 0;

    for (size_t i = 0; pool && i < o->nchildren; i++) {
        const struct msx_analysis *a = msx_rec_analysis(o->children[i]);

        if (a)
            pool[n++] = a;
    }
    if (n == 0 || !msx_marker_newest(pool, n, "StageSince", &mark))
        return MSX_DAY_NONE;
    return msx_marker_day(mark.value);
}

void msx_o_stage_since(struct msx_rec *o, struct msx_value *out)
{
    const json_t *seen = msx_json_obj(msx_json_obj(o->w->state, "opportunities"), o->id);
    const struct msx_value *stage = msx_fact(o, O_STAGE);
    const char *since = msx_json_str(seen, "since");
    msx_day day = stage_marker(o);
    json_int_t was;

    if (day == MSX_DAY_NONE && o->milestones_failed) {
        out->type = MSX_V_UNKNOWN;
        return;
    }
    if (day == MSX_DAY_NONE && since && msx_json_int(seen, "stage", &was) &&
        stage->type == MSX_V_NUM && (double)was == stage->u.num)
        day = msx_day_parse(since);
    msx_v_day(out, day);
}

static void age_of(struct msx_rec *o, int fact, struct msx_value *out)
{
    if (msx_fact(o, fact)->type == MSX_V_UNKNOWN)
        out->type = MSX_V_UNKNOWN;
    else
        msx_v_days(out, msx_fact_day(o, fact), o->w->today);
}

void msx_o_stage_age(struct msx_rec *o, struct msx_value *out)
{
    age_of(o, O_STAGE_SINCE, out);
}

/* ---- activity and value ---- */
void msx_o_last_activity(struct msx_rec *o, struct msx_value *out)
{
    msx_day latest = MSX_DAY_NONE;
    bool unread = o->milestones_failed;

    for (size_t i = 0; i < o->nchildren; i++) {
        msx_day a = msx_fact_day(o->children[i], M_LAST_ACTIVITY);
        msx_day c = msx_fact_day(o->children[i], M_COMMENT_DATE);

        unread = unread || msx_fact(o->children[i], M_LAST_ACTIVITY)->type == MSX_V_UNKNOWN;
        latest = a > latest ? a : latest;
        latest = c > latest ? c : latest;
    }
    if (unread)
        out->type = MSX_V_UNKNOWN;
    else
        msx_v_day(out, latest);
}

void msx_o_idle_days(struct msx_rec *o, struct msx_value *out)
{
    age_of(o, O_LAST_ACTIVITY, out);
}

void msx_o_value(struct msx_rec *o, struct msx_value *out)
{
    double sum = 0;

    if (o->milestones_failed) {
        out->type = MSX_V_UNKNOWN;
        return;
    }
    for (size_t i = 0; i < o->nchildren; i++)
        if (msx_fact_yes(o->children[i], M_ACTIVE))
            sum += msx_fact(o->children[i], M_VALUE)->u.num;
    msx_v_num(out, sum);
}

/* ---- ownership ---- */
static enum msx_tri is_role(const struct msx_value *role, const char *name)
{
    if (role->type == MSX_V_UNKNOWN)
        return MSX_UNKNOWN;
    return msx_tri_of(role->type == MSX_V_STR && !strcmp(role->u.str, name));
}

static enum msx_tri milestone_of_atu(struct msx_rec *o)
{
    enum msx_tri any = o->milestones_failed ? MSX_UNKNOWN : MSX_NO;

    for (size_t i = 0; i < o->nchildren; i++)
        if (msx_fact_yes(o->children[i], M_ACTIVE))
            any = msx_tri_or(any, is_role(msx_fact(o->children[i], M_OWNER_ROLE), "atu"));
    return any;
}

void msx_o_mixed_ownership(struct msx_rec *o, struct msx_value *out)
{
    const struct msx_value *stage = msx_fact(o, O_STAGE), *owner = msx_fact(o, O_OWNER_ROLE);
    const struct msx_value *involved = msx_fact(o, O_INVOLVED_ROLES);
    struct msx_marker mark;
    enum msx_tri specialist, mixed;

    if (stage->type == MSX_V_UNKNOWN) {
        out->type = MSX_V_UNKNOWN;
        return;
    }
    if (stage->type != MSX_V_NUM || stage->u.num < 2 || stage->u.num > 3 ||
        (msx_rec_marker(o, "OppOwner", &mark) && !msx_word_is_no(mark.value))) {
        msx_v_bool(out, false);
        return;
    }
    specialist = involved->type == MSX_V_UNKNOWN ? MSX_UNKNOWN
                                                 : msx_tri_of(msx_list_has(involved, "specialist"));
    mixed = msx_tri_and(is_role(owner, "atu"), specialist);
    mixed = msx_tri_or(mixed, msx_tri_and(is_role(owner, "specialist"), milestone_of_atu(o)));
    mixed = msx_tri_or(mixed, msx_rec_sig_yes(o, o->w->sx.ownership_mixed));
    msx_v_tri(out, mixed);
}

void msx_o_accountable_role(struct msx_rec *o, struct msx_value *out)
{
    const struct msx_value *stage = msx_fact(o, O_STAGE);

    if (stage->type != MSX_V_NUM)
        out->type = MSX_V_UNKNOWN;
    else
        msx_v_str(out, stage->u.num < 2 ? "atu" : stage->u.num < 4 ? "specialist" : "csam");
}

/* ---- qualification ---- */
#define QUESTIONS 5

static void ask(struct msx_rec *o, enum msx_tri answers[QUESTIONS])
{
    const struct msx_fact_signals *sx = &o->w->sx;
    const struct msx_value *play = msx_fact(o, O_SALES_PLAY);

    answers[0] = msx_rec_sig_yes(o, sx->priority);
    answers[1] = msx_tri_or(msx_rec_sig_yes(o, sx->commercial_fit), msx_rec_sig_yes(o, sx->budget));
    answers[2] = play->type == MSX_V_UNKNOWN ? MSX_UNKNOWN : msx_tri_of(play->type == MSX_V_STR);
    answers[3] = msx_tri_or(msx_rec_sig_yes(o, sx->need), msx_rec_sig_yes(o, sx->metrics_any));
    answers[4] = msx_tri_or(msx_rec_sig_yes(o, sx->stakeholder), msx_rec_sig_yes(o, sx->authority));
}

void msx_o_qualification(struct msx_rec *o, struct msx_value *out)
{
    enum msx_tri answers[QUESTIONS];
    double score = 0;

    ask(o, answers);
    for (size_t i = 0; i < QUESTIONS; i++) {
        if (answers[i] == MSX_UNKNOWN) {
            out->type = MSX_V_UNKNOWN;
            return;
        }
        score += answers[i] == MSX_YES ? 100.0 / QUESTIONS : 0;
    }
    msx_v_num(out, score);
}

void msx_o_qualification_missing(struct msx_rec *o, struct msx_value *out)
{
    static const char *const names[QUESTIONS] = { "Q1", "Q2", "Q3", "Q4", "Q5" };
    const char *missing[QUESTIONS];
    enum msx_tri answers[QUESTIONS];
    size_t n = 0;

    ask(o, answers);
    for (size_t i = 0; i < QUESTIONS; i++)
        if (answers[i] != MSX_YES)
            missing[n++] = names[i];
    msx_v_strings(o->w, out, missing, n);
}

/* ---- duplicates ---- */
static bool looks_like(struct msx_rec *a, struct msx_rec *b)
{
    const char *x = msx_rec_str(a, "name"), *y = msx_rec_str(b, "name");
    const char *account = msx_fact_str(a, O_CUSTOMER);

    return x && y && a->w->lexicon &&
           (msx_text_overlap(x, y, account) >= 0.5 || msx_text_overlap(y, x, account) >= 0.5);
}

static const char *account_of(const struct msx_rec *o)
{
    const char *id = msx_rec_str(o, "_parentaccountid_value");

    return id ? id : "";
}

/* The first opportunity of the account in the world's list by account. */
static size_t first_of_account(const struct msx_world *w, const char *account)
{
    size_t lo = 0, hi = w->nrecs[MSX_K_OPP];

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (strcmp(account_of(w->by_account[mid]), account) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static int by_account_id(const void *a, const void *b)
{
    const struct msx_rec *x = *(struct msx_rec *const *)a, *y = *(struct msx_rec *const *)b;
    int c = strcmp(account_of(x), account_of(y));

    return c ? c : strcmp(x->id, y->id);
}

static bool list_by_account(struct msx_world *w)
{
    size_t n = w->nrecs[MSX_K_OPP];

    if (w->by_account)
        return true;
    w->by_account = msx_world_alloc(w, (n + 1) * sizeof(struct msx_rec *));
    for (size_t i = 0; w->by_account && i < n; i++)
        w->by_account[i] = &w->recs[MSX_K_OPP][i];
    if (w->by_account && n > 1)
        qsort(w->by_account, n, sizeof(struct msx_rec *), by_account_id);
    return w->by_account != NULL;
}

void msx_o_duplicate_of(struct msx_rec *o, struct msx_value *out)
{
    const char *account = msx_rec_str(o, "_parentaccountid_value");
    const char *play = msx_fact_str(o, O_SALES_PLAY);

    if (not_read(o, "_parentaccountid_value", out) || not_read(o, "msp_salesplay", out))
        return;
    if (!account || !play[0] || !msx_fact_yes(o, O_OPEN) || !list_by_account(o->w))
        return;
    for (size_t i = first_of_account(o->w, account); i < o->w->nrecs[MSX_K_OPP]; i++) {
        struct msx_rec *x = o->w->by_account[i]; /* in order of their ids */

        if (strcmp(account_of(x), account) != 0)
            break;
        if (x != o && msx_fact_yes(x, O_OPEN) && !strcmp(msx_fact_str(x, O_SALES_PLAY), play) &&
            looks_like(o, x)) {
            msx_v_str(out, x->id);
            break;
        }
    }
}
