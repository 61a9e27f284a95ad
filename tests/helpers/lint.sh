#!/usr/bin/env bash
# Static checks, the quick ones first: shellcheck of the scripts, clang-format of all C, cppcheck and
# clang-tidy of the sources named. Says all it finds, then fails when there was anything.
set -u
bad=0
jobs=$(nproc 2>/dev/null || echo 2)
fmt=$(command -v clang-format-14 || command -v clang-format)
tidy=$(command -v clang-tidy-14 || command -v clang-tidy)
for tool in "$fmt" "$tidy" cppcheck shellcheck; do
    command -v "${tool:-none}" >/dev/null 2>&1 || {
        echo "lint: clang-format, clang-tidy, cppcheck and shellcheck are needed" >&2
        exit 1
    }
done

# tests/cli/.shellcheckrc says what bats defines
echo "shellcheck"
shellcheck .ci/run tests/*/*.sh tests/cli/*.bash tests/cli/*.bats || bad=1

echo "clang-format"
"$fmt" --dry-run -Werror "$@" include/msxops/*.h lib/*/*.h cmd/*.h cmd/sandbox/*.h \
    tests/*/*.[ch] || bad=1

# cppcheck 2.10 does not know _Noreturn and the loops of jansson.h. The two checks left out read a
# pointer tested in one place as perhaps NULL in all; clang-tidy's analyser follows the paths.
echo "cppcheck"
cppcheck -q -j"$jobs" --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,portability \
    -Iinclude -Ilib -Icmd -D__GNUC__ '-D_Noreturn=__attribute__((noreturn))' \
    --include="$(pkg-config --variable=includedir jansson)/jansson.h" \
    --suppress=missingIncludeSystem --suppress='*:/usr/*' \
    --suppress=nullPointerRedundantCheck --suppress=nullPointerArithmeticRedundantCheck \
    "$@" || bad=1

echo "clang-tidy"
printf '%s\0' "$@" |
    xargs -0 -P "$jobs" -I{} "$tidy" --quiet {} -- -std=c11 -D_POSIX_C_SOURCE=200809L \
        -D_DEFAULT_SOURCE '-DMSXOPS_VERSION="0"' -Iinclude -Ilib -Icmd \
        2> >(grep -v ' warnings\? generated\.$' >&2) || bad=1
exit $bad
