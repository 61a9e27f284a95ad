/* Texts of records and the signals found in them: which texts belong to a signal of which record
 * (catalog 2.1), each text analysed once. */
#include "skill/facts.h"

#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

/* ---- comments of a milestone ---- */
static void read_comments(struct msx_rec *m)
{
    const char *plain = msx_rec_str(m, "msp_forecastcomments");
    const char *raw = msx_rec_str(m, "msp_forecastcommentsjsonfield");
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT((size_t)4 << 20);
    MSX_AUTO(msx_json_free_p) json_t *texts = NULL;
    enum msx_code rc = MSX_OK;

    m->comments_known = true;
    m->json_date = MSX_DAY_NONE;
    m->comments = plain ? plain : "";
    if (!raw || !raw[0])
        return;
    rc = msx_comment_json(raw, m->w->tz, &texts, &m->json_date, NULL);
    if (rc) {
        if (rc == MSX_E_NOMEM)
            m->w->failed = rc;
        m->json_date = MSX_DAY_NONE;
        return;
    }
    msx_buf_adds(&b, m->comments);
    for (size_t i = 0; i < json_array_size(texts); i++) {
        const char *text = json_string_value(json_array_get(texts, i));

        if (b.len > 0)
            msx_buf_addc(&b, '\n');
        msx_buf_adds(&b, text ? text : "");
    }
    if (b.failed) {
        m->w->failed = b.failed;
        return;
    }

    const char *all = msx_world_strndup(m->w, b.data, b.len);

    if (all)
        m->comments = all;
}

const char *msx_rec_comments(struct msx_rec *m)
{
    if (!m->comments_known)
        read_comments(m);
    return m->comments;
}

msx_day msx_rec_comment_date(struct msx_rec *m)
{
    msx_day line = msx_comment_line_date(msx_rec_comments(m));

    if (m->json_date > line)
        line = m->json_date;
    return line != MSX_DAY_NONE ? line : msx_rec_day(m, "modifiedon");
}

/* ---- analyses ---- */
static enum msx_task_state task_state(struct msx_rec *t)
{
    const char *state = msx_fact_str(t, T_STATE);

    return state[0] == 'o'               ? MSX_TASK_OPEN
           : !strcmp(state, "completed") ? MSX_TASK_COMPLETED
                                         : MSX_TASK_CANCELLED;
}

struct text_list {
    struct msx_text items[4];
    size_t n;
    struct msx_text base;
};

static void add_text(struct text_list *l, enum msx_field field, const char *crm_field,
                     const char *text, msx_day date)
{
    if (!text || !text[0])
        return;

    struct msx_text *t = &l->items[l->n++];

    *t = l->base;
    t->field = field;
    t->crm_field = crm_field;
    t->text = text;
    t->date = date;
}

static void own_texts(struct msx_rec *r, struct text_list *l)
{
    l->base = (struct msx_text){
        .entity = msx_rec_entity(r), .id = r->id, .number = msx_rec_number(r), .date = MSX_DAY_NONE
    };
    if (r->kind == MSX_K_MILESTONE) {
        msx_day date = msx_rec_comment_date(r); /* for texts without a dated line */

        add_text(l, MSX_F_MC, "msp_forecastcomments", msx_rec_str(r, "msp_forecastcomments"), date);
        add_text(l, MSX_F_MJ, "msp_forecastcommentsjsonfield",
                 msx_rec_str(r, "msp_forecastcommentsjsonfield"), date);
        add_text(l, MSX_F_WL, "_msp_workloadlkid_value",
                 msx_rec_label(r, "_msp_workloadlkid_value"), MSX_DAY_NONE);
        add_text(l, MSX_F_MN, "msp_name", msx_rec_str(r, "msp_name"), MSX_DAY_NONE);
    } else if (r->kind == MSX_K_TASK) {
        msx_day date = msx_fact_day(r, T_TOUCHED);

        l->base.task_state = task_state(r);
        add_text(l, MSX_F_TS, "subject", msx_rec_str(r, "subject"), date);
        add_text(l, MSX_F_TD, "description", msx_rec_str(r, "description"), date);
        add_text(l, MSX_F_TC, "msp_taskcategory", msx_rec_label(r, "msp_taskcategory"),
                 MSX_DAY_NONE);
    } else if (r->kind == MSX_K_OPP) {
        add_text(l, MSX_F_ON, "name", msx_rec_str(r, "name"), MSX_DAY_NONE);
        add_text(l, MSX_F_SP, "msp_salesplay", msx_rec_label(r, "msp_salesplay"), MSX_DAY_NONE);
    }
}

