/* Puts the sample territory into the store, and for the larger sizes generated records beside it.
 */
#include "sample.h"

#include <stdlib.h>
#include <string.h>

#include "generate.h"
#include "msxops/date.h"
#include "msxops/json.h"
#include "msxops/mem.h"
#include "territory.h"

#define LABEL "@OData.Community.Display.V1.FormattedValue"

/* A GUID that is always the same for the same kind and key. */
void sb_sample_guid(const char *kind, const char *key, char out[37])
{
    char *text = msx_asprintf("%s:%s", kind, key);
    char hex[65];

    msx_sha256_hex(text ? text : "", text ? strlen(text) : 0, hex);
    msx_free(text);
    hex[12] = '4';
    hex[16] = '8';
    (void)snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                   hex + 20);
}

static void set_ref(json_t *rec, const char *field, const char *kind, const char *key)
{
    char id[37];

    if (!key)
        return;
    sb_sample_guid(kind, key, id);
    json_object_set_new(rec, field, json_string(id));
}

static void set_day(json_t *rec, const char *field, msx_day today, int offset, bool with_time)
{
    char day[11];

    if (offset == SB_NO_DATE)
        return;
    msx_day_format(today + offset, day);
    if (with_time)
        json_object_set_new(rec, field, json_sprintf("%sT10:00:00Z", day));
    else
        json_object_set_new(rec, field, json_string(day));
}

/* Code of a label in a table of {label, code}; the label itself travels along. */
struct code {
    const char *label;
    int code;
};
static const struct code statuses[] = {
    { "On Track", 861980000 },
    { "At Risk", 861980001 },
    { "Blocked", 861980002 },
    { "Completed", 861980003 },
    { "Cancelled", 861980004 },
    { "Not Started", 861980005 },
    { "Closed as Incomplete", 861980007 },
};
static const struct code categories[] = { { "POC/Pilot", 861980000 },
                                          { "Production", 861980001 },
                                          { "Usage", 861980002 } };
static const struct code task_categories[] = {
    { "Technical Close/Win Plan", 606820005 },
    { "Workshop", 861980001 },
    { "Demo", 861980002 },
    { "Architecture Design Session", 861980004 },
    { "PoC/Pilot", 861980005 },
    { "Blocker Escalation", 861980006 },
    { "Consumption Plan", 861980007 },
    { "Briefing", 861980008 },
};
static const struct code task_statuses[] = {
    { "Not Started", 2 }, { "In Progress", 3 }, { "Waiting on someone else", 4 },
    { "Completed", 5 },   { "Cancelled", 6 },   { "Deferred", 7 },
};
#define SET_CODE(rec, field, table, label)                                                         \
    set_code(rec, field, table, sizeof table / sizeof *table, label)

static void set_code(json_t *rec, const char *field, const struct code *table, size_t n,
                     const char *label)
{
    for (size_t i = 0; label && i < n; i++)
        if (strcmp(table[i].label, label) == 0)
            json_object_set_new(rec, field, json_integer(table[i].code));
}

static void add_day(struct msx_buf *b, msx_day d)
{
    char day[11];

    msx_day_format(d, day);
    msx_buf_adds(b, day);
}

/* True when the line's key is among those left out, "-Env -Proof". */
static bool left_out(const char *line, const char *without, size_t n)
{
    size_t key = strcspn(line, ":\n");

    for (size_t i = 0; i + key < n; i++)
        if (without[i] == '-' && strncmp(without + i + 1, line, key) == 0 &&
            (i + 1 + key == n || without[i + 1 + key] == ' '))
            return true;
    return false;
}

static char *expand(const char *text, msx_day today);

/* "{FULL ...}" at text. Returns what follows it. */
static const char *add_full(struct msx_buf *b, const char *text, msx_day today)
{
    const char *end = text + strcspn(text, "}");
    const char *without = text + 5;
    MSX_AUTO(msx_free_p) char *all = expand(sb_full_block, today);
    bool first = true;
    long age = -5;

    if (*without == '@') {
        char *after;

        age = strtol(without + 1, &after, 10);
        without = after;
    }
    msx_buf_addc(b, '[');
    add_day(b, today + (msx_day)age);
    msx_buf_addc(b, ']');
    for (const char *line = all ? all : "", *next; *line; line = next) {
        size_t n = strcspn(line, "\n");

        next = line + n + (line[n] == '\n');
        if (left_out(line, without, (size_t)(end - without)))
            continue;
        msx_buf_addc(b, first ? ' ' : '\n');
        msx_buf_add(b, line, n);
        first = false;
    }
    return *end ? end + 1 : end;
}

