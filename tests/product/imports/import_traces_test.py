#!/usr/bin/python3
"""Recorded requests of two clouds, imported with chip-time that served them: what the daemon says of
requests, tokens, revenue, cost and margin per request equals a second arithmetic (oracle.py).

Exit code 0: all is well; 1: something is not; 77: the recordings are not here.
"""

import csv
import datetime
import gzip
import json
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
from fractions import Fraction

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from oracle import DAY, Oracle, total, unix_nanos
from programs import FLEETMETERCTL, SKIPPED, SOURCE, Daemon

DATA = SOURCE.parent / "shared" / "data"
AZURE = DATA / "llm-trace-azure-2023"
GENAI = DATA / "genai-requests-alibaba-2026" / "lora_request_trace.rows1-18000.csv.gz"
SEED = 20231116

CATALOG = """version: 1
chips:
"""
CHIPS = [("b200", "3.50", "1/3"), ("h100", "11.061357", "1"), ("trainium2", None, "1.5")]
CHIP_PRICES = {name: Fraction(price) for name, price, _ in CHIPS if price}


def chip(name, price, ratio):
    return (f"  - name: {name}\n    provider: p\n    title: {name}\n"
            + (f"    usd_per_chip_hour: {price}\n" if price else "")
            + f"    conversions: [{{chips_per_h100e: {ratio}, basis: test}}]\n")


PLAN = """plan: history
version: 1
scenario: history
effective_from: 2020-01-01
supply:
  - {chip: b200, chips: 1000}
  - {chip: h100, chips: 1000}
  - {chip: trainium2, chips: 1000}
tiers: {p0: 0%, p1: 0%, p2: 100%, buffer: 0%}
categories: {inference: 90%, training: 10%, research: 0%, safety: 0%}
pools:
"""


def pool(name, category):
    return (f"  - {{name: {name}, category: {category}, tier: p2, owner: o, contact: c, teams: [t], "
            "allocation: {h100e: 100}, policy: {lendable: 0%, borrowing_limit_h100e: 0}}\n")


POOLS = [("named", "inference"), ("shared", "inference"), ("silent", "inference"),
         ("training", "training")]

