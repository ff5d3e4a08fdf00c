"""A made-up fleet as large as one likes: its plan, and reports of its sources to a real daemon.

    fleet = LargeFleet(pools=5000, chips=2_000_000, sources=20_000)
    path.write_text(fleet.plan())
    with fleet.reporter(stubs, daemon.addresses["ingest"]) as reporter:
        reporter.fill()               # every source reports once
        seconds = reporter.send(100)  # the next 100 sources report; until they are acknowledged

The same numbers give the same fleet: nothing in it is random.
"""
import os
import time

CATEGORIES = (("inference", "p2"), ("training", "p2"), ("research", "p2"), ("safety", "p0"))
CHIPS = ("h100", "b200", "trainium2")
MOST_REPORTS = 512  # of a call
NANO = 1_000_000_000
# Windows of a source follow one another, and the first is this long.
FIRST_WINDOW_NANOS = 5 * NANO


class LargeFleet:
    def __init__(self, pools, chips, sources):
        self.pools = pools
        self.sources = sources
        self.chips_of_source = max(1, chips // sources)
        self.chips = self.chips_of_source * sources

    def pool_name(self, i):
        return f"{CATEGORIES[i % len(CATEGORIES)][0]}-{i:04}"

    def pool_of(self, source):
        return source % self.pools

    def chip_of(self, source):
        """A pool has chips of one kind or of two."""
        return CHIPS[(self.pool_of(source) + (source // self.pools) % 2) % len(CHIPS)]

    def plan(self):
        """Of a few teams a pool; the allocation of each has room for a fifth more than it holds."""
        per_pool = self.chips // self.pools * 6 // 5
        lines = ["plan: large", "version: 1", "scenario: A made-up fleet",
                 "effective_from: 2020-01-01", "supply:"]
        lines += [f"  - {{chip: {chip}, chips: {self.chips}}}" for chip in CHIPS]
        lines += ["pools:"]
        for i in range(self.pools):
            category, tier = CATEGORIES[i % len(CATEGORIES)]
            lines.append(
                f"  - {{name: {self.pool_name(i)}, category: {category}, tier: {tier}, "
                f"owner: 'Group {i % 97}', contact: '#group-{i % 97}', "
                f"teams: [team-{i % 211}, team-{i % 211 + 1}], "
                f"allocation: {{chips: {per_pool}, chip: b200}}}}")
        return "\n".join([*lines, ""])

    def reporter(self, stubs, address):
        return Reporter(self, stubs, address)


class Reporter:
    """Reports for all sources in turn, over one stream, and waits for each acknowledgement.

    `stubs`: what ingest_stubs.load_ingest_stubs gives."""

    def __init__(self, fleet, stubs, address):
        grpc, self._pb, services, _ = stubs
        from fleetmeter.v1 import usage_pb2
        self._usage = usage_pb2
        self._fleet = fleet
        self._channel = grpc.insecure_channel(address)
        self._stub = services.UsageIngestStub(self._channel)
        self._stream = os.urandom(16)
        self._sequence = 0
        self._next = 0
        self._ends = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._channel.close()

    def fill(self):
        """Every source reports once; returns how many seconds that took."""
        left = self._fleet.sources
        seconds = 0
        while left > 0:
            seconds += self.send(min(left, MOST_REPORTS))
            left -= MOST_REPORTS
        return seconds

    def send(self, reports):
        """The next sources report. Seconds from sending until all of it is acknowledged."""
        now = time.time_ns()
        request = self._pb.ReportRequest(stream_id=self._stream)
        for _ in range(reports):
            request.reports.append(self._report(self._next, now))
            self._next = (self._next + 1) % self._fleet.sources
        start = time.monotonic()
        answer = self._stub.Report(request, timeout=60)
        seconds = time.monotonic() - start
        ack = answer.ack
        assert ack.acknowledged_through == self._sequence and not ack.dispositions, ack
        return seconds

    def _report(self, source, now):
        fleet = self._fleet
        self._sequence += 1
        start = self._ends.get(source, now - FIRST_WINDOW_NANOS)
        self._ends[source] = now
        report = self._usage.UsageReport(
            sequence=self._sequence, source=f"host-{source:06}.rack-{source % 977:03}",
            window_start_unix_nanos=start, window_length_nanos=now - start)
        pool = fleet.pool_of(source)
        # From 10% to 90%, other ones with each report.
        busy = fleet.chips_of_source * (now - start) * (10 + (source * 7 + self._sequence) % 81)
        group = report.groups.add(
            chip=fleet.chip_of(source), state=self._usage.CHIP_STATE_ASSIGNED,
            pool=fleet.pool_name(pool), team=f"team-{pool % 211 + source // fleet.pools % 2}",
            workload=f"job-{pool}-{source // fleet.pools % 3}", signal="gr_engine_active")
        group.sums.chip_nanos = fleet.chips_of_source * (now - start)
        group.sums.busy_chip_nanos = busy // 100
        return report
