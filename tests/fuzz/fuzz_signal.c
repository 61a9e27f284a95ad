/* Fuzz target: texts of records are hostile. Whatever a comment, a JSON field, a task or a lexicon
 * phrase holds, analysing it ends, and every signal of it can be valued and explained. */
#include "msxops/mem.h"
#include "msxops/yaml.h"
#include "skill/signal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A lexicon with each kind of item; the shipped one would hide mistakes behind its size. */
static const char lexicon[] =
    "version: 1\n"
    "signals:\n"
    "- {id: a, say: [\"x ~2 (y/z w*)\", \"b*\"], deny: [\"no b*\"], ere: [\"(from|to) [0-9]+\"]}\n"
    "- {id: b, kind: presence, scope: opp, say: [\"x\"], in: [MN, MC, TS, TD, WQ]}\n"
    "- {id: c, kind: claim, say: [\"(x/y) ~1 (x/y)\"], ere: [\"[a-z]{3,9}:\"]}\n"
    "- {id: delivery.owner, in: [MC, TD], ere: [\"delivery (owner|lead)( is|:| -) ([^.;,]{3,60})\"]}\n"
    "- {id: issue.technical, kind: topic, in: [MC, TS, TD], say: [api, \"bug*\"]}\n";

static const struct msx_lexicon *load(void)
{
    static struct msx_lexicon *lx;
    const char *name = "fuzz";
    json_t *doc = NULL;
    const json_t *docs[1];

    if (lx)
        return lx;
    if (msx_yaml_parse(lexicon, strlen(lexicon), name, &doc, NULL, NULL))
        abort();
    docs[0] = doc;
    if (msx_lexicon_new(docs, &name, 1, &lx, NULL))
        abort();
    json_decref(doc);
    return lx;
}

static void value_all(const struct msx_lexicon *lx, const struct msx_analysis *a)
{
    for (size_t i = 0; i < msx_lexicon_count(lx); i++) {
        struct msx_signal s = { .value = MSX_SIG_UNKNOWN };

        if (msx_signal_eval(lx, (int)i, &a, 1, NULL, MSX_SIG_UNKNOWN, &s, NULL) ||
            msx_signal_explain(lx, (int)i, &a, 1, NULL, &s, NULL))
            abort();
        if ((s.value != MSX_SIG_UNKNOWN) != (json_array_size(s.evidence) > 0))
            abort(); /* a value without evidence, or the other way round */
        msx_signal_release(&s);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct msx_tz *tz;
    const struct msx_lexicon *lx = load();
    char *text = msx_strndup((const char *)data, size);
    struct msx_analysis *a = NULL;
    struct msx_phrase *p = NULL;
    struct msx_text t[4];

    if (!text || (!tz && msx_tz_open("UTC", &tz, NULL)))
        abort();
    for (unsigned i = 0; i < 4; i++) {
        static const enum msx_field fields[] = { MSX_F_MC, MSX_F_MJ, MSX_F_TS, MSX_F_TD };

        t[i] = (struct msx_text){ .field = fields[i], .text = text, .date = MSX_DAY_NONE };
        t[i].task_state = i < 2 ? MSX_TASK_NONE : size % 2 ? MSX_TASK_OPEN : MSX_TASK_COMPLETED;
    }
    if (msx_text_analyse(lx, t, 4, tz, &a, NULL))
        abort();
    value_all(lx, a);
    msx_analysis_free(a);
    (void)msx_issue_class(lx, (const char *const *)&text, 1, "api x");
    (void)msx_signal_in_text(lx, 0, text);
    if (msx_text_overlap(text, text, NULL) > 1)
        abort();
    if (msx_phrase_new(text, &p, NULL) == MSX_OK)
        (void)msx_phrase_in(p, text);
    msx_phrase_free(p);
    msx_free(text);
    return 0;
}
