#!/usr/bin/env bash
# Does in a bare Debian 12 what deploy/Containerfile says, since images cannot be pulled everywhere:
# runs its RUN, and then its command and its health check as its user. Exit code 77: skipped, with
# the reason.
#   container_test.sh BUILD_DIR
set -euo pipefail
tools=(cpack dpkg-deb dpkg-shlibdeps python3)
source "$(dirname -- "${BASH_SOURCE[0]}")/debian_root.sh"
file=$(dirname -- "${BASH_SOURCE[0]}")/Containerfile
root=$scratch/root

# The value of an instruction, with continued lines joined.
instruction() { # NAME
  sed -e '/^#/d' -e ':a;/\\$/{N;s/\\\n//;ba}' "$file" | sed -n "s/^$1 //p"
}

# The words of a JSON list at the end of an instruction, one a line.
words() { # NAME
  instruction "$1" | sed 's/^[^[]*//' |
    python3 -c 'import json, sys; print(*json.load(sys.stdin), sep="\n")'
}

# The rest of a command line that runs something in the root as the user.
as_its_user() {
  in_user=(chroot "$root" env -i PATH=/usr/bin:/bin setpriv --reuid "${user%:*}" --regid
    "${user#*:}" --clear-groups --inh-caps=-all)
}

lives() {
  unshare --net sh -c 'ip link set lo up && exec "$@"' _ "${in_user[@]}" "${command[@]}" \
    >"$scratch/said" 2>"$scratch/daemon.log" &
  local daemon=$! tries=300
  until grep -qx ready "$scratch/said"; do
    if [ $((tries -= 1)) -eq 0 ] || ! kill -0 "$daemon" 2>/dev/null; then
      cat "$scratch/said" "$scratch/daemon.log"
      return 1
    fi
    sleep 0.1
  done
  # In the same network, as in a container.
  exec 8<"/proc/$daemon/ns/net"
  nsenter --net=/proc/self/fd/8 "${in_user[@]}" "${check[@]}" >/dev/null
  kill -s "$(instruction STOPSIGNAL)" "$daemon"
  wait "$daemon"
  if nsenter --net=/proc/self/fd/8 "${in_user[@]}" "${check[@]}" >/dev/null 2>&1; then
    echo "the health check says well of no daemon"
    return 1
  fi
}

[ "$(instruction FROM)" = docker.io/library/debian:12-slim ]
user=$(instruction USER)
[ "${user%:*}" -gt 0 ]
as_its_user
mapfile -t command < <(words ENTRYPOINT && words CMD)
mapfile -t check < <(words HEALTHCHECK)
cpack -G DEB --config "$build/CPackConfig.cmake" -B "$scratch/cpack" >/dev/null
make_root root
cp "$scratch"/cpack/fleetmeter_*.deb "$root/tmp/"
in_root root env DEBIAN_FRONTEND=noninteractive sh -ec "$(instruction RUN)" >"$scratch/log" 2>&1 ||
  { cat "$scratch/log" && exit 1; }
[ "$(stat -c %u:%a "$root$(instruction VOLUME)")" = "${user%:*}:700" ]
echo "ok    the package is installed, and its state belongs to ${user%:*} alone"
lives
echo "ok    the daemon runs as ${user%:*}; the health check passes, and fails when it has ended"
