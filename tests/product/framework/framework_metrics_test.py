#!/usr/bin/python3
"""The framework's figures on /metrics are those of the paper, and those that fleetmeterctl works out."""

import pathlib
import re
import sys
import urllib.request
from fractions import Fraction

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
import paper_figures as paper
from programs import SOURCE, Daemon

HOUR = 3600
FRAMEWORK = SOURCE / "deploy/plans/framework.yaml"


def scrape(daemon):
    """(name, {label: value}) -> number."""
    with urllib.request.urlopen(f"http://{daemon.addresses['http']}/metrics", timeout=30) as answer:
        page = answer.read().decode()
    found = {}
    for name, labels, value in re.findall(r"^(fleetmeter_\w+)(?:\{(.*)\})? (\S+)$", page, re.M):
        found[name, frozenset(re.findall(r'(\w+)="([^"]*)"', labels))] = float(value)
    return found


def near(what, want, got):
    want = float(want)
    assert abs(want - got) <= 1e-6 * abs(want), (what, want, got)


class Figures:
    def __init__(self, daemon):
        self.found = scrape(daemon)

    def only(self, name, **labels):
        return self.found["fleetmeter_framework_" + name, frozenset(labels.items())]

    def names(self, name, label):
        return {dict(labels)[label] for (n, labels) in self.found if n == "fleetmeter_framework_" + name}


def check_paper(figures):
    for chip, (provider, chips, ratio) in paper.CHIPS.items():
        near(chip, chips / ratio, figures.only("supply_h100e", provider=provider, chip=chip))
    near("year", 8760 * HOUR, figures.only("year_seconds"))
    near("a run", paper.run_hours() * HOUR, figures.only("training_h100e_seconds", step="run"))
    near("needed", paper.needed_hours() * HOUR, figures.only("training_h100e_seconds", step="year_with_losses"))
    near("a year", paper.needed_hours() * HOUR / 2, figures.only("training_h100e_seconds", step="year"))
    for model, flop in paper.FLOP.items():
        near(model, paper.training_hours(flop) * HOUR, figures.only("model_training_h100e_seconds", model=model))
    for model, (usage, price_in, price_out) in paper.PRICES.items():
        near(model, usage, figures.only("model_usage_ratio", model=model))
        near(model, price_in, figures.only("price_usd_per_million_tokens", model=model, tokens="input"))
        near(model, price_out, figures.only("price_usd_per_million_tokens", model=model, tokens="output"))
    for size, (tokens, _) in paper.SIZES.items():
        near(size, tokens * paper.CONSTRAINT, figures.only("output_tokens_per_second", size=size))
    for percent in (20, 30, 60):
        want = paper.list_usd(Fraction(percent, 100)) * (1 - paper.DISCOUNT)
        near(percent, want, figures.only("revenue_usd_per_h100e_hour", curve="linear", utilization_percent=str(percent)))


def check_scenarios(figures):
    for what, name in (("scenario", "scenario"), ("case", "case")):
        rows = figures.names(f"{what}_share_ratio", name)
        assert len(rows) >= 3, rows
        for row in rows:
            parts = [v for (n, labels), v in figures.found.items()
                     if n == f"fleetmeter_framework_{what}_share_ratio" and dict(labels)[name] == row]
            assert len(parts) == 6 and abs(sum(parts) - 1) < 1e-9, (row, parts)
    near("recommendation", 18e9, figures.only("scenario_revenue_usd_per_year", scenario="recommendation"))
    near("recommendation", paper.needed_hours() * HOUR,
         figures.only("scenario_training_h100e_seconds_per_year", scenario="recommendation"))
    research = figures.only("scenario_research_h100e_seconds_per_year", scenario="recommendation") / HOUR
    assert abs(research - 4_545_912_971) < 1, research  # as the paper prints it


def main():
    plan, catalog = SOURCE / "deploy/plans/example.yaml", SOURCE / "deploy/catalog/default.yaml"
    with Daemon(catalog, [plan], f"framework: {FRAMEWORK}\n") as daemon:
        figures = Figures(daemon)
        check_paper(figures)
        check_scenarios(figures)
        # A third of a B200 at $3.50 an hour is one H100e.
        price = figures.found["fleetmeter_supply_usd_per_h100e_hour", frozenset({("provider", "azure"), ("chip", "b200")})]
        near("b200", Fraction(7, 2) / 3, price)
    with Daemon(catalog, [plan]) as without:
        assert not any(name.startswith("fleetmeter_framework_") for name, _ in scrape(without)), "no framework, no figures"
    print("the framework's figures are the paper's")


if __name__ == "__main__":
    sys.exit(main())
