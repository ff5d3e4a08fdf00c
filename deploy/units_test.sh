#!/usr/bin/env bash
# The shipped units are valid and leave little open to attack.
#   units_test.sh BUILD_DIR
set -euo pipefail
command -v systemd-analyze >/dev/null || { echo "skipped: there is no systemd-analyze" && exit 77; }
build=$(realpath -- "$1")
# systemd-analyze's "exposure", from 0 (none) to 10; 1.5 is what we promise.
most=1.5
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
stage=$scratch/stage
DESTDIR=$stage cmake --install "$build" --prefix /usr >"$scratch/installed"
# What the units start, for systemd-analyze to find.
install -D -t "$stage/bin" /bin/sh /bin/kill

failed=0
for unit in fleetmeterd.service fleetmeter-collector.service; do
  file=$stage/usr/lib/systemd/system/$unit
  # It also misses targets that only a whole system has; everything said of our unit is a fault.
  systemd-analyze verify --man=no --root="$stage" "$unit" >"$scratch/verified" 2>&1 || true
  if grep -E "$unit:[0-9]+|$unit: |^Unknown|not executable" "$scratch/verified" |
    grep -v 'Failed to .*network-online.target\|sysinit.target'; then
    failed=1
  fi
  line=$(systemd-analyze security --offline=true "$file" | tail -n 1)
  exposure=$(sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p' <<<"$line")
  echo "$unit: exposure ${exposure:-unknown}, at most $most"
  awk -v is="${exposure:-99}" -v most="$most" 'BEGIN { exit !(is <= most) }' || failed=1
done
# A unit that systemd could not read would pass the first of these: see that it can tell.
sed 's/^ProtectSystem=.*/ProtectSystm=strict/' "$stage/usr/lib/systemd/system/fleetmeterd.service" \
  >"$scratch/fleetmeterd.service"
systemd-analyze verify --man=no "$scratch/fleetmeterd.service" >"$scratch/verified" 2>&1 || true
if ! grep -q "Unknown key.*ProtectSystm" "$scratch/verified"; then
  echo "systemd-analyze does not notice a key that it does not know"
  failed=1
fi
exit $failed
