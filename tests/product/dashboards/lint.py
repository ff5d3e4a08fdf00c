#!/usr/bin/python3
"""Lints the rendered rules, alerts and dashboards, the example for Alertmanager and the runbook.

Each finding starts with the number of the rule that it breaks:
  1 names and units   2 labels   6 record names   7 ratios of sums   8 without   9 windows and group names
  10 alert names   11 severities   12 for   13 texts   14 runbook   15 dashboard link   16 gauges bridged
  17 capacity   18 absence and inhibition   19 one config   20 tests   21 variables   22 panel texts
  23 PromQL and counters   24 identity and links   25 size of a dashboard   0 structure
Rules 3 and 4 (sums that mean something, timestamps) and 5 (promtool check metrics) need a live daemon or a
reader. --self-test breaks the input in memory and requires that each break is found.
"""

import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

import promql

HERE = pathlib.Path(__file__).resolve().parent
DASHBOARDS = HERE.parents[2] / "dashboards"
TARGET_LABELS = {"job", "instance", "__name__"}
# Series that Prometheus makes itself.
BUILT_IN = {"up": ("gauge", set())}
BRIDGES = {"max_over_time", "min_over_time", "avg_over_time", "quantile_over_time", "predict_linear", "deriv"}
# Alerts whose value is a state and says nothing beside the summary.
NO_VALUE = {
    "FleetmeterAbsent", "FleetmeterClockUnconfirmed", "FleetmeterLedgerFileMoved", "FleetmeterMarginPerRequestDeclining", "FleetmeterUnhealthy",
}  # fmt: skip
# Counters that begin with what a start found: an increase would miss it.
COUNTED_AT_START = {"fleetmeter_collector_damaged_segments_total", "fleetmeter_collector_lost_reports_total"}
# Dashboard variables that do not parse as PromQL, and values that do.
VARIABLES = {"$__rate_interval": "1m", "$__range": "1h", "$__interval": "1m", "$ask": "512"}


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
        for query in re.findall(r'printf "((?:[^"\\]|\\.)*)"(?: \$labels\.\w+)+ \| query', rule["annotations"]["description"]):
            yield rule["alert"] + " description", query.replace("%q", '"x"').replace('\\"', '"')


def lint_names(inp):
    for name, (kind, labels) in inp.metrics.items():
        if not re.match(r"(fleetmeter|process)_[a-z0-9_]+$", name):
            yield f"1 METRICS.md: {name} has a foreign prefix"
        is_series_of_histogram = re.search(r"_(bucket|sum|count)$", name)
        if (kind == "counter") != name.endswith("_total") and not is_series_of_histogram:
            yield f"1 METRICS.md: {name} is a {kind}"
        # At most 10 pairs of sources are named, and a collector's configuration names its own sources.
        few = name == "fleetmeter_suspect_source_info" or name.startswith(
            ("fleetmeter_collector_source_", "fleetmeter_collector_quota_", "fleetmeter_collector_served_"))
        bounded = {"source"} if few else set()
        for label in labels & {"workload", "host", "uuid", "source", "stream", "device"} - bounded:
            yield f"2 METRICS.md: {name} has the unbounded label {label}"


def lint_exprs(inp):
    recorded = {rule["record"] for rule in inp.recorded()}
    for where, expr in every_expr(inp):
        for series in promql.parse(expr)[0]:
            known = inp.metrics.get(series.name) or BUILT_IN.get(series.name)
            if series.name not in recorded and not known:
                yield f"0 {where}: there is no metric {series.name}"
                continue
            if known and not series.labels <= known[1] | TARGET_LABELS | {inp.config["clusterLabel"]}:
                yield f"0 {where}: {series.name} has no label {sorted(series.labels - known[1] - TARGET_LABELS)}"
            allowed = ("rate", "increase") + (("max_over_time",) if series.name in COUNTED_AT_START else ())
            in_text = where.endswith(" description")  # what was counted, beside the value
            if known and known[0] == "counter" and series.call not in allowed and not in_text:
                yield f"23 {where}: counter {series.name} outside of rate or increase"
            if series.name.endswith("_ratio") and series.call == "avg":
                yield f"7 {where}: average of the ratio {series.name}"
    for name, dashboard in inp.dashboards.items():
        for expr in dashboard_exprs(dashboard):
            if re.search(r"\b(rate|increase)\(", expr) and "$__rate_interval" not in expr:
                yield f"23 {name}: rate without $__rate_interval: {expr}"
    yield from lint_parse(inp)


