#!/usr/bin/python3
"""A real daemon whose wall clock is set by years, while it runs and at a start.

Nothing is deleted, closed or forgotten meanwhile, honest reports are counted, and a window that was
counted is not counted again. The clock is that of tests/support/fake_wall_clock.cc.
"""
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
from ingest_stubs import load_ingest_stubs
from programs import BINARY, FLEETMETERCTL, SKIPPED, SOURCE, Daemon

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
YEARS = 3 * 365 * DAY
PRELOADED = BINARY / "tests" / "support" / "libfake_wall_clock.so"
# Housekeeping does one thing a second. Closing and deleting all of this took ten of them, by a clock
# that was believed.
LONG_ENOUGH = 15


class FakeClock:
    def __init__(self, folder):
        self._file = folder / "clock"
        self.set(0)

    def set(self, ahead):
        new = self._file.with_suffix(".new")
        new.write_text(str(ahead))
        os.rename(new, self._file)

    @property
    def launcher(self):
        return ["env", f"LD_PRELOAD={PRELOADED}", f"FLEETMETER_FAKE_WALL_CLOCK={self._file}"]


class Sender:
    """A stream of its own, whose clock is right."""

    def __init__(self, daemon, grpc, messages, services):
        self._channel = grpc.insecure_channel(daemon.addresses["ingest"])
        self._stub = services.UsageIngestStub(self._channel)
        self._messages = messages
        self._id = os.urandom(16)
        self._sequence = 0

    def send(self, source, start, length):
        """The reason of the rejection, or None."""
        from fleetmeter.v1 import usage_pb2
        self._sequence += 1
        report = usage_pb2.UsageReport(sequence=self._sequence, source=source,
                                       window_start_unix_nanos=start, window_length_nanos=length)
        group = usage_pb2.UsageGroup(chip="b200", state=usage_pb2.CHIP_STATE_ASSIGNED,
                                     pool="research-scaling", team="laws",
                                     signal="gr_engine_active")
        group.per_chip.device.extend(range(8))
        group.per_chip.activity.extend([0.5] * 8)
        report.groups.append(group)
        ack = self._stub.Report(
            self._messages.ReportRequest(stream_id=self._id, reports=[report]), timeout=30).ack
        assert ack.acknowledged_through == self._sequence, ack
        return ack.dispositions[0].reason if ack.dispositions else None

    def close(self):
        self._channel.close()


def read(daemon, page):
    with urllib.request.urlopen(f"http://{daemon.addresses['http']}{page}", timeout=30) as answer:
        return answer.read().decode()


def metric(daemon, name):
    return float(re.search(rf"^{re.escape(name)} (\S+)$", read(daemon, "/metrics"), re.MULTILINE)[1])


def await_metric(daemon, name, value):
    until = time.monotonic() + 30
    while metric(daemon, name) != value:
        assert time.monotonic() < until, f"{name} is {metric(daemon, name)}; expected {value}"


def books(ledger):
    """What a clock that is believed too soon would change."""
    db = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
    rows = {
        "closed": db.execute("SELECT closed_through, hours_from, days_from FROM rollup").fetchall(),
        "hours": db.execute("SELECT hour_start, sum(chips_s) FROM usage_hours WHERE corrects_hour = 0"
                            " AND hour_start < unixepoch() - 86400 GROUP BY 1").fetchall(),
        "sources": db.execute("SELECT source FROM sources").fetchall(),
        "future": db.execute("SELECT hour_start FROM usage_hours"
                             " WHERE hour_start > unixepoch() + 86400").fetchall(),
    }
    db.close()
    return rows


def report_past(sender, now):
    """Six days; also the first window, for coming again."""
    first = now - 6 * DAY
    for hour in range(0, 6 * 24 - 2, 4):
        assert sender.send("h1", first + hour * HOUR, HOUR) is None
    return first


def report_live(sender, seconds, check):
    """A window each second, until so much time has passed."""
    until = time.monotonic() + seconds
    end = time.time_ns()
    while time.monotonic() < until:
        now = time.time_ns()
        if now - end < SECOND:
            time.sleep(0.05)
            continue
        reason = sender.send("h1", end, now - end)
        assert reason is None, reason
        end = now
        check()


def expect_sound(ledger):
    done = subprocess.run([FLEETMETERCTL, "ledger", "verify", "--ledger", ledger],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test(how, grpc, messages, services, folder):
    clock = FakeClock(folder)
    ledger = folder / "ledger.db"
    plans = [SOURCE / "deploy/demo/plan.yaml"]
    catalog = SOURCE / "deploy/catalog/default.yaml"

    def start():
        daemon = Daemon(catalog, plans, f"ledger: {{path: {ledger}}}\n", clock.launcher)
        return daemon, Sender(daemon, grpc, messages, services)

    daemon, sender = start()
    first = report_past(sender, time.time_ns())
    before = books(ledger)
    assert len(before["hours"]) >= 30, before
    if how == "at a start":
        sender.close()
        assert daemon.stop() == 0
        clock.set(YEARS)
        daemon, sender = start()
    else:
        clock.set(YEARS)
    await_metric(daemon, "fleetmeter_clock_confirmed", 0)
    assert "the clock is not confirmed" in read(daemon, "/healthz")

    def unchanged():
        now = books(ledger)
        assert now == before, (before, now)

    report_live(sender, LONG_ENOUGH, unchanged)
    clock.set(0)
    await_metric(daemon, "fleetmeter_clock_confirmed", 1)
    report_live(sender, 3, unchanged)
    assert metric(daemon, 'fleetmeter_sources{state="live"}') == 1
    again = Sender(daemon, grpc, messages, services)
    assert again.send("h1", first, HOUR) == "window_overlap"
    for each in (again, sender):
        each.close()
    assert daemon.stop() == 0
    expect_sound(ledger)
    print(f"{YEARS // DAY} days ahead {how}: {len(before['hours'])} hours are as they were")


def main():
    if not PRELOADED.exists():
        print(f"skipped: there is no {PRELOADED}")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="fleetmeter-clocks-") as folder:
        folder = pathlib.Path(folder)
        stubs = folder / "stubs"
        stubs.mkdir()
        grpc, messages, services, _ = load_ingest_stubs(stubs)
        for number, how in enumerate(("while it runs", "at a start")):
            (folder / str(number)).mkdir()
            test(how, grpc, messages, services, folder / str(number))
    return 0


if __name__ == "__main__":
    sys.exit(main())
