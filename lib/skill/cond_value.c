/* Values in conditions: truth, order, the null rule, built-in functions. */
#include "skill/cond_priv.h"

#include <math.h>
#include <string.h>

struct msx_value cond_of_tri(enum msx_tri t)
{
    struct msx_value v = { .type = t == MSX_UNKNOWN ? MSX_V_UNKNOWN : MSX_V_BOOL };

    v.u.b = t == MSX_YES;
    return v;
}

enum msx_tri cond_tri(bool b)
{
    return b ? MSX_YES : MSX_NO;
}

/* yes/true, no/false as text; -1 for other texts. */
static int yes_no(const char *s)
{
    if (!strcmp(s, "yes") || !strcmp(s, "true"))
        return 1;
    return !strcmp(s, "no") || !strcmp(s, "false") ? 0 : -1;
}

enum msx_tri cond_truth(const struct msx_value *v)
{
    switch (v->type) {
    case MSX_V_NULL:
        return MSX_NO;
    case MSX_V_UNKNOWN:
        return MSX_UNKNOWN;
    case MSX_V_BOOL:
        return cond_tri(v->u.b);
    case MSX_V_NUM:
        return cond_tri(v->u.num != 0);
    case MSX_V_STR:
        return cond_tri(yes_no(v->u.str) == 1);
    case MSX_V_DATE:
    case MSX_V_REC:
        return MSX_YES;
    case MSX_V_LIST:
        return cond_tri(v->u.list.n > 0);
    }
    return MSX_NO;
}

/* The value as a date, also from text; MSX_DAY_NONE if it is none. */
msx_day cond_day(const struct msx_value *v)
{
    if (v->type == MSX_V_DATE)
        return v->u.day;
    return v->type == MSX_V_STR ? msx_day_parse(v->u.str) : MSX_DAY_NONE;
}

/* The value as a yes/no, also from text; -1 if it is none. */
static int as_bool(const struct msx_value *v)
{
    if (v->type == MSX_V_BOOL)
        return v->u.b;
    return v->type == MSX_V_STR ? yes_no(v->u.str) : -1;
}

static int sign(double x)
{
    return x < 0 ? -1 : x > 0;
}

/* -1, 0, 1; 2 when the two cannot be compared. */
static int order(const struct msx_value *a, const struct msx_value *b)
{
    if (a->type == MSX_V_NUM && b->type == MSX_V_NUM)
        return isnan(a->u.num) || isnan(b->u.num) ? 2 : sign(a->u.num - b->u.num);
    if (a->type == MSX_V_DATE || b->type == MSX_V_DATE) {
        msx_day x = cond_day(a), y = cond_day(b);

        return x == MSX_DAY_NONE || y == MSX_DAY_NONE ? 2 : sign((double)x - y);
    }
    if (a->type == MSX_V_BOOL || b->type == MSX_V_BOOL) {
        int x = as_bool(a), y = as_bool(b);

        return x < 0 || y < 0 ? 2 : x - y;
    }
    if (a->type == MSX_V_STR && b->type == MSX_V_STR)
        return sign(strcmp(a->u.str, b->u.str));
    return 2;
}

enum msx_tri cond_compare(enum tok op, const struct msx_value *a, const struct msx_value *b)
{
    int o;

    if (a->type == MSX_V_NULL || b->type == MSX_V_NULL)
        return MSX_NO;
    if (a->type == MSX_V_UNKNOWN || b->type == MSX_V_UNKNOWN)
        return MSX_UNKNOWN;
    o = order(a, b);
    if (o == 2)
        return cond_tri(op == TOK_NE);
    switch (op) {
    case TOK_EQ:
        return cond_tri(o == 0);
    case TOK_NE:
        return cond_tri(o != 0);
    case TOK_LT:
        return cond_tri(o < 0);
    case TOK_LE:
        return cond_tri(o <= 0);
    case TOK_GT:
        return cond_tri(o > 0);
    default:
        return cond_tri(o >= 0);
    }
}

