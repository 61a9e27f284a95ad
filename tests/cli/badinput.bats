#!/usr/bin/env bats
# Wrong input and bad days: one clear line, a hint, the right status, nothing lost.
load common

setup_file() { sandbox_setup; }
teardown_file() { sandbox_teardown; }
setup() {
    cd "$BATS_TEST_TMPDIR" || return
    number=$(milestone 'Interface inventory')
}
# one error line, at most one hint
one_line() {
    [ -z "$output" ]
    [[ ${stderr_lines[0]} == "msxops: error: "* ]]
    [ "${#stderr_lines[@]}" -le 2 ]
    [ "${#stderr_lines[@]}" = 1 ] || [[ ${stderr_lines[1]} == "hint: "* ]]
}
make_plan() {
    msxops milestones update "$number" --monthly-use 4321 --plan p.plan.json >/dev/null
    id=$(msxops diff p.plan.json -q .confirmation)
}

@test "a bad GUID" {
    run -2 --separate-stderr msxops get accounts 1234-nope
    one_line
    [[ $stderr == *"1234-nope"* ]]
}

@test "a record that is not there" {
    run -4 --separate-stderr msxops get accounts 11111111-2222-4333-8444-555555555555
    one_line
    run -4 --separate-stderr msxops milestones show 7-999999999
    one_line
    [[ $stderr == *"7-999999999"* ]]
}

@test "an ambiguous name lists its candidates" {
    run -2 --separate-stderr msxops milestones list --opportunity Contoso
    one_line
    [[ $stderr == *"Contoso analytics platform"* ]]
    [[ $stderr == *"Contoso datacenter exit"* ]]
}

@test "a wrong entity set, a wrong column" {
    run -2 --separate-stderr msxops query msp_milestones
    one_line
    [[ $stderr == *msp_engagementmilestones* ]]
    run -1 --separate-stderr msxops query accounts --select nosuchcolumn
    one_line
    [[ $stderr == *nosuchcolumn* ]]
}

@test "a wrong label names the right ones" {
    run -2 --separate-stderr msxops milestones update "$number" --status "Green" --plan x.plan.json
    one_line
    [[ $stderr == *"On Track"* ]]
    [ ! -e x.plan.json ]
}

@test "a malformed plan" {
    echo '{"format":"msxops-plan"' >bad.plan.json
    run -2 --separate-stderr msxops diff bad.plan.json
    one_line
    [[ $stderr == *bad.plan.json* ]]
    echo '[]' >bad.plan.json
    run -2 --separate-stderr msxops diff bad.plan.json
    one_line
    run -2 --separate-stderr msxops diff none.plan.json
    one_line
}

@test "an edited plan does not match its confirmation" {
    make_plan
    jq '.operations[0].after.msp_monthlyuse = 9999' p.plan.json >e.plan.json
    run -6 --separate-stderr msxops apply e.plan.json --confirm "$id"
    one_line
    run -6 --separate-stderr msxops apply p.plan.json --confirm 000000000000
    one_line
    run -0 msxops milestones show "$number" -q .msp_monthlyuse
    [ "$output" = 3500 ]
}

@test "a plan of another organisation, of another user" {
    make_plan
    jq '.org = "https://contoso.crm.dynamics.com"' p.plan.json >o.plan.json
    oid=$(msxops diff o.plan.json -q .confirmation)
    run -3 --separate-stderr msxops apply o.plan.json --confirm "$oid"
    one_line
    [[ $stderr == *contoso.crm.dynamics.com* ]]
    as_user carla.mendes@contoso-sellers.example
    run -3 --separate-stderr msxops apply p.plan.json --confirm "$id"
    as_user sam.rivera@contoso-sellers.example
    one_line
    [[ $stderr == *"Sam Rivera"* ]]
}

@test "the server is down" {
    MSXOPS_URL=http://127.0.0.1:9 MSXOPS_TOKEN=x run -1 --separate-stderr msxops --retries 0 whoami
    one_line
    [[ $stderr == *127.0.0.1* ]]
}

