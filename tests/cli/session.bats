#!/usr/bin/env bats
# Who is signed in, and the calendar that a run counts in.
load common

setup_file() { sandbox_setup; }
teardown_file() { sandbox_teardown; }

@test "auth status names the user that the service knows" {
    run -0 msxops auth status
    [ "$(jq -r .authenticated <<<"$output")" = true ]
    [ "$(jq -r .userId <<<"$output")" = "$(msxops whoami -q .UserId)" ]
    [ "$(jq -r .organizationId <<<"$output")" = "$(msxops whoami -q .OrganizationId)" ]
    [ "$(jq -r .user <<<"$output")" != null ]
}

@test "auth status: a token that the service refuses is no sign-in, status 3" {
    MSXOPS_URL=$SB_URL MSXOPS_TOKEN=refused run -3 msxops auth status
    [ "$(jq -r .authenticated <<<"$output")" = false ]
    [ "$(jq -r .userId <<<"$output")" = null ]
    [[ $(jq -r .message <<<"$output") == *"refused the token"* ]]
}

@test "auth status: a service that does not answer leaves what only it knows unsaid" {
    MSXOPS_URL=http://127.0.0.1:1 MSXOPS_TOKEN=x run -0 --separate-stderr msxops --retries 0 auth status
    [ "$(jq -r .userId <<<"$output")" = null ]
    [ "$(jq -r .method <<<"$output")" = env ]
    [ -z "$stderr" ]
}

@test "skill run --tz counts days in that zone" {
    run -0 msxops skill run csam-health-review --tz Europe/Berlin -q '.run | .tz, .today'
    [ "${lines[0]}" = Europe/Berlin ]
    [ "${lines[1]}" = 2026-03-02 ]
    # a day apart at any hour
    east=$(MSXOPS_TODAY='' msxops skill run csam-health-review --tz Pacific/Kiritimati -q .run.today)
    west=$(MSXOPS_TODAY='' msxops skill run csam-health-review --tz Pacific/Pago_Pago -q .run.today)
    [[ $west < $east ]]
    run -2 --separate-stderr msxops skill run csam-health-review --tz Nowhere/Town
    [[ ${stderr_lines[0]} == "msxops: error: 'Nowhere/Town' is not a time zone" ]]
}

@test "skill run --timeout-scale takes a number above 0" {
    run -0 msxops skill run csam-health-review --timeout-scale 2.5 -q .flow
    for bad in 0 -1 x 1e9 nan; do
        run -2 --separate-stderr msxops skill run csam-health-review --timeout-scale "$bad"
        [[ ${stderr_lines[0]} == "msxops: error: --timeout-scale wants a number"* ]]
    done
}

@test "a wrong column name is met with the right one of that table" {
    run -2 --separate-stderr msxops query msp_engagementmilestones --select msp_estimatedcompletiondate
    [ "${stderr_lines[1]}" = "hint: use msp_milestonedate" ]
    run -2 --separate-stderr msxops query opportunities --filter 'msp_estimatedcompletiondate eq null'
    [ "${stderr_lines[1]}" = "hint: use msp_estcompletiondate" ]
}

@test "a plan file that is not there is a usage error, not a missing record" {
    for c in diff apply 'plan show' 'plan drop'; do
        # shellcheck disable=SC2086 # the words of a command
        run -2 --separate-stderr msxops $c "$BATS_TEST_TMPDIR/none.json"
        [[ ${stderr_lines[0]} == "msxops: error: there is no plan file '"* ]]
    done
}
