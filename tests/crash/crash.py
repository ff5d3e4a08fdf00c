#!/usr/bin/python3
"""Kills daemon, collector and witness at random moments under load, and checks the books after.

    crash.py --cycles N --seed S [--keep DIR]

Every cycle kills one or two of the three with SIGKILL at a random moment and starts them again.
In the end everything is delivered, the daemon stops in order, and the oracle compares the ledger
with what the senders wrote down. The counters of /metrics must never step back.
"""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "support"))
from programs import COLLECTOR, FLEETMETERCTL, FLEETMETERD, SOURCE

VICTIMS = [("daemon",)] * 5 + [("collector",)] * 2 + [("witness",)] * 2 + [("daemon", "collector")]


def free_ports(count):
    """Ports that were free a moment ago: the senders need an address that outlives the daemon."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Cast:
    """The three programs, by name."""

    def __init__(self, folder, seed):
        self.folder = folder
        self.ledger = folder / "ledger.db"
        ingest, query, http = free_ports(3)
        self.http = http
        stubs = folder / "stubs"
        stubs.mkdir()
        subprocess.run(
            ["protoc", "-I", SOURCE / "proto", f"--python_out={stubs}",
             f"--grpc_python_out={stubs}",
             "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin",
             *sorted((SOURCE / "proto").glob("fleetmeter/v1/*.proto"))], check=True)
        config = folder / "daemon.yaml"
        config.write_text(
            f"catalog: {SOURCE}/deploy/catalog/default.yaml\n"
            f"plans: [{SOURCE}/deploy/demo/plan.yaml]\n"
            f"ledger: {{path: {self.ledger}}}\n"
            f'listen: {{ingest: "127.0.0.1:{ingest}", query: "127.0.0.1:{query}", '
            f'http: "127.0.0.1:{http}"}}\n')
        self.commands = {
            "daemon": [FLEETMETERD, "--config", config],
            "collector": [COLLECTOR, "--daemon", f"127.0.0.1:{ingest}", "--interval", "0.05",
                          "--drain", "60", "--spool", folder / "spool", "replay-csv",
                          "--file", SOURCE / "deploy/demo/fleet.csv"],
            "witness": [HERE / "witness.py", "--daemon", f"127.0.0.1:{ingest}", "--state",
                        folder / "witness", "--seed", str(seed)],
        }
        self.environment = dict(os.environ, PYTHONPATH=str(stubs))
        self.processes = {}

    def start(self, name):
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                self.commands[name], stdout=log, stderr=log, env=self.environment)

    def kill(self, name):
        process = self.processes[name]
        if process.poll() is not None:
            raise AssertionError(f"{name} ended by itself with {process.returncode}:\n"
                                 f"{self.tail(name)}")
        process.kill()
        process.wait()

    def stop(self, name, seconds):
        process = self.processes[name]
        process.terminate()
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{name} did not end within {seconds} s:\n{self.tail(name)}")
        if code != 0:
            raise AssertionError(f"{name} ended with {code}:\n{self.tail(name)}")

    def end(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()

    def tail(self, name):
        return "\n".join((self.folder / f"{name}.log").read_text(errors="replace")
                         .splitlines()[-15:])

    def counters(self):
        """What must continue over restarts, by series; None while the daemon is away."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except OSError:
            return None
        found = re.findall(r"^(fleetmeter_pool_\w+_seconds_total\{[^}]*\}|"
                           r'fleetmeter_ingest_reports_total\{result="(?:accepted|rejected)"\}|'
                           r"fleetmeter_pool_chip_activity_(?:bucket|sum|count)\{[^}]*\}) (\S+)$",
                           text, re.MULTILINE)
        return {series: float(value) for series, value in found}


def await_counters(cast, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (counters := cast.counters()) is not None:
            return counters
        if cast.processes["daemon"].poll() is not None:
            raise AssertionError(f"the daemon does not start:\n{cast.tail('daemon')}")
        time.sleep(0.01)
    raise AssertionError(f"no metrics within {seconds} s:\n{cast.tail('daemon')}")


def check_continued(before, after):
    for series, value in before.items():
        now = after.get(series)
        # The sums of doubles may be added up in another order.
        if now is None or now < value * (1 - 1e-12):
            raise AssertionError(f"{series} was {value} before a kill and {now} after it")


def between_commit_and_ack(folder):
    """Kills after which the daemon had committed more than it had acknowledged."""
    kills = 0
    for line in (folder / "witness" / "acks.jsonl").read_text().splitlines():
        try:
            kills += json.loads(line).get("ahead", 0) > 0
        except json.JSONDecodeError:
            pass
    return kills


def run(args, folder):
    chance = random.Random(args.seed)
    cast = Cast(folder, args.seed)
    kills = {name: 0 for name in cast.commands}
    try:
        for name in cast.commands:
            cast.start(name)
        seen = await_counters(cast)
        for _ in range(args.cycles):
            time.sleep(chance.uniform(0.02, 0.4))  # the moment of the fault, not a wait for anything
            seen = cast.counters() or seen
            victims = chance.choice(VICTIMS)
            for name in victims:
                cast.kill(name)
                kills[name] += 1
            for name in victims:
                cast.start(name)
            if "daemon" in victims:
                after = await_counters(cast)
                check_continued(seen, after)
                seen = after
        cast.stop("collector", 120)
        cast.stop("witness", 120)
        cast.stop("daemon", 60)
    finally:
        cast.end()
    subprocess.run([FLEETMETERCTL, "ledger", "verify", "--ledger", cast.ledger], check=True,
                   stdout=subprocess.DEVNULL)
    oracle = subprocess.run([HERE / "oracle.py", "--ledger", cast.ledger, "--journal",
                             folder / "witness", "--spool", folder / "spool"],
                            stdout=subprocess.PIPE, text=True)
    print(f"{sum(kills.values())} kills ({', '.join(f'{n} {k}' for n, k in kills.items())}), "
          f"{between_commit_and_ack(folder)} between commit and ack")
    print(oracle.stdout, end="")
    return oracle.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="leave everything in this folder")
    args = parser.parse_args()
    if args.keep:
        folder = pathlib.Path(args.keep).absolute()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return run(args, folder)
    with tempfile.TemporaryDirectory(prefix="fleetmeter-crash-") as folder:
        return run(args, pathlib.Path(folder))


if __name__ == "__main__":
    sys.exit(main())
