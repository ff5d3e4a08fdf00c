#!/usr/bin/env bash
# Runs the fuzzer on one target for a while. It keeps inputs that bring new coverage below
# build/asan/tests/fuzz/found, for the next run. An input that shows a fault is in
# build/asan/tests/fuzz/faults.
#   run.sh TARGET
# FLEETMETER_FUZZ_SECONDS: how long, 5 unless set.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=$1
build=build/asan/tests/fuzz
mkdir -p "$build/found/$target" "$build/faults"
export FLEETMETER_FUZZ_TARGET=$target
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=0
exec "$build/fuzz" -max_total_time="${FLEETMETER_FUZZ_SECONDS:-5}" -timeout=5 \
  -rss_limit_mb=1024 -max_len=8192 -print_final_stats=1 -artifact_prefix="$build/faults/$target-" \
  "$build/found/$target" "tests/fuzz/corpus/$target"
