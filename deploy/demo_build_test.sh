#!/usr/bin/env bash
# deploy/demo.sh configures its build whatever an earlier configuration left in the build folder.
# This configures only; bare_root_test.sh builds.
set -euo pipefail
root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

# What deploy/demo.sh sets for its parts.
run=$scratch/run
check=yes
build=
mkdir "$run"
say() { :; }
source "$root/deploy/demo/processes.sh"
source "$root/deploy/demo/build.sh"

failed=0
verify() { # WHAT FUNCTION
  local code
  build=$scratch/$2
  : >"$run/build.log"
  # Not as a condition: bash would then go on after errors in it.
  set +e
  (set -e && "$2") >"$scratch/log" 2>&1
  code=$?
  set -e
  if [ $code -eq 0 ]; then
    echo "ok    $1 (${SECONDS}s)"
  else
    failed=$((failed + 1))
    echo "FAIL  $1"
    tail -n 40 "$scratch/log" "$run/build.log" | sed 's/^/      /'
  fi
}

cmake_here() { cmake --preset release -S "$root" -B "$build" "$@"; }
cmake_fails_here() { ! cmake_here "$@" 2>"$scratch/errors"; }
ninja_knows_the_programs() { ninja -C "$build" -n "${programs[@]}" >/dev/null; }
tests_are() { grep -qx "FLEETMETER_TESTS:BOOL=$1" "$build/CMakeCache.txt"; }

is_configured_without_tests() {
  configure_if_needed
  ninja_knows_the_programs
  tests_are OFF
}

no_folder() { is_configured_without_tests; }

missing_test_package_halfway() {
  cmake_fails_here -DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON
  grep -q 'deploy/install-deps.sh --tests' "$scratch/errors"
  is_configured_without_tests
}

missing_package_halfway() {
  cmake_fails_here -DCMAKE_DISABLE_FIND_PACKAGE_CLI11=ON
  grep -q 'deploy/install-deps.sh$' "$scratch/errors"
  is_configured_without_tests
}

tests_that_can_be_built() {
  cmake_here
  configure_if_needed
  ninja_knows_the_programs
  tests_are ON
}

test_packages_gone() {
  cmake_here
  cmake_fails_here -DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON
  is_configured_without_tests
}

folder_of_another_checkout() {
  cmake_here -DFLEETMETER_TESTS=OFF
  sed -i "s,^\(CMAKE_HOME_DIRECTORY:INTERNAL\)=.*,\1=$scratch," "$build/CMakeCache.txt"
  is_configured_without_tests
}

another_generator() {
  cmake -S "$root" -B "$build" -G "Unix Makefiles" -DFLEETMETER_TESTS=OFF
  is_configured_without_tests
}

truncated_cache() {
  cmake_here -DFLEETMETER_TESTS=OFF
  truncate --size 300 "$build/CMakeCache.txt"
  is_configured_without_tests
}

broken_sources() {
  local root=$scratch/broken
  mkdir "$root"
  cp -- "${BASH_SOURCE[0]%/*}/../CMakePresets.json" "$root"
  echo 'project(' >"$root/CMakeLists.txt"
  (configure_if_needed) 2>"$scratch/errors" && return 1
  grep -q 'demo: CMake cannot configure' "$scratch/errors"
  grep -q 'Parse error' "$scratch/errors"
}

verify "there is no build folder" no_folder
verify "a configuration failed for want of a test package" missing_test_package_halfway
verify "a configuration failed for want of a package" missing_package_halfway
verify "tests are configured, and can be built: they stay" tests_that_can_be_built
verify "tests are configured, and their packages are gone" test_packages_gone
verify "the folder is of another checkout" folder_of_another_checkout
verify "the folder is for another build tool" another_generator
verify "the cache is not whole" truncated_cache
verify "what is wrong with the sources is said" broken_sources
[ "$failed" -eq 0 ]
