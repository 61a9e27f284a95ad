/* Labels of coded fields and the classes that follow from them (catalog 1.3). */
#include "skill/world_int.h"

#include <stdio.h>
#include <string.h>

#include "msxops/text.h"

#define FORMATTED "@OData.Community.Display.V1.FormattedValue"

struct code_label {
    const char *field;
    json_int_t code;
    const char *label;
};
static const struct code_label code_labels[] = {
    { "msp_milestonestatus", 861980000, "On Track" },
    { "msp_milestonestatus", 861980001, "At Risk" },
    { "msp_milestonestatus", 861980002, "Blocked" },
    { "msp_milestonestatus", 861980003, "Completed" },
    { "msp_milestonestatus", 861980004, "Cancelled" },
    { "msp_milestonestatus", 861980005, "Not Started" },
    { "msp_milestonestatus", 861980007, "Closed as Incomplete" },
    { "msp_commitmentrecommendation", 861980000, "Uncommitted" },
    { "msp_commitmentrecommendation", 861980001, "Committed" },
    { "msp_milestonecategory", 861980000, "POC/Pilot" },
    { "msp_milestonecategory", 861980001, "Production" },
    { "msp_milestonecategory", 861980002, "Usage" },
    { "statuscode", 2, "Not Started" },
    { "statuscode", 3, "In Progress" },
    { "statuscode", 4, "Waiting on someone else" },
    { "statuscode", 5, "Completed" },
    { "statuscode", 6, "Cancelled" },
    { "statuscode", 7, "Deferred" },
    { "msp_taskcategory", 606820005, "Technical Close/Win Plan" },
    { "msp_taskcategory", 861980004, "Architecture Design Session" },
    { "msp_taskcategory", 861980006, "Blocker Escalation" },
    { "msp_taskcategory", 861980008, "Briefing" },
    { "msp_taskcategory", 861980007, "Consumption Plan" },
    { "msp_taskcategory", 861980002, "Demo" },
    { "msp_taskcategory", 861980005, "PoC/Pilot" },
    { "msp_taskcategory", 861980001, "Workshop" },
};
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

const char *msx_world_code_label(const char *field, json_int_t code)
{
    for (size_t i = 0; i < COUNT(code_labels); i++)
        if (code_labels[i].code == code && !strcmp(code_labels[i].field, field))
            return code_labels[i].label;
    return NULL;
}

static const char *option_label(const struct msx_world *w, const char *field, json_int_t code)
{
    for (size_t i = 0; i < w->noptions; i++)
        if (w->options[i].code == code && !strcmp(w->options[i].field, field))
            return w->options[i].label;
    return NULL;
}

/* The text without white space at its ends; the text itself when there is none to take off. */
static const char *trimmed(struct msx_world *w, const char *s)
{
    static const char space[] = " \t\r\n";
    size_t n;

    s += strspn(s, space);
    n = strlen(s);
    if (n == 0 || !strchr(space, s[n - 1]))
        return s;
    while (n > 0 && strchr(space, s[n - 1]))
        n--;
    return msx_world_strndup(w, s, n);
}

/* The annotation of the record itself, trimmed; NULL when it has none. */
static const char *annotation(const struct msx_rec *r, const char *field)
{
    char key[128];
    int n = snprintf(key, sizeof key, "%s" FORMATTED, field);
    const char *s = n > 0 && (size_t)n < sizeof key ? msx_json_str(r->raw, key) : NULL;

    s = s ? trimmed(r->w, s) : NULL;
    return s && s[0] ? s : NULL;
}

const char *msx_rec_label(const struct msx_rec *r, const char *field)
{
    const char *s = annotation(r, field);
    json_int_t code;
    char digits[24];

    if (s)
        return s;
    if (!msx_rec_code(r, field, &code)) {
        s = msx_json_str(r->raw, field);
        return s && s[0] ? s : NULL;
    }
    s = option_label(r->w, field, code);
    if (!s)
        s = msx_world_code_label(field, code);
    if (s)
        return s;
    snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, code);
    return msx_world_strdup(r->w, digits);
}

/* ---- status ---- */
static const char *const status_names[] = {
    "on_track", "at_risk", "blocked", "not_started", "completed", "cancelled", "closed_incomplete",
};
struct word_class {
    const char *label;
    int status;
};
static const struct word_class status_words[] = {
    { "On Track", 0 },    { "In Progress", 0 },
    { "At Risk", 1 },     { "Blocked", 2 },
    { "Not Started", 3 }, { "Completed", 4 },
    { "Complete", 4 },    { "Cancelled", 5 },
    { "Canceled", 5 },    { "Closed as Incomplete", 6 },
};

