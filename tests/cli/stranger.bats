#!/usr/bin/env bats
# What a person meets in the first hour: odd paths, empty words, readers that go away.
load common

setup_file() { sandbox_setup; }
teardown_file() { sandbox_teardown; }
setup() {
    cd "$BATS_TEST_TMPDIR" || return
    control reset '{}' >/dev/null
}
on_terminal() { # ANSWERS COMMAND
    local s=0
    printf %b "$1" | TERM=dumb timeout 60 script -qec "$2" /dev/null >screen 2>&1 || s=$?
    tr -d '\r' <screen >screen.txt
    return $s
}
three() { # a plan with three operations
    for i in 03 09 13; do
        msxops milestones update "7-1000000$i" --monthly-use "67$i" --plan "$1" >/dev/null
    done
}
uses() {
    msxops query msp_engagementmilestones --select msp_monthlyuse --filter "msp_monthlyuse ge 6700 and msp_monthlyuse le 6799" \
        -q '[.value[].msp_monthlyuse] | sort | map(tostring) | join(",")'
}

@test "apply --only on a terminal shows only those, and asks for each of them" {
    three p.plan.json
    run -130 on_terminal 'n\n' 'msxops --color never apply p.plan.json --only OP-2'
    grep -q '^OP-2' screen.txt
    run -1 grep '^OP-1' screen.txt
    grep -q '^1 operation for' screen.txt
    # what was left out one by one is not applied for having been named
    run -130 on_terminal 'o\nn\n' 'msxops --color never apply p.plan.json --only OP-2'
    run -0 on_terminal 'o\nn\ny\n' 'msxops --color never apply p.plan.json --only OP-2 --only OP-3'
    [ "$(uses)" = 6713 ]
    run -0 on_terminal 'y\n' 'msxops --color never apply p.plan.json --only OP-2'
    [ "$(uses)" = 6709,6713 ]
    # the ID that is shown confirms the same in a script
    run -130 on_terminal 'n\n' 'msxops --color never apply p.plan.json --only OP-1'
    id=$(sed -n 's/^Confirmation ID: //p' screen.txt)
    run -0 --separate-stderr msxops apply p.plan.json --only OP-1 --confirm "$id"
    run -4 --separate-stderr msxops apply p.plan.json --only OP-9 --confirm "$id"
    [[ $stderr == *"no operation 'OP-9'"* ]]
}

