#!/usr/bin/python3
"""Waits until Prometheus has seen what the demo promises, and says what is missing if it never does.

    check.py --prometheus URL --plan plan.yaml --underused POOL [--deadline SECONDS]

Promised are: utilization, headroom and coverage of every pool of the plan; planned and actual share of every
category and tier, what of the buffer and of P0 is taken, and the revenue of a year like this; margin per request
from imported history, of which every segment fell over the year while the total rose; that the pool that no recording
feeds holds what two exporters list; and
FleetmeterPoolUnderused pending or firing for the one pool that the demo leaves underused, and for no other.
"""

import argparse
import json
import math
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

PROMISED = ("fleetmeter_pool_utilization_ratio", "fleetmeter_pool_headroom_h100e",
            "fleetmeter_pool_coverage_ratio")
# metric: the label, and its values
PROMISED_OF_PLAN = {
    "fleetmeter_plan_category_share_ratio": ("category", "inference training research safety"),
    "fleetmeter_plan_category_actual_share_ratio": ("category", "inference training research safety"),
    "fleetmeter_plan_category_drift_ratio": ("category", "inference training research safety"),
    "fleetmeter_plan_tier_share_ratio": ("tier", "p0 p1 p2 buffer"),
    "fleetmeter_plan_tier_actual_share_ratio": ("tier", "p0 p1 p2"),
    "fleetmeter_plan_buffer_consumed_h100e": ("cause", "borrowed unavailable"),
    "fleetmeter_plan_p0_shortfall_h100e": ("job", "fleetmeter"),
    "fleetmeter_plan_inference_utilization_ratio": ("job", "fleetmeter"),
    "fleetmeter_framework_info": ("framework", "demo"),
    "fleetmeter_pace_planned_revenue_usd_per_year": ("curve", "linear diminishing"),
    "fleetmeter_pace_serviceable_revenue_usd_per_year": ("curve", "linear diminishing"),
    "fleetmeter_pace_forgone_revenue_usd_per_year": ("curve", "linear diminishing"),
    "fleetmeter_pace_training_h100e_seconds_per_year": ("job", "fleetmeter"),
}
SEGMENTS = "frontier-large frontier-medium frontier-small"
PROMISED_OF_OUTCOMES = {
    "fleetmeter_inference_margin_per_request_usd": ("model", SEGMENTS),
    "fleetmeter_inference_tier_margin_per_request_usd": ("customer_tier", "enterprise partner pro free"),
    "fleetmeter_inference_total_margin_per_request_usd": ("basis", "allocated used"),
    "fleetmeter_inference_total_margin_per_request_year_ago_usd": ("window", "28d quarter year"),
    "fleetmeter_inference_margin_per_request_change_usd": ("effect", "mix price cost"),
    "fleetmeter_inference_margin_declined": ("model", SEGMENTS),
    "fleetmeter_research_review_due": ("reason", "margin_yoy"),
    "fleetmeter_benchmark_saturation_ratio": ("benchmark", "mmlu gpqa bbh"),
    "fleetmeter_training_h100e_seconds_total": ("phase", "pre post"),
    "fleetmeter_capability_index": ("model", "flagship-v1 flagship-v8"),
    "fleetmeter_price_book_info": ("version", "1"),
}
# Over the year every segment declined, and yet the total rose: by requests that moved to what earns more.
YEAR = '{job="fleetmeter",window="year",basis="allocated"}'
# Exported by fleetmeterctl, since Prometheus scraped nothing then.
TREND = 'fleetmeter_inference_total_margin_per_request_usd{window="28d",basis="allocated"} offset 300d'
# The same as the dashboards ask: of a daemon by its address, and of what was exported, which has no address.
DRAWN = ('last_over_time(fleetmeter_inference_total_margin_per_request_usd'
         '{job="fleetmeter",instance=~"a-daemon|",window="28d",basis="allocated"}[1d] offset 300d)')
ALL_DECLINED = f"count(fleetmeter_inference_margin_declined{YEAR} == 1) == 6"
TOTAL_ROSE = (f"fleetmeter_inference_total_margin_per_request_usd{YEAR} > "
              f"fleetmeter_inference_total_margin_per_request_year_ago_usd{YEAR}")
