/* $filter: text to tree. A recursive descent over the service's grammar. */
#include <stdlib.h>
#include <string.h>

#include "msxops/date.h"
#include "msxops/text.h"
#include "query.h"

#define MAX_DEPTH 100

struct parser {
    struct sb_arena *arena;
    const char *text;
    const char *p;
    const struct sb_options *aliases;
    struct sb_error *e;
    int depth;
};

static bool syntax(struct parser *ps, const char *what)
{
    return sb_fail(ps->e, 400, "0x80060888", "%s at position %zu in '%.600s'.", what,
                   (size_t)(ps->p - ps->text), ps->text);
}

static void blanks(struct parser *ps)
{
    while (*ps->p == ' ' || *ps->p == '\t')
        ps->p++;
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Is the word (a whole one) next? Skips it if so. */
static bool word(struct parser *ps, const char *w)
{
    size_t n = strlen(w);

    blanks(ps);
    if (strncmp(ps->p, w, n) != 0 || is_name(ps->p[n]))
        return false;
    ps->p += n;
    return true;
}

static bool take(struct parser *ps, char c)
{
    blanks(ps);
    if (*ps->p != c)
        return false;
    ps->p++;
    return true;
}

static bool expect(struct parser *ps, char c)
{
    char what[] = "Syntax error: 'x' expected";

    if (take(ps, c))
        return true;
    what[15] = c;
    return syntax(ps, what);
}

static struct sb_node *new_node(struct parser *ps, enum sb_node_kind kind)
{
    struct sb_node *n = sb_arena_alloc(ps->arena, sizeof *n);

    n->kind = kind;
    return n;
}

/* --- literals --- */

static bool string_literal(struct parser *ps, struct sb_operand *o)
{
    size_t n = 0;
    const char *s = ps->p + 1;
    char *out;

    for (; *s && !(*s == '\'' && s[1] != '\''); s++)
        if (*s == '\'')
            s++;
    if (!*s)
        return syntax(ps, "There is an unterminated string literal");
    out = sb_arena_alloc(ps->arena, (size_t)(s - ps->p));
    for (const char *q = ps->p + 1; q < s; q++) {
        out[n++] = *q;
        if (*q == '\'')
            q++;
    }
    ps->p = s + 1;
    o->type = SB_LIT_STRING;
    o->text = out;
    return true;
}

/* A bare word that begins with a digit, a sign or a GUID's letter. False when it is none. */
static bool bare_literal(struct parser *ps, struct sb_operand *o)
{
    const char *s = ps->p;
    size_t n = 0;
    char word_text[64], guid[37], stamp[21], *end = NULL;

    while (is_name(s[n]) || s[n] == '-' || s[n] == ':' || s[n] == '.' || s[n] == '+')
        n++;
    if (!n || n >= sizeof word_text)
        return false;
    memcpy(word_text, s, n);
    word_text[n] = '\0';
    if (n == 36 && msx_guid_parse(word_text, guid)) {
        o->type = SB_LIT_GUID;
        o->text = sb_arena_text(ps->arena, guid, 36);
    } else if (msx_day_parse(word_text) != MSX_DAY_NONE) {
        o->type = SB_LIT_DATE;
        o->text = sb_arena_text(ps->arena, word_text, n);
    } else if (n > 10 && word_text[10] == 'T' && sb_datetime_normal(word_text, stamp)) {
        o->type = SB_LIT_DATETIME;
        o->text = sb_arena_text(ps->arena, stamp, strlen(stamp));
    } else if (strchr("+-.0123456789", *word_text)) {
        o->real = strtod(word_text, &end);
        if (*end && strchr("lLmMdDfF", *end))
            end++;
        if (*end || end == word_text)
            return false;
        o->type = strpbrk(word_text, ".eE") ? SB_LIT_REAL : SB_LIT_INT;
        o->integer = o->type == SB_LIT_INT ? strtoll(word_text, NULL, 10) : 0;
    } else {
        return false;
    }
    ps->p += n;
    return true;
}

static bool operand(struct parser *ps, struct sb_operand *o);

/* "@p1": the text of the alias is parsed in its place. */
static bool alias(struct parser *ps, struct sb_operand *o)
{
    size_t n = 1;
    const char *name, *value;
    struct parser inner = *ps;

    while (is_name(ps->p[n]))
        n++;
    name = sb_arena_text(ps->arena, ps->p, n);
    value = sb_options_get(ps->aliases, name);
    if (!value)
        return sb_fail(ps->e, 400, "0x80060888",
                       "The parameter alias '%.100s' has no value in the query.", name);
    ps->p += n;
    inner.text = inner.p = value;
    if (*value == '@' || !operand(&inner, o))
        return *value == '@' ? syntax(ps, "A parameter alias cannot name another one") : false;
    blanks(&inner);
    return *inner.p ? syntax(&inner, "Syntax error") : true;
}

static bool operand(struct parser *ps, struct sb_operand *o)
{
    const char *s;
    size_t n = 0;

    blanks(ps);
    s = ps->p;
    memset(o, 0, sizeof *o);
    if (*s == '\'')
        return string_literal(ps, o);
    if (*s == '@')
        return alias(ps, o);
    if (bare_literal(ps, o))
        return true;
    if (word(ps, "null")) {
        o->type = SB_LIT_NULL;
        return true;
    }
    if (word(ps, "true") || word(ps, "false")) {
        o->type = SB_LIT_BOOL;
        o->integer = s[0] == 't';
        return true;
    }
    while (is_name(s[n]) || s[n] == '/' || s[n] == '.')
        n++;
    if (!n)
        return syntax(ps, "Syntax error: an expression was expected");
    if (s[n] == '\'') /* guid'..', datetime'..': the literals of OData 2 */
        return sb_fail(ps->e, 400, "0x80060888",
                       "Unrecognized 'Edm.String' literal '%.*s' at '%zu' in '%.600s'.",
                       (int)(n < 80 ? n + 1 : 80), s, (size_t)(s - ps->text), ps->text);
    o->is_path = true;
    o->path = sb_arena_text(ps->arena, s, n);
    ps->p += n;
    return true;
}

/* --- Microsoft.Dynamics.CRM.X(PropertyName='x',PropertyValues=["1","2"]) --- */

static bool json_values(struct parser *ps, const char **text, struct sb_node *n)
{
    size_t used = 0, count;
    json_error_t je;
    json_t *j = json_loads(*text, JSON_DISABLE_EOF_CHECK, &je);
    const char **value;

    if (!json_is_array(j)) {
        json_decref(j);
        return syntax(ps, "PropertyValues must be an array of strings");
    }
    used = (size_t)je.position;
    count = json_array_size(j);
    value = sb_arena_alloc(ps->arena, (count + 1) * sizeof *value);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(j, i);
        char number[40];

        if (json_is_integer(item)) {
            sb_number_text((double)json_integer_value(item), number);
            value[i] = sb_arena_text(ps->arena, number, strlen(number));
        } else if (json_is_string(item)) {
            value[i] = sb_arena_text(ps->arena, json_string_value(item), json_string_length(item));
        } else {
            json_decref(j);
            return syntax(ps, "PropertyValues must be an array of strings");
        }
    }
    json_decref(j);
    n->value = value;
    n->n_values = count;
    *text += used;
    return true;
}

