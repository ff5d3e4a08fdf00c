#!/usr/bin/python3
"""Senders behind a network that cuts, truncates, delays, swallows and replays.

    partition.py [--schedules N] [--seed S]

Every schedule is a sender of its own with some reports and a proxy with a seeded plan of faults. In
the end the oracle compares the ledger with what the senders wrote down.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

import grpc

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
sys.path.insert(0, str(HERE.parent / "crash"))
from programs import SOURCE, Daemon

ORACLE = HERE.parent / "crash" / "oracle.py"
SECOND = 1_000_000_000


def stubs_into(folder):
    subprocess.run(
        ["protoc", "-I", SOURCE / "proto", f"--python_out={folder}", f"--grpc_python_out={folder}",
         "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin",
         *sorted((SOURCE / "proto").glob("fleetmeter/v1/*.proto"))], check=True)
    sys.path.insert(0, str(folder))


def invent(chance, source, now):
    """Some reports of one host, of the last hours, with windows that follow one another."""
    entries = []
    start = now - 5 * 3_600 * SECOND + chance.randrange(SECOND)
    for _ in range(chance.randrange(10, 120)):
        length = chance.randrange(1, 120 * SECOND)
        chips = chance.randrange(1, 9)
        entries.append({"source": source, "start": start, "length": length, "groups": [
            {"chip": "b200", "state": "assigned", "pool": "research-scaling", "team": "laws",
             "workload": "job", "signal": "gr_engine_active", "chip_nanos": chips * length,
             "busy_chip_nanos": chance.randrange(chips * length + 1)}]})
        start += length
    return entries


def run_schedule(seed, folder, upstream, now):
    from proxy import Proxy
    from witness import Journal, Session, ingest_pb2_grpc

    chance = random.Random(seed)
    journal = Journal(folder)
    journal.append(invent(chance, f"host-{seed}", now))
    proxy = Proxy(upstream, seed, faulty=chance.randrange(1, 5))
    stopping = threading.Event()
    stopping.set()  # nothing is invented any more: send, and be done when all is acknowledged
    try:
        for _ in range(200):
            if journal.acked == len(journal.entries):
                return proxy.faults
            with grpc.insecure_channel(proxy.address, [
                    ("grpc.initial_reconnect_backoff_ms", 10),
                    ("grpc.max_reconnect_backoff_ms", 20)]) as channel:
                Session(journal, ingest_pb2_grpc.UsageIngestStub(channel), stopping,
                        timeout=20).run(None)
        raise AssertionError(f"schedule {seed}: {journal.acked} of {len(journal.entries)} reports "
                             f"were acknowledged after 200 sessions; faults {proxy.faults}")
    finally:
        proxy.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schedules", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fleetmeter-partition-") as name:
        folder = pathlib.Path(name)
        (folder / "stubs").mkdir()
        stubs_into(folder / "stubs")
        now = time.time_ns()
        seeds = [args.seed * 100_000 + i for i in range(args.schedules)]
        faults = collections.Counter()
        with Daemon(SOURCE / "deploy/catalog/default.yaml", [SOURCE / "deploy/demo/plan.yaml"],
                    f"ledger: {{path: {folder}/ledger.db}}\n") as daemon:
            host, port = daemon.addresses["ingest"].rsplit(":", 1)
            with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
                for suffered in pool.map(
                        lambda seed: run_schedule(seed, folder / f"s{seed}", (host, int(port)), now),
                        seeds):
                    faults.update(suffered)
        print(f"{args.schedules} schedules, faults: "
              + ", ".join(f"{name} {n}" for name, n in sorted(faults.items())))
        journals = [flag for seed in seeds for flag in ("--journal", folder / f"s{seed}")]
        return subprocess.run([ORACLE, "--ledger", folder / "ledger.db", *journals],
                              env=dict(os.environ, PYTHONPATH=str(folder / "stubs"))).returncode


if __name__ == "__main__":
    sys.exit(main())
