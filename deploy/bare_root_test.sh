#!/usr/bin/env bash
# The two commands of README's quick start hold on a bare Debian 12: deploy/demo.sh installs, builds
# and runs, and tests/run.sh installs what the tests need. Exit code 77: skipped, with the reason.
#   bare_root_test.sh BUILD_DIR
#
# Two roots live side by side:
#   root   Nothing is installed; root runs the commands.
#   user   An ordinary user with sudo runs them. GoogleTest is installed and neither GoogleMock nor
#          Google Benchmark is, and the administrator has a policy for services.
# What this machine has compiled before is taken from its ccache.
set -euo pipefail
here=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
source_dir=$(dirname -- "$here")
tools=(git ccache)
source "$here/debian_root.sh"

failures=$scratch/failures
mkdir "$failures"

# Each root has its own log. In a root nothing goes on after a failure.
verify() { # ROOT WHAT COMMAND...
  local name=$1 what=$2 log=$scratch/$1.log code
  shift 2
  # Not as a condition: bash would then go on after errors in it.
  set +e
  (set -e && "$@") >"$log" 2>&1
  code=$?
  set -e
  if [ $code -eq 0 ]; then
    echo "ok    $name: $what (${SECONDS}s)"
  else
    touch "$failures/$name"
    { echo "FAIL  $name: $what"; tail -n 60 "$log" | sed 's/^/      /'; }
    exit 1
  fi
}

# What is in the repository, and nothing that only lies here.
copy_checkout() { # ROOT
  mkdir "$scratch/$1/fleetmeter"
  git -C "$source_dir" -c safe.directory='*' ls-files -z |
    tar -c -C "$source_dir" --null -T - | tar -x -C "$scratch/$1/fleetmeter"
}

mount_ccache() { # ROOT
  local cache
  cache=$(ccache --get-config cache_dir)
  mkdir -p "$cache" "$scratch/$1/ccache"
  mount --bind "$cache" "$scratch/$1/ccache"
}

# Packages believe that systemd runs here. What they ask of it is written down.
pretend_systemd() { # ROOT
  mkdir -p "$scratch/$1/run/systemd/system"
  cat >"$scratch/$1/usr/bin/systemctl" <<'SCRIPT'
#!/bin/sh
echo " $* " >>/var/log/systemctl
case " $* " in *" is-enabled "*) echo enabled ;; esac
SCRIPT
  chmod 755 "$scratch/$1/usr/bin/systemctl"
}

prepare() { # ROOT
  make_root "$1"
  copy_checkout "$1"
  mount_ccache "$1"
  pretend_systemd "$1"
}

# A package starts its service when it is installed, unless it is told not to.
no_service_starts() { # ROOT
  local asked=$scratch/$1/var/log/systemctl
  cat "$asked"
  grep -q ' disable prometheus.service ' "$asked"
  grep -q ' disable prometheus-alertmanager.service ' "$asked"
  ! grep -E ' (start|restart) ' "$asked"
}

everything_is_installed() { # COMMAND...
  "$@" | tee /dev/stderr | grep -q 'install-deps: All .* packages are installed\.'
}

cache_says() { # ROOT LINE
  grep -qx "$2" "$scratch/$1/fleetmeter/build/release/CMakeCache.txt"
}

# ---- The first root.

as_root() { in_root root env CCACHE_DIR=/ccache bash -c 'cd /fleetmeter && exec "$@"' _ "$@"; }

demo_builds() {
  as_root deploy/demo.sh --build-only
  cache_says root FLEETMETER_TESTS:BOOL=OFF
}

leaves_no_policy() { [ ! -e "$scratch/root/usr/sbin/policy-rc.d" ]; }

tests_can_be_configured() {
  as_root cmake --preset release
  cache_says root FLEETMETER_TESTS:BOOL=ON
}

demo_builds_without_test_packages() {
  as_root apt-get -qq -y remove libgtest-dev libgmock-dev libbenchmark-dev
  as_root touch CMakeLists.txt
  demo_builds
}

in_the_root_of_root() {
  verify root "The root is made" prepare root
  verify root "deploy/demo.sh installs and builds" demo_builds
  touch "$scratch/is_built"
  verify root "No service starts" no_service_starts root
  verify root "The policy against starting services is gone" leaves_no_policy
  verify root "deploy/install-deps.sh finds everything installed" \
    everything_is_installed as_root deploy/install-deps.sh
  verify root "tests/run.sh installs what the tests need" as_root tests/run.sh install
  verify root "No service starts" no_service_starts root
  verify root "CMake configures the tests" tests_can_be_configured
  verify root "deploy/demo.sh builds after the tests' packages went" \
    demo_builds_without_test_packages
}

# ---- The second root.

# The user may read this machine's ccache, and nothing more.
as_user() {
  in_root user setpriv --reuid=builder --regid=builder --init-groups \
    env HOME=/home/builder CCACHE_DIR=/ccache CCACHE_READONLY=1 CCACHE_TEMPDIR=/tmp \
    bash -c 'cd /fleetmeter && exec "$@"' _ "$@"
}

prepare_user() {
  prepare user
  in_root user sh -c '
    apt-get -qq update
    apt-get -qq -y --no-install-recommends install sudo libgtest-dev
    useradd --create-home builder
    echo "builder ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/builder
    chown -R builder:builder /fleetmeter
    printf "#!/bin/sh\n# The policy of this machine.\nexit 101\n" >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d'
}

keeps_the_policy() {
  grep -qx '# The policy of this machine.' "$scratch/user/usr/sbin/policy-rc.d"
}

cmake_says_what_to_run() {
  if as_user cmake --preset release; then return 1; fi 2>"$scratch/cmake-errors"
  grep -q 'deploy/install-deps.sh --tests' "$scratch/cmake-errors"
}

# Whatever was not compiled before is compiled once, in the first root.
wait_for_the_first_root() {
  until [ -e "$scratch/is_built" ] || [ -e "$failures/root" ]; do sleep 0.5; done
}

demo_runs() {
  alone as_user deploy/demo.sh --check
  cache_says user FLEETMETER_TESTS:BOOL=OFF
}

in_the_root_of_user() {
  verify user "The root is made, with GoogleTest alone" prepare_user
  verify user "deploy/install-deps.sh installs with sudo" as_user deploy/install-deps.sh
  verify user "deploy/install-deps.sh finds everything installed" \
    everything_is_installed as_user deploy/install-deps.sh
  verify user "No service starts" no_service_starts user
  verify user "The policy for services is still there" keeps_the_policy
  verify user "CMake says what to run when a package of the tests is missing" \
    cmake_says_what_to_run
  wait_for_the_first_root
  verify user "deploy/demo.sh builds and runs" demo_runs
}

in_the_root_of_root &
in_the_root_of_user &
wait
[ -z "$(ls -A "$failures")" ]
