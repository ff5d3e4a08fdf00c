#!/usr/bin/python3
"""How soon the console shows 5,000 pools, and how soon it follows the reader, in headless Chromium.

    console_bench.py [POOLS]     exit code 1 if the first paint takes 1 s, or an interaction 100 ms

The answers come from tests/support/console_mock.py, made of recorded ones, so that only the page is
measured. Each number is the median of five loads.
"""
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parents[1] / "product" / "console"))
from looks import CONSOLE, settled, skip_without_chromium
from browser import Browser
from console_mock import ConsoleMock, many_pools

LOADS = 5
PAINT_MS = 1000
INTERACTION_MS = 100

PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
ROWS = "document.querySelectorAll('tbody tr').length > 0"
# From an action until the browser has painted what follows from it.
AFTER = """(async () => {
  const start = performance.now();
  %s
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  return performance.now() - start;
})()"""
FIND = """const field = document.querySelector('input[name=find]');
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, 'pool-04');
  field.dispatchEvent(new Event('input', {bubbles: true}));"""
SORT = "document.querySelectorAll('.sort')[2].click();"
PAGE = "document.querySelector('.pager button:last-child').click();"


def measure(browser, mock):
    with browser.open(f"{mock.url}/#/now") as page:
        settled(page)
        page.until(ROWS)
        yield "first paint", page.run(PAINT)
        yield "pools shown", page.run("performance.now()")
        yield "next page", page.run(AFTER % PAGE)
        yield "sort", page.run(AFTER % SORT)
        yield "find", page.run(AFTER % FIND)
        # All pools again: parsed, added up and drawn, as when a report changes something.
        mock.push("watch/pools", mock.pools)
        yield "long tasks", page.run("""new Promise((done) => new PerformanceObserver((list) =>
          done(Math.max(...list.getEntries().map((entry) => entry.duration))))
          .observe({type: 'longtask', buffered: true}))""")


def main():
    skip_without_chromium()
    pools = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    found = {}
    with ConsoleMock(CONSOLE) as mock, Browser() as browser:
        mock.pools = many_pools(pools)
        for _ in range(LOADS):
            for name, milliseconds in measure(browser, mock):
                found.setdefault(name, []).append(milliseconds)
    medians = {name: statistics.median(values) for name, values in found.items()}
    for name, milliseconds in medians.items():
        print(f"{name:12} {milliseconds:7.0f} ms")
    slow = medians["first paint"] >= PAINT_MS or any(
        medians[name] >= INTERACTION_MS for name in ("next page", "sort", "find"))
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
