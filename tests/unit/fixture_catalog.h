/* The fixtures of catalog 0.5 as records of a world: users, A1, O1 and O2, GOOD-C and GOOD-U with
 * their tasks. A test changes the JSON it names, then calls fx_build(). Run from the top of the
 * source tree: role table, readiness items and lexicon are the shipped ones. */
#ifndef TESTS_UNIT_FIXTURE_CATALOG_H
#define TESTS_UNIT_FIXTURE_CATALOG_H

#include "test.h"

#include <stdio.h>
#include <string.h>

#include "msxops/error.h"
#include "msxops/yaml.h"
#include "skill/world.h"

#define FX_A1     "a0000000-0000-0000-0000-000000000001"
#define FX_O1     "b0000000-0000-0000-0000-000000000001"
#define FX_O2     "b0000000-0000-0000-0000-000000000002"
#define FX_GOOD_C "c0000000-0000-0000-0000-000000000001"
#define FX_GOOD_U "c0000000-0000-0000-0000-000000000002"
#define FX_GT     "d0000000-0000-0000-0000-000000000001"
#define FX_GT2    "d0000000-0000-0000-0000-000000000002"
#define FX_SPEC   "e0000000-0000-0000-0000-000000000001"
#define FX_SE     "e0000000-0000-0000-0000-000000000002"
#define FX_CSA    "e0000000-0000-0000-0000-000000000003"
#define FX_CSAM   "e0000000-0000-0000-0000-000000000004"
#define FX_ATU    "e0000000-0000-0000-0000-000000000005"
#define FX_PAR    "e0000000-0000-0000-0000-000000000006"
#define FX_LABEL  "@OData.Community.Display.V1.FormattedValue"

struct fx {
    json_t *accounts, *opps, *milestones, *tasks, *users, *team;
    json_t *params, *state, *set, *roles, *stages, *readiness;
    json_t *good_c, *good_u, *gt, *gt2, *o1, *o2; /* borrowed from the lists above */
    struct msx_lexicon *lexicon;
    struct msx_tz *tz;
    msx_day today;
    struct msx_world *w;
    bool tasks_read; /* fx_build() says that tasks of all milestones were read */
    const char *me;
    const char *role;
};

static const char *const fx_fmb_lines[] = {
    "BANT: B=yes A=yes N=yes T=yes",
    "Delivery: Partner",
    "DeliveryOwner: Northwind Services",
    "Capacity: confirmed",
    "Env: ready",
    "Metrics: baseline=120 target=400 unit=users",
    "Outcome: 400 active users by 2026-06-30",
    "Architecture: hub and spoke landing zone with private endpoints",
    "Constraints: data stays in the EU",
    "Dependencies: network circuit ordered",
    "Deliverables: landing zone and two migrated workloads",
    "Risks: short cutover window; mitigation rehearsal 2026-03-18",
    "Blockers: none",
    "Readiness: CSA=yes CSAM=yes",
    "Proof: done artifact=sharepoint",
    "Agreement: signed 2026-02-20",
    "WhyBought: datacenter lease ends",
    "Success: two workloads live, lease cancelled",
    "Promised: migration of two workloads",
    "OutOfScope: mainframe",
    "Cadence: weekly Thursday; stakeholders=CIO; escalation=CSU manager",
    "Priority: datacenter exit",
    "Fit: funded programme",
    "CSP: linked",
    "BVA: complete",
};

/* FMB without the lines of these keys, each key followed by a blank ("Delivery Capacity "), its
 * first line dated; then `more` as a last line when not NULL. New string, freed by msx_buf_release
 * of the caller's buffer. */
static MSX_UNUSED const char *fx_fmb(struct msx_buf *b, const char *date, const char *without,
                                     const char *more)
{
    bool first = true;

    msx_buf_clear(b);
    for (size_t i = 0; i < sizeof fx_fmb_lines / sizeof fx_fmb_lines[0]; i++) {
        char key[32];
        size_t n = strcspn(fx_fmb_lines[i], ":");

        snprintf(key, sizeof key, "%.*s ", (int)n, fx_fmb_lines[i]);
        if (without) {
            const char *at = strstr(without, key);

            if (at && (at == without || at[-1] == ' '))
                continue;
        }
        if (first)
            msx_buf_addf(b, "[%s] ", date ? date : "2026-02-25");
        msx_buf_addf(b, "%s%s", fx_fmb_lines[i],
                     i + 1 < sizeof fx_fmb_lines / sizeof fx_fmb_lines[0] ? "\n" : "");
        first = false;
    }
    if (more)
        msx_buf_addf(b, "\n%s", more);
    assert_int_equal(b->failed, MSX_OK);
    return b->data;
}

