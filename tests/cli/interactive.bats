#!/usr/bin/env bats
# apply on a terminal: it shows, asks, and takes the answer from the terminal alone.
load common

setup_file() { sandbox_setup; }
teardown_file() { sandbox_teardown; }
setup() {
    cd "$BATS_TEST_TMPDIR" || return
    control reset '{}' >/dev/null
    rm -rf "$MSXOPS_HOME/state/journal" "$MSXOPS_HOME/state/apply"
    for i in 03 09 13; do
        msxops milestones update "7-1000000$i" --monthly-use "66$i" --plan p.plan.json >/dev/null
    done
    curl -sS -X DELETE -H "X-Sandbox-Key: $SB_KEY" "$SB_URL/__sandbox/state"
}
# on_terminal ANSWERS COMMAND: with a terminal of its own, on which ANSWERS are typed
on_terminal() {
    local s=0
    printf %b "$1" | TERM=dumb timeout 60 script -qec "$2" /dev/null >screen 2>&1 || s=$?
    tr -d '\r' <screen >screen.txt
    return $s
}
written() { control state | jq -r '[.writes[].id] | length'; }
uses() {
    msxops query msp_engagementmilestones --select msp_monthlyuse --filter "msp_monthlyuse ge 6603 and msp_monthlyuse le 6699" \
        -q '[.value[].msp_monthlyuse] | sort | map(tostring) | join(",")'
}

@test "y applies what was shown" {
    run -0 on_terminal 'y\n' 'msxops apply p.plan.json'
    for word in OP-1 OP-2 OP-3 "Interface inventory" "Apply all of this?"; do grep -qF "$word" screen.txt; done
    [ "$(written)" = 3 ]
    [ "$(uses)" = 6603,6609,6613 ]
}

@test "n, the end of input and an empty answer apply nothing" {
    run -130 on_terminal 'n\n' 'msxops apply p.plan.json'
    [ "$(written)" = 0 ]
    run -130 on_terminal '' 'msxops apply p.plan.json'
    [ "$(written)" = 0 ]
    # an empty line and a word that is no answer are asked again
    run -130 on_terminal '\nperhaps\nn\n' 'msxops apply p.plan.json'
    [ "$(grep -c 'Apply all of this?' screen.txt)" -ge 1 ]
    [ "$(written)" = 0 ]
}

@test "^C at the question applies nothing" {
    run -130 on_terminal '\003' 'msxops apply p.plan.json'
    [ "$(written)" = 0 ]
}

@test "one by one: y, n, y" {
    run -0 on_terminal 'o\ny\nn\ny\n' 'msxops apply p.plan.json'
    [ "$(written)" = 2 ]
    [ "$(uses)" = 6603,6613 ]
}

@test "one by one: a takes the rest, s shows again, ? explains" {
    run -0 on_terminal 'o\nn\n?\ns\na\n' 'msxops apply p.plan.json'
    grep -q 'leave it out' screen.txt
    [ "$(uses)" = 6609,6613 ]
}

@test "one by one: q leaves out the rest, and alone applies nothing" {
    run -0 on_terminal 'o\ny\nq\n' 'msxops apply p.plan.json'
    [ "$(uses)" = 6603 ]
    run -130 on_terminal 'o\nq\n' 'msxops apply p.plan.json'
    [ "$(uses)" = 6603 ]
}

@test "one by one: the end of input in the middle applies nothing" {
    run -130 on_terminal 'o\ny\n' 'msxops apply p.plan.json'
    [ "$(written)" = 0 ]
}

@test "one by one: e changes the value that is then shown and applied" {
    run -0 on_terminal 'o\ne\nmsp_monthlyuse=6650\ny\nn\nn\n' 'msxops apply p.plan.json'
    cat screen.txt
    grep -q '6,\?650' screen.txt
    [ "$(uses)" = 6650 ]
    # a value that is none is told and nothing changes
    control reset '{}' >/dev/null
    run -130 on_terminal 'o\ne\nmsp_monthlyuse=much\nn\nn\nn\n' 'msxops apply p.plan.json'
    [ "$(uses)" = "" ]
}

@test "what depends on a refused operation is left out too" {
    jq '.operations[1].dependsOn = ["OP-1"]' p.plan.json >d.plan.json
    run -0 on_terminal 'o\nn\ny\n' 'msxops apply d.plan.json'
    grep -q 'OP-2 depends on' screen.txt
    [ "$(uses)" = 6613 ]
}

@test "a piped y is no answer" {
    run -130 on_terminal 'n\n' 'echo y | msxops apply p.plan.json'
    [ "$(written)" = 0 ]
    run -2 --separate-stderr bash -c 'yes | setsid -w msxops apply p.plan.json'
    [ -z "$output" ]
    [[ $stderr == *"no terminal to confirm on"* ]]
    [ "$(written)" = 0 ]
    run -0 on_terminal 'y\n' 'msxops apply p.plan.json </dev/null >out.json'
    [ "$(jq '.operations | length' out.json)" = 3 ]
    [ "$(written)" = 3 ]
}

@test "the plan that is shown is the plan that is sent, whatever happens to the file" {
    # the file changes while the question stands: what was shown is applied
    jq '.operations[0].after.msp_monthlyuse = 6699' p.plan.json >other.plan.json
    mkfifo answer
    script -qec 'msxops apply p.plan.json' /dev/null <answer >screen 2>&1 &
    pid=$!
    exec 7>answer
    for _ in {1..5000}; do
        ! grep -q 'Apply all of this?' screen || break
    done
    cp other.plan.json p.plan.json
    printf 'y\n' >&7
    s=0
    wait $pid || s=$?
    exec 7>&-
    [ $s = 0 ]
    [ "$(uses)" = 6603,6609,6613 ]
}

@test "hostile names do not reach the terminal as control characters" {
    control edit "$(jq -n --arg id "$(msxops milestones show 7-100000013 -q .msp_engagementmilestoneid)" \
        '{entitySet: "msp_engagementmilestones", id: $id, set: {msp_forecastcomments: "was \u001b]0;title\u0007 \u001b[2J here"}}')"
    msxops milestones update 7-100000013 --comments "plain" --plan h.plan.json >/dev/null
    run -130 on_terminal 'n\n' 'msxops --color never apply h.plan.json'
    grep -q '2J here' screen.txt
    run -1 grep -q $'\033' screen
}
