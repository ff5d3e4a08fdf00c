#!/usr/bin/python3
"""Runs everything that is rendered against a real Prometheus and requires non-empty, finite results.

    live_check.py [--rendered DIR] [--without-outcomes] [--with-requests] PROM_URL

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

# What may be empty on a healthy fleet, by what it is called, and why. Failing or not finite it may never be.
MAY_BE_EMPTY = [
    (r".* / annotation (Alerts|Catalog|Prices)", "nothing fires, or no version came into force in the last minutes"),
    (r".* / Alerts .* / Since", "nothing fires"),
    (r"executive / Against a week ago / .*", "Prometheus has not seen a week"),
    (r"executive / From supply to productive, H100e / productive", "absent where no source measures it"),
    (r"(pools|executive) / .* / (H100e of theirs can be reclaimed|a day is what they cost)", "no pool is underused"),
    (r"(pools / What to ask back, and whom|executive / Allocations to look at first) / .*", "nothing was unused for the whole window"),
    (r"pools / (Unused through|Borrowed|Free in).*", "likewise, or nobody borrows"),
    (r"pools / (Borrowing by borrower and lender|Borrowed by the hour, H100e|Budgets of the chosen pools) / .*",
     "nobody borrows, the plan has no budgets, or the books are in memory"),
    (r"pools / Teams of the chosen pools / Idle since", "absent while no team holds an idle chip"),
    (r"headroom / Teams that hold idle chips / .*", "likewise"),
    (r"headroom / Chips that cannot be used, H100e / orphaned, any pool", "absent while no chip is orphaned"),
    (r"(headroom|pools) / What waits for chips, H100e / .*", "absent while no scheduler tells of demand"),
    (r"headroom / How long it has waited / .*", "absent while nothing waits"),
    (r"headroom / How long will it last\? / (Runs out in|In .*)", "Prometheus has not seen the whole window"),
    (r"plan / Who takes the buffer / .*", "nobody takes anything of it"),
    (r"sources / What is (rejected|deferred).*", "nothing is"),
    (r"sources / (Held under names|Hosts that may report twice|Chips that nobody reports now|Collectors: what waits).*", "there are none"),
    (r"sources / Rejected reports a second, by reason / .*", "nothing is rejected"),
    (r"daemon / Is the meter well\? / until a certificate expires", "there is no TLS"),
    (r"daemon / Files of the ledger / .*", "the books are in memory"),
    (r"record pool:fleetmeter_pool_headroom_exhaustion:seconds6h", "absent while no pool shrinks or is exhausted"),
]

# What is empty while nobody reports outcomes.
OUTCOMES = re.compile(
    r"(margin|capability) / |executive / What does |record \w+:fleetmeter_(inference|benchmark)_"
)

# What is empty while nobody has asked for capacity.
REQUESTS = re.compile(
    r"requests / (The oldest|Asked beside|Promised and held|Who holds less|Open requests|How was it decided)"
    r"|requests / What waits to be decided\? / has the oldest waited"
    r"|requests / Allocated, committed, held under grants, H100e / held under grants"
    r"|executive / Which requests for capacity wait\? / of what was promised"
    r"|record pool:fleetmeter_capacity_"
)


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


def chosen(prom, dashboard):
    """Variable -> what Grafana puts in its place at first: All, the default, or the first that there is."""
    values = dict(BUILT_IN)
    for variable in dashboard["templating"]["list"]:
        name = "$" + variable["name"]
        if variable["type"] == "datasource":
            continue
        if variable.get("allValue") or variable["current"]["value"]:
            values[name] = variable.get("allValue") or variable["current"]["value"]
        else:
            values[name] = min(label_values(prom, variable, values), default="")
    return values


def label_values(prom, variable, values):
    selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"]).groups()
    return prom.get(f"label/{label}/values", **{"match[]": substitute(selector, values)})


def substitute(expr, values):
    """The expression as Grafana sends it."""
    for name in sorted(values, key=len, reverse=True):
        expr = expr.replace(name, values[name])
    return expr


def target_names(panel):
    """refId -> what a reader calls it: the column of a table, the legend of a line."""
    columns = {}
    for step in panel["transformations"]:
        if step["id"] == "organize":
            columns = step["options"]["renameByName"]
    name = lambda t: t["refId"] if t["legendFormat"] == "__auto" else t["legendFormat"]
    return {t["refId"]: columns.get(f"Value #{t['refId']}", name(t)) for t in panel["targets"]}


def dashboard_queries(prom, name, dashboard):
    """(where, function that runs it) for everything that the dashboard asks."""
    values = chosen(prom, dashboard)
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield f"{name} / variable {variable['name']}", lambda v=variable: label_values(prom, v, values)
    for annotation in dashboard["annotations"]["list"]:
        yield f"{name} / annotation {annotation['name']}", lambda e=substitute(annotation["expr"], values): prom.instant(e)
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            run = prom.instant if target["instant"] else prom.over_time
            where = f"{name} / {panel['title']} / {target_names(panel)[target['refId']]}"
            yield where, lambda r=run, e=substitute(target["expr"], values): known(e, r(e))


def known(expr, values):
    """Without the NaN that an expression itself puts in the place of what is missing."""
    return [v for v in values if v != "NaN"] if "NaN" in expr else values


def rule_queries(prom, rendered):
    for group in yaml.safe_load((rendered / "rules.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            yield f"expression of {rule['record']}", lambda e=rule["expr"]: prom.instant(e)
            yield f"record {rule['record']}", lambda r=rule["record"]: prom.instant(r)


def may_be_empty(where, outcomes, requests):
    name = where.replace("expression of", "record")
    if (not outcomes and OUTCOMES.match(name)) or (not requests and REQUESTS.match(name)):
        return True
    return any(re.fullmatch(pattern, name) for pattern, _ in MAY_BE_EMPTY)


def problem(where, run, outcomes=True, requests=False):
    """What is wrong with the result, or None."""
    try:
        values = run()
    except (OSError, ValueError) as error:
        return f"failed: {error}"
    if not values and not may_be_empty(where, outcomes, requests):
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


def check(url, rendered=None, outcomes=True, requests=False):
    """Returns (number of queries, problems). `outcomes`: the daemon is told of inference, training and benchmarks;
    `requests`: of requests for capacity, some of which are open, decided, granted and used."""
    rendered = rendered or RENDERED
    prom = Prometheus(url)
    queries = list(rule_queries(prom, rendered))
    for path in sorted(rendered.glob("*.json")):
        queries += dashboard_queries(prom, path.stem, json.loads(path.read_text()))
    problems = [f"{where}: {found}" for where, run in queries if (found := problem(where, run, outcomes, requests))]
    return len(queries), problems + list(rule_health(prom, rendered))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rendered", type=pathlib.Path, default=RENDERED)
    parser.add_argument("--without-outcomes", action="store_true", help="nobody reports inference, training or benchmarks")
    parser.add_argument("--with-requests", action="store_true", help="capacity was asked for, granted and used")
    parser.add_argument("prom_url")
    args = parser.parse_args()
    count, problems = check(args.prom_url, args.rendered, not args.without_outcomes, args.with_requests)
    print("\n".join(problems))
    print(f"{count} queries, {len(problems)} problems; {len(MAY_BE_EMPTY)} may be empty")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
