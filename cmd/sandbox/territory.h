/* The hand-written part of the sample data: people, customers, opportunities, milestones and tasks
 * of one territory, dates relative to the day the data is made for. SAMPLE-DATA.md explains which
 * record shows which defect; keep the two together. Milestones are numbered in the order of the
 * tables: new ones come last. */
#ifndef SANDBOX_TERRITORY_H
#define SANDBOX_TERRITORY_H

#include <stddef.h>

#define SB_NO_DATE 99999 /* the record has no date there */
#define SB_NO_USE  -1.0  /* the milestone has no monthly use */

struct sb_person { /* key NULL ends each table */
    const char *key, *name, *title, *email;
    int disabled;
};
struct sb_customer {
    const char *key, *name, *tpid, *owner;
};
struct sb_deal {
    const char *key, *customer, *name, *owner;
    const char *team;             /* keys of people, blank-separated */
    const char *stage;            /* label of the active stage, or NULL */
    const char *play;             /* sales play, or NULL */
    int close, complete, touched; /* days from the day */
    double consumed;              /* USD a month */
    int created;                  /* days from the day; 0: long ago */
    int won;                      /* closed as won */
};
struct sb_step {
    const char *key, *deal, *name, *owner; /* owner NULL: none */
    const char *status, *category;         /* labels; category NULL: none */
    const char *workload;                  /* or NULL */
    int committed;
    int date;
    double use;
    /* "{-5}" is the date five days ago, "{FULL}" the full block of markers as written five days
     * ago,
     * "{FULL -Env -Proof}" the block without these lines, "{FULL@-45}" the block of an older day */
    const char *comments;
    const char *creator; /* or NULL: the owner */
};
struct sb_chore {
    const char *step, *subject, *owner; /* owner NULL: none */
    const char *category, *status;      /* labels */
    int due, touched;
    const char *description;
};

/* One part of the territory; each table ends with its SB_..._END. */
struct sb_chapter {
    const struct sb_deal *deals;
    const struct sb_step *steps;
    const struct sb_chore *chores;
};
#define SB_DEALS_END                                                                               \
    {                                                                                              \
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0                                 \
    }
#define SB_STEPS_END                                                                               \
    {                                                                                              \
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, NULL, NULL                              \
    }
#define SB_TASKS_END                                                                               \
    {                                                                                              \
        NULL, NULL, NULL, NULL, NULL, 0, 0, NULL                                                   \
    }

/* Records of the second team (Priya Nair, Tom Becker, Mei Tanaka, David Osei), on which the whole
 * catalogue can be tried: an opportunity, a milestone before commitment, a committed one, a task in
 * progress with an owner, a date and a condition of completion. */
#define SB_TEAM2 "spec2 se2 csa2 csam2"
#define SB_DEAL2(key, customer, name, stage, play, close, complete, consumed)                      \
    {                                                                                              \
        key, customer, name, "spec2", SB_TEAM2, stage, play, close, complete, -3, consumed, 0, 0   \
    }
#define SB_OPEN(key, deal, name, work, date, use, text)                                            \
    {                                                                                              \
        key, deal, name, "spec2", "On Track", "Production", work, 0, date, use, text, NULL         \
    }
#define SB_FIRM(key, deal, name, work, date, use, text)                                            \
    {                                                                                              \
        key, deal, name, "csam2", "On Track", "Production", work, 1, date, use, text, "spec2"      \
    }
#define SB_NEXT(step, subject, who, due)                                                           \
    {                                                                                              \
        step, subject, who, "Consumption Plan", "In Progress", due, -4,                            \
            "Done when: the result stands in the comments"                                         \
    }
#define SB_FULL "{FULL}"

extern const struct sb_person sb_people[];
extern const struct sb_customer sb_customers[];
extern const struct sb_chapter sb_chapter_week, sb_chapter_pipeline, sb_chapter_delivery,
    sb_chapter_handover, sb_chapter_growth;
extern const struct sb_chapter *const sb_chapters[]; /* all parts, NULL ends */
extern const char
    *const sb_full_block; /* a comment in which every readiness question is answered */

#endif
