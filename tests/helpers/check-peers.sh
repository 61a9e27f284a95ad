#!/usr/bin/env bash
# Clients that others wrote against what was built in the folder $1. They come from the npm
# registry into $1/peers; nothing of them is kept in the repository.
set -euo pipefail

build=${1:?usage: check-peers.sh BUILD-FOLDER}
here=$(cd "$(dirname "$0")/.." && pwd)

command -v npm >/dev/null || {
    echo "check-peers: npm is needed (Debian: nodejs npm)" >&2
    exit 1
}
mkdir -p "$build/peers"
cp "$here"/peers/package.json "$here"/peers/*.mjs "$build/peers/"
cd "$build/peers"
npm install --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel=error
export SANDBOX=$build/msxops-sandbox MSXOPS=$build/msxops
for check in check-*.mjs; do
    echo "# $check"
    node "$check"
done
