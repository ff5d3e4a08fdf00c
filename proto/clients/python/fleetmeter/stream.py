"""The reports that wait, and their places in a stream. Pure: it calls nobody and has no clock."""
import collections
import dataclasses
import os

from .v1 import ingest_pb2, outcome_report_pb2

Code = ingest_pb2.Disposition


@dataclasses.dataclass
class Entry:
    """A report, and who is told what became of it."""

    message: object
    receipt: object
    # A call that carried it ended without an answer.
    unsure: bool = False
    # It was sent by another stream before, and `unsure` there.
    moved: bool = False

    @property
    def is_outcome(self):
        return isinstance(self.message, outcome_report_pb2.OutcomeReport)


class WentBack(Exception):
    """The daemon knows less of the stream than it had acknowledged."""

    def __init__(self, known):
        super().__init__(known)
        self.known = known


class Taken(Exception):
    """The daemon knows more of the stream than was ever sent: somebody else uses its id."""


class Stream:
    """One stream: 16 random bytes, and a sequence without gaps.

    It lives in memory only. A process that starts anew has a new stream, and what the one before
    it had not delivered is lost; the daemon shows that time as not heard.
    """

    def __init__(self):
        self.waiting = collections.deque()
        self.id = os.urandom(16)
        self.acknowledged = 0

    def add(self, message, receipt):
        self.waiting.append(Entry(message, receipt))

    def batch(self, most, most_bytes):
        """The next reports for one call, with their sequences: of one kind, at least one if any
        waits."""
        taken = []
        size = 0
        for entry in self.waiting:
            size += entry.message.ByteSize()
            if taken and (len(taken) == most or size > most_bytes
                          or entry.is_outcome != taken[0].is_outcome):
                break
            entry.message.sequence = self.acknowledged + len(taken) + 1
            taken.append(entry)
        return taken

    def settle(self, ack):
        """Takes what is settled out of what waits: pairs of an entry and its disposition, which is
        None for what was counted."""
        through = ack.acknowledged_through
        if through < self.acknowledged:
            raise WentBack(through)
        if through > self.acknowledged + len(self.waiting):
            raise Taken()
        dispositions = {each.sequence: each for each in ack.dispositions}
        settled = []
        while self.acknowledged < through:
            self.acknowledged += 1
            settled.append((self.waiting.popleft(), dispositions.get(self.acknowledged)))
        return settled

    def leave(self):
        """What waits goes to a new stream. Nothing counts twice, because windows do not."""
        self.id = os.urandom(16)
        self.acknowledged = 0
        for entry in self.waiting:
            entry.moved = entry.moved or entry.unsure
            entry.unsure = False
