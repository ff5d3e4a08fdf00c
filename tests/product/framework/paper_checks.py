"""What an answer about the framework has to hold, by the exact figures of the paper."""
from fractions import Fraction as F

import paper_figures as paper

SHARED = ["inference", "training", "research"]


def near(got, want, what):
    """Equal to the last digits of a double."""
    want = float(want)
    assert got is not None and abs(got - want) <= 1e-12 * max(1, abs(want)), f"{what}: {got}, not {want}"


def whole(value):
    return f"{value:,.0f}"


def percent(ratio):
    return f"{int(ratio * 100 + 0.5)}%"  # halves up, as the paper


def by_category(categories):
    return {item["category"]: item["portion"] for item in categories}


def has_the_papers_supply(shown):
    supply = shown["supply"]
    assert [row["chip"] for row in supply["rows"]] == list(paper.CHIPS)
    for row in supply["rows"]:
        provider, chips, ratio = paper.CHIPS[row["chip"]]
        assert row["provider"] == provider
        for key, want in (("chips", chips), ("chips_per_h100e", ratio), ("h100e", chips / ratio),
                          ("h100_hours", chips / ratio * paper.HOURS)):
            near(row[key], want, f"{row['chip']} {key}")
    near(supply["h100_hours"], paper.SUPPLY, "supply hours")
    near(supply["h100e"], paper.SUPPLY / paper.HOURS, "supply H100e")
    assert whole(supply["h100_hours"]) == "12,144,285,714"
    assert [whole(row["h100e"]) for row in supply["rows"]] == ["666,667", "250,000", "469,667"]


def has_the_papers_training(shown):
    training = shown["training"]
    assert [row["model"] for row in training["models"]] == list(paper.FLOP)
    for row in training["models"]:
        near(row["flop"], F(paper.FLOP[row["model"]]), row["model"])
        near(row["h100_hours"], paper.training_hours(paper.FLOP[row["model"]]), row["model"])
    pretraining = paper.training_hours(paper.FLOP["opus-4"]) * 4
    for key, want in (("h100_peak_flop_per_hour", paper.PEAK_AN_HOUR), ("mfu_ratio", paper.MFU),
                      ("training_flop_per_h100_hour", paper.PEAK_AN_HOUR * paper.MFU),
                      ("growth_factor", 4), ("pretraining_hours", pretraining), ("runs_per_year", 2),
                      ("post_training_ratio", F(20, 100)), ("variants_per_run", 3),
                      ("post_training_hours", pretraining * F(20, 100)),
                      ("hours_per_run", paper.run_hours()), ("hours_per_year", 2 * paper.run_hours()),
                      ("inefficiency_factor", 2), ("additional_runs", 0),
                      ("needed_hours", paper.needed_hours())):
        near(training[key], want, key)
    assert training["based_on"] == "opus-4"
    assert whole(training["hours_per_year"]) == "1,077,441,077"


def has_the_papers_prices_and_throughput(shown):
    pricing, throughput = shown["pricing"], shown["throughput"]
    assert [row["model"] for row in pricing["models"]] == list(paper.PRICES)
    for row in pricing["models"]:
        for key, want in zip(("usage_ratio", "usd_per_million_input_tokens",
                              "usd_per_million_output_tokens"), paper.PRICES[row["model"]]):
            near(row[key], want, f"{row['model']} {key}")
    near(pricing["weighted_usd_per_million_input_tokens"], paper.weighted_price(1), "input")
    near(pricing["weighted_usd_per_million_output_tokens"], paper.weighted_price(2), "output")
    assert [row["size"] for row in throughput["sizes"]] == list(paper.SIZES)
    for row in throughput["sizes"]:
        tokens, weight = paper.SIZES[row["size"]]
        near(row["output_tokens_per_second"], tokens, row["size"])
        near(row["constrained_tokens_per_second"], tokens * paper.CONSTRAINT, row["size"])
        near(row["weight_ratio"], weight, row["size"])
    for key, want in (("resource_constraint_ratio", paper.CONSTRAINT), ("input_per_output", F(1, 2)),
                      ("weighted_output_tokens_per_second", paper.OUTPUT_TOKENS),
                      ("output_tokens_per_h100_hour", paper.OUTPUT_TOKENS * 3600),
                      ("input_tokens_per_h100_hour", paper.OUTPUT_TOKENS * 1800)):
        near(throughput[key], want, key)
    assert whole(throughput["output_tokens_per_h100_hour"]) == "1,743,833"
    assert whole(throughput["input_tokens_per_h100_hour"]) == "871,916"


