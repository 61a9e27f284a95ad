#!/usr/bin/env bats
# Guardrails on a live server: shown when planned and by diff, and refused by apply.
load common

setup_file() { sandbox_setup; }
teardown_file() { sandbox_teardown; }
setup() {
    cd "$BATS_TEST_TMPDIR" || return
    number=$(milestone 'Interface inventory')
}
confirmation() { # PLAN
    msxops diff "$1" -q .confirmation
}
rows() { # PLAN OPERATION: "outcome ID" of what fired, one a line
    msxops plan show "$1" -o json \
        -q ".operations[] | select(.id == \"$2\") | .guardrails[] | \"\(.outcome) \(.id)\""
}

@test "a task without a due date is planned, shown as blocked and refused with status 8" {
    msxops tasks create --milestone "$number" --subject "No date" --plan p.json >out.json
    [ "$(jq -r '.guardrails[0].id' out.json)" = GX-10 ]
    run -0 msxops diff p.json -o table
    [[ $output == *"block GX-10: due date missing"* ]]
    [[ $output == *"to clear"*"set a date"* ]]
    run -8 --separate-stderr msxops apply p.json --confirm "$(confirmation p.json)"
    [[ $stderr == *"GX-10: due date missing"* ]]
    [ "$(jq -r '.operations[0].outcome' <<<"$output")" = refused ]
    # nothing was written
    run -0 msxops tasks list --milestone "$number" -q '[.tasks[] | select(.subject == "No date")] | length'
    [ "$output" = 0 ]
    # an edit cures it
    msxops plan edit p.json OP-1 --set dueDate=+7d >edited.json
    [ -z "$(rows p.json OP-1)" ]
    run -0 msxops apply p.json --confirm "$(confirmation p.json)"
}

