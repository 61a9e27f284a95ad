/* Reading a record: its relations and its raw fields. */
#include "skill/world_int.h"

#include <string.h>

#include "msxops/text.h"

enum msx_kind msx_rec_kind(const struct msx_rec *r)
{
    return r->kind;
}

const char *msx_rec_id(const struct msx_rec *r)
{
    return r->id;
}

const char *msx_rec_number(const struct msx_rec *r)
{
    const char *number =
        r->milestone ? msx_json_str(r->milestone->raw, "msp_milestonenumber") : NULL;

    return number && number[0] ? number : NULL;
}

const char *msx_rec_where(const struct msx_rec *r)
{
    const char *number = r->kind == MSX_K_MILESTONE ? msx_rec_number(r) : NULL;

    return number ? number : r->id;
}

const json_t *msx_rec_raw(const struct msx_rec *r)
{
    return r->raw;
}

const char *msx_rec_entity(const struct msx_rec *r)
{
    switch (r->kind) {
    case MSX_K_ACCOUNT:
        return "account";
    case MSX_K_OPP:
        return "opportunity";
    case MSX_K_MILESTONE:
        return "msp_engagementmilestone";
    case MSX_K_TASK:
        return "task";
    case MSX_K_USER:
        break;
    }
    return "systemuser";
}

const char *msx_rec_str(const struct msx_rec *r, const char *field)
{
    return msx_json_str(r->raw, field);
}

const char *msx_rec_name(const struct msx_rec *r)
{
    switch (msx_rec_kind(r)) {
    case MSX_K_TASK:
        return msx_rec_str(r, "subject");
    case MSX_K_MILESTONE:
        return msx_rec_str(r, "msp_name");
    case MSX_K_USER:
        return msx_rec_str(r, "fullname");
    case MSX_K_ACCOUNT:
    case MSX_K_OPP:
        break;
    }
    return msx_rec_str(r, "name");
}

const struct msx_rec *msx_rec_opp(const struct msx_rec *r)
{
    return r->opp;
}

const struct msx_rec *msx_rec_milestone(const struct msx_rec *r)
{
    return r->milestone;
}

const struct msx_rec *msx_rec_owner(const struct msx_rec *r)
{
    return r->owner;
}

const struct msx_rec *msx_rec_account(const struct msx_rec *r)
{
    return r->kind == MSX_K_ACCOUNT ? r : r->account;
}

const struct msx_rec *const *msx_rec_children(const struct msx_rec *r, size_t *n)
{
    *n = r->nchildren;
    return (const struct msx_rec *const *)r->children;
}

bool msx_rec_num(const struct msx_rec *r, const char *field, double *out)
{
    return msx_json_num(r->raw, field, out);
}

bool msx_rec_code(const struct msx_rec *r, const char *field, json_int_t *out)
{
    const json_t *v = json_object_get(r->raw, field);
    const char *s = json_string_value(v);
    json_int_t n = 0;

    if (json_is_integer(v)) {
        *out = json_integer_value(v);
        return true;
    }
    if (!s || !s[0] || strlen(s) > 12)
        return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return false;
        n = n * 10 + (*s - '0');
    }
    *out = n;
    return true;
}

bool msx_rec_blank(const struct msx_rec *r, const char *field)
{
    const json_t *v = json_object_get(r->raw, field);
    const char *s = json_string_value(v);

    if (!v || json_is_null(v))
        return true;
    return s && s[strspn(s, " \t\r\n\v\f")] == '\0';
}

msx_day msx_rec_day(const struct msx_rec *r, const char *field)
{
    const char *s = msx_json_str(r->raw, field);
    bool bad = false;

    return s ? msx_day_of(s, r->w->tz, &bad) : MSX_DAY_NONE;
}
