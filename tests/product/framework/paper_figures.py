"""The framework paper worked out a second time: exact fractions, from the inputs that it prints.

Shares no code with daemon/framework. Where the paper prints fewer digits than it used, the digits are
those that deploy/plans/README.md names.
"""
import math
from fractions import Fraction as F

HOURS = 8760
CHIPS = {  # provider, chips, chips per H100e
    "trainium2": ("aws", F(1_000_000), F(3, 2)),
    "tpu_v5p": ("gcp", F(1_000_000), F(4)),
    "b200": ("azure", F(30_000_000_000) * F(80, 100) / (5 * 365 * 24) / F(7, 2), F(1, 3)),
}
FLOP = {"gpt-5": "5e25", "gpt-4": "2.1e25", "gpt-4.5": "6.4e25", "sonnet-4": "5e25", "opus-4": "1.5e26",
        "sonnet-3.7": "3.4e25", "grok-2": "3e25", "grok-3": "4.6e26", "llama-3.1": "3.8e25"}
PEAK_AN_HOUR = F(990) * 10**12 * 3600
MFU = F(1, 2)
PRICES = {  # share of tokens, dollars per million input and output tokens
    "claude-opus-4.6": (F(10, 100), F(5), F(25)), "claude-opus-4.5": (F(10, 100), F(5), F(25)),
    "claude-opus-4.1": (F(10, 100), F(15), F(75)), "claude-opus-4": (F(10, 100), F(15), F(75)),
    "claude-sonnet-4.5": (F(25, 100), F(3), F(15)), "claude-sonnet-4": (F(25, 100), F(3), F(15)),
    "claude-haiku-4.5": (F(1, 30), F(1), F(5)), "claude-haiku-3.5": (F(1, 30), F(8, 10), F(4)),
    "claude-haiku-3": (F(1, 30), F(1, 4), F(5, 4)),
}
SIZES = {"8b": (F(13505), F(10, 100)), "70b": (F(1854), F(50, 100)), "405b": (F("361.225"), F(40, 100))}
CONSTRAINT = F(20, 100)
DISCOUNT = F(30, 100)
TABLE = [F(20, 100), F(30, 100), F(40, 100), F(50, 100), F(60, 100)]
P0, BUFFER = F(10, 100), F(15, 100)

SUPPLY = sum(chips / ratio * HOURS for _, chips, ratio in CHIPS.values())
BUDGET = SUPPLY * (1 - P0 - BUFFER)


def training_hours(flop):
    return F(flop) / (PEAK_AN_HOUR * MFU)


def run_hours(growth=4):
    """A pre-training and its three variants of 20% each."""
    return training_hours(FLOP["opus-4"]) * growth * (1 + 3 * F(20, 100))


def needed_hours(growth=4, additional_runs=0):
    return 2 * run_hours(growth) * 2 + additional_runs * run_hours(growth)


def weighted_price(column):
    return sum(price[0] * price[column] for price in PRICES.values())


OUTPUT_TOKENS = sum(tokens * weight for tokens, weight in SIZES.values()) * CONSTRAINT  # a second


def list_usd(utilization, curve="linear"):
    """What an hour earns before discount: exact on the straight line."""
    line = OUTPUT_TOKENS * 3600 * (weighted_price(2) + F(1, 2) * weighted_price(1)) / 10**6
    if curve == "linear":
        return line * utilization
    at = math.log(1 + 0.08 * float(utilization) * 100) / math.log(1 + 0.08 * 20)
    return float(line * F(20, 100)) * at


def usd(utilization=F(20, 100), curve="linear"):
    value = list_usd(utilization, curve)
    return value * (1 - DISCOUNT) if curve == "linear" else value * float(1 - DISCOUNT)


def recommendation(revenue=F(18 * 10**9), usd_an_hour=None, growth=4, additional_runs=0):
    """Hours of inference, training and research."""
    inference = revenue / (usd_an_hour or usd())
    training = needed_hours(growth, additional_runs)
    return [inference, training, BUDGET - inference - training]


# name: (hours, dollars an hour), in the table's order.
BASELINE = recommendation()
SEVENTY = F(70, 100) * SUPPLY
SENSITIVITY = {
    "recommendation": (BASELINE, usd()),
    "revenue-25b": (recommendation(F(25 * 10**9)), usd()),
    "additional-run": (recommendation(additional_runs=1), usd()),
    "price-drop": (recommendation(usd_an_hour=F("5.50")), F("5.50")),
    "price-drop-target-changes": (BASELINE, F("5.50")),
    "growth-3x": (recommendation(growth=3), usd()),
    "research-70": ([(BUDGET - SEVENTY) / 2, (BUDGET - SEVENTY) / 2, SEVENTY], usd()),
}
# name: P1 and P2, each inference, training, research.
P2_OF_INITIATIVES = SUPPLY * F(40, 100)
SCENARIOS = {
    "recommendation": ([F(0)] * 3, BASELINE),
    "revenue-priority": ([SUPPLY * F(35, 100), F(0), F(0)],
                         [F(0), P2_OF_INITIATIVES * F(60, 100), P2_OF_INITIATIVES * F(40, 100)]),
    "training-priority": ([F(0), SUPPLY * F(35, 100), F(0)],
                          [P2_OF_INITIATIVES * F(40, 100), F(0), P2_OF_INITIATIVES * F(60, 100)]),
}

# As the paper prints them: shares of the supply, revenue, % of recommended training, research hours.
PRINTED = {
    "recommendation": ("20% 18% 37%", "18,000,000,000", "100%", "4,545,912,971"),
    "revenue-25b": ("28% 18% 30%", "25,000,000,000", "100%", "3,609,694,409"),
    "additional-run": ("20% 22% 33%", "18,000,000,000", "125%", "4,007,192,433"),
    "price-drop": ("27% 18% 30%", "18,000,000,000", "100%", "3,680,604,858"),
    "price-drop-target-changes": ("20% 18% 37%", "13,240,805,378", "100%", "4,545,912,971"),
    "growth-3x": ("20% 13% 42%", "18,000,000,000", "75%", "5,084,633,510"),
    "research-70": ("3% 3% 70%", "2,270,036,171", "14%", "8,501,000,000"),
}
PRINTED_REVENUE = {"recommendation": "18,000,000,000", "revenue-priority": "31,780,506,396",
                   "training-priority": "14,528,231,495"}
PRINTED_USD = [("10.68", "7.48"), ("16.02", "11.22"), ("21.36", "14.95"), ("26.70", "18.69"),
               ("32.04", "22.43")]