def has_the_papers_revenue(shown):
    revenue = shown["revenue"]
    near(revenue["usd_per_h100_hour"], paper.usd(), "an hour")
    near(revenue["discount_ratio"], paper.DISCOUNT, "discount")
    rows = {(row["curve"], row["utilization_ratio"]): row for row in revenue["rows"]}
    assert len(rows) == 2 * len(paper.TABLE)
    for curve in ("linear", "diminishing"):
        for utilization, printed in zip(paper.TABLE, paper.PRINTED_USD):
            row = rows[curve, float(utilization)]
            near(row["list_usd_per_h100_hour"], paper.list_usd(utilization, curve), (curve, utilization))
            near(row["usd_per_h100_hour"], paper.usd(utilization, curve), (curve, utilization))
            if curve == "linear":
                got = f"{row['list_usd_per_h100_hour']:.2f}", f"{row['usd_per_h100_hour']:.2f}"
                assert got == printed, got


def has_the_papers_scenarios(shown):
    assert [s["scenario"] for s in shown["scenarios"]] == list(paper.SCENARIOS)
    for scenario in shown["scenarios"]:
        name = scenario["scenario"]
        in_p1, in_p2 = paper.SCENARIOS[name]
        p1 = sum(in_p1)
        p2 = paper.BUDGET - p1
        totals = {"p0": paper.SUPPLY * paper.P0, "p1": p1, "p2": p2, "buffer": paper.SUPPLY * paper.BUFFER}
        assert [tier["tier"] for tier in scenario["tiers"]] == list(totals)
        for tier in scenario["tiers"]:
            total = totals[tier["tier"]]
            near(tier["total"]["h100_hours"], total, (name, tier["tier"]))
            near(tier["total"]["share_ratio"], total / paper.SUPPLY, (name, tier["tier"]))
            parts = {"p1": in_p1, "p2": in_p2}.get(tier["tier"], [])
            assert [part["category"] for part in tier["parts"]] == SHARED[:len(parts)]
            for part, hours in zip(tier["parts"], parts):
                near(part["h100_hours"], hours, (name, part))
                near(part["share_ratio"], hours / paper.SUPPLY, (name, part))
                near(part["share_of_tier_ratio"], hours / total if total else 0, (name, part))
        hours = [a + b for a, b in zip(in_p1, in_p2)]
        portions = by_category(scenario["categories"])
        for category, want in zip(SHARED + ["safety"], hours + [paper.SUPPLY * paper.P0]):
            near(portions[category]["h100_hours"], want, (name, category))
            near(portions[category]["share_ratio"], want / paper.SUPPLY, (name, category))
        assert abs(scenario["unallocated"]["h100_hours"]) < 1e-3
        has_outcome(scenario["outcome"], hours, paper.usd(), name)
        assert whole(scenario["outcome"]["serviceable_revenue_usd"]) == paper.PRINTED_REVENUE[name]


def has_outcome(outcome, hours, usd, what):
    for key, want in (("usd_per_h100_hour", usd), ("serviceable_revenue_usd", hours[0] * usd),
                      ("training_hours", hours[1]), ("training_ratio", hours[1] / paper.BASELINE[1]),
                      ("research_hours", hours[2])):
        near(outcome[key], want, (what, key))


def has_forgone(forgone, hours, usd, what):
    for key, want in (("revenue_usd", paper.BASELINE[0] * paper.usd() - hours[0] * usd),
                      ("training_hours", paper.BASELINE[1] - hours[1]),
                      ("research_hours", paper.BASELINE[2] - hours[2])):
        # A difference of large numbers: to a thousandth of a dollar, of an hour.
        assert abs(forgone[key] - max(0, float(want))) < 1e-3, (what, key, forgone[key], float(want))


def has_the_papers_sensitivity(rows):
    assert [row["name"] for row in rows] == list(paper.SENSITIVITY)
    for row in rows:
        name = row["name"]
        hours, usd = paper.SENSITIVITY[name]
        portions = by_category(row["categories"])
        for category, want in zip(SHARED, hours):
            near(portions[category]["h100_hours"], want, (name, category))
            near(portions[category]["share_ratio"], want / paper.SUPPLY, (name, category))
        has_outcome(row["outcome"], hours, usd, name)
        has_forgone(row["forgone"], hours, usd, name)
        outcome = row["outcome"]
        printed = (" ".join(percent(portions[c]["share_ratio"]) for c in SHARED),
                   whole(outcome["serviceable_revenue_usd"]), percent(outcome["training_ratio"]),
                   whole(outcome["research_hours"]))
        assert printed == paper.PRINTED[name], (name, printed)