static bool crm_values(struct parser *ps, struct sb_node *n)
{
    const char *at;
    struct sb_operand o;
    const char **one;
    char number[40];

    blanks(ps);
    if (*ps->p == '[')
        return json_values(ps, &ps->p, n);
    if (*ps->p == '@') {
        size_t len = 1;

        while (is_name(ps->p[len]))
            len++;
        at = sb_options_get(ps->aliases, sb_arena_text(ps->arena, ps->p, len));
        if (at && *at == '[') {
            ps->p += len;
            return json_values(ps, &at, n);
        }
    }
    if (!operand(ps, &o) || o.is_path)
        return o.is_path ? syntax(ps, "A literal was expected") : false;
    if (!o.text) {
        sb_number_text(o.type == SB_LIT_REAL ? o.real : (double)o.integer, number);
        o.text = sb_arena_text(ps->arena, number, strlen(number));
    }
    one = sb_arena_alloc(ps->arena, sizeof *one);
    one[0] = o.text;
    n->value = one;
    n->n_values = 1;
    return true;
}

static bool crm_function(struct parser *ps, struct sb_node **out)
{
    struct sb_node *n = new_node(ps, SB_CRM);
    size_t len = 0;

    ps->p += strlen("Microsoft.Dynamics.CRM.");
    while (is_name(ps->p[len]))
        len++;
    n->name = sb_arena_text(ps->arena, ps->p, len);
    ps->p += len;
    if (!expect(ps, '('))
        return false;
    do {
        if (word(ps, "PropertyName")) {
            if (!expect(ps, '=') || !operand(ps, &n->a))
                return false;
            if (n->a.is_path || n->a.type != SB_LIT_STRING)
                return syntax(ps, "PropertyName must be a string");
        } else if (word(ps, "PropertyValues") || word(ps, "PropertyValue")) {
            if (!expect(ps, '=') || !crm_values(ps, n))
                return false;
        } else {
            return syntax(ps, "Unknown parameter of a query function");
        }
    } while (take(ps, ','));
    if (!n->a.text)
        return syntax(ps, "PropertyName is missing");
    *out = n;
    return expect(ps, ')');
}

/* --- expressions --- */

static bool disjunction(struct parser *ps, struct sb_node **out);

