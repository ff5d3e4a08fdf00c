#!/usr/bin/python3
"""What a large fleet costs a reader of the console, a scraper, and the daemon.

    fleet_bench.py [--pools 5000] [--chips 2000000] [--sources 20000] [--rounds 3] [--seconds 8]

A real fleetmeterd with a ledger has a plan of so many pools, and sources that report so many chips
over and over again, each about every ten seconds. The bench prints

  - for each view of the console in a headless browser: first paint, when the answer stands, the
    longest task, and the longest of several interactions, while numbers change
  - for each page of the facade: its bytes, compressed and as JSON, and its time
  - the size of /metrics, and the time to scrape it
  - how long reports take until they are acknowledged: alone, with consoles that are open, with a
    scraper, and with both; the four take turns, so that their ratios are those of one run

The exit code is 1 if a first paint takes 1 s or an interaction 100 ms.
"""
import argparse
import collections
import contextlib
import http.client
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).absolute()
sys.path.insert(0, str(HERE.parents[1] / "product" / "console"))
from looks import CONSOLE, settled, skip_without_chromium
from browser import Browser
from ingest_stubs import load_ingest_stubs
from large_fleet import LargeFleet
from programs import SOURCE, Daemon

PAINT_MS = 1000
INTERACTION_MS = 100
REPORTS_OF_CALL = 100
SCRAPE_EVERY_S = 4  # a scraper of 15 s would hardly meet a phase
TRIES = 5  # of each interaction

PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
# From an action until the browser has painted what follows from it.
AFTER = """(async () => {
  const start = performance.now();
  %s
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  return performance.now() - start;
})()"""
LONGEST_TASK = """new Promise((done) => {
  const seen = [0];
  new PerformanceObserver((list) => seen.push(...list.getEntries().map((one) => one.duration)))
    .observe({type: 'longtask', buffered: true});
  setTimeout(() => done(Math.max(...seen)), %d);
})"""
TYPE = """const field = document.querySelector('%s');
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value').set.call(field, '%s');
  field.dispatchEvent(new Event('input', {bubbles: true}));
  field.dispatchEvent(new Event('change', {bubbles: true}));"""
CLICK = "document.querySelector('%s').click();"
SORT = "document.querySelectorAll('.sort')[%d].click();"


def interactions(pool):
    """By view: what a reader does there, as scripts."""
    find = "input[name=find]"
    return {
        "now": [CLICK % ".pager button:last-child", SORT % 2, SORT % 1, TYPE % (find, "04"),
                TYPE % (find, ""), TYPE % ("select[name=category]", "training"),
                TYPE % ("input[name=ask]", "64")],
        "pool": [TYPE % (find, "04"), TYPE % (find, ""), CLICK % ".pager button:last-child"],
        f"pool?pool={pool}": [TYPE % ("input[name=ask]", "64"),
                              TYPE % ("select[name=span]", "day")],
        "plan": [CLICK % "summary"],
        "sources": [TYPE % (find, "0004"), TYPE % (find, ""), SORT % 0, SORT % 2,
                    CLICK % ".pager button:last-child"],
        "requests": [TYPE % ("[name=pool]", pool)],
    }


def measure_view(browser, url, view, scripts):
    """First paint, answer, longest task and longest interaction, in milliseconds."""
    with browser.open(f"{url}/#/{view}") as page:
        settled(page)
        answer = page.run("performance.now()")
        longest = 0
        missing = set()
        for _ in range(TRIES):
            for script in scripts:
                # An element that this version of the page does not have is told, not failed.
                try:
                    longest = max(longest, page.run(AFTER % script))
                except Exception:
                    missing.add(script.splitlines()[0])
            settled(page)
        task = page.run(LONGEST_TASK % 4000)
        rows = page.run("document.querySelectorAll('#app *').length")
        calls = sorted({url for url in page.requests if "/api/v1/" in url})
        first = page.run(PAINT)
    return {"first paint": first, "answer": answer, "longest task": task,
            "longest interaction": longest, "elements": rows}, calls, missing


def fetch(url, target, compressed):
    """The bytes as they come, and seconds. Of a stream: those of its first event."""
    host = url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=60)
    start = time.monotonic()
    connection.request("GET", target, headers={"Accept-Encoding": "gzip"} if compressed else {})
    response = connection.getresponse()
    if response.getheader("Content-Type", "").startswith("text/event-stream"):
        body = b""
        while not body.endswith(b"\n\n"):
            body += response.read1(1 << 20)
    else:
        body = response.read()
    seconds = time.monotonic() - start
    connection.close()
    assert response.status == 200, (target, response.status, body[:300])
    return body, seconds


def measure_pages(url, targets):
    for target in targets:
        times = []
        for _ in range(3):
            body, seconds = fetch(url, target, compressed=True)
            times.append(seconds)
        plain, _ = fetch(url, target, compressed=False)
        yield target, len(body), len(plain), statistics.median(times)


class Load:
    """Reports at a steady pace on a thread of its own, and remembers the time of each call by phase."""

    def __init__(self, reporter, per_second):
        self._reporter = reporter
        self._pause = REPORTS_OF_CALL / per_second
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.phase = None
        self.seconds = collections.defaultdict(list)
        self.failed = None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        if self.failed:
            raise self.failed

    def _run(self):
        due = time.monotonic()
        try:
            while not self._stop.wait(max(0, due - time.monotonic())):
                phase = self.phase
                self.seconds[phase].append(self._reporter.send(REPORTS_OF_CALL))
                due = max(due + self._pause, time.monotonic() - 1)
        except Exception as error:  # told by whoever waits
            self.failed = error


