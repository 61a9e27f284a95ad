/* Adoption and growth after delivery, on opportunities of Priya Nair and her team. */
#include "territory.h"

#define OPTIMIZE "Manage & Optimize"
#define REALIZE  "Realize Value"
#define EMPOWER  "Empower & Achieve"
#define MIGRATE  "Migrate and Modernize"
#define AGENTS   "Business Process Agents"
#define SECURE   "Secure AI Productivity"

static const struct sb_deal deals[] = {
    SB_DEAL2("ad-class", "design", "Modern classrooms", OPTIMIZE, SECURE, 132, 248, 11000),
    SB_DEAL2("e-cellar", "coho", "Cellar monitoring", REALIZE, MIGRATE, 133, 249, 4200),
    /* growth that may belong to an opportunity that exists, new or old */
    SB_DEAL2("e-toys", "wingtip", "Wingtip assembly line", REALIZE, MIGRATE, 134, 251, 3300),
    { "e-toys-new", "wingtip", "Wooden puzzles workshop", "spec2", SB_TEAM2, EMPOWER, AGENTS, 141,
      261, -3, 100, -20, 0 },
    SB_DEAL2("e-toys-old", "wingtip", "Plush animals factory", EMPOWER, SECURE, 142, 262, 100),
    SB_DEALS_END,
};

#define USAGE(key, name, date, use, text)                                                          \
    {                                                                                              \
        key, "ad-class", name, "csam2", "On Track", "Usage", "Microsoft 365", 1, date, use, text,  \
            "spec2"                                                                                \
    }

static const struct sb_step steps[] = {
    /* ad-class: delivered, now adopted */
    { "ad-done", "ad-class", "Classroom devices", "csam2", "Completed", "Production",
      "Microsoft 365", 1, -15, 9000, SB_FULL, "spec2" },
    USAGE("ad-ok", "Teacher adoption", 88, 4100, SB_FULL),
    USAGE("ad-none", "Pupil adoption", 89, 1100, SB_FULL),
    USAGE("ad-task", "Parent adoption", 90, 1200, SB_FULL),
    USAGE("ad-late", "Library adoption", 91, 1300, SB_FULL),
    USAGE("ad-said", "Office adoption", 92, 1400, SB_FULL),
    USAGE("ad-blind", "Canteen adoption", 93, SB_NO_USE, "{FULL -Metrics}"),
    USAGE("ad-flat", "Alumni adoption", 94, 1600,
          SB_FULL "\n[{-3}] Adoption has been flat since the launch."),
    USAGE("ad-grow", "Evening school adoption", 95, 1700,
          SB_FULL "\n[{-3}] They would roll out to other campuses.\n"
                  "Expansion: CSAM=aligned timing=Q3 owner=Priya Nair"),

    /* e-cellar: growth signals */
    SB_FIRM("e-ok", "e-cellar", "Barrel sensors", "Azure IoT Operations", 88, 3100,
            SB_FULL "\nExpansion: CSAM=aligned timing=Q3 owner=Priya Nair"),
    SB_FIRM("e-new", "e-cellar", "Bottle tracing", "Azure IoT Operations", 89, 3200,
            SB_FULL "\n[{-3}] Customer wants to extend the rollout to the new business unit."),
    SB_FIRM("e-agreed", "e-cellar", "Tasting room", "Azure IoT Operations", 90, 3300,
            SB_FULL "\nExpansion: CSAM=aligned timing=Q3"),
    SB_FIRM("e-parked", "e-cellar", "Harvest planning", "Azure IoT Operations", 91, 3400,
            SB_FULL "\nExpansion: CSAM=declined owner=Priya Nair"),
    SB_FIRM("e-tune", "e-cellar", "Wine shop", "Azure IoT Operations", 92, 3500,
            SB_FULL "\n[{-3}] Right sizing gives cost savings."),

    /* e-toys*: a signal that resembles another opportunity */
    SB_FIRM("e-toys-1", "e-toys", "Robot cells", "Azure IoT Operations", 93, 3600,
            SB_FULL "\n[{-3}] Second phase for the wooden puzzles workshop."),
    SB_FIRM("e-toys-2", "e-toys", "Paint shop", "Azure IoT Operations", 94, 3700,
            SB_FULL "\n[{-3}] Second phase for the plush animals factory."),
    SB_OPEN("e-toys-3", "e-toys-new", "Puzzle cutter", "Azure IoT Operations", 95, 3800, SB_FULL),
    SB_OPEN("e-toys-4", "e-toys-old", "Sewing machines", "Azure IoT Operations", 96, 3900, SB_FULL),
    SB_STEPS_END,
};

#define TASK(step, subject, who, status, due, touched, text)                                       \
    {                                                                                              \
        step, subject, who, "Consumption Plan", status, due, touched, text                         \
    }
#define DONE "Done when: the result stands in the comments"

static const struct sb_chore chores[] = {
    TASK("ad-done", "Hand over devices", "csam2", "Completed", -15, -15, DONE),
    SB_NEXT("ad-ok", "Teacher evening", "csam2", 19),
    TASK("ad-task", "Parent letter", "csam2", "In Progress", SB_NO_DATE, -4, DONE),
    SB_NEXT("ad-task", "Parent evening", "csam2", 19),
    TASK("ad-late", "Set up reading desks", "csam2", "In Progress", -6, -6, DONE),
    SB_NEXT("ad-late", "Show reading desks", "csam2", 19),
    TASK("ad-said", "Office session", "csam2", "In Progress", 19, -4,
         "Session delivered on {-4} for the whole office.\n" DONE),
    TASK("ad-blind", "Explain the menu app", "csam2", "In Progress", 19, -4,
         "Explain the app to the kitchen"),
    SB_NEXT("ad-flat", "Alumni call", "csam2", 19),
    SB_NEXT("ad-grow", "Evening class", "csam2", 19),
    SB_NEXT("e-ok", "Weekly cellar call", "csam2", 19),
    SB_NEXT("e-new", "Trace ten bottles", "csa2", 19),
    SB_NEXT("e-agreed", "Count tastings", "csa2", 19),
    SB_NEXT("e-parked", "Measure the vines", "csa2", 19),
    SB_NEXT("e-tune", "Count the servers", "csa2", 19),
    SB_NEXT("e-toys-1", "Teach the robots", "csa2", 19),
    SB_NEXT("e-toys-2", "Mix the colours", "csa2", 19),
    SB_NEXT("e-toys-3", "Cut a sample", "se2", 19),
    SB_NEXT("e-toys-4", "Sew a sample", "se2", 19),
    SB_TASKS_END,
};

const struct sb_chapter sb_chapter_growth = { deals, steps, chores };
