#!/usr/bin/python3
"""What somebody sees after README's commands from the package to a dashboard.

    first_steps_check.py PART ROOT

runs in the network of the machine that is looked at; ROOT is where its files are. PART is one of
these:

console     The daemon's page and all that it loads are served. Each view shows an answer in a real
            browser, with no error and no request elsewhere.
prometheus  The daemon is scraped, every rule is loaded and evaluated, and nothing alerts.
usage       The collector is scraped, too, and what its source says is shown.
grafana     The provisioning names a folder that has every dashboard, as Grafana's model has them,
            and a Prometheus, which answers all that the dashboards ask.
"""
import json
import pathlib
import sys
import time
import urllib.request

import jsonschema
import yaml

SOURCE = pathlib.Path(__file__).resolve().parents[1]
for folder in ("tests/support", "tests/product/console", "tests/product/dashboards"):
    sys.path.insert(0, str(SOURCE / folder))

import dashboard_model
import dashboard_schema
import live_check
from browser import Browser
from looks import VIEWS, check_page, settled

DAEMON = "http://127.0.0.1:9477"
POOL = "safety-evals"  # of the example plan
# The installed configuration names no benchmarks, and this view says so.
SEEN = [view.replace("research-scaling", POOL) for view in VIEWS if view != "capability"]
PROMETHEUS = "http://127.0.0.1:9090"
RENDERED = SOURCE / "dashboards/rendered"
LIMIT_SECONDS = 120  # four scrapes and evaluations, on a slow machine


def await_that(condition, what):
    """Looks until nothing is said to be wrong; fails with what is."""
    end = time.monotonic() + LIMIT_SECONDS
    while wrong := condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: {wrong}")
        time.sleep(0.2)


def check_console(_):
    with Browser() as browser:
        for view in SEEN:
            with browser.open(f"{DAEMON}/#/{view}") as page:
                settled(page)
                check_page(page, view, DAEMON)
                loaded = set(page.requests)
        assert len(loaded) > 2, loaded
    for url in loaded:
        if url.startswith(DAEMON):
            with urllib.request.urlopen(url, timeout=30) as answer:
                assert answer.status == 200 and answer.read(), url
    print(f"{len(SEEN)} views")


def other_targets(prometheus, collector):
    health = {target["labels"]["job"]: target["health"]
              for target in prometheus.get("targets")["activeTargets"]}
    wanted = {"fleetmeter": "up", "fleetmeter-collector": collector}
    return "" if health == wanted else f"{health}; expected {wanted}"


def check_prometheus(_):
    prometheus = live_check.Prometheus(PROMETHEUS)
    await_that(lambda: other_targets(prometheus, collector="down"), "targets")
    await_that(lambda: "\n".join(live_check.rule_health(prometheus, RENDERED)), "rules")
    # Recorded for every pool of the example plan.
    await_that(lambda: "" if prometheus.instant("pool:fleetmeter_pool_info:latest5m") else "empty",
               "a recorded series")
    allocated = prometheus.instant("sum(fleetmeter_pool_allocated_h100e)")
    assert float(allocated[0]) > 0, allocated
    # Nobody reports, so nothing is known of use.
    assert not prometheus.instant("fleetmeter_pool_utilization_ratio")
    firing = prometheus.instant('ALERTS{alertstate="firing"}')
    assert not firing, prometheus.get("alerts")


def other_use(prometheus):
    busy = prometheus.instant(f'fleetmeter_pool_busy_h100e{{pool="{POOL}"}}')
    # Half of 8 B200, each of which counts as 3 H100e.
    return "" if [float(value) for value in busy] == [12] else f"busy is {busy}"


def check_usage(_):
    prometheus = live_check.Prometheus(PROMETHEUS)
    await_that(lambda: other_targets(prometheus, collector="up"), "targets")
    await_that(lambda: other_use(prometheus), "the pool")


def file_there(root, path):
    """A file of the machine, whose links lead to its own files."""
    assert path.is_absolute(), path
    return root / path.relative_to("/")


def provisioned(root, kind):
    folder = root / "etc/grafana/provisioning" / kind
    documents = [yaml.safe_load(file.read_text()) for file in sorted(folder.glob("*.yaml"))]
    assert len(documents) == 1 and documents[0]["apiVersion"] == 1, documents
    return documents[0]


def check_dashboards(root):
    provider, = provisioned(root, "dashboards")["providers"]
    folder = file_there(root, pathlib.Path(provider["options"]["path"]))
    boards = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
    assert boards.keys() == {path.name for path in RENDERED.glob("*.json")}, boards.keys()
    validator = jsonschema.Draft202012Validator(dashboard_model.schema())
    wrong = [found for name, board in boards.items()
             for found in dashboard_schema.findings(validator, name, board)]
    assert not wrong, wrong
    return boards


def check_grafana(root):
    boards = check_dashboards(root)
    source, = provisioned(root, "datasources")["datasources"]
    assert source["type"] == "prometheus", source
    prometheus = live_check.Prometheus(source["url"])
    asked = 0
    for name, board in boards.items():
        for where, run in live_check.dashboard_queries(prometheus, name, board):
            found = live_check.problem(where, run)
            # One host of a large plan reports, so much is not known.
            assert found in (None, "empty"), (where, found)
            asked += found is None
    assert asked > 100, f"only {asked} queries have an answer"
    print(f"{len(boards)} dashboards, {asked} queries with an answer")


def main():
    part, root = sys.argv[1:]
    {"console": check_console, "prometheus": check_prometheus,
     "usage": check_usage, "grafana": check_grafana}[part](pathlib.Path(root))


if __name__ == "__main__":
    main()
