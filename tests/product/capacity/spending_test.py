#!/usr/bin/python3
"""Budgets, lending and results of a real daemon: what the books say is what the HTTP API, the
metrics and a second daemon on the same ledger say. What was lent adds up to what was held beyond
the allocation, to the nanosecond.

Exit code 0: all is well; 1: something is not.
"""
import json
import pathlib
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

# This one comes first: it says where the others are.
from books import HOUR, NANOS, series, utc, wait_for_metrics, write_files
from programs import FLEETMETERCTL, Daemon

# "lab" holds 5 of its 2 H100e; "other" leaves 6 of its 8, and "small" 1.5 of its 2.
PLAN = """plan: spending
version: 1
scenario: one pool borrows
effective_from: 2026-01-01
supply: [{{chip: h100, chips: 24}}]
pools:
  - name: lab
    owner: Lab
    contact: "#lab"
    teams: [lab, guests]
    allocation: {{h100e: 2}}
    budget: {{h100e_hours: 50, from: {start}, to: {end}}}
    team_budgets:
      guests: {{h100e_hours: 10, from: {start}, to: {end}}}
  - {{name: other, owner: Other, contact: "#other", teams: [other], allocation: {{h100e: 8}}}}
  - {{name: small, owner: Small, contact: "#small", teams: [small], allocation: {{h100e: 2}}}}
"""
HEADER = "start,end,source,chip,state,pool,team,workload,model,signal,chip_hours,busy_chip_hours\n"


def usage(hours):
    rows = HEADER
    for start in hours:
        for pool, team, chips in (("lab", "lab", 4), ("lab", "guests", 1), ("other", "other", 2),
                                  ("small", "small", 0.5)):
            rows += (f"{utc(start)},{utc(start + HOUR)},hosts,h100,assigned,{pool},{team},w,,"
                     f"gr_engine_active,{chips},{chips}\n")
    return rows


class Asked:
    def __init__(self, daemon):
        self.address = daemon.addresses["http"]

    def text(self, path):
        with urllib.request.urlopen(f"http://{self.address}/{path}", timeout=60) as answer:
            return answer.read().decode()

    def call(self, path, **fields):
        return json.loads(self.text(f"api/v1/{path}?{urllib.parse.urlencode(fields)}"))

    def refused(self, path, **fields):
        try:
            answer = self.call(path, **fields)
        except urllib.error.HTTPError as error:
            return json.loads(error.read())
        raise AssertionError(f"{path} answered {answer}")


def check_budgets(asked, hours):
    budgets = {(b["pool"], b["team"]): b for b in asked.call("budgets")["budgets"]}
    assert set(budgets) == {("lab", ""), ("lab", "guests")}, budgets
    for key, used, budget in ((("lab", ""), 5 * len(hours), 50),
                              (("lab", "guests"), len(hours), 10)):
        told = budgets[key]
        assert abs(told["usedH100eHours"] - used) < 1e-9, told
        # The present hour is not told, and counts as if it were like the rest.
        left = told["leftH100eHours"] + told["untoldH100eHours"]
        assert abs(left - (budget - used)) < 1e-9 and told["untoldH100eHours"] >= 0, told
        assert int(told["toldSeconds"]) >= len(hours) * HOUR, told
        assert int(told["elapsedSeconds"]) - int(told["toldSeconds"]) < HOUR + 60, told
    assert asked.call("budgets", pool="other")["budgets"] == []
    return budgets


