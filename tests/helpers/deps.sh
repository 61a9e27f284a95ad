#!/bin/sh
# Installs the Debian packages named, if any is missing and it may; else prints the line to run.
set -eu
missing=
for p in "$@"; do
    case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null || true) in
    *' installed') ;;
    *) missing="$missing $p" ;;
    esac
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "these Debian packages (or your system's like of them) are missing:$missing" >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "packages are missing; run:" >&2
    echo "    sudo apt-get install -y --no-install-recommends$missing" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
echo "installing:$missing"
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $missing >/dev/null
