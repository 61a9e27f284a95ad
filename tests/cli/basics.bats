#!/usr/bin/env bats
# What needs no server: help, usage errors, configuration, introspection.
load common

setup() { home_setup; }

@test "version prints name and number" {
    run -0 msxops version
    [[ $output =~ ^msxops\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    run -0 msxops --version
    [[ $output =~ ^msxops\ [0-9] ]]
}

@test "without a command the overview goes to standard error, status 2" {
    run -2 --separate-stderr msxops
    [ -z "$output" ]
    [[ $stderr == *"usage: msxops"* ]]
}

@test "every command explains itself, the same through help and --help" {
    mapfile -t commands < <(msxops introspect -q '.commands[].command')
    [ ${#commands[@]} -gt 25 ]
    for c in "${commands[@]}"; do
        # shellcheck disable=SC2086 # the words of a command
        run -0 msxops help $c
        [ -n "$output" ]
        a=$output
        # shellcheck disable=SC2086
        run -0 msxops $c --help
        [ "$a" = "$output" ]
    done
}

@test "help fits 80 columns" {
    mapfile -t commands < <(msxops introspect -q '.commands[].command')
    for c in "${commands[@]}"; do
        # examples may be long one-liners; everything else fits
        # shellcheck disable=SC2086
        long=$(msxops help $c | sed '/^Examples/,/^$/d' | awk 'length > 80')
        [ -z "$long" ] || { echo "$c: $long"; false; }
    done
    [ -z "$(msxops help | awk 'length > 80')" ]
    [ -z "$(msxops help options | awk 'length > 80')" ]
}

@test "an unknown command names the nearest, status 2" {
    run -2 --separate-stderr msxops milestone list
    [ -z "$output" ]
    [[ $stderr == "msxops: error: unknown command 'milestone'"* ]]
    run -2 --separate-stderr msxops milestones lsit
    [[ $stderr == *"did you mean 'msxops milestones list'"* ]]
    run -2 --separate-stderr msxops milestones
    [[ $stderr == *"'milestones' wants a command"* ]]
}

@test "an unknown option names the nearest, status 2" {
    run -2 --separate-stderr msxops milestones list --custmer Contoso
    [ "${stderr_lines[0]}" = "msxops: error: unknown option '--custmer'" ]
    [ "${stderr_lines[1]}" = "hint: did you mean '--customer'?" ]
}

@test "an option with a bad value says what it wants" {
    run -2 --separate-stderr msxops version --concurrency 53
    [ "${stderr_lines[0]}" = "msxops: error: --concurrency wants a number from 1 to 52, got '53'" ]
    run -2 --separate-stderr msxops version -o xml
    [[ ${stderr_lines[0]} == "msxops: error: --output wants json, ndjson, table, csv or md, got 'xml'" ]]
    run -2 --separate-stderr msxops version --today 2026-02-30
    [[ ${stderr_lines[0]} == "msxops: error: --today: "* ]]
    run -2 --separate-stderr msxops version --profile
    [ "${stderr_lines[0]}" = "msxops: error: --profile wants a value: NAME" ]
}

@test "too many and too few arguments are refused" {
    run -2 --separate-stderr msxops version extra
    [[ ${stderr_lines[0]} == *"'extra' is too much" ]]
    run -2 --separate-stderr msxops get accounts
    [[ ${stderr_lines[0]} == "msxops: error: 'get' wants ENTITYSET ID" ]]
}

@test "errors as JSON are one object a line" {
    run -2 --separate-stderr msxops --error-format json milestones list --custmer x
    [ "$(jq -r .code <<<"$stderr")" = usage ]
    [ "$(jq -r .status <<<"$stderr")" = 2 ]
    [ "$(jq -r .hint <<<"$stderr")" = "did you mean '--customer'?" ]
}

@test "an unknown command runs msxops-NAME from PATH" {
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\necho "hello $1"\n' >"$BATS_TEST_TMPDIR/bin/msxops-greet"
    chmod +x "$BATS_TEST_TMPDIR/bin/msxops-greet"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH run -0 msxops greet you
    [ "$output" = "hello you" ]
}

@test "introspect lists both tables" {
    run -0 msxops introspect
    [ "$(jq -r .schema <<<"$output")" = msxops.introspect/1 ]
    [ "$(jq '[.tools[] | select(.name == "get_milestones")] | length' <<<"$output")" = 1 ]
    [ "$(jq -r '.tools[] | select(.name == "get_milestones") | .inputSchema.type' <<<"$output")" = object ]
    # a command that names a tool names one that exists
    [ "$(jq '[.tools[].name] as $t | [.commands[].tool // empty] - $t | length' <<<"$output")" = 0 ]
}

@test "config set, get, list, path" {
    run -0 msxops config path
    [ "$output" = "$MSXOPS_HOME/config/config.yaml" ]
    msxops config set url https://Contoso.crm.dynamics.com/
    run -0 msxops config get url
    [ "$output" = https://contoso.crm.dynamics.com ]
    msxops --profile cron config set url https://contoso.api.crm4.dynamics.com
    run -0 msxops --profile cron config get url
    [ "$output" = https://contoso.crm4.dynamics.com ]
    run -4 --separate-stderr msxops config get tenant
    [[ $stderr == *"is not set"* ]]
    [ "$(stat -c %a "$MSXOPS_HOME/config/config.yaml")" = 600 ]
    run -2 --separate-stderr msxops config set url http://example.com
    [[ $stderr == "msxops: error: "* ]]
    run -0 msxops config list -o json
    [ "$(jq -r .profiles.cron.url <<<"$output")" = https://contoso.crm4.dynamics.com ]
}

@test "no organisation: status 3 and what to do" {
    MSXOPS_HOME=$BATS_TEST_TMPDIR/none run -3 --separate-stderr msxops whoami
    [ "${stderr_lines[0]}" = "msxops: error: no organisation is configured" ]
    [[ ${stderr_lines[1]} == "hint: msxops config set url "* ]]
}

@test "full disk on standard output is an error" {
    [ -w /dev/full ] || skip "no /dev/full"
    run -1 --separate-stderr bash -c 'msxops introspect >/dev/full'
    [[ $stderr == *"cannot write to standard output"* ]]
}

@test "a sandbox beside a profile of one's own leaves that the default" {
    export MSXOPS_HOME=$BATS_TEST_TMPDIR/two
    msxops --profile work config set url https://contoso.crm.dynamics.com
    run -0 --separate-stderr msxops sandbox start -q .profile
    [ "$output" = sandbox ]
    [ "$stderr" = "use it with --profile sandbox" ]
    run -0 msxops config get default_profile
    [ "$output" = work ]
    run -0 msxops --profile sandbox whoami -q .fullname
    [ "$output" = "Sam Rivera" ]
    msxops sandbox stop
}
