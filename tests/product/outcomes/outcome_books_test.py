#!/usr/bin/python3
"""Outcome reports in every order that the protocol allows, and some that it does not, to a daemon that
is killed now and then; the books must equal an oracle that does the arithmetic in its own way.

    outcome_books_test.py [--seeds N] [--first-seed S] [--steps M]
"""
import argparse
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from ingest_stubs import load_ingest_stubs
from outcome_oracle import DAY, NANOS, DAY0, PRICES, Oracle
from programs import FLEETMETERCTL, SOURCE, Daemon


class Reporter:
    """Makes up reports: most of them good."""

    def __init__(self, rng):
        self.rng = rng
        self.at = {}  # (kind, source) -> the next free hour
        self.holes = []

    def report(self):
        rng = self.rng
        kind = rng.choices(["inference", "training", "benchmarks"], [6, 2, 2])[0]
        report = {"kind": kind, "source": rng.choice(["billing", "gateway"])}
        if kind != "benchmarks":
            report.update(self._window(kind, report["source"]))
        if rng.random() < 0.25:
            report["correction"] = f"c{rng.randrange(400)}"
        return getattr(self, "_" + kind)(report)

    def _window(self, kind, source):
        rng = self.rng
        hour = self.at.setdefault((kind, source), rng.randrange(100))
        length = rng.choice([1, 1, 2, 24, 36])
        move = rng.random()
        if move < 0.15 and self.holes:  # late, into a hole that was left
            kind_of, source_of, start = self.holes.pop(rng.randrange(len(self.holes)))
            if (kind_of, source_of) == (kind, source):
                return {"start": DAY0 + start * 3600, "length": 3600}
        if move < 0.3:  # what was told before, or half of it
            start = max(0, hour - rng.randrange(1, 30))
            return {"start": DAY0 + start * 3600, "length": length * 3600}
        if move < 0.4 and len(self.holes) < 10:
            self.holes.append((kind, source, hour))
            hour += 1
        self.at[kind, source] = hour + length
        return {"start": DAY0 + hour * 3600, "length": length * 3600}

    def _inference(self, report):
        rng = self.rng
        rows = []
        for model, tier in rng.sample([(m, t) for m in "ab" for t in ("api", "big", "club")],
                                      rng.randrange(1, 5)):
            sign = -1 if "correction" in report and rng.random() < 0.7 else 1
            row = {"model": model, "tier": tier, "requests": sign * rng.randrange(50),
                   "input": sign * rng.randrange(10**6), "cached": 0, "output": sign * rng.randrange(10**5),
                   "revenue": None}
            if sign > 0:
                row["cached"] = rng.randrange(row["input"] + 1)
            if rng.random() < 0.3:
                row["revenue"] = sign * rng.randrange(10**7)
            if "correction" in report and rng.random() < 0.3:
                row["unpriced"] = -rng.randrange(5)
            rows.append(row)
        return {**report, "rows": rows}

    def _training(self, report):
        rng = self.rng
        sign = -1 if "correction" in report else 1
        return {**report, "model": rng.choice("ab"), "run": rng.choice("rst"),
                "phase": rng.choice(["pre", "post"]), "seconds": sign * rng.randrange(10**6)}

    def _benchmarks(self, report):
        rng = self.rng
        results = {}
        for _ in range(rng.randrange(1, 3)):
            key = (rng.choice("ab"), rng.choice(["mmlu", "gpqa"]), rng.choice(["", "2"]),
                   DAY0 + DAY * rng.randrange(3), rng.choice(["", "us"]))
            withdrawn = "correction" in report and rng.random() < 0.3
            results[key] = None if withdrawn else rng.randrange(1000) / 1000
        return {**report, "results": list(results.items())}


def to_wire(pb, sequence, report):
    wire = pb.OutcomeReport(sequence=sequence, source=report["source"])
    if report["kind"] != "benchmarks":
        wire.window_start_unix_nanos = report["start"] * NANOS
        wire.window_length_nanos = report["length"] * NANOS
    if "correction" in report:
        wire.correction.id = report["correction"]
    if report["kind"] == "inference":
        for row in report["rows"]:
            to = wire.inference.rows.add(
                model=row["model"], customer_tier=row["tier"], requests=row["requests"],
                input_tokens=row["input"], cached_input_tokens=row["cached"],
                output_tokens=row["output"])
            if row["revenue"] is not None:
                to.revenue_micro_usd = row["revenue"]
            if "unpriced" in row:
                to.unpriced_requests = row["unpriced"]
    elif report["kind"] == "training":
        wire.training.model, wire.training.run = report["model"], report["run"]
        wire.training.phase = {"pre": 1, "post": 2}[report["phase"]]
        wire.training.h100e_seconds = report["seconds"]
    else:
        for (model, benchmark, version, date, source), score in report["results"]:
            to = wire.benchmarks.results.add(model=model, benchmark=benchmark, version=version,
                                             date_unix_seconds=date, source=source)
            if score is None:
                to.withdrawn = True
            else:
                to.score = score
    return wire


