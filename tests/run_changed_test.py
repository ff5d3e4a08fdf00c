#!/usr/bin/python3
"""run_changed.py runs what has changed or failed, and nothing else."""
import pathlib
import re
import subprocess
import tempfile

SCRIPT = pathlib.Path(__file__).parent / "run_changed.py"


def run(build, *arguments):
    """The exit code, which tests ran, and how many did not."""
    done = subprocess.run([SCRIPT, *arguments, build], capture_output=True, text=True)
    ran = set(re.findall(r"Test +#\d+: (\w+) ", done.stdout))
    return done.returncode, ran, int(re.findall(r"^(\d+) tests are as", done.stdout, re.M)[-1])


def main():
    with tempfile.TemporaryDirectory() as folder:
        build = pathlib.Path(folder)
        programs = {name: build / f"{name}.sh" for name in ("good", "bad")}
        programs["good"].write_text("#!/bin/sh\nexit 0\n")
        programs["bad"].write_text("#!/bin/sh\nexit 1\n")
        for program in programs.values():
            program.chmod(0o755)
        (build / "CTestTestfile.cmake").write_text(
            "".join(f'add_test({name} "{path}")\n' for name, path in programs.items()))
        both = {"good", "bad"}
        answer = run(build)
        assert answer[0] != 0 and answer[1:] == (both, 0), answer
        answer = run(build)
        assert answer[0] != 0 and answer[1:] == ({"bad"}, 1), "what failed runs again"
        programs["bad"].write_text("#!/bin/sh\nexit 0 # mended\n")
        assert run(build) == (0, {"bad"}, 1)
        assert run(build) == (0, set(), 2)
        assert run(build, "--again") == (0, both, 0)
        programs["good"].write_text("#!/bin/sh\nexit 2\n")
        answer = run(build)
        assert answer[0] != 0 and answer[1:] == ({"good"}, 1), "a program that changed runs again"
    print("run_changed.py runs what has changed or failed")


main()
