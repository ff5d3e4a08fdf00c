#!/usr/bin/python3
"""What fleetmeterctl prints of the framework, number by number against exact arithmetic of its own.

And every command that a document names about it.
"""
import csv
import io
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
from fractions import Fraction as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
import paper_figures as paper
from paper_checks import (
    by_category, has_forgone, has_outcome, has_the_papers_prices_and_throughput,
    has_the_papers_revenue, has_the_papers_scenarios, has_the_papers_sensitivity,
    has_the_papers_supply, has_the_papers_training, near, SHARED)
from programs import FLEETMETERCTL, FLEETMETERD, SOURCE

FRAMEWORK = SOURCE / "deploy/plans/framework.yaml"


def ctl(*args, code=0, cwd=None):
    """Standard output, or of a failure standard error."""
    done = subprocess.run([FLEETMETERCTL, *args], capture_output=True, text=True, cwd=cwd)
    assert done.returncode == code, f"{args}: {done.returncode}\n{done.stdout}{done.stderr}"
    assert code == 0 or done.stdout == "", f"{args} printed an answer: {done.stdout}"
    return done.stdout if code == 0 else done.stderr


def answer(*args):
    return json.loads(ctl(*args, "--output", "json"))


def simulate(*args):
    return answer("simulate", "--plan", FRAMEWORK, *args)


def shows_the_paper():
    shown = answer("plan", "show", "--plan", FRAMEWORK)
    has_the_papers_supply(shown)
    has_the_papers_training(shown)
    has_the_papers_prices_and_throughput(shown)
    has_the_papers_revenue(shown)
    has_the_papers_scenarios(shown)
    has_the_papers_sensitivity(shown["sensitivity"])
    alone = answer("sensitivity", "--plan", FRAMEWORK)
    assert alone == {"basis": shown["basis"], "sensitivity": shown["sensitivity"]}
    one = answer("plan", "show", "--plan", FRAMEWORK, "--scenario", "revenue-priority")
    assert [s["scenario"] for s in one["scenarios"]] == ["revenue-priority"] and one["sensitivity"] == []


def gives_the_same_numbers_as_csv():
    """Long records carry what the JSON has, to the last digit."""
    shown = answer("plan", "show", "--plan", FRAMEWORK)
    records = list(csv.DictReader(io.StringIO(ctl("plan", "show", "--plan", FRAMEWORK, "-o", "csv"))))
    values = {(r["table"], r["row"], r["column"]): r["value"] for r in records}
    assert len(values) == len(records), "two records of one name"
    numbers = []

    def walk(value):
        for inner in value.values() if isinstance(value, dict) else value:
            if isinstance(inner, (dict, list)):
                walk(inner)
            elif isinstance(inner, (int, float)):
                numbers.append(float(inner))

    walk(shown)
    assert sorted(numbers) == sorted(float(v) for v in values.values() if is_number(v))
    assert float(values["scenarios.tiers", "recommendation/p0", "total.h100_hours"]) == (
        shown["scenarios"][0]["tiers"][0]["total"]["h100_hours"])
    rows = list(csv.DictReader(io.StringIO(ctl("sensitivity", "--plan", FRAMEWORK, "-o", "csv"))))
    for row, want in zip(rows, shown["sensitivity"], strict=True):
        assert float(row["forgone_revenue_usd"]) == want["forgone"]["revenue_usd"]
        assert float(row["research_hours"]) == want["outcome"]["research_hours"]
        assert float(row["inference_share_ratio"]) == by_category(want["categories"])["inference"]["share_ratio"]


def is_number(text):
    return re.fullmatch(r"-?[0-9.]+(e[+-]?[0-9]+)?", text) is not None


