/* Aligned tables and key/value listings for people. */
#include "msxops/render.h"

#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

#define CELL_MAX  ((size_t)1 << 20)
#define FORMATTED "@OData.Community.Display.V1.FormattedValue"

/* Columns for rows without a view: keys of the first row but annotations. New, or NULL. */
static struct msx_column *own_columns(const json_t *rows)
{
    json_t *first = json_array_get(rows, 0);
    struct msx_column *cols = msx_calloc(json_object_size(first) + 1, sizeof *cols);
    size_t n = 0;
    const char *key;
    json_t *v;

    if (!cols)
        return NULL;
    json_object_foreach(first, key, v)
        if (!strchr(key, '@'))
            cols[n++] = (struct msx_column){ key, key,
                                             json_is_number(v) ? MSX_CELL_NUM : MSX_CELL_LABEL, 8 };
    /* a coded number with a label reads as text */
    for (size_t i = 0; i < n; i++) {
        char *label = msx_asprintf("%s" FORMATTED, cols[i].key);

        if (label && json_object_get(first, label))
            cols[i].cell = MSX_CELL_LABEL;
        msx_free(label);
    }
    return cols;
}

static size_t count_columns(const struct msx_column *cols)
{
    size_t n = 0;

    while (cols[n].key)
        n++;
    return n;
}

/* A cell as shown: control characters visible, one line. New. */
static char *shown(const json_t *row, const struct msx_column *col, const struct msx_tz *tz)
{
    char *text = msx_cell_text(row, col, tz);
    struct msx_buf b = MSX_BUF_INIT(CELL_MAX);
    char *out;

    if (!text)
        return NULL;
    msx_add_visible(&b, text, strlen(text));
    msx_free(text);
    out = msx_buf_take(&b);
    msx_buf_release(&b);
    return out;
}

static bool right_aligned(const struct msx_column *c)
{
    return c->cell == MSX_CELL_MONEY || c->cell == MSX_CELL_NUM;
}

/* Append text in exactly width columns (the last column of a line is not padded). */
static void add_cell(struct msx_buf *b, const char *text, size_t width, bool right, bool last)
{
    size_t len = strlen(text);
    size_t w = msx_utf8_width(text, len);

    if (w > width) {
        const char *p = text;
        const char *end = text + len;
        const char *cut = text;
        size_t used = 0;

        while (p < end) {
            const char *q = p;
            size_t cw;

            (void)msx_utf8_next(&q, end);
            cw = msx_utf8_width(p, (size_t)(q - p));
            if (used + cw > width - 1)
                break;
            used += cw;
            p = q;
            cut = p;
        }
        while (cut > text && cut[-1] == ' ')
            cut--, used--;
        msx_buf_add(b, text, (size_t)(cut - text));
        msx_buf_adds(b, "…");
        w = used + 1;
        right = false;
    } else if (right) {
        for (; w < width; w++)
            msx_buf_addc(b, ' ');
        msx_buf_adds(b, text);
    } else {
        msx_buf_adds(b, text);
    }
    if (!last && !right)
        for (; w < width; w++)
            msx_buf_addc(b, ' ');
}

/* Make the columns fit: the widest of those that may shrink loses first. */
static void fit(size_t *widths, const struct msx_column *cols, size_t n, size_t total)
{
    size_t sum = n ? (n - 1) * 2 : 0;

    for (size_t i = 0; i < n; i++)
        sum += widths[i];
    while (total && sum > total) {
        size_t best = n;

        for (size_t i = 0; i < n; i++)
            if (cols[i].wrap > 0 && widths[i] > (size_t)cols[i].wrap &&
                (best == n || widths[i] > widths[best]))
                best = i;
        if (best == n)
            return;
        widths[best]--;
        sum--;
    }
}

static void add_line(struct msx_buf *b, char *const *cells, const size_t *widths,
                     const struct msx_column *cols, size_t n)
{
    for (size_t c = 0; c < n; c++) {
        if (c)
            msx_buf_adds(b, "  ");
        add_cell(b, cells[c] ? cells[c] : "", widths[c], right_aligned(&cols[c]), c + 1 == n);
    }
    while (b->len && b->data[b->len - 1] == ' ')
        msx_buf_truncate(b, b->len - 1);
    msx_buf_addc(b, '\n');
}

