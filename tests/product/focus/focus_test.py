#!/usr/bin/python3
"""`fleetmeterctl export focus` of a ledger that has history at two prices and chips without a
price: the file is as FOCUS 1.2 wants it, its sums are those of the ledger, and what has no price is
in a file of its own. Each rule of focus_rules.py is shown to notice its fault.

FLEETMETER_FOCUS_VALIDATOR may name the program focus-validator, which is then asked as well.
"""
import collections
import csv
import decimal
import io
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
from focus_rules import violations
from programs import FLEETMETERCTL, SOURCE, Daemon

decimal.getcontext().prec = 60
NANOS = 1_000_000_000

CATALOG = """version: {version}
chips:
  - name: b200
    provider: aws
    title: B200
    usd_per_chip_hour: {price}
    conversions: [{{chips_per_h100e: "1/3", basis: made up}}]
  - name: tpu_v5p
    provider: google
    title: TPU v5p
    conversions: [{{chips_per_h100e: 2, basis: made up}}]
  - name: trainium2
    provider: aws
    title: Trainium 2
    usd_per_chip_hour: 1.234567
    conversions: [{{chips_per_h100e: 1.5, basis: made up}}]
"""
HEADER = "start,end,source,chip,state,pool,team,workload,model,signal,chip_hours,busy_chip_hours\n"
BUSY = "gr_engine_active"
OLD = HEADER + f"""\
2026-01-30,2026-01-31,a,b200,assigned,research-scaling,laws,x,,{BUSY},7.123456789,3
2026-01-30,2026-01-31,a,tpu_v5p,assigned,research-scaling,laws,x,,,11,
2026-01-30,2026-01-31,a,trainium2,assigned,inference-consumer,chat,y,nova,{BUSY},100.000000001,50
2026-01-31,2026-02-01,a,b200,assigned,research-scaling,laws,x,,{BUSY},24,24
"""
NEW = HEADER + f"""\
2026-02-01,2026-02-02,a,b200,assigned,research-scaling,laws,x,,{BUSY},5,0
"""


