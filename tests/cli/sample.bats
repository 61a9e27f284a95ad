#!/usr/bin/env bats
# The sample territory: what the first flows find for each of its users, as cmd/sandbox/SAMPLE-DATA.md
# plans it, no more and no less. One line per finding, rule and record.
load common

setup_file() { sandbox_setup; }
teardown_file() { sandbox_teardown; }

# finds USER FLOW: the findings are exactly those of sample/USER.FLOW, and a second run gives the same
# bytes
finds() {
    as_user "$1@contoso-sellers.example"
    msxops skill run "$2" -o json >"$BATS_TEST_TMPDIR/first.json"
    jq -r '.findings[] | "\(.rule): \(.record.name)"' "$BATS_TEST_TMPDIR/first.json" |
        LC_ALL=C sort >"$BATS_TEST_TMPDIR/found"
    diff "$BATS_TEST_DIRNAME/sample/$1.$2" "$BATS_TEST_TMPDIR/found"
    msxops skill run "$2" -o json >"$BATS_TEST_TMPDIR/second.json"
    cmp "$BATS_TEST_TMPDIR/first.json" "$BATS_TEST_TMPDIR/second.json"
}

@test "Sam Rivera, specialist: pipeline triage" {
    finds sam.rivera spec-hygiene-triage
}

@test "Carla Mendes, CSAM: health review" {
    finds carla.mendes csam-health-review
}

@test "Priya Nair, specialist of the second team: pipeline triage" {
    finds priya.nair spec-hygiene-triage
}

@test "David Osei, CSAM of the second team: health review" {
    finds david.osei csam-health-review
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
