#!/usr/bin/python3
"""The HTTP/JSON facade of a real daemon: open on loopback, and over TLS by certificate, by token
and by a provider's signature, with the table of calls by role.

Exit code 0: all is well; 1: something is not.
"""
import atexit
import functools
import http.client
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from api_client import OLD_TOKEN, POOL, TOKEN, Client, SecureFiles, next_event, sign
from ingest_stubs import load_ingest_stubs
from programs import FLEETMETERCTL, SOURCE, Daemon

CATALOG = SOURCE / "deploy/catalog/default.yaml"
PLAN = SOURCE / "deploy/plans/example.yaml"
FRAMEWORK = SOURCE / "deploy/plans/framework.yaml"

# A question to each call, and whether it is one to a ledger.
QUESTIONS = {
    "pools": {}, "headroom": {"pool": POOL}, "supply": {}, "plan": {},
    "history/pools": {"pool": POOL}, "versions": {}, "holders": {"pool": POOL}, "compare": {},
    "framework": {}, "simulate": {},
    "margin": {"window": "28d"}, "capability": {}, "booked": {
        "kind": "inference", "source": "x", "from_unix_seconds": 0, "to_unix_seconds": 86400},
    "prices": {}, "corrections": {}, "sources": {}, "rejected": {}, "entries": {},
    "watch/pools": {}, "watch/headroom": {"pool": POOL},
    "requests": {}, "request": {"request_id": "asked"}, "ranking": {"pool": POOL},
    "check": {"form.pool": POOL, "form.team": "scaling", "form.chip": "b200", "form.chips": 8},
    "timeline": {"pool": POOL}, "grants": {}, "budgets": {}, "results": {},
    "lending": {},
}
OF_ADMIN = {"sources", "rejected", "entries"}
OF_A_POOL = {"pools", "headroom", "history/pools", "holders", "watch/pools", "watch/headroom", "requests",
             "request", "ranking", "check", "timeline", "grants", "budgets"}
# Whoever may ask these may be told that the daemon has no answer.
MAY_HAVE_NONE = {"capability"}


@functools.cache
def stubs():
    """gRPC, and the modules that are made of the protos."""
    folder = tempfile.mkdtemp(prefix="fleetmeter-stubs-")
    atexit.register(shutil.rmtree, folder)
    return load_ingest_stubs(folder)


