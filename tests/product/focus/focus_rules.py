#!/usr/bin/python3
"""The rules of FOCUS 1.2 for a file of cost and usage, as far as a file can be held against them.

    focus_rules.py FILE.csv

Prints what is wrong, a line for each rule and row, and exits 0 if nothing is. It is written from the
specification (https://focus.finops.org/focus-specification/v1-2/) and shares no code with what
writes the files. Provider facts that it takes for granted: usage is measured, there are unit prices
and sub accounts, and there are no commitments, no capacity reservations, no second currency and no
regions.
"""
import csv
import datetime
import decimal
import json
import re
import sys

decimal.getcontext().prec = 60

MANDATORY = """BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd
BillingPeriodStart ChargeCategory ChargeClass ChargeDescription ChargePeriodEnd ChargePeriodStart
ContractedCost EffectiveCost InvoiceIssuerName ListCost PricingQuantity PricingUnit ProviderName
PublisherName ServiceCategory ServiceName""".split()
RECOMMENDED = ["ChargeFrequency", "InvoiceId", "ServiceSubcategory"]
# What other providers have.
OTHERS = """AvailabilityZone BillingAccountType CapacityReservationId CapacityReservationStatus
CommitmentDiscountCategory CommitmentDiscountId CommitmentDiscountName CommitmentDiscountQuantity
CommitmentDiscountStatus CommitmentDiscountType CommitmentDiscountUnit PricingCurrency
PricingCurrencyContractedUnitPrice PricingCurrencyEffectiveCost PricingCurrencyListUnitPrice RegionId
RegionName ResourceId ResourceName ResourceType SubAccountType""".split()
# What a provider with these facts has to have besides.
CONDITIONAL = """ConsumedQuantity ConsumedUnit ContractedUnitPrice ListUnitPrice PricingCategory SkuId
SkuMeter SkuPriceDetails SkuPriceId SubAccountId SubAccountName Tags""".split()
NEVER_NULL = """BilledCost BillingAccountId BillingCurrency BillingPeriodEnd BillingPeriodStart
ChargeCategory ChargeFrequency ChargePeriodEnd ChargePeriodStart ContractedCost EffectiveCost
InvoiceIssuerName ListCost ProviderName PublisherName ServiceCategory ServiceName
ServiceSubcategory""".split()
# Of usage that corrects nothing.
USAGE_NOT_NULL = """ConsumedQuantity ConsumedUnit ContractedUnitPrice ListUnitPrice PricingCategory
PricingQuantity PricingUnit SkuId SkuPriceId""".split()
NUMBERS = """BilledCost ConsumedQuantity ContractedCost ContractedUnitPrice EffectiveCost ListCost
ListUnitPrice PricingQuantity""".split()
TIMES = "BillingPeriodEnd BillingPeriodStart ChargePeriodEnd ChargePeriodStart".split()
ALLOWED = {
    "ChargeCategory": {"Adjustment", "Credit", "Purchase", "Tax", "Usage"},
    "ChargeClass": {"Correction"},
    "ChargeFrequency": {"One-Time", "Recurring", "Usage-Based"},
    "PricingCategory": {"Committed", "Dynamic", "Other", "Standard"},
    "ServiceCategory": {
        "AI and Machine Learning", "Analytics", "Business Applications", "Compute", "Databases",
        "Developer Tools", "Identity", "Integration", "Internet of Things",
        "Management and Governance", "Media", "Migration", "Mobile", "Multicloud", "Networking",
        "Other", "Security", "Storage", "Web"},
}
SUBCATEGORIES = {
    "Compute": {"Containers", "End User Computing", "Quantum Compute", "Serverless Compute",
                "Virtual Machines", "Other (Compute)"},
    "AI and Machine Learning": {"AI Platforms", "Bots", "Generative AI", "Machine Learning",
                                "Natural Language Processing", "Other (AI and Machine Learning)"},
}
NUMBER = re.compile(r"[+-]?([0-9]*[.])?[0-9]+([eE][+-]?[0-9]+)?")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
OWN_COLUMN = re.compile(r"x_[A-Za-z0-9]+")
FOCUS_COLUMNS = {*MANDATORY, *RECOMMENDED, *CONDITIONAL, *OTHERS}


def check_columns(columns):
    for name in [*MANDATORY, *RECOMMENDED, *CONDITIONAL]:
        if name not in columns:
            yield f"the column {name} is missing"
    if len(set(columns)) != len(columns):
        yield "a column is there twice"
    own = False
    for name in columns:
        own = own or name.startswith("x_")
        if name not in FOCUS_COLUMNS and not OWN_COLUMN.fullmatch(name):
            yield f"{name} is no column of FOCUS, and does not begin with x_"
        if own and not name.startswith("x_"):
            yield f"{name} stands after a column that is not of FOCUS"


