#!/usr/bin/env bats
# Every one-liner of the command-line contract that uses the commands there are, as printed.
load common

setup_file() { sandbox_setup; }
teardown_file() { sandbox_teardown; }
setup() {
    cd "$BATS_TEST_TMPDIR" || return
    number=$(milestone 'Interface inventory')
}

@test "milestones list --mine --status active --without-tasks -q numbers" {
    run -0 msxops milestones list --mine --status active --without-tasks -q '.milestones[].msp_milestonenumber'
    # Interface inventory and Archive migration are the two of Sam's that have no task
    [ "${#lines[@]}" = 2 ]
    [ "${lines[0]}" = "$number" ]
    [[ ${lines[1]} =~ ^7-[0-9]{9}$ ]]
}

@test "milestones list --customer Contoso -o csv > contoso.csv" {
    msxops milestones list --customer Contoso -o csv > contoso.csv
    [ "$(head -c 3 contoso.csv)" != "$(printf '\xef\xbb\xbf')" ]
    grep -q '^msp_engagementmilestoneid\|msp_milestonenumber' contoso.csv
    [ "$(grep -c 'Landing zone production rollout' contoso.csv)" = 1 ]
    [ "$(grep -c 'Store checkout' contoso.csv)" = 0 ]
}

@test "opportunities list --mine | jq | milestones list --opportunity - --summary" {
    msxops opportunities list --mine | jq -r '.opportunities[].opportunityid' |
        msxops milestones list --opportunity - --summary > out.json
    [ "$(jq '.count' out.json)" -gt 20 ]
    [ "$(jq '.count == (.milestones | length)' out.json)" = true ]
    [ "$(jq '.count == ([.byStatus[]] | add)' out.json)" = true ]
    [ "$(jq '.count == (.byCommitment.Committed + .byCommitment.Uncommitted)' out.json)" = true ]
    # the same without xargs or jq between them
    msxops opportunities list --mine | msxops milestones list --opportunity - --summary > direct.json
    cmp out.json direct.json
}

@test "query with a filter as JSON lines" {
    run -0 msxops query msp_engagementmilestones --filter "msp_milestonestatus eq 861980002" --select msp_name -o ndjson
    [ "${#lines[@]}" = 2 ]
    for l in "${lines[@]}"; do jq -e .msp_name <<<"$l"; done
}

@test "plan, diff, apply" {
    msxops milestones update "$number" --date 2026-12-15 --comments "Re-dated with customer" --plan week.plan.json > update.json
    [ "$(jq -r .operationId update.json)" = OP-1 ]
    [ "$(jq -r .after.msp_milestonedate update.json)" = 2026-12-15 ]
    msxops tasks create --milestone "$number" --subject "Unblock firewall" --category "Blocker Escalation" --due +7d --plan week.plan.json > task.json
    [ "$(jq -r .operationId task.json)" = OP-2 ]
    # nothing was written
    run -0 msxops milestones show "$number" -q .msp_milestonedate
    [ "$output" = 2026-03-12 ]
    # as printed: without a terminal apply does nothing
    run -2 --separate-stderr bash -c 'msxops diff week.plan.json && setsid -w msxops apply week.plan.json'
    [[ $stderr == *"no terminal to confirm on, nothing was applied"* ]]
    id=$(jq -r .confirmation <<<"$output")
    [[ $id =~ ^[0-9a-f]{12}$ ]]
    # people see cards, and that ID as the last line
    [ "$(msxops diff week.plan.json -o table | tail -n 1)" = "Confirmation ID: $id" ]
    run -0 --separate-stderr msxops apply week.plan.json --confirm "$id"
    [ "$(jq -r '[.operations[].outcome] | join(",")' <<<"$output")" = applied,applied ]
    [ "$(jq '[.operations[].verified] | all' <<<"$output")" = true ]
    run -0 msxops milestones show "$number" -q .msp_milestonedate
    [ "$output" = 2026-12-15 ]
    run -0 msxops tasks list --milestone "$number" -q '.tasks[0] | [.subject, .scheduledend[0:10], ."msp_taskcategory@OData.Community.Display.V1.FormattedValue"] | join("|")'
    [ "$output" = "Unblock firewall|2026-03-09|Blocker Escalation" ]
    # applied once: a second time sends nothing
    run -0 --separate-stderr msxops apply week.plan.json --confirm "$id"
    [ "$(jq -r '[.operations[].outcome] | unique | join(",")' <<<"$output")" = already-applied ]
}

@test "skill run spec-hygiene-triage --plan hygiene.plan.json -o md" {
    run -0 msxops skill run spec-hygiene-triage --plan hygiene.plan.json -o md
    [[ $output == "# "* ]]
    [[ $output == *SPEC-TRI-02* ]]
    [ "$(jq '.operations | length' hygiene.plan.json)" -gt 5 ]
}

@test "skill run csam-health-review --exit-code=high -o json | jq" {
    as_user carla.mendes@contoso-sellers.example
    run -5 bash -o pipefail -c 'msxops skill run csam-health-review --exit-code=high -o json >health.json; s=$?; jq ".outputs.customer_summary" health.json; exit $s'
    [[ $output == *"Genome pipeline cutover"* ]]
    as_user sam.rivera@contoso-sellers.example
}

@test "skill run --strict: status 9 when a flow recorded gaps" {
    # without a scope the flow says that it chose one itself
    run -9 msxops skill run spec-hygiene-triage --strict -q '.gaps[].kind'
    [ "$output" = scope_default ]
    run -0 msxops skill run spec-hygiene-triage --strict --customer Contoso -q '.gaps | length'
    [ "$output" = 0 ]
}
