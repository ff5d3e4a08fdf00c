#!/usr/bin/python3
"""What live sources cost a collector, and what one that hangs costs the others.

A real fleetmeter-collector asks many pages of dcgm-exporter, each of a host with 8 chips, and
delivers to a real daemon. The bench prints CPU and memory per source. Then one of the pages hangs,
and the bench prints how long the looks at all others take beside how long they took before, in the
same process. The pages come from a process of their own, so that their cost is not counted.

  sources_bench.py [--sources 100] [--rounds 10] [--interval 5]

The exit code is 1 if the others were asked less often, or failed more often, while the one hung.
"""
import argparse
import asyncio
import multiprocessing
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).absolute().parents[1] / "support"))
from programs import COLLECTOR, SOURCE, Daemon

CHIPS = 8
TIMEOUT_OF_INTERVAL = 0.8  # of a look; a round waits no longer
HUNG = 0  # the source that hangs later

SERIES = (("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0.75), ("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", 0.4),
          ("DCGM_FI_DEV_GPU_UTIL", 97), ("DCGM_FI_DEV_FB_USED", 60_000),
          ("DCGM_FI_DEV_FB_FREE", 20_000), ("DCGM_FI_DEV_XID_ERRORS", 0),
          ("DCGM_FI_DEV_SM_CLOCK", 1_980), ("DCGM_FI_DEV_GPU_TEMP", 61),
          ("DCGM_FI_DEV_POWER_USAGE", 611.5))

PLAN = """plan: bench
version: 1
scenario: many sources
effective_from: 2020-01-01
supply: [{{chip: h100, chips: {chips}}}]
pools:
  - {{name: training, owner: T, contact: "#t", teams: [ml], allocation: {{chips: {chips},
     chip: h100}}}}
"""


def page_of(host):
    """As dcgm-exporter prints it, with the pod that holds each chip."""
    lines = []
    for name, value in SERIES:
        lines.append(f"# HELP {name} A value of DCGM.\n# TYPE {name} gauge")
        for chip in range(CHIPS):
            lines.append(f'{name}{{gpu="{chip}",UUID="GPU-{host:04}-{chip}",device="nvidia{chip}",'
                         f'modelName="NVIDIA H100 80GB HBM3",Hostname="node-{host:04}",'
                         f'container="main",namespace="ml",pod="train-{host}"}} {value}')
    return ("\n".join(lines) + "\n").encode()


def serve(sources, connection):
    """Answers /NUMBER with the page of a host; once /hang was asked, /HUNG is never answered."""
    pages = [page_of(host) for host in range(sources)]
    hangs = False

    async def answer(reader, writer):
        nonlocal hangs
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split()[1].decode().lstrip("/")
        if path == "hang":
            hangs = True
            path = "0"
        elif hangs and path == str(HUNG):
            await reader.read()  # until the collector gives up
            writer.close()
            return
        body = pages[int(path)]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
                     b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    async def run():
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
        connection.send(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    asyncio.run(run())


def name_of(host):
    return f"node-{host:04}"


def others(figures):
    """Those of the sources that never hang."""
    return {source: value for source, value in figures.items() if source != name_of(HUNG)}


def write_config(folder, port, sources, interval, daemon):
    timeout = int(TIMEOUT_OF_INTERVAL * interval * 1000)
    entries = "".join(
        f"  - type: dcgm\n    name: {name_of(host)}\n    url: http://127.0.0.1:{port}/{host}\n"
        f"    timeout: {timeout}ms\n    attribution: rules.yaml\n"
        for host in range(sources))
    (folder / "rules.yaml").write_text(
        "version: 1\nunmatched: error\nrules:\n"
        '  - {match: {namespace: [ml]}, pool: training, team: ml, workload: "{pod}"}\n')
    path = folder / f"collector-{sources}.yaml"
    path.write_text(f"daemon: {daemon}\ninterval: {int(interval * 1000)}ms\n"
                    "metrics: 127.0.0.1:0\nlog: {level: error}\n"
                    f"unattributed: {{pool: training, team: ml}}\nsources:\n{entries}")
    return path


class Collector:
    """A collector, and what it costs by the kernel's account."""

    def __init__(self, config):
        self._process = subprocess.Popen([COLLECTOR, "--config", config], stdout=subprocess.PIPE,
                                         text=True)
        self._address = self._process.stdout.readline().split()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(timeout=60)
        self._process.stdout.close()

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(") ", 1)[1]
        return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")

    def resident_kib(self):
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s*(\d+)", status)[1])

    def figures(self, family):
        """{source: value}."""
        with urllib.request.urlopen(f"http://{self._address}/metrics", timeout=30) as page:
            text = page.read().decode()
        series = rf'^fleetmeter_collector_source_{family}{{source="([^"]+)"[^}}]*}} (\S+)$'
        sums = {}
        for source, value in re.findall(series, text, re.MULTILINE):
            sums[source] = sums.get(source, 0) + float(value)
        return sums


class Phase:
    """What the sources that never hang did during some rounds."""

    def __init__(self, collector, rounds, interval):
        cpu, begun = collector.cpu_seconds(), time.monotonic()
        looks = collector.figures("looks_total")
        errors = sum(others(collector.figures("errors_total")).values())
        self.durations = []
        for _ in range(rounds):
            time.sleep(interval)  # the figure is of the latest look
            self.durations += others(collector.figures("look_seconds")).values()
        self.seconds = time.monotonic() - begun
        self.cpu = collector.cpu_seconds() - cpu
        self.errors = sum(others(collector.figures("errors_total")).values()) - errors
        after = collector.figures("looks_total")
        self.all_looks = sum(after.values()) - sum(looks.values())
        self.least_looks = min((after[name] - looks[name] for name in others(after)), default=0)

    def percentile(self, percent):
        return statistics.quantiles(self.durations, n=100, method="inclusive")[percent - 1]


def settled(collector, sources):
    """Until every source has answered."""
    until = time.monotonic() + 120
    while True:
        devices = collector.figures("devices")
        if len(devices) == sources and set(devices.values()) == {CHIPS}:
            return
        assert time.monotonic() < until, f"the sources do not answer: {devices}"
        time.sleep(0.1)


def print_costs(sources, phase, memory, one):
    cpu = 1e3 * phase.cpu / phase.all_looks  # milliseconds
    print(f"{sources} sources of {CHIPS} chips, {phase.all_looks:.0f} looks in "
          f"{phase.seconds:.0f} s\n"
          f"CPU     {cpu:.2f} ms for a look and its report, {cpu / 100:.4f}% of a core for a "
          "source at 10 s between looks\n"
          f"memory  {(memory - one) / (sources - 1):.0f} KiB for a source, {memory / 1024:.0f} MiB "
          f"in all, {one / 1024:.0f} MiB with one source\n")


def print_comparison(good, bad):
    print(f"{'the other sources':24} {'all answer':>12} {'one hangs':>12} {'ratio':>7}")
    for name, percent in (("look, median", 50), ("look, 95th percentile", 95)):
        a, b = good.percentile(percent), bad.percentile(percent)
        print(f"{name:24} {1e3 * a:9.2f} ms {1e3 * b:9.2f} ms {b / a:7.2f}")
    rates = [phase.least_looks / phase.seconds for phase in (good, bad)]
    print(f"{'looks/s, the least':24} {rates[0]:12.3f} {rates[1]:12.3f} {rates[1] / rates[0]:7.2f}")
    print(f"{'looks that failed':24} {good.errors:12.0f} {bad.errors:12.0f}")


def measure(folder, port, options, daemon):
    def collector(sources):
        return Collector(write_config(folder, port, sources, options.interval, daemon))

    with collector(1) as alone:
        settled(alone, 1)
        one = alone.resident_kib()
    with collector(options.sources) as many:
        settled(many, options.sources)
        good = Phase(many, options.rounds, options.interval)
        print_costs(options.sources, good, many.resident_kib(), one)
        urllib.request.urlopen(f"http://127.0.0.1:{port}/hang", timeout=30).read()
        hung = many.figures("errors_total").get(name_of(HUNG), 0)
        while many.figures("errors_total").get(name_of(HUNG), 0) == hung:
            time.sleep(0.1)
        bad = Phase(many, options.rounds, options.interval)
    print_comparison(good, bad)
    # A look may fall on either side of an edge.
    return 0 if bad.least_looks >= good.least_looks - 1 and bad.errors <= good.errors else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--interval", type=float, default=5, help="seconds between looks")
    options = parser.parse_args()
    mine, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(options.sources, theirs), daemon=True)
    server.start()
    port = mine.recv()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        plan = folder / "plan.yaml"
        plan.write_text(PLAN.format(chips=options.sources * CHIPS))
        with Daemon(SOURCE / "deploy" / "catalog" / "default.yaml", [plan]) as daemon:
            code = measure(folder, port, options, daemon.addresses["ingest"])
    server.terminate()
    server.join()
    return code


if __name__ == "__main__":
    sys.exit(main())
