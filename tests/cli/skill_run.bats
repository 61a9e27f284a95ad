#!/usr/bin/env bats
# skill run as people see it: what is proposed, why, and what could not be done as asked.
load common

setup_file() { sandbox_setup; }
teardown_file() { sandbox_teardown; }
setup() { cd "$BATS_TEST_TMPDIR" || return; }
too_wide() { # lines of more than 80 columns on a terminal of 80
    TERM=dumb COLUMNS=80 timeout 60 script -qec "msxops --color never $1" /dev/null </dev/null |
        tr -d '\r' | grep -E '^.{81}' || true
}

@test "--workiq on says that there is no WorkIQ to ask" {
    for option in "--workiq on" "--set workiq=on"; do
        # shellcheck disable=SC2086 # the words of a command
        run -2 --separate-stderr msxops skill run csam-health-review $option
        [ -z "$output" ]
        [ "${stderr_lines[0]}" = "msxops: error: workiq=on: there is no connection to WorkIQ" ]
    done
    run -0 --separate-stderr msxops skill run csam-health-review --workiq auto -q .flow
    run -0 --separate-stderr msxops skill run csam-health-review --workiq off -q .flow
}

@test "--explain of a record that no rule looked at says so" {
    for record in 7-999 nosuch 11111111-2222-4333-8444-555555555555; do
        run -4 --separate-stderr msxops skill run spec-hygiene-triage --explain="$record"
        [ -z "$output" ]
        [ "${stderr_lines[0]}" = "msxops: error: --explain: no rule looked at a record '$record'" ]
        [[ ${stderr_lines[1]} == "hint: "* ]]
    done
}

@test "--explain shows why on a terminal and in Markdown" {
    run -0 msxops skill run csam-health-review --explain -o table
    [[ $output == *$'; escalate)\n            yes: m.status = blocked (msp_milestonestatus: blocked)\n'* ]]
    [[ $output != *"Rules on"* ]]
    run -0 msxops skill run csam-health-review --explain=7-100000024 -o table
    [[ $output == *$'\nRules on 7-100000024 Store checkout rollout:\n  CSAM-HLT-01 fired: '* ]]
    [[ $output == *$'\n  CSAM-HLT-05 did not fire: m.overdue\n    no: m.overdue (msp_milestonedate: false)\n'* ]]
    # by its name, too; what was asked for stands beside what was read
    run -0 msxops skill run spec-hygiene-triage --explain="analytics platform PRODUCTION" -o md
    [[ $output == *$'\n## Why\n\n- SPEC-TRI-04:7-100000016\n    - yes: m.status in '* ]]
    [[ $output == *$'\n## Rules on 7-100000003 Analytics platform production\n'* ]]
    [[ $output == *", asked: 30)"* ]]
    run -0 msxops skill run csam-health-review -o table
    [[ $output != *"yes: "* ]]
}

@test "a customer that is none is no such record" {
    run -4 --separate-stderr msxops skill run spec-hygiene-triage --customer nosuch
    [ -z "$output" ]
    [ "$stderr" = "msxops: error: there is no customer with 'nosuch' in its name" ]
    # one that is none of yours is told apart
    run -0 --separate-stderr msxops skill run spec-hygiene-triage --customer "blue yonder" -q .decision.value
    [ "$output" = no_candidates ]
    [[ $stderr == *"no active opportunity of yours is with a customer named 'blue yonder'"* ]]
}

@test "what is proposed has its IDs and reads in 80 columns with labels" {
    for flow in csam-health-review spec-hygiene-triage; do
        [ -z "$(too_wide "skill run $flow --explain")" ]
    done
    run -0 msxops skill run csam-health-review -o table
    [[ $output == *$'\n  csam-health-review-001: create task 7-100000024 Store checkout rollout\n'* ]]
    [[ $output == *$'\n    Category: Blocker Escalation\n    Owner: Carla Mendes\n    Due date: 2026-03-04\n'* ]]
    [[ $output == *$'\n    Comments: + [2026-03-02 msxops CSAM-HLT-01] Recovery: '* ]]
    [[ $output != *forecastComments* ]]
    [[ $output != *'\n'* ]] # lines of a description are lines
    run -0 msxops skill run csam-health-review -o md
    [[ $output == *$'\n1. **create task** 7-100000024 Store checkout rollout (`csam-health-review-001`)\n    - Subject: '* ]]
}

@test "one of something is not called many" {
    run -0 msxops skill run spec-hygiene-triage --milestone 7-100000013 -o table
    [[ $output == *"; 1 opportunity, 1 milestone looked at"* ]]
}
