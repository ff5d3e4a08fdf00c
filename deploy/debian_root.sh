# For tests that live in a bare Debian 12 of their own; they source this. It needs root.
#
#   source debian_root.sh      The test runs again in namespaces of its own, with $scratch, a folder
#                              in memory if there is enough. What it starts and mounts ends with it.
#   make_root NAME             Makes a bare Debian 12 in the folder $scratch/NAME.
#   in_root NAME COMMAND...    Runs the command there, as root, with an empty environment.
#   alone COMMAND...           Gives in_root within the command a network of its own: loopback.
#
# The test's first argument is the build folder. The bare Debian is kept there as an archive and is
# made again when Debian releases another.

mirror=${FLEETMETER_DEBIAN_MIRROR:-http://deb.debian.org/debian}
readonly memory_needed_kib=$((10 << 20))

skip() {
  echo "skipped: $*"
  exit 77
}

skip_where_impossible() {
  [ "$(id -u)" -eq 0 ] || skip "The test needs root for a Debian of its own."
  local tool
  for tool in mmdebstrap unshare ip curl flock sha256sum "$@"; do
    command -v "$tool" >/dev/null || skip "There is no $tool."
  done
  unshare --mount --pid --fork --mount-proc true 2>/dev/null ||
    skip "Namespaces are not allowed here."
  release=$(curl -sf -m 20 "$mirror/dists/bookworm/InRelease" | sha256sum | cut -c 1-16) ||
    skip "$mirror does not answer."
}

# The groups that debian_boot.sh made for this test.
remove_control_groups() {
  local groups
  for groups in $(findmnt -n -t cgroup2 -o TARGET); do
    [ ! -d "$groups/$cgroup_name" ] || find "$groups/$cgroup_name" -depth -type d -exec rmdir {} +
  done
}

clean_up() {
  remove_control_groups
  rm -rf -- "$scratch"
}

# What it left is removed from outside of the namespaces, where nothing is mounted in the folder and
# no process is left in a group.
run_in_namespaces() { # TEST ARGUMENTS...
  scratch=$(mktemp -d -p "$build" debian.XXXXXX)
  cgroup_name=fleetmeter-${scratch##*/}
  trap clean_up EXIT
  trap 'exit 143' INT TERM HUP
  skip_where_impossible "${tools[@]}"
  local code=0
  FLEETMETER_SCRATCH=$scratch FLEETMETER_RELEASE=$release \
    unshare --mount --pid --fork --kill-child --mount-proc bash "$@" || code=$?
  exit $code
}

use_memory() {
  local available
  available=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
  [ "$available" -ge $memory_needed_kib ] || return 0
  mount -t tmpfs -o mode=755,size=${memory_needed_kib}k fleetmeter "$scratch"
}

# Tests that run at the same time make it once.
make_archive() {
  mkdir -p "${archive%/*}"
  exec 9>"$archive.lock"
  flock 9
  if [ ! -e "$archive" ]; then
    rm -f -- "${archive%/*}"/*.tar
    TMPDIR=$scratch mmdebstrap --quiet --variant=minbase --components=main \
      --dpkgopt=force-unsafe-io bookworm "$archive.new.tar" "$mirror"
    mv "$archive.new.tar" "$archive"
  fi
  exec 9>&-
}

make_root() { # NAME
  local root=$scratch/$1
  make_archive
  mkdir "$root"
  tar -x -f "$archive" -C "$root"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  # Memory is for what is installed, not for what was downloaded.
  echo 'APT::Keep-Downloaded-Packages "false";' >"$root/etc/apt/apt.conf.d/99test"
  mount -t proc proc "$root/proc"
}

alone() { # COMMAND...
  local network=(unshare --net bash -c 'ip link set lo up && exec "$@"' _)
  "$@"
}

in_root() { # NAME COMMAND...
  local root=$scratch/$1
  shift
  ${network[@]+"${network[@]}"} chroot "$root" \
    env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

build=$(realpath -- "$1")
if [ -z "${FLEETMETER_SCRATCH:-}" ]; then
  run_in_namespaces "$0" "$@"
fi
scratch=$FLEETMETER_SCRATCH
cgroup_name=fleetmeter-${scratch##*/}
archive=$build/debian/bookworm-$FLEETMETER_RELEASE.tar
unset FLEETMETER_SCRATCH FLEETMETER_RELEASE
trap 'exit 143' INT TERM HUP
use_memory