def ask_for_capacity(channel):
    """Submits the request that is asked about."""
    from fleetmeter.v1 import capacity_pb2, capacity_pb2_grpc
    start = (int(time.time()) // 3_600 + 1) * 3_600
    capacity_pb2_grpc.CapacityStub(channel).Submit(capacity_pb2.SubmitCapacityRequest(
        form=capacity_pb2.CapacityForm(
            request_id="asked", pool=POOL, team="scaling", chip="b200", chips=8, hours=24,
            start_unix_seconds=start, workload=HOSTILE, nature="critical")), timeout=30)


def open_on_loopback(folder):
    extra = f"framework: {FRAMEWORK}\nledger: {{path: {folder}/open.db}}\n"
    with Daemon(CATALOG, [PLAN], extra) as daemon:
        client = Client(daemon.addresses["http"])
        grpc, *_ = stubs()
        with grpc.insecure_channel(daemon.addresses["query"]) as channel:
            ask_for_capacity(channel)
        every_call_answers(client)
        a_request_is_told_as_it_was_asked(client)
        answers_are_those_of_grpc(client, daemon)
        pages_are_whole(client)
        errors_have_words(client)
        simulations_by_post_and_get_are_one(client)
        description_names_every_call(client)
        pages_of_the_daemon(client)
        what_is_reported_is_told(client, daemon)


def every_call_answers(client):
    for path, fields in QUESTIONS.items():
        if path in MAY_HAVE_NONE:
            assert client.call(path, **fields)[1]["code"] == "FAILED_PRECONDITION"
        else:
            client.must(path, **fields)


def a_request_is_told_as_it_was_asked(client):
    _, _, text = client.ask("GET", "/api/v1/request?request_id=asked")
    assert not any(mark in text for mark in ("<", ">", "\u202e", "\u2028")), text
    answer = json.loads(text)
    assert answer["request"]["form"]["workload"] == HOSTILE, answer
    assert answer["rank"]["place"] == 1 and answer["fit"]["fits"], answer
    checked = client.must("check", **QUESTIONS["check"])
    assert {each["field"] for each in checked["violations"]} >= {
        "nature", "hours", "start_unix_seconds", "workload"}, checked
    assert "fit" not in checked, checked
    listed = client.must("requests", state="open")
    assert [each["form"]["requestId"] for each in listed["requests"]] == ["asked"], listed
    assert client.call("requests", state="shut")[1]["code"] == "INVALID_ARGUMENT"
    status, answer = client.call("request", request_id="askd")
    assert status == 404 and "asked" in answer["message"], answer


def answers_are_those_of_grpc(client, daemon):
    told = json.loads(subprocess.run(
        [FLEETMETERCTL, "--address", daemon.addresses["query"], "pools", "--output", "json"],
        check=True, capture_output=True, text=True).stdout)
    names = [pool["pool"] for pool in client.must("pools")["pools"]]
    assert names and names == [pool["pool"] for pool in told["pools"]], (names, told)


def pages_are_whole(client):
    whole = client.must("pools")
    token, names = "", []
    while True:
        page = client.must("pools", page_size=3, page_token=token)
        assert page["totalPools"] == len(whole["pools"]) and len(page["pools"]) <= 3
        names += [pool["pool"] for pool in page["pools"]]
        token = page["nextPageToken"]
        if not token:
            break
    assert names == [pool["pool"] for pool in whole["pools"]], names
    status, answer = client.call("pools", page_token="gone")
    assert (status, answer["code"]) == (400, "INVALID_ARGUMENT"), answer


def errors_have_words(client):
    for target, status, code, words in (
            ("headroom?pool=servng", 404, "NOT_FOUND", "is not a pool of plan"),
            ("headroom?pol=x", 400, "INVALID_ARGUMENT", "expected one of: pool"),
            ("supply?x=1", 400, "INVALID_ARGUMENT", "this question has none"),
            ("pools?page_size=x", 400, "INVALID_ARGUMENT", "whole number"),
            ("pools?a=%ff", 400, "INVALID_ARGUMENT", "is no text"),
            ("nothing", 404, "NOT_FOUND", "is no call"),
            ("watch/headroom?pool=none", 404, "NOT_FOUND", "is not a pool"),
            ("history/pools?step=5m", 400, "INVALID_ARGUMENT", "expected 1h or 1d"),
    ):
        got, _, text = client.ask("GET", f"/api/v1/{target}")
        answer = json.loads(text)
        assert (got, answer["code"]) == (status, code), (target, text)
        assert words in answer["message"], (target, text)
    assert client.ask("DELETE", "/api/v1/pools")[0] == 405
    assert client.ask("POST", "/metrics", "{}")[0] == 405
    status, _, text = client.ask("POST", "/api/v1/pools", "{}", {"Content-Type": "text/plain"})
    assert status == 400 and "application/json" in text, text
    assert client.ask("GET", "/api/v1/../../etc/passwd")[0] == 404


def simulations_by_post_and_get_are_one(client):
    asked = client.must("simulate", **{"share_ratios.research": 0.7})
    status, _, text = client.ask("POST", "/api/v1/simulate",
                                 json.dumps({"shareRatios": {"research": 0.7}}),
                                 {"Content-Type": "application/json; charset=utf-8"})
    assert status == 200 and json.loads(text) == asked, text


def description_names_every_call(client):
    _, _, text = client.ask("GET", "/api/v1/openapi.json")
    paths = {path.removeprefix("/api/v1/") for path in json.loads(text)["paths"]}
    assert paths == set(QUESTIONS), paths ^ set(QUESTIONS)


def pages_of_the_daemon(client):
    status, headers, text = client.ask("GET", "/runbook")
    assert status == 200 and 'id="fleetmeterpoolunderused"' in text
    assert "default-src 'self'" in headers["Content-Security-Policy"], headers
    status, headers, text = client.ask("GET", "/")
    assert status == 200 and "Fleetmeter" in text, text
    status, _, text = client.ask("GET", "/none")
    assert status == 404 and "/runbook" in text, text


HOSTILE = 'team<script>"\\\u202e\u2028&'


def what_is_reported_is_told(client, daemon):
    """A report is seen within two seconds by who watches, and a refused one is listed with its team
    as text."""
    connection = client.connect()
    connection.request("GET", "/api/v1/watch/pools")
    stream = connection.getresponse()
    assert assigned(next_event(stream)) == 0
    grpc, ingest_pb2, ingest_pb2_grpc, _ = stubs()
    from fleetmeter.v1 import usage_pb2
    with grpc.insecure_channel(daemon.addresses["ingest"]) as channel:
        stub = ingest_pb2_grpc.UsageIngestStub(channel)
        for sequence, team in enumerate(("scaling", HOSTILE), 1):
            report = usage_pb2.UsageReport(
                sequence=sequence, source=f"host-{sequence}",
                window_start_unix_nanos=time.time_ns() - 2 * 10**9, window_length_nanos=10**9)
            report.groups.add(
                chip="h100", state=usage_pb2.CHIP_STATE_ASSIGNED, pool=POOL, team=team,
                signal="gr_engine_active",
                per_chip=usage_pb2.PerChip(device=range(4), activity=[0.5] * 4))
            sent = time.monotonic()
            stub.Report(ingest_pb2.ReportRequest(stream_id=b"a" * 16, reports=[report]), timeout=30)
            if sequence == 1:
                while not assigned(next_event(stream)):
                    pass
                assert time.monotonic() - sent < 2, time.monotonic() - sent
    connection.close()
    _, _, text = client.ask("GET", "/api/v1/rejected?source=host-2")
    assert not any(mark in text for mark in ("<", ">", "\u202e", "\u2028")), text
    answer = json.loads(text)
    assert answer["counts"] == [{"reason": "unknown_team", "reports": "1"}], answer
    assert "team<script>" in answer["reports"][0]["detail"], answer
    sources = {source["source"]: source for source in client.must("sources")["sources"]}
    assert sources["host-1"]["state"] == "live" and "silentSinceUnixNanos" not in sources["host-1"]
    first, last = (int(sources["host-1"][f"counted{end}UnixNanos"]) for end in ("From", "To"))
    assert last - first == 10**9, sources["host-1"]
    assert sources["host-2"]["state"] == "rejected", sources
    hours = client.must("history/pools", pool=POOL)["rows"]
    assert len(hours) == 1 and hours[0]["assignedH100e"] > 0, hours
    assert 0.4 < hours[0]["busyH100e"] / hours[0]["measuredH100e"] < 0.6, hours
    # The only host told of a second, and has been silent since.
    assert 0 < hours[0]["coverageRatio"] < 0.9, hours


def assigned(event):
    """H100e that the pool's workloads hold, as an event says."""
    pools = json.loads(event.removeprefix("data: "))["pools"]
    return next(pool["assignedH100e"] for pool in pools if pool["pool"] == POOL)


def has_no_number(text):
    """Whether an answer says nothing of the fleet."""
    return not any(word in text for word in ("H100e", "h100e", POOL, "fleetmeter_pool"))


def over_tls(folder):
    files = SecureFiles(folder)
    with Daemon(CATALOG, [PLAN], files.settings()) as daemon:
        nobody_is_told_nothing(files, daemon)
        grpc, *_ = stubs()
        with grpc.secure_channel(daemon.addresses["query"],
                                 files.credentials(grpc, "ops/asker")) as channel:
            ask_for_capacity(channel)
        every_call_by_role(files, daemon)
        somebody_who_sees_one_pool(files, daemon)
        tokens_end_and_change(files, daemon)
        signatures_of_the_provider(files, daemon)


def nobody_is_told_nothing(files, daemon):
    strangers = {
        "nobody": files.client(daemon),
        "a wrong token": files.client(daemon, token="wrong"),
        "a right certificate with a wrong token": files.client(daemon, "ops/reader", "wrong"),
    }
    for who, client in strangers.items():
        targets = [f"/api/v1/{path}?{urllib.parse.urlencode(fields)}"
                   for path, fields in QUESTIONS.items()] + ["/metrics"]
        for target in targets:
            status, headers, text = client.ask("GET", target)
            assert status == 401 and has_no_number(text), (who, target, status, text)
            assert headers["WWW-Authenticate"] == "Bearer"
            assert json.loads(text)["code"] == "UNAUTHENTICATED"
        assert client.ask("GET", "/readyz")[0] == 200, who
        assert client.ask("GET", "/api/v1/openapi.json")[0] == 200, who
    try:
        Client(daemon.addresses["http"]).ask("GET", "/metrics")
    except (http.client.HTTPException, OSError):
        pass
    else:
        raise AssertionError("plaintext was answered")


def every_call_by_role(files, daemon):
    expected = {
        "ops/reader": lambda path: path not in OF_ADMIN,
        "ops/all": lambda path: True,
        "owner/a": lambda path: path in OF_A_POOL,
        "host/a": lambda path: False,
        "ops/nobody": lambda path: False,
    }
    for name, may in expected.items():
        client = files.client(daemon, name)
        for path, fields in QUESTIONS.items():
            status, answer = client.call(path, **fields)
            if not may(path):
                assert (status, answer["code"]) == (403, "PERMISSION_DENIED"), (name, path, answer)
                assert has_no_number(answer["message"]), answer
            elif path in MAY_HAVE_NONE:
                assert status == 200 or answer["code"] == "FAILED_PRECONDITION", (
                    name, path, answer)
            else:
                assert status == 200, (name, path, status, answer)
        status, _, text = client.ask("GET", "/metrics")
        assert (status == 200) == (name in ("ops/reader", "ops/all")), (name, status)
        assert status == 200 or has_no_number(text), text


def somebody_who_sees_one_pool(files, daemon):
    owner = files.client(daemon, "owner/a")
    for path in ("pools", "watch/pools"):
        answer = owner.must(path)
        assert [pool["pool"] for pool in answer["pools"]] == [POOL], answer
        assert answer["totalPools"] == 1 and not answer["orphaned"]
    all_pools = [pool["pool"] for pool in files.client(daemon, "ops/reader").must("pools")["pools"]]
    hidden = next(pool for pool in all_pools if pool != POOL)
    for path in ("headroom", "watch/headroom"):
        status, answer = owner.call(path, pool=hidden)
        assert status == 404, answer
        assert not any(pool in answer["message"].replace(f'"{hidden}"', "")
                       for pool in all_pools if pool != POOL), answer
    assert owner.must("history/pools", pool=hidden)["rows"] == []


def a_stream_ends_with_its_token(stream):
    """Whoever watches by a token that is taken away is told so, and nothing after it."""
    end = time.monotonic() + 30
    said = ""
    while "event: error" not in said:
        assert time.monotonic() < end, "the stream outlives its token"
        said = stream.readline().decode()
    said = stream.readline().decode()
    assert "UNAUTHENTICATED" in said and has_no_number(said), said
    assert not stream.read().strip(), "the stream goes on after its end"


def tokens_end_and_change(files, daemon):
    assert files.client(daemon, token=TOKEN).must("pools")["pools"]
    assert files.client(daemon, token=OLD_TOKEN).call("pools")[0] == 401
    # What a token grants is what its identity has, whoever's connection it comes by.
    assert files.client(daemon, "host/a", TOKEN).must("pools")["pools"]
    assert files.client(daemon, token=TOKEN).call("sources")[0] == 403
    watching = files.client(daemon, token=TOKEN).connect()
    watching.request("GET", "/api/v1/watch/pools", headers={"Authorization": f"Bearer {TOKEN}"})
    stream = watching.getresponse()
    assert '"pools"' in next_event(stream)
    files.write_tokens("another-token")
    a_stream_ends_with_its_token(stream)
    watching.close()
    end = time.monotonic() + 30
    while files.client(daemon, token=TOKEN).call("pools")[0] != 401:
        assert time.monotonic() < end, "the old token is still taken"
        time.sleep(0.1)  # between two questions; the loop ends by the answer
    assert files.client(daemon, token="another-token").must("pools")["pools"]


def signatures_of_the_provider(files, daemon):
    assert files.client(daemon, token=files.jwt()).must("pools")["pools"]
    for changes in ({"aud": "other"}, {"iss": "https://evil.example"}, {"exp": 1},
                    {"nbf": int(time.time()) + 3600}):
        assert files.client(daemon, token=files.jwt(**changes)).call("pools")[0] == 401, changes
    assert files.client(daemon, token=files.jwt(sub="eve@example.org")).call("pools")[0] == 403
    none = sign(files.key, {"alg": "none", "kid": "k"}, {"sub": "anna@example.org"})
    assert files.client(daemon, token=none.rsplit(".", 1)[0] + ".").call("pools")[0] == 401


def main():
    with tempfile.TemporaryDirectory() as folder:
        open_on_loopback(folder)
        over_tls(folder)
    print("the API answers whom it should")


if __name__ == "__main__":
    main()
