#!/usr/bin/python3
"""Every named fault around a commit: the daemon dies there, waits there, or is told of an error.

For each point and action the daemon runs under load until the fault strikes, is started again without
it if it ended, and goes on; in the end the oracle compares the ledger with what the senders wrote
down. Needs a build with FLEETMETER_FAILPOINTS; exit code 77 without.
"""
import pathlib
import re
import sys
import tempfile
import time

from cast import BINARY, SOURCE, Cast, accepted, await_counters, check_books

ACTIONS = ("abort", "delay:20", "error")
HITS = 5  # strikes at the nth pass


def points():
    found = set()
    for path in (SOURCE / "daemon").rglob("*.cc"):
        found.update(re.findall(r'FAILPOINT\("(\w+)"\)', path.read_text()))
    assert len(found) >= 6, found
    return sorted(found)


def built_with_failpoints():
    cache = (BINARY / "CMakeCache.txt").read_text()
    return re.search(r"^FLEETMETER_FAILPOINTS:BOOL=(ON|1|TRUE)$", cache, re.MULTILINE)


def commits(cast):
    page = cast.page("/metrics")
    found = page and re.search(r"^fleetmeter_ledger_commit_seconds_count (\d+)$", page[1],
                               re.MULTILINE)
    return int(found.group(1)) if found else 0


def goes_on(cast, condition, seconds=60):
    """Until the condition holds, or the daemon has ended. True: it goes on."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if cast.processes["daemon"].poll() is not None:
            return False
        if condition():
            return True
        time.sleep(0.02)
    raise AssertionError(f"nothing within {seconds} s:\n{cast.tail('daemon')}")


def run(folder):
    cast = Cast(folder, 1)
    ended = 0
    cases = [(point, action) for point in points() for action in ACTIONS]
    try:
        cast.start("daemon")
        await_counters(cast)
        cast.start("collector")
        cast.start("witness")
        for point, action in cases:
            before = accepted(cast)
            assert goes_on(cast, lambda: accepted(cast) > before), cast.tail("daemon")
            cast.kill("daemon")
            cast.start("daemon", FLEETMETER_FAILPOINTS=f"{point}={action}@{HITS}")
            # Every commit passes every point, so by then the fault has struck.
            on = goes_on(cast, lambda: commits(cast) > HITS + 1)
            if action == "abort":
                assert not on, f"{point}=abort did not strike"
                assert cast.processes["daemon"].returncode == -9, cast.tail("daemon")
            if not on:
                ended += 1
                cast.start("daemon")
                await_counters(cast)
        cast.stop("collector", 120)
        cast.stop("witness", 120)
        cast.stop("daemon", 60)
    finally:
        cast.end()
    print(f"{len(cases)} faults at {len(points())} points; the daemon ended {ended} times")
    return 0 if check_books(cast) else 1


def main():
    if not built_with_failpoints():
        print("skipped: this build has no failpoints (FLEETMETER_FAILPOINTS=ON, as in asan)")
        return 77
    with tempfile.TemporaryDirectory(prefix="fleetmeter-failpoints-") as folder:
        return run(pathlib.Path(folder))


if __name__ == "__main__":
    sys.exit(main())
