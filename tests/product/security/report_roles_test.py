#!/usr/bin/python3
"""`fleetmeterctl report allocation` and `publish` as every role, over TLS: which of their calls are
answered, and that no page has a number or a name that its maker or its audience may not see.

Exit code 0: all is well; 1: something is not.
"""
import html
import importlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).absolute().parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
sys.path.insert(0, str(HERE))
from capacity_roles_test import HOUR, RULES, settings
from ingest_stubs import load_ingest_stubs
from programs import FLEETMETERCTL, SOURCE, Daemon

SECOND = 10**9
PLAN = """plan: lab
version: 1
scenario: a test
effective_from: 2026-01-01
supply: [{chip: b200, chips: 900000}]
tiers: {p0: 0%, p1: 0%, p2: 100%}
categories: {inference: 0%, training: 40%, research: 60%, safety: 0%}
pools:
"""
# Both pools and both of their teams have numbers that nothing else has.
POOL = """  - name: {pool}
    category: {category}
    tier: p2
    owner: Owner-{mark}
    contact: "#contact-{mark}"
    teams: [{team}, {other_team}]
    allocation: {{h100e: {allocated}}}
    policy: {{lendable: 30%}}
    budget: {{h100e_hours: {budget}, per: quarter}}
"""
# The rules of capacity_roles_test name these two pools, and their first teams.
POOLS = {
    "research": {"category": "research", "team": "scaling", "other_team": "team-umber",
                 "mark": "umber", "allocated": 41_237, "budget": 7_612_345, "chips": (1_237, 411),
                 "asked": 1_013, "granted": 509, "usd": 3_456_789},
    "pretraining": {"category": "training", "team": "pretraining", "other_team": "team-cobalt",
                    "mark": "cobalt", "allocated": 62_431, "budget": 8_723_451,
                    "chips": (1_451, 613), "asked": 1_811, "granted": 877, "usd": 4_567_891},
}
H100E_OF_B200 = 3

# Who is answered what the two commands ask; everybody else is denied.
SEES_ALL = {"reader", "seeing-asker", "seeing-decider", "root"}
ASKS = SEES_ALL | {"viewer", "elsewhere"}
CALLS = {
    ("Query", "ListPools"): ASKS, ("Query", "GetPoolHistory"): ASKS,
    ("Capacity", "List"): ASKS, ("Capacity", "ListGrants"): ASKS,
    ("Capacity", "ListBudgets"): ASKS, ("Capacity", "Get"): ASKS - {"elsewhere"},
    ("Query", "GetPlan"): SEES_ALL, ("Query", "ListVersions"): SEES_ALL,
    ("Plan", "Compare"): SEES_ALL, ("Plan", "GetFramework"): SEES_ALL,
    ("Capacity", "GetRanking"): SEES_ALL, ("Capacity", "GetResults"): SEES_ALL,
    ("Capacity", "GetLending"): SEES_ALL, ("Outcomes", "GetMargin"): SEES_ALL,
    ("Outcomes", "GetCapability"): SEES_ALL, ("Outcomes", "GetCorrections"): SEES_ALL,
    ("Admin", "ListEntries"): {"operator"},
}
# Whoever may ask is told that there is nothing to tell.
WITHOUT_ANSWER = {("Outcomes", "GetCapability"): "FAILED_PRECONDITION",
                  ("Capacity", "Get"): "NOT_FOUND"}


def names_of(pool):
    """What of a pool only those may read who see it, as text."""
    facts = POOLS[pool]
    mark = facts["mark"]
    return {f"Owner-{mark}", f"#contact-{mark}", f"Reason in words for {pool}."} | (
        texts_of_teams(pool))


def texts_of_teams(pool):
    """What of a pool's teams and requests only the committee may read."""
    mark = POOLS[pool]["mark"]
    return {f"team-{mark}", f"open-{mark}", f"granted-{mark}", f"workload-{mark}",
            f"trade-off of {mark}", "spiffe://"}


def numbers_of_teams(pool):
    facts = POOLS[pool]
    numbers = {chips * H100E_OF_B200 for chips in facts["chips"]}
    numbers |= {facts["asked"] * H100E_OF_B200, facts["granted"] * H100E_OF_B200}
    return numbers | {facts["usd"], 2 * facts["usd"], 3 * facts["usd"]}


def numbers_of(pool):
    facts = POOLS[pool]
    held = sum(facts["chips"]) * H100E_OF_B200
    return numbers_of_teams(pool) | {facts["allocated"], facts["budget"], held,
                                     facts["allocated"] - held}


def numbers_in(value):
    """Every number of a document in JSON, wherever it stands."""
    if isinstance(value, dict):
        return {number for each in value.values() for number in numbers_in(each)}
    if isinstance(value, list):
        return {number for each in value for number in numbers_in(each)}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {float(value)}
    return set()


