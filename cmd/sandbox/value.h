/* Values of columns between JSON, SQLite and text; the error that a request ends with. */
#ifndef SANDBOX_VALUE_H
#define SANDBOX_VALUE_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>

#include "sb.h"
#include "schema.h"

/* What a failed request answers: HTTP status, the service's code and message. */
struct sb_error {
    int status;
    char code[16]; /* "0x80040217" */
    char msg[2000];
};

/* Fill e; the macros of the same names are false, for `return sb_fail(...)`. */
void sb_fail_set(struct sb_error *e, int status, const char *code, const char *fmt, ...)
    MSX_PRINTF(4, 5);
void sb_fail_set_payload(struct sb_error *e, const struct sb_table *t, const char *fmt, ...)
    MSX_PRINTF(3, 4);
void sb_fail_set_property(struct sb_error *e, const struct sb_table *t, const char *name);
void sb_fail_set_missing(struct sb_error *e, const struct sb_table *t, const char *id);
void sb_fail_set_sql(struct sb_error *e, sqlite3 *db);

#define sb_fail(...)          (sb_fail_set(__VA_ARGS__), false)
#define sb_fail_payload(...)  (sb_fail_set_payload(__VA_ARGS__), false)  /* 400 0x80048d19 */
#define sb_fail_property(...) (sb_fail_set_property(__VA_ARGS__), false) /* 400 0x80060888 */
#define sb_fail_missing(...)  (sb_fail_set_missing(__VA_ARGS__), false)  /* 404 0x80040217 */
#define sb_fail_sql(...)      (sb_fail_set_sql(__VA_ARGS__), false)      /* 500 */

enum sb_kind { SB_NULL, SB_INT, SB_REAL, SB_TEXT };

struct sb_value {
    enum sb_kind kind;
    int64_t i;
    double r;
    char *s; /* owned */
};

void sb_value_release(struct sb_value *v); /* leaves SB_NULL */
struct sb_value sb_value_text(const char *s);
struct sb_value sb_value_int(int64_t i);
/* 0 or an SQLite code. */
int sb_value_bind(sqlite3_stmt *st, int at, const struct sb_value *v);

/* How strictly a value is taken: a client's body, or a file that somebody loads. */
enum sb_strictness { SB_FROM_CLIENT, SB_FROM_FILE };

/* The column's value from JSON. From a file: labels for codes, unknown codes and days for times are
 * accepted as well. */
bool sb_value_from_json(const struct sb_table *t, const struct sb_attr *a, const json_t *j,
                        enum sb_strictness how, struct sb_value *out, struct sb_error *e);

/* "2026-03-01T10:00:00+02:00" (or a day) to the stored "2026-03-01T08:00:00Z". */
bool sb_datetime_normal(const char *s, char out[21]);
/* Append a stored column as a JSON value. */
void sb_add_column(struct msx_buf *b, const struct sb_attr *a, sqlite3_stmt *st, int at);
/* Append the label of a stored value as text; false (nothing appended) when such a column has none.
 * related: text of the lookup's name, or NULL; symbol of the currency, or NULL for "$". */
bool sb_add_label(struct msx_buf *b, const struct sb_attr *a, sqlite3_stmt *st, int at,
                  const char *related);
/* Number of UTF-16 code units of UTF-8 text. */
size_t sb_utf16_len(const char *s);
/* Shortest text of a number: "5000", "12.5". */
void sb_number_text(double r, char out[40]);

#endif
