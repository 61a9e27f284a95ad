/* Calendar days and timestamps. */
#include "msxops/date.h"

#include <stdio.h>
#include <string.h>

#include "msxops/text.h"

static bool leap(int y)
{
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int month_days(int y, int m)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return m == 2 && leap(y) ? 29 : days[m - 1];
}

/* Days from civil date, years counted from March so that the leap day ends them. */
static int64_t days_from_civil(int64_t y, int m, int d)
{
    int64_t era, yoe, doy, doe;

    y -= m <= 2;
    era = (y >= 0 ? y : y - 399) / 400;
    yoe = y - era * 400;
    doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

msx_day msx_day_from_civil(int y, int m, int d)
{
    if (y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > month_days(y, m))
        return MSX_DAY_NONE;
    return (msx_day)days_from_civil(y, m, d);
}

void msx_day_civil(msx_day day, int *y, int *m, int *d)
{
    int64_t z = (int64_t)day + 719468, era, doe, yoe, doy, mp;

    era = (z >= 0 ? z : z - 146096) / 146097;
    doe = z - era * 146097;
    yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    mp = (5 * doy + 2) / 153;
    *d = (int)(doy - (153 * mp + 2) / 5 + 1);
    *m = (int)(mp < 10 ? mp + 3 : mp - 9);
    *y = (int)(yoe + era * 400 + (*m <= 2));
}

/* n decimal digits at s, or -1. */
static int digits(const char *s, int n)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        v = v * 10 + (s[i] - '0');
    }
    return v;
}

/* The date at the beginning of s; reads no further than its first bad byte. */
static msx_day leading_date(const char *s)
{
    int y = digits(s, 4), m, d;

    if (y < 0 || s[4] != '-')
        return MSX_DAY_NONE;
    m = digits(s + 5, 2);
    if (m < 0 || s[7] != '-')
        return MSX_DAY_NONE;
    d = digits(s + 8, 2);
    return d < 0 ? MSX_DAY_NONE : msx_day_from_civil(y, m, d);
}

msx_day msx_day_parse(const char *s)
{
    msx_day d = s ? leading_date(s) : MSX_DAY_NONE;

    return d != MSX_DAY_NONE && s[10] == '\0' ? d : MSX_DAY_NONE;
}

void msx_day_format(msx_day day, char out[11])
{
    char text[40];
    int y, m, d;

    out[0] = '\0';
    if (day == MSX_DAY_NONE)
        return;
    msx_day_civil(day, &y, &m, &d);
    if (y < 1 || y > 9999)
        return;
    (void)snprintf(text, sizeof text, "%04d-%02d-%02d", y, m, d);
    memcpy(out, text, 10);
    out[10] = '\0';
}

int msx_day_weekday(msx_day d)
{
    int64_t w = ((int64_t)d + 3) % 7; /* 1970-01-01 was a Thursday */

    return (int)(w < 0 ? w + 7 : w);
}

msx_day msx_day_business(msx_day d, int n)
{
    while (n > 0) {
        d++;
        if (msx_day_weekday(d) < 5)
            n--;
    }
    return d;
}

static msx_day add_months(msx_day day, int64_t n)
{
    int y, m, d;
    int64_t months;

    msx_day_civil(day, &y, &m, &d);
    months = (int64_t)y * 12 + (m - 1) + n;
    if (months < 12 || months >= INT64_C(10000) * 12)
        return MSX_DAY_NONE;
    y = (int)(months / 12);
    m = (int)(months % 12) + 1;
    return msx_day_from_civil(y, m, d > month_days(y, m) ? month_days(y, m) : d);
}

/* "+7d", "-2w", "+1m". */
static msx_day relative(const char *spec, msx_day today)
{
    int64_t n = 0, day;
    const char *p = spec + 1;
    msx_day first, last;
    char unit;

    if ((*spec != '+' && *spec != '-') || *p < '0' || *p > '9')
        return MSX_DAY_NONE;
    for (; *p >= '0' && *p <= '9'; p++) {
        n = n * 10 + (*p - '0');
        if (n > 4000000)
            return MSX_DAY_NONE;
    }
    if (*spec == '-')
        n = -n;
    unit = *p;
    if (!unit || p[1])
        return MSX_DAY_NONE;
    if (unit == 'm' || unit == 'M')
        return add_months(today, n);
    if (unit == 'w' || unit == 'W')
        n *= 7;
    else if (unit != 'd' && unit != 'D')
        return MSX_DAY_NONE;
    first = msx_day_from_civil(1, 1, 1);
    last = msx_day_from_civil(9999, 12, 31);
    day = (int64_t)today + n;
    return day < first || day > last ? MSX_DAY_NONE : (msx_day)day;
}

static msx_day named(const char *spec, msx_day today)
{
    static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
    static const char *const full[] = { "monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday" };
    int y, m, d;

    msx_day_civil(today, &y, &m, &d);
    if (msx_ieq(spec, "today"))
        return today;
    if (msx_ieq(spec, "eom"))
        return msx_day_from_civil(y, m, month_days(y, m));
    if (msx_ieq(spec, "eoq")) {
        m = (m + 2) / 3 * 3;
        return msx_day_from_civil(y, m, month_days(y, m));
    }
    for (int i = 0; i < 7; i++)
        if (msx_ieq(spec, names[i]) || msx_ieq(spec, full[i]))
            return today + 1 + (i - msx_day_weekday(today + 1) + 7) % 7;
    return MSX_DAY_NONE;
}

