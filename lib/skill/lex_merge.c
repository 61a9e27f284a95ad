/* Reading lexicon documents: what is allowed in them, and the merge of user entries into the
 * default. */
#include "skill/signal_priv.h"

#include <string.h>

#include "msxops/text.h"

#define MAX_SIGNALS 1000
#define MAX_PHRASES 20000

static const char *const doc_keys[] = { "version", "signals" };
static const char *const sig_keys[] = { "id",  "kind", "scope", "in",     "say",
                                        "ere", "deny", "off",   "replace" };
static const char *const kinds[] = { "state", "presence", "claim", "topic" };
static const char *const scopes[] = { "milestone", "opp" };
static const char *const fields[] = { "MN", "MC", "WL", "TS", "TD", "TC", "ON", "SP", "WQ" };
#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool among(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(word, list[i]))
            return true;
    return false;
}

static enum msx_code unknown(struct msx_error *err, const char *what, const char *word,
                             const char *const *list, size_t n)
{
    const char *near = msx_nearest(word, list, n);

    if (near)
        return msx_fail(err, MSX_E_INVALID, "unknown %s '%s', did you mean '%s'?", what, word,
                        near);
    return msx_fail(err, MSX_E_INVALID, "unknown %s '%s'", what, word);
}

static enum msx_code check_keys(const json_t *obj, const char *what, const char *const *keys,
                                size_t n, struct msx_error *err)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)obj, key, value) /* it only reads */
        if (!among(key, keys, n))
            return unknown(err, what, key, keys, n);
    return MSX_OK;
}

static enum msx_code check_word(const json_t *sig, const char *key, const char *const *list,
                                size_t n, struct msx_error *err)
{
    const json_t *v = json_object_get(sig, key);

    if (!v)
        return MSX_OK;
    if (!json_is_string(v))
        return msx_fail(err, MSX_E_INVALID, "'%s' is not a word", key);
    if (!among(json_string_value(v), list, n))
        return unknown(err, key, json_string_value(v), list, n);
    return MSX_OK;
}

static enum msx_code check_list(const json_t *sig, const char *key, struct msx_error *err)
{
    const json_t *list = json_object_get(sig, key), *v;
    size_t i;

    if (list && !json_is_array(list))
        return msx_fail(err, MSX_E_INVALID, "'%s' is not a list", key);
    json_array_foreach(list, i, v) {
        if (!json_is_string(v))
            return msx_fail(err, MSX_E_INVALID, "'%s' holds something that is not text", key);
        if (!strcmp(key, "in") && !among(json_string_value(v), fields, COUNT(fields)))
            return unknown(err, "field", json_string_value(v), fields, COUNT(fields));
    }
    return MSX_OK;
}

static bool good_id(const char *id)
{
    size_t n = strlen(id);

    return n > 0 && n <= 64 && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789._") == n;
}

static enum msx_code check_sig(const json_t *sig, struct msx_error *err)
{
    static const char *const lists[] = { "in", "say", "ere", "deny" };
    static const char *const flags[] = { "off", "replace" };
    enum msx_code rc = check_keys(sig, "key", sig_keys, COUNT(sig_keys), err);

    if (!rc)
        rc = check_word(sig, "kind", kinds, COUNT(kinds), err);
    if (!rc)
        rc = check_word(sig, "scope", scopes, COUNT(scopes), err);
    for (size_t i = 0; i < COUNT(lists) && !rc; i++)
        rc = check_list(sig, lists[i], err);
    for (size_t i = 0; i < COUNT(flags) && !rc; i++) {
        const json_t *v = json_object_get(sig, flags[i]);

        if (v && !json_is_boolean(v))
            rc = msx_fail(err, MSX_E_INVALID, "'%s' is neither true nor false", flags[i]);
    }
    return rc;
}

