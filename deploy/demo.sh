#!/usr/bin/env bash
# A whole Fleetmeter on this machine: a simulated day of 72 hosts, a minute of it each second, replayed by a
# collector into fleetmeterd, and two years of imported history of what was served, trained and scored, with
# Prometheus, the alerts, Grafana where it is installed, and a live table. Everything listens on loopback
# only; data goes to a temporary folder. Ctrl-C ends it all.
#
#   demo.sh [--check] [--keep] [--no-build] [--build-dir DIR]
#
#   --check          show nothing: verify within two minutes that every pool, the plan and outcomes are metered
#                    and that the underuse alert finds the underused pool and no other; exit code 0 or 1
#   --keep           leave data and logs behind, and say where
#   --no-build       install and build nothing
#   --build-dir DIR  where the programs are, or are to be built (default: build/release)
set -euo pipefail

root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
demo=$root/deploy/demo
build=$root/build/release
build_first=yes
check=no
keep=no

readonly underused_pool=research-scaling
readonly read_seconds=15  # for reading the addresses
# Where each program listens if nobody else does; elsewhere if somebody does.
readonly ingest_port=7443 query_port=7444 http_port=9477 prometheus_port=9090 grafana_port=3000

run=            # the temporary folder
declare -A pid  # of what we started and have not ended, by name
serving=no      # whether a signal is the normal end

say() { [ "$check" = yes ] || echo "$*"; }

usage() { sed -n '2,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }

parse_arguments() {
  while [ $# -gt 0 ]; do
    case "$1" in
      --check) check=yes ;;
      --keep) keep=yes ;;
      --no-build) build_first=no ;;
      --build-dir)
        [ $# -ge 2 ] || { usage >&2 && exit 2; }
        build=$(realpath -m -- "$2")
        shift
        ;;
      -h | --help) usage && exit 0 ;;
      *)
        echo "demo: unknown argument $1" >&2
        usage >&2 && exit 2
        ;;
    esac
    shift
  done
}

# Below here nothing is in $(...): bash 5.2 cannot run a trap while it waits for one ("unexpected EOF").

# ---- processes ------------------------------------------------------------------------------------

# A session of its own keeps the terminal's Ctrl-C away from it, so that we decide who ends when; the
# death signal ends it even if we are killed. $! is the program itself: neither of the two forks here.
start() { # NAME COMMAND...
  local name=$1
  shift
  setsid setpriv --pdeathsig TERM "$@" >>"$run/$name.log" 2>&1 &
  pid[$name]=$!
}

# Whether it runs, and is still the child that we started.
alive() { # NAME
  local stat='' state parent
  { read -r stat <"/proc/${pid[$1]}/stat"; } 2>/dev/null || return 1
  read -r state parent _ <<<"${stat##*) }"
  [ "$parent" = $$ ] && [ "$state" != Z ]
}

gone_within() { # SECONDS NAME
  local end=$((SECONDS + $1))
  while alive "$2"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.05
  done
}

stop() { # NAME
  if alive "$1"; then
    kill -TERM "${pid[$1]}" 2>/dev/null || true
    if ! gone_within 20 "$1"; then
      echo "demo: $1 did not end on SIGTERM; killed" >&2
      kill -KILL "${pid[$1]}" 2>/dev/null || true
    fi
  fi
  unset "pid[$1]"
}

# From the source of the data on: the daemon's last numbers still reach Prometheus.
stop_all() {
  local name
  for name in build render table check import collector fleetmeterd grafana prometheus; do
    [ -z "${pid[$name]:-}" ] || stop "$name"
  done
}

clean_up() {
  trap '' HUP INT TERM
  stop_all
  if [ -z "$run" ]; then return; fi
  if [ "$keep" = yes ]; then
    echo "demo: data and logs are in $run"
  else
    rm -rf -- "$run"
  fi
}

on_signal() { # NUMBER
  [ "$serving" = yes ] && exit 0
  exit $((128 + $1))
}

fail() { # MESSAGE [LOG...]
  echo "demo: $1" >&2
  shift
  local name
  for name in "$@"; do
    [ -s "$run/$name.log" ] || continue
    echo "--- the last lines of $name:" >&2
    tail -n 20 -- "$run/$name.log" >&2
  done
  exit 1
}

fail_with_all_logs() { fail "$1" collector fleetmeterd prometheus grafana; }

# Until COMMAND succeeds; not if NAME ends before, or too late.
becomes() { # SECONDS NAME COMMAND...
  local end=$((SECONDS + $1)) name=$2
  shift 2
  until "$@"; do
    alive "$name" && [ $SECONDS -lt $end ] || return 1
    sleep 0.05
  done
}

