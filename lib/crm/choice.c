/* Choice columns: labels and codes through the organisation's own metadata, with the documented
 * codes as fallback; status and commitment classes by label first (catalog 1.3, 1.4). */
#include "crm/priv.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *logical, *column;
    json_int_t code;
    const char *label;
    int state; /* statecode that a status belongs to, -1: none */
} documented[] = {
    { "msp_engagementmilestone", "msp_milestonestatus", 861980000, "On Track", -1 },
    { "msp_engagementmilestone", "msp_milestonestatus", 861980001, "At Risk", -1 },
    { "msp_engagementmilestone", "msp_milestonestatus", 861980002, "Blocked", -1 },
    { "msp_engagementmilestone", "msp_milestonestatus", 861980003, "Completed", -1 },
    { "msp_engagementmilestone", "msp_milestonestatus", 861980004, "Cancelled", -1 },
    { "msp_engagementmilestone", "msp_milestonestatus", 861980005, "Not Started", -1 },
    { "msp_engagementmilestone", "msp_milestonestatus", 861980007, "Closed as Incomplete", -1 },
    { "msp_engagementmilestone", "msp_commitmentrecommendation", 861980000, "Uncommitted", -1 },
    { "msp_engagementmilestone", "msp_commitmentrecommendation", 861980001, "Committed", -1 },
    { "msp_engagementmilestone", "msp_milestonecategory", 861980000, "POC/Pilot", -1 },
    { "msp_engagementmilestone", "msp_milestonecategory", 861980001, "Production", -1 },
    { "msp_engagementmilestone", "msp_milestonecategory", 861980002, "Usage", -1 },
    { "task", "msp_taskcategory", 606820005, "Technical Close/Win Plan", -1 },
    { "task", "msp_taskcategory", 861980001, "Workshop", -1 },
    { "task", "msp_taskcategory", 861980002, "Demo", -1 },
    { "task", "msp_taskcategory", 861980004, "Architecture Design Session", -1 },
    { "task", "msp_taskcategory", 861980005, "PoC/Pilot", -1 },
    { "task", "msp_taskcategory", 861980006, "Blocker Escalation", -1 },
    { "task", "msp_taskcategory", 861980007, "Consumption Plan", -1 },
    { "task", "msp_taskcategory", 861980008, "Briefing", -1 },
    { "task", "statuscode", 2, "Not Started", 0 },
    { "task", "statuscode", 3, "In Progress", 0 },
    { "task", "statuscode", 4, "Waiting on someone else", 0 },
    { "task", "statuscode", 7, "Deferred", 0 },
    { "task", "statuscode", 5, "Completed", 1 },
    { "task", "statuscode", 6, "Cancelled", 2 },
    { "task", "statecode", 0, "Open", -1 },
    { "task", "statecode", 1, "Completed", -1 },
    { "task", "statecode", 2, "Cancelled", -1 },
};

static json_t *documented_options(const char *logical, const char *column)
{
    MSX_AUTO(msx_json_free_p) json_t *all = json_array();

    for (size_t i = 0; all && i < sizeof documented / sizeof documented[0]; i++) {
        json_t *o;

        if (strcmp(documented[i].logical, logical) || strcmp(documented[i].column, column))
            continue;
        o = json_pack("{s:I,s:s}", "value", documented[i].code, "label", documented[i].label);
        if (documented[i].state >= 0)
            json_object_set_new(o, "state", json_integer(documented[i].state));
        if (json_array_append_new(all, o))
            return NULL;
    }
    return MSX_STEAL(all);
}

const char *msx_crm_documented_label(const char *logical, const char *column, json_int_t code)
{
    for (size_t i = 0; i < sizeof documented / sizeof documented[0]; i++)
        if (documented[i].code == code && !strcmp(documented[i].logical, logical) &&
            !strcmp(documented[i].column, column))
            return documented[i].label;
    return NULL;
}

enum msx_code msx_crm_options(struct msx_crm *crm, const char *logical, const char *column,
                              json_t **out, struct msx_error *err)
{
    struct msx_error e = MSX_ERROR_INIT;
    json_t *options = NULL;
    enum msx_code rc = msx_meta_options(crm->odata, logical, column, &options, &e);

    if (!rc) {
        *out = json_incref(options);
        return MSX_OK;
    }
    if (rc == MSX_E_NOTFOUND || rc == MSX_E_DENIED) {
        options = documented_options(logical, column);
        if (!options)
            return msx_crm_oom(err);
        if (json_array_size(options)) {
            *out = options;
            return MSX_OK;
        }
        json_decref(options);
    }
    if (err)
        *err = e;
    return msx_wrap(err, rc, "cannot read the options of %s.%s", logical, column);
}

/* Equal ignoring ASCII case and blanks around. */
static bool same_text(const char *a, const char *b)
{
    a += strspn(a, " ");
    b += strspn(b, " ");
    for (;; a++, b++) {
        int x = *a >= 'A' && *a <= 'Z' ? *a + 32 : *a;
        int y = *b >= 'A' && *b <= 'Z' ? *b + 32 : *b;

        if (!a[strspn(a, " ")] && !b[strspn(b, " ")])
            return true;
        if (x != y || !x)
            return false;
    }
}

static bool means_cancelled(const char *label)
{
    return same_text(label, "cancelled") || same_text(label, "canceled");
}

static bool same_label(const char *a, const char *b)
{
    return same_text(a, b) || (means_cancelled(a) && means_cancelled(b));
}

