#!/usr/bin/env bats
# shellcheck disable=SC2016 # OData options begin with a dollar sign
# msxops-sandbox as curl sees it: start and stop, tokens, faults, controls, states that survive.
bats_require_minimum_version 1.5.0

# start [OPTIONS]: a sandbox of the test's own, on a free port
start() {
    msxops-sandbox --dir "$DIR" --today 2026-03-02 "$@"
    URL=$(jq -r .url "$DIR/sandbox.json")
    KEY=$(jq -r .controlKey "$DIR/sandbox.json")
    PID=$(jq -r .pid "$DIR/sandbox.json")
    API=$URL/api/data/v9.2
}
stop() {
    kill "$PID"
    while kill -0 "$PID" 2>/dev/null; do :; done
}
setup() {
    export HOME=$BATS_TEST_TMPDIR
    DIR=$BATS_TEST_TMPDIR/state
    PID=
}
teardown() {
    [ -z "$PID" ] || kill "$PID" 2>/dev/null || true
}
api() { # api PATH [CURL OPTIONS]
    local path=$1
    shift
    curl -gsS "$@" "$API/$path"
}
status() { # status PATH [CURL OPTIONS]: the HTTP status alone
    local path=$1
    shift
    curl -gsS -o /dev/null -w '%{http_code}' "$@" "$API/$path"
}
control() { # control METHOD PATH [JSON]
    curl -sS -X "$1" -H "X-Sandbox-Key: $KEY" ${3:+-d "$3"} "$URL/__sandbox/$2"
}

@test "sandbox: sandbox.json is private, names the server and goes with it" {
    start --no-auth
    [ "$(stat -c %a "$DIR/sandbox.json")" = 600 ]
    [ "$(jq -r '.pid|type' "$DIR/sandbox.json")" = number ]
    [ "$(jq -r .today "$DIR/sandbox.json")" = 2026-03-02 ]
    [ "$(api WhoAmI | jq -r .UserId)" != null ]
    run -1 msxops-sandbox --dir "$DIR"
    [[ $output == *"another msxops-sandbox runs on this folder"* ]]
    stop
    [ ! -e "$DIR/sandbox.json" ]
}

@test "sandbox: usage errors have one line and status 2" {
    run -2 msxops-sandbox
    [ "$output" = "msxops-sandbox: error: --dir DIR is needed (see --help)" ]
    run -2 msxops-sandbox --dir "$DIR" --today 2026-02-30
    [ "$output" = "msxops-sandbox: error: --today does not take '2026-02-30'" ]
    run -2 msxops-sandbox --dir "$DIR" --size huge
    run -2 msxops-sandbox --dir "$DIR" --nope
    run -0 msxops-sandbox --help
    [[ $output == usage:* ]]
}

@test "sandbox: the state survives a restart, reset restores the sample data" {
    start --no-auth
    before=$(api 'tasks?$count=true&$top=1' | jq '."@odata.count"')
    [ "$(status tasks -X POST -d '{"subject":"kept"}')" = 204 ]
    stop
    start --no-auth
    [ "$(api "tasks?\$filter=subject%20eq%20'KEPT'&\$select=subject" | jq '.value|length')" = 1 ]
    control POST reset '{"size":"small"}'
    [ "$(api 'tasks?$count=true&$top=1' | jq '."@odata.count"')" = "$before" ]
}

@test "sandbox: without a token 401 names the tenant and the resource" {
    start
    run -0 curl -sS -i "$API/WhoAmI"
    [[ ${lines[0]} == *" 401 "* ]]
    tenant=$(jq -r .tenant "$DIR/sandbox.json")
    [[ $output == *"WWW-Authenticate: Bearer authorization_uri=$URL/$tenant/oauth2/authorize, resource_id=$URL/"* ]]
    [ "$(status WhoAmI -H 'Authorization: Bearer nonsense')" = 401 ]
}

@test "sandbox: signing in by device code, and the end of a token" {
    start
    local tenant reply code token
    tenant=$(jq -r .tenant "$DIR/sandbox.json")
    code=$(curl -sS -d 'client_id=51f81489-12ee-4a9e-aaae-a2591f45987d' --data-urlencode "scope=$URL/user_impersonation offline_access" \
        "$URL/$tenant/oauth2/v2.0/devicecode")
    control POST identity/approve "$(jq -c '{user_code}' <<<"$code")"
    reply=$(curl -sS -d grant_type=urn:ietf:params:oauth:grant-type:device_code -d client_id=51f81489-12ee-4a9e-aaae-a2591f45987d \
        -d "device_code=$(jq -r .device_code <<<"$code")" "$URL/$tenant/oauth2/v2.0/token")
    token=$(jq -r .access_token <<<"$reply")
    [ "$(status WhoAmI -H "Authorization: Bearer $token")" = 200 ]
    control POST expire-tokens
    run -0 api WhoAmI -i -H "Authorization: Bearer $token"
    [[ $output == *0x8005F101* ]]
    [[ $output == *"WWW-Authenticate: Bearer authorization_uri="* ]]
    token=$(curl -sS -d grant_type=refresh_token -d client_id=51f81489-12ee-4a9e-aaae-a2591f45987d \
        -d "refresh_token=$(jq -r .refresh_token <<<"$reply")" "$URL/$tenant/oauth2/v2.0/token" | jq -r .access_token)
    [ "$(status WhoAmI -H "Authorization: Bearer $token")" = 200 ]
}

