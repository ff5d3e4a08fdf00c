#!/usr/bin/python3
"""The Go module, built offline by the commands of its README, against real daemons: reports while
the daemon is killed, TLS with the daemon's identity, refusals, and questions."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from clients import HERE, SOURCE, SteadyDaemon, check_books, report_under_kills

sys.path.insert(0, str(HERE.parents[1] / "support"))
from ingest_stubs import load_ingest_stubs
from programs import SKIPPED

MODULE = "fleetmeter.internal/go"
GO = "/usr/bin/go"
DEBIAN = pathlib.Path("/usr/share/gocode")
IDENTITY = "spiffe://example.org/fleetmeterd"


def missing():
    """What is needed to build the module and is not there; empty: nothing."""
    needed = {"golang-go": GO, "protoc-gen-go": "/usr/bin/protoc-gen-go",
              "protoc-gen-go-grpc": "/usr/bin/protoc-gen-go-grpc",
              "golang-google-grpc-dev": DEBIAN / "src/google.golang.org/grpc"}
    return [package for package, path in needed.items() if not pathlib.Path(path).exists()]


def commands_of_readme():
    """Its commands in their order, but for those that need a network."""
    text = (SOURCE / "proto/clients/go/README.md").read_text().replace("\\\n", "")
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2, blocks
    first = blocks[0].splitlines()
    assert first[-2:] == ["go mod tidy", "go build"], first
    return first[:-2] + blocks[1].splitlines()


def build(folder):
    """The driver of the tests, as README has a program built: beside a clone."""
    shutil.copytree(SOURCE / "proto", folder / "fleetmeter/proto",
                    ignore=shutil.ignore_patterns("fleetmeterpb"))
    shutil.copy(SOURCE / "tests/unit/proto/clients/go/stream_test.go",
                folder / "fleetmeter/proto/clients/go")
    program = folder / "program"
    shutil.copytree(HERE / "go", program)
    environment = dict(os.environ, PATH="/usr/bin:/bin", GOPATH=str(folder / "gopath"),
                       GO111MODULE="on", GOFLAGS="", GOPROXY="off", GOTOOLCHAIN="local")
    for command in [*commands_of_readme(), f"{GO} vet . {MODULE}", f"{GO} test {MODULE}"]:
        subprocess.run(["bash", "-ec", command], check=True, env=environment, cwd=program)
    formatted = subprocess.run(["/usr/bin/gofmt", "-l", SOURCE / "proto/clients/go", HERE / "go"],
                               check=True, capture_output=True, text=True).stdout
    assert not formatted, f"gofmt would change {formatted}"
    return program / "program"


def lines(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def counts_once_under_kills(driver, folder):
    with SteadyDaemon(folder) as daemon:
        journal = report_under_kills(
            daemon, [driver, "-ingest", daemon.ingest_address, "-reports", "3000", "-seed", "7"],
            kills=25, seed=7)
        asked, = lines([driver, "-query", daemon.query_address])
        daemon.stop()
    assert len(journal) == 3_000, len(journal)
    for number, entry in enumerate(journal):
        wanted = ("rejected", "unknown_pool") if number % 17 == 16 else ("counted", "")
        assert (entry["standing"], entry["reason"]) == wanted, (number, entry)
    print("books equal: %d counted, %d rejected" % check_books(daemon.ledger, journal))
    unknown = asked.pop("unknown")
    assert "NotFound" in unknown and "research-scaling" in unknown, unknown
    # The usage is two hours old, so that no host is heard: nothing is known to fit, and what is
    # more than the plan grants does not.
    assert asked == {"pools": 8, "sources": 1, "plan": "demo", "categories": 4,
                     "fits": {"research-scaling": 0, "safety-evals": 0,
                              "inference-consumer": 2}}, asked


def books_in_memory_begin_anew(driver, folder):
    with SteadyDaemon(folder, ledger=False) as daemon:
        journal = report_under_kills(
            daemon, [driver, "-ingest", daemon.ingest_address, "-reports", "400", "-seed", "8"],
            kills=3, seed=8)
    # What the daemon had forgotten was told to be counted, and is lost; the rest goes on.
    standings = {entry["standing"] for n, entry in enumerate(journal) if n % 17 != 16}
    assert standings == {"counted"}, standings


def speaks_tls(driver, folder):
    pki = folder / "pki"
    subprocess.run(["bash", SOURCE / "deploy/make-dev-certs.sh", pki, "host/a", "ops/me"],
                   check=True, capture_output=True)
    extra = (f"tls: {{certificate: {pki}/fleetmeterd.pem, key: {pki}/fleetmeterd-key.pem, "
             f"client_ca: {pki}/ca.pem, trust_domain: example.org}}\n"
             "authorization:\n"
             "  - {identity: spiffe://example.org/host/a, roles: [ingest], "
             "pools: [research-scaling, no-such-pool]}\n"
             "  - {identity: spiffe://example.org/ops/me, roles: [query]}\n")
    with SteadyDaemon(folder, extra=extra) as daemon:
        report = [driver, "-ingest", daemon.ingest_address, "-ca", pki / "ca.pem"]
        identity = ["-daemon-identity", IDENTITY]
        told = lines([*report, *identity, "-own", pki / "host-a", "-reports", "60", "-one-pool"])
        for number, entry in enumerate(told):
            pools = {group["pool"] for group in entry["groups"]}
            wanted = ("refused" if "safety-evals" in pools
                      else "rejected" if number % 17 == 16 else "counted")
            assert entry["standing"] == wanted, (pools, entry)
        assert {entry["standing"] for entry in told} == {"refused", "rejected", "counted"}
        # By its name, without a certificate, and as somebody else than we expect.
        assert lines([*report, "-own", pki / "host-a"])[0]["standing"] in ("counted", "refused")
        nobody, = lines([*report, *identity, "-timeout", "1s"])
        assert nobody == {"gave_up": True, "waiting": 1}, nobody
        other, = lines([*report, "-daemon-identity", "spiffe://example.org/else", "-own",
                        pki / "host-a", "-timeout", "1s"])
        assert other == {"gave_up": True, "waiting": 1}, other
        asked, = lines([driver, "-query", daemon.query_address, "-ca", pki / "ca.pem", *identity,
                        "-own", pki / "ops-me"])
        assert asked["pools"] == 8, asked
        denied = subprocess.run([driver, "-query", daemon.query_address, "-ca", pki / "ca.pem",
                                 "-own", pki / "host-a"], capture_output=True, text=True)
        assert denied.returncode != 0 and "PermissionDenied" in denied.stderr, denied.stderr


def main():
    absent = missing()
    if absent:
        print(f"skipped: the packages {', '.join(absent)} are not installed")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="fleetmeter-go-") as temporary:
        folder = pathlib.Path(temporary)
        (folder / "stubs").mkdir()
        load_ingest_stubs(folder / "stubs")
        driver = build(folder)
        for check in (counts_once_under_kills, books_in_memory_begin_anew, speaks_tls):
            own = folder / check.__name__
            own.mkdir()
            check(driver, own)
            print(f"{check.__name__}: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
