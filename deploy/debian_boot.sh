# For tests that start systemd in a bare Debian of their own; they source this after debian_root.sh.
#
#   boot_root NAME             Starts the systemd of $scratch/NAME as the first process of
#                              namespaces of its own, and waits until it has started its units. It
#                              has loopback and no other network. Its clock, its modules and its
#                              kernel's settings are this machine's, so it may change none of them.
#   in_booted COMMAND...       Runs the command there, as root, with an empty environment.
#   beside_booted COMMAND...   Runs a command of this machine in the network of the booted Debian.
#
# systemd needs control groups of version 2. What it does with them is below a group of its own, and
# limits that this machine enforces by version 1 are not in force there.

boot_log=$scratch/boot.log
booted=$scratch/booted  # has the pid of the booted systemd, as the test sees it

findmnt -n -t cgroup2 >/dev/null || skip "There are no control groups of version 2."

# The first process of the new namespaces. It gets $1, the root, ready and becomes its systemd.
become_systemd() { # ROOT
  set -e
  local root=$1 device
  mount --make-rprivate /
  mount --bind "$root" "$root"
  mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
  mount --bind -o ro "$root/proc/sys" "$root/proc/sys"
  mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
  mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"
  mount -t tmpfs -o nosuid,mode=755 tmpfs "$root/dev"
  for device in null zero full random urandom tty; do
    cp -a "/dev/$device" "$root/dev/$device"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs "$root/dev/shm"
  mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs "$root/run"
  ip link set lo up
  cd "$root"
  pivot_root . mnt
  umount -l /mnt
  exec env -i container=fleetmeter PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio,-syslog,-sys_boot \
    /lib/systemd/systemd --unit=multi-user.target --log-target=journal
}

boot_root() { # NAME
  local group
  group=$(findmnt -n -t cgroup2 -o TARGET | tail -n 1)/$cgroup_name
  mkdir "$group"
  export -f become_systemd
  bash -c 'echo $$ >"$0/cgroup.procs" && exec unshare --mount --pid --fork --kill-child \
    --net --ipc --uts --cgroup bash -c "become_systemd \"\$0\"" "$1"' "$group" "$scratch/$1" \
    </dev/null >"$boot_log" 2>&1 &
  local launcher=$! tries=600
  until has_booted "$launcher"; do
    if [ $((tries -= 1)) -eq 0 ] || ! kill -0 "$launcher" 2>/dev/null; then
      cat "$boot_log"
      return 1
    fi
    sleep 0.1
  done
}

# The launcher has one child, the first process of the namespaces. systemd says "degraded" where a
# unit of this Debian does not go without hardware.
has_booted() { # LAUNCHER
  local init state
  init=$(cat "/proc/$1/task/$1/children") && [ -n "$init" ] || return 1
  echo "${init% }" >"$booted"
  state=$(in_booted systemctl is-system-running 2>/dev/null) || true
  [ "$state" = running ] || [ "$state" = degraded ]
}

in_booted() { # COMMAND...
  nsenter --target "$(<"$booted")" --mount --pid --net --ipc --uts --cgroup \
    env -i -C / HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}

beside_booted() { # COMMAND...
  nsenter --net="/proc/$(<"$booted")/ns/net" "$@"
}
