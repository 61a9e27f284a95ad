#!/usr/bin/env bats
# One request in five fails, in every way that the sandbox can fail: a list is whole or the command
# fails with nothing on standard output, and every write takes effect exactly once.
load common

setup_file() {
    home_setup
    # the server itself, for pages smaller than everything; then sign in to what runs
    mkdir -p "$MSXOPS_HOME/state/sandbox"
    msxops-sandbox --dir "$MSXOPS_HOME/state/sandbox" --page-size 7 --today 2026-03-02 >/dev/null
    sandbox_setup
    mkdir "$BATS_FILE_TMPDIR/good"
    msxops whoami >/dev/null
    for l in $(lists); do list "$l" >"$BATS_FILE_TMPDIR/good/$l"; done
    make_plan >/dev/null
}
teardown_file() { no_faults && sandbox_teardown; }
setup() {
    cd "$BATS_TEST_TMPDIR" || return
    SB_URL=$(jq -r .url "$SB_DIR/sandbox.json")
    SB_KEY=$(jq -r .controlKey "$SB_DIR/sandbox.json")
}
teardown() { no_faults; }

# --- lists ---

lists() { echo query stream milestones opportunities tasks accounts skill; }
list() { # NAME OPTION...
    local what=$1
    shift
    case $what in
    query) msxops "$@" query tasks --select subject,scheduledend -o json ;;
    stream) msxops "$@" query tasks --select subject,scheduledend -o ndjson ;;
    milestones) msxops "$@" milestones list --mine --include-tasks --summary ;;
    opportunities) msxops "$@" opportunities list --mine --include-completed -o csv ;;
    tasks) msxops "$@" tasks list --mine -o table ;;
    accounts) msxops "$@" accounts list --name a -q '.accounts[].name' ;;
    # how often a tool was called is the one thing that another way of reading may change
    skill) msxops "$@" skill run spec-hygiene-triage -q 'del(.stats.tool_calls)' ;;
    esac
}
fired() { control state | jq .faultsFired; }
# A flow goes on without a step that may fail, and says so.
says_gap() {
    [ "$1" = skill ] && jq -e '[.gaps[] | select(.kind == "step_failed")] != []' "$1.out"
}
# JSON lines are printed as pages arrive: what is there before the failure is right, line by line.
is_prefix() {
    [ "$1" = stream ] || return 1
    cmp -n "$(stat -c %s "$1.out")" "$1.out" "$BATS_FILE_TMPDIR/good/$1" && [ -z "$(tail -c 1 "$1.out")" ]
}
# lists_hold RULES [OPTION...]: every list is as without faults, or fails whole. Counts in $whole
# and $failed; what was refused is in *.err.
lists_hold() {
    local rules=$1 l s
    shift
    no_faults
    faults "$rules"
    whole=0 failed=0
    for l in $(lists); do
        (
            s=0
            list "$l" "$@" >"$l.out" 2>"$l.err" || s=$?
            echo $s >"$l.status"
        ) &
    done
    wait
    no_faults
    for l in $(lists); do
        s=$(<"$l.status")
        case $s in
        0)
            cmp "$BATS_FILE_TMPDIR/good/$l" "$l.out" || says_gap "$l" || {
                diff "$BATS_FILE_TMPDIR/good/$l" "$l.out" | head -20
                echo "$l differs under $rules"
                return 1
            }
            whole=$((whole + 1))
            ;;
        1 | 3)
            [ ! -s "$l.out" ] || is_prefix "$l" || {
                echo "$l failed ($s) and printed under $rules"
                return 1
            }
            [[ $(head -n 1 "$l.err") == "msxops: error: "* ]]
            failed=$((failed + 1))
            ;;
        *)
            echo "$l: status $s under $rules"
            cat "$l.err"
            return 1
            ;;
        esac
    done
}
# One request in five: the actions of one line share it, each with a die of its own.
one_in_five() { # SEED ACTION...
    local seed=$1 all='' a n=$(($# - 1))
    shift
    for a in "$@"; do
        seed=$((seed + 1))
        all+="${all:+,}{\"match\":{\"probability\":0.$(printf %03d $((200 / n))),\"seed\":$seed},\"action\":$a}"
    done
    printf '{"rules":[%s]}' "$all"
}
E429='{"type":"status","status":429,"retryAfter":0}'
E5XX=('{"type":"status","status":500}' '{"type":"status","status":502,"html":true}'
    '{"type":"status","status":503}' '{"type":"status","status":504}')
BEFORE='{"type":"close-before"}'
AFTER='{"type":"close-after"}'
CUT=('{"type":"truncate","bytes":0}' '{"type":"truncate","bytes":1}' '{"type":"truncate","bytes":150}')
SLOW='{"type":"slow","chunkBytes":900,"chunkMs":2}'
GARBAGE='{"type":"malformed-json"}'
# what another try does not mend, or not for sure
FOREIGN='{"type":"foreign-next-link","url":"https://127.0.0.2:9"}'
HTML403='{"type":"status","status":403,"html":true}'
E401='{"type":"status","status":401}'
mixed() { # SEED
    one_in_five "$1" "$E429" "${E5XX[@]}" "$BEFORE" "$AFTER" "${CUT[@]}" "$SLOW" "$GARBAGE" \
        "$FOREIGN" "$HTML403" "$E401"
}
pages() { # N: the same records behind pages of N rows
    msxops --quiet sandbox stop
    msxops-sandbox --dir "$SB_DIR" --page-size "$1" --today 2026-03-02 --port "${SB_URL##*:}" >/dev/null
    sandbox_setup
}
passing_alone() { # COMMAND: with the rules of each kind of fault that another try mends
    "$1" "$(one_in_five 10 "$E429")"
    "$1" "$(one_in_five 20 "${E5XX[@]}")"
    "$1" "$(one_in_five 30 "$BEFORE")"
    "$1" "$(one_in_five 40 "$AFTER")"
    "$1" "$(one_in_five 50 "${CUT[@]}")"
    "$1" "$(one_in_five 60 "$SLOW")"
    "$1" "$(one_in_five 70 "$GARBAGE")"
}

@test "lists under each passing fault alone: whole" {
    each() {
        before=$(fired)
        lists_hold "$1"
        [ "$(fired)" -gt "$before" ]
        all=$((all + whole))
    }
    all=0
    passing_alone each
    # six tries against one failure in five: almost none fails for good
    [ "$all" -ge $((7 * 7 - 2)) ]
}

@test "lists under each lasting fault alone: whole, or a failure that says why" {
    for action in "$FOREIGN" "$HTML403" "$E401"; do
        lists_hold "$(one_in_five 80 "$action")"
        echo "$whole whole, $failed failed: $action"
    done
    # certain failure is a failure of every list
    lists_hold "{\"rules\":[{\"match\":{},\"action\":$HTML403}]}"
    [ "$failed" = 7 ]
    [[ $(cat query.err) == *403* ]]
    lists_hold "{\"rules\":[{\"match\":{},\"action\":$E401}]}"
    [ "$failed" = 7 ]
    [ "$(cat query.status)" = 3 ]
}

@test "lists under all faults mixed, with and without cached metadata" {
    for seed in 100 200; do
        lists_hold "$(mixed $seed)"
        lists_hold "$(mixed $((seed + 50)))" --no-cache --concurrency 3
    done
}

@test "a page that fails for good fails the list" {
    for action in "${E5XX[0]}" "$BEFORE" "${CUT[2]}" "$GARBAGE"; do
        no_faults
        # the first page is good, every later one fails
        faults "{\"rules\":[{\"match\":{\"pathContains\":\"skiptoken\"},\"action\":$action}]}"
        run -1 --separate-stderr msxops --retries 0 query tasks --select subject
        [ -z "$output" ]
        [[ ${stderr_lines[0]} == "msxops: error: "* ]]
    done
}

@test "a next link to another server is refused, nothing is sent there" {
    MSXOPS_HOME=$BATS_TEST_TMPDIR/other msxops --quiet sandbox start >/dev/null
    other=$BATS_TEST_TMPDIR/other/state/sandbox/sandbox.json
    elsewhere=$(jq -r .url "$other")
    there() { curl -sS -H "X-Sandbox-Key: $(jq -r .controlKey "$other")" "$(jq -r .url "$other")/__sandbox/state"; }
    curl -sS -X DELETE -H "X-Sandbox-Key: $(jq -r .controlKey "$other")" "$(jq -r .url "$other")/__sandbox/state"
    faults "{\"rules\":[{\"match\":{\"pathContains\":\"/tasks\"},\"action\":{\"type\":\"foreign-next-link\",\"url\":\"$elsewhere\"}}]}"
    run -1 --separate-stderr msxops query tasks --select subject
    sent=$(there | jq '[.recent[] | select(.path | startswith("/api/"))] | length')
    MSXOPS_HOME=$BATS_TEST_TMPDIR/other msxops --quiet sandbox stop
    [ -z "$output" ]
    [[ $stderr == *"$elsewhere"* ]]
    [ "$sent" = 0 ]
}

@test "Retry-After is waited for in full, and one that is too long is told" {
    faults '{"rules":[{"match":{"nth":1,"pathContains":"/tasks"},"action":{"type":"status","status":429,"retryAfter":2}}]}'
    start=$(date +%s%N)
    run -0 msxops query tasks --top 1 --select subject
    [ $((($(date +%s%N) - start) / 1000000)) -ge 2000 ]
    no_faults
    faults '{"rules":[{"match":{"pathContains":"/tasks"},"action":{"type":"status","status":429,"retryAfter":4000}}]}'
    run -1 --separate-stderr msxops query tasks --top 1 --select subject
    [ -z "$output" ]
    [[ $stderr == *"4000 s"* ]]
}

@test "an answer that never comes ends at the time limit" {
    faults '{"rules":[{"match":{"pathContains":"/tasks"},"action":{"type":"hold"}}]}'
    run -1 --separate-stderr msxops --timeout 1 --retries 0 query tasks --select subject
    [ -z "$output" ]
    no_faults
    faults '{"rules":[{"match":{"pathContains":"/tasks","count":1},"action":{"type":"hold"}}]}'
    run -0 --separate-stderr msxops --timeout 1 --retries 1 query tasks --top 1 --select subject
    [ -n "$output" ]
}

# --- writes ---

# A plan of 13 operations of every type: 4 + 1 creates, 5 updates, 3 closes.
make_plan() {
    local p=$BATS_FILE_TMPDIR/all.plan.json i q
    local -a t m
    q='[.milestones[].tasks[]? | select(.statecode == 0) | .activityid] | sort | .[0:5][]'
    mapfile -t t < <(msxops milestones list --mine --include-tasks -q "$q")
    for i in 03 05 09; do # milestones of Sam's
        m+=("7-1000000$i")
        msxops milestones update "7-1000000$i" --monthly-use "77$i" --plan "$p"
    done
    for i in 1 2 3 4; do
        msxops tasks create --milestone "${m[i % 3]}" --subject "Made under faults $i" --due +3d --plan "$p"
    done
    msxops tasks update "${t[0]}" --due +11d --description "Moved under faults" --plan "$p"
    msxops tasks update "${t[1]}" --subject "Renamed under faults" --plan "$p"
    msxops tasks close "${t[2]}" "${t[3]}" --plan "$p"
    msxops tasks close "${t[4]}" --status cancelled --plan "$p"
    msxops milestones create --opportunity "Contoso analytics platform" \
        --name "Milestone made under faults" --category Production --date +60d --plan "$p"
    [ "$(jq '.operations | length' "$p")" = 13 ]
    msxops diff "$p" -q .confirmation >"$BATS_FILE_TMPDIR/id"
    jq -S '[.operations[].target | {entitySet, id}] | sort_by(.id)' "$p" >"$BATS_FILE_TMPDIR/targets"
}
# The records, journal and log as before any apply.
fresh() {
    no_faults
    control reset '{}' >/dev/null
    rm -rf "$MSXOPS_HOME/state/journal" "$MSXOPS_HOME/state/audit"* "$MSXOPS_HOME/state/apply"
    control state >/dev/null
    curl -sS -X DELETE -H "X-Sandbox-Key: $SB_KEY" "$SB_URL/__sandbox/state"
}
# apply_under RULES [OPTION...]: apply the plan, then resume without faults, then count.
apply_under() {
    local rules=$1 s=0 p=$BATS_FILE_TMPDIR/all.plan.json
    shift
    fresh
    faults "$rules"
    msxops "$@" apply "$p" --confirm "$(<"$BATS_FILE_TMPDIR/id")" >first.json 2>first.err || s=$?
    no_faults
    first=$s
    case $s in
    0 | 1 | 3 | 6 | 7 | 10) ;;
    *)
        echo "apply: status $s under $rules"
        cat first.err
        return 1
        ;;
    esac
    # the report accounts for every operation and knows no more than is true
    if [ -s first.json ]; then
        jq -e '.operations | length == 13' first.json >/dev/null
        [ "$s" != 0 ] || jq -e 'all(.operations[]; .verified)' first.json >/dev/null
        control state | jq -S '[.writes[] | .id] | unique' >seen
        jq -e --slurpfile seen seen '[.operations[] | select(.outcome == "applied") | .target.id] - $seen[0] == []' first.json >/dev/null
    else
        [ "$s" != 0 ]
    fi
    if [ "$s" != 0 ]; then
        s=0
        msxops apply "$p" --resume >second.json 2>second.err || s=$?
        # an apply that was refused before it began cannot be resumed
        if [ $s = 6 ] && [ ! -s first.json ]; then
            s=0
            msxops apply "$p" --confirm "$(<"$BATS_FILE_TMPDIR/id")" >second.json 2>second.err || s=$?
        fi
        [ $s = 0 ] || {
            echo "resume: status $s after $first under $rules"
            cat first.err second.err
            jq -c '.operations[]|[.id,.outcome,.message]' first.json second.json
            return 1
        }
        jq -e 'all(.operations[]; .outcome == "applied" or .outcome == "already-applied")' second.json >/dev/null
        jq -e 'all(.operations[]; .verified)' second.json >/dev/null
    fi
    effects "$rules"
}
# Each effect exactly once, by the server's own books and by what the records show.
effects() {
    control state | jq -S '[.writes[] | {entitySet, id}] | sort_by(.id)' >writes
    cmp "$BATS_FILE_TMPDIR/targets" writes || {
        echo "effects under $1:"
        diff "$BATS_FILE_TMPDIR/targets" writes
        return 1
    }
    [ "$(msxops query tasks --filter "startswith(subject,'Made under faults')" -q '[.value[].subject] | sort | join(",")')" = \
        "Made under faults 1,Made under faults 2,Made under faults 3,Made under faults 4" ]
    [ "$(msxops query msp_engagementmilestones --filter "msp_name eq 'Milestone made under faults'" -q '.value | length')" = 1 ]
    [ "$(msxops query msp_engagementmilestones --filter "msp_monthlyuse ge 7703 and msp_monthlyuse le 7709" -q '[.value[].msp_monthlyuse] | sort | map(tostring) | join(",")')" = 7703,7705,7709 ]
}

