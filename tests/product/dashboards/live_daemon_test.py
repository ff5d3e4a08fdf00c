#!/usr/bin/python3
"""The dashboards and rules on a real daemon, fed by real collectors, scraped by a real Prometheus.

First the demo's fleet: every query of every panel and rule answers, and underuse is alerted for the one
pool that is underused. Then half of the hosts fall silent: coverage falls, no pool's utilization falls
with it, and no further underuse is alerted.
"""
import contextlib
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
import live_check
from inhibit_test import until
from live_fake_test import prometheus, settle
from programs import COLLECTOR, SOURCE, Daemon

FLEET = SOURCE / "deploy/demo/fleet.csv"
UNDERUSED = "research-scaling"


def halves(folder):
    """The demo's fleet in two files, every other host in each."""
    with open(FLEET, newline="") as file:
        lines = [line for line in file if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    hosts = sorted({row["host"] for row in rows})
    for half in (0, 1):
        path = pathlib.Path(folder) / f"half{half}.csv"
        mine = set(hosts[half::2])
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(row for row in rows if row["host"] in mine)
        yield path


@contextlib.contextmanager
def replaying(daemon, path):
    process = subprocess.Popen(
        [COLLECTOR, "--daemon", daemon.addresses["ingest"], "--interval", "0.5", "replay-csv",
         "--file", path, "--from", "0", "--hold"])
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def alerted(prom):
    """Pools whose underuse is pending or firing."""
    answer = prom.get("query", query='ALERTS{alertname="FleetmeterPoolUnderused"}')["result"]
    return {sample["metric"]["pool"] for sample in answer}


def by_pool(prom, metric):
    return {s["metric"]["pool"]: float(s["value"][1])
            for s in prom.get("query", query=metric)["result"]}


def evaluations(prom):
    """How often the slowest group of rules has been evaluated, as timestamps tell."""
    return min(group["lastEvaluation"] for group in prom.get("rules")["groups"])


def check_no_verdict(prom, rendered):
    """What the dashboards answer first cannot be told, and is not a number that looks good."""
    board = json.loads((rendered / "executive.json").read_text())
    answer = next(panel for panel in board["panels"] if panel["type"] == "stat")
    values = live_check.chosen(prom, board)
    told = {t["legendFormat"]: prom.instant(live_check.substitute(t["expr"], values)) for t in answer["targets"]}
    for words in ("of what is granted is used", "H100e are held and idle", "a day is what they cost"):
        assert told[words] == ["NaN"], (words, told)
    assert 0 < float(told["of the supply is heard"][0]) < 0.9, told


def check_silence(prom, collector):
    before = by_pool(prom, "fleetmeter_pool_utilization_ratio")
    collector.terminate()
    until("coverage falls", lambda: any(
        value < 0.9 for value in by_pool(prom, "fleetmeter_pool_coverage_ratio").values()))
    # Three more rounds of every rule, on what is served now.
    for _ in range(3):
        last = evaluations(prom)
        until("rules are evaluated", lambda: evaluations(prom) > last)
        now = by_pool(prom, "fleetmeter_pool_utilization_ratio")
        for pool, value in now.items():
            assert value >= before[pool] - 0.15, (pool, before[pool], value)
        assert alerted(prom) <= {UNDERUSED}, alerted(prom)
    coverage = by_pool(prom, "fleetmeter_pool_coverage_ratio")
    # Half of the supply is silent: nothing is said of the plan, and nothing alerted.
    for metric in ("fleetmeter_plan_category_actual_share_ratio", "fleetmeter_plan_category_drift_ratio",
                   "fleetmeter_plan_buffer_consumed_h100e", "fleetmeter_plan_p0_shortfall_h100e",
                   "fleetmeter_pace_serviceable_revenue_usd_per_year"):
        assert not prom.get("query", query=metric)["result"], metric
    planned = prom.get("query", query="fleetmeter_plan_category_share_ratio")["result"]
    assert len(planned) == 4, planned
    unknown = {pool for pool, value in coverage.items() if value < 0.9}
    assert unknown and not unknown & now.keys(), (coverage, now)


def main():
    with contextlib.ExitStack() as stack:
        rendered = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subprocess.run([SOURCE / "dashboards/render.sh", "--demo", rendered], check=True)
        daemon = stack.enter_context(Daemon(
            SOURCE / "deploy/demo/catalog.yaml", [SOURCE / "deploy/demo/plan.yaml"],
            f"framework: {SOURCE}/deploy/demo/framework.yaml\nlive: {{silent_after: 2s}}\n"))
        first, second = halves(rendered)
        stack.enter_context(replaying(daemon, first))
        collector = stack.enter_context(replaying(daemon, second))
        live_check.RENDERED = rendered
        url = stack.enter_context(prometheus(daemon.addresses["http"].rsplit(":", 1)[1]))
        until("Prometheus answers", lambda: live_check.Prometheus(url).get("rules")["groups"])
        count, problems = settle(url, lambda found: not found, outcomes=False)
        if problems:
            raise SystemExit("\n".join(problems))
        prom = live_check.Prometheus(url)
        until("underuse is alerted", lambda: alerted(prom))
        assert alerted(prom) == {UNDERUSED}, alerted(prom)
        check_silence(prom, collector)
        check_no_verdict(prom, rendered)
    print(f"{count} queries answered; silence stayed silent")


if __name__ == "__main__":
    sys.exit(main())