static MSX_UNUSED void fx_str(json_t *rec, const char *key, const char *value)
{
    assert_int_equal(json_object_set_new(rec, key, value ? json_string(value) : json_null()), 0);
}

static MSX_UNUSED void fx_int(json_t *rec, const char *key, json_int_t value)
{
    assert_int_equal(json_object_set_new(rec, key, json_integer(value)), 0);
}

/* A code with its label; label NULL takes the annotation away. */
static MSX_UNUSED void fx_code(json_t *rec, const char *key, json_int_t code, const char *label)
{
    char note[128];

    fx_int(rec, key, code);
    snprintf(note, sizeof note, "%s" FX_LABEL, key);
    if (label)
        fx_str(rec, note, label);
    else
        json_object_del(rec, note);
}

static MSX_UNUSED json_t *fx_yaml(const char *path)
{
    struct msx_error err = MSX_ERROR_INIT;
    json_t *doc = NULL;

    if (msx_yaml_load(path, &doc, NULL, &err))
        fail_msg("%s", err.msg);
    return doc;
}

static void fx_user(struct fx *f, const char *id, const char *name, const char *title)
{
    json_t *u = json_pack("{s:s,s:s,s:s}", "systemuserid", id, "fullname", name, "title", title);
    char mail[64];

    snprintf(mail, sizeof mail, "%s@example.com", name);
    fx_str(u, "internalemailaddress", mail);
    assert_int_equal(json_array_append_new(f->users, u), 0);
}

static json_t *fx_opp(struct fx *f, const char *id, const char *name, const char *stage)
{
    static const char *const team[] = { FX_SPEC, FX_SE, FX_CSA, FX_CSAM };
    json_t *o = json_pack(
        "{s:s,s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:i,s:s,s:s}", "opportunityid", id, "name", name,
        "statecode", 0, "_ownerid_value", FX_SPEC, "_parentaccountid_value", FX_A1, "msp_salesplay",
        "Migrate and Modernize", "estimatedclosedate", "2026-06-30", "msp_estcompletiondate",
        "2026-09-30", "msp_consumptionconsumedrecurring", 5000, "modifiedon",
        "2026-02-27T10:00:00Z", "activestageid", "f0000000-0000-0000-0000-000000000009");

    assert_non_null(o);
    fx_str(o, "activestageid" FX_LABEL, stage);
    assert_int_equal(json_array_append_new(f->opps, o), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(json_array_append_new(
                             f->team, json_pack("{s:s,s:s}", "_msp_dealteamuserid_value", team[i],
                                                "_msp_parentopportunityid_value", id)),
                         0);
    return o;
}

/* An active milestone as GOOD-C and GOOD-U have it, without comments. */
static json_t *fx_milestone(struct fx *f, const char *id, const char *number, const char *name,
                            const char *opp, bool committed)
{
    json_t *m =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:i}", "msp_engagementmilestoneid", id,
                  "msp_milestonenumber", number, "msp_name", name, "_msp_opportunityid_value", opp,
                  "_msp_workloadlkid_value", "f0000000-0000-0000-0000-000000000001", "modifiedon",
                  "2026-02-27T10:00:00Z", "msp_monthlyuse", 10000);

    assert_non_null(m);
    fx_code(m, "msp_milestonestatus", 861980000, "On Track");
    fx_code(m, "msp_commitmentrecommendation", committed ? 861980001 : 861980000,
            committed ? "Committed" : "Uncommitted");
    fx_code(m, "msp_milestonecategory", 861980001, "Production");
    fx_str(m, "_msp_workloadlkid_value" FX_LABEL, "Azure VMware Solution");
    assert_int_equal(json_array_append_new(f->milestones, m), 0);
    return m;
}

static MSX_UNUSED json_t *fx_task(struct fx *f, const char *id, const char *milestone,
                                  const char *subject, const char *due, const char *owner)
{
    json_t *t = json_pack("{s:s,s:s,s:s,s:i,s:i,s:s}", "activityid", id, "subject", subject,
                          "_regardingobjectid_value", milestone, "statecode", 0, "statuscode", 3,
                          "modifiedon", "2026-02-27T10:00:00Z");

    assert_non_null(t);
    fx_str(t, "scheduledend", due);
    fx_str(t, "_ownerid_value", owner);
    assert_int_equal(json_array_append_new(f->tasks, t), 0);
    return t;
}

