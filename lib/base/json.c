/* JSON helpers over jansson, and the canonical form that hashes are taken of. */
#include "msxops/json.h"

#include <math.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_priv.h"
#include "msxops/file.h"
#include "msxops/mem.h"

#define MAX_DEPTH 2048

enum msx_code msx_json_parse(const char *text, size_t len, const char *name, json_t **out,
                             struct msx_error *err)
{
    json_error_t je = { .line = -1 }; /* jansson may fail before it sets anything */
    bool oom = false;
    json_t *j;

    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        len -= 3;
    }
    j = msx_json_read_plain(text, len, &oom);
    if (oom)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (!j)
        j = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &je);
    if (!j) {
        /* jansson often says nothing at all when it runs out of memory */
        if (json_error_code(&je) == json_error_out_of_memory || !je.text[0])
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        return msx_fail(err, MSX_E_INVALID, "%s: line %d column %d: %s", name, je.line, je.column,
                        je.text);
    }
    *out = j;
    return MSX_OK;
}

enum msx_code msx_json_load(const char *path, size_t max, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(max);
    MSX_AUTO(msx_free_p) char *name = NULL;
    enum msx_code rc;

    rc = msx_file_read(path, &text, err);
    if (rc)
        return rc;
    name = msx_asprintf("'%s'", path);
    if (!name)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return msx_json_parse(text.data, text.len, name, out, err);
}

static int by_bytes(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

static void canonical(struct msx_buf *b, const json_t *j, int depth);

static void canonical_object(struct msx_buf *b, const json_t *j, int depth)
{
    MSX_AUTO(msx_free_p) const char **keys = NULL;
    size_t n = json_object_size(j), i = 0;

    keys = msx_calloc(n ? n : 1, sizeof *keys);
    if (!keys) {
        b->failed = b->failed ? b->failed : MSX_E_NOMEM;
        return;
    }
    for (void *it = json_object_iter((json_t *)(uintptr_t)j); it && i < n;
         it = json_object_iter_next((json_t *)(uintptr_t)j, it))
        keys[i++] = json_object_iter_key(it);
    qsort(keys, n, sizeof *keys, by_bytes);
    msx_buf_addc(b, '{');
    for (i = 0; i < n && !b->failed; i++) {
        json_t *key = json_string_nocheck(keys[i]);

        if (!key) {
            b->failed = MSX_E_NOMEM;
            return;
        }
        if (i)
            msx_buf_addc(b, ',');
        msx_json_dump(b, key);
        json_decref(key);
        msx_buf_addc(b, ':');
        canonical(b, json_object_get(j, keys[i]), depth + 1);
    }
    msx_buf_addc(b, '}');
}

static void canonical(struct msx_buf *b, const json_t *j, int depth)
{
    double d;

    if (b->failed)
        return;
    if (depth > MAX_DEPTH) {
        b->failed = MSX_E_LIMIT;
        return;
    }
    if (json_is_object(j)) {
        canonical_object(b, j, depth);
    } else if (json_is_array(j)) {
        msx_buf_addc(b, '[');
        for (size_t i = 0; i < json_array_size(j); i++) {
            if (i)
                msx_buf_addc(b, ',');
            canonical(b, json_array_get(j, i), depth + 1);
        }
        msx_buf_addc(b, ']');
    } else if (json_is_real(j)) {
        d = json_real_value(j);
        if (fabs(d) < 9007199254740992.0 && nearbyint(d) == d)
            msx_buf_addf(b, "%lld", (long long)d);
        else
            msx_json_dump(b, j);
    } else {
        msx_json_dump(b, j);
    }
}

void msx_json_canonical(struct msx_buf *b, const json_t *j)
{
    canonical(b, j, 0);
}

char *msx_json_canonical_str(const json_t *j)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(MSX_JSON_MAX_BYTES);

    msx_json_canonical(&b, j);
    return msx_buf_take(&b);
}

const char *msx_json_str(const json_t *obj, const char *key)
{
    return json_string_value(json_object_get(obj, key));
}

const char *msx_json_str_or(const json_t *obj, const char *key, const char *dflt)
{
    const char *s = msx_json_str(obj, key);

    return s ? s : dflt;
}

bool msx_json_int(const json_t *obj, const char *key, json_int_t *out)
{
    const json_t *v = json_object_get(obj, key);

    if (!json_is_integer(v))
        return false;
    *out = json_integer_value(v);
    return true;
}

bool msx_json_num(const json_t *obj, const char *key, double *out)
{
    const json_t *v = json_object_get(obj, key);

    if (!json_is_number(v))
        return false;
    *out = json_number_value(v);
    return true;
}

bool msx_json_bool_or(const json_t *obj, const char *key, bool dflt)
{
    const json_t *v = json_object_get(obj, key);

    return json_is_boolean(v) ? json_is_true(v) : dflt;
}

json_t *msx_json_arr(const json_t *obj, const char *key)
{
    json_t *v = json_object_get(obj, key);

    return json_is_array(v) ? v : NULL;
}

json_t *msx_json_obj(const json_t *obj, const char *key)
{
    json_t *v = json_object_get(obj, key);

    return json_is_object(v) ? v : NULL;
}

int msx_json_set_str(json_t *obj, const char *key, const char *s)
{
    return json_object_set_new(obj, key, s ? json_string(s) : json_null());
}

void msx_json_free_p(json_t **j)
{
    json_decref(*j);
}

void msx_sha256_hex(const void *data, size_t len, char out[65])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char md[SHA256_DIGEST_LENGTH];

    SHA256(data, len, md);
    for (size_t i = 0; i < sizeof md; i++) {
        out[2 * i] = hex[md[i] >> 4];
        out[2 * i + 1] = hex[md[i] & 15];
    }
    out[64] = '\0';
}
