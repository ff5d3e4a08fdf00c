#!/usr/bin/python3
"""Writes two years of made-up history that ends with a date, for `fleetmeterctl import` and the demo.

    make_example.py --to DIR [--date 2026-01-31]   writes into DIR; without a date they end today
    make_example.py --check                        works the margins out again and prints them

What is written: prices.yaml (a price book), requests.csv (inference, a day a row and segment), usage.csv (the
chip-time that served it), training.csv and results.csv (models, a quarter each, of the suite benchmarks.yaml).
Pools, models and chips are those of deploy/demo. All of it follows from the date; nothing is random.

What it shows, and --check insists on: margin per request of every segment falls year over year, and that of all
requests together rises, because requests move to what earns more. One segment earns much and has little volume, one
has much volume and earns nothing. An hour of training brings less from quarter to quarter, and one benchmark is saturated.
"""

import argparse
import csv
import datetime
import pathlib
import sys

DAYS = 740  # two years, and some
YEAR = 365
DAY = datetime.timedelta(days=1)

# model, customer tier: requests a day two years ago, their growth in a year, and the tokens of a request
# (input, of which cached, output)
SEGMENTS = {
    ("frontier-large", "enterprise"): (40_000, 2.2, (4000, 1500, 900)),
    ("frontier-large", "partner"): (300, 1.0, (20_000, 0, 4000)),
    ("frontier-large", "pro"): (145_000, 1.05, (2000, 0, 500)),
    ("frontier-medium", "enterprise"): (44_000, 1.3, (2000, 0, 500)),
    ("frontier-small", "pro"): (370_000, 1.15, (1500, 0, 400)),
    ("frontier-small", "free"): (3_100_000, 0.65, (600, 0, 200)),
}
# model: US dollars per million tokens of input, cached input and output; a year ago all of them fell.
PRICES = {"frontier-large": (5.0, 0.5, 25.0), "frontier-medium": (3.0, 0.3, 15.0), "frontier-small": (1.0, 0.1, 5.0)}
PRICE_CUT = 0.92
FREE_DISCOUNT = 90  # percent: what advertising pays for
PRO_USD_PER_MONTH = 250_000  # however much they use
# model: what serves it (chip, pool, team, workload, signal), chip-hours for a billion weighted tokens, and how busy.
SERVED = {
    "frontier-large": ("b200", "inference-consumer", "chat", "chat-large", "gr_engine_active", 340, 0.82),
    "frontier-medium": ("trainium2", "inference-enterprise", "agents", "agents-medium", "neuroncore_utilization", 800, 0.76),
    "frontier-small": ("trainium2", "inference-consumer", "mobile", "mobile-small", "neuroncore_utilization", 800, 0.7),
}
USD_PER_CHIP_HOUR = {"b200": 3.50, "trainium2": 1.50}  # deploy/demo/catalog.yaml
WEIGHTS = (1.0, 0.1, 5.0)  # of input, cached input, output: the daemon's defaults
COST_GROWTH = 1.02  # a year: requests become a little harder
# Models of training, the latest of the last whole quarter: H100-hours, and scores.
MODELS = [
    (90e3, 0.62, 0.31, 0.55), (160e3, 0.72, 0.36, 0.62), (300e3, 0.80, 0.42, 0.68), (550e3, 0.86, 0.48, 0.73),
    (1.0e6, 0.90, 0.53, 0.77), (1.8e6, 0.92, 0.58, 0.80), (3.0e6, 0.93, 0.62, 0.82), (4.8e6, 0.935, 0.65, 0.84),
]  # fmt: skip


def requests_on(segment, offset):
    """Of the day that lies `offset` days after the first."""
    first, growth, _ = SEGMENTS[segment]
    return round(first * growth ** (offset / YEAR))


def weighted(segment, requests):
    given, cached, output = SEGMENTS[segment][2]
    return requests * (WEIGHTS[0] * (given - cached) + WEIGHTS[1] * cached + WEIGHTS[2] * output)


def chip_hours(model, offset):
    tokens = sum(weighted(s, requests_on(s, offset)) for s in SEGMENTS if s[0] == model)
    return round(tokens / 1e9 * SERVED[model][5] * COST_GROWTH ** (offset / YEAR), 4)


def days(end):
    """(day, its offset from the first), up to the day before `end`."""
    return [(end - (DAYS - i) * DAY, i) for i in range(DAYS)]


def price_cut_on(end):
    return end - (YEAR - 1) * DAY  # the first day of the trailing year, so that both years have one price each


def write_prices(path, end):
    lines = ["# Written by make_example.py: made up.", "version: 1", "prices:"]
    for since, cut in ((end - 2 * DAYS * DAY, 1), (price_cut_on(end), PRICE_CUT)):
        for model, usd in PRICES.items():
            given, cached, output = (round(price * cut, 6) for price in usd)
            price = f"effective_from: {since}, input: {given:g}, cached_input: {cached:g}, output: {output:g}"
            lines.append(f"  - {{model: {model}, {price}}}")
            if (model, "free") in SEGMENTS:
                lines.append(f"  - {{model: {model}, customer_tier: free, {price}, discount: {FREE_DISCOUNT}%}}")
    lines += ["subscriptions:",
              f"  - {{customer_tier: pro, effective_from: {end - 2 * DAYS * DAY}, usd_per_month: {PRO_USD_PER_MONTH}}}"]
    path.write_text("\n".join(lines) + "\n")


