#!/usr/bin/env bats
# The real program is killed in the middle of apply, before every kind of step: each write, sync and
# rename of a file and each send and receive on a socket. What follows is `apply --resume`, and then
# the service must hold exactly what an apply without a crash leaves: 20 effects, none twice.
#
# All moments take some minutes; a run takes every MSXOPS_KILL_STEP-th (1 = all of them).
load common

STEP=${MSXOPS_KILL_STEP:-29}

# 20 mixed operations: updates, creates, closings, two on one task, and what depends on them.
make_plan() {
    local milestones tasks opportunity i
    mapfile -t milestones < <(msxops milestones list --mine --status active \
        -q '.milestones[].msp_milestonenumber' | head -6)
    mapfile -t tasks < <(msxops milestones list --mine --include-tasks \
        -q '[.milestones[] | .tasks[]? | select(.statecode == 0) | .activityid] | unique | .[]' |
        head -6)
    opportunity=$(msxops opportunities list --mine -q '.opportunities[0].opportunityid')
    [ ${#milestones[@]} = 6 ] && [ ${#tasks[@]} = 6 ]
    for i in 0 1 2 3 4 5; do
        msxops milestones update "${milestones[i]}" --date "2026-1$((i % 3))-1$i" --plan "$1"
    done
    for i in 0 1 2 3; do
        msxops tasks create --milestone "${milestones[i]}" --subject "Next step $i" --due +7d \
            --description "$(printf 'line one\nline two')" --plan "$1"
    done
    for i in 0 1 2 3; do
        msxops tasks update "${tasks[i]}" --subject "Renamed $i" --plan "$1"
    done
    msxops tasks close "${tasks[0]}" "${tasks[4]}" --plan "$1"
    msxops tasks close "${tasks[5]}" --status cancelled --plan "$1"
    for i in 1 2 3; do
        msxops milestones create --opportunity "$opportunity" --name "Pilot $i" --date eoq \
            --monthly-use $((i * 100)) --category POC/Pilot --plan "$1"
    done
} >/dev/null

# Service and state folder as before the first apply.
afresh() {
    control reset '{}' >/dev/null
    curl -sS -X DELETE -H "X-Sandbox-Key: $SB_KEY" "$SB_URL/__sandbox/state" >/dev/null
    rm -rf "$MSXOPS_HOME"/state/{journal,apply,plans} "$MSXOPS_HOME"/state/audit.jsonl
}

# What took effect, each as often as it did.
effects() { control state | jq -r '.writes[] | "\(.effect) \(.entitySet) \(.id)"' | sort; }

setup_file() {
    sandbox_setup
    PLAN=$BATS_FILE_TMPDIR/twenty.plan.json
    KILLAT_SO=$(dirname "$(command -v msxops)")/tests/helpers/killat.so
    make_plan "$PLAN"
    ID=$(msxops diff "$PLAN" -o json -q .confirmation)
    export PLAN KILLAT_SO ID
    afresh
    KILLAT_COUNT=$BATS_FILE_TMPDIR/events LD_PRELOAD=$KILLAT_SO \
        msxops --quiet apply "$PLAN" --confirm "$ID" -o json >"$BATS_FILE_TMPDIR/clean.json"
    effects >"$BATS_FILE_TMPDIR/clean.effects"
}
teardown_file() { sandbox_teardown; }

# Kill at event $1 (with the options that follow), resume, compare. 0: killed and made good; 2: it
# ended before that event; 1: wrong.
kill_and_resume() {
    local at=$1 report status=0
    shift
    # the shell's own word about the killed program is not wanted
    { KILLAT=$at LD_PRELOAD=$KILLAT_SO msxops --quiet "$@" apply "$PLAN" --confirm "$ID" \
        >/dev/null; } 2>/dev/null || status=$?
    [ $status = 137 ] || [ $status = 0 ] || { echo "event $at: status $status"; return 1; }
    report=$(msxops --quiet apply "$PLAN" --resume --confirm "$ID" -o json) ||
        { echo "event $at: resume: $report"; return 1; }
    jq -e '(.counts.applied + .counts["already-applied"]) == 20 and .counts.total == 20 and
        ([.operations[].verified] | all)' <<<"$report" >/dev/null ||
        { echo "event $at: $report"; return 1; }
    diff "$BATS_FILE_TMPDIR/clean.effects" <(effects) || { echo "event $at"; return 1; }
    [ $status = 137 ] || return 2
}

# kill_everywhere FIRST OPTIONS: until apply ends by itself.
kill_everywhere() {
    local at=$1 rc=0
    shift
    while [ $rc = 0 ]; do
        afresh
        kill_and_resume "$at" "$@" || rc=$?
        at=$((at + STEP))
    done
    echo "stopped at event $at"
    [ $rc = 2 ] && [ "$at" -gt 200 ]
}

@test "a plan of 20 mixed operations is applied" {
    run -0 jq -r '.counts | "\(.total) \(.applied)"' "$BATS_FILE_TMPDIR/clean.json"
    [ "$output" = "20 20" ]
    [ "$(wc -l <"$BATS_FILE_TMPDIR/clean.effects")" = 20 ]
    [ "$(cat "$BATS_FILE_TMPDIR/events")" -gt 200 ]
}

@test "applied again, nothing is sent" {
    run -0 msxops --quiet apply "$PLAN" --confirm "$ID" -o json -q '.counts["already-applied"]'
    [ "$output" = 20 ]
    [ "$(effects | wc -l)" = 20 ]
}

@test "killed at any moment, one request at a time: resume ends with 20 effects" {
    kill_everywhere 1 --concurrency 1
}

@test "killed at any moment while 16 requests are under way, with torn lines" {
    export KILLAT_TORN=1
    kill_everywhere 4 --concurrency 16
}

@test "killed again while it resumes" {
    for ((at = 60; at < 300; at += 60)); do
        afresh
        for again in "$at" 50 70; do
            { KILLAT=$again LD_PRELOAD=$KILLAT_SO msxops --quiet apply "$PLAN" --resume \
                --confirm "$ID" >/dev/null; } 2>/dev/null || true
        done
        run -0 msxops --quiet apply "$PLAN" --resume --confirm "$ID" -o json
        diff "$BATS_FILE_TMPDIR/clean.effects" <(effects)
    done
}

@test "the disk fills up at any moment: one clear line, and resume goes on" {
    for ((at = 1; ; at += STEP * 3)); do
        afresh
        FAILAT=$at LD_PRELOAD=$KILLAT_SO run --separate-stderr \
            msxops apply "$PLAN" --confirm "$ID" -o json --progress never
        [ "$status" != 0 ] || break
        [[ $stderr == *"No space left on device"* ]]
        [ "$status" = 1 ] || [ "$status" = 7 ]
        # nothing was sent before both logs were open
        [ "$status" = 7 ] || [ "$(effects | wc -l)" = 0 ] || [[ $stderr == *"all operations are applied"* ]]
        run -0 msxops --quiet apply "$PLAN" --resume --confirm "$ID" -o json
        diff "$BATS_FILE_TMPDIR/clean.effects" <(effects)
    done
    [ "$at" -gt 100 ]
}
