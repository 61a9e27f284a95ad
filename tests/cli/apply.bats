#!/usr/bin/env bats
# Planning and applying against a service where other people work, and which fails.
load common

setup_file() { sandbox_setup; }
teardown_file() { sandbox_teardown; }
setup() {
    cd "$BATS_TEST_TMPDIR" || return
    no_faults
    control reset '{}'
    curl -sS -X DELETE -H "X-Sandbox-Key: $SB_KEY" "$SB_URL/__sandbox/state" >/dev/null
    mapfile -t numbers < <(msxops milestones list --mine --status active \
        -q '.milestones[].msp_milestonenumber' | head -5)
    guid=$(msxops milestones show "${numbers[0]}" -q .msp_engagementmilestoneid)
}

plan() { msxops --quiet "$@" --plan p.plan.json -o json; }
confirmation() { msxops diff "${1:-p.plan.json}" -o json -q .confirmation; }
apply() { msxops --quiet apply p.plan.json --confirm "$(confirmation)" -o json "$@"; }
writes() { control state | jq .writeCount; }
edit() { # edit COLUMN VALUE: somebody else changes the first milestone
    control edit "$(jq -n --arg id "$guid" --arg c "$1" --argjson v "$2" \
        '{entitySet: "msp_engagementmilestones", id: $id, set: {($c): $v}}')"
}
redate() { plan milestones update "$1" --date 2026-12-15 >/dev/null; }

@test "an unrelated edit between plan and apply is no conflict" {
    redate "${numbers[0]}"
    edit msp_forecastcomments '"somebody writes"'
    run -0 --separate-stderr apply
    [ "$(jq -r '.operations[0] | "\(.outcome) \(.rebased)"' <<<"$output")" = "applied true" ]
    [ "$(msxops milestones show "$guid" -q .msp_forecastcomments)" = "somebody writes" ]
}

@test "another value there is a conflict that names column, values, person and time" {
    redate "${numbers[0]}"
    edit msp_milestonedate '"2026-06-06"'
    run -6 --separate-stderr apply
    message=$(jq -r '.operations[0].message' <<<"$output")
    [[ $message == *"'msp_milestonedate' is now '2026-06-06'"* ]]
    [[ $message == *"planned '20"*"' -> '2026-12-15'"* ]]
    [[ $message == *"changed by "*" on 2026-03-02T"* ]]
    [ "$(writes)" = 0 ]
    run -0 msxops diff --live p.plan.json -o json
    [ "$(jq -r '.cards[0] | "\(.liveState) \(.live[0].field)"' <<<"$output")" = \
        "changed msp_milestonedate" ]
}

@test "done and conflict together: status 7; skip and rebase never overwrite" {
    redate "${numbers[0]}"
    redate "${numbers[1]}"
    edit msp_milestonedate '"2026-06-06"'
    run -7 --separate-stderr apply --on-conflict rebase
    [ "$(jq -r '[.operations[].outcome] | join(" ")' <<<"$output")" = "conflict applied" ]
    run -7 --separate-stderr apply --on-conflict skip
    [ "$(jq -r '[.operations[].outcome] | join(" ")' <<<"$output")" = "skipped already-applied" ]
    [ "$(msxops milestones show "$guid" -q .msp_milestonedate)" = 2026-06-06 ]
}

@test "updates of one record become one operation; set back, it is gone" {
    before=$(msxops milestones show "$guid" -q .msp_milestonedate)
    redate "${numbers[0]}"
    run -0 --separate-stderr plan milestones update "${numbers[0]}" --monthly-use 4321
    [ "$(jq -r '"\(.operationId) \(.merged)"' <<<"$output")" = "OP-1 true" ]
    [ "$(jq '.operations | length' p.plan.json)" = 1 ]
    plan milestones update "${numbers[1]}" --monthly-use 1 >/dev/null
    [ "$(jq -r '[.operations[].id] | join(" ")' p.plan.json)" = "OP-1 OP-2" ]
    msxops --quiet plan drop p.plan.json OP-2 >/dev/null
    plan milestones update "${numbers[1]}" --monthly-use 1 >/dev/null
    [ "$(jq -r '[.operations[].id] | join(" ")' p.plan.json)" = "OP-1 OP-3" ]
    run -0 --separate-stderr apply
    [ "$(writes)" = 2 ]
    [ "$before" != "$(msxops milestones show "$guid" -q .msp_milestonedate)" ]
}

@test "the same task planned twice is one" {
    plan tasks create --milestone "${numbers[0]}" --subject "Unblock it" --due +7d >/dev/null
    run -0 --separate-stderr plan tasks create --milestone "${numbers[0]}" --subject "unblock  IT" --due +8d
    [ "$(jq -r .merged <<<"$output")" = true ]
    run -0 --separate-stderr apply
    [ "$(jq -r .counts.applied <<<"$output")" = 1 ]
}

@test "a due date is the user's own day, far east and far west" {
    local zone
    for zone in Pacific/Auckland Pacific/Pago_Pago; do
        setup
        rm -f p.plan.json
        export TZ=$zone
        plan tasks create --milestone "${numbers[0]}" --subject "Unblock it" --due 2026-03-20 >/dev/null
        [ "$(msxops diff p.plan.json -o json -q '.cards[0].rows[] | select(.field == "scheduledend").after')" = 2026-03-20 ]
        run -0 --separate-stderr apply
        [ "$(jq '.operations[0].verified' <<<"$output")" = true ]
        task=$(jq -r '.operations[0].target.id' <<<"$output")
        [[ "$(msxops tasks list --milestone "${numbers[0]}" -o table)" == *"Unblock it"*2026-03-20* ]]
        run -2 --separate-stderr msxops tasks update "$task" --due 2026-03-20 --plan q.plan.json # no change
        [ ! -e q.plan.json ]
        # and changed: both sides of the row, there and back
        rm p.plan.json
        plan tasks update "$task" --due 2026-03-21 >/dev/null
        row='.cards[0].rows[] | select(.field == "scheduledend") | "\(.before) \(.after)"'
        [ "$(msxops diff p.plan.json -o json -q "$row")" = "2026-03-20 2026-03-21" ]
        run -0 --separate-stderr apply
        undo=$(jq -r .undo <<<"$output")
        [ "$(msxops diff "$undo" -o json -q "$row")" = "2026-03-21 2026-03-20" ]
    done
    export TZ=UTC
}

