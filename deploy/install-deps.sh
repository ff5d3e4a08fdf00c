#!/usr/bin/env bash
# Installs the Debian 12 packages that building and running Fleetmeter needs.
#   install-deps.sh            to build, to run, and for deploy/demo.sh
#   install-deps.sh --tests    also for the tests, the sanitizers and clang's checks
# Needs root, or sudo. Where everything is installed it does nothing, and needs neither.
set -euo pipefail

packages=(
  g++ cmake ninja-build pkg-config ccache
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libabsl-dev
  prometheus-cpp-dev libboost1.81-dev libspdlog-dev libyaml-cpp-dev libcli11-dev zlib1g-dev
  libsystemd-dev libssl-dev openssl libsqlite3-dev sqlite3
  nlohmann-json3-dev
  prometheus prometheus-alertmanager jsonnet curl python3-yaml ca-certificates
)
test_packages=(
  libgtest-dev libgmock-dev libbenchmark-dev
  clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev
  llvm-19 libclang-19-dev llvm-19-dev
  python3-grpcio python3-protobuf python3-h2 python3-jsonschema git
  dpkg-dev mmdebstrap iproute2
)
# Packages that start a service of theirs when they are installed.
services=(prometheus prometheus-alertmanager)
policy=/usr/sbin/policy-rc.d

say() { echo "install-deps: $*"; }
die() {
  echo "install-deps: $*" >&2
  exit 1
}

check_system() {
  local id='' version=''
  if [ -r /etc/os-release ]; then
    # shellcheck source=/dev/null
    read -r id version < <(. /etc/os-release && echo "${ID:-unknown} ${VERSION_ID:-}")
  fi
  [ "$id $version" = "debian 12" ] && return
  echo "install-deps: warning: this is ${id:-an unknown system} ${version}, not Debian 12;" \
    "packages may be missing here or too old or too new to build with" >&2
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    die "no apt here; install what corresponds to ${packages[*]}"
  fi
}

# Those of the arguments that are not installed, one a line.
missing_of() {
  local installed
  # It also fails for a package that it never heard of; what it prints is what counts.
  installed=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null || true)
  installed=$(sed -n 's/^.i  *//p' <<<"$installed")
  printf '%s\n' "$@" | grep -Fxv -f <(printf '%s\n' "$installed") || true
}

# Debian starts a service as soon as its package is installed: here a Prometheus and an Alertmanager
# that nobody configured, on the ports that the demo would like. A policy-rc.d that answers 101
# ("not allowed") is Debian's way to install without starting; it must not outlive the installation.
# Where there is one already, it belongs to somebody else and stays as it is.
forbid_starting() {
  if [ -e "$policy" ] || [ -L "$policy" ]; then return; fi
  trap 'rm -f "$policy"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}

# Nor at the next boot. Only services that came just now: others may be in use.
disable_new_services() {
  command -v systemctl >/dev/null || return 0
  local service
  for service in "${services[@]}"; do
    case " $* " in
      *" $service "*)
        systemctl disable "$service.service" >/dev/null 2>&1 ||
          say "could not disable $service.service; it may start at the next boot"
        ;;
    esac
  done
}

# Quiet unless it fails.
apt() { # APT-GET'S ARGUMENTS...
  local output
  output=$(apt-get -qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@" 2>&1 </dev/null) ||
    die "this failed: apt-get $*"$'\n'"$output"
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  forbid_starting
  apt update
  apt -y --no-install-recommends install "$@"
  disable_new_services "$@"
}

usage() { sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

main() {
  local arguments=("$@")
  while [ $# -gt 0 ]; do
    case "$1" in
      --tests) packages+=("${test_packages[@]}") ;;
      -h | --help) usage && exit 0 ;;
      *) usage >&2 && exit 2 ;;
    esac
    shift
  done
  check_system
  local missing
  mapfile -t missing < <(missing_of "${packages[@]}")
  if [ ${#missing[@]} -eq 0 ]; then
    say "all ${#packages[@]} packages are installed"
    return
  fi
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      die "needs root to install ${missing[*]}; run it as root, or install sudo"
    say "sudo is needed to install packages"
    exec sudo -- bash "$(realpath -- "${BASH_SOURCE[0]}")" ${arguments[@]+"${arguments[@]}"}
  fi
  say "installing ${missing[*]}"
  install_packages "${missing[@]}"
  say "installed ${#missing[@]} packages; no service was started"
}

main "$@"
