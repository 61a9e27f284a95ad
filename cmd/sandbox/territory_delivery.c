/* After commitment: execution, ownership and value of committed milestones, on opportunities of
 * Priya Nair and her team. */
#include "territory.h"

#define REALIZE "Realize Value"
#define EMPOWER "Empower & Achieve"
#define MIGRATE "Migrate and Modernize"
#define APPS    "Build and Modernize AI Apps"
#define SQL     "Azure SQL"

static const struct sb_deal deals[] = {
    SB_DEAL2("d-claims", "insurance", "Claims platform", REALIZE, MIGRATE, 128, 245, 9000),
    SB_DEAL2("i-studio", "vanarsdel", "Rendering studio", REALIZE, APPS, 122, 236, 4800),
    SB_DEAL2("au-hotel", "margie", "Hotel allotments", REALIZE, APPS, 117, 229, 3900),
    SB_DEAL2("es-crew", "blueyonder", "Crew rostering", REALIZE, MIGRATE, 119, 231, 5100),
    /* value: nothing carries it, none is measured, or it comes before its stage */
    SB_DEAL2("v-empty", "insurance", "Broker portal", REALIZE, APPS, 116, 226, 1300),
    SB_DEAL2("v-zero", "insurance", "Policy archive", REALIZE, MIGRATE, 114, 224, 0),
    SB_DEAL2("v-early", "insurance", "Damage photos", EMPOWER, APPS, 126, 241, 800),
    SB_DEALS_END,
};

#define PILOTED     SB_FULL "\nInfluence: SE=yes reason=led the pilot"
#define BLOCKED(by) "{FULL -Blockers}\nBlocker: " by

