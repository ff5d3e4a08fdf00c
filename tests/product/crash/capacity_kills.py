#!/usr/bin/python3
"""Kills the daemon at random moments while requests for capacity are submitted and decided and
usage flows, and checks the events and the use of the grants after.

    capacity_kills.py [--cycles N] [--seed S] [--keep DIR]

A petitioner asks, withdraws, decides and releases. Each order is given again until it is answered,
over all kills. In the end every order is in the ledger once, the restarted daemon says of each
request what was answered, and the use of each grant is what this script works out of the ledger's
rows by itself, to the chip-nanosecond.
"""
import collections
import json
import random
import sqlite3
import subprocess
import sys
import threading
import time

from cast import FLEETMETERCTL, Cast, await_counters, check_books, eventually
from kill_cycles import random_moments, run_program

HOUR = 3_600
NANOS = 1_000_000_000
TEAMS = {"research-scaling": "laws", "inference-consumer": "chat", "safety-evals": "evals"}
CHIPS = ["b200", "trainium2", "tpu_v5p"]
LIVELY = 5  # undecided requests beyond which the petitioner rather decides


class Known:
    """What was answered about a request."""

    def __init__(self, form):
        self.form = form
        self.actions = ["submit"]
        self.grant = None  # [chips, start, end]
        self.decided = False


class Petitioner:
    """Gives random orders, one at a time, each again until the daemon has answered."""

    def __init__(self, address, seed):
        import grpc
        from fleetmeter.v1 import capacity_pb2, capacity_pb2_grpc
        self.grpc, self.pb = grpc, capacity_pb2
        self.random = random.Random(seed)
        self.channel = grpc.insecure_channel(address, [
            ("grpc.initial_reconnect_backoff_ms", 20), ("grpc.max_reconnect_backoff_ms", 100)])
        self.stub = capacity_pb2_grpc.CapacityStub(self.channel)
        self.requests = {}
        self.decisions = 0
        self.committed_unanswered = 0
        self.refused = 0
        self.stopping = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.stopping.is_set():
                self.order()
        except Exception as error:  # told by the main thread
            self.failure = error

    def give(self, call, message):
        """The answer; None: it is refused because of what was promised already."""
        again = False
        while True:
            try:
                answer = call(message, timeout=10, wait_for_ready=True)
            except self.grpc.RpcError as error:
                code = error.code()
                if code in (self.grpc.StatusCode.UNAVAILABLE,
                            self.grpc.StatusCode.DEADLINE_EXCEEDED,
                            self.grpc.StatusCode.CANCELLED):
                    again = True
                    continue
                no_room = "add up to" in error.details()
                if code == self.grpc.StatusCode.FAILED_PRECONDITION and no_room:
                    self.refused += 1
                    return None
                raise
            if answer.nothing_to_do:
                if not again:
                    raise AssertionError(f"was done before: {message}")
                self.committed_unanswered += 1
            return answer

    def order(self):
        undecided = [k for k in self.requests.values() if not k.decided]
        granted = [k for k in self.requests.values() if k.grant and len(k.actions) == 2]
        what = self.random.random()
        if len(undecided) < LIVELY and what < 0.7 or not self.requests:
            self.submit()
        elif undecided and what < 0.8:
            self.withdraw(self.random.choice(undecided))
        elif granted and what < 0.85:
            self.release(self.random.choice(granted))
        elif undecided:
            several = self.random.randint(1, min(3, len(undecided)))
            self.decide(self.random.sample(undecided, several))

    def submit(self):
        ago = self.random.randrange(0, 7 * 24)
        pool = self.random.choice(sorted(TEAMS))
        start = int(time.time()) // HOUR * HOUR - ago * HOUR
        form = self.pb.CapacityForm(
            request_id=f"r-{len(self.requests)}", pool=pool, team=TEAMS[pool],
            chip=self.random.choice(CHIPS), chips=self.random.randint(1, 4),
            start_unix_seconds=start, hours=ago + self.random.randint(2, 72),
            workload=self.random.choice(["job-0", "job-1", "job-2", "another"]),
            nature="growth_bet", note="für Öl\nund 容量")
        self.give(self.stub.Submit, self.pb.SubmitCapacityRequest(form=form))
        self.requests[form.request_id] = Known(form)

    def withdraw(self, known):
        self.give(self.stub.Withdraw, self.pb.WithdrawCapacityRequest(
            request_id=known.form.request_id, reason="not needed"))
        known.actions.append("withdraw")
        known.decided = True

    def release(self, known):
        end = int(time.time()) // HOUR * HOUR + HOUR
        if end >= known.grant[2]:
            return
        self.give(self.stub.Release, self.pb.ReleaseCapacityRequest(
            request_id=known.form.request_id, end_unix_seconds=end, reason="done early"))
        known.actions.append("release")
        known.grant[2] = end

    def decide(self, several):
        asked = self.pb.DecideCapacityRequest(reason="the meeting of today")
        for known in several:
            chips = self.random.randint(0, known.form.chips)
            asked.decisions.add(request_id=known.form.request_id, chips=chips)
        if self.give(self.stub.Decide, asked) is None:
            # More than the pool has: nobody gets any.
            for decision in asked.decisions:
                decision.chips = 0
            if self.give(self.stub.Decide, asked) is None:
                raise AssertionError("declining was refused")
        self.decisions += 1
        for known, decision in zip(several, asked.decisions):
            known.decided = True
            known.actions.append("grant" if decision.chips else "decline")
            if decision.chips:
                end = known.form.start_unix_seconds + known.form.hours * HOUR
                known.grant = [decision.chips, known.form.start_unix_seconds, end]


