"""A client as it should be: one stream, one report at a time, each answer awaited and timed."""
import os
import queue
import threading
import time

import grpc
from fleetmeter.v1 import ingest_pb2, ingest_pb2_grpc, usage_pb2

MILLISECOND = 1_000_000


def report(source, sequence, start):
    group = usage_pb2.UsageGroup(
        chip="b200", state=usage_pb2.CHIP_STATE_ASSIGNED, pool="research-scaling", team="laws",
        signal="gr_engine_active", per_chip=usage_pb2.PerChip(device=[0], activity=[0.5]),
    )
    return usage_pb2.UsageReport(
        sequence=sequence, source=source, window_start_unix_nanos=start + sequence * MILLISECOND,
        window_length_nanos=MILLISECOND, duration_nanos=MILLISECOND, groups=[group],
    )


class GoodClient:
    """Goes on in a thread of its own until stopped. `latencies` are seconds, in order of answers."""

    def __init__(self, address, source):
        self.latencies = []
        self.error = None
        self._source = source
        self._stopping = threading.Event()
        self._channel = grpc.insecure_channel(
            address, options=[("grpc.use_local_subchannel_pool", 1)]
        )
        self._requests = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        try:
            self._talk()
        except Exception as error:  # whatever it is, it is the test's to report
            self.error = error

    def _talk(self):
        stub = ingest_pb2_grpc.UsageIngestStub(self._channel)
        answers = stub.Stream(iter(self._requests.get, None))
        opening = ingest_pb2.Open(stream_id=os.urandom(16), client="good")
        self._requests.put(ingest_pb2.StreamRequest(open=opening))
        next(answers)
        start = time.time_ns() - 3_600_000 * MILLISECOND
        sequence = 0
        while not self._stopping.is_set():
            sequence += 1
            batch = ingest_pb2.Batch(reports=[report(self._source, sequence, start)])
            began = time.monotonic()
            self._requests.put(ingest_pb2.StreamRequest(batch=batch))
            ack = next(answers).ack
            self.latencies.append(time.monotonic() - began)
            assert ack.acknowledged_through == sequence and not ack.dispositions, ack
        self._requests.put(None)
        list(answers)

    def await_answers(self, count):
        """Waits for `count` more answers; gives their latencies."""
        begin = len(self.latencies)
        deadline = time.monotonic() + 60
        while len(self.latencies) < begin + count:
            assert self.error is None, f"the good client failed: {self.error}"
            assert time.monotonic() < deadline, "the good client is not served any more"
            time.sleep(0.005)
        return self.latencies[begin:]

    def stop(self):
        """Ends the stream; gives the number of reports that were acknowledged."""
        self._stopping.set()
        self._thread.join()
        self._channel.close()
        assert self.error is None, f"the good client failed: {self.error}"
        return len(self.latencies)
