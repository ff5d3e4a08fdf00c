#!/usr/bin/python3
"""Files that cost far more than they are: brackets without end, a million columns."""
import pathlib
import subprocess
import tempfile
import time

from harness import FLEETMETERCTL, FLEETMETERD, MIB, SOURCE

MOST_SECONDS = 30


def limited(*command):
    """Runs it with at most 1 GiB of address space beyond what it maps at its start."""
    begin = time.monotonic()
    done = subprocess.run(
        ["prlimit", f"--data={700 * MIB}", *map(str, command)], capture_output=True, text=True,
        errors="replace", timeout=120)
    took = time.monotonic() - begin
    assert took < MOST_SECONDS, (command, took)
    return done


def check_plan(folder, text, says):
    (folder / "plan.yaml").write_text(text)
    config = folder / "daemon.yaml"
    config.write_text(f"catalog: {SOURCE}/deploy/catalog/default.yaml\nplans: [plan.yaml]\n")
    done = limited(FLEETMETERD, "--check-config", "--config", config)
    assert done.returncode == 1, done
    assert says in done.stderr, done.stderr[:500]


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_plan(folder, "[" * 15_000_000, "in one line")
        check_plan(folder, ("[" * 1_000 + "\n") * 15_000, "brackets and braces are open")
        check_plan(folder, "[" + "[]," * 4_000_000, "in one line")
        check_plan(folder, "- " * 400_000, "nested too deeply")
        wide = folder / "wide.csv"
        wide.write_text(",".join(f"c{i}" for i in range(1_000_000)) + "\n")
        # No daemon answers there: only the file is checked.
        done = limited(FLEETMETERCTL, "--address", "127.0.0.1:1", "import", "usage", wide,
                       "--dry-run")
        assert done.returncode > 0, done
        assert "more than 4096 fields" in done.stdout + done.stderr, done.stderr[:500]


main()
