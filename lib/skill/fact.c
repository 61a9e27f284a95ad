/* Facts by name and index: derived ones, computed once a record, and raw fields under their names.
 */
#include "skill/facts.h"

#include <math.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

struct fact_row {
    const char *name;
    void (*fn)(struct msx_rec *r, struct msx_value *out);
    const char *field;
};

#define X(sym, name, fn, field) { name, fn, field },
static const struct fact_row task_rows[] = { MSX_TASK_FACTS(X) };
static const struct fact_row milestone_rows[] = { MSX_MILESTONE_FACTS(X) };
static const struct fact_row opp_rows[] = { MSX_OPP_FACTS(X) };
static const struct fact_row user_rows[] = { MSX_USER_FACTS(X) };
static const struct fact_row account_rows[] = { MSX_ACCOUNT_FACTS(X) };
#undef X

/* A raw field: text, number, day, the label of a code or lookup, or the id that a lookup holds.
 * Rows whose name is the field's own are for conditions only: in JSON the record itself stands
 * beside the facts. */
enum raw_kind { TEXT, NUMBER, DAY, LABEL, ID, LOOKUP };
struct raw_row {
    const char *name;
    const char *field;
    enum raw_kind kind;
};
#define OWN(field, kind)                                                                           \
    {                                                                                              \
        field, field, kind                                                                         \
    }