void msx_render_table(struct msx_buf *b, const json_t *rows, const struct msx_column *cols,
                      const struct msx_table_style *style)
{
    struct msx_column *own = NULL;
    size_t nrows = json_array_size(rows);
    size_t n;
    char **cells = NULL;
    size_t *widths = NULL;
    char **heads = NULL;

    if (!cols) {
        if (!nrows)
            return;
        cols = own = own_columns(rows);
    }
    n = cols ? count_columns(cols) : 0;
    if (n) {
        cells = msx_calloc(n * (nrows ? nrows : 1), sizeof *cells);
        widths = msx_calloc(n, sizeof *widths);
        heads = msx_calloc(n, sizeof *heads);
    }
    if (!cells || !widths || !heads) {
        if (n)
            b->failed = b->failed ? b->failed : MSX_E_NOMEM;
        goto out;
    }
    for (size_t c = 0; c < n; c++) {
        heads[c] = msx_strdup(cols[c].title);
        widths[c] = msx_utf8_width(cols[c].title, strlen(cols[c].title));
        for (size_t r = 0; r < nrows; r++) {
            char *t = shown(json_array_get(rows, r), &cols[c], style->tz);
            size_t w = t ? msx_utf8_width(t, strlen(t)) : 0;

            cells[r * n + c] = t;
            widths[c] = w > widths[c] ? w : widths[c];
        }
    }
    fit(widths, cols, n, style->width);
    if (style->bold)
        msx_buf_adds(b, "\x1b[1m");
    add_line(b, heads, widths, cols, n);
    if (style->bold) {
        msx_buf_truncate(b, b->len - 1);
        msx_buf_adds(b, "\x1b[0m\n");
    }
    for (size_t r = 0; r < nrows; r++)
        add_line(b, cells + r * n, widths, cols, n);
out:
    for (size_t i = 0; cells && i < n * nrows; i++)
        msx_free(cells[i]);
    for (size_t i = 0; heads && i < n; i++)
        msx_free(heads[i]);
    msx_free(cells);
    msx_free(widths);
    msx_free(heads);
    msx_free(own);
}

/* One "key  value" line; a nested record gives a line for each of its members. */
static void record_lines(struct msx_buf *b, const json_t *record, const char *prefix,
                         size_t longest, size_t width, int depth)
{
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)record, key, v) {
        struct msx_column col = { key, key, MSX_CELL_LABEL, 0 };
        MSX_AUTO(msx_free_p) char *name = msx_asprintf("%s%s", prefix, key);
        MSX_AUTO(msx_free_p) char *text = NULL;

        if (!name || strchr(key, '@'))
            continue;
        if (depth && json_is_object(v) && json_object_size(v)) {
            MSX_AUTO(msx_free_p) char *deeper = msx_asprintf("%s.", name);

            record_lines(b, v, deeper ? deeper : "", longest, width, depth - 1);
            continue;
        }
        text = shown(record, &col, NULL);
        if (!text)
            continue;
        msx_buf_addf(b, "%-*s  ", (int)longest, name);
        if (width > longest + 12)
            add_cell(b, text, width - longest - 2, false, true);
        else
            msx_buf_adds(b, text);
        while (b->len && b->data[b->len - 1] == ' ')
            msx_buf_truncate(b, b->len - 1);
        msx_buf_addc(b, '\n');
    }
}

static size_t longest_key(const json_t *record, size_t prefix, int depth)
{
    size_t longest = 0;
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)record, key, v) {
        size_t n = strchr(key, '@') ? 0 : prefix + strlen(key);

        if (n && depth && json_is_object(v) && json_object_size(v))
            n = longest_key(v, n + 1, depth - 1);
        longest = n > longest ? n : longest;
    }
    return longest;
}

void msx_render_record(struct msx_buf *b, const json_t *record, size_t width)
{
    record_lines(b, record, "", longest_key(record, 0, 1), width, 1);
}
