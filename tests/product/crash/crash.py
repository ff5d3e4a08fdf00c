#!/usr/bin/python3
"""Kills daemon, collector and witness at random moments under load, and checks the books after.

    crash.py --cycles N --seed S [--keep DIR]

Every cycle kills one or two of the three with SIGKILL at a random moment and starts them again.
In the end everything is delivered, the daemon stops in order, and the oracle compares the ledger
with what the senders wrote down. The counters of /metrics must never step back.
"""
import json
import sys

from cast import Cast, await_counters, check_books
from kill_cycles import random_moments, run_program

VICTIMS = [("daemon",)] * 5 + [("collector",)] * 2 + [("witness",)] * 2 + [("daemon", "collector")]


def check_continued(before, after):
    for series, value in before.items():
        now = after.get(series)
        # The sums of doubles may be added up in another order.
        if now is None or now < value * (1 - 1e-12):
            raise AssertionError(f"{series} was {value} before a kill and {now} after it")


def between_commit_and_ack(folder):
    """Kills after which the daemon had committed more than it had acknowledged."""
    kills = 0
    for line in (folder / "witness" / "acks.jsonl").read_text().splitlines():
        try:
            kills += json.loads(line).get("ahead", 0) > 0
        except json.JSONDecodeError:
            pass
    return kills


def run(args, folder):
    cast = Cast(folder, args.seed)
    kills = {name: 0 for name in cast.commands}
    try:
        for name in cast.commands:
            cast.start(name)
        seen = await_counters(cast)
        for chance in random_moments(args):
            seen = cast.counters() or seen
            victims = chance.choice(VICTIMS)
            for name in victims:
                cast.kill(name)
                kills[name] += 1
            for name in victims:
                cast.start(name)
            if "daemon" in victims:
                after = await_counters(cast)
                check_continued(seen, after)
                seen = after
        cast.stop("collector", 120)
        cast.stop("witness", 120)
        cast.stop("daemon", 60)
    finally:
        cast.end()
    print(f"{sum(kills.values())} kills ({', '.join(f'{n} {k}' for n, k in kills.items())}), "
          f"{between_commit_and_ack(folder)} between commit and ack")
    return 0 if check_books(cast) else 1


if __name__ == "__main__":
    sys.exit(run_program(run, __doc__, cycles=200))