@test "the undo plan takes it back, unless somebody has worked on it since" {
    before=$(msxops milestones show "$guid" -q .msp_milestonedate)
    redate "${numbers[0]}"
    plan tasks create --milestone "${numbers[0]}" --subject "Unblock it" --due +7d >/dev/null
    run -0 --separate-stderr apply
    undo=$(jq -r .undo <<<"$output")
    task=$(jq -r '.operations[1].target.id' <<<"$output")
    control edit "{\"entitySet\": \"tasks\", \"id\": \"$task\", \"set\": {\"subject\": \"Mine\"}}"
    run -7 --separate-stderr msxops --quiet apply "$undo" --confirm "$(confirmation "$undo")" -o json
    [ "$(jq -r '[.operations[] | "\(.type) \(.outcome)"] | sort | join(", ")' <<<"$output")" = \
        "close_task conflict, update_milestone applied" ]
    [ "$(msxops milestones show "$guid" -q .msp_milestonedate)" = "$before" ]
}

@test "answers that are lost, late or wrong: every write once" {
    local kind
    for kind in '{"type":"close-before"}' '{"type":"close-after"}' '{"type":"status","status":503}' \
        '{"type":"status","status":429,"retryAfter":0}' '{"type":"truncate","bytes":5}'; do
        setup
        rm -f p.plan.json
        redate "${numbers[0]}"
        plan tasks create --milestone "${numbers[0]}" --subject "Unblock it" --due +7d >/dev/null
        faults "[{\"match\":{\"method\":\"PATCH\",\"count\":1},\"action\":$kind}]"
        run -0 --separate-stderr apply
        [ "$(jq -r .counts.applied <<<"$output")" = 2 ] || { echo "$kind: $output"; false; }
        [ "$(writes)" = 2 ] || { echo "$kind"; false; }
    done
}

@test "a server that is gone in the middle: status 10, and resume settles it" {
    redate "${numbers[0]}"
    id=$(confirmation)
    # the record can be read before the write, and not after it
    faults "$(jq -n '[{match: {method: "PATCH"}, action: {type: "close-after"}}] + [range(2; 40) |
        {match: {method: "GET", pathContains: "msp_engagementmilestones(", nth: .},
         action: {type: "close-before"}}]')"
    run -10 --separate-stderr msxops --retries 1 apply p.plan.json --confirm "$id" -o json
    [ "$(jq -r '.operations[0].outcome' <<<"$output")" = unknown ]
    [[ $stderr == *"--resume"* ]]
    no_faults
    run -0 --separate-stderr msxops --quiet apply p.plan.json --resume -o json
    [ "$(jq -r '.operations[0] | "\(.outcome) \(.recovered)"' <<<"$output")" = "applied true" ]
    [ "$(writes)" = 1 ]
}

@test "the plan of somebody else is refused" {
    redate "${numbers[0]}"
    id=$(confirmation)
    jq '.user.id = "00000000-0000-4000-8000-000000000001"' p.plan.json >q.plan.json
    run -3 --separate-stderr msxops apply q.plan.json --confirm "$id"
    [[ $stderr == *"signed in as"* ]]
    [ "$(writes)" = 0 ]
}

@test "two at the same time: one applies, the other is told whose turn it is" {
    for n in "${numbers[@]}"; do redate "$n"; done
    id=$(confirmation)
    control latency '{"ms":150}'
    msxops --quiet apply p.plan.json --confirm "$id" -o json >first.json &
    first=$!
    while [ "$(control state | jq '[.recent[] | select(.method == "PATCH")] | length')" = 0 ]; do :; done
    run --separate-stderr msxops --quiet apply p.plan.json --confirm "$id" -o json
    second=$status text=$stderr out=$output
    wait $first
    control latency '{"ms":0}'
    [ "$(jq .counts.applied first.json)" = 5 ]
    [ "$(writes)" = 5 ]
    if [ "$second" = 6 ]; then
        [[ $text == *"being applied by process"* ]]
    else # the first was quicker
        [ "$second" = 0 ]
        [ "$(jq '.counts["already-applied"]' <<<"$out")" = 5 ]
    fi
}

@test "interrupted: what runs is settled, 130, and resume does the rest" {
    for n in "${numbers[@]}"; do redate "$n"; done
    id=$(confirmation)
    control latency '{"ms":100}'
    msxops --quiet apply p.plan.json --confirm "$id" --concurrency 1 -o json >out.json 2>err &
    pid=$!
    while [ "$(control state | jq '[.recent[] | select(.method == "PATCH")] | length')" = 0 ]; do :; done
    kill -INT $pid
    rc=0
    wait $pid || rc=$?
    control latency '{"ms":0}'
    [ $rc = 130 ]
    done_then=$(jq .counts.applied out.json)
    [ "$done_then" -ge 1 ] && [ "$done_then" -lt 5 ]
    [ "$(writes)" = "$done_then" ]
    run -0 --separate-stderr msxops --quiet apply p.plan.json --resume -o json
    [ "$(jq '.counts | .applied + .["already-applied"]' <<<"$output")" = 5 ]
    [ "$(writes)" = 5 ]
}
