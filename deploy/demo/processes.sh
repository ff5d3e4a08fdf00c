# Part of deploy/demo.sh: the programs that the demo starts, watches and ends.
#
# No function of the demo uses $(...): bash 5.2 cannot run a trap while it waits for one
# ("unexpected EOF").

declare -A pid  # Of what we started and have not ended, by name.

# Starts a program in the background; its output goes to a log of its name. A session of its own
# keeps the terminal's Ctrl-C away from it, so that we decide who ends when. The death signal ends
# it even if we are killed. $! is the program itself, because neither of the two forks here.
start() { # NAME COMMAND...
  local name=$1
  shift
  setsid setpriv --pdeathsig TERM "$@" >>"$run/$name.log" 2>&1 &
  pid[$name]=$!
}

# Succeeds if the program runs and is still the child that we started.
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
      echo "demo: $1 did not end on SIGTERM and was killed." >&2
      kill -KILL "${pid[$1]}" 2>/dev/null || true
    fi
  fi
  unset "pid[$1]"
}

# The source of the data ends first, so that the daemon's last numbers still reach Prometheus.
stop_all() {
  local name
  for name in build render table check import export blocks agent exporters collector fleetmeterd grafana prometheus; do
    [ -z "${pid[$name]:-}" ] || stop "$name"
  done
}

fail() { # MESSAGE [LOG...]
  echo "demo: $1" >&2
  shift
  local name
  for name in "$@"; do
    [ -s "$run/$name.log" ] || continue
    echo "--- These are the last lines of $name:" >&2
    tail -n 20 -- "$run/$name.log" >&2
  done
  exit 1
}

fail_with_all_logs() { fail "$1" collector agent exporters fleetmeterd prometheus grafana; }

# Waits until COMMAND succeeds. Fails if NAME ends before, or if it takes too long.
becomes() { # SECONDS NAME COMMAND...
  local end=$((SECONDS + $1)) name=$2
  shift 2
  until "$@"; do
    alive "$name" && [ $SECONDS -lt $end ] || return 1
    sleep 0.05
  done
}

# Waits until NAME ends and returns its exit code. It is a failure if anything else ends before.
wait_for() { # NAME
  local other
  while alive "$1"; do
    for other in "${!pid[@]}"; do
      [ "$other" = "$1" ] || alive "$other" || fail "$other ended by itself." "$other"
    done
    sleep 0.2
  done
  wait "${pid[$1]}"
}
