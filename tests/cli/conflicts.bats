#!/usr/bin/env bats
# Between plan and apply somebody else has been at work, or something stops half-way: what is
# reported, what is written, what can be taken back.
load common

CARLA=711cd7a6-dcb7-48eb-8c54-44cdb2090929

setup_file() { sandbox_setup; }
teardown_file() { no_faults && sandbox_teardown; }
setup() {
    cd "$BATS_TEST_TMPDIR" || return
    no_faults
    control reset '{}' >/dev/null
    rm -rf "$MSXOPS_HOME/state/journal" "$MSXOPS_HOME/state/apply" "$MSXOPS_HOME/state/plans"
    reset_counts
    number=7-100000013 # Interface inventory, Sam's
    milestone=$(msxops milestones show "$number" -q .msp_engagementmilestoneid)
    task=$(msxops tasks list --mine --open -q '.tasks[] | select(.subject == "Order test data") | .activityid')
}
reset_counts() { curl -sS -X DELETE -H "X-Sandbox-Key: $SB_KEY" "$SB_URL/__sandbox/state"; }
writes() { control state | jq '.writes | length'; }
edit() { # SET ID FIELDS: somebody else's change
    control edit "{\"entitySet\":\"$1\",\"id\":\"$2\",\"as\":\"$CARLA\",\"set\":$3}"
}
confirm() { msxops diff "$1" -q .confirmation; }
show() { msxops milestones show "$number" -q ".$1"; }
redate() { msxops milestones update "$number" --date 2026-05-05 --plan p.plan.json >/dev/null; }

@test "another's edit of a planned field is a conflict: field, values, who, when; status 6" {
    redate
    edit msp_engagementmilestones "$milestone" '{"msp_milestonedate":"2026-07-07"}'
    reset_counts
    run -6 --separate-stderr msxops apply p.plan.json --confirm "$(confirm p.plan.json)"
    [ "$(writes)" = 0 ]
    for word in msp_milestonedate 2026-03-12 2026-05-05 2026-07-07 "Carla Mendes" 2026-03-02T; do
        [[ ${stderr_lines[0]} == *"$word"* ]]
    done
    [ "$(jq -r '.operations[0].outcome' <<<"$output")" = conflict ]
    [ "$(jq -r '.operations[0].details[0] | [.field, .before, .now, .after, .changedBy] | join("|")' <<<"$output")" = \
        "msp_milestonedate|'2026-03-12'|'2026-07-07'|'2026-05-05'|Carla Mendes" ]
    [ "$(show msp_milestonedate)" = 2026-07-07 ]
    # never by force
    run -6 --separate-stderr msxops apply p.plan.json --confirm "$(confirm p.plan.json)" --on-conflict rebase
    [ "$(writes)" = 0 ]
}

@test "an unrelated edit is none: the change goes on top of it, and the log says so" {
    redate
    msxops tasks update "$task" --due 2026-04-04 --plan p.plan.json >/dev/null
    edit msp_engagementmilestones "$milestone" '{"msp_monthlyuse":4444,"msp_forecastcomments":"Carla was here"}'
    edit tasks "$task" '{"description":"Carla was here"}'
    run -0 --separate-stderr msxops apply p.plan.json --confirm "$(confirm p.plan.json)"
    [ "$(jq -c '[.operations[] | [.outcome, .verified, .rebased]]' <<<"$output")" = '[["applied",true,true],["applied",true,true]]' ]
    [ "$(show '| [.msp_milestonedate, .msp_monthlyuse, .msp_forecastcomments] | join("|")')" = "2026-05-05|4444|Carla was here" ]
    [ "$(msxops get tasks "$task" -q '[.scheduledend[0:10], .description] | join("|")')" = "2026-04-04|Carla was here" ]
    [ "$(jq -c 'select(.t == "outcome") | .rebased' "$MSXOPS_HOME"/state/journal/*.jsonl | sort -u)" = true ]
    [ "$(jq -c 'select(.t == "operation") | .rebased' "$MSXOPS_HOME/state/audit.jsonl" | tail -n 2 | sort -u)" = true ]
}