@test "a plain http address that is not this machine" {
    MSXOPS_URL=http://crm.example.com MSXOPS_TOKEN=x run -2 --separate-stderr msxops whoami
    one_line
}

@test "an expired token that nobody can renew" {
    MSXOPS_TOKEN=not.a.token run -3 --separate-stderr msxops whoami
    one_line
    [[ $stderr != *not.a.token* ]]
}

@test "a token that expires is renewed without a word" {
    control expire-tokens '{}' >/dev/null
    run -0 --separate-stderr msxops whoami -q .fullname
    [ "$output" = "Sam Rivera" ]
    [ -z "$stderr" ]
}

@test "no disk space for the plan: nothing lost" {
    make_plan
    cp p.plan.json saved.plan.json
    chmod 755 .
    # a folder that takes no new file stands for a full disk (root ignores modes: a missing folder)
    run -1 --separate-stderr msxops milestones update "$number" --monthly-use 1 --plan /proc/none/p.plan.json
    one_line
    cmp p.plan.json saved.plan.json
}

@test "standard input without IDs, and with garbage" {
    run -2 --separate-stderr bash -c 'echo "{\"a\":1}" | msxops milestones list --opportunity -'
    one_line
    run -2 --separate-stderr bash -c 'echo "[1" | msxops milestones list --opportunity -'
    one_line
}

@test "hostile text is shown, never executed" {
    run -0 msxops query msp_engagementmilestones --filter "contains(msp_name,'O''Brien')" --select msp_name,msp_forecastcomments -o table
    [[ $output != *$'\x1b'* ]]
    [[ $output == *'\x1b[31m'* ]]
    run -0 msxops query msp_engagementmilestones --filter "contains(msp_name,'O''Brien')" --select msp_name -o csv
    [[ $output == *"\"'=SUM(1)+O'Brien"* ]]
    run -0 msxops opportunities list --customer "O'Brien & S" -q '.opportunities[].name'
    [ "$output" = "O'Brien 50%_done [pilot] & rollout" ]
    run -0 msxops milestones list --opportunity-name '50%_done [pilot]' -q .count
    [ "$output" = 1 ]
    run -0 msxops milestones list --opportunity-name '5_%' -q .count
    [ "$output" = 0 ]
}

@test "a new milestone without what its table requires is refused when it is planned" {
    run -2 --separate-stderr msxops milestones create --opportunity 'Contoso analytics platform' --name X --date eoq --plan m.plan.json
    one_line
    [[ $stderr == *milestoneCategory* ]]
    [ ! -e m.plan.json ]
    msxops milestones create --opportunity 'Contoso analytics platform' --name X --date eoq --category Production --plan m.plan.json >/dev/null
    [ "$(jq '.operations | length' m.plan.json)" = 1 ]
}

@test "a flow that could not read everything makes no plan" {
    faults '[{"match":{"pathContains":"msp_dealteams","count":100},"action":{"type":"status","status":403}}]'
    run -1 --separate-stderr msxops skill run spec-hygiene-triage --opportunity 'Contoso analytics platform' --plan f.plan.json
    no_faults
    [ ! -e f.plan.json ]
    [[ $stderr == "msxops: error: step TEAM could not be read whole"* ]]
    jq -e '[.gaps[].kind] | index("step_failed")' <<<"$output"
}

@test "a sandbox that starts again keeps its address" {
    a=$(msxops sandbox status -q .url)
    msxops --quiet sandbox stop
    msxops --quiet sandbox start >/dev/null
    [ "$(msxops sandbox status -q .url)" = "$a" ]
}

@test "auth status asks the service, and does without it" {
    run -0 msxops auth status -q '.authenticated, .userId != null'
    [ "$output" = "true
true" ]
    MSXOPS_TOKEN=not.a.token run -3 --separate-stderr msxops auth status
    [[ $stderr$output != *not.a.token* ]]
    MSXOPS_URL=http://127.0.0.1:9 MSXOPS_TOKEN=x run -0 msxops auth status -q '.authenticated, .userId'
    [ "$output" = "true
null" ]
}