def lint_parse(inp):
    """Lets promtool parse every expression, as rules of one file."""
    exprs = [expr for _, expr in every_expr(inp)]
    rules = [{"record": f"lint:expression:{i}", "expr": expr} for i, expr in enumerate(exprs)]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({"groups": [{"name": "lint", "rules": rules}]}, file)
        file.flush()
        done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True)
    if done.returncode:
        yield f"23 promtool: {done.stderr.strip()}"


def durations(record):
    """Seconds of the windows in the operations of a record name."""
    return [promql.seconds(d) for d in re.findall(r"\d+[smhd](?![a-z])", record.split(":")[2].replace("p95", ""))]


def lint_recording(inp):
    names = [rule["record"] for rule in inp.recorded()]
    for name in {n for n in names if names.count(n) > 1}:
        yield f"6 {name} is recorded twice"
    for group in inp.rules:
        if not re.fullmatch(r"fleetmeter_[a-z_]+", group.get("name", "")):
            yield f"9 a group has no proper name: {group.get('name')}"
    for rule in inp.recorded():
        record, expr = rule["record"], rule["expr"]
        if not re.fullmatch(r"(pool|category|tier|fleet|model|customer_tier|segment):fleetmeter_[a-z0-9_]+:[a-z0-9_]+", record):
            yield f"6 {record}: not level:metric:operations"
            continue
        series, _, calls, windows = promql.parse(expr)
        if re.search(r"\bby\s*\(", expr):
            yield f"8 {record}: by instead of without"
        if "avg" in calls:
            yield f"7 {record}: averages series"
        if record.endswith(":ratio") and "/" not in expr:
            yield f"7 {record}: not a division"
        own = {promql.seconds(w) for w in windows}
        # A window inside a recorded series counts, but for the join that only names the owner.
        inherited = {s for r in series if ":" in r.name and "_info:" not in r.name for s in durations(r.name)}
        if set(durations(record)) != own | inherited:
            yield f"9 {record}: windows in the expression are {sorted(own | inherited)} s"


def lint_alerts(inp):
    anchors = {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in re.findall(r"^##+ (.*)$", inp.runbook, re.M)}
    uids = {d["uid"] for d in inp.dashboards.values()}
    for rule in inp.alerting():
        name, expr, notes = rule["alert"], rule["expr"], rule.get("annotations", {})
        if not re.fullmatch(r"Fleetmeter([A-Z][a-z0-9]+)+", name):
            yield f"10 {name}: not CamelCase with the prefix"
        if rule.get("labels", {}).get("severity") not in ("critical", "warning", "info"):
            yield f"11 {name}: severity"
        if "for" not in rule:
            yield f"12 {name}: no for"
        summary, description = notes.get("summary", ""), notes.get("description", "")
        if not re.fullmatch(r"[A-Z][^{}]*\.", summary):
            yield f"13 {name}: the summary is not a fixed sentence"
        if "$labels." not in description or ("$value" not in description and name not in NO_VALUE):
            yield f"13 {name}: the description lacks labels or value"
        url, _, anchor = notes.get("runbook_url", "").partition("#")
        if url != inp.config["runbookUrl"] or anchor not in anchors:
            yield f"14 {name}: runbook_url"
        link = re.match(re.escape(inp.config["dashboardBaseUrl"]) + r"/d/([\w-]+)", notes.get("dashboard_url", ""))
        if not link or link.group(1) not in uids:
            yield f"15 {name}: dashboard_url"
        yield from lint_alert_expr(inp, name, expr)
    if sum(r["labels"].get("severity") == "critical" for r in inp.alerting() if "labels" in r) > 4:
        yield "11 too many critical alerts"
    for anchor in re.findall(r"^## (Fleetmeter\w+)$", inp.runbook, re.M):
        if anchor not in {r["alert"] for r in inp.alerting()}:
            yield f"14 RUNBOOK.md: {anchor} is no alert"
    for section in re.split(r"^## ", inp.runbook, flags=re.M)[1:]:
        for part in ("Meaning", "Impact", "Diagnosis", "Mitigation"):
            if f"**{part}.**" not in section:
                yield f"14 RUNBOOK.md: {section.split()[0]} lacks {part}"


