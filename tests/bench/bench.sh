#!/usr/bin/env bash
# What the program costs, each beside a floor measured or computed in the same run.
set -eu
bin=$1
here=$(cd "$(dirname "$0")" && pwd)
export PATH=$bin:$PATH LC_ALL=C.UTF-8 TZ=UTC MSXOPS_TODAY=2026-03-02
MSXOPS_HOME=$(mktemp -d "${TMPDIR:-/tmp}/msxops-bench.XXXXXX")
export MSXOPS_HOME
unset MSXOPS_TOKEN MSXOPS_URL MSX_CRM_URL MSXOPS_PROFILE
trap 'msxops --quiet sandbox stop || true; rm -rf "$MSXOPS_HOME"' EXIT
cd "$MSXOPS_HOME"
# a compiler may come with a word before it (ccache gcc)
# shellcheck disable=SC2086
${CC:-gcc} -O2 -D_DEFAULT_SOURCE -std=c11 -o measure "$here/measure.c"

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", (b > 0 ? a / b : 0) }'; }
row() { printf '%-44s %s\n' "$1" "$2"; }

read -r wall _ rss _ < <(./measure 200 msxops version)
read -r floor _ _ _ < <(./measure 200 true)
row "start-up of 'msxops version'" "$wall ms (starting 'true': $floor ms, budget 10 ms), $rss kB"

latency=50 conc=16
msxops --quiet sandbox start --size medium --user seller01@contoso-sellers.example >/dev/null
dir=$MSXOPS_HOME/state/sandbox
url=$(msxops sandbox status -q .url)
key=$(msxops config get url >/dev/null; sed -n 's/.*"controlKey": *"\([^"]*\)".*/\1/p' "$dir/sandbox.json")
ctl() { curl -sS -H "X-Sandbox-Key: $key" -H 'Content-Type: application/json' "$@"; }
requests() { ctl "$url/__sandbox/state" | jq '.requests // .total // 0'; }

msxops query opportunities --filter "startswith(name,'Opportunity 000')" --select opportunityid \
    --orderby name --top 200 -q '.value[].opportunityid' >ids
[ "$(wc -l <ids)" = 200 ]
# the metadata cache is warm, as on every day but the first; the trace has the requests for the peer
msxops --trace sweep.trace milestones list --opportunity - --include-tasks <ids >warm.json
row "sweep" "$(jq .count warm.json) milestones, $(jq '[.milestones[].tasks[]] | length' warm.json) tasks of 200 opportunities"

latency() { ctl -X POST -d "[{\"action\":{\"type\":\"latency\",\"ms\":$latency}}]" "$url/__sandbox/faults" >/dev/null; }
no_latency() { ctl -X DELETE "$url/__sandbox/faults" >/dev/null; }
server_cpu() { awk -v t="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1000 / t }' "/proc/$(jq .pid "$dir/sandbox.json")/stat"; }
# URLs on standard input -> what curl needs to send them as msxops does, the answers thrown away
peer() {
    printf 'header = "Authorization: Bearer %s"\n' "$(msxops auth token)"
    sed -n 's/^> \(Prefer:.*\)/\1/p' sweep.trace | sed 's/["\\]/\\&/g; s/.*/header = "&"/; q'
    sed 's/.*/url = "&"\noutput = "\/dev\/null"/'
}
curl_all="curl -sS --globoff --parallel --parallel-max $conc --parallel-immediate"

# two steps depend on each other: milestones, then their tasks; within a step all run at once
grep '^> http.*/msp_engagementmilestones?' sweep.trace | sed 's/^> //' | peer >step1
grep '^> http.*/tasks?' sweep.trace | sed 's/^> //' | peer >step2
sweep='msxops milestones list --opportunity - --include-tasks <ids'
bare="$curl_all -K step1 2>/dev/null && $curl_all -K step2 2>/dev/null"
for ms in $latency 0; do
    if [ "$ms" = 0 ]; then no_latency; else latency; fi
    before=$(requests) used=$(server_cpu)
    read -r wall cpu rss _ < <(./measure 9 sh -c "$sweep")
    n=$((($(requests) - before) / 9))
    served=$(awk -v a="$used" -v b="$(server_cpu)" 'BEGIN { print int((b - a) / 9) }')
    before=$(requests)
    read -r floor curl_cpu _ status < <(./measure 9 sh -c "$bare")
    [ "$status" = 0 ] && [ $((($(requests) - before) / 9)) = "$n" ]
    row "  at $ms ms latency" "$wall ms wall, $cpu ms CPU, $n requests, $rss kB; the sandbox $served ms CPU"
    row "  bare curl, the same requests and steps" "$floor ms wall, $curl_cpu ms CPU; ratio $(ratio "$wall" "$floor")"
done
row "  floor of $latency ms latency alone" "$((2 * latency)) ms: 2 steps"

msxops milestones list --mine --status active -q '.milestones[:200][].msp_engagementmilestoneid' >mine
[ "$(wc -l <mine)" = 200 ]
msxops milestones update - --date +100d --plan bench.plan.json -o json <mine >/dev/null 2>plan.err ||
    { cat plan.err >&2; exit 1; }
id=$(msxops diff bench.plan.json -q .confirmation)
latency
before=$(requests) used=$(server_cpu)
read -r wall cpu rss status < <(./measure 1 msxops apply bench.plan.json --confirm "$id")
n=$(($(requests) - before))
served=$(awk -v a="$used" -v b="$(server_cpu)" 'BEGIN { print int(b - a) }')
floor=$(awk -v n="$n" -v l=$latency -v c=$conc 'BEGIN { print int((n + c - 1) / c) * l }')
row "apply of 200 updates at $latency ms latency" "$wall ms wall, $cpu ms CPU, $n requests, $rss kB, status $status; the sandbox $served ms CPU"
row "  floor: ceil($n/$conc) rounds of $latency ms" "$floor ms; ratio $(ratio "$wall" "$floor")"
# as many requests of bare curl: the apply's own reads over and over, nothing written
ctl "$url/__sandbox/state" | jq -r --arg u "$url" --argjson n "$n" '[.recent[]
    | select(.method == "GET" and (.path | test("milestones\\("))) | $u + .path + "?" + .query] as $g
    | range($n) | $g[. % ($g | length)]' | peer >reads
read -r floor _ _ status < <(./measure 1 sh -c "$curl_all -K reads 2>/dev/null")
[ "$status" = 0 ]
row "  bare curl, as many reads, nothing kept" "$floor ms; ratio $(ratio "$wall" "$floor")"
no_latency

read -r wall cpu rss _ < <(./measure 3 msxops query tasks --select subject -o ndjson)
row "24,000 tasks as ndjson" "$wall ms wall, $cpu ms CPU, $rss kB"
read -r wall _ rss2 _ < <(./measure 3 msxops query tasks --select subject --top 6000 -o ndjson)
row "6,000 tasks as ndjson" "$wall ms wall, $rss2 kB; memory ratio $(ratio "$rss" "$rss2")"
