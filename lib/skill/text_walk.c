/* Takes a text apart, catalog 2.2: which lines this tool wrote, which are quoted, which segments
 * are markers, and which sentences remain for the lexicon. */
#include "skill/signal_priv.h"

#include <string.h>

static void on_sentence(void *ctx, struct sentence *s)
{
    struct walk *w = ctx;

    w->sentence(w->ctx, s, w->value);
}

static void search(struct walk *w, const char *text, size_t beg, size_t body, size_t end,
                   bool value)
{
    if (!w->sentence || beg >= end)
        return;
    w->value = value;
    text_sentences(&w->prep, text, beg, body, end, on_sentence, w);
}

/* End of the segment that begins at `at`: the next " | " or the end of the line. */
static size_t segment_end(const char *text, size_t at, size_t end)
{
    for (; at + 3 <= end; at++)
        if (text[at] == ' ' && text[at + 1] == '|' && text[at + 2] == ' ')
            return at;
    return end;
}

/* Segments that are no markers stay together as one piece of text. */
static void walk_line(struct walk *w, const char *text, const struct line *l, bool tool)
{
    size_t beg = l->beg, body = l->body, piece = beg, piece_body = body, last = beg, end, value = 0;
    struct line ignored;

    for (;; beg = end + 3, body = text_lead(text, beg, l->end, &ignored)) {
        enum marker_key key;
        bool plain = true;

        end = segment_end(text, body, l->end);
        key = marker_find(text, body, end, &value);
        if (key != MK_COUNT)
            plain = w->marker && w->marker(w->ctx, key, text, beg, end, value);
        if (!plain) {
            if (!tool) {
                search(w, text, piece, piece_body, last, false);
                search(w, text, value, value, end, true);
            }
            piece = piece_body = end + 3;
        }
        last = end;
        if (end == l->end)
            break;
    }
    if (!tool && piece < l->end)
        search(w, text, piece, piece_body, l->end, false);
}

void walk_text(struct walk *w, const char *text)
{
    size_t pos = 0, tool_end = w->task ? text_tool_end(text) : 0;
    struct line l;

    w->day = MSX_DAY_NONE;
    while (text_line(text, &pos, &l)) {
        bool tool = l.tool || pos <= tool_end;

        if (l.day != MSX_DAY_NONE)
            w->day = l.day;
        if (l.quoted || l.beg == l.end)
            continue;
        if (w->markers)
            walk_line(w, text, &l, tool);
        else if (!tool)
            search(w, text, l.beg, l.body, l.end, false);
    }
}
