"""What lint.py looks at: the rendered files as plain values, and how to find things in them."""

import json
import pathlib
import re
import subprocess

import yaml

HERE = pathlib.Path(__file__).resolve().parent
DASHBOARDS = HERE.parents[2] / "dashboards"
TARGET_LABELS = {"job", "instance", "__name__"}
# Series that Prometheus makes itself.
OF_ALERTS = {"alertname", "alertstate", "severity", "pool", "owner", "category"}
BUILT_IN = {"up": ("gauge", set()), "ALERTS": ("gauge", OF_ALERTS), "ALERTS_FOR_STATE": ("gauge", OF_ALERTS)}
BRIDGES = {"max_over_time", "min_over_time", "avg_over_time", "quantile_over_time", "predict_linear", "deriv"}
# Alerts whose value is a state and says nothing beside the summary.
NO_VALUE = {
    "FleetmeterAbsent", "FleetmeterClockUnconfirmed", "FleetmeterLedgerFileMoved", "FleetmeterMarginPerRequestDeclining", "FleetmeterProviderKeysGone",
    "FleetmeterUnhealthy",
}  # fmt: skip
# Counters that begin with what a start found: an increase would miss it.
COUNTED_AT_START = {"fleetmeter_collector_damaged_segments_total", "fleetmeter_collector_lost_reports_total"}
# Dashboard variables that do not parse as PromQL, and values that do.
VARIABLES = {
    "$__rate_interval": "1m", "$__range": "1h", "$__interval": "1m", "$ask": "512",
    "$inference_percent": "20", "$training_percent": "18",
}  # fmt: skip


class Input:
    """All that is linted, as plain values, so that the self-test can break a copy."""

    def __init__(self):
        rendered = DASHBOARDS / "rendered"
        self.metrics = read_metrics((DASHBOARDS / "METRICS.md").read_text())
        self.rules = yaml.safe_load((rendered / "rules.yaml").read_text())["groups"]
        self.alerts = yaml.safe_load((rendered / "alerts.yaml").read_text())["groups"]
        self.dashboards = {p.name: json.loads(p.read_text()) for p in sorted(rendered.glob("*.json"))}
        self.alertmanager = yaml.safe_load((DASHBOARDS / "alertmanager.example.yml").read_text())
        self.runbook = (DASHBOARDS / "RUNBOOK.md").read_text()
        self.tests = [yaml.safe_load(p.read_text()) for p in sorted((HERE / "rules").glob("*_test.yaml"))]
        config = subprocess.run(
            ["jsonnet", "-e", "(import 'mixin.libsonnet')._config"], cwd=DASHBOARDS, check=True, capture_output=True
        )
        self.config = json.loads(config.stdout)

    def recorded(self):
        return [rule for group in self.rules for rule in group["rules"]]

    def alerting(self):
        return [rule for group in self.alerts for rule in group["rules"]]

    def panels(self):
        return [(name, p) for name, d in self.dashboards.items() for p in d["panels"] if p["type"] != "row"]


# Histograms of what is there now: they fall, and are read as they are.
OF_THE_PRESENT = {"fleetmeter_pool_demand_wait_seconds"}


def read_metrics(text):
    """name -> (type, labels) from the tables of METRICS.md, histogram series included."""
    metrics = {}
    for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\|", text, re.M):
        labels = {label.strip() for label in labels.split(",")} - {""}
        metrics[name] = (kind, labels)
        if kind == "histogram":
            series = "gauge" if name in OF_THE_PRESENT else "counter"
            metrics[name + "_bucket"] = (series, labels)
            metrics[name + "_sum"] = metrics[name + "_count"] = (series, labels - {"le"})
    return metrics


def targets(panel):
    return [t["expr"] for t in panel.get("targets", [])]


def plain(expr):
    """A dashboard expression with values for its variables, so that it parses."""
    for variable, value in VARIABLES.items():
        expr = expr.replace(variable, value)
    return expr


def variable_selectors(dashboard):
    queries = [v["definition"] for v in dashboard["templating"]["list"] if v["type"] == "query"]
    return [re.fullmatch(r"label_values\((.*), (\w+)\)", q).groups() for q in queries]


def dashboard_exprs(dashboard):
    exprs = [e for p in dashboard["panels"] for e in targets(p)]
    exprs += [a["expr"] for a in dashboard["annotations"]["list"] if "expr" in a]
    exprs += [selector for selector, _ in variable_selectors(dashboard)]
    return exprs


def runbook_exprs(text):
    return [line for block in re.findall(r"```promql\n(.*?)```", text, re.S) for line in block.splitlines()]


def every_expr(inp):
    """(where, expression) of all there is."""
    for rule in inp.recorded() + inp.alerting():
        yield rule.get("record") or rule.get("alert"), rule["expr"]
    for name, dashboard in inp.dashboards.items():
        for expr in dashboard_exprs(dashboard):
            yield name, plain(expr)
    for expr in runbook_exprs(inp.runbook):
        yield "RUNBOOK.md", expr
    for rule in inp.alerting():
        for query in re.findall(r'printf "((?:[^"\\]|\\.)*)"(?: \$labels\.\w+)+(?: \([^)]*\))? \| query', rule["annotations"]["description"]):
            yield rule["alert"] + " description", query.replace("%q", '"x"').replace('\\"', '"')


def walk(node):
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from walk(child)