def lint_alert_expr(inp, name, expr):
    series, _, calls, _ = promql.parse(expr)
    for s in series:
        kind = (inp.metrics.get(s.name) or BUILT_IN.get(s.name) or ("recorded",))[0]
        if kind == "gauge" and s.call not in BRIDGES | {"absent"}:
            yield f"16 {name}: gauge {s.name} is not bridged over failed scrapes"
    if "Exhausted" in name and not ("predict_linear" in calls and "max_over_time" in calls):
        yield f"17 {name}: needs a current level and predict_linear"
    if name == "FleetmeterPoolUnderused" and "fleetmeter_pool_coverage_ratio" not in {s.name for s in series}:
        yield f"18 {name}: does not look at coverage"
    if any("_plan_" in s.name for s in series) and "fleetmeter_supply_coverage_ratio" not in {s.name for s in series}:
        yield f"18 {name}: does not look at coverage"
    if name == "FleetmeterBufferConsumed" and not ("predict_linear" in calls and "min_over_time" in calls):
        yield f"17 {name}: needs a current level and predict_linear"
    if name == "FleetmeterAbsent" and not ("absent" in calls and "up" in {s.name for s in series}):
        yield f"18 {name}: does not look for the target"


def lint_absence(inp):
    names = {rule["alert"] for rule in inp.alerting()}
    inhibited = {t for r in inp.alertmanager.get("inhibit_rules", []) for t in r["target_matchers"]
                 if r["source_matchers"] == ['alertname="FleetmeterSupplyCoverageLow"'] and r["equal"] == ["job", "instance"]}
    if 'alertname=~"FleetmeterPlanShareDrift|FleetmeterBufferConsumed|FleetmeterP0BelowGuarantee"' not in inhibited:
        yield "18 alertmanager.example.yml: low coverage of the supply does not inhibit the alerts about the plan"
    untold = ['alertname="FleetmeterBenchmarkSuiteSaturated"'], ['alertname="FleetmeterBenchmarkSaturated"']
    if untold not in [(r["source_matchers"], r["target_matchers"]) for r in inp.alertmanager.get("inhibit_rules", [])]:
        yield "18 alertmanager.example.yml: a saturated suite does not inhibit its benchmarks"
    for name in ("FleetmeterAbsent", "FleetmeterSilentSources", "FleetmeterCoverageLow"):
        if name not in names:
            yield f"18 there is no alert {name}"
    wanted = ['alertname="FleetmeterCoverageLow"'], ['alertname="FleetmeterPoolUnderused"'], {"job", "instance", "pool"}
    found = [(r["source_matchers"], r["target_matchers"], set(r["equal"])) for r in inp.alertmanager.get("inhibit_rules", [])]
    if wanted not in found:
        yield "18 alertmanager.example.yml: low coverage does not inhibit underuse"
    for rule in inp.alertmanager.get("inhibit_rules", []):
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            value = matcher.split('"')[1]
            if "=~" not in matcher and value not in names:
                yield f"18 alertmanager.example.yml: there is no alert {value}"


def thresholds_of(config):
    c = config
    horizon = promql.seconds(c["headroom"]["horizon"])
    return {
        c["underuse"]["utilizationRatio"], c["coverage"]["ratio"], c["headroom"]["exhaustedRatio"], horizon,
        c["plan"]["driftRatio"], -c["plan"]["driftRatio"], c["plan"]["bufferRatio"], c["plan"]["bufferStartedRatio"],
        c["plan"]["p0ShortfallH100e"], c["sources"]["silentRatio"], c["sources"]["excessChips"], c["ingest"]["rejectedRatio"], c["ingest"]["queueRatio"],
        c["clock"]["skewedRatio"], promql.seconds(c["tls"]["expiresWithin"]),
        promql.seconds(c["collector"]["behind"]), promql.seconds(c["collector"]["damageTold"]),
        c["outcomes"]["unpricedRatio"], promql.seconds(c["outcomes"]["staleAfter"]), c["outcomes"]["muchRatio"],
        c["ledger"]["logBytes"], c["shares"]["usedRatio"],
        c["outcomes"]["littleRatio"], c["outcomes"]["knownRatio"], c["outcomes"]["hiddenRatio"], c["outcomes"]["unattributedRatio"],
    }  # fmt: skip


