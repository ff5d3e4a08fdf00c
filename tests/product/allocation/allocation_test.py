#!/usr/bin/python3
"""`fleetmeterctl report allocation`: what a made-up daemon tells, in a real browser.

The page opens from its file on a desk, a phone and paper with no error and no request, each of its
numbers is that of the JSON, and 500 pools with 2,000 requests stay below 2 MB.
"""
import base64
import csv
import io
import json
import pathlib
import subprocess
import sys

# This one comes first: it says where the others are.
from pages import SCREENS, Made, check_page, ctl, run_tests
from looks import keep_picture
from made_fleet import HOSTILE
from programs import FLEETMETERCTL

MOST_BYTES = 2_000_000
ROWS = """Object.fromEntries([...document.querySelectorAll('main div[id]:has(> .scroll)')].map(
    (part) => [part.id, [...part.querySelectorAll('tbody tr')].map(
        (row) => [...(row.querySelectorAll('[data-value], data'))].map(
            (e) => Number(e.dataset.value ?? e.value)))]))"""


def numbers_of(report):
    """Every number of the JSON by table and row, in the order of the columns."""
    tables = {}
    for section in report["sections"].values():
        for name, table in section["tables"].items():
            keys = [column["key"] for column in table["columns"]]
            tables[name] = [[row[key] for key in keys if isinstance(row[key], (int, float))]
                            for row in table["rows"]]
    return tables


def is_part_of(part, whole):
    """Whether the numbers are all there, in their order."""
    rest = iter(whole)
    return all(any(number == other for other in rest) for number in part)


def check_numbers(page, report):
    told = numbers_of(report)
    shown = page.run(ROWS)
    filled = {name for name, rows in told.items() if rows}
    assert shown.keys() == filled, (shown.keys(), told.keys())
    count = 0
    for name, rows in shown.items():
        assert len(rows) == len(told[name]), (name, len(rows), len(told[name]))
        for number, (row, whole) in enumerate(zip(rows, told[name])):
            # Folded rows leave some out; none is another number.
            assert row == whole or (number > 0 and is_part_of(row, whole)), (name, row, whole)
            count += len(row)
    tiles = page.run("[...document.querySelectorAll('.tiles data')].map((e) => Number(e.value))")
    figures = [figure["value"] for section in report["sections"].values()
               for figure in section["figures"].values() if figure["value"] is not None]
    assert tiles == figures, (tiles, figures)
    return count + len(tiles)


def the_page_is_that_of_the_json(browser):
    """Every number of the page is that of the JSON, on every screen and on paper."""
    with Made() as made:
        path = made.report("html")
        report = json.loads(made.report("json").read_text())
        for name, looks in SCREENS.items():
            with browser.open(path.as_uri(), **looks) as page:
                check_page(page, name)
                assert check_numbers(page, report) > 200
                keep_picture(page, f"allocation-{name}")
        with browser.open(path.as_uri(), width=1050, height=740) as page:
            page.call("Emulation.setEmulatedMedia", media="print")
            assert page.run("getComputedStyle(document.querySelector('nav')).display") == "none"
            keep_picture(page, "allocation-print")
            paper = base64.b64decode(page.call("Page.printToPDF", preferCSSPageSize=True,
                                               printBackground=True)["data"])
            assert paper.startswith(b"%PDF") and not page.errors, page.errors


def many_stay_readable(browser):
    """500 pools and 2,000 requests stay below 2 MB, folded, and open at once."""
    with Made(pools=500, requests=2_000) as made:
        path = made.report("html")
        size = path.stat().st_size
        assert size < MOST_BYTES, size
        report = json.loads(made.report("json").read_text())
        for section, table in (("committee", "committee_requests"),
                               ("pool_requests", "requests_of_pools")):
            rows = report["sections"][section]["tables"][table]["rows"]
            untold = [row["request"] for row in rows if row["fits"].startswith("not known")]
            assert len(rows) > 900 and not untold, (table, len(rows), untold[:5])
        with browser.open(path.as_uri()) as page:
            check_page(page, "many")
            count = check_numbers(page, report)
            height = page.run("document.documentElement.scrollHeight")
            assert height < 30_000, f"{height} pixels before anything is unfolded"
            keep_picture(page, "allocation-many")
        with browser.open(path.as_uri(), width=390, height=844) as page:
            check_page(page, "many on a phone")
        print(f"      {size} bytes, {count} numbers, {height} pixels")


