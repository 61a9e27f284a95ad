/* What several command files do alike: references, dates, IDs from standard input, tool calls. */
#include "cmd.h"

#include <errno.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

#define STDIN_MAX ((size_t)64 << 20)

void cmd_without_tool(struct msx_error *err, const char *tool)
{
    size_t n = strlen(tool);

    if (strncmp(err->msg, tool, n) == 0 && strncmp(err->msg + n, ": ", 2) == 0)
        memmove(err->msg, err->msg + n + 2, strlen(err->msg + n + 2) + 1);
}

/* The last result shown. It is left to the end of the process: to free 100,000 values one by one
 * takes as long as to print them. */
static json_t *shown;

enum msx_code cmd_tool(struct app *app, const char *tool, json_t *params, const struct view *view,
                       struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *p = params;
    json_t *result = NULL;
    enum msx_code rc = msx_tool_call(&app->crm, tool, p, &result, err);

    if (rc) {
        cmd_without_tool(err, tool);
        return rc;
    }
    json_decref(shown);
    shown = result;
    return out_result(app, result, view, err);
}

enum msx_code cmd_plan_load(const char *path, struct msx_plan **out, struct msx_error *err)
{
    enum msx_code rc = msx_plan_load(path, out, err);

    if (rc == MSX_E_NOTFOUND) {
        *err = (struct msx_error)MSX_ERROR_INIT;
        rc = msx_fail(err, MSX_E_USAGE, "there is no plan file '%s'", path);
        msx_hint(err, "'msxops plan list' shows the plans of the state folder");
    }
    return rc;
}

static enum msx_code read_stdin(struct msx_buf *b, struct msx_error *err)
{
    char chunk[65536];
    size_t n;

    while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0)
        msx_buf_add(b, chunk, n);
    if (ferror(stdin))
        return msx_fail_errno(err, errno, "cannot read standard input");
    return msx_buf_finish(b, "standard input", err);
}

static enum msx_code add_json_id(json_t *out, const json_t *v, const char *const *keys,
                                 struct msx_error *err)
{
    if (json_is_string(v)) {
        json_array_append(out, (json_t *)(uintptr_t)v);
        return MSX_OK;
    }
    for (const char *const *k = keys; *k; k++)
        if (msx_json_str(v, *k)) {
            json_array_append_new(out, json_string(msx_json_str(v, *k)));
            return MSX_OK;
        }
    return msx_fail(err, MSX_E_USAGE, "standard input: a JSON value without '%s'", keys[0]);
}

/* JSON values: an array of strings or objects, one object, or the result of a list command. */
static enum msx_code json_ids(const char *text, size_t len, const char *const *keys, json_t *out,
                              struct msx_error *err)
{
    size_t at = 0;

    while (at < len) {
        json_error_t je;
        json_t *doc;
        enum msx_code rc = MSX_OK;
        size_t i;
        json_t *v;

        while (at < len && strchr(" \t\r\n", text[at]))
            at++;
        if (at >= len)
            break;
        doc = json_loadb(text + at, len - at, JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &je);
        if (!doc)
            return msx_fail(err, MSX_E_USAGE, "standard input is not valid JSON: %s", je.text);
        at += (size_t)je.position;
        if (json_is_object(doc)) {
            static const char *const lists[] = { "opportunities", "milestones", "accounts", "tasks",
                                                 "value" };
            json_t *rows = NULL;

            for (size_t l = 0; l < sizeof lists / sizeof *lists && !rows; l++)
                rows = msx_json_arr(doc, lists[l]);
            if (rows) {
                json_incref(rows);
                json_decref(doc);
                doc = rows;
            }
        }
        if (json_is_array(doc)) {
            json_array_foreach(doc, i, v) {
                rc = add_json_id(out, v, keys, err);
                if (rc)
                    break;
            }
        } else {
            rc = add_json_id(out, doc, keys, err);
        }
        json_decref(doc);
        if (rc)
            return rc;
    }
    return MSX_OK;
}

