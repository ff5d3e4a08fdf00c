#!/usr/bin/python3
"""Lints the rendered rules, alerts and dashboards, the example for Alertmanager and the runbook.

Each finding starts with the number of the rule that it breaks:
  1 names and units   2 labels   6 record names   7 ratios of sums   8 without   9 windows and group names
  10 alert names   11 severities   12 for   13 texts   14 runbook   15 dashboard link   16 gauges bridged
  17 capacity   18 absence and inhibition   19 one config   20 tests   21 variables   22 panel texts
  23 PromQL and counters   24 identity and links   25 size of a dashboard   0 structure   26 what people see
lint_dashboards.py has the rules about dashboards, and lint_breaks.py the breaks of --self-test.
Rules 3 and 4 (sums that mean something, timestamps) and 5 (promtool check metrics) need a live daemon or a
reader. --self-test breaks the input in memory and requires that each break is found.
"""

import json
import re
import subprocess
import sys
import tempfile

import yaml

import lint_dashboards
import promql
from lint_input import (BRIDGES, BUILT_IN, COUNTED_AT_START, Input, NO_VALUE, TARGET_LABELS, dashboard_exprs, every_expr, plain,
                        read_metrics, walk)

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
            if re.search(r"\b(rate|increase)\(", expr) and not re.search(r"\[\$__(rate_interval|range)\]", expr):
                yield f"23 {name}: rate without $__rate_interval: {expr}"


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
        if not re.fullmatch(r"(pool|team|category|tier|fleet|model|customer_tier|segment):fleetmeter_[a-z0-9_]+:[a-z0-9_]+", record):
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
        if not is_runbook(url, inp.config) or anchor not in anchors:
            yield f"14 {name}: runbook_url"
        link = re.match(re.escape(inp.config["grafanaUrl"]) + r"/d/([\w-]+)", notes.get("dashboard_url", ""))
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


def is_runbook(url, config):
    """Without an address of its own it is the page of a daemon."""
    return url == config["runbookUrl"] or (not config["runbookUrl"] and re.fullmatch(r"http://\{\{.*\}\}/runbook", url))


def lint_addresses(inp):
    """No address that is nobody's."""
    for name, text in [("alerts.yaml", json.dumps(inp.alerts)), *((n, json.dumps(d)) for n, d in inp.dashboards.items())]:
        if re.search(r"example\.(com|org|net)", text):
            yield f"24 {name}: an address of an example"


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
        promql.seconds(c["requests"]["criticalUndecided"]), c["requests"]["usedRatio"], c["requests"]["beyondH100e"],
        promql.seconds(c["requests"]["endsWithin"]), promql.seconds(c["requests"]["expiredTold"]),
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
                if step["value"] is not None and step["value"] not in allowed | {0, 1}:  # 1: of what is counted, any
                    yield f"25 {name}: threshold {step['value']} of '{panel['title']}' is not in _config"


def lint_tests(inp):
    cases = [c for file in inp.tests for t in file["tests"] for c in t.get("alert_rule_test", [])]
    for rule in inp.alerting():
        mine = [c for c in cases if c["alertname"] == rule["alert"]]
        if not any(not c["exp_alerts"] for c in mine):
            yield f"20 {rule['alert']}: no test that it is quiet"
        if not any(set(a.get("exp_annotations", {})) == set(rule["annotations"]) for c in mine for a in c["exp_alerts"]):
            yield f"20 {rule['alert']}: no test of its annotations"


CHECKS = [
    lint_names, lint_exprs, lint_recording, lint_alerts, lint_absence, lint_addresses, lint_thresholds, lint_tests,
]  # fmt: skip


def lint(inp, parse=True):
    """Every finding. Without `parse` promtool is not asked whether expressions parse, which takes longest."""
    checks = [*CHECKS, *lint_dashboards.CHECKS, *([lint_parse] if parse else [])]
    return [finding for check in checks for finding in check(inp)]


def main():
    inp = Input()
    findings = lint(inp)
    if "--self-test" in sys.argv[1:]:
        import lint_breaks  # which needs this module

        missed, tried = lint_breaks.self_test(inp, lint)
        findings += missed
        print(f"{tried} breaks tried")
    print(f"{len(list(every_expr(inp)))} expressions, {len(inp.alerting())} alerts, {len(inp.panels())} panels")
    print("\n".join(findings) or "clean")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