# Until NAME ends, with its exit code; anything else that ends before it is a failure.
wait_for() { # NAME
  local other
  while alive "$1"; do
    for other in "${!pid[@]}"; do
      [ "$other" = "$1" ] || alive "$other" || fail "$other ended by itself" "$other"
    done
    sleep 0.2
  done
  wait "${pid[$1]}"
}

# ---- build ----------------------------------------------------------------------------------------

run_build() { # COMMAND...
  start build "$@"
  wait_for build || fail "this failed: $*" build
  unset "pid[build]"
}

build_programs() {
  local targets=(fleetmeterd fleetmeter-collector fleetmeterctl) tests=()
  # Building the programs must not need the packages of the tests.
  [ -e /usr/include/gtest/gtest.h ] || tests=(-DFLEETMETER_TESTS=OFF)
  say "building into $build (the first time takes some minutes; watch $run/build.log)"
  if [ ! -e "$build/build.ninja" ]; then
    run_build cmake --preset release -S "$root" -B "$build" ${tests[@]+"${tests[@]}"}
  fi
  run_build cmake --build "$build" --target "${targets[@]}"
}

find_programs() {
  daemon_program=$build/daemon/fleetmeterd
  collector_program=$build/collectors/fleetmeter-collector
  ctl_program=$build/daemon/fleetmeterctl
  local program
  for program in "$daemon_program" "$collector_program" "$ctl_program"; do
    [ -x "$program" ] || fail "$program is not there; leave out --no-build to build it"
  done
}

# ---- the parts ------------------------------------------------------------------------------------

# Debian's Python, which has what install-deps.sh installed. On Ctrl-C it is to end in silence.
run_python() ( # ARGUMENTS... <PROGRAM
  trap '' INT
  exec /usr/bin/python3 - "$@"
)

# The ports as they are if free, otherwise 0: any free one. Into the array `ports`.
look_for_ports() { # PORT...
  read -r -a ports < <(run_python "$@" <<'PYTHON'
import socket, sys

def free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False

print(*(port if free(int(port)) else 0 for port in sys.argv[1:]))
PYTHON
  )
}

# The demo's configuration, listening where we say; paths in it are relative to the demo's folder.
write_daemon_config() { # INGEST_PORT QUERY_PORT HTTP_PORT
  run_python "$demo/daemon.yaml" "$run/ledger.db" "$run/history/prices.yaml" "$@" >"$run/fleetmeterd.yaml" <<'PYTHON'
import os, sys, yaml
path, ledger, prices, *ports = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    config = yaml.safe_load(file)
here = os.path.dirname(path)
config["catalog"] = os.path.normpath(os.path.join(here, config["catalog"]))
config["plans"] = [os.path.normpath(os.path.join(here, plan)) for plan in config["plans"]]
config["framework"] = os.path.normpath(os.path.join(here, config["framework"]))
config["listen"] = {n: f"127.0.0.1:{p}" for n, p in zip(("ingest", "query", "http"), ports)}
config["ledger"] = {"path": ledger}
benchmarks = os.path.normpath(os.path.join(here, config["outcomes"]["benchmarks"]))
config["outcomes"] |= {"prices": prices, "benchmarks": benchmarks}
yaml.safe_dump(config, sys.stdout, width=10**6, allow_unicode=True)
PYTHON
}

try_daemon() { # INGEST_PORT QUERY_PORT HTTP_PORT
  write_daemon_config "$@"
  : >"$run/fleetmeterd.log"
  start fleetmeterd "$daemon_program" --config "$run/fleetmeterd.yaml"
  becomes 30 fleetmeterd grep -qx ready "$run/fleetmeterd.log"
}

# Somebody may take a port after we looked; then all are any.
start_daemon() {
  local key value
  look_for_ports $ingest_port $query_port $http_port
  try_daemon "${ports[@]}" || { stop fleetmeterd && try_daemon 0 0 0; } ||
    fail "fleetmeterd did not start" fleetmeterd
  while read -r key value; do
    case "$key" in
      ingest) ingest=$value ;;
      query) query=$value ;;
      http) http=$value ;;
    esac
  done <"$run/fleetmeterd.log"
}

# ---- two years of history that end today

make_history() {
  "$root/deploy/outcomes/make_example.py" --to "$run/history" >"$run/history.log" 2>&1 ||
    fail "the history cannot be made" history
}

import_file() { # KIND FILE ARGUMENTS...
  start import "$ctl_program" import "$1" "$run/history/$2" --ingest-address "$ingest" --quiet "${@:3}"
  wait_for import || fail "the history of $1 cannot be imported" import fleetmeterd
  unset "pid[import]"
}