def lint_thresholds(inp):
    allowed = thresholds_of(inp.config)
    for rule in inp.alerting():
        for number in re.findall(r"[<>]=? ([\d.]+)", rule["expr"]):
            if float(number) not in allowed | {0}:
                yield f"19 {rule['alert']}: {number} is not in _config"
    for name, panel in inp.panels():
        for node in walk(panel["fieldConfig"]):
            for step in node.get("steps", []):
                if step["value"] is not None and step["value"] not in allowed | {0}:
                    yield f"25 {name}: threshold {step['value']} of '{panel['title']}' is not in _config"


def walk(node):
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from walk(child)


def lint_tests(inp):
    cases = [c for file in inp.tests for t in file["tests"] for c in t.get("alert_rule_test", [])]
    for rule in inp.alerting():
        mine = [c for c in cases if c["alertname"] == rule["alert"]]
        if not any(not c["exp_alerts"] for c in mine):
            yield f"20 {rule['alert']}: no test that it is quiet"
        if not any(set(a.get("exp_annotations", {})) == set(rule["annotations"]) for c in mine for a in c["exp_alerts"]):
            yield f"20 {rule['alert']}: no test of its annotations"


def lint_dashboards(inp):
    uids = [d["uid"] for d in inp.dashboards.values()]
    if len(set(uids)) != len(uids):
        yield "24 two dashboards have one uid"
    for name, d in inp.dashboards.items():
        view = d["title"].removeprefix("Fleetmeter / ")
        if d["uid"] != "fleetmeter-" + view.lower() or f"{view.lower()}.json" != name or view == d["title"]:
            yield f"24 {name}: title, uid and file name differ"
        if inp.config["dashboard"]["tag"] not in d["tags"] or not 37 <= d["schemaVersion"] <= 39:
            yield f"24 {name}: tag or schemaVersion"
        if not any(l["type"] == "dashboards" and l["keepTime"] and l["includeVars"] for l in d["links"]):
            yield f"24 {name}: no tag link that keeps time and variables"
        ids = [p["id"] for p in d["panels"]]
        if len(set(ids)) != len(ids):
            yield f"24 {name}: panel ids are not unique"
        variables = {v["name"]: v for v in d["templating"]["list"]}
        if not {"datasource", "cluster", "pool", "team"} <= set(variables):
            yield f"21 {name}: variables"
        if [v["name"] for v in variables.values() if v["type"] == "datasource"] != ["datasource"]:
            yield f"21 {name}: not one datasource variable"
        users = [n for n in walk(d) if isinstance(n.get("datasource"), dict)]
        if any(u["datasource"] != {"type": "prometheus", "uid": "${datasource}"} for u in users):
            yield f"21 {name}: a datasource that is not ${{datasource}}"
        used = set(re.findall(r"\$\{?(\w+)", json.dumps(d))) - {"datasource"}
        for variable in used - set(variables) - {v[1:] for v in VARIABLES}:
            if not variable.startswith("__"):
                yield f"21 {name}: there is no variable {variable}"
        graphs = [p for p in d["panels"] if p["type"] == "timeseries"]
        if len(graphs) > 6:
            yield f"25 {name}: {len(graphs)} graphs"
        for a, b in ((a, b) for a in d["panels"] for b in d["panels"] if a["id"] < b["id"]):
            if overlap(a["gridPos"], b["gridPos"]):
                yield f"0 {name}: panels {a['id']} and {b['id']} overlap"
    for name, panel in inp.panels():
        yield from lint_panel(name, panel, inp)


def overlap(a, b):
    return a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


