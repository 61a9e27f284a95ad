/* Around the handover: newly committed milestones, Unified readiness and the alignment of the
 * success plan, on opportunities of Priya Nair and her team. */
#include "territory.h"

#define REALIZE "Realize Value"
#define MIGRATE "Migrate and Modernize"
#define APPS    "Build and Modernize AI Apps"
#define AGENTS  "Business Process Agents"
#define FABRIC  "Unify Your Data Platform"

static const struct sb_deal deals[] = {
    SB_DEAL2("n-grid", "power", "Grid analytics", REALIZE, FABRIC, 121, 234, 6400),
    SB_DEAL2("un-lab", "trey", "Laboratory move", REALIZE, MIGRATE, 123, 237, 3600),
    /* one part of the customer plan is missing on each */
    SB_DEAL2("s-scope", "power", "Meter readings", REALIZE, AGENTS, 124, 238, 2100),
    SB_DEAL2("s-touch", "power", "Outage messages", REALIZE, APPS, 127, 242, 2300),
    SB_DEAL2("s-plan", "power", "Field crews", REALIZE, MIGRATE, 129, 246, 2400),
    SB_DEAL2("s-goals", "school", "Painting archive", REALIZE, FABRIC, 131, 247, 1900),
    SB_DEALS_END,
};

#define NEW(text)        text "\n[{-9}] Committed: {-9}"
#define UNIFIED(answers) "{FULL -Delivery}\nDelivery: Unified\nUnified: " answers
#define READY            "eligibility=yes accreditation=yes dispatch=yes"
#define LAKE             "Microsoft Fabric"

static const struct sb_step steps[] = {
    /* n-grid: committed nine days ago, one part of the handover missing each */
    SB_FIRM("n-ok", "n-grid", "Load forecast", LAKE, 88, 9800, NEW(SB_FULL)),
    SB_FIRM("n-arch", "n-grid", "Sensor ingest", LAKE, 89, 1100, NEW("{FULL -Architecture}")),
    SB_FIRM("n-limits", "n-grid", "Weather feed", LAKE, 90, 1200, NEW("{FULL -Constraints}")),
    SB_FIRM("n-needs", "n-grid", "Demand feed", LAKE, 91, 1300, NEW("{FULL -Dependencies}")),
    SB_FIRM("n-met", "n-grid", "Grid map", LAKE, 92, 1400, NEW("{FULL -Metrics}")),
    SB_FIRM("n-parts", "n-grid", "Fault finder", LAKE, 93, 1500, NEW("{FULL -Deliverables}")),
    SB_FIRM("n-risks", "n-grid", "Cable register", LAKE, 94, 1600, NEW("{FULL -Risks}")),
    SB_FIRM("n-proof", "n-grid", "Solar parks", LAKE, 95, 1700, NEW("{FULL -Proof}")),
    SB_FIRM("n-task", "n-grid", "Wind parks", LAKE, 96, 1800, NEW(SB_FULL)),
    SB_FIRM("n-left", "n-grid", "Battery park", LAKE, 97, 1900, NEW(SB_FULL)),
    SB_FIRM("n-env", "n-grid", "Control room", LAKE, 98, 2000, NEW("{FULL -Env}")),
    SB_FIRM("n-fail", "n-grid", "Drone flights", LAKE, 99, 2100,
            NEW("{FULL -Proof}\nProof: failed artifact=sharepoint")),

    /* un-lab: delivery depends on Unified */
    SB_FIRM("un-ok", "un-lab", "Sample tracking", "Azure SQL", 88, 4100, UNIFIED(READY)),
    SB_FIRM("un-elig", "un-lab", "Device drivers", "Azure SQL", 89, 1100,
            UNIFIED("eligibility=no accreditation=yes dispatch=yes")),
    SB_FIRM("un-acc", "un-lab", "Lab notebooks", "Azure SQL", 90, 1200,
            UNIFIED("eligibility=yes accreditation=no dispatch=yes")),
    SB_FIRM("un-disp", "un-lab", "Freezer alarms", "Azure SQL", 91, 1300,
            UNIFIED("eligibility=yes accreditation=yes dispatch=no")),
    SB_FIRM("un-plan", "un-lab", "Cell images", "Azure SQL", 45, 1400, UNIFIED(READY)),
    SB_FIRM(
        "un-wait", "un-lab", "Gene database", "Azure SQL", 50, 1500,
        UNIFIED(
            "eligibility=yes accreditation=no dispatch=yes") "\nContingency: partner takes over"),
    SB_FIRM(
        "un-big", "un-lab", "Lab scheduler", "Azure SQL", 12, 25000,
        UNIFIED(
            "eligibility=yes accreditation=yes dispatch=no") "\nContingency: partner takes over"),
    SB_FIRM("un-task", "un-lab", "Robot arms", "Azure SQL", 92, 1600, UNIFIED(READY)),
    SB_OPEN(
        "un-gate", "un-lab", "Lab portal", "Azure SQL", 30, 1700,
        UNIFIED(
            "eligibility=yes accreditation=yes dispatch=no") "\nContingency: partner takes over"),

    /* s-*: the opportunity lacks one part of the customer plan */
    SB_FIRM("s-scope-1", "s-scope", "Meter reader bot", "Azure App Service", 93, 2100,
            "{FULL -OutOfScope}"),
    { "s-scope-2", "s-scope", "Meter exchange", "spec2", "On Track", "Production",
      "Azure App Service", 1, 99, 2150, "{FULL -OutOfScope}", NULL },
    { "s-touch-1", "s-touch", "Message adoption", "csam2", "On Track", "Usage",
      "Azure Communication Services", 1, 94, 2200, "{FULL -Cadence}", "spec2" },
    SB_FIRM("s-plan-1", "s-plan", "Crew tablets", "Azure App Service", 95, 2300, "{FULL -CSP}"),
    SB_FIRM("s-goal-0", "s-goals", "Restoration notes", "Azure Storage", 96, SB_NO_USE,
            "{FULL -Priority -Metrics}\nPriority: paperless restoration"),
    SB_FIRM("s-goal-1", "s-goals", "Loan requests", "Azure Storage", 97, 2500,
            "{FULL -Priority}\nPriority: quicker loans"),
    SB_FIRM("s-goal-2", "s-goals", "Ticket scanner", "Azure Storage", 98, 2600,
            "{FULL -Priority -WhyBought}"),
    SB_STEPS_END,
};

