#!/usr/bin/python3
"""Runs those tests of a build that have not passed as they are now: run_changed.py [--again] BUILD
CTEST-ARGUMENT...

A test is as it was when its command, its environment, its program, the programs that it may start,
and all files of the source tree that are not compiled are the same, byte by byte. What passed is
kept in BUILD/passed.json. A test that failed or was skipped runs again, and --again runs all of
them. The last line says how many were not run. The exit code is that of ctest.
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMPILED = {".cc", ".h", ".o"}
PROGRAMS = ("fleetmeterd", "fleetmeterctl", "fleetmeter-collector")


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def source_files():
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        names = listed.stdout.split("\0")
    else:  # a source tree without git
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
                 if path.relative_to(ROOT).parts[0] != "build"]
    return sorted(name for name in names if name and (ROOT / name).is_file()
                  and pathlib.Path(name).suffix not in COMPILED)


def what_all_use(build):
    """A digest of what any test may read or start, beside its own program."""
    shared = hashlib.sha256()
    for name in source_files():
        shared.update(f"{name} {digest_of(ROOT / name)}\n".encode())
    for program in sorted(build.rglob("*")):
        if (program.name in PROGRAMS or program.suffix == ".so") and program.is_file():
            shared.update(f"{program.name} {digest_of(program)}\n".encode())
    # Tests read it where it is there, and skip something where it is not.
    shared.update(str((ROOT.parent / "shared").exists()).encode())
    return shared.hexdigest()


def tests_of(build, arguments):
    answer = subprocess.run(["ctest", "--test-dir", str(build), "--show-only=json-v1", *arguments],
                            check=True, capture_output=True, text=True)
    return json.loads(answer.stdout)["tests"]


def key_of(test, shared):
    key = hashlib.sha256(shared.encode())
    key.update(json.dumps([test.get("command"), test.get("properties")], sort_keys=True).encode())
    for word in test.get("command", []):
        if os.path.isfile(word):
            key.update(digest_of(word).encode())
    return key.hexdigest()


def passed_in(report):
    cases = xml.etree.ElementTree.parse(report).getroot().iter("testcase")
    return {case.get("name") for case in cases if case.get("status") == "run"}


def run(build, names, arguments):
    """The exit code of ctest, and what has passed."""
    pattern = "^(" + "|".join(re.escape(name) for name in names) + ")$"
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.xml"
        code = subprocess.run(["ctest", "--test-dir", str(build), "--output-junit", str(report),
                               *arguments, "-R", pattern]).returncode
        return code, passed_in(report) if report.exists() else set()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("build", type=pathlib.Path)
    mine, arguments = parser.parse_known_args()
    build = mine.build.resolve()
    kept = build / "passed.json"
    before = json.loads(kept.read_text()) if kept.exists() and not mine.again else {}
    shared = what_all_use(build)
    keys = {test["name"]: key_of(test, shared) for test in tests_of(build, arguments)}
    changed = [name for name, key in keys.items() if before.get(name) != key]
    code, passed = run(build, changed, arguments) if changed else (0, set())
    now = {name: key for name, key in before.items() if name not in changed}
    now.update((name, keys[name]) for name in passed if name in keys)
    kept.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n")
    print(f"{len(keys) - len(changed)} tests are as they were when they passed, "
          "and were not run again", flush=True)
    sys.exit(code)


main()
