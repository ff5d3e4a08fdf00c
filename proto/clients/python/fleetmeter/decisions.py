"""What became of a report."""
import dataclasses
import enum


class Standing(enum.Enum):
    # The books have it.
    COUNTED = "counted"
    # The daemon has recorded that it does not count it, and why. When that is mended, the same
    # report may be sent again.
    REJECTED = "rejected"
    # The daemon took nothing of the call that carried it: the caller may not report for its pool,
    # the call is too large, or the like. Nothing of it is recorded.
    REFUSED = "refused"
    # Its place in the stream was taken by a report with other content. Somebody has to look.
    CONFLICT = "conflict"


@dataclasses.dataclass(frozen=True)
class Decision:
    standing: Standing
    # REJECTED: one word, as in the label `reason` of fleetmeter_ingest_rejected_reports_total.
    # REFUSED: the name of gRPC's code.
    reason: str = ""
    # What is wrong in the report, such as "groups[0].pool"; may be empty.
    field: str = ""
    # For people: what was wrong and what was expected.
    detail: str = ""
    # An earlier attempt ended without an answer, and the report then went to another stream. If
    # `reason` is "window_overlap", that attempt may have counted it: its time is in the books.
    may_have_been_counted: bool = False

    @property
    def counted(self):
        return self.standing is Standing.COUNTED

    def __str__(self):
        parts = [self.reason, self.field, self.detail]
        return ": ".join([self.standing.value, *(part for part in parts if part)])
