/* The option parser and the self-check of its tables. No abbreviations; exact messages. */
#include "cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

static const char *const color_values[] = { "auto", "always", "never", NULL };
static const char *const output_values[] = { "json", "ndjson", "table", "csv", "md", NULL };
static const char *const error_values[] = { "text", "json", NULL };

#define OPTS struct globals
const struct opt global_opts[] = {
    OPT_TEXT(0, "profile", profile, "NAME", "use this profile of the configuration"),
    OPT_ONE_OF('o', "output", output, "FORMAT", output_values,
               "json, ndjson, table, csv or md (default: table on a terminal)"),
    OPT_TEXT('q', "jq", jq, "EXPR", "filter the JSON result through a jq program"),
    OPT_TEXT(0, "fields", fields, "A,B,C", "only these columns, in this order"),
    OPT_TEXT(0, "today", today, "DATE", "the date that relative rules use"),
    OPT_NUM(0, "concurrency", concurrency, "N", 1, 52, "requests in flight at most"),
    OPT_NUM(0, "timeout", timeout_s, "SECONDS", 1, 3600, "limit of one request"),
    OPT_NUM(0, "retries", retries, "N", 0, 20, "repeats of a failed read"),
    OPT_ON(0, "no-cache", no_cache, "ignore cached metadata"),
    OPT_ONE_OF(0, "color", color, "WHEN", color_values, "colour: auto, always or never"),
    OPT_ONE_OF(0, "progress", progress, "WHEN", color_values, "progress on standard error"),
    OPT_ON('v', "verbose", verbose, "log requests to standard error"),
    OPT_TEXT(0, "trace", trace, "FILE", "write a trace of all requests, secrets removed"),
    OPT_ON(0, "quiet", quiet, "nothing on standard error but errors"),
    OPT_ONE_OF(0, "error-format", error_format, "FORMAT", error_values, "errors as text or json"),
    OPT_ON('h', "help", help, "show help"),
    OPT_END,
};
#undef OPTS

static const struct opt *find_long(const struct opt *opts, const char *name, size_t len)
{
    for (const struct opt *o = opts; o && o->name; o++)
        if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
            return o;
    return NULL;
}

static const struct opt *find_letter(const struct opt *opts, char c)
{
    for (const struct opt *o = opts; o && o->name; o++)
        if (o->letter == c)
            return o;
    return NULL;
}

static enum msx_code unknown_long(const struct opt *opts, const char *word, size_t len,
                                  struct msx_error *err)
{
    const char *names[128];
    size_t n = 0;
    MSX_AUTO(msx_free_p) char *name = msx_strndup(word, len);
    const char *near;
    enum msx_code rc;

    if (!name)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    for (const struct opt *o = opts; o && o->name && n < 128; o++)
        names[n++] = o->name;
    for (const struct opt *o = global_opts; o->name && n < 128; o++)
        names[n++] = o->name;
    rc = msx_fail(err, MSX_E_USAGE, "unknown option '--%s'", name);
    near = msx_nearest(name, names, n);
    if (near)
        msx_hint(err, "did you mean '--%s'?", near);
    return rc;
}

static enum msx_code one_of(const struct opt *o, const char *value, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(400);

    for (const char *const *v = o->values; v && *v; v++)
        if (strcmp(*v, value) == 0)
            return MSX_OK;
    for (const char *const *v = o->values; v && *v; v++)
        msx_buf_addf(&b, "%s%s", b.len ? (v[1] ? ", " : " or ") : "", *v);
    return msx_fail(err, MSX_E_USAGE, "--%s wants %s, got '%s'", o->name, b.data, value);
}

static enum msx_code set_text(char *at, const char *value)
{
    *(const char **)(void *)at = value;
    return MSX_OK;
}

static enum msx_code append(char *at, const char *value, struct msx_error *err)
{
    struct strlist *l = (struct strlist *)(void *)at;
    const char **v = msx_realloc(l->v, (l->n + 1) * sizeof *v);

    if (!v)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    v[l->n++] = value;
    l->v = v;
    return MSX_OK;
}

static enum msx_code store(const struct opt *o, void *dst, const char *value, struct msx_error *err)
{
    char *at = (char *)dst + o->offset;
    enum msx_code rc;

    switch (o->type) {
    case OPT_T_ON:
        *(bool *)(void *)at = true;
        return MSX_OK;
    case OPT_T_WORD:
    case OPT_T_WORDS:
        /* an unset variable of a script must not select everything */
        if (!*value)
            return msx_fail(err, MSX_E_USAGE, "--%s wants a word, got ''", o->name);
        return o->type == OPT_T_WORDS ? append(at, value, err) : set_text(at, value);
    case OPT_T_TEXT:
        return set_text(at, value);
    case OPT_T_LIST:
        return append(at, value, err);
    case OPT_T_NUM: {
        char *end;
        long n;

        errno = 0;
        n = strtol(value, &end, 10);
        if (errno || end == value || *end || n < o->lo || n > o->hi)
            return msx_fail(err, MSX_E_USAGE, "--%s wants a number from %ld to %ld, got '%s'",
                            o->name, o->lo, o->hi, value);
        *(long *)(void *)at = n;
        return MSX_OK;
    }
    case OPT_T_ONE_OF:
        rc = one_of(o, value, err);
        if (rc)
            return rc;
        *(const char **)(void *)at = value;
        return MSX_OK;
    case OPT_T_MAYBE:
        if (value && o->values) {
            rc = one_of(o, value, err);
            if (rc)
                return rc;
        }
        *(const char **)(void *)at = value ? value : o->fallback;
        return MSX_OK;
    }
    return msx_fail(err, MSX_E_USAGE, "unusable option '--%s'", o->name);
}

