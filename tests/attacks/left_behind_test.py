#!/usr/bin/python3
"""Each call uses a stream of its own, and its only report is rejected. Streams that nobody goes on
with are retired, so that memory, the ledger and a restart cost the same afterwards."""
import os

from harness import FULL, MIB, Sender, Target, check_books, grpc, ingest_pb2, usage_pb2

CALLS = 100_000 if FULL else 8_000
AT_A_TIME = 64


def flood(target):
    call = target.channel().unary_unary("/fleetmeter.v1.UsageIngest/Report")
    wrong = usage_pb2.UsageReport(sequence=1, source="x")  # it has no window
    under_way = []
    for i in range(CALLS):
        request = ingest_pb2.ReportRequest(stream_id=os.urandom(16), reports=[wrong])
        under_way.append(call.future(request.SerializeToString(), timeout=60))
        if len(under_way) == AT_A_TIME or i == CALLS - 1:
            for future in under_way:
                future.result()
            under_way = []


def main():
    with Target() as target:
        honest = Sender(target, "honest")
        honest.send()
        before = target.memory()
        flood(target)
        honest.send()  # its stream goes on
        rejected = target.metric("fleetmeter_ingest_rejected_reports_total")
        assert rejected == CALLS, rejected
        # Rejections are remembered, 100,000 of them at most.
        assert target.memory() - before < 60 * MIB, (before, target.memory())
        check_books(target)
        import sqlite3
        books = sqlite3.connect(f"file:{target.folder / 'ledger.db'}?mode=ro", uri=True)
        kept, = books.execute("SELECT count(*) FROM streams").fetchone()
        settled, = books.execute("SELECT (SELECT sum(sequence) FROM streams) + "
                                 "(SELECT sequences FROM retired_totals)").fetchone()
        books.close()
        assert kept <= 5_200, kept
        assert settled == CALLS + 2, settled
        target.start()
        honest.stub = Sender(target, "honest").stub
        honest.send()
        check_books(target)


main()
