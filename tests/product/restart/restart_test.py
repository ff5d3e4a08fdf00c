#!/usr/bin/python3
"""A daemon with a long past: 200,000 streams and hosts in its ledger.

    restart_test.py [--streams N]

Prints how long the daemon takes until it is ready and until its first scrape is answered, and checks
that the scrape continues every counter and expects every host.
"""
import argparse
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import SOURCE, Daemon

HOUR = 3_600 * 1_000_000_000


def scrape(daemon):
    with urllib.request.urlopen(f"http://{daemon.addresses['http']}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    return {series: float(value) for series, value in
            re.findall(r"^(fleetmeter_\w+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE)}


def continues(series):
    return ("_seconds_total" in series
            or re.match(r"fleetmeter_pool_chip_activity_(bucket|sum|count)", series)
            or re.match(r'fleetmeter_ingest_reports_total\{result="(accepted|rejected)"\}', series))


def report_once(daemon, folder):
    protos = sorted((SOURCE / "proto").glob("fleetmeter/v1/*.proto"))
    subprocess.run(["protoc", "-I", SOURCE / "proto", f"--python_out={folder}",
                    f"--grpc_python_out={folder}",
                    "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", *protos],
                   check=True)
    subprocess.run([SOURCE / "tests/product/client/report_usage.py", "--ingest",
                    daemon.addresses["ingest"], "--query", daemon.addresses["query"], "--pool",
                    "research-scaling", "--team", "laws", "--chip", "b200", "--source", "host"],
                   env=dict(os.environ, PYTHONPATH=str(folder)), check=True,
                   stdout=subprocess.DEVNULL)


def add_streams(ledger, count):
    """Senders and hosts as a long life leaves them: half an hour silent, eight chips each."""
    db = sqlite3.connect(ledger)
    (cell,) = db.execute("SELECT cell_id FROM totals WHERE state = 'assigned'").fetchone()
    now = time.time_ns()
    with db:
        db.executemany(
            "INSERT INTO streams (identity, stream_id, sequence, epoch, digests)"
            " VALUES (?, ?, 7, 2, ?)",
            ((f"spiffe://example.org/host/{i:06}", i.to_bytes(16, "big"), bytes(64))
             for i in range(count)))
        db.execute("UPDATE counters SET reports = reports + ? WHERE result = 'accepted'",
                   (7 * count,))
        first = db.execute("SELECT coalesce(max(source_row), 0) + 1 FROM sources").fetchone()[0]
        db.executemany(
            "INSERT INTO sources (source_row, source, counted_from_unix_nanos, counted_to_unix_nanos, gaps)"
            " VALUES (?, ?, ?, ?, '[]')",
            ((first + i, f"host-{i:06}", now - 2 * HOUR, now - HOUR // 2) for i in range(count)))
        db.executemany("INSERT INTO holdings VALUES (?, ?, 8000000)",
                       ((first + i, cell) for i in range(count)))
        db.execute("DELETE FROM row_checksums")  # the next start works them out anew
    db.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=200_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fleetmeter-restart-") as folder:
        ledger = pathlib.Path(folder) / "ledger.db"

        def daemon():
            return Daemon(SOURCE / "deploy/catalog/default.yaml", [SOURCE / "deploy/demo/plan.yaml"],
                          f"ledger: {{path: {ledger}}}\n")

        with daemon() as running:
            report_once(running, folder)
            before = scrape(running)
        add_streams(ledger, args.streams)
        begin = time.monotonic()
        with daemon() as running:
            ready = time.monotonic() - begin
            after = scrape(running)
            first = time.monotonic() - begin
        print(f"{args.streams} streams and hosts: ready after {ready:.2f} s, first scrape answered "
              f"after {first:.2f} s")
        accepted = 'fleetmeter_ingest_reports_total{result="accepted"}'
        assert after[accepted] == before[accepted] + 7 * args.streams, after[accepted]
        for series, value in before.items():
            if continues(series) and series != accepted:
                assert after.get(series, -1) >= value, (series, value, after.get(series))
        assert after['fleetmeter_sources{state="silent"}'] == args.streams + 1, {
            k: v for k, v in after.items() if "sources" in k}
    return 0


if __name__ == "__main__":
    sys.exit(main())
