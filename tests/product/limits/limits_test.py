#!/usr/bin/python3
"""Good clients are served while others do their worst, within a bounded memory, and afterwards all
is as before. Latencies are printed, and not judged: they are the machine's as much as ours."""
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
from programs import SKIPPED, SOURCE, Daemon

try:
    import h2  # noqa: F401
except ImportError:
    print("skipped: there is no python3-h2")
    sys.exit(SKIPPED)
import hostile

CATALOG = SOURCE / "deploy/catalog/default.yaml"
PLAN = SOURCE / "deploy/demo/plan.yaml"
ANSWERS = 300
# gRPC has no limit for streams that were reset before they were handled; each costs it some 12 KiB
# until then. The unit's MemoryMax= is the limit, so the flood here stays below it.
FLOOD_CONNECTIONS = 2
FLOOD_STREAMS = 10_000
FLOOD_MIB = 600


def metrics(daemon, name):
    """The sum of a family's samples."""
    with urllib.request.urlopen(f"http://{daemon.addresses['http']}/metrics", timeout=10) as page:
        text = page.read().decode()
    values = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE)
    return sum(map(float, values))


def memory_mib(daemon, line="VmRSS"):
    status = pathlib.Path(f"/proc/{daemon.pid}/status").read_text()
    return int(re.search(rf"{line}:\s+(\d+) kB", status)[1]) / 1024


def eventually(what, condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.02)


def p99(latencies):
    return sorted(latencies)[int(0.99 * (len(latencies) - 1))]


def served(what, good, quiet, daemon, most_mib):
    """The good client goes on, and memory stays below a cap."""
    now = p99(good.await_answers(ANSWERS))
    used = memory_mib(daemon, "VmHWM")
    print(f"{what}: p99 {now * 1000:.1f} ms, {now / quiet:.1f} times that of a quiet daemon; "
          f"memory {used:.0f} MiB at most")
    assert used < most_mib, f"{what}: {used:.0f} MiB; expected less than {most_mib}"


def try_a_crowd(good_client, ingest_pb2):
    with Daemon(CATALOG, [PLAN]) as daemon:
        address = daemon.addresses["ingest"]
        good = good_client.GoodClient(address, "good")
        quiet = p99(good.await_answers(ANSWERS))
        start_mib = memory_mib(daemon)
        print(f"quiet: p99 {quiet * 1000:.1f} ms; memory {start_mib:.0f} MiB")

        silent = [hostile.connect(address) for _ in range(200)]
        preface = [hostile.connect(address, hostile.PREFACE) for _ in range(200)]
        slow = [hostile.connect(address, hostile.PREFACE[:1 + i % 20]) for i in range(200)]
        served("600 silent connections", good, quiet, daemon, start_mib + 100)

        crowd = [hostile.Http2(address) for _ in range(40)]
        for connection in crowd:
            connection.open_streams([
                ingest_pb2.StreamRequest(
                    open=ingest_pb2.Open(stream_id=index.to_bytes(16, "big"), client="crowd")
                ).SerializeToString() for index in range(id(connection), id(connection) + 50)
            ])
        assert metrics(daemon, "fleetmeter_ingest_streams") == 2001
        served("2,000 streams", good, quiet, daemon, start_mib + 250)
        for connection in crowd:
            connection.close()
        eventually("the streams of connections that are gone are closed",
                   lambda: metrics(daemon, "fleetmeter_ingest_streams") == 1)

        assert hostile.closed_by_peer(silent + preface + slow, 30), \
            "connections that never said HTTP/2 are still open"
        for sock in silent + preface + slow:
            sock.close()
        acknowledged = good.stop()
        # Of the daemon's books and not the client's: what was acknowledged is what was counted.
        assert metrics(daemon, 'fleetmeter_ingest_reports_total') == acknowledged


def try_floods(good_client):
    with Daemon(CATALOG, [PLAN]) as daemon:
        address = daemon.addresses["ingest"]
        good = good_client.GoodClient(address, "good")
        quiet = p99(good.await_answers(ANSWERS))
        flood = [hostile.Http2(address) for _ in range(FLOOD_CONNECTIONS)]
        outcomes = [connection.reset_flood(FLOOD_STREAMS) for connection in flood]
        served(f"{FLOOD_CONNECTIONS} x {FLOOD_STREAMS} streams opened and reset "
               f"({sum(outcomes)} connections lasted)", good, quiet, daemon, FLOOD_MIB)
        for connection in flood:
            connection.close()
        eventually("no stream of the flood is left",
                   lambda: metrics(daemon, "fleetmeter_ingest_streams") == 1)
        good.stop()


def try_descriptors(good_client):
    with Daemon(CATALOG, [PLAN], launcher=["prlimit", "--nofile=240"]) as daemon:
        address = daemon.addresses["ingest"]
        good = good_client.GoodClient(address, "good")
        quiet = p99(good.await_answers(ANSWERS))
        hostile_ones = [
            hostile.connect(address, hostile.PREFACE + hostile.SETTINGS) for _ in range(400)
        ]
        eventually("connections are refused",
                   lambda: metrics(daemon, "fleetmeter_connections_refused_total") > 100)
        served("400 connections with 240 descriptors", good, quiet, daemon, 1024)
        assert metrics(daemon, "fleetmeter_watchdog_healthy") == 1
        # Queries have room of their own.
        hostile.Http2(daemon.addresses["query"]).close()
        for sock in hostile_ones:
            sock.close()

        def let_in():
            try:
                hostile.Http2(address).close()
            except OSError:
                return False
            return True

        eventually("a new client is let in again", let_in)
        another = good_client.GoodClient(address, "another")
        another.await_answers(10)
        another.stop()
        good.stop()


def main():
    with tempfile.TemporaryDirectory() as stubs:
        subprocess.run(
            ["protoc", "-I", SOURCE / "proto", f"--python_out={stubs}",
             f"--grpc_python_out={stubs}",
             "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin",
             *sorted((SOURCE / "proto").glob("fleetmeter/v1/*.proto"))],
            check=True,
        )
        sys.path.insert(0, stubs)
        import good_client
        from fleetmeter.v1 import ingest_pb2
        try_a_crowd(good_client, ingest_pb2)
        try_floods(good_client)
        try_descriptors(good_client)
    print("ok")


main()