def check_lending(asked, hours):
    told = asked.call("lending", from_unix_seconds=hours[0], to_unix_seconds=hours[-1] + HOUR,
                      step="1h")
    assert int(told["toldSeconds"]) == len(hours) * HOUR and told["untoldSeconds"] == "0", told
    by_hour = {}
    for row in told["lent"]:
        assert row["borrower"] == "lab", row
        by_hour.setdefault(int(row["startUnixSeconds"]), {})[row["lender"]] = row
    assert sorted(by_hour) == hours, by_hour
    for lent in by_hour.values():
        # Of 3 H100e beyond the allocation, in proportion to the 6 and 1.5 that were left.
        assert sum(int(row["h100eNanos"]) for row in lent.values()) == 3 * HOUR * NANOS, lent
        assert int(lent["other"]["h100eNanos"]) == 24 * HOUR * NANOS // 10, lent
        assert int(lent["other"]["microUsd"]) == 4_800_000, lent
    whole = asked.call("lending", from_unix_seconds=hours[0], to_unix_seconds=hours[-1] + HOUR)
    assert sum(int(row["h100eNanos"]) for row in whole["lent"]) == 3 * len(hours) * HOUR * NANOS
    # The hour before the first is in nobody's books.
    before = asked.call("lending", from_unix_seconds=hours[0] - HOUR,
                        to_unix_seconds=hours[0] + HOUR)
    assert before["untoldSeconds"] == str(HOUR), before
    assert [int(before["untold"][0][key]) for key in ("fromUnixSeconds", "toUnixSeconds")] == [
        hours[0] - HOUR, hours[0]], before
    assert "expected 1h, 1d" in asked.refused("lending", step="5m")["message"]


def check_results(asked):
    assert asked.call("results")["results"] == []
    assert asked.refused("results", request_id="none")["code"] == "NOT_FOUND"


def check_metrics(asked, hours):
    first = 'fleetmeter_pool_budget_used_h100e_seconds{pool="lab"}'
    found = wait_for_metrics(lambda: asked.text("metrics"), lambda found: first in found, "budgets")
    of_lab, of_guests = '{pool="lab"}', '{pool="lab",team="guests"}'
    used = float(found["fleetmeter_pool_budget_used_h100e_seconds" + of_lab])
    assert used == 5 * HOUR * len(hours), used
    used = float(found["fleetmeter_team_budget_used_h100e_seconds" + of_guests])
    assert used == HOUR * len(hours), used
    assert float(found["fleetmeter_team_budget_h100e_seconds" + of_guests]) == 10 * HOUR
    week = float(found['fleetmeter_pool_lent_week_h100e_seconds{borrower="lab",lender="small"}'])
    assert abs(week - 0.6 * HOUR * len(hours)) < 1e-6, week
    hour = float(found['fleetmeter_pool_lent_h100e{borrower="lab",lender="other"}'])
    assert abs(hour - 2.4) < 1e-9, hour
    assert found["fleetmeter_spending_refresh_failures_total"] == "0"
    families = {line.split()[2] for line in asked.text("metrics").splitlines()
                if line.startswith("# TYPE fleetmeter_")}
    prefixes = ("pool_budget_", "team_budget_", "pool_lent_", "lending_", "spending_")
    ours = {f for f in families if f.removeprefix("fleetmeter_").startswith(prefixes)}
    # All pools were heard throughout.
    ours.remove("fleetmeter_lending_week_untold_h100e_seconds")
    told = {name.split("{")[0] for name in found}
    assert ours and ours <= told, ours - told


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        now = int(time.time())
        # Full hours, of which the last is over; an hour later they are still in the test's time.
        hours = [now - now % HOUR - back * HOUR for back in (3, 2, 1)]
        (folder / "usage.csv").write_text(usage(hours))
        files = write_files(
            folder, PLAN.format(start=utc(hours[0]), end=utc(hours[0] + 20 * HOUR)))
        with Daemon(*files) as daemon:
            subprocess.run([FLEETMETERCTL, "--address", daemon.addresses["query"], "import",
                            "--ingest-address", daemon.addresses["ingest"], "usage",
                            folder / "usage.csv"], check=True, capture_output=True)
            asked = Asked(daemon)
            check_budgets(asked, hours)
            check_lending(asked, hours)
            check_results(asked)
            check_metrics(asked, hours)
        with Daemon(*files) as daemon:
            check_budgets(Asked(daemon), hours)
            check_lending(Asked(daemon), hours)
    print("budgets, lending and results are what the books say")


if __name__ == "__main__":
    main()
