#!/usr/bin/python3
"""Writes the demo fleet: one simulated day of 72 hosts, as a CSV for the replay source.

    make_fleet.py            writes fleet.csv and plan.yaml beside this file
    make_fleet.py --check    reads them back and prints utilization and headroom by pool and time

The day is the same on every machine: all variation comes from a seeded generator. What the demo
should show, and --check insists on: `research-scaling` is clearly underused all day,
`training-flagship` has less than 5% of its allocation left, every other pool is healthy.
"""

import csv
import math
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DAY = 86400
STEP = 1800
CHECK_HOURS = (0, 3, 6, 9, 12, 15, 18, 21)
COLUMNS = ("time_seconds host chip chips state pool team workload workload_type model run signal "
           "activity productive").split()

# kind: (hosts, chips per host, chips per H100e, signal)
KINDS = {
    "b200": (16, 8, 1 / 3, "gr_engine_active"),
    "trainium2": (24, 16, 1.5, "neuroncore_utilization"),
    "tpu_v5p": (32, 4, 4, "tpu_duty_cycle"),
}

# name: category, tier, owner, allocation in H100e, lendable, borrowing limit
POOLS = {
    "safety-evals": ("safety", "p0", "Frontier Safety", 40, "10%", 16),
    "safety-reliability": ("safety", "p0", "Reliability", 27, "0%", 8),
    "training-flagship": ("training", "p1", "Pretraining", 100, "0%", 24),
    "training-finetune": ("training", "p2", "Fine-tuning", 20, "50%", 16),
    "inference-consumer": ("inference", "p2", "Consumer Serving", 70, "30%", 32),
    "inference-enterprise": ("inference", "p2", "Enterprise Serving", 64, "30%", 32),
    "research-scaling": ("research", "p2", "Scaling Research", 120, "50%", 0),
    "research-post-training": ("research", "p2", "Post-training", 96, "50%", 24),
}
TIERS = {"p0": "10%", "p1": "18%", "p2": "57%", "buffer": "15%"}
CATEGORIES = {"inference": "20%", "training": "18%", "research": "37%", "safety": "10%"}


def diurnal(low, high, peak_hour):
    """Follows the users' day: high at the peak hour, low twelve hours away."""
    def activity(hour):
        return low + (high - low) * (1 + math.cos((hour - peak_hour) / 12 * math.pi)) / 2
    return activity


def steady(level, dip=0.0, every_hours=6):
    """A long run, with a dip for a checkpoint or an evaluation every few hours."""
    def activity(hour):
        return level - (dip if hour % every_hours < STEP / 3600 else 0)
    return activity


def office(low, high):
    """Higher while people are at work, 9 to 19."""
    def activity(hour):
        return high if 9 <= hour < 19 else low
    return activity


# (pool, team, workload, type, model, run, shape, [(kind, chips), ...]); per_chip lists one activity
# a chip, productive adds the productive part of the time.
def assignments():
    return [
        dict(pool="safety-evals", team="evals", workload="nightly-evals", workload_type="eval",
             shape=steady(0.88, 0.08, 4), chips=[("b200", 8)]),
        dict(pool="safety-evals", team="red-team", workload="attack-search", workload_type="eval",
             shape=office(0.76, 0.90), chips=[("trainium2", 16)]),
        dict(pool="safety-reliability", team="canary", workload="canary-serving",
             workload_type="serve", model="frontier-large", shape=diurnal(0.72, 0.86, 14),
             chips=[("trainium2", 32)]),
        dict(pool="safety-reliability", team="sla", workload="sla-standby", workload_type="serve",
             model="frontier-small", shape=diurnal(0.70, 0.82, 15), chips=[("tpu_v5p", 16)]),
        dict(pool="inference-consumer", team="chat", workload="chat-large", workload_type="serve",
             model="frontier-large", shape=diurnal(0.72, 0.94, 19), chips=[("b200", 16)],
             per_chip=True),
        dict(pool="inference-consumer", team="mobile", workload="mobile-small",
             workload_type="serve", model="frontier-small", shape=diurnal(0.73, 0.92, 20),
             chips=[("trainium2", 24)], per_chip=True),
        dict(pool="inference-enterprise", team="api", workload="api-large", workload_type="serve",
             model="frontier-large", shape=diurnal(0.76, 0.95, 15), chips=[("b200", 8)],
             per_chip=True),
        dict(pool="inference-enterprise", team="agents", workload="agents-medium",
             workload_type="serve", model="frontier-medium", shape=diurnal(0.75, 0.94, 14),
             chips=[("trainium2", 48)], per_chip=True),
        dict(pool="training-flagship", team="pretraining", workload="flagship",
             workload_type="pretrain", run="flagship-4", shape=steady(0.89, 0.12, 6),
             chips=[("b200", 24)], productive=0.43),
        dict(pool="training-flagship", team="data", workload="tokenise-mix",
             workload_type="pretrain", run="flagship-4", shape=steady(0.80, 0.06, 8),
             chips=[("trainium2", 32), ("tpu_v5p", 16)]),
        dict(pool="training-finetune", team="domain", workload="domain-adapters",
             workload_type="finetune", run="domain-12", shape=steady(0.85, 0.07, 3),
             chips=[("tpu_v5p", 48)]),
        dict(pool="training-finetune", team="customers", workload="customer-tunes",
             workload_type="finetune", run="customer-mix", shape=office(0.76, 0.90),
             chips=[("trainium2", 9)]),
        dict(pool="research-scaling", team="architectures", workload="wide-sweep",
             workload_type="sweep", run="wide-7", shape=office(0.14, 0.24),
             chips=[("b200", 16)], per_chip=True),
        dict(pool="research-scaling", team="laws", workload="law-fits", workload_type="sweep",
             run="laws-3", shape=office(0.02, 0.12), chips=[("b200", 8)], per_chip=True),
        dict(pool="research-post-training", team="rl", workload="rl-rollouts", workload_type="rl",
             run="rl-9", shape=steady(0.86, 0.10, 5), chips=[("b200", 16)]),
        dict(pool="research-post-training", team="preferences", workload="reward-models",
             workload_type="finetune", run="rm-5", shape=office(0.78, 0.92),
             chips=[("trainium2", 48)]),
        dict(pool="research-post-training", team="interpretability", workload="feature-maps",
             workload_type="sweep", run="maps-2", shape=office(0.74, 0.88),
             chips=[("tpu_v5p", 16)]),
        # Nothing measures these: assigned, activity unknown.
        dict(pool="research-post-training", team="interpretability", workload="notebooks",
             workload_type="interactive", shape=None, chips=[("tpu_v5p", 8)]),
    ]


