#!/usr/bin/python3
"""Says what a replay of Alibaba's GPU trace of 2023 must add up to, from the CSV files alone.

    openb_oracle.py NODES.csv PODS.csv RULES.yaml FROM UNTIL

Prints JSON: chip-nanoseconds assigned over [FROM, UNTIL) seconds, by pool and by pool/team/type,
and chips by kind. Where a pod ran does not matter for it, so nothing is placed here; it shares
no code with the replay and is its check. Exact: all numbers are integers.
"""

import csv
import json
import sys

import yaml

NANOS = 10**9


def matches(rule, pod):
    match = rule.get("match", {})
    for key in ("qos", "pod_phase"):
        if key in match and pod[key] not in match[key]:
            return False
    if "gpu_spec" in match:
        models = [m for m in pod["gpu_spec"].split("|") if m] or ["any"]
        if not set(models) & set(match["gpu_spec"]):
            return False
    for key in ("num_gpu", "gpu_milli"):
        bounds = match.get(key, {})
        value = int(pod[key])
        if value < bounds.get("min", value) or value > bounds.get("max", value):
            return False
    return True


def held(pod, begin, end):
    """Chip-nanoseconds that a pod holds between two times in seconds."""
    if pod["scheduled_time"] == "":
        return 0
    seconds = min(end, int(pod["deletion_time"])) - max(begin, int(pod["scheduled_time"]))
    milli = int(pod["num_gpu"]) * int(pod["gpu_milli"])
    return max(0, seconds) * milli * (NANOS // 1000)


def read(path):
    with open(path, newline="", encoding="utf-8-sig") as text:
        return list(csv.DictReader(text))


def main(nodes, pods, rules, begin, end):
    with open(rules, encoding="utf-8") as text:
        rules = yaml.safe_load(text)["rules"]
    chips, pools, assignments = {}, {}, {}
    for node in read(nodes):
        if int(node["gpu"]):
            kind = node["model"]
            chips[kind] = chips.get(kind, 0) + int(node["gpu"])
    for pod in read(pods):
        nanos = held(pod, int(begin), int(end))
        if nanos:
            rule = next(r for r in rules if matches(r, pod))
            name = "/".join((rule["pool"], rule["team"], rule.get("workload_type", "")))
            pools[rule["pool"]] = pools.get(rule["pool"], 0) + nanos
            assignments[name] = assignments.get(name, 0) + nanos
    print(json.dumps({"chips": chips, "assigned_chip_nanos": pools,
                      "assignments": assignments}, indent=1, sort_keys=True))


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
