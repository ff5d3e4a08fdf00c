#!/usr/bin/python3
"""Published models, imported as benchmarks and training compute: the daemon works out from its books
what fleetmeterctl works out from the file (which outcomes_cli_test checks by a second arithmetic)."""
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import FLEETMETERCTL, SKIPPED, SOURCE, Daemon

MODELS = SOURCE.parent / "shared/data/ai-models-epoch/benchmarks_with_model_accessibility.csv"
SUITE = SOURCE / "deploy/outcomes/benchmarks.yaml"
COLUMNS = ["--model-column", "System", "--date-column", "Date"]
HOURS = ["--framework", SOURCE / "deploy/plans/framework.yaml", "--flop-column",
         "Training compute (FLOP)"]


def run(*arguments, codes=(0,)):
    done = subprocess.run([FLEETMETERCTL, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode in codes, f"{arguments}: {done.returncode} {done.stdout}{done.stderr}"
    return done.stdout


def same(told, expected, path=""):
    """Figures to the rounding of hours to whole H100e-seconds; everything else to the letter."""
    if isinstance(expected, dict):
        assert told.keys() == expected.keys(), (path, told.keys() ^ expected.keys())
        for key, value in expected.items():
            same(told[key], value, f"{path}.{key}")
    elif isinstance(expected, list):
        assert len(told) == len(expected), (path, len(told), len(expected))
        for i, value in enumerate(expected):
            same(told[i], value, f"{path}[{i}]")
    elif isinstance(expected, float) and isinstance(told, (int, float)):
        assert abs(told - expected) <= 1e-5 * abs(expected), (path, told, expected)
    else:
        assert told == expected, (path, told, expected)


def main():
    if not MODELS.exists():
        print(f"skipped: {MODELS} is absent")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as folder:
        extra = (f"ledger: {{path: {folder}/ledger.db}}\noutcomes: {{benchmarks: {SUITE}}}\n"
                 "log: {level: warn}\n")
        with Daemon(SOURCE / "deploy/catalog/default.yaml", [SOURCE / "deploy/demo/plan.yaml"],
                    extra) as daemon:
            at = ["--ingest-address", daemon.addresses["ingest"]]
            # One of the 132 rows has no date: refused, hence the code, here and below.
            run("import", "benchmarks", MODELS, "--suite", SUITE, *COLUMNS, *at, codes=(4,))
            run("import", "training", MODELS, *HOURS, *COLUMNS, *at, codes=(4,))
            books = json.loads(run("--address", daemon.addresses["query"], "outcomes", "capability",
                                   "--until", "2024-09-30", "--output", "json"))
    file = json.loads(run("outcomes", "capability", "--suite", SUITE, "--benchmarks", MODELS,
                          "--training", MODELS, *HOURS, *COLUMNS, "--output", "json", codes=(4,)))
    assert len(file["models"]) == 126 and len(file["quarters"]) == 20, len(file["models"])
    same(books, file)
    print(f"ok: {len(books['models'])} models, {len(books['quarters'])} quarters: {books['why']}")


main()
