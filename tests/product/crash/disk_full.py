#!/usr/bin/python3
"""Fills the ledger's file system under load, frees it again, and checks the books.

While it is full the daemon refuses ingest and says so, and goes on to serve metrics and queries;
when there is room again it goes on by itself. Runs in a mount namespace of its own, with a small
tmpfs; exit code 77 where that is not permitted.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from cast import FLEETMETERCTL, Cast, accepted, await_counters, check_books, eventually

INSIDE = "FLEETMETER_DISK_FULL_INSIDE"
# Room for the ledger's log at its longest, 16 MiB, and for what is moved out of it: a disk that the
# log fills by itself stays full when the filler is gone.
DISK = "64m"


def enter_namespace():
    if os.environ.get(INSIDE):
        return
    if subprocess.run(["unshare", "-Urm", "true"], capture_output=True).returncode != 0:
        print("skipped: this machine does not permit user and mount namespaces (unshare -Urm)")
        sys.exit(77)
    os.execvpe("unshare", ["unshare", "-Urm", "--", os.path.abspath(__file__)], dict(os.environ, **{INSIDE: "1"}))


def fill(disk):
    """Takes every last byte, also those that the ledger has let go of meanwhile: its log shrinks when
    it is moved into the file, and commits go on in what that frees."""
    with open(disk / "filler", "ab", buffering=0) as out:
        for size in (1 << 16, 4_096, 1):
            try:
                while True:
                    out.write(b"x" * size)
            except OSError:
                pass


def refuses(cast, disk):
    fill(disk)
    return (cast.page("/readyz") or (0,))[0] == 503


def answers_but_counts_nothing(cast, disk, ask):
    """Whether nothing was counted while `ask` was answered. Where a large commit was refused a small
    one may still fit, into the last room of a page or of the log: each of them takes some of it, so
    that soon none does."""
    fill(disk)
    stood = accepted(cast)
    ask()
    return refuses(cast, disk) and accepted(cast) == stood


def says_why(cast, disk):
    fill(disk)
    status, why = cast.page("/readyz") or (0, "")
    metrics = (cast.page("/metrics") or (0, ""))[1]
    return status == 503 and "ledger" in why and "fleetmeter_ledger_writable 0" in metrics


def ask_pools(cast):
    answer = subprocess.run([FLEETMETERCTL, "--address", cast.query, "pools"], capture_output=True,
                            text=True)
    assert answer.returncode == 0 and "research-scaling" in answer.stdout, answer.stderr


def run(folder):
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", disk], check=True)
    cast = Cast(folder, 1, ledger=disk / "ledger.db")
    try:
        for name in ("daemon", "collector", "witness"):
            cast.start(name)
        await_counters(cast)
        for round_number in range(3):
            before = accepted(cast)
            eventually("reports are counted", lambda: accepted(cast) > before + 500)
            fill(disk)
            eventually("the daemon says that it is not ready",
                       lambda: refuses(cast, disk))
            eventually("it says why", lambda: says_why(cast, disk))
            eventually("nothing is counted while nothing can be kept",
                       lambda: answers_but_counts_nothing(cast, disk, lambda: ask_pools(cast)))
            stood = accepted(cast)
            if round_number == 1:
                # A crash makes no difference: it starts on the full disk, and serves what it knows.
                cast.kill("daemon")
                fill(disk)
                cast.start("daemon")
                assert await_counters(cast)
                eventually("the daemon says that it is not ready",
                           lambda: refuses(cast, disk))
            (disk / "filler").unlink()
            eventually("it is ready again", lambda: (cast.page("/readyz") or (0,))[0] == 200)
            eventually("ingest goes on", lambda: accepted(cast) > stood)
        cast.stop("collector", 120)
        cast.stop("witness", 120)
        cast.stop("daemon", 60)
    finally:
        cast.end()
    return 0 if check_books(cast) else 1


def main():
    enter_namespace()
    with tempfile.TemporaryDirectory(prefix="fleetmeter-disk-") as folder:
        try:
            return run(pathlib.Path(folder))
        finally:
            subprocess.run(["umount", pathlib.Path(folder) / "disk"], capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
