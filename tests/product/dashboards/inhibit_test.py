#!/usr/bin/python3
"""A real Alertmanager with the example's inhibit rules.

Low coverage of a pool silences underuse of that pool and of its grants only; low coverage of a supply silences what is said of that
daemon's plan only; a suite of which all is saturated silences its benchmarks one by one.
"""

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ALERTS = [
    {"alertname": "FleetmeterCoverageLow", "pool": "a"},
    {"alertname": "FleetmeterPoolUnderused", "pool": "a"},
    {"alertname": "FleetmeterPoolUnderused", "pool": "b"},
    {"alertname": "FleetmeterGrantUsedInPart", "pool": "a"},
    {"alertname": "FleetmeterGrantUsedInPart", "pool": "b"},
    {"alertname": "FleetmeterGrantEndsInUse", "pool": "a"},
    {"alertname": "FleetmeterSupplyCoverageLow"},
    {"alertname": "FleetmeterPlanShareDrift"},
    {"alertname": "FleetmeterBufferConsumed"},
    {"alertname": "FleetmeterP0BelowGuarantee"},
    {"alertname": "FleetmeterP0BelowGuarantee", "instance": "other"},
    {"alertname": "FleetmeterBenchmarkSuiteSaturated"},
    {"alertname": "FleetmeterBenchmarkSaturated"},
    {"alertname": "FleetmeterBenchmarkSaturated", "instance": "other"},
]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def call(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read() or b"null")


def until(what, done, limit=30):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            value = done()
            if value:
                return value
        time.sleep(0.1)
    raise SystemExit(f"timed out: {what}")


@contextlib.contextmanager
def alertmanager(config):
    """A real Alertmanager with the file `config`; gives its address."""
    url = f"http://127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as storage:
        server = subprocess.Popen(
            ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={storage}",
             f"--web.listen-address={url[7:]}", "--cluster.listen-address="],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            until("Alertmanager starts", lambda: call(url + "/api/v2/status"))
            yield url
        finally:
            server.terminate()
            server.wait()


def send(url, alerts):
    shared = {"job": "fleetmeter", "instance": "m", "severity": "warning"}
    call(url + "/api/v2/alerts", [{"labels": {**shared, **a}} for a in alerts])


def main():
    with alertmanager(sys.argv[1]) as url:
        send(url, ALERTS)
        until("the alerts are handled", lambda: len(states(url)) == len(ALERTS) and "unprocessed" not in states(url).values())
        got = states(url)
    want = {
        ("FleetmeterCoverageLow", "a", "m"): "active",
        ("FleetmeterPoolUnderused", "a", "m"): "suppressed",
        ("FleetmeterPoolUnderused", "b", "m"): "active",
        ("FleetmeterGrantUsedInPart", "a", "m"): "suppressed",
        ("FleetmeterGrantUsedInPart", "b", "m"): "active",
        ("FleetmeterGrantEndsInUse", "a", "m"): "active",
        ("FleetmeterSupplyCoverageLow", "", "m"): "active",
        ("FleetmeterPlanShareDrift", "", "m"): "suppressed",
        ("FleetmeterBufferConsumed", "", "m"): "suppressed",
        ("FleetmeterP0BelowGuarantee", "", "m"): "suppressed",
        ("FleetmeterP0BelowGuarantee", "", "other"): "active",
        ("FleetmeterBenchmarkSuiteSaturated", "", "m"): "active",
        ("FleetmeterBenchmarkSaturated", "", "m"): "suppressed",
        ("FleetmeterBenchmarkSaturated", "", "other"): "active",
    }
    print("inhibited as meant" if got == want else f"want {want}, got {got}")
    return 0 if got == want else 1


def states(url):
    alerts = call(url + "/api/v2/alerts")
    labels = [(a["labels"], a["status"]["state"]) for a in alerts]
    return {(l["alertname"], l.get("pool", ""), l["instance"]): state for l, state in labels}


if __name__ == "__main__":
    sys.exit(main())