static const struct raw_row task_raw[] = {
    { "id", "activityid", ID },
    { "subject", "subject", TEXT },
    { "description", "description", TEXT },
    { "category", "msp_taskcategory", NUMBER },
    { "owner_id", "_ownerid_value", LOOKUP },
    { "created", "createdon", DAY },
    { "modified", "modifiedon", DAY },
    { "ended", "actualend", DAY },
    OWN("scheduledend", DAY),
    OWN("statuscode", NUMBER),
    OWN("statecode", NUMBER),
    OWN("_ownerid_value", LOOKUP),
    OWN("msp_taskcategory", NUMBER),
    OWN("_regardingobjectid_value", LOOKUP),
    OWN("createdon", DAY),
    OWN("modifiedon", DAY),
    OWN("actualend", DAY),
};
static const struct raw_row milestone_raw[] = {
    { "id", "msp_engagementmilestoneid", ID },
    { "name", "msp_name", TEXT },
    { "commitment_label", "msp_commitmentrecommendation", LABEL },
    { "owner_id", "_ownerid_value", LOOKUP },
    { "opportunity_id", "_msp_opportunityid_value", LOOKUP },
    { "created", "createdon", DAY },
    { "modified", "modifiedon", DAY },
    OWN("msp_milestonenumber", TEXT),
    OWN("msp_name", TEXT),
    OWN("_msp_workloadlkid_value", LOOKUP),
    OWN("msp_commitmentrecommendation", NUMBER),
    OWN("msp_milestonecategory", NUMBER),
    OWN("msp_monthlyuse", NUMBER),
    OWN("msp_milestonedate", DAY),
    OWN("msp_milestonestatus", NUMBER),
    OWN("_ownerid_value", LOOKUP),
    OWN("_msp_opportunityid_value", LOOKUP),
    OWN("msp_forecastcomments", TEXT),
    OWN("msp_forecastcommentsjsonfield", TEXT),
    OWN("createdon", DAY),
    OWN("modifiedon", DAY),
    OWN("_createdby_value", LOOKUP),
};
static const struct raw_row opp_raw[] = {
    { "id", "opportunityid", ID },
    { "name", "name", TEXT },
    { "owner_id", "_ownerid_value", LOOKUP },
    { "account_id", "_parentaccountid_value", LOOKUP },
    { "consumed", "msp_consumptionconsumedrecurring", NUMBER },
    { "stage_label", "activestageid", LABEL },
    { "created", "createdon", DAY },
    { "modified", "modifiedon", DAY },
    OWN("estimatedclosedate", DAY),
    OWN("msp_estcompletiondate", DAY),
    OWN("msp_consumptionconsumedrecurring", NUMBER),
    OWN("_ownerid_value", LOOKUP),
    OWN("_parentaccountid_value", LOOKUP),
    OWN("msp_salesplay", LABEL),
    OWN("statecode", NUMBER),
    OWN("activestageid", TEXT),
    OWN("createdon", DAY),
    OWN("modifiedon", DAY),
};
static const struct raw_row user_raw[] = {
    { "id", "systemuserid", ID },
    { "name", "fullname", TEXT },
    { "email", "internalemailaddress", TEXT },
    { "title", "title", TEXT },
    OWN("fullname", TEXT),
    OWN("internalemailaddress", TEXT),
    OWN("businessunitid", TEXT),
};
static const struct raw_row account_raw[] = {
    { "id", "accountid", ID },
    { "name", "name", TEXT },
    { "tpid", "msp_mstopparentid", TEXT },
    { "owner_id", "_ownerid_value", LOOKUP },
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
struct kind_rows {
    const struct fact_row *facts;
    size_t nfacts;
    const struct raw_row *raw;
    size_t nraw;
};
static const struct kind_rows kinds[MSX_KINDS] = {
    [MSX_K_ACCOUNT] = { account_rows, COUNT(account_rows), account_raw, COUNT(account_raw) },
    [MSX_K_OPP] = { opp_rows, COUNT(opp_rows), opp_raw, COUNT(opp_raw) },
    [MSX_K_MILESTONE] = { milestone_rows, COUNT(milestone_rows), milestone_raw,
                          COUNT(milestone_raw) },
    [MSX_K_TASK] = { task_rows, COUNT(task_rows), task_raw, COUNT(task_raw) },
    [MSX_K_USER] = { user_rows, COUNT(user_rows), user_raw, COUNT(user_raw) },
};

size_t msx_fact_count(enum msx_kind kind)
{
    return kinds[kind].nfacts + kinds[kind].nraw;
}

const char *msx_fact_name(enum msx_kind kind, int index)
{
    const struct kind_rows *k = &kinds[kind];
    size_t i = (size_t)index;

    return i < k->nfacts ? k->facts[i].name : k->raw[i - k->nfacts].name;
}

const char *msx_fact_field(enum msx_kind kind, int index)
{
    const struct kind_rows *k = &kinds[kind];
    size_t i = (size_t)index;

    return i < k->nfacts ? k->facts[i].field : k->raw[i - k->nfacts].field;
}

static bool is_own_field(enum msx_kind kind, int index)
{
    return (size_t)index >= kinds[kind].nfacts &&
           !strcmp(msx_fact_name(kind, index), msx_fact_field(kind, index)) &&
           strcmp(msx_fact_name(kind, index), "name") != 0 &&
           strcmp(msx_fact_name(kind, index), "subject") != 0 &&
           strcmp(msx_fact_name(kind, index), "description") != 0;
}

int msx_fact_index(enum msx_kind kind, const char *name, const char **near_out)
{
    const char *names[128];
    size_t n = msx_fact_count(kind);

    for (size_t i = 0; i < n && i < COUNT(names); i++) {
        names[i] = msx_fact_name(kind, (int)i);
        if (!strcmp(names[i], name))
            return (int)i;
    }
    if (near_out)
        *near_out = msx_nearest(name, names, n < COUNT(names) ? n : COUNT(names));
    return -1;
}

/* Ids are compared as texts, so they all have the form that records have. */
static const char *lookup_id(const struct msx_rec *r, const char *field)
{
    const char *id = msx_rec_str(r, field);
    char guid[MSX_GUID_LEN + 1];

    if (!id || !id[0])
        return NULL;
    return msx_guid_parse(id, guid) && strcmp(id, guid) != 0 ? msx_world_strdup(r->w, guid) : id;
}

static void raw_value(const struct msx_rec *r, const struct raw_row *row, struct msx_value *out)
{
    double d;
    json_int_t code;

    if (r->unread && !json_object_get(r->raw, row->field)) {
        out->type = MSX_V_UNKNOWN;
        return;
    }
    switch (row->kind) {
    case TEXT:
        msx_v_str(out, msx_rec_str(r, row->field));
        break;
    case ID:
        msx_v_str(out, r->id);
        break;
    case LOOKUP:
        msx_v_str(out, lookup_id(r, row->field));
        break;
    case LABEL:
        msx_v_str(out, msx_rec_label(r, row->field));
        break;
    case DAY:
        msx_v_day(out, msx_rec_day(r, row->field));
        break;
    case NUMBER:
        if (msx_rec_num(r, row->field, &d))
            msx_v_num(out, d);
        else if (msx_rec_code(r, row->field, &code))
            msx_v_num(out, (double)code);
        break;
    }
}

const struct msx_value *msx_fact(struct msx_rec *r, int index)
{
    static const struct msx_value not_known = { .type = MSX_V_UNKNOWN };
    const struct kind_rows *k = &kinds[r->kind];
    size_t i = (size_t)index;

    if (!r->facts) {
        r->facts = msx_world_alloc(r->w, k->nfacts * sizeof *r->facts);
        r->known = msx_world_alloc(r->w, k->nfacts);
    }
    if (!r->facts || !r->known) {
        r->facts = NULL;
        return &not_known;
    }
    if (!r->known[i]) {
        struct msx_value v = { .type = MSX_V_NULL };

        k->facts[i].fn(r, &v);
        r->facts[i] = v;
        r->known[i] = 1;
    }
    return &r->facts[i];
}

void msx_fact_get(const struct msx_rec *r, int index, struct msx_value *out)
{
    const struct kind_rows *k = &kinds[r->kind];

    if ((size_t)index < k->nfacts) {
        *out = *msx_fact(r->self, index);
    } else {
        *out = (struct msx_value){ .type = MSX_V_NULL };
        raw_value(r, &k->raw[(size_t)index - k->nfacts], out);
    }
}

static json_t *value_json(const struct msx_value *v)
{
    char day[11];
    json_t *list;

    switch (v->type) {
    case MSX_V_BOOL:
        return json_boolean(v->u.b);
    case MSX_V_NUM:
        if (floor(v->u.num) == v->u.num && fabs(v->u.num) < 9007199254740992.0)
            return json_integer((json_int_t)v->u.num);
        return json_real(v->u.num);
    case MSX_V_STR:
        return json_string(v->u.str);
    case MSX_V_DATE:
        msx_day_format(v->u.day, day);
        return json_string(day);
    case MSX_V_LIST:
        list = json_array();
        for (size_t i = 0; list && i < v->u.list.n; i++)
            if (json_array_append_new(list, value_json(&v->u.list.items[i]))) {
                json_decref(list);
                return NULL;
            }
        return list;
    case MSX_V_NULL:
    case MSX_V_UNKNOWN:
    case MSX_V_REC:
        break;
    }
    return json_null();
}

json_t *msx_rec_facts_json(const struct msx_rec *r)
{
    json_t *out = json_object();

    for (size_t i = 0; out && i < msx_fact_count(r->kind); i++) {
        struct msx_value v;
        json_t *j;

        if (is_own_field(r->kind, (int)i))
            continue;
        if (r->kind == MSX_K_OPP && i == O_GATES) {
            j = msx_opp_gates_json(r->self);
        } else {
            msx_fact_get(r, (int)i, &v);
            j = value_json(&v);
        }
        if (json_object_set_new(out, msx_fact_name(r->kind, (int)i), j)) {
            r->w->failed = MSX_E_NOMEM;
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

void msx_v_strings(struct msx_world *w, struct msx_value *out, const char *const *items, size_t n)
{
    struct msx_value *list = msx_world_alloc(w, (n + 1) * sizeof *list);

    if (!list) {
        out->type = MSX_V_UNKNOWN;
        return;
    }
    for (size_t i = 0; i < n; i++)
        msx_v_str(&list[i], items[i]);
    out->type = MSX_V_LIST;
    out->u.list.items = list;
    out->u.list.n = n;
}

bool msx_list_has(const struct msx_value *list, const char *s)
{
    for (size_t i = 0; list->type == MSX_V_LIST && i < list->u.list.n; i++)
        if (!strcmp(list->u.list.items[i].u.str, s))
            return true;
    return false;
}

enum msx_tasks msx_tasks_of(struct msx_rec *m, struct msx_rec *const **items, size_t *n)
{
    *items = m->children;
    *n = 0;
    if (m->tasks_failed && !m->tasks_read)
        return MSX_TASKS_FAILED;
    if (!m->tasks_read)
        return MSX_TASKS_OUT;
    *n = m->nchildren;
    return MSX_TASKS_READ;
}

enum msx_tri msx_any_task(struct msx_rec *m, int fact)
{
    struct msx_rec *const *t;
    size_t n;
    enum msx_tri any = MSX_NO;

    if (msx_tasks_of(m, &t, &n) == MSX_TASKS_FAILED)
        return MSX_UNKNOWN;
    for (size_t i = 0; i < n; i++)
        any = msx_tri_or(any, msx_fact_tri(t[i], fact));
    return any;
}

/* The owner's name: of the user record, else as the lookup is labelled. */
void msx_x_owner(struct msx_rec *r, struct msx_value *out)
{
    const char *name = r->owner ? msx_rec_str(r->owner, "fullname") : NULL;

    msx_v_str(out, name ? name : msx_rec_label(r, "_ownerid_value"));
}
