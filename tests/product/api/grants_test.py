#!/usr/bin/python3
"""How grants were used, as a real daemon's ledger tells it: to the chip-nanosecond, without the
hours that nobody told of, over gRPC and over HTTP.

Exit code 0: all is well; 1: something is not.
"""
import json
import pathlib
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
CHIP_HOUR = HOUR * 10**9
POOL, TEAM, OTHER_TEAM = "research", "scaling", "architectures"
# Chips that the teams held, by the hour of the nine days up to now; of the others nobody told.
PAST_HOURS = 9 * 24
HELD = {0: (8, 0), 1: (8, 0), 2: (8, 0), 4: (4, 2), 8 * 24: (4, 0)}
GRANTED = 6
ACTIVITY = 0.5


def report_hours(stub, pb, usage_pb2, first):
    """One report for each hour that is told."""
    for sequence, (hour, chips) in enumerate(HELD.items(), 1):
        report = usage_pb2.UsageReport(
            sequence=sequence, source="host", window_start_unix_nanos=(first + hour * HOUR) * 10**9,
            window_length_nanos=HOUR * 10**9)
        for team, count in zip((TEAM, OTHER_TEAM), chips):
            if count:
                report.groups.add(
                    chip="b200", state=usage_pb2.CHIP_STATE_ASSIGNED, pool=POOL, team=team,
                    workload="laws", signal="gr_engine_active",
                    per_chip=usage_pb2.PerChip(device=range(10 * len(team), 10 * len(team) + count),
                                               activity=[ACTIVITY] * count))
        answer = stub.Report(pb.ReportRequest(stream_id=b"g" * 16, reports=[report], history=True),
                             timeout=30)
        assert not answer.ack.dispositions, answer


def ask(capacity, pb, request_id, start, **changes):
    form = pb.CapacityForm(request_id=request_id, pool=POOL, team=TEAM, chip="b200", chips=8,
                           start_unix_seconds=start, hours=20 * 24, workload="laws",
                           nature="growth_bet")
    for name, value in changes.items():
        setattr(form, name, value)
    return capacity.Submit(pb.SubmitCapacityRequest(form=form), timeout=30).requests[0]


def grant(capacity, pb, request_id, chips):
    capacity.Decide(pb.DecideCapacityRequest(
        decisions=[pb.CapacityDecision(request_id=request_id, chips=chips)], reason="It pays."),
        timeout=30)


def use_is_exact(used, first):
    """What a grant of six chips from `first` on has used up to now."""
    assert used.request.form.request_id == "past"
    assert used.request.state == "active"
    assert used.request.grant.start_unix_seconds == first
    held = sum(min(scaling, GRANTED) for scaling, _ in HELD.values())
    assert used.told_seconds == len(HELD) * HOUR, used
    # What nobody told of is neither used nor unused. Another hour may have passed meanwhile.
    passed = int(time.time()) // HOUR - first // HOUR
    assert (PAST_HOURS - len(HELD)) * HOUR <= used.untold_seconds <= (passed - len(HELD)) * HOUR
    assert int(used.granted_chip_nanos) == GRANTED * len(HELD) * CHIP_HOUR, used
    assert int(used.used_chip_nanos) == held * CHIP_HOUR, used
    assert int(used.measured_chip_nanos) == held * CHIP_HOUR, used
    assert int(used.busy_chip_nanos) == held * CHIP_HOUR * ACTIVITY, used
    assert used.used_ratio == held / (GRANTED * len(HELD)), used
    assert used.utilization_ratio == ACTIVITY, used
    assert used.peak_micro_chips == GRANTED * 10**6, used
    h100e_of_chip = used.request.grant.micro_h100e / 10**6 / GRANTED
    assert abs(used.used_h100e_hours - held * h100e_of_chip) < 1e-6, used
    assert abs(used.unused_h100e_hours
               - (GRANTED * len(HELD) - held) * h100e_of_chip) < 1e-6, used


def what_is_under_no_grant(answer):
    beyond = {(each.pool, each.team): int(each.chip_nanos) for each in answer.beyond}
    assert beyond == {
        (POOL, TEAM): sum(max(0, scaling - GRANTED) for scaling, _ in HELD.values()) * CHIP_HOUR,
        (POOL, OTHER_TEAM): sum(other for _, other in HELD.values()) * CHIP_HOUR}, beyond


