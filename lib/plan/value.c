/* Values of columns: the same or not, shown to a person, compared three ways. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/date.h"
#include "msxops/mem.h"
#include "msxops/text.h"
#include "plan/plan_priv.h"

#define SHOWN_MAX 100 /* bytes of a value in a message, as they are shown */

bool plan_is_column(const char *key)
{
    return !strchr(key, '@');
}

/* Value of "<column><suffix>" of a record; borrowed or NULL. */
static json_t *annotation(const json_t *record, const char *column, const char *suffix)
{
    MSX_AUTO(msx_free_p) char *key = msx_asprintf("%s%s", column, suffix);

    return key ? json_object_get(record, key) : NULL;
}

const char *plan_label(const json_t *record, const char *column)
{
    return json_string_value(annotation(record, column, PLAN_LABEL));
}

int plan_copy_column(json_t *to, const json_t *from, const char *column)
{
    static const char *const suffixes[] = { PLAN_LABEL, PLAN_LOOKUP };
    json_t *v = json_object_get(from, column);
    char guid[MSX_GUID_LEN + 1];
    /* a service may write the IDs of its lookups in capitals */
    bool id = column[0] == '_' && json_is_string(v) && msx_guid_parse(json_string_value(v), guid);

    if (json_object_set_new(to, column,
                            id  ? json_string(guid)
                            : v ? json_deep_copy(v)
                                : json_null()) < 0)
        return -1;
    for (size_t i = 0; i < 2; i++) {
        MSX_AUTO(msx_free_p) char *key = msx_asprintf("%s%s", column, suffixes[i]);

        if (!key)
            return -1;
        v = json_object_get(from, key);
        if (v) {
            if (json_object_set_new(to, key, json_deep_copy(v)) < 0)
                return -1;
        } else {
            (void)json_object_del(to, key); /* not there: that is what is wanted */
        }
    }
    return 0;
}

/* ---- equality ---- */

static bool is_nothing(const json_t *v)
{
    return !v || json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0);
}

/* Next byte of a text with line ends made "\n"; -1 at the end. */
static int next_byte(const char **p, const char *end)
{
    int c;

    if (*p == end)
        return -1;
    c = (unsigned char)*(*p)++;
    if (c == '\r') {
        if (*p < end && **p == '\n')
            (*p)++;
        return '\n';
    }
    return c;
}

static bool same_text(const char *a, size_t an, const char *b, size_t bn)
{
    const char *ae = a + an, *be = b + bn;

    for (;;) {
        int x = next_byte(&a, ae), y = next_byte(&b, be);

        if (x != y)
            return false;
        if (x < 0)
            return true;
    }
}

static bool same_time(const char *a, const char *b)
{
    int64_t x, y;
    msx_day d = msx_day_parse(a), e = msx_day_parse(b);

    if (d != MSX_DAY_NONE && e != MSX_DAY_NONE)
        return d == e;
    if (d != MSX_DAY_NONE)
        return msx_time_parse(b, &y) && y == (int64_t)d * 86400;
    if (e != MSX_DAY_NONE)
        return msx_time_parse(a, &x) && x == (int64_t)e * 86400;
    return msx_time_parse(a, &x) && msx_time_parse(b, &y) && x == y;
}

static bool same_string(const json_t *a, const json_t *b)
{
    const char *s = json_string_value(a), *t = json_string_value(b);
    char g[MSX_GUID_LEN + 1], h[MSX_GUID_LEN + 1];

    if (same_text(s, json_string_length(a), t, json_string_length(b)))
        return true;
    if (msx_guid_parse(s, g) && msx_guid_parse(t, h))
        return strcmp(g, h) == 0;
    return same_time(s, t);
}

bool plan_value_same(const json_t *a, const json_t *b)
{
    if (is_nothing(a) || is_nothing(b))
        return is_nothing(a) && is_nothing(b);
    if (json_is_integer(a) && json_is_integer(b))
        return json_integer_value(a) == json_integer_value(b);
    if (json_is_number(a) && json_is_number(b)) {
        double x = json_number_value(a), y = json_number_value(b);

        return fabs(x - y) <= 1e-9 * fmax(fabs(x), fabs(y));
    }
    if (json_is_string(a) && json_is_string(b))
        return same_string(a, b);
    return json_equal(a, b) != 0;
}

