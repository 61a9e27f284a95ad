/* The week of Sam Rivera (specialist) and Carla Mendes (CSAM), whom the tour and the demonstration
 * follow: each defect stands on a record of its own, the others are clean. */
#include "territory.h"

#define TEAM "spec se csa csam"

static const struct sb_deal deals[] = {
    /* clean */
    { "c-exit", "contoso", "Contoso datacenter exit", "spec", TEAM, "Realize Value",
      "Migrate and Modernize", 120, 210, -4, 5000, 0, 0 },
    { "c-data", "contoso", "Contoso analytics platform", "spec", TEAM, "Empower & Achieve",
      "Unify Your Data Platform", 100, 190, -4, 1200, 0, 0 },
    { "t-shop", "tailspin", "Tailspin webshop modernization", "spec", TEAM, "Empower & Achieve",
      "Migrate and Modernize", 90, 200, -3, 800, 0, 0 },
    /* defects on the opportunity */
    { "f-stall", "fabrikam", "Fabrikam data estate renewal", "spec", TEAM, "Inspire & Design",
      "Unify Your Data Platform", 60, 150, -40, 0, 0, 0 },
    { "f-early", "fabrikam", "Fabrikam factory insights", "spec", TEAM, "Inspire & Design",
      "Innovate with Azure AI", 80, 170, -3, 0, 0, 0 },
    { "n-bare", "northwind", "Northwind logistics hub", "spec", TEAM, "Empower & Achieve", NULL, 75,
      160, -5, 300, 0, 0 },
    { "n-late", "northwind", "Northwind order portal", "spec", TEAM, "Empower & Achieve",
      "Migrate and Modernize", -9, 120, -5, 400, 0, 0 },
    { "w-ahead", "woodgrove", "Woodgrove fraud scoring", "spec", TEAM, "Manage & Optimize",
      "Innovate with Azure AI", 110, 220, -2, 0, 0, 0 },
    { "w-two", "woodgrove", "Woodgrove branch network", "atu", TEAM, "Empower & Achieve",
      "Migrate and Modernize", 95, 180, -2, 900, 0, 0 },
    /* where milestones show the defects */
    { "a-pipe", "adventure", "Adventure Works ERP on Azure", "spec", TEAM, "Empower & Achieve",
      "Migrate and Modernize", 130, 240, -3, 2500, 0, 0 },
    { "a-run", "adventure", "Adventure Works store systems", "spec", TEAM, "Realize Value",
      "Migrate and Modernize", 140, 260, -3, 14000, 0, 0 },
    { "l-run", "litware", "Litware research cloud", "spec2", "spec2 se2 csa2 csam csam2",
      "Realize Value", "Innovate with Azure AI", 150, 270, -3, 22000, 0, 0 },
    { "l-use", "litware", "Litware virtual desktops", "spec2", "spec2 se2 csa2 csam csam2",
      "Realize Value", "Secure AI Productivity", 115, 230, -3, 7600, 0, 0 },
    { "o-brien", "obrien", "O'Brien 50%_done [pilot] & rollout", "spec2", "spec2 se2 csa2 csam2",
      "Empower & Achieve", "Migrate and Modernize", 85, 175, -3, 600, 0, 0 },
    SB_DEALS_END,
};