def forgoes_what_seventy_percent_of_research_costs():
    result = simulate("--share", "research=70%")
    hours, usd = paper.SENSITIVITY["research-70"]
    has_outcome(result["after"]["outcome"], hours, usd, "70%")
    has_outcome(result["before"]["outcome"], paper.BASELINE, usd, "before")
    has_outcome(result["baseline"], paper.BASELINE, usd, "baseline")
    has_forgone(result["forgone"], hours, usd, "70%")
    assert result["start"] == "scenario recommendation" and result["live_basis"] is None
    table = ctl("simulate", "--plan", FRAMEWORK, "--share", "research=70%")
    for figure in ("8,501,000,000", "$2,270,036,171", "14%", "$15,729,963,829", "1,851,275,012"):
        assert re.search(rf"(?<![\d,$]){re.escape(figure)}(?![\d,])", table), f"{figure} is not in\n{table}"


def grows_revenue_with_utilization_on_each_curve():
    for curve in ("linear", "diminishing"):
        result = simulate("--utilization", "60", "--curve", curve)
        usd = paper.usd(F(60, 100), curve)
        after = result["after"]["outcome"]
        near(after["usd_per_h100_hour"], usd, curve)
        near(after["serviceable_revenue_usd"], float(paper.BASELINE[0]) * float(usd), curve)
        near(after["training_hours"], paper.BASELINE[1], curve)
        near(after["research_hours"], paper.BASELINE[2], curve)
        assert result["before"]["outcome"]["curve"] == after["curve"] == curve
        assert result["basis"]["overrides"] == [f"revenue.curve={curve}"]
        assert result["freed"]["h100_hours"] == 0 and result["forgone"]["revenue_usd"] == 0


def frees_capacity_at_the_same_revenue():
    for curve, of_before in (("linear", F(20, 40)),
                             ("diminishing", paper.usd() / F(paper.usd(F(40, 100), "diminishing")))):
        result = simulate("--utilization", "40%", "--mode", "free-capacity", "--curve", curve)
        share = paper.BASELINE[0] / paper.SUPPLY * (1 - of_before)
        assert abs(result["freed"]["share_ratio"] - float(share)) < 1e-12
        assert abs(result["after"]["unallocated"]["share_ratio"] - float(share)) < 1e-12
        near(result["after"]["outcome"]["serviceable_revenue_usd"], 18 * 10**9, "revenue stays")
        if curve == "linear":
            assert f"{result['freed']['share_ratio']:.4f}" == "0.0991"
    assert "freed: 1,203,709,580 H100e-hours, 9.9% of the supply" in ctl(
        "simulate", "--plan", FRAMEWORK, "--utilization", "40", "--mode", "free-capacity")


def measures_by_the_document_without_what_is_set():
    result = simulate("--set", "training.growth=3", "--set", "revenue.usd_per_h100_hour=5.50")
    has_outcome(result["baseline"], paper.BASELINE, paper.usd(), "baseline")
    near(result["before"]["outcome"]["training_ratio"], F(3, 4), "growth 3")
    assert simulate("--set", "baseline=revenue-priority")["basis"]["baseline"] == "recommendation"
    target = simulate("--revenue", "25B")
    has_outcome(target["after"]["outcome"], paper.SENSITIVITY["revenue-25b"][0], paper.usd(), "25B")
    held = simulate("--set", "revenue.usd_per_h100_hour=5.50", "--hold", "inference")
    has_outcome(held["after"]["outcome"], paper.BASELINE, F("5.50"), "held")
    # $18B at $1.50 an hour take more hours than there are; held, inference takes what it has.
    cheap = simulate("--set", "revenue.usd_per_h100_hour=1.50", "--hold", "inference")
    has_outcome(cheap["after"]["outcome"], paper.BASELINE, F("1.50"), "held at a low price")
    third = simulate("--share", "research=60%", "--rest", "proportional")
    rest = paper.BUDGET - F(60, 100) * paper.SUPPLY
    part = paper.BASELINE[0] / (paper.BASELINE[0] + paper.BASELINE[1])
    near(by_category(third["after"]["categories"])["inference"]["h100_hours"], rest * part, "proportional")