def texts_of_number(number):
    """How pages write it."""
    return {f"{number:,}", f"{number}", f"{number / 1e6:.2f}M"} if number >= 1e6 else {
        f"{number:,}.", f"{number:,}<", f"{number:,} ", f"={number}>", f"={number} "}


class Place:
    """A daemon with TLS, two pools that are in use, and requests and grants of each."""

    def __init__(self, folder):
        self.folder = folder
        self.pki = folder / "pki"
        subprocess.run([SOURCE / "deploy/make-dev-certs.sh", self.pki,
                        *(f"ops/{who}" for who in RULES)], check=True, stdout=subprocess.DEVNULL)
        (folder / "stubs").mkdir()
        self.grpc, self.ingest, self.ingest_grpc, _ = load_ingest_stubs(folder / "stubs")
        plan = folder / "plan.yaml"
        plan.write_text(PLAN + "".join(POOL.format(pool=name, **facts)
                                       for name, facts in POOLS.items()))
        self.daemon = Daemon(
            SOURCE / "deploy/catalog/default.yaml", [plan],
            settings(folder).replace("roles: [ingest]", 'roles: [ingest], pools: "*"') +
            f"framework: {SOURCE}/deploy/plans/framework.yaml\n",
            listeners=("admin",))
        self.addresses = self.daemon.addresses

    def channel(self, who, listener):
        read = lambda name: (self.pki / name).read_bytes()
        credentials = self.grpc.ssl_channel_credentials(
            read("ca.pem"), read(f"ops-{who}-key.pem"), read(f"ops-{who}.pem"))
        return self.grpc.secure_channel(self.addresses[listener], credentials)

    def use_chips(self):
        """Every team holds its chips; of research half are idle, so that it is underused."""
        from fleetmeter.v1 import usage_pb2
        groups = []
        for pool, facts in POOLS.items():
            for team, chips in zip((facts["team"], facts["other_team"]), facts["chips"]):
                groups.append(usage_pb2.UsageGroup(
                    chip="b200", state=usage_pb2.CHIP_STATE_ASSIGNED, pool=pool, team=team,
                    workload=f"workload-{facts['mark']}", signal="gr_engine_active",
                    sums=usage_pb2.ChipSums(chip_nanos=chips * 10 * SECOND,
                                            busy_chip_nanos=chips * 5 * SECOND)))
        usage = usage_pb2.UsageReport(sequence=1, source="host-a", groups=groups,
                                      window_start_unix_nanos=time.time_ns() - 11 * SECOND,
                                      window_length_nanos=10 * SECOND)
        with self.channel("host", "ingest") as channel:
            request = self.ingest.ReportRequest(stream_id=b"0123456789abcdef", reports=[usage])
            ack = self.ingest_grpc.UsageIngestStub(channel).Report(request, timeout=30).ack
        assert ack.acknowledged_through == 1 and not ack.dispositions, ack

    def ask_and_decide(self):
        from fleetmeter.v1 import capacity_pb2 as pb, capacity_pb2_grpc
        start = int(time.time()) // HOUR * HOUR
        with self.channel("root", "query") as channel:
            stub = capacity_pb2_grpc.CapacityStub(channel)
            for pool, facts in POOLS.items():
                mark = facts["mark"]
                for name, chips, beyond in (("open", facts["asked"], False),
                                            ("beyond", facts["asked"], True),
                                            ("granted", facts["granted"], False)):
                    stub.Submit(pb.SubmitCapacityRequest(form=pb.CapacityForm(
                        request_id=f"{name}-{mark}", pool=pool, team=facts["team"], chip="b200",
                        chips=chips, start_unix_seconds=start, hours=480,
                        workload=f"workload-{mark}", nature="growth_bet", model=f"model-{mark}",
                        beyond_allocation=beyond, trade_off=f"trade-off of {mark}",
                        roi=pb.Roi(gain="efficiency", low_micro_usd=facts["usd"] * 10**6,
                                   expected_micro_usd=2 * facts["usd"] * 10**6,
                                   high_micro_usd=3 * facts["usd"] * 10**6,
                                   confidence_basis_points=9_000,
                                   expected_by_unix_seconds=(start // 86_400 + 60) * 86_400))),
                        timeout=30)
                stub.Decide(pb.DecideCapacityRequest(
                    decisions=[pb.CapacityDecision(request_id=f"granted-{mark}",
                                                   chips=facts["granted"])],
                    reason=f"Reason in words for {pool}."), timeout=30)

    def ctl(self, who, *arguments):
        return subprocess.run(
            [FLEETMETERCTL, "--address", self.addresses["query"],
             "--tls-ca", self.pki / "ca.pem", "--tls-certificate", self.pki / f"ops-{who}.pem",
             "--tls-key", self.pki / f"ops-{who}-key.pem", *map(str, arguments)],
            capture_output=True, text=True, timeout=120, check=False)

    def report(self, who, output):
        done = self.ctl(who, "report", "allocation", "--output", output, "--admin-address",
                        self.addresses["admin"])
        assert done.returncode == 0, (who, done.stderr)
        return done.stdout


def code_of(place, who, service, method):
    """What somebody is told who asks; times are left out of the questions."""
    grpc_module = importlib.import_module({
        "Query": "fleetmeter.v1.query_pb2_grpc", "Plan": "fleetmeter.v1.plan_pb2_grpc",
        "Capacity": "fleetmeter.v1.capacity_pb2_grpc",
        "Outcomes": "fleetmeter.v1.outcomes_pb2_grpc",
        "Admin": "fleetmeter.v1.admin_pb2_grpc"}[service])
    messages = importlib.import_module(grpc_module.__name__.removesuffix("_grpc"))
    kind = messages.DESCRIPTOR.services_by_name[service].methods_by_name[method].input_type
    request = getattr(messages, kind.name)()
    if method == "Get":
        request.request_id = "open-umber"
    if method == "GetMargin":
        request.window = "quarter"
    with place.channel(who, "admin" if service == "Admin" else "query") as channel:
        try:
            getattr(getattr(grpc_module, service + "Stub")(channel), method)(request, timeout=30)
        except place.grpc.RpcError as error:
            return error.code().name
    return "OK"


def every_call_is_answered_by_role(place):
    for (service, method), answered in CALLS.items():
        for who in RULES:
            code = code_of(place, who, service, method)
            if who in answered:
                assert code in ("OK", WITHOUT_ANSWER.get((service, method))), (who, method, code)
            elif (method, who) == ("Get", "elsewhere"):
                assert code == "NOT_FOUND", code  # no more than of one that there is not
            else:
                assert code == "PERMISSION_DENIED", (who, method, code)
    return len(CALLS) * len(RULES)


def has_none(text, secrets, why):
    found = [secret for secret in secrets if secret in text]
    assert not found, (why, found)


def pools_seen_by(who):
    if who in SEES_ALL:
        return set(POOLS)
    return {"viewer": {"research"}, "elsewhere": {"pretraining"}}.get(who, set())


def a_report_has_what_its_maker_sees(place):
    """Of a pool that the maker does not see, the report has no name and no number."""
    for who in RULES:
        document = json.loads(place.report(who, "json"))
        text = json.dumps(document) + html.unescape(place.report(who, "html"))
        numbers = numbers_in(document)
        for pool, facts in POOLS.items():
            if pool in pools_seen_by(who):
                assert f"open-{facts['mark']}" in text, (who, pool)
                assert facts["allocated"] in numbers, (who, pool)
                continue
            has_none(text, names_of(pool) - {"spiffe://"}, (who, pool))
            secret = numbers & {float(number) for number in numbers_of(pool)}
            assert not secret, (who, pool, secret)
        if not pools_seen_by(who):
            has_none(text, set(POOLS) - {"research"}, who)  # a category has that name
        # What the fleet has is for those who see all of it.
        assert (900_000 * H100E_OF_B200 in numbers) == (who in SEES_ALL), who
        missing = document["sections"]["plan_and_actual"]["missing"]
        assert (missing is None) == (who in SEES_ALL), (who, missing)


def pages_of(site):
    return {path.name: html.unescape(path.read_text()) for path in sorted(site.glob("*.html"))}


def a_site_has_what_its_audience_may_see(place):
    """A site for all has no name and no number of a team or of a request, whoever makes it."""
    made = 0
    for who in RULES:
        for audience in ("all", "committee"):
            site = place.folder / f"{who}-{audience}"
            done = place.ctl(who, "publish", "--to", site, "--audience", audience)
            if who not in SEES_ALL:
                assert done.returncode == 1 and not site.exists(), (who, done)
                continue
            assert done.returncode == 0, (who, done.stderr)
            made += 1
            pages = pages_of(site)
            text = "".join(pages.values())
            for pool, facts in POOLS.items():
                assert f"{facts['allocated']:,}.0" in pages["plan.html"], (who, pool)
                assert f"Reason in words for {pool}." in pages["decisions.html"], (who, pool)
                if audience == "committee":
                    assert f"granted-{facts['mark']}" in pages["decisions.html"], (who, pool)
                    assert facts["other_team"] in pages["pools.html"], (who, pool)
                    continue
                has_none(text, texts_of_teams(pool), (who, audience, pool))
                for number in numbers_of_teams(pool):
                    has_none(text, texts_of_number(number), (who, audience, pool, number))
    return made


def main():
    with tempfile.TemporaryDirectory() as name:
        place = Place(pathlib.Path(name))
        with place.daemon:
            place.use_chips()
            place.ask_and_decide()
            asked = every_call_is_answered_by_role(place)
            a_report_has_what_its_maker_sees(place)
            made = a_site_has_what_its_audience_may_see(place)
    print(f"{asked} calls, {len(RULES)} reports and {made} sites: each tells what it may")


if __name__ == "__main__":
    main()