@test "sandbox: answers carry what the service's do" {
    start --no-auth
    run -0 curl -gsS -i "$API/accounts?\$top=1&\$select=name"
    [[ $output == *"x-ms-service-request-id: "* ]]
    [[ $output == *"x-ms-dop-hint: "* ]]
    [[ $output == *"Set-Cookie: ARRAffinity="* ]]
    [[ $output == *"OData-Version: 4.0"* ]]
    [ "$(status 'accounts?$select=nope')" = 400 ]
    [ "$(status msp_milestones)" = 404 ]
    [ "$(status "tasks?\$filter=$(printf '%033000d' 0)")" = 414 ]
    [ "$(status "tasks($(printf '%0270d' 0))")" = 400 ]
}

@test "sandbox: 52 requests with 50 ms of latency do not wait for each other" {
    start --no-auth --latency 50
    local from=$EPOCHREALTIME
    curl -sS -Z --parallel-immediate --parallel-max 60 -o /dev/null "$API/tasks?\$top=1&n=[1-52]" 2>/dev/null
    local ms=$(((${EPOCHREALTIME/./} - ${from/./}) / 1000))
    [ "$ms" -lt 1300 ] # one after the other it would be 2600
    [ "$(control GET state | jq .maxInFlight)" -gt 10 ]
}

@test "sandbox: the control endpoint wants its key" {
    start --no-auth
    [ "$(curl -sS -o /dev/null -w '%{http_code}' "$URL/__sandbox/state")" = 403 ]
    [ "$(curl -sS -o /dev/null -w '%{http_code}' -H 'X-Sandbox-Key: x' "$URL/__sandbox/dump")" = 403 ]
    [ "$(control GET state | jq .requests)" = 0 ]
}

@test "sandbox: faults by number, path, method and count" {
    start --no-auth
    control POST faults '{"rules":[
        {"match":{"pathContains":"accounts","nth":2},"action":{"type":"status","status":429,"retryAfter":7}},
        {"match":{"method":"POST","count":1},"action":{"type":"status","status":503}},
        {"match":{"pathContains":"opportunities"},"action":{"type":"status","status":403,"html":true}}]}'
    [ "$(status 'accounts?$top=1')" = 200 ]
    run -0 curl -gsS -i "$API/accounts?\$top=1"
    [[ $output == *" 429 "* ]]
    [[ $output == *"Retry-After: 7"* ]]
    [[ $output == *0x80072322* ]]
    [ "$(status 'accounts?$top=1')" = 200 ]
    [ "$(status tasks -X POST -d '{"subject":"no"}')" = 503 ]
    [ "$(status tasks -X POST -d '{"subject":"yes"}')" = 204 ]
    [[ $(api opportunities) == *"<html>"* ]]
    [ "$(control GET faults | jq -c '[.rules[].fired]')" = '[1,1,1]' ]
    control DELETE faults
    [ "$(status 'opportunities?$top=1')" = 200 ]
    run -0 control POST faults '{"rules":[{"action":{"type":"nope"}}]}'
    [ "$(jq -r .error <<<"$output")" = "rule 1: unknown action type 'nope'" ]
}

@test "sandbox: a lost answer after the write, a lost request before it" {
    start --no-auth
    control POST faults '[{"match":{"method":"POST","nth":1},"action":{"type":"close-before"}},
                          {"match":{"method":"POST","nth":2},"action":{"type":"close-after"}}]'
    run -52 curl -sS -X POST -d '{"subject":"never"}' "$API/tasks"
    [ "$(control GET state | jq .writeCount)" = 0 ]
    run -52 curl -sS -X POST -d '{"subject":"once"}' "$API/tasks"
    [ "$(control GET state | jq -c '[.writes[]|[.effect,.entitySet]]')" = '[["create","tasks"]]' ]
    [ "$(api "tasks?\$filter=subject%20eq%20'once'" | jq '.value|length')" = 1 ]
    [ "$(api "tasks?\$filter=subject%20eq%20'never'" | jq '.value|length')" = 0 ]
}

