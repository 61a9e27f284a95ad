/* Text of one cell and of one number. */
#include "msxops/render.h"

#include <math.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

#define FORMATTED "@OData.Community.Display.V1.FormattedValue"
#define CELL_MAX  ((size_t)1 << 20)

void msx_render_money(struct msx_buf *b, double v)
{
    char digits[400];
    double r = v < 0 ? -floor(-v + 0.5) : floor(v + 0.5);
    int n = snprintf(digits, sizeof digits, "%.0f", fabs(r));

    if (n <= 0 || (size_t)n >= sizeof digits)
        return;
    if (r < 0)
        msx_buf_addc(b, '-');
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            msx_buf_addc(b, ',');
        msx_buf_addc(b, digits[i]);
    }
}

/* Follow a dotted path; a key that itself holds a dot or @ wins. */
static const json_t *member(const json_t *row, const char *path)
{
    const json_t *v = json_object_get(row, path);
    const char *dot = strchr(path, '.');
    char head[64];
    size_t n;

    if (v || !dot)
        return v;
    n = (size_t)(dot - path);
    if (n >= sizeof head)
        return NULL;
    memcpy(head, path, n);
    head[n] = '\0';
    return member(json_object_get(row, head), dot + 1);
}

static const json_t *label_of(const json_t *row, const char *key)
{
    char *name = msx_asprintf("%s" FORMATTED, key);
    const json_t *v = name ? json_object_get(row, name) : NULL;

    msx_free(name);
    return json_is_string(v) ? v : NULL;
}

static bool all_strings(const json_t *array)
{
    size_t i;
    json_t *v;

    json_array_foreach((json_t *)(uintptr_t)array, i, v)
        if (!json_is_string(v))
            return false;
    return true;
}

static void add_value(struct msx_buf *b, const json_t *v)
{
    if (!v || json_is_null(v))
        return;
    if (json_is_string(v)) {
        msx_buf_add(b, json_string_value(v), json_string_length(v));
    } else if (json_is_array(v) && all_strings(v)) {
        for (size_t i = 0; i < json_array_size(v); i++)
            msx_buf_addf(b, "%s%s", i ? ", " : "", json_string_value(json_array_get(v, i)));
    } else {
        msx_json_dump(b, v);
    }
}

static void add_day(struct msx_buf *b, const json_t *v, const struct msx_tz *tz)
{
    bool bad = false;
    msx_day day = tz ? msx_day_of(json_string_value(v), tz, &bad) : MSX_DAY_NONE;
    char text[11];

    msx_day_format(day, text);
    if (day != MSX_DAY_NONE)
        msx_buf_adds(b, text);
    else
        msx_buf_add(b, json_string_value(v),
                    json_string_length(v) > 10 ? 10 : json_string_length(v));
}

char *msx_cell_text(const json_t *row, const struct msx_column *col, const struct msx_tz *tz)
{
    struct msx_buf b = MSX_BUF_INIT(CELL_MAX);
    const json_t *v = member(row, col->key);
    char *out;

    if (col->cell == MSX_CELL_LABEL && json_is_object(row)) {
        const json_t *label = label_of(row, col->key);

        v = label ? label : v;
    }
    if (col->cell == MSX_CELL_MONEY && json_is_number(v))
        msx_render_money(&b, json_number_value(v));
    else if (col->cell == MSX_CELL_DAY && json_is_string(v))
        add_day(&b, v, tz);
    else
        add_value(&b, v);
    out = msx_buf_take(&b);
    msx_buf_release(&b);
    return out;
}
