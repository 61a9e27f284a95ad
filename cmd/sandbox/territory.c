/* Who is who in the sample territory, its customers, and the order of its parts. */
#include "territory.h"

const struct sb_person sb_people[] = {
    { "spec", "Sam Rivera", "Digital Specialist", "sam.rivera@contoso-sellers.example", 0 },
    { "spec2", "Priya Nair", "Azure Specialist", "priya.nair@contoso-sellers.example", 0 },
    { "se", "Elena Petrova", "Solution Engineer", "elena.petrova@contoso-sellers.example", 0 },
    { "se2", "Tom Becker", "Technical Specialist", "tom.becker@contoso-sellers.example", 0 },
    { "csa", "Chidi Okafor", "Cloud Solution Architect", "chidi.okafor@contoso-sellers.example",
      0 },
    { "csa2", "Mei Tanaka", "Senior Cloud Solution Architect", "mei.tanaka@contoso-sellers.example",
      0 },
    { "csam", "Carla Mendes", "Customer Success Account Manager",
      "carla.mendes@contoso-sellers.example", 0 },
    { "csam2", "David Osei", "Customer Success Account Manager",
      "david.osei@contoso-sellers.example", 0 },
    { "atu", "Andrea Rossi", "Account Executive", "andrea.rossi@contoso-sellers.example", 0 },
    { "unified", "Ulf Lindqvist", "Support Engineer", "ulf.lindqvist@contoso-sellers.example", 0 },
    { "isd", "Ines Duarte", "Industry Solutions Delivery Consultant",
      "ines.duarte@contoso-sellers.example", 0 },
    { "partner", "Nora Winds", "Partner Practice Lead", "nora.winds@northwindservices.example", 0 },
    { "both", "Alex Kim", "CSA/CSAM Manager", "alex.kim@contoso-sellers.example", 0 },
    { "blank", "Jo Untitled", NULL, "jo.untitled@contoso-sellers.example", 0 },
    { "gone", "Robin Former", "Digital Specialist", "robin.former@contoso-sellers.example", 1 },
    { NULL, NULL, NULL, NULL, 0 },
};

const struct sb_customer sb_customers[] = {
    { "contoso", "Contoso", "1234567", "atu" },
    { "fabrikam", "Fabrikam", "2345678", "atu" },
    { "northwind", "Northwind Traders", "3456789", "atu" },
    { "adventure", "Adventure Works", "4567890", "atu" },
    { "woodgrove", "Woodgrove Bank", "5678901", "atu" },
    { "tailspin", "Tailspin Toys", "6789012", "atu" },
    { "litware", "Litware", "7890123", "atu" },
    { "obrien", "O'Brien & Söhne #1", "8901234", "atu" },
    { "proseware", "Proseware", "9012345", "atu" },
    { "coffee", "Fourth Coffee", "9123456", "atu" },
    { "importers", "Wide World Importers", "9234567", "atu" },
    { "alpine", "Alpine Ski House", "9345678", "atu" },
    { "messenger", "Consolidated Messenger", "9456789", "atu" },
    { "lucerne", "Lucerne Publishing", "9567890", "atu" },
    { "insurance", "Humongous Insurance", "9678901", "atu" },
    { "vanarsdel", "VanArsdel", "9789012", "atu" },
    { "power", "City Power & Light", "9890123", "atu" },
    { "design", "Graphic Design Institute", "9901234", "atu" },
    { "coho", "Coho Vineyard", "9911234", "atu" },
    { "margie", "Margie's Travel", "9921234", "atu" },
    { "blueyonder", "Blue Yonder Airlines", "9931234", "atu" },
    { "trey", "Trey Research", "9941234", "atu" },
    { "wingtip", "Wingtip Toys", "9951234", "atu" },
    { "school", "School of Fine Art", "9961234", "atu" },
    { NULL, NULL, NULL, NULL },
};

const char *const sb_full_block =
    "BANT: B=yes A=yes N=yes T=yes\n"
    "Delivery: Partner\n"
    "DeliveryOwner: Northwind Services\n"
    "Capacity: confirmed\n"
    "Env: ready\n"
    "Metrics: baseline=120 target=400 unit=users\n"
    "Outcome: 400 active users by {+120}\n"
    "Architecture: hub and spoke landing zone with private endpoints\n"
    "Constraints: data stays in the EU\n"
    "Dependencies: network circuit ordered\n"
    "Deliverables: landing zone and two migrated workloads\n"
    "Risks: short cutover window; mitigation rehearsal {+16}\n"
    "Blockers: none\n"
    "Readiness: CSA=yes CSAM=yes\n"
    "Proof: done artifact=sharepoint\n"
    "Agreement: signed {-10}\n"
    "WhyBought: datacenter lease ends\n"
    "Success: two workloads live, lease cancelled\n"
    "Promised: migration of two workloads\n"
    "OutOfScope: mainframe\n"
    "Cadence: weekly Thursday; stakeholders=CIO; escalation=CSU manager\n"
    "Priority: datacenter exit\n"
    "Fit: funded programme\n"
    "CSP: linked\n"
    "BVA: complete";

const struct sb_chapter *const sb_chapters[] = {
    &sb_chapter_week,     &sb_chapter_pipeline, &sb_chapter_delivery,
    &sb_chapter_handover, &sb_chapter_growth,   NULL,
};