static bool blank(const char *s)
{
    return s[strspn(s, " \t\r\n")] == '\0';
}

enum msx_tri cond_is_empty(const struct msx_value *v)
{
    switch (v->type) {
    case MSX_V_NULL:
        return MSX_YES;
    case MSX_V_UNKNOWN:
        return MSX_UNKNOWN;
    case MSX_V_STR:
        return cond_tri(blank(v->u.str));
    case MSX_V_LIST:
        return cond_tri(v->u.list.n == 0);
    case MSX_V_BOOL:
    case MSX_V_NUM:
    case MSX_V_DATE:
    case MSX_V_REC:
        return MSX_NO;
    }
    return MSX_NO;
}

enum msx_tri cond_negate(enum msx_tri t)
{
    return t == MSX_UNKNOWN ? t : t == MSX_YES ? MSX_NO : MSX_YES;
}

double cond_to_num(const struct msx_value *v)
{
    return v->type == MSX_V_NUM ? v->u.num : (double)NAN;
}

void cond_num(struct msx_value *out, double x)
{
    out->type = isfinite(x) ? MSX_V_NUM : MSX_V_NULL;
    if (isfinite(x))
        out->u.num = x;
}

static void day_out(struct msx_value *out, double day)
{
    if (!(fabs(day) < 3e6)) /* years -6000..+10000: msx_day cannot overflow */
        return;
    out->type = MSX_V_DATE;
    out->u.day = (msx_day)day;
}

static void fn_len(const struct msx_value *v, struct msx_value *out)
{
    size_t n = 0;

    if (v->type == MSX_V_STR) {
        for (const char *p = v->u.str; *p; p++)
            n += ((unsigned char)*p & 0xc0) != 0x80;
    } else if (v->type == MSX_V_LIST) {
        n = v->u.list.n;
    } else {
        return;
    }
    cond_num(out, (double)n);
}

static void fn_extreme(const struct msx_value *v, size_t n, int want, struct msx_value *out)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].type != MSX_V_NULL && (out->type == MSX_V_NULL || order(&v[i], out) == want))
            *out = v[i];
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static bool text_has(const char *text, const char *part)
{
    for (;; text++) {
        size_t i = 0;

        while (part[i] && lower(text[i]) == lower(part[i]))
            i++;
        if (!part[i])
            return true;
        if (!*text)
            return false;
    }
}

void cond_builtin(enum builtin fn, const struct msx_value *v, size_t argc, msx_day today,
                  struct msx_value *out)
{
    msx_day a = argc > 0 ? cond_day(&v[0]) : MSX_DAY_NONE;
    msx_day b = argc > 1 ? cond_day(&v[1]) : MSX_DAY_NONE;

    switch (fn) {
    case FN_LEN:
        fn_len(&v[0], out);
        return;
    case FN_DAYS:
        if (a != MSX_DAY_NONE && b != MSX_DAY_NONE)
            cond_num(out, (double)b - a);
        return;
    case FN_MIN:
        fn_extreme(v, argc, -1, out);
        return;
    case FN_MAX:
        fn_extreme(v, argc, 1, out);
        return;
    case FN_TODAY:
    case FN_BD:
        if (today == MSX_DAY_NONE)
            return;
        if (fn == FN_TODAY)
            day_out(out, today);
        else if (cond_to_num(&v[0]) >= 1 && cond_to_num(&v[0]) < 1e6)
            day_out(out, msx_day_business(today, (int)v[0].u.num));
        return;
    case FN_PLUS:
        if (a != MSX_DAY_NONE)
            day_out(out, a + trunc(cond_to_num(&v[1])));
        else
            cond_num(out, cond_to_num(&v[0]) + cond_to_num(&v[1]));
        return;
    case FN_CONTAINS:
        if (v[0].type == MSX_V_STR && v[1].type == MSX_V_STR)
            *out = cond_of_tri(cond_tri(text_has(v[0].u.str, v[1].u.str)));
        return;
    }
}
