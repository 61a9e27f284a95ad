/* Before commitment: what the flows of Solution Engineers and Specialists and the commitment gates
 * look for, on opportunities of Priya Nair and her team. */
#include "territory.h"

#define EMPOWER "Empower & Achieve"
#define DESIGN  "Inspire & Design"
#define MIGRATE "Migrate and Modernize"
#define APPS    "Build and Modernize AI Apps"
#define AGENTS  "Business Process Agents"
#define FABRIC  "Unify Your Data Platform"

static const struct sb_deal deals[] = {
    /* clean themselves, their milestones and tasks show the defects */
    SB_DEAL2("p-desk", "proseware", "Proseware service desk", EMPOWER, APPS, 105, 215, 700),
    SB_DEAL2("b-loyal", "coffee", "Fourth Coffee loyalty programme", EMPOWER, APPS, 112, 222, 350),
    SB_DEAL2("g-order", "importers", "Wide World Importers ordering", EMPOWER, MIGRATE, 96, 201,
             1500),
    SB_DEAL2("x-lift", "alpine", "Alpine lift ticketing", EMPOWER, APPS, 118, 230, 450),
    /* the solution engineer works on it without being on the deal team */
    { "p-field", "proseware", "Proseware field service", "spec2", "spec2 csa2 csam2", EMPOWER,
      AGENTS, 108, 218, -3, 500, 0, 0 },
    /* defects on the opportunity */
    SB_DEAL2("x-empty", "messenger", "Parcel tracking", EMPOWER, FABRIC, 92, 190, 0),
    { "x-two", "alpine", "Alpine season pass renewal", "atu", SB_TEAM2, EMPOWER, AGENTS, 104, 214,
      -3, 200, 0, 0 },
    SB_DEAL2("x-early", "alpine", "Alpine snow forecast", DESIGN, FABRIC, 125, 240, 0),
    SB_DEAL2("x-twin1", "importers", "Harbour container yard twin", EMPOWER, FABRIC, 99, 209, 300),
    SB_DEAL2("x-twin2", "importers", "Harbour container yard", EMPOWER, FABRIC, 101, 211, 310),
    SB_DEAL2("x-close", "importers", "Customs declarations", EMPOWER, APPS, SB_NO_DATE, 199, 250),
    SB_DEAL2("x-past", "importers", "Pallet tracking", EMPOWER, AGENTS, -14, 187, 260),
    /* a customer without an open opportunity */
    { "x-won", "lucerne", "Lucerne print archive", "spec2", SB_TEAM2, "Manage & Optimize", MIGRATE,
      -60, -20, -60, 2200, 0, 1 },
    SB_DEALS_END,
};

#define BANT(letters) "{FULL -BANT}\nBANT: " letters

