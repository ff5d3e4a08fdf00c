#!/usr/bin/env bash
# Installs what the tests need, builds everything and runs all tests. Safe to run again: what is
# built and unchanged is not built again.
#
#   tests/run.sh                 everything
#   tests/run.sh release asan    only these stages
#
# Stages: format, release, analysis (clang's thread-safety analysis and clang-tidy), asan (with
# UBSan), tsan, fuzz (each parser for FLEETMETER_FUZZ_SECONDS, 10 unless set).
set -uo pipefail
cd "$(dirname "$0")/.."

stages=("$@")
[ ${#stages[@]} -gt 0 ] || stages=(format release analysis asan tsan fuzz)
jobs=$(nproc)
logs=build/logs
passed=0 failed=0 skipped=0

say() { printf '\n== %s (%dm%02ds)\n' "$1" $((SECONDS / 60)) $((SECONDS % 60)); }

# report NAME CODE: one thing that passed or failed; its log is shown when it failed.
report() {
  local name=$1
  if [ "$2" -eq 0 ]; then
    passed=$((passed + 1))
    echo "   $name: ok"
  else
    failed=$((failed + 1))
    echo "   $name: FAILED"
    tail -n 60 "$logs/$name.log" | sed 's/^/   | /'
    return 1
  fi
}

check() { # NAME COMMAND...
  local name=$1 code=0
  shift
  "$@" >"$logs/$name.log" 2>&1 || code=$?
  report "$name" "$code"
}

# suite NAME PRESET CTEST-ARGUMENTS...: a run of ctest, counted case by case.
suite() {
  local name=$1 preset=$2 log="$logs/$1.log"
  shift 2
  ctest --test-dir "build/$preset" --output-on-failure -j "$jobs" "$@" >"$log" 2>&1
  local total bad skips
  total=$(sed -n 's/.*tests failed out of \([0-9]*\).*/\1/p' "$log" | tail -n 1)
  bad=$(sed -n 's/.*, \([0-9]*\) tests failed out of.*/\1/p' "$log" | tail -n 1)
  if [ -z "$total" ] || [ "$total" -eq 0 ]; then
    failed=$((failed + 1))
    echo "   $name: ran no test"
    tail -n 30 "$log" | sed 's/^/   | /'
    return 1
  fi
  skips=$(grep -c '\*\*\*Skipped' "$log")
  passed=$((passed + total - bad - skips))
  failed=$((failed + bad))
  skipped=$((skipped + skips))
  echo "   $name: $((total - bad - skips)) passed, $bad failed, $skips skipped"
  if [ "$skips" -gt 0 ]; then grep '\*\*\*Skipped' "$log" | sed 's/^/   | /'; fi
  if [ "$bad" -gt 0 ]; then
    sed -n '/tests failed out of/,$p' "$log" | sed 's/^/   | /'
    grep -E '(FAILED|Failure|ERROR|WARNING: ThreadSanitizer|runtime error)' -A 8 "$log" |
      head -n 150 | sed 's/^/   | /'
  fi
}

# build PRESET [TARGET]: everything, or one target; goes on after an error to show them all.
build() {
  cmake --preset "$1" && cmake --build "build/$1" --target "${2:-all}" -j "$jobs" -- -k 0
}

sources() {
  git ls-files --cached --others --exclude-standard '*.cc' '*.h' 2>/dev/null ||
    find daemon collectors tests -name '*.cc' -o -name '*.h'
}

stage_format() {
  check format bash -c 'clang-format-19 --dry-run -Werror "$@"' _ $(sources)
}

stage_release() {
  check build-release build release && suite release release
}

stage_analysis() {
  check analysis build thread-safety
}

# Sanitizers run our own code; the demo, the installation and the dashboards were seen in release.
stage_asan() {
  # Clang's sanitizers have a program look up names and lines.
  export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
  check build-asan build asan && suite asan asan -LE whole-product
}

stage_tsan() {
  export TSAN_OPTIONS="ignore_noninstrumented_modules=1 suppressions=$PWD/tests/tsan.supp"
  check build-tsan build tsan thread_tests && suite tsan tsan -L threads
  unset TSAN_OPTIONS
}

stage_fuzz() {
  check build-fuzz build fuzz fuzz || return
  export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
  local corpus name code
  local -A running=()
  # Each takes one core.
  for corpus in tests/fuzz/corpus/*/; do
    name=$(basename "$corpus")
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
    tests/fuzz/run.sh "$name" >"$logs/fuzz-$name.log" 2>&1 &
    running[$name]=$!
  done
  for name in "${!running[@]}"; do
    code=0
    wait "${running[$name]}" || code=$?
    report "fuzz-$name" "$code"
  done
}

mkdir -p "$logs"
say "install"
deploy/install-deps.sh --tests || exit 1
for stage in "${stages[@]}"; do
  if ! declare -F "stage_$stage" >/dev/null; then
    echo "tests/run.sh: there is no stage '$stage'; stages: format release analysis asan tsan fuzz" >&2
    exit 2
  fi
  say "$stage"
  "stage_$stage"
done

say "done"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
