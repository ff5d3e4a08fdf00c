#!/usr/bin/python3
"""`fleetmeterctl report allocation` and `publish` with a real daemon, in a real browser.

Their numbers are those of the daemon's API, and the reasons of its decisions are published.
"""
import json
import pathlib
import shutil
import sys
import tempfile
import time

# This one comes first: it says where the others are.
from pages import check_page, ctl, run_tests
from ingest_stubs import load_ingest_stubs
from looks import keep_picture
from programs import SOURCE, Daemon

SECOND = 10**9


def use_chips(stubs, daemon):
    """A host with eight B200 of research-scaling, of which two do nothing."""
    grpc, ingest_pb2, ingest_pb2_grpc, _ = stubs
    from fleetmeter.v1 import usage_pb2
    group = usage_pb2.UsageGroup(
        chip="b200", state=usage_pb2.CHIP_STATE_ASSIGNED, pool="research-scaling", team="laws",
        signal="gr_engine_active",
        per_chip=usage_pb2.PerChip(device=range(8), activity=[1] * 6 + [0] * 2))
    usage = usage_pb2.UsageReport(sequence=1, source="host-a", groups=[group],
                                  window_start_unix_nanos=time.time_ns() - 11 * SECOND,
                                  window_length_nanos=10 * SECOND)
    with grpc.insecure_channel(daemon.addresses["ingest"]) as channel:
        request = ingest_pb2.ReportRequest(stream_id=b"0123456789abcdef", reports=[usage])
        ack = ingest_pb2_grpc.UsageIngestStub(channel).Report(request, timeout=10).ack
    assert ack.acknowledged_through == 1 and not ack.dispositions, ack