const struct msx_analysis *msx_rec_analysis(struct msx_rec *r)
{
    struct text_list l = { .n = 0 };

    if (r->analysed || !r->w->lexicon)
        return r->analysis;
    r->analysed = true;
    own_texts(r, &l);
    if (msx_text_analyse(r->w->lexicon, l.items, l.n, r->w->tz, &r->analysis, NULL))
        r->w->failed = MSX_E_NOMEM;
    return r->analysis;
}

static int by_number_id(const void *a, const void *b)
{
    const struct msx_rec *x = *(struct msx_rec *const *)a, *y = *(struct msx_rec *const *)b;
    const char *nx = msx_rec_number(x), *ny = msx_rec_number(y);
    int c = strcmp(nx ? nx : "\x7f", ny ? ny : "\x7f");

    return c ? c : strcmp(x->id, y->id);
}

static void pool_add(struct msx_rec *r, struct msx_rec *from)
{
    const struct msx_analysis *a = msx_rec_analysis(from);

    if (a)
        r->pool[r->npool++] = a;
}

static void pool_milestone(struct msx_rec *r, struct msx_rec *m)
{
    struct msx_rec *const *tasks;
    size_t n;

    pool_add(r, m);
    msx_tasks_of(m, &tasks, &n);
    for (size_t i = 0; i < n; i++)
        pool_add(r, tasks[i]);
}

/* The texts that signals of r look at: its own, those of its tasks, its opportunity's name. */
static bool make_pool(struct msx_rec *r)
{
    size_t n = 2 + r->nchildren;
    struct msx_rec **order = NULL;

    if (r->pool)
        return true;
    for (size_t i = 0; r->kind == MSX_K_OPP && i < r->nchildren; i++)
        n += r->children[i]->nchildren;
    r->pool = msx_world_alloc(r->w, n * sizeof(const struct msx_analysis *));
    if (!r->pool)
        return false;
    if (r->kind == MSX_K_MILESTONE) {
        pool_milestone(r, r);
        if (r->opp)
            pool_add(r, r->opp);
        return true;
    }
    pool_add(r, r);
    if (r->kind != MSX_K_OPP || r->nchildren == 0)
        return true;
    order = msx_world_alloc(r->w, r->nchildren * sizeof(struct msx_rec *));
    if (!order)
        return false;
    memcpy(order, r->children, r->nchildren * sizeof(struct msx_rec *));
    qsort(order, r->nchildren, sizeof(struct msx_rec *), by_number_id);
    for (size_t i = 0; i < r->nchildren; i++)
        pool_milestone(r, order[i]);
    return true;
}

bool msx_rec_marker(struct msx_rec *r, const char *key, struct msx_marker *out)
{
    const struct msx_analysis *own;

    if (!r->w->lexicon)
        return false;
    if (r->kind == MSX_K_TASK) {
        own = msx_rec_analysis(r);
        return own && msx_marker_newest(&own, 1, key, out);
    }
    return make_pool(r) && msx_marker_newest(r->pool, r->npool, key, out);
}

/* ---- --set ---- */
static bool set_entry(const struct msx_world *w, const char *number, const char *id,
                      struct msx_sigset *out)
{
    const json_t *v = json_object_get(msx_json_obj(w->set, number), id);

    if (json_is_string(v)) {
        out->value = json_string_value(v);
        out->reason = msx_json_str(w->params, "reason");
    } else {
        out->value = msx_json_str(v, "value");
        out->reason = msx_json_str(v, "reason");
    }
    return out->value != NULL;
}

