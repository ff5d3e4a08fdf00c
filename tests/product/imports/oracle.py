"""Margin of imported history, worked out a second time from the CSV files themselves.

Written from the rules, not from the daemon's code, in whole numbers and fractions only:

* A day is a UTC day; what a window holds counts for the day it starts on.
* Requests of one window, model, tier, pool and workload are one row, priced by the day of the window. What
  rounding to the nearest micro-dollar, halves up, leaves of a row goes on to the next row of its model
  and tier, in the order in which rows are sent. A row is priced by the price of exactly its model and tier; else, if
  its tier has a subscription in force, at 0; else by the price of its model; else it has no revenue.
* A subscription accrues by the second: of a month's amount as much as the time is of that month.
  It is spread over the tier's models by requests.
* A model's cost is the chip-time that names it, and its share, by weighted tokens, of chip-time that
  names no model in pools that inference rows say it was served from: exact, times the catalog's price,
  rounded once, and given to its tiers by weighted tokens.
"""

import calendar
import collections
import csv
import datetime
from fractions import Fraction

NANOS = 10**9
DAY = 86_400
HOUR_NANOS = 3_600 * NANOS
WEIGHTS = (Fraction(1), Fraction(1, 10), Fraction(5))  # input not cached, cached input, output


def half_up(value):
    return (value + Fraction(1, 2)).__floor__()


