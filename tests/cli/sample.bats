#!/usr/bin/env bats
# The sample territory: what the first flows find for each of its users, as cmd/sandbox/SAMPLE-DATA.md
# plans it, no more and no less. One line per finding, rule and record.
load common

setup_file() { sandbox_setup; }
teardown_file() { sandbox_teardown; }

# finds USER FLOW EXPECTED: the findings are exactly these, and a second run gives the same bytes
finds() {
    as_user "$1@contoso-sellers.example"
    msxops skill run "$2" -o json >"$BATS_TEST_TMPDIR/first.json"
    jq -r '.findings[] | "\(.rule): \(.record.name)"' "$BATS_TEST_TMPDIR/first.json" |
        LC_ALL=C sort >"$BATS_TEST_TMPDIR/found"
    diff <(printf '%s\n' "$3") "$BATS_TEST_TMPDIR/found"
    msxops skill run "$2" -o json >"$BATS_TEST_TMPDIR/second.json"
    cmp "$BATS_TEST_TMPDIR/first.json" "$BATS_TEST_TMPDIR/second.json"
}

@test "Sam Rivera, specialist: pipeline triage" {
    finds sam.rivera spec-hygiene-triage "SPEC-TRI-01: Fabrikam data estate renewal
SPEC-TRI-02: ERP sandbox refresh
SPEC-TRI-03: Archive migration
SPEC-TRI-03: Interface inventory
SPEC-TRI-04: Finance modules go-live
SPEC-TRI-04: Identity integration
SPEC-TRI-04: Store checkout rollout
SPEC-TRI-05: Northwind logistics hub
SPEC-TRI-06: Reporting layer
SPEC-TRI-07: Store telemetry
SPEC-TRI-07: Training environment
SPEC-TRI-08: Fabrikam factory insights
SPEC-TRI-09: Data estate assessment
SPEC-TRI-09: Disaster recovery
SPEC-TRI-10: Northwind order portal
SPEC-TRI-11: Archive old reports
SPEC-TRI-11: Collect baseline timings
SPEC-TRI-11: Order test data
SPEC-TRI-12: Northwind logistics hub
SPEC-TRI-12: Woodgrove fraud scoring
SPEC-TRI-13: Training environment
SPEC-TRI-13: Woodgrove branch network
SPEC-TRI-14: Shop floor pilot
SPEC-TRI-15: Warehouse modules"
}

@test "Carla Mendes, CSAM: health review" {
    finds carla.mendes csam-health-review "CSAM-HLT-01: Store checkout rollout
CSAM-HLT-02: Simulation cluster
CSAM-HLT-03: Genome pipeline cutover
CSAM-HLT-04: Lab data ingestion
CSAM-HLT-05: Archive tier
CSAM-HLT-06: Archive tier
CSAM-HLT-06: Researcher onboarding
CSAM-HLT-08: License consolidation
CSAM-HLT-09: Image analysis
CSAM-HLT-09: Quantum workbench
CSAM-HLT-10: Sensor gateway
CSAM-HLT-11: Desktop adoption
CSAM-HLT-14: Litware research cloud"
}

@test "Priya Nair, specialist of the second team: pipeline triage" {
    finds priya.nair spec-hygiene-triage "SPEC-TRI-02: Archive tier
SPEC-TRI-02: Turnstile gateway
SPEC-TRI-03: Dock calendar
SPEC-TRI-03: Genome pipeline cutover
SPEC-TRI-03: Lab data ingestion
SPEC-TRI-04: Simulation cluster
SPEC-TRI-05: Customs declarations
SPEC-TRI-06: Agency access
SPEC-TRI-06: Canteen adoption
SPEC-TRI-06: Loss reports
SPEC-TRI-06: Parking guidance
SPEC-TRI-06: Quantum workbench
SPEC-TRI-06: Reporting pages
SPEC-TRI-06: Restoration notes
SPEC-TRI-07: Image analysis
SPEC-TRI-07: Meter exchange
SPEC-TRI-07: Preview portal
SPEC-TRI-07: Webcam portal
SPEC-TRI-08: Alpine snow forecast
SPEC-TRI-09: License consolidation
SPEC-TRI-09: Ski school booking
SPEC-TRI-10: Pallet tracking
SPEC-TRI-11: Book the consultants
SPEC-TRI-11: Collect agent wishes
SPEC-TRI-11: Draft chat topics
SPEC-TRI-11: List mail boxes
SPEC-TRI-11: Publish user guide
SPEC-TRI-12: Broker portal
SPEC-TRI-12: Litware research cloud
SPEC-TRI-12: Parcel tracking
SPEC-TRI-13: Alpine season pass renewal
SPEC-TRI-13: Gate camera pilot
SPEC-TRI-13: Image analysis
SPEC-TRI-13: Invoice matching
SPEC-TRI-13: Locker pilot
SPEC-TRI-13: Webcam portal
SPEC-TRI-15: Credit limits
SPEC-TRI-15: Customs papers
SPEC-TRI-15: Freight booking
SPEC-TRI-15: Price lists
SPEC-TRI-15: Stock levels"
}

@test "David Osei, CSAM of the second team: health review" {
    finds david.osei csam-health-review "CSAM-HLT-02: Simulation cluster
CSAM-HLT-03: Genome pipeline cutover
CSAM-HLT-04: Lab data ingestion
CSAM-HLT-05: Archive tier
CSAM-HLT-06: Archive tier
CSAM-HLT-06: Researcher onboarding
CSAM-HLT-08: License consolidation
CSAM-HLT-09: Image analysis
CSAM-HLT-09: Quantum workbench
CSAM-HLT-10: Sensor gateway
CSAM-HLT-11: Alumni adoption
CSAM-HLT-11: Desktop adoption
CSAM-HLT-14: Damage photos
CSAM-HLT-14: Litware research cloud
CSAM-HLT-15: Outage messages"
}

@test "both sides of a team see the same" {
    for flow in spec-hygiene-triage csam-health-review; do
        for user in priya.nair david.osei; do
            as_user $user@contoso-sellers.example
            msxops skill run $flow -q '[.findings[] | {id, severity, reason}]' \
                >"$BATS_TEST_TMPDIR/$user.json"
        done
        cmp "$BATS_TEST_TMPDIR/priya.nair.json" "$BATS_TEST_TMPDIR/david.osei.json"
    done
}

@test "the larger size adds records, on any day, and leaves the territory as it is" {
    as_user sam.rivera@contoso-sellers.example
    msxops skill run spec-hygiene-triage -q '[.findings[] | {id, severity, reason}]' \
        >"$BATS_TEST_TMPDIR/small.json"
    export MSXOPS_TODAY=2027-12-30
    msxops --quiet sandbox stop
    before=$SECONDS
    msxops --quiet sandbox start --reset --size medium --user sam.rivera@contoso-sellers.example
    [ $((SECONDS - before)) -lt 30 ]
    [ "$(msxops query tasks --select subject -q '.value | length')" -gt 24000 ]
    msxops skill run spec-hygiene-triage -q '[.findings[] | {id, severity, reason}]' \
        >"$BATS_TEST_TMPDIR/medium.json"
    # opportunities are named by the same keys, milestones by the same numbers
    cmp "$BATS_TEST_TMPDIR/small.json" "$BATS_TEST_TMPDIR/medium.json"
}
