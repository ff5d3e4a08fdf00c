#!/usr/bin/python3
"""What happens to machines: a ledger restored from an old backup, a spool wiped, rolled back, or
running twice. After each the books hold what was measured, once."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from cast import FLEETMETERCTL, HERE, Cast, accepted, await_counters, eventually


def metric(cast, name):
    found = re.search(rf"^{re.escape(name)} (\S+)$", cast.page("/metrics")[1], re.MULTILINE)
    return float(found.group(1)) if found else 0


def count_some(cast, reports=500):
    before = accepted(cast)
    eventually(f"{reports} more reports", lambda: accepted(cast) >= before + reports)


def check(cast, *spools):
    """Stops what runs; the ledger must be whole, and hold every report of the spools once."""
    cast.stop("daemon", 60)
    subprocess.run([FLEETMETERCTL, "ledger", "verify", "--ledger", cast.ledger], check=True,
                   stdout=subprocess.DEVNULL)
    flags = [flag for spool in spools for flag in ("--spool", spool)]
    subprocess.run([HERE / "oracle.py", "--ledger", cast.ledger, "--once", *flags], check=True,
                   env=cast.environment)


def ledger_is_restored_from_an_old_backup(cast):
    cast.start("collector")
    count_some(cast)
    backup = cast.folder / "backup.db"
    subprocess.run([FLEETMETERCTL, "ledger", "backup", "--ledger", cast.ledger, "--to", backup],
                   check=True, stdout=subprocess.DEVNULL)
    count_some(cast)
    cast.stop("daemon", 60)
    subprocess.run([FLEETMETERCTL, "ledger", "restore", "--ledger", cast.ledger, "--from", backup],
                   check=True, stdout=subprocess.DEVNULL)
    cast.start("daemon")
    await_counters(cast)
    code = cast.processes["collector"].wait(timeout=60)
    assert code == 1, code
    said = cast.tail("collector")
    assert "backup" in said and "--recover-acknowledged" in said, said
    cast.commands["collector"].insert(1, "--recover-acknowledged")
    cast.start("collector")
    count_some(cast)
    cast.stop("collector", 120)
    check(cast, cast.folder / "spool")


def spool_is_wiped(cast):
    cast.start("collector")
    count_some(cast)
    cast.stop("collector", 120)  # everything is delivered; what is lost is who it was
    shutil.move(cast.folder / "spool", cast.folder / "old-spool")
    cast.start("collector")
    count_some(cast)
    cast.stop("collector", 120)
    check(cast, cast.folder / "old-spool", cast.folder / "spool")


def spool_is_rolled_back(cast):
    cast.start("collector")
    count_some(cast)
    cast.kill("collector")
    shutil.copytree(cast.folder / "spool", cast.folder / "snapshot")
    cast.start("collector")
    count_some(cast)
    cast.kill("collector")
    shutil.move(cast.folder / "spool", cast.folder / "after-snapshot")
    shutil.move(cast.folder / "snapshot", cast.folder / "spool")
    # What only the lost spool had must have been delivered, or it is lost for good.
    rest = [flag if flag != cast.folder / "spool" else cast.folder / "after-snapshot"
            for flag in cast.commands["collector"]]
    with open(cast.folder / "rest.log", "w+") as log, subprocess.Popen(
            rest, stdout=subprocess.DEVNULL, stderr=log) as process:
        before = accepted(cast)
        eventually("the rest is delivered", lambda: accepted(cast) > before)
        process.terminate()
        code = process.wait(timeout=120)
        log.seek(0)
        assert code == 0, f"exit code {code}: {log.read()}"
    cast.start("collector")
    count_some(cast)
    cast.processes["collector"].terminate()
    cast.processes["collector"].wait(timeout=120)  # 1: some were refused as counted before
    check(cast, cast.folder / "after-snapshot", cast.folder / "spool")


def host_is_cloned(cast):
    cast.start("collector")
    count_some(cast)
    cast.kill("collector")
    shutil.copytree(cast.folder / "spool", cast.folder / "clone")
    cast.start("collector")
    count_some(cast)
    clone = [flag if flag != cast.folder / "spool" else cast.folder / "clone"
             for flag in cast.commands["collector"]]
    with open(cast.folder / "clone.log", "wb") as log:
        other = subprocess.Popen(clone, stdout=log, stderr=log)
    try:
        # One of the two must leave the stream, and must say why.
        eventually("a collector leaves the stream that is not its own alone",
                   lambda: metric(cast, "fleetmeter_ingest_fenced_sessions_total") > 0
                   or "new stream" in (cast.folder / "clone.log").read_text())
        count_some(cast)
    finally:
        for process in (other, cast.processes["collector"]):
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=120)
    # Two hosts cannot both have measured the same chips: no moment of any source is booked twice.
    cast.stop("daemon", 60)
    subprocess.run([FLEETMETERCTL, "ledger", "verify", "--ledger", cast.ledger], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([HERE / "at_most_once.py", "--ledger", cast.ledger], check=True)


MISHAPS = [ledger_is_restored_from_an_old_backup, spool_is_wiped, spool_is_rolled_back,
           host_is_cloned]


def main():
    chosen = [m for m in MISHAPS if len(sys.argv) < 2 or m.__name__ in sys.argv[1:]]
    for mishap in chosen:
        print(mishap.__name__, flush=True)
        with tempfile.TemporaryDirectory(prefix="fleetmeter-mishap-") as folder:
            cast = Cast(pathlib.Path(folder), 1)
            try:
                cast.start("daemon")
                await_counters(cast)
                mishap(cast)
            except BaseException:
                for name in cast.processes:
                    print(f"--- {name}\n{cast.tail(name)}")
                raise
            finally:
                cast.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
