#!/usr/bin/python3
"""Since when somebody holds chips: the daemon, its facade and the command line say the same, and
say it of silence too. And a brief list of pools has the figures of the whole one in fewer bytes.

Exit code 0: all is well; 1: something is not.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parents[2] / "support"))
from ingest_stubs import load_ingest_stubs
from large_fleet import LargeFleet
from programs import FLEETMETERCTL, SOURCE, Daemon

HOUR = 3600
NANO = 1_000_000_000
PLAN = """plan: held
version: 1
scenario: holders
effective_from: 2020-01-01
supply: [{chip: b200, chips: 64}]
pools:
  - {name: research, category: research, tier: p2, owner: R, contact: "#r",
     teams: [red, blue, grey], allocation: {chips: 64, chip: b200}}
"""


class Sender:
    """Reports windows of sources, each an hour or what there is of it."""

    def __init__(self, stubs, address):
        grpc, self._pb, services, _ = stubs
        from fleetmeter.v1 import usage_pb2
        self._usage = usage_pb2
        self._stub = services.UsageIngestStub(grpc.insecure_channel(address))
        self._sequence = 0

    def tell(self, source, start, end, team, workload):
        """8 chips that the team holds; no team: that nobody holds."""
        self._sequence += 1
        report = self._usage.UsageReport(
            sequence=self._sequence, source=source, window_start_unix_nanos=start * NANO,
            window_length_nanos=(end - start) * NANO)
        group = report.groups.add(chip="b200", pool="research",
                                  state=self._usage.CHIP_STATE_ASSIGNED if team
                                  else self._usage.CHIP_STATE_UNASSIGNED)
        if team:
            group.team, group.workload, group.signal = team, workload, "allocated_only"
        group.sums.chip_nanos = 8 * (end - start) * NANO
        request = self._pb.ReportRequest(stream_id=b"holders-holders-", reports=[report])
        answer = self._stub.Report(request, timeout=30)
        assert answer.ack.acknowledged_through == self._sequence, answer
        assert not answer.ack.dispositions, answer


def fill(sender, now):
    """Six hours: red from the fourth hour back, blue behind a silence, grey silent by now."""
    hour = now // HOUR * HOUR
    end = max(now - 1, hour + 1)
    for back in range(6, -1, -1):
        start, until = hour - back * HOUR, min(hour - (back - 1) * HOUR, end)
        sender.tell("one", start, until, "red" if back <= 3 else "", "sweep")
        if back not in (4, 3):
            sender.tell("two", start, until, "blue" if back <= 2 else "", "probe")
        if back >= 2:
            sender.tell("three", start, until, "grey", "long-run")
    return hour


def ctl(address, *arguments):
    return subprocess.run([FLEETMETERCTL, "--address", address, "holders", *arguments], check=False,
                          capture_output=True, text=True)


def get(daemon, target):
    with urllib.request.urlopen(f"http://{daemon.addresses['http']}/api/v1/{target}") as answer:
        return answer.read()


def check_holders(stubs, folder):
    (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
    extra = f"ledger: {{path: {folder}/books.db}}\nlive: {{forget_after: 12h}}\n"
    with Daemon(SOURCE / "deploy/catalog/default.yaml", [folder / "plan.yaml"], extra) as daemon:
        hour = fill(Sender(stubs, daemon.addresses["ingest"]), int(time.time()))
        told = json.loads(get(daemon, "holders?pool=research"))
        since = {team["team"]: team["since"] for team in told["teams"]}
        assert set(since) == {"red", "blue", "grey"}, told
        # Two was silent until blue began. In the hour before that all told, and blue held none.
        assert since["blue"].get("sinceUnixSeconds") is None, since
        assert since["blue"]["unknownBecause"] == "untold", since
        assert int(since["blue"]["notBeforeUnixSeconds"]) == hour - 4 * HOUR, since
        assert int(since["blue"]["atLeastSinceUnixSeconds"]) == hour - 2 * HOUR, since
        assert since["grey"]["unknownBecause"] == "books_begin", since
        assert int(since["grey"]["lastKnownUnixSeconds"]) == hour - HOUR, since
        # Two was silent in the hour before red began, and may have been red's.
        assert int(since["red"]["atLeastSinceUnixSeconds"]) == hour - 3 * HOUR, since
        assert since["red"]["unknownBecause"] == "untold", since
        check_ctl(daemon, told)


def check_ctl(daemon, told):
    address = daemon.addresses["query"]
    said = json.loads(ctl(address, "research", "--output", "json").stdout)
    assert [team["team"] for team in said["teams"]] == [team["team"] for team in told["teams"]]
    for mine, theirs in zip(said["teams"], told["teams"]):
        least = mine["since"]["at_least_since_unix_seconds"]
        assert str(least) == theirs["since"]["atLeastSinceUnixSeconds"], (mine, theirs)
        assert mine["since"]["unknown_because"] == theirs["since"]["unknownBecause"]
        assert [each["workload"] for each in mine["workloads"]] == [
            each["workload"] for each in theirs["workloads"]]
    table = ctl(address, "research").stdout
    assert "when the books begin (last heard of before" in table, table
    assert "nobody told of the time before" in table, table
    wrong = ctl(address, "reserch")
    assert wrong.returncode == 1 and "research" in wrong.stderr, wrong


def check_in_memory(folder):
    with Daemon(SOURCE / "deploy/catalog/default.yaml", [folder / "plan.yaml"]) as daemon:
        refused = ctl(daemon.addresses["query"], "research")
        assert refused.returncode == 1 and "ledger.path" in refused.stderr, refused


def check_brief(stubs, folder):
    fleet = LargeFleet(pools=300, chips=24_000, sources=600)
    (folder / "large.yaml").write_text(fleet.plan(), encoding="utf-8")
    with Daemon(SOURCE / "deploy/catalog/default.yaml", [folder / "large.yaml"]) as daemon:
        with fleet.reporter(stubs, daemon.addresses["ingest"]) as reporter:
            reporter.fill()
        whole, brief = get(daemon, "pools"), get(daemon, "pools?brief=true")
        assert len(brief) < 0.6 * len(whole), (len(brief), len(whole))
        for pool, short in zip(json.loads(whole)["pools"], json.loads(brief)["pools"]):
            assert short.pop("teamNames") == [team["team"] for team in pool["teams"]], pool
            left_out = {"chips", "teams", "teamNames", "demand", "assignedChipNanosTotal"}
            assert {name: value for name, value in pool.items() if name not in left_out} == {
                name: value for name, value in short.items() if name not in left_out}
        found = json.loads(get(daemon, "sources?find=ACK-013"))["sources"]
        assert [one["source"] for one in found] == ["host-000013.rack-013"], found


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        stubs = load_ingest_stubs(folder)
        check_holders(stubs, folder)
        check_in_memory(folder)
        check_brief(stubs, folder)
    print("holders are told alike everywhere, and a brief list has the figures of the whole one")


if __name__ == "__main__":
    sys.exit(main())
