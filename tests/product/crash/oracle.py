#!/usr/bin/python3
"""What a ledger must hold, worked out from what its senders wrote down; integers only.

    oracle.py --ledger FILE [--journal DIR]... [--spool DIR]... [--once]

--once: the same report may lie in several spools and counts once; reports that were refused because
their time was counted before are then as they must be.

Shares no code with the daemon: it reads the witness's journal and the segments of a collector's
spool by itself, splits windows over hours by itself, and compares with the ledger's rows. Prints one
line and exits 0 when nothing is lost, nothing is doubled and every row is equal.
"""
import argparse
import collections
import json
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import spool_reader

HOUR = 3_600 * 1_000_000_000
AMOUNTS = ("chips", "busy")


def split(total, start, length):
    """The part of `total` in each hour of the window: what lies before a boundary, rounded down,
    less what lies before the boundary before it."""
    end = start + length
    done = 0
    hour = start // HOUR
    while True:
        boundary = min((hour + 1) * HOUR, end)
        through = total * (boundary - start) // length
        yield hour * 3_600, through - done
        done = through
        if boundary == end:
            return
        hour += 1


class Expected:
    def __init__(self):
        self.cells = collections.defaultdict(lambda: [0, 0])
        self.reports = 0

    def add(self, start, length, groups):
        self.reports += 1
        for group in groups:
            amounts = (group["chip_nanos"], group.get("busy_chip_nanos") or 0)
            for which, total in enumerate(amounts):
                for hour, part in split(total, start, length):
                    key = (hour, group["state"], group.get("pool", ""), group.get("team", ""),
                           group.get("workload", ""), group["chip"], group.get("signal", ""))
                    self.cells[key][which] += part


def read_journal(folder, expected):
    """Adds the journal of a witness; returns its stream id, how many reports it has, and how many
    were acknowledged."""
    folder = pathlib.Path(folder)
    entries = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    for entry in entries:
        expected.add(entry["start"], entry["length"], entry["groups"])
    acked = 0
    for line in (folder / "acks.jsonl").read_text().splitlines():
        try:
            acked = max(acked, json.loads(line).get("acked", 0))
        except json.JSONDecodeError:
            pass
    return (folder / "stream_id").read_bytes(), len(entries), acked


def read_spool(folder, expected, seen):
    """Adds every report of a spool that is not among the `seen` ones; None: all of them."""
    for report in spool_reader.reports(folder):
        if seen is not None:
            window = (report["source"], report["start"], report["length"])
            if window in seen:
                continue
            seen.add(window)
        expected.add(report["start"], report["length"], report["groups"])


def ledger_cells(db):
    cells = {}
    columns = ", ".join(f"sum({a}_s), sum({a}_ns)" for a in AMOUNTS)
    for row in db.execute(
            f"SELECT hour_start, state, pool, team, workload, chip, signal, {columns} FROM hours"
            " GROUP BY 1, 2, 3, 4, 5, 6, 7"):
        amounts = [row[7 + 2 * i] * 1_000_000_000 + row[8 + 2 * i] for i in range(len(AMOUNTS))]
        cells[tuple(row[:7])] = amounts
    return cells


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ledger", required=True)
    parser.add_argument("--journal", action="append", default=[])
    parser.add_argument("--spool", action="append", default=[])
    parser.add_argument("--once", action="store_true")
    args = parser.parse_args()
    expected = Expected()
    lost = 0
    db = sqlite3.connect(f"file:{args.ledger}?mode=ro", uri=True)
    for folder in args.journal:
        stream, written, acked = read_journal(folder, expected)
        row = db.execute("SELECT sequence FROM streams WHERE stream_id = ?", (stream,)).fetchone()
        committed = row[0] if row else 0
        lost += max(0, acked - committed)
        if committed != written:
            print(f"{folder}: {written} reports were written down, the ledger has {committed}")
    seen = set() if args.once else None
    for folder in args.spool:
        read_spool(folder, expected, seen)
    counters = {(r, why): n for r, why, n in
                db.execute("SELECT result, reason, reports FROM counters")}
    accepted = counters.get(("accepted", ""), 0)
    rejected = {why: n for (r, why), n in counters.items() if r == "rejected" and n}
    if args.once:
        rejected.pop("window_overlap", None)
    actual = ledger_cells(db)
    wrong = 0
    for key in sorted(set(expected.cells) | set(actual)):
        want = list(expected.cells.get(key, [0, 0]))
        have = actual.get(key, [0, 0])
        if want != have and (wrong := wrong + 1) <= 10:
            print(f"{key}: expected {dict(zip(AMOUNTS, want))}, the ledger has "
                  f"{dict(zip(AMOUNTS, have))}")
    lost += max(0, expected.reports - accepted)
    doubled = max(0, accepted - expected.reports)
    equal = wrong == 0 and not rejected
    if rejected:
        print(f"rejected reports: {rejected}")
    print(f"{expected.reports} reports in {len(expected.cells)} cells: {lost} lost, {doubled} "
          f"doubled, ledger {'equal' if equal else f'NOT equal in {wrong} cells'}")
    return 0 if equal and lost == 0 and doubled == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