static const struct sb_step steps[] = {
    /* clean: committed and uncommitted */
    { "c-exit-1", "c-exit", "Landing zone production rollout", "csam", "On Track", "Production",
      "Azure Landing Zone", 1, 88, 10000, SB_FULL, "spec" },
    { "c-exit-2", "c-exit", "ERP cutover", "csam", "On Track", "Production", "SAP on Azure", 1, 70,
      18000, SB_FULL, "spec" },
    { "c-data-1", "c-data", "Analytics platform production", "spec", "On Track", "Production",
      "Microsoft Fabric", 0, 25, 8000, SB_FULL, NULL },
    { "c-data-0", "c-data", "Sizing workshop", "spec", "Completed", "POC/Pilot", "Microsoft Fabric",
      0, -45, 500, SB_FULL, NULL },
    { "t-shop-1", "t-shop", "Webshop on Kubernetes", "spec", "On Track", "Production",
      "Azure Kubernetes Service", 0, 95, 6500, SB_FULL, NULL },

    /* f-stall: stage 2 for 75 days, silent for 40 (SPEC-TRI-01), old forecast (09) */
    { "f-stall-1", "f-stall", "Data estate assessment", "spec", "On Track", "POC/Pilot",
      "Microsoft Fabric", 0, 85, 1500,
      "[{-40}] StageSince: {-75}\nBANT: B=yes A=yes N=yes T=yes\nDelivery: Partner\n"
      "DeliveryOwner: Northwind Services\nPriority: data estate\nFit: funded\n"
      "Cadence: weekly; stakeholders=CIO",
      NULL },
    /* f-early: stage 2, little evidence (SPEC-TRI-08) */
    { "f-early-1", "f-early", "Factory insights blueprint", "spec", "Not Started", "Production",
      "Azure IoT Operations", 0, 100, 3000, "[{-3}] First conversation with the plant manager.",
      NULL },
    /* n-bare: no sales play (SPEC-TRI-05) */
    { "n-bare-1", "n-bare", "Logistics hub production", "spec", "On Track", "Production",
      "Azure Integration Services", 0, 110, 4200, SB_FULL, NULL },
    /* n-late: close date past (SPEC-TRI-10) */
    { "n-late-1", "n-late", "Order portal production", "spec", "On Track", "Production",
      "Azure App Service", 0, 105, 5200, SB_FULL, NULL },
    /* w-ahead: declared stage 5 without a committed milestone (SPEC-TRI-12) */
    { "w-ahead-1", "w-ahead", "Fraud scoring production", "spec", "On Track", "Production",
      "Azure Machine Learning", 0, 112, 12000, SB_FULL, NULL },
    /* w-two: owned by the ATU while a specialist works on it (SPEC-TRI-13) */
    { "w-two-1", "w-two", "Branch network rollout", "spec", "On Track", "Production",
      "Azure Virtual WAN", 0, 99, 9000, SB_FULL, NULL },

    /* a-pipe: uncommitted milestones, one defect each */
    { "a-past", "a-pipe", "ERP sandbox refresh", "spec", "On Track", "Production", "SAP on Azure",
      0, -12, 2500, SB_FULL, NULL }, /* 02 */
    { "a-idle", "a-pipe", "Interface inventory", "spec", "On Track", "Production", "SAP on Azure",
      0, 10, 3500, SB_FULL, NULL }, /* 03 high */
    { "a-idle2", "a-pipe", "Archive migration", "spec", "On Track", "Production", "Azure Storage",
      0, 28, 1800, SB_FULL, NULL }, /* 03 medium */
    { "a-risk", "a-pipe", "Finance modules go-live", "spec", "At Risk", "Production",
      "SAP on Azure", 0, 44, 24000, SB_FULL, NULL }, /* 04 high */
    { "a-risk2", "a-pipe", "Identity integration", "spec", "Blocked", "Production",
      "Microsoft Entra", 0, 9, 5500, SB_FULL, NULL }, /* 04 critical */
    { "a-holes", "a-pipe", "Reporting layer", "spec", "On Track", "Production", NULL, 0, 90,
      SB_NO_USE, SB_FULL, NULL }, /* 06 */
    { "a-owner", "a-pipe", "Training environment", "csam", "On Track", "Production",
      "Azure DevTest Labs", 0, 92, 900, SB_FULL, "spec" }, /* 07, and 13: structure_owner */
    { "a-old", "a-pipe", "Disaster recovery", "spec", "On Track", "Production",
      "Azure Site Recovery", 0, 97, 2700,
      "[{-50}] Design agreed with the basis team. Next step: dry run.", NULL }, /* 09 */
    { "a-tasks", "a-pipe", "Performance tuning", "spec", "On Track", "Production", "SAP on Azure",
      0, 50, 4100, SB_FULL, NULL }, /* 11: overdue, undated and stale tasks */
    { "a-proof", "a-pipe", "Shop floor pilot", "se", "On Track", "POC/Pilot",
      "Azure IoT Operations", 0, 20, 700,
      "[{-4}] BANT: B=yes A=yes N=yes T=yes\nDelivery: Partner\nDeliveryOwner: Northwind Services\n"
      "Capacity: confirmed\nEnv: ready\nReadiness: CSA=yes CSAM=yes\n"
      "Outcome: scan rate of 40 a minute\nBlockers: none",
      NULL }, /* 14 */
    { "a-commit", "a-pipe", "Warehouse modules", "spec", "On Track", "Production", "SAP on Azure",
      0, 26, 16000,
      "[{-4}] BANT: B=yes A=yes N=yes T=yes\nMetrics: baseline=10 target=30 unit=users",
      NULL }, /* 15 */
    { "a-done", "a-pipe", "Kick-off", "spec", "Completed", "POC/Pilot", "SAP on Azure", 0, -80, 100,
      NULL, NULL }, /* closed: never reported */

    /* a-run: committed milestones of a specialist's customer */
    { "r-blocked", "a-run", "Store checkout rollout", "csam", "Blocked", "Production", "Azure Arc",
      1, 21, 26000,
      "[{-6}] Delivery: Partner\nDeliveryOwner: Northwind Services\nCapacity: confirmed\n"
      "Blocker: firewall change rejected by the network team\nBlockedSince: {-11}\n"
      "Metrics: baseline=4 target=120 unit=stores\nOutcome: 120 stores live\n"
      "Cadence: weekly; stakeholders=COO; escalation=CSU manager\n"
      "CSP: linked\nBVA: complete\nAgreement: signed {-60}",
      "spec" }, /* CSAM-HLT-01 */
    { "r-spec", "a-run", "Store telemetry", "spec", "On Track", "Production", "Azure Monitor", 1,
      75, 3000, SB_FULL, NULL }, /* SPEC-TRI-07: committed, owned by the specialist */

    /* l-run: the CSAM's week, one defect each */
    { "h-risk", "l-run", "Simulation cluster", "csam", "At Risk", "Production", "Azure HPC", 1, 55,
      31000, SB_FULL, "spec2" }, /* 02 high */
    { "h-urgent", "l-run", "Genome pipeline cutover", "csam", "On Track", "Production",
      "Azure Batch", 1, 11, 42000, SB_FULL, "spec2" }, /* 03 */
    { "h-near", "l-run", "Lab data ingestion", "csam", "On Track", "Production",
      "Azure Data Factory", 1, 24, 8800, SB_FULL, "spec2" }, /* 04 */
    { "h-past", "l-run", "Archive tier", "csam", "On Track", "Production", "Azure Storage", 1, -20,
      5600, SB_FULL, "spec2" }, /* 05 critical */
    { "h-late", "l-run", "Researcher onboarding", "csam", "On Track", "Production",
      "Microsoft Entra", 1, 27, 2100, SB_FULL, "spec2" }, /* 06 */
    { "h-silent", "l-run", "License consolidation", "csam", "On Track", "Production",
      "Microsoft 365", 1, 83, 3900,
      "[{-45}] Delivery: Partner\nDeliveryOwner: Northwind Services\nCapacity: confirmed\n"
      "Metrics: baseline=10 target=40 unit=users",
      "spec2" }, /* 08 */
    { "h-undated", "l-run", "Quantum workbench", "csam", "Not Started", "Production",
      "Azure Quantum", 1, SB_NO_DATE, 1000, SB_FULL, "spec2" }, /* 09 */
    { "h-orphan", "l-run", "Image analysis", "gone", "On Track", "Production", "Azure AI Vision", 1,
      66, 4700, SB_FULL, "spec2" }, /* 09: the owner has left */
    { "h-path", "l-run", "Sensor gateway", "csam", "On Track", "Production", "Azure IoT Operations",
      1, 78, 6900,
      "[{-5}] Capacity: confirmed\nEnv: ready\nMetrics: baseline=3 target=9 unit=sites\n"
      "Readiness: CSA=yes CSAM=yes\nBlockers: none",
      "spec2" }, /* 10 */
    { "h-done", "l-run", "Identity migration", "csam", "Completed", "Production", "Microsoft Entra",
      1, -3, 3300, SB_FULL, "spec2" }, /* in the report, no finding */
    /* l-use: adoption stalls */
    { "u-stall", "l-use", "Desktop adoption", "csam", "On Track", "Usage", "Azure Virtual Desktop",
      1, 62, 7400,
      "[{-5}] Delivery: Partner\nDeliveryOwner: Northwind Services\nCapacity: confirmed\n"
      "Metrics: baseline=200 target=900 unit=users\nOutcome: 900 active users by {+90}\n"
      "Cadence: monthly; stakeholders=CIO\nCSP: linked\nBVA: complete\nAgreement: signed {-90}\n"
      "Adoption has been flat since the pilot; 300 licenses unused.",
      "spec2" }, /* CSAM-HLT-11 */
    { "u-ok", "l-use", "Desktop rollout", "csam2", "On Track", "Production",
      "Azure Virtual Desktop", 1, 71, 5200, SB_FULL, "spec2" },
    /* o-brien: hostile names and text, otherwise clean */
    { "o-1", "o-brien", "=SUM(1)+O'Brien's 100% \"rollout\"", "spec2", "On Track", "Production",
      "Azure App Service", 0, 91, 2300,
      SB_FULL "\n> quoted <script>alert(1)</script> \x1b[31mred\x1b[0m", NULL },
    SB_STEPS_END,
};

