#!/usr/bin/python3
"""`fleetmeterctl report allocation` and `publish`: what a made-up daemon tells, in a real browser.

The page opens from its file on a desk, a phone and paper with no error and no request, each of its
numbers is that of the JSON, and 500 pools with 2,000 requests stay below 2 MB. The published site
holds nothing that its audience may not see.
"""
import base64
import csv
import io
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).absolute().parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
sys.path.insert(0, str(HERE.parent / "console"))
from browser import CHROMIUM, Browser
from looks import ACCESSIBILITY, keep_picture
from ingest_stubs import load_ingest_stubs
from made_fleet import HOSTILE, Fleet, serve
from programs import FLEETMETERCTL, SKIPPED, SOURCE, Daemon

SCREENS = {
    "desk": {"width": 1280, "height": 900},
    "dark": {"width": 1280, "height": 900, "dark": True},
    "phone": {"width": 390, "height": 844},
}
MOST_BYTES = 2_000_000
ROWS = """Object.fromEntries([...document.querySelectorAll('main div[id]:has(> .scroll)')].map(
    (part) => [part.id, [...part.querySelectorAll('tbody tr')].map(
        (row) => [...(row.querySelectorAll('[data-value], data'))].map(
            (e) => Number(e.dataset.value ?? e.value)))]))"""


def ctl(address, *arguments):
    if arguments[0] == "report":
        arguments += ("--admin-address", address)
    return subprocess.run(
        [FLEETMETERCTL, "--address", address, "--timeout", "60s", *map(str, arguments)],
        capture_output=True, text=True, timeout=300, check=False)


class Made:
    """A made-up daemon and a folder."""

    def __init__(self, refused=(), **fleet):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        stubs = self.path / "stubs"
        stubs.mkdir()
        self.fleet = Fleet(stubs=stubs, **fleet)
        self.server, self.address = serve(self.fleet, refused)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop(None).wait()
        self.folder.cleanup()

    def ctl(self, *arguments):
        return ctl(self.address, *arguments)

    def report(self, output):
        """The path of a report in a format."""
        path = self.path / f"report.{output}"
        done = self.ctl("report", "allocation", "--output", output, "--to", path, "--force")
        assert done.returncode == 0, done.stderr
        return path


