#!/usr/bin/python3
"""A client of the ingest stream that writes down what it promises before it sends it.

    witness.py --daemon HOST:PORT --state DIR --seed N

Invents usage of a few hosts, some of it present and some of it days late, appends every report to
DIR/journal.jsonl with fsync, and only then sends it: gapless sequences, resumed from the journal
after a kill. DIR/acks.jsonl says what was acknowledged, and how far the daemon was ahead of that
when the stream was opened again. On SIGTERM it invents nothing more, waits until everything is
acknowledged, and exits 0. A rejection or conflict ends it with exit code 3.

It shares no code with the daemon but the protos.
"""
import argparse
import json
import os
import pathlib
import queue
import random
import signal
import sys
import threading
import time

import grpc

from fleetmeter.v1 import ingest_pb2, ingest_pb2_grpc, usage_pb2

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
BATCH = 16
IN_FLIGHT = 4
LIVE_SOURCES = [f"witness-live-{i}" for i in range(6)]
LATE_SOURCES = [f"witness-late-{i}" for i in range(3)]
POOLS = [("research-scaling", "laws"), ("inference-consumer", "chat"), ("safety-evals", "evals")]
CHIPS = ["b200", "trainium2", "tpu_v5p"]


class Journal:
    """Reports in order of sequence, on disk before anybody else sees them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        id_file = self.folder / "stream_id"
        if not id_file.exists():
            with open(self.folder / "stream_id.new", "wb") as out:
                out.write(os.urandom(16))
                out.flush()
                os.fsync(out.fileno())
            os.rename(self.folder / "stream_id.new", id_file)
            self._sync_folder()
        self.stream_id = id_file.read_bytes()
        self.entries = []
        path = self.folder / "journal.jsonl"
        if path.exists():
            whole = path.read_bytes()
            end = whole.rfind(b"\n") + 1
            self.entries = [json.loads(line) for line in whole[:end].splitlines()]
            # A torn last line was never sent: sending comes after fsync.
            with open(path, "r+b") as out:
                out.truncate(end)
                os.fsync(out.fileno())
        self._out = open(path, "ab")
        self._sync_folder()
        self.acked = 0
        acks = self.folder / "acks.jsonl"
        if acks.exists():
            for line in acks.read_text().splitlines():
                try:
                    self.acked = max(self.acked, json.loads(line).get("acked", 0))
                except json.JSONDecodeError:
                    pass  # torn by a kill
        self._acks = open(acks, "a", buffering=1)
        self._acks.write("\n")

    def _sync_folder(self):
        fd = os.open(self.folder, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)

    def append(self, entries):
        for entry in entries:
            entry["sequence"] = len(self.entries) + 1
            self.entries.append(entry)
            self._out.write(json.dumps(entry).encode() + b"\n")
        self._out.flush()
        os.fsync(self._out.fileno())

    def note(self, **what):
        self._acks.write(json.dumps(what) + "\n")


class Inventor:
    """Usage that never happened, at windows that never overlap."""

    def __init__(self, journal, seed):
        self.random = random.Random(seed * 1_000_003 + len(journal.entries))
        now = time.time_ns()
        self.ends = {source: now for source in LIVE_SOURCES}
        for source in LATE_SOURCES:
            self.ends[source] = now - 6 * DAY
        for entry in journal.entries:
            self.ends[entry["source"]] = entry["start"] + entry["length"]

    def invent(self):
        now = time.time_ns()
        entries = []
        for source in self.random.sample(LIVE_SOURCES + LATE_SOURCES, 4):
            start = self.ends[source]
            most = now - start
            if most <= 0:
                continue
            if source in LATE_SOURCES:
                # Windows that cross hours, at odd nanoseconds.
                most = min(most, self.random.randrange(1, 3_000 * SECOND))
            length = min(most, 3_600 * SECOND)
            self.ends[source] = start + length
            entries.append({"source": source, "start": start, "length": length,
                            "groups": [self.group(length)
                                       for _ in range(self.random.randrange(1, 4))]})
        return entries

    def group(self, length):
        chips = self.random.randrange(1, 9)
        chip = self.random.choice(CHIPS)
        if self.random.random() < 0.2:
            return {"chip": chip, "state": "unassigned", "chip_nanos": chips * length}
        pool, team = self.random.choice(POOLS)
        return {"chip": chip, "state": "assigned", "pool": pool, "team": team,
                "workload": f"job-{self.random.randrange(5)}", "signal": "gr_engine_active",
                "chip_nanos": chips * length,
                "busy_chip_nanos": self.random.randrange(0, chips * length + 1)}


def to_wire(entry):
    report = usage_pb2.UsageReport(
        sequence=entry["sequence"], source=entry["source"],
        window_start_unix_nanos=entry["start"], window_length_nanos=entry["length"])
    for group in entry["groups"]:
        wire = report.groups.add(
            chip=group["chip"],
            state=usage_pb2.ChipState.Value("CHIP_STATE_" + group["state"].upper()))
        wire.sums.chip_nanos = group["chip_nanos"]
        if group["state"] == "assigned":
            wire.pool, wire.team = group["pool"], group["team"]
            wire.workload, wire.signal = group["workload"], group["signal"]
            wire.sums.busy_chip_nanos = group["busy_chip_nanos"]
    return report


class Session:
    """One open stream: batches out, acknowledgements in."""

    def __init__(self, journal, stub, stopping, timeout=None):
        self.journal = journal
        self.stopping = stopping
        self.outgoing = queue.Queue()
        self.sent = 0
        self.in_flight = 0
        self.changed = threading.Condition()
        self.ended = False
        self.responses = stub.Stream(iter(self.outgoing.get, None), timeout=timeout)

    def run(self, invent):
        self.outgoing.put(ingest_pb2.StreamRequest(open=ingest_pb2.Open(
            stream_id=self.journal.stream_id, client="witness")))
        try:
            welcome = next(self.responses).welcome
        except (grpc.RpcError, StopIteration):
            self.outgoing.put(None)
            return
        ahead = welcome.next_sequence - 1 - self.journal.acked
        if ahead < 0:
            sys.exit(f"the daemon lost {-ahead} acknowledged reports: it expects "
                     f"{welcome.next_sequence}, {self.journal.acked} were acknowledged")
        self.journal.note(opened=True, ahead=ahead)
        self.acknowledge(welcome.next_sequence - 1)
        self.sent = self.journal.acked
        reader = threading.Thread(target=self.read, daemon=True)
        reader.start()
        while not self.ended:
            if not self.stopping.is_set() and len(self.journal.entries) - self.sent < 4 * BATCH:
                self.journal.append(invent())
            if self.stopping.is_set() and self.journal.acked == len(self.journal.entries):
                break
            self.send_next()
        self.outgoing.put(None)
        reader.join()

    def send_next(self):
        with self.changed:
            if self.in_flight >= IN_FLIGHT or self.sent >= len(self.journal.entries):
                self.changed.wait(0.01)
                return
            entries = self.journal.entries[self.sent:self.sent + BATCH]
            self.sent += len(entries)
            self.in_flight += 1
        self.outgoing.put(ingest_pb2.StreamRequest(
            batch=ingest_pb2.Batch(reports=[to_wire(e) for e in entries])))

    def acknowledge(self, through):
        if through > self.journal.acked:
            self.journal.acked = through
            self.journal.note(acked=through)

    def read(self):
        try:
            for response in self.responses:
                self.take(response.ack)
        except grpc.RpcError:
            pass
        with self.changed:
            self.ended = True
            self.changed.notify()

    def take(self, ack):
        with self.changed:
            self.acknowledge(ack.acknowledged_through)
            self.in_flight -= 1
            for disposition in ack.dispositions:
                code = ingest_pb2.Disposition.Code.Name(disposition.code)
                if code in ("REJECTED", "CONFLICT"):
                    print(f"witness: {code}: {disposition}", file=sys.stderr, flush=True)
                    os._exit(3)
                if code in ("OUT_OF_SEQUENCE", "BUSY"):
                    self.ended = True  # open again, from where the daemon stands
            self.changed.notify()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--daemon", required=True)
    parser.add_argument("--state", required=True)
    parser.add_argument("--seed", type=int, required=True)
    args = parser.parse_args()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    journal = Journal(args.state)
    inventor = Inventor(journal, args.seed)
    while not (stopping.is_set() and journal.acked == len(journal.entries)):
        options = [("grpc.initial_reconnect_backoff_ms", 20), ("grpc.max_reconnect_backoff_ms", 100)]
        with grpc.insecure_channel(args.daemon, options) as channel:
            Session(journal, ingest_pb2_grpc.UsageIngestStub(channel), stopping).run(
                inventor.invent)
        stopping.wait(0.02)  # the daemon is starting


if __name__ == "__main__":
    main()
