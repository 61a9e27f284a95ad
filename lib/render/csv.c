/* CSV (RFC 4180) and JSON lines. */
#include "msxops/render.h"

#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

static void csv_text(struct msx_buf *b, const char *s, size_t len, bool from_crm)
{
    /* a spreadsheet runs cells that begin so; tab and CR are skipped by some before they look */
    bool formula = from_crm && len && strchr("=+-@\t\r", s[0]);
    bool quote = formula;

    for (size_t i = 0; i < len && !quote; i++)
        quote = s[i] == ',' || s[i] == '"' || s[i] == '\n' || s[i] == '\r' ||
                (i + 1 == len && s[i] == ' ') || (i == 0 && s[i] == ' ');
    if (!quote) {
        msx_buf_add(b, s, len);
        return;
    }
    msx_buf_addc(b, '"');
    if (formula)
        msx_buf_addc(b, '\'');
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '"')
            msx_buf_addc(b, '"');
        msx_buf_addc(b, s[i]);
    }
    msx_buf_addc(b, '"');
}

/* Every key of any row, in order of first appearance: no column is lost for one row's lack. */
static json_t *all_keys(const json_t *rows)
{
    json_t *keys = json_object();
    size_t i;
    json_t *row;
    const char *key;
    json_t *v;

    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
        json_object_foreach(row, key, v)
            if (!json_object_get(keys, key))
                json_object_set_new(keys, key, json_null());
    return keys;
}

static void csv_row(struct msx_buf *b, const json_t *row, const struct msx_column *cols,
                    const struct msx_tz *tz)
{
    for (const struct msx_column *c = cols; c->key; c++) {
        const json_t *raw = json_object_get(row, c->key);
        char *text = msx_cell_text(row, c, tz);

        if (c != cols)
            msx_buf_addc(b, ',');
        if (text)
            csv_text(b, text, strlen(text), !json_is_number(raw));
        msx_free(text);
    }
    msx_buf_adds(b, "\r\n");
}

void msx_render_csv(struct msx_buf *b, const json_t *rows, const struct msx_column *cols,
                    bool heading, const struct msx_tz *tz)
{
    json_t *keys = NULL;
    struct msx_column *own = NULL;
    size_t i;
    json_t *row;

    if (!cols) {
        const char *key;
        json_t *v;
        size_t n = 0;

        keys = all_keys(rows);
        own = msx_calloc(json_object_size(keys) + 1, sizeof *own);
        if (!own) {
            b->failed = b->failed ? b->failed : MSX_E_NOMEM;
            json_decref(keys);
            return;
        }
        json_object_foreach(keys, key, v)
            own[n++] = (struct msx_column){ key, key, MSX_CELL_TEXT, 0 };
        cols = own;
    }
    if (heading && cols->key) {
        for (const struct msx_column *c = cols; c->key; c++) {
            if (c != cols)
                msx_buf_addc(b, ',');
            csv_text(b, c->key, strlen(c->key), true);
        }
        msx_buf_adds(b, "\r\n");
    }
    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
        csv_row(b, row, cols, tz);
    msx_free(own);
    json_decref(keys);
}

void msx_render_ndjson(struct msx_buf *b, const json_t *rows)
{
    size_t i;
    json_t *row;

    json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
        msx_json_dump(b, row);
        msx_buf_addc(b, '\n');
    }
}
