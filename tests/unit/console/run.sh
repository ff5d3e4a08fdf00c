#!/usr/bin/env bash
# Type checks the console and its tests, and runs the tests of its modules in Node.
set -euo pipefail
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
for program in tsc esbuild node; do
  command -v "$program" >/dev/null || { echo "skipped: there is no $program" && exit 77; }
done
tsc -p "$here"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
esbuild "$here"/*_test.ts --bundle --platform=node --format=cjs --jsx-factory=h \
  --external:preact --log-level=warning --outdir="$scratch"
TZ=Europe/Berlin node --test "$scratch"
