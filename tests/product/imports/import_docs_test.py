#!/usr/bin/python3
"""Every `fleetmeterctl import` command that README.md or --help names does what it says: dry runs as
they stand, the others against a daemon."""

import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import FLEETMETERCTL, SOURCE, Daemon


def commands_of(text):
    text = re.sub(r"\\\n\s*", " ", text)
    return [shlex.split(line) for line in re.findall(r"^\s*fleetmeterctl (import .*)$", text,
                                                     re.MULTILINE)]


def run(arguments, folder):
    return subprocess.run([FLEETMETERCTL, *arguments], cwd=folder, capture_output=True, text=True,
                          timeout=120)


def main():
    help_text = run(["import", "--help"], "/").stdout
    commands = commands_of((SOURCE / "README.md").read_text())
    assert len(commands) == 4, commands
    commands += commands_of(help_text)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "deploy").symlink_to(SOURCE / "deploy")
        head = "start,model,requests,input_tokens,output_tokens\n"
        (folder / "requests.csv").write_text(head + "2026-01-01 08:00:00.5,m,1,2,3\n")
        (folder / "restated.csv").write_text(head + "2026-01-01,m,1,2,3\n2026-01-02,m,1,2,3\n")
        with Daemon(SOURCE / "deploy/catalog/default.yaml", [SOURCE / "deploy/plans/example.yaml"],
                    f"ledger: {{path: {folder / 'ledger.db'}}}\n") as daemon:
            for command in commands:
                done = run([*command, "--ingest-address", daemon.addresses["ingest"]], folder)
                assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
                told = "nothing was sent" if "--dry-run" in command else "counted now: "
                assert told in done.stdout, done.stdout
            done = run(["import", "inference", "requests.csv", "--every", "1h", "--dry-run",
                        "--source", "a\nb"], folder)
            assert done.returncode == 1 and "--source: is" in done.stderr, done.stderr
            # Names that the daemon would not take, before anything is sent.
            (folder / "usage.csv").write_text(
                "start,length,chip,pool,team,chip_hours\n2026-01-01,1h,b200,serving-ap,api,1\n")
            dry = ["import", "usage", "usage.csv", "--dry-run", "--ingest-address"]
            done = run([*dry, daemon.addresses["ingest"]], folder)
            assert done.returncode == 4, done
            assert "not known: 'serving-ap' is not a pool" in done.stdout, done.stdout
            assert "serving-api" in done.stdout, done.stdout
            done = run([*dry, "127.0.0.1:1"], folder)
            assert done.returncode == 0 and "only the file was checked" in done.stdout, done
            # Files that are not there, and wrong command lines.
            assert run(["import", "usage", "none.csv", "--dry-run"], folder).returncode == 1
            assert run(["import", "inference", "requests.csv", "--every", "7h"],
                       folder).returncode == 2
            assert run(["import", "benchmarks", "requests.csv"], folder).returncode == 2
    print(f"ok: {len(commands)} commands")


main()
