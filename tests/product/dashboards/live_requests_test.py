#!/usr/bin/python3
"""The dashboard of requests on a real daemon that teams have asked, scraped by a real Prometheus.

Of team laws a grant of 16 chips is two days old, and the team holds 8 of them; a critical request and a bet are open;
one request was declined. Every query of the dashboard answers, its figures are those of the API, and the grant that is
held in part is alerted.
"""
import contextlib
import json
import os
import pathlib
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
import live_check
from inhibit_test import until
from ingest_stubs import load_ingest_stubs
from live_fake_test import prometheus
from programs import SOURCE, Daemon

HOUR = 3600
POOL = "research-scaling"
TEAM = "laws"
B200_H100E = 3
HELD_HOURS = 48


def report_past(address, grpc, messages, services, hour):
    """Eight chips of the team, half busy, for each of the hours before `hour`."""
    from fleetmeter.v1 import usage_pb2
    with grpc.insecure_channel(address) as channel:
        stub = services.UsageIngestStub(channel)
        stream = os.urandom(16)
        for i in range(HELD_HOURS):
            start = (hour - (HELD_HOURS - i) * HOUR) * 10**9
            report = usage_pb2.UsageReport(sequence=i + 1, source="host-1", window_start_unix_nanos=start,
                                           window_length_nanos=HOUR * 10**9)
            group = usage_pb2.UsageGroup(chip="b200", state=usage_pb2.CHIP_STATE_ASSIGNED, pool=POOL, team=TEAM,
                                         signal="gr_engine_active", workload="scaling")
            group.per_chip.device.extend(range(8))
            group.per_chip.activity.extend([0.5] * 8)
            report.groups.append(group)
            ack = stub.Report(messages.ReportRequest(stream_id=stream, reports=[report]), timeout=30).ack
            assert ack.acknowledged_through == i + 1 and not ack.dispositions, ack


def ask(address, grpc, hour):
    """The requests, and what is decided about two of them."""
    from fleetmeter.v1 import capacity_pb2, capacity_pb2_grpc

    def form(name, chips, start, nature):
        return capacity_pb2.CapacityForm(request_id=name, pool=POOL, team=TEAM, chip="b200", chips=chips,
                                         start_unix_seconds=start, hours=30 * 24, workload="scaling", nature=nature)

    with grpc.insecure_channel(address) as channel:
        stub = capacity_pb2_grpc.CapacityStub(channel)
        for each in (form("laws-held", 16, hour - HELD_HOURS * HOUR, "growth_bet"),
                     form("laws-critical", 2, hour + HOUR, "critical"),
                     form("laws-bet", 1, hour + HOUR, "growth_bet"),
                     form("laws-lost", 4, hour + HOUR, "growth_bet")):
            stub.Submit(capacity_pb2.SubmitCapacityRequest(form=each), timeout=30)


def decide(address, grpc, name, chips):
    from fleetmeter.v1 import capacity_pb2, capacity_pb2_grpc

    decision = capacity_pb2.CapacityDecision(request_id=name, chips=chips)
    with grpc.insecure_channel(address) as channel:
        stub = capacity_pb2_grpc.CapacityStub(channel)
        stub.Decide(capacity_pb2.DecideCapacityRequest(decisions=[decision], reason="a test decides"), timeout=30)


def board_problems(url):
    prom = live_check.Prometheus(url)
    board = json.loads((live_check.RENDERED / "requests.json").read_text())
    queries = live_check.dashboard_queries(prom, "requests", board)
    return [f"{where}: {found}" for where, run in queries
            if (found := live_check.problem(where, run, requests=True))]


def await_answers(url, limit=60):
    end = time.monotonic() + limit
    while problems := board_problems(url):
        if time.monotonic() > end:
            raise SystemExit("\n".join(problems))
        time.sleep(0.5)


def answers(prom):
    """The figures of the first panel, by their words."""
    board = json.loads((live_check.RENDERED / "requests.json").read_text())
    panel = next(p for p in board["panels"] if p["type"] == "stat")
    values = live_check.chosen(prom, board)
    return {t["legendFormat"]: float(prom.instant(live_check.substitute(t["expr"], values))[0]) for t in panel["targets"]}


def read(daemon, path):
    with urllib.request.urlopen(f"http://{daemon.addresses['http']}{path}", timeout=30) as answer:
        return answer.read().decode()


def value(prom, expr):
    result = prom.instant(expr)
    return float(result[0]) if result else None


def check_figures(prom, daemon):
    figures = answers(prom)
    listed = json.loads(read(daemon, "/api/v1/requests?state=open"))["requests"]
    assert figures["requests wait to be decided"] == len(listed) == 2, (figures, listed)
    assert figures["of them are critical"] == 1, figures
    assert figures["H100e are asked"] == sum(int(r["microH100e"]) for r in listed) / 1e6 == 3 * B200_H100E, figures
    grant = json.loads(read(daemon, "/api/v1/grants?pool=" + POOL))["grants"][0]
    assert abs(grant["usedRatio"] - 0.5) < 1e-9, grant
    assert value(prom, 'fleetmeter_grant_week_used_ratio{request="laws-held"}') == grant["usedRatio"]
    assert value(prom, 'fleetmeter_grant_used_h100e{request="laws-held"}') == 8 * B200_H100E
    assert value(prom, f'fleetmeter_capacity_committed_h100e{{pool="{POOL}"}}') == 16 * B200_H100E
    assert value(prom, f'pool:fleetmeter_capacity_week_used:ratio{{pool="{POOL}"}}') == 0.5
    assert value(prom, f'fleetmeter_capacity_decisions_total{{pool="{POOL}", outcome="declined"}}') == 1


def main():
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        grpc, messages, services, _ = load_ingest_stubs(folder)
        daemon = stack.enter_context(Daemon(
            SOURCE / "deploy/demo/catalog.yaml", [SOURCE / "deploy/demo/plan.yaml"],
            f"ledger: {{path: {folder}/ledger.db}}\noutcomes: {{refresh: 100ms}}\n"
            f"framework: {SOURCE}/deploy/demo/framework.yaml\n"
            # The host last reported at the full hour, and is live all the same.
            "live: {silent_after: 2h, forget_after: 1d}\n"))
        hour = int(time.time()) // HOUR * HOUR
        report_past(daemon.addresses["ingest"], grpc, messages, services, hour)
        ask(daemon.addresses["query"], grpc, hour)
        decide(daemon.addresses["query"], grpc, "laws-held", 16)
        url = stack.enter_context(prometheus(daemon.addresses["http"].rsplit(":", 1)[1]))
        prom = live_check.Prometheus(url)
        until("requests are scraped", lambda: value(prom, "sum(fleetmeter_capacity_requests)"), 60)
        # What is counted within the time range has to happen within it.
        decide(daemon.addresses["query"], grpc, "laws-lost", 0)
        await_answers(url)
        check_figures(prom, daemon)
        until("the grant that is held in part is alerted", lambda: value(
            prom, 'ALERTS{alertname="FleetmeterGrantUsedInPart", request="laws-held", team="laws"}'), 60)
        print("the dashboard of requests answers, and its figures are the API's")
    return 0


if __name__ == "__main__":
    sys.exit(main())