#define DONE "Done when: checkpoint notes are posted"
#define LIVE(step, subject, who, due)                                                              \
    {                                                                                              \
        step, subject, who, "Consumption Plan", "In Progress", due, -4, DONE                       \
    }

static const struct sb_chore chores[] = {
    LIVE("c-exit-1", "Weekly delivery checkpoint", "csam", 18),
    LIVE("c-exit-2", "Cutover rehearsal", "csam", 30),
    { "c-data-1", "Review sizing with customer", "se", "Architecture Design Session", "In Progress",
      11, -4, "Done when: sizing sheet is agreed" },
    LIVE("t-shop-1", "Cluster design review", "se", 21),
    { "f-stall-1", "Share assessment outline", "se", "Workshop", "In Progress", 10, -40, DONE },
    LIVE("f-early-1", "Prepare discovery workshop", "spec", 9),
    LIVE("n-bare-1", "Confirm hub scope", "se", 15),
    LIVE("n-late-1", "Confirm portal scope", "se", 15),
    LIVE("w-ahead-1", "Model review", "se", 20),
    LIVE("w-two-1", "Network design review", "se", 20),
    LIVE("a-past", "Agree refresh window", "se", 5),
    /* a-idle, a-idle2: no task at all */
    LIVE("a-risk", "Weekly risk call", "se", 6),
    LIVE("a-risk2", "Weekly risk call", "se", 6),
    LIVE("a-holes", "Draft report list", "se", 12),
    LIVE("a-owner", "Book training rooms", "csam", 12),
    LIVE("a-old", "Plan dry run", "se", 12),
    LIVE("a-tasks", "Tune batch jobs", "se", 12),
    { "a-tasks", "Collect baseline timings", "se", "Technical Close/Win Plan", "In Progress", -6,
      -6, "Done when: timings are in the sheet" },
    { "a-tasks", "Order test data", "spec", "Briefing", "Not Started", SB_NO_DATE, -5,
      "Done when: the order is confirmed" },
    { "a-tasks", "Archive old reports", "se", "Briefing", "Not Started", 30, -33,
      "Done when: the archive is listed" },
    LIVE("a-proof", "Run the pilot on line 3", "se", 8),
    LIVE("a-commit", "Fit-gap session", "se", 7),
    { "a-done", "Kick-off meeting", "spec", "Workshop", "Completed", -80, -80, DONE },
    LIVE("r-blocked", "Firewall change board", "csa", 3),
    LIVE("r-spec", "Dashboard review", "csa", 16),
    LIVE("h-risk", "Queue sizing", "csa2", 9),
    /* h-urgent, h-near: none that is live */
    { "h-urgent", "Draft cutover plan", "csa2", "Workshop", "Completed", -9, -9, DONE },
    LIVE("h-past", "Agree new date", "csam", 4),
    LIVE("h-late", "Send welcome mails", "csam", 13),
    { "h-late", "Publish user guide", "csam", "Briefing", "In Progress", -2, -3, DONE },
    { "h-late", "Collect feedback", "csam", "Briefing", "Not Started", 40, -3, DONE },
    LIVE("h-silent", "License count", "csam", 20),
    LIVE("h-undated", "Shape the workbench", "csa2", 20),
    LIVE("h-orphan", "Label test images", "csa2", 20),
    LIVE("h-path", "Gateway hardening", "csa2", 20),
    LIVE("u-stall", "Adoption call", "csam", 10),
    LIVE("u-ok", "Host pool review", "csa2", 10),
    LIVE("o-1", "-2+3 cmd|' /C calc'!A0", "se2", 14),
    SB_TASKS_END,
};

const struct sb_chapter sb_chapter_week = { deals, steps, chores };
