#!/usr/bin/python3
"""History that is restated again and again ends as one import of the last truth.

Files of usage say windows anew, add windows and rows and take rows away, in any order, while
fleetmeterctl and the daemon are killed at random moments. Afterwards the books equal those of one
import of what was said last, to the chip-nanosecond, by the hour of use, and the entries of the
books add up to what was corrected.

Exit code 0: all is well; 1: something is not. The seed is printed, and SEED=N runs it again.
"""

import csv
import datetime
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import FLEETMETERCTL, SOURCE, Daemon

STEPS = 24
WINDOWS = 120  # hours of each source
SOURCES = ("billing-east", "billing-west")
HEADER = "start end source chip pool team model signal chip_hours busy_chip_hours".split()
USES = (("inference-consumer", "chat", "model-0"), ("inference-consumer", "chat", "model-1"),
        ("training-flagship", "data", ""))
START = datetime.datetime(2025, 2, 1)
MICRO = 10**6  # amounts are written with six decimals
NANOS_PER_HOUR = 3_600 * 10**9
AMOUNTS = ("chips", "busy", "productive", "measured", "productive_measured")
SUMS = ", ".join(f"sum({name}_s) * 1000000000 + sum({name}_ns)" for name in AMOUNTS)
QUESTIONS = {
    "hours of use": "SELECT iif(corrects_hour = 0, hour_start, corrects_hour), state, pool, team,"
                    f" signal, chip, workload, workload_type, model, run, {SUMS} FROM hours"
                    " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
    "models": "SELECT day_start, category, pool, workload, workload_type, model, run, chip,"
              f" micro_usd_per_chip_hour, {SUMS} FROM model_usage GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9",
    "totals": f"SELECT state, pool, team, signal, {SUMS} FROM totals GROUP BY 1, 2, 3, 4",
    "history": f"SELECT state, pool, team, signal, {SUMS} FROM"
               " (SELECT t.state, t.pool, t.team, t.signal, h.* FROM history_totals h"
               " JOIN totals t USING (cell_id)) GROUP BY 1, 2, 3, 4",
}


def ask(ledger, question):
    with sqlite3.connect(f"file:{ledger}?mode=ro", uri=True) as books:
        return books.execute(question).fetchall()


def books_of(ledger):
    """Without rows of nothing: what was taken out leaves a name behind."""
    return {name: sorted((row for row in ask(ledger, question) if any(row[-len(AMOUNTS):])),
                         key=repr)
            for name, question in QUESTIONS.items()}


def random_rows(chance):
    """What a window says: for each use, chip-hours and busy ones in millionths; or nothing."""
    rows = []
    for use in USES:
        if chance.random() < 0.25:
            continue
        hours = chance.randrange(1, 50 * MICRO)
        rows.append((use, hours, chance.randrange(hours + 1)))
    return rows or [(USES[0], 0, 0)]


def write_csv(path, windows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for (source, hour), rows in sorted(windows.items()):
            start = START + datetime.timedelta(hours=hour)
            for (pool, team, model), hours, busy in rows:
                writer.writerow([start, start + datetime.timedelta(hours=1), source, "b200", pool,
                                 team, model, "dcgm", f"{hours / MICRO:.6f}",
                                 f"{busy / MICRO:.6f}"])
    return path


def start_daemon(ledger):
    return Daemon(SOURCE / "deploy/catalog/default.yaml", [SOURCE / "deploy/demo/plan.yaml"],
                  f"ledger: {{path: {ledger}}}\n")


def command(daemon, path, *more):
    return [FLEETMETERCTL, "import", "usage", path, "--quiet", "--ingest-address",
            daemon.addresses["ingest"], *more]


def run_import(daemon, path, *more):
    done = subprocess.run(command(daemon, path, *more), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{more}: {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def nanos_of(windows, place):
    """Of all windows; place 1: chips, 2: busy. A millionth of an hour is 3,600,000 ns exactly."""
    return sum(row[place] * (NANOS_PER_HOUR // MICRO) for rows in windows.values() for row in rows)


def restated(folder, chance):
    """The ledger after all steps, what was said last, and what was said first."""
    ledger = folder / "restated.db"
    truth, first = {}, {}
    daemon = start_daemon(ledger)
    for step in range(STEPS):
        said = {}
        for source in SOURCES:
            begin = chance.randrange(WINDOWS)
            for hour in range(begin, min(WINDOWS, begin + chance.randrange(1, 60))):
                known = truth.get((source, hour))
                keep = known is not None and chance.random() < 0.5
                said[source, hour] = known if keep else random_rows(chance)
        path = write_csv(folder / f"step-{step}.csv", said)
        correct = ("--correct", "--yes", "--reason", f"step {step}")
        for _ in range(chance.randrange(3)):
            client = subprocess.Popen(command(daemon, path, *correct), stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            # The moment of the fault, not a wait for anything.
            time.sleep(chance.uniform(0, 0.2))
            if chance.random() < 0.5:
                daemon.kill()
                client.kill()
                client.wait()
                daemon = start_daemon(ledger)
            else:
                client.kill()
                client.wait()
        run_import(daemon, path, *correct)
        for window, rows in said.items():
            first.setdefault(window, rows)
        truth.update(said)
        entries = ask(ledger, "SELECT count(*) FROM admin_entries")
        assert "changed: the books say something else: 0 rows" in run_import(daemon, path, *correct)
        assert ask(ledger, "SELECT count(*) FROM admin_entries") == entries, "corrected twice"
        # A rolling export that says nothing new needs no flag.
        assert "counted now: 0 rows" in run_import(daemon, path)
    assert daemon.stop() == 0
    return ledger, truth, first


def verify(ledger):
    done = subprocess.run([FLEETMETERCTL, "ledger", "verify", "--ledger", ledger],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def check_entries(ledger, truth, first):
    """Who, when and why, and that nothing was corrected without them."""
    entries = ask(ledger, "SELECT identity, reason, entered_unix_nanos, chips_s * 1000000000 +"
                          " chips_ns, busy_s * 1000000000 + busy_ns FROM admin_entries"
                          " WHERE action = 'correct_usage'")
    assert entries, "nothing was corrected"
    for identity, reason, entered, _, _ in entries:
        assert identity == "local" and reason.startswith("step ") and entered > 0, entries
    for place, column in ((1, 3), (2, 4)):
        booked = sum(entry[column] for entry in entries)
        assert booked == nanos_of(truth, place) - nanos_of(first, place), (place, booked)
    print(f"ok: {len(entries)} entries add up to what was corrected")


def main():
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ledger, truth, first = restated(folder, chance)
        clean = folder / "clean.db"
        with start_daemon(clean) as daemon:
            run_import(daemon, write_csv(folder / "truth.csv", truth))
        expected = books_of(clean)
        assert all(expected.values()), "a table is empty"
        after = books_of(ledger)
        for table, rows in expected.items():
            assert after[table] == rows, f"{table} differs from that of one import of the truth"
        chips = sum(row[-len(AMOUNTS)] for row in after["totals"])
        assert chips == nanos_of(truth, 1), (chips, nanos_of(truth, 1))
        print(f"ok: {len(truth)} windows, restated in {STEPS} files, equal one import of the truth")
        check_entries(ledger, truth, first)
        verify(ledger)
        verify(clean)


main()