# Chips that nobody holds, beside those that are simply left over: state, pool, kind, chips.
ASIDE = [
    ("unhealthy", "research-post-training", "trainium2", 2),
    ("unhealthy", "training-flagship", "tpu_v5p", 1),
    ("unhealthy", "", "b200", 2),
    ("reserved", "", "b200", 8),
    ("reserved", "safety-reliability", "trainium2", 4),
]
GROWN = ("inference-enterprise", "agents", 4)  # trainium2 chips more from 12:00 to 20:00
DRAINED = (3, 6)  # hours in which the last free trainium2 host is unhealthy


class Host:
    def __init__(self, kind, number):
        self.name = "%s-%02d" % (kind.replace("_", "-"), number)
        self.kind = kind
        self.free = KINDS[kind][1]
        self.parts = []  # (row fields, shape, per_chip, productive, chips)


def place(hosts, kind, chips, part):
    """Hands out chips of a kind, host by host."""
    for host in hosts:
        if host.kind != kind or not host.free or not chips:
            continue
        taken = min(host.free, chips)
        host.free -= taken
        chips -= taken
        host.parts.append(dict(part, taken=taken))
    assert chips == 0, (kind, part)


def build():
    hosts = [Host(kind, n) for kind, (count, *_) in KINDS.items() for n in range(count)]
    for entry in assignments():
        for kind, chips in entry["chips"]:
            place(hosts, kind, chips, dict(entry, state="assigned"))
    for state, pool, kind, chips in ASIDE:
        place(hosts, kind, chips, dict(state=state, pool=pool, shape=None))
    return hosts


def number(value):
    return ("%.2f" % value).rstrip("0").rstrip(".")


def activities(part, hour, noise, count):
    level = part["shape"](hour) + noise.uniform(-0.012, 0.012)
    if not part.get("per_chip"):
        return number(min(0.99, max(0.01, level)))
    chips = (level + noise.uniform(-0.02, 0.02) for _ in range(count))
    return ";".join(number(min(0.99, max(0.0, c))) for c in chips)


def part_row(host, part, hour, noise):
    row = dict.fromkeys(COLUMNS, "")
    row.update(host=host.name, chip=host.kind, chips=part["taken"], state=part["state"],
               pool=part.get("pool", ""))
    if part["state"] != "assigned":
        return row
    for key in ("team", "workload", "workload_type", "model", "run"):
        row[key] = part.get(key, "")
    if part["shape"] is None:
        row["signal"] = "allocated_only"
        return row
    row["signal"] = KINDS[host.kind][3]
    row["activity"] = activities(part, hour, noise, part["taken"])
    if part.get("productive"):
        row["productive"] = number(part["productive"] + noise.uniform(-0.02, 0.02))
    return row


def host_rows(host, hour, noise, grown, drained):
    rows = [part_row(host, part, hour, noise) for part in host.parts]
    free = host.free
    if host is grown and 12 <= hour < 20:
        pool, team, chips = GROWN
        part = next(p for p in assignments() if p["pool"] == pool and p["team"] == team)
        rows.append(part_row(host, dict(part, state="assigned", taken=chips), hour, noise))
        free -= chips
    if free:
        bad = host is drained and DRAINED[0] <= hour < DRAINED[1]
        rows.append(part_row(host, dict(state="unhealthy" if bad else "unassigned", taken=free),
                             hour, noise))
    return rows


