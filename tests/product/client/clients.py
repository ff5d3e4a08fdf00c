"""What the tests of the client packages share: a daemon on fixed ports that is killed and started
again while a client reports, and the books beside what the client was told."""
import json
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
sys.path.insert(0, str(HERE.parent / "crash"))
from cast import free_ports
from programs import FLEETMETERD, SOURCE

SECOND = 1_000_000_000


def build_wheel(folder):
    """Builds the Python package as a wheel and installs it, without network, by the commands of its
    README. Returns the folder that has it then."""
    shutil.copytree(SOURCE / "proto", folder / "proto",
                    ignore=shutil.ignore_patterns("build", "*.egg-info"))
    text = (SOURCE / "proto/clients/python/README.md").read_text()
    commands, = re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    environment = dict(os.environ, PATH="/usr/bin:/bin", PIP_NO_INDEX="1", PIP_QUIET="1",
                       PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_ROOT_USER_ACTION="ignore")
    subprocess.run(["bash", "-ec", commands], check=True, env=environment, cwd=folder)
    site, = folder.glob("venv/lib/python3*/site-packages")
    assert (site / "fleetmeter/__init__.py").exists(), "pip installed it elsewhere"
    return site


class SteadyDaemon:
    """fleetmeterd on ports that stay the same, so that clients find it again after a kill."""

    def __init__(self, folder, extra="", ledger=True, ports=None):
        self.folder = folder
        self.ledger = folder / "ledger.db"
        self.ingest, self.query, http = ports or free_ports(3)
        self.config = folder / "daemon.yaml"
        books = f"ledger: {{path: {self.ledger}}}\n" if ledger else ""
        self.config.write_text(
            f"catalog: {SOURCE}/deploy/catalog/default.yaml\n"
            f"plans: [{SOURCE}/deploy/demo/plan.yaml]\n{books}"
            f'listen: {{ingest: "127.0.0.1:{self.ingest}", query: "127.0.0.1:{self.query}", '
            f'http: "127.0.0.1:{http}"}}\n' + extra)
        self.process = None

    @property
    def ingest_address(self):
        return f"127.0.0.1:{self.ingest}"

    @property
    def query_address(self):
        return f"127.0.0.1:{self.query}"

    def start(self):
        with open(self.folder / "daemon.log", "ab") as log:
            self.process = subprocess.Popen([FLEETMETERD, "--config", self.config],
                                            stdout=subprocess.PIPE, stderr=log, text=True)
        for line in self.process.stdout:
            if line.strip() == "ready":
                return self
        raise AssertionError(f"fleetmeterd ended with {self.process.wait()}: "
                             f"{(self.folder / 'daemon.log').read_text()[-2000:]}")

    def kill(self):
        self.process.kill()
        self._ended()

    def stop(self):
        self.process.terminate()
        code = self._ended()
        assert code == 0, f"fleetmeterd ended with {code}"

    def _ended(self):
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        return code

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if not self.process.stdout.closed:
            self.process.kill()
            self._ended()


def report_under_kills(daemon, command, kills, seed, environment=None):
    """Runs the client while the daemon is killed that often at random moments. Returns the client's
    journal: what it reported, and what it was told."""
    chance = random.Random(seed)
    client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    lines = []
    seen = threading.Condition()

    def read():
        for line in client.stdout:
            with seen:
                lines.append(line)
                seen.notify_all()
        with seen:
            lines.append(None)
            seen.notify_all()

    reader = threading.Thread(target=read)
    reader.start()
    done = 0
    for _ in range(kills):
        # The client has got on since the last kill: what the daemon is killed in is work.
        with seen:
            assert seen.wait_for(lambda: len(lines) > done or None in lines, 60), "no progress"
            done = len(lines)
            if None in lines:
                break
            seen.wait(chance.uniform(0, 0.02))  # the moment of the fault, not a wait for anything
        daemon.kill()
        daemon.start()
    else:
        print(f"{kills} kills")
    code = client.wait(timeout=120)
    reader.join()
    client.stdout.close()
    assert code == 0, f"the client ended with {code}"
    return [json.loads(line) for line in lines if line is not None]


def check_books(ledger, journal):
    """The ledger has exactly what the client was told is counted, integer for integer. The stubs
    have to be importable: the oracle reads spools as well."""
    from oracle import Expected, ledger_cells

    expected = Expected()
    for entry in journal:
        if entry["standing"] == "counted":
            expected.add(entry["start"], entry["length"], entry["groups"])
    database = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
    cells = ledger_cells(database)
    counters = {(result, why): reports for result, why, reports in database.execute(
        "SELECT result, reason, reports FROM counters")}
    database.close()
    assert cells == dict(expected.cells), "the ledger differs from what was counted"
    accepted = counters.get(("accepted", ""), 0)
    assert accepted == expected.reports, (accepted, expected.reports)
    rejected = {why: n for (result, why), n in counters.items() if result == "rejected" and n}
    told = sum(entry["standing"] == "rejected" for entry in journal)
    assert sum(rejected.values()) == told, (rejected, told)
    return accepted, told