static enum msx_code no_such_label(const char *logical, const char *column, const char *label,
                                   const json_t *options, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1024);
    const char *names[64];
    const char *near;
    size_t n = 0;
    json_t *o;
    size_t i;

    json_array_foreach(options, i, o) {
        const char *name = msx_json_str(o, "label");

        if (!name || n == sizeof names / sizeof names[0])
            continue;
        names[n++] = name;
        msx_buf_addf(&b, "%s%s", b.len ? ", " : "", name);
    }
    near = msx_nearest(label, names, n);
    msx_fail(err, MSX_E_USAGE, "'%s' is no value of %s.%s; it takes: %s", label, logical, column,
             b.data);
    if (near)
        msx_hint(err, "did you mean '%s'?", near);
    return MSX_E_USAGE;
}

static bool all_digits(const char *s)
{
    return *s && !s[strspn(s, "0123456789")];
}

enum msx_code msx_label_code(struct msx_crm *crm, const char *logical, const char *column,
                             const char *label, json_int_t *code_out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *options = NULL;
    bool number = all_digits(label) && strlen(label) < 16;
    json_int_t wanted = number ? strtoll(label, NULL, 10) : 0;
    json_t *o;
    size_t i;
    enum msx_code rc = msx_crm_options(crm, logical, column, &options, err);

    if (rc)
        return rc;
    json_array_foreach(options, i, o) {
        const char *name = msx_json_str(o, "label");
        json_int_t value;

        if (!msx_json_int(o, "value", &value))
            continue;
        if (number ? value == wanted : name && same_label(name, label)) {
            *code_out = value;
            return MSX_OK;
        }
    }
    return no_such_label(logical, column, label, options, err);
}

enum msx_code msx_code_label(struct msx_crm *crm, const char *logical, const char *column,
                             json_int_t code, char **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *options = NULL;
    char *text = NULL;
    json_t *o;
    size_t i;
    enum msx_code rc = msx_crm_options(crm, logical, column, &options, err);

    if (rc)
        return rc;
    json_array_foreach(options, i, o) {
        const char *name = msx_json_str(o, "label");
        json_int_t value;

        if (name && msx_json_int(o, "value", &value) && value == code) {
            text = msx_strdup(name);
            *out = text;
            return text ? MSX_OK : msx_crm_oom(err);
        }
    }
    text = msx_asprintf("%" JSON_INTEGER_FORMAT, code);
    if (!text)
        return msx_crm_oom(err);
    *out = text;
    return MSX_OK;
}

enum msx_code msx_crm_choice(struct msx_crm *crm, const char *logical, const char *column,
                             const json_t *value, json_int_t *code, struct msx_error *err)
{
    char digits[32];

    if (json_is_string(value))
        return msx_label_code(crm, logical, column, json_string_value(value), code, err);
    snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return msx_label_code(crm, logical, column, digits, code, err);
}

bool msx_crm_closed_status(const char *label, const json_int_t *code)
{
    static const char *const active[] = { "On Track", "In Progress", "At Risk", "Blocked",
                                          "Not Started" };
    static const char *const closed[] = { "Completed", "Complete", "Cancelled",
                                          "Closed as Incomplete" };

    for (size_t i = 0; label && i < sizeof active / sizeof active[0]; i++)
        if (same_label(label, active[i]))
            return false;
    for (size_t i = 0; label && i < sizeof closed / sizeof closed[0]; i++)
        if (same_label(label, closed[i]))
            return true;
    /* A generic or unknown label does not choose a class; a documented code does. */
    if (code && *code >= 861980000 && *code <= 861980007 && *code != 861980006)
        return *code == 861980003 || *code == 861980004 || *code == 861980007;
    return label && same_label(label, "Closed");
}

bool msx_crm_milestone_active(const json_t *milestone)
{
    json_int_t code;
    bool has_code = msx_json_int(milestone, "msp_milestonestatus", &code);

    return !msx_crm_closed_status(msx_crm_label(milestone, "msp_milestonestatus"),
                                  has_code ? &code : NULL);
}

bool msx_crm_committed(const json_t *milestone)
{
    const char *label = msx_crm_label(milestone, "msp_commitmentrecommendation");
    json_int_t code;

    if (label && same_label(label, "Committed"))
        return true;
    if (label && same_label(label, "Uncommitted"))
        return false;
    return msx_json_int(milestone, "msp_commitmentrecommendation", &code) && code == 861980001;
}

enum msx_code msx_crm_active_filter(struct msx_crm *crm, struct msx_buf *b, struct msx_error *err)
{
    static const char column[] = "msp_milestonestatus";
    struct msx_error e = MSX_ERROR_INIT;
    json_t *options = NULL;
    json_t *o;
    size_t i;
    bool any = false;
    enum msx_code rc =
        msx_meta_options(crm->odata, msx_crm_milestones.logical, column, &options, &e);

    if (rc == MSX_E_NOTFOUND || rc == MSX_E_DENIED || rc == MSX_E_REJECTED)
        return MSX_OK;
    if (rc) {
        if (err)
            *err = e;
        return rc;
    }
    /* Closed codes are excluded rather than active ones listed: a record without a status or with a
     * code that was taken out of the option set counts as active. */
    json_array_foreach(options, i, o) {
        json_int_t code;

        if (!msx_json_int(o, "value", &code) ||
            !msx_crm_closed_status(msx_json_str(o, "label"), &code))
            continue;
        msx_buf_addf(b, "%s%s ne %" JSON_INTEGER_FORMAT,
                     any ? " and " : "(msp_milestonestatus eq null or (", column, code);
        any = true;
    }
    if (any)
        msx_buf_adds(b, "))");
    return MSX_OK;
}