/* Phrases of an entry are appended, other keys replace those of the entry before. */
static int merge_sig(json_t *into, json_t *from)
{
    static const char *const lists[] = { "say", "ere", "deny" };
    const char *key;
    json_t *value;

    if (json_is_true(json_object_get(from, "replace")))
        for (size_t i = 0; i < COUNT(sig_keys); i++)
            if (strcmp(sig_keys[i], "id"))
                (void)json_object_del(into, sig_keys[i]);
    json_object_foreach(from, key, value) {
        json_t *old = json_object_get(into, key);
        int bad;

        if (!strcmp(key, "replace"))
            continue;
        if (json_is_array(old) && among(key, lists, COUNT(lists)))
            bad = json_array_extend(old, value);
        else /* a copy, so that the caller's document stays as it was */
            bad = json_object_set_new(into, key, json_deep_copy(value));
        if (bad)
            return -1;
    }
    return 0;
}

static enum msx_code add_sig(json_t *all, json_t *seen, json_t *sig, struct msx_error *err)
{
    const char *id = msx_json_str(sig, "id");
    json_t *entry;
    enum msx_code rc;

    if (!json_is_object(sig) || !id)
        return msx_fail(err, MSX_E_INVALID, "a signal lacks its id");
    if (!good_id(id))
        return msx_fail(err, MSX_E_INVALID,
                        "signal '%s': an id has lower-case letters, digits, '.' and '_'", id);
    if (json_object_get(seen, id))
        return msx_fail(err, MSX_E_INVALID, "signal '%s' is there twice", id);
    rc = check_sig(sig, err);
    if (rc)
        return msx_wrap(err, rc, "signal '%s'", id);
    entry = json_object_get(all, id);
    if (!entry) {
        if (json_object_size(all) >= MAX_SIGNALS)
            return msx_fail(err, MSX_E_INVALID, "there are more than %d signals", MAX_SIGNALS);
        entry = json_object();
        if (json_object_set_new(all, id, entry))
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    if (json_object_set_new(seen, id, json_true()) || merge_sig(entry, sig))
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return MSX_OK;
}

static enum msx_code add_doc(json_t *all, const json_t *doc, struct msx_error *err)
{
    json_t *signals = msx_json_arr(doc, "signals"), *sig;
    json_int_t version = 0;
    enum msx_code rc = MSX_OK;
    json_t *seen;
    size_t i;

    if (json_is_null(doc)) /* an empty file */
        return MSX_OK;
    if (!json_is_object(doc))
        return msx_fail(err, MSX_E_INVALID, "it is not a mapping");
    rc = check_keys(doc, "key", doc_keys, COUNT(doc_keys), err);
    if (rc)
        return rc;
    if (!msx_json_int(doc, "version", &version) || version != 1)
        return msx_fail(err, MSX_E_INVALID, "'version: 1' is missing");
    if (!signals)
        return msx_fail(err, MSX_E_INVALID, "'signals' is not a list");
    seen = json_object();
    json_array_foreach(signals, i, sig) {
        rc = add_sig(all, seen, sig, err);
        if (rc)
            break;
    }
    json_decref(seen);
    return rc;
}

enum msx_code lex_merge(const json_t *const *docs, const char *const *names, size_t n, json_t **out,
                        struct msx_error *err)
{
    json_t *all = json_object(), *sig;
    size_t phrases = 0;
    const char *id;

    for (size_t i = 0; i < n; i++) {
        enum msx_code rc = add_doc(all, docs[i], err);

        if (rc) {
            json_decref(all);
            return msx_wrap(err, rc, "lexicon '%s'", names[i]);
        }
    }
    json_object_foreach(all, id, sig)
        phrases += json_array_size(json_object_get(sig, "say")) +
                   json_array_size(json_object_get(sig, "deny")) +
                   json_array_size(json_object_get(sig, "ere"));
    if (!all || phrases > MAX_PHRASES) {
        enum msx_code rc =
            all ? msx_fail(err, MSX_E_INVALID, "there are more than %d phrases", MAX_PHRASES)
                : msx_fail(err, MSX_E_NOMEM, "out of memory");
        json_decref(all);
        return rc;
    }
    *out = all;
    return MSX_OK;
}
