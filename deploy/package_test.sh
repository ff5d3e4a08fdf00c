#!/usr/bin/env bash
# Makes the Debian package and lives with it in a bare Debian 12: installs, starts, upgrades,
# removes and purges it. Exit code 77: skipped, with the reason.
#   package_test.sh BUILD_DIR
set -euo pipefail
tools=(cpack dpkg-deb dpkg-shlibdeps)
source "$(dirname -- "${BASH_SOURCE[0]}")/debian_root.sh"

root=$scratch/root
daemon=

failed=0
check() { # WHAT COMMAND...
  local what=$1 code
  shift
  set +e
  (set -e && "$@") >"$scratch/log" 2>&1
  code=$?
  set -e
  if [ $code -eq 0 ]; then
    echo "ok    $what (${SECONDS}s)"
  else
    failed=$((failed + 1))
    echo "FAIL  $what"
    sed 's/^/      /' "$scratch/log"
  fi
}

make_package() {
  cpack -G DEB --config "$build/CPackConfig.cmake" -B "$scratch/cpack"
  mv "$scratch"/cpack/fleetmeter_*.deb "$scratch/fleetmeter.deb"
}

# The same files under the next version number.
make_next_version() {
  dpkg-deb -R "$scratch/fleetmeter.deb" "$scratch/next"
  sed -i 's/^Version: .*/Version: 99.0/' "$scratch/next/DEBIAN/control"
  dpkg-deb --root-owner-group -Zgzip -b "$scratch/next" "$scratch/next.deb"
}

package_is_sound() {
  dpkg-deb -f "$scratch/fleetmeter.deb" Depends |
    grep -E 'libgrpc\+\+1\.51.*libsystemd0|libsystemd0.*'
  dpkg-deb -R "$scratch/fleetmeter.deb" "$scratch/content"
  local program
  for program in fleetmeterd fleetmeter-collector fleetmeterctl; do
    file_has_no_symbols "$scratch/content/usr/bin/$program"
  done
  gzip -t "$scratch/content/usr/share/doc/fleetmeter/changelog.gz"
  [ -s "$scratch/content/usr/share/doc/fleetmeter/copyright" ]
  # Whatever is in /etc is a conffile, or an upgrade would overwrite it.
  diff <(cd "$scratch/content" && find etc -type f | sed 's,^,/,' | sort) \
    <(sort "$scratch/content/DEBIAN/conffiles")
}

file_has_no_symbols() { ! readelf -S "$1" | grep -E '\.symtab|\.debug_info'; }

lintian_finds_no_error() { lintian --fail-on error --allow-root "$scratch/fleetmeter.deb"; }

make_clean_root() {
  make_root root
  cp "$scratch"/*.deb "$root/tmp/"
  apt_in_root update
}

apt_in_root() {
  in_root root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 "$@"
}
install_in_root() { apt_in_root install --allow-downgrades "$@"; }

installs() {
  install_in_root /tmp/fleetmeter.deb
  in_root root fleetmeterd --version
  in_root root fleetmeterd --check-config
  [ -L "$root/etc/systemd/system/multi-user.target.wants/fleetmeterd.service" ]
}

# As the unit would, in a network of its own, so that its ports are free.
serves_until_stopped() {
  mkdir -p -m 700 "$root/var/lib/fleetmeter"
  unshare --net sh -c 'ip link set lo up && exec chroot "$0" /usr/bin/fleetmeterd' "$root" \
    >"$scratch/said" 2>"$scratch/daemon.log" &
  daemon=$!
  local tries=300
  until grep -qx ready "$scratch/said"; do
    if [ $((tries -= 1)) -eq 0 ] || ! kill -0 "$daemon" 2>/dev/null; then
      cat "$scratch/said" "$scratch/daemon.log"
      return 1
    fi
    sleep 0.1
  done
  nsenter --net="/proc/$daemon/ns/net" curl -sf http://127.0.0.1:9477/healthz
  nsenter --net="/proc/$daemon/ns/net" chroot "$root" fleetmeterctl pools
  kill -TERM "$daemon"
  wait "$daemon"
  daemon=
}

# With the package alone: neither jsonnet nor the sources are there.
renders_dashboards() {
  in_root root fleetmeterctl dashboards render --grafana-url https://grafana.my.org --to /tmp/rendered
  grep -q https://grafana.my.org/d/fleetmeter-pools "$root/tmp/rendered/prometheus/alerts.yaml"
  [ -s "$root/tmp/rendered/grafana/dashboards/executive.json" ]
}

# What must survive: the daemon's own ledger, and whatever else is beside it.
remember_books() {
  [ -s "$root/var/lib/fleetmeter/ledger.db" ] || { echo "the daemon made no ledger" && exit 1; }
  echo "not to be lost" >"$root/var/lib/fleetmeter/beside"
  (cd "$root/var/lib/fleetmeter" && sha256sum -- *) >"$scratch/books"
}
books_are_kept() { (cd "$root/var/lib/fleetmeter" && sha256sum --quiet -c "$scratch/books"); }

keeps_a_changed_configuration() {
  echo "# ours" >>"$root/etc/fleetmeter/fleetmeterd.yaml"
  install_in_root --reinstall /tmp/fleetmeter.deb
  tail -n 1 "$root/etc/fleetmeter/fleetmeterd.yaml" | grep -x '# ours'
}

upgrades() {
  install_in_root /tmp/next.deb
  in_root root dpkg-query -W -f '${Version}' fleetmeter | grep -x 99.0
  tail -n 1 "$root/etc/fleetmeter/fleetmeterd.yaml" | grep -x '# ours'
}

removes() {
  apt_in_root remove fleetmeter
  [ ! -e "$root/usr/bin/fleetmeterd" ]
  [ -e "$root/etc/fleetmeter/fleetmeterd.yaml" ]
}

purges() {
  in_root root dpkg --purge fleetmeter
  [ ! -e "$root/etc/fleetmeter/fleetmeterd.yaml" ]
  [ ! -e "$root/etc/systemd/system/multi-user.target.wants/fleetmeterd.service" ]
}

purges_books_when_told_to() {
  install_in_root /tmp/fleetmeter.deb
  touch "$root/var/lib/fleetmeter/REMOVE-ON-PURGE"
  in_root root dpkg --purge fleetmeter
  [ ! -e "$root/var/lib/fleetmeter" ]
}

check "cpack makes a package" make_package
check "it has what a package has, and is stripped" package_is_sound
if command -v lintian >/dev/null; then check "lintian finds no error" lintian_finds_no_error; fi
make_next_version >/dev/null
check "a bare Debian 12 is made" make_clean_root
[ "$failed" -eq 0 ] || exit 1
check "installs there" installs
check "the installed daemon serves, and stops in order" serves_until_stopped
check "dashboards are rendered there" renders_dashboards
remember_books
check "a configuration that was changed survives a reinstallation" keeps_a_changed_configuration
check "the ledger survives it, too" books_are_kept
check "upgrades to a higher version" upgrades
check "the ledger is kept" books_are_kept
check "the upgraded daemon serves, and stops in order" serves_until_stopped
remember_books
check "is removed, but for configuration" removes
check "the ledger is kept" books_are_kept
check "is purged" purges
check "and even then the ledger is kept" books_are_kept
check "unless REMOVE-ON-PURGE is beside it" purges_books_when_told_to
[ "$failed" -eq 0 ]
