#!/usr/bin/env bash
# Runs every test: unit tests and the command line under sanitizers, then what must run without them
# (programs killed by a preloaded helper). Arguments: folder of the plain build, of the sanitized.
set -u
plain=$1
san=$2
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99
export UBSAN_OPTIONS=print_stacktrace=1
export LC_ALL=C.UTF-8 TZ=UTC
export MSXOPS_TEST_PLAIN=$plain MSXOPS_TEST_SAN=$san
unset MSXOPS_TOKEN MSXOPS_URL MSX_CRM_URL MSXOPS_PROFILE MSXOPS_HOME MSXOPS_TODAY
jobs=$(nproc 2>/dev/null || echo 2)
work=$(mktemp -d "${TMPDIR:-/tmp}/msxops-check.XXXXXX")
trap 'rm -rf "$work"' EXIT
export HOME=$work/home TMPDIR=$work/tmp
mkdir -p "$HOME" "$TMPDIR"

status=0
# tests find the programs on PATH; files named *_plain.bats use the plain build
mapfile -t units < <(find "$san/tests/unit" -name 'test_*' -type f -perm -u+x | sort)
PATH=$san:$PATH prove -j"$jobs" --timer -e '' "${units[@]}" 2>&1 | tee "$work/unit.out"
[ "${PIPESTATUS[0]}" = 0 ] || status=1
mapfile -t files < <(find tests/cli -name '*.bats' ! -name '*_plain.bats' | sort)
if [ ${#files[@]} -gt 0 ]; then
    PATH=$san:$PATH prove -j"$jobs" --timer -e bats "${files[@]}" 2>&1 | tee "$work/cli.out"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
fi
mapfile -t files < <(find tests/cli -name '*_plain.bats' | sort)
if [ ${#files[@]} -gt 0 ]; then
    PATH=$plain:$PATH prove -j"$jobs" --timer -e bats "${files[@]}" 2>&1 | tee "$work/plain.out"
    [ "${PIPESTATUS[0]}" = 0 ] || status=1
fi
total=$(sed -n 's/^Files=.*, Tests=\([0-9]*\),.*/\1/p' "$work"/*.out | awk '{n += $1} END {print n + 0}')
if [ $status = 0 ]; then
    echo "$total passed, 0 failed"
else
    echo "FAILED: see above ($total run)" >&2
fi
exit $status
