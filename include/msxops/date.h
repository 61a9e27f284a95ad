/* Calendar days, no clock times. A day is counted from 1970-01-01, proleptic Gregorian. */
#ifndef MSXOPS_DATE_H
#define MSXOPS_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "msxops/error.h"

typedef int32_t msx_day; /* the one typedef for a plain number, so that units show in signatures */
#define MSX_DAY_NONE INT32_MIN

/* "YYYY-MM-DD" exactly (the calendar must have it). MSX_DAY_NONE when it is anything else. */
msx_day msx_day_parse(const char *s);
void msx_day_format(msx_day day, char out[11]); /* years 0001..9999; MSX_DAY_NONE gives "" */
int msx_day_weekday(msx_day d);                 /* 0 Monday .. 6 Sunday */
void msx_day_civil(msx_day day, int *y, int *m, int *d);
msx_day msx_day_from_civil(int y, int m, int d); /* MSX_DAY_NONE when not a date */
/* n-th Monday-Friday strictly after d (catalog 1.5 'bd'); n >= 1. */
msx_day msx_day_business(msx_day d, int n);

/**
 * Resolve what a user types as a date: YYYY-MM-DD, today, +7d, -2w, +1m, eom, eoq, a weekday name
 * (mon..sun: the next such day strictly after today).
 * @return MSX_OK or MSX_E_USAGE (message names the accepted forms)
 */
enum msx_code msx_day_resolve(const char *spec, msx_day today, msx_day *out,
                              struct msx_error *err) MSX_MUST_CHECK;

/* Time zone by IANA name, "UTC", or NULL for the process's own (TZ). Thread-safe to read. */
struct msx_tz;
enum msx_code msx_tz_open(const char *name, struct msx_tz **out,
                          struct msx_error *err) MSX_MUST_CHECK; /* MSX_E_USAGE: unknown zone */
void msx_tz_free(struct msx_tz *tz);
const char *msx_tz_name(const struct msx_tz *tz); /* "UTC", "Europe/Berlin", or the TZ text */
int msx_tz_offset_s(const struct msx_tz *tz, int64_t unix_s); /* seconds east of UTC */
msx_day msx_tz_day(const struct msx_tz *tz, int64_t unix_s);
/* The time by which the calendar day d of tz is written: its noon, in Unix seconds. msx_day_of() of
 * it is d again. */
int64_t msx_tz_noon(const struct msx_tz *tz, msx_day d);

/* RFC 3339 timestamp ("2026-03-01T23:30:00Z", fraction and +hh:mm allowed; none means UTC) to Unix
 * seconds. False when it is not one. */
bool msx_time_parse(const char *s, int64_t *unix_s);
void msx_time_format(int64_t unix_s, char out[21]); /* "2026-03-01T23:30:00Z" */

/* day(x) of catalog 1.5: NULL/empty -> MSX_DAY_NONE with *bad false; a date, or exactly midnight
 * UTC -> its first ten characters; other timestamps -> calendar date in tz; anything else ->
 * MSX_DAY_NONE with *bad true. */
msx_day msx_day_of(const char *value, const struct msx_tz *tz, bool *bad);

#endif
