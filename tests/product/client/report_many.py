#!/usr/bin/python3
"""Reports made-up usage with the Python package, as fast as it goes, and prints for each report
what it was and what became of it, as a line of JSON.

    report_many.py --ingest HOST:PORT --reports N --seed S --name NAME

Every 17th report names a pool that there is not.
"""
import argparse
import json
import random
import time

import fleetmeter
from fleetmeter.v1 import usage_pb2

SECOND = 1_000_000_000
PLACES = [("research-scaling", "laws"), ("inference-consumer", "chat"), ("safety-evals", "evals")]
CHIPS = ["b200", "trainium2", "tpu_v5p"]


def group(chance, wrong):
    pool, team = ("no-such-pool", "laws") if wrong else chance.choice(PLACES)
    chips = chance.randrange(1, 8 * SECOND)
    return {"state": "assigned", "chip": chance.choice(CHIPS), "pool": pool, "team": team,
            "workload": f"job-{chance.randrange(3)}", "signal": "gr_engine_active",
            "chip_nanos": chips, "busy_chip_nanos": chance.randrange(chips + 1)}


def message(entry, source):
    groups = [usage_pb2.UsageGroup(
        chip=each["chip"], state=usage_pb2.CHIP_STATE_ASSIGNED, pool=each["pool"],
        team=each["team"], workload=each["workload"], signal=each["signal"],
        sums=usage_pb2.ChipSums(chip_nanos=each["chip_nanos"],
                                busy_chip_nanos=each["busy_chip_nanos"]))
        for each in entry["groups"]]
    return fleetmeter.usage_report(source, entry["start"], entry["length"], groups)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ingest", required=True)
    parser.add_argument("--reports", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--name", required=True)
    args = parser.parse_args()
    chance = random.Random(args.seed)
    start = time.time_ns() - 2 * 3_600 * SECOND
    with fleetmeter.Reporter(args.ingest, call_timeout=5) as reporter:
        made = 0
        while made < args.reports:
            sent = []
            for _ in range(min(chance.randrange(1, 40), args.reports - made)):
                entry = {"start": start + made * SECOND, "length": SECOND,
                         "groups": [group(chance, made % 17 == 16)
                                    for _ in range(chance.randrange(1, 4))]}
                made += 1
                sent.append((entry, reporter.submit(message(entry, args.name))))
            reporter.flush()
            for entry, receipt in sent:
                print(json.dumps(dict(entry, standing=receipt.decision.standing.value,
                                      reason=receipt.decision.reason)), flush=True)


if __name__ == "__main__":
    main()