# What the report looks at: the calendar year of the one recording, and the one before, of the other.
SPANS = {side: tuple(unix_nanos(f"{year}-01-01") // 10**9 for year in years)
         for side, years in (("after", (2024, 2025)), ("before", (2023, 2024)))}


def write_csv(path, header, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def convert_azure(folder):
    """Two services as two models, each request with its own start."""
    rows = []
    for name in ("conv", "code"):
        with open(AZURE / f"AzureLLMInferenceTrace_{name}.csv", newline="") as file:
            for row in csv.DictReader(file):
                rows.append([row["TIMESTAMP"], f"azure-{name}", 1, row["ContextTokens"],
                             row["GeneratedTokens"], "shared", f"{name}-serving"])
    path = folder / "azure.csv"
    write_csv(path, ["start", "model", "requests", "input_tokens", "output_tokens", "pool",
                     "workload"], rows)
    assert len(rows) == 28_185
    assert sum(int(row[3]) for row in rows) == 40_421_844
    assert sum(int(row[4]) for row in rows) == 4_334_561
    return path


def whole(text):
    return int(float(text or 0))


def convert_genai(folder):
    """A customer group a tier. Characters of the prompts stand for tokens in, a quarter of them from
    a cache; steps of all images for tokens out. Models M0000 to M0003 name the pool they share."""
    rows = []
    with gzip.open(GENAI, "rt", newline="") as file:
        for row in csv.DictReader(file):
            model = row["checkpoint_model_version_id"] or "unspecified"
            tokens = whole(row["prompt_length"]) + whole(row["negative_prompt_length"])
            steps = whole(row["num_inference_steps"]) * whole(row["num_images_per_prompt"])
            rows.append([row["gmt_create"], model, row["groupId"], 1, tokens, tokens // 4, steps,
                         "shared" if model < "M0004" else ""])
    path = folder / "genai.csv"
    write_csv(path, ["start", "model", "customer_tier", "requests", "input_tokens",
                     "cached_input_tokens", "output_tokens", "pool"], rows)
    assert len({row[1] for row in rows}) == 81 and len({row[2] for row in rows}) == 3_081
    return path


def make_usage(folder, chance):
    """Days of chip-time: named models, places that several share, and some that nobody answers for."""
    rows = []
    days = [datetime.date(2023, 11, 16)] + [datetime.date(2024, 11, 15) + datetime.timedelta(days=i)
                                            for i in range(19)]

    def add(day, source, chip, pool, workload, model, measured):
        hours = Fraction(chance.randrange(10**8), 10**6)
        busy = hours * Fraction(chance.randrange(10**4), 10**4)
        assert busy * 10**11 == (busy * 10**11).__floor__()
        decimal = lambda value: f"{value.__floor__()}.{int(value % 1 * 10**11):011d}"
        rows.append([day, day + datetime.timedelta(days=1), source, chip, "assigned", pool, "t",
                     workload, model, "gr_engine_active" if measured else "",
                     decimal(hours), decimal(busy) if measured else ""])

    for day in days:
        azure = day.year == 2023
        for model in (["azure-conv", "azure-code"] if azure else
                      ["M0000", "M0004", "M0005", "M0017", "retired-model"]):
            for chip in ("b200", "h100"):
                add(day, f"host-{model}", chip, "named", "", model, chance.random() < 0.7)
        for workload in ("conv-serving", "code-serving", "other"):
            for chip in ("b200", "h100"):
                add(day, f"host-{workload}", chip, "shared", workload, "", chance.random() < 0.7)
        add(day, "host-silent", "b200", "silent", "w", "", True)
        add(day, "host-training", "h100", "training", "run", "", True)
        if not azure:
            # Without a price, its cost is not known.
            add(day, "host-dear", "trainium2", "named", "", "M0007", True)
            rows.append([day, day + datetime.timedelta(days=1), "host-free", "b200", "unassigned",
                         "", "", "", "", "", "24", ""])
    path = folder / "usage.csv"
    write_csv(path, ["start", "end", "source", "chip", "state", "pool", "team", "workload", "model",
                     "signal", "chip_hours", "busy_chip_hours"], rows)
    return path


def make_prices(folder, chance, segments):
    """A price book in which every rule has its case; some models have no price."""
    at = lambda text: unix_nanos(text) // 10**9
    prices, lines = {}, []

    def add(model, tier, since, discount=0):
        plain, cached, output = (Fraction(chance.randrange(10**6), 10**4) for _ in range(3))
        prices.setdefault((model, tier), []).append(
            (at(since), plain, cached, output, Fraction(discount, 100)))
        lines.append(f"  - {{model: {model}, " + (f"customer_tier: {tier}, " if tier else "") +
                     f"effective_from: {since}, input: {float(plain):.4f}, "
                     f"cached_input: {float(cached):.4f}, output: {float(output):.4f}, "
                     f"discount: {discount}%}}\n")

    for model in sorted({model for model, _ in segments}):
        if model not in ("M0005", "unspecified"):
            add(model, "", "2023-01-01")
            if model == "M0000":
                add(model, "", "2024-11-20")
    for model, tier in chance.sample(sorted(segments), 200):
        add(model, tier, "2024-01-01", 30)
    subscriptions = {}
    for tier in ["nobody"] + [f"G{i:04d}" for i in range(0, 300, 7)]:
        per_month = chance.randrange(1, 10**6)
        subscriptions[tier] = [(at("2024-11-18"), Fraction(per_month, 100)),
                               (at("2024-12-02"), Fraction(0))]
    path = folder / "prices.yaml"
    path.write_text("version: 3\nprices:\n" + "".join(lines) + "subscriptions:\n" + "".join(
        f"  - {{customer_tier: {tier}, effective_from: 2024-11-18, "
        f"usd_per_month: {float(dated[0][1]):.2f}}}\n"
        f"  - {{customer_tier: {tier}, effective_from: 2024-12-02, usd_per_month: 0}}\n"
        for tier, dated in subscriptions.items()))
    return path, prices, subscriptions


def run(*arguments):
    done = subprocess.run([FLEETMETERCTL, *map(str, arguments)], capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, f"{arguments}: exit code {done.returncode}: {done.stderr}"
    return json.loads(done.stdout)


def close(figure, exact):
    return abs(figure - float(exact)) <= 1e-12 * max(1.0, abs(float(exact)))


def check_figures(figures, expected, what):
    requests, known, revenue, cost = expected
    if not known and revenue == cost == 0:  # nothing is known: no figure, which is not 0
        money = [figures[name] for name in ("revenue_micro_usd", "cost_micro_usd",
                                            "margin_micro_usd", "usd_per_request")]
        assert (figures["requests"], figures["known_requests"]) == (requests, 0), what
        assert money == [None] * 4, f"{what}: the daemon says {money} of what is not known"
        return
    got = tuple(figures[name] for name in ("requests", "known_requests", "revenue_micro_usd",
                                           "cost_micro_usd"))
    assert got == expected, f"{what}: the daemon says {got}, expected {expected}"
    assert figures["margin_micro_usd"] == revenue - cost, what
    if known:
        assert close(figures["usd_per_request"], Fraction(revenue - cost, known * 10**6)), what
    else:
        assert figures["usd_per_request"] is None, what


def check_period(report, side, period, what):
    """Every row of one side of the report, and that no segment is missing."""
    figures, nobody, left = period
    prefix = "" if side == "after" else "before_"
    for field, expected in (("unattributed_cost_micro_usd", nobody),
                            ("unattributed_subscription_micro_usd", left)):
        got = report[prefix + field]
        assert got == expected, f"{what}: {field} is {got}, expected {expected}"
    seen = set()
    for row in report["rows"]:
        # Only so many segments have rows of their own.
        if row[side] is None or "overflow" in (row["model"], row["customer_tier"]):
            continue
        model = row["model"] if row["scope"] in ("model", "segment") else None
        tier = row["customer_tier"] if row["scope"] in ("customer_tier", "segment") else None
        check_figures(row[side], total(figures, model, tier),
                      f"{what}, {row['scope']} {row['model']} {row['customer_tier']}")
        seen.add((row["scope"], model, tier))
    assert ("total", None, None) in seen, what
    for model in {model for model, _ in figures}:
        assert ("model", model, None) in seen, f"{what}: model {model} is missing"
    segments = [key for key in seen if key[0] == "segment"]
    assert len(segments) >= min(len(figures), 900), f"{what}: {len(segments)} segments"
    print(f"ok: {what}: {len(seen)} rows equal the second arithmetic")


def check_cases(period):
    """Each rule has its case in the data."""
    figures, nobody, left = period
    requests, known, _, _ = total(figures)
    assert nobody > 0 and left > 0 and 0 < known < requests
    assert any(revenue is None for _, revenue, _ in figures.values())
    assert any(cost is None for _, _, cost in figures.values())


def read_segments(ledger):
    with sqlite3.connect(f"file:{ledger}?mode=ro", uri=True) as books:
        rows = books.execute(
            "SELECT day_start, model, customer_tier, pool, workload, sum(requests), "
            "sum(unpriced_requests), sum(input_tokens), sum(cached_input_tokens), "
            "sum(output_tokens), sum(revenue_micro_usd) FROM inference GROUP BY 1, 2, 3, 4, 5")
        return {row[:5]: row[5:] for row in rows}


def check_books(ledger, oracle):
    """Every segment of every day, as the ledger keeps it."""
    expected = {}
    for (start, model, tier, place, workload), row in oracle.rows.items():
        key = (start // 10**9 // DAY * DAY, model, tier, place, workload)
        sums = expected.setdefault(key, [0] * 6)
        for i, value in enumerate((row.requests, row.unpriced, row.input, row.cached, row.output,
                                   row.revenue)):
            sums[i] += value
    books = read_segments(ledger)
    assert books == {key: tuple(sums) for key, sums in expected.items()}, "the ledger differs"
    print(f"ok: {len(books)} segments and days in the ledger equal the files")


def main():
    if not AZURE.is_dir() or not GENAI.is_file():
        print(f"skipped: no recordings in {DATA}")
        sys.exit(SKIPPED)
    chance = random.Random(SEED)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        azure, genai = convert_azure(folder), convert_genai(folder)
        usage = make_usage(folder, chance)
        with open(genai, newline="") as file:
            segments = {(row["model"], row["customer_tier"]) for row in csv.DictReader(file)}
        prices, price_book, subscriptions = make_prices(
            folder, chance, segments | {("azure-conv", "all"), ("azure-code", "all")})
        (folder / "catalog.yaml").write_text(CATALOG + "".join(chip(*each) for each in CHIPS))
        (folder / "plan.yaml").write_text(PLAN + "".join(pool(*each) for each in POOLS))

        oracle = Oracle(price_book, subscriptions, CHIP_PRICES,
                        {name for name, category in POOLS if category == "inference"})
        for path, every_seconds in ((azure, 10), (genai, 3_600)):
            oracle.add_inference(path, every_seconds)
            oracle.price_rows()
        oracle.add_usage(usage)

        ledger = folder / "ledger.db"
        with Daemon(folder / "catalog.yaml", [folder / "plan.yaml"],
                    f"ledger: {{path: {ledger}}}\noutcomes: {{prices: {prices}}}\n") as daemon:
            to = ["--ingest-address", daemon.addresses["ingest"], "--output", "json"]
            for arguments in (["inference", azure, "--every", "10s", "--source", "azure"],
                              ["inference", genai, "--every", "1h", "--source", "genai"],
                              ["usage", usage]):
                summary = run("import", *arguments, *to)
                assert summary["counted"]["rows"] == summary["rows"], summary
            check_books(ledger, oracle)
            origins = {"daemon": ["--address", daemon.addresses["query"]],
                       "ledger": ["--ledger", ledger, "--prices", prices]}
            for basis in ("allocated", "used"):
                periods = {side: oracle.period(*span, basis) for side, span in SPANS.items()}
                check_cases(periods["after"])
                for name, origin in origins.items():
                    report = run("outcomes", "margin", *origin, "--to", "2025-01-01", "--window",
                                 "366d", "--basis", basis, "--output", "json")
                    for side, period in periods.items():
                        check_period(report, side, period, f"{name}, {basis}, {side}")


main()
