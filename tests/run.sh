#!/usr/bin/env bash
# Installs what the tests need, builds everything and runs all tests; see `tests/run.sh --help`.
set -uo pipefail
cd "$(dirname "$0")/.."

readonly usual_stages=(install format release analysis asan tsan fuzz)
jobs=$(nproc)
logs=build/logs
passed=0 failed=0 skipped=0 unchanged=0
again=()  # --again, if all are to run.
took=()  # A line for each stage.

usage() {
  cat <<'TEXT'
Installs what the tests need, builds everything and runs all tests. What is built and unchanged is
not built again.

  tests/run.sh                 Run all stages but bare.
  tests/run.sh release asan    Run only these stages. What they need is always installed first.
  tests/run.sh --again ...     Also run again what has passed with sanitizers and has not changed
                               since. Without it the release's tests run always, and those of asan,
                               tsan and fuzz run when their programs or any other file changed.

The stages, in their order:

  install    Install the packages that building and testing need.
  format     Compare all sources with what clang-format would make of them.
  release    Build the release and run all tests with it.
  analysis   Run clang's thread-safety analysis and clang-tidy.
  asan       Run the tests with AddressSanitizer and UndefinedBehaviorSanitizer.
  tsan       Run the tests of what has threads with ThreadSanitizer.
  fuzz       Fuzz each parser for FLEETMETER_FUZZ_SECONDS seconds, which is 5 unless it is set.
  bare       Run the commands of README's quick start in a bare Debian, and those from the package
             to a dashboard. It builds everything again there, so it takes long unless ccache is
             warm, and it runs only when it is named.

The logs are in build/logs. A stage that fails does not keep the next ones from running. The exit
code is 0 if nothing failed.
TEXT
}

duration() { printf '%dm%02ds' $(($1 / 60)) $(($1 % 60)); } # SECONDS

say() { printf '\n== %s (%s)\n' "$1" "$(duration $SECONDS)"; }

