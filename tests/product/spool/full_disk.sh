#!/bin/bash
# The collector with its spool on a disk that is really full: a small tmpfs of our own.
set -eu
collector=$FLEETMETER_BINARY_DIR/collectors/fleetmeter-collector
if [[ ${1-} != inside ]]; then
  if ! unshare -Urm true 2>/dev/null; then
    echo "skipped: this system does not let us mount a tmpfs of our own (unshare -Urm)"
    exit 77
  fi
  exec unshare -Urm "$0" inside
fi

folder=$(mktemp -d)
collector_pid=
# shellcheck disable=SC2317  # called by the trap
clean() {
  [[ -z $collector_pid ]] || kill -9 "$collector_pid" 2>/dev/null || true
  umount "$folder/disk" 2>/dev/null || true
  rm -rf "$folder"
}
trap clean EXIT
mkdir "$folder/disk"
mount -t tmpfs -o size=512k tmpfs "$folder/disk"

cat > "$folder/fleet.csv" <<'FLEET'
time_seconds,host,chip,chips,state,pool,team,workload,signal,activity,productive
0,node-1,h100,2,assigned,serving,chat,chat-large,gr_engine_active,0.75,
FLEET

fail() { echo "FAILED: $*"; sed 's/^/  log: /' "$folder/log"; exit 1; }

# Until a line of the log says so, or half a minute has passed.
await_log() {
  for _ in $(seq 600); do
    grep -q "$1" "$folder/log" && return
    kill -0 "$collector_pid" 2>/dev/null || fail "the collector ended while we waited for '$1'"
    sleep 0.05
  done
  fail "nothing said '$1'"
}

start() {
  "$collector" --daemon=127.0.0.1:1 --interval=0.05 --drain=0 --spool="$folder/disk/spool" \
    replay-csv --file="$folder/fleet.csv" --hold 2> "$folder/log" &
  collector_pid=$!
}

stop() {  # $1: exit code that is expected
  kill -TERM "$collector_pid"
  local code=0
  wait "$collector_pid" || code=$?
  collector_pid=
  [[ $code == "$1" ]] || fail "exit code $code; expected $1"
}

start
await_log "reports wait"
# All but what is there already.
dd if=/dev/zero of="$folder/disk/ballast" bs=4k 2>/dev/null || true
await_log "held in memory, and sampling waits"
rm "$folder/disk/ballast"
await_log "has room again"
stop 0
waiting=$(sed -n 's/.* \([0-9]*\) reports of replay-csv wait for the next start.*/\1/p' \
  "$folder/log")
[[ $waiting -gt 0 ]] || fail "no reports wait"

# What was written is there, and with a full disk the process ends with an error.
start
await_log "holds $waiting reports that wait"
dd if=/dev/zero of="$folder/disk/ballast" bs=4k 2>/dev/null || true
await_log "held in memory, and sampling waits"
stop 1
grep -q "were measured and could not be written" "$folder/log" ||
  fail "it does not say what is lost"
echo "ok"
