#!/usr/bin/python3
"""fleetmeterctl outcomes, run as a user runs it and checked by a second arithmetic.

Exit code 0: all is well; 1: something is not. The part that needs published data says so when that
is absent.
"""

import csv
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

SOURCE = Path(os.environ.get("FLEETMETER_SOURCE_DIR", Path(__file__).resolve().parents[3]))
BINARY = Path(os.environ.get("FLEETMETER_BINARY_DIR", SOURCE / "build/release"))
CTL = BINARY / "daemon/fleetmeterctl"
SUITE = SOURCE / "deploy/outcomes/benchmarks.yaml"
EPOCH = SOURCE.parent / "shared/data/ai-models-epoch/benchmarks_with_model_accessibility.csv"
HEADER = ["start", "model", "customer_tier", "requests", "input_tokens", "output_tokens",
          "revenue_usd", "cost_usd"]
EFFECTS = ("volume_micro_usd", "mix_micro_usd", "price_micro_usd", "cost_micro_usd")


def run(*arguments, code=0):
    done = subprocess.run([CTL, "outcomes", *map(str, arguments)], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == code, f"{arguments}: exit code {done.returncode}: {done.stderr}"
    return done


def run_json(*arguments, code=0):
    return json.loads(run(*arguments, "--output", "json", code=code).stdout)


def write_csv(path, header, rows):
    with open(path, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(header)
        writer.writerows(rows)


def usd(micro):
    return f"{'-' if micro < 0 else ''}{abs(micro) // 10**6}.{abs(micro) % 10**6:06d}"


def row_of(report, scope, model="", tier=""):
    return next(row for row in report["rows"]
                if (row["scope"], row["model"], row["customer_tier"]) == (scope, model, tier))


def mix_alone_raises_the_total(folder):
    """Two years in which every segment falls and the total rises."""
    # Per day: requests, revenue and cost in micro-USD of each segment.
    years = {2024: {("opus", "enterprise"): (10, 100_000_000, 20_000_000),
                    ("haiku", "free"): (90, 90_000_000, 81_000_000)},
             2025: {("opus", "enterprise"): (50, 490_000_000, 105_000_000),
                    ("haiku", "free"): (50, 49_000_000, 46_000_000)}}
    rows = []
    for year, segments in years.items():
        for day in range(365):
            start = datetime.date(year, 1, 1) + datetime.timedelta(days=day)
            for (model, tier), (requests, revenue, cost) in segments.items():
                rows.append([start, model, tier, requests, 0, 0, usd(revenue), usd(cost)])
    path = folder / "mix.csv"
    write_csv(path, HEADER, rows)
    report = run_json("margin", "--inference", path, "--to", "2026-01-01")
    # 365 days of 2025 beside all of 2024, of which the file has 365 days.
    assert report["before_from_unix_seconds"] == 1704067200, report
    assert row_of(report, "total")["before"]["requests"] == 365 * 100, report
    change = report["change"]
    assert sum(change[effect] for effect in EFFECTS) == change["change_micro_usd"], change
    assert change["mix_usd_per_request"] > 0, change
    assert change["price_usd_per_request"] < 0 and change["cost_usd_per_request"] < 0, change
    total = row_of(report, "total")
    assert total["declined"] is False
    assert total["after"]["usd_per_request"] == 3.88, total
    for segment in (("opus", "enterprise"), ("haiku", "free")):
        assert row_of(report, "segment", *segment)["declined"] is True
    assert len(report["declines"]) == 6, report["declines"]
    assert any("model opus, customer tier enterprise fell from $8.000000 to $7.700000" in why
               for why in report["declines"])
    table = run("margin", "--inference", path, "--to", "2026-01-01").stdout
    assert "declined: margin per request of model haiku" in table
    print("ok: every segment falls, the total rises, and the mix explains it")


def figures_agree_with_a_second_arithmetic(folder):
    seed = 4
    chance = random.Random(seed)
    rows = []
    for hour in sorted(chance.sample(range(24 * 900), 2000)):
        start = datetime.datetime(2023, 6, 1) + datetime.timedelta(hours=hour)
        rows.append([start.strftime("%Y-%m-%dT%H:%M:%SZ"), f"m{chance.randrange(6)}",
                     f"t{chance.randrange(4)}", chance.randrange(1000), chance.randrange(10**6),
                     chance.randrange(10**6), usd(chance.randrange(-10**8, 10**9)),
                     usd(chance.randrange(10**9))])
    path = folder / "random.csv"
    write_csv(path, HEADER, rows)
    report = run_json("margin", "--inference", path, "--to", "2025-07-01", "--window", "91d")

    def totals(begin, end):
        sums = [0, 0, 0]
        for row in rows:
            if begin <= row[0] < end:
                money = [round(Fraction(row[i]) * 10**6) for i in (6, 7)]
                sums = [a + b for a, b in zip(sums, [row[3], *money])]
        return sums

    for name, begin, end in (("after", "2025-04-01", "2025-07-01"),
                             ("before", "2024-04-01", "2024-07-01")):
        requests, revenue, cost = totals(begin, end)
        figures = row_of(report, "total")[name]
        assert figures["requests"] == requests > 0, (name, figures, requests, f"seed {seed}")
        assert figures["revenue_micro_usd"] == revenue, (name, figures)
        assert figures["cost_micro_usd"] == cost, (name, figures)
        assert figures["usd_per_request"] == float(Fraction(revenue - cost, 10**6 * requests)) or \
            abs(figures["usd_per_request"] * requests * 10**6 - (revenue - cost)) < 1e-3
    change = report["change"]
    assert sum(change[effect] for effect in EFFECTS) == change["change_micro_usd"]
    print("ok: requests, revenue, cost and margin to the micro-dollar")


def invoices_are_compared_as_far_as_they_go(folder):
    """Every day the same, invoiced by the month up to October: nothing declined, and a window that cuts
    a month takes its part of it."""
    rows = []
    for month in range(22):
        start = datetime.date(2024 + month // 12, month % 12 + 1, 1)
        days = (datetime.date(2024 + (month + 1) // 12, (month + 1) % 12 + 1, 1) - start).days
        rows.append([f"{start}T00:00:00+01:00", "atlas", "all", 100 * days, 0, 0,
                     usd(10_000_000 * days), usd(4_000_000 * days)])
    path = folder / "invoices.csv"
    write_csv(path, HEADER, rows)
    report = run_json("margin", "--inference", path, "--to", "2025-11-20", "--window", "91d")
    total = row_of(report, "total")
    assert total["declined"] is False and abs(total["change_ratio"]) < 1e-12, total
    # 21 August to 1 November, in both years.
    assert total["after"]["requests"] == total["before"]["requests"] == 72 * 100, total
    assert report["review_due"] is False, report
    assert report["compared_to_unix_seconds"] == 1761955200, report
    print("ok: invoices are compared as far as they go")


def subscriptions_are_spread_over_requests(folder):
    path = folder / "subscribed.csv"
    write_csv(path, HEADER, [["2026-01-29", "opus", "max", 1, 10, 10, "", "1"],
                             ["2026-01-30", "haiku", "max", 2, 10, 10, "", "1"],
                             ["2026-01-31", "haiku", "free", 2, 100, 0, "", "1"]])
    prices = folder / "subscriptions.yaml"
    prices.write_text("version: 1\nprices:\n"
                      "  - {model: haiku, effective_from: 2020-01-01, input: 2, output: 2}\n"
                      "subscriptions:\n"
                      "  - {customer_tier: max, effective_from: 2020-01-01, usd_per_month: 31}\n"
                      "  - {customer_tier: team, effective_from: 2026-01-30, usd_per_month: 62}\n")
    report = run_json("margin", "--inference", path, "--prices", prices, "--to", "2026-02-01",
                      "--window", "3d")
    # Three days of a month of 31: $3 of max, 1 : 2; two days of team, who served nobody: $4.
    revenue = {(row["model"], row["customer_tier"]): row["after"]["revenue_micro_usd"]
               for row in report["rows"] if row["scope"] == "segment"}
    assert revenue == {("opus", "max"): 1_000_000, ("haiku", "max"): 2_000_000,
                       ("haiku", "free"): 200}, revenue
    assert report["subscription_micro_usd"] == 7_000_000, report
    assert report["unattributed_subscription_micro_usd"] == 4_000_000, report
    assert row_of(report, "total")["after"]["subscription_micro_usd"] == 3_000_000, report
    table = run("margin", "--inference", path, "--prices", prices, "--to", "2026-02-01",
                "--window", "3d").stdout
    assert "subscriptions: $7.00, of which $4.00" in table, table
    print("ok: subscriptions are spread over requests")


def what_is_wrong_is_named(folder):
    path = folder / "wrong.csv"
    write_csv(path, HEADER, [["2025-06-01", "opus", "free", 1, 2, 3, "1", "1"],
                             ["soon", "opus", "free", 1, 2, 3, "1", "1"],
                             ["2025-06-01", "opus", "free", -1, 2, 3, "1", "1"]])
    refused = folder / "refused.csv"
    # The answer is of a part of the file, and the exit code says so.
    done = run("margin", "--inference", path, "--to", "2026-01-01", "--refused", refused, code=4)
    assert "2 rows refused, the first on line 3: start: is \"soon\"" in done.stderr, done.stderr
    with open(refused, newline="") as text:
        found = list(csv.DictReader(text))
    assert [row["line"] for row in found] == ["3", "4"] and "requests" in found[1]["reason"], found
    assert "why it changed is not known" in done.stdout  # nothing a year earlier
    write_csv(path, [*HEADER, "revenue"], [])
    assert "column \"revenue\" is unknown" in run("margin", "--inference", path, "--to",
                                                  "2026-01-01", code=1).stderr
    run("margin", "--inference", path, "--to", "tomorrow", code=2)
    run("capability", "--suite", SUITE, code=2)
    for wrong in (["margin", "--inference", path],
                  ["margin", "--inference", path, "--to", "2026-01-01", "--ledger", path],
                  ["margin", "--prices", path], ["margin", "--basis", "both"],
                  ["margin", "--window", "month"], ["margin", "--window", "36h"],
                  ["margin", "--to", "2026-01-01T08:00:00Z"], ["margin", "--limit", "0"],
                  ["capability", "--ledger", path], ["capability", "--training", path]):
        run(*wrong, code=2)
    assert "is not a ledger" in run("margin", "--ledger", path, code=1).stderr
    scores = folder / "scores.csv"
    write_csv(scores, ["model", "date", "benchmark", "score"],
              [["a", "2025-02-01", "mmlu", "0.5"], ["b", "2025-03-01", "mmlu", "high"]])
    trained = folder / "trained.csv"
    write_csv(trained, ["model", "date", "h100e_hours"], [["a", "2025-02-01", "many"]])
    good = folder / "good.csv"
    write_csv(good, ["model", "date", "benchmark", "score"], [["a", "2025-02-01", "mmlu", "0.5"]])
    suite = ["capability", "--suite", SUITE, "--benchmarks"]
    assert "1 row refused, on line 3: score" in run(*suite, scores, code=4).stderr
    assert "1 row refused, on line 2" in run(*suite, good, "--training", trained, code=4).stderr
    run(*suite, good)
    print("ok: wrong rows, columns and flags are named")


def quarter_of(day):
    year, month, _ = map(int, day.split("-"))
    return year * 4 + (month - 1) // 3


def published_models_agree_with_a_second_arithmetic():
    if not EPOCH.exists():
        print(f"skipped: {EPOCH} is absent, so that published models are not checked")
        return
    report = run_json("capability", "--suite", SUITE, "--benchmarks", EPOCH, "--training", EPOCH,
                      "--framework", SOURCE / "deploy/plans/framework.yaml", "--model-column",
                      "System", "--date-column", "Date", "--flop-column", "Training compute (FLOP)",
                      code=4)  # a row has no date
    columns = {"mmlu": "MMLU", "gpqa": "GPQA", "bbh": "BBH"}
    with open(EPOCH, newline="", encoding="utf-8-sig") as text:
        rows = [row for row in csv.DictReader(text) if row["Date"]]
    results = [(quarter_of(row["Date"]), name, max(0.0, min(1.0, (float(row[column]) - 0.25) / 0.75)))
               for row in rows for name, column in columns.items() if row[column]]
    hours = {}
    for row in rows:
        if row["Training compute (FLOP)"]:
            quarter = quarter_of(row["Date"])
            hours[quarter] = hours.get(quarter, 0) + float(row["Training compute (FLOP)"]) / (
                990e12 * 3600 * 0.5)

    def frontier(name, quarter):
        scores = [score for at, of, score in results if of == name and at <= quarter]
        return max(scores) if scores else None

    def saturated(name, quarter):
        best, earlier = frontier(name, quarter), frontier(name, quarter - 4)
        if best is None:
            return False
        tried = any(of == name and quarter - 4 < at <= quarter for at, of, _ in results)
        flat = (earlier is not None and earlier < 1 and tried and best >= 0.5 and
                (best - earlier) / (1 - earlier) < 0.1)
        return best >= 0.9 or flat

    first = min(at for at, _, _ in results)
    assert len(report["quarters"]) == max(at for at, _, _ in results) - first + 1
    compared = 0
    for offset, view in enumerate(report["quarters"]):
        quarter = first + offset
        used = [name for name in columns
                if frontier(name, quarter - 1) is not None and not saturated(name, quarter - 1)]
        assert sorted(view["rests_on"]) == sorted(used), view
        if not used:
            assert view["frontier_gain"] is None, view
            continue
        if not any(of in used and at == quarter for at, of, _ in results):
            assert view["frontier_gain"] is None, view  # nobody measured
            continue
        gain = sum(frontier(name, quarter) - frontier(name, quarter - 1) for name in used) / len(used)
        assert abs(view["frontier_gain"] - gain) < 1e-9, (view, gain)
        if hours.get(quarter):
            assert abs(view["gain_per_h100e_hour"] - gain / hours[quarter]) < 1e-15, view
            compared += 1
        else:
            assert view["gain_per_h100e_hour"] is None, view
    assert compared > 10
    assert report["verdict"] == "review_due", report["why"]
    print(f"ok: {len(report['models'])} published models, {compared} quarters with training")


def the_shipped_examples_work():
    examples = SOURCE / "deploy/outcomes"
    margin = run("margin", "--inference", examples / "example_inference.csv", "--prices",
                 examples / "prices.yaml", "--to", "2026-01-01").stdout
    assert "review of research: due" in margin and "mix" in margin, margin
    models = examples / "example_models.csv"
    capability = run("capability", "--suite", examples / "benchmarks.yaml", "--benchmarks", models,
                     "--training", models).stdout
    assert "review_due: 5 consecutive quarters" in capability, capability
    print("ok: the shipped examples")


def the_document_shows_what_the_command_says():
    document = (SOURCE / "dashboards/MARGIN.md").read_text()
    shown = document.split("\n$ fleetmeterctl ")[1].split("\n```")[0].splitlines()
    arguments = [SOURCE / word if "/" in word else word for word in shown[0].split()[1:]]
    said = {" ".join(line.split()) for line in run(*arguments).stdout.splitlines()}
    lines = [" ".join(line.split()) for line in shown[1:] if line != "..."]
    assert len(lines) > 5, document
    for line in lines:
        assert line in said, f"MARGIN.md says {line!r}, the command {sorted(said)}"
    print(f"ok: {len(lines)} lines of MARGIN.md")


def made_up_history_is_as_meant(folder):
    """Two years to a leap day and to another: prices fall within them, and the files are read."""
    maker = SOURCE / "deploy/outcomes/make_example.py"
    checked = subprocess.run([maker, "--check"], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for end in ("2028-02-29", "2026-01-31"):
        made = folder / end
        subprocess.run([maker, "--to", made, "--date", end], check=True, timeout=60)
        until = datetime.date.fromisoformat(end) + datetime.timedelta(days=1)
        report = run_json("margin", "--inference", made / "requests.csv", "--prices", made / "prices.yaml", "--to", until)
        segments = [row for row in report["rows"] if row["scope"] == "segment"]
        assert len(segments) == 6, segments
        # Without cost there is no margin; the revenue of each is known, and the rows say nothing of it.
        assert all(row["declined"] is None for row in segments), segments
        large = row_of(report, "segment", "frontier-large", "enterprise")
        assert large["after"]["requests"] > large["before"]["requests"] > 0, large
        models = ["--suite", SUITE, "--benchmarks", made / "results.csv", "--training", made / "training.csv"]
        capability = run_json("capability", *models)
        assert capability["verdict"] == "review_due" and len(capability["quarters"]) == 8, capability
    print("ok: made-up history")


def the_plot_is_drawn(folder):
    results = folder / "results.csv"
    write_csv(results, ["model", "date", "benchmark", "score", "h100e_hours"],
              [["a", "2025-02-01", "mmlu", 0.4, 100], ["b & c", "2025-05-01", "mmlu", 0.7, 200]])
    report = run("capability", "--suite", SUITE, "--benchmarks", results, "--training", results,
                 "--output", "json").stdout
    drawn = subprocess.run([SOURCE / "dashboards/draw_capability.py"], input=report, text=True,
                           capture_output=True, check=True, timeout=60).stdout
    assert drawn.startswith("<svg") and "b &amp; c" in drawn and "2025-Q2" in drawn
    print("ok: the plot is drawn")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mix_alone_raises_the_total(folder)
        figures_agree_with_a_second_arithmetic(folder)
        invoices_are_compared_as_far_as_they_go(folder)
        subscriptions_are_spread_over_requests(folder)
        what_is_wrong_is_named(folder)
        published_models_agree_with_a_second_arithmetic()
        the_shipped_examples_work()
        the_document_shows_what_the_command_says()
        made_up_history_is_as_meant(folder)
        the_plot_is_drawn(folder)


if __name__ == "__main__":
    try:
        main()
    except AssertionError as error:
        sys.exit(f"FAILED: {error}")