static const struct sb_step steps[] = {
    /* p-desk: a defect on one task each */
    SB_OPEN("q-ok", "p-desk", "Ticket portal", "Azure App Service", 94, 3100, SB_FULL),
    SB_OPEN("q-none", "p-desk", "Knowledge base", "Azure App Service", 56, 1400, SB_FULL),
    SB_OPEN("q-nodue", "p-desk", "Chat intake", "Azure App Service", 45, 1500, SB_FULL),
    SB_OPEN("q-late", "p-desk", "Mail intake", "Azure App Service", 46, 1600, SB_FULL),
    SB_OPEN("q-left", "p-desk", "Phone intake", "Azure App Service", 47, 1700, SB_FULL),
    SB_OPEN("q-idle", "p-desk", "Agent workplace", "Azure App Service", 48, 1800, SB_FULL),
    SB_OPEN("q-wait", "p-desk", "Asset register", "Azure App Service", 49, 1900, SB_FULL),
    SB_OPEN("q-open", "p-desk", "Shift planner", "Azure App Service", 50, 2000, SB_FULL),
    SB_OPEN("q-said", "p-desk", "Survey forms", "Azure App Service", 51, 2100, SB_FULL),
    SB_OPEN("q-over", "p-desk", "Wallboard", "Azure App Service", 52, 2200, SB_FULL),
    { "q-proof", "p-desk", "Voice bot trial", "spec2", "On Track", "POC/Pilot", "Azure AI Speech",
      0, 55, 600, "{FULL -Proof -Blockers}\nProof: running\nBlockedSince: {-12}", NULL },
    SB_OPEN("q-region", "p-desk", "Answer bot", "Azure OpenAI", 93, 5200,
            SB_FULL "\n[{-3}] GPU quota denied in the chosen region."),
    SB_OPEN("q-undated", "p-desk", "Reporting pages", "Azure App Service", SB_NO_DATE, 900,
            SB_FULL),
    SB_OPEN("q-guest", "p-field", "Technician app", "Azure App Service", 91, 2600, SB_FULL),

    /* b-loyal: BANT and the handoff packet */
    SB_OPEN("b-ok", "b-loyal", "Card wallet", "Azure Cosmos DB", 90, 4100, SB_FULL),
    SB_OPEN("b-budget", "b-loyal", "Partner offers", "Azure Cosmos DB", 82, 1100,
            BANT("B=no A=yes N=yes T=yes")),
    SB_OPEN("b-boss", "b-loyal", "Birthday vouchers", "Azure Cosmos DB", 83, 1200,
            BANT("B=yes A=no N=yes T=yes")),
    SB_OPEN("b-need", "b-loyal", "Store locator", "Azure Cosmos DB", 84, 1300,
            BANT("B=yes A=yes N=no T=yes")),
    SB_OPEN("b-time", "b-loyal", "Points history", "Azure Cosmos DB", 85, 1400,
            BANT("B=yes A=yes N=yes T=no")),
    SB_OPEN("b-parts", "b-loyal", "Fraud checks", "Azure Cosmos DB", 86, 1500,
            "{FULL -Architecture}"),
    SB_OPEN("b-mixed", "b-loyal", "Gift cards", "Azure Cosmos DB", 87, 1600,
            SB_FULL "\n[{-2}] Budget frozen by the finance team."),
    SB_OPEN("b-pushed", "b-loyal", "Barista tablets", "Azure Cosmos DB", 88, 1700,
            BANT("B=yes A=yes N=yes T=no") "\nSales asks to move this milestone to committed."),
    SB_OPEN("b-csu", "b-loyal", "Menu service", "Azure Cosmos DB", 89, 1800, SB_FULL),

    /* g-order: nearing commitment, one item of readiness missing each */
    SB_OPEN("g-ok", "g-order", "Order intake", "Azure Integration Services", 24, 8200, SB_FULL),
    SB_OPEN("g-path", "g-order", "Price lists", "Azure Integration Services", 25, 2100,
            "{FULL -Delivery -DeliveryOwner}"),
    SB_OPEN("g-cap", "g-order", "Stock levels", "Azure Integration Services", 26, 2200,
            "{FULL -Capacity}"),
    SB_OPEN("g-env", "g-order", "Supplier portal", "Azure Integration Services", 27, 2300,
            "{FULL -Env}"),
    SB_OPEN("g-met", "g-order", "Returns desk", "Azure Integration Services", 28, 2400,
            "{FULL -Metrics}"),
    SB_OPEN("g-csa", "g-order", "Customs papers", "Azure Integration Services", 29, 2500,
            "{FULL -Readiness}\nReadiness: CSA=no CSAM=yes"),
    SB_OPEN("g-csam", "g-order", "Freight booking", "Azure Integration Services", 30, 2600,
            "{FULL -Readiness}\nReadiness: CSA=yes CSAM=no"),
    SB_OPEN("g-soon", "g-order", "Label printing", "Azure Integration Services", 9, 2700, SB_FULL),
    SB_OPEN("g-idle", "g-order", "Dock calendar", "Azure Integration Services", 22, 2800, SB_FULL),
    SB_OPEN("g-push", "g-order", "Credit limits", "Azure Integration Services", 72, 2900,
            "{FULL -Capacity}\nSales asks to move this milestone to committed."),
    { "g-who", "g-order", "Invoice matching", "gone", "On Track", "Production",
      "Azure Integration Services", 0, 23, 3000, SB_FULL, "spec2" },

    /* x-*: records of the pipeline builder */
    SB_OPEN("x-over", "x-lift", "Turnstile gateway", "Azure IoT Operations", -8, 1100, SB_FULL),
    SB_OPEN("x-stale", "x-lift", "Ski school booking", "Azure App Service", 14, 1200, "{FULL@-45}"),
    SB_OPEN("x-work", "x-lift", "Parking guidance", NULL, 97, 1300, SB_FULL),
    SB_OPEN("x-zero", "x-lift", "Rescue dispatching", "Azure App Service", 98, 0, SB_FULL),
    { "x-csu", "x-lift", "Webcam portal", "csam2", "On Track", "Production", "Azure App Service", 0,
      99, 1500, SB_FULL, "spec2" },
    { "x-proof", "x-lift", "Gate camera pilot", "spec2", "On Track", "POC/Pilot", "Azure AI Vision",
      0, 58, 300, SB_FULL, NULL },
    { "x-both", "x-lift", "Locker pilot", "spec2", "On Track", "Production", "Azure App Service", 0,
      104, 700, SB_FULL, NULL },
    SB_OPEN("x-two-1", "x-two", "Season pass production", "Azure App Service", 96, 2400, SB_FULL),
    SB_OPEN("x-early-1", "x-early", "Forecast model", "Azure Machine Learning", 110, 3300,
            "[{-3}] First conversation with the head of slopes."),
    SB_OPEN("x-twin1-1", "x-twin1", "Yard map", "Microsoft Fabric", 92, 1500, SB_FULL),
    SB_OPEN("x-twin2-1", "x-twin2", "Yard sensors", "Microsoft Fabric", 93, 1600, SB_FULL),
    SB_OPEN("x-close-1", "x-close", "Declaration service", "Azure App Service", 94, 1700, SB_FULL),
    SB_OPEN("x-past-1", "x-past", "Pallet scanner", "Azure App Service", 95, 1800, SB_FULL),
    { "x-won-1", "x-won", "Archive migration finished", "csam2", "Completed", "Production",
      "Azure Storage", 1, -70, 2200, SB_FULL, "spec2" },
    SB_STEPS_END,
};