/* Comments with "{-5}" as dates and "{FULL ...}" as the block of markers. New string. */
static char *expand(const char *text, msx_day today)
{
    struct msx_buf b = MSX_BUF_INIT(1 << 20);
    char *out;

    while (*text) {
        char *end = NULL;
        long n;

        if (strncmp(text, "{FULL", 5) == 0) {
            text = add_full(&b, text, today);
            continue;
        }
        n = text[0] == '{' ? strtol(text + 1, &end, 10) : 0;
        if (end && end > text + 1 && *end == '}' && n > -40000 && n < 40000) {
            add_day(&b, today + (msx_day)n);
            text = end + 1;
            continue;
        }
        msx_buf_addc(&b, *text++);
    }
    out = msx_buf_take(&b);
    msx_buf_release(&b);
    return out;
}

static enum msx_code put(struct sb_store *store, const char *set, json_t *rec,
                         struct msx_error *err)
{
    enum msx_code rc = sb_store_insert(store, set, rec, err);

    json_decref(rec);
    return rc;
}

static json_t *record(const char *key_field, const char *kind, const char *key)
{
    json_t *rec = json_object();

    set_ref(rec, key_field, kind, key);
    return rec;
}

static enum msx_code people(struct sb_store *store, struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    for (const struct sb_person *p = sb_people; p->key && !rc; p++) {
        json_t *rec = record("systemuserid", "user", p->key);

        json_object_set_new(rec, "fullname", json_string(p->name));
        if (p->title)
            json_object_set_new(rec, "title", json_string(p->title));
        json_object_set_new(rec, "internalemailaddress", json_string(p->email));
        json_object_set_new(rec, "domainname", json_string(p->email));
        json_object_set_new(rec, "isdisabled", json_boolean(p->disabled));
        rc = put(store, "systemusers", rec, err);
    }
    return rc;
}

static enum msx_code customers(struct sb_store *store, struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    for (const struct sb_customer *c = sb_customers; c->key && !rc; c++) {
        json_t *rec = record("accountid", "account", c->key);

        json_object_set_new(rec, "name", json_string(c->name));
        json_object_set_new(rec, "msp_mstopparentid", json_string(c->tpid));
        set_ref(rec, "_ownerid_value", "user", c->owner);
        rc = put(store, "accounts", rec, err);
    }
    return rc;
}

static enum msx_code team(struct sb_store *store, const struct sb_deal *d, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *words = msx_strdup(d->team);
    char *save = NULL;
    enum msx_code rc = words ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");

    for (char *w = words ? strtok_r(words, " ", &save) : NULL; w && !rc;
         w = strtok_r(NULL, " ", &save)) {
        MSX_AUTO(msx_free_p) char *key = msx_asprintf("%s/%s", d->key, w);
        json_t *rec = record("msp_dealteamid", "dealteam", key ? key : w);

        set_ref(rec, "_msp_dealteamuserid_value", "user", w);
        set_ref(rec, "_msp_parentopportunityid_value", "opportunity", d->key);
        json_object_set_new(rec, "statecode", json_integer(0));
        rc = put(store, "msp_dealteams", rec, err);
    }
    return rc;
}

static enum msx_code deals(struct sb_store *store, const struct sb_deal *table, msx_day today,
                           struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    for (const struct sb_deal *d = table; d->key && !rc; d++) {
        json_t *rec = record("opportunityid", "opportunity", d->key);

        json_object_set_new(rec, "name", json_string(d->name));
        set_ref(rec, "_ownerid_value", "user", d->owner);
        set_ref(rec, "_parentaccountid_value", "account", d->customer);
        set_day(rec, "estimatedclosedate", today, d->close, false);
        set_day(rec, "msp_estcompletiondate", today, d->complete, false);
        set_day(rec, "createdon", today, d->created ? d->created : -200, true);
        set_day(rec, "modifiedon", today, d->touched, true);
        json_object_set_new(rec, "msp_consumptionconsumedrecurring", json_real(d->consumed));
        if (d->play)
            sb_sample_play(rec, d->play);
        if (d->stage) {
            set_ref(rec, "activestageid", "stage", d->stage);
            json_object_set_new(rec, "activestageid" LABEL, json_string(d->stage));
        }
        json_object_set_new(rec, "statecode", json_integer(d->won));
        rc = put(store, "opportunities", rec, err);
        if (!rc)
            rc = team(store, d, err);
    }
    return rc;
}

