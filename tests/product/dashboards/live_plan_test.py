#!/usr/bin/python3
"""Planned and actual shares, end to end: collector, daemon, and a real Prometheus that scrapes it.

Every category and tier has a planned and an actual share; they agree with what this test works out itself from the
pools' series and the plan's file; and a new plan moves planned shares and drift at the next reload, with SIGHUP or
without, and the actual shares not at all.
"""
import contextlib
import os
import pathlib
import signal
import sys
import tempfile

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
import live_check
from inhibit_test import until
from live_daemon_test import FLEET, replaying
from live_fake_test import prometheus
from programs import SOURCE, Daemon

PLAN = {**yaml.safe_load((SOURCE / "deploy/demo/plan.yaml").read_text()), "effective_from": "2025-01-01T00:00:00Z"}
FRAMEWORK = yaml.safe_load((SOURCE / "deploy/demo/framework.yaml").read_text())
EXACT = 1e-9


def ratio(text):
    return float(text[:-1]) / 100 if isinstance(text, str) else text


class Figures:
    """What Prometheus knows at one scrape: all series of one timestamp."""

    def __init__(self, prom):
        # A scrape is one instant for the daemon: its series carry one timestamp.
        rows = prom.get("query", query='{__name__=~"fleetmeter_.+",job="fleetmeter"}')["result"]
        self.rows = [(s["metric"], float(s["value"][1])) for s in rows]

    def by(self, name, label):
        return {m[label]: v for m, v in self.rows if m["__name__"] == name and label in m}

    def total(self, name, **labels):
        return sum(v for m, v in self.rows
                   if m["__name__"] == name and all(m.get(k) == x for k, x in labels.items()))

    def only(self, name):
        values = [v for m, v in self.rows if m["__name__"] == name]
        assert len(values) == 1, (name, values)
        return values[0]

    def info(self, name):
        rows = [m for m, _ in self.rows if m["__name__"] == name]
        assert len(rows) == 1, (name, rows)
        return rows[0]


def expect_near(what, want, got, relative=EXACT):
    assert want.keys() == got.keys(), (what, want, got)
    for key, value in want.items():
        assert abs(value - got[key]) <= relative * max(1, abs(value)), (what, key, value, got[key])


def sums(figures, label):
    """H100e that pools of each tier or category hold, from the pools' own series."""
    of_pool = figures.by("fleetmeter_pool_info", "pool").keys()
    group = {m["pool"]: m[label] for m, _ in figures.rows if m["__name__"] == "fleetmeter_pool_info"}
    out = {}
    for pool in of_pool:
        held = figures.total("fleetmeter_pool_assigned_h100e", pool=pool)
        out[group[pool]] = out.get(group[pool], 0) + held
    return out


def check(figures, plan):
    """Everything about the plan beside the fleet, worked out again."""
    planned = {
        "category": {c: ratio(plan["categories"].get(c, 0)) for c in ("inference", "training", "research", "safety")},
        "tier": {t: ratio(plan["tiers"].get(t, 0)) for t in ("p0", "p1", "p2", "buffer")},
    }
    supply = figures.only("fleetmeter_plan_supply_h100e")
    states = {s: figures.total("fleetmeter_supply_h100e", state=s) for s in ("unassigned", "unhealthy", "reserved")}
    assigned = figures.total("fleetmeter_pool_assigned_h100e")
    heard = assigned + sum(states.values())
    actual = {}
    for label in ("category", "tier"):
        prefix = f"fleetmeter_plan_{label}"
        actual[label] = {k: v / heard for k, v in sums(figures, label).items()}
        expect_near("planned " + label, planned[label], figures.by(prefix + "_share_ratio", label))
        expect_near("planned " + label, {k: v * supply for k, v in planned[label].items()},
                    figures.by(prefix + "_h100e", label))
        expect_near("actual " + label, actual[label], figures.by(prefix + "_actual_share_ratio", label))
        expect_near("drift of " + label, {k: v - planned[label][k] for k, v in actual[label].items()},
                    figures.by(prefix + "_drift_ratio", label))
        rest = sum(figures.only(f"fleetmeter_plan_{r}_share_ratio") for r in ("unassigned", "unavailable", "unplanned"))
        assert abs(sum(actual[label].values()) + rest - 1) < EXACT, (label, actual, rest)
    assert actual["category"].keys() == planned["category"].keys()

    buffer = figures.only("fleetmeter_plan_buffer_h100e")
    expect_near("buffer", {"": planned["tier"]["buffer"] * supply}, {"": buffer})
    consumed = assigned + states["unhealthy"] + states["reserved"] - (supply - buffer)
    expect_near("consumed", {"": min(max(consumed, 0), buffer)},
                {"": figures.total("fleetmeter_plan_buffer_consumed_h100e")})
    check_pace(figures, planned["category"], actual["category"], supply)