#define TASK(step, subject, who, status, due, touched, text)                                       \
    {                                                                                              \
        step, subject, who, "Technical Close/Win Plan", status, due, touched, text                 \
    }
#define DONE "Done when: the result stands in the comments"

static const struct sb_chore chores[] = {
    SB_NEXT("q-ok", "Review portal design", "se2", 14),
    TASK("q-nodue", "Draft chat topics", "se2", "In Progress", SB_NO_DATE, -4, DONE),
    TASK("q-late", "List mail boxes", "se2", "In Progress", -6, -5, DONE),
    TASK("q-left", "Order phone numbers", "gone", "In Progress", 15, -4, DONE),
    TASK("q-idle", "Collect agent wishes", "se2", "Not Started", 35, -20, DONE),
    TASK("q-wait", "Import asset list", "se2", "Waiting on someone else", 16, -4, DONE),
    TASK("q-open", "Show shift planner", "se2", "In Progress", 17, -4,
         "Show the planner to the team leads"),
    TASK("q-said", "Customer session", "se2", "In Progress", 18, -4,
         "Workshop held on {-4} with all team leads.\n" DONE),
    TASK("q-over", "Mount the screens", "se2", "In Progress", 80, -4, DONE),
    TASK("q-proof", "Connect the test line", "se2", "Waiting on someone else", 12, -4,
         "Blocker: the supplier has not delivered the test device\n" DONE),
    SB_NEXT("q-region", "Measure answer times", "se2", 14),
    SB_NEXT("q-undated", "Sketch report pages", "se2", 14),
    SB_NEXT("q-guest", "Test the app offline", "se2", 14),
    SB_NEXT("b-ok", "Review wallet design", "se2", 15),
    SB_NEXT("b-budget", "Draft partner list", "se2", 15),
    SB_NEXT("b-boss", "Draft voucher rules", "se2", 15),
    SB_NEXT("b-need", "Draft store map", "se2", 15),
    SB_NEXT("b-time", "Draft history view", "se2", 15),
    SB_NEXT("b-parts", "List fraud cases", "se2", 15),
    SB_NEXT("b-mixed", "Draft card layout", "se2", 15),
    SB_NEXT("b-pushed", "Choose tablets", "se2", 15),
    SB_NEXT("b-csu", "Review menu service", "csa2", 15),
    SB_NEXT("g-ok", "Walk through order intake", "se2", 10),
    SB_NEXT("g-ok", "Invite key users", "spec2", 11),
    SB_NEXT("g-path", "Export price lists", "se2", 10),
    SB_NEXT("g-cap", "Compare stock figures", "se2", 10),
    SB_NEXT("g-env", "List suppliers", "se2", 10),
    SB_NEXT("g-met", "Count return reasons", "se2", 10),
    SB_NEXT("g-csa", "Collect customs papers", "se2", 10),
    SB_NEXT("g-csam", "Map freight lanes", "se2", 10),
    SB_NEXT("g-soon", "Print test labels", "se2", 7),
    TASK("g-idle", "Measure dock times", "se2", "Completed", -6, -6, DONE),
    SB_NEXT("g-push", "List credit rules", "se2", 10),
    SB_NEXT("g-who", "Match sample invoices", "se2", 10),
    SB_NEXT("x-over", "Repeat gateway test", "se2", 6),
    SB_NEXT("x-stale", "Review booking screens", "se2", 8),
    SB_NEXT("x-work", "Count parking lots", "se2", 18),
    SB_NEXT("x-zero", "Write alarm plan", "se2", 18),
    SB_NEXT("x-csu", "Place the cameras", "se2", 18),
    SB_NEXT("x-proof", "Place the camera", "spec2", 18),
    SB_NEXT("x-both", "Fit two lockers", "se2", 18),
    SB_NEXT("x-two-1", "Review pass types", "se2", 18),
    SB_NEXT("x-early-1", "Prepare first workshop", "spec2", 9),
    SB_NEXT("x-twin1-1", "Draw the yard map", "se2", 18),
    SB_NEXT("x-twin2-1", "Order test sensors", "se2", 18),
    SB_NEXT("x-close-1", "Read the tariff codes", "se2", 18),
    SB_NEXT("x-past-1", "Test the scanner", "se2", 18),
    SB_TASKS_END,
};

const struct sb_chapter sb_chapter_pipeline = { deals, steps, chores };