/* What --set says of a signal of r: for a milestone's number, else for every record. */
static bool set_for(struct msx_rec *r, const char *id, struct msx_sigset *out)
{
    const char *number = r->kind == MSX_K_MILESTONE ? msx_rec_number(r) : NULL;
    const char *least = NULL;

    if (json_object_size(r->w->set) == 0)
        return false;
    if (number && set_entry(r->w, number, id, out))
        return true;
    for (size_t i = 0; r->kind == MSX_K_OPP && i < r->nchildren; i++) {
        const char *n = msx_rec_number(r->children[i]);

        if (n && (!least || strcmp(n, least) < 0) && set_entry(r->w, n, id, out))
            least = n;
    }
    return (least && set_entry(r->w, least, id, out)) || set_entry(r->w, "", id, out);
}

/* ---- derived signals (2.5) ---- */
static bool proves_influence(struct msx_rec *t)
{
    static const json_int_t categories[] = { 606820005, 861980004, 861980002, 861980005,
                                             861980001 };
    struct msx_rec *me = t->w->me;
    json_int_t code;

    if (strcmp(msx_fact_str(t, T_STATE), "completed") != 0 ||
        !msx_rec_code(t, "msp_taskcategory", &code))
        return false;
    for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++) {
        if (categories[i] != code)
            continue;
        if (me && !strcmp(msx_user_role(me), "se"))
            return t->owner == me;
        return !strcmp(msx_fact_str(t, T_OWNER_ROLE), "se");
    }
    return false;
}

static enum msx_sigval derived(struct msx_rec *m, int index)
{
    struct msx_rec *const *tasks;
    size_t n;

    if (m->kind != MSX_K_MILESTONE || index != m->w->sx.influence)
        return MSX_SIG_UNKNOWN;
    msx_tasks_of(m, &tasks, &n);
    for (size_t i = 0; i < n; i++)
        if (proves_influence(tasks[i]))
            return MSX_SIG_YES;
    return MSX_SIG_UNKNOWN;
}

/* ---- signals ---- */
/* The record whose texts decide: opportunity-scoped signals are those of the opportunity, unless
 * --set gives this milestone a value of its own. */
static struct msx_rec *holder(struct msx_rec *r, int index)
{
    const struct msx_lexicon *lx = r->w->lexicon;
    const char *number = msx_rec_number(r);
    struct msx_sigset set;

    if (r->kind != MSX_K_MILESTONE || !r->opp || !msx_lexicon_is_opp(lx, index))
        return r;
    if (number && set_entry(r->w, number, msx_lexicon_id(lx, index), &set))
        return r;
    return r->opp;
}

/* The signal of a record, evaluated at the first call; evidence only when `explain`. */
static const struct msx_signal *signal_of(struct msx_rec *r, int index, bool explain)
{
    static const struct msx_signal none = { .value = MSX_SIG_UNKNOWN };
    const struct msx_lexicon *lx = r->w->lexicon;
    struct msx_sig_node *node;
    struct msx_sigset set;
    bool is_set, fresh = false;

    if (index < 0 || !lx)
        return &none;
    r = holder(r, index);
    for (node = r->signals; node && node->index != index; node = node->next)
        ;
    if (node && (!explain || node->signal.evidence))
        return &node->signal;
    if (!make_pool(r))
        return &none;
    is_set = set_for(r, msx_lexicon_id(lx, index), &set);
    if (!node) {
        node = msx_world_alloc(r->w, sizeof *node);
        if (!node)
            return &none;
        node->index = index;
        fresh = true;
    }
    if ((fresh && msx_signal_eval(lx, index, r->pool, r->npool, is_set ? &set : NULL,
                                  derived(r, index), &node->signal, NULL)) ||
        (explain && msx_signal_explain(lx, index, r->pool, r->npool, is_set ? &set : NULL,
                                       &node->signal, NULL))) {
        r->w->failed = MSX_E_NOMEM;
        if (fresh)
            msx_signal_release(&node->signal);
        return &none;
    }
    if (fresh) {
        node->next = r->signals;
        r->signals = node;
    }
    return &node->signal;
}

const struct msx_signal *msx_rec_signal(const struct msx_rec *r, int index)
{
    return signal_of(r->self, index, true);
}

enum msx_sigval msx_rec_sig(struct msx_rec *r, int index)
{
    return signal_of(r, index, false)->value;
}

