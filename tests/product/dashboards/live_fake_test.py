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

import fake_daemon_figures
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


def add_outcomes(add):
    """Two models, two customer tiers, of which one has no price; mix raises the total. Figures are plausible, not exact."""
    segments = {("opus", "enterprise"): (1200, 0.06, 0.02), ("opus", "pro"): (30, 0.05, 0.01), ("haiku", "pro"): (5000, 0.002, 0.001),
                ("haiku", "free"): (4000, None, 0.0005)}  # fmt: skip
    for (model, tier), (requests, revenue, cost) in segments.items():
        segment = {"model": model, "customer_tier": tier}
        told = 10 * (time.time() - START)
        for what, each in (("requests", 1), ("unpriced_requests", int(revenue is None)), ("input_tokens", 900),
                           ("cached_input_tokens", 100), ("output_tokens", 350), ("revenue_usd", revenue or 0)):  # fmt: skip
            add(f"inference_{what}_total", told * each, **segment)
        add("inference_corrected_requests", -2, **segment)
        add("inference_corrected_revenue_usd", -0.5, **segment)
        for window, scale in (("28d", 1), ("quarter", 3), ("year", 12)):
            span = {**segment, "window": window}
            add("inference_window_requests", requests * scale, **span)
            if revenue is not None:
                add("inference_window_revenue_usd", requests * scale * revenue, **span)
            for basis, part in (("allocated", 1), ("used", 0.75)):
                add("inference_window_cost_usd", requests * scale * cost * part, **span, basis=basis)
                if revenue is not None:
                    add("inference_margin_per_request_usd", revenue - cost * part, **span, basis=basis)
                    add("inference_margin_declined", int(tier == "pro"), **span, basis=basis)
    for basis, part in (("allocated", 1), ("used", 0.75)):
        for model, cost in (("opus", 25), ("haiku", 5)):
            add("inference_serving_cost_usd_total", cost * part * (time.time() - START), model=model, basis=basis)
        for window in ("28d", "quarter", "year"):
            span = {"window": window, "basis": basis}
            add("inference_unattributed_cost_usd", 3 * part, **span)
            add("inference_model_margin_per_request_usd", 0.039, model="opus", **span)
            add("inference_model_margin_per_request_usd", 0.001, model="haiku", **span)
            add("inference_tier_margin_per_request_usd", 0.04, customer_tier="enterprise", **span)
            add("inference_tier_margin_per_request_usd", 0.0011, customer_tier="pro", **span)
            add("inference_total_margin_per_request_usd", 0.0086, **span)
            add("inference_total_margin_per_request_year_ago_usd", 0.0042, **span)
            add("inference_known_requests_ratio", 0.61, **span)
            for effect, usd in (("volume", -5), ("mix", 50), ("price", -7), ("cost", 1)):
                add("inference_margin_change_usd", usd, effect=effect, **span)
            for effect, usd in (("mix", 0.005), ("price", -0.0007), ("cost", 0.0001)):
                add("inference_margin_per_request_change_usd", usd, effect=effect, **span)
    add("research_review_due", 1, reason="margin_yoy")
    add("research_review_due", 0, reason="capability_per_hour")
    add("price_book_info", 1, version="4")
    add("outcomes_as_of_timestamp_seconds", time.time() - 20)
    add("outcomes_refresh_seconds", 0.2)
    add("outcomes_refresh_failures_total", 0)
    add("outcome_segments", len(segments))
    add("outcome_segments_overflow", 0)
    add_capability(add)


