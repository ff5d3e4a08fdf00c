#!/usr/bin/python3
"""Exporters as files on a real HTTP server, read by `fleetmeter-collector try`: directly, through a
mapping of the package; and by a real Prometheus that scrapes them, through the same mapping. Both
show the same chips. When the exporter is gone, Prometheus has no news, and neither has the meter.

Exit code 0: all is well; 1: something is not; 77: there is no Prometheus here.
"""
import http.server
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import COLLECTOR, SKIPPED, SOURCE

DATA = SOURCE / "tests" / "data" / "exporter"

RULES = """
    attribution:
      version: 1
      unmatched: unattributed
      rules:
        - {match: {namespace: [ml]}, pool: training, team: ml, workload: "{pod}"}
"""


class Exporter:
    """A server of one text, which a test may change. None: it answers 503."""

    def __init__(self, text):
        self.text = text
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = (outer.text or "").encode()
                self.send_response(200 if outer.text is not None else 503)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Prometheus:
    """A Prometheus that scrapes one address every second."""

    def __init__(self, folder, target):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        config = folder / "prometheus.yml"
        config.write_text("global: {scrape_interval: 1s}\n"
                          "scrape_configs:\n"
                          f"  - {{job_name: amd, static_configs: [{{targets: ['{target}']}}]}}\n")
        self.url = f"http://{address}"
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address={address}"], stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)

    def wait_for(self, expression, holds):
        """Until the result of a query is as wanted."""
        end = time.monotonic() + 60
        query = urllib.parse.urlencode({"query": expression})
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/api/v1/query?{query}", timeout=10) as page:
                    result = json.load(page)["data"]["result"]
                if holds(result):
                    return
            except (urllib.error.URLError, ConnectionError):
                assert self.process.poll() is None, "Prometheus has ended"
            assert time.monotonic() < end, f"Prometheus does not come to it: {expression}"
            time.sleep(0.1)  # between two questions; the loop ends by the answer


def look(folder, entry, code=0):
    """What `try` says of a configuration with this source."""
    config = folder / "collector.yaml"
    config.write_text("sources:\n  - name: it\n" + entry)
    done = subprocess.run([COLLECTOR, "try", "--config", config, "--output", "json"],
                          stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == code, (done.returncode, done.stdout)
    return json.loads(done.stdout)


def chips(seen):
    """{(host, device): (state, pool, activity)}."""
    return {(host["host"], device["device"]):
            (device["state"], device.get("pool"), device.get("activity"))
            for host in seen["hosts"] for device in host["devices"]}


def check_chips(seen):
    found = chips(seen)
    assert len(found) == 4, found
    assert {host for host, _ in found} == {"amd-1"}, found
    assert found["amd-1", "0"] == ("assigned", "training", 0.85), found
    assert found["amd-1", "1"][0] == "unassigned", found
    assert found["amd-1", "2"][0] == "unhealthy", found
    assert found["amd-1", "3"][0] == "assigned", found
    assert found["amd-1", "3"][1] == "unattributed", found


def main():
    if shutil.which("prometheus") is None:
        print("there is no prometheus here")
        return SKIPPED
    exporter = Exporter((DATA / "amd_mi300x.prom").read_text())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        direct = "    type: exporter\n    mapping: amd\n"
        direct += f"    url: http://{exporter.address}/metrics\n{RULES}"
        check_chips(look(folder, direct))
        print("ok: the exporter's page gives its chips")
        with Prometheus(folder, exporter.address) as prometheus:
            prometheus.wait_for("count(gpu_health)", lambda result: result)
            queried = "    type: promql\n    mapping: amd\n    select: job=\"amd\"\n"
            queried += f"    url: {prometheus.url}\n{RULES}"
            check_chips(look(folder, queried))
            print("ok: Prometheus gives the same chips")
            bad = queried.replace('job="amd"', 'job=')
            error = look(folder, bad, code=1)["sources"][0]["error"]
            assert "parse error" in error, error
            print("ok: a wrong query is told in the words of Prometheus")
            exporter.text = None
            prometheus.wait_for("gpu_health", lambda result: not result)
            gone = look(folder, queried, code=1)
            assert not gone["hosts"], gone
            assert "there is no chip" in gone["sources"][0]["error"], gone
            print("ok: a gap is silence")
    return 0


if __name__ == "__main__":
    sys.exit(main())
