#!/usr/bin/python3
"""Alibaba's GPU trace of 2023 through collector, daemon and fleetmeterctl, against the oracle.

Held at a fixed time of the trace, the supply is the trace's. Replayed for a day of trace time, every
pool's chip-time is the oracle's, to the nanosecond.
"""
import json
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import COLLECTOR, FLEETMETERCTL, SKIPPED, SOURCE, Daemon

TRACE = SOURCE.parent / "shared/data/gpu-trace-alibaba-openb-2023"
NODES = TRACE / "openb_node_list_all_node.csv"
PODS = TRACE / "openb_pod_list_default.csv"
RULES = SOURCE / "collectors/replay/openb/rules.yaml"
ORACLE = SOURCE / "tests/unit/collectors/replay/openb/openb_oracle.py"
FROM, UNTIL = 12_787_200, 12_873_600  # a busy day
SUPPLY = {"G2": 4392, "T4": 842, "G3": 312, "P100": 265, "V100M32": 204, "V100M16": 195, "A10": 2}


def openb_daemon():
    folder = SOURCE / "collectors/replay/openb"
    return Daemon(folder / "catalog.yaml", [folder / "plan.yaml"],
                  "ingest: {accept_replay: true}\n")


def collector(daemon, interval, *flags):
    return [COLLECTOR, "--daemon", daemon.addresses["ingest"], "--interval", interval,
            "replay-openb", "--nodes", NODES, "--pods", PODS, "--rules", RULES, *flags]


def ctl(daemon, *args):
    out = subprocess.run([FLEETMETERCTL, "--address", daemon.addresses["query"], *args,
                          "--output", "json"], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def eventually(what, seconds=60):
    """What `what` returns once it is not None."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = what()
        if value is not None:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


def holds_the_supply_of_the_trace():
    with openb_daemon() as daemon:
        process = subprocess.Popen(collector(daemon, "0.5", "--from", str(FROM), "--hold"))
        try:
            def supply():
                answer = ctl(daemon, "supply")
                return answer if answer["live_sources"] == 1213 else None

            answer = eventually(supply)
        finally:
            process.terminate()
            assert process.wait(timeout=30) == 0
    chips = {kind: row["chips"] for kind, row in answer["chips"].items()}
    assert chips == SUPPLY, chips


def counts_a_day_as_the_oracle_does():
    oracle = json.loads(subprocess.run(
        [ORACLE, NODES, PODS, RULES, str(FROM), str(UNTIL)],
        check=True, capture_output=True, text=True).stdout)
    expected = {pool: int(nanos) for pool, nanos in oracle["assigned_chip_nanos"].items()}
    with openb_daemon() as daemon:
        subprocess.run(collector(daemon, "0.5", "--from", str(FROM), "--until", str(UNTIL),
                                 "--speed", "20000"), check=True)
        pools = ctl(daemon, "pools")["pools"]
    counted = {pool["pool"]: int(pool["assigned_chip_nanos_total"]) for pool in pools}
    for pool in pools:
        by_kind = sum(int(use["assigned_chip_nanos_total"]) for use in pool["chips"])
        assert by_kind == counted[pool["pool"]], pool
    counted = {pool: nanos for pool, nanos in counted.items() if nanos or expected.get(pool)}
    expected = {pool: nanos for pool, nanos in expected.items() if nanos}
    assert counted == expected, (counted, expected)
    assert sum(counted.values()) > 0


if not TRACE.is_dir():
    print(f"skipped: {TRACE} is absent")
    sys.exit(SKIPPED)
holds_the_supply_of_the_trace()
counts_a_day_as_the_oracle_does()
print("ok")
