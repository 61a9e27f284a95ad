#!/bin/sh
# Holds the order of the layers: a file of lib/<layer> may include headers of its own layer and of
# those before it; the capability to write is made in lib/plan alone; each third-party library that
# has one home is included there only.
#
# shellcheck disable=SC2013 # names of files and layers have no blanks
set -u
bad=0
say() {
    echo "check-layers: $1" >&2
    bad=1
}
seen=
for layer in base http auth odata crm plan skill mcp render; do
    for f in lib/"$layer"/*.c lib/"$layer"/*.h; do
        [ -f "$f" ] || continue
        for inc in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$f" | sort -u); do
            case " $seen $layer msxops " in
            *" $inc "*) ;;
            *) say "$f includes from lib/$inc, which layer '$layer' may not use" ;;
            esac
        done
    done
    seen="$seen $layer"
done
# public headers by the layer that implements them
only() { # header pattern, allowed files pattern, what
    for f in $(grep -lE "^#include [\"<]$1" -r lib cmd --include='*.[ch]'); do
        printf '%s\n' "$f" | grep -Eq "$2" || say "$f includes $3"
    done
}
only 'http/write_cap\.h' '^lib/(http/|plan/)' 'the capability to write'
only 'curl/' '^lib/http/curl_load\.h$' 'libcurl'
only 'http/curl_load\.h' '^lib/http/engine\.h$' 'the loader of libcurl'
only 'yaml\.h' '^lib/base/yaml\.c$' 'libyaml'
only 'jq\.h>|^#include <jq\.h' '^lib/skill/jq\.c$' 'libjq'
only 'microhttpd' '^cmd/sandbox/' 'libmicrohttpd'
only 'sqlite3' '^cmd/sandbox/' 'SQLite'
exit $bad
