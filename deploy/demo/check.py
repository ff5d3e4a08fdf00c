#!/usr/bin/python3
"""Waits until Prometheus has seen what the demo promises, and says what is missing if it never does.

    check.py --prometheus URL --plan plan.yaml --underused POOL [--deadline SECONDS]

Promised are: utilization, headroom and coverage of every pool of the plan; and FleetmeterPoolUnderused
pending or firing for the one pool that the demo leaves underused, and for no other.
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
ALERT = "FleetmeterPoolUnderused"
LOOK_EVERY = 0.5


def answer(prometheus, path, **params):
    url = f"{prometheus.rstrip('/')}/api/v1/{path}?{urllib.parse.urlencode(params)}"
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)["data"]


def samples(prometheus, query):
    return answer(prometheus, "query", query=query)["result"]


def pools_with(prometheus, metric):
    known = samples(prometheus, f'{metric}{{job="fleetmeter"}}')
    return {s["metric"]["pool"] for s in known if math.isfinite(float(s["value"][1]))}


def underused_pools(prometheus):
    alerts = answer(prometheus, "alerts")["alerts"]
    return {a["labels"]["pool"] for a in alerts if a["labels"]["alertname"] == ALERT}


def missing(prometheus, pools, underused):
    """What is not yet, or not any more, as promised; a line each."""
    lines = []
    for metric in PROMISED:
        for pool in sorted(pools - pools_with(prometheus, metric)):
            lines.append(f'{metric}{{pool="{pool}"}} has no value')
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
