/* --fields: only some columns, in the order that was asked for. */
#include "fields.h"

#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

#define MAX_NAMES 512

/* A key, or a path through objects: "record.number". Borrowed. */
static json_t *value_at(const json_t *row, const char *path)
{
    json_t *v = json_object_get(row, path);
    const char *dot = strchr(path, '.');
    MSX_AUTO(msx_free_p) char *head = v || !dot ? NULL : msx_strndup(path, (size_t)(dot - path));

    return head ? value_at(json_object_get(row, head), dot + 1) : v;
}

static const struct msx_column *known_as(const struct msx_column *known, const char *word)
{
    for (const struct msx_column *k = known; k && k->key; k++)
        if (strcmp(k->key, word) == 0 || msx_ieq(k->title, word))
            return k;
    return NULL;
}

/* A name that no row has is a slip of the pen, not an empty column. */
static enum msx_code unknown(const json_t *rows, const struct msx_column *known, const char *word,
                             struct msx_error *err)
{
    const char *names[MAX_NAMES];
    size_t n = 0;
    const char *key;
    const char *near;
    json_t *v;

    for (const struct msx_column *k = known; k && k->key && n < MAX_NAMES; k++)
        names[n++] = k->key;
    json_object_foreach(json_array_get(rows, 0), key, v)
        if (n < MAX_NAMES && !strchr(key, '@'))
            names[n++] = key;
    near = msx_nearest(word, names, n);
    (void)msx_fail(err, MSX_E_USAGE, "--fields: no column '%.100s' here", word);
    if (near)
        msx_hint(err, "did you mean '%s'?", near);
    return MSX_E_USAGE;
}

static bool in_a_row(const json_t *rows, const char *word)
{
    size_t i;
    json_t *row;

    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
        if (value_at(row, word))
            return true;
    return json_array_size(rows) == 0;
}

static enum msx_code pick(const char *fields, const struct msx_column *known, const json_t *rows,
                          struct fields *f, struct msx_error *err)
{
    size_t n = 2;
    size_t i = 0;
    char *save = NULL;

    for (const char *c = fields; *c; c++)
        n += *c == ',';
    f->names = msx_strdup(fields);
    f->cols = msx_calloc(n, sizeof *f->cols);
    if (!f->names || !f->cols)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    for (char *w = strtok_r(f->names, ", ", &save); w; w = strtok_r(NULL, ", ", &save)) {
        const struct msx_column *k = known_as(known, w);

        if (!k && !in_a_row(rows, w))
            return unknown(rows, known, w, err);
        f->cols[i++] = k ? *k : (struct msx_column){ w, w, MSX_CELL_LABEL, 10 };
    }
    return i ? MSX_OK : msx_fail(err, MSX_E_USAGE, "--fields wants names of columns");
}

/* Copy of a row with only the columns' keys (and their annotations). New. */
static json_t *cut(const json_t *row, const struct msx_column *cols)
{
    MSX_AUTO(msx_json_free_p) json_t *out = json_object();

    for (const struct msx_column *c = cols; c->key; c++) {
        MSX_AUTO(msx_free_p)
        char *label = msx_asprintf("%s@OData.Community.Display.V1.FormattedValue", c->key);
        json_t *v = value_at(row, c->key);
        json_t *l = label ? json_object_get(row, label) : NULL;

        if (!label || json_object_set_new(out, c->key, v ? json_incref(v) : json_null()) < 0 ||
            (l && json_object_set(out, label, l) < 0))
            return NULL;
    }
    return MSX_STEAL(out);
}

enum msx_code fields_cut(const char *fields, const struct msx_column *known, const json_t *rows,
                         struct fields *out, struct msx_error *err)
{
    size_t i;
    json_t *row;
    enum msx_code rc = pick(fields, known, rows, out, err);

    if (rc)
        return rc;
    out->rows = json_array();
    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
        if (json_array_append_new(out->rows, cut(row, out->cols)) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return out->rows ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

void fields_release(struct fields *f)
{
    json_decref(f->rows);
    msx_free(f->cols);
    msx_free(f->names);
}