def ctl(*arguments, code=0):
    done = subprocess.run([FLEETMETERCTL, *arguments], capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done


def fill(folder):
    """A ledger with usage at two versions of the catalog."""
    catalog = folder / "catalog.yaml"
    ledger = folder / "ledger.db"
    for version, price, rows in ((1, "3.5", OLD), (2, "2.999999", NEW)):
        catalog.write_text(CATALOG.format(version=version, price=price))
        file = folder / f"usage-{version}.csv"
        file.write_text(rows)
        with Daemon(catalog, [SOURCE / "deploy/demo/plan.yaml"],
                    f"ledger: {{path: {ledger}}}\n") as daemon:
            ctl("--address", daemon.addresses["query"], "import", "--ingest-address",
                daemon.addresses["ingest"], "usage", file)
    return ledger


def rows_of(path):
    return list(csv.DictReader(open(path, newline="")))


def check_sums(ledger, rows):
    """Chip-time by day, pool, team, kind and price as the ledger has it, integer for integer; and
    the cost of what served a model, as the ledger priced it when it booked it."""
    books = collections.Counter()
    database = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
    for *key, seconds, nanos in database.execute(
            "SELECT date(CASE corrects_hour WHEN 0 THEN hour_start ELSE corrects_hour END,"
            " 'unixepoch'), pool, team, chip, catalog_version, sum(chips_s), sum(chips_ns)"
            " FROM hours WHERE state = 'assigned' GROUP BY 1, 2, 3, 4, 5"):
        books[tuple(map(str, key))] += seconds * NANOS + nanos
    told = collections.Counter()
    for row in rows:
        key = (row["ChargePeriodStart"][:10], row["SubAccountId"], row["x_Team"], row["SkuId"],
               row["x_CatalogVersion"])
        told[key] += int(row["x_ChipNanoseconds"])
    assert told == books, (told, books)
    served = sum(decimal.Decimal(seconds * NANOS + nanos) * price / (3_600 * NANOS * 10**6)
                 for seconds, nanos, price in database.execute(
                     "SELECT chips_s, chips_ns, micro_usd_per_chip_hour FROM model_usage"
                     " WHERE category = 'inference'"))
    database.close()
    billed = sum(decimal.Decimal(row["BilledCost"]) for row in rows
                 if row["SubAccountId"] == "inference-consumer")
    # A row drops less than 10^-11 of a chip-hour.
    assert 0 <= served - billed < decimal.Decimal("1e-9"), (served, billed)


def check_file(folder, ledger):
    file = folder / "january.csv"
    export = ["export", "focus", "--ledger", ledger, "--since", "2026-01-30", "--to", file]
    done = ctl(*export, code=4)
    assert "no price for 11 chip-hours; 1 row of them" in done.stderr, done.stderr
    unpriced = pathlib.Path(f"{file}.unpriced.csv")
    priced, without = rows_of(file), rows_of(unpriced)
    assert violations(file.read_text()) == []
    assert [row["BilledCost"] for row in without] == [""], without
    assert violations(unpriced.read_text()), "a cost that is not known passes for one"
    costs = {(row["ChargePeriodStart"][:10], row["SkuId"]): row["BilledCost"] for row in priced}
    assert costs == {("2026-01-30", "b200"): "24.9320987615",
                     ("2026-01-30", "trainium2"): "123.456700001234567",
                     ("2026-01-31", "b200"): "84", ("2026-02-01", "b200"): "14.999995"}, costs
    assert {row["BillingPeriodEnd"] for row in priced} == {"2026-02-01T00:00:00Z",
                                                           "2026-03-01T00:00:00Z"}
    check_sums(ledger, priced + without)
    # It is not written over, and then it is; what has a price now leaves no file of what had none.
    assert "--force" in ctl(*export, code=1).stderr
    ctl("export", "focus", "--ledger", ledger, "--since", "2026-01-31", "--to", file, "--force")
    assert not unpriced.exists() and len(rows_of(file)) == 2
    return file


def check_arguments(folder, ledger):
    export = ["export", "focus", "--ledger", ledger, "--to", folder / "none.csv"]
    assert "whole days" in ctl(*export, "--since", "2026-01-30T01:00:00Z", code=2).stderr
    assert "later day" in ctl(*export, "--since", "2026-01-30", "--until", "2026-01-30",
                              code=2).stderr
    assert "no complete day" in ctl(*export, "--since", "2100-01-01", code=1).stderr
    ctl(*export, "--since", "2026-01-30", "--until", "2026-01-31", code=4)
    assert {row["ChargePeriodStart"] for row in rows_of(folder / "none.csv")} == {
        "2026-01-30T00:00:00Z"}


def check_contradiction(folder, ledger):
    """A version of the catalog that was once recorded with two prices has none that is known."""
    books = folder / "contradicting.db"
    shutil.copy(ledger, books)
    with sqlite3.connect(books) as database:
        record = database.execute(
            "INSERT INTO catalog_versions (catalog_version, digest, recorded_unix_nanos)"
            " VALUES (1, 1, 1)").lastrowid
        database.execute("INSERT INTO catalog_ratios VALUES (?, 'b200', 0, '', 'aws', 1, 3, 9, 'x')",
                         (record,))
    database.close()
    file = folder / "contradicting.csv"
    ctl("export", "focus", "--ledger", books, "--since", "2026-01-30", "--to", file, code=4)
    unknown = {row["SkuId"] for row in rows_of(f"{file}.unpriced.csv")}
    known = {(row["SkuId"], row["x_CatalogVersion"]) for row in rows_of(file)}
    assert unknown == {"b200", "tpu_v5p"}, unknown
    assert known == {("trainium2", "1"), ("b200", "2")}, known


FAULTS = {
    "BilledCost": ["", "$5", "1,5"], "BillingCurrency": ["", "US Dollar", "usd"],
    "ChargePeriodEnd": ["2026-02-01", "2026-01-30T00:00:00Z", "2026-02-03T00:00:00Z"],
    "ChargeCategory": ["", "usage", "Tax "], "ChargeClass": ["Regular"],
    "ChargeFrequency": ["", "Daily"], "ConsumedQuantity": ["", "many"], "ConsumedUnit": [""],
    "ListCost": ["", "1"], "ListUnitPrice": ["", "-3.5"], "ContractedCost": ["7"],
    "PricingCategory": ["", "On-Demand"], "PricingUnit": [""], "ProviderName": [""],
    "ServiceCategory": ["", "Accelerators"], "ServiceSubcategory": ["Machine Learning"],
    "SkuId": [""], "SkuPriceId": [""], "SubAccountName": [""], "Tags": ["team=laws", '{"a": {}}'],
}


def check_rules(file):
    """Every fault is noticed, so that a file without any says something."""
    rows = rows_of(file)
    for column, values in FAULTS.items():
        for value in values:
            out = io.StringIO()
            writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows([dict(rows[0], **{column: value}), *rows[1:]])
            assert violations(out.getvalue()), f"{column} = {value!r} is not noticed"
    text = file.read_text()
    for header in (text.replace("BilledCost", "Cost", 1), text.replace("x_Team", "Team", 1),
                   text.replace("SkuMeter", "SkuId", 1)):
        assert violations(header), header.splitlines()[0]
    assert violations(text.replace("b200/catalog-2", "b200/catalog-1")), "two prices of one SKU"


def ask_the_official_validator(file):
    validator = os.environ.get("FLEETMETER_FOCUS_VALIDATOR")
    if not validator:
        print("focus-validator is not asked: FLEETMETER_FOCUS_VALIDATOR does not name it")
        return
    done = subprocess.run([validator, "--data-file", file, "--validate-version", "1.2.0.1",
                           "--block-download"], capture_output=True, text=True,
                          cwd=file.parent)  # where it leaves a log
    failed = set(re.findall(r"^\S+ (\S+): FAIL ", done.stdout, re.MULTILINE))
    # It takes two rules about invoices, which exclude each other, without their conditions.
    assert "Pass: " in done.stdout and failed == {"InvoiceId-C-005-C"}, (done.stdout, done.stderr)
    print(*re.findall("Total: .*", done.stdout))


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fleetmeter-focus-"))
    try:
        ledger = fill(folder)
        file = check_file(folder, ledger)
        check_arguments(folder, ledger)
        check_contradiction(folder, ledger)
        ctl("export", "focus", "--ledger", ledger, "--since", "2026-01-30", "--to", file,
            "--force", code=4)
        check_rules(file)
        ask_the_official_validator(file)
    finally:
        shutil.rmtree(folder)
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
