"""What the books must hold of outcome reports, by an arithmetic of its own."""
import fractions
import math

DAY = 86_400
NANOS = 1_000_000_000
DAY0 = 20_000 * DAY  # 2024-10-04

PRICES = """version: 4
prices:
  - {model: a, effective_from: 2020-01-01, input: 3, cached_input: 0.3, output: 15}
  - {model: a, effective_from: 2024-10-20, input: 2.5, output: 12.345678}
  - {model: a, customer_tier: big, effective_from: 2020-01-01, input: 3, output: 15, discount: 12.5%}
subscriptions:
  - {customer_tier: club, effective_from: 2024-10-10, usd_per_month: 100}
"""
OCT20 = DAY0 + 16 * DAY
OCT10 = DAY0 + 6 * DAY


def price(model, tier, day, row):
    """Exact revenue in micro-USD, or None: an independent reading of the price book above."""
    if model != "a":
        return 0 if tier == "club" and day >= OCT10 else None
    fresh = row["input"] - row["cached"]
    usd = fractions.Fraction
    if tier == "big":
        million = (fresh * 3 + row["cached"] * 3 + row["output"] * 15) * usd(7, 8)
    elif tier == "club" and day >= OCT10:
        return 0
    elif day >= OCT20:
        million = row["input"] * usd("2.5") + row["output"] * usd("12.345678")
    else:
        million = fresh * 3 + row["cached"] * usd("0.3") + row["output"] * 15
    return fractions.Fraction(million)  # micro-USD: USD a million tokens x tokens


def by_day(report, amounts):
    """(day, amounts) for each day that the window has: an amount up to a moment is what has passed of
    it, without what lies beyond the point, and a day has the difference of two such."""
    start, length = report["start"], report["length"]

    def until(amount, moment):
        passed = abs(amount) * (moment - start) // length
        return passed if amount >= 0 else -passed

    for day in range(start // DAY * DAY, start + length, DAY):
        first, last = max(day, start), min(day + DAY, start + length)
        part = [until(a, last) - until(a, first) for a in amounts]
        if any(part) or first == start:
            yield day, part


class Oracle:
    """What the books should hold, by rules of its own: plain dictionaries and lists of windows."""

    def __init__(self):
        self.settled = {}  # (stream, sequence) -> content
        self.next = {}  # stream -> sequence
        self.windows = {}  # (kind, source) -> [(start, end)]
        self.corrections = set()
        self.inference = {}  # (day, model, tier) -> list of amounts
        self.segments = {}
        self.training = {}  # (day, model, run, phase) -> seconds
        self.runs = {}
        self.results = {}
        self.accepted = 0
        self.rejected = 0
        self.rests = {}  # (model, tier) -> micro-USD

    def settle(self, stream, sequence, report):
        """None: counted; else the code or reason expected."""
        expected = self.next.get(stream, 1)
        if sequence > expected:
            return "OUT_OF_SEQUENCE"
        if sequence < expected:
            return "DUPLICATE" if self.settled[stream, sequence] == report else "CONFLICT"
        self.settled[stream, sequence] = report
        self.next[stream] = sequence + 1
        reason = self._count(report)
        if reason is None:
            self.accepted += 1
        else:
            self.rejected += 1
        return reason

    def _count(self, report):
        kind, source, correction = report["kind"], report["source"], report.get("correction")
        if correction and (kind, source, correction) in self.corrections:
            return "already_booked"
        if kind != "benchmarks":
            start, end = report["start"], report["start"] + report["length"]
            known = self.windows.setdefault((kind, source), [])
            if correction:
                covered = sum(max(0, min(e, end) - max(s, start)) for s, e in known)
                if covered != end - start:
                    return "nothing_to_correct"
            elif any(s < end and start < e for s, e in known):
                return "window_overlap"
        reason = getattr(self, "_" + kind)(report, bool(correction))
        if reason is None:
            if correction:
                self.corrections.add((kind, source, correction))
            elif kind != "benchmarks":
                known.append((start, end))
        return reason

    def _inference(self, report, correction):
        changes = []
        rests = dict(self.rests)
        for row in report["rows"]:
            model, tier = row["model"], row["tier"]
            amounts = [row["requests"], row.get("unpriced", 0), row["input"], row["cached"],
                       row["output"], row["revenue"] or 0]
            if row["revenue"] is None and not correction:
                amounts[1] = 0
                days = self._priced(report, model, tier, amounts, rests)
                amounts = [sum(column) for column in zip(*(part for _, part in days))]
            else:
                days = list(by_day(report, amounts))
            changes.append((model, tier, amounts, days))
        after = dict(self.segments)
        for model, tier, amounts, _ in changes:
            old = after.get((model, tier), [0] * 6)
            new = [a + b for a, b in zip(old, amounts)]
            if min(new[:5]) < 0 or new[1] > new[0] or new[3] > new[2]:
                return "nothing_to_correct"
            after[model, tier] = new
        self.segments = after
        self.rests = rests
        for model, tier, _, days in changes:
            for day, part in days:
                old = self.inference.get((day, model, tier), [0] * 6)
                self.inference[day, model, tier] = [a + b for a, b in zip(old, part)]
        return None

    @staticmethod
    def _priced(report, model, tier, amounts, rests):
        """The days of a window, each with the price of that day."""
        days = []
        for day, part in by_day(report, amounts):
            part = list(part)
            exact = price(model, tier, day, {"input": part[2], "cached": part[3], "output": part[4]})
            if exact is None:
                part[1] = part[0]
            else:
                # What rounding leaves of a segment's rows goes on to its next row.
                exact += rests.get((model, tier), 0)
                part[5] = math.floor(exact + fractions.Fraction(1, 2))
                rests[model, tier] = exact - part[5]
            days.append((day, part))
        return days

    def _training(self, report, _):
        run = (report["model"], report["run"], report["phase"])
        if self.runs.get(run, 0) + report["seconds"] < 0:
            return "nothing_to_correct"
        self.runs[run] = self.runs.get(run, 0) + report["seconds"]
        for day, (seconds,) in by_day(report, [report["seconds"]]):
            self.training[day, *run] = self.training.get((day, *run), 0) + seconds
        return None

    def _benchmarks(self, report, correction):
        for key, _ in report["results"]:
            if (key in self.results) != correction:
                return "nothing_to_correct" if correction else "already_booked"
        self.results.update(report["results"])
        return None
