#!/usr/bin/python3
"""Takes out one safeguard at a time; the tests must notice each.

    tests/mutation/run.py [NAME...]

Works on a copy of what is committed, below build/mutation, and leaves the checkout alone. Every mutation
must change exactly one place, and the tests that it names must pass without it and fail with it. Prints
one line each; last_run.txt keeps what it printed last.
"""
import dataclasses
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPY = ROOT / "build" / "mutation"


@dataclasses.dataclass
class Mutation:
    name: str
    path: str
    before: str
    after: str
    targets: list  # to build
    tests: str  # for ctest -R


MUTATIONS = [
    Mutation("ledger-fsync", "daemon/ledger/sqlite/sqlite_ledger.cc",
             "PRAGMA synchronous = FULL", "PRAGMA synchronous = OFF",
             ["unit_ledger"], "PowerCut"),
    Mutation("spool-fsync", "collectors/spool/segment.cc",
             "status = disk.Sync(file_, path_);\n  if (!status.ok()) return status;\n  bytes_ +=",
             "status = absl::OkStatus();\n  if (!status.ok()) return status;\n  bytes_ +=",
             ["unit_collectors_spool"], "SpoolPowerCut"),
    Mutation("dedupe", "daemon/accounting/stream_table.cc",
             "if (sequence == expected) return SequenceCheck::kNext;",
             "if (sequence <= expected && sequence != 0) return SequenceCheck::kNext;",
             ["unit_accounting"], "StreamTable|WriterTest"),
    Mutation("overlap-check", "daemon/accounting/admission.cc",
             "context.windows != nullptr && context.windows->Overlaps(window)",
             "context.windows != nullptr && window.end_unix_nanos < 0",
             ["unit_accounting"], "AdmissionTest|WriterTest"),
    Mutation("digest-conflict", "daemon/accounting/stream_table.cc",
             "return SequenceCheck::kConflict;", "return SequenceCheck::kDuplicate;",
             ["unit_accounting"], "StreamTable|WriterTest"),
    Mutation("session-fence", "daemon/accounting/stream_table.cc",
             "it->second.epoch > epoch", "it->second.epoch > epoch + 1'000'000",
             ["unit_accounting"], "StreamTable|WriterTest"),
    Mutation("pool-check", "daemon/security/access_policy.cc",
             "rule->all_pools || rule->pools.contains(pool)",
             "rule->all_pools || !rule->pools.empty()",
             ["unit_security"], "AccessPolicy"),
    Mutation("count-after-commit", "daemon/accounting/writer.cc",
             "  if (!status.ok()) {\n    MutexLock lock(state_mutex_);\n    books_.Rollback();",
             "  if (!status.ok()) {\n    Publish(transaction);",
             ["unit_accounting"], "WriterTest"),
]


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **options)


def prepare():
    """The copy, at what is committed here."""
    if not (COPY / ".git").exists():
        subprocess.run(["git", "clone", "-q", "--shared", ROOT, COPY], check=True)
    head = run("git", "rev-parse", "HEAD", cwd=ROOT).stdout.strip()
    subprocess.run(["git", "fetch", "-q", "origin", head], cwd=COPY, check=True)
    subprocess.run(["git", "checkout", "-q", "-f", "--detach", head], cwd=COPY, check=True)
    subprocess.run(["cmake", "--preset", "release", "-DFLEETMETER_CASE_BY_CASE=ON"], cwd=COPY,
                   check=True, stdout=subprocess.DEVNULL)
    return head


def passes(mutation):
    """Whether the tests pass, and what they printed."""
    built = run("cmake", "--build", "build/release", "--target", *mutation.targets, cwd=COPY)
    if built.returncode != 0:
        raise SystemExit(f"{mutation.name}: does not build:\n{built.stdout[-3000:]}")
    tested = run("ctest", "--test-dir", "build/release", "-R", mutation.tests, "-j",
                 str(os.cpu_count()), cwd=COPY)
    if "No tests were found" in tested.stdout:
        raise SystemExit(f"{mutation.name}: no test is called {mutation.tests}")
    return tested.returncode == 0, tested.stdout


def check(mutation):
    path = COPY / mutation.path
    text = path.read_text()
    if text.count(mutation.before) != 1:
        raise SystemExit(f"{mutation.name}: expected {mutation.before!r} once in {mutation.path}, "
                         f"found it {text.count(mutation.before)} times")
    good, output = passes(mutation)
    if not good:
        raise SystemExit(f"{mutation.name}: the tests fail without it:\n{output[-3000:]}")
    path.write_text(text.replace(mutation.before, mutation.after))
    try:
        survived, output = passes(mutation)
    finally:
        path.write_text(text)
    failed = [line.split(" - ")[1].split(" (")[0] for line in output.splitlines()
              if " - " in line and "(Failed)" in line]
    noticed = "SURVIVED" if survived else "noticed by " + ", ".join(failed[:3]) + (
        f" and {len(failed) - 3} more" if len(failed) > 3 else "")
    return not survived, f"{mutation.name}: {noticed}"


def main():
    chosen = [m for m in MUTATIONS if len(sys.argv) < 2 or m.name in sys.argv[1:]]
    if not chosen:
        raise SystemExit("no such mutation; there are: " + ", ".join(m.name for m in MUTATIONS))
    prepare()
    results = [check(mutation) for mutation in chosen]
    text = "\n".join(line for _, line in results)
    text += f"\n{sum(good for good, _ in results)} of {len(results)} safeguards are missed when they are gone\n"
    print(text, end="")
    if chosen == MUTATIONS:
        (pathlib.Path(__file__).parent / "last_run.txt").write_text(text)
    return 0 if all(good for good, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