def compiles_scenarios_that_the_daemon_takes():
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, name in enumerate(paper.SCENARIOS, 1):
            path = pathlib.Path(folder) / f"{name}.yaml"
            flags = ["plan", "compile", "--plan", FRAMEWORK, "--scenario", name, "--version", str(number),
                     "--effective-from", f"2026-0{number}-01", "--to", path]
            ctl(*flags)
            before = path.read_bytes()
            assert "is there; expected a new file, or --force" in ctl(*flags, code=1)
            ctl(*flags, "--set", "tiers.buffer=14%", "--force")
            assert path.read_bytes() != before
            ctl(*flags, "--force")
            assert path.read_bytes() == before
            paths.append(path)
        assert sorted(pathlib.Path(folder).iterdir()) == sorted(paths), "nothing else is left"
        config = pathlib.Path(folder) / "daemon.yaml"
        plans = ", ".join(path.name for path in paths)
        config.write_text(f"catalog: {SOURCE}/deploy/catalog/default.yaml\nplans: [{plans}]\n"
                          'listen: {ingest: "127.0.0.1:0", query: "127.0.0.1:0", http: "127.0.0.1:0"}\n')
        subprocess.run([FLEETMETERD, "--check-config", "--config", config], check=True)
        for name, path in zip(paper.SCENARIOS, paths):
            in_p1, in_p2 = paper.SCENARIOS[name]
            plan = answer("plan", "show", "--plan", path, "--catalog", SOURCE / "deploy/catalog/default.yaml")
            for category, p1, p2 in zip(SHARED, in_p1, in_p2):
                for tier, hours in (("p1", p1), ("p2", p2)):
                    held = sum(pool["allocated_h100e"] for pool in plan["pools"]
                               if (pool["category"], pool["tier"]) == (category, tier))
                    assert abs(held / plan["supply_h100e"] - float(hours / paper.SUPPLY)) < 1e-12
            same = answer("plan", "diff", path, f"{FRAMEWORK}#{name}")
            assert same["same"] and all(pool["change"] == "same" for pool in same["pools"])
        header = paths[1].read_text().split("\nplan:")[0]
        for part in ("framework.yaml", "allocation-framework version 1, scenario revenue-priority", "catalog"):
            assert part in header, header


def says_what_changes_between_scenarios():
    diff = answer("plan", "diff", FRAMEWORK, f"{FRAMEWORK}#revenue-priority")
    assert diff["same"] is False
    near(diff["outcome"]["b_serviceable_revenue_usd"],
         paper.SCENARIOS["revenue-priority"][0][0] * paper.usd(), "revenue")
    serving = next(pool for pool in diff["pools"] if pool["name"] == "serving-api")
    assert serving["change"] == "changed" and serving["differs"] == ["tier"]
    near(serving["b_share_ratio"], F(35, 100) * F(65, 100), "serving-api")


def marks_the_rows_that_do_not_fit_under_what_is_set():
    """A row of the sensitivity analysis that loses its sense takes nothing else with it."""
    share = ("--set", "scenarios.recommendation.p2.inference=20%")
    assert simulate(*share)["start"] == "scenario recommendation"
    rows = answer("sensitivity", "--plan", FRAMEWORK, *share)["sensitivity"]
    wrong = {row["name"] for row in rows if row["does_not_fit"]}
    assert wrong == {"revenue-25b"}, wrong
    small = answer("sensitivity", "--plan", FRAMEWORK, "--set", "supply.trainium2.chips=0")
    assert any("does not fit" in row["does_not_fit"] for row in small["sensitivity"]), small