# Counts one thing that passed or failed. The end of its log is shown if it failed.
report() { # NAME EXIT-CODE
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

# Runs all tests of a build and counts them.
suite() { # NAME PRESET CTEST-ARGUMENTS...
  local name=$1 preset=$2
  shift 2
  ctest --test-dir "build/$preset" --output-on-failure -j "$jobs" "$@" >"$logs/$name.log" 2>&1
  count_tests "$name" "$preset" 0
}

# The same of those that have not passed as they are now.
changed_suite() { # NAME PRESET CTEST-ARGUMENTS...
  local name=$1 preset=$2 log="$logs/$1.log" same
  shift 2
  tests/run_changed.py "${again[@]}" "build/$preset" --output-on-failure -j "$jobs" "$@" \
    >"$log" 2>&1
  same=$(sed -n 's/^\([0-9]*\) tests are as they were.*/\1/p' "$log")
  count_tests "$name" "$preset" "${same:-0}"
}

# Counts tests by the log of ctest: cases, or programs with many cases (tests/CMakeLists.txt).
count_tests() { # NAME PRESET UNCHANGED
  local name=$1 preset=$2 same=$3 log="$logs/$1.log"
  local total bad skips
  total=$(sed -n 's/.*tests failed out of \([0-9]*\).*/\1/p' "$log" | tail -n 1)
  bad=$(sed -n 's/.*, \([0-9]*\) tests failed out of.*/\1/p' "$log" | tail -n 1)
  unchanged=$((unchanged + same))
  if [ -z "$total" ] && [ "$same" -gt 0 ]; then
    echo "   $name: all $same tests are as they were when they passed, and were not run again"
    return
  fi
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
  echo "   $name: $((total - bad - skips)) passed, $bad failed, $skips skipped;" \
    "$(cases_in "build/$preset/Testing/Temporary/LastTest.log")"
  if [ "$same" -gt 0 ]; then
    echo "   $name: $same tests are as they were when they passed, and were not run again"
  fi
  if [ "$skips" -gt 0 ]; then grep '\*\*\*Skipped' "$log" | sed 's/^/   | /'; fi
  if [ "$bad" -gt 0 ]; then show_failures "$log"; fi
  show_slowest "$log"
}

# How many cases of GoogleTest ran, and how many of them were skipped.
cases_in() { # LOG-OF-CTEST
  awk '/^\[==========\] .* ran\./ { ran += $2 }
    /^\[  SKIPPED \] [0-9]+ tests?[.,]/ { skipped += $4 }
    END { printf "%d cases, of which %d were skipped", ran, skipped }' "$1"
}

# The list of what failed, and the output of each test that did: ctest prints it after the line that
# says so, up to the line of another test.
show_failures() { # LOG
  sed -n '/tests failed out of/,$p' "$1" | sed 's/^/   | /'
  awk '/^ *[0-9]+\/[0-9]+ Test +#/ { shown = /\*\*\*/ && !/\*\*\*Skipped/ }
    /^ +Start +[0-9]+:/ || /^[0-9]+% tests passed/ { next }
    shown' "$1" | head -n 300 | sed 's/^/   | /'
}

# Where the time went: the tests that took longest.
show_slowest() { # LOG
  local test='^ *[0-9]*\/[0-9]* Test *#[0-9]*: \([^ ]*\) .* \([0-9.]*\) sec.*' slowest
  slowest=$(sed -n "s/$test/\2 \1/p" "$1" |
    sort -rn | head -n 8 | awk '{ printf "%s%s %ds", sep, $2, $1; sep = ", " }')
  echo "   slowest: $slowest"
}

# What an earlier configuration left in the build folder may be why one fails. Then CMake begins
# afresh.
configure() { # PRESET
  cmake --preset "$1" || cmake --fresh --preset "$1"
}

# Builds everything or one target. Ninja goes on after an error to show them all.
build() { # PRESET [TARGET]
  configure "$1" && cmake --build "build/$1" --target "${2:-all}" -j "$jobs" -- -k 0
}

# Prints the sources, one a line.
sources() {
  git ls-files --cached --others --exclude-standard '*.cc' '*.h' 2>/dev/null ||
    find daemon collectors tests -name '*.cc' -o -name '*.h'
}

format_is_right() {
  local files=() file
  while read -r file; do
    # git also names what was deleted.
    [ ! -e "$file" ] || files+=("$file")
  done < <(sources)
  clang-format-19 --dry-run -Werror "${files[@]}"
}

stage_install() {
  deploy/install-deps.sh --tests || exit 1
}

stage_format() {
  check format format_is_right
}

stage_release() {
  check build-release build release && suite release release -LE bare
}

stage_analysis() {
  check analysis build thread-safety
}

# Sanitizers run our own code; the demo, the installation and the dashboards were seen in release.
stage_asan() {
  # Clang's sanitizers have a program look up names and lines.
  export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
  check build-asan build asan && changed_suite asan asan -LE 'whole-product|bare'
}

stage_tsan() {
  export TSAN_OPTIONS="ignore_noninstrumented_modules=1 suppressions=$PWD/tests/tsan.supp"
  check build-tsan build tsan thread_tests && changed_suite tsan tsan -L threads
  unset TSAN_OPTIONS
}

stage_bare() {
  check build-release build release && suite bare release -L bare
}

stage_fuzz() {
  check build-fuzz build asan fuzz || return
  export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
  local corpus name code key same=0
  local -A running=() keys=()
  # Each takes one core.
  for corpus in tests/fuzz/corpus/*/; do
    name=$(basename "$corpus")
    key=$(cat build/asan/tests/fuzz/fuzz "$corpus"* | sha256sum)
    if [ ${#again[@]} -eq 0 ] &&
      [ "$(cat "build/asan/tests/fuzz/clean-$name" 2>/dev/null)" = "$key" ]; then
      same=$((same + 1))
      continue
    fi
    keys[$name]=$key
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
    tests/fuzz/run.sh "$name" >"$logs/fuzz-$name.log" 2>&1 &
    running[$name]=$!
  done
  for name in "${!running[@]}"; do
    code=0
    wait "${running[$name]}" || code=$?
    report "fuzz-$name" "$code" && echo "${keys[$name]}" >"build/asan/tests/fuzz/clean-$name"
  done
  unchanged=$((unchanged + same))
  if [ "$same" -gt 0 ]; then
    echo "   fuzz: $same targets are as they were when nothing was found, and were not run again"
  fi
}

run_stage() { # STAGE
  local begin=$SECONDS failed_before=$failed result=ok
  say "$1"
  "stage_$1"
  [ "$failed" -eq "$failed_before" ] || result=FAILED
  took+=("$(printf '%-10s %8s  %s' "$1" "$(duration $((SECONDS - begin)))" $result)")
}

# Prints the stages that were asked for.
parse_stages() { # ARGUMENT...
  local stage
  for stage in "$@"; do
    if ! declare -F "stage_$stage" >/dev/null; then
      echo "tests/run.sh: There is no stage '$stage'. See tests/run.sh --help." >&2
      return 2
    fi
  done
  [ $# -gt 0 ] || set -- "${usual_stages[@]}"
  [ "$1" = install ] || echo install
  printf '%s\n' "$@"
}

main() {
  local stages stage
  case "${1:-}" in
    -h | --help) usage && exit 0 ;;
    --again)
      again=(--again)
      shift
      ;;
  esac
  stages=$(parse_stages "$@") || exit
  mkdir -p "$logs"
  for stage in $stages; do
    run_stage "$stage"
  done
  say "done"
  printf '%s\n' "${took[@]}" | sed 's/^/   /'
  echo "$passed passed, $failed failed, $skipped skipped, $unchanged unchanged since they passed"
  [ "$failed" -eq 0 ]
}

main "$@"
