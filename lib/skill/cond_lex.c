/* Words of the condition language. Everything is bytes and locale-free; numbers are read by hand
 * because strtod() follows the locale's decimal point. */
#include "skill/cond_priv.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

size_t cond_column(const char *text, const char *at)
{
    size_t col = 1;

    for (const char *p = text; p < at; p++)
        if (((unsigned char)*p & 0xc0) != 0x80)
            col++;
    return col;
}

static void bad(struct lexer *lx, const char *why)
{
    lx->tok = TOK_BAD;
    lx->bad = why;
    lx->end = lx->pos;
}

static bool date_ahead(const char *p)
{
    static const char shape[] = "dddd-dd-dd";

    for (size_t i = 0; shape[i]; i++)
        if (shape[i] == 'd' ? !is_digit(p[i]) : p[i] != '-')
            return false;
    return true;
}

static void lex_number(struct lexer *lx)
{
    double num = 0, scale = 1;
    char date[11];

    if (date_ahead(lx->pos)) {
        memcpy(date, lx->pos, 10);
        date[10] = '\0';
        lx->pos += 10;
        lx->end = lx->pos;
        lx->day = msx_day_parse(date);
        lx->tok = TOK_DATE;
        if (lx->day == MSX_DAY_NONE)
            bad(lx, "the calendar has no such date");
        else if (is_digit(*lx->pos) || is_name(*lx->pos))
            bad(lx, "a date is YYYY-MM-DD");
        return;
    }
    while (is_digit(*lx->pos))
        num = num * 10 + (*lx->pos++ - '0');
    if (*lx->pos == '.' && is_digit(lx->pos[1])) {
        lx->pos++;
        while (is_digit(*lx->pos)) {
            num = num * 10 + (*lx->pos++ - '0');
            scale *= 10;
        }
    }
    lx->num = num / scale;
    lx->tok = TOK_NUM;
    lx->end = lx->pos;
    if (is_name(*lx->pos) || *lx->pos == '.')
        bad(lx, "a number ends in letters");
    else if (lx->end - lx->beg > 17)
        bad(lx, "the number is too long");
}

static void lex_name(struct lexer *lx)
{
    while (is_name(*lx->pos) || is_digit(*lx->pos) ||
           (*lx->pos == '.' && (is_name(lx->pos[1]) || is_digit(lx->pos[1]))))
        lx->pos++;
    lx->tok = TOK_NAME;
    lx->end = lx->pos;
}

static void lex_string(struct lexer *lx)
{
    char quote = *lx->pos++;

    while (*lx->pos && *lx->pos != quote) {
        if (*lx->pos == '\\' && lx->pos[1])
            lx->pos++;
        lx->pos++;
    }
    if (!*lx->pos) {
        bad(lx, "the quotation mark is not closed");
        return;
    }
    lx->pos++;
    lx->tok = TOK_STR;
    lx->end = lx->pos;
}

static void lex_sign(struct lexer *lx)
{
    static const struct {
        char text[3];
        enum tok tok;
    } signs[] = {
        { "!=", TOK_NE },    { "<=", TOK_LE },  { ">=", TOK_GE },      { "(", TOK_LPAREN },
        { ")", TOK_RPAREN }, { "[", TOK_LIST }, { "]", TOK_LIST_END }, { ",", TOK_COMMA },
        { "-", TOK_MINUS },  { "=", TOK_EQ },   { "<", TOK_LT },       { ">", TOK_GT },
    };

    if (!strncmp(lx->pos, "==", 2)) {
        lx->pos += 2;
        bad(lx, "'==' is written '='");
        return;
    }
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t n = strlen(signs[i].text);

        if (!strncmp(lx->pos, signs[i].text, n)) {
            lx->pos += n;
            lx->tok = signs[i].tok;
            lx->end = lx->pos;
            return;
        }
    }
    lx->pos++;
    bad(lx, "unexpected character");
}

void cond_lex_init(struct lexer *lx, const char *text)
{
    *lx = (struct lexer){ .text = text, .pos = text };
    cond_lex_next(lx);
}

void cond_lex_next(struct lexer *lx)
{
    while (*lx->pos == ' ' || *lx->pos == '\t' || *lx->pos == '\n' || *lx->pos == '\r')
        lx->pos++;
    lx->beg = lx->pos;
    lx->end = lx->pos;
    if (!*lx->pos)
        lx->tok = TOK_END;
    else if (is_digit(*lx->pos))
        lex_number(lx);
    else if (is_name(*lx->pos))
        lex_name(lx);
    else if (*lx->pos == '"' || *lx->pos == '\'')
        lex_string(lx);
    else
        lex_sign(lx);
}

bool cond_lex_is(const struct lexer *lx, const char *w)
{
    size_t n = strlen(w);

    return lx->tok == TOK_NAME && (size_t)(lx->end - lx->beg) == n && !memcmp(lx->beg, w, n);
}