#define TASK(step, subject, who, status, due, touched, text)                                       \
    {                                                                                              \
        step, subject, who, "Consumption Plan", status, due, touched, text                         \
    }
#define DONE "Done when: the result stands in the comments"

static const struct sb_chore chores[] = {
    SB_NEXT("n-ok", "Weekly grid checkpoint", "csam2", 14),
    SB_NEXT("n-ok", "Train the forecast", "csa2", 18),
    SB_NEXT("n-arch", "Connect first sensors", "csa2", 19),
    SB_NEXT("n-limits", "Read weather files", "csa2", 19),
    SB_NEXT("n-needs", "Read demand files", "csa2", 19),
    SB_NEXT("n-met", "Draw first map", "csa2", 19),
    SB_NEXT("n-parts", "Replay old faults", "csa2", 19),
    SB_NEXT("n-risks", "Load the register", "csa2", 19),
    SB_NEXT("n-proof", "Connect one park", "csa2", 19),
    TASK("n-task", "Visit a wind park", "csam2", "Completed", -8, -8, DONE),
    TASK("n-left", "Charge the first battery", "gone", "Not Started", SB_NO_DATE, -4, DONE),
    SB_NEXT("n-left", "Name the cells", "csa2", 19),
    SB_NEXT("n-env", "Place the screens", "csa2", 19),
    SB_NEXT("n-fail", "Plan the next flight", "csa2", 19),
    SB_NEXT("un-ok", "Weekly laboratory call", "csam2", 19),
    SB_NEXT("un-elig", "List the devices", "csa2", 19),
    SB_NEXT("un-acc", "Move one notebook", "csa2", 19),
    SB_NEXT("un-disp", "Place the alarms", "csa2", 19),
    SB_NEXT("un-plan", "Move first images", "csa2", 19),
    SB_NEXT("un-wait", "Copy the database", "csa2", 19),
    SB_NEXT("un-big", "Load the calendar", "csa2", 8),
    TASK("un-task", "Design around the Unified API limit", "csam2", "In Progress", 19, -4, DONE),
    SB_NEXT("un-gate", "Draw the portal", "se2", 19),
    SB_NEXT("s-scope-1", "Read ten meters", "csa2", 19),
    SB_NEXT("s-scope-2", "Exchange ten meters", "csa2", 19),
    SB_NEXT("s-touch-1", "Count read messages", "csam2", 19),
    SB_NEXT("s-plan-1", "Hand out tablets", "csam2", 19),
    SB_NEXT("s-goal-0", "Scan the notes", "csam2", 19),
    TASK("s-goal-1", "Ask the lenders", "csam2", "Completed", -8, -8, DONE),
    SB_NEXT("s-goal-2", "Test the scanner", "csam2", 19),
    SB_TASKS_END,
};

const struct sb_chapter sb_chapter_handover = { deals, steps, chores };
