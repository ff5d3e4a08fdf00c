#!/usr/bin/python3
"""A file of any size is imported in the same memory, from a path and from standard input.

Exit code 0: all is well; 1: something is not.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import FLEETMETERCTL, SOURCE, Daemon

# A sanitizer slows the program, and its memory says nothing.
SANITIZED = "asan" in str(FLEETMETERCTL) or "tsan" in str(FLEETMETERCTL)
ROWS = 150_000 if SANITIZED else 1_500_000
FEW_ROWS = ROWS * 2 // 15
POOLS = 16
MOST_MEBIBYTES = 150
# Whatever the rows are, but for what allocators keep.
MOST_GROWTH_MEBIBYTES = 48
START = 1_767_225_600  # 2026-01-01
BOOKED_FROM = 1_738_368_000  # 2025-02-01


def write_minutes(path, rows, newest_first=False):
    """What each of the pools held, minute by minute, in an order that is that of time or its
    reverse."""
    minutes = rows // POOLS
    order = range(minutes - 1, -1, -1) if newest_first else range(minutes)
    with open(path, "w") as file:
        file.write("start,length,chip,pool,team,workload,signal,chip_seconds,busy_chip_seconds\n")
        for minute in order:
            file.writelines(
                f"{START + 60 * minute},1m,h100,pool-{pool},team-{pool % 5},w{minute % 97},"
                f"tensor_active,{480 + pool},{minute % 480}\n" for pool in range(POOLS))
    return minutes * POOLS


def run(arguments, **options):
    """The answer, the exit code and the most memory that the program had, in MiB."""
    process = subprocess.Popen([FLEETMETERCTL, "import", "usage", *arguments, "--output", "json"],
                               stdout=subprocess.PIPE, text=True, **options)
    out = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 4), f"exit code {process.returncode}"
    return json.loads(out), process.returncode, usage.ru_maxrss / 1024


def dry_run(path, **options):
    # Nobody listens there.
    return run([str(path), "--source", "history", "--dry-run", "--ingest-address", "127.0.0.1:1"],
               stderr=subprocess.DEVNULL, **options)


def check_memory(folder):
    few, many, turned = (folder / name for name in ("few.csv", "many.csv", "turned.csv"))
    write_minutes(few, FEW_ROWS)
    rows = write_minutes(many, ROWS)
    write_minutes(turned, ROWS, newest_first=True)
    few_answer, _, base = dry_run(few)
    answer, _, peak = dry_run(many)
    assert answer["rows"] == rows and answer["refused_rows"] == 0, answer
    assert answer["reports"] == answer["windows"] == rows // POOLS, answer
    other, _, turned_peak = dry_run(turned)
    # The order of the rows makes no other reports.
    assert other["stream_id"] == answer["stream_id"], (other, answer)
    with subprocess.Popen(["cat", few], stdout=subprocess.PIPE) as cat:
        piped, _, _ = dry_run("-", stdin=cat.stdout)
    assert piped["stream_id"] == few_answer["stream_id"], (piped, few_answer)
    print(f"{base:.0f} MiB for {FEW_ROWS} rows, {peak:.0f} MiB for {ROWS}, "
          f"{turned_peak:.0f} MiB for those newest first")
    if SANITIZED:
        return
    assert max(peak, turned_peak) < MOST_MEBIBYTES, "too much memory"
    assert max(peak, turned_peak) < base + MOST_GROWTH_MEBIBYTES, "memory grows with the rows"


def check_books(folder):
    """More rows than are held in memory, sent: counted once, and settled when they come again."""
    path = folder / "sent.csv"
    with open(path, "w") as file:
        file.write("start,length,chip,pool,team,workload,signal,chip_hours,busy_chip_hours\n")
        for hour in range(600):
            for row in range(100):
                file.write(f"{BOOKED_FROM + 3_600 * hour},1h,b200,inference-consumer,chat,w{row},"
                           f"tensor_active,4,{row % 4}\n")
    with Daemon(SOURCE / "deploy/catalog/default.yaml", [SOURCE / "deploy/demo/plan.yaml"],
                f"ledger: {{path: {folder / 'ledger.db'}}}\n") as daemon:
        arguments = [str(path), "--ingest-address", daemon.addresses["ingest"]]
        first, _, _ = run(arguments)
        again, _, _ = run(arguments)
    assert first["counted"] == {"reports": 600, "rows": 60_000}, first
    assert again["counted"]["rows"] == 0, again
    assert again["counted_before"] == {"reports": 600, "rows": 60_000}, again
    assert again["stream_id"] == first["stream_id"], (first, again)


def main():
    with tempfile.TemporaryDirectory() as name:
        check_memory(pathlib.Path(name))
        check_books(pathlib.Path(name))
    print("ok")


if __name__ == "__main__":
    main()
