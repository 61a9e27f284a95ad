#!/bin/sh
# Static checks of the sources named: format, clang-tidy, cppcheck; shellcheck of scripts.
set -u
bad=0
fmt=$(command -v clang-format-14 || command -v clang-format || true)
tidy=$(command -v clang-tidy-14 || command -v clang-tidy || true)
for tool in "$fmt" "$tidy" cppcheck shellcheck; do
    command -v "${tool:-none}" >/dev/null 2>&1 || {
        echo "lint: clang-format, clang-tidy, cppcheck and shellcheck are needed" >&2
        exit 1
    }
done
"$fmt" --dry-run -Werror "$@" include/msxops/*.h lib/*/*.h cmd/*.h || bad=1
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -DMSXOPS_VERSION=\"0\" -Iinclude -Ilib -Icmd"
# shellcheck disable=SC2086 # a list of words
"$tidy" --quiet "$@" -- $flags $(pkg-config --cflags libcurl jansson yaml-0.1 libmicrohttpd) \
    2>/dev/null || bad=1
# shellcheck disable=SC2086
cppcheck -q --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,portability \
    --suppress=missingIncludeSystem --suppress='*:/usr/*' -Iinclude -Ilib -Icmd "$@" || bad=1
shellcheck tests/helpers/*.sh .ci/run tests/bench/*.sh || bad=1
shellcheck -s bats -e SC2314,SC2315,SC2030,SC2031 tests/cli/*.bats || bad=1
exit $bad
