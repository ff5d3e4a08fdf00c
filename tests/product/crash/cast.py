"""The programs of a crash test: daemon, collector and witness, by name, on one ledger."""
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
from programs import BINARY, COLLECTOR, FLEETMETERCTL, FLEETMETERD, SOURCE


def free_ports(count):
    """Ports that were free a moment ago: the senders need an address that outlives the daemon."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Cast:
    """The three programs, by name."""

    def __init__(self, folder, seed, ledger=None, daemon=FLEETMETERD):
        self.folder = folder
        self.ledger = ledger or folder / "ledger.db"
        ingest, query, http = free_ports(3)
        self.query = f"127.0.0.1:{query}"
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
            "daemon": [daemon, "--config", config],
            "collector": [COLLECTOR, "--daemon", f"127.0.0.1:{ingest}", "--interval", "0.05",
                          "--drain", "60", "--spool", folder / "spool", "replay-csv",
                          "--file", SOURCE / "deploy/demo/fleet.csv"],
            "witness": [HERE / "witness.py", "--daemon", f"127.0.0.1:{ingest}", "--state",
                        folder / "witness", "--seed", str(seed)],
        }
        self.environment = dict(os.environ, PYTHONPATH=str(stubs))
        self.processes = {}

    def start(self, name, **environment):
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                self.commands[name], stdout=log, stderr=log, env=dict(self.environment, **environment))

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

    def page(self, path):
        """Status and text of a page of the daemon's; None while it is away."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return None

    def counters(self):
        """What must continue over restarts, by series; None while the daemon is away."""
        answer = self.page("/metrics")
        if answer is None or answer[0] != 200:
            return None
        text = answer[1]
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


def eventually(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def accepted(cast):
    """Reports that the daemon says it has counted."""
    return (cast.counters() or {}).get('fleetmeter_ingest_reports_total{result="accepted"}', 0)


def check_books(cast):
    """Verifies the ledger and asks the oracle; prints what it says. True: all is as it must be."""
    verified = subprocess.run([FLEETMETERCTL, "ledger", "verify", "--ledger", cast.ledger],
                              capture_output=True, text=True)
    if verified.returncode != 0:
        print(verified.stdout + verified.stderr, end="")
    flags = []
    if "witness" in cast.processes:
        flags += ["--journal", cast.folder / "witness"]
    if "collector" in cast.processes:
        flags += ["--spool", cast.folder / "spool"]
    asked = subprocess.run([HERE / "oracle.py", "--ledger", cast.ledger, *flags],
                           stdout=subprocess.PIPE, text=True, env=cast.environment)
    print(asked.stdout, end="")
    return verified.returncode == 0 and asked.returncode == 0
