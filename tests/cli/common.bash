# Shared by the command-line tests: a home of their own and a sandbox on an ephemeral port.
bats_require_minimum_version 1.5.0

# Every test file has its own home and, when it asks, its own sandbox, dated 2026-03-02.
home_setup() {
    export MSXOPS_HOME=$BATS_FILE_TMPDIR/home TZ=UTC LC_ALL=C.UTF-8
    export MSXOPS_TODAY=2026-03-02 HOME=$BATS_FILE_TMPDIR
    unset MSXOPS_TOKEN MSXOPS_URL MSX_CRM_URL MSXOPS_PROFILE MSXOPS_PAGER PAGER NO_COLOR COLUMNS
    mkdir -p "$MSXOPS_HOME"
}
sandbox_setup() { # options of sandbox start
    home_setup
    msxops --quiet sandbox start "$@" >"$BATS_FILE_TMPDIR/sandbox.json"
    SB_DIR=$MSXOPS_HOME/state/sandbox
    SB_URL=$(jq -r .url "$SB_DIR/sandbox.json")
    SB_KEY=$(jq -r .controlKey "$SB_DIR/sandbox.json")
    export SB_DIR SB_URL SB_KEY
}
sandbox_teardown() {
    msxops --quiet sandbox stop || true
}
# control PATH [JSON]: a request to the sandbox's control endpoint
control() {
    if [ $# -gt 1 ]; then
        curl -sS --fail-with-body -H "X-Sandbox-Key: $SB_KEY" -H 'Content-Type: application/json' \
            -d "$2" "$SB_URL/__sandbox/$1"
    else
        curl -sS --fail-with-body -H "X-Sandbox-Key: $SB_KEY" "$SB_URL/__sandbox/$1"
    fi
}
faults() { control faults "$1" >/dev/null; }
no_faults() { curl -sS -X DELETE -H "X-Sandbox-Key: $SB_KEY" "$SB_URL/__sandbox/faults" >/dev/null; }
as_user() { # sign in as another sample user
    msxops --quiet sandbox start --user "$1" >/dev/null
}
milestone() { # NAME: its number
    msxops query msp_engagementmilestones --filter "msp_name eq '$1'" --select msp_milestonenumber \
        -q '.value[0].msp_milestonenumber'
}
