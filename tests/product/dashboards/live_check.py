#!/usr/bin/python3
"""Runs everything that is rendered against a real Prometheus and requires non-empty, finite results.

    live_check.py [--rendered DIR] [--without-outcomes] PROM_URL

Every panel, variable and annotation query of the dashboards with All for the variables; every recording
rule, both its expression and what it recorded; and every alert's rule, whose evaluation must not fail. The
Prometheus has to scrape a daemon and to evaluate rules.yaml and alerts.yaml of the same DIR.
"""

import argparse
import json
import math
import pathlib
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

RENDERED = pathlib.Path(__file__).resolve().parents[3] / "dashboards" / "rendered"
BUILT_IN = {"$__rate_interval": "1m", "$__interval": "15s", "$__range": "15m"}

# What may be empty on a healthy fleet, and why. Failing or not finite it may never be.
MAY_BE_EMPTY = {
    "headroom.json / Top idle holders / Idle since": "absent while no team holds an idle chip",
    "headroom.json / Chips that cannot be used / orphaned": "absent while no chip is orphaned",
    "headroom.json / What waits for chips / waiting": "absent while no scheduler tells of demand",
    "headroom.json / What waits for chips / could start, {{room}}": "likewise",
    "headroom.json / How long it has waited / half": "absent while nothing waits",
    "headroom.json / How long it has waited / nine in ten": "likewise",
    "headroom.json / How long it has waited / longest": "likewise",
    "record pool:fleetmeter_pool_headroom_exhaustion:seconds6h": "absent while no pool shrinks or is exhausted",
}

# What is empty while nobody reports outcomes.
OUTCOMES = re.compile(r"outcomes\.json / |record \w+:fleetmeter_(inference|benchmark)_")


class Prometheus:
    def __init__(self, url):
        self.url = url.rstrip("/")

    def get(self, path, **params):
        query = urllib.parse.urlencode(params, doseq=True)
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # it is starting: as good as not there yet
                raise ConnectionError(f"{self.url}: {error}") from None
            raise ValueError(json.load(error)["error"]) from None

    def instant(self, expr):
        return [s["value"][1] for s in self.get("query", query=expr)["result"]]

    def over_time(self, expr):
        now = time.time()
        result = self.get("query_range", query=expr, start=now - 900, end=now, step=15)["result"]
        return [value for series in result for _, value in series["values"]]


def substitute(expr, dashboard):
    """The expression as Grafana sends it when All is chosen everywhere."""
    values = dict(BUILT_IN)
    for variable in dashboard["templating"]["list"]:
        if variable["type"] != "datasource":
            values["$" + variable["name"]] = variable.get("allValue") or variable["current"]["value"]
    for name in sorted(values, key=len, reverse=True):
        expr = expr.replace(name, values[name])
    return expr


def target_names(panel):
    """refId -> what a reader calls it: the column of a table, the legend of a line."""
    columns = {}
    for step in panel["transformations"]:
        if step["id"] == "organize":
            columns = step["options"]["renameByName"]
    return {t["refId"]: columns.get(f"Value #{t['refId']}", t["legendFormat"]) for t in panel["targets"]}


def dashboard_queries(prom, name, dashboard):
    """(where, function that runs it) for everything that the dashboard asks."""
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"]).groups()
            match = substitute(selector, dashboard)
            yield f"{name} / variable {variable['name']}", lambda l=label, m=match: prom.get(f"label/{l}/values", **{"match[]": m})
    for annotation in dashboard["annotations"]["list"]:
        yield f"{name} / annotation {annotation['name']}", lambda e=substitute(annotation["expr"], dashboard): prom.instant(e)
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            run = prom.instant if target["instant"] else prom.over_time
            where = f"{name} / {panel['title']} / {target_names(panel)[target['refId']]}"
            yield where, lambda r=run, e=substitute(target["expr"], dashboard): r(e)


def rule_queries(prom, rendered):
    for group in yaml.safe_load((rendered / "rules.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            yield f"expression of {rule['record']}", lambda e=rule["expr"]: prom.instant(e)
            yield f"record {rule['record']}", lambda r=rule["record"]: prom.instant(r)


def may_be_empty(where, outcomes):
    name = where.replace("expression of", "record")
    return name in MAY_BE_EMPTY or (not outcomes and OUTCOMES.match(name) is not None)


def problem(where, run, outcomes=True):
    """What is wrong with the result, or None."""
    try:
        values = run()
    except (OSError, ValueError) as error:
        return f"failed: {error}"
    if not values and not may_be_empty(where, outcomes):
        return "empty"
    if " / variable " in where:
        return None
    odd = [v for v in values if not math.isfinite(float(v))]
    return f"not finite: {odd[0]}" if odd else None


def rule_health(prom, rendered):
    """Problems with rules that Prometheus has not loaded or cannot evaluate."""
    loaded = {rule["name"]: rule for group in prom.get("rules")["groups"] for rule in group["rules"]}
    for file in ("rules.yaml", "alerts.yaml"):
        for group in yaml.safe_load((rendered / file).read_text())["groups"]:
            for rule in group["rules"]:
                name = rule.get("record") or rule["alert"]
                if name not in loaded:
                    yield f"{name}: not loaded"
                elif loaded[name]["health"] != "ok":
                    yield f"{name}: {loaded[name]['health']} {loaded[name].get('lastError', '')}"


def check(url, rendered=None, outcomes=True):
    """Returns (number of queries, problems). `outcomes`: the daemon is told of inference, training and benchmarks."""
    rendered = rendered or RENDERED
    prom = Prometheus(url)
    queries = list(rule_queries(prom, rendered))
    for path in sorted(rendered.glob("*.json")):
        queries += dashboard_queries(prom, path.name, json.loads(path.read_text()))
    problems = [f"{where}: {found}" for where, run in queries if (found := problem(where, run, outcomes))]
    return len(queries), problems + list(rule_health(prom, rendered))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rendered", type=pathlib.Path, default=RENDERED)
    parser.add_argument("--without-outcomes", action="store_true", help="nobody reports inference, training or benchmarks")
    parser.add_argument("prom_url")
    args = parser.parse_args()
    count, problems = check(args.prom_url, args.rendered, not args.without_outcomes)
    print("\n".join(problems))
    print(f"{count} queries, {len(problems)} problems; {len(MAY_BE_EMPTY)} may be empty")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
