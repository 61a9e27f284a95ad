#!/usr/bin/env bash
# The README's two commands on a machine that has nothing: a minimal Debian in a folder, a clean
# clone, an empty HOME. Needs root and mmdebstrap. SUITE names the release, FRESH_DIR the folder.
set -euo pipefail
suite=${SUITE:-bookworm}
top=$(git rev-parse --show-toplevel)
root=${FRESH_DIR:-$(mktemp -d "${TMPDIR:-/tmp}/msxops-fresh.XXXXXX")}
command -v mmdebstrap >/dev/null || { echo "check-fresh: mmdebstrap is not installed" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "check-fresh: needs root for the chroot" >&2; exit 1; }

cleanup() {
    for m in dev/pts proc; do
        mountpoint -q "$root/$m" && umount "$root/$m"
    done
    [ -n "${FRESH_DIR:-}" ] || rm -rf "$root"
}
trap cleanup EXIT
mmdebstrap --variant=minbase --include=git,make,ca-certificates "$suite" "$root" >/dev/null
for f in /etc/hosts /etc/resolv.conf; do
    [ -e "$f" ] && cp -L "$f" "$root$f"
done
git clone -q "$top" "$root/src"
# what every machine has: processes, and terminals for the tests that answer questions
mount -t proc proc "$root/proc"
mkdir -p "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -sf pts/ptmx "$root/dev/ptmx"
for target in demo check; do
    echo "== make $target"
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/nonexistent-home TERM=dumb \
        ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
        sh -c "mkdir -p /nonexistent-home && cd /src && make $target" </dev/null
done
echo "check-fresh: both commands succeeded"