@test "apply under each passing fault alone: every effect exactly once" {
    passing_alone apply_under
}

@test "apply under lasting faults and all mixed: every effect exactly once" {
    apply_under "$(one_in_five 80 "$HTML403")"
    apply_under "$(one_in_five 90 "$E401")"
    apply_under "$(mixed 300)"
    apply_under "$(mixed 400)" --concurrency 1 --retries 0
    apply_under "$(mixed 500)" --concurrency 4 --retries 1
}

@test "every answer to a write is lost: each is recognised by its effect" {
    apply_under "{\"rules\":[{\"match\":{\"method\":\"PATCH\"},\"action\":$AFTER}]}"
    [ "$first" = 0 ]
    [ "$(jq '[.operations[] | select(.recovered)] | length' first.json)" = 13 ]
}

@test "a connection that closes before each write: told in words of the user" {
    fresh
    faults "{\"rules\":[{\"match\":{\"method\":\"PATCH\"},\"action\":$BEFORE}]}"
    run -1 --separate-stderr msxops --retries 0 apply "$BATS_FILE_TMPDIR/all.plan.json" --confirm "$(<"$BATS_FILE_TMPDIR/id")"
    [ "$(control state | jq '.writes | length')" = 0 ]
    [[ ${stderr_lines[0]} == *"no whole answer"* ]]
    [[ $stderr$output != *callback* ]]
    [[ ${stderr_lines[1]} == *"--resume"* ]]
}

@test "writes that arrive late, after another try, take effect once" {
    # the server sits on the first three writes until the client has given up on them
    fresh
    faults '{"rules":[{"match":{"method":"PATCH","count":3},"action":{"type":"hold-before"}}]}'
    msxops --timeout 1 apply "$BATS_FILE_TMPDIR/all.plan.json" --confirm "$(<"$BATS_FILE_TMPDIR/id")" >first.json
    control release '{}' >/dev/null
    [ "$(jq '[.operations[] | select(.verified)] | length' first.json)" = 13 ]
    for _ in {1..100}; do # they are carried out now, or refused
        [ "$(control state | jq .inFlight)" -gt 1 ] || break
    done
    [ "$(control state | jq '[.recent[] | select(.method == "PATCH" and .ms >= 900)] | length')" = 3 ]
    effects late
}

@test "large pages: truncated late, and mixed" {
    fresh
    pages 5000
    lists_hold '{"rules":[]}'
    [ "$whole" = 7 ]
    lists_hold "$(one_in_five 600 '{"type":"truncate","bytes":5000}')"
    lists_hold "$(mixed 700)"
}