static void fx_records(struct fx *f)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(8192);

    fx_user(f, FX_SPEC, "U-SPEC", "Digital Specialist");
    fx_user(f, FX_SE, "U-SE", "Solution Engineer");
    fx_user(f, FX_CSA, "U-CSA", "Cloud Solution Architect");
    fx_user(f, FX_CSAM, "U-CSAM", "Customer Success Account Manager");
    fx_user(f, FX_ATU, "U-ATU", "Account Executive");
    fx_user(f, FX_PAR, "U-PAR", "Partner Practice Lead");
    json_array_append_new(f->accounts, json_pack("{s:s,s:s,s:s}", "accountid", FX_A1, "name",
                                                 "Contoso", "msp_mstopparentid", "1234567"));
    f->o1 = fx_opp(f, FX_O1, "Contoso datacenter exit", "Realize Value");
    f->o2 = fx_opp(f, FX_O2, "Contoso analytics platform", "Empower & Achieve");
    f->good_c =
        fx_milestone(f, FX_GOOD_C, "7-100000001", "Landing zone production rollout", FX_O1, true);
    fx_str(f->good_c, "msp_milestonedate", "2026-05-29");
    fx_str(f->good_c, "_ownerid_value", FX_CSAM);
    fx_str(f->good_c, "msp_forecastcomments", fx_fmb(&b, NULL, NULL, NULL));
    f->gt = fx_task(f, FX_GT, FX_GOOD_C, "Weekly delivery checkpoint", "2026-03-20", FX_CSAM);
    fx_int(f->gt, "msp_taskcategory", 861980007);
    fx_str(f->gt, "description", "Done when: checkpoint notes are posted");
    f->good_u =
        fx_milestone(f, FX_GOOD_U, "7-100000002", "Analytics platform production", FX_O2, false);
    fx_str(f->good_u, "msp_milestonedate", "2026-03-27");
    fx_int(f->good_u, "msp_monthlyuse", 8000);
    fx_str(f->good_u, "_ownerid_value", FX_SPEC);
    fx_str(f->good_u, "msp_forecastcomments", fx_fmb(&b, NULL, NULL, NULL));
    f->gt2 = fx_task(f, FX_GT2, FX_GOOD_U, "Review sizing with customer", "2026-03-13", FX_SE);
    fx_int(f->gt2, "msp_taskcategory", 861980004);
    fx_str(f->gt2, "description", "Done when: sizing sheet is agreed");
}

static MSX_UNUSED json_t *fx_params(void)
{
    json_t *p = json_pack(
        "{s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:s,s:[s,s,s],s:[s,s,s,s,s,s,s,s,s]}",
        "urgent_days", 14, "near_days", 30, "watch_days", 60, "stale_task_days", 14,
        "no_activity_days", 30, "comment_stale_days", 30, "governance_days", 30,
        "date_divergence_days", 14, "dispatch_lead_days", 14, "unified_lead_days", 30,
        "commit_window_days", 30, "gate_mode", "crm", "csam_accepted_paths", "partner", "unified",
        "isd", "required_milestone_fields", "msp_name", "msp_milestonedate", "msp_milestonestatus",
        "msp_commitmentrecommendation", "msp_milestonecategory", "_msp_workloadlkid_value",
        "msp_monthlyuse", "_ownerid_value", "msp_forecastcomments");

    assert_non_null(p);
    return p;
}

/* Everything of 0.5 with today 2026-03-02 and tz UTC, not built yet. */
static MSX_UNUSED void fx_open(struct fx *f)
{
    static const char *const name = "lexicon.yaml";
    json_t *lexicon = fx_yaml("skills/shared/lexicon.yaml");
    struct msx_error err = MSX_ERROR_INIT;

    *f = (struct fx){ .today = msx_day_parse("2026-03-02"), .tasks_read = true, .me = FX_CSAM };
    if (msx_lexicon_new((const json_t *const[]){ lexicon }, &name, 1, &f->lexicon, &err))
        fail_msg("%s", err.msg);
    json_decref(lexicon);
    assert_int_equal(msx_tz_open("UTC", &f->tz, NULL), MSX_OK);
    f->accounts = json_array();
    f->opps = json_array();
    f->milestones = json_array();
    f->tasks = json_array();
    f->users = json_array();
    f->team = json_array();
    f->params = fx_params();
    f->state = json_object();
    f->set = json_object();
    f->stages = json_object();
    f->roles = fx_yaml("skills/shared/roles.yaml");
    f->readiness = fx_yaml("skills/shared/readiness.yaml");
    fx_records(f);
}

