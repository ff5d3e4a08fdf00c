"""What attacks have in common: a real daemon to attack, honest senders beside it, and what it costs.

Each script attacks, checks what is promised of the daemon meanwhile and afterwards, and ends with 0.
The full size of an attack is for those who ask for it: FLEETMETER_ATTACKS=full.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parents[1] / "support"))
from ingest_stubs import load_ingest_stubs
from programs import FLEETMETERCTL, FLEETMETERD, SOURCE  # noqa: F401

FULL = os.environ.get("FLEETMETER_ATTACKS") == "full"
SECOND = 1_000_000_000
MIB = 1 << 20

_stubs = tempfile.TemporaryDirectory()
grpc, ingest_pb2, ingest_grpc, _ = load_ingest_stubs(_stubs.name)
from fleetmeter.v1 import (outcome_report_pb2 as outcome_pb2, outcomes_pb2,  # noqa: E402, F401
                           outcomes_pb2_grpc, query_pb2, query_pb2_grpc, usage_pb2)


class TargetClient:
    """What a client of a daemon needs: its addresses, and the folder that has its certificates."""

    def __init__(self, folder, addresses, tls):
        self.folder = pathlib.Path(folder)
        self.addresses = addresses
        self.tls = tls

    def host_and_port(self, listener):
        host, port = self.addresses[listener].rsplit(":", 1)
        return host, int(port)

    def channel(self, listener="ingest", who=None):
        """A connection of its own."""
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", -1)]
        address = self.addresses[listener]
        if not self.tls:
            return grpc.insecure_channel(address, options=options)
        pki = self.folder / "pki"
        credentials = grpc.ssl_channel_credentials(
            *((pki / name).read_bytes() for name in ("ca.pem", f"{who}-key.pem", f"{who}.pem")))
        return grpc.secure_channel(address.replace("127.0.0.1", "localhost"), credentials,
                                   options=options)

    def scrape(self, timeout=10):
        url = f"http://{self.addresses['http']}/metrics"
        with urllib.request.urlopen(url, timeout=timeout) as response:
            return response.read().decode()

    def metric(self, name, labels=""):
        """The sum of the series of a family whose labels contain `labels`."""
        found = re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", self.scrape(), re.M)
        return sum(float(value) for have, value in found if labels in have)


class Target(TargetClient):
    """fleetmeterd with a ledger, on free ports of loopback.

    `identities`: with them it has TLS, and each ("host/a", "roles: [ingest], pools: '*'") has a
    certificate and a rule. `more` is more YAML; `env` is added to the environment.
    """

    def __init__(self, identities=(), more="", env=None):
        super().__init__(tempfile.mkdtemp(), {}, bool(identities))
        ledger = self.folder / "ledger.db"
        text = (f"catalog: {SOURCE}/deploy/catalog/default.yaml\n"
                f"plans: [{SOURCE}/deploy/demo/plan.yaml]\n"
                'listen: {ingest: "127.0.0.1:0", query: "127.0.0.1:0", http: "127.0.0.1:0", '
                'admin: "127.0.0.1:0"}\n'
                f"ledger: {{path: {ledger}}}\n")
        if self.tls:
            names = [name for name, _ in identities]
            subprocess.run([SOURCE / "deploy/make-dev-certs.sh", self.folder / "pki", *names],
                           check=True, capture_output=True)
            pki = self.folder / "pki"
            text += (f"tls: {{trust_domain: example.org, certificate: {pki}/fleetmeterd.pem, "
                     f"key: {pki}/fleetmeterd-key.pem, client_ca: {pki}/ca.pem}}\nauthorization:\n")
            for name, grants in identities:
                text += f"  - {{identity: spiffe://example.org/{name}, {grants}}}\n"
        self.config = self.folder / "daemon.yaml"
        self.config.write_text(text + more)
        self.env = dict(os.environ, **(env or {}))
        self.log_path = self.folder / "daemon.log"
        self.start()

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([FLEETMETERD, "--config", self.config],
                                            stdout=subprocess.PIPE, stderr=log, text=True,
                                            env=self.env)
        self.addresses = {}
        for line in self.process.stdout:
            if line.strip() == "ready":
                return
            name, address = line.split()
            self.addresses[name] = address
        raise RuntimeError(f"fleetmeterd ended with {self.process.wait()}: {self.log()}")

    def stop(self, timeout=60):
        """The exit code, and how many seconds it took."""
        begin = time.monotonic()
        self.process.terminate()
        code = self.process.wait(timeout)
        self.process.stdout.close()
        return code, time.monotonic() - begin

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind is not None:
            print("the end of the log:", self.log()[-3000:], file=sys.stderr)
        shutil.rmtree(self.folder)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def memory(self, key="VmRSS"):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{key}:\s+(\d+)", status)[1]) * 1024


class Sender:
    """An honest sender: a stream of its own, a window after the other."""

    def __init__(self, target, source, who=None):
        self.stub = ingest_grpc.UsageIngestStub(target.channel("ingest", who))
        self.source = source
        self.stream = os.urandom(16)
        self.sequence = 0
        self.window = time.time_ns() - 3600 * SECOND

    def report(self):
        made = usage_pb2.UsageReport(sequence=self.sequence + 1, source=self.source,
                                     window_start_unix_nanos=self.window,
                                     window_length_nanos=SECOND)
        group = made.groups.add(chip="b200", state=usage_pb2.CHIP_STATE_ASSIGNED,
                                pool="research-scaling", team="laws", signal="gr_engine_active")
        group.per_chip.device.extend(range(8))
        group.per_chip.activity.extend([0.5] * 8)
        return made

    def send(self, timeout=60):
        """One report, again and again while the daemon is busy. How many seconds that took."""
        request = ingest_pb2.ReportRequest(stream_id=self.stream, reports=[self.report()])
        begin = time.monotonic()
        while True:
            try:
                ack = self.stub.Report(request, timeout=timeout).ack
                break
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED:
                    raise
                time.sleep(0.05)  # as told; not to wait for something to have happened
        assert ack.acknowledged_through == self.sequence + 1, ack
        assert not ack.dispositions, ack
        self.sequence += 1
        self.window += SECOND
        return time.monotonic() - begin


def eventually(condition, seconds=30):
    """Whether `condition` held before the time was up."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def check_books(target):
    """Stops the daemon in order, and verifies its ledger."""
    code, _ = target.stop()
    assert code == 0, (code, target.log()[-2000:])
    verified = subprocess.run(
        [FLEETMETERCTL, "ledger", "verify", "--ledger", target.folder / "ledger.db"],
        capture_output=True, text=True)
    assert verified.returncode == 0, verified.stdout + verified.stderr
