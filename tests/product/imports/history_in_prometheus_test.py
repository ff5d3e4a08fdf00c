#!/usr/bin/python3
"""A month of usage of several pools, imported as history: `report` by hour, day and quarter equals
sums over the file, beside the allocations of the time; no live counter moves, neither at the import
nor at a restart; and after `export openmetrics` a real Prometheus shows the same, point for point.

Exit code 0: all is well; 1: something is not.
"""

import csv
import datetime
import json
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from fractions import Fraction

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import FLEETMETERCTL, Daemon

SEED = 31
FIRST = datetime.datetime(2025, 3, 10, tzinfo=datetime.timezone.utc)
DAYS = 14
SECOND_PLAN = datetime.datetime(2025, 3, 16, tzinfo=datetime.timezone.utc)
HOUR = 3600

CATALOG = """version: 1
chips:
  - name: h100
    provider: p
    title: h100
    usd_per_chip_hour: 2.5
    conversions: [{chips_per_h100e: 1, basis: test}]
  - name: trainium2
    provider: p
    title: trainium2
    conversions: [{chips_per_h100e: 1.5, basis: test}]
"""
RATIO = {"h100": Fraction(1), "trainium2": Fraction(3, 2)}

PLAN = """plan: history
version: {version}
scenario: history
effective_from: {effective_from}
supply:
  - {{chip: h100, chips: 4000}}
  - {{chip: trainium2, chips: 4000}}
tiers: {{p0: 0%, p1: 0%, p2: 100%, buffer: 0%}}
categories: {{inference: 50%, training: 30%, research: 20%, safety: 0%}}
pools:
"""
POOLS = [("serving", "inference", "api"), ("training", "training", "pretrain"),
         ("lab", "research", "rl")]
ALLOCATED = {1: {"serving": 100, "training": 250, "lab": 50},
             2: {"serving": 180, "training": 150, "lab": 70}}


def plan(version, effective_from):
    text = PLAN.format(version=version, effective_from=effective_from)
    for name, category, team in POOLS:
        text += (f"  - {{name: {name}, category: {category}, tier: p2, owner: o, contact: c, "
                 f"teams: [{team}], allocation: {{h100e: {ALLOCATED[version][name]}}}, "
                 "policy: {lendable: 0%, borrowing_limit_h100e: 0}}\n")
    return text


