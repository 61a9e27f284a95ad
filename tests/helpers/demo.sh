#!/usr/bin/env bash
# The whole loop on a live server: sign in, find, plan, review, apply, and look again. Asks nothing
# without a terminal; on one, you decide what is applied. Leaves nothing running and nothing behind.
set -eu
bin=$1
export PATH=$bin:$PATH LC_ALL=C.UTF-8
MSXOPS_HOME=$(mktemp -d "${TMPDIR:-/tmp}/msxops-demo.XXXXXX")
export MSXOPS_HOME
unset MSXOPS_TOKEN MSXOPS_URL MSX_CRM_URL MSXOPS_PROFILE MSXOPS_TODAY
cd "$MSXOPS_HOME"
finish() {
    msxops --quiet sandbox stop || true
    cd /
    rm -rf "$MSXOPS_HOME"
}
trap finish EXIT
step() { printf '\n\033[1m== %s\033[0m\n' "$1"; }
run() {
    printf '$ msxops'
    printf ' %q' "$@"
    printf '\n'
    msxops "$@"
}
interactive=
if [ -t 0 ] && [ -t 1 ]; then interactive=1; fi
[ -n "$interactive" ] || step() { printf '\n== %s\n' "$1"; }

step "Start a local CRM with sample data and sign in"
run sandbox start -o table
run whoami -o table

step "What is on your plate"
run opportunities list --mine -o table
run milestones list --mine --status active -o table

step "Specialist: what is wrong with the pipeline, and what would mend it"
run skill run spec-hygiene-triage --plan specialist.plan.json -o table

step "The plan, operation by operation: nothing is written yet"
run diff specialist.plan.json

step "Apply"
open_ops() { msxops plan show "$1" -o json -q '[.operations[] | select([.after[] | strings | test("<<")] | any) | .id] | .[]'; }
blanks=$(open_ops specialist.plan.json)
if [ -n "$blanks" ]; then
    echo "These proposals have a blank that only you can fill (msxops plan edit); left out here:"
    # shellcheck disable=SC2086 # a list of operation ids
    run plan drop specialist.plan.json $blanks -o table
fi
if [ -n "$interactive" ]; then
    run apply specialist.plan.json || true
else
    id=$(msxops diff specialist.plan.json | sed -n 's/^Confirmation ID: //p')
    run apply specialist.plan.json --confirm "$id" -o table
fi

step "The same flow again: what was mended is gone"
run skill run spec-hygiene-triage -o table

step "CSAM: committed milestones, with customer-safe words"
msxops --quiet sandbox start --user csam >/dev/null
run whoami -o table
run skill run csam-health-review --plan csam.plan.json -o table
run skill run csam-health-review -q '.outputs.customer_summary[]'

step "Done"
echo "Nothing is left running. Yours to keep: msxops sandbox start"