@contextlib.contextmanager
def readers(url, targets):
    """Programs that keep streams open, and read them as fast as they come."""
    open_ones = [subprocess.Popen(["curl", "-sN", "-o", "/dev/null", url + target])
                 for target in targets]
    try:
        yield
    finally:
        for one in open_ones:
            one.terminate()
            one.wait()


def phases(url, streams, load, rounds, seconds):
    """Lets the four ways of being watched take turns."""
    for _ in range(rounds):
        for name, reads, scrapes in (("alone", False, False), ("console", True, False),
                                     ("scraper", False, True), ("both", True, True)):
            with readers(url, streams if reads else []):
                load.phase = name
                end = time.monotonic() + seconds
                next_scrape = time.monotonic()
                while (left := end - time.monotonic()) > 0:
                    if scrapes and time.monotonic() >= next_scrape:
                        fetch(url, "/metrics", compressed=True)
                        next_scrape += SCRAPE_EVERY_S
                    time.sleep(min(0.1, left))
                load.phase = None


def ask_for_capacity(stubs, address, fleet, count):
    grpc = stubs[0]
    from fleetmeter.v1 import capacity_pb2, capacity_pb2_grpc
    start = (int(time.time()) // 3600 + 1) * 3600
    with grpc.insecure_channel(address) as channel:
        stub = capacity_pb2_grpc.CapacityStub(channel)
        for i in range(count):
            pool = i % min(fleet.pools, 20)
            stub.Submit(capacity_pb2.SubmitCapacityRequest(form=capacity_pb2.CapacityForm(
                request_id=f"request-{i:04}", pool=fleet.pool_name(pool), team=f"team-{pool % 211}",
                chip="h100", chips=8, hours=24 * (1 + i % 20), start_unix_seconds=start,
                workload="sweep", nature="critical")), timeout=30)


def percentile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))]


def print_acks(seconds):
    print("\nuntil 100 reports are acknowledged, ms, and beside those alone")
    alone = seconds["alone"]
    for name in ("alone", "console", "scraper", "both"):
        values = seconds[name]
        cells = []
        for q in (0.5, 0.95, 0.99):
            mine = percentile(values, q)
            cells.append(f"p{100 * q:.0f} {1000 * mine:7.1f} x{mine / percentile(alone, q):4.2f}")
        mean = statistics.mean(values)
        cells.append(f"mean {1000 * mean:7.1f} x{mean / statistics.mean(alone):4.2f}")
        print(f"  {name:8} {'   '.join(cells)}   ({len(values)} calls)")


def run(args, daemon, fleet, stubs):
    url = f"http://{daemon.addresses['http']}"
    pool = fleet.pool_name(2)
    slow = []
    with fleet.reporter(stubs, daemon.addresses["ingest"]) as reporter:
        filled = reporter.fill()
        print(f"{fleet.sources} sources with {fleet.chips} chips of {fleet.pools} pools: "
              f"{filled:.1f} s until the first report of each is acknowledged")
        ask_for_capacity(stubs, daemon.addresses["query"], fleet, args.requests)
        with Load(reporter, fleet.sources / 10) as load:
            calls = set()
            with Browser() as browser:
                print("\nviews, ms")
                for view, scripts in interactions(pool).items():
                    found, asked, missing = measure_view(browser, url, view, scripts)
                    calls.update(asked)
                    print(f"  {view:24}", "  ".join(f"{name} {value:6.0f}"
                                                   for name, value in found.items()),
                          f"  without {sorted(missing)}" if missing else "", flush=True)
                    if found["first paint"] >= PAINT_MS or (
                            found["longest interaction"] >= INTERACTION_MS):
                        slow.append(view)
            targets = sorted(call.removeprefix(url) for call in calls)
            print("\npages of the facade: bytes compressed, bytes of JSON, ms")
            for target, small, large, seconds in measure_pages(url, [*targets, "/metrics"]):
                print(f"  {small:9} {large:9} {1000 * seconds:7.0f}  {target}", flush=True)
            streams = [target for target in targets if "/watch/pools" in target]
            phases(url, streams * args.consoles, load, args.rounds, args.seconds)
    print_acks(load.seconds)
    return slow


def main():
    parser = argparse.ArgumentParser()
    for name, value in (("pools", 5000), ("chips", 2_000_000), ("sources", 20_000), ("rounds", 3),
                        ("seconds", 8), ("requests", 200), ("consoles", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    args = parser.parse_args()
    skip_without_chromium()
    fleet = LargeFleet(args.pools, args.chips, args.sources)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        stubs = load_ingest_stubs(folder)
        (folder / "plan.yaml").write_text(fleet.plan(), encoding="utf-8")
        extra = (f"ledger: {{path: {folder}/ledger.db}}\nhttp: {{console: {CONSOLE}}}\n"
                 f"framework: {SOURCE}/deploy/plans/framework.yaml\n"
                 "live: {silent_after: 10m}\nlog: {level: error}\n")
        with Daemon(SOURCE / "deploy/catalog/default.yaml", [folder / "plan.yaml"],
                    extra) as daemon:
            slow = run(args, daemon, fleet, stubs)
    if slow:
        print("slow:", ", ".join(slow))
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