def day():
    """All rows of the day. A host is written again only when something about it changed."""
    hosts = build()
    noise = random.Random("fleetmeter demo fleet")
    idle = [h for h in hosts if h.kind == "trainium2" and not h.parts]
    last = {}
    for time in range(0, DAY, STEP):
        for host in hosts:
            rows = host_rows(host, time / 3600, noise, idle[0], idle[-1])
            if rows == last.get(host.name):
                continue
            last[host.name] = rows
            for row in rows:
                yield dict(row, time_seconds=time)


def write_fleet(path):
    with open(path, "w", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(day())


def write_plan(path):
    teams = {}
    for entry in assignments():
        teams.setdefault(entry["pool"], [])
        if entry["team"] not in teams[entry["pool"]]:
            teams[entry["pool"]].append(entry["team"])
    lines = ["# The plan of the demo fleet. Written by make_fleet.py; supply equals fleet.csv.",
             "plan: demo", "version: 1", "scenario: demo",
             "effective_from: 2025-01-01T00:00:00Z", "supply:"]
    for kind, (count, chips, *_) in KINDS.items():
        lines.append("  - {chip: %s, chips: %d}" % (kind, count * chips))
    lines.append("tiers: {%s}" % ", ".join("%s: %s" % t for t in TIERS.items()))
    lines.append("categories: {%s}" % ", ".join("%s: %s" % c for c in CATEGORIES.items()))
    lines.append("pools:")
    for name, (category, tier, owner, h100e, lendable, limit) in POOLS.items():
        lines += ["  - name: " + name, "    category: " + category, "    tier: " + tier,
                  "    owner: " + owner, "    contact: \"#%s\"" % name,
                  "    teams: [%s]" % ", ".join(teams[name]),
                  "    allocation: {h100e: %d}" % h100e,
                  "    policy: {lendable: %s, borrowing_limit_h100e: %d}" % (lendable, limit)]
    with open(path, "w") as out:
        out.write("\n".join(lines) + "\n")


def state_at(rows, time):
    """The rows in force at a time, by host."""
    hosts = {}
    for row in rows:
        if int(row["time_seconds"]) > time:
            break
        at, held = hosts.get(row["host"], (None, []))
        hosts[row["host"]] = (row["time_seconds"],
                              held + [row] if at == row["time_seconds"] else [row])
    return [row for _, held in hosts.values() for row in held]


def pool_numbers(rows):
    """pool -> [assigned, busy, unhealthy] in H100e; kind -> chips."""
    pools, supply = {}, {}
    for row in rows:
        chips = int(row["chips"])
        supply[row["chip"]] = supply.get(row["chip"], 0) + chips
        h100e = chips / KINDS[row["chip"]][2]
        numbers = pools.setdefault(row["pool"], [0.0, 0.0, 0.0])
        if row["state"] == "assigned":
            values = [float(v) for v in row["activity"].split(";") if v]
            numbers[0] += h100e
            numbers[1] += h100e * sum(values) / len(values) if values else 0
        elif row["state"] == "unhealthy":
            numbers[2] += h100e
    return pools, supply


def check_plan(path):
    import yaml  # only --check needs it
    with open(path) as text:
        plan = yaml.safe_load(text)
    supply = {s["chip"]: s["chips"] for s in plan["supply"]}
    total = sum(chips / KINDS[kind][2] for kind, chips in supply.items())
    for key, shares in (("tier", TIERS), ("category", CATEGORIES)):
        for name, share in shares.items():
            used = sum(p["allocation"]["h100e"] for p in plan["pools"] if p[key] == name)
            assert used <= total * float(share[:-1]) / 100, (key, name, used)
    return supply


def check(fleet, plan):
    with open(fleet, newline="") as text:
        rows = list(csv.DictReader(text))
    declared = check_plan(plan)
    busy = {name: [] for name in POOLS}
    room = {name: [] for name in POOLS}
    for time in range(0, DAY, STEP):
        pools, supply = pool_numbers(state_at(rows, time))
        assert supply == declared, (time, supply, declared)
        for name, pool in POOLS.items():
            assigned, used, unhealthy = pools[name]
            busy[name].append(used / pool[3])
            room[name].append((pool[3] - assigned - unhealthy) / pool[3])
    print("%-24s %s   headroom" % ("utilization at", " ".join("%02d:00" % h for h in CHECK_HOURS)))
    for name in POOLS:
        print("%-24s %s   %4.1f%%" % (name, " ".join(
            " %.2f" % busy[name][h * 3600 // STEP] for h in CHECK_HOURS), 100 * min(room[name])))
        low, high = (0.0, 0.25) if name == "research-scaling" else (0.6, 0.9)
        assert low <= min(busy[name]) and max(busy[name]) <= high, name
        assert (max(room[name]) < 0.05) == (name == "training-flagship"), name
        assert name == "training-flagship" or min(room[name]) > 0.05, name
    print("ok: %d rows, %d chips" % (len(rows), sum(declared.values())))


def main():
    fleet, plan = (os.path.join(HERE, name) for name in ("fleet.csv", "plan.yaml"))
    if sys.argv[1:] == ["--check"]:
        check(fleet, plan)
    elif not sys.argv[1:]:
        write_fleet(fleet)
        write_plan(plan)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
