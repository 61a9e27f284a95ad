/* Results to standard output in the format that was asked for. */
#include "fields.h"

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

static enum msx_code write_failed(struct app *app, int errnum, struct msx_error *err)
{
    app->reader_gone = errnum == EPIPE;
    return msx_fail_errno(err, errnum, "cannot write to standard output");
}

enum msx_code out_text(struct app *app, const char *text, size_t len, struct msx_error *err)
{
    if (len && fwrite(text, 1, len, stdout) != len)
        return write_failed(app, errno, err);
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

static int write_piece(const char *text, size_t len, void *user)
{
    (void)user;
    return fwrite(text, 1, len, stdout) == len ? 0 : -1;
}

static enum msx_code out_json(struct app *app, const json_t *result, struct msx_error *err)
{
    errno = 0;
    if (msx_json_write(result, 2, write_piece, NULL))
        return errno ? write_failed(app, errno, err) : msx_fail(err, MSX_E_NOMEM, "out of memory");
    return out_text(app, "\n", 1, err);
}

/* What is left of the result after --fields; f->rows are its rows. Borrowed or new in *whole. */
static enum msx_code only_fields(const struct app *app, const json_t *result, const json_t *rows,
                                 const struct view *view, struct fields *f, json_t **whole,
                                 struct msx_error *err)
{
    const struct msx_column *known = view ? view->cols : NULL;
    MSX_AUTO(msx_json_free_p) json_t *one = rows ? NULL : json_pack("[O]", result);
    enum msx_code rc = fields_cut(app->g.fields, known, rows ? rows : one, f, err);

    if (rc)
        return rc;
    if (!rows)
        *whole = json_incref(json_array_get(f->rows, 0));
    else if (json_is_array(result))
        *whole = json_incref(f->rows);
    else
        *whole = json_copy((json_t *)(uintptr_t)result);
    if (!*whole || (rows && json_is_object(result) && json_object_set(*whole, view->rows, f->rows)))
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return MSX_OK;
}

static void render(struct app *app, struct msx_buf *b, const char *format, const json_t *result,
                   const json_t *rows, const struct view *view, const struct msx_column *picked)
{
    size_t width = app->out_tty ? out_width(app) : 0;
    MSX_AUTO(msx_json_free_p) json_t *one = rows ? NULL : json_pack("[O]", result);
    const json_t *list = rows ? rows : one;

    if (strcmp(format, "ndjson") == 0)
        msx_render_ndjson(b, list);
    else if (strcmp(format, "csv") == 0)
        /* without rows the columns that are known give the heading */
        msx_render_csv(b, list, !picked && view && !json_array_size(list) ? view->cols : picked,
                       true, app->ctx.tz);
    else if (!rows)
        msx_render_record(b, result, width);
    else if (json_array_size(rows) == 0 && app->out_tty)
        msx_buf_addf(b, "%s\n", view && view->empty ? view->empty : "nothing found");
    else
        msx_render_table(b, rows,
                         picked ? picked
                         : view ? view->cols
                                : NULL,
                         &(struct msx_table_style){ width, app->color, app->ctx.tz });
}

enum msx_code out_result(struct app *app, const json_t *result, const struct view *view,
                         struct msx_error *err)
{
    const char *format = out_format(app);
    const json_t *rows = view && view->rows ? json_object_get(result, view->rows) : NULL;
    MSX_AUTO(fields_release) struct fields f = { NULL, NULL, NULL };
    MSX_AUTO(msx_json_free_p) json_t *whole = NULL;
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(OUT_MAX);
    enum msx_code rc = MSX_OK;

    if (!rows && json_is_array(result))
        rows = result;
    if (app->g.fields && (rows || json_is_object(result))) {
        rc = only_fields(app, result, rows, view, &f, &whole, err);
        if (rc)
            return rc;
        result = whole;
        rows = rows ? f.rows : NULL;
    }
    if (app->g.jq)
        return out_jq(app, result, err);
    if (strcmp(format, "json") == 0)
        return out_json(app, result, err);
    if (strcmp(format, "md") == 0) {
        rc = msx_fail(err, MSX_E_USAGE, "this command has no Markdown form");
        msx_hint(err, "use -o table, json, ndjson or csv");
        return rc;
    }
    render(app, &b, format, result, rows, view, f.cols);
    rc = msx_buf_finish(&b, "output", err);
    return rc ? rc : out_text(app, b.data, b.len, err);
}