def check_values(row):
    for name in NEVER_NULL:
        if not row[name]:
            yield f"{name} is null"
    for name, allowed in ALLOWED.items():
        if row[name] and row[name] not in allowed:
            yield f"{name} is {row[name]!r}"
    for name in NUMBERS:
        if row[name] and not NUMBER.fullmatch(row[name]):
            yield f"{name} is no number: {row[name]!r}"
    for name in TIMES:
        if row[name] and not TIME.fullmatch(row[name]):
            yield f"{name} is no time of UTC: {row[name]!r}"
    if not re.fullmatch("[A-Z]{3}", row["BillingCurrency"]):
        yield f"BillingCurrency is {row['BillingCurrency']!r}"
    subcategories = SUBCATEGORIES.get(row["ServiceCategory"])
    if subcategories is not None and row["ServiceSubcategory"] not in subcategories:
        yield f"{row['ServiceSubcategory']!r} is no part of {row['ServiceCategory']!r}"
    if row["Tags"]:
        yield from check_tags(row["Tags"])
    if any(value != value.strip() for value in row.values()):
        yield "a value has spaces around it"


def check_tags(text):
    try:
        tags = json.loads(text)
    except ValueError:
        yield "Tags is no JSON"
        return
    if not isinstance(tags, dict) or any(isinstance(v, (dict, list)) for v in tags.values()):
        yield "Tags is no object of single values"


def check_nulls(row):
    if row["ChargeCategory"] == "Usage" and row["ChargeClass"] != "Correction":
        for name in USAGE_NOT_NULL:
            if not row[name]:
                yield f"{name} of usage is null"
    for quantity, unit in (("ConsumedQuantity", "ConsumedUnit"), ("PricingQuantity", "PricingUnit"),
                           ("SubAccountId", "SubAccountName")):
        if bool(row[quantity]) != bool(row[unit]):
            yield f"only one of {quantity} and {unit} is null"
    if not row["SkuId"] and (row["SkuMeter"] or row["SkuPriceDetails"]):
        yield "SkuMeter or SkuPriceDetails stands without SkuId"


def check_sums(row):
    numbers = {name: decimal.Decimal(row[name]) for name in NUMBERS if NUMBER.fullmatch(row[name])}
    for price, cost in (("ListUnitPrice", "ListCost"), ("ContractedUnitPrice", "ContractedCost")):
        if {price, cost, "PricingQuantity"} <= numbers.keys():
            if numbers[price] * numbers["PricingQuantity"] != numbers[cost]:
                yield f"{price} times PricingQuantity is not {cost}"
        if numbers.get(price, 0) < 0:
            yield f"{price} is below 0"


def check_periods(row):
    if not all(TIME.fullmatch(row[name]) for name in TIMES):
        return
    at = {name: datetime.datetime.fromisoformat(row[name][:-1]) for name in TIMES}
    if not at["ChargePeriodStart"] < at["ChargePeriodEnd"]:
        yield "the charge period is empty"
    if not (at["BillingPeriodStart"] <= at["ChargePeriodStart"]
            and at["ChargePeriodEnd"] <= at["BillingPeriodEnd"]):
        yield "the charge period reaches beyond the billing period"


def check_between(rows):
    """What holds over all rows."""
    for child, parent in (("ServiceName", "ServiceCategory"), ("SkuPriceId", "SkuId"),
                          ("SkuPriceId", "ListUnitPrice")):
        seen = {}
        for number, row in rows:
            if row[child] and seen.setdefault(row[child], row[parent]) != row[parent]:
                yield number, f"{child} {row[child]!r} has two of {parent}"


def violations(text):
    """Pairs of the number of a row, where the header is 1, and what is wrong."""
    reader = csv.DictReader(text.splitlines(), strict=True)
    wrong = [(1, each) for each in check_columns(reader.fieldnames or [])]
    if wrong:
        return wrong
    rows = list(enumerate(reader, 2))
    for number, row in rows:
        if None in row or None in row.values():
            wrong.append((number, "it has another number of fields than the header"))
            continue
        for check in (check_values, check_nulls, check_sums, check_periods):
            wrong += [(number, each) for each in check(row)]
    return wrong + list(check_between(rows))


def main():
    wrong = violations(open(sys.argv[1], encoding="utf-8", newline="").read())
    for number, what in wrong:
        print(f"{sys.argv[1]}:{number}: {what}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
