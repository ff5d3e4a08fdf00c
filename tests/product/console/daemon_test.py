#!/usr/bin/python3
"""The console of a real daemon, beside the command line.

Every view renders. What the simulator says is what `fleetmeterctl simulate` says, whether a request
fits is what `fleetmeterctl headroom` says, and a report shows on the page within 2 s.
"""
import contextlib
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from looks import (BINARY, CONSOLE, VIEWS, check_page, keep_picture, settled, skip_without_chromium)
from browser import Browser
from ingest_stubs import load_ingest_stubs
from programs import COLLECTOR, FLEETMETERCTL, SOURCE, Daemon

FRAMEWORK = SOURCE / "deploy/plans/framework.yaml"
SEED = 7
SETTINGS = 12


@contextlib.contextmanager
def demo_daemon():
    """A daemon with the demo's fleet and the paper's framework."""
    with tempfile.TemporaryDirectory() as folder:
        extra = (f"framework: {FRAMEWORK}\nledger: {{path: {folder}/ledger.db}}\n"
                 f"http: {{console: {CONSOLE}}}\n"
                 f"outcomes: {{prices: {SOURCE}/deploy/outcomes/prices.yaml, "
                 f"benchmarks: {SOURCE}/deploy/outcomes/benchmarks.yaml}}\n")
        with Daemon(SOURCE / "deploy/catalog/default.yaml", [SOURCE / "deploy/demo/plan.yaml"],
                    extra) as daemon:
            yield daemon


@contextlib.contextmanager
def reporting(daemon):
    process = subprocess.Popen(
        [COLLECTOR, "--daemon", daemon.addresses["ingest"], "--interval", "0.5", "replay-csv",
         "--file", SOURCE / "deploy/demo/fleet.csv", "--from", "0", "--hold"])
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def ctl(*arguments):
    return subprocess.run([FLEETMETERCTL, *arguments], capture_output=True, text=True, check=False)


def check_views(browser, url):
    for view in VIEWS:
        with browser.open(f"{url}/#/{view}") as page:
            settled(page)
            check_page(page, view, url)
            assert not page.run("document.querySelector('.problem')"), (view, page.text())
            keep_picture(page, f"daemon-{view.split('?')[0]}")
    return len(VIEWS)


def random_setting(generator):
    """Parameters of the page, and the same as arguments of the command."""
    scenario = generator.choice(["recommendation", "revenue-priority", "training-priority"])
    setting = {"from": scenario, "curve": generator.choice(["linear", "diminishing"]),
               "mode": generator.choice(["grow-revenue", "free-capacity"]),
               "utilization": str(generator.randint(5, 95))}
    arguments = ["--scenario", scenario, "--curve", setting["curve"], "--mode", setting["mode"],
                 "--utilization", setting["utilization"] + "%"]
    categories = ["inference", "training", "research"]
    for category in generator.sample(categories, generator.randint(0, 2)):
        setting[category] = str(generator.randint(2, 45))
        arguments += ["--share", f"{category}={setting[category]}%"]
    return setting, arguments


def figures(page, curve):
    """What the page says after the change, with every digit."""
    def cell(name):
        selector = json.dumps(f'[data-after="{name}"] .figure')
        return page.run(f"document.querySelector({selector}).title")

    names = {"serviceable_revenue_usd": f"Revenue, {curve} curve",
             "training_ratio": "Training, of the baseline's",
             "research_hours": "research, H100-hours"}
    return {key: float(cell(name).replace(",", "").replace("\u2212", "-"))
            for key, name in names.items()}


def check_simulator(browser, url):
    generator = random.Random(SEED)
    fitted = 0
    for _ in range(SETTINGS):
        setting, arguments = random_setting(generator)
        done = ctl("simulate", "--plan", FRAMEWORK, "--output", "json", *arguments)
        address = "&".join(f"{key}={value}" for key, value in setting.items())
        with browser.open(f"{url}/#/simulator?{address}") as page:
            settled(page)
            if done.returncode:
                words = page.text(".problem p + p")
                assert words and words in done.stderr, (setting, words, done.stderr)
                continue
            fitted += 1
            outcome = json.loads(done.stdout)["after"]["outcome"]
            for key, value in figures(page, setting["curve"]).items():
                assert abs(value - outcome[key]) <= 1e-6 * max(1.0, abs(value)), (
                    setting, key, value, outcome[key])
    assert fitted >= SETTINGS // 2, f"only {fitted} of {SETTINGS} settings fit"
    return fitted


def fit_of(answer):
    ask = answer["ask"]
    if ask["fits"] is None:
        return "unknown"
    return "own" if ask["fits"] else "borrowing" if ask["fits_with_borrowing"] else "no"


def check_fits(browser, url, query):
    seen = set()
    for pool in ("research-scaling", "training-flagship", "inference-consumer"):
        for ask in ("1", "7.5", "40", "5000"):
            done = ctl("headroom", pool, "--ask", ask, "--output", "json", "--address", query)
            with browser.open(f"{url}/#/pool?pool={pool}&ask={ask}") as page:
                settled(page)
                fit = page.run("document.querySelector('[data-fit]').dataset.fit")
            assert fit == fit_of(json.loads(done.stdout)), (pool, ask, fit, done.stdout)
            seen.add(fit)
    assert {"own", "no"} <= seen, seen
    return seen


def check_live(browser, url, ingest):
    """Seconds from the acknowledgement of a report until the page shows it."""
    with tempfile.TemporaryDirectory() as folder:
        grpc, pb, services, _ = load_ingest_stubs(folder)
        from fleetmeter.v1 import usage_pb2
        stub = services.UsageIngestStub(grpc.insecure_channel(ingest))
        now = time.time_ns()
        report = usage_pb2.UsageReport(sequence=1, source="late-host",
                                       window_start_unix_nanos=now - 2 * 10**9,
                                       window_length_nanos=10**9)
        report.groups.add(chip="b200", state=usage_pb2.CHIP_STATE_ASSIGNED,
                          pool="training-finetune", team="domain", signal="gr_engine_active",
                          per_chip=usage_pb2.PerChip(device=range(8), activity=[0.5] * 8))
        with browser.open(f"{url}/#/pool?pool=training-finetune") as page:
            settled(page)
            row = ("[...document.querySelectorAll('.bar-row')].find(row =>"
                   " row.innerText.startsWith('Assigned')).innerText")
            before = page.run(row)
            answer = stub.Report(pb.ReportRequest(stream_id=b"0123456789abcdef", reports=[report]))
            assert answer.ack.acknowledged_through == 1 and not answer.ack.dispositions, answer
            start = time.monotonic()
            page.until(f"{row} !== {json.dumps(before)}", "the report shows", seconds=2)
            return time.monotonic() - start


def main():
    skip_without_chromium()
    with demo_daemon() as daemon, Browser() as browser:
        url = f"http://{daemon.addresses['http']}"
        seconds = check_live(browser, url, daemon.addresses["ingest"])
        with reporting(daemon):
            with browser.open(f"{url}/#/now") as page:
                page.until("document.querySelector('.answer') && "
                           "document.querySelector('.answer').innerText.includes('% of what')")
            views = check_views(browser, url)
            fits = check_fits(browser, url, daemon.addresses["query"])
            settings = check_simulator(browser, url)
    print(f"{views} views; {settings} settings of the simulator and fits {sorted(fits)} as the "
          f"command line has them; a report showed after {seconds:.2f} s")


if __name__ == "__main__":
    sys.exit(main())
