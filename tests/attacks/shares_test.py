#!/usr/bin/python3
"""One identity opens as many streams and watches as it gets. Another still gets some."""
import os
import threading

from harness import (Target, check_books, eventually, grpc, ingest_grpc, ingest_pb2, query_pb2,
                     query_pb2_grpc)

IDENTITIES = [("host/greedy", "roles: [ingest, query]"),
              ("host/honest", "roles: [ingest, query], pools: '*'")]
STREAMS = 60


class OpenStream:
    """An ingest stream that is opened and stays so."""

    def __init__(self, target, who):
        self.end = threading.Event()
        stub = ingest_grpc.UsageIngestStub(target.channel("ingest", who))
        self.call = stub.Stream(self.requests())

    def requests(self):
        opening = ingest_pb2.StreamRequest()
        opening.open.stream_id = os.urandom(16)
        yield opening
        self.end.wait()

    def is_welcome(self):
        try:
            return next(self.call).HasField("welcome")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error
            return False


def streams(target):
    opened = [OpenStream(target, "host-greedy") for _ in range(STREAMS)]
    welcome = sum(stream.is_welcome() for stream in opened)
    assert welcome == 45, f"{welcome} of {STREAMS}: expected three quarters"
    honest = OpenStream(target, "host-honest")
    assert honest.is_welcome()
    refused = target.metric("fleetmeter_calls_over_share_total", 'call="stream"')
    assert refused == STREAMS - 45, refused
    for stream in [*opened, honest]:
        stream.end.set()
        stream.call.cancel()
    assert eventually(lambda: target.metric("fleetmeter_ingest_streams") == 0)


def watches(target):
    """1,024 places: 768 for one identity, over connections of 64 calls each."""
    request = query_pb2.HeadroomRequest(pool="research-scaling", interval_millis=3_600_000)
    calls = []
    answered = 0
    for _ in range(13):
        stub = query_pb2_grpc.QueryStub(target.channel("query", "host-greedy"))
        calls += [stub.WatchHeadroom(request) for _ in range(62)]
    for call in calls:
        try:
            next(call)
            answered += 1
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error
    assert answered == 768, answered
    honest = query_pb2_grpc.QueryStub(target.channel("query", "host-honest"))
    assert next(honest.WatchHeadroom(request)).pool.pool == "research-scaling"
    for call in calls:
        call.cancel()


def main():
    with Target(IDENTITIES, more=f"ingest: {{max_streams: {STREAMS}}}\n") as target:
        streams(target)
        watches(target)
        check_books(target)


main()