def filters(grpc, capacity, pb):
    listed = lambda **fields: [
        each.request.form.request_id
        for each in capacity.ListGrants(pb.ListGrantsRequest(**fields), timeout=30).grants]
    assert listed(pool=POOL, team=TEAM) == ["past", "future"]
    assert listed(request_id="future") == ["future"]
    assert listed(pool="pretraining") == []
    assert listed(team=OTHER_TEAM) == []
    for fields, code in (({"pool": "reserch"}, "INVALID_ARGUMENT"),
                         ({"team": "scalin"}, "INVALID_ARGUMENT"),
                         ({"request_id": "pest"}, "NOT_FOUND")):
        try:
            listed(**fields)
            raise AssertionError(f"{fields} is a filter")
        except grpc.RpcError as error:
            assert error.code().name == code, (fields, error)
            assert "nearest" in error.details(), error.details()


def the_next_request_shows_it(capacity, pb, first):
    """A check tells the team's latest grants in the pool; those that have not begun are none."""
    checked = capacity.Check(pb.CheckCapacityRequest(form=pb.CapacityForm(
        request_id="next", pool=POOL, team=TEAM, chip="b200", chips=8,
        start_unix_seconds=first + (PAST_HOURS + 1) * HOUR, hours=24, workload="laws", nature="critical")),
        timeout=30)
    assert not checked.violations and checked.fit.fits, checked
    assert [each.request.form.request_id for each in checked.earlier] == ["past"], checked
    use_is_exact(checked.earlier[0], first)


def the_peak_is_the_busiest_hour(capacity, pb, first, eight_chips):
    timeline = capacity.GetTimeline(pb.GetTimelineRequest(pool=POOL), timeout=30)
    assert timeline.peak_micro_h100e == eight_chips, (timeline.peak_micro_h100e, eight_chips)
    assert timeline.peak_unix_seconds == first
    assert timeline.spans[0].committed_micro_h100e > 0
    assert sum(span.to_unix_seconds - span.from_unix_seconds
               for span in timeline.spans) == 90 * 24 * HOUR
    for before, after in zip(timeline.spans, timeline.spans[1:]):
        assert before.to_unix_seconds == after.from_unix_seconds


def over_http(address, answer):
    with urllib.request.urlopen(f"http://{address}/api/v1/grants", timeout=30) as page:
        told = json.loads(page.read())
    assert [each.get("usedChipNanos", "") for each in told["grants"]] == [
        each.used_chip_nanos for each in answer.grants], told
    # A grant that has not begun has no ratio, and not one of 0.
    for field in ("usedRatio", "usedChipNanos", "usedH100eHours", "unusedH100eHours"):
        assert field in told["grants"][0] and field not in told["grants"][1], (field, told)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "stubs").mkdir()
        grpc, ingest_pb2, ingest_pb2_grpc, _ = load_ingest_stubs(folder / "stubs")
        from fleetmeter.v1 import capacity_pb2 as pb, capacity_pb2_grpc, usage_pb2
        extra = f"ledger: {{path: {folder}/ledger.db}}\n"
        with Daemon(CATALOG, [PLAN], extra) as daemon:
            first = (int(time.time()) // HOUR - PAST_HOURS) * HOUR
            with grpc.insecure_channel(daemon.addresses["ingest"]) as channel:
                report_hours(ingest_pb2_grpc.UsageIngestStub(channel), ingest_pb2, usage_pb2, first)
            with grpc.insecure_channel(daemon.addresses["query"]) as channel:
                capacity = capacity_pb2_grpc.CapacityStub(channel)
                asked = ask(capacity, pb, "past", first)
                grant(capacity, pb, "past", GRANTED)
                ask(capacity, pb, "future", first + 2 * PAST_HOURS * HOUR)
                grant(capacity, pb, "future", 2)
                ask(capacity, pb, "open", first + 2 * PAST_HOURS * HOUR)
                answer = capacity.ListGrants(pb.ListGrantsRequest(), timeout=30)
                use_is_exact(answer.grants[0], first)
                what_is_under_no_grant(answer)
                # Of a grant that has not begun nothing is known, and not that it is 0.
                assert not answer.grants[1].HasField("granted_chip_nanos"), answer
                filters(grpc, capacity, pb)
                the_next_request_shows_it(capacity, pb, first)
                the_peak_is_the_busiest_hour(capacity, pb, first, asked.micro_h100e)
                over_http(daemon.addresses["http"], answer)
    print("grants were used as the books tell")


if __name__ == "__main__":
    main()