/* ---- text ---- */

static bool is_guid(const char *s)
{
    char g[MSX_GUID_LEN + 1];

    return msx_guid_parse(s, g);
}

void plan_add_short(struct msx_buf *b, const char *s, size_t max)
{
    const char *end = s + strlen(s);
    size_t start = b->len;

    while (s < end && !b->failed) {
        const char *next = s;

        (void)msx_utf8_next(&next, end);
        if (b->len - start + (size_t)(next - s) > max) {
            msx_buf_adds(b, "...");
            return;
        }
        msx_add_visible(b, s, (size_t)(next - s));
        s = next;
    }
}

void plan_value_text(struct msx_buf *b, const json_t *record, const char *column)
{
    const json_t *v = json_object_get(record, column);
    const char *label = plan_label(record, column);
    MSX_AUTO(msx_free_p) char *dump = NULL;
    const char *s;

    if (is_nothing(v)) {
        msx_buf_adds(b, "nothing");
        return;
    }
    /* labels of dates and of plain texts are only another spelling of them */
    s = json_string_value(v);
    if (label && (!s || is_guid(s)))
        s = label;
    if (!s) {
        dump = msx_json_canonical_str(v);
        if (!dump)
            b->failed = MSX_E_NOMEM;
        s = dump ? dump : "";
    }
    msx_buf_addc(b, '\'');
    plan_add_short(b, s, SHOWN_MAX);
    msx_buf_addc(b, '\'');
}

static json_t *text_of(const json_t *record, const char *column)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(4096);

    plan_value_text(&b, record, column);
    if (msx_buf_finish(&b, "value", NULL))
        return NULL;
    return json_string(b.data);
}

/* What stands in a text already was not put there by op: a note of long ago may hold a blank. */
const char *plan_added_text(const json_t *op, const char *column)
{
    const char *before = msx_json_str(msx_json_obj(op, "before"), column);
    const char *after = msx_json_str(msx_json_obj(op, "after"), column), *line = after;

    while (before && after && *before && *before == *after) {
        if (*after == '\n')
            line = after + 1;
        before++;
        after++;
    }
    /* the last line is the same as a whole only where both texts end with it */
    return before && !*before && after && (!*after || *after == '\n') ? after : line;
}

bool plan_placeholders(const json_t *op, struct msx_buf *names)
{
    const char *key;
    json_t *v;
    bool found = false;

    json_object_foreach(msx_json_obj(op, "after"), key, v) {
        const char *s = plan_is_column(key) ? plan_added_text(op, key) : NULL;
        const char *end;

        while (s && (s = strstr(s, "<<")) != NULL && (end = strstr(s + 2, ">>")) != NULL) {
            if (found)
                msx_buf_adds(names, ", ");
            msx_add_visible(names, s,
                            (size_t)(end + 2 - s) > SHOWN_MAX ? SHOWN_MAX : (size_t)(end + 2 - s));
            found = true;
            s = end + 2;
        }
    }
    return found;
}

/* ---- three ways ---- */

static int add_touched(json_t **list, const json_t *op, const json_t *expect, const json_t *now,
                       const char *column, bool written)
{
    json_t *row;

    if (!*list) {
        *list = json_array();
        if (!*list)
            return -1;
    }
    row = json_pack("{s:s, s:o, s:o, s:b}", "field", column, "before", text_of(expect, column),
                    "now", text_of(now, column), "written", written);
    if (!row)
        return -1;
    if (written &&
        json_object_set_new(row, "after", text_of(msx_json_obj(op, "after"), column)) < 0) {
        json_decref(row);
        return -1;
    }
    return json_array_append_new(*list, row);
}

enum msx_code plan_compare(const json_t *op, const json_t *expect, const json_t *now,
                           struct plan_compare *out, struct msx_error *err)
{
    json_t *after = msx_json_obj(op, "after");
    MSX_AUTO(msx_json_free_p) json_t *touched = NULL;
    bool done = true, written_touched = false;
    const char *key;
    json_t *v;
    size_t i;