def utc(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def make_usage(path):
    """Rows of an hour; some hours and pools are missing, as in any export."""
    chance = random.Random(SEED)
    rows = []
    for hour in range(24 * DAYS):
        start = FIRST + datetime.timedelta(hours=hour)
        for pool, _, team in POOLS:
            for chip in RATIO:
                if chance.random() < 0.15:
                    continue
                hours = chance.randrange(1, 120)
                rows.append({"start": start.isoformat(), "source": f"cluster-{chip}", "chip": chip,
                             "end": (start + datetime.timedelta(hours=1)).isoformat(),
                             "state": "assigned", "pool": pool, "team": team,
                             "signal": "gpu_util", "chip_hours": hours,
                             "busy_chip_hours": chance.randrange(hours + 1)})
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return rows


def run(*arguments):
    done = subprocess.run([FLEETMETERCTL, *map(str, arguments)], capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, f"{arguments}: exit code {done.returncode}: {done.stderr}"
    return done.stdout


def counters(daemon):
    """The counters of usage; those of reports count reports."""
    with urllib.request.urlopen(f"http://{daemon.addresses['http']}/metrics", timeout=30) as answer:
        page = answer.read().decode()
    names = {line.split()[2] for line in page.splitlines()
             if line.startswith("# TYPE fleetmeter_") and line.endswith(" counter")}
    # The allocation is in force while the daemon runs, whatever is imported.
    names = {name for name in names if not name.startswith(("fleetmeter_ingest_",
                                                            "fleetmeter_pool_allocated_"))}
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in page.splitlines()
            if line.split("{")[0].split(" ")[0] in names}


def no_counter_moved(daemon, before, when):
    after = counters(daemon)
    moved = {name: value for name, value in after.items() if value != before.get(name, 0)}
    assert not moved, f"{when}: {moved}"
    assert any("assigned_chip_seconds_total" in name for name in after), after


def allocated_hours(pool, start, end):
    """H100e-hours that the plans of the time grant."""
    second = max(min(end, SECOND_PLAN), start)
    hours = [(second - start).total_seconds() / HOUR, (end - second).total_seconds() / HOUR]
    return sum(ALLOCATED[version][pool] * part for version, part in zip((1, 2), hours))


def check_report(ledger, rows, key, period_of):
    """By pool and period, against sums over the file."""
    first = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
    last = datetime.datetime(2025, 7, 1, tzinfo=datetime.timezone.utc)
    sums = defaultdict(lambda: [Fraction(0)] * 3)
    spans = {}
    for row in rows:
        name, start, end = period_of(utc(row["start"]))
        spans[name] = (max(start, first), min(end, last))
        hours, busy = Fraction(row["chip_hours"]), Fraction(row["busy_chip_hours"])
        parts = (hours, busy, hours / RATIO[row["chip"]])
        sums[row["pool"], name] = [a + b for a, b in zip(sums[row["pool"], name], parts)]
    report = json.loads(run("report", "--ledger", ledger, "--from", "2025-01-01", "--to",
                            "2025-07-01", "--by", f"pool,{key}", "--output", "json"))
    assert report["time"] == "used", report["time"]
    assert len(report["usage"]) == len(sums) > 2, (key, len(report["usage"]), len(sums))
    for row in report["usage"]:
        wanted = sums[row["pool"], row[key]]
        got = [Fraction(row[field]) for field in ("chip_hours", "busy_chip_hours", "h100e_hours")]
        assert got[:2] == wanted[:2], (row, wanted)
        assert abs(got[2] - wanted[2]) < Fraction(1, 10**6), (row, wanted)
        allocated = allocated_hours(row["pool"], *spans[row[key]])
        assert abs(float(row["allocated_h100e_hours"]) - allocated) < 1e-6, (row, allocated)


def hour_of(time):
    return time.strftime("%Y-%m-%dT%H:00:00Z"), time, time + datetime.timedelta(hours=1)


def day_of(time):
    start = time.replace(hour=0)
    return start.strftime("%Y-%m-%d"), start, start + datetime.timedelta(days=1)


def quarter_of(_):
    start = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
    return "2025-Q1", start, datetime.datetime(2025, 4, 1, tzinfo=datetime.timezone.utc)


def nothing_stands_under_the_day_of_the_import(ledger, rows):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    span = ["--from", today - datetime.timedelta(days=1), "--to", today + datetime.timedelta(days=2)]
    assert "the books tell of no use in this time" in run("report", "--ledger", ledger, *span)
    booked = json.loads(run("report", "--ledger", ledger, *span, "--by-booking", "--by", "chip",
                            "--output", "json"))
    assert booked["time"] == "booked"
    assert sum(Fraction(row["chip_hours"]) for row in booked["usage"]) == \
        sum(row["chip_hours"] for row in rows)


class Prometheus:
    """A Prometheus that scrapes nothing, on a folder of blocks."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        config = folder / "prometheus.yml"
        config.write_text("scrape_configs: []\n")
        self.url = f"http://{address}/api/v1"
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
             "--storage.tsdb.retention.time=100y", f"--web.listen-address={address}"],
            stderr=subprocess.DEVNULL)

    def __enter__(self):
        end = time.monotonic() + 60
        while True:
            try:
                self.get("query", query="1")
                return self
            except (urllib.error.URLError, ConnectionError):
                assert self.process.poll() is None and time.monotonic() < end, "no Prometheus"

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)

    def get(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.url}/{path}?{query}", timeout=60) as answer:
            return json.load(answer)["data"]

    def points(self, expression, labels):
        """{labels: {time: value}} of every hour of the month, and the one at its end."""
        result = self.get("query_range", query=expression, step=HOUR, start=FIRST.timestamp(),
                          end=FIRST.timestamp() + 24 * DAYS * HOUR)["result"]
        return {tuple(series["metric"][label] for label in labels):
                {int(at): float(value) for at, value in series["values"]} for series in result}


def check_prometheus(prometheus, rows):
    held = defaultdict(lambda: defaultdict(Fraction))
    busy = defaultdict(lambda: defaultdict(Fraction))
    for row in rows:
        end = int(utc(row["end"]).timestamp())
        held[row["pool"], row["chip"]][end] += Fraction(row["chip_hours"])
        busy[row["pool"], row["chip"]][end] += Fraction(row["busy_chip_hours"])
    last = int(FIRST.timestamp()) + 24 * DAYS * HOUR
    labels = ("pool", "chip")
    counted = prometheus.points("fleetmeter_pool_assigned_chip_seconds_total", labels)
    averages = prometheus.points("fleetmeter_pool_assigned_h100e", labels)
    busy_counted = prometheus.points("fleetmeter_pool_busy_h100e_seconds_total", labels)
    assert set(counted) == set(averages) == set(held), counted.keys()
    compared = 0
    for key, hours in held.items():
        ratio = RATIO[key[1]]
        sum_held = sum_busy = Fraction(0)
        assert {at for at in averages[key]} == set(hours), "nothing is known of the other hours"
        for at in range(min(hours), last + 1, HOUR):
            sum_held += hours.get(at, 0)
            sum_busy += busy[key].get(at, 0)
            assert counted[key][at] == float(sum_held * HOUR), (key, at)
            if sum_busy > 0:
                wanted = float(sum_busy * HOUR / ratio)
                assert abs(busy_counted[key][at] - wanted) <= 1e-9 * wanted + 1e-6, (key, at)
            if at in hours:
                assert abs(averages[key][at] - float(hours[at] / ratio)) < 1e-9, (key, at)
            compared += 1
    assert compared > 1500, compared
    allocated = prometheus.points("fleetmeter_pool_allocated_h100e", ("pool",))
    for (pool,), values in allocated.items():
        for at, value in values.items():
            version = 1 if at <= SECOND_PLAN.timestamp() else 2
            assert value == ALLOCATED[version][pool], (pool, at, value)
    by_category = prometheus.points(
        "sum by (category) (fleetmeter_pool_assigned_h100e * on (job, pool) group_left (category) "
        "fleetmeter_pool_info)", ("category",))
    assert set(by_category) == {("inference",), ("training",), ("research",)}, by_category.keys()
    # The price of the chips that have one, which grows by day in the books and evenly here.
    cost = prometheus.points(
        'sum by (basis) (fleetmeter_inference_serving_cost_usd_total{basis="allocated"})',
        ("basis",))["allocated",]
    total = sum(hours for at, hours in held["serving", "h100"].items()) * Fraction(5, 2)
    assert abs(cost[last] - float(total)) < 1e-3, (cost[last], float(total))
    print(f"ok: {compared} points of {len(held)} series in Prometheus equal the file")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "catalog.yaml").write_text(CATALOG)
        (folder / "plan1.yaml").write_text(plan(1, "2020-01-01"))
        (folder / "plan2.yaml").write_text(plan(2, "2025-03-16"))
        plans = [folder / "plan1.yaml", folder / "plan2.yaml"]
        ledger = folder / "ledger.db"
        extra = f"ledger: {{path: {ledger}}}\noutcomes: {{refresh: 100ms}}\n"
        rows = make_usage(folder / "usage.csv")
        daemon = Daemon(folder / "catalog.yaml", plans, extra)
        try:
            before = counters(daemon)
            run("import", "usage", folder / "usage.csv", "--ingest-address",
                daemon.addresses["ingest"], "--quiet")
            no_counter_moved(daemon, before, "the import")
            for key, period in (("hour", hour_of), ("day", day_of), ("quarter", quarter_of)):
                check_report(ledger, rows, key, period)
            nothing_stands_under_the_day_of_the_import(ledger, rows)
            print(f"ok: reports of {len(rows)} rows by hour, day and quarter equal the file")
        finally:
            daemon.kill()
        with Daemon(folder / "catalog.yaml", plans, extra) as again:
            no_counter_moved(again, before, "the restart")
        print("ok: no live counter moved, neither at the import nor at the restart")
        told = run("ledger", "verify", "--ledger", ledger)
        assert "usage of 2025-03-10 00:00:00Z to 2025-03-24 00:00:00Z, booked " in told, told
        history = folder / "history.om"
        run("export", "openmetrics", "--ledger", ledger, "--from", FIRST.date(), "--to",
            (FIRST + datetime.timedelta(days=DAYS)).date(), "--label", "cluster=east",
            "--to-file", history)
        text = history.read_text()
        assert text.endswith("\n# EOF\n") and 'cluster="east"' in text
        blocks = subprocess.run(
            ["promtool", "tsdb", "create-blocks-from", "openmetrics", history, folder / "data"],
            capture_output=True, text=True)
        assert blocks.returncode == 0, blocks.stderr
        with Prometheus(folder) as prometheus:
            check_prometheus(prometheus, rows)


if __name__ == "__main__":
    main()
