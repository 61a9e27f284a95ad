/* References that people type: GUID, milestone number, pasted record URL, or a name that only one
 * record has. Never the first of several matches. */
#include "crm/priv.h"

#include <string.h>

#define CANDIDATES 5

static const struct msx_crm_table *table_of(enum msx_ref_kind kind)
{
    switch (kind) {
    case MSX_REF_ACCOUNT:
        return &msx_crm_accounts;
    case MSX_REF_OPPORTUNITY:
        return &msx_crm_opportunities;
    case MSX_REF_MILESTONE:
        return &msx_crm_milestones;
    case MSX_REF_TASK:
        return &msx_crm_tasks;
    case MSX_REF_USER:
        return &msx_crm_users;
    }
    return NULL;
}

/* ---- record URLs ---- */

static int hex(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* Value of a query parameter, percent-decoded; new string, NULL when absent or out of memory. */
static char *query_value(const char *url, const char *name)
{
    const char *p = strchr(url, '?');
    size_t len = strlen(name);

    while (p && *p && *p != '#') {
        p++;
        if (!strncmp(p, name, len) && p[len] == '=') {
            MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(4096);

            for (p += len + 1; *p && !strchr("&#", *p); p++) {
                int hi = *p == '%' ? hex(p[1]) : -1;
                int lo = hi >= 0 ? hex(p[2]) : -1;

                if (lo >= 0) {
                    msx_buf_addc(&b, (char)(hi * 16 + lo));
                    p += 2;
                } else {
                    msx_buf_addc(&b, *p);
                }
            }
            return msx_buf_take(&b);
        }
        p += strcspn(p, "&#");
    }
    return NULL;
}

/* "https://org/api/data/v9.2/tasks(GUID)": the entity set and the key. */
static bool api_url(const char *url, char **set, char guid[MSX_GUID_LEN + 1])
{
    const char *open = strchr(url, '(');
    const char *slash = open;
    MSX_AUTO(msx_free_p) char *id = NULL;

    if (!open || !strstr(url, "/api/data/"))
        return false;
    while (slash > url && slash[-1] != '/')
        slash--;
    id = msx_strndup(open + 1, strcspn(open + 1, ")"));
    if (!id || !msx_guid_parse(id, guid))
        return false;
    *set = msx_strndup(slash, (size_t)(open - slash));
    return *set != NULL;
}

static enum msx_code check_org(struct msx_crm *crm, const char *url, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *origin = msx_strndup(url, strcspn(url, "?#"));
    MSX_AUTO(msx_free_p) char *org = NULL;
    size_t host;
    enum msx_code rc;

    if (!origin)
        return msx_crm_oom(err);
    host = (size_t)(strstr(origin, "://") - origin) + 3;
    origin[host + strcspn(origin + host, "/")] = '\0';
    rc = msx_org_url(origin, &org, err);
    if (rc)
        return rc;
    if (!msx_ieq(org, msx_odata_org(crm->odata)))
        return msx_fail(err, MSX_E_USAGE, "the URL is of another organisation: %s, not %s", org,
                        msx_odata_org(crm->odata));
    return MSX_OK;
}

static enum msx_code by_url(struct msx_crm *crm, const struct msx_crm_table *t, const char *url,
                            char guid_out[37], struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *etn = query_value(url, "etn");
    MSX_AUTO(msx_free_p) char *id = query_value(url, "id");
    MSX_AUTO(msx_free_p) char *set = NULL;
    char guid[MSX_GUID_LEN + 1];
    enum msx_code rc = check_org(crm, url, err);

    if (rc)
        return rc;
    if (api_url(url, &set, guid)) {
        if (strcmp(set, t->set))
            return msx_fail(err, MSX_E_USAGE, "the URL names a record of '%.60s', not a %s", set,
                            t->what);
    } else {
        if (!etn || !id || !msx_guid_parse(id, guid)) {
            msx_fail(err, MSX_E_USAGE, "the URL names no record");
            msx_hint(err, "a record's URL has etn=%s and id=GUID", t->logical);
            return MSX_E_USAGE;
        }
        if (!msx_ieq(etn, t->logical))
            return msx_fail(err, MSX_E_USAGE, "the URL names a record of '%.60s', not a %s", etn,
                            t->what);
    }
    memcpy(guid_out, guid, sizeof guid);
    return MSX_OK;
}

/* ---- numbers and names ---- */

static bool is_number(const char *s)
{
    return !strncmp(s, "7-", 2) && s[2] && !s[2 + strspn(s + 2, "0123456789")];
}

static void add_candidates(struct msx_buf *b, const struct msx_crm_table *t, const json_t *records)
{
    json_t *rec;
    size_t i;

    json_array_foreach(records, i, rec) {
        const char *number = msx_json_str(rec, "msp_milestonenumber");
        const char *mail = msx_json_str(rec, "internalemailaddress");

        if (i == CANDIDATES) {
            msx_buf_addf(b, " and %zu more", json_array_size(records) - i);
            break;
        }
        msx_buf_addf(b, "%s%.60s (%s)", i ? ", " : "", msx_json_str_or(rec, t->name, "-"),
                     number ? number
                     : mail ? mail
                            : msx_json_str_or(rec, t->key, "-"));
    }
}

static enum msx_code search(struct msx_crm *crm, const struct msx_crm_table *t, const char *filter,
                            json_t **records, struct msx_error *err)
{
    MSX_AUTO(msx_free_p)
    char *select = msx_asprintf("%s,%s%s", t->key, t->name,
                                t == &msx_crm_milestones ? ",msp_milestonenumber"
                                : t == &msx_crm_users    ? ",internalemailaddress"
                                                         : "");
    const struct msx_crm_order by_name[] = { { .field = t->name, .ignore_case = true },
                                             { .field = t->key },
                                             { .field = NULL } };
    enum msx_code rc;

    if (!select)
        return msx_crm_oom(err);
    rc =
        msx_crm_list(crm, &(struct msx_crm_query){ .table = t, .select = select, .filter = filter },
                     records, err);
    if (!rc && msx_crm_sort(*records, by_name)) {
        json_decref(*records);
        *records = NULL;
        return msx_crm_oom(err);
    }
    return rc;
}

/* Exactly one record, or an error that helps. */
static enum msx_code the_one(const struct msx_crm_table *t, const char *ref, const json_t *records,
                             char guid_out[37], struct msx_error *err)
{
    size_t n = json_array_size(records);
    char guid[MSX_GUID_LEN + 1];

    if (n > 1) {
        MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(4096);

        add_candidates(&b, t, records);
        msx_fail(err, MSX_E_AMBIGUOUS, "'%.100s' fits %zu %s: %s", ref, n,
                 t == &msx_crm_milestones ? "milestones" : t->set, b.data);
        msx_hint(err, "use the %s", t == &msx_crm_milestones ? "number or ID" : "ID");
        return MSX_E_AMBIGUOUS;
    }
    if (!n || !msx_guid_parse(msx_json_str_or(json_array_get(records, 0), t->key, ""), guid))
        return msx_fail(err, MSX_E_NOTFOUND, "no %s is called '%.100s'", t->what, ref);
    memcpy(guid_out, guid, sizeof guid);
    return MSX_OK;
}

static void add_equals(struct msx_buf *b, const char *column, const char *value)
{
    msx_buf_addf(b, "%s%s eq ", b->len ? " or " : "", column);
    msx_odata_add_string(b, value);
}

/* Nothing has exactly this name: the one record that has it as a part, and nothing where several
 * have. */
static enum msx_code by_part(struct msx_crm *crm, const struct msx_crm_table *t, const char *ref,
                             char guid_out[37], struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf filter = MSX_BUF_INIT(MSX_FILTER_MAX);
    MSX_AUTO(msx_json_free_p) json_t *records = NULL;
    enum msx_code rc;

    msx_buf_addf(&filter, "contains(%s,", t->name);
    msx_odata_add_pattern(&filter, ref);
    msx_buf_addc(&filter, ')');
    rc = msx_buf_finish(&filter, "the name", err);
    if (!rc)
        rc = search(crm, t, filter.data, &records, err);
    return rc ? rc : the_one(t, ref, records, guid_out, err);
}

/* Records whose name, e-mail address or sign-in name is ref. */
static enum msx_code search_named(struct msx_crm *crm, const struct msx_crm_table *t,
                                  const char *ref, bool mail, bool domain, json_t **records,
                                  struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf filter = MSX_BUF_INIT(MSX_FILTER_MAX);
    enum msx_code rc;

    add_equals(&filter, t->name, ref);
    if (mail)
        add_equals(&filter, "internalemailaddress", ref);
    if (domain)
        add_equals(&filter, "domainname", ref);
    rc = msx_buf_finish(&filter, "the name", err);
    return rc ? rc : search(crm, t, filter.data, records, err);
}

static enum msx_code by_name(struct msx_crm *crm, const struct msx_crm_table *t, const char *ref,
                             char guid_out[37], struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *records = NULL;
    bool mail = t == &msx_crm_users && strchr(ref, '@');
    enum msx_code rc = search_named(crm, t, ref, mail, mail, &records, err);
    MSX_AUTO(msx_free_p) char *missing = rc && mail && err ? msx_crm_missing_column(err) : NULL;

    if (missing && strcmp(missing, "domainname") == 0) /* not every organisation shows it */
        rc = search_named(crm, t, ref, mail, false, &records, err);
    if (rc)
        return rc;
    if (!json_array_size(records))
        return by_part(crm, t, ref, guid_out, err);
    return the_one(t, ref, records, guid_out, err);
}

static enum msx_code by_number(struct msx_crm *crm, const struct msx_crm_table *t, const char *ref,
                               char guid_out[37], struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf filter = MSX_BUF_INIT(4096);
    MSX_AUTO(msx_json_free_p) json_t *records = NULL;
    enum msx_code rc;

    if (t != &msx_crm_milestones)
        return msx_fail(err, MSX_E_USAGE, "'%.40s' is a milestone number, but this wants a %s", ref,
                        t->what);
    add_equals(&filter, "msp_milestonenumber", ref);
    rc = msx_buf_finish(&filter, "the number", err);
    if (!rc)
        rc = search(crm, t, filter.data, &records, err);
    if (rc)
        return rc;
    if (!json_array_size(records))
        return msx_fail(err, MSX_E_NOTFOUND, "no milestone has the number '%.40s'", ref);
    return the_one(t, ref, records, guid_out, err);
}

enum msx_code msx_ref_resolve(struct msx_crm *crm, enum msx_ref_kind kind, const char *ref,
                              char guid_out[37], struct msx_error *err)
{
    const struct msx_crm_table *t = table_of(kind);
    char guid[MSX_GUID_LEN + 1];

    if (!ref || !ref[strspn(ref, " \t")])
        return msx_fail(err, MSX_E_USAGE, "an empty reference to a %s", t->what);
    if (msx_guid_parse(ref, guid)) {
        memcpy(guid_out, guid, sizeof guid);
        return MSX_OK;
    }
    if (strstr(ref, "://"))
        return by_url(crm, t, ref, guid_out, err);
    if (is_number(ref))
        return by_number(crm, t, ref, guid_out, err);
    if (t == &msx_crm_users && msx_ieq(ref, "me")) {
        const char *id = NULL;
        enum msx_code rc = msx_crm_my_id(crm, &id, err);

        if (rc)
            return rc;
        if (!msx_guid_parse(id, guid))
            return msx_fail(err, MSX_E_SERVER, "WhoAmI answered '%.40s' as user", id);
        memcpy(guid_out, guid, sizeof guid);
        return MSX_OK;
    }
    return by_name(crm, t, ref, guid_out, err);
}

/* {number: [records]} of milestone numbers, read in parallel parts. */
static enum msx_code numbers_read(struct msx_crm *crm, const json_t *numbers, json_t **by_number,
                                  struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *filters = NULL;
    MSX_AUTO(msx_json_free_p) json_t *lists = NULL;
    MSX_AUTO(msx_json_free_p) json_t *records = NULL;
    MSX_AUTO(msx_json_free_p) json_t *all = json_object();
    json_t *rec;
    size_t i;
    enum msx_code rc = msx_crm_equal_filters("", "msp_milestonenumber", numbers, &filters, err);

    if (!rc)
        rc = msx_crm_list_filters(
            crm,
            &(struct msx_crm_query){ .table = &msx_crm_milestones,
                                     .select =
                                         "msp_engagementmilestoneid,msp_milestonenumber,msp_name" },
            filters, &lists, err);
    if (rc)
        return rc;
    records = msx_crm_flatten(lists);
    if (!records || !all)
        return msx_crm_oom(err);
    json_array_foreach(records, i, rec) {
        const char *number = msx_json_str_or(rec, "msp_milestonenumber", "");

        if ((!json_object_get(all, number) && json_object_set_new(all, number, json_array())) ||
            json_array_append(json_object_get(all, number), rec))
            return msx_crm_oom(err);
    }
    *by_number = MSX_STEAL(all);
    return MSX_OK;
}

enum msx_code msx_ref_resolve_all(struct msx_crm *crm, enum msx_ref_kind kind, const json_t *refs,
                                  json_t **guids, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *numbers = json_array();
    MSX_AUTO(msx_json_free_p) json_t *found = NULL;
    MSX_AUTO(msx_json_free_p) json_t *out = json_array();
    json_t *ref;
    size_t i;
    enum msx_code rc = numbers && out ? MSX_OK : msx_crm_oom(err);

    json_array_foreach(refs, i, ref) {
        if (!rc && !json_is_string(ref))
            rc = msx_fail(err, MSX_E_USAGE, "a reference must be a text");
        if (!rc && kind == MSX_REF_MILESTONE && is_number(json_string_value(ref)) &&
            json_array_append(numbers, ref))
            rc = msx_crm_oom(err);
    }
    if (!rc && json_array_size(numbers) > 1)
        rc = numbers_read(crm, numbers, &found, err);
    json_array_foreach(refs, i, ref) {
        const char *text = json_string_value(ref);
        const json_t *records = json_object_get(found, text);
        char guid[MSX_GUID_LEN + 1];

        if (!rc && found && is_number(text) && !records)
            rc = msx_fail(err, MSX_E_NOTFOUND, "no milestone has the number '%.40s'", text);
        else if (!rc && records)
            rc = the_one(&msx_crm_milestones, text, records, guid, err);
        else if (!rc)
            rc = msx_ref_resolve(crm, kind, text, guid, err);
        if (!rc && json_array_append_new(out, json_string(guid)))
            rc = msx_crm_oom(err);
    }
    if (!rc)
        *guids = MSX_STEAL(out);
    return rc;
}