def check_page(page, name):
    assert not page.errors, (name, page.errors)
    foreign = [url for url in page.requests if not url.startswith(("file:", "data:,"))]
    assert not foreign, (name, foreign)
    wide, screen = page.run("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= screen, f"{name}: the page is {wide} wide on a screen of {screen}"
    missed = page.run(ACCESSIBILITY)
    assert not missed, (name, missed)


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
    assert shown.keys() == {name for name, rows in told.items() if rows}, (shown.keys(), told.keys())
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
        done = made.ctl("report", "allocation", "--previous", HERE / "made_fleet.py")
        assert done.returncode == 1 and "is no report" in done.stderr, done.stderr


def secrets_of(fleet):
    """What is of teams and single requests alone, as pages would show it."""
    texts = {"spiffe://", "team-of-the-committee"}
    for request in fleet.open + fleet.decided:
        texts.add(request.form.request_id)
        texts.add(f"{request.form.team} in ")
        if request.form.HasField("roi"):
            texts.add(request.form.roi.gain + ", $")
    return texts


def the_site_holds_what_its_audience_may_see(browser):
    """The published site opens from its files, and tells everybody nothing of teams."""
    with Made() as made:
        site = made.path / "site"
        done = made.ctl("publish", "--to", site, "--output", "json")
        assert done.returncode == 0, done.stderr
        names = json.loads(done.stdout)["files"]
        everything = "".join((site / name).read_text() for name in names)
        told = [text for text in secrets_of(made.fleet) if text in everything]
        assert not told, told
        # Nothing else was even asked for. Of short grants it is asked whether they were released.
        assert set(made.fleet.asked) - {"Get"} == {"ListPools", "GetPlan", "Compare",
                                                   "GetFramework", "List"}, made.fleet.asked
        for name in names:
            for screen, looks in SCREENS.items():
                with browser.open((site / name).as_uri(), **looks) as page:
                    check_page(page, (name, screen))
                    keep_picture(page, f"site-{name.split('.')[0]}-{screen}")
        with browser.open((site / "index.html").as_uri()) as page:
            page.click("nav a[href='plan.html']")
            page.until("document.title === 'Plan'")
        done = made.ctl("publish", "--to", site, "--audience", "committee")
        assert done.returncode == 0, done.stderr
        everything = "".join((site / name).read_text() for name in names)
        missing = [request.form.request_id for request in made.fleet.decided
                   if request.form.request_id not in everything]
        assert not missing, missing


def a_folder_is_replaced_whole(_browser):
    """A site replaces its own folder as a whole, and no folder of others."""
    with Made() as made:
        site = made.path / "deep" / "site"
        assert made.ctl("publish", "--to", site).returncode == 0
        (site / "plan.html").write_text("old")
        (site / ".fleetmeter-site").write_text(
            (site / ".fleetmeter-site").read_text() + "gone.html\n")
        (site / "gone.html").write_text("a page of an earlier version")
        assert made.ctl("publish", "--to", f"{site}/").returncode == 0
        assert (site / "plan.html").read_text() != "old"
        assert not (site / "gone.html").exists()
        (site / "thesis.txt").write_text("mine")
        done = made.ctl("publish", "--to", site)
        assert done.returncode == 1 and "thesis.txt" in done.stderr, done
        assert (site / "thesis.txt").read_text() == "mine"
        assert [path.name for path in site.parent.iterdir()] == ["site"]
        (site / "thesis.txt").unlink()
        (made.path / "link").symlink_to(site)
        (site / "plan.html").write_text("old")
        assert made.ctl("publish", "--to", made.path / "link").returncode == 0
        assert (made.path / "link").is_symlink() and (site / "plan.html").read_text() != "old"
        (made.path / "file").write_text("")
        done = made.ctl("publish", "--to", made.path / "file")
        assert done.returncode == 1 and "is no folder" in done.stderr, done
        done = made.ctl("publish", "--to", "")
        assert done.returncode == 2 and "--to: is empty" in done.stderr, done


def the_books_are_reported_as_before(_browser):
    """`fleetmeterctl report` still wants a ledger and its times."""
    done = subprocess.run([FLEETMETERCTL, "report"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--ledger" in done.stderr, done
    done = subprocess.run([FLEETMETERCTL, "report", "--ledger", "none.db", "--from", "2026-01-01",
                           "--to", "2026-02-01"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "none.db" in done.stderr, done


SECOND = 10**9


def use_chips(stubs, daemon):
    """A host with eight B200 of research-scaling, of which two do nothing."""
    grpc, ingest_pb2, ingest_pb2_grpc, _ = stubs
    from fleetmeter.v1 import usage_pb2
    group = usage_pb2.UsageGroup(
        chip="b200", state=usage_pb2.CHIP_STATE_ASSIGNED, pool="research-scaling", team="laws",
        signal="gr_engine_active",
        per_chip=usage_pb2.PerChip(device=range(8), activity=[1] * 6 + [0] * 2))
    usage = usage_pb2.UsageReport(sequence=1, source="host-a", groups=[group],
                                  window_start_unix_nanos=time.time_ns() - 11 * SECOND,
                                  window_length_nanos=10 * SECOND)
    with grpc.insecure_channel(daemon.addresses["ingest"]) as channel:
        request = ingest_pb2.ReportRequest(stream_id=b"0123456789abcdef", reports=[usage])
        ack = ingest_pb2_grpc.UsageIngestStub(channel).Report(request, timeout=10).ack
    assert ack.acknowledged_through == 1 and not ack.dispositions, ack


def form_of(request_id, chips, **more):
    from fleetmeter.v1 import capacity_pb2
    start = (int(time.time()) // 3600 + 2) * 3600
    return capacity_pb2.CapacityForm(
        request_id=request_id, pool="research-scaling", team="laws", chip="b200", chips=chips,
        start_unix_seconds=start, hours=48, workload="sweep", nature="growth_bet",
        roi=capacity_pb2.Roi(gain="revenue", expected_micro_usd=5 * 10**11, low_micro_usd=10**11,
                             high_micro_usd=10**12, confidence_basis_points=8000,
                             expected_by_unix_seconds=start // 86400 * 86400 + 90 * 86400), **more)


def ask_and_decide(stubs, daemon):
    """Two undecided requests, one of them beyond the allocation, and one that is granted."""
    grpc = stubs[0]
    from fleetmeter.v1 import capacity_pb2, capacity_pb2_grpc
    with grpc.insecure_channel(daemon.addresses["query"]) as channel:
        stub = capacity_pb2_grpc.CapacityStub(channel)
        for form in (form_of("within", 2), form_of("granted", 2),
                     form_of("beyond", 64, beyond_allocation=True,
                             trade_off="The ablations start a week later.")):
            stub.Submit(capacity_pb2.SubmitCapacityRequest(form=form), timeout=10)
        stub.Decide(capacity_pb2.DecideCapacityRequest(
            decisions=[capacity_pb2.CapacityDecision(request_id="granted", chips=1)],
            reason="The sweep is half done."), timeout=10)
        return stub.GetRanking(capacity_pb2.GetRankingRequest(), timeout=10)


def a_real_daemon_is_reported(browser):
    """The report of a real daemon has the numbers of its API, and its decisions are published."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "stubs").mkdir()
        stubs = load_ingest_stubs(folder / "stubs")
        extra = (f"framework: {SOURCE}/deploy/plans/framework.yaml\n"
                 f"ledger: {{path: {folder}/ledger.db}}\n")
        catalog = folder / "catalog.yaml"
        shutil.copy(SOURCE / "deploy/demo/catalog.yaml", catalog)
        with Daemon(catalog, [SOURCE / "deploy/demo/plan.yaml"], extra) as daemon:
            change_a_price(catalog, daemon.addresses["query"])
            use_chips(stubs, daemon)
            ranking = ask_and_decide(stubs, daemon)
            query = daemon.addresses["query"]
            pools = json.loads(ctl(query, "pools", "--output", "json").stdout)["pools"]
            sections = report_with_the_price(query)
            page = folder / "page.html"
            assert ctl(query, "report", "allocation", "--to", page).returncode == 0
            done = ctl(query, "publish", "--to", folder / "site")
            assert done.returncode == 0, done.stderr
        check_real(sections, pools, ranking)
        check_prices(sections)
        with browser.open(page.as_uri()) as opened:
            check_page(opened, "real")
            keep_picture(opened, "allocation-real")
        decisions = (folder / "site" / "decisions.html").read_text()
        assert "The sweep is half done." in decisions and "granted in part" in decisions
        assert "laws" not in decisions and ">granted<" not in decisions, decisions


def change_a_price(catalog, query):
    """A new version of the catalog, which the daemon takes by itself."""
    text = catalog.read_text()
    assert "\nversion: 1\n" in text and "usd_per_chip_hour: 3.50" in text
    catalog.write_text(text.replace("\nversion: 1\n", "\nversion: 2\n").replace(
        "usd_per_chip_hour: 3.50", "usd_per_chip_hour: 2.75"))
    until = time.monotonic() + 60
    while json.loads(ctl(query, "plan", "show", "--output", "json").stdout)["basis"][
            "catalog_version"] != 2:
        assert time.monotonic() < until, "the daemon has not taken the new catalog"


def report_with_the_price(query):
    """The parts of a report, once the books have the new catalog: they are told once a minute."""
    until = time.monotonic() + 180
    while True:
        done = ctl(query, "report", "allocation", "--output", "json")
        assert done.returncode == 0, done.stderr
        sections = json.loads(done.stdout)["sections"]
        if "changed_chips" in sections["changes"]["tables"]:
            return sections
        assert time.monotonic() < until, sections["changes"]


def check_prices(sections):
    """Unused H100e at the price of the chips, and which price has changed."""
    [row] = [each for each in sections["underused"]["tables"]["underused_pools"]["rows"]
             if each["pool"] == "research-scaling"]
    assert row["usd_per_day_note"] == "at the prices of the chips", row
    assert abs(row["usd_per_day"] - row["unused_h100e"] * 24 * 2.75 / 3) < 0.01, row
    changes = sections["changes"]["tables"]
    [chip] = changes["changed_chips"]["rows"]
    assert (chip["chip"], chip["catalog_version"]) == ("b200", 2), chip
    assert (chip["usd_per_chip_hour_before"], chip["usd_per_chip_hour_now"]) == (3.5, 2.75), chip
    versions = [(each["what"], each["version"], each["previous_version"])
                for each in changes["recorded_versions"]["rows"]]
    assert versions[0] == ("catalog", 2, 1) and ("catalog", 1, None) in versions, versions


def check_real(sections, pools, ranking):
    rows = {row["pool"]: row for row in sections["headroom"]["tables"]["headroom_pools"]["rows"]}
    assert rows.keys() == {pool["pool"] for pool in pools}
    for pool in pools:
        row = rows[pool["pool"]]
        for key in ("headroom_h100e", "allocated_h100e", "assigned_h100e"):
            assert row[key] == pool[key], (pool["pool"], key, row[key], pool[key])
    [row] = sections["committee"]["tables"]["committee_requests"]["rows"]
    [ranked] = ranking.requests
    assert row["request"] == "beyond" and row["why"] == ranked.why, (row, ranked)
    assert row["h100e_hours"] == ranked.request.micro_h100e_hours / 1e6
    assert row["discounted_usd_per_h100e_hour"] == ranked.discounted_usd_per_h100e_hour
    assert not row["fits"].startswith("not known") and row["forgone_usd"] > 0, row
    [within] = sections["pool_requests"]["tables"]["requests_of_pools"]["rows"]
    assert within["request"] == "within", within
    [decided] = sections["decided"]["tables"]["decisions"]["rows"]
    assert (decided["request"], decided["decision"]) == ("granted", "granted in part"), decided
    assert sections["changes"]["missing"] is None


TESTS = (the_books_are_reported_as_before, the_page_is_that_of_the_json, many_stay_readable,
         hostile_texts_are_text, what_is_refused_says_so, changes_are_those_since_the_last_report,
         the_site_holds_what_its_audience_may_see, a_folder_is_replaced_whole,
         a_real_daemon_is_reported)


def main():
    if not pathlib.Path(CHROMIUM).exists():
        print("skipped: there is no Chromium; deploy/install-deps.sh --tests installs it")
        return SKIPPED
    failed = 0
    chosen = set(sys.argv[1:])
    with Browser() as browser:
        for test in TESTS:
            if chosen and test.__name__ not in chosen:
                continue
            try:
                test(browser)
                print("ok   ", test.__doc__, flush=True)
            except Exception as error:  # the next one may tell more
                failed += 1
                print("FAIL ", test.__doc__, "\n      ", repr(error)[:3000], flush=True)
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
