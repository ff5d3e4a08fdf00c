#!/usr/bin/env bash
# Installs Debian packages; `install-deps.sh --help` says which.
set -euo pipefail

packages=(
  g++ cmake ninja-build pkg-config ccache
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libabsl-dev
  prometheus-cpp-dev libboost1.81-dev libspdlog-dev libyaml-cpp-dev libcli11-dev libre2-dev
  zlib1g-dev
  libsystemd-dev libssl-dev openssl libsqlite3-dev
  nlohmann-json3-dev libpugixml-dev libjsonnet-dev
  prometheus prometheus-alertmanager jsonnet curl python3-yaml ca-certificates
  esbuild node-preact
)
test_packages=(
  libgtest-dev libgmock-dev libbenchmark-dev
  clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev
  llvm-19 libclang-19-dev llvm-19-dev
  python3-grpcio python3-protobuf python3-h2 python3-jsonschema git
  python3-prometheus-client
  python3-pip python3-setuptools python3-venv python3-wheel
  golang-go golang-google-grpc-dev protoc-gen-go protoc-gen-go-grpc
  dpkg-dev mmdebstrap iproute2
  slurmctld slurmd slurmrestd slurm-client munge
  node-typescript nodejs chromium
)
# Packages that start a service of theirs when they are installed.
services=(prometheus prometheus-alertmanager munge slurmctld slurmd slurmrestd)
policy=/usr/sbin/policy-rc.d
policy_mark='# Written by install-deps.sh, which removes it when it ends.'

usage() {
  cat <<'TEXT'
Installs the Debian 12 packages that Fleetmeter needs.

  install-deps.sh            Install what building, running and deploy/demo.sh need.
  install-deps.sh --tests    Install also what the tests, the sanitizers and clang's checks need.

The script needs root or sudo to install. If everything is installed, it changes nothing and needs
neither. It starts no service, unless a /usr/sbin/policy-rc.d of yours allows that.
TEXT
}

say() { echo "install-deps: $*"; }
warn() { say "$@" >&2; }
die() {
  warn "$@"
  exit 1
}

check_system() {
  local id='' version=''
  if [ -r /etc/os-release ]; then
    # shellcheck source=/dev/null
    read -r id version < <(. /etc/os-release && echo "${ID:-unknown} ${VERSION_ID:-}")
  fi
  [ "$id $version" = "debian 12" ] && return
  warn "This is ${id:-an unknown system} ${version}, not Debian 12. Packages may be missing" \
    "here, or may be too old or too new to build with."
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    die "There is no apt here. Install what corresponds to these packages: ${packages[*]}"
  fi
}

# Prints those packages that are not installed, one a line.
missing_of() { # PACKAGE...
  local installed
  # dpkg-query also fails if it never heard of a package. What it prints is what counts.
  installed=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null || true)
  installed=$(sed -n 's/^.i  *//p' <<<"$installed")
  printf '%s\n' "$@" | grep -Fxv -f <(printf '%s\n' "$installed") || true
}

# Debian starts a service as soon as its package is installed. Here that would be a Prometheus and
# an Alertmanager that nobody configured, on the ports that the demo would like. A policy-rc.d that
# answers 101 ("not allowed") is Debian's way to install without starting. It must not outlive the
# installation. One that was here before belongs to somebody else and stays as it is.
policy_is_of_others() {
  [ -e "$policy" ] || [ -L "$policy" ] || return 1
  ! grep -qsxF "$policy_mark" "$policy"
}

forbid_starting() {
  if policy_is_of_others; then return; fi
  trap 'rm -f "$policy"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy"
  chmod 755 "$policy"
}

say_who_starts_services() {
  if policy_is_of_others; then
    echo "$policy decided whether their services start."
  else
    echo "No service was started."
  fi
}

# The services must not start at the next boot either. Those that were installed before may be in
# use and stay enabled.
disable_new_services() { # PACKAGE...
  command -v systemctl >/dev/null || return 0
  local service
  for service in "${services[@]}"; do
    case " $* " in
      *" $service "*)
        systemctl disable "$service.service" >/dev/null 2>&1 ||
          warn "$service.service cannot be disabled. It may start at the next boot."
        ;;
    esac
  done
}

# Says nothing unless it fails. Then $output says why.
apt() { # APT-GET'S ARGUMENTS...
  output=$(apt-get -qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@" 2>&1 </dev/null)
}

install_packages() { # PACKAGE...
  local output
  export DEBIAN_FRONTEND=noninteractive
  forbid_starting
  # The repository that fails may be one that we need nothing from.
  apt update || warn "apt-get update failed, and the installation goes on:"$'\n'"$output"
  apt -y --no-install-recommends install "$@" ||
    die "apt-get cannot install the packages:"$'\n'"$output"
  disable_new_services "$@"
}

# sudo forgets the environment. apt-get needs the proxy that leads to the packages, if there is one.
run_with_sudo() { # ARGUMENTS...
  local name kept=()
  for name in http_proxy https_proxy no_proxy; do
    [ -z "${!name:-}" ] || kept+=("$name=${!name}")
  done
  exec sudo -- env ${kept[@]+"${kept[@]}"} bash "$(realpath -- "${BASH_SOURCE[0]}")" "$@"
}

main() {
  local arguments=("$@")
  while [ $# -gt 0 ]; do
    case "$1" in
      --tests) packages+=("${test_packages[@]}") ;;
      -h | --help) usage && exit 0 ;;
      *) warn "There is no argument $1. See install-deps.sh --help." && exit 2 ;;
    esac
    shift
  done
  check_system
  local missing
  mapfile -t missing < <(missing_of "${packages[@]}")
  if [ ${#missing[@]} -eq 0 ]; then
    say "All ${#packages[@]} packages are installed."
    return
  fi
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      die "Only root can install packages, and there is no sudo here. Run this as root:" \
        "apt-get install ${missing[*]}"
    say "sudo installs the packages that are missing."
    run_with_sudo ${arguments[@]+"${arguments[@]}"}
  fi
  say "apt-get installs these packages: ${missing[*]}"
  install_packages "${missing[@]}"
  say "${#missing[@]} packages were installed. $(say_who_starts_services)"
}

main "$@"