# 8 B200 chips by dcgm-exporter's page, and 16 Trainium2 chips by neuron-monitor's: 24 H100e and 16 / 1.5.
FED = "safety-evals"
FED_BY_EXPORTERS = (
    f'abs(fleetmeter_pool_assigned_h100e{{job="fleetmeter",pool="{FED}",chip="b200"}} - 24) < 0.01',
    f'abs(fleetmeter_pool_assigned_h100e{{job="fleetmeter",pool="{FED}",chip="trainium2"}} - 32 / 3) < 0.01',
    f'abs(sum(fleetmeter_pool_busy_h100e{{job="fleetmeter",pool="{FED}"}}) - 0.85 * 104 / 3) < 1',
)
SHARES = " + ".join(["sum(fleetmeter_plan_category_actual_share_ratio)", "sum(fleetmeter_plan_unassigned_share_ratio)",
                     "sum(fleetmeter_plan_unavailable_share_ratio)", "sum(fleetmeter_plan_unplanned_share_ratio)"])
ALERT = "FleetmeterPoolUnderused"
LOOK_EVERY = 0.5


def answer(prometheus, path, **params):
    url = f"{prometheus.rstrip('/')}/api/v1/{path}?{urllib.parse.urlencode(params)}"
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)["data"]


def samples(prometheus, query):
    return answer(prometheus, "query", query=query)["result"]


def having(prometheus, metric, label):
    """The values of the label for which the metric has a finite value."""
    known = samples(prometheus, f'{metric}{{job="fleetmeter"}}')
    return {s["metric"][label] for s in known if math.isfinite(float(s["value"][1]))}


def missing_of(prometheus, promised):
    lines = []
    for metric, (label, values) in promised.items():
        for value in sorted(set(values.split()) - having(prometheus, metric, label)):
            lines.append(f'{metric}{{{label}="{value}"}} has no value')
    return lines


def missing_of_outcomes(prometheus):
    lines = missing_of(prometheus, PROMISED_OF_OUTCOMES)
    for what, query in (("every segment declined", ALL_DECLINED), ("the total rose", TOTAL_ROSE),
                        ("a trend goes back a year", TREND), ("dashboards draw it", DRAWN)):
        if not samples(prometheus, query):
            lines.append(f"margin per request over the year: it is not so that {what}")
    return lines


def missing_of_exporters(prometheus):
    """The pool whose hosts are in no recording holds what their exporters list, and is as busy as they say."""
    return [f"the pool {FED} is not fed by exporters: it does not hold that {query}"
            for query in FED_BY_EXPORTERS if not samples(prometheus, query)]


def missing_of_plan(prometheus):
    lines = missing_of(prometheus, PROMISED_OF_PLAN)
    shares = [float(s["value"][1]) for s in samples(prometheus, SHARES)]
    if len(shares) != 1 or abs(shares[0] - 1) > 1e-6:
        lines.append(f"the parts of the supply add up to {shares}, not to 1")
    return lines


def underused_pools(prometheus):
    alerts = answer(prometheus, "alerts")["alerts"]
    return {a["labels"]["pool"] for a in alerts if a["labels"]["alertname"] == ALERT}


def missing(prometheus, pools, underused):
    """What is not yet, or not any more, as promised; a line each."""
    lines = []
    for metric in PROMISED:
        for pool in sorted(pools - having(prometheus, metric, "pool")):
            lines.append(f'{metric}{{pool="{pool}"}} has no value')
    lines += missing_of_plan(prometheus)
    lines += missing_of_exporters(prometheus)
    lines += missing_of_outcomes(prometheus)
    alerted = underused_pools(prometheus)
    if underused not in alerted:
        lines.append(f"{ALERT} is neither pending nor firing for {underused}")
    lines += [f"{ALERT} is pending or firing for {pool}" for pool in sorted(alerted - {underused})]
    return lines


def missing_or_trouble(*args):
    try:
        return missing(*args)
    except (urllib.error.URLError, TimeoutError, ValueError) as error:
        return [f"Prometheus does not answer: {error}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--prometheus", required=True, metavar="URL")
    parser.add_argument("--plan", required=True, help="the plan that the demo's daemon runs")
    parser.add_argument("--underused", required=True, metavar="POOL", help="the only underused pool")
    parser.add_argument("--deadline", type=float, default=120, metavar="SECONDS")
    args = parser.parse_args()

    with open(args.plan, encoding="utf-8") as plan:
        pools = {pool["name"] for pool in yaml.safe_load(plan)["pools"]}
    end = time.monotonic() + args.deadline
    while lines := missing_or_trouble(args.prometheus, pools, args.underused):
        if time.monotonic() > end:
            print(f"demo failed: after {args.deadline:g} s still", *lines, sep="\n  ", file=sys.stderr)
            return 1
        time.sleep(LOOK_EVERY)
    count = samples(args.prometheus, 'count({__name__=~"fleetmeter_.+", job="fleetmeter"})')
    print(f"demo ok: {len(pools)} pools, {count[0]['value'][1]} series")
    return 0


if __name__ == "__main__":
    sys.exit(main())
