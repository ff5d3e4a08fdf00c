"""The floods of all_floods_test.py. Each is a sender that means harm, with an identity of its own,
and runs in a process of its own: `floods.py NAME SECONDS`, with what the daemon is in
FLEETMETER_TARGET.

A flood is a function that does one round of it. It is called at its own pace, since a flood that
takes all of the machine on which honest senders run as well would show nothing about the daemon.
Last it prints what it has done, as JSON.
"""
import collections
import json
import os
import socket
import sys
import threading
import time

from harness import (MIB, SECOND, TargetClient, grpc, ingest_grpc, ingest_pb2, outcome_pb2,
                     outcomes_pb2, outcomes_pb2_grpc, query_pb2, query_pb2_grpc, usage_pb2)
from wire import many_groups

# An hour ago, which every daemon takes.
START = time.time_ns() - 3600 * SECOND
ABSURD = 1 << 57


class Flood:
    """What floods have in common: a connection, and what became of their calls by status."""

    def __init__(self, target, who):
        self.target = target
        self.who = who
        self.done = collections.Counter()
        self.turn = 0
        self.held = []  # what stays open
        self.report_stub = ingest_grpc.UsageIngestStub(target.channel("ingest", who))

    def note(self, call):
        """The answer, or None."""
        try:
            answer = call()
            self.done["OK"] += 1
            return answer
        except grpc.RpcError as error:
            self.done[error.code().name] += 1
            return None

    def report(self, reports=(), outcomes=()):
        """Numbered reports by a stream that nobody goes on with. Counts what was not taken."""
        for number, report in enumerate([*reports, *outcomes], start=1):
            report.sequence = number
        request = ingest_pb2.ReportRequest(stream_id=os.urandom(16), reports=reports,
                                           outcomes=outcomes)
        answer = self.note(lambda: self.report_stub.Report(request, timeout=30))
        if answer is not None:
            for disposition in answer.ack.dispositions:
                self.done[disposition.reason] += 1

    def source(self, kind):
        return f"{kind}-{os.getpid()}-{self.turn}"


def usage(source, start=START, length=SECOND, duration=None, signals=("gr_engine_active",)):
    report = usage_pb2.UsageReport(source=source, window_start_unix_nanos=start,
                                   window_length_nanos=length)
    if duration is not None:
        report.duration_nanos = duration
    for chip, signal in enumerate(signals):
        group = report.groups.add(chip="b200", state=usage_pb2.CHIP_STATE_ASSIGNED,
                                  pool="training-finetune", team="domain", signal=signal)
        group.per_chip.device.append(chip)
        group.per_chip.activity.append(0.5)
    return report


def signals(flood):
    """Signals that nobody has heard of."""
    names = [f"junk-{flood.who}-{flood.turn}-{i}" for i in range(8)]
    flood.report([usage(flood.source("signals"), signals=names)])


def outcomes(flood):
    """More tokens and revenue than there are, under many names."""
    report = outcome_pb2.OutcomeReport(source=flood.source("outcomes"),
                                       window_start_unix_nanos=START, window_length_nanos=SECOND)
    report.inference.rows.add(model="absurd", customer_tier=f"tier-{flood.turn}", requests=1,
                              output_tokens=ABSURD, revenue_micro_usd=ABSURD)
    flood.report(outcomes=[report])


def bombs(flood):
    """Zeros that are a thousandth of their size on the wire, to a method that takes none."""
    if flood.turn == 0:
        flood.call = flood.target.channel("query", flood.who).unary_unary(
            "/fleetmeter.v1.Query/ListPools")
    flood.note(lambda: flood.call(b"\0" * (8 * MIB), timeout=30, compression=grpc.Compression.Gzip))


def big(flood):
    """The largest messages there are, of the smallest groups there are."""
    if flood.turn == 0:
        flood.call = flood.target.channel("ingest", flood.who).unary_unary(
            "/fleetmeter.v1.UsageIngest/Report")
    flood.note(lambda: flood.call(many_groups(f"{os.getpid()}-{flood.turn}"), timeout=60))