def write_csv(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header.split())
        writer.writerows(rows)


def request_rows(end):
    for day, offset in days(end):
        for segment, (_, _, tokens) in SEGMENTS.items():
            requests = requests_on(segment, offset)
            yield [day, *segment, requests, *(requests * t for t in tokens)]


def usage_rows(end):
    for day, offset in days(end):
        for model, (chip, pool, team, workload, signal, _, busy) in SERVED.items():
            hours = chip_hours(model, offset)
            yield [day, day + DAY, chip, f"{hours:.4f}", pool, team, workload, "serve", model, signal, f"{round(hours * busy, 4):.4f}"]


def quarter_days(end):
    """The middle of each quarter of MODELS; the last is the last whole quarter before `end`."""
    quarter = end.year * 4 + (end.month - 1) // 3 - len(MODELS)
    for i in range(len(MODELS)):
        yield datetime.date((quarter + i) // 4, (quarter + i) % 4 * 3 + 2, 15)


def write_all(folder, end):
    folder.mkdir(parents=True, exist_ok=True)
    write_prices(folder / "prices.yaml", end)
    write_csv(folder / "requests.csv", "start model customer_tier requests input_tokens cached_input_tokens output_tokens",
              request_rows(end))
    write_csv(folder / "usage.csv",
              "start end chip chip_hours pool team workload workload_type model signal busy_chip_hours", usage_rows(end))
    dated = list(zip(quarter_days(end), MODELS, range(1, len(MODELS) + 1)))
    write_csv(folder / "training.csv", "model date family run phase h100e_hours",
              ([f"flagship-v{n}", day, "flagship", f"flagship-v{n}-{phase}", phase, f"{hours * part:.0f}"]
               for day, (hours, *_), n in dated for phase, part in (("pre", 0.8), ("post", 0.2))))
    write_csv(folder / "results.csv", "model date family MMLU GPQA BBH",
              ([f"flagship-v{n}", day, "flagship", *scores] for day, (_, *scores), n in dated))


# ---- the check: the same figures by floating-point arithmetic of its own


def year_of(first, last, cut):
    """segment -> (requests, revenue, cost) over offsets from `first` to before `last`, without subscriptions."""
    sums = {segment: [0, 0.0, 0.0] for segment in SEGMENTS}
    for offset in range(first, last):
        for segment, (_, _, (given, cached, output)) in SEGMENTS.items():
            model, tier = segment
            requests = requests_on(segment, offset)
            tokens = sum(weighted(s, requests_on(s, offset)) for s in SEGMENTS if s[0] == model)
            price = PRICES[model]
            revenue = ((given - cached) * price[0] + cached * price[1] + output * price[2]) * cut * requests / 1e6
            revenue *= {"free": 1 - FREE_DISCOUNT / 100, "pro": 0}.get(tier, 1)
            cost = chip_hours(model, offset) * USD_PER_CHIP_HOUR[SERVED[model][0]] * weighted(segment, requests) / tokens
            sums[segment] = [a + b for a, b in zip(sums[segment], (requests, revenue, cost))]
    return sums


def per_request(sums):
    pro = sum(v[0] for s, v in sums.items() if s[1] == "pro")
    margins = {}
    for (model, tier), (requests, revenue, cost) in sums.items():
        revenue += 12 * PRO_USD_PER_MONTH * requests / pro if tier == "pro" else 0
        margins[model, tier] = (requests, revenue - cost)
    total = [sum(v[i] for v in margins.values()) for i in (0, 1)]
    return {s: margin / requests for s, (requests, margin) in margins.items()}, total[1] / total[0]


def check():
    # As the daemon asks on the last date: 365 days with that date, of which nothing is known yet, and those a year earlier.
    start = DAYS - YEAR + 1
    before, total_before = per_request(year_of(start - YEAR, start, 1))
    after, total_after = per_request(year_of(start, DAYS, PRICE_CUT))
    for segment, margin in after.items():
        print(f"{' '.join(segment):28} {before[segment]:10.6f} -> {margin:10.6f}")
    print(f"{'all requests':28} {total_before:10.6f} -> {total_after:10.6f}")
    wrong = [" ".join(segment) for segment in after if after[segment] >= before[segment]]
    if wrong or total_after <= total_before:
        print(f"not as meant: margin per request does not fall of {wrong}, or the total does not rise")
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--to", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--date", type=datetime.date.fromisoformat, default=datetime.datetime.now(datetime.timezone.utc).date(),
                        help="history ends with the day before it; else today, UTC")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if args.check:
        return check()
    if args.to is None:
        parser.error("--to DIR, or --check")
    write_all(args.to, args.date)
    return 0


if __name__ == "__main__":
    sys.exit(main())