def lint_panel(name, panel, inp):
    where = f"{name} '{panel.get('title')}'"
    if not panel.get("title") or not panel.get("description"):
        yield f"22 {where}: title or description"
    if panel["gridPos"]["x"] + panel["gridPos"]["w"] > 24:
        yield f"0 {where}: wider than the grid"
    if panel["type"] not in ("stat", "timeseries", "table", "text"):
        yield f"0 {where}: panel type {panel['type']}"
    if panel["type"] == "text":
        return
    defaults = panel["fieldConfig"]["defaults"]
    if not defaults.get("unit"):
        yield f"22 {where}: unit"
    if defaults.get("noValue") != "no data":
        yield f"0 {where}: missing data does not read 'no data'"
    if not panel["targets"] or any("datasource" not in t for t in panel["targets"]):
        yield f"21 {where}: a target without datasource"
    if len({t["refId"] for t in panel["targets"]}) != len(panel["targets"]):
        yield f"0 {where}: refIds are not unique"
    if panel["type"] == "timeseries":
        if len(panel["targets"]) > 5:
            yield f"25 {where}: more than five lines"
        if defaults["custom"]["stacking"]["mode"] != "none" or defaults["custom"]["spanNulls"]:
            yield f"25 {where}: stacks, or draws over gaps"
    elif any(not t["instant"] for t in panel["targets"]):
        yield f"0 {where}: a range query would show a value that has gone"
    if panel["type"] == "table":
        yield from lint_table(where, panel, inp)


def lint_table(where, panel, inp):
    organize = next(t["options"] for t in panel["transformations"] if t["id"] == "organize")
    titles = set(organize["renameByName"].values())
    fields = {f"Value #{t['refId']}" for t in panel["targets"]}
    labels = {f for f in organize["renameByName"] if not f.startswith("Value #")}
    if not fields <= set(organize["renameByName"]) or set(organize["indexByName"]) != set(organize["renameByName"]):
        yield f"0 {where}: columns without a name or a place"
    for target in panel["targets"]:
        if not labels <= promql.parse(plain(target["expr"]))[1]:
            yield f"0 {where}: {target['refId']} does not give the labels {sorted(labels)}"
    overrides = panel["fieldConfig"]["overrides"]
    for override in overrides:
        if override["matcher"]["options"] not in titles:
            yield f"0 {where}: an override for no column: {override['matcher']['options']}"
    for field in fields:
        title = organize["renameByName"].get(field)
        mine = [p for o in overrides if o["matcher"]["options"] == title for p in o["properties"]]
        if not any(p["id"] == "unit" for p in mine):
            yield f"22 {where}: column {title} has no unit"
    links = [l["url"] for o in overrides for p in o["properties"] if p["id"] == "links" for l in p["value"]]
    uids = {d["uid"] for d in inp.dashboards.values()}
    if not links or any(re.match(r"/d/([\w-]+)", u).group(1) not in uids for u in links):
        yield f"24 {where}: no drill-down"
    if panel["options"]["sortBy"][0]["displayName"] not in titles:
        yield f"0 {where}: sorts by no column"


CHECKS = [
    lint_names, lint_exprs, lint_recording, lint_alerts, lint_absence, lint_thresholds, lint_tests, lint_dashboards,
]  # fmt: skip


def lint(inp):
    return [finding for check in CHECKS for finding in check(inp)]


# ---- the lint's own test: (what is broken, number of the rule, how)


def alert_of(inp, name):
    return next(r for r in inp.alerting() if r["alert"] == name)


def remove_alert(inp, name):
    for group in inp.alerts:
        group["rules"] = [r for r in group["rules"] if r["alert"] != name]


def panel_of(inp, kind):
    return next(p for _, p in inp.panels() if p["type"] == kind)


def board(inp):
    return inp.dashboards["headroom.json"]


def replace_in(rule, old, new):
    assert old in rule["expr"], (old, rule["expr"])
    rule["expr"] = rule["expr"].replace(old, new)


