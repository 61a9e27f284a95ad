/* Time zones without touching the process's TZ: TZif files and POSIX TZ texts, read once, then
 * immutable, so threads may share them. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "msxops/buf.h"
#include "msxops/date.h"
#include "msxops/file.h"
#include "msxops/mem.h"

#define TZIF_MAX ((size_t)1 << 20)

struct rule { /* when a POSIX TZ changes over */
    enum { RULE_JULIAN, RULE_DAY, RULE_MONTH } kind;
    int day, week, month;
    int time_s;
};
struct posix_tz {
    bool set, has_dst;
    int std_s, dst_s; /* seconds east of UTC */
    struct rule start, end;
};
struct msx_tz {
    char *name;
    size_t n;
    int64_t *at; /* transitions, ascending */
    int *offset; /* after each */
    int first_s; /* before the first */
    struct posix_tz tail;
};

/* ---- POSIX TZ: std offset [dst [offset] [,start[/time],end[/time]]] ---- */

static bool skip_name(const char **p)
{
    const char *s = *p;

    if (*s == '<') {
        s = strchr(s, '>');
        if (!s || s == *p + 1)
            return false;
        *p = s + 1;
        return true;
    }
    while ((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z'))
        s++;
    if (s - *p < 3)
        return false;
    *p = s;
    return true;
}

static bool number(const char **p, int max, int *out)
{
    int v = 0;

    if (**p < '0' || **p > '9')
        return false;
    for (; **p >= '0' && **p <= '9'; (*p)++) {
        v = v * 10 + (**p - '0');
        if (v > max)
            return false;
    }
    *out = v;
    return true;
}

/* [+-]hh[:mm[:ss]] in seconds; hours up to 167 as RFC 8536 allows in rules. */
static bool clock_time(const char **p, int *out)
{
    int sign = 1, h, m = 0, s = 0;

    if (**p == '+' || **p == '-')
        sign = *(*p)++ == '-' ? -1 : 1;
    if (!number(p, 167, &h))
        return false;
    if (**p == ':') {
        (*p)++;
        if (!number(p, 59, &m))
            return false;
        if (**p == ':') {
            (*p)++;
            if (!number(p, 59, &s))
                return false;
        }
    }
    *out = sign * (h * 3600 + m * 60 + s);
    return true;
}

static bool parse_rule(const char **p, struct rule *r)
{
    r->time_s = 2 * 3600;
    if (**p == 'M') {
        (*p)++;
        r->kind = RULE_MONTH;
        if (!number(p, 12, &r->month) || r->month < 1 || *(*p)++ != '.' ||
            !number(p, 5, &r->week) || r->week < 1 || *(*p)++ != '.' || !number(p, 6, &r->day))
            return false;
    } else if (**p == 'J') {
        (*p)++;
        r->kind = RULE_JULIAN;
        if (!number(p, 365, &r->day) || r->day < 1)
            return false;
    } else {
        r->kind = RULE_DAY;
        if (!number(p, 365, &r->day))
            return false;
    }
    if (**p == '/') {
        (*p)++;
        return clock_time(p, &r->time_s);
    }
    return true;
}

static bool parse_posix(const char *s, struct posix_tz *out)
{
    struct posix_tz tz = { .set = true };
    int west;

    if (!skip_name(&s) || !clock_time(&s, &west))
        return false;
    tz.std_s = -west;
    if (*s) {
        tz.has_dst = true;
        tz.dst_s = tz.std_s + 3600;
        if (!skip_name(&s))
            return false;
        if (*s && *s != ',') {
            if (!clock_time(&s, &west))
                return false;
            tz.dst_s = -west;
        }
        if (!*s)
            s = ",M3.2.0,M11.1.0"; /* what POSIX systems use when no rule is given */
        if (*s++ != ',' || !parse_rule(&s, &tz.start) || *s++ != ',' || !parse_rule(&s, &tz.end) ||
            *s)
            return false;
    }
    *out = tz;
    return true;
}

/* Seconds since the epoch, local clock, of a rule in year y. */
static int64_t rule_time(const struct rule *r, int y)
{
    bool is_leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    int64_t day = msx_day_from_civil(y, 1, 1);

    if (r->kind == RULE_JULIAN) {
        day += r->day - 1 + (is_leap && r->day >= 60);
    } else if (r->kind == RULE_DAY) {
        day += r->day;
    } else {
        msx_day first = msx_day_from_civil(y, r->month, 1);
        msx_day after = r->month == 12 ? first + 31 : msx_day_from_civil(y, r->month + 1, 1);
        int sunday_based = (msx_day_weekday(first) + 1) % 7;

        day = first + (r->day - sunday_based + 7) % 7 + 7 * (r->week - 1);
        while (day >= after)
            day -= 7;
    }
    return day * 86400 + r->time_s;
}

static int posix_offset(const struct posix_tz *tz, int64_t t)
{
    int64_t local = t + tz->std_s, start, end;
    int y, m, d;
    bool dst;

    if (!tz->has_dst)
        return tz->std_s;
    msx_day_civil((msx_day)(local / 86400 - (local % 86400 < 0)), &y, &m, &d);
    if (y < 1 || y > 9998)
        return tz->std_s;
    start = rule_time(&tz->start, y) - tz->std_s;
    end = rule_time(&tz->end, y) - tz->dst_s;
    dst = start < end ? t >= start && t < end : t >= start || t < end;
    return dst ? tz->dst_s : tz->std_s;
}

/* ---- TZif, RFC 8536 ---- */

static int64_t big_endian(const unsigned char *p, int n)
{
    uint64_t v = p[0] & 0x80 ? UINT64_MAX : 0;

    for (int i = 0; i < n; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

struct tzif { /* counts of one data block */
    size_t isutc, isstd, leap, time, type, chars;
};

static bool tzif_header(const unsigned char *p, size_t len, struct tzif *h)
{
    size_t *const field[] = { &h->isutc, &h->isstd, &h->leap, &h->time, &h->type, &h->chars };

    if (len < 44 || memcmp(p, "TZif", 4) != 0)
        return false;
    for (size_t i = 0; i < 6; i++) {
        int64_t v = big_endian(p + 20 + 4 * i, 4);

        if (v < 0 || v > 100000)
            return false;
        *field[i] = (size_t)v;
    }
    return h->type > 0;
}

static size_t tzif_size(const struct tzif *h, size_t width)
{
    return h->time * (width + 1) + h->type * 6 + h->chars + h->leap * (width + 4) + h->isstd +
           h->isutc;
}

static enum msx_code tzif_data(const unsigned char *p, const struct tzif *h, size_t width,
                               struct msx_tz *tz, struct msx_error *err)
{
    const unsigned char *index = p + h->time * width, *types = index + h->time;

    tz->at = msx_calloc(h->time ? h->time : 1, sizeof *tz->at);
    tz->offset = msx_calloc(h->time ? h->time : 1, sizeof *tz->offset);
    if (!tz->at || !tz->offset)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    tz->first_s = (int)big_endian(types, 4);
    for (size_t i = 0; i < h->time; i++) {
        if (index[i] >= h->type)
            return msx_fail(err, MSX_E_INVALID, "time zone '%s': bad data", tz->name);
        tz->at[i] = big_endian(p + i * width, (int)width);
        tz->offset[i] = (int)big_endian(types + 6 * (size_t)index[i], 4);
        if (i && tz->at[i] < tz->at[i - 1])
            return msx_fail(err, MSX_E_INVALID, "time zone '%s': bad data", tz->name);
    }
    tz->n = h->time;
    return MSX_OK;
}

static enum msx_code parse_tzif(const struct msx_buf *file, struct msx_tz *tz,
                                struct msx_error *err)
{
    const unsigned char *p = (const unsigned char *)file->data;
    size_t len = file->len, size;
    char footer[128];
    struct tzif h;
    enum msx_code rc;

    if (!tzif_header(p, len, &h))
        goto bad;
    if (p[4] < '2') {
        if (len - 44 < tzif_size(&h, 4))
            goto bad;
        return tzif_data(p + 44, &h, 4, tz, err);
    }
    size = 44 + tzif_size(&h, 4);
    if (size > len || !tzif_header(p + size, len - size, &h))
        goto bad;
    p += size + 44;
    len -= size + 44;
    size = tzif_size(&h, 8);
    if (size > len)
        goto bad;
    rc = tzif_data(p, &h, 8, tz, err);
    if (rc)
        return rc;
    p += size;
    len -= size;
    if (len > 2 && p[0] == '\n') {
        const unsigned char *end = memchr(p + 1, '\n', len - 1);

        if (!end || (size_t)(end - p) > sizeof footer)
            goto bad;
        memcpy(footer, p + 1, (size_t)(end - p - 1));
        footer[end - p - 1] = '\0';
        if (footer[0] && !parse_posix(footer, &tz->tail))
            goto bad;
    }
    return MSX_OK;
bad:
    return msx_fail(err, MSX_E_INVALID, "time zone '%s': bad data", tz->name);
}

/* ---- opening ---- */

static enum msx_code load_file(struct msx_tz *tz, const char *path, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf file = MSX_BUF_INIT(TZIF_MAX);
    enum msx_code rc = msx_file_read(path, &file, err);

    return rc ? rc : parse_tzif(&file, tz, err);
}

/* Zone names come from users: only names below the zone folder. */
static bool safe_name(const char *name)
{
    return name[0] != '/' && !strstr(name, "..") && strlen(name) < 200;
}

static enum msx_code load_zone(struct msx_tz *tz, const char *name, struct msx_error *err)
{
    static const char *const dirs[] = { "/usr/share/zoneinfo", "/usr/lib/zoneinfo",
                                        "/var/db/timezone/zoneinfo" };
    enum msx_code rc = MSX_E_NOTFOUND;

    if (strcmp(name, "UTC") == 0 || strcmp(name, "UTC0") == 0 || strcmp(name, "Z") == 0 ||
        strcmp(name, "Etc/UTC") == 0)
        return MSX_OK;
    for (size_t i = 0; safe_name(name) && i < sizeof dirs / sizeof *dirs && rc; i++) {
        MSX_AUTO(msx_free_p) char *path = msx_path_join(dirs[i], name);

        if (!path)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        rc = load_file(tz, path, NULL);
        if (rc == MSX_E_NOMEM)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    if (!rc)
        return MSX_OK;
    if (parse_posix(name, &tz->tail))
        return MSX_OK;
    (void)msx_fail(err, MSX_E_USAGE, "'%s' is not a time zone", name);
    msx_hint(err, "use a name such as Europe/Berlin, America/New_York or UTC");
    return MSX_E_USAGE;
}

/* name NULL: the machine's zone, UTC when there is none. */
static enum msx_code load_local(struct msx_tz *tz, struct msx_error *err)
{
    enum msx_code rc = load_file(tz, "/etc/localtime", NULL);

    return rc == MSX_E_NOMEM ? msx_fail(err, rc, "out of memory") : MSX_OK;
}

/* IANA name of the machine's zone, where /etc/localtime points; "UTC" without one. New. */
static char *local_name(void)
{
    static const char dir[] = "/zoneinfo/";
    char target[4096];
    ssize_t n = readlink("/etc/localtime", target, sizeof target - 1);
    const char *at;

    if (n < 0)
        return msx_strdup(access("/etc/localtime", R_OK) == 0 ? "local" : "UTC");
    target[n] = '\0';
    at = strstr(target, dir);
    return msx_strdup(at ? at + sizeof dir - 1 : "local");
}

enum msx_code msx_tz_open(const char *name, struct msx_tz **out, struct msx_error *err)
{
    struct msx_tz *tz = msx_calloc(1, sizeof *tz);
    enum msx_code rc;

    if (!tz)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (name && *name == ':')
        name++; /* TZ=":Europe/Berlin" is a common spelling */
    if (name && !*name)
        name = "UTC"; /* POSIX: an empty TZ is UTC */
    tz->name = name ? msx_strdup(name) : local_name();
    if (!tz->name) {
        msx_tz_free(tz);
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    }
    if (!name)
        rc = load_local(tz, err);
    else if (strncmp(name, "/usr/share/zoneinfo/", 20) == 0)
        rc = load_zone(tz, name + 20, err);
    else
        rc = load_zone(tz, name, err);
    if (rc) {
        msx_tz_free(tz);
        return rc;
    }
    *out = tz;
    return MSX_OK;
}

void msx_tz_free(struct msx_tz *tz)
{
    if (!tz)
        return;
    msx_free(tz->name);
    msx_free(tz->at);
    msx_free(tz->offset);
    msx_free(tz);
}

const char *msx_tz_name(const struct msx_tz *tz)
{
    return tz->name;
}

int msx_tz_offset_s(const struct msx_tz *tz, int64_t unix_s)
{
    size_t lo = 0, hi = tz->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (tz->at[mid] <= unix_s)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == tz->n && tz->tail.set)
        return posix_offset(&tz->tail, unix_s);
    return lo ? tz->offset[lo - 1] : tz->first_s;
}