@test "a past date blocks, an equal open subject blocks, several records warn" {
    msxops tasks create --milestone "$number" --subject "Check ports" --due 2026-03-02 --plan p.json >a.json
    [ "$(jq -c .guardrails a.json)" = '[]' ]
    msxops tasks create --milestone "$number" --subject "Late" --due 2026-03-01 --plan p.json >b.json
    [ "$(rows p.json OP-2)" = "block GX-10
warn GX-17" ]
    [ "$(rows p.json OP-1)" = "warn GX-17" ] # said of the one planned earlier, too
    msxops plan drop p.json OP-2 >dropped.json
    [ -z "$(rows p.json OP-1)" ]
    msxops apply p.json --confirm "$(confirmation p.json)" >applied.json
    msxops tasks create --milestone "$number" --subject "check  PORTS" --due +7d --plan q.json >c.json
    [ "$(rows q.json OP-1)" = "block GX-09" ]
}

@test "what came up since it was planned is seen by apply" {
    msxops tasks create --milestone "$number" --subject "Order circuits" --due +7d --plan mine.json >a.json
    [ -z "$(rows mine.json OP-1)" ]
    msxops tasks create --milestone "$number" --subject "order circuits" --due +9d --plan theirs.json >b.json
    msxops apply theirs.json --confirm "$(confirmation theirs.json)" >c.json
    run -8 --separate-stderr msxops apply mine.json --confirm "$(confirmation mine.json)"
    [[ $stderr == *"GX-09: already exists: order circuits"* ]]
    run -0 msxops tasks list --milestone "$number" \
        -q '[.tasks[] | select(.subject | ascii_downcase == "order circuits")] | length'
    [ "$output" = 1 ]
}

@test "a risk is closed only with who recovers it and by when" {
    risky=$(milestone 'Finance modules go-live')
    [ "$(msxops milestones show "$risky" -q .msp_milestonestatus)" = 861980001 ]
    msxops milestones update "$risky" --status "On Track" --plan p.json >a.json
    [ "$(rows p.json OP-1)" = "block GX-15" ]
    msxops milestones update "$risky" --plan p.json \
        --comments "Recovery: owner=Ana Lima date=2026-04-01" >b.json
    [ -z "$(rows p.json OP-1)" ]
}

@test "a role that the title does not tell blocks until it is said" {
    mkdir -p "$MSXOPS_HOME/config"
    me=$(msxops whoami -q .UserId)
    printf '%s: unknown\n' "$me" >"$MSXOPS_HOME/config/users.yaml"
    msxops tasks create --milestone "$number" --subject "By nobody" --due +7d --plan p.json >a.json
    run -0 msxops diff p.json -o table
    [[ $output == *"block GX-04: your role is not clear"* ]]
    [[ $output == *"msxops config set role"* ]]
    msxops config set role specialist
    run -0 msxops apply p.json --confirm "$(confirmation p.json)"
    rm "$MSXOPS_HOME/config/users.yaml"
    msxops config unset role || true
}

@test "many changes cost few reads" {
    msxops milestones list --mine --status active -q '.milestones[].msp_milestonenumber' >numbers
    [ "$(wc -l <numbers)" -ge 15 ]
    # shellcheck disable=SC2046 # one number a word
    msxops --trace trace milestones update $(cat numbers) --date 2026-12-01 --plan p.json >a.json
    [ "$(grep -c '^> GET' trace)" -le 16 ]
    [ "$(msxops plan show p.json -o json -q '[.operations[] | select(.guardrails | any(.id == "GX-17"))] | length')" \
        = "$(wc -l <numbers)" ]
}

@test "a broken rule file is named with its line" {
    mkdir -p "$MSXOPS_HOME/config/skills/shared"
    sed 's/run.op.placeholders is not empty/run.op.placeholder is not empty/' \
        "$BATS_TEST_DIRNAME/../../skills/shared/guardrails.yaml" \
        >"$MSXOPS_HOME/config/skills/shared/guardrails.yaml"
    run --separate-stderr msxops tasks create --milestone "$number" --subject x --due +7d --plan p.json
    [ "$status" -ne 0 ]
    [[ $stderr == *"guardrails.yaml' line "*"op.placeholders"* ]]
    rm -r "$MSXOPS_HOME/config/skills"
}

@test "a plan names the flows and results behind it; a result shows the guardrails of the whole plan" {
    msxops skill run csam-health-review --role csam --plan p.json >r.json
    [ "$(jq '.operations | length' r.json)" -ge 2 ]
    [ "$(jq -c .flows p.json)" = '["csam-health-review"]' ]
    [ "$(jq -c '[.results[] | .flow, .run.today, .decision.value]' p.json)" \
        = "$(jq -c '[.flow, .run.today, .decision.value]' r.json)" ]
    # each operation of the plan is judged beside all others, the first one too
    [ "$(jq '[.operations[] | select(.guardrails | any(.id == "GX-17") | not)] | length' r.json)" = 0 ]
    [ "$(jq '.outputs.dry_run_updates == .operations' r.json)" = true ]
    [ "$(jq '.stats.operations.blocked' r.json)" \
        = "$(jq '[.operations[] | select(.guardrails | any(.outcome == "block"))] | length' r.json)" ]
    # the same flow again stands there once
    msxops skill run csam-health-review --role csam --plan p.json >r.json
    [ "$(jq -c .flows p.json)" = '["csam-health-review"]' ]
    [ "$(jq '.results | length' p.json)" = 1 ]
}

@test "what warns of the whole plan is shown once, what concerns one operation on its card" {
    msxops tasks create --milestone "$number" --subject "One" --due +7d --plan p.json >a.json
    msxops tasks create --milestone "$number" --subject "Two" --plan p.json >b.json
    msxops tasks create --milestone "$number" --subject "Three" --due +9d --plan p.json >c.json
    run -0 msxops diff p.json -o table
    [ "$(grep -c GX-17 <<<"$output")" = 1 ]
    [[ $output == *$'\n\nGuardrail    warn GX-17: 3 records; each is listed, approve the full set or item\n             by item\n3 operations for '* ]]
    [[ $output == *$'OP-2  create task\n'*$'block GX-10: due date missing\n  to clear   set a date\n\nOP-3 '* ]]
    # a card by itself has all of its own; JSON too
    run -0 msxops tasks create --milestone "$number" --subject "Four" --due +9d --plan p.json -o table
    [ "$(grep -c GX-17 <<<"$output")" = 1 ]
    run -0 msxops diff p.json -q '[.cards[] | select(.guardrails | any(.id == "GX-17"))] | length'
    [ "$output" = 4 ]
    # the same block on every card is to be cleared on every card
    for i in 1 2; do msxops tasks create --milestone "$number" --subject "No $i" --plan q.json >/dev/null; done
    run -0 msxops diff q.json -o table
    [ "$(grep -c GX-10 <<<"$output")" = 2 ]
}
