"""What the tests of budgets and lending share: a catalog with one kind of chip, the files of a
daemon with books, and times and metrics as text.
"""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parents[2] / "support"))

HOUR = 3_600
NANOS = 1_000_000_000
CATALOG = """version: 1
chips:
  - name: h100
    provider: aws
    title: H100
    usd_per_chip_hour: 2
    conversions: [{chips_per_h100e: 1, basis: itself}]
"""


def utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def write_files(folder, plan):
    """What a Daemon takes: a catalog, the plan, and extra lines for books in the folder."""
    (folder / "catalog.yaml").write_text(CATALOG)
    (folder / "plan.yaml").write_text(plan)
    extra = f"ledger: {{path: {folder}/ledger.db}}\noutcomes: {{refresh: 100ms}}\n"
    return folder / "catalog.yaml", [folder / "plan.yaml"], extra


def series(page):
    """The values of a page of metrics, by name and labels."""
    return dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))


def wait_for_metrics(read, ready, what):
    """The series of `read()` once `ready(series)` holds: they are worked out after a scrape."""
    deadline = time.monotonic() + 60
    while not ready(found := series(read())):
        assert time.monotonic() < deadline, f"{what} do not come to /metrics"
        time.sleep(0.05)
    return found
