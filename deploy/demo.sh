#!/usr/bin/env bash
# Shows a whole Fleetmeter on this machine; `demo.sh --help` says how. Its parts are in deploy/demo.
set -euo pipefail

root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
demo=$root/deploy/demo
build=$root/build/release
build_first=yes
start_after=yes
check=no
keep=no

readonly underused_pool=research-scaling
readonly read_seconds=15  # For reading the addresses.
# Each program listens here, or on another port if this one is taken.
readonly ingest_port=7443 query_port=7444 http_port=9477 prometheus_port=9090 grafana_port=3000

run=        # The temporary folder.
serving=no  # Whether a signal is the normal end.

for part in processes build fleetmeter prometheus capacity; do
  # shellcheck source=/dev/null
  source "$demo/$part.sh"
done

say() { [ "$check" = yes ] || echo "$*"; }

usage() {
  cat <<'TEXT'
Shows a whole Fleetmeter on this machine.

The demo builds the programs and starts fleetmeterd. A collector replays a simulated day of
70 hosts, one minute of it each second. So the books of an hour, and the past of a pool in the
console, have up to 60 times what is held now. A second collector reads the pages of two exporters,
of the hosts of the pool safety-evals, as it would on real machines. fleetmeterctl imports two years
of history: what was served, trained and scored. Teams have asked for capacity, and one has a grant;
the commands of a meeting that decides about the others are shown. Prometheus takes in the same
history, scrapes the daemon and evaluates the alerts, and Grafana shows the dashboards if it is
installed. Then the demo shows a live table.

Everything listens on loopback only, and data goes to a temporary folder. Ctrl-C ends it all.

  demo.sh [--check] [--keep] [--no-build | --build-only] [--build-dir DIR]

  --check          Show nothing. Verify within two minutes that every pool, the plan and outcomes
                   are metered, and that the underuse alert finds the underused pool and no
                   other. Then decide about the requests, and verify that the next plan has
                   what was granted. The exit code is 0 if all is so, and 1 if not.
  --keep           Keep data and logs, and say where they are.
  --no-build       Install nothing and build nothing.
  --build-only     Install what is missing, build the programs, and start nothing.
  --build-dir DIR  The programs are in DIR, or are built there. The default is build/release.
TEXT
}

parse_arguments() {
  while [ $# -gt 0 ]; do
    case "$1" in
      --check) check=yes ;;
      --keep) keep=yes ;;
      --no-build) build_first=no ;;
      --build-only) start_after=no ;;
      --build-dir)
        [ $# -ge 2 ] || refuse "--build-dir needs a folder."
        build=$(realpath -m -- "$2")
        shift
        ;;
      -h | --help) usage && exit 0 ;;
      *) refuse "There is no argument $1." ;;
    esac
    shift
  done
  [ "$build_first$start_after" != nono ] ||
    refuse "--no-build and --build-only exclude each other."
}

refuse() { # MESSAGE
  echo "demo: $1 See demo.sh --help." >&2
  exit 2
}

clean_up() {
  trap '' HUP INT TERM
  stop_all
  if [ -z "$run" ]; then return; fi
  if [ "$keep" = yes ]; then
    echo "demo: Data and logs are in $run."
  else
    rm -rf -- "$run"
  fi
}

on_signal() { # NUMBER
  [ "$serving" = yes ] && exit 0
  exit $((128 + $1))
}

# ---- What is shown.

print_addresses() {
  local graph="http://$prometheus/graph?g0.tab=0&g0.range_input=15m&g0.expr"
  cat <<TEXT
console        http://$http/
fleetmeterd    http://$http/metrics   (ingest $ingest, query $query)
Prometheus     http://$prometheus
  alerts       http://$prometheus/alerts   ($underused_pool becomes underused within two minutes)
  utilization  $graph=fleetmeter_pool_utilization_ratio
  headroom     $graph=fleetmeter_pool_headroom_h100e
  plan drift   $graph=fleetmeter_plan_category_drift_ratio
TEXT
  print_grafana
  local from to
  # The days of the ledger are UTC's.
  TZ=UTC printf -v from '%(%F)T' -1
  TZ=UTC printf -v to '%(%F)T' $((EPOCHSECONDS + 86400))
  cat <<TEXT
ask            '$ctl_program' --address $query headroom training-flagship --ask 8
outcomes       '$ctl_program' --address $query outcomes margin --window year
books          '$ctl_program' report --ledger '$run/ledger.db' \\
                   --from $from --to $to --by pool,chip
TEXT
  print_requests
  printf 'Ctrl-C ends everything.\n\n'
}

print_grafana() {
  if [ -n "$grafana" ]; then
    cat <<TEXT
Grafana        http://$grafana/d/fleetmeter-executive
               http://$grafana/d/fleetmeter-headroom
               http://$grafana/d/fleetmeter-pools
TEXT
  else
    cat <<TEXT
Grafana        It is not installed. To see the dashboards in a Grafana of yours, add
               http://$prometheus as a Prometheus data source and import the files
               $run/rules/*.json (Dashboards > New > Import).
TEXT
  fi
}

metered() {
  curl -fs "http://$http/metrics" 2>/dev/null |
    grep '^fleetmeter_pool_utilization_ratio' >"$run/metered"
}

show_once() {
  "$ctl_program" --address "$query" top --once || fail_with_all_logs "fleetmeterctl failed."
  wait_for collector || fail "The collector ended by itself." collector
}

# The table clears what is visible. So the addresses go up first, to where scrolling finds them.
scroll_up() {
  local rows
  read -r rows _ < <(stty size 2>/dev/null || echo 24)
  printf "%${rows}s" '' | tr ' ' '\n'
}

show() {
  print_addresses
  becomes 30 collector metered || fail_with_all_logs "No pool was metered."
  if [ ! -t 1 ]; then
    show_once
    return
  fi
  echo "The live table follows in $read_seconds seconds, or when you press Enter."
  echo "Scroll up to see these lines again."
  read -r -t $read_seconds || true
  scroll_up
  # It runs in the background, so that a signal to us is seen at once. The end of our input, which
  # it reads, ends it.
  setpriv --pdeathsig TERM "$ctl_program" --address "$query" top <&0 &
  pid[table]=$!
  wait_for table
}

verify() {
  setpriv --pdeathsig TERM /usr/bin/python3 "$demo/check.py" \
    --prometheus "http://$prometheus" --plan "$demo/plan.yaml" --underused "$underused_pool" &
  pid[check]=$!
  wait_for check || fail_with_all_logs "The check failed."
  unset "pid[check]"
  verify_requests
  "$ctl_program" ledger verify --ledger "$run/ledger.db" >"$run/verify.log" 2>&1 ||
    fail "The ledger is not as it must be." verify
}

start_all() {
  find_programs
  make_history
  start_daemon
  import_history
  prepare_requests
  start_collector
  start_agent
  start_prometheus
  start_grafana
}

main() {
  parse_arguments "$@"
  trap clean_up EXIT
  trap 'on_signal 1' HUP
  trap 'on_signal 2' INT
  trap 'on_signal 15' TERM
  # Everything that we talk to is on loopback, whatever proxy the rest needs.
  export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
  run=${TMPDIR:-/tmp}/fleetmeter-demo.$SRANDOM
  mkdir -m 700 -- "$run"
  if [ "$build_first" = yes ]; then
    "$root/deploy/install-deps.sh" >&2 || fail "The packages cannot be installed."
    build_programs
  fi
  [ "$start_after" = yes ] || exit 0
  start_all
  if [ "$check" = yes ]; then
    verify
  else
    serving=yes
    show
  fi
}

main "$@"