def idle_http(flood):
    """Connections that say nothing."""
    if len(flood.held) >= 400:
        flood.held.pop(0).close()
    try:
        flood.held.append(socket.create_connection(flood.target.host_and_port("http"), timeout=10))
        flood.done["OK"] += 1
    except OSError:
        flood.done["refused"] += 1


def streams(flood):
    """Ingest streams that are opened and say nothing more; as many as it gets, and then some."""
    end = threading.Event()

    def requests():
        opening = ingest_pb2.StreamRequest()
        opening.open.stream_id = os.urandom(16)
        yield opening
        end.wait()

    if len(flood.held) >= 200:
        old_end, old_call = flood.held.pop(0)
        old_end.set()
        old_call.cancel()
    stub = ingest_grpc.UsageIngestStub(flood.target.channel("ingest", flood.who))
    call = stub.Stream(requests())
    if flood.note(lambda: next(call)) is None:
        end.set()
    else:
        flood.held.append((end, call))


def watches(flood):
    """Watches of headroom whose answers nobody reads."""
    if flood.turn % 50 == 0:
        flood.held.append([])
        flood.stub = query_pb2_grpc.QueryStub(flood.target.channel("query", flood.who))
    if len(flood.held) > 14:
        for call in flood.held.pop(0):
            call.cancel()
    request = query_pb2.HeadroomRequest(pool="training-finetune", interval_millis=1_000)
    call = flood.stub.WatchHeadroom(request)
    if flood.note(lambda: next(call)) is not None:
        flood.held[-1].append(call)


def questions(flood):
    """What is most work to answer, eight at a time."""
    if flood.turn == 0:
        flood.outcomes = outcomes_pb2_grpc.OutcomesStub(flood.target.channel("query", flood.who))
    asked = [flood.outcomes.GetMargin.future(
        outcomes_pb2.GetMarginRequest(window=f"{2 + (flood.turn * 8 + i) % 700}d"), timeout=30)
        for i in range(8)]
    for answer in asked:
        flood.note(answer.result)


def sources(flood):
    """Hosts that there are not, 64 at a time."""
    flood.report([usage(f"{flood.source('invented')}-{i}") for i in range(64)])


def durations(flood):
    """Windows of a nanosecond that carry a minute each."""
    flood.report([usage(flood.source("durations"), start=START + i, length=1, duration=60 * SECOND)
                  for i in range(64)])


# The identity of each, what it is granted, and how many rounds a second it does.
FLOODS = {
    "signals": (signals, "roles: [ingest], pools: '*'", 10),
    "outcomes": (outcomes, "roles: [ingest], pools: '*'", 10),
    "bombs": (bombs, "roles: [query]", 1),
    "big": (big, "roles: [ingest], pools: '*'", 1),
    "idle_http": (idle_http, "roles: [query]", 20),
    "streams": (streams, "roles: [ingest]", 10),
    "watches": (watches, "roles: [query]", 20),
    "questions": (questions, "roles: [query]", 2),
    "sources": (sources, "roles: [ingest], pools: '*'", 10),
    "durations": (durations, "roles: [ingest], pools: '*'", 10),
}


def identity_of(name):
    return "flood/" + name.replace("_", "-")


def main():
    name, seconds = sys.argv[1], float(sys.argv[2])
    # Those who flood have machines of their own; here they must not take this one from the daemon.
    os.nice(19)
    attack, _, pace = FLOODS[name]
    target = TargetClient(**json.loads(os.environ["FLEETMETER_TARGET"]))
    flood = Flood(target, identity_of(name).replace("/", "-"))
    end = time.monotonic() + seconds
    due = time.monotonic()
    while time.monotonic() < end:
        attack(flood)
        flood.turn += 1
        due = max(due + 1 / pace, time.monotonic() - 1)
        time.sleep(max(0, due - time.monotonic()))  # its pace; nothing is waited for
    print(json.dumps({"flood": name, "rounds": flood.turn, **flood.done}), flush=True)
    os._exit(0)  # what is open stays so until now


if __name__ == "__main__":
    main()
