#!/usr/bin/python3
"""An identity that may report for all pools speaks for the sources of another one: of usage and of
outcomes, reports and corrections. Nothing of it counts; an administrator can give it a source."""
import json
import os
import subprocess
import time

from harness import (FLEETMETERCTL, SECOND, Sender, Target, check_books, eventually, ingest_grpc,
                     ingest_pb2, outcome_pb2)

IDENTITIES = [("gateway/real", "roles: [ingest], pools: '*'"),
              ("relay/greedy", "roles: [ingest], pools: '*'"),
              ("ops/ada", "roles: [query, admin]")]
DAY = 86_400 * SECOND
TODAY = time.time_ns() // DAY * DAY


class OutcomeSender:
    """Tells what one source served; each call is a stream of its own."""

    def __init__(self, target, who):
        self.stub = ingest_grpc.UsageIngestStub(target.channel("ingest", who))

    def tell(self, days_ago, requests=5, correction=None, can_defer=False):
        """The disposition of the report, or None: it is counted."""
        report = outcome_pb2.OutcomeReport(
            sequence=1, source="billing", window_start_unix_nanos=TODAY - days_ago * DAY,
            window_length_nanos=DAY)
        report.inference.rows.add(model="m", customer_tier="all", requests=requests,
                                  input_tokens=0, output_tokens=0, revenue_micro_usd=0)
        if correction:
            report.correction.id = correction
            report.correction.reason = "to falsify"
        ack = self.stub.Report(ingest_pb2.ReportRequest(
            stream_id=os.urandom(16), outcomes=[report], can_defer=can_defer), timeout=30).ack
        assert ack.acknowledged_through == 1, ack
        return ack.dispositions[0] if ack.dispositions else None


def source_command(target, *arguments):
    """What `fleetmeterctl source` prints."""
    pki = target.folder / "pki"
    address = target.addresses["admin"].replace("127.0.0.1", "localhost")
    done = subprocess.run(
        [FLEETMETERCTL, "source", *arguments, f"--admin-address={address}",
         f"--tls-ca={pki}/ca.pem", f"--tls-certificate={pki}/ops-ada.pem",
         f"--tls-key={pki}/ops-ada-key.pem"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def usage_of_another(target):
    honest = Sender(target, "gpu-1", "gateway-real")
    honest.send()
    stranger = Sender(target, "gpu-1", "relay-greedy")
    stranger.window = honest.window
    request = ingest_pb2.ReportRequest(stream_id=stranger.stream, reports=[stranger.report()])
    said = stranger.stub.Report(request).ack.dispositions[0]
    assert said.code == said.REJECTED and said.reason == "foreign_source", said
    request.can_defer = True  # a collector, which keeps it until the source is given to it
    request.stream_id = os.urandom(16)
    said = stranger.stub.Report(request).ack.dispositions[0]
    assert said.code == said.DEFERRED and said.reason == "foreign_source", said
    honest.send()  # the time is its own


def outcomes_of_another(target):
    real = OutcomeSender(target, "gateway-real")
    greedy = OutcomeSender(target, "relay-greedy")
    assert real.tell(3) is None
    for attempt in (greedy.tell(2), greedy.tell(3, requests=-5, correction="c-1")):
        assert attempt.code == attempt.REJECTED, attempt
        assert attempt.reason == "foreign_source", attempt
    kept = greedy.tell(1, can_defer=True)
    assert kept.code == kept.DEFERRED and kept.subject == "whose source 'billing' is", kept
    listed = json.loads(source_command(target, "list", "--state", "outcomes", "--output", "json"))
    billing, = listed["sources"]
    assert billing["owner"] == "spiffe://example.org/gateway/real", billing
    assert billing["foreign_reports"] == 3, billing
    assert billing["micro_chips"] is None, billing
    source_command(target, "move", "billing", "spiffe://example.org/relay/greedy",
        "--reason", "the gateway was replaced")
    assert greedy.tell(1, can_defer=True) is None
    assert real.tell(2).reason == "foreign_source"
    assert target.metric("fleetmeter_inference_requests_total") == 10


def main():
    with Target(IDENTITIES) as target:
        usage_of_another(target)
        outcomes_of_another(target)
        for words in ("event=denied reason=source", "event=books_move", "the gateway was replaced"):
            assert eventually(lambda: words in target.log()), words
        check_books(target)
        target.start()
        assert OutcomeSender(target, "gateway-real").tell(2).reason == "foreign_source"
        assert OutcomeSender(target, "relay-greedy").tell(2) is None
        check_books(target)


main()
