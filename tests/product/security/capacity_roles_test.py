#!/usr/bin/python3
"""Every call of the service Capacity by every role, over TLS: who is answered, who is refused and
how, that a refusal changes nothing and is counted and audited, and that what was done is audited.

Exit code 0: all is well; 1: something is not.
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from ingest_stubs import load_ingest_stubs
from programs import SOURCE, Daemon

CATALOG = SOURCE / "deploy/catalog/default.yaml"
PLAN = SOURCE / "deploy/plans/example.yaml"
HOUR = 3_600
POOL, TEAM = "research", "scaling"
OTHER_POOL, OTHER_TEAM = "pretraining", "pretraining"

# Who there is, and what the rules say of him.
RULES = {
    "nobody": None,
    "host": "roles: [ingest]",
    "operator": "roles: [admin]",
    "reader": "roles: [query]",
    "viewer": f"roles: [query], sees: [{POOL}]",
    "elsewhere": f"roles: [query], sees: [{OTHER_POOL}]",
    "asker": f"roles: [ask], teams: [{TEAM}]",
    "other-asker": f"roles: [ask], teams: [{OTHER_TEAM}]",
    "seeing-asker": f"roles: [ask, query], teams: [{OTHER_TEAM}]",
    "decider": f"roles: [decide], decides: [{POOL}]",
    "other-decider": f"roles: [decide], decides: [{OTHER_POOL}]",
    "seeing-decider": f"roles: [decide, query], decides: [{OTHER_POOL}]",
    "committee": "roles: [allocate]",
    "root": 'roles: [query, ask, decide, allocate], teams: "*", decides: "*"',
}
SEES_ALL = {"reader", "seeing-asker", "seeing-decider", "root"}
ASKS = SEES_ALL | {"viewer", "elsewhere"}

# What those are told who are not denied; all others are.
ANSWERED, HIDDEN = "answered", "NOT_FOUND"
TABLE = {
    "Check": {who: ANSWERED for who in ASKS},
    "List": {who: ANSWERED for who in ASKS},
    "Get": {who: ANSWERED for who in ASKS} | {"elsewhere": HIDDEN},
    "GetRanking": {who: ANSWERED for who in ASKS} | {"elsewhere": HIDDEN},
    "GetRanking between pools": {who: ANSWERED for who in SEES_ALL},
    "GetTimeline": {who: ANSWERED for who in ASKS} | {"elsewhere": HIDDEN},
    "ListGrants": {who: ANSWERED for who in ASKS},
    "GetResults": {who: ANSWERED for who in SEES_ALL},
    "ListBudgets": {who: ANSWERED for who in ASKS},
    "GetLending": {who: ANSWERED for who in SEES_ALL},
    "Submit": {"asker": ANSWERED, "root": ANSWERED},
    "Submit, an amendment": {"asker": ANSWERED, "root": ANSWERED},
    "Submit over another's": {"other-asker": HIDDEN},
    "Withdraw": {"asker": ANSWERED, "root": ANSWERED, "other-asker": HIDDEN},
    "Rank": {"decider": ANSWERED, "root": ANSWERED},
    "Decide": {"decider": ANSWERED, "root": ANSWERED, "other-decider": HIDDEN,
               "committee": HIDDEN},
    "Decide beyond": {"committee": ANSWERED, "root": ANSWERED, "other-decider": HIDDEN},
    "Release": {"asker": ANSWERED, "decider": ANSWERED, "root": ANSWERED, "other-asker": HIDDEN,
                "other-decider": HIDDEN},
}
# These change something, each in a request of its own.
CHANGES = [call for call in TABLE if call.split(",")[0].split()[0] in
           ("Submit", "Withdraw", "Rank", "Decide", "Release")]
# "Submit over another's" is nobody's right; root may ask for both teams, but a request stays its
# team's, whoever asks.
NOT_TRIED = {("Submit over another's", "root")}


class Cast:
    """A connection for each identity, and what is asked over it."""

    def __init__(self, folder, address, grpc, pb, stubs):
        self.grpc, self.pb = grpc, pb
        read = lambda name: (folder / "pki" / name).read_bytes()
        self.stubs = {}
        self.channels = []
        for who in RULES:
            credentials = grpc.ssl_channel_credentials(
                read("ca.pem"), read(f"ops-{who}-key.pem"), read(f"ops-{who}.pem"))
            channel = grpc.secure_channel(address, credentials)
            self.channels.append(channel)
            self.stubs[who] = stubs.CapacityStub(channel)
        self.start = (int(time.time()) // HOUR + 1) * HOUR

    def close(self):
        for channel in self.channels:
            channel.close()

    def form(self, request_id, beyond=False, **changes):
        pb = self.pb
        form = pb.CapacityForm(
            request_id=request_id, pool=POOL, team=TEAM, chip="b200", chips=8,
            start_unix_seconds=self.start, hours=48, workload="laws", nature="growth_bet",
            beyond_allocation=beyond)
        if beyond:
            form.trade_off = "The laws wait."
            form.roi.CopyFrom(pb.Roi(
                gain="revenue", expected_micro_usd=3_000_000, low_micro_usd=2_000_000,
                high_micro_usd=4_000_000, confidence_basis_points=9_000,
                expected_by_unix_seconds=(self.start // 86_400 + 60) * 86_400))
        for name, value in changes.items():
            setattr(form, name, value)
        return form

    def prepare(self, call, request_id):
        """Root makes the request that a call is about."""
        root, pb = self.stubs["root"], self.pb
        if call in ("Submit", "Rank"):
            return
        root.Submit(pb.SubmitCapacityRequest(
            form=self.form(request_id, call == "Decide beyond")), timeout=30)
        if call == "Release":
            root.Decide(pb.DecideCapacityRequest(
                decisions=[pb.CapacityDecision(request_id=request_id, chips=8)],
                reason="It was ready."), timeout=30)

    def request(self, call, request_id):
        pb = self.pb
        decide = pb.DecideCapacityRequest(
            decisions=[pb.CapacityDecision(request_id=request_id, chips=4)], reason="Half of it.")
        return {
            "Check": lambda: pb.CheckCapacityRequest(form=self.form("checked")),
            "List": pb.ListCapacityRequest,
            "Get": lambda: pb.GetCapacityRequest(request_id=request_id),
            "GetRanking": lambda: pb.GetRankingRequest(pool=POOL),
            "GetRanking between pools": pb.GetRankingRequest,
            "GetTimeline": lambda: pb.GetTimelineRequest(pool=POOL),
            "ListGrants": pb.ListGrantsRequest,
            "GetResults": pb.GetResultsRequest,
            "ListBudgets": pb.ListBudgetsRequest,
            "GetLending": lambda: pb.GetLendingRequest(
                from_unix_seconds=self.start - 24 * HOUR, to_unix_seconds=self.start - HOUR),
            "Submit": lambda: pb.SubmitCapacityRequest(form=self.form(request_id)),
            "Submit, an amendment": lambda: pb.SubmitCapacityRequest(
                form=self.form(request_id, chips=9), reason="One more.", revision=1),
            "Submit over another's": lambda: pb.SubmitCapacityRequest(
                form=self.form(request_id, pool=OTHER_POOL, team=OTHER_TEAM), reason="Ours now.",
                revision=1),
            "Withdraw": lambda: pb.WithdrawCapacityRequest(
                request_id=request_id, reason="Not needed."),
            "Rank": lambda: pb.RankCapacityRequest(
                pool=POOL, nature="growth_bet", workloads=["laws", request_id],
                reason="The laws first."),
            "Decide": lambda: decide,
            "Decide beyond": lambda: decide,
            "Release": lambda: pb.ReleaseCapacityRequest(
                request_id=request_id, end_unix_seconds=self.start + HOUR, reason="Done early."),
        }[call]()

    def ask(self, who, call, request_id):
        """The code that somebody gets, and the message."""
        method = getattr(self.stubs[who], call.split(",")[0].split()[0])
        try:
            method(self.request(call, request_id), timeout=30)
        except self.grpc.RpcError as error:
            return error.code().name, error.details()
        return "OK", ""

    def everything(self):
        """All that is known of requests, as root sees it."""
        root, pb = self.stubs["root"], self.pb
        listed = root.List(pb.ListCapacityRequest(), timeout=30).requests
        known = [root.Get(pb.GetCapacityRequest(request_id=each.form.request_id), timeout=30)
                 for each in listed]
        return [(each.request.SerializeToString(deterministic=True),
                 [event.SerializeToString(deterministic=True) for event in each.events])
                for each in known]


def denied(http):
    """How many calls were denied, by all counters of such."""
    with urllib.request.urlopen(f"http://{http}/metrics", timeout=30) as page:
        text = page.read().decode()
    counts = re.findall(r"^fleetmeter_(?:query|capacity)_denied_total\{[^}]*\} (\d+)", text, re.M)
    assert counts, "there are no counters of what was denied"
    return sum(map(int, counts))


def who_is_refused(cast, http):
    """Tries each call as everybody who has no right to it, on requests that stay what they are."""
    targets = {call: f"target-{number}" for number, call in enumerate(TABLE)}
    for call, target in targets.items():
        if call in CHANGES or call == "Get":
            cast.prepare(call, target)
    before, counted = cast.everything(), denied(http)
    refusals = 0
    for call, answered in TABLE.items():
        for who in RULES:
            expected = answered.get(who, "PERMISSION_DENIED")
            if expected == ANSWERED or (call, who) in NOT_TRIED:
                continue
            code, message = cast.ask(who, call, targets[call])
            assert code == expected, (call, who, code, message)
            # Of a hidden request the caller is told nothing, but the counters and the log are.
            refusals += code == "PERMISSION_DENIED" or call in CHANGES
            if who == "elsewhere" and expected == HIDDEN and call != "Get":
                assert TEAM not in message, message
    assert cast.everything() == before, "a refusal changed something"
    assert denied(http) - counted == refusals, (denied(http), counted, refusals)
    return refusals


def who_is_answered(cast):
    """Tries each call as everybody who has the right; a change on a request of its own."""
    done = []
    for call, answered in TABLE.items():
        for who, expected in answered.items():
            if expected != ANSWERED:
                continue
            request_id = "-".join([*re.findall(r"\w+", call), "by", who])
            if call in CHANGES or call == "Get":
                cast.prepare(call, request_id)
            code, message = cast.ask(who, call, request_id)
            assert code == "OK", (call, who, code, message)
            if call in CHANGES:
                done.append((who, request_id, call))
    return done


def without_a_certificate(folder, address, grpc, pb, stubs):
    credentials = grpc.ssl_channel_credentials((folder / "pki/ca.pem").read_bytes())
    with grpc.secure_channel(address, credentials) as channel:
        for method, request in (("List", pb.ListCapacityRequest()),
                                ("Submit", pb.SubmitCapacityRequest())):
            try:
                getattr(stubs.CapacityStub(channel), method)(request, timeout=30)
                raise AssertionError(f"{method} answered a stranger")
            except grpc.RpcError as error:
                assert error.code() is grpc.StatusCode.UNAVAILABLE, error


ACTIONS = {"Submit": "submit", "Submit, an amendment": "amend", "Withdraw": "withdraw",
           "Rank": "rank", "Decide": "grant", "Decide beyond": "grant", "Release": "release"}


def is_audited(log, done):
    lines = [line for line in log.read_text().splitlines() if " audit event=" in line]
    for who in RULES:
        refused = [line for line in lines if "event=denied" in line
                   and f'identity="spiffe://example.org/ops/{who}"' in line]
        assert bool(refused) == (who != "root"), (who, refused)
    for who, request_id, call in done:
        marks = [f"event=capacity_{ACTIONS[call]} ",
                 f'identity="spiffe://example.org/ops/{who}"', f'pool="{POOL}"']
        if call != "Rank":
            marks += [f'request="{request_id}"', f'team="{TEAM}"']
        assert any(all(mark in line for mark in marks) for line in lines), marks


def settings(folder):
    pki = folder / "pki"
    rules = "".join(f"  - {{identity: spiffe://example.org/ops/{who}, {rule}}}\n"
                    for who, rule in RULES.items() if rule)
    return (f"ledger: {{path: {folder}/ledger.db}}\n"
            f"tls: {{trust_domain: example.org, certificate: {pki}/fleetmeterd.pem, "
            f"key: {pki}/fleetmeterd-key.pem, client_ca: {pki}/ca.pem}}\n"
            f"authorization:\n{rules}")


def plan_with_room(folder):
    """The example, whose category research has room beyond its pool's allocation."""
    text = PLAN.read_text()
    assert text.count("{share: 37%}") == 1
    plan = pathlib.Path(folder) / "plan.yaml"
    plan.write_text(text.replace("{share: 37%}", "{share: 36%}"))
    return plan


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([SOURCE / "deploy/make-dev-certs.sh", folder / "pki",
                        *(f"ops/{who}" for who in RULES)], check=True, stdout=subprocess.DEVNULL)
        (folder / "stubs").mkdir()
        grpc, *_ = load_ingest_stubs(folder / "stubs")
        from fleetmeter.v1 import capacity_pb2, capacity_pb2_grpc
        log = folder / "log"
        launcher = ["sh", "-c", f'exec "$@" 2>"{log}"', "sh"]
        with Daemon(CATALOG, [plan_with_room(folder)], settings(folder), launcher) as daemon:
            address = daemon.addresses["query"]
            cast = Cast(folder, address, grpc, capacity_pb2, capacity_pb2_grpc)
            refusals = who_is_refused(cast, daemon.addresses["http"])
            done = who_is_answered(cast)
            without_a_certificate(folder, address, grpc, capacity_pb2, capacity_pb2_grpc)
            cast.close()
        is_audited(log, done)
    print(f"{len(TABLE)} calls by {len(RULES)} roles: {refusals} refused, {len(done)} changes made")


if __name__ == "__main__":
    main()
