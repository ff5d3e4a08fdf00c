"""What the scripts that kill at random have in common: their command line and the moments."""
import argparse
import pathlib
import random
import shutil
import tempfile
import time


def random_moments(args):
    """Comes back at a random moment, once for each of args.cycles, with the source of chance."""
    chance = random.Random(args.seed)
    for _ in range(args.cycles):
        time.sleep(chance.uniform(0.02, 0.4))  # the moment of the fault, not a wait for anything
        yield chance


def run_program(run, description, cycles):
    """Calls run(args, folder) as the command line says; the exit code is what it returns.

    `cycles` is the default of --cycles.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=cycles)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="leave everything in this folder")
    args = parser.parse_args()
    if args.keep:
        folder = pathlib.Path(args.keep).absolute()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return run(args, folder)
    with tempfile.TemporaryDirectory(prefix="fleetmeter-kills-") as folder:
        return run(args, pathlib.Path(folder))