def refuses_with_file_key_and_sum():
    plan = ("--plan", FRAMEWORK)
    for flags, expected in (
            (("simulate", *plan, "--scenario", "best"),
             'there is no scenario "best"; expected one of recommendation, revenue-priority'),
            (("simulate", *plan, "--curve", "steep"), 'revenue.curve (as set): is "steep"; expected one of'),
            (("simulate", *plan, "--set", "training.grwth=3"), "unknown key (did you mean growth?)"),
            (("simulate", *plan, "--share", "research=80%"), "607,214,286 hours (5.00% of the supply) too much"),
            (("simulate", *plan, "--share", "inference=10%", "--revenue", "1B"), "both decide what inference gets"),
            (("plan", "show", *plan, "--set", "tiers.buffer=95%"), "adds up to 105%: p0 10% + buffer 95%"),
            (("plan", "show", *plan, "--set", "catalog=x.yaml"), "catalog: cannot be set"),
            (("plan", "show", *plan, "--set", "scenarios.revenue-priority.p1.inference=80%"),
             "scenario revenue-priority does not fit"),
            (("sensitivity", *plan, "--set", "prices.claude-opus-4.usage=20%"), "adds up to 110%; expected 100%"),
            (("sensitivity", "--plan", SOURCE / "deploy/plans/example.yaml"), "is an allocation plan"),
            (("plan", "show", "--plan", SOURCE / "deploy/plans/example.yaml"), "expected --catalog FILE"),
            (("plan", "compile", *plan, "--scenario", "best"), "there is no scenario"),
            (("plan", "compile", *plan, "--scenario", "recommendation", "--catalog", "/nowhere"), "/nowhere"),
            (("plan", "compile", *plan, "--scenario", "recommendation", "--to", "/nowhere/plan.yaml"), "/nowhere"),
            (("plan", "diff", FRAMEWORK, f"{SOURCE}/deploy/plans/example.yaml#x"), "has no scenarios"),
            (("plan", "show", "--plan", SOURCE / "deploy/fleetmeterd.yaml"), "is neither a framework nor an allocation plan")):
        said = ctl(*flags, code=1)
        assert expected in said, f"{flags}: {said}"
    # A scenario that fits is shown though another one no longer does.
    ctl("plan", "show", *plan, "--set", "scenarios.revenue-priority.p1.inference=80%", "--scenario",
        "training-priority")


def documented_commands(text):
    """Commands about the framework in code blocks, comments and help texts, continued lines joined."""
    text = re.sub(r"\\\n\s*#?\s*", " ", text)
    found = re.findall(r"^[#\s]*(?:\$ )?fleetmeterctl (.*deploy/plans/.*)$", text, re.MULTILINE)
    return [line for line in found if "--from-live" not in line]


def runs_every_documented_command():
    sources = {path: (SOURCE / path).read_text()
               for path in ("README.md", "deploy/plans/README.md", "deploy/plans/framework.yaml")}
    for command in (["plan", "show"], ["plan", "compile"], ["plan", "diff"], ["simulate"], ["sensitivity"]):
        sources[" ".join(command) + " --help"] = ctl(*command, "--help")
    for name, text in sources.items():
        commands = documented_commands(text)
        assert commands, f"{name} names no command"
        for command in commands:
            with tempfile.TemporaryDirectory() as folder:
                (pathlib.Path(folder) / "deploy").symlink_to(SOURCE / "deploy")
                assert ctl(*shlex.split(command), cwd=folder), f"{name}: {command}"


def documents_every_key():
    document = (SOURCE / "deploy/plans/README.md").read_text()
    named = set(re.findall(r"`([a-z0-9_]+)`", document))
    keys = set()

    def walk(value):
        if isinstance(value, dict):
            keys.update(value)
        for inner in (value.values() if isinstance(value, dict) else value):
            if isinstance(inner, (dict, list)):
                walk(inner)

    walk([answer("plan", "show", "--plan", FRAMEWORK), simulate("--utilization", "60")])
    assert keys <= named, f"README.md does not name {sorted(keys - named)}"


TESTS = [
    shows_the_paper,
    gives_the_same_numbers_as_csv,
    forgoes_what_seventy_percent_of_research_costs,
    grows_revenue_with_utilization_on_each_curve,
    frees_capacity_at_the_same_revenue,
    measures_by_the_document_without_what_is_set,
    compiles_scenarios_that_the_daemon_takes,
    says_what_changes_between_scenarios,
    marks_the_rows_that_do_not_fit_under_what_is_set,
    refuses_with_file_key_and_sum,
    runs_every_documented_command,
    documents_every_key,
]

if __name__ == "__main__":
    for test in TESTS:
        test()
        print(f"ok {test.__name__}", flush=True)
