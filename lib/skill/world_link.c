/* Ordering and linking: from what came in to records sorted by id with their relations. */
#include "skill/world_int.h"

#include <stdlib.h>
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

static int by_id_seq(const void *a, const void *b)
{
    const struct msx_added *x = a, *y = b;
    int c = strcmp(x->id, y->id);

    return c ? c : (x->seq > y->seq) - (x->seq < y->seq);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_team(const void *a, const void *b)
{
    const struct msx_team_row *x = a, *y = b;
    int c = strcmp(x->opp, y->opp);

    return c ? c : strcmp(x->user, y->user);
}

/* Fields that an earlier read of the record did not have. */
static bool merge(struct msx_rec *r, json_t *more)
{
    json_t *both = json_copy(r->raw);

    if (!both || json_object_update_missing(both, more)) {
        json_decref(both);
        return false;
    }
    json_decref(r->raw);
    r->raw = both;
    return true;
}

/* Sorted records of a kind; several reads of one id become one record. */
static bool build_kind(struct msx_world *w, int kind)
{
    struct msx_added *a = w->added[kind];
    size_t n = w->nadded[kind];
    struct msx_rec *recs = msx_calloc(n + 1, sizeof *recs);
    const struct msx_rec **all = msx_calloc(n + 1, sizeof(const struct msx_rec *));
    size_t m = 0;

    w->recs[kind] = recs;
    w->all[kind] = all;
    if (!recs || !all)
        return false;
    if (n > 1)
        qsort(a, n, sizeof *a, by_id_seq);
    for (size_t i = 0; i < n; i++) {
        if (m > 0 && !strcmp(recs[m - 1].id, a[i].id)) {
            if (!merge(&recs[m - 1], a[i].raw))
                return false;
            continue;
        }

        struct msx_rec *r = &recs[m];

        *r = (struct msx_rec){ .self = r, .w = w, .kind = (enum msx_kind)kind, .id = a[i].id };
        r->raw = json_incref(a[i].raw);
        all[m++] = r;
        w->nrecs[kind] = m;
    }
    return true;
}

struct msx_rec *msx_world_lookup(const struct msx_world *w, enum msx_kind kind, const char *id)
{
    char guid[MSX_GUID_LEN + 1];
    size_t lo = 0, hi = w->nrecs[kind];

    if (!id)
        return NULL;
    if (msx_guid_parse(id, guid))
        id = guid;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(w->recs[kind][mid].id, id);

        if (c == 0)
            return &w->recs[kind][mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

struct msx_rec *msx_world_user(const struct msx_world *w, const char *id_or_mail)
{
    struct msx_rec *u = msx_world_lookup(w, MSX_K_USER, id_or_mail);

    if (u || !id_or_mail || !strchr(id_or_mail, '@'))
        return u;
    for (size_t i = 0; i < w->nrecs[MSX_K_USER]; i++)
        if (msx_ieq(msx_json_str(w->recs[MSX_K_USER][i].raw, "internalemailaddress"), id_or_mail))
            return &w->recs[MSX_K_USER][i];
    return NULL;
}

static struct msx_rec *follow(struct msx_world *w, const struct msx_rec *r, enum msx_kind kind,
                              const char *field)
{
    return msx_world_lookup(w, kind, msx_rec_str(r, field));
}

/* Children of each parent, in the order of their own ids: two passes over one array. */
static bool link_children(struct msx_world *w, enum msx_kind child, enum msx_kind parent)
{
    struct msx_rec **slots;
    size_t used = 0;

    for (size_t i = 0; i < w->nrecs[child]; i++) {
        struct msx_rec *c = &w->recs[child][i];
        struct msx_rec *p = parent == MSX_K_OPP         ? c->opp
                            : parent == MSX_K_MILESTONE ? c->milestone
                                                        : c->account;
        if (p)
            p->nchildren++;
    }
    slots = msx_world_alloc(w, (w->nrecs[child] + 1) * sizeof(struct msx_rec *));
    if (!slots)
        return false;
    for (size_t i = 0; i < w->nrecs[parent]; i++) {
        struct msx_rec *p = &w->recs[parent][i];

        p->children = slots + used;
        used += p->nchildren;
        p->nchildren = 0;
    }
    for (size_t i = 0; i < w->nrecs[child]; i++) {
        struct msx_rec *c = &w->recs[child][i];
        struct msx_rec *p = parent == MSX_K_OPP         ? c->opp
                            : parent == MSX_K_MILESTONE ? c->milestone
                                                        : c->account;
        if (p)
            p->children[p->nchildren++] = c;
    }
    return true;
}

static bool link_records(struct msx_world *w)
{
    static const char owner[] = "_ownerid_value";

    for (size_t i = 0; i < w->nrecs[MSX_K_OPP]; i++) {
        struct msx_rec *o = &w->recs[MSX_K_OPP][i];

        o->account = follow(w, o, MSX_K_ACCOUNT, "_parentaccountid_value");
        o->owner = follow(w, o, MSX_K_USER, owner);
        o->opp = o;
    }
    for (size_t i = 0; i < w->nrecs[MSX_K_MILESTONE]; i++) {
        struct msx_rec *m = &w->recs[MSX_K_MILESTONE][i];

        m->opp = follow(w, m, MSX_K_OPP, "_msp_opportunityid_value");
        m->account = m->opp ? m->opp->account : NULL;
        m->owner = follow(w, m, MSX_K_USER, owner);
        m->milestone = m;
    }
    for (size_t i = 0; i < w->nrecs[MSX_K_TASK]; i++) {
        struct msx_rec *t = &w->recs[MSX_K_TASK][i];

        t->milestone = follow(w, t, MSX_K_MILESTONE, "_regardingobjectid_value");
        t->opp = t->milestone ? t->milestone->opp : NULL;
        t->account = t->opp ? t->opp->account : NULL;
        t->owner = follow(w, t, MSX_K_USER, owner);
    }
    for (size_t i = 0; i < w->nrecs[MSX_K_ACCOUNT]; i++)
        w->recs[MSX_K_ACCOUNT][i].owner = follow(w, &w->recs[MSX_K_ACCOUNT][i], MSX_K_USER, owner);
    return link_children(w, MSX_K_TASK, MSX_K_MILESTONE) &&
           link_children(w, MSX_K_MILESTONE, MSX_K_OPP) &&
           link_children(w, MSX_K_OPP, MSX_K_ACCOUNT);
}

static bool link_teams(struct msx_world *w)
{
    const char **users = msx_world_alloc(w, (w->nteam + 1) * sizeof(char *));
    size_t n = 0;

    if (!users)
        return false;
    if (w->nteam > 1)
        qsort(w->team, w->nteam, sizeof *w->team, by_team);
    for (size_t i = 0; i < w->nteam; i++) {
        struct msx_rec *o = msx_world_lookup(w, MSX_K_OPP, w->team[i].opp);

        if (!o || (i > 0 && !by_team(&w->team[i - 1], &w->team[i])))
            continue;
        users[n] = w->team[i].user;
        if (o->nteam++ == 0)
            o->team = &users[n];
        n++;
    }
    return true;
}

static void note_failures(struct msx_world *w)
{
    for (size_t i = 0; i < w->nfailures; i++) {
        const struct msx_failed_read *f = &w->failures[i];
        enum msx_kind kind = f->what == 't' ? MSX_K_MILESTONE : MSX_K_OPP;

        if (f->what == 'u') {
            w->users_failed = true;
            continue;
        }
        for (size_t k = 0; k < w->nrecs[kind]; k++) {
            struct msx_rec *r = f->id ? msx_world_lookup(w, kind, f->id) : &w->recs[kind][k];

            if (!r)
                break;
            r->tasks_failed = r->tasks_failed || f->what == 't';
            r->milestones_failed = r->milestones_failed || f->what == 'm';
            r->team_failed = r->team_failed || f->what == 'd';
            r->unread = r->unread || f->what == 'o';
            if (f->id)
                break;
        }
    }
    for (size_t i = 0; i < w->ntasks_read; i++) {
        struct msx_rec *m = msx_world_lookup(w, MSX_K_MILESTONE, w->tasks_read[i]);

        if (m)
            m->tasks_read = true;
    }
}

/* An empty record for an id that is known only from somewhere else, so that it has facts. */
static enum msx_code add_placeholder(struct msx_world *w, enum msx_kind kind, const char *field,
                                     const char *id, struct msx_error *err)
{
    json_t *r = json_pack("{s:s}", field, id);
    enum msx_code rc;

    if (!r)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_world_add(w, kind, r, err);
    json_decref(r);
    return rc;
}

/* Opportunities that could not be read, the running user and owners set by hand have a record. */
static enum msx_code add_placeholders(struct msx_world *w, struct msx_error *err)
{
    enum msx_code rc = MSX_OK;
    const char *scope, *key;
    json_t *values, *value;

    for (size_t i = 0; !rc && i < w->nfailures; i++)
        if (w->failures[i].what == 'o' && w->failures[i].id)
            rc = add_placeholder(w, MSX_K_OPP, "opportunityid", w->failures[i].id, err);
    if (!rc && w->me_id)
        rc = add_placeholder(w, MSX_K_USER, "systemuserid", w->me_id, err);
    json_object_foreach(w->set, scope, values) {
        json_object_foreach(values, key, value) {
            const char *who = json_string_value(value);
            char guid[MSX_GUID_LEN + 1];

            if (!rc && !strncmp(key, "owner.", 6) && who && msx_guid_parse(who, guid))
                rc = add_placeholder(w, MSX_K_USER, "systemuserid", guid, err);
        }
    }
    return rc;
}

enum msx_code msx_world_ready(struct msx_world *w, struct msx_error *err)
{
    enum msx_code rc;

    msx_world_unlink(w);
    w->users_failed = false;
    json_array_clear(w->gaps);
    json_object_clear(w->gap_keys);
    rc = add_placeholders(w, err);
    if (rc)
        return rc;
    if (w->ntasks_read > 1)
        qsort(w->tasks_read, w->ntasks_read, sizeof *w->tasks_read, by_text);
    for (int k = 0; k < MSX_KINDS; k++)
        if (!build_kind(w, k))
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (!link_records(w) || !link_teams(w))
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    note_failures(w);
    w->me = msx_world_lookup(w, MSX_K_USER, w->me_id);
    msx_world_record_gaps(w);
    return msx_world_failed(w, err);
}

const struct msx_rec *const *msx_world_all(const struct msx_world *w, enum msx_kind kind, size_t *n)
{
    *n = w->nrecs[kind];
    return w->all[kind];
}

const struct msx_rec *msx_world_find(const struct msx_world *w, enum msx_kind kind, const char *id)
{
    return msx_world_lookup(w, kind, id);
}