static int status_of_label(const char *label)
{
    for (size_t i = 0; label && i < COUNT(status_words); i++)
        if (msx_ieq(label, status_words[i].label))
            return status_words[i].status;
    return -1;
}

const char *msx_status_class(const struct msx_rec *m, bool *conflict, bool *generic)
{
    static const char field[] = "msp_milestonestatus";
    const char *label = annotation(m, field);
    bool open = msx_ieq(label, "Active") || msx_ieq(label, "Open");
    bool closed = msx_ieq(label, "Closed");
    json_int_t code;
    int by_label = status_of_label(label), by_code = -1;

    *conflict = *generic = false;
    if (msx_rec_code(m, field, &code)) {
        const char *known = option_label(m->w, field, code);

        by_code = status_of_label(msx_world_code_label(field, code));
        if (by_code < 0)
            by_code = status_of_label(known);
    }
    if (by_label >= 0) {
        *conflict = by_code >= 0 && by_code != by_label;
        return status_names[by_label];
    }
    if (by_code >= 0) {
        *generic = open || closed;
        return status_names[by_code];
    }
    return open ? "active_unknown" : closed ? "closed_unknown" : "unknown";
}

bool msx_status_class_active(const char *status_class)
{
    static const char *const active[] = { "on_track",    "at_risk",        "blocked",
                                          "not_started", "active_unknown", "unknown" };

    for (size_t i = 0; i < COUNT(active); i++)
        if (!strcmp(status_class, active[i]))
            return true;
    return false;
}

bool msx_commitment_class(const struct msx_rec *m)
{
    static const char field[] = "msp_commitmentrecommendation";
    json_int_t code;
    bool coded = msx_rec_code(m, field, &code);
    const char *labels[] = { annotation(m, field), coded ? option_label(m->w, field, code) : NULL,
                             coded ? msx_world_code_label(field, code) : NULL };

    for (size_t i = 0; i < COUNT(labels); i++) {
        if (msx_ieq(labels[i], "Committed"))
            return true;
        if (msx_ieq(labels[i], "Uncommitted"))
            return false;
    }
    return false;
}

static bool has_word(const char *text, const char *lower)
{
    size_t n = strlen(lower);

    for (; *text; text++) {
        size_t i = 0;

        while (i < n && (text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]) == lower[i])
            i++;
        if (i == n)
            return true;
    }
    return false;
}

const char *msx_category_class(const struct msx_rec *m)
{
    static const char *const words[][2] = {
        { "poc", "poc_pilot" },         { "pilot", "poc_pilot" }, { "proof", "poc_pilot" },
        { "production", "production" }, { "usage", "usage" },     { "consumption", "usage" },
        { "adoption", "usage" },
    };
    const char *label = msx_rec_label(m, "msp_milestonecategory");

    if (!label)
        return "none";
    for (size_t i = 0; i < COUNT(words); i++)
        if (has_word(label, words[i][0]))
            return words[i][1];
    return "other";
}

/* ---- stage ---- */
static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

int msx_stage_of_label(const char *label)
{
    static const struct word_class words[] = {
        { "listen", 1 },  { "consult", 1 },  { "inspire", 2 },  { "design", 2 },
        { "empower", 3 }, { "achieve", 3 },  { "realize", 4 },  { "realise", 4 },
        { "manage", 5 },  { "optimize", 5 }, { "optimise", 5 },
    };
    const char *s = label;

    for (const char *p = s; p && *p; p++) {
        /* "Stage 3", "stage: 3", "STAGE3" */
        if ((p > s && is_letter(p[-1])) || strlen(p) < 5 ||
            !has_word((const char[]){ p[0], p[1], p[2], p[3], p[4], '\0' }, "stage"))
            continue;

        const char *d = p + 5 + strspn(p + 5, " \t:#.-_");

        if (*d >= '1' && *d <= '5' && !(d[1] >= '0' && d[1] <= '9'))
            return *d - '0';
    }
    while (s && *s) {
        char word[16];
        size_t n = 0;

        while (*s && !is_letter(*s))
            s++;
        while (s[n] && is_letter(s[n]))
            n++;
        if (n > 0 && n < sizeof word) {
            memcpy(word, s, n);
            word[n] = '\0';
            for (size_t i = 0; i < COUNT(words); i++)
                if (msx_ieq(word, words[i].label))
                    return words[i].status;
        }
        s += n;
    }
    return 0;
}