static enum msx_code stdin_ids(const char *const *keys, json_t *out, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(STDIN_MAX);
    enum msx_code rc = read_stdin(&b, err);
    size_t skip;
    char *save = NULL;

    if (rc)
        return rc;
    skip = strspn(b.data, " \t\r\n");
    if (b.data[skip] == '[' || b.data[skip] == '{' || b.data[skip] == '"')
        return json_ids(b.data, b.len, keys, out, err);
    for (char *w = strtok_r(b.data, "\n", &save); w; w = strtok_r(NULL, "\n", &save)) {
        size_t n;

        w += strspn(w, " \t\r");
        n = strlen(w);
        while (n && strchr(" \t\r", w[n - 1]))
            n--;
        if (n)
            json_array_append_new(out, json_stringn(w, n));
    }
    return MSX_OK;
}

enum msx_code cmd_ids(struct app *app, const char *const *words, size_t n, const char *const *keys,
                      json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *ids = json_array();

    (void)app;
    for (size_t i = 0; i < n; i++) {
        enum msx_code rc;

        if (strcmp(words[i], "-") != 0) {
            json_array_append_new(ids, json_string(words[i]));
            continue;
        }
        rc = stdin_ids(keys, ids, err);
        if (rc)
            return rc;
    }
    *out = MSX_STEAL(ids);
    return MSX_OK;
}

enum msx_code cmd_refs(struct app *app, enum msx_ref_kind kind, const char *const *words, size_t n,
                       json_t **out, struct msx_error *err)
{
    static const char *const keys[][3] = {
        [MSX_REF_ACCOUNT] = { "accountid", "id", NULL },
        [MSX_REF_OPPORTUNITY] = { "opportunityid", "id", NULL },
        [MSX_REF_MILESTONE] = { "msp_engagementmilestoneid", "msp_milestonenumber", NULL },
        [MSX_REF_TASK] = { "activityid", "id", NULL },
        [MSX_REF_USER] = { "systemuserid", "id", NULL },
    };
    MSX_AUTO(msx_json_free_p) json_t *ids = NULL;
    enum msx_code rc = cmd_ids(app, words, n, keys[kind], &ids, err);

    return rc ? rc : msx_ref_resolve_all(&app->crm, kind, ids, out, err);
}

enum msx_code cmd_set_text(json_t *params, const char *key, const char *text, struct msx_error *err)
{
    if (!text)
        return MSX_OK;
    if (!msx_utf8_valid(text, strlen(text)))
        return msx_fail(err, MSX_E_USAGE, "%s is not valid UTF-8", key);
    if (msx_json_set_str(params, key, text) < 0)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return MSX_OK;
}

enum msx_code cmd_set_date(struct app *app, json_t *params, const char *key, const char *text,
                           struct msx_error *err)
{
    msx_day d;
    char iso[11];
    enum msx_code rc;

    if (!text)
        return MSX_OK;
    rc = msx_day_resolve(text, app->ctx.today, &d, err);
    if (rc)
        return rc;
    msx_day_format(d, iso);
    return cmd_set_text(params, key, iso, err);
}

enum msx_code cmd_set_ref(struct app *app, json_t *params, const char *key, enum msx_ref_kind kind,
                          const char *text, struct msx_error *err)
{
    char guid[MSX_GUID_LEN + 1];
    enum msx_code rc;

    if (!text)
        return MSX_OK;
    rc = msx_ref_resolve(&app->crm, kind, text, guid, err);
    return rc ? rc : cmd_set_text(params, key, guid, err);
}

enum msx_code cmd_set_params(struct app *app, const struct param *rows, const void *opts,
                             json_t *params, struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    for (const struct param *r = rows; !rc && r->key; r++) {
        const char *text;

        memcpy(&text, (const char *)opts + r->offset, sizeof text);
        switch (r->kind) {
        case PARAM_TEXT:
            rc = cmd_set_text(params, r->key, text, err);
            break;
        case PARAM_DATE:
            rc = cmd_set_date(app, params, r->key, text, err);
            break;
        case PARAM_USER:
            rc = cmd_set_ref(app, params, r->key, MSX_REF_USER, text, err);
            break;
        }
    }
    return rc;
}