@test "sandbox: truncated, slow, malformed and misleading bodies" {
    start --no-auth
    control POST faults '[{"match":{"nth":1},"action":{"type":"truncate","bytes":10}},
                          {"match":{"nth":2},"action":{"type":"malformed-json"}},
                          {"match":{"nth":3},"action":{"type":"foreign-next-link","url":"https://evil.example"}},
                          {"match":{"nth":4},"action":{"type":"slow","chunkBytes":200,"chunkMs":1}}]'
    run -18 curl -gsS "$API/tasks?\$select=subject"
    run ! jq -e . <<<"$(api 'tasks?$select=subject')"
    [[ $(api 'tasks?$select=subject' -H 'Prefer: odata.maxpagesize=2' | jq -r '."@odata.nextLink"') == https://evil.example/api/data/v9.2/tasks* ]]
    api 'tasks?$select=subject' | jq -e '.value|length > 2'
}

@test "sandbox: a held answer waits for its release, after the write" {
    start --no-auth
    control POST faults '[{"match":{"method":"POST"},"action":{"type":"hold"}}]'
    curl -sS -o /dev/null -w '%{http_code}' -X POST -d '{"subject":"held"}' "$API/tasks" >"$BATS_TEST_TMPDIR/code" &
    until [ "$(control GET state | jq .held)" = 1 ]; do :; done
    [ "$(api "tasks?\$filter=subject%20eq%20'held'" | jq '.value|length')" = 1 ]
    [ ! -s "$BATS_TEST_TMPDIR/code" ]
    control POST release
    wait $!
    [ "$(cat "$BATS_TEST_TMPDIR/code")" = 204 ]
}

@test "sandbox: it stops at once though answers are held" {
    start --no-auth
    control POST faults '[{"action":{"type":"hold"}}]'
    curl -sS -o /dev/null "$API/WhoAmI" &
    until [ "$(control GET state | jq .held)" = 1 ]; do :; done
    stop
    wait $! || true
    [ ! -e "$DIR/sandbox.json" ]
}

@test "sandbox: load replaces everything, dump gives it back" {
    start --no-auth
    cat >"$BATS_TEST_TMPDIR/data.json" <<-'JSON'
	{"whoami":"aaaaaaaa-0000-4000-8000-000000000001",
	 "systemusers":[{"systemuserid":"aaaaaaaa-0000-4000-8000-000000000001","fullname":"Ana"}],
	 "opportunities":[{"opportunityid":"cccccccc-0000-4000-8000-000000000001","name":"One","msp_salesplay":"Data Security",
	   "activestageid":"cccccccc-0000-4000-8000-0000000000ff","activestageid@OData.Community.Display.V1.FormattedValue":"Realize Value"}]}
	JSON
    control POST load "@$BATS_TEST_TMPDIR/data.json"
    [ "$(api WhoAmI | jq -r .UserId)" = aaaaaaaa-0000-4000-8000-000000000001 ]
    [ "$(api 'opportunities?$select=name,msp_salesplay' | jq -c '[.value[]|[.name,.msp_salesplay]]')" = '[["One",861980005]]' ]
    control GET dump >"$BATS_TEST_TMPDIR/dump.json"
    control POST load "@$BATS_TEST_TMPDIR/dump.json"
    local same='walk(if type == "object" then with_entries(select(.key|test("etag|versionnumber")|not)) else . end)'
    [ "$(control GET dump | jq -S "$same")" = "$(jq -S "$same" "$BATS_TEST_TMPDIR/dump.json")" ]
    run -0 control POST load '{"opportunities":[{"nope":1}]}'
    [ "$(jq -r .error <<<"$output")" = "opportunities (no key): opportunity has no column 'nope'" ]
    [ "$(api 'opportunities?$select=name' | jq '.value|length')" = 1 ] # a refused load changes nothing
}

@test "sandbox: an edit by somebody else moves the ETag" {
    start --no-auth
    local row id etag other
    row=$(api 'msp_engagementmilestones?$top=1&$select=msp_name' | jq -c '.value[0]')
    id=$(jq -r .msp_engagementmilestoneid <<<"$row")
    etag=$(jq -r '."@odata.etag"' <<<"$row")
    other=$(api 'systemusers?$select=fullname&$orderby=fullname%20desc&$top=1' | jq -r '.value[0].systemuserid')
    control POST edit "{\"entitySet\":\"msp_engagementmilestones\",\"id\":\"$id\",\"as\":\"$other\",\"set\":{\"msp_monthlyuse\":77}}"
    [ "$(status "msp_engagementmilestones($id)" -X PATCH -H "If-Match: $etag" -d '{"msp_monthlyuse":1}')" = 412 ]
    [ "$(api "msp_engagementmilestones($id)?\$select=msp_monthlyuse,_modifiedby_value" | jq -c '[.msp_monthlyuse,._modifiedby_value]')" = "[77,\"$other\"]" ]
    [ "$(control GET state | jq .writeCount)" = 0 ] # not a client's write
}