def hostile_texts_are_text(browser):
    """What people wrote is text in each format, whatever it is."""
    with Made(hostile=True) as made:
        path = made.report("html")
        with browser.open(path.as_uri()) as page:
            check_page(page, "hostile")
            assert page.run("document.scripts.length") == 0
            assert "<script>alert(1)</script>" in page.text("#committee"), page.text("#committee")
            assert "\u202e" not in page.text()
            assert page.run("document.querySelectorAll('main a').length") == 0
        markdown = made.report("md").read_text()
        assert "<script" not in markdown and "](http:" not in markdown
        rows = list(csv.reader(io.StringIO(made.report("csv").read_text())))
        assert {len(row) for row in rows} == {7}
        formulas = [row for row in rows if any(cell.startswith(("=", "+", "@")) for cell in row)]
        assert not formulas, formulas
        report = json.loads(made.report("json").read_text())
        table = report["sections"]["committee"]["tables"]["committee_requests"]
        assert HOSTILE in {row["trade_off"] for row in table["rows"]}


def what_is_refused_says_so(browser):
    """A part that the caller may not see says so in its place, and the others are there."""
    with Made(refused=("GetMargin", "ListEntries", "GetResults")) as made:
        with browser.open(made.report("html").as_uri()) as page:
            check_page(page, "refused")
            assert "may not ask for it: GetMargin needs another role" in page.text("#margin")
            assert "ListEntries needs another role" in page.text("#changes")
            assert "GetResults needs another role" in page.text("#came")
            assert page.run("document.querySelectorAll('#capability table').length") == 1
    done = ctl("127.0.0.1:1", "report", "allocation", "--output", "json")
    assert done.returncode == 1 and not done.stdout, done
    assert json.loads(done.stderr)["error"]["code"] == "UNAVAILABLE", done.stderr


def changes_are_those_since_the_last_report(browser):
    """With the last report, the next one tells which versions changed."""
    with Made() as made:
        last = made.path / "last.json"
        made.report("json").rename(last)
        before = json.loads(last.read_text())
        made.fleet.basis = lambda: made.fleet.query.Basis(
            plan="recommendation", plan_version=5, catalog_version=12,
            as_of_unix_nanos=made.fleet.now * 10**9)
        done = made.ctl("report", "allocation", "--output", "json", "--previous", last)
        assert done.returncode == 0, done.stderr
        versions = json.loads(done.stdout)["sections"]["changes"]["tables"]["versions"]["rows"]
        assert {"what": "plan_version", "before": "4", "now": "5"} in versions, versions
        assert before["basis"]["plan_version"]["value"] == 4
        changes = json.loads(done.stdout)["sections"]["changes"]
        allocations = changes["tables"]["allocations"]["rows"]
        now = {pool.pool: pool.allocated_h100e for pool in made.fleet.pools}
        assert allocations and all(row["now_h100e"] == now[row["pool"]] for row in allocations)
        # What the books tell needs no last report.
        assert changes["tables"]["recorded_versions"] == (
            before["sections"]["changes"]["tables"]["recorded_versions"])
        assert changes["tables"]["changed_chips"]["rows"][0]["usd_per_chip_hour_now"] == 2.75
        other = pathlib.Path(__file__).with_name("made_fleet.py")
        done = made.ctl("report", "allocation", "--previous", other)
        assert done.returncode == 1 and "is no report" in done.stderr, done.stderr


def the_books_are_reported_as_before(_browser):
    """`fleetmeterctl report` still wants a ledger and its times."""
    done = subprocess.run([FLEETMETERCTL, "report"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--ledger" in done.stderr, done
    done = subprocess.run([FLEETMETERCTL, "report", "--ledger", "none.db", "--from", "2026-01-01",
                           "--to", "2026-02-01"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "none.db" in done.stderr, done


TESTS = (the_books_are_reported_as_before, the_page_is_that_of_the_json, many_stay_readable,
         hostile_texts_are_text, what_is_refused_says_so, changes_are_those_since_the_last_report)


if __name__ == "__main__":
    sys.exit(run_tests(TESTS))