# Chip-time before what it served, so that no margin is ever shown without its cost.
import_history() {
  import_file usage usage.csv --source demo-usage
  import_file inference requests.csv --source demo-billing --window 1d
  import_file training training.csv --source demo-training
  import_file benchmarks results.csv --source demo-evaluations --suite "$root/deploy/outcomes/benchmarks.yaml"
}

start_collector() {
  start collector "$collector_program" --daemon "$ingest" --interval 2 --drain 1 \
    --spool "$run/spool" replay-csv --file "$demo/fleet.csv" --from 0 --until 86400 --speed 60 --loop
}

# Rendering takes many seconds, so what was rendered is kept beside the programs until its sources change.
render_rules() {
  local cache=$build/demo-rules newer=
  if [ -e "$cache" ]; then
    read -r newer < <(find "$root/dashboards" -newer "$cache" -print -quit) || true
  fi
  if [ -e "$cache" ] && [ -z "$newer" ]; then
    cp -r -- "$cache" "$run/rules"
    return
  fi
  start render "$root/dashboards/render.sh" --demo "$run/rules"
  wait_for render || fail "the rules cannot be rendered" render
  unset "pid[render]"
  cp -r -- "$run/rules" "$cache.$$"
  rm -rf -- "$cache"
  mv -T -- "$cache.$$" "$cache" || rm -rf -- "$cache.$$"  # another demo was faster
}

write_prometheus_config() {
  render_rules
  cat >"$run/prometheus.yaml" <<YAML
global: {scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 2s}
rule_files: [rules/rules.yaml, rules/alerts.yaml]
scrape_configs:
  - job_name: fleetmeter
    static_configs: [{targets: ["$http"]}]
YAML
}

prometheus_is_ready() {
  read -r prometheus < <(sed -n 's/.*msg="Listening on".* address=\([^ ]*\).*/\1/p' "$run/prometheus.log") &&
    curl -fs -o "$run/ready" "http://$prometheus/-/ready"
}

try_prometheus() { # PORT
  : >"$run/prometheus.log"
  start prometheus prometheus --config.file="$run/prometheus.yaml" \
    --storage.tsdb.path="$run/prometheus" --web.listen-address="127.0.0.1:$1"
  becomes 60 prometheus prometheus_is_ready
}

start_prometheus() {
  command -v prometheus >/dev/null || fail "prometheus is not installed; deploy/install-deps.sh does it"
  write_prometheus_config
  look_for_ports $prometheus_port
  try_prometheus "${ports[0]}" || { stop prometheus && try_prometheus 0; } ||
    fail "Prometheus did not start" prometheus
}

# ---- Grafana, where it is installed ---------------------------------------------------------------

readonly grafana_home=/usr/share/grafana

write_grafana_provisioning() {
  local to=$run/provisioning
  mkdir -p "$to/datasources" "$to/dashboards" "$run/dashboards"
  cp -- "$run"/rules/*.json "$run/dashboards/"
  cat >"$to/datasources/prometheus.yaml" <<YAML
apiVersion: 1
datasources:
  - {name: Fleetmeter, type: prometheus, access: proxy, isDefault: true, url: "http://$prometheus",
     jsonData: {timeInterval: 2s}}
YAML
  cat >"$to/dashboards/fleetmeter.yaml" <<YAML
apiVersion: 1
providers:
  - {name: Fleetmeter, folder: Fleetmeter, type: file, options: {path: "$run/dashboards"}}
YAML
}

grafana_is_ready() {
  read -r grafana < <(sed -n 's/.*msg="HTTP Server Listen".* address=\([^ ]*\).*/\1/p' "$run/grafana.log") &&
    curl -fs -o "$run/ready" "http://$grafana/api/health"
}

try_grafana() { # COMMAND PORT
  : >"$run/grafana.log"
  start grafana env GF_SERVER_HTTP_ADDR=127.0.0.1 GF_SERVER_HTTP_PORT="$2" \
    GF_PATHS_DATA="$run/grafana" GF_PATHS_LOGS="$run/grafana/log" \
    GF_PATHS_PLUGINS="$run/grafana/plugins" GF_PATHS_PROVISIONING="$run/provisioning" \
    GF_LOG_MODE=console GF_LOG_CONSOLE_FORMAT=text \
    GF_AUTH_ANONYMOUS_ENABLED=true GF_ANALYTICS_REPORTING_ENABLED=false \
    GF_ANALYTICS_CHECK_FOR_UPDATES=false \
    "$1" --homepath "$grafana_home"
  becomes 60 grafana grafana_is_ready
}

