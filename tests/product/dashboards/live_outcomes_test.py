#!/usr/bin/python3
"""Outcomes, end to end: two years of history imported into a real daemon, scraped by a real Prometheus.

What the dashboard's queries and the rules find is what `fleetmeterctl outcomes` is told by the same daemon; parts add
up; of what is not known there is no series; every query of every dashboard answers.
"""
import contextlib
import csv
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
import lint
import live_check
from inhibit_test import until
from live_daemon_test import FLEET, replaying
from ingest_stubs import load_ingest_stubs
from live_fake_test import prometheus, settle
from programs import FLEETMETERCTL, SOURCE, Daemon

EXACT = 1e-9
ACCRUED = 1e-4  # what a subscription may bring between two answers
SUITE = SOURCE / "deploy/outcomes/benchmarks.yaml"
OUTCOMES = re.compile("fleetmeter_(inference|outcome|capability|benchmark|training|research|model_capability|price_book)")
WINDOWS = {"28d", "quarter", "year"}
BASES = {"allocated", "used"}
MODELS_SERVED_LIVE = ("a-model-that-is-paid", "a-model-without-a-price")
YEAR = {"window": "year", "basis": "allocated"}


def ctl(*arguments):
    done = subprocess.run([FLEETMETERCTL, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{arguments}: exit code {done.returncode}: {done.stderr}"
    return done.stdout


def import_file(daemon, kind, path, *more):
    ctl("import", kind, path, "--ingest-address", daemon.addresses["ingest"], "--quiet", *more)


def import_requests(daemon, path):
    import_file(daemon, "inference", path, "--window", "1d", "--source", "billing")


def split_last_day(path):
    """The requests in two files, the last day in the second."""
    header, *rows = path.read_text().splitlines(keepends=True)
    last = rows[-1].split(",")[0]
    parts = path.with_name("before.csv"), path.with_name("last.csv")
    for part, mine in zip(parts, (False, True)):
        part.write_text(header + "".join(row for row in rows if row.startswith(last) == mine))
    return parts


class Figures:
    """What Prometheus knows at one instant."""

    def __init__(self, prom):
        query = '{__name__=~"%s.+",job="fleetmeter"}' % OUTCOMES.pattern
        rows = prom.get("query", query=query)["result"]
        self.rows = [(s["metric"], float(s["value"][1])) for s in rows]

    def find(self, name, **labels):
        return [(m, v) for m, v in self.rows
                if m["__name__"] == "fleetmeter_" + name and all(m.get(k, "") == x for k, x in labels.items())]

    def only(self, name, **labels):
        found = self.find(name, **labels)
        assert len(found) == 1, (name, labels, found)
        return found[0][1]

    def total(self, name):
        return sum(v for _, v in self.find(name))

    def values(self, name, label):
        return {m.get(label, "") for m, _ in self.find(name)}


def near(what, want, got, relative=EXACT):
    assert abs(want - got) <= relative * abs(want) + EXACT, (what, want, got)


def check_documented(address):
    """The daemon serves the families of METRICS.md about outcomes, with their types and labels, and no others."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    labels = {}
    for name, inside in re.findall(r"^(fleetmeter_\w+)(?:\{(.*)\})? ", text, re.M):
        labels.setdefault(name, set()).update(re.findall(r'(\w+)="', inside))
    served = {name: (kind, labels.get(name)) for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M)}
    promised = lint.read_metrics(live_check.RENDERED.with_name("METRICS.md").read_text())
    mine = {name for name in served.keys() | promised.keys() if OUTCOMES.match(name)}
    assert len(mine) > 35, mine
    for name in sorted(mine):
        assert served.get(name) == promised.get(name), (name, served.get(name), promised.get(name))


def check_margin(figures, report):
    """The year on allocated cost, row by row, against what the daemon answers."""
    names = {"total": "inference_total_margin_per_request_usd", "model": "inference_model_margin_per_request_usd",
             "customer_tier": "inference_tier_margin_per_request_usd", "segment": "inference_margin_per_request_usd"}
    compared = 0
    for row in report["rows"]:
        labels = {k: row[k] for k in ("model", "customer_tier") if row[k]}
        near(row, row["after"]["usd_per_request"], figures.only(names[row["scope"]], **labels, **YEAR), ACCRUED)
        if row["scope"] == "total":
            near(row, row["before"]["usd_per_request"], figures.only("inference_total_margin_per_request_year_ago_usd", **YEAR))
        if row["scope"] == "segment":
            near(row, row["after"]["requests"], figures.only("inference_window_requests", **labels, window="year"))
            revenue = figures.only("inference_window_revenue_usd", **labels, window="year")
            near(row, row["after"]["revenue_micro_usd"] / 1e6, revenue, ACCRUED)
            near(row, row["after"]["cost_micro_usd"] / 1e6, figures.only("inference_window_cost_usd", **labels, **YEAR))
            near(row, row["declined"], figures.only("inference_margin_declined", **labels, **YEAR))
        compared += 1
    assert compared == 1 + 3 + 4 + 6, report["rows"]
    for effect in ("volume", "mix", "price", "cost"):
        near(effect, report["change"][effect + "_micro_usd"] / 1e6, figures.only("inference_margin_change_usd", effect=effect, **YEAR), ACCRUED)


def check_parts(figures):
    """What must hold of all windows and bases, without asking the daemon."""
    assert figures.values("inference_margin_per_request_usd", "window") == WINDOWS
    assert figures.values("inference_margin_per_request_usd", "basis") == BASES
    for window in WINDOWS:
        for basis in BASES:
            span = {"window": window, "basis": basis}
            now = figures.only("inference_total_margin_per_request_usd", **span)
            before = figures.only("inference_total_margin_per_request_year_ago_usd", **span)
            parts = [v for _, v in figures.find("inference_margin_per_request_change_usd", **span)]
            assert len(parts) == 3, parts
            near(span, now - before, sum(parts))
            assert now > before, span  # by the mix alone
            near(span, 1, figures.only("inference_known_requests_ratio", **span))
            for labels, requests in figures.find("inference_window_requests", window=window):
                segment = {k: labels[k] for k in ("model", "customer_tier")}
                margin = figures.only("inference_margin_per_request_usd", **segment, **span)
                revenue = figures.only("inference_window_revenue_usd", **segment, window=window)
                near(labels, (revenue - figures.only("inference_window_cost_usd", **segment, **span)) / requests, margin)
        for labels, used in figures.find("inference_window_cost_usd", window=window, basis="used"):
            segment = {k: labels[k] for k in ("model", "customer_tier", "window")}
            assert 0 < used < figures.only("inference_window_cost_usd", basis="allocated", **segment), labels
    declined = [v for _, v in figures.find("inference_margin_declined", **YEAR)]
    assert declined == [1] * 6, declined
    assert figures.only("research_review_due", reason="margin_yoy") == 1  # though the total rose


def check_capability(figures, report):
    for model in report["models"]:
        near(model, model["capability_index"], figures.only("capability_index", model=model["model"]))
    for quarter in report["quarters"]:
        found = figures.find("capability_per_training_h100e_hour", quarter=quarter["quarter"])
        assert len(found) == (quarter.get("gain_per_h100e_hour") is not None), quarter
        if found:
            near(quarter, 1, found[0][1] / quarter["gain_per_h100e_hour"])
    for benchmark in report["benchmarks"]:
        near(benchmark, benchmark["saturated"], figures.only("benchmark_saturated", benchmark=benchmark["benchmark"]))
    near("declining", report["declining_quarters"], figures.only("capability_declining_quarters"))
    assert report["verdict"] == "review_due" and figures.only("research_review_due", reason="capability_per_hour") == 1
    assert sum(v for _, v in figures.find("training_quarter_h100e_seconds")) > 0
    # All of it was imported, which no counter shows.
    assert not any(v for _, v in figures.find("training_h100e_seconds_total")), figures.rows


def requests_of_year(*paths):
    """What the files say of the 365 days that end with today."""
    first = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=364)
    rows = [row for path in paths for row in csv.DictReader(path.read_text().splitlines())]
    return sum(int(row["requests"]) for row in rows if row["start"] >= str(first))


def serve_live(daemon, prom, folder):
    """A gateway that reports while Prometheus scrapes: counters rise, which history never makes them do."""
    out = folder / "stubs"
    out.mkdir()
    grpc, ingest_pb2, ingest_pb2_grpc, outcome_report_pb2 = load_ingest_stubs(out)
    with grpc.insecure_channel(daemon.addresses["ingest"]) as channel:
        stub = ingest_pb2_grpc.UsageIngestStub(channel)
        start = time.time_ns() - 60 * 10**9
        for sequence in (1, 2):
            report = outcome_report_pb2.OutcomeReport(
                sequence=sequence, source="gateway", window_start_unix_nanos=start + sequence * 10**9,
                window_length_nanos=10**9)
            for model in MODELS_SERVED_LIVE:
                report.inference.rows.add(model=model, customer_tier="enterprise", requests=10,
                                          input_tokens=1_000, output_tokens=100)
            report.inference.rows[0].revenue_micro_usd = 5_000
            answer = stub.Report(ingest_pb2.ReportRequest(stream_id=b"a" * 16, outcomes=[report]), timeout=30)
            assert not answer.ack.dispositions, answer
            wanted = sequence * 10 * len(MODELS_SERVED_LIVE)
            until("the gateway's requests are scraped",
                  lambda: Figures(prom).total("inference_requests_total") == wanted)


def settled(prom, requests):
    """Figures by which the year has so many requests, and every model its index."""
    def ready():
        figures = Figures(prom)
        year = sum(v for _, v in figures.find("inference_window_requests", window="year"))
        return figures if year == requests and len(figures.find("capability_index")) == 8 else None
    return until("outcomes are worked out", ready, limit=60)


def main():
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subprocess.run([SOURCE / "deploy/outcomes/make_example.py", "--to", folder], check=True)
        daemon = stack.enter_context(Daemon(
            SOURCE / "deploy/demo/catalog.yaml", [SOURCE / "deploy/demo/plan.yaml"],
            f"framework: {SOURCE}/deploy/demo/framework.yaml\nledger: {{path: {folder}/ledger.db}}\n"
            f"outcomes: {{prices: {folder}/prices.yaml, benchmarks: {SUITE}, refresh: 200ms}}\n"))
        url = stack.enter_context(prometheus(daemon.addresses["http"].rsplit(":", 1)[1]))
        prom = live_check.Prometheus(url)
        until("Prometheus answers", lambda: prom.get("rules")["groups"])
        nothing = until("the daemon is scraped", lambda: (found := Figures(prom)).find("outcome_segments") and found)
        for name in ("inference_window_requests", "inference_total_margin_per_request_usd", "capability_index"):
            assert not nothing.find(name), name  # absent, not 0
        assert not nothing.find("research_review_due"), nothing.rows

        before, last = split_last_day(folder / "requests.csv")
        import_file(daemon, "usage", folder / "usage.csv")
        import_requests(daemon, before)
        import_file(daemon, "training", folder / "training.csv")
        import_file(daemon, "benchmarks", folder / "results.csv", "--suite", SUITE)
        settled(prom, requests_of_year(before))
        import_requests(daemon, last)
        figures = settled(prom, requests_of_year(before, last))
        assert figures.total("inference_requests_total") == 0, "history enters no counter"
        address = ["--address", daemon.addresses["query"], "--output", "json"]
        check_margin(figures, json.loads(ctl("outcomes", "margin", "--window", "year", "--basis", "allocated", *address)))
        check_parts(figures)
        check_documented(daemon.addresses["http"])
        check_capability(figures, json.loads(ctl("outcomes", "capability", *address)))

        serve_live(daemon, prom, folder)
        stack.enter_context(replaying(daemon, FLEET))
        count, problems = settle(url, lambda found: not found)
        if problems:
            raise SystemExit("\n".join(problems))
    print(f"{count} queries answered; they are what the daemon says")


if __name__ == "__main__":
    sys.exit(main())