static bool takes_value(const struct opt *o)
{
    return o->type != OPT_T_ON && o->type != OPT_T_MAYBE;
}

/* One "--name[=value]"; *used: 1 when the next word was its value. */
static enum msx_code parse_long(const struct opt *opts, void *dst, struct globals *g,
                                const char *word, const char *next, int *used,
                                struct msx_error *err)
{
    const char *eq = strchr(word, '=');
    size_t len = eq ? (size_t)(eq - word) : strlen(word);
    const struct opt *o = find_long(opts, word, len);
    void *where = dst;

    if (!o) {
        o = find_long(global_opts, word, len);
        where = g;
    }
    if (!o)
        return unknown_long(opts, word, len, err);
    if (o->type == OPT_T_ON && eq)
        return msx_fail(err, MSX_E_USAGE, "--%s takes no value", o->name);
    if (!takes_value(o))
        return store(o, where, eq ? eq + 1 : NULL, err);
    if (eq)
        return store(o, where, eq + 1, err);
    if (!next)
        return msx_fail(err, MSX_E_USAGE, "--%s wants a value: %s", o->name, o->arg);
    *used = 1;
    return store(o, where, next, err);
}

static enum msx_code parse_letters(const struct opt *opts, void *dst, struct globals *g,
                                   const char *word, const char *next, int *used,
                                   struct msx_error *err)
{
    for (const char *c = word; *c; c++) {
        const struct opt *o = find_letter(opts, *c);
        void *where = dst;
        enum msx_code rc;

        if (!o) {
            o = find_letter(global_opts, *c);
            where = g;
        }
        if (!o)
            return msx_fail(err, MSX_E_USAGE, "unknown option '-%c'", *c);
        if (!takes_value(o)) {
            rc = store(o, where, NULL, err);
            if (rc)
                return rc;
            continue;
        }
        if (c[1])
            return store(o, where, c + 1, err);
        if (!next)
            return msx_fail(err, MSX_E_USAGE, "-%c wants a value: %s", *c, o->arg);
        *used = 1;
        return store(o, where, next, err);
    }
    return MSX_OK;
}

enum msx_code opt_parse(const struct opt *opts, void *dst, struct globals *g, char **argv, int argc,
                        char **args, size_t *nargs, struct msx_error *err)
{
    bool ended = false;

    for (int i = 0; i < argc; i++) {
        char *w = argv[i];
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        int used = 0;
        enum msx_code rc = MSX_OK;

        if (ended || w[0] != '-' || !w[1]) {
            args[(*nargs)++] = w;
        } else if (w[1] != '-') {
            rc = parse_letters(opts, dst, g, w + 1, next, &used, err);
        } else if (!w[2]) {
            ended = true;
        } else {
            rc = parse_long(opts, dst, g, w + 2, next, &used, err);
        }
        if (rc)
            return rc;
        i += used;
    }
    return MSX_OK;
}

void opt_release(const struct opt *opts, void *dst)
{
    for (const struct opt *o = opts; o && o->name; o++)
        if (o->type == OPT_T_LIST || o->type == OPT_T_WORDS) {
            struct strlist *l = (struct strlist *)(void *)((char *)dst + o->offset);

            msx_free(l->v);
            *l = (struct strlist){ NULL, 0 };
        }
}

static bool is_sentence(const char *s)
{
    size_t n = strlen(s);

    return n == 0 || s[n - 1] == '.' ||
           (s[0] >= 'A' && s[0] <= 'Z' && !(s[1] >= 'A' && s[1] <= 'Z'));
}

int opt_selfcheck(const struct cmd *c, char *msg, size_t size)
{
#define BAD(...) return (void)snprintf(msg, size, __VA_ARGS__), -1
    if (!c->path || !c->summary || !c->about || !c->args || !c->run)
        BAD("%s: a member is missing", c->path ? c->path : "?");
    if (is_sentence(c->summary))
        BAD("%s: the summary is lower case without a full stop", c->path);
    if (!c->examples || !c->examples[0])
        BAD("%s: no example", c->path);
    if (c->tool && !msx_tool_find(c->tool))
        BAD("%s: unknown tool %s", c->path, c->tool);
    for (const struct opt *o = c->opts; o && o->name; o++) {
        if (!o->help || is_sentence(o->help))
            BAD("%s --%s: help is lower case without a full stop", c->path, o->name);
        if (o->offset >= c->opts_size)
            BAD("%s --%s: field outside of the options", c->path, o->name);
        if (takes_value(o) && !o->arg)
            BAD("%s --%s: no name for its value", c->path, o->name);
        if (o->type == OPT_T_ONE_OF && !o->values)
            BAD("%s --%s: no values", c->path, o->name);
        if (find_long(global_opts, o->name, strlen(o->name)))
            BAD("%s --%s: already a global option", c->path, o->name);
        if (o->letter && find_letter(global_opts, o->letter))
            BAD("%s -%c: already a global option", c->path, o->letter);
        for (const struct opt *p = c->opts; p < o; p++)
            if (strcmp(p->name, o->name) == 0 || (o->letter && p->letter == o->letter))
                BAD("%s --%s: given twice", c->path, o->name);
    }
    return 0;
#undef BAD
}