/* Could a text that was not read have told more? */
static bool texts_missing(const struct msx_rec *r, int index)
{
    if (r->kind == MSX_K_MILESTONE && r->opp && index >= 0 && r->w->lexicon &&
        msx_lexicon_is_opp(r->w->lexicon, index))
        r = r->opp;
    if (r->kind == MSX_K_MILESTONE)
        return r->tasks_failed && !r->tasks_read;
    if (r->kind != MSX_K_OPP)
        return false;
    if (r->milestones_failed)
        return true;
    for (size_t i = 0; i < r->nchildren; i++)
        if (r->children[i]->tasks_failed && !r->children[i]->tasks_read)
            return true;
    return false;
}

enum msx_tri msx_rec_sig_yes(struct msx_rec *r, int index)
{
    switch (msx_rec_sig(r, index)) {
    case MSX_SIG_YES:
        return MSX_YES;
    case MSX_SIG_NO:
        return MSX_NO;
    case MSX_SIG_UNKNOWN:
        break;
    }
    return texts_missing(r, index) ? MSX_UNKNOWN : MSX_NO;
}

void msx_rec_sig_value(struct msx_rec *r, int index, bool recorded, struct msx_value *out)
{
    static const char *const names[] = {
        [MSX_SIG_UNKNOWN] = "unknown", [MSX_SIG_YES] = "yes", [MSX_SIG_NO] = "no"
    };
    const struct msx_signal *s = signal_of(r, index, false);
    enum msx_sigval v = recorded && s->m365_only ? MSX_SIG_UNKNOWN : s->value;

    if (v == MSX_SIG_UNKNOWN && texts_missing(r, index))
        out->type = MSX_V_UNKNOWN;
    else
        msx_v_str(out, names[v]);
}

enum msx_sigval msx_task_sig(struct msx_rec *t, int index)
{
    const struct msx_analysis *a = msx_rec_analysis(t);

    return a && index >= 0 ? msx_signal_in_task(t->w->lexicon, index, a) : MSX_SIG_UNKNOWN;
}

json_t *msx_rec_signals_json(const struct msx_rec *r)
{
    static const char *const values[] = { "unknown", "yes", "no" };
    static const char *const ways[] = { "none", "set", "marker", "lexicon", "derived" };
    json_t *out = json_object();
    size_t n = r->w->lexicon ? msx_lexicon_count(r->w->lexicon) : 0;

    for (size_t i = 0; out && i < n; i++) {
        const struct msx_signal *s;
        json_t *one;

        if (msx_rec_sig(r->self, (int)i) == MSX_SIG_UNKNOWN)
            continue;
        s = msx_rec_signal(r, (int)i);
        one = json_pack("{s:s,s:s,s:b,s:O?}", "value", values[s->value], "via", ways[s->via],
                        "conflict", (int)s->conflict, "evidence", s->evidence);
        if (one && ((s->text && msx_json_set_str(one, "text", s->text)) ||
                    (s->m365_only && msx_json_set_str(one, "source", "m365")))) {
            json_decref(one);
            one = NULL;
        }
        if (json_object_set_new(out, msx_lexicon_id(r->w->lexicon, (int)i), one)) {
            r->w->failed = MSX_E_NOMEM;
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

void msx_rec_conflict_gaps(const struct msx_rec *m)
{
    size_t n = m->w->lexicon ? msx_lexicon_count(m->w->lexicon) : 0;

    for (size_t i = 0; i < n; i++)
        if (signal_of(m->self, (int)i, false)->conflict)
            msx_world_gap_note(m->w, "evidence_conflict", msx_lexicon_id(m->w->lexicon, (int)i),
                               msx_rec_where(m), "evidence of both kinds stands side by side");
}

void msx_world_drop_texts(struct msx_world *w)
{
    for (int k = 0; k < MSX_KINDS; k++) {
        for (size_t i = 0; i < w->nrecs[k]; i++) {
            struct msx_rec *r = &w->recs[k][i];

            for (struct msx_sig_node *s = r->signals; s; s = s->next)
                msx_signal_release(&s->signal);
            r->signals = NULL;
            msx_analysis_free(r->analysis);
            r->analysis = NULL;
        }
    }
}