static const struct sb_step steps[] = {
    /* d-claims: one defect each */
    SB_FIRM("d-ok", "d-claims", "Claims intake", SQL, 87, 12000, PILOTED),
    { "d-csa", "d-claims", "Fraud rules", "csa2", "On Track", "Production", SQL, 1, 75, 4100,
      SB_FULL, "spec2" },
    SB_FIRM("d-blind", "d-claims", "Loss reports", SQL, 76, SB_NO_USE, "{FULL -Metrics}"),
    SB_FIRM("d-base", "d-claims", "Expert assignment", SQL, 77, 4300, "{FULL -Metrics}"),
    SB_FIRM("d-scope", "d-claims", "Repair network", SQL, 78, 4400,
            SB_FULL "\n[{-3}] Customer added requirements for two more countries."),
    SB_FIRM("d-late", "d-claims", "Payout service", SQL, 58, 4500, SB_FULL),
    SB_FIRM("d-sku", "d-claims", "Photo analysis", "Azure AI Vision", 79, 4600,
            SB_FULL "\n[{-3}] GPU shortage in the chosen region."),
    SB_FIRM("d-next", "d-claims", "Letter printing", SQL, 80, 4700, SB_FULL),
    SB_FIRM("d-quiet", "d-claims", "Customer letters", SQL, 81, 4800, SB_FULL),
    { "d-isd", "d-claims", "Migration factory", "isd", "On Track", "Production", SQL, 1, 82, 4900,
      SB_FULL, "spec2" },
    SB_FIRM("d-name", "d-claims", "Document store", "Azure Storage", 83, 5000,
            "{FULL -DeliveryOwner}"),
    SB_FIRM("d-multi", "d-claims", "Legacy switch-off", SQL, 84, 5100,
            "{FULL -Delivery -DeliveryOwner}\nDelivery: CSA, Customer"),
    SB_FIRM("d-pm", "d-claims", "Call centre link", SQL, 85, 5200, SB_FULL),
    { "d-csaown", "d-claims", "Key vault", "csa2", "On Track", "Production", "Azure Key Vault", 1,
      86, 1300, "{FULL -Delivery -DeliveryOwner}\nDelivery: CSA", "spec2" },
    SB_FIRM("d-own", "d-claims", "Claims mobile app", SQL, 57, 5400, SB_FULL),
    SB_FIRM("d-needs", "d-claims", "Bank transfer", SQL, 59, 5500,
            "{FULL -Dependencies}\n[{-3}] The switch depends on the bank."),
    SB_FIRM("d-attr", "d-claims", "Archive search", SQL, 90, 5600,
            SB_FULL "\n[{-3}] Partner attribution is missing."),
    { "d-state", "d-claims", "Agency access", "csam2", NULL, "Production", SQL, 1, 91, 5700,
      SB_FULL, "spec2" },

    { "d-stop", "d-claims", "Fax gateway", "csam2", "Cancelled", "Production", NULL, 1, SB_NO_DATE,
      SB_NO_USE, NULL, "spec2" }, /* closed: never reported */

    /* i-studio: committed milestones that a solution engineer has shaped */
    SB_FIRM("i-ok", "i-studio", "Render farm", "Azure Batch", 92, 8800, PILOTED),
    SB_FIRM("i-none", "i-studio", "Asset library", "Azure Storage", 93, 1100, PILOTED),
    SB_FIRM("i-late", "i-studio", "Colour pipeline", "Azure Batch", 94, 1200, PILOTED),
    SB_FIRM("i-slow", "i-studio", "Review rooms", "Azure Batch", 95, 1300, PILOTED),
    SB_FIRM("i-block", "i-studio", "Motion capture", "Azure Batch", 96, 1400, PILOTED),
    SB_FIRM("i-said", "i-studio", "Sound stage", "Azure Batch", 97, 1500, PILOTED),
    { "i-spec", "i-studio", "Preview portal", "spec2", "On Track", "Production", "Azure Batch", 1,
      98, 1600, PILOTED, NULL },
    SB_FIRM("i-open", "i-studio", "Font server", "Azure Batch", 99, 1700, PILOTED),
    SB_FIRM("i-not", "i-studio", "Licence server", "Azure Batch", 100, 1800,
            SB_FULL "\nInfluence: SE=no reason=customer's own choice"),

    /* au-hotel: who decides */
    SB_FIRM("au-ok", "au-hotel", "Room contracts", "Azure API Management", 93, 2100,
            SB_FULL "\n[{-2}] Decision: domain=technical owner=csa text=redesign"),
    SB_FIRM("au-tech", "au-hotel", "Booking interface", "Azure API Management", 94, 2200, SB_FULL),
    SB_FIRM("au-says", "au-hotel", "Rate calendar", "Azure API Management", 95, 2300,
            SB_FULL "\n[{-3}] CSA says stop, CSAM wants to continue."),
    SB_FIRM("au-both", "au-hotel", "Payment link", "Azure API Management", 96, 2400, SB_FULL),

    /* es-crew: a blocker of each kind, the status still on track */
    SB_FIRM("es-tech", "es-crew", "Roster engine", SQL, 83, 3100,
            BLOCKED("API latency after the network change")),
    SB_FIRM("es-deliv", "es-crew", "Crew app", SQL, 84, 3200,
            BLOCKED("partner consultants not available before the summer")),
    SB_FIRM("es-deal", "es-crew", "Hotel booking", SQL, 85, 3300,
            BLOCKED("discount and contract terms still open")),
    SB_FIRM("es-what", "es-crew", "Standby list", SQL, 86, 3400, BLOCKED("nobody has called back")),
    SB_FIRM("es-both", "es-crew", "Duty rules", SQL, 87, 3500,
            BLOCKED("firewall rule and project plan slip")),

    /* v-*: value */
    SB_OPEN("v-empty-1", "v-empty", "Broker sign-up", "Azure App Service", 95, 2500, SB_FULL),
    { "v-zero-1", "v-zero", "Archive move", "csam2", "Completed", "Production", "Azure Storage", 1,
      -12, 2600, SB_FULL, "spec2" },
    { "v-zero-2", "v-zero", "Archive in use", "csam2", "On Track", "Usage", "Azure Storage", 1, 96,
      2700, SB_FULL, "spec2" },
    SB_FIRM("v-early-1", "v-early", "Photo upload", "Azure Storage", 97, 2800, SB_FULL),
    SB_STEPS_END,
};

#define TASK(step, subject, who, status, due, touched, text)                                       \
    {                                                                                              \
        step, subject, who, "Consumption Plan", status, due, touched, text                         \
    }
#define DONE "Done when: the result stands in the comments"

