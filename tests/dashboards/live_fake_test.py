#!/usr/bin/python3
"""live_check.py against a real Prometheus that scrapes a stand-in for the daemon.

The stand-in serves a small plausible fleet: one pool that shrinks, one that borrows, and one whose utilization
is not known. Also checks that live_check.py notices when the daemon lacks a metric.
"""

import contextlib
import http.server
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import yaml

import lint
import live_check
from inhibit_test import free_port, until

METRICS_MD = live_check.RENDERED.parent / "METRICS.md"
START = time.time()

# pool, category, tier, allocated, assigned (None: shrinking headroom), activity (None: not measured), coverage
FLEET = [
    ("chat", "inference", "p1", 4000, None, 0.8, 1.0),
    ("pretrain", "training", "p1", 6000, 6500, 0.9, 0.97),
    ("explore", "research", "p2", 2000, 900, 0.4, 0.95),
    ("redteam", "safety", "p0", 500, 200, None, 0.6),
]


def add_plan(add):
    """A plan of 14,000 H100e beside FLEET, the buffer a third in use, and two curves."""
    add("supply_coverage_ratio", 0.96)
    add("plan_supply_h100e", 14000)
    planned = {"inference": 0.29, "training": 0.43, "research": 0.14, "safety": 0.04}
    actual = {"inference": 0.22, "training": 0.46, "research": 0.06, "safety": 0.02}
    for category, share in planned.items():
        add("plan_category_share_ratio", share, category=category)
        add("plan_category_h100e", share * 14000, category=category)
        add("plan_category_actual_share_ratio", actual[category], category=category)
        add("plan_category_drift_ratio", actual[category] - share, category=category)
    for tier, share, held in (("p0", 0.04, 0.02), ("p1", 0.72, 0.68), ("p2", 0.14, 0.06), ("buffer", 0.1, None)):
        add("plan_tier_share_ratio", share, tier=tier)
        add("plan_tier_h100e", share * 14000, tier=tier)
        if held is not None:
            add("plan_tier_actual_share_ratio", held, tier=tier)
            add("plan_tier_drift_ratio", held - share, tier=tier)
    add("plan_unassigned_share_ratio", 0.2)
    add("plan_unavailable_share_ratio", 0.04)
    add("plan_unplanned_share_ratio", 0)
    add("plan_buffer_h100e", 1400)
    add("plan_buffer_consumed_h100e", 400, cause="borrowed", pool="pretrain")
    add("plan_buffer_consumed_h100e", 60, cause="unavailable", pool="")
    add("plan_p0_shortfall_h100e", 0)
    add("plan_inference_utilization_ratio", 0.31)
    add("framework_info", 1, framework="paper", version="1", baseline="recommendation")
    add("framework_utilization_ratio", 0.2)
    for curve, served in (("linear", 4.1e8), ("diminishing", 3.2e8)):
        add("pace_planned_revenue_usd_per_year", 3.5e8, curve=curve)
        add("pace_serviceable_revenue_usd_per_year", served, curve=curve)
        add("pace_forgone_revenue_usd_per_year", max(0, 3.5e8 - served), curve=curve)
    add("pace_training_h100e_seconds_per_year", 0.46 * 14000 * 8760 * 3600)
    add("pace_planned_training_h100e_seconds_per_year", 0.43 * 14000 * 8760 * 3600)


def samples():
    """name -> [(labels, value)]"""
    out = {}

    def add(name, value, **labels):
        out.setdefault("fleetmeter_" + name, []).append((labels, value))

    for pool, category, tier, allocated, assigned, activity, coverage in FLEET:
        assigned = assigned or 3000 + (time.time() - START)
        add("pool_info", 1, pool=pool, category=category, tier=tier, owner=f"{pool} lead", contact=f"#{pool}")
        add("pool_allocated_h100e", allocated, pool=pool)
        add("pool_assigned_h100e", assigned, pool=pool, chip="b200")
        add("pool_unhealthy_h100e", 8, pool=pool)
        add("pool_reserved_h100e", 0, pool=pool)
        add("pool_unheard_h100e", 40 if coverage < 1 else 0, pool=pool)
        add("pool_headroom_h100e", allocated - assigned - 48, pool=pool)
        add("pool_borrowed_h100e", max(0, assigned - allocated), pool=pool)
        add("pool_borrowable_h100e", 300, pool=pool)
        add("pool_coverage_ratio", coverage, pool=pool)
        add("pool_unused_h100e", max(0, allocated - assigned), pool=pool)
        add("team_assigned_h100e", assigned, pool=pool, team=f"{pool}-a")
        if activity is not None:
            add("pool_busy_h100e", assigned * activity, pool=pool, chip="b200", signal="gr_engine_active")
            add("pool_utilization_ratio", assigned * activity / (allocated * coverage), pool=pool)
            add("team_idle_h100e", assigned * (1 - activity), pool=pool, team=f"{pool}-a")
            add("team_idle_chips", 12, pool=pool, team=f"{pool}-a")
            add("team_idle_since_timestamp_seconds", START - 3600, pool=pool, team=f"{pool}-a")
    add_plan(add)
    add("plan_info", 1, plan="base", version="7", scenario="balanced")
    add("plan_effective_timestamp_seconds", START - 7200)
    add("catalog_info", 1, version="3")
    return out


def exposition(without=None):
    lines = []
    kinds = lint.read_metrics(METRICS_MD.read_text())
    for name, rows in samples().items():
        if name == without:
            continue
        lines += [f"# HELP {name} Stand-in.", f"# TYPE {name} {kinds[name][0]}"]
        for labels, value in rows:
            inside = ",".join(f'{k}="{v}"' for k, v in labels.items())
            lines.append(f"{name}{{{inside}}} {value}")
    return "\n".join(lines) + "\n"


class Daemon(http.server.BaseHTTPRequestHandler):
    without = None

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(exposition(self.without).encode())

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def serving():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Daemon)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


@contextlib.contextmanager
def prometheus(daemon_port):
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "prometheus.yml")
        config.write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(live_check.RENDERED / f) for f in ("rules.yaml", "alerts.yaml")],
            "scrape_configs": [{"job_name": "fleetmeter", "static_configs": [{"targets": [f"127.0.0.1:{daemon_port}"]}]}],
        }))  # fmt: skip
        address = f"127.0.0.1:{free_port()}"
        process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={address}"],
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait()


def settle(url, wanted, limit=60):
    """Polls live_check until its problems are as wanted; returns the last result."""
    end = time.monotonic() + limit
    while True:
        count, problems = live_check.check(url)
        if wanted(problems) or time.monotonic() > end:
            return count, problems
        time.sleep(1)


def main():
    checked = subprocess.run(["promtool", "check", "metrics"], input=exposition(), capture_output=True, text=True)
    if checked.returncode:
        raise SystemExit("promtool check metrics: " + checked.stdout + checked.stderr)
    with serving() as port, prometheus(port) as url:
        until("Prometheus answers", lambda: live_check.Prometheus(url).get("rules")["groups"])
        count, problems = settle(url, lambda found: not found)
        if problems:
            raise SystemExit("\n".join(problems))
        print(f"{count} queries answered")
        Daemon.without = "fleetmeter_pool_borrowable_h100e"
        _, problems = settle(url, lambda found: found)
        if not any("Borrowable: empty" in p for p in problems):
            raise SystemExit("a metric that is gone was not noticed")
        print("noticed a metric that is gone")


if __name__ == "__main__":
    sys.exit(main())