static enum msx_code steps(struct sb_store *store, const struct sb_step *table, msx_day today,
                           int *number, struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    for (const struct sb_step *s = table; s->key && !rc; s++) {
        json_t *rec = record("msp_engagementmilestoneid", "milestone", s->key);

        json_object_set_new(rec, "msp_milestonenumber", json_sprintf("7-%d", (*number)++));
        json_object_set_new(rec, "msp_name", json_string(s->name));
        set_ref(rec, "_msp_opportunityid_value", "opportunity", s->deal);
        set_ref(rec, "_ownerid_value", "user", s->owner);
        set_ref(rec, "_createdby_value", "user", s->creator ? s->creator : s->owner);
        set_ref(rec, "_msp_workloadlkid_value", "workload", s->workload);
        SET_CODE(rec, "msp_milestonestatus", statuses, s->status);
        SET_CODE(rec, "msp_milestonecategory", categories, s->category);
        json_object_set_new(rec, "msp_commitmentrecommendation",
                            json_integer(s->committed ? 861980001 : 861980000));
        set_day(rec, "msp_milestonedate", today, s->date, false);
        set_day(rec, "createdon", today, -120, true);
        set_day(rec, "modifiedon", today, -3, true);
        if (s->use >= 0)
            json_object_set_new(rec, "msp_monthlyuse", json_real(s->use));
        if (s->comments) {
            MSX_AUTO(msx_free_p) char *text = expand(s->comments, today);

            json_object_set_new(rec, "msp_forecastcomments", json_string(text ? text : ""));
        }
        rc = put(store, "msp_engagementmilestones", rec, err);
    }
    return rc;
}

static enum msx_code chores(struct sb_store *store, const struct sb_chore *table, msx_day today,
                            struct msx_error *err)
{
    enum msx_code rc = MSX_OK;

    for (const struct sb_chore *t = table; t->step && !rc; t++) {
        MSX_AUTO(msx_free_p) char *key = msx_asprintf("%s/%s", t->step, t->subject);
        json_t *rec = record("activityid", "task", key ? key : t->subject);
        bool done = strcmp(t->status, "Completed") == 0;
        int state = done ? 1 : strcmp(t->status, "Cancelled") == 0 ? 2 : 0;

        json_object_set_new(rec, "subject", json_string(t->subject));
        set_ref(rec, "_regardingobjectid_value", "milestone", t->step);
        json_object_set_new(rec,
                            "_regardingobjectid_value@Microsoft.Dynamics.CRM.lookuplogicalname",
                            json_string("msp_engagementmilestone"));
        set_ref(rec, "_ownerid_value", "user", t->owner);
        SET_CODE(rec, "msp_taskcategory", task_categories, t->category);
        SET_CODE(rec, "statuscode", task_statuses, t->status);
        json_object_set_new(rec, "statecode", json_integer(state));
        if (t->description)
            json_object_set_new(rec, "description", json_string(t->description));
        if (t->due != SB_NO_DATE) {
            char day[11];

            msx_day_format(today + t->due, day);
            json_object_set_new(rec, "scheduledend", json_sprintf("%sT00:00:00Z", day));
        }
        set_day(rec, "createdon", today, t->touched - 20, true);
        set_day(rec, "modifiedon", today, t->touched, true);
        if (done)
            set_day(rec, "actualend", today, t->touched, true);
        rc = put(store, "tasks", rec, err);
    }
    return rc;
}

enum msx_code sb_sample_load(struct sb_store *store, const char *today, enum sb_size size,
                             struct msx_error *err)
{
    msx_day day = msx_day_parse(today);
    char me[37];
    int number = 100000001;
    enum msx_code rc;

    if (day == MSX_DAY_NONE)
        return msx_fail(err, MSX_E_USAGE, "'%s' is not a date", today);
    sb_sample_guid("user", "spec", me);
    rc = people(store, err);
    if (!rc)
        rc = sb_store_set_whoami(store, me, err);
    if (!rc)
        rc = sb_sample_lookups(store, err);
    if (!rc)
        rc = customers(store, err);
    for (const struct sb_chapter *const *c = sb_chapters; *c && !rc; c++) {
        rc = deals(store, (*c)->deals, day, err);
        if (!rc)
            rc = steps(store, (*c)->steps, day, &number, err);
        if (!rc)
            rc = chores(store, (*c)->chores, day, err);
    }
    if (!rc && size != SB_SIZE_SMALL)
        rc = sb_generate(store, day, size == SB_SIZE_MEDIUM ? 1000 : 100000, err);
    return rc;
}