def check_pace(figures, planned, actual, supply):
    """The straight line, from the framework's own numbers."""
    sizes = FRAMEWORK["throughput"]["sizes"].values()
    tokens = sum(s["tokens_per_second"] * ratio(s["weight"]) for s in sizes) * 3600
    tokens *= ratio(FRAMEWORK["throughput"]["resource_constraint"]) / 1e6
    prices = FRAMEWORK["prices"].values()
    usd = tokens * sum(ratio(m["usage"]) * (m["output"] + m["input"] / 2) for m in prices)
    usd *= 1 - ratio(FRAMEWORK["revenue"]["discount"])
    hours = FRAMEWORK["hours_per_year"]
    utilization = figures.only("fleetmeter_plan_inference_utilization_ratio")
    busy = held = 0
    for metric, _ in figures.rows:
        if metric["__name__"] == "fleetmeter_pool_info" and metric["category"] == "inference":
            busy += figures.total("fleetmeter_pool_busy_h100e", pool=metric["pool"])
            held += figures.total("fleetmeter_pool_assigned_h100e", pool=metric["pool"])
    assert held > 0
    expect_near("utilization", {"": busy / held}, {"": utilization})  # all of it is measured
    want = {
        "planned": planned["inference"] * supply * hours * usd * ratio(FRAMEWORK["revenue"]["utilization"]),
        "serviceable": actual["inference"] * supply * hours * usd * utilization,
    }
    want["forgone"] = max(0, want["planned"] - want["serviceable"])
    got = {what: figures.by(f"fleetmeter_pace_{what}_revenue_usd_per_year", "curve") for what in want}
    assert all(by.keys() == {"linear", "diminishing"} for by in got.values()), got
    expect_near("revenue", want, {what: by["linear"] for what, by in got.items()}, 1e-6)
    expect_near("training", {"": actual["training"] * supply * hours * 3600},
                {"": figures.only("fleetmeter_pace_training_h100e_seconds_per_year")}, 1e-6)


def take(prom, version):
    """The figures of a scrape at which that version of the plan was in force, once the whole fleet is heard."""
    def ready():
        figures = Figures(prom)
        heard = figures.by("fleetmeter_supply_coverage_ratio", "instance").values()
        infos = [m for m, _ in figures.rows if m["__name__"] == "fleetmeter_plan_info"]
        # A plan that was replaced goes on for no scrape: its series ends with a staleness marker.
        if [m["version"] for m in infos] != [str(version)] or list(heard) != [1]:
            return None
        return figures
    return until(f"version {version} is measured", ready, limit=60)


def changed_plan(version, inference, research):
    plan = {**PLAN, "version": version, "effective_from": f"2025-01-0{version}T00:00:00Z"}
    plan["categories"] = {**PLAN["categories"], "inference": f"{inference}%", "research": f"{research}%"}
    return plan


def write(path, plan):
    """Replaces the file at once, as an editor would."""
    new = path.with_suffix(".new")
    new.write_text(yaml.safe_dump(plan))
    os.replace(new, path)


def main():
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        plan = folder / "plan.yaml"
        write(plan, PLAN)
        daemon = stack.enter_context(Daemon(
            SOURCE / "deploy/catalog/default.yaml", [plan],
            f"framework: {SOURCE}/deploy/demo/framework.yaml\nlive: {{silent_after: 60s}}\n"))
        stack.enter_context(replaying(daemon, FLEET))
        url = stack.enter_context(prometheus(daemon.addresses["http"].rsplit(":", 1)[1]))
        prom = live_check.Prometheus(url)

        first = take(prom, 1)
        check(first, PLAN)
        assert first.info("fleetmeter_catalog_info")["version"] == "3"
        assert first.info("fleetmeter_framework_info")["framework"] == "demo"

        write(plan, changed_plan(2, 22, 35))
        os.kill(daemon.pid, signal.SIGHUP)
        second = take(prom, 2)
        check(second, changed_plan(2, 22, 35))
        drift = [f.by("fleetmeter_plan_category_drift_ratio", "category") for f in (first, second)]
        assert abs(drift[1]["inference"] - drift[0]["inference"] + 0.02) < EXACT, drift
        expect_near("actual shares", first.by("fleetmeter_plan_category_actual_share_ratio", "category"),
                    second.by("fleetmeter_plan_category_actual_share_ratio", "category"))

        write(plan, changed_plan(3, 24, 33))  # and nobody says so
        check(take(prom, 3), changed_plan(3, 24, 33))
    print("planned and actual shares agree, through two reloads")


if __name__ == "__main__":
    sys.exit(main())