enum msx_code msx_day_resolve(const char *spec, msx_day today, msx_day *out, struct msx_error *err)
{
    msx_day d = msx_day_parse(spec);

    if (d == MSX_DAY_NONE)
        d = relative(spec, today);
    if (d == MSX_DAY_NONE)
        d = named(spec, today);
    if (d == MSX_DAY_NONE)
        return msx_fail(err, MSX_E_USAGE,
                        "'%s' is not a date: use YYYY-MM-DD, today, +7d, -2w, +1m, eom, eoq or a "
                        "weekday (mon..sun)",
                        spec);
    *out = d;
    return MSX_OK;
}

/* "+hh:mm", "-hh:mm", "+hhmm", "Z" or nothing. */
static bool parse_zone(const char *p, int *offset_s)
{
    int sign, h, m;

    *offset_s = 0;
    if (*p == '\0' || ((*p == 'Z' || *p == 'z') && p[1] == '\0'))
        return true;
    if (*p != '+' && *p != '-')
        return false;
    sign = *p == '-' ? -1 : 1;
    h = digits(p + 1, 2);
    if (h < 0)
        return false;
    p += 3;
    if (*p == ':')
        p++;
    m = digits(p, 2);
    if (m < 0 || p[2] != '\0' || h > 23 || m > 59)
        return false;
    *offset_s = sign * (h * 3600 + m * 60);
    return true;
}

/* nonzero_fraction tells exactly-midnight from a moment after it. */
static bool parse_time(const char *s, int64_t *unix_s, bool *nonzero_fraction)
{
    msx_day d = s ? leading_date(s) : MSX_DAY_NONE;
    int h, mi, sec = 0, offset;
    const char *p;

    *nonzero_fraction = false;
    if (d == MSX_DAY_NONE || (s[10] != 'T' && s[10] != 't' && s[10] != ' '))
        return false;
    p = s + 11;
    h = digits(p, 2);
    if (h < 0 || h > 23 || p[2] != ':')
        return false;
    mi = digits(p + 3, 2);
    if (mi < 0 || mi > 59)
        return false;
    p += 5;
    if (*p == ':') {
        sec = digits(p + 1, 2);
        if (sec < 0 || sec > 60)
            return false;
        p += 3;
        if (*p == '.') {
            const char *f = ++p;

            while (*p >= '0' && *p <= '9')
                *nonzero_fraction |= *p++ != '0';
            if (p == f)
                return false;
        }
    }
    if (!parse_zone(p, &offset))
        return false;
    *unix_s = (int64_t)d * 86400 + (int64_t)h * 3600 + (int64_t)mi * 60 + sec - offset;
    return true;
}

bool msx_time_parse(const char *s, int64_t *unix_s)
{
    bool fraction;
    int64_t t;

    if (!parse_time(s, &t, &fraction))
        return false;
    *unix_s = t;
    return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;

    return a % b < 0 ? q - 1 : q;
}

void msx_time_format(int64_t unix_s, char out[21])
{
    int64_t day = floor_div(unix_s, 86400);
    int rest = (int)(unix_s - day * 86400);
    char date[11], text[48];

    out[0] = '\0';
    if (day < -719162 || day > 2932896) /* outside years 0001..9999 */
        return;
    msx_day_format((msx_day)day, date);
    (void)snprintf(text, sizeof text, "%sT%02d:%02d:%02dZ", date, rest / 3600, rest / 60 % 60,
                   rest % 60);
    memcpy(out, text, 20);
    out[20] = '\0';
}

msx_day msx_tz_day(const struct msx_tz *tz, int64_t unix_s)
{
    return (msx_day)floor_div(unix_s + msx_tz_offset_s(tz, unix_s), 86400);
}

int64_t msx_tz_noon(const struct msx_tz *tz, msx_day d)
{
    int64_t noon = (int64_t)d * 86400 + 43200, t = noon - msx_tz_offset_s(tz, noon);

    t = noon - msx_tz_offset_s(tz, t);
    /* at UTC-12 that is the next midnight UTC, which stands for the next day */
    return t % 86400 == 0 && t / 86400 != d ? t + 3600 : t;
}

/* Time part 00:00:00 (any fraction) and offset Z or +00:00, in a value that parse_time() took. */
static bool midnight_utc(const char *value)
{
    const char *zone = value + 19;

    if (strncmp(value + 11, "00:00:00", 8) != 0)
        return false;
    if (*zone == '.')
        zone += 1 + strspn(zone + 1, "0123456789");
    return msx_ieq(zone, "Z") || strcmp(zone, "+00:00") == 0;
}

msx_day msx_day_of(const char *value, const struct msx_tz *tz, bool *bad)
{
    bool fraction;
    int64_t t;
    msx_day d;

    *bad = false;
    if (!value || !*value)
        return MSX_DAY_NONE;
    d = msx_day_parse(value);
    if (d != MSX_DAY_NONE)
        return d;
    if (!parse_time(value, &t, &fraction)) {
        *bad = true;
        return MSX_DAY_NONE;
    }
    /* Date-only columns come back as midnight UTC: a date, not a moment. */
    if (!fraction && midnight_utc(value))
        return leading_date(value);
    return msx_tz_day(tz, t);
}