UNDERUSED = "FleetmeterPoolUnderused"
MUTATIONS = [
    ("counter without _total", 1, lambda i: i.metrics.update(fleetmeter_requests=("counter", set()))),
    ("unbounded label", 2, lambda i: i.metrics.update(fleetmeter_chip_busy_ratio=("gauge", {"uuid"}))),
    ("record name", 6, lambda i: i.recorded()[0].update(record="pool_info_latest")),
    ("average of ratios", 7, lambda i: i.recorded()[1].update(expr="avg without (pool) (fleetmeter_pool_utilization_ratio)")),
    ("ratio by averaging recorded ratios", 7, lambda i: i.recorded()[-2].update(expr="avg without (pool) (pool:fleetmeter_pool_utilization:ratio)")),
    ("by", 8, lambda i: i.recorded()[1].update(expr="sum by (pool) (fleetmeter_pool_assigned_h100e)")),
    ("window differs from name", 9, lambda i: replace_in(next(r for r in i.recorded() if r["record"].endswith(":min30m")), "[30m]", "[15m]")),
    ("horizon differs from name", 9, lambda i: replace_in(next(r for r in i.recorded() if "predict" in r["record"]), "86400", "3600")),
    ("unnamed group", 9, lambda i: i.rules[0].update(name="")),
    ("alert name", 10, lambda i: i.alerting()[0].update(alert="pool_underused")),
    ("severity", 11, lambda i: i.alerting()[0]["labels"].update(severity="page")),
    ("all critical", 11, lambda i: [r["labels"].update(severity="critical") for r in i.alerting()]),
    ("no for", 12, lambda i: i.alerting()[0].pop("for")),
    ("template in summary", 13, lambda i: i.alerting()[0]["annotations"].update(summary="Pool {{ $labels.pool }} is idle.")),
    ("no value", 13, lambda i: i.alerting()[0]["annotations"].update(description="Pool {{ $labels.pool }}.")),
    ("dead anchor", 14, lambda i: i.alerting()[0]["annotations"].update(runbook_url=i.config["runbookUrl"] + "#nowhere")),
    ("section is gone", 14, lambda i: setattr(i, "runbook", i.runbook.replace("## " + UNDERUSED, "## Other"))),
    ("no mitigation", 14, lambda i: setattr(i, "runbook", i.runbook.replace("**Mitigation.**", "", 1))),
    ("no dashboard", 15, lambda i: i.alerting()[0]["annotations"].update(dashboard_url="https://example.com/d/other")),
    ("bare gauge", 16, lambda i: alert_of(i, "FleetmeterSupplyCoverageLow").update(expr="fleetmeter_supply_coverage_ratio < 0.9")),
    ("no prediction", 17, lambda i: alert_of(i, "FleetmeterHeadroomExhausted").update(expr="max_over_time(fleetmeter_pool_headroom_h100e[5m]) < 0")),
    ("underuse blind to coverage", 18, lambda i: alert_of(i, UNDERUSED).update(expr="max_over_time(fleetmeter_pool_utilization_ratio[5m]) < 0.5")),
    ("no inhibition", 18, lambda i: i.alertmanager["inhibit_rules"].pop(0)),
    ("no inhibition of the plan", 18, lambda i: [r.update(equal=["job"]) for r in i.alertmanager["inhibit_rules"]]),
    ("drift blind to coverage", 18, lambda i: alert_of(i, "FleetmeterPlanShareDrift").update(expr="max_over_time(fleetmeter_plan_category_drift_ratio[5m]) > 0.05")),
    ("buffer without prediction", 17, lambda i: replace_in(alert_of(i, "FleetmeterBufferConsumed"), "predict_linear", "delta")),
    ("no inhibition of benchmarks", 18, lambda i: i.alertmanager["inhibit_rules"].pop(3)),
    ("inhibits too widely", 18, lambda i: i.alertmanager["inhibit_rules"][0].update(equal=["job"])),
    ("no absent alert", 18, lambda i: remove_alert(i, "FleetmeterAbsent")),
    ("threshold of its own", 19, lambda i: replace_in(alert_of(i, UNDERUSED), "< 0.5", "< 0.45")),
    ("untested", 20, lambda i: i.tests.clear()),
    ("firing untested", 20, lambda i: [c.update(exp_alerts=[]) for f in i.tests for t in f["tests"] for c in t.get("alert_rule_test", [])]),
    ("fixed datasource", 21, lambda i: panel_of(i, "stat")["targets"][0].update(datasource={"type": "prometheus", "uid": "abc"})),
    ("no pool variable", 21, lambda i: board(i)["templating"].update(list=[v for v in board(i)["templating"]["list"] if v["name"] != "pool"])),
    ("no description", 22, lambda i: panel_of(i, "stat").update(description="")),
    ("no unit", 22, lambda i: panel_of(i, "timeseries")["fieldConfig"]["defaults"].pop("unit")),
    ("column without unit", 22, lambda i: panel_of(i, "table")["fieldConfig"].update(overrides=panel_of(i, "table")["fieldConfig"]["overrides"][:1])),
    ("PromQL", 23, lambda i: panel_of(i, "stat")["targets"][0].update(expr="sum(fleetmeter_sources) +")),
    ("bare counter", 23, lambda i: panel_of(i, "stat")["targets"][0].update(expr="fleetmeter_ingest_reports_total")),
    ("bare counter of what a start found", 23, lambda i: alert_of(i, "FleetmeterSpoolDamaged").update(expr="fleetmeter_collector_damaged_segments_total > 0")),
    ("maximum of a counter", 23, lambda i: alert_of(i, "FleetmeterReportsDenied").update(expr="max_over_time(fleetmeter_ingest_denied_total[15m]) > 0")),
    ("fixed rate window", 23, lambda i: panel_of(i, "stat")["targets"][0].update(expr="rate(fleetmeter_ingest_reports_total[5m])")),
    ("uid", 24, lambda i: board(i).update(uid="abc")),
    ("title", 24, lambda i: board(i).update(title="Headroom")),
    ("link loses time", 24, lambda i: board(i)["links"][0].update(keepTime=False)),
    ("panel ids", 24, lambda i: board(i)["panels"][1].update(id=1)),
    ("no drill-down", 24, lambda i: [o.update(properties=[p for p in o["properties"] if p["id"] != "links"]) for o in panel_of(i, "table")["fieldConfig"]["overrides"]]),
    ("stacking", 25, lambda i: panel_of(i, "timeseries")["fieldConfig"]["defaults"]["custom"]["stacking"].update(mode="normal")),
    ("too many lines", 25, lambda i: panel_of(i, "timeseries").update(targets=panel_of(i, "timeseries")["targets"] * 3)),
    ("panel threshold", 25, lambda i: panel_of(i, "timeseries")["fieldConfig"]["defaults"]["thresholds"]["steps"].append({"color": "red", "value": 0.42})),
    ("unknown metric in an alert", 0, lambda i: replace_in(alert_of(i, UNDERUSED), "fleetmeter_pool_utilization_ratio", "fleetmeter_pool_usage_ratio")),
    ("unknown metric in a panel", 0, lambda i: panel_of(i, "stat")["targets"][0].update(expr="sum(fleetmeter_pool_free_h100e)")),
    ("unknown metric in the runbook", 0, lambda i: setattr(i, "runbook", i.runbook.replace("fleetmeter_ingest_streams", "fleetmeter_streams"))),
    ("unknown metric in a description", 0, lambda i: i.alerting()[0]["annotations"].update(description='{{ $value }} {{ $labels.pool }} {{ with printf "fleetmeter_gone{pool=%q}" $labels.pool | query }}x{{ end }}')),
    ("unknown label", 0, lambda i: panel_of(i, "stat")["targets"][0].update(expr='sum(fleetmeter_sources{pool="a"})')),
    ("range query in a stat", 0, lambda i: panel_of(i, "stat")["targets"][0].update(instant=False)),
    ("missing reads as something else", 0, lambda i: panel_of(i, "stat")["fieldConfig"]["defaults"].update(noValue="0")),
    ("overlapping panels", 0, lambda i: board(i)["panels"][1].update(gridPos=board(i)["panels"][0]["gridPos"])),
    ("override for no column", 0, lambda i: panel_of(i, "table")["fieldConfig"]["overrides"][0]["matcher"].update(options="Nothing")),
    ("frames that do not merge", 0, lambda i: panel_of(i, "table")["targets"][0].update(expr="max by (pool) (fleetmeter_pool_headroom_h100e)")),
]  # fmt: skip


def self_test(good):
    missed = []
    for what, number, mutate in MUTATIONS:
        broken = copy.deepcopy(good)
        mutate(broken)
        if not any(f.startswith(f"{number} ") for f in lint(broken)):
            missed.append(f"self-test: not found: {what} (rule {number})")
    return missed


def main():
    inp = Input()
    findings = lint(inp)
    if "--self-test" in sys.argv[1:]:
        findings += self_test(inp)
        print(f"{len(MUTATIONS)} breaks tried")
    print(f"{len(list(every_expr(inp)))} expressions, {len(inp.alerting())} alerts, {len(inp.panels())} panels")
    print("\n".join(findings) or "clean")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