def form_of(request_id, chips, **more):
    from fleetmeter.v1 import capacity_pb2
    start = (int(time.time()) // 3600 + 2) * 3600
    return capacity_pb2.CapacityForm(
        request_id=request_id, pool="research-scaling", team="laws", chip="b200", chips=chips,
        start_unix_seconds=start, hours=48, workload="sweep", nature="growth_bet",
        roi=capacity_pb2.Roi(gain="revenue", expected_micro_usd=5 * 10**11, low_micro_usd=10**11,
                             high_micro_usd=10**12, confidence_basis_points=8000,
                             expected_by_unix_seconds=start // 86400 * 86400 + 90 * 86400), **more)


def ask_and_decide(stubs, daemon):
    """Two undecided requests, one of them beyond the allocation, and one that is granted."""
    grpc = stubs[0]
    from fleetmeter.v1 import capacity_pb2, capacity_pb2_grpc
    with grpc.insecure_channel(daemon.addresses["query"]) as channel:
        stub = capacity_pb2_grpc.CapacityStub(channel)
        for form in (form_of("within", 2), form_of("granted", 2),
                     form_of("beyond", 64, beyond_allocation=True,
                             trade_off="The ablations start a week later.")):
            stub.Submit(capacity_pb2.SubmitCapacityRequest(form=form), timeout=10)
        stub.Decide(capacity_pb2.DecideCapacityRequest(
            decisions=[capacity_pb2.CapacityDecision(request_id="granted", chips=1)],
            reason="The sweep is half done."), timeout=10)
        return stub.GetRanking(capacity_pb2.GetRankingRequest(), timeout=10)


def a_real_daemon_is_reported(browser):
    """The report of a real daemon has the numbers of its API, and its decisions are published."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "stubs").mkdir()
        stubs = load_ingest_stubs(folder / "stubs")
        extra = (f"framework: {SOURCE}/deploy/plans/framework.yaml\n"
                 f"ledger: {{path: {folder}/ledger.db}}\n")
        catalog = folder / "catalog.yaml"
        shutil.copy(SOURCE / "deploy/demo/catalog.yaml", catalog)
        with Daemon(catalog, [SOURCE / "deploy/demo/plan.yaml"], extra) as daemon:
            change_a_price(catalog, daemon.addresses["query"])
            use_chips(stubs, daemon)
            ranking = ask_and_decide(stubs, daemon)
            query = daemon.addresses["query"]
            pools = json.loads(ctl(query, "pools", "--output", "json").stdout)["pools"]
            sections = report_with_the_price(query)
            page = folder / "page.html"
            assert ctl(query, "report", "allocation", "--to", page).returncode == 0
            done = ctl(query, "publish", "--to", folder / "site")
            assert done.returncode == 0, done.stderr
        check_real(sections, pools, ranking)
        check_prices(sections)
        with browser.open(page.as_uri()) as opened:
            check_page(opened, "real")
            keep_picture(opened, "allocation-real")
        decisions = (folder / "site" / "decisions.html").read_text()
        assert "The sweep is half done." in decisions and "granted in part" in decisions
        assert "laws" not in decisions and ">granted<" not in decisions, decisions


def change_a_price(catalog, query):
    """A new version of the catalog, which the daemon takes by itself."""
    text = catalog.read_text()
    assert "\nversion: 1\n" in text and "usd_per_chip_hour: 3.50" in text
    catalog.write_text(text.replace("\nversion: 1\n", "\nversion: 2\n").replace(
        "usd_per_chip_hour: 3.50", "usd_per_chip_hour: 2.75"))
    until = time.monotonic() + 60
    while json.loads(ctl(query, "plan", "show", "--output", "json").stdout)["basis"][
            "catalog_version"] != 2:
        assert time.monotonic() < until, "the daemon has not taken the new catalog"


def report_with_the_price(query):
    """The parts of a report, once the books have the new catalog: they are told once a minute."""
    until = time.monotonic() + 180
    while True:
        done = ctl(query, "report", "allocation", "--output", "json")
        assert done.returncode == 0, done.stderr
        sections = json.loads(done.stdout)["sections"]
        if "changed_chips" in sections["changes"]["tables"]:
            return sections
        assert time.monotonic() < until, sections["changes"]


def check_prices(sections):
    """Unused H100e at the price of the chips, and which price has changed."""
    [row] = [each for each in sections["underused"]["tables"]["underused_pools"]["rows"]
             if each["pool"] == "research-scaling"]
    assert row["usd_per_day_note"] == "at the prices of the chips", row
    assert abs(row["usd_per_day"] - row["unused_h100e"] * 24 * 2.75 / 3) < 0.01, row
    changes = sections["changes"]["tables"]
    [chip] = changes["changed_chips"]["rows"]
    assert (chip["chip"], chip["catalog_version"]) == ("b200", 2), chip
    assert (chip["usd_per_chip_hour_before"], chip["usd_per_chip_hour_now"]) == (3.5, 2.75), chip
    versions = [(each["what"], each["version"], each["previous_version"])
                for each in changes["recorded_versions"]["rows"]]
    assert versions[0] == ("catalog", 2, 1) and ("catalog", 1, None) in versions, versions


def check_real(sections, pools, ranking):
    rows = {row["pool"]: row for row in sections["headroom"]["tables"]["headroom_pools"]["rows"]}
    assert rows.keys() == {pool["pool"] for pool in pools}
    for pool in pools:
        row = rows[pool["pool"]]
        for key in ("headroom_h100e", "allocated_h100e", "assigned_h100e"):
            assert row[key] == pool[key], (pool["pool"], key, row[key], pool[key])
    [row] = sections["committee"]["tables"]["committee_requests"]["rows"]
    [ranked] = ranking.requests
    assert row["request"] == "beyond" and row["why"] == ranked.why, (row, ranked)
    assert row["h100e_hours"] == ranked.request.micro_h100e_hours / 1e6
    assert row["discounted_usd_per_h100e_hour"] == ranked.discounted_usd_per_h100e_hour
    assert not row["fits"].startswith("not known") and row["forgone_usd"] > 0, row
    [within] = sections["pool_requests"]["tables"]["requests_of_pools"]["rows"]
    assert within["request"] == "within", within
    [decided] = sections["decided"]["tables"]["decisions"]["rows"]
    assert (decided["request"], decided["decision"]) == ("granted", "granted in part"), decided
    assert sections["changes"]["missing"] is None


TESTS = (a_real_daemon_is_reported,)


if __name__ == "__main__":
    sys.exit(run_tests(TESTS))
