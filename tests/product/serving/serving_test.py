#!/usr/bin/python3
"""A server of models on a real HTTP server, read by a real collector, for a real daemon: every
request is counted once, while the server restarts, the collector is killed, and the page fails.

Exit code 0: all is well; 1: something is not.
"""
import http.server
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
from programs import COLLECTOR, SOURCE, Daemon

MODEL = "claude-opus-4.6"
REQUESTS = "fleetmeter_inference_requests_total"


class Server:
    """Counts requests and tokens as vLLM does, in two engines."""

    def __init__(self):
        self.counted = [0, 0]
        self.fails = False
        self.failed = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = outer.page().encode()
                outer.failed += outer.fails
                self.send_response(503 if outer.fails else 200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_address[1]}/metrics"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def page(self):
        text = ""
        for engine, requests in enumerate(self.counted):
            labels = f'engine="{engine}",model_name="{MODEL}"'
            text += f'vllm:request_success_total{{{labels},finished_reason="stop"}} {requests}.0\n'
            text += f"vllm:prompt_tokens_total{{{labels}}} {100 * requests}.0\n"
            text += f"vllm:generation_tokens_total{{{labels}}} {20 * requests}.0\n"
        return text


def value(daemon, name):
    """The only series of this name, or 0 if there is none yet."""
    with urllib.request.urlopen(f"http://{daemon.addresses['http']}/metrics", timeout=10) as page:
        found = re.findall(rf"^{name}{{[^}}]*}} ([0-9.e+-]+)$", page.read().decode(), re.MULTILINE)
    assert len(found) <= 1, found
    return float(found[0]) if found else 0.0


def wait_for(what, holds):
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end, f"it does not come to this: {what}"
        time.sleep(0.1)  # between two questions; the loop ends by the answer


def wait_for_requests(daemon, count):
    wait_for(f"{count} requests", lambda: value(daemon, REQUESTS) >= count)
    assert value(daemon, REQUESTS) == count, (value(daemon, REQUESTS), count)


def start_collector(folder, daemon, server):
    config = folder / "collector.yaml"
    config.write_text(
        f"daemon: {daemon.addresses['ingest']}\ninterval: 200ms\n"
        f"spool: {{folder: {folder}/spool}}\n"
        "sources:\n  - type: serving\n    name: chat\n    host: node-1\n"
        f"    mapping: vllm\n    url: {server.url}\n    report_every: 200ms\n"
        "    customer_tier: enterprise\n")
    return config, subprocess.Popen([COLLECTOR, "--config", config])


def look(config):
    done = subprocess.run([COLLECTOR, "try", "--config", config, "--once", "--output", "json"],
                          stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 0, done
    return json.loads(done.stdout)["served"][0]


def has_state(folder, requests):
    """Whether the counters in the file stand at this many requests together."""
    path = folder / "spool" / "served" / "chat" / "state.json"
    if not path.exists():
        return False
    series = json.loads(json.loads(path.read_text())["counts"])["series"]
    return sum(s[0] for name, s in series.items() if "request_success" in name) == requests


def main():
    server = Server()
    server.counted = [1000, 500]  # before anybody looked
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        extra = (f"ledger: {{path: {folder}/ledger.db}}\n"
                 f"outcomes: {{prices: {SOURCE}/deploy/outcomes/prices.yaml}}\n")
        with Daemon(SOURCE / "deploy/catalog/default.yaml", [SOURCE / "deploy/plans/example.yaml"],
                    extra) as daemon:
            config, collector = start_collector(folder, daemon, server)
            wait_for("a state", lambda: has_state(folder, 1500))
            shown = look(config)
            assert shown["counters"][0]["requests"] == 1500, shown
            assert "report" not in shown and "first look" in shown["note"], shown
            server.counted = [1007, 503]
            wait_for_requests(daemon, 10)
            assert value(daemon, "fleetmeter_inference_input_tokens_total") == 1000
            assert value(daemon, "fleetmeter_inference_output_tokens_total") == 200
            # 70% of $5 and $25 for each million tokens.
            revenue = value(daemon, "fleetmeter_inference_revenue_usd_total")
            assert abs(revenue - 0.7 * (1000 * 5 + 200 * 25) / 1e6) < 1e-6, revenue
            print("ok: what was served since the first look is counted and priced")
            server.counted = [2, 3]
            wait_for_requests(daemon, 15)
            print("ok: a restart of the server is a reset")
            server.fails = True
            server.counted = [4, 6]
            wait_for("a look that fails", lambda: server.failed > 0)
            server.fails = False
            wait_for_requests(daemon, 20)
            wait_for("the state of it", lambda: has_state(folder, 10))
            collector.kill()
            collector.wait()
            server.counted = [9, 11]
            config, collector = start_collector(folder, daemon, server)
            wait_for_requests(daemon, 30)
            print("ok: what was served while the collector was dead is counted once")
            collector.terminate()
            assert collector.wait(timeout=60) == 0
            assert value(daemon, REQUESTS) == 30
    print("ok: nothing is counted twice")
    return 0


if __name__ == "__main__":
    sys.exit(main())