def apportion(total, weights):
    """Whole parts that add up to `total`; what rounding down leaves goes to the largest remainders."""
    if sum(weights) == 0:
        return []
    exact = [Fraction(total) * weight / sum(weights) for weight in weights]
    parts = [share.__floor__() for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_remainder[:total - sum(parts)]:
        parts[i] += 1
    return parts


def unix_nanos(text):
    """Of "2026-01-01", "2026-01-01 08:00:00" or "2026-01-01 08:00:00.1234567", in UTC."""
    whole, _, fraction = text.replace("T", " ").rstrip("Z").partition(".")
    form = "%Y-%m-%d %H:%M:%S" if " " in whole else "%Y-%m-%d"
    seconds = calendar.timegm(datetime.datetime.strptime(whole, form).timetuple())
    return seconds * NANOS + int(fraction.ljust(9, "0") or "0")


def day_of(text):
    return unix_nanos(text) // NANOS // DAY * DAY


class Amounts:
    def __init__(self):
        self.requests = self.unpriced = self.input = self.cached = self.output = self.revenue = 0

    def add(self, other):
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def weight(self):
        plain, cached, output = WEIGHTS
        return (self.input - self.cached) * plain + self.cached * cached + self.output * output


def weights_of(amounts):
    weights = [each.weight() for each in amounts]
    return weights if any(weights) else [Fraction(each.requests) for each in amounts]


class Oracle:
    """prices: (model, tier or "") -> [(from, input, cached input, output, discount)], per million
    tokens; subscriptions: tier -> [(from, usd per month)]; chip_prices: chip -> usd per hour; pools:
    those of inference. All amounts are fractions of dollars, times seconds since 1970."""

    def __init__(self, prices, subscriptions, chip_prices, pools):
        self.pools = pools
        self.prices = prices
        self.subscriptions = subscriptions
        self.chip_prices = chip_prices
        self.rows = {}  # (window start, model, tier, pool, workload) -> Amounts
        self.priced = set()  # of rows
        self.rests = {}  # (model, tier) -> micro-dollars
        self.usage = []  # (day, model, pool, workload, chip, held, busy or None), chip-hours

    # --- Reading -------------------------------------------------------------------------------

    def add_inference(self, path, every_seconds):
        every = every_seconds * NANOS
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                start = unix_nanos(row["start"]) // every * every
                key = (start, row["model"], row.get("customer_tier", "all"), row.get("pool", ""),
                       row.get("workload", ""))
                sums = self.rows.setdefault(key, Amounts())
                sums.requests += int(row["requests"])
                sums.input += int(row["input_tokens"])
                sums.cached += int(row.get("cached_input_tokens") or 0)
                sums.output += int(row["output_tokens"])

    def add_usage(self, path):
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                if row["pool"] in self.pools:
                    busy = row["busy_chip_hours"]
                    self.usage.append((day_of(row["start"]), row["model"], row["pool"],
                                       row["workload"], row["chip"], Fraction(row["chip_hours"]),
                                       Fraction(busy) if busy else None))

    # --- Revenue -------------------------------------------------------------------------------

    def price_rows(self):
        """Call it after each file: files are sent one after the other."""
        for (start, model, tier, _, _), row in sorted(self.rows.items(), key=lambda item: item[0]):
            if row in self.priced:
                continue
            self.priced.add(row)
            exact = self.revenue_of(start // NANOS, model, tier, row)
            row.unpriced = row.requests if exact is None else 0
            if exact is None:
                continue
            exact += self.rests.get((model, tier), 0)
            row.revenue = half_up(exact)
            self.rests[model, tier] = exact - row.revenue

    def revenue_of(self, at, model, tier, row):
        price = self.in_force(self.prices.get((model, tier), []), at)
        if price is None:
            if (self.in_force(self.subscriptions.get(tier, []), at) or (0, 0))[1] > 0:
                return 0
            price = self.in_force(self.prices.get((model, ""), []), at)
        if price is None:
            return None
        _, plain, cached, output, discount = price
        dollars = ((row.input - row.cached) * plain + row.cached * cached + row.output * output)
        return Fraction(dollars * (1 - discount))  # per million tokens: already micro-dollars

    @staticmethod
    def in_force(dated, at):
        return next((entry for entry in reversed(dated) if entry[0] <= at), None)

    def accrued(self, begin, end):
        """By tier, micro-dollars of [begin, end)."""
        sums = {}
        for tier, dated in self.subscriptions.items():
            total, seconds = Fraction(0), 0
            for i, (since, per_month) in enumerate(dated):
                until = dated[i + 1][0] if i + 1 < len(dated) else end
                at, stop = max(begin, since), min(end, until)
                while at < stop:
                    date = datetime.datetime.utcfromtimestamp(at)
                    days = calendar.monthrange(date.year, date.month)[1]
                    first = calendar.timegm((date.year, date.month, 1, 0, 0, 0))
                    next_at = min(stop, first + days * DAY)
                    total += Fraction(per_month) * 10**6 * (next_at - at) / (days * DAY)
                    seconds += (next_at - at) if per_month > 0 else 0
                    at = next_at
            if seconds:
                sums[tier] = half_up(total)
        return sums

    # --- Cost ----------------------------------------------------------------------------------

    def costs(self, begin, end, basis, served):
        """By model, and None for what nobody answers for: dollars x 10^6, or None if not known."""
        places = collections.defaultdict(lambda: collections.defaultdict(Amounts))
        for (start, model, _, pool, workload), row in self.rows.items():
            if pool and begin <= start // NANOS // DAY * DAY < end:
                places[pool, workload][model].add(row)
        costs = collections.defaultdict(Fraction)
        unknown = set()

        def give(model, amount):
            model = model if served.get(model) else None
            if amount is None:
                unknown.add(model)
            else:
                costs[model] += amount

        shared = collections.defaultdict(list)
        for day, model, pool, workload, chip, held, busy in self.usage:
            if not begin <= day < end or held == 0:
                continue
            hours = held if basis == "allocated" or busy is None else busy
            price = self.chip_prices.get(chip)
            amount = (Fraction(0) if hours == 0 else
                      None if price is None else hours * price * 10**6)
            if model:
                give(model, amount)
            else:
                shared[pool, workload].append(amount)
        for (pool, workload), amounts in shared.items():
            sharers = places.get((pool, workload)) or places.get((pool, ""))
            models = sorted(sharers or {})
            weights = weights_of([sharers[model] for model in models]) if models else []
            if sum(weights) == 0:
                models, weights = [None], [Fraction(1)]
            for model, weight in zip(models, weights):
                for amount in amounts:
                    give(model, None if amount is None else amount * weight / sum(weights))
        return {model: None if model in unknown else half_up(costs[model])
                for model in set(costs) | unknown}

    # --- A period ------------------------------------------------------------------------------

    def period(self, begin, end, basis):
        """Segments -> (requests, revenue or None, cost or None) in micro-dollars; the cost that
        belongs to nobody; and the subscriptions that belong to nobody."""
        segments = collections.defaultdict(Amounts)
        for (start, model, tier, _, _), row in self.rows.items():
            if begin <= start // NANOS // DAY * DAY < end:
                segments[model, tier].add(row)
        served = collections.Counter()
        for (model, _), sums in segments.items():
            served[model] += sums.requests
        costs = self.costs(begin, end, basis, served)
        revenue = {key: None if sums.unpriced else sums.revenue for key, sums in segments.items()}
        left = 0
        for tier, amount in self.accrued(begin, end).items():
            of_tier = sorted(key for key in segments if key[1] == tier and segments[key].requests)
            parts = apportion(amount, [Fraction(segments[key].requests) for key in of_tier])
            left += amount - sum(parts)
            for key, part in zip(of_tier, parts):
                if revenue[key] is not None:
                    revenue[key] += part
        cost = dict.fromkeys(segments)
        for model in served:
            if costs.get(model) is not None:
                keys = sorted(key for key in segments if key[0] == model)
                parts = apportion(costs[model], weights_of([segments[key] for key in keys]))
                cost.update(zip(keys, parts))
        figures = {key: (segments[key].requests, revenue[key], cost[key]) for key in segments}
        return figures, costs.get(None, 0), left


def total(figures, model=None, tier=None):
    """requests, known requests, revenue and cost of the known, of all segments or some."""
    sums = [0, 0, 0, 0]
    for (its_model, its_tier), (requests, revenue, cost) in figures.items():
        if model not in (None, its_model) or tier not in (None, its_tier):
            continue
        sums[0] += requests
        if revenue is not None and cost is not None:
            sums[1] += requests
            sums[2] += revenue
            sums[3] += cost
    return tuple(sums)