@test "hints name the plan so that they can be pasted" {
    name=$'my plans/it\'s\nodd.plan.json'
    mkdir 'my plans'
    three "$name"
    run -6 --separate-stderr msxops apply "$name" --confirm 000000000000
    [[ ${stderr_lines[1]} == "hint: msxops diff "*"; then msxops apply "*" --confirm ID" ]]
    command=${stderr_lines[1]#hint: }
    command=${command%% shows*}
    run -0 bash -c "$command"
    run -0 msxops milestones update 7-100000003 --monthly-use 6799 --plan "$name" -o table
    review=$(sed -n 's/^Review: //p' <<<"$output")
    run -0 bash -c "$review"
    [[ $output == *6799* ]]
    run -2 --separate-stderr setsid -w msxops apply "$name"
    [ "${#stderr_lines[@]}" = 2 ]
    # a relative name that looks like an option
    cp "$name" ./-p.plan.json
    run -6 --separate-stderr msxops apply --confirm 000000000000 -- -p.plan.json
    [[ $stderr == *"msxops diff ./-p.plan.json shows"* ]]
    # the report's own hints too
    msxops tasks create --milestone 7-100000003 --subject "No date" --plan r.plan.json >/dev/null
    run -8 --separate-stderr msxops apply r.plan.json --confirm "$(msxops diff r.plan.json -q .confirmation)"
    [[ $(jq -r '.operations[0].hint' <<<"$output") != *PLAN* ]]
    [[ $(jq -r '.operations[0].hint' <<<"$output") == *r.plan.json* ]]
}

@test "a sandbox in a folder named from here can be used from anywhere" {
    export MSXOPS_HOME=$PWD/home
    run -0 --separate-stderr msxops sandbox start --dir here -q .profile
    [ "$output" = sandbox ]
    cd /
    run -0 msxops whoami -q .fullname
    [ "$output" = "Sam Rivera" ]
    cd "$BATS_TEST_TMPDIR"
    [ "$(msxops sandbox status --dir here -q .dir)" = "$PWD/here" ]
    # without it, the hint starts the right one
    run -0 msxops sandbox stop --dir here
    run -1 --separate-stderr msxops sandbox status
    run -4 --separate-stderr msxops sandbox reset --dir here
    [[ $stderr == *"hint: msxops sandbox start --dir $PWD/here" ]]
}

@test "records that are none are refused with status 2" {
    echo '{"nosuch": [{"a": 1}]}' >l.json
    run -2 --separate-stderr msxops sandbox load l.json
    [ -z "$output" ]
    [[ $stderr == *"'nosuch' is no entity set"* ]]
    run -2 --separate-stderr msxops sandbox start --dir "$PWD/x" --load l.json
    [[ $stderr == *"'nosuch' is no entity set"* ]]
    run -0 msxops milestones show 7-100000013 -q .msp_name
    [ "$output" = "Interface inventory" ]
}

@test "a reader that goes away is not told off" {
    run -0 bash -c 'msxops query msp_engagementmilestones 2>err | head -1; echo "${PIPESTATUS[0]}"'
    [ "${lines[1]}" = 141 ]
    [ ! -s err ]
    run -0 bash -c 'msxops query msp_engagementmilestones -o ndjson 2>err | head -c 1 >/dev/null; echo "${PIPESTATUS[0]}"'
    [ "${lines[0]}" = 141 ]
    [ ! -s err ]
}

@test "no standard output at all is a failure" {
    run -1 --separate-stderr bash -c 'msxops whoami >&-'
    [[ $stderr == "msxops: error: cannot write to standard output"* ]]
    run -1 --separate-stderr bash -c 'msxops milestones list --id - <&-'
    [[ $stderr == *"standard input"* ]]
}

@test "an empty word selects nothing, not everything" {
    for option in "milestones list --customer" "milestones list --opportunity-name" \
        "milestones list --keyword" "opportunities list --customer" "accounts list --name" \
        "skill run spec-hygiene-triage --customer"; do
        # shellcheck disable=SC2086 # the words of a command
        run -2 --separate-stderr msxops $option ""
        [ -z "$output" ]
        [[ $stderr == "msxops: error: --"*" wants a word, got ''"* ]] || { echo "$option: $stderr"; false; }
    done
}

@test "--fields with an unknown column is refused, and works for one record" {
    run -2 --separate-stderr msxops milestones list --fields msp_nam
    [ -z "$output" ]
    [ "${stderr_lines[0]}" = "msxops: error: --fields: no column 'msp_nam' here" ]
    [ "${stderr_lines[1]}" = "hint: did you mean 'msp_name'?" ]
    run -2 --separate-stderr msxops milestones list --fields ""
    run -2 --separate-stderr msxops whoami --fields nosuch
    run -0 msxops whoami --fields title,fullname -q 'keys_unsorted | join(",")'
    [ "$output" = title,fullname ]
    # titles as the table prints them; no rows, no columns to know
    run -0 msxops milestones list --fields Number -q '.milestones[0] | keys[0]'
    [ "$output" = msp_milestonenumber ]
    run -0 msxops query accounts --select name --filter "name eq 'none'" --fields nosuch -q .count
}

@test "one record's ID from standard input" {
    run -0 bash -c 'echo 7-100000013 | msxops milestones show - -q .msp_name'
    [ "$output" = "Interface inventory" ]
    run -2 --separate-stderr bash -c 'printf "7-100000013\n7-100000003\n" | msxops milestones show -'
    [[ $stderr == *"one milestone, got 2"* ]]
}

@test "messages speak of what was typed" {
    run -2 --separate-stderr msxops tasks list --mine --milestone 7-100000013
    [[ $stderr == *"--mine and --milestone do not go together"* ]]
    MSXOPS_TODAY=soon run -2 --separate-stderr msxops whoami
    [[ $stderr == *"MSXOPS_TODAY: 'soon'"* ]]
    run -2 --separate-stderr msxops milestones show e
    [[ $stderr == *" milestones: "* ]]
    run -0 msxops help options
    for f in json ndjson table csv md; do [[ $output == *"$f"* ]]; done
}

@test "an operation that is not in the plan is no such record everywhere" {
    three p.plan.json
    for command in "plan drop p.plan.json OP-9" "plan edit p.plan.json OP-9 --set msp_name=x" \
        "apply p.plan.json --only OP-9 --confirm 000000000000"; do
        # shellcheck disable=SC2086 # the words of a command
        run -4 --separate-stderr msxops $command
        [ "${stderr_lines[0]}" = "msxops: error: the plan has no operation 'OP-9'" ]
        [ "${stderr_lines[1]}" = "hint: msxops plan show p.plan.json lists them" ]
    done
    # a plan that is not there is another mistake
    for command in "plan drop no/p.json OP-1" "plan edit no/p.json OP-1 --set msp_name=x"; do
        # shellcheck disable=SC2086
        run -2 --separate-stderr msxops $command
        [ "${stderr_lines[0]}" = "msxops: error: there is no plan file 'no/p.json'" ]
    done
}

@test "plan drop and plan edit wait for whoever is planning into the file" {
    three p.plan.json
    msxops tasks create --milestone 7-100000003 --subject "Mine" --due +7d --plan p.plan.json >/dev/null
    for lock in "$MSXOPS_HOME"/state/locks/plan-*.lock; do exec {fd}<"$lock" && flock -x "$fd"; done
    before=$(sha256sum <p.plan.json)
    run -124 timeout 1 msxops plan drop p.plan.json OP-1
    run -124 timeout 1 msxops plan edit p.plan.json OP-4 --set subject=Yours
    [ "$(sha256sum <p.plan.json)" = "$before" ]
}

@test "an unknown entity set is a usage error everywhere, with the nearest known one" {
    for command in "query acounts" "query acounts -o ndjson" "query acounts --top 3 --orderby name" \
        "get acounts 11111111-2222-4333-8444-555555555555" \
        "get acounts 11111111-2222-4333-8444-555555555555 --select name"; do
        # shellcheck disable=SC2086 # the words of a command
        run -2 --separate-stderr msxops $command
        [ -z "$output" ]
        [ "${stderr_lines[0]}" = "msxops: error: there is no entity set 'acounts'" ]
        [ "${stderr_lines[1]}" = "hint: did you mean accounts?" ]
    done
    run -2 --separate-stderr msxops query zzzzzzzz
    [ "$stderr" = "msxops: error: there is no entity set 'zzzzzzzz'" ]
}

@test "messages name commands and options, not the tools behind them" {
    run -2 --separate-stderr msxops get accounts abc
    [ "$stderr" = "msxops: error: 'get' wants a GUID as ID, got 'abc'" ]
    run -2 --separate-stderr msxops query tasks --select 1
    [ "${stderr_lines[0]}" = "msxops: error: 'select': '1' is no column name" ]
    run -2 --separate-stderr msxops milestones update 7-100000003 --workload abc
    [ "${stderr_lines[0]}" = "msxops: error: 'workloadId' wants a GUID, got \"abc\"" ]
}

@test "with the sandbox stopped the error says how to start it" {
    export MSXOPS_HOME=$PWD/home
    msxops --quiet sandbox start >/dev/null
    msxops --quiet sandbox stop
    for command in whoami "skill run csam-health-review" "milestones list"; do
        # shellcheck disable=SC2086 # the words of a command
        run -1 --separate-stderr msxops --retries 0 $command
        [ "${stderr_lines[1]}" = "hint: the sandbox is not running: msxops sandbox start" ]
    done
    msxops --quiet --profile other sandbox start --dir "a b" >/dev/null
    msxops --quiet sandbox stop --dir "a b"
    run -1 --separate-stderr msxops --retries 0 --profile other whoami
    [ "${stderr_lines[1]}" = "hint: the sandbox is not running: msxops --profile other sandbox start --dir '$PWD/a b'" ]
    # a server of somebody's that is not there is not a sandbox
    msxops config set profiles.mine.url http://127.0.0.1:9 >/dev/null
    MSXOPS_TOKEN=t run -1 --separate-stderr msxops --retries 0 --profile mine whoami
    [[ $stderr != *sandbox* ]]
}

@test "a list without rows has its heading line in csv" {
    run -0 msxops query accounts --filter "name eq 'none'" --select name,accountid -o csv
    [ "$output" = $'name,accountid\r' ]
    run -0 msxops query accounts --filter "name eq 'none'" --fields accountid -o csv
    [ "$output" = $'accountid\r' ]
    run -0 msxops milestones list --keyword nosuch -o csv
    [[ $output == "msp_milestonenumber,msp_name,msp_milestonestatus,"*$'\r' ]]
    [ "${#lines[@]}" = 1 ]
    run -0 msxops accounts list --name nosuch -o csv
    [[ $output == "name,msp_mstopparentid,"* ]]
    # with rows nothing is different
    run -0 msxops query accounts --filter "name eq 'Contoso'" --select name -o csv
    [ "${lines[0]}" = $'name,accountid\r' ]
}