def check_events(ledger, requests):
    """The ledger has each order that was answered, once, and nothing else."""
    db = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
    rows = db.execute("SELECT number, request_id, revision, action, note, granted_chips, "
                      "grant_end_unix_seconds FROM capacity_events ORDER BY number").fetchall()
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1)), "numbers have gaps"
    found = collections.defaultdict(list)
    for number, request, revision, action, note, chips, end in rows:
        found[request].append(action)
        assert revision == len(found[request]), f"event {number} has revision {revision}"
        known = requests[request]
        if action == "submit":
            assert note == known.form.note, f"event {number} has the note {note!r}"
        if action == "grant":
            assert chips == known.grant[0], f"event {number} grants {chips}"
    expected = {name: known.actions for name, known in requests.items()}
    for name in sorted(set(found) | set(expected)):
        assert found.get(name) == expected.get(name), \
            f"{name}: answered {expected.get(name)}, the ledger has {found.get(name)}"
    return len(rows)


def check_listing(ledger, events):
    """The command line lists the same events."""
    listed = subprocess.run(
        [FLEETMETERCTL, "ledger", "requests", "--ledger", ledger, "--output", "json"],
        check=True, capture_output=True, text=True)
    numbers = [int(event["number"]) for event in json.loads(listed.stdout)["events"]]
    assert numbers == list(range(1, events + 1)), "'ledger requests' lists other events"


def all_requests(petitioner):
    """On a fast machine they are more than a page."""
    ask = petitioner.pb.ListCapacityRequest()
    while True:
        page = petitioner.stub.List(ask, timeout=30)
        yield from page.requests
        if not page.next_page_token:
            return
        ask.page_token = page.next_page_token


def check_requests(petitioner):
    """The daemon says of each request what was answered about it."""
    told = {request.form.request_id: request for request in all_requests(petitioner)}
    missing = sorted(set(petitioner.requests) - set(told))
    unknown = sorted(set(told) - set(petitioner.requests))
    assert not missing and not unknown, \
        f"{len(missing)} requests are missing, such as {missing[:5]}, and {len(unknown)} were not " \
        f"submitted, such as {unknown[:5]}"
    for name, known in petitioner.requests.items():
        request = told[name]
        assert request.form == known.form, f"{name} has the form {request.form}"
        assert request.revision == len(known.actions), f"{name} has revision {request.revision}"
        has = [request.grant.chips, request.grant.start_unix_seconds,
               request.grant.end_unix_seconds] if request.HasField("grant") else None
        assert has == known.grant, f"{name} has the grant {has}; expected {known.grant}"


class Hours:
    """What teams held by the hour, from the ledger's rows."""

    def __init__(self, ledger):
        db = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
        assert db.execute("SELECT hours_from FROM rollup").fetchone()[0] == 0, "hours are gone"
        first = db.execute("SELECT min(counted_from_unix_nanos) FROM sources").fetchone()[0]
        self.told_from = first // NANOS // HOUR * HOUR
        self.held = collections.defaultdict(dict)  # (hour, pool, team, chip) -> workload -> amount
        for hour, pool, team, chip, workload, seconds, nanos in db.execute(
                "SELECT iif(corrects_hour > 0, corrects_hour, hour_start), pool, team, chip, "
                "workload, sum(chips_s), sum(chips_ns) FROM hours WHERE state = 'assigned' "
                "GROUP BY 1, 2, 3, 4, 5"):
            self.held[hour, pool, team, chip][workload] = seconds * NANOS + nanos
        self.order = [row[0] for row in db.execute(
            "SELECT request_id FROM capacity_events WHERE action = 'grant' "
            "ORDER BY at_unix_nanos, request_id")]


