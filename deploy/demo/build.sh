# Part of deploy/demo.sh: builds the programs that it starts.

# And the pages of the console.
programs=(fleetmeterd fleetmeter-collector fleetmeterctl console)

# One line that moves, from Ninja's "[steps done/all steps]".
show_progress() {
  [ -t 1 ] || return 0
  local line=''
  read -r line < <(tail -n 1 -- "$run/build.log") || true
  [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || return 0
  printf '\r  Step %d of %d \033[K' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
}

end_progress() { [ ! -t 1 ] || printf '\r\033[K'; }

# Runs the command, shows its progress and returns its exit code.
run_step() { # COMMAND...
  local code=0
  start build "$@"
  while alive build; do
    [ "$check" = yes ] || show_progress
    sleep 0.2
  done
  [ "$check" = yes ] || end_progress
  wait "${pid[build]}" || code=$?
  unset "pid[build]"
  return $code
}

# The folder may be another checkout's, if this one was moved or copied.
is_build_folder_of_this_checkout() {
  local home=''
  [ -e "$build/build.ninja" ] && [ -e "$build/CMakeCache.txt" ] || return 1
  read -r home < <(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$build/CMakeCache.txt") || true
  [ "$home" -ef "$root" ]
}

# Ninja configures again if anything has changed that CMake read. That fails, for example, in a
# folder that was configured with tests and whose test packages are gone.
is_configured() {
  is_build_folder_of_this_checkout && run_step cmake --build "$build" --target build.ninja
}

configure() { # CMAKE'S ARGUMENTS...
  # The programs must not need the packages of the tests.
  run_step cmake "$@" --preset release -S "$root" -B "$build" -DFLEETMETER_TESTS=OFF
}

configure_if_needed() {
  if is_configured; then return; fi
  say "CMake configures $build without the tests."
  # What an earlier configuration left there may be why it fails. Then it begins afresh.
  configure || configure --fresh || fail "CMake cannot configure $build." build
}

build_programs() {
  configure_if_needed
  say "Ninja builds the programs in $build."
  [ -x "$build/daemon/fleetmeterd" ] || say "This takes some minutes the first time."
  run_step cmake --build "$build" --target "${programs[@]}" || fail_with_errors
}

# Ninja lets what it began end, so the error may be far above the end of the log.
fail_with_errors() {
  echo "demo: The programs cannot be built." >&2
  grep -A 20 -m 1 '^FAILED: ' "$run/build.log" >&2 || tail -n 20 "$run/build.log" >&2
  exit 1
}

find_programs() {
  daemon_program=$build/daemon/fleetmeterd
  collector_program=$build/collectors/fleetmeter-collector
  ctl_program=$build/daemon/fleetmeterctl
  local program
  for program in "$daemon_program" "$collector_program" "$ctl_program"; do
    [ -x "$program" ] || fail "$program does not exist. Without --no-build, the demo builds it."
  done
}
