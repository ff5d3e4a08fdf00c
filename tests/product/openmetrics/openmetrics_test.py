#!/usr/bin/python3
"""/metrics as OpenMetrics: valid, the same as the text format, and what a real Prometheus asks for;
of the daemon and of the collector.

Exit code 0: all is well; 1: something is not; 77: skipped, since python3-prometheus-client is not
there.
"""
import contextlib
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import COLLECTOR, SKIPPED, SOURCE, Daemon

try:
    from prometheus_client import parser as text_parser
    from prometheus_client.openmetrics import parser as open_parser
except ImportError:
    print("skipped: there is no python3-prometheus-client; "
          "deploy/install-deps.sh --tests installs it")
    sys.exit(SKIPPED)

OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
# As Prometheus 2.42 asks.
PROMETHEUS = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version="
              "0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")


def page(address, accept):
    request = urllib.request.Request(f"http://{address}/metrics",
                                     headers={"Accept": accept} if accept else {})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert "Accept" in answer.headers["Vary"], answer.headers
        return answer.headers["Content-Type"], answer.read().decode()


def series(families):
    """What is said of which series, whatever its value; `le` as a number."""
    found = set()
    for family in families:
        for sample in family.samples:
            labels = dict(sample.labels)
            if "le" in labels:
                labels["le"] = float(labels["le"])
            found.add((sample.name, tuple(sorted(labels.items()))))
    return found


def families_of(address, least):
    """The families by name, after both forms were found valid and to have the same series."""
    kind, text = page(address, None)
    assert kind == TEXT, kind
    assert page(address, "text/plain;q=0.9,application/openmetrics-text;q=0.1")[0] == TEXT
    kind, openmetrics = page(address, PROMETHEUS)
    assert kind == OPEN, kind
    assert openmetrics.endswith("\n# EOF\n") and "# EOF" not in text
    families = list(open_parser.text_string_to_metric_families(openmetrics))
    names = [family.name for family in families]
    assert len(names) == len(set(names)) > least, len(names)
    assert series(families) == series(text_parser.text_string_to_metric_families(text))
    return {family.name: family for family in families}


def forms(daemon):
    """OpenMetrics is valid and has the series of the text format, for who prefers it."""
    by_name = families_of(daemon.addresses["http"], 150)
    assert by_name["fleetmeter_ingest_reports"].type == "counter"
    assert by_name["fleetmeter_pool_allocated_h100e"].unit == "h100e"
    assert by_name["fleetmeter_exposition_render_seconds"].unit == "seconds"


@contextlib.contextmanager
def reporting(daemon):
    """A collector that holds the first moment of the demo's fleet; gives where its page is."""
    process = subprocess.Popen(
        [COLLECTOR, "--daemon", daemon.addresses["ingest"], "--interval", "0.5", "--metrics",
         "127.0.0.1:0", "replay-csv", "--file", SOURCE / "deploy/demo/fleet.csv", "--from", "0",
         "--hold"], stdout=subprocess.PIPE, text=True)
    try:
        name, address = process.stdout.readline().split()
        assert name == "metrics" and process.stdout.readline() == "ready\n", name
        yield address
    finally:
        process.terminate()
        process.wait(timeout=60)
        process.stdout.close()


def collector_forms(daemon):
    """Of a collector the same holds."""
    acknowledged = "fleetmeter_collector_acknowledged_reports_total{"
    with reporting(daemon) as address:
        # From then on no series is new.
        assert awaited(lambda: any(
            line.startswith(acknowledged) and not line.endswith(" 0")
            for line in page(address, None)[1].splitlines())), "nothing was acknowledged"
        by_name = families_of(address, 30)
        assert by_name["fleetmeter_collector_acknowledged_reports"].type == "counter"
        assert by_name["process_resident_memory_bytes"].unit == "bytes"


def scraped(daemon):
    """A Prometheus takes it, and says so of every family."""
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "prometheus.yml"
        config.write_text("global: {scrape_interval: 1s}\nscrape_configs:\n"
                          "  - job_name: fleetmeter\n    static_configs:\n"
                          f"      - targets: ['{daemon.addresses['http']}']\n")
        port = free_port()
        prometheus = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"])
        try:
            base = f"http://127.0.0.1:{port}/api/v1/"
            assert awaited(lambda: value(base, 'up{job="fleetmeter"}') == "1"), "never scraped"
            assert value(base, 'fleetmeter_plan_info{job="fleetmeter"}') == "1"
            assert value(base, "fleetmeter_exposition_render_seconds_bucket{le='1.0'}") is not None
            told = ask(base + "metadata?metric=fleetmeter_pool_allocated_h100e")
            assert told["fleetmeter_pool_allocated_h100e"][0]["unit"] == "h100e", told
        finally:
            prometheus.terminate()
            prometheus.wait(timeout=60)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def ask(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)["data"]


def value(base, query):
    try:
        found = ask(base + "query?query=" + urllib.parse.quote(query))["result"]
    except OSError:
        return None  # it does not listen yet
    return found[0]["value"][1] if found else None


def awaited(condition):
    """Looks again and again until the condition holds, for a minute at most."""
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def main():
    with Daemon(SOURCE / "deploy/catalog/default.yaml",
                [SOURCE / "deploy/demo/plan.yaml"]) as daemon:
        for test in (forms, collector_forms, scraped):
            test(daemon)
            print("ok   ", test.__doc__, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
