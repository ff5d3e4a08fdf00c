"""Reports usage and outcomes, and sends again until the daemon has decided about each."""
import logging
import os
import random
import threading
import time

import grpc

from .connection import open_channel
from .decisions import Decision, Standing
from .errors import BooksWentBack, Full, NotAuthenticated, NotSettled, Unanswered
from .stream import Code, Stream, Taken, WentBack
from .v1 import ingest_pb2, ingest_pb2_grpc, outcome_report_pb2, usage_pb2

_log = logging.getLogger("fleetmeter")

_STUBBORN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED,
             grpc.StatusCode.CANCELLED, grpc.StatusCode.ABORTED, grpc.StatusCode.INTERNAL,
             grpc.StatusCode.UNKNOWN)
_MOST_REPORTS = 512
_MOST_BYTES = 3 << 20  # the daemon's default limit of a call is 4 MiB
_FIRST_WAIT = 0.1
_LONGEST_WAIT = 5.0


class Receipt:
    """Of one report. `decision` is None until the daemon has decided."""

    def __init__(self):
        self.decision = None


def _pushback_seconds(error):
    """How long a busy daemon asks to wait; None: it is not busy, but the call is too large."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-retry-pushback-ms":
            return int(value) / 1000
    return None


class Reporter:
    """Delivers reports to a daemon's listen.ingest, each counted once.

    It keeps what is not settled in memory, and nothing on disk. While the daemon is away, or busy,
    or a connection breaks, it waits and sends the same again, under the same sequence. What a
    process had not delivered when it ended is lost, and is shown as time that nobody heard of; a
    collector with a spool is for those who cannot accept that.

    May be used from several threads, which take turns. A fork has a stream of its own, and nothing
    that waits in the parent.
    """

    def __init__(self, address, *, tls=None, call_timeout=10.0, most_waiting=10_000):
        """`call_timeout`: seconds until a call without an answer is made again. `most_waiting`:
        reports that may wait at a time."""
        self._address = address
        self._tls = tls
        self._call_timeout = call_timeout
        self._most_waiting = most_waiting
        self._turn = threading.RLock()
        self._closed = threading.Event()
        self._channel = open_channel(address, tls)
        self._begin()

    def _begin(self):
        self._pid = os.getpid()
        self._stream = Stream()
        self._books = None  # the id of the daemon's books, once it is known
        self._most = _MOST_REPORTS
        self._wait = _FIRST_WAIT

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends calls under way. What waits is lost; flush() before."""
        self._closed.set()
        self._channel.close()

    @property
    def waiting(self):
        """How many reports are not settled."""
        return len(self._stream.waiting)

    def submit(self, report):
        """Takes a UsageReport or OutcomeReport, which flush() sends. Its sequence is set here.

        Returns a Receipt. Raises Full.
        """
        if not isinstance(report, (usage_pb2.UsageReport, outcome_report_pb2.OutcomeReport)):
            raise TypeError(f"expected a UsageReport or an OutcomeReport, not {type(report)}")
        with self._turn:
            self._begin_after_fork()
            if self.waiting >= self._most_waiting:
                raise Full(f"{self.waiting} reports wait; expected at most {self._most_waiting}")
            message = type(report)()
            message.CopyFrom(report)
            receipt = Receipt()
            self._stream.add(message, receipt)
            return receipt

    def send(self, report, timeout=None):
        """submit() and flush(). Returns the Decision about this report."""
        receipt = self.submit(report)
        self.flush(timeout)
        return receipt.decision

    def flush(self, timeout=None):
        """Sends what waits until all of it is settled.

        `timeout`: seconds; None: however long it takes. Raises NotSettled when the time is up or
        the reporter was closed, NotAuthenticated, BooksWentBack, and Unanswered if the address is
        not that of listen.ingest. What waits is kept in each case.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._turn:
            self._begin_after_fork()
            while True:
                batch = self._stream.batch(self._most, _MOST_BYTES)
                if not batch:
                    return
                self._send(batch, deadline)

    def accept_loss(self):
        """After BooksWentBack: what the daemon has forgotten is lost, and what waits goes on."""
        with self._turn:
            self._leave("its books went back, and the loss was accepted")
            self._books = None

    def _begin_after_fork(self):
        if self._pid != os.getpid():
            self._channel = open_channel(self._address, self._tls)
            self._begin()

    def _send(self, batch, deadline):
        try:
            self._learn_books(deadline)
            ack = self._report(batch, deadline).ack
            settled = self._stream.settle(ack)
        except grpc.RpcError as error:
            self._after_failure(error, batch, deadline)
        except WentBack as back:
            self._after_going_back(back, deadline)
        except Taken:
            self._leave("it has more of this stream than was ever sent")
        else:
            self._tell(settled, deadline)
            self._wait = _FIRST_WAIT
            self._most = min(2 * self._most, _MOST_REPORTS)
            if not settled:
                self._pause(self._next_wait(), deadline)

    def _remaining(self, deadline):
        """Seconds for the next call."""
        if self._closed.is_set():
            raise NotSettled(f"the reporter was closed; {self.waiting} reports wait")
        if deadline is None:
            return self._call_timeout
        left = deadline - time.monotonic()
        if left <= 0:
            raise NotSettled(f"the time is up, and {self.waiting} reports wait")
        return min(left, self._call_timeout)

    def _pause(self, seconds, deadline):
        if deadline is not None:
            seconds = min(seconds, max(0.0, deadline - time.monotonic()))
        self._closed.wait(seconds)
        self._remaining(deadline)

    def _next_wait(self):
        """Longer after each failure, and not the same for all clients of a daemon that returns."""
        wait = self._wait * random.uniform(0.5, 1.0)
        self._wait = min(2 * self._wait, _LONGEST_WAIT)
        return wait

    def _stub(self):
        return ingest_pb2_grpc.UsageIngestStub(self._channel)

    def _report(self, batch, deadline):
        messages = [entry.message for entry in batch]
        kind = "outcomes" if batch[0].is_outcome else "reports"
        request = ingest_pb2.ReportRequest(stream_id=self._stream.id, **{kind: messages})
        return self._stub().Report(request, timeout=self._remaining(deadline))

    def _welcome(self, stream_id, deadline):
        """What the daemon says of a stream, and of its books."""
        opening = ingest_pb2.StreamRequest(
            open=ingest_pb2.Open(stream_id=stream_id, client="fleetmeter-python/0.1.0"))
        answers = self._stub().Stream(iter([opening]), timeout=self._remaining(deadline))
        return next(answers).welcome

    def _learn_books(self, deadline):
        if self._books is None:
            # Not by our own stream: of one that was ever opened the daemon does not tell what it
            # rejected.
            self._books = self._welcome(os.urandom(16), deadline).ledger_id

    def _tell(self, settled, deadline):
        unknown = [entry for entry, disposition in settled
                   if disposition is not None and disposition.code == Code.DUPLICATE]
        rejected = self._rejected(deadline) if unknown else {}
        for entry, disposition in settled:
            if disposition is not None and disposition.code == Code.DUPLICATE:
                disposition = rejected.get(entry.message.sequence)
            entry.receipt.decision = _decision(entry, disposition)

    def _rejected(self, deadline):
        """What the daemon rejected of the stream, by sequence. An earlier call may have settled a
        report whose answer was lost: the daemon then says only that it has decided before."""
        request = ingest_pb2.ReportRequest(stream_id=self._stream.id, tell_rejected=True)
        while True:
            try:
                ack = self._stub().Report(request, timeout=self._call_timeout).ack
                return {each.sequence: each for each in ack.dispositions}
            except grpc.RpcError as error:
                if error.code() not in _STUBBORN and _pushback_seconds(error) is None:
                    raise Unanswered(error.code().name, error.details()) from error
                # Nobody would tell later, so this does not end with the caller's time.
                self._reopen()
                self._closed.wait(self._next_wait())
                if self._closed.is_set():
                    raise NotSettled("the reporter was closed before it was told") from error

    def _after_failure(self, error, batch, deadline):
        code = error.code()
        if code in _STUBBORN:
            for entry in batch:
                entry.unsure = True
            self._reopen()
            return self._pause(self._next_wait(), deadline)
        if code is grpc.StatusCode.UNAUTHENTICATED:
            self._reopen()
            raise NotAuthenticated(f"{self._address}: {error.details()}") from error
        if code is grpc.StatusCode.UNIMPLEMENTED:
            raise Unanswered(code.name, f"{self._address} takes no reports; expected the daemon's "
                             "listen.ingest") from error
        pushback = _pushback_seconds(error)
        if pushback is not None:
            return self._pause(pushback, deadline)
        return self._refused(error, batch)

    def _refused(self, error, batch):
        """One report of a call may be the reason that all of it was refused: find out which."""
        if len(batch) > 1:
            self._most = len(batch) // 2
            return
        entry = self._stream.waiting.popleft()
        entry.receipt.decision = Decision(
            Standing.REFUSED, error.code().name, "", error.details(), entry.unsure or entry.moved)
        # Its sequence may have been used, so it is not given to another report.
        self._leave(f"it refused a report: {error.details()}")

    def _after_going_back(self, back, deadline):
        acknowledged = self._stream.acknowledged
        try:
            welcome = self._welcome(self._stream.id, deadline)
        except grpc.RpcError as error:
            _log.warning("fleetmeterd at %s: %s", self._address, error.details())
            return self._pause(self._next_wait(), deadline)
        anew = welcome.ledger_id != self._books and welcome.next_sequence == 1
        if not (welcome.stream_retired or anew or not welcome.durable_books):
            raise BooksWentBack(acknowledged, back.known)
        self._books = welcome.ledger_id
        self._leave(f"it knows {back.known} of {acknowledged} acknowledged reports, because "
                    + ("it keeps this stream no longer" if welcome.stream_retired
                       else "its books began anew"))

    def _leave(self, why):
        _log.warning("fleetmeterd at %s: %s; what waits (%d) goes to a new stream", self._address,
                     why, self.waiting)
        self._stream.leave()

    def _reopen(self):
        """With TLS, a new connection reads the files again: our certificate may have been renewed.
        Without it, gRPC connects again by itself."""
        if self._tls is None:
            return
        try:
            channel = open_channel(self._address, self._tls)
        except OSError as error:
            _log.warning("the TLS files cannot be read, and the old ones stay in use: %s", error)
            return
        self._channel.close()
        self._channel = channel


def _decision(entry, disposition):
    if disposition is None:
        return Decision(Standing.COUNTED)
    standing = Standing.CONFLICT if disposition.code == Code.CONFLICT else Standing.REJECTED
    return Decision(standing, disposition.reason, disposition.field, disposition.detail,
                    entry.moved)
