/* The issue class of a milestone (catalog 4.0.7): what its blockers, its open tasks and the free
 * text of its comments are about, in this order. */
#include "skill/facts.h"

#include "msxops/text.h"
#include "skill/signal_priv.h"

static enum msx_issue blocker_issue(struct msx_rec *m)
{
    const struct msx_signal *s;
    const char *texts[5];
    size_t n = 0;

    if (msx_rec_sig(m, m->w->sx.blocker) != MSX_SIG_YES)
        return MSX_ISSUE_NONE;
    s = msx_rec_signal(m, m->w->sx.blocker);
    for (size_t i = 0; i < json_array_size(s->evidence) && n < 5; i++) {
        const json_t *e = json_array_get(s->evidence, i);
        const char *excerpt = msx_json_str(e, "excerpt");

        if (excerpt && msx_ieq(msx_json_str(e, "polarity"), "yes"))
            texts[n++] = excerpt;
    }
    return msx_issue_class(m->w->lexicon, texts, n, NULL);
}

static enum msx_issue open_tasks_issue(struct msx_rec *m)
{
    struct msx_rec *const *t;
    size_t n, used = 0;
    const char **texts;

    msx_tasks_of(m, &t, &n);
    texts = msx_world_alloc(m->w, (2 * n + 1) * sizeof(char *));
    for (size_t i = 0; texts && i < n; i++) {
        if (!msx_fact_yes(t[i], T_OPEN))
            continue;
        if (msx_rec_str(t[i], "subject"))
            texts[used++] = msx_rec_str(t[i], "subject");
        if (msx_rec_str(t[i], "description"))
            texts[used++] = msx_rec_str(t[i], "description");
    }
    return texts ? msx_issue_class(m->w->lexicon, texts, used, msx_rec_str(m, "msp_name"))
                 : MSX_ISSUE_NONE;
}

/* ---- comments without their marker lines ---- */
struct free_text {
    const char *text;
    struct msx_buf out;
};

static void keep_sentence(void *ctx, struct sentence *s, bool value)
{
    struct free_text *f = ctx;

    if (value)
        return;
    msx_buf_add(&f->out, f->text + s->beg, s->end - s->beg);
    msx_buf_addc(&f->out, '\n');
}

static enum msx_issue comments_issue(struct msx_rec *m)
{
    struct free_text f = { .text = msx_rec_comments(m), .out = MSX_BUF_INIT((size_t)4 << 20) };
    struct walk walk = { .markers = true, .sentence = keep_sentence, .ctx = &f };
    const char *text;
    enum msx_issue issue = MSX_ISSUE_NONE;

    walk_text(&walk, f.text);
    if (walk.prep.failed || f.out.failed)
        m->w->failed = MSX_E_NOMEM;
    else if (text = f.out.data, f.out.len > 0)
        issue = msx_issue_class(m->w->lexicon, &text, 1, NULL);
    prep_release(&walk.prep);
    msx_buf_release(&f.out);
    return issue;
}

void msx_m_issue(struct msx_rec *m, struct msx_value *out)
{
    enum msx_issue issue = MSX_ISSUE_NONE;
    struct msx_marker mark;

    if (!m->w->lexicon) {
        msx_v_str(out, "none");
        return;
    }

    const struct msx_analysis *own = msx_rec_analysis(m);

    if (own && msx_marker_newest(&own, 1, "Issue", &mark)) {
        const char *line[1] = { mark.value };

        for (int i = MSX_ISSUE_TECHNICAL; i <= MSX_ISSUE_ADMIN && !issue; i++)
            if (msx_ieq(msx_issue_name((enum msx_issue)i), line[0]))
                issue = (enum msx_issue)i;
    }
    if (!issue)
        issue = blocker_issue(m);
    if (!issue)
        issue = open_tasks_issue(m);
    if (!issue)
        issue = comments_issue(m);
    msx_v_str(out, msx_issue_name(issue));
}
