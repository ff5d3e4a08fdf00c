#!/usr/bin/python3
"""No source of a ledger was booked for more time than it was counted for.

    at_most_once.py --ledger FILE

For a fleet whose hosts never change: the chip-time of all sources is what they hold, times the time
that was counted (from the first window to the last, less the gaps). Integers; tolerates the rounding of
one micro-chip a holding.
"""
import argparse
import json
import sqlite3
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ledger", required=True)
    db = sqlite3.connect(f"file:{parser.parse_args().ledger}?mode=ro", uri=True)
    most = 0
    for source, begin, end, gaps, micro_chips in db.execute(
            "SELECT source, counted_from_unix_nanos, counted_to_unix_nanos, gaps,"
            " sum(micro_chips) FROM sources JOIN holdings USING (source_row) GROUP BY source_row"):
        counted = end - begin - sum(to - since for since, to in json.loads(gaps))
        most += counted * (micro_chips + 1_000) // 1_000_000
    (seconds, nanos) = db.execute("SELECT sum(chips_s), sum(chips_ns) FROM totals").fetchone()
    booked = seconds * 1_000_000_000 + nanos
    print(f"{booked} chip-nanoseconds booked, at most {most} passed")
    return 0 if 0 < booked <= most else 1


if __name__ == "__main__":
    sys.exit(main())
