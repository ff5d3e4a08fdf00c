#!/usr/bin/env bash
# Kills daemon, collector and a witness under load and compares the ledger with what was promised.
#
#   tests/product/crash/run.sh [--cycles N] [--seed S] [--keep DIR]
#
# Uses the release build, and makes it first if it is not there.
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
export FLEETMETER_SOURCE_DIR=$root
export FLEETMETER_BINARY_DIR=${FLEETMETER_BINARY_DIR:-$root/build/release}
programs=(daemon/fleetmeterd daemon/fleetmeterctl collectors/fleetmeter-collector)
for program in "${programs[@]}"; do
  [ -x "$FLEETMETER_BINARY_DIR/$program" ] && continue
  "$root/deploy/install-deps.sh" --tests
  (cd "$root" && cmake --preset release &&
    cmake --build build/release --target fleetmeterd fleetmeterctl fleetmeter-collector)
  break
done
exec "$root/tests/product/crash/crash.py" "$@"
