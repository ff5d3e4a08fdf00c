#!/usr/bin/python3
"""All floods at once against one daemon, with honest senders beside them: how long these wait for
their answers with and without the floods, how much memory the daemon takes, and that its books hold
what the honest ones were told.

It takes minutes, so that it runs on request: with FLEETMETER_ATTACKS=full, or with --minutes. What
it measures on a machine that others use as well is noise; --report prints and judges nothing but
the books.
"""
import argparse
import contextlib
import json
import os
import pathlib
import queue
import re
import sqlite3
import subprocess
import sys
import threading
import time

from floods import FLOODS, identity_of
from harness import (FULL, MIB, SECOND, Sender, Target, check_books, grpc, ingest_grpc, ingest_pb2,
                     outcome_pb2)
from programs import SKIPPED, SOURCE

# Honest ones: hosts, each a stream as collectors have, and a gateway that tells what it served.
HOSTS = 4
REPORTS_PER_SECOND = 10
WINDOW = SECOND // 10  # an hour holds those of an hour, so that no window lies ahead
CHIPS = 8
GATEWAY = "gateway/honest"
# The p99 of their waits with the floods may be so many times the one without.
MOST_SLOWER = 2
# Below this a wait is as good as none, and a machine's own noise is as long.
NO_WAIT_SECONDS = 0.05


class HonestHost(threading.Thread):
    """Sends a window at a time over one stream, and times each answer."""

    def __init__(self, target, number):
        super().__init__(daemon=True)
        self.target = target
        self.who = f"host-honest-{number}"
        self.sender = Sender(target, self.who, self.who)
        self.sender.window = time.time_ns() - 3600 * SECOND
        self.waits = []  # (when, seconds)
        self.ending = threading.Event()
        self.opened = 0

    def open(self):
        self.requests = queue.Queue()
        self.answers = self.sender.stub.Stream(iter(self.requests.get, None))
        opening = ingest_pb2.StreamRequest()
        opening.open.stream_id = self.sender.stream
        self.requests.put(opening)
        welcome = next(self.answers).welcome
        self.sender.sequence = welcome.next_sequence - 1
        self.opened += 1

    def deliver(self):
        """One report, until it is acknowledged, whatever comes between."""
        report = self.sender.report()
        report.window_length_nanos = WINDOW
        request = ingest_pb2.StreamRequest()
        request.batch.reports.append(report)
        while True:
            try:
                if self.opened == 0:
                    self.open()
                    if self.sender.sequence >= report.sequence:
                        return  # it was acknowledged, and the answer was lost
                self.requests.put(request)
                ack = next(self.answers).ack
            except grpc.RpcError as error:
                print(f"{self.who}: {error.code().name} {error.details()}", file=sys.stderr)
                self.opened = 0
                self.ending.wait(0.2)
                continue
            if ack.acknowledged_through >= report.sequence:
                codes = [d.code for d in ack.dispositions]
                assert codes in ([], [ingest_pb2.Disposition.DUPLICATE]), ack
                return
            self.ending.wait(ack.retry_after_millis / 1_000)

    def run(self):
        due = time.monotonic()
        while not self.ending.is_set():
            begin = time.monotonic()
            self.deliver()
            self.waits.append((begin, time.monotonic() - begin))
            self.sender.sequence += 1
            self.sender.window += WINDOW
            due = max(due + 1 / REPORTS_PER_SECOND, time.monotonic() - 1)
            self.ending.wait(max(0, due - time.monotonic()))

    def end(self):
        self.ending.set()
        self.join()
        self.requests.put(None)


class HonestGateway(threading.Thread):
    """Tells each second what a model served."""

    def __init__(self, target):
        super().__init__(daemon=True)
        self.stub = ingest_grpc.UsageIngestStub(
            target.channel("ingest", GATEWAY.replace("/", "-")))
        self.stream = os.urandom(16)
        self.told = 0
        self.window = time.time_ns() - 3600 * SECOND
        self.ending = threading.Event()

    def run(self):
        while not self.ending.wait(1):
            report = outcome_pb2.OutcomeReport(
                sequence=self.told + 1, source="gateway", window_start_unix_nanos=self.window,
                window_length_nanos=SECOND)
            report.inference.rows.add(model="honest", customer_tier="all", requests=3,
                                      input_tokens=30, output_tokens=300, revenue_micro_usd=7)
            request = ingest_pb2.ReportRequest(stream_id=self.stream, outcomes=[report])
            try:
                ack = self.stub.Report(request, timeout=30).ack
            except grpc.RpcError as error:
                print(f"gateway: {error.code().name} {error.details()}", file=sys.stderr)
                continue  # the same again
            assert all(d.code == ingest_pb2.Disposition.DUPLICATE for d in ack.dispositions), ack
            assert ack.acknowledged_through == self.told + 1, ack
            self.told += 1
            self.window += SECOND

    def end(self):
        self.ending.set()
        self.join()


def percentile(waits, part):
    return sorted(waits)[int(part * (len(waits) - 1))]


