#!/usr/bin/env bash
# Writes the pages that the programs themselves print, after a change to what they print.
#
#   write_references.sh [--check] [BUILD_DIR]
#
#   --check     change nothing: say which page is not what its program prints, and exit with 1
#   BUILD_DIR   where the programs are (default: build/release)
set -euo pipefail

root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
check=no
if [[ ${1:-} == --check ]]; then
  check=yes
  shift
fi
build=${1:-$root/build/release}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
stale=0

# page FILE PROGRAM FLAG: FILE is what the program prints with that flag.
page() {
  "$build/$2" "$3" >"$scratch/page"
  cmp -s "$scratch/page" "$root/$1" && return
  if [[ $check == yes ]]; then
    diff -u "$root/$1" "$scratch/page" || true
    echo "$1 is not what $(basename "$2") $3 prints; write it with deploy/write_references.sh" >&2
    stale=1
    return
  fi
  cp "$scratch/page" "$root/$1"
  echo "wrote $1"
}

page dashboards/REASONS.md daemon/fleetmeterd --print-reasons

exit "$stale"
