/* Values of the condition language: three-valued logic (unknown = not read), null-safe. */
#ifndef MSXOPS_VALUE_H
#define MSXOPS_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "msxops/date.h"

enum msx_vtype {
    MSX_V_NULL,    /* read, and nothing there */
    MSX_V_UNKNOWN, /* not read (a step was skipped or failed), or a signal without evidence is the
                    * STRING-like symbol `unknown`, see MSX_V_SYM: this one is about reading */
    MSX_V_BOOL,
    MSX_V_NUM,
    MSX_V_STR, /* text, and the symbols yes no unknown, on_track, specialist ... */
    MSX_V_DATE,
    MSX_V_LIST,
    MSX_V_REC, /* a record itself: the bare roots o m t u, as arguments of calls */
};

/* A record as conditions see it; made by lib/skill/world. Opaque here. */
struct msx_rec;

struct msx_value { /* borrowed memory: valid as long as the record set that gave it */
    enum msx_vtype type;
    union {
        bool b;
        double num;
        const char *str;
        msx_day day;
        struct {
            const struct msx_value *items;
            size_t n;
        } list;
        const struct msx_rec *rec;
    } u;
};

#endif
