#!/usr/bin/python3
"""A whole client of Fleetmeter in Python: reports one host and reads its pool back.

    protoc -I proto --python_out=OUT --grpc_python_out=OUT \
        --plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin proto/fleetmeter/v1/*.proto
    PYTHONPATH=OUT tests/product/client/report_usage.py --pool POOL --team TEAM --chip CHIP

Reports eight chips, half of them at 90% and half at 30%, for the ten seconds that have just passed.
"""
import argparse
import os
import sys
import time

import grpc

from fleetmeter.v1 import ingest_pb2, ingest_pb2_grpc, query_pb2, query_pb2_grpc, usage_pb2

SECOND = 1_000_000_000


def report(args, sequence):
    """The last ten seconds of one host, as a UsageReport."""
    return usage_pb2.UsageReport(
        sequence=sequence,
        source=args.source,
        window_start_unix_nanos=time.time_ns() - 10 * SECOND,
        window_length_nanos=10 * SECOND,
        groups=[
            usage_pb2.UsageGroup(
                chip=args.chip,
                state=usage_pb2.CHIP_STATE_ASSIGNED,
                pool=args.pool,
                team=args.team,
                signal="gr_engine_active",
                per_chip=usage_pb2.PerChip(
                    device=range(8), activity=[0.9, 0.9, 0.9, 0.9, 0.3, 0.3, 0.3, 0.3]
                ),
            )
        ],
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ingest", default="127.0.0.1:7443")
    parser.add_argument("--query", default="127.0.0.1:7444")
    parser.add_argument("--pool", required=True)
    parser.add_argument("--team", required=True)
    parser.add_argument("--chip", required=True)
    parser.add_argument("--source", default="python-client")
    args = parser.parse_args()

    # A client that reports more than once keeps its stream id and its last sequence on disk.
    stream_id = os.urandom(16)
    with grpc.insecure_channel(args.ingest) as channel:
        ingest = ingest_pb2_grpc.UsageIngestStub(channel)
        request = ingest_pb2.ReportRequest(stream_id=stream_id, reports=[report(args, sequence=1)])
        ack = ingest.Report(request, timeout=10).ack
    for disposition in ack.dispositions:
        print(f"{disposition.reason}: {disposition.field}: {disposition.detail}", file=sys.stderr)
    if ack.dispositions or ack.acknowledged_through != 1:
        return 1

    with grpc.insecure_channel(args.query) as channel:
        query = query_pb2_grpc.QueryStub(channel)
        answer = query.GetHeadroom(query_pb2.HeadroomRequest(pool=args.pool), timeout=10)
    pool = answer.pool
    print(f"pool {pool.pool}: allocated {pool.allocated_h100e:g} H100e, "
          f"assigned {pool.assigned_h100e:g}, busy {pool.busy_h100e:g}, "
          f"headroom {pool.headroom_h100e:g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
