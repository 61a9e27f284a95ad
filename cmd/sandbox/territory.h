/* The hand-written part of the sample data: people, customers, opportunities, milestones and tasks
 * of one territory, dates relative to the day the data is made for. SAMPLE-DATA.md explains which
 * record shows which defect. */
#ifndef SANDBOX_TERRITORY_H
#define SANDBOX_TERRITORY_H

#include <stddef.h>

#define SB_NO_DATE 99999 /* the record has no date there */
#define SB_NO_USE -1.0   /* the milestone has no monthly use */

struct sb_person { /* key NULL ends each table */
    const char *key, *name, *title, *email;
    int disabled;
};
struct sb_customer {
    const char *key, *name, *tpid, *owner;
};
struct sb_deal {
    const char *key, *customer, *name, *owner;
    const char *team;  /* keys of people, blank-separated */
    const char *stage; /* label of the active stage, or NULL */
    const char *play;  /* sales play, or NULL */
    int close, complete, touched; /* days from the day */
    double consumed;              /* USD a month */
};
struct sb_step {
    const char *key, *deal, *name, *owner; /* owner NULL: none */
    const char *status, *category;         /* labels; category NULL: none */
    const char *workload;                  /* or NULL */
    int committed;
    int date;
    double use;
    const char *comments; /* "{-5}" is the date five days ago, "{FULL}" the full marker block */
    const char *creator;  /* or NULL: the owner */
};
struct sb_todo {
    const char *step, *subject, *owner; /* owner NULL: none */
    const char *category, *status;      /* labels */
    int due, touched;
    const char *description;
};

extern const struct sb_person sb_people[];
extern const struct sb_customer sb_customers[];
extern const struct sb_deal sb_deals[];
extern const struct sb_step sb_steps[];
extern const struct sb_todo sb_todos[];
extern const char *const sb_full_block; /* a comment in which every readiness question is answered */

#endif