    json_object_foreach(after, key, v) {
        if (!plan_is_column(key))
            continue;
        if (!plan_value_same(v, json_object_get(now, key)))
            done = false;
        if (plan_value_same(json_object_get(expect, key), json_object_get(now, key)))
            continue;
        /* already what is wanted: nobody's change is lost by writing it */
        if (plan_value_same(v, json_object_get(now, key)))
            continue;
        written_touched = true;
        if (add_touched(&touched, op, expect, now, key, true) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    json_array_foreach(msx_json_arr(op, "guard"), i, v) {
        const char *column = json_string_value(v);

        if (!column || json_object_get(after, column))
            continue;
        if (plan_value_same(json_object_get(expect, column), json_object_get(now, column)))
            continue;
        if (add_touched(&touched, op, expect, now, column, false) < 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    *out = (struct plan_compare){
        .state = done      ? PLAN_STATE_DONE
                 : touched ? PLAN_STATE_TOUCHED
                           : PLAN_STATE_AS_READ,
        .written_touched = written_touched,
        .touched = MSX_STEAL(touched),
    };
    return MSX_OK;
}

json_t *plan_not_shown(const json_t *op, const json_t *record)
{
    json_t *after = msx_json_obj(op, "after");
    MSX_AUTO(msx_json_free_p) json_t *list = json_array();
    const char *key;
    json_t *v;

    if (!list)
        return NULL;
    json_object_foreach(after, key, v) {
        json_t *row;

        if (!plan_is_column(key) || plan_value_same(v, json_object_get(record, key)))
            continue;
        row = json_pack("{s:s, s:o, s:o}", "field", key, "after", text_of(after, key), "now",
                        text_of(record, key));
        if (!row || json_array_append_new(list, row) < 0)
            return NULL;
    }
    return MSX_STEAL(list);
}

/* ---- the document ---- */

const char *plan_op_id(const json_t *op)
{
    return msx_json_str_or(op, "id", "?");
}

const struct plan_type *plan_op_type(const json_t *op)
{
    return plan_type_find(msx_json_str(op, "type"));
}

const char *plan_target_id(const json_t *op)
{
    return msx_json_str_or(msx_json_obj(op, "target"), "id", "");
}

void plan_record_text(struct msx_buf *b, const json_t *op)
{
    const json_t *target = msx_json_obj(op, "target");
    const char *number = msx_json_str(target, "number"), *name = msx_json_str(target, "name");

    if (number)
        msx_buf_adds(b, number);
    if (number && name)
        msx_buf_addc(b, ' ');
    if (name)
        msx_buf_adds(b, name);
    if (!number && !name)
        msx_buf_adds(b, plan_target_id(op));
}

bool plan_same_record(const json_t *a, const json_t *b)
{
    const struct plan_type *s = plan_op_type(a), *t = plan_op_type(b);

    return s && t && strcmp(s->set, t->set) == 0 &&
           msx_guid_eq(plan_target_id(a), plan_target_id(b));
}

json_t *plan_find(const json_t *doc, const char *id)
{
    json_t *op;
    size_t i;

    json_array_foreach(msx_json_arr(doc, "operations"), i, op) {
        const char *s = msx_json_str(op, "id");

        if (s && strcmp(s, id) == 0)
            return op;
    }
    return NULL;
}

enum msx_code plan_get(const json_t *doc, const char *id, json_t **op_out, struct msx_error *err)
{
    json_t *op = plan_find(doc, id);

    if (!op) {
        (void)msx_fail(err, MSX_E_NOTFOUND, "the plan has no operation '%.40s'", id);
        msx_hint(err, "msxops plan show PLAN lists them");
        return MSX_E_NOTFOUND;
    }
    if (op_out)
        *op_out = op;
    return MSX_OK;
}

bool plan_in(const char *const *ids, size_t n, const char *id)
{
    if (!ids)
        return true;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(ids[i], id) == 0)
            return true;
    }
    return false;
}

unsigned long plan_id_number(const char *id)
{
    size_t n;

    if (strncmp(id, "OP-", 3) != 0 || id[3] < '1' || id[3] > '9')
        return 0;
    n = strspn(id + 3, "0123456789");
    if (id[3 + n] != '\0' || n > 9)
        return 0;
    return strtoul(id + 3, NULL, 10);
}