def share(hours, requests, until):
    """What each grant used, and what each team held beside its grants, since the first grant."""
    used = collections.Counter({name: 0 for name in hours.order})
    beyond = collections.Counter()
    first = min(requests[name].grant[1] for name in hours.order)
    for (hour, pool, team, chip), workloads in hours.held.items():
        if hour < max(first, hours.told_from) or hour + HOUR > until:
            continue
        left = dict(workloads)
        room = {}
        for name in hours.order:
            known = requests[name]
            if ((known.form.pool, known.form.team, known.form.chip) == (pool, team, chip)
                    and known.grant[1] <= hour < known.grant[2]):
                room[name] = known.grant[0] * HOUR * NANOS
        for own in (True, False):
            for name in room:
                for workload in sorted(left):
                    if own and workload != requests[name].form.workload:
                        continue
                    part = min(room[name], left[workload])
                    room[name] -= part
                    left[workload] -= part
                    used[name] += part
        beyond[pool, team] += sum(left.values())
    return used, beyond


def check_use(petitioner, ledger):
    """Each grant's use is what the books have; the number of grants that were used."""
    ask = petitioner.pb.ListGrantsRequest(ended=True)
    while True:
        until = int(time.time()) // HOUR * HOUR
        answer = petitioner.stub.ListGrants(ask, timeout=60)
        if int(time.time()) // HOUR * HOUR == until:
            break  # the hour did not end meanwhile
    hours = Hours(ledger)
    used, beyond = share(hours, petitioner.requests, until)
    told = {grant.request.form.request_id: grant for grant in answer.grants}
    assert set(told) == set(used), "other grants than were given"
    for name, nanos in used.items():
        grant = told[name]
        chips, start, end = petitioner.requests[name].grant
        seconds = max(0, min(end, until) - start)
        assert grant.told_seconds + grant.untold_seconds == seconds, \
            f"{name}: its time is not all told or untold"
        if not grant.HasField("used_chip_nanos"):
            assert nanos == 0 and grant.told_seconds == 0, \
                f"{name} used what nobody knows; the books have {nanos}"
            continue
        assert int(grant.used_chip_nanos) == nanos, \
            f"{name} used {grant.used_chip_nanos}; the books have {nanos}"
        # Told is the part of what was promised that is in the sums, and has all that was used.
        promised = chips * seconds * NANOS
        granted = int(grant.granted_chip_nanos)
        assert nanos <= granted <= promised, f"{name} was granted {granted} of {promised}"
        assert grant.told_seconds == granted * seconds // promised, \
            f"{name}: {grant.told_seconds} s are told, and {granted} of {promised} promised"
    held = {(b.pool, b.team): int(b.chip_nanos) for b in answer.beyond}
    assert held == {key: nanos for key, nanos in beyond.items() if nanos}, \
        f"beyond grants {held}; the books have {dict(beyond)}"
    return sum(nanos > 0 for nanos in used.values())


def kill_again_and_again(args, cast, petitioner):
    for _ in random_moments(args):
        cast.kill("daemon")
        cast.start("daemon")
        await_counters(cast)
        if petitioner.failure:
            raise petitioner.failure


def run(args, folder):
    cast = Cast(folder, args.seed)
    del cast.commands["collector"]
    sys.path.insert(0, str(folder / "stubs"))
    petitioner = Petitioner(cast.query, args.seed)
    thread = threading.Thread(target=petitioner.run, daemon=True)
    try:
        for name in cast.commands:
            cast.start(name)
        await_counters(cast)
        thread.start()
        kill_again_and_again(args, cast, petitioner)
        enough = lambda: petitioner.failure or petitioner.decisions >= 5
        eventually("five decisions", enough)
        petitioner.stopping.set()
        thread.join(60)
        assert not thread.is_alive(), "the petitioner gets no answer"
        if petitioner.failure:
            raise petitioner.failure
        cast.stop("witness", 120)
        check_requests(petitioner)
        grants_used = check_use(petitioner, cast.ledger)
        cast.stop("daemon", 60)
    finally:
        cast.end()
    events = check_events(cast.ledger, petitioner.requests)
    check_listing(cast.ledger, events)
    good = check_books(cast)
    print(f"{args.cycles} kills, {events} events of {len(petitioner.requests)} requests, "
          f"{petitioner.committed_unanswered} committed and not answered, {petitioner.refused} "
          f"refused for want of room; {grants_used} grants were used as the books say")
    return 0 if good and grants_used > 0 else 1


if __name__ == "__main__":
    sys.exit(run_program(run, __doc__, cycles=60))