static const struct sb_chore chores[] = {
    SB_NEXT("d-ok", "Weekly claims checkpoint", "csam2", 14),
    SB_NEXT("d-ok", "Rehearse claims intake", "csa2", 18),
    TASK("d-ok", "Old checkpoint", "csam2", "Cancelled", -30, -30, NULL), /* closed */
    SB_NEXT("d-csa", "Tune fraud rules", "csa2", 19),
    SB_NEXT("d-blind", "Sort loss reports", "csa2", 19),
    SB_NEXT("d-base", "List experts", "csa2", 19),
    SB_NEXT("d-scope", "Invite workshops", "csam2", 19),
    SB_NEXT("d-late", "Test first payouts", "csa2", 19),
    SB_NEXT("d-late", "Test last payouts", "csa2", 75),
    SB_NEXT("d-sku", "Label sample photos", "csa2", 19),
    TASK("d-next", "Choose the printer", "csam2", "Completed", -9, -9, DONE),
    TASK("d-quiet", "Rewrite letters", "csam2", "Not Started", 40, -35, DONE),
    SB_NEXT("d-isd", "Move first system", "isd", 19),
    SB_NEXT("d-name", "Move first documents", "csa2", 19),
    SB_NEXT("d-multi", "Freeze old system", "csa2", 19),
    TASK("d-pm", "Adjust the project plan", "csa2", "In Progress", 19, -4, DONE),
    SB_NEXT("d-csaown", "Rotate keys", "csa2", 19),
    TASK("d-own", "Book the consultants", "csam2", "In Progress", -5, -5, DONE),
    SB_NEXT("d-own", "Test the claims app", "csa2", 19),
    SB_NEXT("d-needs", "Write transfer file", "csa2", 19),
    SB_NEXT("d-attr", "Index the archive", "csa2", 19),
    SB_NEXT("d-state", "Invite agencies", "csam2", 19),
    SB_NEXT("i-ok", "Render a test film", "csa2", 20),
    TASK("i-late", "Calibrate screens", "csam2", "In Progress", -7, -7, DONE),
    SB_NEXT("i-late", "Show the colours", "csam2", 20),
    TASK("i-slow", "Equip review room", "se2", "Not Started", 45, -20, DONE),
    TASK("i-block", "Install cameras", "csam2", "Waiting on someone else", 20, -4,
         "Blocker: the studio floor is closed for repairs\n" DONE),
    TASK("i-said", "Sound check", "csam2", "In Progress", 20, -4,
         "Session delivered on {-4} in the studio.\n" DONE),
    SB_NEXT("i-spec", "Publish previews", "csa2", 20),
    TASK("i-open", "Install fonts", "se2", "In Progress", 20, -4, "Install the fonts on all desks"),
    SB_NEXT("i-not", "Move licences", "csam2", 20),
    TASK("au-ok", "Hold the API switch for a redesign", "csa2", "In Progress", 21, -4, DONE),
    TASK("au-ok", "Proceed with the API switch", "csam2", "In Progress", 21, -4, DONE),
    TASK("au-tech", "Hold the API cutover for a redesign", "csa2", "In Progress", 21, -4, DONE),
    TASK("au-tech", "Proceed with the API cutover", "csam2", "In Progress", 21, -4, DONE),
    SB_NEXT("au-says", "Load the rates", "csam2", 21),
    TASK("au-both", "Check API errors", "csa2", "In Progress", 21, -4, DONE),
    TASK("au-both", "Check API throughput", "csam2", "In Progress", 21, -4, DONE),
    SB_NEXT("es-tech", "Weekly roster call", "csam2", 21),
    SB_NEXT("es-deliv", "Weekly crew call", "csam2", 21),
    SB_NEXT("es-deal", "Weekly booking call", "csam2", 21),
    SB_NEXT("es-what", "Weekly standby call", "csam2", 21),
    SB_NEXT("es-both", "Weekly duty call", "csam2", 21),
    SB_NEXT("v-empty-1", "Invite brokers", "se2", 22),
    SB_NEXT("v-zero-2", "Count searches", "csam2", 22),
    SB_NEXT("v-early-1", "Test uploads", "csa2", 22),
    SB_TASKS_END,
};

const struct sb_chapter sb_chapter_delivery = { deals, steps, chores };
