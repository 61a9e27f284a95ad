#!/usr/bin/env bats
# What is printed does not depend on how the service cuts it into pages; what the local CRM keeps,
# restores and takes.
load common

setup_file() { sandbox_setup; }
teardown_file() { sandbox_teardown; }
setup() {
    cd "$BATS_TEST_TMPDIR" || return
    SB_URL=$(jq -r .url "$SB_DIR/sandbox.json")
    SB_KEY=$(jq -r .controlKey "$SB_DIR/sandbox.json")
    export SB_URL SB_KEY
}
pages() { # N: the same records at the same address, N rows a page
    msxops --quiet sandbox stop
    msxops-sandbox --dir "$SB_DIR" --page-size "$1" --today 2026-03-02 --port "${SB_URL##*:}" >/dev/null
    sandbox_setup
}
# One line a list command.
lists() {
    cat <<'EOF'
query tasks --select subject,scheduledend
query tasks --orderby statecode --select subject,statecode
query tasks --orderby scheduledend --filter contains(subject,'a')
query msp_engagementmilestones --top 11 --orderby msp_milestonestatus --select msp_name
query msp_engagementmilestones --count --select msp_name,msp_monthlyuse
query opportunities --expand msp_opportunity_msp_engagementmilestone_OpportunityId($select=msp_name) --select name
query msp_engagementmilestones --expand msp_OpportunityId($select=name) --select msp_name
milestones list --mine --include-tasks
milestones list --customer Contoso --summary
milestones list --customer Contoso --customer Fabrikam --status all --from 2026-01-01
opportunities list --mine --include-completed
opportunities list --customer Contoso
tasks list --mine
tasks list --milestone 7-100000020
accounts list --name o
EOF
}
# snapshot DIR: every list in every format
snapshot() {
    local i=0 line f s
    mkdir "$1"
    while read -r line; do
        i=$((i + 1))
        (
            for f in '-o json' '-o ndjson' '-o csv' '-o table' '-q .'; do
                s=0
                # shellcheck disable=SC2086 # the words of a command
                msxops $line $f >"$1/$i$f" 2>"$1/$i$f.err" </dev/null || s=$?
                echo "$line $f: $s" >>"$1/$i.status"
            done
        ) &
        [ $((i % 4)) != 0 ] || wait
    done < <(lists)
    wait
}

@test "pages of 1, 7 and 5000 rows give the same bytes in every format" {
    snapshot whole
    # something is there to compare, and all of it worked
    run -1 grep -hv ': 0$' whole/*.status
    cat whole/*.err
    [ "$(find whole -name '*-o json' -size -150c | wc -l)" = 0 ]
    pages 7
    snapshot seven
    [ "$(control state | jq '[.recent[] | select(.query | contains("skiptoken"))] | length')" -gt 20 ]
    diff -r whole seven
    pages 1
    snapshot one
    diff -r whole one
    pages 5000
}

@test "--top is about rows, not about pages" {
    pages 3
    for n in 1 3 4 7; do
        [ "$(msxops query tasks --select subject --top $n -q '.value | length')" = $n ]
        [ "$(msxops query tasks --select subject --top $n -o ndjson | wc -l)" = $n ]
    done
    pages 5000
}

@test "a flow reads the same through small pages" {
    msxops skill run spec-hygiene-triage >whole.json
    pages 3
    msxops skill run spec-hygiene-triage >three.json
    pages 5000
    cmp whole.json three.json
}

@test "records survive a restart; reset restores the sample data" {
    n=7-100000013
    before=$(msxops milestones show $n -q .msp_monthlyuse)
    msxops milestones update $n --monthly-use 4711 --plan p.plan.json >/dev/null
    msxops --quiet apply p.plan.json --confirm "$(msxops diff p.plan.json -q .confirmation)" >/dev/null
    msxops --quiet sandbox stop
    run -1 msxops sandbox status
    msxops --quiet sandbox start >/dev/null
    [ "$(msxops milestones show $n -q .msp_monthlyuse)" = 4711 ]
    msxops --quiet sandbox reset
    [ "$(msxops milestones show $n -q .msp_monthlyuse)" = "$before" ]
    [ "$before" != 4711 ]
}

@test "load takes own records" {
    cat >own.json <<'EOF'
{"accounts":[{"accountid":"11111111-1111-4111-8111-111111111111","name":"My own customer"}],
 "systemusers":[{"systemuserid":"22222222-2222-4222-8222-222222222222","fullname":"Me Myself",
   "internalemailaddress":"me@own.example","title":"Specialist"}],
 "opportunities":[{"opportunityid":"33333333-3333-4333-8333-333333333333","name":"My own deal",
   "_parentaccountid_value":"11111111-1111-4111-8111-111111111111",
   "_ownerid_value":"22222222-2222-4222-8222-222222222222","statecode":0}],
 "whoami":"22222222-2222-4222-8222-222222222222"}
EOF
    msxops --quiet sandbox load own.json
    # who is signed in is not in these records
    run -3 --separate-stderr msxops whoami
    msxops --quiet sandbox start --user 22222222-2222-4222-8222-222222222222 >/dev/null
    [ "$(msxops whoami -q .fullname)" = "Me Myself" ]
    [ "$(msxops accounts list --name own -q '.accounts[].name')" = "My own customer" ]
    [ "$(msxops query opportunities --select name -q '[.value[].name] | join(",")')" = "My own deal" ]
    msxops --quiet sandbox reset
    as_user sam.rivera@contoso-sellers.example
    [ "$(msxops query opportunities --select name -q '.value | length')" -gt 5 ]
}

@test "load refuses garbage with one line and keeps what is there" {
    before=$(control dump | sha256sum)
    refused() { # STATUS...
        run --separate-stderr msxops sandbox load "$1"
        [ "$status" = "$2" ]
        [ -z "$output" ]
        [[ ${stderr_lines[0]} == "msxops: error: "* ]]
        [ "${#stderr_lines[@]}" -le 2 ]
        [[ $stderr == *"$3"* ]]
        [ "$(control dump | sha256sum)" = "$before" ]
    }
    refused none.json 4 none.json
    echo '{"accounts":[' >bad.json
    refused bad.json 2 bad.json
    echo '[1,2]' >bad.json
    refused bad.json 2 "not a JSON object"
    echo '{"wrongs":[]}' >bad.json
    refused bad.json 2 wrongs
    echo '{"accounts":{"name":"x"}}' >bad.json
    refused bad.json 2 accounts
    echo '{"accounts":[7]}' >bad.json
    refused bad.json 2 ""
    echo '{"accounts":[{"accountid":"no-guid","name":"x"}]}' >bad.json
    refused bad.json 2 ""
    # a good record before a bad one is not kept either
    echo '{"accounts":[{"name":"Good"},{"nosuchcolumn":1}]}' >bad.json
    refused bad.json 2 nosuchcolumn
    head -c 3000 /dev/urandom >bad.json
    refused bad.json 2 bad.json
}
