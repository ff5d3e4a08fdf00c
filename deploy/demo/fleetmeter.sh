# Part of deploy/demo.sh: the daemon, two years of history, and the collector.

# Debian's Python has the packages that install-deps.sh installed. On Ctrl-C it ends in silence.
run_python() ( # ARGUMENTS... <PROGRAM
  trap '' INT
  exec /usr/bin/python3 - "$@"
)

# Sets the array `ports`: each port as it is if it is free, otherwise 0, which means any free one.
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

# Writes the demo's configuration with the addresses to listen on. Paths in deploy/demo/daemon.yaml
# are relative to its folder.
write_daemon_config() { # INGEST_PORT QUERY_PORT HTTP_PORT
  run_python "$demo/daemon.yaml" "$run/ledger.db" "$run/history/prices.yaml" "$@" \
    >"$run/fleetmeterd.yaml" <<'PYTHON'
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

# Another program may take a port after we looked. Then the daemon takes any free ones.
start_daemon() {
  local key value
  look_for_ports $ingest_port $query_port $http_port
  try_daemon "${ports[@]}" || { stop fleetmeterd && try_daemon 0 0 0; } ||
    fail "fleetmeterd did not start." fleetmeterd
  while read -r key value; do
    case "$key" in
      ingest) ingest=$value ;;
      query) query=$value ;;
      http) http=$value ;;
    esac
  done <"$run/fleetmeterd.log"
}

# Two years of history that end today.
make_history() {
  "$root/deploy/outcomes/make_example.py" --to "$run/history" >"$run/history.log" 2>&1 ||
    fail "The history cannot be made." history
}

import_file() { # KIND FILE ARGUMENTS...
  start import "$ctl_program" import "$1" "$run/history/$2" --ingest-address "$ingest" --quiet \
    "${@:3}"
  wait_for import || fail "The history of $1 cannot be imported." import fleetmeterd
  unset "pid[import]"
}

# Chip-time comes before what it served, so that no margin is ever shown without its cost.
import_history() {
  import_file usage usage.csv --source demo-usage
  import_file inference requests.csv --source demo-billing --window 1d
  import_file training training.csv --source demo-training
  import_file benchmarks results.csv --source demo-evaluations \
    --suite "$root/deploy/outcomes/benchmarks.yaml"
}

# The hosts of one pool are left out of the recording: exporters tell of them.
readonly exported_hosts='b200-00|trainium2-00'

exporters_address() {
  read -r exporters < <(
    sed -n 's/^Serving HTTP on \([^ ]*\) port \([0-9]*\) .*/\1:\2/p' "$run/exporters.log") &&
    [ -n "$exporters" ]
}

# The pages of two exporters, on one server and any free port, and a collector that reads them.
start_agent() {
  start exporters /usr/bin/python3 -u -m http.server --bind 127.0.0.1 \
    --directory "$demo/exporters" 0
  becomes 30 exporters exporters_address || fail "The exporters did not start." exporters
  sed -e "s|DAEMON|$ingest|" -e "s|EXPORTERS|$exporters|" -e "s|RUN|$run|" \
    "$demo/collector.yaml" >"$run/collector.yaml"
  start agent "$collector_program" --config "$run/collector.yaml"
}

start_collector() {
  grep -Ev "^[0-9]+,($exported_hosts)," "$demo/fleet.csv" >"$run/fleet.csv"
  start collector "$collector_program" --daemon "$ingest" --interval 2 --drain 1 \
    --spool "$run/spool" \
    replay-csv --file "$run/fleet.csv" --from 0 --until 86400 --speed 60 --loop
}