def add_capability(add):
    for benchmark, frontier in (("mmlu", 0.93), ("gpqa", 0.6)):
        add("benchmark_saturation_ratio", frontier, benchmark=benchmark)
        add("benchmark_saturated", int(frontier > 0.9), benchmark=benchmark)
    for quarter, hours, gain in (("2026-Q2", 4e6, 0.1), ("2026-Q3", 9e6, 0.12)):
        add("training_quarter_h100e_seconds", 3600 * hours, quarter=quarter)
        add("capability_per_training_h100e_hour", gain / hours, quarter=quarter)
    for phase, chips in (("pre", 4000), ("post", 700)):
        add("training_h100e_seconds_total", chips * (time.time() - START), model="opus", phase=phase)
    add("capability_index", 0.7, model="opus")
    add("model_capability_per_training_h100e_hour", 1e-8, model="opus")
    add("capability_declining_quarters", 1)
    add("capability_trend_known", 1)
    add("benchmark_suite_info", 1, suite="general", version="1")


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
        add("pool_unaccounted_h100e", 0, pool=pool)
        add("pool_headroom_uncertain_h100e", 0, pool=pool)
        add("pool_headroom_h100e", allocated - assigned - 48, pool=pool)
        add("pool_borrowed_h100e", max(0, assigned - allocated), pool=pool)
        add("pool_borrowable_h100e", 300, pool=pool)
        add("pool_coverage_ratio", coverage, pool=pool)
        add("pool_idle_h100e", assigned * 0.2, pool=pool)
        add("pool_productive_h100e", assigned * 0.4, pool=pool, chip="b200", signal="gr_engine_active")
        add("pool_unused_h100e", max(0, allocated - assigned), pool=pool)
        add("pool_demand_h100e", 64, pool=pool)
        add("pool_demand_servable_h100e", 32, pool=pool, room="own")
        add("pool_demand_oldest_wait_seconds", 700, pool=pool)
        for le, count in (("60", 1), ("300", 2), ("900", 4), ("+Inf", 4)):
            add("pool_demand_wait_seconds_bucket", count, pool=pool, le=le)
        add("pool_demand_wait_seconds_sum", 1900, pool=pool)
        add("pool_demand_wait_seconds_count", 4, pool=pool)
        add("team_assigned_h100e", assigned, pool=pool, team=f"{pool}-a")
        if activity is not None:
            add("pool_busy_h100e", assigned * activity, pool=pool, chip="b200", signal="gr_engine_active")
            add("pool_utilization_ratio", assigned * activity / (allocated * coverage), pool=pool)
            add("team_idle_h100e", assigned * (1 - activity), pool=pool, team=f"{pool}-a")
            add("team_idle_chips", 12, pool=pool, team=f"{pool}-a")
            add("team_idle_since_timestamp_seconds", START - 3600, pool=pool, team=f"{pool}-a")
    add_plan(add)
    add_outcomes(add)
    fake_daemon_figures.add_all(add)
    add_process(out)
    add("plan_info", 1, plan="base", version="7", scenario="balanced")
    add("plan_effective_timestamp_seconds", START - 7200)
    add("catalog_info", 1, version="3")
    return out


def add_process(out):
    out["process_cpu_seconds_total"] = [({}, time.time() - START)]
    out["process_resident_memory_bytes"] = [({}, 3e8)]


def exposition(without=None):
    lines = []
    kinds = lint.read_metrics(METRICS_MD.read_text())
    for name, rows in samples().items():
        if name == without:
            continue
        if name.endswith("_bucket"):
            family = name.removesuffix("_bucket")
            lines += [f"# HELP {family} Stand-in.", f"# TYPE {family} histogram"]
        elif not name.endswith(("_seconds_sum", "_seconds_count")):
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


def settle(url, wanted, limit=60, outcomes=True, requests=False):
    """Polls live_check until its problems are as wanted; returns the last result."""
    end = time.monotonic() + limit
    while True:
        count, problems = live_check.check(url, outcomes=outcomes, requests=requests)
        if wanted(problems) or time.monotonic() > end:
            return count, problems
        time.sleep(1)


def main():
    checked = subprocess.run(["promtool", "check", "metrics"], input=exposition(), capture_output=True, text=True)
    if checked.returncode:
        raise SystemExit("promtool check metrics: " + checked.stdout + checked.stderr)
    with serving() as port, prometheus(port) as url:
        until("Prometheus answers", lambda: live_check.Prometheus(url).get("rules")["groups"])
        count, problems = settle(url, lambda found: not found, requests=True)
        if problems:
            raise SystemExit("\n".join(problems))
        print(f"{count} queries answered")
        Daemon.without = "fleetmeter_ledger_file_in_place"
        _, problems = settle(url, lambda found: found)
        if not any("are its files: empty" in p for p in problems):
            raise SystemExit("a metric that is gone was not noticed")
        print("noticed a metric that is gone")


if __name__ == "__main__":
    sys.exit(main())
