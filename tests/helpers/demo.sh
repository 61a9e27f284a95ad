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
run() { # show the command as a person would type it, then run it
    printf '$ msxops'
    for w; do
        case $w in
        *[!A-Za-z0-9_./:=+@-]*) printf " '%s'" "$w" ;;
        *) printf ' %s' "$w" ;;
        esac
    done
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

# The operations of a plan that still have a blank <<...>> which only a person can fill.
blanks() {
    msxops plan show "$1" -o json \
        -q '.operations[] | select([.after[] | strings | test("<<")] | any) | .id'
}
# One flow from finding to mending: run, plan, fill in, review, apply, run again.
work() { # flow, plan, what it is
    step "$3: what is wrong, and what would mend it"
    run skill run "$1" --plan "$2" -o table
    msxops skill run "$1" -q '.findings[].id' | sort >before.ids

    step "$3: a date that only you know"
    op=$(msxops plan show "$2" -o json \
        -q '[.operations[] | select(.after.msp_milestonedate == "<<agreed date>>") | .id][0] // empty')
    if [ -n "$op" ]; then
        run plan edit "$2" "$op" --fill 'agreed date=+30d' -o table
    fi
    left=$(blanks "$2")
    if [ -n "$left" ]; then
        echo "Other proposals with a blank are left out here:"
        # shellcheck disable=SC2086 # a list of operation ids
        run plan drop "$2" $left -q '"\(.cancelled) left out, \(.left) to apply"'
    fi

    step "$3: the plan as approval cards; nothing is written yet"
    if [ -n "$interactive" ]; then
        run apply "$2" || true
    else
        run diff "$2" -o table
        step "$3: apply"
        run apply "$2" --confirm "$(msxops diff "$2" -q .confirmation)" -o table
    fi

    step "$3: the same flow again; what was mended is gone"
    msxops skill run "$1" -q '.findings[].id' | sort >after.ids
    echo "before: $(wc -l <before.ids) findings, now: $(wc -l <after.ids). Gone:"
    comm -23 before.ids after.ids | sed 's/^/  /'
}

work spec-hygiene-triage specialist.plan.json "Specialist"

step "The same customers seen by their CSAM"
msxops --quiet sandbox start --user carla.mendes@contoso-sellers.example >/dev/null
run whoami -o table
work csam-health-review csam.plan.json "CSAM"
step "CSAM: words that may go to the customer"
run skill run csam-health-review -q '.outputs.customer_summary[]'

step "Done"
echo "Nothing is left running. Yours to keep: msxops sandbox start"