@test "a record of another name is not the one that was shown: refused, status 8" {
    redate
    edit msp_engagementmilestones "$milestone" '{"msp_name":"Quite another thing"}'
    reset_counts
    run -8 --separate-stderr msxops apply p.plan.json --confirm "$(confirm p.plan.json)"
    [[ $stderr == *GX-02* ]]
    [ "$(writes)" = 0 ]
}

@test "the same change made by somebody else is done already" {
    redate
    edit msp_engagementmilestones "$milestone" '{"msp_milestonedate":"2026-05-05"}'
    reset_counts
    run -0 --separate-stderr msxops apply p.plan.json --confirm "$(confirm p.plan.json)"
    [ "$(jq -r '.operations[0].outcome' <<<"$output")" = already-applied ]
    [ "$(writes)" = 0 ]
}

@test "a deleted record" {
    msxops tasks update "$task" --due 2026-04-04 --plan p.plan.json >/dev/null
    curl -sS --fail-with-body -X DELETE -H "Authorization: Bearer $(token)" "$SB_URL/api/data/v9.2/tasks($task)"
    reset_counts
    run -4 --separate-stderr msxops apply p.plan.json --confirm "$(confirm p.plan.json)"
    [[ ${stderr_lines[0]} == *"not there any more"* ]]
    [ "$(writes)" = 0 ]
    run -0 msxops diff --live p.plan.json -o json
    [ "$(jq -r '.cards[0].liveState' <<<"$output")" = missing ]
}
token() { jq -r '.. | .access_token? // .accessToken? // empty' "$MSXOPS_HOME"/config/tokens/* | head -n 1; }

@test "diff --live shows what somebody else changed and what is as planned" {
    redate
    msxops tasks update "$task" --due 2026-04-04 --plan p.plan.json >/dev/null
    edit msp_engagementmilestones "$milestone" '{"msp_milestonedate":"2026-07-07"}'
    run -0 msxops diff --live p.plan.json -o json
    [ "$(jq -c '[.cards[].liveState]' <<<"$output")" = '["changed","as-planned"]' ]
    [ "$(jq -r '.cards[0].live[0] | [.field, .planned, .present, .changedBy] | join("|")' <<<"$output")" = \
        "msp_milestonedate|'2026-03-12'|'2026-07-07'|Carla Mendes" ]
    run -0 msxops diff --live p.plan.json -o table
    [[ $output == *2026-07-07* ]]
}

@test "--on-conflict skip goes on with the others, status 7" {
    redate
    msxops tasks update "$task" --due 2026-04-04 --plan p.plan.json >/dev/null
    edit msp_engagementmilestones "$milestone" '{"msp_milestonedate":"2026-07-07"}'
    run -7 --separate-stderr msxops apply p.plan.json --confirm "$(confirm p.plan.json)" --on-conflict skip
    [ "$(jq -c '[.operations[].outcome]' <<<"$output")" = '["skipped","applied"]' ]
    [ "$(show msp_milestonedate)" = 2026-07-07 ]
}

@test "--only, and what depends on an operation that is left out" {
    redate
    msxops tasks update "$task" --due 2026-04-04 --plan p.plan.json >/dev/null
    jq '.operations[1].dependsOn = ["OP-1"]' p.plan.json >d.plan.json
    run --separate-stderr msxops apply d.plan.json --only OP-2 --confirm "$(confirm d.plan.json)"
    [ "$status" = 7 ]
    [ "$(writes)" = 0 ]
    [ "$(jq -r '.operations[0] | [.id, .outcome] | join(" ")' <<<"$output")" = "OP-2 skipped" ]
    [[ $output == *"depends on OP-1"* ]]
    run -0 --separate-stderr msxops apply p.plan.json --only OP-2 --confirm "$(confirm p.plan.json)"
    [ "$(jq -c '[.operations[].id]' <<<"$output")" = '["OP-2"]' ]
    [ "$(writes)" = 1 ]
    [ "$(show msp_milestonedate)" = 2026-03-12 ]
}

@test "what depends on a failed operation is skipped" {
    redate
    msxops tasks update "$task" --due 2026-04-04 --plan p.plan.json >/dev/null
    jq '.operations[1].dependsOn = ["OP-1"]' p.plan.json >d.plan.json
    edit msp_engagementmilestones "$milestone" '{"msp_milestonedate":"2026-07-07"}'
    reset_counts
    run -6 --separate-stderr msxops apply d.plan.json --confirm "$(confirm d.plan.json)"
    [ "$(jq -c '[.operations[].outcome]' <<<"$output")" = '["conflict","skipped"]' ]
    [ "$(writes)" = 0 ]
}

@test "two applies at the same time: one proceeds" {
    redate
    id=$(confirm p.plan.json)
    cp p.plan.json copy.plan.json
    faults '{"rules":[{"match":{"method":"PATCH"},"action":{"type":"hold"}}]}'
    msxops apply p.plan.json --confirm "$id" >first.json &
    first=$!
    until [ "$(control state | jq .held)" = 1 ]; do :; done
    for p in p.plan.json copy.plan.json; do
        run -6 --separate-stderr msxops apply $p --confirm "$id"
        [ -z "$output" ]
        [[ ${stderr_lines[0]} == *"being applied by process"* ]]
    done
    no_faults
    wait $first
    [ "$(jq -r '.operations[0].outcome' first.json)" = applied ]
    [ "$(writes)" = 1 ]
}

@test "the undo plan restores what was, and is guarded itself" {
    before=$(show '| [.msp_milestonedate, .msp_monthlyuse, .msp_forecastcomments]')
    redate
    msxops milestones update "$number" --monthly-use 9999 --comments "New" --plan p.plan.json >/dev/null
    msxops tasks update "$task" --due 2026-04-04 --subject "New name" --plan p.plan.json >/dev/null
    run -0 --separate-stderr msxops apply p.plan.json --confirm "$(confirm p.plan.json)"
    undo=$(jq -r .undo <<<"$output")
    cp "$undo" undo.plan.json
    run -0 --separate-stderr msxops apply undo.plan.json --confirm "$(confirm undo.plan.json)"
    [ "$(show '| [.msp_milestonedate, .msp_monthlyuse, .msp_forecastcomments]')" = "$before" ]
    [ "$(msxops get tasks "$task" -q '[.subject, .scheduledend] | @json')" = '["Order test data",null]' ]
}

@test "an undo plan does not take back what somebody else has changed since" {
    redate
    run -0 --separate-stderr msxops apply p.plan.json --confirm "$(confirm p.plan.json)"
    undo=$(jq -r .undo <<<"$output")
    edit msp_engagementmilestones "$milestone" '{"msp_milestonedate":"2026-09-09"}'
    run -6 --separate-stderr msxops apply "$undo" --confirm "$(confirm "$undo")"
    [ "$(show msp_milestonedate)" = 2026-09-09 ]
}

@test "the audit log lists every operation in an unbroken chain, without secrets" {
    rm -f "$MSXOPS_HOME/state/audit.jsonl"
    redate
    msxops tasks update "$task" --due 2026-04-04 --plan p.plan.json >/dev/null
    msxops -v --trace trace.log apply p.plan.json --confirm "$(confirm p.plan.json)" >out.json 2>err
    log=$MSXOPS_HOME/state/audit.jsonl
    prev=0000000000000000000000000000000000000000000000000000000000000000
    while IFS= read -r line; do
        [ "$(jq -r .prev <<<"$line")" = "$prev" ]
        prev=$(printf %s "$line" | sha256sum | cut -d' ' -f1)
    done <"$log"
    [ "$(jq -r 'select(.t == "operation") | .op + " " + .outcome' "$log" | head -n 2 | sort | paste -sd,)" = "OP-1 applied,OP-2 applied" ]
    [ "$(jq -r 'select(.t == "operation") | .requestId' "$log" | head -n 1 | wc -c)" -gt 30 ]
    # no token and no signature of one, anywhere
    secret=$(token)
    [ ${#secret} -gt 100 ]
    [ -s trace.log ]
    run -1 grep -rlF -e "$secret" -e "${secret##*.}" "$log" "$MSXOPS_HOME/state/journal" ./*.json trace.log err out.json
    run -1 grep -rlE 'eyJ[A-Za-z0-9_-]{20,}' "$log" "$MSXOPS_HOME/state/journal" ./*.json trace.log err out.json
}

@test "SIGINT during apply: status 130, and resume finishes" {
    for i in 03 05 09 13; do
        msxops milestones update "7-1000000$i" --monthly-use "88$i" --plan p.plan.json >/dev/null
    done
    id=$(confirm p.plan.json)
    faults '{"rules":[{"match":{"method":"PATCH","nth":2},"action":{"type":"hold"}}]}'
    # a shell ignores SIGINT in background jobs: env -- default-signal gives it back
    env --default-signal=INT msxops --concurrency 1 apply p.plan.json --confirm "$id" >first.json 2>err &
    pid=$!
    until [ "$(control state | jq .held)" = 1 ]; do :; done
    kill -INT $pid
    no_faults
    s=0
    wait $pid || s=$?
    [ $s = 130 ]
    [ "$(jq '.operations | length' first.json)" = 4 ]
    [[ $(cat err) == *"--resume"* ]]
    [ "$(writes)" -lt 4 ]
    run -0 --separate-stderr msxops apply p.plan.json --resume
    [ "$(jq '[.operations[] | select(.verified)] | length' <<<"$output")" = 4 ]
    [ "$(control state | jq '[.writes[].id] | [length, (unique | length)] | join(" ")' -r)" = "4 4" ]
}

@test "a state folder that cannot be written: nothing is sent" {
    redate
    id=$(confirm p.plan.json)
    for what in audit.jsonl journal apply; do
        saved=
        [ ! -e "$MSXOPS_HOME/state/$what" ] || { saved=$BATS_TEST_TMPDIR/saved.$what && mv "$MSXOPS_HOME/state/$what" "$saved"; }
        # what is in the way stands for a full or read-only disk: root writes anywhere else
        case $what in
        audit.jsonl) mkdir "$MSXOPS_HOME/state/$what" ;;
        *) : >"$MSXOPS_HOME/state/$what" ;;
        esac
        run -1 --separate-stderr msxops apply p.plan.json --confirm "$id"
        rm -rf "${MSXOPS_HOME:?}/state/$what"
        [ -z "$saved" ] || mv "$saved" "$MSXOPS_HOME/state/$what"
        [ -z "$output" ]
        [[ ${stderr_lines[0]} == "msxops: error: "*"$what"* ]]
        [ "$(writes)" = 0 ]
    done
    run -0 msxops apply p.plan.json --confirm "$id"
}

@test "a full disk: nothing is sent" {
    [ -w /dev/full ] || skip "no /dev/full"
    redate
    id=$(confirm p.plan.json)
    mv "$MSXOPS_HOME/state/audit.jsonl" saved.jsonl 2>/dev/null || true
    ln -s /dev/full "$MSXOPS_HOME/state/audit.jsonl"
    run --separate-stderr msxops apply p.plan.json --confirm "$id"
    rm -f "$MSXOPS_HOME/state/audit.jsonl"
    [ "$status" = 1 ]
    [ "$(writes)" = 0 ]
}