class Books:
    """A daemon that comes back, and a client that sends again what was not answered."""

    def __init__(self, folder, modules):
        self.grpc, self.ingest, self.ingest_grpc, self.pb = modules
        self.extra = (f"ledger:\n  path: {folder}/ledger.db\n"
                      f"outcomes:\n  prices: {folder}/prices.yaml\n"
                      "log: {level: error}\n")
        self.daemon = None
        self.kills = 0
        self.start()

    def start(self):
        self.daemon = Daemon(SOURCE / "deploy/catalog/default.yaml",
                             [SOURCE / "deploy/demo/plan.yaml"], self.extra)
        self.channel = self.grpc.insecure_channel(self.daemon.addresses["ingest"])
        self.stub = self.ingest_grpc.UsageIngestStub(self.channel)

    def stop(self):
        self.channel.close()
        return self.daemon.stop()

    def send(self, stream, batch, kill_after):
        """The answer. With kill_after the daemon is killed so long after the call began."""
        request = self.ingest.ReportRequest(
            stream_id=stream, outcomes=[to_wire(self.pb, s, r) for s, r in batch])
        timer = None
        if kill_after is not None:
            timer = threading.Timer(kill_after, os.kill, (self.daemon.pid, signal.SIGKILL))
            timer.start()
        try:
            answer = self.stub.Report(request, timeout=30)
        except self.grpc.RpcError as error:
            if timer is None:
                raise
            assert error.code() == self.grpc.StatusCode.UNAVAILABLE, error
            answer = None
        if timer is not None:
            timer.join()
            self.stop()
            self.kills += 1
            self.start()
        return answer


def expect_answer(answer, outcomes, resent):
    """`outcomes`: (sequence, what the oracle expects), in order."""
    told = {d.sequence: d for d in answer.ack.dispositions}
    names = {1: "DUPLICATE", 3: "OUT_OF_SEQUENCE", 5: "CONFLICT"}
    for sequence, expected in outcomes:
        disposition = told.get(sequence)
        got = None if disposition is None else names.get(disposition.code, disposition.reason)
        if resent and got == "DUPLICATE":
            continue  # it was settled by the call that was cut off
        assert got == expected, (sequence, got, expected, disposition)


def run(seed, steps, modules):
    rng = random.Random(seed)
    oracle, reporter = Oracle(), Reporter(rng)
    streams = [rng.randbytes(16) for _ in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "prices.yaml").write_text(PRICES)
        books = Books(folder, modules)
        try:
            for _ in range(steps):
                stream = rng.choice(streams)
                first = oracle.next.get(stream, 1)
                batch = [(first + i, reporter.report()) for i in range(rng.randrange(1, 6))]
                shape = rng.random()
                if shape < 0.1 and first > 1:  # settled before
                    sequence = rng.randrange(max(1, first - 8), first)
                    same = oracle.settled[stream, sequence]
                    batch.insert(0, (sequence, same if rng.random() < 0.6 else reporter.report()))
                elif shape < 0.15:
                    batch.append((batch[-1][0] + 2, reporter.report()))
                kill = rng.random() * 0.01 if rng.random() < 0.06 else None
                expected = [(s, oracle.settle(stream, s, r)) for s, r in batch]
                answer = books.send(stream, batch, kill)
                resent = answer is None
                if resent:
                    answer = books.send(stream, batch, None)
                if len({s for s, _ in batch}) == len(batch):
                    expect_answer(answer, expected, resent)
                assert answer.ack.acknowledged_through == oracle.next[stream] - 1
            assert books.stop() == 0
        except BaseException:
            books.daemon.stop()
            raise
        compare(oracle, f"{folder}/ledger.db")
    return oracle, books.kills


def compare(oracle, path):
    verify = subprocess.run([FLEETMETERCTL, "ledger", "verify", "--ledger", path], capture_output=True, text=True)
    assert verify.returncode == 0, verify.stdout + verify.stderr
    ledger = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    rows = ledger.execute(
        "SELECT day_start, model, customer_tier, sum(requests), sum(unpriced_requests), "
        "sum(input_tokens), sum(cached_input_tokens), sum(output_tokens), sum(revenue_micro_usd) "
        "FROM inference GROUP BY 1, 2, 3")
    assert {tuple(r[:3]): list(r[3:]) for r in rows} == oracle.inference
    rows = ledger.execute("SELECT day_start, model, run, phase, sum(h100e_seconds) FROM training "
                          "GROUP BY 1, 2, 3, 4")
    assert {tuple(r[:4]): r[4] for r in rows} == oracle.training
    rows = ledger.execute("SELECT model, benchmark, version, date_start, measured_by, score "
                          "FROM benchmarks")
    standing = {k: v for k, v in oracle.results.items() if v is not None}
    assert {tuple(r[:5]): r[5] for r in rows} == standing
    rows = ledger.execute("SELECT kind, source, correction FROM corrections")
    assert set(rows) == oracle.corrections
    counters = dict(ledger.execute("SELECT result, sum(reports) FROM counters GROUP BY 1"))
    assert counters.get("accepted", 0) == oracle.accepted, counters
    assert counters.get("rejected", 0) == oracle.rejected, counters
    ledger.close()


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("--seeds", type=int, default=4)
    flags.add_argument("--first-seed", type=int, default=1)
    flags.add_argument("--steps", type=int, default=250)
    args = flags.parse_args()
    with tempfile.TemporaryDirectory() as out:
        modules = load_ingest_stubs(out)
        for seed in range(args.first_seed, args.first_seed + args.seeds):
            print(f"seed {seed}:", end=" ", flush=True)
            oracle, kills = run(seed, args.steps, modules)
            print(f"{oracle.accepted} accepted, {oracle.rejected} rejected, "
                  f"{len(oracle.corrections)} corrections, {kills} kills: books equal")
            assert oracle.accepted and oracle.rejected and oracle.corrections and kills


main()
