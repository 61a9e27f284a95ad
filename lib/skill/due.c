/* By when and by whom: due dates and owners of proposed work (catalog 4.0.4, 4.0.5). */
#include "skill/facts.h"

#include <stdio.h>
#include <string.h>

#include "msxops/text.h"

msx_day msx_world_due(const struct msx_world *w, int n, const struct msx_rec *m)
{
    msx_day due = msx_day_business(w->today, n > 0 ? n : 1);
    msx_day date = m ? msx_rec_day(m, "msp_milestonedate") : MSX_DAY_NONE;

    if (date != MSX_DAY_NONE && date > w->today && due > date) {
        int weekday = msx_day_weekday(date);

        due = weekday > 4 ? date - (weekday - 4) : date; /* back over Saturday and Sunday */
    }
    return due > w->today ? due : msx_day_business(w->today, 1);
}

static bool fits(struct msx_rec *u, const char *role)
{
    return u && !msx_user_disabled(u) && !strcmp(msx_user_role(u), role);
}

/* The user that --set names for the role: for this milestone, else for all. */
static struct msx_rec *set_owner(struct msx_world *w, const struct msx_rec *x, const char *role)
{
    const char *number = msx_rec_number(x), *who = NULL;
    char key[64];
    int n = snprintf(key, sizeof key, "owner.%s", role);

    if (n < 0 || (size_t)n >= sizeof key)
        return NULL;
    if (number)
        who = msx_json_str(msx_json_obj(w->set, number), key);
    if (!who)
        who = msx_json_str(msx_json_obj(w->set, ""), key);
    return msx_world_user(w, who);
}

/* The only member of the deal team with the role. */
static struct msx_rec *team_member(struct msx_rec *o, const char *role)
{
    const struct msx_value *team = msx_fact(o, O_TEAM);
    struct msx_rec *only = NULL;

    for (size_t i = 0; team->type == MSX_V_LIST && i < team->u.list.n; i++) {
        struct msx_rec *u = msx_world_lookup(o->w, MSX_K_USER, team->u.list.items[i].u.str);

        if (!fits(u, role))
            continue;
        if (only)
            return NULL;
        only = u;
    }
    return only;
}

const struct msx_rec *msx_world_owner_for(struct msx_world *w, const struct msx_rec *x,
                                          const char *role)
{
    struct msx_rec *u = set_owner(w, x, role);

    if (u)
        return u;
    if (x->opp && (u = team_member(x->opp, role)))
        return u;
    if (x->milestone && fits(x->milestone->owner, role))
        return x->milestone->owner;
    if (x->opp && fits(x->opp->owner, role))
        return x->opp->owner;
    if (fits(w->me, role))
        return w->me;
    msx_world_gap_note(w, "owner_unresolved", role, msx_rec_where(x),
                       "nobody with this role is known for the record");
    return NULL;
}