/* A world over the configuration of f, without records. */
static MSX_UNUSED void fx_world(struct fx *f)
{
    struct msx_error err = MSX_ERROR_INIT;
    struct msx_world_config cfg = { .lexicon = f->lexicon,
                                    .roles = f->roles,
                                    .stages = f->stages,
                                    .readiness = f->readiness,
                                    .params = f->params,
                                    .state = f->state,
                                    .set = f->set,
                                    .today = f->today,
                                    .tz = f->tz };

    msx_world_free(f->w);
    f->w = NULL;
    if (msx_world_new(&cfg, &f->w, &err))
        fail_msg("%s", err.msg);
}

/* World with all records, tasks of every milestone read, ready. May be called again. */
static MSX_UNUSED struct msx_world *fx_build(struct fx *f)
{
    static const char id[] = "msp_engagementmilestoneid";
    struct msx_error err = MSX_ERROR_INIT;

    fx_world(f);
    if (msx_world_add(f->w, MSX_K_ACCOUNT, f->accounts, &err) ||
        msx_world_add(f->w, MSX_K_OPP, f->opps, &err) ||
        msx_world_add(f->w, MSX_K_MILESTONE, f->milestones, &err) ||
        msx_world_add(f->w, MSX_K_TASK, f->tasks, &err) ||
        msx_world_add(f->w, MSX_K_USER, f->users, &err) || msx_world_dealteams(f->w, f->team, &err))
        fail_msg("%s", err.msg);
    for (size_t i = 0; f->tasks_read && i < json_array_size(f->milestones); i++)
        msx_world_tasks_read(f->w, msx_json_str(json_array_get(f->milestones, i), id));
    msx_world_me(f->w, f->me, f->role);
    if (msx_world_ready(f->w, &err))
        fail_msg("%s", err.msg);
    return f->w;
}

static MSX_UNUSED void fx_close(struct fx *f)
{
    msx_world_free(f->w);
    msx_lexicon_free(f->lexicon);
    msx_tz_free(f->tz);
    json_decref(f->accounts);
    json_decref(f->opps);
    json_decref(f->milestones);
    json_decref(f->tasks);
    json_decref(f->users);
    json_decref(f->team);
    json_decref(f->params);
    json_decref(f->state);
    json_decref(f->set);
    json_decref(f->stages);
    json_decref(f->roles);
    json_decref(f->readiness);
}

/* ---- facts as text, for short assertions ---- */
static MSX_UNUSED const struct msx_rec *fx_rec(struct fx *f, enum msx_kind kind, const char *id)
{
    const struct msx_rec *r = msx_world_find(f->w, kind, id);

    assert_non_null(r);
    return r;
}

/* "-" for null, "not read", yes/no for booleans, items joined by "," for lists. Valid until the
 * next call. */
static MSX_UNUSED const char *fx_fact(const struct msx_rec *r, const char *name)
{
    static struct msx_buf b;
    static bool made;
    int index = msx_fact_index(msx_rec_kind(r), name, NULL);
    struct msx_value v;

    if (!made)
        msx_buf_init(&b, 65536);
    made = true;
    msx_buf_release(&b);
    if (index < 0)
        fail_msg("no fact '%s'", name);
    msx_fact_get(r, index, &v);
    switch (v.type) {
    case MSX_V_UNKNOWN:
        return "not read";
    case MSX_V_BOOL:
        return v.u.b ? "yes" : "no";
    case MSX_V_LIST:
        for (size_t i = 0; i < v.u.list.n; i++) {
            msx_buf_adds(&b, i ? "," : "");
            msx_value_print(&b, &v.u.list.items[i]);
        }
        return b.data;
    default:
        msx_value_print(&b, &v);
        return b.data;
    }
}

#define fx_is(rec, name, want) assert_string_equal(fx_fact((rec), (name)), (want))

/* Number of gaps of this kind (and what, where unless NULL). */
static MSX_UNUSED size_t fx_gaps(struct fx *f, const char *kind, const char *what,
                                 const char *where)
{
    const json_t *gaps = msx_world_gaps(f->w);
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(gaps); i++) {
        const json_t *g = json_array_get(gaps, i);

        n += !strcmp(msx_json_str(g, "kind"), kind) &&
             (!what || !strcmp(msx_json_str(g, "what"), what)) &&
             (!where || !strcmp(msx_json_str(g, "where"), where));
    }
    return n;
}

#endif
