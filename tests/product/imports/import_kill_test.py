#!/usr/bin/python3
"""Imports are counted once, whatever happens on the way.

Imported twice, the books stay as they are. Killed at random moments (fleetmeterctl, or the daemon
under it) and run again until it is through, an import leaves the same books as one clean run.

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

KILLS = 12  # of each import
# Of the daemon that is killed: so slow that an import takes many times as long as its programs take
# to start, and its client is told to wait again and again.
REPORTS_PER_SECOND = 4_000
SUITE = SOURCE / "deploy/outcomes/benchmarks.yaml"
AMOUNTS = ("chips", "busy", "productive", "measured", "productive_measured")
SUMS = ", ".join(f"sum({name}_s) * 1000000000 + sum({name}_ns)" for name in AMOUNTS)

# What must be the same, by names: the numbers of rows depend on who came first, and the day on which
# something was booked on the clock.
QUESTIONS = {
    "inference": "SELECT day_start, model, customer_tier, pool, workload, price_book_version, source,"
                 " sum(requests), sum(unpriced_requests), sum(input_tokens),"
                 " sum(cached_input_tokens), sum(output_tokens), sum(revenue_micro_usd)"
                 " FROM inference GROUP BY 1, 2, 3, 4, 5, 6, 7",
    "segments": "SELECT model, customer_tier, requests, unpriced_requests, input_tokens,"
                " cached_input_tokens, output_tokens, revenue_micro_usd FROM segment_totals",
    "training": "SELECT day_start, model, family, run, phase, pool, source, sum(h100e_seconds)"
                " FROM training GROUP BY 1, 2, 3, 4, 5, 6, 7",
    "benchmarks": "SELECT model, family, benchmark, version, date_start, measured_by, score, source"
                  " FROM benchmark_results JOIN outcome_sources USING (source_row)",
    "windows": "SELECT kind, source, counted_from_unix_nanos, counted_to_unix_nanos, gaps"
               " FROM outcome_sources",
    "usage": "SELECT day_start, category, pool, workload, workload_type, model, run, chip,"
             f" micro_usd_per_chip_hour, {SUMS} FROM model_usage GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9",
    "totals": f"SELECT state, pool, team, signal, {SUMS} FROM totals GROUP BY 1, 2, 3, 4",
    "streams": "SELECT stream_id, sequence FROM streams",
}


def books_of(ledger):
    with sqlite3.connect(f"file:{ledger}?mode=ro", uri=True) as books:
        return {name: sorted(books.execute(question).fetchall(), key=repr)
                for name, question in QUESTIONS.items()}


def settled(ledger):
    with sqlite3.connect(f"file:{ledger}?mode=ro", uri=True) as books:
        return books.execute("SELECT coalesce(sum(sequence), 0) FROM streams").fetchone()[0]


def write_csv(path, header, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split())
        writer.writerows(rows)
    return path


def make_files(folder, chance):
    """The arguments of each import. Enough reports that an import takes many calls."""
    start = datetime.datetime(2025, 2, 1)
    inference = [[start + datetime.timedelta(seconds=10 * i), f"model-{chance.randrange(3)}",
                  f"tier-{chance.randrange(4)}", chance.randrange(100), chance.randrange(10**6), 7]
                 for i in range(20_000)]
    usage = [[start + datetime.timedelta(hours=i), start + datetime.timedelta(hours=i + 1), "host",
              "b200", pool, team, model, f"{chance.randrange(10**8) / 10**6:.6f}"]
             for i in range(4_000)
             for pool, team, model in (("inference-consumer", "chat", "model-0"),
                                       ("training-flagship", "data", ""))]
    training = [[f"model-{i}", (start + datetime.timedelta(days=i % 500)).date(), "family",
                 chance.choice(["pre", "post"]), chance.randrange(10**6)] for i in range(1_500)]
    results = [[f"model-{i}", (start + datetime.timedelta(days=i % 500)).date(), "family", "mmlu",
                f"{chance.uniform(0.3, 0.9):.4f}"] for i in range(1_500)]
    return [
        ["inference", write_csv(folder / "requests.csv", "start model customer_tier requests "
                                "input_tokens output_tokens", inference), "--every", "10s"],
        ["usage", write_csv(folder / "usage.csv", "start end source chip pool team model chip_hours",
                            usage)],
        ["training", write_csv(folder / "training.csv", "model date family phase h100e_hours",
                               training)],
        ["benchmarks", write_csv(folder / "results.csv", "model date family benchmark score",
                                 results), "--suite", SUITE],
    ]


def start_daemon(folder, ledger, more=""):
    (folder / "prices.yaml").write_text(
        "version: 1\nprices:\n"
        "  - {model: model-0, effective_from: 2020-01-01, input: 3.00, output: 15.00}\n")
    return Daemon(SOURCE / "deploy/catalog/default.yaml", [SOURCE / "deploy/demo/plan.yaml"],
                  f"ledger: {{path: {ledger}}}\n"
                  f"outcomes: {{prices: {folder / 'prices.yaml'}}}\n" + more)


def command(daemon, arguments):
    return [FLEETMETERCTL, "import", *map(str, arguments), "--quiet", "--ingest-address",
            daemon.addresses["ingest"]]


def run_import(daemon, arguments, code=0):
    done = subprocess.run(command(daemon, arguments), capture_output=True, text=True, timeout=300)
    assert done.returncode == code, f"{arguments}: {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def verify(ledger):
    done = subprocess.run([FLEETMETERCTL, "ledger", "verify", "--ledger", ledger],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def clean_run(folder, imports):
    """The books of a run without trouble, and how many reports each import sent."""
    ledger = folder / "clean.db"
    sent = []
    with start_daemon(folder, ledger) as daemon:
        for arguments in imports:
            before = settled(ledger)
            assert "counted now" in run_import(daemon, arguments)
            sent.append(settled(ledger) - before)
        books = books_of(ledger)
        for arguments in imports:
            assert "counted now: 0 rows" in run_import(daemon, arguments)
        assert books_of(ledger) == books, "importing twice changed the books"
        print("ok: importing twice changes nothing")
        grown_file(daemon, folder, ledger, imports[0], books)
        return books, sent


def grown_file(daemon, folder, ledger, arguments, books):
    """The same file with a row more is another stream: what was counted is told apart."""
    kind, path, *flags = arguments
    grown = folder / "grown.csv"
    grown.write_text(path.read_text() + "2025-12-01,model-9,tier-9,1,1,1\n")
    refused = folder / "refused.csv"
    told = run_import(daemon, [kind, grown, *flags, "--source", "requests", "--refused", refused])
    assert "counted now: 1 row in 1 report" in told, told
    assert "the books say the same already: 20,000 rows in 20,000 reports" in told, told
    with open(refused, newline="") as file:
        assert not list(csv.DictReader(file)), "nothing of it stays out of the books"
    after = books_of(ledger)
    assert len(after["segments"]) == len(books["segments"]) + 1
    assert all(row in after["segments"] for row in books["segments"])
    print("ok: of a file with a row more only that row is counted")


def kill(process):
    process.kill()
    process.wait()


def killed_runs(folder, imports, sent, chance):
    ledger = folder / "killed.db"
    in_the_middle = {"fleetmeterctl": 0, "daemon": 0}
    slow = (f"ingest: {{rate: {{reports_per_second: {REPORTS_PER_SECOND}, burst_reports: 512}}}}\n")
    daemon = start_daemon(folder, ledger, slow)
    for arguments, reports in zip(imports, sent):
        first = settled(ledger)
        for number in range(KILLS):
            victim = ("fleetmeterctl", "daemon")[number % 2]
            before = settled(ledger)
            client = subprocess.Popen(command(daemon, arguments), stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            # The moment of the fault, not a wait for anything.
            time.sleep(chance.uniform(0, 3 * reports / REPORTS_PER_SECOND / KILLS))
            if victim == "daemon":
                daemon.kill()
            kill(client)
            if victim == "daemon":
                daemon = start_daemon(folder, ledger, slow)
            in_the_middle[victim] += before < settled(ledger) < first + reports
        run_import(daemon, arguments)
    assert daemon.stop() == 0
    assert all(count > 0 for count in in_the_middle.values()), in_the_middle
    print(f"ok: killed {KILLS * len(imports)} times, on the way: {in_the_middle}")
    return ledger


def main():
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
    print(f"seed {seed}", flush=True)
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        imports = make_files(folder, chance)
        books, sent = clean_run(folder, imports)
        ledger = killed_runs(folder, imports, sent, chance)
        after = books_of(ledger)
        for table, rows in books.items():
            assert after[table] == rows, f"{table} differs from that of the clean run"
        assert all(books.values()), "a table is empty"
        verify(ledger)
        verify(folder / "clean.db")
        print(f"ok: the books of {sum(map(len, books.values()))} rows are those of a clean run")


main()
