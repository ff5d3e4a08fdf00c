#!/usr/bin/env bash
# README's commands from the package to a dashboard hold on a bare Debian 12: they are taken from
# README and run there as they stand. Exit code 77: skipped, with the reason.
#   first_steps_test.sh BUILD_DIR
#
# A real systemd runs there and starts the real units in their sandboxes. What is not as on
# somebody's machine:
#   - Its only network is loopback, so packages are downloaded before. The test tells apt "y".
#   - Grafana, which Debian does not have, is a stand-in: a user, a folder and a unit that reads
#     what Grafana would read. first_steps_check.py holds the files against Grafana's model, and
#     asks a real Prometheus everything that the dashboards ask.
#   - Where this machine has control groups of version 1, limits such as MemoryMax= do not hold.
set -euo pipefail
here=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
tools=(cpack dpkg-deb dpkg-shlibdeps findmnt nsenter pivot_root chromium)
source "$here/debian_root.sh"
source "$here/debian_boot.sh"
root=$scratch/root

check() { # WHAT COMMAND...
  local what=$1 code
  shift
  set +e
  (set -e && "$@") >"$scratch/log" 2>&1
  code=$?
  set -e
  if [ $code -eq 0 ]; then
    echo "ok    $what (${SECONDS}s)"
    return
  fi
  echo "FAIL  $what"
  sed 's/^/      /' "$scratch/log"
  exit 1
}

# The commands under the heading, one a line.
commands_of_readme() {
  sed -n '/^## From the package to a dashboard$/,/^## /p' "$(dirname -- "$here")/README.md" |
    sed -n '/^```$/,/^```$/{/^```$/!p}'
}

make_package() { # It lies where its maker would find it, under its own name.
  cpack -G DEB --config "$build/CPackConfig.cmake" -B "$scratch/cpack"
  mv "$scratch"/cpack/fleetmeter_*.deb "$root/root/"
}

# As an installed Debian: systemd runs, apt has its lists, and here also all packages it will need.
prepare_debian() {
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -y)
  in_root root apt-get -qq update
  in_root root "${apt[@]}" --no-install-recommends install systemd
  in_root root bash -c '"$@" install --download-only prometheus /root/fleetmeter_*.deb' _ \
    "${apt[@]}"
}

# As Grafana's own package leaves it, for what these commands touch.
stand_in_for_grafana() {
  in_root root useradd --system --user-group --no-create-home grafana
  in_root root install -d -g grafana /etc/grafana /etc/grafana/provisioning/{dashboards,datasources}
  cat >"$root/lib/systemd/system/grafana-server.service" <<'UNIT'
[Service]
Type=oneshot
RemainAfterExit=yes
User=grafana
ExecStart=/bin/bash /etc/grafana/stand-in
UNIT
  # What Grafana reads as its own user.
  cat >"$root/etc/grafana/stand-in" <<'SCRIPT'
set -euo pipefail
cd /etc/grafana/provisioning
cat datasources/*.yaml >/dev/null
folder=$(sed -n "s/^ *path: *'\(.*\)'$/\1/p" dashboards/*.yaml)
cat "$folder"/*.json >/dev/null
SCRIPT
}

runs() { # COMMAND
  in_booted bash -c "cd /root && $1" < <(yes) ||
    { in_booted journalctl --no-pager -n 40 && return 1; }
}

unit_is() { # UNIT STATE
  local is
  is=$(in_booted systemctl is-active "$1" || true)
  [ "$is" = "$2" ] || { echo "$1 is $is" && in_booted journalctl --no-pager -u "$1" && return 1; }
}

# systemd made a user for it, which owns the books and nothing else.
daemon_is_nobody_else() {
  local user
  user=$(in_booted bash -c 'stat -c %U "/proc/$(systemctl show -P MainPID fleetmeterd)"')
  [ "$user" != root ]
  [ "$(in_booted stat -L -c %U:%a /var/lib/fleetmeter/ledger.db)" = "$user:600" ]
}

# The step after these commands. A recording stands in for devices.
name_a_source() {
  cat >"$root/etc/fleetmeter/fleet.csv" <<'CSV'
time_seconds,host,chip,chips,state,pool,team,workload,signal,activity,productive
0,node-1,b200,8,assigned,safety-evals,evals,nightly,gr_engine_active,0.5,
CSV
  cat >>"$root/etc/fleetmeter/collector.yaml" <<'YAML'
sources:
  - {type: replay-csv, name: lab, file: fleet.csv, hold: true}
YAML
  in_booted systemctl start fleetmeter-collector
  unit_is fleetmeter-collector active
}

shows() { # PART
  beside_booted /usr/bin/python3 "$here/first_steps_check.py" "$1" "/proc/$(<"$booted")/root"
}

check "a bare Debian 12 is made" make_root root
check "cpack makes a package" make_package
check "packages are downloaded" prepare_debian
check "there is a stand-in for Grafana" stand_in_for_grafana
check "systemd starts there" boot_root root
mapfile -t commands < <(commands_of_readme)
[ ${#commands[@]} -ge 1 ] && [ ${#commands[@]} -le 5 ] ||
  { echo "README has ${#commands[@]} commands; expected one to five" && exit 1; }
for command in "${commands[@]}"; do check "$command" runs "$command"; done
check "the daemon runs" unit_is fleetmeterd active
check "it runs as a user of its own" daemon_is_nobody_else
check "the collector, which has no source yet, does not" unit_is fleetmeter-collector inactive
check "Prometheus runs" unit_is prometheus active
check "Grafana's stand-in has read its files" unit_is grafana-server active
for part in console prometheus; do check "$part: what it shows" shows $part; done
check "the collector runs when its configuration names a source" name_a_source
for part in usage grafana; do check "$part: what it shows" shows $part; done