def told(what, waits):
    p50, p99 = percentile(waits, 0.5), percentile(waits, 0.99)
    print(f"{what}: {len(waits)} reports, answered within {p50 * 1e3:.1f} ms (half of them), "
          f"{p99 * 1e3:.1f} ms (99%), {max(waits) * 1e3:.1f} ms (all)", flush=True)
    return p99


def start_floods(target, names, seconds):
    env = dict(os.environ, FLEETMETER_TARGET=json.dumps(
        {"folder": str(target.folder), "addresses": target.addresses, "tls": True}))
    script = pathlib.Path(__file__).parent / "floods.py"
    return [subprocess.Popen([sys.executable, script, name, str(seconds)], env=env,
                             stdout=subprocess.PIPE, text=True) for name in names]


def end_floods(floods):
    for flood in floods:
        out, _ = flood.communicate(timeout=180)
        assert flood.returncode == 0, (flood.args, flood.returncode)
        done = json.loads(out)
        assert done["rounds"] > 0, done
        print("   ", ", ".join(f"{key} {value}" for key, value in done.items()), flush=True)


def memory_limit():
    """MemoryMax of the unit, in bytes."""
    unit = (SOURCE / "deploy/systemd/fleetmeterd.service.in").read_text()
    return int(re.search(r"^MemoryMax=(\d+)G$", unit, re.M)[1]) << 30


def check_what_was_told(target, hosts, gateway):
    """Every amount that an honest sender was told is in the books, and nothing more of them."""
    books = sqlite3.connect(f"file:{target.folder / 'ledger.db'}?mode=ro", uri=True)
    with contextlib.closing(books):
        for host in hosts:
            span, = books.execute(
                "SELECT counted_to_unix_nanos - counted_from_unix_nanos FROM sources "
                "WHERE source = ? AND gaps = '[]'", (host.who,)).fetchone()
            assert span == len(host.waits) * WINDOW, (host.who, span, len(host.waits))
        seconds, nanos = books.execute(
            "SELECT sum(chips_s), sum(chips_ns) FROM totals "
            "WHERE pool = 'research-scaling' AND team = 'laws'").fetchone()
        counted = seconds * SECOND + nanos
        expected = sum(len(host.waits) for host in hosts) * WINDOW * CHIPS
        assert counted == expected, (counted, expected)
        requests, = books.execute("SELECT coalesce(sum(requests), 0) FROM segment_totals "
                                  "WHERE model = 'honest'").fetchone()
        assert requests == 3 * gateway.told, (requests, gateway.told)
    print(f"the books hold all of {expected // WINDOW // CHIPS} reports and {requests} requests")


def measure(target, arguments):
    hosts = [HonestHost(target, i) for i in range(HOSTS)]
    gateway = HonestGateway(target)
    honest = [*hosts, gateway]
    for each in honest:
        each.start()
    seconds = arguments.minutes * 60

    def waits_of_the_next(seconds):
        begin = time.monotonic()
        threading.Event().wait(seconds)  # it is what is measured
        alive = all(each.is_alive() for each in honest)
        assert alive, "an honest sender was told what it should not be"
        return [wait for host in hosts for when, wait in host.waits if when >= begin]

    waits_of_the_next(2)  # connections are made
    quiet = waits_of_the_next(max(20, seconds / 2))
    floods = start_floods(target, arguments.floods, seconds + 5)
    waits_of_the_next(5)  # they have begun
    flooded = waits_of_the_next(seconds)
    end_floods(floods)
    for each in honest:
        each.end()
    before = told("without floods", quiet)
    after = told("with floods", flooded)
    peak = target.memory("VmHWM")
    print(f"the daemon took {peak // MIB} MiB at most, and may take {memory_limit() // MIB}")
    return hosts, gateway, before, after, peak


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, help="how long the floods last")
    parser.add_argument("--floods", nargs="*", default=list(FLOODS), choices=list(FLOODS))
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    if arguments.minutes is None:
        if not FULL:
            print("skipped: it takes minutes; FLEETMETER_ATTACKS=full, or --minutes 10, runs it")
            sys.exit(SKIPPED)
        arguments.minutes = 1
    identities = [(f"host/honest-{i}", "roles: [ingest], pools: '*'") for i in range(HOSTS)]
    identities.append((GATEWAY, "roles: [ingest], pools: '*'"))
    identities += [(identity_of(name), grants) for name, (_, grants, _) in FLOODS.items()]
    with Target(identities, more="ingest: {max_streams: 256}\n") as target:
        hosts, gateway, before, after, peak = measure(target, arguments)
        check_books(target)
        check_what_was_told(target, hosts, gateway)
        slower = after / max(before, NO_WAIT_SECONDS / MOST_SLOWER)
        print(f"99% of the honest reports were answered within {after / before:.2f} times the time")
        if not arguments.report:
            assert slower <= MOST_SLOWER, (before, after)
        assert peak < memory_limit(), peak


main()
