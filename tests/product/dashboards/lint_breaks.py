"""The lint's own test: each break of the input, (what is broken, number of the rule, how), must be found."""

import copy

def alert_of(inp, name):
    return next(r for r in inp.alerting() if r["alert"] == name)


def remove_alert(inp, name):
    for group in inp.alerts:
        group["rules"] = [r for r in group["rules"] if r["alert"] != name]


def panel_of(inp, kind):
    return next(p for _, p in inp.panels() if p["type"] == kind)


def board(inp):
    return inp.dashboards["headroom.json"]


def add_column(panel):
    organize = next(t["options"] for t in panel["transformations"] if t["id"] == "organize")
    organize["renameByName"].update(job="Job")
    organize["indexByName"].update(job=9)


def drop(panel, name):
    for override in panel["fieldConfig"]["overrides"]:
        override["properties"] = [p for p in override["properties"] if p["id"] != name]


def links_of(panel):
    return [l for o in panel["fieldConfig"]["overrides"] for p in o["properties"] if p["id"] == "links" for l in p["value"]]


def variable(inp, name):
    return next(v for v in board(inp)["templating"]["list"] if v["name"] == name)


def green(panel, expr):
    panel["targets"][0].update(expr=expr)
    steps = [{"color": "green", "value": None}]
    panel["fieldConfig"]["overrides"][0]["properties"].append({"id": "thresholds", "value": {"mode": "absolute", "steps": steps}})


def unfilter(inp):
    panel = next(p for p in board(inp)["panels"] if p["type"] == "timeseries")
    for target in panel["targets"]:
        target["expr"] = "max(fleetmeter_plan_buffer_h100e)"


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
    ("dead anchor", 14, lambda i: i.alerting()[0]["annotations"].update(runbook_url="http://{{ $labels.instance }}/runbook#nowhere")),
    ("a runbook of nobody", 14, lambda i: i.alerting()[0]["annotations"].update(runbook_url="https://git.my.org#" + UNDERUSED.lower())),
    ("section is gone", 14, lambda i: setattr(i, "runbook", i.runbook.replace("## " + UNDERUSED, "## Other"))),
    ("no mitigation", 14, lambda i: setattr(i, "runbook", i.runbook.replace("**Mitigation.**", "", 1))),
    ("no dashboard", 15, lambda i: i.alerting()[0]["annotations"].update(dashboard_url="http://localhost:3000/d/other")),
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
    ("address of an example", 24, lambda i: board(i)["links"][1].update(url="https://git.example.com")),
    ("uid", 24, lambda i: board(i).update(uid="abc")),
    ("title", 24, lambda i: board(i).update(title="Headroom")),
    ("link loses time", 24, lambda i: board(i)["links"][0].update(keepTime=False)),
    ("panel ids", 24, lambda i: board(i)["panels"][1].update(id=1)),
    ("no drill-down", 24, lambda i: [o.update(properties=[p for p in o["properties"] if p["id"] != "links"]) for o in panel_of(i, "table")["fieldConfig"]["overrides"]]),
    ("stacking", 25, lambda i: panel_of(i, "timeseries")["fieldConfig"]["defaults"]["custom"]["stacking"].update(mode="normal")),
    ("too many lines", 25, lambda i: panel_of(i, "timeseries").update(targets=panel_of(i, "timeseries")["targets"] * 6)),
    ("panel threshold", 25, lambda i: panel_of(i, "timeseries")["fieldConfig"]["defaults"]["thresholds"]["steps"].append({"color": "red", "value": 0.42})),
    ("unknown metric in an alert", 0, lambda i: replace_in(alert_of(i, UNDERUSED), "fleetmeter_pool_utilization_ratio", "fleetmeter_pool_usage_ratio")),
    ("unknown metric in a panel", 0, lambda i: panel_of(i, "stat")["targets"][0].update(expr="sum(fleetmeter_pool_free_h100e)")),
    ("unknown metric in the runbook", 0, lambda i: setattr(i, "runbook", i.runbook.replace("fleetmeter_ingest_streams", "fleetmeter_streams"))),
    ("unknown metric in a description", 0, lambda i: i.alerting()[0]["annotations"].update(description='{{ $value }} {{ $labels.pool }} {{ with printf "fleetmeter_gone{pool=%q}" $labels.pool | query }}x{{ end }}')),
    ("unknown label", 0, lambda i: panel_of(i, "stat")["targets"][0].update(expr='sum(fleetmeter_sources{pool="a"})')),
    ("range query in a stat", 0, lambda i: panel_of(i, "stat")["targets"][0].update(instant=False)),
    ("missing reads as something else", 0, lambda i: panel_of(i, "stat")["fieldConfig"]["defaults"].update(noValue="0")),
    ("six columns", 26, lambda i: add_column(panel_of(i, "table"))),
    ("columns wider than the panel", 26, lambda i: panel_of(i, "table")["gridPos"].update(w=6)),
    ("column without a width", 26, lambda i: drop(panel_of(i, "table"), "custom.width")),
    ("title that is cut", 26, lambda i: panel_of(i, "timeseries").update(title="Headroom of the pools that are tightest at the end of the time range, H100e")),
    ("values without names", 26, lambda i: panel_of(i, "stat")["options"].update(textMode="value")),
    ("unit that never scales", 26, lambda i: panel_of(i, "timeseries")["fieldConfig"]["defaults"].update(unit="suffix:H100e")),
    ("empty table without words", 26, lambda i: panel_of(i, "table")["fieldConfig"]["defaults"].update(noValue="no data")),
    ("link that breaks on &", 26, lambda i: links_of(panel_of(i, "table"))[0].update(url="/d/fleetmeter-pools?${__url_time_range}&var-pool=${__value.raw}")),
    ("drill-down that loses time", 26, lambda i: links_of(panel_of(i, "table"))[0].update(url="/d/fleetmeter-pools?${cluster:queryparam}")),
    ("a figure of all daemons", 26, lambda i: panel_of(i, "timeseries")["targets"][0].update(expr="sum(fleetmeter_plan_buffer_h100e)")),
    ("two daemons at once", 26, lambda i: variable(i, "cluster").update(multi=True)),
    ("green silence", 26, lambda i: green(panel_of(i, "stat"), "sum(fleetmeter_pool_assigned_h100e)")),
    ("variable that drives half a row", 26, lambda i: unfilter(i)),
    ("no annotation of alerts", 26, lambda i: board(i)["annotations"].update(list=board(i)["annotations"]["list"][:3])),
    ("overlapping panels", 0, lambda i: board(i)["panels"][1].update(gridPos=board(i)["panels"][0]["gridPos"])),
    ("override for no column", 0, lambda i: panel_of(i, "table")["fieldConfig"]["overrides"][0]["matcher"].update(options="Nothing")),
    ("frames that do not merge", 0, lambda i: panel_of(i, "table")["targets"][0].update(expr="max by (pool) (fleetmeter_pool_headroom_h100e)")),
]  # fmt: skip


def self_test(good, lint):
    """Returns (what was not found, how many breaks were tried)."""
    missed = []
    for what, number, mutate in MUTATIONS:
        broken = copy.deepcopy(good)
        mutate(broken)
        found = lambda parse: any(f.startswith(f"{number} ") for f in lint(broken, parse))
        if not found(False) and not found(True):
            missed.append(f"self-test: not found: {what} (rule {number})")
    return missed, len(MUTATIONS)