static bool lambda(struct parser *ps, const char *path, struct sb_node **out)
{
    struct sb_node *n = new_node(ps, SB_LAMBDA);
    size_t len = 0, cut = strlen(path);

    while (path[cut - 1] != '/')
        cut--;
    n->all = strcmp(path + cut, "all") == 0;
    n->name = sb_arena_text(ps->arena, path, cut - 1);
    if (!expect(ps, '('))
        return false;
    *out = n;
    if (!n->all && take(ps, ')'))
        return true;
    blanks(ps);
    while (is_name(ps->p[len]))
        len++;
    n->variable = sb_arena_text(ps->arena, ps->p, len);
    ps->p += len;
    return len ? expect(ps, ':') && disjunction(ps, &n->left) && expect(ps, ')')
               : syntax(ps, "A range variable was expected");
}

static bool text_function(struct parser *ps, const char *name, struct sb_node **out)
{
    struct sb_node *n = new_node(ps, SB_FUNCTION);

    n->name = name;
    *out = n;
    return expect(ps, '(') && operand(ps, &n->a) && expect(ps, ',') && operand(ps, &n->b) &&
           expect(ps, ')');
}

static bool comparison(struct parser *ps, struct sb_node *n)
{
    static const char *const ops[] = { "eq", "ne", "gt", "ge", "lt", "le" };

    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (!word(ps, ops[i]))
            continue;
        n->op = (enum sb_compare)i;
        return operand(ps, &n->b);
    }
    return syntax(ps, "Syntax error: a comparison operator was expected");
}

static bool ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), k = strlen(tail);

    return n > k && strcmp(s + n - k, tail) == 0;
}

/* What follows an operand that stands where a condition is wanted. */
static bool condition(struct parser *ps, const struct sb_operand *o, struct sb_node **out)
{
    static const char *const functions[] = { "contains", "startswith", "endswith" };
    struct sb_node *n;
    bool call;

    blanks(ps);
    call = *ps->p == '(';
    if (o->is_path && call && (ends_with(o->path, "/any") || ends_with(o->path, "/all")))
        return lambda(ps, o->path, out);
    for (size_t i = 0; o->is_path && call && i < 3; i++)
        if (strcmp(o->path, functions[i]) == 0)
            return text_function(ps, functions[i], out);
    if (o->is_path && call)
        return sb_fail(ps->e, 400, "0x80060888",
                       "An unknown function with name '%.100s' was found. This may also be a "
                       "function import or a key lookup on a navigation property, which is not "
                       "allowed.",
                       o->path);
    if (!o->is_path && o->type == SB_LIT_BOOL && (!*ps->p || *ps->p == ')')) {
        n = new_node(ps, SB_CONSTANT);
        n->truth = o->integer != 0;
        *out = n;
        return true;
    }
    n = new_node(ps, SB_COMPARE);
    n->a = *o;
    *out = n;
    if (o->is_path && (!*ps->p || *ps->p == ')' || strncmp(ps->p, "and ", 4) == 0 ||
                       strncmp(ps->p, "or ", 3) == 0)) { /* a boolean column alone */
        n->op = SB_EQ;
        n->b = (struct sb_operand){ .type = SB_LIT_BOOL, .integer = 1 };
        return true;
    }
    return comparison(ps, n);
}

static bool unary(struct parser *ps, struct sb_node **out)
{
    struct sb_operand o;
    bool ok;

    if (++ps->depth > MAX_DEPTH)
        return syntax(ps, "The filter is nested too deeply");
    if (word(ps, "not")) {
        *out = new_node(ps, SB_NOT);
        ok = unary(ps, &(*out)->left);
    } else if (take(ps, '(')) {
        ok = disjunction(ps, out) && expect(ps, ')');
    } else if (strncmp(ps->p, "Microsoft.Dynamics.CRM.", 23) == 0) {
        ok = crm_function(ps, out);
    } else {
        ok = operand(ps, &o) && condition(ps, &o, out);
    }
    ps->depth--;
    return ok;
}

static bool conjunction(struct parser *ps, struct sb_node **out)
{
    if (!unary(ps, out))
        return false;
    while (word(ps, "and")) {
        struct sb_node *n = new_node(ps, SB_AND);

        n->left = *out;
        *out = n;
        if (!unary(ps, &n->right))
            return false;
    }
    return true;
}

static bool disjunction(struct parser *ps, struct sb_node **out)
{
    if (!conjunction(ps, out))
        return false;
    while (word(ps, "or")) {
        struct sb_node *n = new_node(ps, SB_OR);

        n->left = *out;
        *out = n;
        if (!conjunction(ps, &n->right))
            return false;
    }
    return true;
}

bool sb_filter_parse(struct sb_arena *a, const char *text, const struct sb_options *aliases,
                     struct sb_node **out, struct sb_error *e)
{
    struct parser ps = {
        .arena = a, .text = text, .p = text, .aliases = aliases, .e = e, .depth = 0
    };

    if (!disjunction(&ps, out))
        return false;
    blanks(&ps);
    return *ps.p ? syntax(&ps, "Syntax error") : true;
}