# The demo is whole without it.
start_grafana() {
  grafana=
  local command=grafana-server
  command -v $command >/dev/null || command=$grafana_home/bin/grafana-server
  command -v $command >/dev/null || return 0
  write_grafana_provisioning
  look_for_ports $grafana_port
  try_grafana $command "${ports[0]}" || { stop grafana && try_grafana $command 0; } ||
    {
      stop grafana
      grafana=
      echo "demo: Grafana did not start; going on without it. Its last lines:" >&2
      tail -n 5 -- "$run/grafana.log" >&2
    }
}

# ---- what is shown --------------------------------------------------------------------------------

print_addresses() {
  cat <<TEXT
fleetmeterd    http://$http/metrics   (ingest $ingest, query $query)
Prometheus     http://$prometheus
  alerts       http://$prometheus/alerts   ($underused_pool becomes underused within two minutes)
  utilization  http://$prometheus/graph?g0.expr=fleetmeter_pool_utilization_ratio&g0.tab=0&g0.range_input=15m
  headroom     http://$prometheus/graph?g0.expr=fleetmeter_pool_headroom_h100e&g0.tab=0&g0.range_input=15m
  plan drift   http://$prometheus/graph?g0.expr=fleetmeter_plan_category_drift_ratio&g0.tab=0&g0.range_input=15m
TEXT
  if [ -n "$grafana" ]; then
    echo "Grafana        http://$grafana/d/fleetmeter-headroom"
    echo "               http://$grafana/d/fleetmeter-plan"
    echo "               http://$grafana/d/fleetmeter-outcomes"
  else
    echo "Grafana        not installed; to see the dashboards in one of yours, add http://$prometheus as a"
    echo "               Prometheus data source and import the dashboards (*.json) of $run/rules"
    echo "               (Dashboards > New > Import)"
  fi
  echo "ask            '$ctl_program' --address $query headroom training-flagship --ask 8"
  echo "outcomes       '$ctl_program' --address $query outcomes margin --window year"
  echo "books          '$ctl_program' report --ledger '$run/ledger.db' --from $(date -u +%F) --to $(date -u -d tomorrow +%F) --by pool,chip"
  echo "Ctrl-C ends everything."
  echo
}

metered() { curl -fs "http://$http/metrics" 2>/dev/null | grep '^fleetmeter_pool_utilization_ratio' >"$run/metered"; }

show() {
  local rows
  print_addresses
  becomes 30 collector metered || fail_with_all_logs "no pool was metered"
  if [ ! -t 1 ]; then
    "$ctl_program" --address "$query" top --once || fail_with_all_logs "fleetmeterctl failed"
    wait_for collector || fail "the collector ended by itself" collector
    return
  fi
  echo "The live table follows in $read_seconds s, or with Enter; these lines are then above it."
  read -r -t $read_seconds || true
  # The table clears what is visible: up with the addresses, to where scrolling finds them.
  read -r rows _ < <(stty size 2>/dev/null || echo 24)
  printf "%${rows}s" '' | tr ' ' '\n'
  # In the background, so that a signal to us is seen at once; with our input, whose end ends it.
  setpriv --pdeathsig TERM "$ctl_program" --address "$query" top <&0 &
  pid[table]=$!
  wait_for table
}

verify() {
  setpriv --pdeathsig TERM /usr/bin/python3 "$demo/check.py" --prometheus "http://$prometheus" --plan "$demo/plan.yaml" \
    --underused "$underused_pool" &
  pid[check]=$!
  wait_for check || fail_with_all_logs "the check failed"
  "$ctl_program" ledger verify --ledger "$run/ledger.db" >"$run/verify.log" 2>&1 ||
    fail "the ledger is not as it must be" verify
}

main() {
  parse_arguments "$@"
  trap clean_up EXIT
  trap 'on_signal 1' HUP
  trap 'on_signal 2' INT
  trap 'on_signal 15' TERM
  # Everything that we talk to is on loopback, whatever the proxy for the rest.
  export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
  run=${TMPDIR:-/tmp}/fleetmeter-demo.$SRANDOM
  mkdir -m 700 -- "$run"
  if [ "$build_first" = yes ]; then
    "$root/deploy/install-deps.sh" >&2 || fail "the packages cannot be installed"
    build_programs
  fi
  find_programs
  make_history
  start_daemon
  import_history
  start_collector
  start_prometheus
  start_grafana
  if [ "$check" = yes ]; then
    verify
  else
    serving=yes
    show
  fi
}

main "$@"
