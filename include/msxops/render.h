/* Rows of JSON records as tables, CSV and lines. Text from CRM is made safe for each place. */
#ifndef MSXOPS_RENDER_H
#define MSXOPS_RENDER_H

#include "msxops/buf.h"
#include "msxops/date.h"
#include "msxops/json.h"

enum msx_cell {
    MSX_CELL_TEXT,  /* as it is */
    MSX_CELL_LABEL, /* the field's FormattedValue annotation when there is one */
    MSX_CELL_MONEY, /* number, thousands separated, right-aligned */
    MSX_CELL_NUM,   /* number, right-aligned */
    MSX_CELL_DAY,   /* the calendar day of a date or timestamp */
};
struct msx_column {  /* key NULL ends */
    const char *key; /* member name, or dotted path "record.number" */
    const char *title;
    enum msx_cell cell;
    int wrap; /* >0: never narrower than this when the table must shrink; 0: never shrunk */
};

struct msx_table_style {
    size_t width;            /* columns of the terminal; 0 = no limit */
    bool bold;               /* escape codes for the heading */
    const struct msx_tz *tz; /* whose days MSX_CELL_DAY shows; NULL: those of UTC */
};

/* Text of one cell, as tables and CSV show it; new string, NULL when out of memory. Missing and
 * null are "". Objects and arrays are compact JSON; arrays of strings are joined with ", ". */
char *msx_cell_text(const json_t *row, const struct msx_column *col, const struct msx_tz *tz);

/* Append an aligned table of the rows (array). cols NULL: all keys of the first row. Cells that do
 * not fit are cut with "…". */
void msx_render_table(struct msx_buf *b, const json_t *rows, const struct msx_column *cols,
                      const struct msx_table_style *style);
/* Append RFC 4180 CSV with heading (keys of the record), CRLF line ends; cells that a spreadsheet
 * would run as a formula get a leading apostrophe. */
void msx_render_csv(struct msx_buf *b, const json_t *rows, const struct msx_column *cols,
                    bool heading, const struct msx_tz *tz);
/* Append key/value lines of one record. */
void msx_render_record(struct msx_buf *b, const json_t *record, size_t width);
/* Append the rows as compact JSON, one a line. */
void msx_render_ndjson(struct msx_buf *b, const json_t *rows);

/* 12345.5 -> "12,346" (half away from zero). Appended. */
void msx_render_money(struct msx_buf *b, double v);

#endif
