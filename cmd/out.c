/* Results to standard output in the format that was asked for. */
#include "cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "msxops/jq.h"
#include "msxops/mem.h"
#include "msxops/text.h"

#define OUT_MAX ((size_t)512 << 20)

const char *out_format(const struct app *app)
{
    if (app->g.output)
        return app->g.output;
    return app->out_tty && !app->g.jq ? "table" : "json";
}

enum msx_code out_text(struct app *app, const char *text, size_t len, struct msx_error *err)
{
    (void)app;
    if (len && fwrite(text, 1, len, stdout) != len)
        return msx_fail_errno(err, errno, "cannot write to standard output");
    return MSX_OK;
}

size_t out_width(const struct app *app)
{
    struct winsize ws;
    const char *env = getenv("COLUMNS");

    (void)app;
    if (env && *env) {
        long n = strtol(env, NULL, 10);

        if (n >= 20 && n <= 2000)
            return (size_t)n;
    }
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col >= 20)
        return ws.ws_col;
    return 80;
}

/* Columns for --fields: the view's where it has one so named, else plain keys. Caller frees. */
static struct msx_column *pick_fields(const char *fields, const struct msx_column *known,
                                      char **names_out)
{
    size_t n = 2;
    size_t i = 0;
    struct msx_column *cols;
    char *names = msx_strdup(fields);
    char *save = NULL;

    if (!names)
        return NULL;
    for (const char *c = fields; *c; c++)
        n += *c == ',';
    cols = msx_calloc(n, sizeof *cols);
    if (!cols) {
        msx_free(names);
        return NULL;
    }
    for (char *w = strtok_r(names, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
        while (*w == ' ')
            w++;
        cols[i] = (struct msx_column){ w, w, MSX_CELL_LABEL, 10 };
        for (const struct msx_column *k = known; k && k->key; k++)
            if (strcmp(k->key, w) == 0 || msx_ieq(k->title, w))
                cols[i] = *k;
        i++;
    }
    *names_out = names;
    return cols;
}

/* Copy of the rows with only the columns' keys (and their annotations). New. */
static json_t *cut_rows(const json_t *rows, const struct msx_column *cols)
{
    json_t *out = json_array();
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row) {
        json_t *o = json_object();

        for (const struct msx_column *c = cols; c->key; c++) {
            json_t *v = json_object_get(row, c->key);
            char *label = msx_asprintf("%s@OData.Community.Display.V1.FormattedValue", c->key);
            json_t *l = label ? json_object_get(row, label) : NULL;

            json_object_set_new(o, c->key, v ? json_deep_copy(v) : json_null());
            if (l)
                json_object_set(o, label, l);
            msx_free(label);
        }
        json_array_append_new(out, o);
    }
    return out;
}

static enum msx_code out_jq(struct app *app, const json_t *result, struct msx_error *err)
{
    json_t *outs = NULL;
    size_t i;
    json_t *v;
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(OUT_MAX);
    /* what was cancelled has its report too: only an interrupt from now on stops the filter */
    struct msx_jq_limits limits = { .cancelled =
                                        msx_cancelled(&app->ctx) ? NULL : app->ctx.cancelled };
    enum msx_code rc = msx_jq_run(app->g.jq, result, NULL, &limits, &outs, err);

    if (rc)
        return rc;
    json_array_foreach(outs, i, v) {
        if (json_is_string(v) && app->out_tty)
            msx_add_visible(&b, json_string_value(v), json_string_length(v));
        else if (json_is_string(v))
            msx_buf_add(&b, json_string_value(v), json_string_length(v));
        else
            msx_json_dump(&b, v);
        msx_buf_addc(&b, '\n');
    }
    json_decref(outs);
    rc = msx_buf_finish(&b, "output", err);
    return rc ? rc : out_text(app, b.data, b.len, err);
}

/* jansson hands over small pieces; standard output's own buffer gathers them. */
static int write_piece(const char *text, size_t len, void *user)
{
    (void)user;
    return fwrite(text, 1, len, stdout) == len ? 0 : -1;
}

static enum msx_code out_json(struct app *app, const json_t *result, struct msx_error *err)
{
    errno = 0;
    if (json_dump_callback(result, write_piece, NULL, JSON_INDENT(2) | JSON_ENCODE_ANY) < 0)
        return errno ? msx_fail_errno(err, errno, "cannot write to standard output")
                     : msx_fail(err, MSX_E_NOMEM, "out of memory");
    return out_text(app, "\n", 1, err);
}

enum msx_code out_result(struct app *app, const json_t *result, const struct view *view,
                         struct msx_error *err)
{
    const char *format = out_format(app);
    const struct msx_column *cols = view ? view->cols : NULL;
    struct msx_column *picked = NULL;
    char *names = NULL;
    json_t *rows = view && view->rows ? json_object_get(result, view->rows) : NULL;
    json_t *cut = NULL;
    json_t *whole = NULL;
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(OUT_MAX);
    enum msx_code rc = MSX_OK;

    if (!rows && json_is_array(result))
        rows = json_incref((json_t *)(uintptr_t)result);
    else if (rows)
        json_incref(rows);
    if (app->g.fields && rows) {
        picked = pick_fields(app->g.fields, cols, &names);
        cut = picked ? cut_rows(rows, picked) : NULL;
        whole = cut && json_is_object(result) ? json_copy((json_t *)(uintptr_t)result) : NULL;
        if (!picked || !cut) {
            rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
            goto out;
        }
        if (whole)
            json_object_set(whole, view->rows, cut);
        cols = picked;
    }
    if (app->g.jq) {
        rc = out_jq(app, whole ? whole : cut ? cut : result, err);
    } else if (strcmp(format, "json") == 0) {
        rc = out_json(app, whole ? whole : cut ? cut : result, err);
    } else if (strcmp(format, "md") == 0) {
        rc = msx_fail(err, MSX_E_USAGE, "this command has no Markdown form");
        msx_hint(err, "use -o table, json, ndjson or csv");
    } else {
        json_t *list = cut ? json_incref(cut) : rows ? json_incref(rows) : json_array();

        if (!rows)
            json_array_append(list, (json_t *)(uintptr_t)result);
        if (strcmp(format, "ndjson") == 0)
            msx_render_ndjson(&b, list);
        else if (strcmp(format, "csv") == 0)
            msx_render_csv(&b, list, picked, true);
        else if (!rows)
            msx_render_record(&b, result, app->out_tty ? out_width(app) : 0);
        else if (json_array_size(list) == 0 && app->out_tty)
            msx_buf_addf(&b, "%s\n", view && view->empty ? view->empty : "nothing found");
        else
            msx_render_table(
                &b, list, cols,
                &(struct msx_table_style){ app->out_tty ? out_width(app) : 0, app->color });
        json_decref(list);
        rc = msx_buf_finish(&b, "output", err);
        if (!rc)
            rc = out_text(app, b.data, b.len, err);
    }
out:
    json_decref(rows);
    json_decref(cut);
    json_decref(whole);
    msx_free(picked);
    msx_free(names);
    return rc;
}
